"""Invoices: tax numbers by their own check, and a life in which what was issued is only ever corrected."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import invoice as rules
from chalicelib.domain.invoice import Invoice, InvoiceKind, InvoiceState, Issued
from chalicelib.domain.refusals import Refused

from . import given as story
from .given import NOON

EXAMPLE = "91350100M000100Y43"
"""The standard's own (GB 32100-2015)."""

CODES = st.text(alphabet=rules._ALPHABET, min_size=17, max_size=17)


@pytest.mark.req("O17")
@pytest.mark.parametrize("code", [EXAMPLE, EXAMPLE.lower(), "9135 0100 M000 100Y 43", "110105012345678"])
def test_a_tax_number_is_taken_as_people_write_it(code: str) -> None:
    assert rules.checked_tax_number(code) == code.replace(" ", "").upper()


@pytest.mark.req("O17")
@pytest.mark.parametrize(
    "code", ["", "91350100M000100Y44", "91350100M000100Y4", "91350100I000100Y43", "11010501234567A"]
)
def test_any_other_is_refused(code: str) -> None:
    with pytest.raises(Refused, match="bad_tax_number"):
        rules.checked_tax_number(code)


@pytest.mark.req("O17")
@given(CODES, st.integers(0, 16), st.sampled_from(rules._ALPHABET))
def test_one_wrong_character_is_always_found(code: str, place: int, other: str) -> None:
    whole = code + rules.check_digit(code)
    assert rules.checked_tax_number(whole) == whole
    slip = whole[:place] + other + whole[place + 1 :]
    if slip != whole:
        with pytest.raises(Refused):
            rules.checked_tax_number(slip)


def asked(amount: int = 1_800) -> Invoice:
    new = Invoice(
        order_id="o1", group_id="g1", merchant_id="m", buyer_id="mei", title="Fruit", kind=InvoiceKind.PERSONAL,
        amount_minor=amount, currency="CNY", requested_at=NOON,
    )  # fmt: skip
    return rules.requested(None, new)


def paper(number: str, amount: int) -> Issued:
    return Issued(number=number, on="2026-11-22", amount_minor=amount, at=NOON, by="m")


def issued(invoice: Invoice, number: str, amount: int, red: str = "") -> Invoice:
    return rules.issued(invoice, paper(number, amount), red_number=red, red_on="", now=NOON)


@pytest.mark.req("O17")
def test_what_was_issued_is_taken_back_by_a_red_one_and_made_out_anew() -> None:
    first = issued(asked(), "1", 1_800)
    assert (first.state, first.owed[-1]) == (InvoiceState.ISSUED, "invoice_issued")
    assert rules.outdated(first, 1_800, NOON) is None
    late = rules.outdated(first, 1_000, NOON)
    assert late is not None and (late.state, late.owed[-1]) == (InvoiceState.TO_CORRECT, "invoice_to_correct")
    with pytest.raises(Refused, match="red_number_missing"):
        issued(late, "2", 1_000)
    second = issued(late, "2", 1_000, red="R1")
    assert [(one.number, one.red_number, one.amount_minor) for one in second.issued] == [
        ("1", "R1", 1800),
        ("2", "", 1000),
    ]
    nothing = rules.outdated(second, 0, NOON)
    assert nothing is not None
    gone = issued(nothing, "", 0, red="R2")
    assert (gone.state, gone.latest, len(gone.issued)) == (InvoiceState.CANCELLED, None, 2)
    again = rules.outdated(gone, 500, NOON)
    assert again is not None and again.state is InvoiceState.REQUESTED, "a bank gave money back"


@pytest.mark.req("O17")
def test_a_request_may_change_until_it_is_issued_and_follows_the_money() -> None:
    changed = rules.requested(asked(), replace(asked(), kind=InvoiceKind.COMPANY))
    assert (changed.kind, changed.state) == (InvoiceKind.COMPANY, InvoiceState.REQUESTED)
    less = rules.outdated(changed, 900, NOON)
    assert less is not None and (less.state, less.amount_minor) == (InvoiceState.REQUESTED, 900)
    for refused, code in (
        (lambda: rules.requested(issued(asked(), "1", 1_800), asked()), "invoice_issued"),
        (lambda: issued(issued(asked(), "1", 1_800), "2", 1_800, red="R"), "invoice_issued"),
        (lambda: issued(asked(), "1", 1_800, red="R"), "nothing_to_correct"),
        (lambda: issued(asked(), "", 1_800), "invoice_number_missing"),
        (lambda: rules.check_final(story.order(), 100), "nothing_to_invoice"),
    ):
        with pytest.raises(Refused, match=code):
            refused()
