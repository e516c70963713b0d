"""What people and their mail servers say back: bounces, complaints, SMS that did not arrive, and SMS from people.

The events carry addresses and phones, so they go straight from AWS's topic into this function and into no queue or log
of ours; what is kept of them is said in services/telling/undelivered.py and text_in.py beside it. A call that fails is
made again by Lambda, twice, and everything here may be repeated.
"""

from typing import Any

from chalice.app import Blueprint

from .. import wiring
from .tick import request_of

bp = Blueprint(__name__)


@bp.lambda_function(name="heard")
def heard(event: dict[str, Any], context: object) -> dict[str, int]:
    """One that cannot be dealt with now makes the whole event come again; the others are done by then."""
    from ..domain.ports import TextIn
    from ..domain.refusals import Lost, Unavailable
    from ..services.telling.text_in import text_in
    from ..services.telling.undelivered import undelivered

    world, now = wiring.world(), wiring.now()
    said = wiring.heard_in(event)
    left = 0
    with wiring.during("heard", request_of(context)):
        for one in said:
            try:
                if isinstance(one, TextIn):
                    text_in(world, one, key=wiring.secrets()["cursor_key"], now=now)
                else:
                    undelivered(world, one, now)
            except (Lost, Unavailable):
                left += 1
    if left:
        raise Unavailable("busy")
    return {"heard": len(said)}
