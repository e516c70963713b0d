"""Signing in by phone and one-time code, for programs: pages have a form of their own (pages_login.py)."""

from chalice.app import Blueprint

from ..domain.refusals import Refused
from ..services.people import log_in
from . import edge
from .edge import PUBLIC, Call, route
from .shapes.people import CodeAsked, LogInAnswer, LogInInput, LogInToken

bp = Blueprint(__name__)


@route(
    bp,
    "POST",
    "/log-in",
    body=LogInInput,
    answer=CodeAsked,
    status=201,
    roles=PUBLIC,
    summary="Sends a one-time code to a phone",
    refusals=("bad_phone", "code_sent_lately", "too_many_codes", "too_many_log_ins"),
)
def begin_log_in(call: Call[LogInInput, None]) -> CodeAsked:
    phone = log_in.phone_number(call.body.phone)
    challenge = log_in.start(call.world, phone, call.address, key=edge.secrets()["cursor_key"], now=call.now)
    return CodeAsked(challenge=challenge)


@route(
    bp,
    "POST",
    "/log-in/code",
    body=LogInAnswer,
    answer=LogInToken,
    roles=PUBLIC,
    summary="Answers the code; the token is good for an hour",
    refusals=("bad_phone", "wrong_code", "code_expired"),
)
def end_log_in(call: Call[LogInAnswer, None]) -> LogInToken:
    said = call.body
    found = log_in.answered(call.world, log_in.phone_number(said.phone), said.challenge, said.code, now=call.now)
    if isinstance(found, str):
        raise Refused("wrong_code", challenge=found)
    return LogInToken(token=found.token, person_id=found.id, roles=sorted(found.roles))
