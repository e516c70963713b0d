"""The list of releases: what is live, and what a roll-back goes back to."""

import io
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.releases import KEPT, Release, Releases


class Shelf:
    """As much of S3 as is needed."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        if Key not in self.kept:
            raise ClientError({"Error": {"Code": "NoSuchKey"}}, "GetObject")
        return {"Body": io.BytesIO(self.kept[Key])}

    def put_object(self, *, Bucket: str, Key: str, Body: bytes) -> None:
        self.kept[Key] = Body


def release(name: str) -> Release:
    return Release(name=name, at="2026-11-21T12:00:00+00:00", commit="abc", template=f"https://b/{name}.json")


@pytest.fixture
def releases() -> Releases:
    return Releases(Shelf(), "bucket", "prod")


def names(releases: Releases) -> tuple[str | None, str | None]:
    live, before = releases.live(), releases.before()
    return live.name if live else None, before.name if before else None


def test_nothing_is_live_at_first(releases: Releases) -> None:
    assert names(releases) == (None, None)


def test_each_release_replaces_the_one_before(releases: Releases) -> None:
    releases.went_live(release("a"))
    assert names(releases) == ("a", None)
    releases.went_live(release("b"))
    assert names(releases) == ("b", "a")


def test_a_second_roll_back_goes_one_further(releases: Releases) -> None:
    for name in ("a", "b", "c"):
        releases.went_live(release(name))
    for expected in (("b", "a"), ("a", None)):
        before = releases.before()
        assert before
        releases.went_back(before)
        assert names(releases) == expected


def test_what_was_rolled_back_is_passed_over_later(releases: Releases) -> None:
    releases.went_live(release("a"))
    releases.went_live(release("bad"))
    back = releases.before()
    assert back
    releases.went_back(back)
    releases.went_live(release("c"))
    assert names(releases) == ("c", "a")


def test_the_list_does_not_grow_for_ever(releases: Releases) -> None:
    for number in range(KEPT + 5):
        releases.went_live(release(str(number)))
    assert len(releases.all()) == KEPT
    assert names(releases) == (str(KEPT + 4), str(KEPT + 3))
