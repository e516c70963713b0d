"""The wake queue: batches, delays, and every partial failure read."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from chalicelib.domain.instants import DAY, MINUTE, SECOND
from chalicelib.domain.ports import RowKey
from chalicelib.domain.refusals import Broken, Unavailable
from chalicelib.gateways import aws
from chalicelib.gateways.queue import Queue, decode

NOW = 1_764_000_000_000


class Sqs:
    """Takes what `takes` says it takes, batch by batch; counts calls."""

    def __init__(self, takes: Callable[[int, dict[str, Any]], bool] = lambda call, entry: True) -> None:
        self.takes = takes
        self.batches: list[list[dict[str, Any]]] = []
        self.taken: list[dict[str, Any]] = []

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:
        self.batches.append(Entries)
        good = [entry for entry in Entries if self.takes(len(self.batches), entry)]
        self.taken += good
        failed = [{"Id": e["Id"], "Code": "InternalError", "SenderFault": False} for e in Entries if e not in good]
        return {"Successful": [{"Id": entry["Id"]} for entry in good], "Failed": failed}


def queue(sqs: object, speed: float = 1.0) -> Queue:
    return Queue("https://queue.example/wake", speed, clients=lambda _: sqs)


def rows(count: int) -> list[tuple[RowKey, int]]:
    return [(RowKey("pk", f"row#{number}"), NOW) for number in range(count)]


def test_rows_go_out_in_batches_of_ten_and_come_back_as_themselves(cloud: aws.Clients) -> None:
    url = cloud("sqs").create_queue(QueueName="wake")["QueueUrl"]
    sending = Queue(url, clients=cloud)
    sending.send(rows(23), NOW)
    sending.send_part("g1", 3)
    sending.send([], NOW)
    seen: list[object] = []
    while said := cloud("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        seen += [decode(message["Body"]) for message in said]
    assert sorted(map(repr, seen)) == sorted([*(repr(key) for key, _ in rows(23)), repr(("g1", 3))])
    sqs = Sqs()
    queue(sqs).send(rows(23), NOW)
    assert [len(batch) for batch in sqs.batches] == [10, 10, 3]


@pytest.mark.req("R1")
@pytest.mark.parametrize(
    ("ahead_ms", "speed", "delay"),
    [
        (0, 1, 0), (-DAY, 1, 0), (1, 1, 1), (SECOND, 1, 1), (1_001, 1, 2), (90 * SECOND, 1, 90), (DAY, 1, 900),
        (MINUTE, 60, 1), (61 * SECOND, 60, 2), (90 * SECOND, 360, 1), (20 * 60 * MINUTE, 60, 900),
    ],
)  # fmt: skip
def test_a_row_is_woken_at_its_moment_never_before(ahead_ms: int, speed: float, delay: int) -> None:
    sqs = Sqs()
    queue(sqs, speed).send([(RowKey("p", "s"), NOW + ahead_ms)], NOW)
    assert [entry["DelaySeconds"] for entry in sqs.taken] == [delay]


def test_only_what_failed_is_sent_again_once() -> None:
    sqs = Sqs(lambda call, entry: call > 3 or entry["Id"] not in "37")
    queue(sqs).send(rows(23), NOW)
    assert [len(batch) for batch in sqs.batches] == [10, 10, 3, 4]
    bodies = [entry["MessageBody"] for entry in sqs.taken]
    assert len(bodies) == len(set(bodies)) == 23


def test_what_fails_twice_is_told_after_everything_was_tried() -> None:
    sqs = Sqs(lambda call, entry: "row#4" not in entry["MessageBody"])
    with pytest.raises(Unavailable):
        queue(sqs).send(rows(23), NOW)
    assert len(sqs.taken) == 22
    assert len(sqs.batches) == 4


def test_a_message_the_answer_does_not_mention_has_failed() -> None:
    class Forgetful:
        calls = 0

        def send_message_batch(self, **_: object) -> dict[str, Any]:
            self.calls += 1
            return {"Successful": []}

    sqs = Forgetful()
    with pytest.raises(Unavailable):
        queue(sqs).send(rows(1), NOW)
    assert sqs.calls == 2


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (ReadTimeoutError(endpoint_url="https://sqs"), Unavailable),
        (ClientError({"Error": {"Code": "RequestThrottled"}}, "SendMessageBatch"), Unavailable),
        (ClientError({"Error": {"Code": "AccessDenied"}}, "SendMessageBatch"), Broken),
    ],
)
def test_trouble_with_the_queue_has_a_name(error: Exception, raised: type[Exception]) -> None:
    def fails(call: int, entry: object) -> bool:
        raise error

    with pytest.raises(raised):
        queue(Sqs(fails)).send(rows(1), NOW)


def test_a_batch_that_got_no_answer_is_sent_again_and_the_others_are_not_held_up() -> None:
    def silent_at_first(call: int, entry: object) -> bool:
        if call == 1:
            raise ReadTimeoutError(endpoint_url="https://sqs")
        return True

    sqs = Sqs(silent_at_first)
    queue(sqs).send(rows(23), NOW)
    assert [len(batch) for batch in sqs.batches] == [10, 10, 3, 10]
    assert len(sqs.taken) == 23


@pytest.mark.parametrize(
    "body",
    [
        "", "null", "[]", "{", '"x"', "{}",
        '{"pk":"p"}', '{"pk":"p","sk":1}', '{"pk":"","sk":"s"}', '{"pk":"p","sk":"s","x":1}',
        json.dumps({"pk": "p" * 1025, "sk": "s"}),
        '{"group":"g"}', '{"group":"g","part":"1"}', '{"group":"g","part":true}', '{"group":"g","part":-1}',
        '{"group":"g","part":64}', '{"group":"g","part":1.0}', '{"group":"g","part":1,"pk":"p"}',
    ],
)  # fmt: skip
def test_other_messages_are_nothing_we_know(body: str) -> None:
    with pytest.raises(Broken):
        decode(body)
