"""An evening on the local engine: packaged functions over real HTTP, stream, queue and schedule, on a fast clock."""

import pytest

from tests.story.check import violations
from tests.story.on_local import OnLocal
from tests.story.player import Player
from tests.story.script import read

from .conftest import EVENING


@pytest.mark.local
@pytest.mark.alone
@pytest.mark.req("R1")
@pytest.mark.req("R2")
@pytest.mark.req("R4")
@pytest.mark.req("P1")
@pytest.mark.req("P11")
@pytest.mark.req("N1")
@pytest.mark.req("X3")
def test_an_evening_on_the_local_engine_keeps_every_promise() -> None:
    script = read(EVENING)
    with OnLocal.made(script, "flows-evening", before_s=25) as stack:
        record = Player(stack, script).play()
    assert violations(record) == []
