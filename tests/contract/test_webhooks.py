"""Forged, stale and broken webhooks (promise 3 hangs on this): none is accepted."""

import hashlib
import hmac
import json
import random

import pytest

from chalicelib.domain.instants import MINUTE, SECOND
from chalicelib.domain.ports import EventKind
from chalicelib.domain.refusals import Refused
from chalicelib.gateways.payments import sandbox, signature
from chalicelib.gateways.payments.sandbox import Sandbox
from tests.contract.benches import OLD_SECRET, SECRET, STORY_START, SandboxBench

NAME = "Tuan-Sandbox-Signature"
SAID = {
    "id": "evt_1", "type": "payment.paid", "key": "pay-1", "ref": "pay_1",
    "amount_minor": 1_000, "currency": "CNY", "at_ms": STORY_START,
}  # fmt: skip


def signed(body: bytes, at_s: int = STORY_START // SECOND, secret: str = SECRET) -> dict[str, str]:
    mark = hmac.new(secret.encode(), f"{at_s}.".encode() + body, hashlib.sha256).hexdigest()
    return {NAME: f"t={at_s},v1={mark}"}


def code(gateway: Sandbox, headers: dict[str, str], body: bytes, now: int = STORY_START) -> str:
    """`accepted`, or the refusal's code."""
    try:
        gateway.parse_webhook(headers, body, now)
    except Refused as refused:
        return refused.code
    return "accepted"


@pytest.fixture
def gateway() -> Sandbox:
    return Sandbox("", "", (SECRET, OLD_SECRET))


@pytest.fixture
def hook() -> tuple[dict[str, str], bytes]:
    bench = SandboxBench()
    bench.paid()
    [(headers, body)] = bench.webhooks()
    return dict(headers), body


def test_a_genuine_webhook_is_accepted_whatever_the_case_of_its_headers(
    gateway: Sandbox, hook: tuple[dict[str, str], bytes]
) -> None:
    headers, body = hook
    assert code(gateway, headers, body) == "accepted"
    assert code(gateway, {name.lower(): value for name, value in headers.items()}, body) == "accepted"


def test_every_one_byte_change_of_the_body_is_refused(gateway: Sandbox, hook: tuple[dict[str, str], bytes]) -> None:
    headers, body = hook
    draw = random.Random(1)
    for place in range(len(body)):
        for byte in {draw.randrange(256) for _ in range(4)} - {body[place]}:
            forged = body[:place] + bytes([byte]) + body[place + 1 :]
            assert code(gateway, headers, forged) == "bad_signature", (place, byte)
        assert code(gateway, headers, body[:place] + body[place + 1 :]) == "bad_signature"
        assert code(gateway, headers, body[:place] + b" " + body[place:]) == "bad_signature"


def test_every_one_byte_change_of_the_header_is_refused(gateway: Sandbox, hook: tuple[dict[str, str], bytes]) -> None:
    headers, body = hook
    value = headers[NAME]
    for place in range(len(value)):
        for letter in set("0123456789abcdefAFtv=, ;\n\u0661") - {value[place]}:
            forged = value[:place] + letter + value[place + 1 :]
            assert code(gateway, {NAME: forged}, body) == "bad_signature", forged
        for forged in (value[:place] + value[place + 1 :], value[:place] + "0" + value[place:]):
            if forged != value:
                assert code(gateway, {NAME: forged}, body) == "bad_signature", forged


@pytest.mark.parametrize(
    ("off_ms", "expected"),
    [
        (0, "accepted"),
        (5 * MINUTE, "accepted"),
        (-5 * MINUTE, "accepted"),
        (5 * MINUTE + SECOND, "bad_signature"),
        (-5 * MINUTE - SECOND, "bad_signature"),
        (86_400_000, "bad_signature"),
    ],
)
def test_stale_and_future_webhooks_are_refused(gateway: Sandbox, off_ms: int, expected: str) -> None:
    body = json.dumps(SAID).encode()
    assert code(gateway, signed(body), body, STORY_START + off_ms) == expected


def test_a_secret_is_rotated_without_losing_a_webhook() -> None:
    body = json.dumps(SAID).encode()
    before, during, after = ((OLD_SECRET,), (SECRET, OLD_SECRET), (SECRET,))
    assert code(Sandbox("", "", during), signed(body, secret=OLD_SECRET), body) == "accepted"
    assert code(Sandbox("", "", during), signed(body, secret=SECRET), body) == "accepted"
    assert code(Sandbox("", "", after), signed(body, secret=OLD_SECRET), body) == "bad_signature"
    assert code(Sandbox("", "", before), signed(body, secret=SECRET), body) == "bad_signature"


def test_a_provider_that_signs_with_both_secrets_is_understood_by_either() -> None:
    bench = SandboxBench()
    bench.provider.secrets = (SECRET, OLD_SECRET)
    bench.paid()
    [(headers, body)] = bench.webhooks()
    for secret in (SECRET, OLD_SECRET):
        assert code(Sandbox("", "", (secret,)), headers, body) == "accepted"


def test_without_a_secret_nothing_is_genuine() -> None:
    body = json.dumps(SAID).encode()
    for secrets in ((), ("",), ("", "")):
        assert code(Sandbox("", "", secrets), signed(body, secret=""), body) == "bad_signature"


def test_headers_that_are_odd_are_refused(gateway: Sandbox) -> None:
    body = json.dumps(SAID).encode()
    good = signed(body)[NAME]
    mark = good.partition(",")[2]
    odd = [
        "", "t=", good.split(",")[0], mark, f"{mark},t={STORY_START // SECOND}", good + ",", good + "," + good,
        good.replace("v1", "v2"), good.upper(), f"t=-1,{mark}", f"t=9999999999999999,{mark}", "t=1e9," + mark,
        good + (",v1=" + "0" * 64) * 5,
    ]  # fmt: skip
    for value in odd:
        assert code(gateway, {NAME: value}, body) == "bad_signature", value
    assert code(gateway, {NAME: good, NAME.lower(): good}, body) == "bad_signature"


@pytest.mark.parametrize(
    "change",
    [
        {"amount_minor": 0},
        {"amount_minor": -5},
        {"amount_minor": 10**13},
        {"amount_minor": "1000"},
        {"amount_minor": 1000.5},
        {"amount_minor": True},
        {"currency": "cny"},
        {"currency": None},
        {"key": ""},
        {"key": "k" * 201},
        {"ref": 5},
        {"at_ms": -1},
        {"at_ms": 10**15},
        {"surprise": 1},
        {"reason": "r" * 201},
    ],
)
def test_a_signed_body_of_another_shape_is_refused(gateway: Sandbox, change: dict[str, object]) -> None:
    body = json.dumps(SAID | change).encode()
    assert code(gateway, signed(body), body) == "bad_webhook"


def test_signed_nonsense_is_refused(gateway: Sandbox) -> None:
    missing = [json.dumps({n: v for n, v in SAID.items() if n != name}).encode() for name in SAID]
    big = b" " * sandbox.MOST_WEBHOOK_BYTES + json.dumps(SAID).encode()
    for body in (b"", b"{}", b"[]", b"null", b"\xff", b'{"id":', big, *missing):
        assert code(gateway, signed(body), body) == "bad_webhook", body[:40]


def test_a_kind_of_event_we_do_not_know_is_none_of_ours(gateway: Sandbox) -> None:
    body = json.dumps(SAID | {"type": "payout.created"}).encode()
    assert gateway.parse_webhook(signed(body), body, STORY_START).kind is EventKind.OTHER


def test_marks_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch, gateway: Sandbox) -> None:
    """Not by measuring, which would be luck: by seeing that the comparison is the library's own."""
    compared: list[tuple[str, str]] = []
    real = hmac.compare_digest

    def watching(one: str, other: str) -> bool:
        compared.append((one, other))
        return real(one, other)

    monkeypatch.setattr(signature.hmac, "compare_digest", watching)
    body = json.dumps(SAID).encode()
    assert code(gateway, signed(body), body) == "accepted"
    assert len(compared) == 2, "every secret is tried, found or not"
