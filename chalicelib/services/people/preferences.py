"""How a person wants to be told: language, channels, hours, opt-out and consent to marketing."""

from dataclasses import replace

from ...domain import person as people
from ...domain.instants import Instant, zone_of
from ...domain.notice import Notice
from ...domain.person import Channel, Consent, Hours, Preferences, parse_clock, with_consent
from ...domain.ports import Caller, Page
from ...domain.refusals import Unavailable
from ...domain.writes import put
from .. import audit
from ..attempts import attempts
from ..telling.tell import preferences_of
from ..world import World


def read(world: World, caller: Caller) -> Preferences:
    return preferences_of(world, caller.id)


def save(
    world: World,
    caller: Caller,
    *,
    language: str,
    zone: str,
    channels: tuple[Channel, ...],
    hours: Hours | None,
    opted_out: tuple[Channel, ...],
) -> Preferences:
    zone_of(zone)
    if hours is not None:
        parse_clock(hours.start), parse_clock(hours.end)
    for attempt in attempts(world):
        with attempt:
            old = preferences_of(world, caller.id)
            new = replace(old, language=language, zone=zone, channels=channels, hours=hours, opted_out=opted_out)
            return _commit(world, new)
    raise Unavailable("busy")


def consent(
    world: World, caller: Caller, *, channel: Channel, text_version: str, given: bool, now: Instant
) -> Preferences:
    word = Consent(channel=channel, text_version=text_version, at=now, given=given)
    for attempt in attempts(world):
        with attempt:
            return _commit(world, with_consent(preferences_of(world, caller.id), word))
    raise Unavailable("busy")


def proved(world: World, person_id: str, channel: Channel, now: Instant) -> None:
    """Somebody has just read what was sent there, so notices go there again."""
    for attempt in attempts(world):
        with attempt:
            old = preferences_of(world, person_id)
            new = people.proved(old, channel, now)
            if new is not old:
                _commit(world, new)
            return
    raise Unavailable("busy")


def set_vip(world: World, caller: Caller, person_id: str, vip: bool, *, now: Instant) -> None:
    """Support's word about a person; it stays in the audit log."""
    for attempt in attempts(world):
        with attempt:
            old = preferences_of(world, person_id)
            if old.vip is vip:
                return
            audit.record(world, caller, "vip" if vip else "not_vip", person_id, now)
            _commit(world, replace(old, vip=vip))
            return
    raise Unavailable("busy")


def _commit(world: World, new: Preferences) -> Preferences:
    world.store.commit(put(new))
    return replace(new, version=new.version + 1)


def notices(world: World, caller: Caller, *, limit: int, start: str | None) -> Page[Notice]:
    return world.store.notices_of(caller.id, limit, start)
