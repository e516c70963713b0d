"""What the provider lets out of a payment to payees' accounts, and takes back from there.

    POST /releases  {key, payment_ref, account, amount_minor, currency}
    POST /backs     {key, release_ref, amount_minor, currency}
    GET  /releases?key=, /backs?key=

No more goes out of a payment than came in, and no more comes back than went out and the payee still has: an account
can be emptied (`spent`), as payees do.
"""

from typing import TYPE_CHECKING

from infra.local.peer import Problem
from infra.local.sandbox.asked import NewBack, NewRelease
from infra.local.sandbox.state import Released

if TYPE_CHECKING:
    from infra.local.sandbox.core import Provider


def release(peer: "Provider", what: NewRelease) -> Released:
    payment = peer.state.payments.get(what.payment_ref)
    if payment is None:
        raise Problem(404, "no_such_payment")
    if payment.status not in ("paid", "captured"):
        raise Problem(409, "not_paid")
    if payment.currency != what.currency:
        raise Problem(422, "other_currency")
    taken = payment.captured_minor or payment.amount_minor
    if out_of(peer, payment.ref) + what.amount_minor > taken:
        raise Problem(422, "more_than_paid")
    made = _new(peer, "rel", what.key, what.payment_ref, what.account, what.amount_minor, what.currency)
    if fault := peer.fault("release_fails", "releases", (what.key, what.payment_ref)):
        made.status, made.reason = "failed", fault.reason
    return made


def take_back(peer: "Provider", what: NewBack) -> Released:
    source = peer.state.released.get(what.release_ref)
    if source is None or source.of:
        raise Problem(404, "no_such_release")
    if (source.status, source.currency) != ("succeeded", what.currency):
        raise Problem(409, "not_released")
    back = sum(one.amount_minor for one in peer.state.released.values() if one.of == source.ref)
    if back + what.amount_minor > source.amount_minor:
        raise Problem(422, "more_than_released")
    if peer.fault("release_fails", "backs", (what.key, source.payment_ref)) or source.account in peer.state.spent:
        raise Problem(409, "balance_insufficient")
    made = _new(peer, "bak", what.key, source.payment_ref, source.account, what.amount_minor, what.currency)
    made.of = source.ref
    return made


def _new(peer: "Provider", kind: str, key: str, payment_ref: str, account: str, amount: int, currency: str) -> Released:
    made = Released(
        ref=peer.new_ref(kind, key), key=key, payment_ref=payment_ref, account=account, amount_minor=amount,
        currency=currency, made_at_ms=peer.clock(),
    )  # fmt: skip
    peer.state.released[made.ref] = made
    return made


def out_of(peer: "Provider", payment_ref: str) -> int:
    """What is with payees of a payment."""
    mine = [one for one in peer.state.released.values() if one.payment_ref == payment_ref]
    return sum(-one.amount_minor if one.of else one.amount_minor for one in mine if one.status == "succeeded")


def with_payee(peer: "Provider", account: str) -> int:
    """What is on a payee's account."""
    mine = [one for one in peer.state.released.values() if one.account == account and one.status == "succeeded"]
    return sum(-one.amount_minor if one.of else one.amount_minor for one in mine)


def under(peer: "Provider", key: str, *, backs: bool) -> Released | None:
    mine = [one for one in peer.state.released.values() if one.key == key and bool(one.of) is backs]
    return mine[-1] if mine else None
