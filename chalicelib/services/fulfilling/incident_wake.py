"""An incident's timer: tells those it concerns, and grants the compensation order by order."""

from dataclasses import replace

from ...domain import incident as rules
from ...domain.batch import destination_of, rides
from ...domain.campaign import Campaign
from ...domain.chat import Audience
from ...domain.group import Group
from ...domain.incident import Incident
from ...domain.instants import Instant, local_text
from ...domain.money import shown
from ...domain.order import Order
from ...domain.person import Channel
from ...domain.refusals import Broken
from ...domain.upkeep import Announcement
from ...domain.writes import Create, Replace, Write
from ..attempts import once
from ..telling import chats, tell
from ..world import World

ORDERS_AT_ONCE = 100


def incident_wake(world: World, incident: Incident, now: Instant) -> None:
    group = world.store.group(incident.group_id)
    if group is None:
        raise Broken(f"incident {incident.id} has no group {incident.group_id}")
    if incident.owed:
        event, *later = incident.owed
        due = now if later or incident.granting else None
        said = replace(incident, owed=tuple(later), due_at=due)
        world.store.commit(Replace(said), *_said(world, incident, group, event, now))
    elif incident.granting:
        _grant_on(world, incident, group, now)
    else:
        world.store.commit(Replace(replace(incident, due_at=None)))


def _said(world: World, incident: Incident, group: Group, event: str, now: Instant) -> list[Write]:
    """The team in its chats, and the merchant where somebody else acted; or everyone in a batch."""
    if event.startswith("refund@"):
        return [_announced(incident, event.partition("@")[2], now)]
    params = {
        **tell.group_params(group),
        "level": str(incident.level),
        "text": incident.text[:100],
        "link": f"/groups/{group.id}",
    }
    template = "incident_closed" if event == "closed" else "incident_opened"
    name = f"{template}@{incident.id}@{event}"
    said = {name: params[name] for name in ("title", "level", "text")} | {"link": f"{world.public_url}/g/{group.id}"}
    text = world.texts.text(template, said, world.home.language, Channel.SMS)[1]
    writes: list[Write] = [*chats.planned(world, group.campaign_id, Audience.TEAM, name, text, now)]
    actor = next((one.by for one in reversed(incident.done) if one.what == event), incident.opened_by)
    if actor not in (incident.merchant_id, rules.SENSOR):  # of a sensor's word the merchant hears at once
        writes += tell.plan(
            world, incident.merchant_id, about=group.id, event=name, template=template, params=params, now=now
        )
    return writes


def _announced(incident: Incident, destination: str, now: Instant) -> Create:
    return Create(
        Announcement(
            group_id=incident.group_id,
            event=f"self_refund_open@{incident.id}:{destination}",
            template="self_refund_open",
            created_at=now,
            destination=destination,
            due_at=now,
        )
    )


def _grant_on(world: World, incident: Incident, group: Group, now: Instant) -> None:
    terms = world.store.terms(group.campaign_id, group.terms_version)
    page = world.store.orders_of_group(group, ORDERS_AT_ONCE, incident.cursor)
    given = sum(_grant(world, incident, group, one, now) for one in page.rows if concerns(incident, one, group, terms))
    done = page.next is None
    new = replace(incident, cursor=page.next, granted=incident.granted + given, granting=not done)
    world.store.commit(Replace(replace(new, due_at=None if done else now)))


def concerns(incident: Incident, order: Order, group: Group, terms: Campaign) -> bool:
    """Also who took the money back: they went without."""
    bought = rides(order) or order.withdrawn_at is not None
    return bought and destination_of(order, group, terms) in incident.destinations


def _grant(world: World, incident: Incident, group: Group, order: Order, now: Instant) -> int:
    """Coupon and notices together or not at all; who has it keeps it."""
    coupon = rules.coupon_for(incident, order, now)
    params = {
        **tell.group_params(group),
        "amount": shown(coupon.amount_minor, coupon.currency),
        "min_spend": shown(coupon.min_spend_minor, coupon.currency),
        "until": local_text(coupon.expires_at, group.zone),
        "link": f"/orders/{order.id}",
    }
    told = tell.plan(
        world,
        order.buyer_id,
        about=order.id,
        event=f"coupon_given@{incident.id}",
        template="coupon_given",
        params=params,
        now=now,
    )
    if not once(world, Create(coupon), *told):
        return 0
    world.watch.count("coupons_granted")
    return 1
