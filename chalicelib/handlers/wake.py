"""The wake queue: looks at one row at a time. A row in trouble is set aside; the others go on."""

from chalice.app import Blueprint, SQSEvent

from .. import wiring

bp = Blueprint(__name__)

Failures = dict[str, list[dict[str, str]]]


@bp.on_sqs_message(queue_arn="arn:aws:sqs:local:000000000000:placeholder", batch_size=10)
def wake(event: SQSEvent) -> Failures:
    """Names the messages that should come again; all others are done with."""
    done: dict[str, bool] = {}
    for record in event:
        if record.body not in done:  # several changes of one row ask for one look
            with wiring.during("wake", record.to_dict()["messageId"]):
                done[record.body] = looked_at(record.body)
    failed = [record.to_dict()["messageId"] for record in event if not done[record.body]]
    return {"batchItemFailures": [{"itemIdentifier": number} for number in failed]}


def looked_at(body: str) -> bool:
    """Whether the message is done with. Trouble with a row is counted on the row, so that it ends up parked."""
    from ..domain.ports import RowKey
    from ..domain.refusals import Broken, Lost, Unavailable
    from ..services.running import wake as waking

    world, now = wiring.world(), wiring.now()
    try:
        asked = wiring.asked_in(body)
    except Broken:
        world.watch.alarm("message_unreadable")
        return True
    try:
        if isinstance(asked, RowKey):
            waking.wake(world, asked, now)
        else:
            waking.wake_part(world, *asked, now)
        return True
    except (Unavailable, Lost):
        return False
    except Exception as error:
        return not isinstance(asked, RowKey) or waking.stumbled(world, asked, error, now)
