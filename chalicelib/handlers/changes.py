"""The table's own stream: wakes rows that were written due, and moves the numbers for show.

It carries no truth: every record it loses is found by the tick, every number it misses by a recount.
"""

from typing import Any

from chalice.app import Blueprint, DynamoDBEvent

from .. import wiring
from .tick import request_of

bp = Blueprint(__name__)


@bp.on_dynamodb_record(stream_arn="arn:aws:dynamodb:local:000000000000:table/placeholder/stream/placeholder")
def changes(event: DynamoDBEvent) -> dict[str, list[dict[str, str]]]:
    """The whole batch in one go. When the queue does not answer, the batch comes again: that only repeats."""
    from ..services.running.follow import follow

    records = event.to_dict()["Records"]
    with wiring.during("changes", request_of(event.context)):
        pairs, unreadable = images(records)
        follow(wiring.world(), pairs, now=wiring.now(), interval_ms=wiring.tick_ms())
        for number in unreadable:
            wiring.watch().alarm("record_unreadable", ref=number)
        if (age := age_ms(records)) is not None:
            wiring.watch().count("stream_age_ms", age, unit="Milliseconds")
    return {"batchItemFailures": []}


def age_ms(records: list[dict[str, Any]]) -> int | None:
    """How long the oldest record has waited, in real time: the stream does not follow a story's clock."""
    said = [record["dynamodb"].get("ApproximateCreationDateTime") for record in records]
    written = [at for at in said if isinstance(at, int | float)]
    return max(0, wiring.real_now() - int(min(written) * 1000)) if written else None


def images(records: list[dict[str, Any]]) -> tuple[list[tuple[Any, Any]], list[str]]:
    """(old, new) rows of each record, and the sequence numbers of those nobody can read: they stop nobody else."""
    from ..domain.refusals import Broken

    pairs: list[tuple[Any, Any]] = []
    unreadable: list[str] = []
    for record in records:
        change = record["dynamodb"]
        try:
            old = wiring.row_in(change["OldImage"]) if "OldImage" in change else None
            new = wiring.row_in(change["NewImage"]) if "NewImage" in change else None
        except (Broken, KeyError, ValueError, TypeError):
            unreadable.append(change.get("SequenceNumber", ""))
            continue
        pairs.append((old, new))
    return pairs, unreadable
