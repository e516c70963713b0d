"""Rows that carry work of the system itself: fan-outs, parked rows, listings, visits, limits."""

from collections.abc import Mapping
from dataclasses import field

from ..lean import dataclass
from .instants import Instant
from .writes import Row

MOST_STUMBLES = 5
"""A row that failed this often is parked for a person (promise 4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement(Row):
    """Something to tell everyone in a group. `cursor` remembers how far it got: half-done is ordinary.

    With a `destination`, only those whose goods go there; with `waiting_only`, only who has not fetched them yet.
    """

    group_id: str
    event: str
    template: str
    params: Mapping[str, str] = field(default_factory=dict)
    part: int = 0
    cursor: str | None = None
    created_at: Instant
    destination: str | None = None
    waiting_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked(Row):
    """A row that could not be processed, with its reason: it stops nobody else and waits for a person."""

    pk: str
    sk: str
    kind: str
    reason: str
    parked_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing(Row):
    """A group's line in the hall, under one (community, category) facet, ordered by its deadline.

    `campaign_id` lets the group and its campaign's stock be read together; older lines are without.
    """

    community_id: str
    category: str
    closes_at: Instant
    group_id: str
    campaign_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit(Row):
    """One distinct visitor of a campaign's pages. Its id hashes a random one that the page keeps: it names nobody.

    `stayed_s` is how long they looked, as far as it is counted; `shares` how often they passed the group on.
    """

    campaign_id: str
    group_id: str
    visitor: str
    at: Instant
    stayed_s: int = 0
    shares: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns(Row):
    """How far one provider's queue of whole groups' refunds reaches: the next large group begins there (R5)."""

    method: str
    free_at: Instant = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance(Row):
    """Units one buyer has taken in a campaign, where the limit spans its groups (P15)."""

    campaign_id: str
    buyer_id: str
    units: int = 0
