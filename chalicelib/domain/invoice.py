"""An invoice (发票) for what a buyer paid in the end (O17): asked for, issued by the merchant, corrected by a red one.

    requested ──(the merchant issues it)──> issued ──(money went back, or came)──> to_correct
        ^ (the buyer changes what it is made out to)      ^──(a red one, and a new one)──┘
                                                    to_correct ──(a red one: nothing is left)──> cancelled

Its amount is what the order's buyer paid and did not get back. Once issued it can only be corrected: by a red-letter
invoice (红冲) for all of it, and a new one for what is left.
"""

from dataclasses import replace
from enum import StrEnum

from ..lean import dataclass
from .instants import Instant
from .order import Order, OrderState
from .refusals import Refused
from .writes import Row

MOST_ISSUED = 20


class InvoiceKind(StrEnum):
    PERSONAL = "personal"
    COMPANY = "company"


class InvoiceState(StrEnum):
    REQUESTED = "requested"
    ISSUED = "issued"
    TO_CORRECT = "to_correct"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """One invoice as the tax authority knows it; `red_number` is the one that took it back. `on` is its date."""

    number: str
    on: str
    amount_minor: int
    at: Instant
    by: str
    file: str = ""
    red_number: str = ""
    red_on: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice(Row):
    """One for each order. Whom it is made out to lies in the vault, under the buyer and the order."""

    order_id: str
    group_id: str
    merchant_id: str
    buyer_id: str
    title: str
    kind: InvoiceKind
    state: InvoiceState = InvoiceState.REQUESTED
    amount_minor: int
    currency: str
    requested_at: Instant
    issued: tuple[Issued, ...] = ()
    owed: tuple[str, ...] = ()

    @property
    def latest(self) -> Issued | None:
        """The one that is in force."""
        return self.issued[-1] if self.issued and not self.issued[-1].red_number else None


# ----------------------------------------------------------------- tax numbers (统一社会信用代码)

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""GB 32100-2015: digits and letters without I, O, S, V and Z."""

_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))


def check_digit(code: str) -> str:
    """Of the first 17 characters of a unified social credit code (GB 32100-2015, 4.2.5)."""
    total = sum(_ALPHABET.index(character) * weight for character, weight in zip(code[:17], _WEIGHTS, strict=True))
    return _ALPHABET[(31 - total % 31) % 31]


def checked_tax_number(said: str) -> str:
    """As it is written: 18 characters whose last is a check, or 15 digits as before 2015. Raises Refused."""
    code = said.replace(" ", "").upper()
    if len(code) == 15 and code.isascii() and code.isdigit():
        return code
    known = len(code) == 18 and all(character in _ALPHABET for character in code)
    if not known or check_digit(code) != code[17]:
        raise Refused("bad_tax_number")
    return code


# ----------------------------------------------------------------- its life


def check_final(order: Order, left_minor: int) -> None:
    """An invoice is for what was really paid: not before the group has formed and all of it is there."""
    final = order.state is OrderState.PAID and order.resolution in ("formed", "price_drop")
    if not final or left_minor <= 0:
        raise Refused("nothing_to_invoice", state=order.resolution or order.state.value)


def requested(known: Invoice | None, new: Invoice) -> Invoice:
    """Anew, or changed while nobody has issued it."""
    if known is None:
        return replace(new, owed=("invoice_requested",), due_at=new.requested_at)
    if known.state is not InvoiceState.REQUESTED:
        raise Refused("invoice_issued")
    return replace(known, kind=new.kind, amount_minor=new.amount_minor)


def issued(invoice: Invoice, one: Issued, *, red_number: str, red_on: str, now: Instant) -> Invoice:
    """A correction names the red one that takes the last one back; what is left may be nothing."""
    before = invoice.latest
    if invoice.state not in (InvoiceState.REQUESTED, InvoiceState.TO_CORRECT):
        raise Refused("invoice_issued")
    if len(invoice.issued) >= MOST_ISSUED:
        raise Refused("too_many_invoices", most=MOST_ISSUED)
    if (before is not None) is not bool(red_number):
        raise Refused("red_number_missing" if before is not None else "nothing_to_correct")
    every = invoice.issued
    if before is not None:
        every = (*every[:-1], replace(before, red_number=red_number, red_on=red_on))
    if one.amount_minor > 0 and not one.number:
        raise Refused("invoice_number_missing")
    left = one.amount_minor > 0
    return replace(
        invoice,
        state=InvoiceState.ISSUED if left else InvoiceState.CANCELLED,
        amount_minor=one.amount_minor,
        issued=(*every, one) if left else every,
        owed=(*invoice.owed, "invoice_issued" if before is None else "invoice_corrected"),
        due_at=now,
    )


def outdated(invoice: Invoice, left_minor: int, now: Instant) -> Invoice | None:
    """The money has changed since: what was issued is to be taken back; what was not is just another amount."""
    if invoice.amount_minor == left_minor:
        return None
    if invoice.state is InvoiceState.ISSUED:
        owed = (*invoice.owed, "invoice_to_correct")
        return replace(invoice, state=InvoiceState.TO_CORRECT, amount_minor=left_minor, owed=owed, due_at=now)
    if invoice.state is InvoiceState.CANCELLED:  # a bank gave money back that it had taken
        owed = (*invoice.owed, "invoice_requested")
        return replace(invoice, state=InvoiceState.REQUESTED, amount_minor=left_minor, owed=owed, due_at=now)
    return replace(invoice, amount_minor=left_minor)
