"""What a campaign holds of its buyers' money, for everybody, with the rows it follows from (domain/solvency.py)."""

import json
from contextlib import suppress
from dataclasses import replace

from ...domain import ledger
from ...domain import solvency as rules
from ...domain.instants import Instant
from ...domain.ports import Page
from ...domain.refusals import Lost
from ...domain.solvency import Line, Solvency
from ...domain.writes import Create, Replace
from ..lists import all_groups
from ..selling import browse
from ..world import World


def sums(world: World, campaign_id: str, *, now: Instant) -> Solvency:
    """As fresh as `FRESH`: whoever finds them older adds them up anew, for everybody."""
    campaign = browse.campaign(world, None, campaign_id)
    known = world.store.solvency(campaign_id)
    if known is not None and now - known.at < rules.FRESH:
        return known
    entries = [
        entry
        for group in all_groups(world, campaign_id)
        for entry in world.store.entries_of_group(group)
        if entry.currency == campaign.currency
    ]
    lines = sum(rules.line_of(entry) is not None for entry in entries)
    fresh = rules.added_up(campaign_id, campaign.currency, ledger.balance(entries), lines, now)
    with suppress(Lost):  # somebody else was as quick, and theirs is as good
        world.store.commit(Create(fresh) if known is None else Replace(replace(fresh, version=known.version)))
    return fresh


def lines(world: World, campaign_id: str, *, limit: int, start: str | None) -> Page[Line]:
    """Group by group, part by part. `start` says behind which entry of which part of which group."""
    browse.campaign(world, None, campaign_id)
    at, part, after = json.loads(start) if start else (None, 0, None)
    found: list[Line] = []
    while True:
        page = world.store.groups_of(campaign_id, 1, at)
        for group in page.rows:
            for number in range(part, group.parts):
                for entry in world.store.entries_of_part(group.id, number, after):
                    if line := rules.line_of(entry):
                        found.append(line)
                    if len(found) == limit:
                        return Page(found, json.dumps([at, number, entry.id]))
                after = None
            part = 0
        if (at := page.next) is None:
            return Page(found, None)
