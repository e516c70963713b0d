"""Stripe for a local stack: localstripe, and in front of it the server that has the manners which that lacks.

`python -m infra.local.stripe_provider --port 0 …`, with the options of infra/local/sandbox_provider.py; it keeps
no state, because localstripe's ends with it.
"""

import contextlib
import signal
from queue import SimpleQueue

from infra.local.peers.localstripe import backend, running
from infra.local.peers.stripe import StripePeer
from infra.local.sandbox.server import ready_line
from infra.local.sandbox_provider import Server, options, story_clock


def main() -> None:
    said = options(__doc__ or "")
    peer = StripePeer(story_clock(said.clock_start, said.clock_speed), secrets=said.secret, api_key=said.api_key)
    peer.state.webhook_url = said.webhook_url
    asked_to_stop: SimpleQueue[None] = SimpleQueue()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signal_number, lambda *_: asked_to_stop.put(None))
    peer.backend = backend(running())
    server = Server(peer, said.port).start()
    print(ready_line(server), flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        asked_to_stop.get()
    server.stop()


if __name__ == "__main__":
    main()
