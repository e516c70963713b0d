"""What people do for a group once it has formed: suppliers, sorters, drivers, the leader at the door, and who waits."""

from typing import TYPE_CHECKING

from .script import Campaign, Event, Stage, spelled
from .stack import Json

if TYPE_CHECKING:
    from .player import Player


class Impossible(Exception):
    """A step cannot be done because an earlier one went wrong: told, and the day goes on."""


class Afterwards:
    """The later part of a player's plan; it acts through the player and the API alone."""

    def __init__(self, player: "Player") -> None:
        self.player = player

    # ------------------------------------------------------------------ before it begins

    def open_places(self) -> None:
        """Leaders apply, are approved by a campaign's manager, and open their pickup places."""
        for campaign in self.player.script.campaigns:
            for point in campaign.pickup_points:
                if leader := point.get("leader"):
                    self.open_place(leader, campaign, point)

    def open_place(self, leader: str, campaign: Campaign, point: dict[str, str]) -> None:
        call = self.player.call
        call("POST", "/me/leader", {"community": point["name"]}, who=leader)
        path = f"/leaders/{self.player.stack.id_of(leader)}/decision"
        call("POST", path, {"decision": "approve"}, who=campaign.manager)
        place = {"name": point["name"], "address": point["name"], "hours": "07:00-21:00", "capacity": 200}
        headers = {"Idempotency-Key": f"place-{point['id']}"}
        made = call("POST", "/places", place, who=leader, headers=headers)
        self.player.places[point["id"]] = made.json["id"]
        self.player.say(leader, f"leads {point['name']}, approved by {campaign.manager}")

    def planned(self, campaign: Campaign) -> dict[str, Json]:
        """What a draft says about the time after forming, as the API wants it."""
        body: dict[str, Json] = {}
        if campaign.manager:
            body["manager_id"] = self.player.stack.id_of(campaign.manager)
        if campaign.plan:
            body["plan"] = [self.stage(one) for one in campaign.plan]
        if campaign.pickup_points:
            places = self.player.places
            body["pickup_points"] = [
                {k: v for k, v in point.items() if k != "leader"}
                | ({"place_id": places[point["id"]]} if point["id"] in places else {})
                for point in campaign.pickup_points
            ]
        return body

    def stage(self, stage: Stage) -> Json:
        body: dict[str, Json] = {"name": stage.name, "title": stage.title, "limit": {"minutes": stage.minutes}}
        if stage.owner:
            role = self.player.script.people[stage.owner].role
            body |= {"owner_role": role, "owner_id": self.player.stack.id_of(stage.owner)}
        return body | ({"fallback": stage.fallback} if stage.fallback else {})

    # ------------------------------------------------------------------ the supplier

    def does_acknowledges(self, event: Event) -> None:
        """The supplier has read what this group asks for: one order, whatever the number of buyers."""
        asked = self.purchase(event)
        path = f"/purchases/{asked['id']}/acknowledge"
        self.player.call("POST", path, {"number": asked["number"]}, who=event.who)
        self.player.say(event.who, f"reads the order for {event.group}: {spelled(asked['total'])}")

    def does_promises(self, event: Event) -> None:
        path = f"/purchases/{self.purchase(event)['id']}/promises"
        self.player.call("POST", path, {"ready_at": self.player.moment(event.to), "note": event.says}, who=event.who)
        self.player.say(event.who, f"promises the goods of {event.group} for {event.to}")

    def does_sends_off(self, event: Event) -> None:
        """All that was asked for leaves the supplier (whatever is in the crates)."""
        asked = self.purchase(event)
        headers = {"Idempotency-Key": f"lot-{event.group}-{event.at}".replace(" ", "_")}
        body = {"units": asked["total"], "note": event.says}
        self.player.call("POST", f"/purchases/{asked['id']}/lots", body, who=event.who, headers=headers)
        self.player.say(event.who, f"sends {spelled(asked['total'])} off for {event.group}")

    def purchase(self, event: Event) -> Json:
        group_id = self.player.group_id(event.group)
        items = self.player.call("GET", "/purchases", who=event.who).json["items"]
        found = next((one for one in items if one["group_id"] == group_id), None)
        if found is None:
            raise Impossible(f"{event.who} was asked for nothing for {event.group}")
        return found

    # ------------------------------------------------------------------ stages

    def does_enters(self, event: Event) -> None:
        self.command(event, "enter", {})
        self.player.say(event.who, f"takes up {event.stage} of {event.group}")

    def does_updates(self, event: Event) -> None:
        self.command(event, "updates", {"text": event.says})
        self.player.say(event.who, f"says of {event.stage}: {event.says}")

    def does_finishes(self, event: Event) -> None:
        self.command(event, "finish", {})
        self.player.say(event.who, f"finishes {event.stage} of {event.group}")

    def command(self, event: Event, what: str, body: dict[str, Json]) -> None:
        path = f"/groups/{self.player.group_id(event.group)}/stages"
        version = self.player.call("GET", path, who=event.who).json["version"]
        given = {**body, "version": version}
        self.player.call("POST", f"{path}/{event.stage}/{what}", given, who=event.who, refused=event.refused)

    def does_nudges(self, event: Event) -> None:
        path = f"/groups/{self.player.group_id(event.group)}/nudge"
        answer = self.player.call("POST", path, who=event.who, refused=event.refused)
        said = f"asks how far it is ({answer.json['stage']})" if answer.status < 400 else "may not ask again yet"
        self.player.say(event.who, f"{said} in {event.group}")

    # ------------------------------------------------------------------ batches

    def does_moves_batch(self, event: Event) -> None:
        for path in self.batches(event):
            self.player.call("POST", f"{path}/state", {"to": event.to}, who=event.who)
            self.player.say(event.who, f"has the batch of {event.group} {event.to}")

    def does_ships(self, event: Event) -> None:
        for path in self.batches(event):
            self.player.call("POST", f"{path}/waybills", {"carrier": "sandbox"}, who=event.who)
            self.player.say(event.who, f"orders the carrier for {event.group}")

    def does_scans(self, event: Event) -> None:
        """The carrier's own business: we only hear of it."""
        for path in self.batches(event):
            number = self.player.call("GET", path, who=self.player.merchant).json["waybill"]
            self.player.stack.scan(number, event.to)
            self.player.tell(self.player.stack.now(), "", f"the carrier scans {number}: {event.to}")

    def does_receives(self, event: Event) -> None:
        """The leader counts what came; `takes` is what is missing."""
        for path in self.batches(event):
            receipt = path.replace("/batches/", "/receipts/")
            expected = self.player.call("GET", receipt, who=event.who).json["expected"]
            lines = {
                sku: {"received": units - event.takes.get(sku, 0), "short": event.takes.get(sku, 0)}
                for sku, units in expected.items()
            }
            self.player.call("POST", receipt, {"number": 1, "lines": lines}, who=event.who)
            missing = self.player.record.missing.setdefault(event.group, {})
            for sku, units in event.takes.items():
                missing[sku] = missing.get(sku, 0) + units
            self.player.say(event.who, f"counts {spelled(expected)}, {spelled(event.takes)} missing")

    def does_hands_over(self, event: Event) -> None:
        """Each buyer shows their code; the leader enters all of them."""
        lines = []
        for (who, group), seat in self.player.seats.items():
            delivery = (
                self.player.call("GET", f"/orders/{seat.order_id}", who=who).json["delivery"]
                if group == event.group
                else None
            )
            if delivery and delivery["pickup_code"]:
                lines.append({"order_id": seat.order_id, "code": delivery["pickup_code"]})
        for path in self.batches(event):
            said = self.player.call("POST", f"{path}/hand-overs", {"orders": lines}, who=event.who).json["items"]
            done = sum(line["result"] == "handed_over" for line in said)
            self.player.say(event.who, f"hands {done} of {len(lines)} orders over, against their codes")

    def batches(self, event: Event) -> list[str]:
        found = self.batches_of(event.group)
        if not found:
            raise Impossible(f"{event.group} has no batch")
        return found

    def batches_of(self, group: str) -> list[str]:
        base = f"/groups/{self.player.group_id(group)}/batches"
        found = self.player.call("GET", base, who=self.player.merchant).json["items"]
        return [f"{base}/{one['destination']}" for one in found]

    def does_posts(self, event: Event) -> None:
        path = f"/groups/{self.player.group_id(event.group)}/posts"
        headers = {"Idempotency-Key": f"post-{event.group}-{event.at}".replace(" ", "_")}
        self.player.call("POST", path, {"text": event.says}, who=event.who, headers=headers)
        self.player.say(event.who, f"tells {event.group}: {event.says}")
