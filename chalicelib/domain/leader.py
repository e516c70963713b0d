"""Leaders (团长): who applied, who was approved, the pickup places they own, and whom they may order for.

    applied ──approve──> approved ──suspend──> suspended ──approve──> approved
       └──refuse──> refused ──(applies again)──> applied

What a leader may do follows from this row as it stands, so a suspension holds at once, whatever a token still says.
A leader orders for a neighbour who has an account and a phone of their own and said yes to it (代下单): the order is
the neighbour's, who is told everything. The leader knows them by a code that they pass on themselves; neither name nor
phone is kept here (promise 6).
"""

from dataclasses import replace
from enum import StrEnum

from ..lean import dataclass
from .ids import derived
from .instants import Instant
from .refusals import Refused
from .writes import Row

MOST_PLACES = 50
MOST_DECISIONS = 40


class LeaderState(StrEnum):
    APPLIED = "applied"
    APPROVED = "approved"
    REFUSED = "refused"
    SUSPENDED = "suspended"


class Decision(StrEnum):
    APPROVE = "approve"
    REFUSE = "refuse"
    SUSPEND = "suspend"


LEADS_TO = {
    (LeaderState.APPLIED, Decision.APPROVE): LeaderState.APPROVED,
    (LeaderState.APPLIED, Decision.REFUSE): LeaderState.REFUSED,
    (LeaderState.REFUSED, Decision.APPROVE): LeaderState.APPROVED,
    (LeaderState.APPROVED, Decision.SUSPEND): LeaderState.SUSPENDED,
    (LeaderState.SUSPENDED, Decision.APPROVE): LeaderState.APPROVED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    state: LeaderState
    at: Instant
    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leader(Row):
    """`community` is where they mean to lead; `decisions` are all that was decided, oldest first."""

    person_id: str
    state: LeaderState
    community: str
    applied_at: Instant
    decisions: tuple[Decided, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place(Row):
    """A pickup place of a leader's: meant to be seen by everybody. `capacity` is how many orders a day it holds."""

    id: str
    leader_id: str
    name: str
    address: str
    hours: str
    capacity: int
    community_id: str | None = None
    open: bool = True
    created_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour(Row):
    """Somebody who lets a leader order for them. The leader knows them by `code` only.

    `address_id` is which of their addresses goods are brought to that they ordered so.
    """

    leader_id: str
    person_id: str
    code: str
    said_at: Instant
    allowed: bool = True
    address_id: str | None = None


def applied(old: Leader | None, person_id: str, community: str, now: Instant) -> Leader:
    """A first application, or another after a refusal. Whoever was suspended cannot start afresh."""
    if old is None:
        return Leader(person_id=person_id, state=LeaderState.APPLIED, community=community, applied_at=now)
    if old.state is LeaderState.SUSPENDED:
        raise Refused("leader_suspended")
    if old.state is LeaderState.REFUSED:
        return replace(old, state=LeaderState.APPLIED, community=community, applied_at=now)
    return old


def decided(leader: Leader, decision: Decision, reason: str, now: Instant, by: str) -> Leader:
    """Deciding what is decided is done already; nobody decides about themselves."""
    if by == leader.person_id:
        raise Refused("not_about_yourself")
    state = LEADS_TO.get((leader.state, decision))
    if state is None:
        if leader.decisions and LEADS_TO_STATE[decision] is leader.state:
            return leader
        raise Refused("leader_is", state=leader.state.value)
    done = Decided(state=state, at=now, by=by, reason=reason)
    return replace(leader, state=state, decisions=(*leader.decisions, done)[-MOST_DECISIONS:])


LEADS_TO_STATE = {
    Decision.APPROVE: LeaderState.APPROVED,
    Decision.REFUSE: LeaderState.REFUSED,
    Decision.SUSPEND: LeaderState.SUSPENDED,
}


def neighbour_code(leader_id: str, person_id: str) -> str:
    """What a neighbour tells their leader: short enough to be read out, and good with that leader only."""
    return derived("neighbour", leader_id, person_id, length=10)
