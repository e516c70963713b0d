"""A group's feed: written by those who serve the group, read by anyone, told to its people in one digest a day."""

from dataclasses import replace

from ...domain import feed
from ...domain.chat import Audience
from ...domain.feed import Digest, GroupChat, Media, MediaKind, Post, Posted
from ...domain.files import Use
from ...domain.group import Group
from ...domain.ids import derived
from ...domain.instants import HOUR, MINUTE, Instant
from ...domain.order import HOLDING, Order
from ...domain.ports import Caller, Page
from ...domain.refusals import Lost, Refused, Unavailable
from ...domain.writes import Create, Remove, Replace, Write, put
from ...lean import dataclass
from ..attempts import attempts, once
from ..world import World
from . import chats, tell

AT_ONCE = 200
GATHERING = 10 * MINUTE
"""A digest goes out this long after its moment, so that those of all of a person's groups become one."""


@dataclass(frozen=True, slots=True)
class Serving:
    group: Group
    role: str


def serving(world: World, caller: Caller, group_id: str) -> Serving:
    """The group, and as what its feed shows the caller. To anyone else it looks like a missing one."""
    group = world.store.group(group_id)
    if group is not None:
        if group.merchant_id == caller.id:
            return Serving(group, "merchant")
        if "support" in caller.roles:
            return Serving(group, "support")
        terms = world.store.terms(group.campaign_id, group.terms_version)
        if caller.id in {point.leader_id for point in terms.pickup_points}:
            return Serving(group, "leader")
    raise Refused("group_not_found", group=group_id)


def post(
    world: World,
    caller: Caller,
    group_id: str,
    *,
    text: str,
    media: tuple[Media, ...],
    statement: bool,
    key: str,
    now: Instant,
) -> Post:
    """Written with what tells of it: the next digest and the group's own robots."""
    here = serving(world, caller, group_id)
    if statement and here.role == "leader":
        raise Refused("forbidden")
    feed.check_media(media)
    name = derived(group_id, caller.id, key)
    body = derived(text, *(f"{one.kind.value} {one.ref} {one.caption}" for one in media), str(statement))
    new = Post(
        group_id=group_id,
        id=f"{now:015d}-{derived(group_id, caller.id, key, length=8)}",
        at=now,
        by=caller.id,
        role=here.role,
        text=text,
        media=tuple(_kept(world, group_id, one) for one in media),
        statement=statement,
    )
    for attempt in attempts(world):
        with attempt:
            if (known := world.store.posted(group_id, name)) is not None:
                if known.fingerprint != body:
                    raise Refused("key_reused")
                return world.store.post(group_id, known.post_id) or replace(new, id=known.post_id)
            mark = Posted(group_id=group_id, name=name, post_id=new.id, fingerprint=body)
            world.store.commit(Create(new), Create(mark), *told_of(world, here.group, new, now))
            return new
    raise Unavailable("busy")


def _kept(world: World, group_id: str, media: Media) -> Media:
    if media.kind is not MediaKind.PHOTO:
        return media
    return replace(media, ref=world.files.keep(Use.PHOTO, group_id, media.ref).key)


def told_of(world: World, group: Group, new: Post, now: Instant) -> list[Write]:
    digest = world.store.digest(group.id)
    next_one = feed.with_post(digest or Digest(group_id=group.id), new.text, group.zone, now)
    link = f"{world.public_url}/g/{group.id}/feed"
    text = f"【{group.title}】{new.text}\n{link}"
    return [
        put(next_one),
        *chats.planned(world, group.campaign_id, Audience.GROUP, f"post@{new.id}", text, now),
    ]


def posts(world: World, group_id: str, *, limit: int, start: str | None, now: Instant) -> Page[Post]:
    if world.store.group_lately(group_id, now) is None:
        raise Refused("group_not_found", group=group_id)
    return world.store.posts(group_id, limit, start)


def take_back(world: World, caller: Caller, group_id: str, post_id: str) -> None:
    here = serving(world, caller, group_id)
    found = world.store.post(group_id, post_id)
    if found is None:
        return
    if found.by != caller.id and here.role == "leader":
        raise Refused("post_not_yours")
    try:
        world.store.commit(Remove(found))
    except Lost:
        return


def set_chat(world: World, caller: Caller, group_id: str, url: str, *, now: Instant) -> GroupChat:
    """The address of the group's own chat, shown on its page with a code to scan (E20)."""
    serving(world, caller, group_id)
    if not url.startswith("https://"):
        raise Refused("media_not_https")
    for attempt in attempts(world):
        with attempt:
            old = world.store.group_chat(group_id)
            new = GroupChat(group_id=group_id, url=url, by=caller.id, at=now, version=old.version if old else 0)
            world.store.commit(put(new))
            return new
    raise Unavailable("busy")


def digest_wake(world: World, digest: Digest, now: Instant) -> None:
    """Tells a page of the group's people; the row remembers how far it got, so half-done is ordinary."""
    group = world.store.group(digest.group_id)
    if group is None:
        world.store.commit(Replace(replace(digest, due_at=None)))
        return
    if not digest.telling:
        if digest.posts == 0:
            world.store.commit(Replace(replace(digest, due_at=None)))
            return
        digest = replace(feed.telling(digest), due_at=now)
        world.store.commit(Replace(digest))
        digest = replace(digest, version=digest.version + 1)
    page = world.store.orders_of_group(group, AT_ONCE, digest.cursor)
    for order in page.rows:
        if order.state in HOLDING:
            _tell(world, digest, group, order, now)
    following = replace(digest, cursor=page.next, due_at=now)
    world.store.commit(Replace(following if page.next else feed.told(digest, group.zone, now)))


def _tell(world: World, digest: Digest, group: Group, order: Order, now: Instant) -> None:
    """The person's digest of the day, or this group added to it while it waits."""
    day = f"day-{feed.digest_day(now, group.zone)}"
    event = f"feed_digest@{now // (6 * HOUR)}"
    params = {"title": group.title, "count": str(digest.told), "latest": digest.told_latest}
    params["link"] = f"/groups/{group.id}/feed"
    planned = tell.plan(world, order.buyer_id, about=day, event=event, template="feed_digest", params=params, now=now)
    later = [replace(one, row=replace(one.row, due_at=max(one.row.due_at or now, now + GATHERING))) for one in planned]
    if later and not once(world, *later):
        _add_to(world, digest, group, order.buyer_id, day, event)


def _add_to(world: World, digest: Digest, group: Group, person_id: str, day: str, event: str) -> None:
    for known in world.store.notices_about(person_id, day):
        if known.event == event and known.state.value == "planned":
            params = feed.merged(known.params, group.title, digest.told, digest.told_latest)
            if params != known.params:
                world.store.commit(Replace(replace(known, params=params)))
