"""A group's feed (动态): what those who serve it tell everyone in it, and what its people ask.

A post stays as it was written; its author may take it back. A question is seen by its asker and by those who serve
the group, until one of them shows it to all. What is new is told in one digest a day, not post by post.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import time
from enum import StrEnum

from ..lean import dataclass
from .instants import Instant, local_text, next_slot
from .refusals import Refused
from .writes import Row

DIGEST_AT = time(19, 0)
"""When the day's posts are told, on the group's clock: people are home, and no quiet hours have begun."""

MOST_WAITING = 5
"""Questions one person may have unanswered in a group."""

FIRST_WORDS = 40


class MediaKind(StrEnum):
    PHOTO = "photo"
    VIDEO = "video"
    LINK = "link"


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """`ref` is the key of a kept file for a photo, and an https address for a video or a link."""

    kind: MediaKind
    ref: str
    caption: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Post(Row):
    """`role` is whom it is shown as from; `statement` marks the merchant's public word on an incident."""

    group_id: str
    id: str
    at: Instant
    by: str
    role: str
    text: str
    media: tuple[Media, ...] = ()
    statement: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted(Row):
    """The request `name` has made a post: the same one again, however much later, makes no second."""

    group_id: str
    name: str
    post_id: str
    fingerprint: str


class QuestionState(StrEnum):
    WAITING = "waiting"
    SHOWN = "shown"
    HIDDEN = "hidden"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question(Row):
    """`owed` is the answer's notice to its asker, until it is planned."""

    group_id: str
    id: str
    at: Instant
    asked_by: str
    text: str
    state: QuestionState = QuestionState.WAITING
    answer: str = ""
    answered_at: Instant | None = None
    answered_by: str = ""
    role: str = ""
    owed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupChat(Row):
    """Where the group talks among itself (专属社群): the address its people are sent to (E20)."""

    group_id: str
    url: str
    by: str
    at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest(Row):
    """What a group's people have not been told of its feed. `round` numbers the digests; while `telling`, `cursor`
    remembers how far it got, and posts that come meanwhile wait for the next one."""

    group_id: str
    posts: int = 0
    latest: str = ""
    round: int = 0
    telling: bool = False
    told: int = 0
    told_latest: str = ""
    cursor: str | None = None


def answered(question: Question, text: str, *, by: str, role: str, show: bool, now: Instant) -> Question:
    """Answering again replaces the answer: somebody may have been wrong."""
    return replace(
        question,
        answer=text,
        answered_at=now,
        answered_by=by,
        role=role,
        state=QuestionState.SHOWN if show else QuestionState.HIDDEN,
        owed=True,
        due_at=now,
    )


def check_media(media: tuple[Media, ...]) -> None:
    for one in media:
        if one.kind is not MediaKind.PHOTO and not one.ref.startswith("https://"):
            raise Refused("media_not_https")


def with_post(digest: Digest, text: str, zone: str, now: Instant) -> Digest:
    """One post more for the next digest. Its timer stays where it is if it has one."""
    due = digest.due_at if digest.due_at is not None else next_slot(now, (DIGEST_AT,), zone)
    return replace(digest, posts=digest.posts + 1, latest=text[:FIRST_WORDS], due_at=due)


def telling(digest: Digest) -> Digest:
    """The digest's moment: what has gathered is what is told, from the first order to the last."""
    return replace(
        digest, telling=True, told=digest.posts, told_latest=digest.latest, posts=0, latest="", cursor=None,
        round=digest.round + 1,
    )  # fmt: skip


def told(digest: Digest, zone: str, now: Instant) -> Digest:
    """Everyone has been told. Posts that came meanwhile have a digest of their own."""
    due = next_slot(now, (DIGEST_AT,), zone) if digest.posts else None
    return replace(digest, telling=False, cursor=None, due_at=due)


def digest_day(at: Instant, zone: str) -> str:
    return local_text(at, zone)[:10]


def merged(params: Mapping[str, str], title: str, count: int, latest: str) -> dict[str, str]:
    """One digest a person and day, however many groups they are in: titles side by side, counts together."""
    titles = params.get("title", "")
    if title in titles.split("、"):
        return dict(params)
    return {
        **params,
        "title": f"{titles}、{title}" if titles else title,
        "count": str(int(params.get("count", "0")) + count),
        "latest": params.get("latest") or latest,
    }
