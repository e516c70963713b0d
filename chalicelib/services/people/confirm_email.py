"""An e-mail address that was shut (it bounced, or was called spam) is opened again by whoever reads what is sent there.

The link bears a mark over the person and the moment at which the address was given: an older one, or another person's,
opens nothing.
"""

from dataclasses import replace

from ...domain import notice as notices
from ...domain import person, seal, spent
from ...domain.instants import DAY, Instant
from ...domain.notice import Notice
from ...domain.person import Channel, Preferences
from ...domain.refusals import Refused
from ...domain.writes import Create, Replace, Write
from ..telling import tell
from ..world import World

TEMPLATE = "email_confirm"
ABOUT = "confirm-"
"""Begins what the letter is about; then comes the moment at which the address was given."""

GOOD_FOR = 7 * DAY
MOST_A_DAY = 5


def ask(world: World, known: Preferences, now: Instant) -> list[Write]:
    """The letter to the address as it was given at this moment; a few in a day."""
    if not world.store.spend(*spent.of_confirming(known.person_id, now), MOST_A_DAY, now):
        raise Refused("too_many_confirmations", most=MOST_A_DAY)
    letter = notices.answer(
        known,
        Channel.EMAIL,
        about=f"{ABOUT}{now}",
        event="confirm",
        template=TEMPLATE,
        params={"link": f"/confirm/{known.person_id}"},
        now=now,
    )
    return [Create(letter)]


def mark(world: World, notice: Notice, now: Instant) -> str:
    """For the link of that letter, made when it is sent."""
    bound = _bound(notice.person_id, notice.about.removeprefix(ABOUT))
    return seal.sealed(world.link_keys()[0], *bound, until=now + GOOD_FOR)


def check(world: World, person_id: str, given: str, *, now: Instant) -> Preferences:
    """Raises Refused('link_expired') for a mark that is forged, too old, another's, or of an earlier address."""
    known = tell.preferences_of(world, person_id)
    bound = _bound(person_id, str(known.given_at.get(Channel.EMAIL, 0)))
    if not seal.holds(given, world.link_keys(), *bound, now=now):
        raise Refused("link_expired")
    return known


def confirm(world: World, person_id: str, given: str, *, now: Instant) -> None:
    """Saying so again is said already, while the mark holds."""
    known = check(world, person_id, given, now=now)
    new = person.proved(known, Channel.EMAIL, now)
    if new is not known:
        world.store.commit(Replace(replace(new, given_at=known.given_at)))


def _bound(person_id: str, given_at: str) -> tuple[str, ...]:
    return "email", person_id, given_at
