"""The samples in `events/`, one for each trigger: each is taken by its handler and does what the trigger is for."""

import json
from pathlib import Path
from typing import Any

from chalicelib.domain.instants import HOUR, SECOND
from tests.bed.data_stack import TEMPLATES, passes, stream_filters
from tests.infra.templates import load

from .shop import Shop, rows

EVENTS = Path(__file__).parents[2] / "events"


def sample(name: str) -> Any:
    return json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))


def test_there_is_one_for_each_trigger() -> None:
    assert {path.stem for path in EVENTS.glob("*.json")} >= {"join", "stream", "schedule", "queue", "webhook"}


def test_a_schedule_tick_queues_what_is_coming(own: Shop) -> None:
    offer = own.offer(hours=1)
    own.bed.now += HOUR + 30 * SECOND
    own.bed._tick(sample("schedule"), None)
    own.bed.drain()
    assert own.group(offer.group)["state"] == "failed"


def test_a_stream_record_of_a_row_that_is_due_asks_for_it_to_be_woken(own: Shop) -> None:
    event, filters = sample("stream"), stream_filters(load(TEMPLATES / "app.yaml"))
    assert all(passes(record, filters) for record in event["Records"])
    with own.bed.hook.watched() as calls:
        assert own.bed._changes(event, None) == {"batchItemFailures": []}
    sent = [arguments["Entries"] for _, operation, arguments in calls if operation == "SendMessageBatch"]
    keys = event["Records"][0]["dynamodb"]["Keys"]
    body = json.loads(sent[0][0]["MessageBody"])
    assert body == {name: value["S"] for name, value in keys.items()}


def test_a_queue_message_wakes_its_row_and_one_without_a_row_is_done_with(own: Shop) -> None:
    event = sample("queue")
    before = rows(own.bed)
    assert own.bed._wake(event, None) == {"batchItemFailures": []}
    assert rows(own.bed) == before

    offer = own.offer(hours=1)
    own.bed.now += 2 * HOUR
    event["Records"][0]["body"] = json.dumps({"pk": f"GROUP#{offer.group}", "sk": "GROUP"})
    assert own.bed._wake(event, None) == {"batchItemFailures": []}
    assert own.group(offer.group)["state"] == "failed"
