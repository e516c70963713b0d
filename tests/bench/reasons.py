"""Why a goal may be missed and what could come next, for every line of docs/performance.md: one for each kind.

A `Line` can't be made without its reason, so no missed goal goes unexplained. `partly` is what a reached goal leaves.
"""

from dataclasses import dataclass

from .report import verdict


@dataclass(frozen=True, slots=True)
class Line:
    """One goal of the table. `reached` is None where nothing was measured."""

    goal: str
    asked: str
    found: str
    reached: bool | None
    command: str
    reason: str
    partly: str = ""

    def __post_init__(self) -> None:
        if not self.reason.strip():
            raise ValueError(f"{self.goal}: no reason is given for missing it")

    def cells(self) -> tuple[str, str, str, str, str]:
        said = "" if self.reached is None else verdict(self.reached)
        return self.goal, self.asked, self.found, said, f"`{self.command}`"

    def explained(self) -> list[str]:
        if self.reached is False:
            return [f"- **{self.goal}** (asked: {self.asked}; found: {self.found}): {self.reason}"]
        return [f"- {self.goal}, reached in part: {self.partly}"] if self.partly else []


def section(lines: list[Line]) -> list[str]:
    """Every missed line, and what reached ones leave open."""
    said = [text for line in lines for text in line.explained()]
    return ["## What is not reached, or only in part", "\n".join(said)] if said else []


NOT_MEASURED = "it was not measured."
EXACT = (
    "a unit sold twice, lost, or refused while it was there is a defect, and none is known. Next: find the history in "
    "the simulation (`make simulate`), mend it, list it in docs/defects.toml."
)
HANDLER = (
    "most of a handler's own time is botocore's: building, signing and parsing two calls. Next: fewer milliseconds "
    "there (a client of our own for the two operations a join needs), measured on a quiet machine."
)
RATES = (
    "beside what boto3 needs itself there are the checks, the order as a document and one query of a buyer's unpaid "
    "seats. Next: know those without a query (see cost)."
)
FLAT = (
    "no read or write of a join depends on the group's size, so either the engine slows with its table or the blocks "
    "met different noise. Next: more rounds on a quiet machine."
)
HOT = (
    "a key takes 1,000 write units a second and transactions that meet are cancelled, so the rate follows the slices "
    "found so far. Next: begin with more slices, or split by more than double."
)
ORDINARY = "a group splits further only after it has met a conflict. Next: begin with more slices."
SOLD_OUT = (
    "the last units lie scattered over the slices. Next: bring what is left to one place before the last units are "
    "asked for."
)
VERDICTS = (
    "the workers read every order of a group before its verdict, so their number says how long it takes. Next: more "
    "workers at once, or a count kept with the parts."
)
RESOLVED = (
    "something waited longer than the model plays on, or raised an alarm. Next: the alarm's own row says which; the "
    "queue's length at the end of the run."
)
STEADY = "some work is done per group or per tick and not per order. Next: the table of units by owner, below."
ASKED = "a row is queued ahead of its moment and at growing intervals after it. Next: longer intervals."
OVER_LIMIT = "a batch held more than a worker does in its time. Next: fewer orders in one go, or smaller batches."
OTHERS = "joins elsewhere share the store and nothing else; waiting means a shared key. Next: name the hottest key."
SIZE = "what is packed has grown. Next: a function of its own for what only few requests need."
START = (
    "beside the client there are the rules, shapes and routes. From Python 3.12 on SnapStart restores a function with "
    "its imports done, and none of this is paid. Next, for older runtimes: import later what a first answer can spare."
)
MEMORY = "the setting is not the least that keeps the two limits in this run. Next: the table of settings, below."
READING = (
    "what was asked for is read before it is known that nothing changed. So the reads grow with processes and "
    "questions, and not with the watchers. Next: keep the figures in the hall's own lines, at up to four more writes "
    "a change (decision 0022 says why not yet)."
)


def peers(load: float) -> str:
    return (
        "ours keeps every core busy (four processes, the engine, eight clients) while pretix mostly waits for the "
        "lock on its product, so whatever else runs on the machine takes more from ours; the load was "
        f"{load:.1f} at the end. Next: run it on a quiet machine; then fewer of botocore's milliseconds, which are "
        "most of what is ours in a join."
    )


def cost(floor: float, total: float, brake: float) -> str:
    return (
        f"${floor:.2f} of ${total:.2f} is the joins' own four units, two rows in a transaction, which decision 0015 "
        f"keeps. Next: a buyer's unpaid seats known without a query before each join (${brake:.2f})."
    )


def first_seconds(slices: int, p99_ms: float) -> str:
    return (
        f"in the first seconds, with {slices} slices at its start, the slowest hundredth waits longer: p99 over the "
        f"whole run is {p99_ms:.0f} ms. " + HOT.partition("Next: ")[1] + HOT.partition("Next: ")[2]
    )


def first_ordinary(settled_s: float, rate: float, conflicts: float) -> str:
    return (
        f"within 2 % of conflicts only from second {settled_s:.0f} on; over the whole run, at {rate:,.0f} joins/s, "
        f"it is {conflicts:.1%}: {ORDINARY}"
    )


def last_units(p99_ms: float) -> str:
    return f"exact, but the slowest hundredth waits {p99_ms / 1000:.1f} s: {SOLD_OUT}"
