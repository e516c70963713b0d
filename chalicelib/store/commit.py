"""Builds every write. One write is a conditional call, several are one transaction: all or nothing.

Each clause below carries the reason it is there; tests take them out one by one and see a promise break.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import botocore.exceptions
from pynamodb.connection import Connection
from pynamodb.exceptions import (
    CancellationReason,
    PynamoDBException,
    TransactWriteError,
    VerboseClientError,
)
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from ..domain.refusals import Broken, Lost, Unavailable
from ..domain.writes import Create, Remove, Replace, Row, Take, TakeStock, Unchanged, Write
from .rows import from_image, kind_of, slice_key, stock_key, to_stored
from .spelling import Every, Path, Value
from .stored import Stored

MOST_ACTIONS = 25
NEXT_VERSION: Action = Path("version").set(Path("version") + Value(1))
"""Counting writes move the version too: a team is sealed only if its slice stood still while it was counted."""

BUSY = {
    "TransactionConflictException",
    "TransactionInProgressException",
    "ReplicatedWriteConflictException",
}
SILENT = {
    "ProvisionedThroughputExceededException",
    "ThrottlingException",
    "RequestLimitExceeded",
    "InternalServerError",
    "ServiceUnavailable",
}
NO_ANSWER = (botocore.exceptions.ConnectionError, botocore.exceptions.HTTPClientError)
SILENT_REASONS = {"ThrottlingError", "ProvisionedThroughputExceeded"}
MOVED = {"ConditionalCheckFailed", "TransactionConflict"}

# What PynamoDB sends first, second, …, whatever the order of the calls; reasons come back in this order.
WIRE_ORDER = ("check", "delete", "save", "update")


def units_left(sku: str) -> Path:
    return Path(["body", "left", sku])


def absent() -> Condition:
    """Without it an echo of a creation would overwrite what has happened since."""
    return Stored.pk.does_not_exist()


def at_version(version: int) -> Condition:
    """Without it a decision taken on an older row would undo a newer one."""
    return Stored.version == version


def take_from_slice(take: Take) -> tuple[Condition, list[Action]]:
    sealed = Path(["body", "sealed"]) == Value(False)  # else a join or a cancel would move a count already taken
    conditions: list[Condition] = [sealed]
    if take.now is not None:
        conditions.append(Path(["body", "opens_at"]) <= Value(take.now))  # else buyers join before the start
        conditions.append(Path(["body", "closes_at"]) > Value(take.now))  # else a late closer means a late deadline
    actions = [NEXT_VERSION]
    for sku, units in take.units.items():
        if units > 0:
            conditions.append(units_left(sku) >= Value(units))  # else the last unit is sold twice
        if units:
            actions.append(units_left(sku).set(units_left(sku) - Value(units)))
    if take.seats > 0:
        conditions.append(Path(["body", "seats"]) >= Value(take.seats))  # else a team of three has four
    if take.seats:
        actions.append(Path(["body", "seats"]).set(Path(["body", "seats"]) - Value(take.seats)))
    return Every(conditions), actions


def take_from_stock(take: TakeStock) -> tuple[Condition, list[Action]]:
    conditions: list[Condition] = [Stored.pk.exists()]
    actions = [NEXT_VERSION]
    for sku, units in take.units.items():
        if units > 0:
            conditions.append(units_left(sku) >= Value(units))  # else two groups are given the same unit
        actions.append(units_left(sku).set(units_left(sku) - Value(units)))
    return Every(conditions), actions


class Commits:
    """The writing half of the store."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def commit(self, *writes: Write) -> None:
        if not writes:
            return
        if len(writes) > MOST_ACTIONS:
            raise Broken(f"a transaction of {len(writes)} actions")
        with translated():
            if len(writes) == 1 and not isinstance(writes[0], Unchanged):
                self._alone(writes[0])
            else:
                self._together(writes)

    def _alone(self, write: Write) -> None:
        match write:
            case Create(row):
                to_stored(row, 1).save(absent())
            case Replace(row):
                _replacing(write).save(at_version(row.version))
            case Remove(row):
                to_stored(row, row.version).delete(at_version(row.version))
            case Take():
                condition, actions = take_from_slice(write)
                _bare(*slice_key(write.group_id, write.number)).update(actions, condition)
            case TakeStock():
                condition, actions = take_from_stock(write)
                _bare(*stock_key(write.campaign_id)).update(actions, condition)
            case _:
                raise Broken(f"{write} cannot stand alone")

    def _together(self, writes: tuple[Write, ...]) -> None:
        order: dict[str, list[int]] = {name: [] for name in WIRE_ORDER}
        try:
            with TransactWrite(connection=self.connection) as transaction:
                for position, write in enumerate(writes):
                    order[_add(transaction, write)].append(position)
        except TransactWriteError as error:
            if answered_code(error) != "TransactionCanceledException":
                raise
            positions = [position for name in WIRE_ORDER for position in order[name]]
            raise _lost(error, error.cancellation_reasons, positions) from error


def _replacing(write: Replace) -> Stored:
    stored = to_stored(write.row, write.row.version + 1)
    if write.claim and write.row.stumbles:
        stored.stumbles = write.row.stumbles  # else a row that stumbles behind its claim is tried for ever
    return stored


def _bare(pk: str, sk: str) -> Stored:
    """Just the key of a row, for updates that count."""
    return Stored(pk, sk)


def _add(transaction: TransactWrite, write: Write) -> str:
    match write:
        case Unchanged(row):
            pk, sk = kind_of(row).key(row)
            transaction.condition_check(Stored, pk, sk, condition=at_version(row.version))
            return "check"
        case Remove(row):
            transaction.delete(to_stored(row, row.version), condition=at_version(row.version))
            return "delete"
        case Create(row):
            transaction.save(to_stored(row, 1), condition=absent(), return_values="ALL_OLD")
            return "save"
        case Replace(row):
            transaction.save(_replacing(write), condition=at_version(row.version), return_values="ALL_OLD")
            return "save"
        case Take():
            condition, actions = take_from_slice(write)
            stored = _bare(*slice_key(write.group_id, write.number))
        case TakeStock():
            condition, actions = take_from_stock(write)
            stored = _bare(*stock_key(write.campaign_id))
    transaction.update(stored, actions, condition, return_values="ALL_OLD")
    return "update"


def _lost(
    error: PynamoDBException, reasons: Sequence[CancellationReason | None], positions: Sequence[int]
) -> Exception:
    """Which rows refused, as they are now; or the trouble itself when it was not about rows."""
    rows: dict[int, Row | None] = {}
    for position, reason in zip(positions, reasons, strict=True):
        if reason is None:
            continue
        if reason.code not in MOVED:
            return error if reason.code not in SILENT_REASONS else Unavailable("store")
        if reason.code == "ConditionalCheckFailed":
            rows[position] = from_image(reason.raw_item) if reason.raw_item else None
    return Lost(rows)


def answered_code(error: PynamoDBException) -> str | None:
    """What DynamoDB said. A call that timed out has no answer, which PynamoDB's own property stumbles over."""
    answer = getattr(error.cause, "response", None) or {}
    code: str | None = answer.get("Error", {}).get("Code")
    return code


@contextmanager
def translated() -> Iterator[None]:
    """The store's troubles as ours. A conflict is not retried here: who decides must look again first."""
    try:
        yield
    except NO_ANSWER as error:
        raise Unavailable("store") from error
    except PynamoDBException as error:
        code = answered_code(error)
        if code == "TransactionCanceledException":
            reasons = error.cause.cancellation_reasons if isinstance(error.cause, VerboseClientError) else []
            raise _lost(error, reasons, range(len(reasons))) from error
        if code == "ConditionalCheckFailedException":
            raise Lost({0: None}) from error
        if code in BUSY:
            raise Lost() from error
        if code in SILENT or isinstance(error.cause, NO_ANSWER):
            raise Unavailable("store") from error
        raise


@contextmanager
def unless_done() -> Iterator[None]:
    """For a write whose condition says "not done yet": a refusal is the end of it, a mere conflict is not."""
    try:
        with translated():
            yield
    except Lost as lost:
        if not lost.rows:
            raise
