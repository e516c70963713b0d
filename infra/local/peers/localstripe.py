"""localstripe (PyPI) as a real server on a loopback port of this process: `running()`.

Its own command would listen on every interface and write its state to a common place; here it does neither.
"""

import asyncio
import json
import threading
from collections.abc import Mapping
from functools import cache
from queue import SimpleQueue
from typing import Any
from urllib.parse import urlencode

import urllib3

from infra.local.peer import Problem

from .stripe import Backend

KEY = "sk_test_localstripe"


@cache
def _served() -> str:
    """Its address, served by a thread of this process for as long as that lives: it can be started once."""
    from aiohttp import web
    from localstripe.resources import store  # type: ignore[import-untyped]
    from localstripe.server import app  # type: ignore[import-untyped]

    store.dump_to_disk = lambda: None
    address: SimpleQueue[str] = SimpleQueue()

    async def serve() -> None:
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        address.put(f"http://127.0.0.1:{runner.addresses[0][1]}")

    def work() -> None:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        loop.run_until_complete(serve())
        loop.run_forever()

    threading.Thread(target=work, name="localstripe", daemon=True).start()
    return address.get(timeout=20)


def running() -> str:
    """Its address, with nothing in it."""
    from localstripe.resources import store

    url = _served()
    store.clear()
    return url


def backend(url: str) -> Backend:
    """Calls to it, as the peer in front makes them."""
    pool = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(10.0))

    def call(method: str, path: str, form: Mapping[str, str]) -> Mapping[str, Any]:
        headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/x-www-form-urlencoded"}
        answer = pool.request(method, url + path, body=urlencode(dict(form)).encode(), headers=headers)
        said: Mapping[str, Any] = json.loads(answer.data)
        if answer.status != 200:
            raise Problem(answer.status, str(said.get("error", {}).get("code") or "localstripe"))
        return said

    return call
