"""The sandbox carrier on a loopback port: `python -m infra.local.carrier --port 0 ...`.

Prints one JSON line {"url": ...} when it is ready, and stops cleanly on SIGTERM or Ctrl-C. With --state it goes on
at the next start from where it was.
"""

import argparse
from pathlib import Path

import msgspec

from infra.local.carrier.core import CarrierServer, State
from infra.local.sandbox_provider import story_clock
from infra.local.serving import Server, until_stopped


def main() -> None:
    options = _options()
    state = msgspec.json.decode(options.state.read_bytes(), type=State) if _kept(options.state) else State()
    carrier = CarrierServer(
        story_clock(options.clock_start, options.clock_speed),
        secrets=options.secret or ("carrier-secret",),
        api_key=options.api_key,
        state=state,
    )
    carrier.state.callback_url = options.callback_url or carrier.state.callback_url
    carrier.state.pace_ms = options.pace_ms
    until_stopped(Server(carrier, options.port))
    if options.state:
        options.state.parent.mkdir(parents=True, exist_ok=True)
        options.state.write_bytes(msgspec.json.encode(carrier.state))


def _kept(path: Path | None) -> bool:
    return path is not None and path.exists()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--callback-url", default="", help="may also be set later: PUT /settings")
    parser.add_argument("--secret", action="append", help="signs callbacks; twice while rotating")
    parser.add_argument("--api-key", default="carrier-api-key")
    parser.add_argument("--pace-ms", type=int, default=0, help="parcels go by themselves, a step each so often")
    parser.add_argument("--state", type=Path, help="kept here over a clean stop")
    parser.add_argument("--clock-start", default="", help="story_ms@real_ms")
    parser.add_argument("--clock-speed", type=float, default=1.0, help="story seconds in a real one")
    return parser.parse_args()


if __name__ == "__main__":
    main()
