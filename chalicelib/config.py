"""The only reader of the environment: names in the template, typed here, once per process."""

import os
import time
from functools import cache

from .domain.instants import MINUTE, Instant
from .domain.person import CHINA, Home, parse_clock
from .lean import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """`signing_key_arn` signs tokens where there is no user pool; empty where there is one.

    `clock_speed` story seconds pass in a real one, counted from `clock_start_ms` at `clock_real_ms`: both for
    demo stages only, where a day is played in minutes. Real stages run at speed 1 from nowhere. `clock_leaps` are
    moments (story, real) at which that clock leaps ahead, over hours in which nothing is to happen."""

    stage: str
    release: str
    region: str
    table: str
    vault_table: str
    files: str
    wake_queue_url: str
    key_arn: str
    secret_arn: str
    issuer: str
    audience: str
    jwks_url: str
    user_pool_id: str
    signing_key_arn: str
    sandbox_url: str
    carrier_url: str
    providers: tuple[str, ...]
    stripe_url: str
    stripe_pay_url: str
    wechat_url: str
    alipay_url: str
    sms_sender: str
    email_from: str
    email_reports: str
    public_url: str
    home: Home
    transfer_account: str
    platform_fee_bp: int
    clock_start_ms: int | None
    clock_real_ms: int
    clock_speed: float
    clock_leaps: tuple[tuple[int, int], ...] = ()

    def now(self) -> Instant:
        """The time of this stage's clock."""
        real = real_now()
        if self.clock_start_ms is None:
            return real
        anchors = ((self.clock_start_ms, self.clock_real_ms), *self.clock_leaps)
        story, since = next((one for one in reversed(anchors) if one[1] <= real), anchors[0])
        return story + int((real - since) * self.clock_speed)

    @property
    def tick_ms(self) -> int:
        """How much of the stage's time passes between two ticks of the schedule."""
        return int(MINUTE * self.clock_speed)


def real_now() -> Instant:
    return time.time_ns() // 1_000_000


def trace() -> str:
    """The trace this invocation belongs to, where tracing is on. Lambda sets it anew for each."""
    return os.environ.get("_X_AMZN_TRACE_ID", "").partition("Root=")[2].partition(";")[0]


@cache
def config() -> Config:
    """What this process was started with. A name that is not there is empty: each part checks what it needs."""

    def said(name: str) -> str:
        return os.environ.get(f"TUAN_{name}", "")

    first, *leaps = said("CLOCK_START").split(",")
    start, _, real = first.partition("@")
    return Config(
        stage=said("STAGE") or "none",
        release=said("RELEASE"),
        region=os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1",
        table=said("TABLE"),
        vault_table=said("VAULT_TABLE"),
        files=said("FILES"),
        wake_queue_url=said("WAKE_QUEUE_URL"),
        key_arn=said("KEY_ARN"),
        secret_arn=said("SECRET_ARN"),
        issuer=said("ISSUER"),
        audience=said("AUDIENCE"),
        jwks_url=said("JWKS_URL"),
        user_pool_id=said("USER_POOL_ID"),
        signing_key_arn=said("SIGNING_KEY_ARN"),
        sandbox_url=said("SANDBOX_URL"),
        carrier_url=said("CARRIER_URL"),
        providers=tuple(filter(None, said("PROVIDERS").split(","))),
        stripe_url=said("STRIPE_URL"),
        stripe_pay_url=said("STRIPE_PAY_URL"),
        wechat_url=said("WECHAT_URL"),
        alipay_url=said("ALIPAY_URL"),
        sms_sender=said("SMS_SENDER"),
        email_from=said("EMAIL_FROM"),
        email_reports=said("EMAIL_REPORTS"),
        public_url=said("PUBLIC_URL").rstrip("/"),
        home=_home(said("LANGUAGE"), said("ZONE"), said("QUIET_HOURS")),
        transfer_account=said("TRANSFER_ACCOUNT"),
        platform_fee_bp=int(said("PLATFORM_FEE_BP") or 0),
        clock_start_ms=int(start) if start else None,
        clock_real_ms=int(real) if real else 0,
        clock_speed=float(said("CLOCK_SPEED") or "1"),
        clock_leaps=tuple(_leap(leap) for leap in leaps),
    )


def _leap(said: str) -> tuple[int, int]:
    story, _, real = said.partition("@")
    return int(story), int(real)


def _home(language: str, zone: str, quiet_hours: str) -> Home:
    """`quiet_hours` as 22:00-08:00."""
    start, _, end = quiet_hours.partition("-")
    return Home(
        language=language or CHINA.language,
        zone=zone or CHINA.zone,
        quiet_from=parse_clock(start) if start else CHINA.quiet_from,
        quiet_until=parse_clock(end) if end else CHINA.quiet_until,
    )
