"""The user pool's three questions about a log-in by code (Cognito's CUSTOM_AUTH), in one function.

    define   what comes next: another try, tokens, or the end
    create   send a code to the person's phone
    verify   was the answer right

One function instead of three, because a log-in asks all three within a minute: two starts less to wait for. The
pool keeps nothing of the code. A refusal is raised as `tuan:<code>:<seconds>`, which gateways/identity.py finds in
whatever sentence the pool wraps it.
"""

from typing import TYPE_CHECKING, Any

from chalice.app import Blueprint

from .. import wiring
from ..domain.refusals import Refused, Unavailable
from ..services.people import log_in
from .tick import request_of

if TYPE_CHECKING:
    from ..services.world import World

bp = Blueprint(__name__)

MOST_ANSWERS = 3
"""Wrong answers the pool itself takes within one challenge; the code has a count of its own besides."""


class NotNow(Exception):
    """Read by the gateway, through the pool."""


def world() -> "World":
    return wiring.world()


def now() -> int:
    return wiring.now()


def key() -> str:
    return wiring.secrets()["cursor_key"]


@bp.lambda_function(name="challenge")
def challenge(event: dict[str, Any], context: object) -> dict[str, Any]:
    asked = event["triggerSource"].partition("_")[0]
    answered = {
        "DefineAuthChallenge": _define,
        "CreateAuthChallenge": _create,
        "VerifyAuthChallengeResponse": _verify,
    }[asked]
    with wiring.during("challenge", request_of(context)):
        answer = answered(event["request"])
    return {**event, "response": answer}


def _define(request: dict[str, Any]) -> dict[str, Any]:
    answered = request.get("session") or []
    over = len(answered) >= MOST_ANSWERS or request.get("userNotFound") is True
    right = bool(answered) and answered[-1].get("challengeResult") is True
    if right or over:
        return {"issueTokens": right, "failAuthentication": not right}
    return {"issueTokens": False, "failAuthentication": False, "challengeName": "CUSTOM_CHALLENGE"}


def _create(request: dict[str, Any]) -> dict[str, Any]:
    """A code on the first round; a wrong answer is followed by another try at the same one."""
    if not request.get("session"):
        try:
            log_in.send_code(world(), request["userAttributes"]["phone_number"], key=key(), now=now())
        except Refused as refusal:
            raise NotNow(f"tuan:{refusal.code}:{refusal.facts.get('retry_after_s', 0)}") from None
        except Unavailable as trouble:
            raise NotNow(f"tuan:unavailable:{trouble.retry_after_s}") from None
    return {
        "publicChallengeParameters": {},
        "privateChallengeParameters": {"kept": "elsewhere"},
        "challengeMetadata": "CODE",
    }


def _verify(request: dict[str, Any]) -> dict[str, Any]:
    phone, answer = request["userAttributes"]["phone_number"], str(request.get("challengeAnswer") or "")[:20]
    return {"answerCorrect": log_in.check_code(world(), phone, answer, key=key(), now=now())}
