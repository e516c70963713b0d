"""Who is calling: the Lambda authorizer in front of every route that is not public.

It only finds out who holds the token; whether they may do what they ask is decided at the edge and in the
services. A token that does not verify is therefore let through *without a caller*: the edge refuses it with
401, its code, and a sentence in the caller's language, which the gateway's own answer could not give. Nothing
passes without a caller, because the edge asks for one on every route that is not public.

The answer covers all routes: the gateway keeps it per token and would hold a narrower one against the next.
"""

from typing import TYPE_CHECKING

from chalice.app import AuthRequest, AuthResponse, Blueprint

from ..domain.refusals import Refused

if TYPE_CHECKING:
    from ..domain.ports import Caller, Identity

bp = Blueprint(__name__)

KEPT_S = 60
"""How long the gateway keeps an answer, and so the longest a token is honoured after it ran out."""


def identity() -> "Identity":
    from .. import wiring

    return wiring.identity()


def now() -> int:
    from .. import wiring

    return wiring.now()


@bp.authorizer(ttl_seconds=KEPT_S)
def authorize(request: AuthRequest) -> AuthResponse:
    """Anything but a verdict on the token (say, keys that cannot be fetched) raises, and is not kept."""
    try:
        caller = _verified(request.token)
    except Refused as refusal:
        return AuthResponse(routes=["*"], principal_id="nobody", context={"refused": refusal.code})
    return AuthResponse(
        routes=["*"],
        principal_id=caller.id,
        context={
            "roles": ",".join(sorted(caller.roles)),
            "phone_verified": "true" if caller.phone_verified else "false",
        },
    )


def _verified(header: str) -> "Caller":
    scheme, _, token = header.strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Refused("bad_token")
    return identity().verify(token.strip(), now())
