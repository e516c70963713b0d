"""Requests that schemathesis makes from the API's own document, sent to the whole system with a shop in it (B28).

`python -m tests.security.fuzz --requests 2000` is the long form; the suite plays a short one. Half of the requests keep
to the document and half of them break it in some place; path parameters name things that exist two times in three, and
the caller is drawn from all roles. Same seed, same requests.
"""

import argparse
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.core import NOT_SET
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.transport import Response
from schemathesis.generation import GenerationMode

from chalicelib.domain.instants import DAY, HOUR
from tests.bed import Answer, Bed
from tests.integration.shop import APPLE, Shop, money_adds_up, rows

DOCUMENT = Path(__file__).parents[2] / "docs" / "openapi.json"
SEED = 20_261_101
ROLES = ("buyer", "merchant", "support", "ops", "manager", "stranger", "nobody")
LEAKS = ("Traceback", 'File "', "botocore", "pynamodb", "boto3", "chalicelib", "Exception", "arn:aws")
"""What only somebody who may look into the program should ever read."""

UNSIGNED = '{"message":"Unauthorized"}'
"""What the gateway itself answers whoever sends no token; on AWS the template gives these words their form."""


@dataclass
class Found:
    """What was asked and answered; `wrong` says, one line each, what must not have been."""

    requests: int = 0
    operations: set[str] = field(default_factory=set)
    statuses: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


class Town:
    """A shop in which every kind of thing that a path can name exists."""

    def __init__(self, bed: Bed) -> None:
        self.bed, self.shop = bed, Shop(bed, contact=True)
        shop = self.shop
        self.who = {name: shop.person(name, roles=(name,)) for name in ("support", "ops", "manager")}
        self.who |= {"merchant": shop.merchant, "buyer": shop.person(contact=True), "stranger": shop.person()}
        open_offer, over, teams = shop.offer(), shop.offer(hours=1), shop.teams()
        mine, other = shop.buy(over.group, self.who["buyer"]), shop.join(over.group, method="transfer")
        shop.close(over.group)
        held = shop.join(open_offer.group, self.who["buyer"])
        team = shop.open_team(teams, self.who["buyer"], size=2)
        code = shop.ok("POST", f"/groups/{open_offer.group}/share", who=self.who["buyer"])["code"]
        refunds = [refund["id"] for refund in shop.story(mine)["refunds"]]
        for who in self.who.values():
            bed.confirm(who)
        self.offers = (open_offer, over, teams)
        self.ids: Mapping[str, list[str]] = {
            "campaign_id": [one.id for one in self.offers] + [shop.drafted()],
            "group_id": [open_offer.group, over.group, team.group],
            "person_id": list(self.who.values()),
            "order_id": [mine.id, other.id, held.id, team.id],
            "entry_id": [held.payment, other.payment, mine.payment, *refunds],
            "product_id": [shop.product(), shop.product()],
            "provider": ["sandbox", "transfer"],
            "method": ["sandbox", "transfer"],
            "code": [code],
            "return_id": [f"{mine.id}.r1"],
            "stage": ["presale", "stocking", "sorting", "delivery"],
        }  # fmt: skip


def played(count: int, first: int = SEED) -> Found:
    """At least `count` requests over all operations, and what came of them."""
    found = Found()
    schema = schemathesis.openapi.from_path(DOCUMENT)
    operations = [one.ok() for one in schema.get_all_operations()]
    dice = random.Random(first)
    each = max(1, -(-count // (2 * len(operations))))
    with Bed.made() as bed:
        town = Town(bed)
        for number, operation in enumerate(operations):
            found.operations.add(operation.label)
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                _operation(town, operation, mode, each, first + number, dice, found)
            bed.drain()
        found.wrong += aftermath(town)
    return found


def _operation(
    town: Town, operation: Any, mode: GenerationMode, each: int, first: int, dice: random.Random, found: Found
) -> None:
    sent = 0

    @seed(first)
    @settings(
        max_examples=each,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(generation_mode=mode))
    def one(case: Any) -> None:
        nonlocal sent
        sent += 1
        ask(town, case, dice, found)

    try:
        one()
    except Exception as error:
        if "Unsatisfiable" not in type(error).__name__:  # nothing of this operation can be broken: no parameter at all
            raise
    found.requests += sent


def ask(town: Town, case: Any, dice: random.Random, found: Found) -> None:
    path = path_of(town, case, dice)
    query = urlencode(_flat(case.query or {}), doseq=True)
    headers = {name: str(value).encode("latin-1", "replace").decode("latin-1")
               for name, value in (case.headers or {}).items() if name != "Authorization"}  # fmt: skip
    fitting = [role for role in case.operation.definition.raw.get("x-roles", ()) if role in ROLES]
    role = dice.choice(fitting if fitting and dice.random() < 0.7 else ROLES)
    who = None if role == "nobody" else town.who[role]
    body = b"" if case.body is NOT_SET else body_of(case.body)
    target = f"{path}?{query}" if query else path
    answer = town.bed.call_only(case.method, target, body, who=who, headers=headers)
    found.statuses[answer.status] += 1
    if said := wrong_with(answer, case):
        found.wrong.append(f"{case.method} {target} as {role} {headers} {body[:300]!r}: {answer.status} {said}")


def path_of(town: Town, case: Any, dice: random.Random) -> str:
    path = str(case.path)
    for name, value in (case.path_parameters or {}).items():
        known = town.ids.get(name, [])
        chosen = dice.choice(known) if known and dice.random() < 0.67 else str(value)
        path = path.replace("{" + name + "}", quote(chosen, safe="%") or "-")
    return path


def _flat(query: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value if isinstance(value, list) else str(value) for name, value in query.items()}


def body_of(body: Any) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body, default=str).encode()


def wrong_with(answer: Answer, case: Any) -> str:
    """The first thing that must not be in this answer, or nothing."""
    if answer.status >= 500:
        return answer.text[:300]
    for word in LEAKS:
        if word in answer.text:
            return f"says {word!r}: {answer.text[:300]}"
    if answer.status == 401 and answer.text == UNSIGNED:
        return ""
    if answer.status >= 400 and "code" not in answer.json:
        return f"no problem of ours: {answer.text[:300]}"
    declared = case.operation.definition.raw["responses"]
    if str(answer.status) not in declared:
        return f"an undeclared status: {answer.text[:300]}"
    if answer.status >= 400 and f"`{answer.json['code']}`" not in declared[str(answer.status)]["description"]:
        return f"an undeclared refusal: {answer.json['code']}"
    return _against_schema(answer, case)


def _against_schema(answer: Answer, case: Any) -> str:
    request = requests.Request(case.method, "http://door.invalid/").prepare()
    headers = {name: [value] if isinstance(value, str) else value for name, value in answer.headers.items()}
    content = answer.text.encode()
    response = Response(answer.status, headers, content, request, elapsed=0.0, verify=False)
    try:
        case.operation.validate_response(response)
    except (Failure, FailureGroup) as failure:
        return f"not as the document says: {str(failure)[:300]}"
    return ""


def aftermath(town: Town) -> Iterator[str]:
    """Whatever was asked, the books still add up, nothing was oversold, and no row was parked."""
    town.bed.later(DAY + HOUR)
    for sign_in in ("merchant",):
        town.bed._tokens.pop(town.who[sign_in], None)
    for offer in town.offers[:2]:
        money_adds_up(town.shop, offer.group)
    for (pk, sk), row in rows(town.bed).items():
        if pk == "PARKED":
            yield f"parked: {sk}"
        if sk in ("SLICE", "STOCK") and int(row["body"]["M"]["left"]["M"].get(APPLE, {"N": "0"})["N"]) < 0:
            yield f"oversold: {pk}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=SEED)
    asked = parser.parse_args()
    began = time.monotonic()
    found = played(asked.requests, asked.seed)
    for line in found.wrong[:40]:
        print("WRONG", line)
    statuses = ", ".join(f"{number} x {status}" for status, number in sorted(found.statuses.items()))
    print(
        f"{found.requests} requests to {len(found.operations)} operations, {len(found.wrong)} answered wrongly: "
        f"{statuses}; {time.monotonic() - began:.0f} s"
    )
    return bool(found.wrong)


if __name__ == "__main__":
    sys.exit(main())
