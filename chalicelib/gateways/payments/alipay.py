"""Alipay, through its open gateway: a code to scan (`alipay.trade.precreate`), queries, refunds and the daily bill.

Every request is signed with the merchant's key (RSA2) and every answer and notification is checked against Alipay's
public key; that is `cryptography`'s work, the rest a form over our own transport. Amounts there are yuan with two
decimals. It charges at once. An order's number is derived from our key, which travels along in `passback_params`; its
refunds are told by look-up, because their notifications name sums and not refunds.
"""

import csv
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from ...domain.ids import derived
from ...domain.instants import DAY, MINUTE, Instant
from ...domain.ports import (
    Answer,
    Capabilities,
    Charge,
    EventKind,
    Move,
    MoveKind,
    Moves,
    Outcome,
    Part,
    ProviderEvent,
    Reply,
)
from ...domain.refusals import Refused
from .cannot import ChargesAtOnce, TakesNothingBack
from .chinese import Rsa, bill_day, clock_text, fen, instant, next_bill, yuan

if TYPE_CHECKING:
    from ..wire import Exchange

ADDRESS = "https://openapi.alipay.com"
LIMIT_S = 5.0
TOLERANCE = 26 * 60 * MINUTE
"""A notification keeps its time while it is repeated, which Alipay does for 25 hours."""

MOST_WEBHOOK_BYTES = 64 * 1024
CAN = Capabilities(
    refund_window_ms=365 * DAY,
    currencies=frozenset({"CNY"}),
    most_minor=1_000_000_00,
    key_window_ms=365 * DAY,
    refunds_per_s=50,
    releases=True,
)


class Alipay(ChargesAtOnce, TakesNothingBack):
    """`public_keys` are Alipay's: two while one is being changed. `clock` gives real time in ms."""

    name = "alipay"
    can = CAN

    def __init__(
        self,
        *,
        app_id: str,
        private_key: str,
        public_keys: list[str],
        notify_url: str,
        base_url: str = ADDRESS,
        clock: Callable[[], Instant],
        exchange: "Exchange | None" = None,
    ) -> None:
        self._app_id, self._private_pem, self._public_pems = app_id, private_key, list(filter(None, public_keys))
        self._notify, self._base_url, self._clock = notify_url, base_url or ADDRESS, clock
        self._exchange = exchange
        self._rsa = Rsa()

    # ---------------------------------------------------------------- payments

    def start(self, charge: Charge) -> Answer:
        if charge.currency != "CNY":
            return Answer(outcome=Outcome.FAILED, reason="currency_not_taken")
        number = self.spelled(charge.key)
        asked = {
            "out_trade_no": number,
            "total_amount": yuan(charge.amount_minor),
            "subject": charge.title or "order",
            "time_expire": clock_text(charge.expires_at),
            "passback_params": quote(charge.key, safe=""),
        } | ({"extend_params": {"royalty_freeze": "true"}} if charge.split else {})
        said = self._call("alipay.trade.precreate", asked, acts=True)
        if isinstance(said, Answer):
            return said
        return Answer(
            outcome=Outcome.PENDING,
            ref=number,
            pay_url=str(said["qr_code"]),
            amount_minor=charge.amount_minor,
            currency=charge.currency,
        )

    def look_up_payment(self, key: str, ref: str | None = None) -> Answer:
        said = self._call("alipay.trade.query", {"out_trade_no": self.spelled(key)})
        if isinstance(said, Answer):
            return said
        status = said["trade_status"]
        known: dict[str, Any] = {"ref": str(said["trade_no"]), "currency": "CNY"}
        known |= {"amount_minor": fen(said["total_amount"])}
        if said.get("send_pay_date"):
            return Answer(outcome=Outcome.SUCCEEDED, paid_at=instant(said["send_pay_date"]), **known)
        if status == "TRADE_CLOSED":
            return Answer(outcome=Outcome.FAILED, reason="expired", **known)
        return Answer(outcome=Outcome.PENDING if status == "WAIT_BUYER_PAY" else Outcome.UNKNOWN, **known)

    # ---------------------------------------------------------------- refunds

    def refund(self, part: Part, paid_minor: int) -> Answer:
        """Repeated under its number it is the same refund, however much later."""
        asked = {"trade_no": part.payment_ref, "refund_amount": yuan(part.amount_minor), "out_request_no": part.key}
        said = self._call("alipay.trade.refund", asked, acts=True)
        if isinstance(said, Answer):
            same_number = said.reason == "discordant_repeat_request"
            return Answer(outcome=Outcome.UNKNOWN, reason=said.reason) if same_number else said
        known: dict[str, Any] = {"ref": f"{part.payment_ref}/{part.key}"}
        known |= {"amount_minor": part.amount_minor, "currency": part.currency}
        if said.get("fund_change") == "Y":
            return Answer(outcome=Outcome.SUCCEEDED, **known)
        found = self.look_up_refund(part.key, part.payment_ref)
        return found if found.outcome is Outcome.SUCCEEDED else Answer(outcome=Outcome.PENDING, **known)

    def look_up_refund(self, key: str, payment_ref: str) -> Answer:
        """Only what has succeeded is said to be; anything else may be asked for again under its number."""
        said = self._call("alipay.trade.fastpay.refund.query", {"trade_no": payment_ref, "out_request_no": key})
        if isinstance(said, Answer):
            return said
        if said.get("refund_status") != "REFUND_SUCCESS":
            return Answer(outcome=Outcome.NOT_FOUND)
        amount = fen(said["refund_amount"])
        ref = f"{payment_ref}/{key}"
        return Answer(outcome=Outcome.SUCCEEDED, ref=ref, amount_minor=amount, currency="CNY")

    # ---------------------------------------------------------------- payees

    def release(self, part: Part, account: str) -> Answer:
        """Royalties (分账) of one trade. Alipay takes them back only together with a refund, so we never do."""
        kind = "userId" if account.isdecimal() and account.startswith("2088") else "loginName"
        receiver = {"type": kind, "account": account}
        bound = self._call(
            "alipay.trade.royalty.relation.bind",
            {"receiver_list": [receiver], "out_request_no": derived("bind", kind, account)},
            acts=True,
        )
        if isinstance(bound, Answer):
            return bound
        share = {"royalty_type": "transfer", "trans_in_type": kind, "trans_in": account}
        asked = {
            "out_request_no": _share_number(part.key),
            "trade_no": part.payment_ref,
            "royalty_parameters": [{**share, "amount": yuan(part.amount_minor)}],
            "royalty_mode": "sync",
        }
        said = self._call("alipay.trade.order.settle", asked, acts=True)
        if isinstance(said, Answer):
            return said
        known: dict[str, Any] = {"amount_minor": part.amount_minor, "currency": part.currency}
        return Answer(outcome=Outcome.SUCCEEDED, ref=str(said["settle_no"]), **known)

    def look_up_release(self, key: str, payment_ref: str) -> Answer:
        asked = {"trade_no": payment_ref, "out_request_no": _share_number(key)}
        said = self._call("alipay.trade.order.settle.query", asked)
        if isinstance(said, Answer):
            return said
        if not said.get("royalty_detail_list"):
            return Answer(outcome=Outcome.NOT_FOUND)
        one = said["royalty_detail_list"][0]
        outcome = {"SUCCESS": Outcome.SUCCEEDED, "PROCESSING": Outcome.PENDING, "FAIL": Outcome.FAILED}.get(
            str(one["state"]), Outcome.UNKNOWN
        )
        reason = str(one.get("error_code") or "").lower()
        amount = fen(one["amount"])
        return Answer(outcome=outcome, ref=str(said["settle_no"]), reason=reason, amount_minor=amount, currency="CNY")

    # ---------------------------------------------------------------- lists and notifications

    def moves(self, since: Instant, until: Instant, start: str | None = None) -> Moves:
        """The trade bill of the day (Shanghai's) in which `since` lies, drawn up the morning after."""
        day = bill_day(since, start)
        after = next_bill(day, until, start)
        asked = {"bill_type": "trade", "bill_date": day.isoformat()}
        said = self._call("alipay.data.dataservice.bill.downloadurl.query", asked)
        if isinstance(said, Answer):
            if said.reason == "bill_not_exist":
                return Moves(outcome=Outcome.SUCCEEDED, next=after)
            return Moves(outcome=Outcome.UNKNOWN, reason=said.reason)
        parts = urlsplit(str(said["bill_download_url"]))
        try:
            status, _, content = self._line()("GET", f"{parts.path}?{parts.query}", {}, b"")
            if status != 200:
                return Moves(outcome=Outcome.UNKNOWN, reason=f"status_{status}")
            return Moves(outcome=Outcome.SUCCEEDED, lines=_bill(content), next=after)
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            return Moves(outcome=Outcome.UNKNOWN, reason=type(error).__name__)

    def spelled(self, key: str, kind: MoveKind = MoveKind.PAYMENT) -> str:
        """An order's number has letters, digits and underscores only; a refund's is our key as it is."""
        return "t" + derived("alipay", key, length=30) if kind is MoveKind.PAYMENT else key

    def reply(self, refusal: str) -> Reply | None:
        """Seven letters of plain text; anything else has it come again, eight times in a day."""
        return Reply(status=200, content_type="text/plain", body="fail" if refusal else "success")

    def parse_webhook(self, headers: Mapping[str, str], body: bytes, now: Instant) -> ProviderEvent:
        try:
            said = dict(parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True))
        except (UnicodeDecodeError, ValueError) as error:
            raise Refused("bad_signature") from error
        mark = said.pop("sign", "")
        kind = said.pop("sign_type", "")
        if len(body) > MOST_WEBHOOK_BYTES or kind != "RSA2" or not self._genuine("&".join(_pairs(said)).encode(), mark):
            raise Refused("bad_signature")
        try:
            if said["app_id"] != self._app_id or abs(now - instant(said["notify_time"])) > TOLERANCE:
                raise Refused("bad_signature")
            return _event(said)
        except (KeyError, ValueError) as error:
            raise Refused("bad_webhook") from error

    # ---------------------------------------------------------------- the line

    def _call(self, method: str, asked: Mapping[str, Any], *, acts: bool = False) -> Any:
        """The answer's own node, or an Answer that says why there is nothing to go by."""
        form = {
            "app_id": self._app_id,
            "method": method,
            "format": "JSON",
            "charset": "utf-8",
            "sign_type": "RSA2",
            "timestamp": clock_text(self._clock()),
            "version": "1.0",
            "notify_url": self._notify,
            "biz_content": json.dumps(asked, ensure_ascii=False),
        }
        body = urlencode({**form, "sign": self._rsa.sign(self._private_pem, "&".join(_pairs(form)))}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded;charset=utf-8"}
        try:
            status, _, content = self._line()("POST", "/gateway.do", headers, body)
        except OSError as error:
            return Answer(outcome=Outcome.UNKNOWN, reason=type(error).__name__)
        if status != 200:
            return Answer(outcome=Outcome.UNKNOWN, reason=f"status_{status}")
        name = method.replace(".", "_") + "_response"
        signed, mark = _node(content, name)
        if not self._genuine(signed, mark):
            return Answer(outcome=Outcome.UNKNOWN, reason="not_signed_by_them")
        said = json.loads(signed)
        return said if said.get("code") == "10000" else _refusal(said, acts)

    def _line(self) -> "Exchange":
        if self._exchange is None:
            from ..wire import exchange

            self._exchange = exchange(self._base_url, LIMIT_S, most_bytes=64 << 20)
        return self._exchange

    def _genuine(self, signed: bytes, mark: str) -> bool:
        return any(self._rsa.genuine(pem, signed, mark) for pem in self._public_pems)


def _node(content: bytes, name: str) -> tuple[bytes, str]:
    """The signed bytes of an answer, as they stand in it, and its signature."""
    try:
        text = content.decode()
        begin = text.index(f'"{name}":') + len(name) + 3
        said, end = json.JSONDecoder().raw_decode(text, begin)
        mark = json.loads(text)["sign"]
    except (UnicodeDecodeError, ValueError, KeyError):
        return b"", ""
    return (text[begin:end].encode(), str(mark)) if isinstance(said, dict) else (b"", "")


def _share_number(key: str) -> str:
    return "s" + derived("alipay", key, length=30)


def _refusal(said: Mapping[str, Any], acts: bool) -> Answer:
    """40004 is a decision of Alipay's about the business; anything else is about our form, our rights or their day."""
    reason = str(said.get("sub_code") or said.get("code") or "").rpartition(".")[2].lower()
    if said.get("code") != "40004" or reason in ("system_error", "aop_unknow_error"):
        return Answer(outcome=Outcome.UNKNOWN, reason=reason)
    if reason in ("trade_not_exist",) and not acts:
        return Answer(outcome=Outcome.NOT_FOUND, reason=reason)
    return Answer(outcome=Outcome.FAILED if acts else Outcome.UNKNOWN, reason=reason)


def _event(said: Mapping[str, str]) -> ProviderEvent:
    paid = said["trade_status"] in ("TRADE_SUCCESS", "TRADE_FINISHED") and not said.get("gmt_refund")
    key = unquote(said.get("passback_params", ""))
    return ProviderEvent(
        kind=EventKind.PAID if paid and key else EventKind.OTHER,
        key=key,
        ref=said["trade_no"],
        amount_minor=fen(said["total_amount"]),
        currency="CNY",
        at=instant(said["gmt_payment"]) if said.get("gmt_payment") else 0,
    )


def _bill(content: bytes) -> list[Move]:
    """The detail file of a trade bill: GBK in a zip, comments begin with #."""
    lines: list[Move] = []
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        name = next(one for one in packed.namelist() if "汇总" not in one)
        text = packed.read(name).decode("gbk")
    rows = csv.DictReader(io.StringIO("\n".join(row for row in text.splitlines() if not row.startswith("#"))))
    for row in rows:
        cell = {name.strip(): (value or "").strip() for name, value in row.items() if name}
        back = cell["业务类型"] == "退款"
        lines.append(
            Move(
                kind=MoveKind.REFUND if back else MoveKind.PAYMENT,
                key=cell["退款批次号/请求号"] if back else cell["商户订单号"],
                ref=f"{cell['支付宝交易号']}/{cell['退款批次号/请求号']}" if back else cell["支付宝交易号"],
                payment_ref=cell["支付宝交易号"] if back else "",
                amount_minor=abs(fen(cell["订单金额（元）"])),
                currency="CNY",
                at=instant(cell["完成时间"]),
            )
        )
    return lines


def _pairs(said: Mapping[str, str]) -> list[str]:
    """What is signed: names in order, without those that are empty."""
    return [f"{name}={said[name]}" for name in sorted(said) if said[name]]
