"""The clock: once a minute, queues the rows whose moment is coming."""

from chalice.app import Blueprint, CloudWatchEvent

from .. import wiring

bp = Blueprint(__name__)


@bp.schedule("rate(1 minute)")
def tick(event: CloudWatchEvent) -> None:
    from ..services.running.tick import tick as run

    with wiring.during("tick", request_of(event.context)):
        run(wiring.world(), now=wiring.now(), interval_ms=wiring.tick_ms())


def request_of(context: object) -> str:
    """Lambda's number for this invocation; none in tests, which call without a context."""
    return str(getattr(context, "aws_request_id", ""))
