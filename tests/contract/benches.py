"""Payment providers on the bench: what the contract suite needs of each. A new provider is a class and a line."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from chalicelib.domain.instants import HOUR, Instant
from chalicelib.domain.ports import Payments
from chalicelib.gateways.payments.sandbox import Sandbox
from chalicelib.gateways.payments.transfer import Transfer
from infra.local.sandbox_provider import Fault, SandboxProvider, Server

STORY_START: Instant = 1_764_000_000_000
SECRET, OLD_SECRET = "now-" + "n" * 40, "old-" + "o" * 40
API_KEY = "key-of-the-bench"


class Bench:
    """A gateway, the peer behind it, and the hands of the buyer. Time is the bench's own."""

    gateway: Payments

    def __init__(self) -> None:
        self.now: Instant = STORY_START

    def later(self, ms: int) -> None:
        self.now += ms

    def buyer_pays(self, key: str) -> None:
        raise NotImplementedError

    def webhooks(self) -> list[tuple[Mapping[str, str], bytes]]:
        """What the provider sends by now."""
        return []

    def breaks(self, kind: str, **how: object) -> None:
        """Scripts a misbehaviour of the peer."""
        raise NotImplementedError

    def moved(self, payment_ref: str) -> int:
        """What the provider really paid back of a payment."""
        raise NotImplementedError

    def start(self, key: str = "pay-1", amount_minor: int = 1_000, expires_in: int = HOUR):
        return self.gateway.start(
            key=key, amount_minor=amount_minor, currency="CNY", expires_at=self.now + expires_in, title="苹果🍎"
        )

    def refund(self, key: str = "refund-1", *, payment_ref: str, amount_minor: int = 1_000):
        return self.gateway.refund(
            key=key, payment_ref=payment_ref, amount_minor=amount_minor, currency="CNY", paid_minor=1_000
        )

    def paid(self, key: str = "pay-1", amount_minor: int = 1_000) -> str:
        """A payment that has been made; its ref."""
        self.start(key, amount_minor)
        self.buyer_pays(key)
        ref = self.gateway.look_up_payment(key).ref
        assert ref is not None
        return ref


class SandboxBench(Bench):
    def __init__(self) -> None:
        super().__init__()
        self.provider = SandboxProvider(lambda: self.now, secrets=(SECRET,), api_key=API_KEY)
        self.gateway = Sandbox("", API_KEY, (SECRET, OLD_SECRET), transport=self.provider.transport)

    def buyer_pays(self, key: str) -> None:
        self.provider.pay(next(p.ref for p in self.provider.state.payments.values() if p.key == key))

    def webhooks(self) -> list[tuple[Mapping[str, str], bytes]]:
        return [self.provider.signed(webhook) for webhook in self.provider.take_due()]

    def breaks(self, kind: str, **how: object) -> None:
        self.provider.faults.append(Fault(kind=kind, **how))

    def moved(self, payment_ref: str) -> int:
        return self.provider.refunded(payment_ref)


@contextmanager
def sandbox() -> Iterator[Bench]:
    yield SandboxBench()


@contextmanager
def sandbox_http() -> Iterator[Bench]:
    """The same over a real loopback connection."""
    bench = SandboxBench()
    server = Server(bench.provider).start()
    bench.gateway = Sandbox(server.url, API_KEY, (SECRET, OLD_SECRET))
    try:
        yield bench
    finally:
        server.stop()


@contextmanager
def transfer() -> Iterator[Bench]:
    """No machine answers here, a person does: all stays pending."""
    bench = Bench()
    bench.gateway = Transfer("Tuan Bank, 6222 0000 0000 0000")
    yield bench


MACHINES = {"sandbox": sandbox, "sandbox-http": sandbox_http}
BENCHES = MACHINES | {"transfer": transfer}
