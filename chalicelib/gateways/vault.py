"""The vault: phones, e-mails and addresses, encrypted, in a table of their own (promise 6).

    person#<id>   contact               phone and e-mail, sealed
    person#<id>   address#<address id>  one address, sealed
    person#chats:<campaign>  secret#<robot>  a chat robot's key, sealed
    person#<id or sms>  secret#<task>        what somebody wrote to us by SMS, sealed; goes by itself
    reads#<id>    <when>#<reader>#<id>  who read, why and when; goes by itself after two years

A sealed value is encrypted by KMS itself: contacts are far smaller than its 4 KB, so no data key ever is in
our memory and no cryptography in our package. The encryption context ties it to its person and table: a value
copied into another person's row cannot be opened there.

Every read is written down before it is done: a reader that crashes has read too much on paper, never too
little.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from typing import Any

from ..domain.ids import derived
from ..domain.instants import DAY, SECOND, Instant, rfc3339
from ..domain.person import Address, Contact
from ..domain.ports import Page, VaultRead
from ..domain.refusals import Broken, Refused
from . import aws

KEPT = 2 * 365 * DAY
MOST_ADDRESSES = 20

LIMITS: Mapping[str, int] = {
    "phone": 20, "email": 254,
    "province": 40, "city": 40, "district": 40, "street": 120, "community": 80, "building": 40, "unit": 40,
    "room": 40, "division_code": 12, "recipient": 60,
}  # fmt: skip
"""Characters per field. All of them, four bytes each, stay below what KMS encrypts in one call (4,096
bytes).
"""

Item = Mapping[str, Any]
"""A row as DynamoDB's own client gives it: {"pk": {"S": ...}}."""


class SealedVault:
    """Implements ports.Vault. `key_arn` is the key that seals; rows sealed under an older version still
    open.
    """

    def __init__(self, table: str, key_arn: str, clients: aws.Clients = aws.client) -> None:
        self._table = table
        self._key_arn = key_arn
        self._clients = clients

    def read(
        self, person_id: str, *, reader: str, why: str, now: Instant, addresses_too: bool = True
    ) -> Contact | None:
        self._record(VaultRead(person_id=person_id, reader=reader, why=why, at=now))
        phone = email = None
        addresses: dict[str, Address] = {}
        found = False
        for row in self._rows(person_id) if addresses_too else self._row(person_id, "contact"):
            kind, _, address_id = row["sk"]["S"].partition("#")
            if kind == "secret":
                continue
            found = True
            opened = self._open(person_id, row["sealed"]["B"])
            if kind == "contact":
                phone, email = opened.get("phone"), opened.get("email")
            else:
                addresses[address_id] = _address(opened)
        return Contact(phone=phone, email=email, addresses=addresses) if found else None

    def knows_address(self, person_id: str, address_id: str) -> bool:
        """Whether the person has such an address. Opens nothing, so it is no read of contact data."""
        return bool(self._row(person_id, f"address#{address_id}"))

    def _row(self, person_id: str, name: str) -> list[Item]:
        """The one row of that name, or none."""
        key = {"pk": {"S": f"person#{person_id}"}, "sk": {"S": name}}
        with aws.answered("vault"):
            said = self._clients("dynamodb").get_item(TableName=self._table, Key=key, ConsistentRead=True)
        return [said["Item"]] if "Item" in said else []

    def write(self, person_id: str, contact: Contact, now: Instant) -> None:
        """Sets phone and e-mail, and each address given. Addresses that are not given stay as they are."""
        _check_lengths({"phone": contact.phone or "", "email": contact.email or ""})
        for address in contact.addresses.values():
            _check_lengths(asdict(address))
        self._put(person_id, "contact", {"phone": contact.phone, "email": contact.email}, now)
        for address_id, address in contact.addresses.items():
            self.add_address(person_id, address_id, address, now)

    def add_address(self, person_id: str, address_id: str, address: Address, now: Instant) -> None:
        _check_lengths(asdict(address))
        names = {row["sk"]["S"] for row in self._rows(person_id)} - {f"address#{address_id}"}
        if sum(name.startswith("address#") for name in names) >= MOST_ADDRESSES:
            raise Refused("too_many_addresses", most=MOST_ADDRESSES)
        self._put(person_id, f"address#{address_id}", asdict(address), now)

    def remove_address(self, person_id: str, address_id: str) -> None:
        key = {"pk": {"S": f"person#{person_id}"}, "sk": {"S": f"address#{address_id}"}}
        with aws.answered("vault"):
            self._clients("dynamodb").delete_item(TableName=self._table, Key=key)

    def reads(self, person_id: str, limit: int, start: str | None) -> Page[VaultRead]:
        """Newest first."""
        key = {"pk": {"S": f"reads#{person_id}"}}
        begin = {"ExclusiveStartKey": key | {"sk": {"S": start}}} if start else {}
        said = self._query(f"reads#{person_id}", ScanIndexForward=False, Limit=limit, **begin)
        rows = [
            VaultRead(
                person_id=person_id,
                reader=row["reader"]["S"],
                why=row["why"]["S"],
                at=int(row["read_at"]["N"]),
            )
            for row in said["Items"]
        ]
        last = said.get("LastEvaluatedKey")
        return Page(rows, last["sk"]["S"] if last else None)

    def erase(self, person_id: str) -> None:
        """Removes all contact data. Who has read it stays on record, and holds none of it."""
        for row in list(self._rows(person_id)):
            key = {"pk": row["pk"], "sk": row["sk"]}
            with aws.answered("vault"):
                self._clients("dynamodb").delete_item(TableName=self._table, Key=key)

    def keep(self, owner: str, name: str, what: Mapping[str, str], now: Instant, until: Instant | None = None) -> None:
        """Seals what is nobody's contact: a robot's key, or (gone by itself after `until`) what somebody wrote."""
        self._put(owner, f"secret#{name}", what, now, until)

    def kept(self, owner: str, name: str, *, reader: str, why: str, now: Instant) -> Mapping[str, str] | None:
        rows = self._row(owner, f"secret#{name}")
        if not rows:
            return None
        self._record(VaultRead(person_id=owner, reader=reader, why=why, at=now))
        return self._open(owner, rows[0]["sealed"]["B"])

    def forget(self, owner: str, name: str) -> None:
        key = {"pk": {"S": f"person#{owner}"}, "sk": {"S": f"secret#{name}"}}
        with aws.answered("vault"):
            self._clients("dynamodb").delete_item(TableName=self._table, Key=key)

    def _record(self, read: VaultRead) -> None:
        """The id is derived, so a repeated call is one record; `gone_at` is what the table's TTL looks at."""
        name = derived(read.person_id, read.reader, read.why, str(read.at), length=8)
        item = {
            "pk": {"S": f"reads#{read.person_id}"},
            "sk": {"S": f"{rfc3339(read.at)}#{read.reader}#{name}"},
            "reader": {"S": read.reader},
            "why": {"S": read.why},
            "read_at": {"N": str(read.at)},
            "gone_at": {"N": str((read.at + KEPT) // SECOND)},
        }
        with aws.answered("vault"):
            self._clients("dynamodb").put_item(TableName=self._table, Item=item)

    def _put(
        self,
        person_id: str,
        name: str,
        what: Mapping[str, str | None] | Mapping[str, str],
        now: Instant,
        until: Instant | None = None,
    ) -> None:
        plain = json.dumps(what, ensure_ascii=False, separators=(",", ":")).encode()
        with aws.answered("vault"):
            sealed = self._clients("kms").encrypt(
                KeyId=self._key_arn, Plaintext=plain, EncryptionContext=self._context(person_id)
            )["CiphertextBlob"]
            item = {
                "pk": {"S": f"person#{person_id}"},
                "sk": {"S": name},
                "sealed": {"B": sealed},
                "written_at": {"N": str(now)},
            }
            if until is not None:
                item["gone_at"] = {"N": str(until // SECOND)}
            self._clients("dynamodb").put_item(TableName=self._table, Item=item)

    def _open(self, person_id: str, sealed: bytes) -> dict[str, Any]:
        with aws.answered("vault"):
            said = self._clients("kms").decrypt(
                KeyId=self._key_arn, CiphertextBlob=sealed, EncryptionContext=self._context(person_id)
            )
        opened = json.loads(said["Plaintext"])
        if not isinstance(opened, dict):
            raise Broken("vault: a sealed value of another shape")
        return opened

    def _context(self, person_id: str) -> dict[str, str]:
        return {"person": person_id, "table": self._table}

    def _rows(self, person_id: str) -> Iterator[Item]:
        begin: dict[str, Any] = {}
        while True:
            said = self._query(f"person#{person_id}", ConsistentRead=True, **begin)
            yield from said["Items"]
            if "LastEvaluatedKey" not in said:
                return
            begin = {"ExclusiveStartKey": said["LastEvaluatedKey"]}

    def _query(self, pk: str, **how: Any) -> dict[str, Any]:
        with aws.answered("vault"):
            said: dict[str, Any] = self._clients("dynamodb").query(
                TableName=self._table,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": {"S": pk}},
                **how,
            )
        return said


def _check_lengths(values: Mapping[str, str]) -> None:
    for name, value in values.items():
        if len(value) > LIMITS[name]:
            raise Refused("too_long", field=name, most=LIMITS[name])


def _address(opened: Mapping[str, Any]) -> Address:
    if opened.keys() != {field.name for field in fields(Address)}:
        raise Broken("vault: an address of another shape")
    return Address(**opened)
