"""The clock: once a minute, queues the rows whose moment is coming."""

from chalice.app import Blueprint, CloudWatchEvent

from .. import wiring

bp = Blueprint(__name__)


@bp.schedule("rate(1 minute)")
def tick(event: CloudWatchEvent) -> None:
    from ..services.tick import tick as run

    run(wiring.world(), now=wiring.now(), interval_ms=wiring.tick_ms())
