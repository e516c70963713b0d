"""Rows of incidents, as they stand in the middle of things: half of the coupons granted."""

from chalicelib.domain.breaker import Breaker
from chalicelib.domain.incident import Coupon, Done, Grant, Incident, What
from chalicelib.domain.instants import DAY, HOUR
from chalicelib.domain.person import Channel
from chalicelib.domain.returns import Return, ReturnState, Why
from chalicelib.domain.spent import Spent
from chalicelib.domain.substitute import Phase, Substitute
from chalicelib.domain.task import Errand, Task
from chalicelib.domain.writes import Row

AT = 1_795_000_000_000

INCIDENTS: tuple[Row, ...] = (
    Incident(
        group_id="g5k2",
        id="7q2",
        campaign_id="c1",
        merchant_id="m1",
        title="周末水果团",
        what=What.QUALITY,
        level=3,
        text="果子有坏的",
        destinations=("point.gate",),
        opened_at=AT,
        opened_by="m1",
        done=(Done(what="opened", at=AT, by="m1"), Done(what="statement", at=AT + HOUR, by="m1", note="ab12")),
        grant=Grant(amount_minor=500, min_spend_minor=2000, expires_at=AT + 30 * DAY),
        granting=True,
        granted=100,
        cursor="g5k2-00mei",
        owed=("closed",),
        closed_at=AT + DAY,
        due_at=AT,
    ),
    Coupon(
        id="7q2.g5k2-00mei",
        person_id="mei",
        issuer_id="m1",
        incident_id="7q2",
        order_id="g5k2-00mei",
        amount_minor=500,
        min_spend_minor=2000,
        currency="CNY",
        granted_at=AT,
        expires_at=AT + 30 * DAY,
        used_at=AT + DAY,
    ),
    Return(
        order_id="g5k2-00mei",
        number=1,
        group_id="g5k2",
        merchant_id="m1",
        buyer_id="mei",
        key="k1",
        why=Why.QUALITY,
        text="有三个发霉",
        lines={"apple": 1},
        state=ReturnState.PASSED,
        asked_at=AT,
        by=AT + 2 * DAY,
        received_at=AT + HOUR,
        ended_at=AT + DAY,
        checked_by="m1",
        amount_minor=900,
        refund_id="g5k2-00mei.p1.return.1",
        owed=("return_passed",),
        due_at=AT,
    ),
    Substitute(
        group_id="g5k2",
        sku="apple",
        title="嘎啦苹果",
        until=AT + DAY,
        offered_at=AT,
        offered_by="m1",
        phase=Phase.SETTLING,
        cursor="g5k2-00mei",
        due_at=AT,
    ),
    Spent(owner="campaign.c1", window="all", used=3, began_at=AT),
    Breaker(channel=Channel.SMS, until=AT + HOUR, times=2),
    Task(
        id="t1",
        queue="support",
        errand=Errand.CALL,
        about="g5k2-00mei",
        person_id="mei",
        facts={"title": "周末水果团"},
        created_at=AT,
        done_at=AT + DAY,
        done_by="s1",
        note="已通知",
    ),
)
