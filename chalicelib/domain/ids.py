"""Derived ids: the same cause always gives the same id, which is what makes an echo harmless."""

import hashlib

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def derived(*parts: str, length: int = 16) -> str:
    """A short id from `parts` (5 bits a character, so 16 characters are 80 bits)."""
    digest = hashlib.sha256("\x1f".join(parts).encode()).digest()
    number = int.from_bytes(digest[:20], "big")
    return "".join(ALPHABET[(number >> (5 * k)) & 31] for k in range(length))


def fingerprint(*parts: str) -> str:
    """Tells two requests under one key apart; not a secret."""
    return derived(*parts, length=24)


def group_id(campaign_id: str, *which: str) -> str:
    return "g" + derived(campaign_id, *which)


def order_id(group: str, buyer: str, parts: int) -> str:
    """One order per buyer and group. Carries the part of the group's orders in which its row lives."""
    spread = int(hashlib.sha256(f"{group}\x1f{buyer}".encode()).hexdigest()[:8], 16)
    return f"{group}-{spread % parts:02x}{derived(group, buyer)}"


def group_of(order: str) -> str:
    return order.partition("-")[0]


def part_of(order: str) -> int:
    """The part encoded in an order's id; ids made up by hand come out as an unused part."""
    try:
        return int(order.partition("-")[2][:2], 16)
    except ValueError:
        return -1
