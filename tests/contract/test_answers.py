"""Answers a provider should never give, and what the gateway makes of them: nothing it could act on."""

import json

import pytest

from chalicelib.domain.ports import Outcome, Part
from chalicelib.gateways.payments.sandbox import Sandbox
from tests.contract.benches import SandboxBench

GOOD = {"ref": "ref_1", "key": "k", "amount_minor": 5, "currency": "CNY", "status": "succeeded"}


def gateway(status: int, body: bytes | Exception) -> Sandbox:
    def transport(*_: object) -> tuple[int, bytes]:
        if isinstance(body, Exception):
            raise body
        return status, body

    return Sandbox("", "", (), transport=transport)


def refund(status: int, said: object) -> Outcome:
    body = said if isinstance(said, bytes | Exception) else json.dumps(said).encode()
    part = Part(key="k", payment_ref="p", amount_minor=5, currency="CNY")
    return gateway(status, body).refund(part, paid_minor=5).outcome


def test_a_good_answer_is_understood() -> None:
    assert refund(201, GOOD) is Outcome.SUCCEEDED
    assert refund(201, GOOD | {"something": "new"}) is Outcome.SUCCEEDED
    assert refund(422, {"code": "more_than_paid"}) is Outcome.FAILED


@pytest.mark.req("R4")
@pytest.mark.parametrize(
    ("status", "said"),
    [
        (201, b""),
        (201, b"<html>OK</html>"),
        (201, b"\xff\xfe"),
        (201, []),
        (201, GOOD | {"key": "another"}),
        (201, GOOD | {"amount_minor": 4}),
        (201, GOOD | {"amount_minor": 5.5}),
        (201, GOOD | {"currency": "USD"}),
        (201, GOOD | {"status": "probably"}),
        (202, GOOD),
        (302, GOOD),
        (401, {"code": "bad_api_key"}),
        (404, b"<html>nginx</html>"),
        (422, b"no"),
        (422, {"code": "Upper Case!"}),
        (429, {"code": "slow_down"}),
        (500, {"code": "internal_error"}),
        (503, GOOD),
        (0, TimeoutError()),
        (0, ConnectionResetError()),
    ],
)
def test_anything_unclear_is_unknown(status: int, said: object) -> None:
    assert refund(status, said) is Outcome.UNKNOWN


@pytest.mark.req("R4")
def test_only_the_providers_own_word_says_not_found() -> None:
    """A proxy's 404 taken for "never made" would pay a refund twice."""
    assert gateway(404, b'{"code":"not_found"}').look_up_refund("k", "p").outcome is Outcome.NOT_FOUND
    for body in (b"<html>", b"{}", b'{"code":"no_such_route"}'):
        assert gateway(404, body).look_up_refund("k", "p").outcome is Outcome.UNKNOWN
    assert gateway(410, b'{"code":"not_found"}').look_up_refund("k", "p").outcome is Outcome.UNKNOWN


def test_a_wrong_api_key_decides_nothing() -> None:
    bench = SandboxBench()
    bench.gateway = Sandbox("", "wrong", (), transport=bench.provider.transport)
    assert bench.start().outcome is Outcome.UNKNOWN
    assert bench.provider.state.payments == {}
