"""The wake queue on SQS. A message only says "look at this row", so losing or doubling one is harmless."""

import json
import math
from collections.abc import Iterator, Sequence

from ..domain.group import MOST_PARTS
from ..domain.instants import SECOND, Instant
from ..domain.ports import RowKey
from ..domain.refusals import Broken, Unavailable
from . import aws

MOST_IN_A_BATCH = 10
MOST_DELAY_S = 900
MOST_KEY = 1_024

Message = tuple[str, int]
"""(body, delay in seconds)."""


class Queue:
    """`speed`: seconds that pass on the story's clock in a real one, because SQS counts real ones."""

    def __init__(self, url: str, speed: float = 1.0, clients: aws.Clients = aws.client) -> None:
        self._url = url
        self._speed = speed
        self._clients = clients

    def send(self, rows: Sequence[tuple[RowKey, Instant]], now: Instant) -> None:
        self._send([(_body(pk=key.pk, sk=key.sk), self._delay(at, now)) for key, at in rows])

    def send_part(self, group_id: str, part: int) -> None:
        self._send([(_body(group=group_id, part=part), 0)])

    def _delay(self, at: Instant, now: Instant) -> int:
        """Rounded up: a message that comes early finds a row that is not due and is lost on it."""
        return min(MOST_DELAY_S, max(0, math.ceil((at - now) / SECOND / self._speed)))

    def _send(self, messages: Sequence[Message]) -> None:
        """Every batch is tried, whatever became of the others; each message that failed, once more."""
        left = [message for batch in _batches(messages) for message in self._send_batch(batch)]
        left = [message for batch in _batches(left) for message in self._send_batch(batch)]
        if left:
            raise Unavailable("queue")

    def _send_batch(self, batch: Sequence[Message]) -> list[Message]:
        """What was not taken. SQS answers 200 and names the failed ones; what it does not name has failed
        too.
        """
        entries = [
            {"Id": str(number), "MessageBody": body, "DelaySeconds": delay}
            for number, (body, delay) in enumerate(batch)
        ]
        try:
            with aws.answered("queue"):
                said = self._clients("sqs").send_message_batch(QueueUrl=self._url, Entries=entries)
        except Unavailable:
            return list(batch)
        taken = {entry["Id"] for entry in said.get("Successful", [])}
        return [message for number, message in enumerate(batch) if str(number) not in taken]


def decode(body: str) -> RowKey | tuple[str, int]:
    """What a message asks for: a row, or (group, part) of one that closes. Raises Broken for anything
    else.
    """
    try:
        said = json.loads(body)
    except ValueError:
        said = None
    match said:
        case {"pk": str(pk), "sk": str(sk), **rest} if not rest and _is_key(pk) and _is_key(sk):
            return RowKey(pk, sk)
        case {"group": str(group), "part": int(part), **rest} if not rest and _is_key(group):
            if not isinstance(part, bool) and 0 <= part < MOST_PARTS:
                return group, part
    raise Broken("a wake message that says nothing we know")


def _is_key(text: str) -> bool:
    return 0 < len(text) <= MOST_KEY


def _body(**said: str | int) -> str:
    return json.dumps(said, separators=(",", ":"))


def _batches(messages: Sequence[Message]) -> Iterator[Sequence[Message]]:
    for start in range(0, len(messages), MOST_IN_A_BATCH):
        yield messages[start : start + MOST_IN_A_BATCH]
