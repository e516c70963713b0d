"""Reads everything back through the API: during the day at each look, and at its end all of it."""

from typing import TYPE_CHECKING

from .record import GroupSeen, Look, ms
from .script import Campaign
from .stack import Instant, Json

if TYPE_CHECKING:
    from .player import Player

HOLDING = ("held", "paid")
LOOKS = 5
"""Story minutes pass while a fast clock's orders are read one by one: so often they are read again at most."""


def look(player: "Player") -> None:
    """Every group at one moment of the story."""
    groups = {key: seen(player, group_id) for key, group_id in player.record.group_ids.items()}
    player.record.looks.append(Look(player.stack.now(), groups))
    how_far = ", ".join(f"{key} {g.progress['joined']}+{g.progress['held']}" for key, g in groups.items())
    player.tell(player.stack.now(), "", f"joined+held: {how_far}")


def seen(player: "Player", group_id: str) -> GroupSeen:
    before = player.stack.dynamodb_calls()
    player.call("GET", f"/groups/{group_id}/progress")
    if before is not None:
        key = next(key for key, known in player.record.group_ids.items() if known == group_id)
        player.record.progress_reads.append((key, (player.stack.dynamodb_calls() or 0) - before))
    return GroupSeen(
        card=player.call("GET", f"/groups/{group_id}").json,
        progress=player.call("GET", f"/groups/{group_id}/progress?strong=true").json,
        money=player.call("GET", f"/groups/{group_id}/money", who=player.merchant).json,
        orders=pages(player, f"/groups/{group_id}/orders", player.merchant),
    )


def pages(player: "Player", path: str, who: str | None) -> list[Json]:
    """All items of a list, page by page."""
    found: list[Json] = []
    cursor = ""
    while True:
        more = f"&cursor={cursor}" if cursor else ""
        answer = player.call("GET", f"{path}?limit=50{more}", who=who).json
        found += answer["items"]
        cursor = answer.get("next") or ""
        if not cursor:
            return found


def taken(player: "Player", campaign: Campaign, group: str) -> tuple[dict[str, int], Instant]:
    """Units that buyers of the whole campaign hold now, and when this group closes."""
    units: dict[str, int] = {}
    closes_at = 0
    for key, group_id in player.record.group_ids.items():
        if key.partition("/")[0] != campaign.key:
            continue
        card = player.call("GET", f"/groups/{group_id}").json
        closes_at = ms(card["closes_at"]) if key == group else closes_at
        if card["state"] == "failed":
            continue
        for order in pages(player, f"/groups/{group_id}/orders", player.merchant):
            for sku, count in order["lines"].items() if order["state"] in HOLDING else ():
                units[sku] = units.get(sku, 0) + count
    return units, closes_at


def read_all(player: "Player") -> None:
    record = player.record
    look(player)
    record.ended_at = player.stack.now()
    for _ in range(LOOKS):
        seen = figures(player)
        buyers(player)
        if figures(player) == seen:
            break
        player.stack.settle()  # a last refund came through while we read: what we read first is older than the last
    merchants(player)
    keepers(player)
    player.record.ways = {
        key: player.call("GET", f"/groups/{player.record.group_ids[key]}/stages", who=player.merchant).json
        for key, group in record.groups.items()
        if group.card["state"] == "formed"
    }
    for key in record.missing:
        for path in player.after.batches_of(key):
            shares = path.replace("/batches/", "/receipts/") + "/shares"
            record.shares[key] = record.shares.get(key, []) + pages(player, shares, player.merchant)
    for link in {
        n["params"]["alternative"] for all in record.notices.values() for n in all if "alternative" in n["params"]
    }:
        record.alternatives[link] = player.call("GET", link).status
    record.messages = player.stack.messages()
    record.books = player.stack.books()
    record.alarms = player.stack.alarms()


def buyers(player: "Player") -> None:
    record = player.record
    for who, person in record.script.people.items():
        if person.role in ("support", "ops"):
            continue
        record.notices[who] = pages(player, "/me/notices", who)
        lines = pages(player, "/orders", who)
        record.orders[who] = [player.call("GET", f"/orders/{line['id']}", who=who).json for line in lines]
        player.call("GET", "/me/preferences", who=who)


def figures(player: "Player") -> dict[str, Json]:
    """Each campaign's numbers, which move whenever any of its orders or refunds does."""
    record = player.record
    for key, campaign in record.campaigns.items():
        record.figures[key] = player.call("GET", f"/campaigns/{campaign['id']}/figures", who=player.merchant).json
    return {key: {name: value for name, value in one.items() if name != "as_of"} for key, one in record.figures.items()}


def merchants(player: "Player") -> None:
    record = player.record
    for campaign in record.campaigns.values():
        for item in campaign["items"]:
            path = f"/products/{item['product_id']}"
            product = player.call("GET", path, who=player.merchant).json
            product["history"] = player.call("GET", f"{path}/prices", who=player.merchant).json["items"]
            record.products.append(product)
    record.hall = pages(player, "/hall", None)


def keepers(player: "Player") -> None:
    record = player.record
    record.parked = pages(player, "/ops/parked", player.ops)
    record.due = player.call("GET", "/ops/due?limit=100", who=player.ops).json["items"]
    for person, who, _ in record.wanted_reads:
        path = f"/people/{player.stack.id_of(person)}/contact/reads"
        record.contact_reads[person] = pages(player, path, who)
