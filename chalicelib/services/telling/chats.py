"""A campaign's robots: added and removed by its merchant, and made to speak by their rows' timers."""

from collections.abc import Sequence
from dataclasses import replace

from ...domain import chat
from ...domain.campaign import Campaign, Measure
from ...domain.chat import Audience, ChatKind, ChatMessage, ChatState, Hook
from ...domain.hours import Pulse
from ...domain.ids import derived
from ...domain.instants import HOUR, Instant
from ...domain.person import Channel
from ...domain.ports import Answer, Caller, Outcome
from ...domain.refusals import Lost, Refused
from ...domain.writes import Create, Remove, Replace
from ..selling.board import board
from ..selling.draft import own
from ..world import World


def add(
    world: World,
    caller: Caller,
    campaign_id: str,
    *,
    kind: ChatKind,
    url: str,
    secret: str,
    audience: Audience,
    name: str,
    now: Instant,
) -> Hook:
    """The same address twice is the same hook; its key and secret go to the vault before the row that needs them."""
    campaign = own(world, caller, campaign_id)
    key = chat.key_in(kind, url)
    hook = Hook(
        campaign_id=campaign.id,
        id=derived(campaign.id, kind.value, key, length=10),
        kind=kind,
        audience=audience,
        name=name,
        by=caller.id,
        created_at=now,
        due_at=_first_digest(campaign, audience, now),
    )
    known = hooks(world, campaign.id)
    if len(known) >= chat.MOST_HOOKS and hook.id not in {one.id for one in known}:
        raise Refused("too_many_chats", most=chat.MOST_HOOKS)
    world.vault.keep(owner_of(campaign.id), hook.id, {"key": key, "secret": secret}, now)
    try:
        world.store.commit(Create(hook))
    except Lost:
        return world.store.hook(campaign.id, hook.id) or hook
    return hook


def _first_digest(campaign: Campaign, audience: Audience, now: Instant) -> Instant | None:
    if audience is not Audience.TEAM or campaign.closes_at is None or now >= campaign.closes_at:
        return None
    return chat.next_hour(max(now, campaign.opens_at or now))


def owner_of(campaign_id: str) -> str:
    return f"chats:{campaign_id}"


def hooks(world: World, campaign_id: str) -> Sequence[Hook]:
    return world.store.hooks(campaign_id)


def of(world: World, caller: Caller, campaign_id: str) -> Sequence[Hook]:
    return hooks(world, own(world, caller, campaign_id).id)


def remove(world: World, caller: Caller, campaign_id: str, hook_id: str) -> None:
    """Gone already is as good as gone now."""
    hook = world.store.hook(own(world, caller, campaign_id).id, hook_id)
    if hook is not None:
        world.store.commit(Remove(hook))
        world.vault.forget(owner_of(campaign_id), hook_id)


def planned(world: World, campaign_id: str, audience: Audience, event: str, text: str, now: Instant) -> list[Create]:
    """One message to each robot of that audience, to be written together with what it tells of."""
    listening = [hook for hook in hooks(world, campaign_id) if hook.audience is audience]
    return [Create(chat.planned(hook, event, text, now)) for hook in listening]


def hook_wake(world: World, hook: Hook, now: Instant) -> None:
    """The team's hourly digest while the campaign is open, and one last time after it has closed (N15)."""
    campaign = world.store.campaign(hook.campaign_id)
    if campaign is None or campaign.closes_at is None:
        world.store.commit(Replace(replace(hook, due_at=None)))
        return
    over = now >= campaign.closes_at
    following = replace(hook, due_at=None if over else chat.next_hour(now))
    text = hourly(world, campaign, now) if campaign.terms_version else ""
    said = [Create(chat.planned(hook, f"hour@{now // HOUR}", text, now))] if text else []
    world.store.commit(Replace(following), *said)


def hourly(world: World, campaign: Campaign, now: Instant) -> str:
    """What a team cheers at, from the numbers for show."""
    merchant = Caller(id=campaign.merchant_id, roles=frozenset({"merchant"}), phone_verified=True)
    seen = board(world, merchant, campaign.id, now=now)
    last = next((hour.pulse for hour in seen.hours if hour.at == (now // HOUR - 1) * HOUR), Pulse())
    joined, ending = sum(line.joined for line in seen.lines), sum(line.ending for line in seen.lines)
    params = {
        "title": campaign.title,
        "units": str(last.units),
        "joined": str(joined),
        "share": _share(campaign, joined, len(seen.lines)),
        "ending": str(ending) if ending > joined else "",
        "link": f"{world.public_url}/c/{campaign.id}",
    }
    return world.texts.text("team_hour", params, world.home.language, Channel.SMS)[1]


def _share(campaign: Campaign, joined: int, groups: int) -> str:
    """`62 %` of the people that all its groups need; empty where the target counts something else."""
    target = campaign.target
    if target is None or target.measure is not Measure.PARTICIPANTS or not groups:
        return ""
    return f"{100 * joined // (target.at_least * groups)}%"


def message_wake(world: World, message: ChatMessage, now: Instant) -> None:
    """Claims it, says it, records what was answered; a message whose sender fell silent is not said twice."""
    if message.state is ChatState.SENDING:
        world.store.commit(Replace(chat.unknown(message, "sender fell silent")))
        return
    if message.state is not ChatState.PLANNED:
        return
    hook = world.store.hook(message.campaign_id, message.hook_id)
    if hook is None:
        world.store.commit(Replace(chat.refused(message, "hook_removed", now, lasting=True)))
        return
    claimed = chat.claimed(message, now, world.lease)
    world.store.commit(Replace(claimed, claim=True))
    claimed = replace(claimed, version=claimed.version + 1)
    kept = world.vault.kept(owner_of(hook.campaign_id), hook.id, reader="chats", why=message.event, now=now)
    if kept is None:
        world.store.commit(Replace(chat.refused(claimed, "no_key", now, lasting=True)))
        return
    answer = world.chats.say(hook.kind, key=kept["key"], secret=kept["secret"], text=message.text)
    world.store.commit(Replace(_recorded(claimed, answer, now)))
    world.watch.count(f"chats_{answer.outcome.value}")


def _recorded(claimed: ChatMessage, answer: Answer, now: Instant) -> ChatMessage:
    match answer.outcome:
        case Outcome.SUCCEEDED:
            return chat.sent(claimed, now)
        case Outcome.UNKNOWN:
            return chat.unknown(claimed, answer.reason)
    return chat.refused(claimed, answer.reason, now, lasting=answer.outcome is Outcome.FAILED)
