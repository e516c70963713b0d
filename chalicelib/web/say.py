"""One reader's language: sentences, money, moments, plurals and durations, by Babel's rules."""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from ..domain.instants import DAY, HOUR, MINUTE, SECOND, Instant, instant, moment, rfc3339
from ..domain.money import SIGNS, decimals
from .words import TEXTS

if TYPE_CHECKING:
    from babel import Locale

LANGUAGES = ("zh", "en")
TAGS = {"zh": "zh-CN", "en": "en"}


@cache
def locale_of(language: str) -> "Locale":
    from babel import Locale

    return Locale(language)


class Say:
    """`Say("en", now)`; `zone` is the reader's own, where it is known."""

    def __init__(self, language: str, now: Instant, zone: str | None = None) -> None:
        self.language = language
        self.tag = TAGS[language]
        self.now = now
        self.zone = zone
        self._column = LANGUAGES.index(language)

    @property
    def _locale(self) -> "Locale":
        return locale_of(self.language)

    def __call__(self, key: str, **params: Any) -> str:
        """A sentence. Parameters that are already markup stay so; whole numbers are spelled by locale."""
        text = TEXTS[key][self._column]
        if isinstance(text, tuple):
            text = text[0 if self._locale.plural_form(params["n"]) == "one" else 1]
        if not params:
            return text
        shown = {name: self.number(value) if type(value) is int else value for name, value in params.items()}
        if any(isinstance(value, Markup) for value in shown.values()):
            return Markup(escape(text)).format(**shown)
        return text.format(**shown)

    def has(self, key: str) -> bool:
        return key in TEXTS

    def named(self, kind: str, name: str) -> str:
        """A name of ours in words, as `method.` and `wechat`; one that has none is said as it is."""
        return self(kind + name) if self.has(kind + name) else name

    def number(self, value: int) -> str:
        from babel.numbers import format_decimal

        return format_decimal(value, locale=self._locale)

    def percent(self, part: int, whole: int) -> str:
        from babel.numbers import format_percent

        return format_percent(Decimal(part) / Decimal(whole or 1), locale=self._locale)

    def bytes(self, size: int) -> str:
        """`5 MB`, `400 KB`: a limit, rounded down."""
        kib = size >> 10
        return f"{self.number(kib >> 10)} MB" if kib >> 10 else f"{self.number(kib)} KB"

    def tenths(self, value: int) -> str:
        """`4.3` of 43."""
        from babel.numbers import format_decimal

        return format_decimal(Decimal(value) / 10, format="0.0", locale=self._locale)

    def money(self, minor: int, currency: str) -> str:
        """`¥1,234.50`: the sign our messages use, the digits as the locale groups them."""
        from babel.numbers import format_decimal

        digits = decimals(currency)
        pattern = "#,##0" + ("." + "0" * digits if digits else "")
        amount = format_decimal(Decimal(abs(minor)).scaleb(-digits), format=pattern, locale=self._locale)
        return f"{'-' if minor < 0 else ''}{SIGNS.get(currency, currency + ' ')}{amount}"

    def clock(self, at: Instant, zone: str) -> str:
        """`11月21日周六 20:00`, `Sat, Nov 21, 20:00`; with the year where it is another one."""
        from babel.dates import format_skeleton

        local = moment(at, zone)
        same_year = local.year == moment(self.now, zone).year
        day = format_skeleton("MMMEd" if same_year else "yMMMEd", local, locale=self._locale)
        return f"{day}{' ' if self.language == 'zh' else ', '}{local:%H:%M}"

    def clock_of(self, moment_text: str, zone: str) -> str:
        """The same for a moment in the API's own spelling (RFC 3339)."""
        return self.clock(instant(datetime.fromisoformat(moment_text)), zone)

    def day(self, at: Instant, zone: str) -> str:
        from babel.dates import format_skeleton

        return format_skeleton("MMMEd", moment(at, zone), locale=self._locale)

    def when(self, at: Instant, zone: str, *, countdown: bool = False) -> Markup:
        """A moment on the wall clock of `zone`. The script adds the reader's own clock where that differs."""
        extra = Markup(' data-countdown="{}"').format(countdown_words(self.language)) if countdown else Markup("")
        return Markup('<time datetime="{}" data-zone="{}"{}>{}</time>').format(
            rfc3339(at), zone, extra, self.clock(at, zone)
        )

    def left(self, until: Instant) -> str:
        """How long it still is, roughly: for readers without the script."""
        return self.lasting(max(0, until - self.now))

    def lasting(self, ms: Instant) -> str:
        from babel.units import format_unit

        for unit, size in (("day", DAY), ("hour", HOUR), ("minute", MINUTE), ("second", SECOND)):
            if ms >= 2 * size or (unit == "second") or (unit == "minute" and ms >= size):
                # Chinese has the one length, which Babel knows as the short one.
                return format_unit(
                    ms // size,
                    f"duration-{unit}",
                    length="short" if self.language == "zh" else "long",
                    locale=self._locale,
                )
        raise AssertionError("seconds always fit")

    def ago(self, at: Instant) -> str:
        from babel.dates import format_timedelta

        if self.now - at < MINUTE:
            return self("just_now")
        past = datetime.fromtimestamp(at / 1000, UTC) - datetime.fromtimestamp(self.now / 1000, UTC)
        return format_timedelta(past, add_direction=True, threshold=1.2, locale=self._locale)

    def linked(self, text: str, links: Iterable[str]) -> Markup:
        """Our own addresses in a text as links; everything else in it is only text."""
        shown = escape(text)
        for link in links:
            anchor = Markup('<a href="{}">{}</a>').format(link, self("see"))
            shown = shown.replace(escape(link), Markup(" ") + anchor)
        return shown


def countdown_words(language: str) -> str:
    """What the script writes between the numbers of a countdown of days."""
    return {"zh": "天", "en": "d"}[language]
