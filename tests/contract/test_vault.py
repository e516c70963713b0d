"""The vault (promise 6): contact data is sealed, tied to its person, and no read goes unrecorded."""

import json
from dataclasses import replace

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from chalicelib.domain.instants import DAY, HOUR
from chalicelib.domain.person import Address, Contact
from chalicelib.domain.refusals import Broken, Refused, Unavailable
from chalicelib.gateways import aws
from chalicelib.gateways.vault import LIMITS, MOST_ADDRESSES, SealedVault

pytestmark = [pytest.mark.req("X5"), pytest.mark.req("X6")]

NOW = 1_764_000_000_000
TABLE = "tuan-test-vault"
HOME = Address(
    province="浙江省", city="杭州市", district="西湖区", street="文三路", community="翠苑小区", building="12",
    unit="3", room="0401", division_code="330106", recipient="王小明", phone="+8613812345678",
)  # fmt: skip
CONTACT = Contact(phone="+8613987654321", email="xiaoming@mail.example", addresses={"home": HOME})
SECRETS = ("13987654321", "xiaoming", "mail.example", "13812345678", "王小明", "文三路", "翠苑", "330106", "0401")


@pytest.fixture
def vault(cloud: aws.Clients) -> SealedVault:
    cloud("dynamodb").create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
    )
    key = cloud("kms").create_key()["KeyMetadata"]["Arn"]
    return SealedVault(TABLE, key, clients=cloud)


def rows() -> list[dict[str, object]]:
    return aws.client("dynamodb").scan(TableName=TABLE)["Items"]


def read(vault: SealedVault, person: str = "p1", at: int = NOW) -> Contact | None:
    return vault.read(person, reader="notices", why="order_paid", now=at)


def test_what_is_written_is_read(vault: SealedVault) -> None:
    vault.write("p1", CONTACT, NOW)
    assert read(vault) == CONTACT
    assert read(vault, "p2") is None


def test_nothing_in_the_table_is_plain(vault: SealedVault) -> None:
    vault.write("p1", CONTACT, NOW)
    read(vault)
    stored = repr(rows()) + json.dumps(rows(), default=bytes.hex, ensure_ascii=False)
    raw = b"".join(row["sealed"]["B"] for row in rows() if "sealed" in row)
    for secret in SECRETS:
        assert secret not in stored
        assert json.dumps(secret)[1:-1] not in stored
        assert secret.encode() not in raw
    assert "p1" in stored, "the control: this looks where the data is"


def test_every_read_is_on_record_even_of_somebody_unknown(vault: SealedVault) -> None:
    vault.write("p1", CONTACT, NOW)
    read(vault, at=NOW)
    vault.read("p1", reader="support-7", why="ticket 5", now=NOW + HOUR)
    read(vault, "p2")
    page = vault.reads("p1", 10, None)
    assert [(r.reader, r.why, r.at) for r in page.rows] == [
        ("support-7", "ticket 5", NOW + HOUR),
        ("notices", "order_paid", NOW),
    ]
    assert page.next is None
    assert len(vault.reads("p2", 10, None).rows) == 1


def test_a_read_is_recorded_before_anything_is_opened(vault: SealedVault, monkeypatch: pytest.MonkeyPatch) -> None:
    vault.write("p1", CONTACT, NOW)
    monkeypatch.setattr(vault, "_open", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        read(vault)
    assert len(vault.reads("p1", 10, None).rows) == 1


def test_without_a_record_there_is_no_read(vault: SealedVault, monkeypatch: pytest.MonkeyPatch) -> None:
    vault.write("p1", CONTACT, NOW)

    def refuses(_: object) -> None:
        raise Unavailable("vault")

    monkeypatch.setattr(vault, "_record", refuses)
    with pytest.raises(Unavailable):
        read(vault)


def test_records_of_reads_come_by_pages_and_go_after_two_years(vault: SealedVault) -> None:
    for number in range(5):
        read(vault, at=NOW + number)
    seen, start = [], None
    while True:
        page = vault.reads("p1", 2, start)
        seen += [each.at for each in page.rows]
        if (start := page.next) is None:
            break
    assert seen == [NOW + number for number in (4, 3, 2, 1, 0)]
    gone = {int(row["gone_at"]["N"]) for row in rows()}
    assert gone == {(NOW + 730 * DAY) // 1000}


def test_a_sealed_value_opens_for_nobody_else(vault: SealedVault) -> None:
    """Whoever can write to the table must not be able to read another's data as their own."""
    vault.write("p1", CONTACT, NOW)
    [mine] = [row for row in rows() if row["sk"]["S"] == "contact"]
    aws.client("dynamodb").put_item(TableName=TABLE, Item=mine | {"pk": {"S": "person#thief"}})
    with pytest.raises(Broken):
        read(vault, "thief")
    assert len(vault.reads("thief", 10, None).rows) == 1


def test_phone_and_email_change_without_touching_addresses(vault: SealedVault) -> None:
    vault.write("p1", CONTACT, NOW)
    vault.write("p1", Contact(phone="+8613700000000"), NOW)
    assert read(vault) == Contact(phone="+8613700000000", email=None, addresses={"home": HOME})


def test_addresses_are_added_replaced_and_limited(vault: SealedVault) -> None:
    vault.write("p1", CONTACT, NOW)
    for number in range(MOST_ADDRESSES - 1):
        vault.add_address("p1", f"a{number}", HOME, NOW)
    vault.add_address("p1", "home", replace(HOME, room="0402"), NOW)
    with pytest.raises(Refused):
        vault.add_address("p1", "one-too-many", HOME, NOW)
    contact = read(vault)
    assert contact is not None
    assert len(contact.addresses) == MOST_ADDRESSES
    assert contact.addresses["home"].room == "0402"


def test_one_address_goes_and_the_rest_stays(vault: SealedVault) -> None:
    vault.write("p1", CONTACT, NOW)
    vault.add_address("p1", "a1", HOME, NOW)
    for _ in range(2):
        vault.remove_address("p1", "home")
    vault.remove_address("p2", "a1")
    contact = read(vault)
    assert contact is not None
    assert (contact.phone, set(contact.addresses)) == (CONTACT.phone, {"a1"})


def test_erasing_leaves_nothing_but_who_has_read_it(vault: SealedVault) -> None:
    vault.write("p1", CONTACT, NOW)
    vault.write("p2", CONTACT, NOW)
    read(vault)
    vault.erase("p1")
    assert [row["pk"]["S"] for row in rows() if "sealed" in row] == ["person#p2"] * 2
    assert read(vault) is None
    assert len(vault.reads("p1", 10, None).rows) == 1


def test_long_fields_are_refused_before_anything_is_written(vault: SealedVault) -> None:
    for change in ({"phone": "1" * 21}, {"email": "e" * 255}):
        with pytest.raises(Refused) as refused:
            vault.write("p1", replace(CONTACT, **change), NOW)
        assert refused.value.code == "too_long"
        assert next(iter(change.values())) not in repr(refused.value), "the value itself is not repeated"
    with pytest.raises(Refused):
        vault.write("p1", replace(CONTACT, addresses={"home": replace(HOME, street="街" * 121)}), NOW)
    assert rows() == []


def test_the_longest_address_in_the_widest_letters_still_fits(vault: SealedVault) -> None:
    assert LIMITS.keys() >= HOME.__dataclass_fields__.keys()
    widest = Address(**{name: "𠀀" * LIMITS[name] for name in HOME.__dataclass_fields__})
    vault.add_address("p1", "home", widest, NOW)
    contact = read(vault)
    assert contact is not None
    assert contact.addresses["home"] == widest


class Failing:
    """A client of which every call fails."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __getattr__(self, _: str):
        def call(**__: object) -> None:
            raise self.error

        return call


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (ReadTimeoutError(endpoint_url="https://kms"), Unavailable),
        (ClientError({"Error": {"Code": "ThrottlingException", "Message": "+8613987654321"}}, "Encrypt"), Unavailable),
        (ClientError({"Error": {"Code": "AccessDeniedException", "Message": "+8613987654321"}}, "Encrypt"), Broken),
    ],
)
def test_trouble_has_a_name_and_carries_no_data(error: Exception, raised: type[Exception]) -> None:
    vault = SealedVault(TABLE, "key", clients=lambda _: Failing(error))
    with pytest.raises(raised) as trouble:
        vault.write("p1", CONTACT, NOW)
    assert "139" not in repr(trouble.value)
    assert trouble.value.__cause__ is None
    assert trouble.value.__suppress_context__, "so that no traceback in a log repeats the message"
