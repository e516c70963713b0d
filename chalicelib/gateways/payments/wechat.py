"""WeChat Pay, API v3: Native (the buyer scans a code) and JSAPI (inside WeChat, where the buyer's openid is known).

Every request is signed with the merchant's key; every answer and every notification is checked against WeChat Pay's
own public key or certificates (wechat_keys.py), and a notification's content is sealed with the API v3 key. Signing and
unsealing is `cryptography`'s; the rest is a handful of routes over our own transport (docs/decisions: thin clients).

It charges at once and cannot hold. Our keys are longer than its order numbers may be: an order's number is derived
from our key, which travels along in `attach`; a refund's number is our key in its alphabet.
"""

import csv
import gzip
import io
import json
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from ...domain.ids import derived
from ...domain.instants import DAY, MINUTE, SECOND, Instant
from ...domain.ports import (
    CANNOT_RELEASE,
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
    Released,
    Reply,
)
from ...domain.refusals import Refused
from .cannot import ChargesAtOnce
from .chinese import ZONE, Rsa, bill_day, fen, next_bill
from .chinese import instant as clock_instant
from .wechat_keys import PlatformKeys, Sealed

if TYPE_CHECKING:
    from ..wire import Exchange

ADDRESS = "https://api.mch.weixin.qq.com"
LIMIT_S = 5.0
TOLERANCE = 5 * MINUTE
SCHEMA = "WECHATPAY2-SHA256-RSA2048"
MOST_WEBHOOK_BYTES = 64 * 1024
OURS = frozenset(
    {"SIGN_ERROR", "NO_AUTH", "FREQUENCY_LIMITED", "SYSTEM_ERROR", "APPID_MCHID_NOT_MATCH", "MCH_NOT_EXISTS"}
)
"""Refusals about our credentials, our pace or their health: nothing was decided about the money."""

CAN = Capabilities(
    refund_window_ms=365 * DAY,
    currencies=frozenset({"CNY"}),
    most_minor=5_000_000_00,
    key_window_ms=365 * DAY,
    refunds_per_s=80,
    releases=True,
    takes_back=True,
)


class Wechat(ChargesAtOnce):
    """`public_keys` are WeChat Pay's by their ids: two while one is being changed; none for a merchant who has platform
    certificates instead. `clock` gives real time in ms.
    """

    name = "wechat"
    can = CAN

    def __init__(
        self,
        *,
        mchid: str,
        appid: str,
        serial: str,
        private_key: str,
        api_v3_key: str,
        public_keys: Mapping[str, str],
        notify_url: str,
        base_url: str = ADDRESS,
        clock: Callable[[], Instant],
        exchange: "Exchange | None" = None,
    ) -> None:
        self._mchid, self._appid, self._serial, self._private_pem = mchid, appid, serial, private_key
        self._notify, self._base_url, self._clock = notify_url, base_url or ADDRESS, clock
        self._exchange = exchange
        self._rsa, self._sealed = Rsa(), Sealed(api_v3_key)
        self._keys = PlatformKeys(public_keys, self._sealed, self._rsa, self._certificates, clock)

    # ---------------------------------------------------------------- payments

    def start(self, charge: Charge) -> Answer:
        if charge.currency != "CNY":
            return Answer(outcome=Outcome.FAILED, reason="currency_not_taken")
        asked: dict[str, Any] = {
            "appid": self._appid,
            "mchid": self._mchid,
            "description": charge.title or "order",
            "out_trade_no": self.spelled(charge.key),
            "attach": charge.key,
            "time_expire": _spelled_time(charge.expires_at),
            "notify_url": self._notify,
            "amount": {"total": charge.amount_minor, "currency": "CNY"},
        }
        if charge.split:
            asked["settle_info"] = {"profit_sharing": True}
        if charge.payer:
            asked["payer"] = {"openid": charge.payer}
        said = self._call("POST", f"/v3/pay/transactions/{'jsapi' if charge.payer else 'native'}", asked)
        if isinstance(said, Answer):
            return said
        known: dict[str, Any] = {"outcome": Outcome.PENDING, "ref": asked["out_trade_no"]}
        known |= {"amount_minor": charge.amount_minor, "currency": charge.currency}
        if charge.payer:
            return Answer(**known, pay_params=self._for_the_app(str(said["prepay_id"])))
        return Answer(**known, pay_url=str(said["code_url"]))

    def _for_the_app(self, prepay_id: str) -> dict[str, str]:
        """What WeixinJSBridge is given, signed: it opens the payment inside WeChat."""
        now, nonce, package = str(self._clock() // SECOND), secrets.token_hex(16), f"prepay_id={prepay_id}"
        signed = self._rsa.sign(self._private_pem, f"{self._appid}\n{now}\n{nonce}\n{package}\n")
        return {"appId": self._appid, "timeStamp": now, "nonceStr": nonce, "package": package,
                "signType": "RSA", "paySign": signed}  # fmt: skip

    def look_up_payment(self, key: str, ref: str | None = None) -> Answer:
        number = quote(self.spelled(key), safe="")
        said = self._call("GET", f"/v3/pay/transactions/out-trade-no/{number}?mchid={self._mchid}")
        return said if isinstance(said, Answer) else _payment(said)

    # ---------------------------------------------------------------- refunds

    def refund(self, part: Part, paid_minor: int) -> Answer:
        asked = {
            "transaction_id": part.payment_ref,
            "out_refund_no": _refund_number(part.key),
            "notify_url": self._notify,
            "amount": {"refund": part.amount_minor, "total": paid_minor, "currency": part.currency},
        }
        said = self._call("POST", "/v3/refund/domestic/refunds", asked)
        if isinstance(said, Answer):
            # Something was paid back under this number. "Failed" would do it again; this wants a person.
            return Answer(outcome=Outcome.UNKNOWN, reason=said.reason) if said.reason == "param_differs" else said
        return _refund(said).about(part)

    def look_up_refund(self, key: str, payment_ref: str) -> Answer:
        said = self._call("GET", f"/v3/refund/domestic/refunds/{quote(_refund_number(key), safe='')}")
        return said if isinstance(said, Answer) else _refund(said)

    # ---------------------------------------------------------------- payees

    def release(self, part: Part, account: str) -> Answer:
        """Profit sharing (分账) of one payment, to a merchant's number or a person's openid. What is never shared
        stays frozen for thirty days and is the merchant's then.
        """
        kind = "MERCHANT_ID" if account.isdecimal() else "PERSONAL_OPENID"
        receiver = {"type": kind, "account": account}
        added = self._call(
            "POST", "/v3/profitsharing/receivers/add", {"appid": self._appid, "relation_type": "PARTNER", **receiver}
        )
        if isinstance(added, Answer):
            return added
        asked = {
            "appid": self._appid,
            "transaction_id": part.payment_ref,
            "out_order_no": _share_number(part.key),
            "receivers": [{**receiver, "amount": part.amount_minor, "description": "settlement"}],
            "unfreeze_unsplit": False,
        }
        said = self._call("POST", "/v3/profitsharing/orders", asked)
        return said if isinstance(said, Answer) else _shared(said)

    def look_up_release(self, key: str, payment_ref: str) -> Answer:
        asked = urlencode({"transaction_id": payment_ref})
        said = self._call("GET", f"/v3/profitsharing/orders/{_share_number(key)}?{asked}")
        return said if isinstance(said, Answer) else _shared(said)

    def take_back(self, part: Part, release: Released) -> Answer:
        """Merchants can be made to return what they were given; people cannot."""
        if not release.account.isdecimal():
            return Answer(outcome=Outcome.FAILED, reason=CANNOT_RELEASE)
        asked = {
            "out_order_no": _share_number(release.key),
            "out_return_no": _share_number(part.key),
            "return_mchid": release.account,
            "amount": part.amount_minor,
            "description": "refund",
        }
        said = self._call("POST", "/v3/profitsharing/return-orders", asked)
        return said if isinstance(said, Answer) else _returned(said)

    def look_up_take_back(self, key: str, release: Released) -> Answer:
        asked = urlencode({"out_order_no": _share_number(release.key)})
        said = self._call("GET", f"/v3/profitsharing/return-orders/{_share_number(key)}?{asked}")
        return said if isinstance(said, Answer) else _returned(said)

    # ---------------------------------------------------------------- lists and notifications

    def moves(self, since: Instant, until: Instant, start: str | None = None) -> Moves:
        """The trade bill of the day (Shanghai's) in which `since` lies, drawn up the morning after."""
        day = bill_day(since, start)
        asked = urlencode({"bill_date": day.isoformat(), "bill_type": "ALL", "tar_type": "GZIP"})
        said = self._call("GET", f"/v3/bill/tradebill?{asked}")
        if isinstance(said, Answer):
            missing = said.reason in ("no_statement_exist", "statement_creating")
            outcome = Outcome.SUCCEEDED if said.reason == "no_statement_exist" else Outcome.PENDING
            if not missing:
                return Moves(outcome=Outcome.UNKNOWN, reason=said.reason)
            return Moves(outcome=outcome, reason=said.reason, next=next_bill(day, until, start))
        parts = urlsplit(str(said["download_url"]))
        bill = self._raw("GET", f"{parts.path}?{parts.query}", b"", signed_answer=False)
        if isinstance(bill, Answer):
            return Moves(outcome=Outcome.UNKNOWN, reason=bill.reason)
        try:
            rows = list(csv.DictReader(io.StringIO(gzip.decompress(bill[1]).decode("utf-8-sig"))))
            lines = [line for row in rows for line in _bill_lines(row)]
        except (OSError, ValueError, KeyError):
            return Moves(outcome=Outcome.UNKNOWN, reason="garbage")
        return Moves(outcome=Outcome.SUCCEEDED, lines=lines, next=next_bill(day, until, start))

    def spelled(self, key: str, kind: MoveKind = MoveKind.PAYMENT) -> str:
        """An order's number: at most 32 characters, without dots."""
        return "t" + derived("wechat", key, length=26) if kind is MoveKind.PAYMENT else _refund_number(key)

    def reply(self, refusal: str) -> Reply | None:
        """Taken: no content. Anything else has it come again, up to fifteen times in a day."""
        if not refusal:
            return Reply(status=204)
        said = {"code": "FAIL", "message": refusal}
        return Reply(status=400, content_type="application/json", body=json.dumps(said, separators=(",", ":")))

    def parse_webhook(self, headers: Mapping[str, str], body: bytes, now: Instant) -> ProviderEvent:
        said = {name.lower(): value for name, value in headers.items()}
        if len(body) > MOST_WEBHOOK_BYTES or not self._keys.genuine(said, body):
            raise Refused("bad_signature")
        signed_at = said.get("wechatpay-timestamp", "")
        if not signed_at.isdecimal() or abs(now - int(signed_at) * SECOND) > TOLERANCE:
            raise Refused("bad_signature")
        try:
            event = json.loads(body)
            return _event(event["event_type"], json.loads(self._sealed.opened(event["resource"])))
        except (ValueError, KeyError, TypeError) as error:
            raise Refused("bad_webhook") from error

    # ---------------------------------------------------------------- the line

    def _call(self, method: str, path: str, asked: Mapping[str, Any] | None = None) -> Any:
        """What was answered, or an Answer that says why there is nothing to go by."""
        body = json.dumps(asked, ensure_ascii=False).encode() if asked is not None else b""
        found = self._raw(method, path, body, signed_answer=True)
        if isinstance(found, Answer):
            return found
        status, content = found
        try:
            said = json.loads(content) if content else {}
        except ValueError:
            return Answer(outcome=Outcome.UNKNOWN, reason="garbage")
        if status in (200, 204):
            return said
        return _refusal(status, said if isinstance(said, dict) else {}, method)

    def _raw(self, method: str, path: str, body: bytes, *, signed_answer: bool) -> Any:
        try:
            status, headers, content = self._line()(method, path, self._headers(method, path, body), body)
        except OSError as error:
            return Answer(outcome=Outcome.UNKNOWN, reason=type(error).__name__)
        if signed_answer and 200 <= status < 300 and not self._keys.genuine(headers, content):
            return Answer(outcome=Outcome.UNKNOWN, reason="not_signed_by_them")
        return status, content

    def _line(self) -> "Exchange":
        if self._exchange is None:
            from ..wire import exchange

            self._exchange = exchange(self._base_url, LIMIT_S, most_bytes=64 << 20)
        return self._exchange

    def _headers(self, method: str, path: str, body: bytes) -> dict[str, str]:
        now, nonce = str(self._clock() // SECOND), secrets.token_hex(16)
        signed = self._rsa.sign(self._private_pem, f"{method}\n{path}\n{now}\n{nonce}\n{body.decode()}\n")
        token = f'mchid="{self._mchid}",nonce_str="{nonce}",signature="{signed}",timestamp="{now}"'
        wanted = {"Wechatpay-Serial": self._keys.preferred} if self._keys.preferred else {}
        return {
            "Authorization": f'{SCHEMA} {token},serial_no="{self._serial}"',
            **wanted,
            "Accept": "application/json",
            "Content-Type": "application/json",
            "User-Agent": "tuan",
        }

    def _certificates(self) -> tuple[Mapping[str, str], bytes] | None:
        """Signed by what they bring, so checked by who asked for them."""
        path = "/v3/certificates"
        try:
            status, headers, content = self._line()("GET", path, self._headers("GET", path, b""), b"")
        except OSError:
            return None
        return (headers, content) if status == 200 else None


def _refusal(status: int, said: Mapping[str, Any], method: str) -> Answer:
    """A refusal counts only in WeChat Pay's own words."""
    code = str(said.get("code", ""))
    reason = code.lower() or f"status_{status}"
    if not code or code in OURS or status >= 500 or status in (401, 429):
        return Answer(outcome=Outcome.UNKNOWN, reason=reason)
    if method == "GET":
        missing = code in ("ORDER_NOT_EXIST", "RESOURCE_NOT_EXISTS")
        return Answer(outcome=Outcome.NOT_FOUND if missing else Outcome.UNKNOWN, reason=reason)
    return Answer(outcome=Outcome.FAILED, reason=reason)


def _payment(said: Mapping[str, Any]) -> Answer:
    state = said["trade_state"]
    known: dict[str, Any] = {"ref": said.get("transaction_id") or said["out_trade_no"]}
    amount = said.get("amount") or {}
    known |= {"amount_minor": amount.get("total"), "currency": amount.get("currency", "CNY")}
    if state in ("SUCCESS", "REFUND"):
        return Answer(outcome=Outcome.SUCCEEDED, paid_at=_instant(said["success_time"]), **known)
    if state in ("CLOSED", "REVOKED", "PAYERROR"):
        return Answer(outcome=Outcome.FAILED, reason="expired" if state == "CLOSED" else state.lower(), **known)
    return Answer(outcome=Outcome.PENDING if state in ("NOTPAY", "USERPAYING") else Outcome.UNKNOWN, **known)


def _refund(said: Mapping[str, Any]) -> Answer:
    outcome = {
        "SUCCESS": Outcome.SUCCEEDED,
        "PROCESSING": Outcome.PENDING,
        "CLOSED": Outcome.FAILED,
        "ABNORMAL": Outcome.FAILED,
    }.get(str(said.get("status")), Outcome.UNKNOWN)
    reason = str(said["status"]).lower() if outcome is Outcome.FAILED else ""
    amount = said["amount"]
    return Answer(
        outcome=outcome,
        ref=str(said["refund_id"]),
        reason=reason,
        amount_minor=int(amount["refund"]),
        currency=str(amount.get("currency", "CNY")),
    )


def _shared(said: Mapping[str, Any]) -> Answer:
    """One share to one receiver: an order that is finished says of its receiver whether they got it."""
    one = said["receivers"][0]
    outcome = {"SUCCESS": Outcome.SUCCEEDED, "PENDING": Outcome.PENDING, "CLOSED": Outcome.FAILED}.get(
        str(one["result"]), Outcome.UNKNOWN
    )
    reason = str(one.get("fail_reason") or "").lower()
    return Answer(
        outcome=outcome, ref=str(said["order_id"]), reason=reason, amount_minor=int(one["amount"]), currency="CNY"
    )


def _returned(said: Mapping[str, Any]) -> Answer:
    outcome = {"SUCCESS": Outcome.SUCCEEDED, "PROCESSING": Outcome.PENDING, "FAILED": Outcome.FAILED}.get(
        str(said["result"]), Outcome.UNKNOWN
    )
    reason = str(said.get("fail_reason") or "").lower()
    return Answer(
        outcome=outcome, ref=str(said["return_id"]), reason=reason, amount_minor=int(said["amount"]), currency="CNY"
    )


def _event(kind: str, what: Mapping[str, Any]) -> ProviderEvent:
    """The unsealed content of a notification."""
    if kind == "TRANSACTION.SUCCESS":
        amount = what["amount"]
        return ProviderEvent(
            kind=EventKind.PAID if what.get("attach") else EventKind.OTHER,
            key=str(what.get("attach", "")),
            ref=str(what["transaction_id"]),
            amount_minor=int(amount["total"]),
            currency=str(amount["currency"]),
            at=_instant(what["success_time"]),
        )
    refund = {"REFUND.SUCCESS": EventKind.REFUNDED}.get(kind)
    if kind in ("REFUND.ABNORMAL", "REFUND.CLOSED"):
        refund = EventKind.REFUND_FAILED
    if refund is None:
        return ProviderEvent(kind=EventKind.OTHER, key="", ref="", amount_minor=0, currency="CNY", at=0)
    return ProviderEvent(
        kind=refund,
        key=str(what["out_refund_no"]).replace("@", "."),
        ref=str(what["refund_id"]),
        amount_minor=int(what["amount"]["refund"]),
        currency="CNY",
        at=_instant(what["success_time"]) if what.get("success_time") else 0,
        reason=str(what["refund_status"]).lower() if refund is EventKind.REFUND_FAILED else "",
    )


def _bill_lines(row: Mapping[str, str]) -> list[Move]:
    """A row of a trade bill; each value begins with a backtick. The rows of sums at its end are none."""
    cell = {name.strip(): (value or "").lstrip("`") for name, value in row.items() if name}
    if cell.get("交易状态") not in ("SUCCESS", "REFUND"):
        return []
    back = cell["交易状态"] == "REFUND"
    return [
        Move(
            kind=MoveKind.REFUND if back else MoveKind.PAYMENT,
            key=cell["商户退款单号" if back else "商户订单号"],
            ref=cell["微信退款单号" if back else "微信订单号"],
            payment_ref=cell["微信订单号"] if back else "",
            amount_minor=fen(cell["退款金额" if back else "应结订单金额"]),
            currency="CNY",
            at=clock_instant(cell["交易时间"]),
        )
    ]


def _share_number(key: str) -> str:
    return "s" + derived("wechat", key, length=30)


def _refund_number(key: str) -> str:
    return key.replace(".", "@")


def _spelled_time(at: Instant) -> str:
    return datetime.fromtimestamp(at / 1000, ZONE).isoformat(timespec="seconds")


def _instant(text: str) -> Instant:
    return round(datetime.fromisoformat(text).timestamp() * 1000)
