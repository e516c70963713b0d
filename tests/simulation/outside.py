"""The doors to the outside. Every call pauses its task, may meet a fault, and is written into the trace."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, ReadTimeoutError

from chalicelib.domain.instants import HOUR, MINUTE, SECOND, Instant
from chalicelib.domain.person import Contact
from chalicelib.domain.refusals import Unavailable
from infra.local.sandbox_provider import HungUp
from tests.engine import errors

from .baton import Died, Task
from .faults import FATAL, Call, Fault

if TYPE_CHECKING:
    from .town import Town

Do = Callable[[], Any]
MOST_ACTIONS, MOST_BYTES = 10, 100_000
TABLE = "tuan-simulation"


class Doors:
    """Where every outside call goes through."""

    def __init__(self, town: "Town") -> None:
        self.town = town
        self._failures: Mapping[str, Callable[[Fault, str, Any], Any]] = {
            "dynamodb": _dynamodb_failure,
            "provider": lambda fault, operation, arguments: HungUp(),
            "vault": lambda fault, operation, arguments: Unavailable("vault"),
        }

    def through(self, door: str, operation: str, about: str, do: Do, arguments: Any = None) -> Any:
        town = self.town
        task = town.baton.pause()
        if task is None:
            return do()
        task.calls += 1
        call = Call(door, operation, about, task.name, task.calls)
        if town.now > task.started_at + task.limit_ms:
            town.note(task, door, operation, about, "out of time: stopped")
            town.faulted(task, call, Fault.CRASH_BEFORE)
            raise Died
        fault = town.draw(call)
        if fault is None:
            return self._plain(call, do)
        town.faulted(task, call, fault)
        town.note(task, door, operation, about, f"** {fault.value}")
        return self._faulty(call, fault, do, arguments)

    def _plain(self, call: Call, do: Do) -> Any:
        town = self.town
        task = town.baton.current
        try:
            answer = do()
        except Exception as error:
            town.note(task, call.door, call.operation, call.about, _spelled(error))
            raise
        town.note(task, call.door, call.operation, call.about, "")
        return answer

    def _faulty(self, call: Call, fault: Fault, do: Do, arguments: Any) -> Any:
        match fault:
            case Fault.CRASH_BEFORE:
                raise Died
            case Fault.CRASH_AFTER:
                _quietly(do)
                raise Died
            case Fault.REPEAT:
                _quietly(do)
                return do()
            case Fault.ECHO:
                longest = 5 * MINUTE if call.door == "provider" else 6 * HOUR
                self.town.later(self.town.rng.randrange(SECOND, longest), lambda: self.echo(call, do))
                return do()
            case Fault.TIMEOUT_AFTER:
                _quietly(do)
        assert fault not in FATAL
        failure = self._failures.get(call.door, _service_failure)
        if fault is Fault.CONFLICT:
            actions = len(arguments["TransactItems"])
            raise errors.conflict(call.operation, actions, self.town.rng.randrange(actions))
        raise failure(fault, call.operation, arguments)

    def echo(self, call: Call, do: Do) -> None:
        self.town.note(None, call.door, call.operation, call.about, "echo of long ago")
        _quietly(do)

    # ------------------------------------------------------------- the doors themselves

    def dynamodb(self, client: Any, operation: str, arguments: dict[str, Any]) -> Any:
        town = self.town

        def do() -> Any:
            try:
                return town.engine.call(operation, arguments)
            finally:
                town.watch.after_call()

        if operation == "TransactWriteItems":
            self._within_bounds(arguments)
        answer = self.through("dynamodb", operation, _about(operation, arguments), do, arguments)
        if town.baton.current is not None and operation in ("GetItem", "PutItem"):
            self._at_work_on(town.baton.current, _key(arguments))
        return answer

    def _within_bounds(self, arguments: dict[str, Any]) -> None:
        """B19, of every transaction there is, in every history."""
        actions = arguments["TransactItems"]
        if len(actions) > MOST_ACTIONS or len(repr(actions)) > MOST_BYTES:
            self.town.broken.append(f"{len(actions)} actions at once: {_about('', arguments)}")

    @staticmethod
    def _at_work_on(task: Task, key: str) -> None:
        """Which notice a worker has in hand, so that a message can be told from another of the same words."""
        pk, _, sk = key.partition("|")
        if sk.startswith("NOTICE#"):
            task.claimed = (pk, sk)

    def client(self, service: str) -> Any:
        return {"sqs": _Sqs, "sns": _Sns, "sesv2": _Ses}[service](self)

    def provider(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        town = self.town
        answer: tuple[int, bytes] = self.through(
            "provider", method, path, lambda: town.provider.transport(method, path, headers, body)
        )
        return answer

    def rest(self, ms: int) -> None:
        task = self.town.baton.current
        if task is not None:
            task.rests_until = self.town.now + ms
            self.town.baton.pause()


class _Service:
    def __init__(self, doors: Doors) -> None:
        self.doors = doors


class _Sqs(_Service):
    def send_message_batch(self, QueueUrl: str, Entries: list[dict[str, Any]]) -> Any:
        def do() -> Any:
            taken = self.doors.town.queued([(one["MessageBody"], one["DelaySeconds"]) for one in Entries])
            named = [{"Id": one["Id"]} for one, kept in zip(Entries, taken, strict=True) if kept]
            return {"Successful": named, "Failed": []}

        bodies = " ".join(one["MessageBody"] for one in Entries)
        return self.doors.through("sqs", "SendMessageBatch", bodies, do)


class _Sns(_Service):
    def publish(self, PhoneNumber: str, Message: str, MessageAttributes: Any) -> Any:
        do = self.doors.town.messages.taking("sms", PhoneNumber, Message)
        return self.doors.through("sns", "Publish", PhoneNumber, do)


class _Ses(_Service):
    def send_email(self, FromEmailAddress: str, Destination: Any, Content: Any) -> Any:
        to = Destination["ToAddresses"][0]
        do = self.doors.town.messages.taking("email", to, Content["Simple"]["Body"]["Text"]["Data"])
        return self.doors.through("sesv2", "SendEmail", to, do)


class QuickVault:
    """Everybody's contact data, made from the id: what the services played here ask of the vault, and no more."""

    def __init__(self, doors: Doors) -> None:
        self.doors = doors

    def read(
        self, person_id: str, *, reader: str, why: str, now: Instant, addresses_too: bool = True
    ) -> Contact | None:
        number = int.from_bytes(person_id.encode()[-3:], "big")
        contact = Contact(phone=f"+8613{number:09d}", email=f"{person_id}@example.com")
        found: Contact = self.doors.through("vault", "Read", person_id, lambda: contact)
        return found

    def kept(self, owner: str, name: str, *, reader: str, why: str, now: Instant) -> Mapping[str, str] | None:
        """Accounts of payees, "a-" and whose."""
        found: Mapping[str, str] = self.doors.through("vault", "Read", owner, lambda: {"account": f"a-{owner}"})
        return found

    def knows_address(self, person_id: str, address_id: str) -> bool:
        return bool(self.doors.through("vault", "Read", person_id, lambda: True))


class Messages:
    """What SNS and SES took, by the notice that was being sent."""

    def __init__(self, town: "Town") -> None:
        self.town = town
        self.sent: list[tuple[tuple[str, str] | None, str, str, str]] = []

    def taking(self, channel: str, to: str, text: str) -> Do:
        task = self.town.baton.current
        notice = task.claimed if task else None

        def do() -> Any:
            self.sent.append((notice, channel, to, text))
            return {"MessageId": f"m{len(self.sent)}"}

        return do


def _quietly(do: Do) -> None:
    """The call happens; nobody hears its answer."""
    try:
        do()
    except (ClientError, OSError):
        return


def _spelled(error: Exception) -> str:
    if isinstance(error, ClientError):
        reasons: Any = error.response.get("CancellationReasons", [])
        return str(error.response["Error"]["Code"]) + " " + ",".join(one["Code"] for one in reasons)
    return type(error).__name__


def _dynamodb_failure(fault: Fault, operation: str, arguments: Any) -> Any:
    if fault is Fault.THROTTLE:
        if operation == "TransactWriteItems":
            reasons = [errors.NO_REASON] * len(arguments["TransactItems"])
            reasons[0] = {"Code": "ThrottlingError", "Message": "slow down"}
            return errors.cancelled(operation, reasons)
        return errors.error(operation, "ThrottlingException")
    return ReadTimeoutError(endpoint_url="http://simulation.invalid")


def _service_failure(fault: Fault, operation: str, arguments: Any) -> Any:
    if fault is Fault.THROTTLE:
        return errors.error(operation, "ThrottlingException")
    return ReadTimeoutError(endpoint_url="http://simulation.invalid")


def _about(operation: str, arguments: Mapping[str, Any]) -> str:
    """The rows a call names, for the trace."""
    if "TransactItems" in arguments:
        named = [next(iter(one.items())) for one in arguments["TransactItems"]]
        return " + ".join(f"{nature} {_key(asked)}" for nature, asked in named)
    if operation == "Query":
        values = arguments["ExpressionAttributeValues"]
        return f"{next(iter(values[':0'].values()))} {arguments.get('IndexName', '')}"
    if operation == "BatchGetItem":
        return f"{len(arguments['RequestItems'][TABLE]['Keys'])} rows"
    return _key(arguments)


def _key(asked: Mapping[str, Any]) -> str:
    row = asked.get("Item") or asked["Key"]
    return f"{row['pk']['S']}|{row['sk']['S']}"
