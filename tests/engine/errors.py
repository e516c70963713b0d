"""DynamoDB's refusals, as botocore raises them."""

from collections.abc import Sequence
from typing import Any

from botocore.exceptions import ClientError

from .items import Item

NO_REASON: dict[str, Any] = {"Code": "None"}
REFUSED = "The conditional request failed"


def error(operation: str, code: str, message: str = "", status: int = 400, **more: Any) -> ClientError:
    said: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status, "HTTPHeaders": {}, "RetryAttempts": 0},
        **more,
    }
    return ClientError(said, operation)


def validation(operation: str, message: str) -> ClientError:
    return error(operation, "ValidationException", message)


def condition_failed(operation: str, item: Item | None) -> ClientError:
    code = "ConditionalCheckFailedException"
    return error(operation, code, REFUSED, Item=item) if item else error(operation, code, REFUSED)


def refusal(item: Item | None) -> dict[str, Any]:
    """One action's reason in a cancelled transaction."""
    reason: dict[str, Any] = {"Code": "ConditionalCheckFailed", "Message": REFUSED}
    return {**reason, "Item": item} if item else reason


def cancelled(operation: str, reasons: Sequence[dict[str, Any]]) -> ClientError:
    """Reasons stand in the order of the actions; the message repeats their codes."""
    codes = ", ".join(reason["Code"] for reason in reasons)
    message = f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]"
    return error(operation, "TransactionCanceledException", message, CancellationReasons=list(reasons))


def conflict(operation: str, actions: int, at: int) -> ClientError:
    """Another transaction is on the row of action `at`."""
    reasons = [NO_REASON] * actions
    reasons[at] = {"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"}
    return cancelled(operation, reasons)
