"""A refund's timer: claim it, ask the provider, record what it said; again until it is done or a person must look."""

from dataclasses import replace

from ..domain import ledger
from ..domain.instants import Instant, local_text
from ..domain.ledger import Entry, EntryState, Kind, RefundStage
from ..domain.money import shown
from ..domain.ports import Answer, Outcome
from ..domain.refusals import Broken
from ..domain.statement import arrives_by
from ..domain.writes import Replace, Write
from . import tell
from .start_payment import provider_of
from .world import World


def refund_wake(world: World, entry: Entry, now: Instant) -> None:
    if entry.kind is not Kind.REFUND:
        return
    if ledger.overdue(entry, now):
        entry = _alarm(world, entry, now)
    if entry.owed:
        entry = _tell(world, entry, now)
    if entry.state is not EntryState.PENDING or entry.stage is RefundStage.PARKED:
        return
    claimed = _claim(world, entry, now)
    outcome = settle(claimed, _ask(world, claimed, now), now)
    world.store.commit(Replace(outcome))
    noted(world, outcome)


def noted(world: World, refund: Entry) -> None:
    """What operators hear of a refund's new stage, whoever brought it there."""
    world.watch.count(f"refunds_{refund.stage.value if refund.stage else 'none'}")
    if refund.stage is RefundStage.PARKED:
        world.watch.alarm("parked", entry=refund.id, reason=refund.reason)


def _claim(world: World, entry: Entry, now: Instant) -> Entry:
    """Written before the provider is asked: two workers never talk about the same attempt at once."""
    claimed = ledger.submitted(entry, now, world.lease)
    world.store.commit(Replace(claimed))
    return replace(claimed, version=claimed.version + 1)


def _ask(world: World, entry: Entry, now: Instant) -> Answer:
    provider = provider_of(world, entry.method)
    again = entry.first_tried_at != entry.last_tried_at
    if entry.provider_ref is not None or (again and ledger.must_ask_first(entry, now)):
        answer = provider.look_up_refund(entry.key)
        if answer.outcome is not Outcome.NOT_FOUND:
            return answer
    if entry.payment_ref is None:
        raise Broken(f"refund {entry.id} knows no payment at the provider")
    return provider.refund(
        key=entry.key,
        payment_ref=entry.payment_ref,
        amount_minor=entry.amount_minor,
        currency=entry.currency,
    )


def settle(entry: Entry, answer: Answer, now: Instant) -> Entry:
    """The entry as the provider's word leaves it. Used by webhooks and the merchant's confirmation as well."""
    match answer.outcome:
        case Outcome.SUCCEEDED:
            return ledger.succeeded(entry, provider_ref=answer.ref or entry.provider_ref or "", now=now)
        case Outcome.PENDING:
            return ledger.accepted(entry, provider_ref=answer.ref, now=now)
        case Outcome.FAILED:
            return ledger.failed(entry, answer.reason, now)
        case Outcome.UNKNOWN | Outcome.NOT_FOUND:
            return ledger.unknown(entry, now)


def _alarm(world: World, entry: Entry, now: Instant) -> Entry:
    """Once, at 24 h (R4); the refund itself goes on."""
    alarmed = replace(entry, alarmed_at=now)
    world.store.commit(Replace(alarmed))
    world.watch.alarm("late_refund", entry=entry.id, order=entry.order_id)
    return replace(alarmed, version=alarmed.version + 1)


def _tell(world: World, entry: Entry, now: Instant) -> Entry:
    told = replace(entry, owed=(), due_at=entry.due_at if entry.state is EntryState.PENDING else None)
    writes: list[Write] = [Replace(told)]
    for event in entry.owed:
        writes += _notices(world, entry, event, now)
    world.store.commit(*writes)
    return replace(told, version=told.version + 1)


def _notices(world: World, entry: Entry, event: str, now: Instant) -> list[Write]:
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
    return [
        *tell.plan(
            world,
            entry.buyer_id,
            about=entry.order_id,
            event=f"{event}@{entry.id}@{entry.attempt}",
            template=event,
            params=params,
            now=now,
        )
    ]
