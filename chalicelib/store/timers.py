"""Timers, counters and other single updates: which rows are due, which stumbled, which are parked."""

from collections.abc import Iterator, Mapping
from typing import Any

from pynamodb.exceptions import DoesNotExist
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from ..domain.group import Slice
from ..domain.hours import Hour, Pulse
from ..domain.instants import HOUR, MINUTE, Instant
from ..domain.ports import DueRow, Page, RowKey
from ..domain.refusals import Lost
from ..domain.spent import Spent
from ..domain.tally import Numbers, Scope, Tally
from ..domain.upkeep import MOST_STUMBLES, Parked
from ..domain.writes import Create, Row
from .commit import NEXT_VERSION, Commits, absent, at_version, translated, unless_done
from .reads import Reads
from .rows import DUE_SHARDS, due_shard, from_stored, hour_key, key_of, slice_key, spent_key, tally_key, to_stored
from .spelling import Path, Value
from .stored import Stored, bind

RECOUNT_SOON = 5_000


def _no_timer() -> list[Action]:
    return [Stored.due_at.remove(), Stored.due_shard.remove(), Stored.hot.remove()]


def _added(delta: Numbers, units: Mapping[str, int], now: Instant) -> list[Action]:
    actions: list[Action] = [
        Path(["body", "as_of"]).set(Value(now)),
        NEXT_VERSION,
    ]
    for name in Numbers.__slots__:
        if change := getattr(delta, name):
            path = Path(["body", "numbers", name])
            actions.append(path.set(path + Value(change)))
    for sku, change in units.items():
        path = Path(["body", "units", sku])
        actions.append(path.set((path | Value(0)) + Value(change)))
    return actions


class Timers(Commits, Reads):
    """What the clocks need of the store."""

    def key_of(self, row: Row) -> RowKey:
        return key_of(row)

    def wakeable(self, key: RowKey) -> Row | None:
        return self._get(Row, key.pk, key.sk)

    def due(self, until: Instant) -> Iterator[DueRow]:
        for shard in range(DUE_SHARDS):
            yield from self._due_in(shard, until)

    def due_soon(self, limit: int) -> list[DueRow]:
        """The next rows to be looked at, whenever that is."""
        rows = [row for shard in range(DUE_SHARDS) for row in self._due_in(shard, None, limit)]
        return sorted(rows, key=lambda row: row.due_at)[:limit]

    def _due_in(self, shard: int, until: Instant | None, limit: int | None = None) -> Iterator[DueRow]:
        condition = Stored.due_at <= until if until is not None else None
        with translated():
            for mark in Stored.due_index.query(str(shard), condition, limit=limit):
                assert mark.due_at is not None
                yield DueRow(RowKey(mark.pk, mark.sk), mark.due_at)

    def seal(self, group_id: str, number: int) -> Slice:
        stored = Stored(*slice_key(group_id, number))
        with translated():
            stored.update(
                [Path(["body", "sealed"]).set(Value(True)), NEXT_VERSION],
                Stored.pk.exists(),
            )
        sealed = from_stored(stored)
        assert isinstance(sealed, Slice)
        return sealed

    def spread_deadline(self, group_id: str, number: int, closes_at: Instant, deadline_number: int) -> None:
        known = Path(["body", "deadline_number"])
        # A late echo of an older move must not undo a newer one; a sealed slice has been counted.
        condition = (known < Value(deadline_number)) & (Path(["body", "sealed"]) == Value(False))
        actions: list[Action] = [
            Path(["body", "closes_at"]).set(Value(closes_at)),
            known.set(Value(deadline_number)),
            NEXT_VERSION,
        ]
        with unless_done():
            Stored(*slice_key(group_id, number)).update(actions, condition)

    def count_up(self, scope: Scope, owner_id: str, delta: Numbers, units: Mapping[str, int], now: Instant) -> None:
        actions = _added(delta, units, now)
        # The earlier moment stays: a busy tally is recounted at its own pace, not put off by every change.
        actions.append(Stored.due_at.set(Path("due_at") | Value(now + RECOUNT_SOON)))
        self._count(scope, owner_id, actions)

    def correct_tally(
        self, tally: Tally, delta: Numbers, units: Mapping[str, int], now: Instant, next_at: Instant
    ) -> None:
        actions = _added(delta, units, now)
        recounted = Path(["body", "recounted_version"])
        actions.append(recounted.set(Path("version") + Value(1)))
        actions.append(Stored.due_at.set(next_at))
        # Without it two recounts of one moment would both add what is missing, and the second would be too much.
        self._count(tally.scope, tally.id, actions, recounted == Value(tally.recounted_version))

    def _count(self, scope: Scope, owner_id: str, actions: list[Action], still: Condition | None = None) -> None:
        pk, sk = tally_key(scope.value, owner_id)
        timer: list[Action] = [Stored.due_shard.set(due_shard(pk, sk)), Stored.hot.set("1")]
        with unless_done():  # no tally yet: the group's opening creates it, and its recount finds everything
            Stored(pk, sk).update(actions + timer, Stored.pk.exists() if still is None else still)

    def add_to_hour(self, campaign_id: str, at: Instant, delta: Pulse) -> None:
        """Raises Lost where two made the hour at once: try again."""
        actions: list[Action] = [NEXT_VERSION]
        for name in Pulse.__slots__:
            if change := getattr(delta, name):
                number = Path(["body", "pulse", name])
                actions.append(number.set(number + Value(change)))
        try:
            with translated():
                Stored(*hour_key(campaign_id, at)).update(actions, Stored.pk.exists())
        except Lost as lost:
            if not lost.rows:
                raise
            self.commit(Create(Hour(campaign_id=campaign_id, at=at, pulse=delta)))

    def spend(self, owner: str, window: str, most: int, now: Instant) -> bool:
        used = Path(["body", "used"])
        actions: list[Action] = [used.set(used + Value(1)), NEXT_VERSION]
        within = used < Value(most)  # else two senders at once go over the limit together
        for _ in range(2):
            try:
                with translated():
                    Stored(*spent_key(owner, window)).update(actions, within)
                return True
            except Lost as lost:
                if not lost.rows:
                    raise
            if most < 1 or self._get(Spent, *spent_key(owner, window)) is not None:
                return False
            try:
                self.commit(Create(Spent(owner=owner, window=window, used=1, began_at=now)))
                return True
            except Lost:  # somebody else made it first
                continue
        return False

    def rest_tally(self, tally: Tally) -> None:
        with unless_done():  # something was counted meanwhile: its timer stays
            Stored(*tally_key(tally.scope.value, tally.id)).update(_no_timer(), at_version(tally.version))

    def stumble(self, key: RowKey, reason: str, now: Instant) -> bool:
        """Works on the key alone, so that a row nobody can read any more can still be parked."""
        try:
            with translated():
                wanted = ["pk", "sk", "kind", "stumbles"]
                stored = Stored.get(key.pk, key.sk, consistent_read=True, attributes_to_get=wanted)
        except DoesNotExist:
            return False
        count = (stored.stumbles or 0) + 1
        if count < MOST_STUMBLES:
            later = now + min(MINUTE << (count - 1), HOUR)
            self._touch(key, [Stored.stumbles.set(count), Stored.due_at.set(later)])
            return False
        return self._park(key, stored.kind, reason, now)

    def _touch(self, key: RowKey, actions: list[Action]) -> None:
        with unless_done():  # its timer was cleared meanwhile: somebody got it done
            Stored(key.pk, key.sk).update(actions, Stored.due_at.exists())

    def _park(self, key: RowKey, kind: str, reason: str, now: Instant) -> bool:
        """The timer goes and the parked row comes in one transaction, so that it is always in one of the lists.

        False: the timer was cleared meanwhile, or the row is parked already.
        """
        parked = Parked(pk=key.pk, sk=key.sk, kind=kind, reason=reason[:500], parked_at=now)
        clear: list[Action] = [*_no_timer(), Stored.stumbles.remove()]
        done = False
        with unless_done():
            with TransactWrite(connection=self.connection) as transaction:
                transaction.update(Stored(key.pk, key.sk), clear, Stored.due_at.exists())
                transaction.save(to_stored(parked, 1), condition=absent())
            done = True
        return done

    def parked(self, limit: int, start: str | None) -> Page[Parked]:
        return self._query_page(Parked, "PARKED", None, limit, start)

    def put_back(self, key: RowKey, now: Instant) -> bool:
        """The row is due again and leaves the parked list, together. False: it was not parked."""
        parked = self._get(Parked, "PARKED", f"{key.pk}|{key.sk}")
        if parked is None:
            return False
        again: list[Action] = [
            Stored.due_at.set(now),
            Stored.due_shard.set(due_shard(key.pk, key.sk)),
            Stored.hot.set("1"),
        ]
        with translated(), TransactWrite(connection=self.connection) as transaction:
            transaction.update(Stored(key.pk, key.sk), again, Stored.pk.exists())
            transaction.delete(to_stored(parked, parked.version), condition=Stored.pk.exists())
        return True


class DynamoStore(Timers):
    """The store the services are given. A botocore `session` that is given makes its client; else it makes its own."""

    def __init__(self, table_name: str, region: str, host: str | None = None, session: Any = None) -> None:
        bind(table_name, region, host)
        Reads.__init__(self)
        Commits.__init__(self, Stored._get_connection().connection)
        if session is not None:
            self.connection._local.session = session  # where PynamoDB keeps the one it would make
