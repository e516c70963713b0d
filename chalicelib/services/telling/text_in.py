"""An SMS that somebody sent us (N12): answered by SMS, taken as a no to more of them, or left to a person of support.

Who it is, the identity provider knows; the number is stored nowhere but, with the words, in the vault, where a person
has to read them. Everything is named by the provider's id of the message, so a repeat is answered once.
"""

from dataclasses import replace

from ...domain import notice as notices
from ...domain import spent
from ...domain.ids import derived
from ...domain.instants import DAY, Instant
from ...domain.person import Channel, Preferences
from ...domain.ports import TextIn
from ...domain.refusals import Lost, Unavailable
from ...domain.task import SUPPORT, Errand
from ...domain.text_in import Meaning, meaning
from ...domain.writes import Create, Write, put
from ..attempts import attempts
from ..delivering.where import where
from ..fulfilling import tasks
from ..people.log_in import keyed
from ..world import World
from .tell import preferences_of

ANSWERED = 3
"""Orders one question is told about, an SMS each."""

MOST_AN_HOUR = 5
KEPT = 90 * DAY


def text_in(world: World, said: TextIn, *, key: str, now: Instant) -> None:
    """A no is always heard; everything else of one phone a few times an hour."""
    about = "sms-" + derived("sms", said.id)
    person_id = world.identity.person_with(said.phone)
    meant = meaning(said.text)
    world.watch.count("sms_in", kind=meant.value)
    if meant is Meaning.STOP:
        if person_id is not None:
            _stop(world, person_id, about, now)
        return
    if not world.store.spend(*spent.of_phone(keyed(key, "sms", said.phone), now), MOST_AN_HOUR, now):
        world.watch.count("sms_in_over")
        return
    if person_id is not None and meant is Meaning.WHERE:
        _once(world, _answers(world, person_id, about, now))
        return
    task = _task(said, person_id, about, now)
    world.vault.keep(person_id or about, about, {"phone": said.phone, "text": said.text}, now, until=now + KEPT)
    known = preferences_of(world, person_id) if person_id is not None else None
    _once(world, [task, *([_answer(known, about, "sms_unknown", "/", now)] if known else [])])


def _answers(world: World, person_id: str, about: str, now: Instant) -> list[Write]:
    """Numbered, not named by their orders: a repeat that finds other orders is a repeat all the same."""
    known = preferences_of(world, person_id)
    found = where(world, person_id, ANSWERED, now)
    if not found:
        return [_answer(known, about, "where_none", "/my/orders", now)]
    return [
        Create(
            notices.answer(
                known, Channel.SMS, about=about, event=f"answer.{number}", template="where_order",
                params=one.params, now=now,
            )
        )
        for number, one in enumerate(found, 1)
    ]  # fmt: skip


def _answer(known: Preferences, about: str, template: str, link: str, now: Instant) -> Create:
    return Create(
        notices.answer(
            known, Channel.SMS, about=about, event="answer.1", template=template, params={"link": link}, now=now
        )
    )


def _stop(world: World, person_id: str, about: str, now: Instant) -> None:
    """No more courtesy and offers by SMS; said once, however often it is asked for."""
    for attempt in attempts(world):
        with attempt:
            known = preferences_of(world, person_id)
            if Channel.SMS in known.opted_out:
                return
            new = replace(known, opted_out=(*known.opted_out, Channel.SMS))
            answer = _answer(known, about, "sms_stopped", "/my/preferences", now)
            _once(world, [put(new), answer])
            return
    raise Unavailable("busy")


def _task(said: TextIn, person_id: str | None, about: str, now: Instant) -> Create:
    return tasks.planned(
        queue=SUPPORT, errand=Errand.ANSWER, about=about, event="text", facts={}, now=now, person_id=person_id or ""
    )


def _once(world: World, writes: list[Write]) -> None:
    """The last write bears the message's name: where it is there already, the message was dealt with. Raises Lost where
    something else stood in the way."""
    try:
        world.store.commit(*writes)
    except Lost as lost:
        if len(writes) - 1 not in lost.rows:
            raise
