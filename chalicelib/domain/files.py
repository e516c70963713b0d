"""Files that people bring: what may be brought for which use, and what a file really is.

A file is first laid down under `new/`, where it is forgotten after two days. Keeping it looks at its bytes (nobody's
word is taken for its type), and stores it under a name made from its content: what was looked at can no longer be
exchanged, and keeping it twice keeps it once.
"""

import hashlib
import re
from collections.abc import Mapping
from enum import StrEnum

from ..lean import dataclass
from .refusals import Refused

KIB = 1 << 10
MOST_UPLOAD_S = 15 * 60
"""How long a form may be used, in real seconds."""

MOST_LINK_S = 15 * 60
"""How long a link to read may be used, in real seconds."""

_OWNER = re.compile(r"[A-Za-z0-9._~-]{1,120}")
_KEPT = re.compile(r"[0-9a-f]{32}\.(jpg|png|webp)")
_NEW = re.compile(r"[a-z0-9]{8,40}")


class Use(StrEnum):
    """What a file is for; the first part of its key."""

    PICTURE = "pictures"
    """of a product; anybody may see it"""
    REPORT = "reports"
    """of a quality check, by a supplier"""
    PHOTO = "photos"
    """of goods on their way, received, or complained of"""
    INVOICE = "invoices"
    """of one order, for its buyer and its merchant"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    types: tuple[str, ...]
    most_bytes: int


IMAGES = ("image/jpeg", "image/png", "image/webp")
RULES: Mapping[Use, Rule] = {
    Use.PICTURE: Rule(types=IMAGES, most_bytes=400 * KIB),
    Use.REPORT: Rule(types=("application/pdf", *IMAGES), most_bytes=5 * KIB * KIB),
    Use.PHOTO: Rule(types=IMAGES, most_bytes=5 * KIB * KIB),
    Use.INVOICE: Rule(types=("application/pdf",), most_bytes=2 * KIB * KIB),
}
ENDINGS: Mapping[str, str] = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "application/pdf": "pdf",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadForm:
    """A form that lays one file down: posted to `url` with `fields`, and the file last, as `file`."""

    url: str
    fields: Mapping[str, str]
    key: str
    most_bytes: int
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """`sha256` in hexadecimal."""

    key: str
    content_type: str
    size: int
    sha256: str


def type_of(content: bytes) -> str | None:
    """What the first bytes say a file is; None for what nobody may bring."""
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    if content.startswith(b"%PDF-"):
        return "application/pdf"
    return None


def new_key(use: Use, owner: str, new_id: str) -> str:
    """Where a file is laid down. `owner` is the id of what it belongs to."""
    if not _OWNER.fullmatch(owner) or not _NEW.fullmatch(new_id):
        raise Refused("not_found")
    return f"new/{use}/{owner}/{new_id}"


def check_new_key(use: Use, owner: str, key: str) -> None:
    """Raises Refused('file_not_uploaded') for a key that no form for this use and owner was given."""
    start = f"new/{use}/{owner}/"
    if not key.startswith(start) or not _NEW.fullmatch(key.removeprefix(start)):
        raise Refused("file_not_uploaded")


def public_picture(owner: str, name: str) -> str:
    """The key of a picture that anybody may see. Raises Refused('not_found') for what cannot be one."""
    if not _OWNER.fullmatch(owner) or not _KEPT.fullmatch(name):
        raise Refused("not_found")
    return f"{Use.PICTURE}/{owner}/{name}"


def judged(use: Use, owner: str, content: bytes) -> StoredFile:
    """What will be kept. Raises Refused('file_too_large' or 'wrong_file_type')."""
    rule = RULES[use]
    if len(content) > rule.most_bytes:
        raise Refused("file_too_large", most_kib=rule.most_bytes // KIB)
    kind = type_of(content)
    if kind not in rule.types:
        raise Refused("wrong_file_type", types=[ENDINGS[one] for one in rule.types])
    digest = hashlib.sha256(content).hexdigest()
    key = f"{use}/{owner}/{digest[:32]}.{ENDINGS[kind]}"
    return StoredFile(key=key, content_type=kind, size=len(content), sha256=digest)
