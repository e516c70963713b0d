"""Asks a deployed API what anyone may ask, and sees that it refuses what it must: `python -m infra.smoke URL`."""

import json
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

TIMEOUT_S = 20


def failures(url: str) -> list[str]:
    """What is wrong with the API at this address; empty when nothing is."""
    return list(_failures(url.rstrip("/")))


def _failures(url: str) -> Iterator[str]:
    for path, expected in (("/health", "status"), ("/openapi.json", "openapi"), ("/hall", "items")):
        status, body = ask(f"{url}{path}")
        if status != 200 or expected not in body:
            yield f"GET {path}: {status}, {str(body)[:200]}"
    for method, path, code in (
        ("GET", "/orders", "not_signed_in"),
        ("GET", "/groups/no-such-group", "group_not_found"),
    ):
        status, body = ask(f"{url}{path}", method)
        if status not in (401, 404) or body.get("code") != code:
            yield f"{method} {path}: {status}, {str(body)[:200]}, and not {code}"


def ask(url: str, method: str = "GET") -> tuple[int, dict[str, Any]]:
    """(status, JSON body); (0, what happened) when nobody answered."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=TIMEOUT_S) as answer:
            return answer.status, _object(answer.read())
    except urllib.error.HTTPError as refused:
        return refused.code, _object(refused.read())
    except OSError as error:
        return 0, {"error": str(error)}


def _object(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except ValueError:
        return {"text": body[:200].decode(errors="replace")}
    return said if isinstance(said, dict) else {"list": said}


if __name__ == "__main__":
    wrong = failures(sys.argv[1])
    print("\n".join(wrong) or "all well")
    sys.exit(bool(wrong))
