"""WeChat Pay's platform certificates (O2): fetched, rotated, and never believed because somebody names a serial."""

from collections.abc import Mapping
from typing import Any

import pytest

from chalicelib.domain.instants import DAY, HOUR, MINUTE
from chalicelib.domain.ports import EventKind, Outcome
from chalicelib.domain.refusals import Refused
from tests.contract.benches import WechatBench

pytestmark = pytest.mark.req("O2")


@pytest.fixture
def bench() -> WechatBench:
    """A merchant without a public key: with certificates."""
    bench = WechatBench()
    bench.provider.certify("wechat")
    bench.gateway = bench.made(bench.provider.exchange, public_keys={})
    return bench


def told(bench: WechatBench) -> list[EventKind]:
    return [bench.gateway.parse_webhook(*hook, bench.now).kind for hook in bench.webhooks()]


def test_certificates_are_fetched_when_first_needed_and_kept(bench: WechatBench) -> None:
    for key in ("pay-1", "pay-2"):
        bench.paid(key)
    assert told(bench) == [EventKind.PAID, EventKind.PAID]
    assert bench.provider.fetched == 1
    bench.later(13 * HOUR)
    assert bench.seen().outcome is Outcome.SUCCEEDED
    assert bench.provider.fetched == 2, "twice a day"


def test_a_new_certificate_is_taken_up_while_the_old_one_still_holds(bench: WechatBench) -> None:
    bench.paid()
    [old] = bench.webhooks()
    bench.later(2 * MINUTE)
    bench.provider.certify("wechat-next")
    bench.refund(payment_ref=bench.seen().ref or "")
    assert told(bench) == [EventKind.REFUNDED]
    assert bench.provider.fetched == 2
    assert bench.gateway.parse_webhook(*old, bench.now).kind is EventKind.PAID


def test_a_forged_serial_costs_one_call_a_minute_and_is_refused(bench: WechatBench) -> None:
    bench.paid()
    [(headers, body)] = bench.webhooks()
    bench.later(2 * MINUTE)
    forged = {**headers, "Wechatpay-Serial": "5AD0BEEF"}
    for _ in range(5):
        with pytest.raises(Refused):
            bench.gateway.parse_webhook(forged, body, bench.now)
    assert bench.provider.fetched == 2


def test_a_list_that_nobody_signed_changes_nothing_and_what_has_expired_is_not_believed(bench: WechatBench) -> None:
    bench.provider.certify("wechat-short", days=1)
    bench.paid()
    assert told(bench) == [EventKind.PAID]
    bench.later(2 * MINUTE)
    bench.provider.v3 = "another-key-that-is-32-bytes-long"[:32]
    bench.provider.certify("stranger")
    assert bench.seen().outcome is Outcome.UNKNOWN, "sealed with another key, so not WeChat Pay's"
    bench.provider.signs_with, bench.provider.serial = "wechat-short", list(bench.provider.certificates)[1]
    assert bench.seen().outcome is Outcome.SUCCEEDED, "the old ones stay"
    bench.later(2 * DAY)
    assert bench.seen().outcome is Outcome.UNKNOWN


def test_a_list_with_another_mark_changes_nothing(bench: WechatBench) -> None:
    """Sealed for us and yet not signed: an old list, played again by whoever stands in between."""
    real = bench.provider.exchange

    def between(method: str, path: str, headers: Mapping[str, str], body: bytes) -> Any:
        status, said, content = real(method, path, headers, body)
        spoilt = {**said, "wechatpay-nonce": "another"} if path == "/v3/certificates" else said
        return status, spoilt, content

    bench.gateway = bench.made(between, public_keys={})
    assert bench.start().outcome is Outcome.UNKNOWN


def test_reports_are_answered_as_each_provider_wants_it() -> None:
    from tests.contract.benches import BENCHES

    wanted = {
        "sandbox": (None, None),
        "stripe": (None, None),
        "transfer": (None, None),
        "alipay": ((200, "text/plain", "success"), (200, "text/plain", "fail")),
        "wechat": ((204, "", ""), (400, "application/json", '{"code":"FAIL","message":"bad_signature"}')),
    }
    for name, expected in wanted.items():
        with BENCHES[name]() as one:
            said = [one.gateway.reply(refusal) for refusal in ("", "bad_signature")]
            assert tuple(r and (r.status, r.content_type, r.body) for r in said) == expected, name
