"""Counts the audit log again: `python -m infra.audit verify --table T --region R [--person P] [--days 30]`.

Every chain with a line in those days is read from its first line on, and each line's seal is made anew. Prints what is
wrong, and exits with 1 if anything is; the last seal of each chain is printed, to be compared with the operators' log.
"""

import argparse
import sys
import time
from collections.abc import Iterator

from chalicelib.domain.audit import Act, day_of, faults
from chalicelib.domain.instants import DAY, Instant
from chalicelib.store.timers import DynamoStore

PAGE = 100


def people(store: DynamoStore, days: list[str]) -> list[str]:
    """Whoever did something sensitive on these days."""
    found: set[str] = set()
    for day in days:
        start: str | None = None
        while True:
            page = store.acts_on(day, PAGE, start)
            found |= {act.actor_id for act in page.rows}
            if page.next is None:
                break
            start = page.next
    return sorted(found)


def chain(store: DynamoStore, person: str) -> Iterator[Act]:
    start: str | None = None
    while True:
        page = store.acts_of(person, PAGE, start)
        yield from page.rows
        if page.next is None:
            return
        start = page.next


def verify(store: DynamoStore, persons: list[str]) -> Iterator[str]:
    """Faults, and a line for each chain that has none."""
    for person in persons:
        lines = list(chain(store, person))
        yield from (f"WRONG {fault}" for fault in faults(lines))
        if lines and not faults(lines):
            yield f"{person}: {len(lines)} lines, the last sealed {lines[-1].seal}"


def days_until(now: Instant, how_many: int) -> list[str]:
    return [day_of(now - back * DAY) for back in range(how_many)]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=["verify"])
    parser.add_argument("--table", required=True)
    parser.add_argument("--region", required=True)
    parser.add_argument("--person", action="append", default=[])
    parser.add_argument("--days", type=int, default=30)
    asked = parser.parse_args(arguments)
    store = DynamoStore(asked.table, asked.region)
    said = list(verify(store, asked.person or people(store, days_until(time.time_ns() // 1_000_000, asked.days))))
    print("\n".join(said) or "no sensitive acts in these days")
    return any(one.startswith("WRONG") for one in said)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
