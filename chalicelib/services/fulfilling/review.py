"""The review of a group that has reached its target (成团审核, L5): a yes, a no, or time, and then the one verdict."""

from ...domain import group as groups
from ...domain.group import Group
from ...domain.instants import Instant, local_text
from ...domain.ports import Caller
from ...domain.refusals import Refused, Unavailable
from .. import audit
from ..attempts import attempts
from ..buying.close import give_verdict, stored
from ..telling import tell
from ..world import World


def review(world: World, caller: Caller, group_id: str, *, approved: bool, why: str, now: Instant) -> Group:
    """Whoever answers first decides; the same answer again is done already, another one is refused."""
    for attempt in attempts(world):
        with attempt:
            group = seen(world, caller, group_id)
            answered = groups.reviewed(group, approved=approved, by=caller.id, why=why)
            if answered is group or answered.review is None:
                return group
            act = audit.line(world, caller, "reviewed", group_id, now, approved=str(approved).lower())
            kept = answered.review
            closed = give_verdict(world, answered, kept.count, kept.left, now, act, rejected=not approved)
            audit.noted(world, act)
            return closed
    raise Unavailable("busy")


def seen(world: World, caller: Caller, group_id: str) -> Group:
    """The group of its own merchant, or of the region's manager; another's looks like a missing one."""
    group = world.store.group(group_id)
    if group is None:
        raise Refused("group_not_found", group=group_id)
    terms = world.store.terms(group.campaign_id, group.terms_version)
    mine = group.merchant_id == caller.id and "merchant" in caller.roles
    if not mine and not (terms.manager_id == caller.id and "manager" in caller.roles):
        raise Refused("group_not_found", group=group_id)
    return group


def review_wake(world: World, group: Group, now: Instant) -> None:
    """Asks for the answer once, and takes silence for a yes."""
    review = group.review
    assert review is not None
    if now >= review.until:
        yes = groups.reviewed(group, approved=True, by="")
        give_verdict(world, yes, review.count, review.left, now)
        return
    terms = world.store.terms(group.campaign_id, group.terms_version)
    if not review.asked:
        about = {**tell.group_params(group), "link": f"/work/{group.id}"}
        params = {**about, "until": local_text(review.until, group.zone)}
        for person in dict.fromkeys([group.merchant_id, terms.manager_id or group.merchant_id]):
            tell.tell(world, person, about=group.id, event="review", template="review_wanted", params=params, now=now)
    stored(world, groups.review_asked(group))
