"""Plain HTTP to the outside, with a time limit, a size limit and no redirects. urllib3 comes with
botocore.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

Transport = Callable[[str, str, Mapping[str, str], bytes], tuple[int, bytes]]
"""(method, path, headers, body) -> (status, body). Raises OSError when there is no whole answer in time."""

MOST_BYTES = 256 * 1024


class NoAnswer(OSError):
    """The peer did not answer in time, hung up, or said more than anyone would."""


@cache
def _pool() -> Any:
    from urllib3 import PoolManager

    return PoolManager(num_pools=4, maxsize=4, retries=False)


def over_http(base_url: str, limit_s: float) -> Transport:
    """A transport to one base address. Repeating a call is left to those who know its key."""

    def call(method: str, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
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
                content = answer.read(MOST_BYTES + 1)
            finally:
                # What was not read to its end must not be the start of somebody else's answer.
                answer.release_conn() if answer.closed else answer.close()
        except HTTPError as error:
            raise NoAnswer(type(error).__name__) from None
        if len(content) > MOST_BYTES:
            raise NoAnswer("too much")
        return int(answer.status), bytes(content)

    return call
