"""What payment providers report. Public by nature: the provider's signature is the credential."""

from chalice.app import Blueprint

from ..domain.refusals import Lost, Refused, Unavailable
from ..services.paying import webhook
from .edge import PUBLIC, Call, Plain, route
from .shapes.money import Received

bp = Blueprint(__name__)


@route(
    bp,
    "POST",
    "/webhooks/{provider}",
    answer=Received,
    roles=PUBLIC,
    raw=True,
    summary="A payment provider's report, verified by its signature; answered in the provider's own way",
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
def take_webhook(call: Call[None, None], provider: str) -> Received | Plain:
    """Answered as the provider wants it; what it refuses to understand, in our own way."""
    try:
        webhook.webhook(call.world, provider, call.received, call.raw, now=call.now)
    except (Refused, Unavailable, Lost) as trouble:
        code = trouble.code if isinstance(trouble, Refused) else "busy"
        if (said := webhook.reply(call.world, provider, code)) is None:
            raise
        return Plain(said.status, said.content_type, said.body)
    said = webhook.reply(call.world, provider, "")
    return Received() if said is None else Plain(said.status, said.content_type, said.body)
