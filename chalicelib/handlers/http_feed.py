"""A group's feed, its questions and its chat; and the robots a campaign speaks through."""

from chalice.app import Blueprint

from ..domain.chat import Audience, ChatKind
from ..domain.feed import MediaKind, Post
from ..domain.files import Use
from ..domain.ports import Caller
from ..services.telling import chats, feed, questions
from .edge import BUYER, MERCHANT, PUBLIC, Call, route
from .shapes.feed import (
    AnswerInput,
    ChatAddress,
    ChatInput,
    FeedPage,
    HookInput,
    HookLine,
    HookPage,
    PhotoForm,
    PostInput,
    PostLine,
    QuestionInput,
    QuestionLine,
    QuestionPage,
    ShownMedia,
)
from .shapes.words import PageQuery

bp = Blueprint(__name__)


@route(
    bp,
    "POST",
    "/groups/{group_id}/posts",
    body=PostInput,
    answer=PostLine,
    status=201,
    roles=BUYER,
    key=True,
    summary="Tells everyone in a group something; for its merchant, its leaders and support",
    refusals=(
        "group_not_found",
        "key_reused",
        "media_not_https",
        "file_not_uploaded",
        "file_too_large",
        "wrong_file_type",
    ),
)
def post_to_feed(call: Call[PostInput, None], group_id: str) -> PostLine:
    given = call.body
    post = feed.post(
        call.world,
        call.caller,
        group_id,
        text=given.text,
        media=tuple(one.to_domain() for one in given.media),
        statement=given.statement,
        key=call.key,
        now=call.now,
    )
    return line(call, post)


def line(call: Call[PostInput, None] | Call[None, PageQuery], post: Post) -> PostLine:
    return PostLine.of(
        post,
        [
            ShownMedia(
                kind=one.kind.value,
                url=call.world.files.link(one.ref) if one.kind is MediaKind.PHOTO else one.ref,
                caption=one.caption,
            )
            for one in post.media
        ],
    )


@route(
    bp,
    "POST",
    "/groups/{group_id}/posts/form",
    answer=PhotoForm,
    roles=BUYER,
    summary="A form that brings a photo for a post",
    refusals=("group_not_found",),
)
def post_photo_form(call: Call[None, None], group_id: str) -> PhotoForm:
    feed.serving(call.world, call.caller, group_id)
    form = call.world.files.form(Use.PHOTO, group_id, call.world.new_id())
    return PhotoForm(url=form.url, fields=dict(form.fields), key=form.key, most_bytes=form.most_bytes)


@route(
    bp,
    "GET",
    "/groups/{group_id}/posts",
    query=PageQuery,
    answer=FeedPage,
    roles=PUBLIC,
    cache="public, max-age=30",
    summary="A group's feed, newest first",
    refusals=("group_not_found",),
)
def group_feed(call: Call[None, PageQuery], group_id: str) -> FeedPage:
    page = feed.posts(call.world, group_id, limit=call.query.limit, start=call.opened(call.query.cursor), now=call.now)
    chat = call.world.store.group_chat(group_id)
    return FeedPage(
        items=[line(call, post) for post in page.rows], chat=chat.url if chat else None, next=call.sealed(page.next)
    )


@route(
    bp,
    "DELETE",
    "/groups/{group_id}/posts/{post_id}",
    roles=BUYER,
    status=204,
    summary="Takes a post back",
    refusals=("group_not_found", "post_not_yours"),
)
def post_taken_back(call: Call[None, None], group_id: str, post_id: str) -> None:
    feed.take_back(call.world, call.caller, group_id, post_id)


@route(
    bp,
    "PUT",
    "/groups/{group_id}/chat",
    body=ChatInput,
    answer=ChatAddress,
    roles=BUYER,
    summary="Where the group talks among itself; for those who serve it",
    refusals=("group_not_found", "media_not_https"),
)
def group_chat_set(call: Call[ChatInput, None], group_id: str) -> ChatAddress:
    return ChatAddress.of(feed.set_chat(call.world, call.caller, group_id, call.body.url, now=call.now))


@route(
    bp,
    "POST",
    "/groups/{group_id}/questions",
    body=QuestionInput,
    answer=QuestionLine,
    status=201,
    roles=BUYER,
    key=True,
    summary="Asks those who serve a group",
    refusals=("group_not_found", "too_many_questions"),
)
def question_asked(call: Call[QuestionInput, None], group_id: str) -> QuestionLine:
    asked = questions.ask(call.world, call.caller, group_id, call.body.text, key=call.key, now=call.now)
    return QuestionLine.of(asked, call.caller.id)


@route(
    bp,
    "GET",
    "/groups/{group_id}/questions",
    query=PageQuery,
    answer=QuestionPage,
    roles=PUBLIC,
    cache="public, max-age=30",
    summary="Questions that are shown to all",
    refusals=("group_not_found",),
)
def group_questions(call: Call[None, PageQuery], group_id: str) -> QuestionPage:
    return _questions(call, group_id, None)


@route(
    bp,
    "GET",
    "/groups/{group_id}/questions/mine",
    query=PageQuery,
    answer=QuestionPage,
    roles=BUYER,
    summary="What I asked and what is shown to all; everything, for those who serve the group",
    refusals=("group_not_found",),
)
def my_questions(call: Call[None, PageQuery], group_id: str) -> QuestionPage:
    return _questions(call, group_id, call.caller)


def _questions(call: Call[None, PageQuery], group_id: str, reader: Caller | None) -> QuestionPage:
    page = questions.of(
        call.world, reader, group_id, limit=call.query.limit, start=call.opened(call.query.cursor), now=call.now
    )
    me = reader.id if reader else None
    return QuestionPage(items=[QuestionLine.of(one, me) for one in page.rows], next=call.sealed(page.next))


@route(
    bp,
    "POST",
    "/groups/{group_id}/questions/{question_id}/answer",
    body=AnswerInput,
    answer=QuestionLine,
    roles=BUYER,
    summary="Answers a question, and shows both to all; for those who serve the group",
    refusals=("group_not_found", "question_not_found"),
)
def question_answered(call: Call[AnswerInput, None], group_id: str, question_id: str) -> QuestionLine:
    done = questions.answer(
        call.world, call.caller, group_id, question_id, call.body.text, show=call.body.show, now=call.now
    )
    return QuestionLine.of(done, call.caller.id)


@route(
    bp,
    "POST",
    "/groups/{group_id}/questions/{question_id}/hide",
    status=204,
    roles=BUYER,
    summary="Takes a question out of sight; for those who serve the group",
    refusals=("group_not_found", "question_not_found"),
)
def question_hidden(call: Call[None, None], group_id: str, question_id: str) -> None:
    questions.hide(call.world, call.caller, group_id, question_id)


@route(
    bp,
    "POST",
    "/campaigns/{campaign_id}/chats",
    body=HookInput,
    answer=HookLine,
    status=201,
    roles=MERCHANT,
    summary="Adds a chat robot: hourly digests for the team, posts for the group's chat",
    refusals=("campaign_not_found", "wrong_chat_address", "too_many_chats"),
)
def chat_added(call: Call[HookInput, None], campaign_id: str) -> HookLine:
    given = call.body
    hook = chats.add(
        call.world,
        call.caller,
        campaign_id,
        kind=ChatKind(given.kind),
        url=given.url,
        secret=given.secret,
        audience=Audience(given.audience),
        name=given.name,
        now=call.now,
    )
    return HookLine.of(hook)


@route(
    bp,
    "GET",
    "/campaigns/{campaign_id}/chats",
    answer=HookPage,
    roles=MERCHANT,
    summary="A campaign's chat robots; their keys are shown to nobody",
    refusals=("campaign_not_found",),
)
def campaign_chats(call: Call[None, None], campaign_id: str) -> HookPage:
    return HookPage(items=[HookLine.of(hook) for hook in chats.of(call.world, call.caller, campaign_id)])


@route(
    bp,
    "DELETE",
    "/campaigns/{campaign_id}/chats/{hook_id}",
    status=204,
    roles=MERCHANT,
    summary="Removes a chat robot and its key",
    refusals=("campaign_not_found",),
)
def chat_removed(call: Call[None, None], campaign_id: str, hook_id: str) -> None:
    chats.remove(call.world, call.caller, campaign_id, hook_id)
