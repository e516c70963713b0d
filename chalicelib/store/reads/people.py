"""What people are told and say, and how they sign in."""

from ...domain.audit import Act
from ...domain.breaker import Breaker
from ...domain.chat import Hook
from ...domain.feed import Digest, GroupChat, Post, Posted, Question, QuestionState
from ...domain.notice import Notice
from ...domain.person import Channel, Preferences
from ...domain.ports import Page
from ...domain.second_factor import Confirmed
from ...domain.session import Brake, LoginCode, Session
from ...domain.upkeep import Announcement
from ..stored import Stored
from .base import Base


class People(Base):
    """One partition a person, a feed or a chain of acts."""

    def preferences(self, person_id: str) -> Preferences | None:
        return self._get(Preferences, f"PERSON#{person_id}", "PREFERENCES", consistent=False)

    def breaker(self, channel: Channel) -> Breaker | None:
        return self._get(Breaker, f"BREAKER#{channel.value}", "BREAKER", consistent=False)

    def notice_sent(self, ref: str) -> Notice | None:
        rows = self._page(Notice, f"SENT#{ref}", 1, None).rows
        return rows[0] if rows else None

    def notices_about(self, person_id: str, about: str) -> list[Notice]:
        return list(self._query(Notice, f"PERSON#{person_id}", Stored.sk.startswith(f"NOTICE#{about}#")))

    def notices_of(self, person_id: str, limit: int, start: str | None) -> Page[Notice]:
        return self._query_page(Notice, f"PERSON#{person_id}", Stored.sk.startswith("NOTICE#"), limit, start)

    def announcement(self, group_id: str, event: str) -> Announcement | None:
        return self._get(Announcement, f"GROUP#{group_id}", f"TELL#{event}")

    def hook(self, campaign_id: str, hook_id: str) -> Hook | None:
        return self._get(Hook, f"CHATS#{campaign_id}", f"HOOK#{hook_id}")

    def posted(self, group_id: str, name: str) -> Posted | None:
        return self._get(Posted, f"FEED#{group_id}", f"POSTED#{name}")

    def hooks(self, campaign_id: str) -> list[Hook]:
        return list(self._query(Hook, f"CHATS#{campaign_id}", Stored.sk.startswith("HOOK#")))

    def post(self, group_id: str, post_id: str) -> Post | None:
        return self._get(Post, f"FEED#{group_id}", f"POST#{post_id}")

    def posts(self, group_id: str, limit: int, start: str | None) -> Page[Post]:
        return self._query_page(Post, f"FEED#{group_id}", Stored.sk.startswith("POST#"), limit, start, forward=False)

    def question(self, group_id: str, question_id: str) -> Question | None:
        return self._get(Question, f"FEED#{group_id}", f"QUESTION#{question_id}")

    def questions(
        self, group_id: str, states: frozenset[QuestionState], asker: str | None, limit: int, start: str | None
    ) -> Page[Question]:
        page = self._query_page(
            Question, f"FEED#{group_id}", Stored.sk.startswith("QUESTION#"), limit, start, forward=False
        )
        return Page([row for row in page.rows if row.state in states or row.asked_by == asker], page.next)

    def group_chat(self, group_id: str) -> GroupChat | None:
        return self._get(GroupChat, f"FEED#{group_id}", "CHAT")

    def digest(self, group_id: str) -> Digest | None:
        return self._get(Digest, f"FEED#{group_id}", "DIGEST")

    def last_act(self, actor_id: str) -> Act | None:
        page = self._query_page(Act, f"AUDIT#{actor_id}", None, 1, None, forward=False)
        return page.rows[0] if page.rows else None

    def acts_of(self, actor_id: str, limit: int, start: str | None) -> Page[Act]:
        return self._query_page(Act, f"AUDIT#{actor_id}", None, limit, start)

    def acts_on(self, day: str, limit: int, start: str | None) -> Page[Act]:
        return self._page(Act, f"AUDIT#{day}", limit, start)

    def login_code(self, who: str) -> LoginCode | None:
        return self._get(LoginCode, f"LOGIN#{who}", "CODE")

    def brake(self, who: str) -> Brake | None:
        return self._get(Brake, f"LOGIN#{who}", "BRAKE")

    def confirmed(self, who: str) -> Confirmed | None:
        return self._get(Confirmed, f"LOGIN#{who}", "CONFIRMED")

    def session(self, session_id: str) -> Session | None:
        return self._get(Session, f"SESSION#{session_id}", "SESSION")

    def sessions_of(self, person_id: str, limit: int, start: str | None) -> Page[Session]:
        return self._page(Session, f"SESSIONS#{person_id}", limit, start)
