"""Bank transfer: the buyer sends the money, and the merchant confirms that it came (O2).

No machine stands behind it, so nothing is ever known here: everything is pending until a person says
otherwise through the API, and there is no webhook that could be genuine.
"""

from collections.abc import Mapping

from ...domain.ids import derived
from ...domain.instants import DAY, Instant
from ...domain.money import shown
from ...domain.ports import Answer, Capabilities, Charge, MoveKind, Moves, Outcome, Part, ProviderEvent
from ...domain.refusals import Refused
from .cannot import AnsweredAsUsual, ChargesAtOnce, ReleasesNothing


class Transfer(ChargesAtOnce, ReleasesNothing, AnsweredAsUsual):
    """`account` says where the money goes, as the buyer will read it: bank, holder, number."""

    name = "transfer"

    def __init__(self, account: str = "") -> None:
        self._account = account

    @property
    def can(self) -> Capabilities:
        return Capabilities(refund_window_ms=3650 * DAY, most_minor=50_000_000_00, key_window_ms=3650 * DAY)

    def start(self, charge: Charge) -> Answer:
        code = reference(charge.key)
        lines = [
            self._account,
            f"金额 Amount: {shown(charge.amount_minor, charge.currency)}",
            f"附言 Reference: {code}",
        ]
        return Answer(
            outcome=Outcome.PENDING,
            ref=code,
            instructions="\n".join(filter(None, lines)),
            amount_minor=charge.amount_minor,
            currency=charge.currency,
        )

    def refund(self, part: Part, paid_minor: int) -> Answer:
        """A person pays it back by hand and confirms it; the code tells two refunds of one payment apart."""
        return Answer(
            outcome=Outcome.PENDING,
            ref=reference(part.key),
            amount_minor=part.amount_minor,
            currency=part.currency,
            reason="by_hand",
        )

    def look_up_payment(self, key: str, ref: str | None = None) -> Answer:
        return Answer(outcome=Outcome.PENDING, ref=reference(key))

    def look_up_refund(self, key: str, payment_ref: str) -> Answer:
        return Answer(outcome=Outcome.PENDING, ref=reference(key))

    def moves(self, since: Instant, until: Instant, start: str | None = None) -> Moves:
        """The bank's statement is read by a person."""
        return Moves(outcome=Outcome.NOT_FOUND, reason="by_hand")

    def spelled(self, key: str, kind: MoveKind = MoveKind.PAYMENT) -> str:
        return reference(key)

    def parse_webhook(self, headers: Mapping[str, str], body: bytes, now: Instant) -> ProviderEvent:
        raise Refused("bad_signature")


def reference(key: str) -> str:
    """What the buyer writes on the transfer: `TG-8F3K-M2QA-7D`, short, without letters that look like
    digits.
    """
    code = derived("transfer", key, length=10).upper()
    return f"TG-{code[:4]}-{code[4:8]}-{code[8:]}"
