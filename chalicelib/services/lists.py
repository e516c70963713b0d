"""Whole lists, however many pages they have."""

from collections.abc import Callable, Iterator
from typing import TypeVar

from ..domain.group import Group
from ..domain.ports import Page
from .world import World

GROUPS_AT_ONCE = 100

Row = TypeVar("Row")


def every(page_from: Callable[[str | None], Page[Row]]) -> Iterator[Row]:
    """The rows of all pages; a page is read when the one before it has been used up."""
    start: str | None = None
    while True:
        page = page_from(start)
        yield from page.rows
        if (start := page.next) is None:
            return


def all_groups(world: World, campaign_id: str) -> Iterator[Group]:
    return every(lambda start: world.store.groups_of(campaign_id, GROUPS_AT_ONCE, start))
