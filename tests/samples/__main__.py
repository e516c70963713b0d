"""Plays the story's day in one process and keeps one row of each kind that has no sample of its shape yet."""

import json
from typing import Any

from chalicelib.domain.instants import DAY, MINUTE
from chalicelib.domain.session import Brake, LoginCode, Session
from chalicelib.domain.upkeep import Parked
from chalicelib.domain.writes import Row
from chalicelib.store.rows import BY_NAME, kind_of, to_stored
from tests.story.__main__ import DAY as THE_DAY
from tests.story.on_moto import OnMoto
from tests.story.player import Player
from tests.story.script import read

from .rows import ROWS, sample_path

AT = 1_795_000_000_000

# What a good day writes none of.
OTHERS: tuple[Row, ...] = (
    Parked(pk="GROUP#g#ORDERS#00", sk="ENTRY#g-0abc#g-0abc.p1.r1", kind="entry", reason="Broken: why", parked_at=AT),
    LoginCode(who="5f1c2e0a", code_hash="9b1deb4d", tries=2, expires_at=AT + 5 * MINUTE, sent_at=(AT - DAY // 2, AT)),
    Brake(who="7c9e6679", at=(AT - MINUTE, AT)),
    Session(
        id="e07fc1f90ae7",
        person_id="p1",
        roles=("merchant",),
        phone_verified=True,
        device="iPhone",
        created_at=AT,
        seen_at=AT + MINUTE,
        expires_at=AT + 30 * DAY,
    ),
)


def main() -> None:
    found: dict[str, dict[str, Any]] = {kind_of(row).name: to_stored(row, 3).to_dynamodb_dict() for row in OTHERS}
    script = read(THE_DAY)
    with OnMoto.made(script, "none", 0) as stack:
        Player(stack, script, lambda at, who, what: None).play()
        for item in stack.bed.table.all_items():
            image = item.to_json()["Attributes"]
            kind = image["kind"]["S"]
            # The fullest row says most about its shape.
            if len(json.dumps(image)) > len(json.dumps(found.get(kind, {}))):
                found[kind] = image
    ROWS.mkdir(exist_ok=True)
    for kind in BY_NAME:
        path = sample_path(kind, BY_NAME[kind].shape)
        if kind in found and not path.exists():
            path.write_text(json.dumps(found[kind], indent=1, sort_keys=True, ensure_ascii=False) + "\n")
            print(f"{path.name}: added")
        elif not path.exists():
            print(f"{path.name}: the day writes none; add one by hand")


if __name__ == "__main__":
    main()
