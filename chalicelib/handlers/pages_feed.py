"""A group's feed for people: news, questions with their answers, and the code of its own chat."""

from chalice.app import Blueprint

from ..domain.feed import MediaKind, Post
from ..domain.ports import Caller
from ..services.selling import browse
from ..services.telling import feed, questions
from ..web.codes import drawn
from .page import BUYER, Ask, Gone, Shown, page
from .pages_buying import key_of
from .shapes.feed import AnswerInput, PostInput, QuestionInput

bp = Blueprint(__name__)

A_PAGE = 20


@page(bp, "GET", "/g/{group_id}/feed")
def feed_page(ask: Ask, group_id: str) -> Shown:
    view = browse.group(ask.world, group_id)
    reader: Caller | None = ask.caller if ask.session else None
    found = feed.posts(ask.world, group_id, limit=A_PAGE, start=ask.opened(), now=ask.now)
    asked = questions.of(ask.world, reader, group_id, limit=A_PAGE, start=None, now=ask.now)
    chat = ask.world.store.group_chat(group_id)
    values = {
        "group": view.group,
        "key": ask.form.one("key") or ask.world.new_id(),
        "posts": [(post, shown_media(ask, post)) for post in found.rows],
        "next": ask.sealed(found.next),
        "questions": asked.rows,
        "serves": reader is not None and questions.serves(ask.world, reader, group_id),
        "chat": chat.url if chat else "",
        "code": drawn(chat.url) if chat else "",
    }
    return Shown("feed.html", values, files=True)


def shown_media(ask: Ask, post: Post) -> list[tuple[str, str, str]]:
    return [
        (one.kind.value, ask.world.files.link(one.ref) if one.kind is MediaKind.PHOTO else one.ref, one.caption)
        for one in post.media
    ]


@page(bp, "POST", "/g/{group_id}/feed/ask", roles=BUYER, again=feed_page)
def question_sent(ask: Ask, group_id: str) -> Gone:
    given = ask.read(QuestionInput, {"text": ask.form.one("text")})
    questions.ask(ask.world, ask.caller, group_id, given.text, key=key_of(ask, ask.page.name), now=ask.now)
    return Gone(f"/g/{group_id}/feed", said="asked")


@page(bp, "POST", "/g/{group_id}/feed/post", roles=BUYER, again=feed_page)
def post_sent(ask: Ask, group_id: str) -> Gone:
    given = ask.read(PostInput, {"text": ask.form.one("text"), "statement": bool(ask.form.one("statement"))})
    feed.post(
        ask.world,
        ask.caller,
        group_id,
        text=given.text,
        media=(),
        statement=given.statement,
        key=key_of(ask, ask.page.name),
        now=ask.now,
    )
    return Gone(f"/g/{group_id}/feed", said="posted")


@page(bp, "POST", "/g/{group_id}/feed/answer", roles=BUYER, again=feed_page)
def answer_sent(ask: Ask, group_id: str) -> Gone:
    given = ask.read(AnswerInput, {"text": ask.form.one("text"), "show": bool(ask.form.one("show"))})
    questions.answer(
        ask.world, ask.caller, group_id, ask.form.one("question"), given.text, show=given.show, now=ask.now
    )
    return Gone(f"/g/{group_id}/feed", said="answered")
