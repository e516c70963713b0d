"""What a payment provider reports: verified by its gateway, then the same paths as any other report."""

from collections.abc import Mapping

from ...domain import ledger
from ...domain.instants import Instant
from ...domain.ledger import Entry, EntryState, Kind, RefundStage
from ...domain.ports import VOIDED, Answer, EventKind, Outcome, ProviderEvent, Reply
from ...domain.refusals import Refused, Unavailable
from ...domain.writes import Create
from ..attempts import attempts, once
from ..world import World
from . import holds
from .entry_wake import conclude
from .money_in import money_in
from .start_payment import provider_of


def webhook(world: World, provider: str, headers: Mapping[str, str], body: bytes, *, now: Instant) -> None:
    if provider not in world.payments:
        raise Refused("unknown_provider", provider=provider)
    reported(world, provider, provider_of(world, provider).parse_webhook(headers, body, now), now)


def reply(world: World, provider: str, refusal: str) -> Reply | None:
    """How that provider wants its report answered; None as any caller of ours."""
    return provider_of(world, provider).reply(refusal) if provider in world.payments else None


def reported(world: World, provider: str, event: ProviderEvent, now: Instant) -> None:
    """A verified report, however it came: reconciliation makes good here for one that never did."""
    match event.kind:
        case EventKind.PAID | EventKind.AUTHORISED:
            _paid(world, provider, event, now)
        case EventKind.CAPTURED | EventKind.VOIDED:
            _hold_ended(world, provider, event, now)
        case EventKind.REFUNDED | EventKind.REFUND_FAILED:
            _refund_reported(world, provider, event, now)
        case EventKind.CHARGED_BACK | EventKind.CHARGEBACK_WON:
            _charged_back(world, provider, event, now)
        case EventKind.OTHER:
            world.watch.note("webhook_ignored", provider=provider)


def _paid(world: World, provider: str, event: ProviderEvent, now: Instant) -> None:
    money_in(
        world,
        event.key,
        amount_minor=event.amount_minor,
        currency=event.currency,
        paid_at=event.at,
        ref=event.ref,
        held=event.kind is EventKind.AUTHORISED,
        method=provider,
        now=now,
    )


def _hold_ended(world: World, provider: str, event: ProviderEvent, now: Instant) -> None:
    """Our own capture or void, reported; or one that we did not ask for. A word about what has ended is old news."""
    for attempt in attempts(world):
        with attempt:
            payment = _entry(world, event.key, (Kind.PAYMENT,), provider)
            if payment.state is not EntryState.AUTHORISED:
                if event.kind is EventKind.CAPTURED and payment.authorised_at is None:
                    _paid(world, provider, event, now)
                return
            took = event.kind is EventKind.CAPTURED
            name = ledger.capture_id(payment.id) if took else ledger.void_id(payment.id)
            known = world.store.entry(name)
            if known is not None and known.state is EntryState.PENDING:
                took_minor = event.amount_minor if took else None
                conclude(world, known, Answer(outcome=Outcome.SUCCEEDED, ref=event.ref, amount_minor=took_minor), now)
            elif took and known is None:
                holds.taken_unasked(world, payment, event.amount_minor, event.ref, now)
            elif not took:
                _hold_lost(world, payment, event, now)
            return
    raise Unavailable("busy")


def _hold_lost(world: World, payment: Entry, event: ProviderEvent, now: Instant) -> None:
    """Not let go by us. A capture that was under way has failed for good."""
    capture = world.store.entry(ledger.capture_id(payment.id))
    if capture is not None and capture.state is EntryState.PENDING:
        conclude(world, capture, Answer(outcome=Outcome.FAILED, ref=event.ref, reason=VOIDED), now)
    else:
        holds.lost(world, payment, now)


def _refund_reported(world: World, provider: str, event: ProviderEvent, now: Instant) -> None:
    """A word about an attempt that is not the current one is old news; a failure after success is not."""
    done = event.kind is EventKind.REFUNDED
    answer = Answer(outcome=Outcome.SUCCEEDED if done else Outcome.FAILED, ref=event.ref, reason=event.reason)
    entry_id, _, attempt_number = event.key.rpartition(".")
    for attempt in attempts(world):
        with attempt:
            refund = _entry(world, entry_id, (Kind.REFUND,), provider)
            if event.currency != refund.currency or event.amount_minor != refund.amount_minor:
                raise Refused("wrong_amount", expected_minor=refund.amount_minor)
            if attempt_number != str(refund.attempt) or refund.stage is RefundStage.PARKED:
                return
            if done and refund.state is EntryState.POSTED:
                return
            conclude(world, refund, answer, now)
            return
    raise Unavailable("busy")


def _charged_back(world: World, provider: str, event: ProviderEvent, now: Instant) -> None:
    """The buyer's bank took money back, or gave it back: an entry of its own, an alarm, and a word to the merchant."""
    won = event.kind is EventKind.CHARGEBACK_WON
    payment = _entry(world, event.key, (Kind.PAYMENT,), provider)
    if event.currency != payment.currency:
        raise Refused("wrong_currency", expected=payment.currency)
    entry = ledger.charged_back(payment, ref=event.ref, amount_minor=event.amount_minor, won=won, at=event.at, now=now)
    if once(world, Create(entry)):
        world.watch.alarm(entry.kind.value, entry=entry.id, order=entry.order_id)


def _entry(world: World, entry_id: str, kinds: tuple[Kind, ...], provider: str) -> Entry:
    """No provider has a say about another's entries."""
    entry = world.store.entry(entry_id)
    if entry is None or entry.kind not in kinds or entry.method != provider:
        what = "payment" if Kind.PAYMENT in kinds else "refund"
        raise Refused("payment_not_found" if what == "payment" else "refund_not_found", entry=entry_id)
    return entry
