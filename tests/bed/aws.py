"""One hook round every call to AWS, PynamoDB's included: a lock (moto has no isolation), a count, and faults."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from unittest import mock

import botocore.client
import pynamodb.connection.base
from botocore.session import Session, get_session
from moto.kms import models as kms

from chalicelib.gateways import aws

Call = Callable[[], Any]
Fault = Callable[[str, str, dict[str, Any], Call], Any]
"""(service, operation, arguments, the call itself) -> its answer. A fault may skip, repeat or fail the call."""


class Hook:
    """`calls` counts by (service, operation); `seen` keeps each call's arguments while somebody wants them."""

    def __init__(self) -> None:
        self.calls: Counter[tuple[str, str]] = Counter()
        self.seen: list[tuple[str, str, dict[str, Any]]] | None = None
        self.fault: Fault | None = None
        self.way: Fault | None = None
        """A shorter one to moto than the client's own."""
        self._lock = threading.RLock()

    @contextmanager
    def installed(self) -> Iterator[None]:
        original = botocore.client.BaseClient._make_api_call
        hook = self

        def hooked(client: Any, operation: str, arguments: dict[str, Any]) -> Any:
            service = client.meta.service_model.service_name

            def call() -> Any:
                with hook._lock:
                    if hook.way is None:
                        return original(client, operation, arguments)
                    return hook.way(service, operation, arguments, lambda: original(client, operation, arguments))

            hook.calls[service, operation] += 1
            if hook.seen is not None:
                hook.seen.append((service, operation, arguments))
            return hook.fault(service, operation, arguments, call) if hook.fault else call()

        botocore.client.BaseClient._make_api_call = hooked
        try:
            yield
        finally:
            botocore.client.BaseClient._make_api_call = original

    @contextmanager
    def watched(self) -> Iterator[list[tuple[str, str, dict[str, Any]]]]:
        """The calls made inside, with their arguments."""
        self.seen = []
        try:
            yield self.seen
        finally:
            self.seen = None


@contextmanager
def clients_kept() -> Iterator[None]:
    """A bed's sessions and clients are those of the bed before it, and its key's unused private half: making any of
    them takes longer than most tests."""
    with (
        mock.patch.object(aws, "session", _session),
        mock.patch.object(pynamodb.connection.base, "get_session", _session),
        mock.patch.object(Session, "create_client", _client),
        mock.patch.object(kms, "generate_private_key", _private_key),
    ):
        yield


_private_key = cache(kms.generate_private_key)
_session = cache(get_session)
_create = Session.create_client
_clients: dict[tuple[str, ...], Any] = {}


def _client(session: Session, service: str, *given: Any, **named: Any) -> Any:
    """Equal asking, equal client: all beds have the same credentials."""
    config = vars(named["config"]) if named.get("config") else {}
    asked = (service, repr(given), repr(sorted({**named, "config": sorted(config.items(), key=str)}.items())))
    if asked not in _clients:
        _clients[asked] = _create(session, service, *given, **named)
    return _clients[asked]
