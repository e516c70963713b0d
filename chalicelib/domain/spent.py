"""Messages that were spent of a limited number: of a campaign's budget, of what one person gets in a day (N9), or of
what one phone is answered in an hour (N12).

Only courtesy and marketing are counted; what concerns money, and reminders of something to be done, always go out.
"""

from ..lean import dataclass
from .instants import Instant, local_text
from .person import Urgency
from .writes import Row

COUNTED = (Urgency.COURTESY, Urgency.MARKETING)
OVER_CAP, OVER_BUDGET = "over the daily cap", "over the budget"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent(Row):
    """`owner` is `person.‹id›`, `campaign.‹id›`, `phone.‹hash›` or `confirming.‹id›`; `window` a day, an hour, or
    `all`."""

    owner: str
    window: str
    used: int = 0
    began_at: Instant = 0


def of_person(person_id: str, zone: str, now: Instant) -> tuple[str, str]:
    return f"person.{person_id}", local_text(now, zone)[:10]


def of_phone(who: str, now: Instant) -> tuple[str, str]:
    """`who` is a keyed hash of the number."""
    return f"phone.{who}", local_text(now, "UTC")[:13]


def of_confirming(person_id: str, now: Instant) -> tuple[str, str]:
    return f"confirming.{person_id}", local_text(now, "UTC")[:10]


def of_campaign(campaign_id: str) -> tuple[str, str]:
    return f"campaign.{campaign_id}", "all"
