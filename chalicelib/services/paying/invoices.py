"""Invoices: asked for by the buyer, issued and corrected by the merchant, kept true to the money (O17)."""

from collections.abc import Mapping
from dataclasses import replace

from ...domain import invoice as rules
from ...domain import settlement
from ...domain.files import UploadForm, Use
from ...domain.instants import Instant
from ...domain.invoice import Invoice, InvoiceKind, Issued
from ...domain.ledger import Entry
from ...domain.money import shown
from ...domain.order import Order, check_mine
from ...domain.ports import Caller, Page
from ...domain.refusals import Refused, Unavailable
from ...domain.resolution import in_group
from ...domain.writes import Replace, Unchanged, Write, put
from ...lean import dataclass
from ..attempts import attempts
from ..telling import tell
from ..world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeOut:
    """To whom. A company's tax number is checked by its own last character."""

    kind: InvoiceKind
    title: str
    tax_number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """What the merchant says of the invoice it has issued; `red_number` where it corrects one. `key` is an upload's."""

    number: str = ""
    on: str = ""
    red_number: str = ""
    red_on: str = ""
    key: str = ""


def vault_owner(buyer_id: str) -> str:
    return f"invoices:{buyer_id}"


def request(world: World, caller: Caller, order_id: str, to: MadeOut, *, now: Instant) -> Invoice:
    """First whom it is made out to, then the request: a crash in between has asked for nothing."""
    tax_number = rules.checked_tax_number(to.tax_number) if to.kind is InvoiceKind.COMPANY else ""
    for attempt in attempts(world):
        with attempt:
            order = world.store.order(order_id)
            if order is None:
                raise Refused("order_not_found", order=order_id)
            check_mine(order, caller.id)
            group = world.store.group(order.group_id)
            left = _left(world, order)
            rules.check_final(in_group(order, group), left)
            known = world.store.invoice(order_id)
            new = Invoice(
                order_id=order.id,
                group_id=order.group_id,
                merchant_id=order.merchant_id,
                buyer_id=order.buyer_id,
                title=group.title if group is not None else "",
                kind=to.kind,
                amount_minor=left,
                currency=order.currency,
                requested_at=now,
            )
            asked = rules.requested(known, new)
            what = {"title": to.title, "tax_number": tax_number}
            world.vault.keep(vault_owner(order.buyer_id), order.id, what, now)
            world.store.commit(put(asked), Unchanged(order))
            return replace(asked, version=asked.version + 1)
    raise Unavailable("busy")


def _left(world: World, order: Order) -> int:
    entries = world.store.entries_of_order(order.id)
    return settlement.sums(settlement.payments_of(order, entries), entries).left


def mine(world: World, caller: Caller, order_id: str) -> Invoice:
    """For its buyer or its merchant; anybody else's looks like a missing one."""
    found = world.store.invoice(order_id)
    if found is None or caller.id not in (found.buyer_id, found.merchant_id):
        raise Refused("invoice_not_found", order=order_id)
    return found


def of_merchant(world: World, caller: Caller, *, limit: int, start: str | None) -> Page[Invoice]:
    """Newest requests first."""
    return world.store.invoices_of(caller.id, limit, start)


def made_out_to(world: World, caller: Caller, order_id: str, *, now: Instant) -> Mapping[str, str]:
    """Read from the vault, on record, by whom it concerns."""
    found = mine(world, caller, order_id)
    owner = vault_owner(found.buyer_id)
    return world.vault.kept(owner, order_id, reader=caller.id, why=f"invoice {order_id}", now=now) or {}


def own(world: World, caller: Caller, order_id: str) -> Invoice:
    found = mine(world, caller, order_id)
    if found.merchant_id != caller.id:
        raise Refused("invoice_not_found", order=order_id)
    return found


def form(world: World, caller: Caller, order_id: str, *, back: str = "") -> UploadForm:
    return world.files.form(Use.INVOICE, own(world, caller, order_id).order_id, world.new_id(), back=back)


def issue(world: World, caller: Caller, order_id: str, paper: Paper, *, now: Instant) -> Invoice:
    """For what is left of the order's money now: the order at its version, because every refund writes it. The same
    number again is issued already.
    """
    kept = world.files.keep(Use.INVOICE, own(world, caller, order_id).order_id, paper.key).key if paper.key else ""
    for attempt in attempts(world):
        with attempt:
            found = own(world, caller, order_id)
            if _said_before(found, paper):
                return found
            order = world.store.order(order_id)
            assert order is not None
            one = Issued(
                number=paper.number, on=paper.on, amount_minor=_left(world, order), at=now, by=caller.id, file=kept
            )
            new = rules.issued(found, one, red_number=paper.red_number, red_on=paper.red_on, now=now)
            world.store.commit(Replace(new), Unchanged(order))
            world.watch.count("invoices_issued")
            return replace(new, version=new.version + 1)
    raise Unavailable("busy")


def _said_before(found: Invoice, paper: Paper) -> bool:
    if found.latest is not None:
        return paper.number == found.latest.number
    return bool(found.issued) and bool(paper.red_number) and paper.red_number == found.issued[-1].red_number


def kept_true(world: World, entry: Entry) -> list[Write]:
    """For the transaction that ends a movement of an order's money: what was issued before it is to be corrected."""
    found = world.store.invoice(entry.order_id)
    order = world.store.order(entry.order_id) if found is not None else None
    if found is None or order is None:
        return []
    new = rules.outdated(found, _left(world, order), entry.posted_at or entry.created_at)
    return [Replace(new)] if new is not None else []


def invoice_wake(world: World, invoice: Invoice, now: Instant) -> None:
    """Tells what is owed: of requests and corrections the merchant hears, of what was issued the buyer."""
    writes: list[Write] = []
    for event in invoice.owed:
        to_merchant = event in ("invoice_requested", "invoice_to_correct")
        params = {
            "title": invoice.title,
            "amount": shown(invoice.amount_minor, invoice.currency),
            "link": "/desk/invoices" if to_merchant else f"/orders/{invoice.order_id}",
        }
        writes += tell.plan(
            world,
            invoice.merchant_id if to_merchant else invoice.buyer_id,
            about=invoice.order_id,
            event=f"{event}@{invoice.version}",
            template=event,
            params=params,
            now=now,
        )
    world.store.commit(Replace(replace(invoice, owed=(), due_at=None)), *writes)
