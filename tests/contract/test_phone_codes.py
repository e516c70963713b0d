"""Log-in where a region has no user pool: one person a phone, tokens that the same authorizer verifies, no phone in
the clear."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from moto import mock_aws

from chalicelib.domain.instants import HOUR, MINUTE, SECOND
from chalicelib.domain.ports import SignedIn
from chalicelib.domain.refusals import Refused
from chalicelib.gateways.phone_codes import PhoneCodes
from infra.package import ROOT

NOW = 1_790_000_000_000
PHONE, OTHER = "+8613812345678", "+8613812345679"
REGION = "us-east-1"


@dataclass
class Codes:
    """The services' part: one code, good once."""

    sent: list[str] = field(default_factory=list)
    code: str = ""

    def send(self, phone: str) -> None:
        self.sent.append(phone)
        self.code = "123456"

    def is_right(self, phone: str, code: str) -> bool:
        right = bool(self.code) and code == self.code and phone in self.sent
        self.code = "" if right else self.code
        return right

    def is_waiting(self, phone: str) -> bool:
        return bool(self.code)


@dataclass
class Place:
    people: PhoneCodes
    codes: Codes
    table: str = "vault"

    def rows(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = boto3.client("dynamodb", region_name=REGION).scan(TableName=self.table)["Items"]
        return found

    def log_in(self, phone: str = PHONE) -> SignedIn:
        challenge = self.people.start_log_in(phone)
        found = self.people.answer_code(phone, challenge, self.codes.code, NOW)
        assert isinstance(found, SignedIn)
        return found


def made(token_key: str, seal_key: str, codes: Codes, *, issuer: str = "urn:tuan:bed") -> PhoneCodes:
    return PhoneCodes(
        issuer=issuer,
        audience="tuan-bed",
        token_key=token_key,
        table="vault",
        seal_key=seal_key,
        hash_key=lambda: "h" * 64,
        codes=codes,
        clients=lambda service: boto3.client(service, region_name=REGION),
    )


@pytest.fixture(scope="module")
def keys() -> Iterator[tuple[str, str]]:
    with mock_aws():
        boto3.client("dynamodb", region_name=REGION).create_table(
            TableName="vault",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("pk", "sk")],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        )
        kms = boto3.client("kms", region_name=REGION)
        signing = kms.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
        yield signing, kms.create_key()["KeyMetadata"]["Arn"]


@pytest.fixture
def place(keys: tuple[str, str]) -> Place:
    dynamodb = boto3.client("dynamodb", region_name=REGION)
    for row in dynamodb.scan(TableName="vault")["Items"]:
        dynamodb.delete_item(TableName="vault", Key={name: row[name] for name in ("pk", "sk")})
    codes = Codes()
    return Place(made(*keys, codes), codes)


@pytest.mark.req("X1")
def test_a_phone_and_its_code_make_one_person_however_often(place: Place) -> None:
    first, again, another = place.log_in(), place.log_in(), place.log_in(OTHER)
    assert first.id == again.id != another.id
    assert first.phone_verified
    assert first.roles == {"buyer"}


@pytest.mark.req("X1")
def test_the_token_is_verified_as_a_pools_is(place: Place) -> None:
    found = place.log_in()
    caller = place.people.verify(found.token, NOW + HOUR - SECOND)
    assert (caller.id, caller.roles, caller.phone_verified) == (found.id, {"buyer"}, True)


def test_a_token_of_yesterday_or_of_another_cell_is_refused(place: Place, keys: tuple[str, str]) -> None:
    token = place.log_in().token
    elsewhere = made(*keys, place.codes, issuer="urn:tuan:elsewhere")
    with pytest.raises(Refused, match="bad_token"):
        place.people.verify(token, NOW + HOUR + MINUTE)
    with pytest.raises(Refused, match="bad_token"):
        elsewhere.verify(token, NOW)


def test_a_token_that_was_touched_is_refused(place: Place) -> None:
    head, said, seal = place.log_in().token.split(".")
    with pytest.raises(Refused, match="bad_token"):
        place.people.verify(f"{head}.{said[:-4]}AAAA.{seal}", NOW)


def test_a_wrong_code_may_be_tried_again_until_it_is_spent(place: Place) -> None:
    challenge = place.people.start_log_in(PHONE)
    assert place.people.answer_code(PHONE, challenge, "000000", NOW) == challenge
    place.codes.code = ""
    with pytest.raises(Refused, match="code_expired"):
        place.people.answer_code(PHONE, challenge, "123456", NOW)


def test_nobody_is_known_before_the_code_came_back(place: Place) -> None:
    place.people.start_log_in(PHONE)
    assert place.rows() == []


@pytest.mark.req("promise-6")
def test_no_row_shows_a_phone(place: Place) -> None:
    found = place.log_in()
    assert PHONE[3:] not in json.dumps(place.rows(), default=repr)
    assert place.people.phone_of(found.id) == PHONE


def test_a_phone_sealed_for_one_person_opens_for_nobody_else(place: Place) -> None:
    one, other = place.log_in(), place.log_in(OTHER)
    rows = {row["pk"]["S"]: row for row in place.rows()}
    moved = {**rows[f"account#{other.id}"], "sealed": rows[f"account#{one.id}"]["sealed"]}
    boto3.client("dynamodb", region_name=REGION).put_item(TableName="vault", Item=moved)
    with pytest.raises(Exception, match="InvalidCiphertext"):
        place.people.phone_of(other.id)


def test_two_first_log_ins_at_once_make_one_person(place: Place) -> None:
    """Both saw nobody; the second's rows are refused, and it takes the first's."""
    first = place.log_in()
    really, asked = place.people._person_of, []

    def late(who: str) -> str | None:
        asked.append(who)
        return really(who) if len(asked) > 1 else None

    place.people._person_of = late  # type: ignore[method-assign]
    assert place.log_in().id == first.id
    assert len(place.rows()) == 2


def test_roles_are_given_and_taken_and_count_from_the_next_log_in(place: Place) -> None:
    person = place.people.give(PHONE, "merchant")
    assert place.log_in().roles == {"buyer", "merchant"}
    assert place.people.verify(place.log_in().token, NOW).roles == {"buyer", "merchant"}
    assert place.people.take(PHONE, "merchant").id == person.id
    assert place.log_in().roles == {"buyer"}
    with pytest.raises(ValueError, match="no role “king”"):
        place.people.give(PHONE, "king")


@pytest.mark.req("X10")
def test_whoever_is_forgotten_leaves_no_row_and_comes_back_as_somebody_new(place: Place) -> None:
    before = place.log_in()
    place.people.forget(before.id)
    place.people.forget(before.id)
    assert place.rows() == []
    assert place.people.phone_of(before.id) is None
    assert place.log_in().id != before.id


@pytest.mark.req("B30")
def test_each_function_has_the_rights_it_uses_and_no_more(place: Place, keys: tuple[str, str]) -> None:
    """What the API does at a log-in and the authorizer at a call, beside the policies of a cell without a pool."""
    asked: set[str] = set()

    def watched(service: str) -> Any:
        client = boto3.client(service, region_name=REGION)
        client.meta.events.register("before-call", lambda model, **_: asked.add(f"{service}:{model.name}"))
        return client

    people = made(*keys, place.codes)
    people._clients = watched
    token = place.people.token(place.log_in(), NOW)
    asked.clear()
    people.verify(token, NOW)
    assert asked == rights("authorize", "HasPool")
    asked.clear()
    people.start_log_in(OTHER)
    found = people.answer_code(OTHER, "challenge", place.codes.code, NOW)
    assert isinstance(found, SignedIn)
    people.phone_of(found.id)
    people.forget(found.id)
    transacted = {"dynamodb:TransactWriteItems"}
    assert asked - transacted <= rights("api")
    assert {"dynamodb:PutItem"} <= rights("api")
    assert rights("api", "HasPool") == {"kms:Sign", "sns:Publish"}


def rights(function: str, under: str = "") -> set[str]:
    """The actions a function is allowed in a cell without a pool; `under`: those that only such a cell allows."""
    policy = json.loads((ROOT / ".chalice" / f"policy-{function}.json").read_text())
    allowed: set[str] = set()
    for one in policy["Statement"]:
        condition, *ways = one.get("Fn::If", ["", one, one])
        without = ways[1]
        if condition in (under, *(() if under else ("HasPool",))) and without.get("Effect") == "Allow":
            allowed |= set(without["Action"])
    return allowed
