"""Questions of a group's people, answered by those who serve it, and shown to all only when one of them says so."""

from dataclasses import replace

from ...domain import feed
from ...domain.feed import MOST_WAITING, Question, QuestionState
from ...domain.ids import derived
from ...domain.instants import Instant
from ...domain.ports import Caller, Page
from ...domain.refusals import Lost, Refused, Unavailable
from ...domain.writes import Create, Replace
from ..attempts import attempts
from ..world import World
from . import tell
from .feed import serving

SHOWN = frozenset({QuestionState.SHOWN})
EVERY = frozenset(QuestionState)


def ask(world: World, caller: Caller, group_id: str, text: str, *, key: str, now: Instant) -> Question:
    if world.store.group(group_id) is None:
        raise Refused("group_not_found", group=group_id)
    name = derived(group_id, caller.id, key, length=8)
    mine = world.store.questions(group_id, frozenset(), caller.id, 100, None).rows
    for one in mine:
        if one.id.endswith(f"-{name}"):
            return one
    if sum(one.state is QuestionState.WAITING for one in mine) >= MOST_WAITING:
        raise Refused("too_many_questions", most=MOST_WAITING)
    new = Question(group_id=group_id, id=f"{now:015d}-{name}", at=now, asked_by=caller.id, text=text)
    try:
        world.store.commit(Create(new))
    except Lost:
        return world.store.question(group_id, new.id) or new
    return new


def of(
    world: World, caller: Caller | None, group_id: str, *, limit: int, start: str | None, now: Instant
) -> Page[Question]:
    """What is shown to all, and what the caller asked; all of it for those who serve the group."""
    if world.store.group_lately(group_id, now) is None:
        raise Refused("group_not_found", group=group_id)
    states = EVERY if caller is not None and serves(world, caller, group_id) else SHOWN
    return world.store.questions(group_id, states, caller.id if caller else None, limit, start)


def serves(world: World, caller: Caller, group_id: str) -> bool:
    try:
        serving(world, caller, group_id)
    except Refused:
        return False
    return True


def answer(
    world: World, caller: Caller, group_id: str, question_id: str, text: str, *, show: bool, now: Instant
) -> Question:
    here = serving(world, caller, group_id)
    for attempt in attempts(world):
        with attempt:
            found = world.store.question(group_id, question_id)
            if found is None:
                raise Refused("question_not_found")
            if found.answer == text and (found.state is QuestionState.SHOWN) is show:
                return found
            new = feed.answered(found, text, by=caller.id, role=here.role, show=show, now=now)
            world.store.commit(Replace(new))
            return replace(new, version=new.version + 1)
    raise Unavailable("busy")


def hide(world: World, caller: Caller, group_id: str, question_id: str) -> None:
    serving(world, caller, group_id)
    for attempt in attempts(world):
        with attempt:
            found = world.store.question(group_id, question_id)
            if found is None:
                raise Refused("question_not_found")
            if found.state is not QuestionState.HIDDEN:
                world.store.commit(Replace(replace(found, state=QuestionState.HIDDEN)))
            return
    raise Unavailable("busy")


def question_wake(world: World, question: Question, now: Instant) -> None:
    """Tells the asker; the notices and the paid debt are one transaction."""
    group = world.store.group(question.group_id)
    done = replace(question, owed=False, due_at=None)
    if group is None or not question.owed:
        world.store.commit(Replace(done))
        return
    params = {**tell.group_params(group), "answer": question.answer[:100], "link": f"/groups/{group.id}/feed"}
    notices = tell.plan(
        world,
        question.asked_by,
        about=group.id,
        event=f"question_answered@{question.id}@{question.version}",
        template="question_answered",
        params=params,
        now=now,
    )
    world.store.commit(Replace(done), *notices)
