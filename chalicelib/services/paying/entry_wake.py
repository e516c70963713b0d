"""The timer of whatever a provider is asked to do by an entry: claim it, ask, record what was said; again until it is
done or a person must look.
"""

from dataclasses import replace

from ...domain import ledger
from ...domain.instants import Instant, local_text
from ...domain.ledger import Entry, EntryState, Kind, RefundStage
from ...domain.money import shown
from ...domain.order import FAILED
from ...domain.ports import Answer, Outcome, Part, Payments
from ...domain.refusals import Broken
from ...domain.statement import arrives_by
from ...domain.writes import Replace, Write
from ..telling import tell
from ..world import World
from . import invoices, release
from .holds import consequences
from .settle import settle_again
from .start_payment import provider_of

BACK = (Kind.REFUND, Kind.CHARGEBACK, Kind.CHARGEBACK_WON)
"""What changes whose an order's money is, also after its last share was let out."""


def entry_wake(world: World, entry: Entry, now: Instant) -> None:
    if ledger.overdue(entry, now):
        entry = _alarm(world, entry, now)
    if entry.kind in BACK and entry.cause != FAILED:  # of a failed group nothing has ever been let out
        settle_again(world, entry, now)
    if entry.owed:
        entry = _tell(world, entry, now)
    if entry.kind is Kind.DOUBLED and entry.due_at is not None and entry.due_at <= now:
        world.store.commit(Replace(replace(entry, due_at=_until_its_alarm(entry))))
        return
    if entry.kind not in ledger.SAGAS or entry.state is not EntryState.PENDING or entry.stage is RefundStage.PARKED:
        return
    claimed = _claim(world, entry, now)
    conclude(world, claimed, _ask(world, claimed, now), now)


def conclude(world: World, entry: Entry, answer: Answer, now: Instant) -> None:
    """What the provider said of an entry, whoever brought the word, and all that follows from it: one transaction."""
    outcome = settle(entry, answer, now)
    world.store.commit(Replace(outcome), *consequences(world, outcome, now))
    noted(world, outcome)


def noted(world: World, entry: Entry) -> None:
    """What operators hear of an entry's new stage, whoever brought it there."""
    stage = entry.stage.value if entry.stage else "none"
    if entry.kind is Kind.REFUND:
        world.watch.count(f"refunds_{stage}")
    else:
        world.watch.count(f"{entry.kind.value}s_{stage}")
    if entry.stage is RefundStage.PARKED:
        world.watch.alarm("parked", entry=entry.id, reason=entry.reason)
    if entry.stage is RefundStage.BY_HAND and entry.kind is Kind.REVERSAL:
        world.watch.alarm("receivable", entry=entry.id, reason=entry.reason)


def _claim(world: World, entry: Entry, now: Instant) -> Entry:
    """Written before the provider is asked: two workers never talk about the same attempt at once."""
    claimed = ledger.submitted(entry, now, world.lease)
    world.store.commit(Replace(claimed, claim=True))
    return replace(claimed, version=claimed.version + 1)


def _ask(world: World, entry: Entry, now: Instant) -> Answer:
    provider = provider_of(world, entry.method)
    if entry.kind in ledger.RELEASES:
        return release.ask(world, provider, entry, now)
    if entry.payment_ref is None:
        raise Broken(f"entry {entry.id} knows no payment at the provider")
    part = Part(key=entry.key, payment_ref=entry.payment_ref, amount_minor=entry.amount_minor, currency=entry.currency)
    if entry.kind is not Kind.REFUND:
        return _of_a_hold(provider, entry, part)
    if ledger.looks_first(entry, provider.can.key_window_ms, now):
        answer = provider.look_up_refund(part.key, part.payment_ref)
        if answer.outcome is not Outcome.NOT_FOUND:
            return answer
    return provider.refund(part, entry.payment_minor or _paid(world, entry))


def _of_a_hold(provider: Payments, entry: Entry, part: Part) -> Answer:
    """A hold ends once, so whoever has tried before asks what became of it before it tries again."""
    if entry.first_tried_at != entry.last_tried_at or entry.attempt > 1:
        assert entry.payment_id is not None
        found = provider.look_up_payment(entry.payment_id, part.payment_ref)
        if found.outcome in (Outcome.SUCCEEDED, Outcome.FAILED):
            return _said_of(entry, found)
    if entry.kind is Kind.VOID:
        return provider.void(part.key, part.payment_ref)
    return provider.capture(part)


def _said_of(entry: Entry, found: Answer) -> Answer:
    """What the end of a hold means for who wanted it captured, or let go."""
    if entry.kind is Kind.CAPTURE:
        return found
    if found.outcome is Outcome.FAILED:
        return replace(found, outcome=Outcome.SUCCEEDED)
    return replace(found, outcome=Outcome.FAILED, reason=ledger.TAKEN)


def _paid(world: World, refund: Entry) -> int:
    """Of refunds that were owed before it was written on them."""
    payment = world.store.entry(refund.payment_id) if refund.payment_id else None
    if payment is None:
        raise Broken(f"refund {refund.id} is of no payment")
    return payment.amount_minor


def settle(entry: Entry, answer: Answer, now: Instant) -> Entry:
    """The entry as the provider's word leaves it. Used by webhooks and the merchant's confirmation as well."""
    match answer.outcome:
        case Outcome.SUCCEEDED:
            done = ledger.succeeded(entry, provider_ref=answer.ref or entry.provider_ref or "", now=now)
            took = answer.amount_minor if entry.kind is Kind.CAPTURE else None
            return replace(done, amount_minor=took or done.amount_minor)
        case Outcome.PENDING | Outcome.AUTHORISED:
            return ledger.accepted(entry, provider_ref=answer.ref, now=now)
        case Outcome.FAILED:
            return ledger.failed(entry, answer.reason, now)
        case Outcome.UNKNOWN | Outcome.NOT_FOUND:
            return ledger.unknown(entry, now)


def _until_its_alarm(entry: Entry) -> Instant | None:
    """A person's transfer: nothing to do but to look once whether it has been made."""
    return entry.promised_by if entry.state is EntryState.PENDING and entry.alarmed_at is None else None


def _alarm(world: World, entry: Entry, now: Instant) -> Entry:
    """Once, at 24 h (R4); the work itself goes on."""
    alarmed = replace(entry, alarmed_at=now)
    world.store.commit(Replace(alarmed))
    if entry.kind is Kind.REFUND:
        world.watch.alarm("late_refund", entry=entry.id, order=entry.order_id)
    else:
        world.watch.alarm(f"late_{entry.kind.value}", entry=entry.id, order=entry.order_id)
    return replace(alarmed, version=alarmed.version + 1)


def _tell(world: World, entry: Entry, now: Instant) -> Entry:
    told = replace(entry, owed=(), due_at=entry.due_at if entry.state is EntryState.PENDING else None)
    writes: list[Write] = [Replace(told)]
    for event in entry.owed:
        writes += _notices(world, entry, event, now)
    if entry.state is EntryState.POSTED and entry.kind in (Kind.REFUND, Kind.CHARGEBACK, Kind.CHARGEBACK_WON):
        writes += invoices.kept_true(world, entry)
    world.store.commit(*writes)
    return replace(told, version=told.version + 1)


def _notices(world: World, entry: Entry, event: str, now: Instant) -> list[Write]:
    """Money that comes back is its buyer's to know; money that a bank took back, the merchant's."""
    group = world.store.group(entry.group_id)
    if group is None:
        raise Broken(f"entry {entry.id} has no group")
    params = {
        **tell.group_params(group),
        "amount": shown(entry.amount_minor, entry.currency),
        "method": entry.method,
        "arrives_by": local_text(arrives_by(entry.method, entry.created_at), group.zone),
        "link": f"/orders/{entry.order_id}",
    }
    to_merchant = entry.kind in (Kind.CHARGEBACK, Kind.CHARGEBACK_WON)
    if to_merchant:
        params["link"] = tell.group_params(group)["link"]
    return [
        *tell.plan(
            world,
            entry.merchant_id if to_merchant else entry.buyer_id,
            about=entry.order_id,
            event=f"{event}@{entry.id}@{entry.attempt}",
            template=event,
            params=params,
            now=now,
        )
    ]
