"""What a payment provider reports: verified by its gateway, then the same paths as any other report."""

from collections.abc import Mapping

from ..domain import ledger
from ..domain.instants import Instant
from ..domain.ledger import Entry, EntryState, Kind
from ..domain.ports import Answer, EventKind, Outcome, ProviderEvent
from ..domain.refusals import Refused, Unavailable
from ..domain.writes import Replace
from .attempts import attempts
from .money_in import money_in
from .refund_wake import noted, settle
from .start_payment import provider_of
from .world import World


def webhook(world: World, provider: str, headers: Mapping[str, str], body: bytes, *, now: Instant) -> None:
    if provider not in world.payments:
        raise Refused("unknown_provider", provider=provider)
    event = provider_of(world, provider).parse_webhook(headers, body, now)
    match event.kind:
        case EventKind.PAID:
            money_in(
                world,
                event.key,
                amount_minor=event.amount_minor,
                currency=event.currency,
                paid_at=event.at,
                ref=event.ref,
                now=now,
            )
        case EventKind.REFUNDED:
            refund_reported(world, event, Answer(outcome=Outcome.SUCCEEDED, ref=event.ref), now)
        case EventKind.REFUND_FAILED:
            answer = Answer(outcome=Outcome.FAILED, ref=event.ref, reason=event.reason)
            refund_reported(world, event, answer, now)
        case EventKind.OTHER:
            world.watch.note("webhook_ignored", provider=provider)


def refund_reported(world: World, event: ProviderEvent, answer: Answer, now: Instant) -> None:
    """A word about an attempt that is not the current one is old news; a failure after success is not."""
    entry_id, _, attempt_number = event.key.rpartition(".")
    for attempt in attempts(world):
        with attempt:
            refund = refund_of_key(world, entry_id)
            if event.currency != refund.currency or event.amount_minor != refund.amount_minor:
                raise Refused("wrong_amount", expected_minor=refund.amount_minor)
            if attempt_number != str(refund.attempt) or refund.stage is ledger.RefundStage.PARKED:
                return
            if answer.outcome is Outcome.SUCCEEDED and refund.state is EntryState.POSTED:
                return
            settled = settle(refund, answer, now)
            world.store.commit(Replace(settled))
            noted(world, settled)
            return
    raise Unavailable("busy")


def refund_of_key(world: World, entry_id: str) -> Entry:
    refund = world.store.entry(entry_id)
    if refund is None or refund.kind is not Kind.REFUND:
        raise Refused("refund_not_found", refund=entry_id)
    return refund
