"""Rows of supply and of leaders, as they stand in the middle of things: short of two apples, and amended once."""

from chalicelib.domain.campaign import ShortageRule
from chalicelib.domain.instants import DAY, HOUR
from chalicelib.domain.leader import Decided, Leader, LeaderState, Neighbour, Place
from chalicelib.domain.receipt import Cut, Entered, Line, Receipt, Round
from chalicelib.domain.supply import Acknowledgement, Amendment, Demand, Lot, Promise, PurchaseOrder, Report
from chalicelib.domain.writes import Row

AT = 1_795_000_000_000
UNITS = {"point.gate": {"apple": 4}, "point.kiosk": {"apple": 2}}

SUPPLY: tuple[Row, ...] = (
    Demand(
        group_id="g5k2",
        number=2,
        part=1,
        begun_at=AT,
        counting={"point.gate": {"apple": 3}},
        counting_orders={"point.gate": 2},
        done=1,
        counted_at=AT - HOUR,
        units=UNITS,
        orders={"point.gate": 2, "point.kiosk": 1},
        due_at=AT,
    ),
    PurchaseOrder(
        id="g5k2-7q",
        group_id="g5k2",
        campaign_id="c1",
        merchant_id="m1",
        supplier_id="s1",
        title="周末水果团",
        zone="Asia/Shanghai",
        items={"apple": "红富士苹果"},
        places={"point.gate": "南门", "point.kiosk": "小卖部"},
        units=UNITS,
        number=2,
        issued_at=AT - DAY,
        amendments=(Amendment(number=2, at=AT, changes={"point.gate": {"apple": -1}}),),
        answer_within=48 * HOUR,
        answer_by=AT + 48 * HOUR,
        acknowledgements=(Acknowledgement(number=1, at=AT - HOUR, by="s1"),),
        steps=("purchase_unanswered",),
        promises=(Promise(ready_at=AT + DAY, at=AT, by="s1", note="天气"),),
        reports=(Report(key="reports/g5k2-7q/ab12.pdf", content_type="application/pdf", size=20_000, at=AT, by="s1"),),
        shipped={"apple": 1},
        lots=1,
        owed=("lot_shipped",),
        due_at=AT,
    ),
    Lot(
        purchase_id="g5k2-7q",
        group_id="g5k2",
        key="k1",
        number=1,
        units={"apple": 1},
        destination="point.gate",
        batch="B-7",
        note="冷链",
        shipped_at=AT,
        by="s1",
    ),
    Receipt(
        group_id="g5k2",
        destination="point.gate",
        campaign_id="c1",
        merchant_id="m1",
        leader_id="l1",
        title="周末水果团",
        place="南门",
        zone="Asia/Shanghai",
        expected={"apple": 4},
        orders=2,
        counted_at=AT - HOUR,
        created_at=AT - DAY,
        capacity=1,
        rule=ShortageRule.DRAW,
        seed="7q2m",
        entries=(
            Entered(number=1, lines={"apple": Line(received=2, short=1, damaged=1)}, at=AT, by="l1", note="箱破"),
        ),
        settled={"apple": 2},
        round=Round(
            number=1,
            cuts={"apple": Cut(short=2, claimed=4, last="ab12", at_last=1)},
            begun_at=AT,
            cursor="g5k2-00x",
        ),
        owed=("place_over_capacity",),
        due_at=AT,
    ),
    Leader(
        person_id="l1",
        state=LeaderState.APPROVED,
        community="花园里",
        applied_at=AT - DAY,
        decisions=(Decided(state=LeaderState.APPROVED, at=AT, by="manager", reason="老邻居"),),
    ),
    Place(
        id="p1",
        leader_id="l1",
        name="南门小店",
        address="花园里南门 1 号",
        hours="08:00-21:00",
        capacity=60,
        community_id="garden",
        open=False,
        created_at=AT,
    ),
    Neighbour(leader_id="l1", person_id="b1", code="7q2m5k9a1b", said_at=AT, allowed=False),
)
