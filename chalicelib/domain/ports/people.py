"""Who people are, and the vault of how they are reached."""

from collections.abc import Mapping
from typing import Protocol

from ...lean import dataclass
from ..instants import Instant
from ..person import Address, Contact
from .payments import Outcome
from .table import Page


class Vault(Protocol):
    """Contact data, encrypted; every read is recorded with who read and why."""

    def read(
        self, person_id: str, *, reader: str, why: str, now: Instant, addresses_too: bool = True
    ) -> Contact | None: ...
    def knows_address(self, person_id: str, address_id: str) -> bool: ...
    def write(self, person_id: str, contact: Contact, now: Instant) -> None: ...
    def add_address(self, person_id: str, address_id: str, address: Address, now: Instant) -> None: ...
    def remove_address(self, person_id: str, address_id: str) -> None:
        """Removing one that is not there is done already."""
        ...

    def reads(self, person_id: str, limit: int, start: str | None) -> Page["VaultRead"]: ...
    def keep(
        self, owner: str, name: str, what: Mapping[str, str], now: Instant, until: Instant | None = None
    ) -> None: ...
    def kept(self, owner: str, name: str, *, reader: str, why: str, now: Instant) -> Mapping[str, str] | None: ...
    def forget(self, owner: str, name: str) -> None: ...
    def erase(self, person_id: str) -> None:
        """Removes all contact data; who has read it stays on record."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultRead:
    person_id: str
    reader: str
    why: str
    at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who is asking, as the identity provider vouches for it."""

    id: str
    roles: frozenset[str]
    phone_verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn(Caller):
    """Who has just proved their phone, with the token that says so to the API for an hour."""

    token: str


class RealNames(Protocol):
    def check(self, name: str, number: str) -> Outcome:
        """Whether a person of this name has this identity number: succeeded, failed, or unknown (ask again)."""
        ...


class Identity(Protocol):
    def verify(self, token: str, now: Instant) -> Caller:
        """Raises Refused('bad_token') for anything expired, foreign or forged."""
        ...

    def phone_of(self, person_id: str) -> str | None:
        """The person's verified phone number, if there is one."""
        ...

    def person_with(self, phone: str) -> str | None:
        """Whoever has verified this phone. No phone is stored to find it by."""
        ...

    def start_log_in(self, phone: str) -> str:
        """Challenges a phone, enrolling who is new: a code is sent to it. Returns what the answer must name.

        Raises Refused('code_sent_lately' or 'too_many_codes', retry_after_s) or Refused('bad_phone').
        """
        ...

    def answer_code(self, phone: str, challenge: str, code: str, now: Instant) -> SignedIn | str:
        """Who has answered rightly, or the challenge to answer next. Raises Refused('code_expired') at its end."""
        ...

    def forget(self, person_id: str) -> None:
        """Removes the person's log-in. Forgetting twice is done already."""
        ...
