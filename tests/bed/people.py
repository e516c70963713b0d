"""People of the bed: an identity pool of its own, with real RS256 tokens that the real gateway verifies."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from chalicelib.config import real_now
from chalicelib.domain.instants import Instant
from chalicelib.domain.ports import Caller, SignedIn
from chalicelib.domain.refusals import Refused
from chalicelib.gateways.identity import Pool
from chalicelib.handlers import challenge as trigger

ISSUER, AUDIENCE = "https://identity.invalid/bed", "bed-client"
TOKEN_LIFE_S = 3600


@cache
def _key() -> rsa.RSAPrivateKey:
    """One a process: making one takes as long as a bed."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class People(Pool):
    """`phone_of` answers from memory; everything about tokens is the gateway's own code."""

    def __init__(self) -> None:
        self._private = _key()
        super().__init__(issuer=ISSUER, audience=AUDIENCE, jwks_url="", transport=self._keys_document)
        self._phones: dict[str, str] = {}
        self._roles: dict[str, tuple[str, ...]] = {}
        self._challenges: dict[str, list[dict[str, Any]]] = {}

    def _keys_document(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self._private.public_key()))
        return 200, json.dumps({"keys": [{**public, "kid": "bed", "alg": "RS256", "use": "sig"}]}).encode()

    def add(self, person_id: str, roles: tuple[str, ...] = (), phone: str | None = "+8613800000000") -> None:
        self._roles[person_id] = roles
        if phone is not None:
            self._phones[person_id] = phone

    def start_log_in(self, phone: str) -> str:
        """As the pool does it: its function is asked what comes next, then for a code."""
        person = next((one for one, known in self._phones.items() if known == phone), None)
        if person is None:
            person = f"new-{len(self._roles)}"
            self.add(person, phone=phone)
        session = f"challenge-{len(self._challenges)}"
        self._challenges[session] = []
        self._asked("DefineAuthChallenge", phone, [])
        try:
            self._asked("CreateAuthChallenge", phone, [])
        except trigger.NotNow as refusal:
            raise _challenge_refusal(str(refusal)) from None
        return session

    def answer_code(self, phone: str, challenge: str, code: str, now: Instant) -> SignedIn | str:
        answered = self._challenges.get(challenge)
        if answered is None:
            raise Refused("code_expired")
        right = self._asked("VerifyAuthChallengeResponse", phone, answered, challengeAnswer=code)["answerCorrect"]
        answered.append({"challengeName": "CUSTOM_CHALLENGE", "challengeResult": right})
        defined = self._asked("DefineAuthChallenge", phone, answered)
        if defined["failAuthentication"]:
            del self._challenges[challenge]
            raise Refused("code_expired")
        if not defined["issueTokens"]:
            return challenge
        person = self.named(phone)
        roles, token = frozenset(self._roles[person]) | {"buyer"}, self.token(person, real_now())
        return SignedIn(id=person, roles=roles, phone_verified=True, token=token)

    def named(self, phone: str) -> str:
        """The id of whoever has this phone."""
        return next(one for one, known in self._phones.items() if known == phone)

    def caller(self, phone: str) -> Caller:
        """Whoever has this phone, as somebody who has signed in with it."""
        person = self.named(phone)
        return Caller(id=person, roles=frozenset(self._roles[person]) | {"buyer"}, phone_verified=True)

    def forget(self, person_id: str) -> None:
        self._roles.pop(person_id, None)
        self._phones.pop(person_id, None)

    def _asked(self, name: str, phone: str, session: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
        request = {"userAttributes": {"phone_number": phone}, "session": list(session), **more}
        event = {"triggerSource": f"{name}_Authentication", "request": request}
        answer: dict[str, Any] = trigger.challenge(event, None)["response"]
        return answer

    def knows(self, person_id: str) -> bool:
        return person_id in self._roles

    def phone_of(self, person_id: str) -> str | None:
        return self._phones.get(person_id)

    def person_with(self, phone: str) -> str | None:
        return next((one for one, known in self._phones.items() if known == phone), None)

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


def _challenge_refusal(said: str) -> Refused:
    _, code, seconds = said.split(":")
    return Refused(code, retry_after_s=int(seconds))
