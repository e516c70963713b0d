"""Days that are played once and looked at by several tests."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.story.on_moto import OnMoto
from tests.story.player import Player
from tests.story.record import Record
from tests.story.script import read

HERE = Path(__file__).parent
DAY = HERE.parent / "story" / "day.toml"
EVENING = HERE / "evening.toml"

Played = Callable[[Path, str], Record]


@pytest.fixture(scope="session")
def on_moto() -> Played:
    """Plays a story once for each kind of fault, however many tests ask for it."""
    kept: dict[tuple[Path, str], Record] = {}

    def played(story: Path, faults: str) -> Record:
        if (story, faults) not in kept:
            script = read(story)
            with OnMoto.made(script, faults, seed=1) as stack:
                kept[story, faults] = Player(stack, script).play()
        return kept[story, faults]

    return played


@pytest.fixture(scope="session")
def day(on_moto: Played) -> Record:
    return on_moto(DAY, "none")
