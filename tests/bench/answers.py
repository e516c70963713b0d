"""What a function is asked first, and the AWS that it asks in turn: the engine behind one address on this machine.

Each function gets an ordinary piece of work: a group's progress, a join, a tick that finds a group whose deadline has
passed, that group's row in the stream, and its closing. Every round has a buyer and a group of its own.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chalicelib.config import real_now
from chalicelib.domain.group import Group
from chalicelib.domain.instants import DAY, HOUR
from chalicelib.store.rows import key_of, to_stored
from infra.package import ROOT
from tests.engine.served import served

from .house import SKU, House, buyer, open_pot, terms_of
from .looks import event

SECRETS = {"cursor_key": "k" * 40, "pickup_key": "p" * 40, "people_key": "q" * 40}
ASKED = """
import json
event = json.loads({event!r})
"""
ANSWERED = {
    "progress": "answer = app.app(event, None)\nassert answer['statusCode'] == 200, answer",
    "join": "answer = app.app(event, None)\nassert answer['statusCode'] == 201, answer",
    "tick": "chalicelib.handlers.tick.tick(event, None)",
    "changes": "assert chalicelib.handlers.changes.changes(event, None) == {'batchItemFailures': []}",
    "wake": "assert chalicelib.handlers.wake.wake(event, None) == {'batchItemFailures': []}",
}
"""How each is asked, and what it must answer."""


@dataclass(frozen=True, slots=True)
class Asking:
    """`url` answers for AWS; `open` takes joins, and every round closes a group that is late."""

    url: str
    house: House
    open: Group

    @property
    def environment(self) -> dict[str, str]:
        return {"AWS_ENDPOINT_URL": self.url, "TUAN_SECRET_ARN": "secret", "TUAN_WAKE_QUEUE_URL": f"{self.url}/queue"}

    def code(self, what: str, number: int) -> str:
        """To be run after the handler was imported."""
        asked = getattr(self, f"_{what}")(number)
        return f"{ASKED.format(event=json.dumps(asked))}{ANSWERED[what]}\n"

    def _progress(self, number: int) -> dict[str, Any]:
        group_id = self.open.id
        path = f"/groups/{group_id}/progress"
        return event(path, "/groups/{group_id}/progress", {"group_id": group_id}, None, "")

    def _join(self, number: int) -> dict[str, Any]:
        asked: dict[str, Any] = sample("join")
        asked["pathParameters"] = {"group_id": self.open.id}
        asked["body"] = json.dumps({"lines": {SKU: 1}, "accepts_terms": 1, "pickup_point": "gate"})
        asked["requestContext"]["authorizer"]["principalId"] = buyer(number).id
        return asked

    def _tick(self, number: int) -> dict[str, Any]:
        return sample("schedule")

    def _changes(self, number: int) -> dict[str, Any]:
        late = self._late(2 * number)
        asked: dict[str, Any] = sample("stream")
        key = key_of(late)
        image = to_stored(late, 1).to_dynamodb_dict()
        asked["Records"][0]["dynamodb"] |= {"Keys": {"pk": {"S": key.pk}, "sk": {"S": key.sk}}, "NewImage": image}
        return asked

    def _wake(self, number: int) -> dict[str, Any]:
        asked: dict[str, Any] = sample("queue")
        key = key_of(self._late(2 * number + 1))
        asked["Records"][0]["body"] = json.dumps({"pk": key.pk, "sk": key.sk})
        return asked

    def _late(self, number: int) -> Group:
        return open_pot(self.house.store, terms_of(1000 + number, stock=9, target=3, now=real_now() - DAY - HOUR))


def sample(name: str) -> Any:
    return json.loads(Path(ROOT, "events", f"{name}.json").read_text())


@contextmanager
def asking() -> Iterator[Asking]:
    with House.built() as house:
        group = open_pot(house.store, terms_of(1, stock=1_000, target=3, now=real_now() - HOUR))
        with served(house.engine, SECRETS) as url:
            yield Asking(url, house, group)
