"""Clients of AWS, made when first called: one session per process, and a time limit on every call.

botocore without boto3: the same clients, and nothing between that would have to be imported first. A
session's first client costs some 50 ms and every further one 5, which is why all share one, the table's among them.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from ..domain.refusals import Broken, Unavailable

Clients = Callable[[str], Any]
"""From a service's name to its client. botocore ships no types, hence the Any."""

SERVICES = ("cognito-idp", "dynamodb", "kms", "s3", "secretsmanager", "sesv2", "sns", "sqs")
"""What we speak to. botocore would otherwise look through its 400 folders to learn which services there are."""

DATA = Path(__file__).with_name("botocore")
"""What a package brings along of botocore's data, cut to these services (`infra/endpoints.py`). Looked at first."""

CONNECT_S, READ_S = 1, 3

ONCE = frozenset({"sns", "sesv2", "cognito-idp"})
"""These take no idempotency key, so the SDK must not repeat a call by itself: the repeat could be a second
message, or a second log-in code.
"""

PATIENCE = {"cognito-idp": 11}
"""Seconds to wait for an answer, where it takes longer: the user pool asks a function of ours twice in one call,
for up to five seconds each.
"""

SIGNED = {"s3": "s3v4"}
"""How addresses and forms are signed, where the SDK would choose an older way."""

BUSY = frozenset(
    {
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "InternalServiceError",
        "KMSInternalException",
        "KeyUnavailableException",
        "DependencyTimeoutException",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestTimeout",
        "ServiceUnavailable",
        "Throttled",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionConflictException",
    }
)
"""Errors that say nothing about the request: the same one may work later."""


@cache
def session() -> Any:
    from botocore.loaders import Loader
    from botocore.session import get_session

    class Known(Loader):  # type: ignore[misc]
        def list_available_services(self, type_name: str) -> list[str]:
            return list(SERVICES)

    made = get_session()
    made.register_component("data_loader", Known(extra_search_paths=[str(DATA)]))
    return made


@cache
def client(service: str) -> Any:
    """The process's one client of a service."""
    from botocore.config import Config

    attempts = 1 if service in ONCE else 2
    limits = Config(
        connect_timeout=CONNECT_S,
        read_timeout=PATIENCE.get(service, READ_S),
        signature_version=SIGNED.get(service),
        s3={"addressing_style": "virtual"},  # a bucket is a host of its own, and named in its own region
        retries={"mode": "standard", "total_max_attempts": attempts},
    )
    return session().create_client(service, config=limits)


def code_of(error: Any) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def is_busy(error: Any) -> bool:
    """Whether a ClientError is the service's trouble and not ours."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return code_of(error) in BUSY or status >= 500


@contextmanager
def answered(what: str) -> Iterator[None]:
    """Turns what botocore raises into Unavailable (try again) or Broken (a bug, or rights that are missing).

    Only the error's code is passed on: messages may repeat what was sent, and that may be somebody's phone
    number.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        if is_busy(error):
            raise Unavailable(what) from None
        raise Broken(f"{what}: {code_of(error)}") from None
    except BotoCoreError as error:
        raise Unavailable(f"{what}: {type(error).__name__}") from None
