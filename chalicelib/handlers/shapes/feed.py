"""A group's feed over the wire: posts, questions, its own chat; and a campaign's robots."""

from typing import Annotated, Literal, Self

from msgspec import Meta

from ...domain import feed as domain
from ...domain.chat import Hook
from ...domain.feed import GroupChat, MediaKind, Post
from .words import Input, Line, Moment, Output, Title, shown, shown_or_none

Url = Annotated[str, Meta(min_length=9, max_length=500, pattern=r"^https://[^\s\x00-\x1f\x7f]+$(?!\n)")]
Words = Annotated[
    str, Meta(min_length=1, max_length=1_000, pattern=r"^(?=[\s\S]*\S)[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$")
]


class Media(Input):
    """`ref`: for a photo the key under which its form laid it down, else an https address."""

    kind: Literal["photo", "video", "link"]
    ref: Annotated[str, Meta(min_length=1, max_length=500, pattern=r"^[^\s\x00-\x1f\x7f]+$(?!\n)")]
    caption: Line = ""

    def to_domain(self) -> domain.Media:
        return domain.Media(kind=MediaKind(self.kind), ref=self.ref, caption=self.caption)


class PostInput(Input):
    """`statement` marks the public word on an incident."""

    text: Words
    media: Annotated[tuple[Media, ...], Meta(max_length=9)] = ()
    statement: bool = False


class ShownMedia(Output):
    """`url` of a photo is good for a quarter of an hour."""

    kind: Literal["photo", "video", "link"]
    url: str
    caption: str


class PostLine(Output):
    id: str
    at: Moment
    role: str
    text: str
    media: list[ShownMedia]
    statement: bool

    @classmethod
    def of(cls, post: Post, media: list[ShownMedia]) -> Self:
        return cls(id=post.id, at=shown(post.at), role=post.role, text=post.text, media=media, statement=post.statement)


class FeedPage(Output):
    """Newest first. `chat` is where the group talks among itself."""

    items: list[PostLine]
    chat: str | None
    next: str | None


class PhotoForm(Output):
    """What a form sends where, so that a photo is there to be named in a post."""

    url: str
    fields: dict[str, str]
    key: str
    most_bytes: int


class ChatInput(Input):
    url: Url


class ChatAddress(Output):
    group_id: str
    url: str

    @classmethod
    def of(cls, chat: GroupChat) -> Self:
        return cls(group_id=chat.group_id, url=chat.url)


class QuestionInput(Input):
    text: Words


class AnswerInput(Input):
    """With `show`, question and answer are there for everyone."""

    text: Words
    show: bool = True


class QuestionLine(Output):
    """`mine` tells the asker; nobody else's name is shown."""

    id: str
    at: Moment
    text: str
    state: Literal["waiting", "shown", "hidden"]
    answer: str | None
    answered_at: Moment | None
    role: str | None
    mine: bool

    @classmethod
    def of(cls, question: domain.Question, reader: str | None) -> Self:
        return cls(
            id=question.id,
            at=shown(question.at),
            text=question.text,
            state=question.state.value,
            answer=question.answer or None,
            answered_at=shown_or_none(question.answered_at),
            role=question.role or None,
            mine=question.asked_by == reader,
        )


class QuestionPage(Output):
    """Newest first."""

    items: list[QuestionLine]
    next: str | None


class HookInput(Input):
    """`url` as the chat shows it; `secret` where it signs (DingTalk, Feishu). Both are sealed at once."""

    kind: Literal["wecom", "dingtalk", "feishu"]
    url: Url
    name: Title
    secret: Annotated[str, Meta(max_length=200, pattern=r"^[\x21-\x7e]*$(?!\n)")] = ""
    audience: Literal["team", "group"] = "team"


class HookLine(Output):
    id: str
    kind: Literal["wecom", "dingtalk", "feishu"]
    audience: Literal["team", "group"]
    name: str
    created_at: Moment

    @classmethod
    def of(cls, hook: Hook) -> Self:
        return cls(
            id=hook.id,
            kind=hook.kind.value,
            audience=hook.audience.value,
            name=hook.name,
            created_at=shown(hook.created_at),
        )


class HookPage(Output):
    items: list[HookLine]
