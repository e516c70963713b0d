"""Team chats (群机器人): a campaign's robots in WeCom, DingTalk and Feishu, and what each is to say.

A hook's address holds its key, so it lives sealed in the vault and nowhere else. A message to a chat is a courtesy:
claimed before it is sent, and not said again when nobody knows whether it arrived.
"""

import re
from dataclasses import replace
from enum import StrEnum

from ..lean import dataclass
from .instants import HOUR, MINUTE, Instant
from .ledger import backoff
from .refusals import Refused
from .writes import Row

MOST_HOOKS = 10
MOST_TRIES = 5
MOST_CHARACTERS = 1_800
"""All three take at least 2,048 bytes a text; a Chinese character is three."""


class ChatKind(StrEnum):
    WECOM = "wecom"
    DINGTALK = "dingtalk"
    FEISHU = "feishu"


class Audience(StrEnum):
    """`team`: those who serve (hourly digest, alarms). `group`: the buyers' own chat (posts of the feed)."""

    TEAM = "team"
    GROUP = "group"


HOSTS = {
    ChatKind.WECOM: "qyapi.weixin.qq.com",
    ChatKind.DINGTALK: "oapi.dingtalk.com",
    ChatKind.FEISHU: "open.feishu.cn",
}
ADDRESSES = {
    ChatKind.WECOM: r"/cgi-bin/webhook/send\?key=",
    ChatKind.DINGTALK: r"/robot/send\?access_token=",
    ChatKind.FEISHU: r"/open-apis/bot/v2/hook/",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook(Row):
    """A robot of one campaign. Its timer is the team's hourly digest while the campaign is open (N15)."""

    campaign_id: str
    id: str
    kind: ChatKind
    audience: Audience
    name: str
    by: str
    created_at: Instant


class ChatState(StrEnum):
    PLANNED = "planned"
    SENDING = "sending"
    SENT = "sent"
    UNKNOWN = "unknown"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatMessage(Row):
    """One text to one robot about one event; its id is derived from both, so planning it twice plans it once."""

    campaign_id: str
    hook_id: str
    event: str
    text: str
    created_at: Instant
    state: ChatState = ChatState.PLANNED
    tries: int = 0
    reason: str = ""
    sent_at: Instant | None = None

    @property
    def leased(self) -> bool:
        return self.state is ChatState.SENDING


def key_in(kind: ChatKind, url: str) -> str:
    """The robot's key in the address that its chat shows. Any other address is refused: we call nobody else."""
    found = re.fullmatch(rf"https://{re.escape(HOSTS[kind])}{ADDRESSES[kind]}([A-Za-z0-9_-]{{8,128}})", url)
    if found is None:
        raise Refused("wrong_chat_address", host=HOSTS[kind])
    return found.group(1)


def planned(hook: Hook, event: str, text: str, now: Instant) -> ChatMessage:
    return ChatMessage(
        campaign_id=hook.campaign_id,
        hook_id=hook.id,
        event=event,
        text=text[:MOST_CHARACTERS],
        created_at=now,
        due_at=now,
    )


def claimed(message: ChatMessage, now: Instant, lease: Instant) -> ChatMessage:
    return replace(message, state=ChatState.SENDING, tries=message.tries + 1, due_at=now + lease)


def sent(message: ChatMessage, now: Instant) -> ChatMessage:
    return replace(message, state=ChatState.SENT, sent_at=now, due_at=None)


def unknown(message: ChatMessage, reason: str) -> ChatMessage:
    """Nobody knows whether it arrived, so it is not said again."""
    return replace(message, state=ChatState.UNKNOWN, reason=reason, due_at=None)


def refused(message: ChatMessage, reason: str, now: Instant, *, lasting: bool) -> ChatMessage:
    if lasting or message.tries >= MOST_TRIES:
        return replace(message, state=ChatState.FAILED, reason=reason, due_at=None)
    return replace(message, state=ChatState.PLANNED, reason=reason, due_at=now + max(MINUTE, backoff(message.tries)))


def next_hour(now: Instant) -> Instant:
    return (now // HOUR + 1) * HOUR
