"""What the views hand to the services, with the services put aside: keys, bodies, pages, headers."""

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from app import app
from chalicelib.domain.ledger import Entry
from chalicelib.domain.order import Receipt
from chalicelib.domain.person import Address, Contact
from chalicelib.domain.ports import Page
from chalicelib.domain.refusals import Refused
from chalicelib.domain.share import Share
from chalicelib.domain.statement import statement
from chalicelib.domain.upkeep import Parked
from chalicelib.gateways.payments.alipay import Alipay
from chalicelib.gateways.payments.wechat import Wechat
from chalicelib.handlers import http_orders, http_public
from chalicelib.services.buying import orders
from chalicelib.services.buying.join import JoinAnswer, JoinRequest
from chalicelib.services.paying import webhook
from chalicelib.services.people import contact
from chalicelib.services.running import upkeep
from chalicelib.services.selling import browse, visit

from .conftest import NOW, Door
from .test_shapes import drafted, group_of, order_of, payment_of

JOIN = {"lines": {"yangmei-2.5kg": 2, "pear": 1}, "accepts_terms": 1, "method": "sandbox"}


@pytest.fixture
def door(fake_world: SimpleNamespace) -> Door:
    fake_world.public_url = ""
    return Door(app)


class Heard(list[Any]):
    """Stands in for a service: remembers what it was asked, answers the same each time."""

    def __init__(self, answer: Any = None) -> None:
        super().__init__()
        self.answer = answer

    def __call__(self, world: Any, *asked: Any, **named: Any) -> Any:
        self.append((*asked, named))
        return self.answer


@pytest.fixture
def joined(monkeypatch: pytest.MonkeyPatch) -> Heard:
    terms = drafted()
    payment: Entry = replace(payment_of(order_of()), pay_url="https://pay.example/1")
    receipt = Receipt(
        fingerprint="f",
        lines={"pear": 1, "yangmei-2.5kg": 2},
        amount_minor=5690,
        pay_by=NOW + 1_800_000,
        joined_at=NOW,
        deadline=NOW + 3_600_000,
    )
    answer = JoinAnswer(
        order_id="g1-00abc",
        group_id="g1",
        receipt=receipt,
        currency="CNY",
        statement=statement(terms, group_of(terms)),
        payment=payment,
    )
    heard = Heard(answer)
    monkeypatch.setattr(http_orders, "join", heard)
    return heard


def asked(heard: Heard) -> list[JoinRequest]:
    return [call[2] for call in heard]


@pytest.mark.req("L14")
def test_one_call_joins_and_is_told_the_terms_and_where_to_pay(door: Door, joined: Heard) -> None:
    said = door("POST", "/groups/g1/join", JOIN, as_="mei:", key="k-1")
    assert said.status == 201
    assert said.json["order_id"] == "g1-00abc"
    assert said.json["terms"]["version"] == 0
    assert len(said.json["terms"]["sentences"]) == 5
    assert said.json["payment"]["pay_url"] == "https://pay.example/1"
    assert "state" not in said.json["payment"]
    caller, group_id, request, named = joined[0]
    assert (caller.id, caller.phone_verified, group_id, named) == ("mei", True, "g1", {"now": NOW})
    assert (request.lines, request.method) == ({"yangmei-2.5kg": 2, "pear": 1}, "sandbox")


@pytest.mark.req("B6")
def test_the_same_request_has_the_same_key_and_fingerprint_however_it_is_spelled(door: Door, joined: Heard) -> None:
    spellings = [
        json.dumps(JOIN).encode(),
        json.dumps(dict(reversed(JOIN.items())), indent=4).encode(),
        b'{"accepts_terms":1,"lines":{"pear":1,"yangmei-2.5kg":2},"method":"sandbox","share":null}',
    ]
    answers = {door("POST", "/groups/g1/join", spelling, as_="mei:", key="k-1").body for spelling in spellings}
    assert len(answers) == 1
    assert len({(request.key, request.fingerprint) for request in asked(joined)}) == 1


@pytest.mark.req("B6")
def test_another_body_group_caller_or_key_is_another_request(door: Door, joined: Heard) -> None:
    door("POST", "/groups/g1/join", JOIN, as_="mei:", key="k-1")
    door("POST", "/groups/g1/join", {**JOIN, "lines": {"pear": 2}}, as_="mei:", key="k-1")
    door("POST", "/groups/g2/join", JOIN, as_="mei:", key="k-1")
    first, other_body, other_group = asked(joined)
    assert first.key == other_body.key == other_group.key
    assert len({first.fingerprint, other_body.fingerprint, other_group.fingerprint}) == 3
    door("POST", "/groups/g1/join", JOIN, as_="li:", key="k-1")
    door("POST", "/groups/g1/join", JOIN, as_="mei:", key="k-2")
    assert len({request.key for request in asked(joined)}) == 3


def test_the_key_is_scoped_to_its_route(door: Door, joined: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    teams = Heard(joined.answer)
    monkeypatch.setattr(http_orders, "open_team", teams)
    door("POST", "/groups/g1/join", JOIN, as_="mei:", key="k-1")
    door("POST", "/campaigns/c1/teams", {**JOIN, "size": 3}, as_="mei:", key="k-1")
    [(_, campaign_id, request, _)] = teams
    assert (campaign_id, request.size) == ("c1", 3)
    assert request.join.key != asked(joined)[0].key


def test_a_body_may_be_left_out_where_nothing_is_required(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    cancel = Heard(order_of())
    monkeypatch.setattr(http_orders, "cancel", cancel)
    for body in (None, b"", {}, {"version": 4}):
        assert door("POST", "/orders/g1-00abc/cancel", body, as_="mei:").status == 200
    assert [named["version"] for *_, named in cancel] == [None, None, None, 4]


def test_an_order_of_mine_is_listed_with_its_group(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    terms = drafted()
    view = orders.OrderView(order=order_of(), group=group_of(terms), terms=terms)
    mine = Heard(Page([view], "after"))
    monkeypatch.setattr(orders, "mine", mine)
    first = door("GET", "/orders?limit=1", as_="mei:").json
    assert first["items"][0]["group_title"] == "高山杨梅 🍒"
    door("GET", f"/orders?limit=1&cursor={first['next']}", as_="mei:")
    assert [named["start"] for *_, named in mine] == [None, "after"]


def progress_of(**other: Any) -> browse.Progress:
    values: dict[str, Any] = {
        "group_id": "g1",
        "state": group_of(drafted()).state,
        "joined": 2,
        "held": 1,
        "measure": "participants",
        "target": 3,
        "reached": 2,
        "remaining": 1,
        "seats_left": None,
        "items": (),
        "closes_at": NOW,
        "zone": "Asia/Shanghai",
        "currency": "CNY",
        "stage": None,
        "eta": None,
        "journey": None,
        "terms": drafted(),
        "as_of": NOW,
        "exact": False,
    }
    return browse.Progress(**{**values, **other})


@pytest.mark.req("S2")
def test_progress_may_be_kept_two_seconds_and_is_304_while_it_stands(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = Heard(progress_of())
    monkeypatch.setattr(browse, "progress", look)
    first = door("GET", "/groups/g1/progress")
    assert first.headers["Cache-Control"] == "public, max-age=2"
    assert first.json["target"] == {"measure": "participants", "at_least": 3}
    look.answer = progress_of(as_of=NOW + 5_000)
    assert door("GET", "/groups/g1/progress", headers={"If-None-Match": first.headers["ETag"]}).status == 304
    look.answer = progress_of(joined=3, reached=3, remaining=0)
    assert door("GET", "/groups/g1/progress", headers={"If-None-Match": first.headers["ETag"]}).status == 200


@pytest.mark.req("S3")
def test_strong_progress_is_not_kept(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    look = Heard(progress_of(exact=True))
    monkeypatch.setattr(browse, "progress", look)
    assert door("GET", "/groups/g1/progress?strong=true").headers["Cache-Control"] == "no-store"
    assert look[0][-1]["strong"] is True


@pytest.mark.req("L13")
def test_the_hall_takes_its_filters(door: Door, monkeypatch: pytest.MonkeyPatch, fake_world: SimpleNamespace) -> None:
    terms = drafted()
    fake_world.store, fake_world.halls = SimpleNamespace(terms=lambda campaign_id, number: terms), {}
    hall = Heard(Page([(group_of(terms), None)], None))
    monkeypatch.setattr(browse, "hall", hall)
    path = "/hall?community=lakeside&category=%E6%B0%B4%E6%9E%9C&closing_within_minutes=60&limit=5"
    said = door("GET", path)
    assert said.headers["Cache-Control"] == "public, max-age=2"
    assert door("GET", path, headers={"If-None-Match": said.headers["ETag"]}).status == 304
    assert said.json["items"][0]["items"][0]["joining_price_minor"] == 2845
    assert said.json["next"] is None
    assert hall[0][-1] == {
        "community": "lakeside",
        "category": "水果",
        "closing_before": NOW + 3_600_000,
        "limit": 5,
        "start": None,
        "now": NOW,
    }


def test_a_view_is_counted_with_its_browser_and_answers_nothing(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = Heard()
    monkeypatch.setattr(visit, "visit", seen)
    said = door("POST", "/groups/g1/views", {"visitor": "a1b2c3d4"}, headers={"User-Agent": "Mozilla/5.0"})
    assert (said.status, said.body) == (204, b"")
    assert seen[0][:3] == ("g1", "a1b2c3d4", "Mozilla/5.0")


@pytest.mark.req("O2")
def test_a_webhook_is_handed_on_as_it_came(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    heard = Heard()
    monkeypatch.setattr(webhook, "webhook", heard)
    body = ' {"b": 1,\t"a": "团"}\n'.encode()
    said = door("POST", "/webhooks/sandbox", body, headers={"Tuan-Sandbox-Signature": "t=1,v1=ab"})
    assert (said.status, said.json) == (200, {"received": True})
    provider, headers, raw, named = heard[0]
    assert (provider, raw, named) == ("sandbox", body, {"now": NOW})
    assert headers["tuan-sandbox-signature"] == headers["Tuan-Sandbox-Signature"] == "t=1,v1=ab"


def test_a_webhook_with_a_bad_signature_is_401(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise Refused("bad_signature")

    monkeypatch.setattr(webhook, "webhook", refuse)
    said = door("POST", "/webhooks/sandbox", b"{}")
    assert (said.status, said.code) == (401, "bad_signature")


@pytest.mark.req("O2")
def test_a_webhook_is_answered_in_the_providers_own_words(
    door: Door, monkeypatch: pytest.MonkeyPatch, fake_world: SimpleNamespace
) -> None:
    """Alipay looks for seven letters, WeChat Pay for an empty answer; neither reads a problem document."""

    def refuse(*_: Any, **__: Any) -> None:
        raise Refused("wrong_amount", expected_minor=1)

    fake_world.payments |= {"alipay": Alipay.__new__(Alipay), "wechat": Wechat.__new__(Wechat)}
    wanted = {"alipay": ((200, b"success"), (200, b"fail")), "wechat": ((204, b""), (400, FAILED))}
    for name, (taken, refused) in wanted.items():
        for what, expected in ((Heard(), taken), (refuse, refused)):
            monkeypatch.setattr(webhook, "webhook", what)
            said = door("POST", f"/webhooks/{name}", b"{}")
            assert (said.status, said.body) == expected
            if name == "alipay":
                assert said.headers["Content-Type"] == "text/plain"


FAILED = b'{"code":"FAIL","message":"wrong_amount"}'


@pytest.mark.req("X6")
def test_support_reads_a_contact_only_with_a_reason(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    read = Heard(Contact(phone="+8613800000000", email=None, addresses={"a1": ADDRESS}))
    monkeypatch.setattr(contact, "read_for_support", read)
    for query in ("", "?why=", "?why=%20%20"):
        assert door("GET", f"/people/mei/contact{query}", as_="sue:support").status == 400
    assert read == []
    said = door("GET", "/people/mei/contact?why=%E5%9B%9E%E7%94%B5", as_="sue:support")
    assert said.json["addresses"][0]["recipient"] == "梅"
    assert said.headers["Cache-Control"] == "no-store"
    caller, person_id, named = read[0]
    assert (caller.id, person_id, named["why"]) == ("sue", "mei", "回电")


ADDRESS = Address(
    province="浙江",
    city="杭州",
    district="西湖",
    street="文三路",
    community="湖畔",
    building="3",
    unit="1",
    room="502",
    division_code="330106",
    recipient="梅",
    phone="+8613800000000",
)


@pytest.mark.req("X5")
def test_the_phone_cannot_be_set_through_the_contact(door: Door) -> None:
    said = door("PUT", "/me/contact", {"email": "mei@example.com", "phone": "+8613900000000"}, as_="mei:")
    assert (said.code, said.json["field"]) == ("unknown_field", "phone")


@pytest.mark.parametrize("email", ["mei", "mei@", "@a.b", "a b@c.d", "a@b", "a@b..c", "a@b.c\n", "a@b.c" + "c" * 300])
def test_an_email_has_the_form_of_one(door: Door, email: str) -> None:
    assert door("PUT", "/me/contact", {"email": email}, as_="mei:").status == 400


def test_operators_see_what_is_parked_and_put_it_back(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    row = Parked(pk="GROUP#g1", sk="GROUP", kind="group", reason="Broken: no terms", parked_at=NOW)
    monkeypatch.setattr(upkeep, "parked", Heard(Page([row], None)))
    back = Heard()
    monkeypatch.setattr(upkeep, "put_back", back)
    [shown] = door("GET", "/ops/parked", as_="ola:ops").json["items"]
    said = door("POST", "/ops/parked/put-back", {"pk": shown["pk"], "sk": shown["sk"]}, as_="ola:ops")
    assert said.status == 204
    assert back[0][-1] == {"pk": "GROUP#g1", "sk": "GROUP", "now": NOW}


@pytest.mark.req("E6")
def test_a_share_link_is_whole_where_the_address_is_known(
    door: Door, monkeypatch: pytest.MonkeyPatch, fake_world: SimpleNamespace
) -> None:
    link = Share(code="s1", group_id="g1", person_id="mei", created_at=NOW)
    monkeypatch.setattr(http_public.share, "follow", Heard(link))
    assert door("GET", "/shares/s1").json == {"code": "s1", "group_id": "g1", "path": "/shares/s1", "url": None}
    fake_world.public_url = "https://tuan.example/api"
    assert door("GET", "/shares/s1").json["url"] == "https://tuan.example/api/s/s1"


def test_health_needs_nothing_behind_it(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    said = door("GET", "/health")
    assert said.json == {"status": "ok", "now": "2025-11-21T12:00:00.000Z"}
