"""Plain HTTP to the outside, with a time limit, a size limit and no redirects. urllib3 comes with
botocore.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

Transport = Callable[[str, str, Mapping[str, str], bytes], tuple[int, bytes]]
"""(method, path, headers, body) -> (status, body). Raises OSError when there is no whole answer in time."""

Exchange = Callable[[str, str, Mapping[str, str], bytes], tuple[int, Mapping[str, str], bytes]]
"""The same with the answer's headers, their names in lower case: for peers who sign what they say."""

MOST_BYTES = 256 * 1024


class NoAnswer(OSError):
    """The peer did not answer in time, hung up, or said more than anyone would."""


@cache
def _pool() -> Any:
    from urllib3 import PoolManager

    return PoolManager(num_pools=4, maxsize=4, retries=False)


def over_http(base_url: str, limit_s: float) -> Transport:
    """A transport to one base address. Repeating a call is left to those who know its key."""
    whole = exchange(base_url, limit_s)

    def call(method: str, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        status, _, content = whole(method, path, headers, body)
        return status, content

    return call


def exchange(base_url: str, limit_s: float, most_bytes: int = MOST_BYTES) -> Exchange:
    """As `over_http`, headers included."""

    def call(method: str, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, Mapping[str, str], bytes]:
        from urllib3 import Timeout
        from urllib3.exceptions import HTTPError

        try:
            answer = _pool().request(
                method,
                base_url.rstrip("/") + path,
                body=body or None,
                headers=dict(headers),
                timeout=Timeout(connect=min(1.0, limit_s), total=limit_s),
                redirect=False,
                preload_content=False,
            )
            try:
                content = answer.read(most_bytes + 1)
            finally:
                # What was not read to its end must not be the start of somebody else's answer.
                answer.release_conn() if answer.closed else answer.close()
        except HTTPError as error:
            raise NoAnswer(type(error).__name__) from None
        if len(content) > most_bytes:
            raise NoAnswer("too much")
        said = {name.lower(): value for name, value in answer.headers.items()}
        return int(answer.status), said, bytes(content)

    return call
