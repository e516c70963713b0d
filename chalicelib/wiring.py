"""The only place where services meet store and gateways. Everything is made when first needed, once per process.

Imports stand inside the functions, so that a function which never sends an e-mail never loads what sends one.
"""

import random
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from .config import config, real_now, trace
from .domain.instants import Instant
from .domain.person import Channel
from .domain.ports import (
    Carrier,
    Chats,
    Files,
    Identity,
    Payments,
    RealNames,
    RowKey,
    Sender,
    TextIn,
    Undelivered,
    WakeQueue,
    Watch,
)
from .domain.writes import Row

if TYPE_CHECKING:
    from .gateways.phone_codes import PhoneCodes
    from .services.world import World

K = TypeVar("K")
V = TypeVar("V")


def now() -> Instant:
    """The stage's clock: real time, except on demo stages."""
    return config().now()


def in_real_time() -> bool:
    """Whether the stage's clock is everybody's; demo stages have a story's."""
    return config().clock_start_ms is None


def tick_ms() -> int:
    return config().tick_ms


__all__ = ["during", "identity", "now", "queue", "real_now", "secrets", "tick_ms", "watch", "world"]


@cache
def world() -> "World":
    """What use cases are given of the outside. The table's client comes from the session that makes all others."""
    from .gateways import aws
    from .gateways.texts import Wording
    from .gateways.vault import SealedVault
    from .services.world import World
    from .store.timers import DynamoStore

    settings = config()
    return World(
        store=DynamoStore(settings.table, settings.region, session=aws.session()),
        payments=Made(providers, provider),
        senders=Made(lambda: Channel, sender),
        vault=SealedVault(settings.vault_table, settings.key_arn),
        identity=identity(),
        queue=queue(),
        files=files(),
        carriers=Made(carriers, carrier),
        texts=Wording(),
        watch=watch(),
        chats=chats(),
        draw=random.SystemRandom().random,
        new_id=lambda: uuid.uuid4().hex[:20],
        rest=lambda ms: time.sleep(ms / 1000),
        public_url=settings.public_url,
        home=settings.home,
        lease=settings.tick_ms,
        platform_bp=settings.platform_fee_bp,
        link_keys=lambda: _both("cursor_key"),
        real_names=real_names(),
    )


def real_names() -> RealNames | None:
    """Only stages that play with money ask for names so far; a real verifier is one more gateway and a line here."""
    if "sandbox" not in providers():
        return None
    from .gateways.real_names import SandboxRealNames

    return SandboxRealNames()


@cache
def identity() -> Identity:
    settings = config()
    if settings.signing_key_arn:
        return phone_codes()
    from .gateways.identity import Pool

    return Pool(
        issuer=settings.issuer,
        audience=settings.audience,
        jwks_url=settings.jwks_url,
        user_pool_id=settings.user_pool_id,
    )


def phone_codes() -> "PhoneCodes":
    """Log-in by our own codes, where the region has no user pool."""
    from .gateways.phone_codes import PhoneCodes

    settings = config()
    return PhoneCodes(
        issuer=settings.issuer,
        audience=settings.audience,
        token_key=settings.signing_key_arn,
        table=settings.vault_table,
        seal_key=settings.key_arn,
        hash_key=lambda: secrets()["people_key"],
        codes=LoginCodes(),
    )


class LoginCodes:
    """What log-in without a user pool needs of the services; imported when first used, for the authorizer has none."""

    def send(self, phone: str) -> None:
        from .services.people import log_in

        log_in.send_code(world(), phone, key=secrets()["cursor_key"], now=now())

    def is_right(self, phone: str, code: str) -> bool:
        from .services.people import log_in

        return log_in.check_code(world(), phone, code, key=secrets()["cursor_key"], now=now())

    def is_waiting(self, phone: str) -> bool:
        from .services.people import log_in

        return log_in.is_waiting(world(), phone, key=secrets()["cursor_key"], now=now())


@cache
def queue() -> WakeQueue:
    from .gateways.queue import Queue

    return Queue(config().wake_queue_url, config().clock_speed)


@cache
def files() -> Files:
    from .gateways.files import Bucket

    return Bucket(config().files)


def row_in(image: dict[str, Any]) -> Row:
    """The row in a stream record's image. Raises Broken for one that nobody can read."""
    from .store.rows import from_image

    return from_image(image)


def asked_in(body: str) -> RowKey | tuple[str, int]:
    """What a message of the wake queue asks for. Raises Broken for anything else."""
    from .gateways.queue import decode

    return decode(body)


def heard_in(event: Mapping[str, Any]) -> list[Undelivered | TextIn]:
    """What an event of the topic, or of a log of deliveries, tells us."""
    from .gateways.heard import parsed

    return parsed(event)


@cache
def watch() -> Watch:
    from .gateways.watch import Lines

    return Lines(config().stage, release=config().release)


def during(function: str, request: str, **ids: str) -> AbstractContextManager[None]:
    """Lines written meanwhile say which piece of work they belong to."""
    from .gateways.watch import during

    return during(function=function, request=request, trace=trace(), **ids)


@cache
def chats() -> Chats:
    from .gateways.chat import Robots

    return Robots(real_now)


@cache
def secrets() -> Mapping[str, str]:
    from .gateways.secrets import Secrets

    return Secrets(config().secret_arn)()


@cache
def provider(name: str) -> Payments:
    return PROVIDERS[name.removesuffix("_card")](name)


def _sandbox(name: str) -> Payments:
    from .gateways.payments.sandbox import Sandbox

    return Sandbox(config().sandbox_url, secrets()["sandbox_api_key"], _both("sandbox_webhook"), name=name)


def _transfer(name: str) -> Payments:
    from .gateways.payments.transfer import Transfer

    return Transfer(config().transfer_account)


def _stripe(name: str) -> Payments:
    from .gateways.payments.stripe import Stripe

    return Stripe(
        secrets()["stripe_api_key"],
        _both("stripe_webhook"),
        publishable_key=secrets().get("stripe_publishable", ""),
        base_url=config().stripe_url,
        pay_url=config().stripe_pay_url,
    )


def _wechat(name: str) -> Payments:
    from .gateways.payments.wechat import Wechat

    keys = secrets()
    known = {}
    if named := keys.get("wechat_public_key_id", ""):
        known[named] = keys["wechat_public_key"]
    if old := keys.get("wechat_public_key_id_old", ""):
        known[old] = keys["wechat_public_key_old"]
    return Wechat(
        mchid=keys["wechat_mchid"],
        appid=keys["wechat_appid"],
        serial=keys["wechat_serial"],
        private_key=keys["wechat_private_key"],
        api_v3_key=keys["wechat_api_v3_key"],
        public_keys=known,
        notify_url=f"{config().public_url}/webhooks/wechat",
        base_url=config().wechat_url,
        clock=now,
    )


def _alipay(name: str) -> Payments:
    from .gateways.payments.alipay import Alipay

    keys = secrets()
    return Alipay(
        app_id=keys["alipay_app_id"],
        private_key=keys["alipay_private_key"],
        public_keys=_both("alipay_public_key"),
        notify_url=f"{config().public_url}/webhooks/alipay",
        base_url=config().alipay_url,
        clock=now,
    )


def _both(name: str) -> list[str]:
    """A webhook's secret, and the one before it while it is being rotated out."""
    return [secret for secret in (secrets()[name], secrets().get(f"{name}_old", "")) if secret]


PROVIDERS: Mapping[str, Callable[[str], Payments]] = {
    "sandbox": _sandbox,
    "transfer": _transfer,
    "stripe": _stripe,
    "wechat": _wechat,
    "alipay": _alipay,
}


@cache
def sender(channel: Channel) -> Sender:
    if channel is Channel.SMS:
        from .gateways.sms import Sms

        return Sms(config().sms_sender)
    from .gateways.email import Email

    return Email(config().email_from, config().email_reports)


@cache
def carrier(name: str) -> Carrier:
    """The one there is: real carriers come beside it, each a module of its own."""
    from .gateways.carriers.sandbox import SandboxCarrier

    keys = secrets()
    old = keys.get("carrier_webhook_old", "")
    return SandboxCarrier(
        config().carrier_url, keys["carrier_api_key"], [keys["carrier_webhook"], *([old] if old else [])]
    )


def carriers() -> tuple[str, ...]:
    """The carriers this stage is connected to."""
    return ("sandbox",) if config().carrier_url else ()


def providers() -> tuple[str, ...]:
    """The payment providers of this stage."""
    usual = ("sandbox", "sandbox_card", "transfer") if config().sandbox_url else ("transfer",)
    return config().providers or usual


class Made(Mapping[K, V]):
    """What this stage has, by name; each is made when first used."""

    def __init__(self, names: Callable[[], Iterable[K]], make: Callable[[K], V]) -> None:
        self._names, self._make = names, make

    def __getitem__(self, name: K) -> V:
        if name not in self._names():
            raise KeyError(name)
        return self._make(name)

    def __iter__(self) -> Iterator[K]:
        return iter(self._names())

    def __len__(self) -> int:
        return len(tuple(self._names()))

    def __contains__(self, name: object) -> bool:
        return name in tuple(self._names())
