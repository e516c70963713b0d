"""Stripe for a local stack: localstripe, and in front of it the server that has the manners which that lacks.

`python -m infra.local.stripe_provider --port 0 …`, with the options of infra/local/sandbox_provider.py; it keeps
no state, because localstripe's ends with it.
"""

from infra.local.peers.localstripe import backend, running
from infra.local.peers.stripe import StripePeer
from infra.local.sandbox_provider import Server, options, story_clock
from infra.local.serving import until_stopped


def main() -> None:
    said = options(__doc__ or "")
    peer = StripePeer(story_clock(said.clock_start, said.clock_speed), secrets=said.secret, api_key=said.api_key)
    peer.state.webhook_url = said.webhook_url
    peer.backend = backend(running())
    until_stopped(Server(peer, said.port))


if __name__ == "__main__":
    main()
