"""Tokens: only a fresh ID token, signed by our pool for our client, says who somebody is."""

import base64
import json
from collections.abc import Callable

import jwt
import pytest
from cryptography.hazmat.primitives import hashes, hmac, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from chalicelib.domain.instants import MINUTE, SECOND
from chalicelib.domain.ports import Caller
from chalicelib.domain.refusals import Refused, Unavailable
from chalicelib.gateways import aws
from chalicelib.gateways.identity import LEEWAY, MOST_TOKEN, Pool

pytestmark = pytest.mark.req("S20")

NOW = 1_764_000_000_000
ISSUER, AUDIENCE = "https://pool.example/p1", "client-1"
PERSON = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
OURS = rsa.generate_private_key(public_exponent=65537, key_size=2048)
FOREIGN = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CLAIMS = {
    "sub": PERSON, "iss": ISSUER, "aud": AUDIENCE, "token_use": "id", "exp": NOW // SECOND + 3600,
    "iat": NOW // SECOND, "phone_number_verified": True, "cognito:groups": ["leader", "wizard"],
}  # fmt: skip


def jwk(key: rsa.RSAPrivateKey, kid: str, **more: str) -> dict[str, str]:
    return json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key())) | {"kid": kid, "use": "sig"} | more


class Discovery:
    """Serves the pool's public keys, and counts how often it is asked."""

    def __init__(self, *keys: dict[str, str]) -> None:
        self.keys = list(keys) or [jwk(OURS, "k1", alg="RS256")]
        self.asked = 0
        self.silent = False

    def __call__(self, method: str, path: str, *_: object) -> tuple[int, bytes]:
        assert (method, path) == ("GET", "")
        self.asked += 1
        if self.silent:
            raise TimeoutError
        return 200, json.dumps({"keys": self.keys}).encode()


def pool(discovery: Callable[..., tuple[int, bytes]] | None = None, **more: object) -> Pool:
    return Pool(issuer=ISSUER, audience=AUDIENCE, jwks_url="", transport=discovery or Discovery(), **more)


def token(key: object = OURS, algorithm: str = "RS256", kid: str | None = "k1", **claims: object) -> str:
    said = {name: value for name, value in (CLAIMS | claims).items() if value is not None}
    return jwt.encode(said, key, algorithm, headers={"kid": kid} if kid else None)


def refused(given: str, asked: Pool | None = None, now: int = NOW) -> None:
    with pytest.raises(Refused) as refusal:
        (asked or pool()).verify(given, now)
    assert refusal.value.code == "bad_token"
    assert refusal.value.facts == {}
    assert refusal.value.__cause__ is None


def test_an_id_token_says_who_asks_and_only_roles_we_know() -> None:
    assert pool().verify(token(), NOW) == Caller(id=PERSON, roles=frozenset({"buyer", "leader"}), phone_verified=True)


@pytest.mark.parametrize("groups", [None, [], "ops", {"ops": 1}, [["ops"]], [1]])
def test_without_proper_groups_one_is_a_buyer(groups: object) -> None:
    assert pool().verify(token(**{"cognito:groups": groups}), NOW).roles == {"buyer"}


@pytest.mark.parametrize(
    ("said", "verified"), [(True, True), ("true", True), (False, False), (None, False), ("no", False)]
)
def test_a_phone_is_verified_only_if_the_pool_says_so(said: object, verified: bool) -> None:
    assert pool().verify(token(phone_number_verified=said), NOW).phone_verified is verified


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "another-client"},
        {"aud": [AUDIENCE]},
        {"aud": None},
        {"iss": "https://pool.example/p2"},
        {"iss": None},
        {"token_use": "access"},
        {"token_use": None},
        {"sub": None},
        {"sub": ""},
        {"sub": "a#b"},
        {"sub": "a b"},
        {"sub": "x" * 129},
        {"exp": None},
        {"exp": str(NOW // SECOND + 60)},
        {"exp": NOW / SECOND + 60.5},
        {"nbf": NOW // SECOND + 60},
    ],
)
def test_a_token_with_another_meaning_is_refused(claims: dict[str, object]) -> None:
    refused(token(**claims))


def test_an_access_token_of_the_same_pool_is_refused() -> None:
    """Cognito's access tokens name their client in client_id and have no aud."""
    refused(token(aud=None, token_use="access", client_id=AUDIENCE))
    refused(token(token_use="access"))


def test_times_are_those_of_the_callers_clock_with_little_leeway() -> None:
    given = token(exp=NOW // SECOND, nbf=NOW // SECOND)
    asked = pool()
    for off in (-LEEWAY, 0, LEEWAY - 1):
        asked.verify(given, NOW + off)
    refused(given, asked, NOW + LEEWAY)
    refused(given, asked, NOW - LEEWAY - 1)


def test_a_token_without_a_signature_is_refused() -> None:
    refused(jwt.encode(CLAIMS, None, "none", headers={"kid": "k1"}))
    head, body, _ = token().split(".")
    refused(f"{head}.{body}.")
    refused(f"{b64({'alg': 'none', 'kid': 'k1'})}.{body}.")
    refused(f"{b64({'alg': 'None', 'kid': 'k1'})}.{body}.")


def test_the_public_key_is_no_shared_secret() -> None:
    """The classic: HS256 signed with the public key, which everybody has."""
    public = OURS.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    signed = f"{b64({'alg': 'HS256', 'typ': 'JWT', 'kid': 'k1'})}.{b64(CLAIMS)}"
    for secret in (public, public.strip(), json.dumps(jwk(OURS, "k1")).encode()):
        mark = hmac.HMAC(secret, hashes.SHA256())
        mark.update(signed.encode())
        refused(f"{signed}.{base64.urlsafe_b64encode(mark.finalize()).rstrip(b'=').decode()}")


def test_other_keys_and_algorithms_are_refused() -> None:
    refused(token(FOREIGN))
    refused(token(FOREIGN, kid="k2"))
    refused(token(kid=None))
    refused(token(algorithm="RS512"))
    refused(token(algorithm="PS256"))
    refused(token(ec.generate_private_key(ec.SECP256R1()), "ES256"))


def test_a_key_in_the_tokens_own_header_is_ignored() -> None:
    headers = {"kid": "k1", "jwk": jwk(FOREIGN, "k1"), "jku": "https://thief.example/jwks.json"}
    refused(jwt.encode(CLAIMS, FOREIGN, "RS256", headers=headers))


def test_every_changed_character_is_refused() -> None:
    given, asked = token(), pool()
    for place in range(0, len(given) - 1, 7):  # the last one carries bits that mean nothing
        other = "A" if given[place] != "A" else "B"
        refused(given[:place] + other + given[place + 1 :], asked)


@pytest.mark.parametrize("given", ["", ".", "..", "a.b.c", "Bearer x", "é" * 50, "x" * (MOST_TOKEN + 1), "\x00"])
def test_nonsense_is_refused(given: str) -> None:
    refused(given)


def test_a_token_longer_than_any_of_ours_is_not_even_looked_at() -> None:
    long = token(nickname="x" * MOST_TOKEN)
    discovery = Discovery()
    refused(long, pool(discovery))
    assert discovery.asked == 0


def test_keys_are_fetched_once_and_again_after_a_rotation_but_not_on_anybodys_whim() -> None:
    discovery = Discovery()
    asked = pool(discovery)
    for _ in range(5):
        asked.verify(token(), NOW)
    assert discovery.asked == 1
    for number in range(50):
        refused(token(FOREIGN, kid=f"made-up-{number}"), asked, NOW + number)
    assert discovery.asked == 1
    discovery.keys = [jwk(FOREIGN, "k2")]
    assert asked.verify(token(FOREIGN, kid="k2"), NOW + MINUTE).id == PERSON
    assert discovery.asked == 2


def test_keys_that_are_not_for_signing_are_not_used() -> None:
    for wrong in (jwk(OURS, "k1", use="enc"), jwk(OURS, "k1", alg="RS512"), {"kty": "oct", "kid": "k1", "k": "AAAA"}):
        with pytest.raises((Refused, Unavailable)):
            pool(Discovery(wrong)).verify(token(), NOW)


def test_without_the_pools_keys_we_cannot_tell() -> None:
    discovery = Discovery()
    discovery.silent = True
    asked = pool(discovery)
    with pytest.raises(Unavailable):
        asked.verify(token(), NOW)
    discovery.silent = False
    assert asked.verify(token(), NOW).id == PERSON
    discovery.silent = True
    refused(token(FOREIGN, kid="k9"), asked, NOW + MINUTE)
    assert asked.verify(token(), NOW + MINUTE).id == PERSON, "what is known stays known"
    for answer in ((500, b""), (200, b"<html>"), (200, b"[]"), (200, b'{"keys":[{}]}'), (200, b'{"keys":5}')):
        with pytest.raises(Unavailable):
            pool(lambda *_, answer=answer: answer).verify(token(), NOW)


def test_only_a_verified_phone_is_given_out(cloud: aws.Clients) -> None:
    cognito = cloud("cognito-idp")
    pool_id = cognito.create_user_pool(PoolName="people", UsernameAttributes=["phone_number"])["UserPool"]["Id"]
    asked = pool(user_pool_id=pool_id, clients=cloud)

    def person(phone: str, verified: str) -> str:
        made = cognito.admin_create_user(
            UserPoolId=pool_id,
            Username=phone,
            UserAttributes=[
                {"Name": "phone_number", "Value": phone},
                {"Name": "phone_number_verified", "Value": verified},
            ],
        )
        return next(a["Value"] for a in made["User"]["Attributes"] if a["Name"] == "sub")

    assert asked.phone_of(person("+8613812345678", "true")) == "+8613812345678"
    assert asked.phone_of(person("+8613812345679", "false")) is None
    assert asked.phone_of(PERSON) is None
    assert asked.phone_of("+8613812345678") is None, "a phone number is no person's id"


def b64(said: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(said).encode()).rstrip(b"=").decode()
