"""Whether one more courtesy may go out: a person's cap for the day first, then the campaign's budget (N9).

Each is one conditional addition, so that many senders at once never go over it together. A sender who dies after it has
counted and before it has sent leaves one message unsent; that is the cheaper mistake.
"""

from ...domain import ids, spent
from ...domain.campaign import Campaign
from ...domain.instants import Instant
from ...domain.notice import Notice
from ...domain.person import Preferences
from ..world import World
from . import tell


def refused(world: World, notice: Notice, preferences: Preferences, now: Instant) -> str:
    """Empty where it may go out, and has been counted; else why not."""
    if notice.urgency not in spent.COUNTED or notice.tries:
        return ""
    if not world.store.spend(*spent.of_person(notice.person_id, preferences.zone, now), _cap(world), now):
        return spent.OVER_CAP
    terms = _campaign_of(world, notice, now)
    if terms is None or terms.message_budget is None:
        return ""
    if world.store.spend(*spent.of_campaign(terms.id), terms.message_budget, now):
        return ""
    _tell_merchant(world, terms, now)
    return spent.OVER_BUDGET


def _cap(world: World) -> int:
    return world.home.courtesies


def _campaign_of(world: World, notice: Notice, now: Instant) -> Campaign | None:
    """The terms of what it is about: an order's id begins with its group's. A person's digest is no campaign's."""
    group = world.store.group_lately(ids.group_of(notice.about), now)
    return world.store.terms(group.campaign_id, group.terms_version) if group is not None else None


def _tell_merchant(world: World, terms: Campaign, now: Instant) -> None:
    """Once: the same event makes the same notice."""
    params = {"title": terms.title, "budget": str(terms.message_budget), "link": f"/campaigns/{terms.id}"}
    tell.tell(
        world,
        terms.merchant_id,
        about=terms.id,
        event="message_budget_spent",
        template="message_budget_spent",
        params=params,
        now=now,
    )
