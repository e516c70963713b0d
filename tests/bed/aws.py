"""One hook round every call to AWS, PynamoDB's included: a lock (moto has no isolation), a count, and faults."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from unittest import mock

import botocore.client
from botocore.loaders import JSONFileLoader

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
def descriptions_kept() -> Iterator[None]:
    """botocore's descriptions of the services are read once a process, not once a session."""
    with mock.patch.object(JSONFileLoader, "load_file", _described):
        yield


_load_file = JSONFileLoader.load_file


@cache
def _file(path: str) -> Any:
    return _load_file(JSONFileLoader(), path)


def _described(loader: JSONFileLoader, path: str) -> Any:
    return _file(path)
