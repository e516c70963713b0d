"""Invoices over the wire: asked for, issued, corrected."""

from typing import Annotated, Self

from msgspec import Meta

from ...domain.invoice import Invoice, InvoiceKind, InvoiceState, Issued
from ...domain.ports import Files
from ...services.paying.invoices import MadeOut, Paper
from .words import END, Day, Input, Moment, Output, Title, shown

TaxNumber = Annotated[str, Meta(max_length=24, pattern=rf"^[0-9A-Za-z ]*{END}")]
Number = Annotated[str, Meta(max_length=40, pattern=rf"^[0-9A-Za-z-]*{END}")]
Key = Annotated[str, Meta(max_length=200)]


class InvoiceRequest(Input):
    """Whom it is made out to: a person's name, or a company's with its tax number (统一社会信用代码)."""

    kind: InvoiceKind
    title: Title
    tax_number: TaxNumber = ""

    def to_service(self) -> MadeOut:
        return MadeOut(kind=self.kind, title=self.title, tax_number=self.tax_number)


class InvoicePaper(Input):
    """The invoice that was issued, `key` an upload's. A correction names the red one (红字发票) that takes the last one
    back; it needs no `number` where nothing is left."""

    number: Number = ""
    on: Day | None = None
    red_number: Number = ""
    red_on: Day | None = None
    key: Key = ""

    def to_service(self) -> Paper:
        return Paper(
            number=self.number, on=self.on or "", red_number=self.red_number, red_on=self.red_on or "", key=self.key
        )


class IssuedLine(Output):
    """`link` leads to the file for some minutes."""

    number: str
    on: str
    amount_minor: int
    issued_at: Moment
    red_number: str
    red_on: str
    link: str | None

    @classmethod
    def of(cls, one: Issued, files: Files) -> Self:
        return cls(
            number=one.number,
            on=one.on,
            amount_minor=one.amount_minor,
            issued_at=shown(one.at),
            red_number=one.red_number,
            red_on=one.red_on,
            link=files.link(one.file) if one.file else None,
        )


class InvoiceShown(Output):
    """`amount_minor` is what was paid and not given back: what it is, or is to be, made out for."""

    order_id: str
    group_id: str
    kind: InvoiceKind
    state: InvoiceState
    amount_minor: int
    currency: str
    requested_at: Moment
    issued: list[IssuedLine]

    @classmethod
    def of(cls, invoice: Invoice, files: Files) -> Self:
        return cls(
            order_id=invoice.order_id,
            group_id=invoice.group_id,
            kind=invoice.kind,
            state=invoice.state,
            amount_minor=invoice.amount_minor,
            currency=invoice.currency,
            requested_at=shown(invoice.requested_at),
            issued=[IssuedLine.of(one, files) for one in invoice.issued],
        )


class InvoicePage(Output):
    items: list[InvoiceShown]
    next: str | None


class InvoiceMadeOut(Output):
    """Read from where personal data lie, and on record."""

    title: str
    tax_number: str
