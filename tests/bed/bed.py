"""The whole system in one process on a virtual clock, from the templates and through the handlers.

API calls go through Chalice's own test client and the real authorizer; changed rows are read from moto's stream
and handed to the stream handler past the template's filters; the wake queue is drained into its handler, delays
counted on the virtual clock; the schedule ticks once a virtual minute. Webhooks of the sandbox provider arrive as
HTTP calls. With `faults`, stream records and messages are lost, doubled or shuffled by a seeded dice.
"""

import json
import os
import random
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

from chalice.test import Client
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.sqs.models import sqs_backends

from chalicelib import config as config_module
from chalicelib import wiring
from chalicelib.domain import books
from chalicelib.domain.instants import DAY, MINUTE, SECOND, Instant
from chalicelib.gateways import aws as aws_clients
from chalicelib.gateways.carriers.sandbox import SandboxCarrier
from chalicelib.gateways.payments.sandbox import Sandbox
from chalicelib.gateways.payments.stripe import Stripe
from chalicelib.services.running.tick import look_ahead
from chalicelib.store import rows, timers
from infra.local.carrier.core import CarrierServer
from infra.local.peers.stripe import StripePeer
from infra.local.sandbox_provider import SandboxProvider

from . import data_stack, short_doors
from .aws import Hook, clients_kept
from .people import AUDIENCE, ISSUER, People
from .quick_moto import quick_moto
from .rooms import Rooms
from .short_way import BOTH_WAYS, ShortWay

REGION = "ap-southeast-1"
START: Instant = 1_793_491_200_000
"""2026-11-01T00:00Z, which is 08:00 in Shanghai."""

CORE = f"tuan-{data_stack.STAGE}"
MOST_ROUNDS = 5_000
FEW_SHARDS = 2
CACHED = (
    config_module.config, wiring.world, wiring.identity, wiring.queue, wiring.files, wiring.watch, wiring.secrets,
    wiring.provider, wiring.sender, wiring.carrier, aws_clients.client,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """What an HTTP call was answered."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that left the house, as the channel's own service recorded it."""

    channel: str
    to: str
    subject: str
    text: str


@dataclass
class Dice:
    """How often (in percent) a stream record or a message is lost or doubled; and whether they are shuffled."""

    lost: int = 0
    doubled: int = 0
    shuffled: bool = False
    seed: int = 0
    rng: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)

    def roll(self, things: list[Any]) -> list[Any]:
        kept = [thing for thing in things if self.rng.randrange(100) >= self.lost]
        kept += [thing for thing in kept if self.rng.randrange(100) < self.doubled]
        if self.shuffled:
            self.rng.shuffle(kept)
        return kept


class Bed:
    """`with Bed.made() as bed:`; time moves only through `advance_to` and `later`."""

    def __init__(self, now: Instant, dice: Dice, money: str = "sandbox") -> None:
        self.now = now
        self.dice = dice
        self.hook = Hook()
        self.people = People()
        self.rooms = Rooms()
        self.money = money
        self.provider = (StripePeer if money == "stripe" else SandboxProvider)(
            lambda: self.now,
            secrets=("sandbox_webhook-" + "x" * 40,),
            api_key="sandbox_api_key-" + "x" * 40,
            base_url="http://sandbox.invalid",
        )
        self.carrier = CarrierServer(
            lambda: self.now, secrets=("carrier_webhook-" + "x" * 40,), api_key="carrier_api_key-" + "x" * 40
        )
        self.alarms: list[tuple[str, dict[str, str]]] = []
        self.log: list[str] = []
        self._read = 0
        self._delayed: list[tuple[Instant, str]] = []
        self._next_tick = now - now % MINUTE + MINUTE
        self._tokens: dict[str, str] = {}

    # ------------------------------------------------------------- making it

    @classmethod
    @contextmanager
    def made(cls, now: Instant = START, dice: Dice | None = None, money: str = "sandbox") -> Iterator["Bed"]:
        """`money` is whose manners the payment provider has: the sandbox's, or Stripe's."""
        bed = cls(now, dice or Dice(), money)
        with ExitStack() as stack:
            stack.enter_context(mock.patch.dict(os.environ, _environment(), clear=False))
            if money == "stripe":
                stack.enter_context(mock.patch.dict(os.environ, {"TUAN_PROVIDERS": "stripe,transfer"}))
            stack.enter_context(clients_kept())
            stack.enter_context(mock_aws())
            stack.enter_context(quick_moto())
            stack.enter_context(bed.hook.installed())
            names = data_stack.create(REGION)
            bed._filters = json.loads(names.pop("STREAM_FILTERS"))
            bed._queue_url = names["WAKE_QUEUE_URL"]
            stack.enter_context(mock.patch.dict(os.environ, {f"TUAN_{k}": v for k, v in names.items()}))
            bed.rows = ShortWay(REGION)
            bed.hook.way = bed._short_way
            bed._wire(stack)
            bed.hook.fault = bed._virtual_delays
            yield bed
            assert not bed.rows.differences, bed.rows.differences

    def _wire(self, stack: ExitStack) -> None:
        """The real wiring, but for the clock, the provider's transport and the pool's keys."""
        _forget()
        stack.callback(_forget)
        replaced: dict[str, Any] = {
            "now": lambda: self.now,
            "tick_ms": lambda: MINUTE,
            "identity": lambda: self.people,
            "provider": self._provider,
            "carrier": self._carrier,
            "chats": lambda: self.rooms,
        }
        for name, stand_in in replaced.items():
            stack.enter_context(mock.patch.object(wiring, name, stand_in))
        for module in (rows, timers):  # an idle look at each of 32 shards would be a third of the bed's calls
            stack.enter_context(mock.patch.object(module, "DUE_SHARDS", FEW_SHARDS))
        stack.enter_context(mock.patch.object(books, "SHARDS", FEW_SHARDS))
        from chalicelib.gateways import watch

        stack.enter_context(mock.patch.object(watch, "_to_stdout", self._logged))
        import app

        self.client = stack.enter_context(Client(app.app))
        from chalicelib.handlers import changes, heard, tick, wake

        self._changes, self._tick, self._wake, self._heard = changes.changes, tick.tick, wake.wake, heard.heard

    def _provider(self, name: str) -> Any:
        from chalicelib.gateways.payments.transfer import Transfer

        if name == "transfer":
            return Transfer("招商银行 团团鲜果 6225 0000 0000")
        keys = wiring.secrets()
        if name == "stripe":
            return Stripe(
                keys["sandbox_api_key"],
                [keys["sandbox_webhook"]],
                pay_url="http://sandbox.invalid/pay/",
                exchange=self.provider.exchange,
            )
        return Sandbox(
            "", keys["sandbox_api_key"], [keys["sandbox_webhook"]], name=name, transport=self.provider.transport
        )

    def _carrier(self, name: str) -> Any:
        keys = wiring.secrets()
        return SandboxCarrier("", keys["carrier_api_key"], [keys["carrier_webhook"]], transport=self.carrier.transport)

    def _logged(self, line: str) -> None:
        self.log.append(line)
        record = json.loads(line)
        if record["level"] == "alarm":
            self.alarms.append((record["what"], record))

    # ------------------------------------------------------------- people and calls

    def person(self, person_id: str, *roles: str, phone: str | None = "+8613800000000") -> str:
        self.people.add(person_id, roles, phone)
        return person_id

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        who: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One HTTP call; the stream and the queue are worked on afterwards, as they would be at once."""
        answer = self.call_only(method, path, body, who=who, headers=headers)
        if who is not None and answer.status == 403 and answer.json["code"] == "second_factor_required":
            self.confirm(who)
            answer = self.call_only(method, path, body, who=who, headers=headers)
        self.drain()
        return answer

    def confirm(self, who: str) -> None:
        """As a person does it: asks for a code, reads it in the message, and types it."""
        asked = self.call_only("POST", "/me/codes", who=who)
        assert asked.status == 201, asked.text
        text = [one.text for one in self.sent() if one.to == self.people.phone_of(who)][-1]
        code = re.findall(r"\d{6}", text)[0]
        body = {"challenge": asked.json["challenge"], "code": code}
        answered = self.call_only("POST", "/me/codes/answer", body, who=who)
        assert answered.status == 204, answered.text

    def call_only(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        who: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        sent = {"Content-Type": "application/json", **(headers or {})}
        if who is not None:
            sent["Authorization"] = f"Bearer {self.token(who)}"
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        response = getattr(self.client.http, method.lower())(path, headers=sent, body=content)
        got = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, got, response.body.decode())

    def token(self, person_id: str) -> str:
        if person_id not in self._tokens:
            if not self.people.knows(person_id):
                self.person(person_id)
            self._tokens[person_id] = self.people.token(person_id, config_module.real_now())
        return self._tokens[person_id]

    def pay(self, pay_url: str, paid_at: Instant | None = None, *, late: bool = False) -> None:
        """The buyer pays at the provider, which reports it."""
        self.provider.pay(pay_url.rstrip("/").rpartition("/")[2], paid_at=paid_at, late=late)
        self.drain()

    def sent(self) -> list[Sent]:
        """What SNS and SES took."""
        from moto.ses.models import ses_backends
        from moto.sns.models import sns_backends

        texts = [
            Sent("sms", number, "", text)
            for number, text, *_ in sns_backends[DEFAULT_ACCOUNT_ID][REGION].sms_messages.values()
        ]
        mails = ses_backends[DEFAULT_ACCOUNT_ID][REGION].sent_messages
        return texts + [Sent("email", mail.destinations["ToAddresses"][0], mail.subject, mail.body) for mail in mails]

    def heard(self, said: Mapping[str, Any]) -> None:
        """What AWS's topic brings: a report of SES, or an SMS from somebody."""
        self._heard({"Records": [{"EventSource": "aws:sns", "Sns": {"Message": json.dumps(said)}}]}, None)
        self.drain()

    # ------------------------------------------------------------- time

    def later(self, ms: int) -> None:
        self.advance_to(self.now + ms)

    def advance_to(self, at: Instant) -> None:
        """Moves the clock, stopping wherever something wants to happen."""
        self.drain()
        while True:
            step = min([at, self._next_moment(), *(due for due, _ in self._delayed)])
            if step >= at and not any(due <= at for due, _ in self._delayed) and self._next_moment() > at:
                self.now = max(self.now, at)
                self.drain()
                return
            self.now = max(self.now, step)
            if self.now >= self._next_tick:
                self._next_tick = self.now - self.now % MINUTE + MINUTE
                self.tick()
            self.drain()

    def _next_moment(self) -> Instant:
        """The next tick that would find something, or the provider's next webhook. An idle tick changes nothing."""
        due = self.first_due()
        told = [*self.provider.outbox, *self.carrier.state.outbox]
        webhook = min((hook.due_at_ms for hook in told), default=self.now + DAY)
        if due is None:
            return webhook
        ahead = max(due - look_ahead(MINUTE), self._next_tick)
        return min(webhook, ahead - ahead % MINUTE + (MINUTE if ahead % MINUTE else 0))

    def first_due(self) -> Instant | None:
        """The first moment that the index of due rows lists."""
        firsts = (rows.keys[0][0] for (index, _), rows in self.rows.engine.tables[CORE].listed.items()
                  if index == "due" and rows.keys)  # fmt: skip
        return min(firsts, default=None)

    @property
    def table(self) -> Any:
        return dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].tables[CORE]

    def tick(self) -> None:
        self._tick(json.loads((data_stack.TEMPLATES.parents[1] / "events" / "schedule.json").read_text()), None)

    # ------------------------------------------------------------- what runs by itself

    def drain(self) -> None:
        """Stream, queue and webhooks, until nothing is left that is due."""
        for _ in range(MOST_ROUNDS):
            worked = self.run_stream() + self.run_queue() + self.run_webhooks()
            if not worked:
                return
        raise AssertionError("the system does not come to rest")

    def run_stream(self) -> int:
        shard = self.table.stream_shard
        records = [record.to_json() for record in shard.items[self._read :]]
        self._read = len(shard.items)
        wanted = [record for record in records if data_stack.passes(record, self._filters)]
        for start in range(0, len(wanted), 100):
            batch = self.dice.roll(wanted[start : start + 100])
            if batch:
                self._changes({"Records": [_stream_record(record) for record in batch]}, None)
        return len(wanted)

    def run_queue(self) -> int:
        self._release()
        worked = 0
        while messages := self._received():
            worked += len(messages)
            event = {"Records": [_queue_record(message) for message in self.dice.roll(messages)]}
            answer = self._wake(event, None) if event["Records"] else {"batchItemFailures": []}
            failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
            for message in messages:
                if message["MessageId"] in failed:
                    self._delayed.append((self.now + 3 * MINUTE, message["Body"]))
        return worked

    def _received(self) -> list[dict[str, Any]]:
        """Taken out of moto's queue directly: receiving and deleting by API would be most of the bed's time."""
        waiting = sqs_backends[DEFAULT_ACCOUNT_ID][REGION].get_queue(self._queue_url.rpartition("/")[2])._messages
        taken, waiting[:] = waiting[:10], waiting[10:]
        return [{"MessageId": message.id, "Body": message.body} for message in taken]

    def _release(self) -> None:
        ready = [body for due, body in self._delayed if due <= self.now]
        self._delayed = [(due, body) for due, body in self._delayed if due > self.now]
        for body in ready:
            self.message(body)

    def message(self, body: str) -> None:
        """One more in the wake queue."""
        short_doors.put_in_queue(REGION, self._queue_url, body)

    def run_webhooks(self) -> int:
        hooks = self.provider.take_due()
        for hook in hooks:
            headers, body = self.provider.signed(hook)
            door = "stripe" if self.money == "stripe" else hook.method
            answer = self.call_only("POST", f"/webhooks/{door}", body, headers=headers)
            if answer.status != 200:
                self.provider.put_back(hook)
        return len(hooks) + self.run_callbacks()

    def run_callbacks(self) -> int:
        """What the carrier reports."""
        told = self.carrier.take_due()
        for callback in told:
            headers, body = self.carrier.signed(callback)
            if self.call_only("POST", "/carriers/sandbox/callbacks", body, headers=headers).status != 200:
                self.carrier.put_back(callback)
        return len(told)

    def _short_way(self, service: str, operation: str, arguments: dict[str, Any], whole: Callable[[], Any]) -> Any:
        if service == "dynamodb":
            return self.rows.call(operation, arguments, whole)
        return whole() if BOTH_WAYS else short_doors.call(REGION, service, operation, arguments, whole)

    def _virtual_delays(self, service: str, operation: str, arguments: dict[str, Any], call: Callable[[], Any]) -> Any:
        """SQS counts delays on its own clock; here that is the virtual one."""
        if service != "sqs" or operation != "SendMessageBatch":
            return call()
        for entry in arguments["Entries"]:
            if delay := entry.pop("DelaySeconds", 0):
                self._delayed.append((self.now + delay * SECOND, entry["MessageBody"]))
                entry["later"] = True
        held = [entry for entry in arguments["Entries"] if entry.pop("later", False)]
        arguments["Entries"] = [entry for entry in arguments["Entries"] if entry not in held]
        said = call() if arguments["Entries"] else {"Successful": [], "Failed": []}
        said["Successful"] = [*said.get("Successful", []), *({"Id": entry["Id"]} for entry in held)]
        return said


def _environment() -> dict[str, str]:
    return {
        "AWS_ACCESS_KEY_ID": "bed",
        "AWS_SECRET_ACCESS_KEY": "bed",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
        "TUAN_ISSUER": ISSUER,
        "TUAN_AUDIENCE": AUDIENCE,
    }


def _forget() -> None:
    for cached in CACHED:
        if hasattr(cached, "cache_clear"):
            cached.cache_clear()


def _stream_record(record: dict[str, Any]) -> dict[str, Any]:
    return {**record, "eventSource": "aws:dynamodb", "eventSourceARN": "arn:aws:dynamodb:bed"}


def _queue_record(message: dict[str, Any]) -> dict[str, Any]:
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["MessageId"],
        "body": message["Body"],
        "attributes": {},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:bed",
        "awsRegion": REGION,
    }
