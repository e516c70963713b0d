"""The promises, each checked on what was read back. A broken one is one readable sentence; none is silence."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from . import accounts, goods, ways, words
from .record import Record

Check = Callable[[Record], Iterator[str]]


@dataclass(frozen=True, slots=True)
class Promise:
    """`number` is the promise of the design it belongs to; 8 is what a formed
    group is promised after its verdict, 0 the story's own course."""

    number: int
    says: str
    checks: tuple[Check, ...]


PROMISES = (
    Promise(1, "Nothing is oversold: paid and held never exceed what may be sold", (goods.not_oversold,)),
    Promise(1, "Nobody is told “full” or “closed” while it is not so", (goods.full_is_full,)),
    Promise(1, "Each accepted request is one order, one per buyer and group", (goods.one_order_each,)),
    Promise(2, "One verdict a group, right, in time and never early", (goods.one_verdict_in_time,)),
    Promise(2, "The count is the paid orders", (goods.count_is_the_orders,)),
    Promise(3, "Captured = refunded + released + held, at every look", (accounts.groups_add_up,)),
    Promise(3, "Each group’s money is its orders’ money", (accounts.groups_are_their_orders,)),
    Promise(3, "Failed: refunded once and in full. Cheaper: the difference, exactly", (accounts.everyone_ends_right,)),
    Promise(3, "The provider’s books say the same", (accounts.provider_agrees,)),
    Promise(3, "Late money is seated again or goes back, and is explained", (accounts.late_money_is_explained,)),
    Promise(4, "Nothing is parked or unfinished", (accounts.nothing_unfinished,)),
    Promise(4, "No row is overdue", (accounts.nothing_forgotten,)),
    Promise(5, "Everyone is told what happened, once on each channel they chose", (words.told_what_happened,)),
    Promise(5, "What was planned was sent, once, in their language", (words.sent_is_what_was_planned,)),
    Promise(5, "Within their hours, and only on channels they want", (words.as_they_wish,)),
    Promise(5, "Reminders at 12, 17 and 22 o’clock, none once it is over", (words.reminded_in_slots,)),
    Promise(5, "A failure comes with a way out", (words.failure_has_a_way_out,)),
    Promise(5, "Nobody is told the same thing twice", (ways.nobody_told_twice,)),
    Promise(6, "No personal data outside one’s own contact page", (words.data_stays_home,)),
    Promise(6, "Support’s reading is on record", (words.reads_are_recorded,)),
    Promise(7, "Only money that came in time counts", (goods.counts_only_money_in_time,)),
    Promise(8, "Formed and brought: every order is handed over or accounted for", (ways.everyone_has_their_goods,)),
    Promise(8, "What was missing is shared out and paid back, to the cent", (ways.shortages_add_up,)),
    Promise(8, "Stages one after the other, none skipped", (ways.stages_in_order,)),
    Promise(8, "Lateness is escalated step by step, each step once", (ways.each_step_once,)),
    Promise(8, "Who asks is answered", (ways.nudges_answered,)),
    Promise(8, "The page of truth is two reads at most", (ways.progress_is_cheap,)),
    Promise(0, "Joined at the price that is certain", (goods.joined_at_the_certain_price,)),
    Promise(0, "What is over is gone from the hall, and in the price history", (goods.closed_is_gone,)),
    Promise(0, "The merchant’s figures are a recount", (goods.figures_are_a_recount,)),
    Promise(0, "The day went as it was written", (goods.as_it_was_written,)),
)


def check(record: Record) -> list[tuple[Promise, list[str]]]:
    """Each promise with what broke it."""
    return [(promise, [one for look in promise.checks for one in look(record)]) for promise in PROMISES]


def violations(record: Record) -> list[str]:
    return [one for _, broken in check(record) for one in broken]
