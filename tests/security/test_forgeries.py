"""Forged, replayed and stale webhooks, and forged tokens, at the whole system's door (B9, S20): nothing gets in, and
nothing is written. What the gateways make of each by themselves is in tests/contract.
"""

import base64
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import boto3
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from chalicelib import wiring
from chalicelib.config import config
from chalicelib.domain.instants import DAY, HOUR, MINUTE
from chalicelib.handlers import edge
from chalicelib.wiring import provider as real_provider
from infra import keys
from infra.local.outbox import Message
from tests.bed.bed import REGION, Bed
from tests.bed.people import AUDIENCE, ISSUER
from tests.integration.shop import Shop, Taken, everything

FORGERIES = 1_000
MARK = "Tuan-Sandbox-Signature"

Hook = tuple[dict[str, str], bytes]


def a_payment_reported(shop: Shop) -> tuple[Taken, Hook]:
    """An order whose payment the provider is about to report, and the genuine report."""
    taken = shop.join(shop.offer().group)
    shop.bed.provider.pay(taken.pay_url.rpartition("/")[2])
    (hook,) = shop.bed.provider.take_due()
    headers, body = shop.bed.provider.signed(hook)
    return taken, (dict(headers), body.encode() if isinstance(body, str) else body)


def report(bed: Bed, headers: dict[str, str], body: bytes) -> int:
    return bed.call_only("POST", "/webhooks/sandbox", body, headers=headers).status


def one_byte_changed(dice: random.Random, hook: Hook) -> Hook:
    """A byte of the body, or of the signature's header, changed, left out or put in."""
    headers, body = hook
    name = next(one for one in headers if one.lower() == MARK.lower())
    in_body = dice.random() < 0.5
    text = body if in_body else headers[name].encode()
    while True:
        at, byte = dice.randrange(len(text)), bytes([dice.randrange(33, 127)])
        changed = dice.choice(
            (text[:at] + byte + text[at + 1 :], text[:at] + text[at + 1 :], text[:at] + byte + text[at:])
        )
        if changed != text:
            return (headers, changed) if in_body else ({**headers, name: changed.decode()}, body)


@pytest.mark.req("B9")
def test_of_a_thousand_webhooks_changed_in_one_byte_none_gets_in_and_nothing_is_written(
    shop: Shop, record_property: Callable[[str, int], None]
) -> None:
    record_property("tried", FORGERIES)
    taken, hook = a_payment_reported(shop)
    before, dice = everything(shop.bed), random.Random(9)
    statuses = Counter(report(shop.bed, *one_byte_changed(dice, hook)) for _ in range(FORGERIES))
    assert statuses == {401: FORGERIES}
    assert everything(shop.bed) == before
    assert report(shop.bed, *hook) == 200, "the genuine one still gets in"
    assert shop.state(taken) == "paid"


@pytest.mark.req("B9")
def test_a_genuine_webhook_replayed_has_its_one_effect_and_soon_none(shop: Shop) -> None:
    taken, hook = a_payment_reported(shop)
    assert report(shop.bed, *hook) == 200
    shop.bed.drain()
    before, money = everything(shop.bed), shop.money(taken.group)["captured_minor"]
    for _ in range(50):
        assert report(shop.bed, *hook) == 200
    assert everything(shop.bed) == before
    shop.bed.later(6 * MINUTE)
    before = everything(shop.bed)
    for off in (0, HOUR, DAY):
        shop.bed.now += off
        assert report(shop.bed, *hook) == 401, "its time is signed, too"
    shop.bed.now -= HOUR + DAY
    assert everything(shop.bed) == before
    assert shop.money(taken.group)["captured_minor"] == money > 0


@pytest.mark.req("B9")
def test_a_webhook_of_another_secret_or_none_or_the_future_is_refused(shop: Shop) -> None:
    taken, (headers, body) = a_payment_reported(shop)
    before = everything(shop.bed)
    assert report(shop.bed, {}, body) == 401
    for secret in ("", "x", "sandbox_api_key-" + "x" * 40):
        with mock.patch.object(shop.bed.provider, "secrets", (secret,)):
            forged, _ = shop.bed.provider.signed(Message(body=body.decode(), due_at_ms=0))
        assert report(shop.bed, dict(forged), body) == 401, secret
    shop.bed.now -= 6 * MINUTE
    assert report(shop.bed, headers, body) == 401, "signed in the future"
    shop.bed.now += 6 * MINUTE
    assert everything(shop.bed) == before
    assert shop.state(taken) == "held"


@pytest.fixture
def rotating(own: Shop) -> Iterator[tuple[Shop, Callable[[], None]]]:
    """A shop whose provider gateway is the one the wiring makes, and a rotation of its webhook secret."""
    manager = boto3.client("secretsmanager", region_name=REGION)

    def rotate() -> None:
        keys.rotate(manager, config().secret_arn, "sandbox_webhook")
        wiring.secrets.cache_clear()
        real_provider.cache_clear()

    def one(name: str) -> Any:
        return real_provider(name)

    made: Any = wiring.provider
    keys.complete(manager, config().secret_arn)
    with mock.patch.object(wiring, "provider", lambda name: _both(made(name), one(name))):
        wiring.world.cache_clear()
        yield own, rotate
    wiring.world.cache_clear()
    real_provider.cache_clear()


def _both(asks: Any, listens: Any) -> Any:
    """The bed's own gateway for what goes out, the wiring's for what comes in."""
    asks.parse_webhook = listens.parse_webhook
    return asks


@pytest.mark.req("B9")
def test_a_rotated_secret_loses_no_webhook_and_the_one_before_the_last_is_dead(
    rotating: tuple[Shop, Callable[[], None]],
) -> None:
    shop, rotate = rotating
    first = wiring.secrets()["sandbox_webhook"]
    _, during = a_payment_reported(shop)
    taken, after = a_payment_reported(shop)
    rotate()
    assert wiring.secrets()["sandbox_webhook"] != first
    assert report(shop.bed, *during) == 200, "signed with the old secret, which the provider still uses"
    rotate()
    assert report(shop.bed, *after) == 401, "two rotations ago"
    with mock.patch.object(shop.bed.provider, "secrets", (wiring.secrets()["sandbox_webhook"],)):
        fresh, _ = shop.bed.provider.signed(Message(body=after[1].decode(), due_at_ms=0))
    assert report(shop.bed, dict(fresh), after[1]) == 200
    assert shop.state(taken) == "paid"


# ----------------------------------------------------------------- tokens

STRANGER = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def attacks(bed: Bed, who: str) -> dict[str, str]:
    """Tokens that say they are `who` with every role, each wrong in one respect; and one that is right."""
    ours, now = bed.people._private, bed.now // 1000
    claims = {
        "sub": who, "iss": ISSUER, "aud": AUDIENCE, "token_use": "id", "iat": now, "exp": now + 3600,
        "cognito:groups": ["merchant", "support", "ops", "manager"], "phone_number_verified": True,
    }  # fmt: skip

    def token(key: Any = ours, algorithm: str = "RS256", kid: str = "bed", **other: Any) -> str:
        return jwt.encode({**claims, **other}, key, algorithm, headers={"kid": kid})

    def part(said: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(said).encode()).rstrip(b"=").decode()

    public = ours.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    good = token()
    head, body, mark = good.split(".")
    return {
        "right": good,
        "no algorithm": jwt.encode(claims, None, "none", headers={"kid": "bed"}),
        "no signature": f"{head}.{body}.",
        "somebody else's signature": f"{head}.{part({**claims, 'sub': 'merchant'})}.{mark}",
        "another key": token(STRANGER),
        "another key under its own name": token(STRANGER, kid="mine"),
        "the public key as a shared secret": token(base64.b64encode(public), "HS256"),
        "another client": token(aud="another-client"),
        "another region's pool": token(iss="https://cognito-idp.eu-west-3.amazonaws.com/eu-west-3_other"),
        "run out": token(iat=now - 9_000, exp=now - 5_400),
        "not yet": token(nbf=now + 3_600),
        "an access token": token(token_use="access"),
        "nobody": token(sub=""),
    }


@pytest.mark.req("S20")
@pytest.mark.req("B26")
def test_no_forged_token_opens_any_route(shop: Shop) -> None:
    """Every guarded route x every attack: 401 before anything is read, and nothing is written."""
    who = shop.person()
    tokens = attacks(shop.bed, who)
    right = tokens.pop("right")
    before = everything(shop.bed)
    guarded = [one for one in edge.ROUTES if one.roles]
    assert len(guarded) > 35

    def ask(route: edge.Route, token: str) -> tuple[int, str]:
        path = route.path.replace("{", "").replace("}", "")
        answer = shop.bed.call_only(route.method, path, {}, headers={"Authorization": f"Bearer {token}"})
        return answer.status, answer.json.get("code", "") if answer.text else ""

    for route in guarded:
        for name, token in tokens.items():
            assert ask(route, token) == (401, "bad_token"), (route.name, name)
    assert everything(shop.bed) == before
    assert ask(guarded[0], right)[0] != 401, "the same token without a fault gets further"


@pytest.mark.req("S20")
def test_a_token_says_who_one_is_and_not_what_ones_number_is(shop: Shop) -> None:
    """Roles come from the pool's groups alone: claims of other names, or unknown groups, give none."""
    who = shop.person()
    now = shop.bed.now // 1000
    claims = {
        "sub": who, "iss": ISSUER, "aud": AUDIENCE, "token_use": "id", "iat": now, "exp": now + 3600, "roles": ["ops"],
        "groups": ["ops"], "custom:roles": "ops", "cognito:groups": ["OPS", "root"],
    }  # fmt: skip
    token = jwt.encode(claims, shop.bed.people._private, "RS256", headers={"kid": "bed"})
    answer = shop.bed.call_only("GET", "/ops/parked", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status, answer.json["code"]) == (403, "forbidden")


# ----------------------------------------------------------------- sizes


@pytest.mark.req("B28")
def test_every_route_that_takes_a_body_bounds_it(shop: Shop) -> None:
    """Refused by its length alone: before the body is read, or the caller's rights are."""
    everyone = shop.person(roles=("merchant", "support", "ops", "manager"))
    large = b'{"title":"' + b"x" * 70_000 + b'"}'
    before = everything(shop.bed)
    for route in edge.ROUTES:
        if route.method in ("POST", "PUT", "PATCH") and not route.raw and route.body is not None:
            path = route.path.replace("{", "").replace("}", "")
            answer = shop.bed.call_only(route.method, path, large, who=everyone, headers={"Idempotency-Key": "k"})
            assert (answer.status, answer.json["code"]) == (413, "body_too_large"), route.name
    assert shop.bed.call_only("POST", "/webhooks/sandbox", large, headers={MARK: "t=1,v1=00"}).status in (400, 401, 413)
    assert everything(shop.bed) == before
