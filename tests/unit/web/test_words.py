"""Every sentence exists in both languages, takes the same parameters, and is used."""

import re
from pathlib import Path
from string import Formatter

import pytest

from chalicelib.domain.ledger import RefundStage
from chalicelib.domain.notice import NoticeState
from chalicelib.domain.statement import ARRIVAL
from chalicelib.gateways.texts import METHODS
from chalicelib.handlers.shapes.terms import METHODS_EN, METHODS_ZH
from chalicelib.web import words
from chalicelib.web.say import Say
from chalicelib.web.words import TEXTS
from chalicelib.wiring import PROVIDERS
from tests.every import every

ROOT = Path(__file__).parents[3] / "chalicelib"
SOURCES = [*(ROOT / "web" / "templates").glob("*.html"), *(ROOT / "handlers").glob("page*.py")]
NOW = 1_793_491_200_000


def wordings(key: str) -> list[str]:
    return [one for side in TEXTS[key] for one in (side if isinstance(side, tuple) else (side,))]


@every(sorted(TEXTS))
def test_all_wordings_of_a_sentence_take_the_same_parameters(key: str) -> None:
    asked = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in wordings(key)]
    assert all(one == asked[0] for one in asked)
    assert all(text.strip() == text or key in ("colon", "comma", "terms.refund") for text in wordings(key))


def test_every_sentence_asked_for_is_there() -> None:
    asked: set[str] = set()
    for source in SOURCES:
        asked |= set(re.findall(r"""\b(?:t|say)\(["']([a-z_.]+[a-z_])["'][,)]""", source.read_text()))
        asked |= {f"said.{key}" for key in re.findall(r'said="([a-z_]+)"', source.read_text())}
    assert len(asked) > 100
    assert asked - {"key"} <= TEXTS.keys(), "(`key` stands in the example of page.py)"


def test_every_sentence_is_asked_for() -> None:
    """Directly, or under a prefix: `t("stage." ~ name)`."""
    sources = "\n".join(source.read_text() for source in SOURCES)
    for key in TEXTS:
        prefix, _, last = key.rpartition(".")
        assert f'"{key}"' in sources or f"'{key}'" in sources or f'"{prefix}."' in sources or f"{prefix}." in sources, (
            key
        )
        assert last


def test_what_is_named_in_the_domain_has_its_words() -> None:
    assert {f"notice.state.{state.value}" for state in NoticeState} <= TEXTS.keys()
    assert {f"refund.step.{stage}" for stage in ("requested", "submitted", "succeeded")} <= TEXTS.keys()
    assert RefundStage.PARKED.value == "parked"


def test_every_step_of_an_order_and_every_cause_of_a_refund_has_its_words() -> None:
    """An order's page shows them all: one without words would break it."""
    sources = "\n".join(source.read_text() for source in ROOT.rglob("*.py"))
    steps = set(re.findall(r'and_then\([^,\n]+, "([a-z_]+)"', sources)) | {"returned", "forfeited"}
    causes = set(re.findall(r'cause="([a-z_]+)"', sources))
    assert {"held", "short", "handed_over"} <= steps and {"shortage", "uncollected"} <= causes
    assert {f"step.order_{step}" for step in steps} <= TEXTS.keys()
    assert {f"refund.cause.{cause}" for cause in causes} <= TEXTS.keys()


def test_every_way_to_pay_has_its_words_wherever_it_is_named() -> None:
    """On pages, in the terms of an order, and where a message says where money goes back to."""
    ways = {*PROVIDERS, "sandbox_card"}
    assert {f"method.{way}" for way in ways} <= TEXTS.keys()
    for known in (METHODS_ZH, METHODS_EN, METHODS, ARRIVAL):
        assert ways <= known.keys()


@pytest.mark.parametrize(
    ("language", "n", "said"),
    [
        ("en", 1, "1 more person and everyone pays ¥1.50 less"),
        ("en", 3, "3 more people and everyone pays ¥1.50 less"),
        ("zh", 1, "再来 1 人，每人省 ¥1.50"),
        ("zh", 1_200, "再来 1,200 人，每人省 ¥1.50"),
    ],
)
def test_plurals_by_the_rules_of_the_language(language: str, n: int, said: str) -> None:
    say = Say(language, NOW)
    assert say("group.next_tier", n=n, less=say.money(150, "CNY")) == said


def test_money_and_times_as_readers_write_them() -> None:
    zh, en = Say("zh", NOW), Say("en", NOW)
    assert [zh.money(123_456_789, "CNY"), en.money(500, "JPY"), en.money(-1, "USD")] == [
        "¥1,234,567.89",
        "JP¥500",
        "-$0.01",
    ]
    assert zh.clock(NOW, "Asia/Shanghai") == "11月1日周日 08:00"
    assert en.clock(NOW, "Asia/Shanghai") == "Sun, Nov 1, 08:00"
    assert en.clock(NOW, "America/New_York") == "Sat, Oct 31, 20:00"
    assert [zh.lasting(2 * 86_400_000), en.lasting(3_600_000), en.lasting(90_000)] == ["2天", "60 minutes", "1 minute"]
    assert 'datetime="2026-11-01T00:00:00.000Z"' in zh.when(NOW, "Asia/Shanghai")


def test_what_stands_in_a_sentence_is_escaped() -> None:
    say = Say("en", NOW)
    assert say("terms.deadline", when=say.when(NOW, "UTC"), zone="<b>").endswith("(&lt;b&gt;).")


def test_no_template_takes_the_first_of_what_may_be_nothing() -> None:
    """Such a `first` is undefined, and asking whether it is there already breaks the page."""
    for path in (ROOT / "web" / "templates").glob("*.html"):
        for taken in re.findall(r"\| first[^%}]*", path.read_text()):
            assert "default(" in taken, f"{path.name}: {taken}"


def test_no_file_of_words_speaks_for_another() -> None:
    """Put together, the later file would silently win."""
    files = [kept for name, kept in vars(words).items() if name.isupper() and name != "TEXTS"]
    assert len(files) > 5
    assert sum(map(len, files)) == len(TEXTS)
