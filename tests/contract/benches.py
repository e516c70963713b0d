"""Payment providers on the bench: what the contract suite needs of each. A new provider is a class and a line."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from chalicelib.domain.instants import HOUR, Instant
from chalicelib.domain.ports import Answer, Charge, MoveKind, Part, Payments, Released
from chalicelib.gateways.payments.alipay import Alipay
from chalicelib.gateways.payments.sandbox import Sandbox
from chalicelib.gateways.payments.stripe import Stripe
from chalicelib.gateways.payments.transfer import Transfer
from chalicelib.gateways.payments.wechat import Wechat
from infra.local.peers.chinese import AlipayPeer, WechatPeer, key_pair
from infra.local.peers.localstripe import backend, running
from infra.local.peers.stripe import StripePeer
from infra.local.sandbox import releases
from infra.local.sandbox_provider import Fault, SandboxProvider, Server

STORY_START: Instant = 1_764_000_000_000
SECRET, OLD_SECRET = "now-" + "n" * 40, "old-" + "o" * 40
API_KEY = "key-of-the-bench"


class Bench:
    """A gateway, the peer behind it, and the hands of the buyer. Time is the bench's own.

    `expires`: the provider closes a payment that is not made in time; `disputes`: buyers' banks take money back there;
    `forgets`: a key is forgotten after a day; `tells_refunds`: what becomes of one is reported, and can be seen;
    `fresh`: its reports carry a time; `rotates`: they are signed with a shared secret. `currency` is one it takes.
    """

    gateway: Payments
    expires = True
    disputes = True
    fresh = True
    rotates = True
    forgets = True
    tells_refunds = True
    currency = "CNY"
    account = "acct_1"

    def __init__(self) -> None:
        self.now: Instant = STORY_START
        self.refs: dict[str, str | None] = {}

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

    def start(
        self,
        key: str = "pay-1",
        amount_minor: int = 1_000,
        expires_in: int = HOUR,
        *,
        hold: bool = False,
        split: bool = False,
    ):
        charge = Charge(
            key=key,
            amount_minor=amount_minor,
            currency=self.currency,
            expires_at=self.now + expires_in,
            title="苹果🍎",
            split=split,
        )
        answer = self.gateway.authorise(charge) if hold else self.gateway.start(charge)
        self.refs.setdefault(key, answer.ref)
        return answer

    def seen(self, key: str = "pay-1") -> Answer:
        """A look-up, as whoever started the payment makes it."""
        return self.gateway.look_up_payment(key, self.refs.get(key))

    def refund(self, key: str = "refund-1", *, payment_ref: str, amount_minor: int = 1_000):
        return self.gateway.refund(self.part(key, payment_ref, amount_minor), paid_minor=1_000)

    def part(self, key: str, payment_ref: str, amount_minor: int) -> Part:
        return Part(key=key, payment_ref=payment_ref, amount_minor=amount_minor, currency=self.currency)

    def paid(self, key: str = "pay-1", amount_minor: int = 1_000, *, hold: bool = False, split: bool = False) -> str:
        """A payment that has been made; its ref."""
        self.start(key, amount_minor, hold=hold, split=split)
        self.buyer_pays(key)
        ref = self.seen(key).ref
        assert ref is not None
        return ref

    def says(self, reason: str) -> str:
        """What the provider calls a refusal for this reason."""
        return "abnormal" if self.gateway.name == "wechat" else reason

    def spelled_refund(self, key: str) -> str:
        return self.gateway.spelled(key, MoveKind.REFUND)

    def capture(self, payment_ref: str, amount_minor: int = 1_000, key: str = "pay-1.capture.1"):
        return self.gateway.capture(self.part(key, payment_ref, amount_minor))


class PeerBench(Bench):
    """A bench whose peer remembers as the sandbox provider does, in whatever words it speaks."""

    provider: SandboxProvider

    def buyer_pays(self, key: str) -> None:
        self.provider.pay(next(p.ref for p in self.provider.state.payments.values() if p.key == key))

    def webhooks(self) -> list[tuple[Mapping[str, str], bytes]]:
        return [self.provider.signed(webhook) for webhook in self.provider.take_due()]

    def breaks(self, kind: str, **how: object) -> None:
        self.provider.faults.append(Fault(kind=kind, **how))

    def moved(self, payment_ref: str) -> int:
        return self.provider.refunded(payment_ref)

    def out(self, payment_ref: str) -> int:
        """What payees really have of a payment."""
        return releases.out_of(self.provider, payment_ref)

    def release(self, payment_ref: str, amount_minor: int = 700, key: str = "rel-1.1"):
        return self.gateway.release(self.part(key, payment_ref, amount_minor), self.account)

    def take_back(self, payment_ref: str, amount_minor: int, key: str = "back-1.1", of: str = "rel-1.1"):
        return self.gateway.take_back(self.part(key, payment_ref, amount_minor), self.let_out(payment_ref, of))

    def let_out(self, payment_ref: str, of: str = "rel-1.1") -> Released:
        ref = self.gateway.look_up_release(of, payment_ref).ref or ""
        return Released(key=of, ref=ref, payment_ref=payment_ref, account=self.account)


class SandboxBench(PeerBench):
    def __init__(self, name: str = "sandbox") -> None:
        super().__init__()
        self.provider = SandboxProvider(lambda: self.now, secrets=(SECRET,), api_key=API_KEY)
        self.gateway = Sandbox("", API_KEY, (SECRET, OLD_SECRET), name=name, transport=self.provider.transport)


class StripeBench(PeerBench):
    expires = False

    def __init__(self) -> None:
        super().__init__()
        self.provider = StripePeer(lambda: self.now, secrets=(SECRET,), api_key=f"sk_test_{API_KEY}")
        self.gateway = self.made(exchange=self.provider.exchange)

    def made(self, **how: object) -> Stripe:
        return Stripe(f"sk_test_{API_KEY}", (SECRET, OLD_SECRET), pay_url="https://pay.invalid/", **how)


class WechatBench(PeerBench):
    account = "1900000109"
    disputes = rotates = forgets = False

    def __init__(self) -> None:
        super().__init__()
        self.provider = WechatPeer(lambda: self.now)
        self.gateway = self.made(self.provider.exchange)

    def made(self, exchange: object, **over: object) -> Wechat:
        peer = WechatPeer
        known = {
            "mchid": peer.mchid, "appid": peer.appid, "serial": peer.merchant_serial, "api_v3_key": peer.v3,
            "private_key": key_pair("wechat-merchant")[1], "public_keys": {peer.SERIAL: key_pair("wechat")[2]},
            "notify_url": "https://tuan.invalid/webhooks/wechat", "clock": lambda: self.now,
        }  # fmt: skip
        return Wechat(**known | over, exchange=exchange)


class AlipayBench(PeerBench):
    account = "2088123412341234"
    disputes = rotates = forgets = tells_refunds = fresh = False

    def __init__(self) -> None:
        super().__init__()
        self.provider = AlipayPeer(lambda: self.now)
        self.gateway = self.made(self.provider.exchange)

    def made(self, exchange: object, **over: object) -> Alipay:
        known = {
            "app_id": AlipayPeer.app_id, "private_key": key_pair("alipay-merchant")[1],
            "public_keys": [key_pair("alipay")[2]], "notify_url": "https://tuan.invalid/webhooks/alipay",
            "clock": lambda: self.now,
        }  # fmt: skip
        return Alipay(**known | over, exchange=exchange)


@contextmanager
def wechat() -> Iterator[Bench]:
    yield WechatBench()


@contextmanager
def wechat_http() -> Iterator[Bench]:
    bench = WechatBench()
    server = Server(bench.provider).start()
    bench.gateway = bench.made(None, base_url=server.url)
    try:
        yield bench
    finally:
        server.stop()


@contextmanager
def alipay() -> Iterator[Bench]:
    yield AlipayBench()


@contextmanager
def localstripe() -> Iterator[Bench]:
    """Stripe's own shape of every intent, capture and refund: a real server behind the peer."""
    bench = StripeBench()
    bench.provider.backend = backend(running())
    yield bench


@contextmanager
def sandbox() -> Iterator[Bench]:
    yield SandboxBench()


@contextmanager
def sandbox_card() -> Iterator[Bench]:
    yield SandboxBench("sandbox_card")


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
def stripe() -> Iterator[Bench]:
    yield StripeBench()


@contextmanager
def stripe_http() -> Iterator[Bench]:
    bench = StripeBench()
    server = Server(bench.provider).start()
    bench.gateway = bench.made(base_url=server.url)
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


HOLDERS = {"sandbox-card": sandbox_card, "stripe": stripe, "stripe-http": stripe_http, "localstripe": localstripe}
CHINESE = {"wechat": wechat, "wechat-http": wechat_http, "alipay": alipay}
MACHINES = {"sandbox": sandbox, "sandbox-http": sandbox_http, **HOLDERS, **CHINESE}
SPLITTERS = {"sandbox": sandbox, "stripe": stripe, "wechat": wechat, "alipay": alipay}
BENCHES = MACHINES | {"transfer": transfer}
