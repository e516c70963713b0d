"""What a use case is given of the outside. Built once per process in `wiring`, and by hand in tests."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING

from ..domain.instants import MINUTE, Instant
from ..domain.person import CHINA, Channel, Home
from ..domain.ports import (
    Carrier,
    Chats,
    Files,
    Identity,
    Payments,
    RealNames,
    Sender,
    Store,
    Texts,
    Vault,
    WakeQueue,
    Watch,
)
from ..lean import dataclass

if TYPE_CHECKING:
    from ..domain.campaign import Stock
    from ..domain.group import Slice
    from .selling.browse import HallAsked, HallSeen


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """`draw` gives a number in [0, 1); `new_id` an id nobody can guess; `rest` waits, in milliseconds.

    `public_url` is what links in messages start with. `seats` remembers which slice of a group this process last
    sat buyers in: a hint, never a truth; `full` how a group's stock and slices stood, each at its version, when it was
    found full; `halls` the hall as it was read a moment ago, for showing. `lease` is how long a worker that claimed a
    row is waited for: a minute of real time, which on a stage with a fast clock is more of that stage's. `platform_bp`
    is the platform's fee, in basis points. `link_keys` sign what links in messages carry, the first one is today's.
    `real_names` is None where nobody is asked for theirs.
    """

    store: Store
    payments: Mapping[str, Payments]
    senders: Mapping[Channel, Sender]
    vault: Vault
    identity: Identity
    queue: WakeQueue
    files: Files
    carriers: Mapping[str, Carrier]
    texts: Texts
    watch: Watch
    chats: Chats
    draw: Callable[[], float]
    new_id: Callable[[], str]
    rest: Callable[[int], None]
    public_url: str = ""
    home: Home = CHINA
    lease: Instant = MINUTE
    platform_bp: int = 0
    link_keys: Callable[[], Sequence[str]] = lambda: ()
    real_names: RealNames | None = None
    seats: dict[str, int] = field(default_factory=dict)
    full: "dict[str, tuple[Stock, list[Slice]]]" = field(default_factory=dict)
    halls: "dict[HallAsked, HallSeen]" = field(default_factory=dict)
