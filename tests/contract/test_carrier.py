"""The carrier's gateway against its peer, in the same process and over real HTTP: one key is one parcel, whatever goes
wrong on the line, and no answer is never taken for a refusal."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from chalicelib.domain.ports import Outcome, Parcel
from chalicelib.domain.waybill import WaybillState
from chalicelib.gateways.carriers.sandbox import SandboxCarrier
from infra.local.carrier.core import CarrierServer, Fault
from infra.local.serving import Server

NOW = 1_793_491_200_000
PARCEL = Parcel(
    key="g1-00mei", title="周末水果团", to_name="王小明", to_phone="+8613900001234", to_address="花园里 3 栋",
    weight_g=700, keep="chilled",
)  # fmt: skip


@pytest.fixture(params=["in process", "over http"])
def bench(request: pytest.FixtureRequest) -> Iterator[tuple[CarrierServer, SandboxCarrier]]:
    peer = CarrierServer(lambda: NOW)
    if request.param == "in process":
        yield peer, SandboxCarrier("", "carrier-api-key", ["carrier-secret"], transport=peer.transport)
        return
    server = Server(peer).start()
    try:
        yield peer, SandboxCarrier(server.url, "carrier-api-key", ["carrier-secret"], limit_s=2.0)
    finally:
        server.stop()


@pytest.mark.req("O16")
@pytest.mark.parametrize("kind", ["error_before", "error_after", "silent_before", "silent_after"])
def test_a_key_is_one_parcel_whatever_goes_wrong(bench: tuple[CarrierServer, SandboxCarrier], kind: str) -> None:
    peer, carrier = bench
    peer.state.faults[:] = [Fault(kind=kind, times=1)]  # type: ignore[arg-type]
    assert carrier.issue(PARCEL).outcome is Outcome.UNKNOWN
    first, again = carrier.issue(PARCEL), carrier.issue(PARCEL)
    assert first == again and first.outcome is Outcome.SUCCEEDED and first.number.startswith("SD")
    assert len(peer.state.parcels) == 1
    assert carrier.issue(replace(PARCEL, to_address="elsewhere")).reason == "key_reused"


@pytest.mark.req("O16")
def test_a_refusal_counts_only_in_the_carriers_own_words(bench: tuple[CarrierServer, SandboxCarrier]) -> None:
    peer, carrier = bench
    peer.state.faults[:] = [Fault(kind="refuses", reason="address_not_served")]
    refused = carrier.issue(PARCEL)
    assert (refused.outcome, refused.reason) == (Outcome.FAILED, "address_not_served")
    stranger = SandboxCarrier("", "another key", ["s"], transport=peer.transport)
    assert stranger.issue(PARCEL).outcome is Outcome.UNKNOWN, "our credentials are our own fault"
    for said in ((200, b"<html>"), (404, b"proxy"), (502, b"{}"), (200, b'{"number":"1","key":"other"}')):
        garbled = SandboxCarrier("", "k", ["s"], transport=lambda *_, said=said: said)
        assert garbled.issue(PARCEL).outcome is Outcome.UNKNOWN


@pytest.mark.req("O16")
def test_what_happened_can_be_asked_for(bench: tuple[CarrierServer, SandboxCarrier]) -> None:
    peer, carrier = bench
    assert carrier.track(PARCEL.key) is None
    number = carrier.issue(PARCEL).number
    peer.scanned(number, "picked_up", place="中转站")
    peer.scanned(number, "delivered", at=NOW - 1)
    reports = carrier.track(PARCEL.key) or []
    assert [(one.state, one.number, one.at) for one in reports] == [
        (WaybillState.PICKED_UP, number, NOW),
        (WaybillState.DELIVERED, number, NOW - 1),
    ]
    (told, _) = peer.take_due()
    assert carrier.parse_callback(*peer.signed(told), NOW) == reports[0]


@pytest.mark.req("O16")
@pytest.mark.parametrize("kind", ["error_before", "error_after", "silent_before", "silent_after"])
def test_a_parcel_is_called_off_until_it_is_picked_up(bench: tuple[CarrierServer, SandboxCarrier], kind: str) -> None:
    peer, carrier = bench
    assert carrier.cancel(PARCEL.key).outcome is Outcome.SUCCEEDED, "one it never had"
    carrier.issue(PARCEL)
    peer.state.faults[:] = [Fault(kind=kind, times=1)]  # type: ignore[arg-type]
    assert carrier.cancel(PARCEL.key).outcome is Outcome.UNKNOWN
    assert carrier.cancel(PARCEL.key).outcome is carrier.cancel(PARCEL.key).outcome is Outcome.SUCCEEDED
    assert carrier.issue(PARCEL).reason == "key_reused", "what was called off is not brought back by a late echo"
    other = replace(PARCEL, key="g1-00lan")
    peer.scanned(carrier.issue(other).number, "picked_up")
    said = carrier.cancel(other.key)
    assert (said.outcome, said.reason) == (Outcome.FAILED, "picked_up_already")
    for answer in ((404, b"proxy"), (401, b'{"code":"bad_api_key"}'), (502, b"{}")):
        garbled = SandboxCarrier("", "k", ["s"], transport=lambda *_, said=answer: said)
        assert garbled.cancel(PARCEL.key).outcome is Outcome.UNKNOWN


def test_parcels_may_go_by_themselves() -> None:
    clock = [NOW]
    peer = CarrierServer(lambda: clock[0])
    peer.state.pace_ms = 1_000
    carrier = SandboxCarrier("", "carrier-api-key", ["carrier-secret"], transport=peer.transport)
    carrier.issue(PARCEL)
    clock[0] += 2_500
    assert [one.state for one in carrier.track(PARCEL.key) or []] == [WaybillState.PICKED_UP, WaybillState.IN_TRANSIT]
    clock[0] += 60_000
    assert len(carrier.track(PARCEL.key) or []) == 4
