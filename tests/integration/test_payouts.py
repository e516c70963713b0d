"""Payouts (R12, X3): money leaves escrow through the provider, or by a person's hand; what goes back later is taken
from its payees again, or they owe it. Whatever happens, the books add up."""

import csv
import io
import re
from typing import Any

import pytest

from chalicelib.domain.instants import DAY, HOUR, moment
from infra.local.sandbox.releases import with_payee
from infra.local.sandbox.state import Fault

from .shop import Offer, Shop
from .test_delivery import code_of, hand
from .test_settlement import on_its_way, settlement
from .test_supply_pages import Reader

PHONE = re.compile(r"\+86|(?<!\d)13\d[\d*]{8}")
"""Of any of the story's people, whole or masked. Entries' numbers have digits, too."""


def over(shop: Shop, offer: Offer, taken: list[Any]) -> None:
    """All handed over, and the after-sales time past."""
    hand(shop, offer, *((one, code_of(shop, one)) for one in taken))
    shop.bed.later(9 * DAY)


def adds_up(shop: Shop, offer: Offer) -> dict[str, int]:
    """Zero-sum at every look, whatever is on its way or owed."""
    money = shop.money(offer.group)
    out = money["refunded_minor"] + money["charged_back_minor"] + money["released_minor"] + money["held_minor"]
    assert money["captured_minor"] == out
    assert sum(money["accounts"].values()) == 0
    found, _ = settlement(shop, offer)
    return {name: found[f"{name}_minor"] for name in ("released", "held", "releasing", "receivable")}


def draw(shop: Shop, *, collect: bool = False, key: str = "") -> Any:
    headers = {"Idempotency-Key": key or shop.key()}
    answer = shop.bed.call("POST", "/payouts", {"collect": collect}, who=shop.merchant, headers=headers)
    assert answer.status == 200, answer.json
    return answer.json


def sums(payout: Any) -> dict[str, int]:
    return {line["payee"]: line["amount_minor"] for line in payout["lines"]}


def paid(shop: Shop, payout: Any, line: Any, reference: str = "bank 1", **over: Any) -> Any:
    said = {name: line[name] for name in ("payee", "payee_id", "currency", "amount_minor")}
    return shop.bed.call(
        "POST", f"/payouts/{payout['id']}/paid", said | {"reference": reference} | over, who=shop.merchant
    )


@pytest.mark.req("R12", "E21")
def test_releases_are_made_once_and_taken_back_when_money_goes_back_after_the_last_share(own: Shop) -> None:
    offer, taken, who, supplier = on_its_way(own)
    own.bed.provider.faults.extend(
        [
            Fault(kind="error_after", on="releases", times=2),
            Fault(kind="silent_before", on="releases"),
            Fault(kind="release_fails", on="releases", reason="account_closed"),
        ]
    )
    over(own, offer, taken)

    def accounts() -> list[int]:
        return [with_payee(own.bed.provider, f"acct_{payee}") for payee in (own.merchant, supplier, who)]

    assert adds_up(own, offer) == {"released": 2000, "held": 0, "releasing": 0, "receivable": 0}
    assert accounts() == [660, 1200, 100], "whatever was repeated or refused, each once"
    ref = taken[0].pay_url.rpartition("/")[2]
    own.bed.provider.dispute(ref)
    own.bed.later(HOUR)
    assert adds_up(own, offer) == {"released": 1000, "held": 0, "releasing": 0, "receivable": 0}
    assert accounts() == [330, 600, 50]
    own.bed.provider.dispute(ref, won=True)
    own.bed.later(HOUR)
    assert adds_up(own, offer) == {"released": 2000, "held": 0, "releasing": 0, "receivable": 0}, "and comes back"


@pytest.mark.req("R12", "X3")
def test_what_a_payee_has_spent_is_taken_from_their_next_payout_by_hand_or_collected(own: Shop) -> None:
    offer, taken, _, supplier = on_its_way(own)
    over(own, offer, taken)
    own.bed.provider.state.spent.append(f"acct_{supplier}")
    own.bed.provider.dispute(taken[0].pay_url.rpartition("/")[2])
    own.bed.later(DAY)
    owing = {"released": 1600, "held": -600, "releasing": 0, "receivable": 600}
    assert adds_up(own, offer) == owing, "the platform has laid it out, and the supplier owes it"
    assert sums(draw(own)) == {}, "who owes more than they are due is paid nothing"

    ops = own.person("ops2", roles=("ops",))
    for payee in (supplier, own.merchant):
        own.ok("PUT", f"/payees/{payee}/accounts/sandbox", {"account": ""}, who=ops)
    second, more, leader, _ = on_its_way(own, banked=False, supplier=supplier)
    over(own, second, more)
    assert adds_up(own, second) == {"released": 40, "held": 1960, "releasing": 1960, "receivable": 0}
    payout = draw(own, key="payday-1")
    assert (payout["state"], sums(payout)) == ("drawn", {"leader": 100, "merchant": 660, "supplier": 600})
    assert draw(own, key="payday-1") == payout, "the same again"
    assert sums(draw(own)) == {}, "nothing is paid twice"
    lines = {line["payee"]: line for line in payout["lines"]}
    assert (lines["supplier"]["payee_id"], lines["leader"]["payee_id"]) == (supplier, leader)
    refusals(own, payout, lines["supplier"])

    for _ in range(2):
        assert paid(own, payout, lines["supplier"], "bank 17").status == 200
    assert paid(own, payout, lines["supplier"], "bank 18").json["code"] == "already_confirmed"
    own.bed.later(HOUR)
    assert adds_up(own, offer) == {"released": 1000, "held": 0, "releasing": 0, "receivable": 0}, "the debt is paid"
    assert adds_up(own, second) == {"released": 1240, "held": 760, "releasing": 760, "receivable": 0}
    for name in ("leader", "merchant"):
        paid(own, payout, lines[name])
    own.bed.later(HOUR)
    assert adds_up(own, second) == {"released": 2000, "held": 0, "releasing": 0, "receivable": 0}
    (shown,) = [one for one in own.pages("/payouts", who=own.merchant) if one["id"] == payout["id"]]
    assert shown["state"] == "paid"

    own.bed.provider.dispute(more[0].pay_url.rpartition("/")[2])
    own.bed.later(HOUR)
    assert adds_up(own, second)["receivable"] == 980, "nobody can take back what was paid by hand"
    claim = draw(own, collect=True)
    assert sums(claim) == {"leader": -50, "merchant": -330, "supplier": -600}
    for line in claim["lines"]:
        assert paid(own, claim, line, "they paid").status == 200
    own.bed.later(HOUR)
    assert adds_up(own, second) == {"released": 1000, "held": 0, "releasing": 0, "receivable": 0}

    files_agree(own, (offer, second))


def files_agree(shop: Shop, offers: tuple[Offer, ...]) -> None:
    """The files for accountants: by campaign, by month, for operators; each ends with the balances of the ledger."""
    desk, ops = Reader(shop, shop.merchant, "merchant"), Reader(shop, "ops", "ops")
    whole: dict[str, int] = {}
    for offer in offers:
        balance = {name.removesuffix("_minor"): amount for name, amount in shop.money(offer.group)["accounts"].items()}
        assert totals(desk.get(f"/desk/c/{offer.id}/ledger.csv").text) == balance
        assert desk.get(f"/desk/c/{offer.id}/settlement.csv").text.count(offer.group) == 4
        whole = {name: whole.get(name, 0) + amount for name, amount in balance.items()}
    months = {f"{moment(at, 'Asia/Shanghai'):%Y-%m}" for at in (shop.bed.now, shop.bed.now - 30 * DAY)}
    for reader, path in ((desk, "/desk/ledger.csv"), (ops, "/ops/ledger.csv")):
        found: dict[str, int] = {}
        for month in months:
            text = reader.get(f"{path}?month={month}").text
            assert "buyer-" not in text and not PHONE.search(text)
            for name, amount in totals(text).items():
                found[name] = found.get(name, 0) + amount
        assert found == whole, path
    assert desk.get("/desk/ledger.csv?month=soon").status == 422
    assert "结款" in desk.get("/desk/ledger").text
    stranger = Reader(shop, "someone-else", "merchant")
    assert stranger.get(f"/desk/c/{offers[0].id}/ledger.csv").status == 404


def totals(text: str) -> dict[str, int]:
    """What the lines of sums at the end say, in minor units; accounts that never moved are nothing."""
    rows = [row for row in csv.reader(io.StringIO(text)) if "sum" in row]
    found = dict.fromkeys(("buyer", "held", "merchant", "supplier", "leader", "platform"), 0)
    return found | {row[11]: round(float(row[13]) * 100) for row in rows}


def refusals(shop: Shop, payout: Any, line: Any) -> None:
    stranger = shop.person("stranger", roles=("merchant",))
    for path, body, code in (
        (f"/payouts/{payout['id']}", None, "payout_not_found"),
        ("/payouts", {"merchant": shop.merchant}, "merchant_not_yours"),
    ):
        headers = {"Idempotency-Key": shop.key()} if body else None
        answer = shop.bed.call("POST" if body else "GET", path, body, who=stranger, headers=headers)
        assert answer.json["code"] == code
    for wrong, code in (
        ({"amount_minor": line["amount_minor"] - 1}, "wrong_amount"),
        ({"payee_id": "nobody"}, "payout_line_not_found"),
    ):
        assert paid(shop, payout, line, **wrong).json["code"] == code
