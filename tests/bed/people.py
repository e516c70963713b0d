"""People of the bed: an identity pool of its own, with real RS256 tokens that the real gateway verifies."""

import json
from collections.abc import Mapping

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from chalicelib.domain.instants import Instant
from chalicelib.gateways.identity import Pool

ISSUER, AUDIENCE = "https://identity.invalid/bed", "bed-client"
TOKEN_LIFE_S = 3600


class People(Pool):
    """`phone_of` answers from memory; everything about tokens is the gateway's own code."""

    def __init__(self) -> None:
        self._private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        super().__init__(issuer=ISSUER, audience=AUDIENCE, jwks_url="", transport=self._keys_document)
        self._phones: dict[str, str] = {}
        self._roles: dict[str, tuple[str, ...]] = {}

    def _keys_document(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self._private.public_key()))
        return 200, json.dumps({"keys": [{**public, "kid": "bed", "alg": "RS256", "use": "sig"}]}).encode()

    def add(self, person_id: str, roles: tuple[str, ...] = (), phone: str | None = "+8613800000000") -> None:
        self._roles[person_id] = roles
        if phone is not None:
            self._phones[person_id] = phone

    def knows(self, person_id: str) -> bool:
        return person_id in self._roles

    def phone_of(self, person_id: str) -> str | None:
        return self._phones.get(person_id)

    def token(self, person_id: str, real_now: Instant) -> str:
        claims = {
            "sub": person_id,
            "iss": ISSUER,
            "aud": AUDIENCE,
            "token_use": "id",
            "iat": real_now // 1000,
            "exp": real_now // 1000 + TOKEN_LIFE_S,
            "cognito:groups": list(self._roles[person_id]),
            "phone_number_verified": person_id in self._phones,
        }
        return jwt.encode(claims, self._private, algorithm="RS256", headers={"kid": "bed"})
