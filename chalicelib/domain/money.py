"""Money is whole minor units of one currency. There is no float anywhere near it.

Rounding rules of the product: a percentage rounds the *unit* price half up to the minor unit and is then
multiplied (P1); a discount over several lines is shared out by largest remainder, so that the parts add up
to the whole and partial refunds are exact.
"""

from collections.abc import Mapping, Sequence

from .refusals import Refused

CURRENCIES: Mapping[str, int] = {
    "CNY": 2, "HKD": 2, "MOP": 2, "TWD": 2, "USD": 2, "EUR": 2, "GBP": 2, "SGD": 2, "MYR": 2, "AUD": 2, "CAD": 2,
    "JPY": 0, "KRW": 0, "VND": 0, "KWD": 3,
}  # fmt: skip
"""Decimals of each currency we take (ISO 4217)."""

SIGNS: Mapping[str, str] = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "JPY": "JP¥", "HKD": "HK$"}

MAX_MINOR = 10**12
"""No single amount is larger: it keeps every sum far inside what JSON readers and stores hold exactly."""


def decimals(currency: str) -> int:
    if currency not in CURRENCIES:
        raise Refused("unknown_currency", currency=currency)
    return CURRENCIES[currency]


def percent_off(unit_minor: int, percent: int) -> int:
    """Unit price less `percent` (0 to 100), half a minor unit rounding up."""
    return (unit_minor * (100 - percent) * 2 + 100) // 200


def spread(total: int, weights: Sequence[int]) -> list[int]:
    """`total` in parts proportional to `weights`, summing to it exactly (largest remainder, first wins ties)."""
    whole = sum(weights)
    if whole <= 0:
        raise ValueError("weights must add up to more than nothing")
    shares = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda k: (-(total * weights[k] % whole), k))
    for k in by_remainder[: total - sum(shares)]:
        shares[k] += 1
    return shares


def shown(minor: int, currency: str) -> str:
    """`¥12.50`: for messages."""
    digits = decimals(currency)
    sign, amount = ("-" if minor < 0 else ""), abs(minor)
    number = f"{amount // 10**digits}.{amount % 10**digits:0{digits}d}" if digits else str(amount)
    return f"{sign}{SIGNS.get(currency, currency + ' ')}{number}"


def percent(basis_points: int) -> str:
    """2.5% for 250: without idle zeros."""
    whole, part = divmod(basis_points, 100)
    return f"{whole}.{part:02d}".rstrip("0").rstrip(".") + "%"
