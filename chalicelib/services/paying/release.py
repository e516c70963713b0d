"""What a provider is asked of a release or a reversal, and when a person has to move the money instead."""

from ...domain import ledger
from ...domain.instants import Instant
from ...domain.ledger import Entry, EntryState, Kind
from ...domain.ports import CANNOT_RELEASE, Answer, Outcome, Payments, Released
from ...domain.refusals import Broken
from ..world import World
from .payouts import owner_of


def ask(world: World, provider: Payments, entry: Entry, now: Instant) -> Answer:
    """Whoever has tried this attempt long ago asks what became of it first, as with a refund."""
    able = provider.can.releases if entry.kind is Kind.RELEASE else provider.can.takes_back
    if not able or entry.payment_ref is None:
        return _by_hand(CANNOT_RELEASE)
    release = _taken_from(world, entry) if entry.kind is Kind.REVERSAL else None
    if release is not None and release.state is EntryState.PENDING and not _is_by_hand(release):
        return Answer(outcome=Outcome.PENDING)  # what is still on its way cannot be taken back yet
    if release is not None and (_is_by_hand(release) or release.provider_ref is None):
        return _by_hand("paid_by_hand")
    why = f"{entry.kind.value} {entry.id}"
    kept = world.vault.kept(owner_of(entry.payee_id), entry.method, reader="payouts", why=why, now=now)
    if kept is None:
        return _by_hand("no_account")
    if release is None:
        return _let_out(provider, entry, entry.payment_ref, kept["account"], now)
    out = Released(
        key=release.key, ref=release.provider_ref or "", payment_ref=entry.payment_ref, account=kept["account"]
    )
    return _take_back(provider, entry, out, now)


def _let_out(provider: Payments, entry: Entry, payment_ref: str, account: str, now: Instant) -> Answer:
    if _looks_first(provider, entry, now):
        answer = provider.look_up_release(entry.key, payment_ref)
        if answer.outcome is not Outcome.NOT_FOUND:
            return answer
    return provider.release(
        key=entry.key,
        payment_ref=payment_ref,
        account=account,
        amount_minor=entry.amount_minor,
        currency=entry.currency,
    )


def _take_back(provider: Payments, entry: Entry, release: Released, now: Instant) -> Answer:
    if _looks_first(provider, entry, now):
        answer = provider.look_up_take_back(entry.key, release)
        if answer.outcome is not Outcome.NOT_FOUND:
            return answer
    return provider.take_back(key=entry.key, release=release, amount_minor=entry.amount_minor, currency=entry.currency)


def _looks_first(provider: Payments, entry: Entry, now: Instant) -> bool:
    again = entry.first_tried_at != entry.last_tried_at
    window = min(ledger.KEY_WINDOW, provider.can.key_window_ms)
    return entry.provider_ref is not None or (again and ledger.must_ask_first(entry, now, window))


def _taken_from(world: World, reversal: Entry) -> Entry:
    release = world.store.entry(reversal.release_id)
    if release is None:
        raise Broken(f"reversal {reversal.id} is of no release")
    return release


def _is_by_hand(release: Entry) -> bool:
    return bool(release.payout_id) or release.stage is ledger.RefundStage.BY_HAND


def _by_hand(reason: str) -> Answer:
    return Answer(outcome=Outcome.FAILED, reason=reason)
