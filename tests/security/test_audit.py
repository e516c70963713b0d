"""The audit log (X7): every sensitive act leaves a line, and no line can be changed, added or taken out unseen."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.domain import audit
from chalicelib.domain.audit import Act, faults
from chalicelib.domain.instants import DAY, HOUR, SECOND, rfc3339
from chalicelib.domain.ports import Caller
from chalicelib.domain.upkeep import Parked
from chalicelib.domain.writes import Create
from chalicelib.services import audit as audits
from infra import audit as verifier
from tests.integration.shop import APPLE, Shop, overtaken, rows

NOON = 1_795_000_000_000


def chain(length: int = 6) -> list[Act]:
    acts: list[Act] = []
    for number in range(length):
        last = acts[-1] if acts else None
        facts = {"units": str(number)}
        roles = frozenset({"merchant", "buyer"})
        acts.append(
            audit.sealed(
                last, actor_id="mei", roles=roles, what="restocked", about="c1", facts=facts, at=NOON + number * DAY
            )
        )
    return acts


# ----------------------------------------------------------------- the chain


@pytest.mark.req("X7")
def test_an_untouched_chain_has_no_fault() -> None:
    assert faults(chain()) == []
    assert faults([]) == []


CHANGES: dict[str, Any] = {
    "actor_id": "lin", "number": 9, "at": 5, "roles": ("ops",), "what": "published", "about": "c2",
    "facts": {"units": "7"}, "before": "0" * 64, "seal": "f" * 64,
}  # fmt: skip


@pytest.mark.req("X7")
@pytest.mark.parametrize("field", sorted(CHANGES))
@pytest.mark.parametrize("at", [1, 3, 5])
def test_any_change_of_any_line_is_found(field: str, at: int) -> None:
    acts = chain()
    acts[at] = replace(acts[at], **{field: CHANGES[field]})
    assert faults(acts)


@pytest.mark.req("X7")
def test_a_line_changed_and_sealed_again_is_found_by_the_next_one() -> None:
    acts = chain()
    forged = replace(acts[2], facts={"units": "1000"})
    acts[2] = replace(forged, seal=audit.seal_of(forged))
    assert faults(acts) == ["mei: line 4 does not follow from the line before it"]


@pytest.mark.req("X7")
@pytest.mark.parametrize("gone", range(5))
def test_a_line_taken_out_is_missed(gone: int) -> None:
    acts = chain()
    del acts[gone]
    assert faults(acts)


@pytest.mark.req("X7")
def test_lines_swapped_or_told_twice_are_found() -> None:
    acts = chain()
    assert faults([acts[1], acts[0], *acts[2:]])
    assert faults([*acts[:3], acts[2], *acts[3:]])


@pytest.mark.req("X7")
def test_every_field_is_under_the_seal() -> None:
    """A field that is added to a line one day must be sealed as well."""
    fields = {name for name in Act.__dataclass_fields__ if name not in ("version", "due_at", "stumbles")}
    assert fields == set(CHANGES)


# ----------------------------------------------------------------- what leaves a line


def lines(shop: Shop, who: str) -> list[dict[str, Any]]:
    ops = shop.person("ops", roles=("ops",))
    return list(shop.pages(f"/ops/audit/{who}", who=ops, limit=2))


@pytest.mark.req("X7")
def test_publishing_moving_and_restocking_are_recorded_with_what_they_do(shop: Shop) -> None:
    offer = shop.offer()
    body = {"units": {APPLE: 5}, "reason": "more came"}
    for _ in range(2):
        shop.ok("POST", f"/campaigns/{offer.id}/stock", body, who=shop.merchant, key="more")  # a repeat adds no line
    later = {"closes_at": rfc3339(shop.bed.now + 9 * HOUR)}
    for _ in range(2):
        shop.ok("POST", f"/groups/{offer.group}/deadline", later, who=shop.merchant)
    told = lines(shop, shop.merchant)
    assert [(one["what"], one["about"]) for one in told] == [
        ("published", offer.id), ("restocked", offer.id), ("deadline_moved", offer.group),
    ]  # fmt: skip
    assert [one["number"] for one in told] == [1, 2, 3]
    assert told[2]["before"] == told[1]["seal"]
    assert "more came" not in str(told)  # a merchant's own words may name somebody


@pytest.mark.req("X7")
def test_a_refused_act_leaves_no_line(shop: Shop) -> None:
    other = shop.person("other", roles=("merchant",))
    offer = shop.offer()
    later = {"closes_at": rfc3339(shop.bed.now + 9 * HOUR)}
    assert shop.bed.call("POST", f"/groups/{offer.group}/deadline", later, who=other).status == 404
    assert lines(shop, other) == []


@pytest.mark.req("X7")
@pytest.mark.req("X6")
def test_confirming_money_reading_a_contact_and_putting_back_are_recorded(own: Shop) -> None:
    offer, buyer = own.offer(), own.person(contact=True)
    support, ops = own.person("support", roles=("support",)), own.person("operator", roles=("ops",))
    taken = own.join(offer.group, buyer, method="transfer")
    own.bed.later(2 * SECOND)
    body = {
        "amount_minor": own.story(taken)["order"]["amount_minor"], "currency": "CNY", "reference": "bank-1",
        "received_at": rfc3339(own.bed.now - SECOND),
    }  # fmt: skip
    for _ in range(2):
        own.ok("POST", f"/payments/{taken.payment}/confirm", body, who=own.merchant)
    own.ok("GET", f"/people/{buyer}/contact?why=parcel", who=support)
    row = {"pk": f"GROUP#{offer.group}", "sk": "GROUP"}
    assert own.bed.call("POST", "/ops/parked/put-back", row, who=ops).status == 404  # not parked, so no line
    wiring.world().store.commit(Create(Parked(**row, kind="group", reason="Broken", parked_at=own.bed.now)))
    own.ok("POST", "/ops/parked/put-back", row, who=ops)
    assert [one["what"] for one in lines(own, own.merchant)] == ["published", "payment_confirmed"]
    assert [(one["what"], one["about"]) for one in lines(own, support)] == [("contact_read", buyer)]
    assert [one["what"] for one in lines(own, ops)] == ["put_back"]
    assert "parcel" not in str(lines(own, support))


@pytest.mark.req("X7")
def test_two_acts_of_one_person_at_once_are_two_lines_of_one_chain(shop: Shop) -> None:
    """The other one comes between the look at the chain and the write."""
    one, two = shop.offer(), shop.offer()
    later = {"closes_at": rfc3339(shop.bed.now + 9 * HOUR)}

    def move(group: str) -> Any:
        return shop.bed.call_only("POST", f"/groups/{group}/deadline", later, who=shop.merchant).status

    with overtaken(shop.bed, lambda: move(two.group)) as happened:
        assert move(one.group) == 200
    assert happened == [200]
    told = lines(shop, shop.merchant)
    assert [line["what"] for line in told][-2:] == ["deadline_moved", "deadline_moved"]
    assert [line["number"] for line in told] == list(range(1, len(told) + 1))


# ----------------------------------------------------------------- the verifier


@pytest.mark.req("X7")
def test_the_verifier_reads_every_chain_of_the_day_and_finds_a_line_that_was_changed(own: Shop) -> None:
    store, mei = wiring.world().store, Caller(id="mei", roles=frozenset({"ops"}), phone_verified=True)
    for number in range(3):
        audits.record(wiring.world(), mei, "put_back", f"ROW#{number}", own.bed.now + number * DAY)
    own.offer()
    days = verifier.days_until(own.bed.now, 2)
    assert verifier.people(store, days) == sorted(["mei", own.merchant])  # type: ignore[arg-type]
    assert not any(said.startswith("WRONG") for said in verifier.verify(store, ["mei", own.merchant]))  # type: ignore[arg-type]

    row = next(row for by_sort in own.bed.table.items.values() for row in by_sort.values()
               if row.to_json()["Attributes"]["pk"]["S"] == "AUDIT#mei")  # fmt: skip
    row.attrs["body"].value["about"].value = "ROW#9"
    own.bed.rows.relearn()
    said = list(verifier.verify(store, ["mei"]))  # type: ignore[arg-type]
    assert said == ["WRONG mei: line 1 was changed"]


@pytest.mark.req("X7")
def test_the_last_seal_is_in_the_operators_log_as_well(own: Shop) -> None:
    own.offer()
    (seal,) = [row["body"]["M"]["seal"]["S"] for (pk, _), row in rows(own.bed).items() if pk.startswith("AUDIT#")]
    assert seal in "".join(own.bed.log).replace("-", "")
