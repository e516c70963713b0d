"""What the use cases need of the outside, by subject: the table, and the gateways. All else is decided in here."""

from ..books import Move, MoveKind
from .carriers import Carrier, Parcel, Report, Taken
from .files import Files
from .messages import Chats, Fate, Sender, TextIn, Texts, Undelivered
from .payments import (
    CANNOT_HOLD,
    CANNOT_RELEASE,
    VOIDED,
    Answer,
    Capabilities,
    Charge,
    EventKind,
    Moves,
    Outcome,
    Part,
    Payments,
    ProviderEvent,
    Released,
    Reply,
)
from .people import Caller, Identity, RealNames, SignedIn, Vault, VaultRead
from .table import DueRow, OrderMark, Page, Ride, RowKey, Store
from .work import WakeQueue, Watch

__all__ = [
    "CANNOT_HOLD",
    "CANNOT_RELEASE",
    "VOIDED",
    "Answer",
    "Caller",
    "Capabilities",
    "Carrier",
    "Charge",
    "Chats",
    "DueRow",
    "EventKind",
    "Fate",
    "Files",
    "Identity",
    "Move",
    "MoveKind",
    "Moves",
    "OrderMark",
    "Outcome",
    "Page",
    "Parcel",
    "Part",
    "Payments",
    "ProviderEvent",
    "RealNames",
    "Released",
    "Reply",
    "Report",
    "Ride",
    "RowKey",
    "Sender",
    "SignedIn",
    "Store",
    "Taken",
    "TextIn",
    "Texts",
    "Undelivered",
    "Vault",
    "VaultRead",
    "WakeQueue",
    "Watch",
]
