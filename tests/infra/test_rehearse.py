"""The rehearsal in its short form: two cells side by side, a new version, a bad one, a roll-back, a restore, a loss."""

import pytest

from infra.rehearse import Rehearsal, rehearse

pytestmark = [pytest.mark.local, pytest.mark.alone]


@pytest.mark.req("issue-7.3")
def test_the_short_rehearsal_goes_through() -> None:
    rehearsal = Rehearsal(short=True)
    rehearse(rehearsal)
    assert len(rehearsal.done) == 6
