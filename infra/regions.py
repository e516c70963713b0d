"""Reads `infra/regions/NAME.toml`: one cell's account, place, money, languages, providers, contacts and limits.

Whatever is wrong with a file is said at once, each mistake with its place and what to write instead.
"""

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import boto3
import msgspec
from msgspec import Struct

from infra.package import ROOT

REGIONS = ROOT / "infra" / "regions"
PROVIDERS = ("sandbox", "sandbox_card", "transfer", "stripe", "wechat", "alipay")
LAYERED = {"stripe", "wechat", "alipay"}
LOCALES = ("zh", "en")
CURRENCIES = ("CNY", "HKD", "TWD", "SGD", "EUR", "USD", "GBP", "JPY", "KRW", "MYR", "AUD", "CAD", "CHF")
SHIFTS = re.compile(r"AllAtOnce|(Canary\d+Percent\d+Minutes|Linear\d+PercentEvery\d+Minutes?)")
MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
STAGE = re.compile(r"[a-z][a-z0-9-]{1,20}")


@cache
def session() -> boto3.Session:
    """One for all questions: each session reads the list of the world's endpoints anew."""
    return boto3.Session()


@cache
def partition_of(region: str) -> str:
    return str(session().get_partition_for_region(region))


@cache
def regions_of(service: str, partition: str) -> frozenset[str]:
    return frozenset(session().get_available_regions(service, partition))


class BadRegion(Exception):
    """The file describes no cell; each line of the message is one mistake."""


class Part(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A word that means nothing is refused: it would be a setting that does not take effect."""


class Contact(Part, frozen=True, kw_only=True):
    """`sms_log` is the log group in which SNS notes SMS that were not delivered (docs/operations.md)."""

    public_url: str
    email_from: str = ""
    sms_sender: str = ""
    sms_log: str = ""


class Payments(Part, frozen=True, kw_only=True):
    providers: tuple[str, ...]
    transfer_account: str = ""
    stripe_pay_url: str = ""


class Alarms(Part, frozen=True, kw_only=True):
    contact: str


class Limits(Part, frozen=True, kw_only=True):
    """`account_concurrency`: of Lambda in the whole account and region; an alarm goes off at four fifths of it."""

    requests_per_second: int
    request_burst: int
    worker_concurrency: int
    account_concurrency: int
    sms_usd_per_month: int
    budget_usd_per_month: int
    log_days: int = 30


class Stage(Part, frozen=True, kw_only=True):
    """`shift` is CodeDeploy's name of how a new version takes over; `bake_minutes` how long alarms are watched then."""

    protected: bool
    shift: str = "Canary10Percent5Minutes"
    bake_minutes: int = 10
    password_login: bool = False
    traced: bool = False
    sandbox_url: str = ""
    carrier_url: str = ""
    budget_usd_per_month: int | None = None


class Cell(Part, frozen=True, kw_only=True):
    """What a region file says."""

    account: str
    region: str
    zone: str
    currency: str
    locales: tuple[str, ...]
    quiet_hours: tuple[str, str]
    identity: Literal["cognito", "phone-codes"]
    contact: Contact
    payments: Payments
    alarms: Alarms
    limits: Limits
    stages: dict[str, Stage]

    @property
    def partition(self) -> str:
        return partition_of(self.region)

    def methods(self, stage: Stage) -> list[str]:
        """How people pay on a stage: what the region offers, and play money where that is allowed."""
        play = ["sandbox", "sandbox_card"] if stage.sandbox_url else []
        return list(dict.fromkeys([*self.payments.providers, *play]))

    def settings(self, stage_name: str) -> dict[str, str]:
        """As the templates' parameters."""
        stage, limits = self.stages[stage_name], self.limits
        budget = limits.budget_usd_per_month if stage.budget_usd_per_month is None else stage.budget_usd_per_month
        return {
            "Protected": spelled(stage.protected),
            "PasswordLogin": spelled(stage.password_login),
            "Tracing": "Active" if stage.traced else "PassThrough",
            "Shift": stage.shift,
            "SandboxUrl": stage.sandbox_url,
            "CarrierUrl": stage.carrier_url,
            "Providers": ",".join(self.methods(stage)),
            "WithPaymentsLayer": spelled(bool(LAYERED & set(self.payments.providers))),
            "StripePayUrl": self.payments.stripe_pay_url,
            "TransferAccount": self.payments.transfer_account,
            "PublicUrl": self.contact.public_url,
            "EmailFrom": self.contact.email_from,
            "SmsSender": self.contact.sms_sender,
            "SmsLog": self.contact.sms_log,
            "Zone": self.zone,
            "Language": self.locales[0],
            "QuietHours": "-".join(self.quiet_hours),
            "OperatorEmail": self.alarms.contact,
            "RequestsPerSecond": str(limits.requests_per_second),
            "RequestBurst": str(limits.request_burst),
            "WorkerConcurrency": str(limits.worker_concurrency),
            "BusyConcurrency": str(limits.account_concurrency * 4 // 5),
            "SmsUsdAlarm": str(limits.sms_usd_per_month * 4 // 5),
            "BudgetUsd": str(budget),
            "LogDays": str(limits.log_days),
        }


def names() -> list[str]:
    return sorted(path.stem for path in REGIONS.glob("*.toml"))


def read(name: str, folder: Path = REGIONS) -> Cell:
    """Raises BadRegion."""
    path = folder / f"{name}.toml"
    if not path.exists():
        raise BadRegion(f"there is no {path.name} in infra/regions; there are: {', '.join(names()) or 'none'}")
    try:
        said: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        cell = msgspec.convert(said, Cell)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise BadRegion(f"{path.name}: {error}") from None
    wrong = [f"{path.name}: {mistake}" for mistake in mistakes(cell)]
    if wrong:
        raise BadRegion("\n".join(wrong))
    return cell


def mistakes(cell: Cell) -> Iterator[str]:
    yield from _place(cell)
    yield from _contacts(cell)
    yield from _payments(cell)
    yield from _limits(cell.limits)
    if not cell.stages:
        yield "stages: describe at least one, as [stages.prod]"
    for name, stage in cell.stages.items():
        yield from _stage(cell, name, stage)


def _place(cell: Cell) -> Iterator[str]:
    if not re.fullmatch(r"\d{12}", cell.account):
        yield f"account: “{cell.account}” is no account number: write its 12 digits"
    if cell.region not in regions_of("lambda", cell.partition):
        yield f"region: AWS has no “{cell.region}”: write a name such as eu-central-1"
    try:
        ZoneInfo(cell.zone)
    except (OSError, ValueError, KeyError):
        yield f"zone: there is no time zone “{cell.zone}”: write a name such as Europe/Berlin"
    if cell.currency not in CURRENCIES:
        yield f"currency: “{cell.currency}” is none we take: write one of {', '.join(CURRENCIES)}"
    if not cell.locales:
        yield f"locales: name at least one of {', '.join(LOCALES)}"
    for locale in cell.locales:
        if locale not in LOCALES:
            yield f"locales: we have no words in “{locale}”: write some of {', '.join(LOCALES)}"
    for clock in cell.quiet_hours:
        if not CLOCK.fullmatch(clock):
            yield f"quiet_hours: “{clock}” is no time: write two, as 22:00 and 08:00"


def _contacts(cell: Cell) -> Iterator[str]:
    contact = cell.contact
    if not re.fullmatch(r"https://[^\s/]+", contact.public_url):
        yield f"contact.public_url: “{contact.public_url}”: write https:// and a host, and nothing behind it"
    if contact.email_from and not MAIL.fullmatch(contact.email_from):
        yield f"contact.email_from: “{contact.email_from}” is no address"
    if not contact.email_from and not contact.sms_sender:
        yield "contact: give email_from or sms_sender, or nobody can be told anything"
    if len(contact.sms_sender) > 11:
        yield f"contact.sms_sender: “{contact.sms_sender}” is too long: at most 11 characters"
    if not MAIL.fullmatch(cell.alarms.contact):
        yield f"alarms.contact: “{cell.alarms.contact}” is no e-mail address, and alarms must reach somebody"


def _payments(cell: Cell) -> Iterator[str]:
    for provider in cell.payments.providers:
        if provider not in PROVIDERS:
            yield f"payments.providers: there is no gateway for “{provider}”: choose of {', '.join(PROVIDERS)}"
    if not cell.payments.providers:
        yield "payments.providers: name at least one, or nobody can pay"
    chinese = {"wechat", "alipay"} & set(cell.payments.providers)
    if chinese and cell.currency != "CNY":
        yield f"payments.providers: {', '.join(sorted(chinese))} take CNY only, and the currency is {cell.currency}"
    if "transfer" in cell.payments.providers and not cell.payments.transfer_account:
        yield "payments.transfer_account: bank transfers need an account to go to"


def _limits(limits: Limits) -> Iterator[str]:
    for name in ("requests_per_second", "request_burst", "worker_concurrency", "account_concurrency", "log_days"):
        if getattr(limits, name) < 1:
            yield f"limits.{name}: must be 1 or more"
    for name in ("sms_usd_per_month", "budget_usd_per_month"):
        if getattr(limits, name) < 0:
            yield f"limits.{name}: must be 0 or more"
    if limits.request_burst < limits.requests_per_second:
        yield "limits.request_burst: must not be below requests_per_second"
    if not 2 <= limits.worker_concurrency <= limits.account_concurrency // 2:
        yield "limits.worker_concurrency: 2 or more, and at most half of account_concurrency: the API needs the rest"
    if limits.log_days not in (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731):
        yield f"limits.log_days: CloudWatch keeps no logs for {limits.log_days} days: write 7, 14, 30, 60, 90 or 365"


def _stage(cell: Cell, name: str, stage: Stage) -> Iterator[str]:
    if not STAGE.fullmatch(name) or name == "local":
        yield f"stages.{name}: a name of 2 to 21 small letters, digits and dashes, and not “local”"
    if not SHIFTS.fullmatch(stage.shift):
        yield f"stages.{name}.shift: “{stage.shift}” is none of CodeDeploy's: write, say, Canary10Percent5Minutes"
    if not 0 <= stage.bake_minutes <= 180:
        yield f"stages.{name}.bake_minutes: 0 to 180"
    if stage.protected and stage.password_login:
        yield f"stages.{name}.password_login: for stages whose data may be thrown away only"
    if stage.protected and stage.sandbox_url:
        yield f"stages.{name}.sandbox_url: a protected stage must not take play money"
    if {"sandbox", "sandbox_card"} & set(cell.payments.providers) and not stage.sandbox_url:
        yield f"stages.{name}.sandbox_url: the sandbox provider needs an address"


def spelled(flag: bool) -> str:
    return "true" if flag else "false"
