"""A story as its file tells it: who there is, what is on offer, who buys what when, and how it should end."""

import tomllib
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct, field

Instant = int
"""Milliseconds since 1970 UTC."""

MINUTE = 60_000
PAYS_AFTER = 2 * MINUTE


def spelled(units: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {sku}" for sku, count in units.items())


class StoryError(Exception):
    """The file does not tell a story that can be played; the message names the place."""


class Part(Struct, forbid_unknown_fields=True, kw_only=True):
    """Base of everything in a story file: a word that means nothing is refused."""


class Day(Part):
    title: str
    date: str
    zone: str
    starts: str
    ends: str
    looks: list[str] = []
    skips: list[list[str]] = []

    def at(self, clock: str) -> Instant:
        """`21:30` of the day, or `+1 00:15` of the next."""
        days, _, rest = clock.rpartition(" ")
        try:
            day = date.fromisoformat(self.date) + timedelta(days=int(days or "0"))
            moment = datetime.combine(day, time.fromisoformat(rest), tzinfo=ZoneInfo(self.zone))
        except ValueError as error:
            raise StoryError(f"“{clock}” is no time of this day: write 21:30, or +1 00:15") from error
        return round(moment.timestamp() * 1000)

    def clock(self, at: Instant) -> str:
        """`21:30` or `+1 00:15`, to the minute."""
        moment = self.moment(at)
        days = (moment.date() - date.fromisoformat(self.date)).days
        return f"{f'{days:+d} ' if days else ''}{moment:%H:%M}"

    def skipped(self) -> list[tuple[Instant, Instant]]:
        """Hours in which nobody does anything: a fast clock leaps over them."""
        return [(self.at(begins), self.at(ends)) for begins, ends in self.skips]

    def moment(self, at: Instant) -> datetime:
        return datetime.fromtimestamp(at / 1000, ZoneInfo(self.zone))


class Person(Part):
    """`hours` are the person's own for messages; `email = false` is one who gave none."""

    name: str
    role: str = ""
    language: str = "zh"
    channels: list[str] = field(default_factory=lambda: ["sms", "email"])
    opted_out: list[str] = []
    hours: list[str] = []
    email: bool = True

    @property
    def has_wishes(self) -> bool:
        return bool(self.hours or self.opted_out or self.language != "zh" or self.channels != ["sms", "email"])


class Tier(Part):
    participants: int
    unit_price_minor: int | None = None
    percent_off: int | None = None


class Item(Part):
    sku: str
    title: str
    list_price_minor: int
    stock: int
    buffer: int = 0
    stop_threshold: int = 0
    low_stock: int = 0
    limit_per_buyer: int | None = None
    supplier: str = ""
    tiers: list[Tier] = []

    @property
    def sellable(self) -> int:
        return self.stock - max(self.buffer, self.stop_threshold)

    def price(self, participants: int) -> int:
        """The unit price with this many participants, worked out anew from the file: half a minor unit rounds up."""
        price = self.list_price_minor
        for tier in self.tiers:
            if participants >= tier.participants and tier.unit_price_minor is not None:
                price = tier.unit_price_minor
            elif participants >= tier.participants and tier.percent_off is not None:
                price = (self.list_price_minor * (100 - tier.percent_off) + 50) // 100
        return price


class Target(Part):
    measure: str
    at_least: int


class Stage(Part):
    """A stage of a campaign's plan; without an `owner` it is the merchant's."""

    name: str
    minutes: int = 0
    title: str = ""
    owner: str = ""
    fallback: dict[str, str] = {}


class Campaign(Part):
    """As the merchant writes it down. A community campaign has a group `key/community`, a pot `key/pot`."""

    key: str
    title: str
    kind: str
    category: str
    opens: str
    closes: str
    items: list[Item]
    refund_rule: str
    fulfilment: str
    methods: list[str]
    description: str = ""
    target: Target | None = None
    communities: list[dict[str, str]] = []
    pickup_points: list[dict[str, str]] = []
    plan: list[Stage] = []
    manager: str = ""
    shortage_rule: str = ""
    team_sizes: list[int] = []
    team_open_minutes: int | None = None
    max_participants: int | None = None
    limit_per_buyer: int | None = None
    payment_window_minutes: int | None = None
    pay_until_close: bool = False
    return_exception: str | None = None

    def item(self, sku: str) -> Item:
        return next(item for item in self.items if item.sku == sku)

    def point_for(self, community: str) -> str | None:
        """The pickup point a buyer there would choose."""
        return next((p["id"] for p in self.pickup_points if p.get("community_id") in (None, community)), None)


class Order(Part):
    at: str
    who: str
    takes: dict[str, int]
    pays: str = ""
    starts: str = ""
    by: str = "sandbox"
    confirmed: str = ""
    pickup: str = ""
    link: str = ""
    opens: int = 0
    twice: bool = False
    refused: str = ""


class Event(Part):
    at: str
    does: str
    who: str = ""
    person: str = ""
    group: str = ""
    campaign: str = ""
    takes: dict[str, int] = {}
    adds: dict[str, int] = {}
    point: str = ""
    to: str = ""
    why: str = ""
    visitors: int = 0
    bots: int = 0
    times: int = 1
    refused: str = ""
    stage: str = ""
    says: str = ""


class Events(Part):
    all: list[Event] = []


class Expect(Part):
    """How the story ends: groups by key, people by key; stages as `group stage`."""

    formed: list[str] = []
    failed: list[str] = []
    cheaper: list[str] = []
    seated_again: list[str] = []
    refunded_late: list[str] = []
    delivered: list[str] = []
    fell_back: list[str] = []
    short: list[str] = []


class Script(Part):
    day: Day
    campaigns: list[Campaign]
    people: dict[str, Person]
    orders: dict[str, list[Order]]
    events: Events = field(default_factory=Events)
    expect: Expect = field(default_factory=Expect)

    def campaign(self, group: str) -> Campaign:
        """The campaign a group's key begins with."""
        key = group.partition("/")[0]
        return next(campaign for campaign in self.campaigns if campaign.key == key)

    def contact(self, who: str) -> tuple[str, str | None]:
        """(phone, e-mail): made up, the same each time, and of numbers nobody has."""
        number = list(self.people).index(who) + 1
        mail = f"{who.replace('_', '.')}@mail.example" if self.people[who].email else None
        return f"+8619900{number:06d}", mail

    def with_role(self, role: str) -> str:
        return next(key for key, person in self.people.items() if person.role == role)


def read(path: Path, provider: str = "sandbox") -> Script:
    """With people paying by `provider` wherever the story names no other. Raises StoryError where the file says
    something that cannot be.
    """
    try:
        said: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        _paid_by(said, provider)
        script = msgspec.convert(said, Script)
    except (OSError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise StoryError(f"{path.name}: {error}") from error
    for problem in problems(script):
        raise StoryError(f"{path.name}: {problem}")
    return script


def _paid_by(said: dict[str, Any], provider: str) -> None:
    for campaign in said.get("campaigns", []):
        campaign["methods"] = [provider if method == "sandbox" else method for method in campaign["methods"]]
    for orders in said.get("orders", {}).values():
        for order in orders:
            order.setdefault("by", provider)


def problems(script: Script) -> list[str]:
    """What the shapes cannot say: people and campaigns that are named and not there, times that are none."""
    found = []
    campaigns = {campaign.key for campaign in script.campaigns}
    for role in ("merchant", "ops"):
        if all(person.role != role for person in script.people.values()):
            found.append(f"nobody has the role {role}")
    for group, orders in script.orders.items():
        if group.partition("/")[0] not in campaigns:
            found.append(f"there is no campaign for the group {group}")
        for order in orders:
            found += [
                f"nobody is called {name}" for name in (order.who, order.link) if name and name not in script.people
            ]
            script.day.at(order.at)
    for campaign in script.campaigns:
        named = [campaign.manager, *(item.supplier for item in campaign.items), *(s.owner for s in campaign.plan)]
        named += [point.get("leader", "") for point in campaign.pickup_points]
        found += [f"nobody is called {name}" for name in named if name and name not in script.people]
    for event in script.events.all:
        script.day.at(event.at)
        if event.to and event.does in ("moves_deadline", "promises"):
            script.day.at(event.to)
        found += [
            f"nobody is called {name}" for name in (event.who, event.person) if name and name not in script.people
        ]
        if event.group and event.group not in script.orders:
            found.append(f"there is no group {event.group}")
    return found
