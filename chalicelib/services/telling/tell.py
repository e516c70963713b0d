"""Plans notices: who is told what, on which channels, when. The rows are created together with what they tell of."""

from collections.abc import Mapping

from ...domain import notice
from ...domain import order as orders
from ...domain.campaign import Campaign
from ...domain.group import Group
from ...domain.instants import Instant, local_text
from ...domain.money import shown
from ...domain.order import Order
from ...domain.person import Preferences
from ...domain.writes import Create
from ..attempts import once
from ..world import World


def preferences_of(world: World, person_id: str) -> Preferences:
    """As the person set them, or as their region has them."""
    known = world.store.preferences(person_id)
    return known or Preferences(person_id=person_id, language=world.home.language, zone=world.home.zone)


def plan(
    world: World,
    person_id: str,
    *,
    about: str,
    event: str,
    template: str,
    params: Mapping[str, str],
    now: Instant,
    known: Preferences | None = None,
) -> list[Create]:
    """Notices of one event to one person. `params` may hold more than the template uses; `known` are the person's
    preferences where they have been read already.
    """
    wanted = {name: params[name] for name in notice.TEMPLATES[template].params}
    preferences = known or preferences_of(world, person_id)
    return [
        Create(row)
        for row in notice.planned(
            preferences, about=about, event=event, template=template, params=wanted, now=now, home=world.home
        )
    ]


def tell(
    world: World,
    person_id: str,
    *,
    about: str,
    event: str,
    template: str,
    params: Mapping[str, str],
    now: Instant,
) -> None:
    """Plans and stores at once, each notice by itself: who was told already is passed over. For rows that keep the
    word as owed until this has been done."""
    for write in plan(world, person_id, about=about, event=event, template=template, params=params, now=now):
        once(world, write)


def group_params(group: Group) -> dict[str, str]:
    return {
        "title": group.title,
        "closes_at": local_text(group.closes_at, group.zone),
        "link": f"/groups/{group.id}",
    }


def order_params(order: Order, group: Group, terms: Campaign) -> dict[str, str]:
    """Everything a notice about an order may mention. Money and times are spelled for people, in the group's zone."""
    return {
        **group_params(group),
        "amount": shown(order.first_minor, order.currency),
        "deposit": shown(order.deposit_minor, order.currency),
        "balance": shown(order.balance_minor, order.currency),
        "balance_by": local_text(order.balance_by, group.zone) if order.balance_by is not None else "",
        "pay_by": local_text(order.pay_by, group.zone),
        "pickup_point": _pickup_name(order, terms),
        "choose_by": local_text(orders.pickup_cutoff(group, terms), group.zone),
        "link": f"/orders/{order.id}",
    }


def _pickup_name(order: Order, terms: Campaign) -> str:
    return next((point.name for point in terms.pickup_points if point.id == order.pickup_point_id), "")
