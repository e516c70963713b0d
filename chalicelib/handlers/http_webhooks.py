"""What payment providers report. Public by nature: the provider's signature is the credential."""

from chalice.app import Blueprint

from ..services import webhook
from .edge import PUBLIC, Call, route
from .shapes.money import Received

bp = Blueprint(__name__)


@route(
    bp,
    "POST",
    "/webhooks/{provider}",
    answer=Received,
    roles=PUBLIC,
    raw=True,
    summary="A payment provider's report; verified by its signature, harmless when repeated",
    refusals=(
        "unknown_provider",
        "bad_signature",
        "bad_webhook",
        "payment_not_found",
        "refund_not_found",
        "wrong_amount",
        "wrong_currency",
    ),
)
def take_webhook(call: Call[None, None], provider: str) -> Received:
    webhook.webhook(call.world, provider, call.received, call.raw, now=call.now)
    return Received()
