"""Signing in by phone and one-time code, and out again."""

from urllib.parse import urlsplit

from chalice.app import Blueprint

from ..config import config
from ..domain.refusals import Refused
from ..services.people import log_in, sessions
from . import edge
from .page import BUYER, Ask, Gone, Shown, explain, page, safe_next

bp = Blueprint(__name__)


@page(bp, "GET", "/login")
def login_page(ask: Ask) -> Shown | Gone:
    onward = safe_next(ask.form.one("next") or ask.query.one("next"))
    if ask.session:
        return Gone(onward)
    return Shown("login.html", {"next": onward})


@page(bp, "POST", "/login", again=login_page)
def login_started(ask: Ask) -> Shown:
    phone = log_in.phone_number(ask.form.one("phone"))
    challenge = log_in.start(ask.world, phone, ask.address, key=edge.secrets()["cursor_key"], now=ask.now)
    return code_asked(ask, phone, challenge)


@page(bp, "POST", "/login/code", again=login_page)
def login_answered(ask: Ask) -> Shown | Gone:
    """The code page comes back with a wrong code; the first page when the code is good no more."""
    form = ask.form
    phone = log_in.phone_number(form.one("phone"))
    token, challenge = log_in.finish(ask.world, phone, form.one("challenge"), form.one("code"), ask.device, now=ask.now)
    if not token:
        return code_asked(ask, phone, challenge, explain(ask, Refused("wrong_code")))
    ask.sign_in(token)
    return Gone(safe_next(form.one("next")), said="signed_in")


def code_asked(ask: Ask, phone: str, challenge: str, status: int = 200) -> Shown:
    onward = safe_next(ask.form.one("next"))
    values = {"phone": phone, "challenge": challenge, "next": onward, "messages": local_messages(ask)}
    return Shown("code.html", values, status)


def local_messages(ask: Ask) -> str:
    """Where a local stack shows the SMS it would have sent; nothing on a real one."""
    if config().stage != "local":
        return ""
    address = urlsplit(ask.whole("/"))
    return f"{address.scheme}://{address.netloc}/_ministack/sns/sms-messages"


@page(bp, "POST", "/logout", roles=BUYER)
def logged_out(ask: Ask) -> Gone:
    if ask.session is None:
        raise Refused("not_signed_in")
    sessions.revoke(ask.world, ask.caller, ask.session.id)
    ask.sign_out()
    return Gone("/", said="signed_out")
