"""The operations. One call is one instant: whoever wants a race puts it between calls."""

from collections.abc import Callable, Mapping
from typing import Any

from . import errors, evaluate, grammar
from .evaluate import MissingAttribute, Terms
from .items import BadPath, Item, scalar
from .table import Key, Sorted, Table
from .units import MOST_ITEM, Meter, size

MOST_ACTIONS = 100
MOST_BATCH = 100
MOST_PAGE = 1024 * 1024
TOO_LARGE = "Item size has exceeded the maximum allowed size"
BAD_PATH = "The document path provided in the update expression is invalid for update"
MISSING = "The provided expression refers to an attribute that does not exist in the item"

Arguments = Mapping[str, Any]
Answer = dict[str, Any]


class Engine:
    """`meter`, where given, counts units and checks sizes; `page_rows` ends pages early, so that paging is met."""

    def __init__(
        self, tables: Mapping[str, Table], *, meter: Meter | None = None, page_rows: int | None = None
    ) -> None:
        self.tables = dict(tables)
        self.meter = meter
        self.page_rows = page_rows
        self.stale: Callable[[], bool] = lambda: False
        """Asked at each read that is not consistent: whether it sees the row as it was before its last write."""
        self._operations: dict[str, Callable[[Arguments], Answer]] = {
            "GetItem": self._get_item,
            "BatchGetItem": self._batch_get_item,
            "PutItem": self._put_item,
            "UpdateItem": self._update_item,
            "DeleteItem": self._delete_item,
            "Query": self._query,
            "TransactWriteItems": self._transact_write,
            "TransactGetItems": self._transact_get,
        }

    def call(self, operation: str, arguments: Arguments) -> Answer:
        """The answer as botocore would give it; raises ClientError where AWS refuses."""
        if operation not in self._operations:
            raise NotImplementedError(operation)
        if self.meter:
            self.meter.calls[operation] += 1
        return self._operations[operation](arguments)

    # ------------------------------------------------------------- reads

    def _get_item(self, arguments: Arguments) -> Answer:
        consistent = bool(arguments.get("ConsistentRead"))
        item = self._read(arguments, consistent=consistent)
        return {"Item": item} if item is not None else {}

    def _read(self, arguments: Arguments, *, consistent: bool, times: int = 1) -> Item | None:
        table = self.tables[arguments["TableName"]]
        key = table.key(arguments["Key"])
        item = table.before.get(key) if not consistent and self.stale() else table.row(key)
        if self.meter:
            self.meter.read("table", size(item), consistent=consistent, times=times)
        return _chosen(item, arguments) if item is not None else None

    def _batch_get_item(self, arguments: Arguments) -> Answer:
        found: dict[str, list[Item]] = {}
        for name, asked in arguments["RequestItems"].items():
            if len(asked["Keys"]) > MOST_BATCH:
                raise errors.validation("BatchGetItem", "Too many items requested for the BatchGetItem call")
            consistent = bool(asked.get("ConsistentRead"))
            each = ({**asked, "TableName": name, "Key": key} for key in asked["Keys"])
            items = [self._read(one, consistent=consistent) for one in each]
            found[name] = [item for item in items if item is not None]
        return {"Responses": found, "UnprocessedKeys": {}}

    def _transact_get(self, arguments: Arguments) -> Answer:
        items = [self._read(each["Get"], consistent=True, times=2) for each in arguments["TransactItems"]]
        return {"Responses": [{"Item": item} if item is not None else {} for item in items]}

    def _query(self, arguments: Arguments) -> Answer:
        table = self.tables[arguments["TableName"]]
        index = table.indexes[arguments["IndexName"]] if "IndexName" in arguments else None
        names = (index.hash_name, index.range_name) if index else table.names
        hash_key, low, high = _key_bounds(arguments, names)
        rows = table.listing(index, hash_key) if index else table.partitions.get(hash_key, Sorted())
        forward = arguments.get("ScanIndexForward", True)
        after = _position(arguments.get("ExclusiveStartKey"), table, names, indexed=index is not None)
        items: list[Item] = []
        last: Item | None = None
        scanned = bytes_ = 0
        most = min(arguments.get("Limit", 1 << 60), self.page_rows or 1 << 60)
        for key, item in _spanned(rows, low, high, forward, index is not None):
            if after is not None and (key <= after if forward else key >= after):
                continue
            if scanned >= most or bytes_ > MOST_PAGE:
                last = items[-1]
                break
            scanned, bytes_ = scanned + 1, bytes_ + (size(item) if self.meter else 0)
            items.append(item)
        else:
            # AWS says where it stopped whenever the limit was reached, be there more or not.
            last = items[-1] if items and "Limit" in arguments and scanned >= arguments["Limit"] else None
        if self.meter:
            where = index.name if index else "table"
            self.meter.read(where, bytes_, consistent=bool(arguments.get("ConsistentRead")))
        return self._page(arguments, items, last, {*table.names, *names})

    @staticmethod
    def _page(arguments: Arguments, items: list[Item], last: Item | None, keys: set[str]) -> Answer:
        answer: Answer = {"Count": len(items), "ScannedCount": len(items)}
        if arguments.get("Select") != "COUNT":
            answer["Items"] = [_chosen(item, arguments) for item in items]
        if last is not None:
            answer["LastEvaluatedKey"] = {name: last[name] for name in keys}
        return answer

    # ------------------------------------------------------------- single writes

    def _put_item(self, arguments: Arguments) -> Answer:
        return self._alone("PutItem", arguments)

    def _update_item(self, arguments: Arguments) -> Answer:
        return self._alone("UpdateItem", arguments)

    def _delete_item(self, arguments: Arguments) -> Answer:
        return self._alone("DeleteItem", arguments)

    def _alone(self, operation: str, arguments: Arguments) -> Answer:
        table = self.tables[arguments["TableName"]]
        key = _key_of(table, arguments)
        old = table.row(key)
        if not _allowed(arguments, old):
            wanted = arguments.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
            raise errors.condition_failed(operation, old if wanted else None)
        try:
            new = self._outcome(operation, table, arguments, old)
        except _Invalid as invalid:
            raise errors.validation(operation, str(invalid)) from None
        self._write(table, key, old, new)
        match arguments.get("ReturnValues", "NONE"):
            case "NONE":
                return {}
            case "ALL_NEW":
                return {"Attributes": new} if new else {}
            case "ALL_OLD":
                return {"Attributes": old} if old else {}
            case other:
                raise NotImplementedError(other)

    def _outcome(self, operation: str, table: Table, arguments: Arguments, old: Item | None) -> Item | None:
        if operation == "DeleteItem":
            return None
        if operation == "PutItem":
            new = {**arguments["Item"]}
        else:
            try:
                changes = grammar.update(arguments["UpdateExpression"])
                new = evaluate.updated(changes, Terms(arguments), old or {**arguments["Key"]})
            except BadPath:
                raise _Invalid(BAD_PATH) from None
            except MissingAttribute:
                raise _Invalid(MISSING) from None
        if self.meter and size(new) > MOST_ITEM:
            raise _Invalid(TOO_LARGE)
        return new

    def _write(self, table: Table, key: Key, old: Item | None, new: Item | None, *, times: int = 1) -> None:
        if self.meter:
            self.meter.wrote(table, old, new, times=times)
        table.write(key, new)

    # ------------------------------------------------------------- transactions

    def _transact_write(self, arguments: Arguments) -> Answer:
        """All actions are checked against the rows as they are, then all are done, or none."""
        actions = [next(iter(action.items())) for action in arguments["TransactItems"]]
        if len(actions) > MOST_ACTIONS:
            raise errors.validation(
                "TransactWriteItems", f"Member must have length less than or equal to {MOST_ACTIONS}"
            )
        planned: list[tuple[Table, Key, Item | None, Item | None]] = []
        reasons: list[dict[str, Any]] = []
        seen: set[tuple[str, Key]] = set()
        for nature, asked in actions:
            table = self.tables[asked["TableName"]]
            key = _key_of(table, asked)
            if (asked["TableName"], key) in seen:
                message = "Transaction request cannot include multiple operations on one item"
                raise errors.validation("TransactWriteItems", message)
            seen.add((asked["TableName"], key))
            old = table.row(key)
            reason, new = self._action(nature, table, asked, old)
            reasons.append(reason)
            planned.append((table, key, old, new))
        if any(reason is not errors.NO_REASON for reason in reasons):
            raise errors.cancelled("TransactWriteItems", reasons)
        for (nature, _), (table, key, old, new) in zip(actions, planned, strict=True):
            if nature != "ConditionCheck":
                self._write(table, key, old, new, times=2)
            elif self.meter:
                self.meter.wrote(table, old, old, times=2)
        return {}

    def _action(
        self, nature: str, table: Table, asked: Arguments, old: Item | None
    ) -> tuple[dict[str, Any], Item | None]:
        if not _allowed(asked, old):
            wanted = asked.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
            return errors.refusal(old if wanted else None), None
        if nature == "ConditionCheck":
            return errors.NO_REASON, old
        try:
            return errors.NO_REASON, self._outcome(f"{nature}Item", table, asked, old)
        except _Invalid as invalid:
            return {"Code": "ValidationError", "Message": str(invalid)}, None


class _Invalid(Exception):
    """The write can't be done to this row, whatever the condition says."""


def _key_of(table: Table, arguments: Arguments) -> Key:
    return table.key(arguments["Item"] if "Item" in arguments else arguments["Key"])


def _allowed(arguments: Arguments, old: Item | None) -> bool:
    text = arguments.get("ConditionExpression")
    return text is None or evaluate.holds(grammar.condition(text), Terms(arguments), old or {})


def _chosen(item: Item, arguments: Arguments) -> Item:
    """A copy of the item, or of the attributes asked for."""
    wanted = arguments.get("ProjectionExpression")
    if wanted is None:
        return dict(item)
    names = arguments.get("ExpressionAttributeNames", {})
    plain = {names.get(word.strip(), word.strip()) for word in wanted.split(",")}
    return {name: value for name, value in item.items() if name in plain}


def _key_bounds(arguments: Arguments, names: tuple[str, str]) -> tuple[str, Any, Any]:
    """The partition asked for, and the closed span of range keys."""
    terms = Terms(arguments)
    tests = _conjuncts(grammar.condition(arguments["KeyConditionExpression"]))
    hash_key, low, high = None, None, None
    for test in tests:
        place, *given = test.operands
        assert isinstance(place, grammar.Place)
        values = [scalar(terms.values[one.name]) for one in given if isinstance(one, grammar.Given)]
        match terms.path(place), test.how:
            case (name,), "=" if name == names[0]:
                hash_key = values[0]
            case (name,), "between" if name == names[1]:
                low, high = values
            case (name,), "begins_with" if name == names[1]:
                assert isinstance(values[0], str)
                low, high = values[0], values[0] + "\U0010ffff"
            case (name,), "<=" if name == names[1]:
                high = values[0]
            case (name,), ">=" if name == names[1]:
                low = values[0]
            case (name,), "=" if name == names[1]:
                low = high = values[0]
            case path, how:
                raise NotImplementedError(f"key condition {how} on {path}")
    assert isinstance(hash_key, str)
    return hash_key, low, high


def _conjuncts(condition: grammar.Condition) -> list[grammar.Test]:
    match condition:
        case grammar.Test():
            return [condition]
        case grammar.Both(left, right):
            return _conjuncts(left) + _conjuncts(right)
    raise NotImplementedError(f"key condition {condition}")


def _spanned(rows: Sorted, low: Any, high: Any, forward: bool, indexed: bool) -> Any:
    """Index rows are kept by (range key, pk, sk), so the bounds are widened to whole tuples."""
    if indexed:
        low = None if low is None else (low,)
        high = None if high is None else (high, "\U0010ffff")
    return rows.between(low, high, forward)


def _position(start: Item | None, table: Table, names: tuple[str, str], *, indexed: bool) -> Any:
    """Where the page before this one ended."""
    if start is None:
        return None
    at = scalar(start[names[1]])
    return (at, *table.key(start)) if indexed else at
