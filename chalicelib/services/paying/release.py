"""What a provider is asked of a release or a reversal, and when a person has to move the money instead."""

from ...domain import ledger
from ...domain.instants import Instant
from ...domain.ledger import Entry, EntryState, Kind
from ...domain.ports import CANNOT_RELEASE, Answer, Outcome, Part, Payments, Released
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
    account = kept["account"]
    part = Part(key=entry.key, payment_ref=entry.payment_ref, amount_minor=entry.amount_minor, currency=entry.currency)
    looks_first = ledger.looks_first(entry, provider.can.key_window_ms, now)
    if release is None:
        return _let_out(provider, part, account, looks_first)
    ref = release.provider_ref or ""
    out = Released(key=release.key, ref=ref, payment_ref=entry.payment_ref, account=account)
    return _take_back(provider, part, out, looks_first)


def _let_out(provider: Payments, part: Part, account: str, looks_first: bool) -> Answer:
    if looks_first:
        answer = provider.look_up_release(part.key, part.payment_ref)
        if answer.outcome is not Outcome.NOT_FOUND:
            return answer
    return provider.release(part, account)


def _take_back(provider: Payments, part: Part, release: Released, looks_first: bool) -> Answer:
    if looks_first:
        answer = provider.look_up_take_back(part.key, release)
        if answer.outcome is not Outcome.NOT_FOUND:
            return answer
    return provider.take_back(part, release)


def _taken_from(world: World, reversal: Entry) -> Entry:
    release = world.store.entry(reversal.release_id)
    if release is None:
        raise Broken(f"reversal {reversal.id} is of no release")
    return release


def _is_by_hand(release: Entry) -> bool:
    return bool(release.payout_id) or release.stage is ledger.RefundStage.BY_HAND


def _by_hand(reason: str) -> Answer:
    return Answer(outcome=Outcome.FAILED, reason=reason)
