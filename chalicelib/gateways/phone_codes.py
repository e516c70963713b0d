"""Who is asking, where a region has no user pool: people known by their phone, and tokens of our own.

    phone#<hash>    account   whose phone it is
    account#<id>    account   the phone, sealed; its hash; roles beyond buying

Both stand in the vault's table: a phone is contact data. The hash is keyed, so the table does not tell whose phones
it knows; the sealed phone is tied to its person, as everything in the vault is. Tokens carry the claims of a user
pool's and are signed by a KMS key that never leaves KMS, so the authorizer verifies either kind by the same code.
"""

import base64
import hmac
import json
import secrets as random
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from ..domain.instants import HOUR, SECOND, Instant
from ..domain.ports import Caller, SignedIn
from ..domain.refusals import Broken, Refused
from . import aws
from .identity import ROLES, Pool

TOKEN_LIFE = HOUR
ALGORITHM = "RSASSA_PKCS1_V1_5_SHA_256"

Account = Mapping[str, Any]


class Codes(Protocol):
    """Sends and counts one-time codes; the limits are the same for every kind of log-in."""

    def send(self, phone: str) -> None: ...
    def is_right(self, phone: str, code: str) -> bool: ...
    def is_waiting(self, phone: str) -> bool:
        """Whether the phone's latest code may still be answered."""
        ...


class PhoneCodes:
    """Implements ports.Identity. `token_key` and `seal_key` are KMS keys; `hash_key` gives the key of the phones'
    hashes, which lasts for ever: under another one nobody would be known."""

    def __init__(
        self,
        *,
        issuer: str,
        audience: str,
        token_key: str,
        table: str,
        seal_key: str,
        hash_key: Callable[[], str],
        codes: Codes,
        clients: aws.Clients = aws.client,
    ) -> None:
        self._issuer, self._audience = issuer, audience
        self._token_key, self._seal_key, self._hash_key = token_key, seal_key, hash_key
        self._table = table
        self._codes = codes
        self._clients = clients
        self._tokens = Pool(issuer=issuer, audience=audience, jwks_url="", transport=self._public_keys)

    # ------------------------------------------------------------------ tokens

    def verify(self, token: str, now: Instant) -> Caller:
        return self._tokens.verify(token, now)

    def token(self, caller: Caller, now: Instant) -> str:
        """Good for an hour. Roles are those of this moment."""
        header = {"alg": "RS256", "typ": "JWT", "kid": self._key_id()}
        claims = {
            "sub": caller.id,
            "iss": self._issuer,
            "aud": self._audience,
            "token_use": "id",
            "iat": now // SECOND,
            "exp": (now + TOKEN_LIFE) // SECOND,
            "cognito:groups": sorted(caller.roles - {"buyer"}),
            "phone_number_verified": caller.phone_verified,
        }
        said = f"{_url_safe(json.dumps(header).encode())}.{_url_safe(json.dumps(claims).encode())}"
        with aws.answered("token key"):
            signature = self._clients("kms").sign(
                KeyId=self._token_key, Message=said.encode(), MessageType="RAW", SigningAlgorithm=ALGORITHM
            )["Signature"]
        return f"{said}.{_url_safe(signature)}"

    def _public_keys(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        """The token key's public half, as the document that a user pool would publish."""
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
        from cryptography.hazmat.primitives.serialization import load_der_public_key

        with aws.answered("token key"):
            said = self._clients("kms").get_public_key(KeyId=self._token_key)
        public = load_der_public_key(said["PublicKey"])
        if not isinstance(public, RSAPublicKey):
            raise Broken("the token key is no RSA key")
        numbers = public.public_numbers()
        key = {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self._key_id()}
        key |= {"n": _url_safe(_bytes(numbers.n)), "e": _url_safe(_bytes(numbers.e))}
        return 200, json.dumps({"keys": [key]}).encode()

    def _key_id(self) -> str:
        return self._token_key.rpartition("/")[2]

    # ------------------------------------------------------------------ log-in

    def start_log_in(self, phone: str) -> str:
        """The codes' own limits hold, whatever the challenge says; it only looks like a pool's."""
        self._codes.send(phone)
        return random.token_urlsafe(16)

    def answer_code(self, phone: str, challenge: str, code: str, now: Instant) -> SignedIn | str:
        if self._codes.is_right(phone, code):
            caller = self.enrol(phone)
            token = self.token(caller, now)
            return SignedIn(id=caller.id, roles=caller.roles, phone_verified=True, token=token)
        if not self._codes.is_waiting(phone):
            raise Refused("code_expired")
        return challenge

    # ------------------------------------------------------------------ people

    def enrol(self, phone: str) -> Caller:
        """Whoever has proved this phone; everybody may buy, so who is new is made known."""
        who = self._who(phone)
        person_id = self._person_of(who) or self._made(who, phone)
        account = self._row(f"account#{person_id}") or {}
        roles = ROLES.intersection(account.get("roles", {}).get("SS", []))
        return Caller(id=person_id, roles=roles | {"buyer"}, phone_verified=True)

    def give(self, phone: str, role: str) -> Caller:
        """Gives a role to whoever has this phone. It counts from their next log-in."""
        return self._roles(phone, "ADD", role)

    def take(self, phone: str, role: str) -> Caller:
        return self._roles(phone, "DELETE", role)

    def person_with(self, phone: str) -> str | None:
        return self._person_of(self._who(phone))

    def phone_of(self, person_id: str) -> str | None:
        account = self._row(f"account#{person_id}")
        if account is None:
            return None
        with aws.answered("identity"):
            said = self._clients("kms").decrypt(
                KeyId=self._seal_key, CiphertextBlob=account["sealed"]["B"], EncryptionContext=self._context(person_id)
            )
        return str(said["Plaintext"].decode())

    def forget(self, person_id: str) -> None:
        account = self._row(f"account#{person_id}")
        if account is not None:
            for pk in (f"phone#{account['who']['S']}", f"account#{person_id}"):
                with aws.answered("identity"):
                    self._clients("dynamodb").delete_item(TableName=self._table, Key=_key(pk))

    def _made(self, who: str, phone: str) -> str:
        """Both rows or neither: two log-ins at once must not make two people of one phone."""
        person_id = "p" + random.token_hex(10)
        with aws.answered("identity"):
            sealed = self._clients("kms").encrypt(
                KeyId=self._seal_key, Plaintext=phone.encode(), EncryptionContext=self._context(person_id)
            )["CiphertextBlob"]
        rows = (
            {**_key(f"phone#{who}"), "person": {"S": person_id}},
            {**_key(f"account#{person_id}"), "who": {"S": who}, "sealed": {"B": sealed}},
        )
        puts = [
            {"Put": {"TableName": self._table, "Item": row, "ConditionExpression": "attribute_not_exists(pk)"}}
            for row in rows
        ]
        with aws.answered("identity"):
            client = self._clients("dynamodb")
            try:
                client.transact_write_items(TransactItems=puts)
            except client.exceptions.TransactionCanceledException:
                known = self._person_of(who)
                if known is None:
                    raise
                return known
        return person_id

    def _roles(self, phone: str, how: str, role: str) -> Caller:
        if role not in ROLES:
            raise ValueError(f"there is no role “{role}”")
        person = self.enrol(phone)
        with aws.answered("identity"):
            self._clients("dynamodb").update_item(
                TableName=self._table,
                Key=_key(f"account#{person.id}"),
                UpdateExpression=f"{how} #roles :role",
                ConditionExpression="attribute_exists(pk)",
                ExpressionAttributeNames={"#roles": "roles"},
                ExpressionAttributeValues={":role": {"SS": [role]}},
            )
        return self.enrol(phone)

    def _person_of(self, who: str) -> str | None:
        row = self._row(f"phone#{who}")
        return row["person"]["S"] if row else None

    def _row(self, pk: str) -> Account | None:
        with aws.answered("identity"):
            said = self._clients("dynamodb").get_item(TableName=self._table, Key=_key(pk), ConsistentRead=True)
        found: Account | None = said.get("Item")
        return found

    def _who(self, phone: str) -> str:
        return hmac.new(self._hash_key().encode(), f"phone\x1f{phone}".encode(), "sha256").hexdigest()[:32]

    def _context(self, person_id: str) -> dict[str, str]:
        return {"person": person_id, "table": self._table}


def _key(pk: str) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": "account"}}


def _url_safe(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _bytes(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")
