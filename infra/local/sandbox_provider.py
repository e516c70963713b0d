"""The sandbox payment provider as a local server: `python -m infra.local.sandbox_provider --port 0 ...`.

Prints one JSON line {"url": ...} when it is ready, and stops cleanly on SIGTERM or Ctrl-C. Its state is then
in the file given by --state and goes on from there at the next start. It listens on loopback only.

Tests use it without a server: `SandboxProvider(clock).transport` is what the gateway calls.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

from infra.local.peer import HungUp, Problem
from infra.local.sandbox.line import SandboxProvider
from infra.local.sandbox.server import Server
from infra.local.sandbox.state import Fault, State, load, save
from infra.local.serving import until_stopped

__all__ = ["Fault", "HungUp", "Problem", "SandboxProvider", "Server", "State", "story_clock"]


def story_clock(start: str, speed: float) -> Callable[[], int]:
    """Milliseconds on the story's clock: `story_ms@real_ms` names one moment on both; empty is real time. Further ones,
    after commas, are moments at which it leaps ahead."""
    anchors = [tuple(map(int, one.split("@"))) for one in start.split(",")] if start else []

    def now() -> int:
        real = time.time_ns() // 1_000_000
        if not anchors:
            return real
        story, since = next((one for one in reversed(anchors) if one[1] <= real), anchors[0])
        return story + round((real - since) * speed)

    return now


def main() -> None:
    said = options(__doc__ or "")
    provider = SandboxProvider(
        story_clock(said.clock_start, said.clock_speed),
        secrets=said.secret or ("sandbox-webhook-secret",),
        api_key=said.api_key,
        state=load(said.state) if said.state else None,
    )
    if said.webhook_url:
        provider.state.webhook_url = said.webhook_url
    until_stopped(Server(provider, said.port))
    if said.state:
        save(provider.state, said.state)


def options(about: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=about.splitlines()[0])
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--webhook-url", default="", help="may also be set later: PUT /settings")
    parser.add_argument("--secret", action="append", help="signs webhooks; twice while rotating")
    parser.add_argument("--api-key", default="sandbox-api-key")
    parser.add_argument("--state", type=Path, help="kept here over a clean stop")
    parser.add_argument("--clock-start", default="", help="story_ms@real_ms")
    parser.add_argument("--clock-speed", type=float, default=1.0, help="story seconds in a real one")
    return parser.parse_args()


if __name__ == "__main__":
    main()
