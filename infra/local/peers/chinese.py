"""Local servers with the manners of WeChat Pay (API v3) and Alipay, each with keys of its own, made at the start.

What they remember and when is the sandbox's (infra/local/sandbox/core.py); how it is said, signed and sealed is as
their documents have it. They share no code with the gateways.
"""

import base64
import gzip
import io
import json
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote, urlencode, urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID

from infra.local.outbox import Message
from infra.local.peer import HungUp, Problem, Whole
from infra.local.sandbox import releases
from infra.local.sandbox.asked import NewBack, NewPayment, NewRefund, NewRelease
from infra.local.sandbox.line import SandboxProvider
from infra.local.sandbox.state import Payment, Refund, Released

SHANGHAI = timezone(timedelta(hours=8))


@cache
def key_pair(name: str) -> tuple[RSAPrivateKey, str, str]:
    """(key, private PEM, public PEM) of a party, made once per process and kept nowhere."""
    key = generate_private_key(65537, 2048)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return key, private, public


def certificate_of(name: str, now: int, days: int) -> tuple[str, str]:
    """(serial number, PEM) of a certificate over a party's key, signed by itself."""
    key = key_pair(name)[0]
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    since = datetime.fromtimestamp(now / 1000, UTC)
    number = x509.random_serial_number()
    made = (
        x509.CertificateBuilder().subject_name(who).issuer_name(who).public_key(key.public_key())
        .serial_number(number).not_valid_before(since).not_valid_after(since + timedelta(days=days))
        .sign(key, SHA256())
    )  # fmt: skip
    return f"{number:X}", made.public_bytes(Encoding.PEM).decode()


def sign(key: RSAPrivateKey, text: bytes) -> str:
    return base64.b64encode(key.sign(text, PKCS1v15(), SHA256())).decode()


def genuine(key: RSAPrivateKey, text: bytes, mark: str) -> bool:
    try:
        key.public_key().verify(base64.b64decode(mark), text, PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True


def clock_text(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")


def rfc(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, SHANGHAI).isoformat(timespec="seconds")


def yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


class Numbered(SandboxProvider):
    """Orders and refunds bear the merchant's numbers, for ever: the same number again is the same thing."""

    numbers: dict[str, str]
    split: set[str]
    receivers: set[str]

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.numbers, self.split, self.receivers = {}, set(), set()

    def found(self, number: str) -> Payment | None:
        ref = self.numbers.get(number)
        return self.state.payments[ref] if ref else None

    def number_of(self, payment: Payment) -> str:
        return next(number for number, ref in self.numbers.items() if ref == payment.ref)

    def opened(self, number: str, key: str, amount: int, title: str, expires_at: int) -> Payment:
        known = self.found(number)
        if known is not None:
            if known.amount_minor != amount:
                raise Problem(400, "differs")
            return known
        what = NewPayment(key=key, amount_minor=amount, currency="CNY", title=title, expires_at_ms=expires_at)
        payment = self._open(what)
        self.numbers[number] = payment.ref
        return payment

    def refund_of(self, number: str) -> Refund | None:
        mine = [one for one in self.state.refunds.values() if one.key == number]
        return mine[-1] if mine else None

    def given_back(self, number: str, ref: str, amount: int) -> Refund:
        known = self.refund_of(number)
        if known is not None:
            if known.amount_minor != amount:
                raise Problem(400, "differs")
            return known
        return self._refund(NewRefund(key=number, payment_ref=ref, amount_minor=amount, currency="CNY"))

    def status_of(self, payment: Payment) -> str:
        return str(self.shown(payment)["status"])

    def bill_of(self, day: str) -> list[dict[str, Any]]:
        start = datetime.fromisoformat(day).replace(tzinfo=SHANGHAI).timestamp() * 1000
        return [line for line in self.moved() if start <= int(str(line["at_ms"])) < start + 86_400_000]


class WechatPeer(Numbered):
    """`merchant` signs requests to us; we sign answers and notifications, and seal the latter with `v3`."""

    SERIAL, v3 = "PUB_KEY_ID_0116", "0123456789abcdef0123456789abcdef"
    mchid, appid, merchant_serial = "1900000001", "wx00000000000001", "5157F09EFDC096DE15EBE81A47057A72"
    signs_with, serial = "wechat", SERIAL

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.certificates: dict[str, tuple[str, int]] = {}
        self.fetched = 0

    def certify(self, name: str, days: int = 365) -> None:
        """From now on it signs with the key of this name, under a certificate, beside those it had."""
        serial, pem = certificate_of(name, self.clock(), days)
        self.certificates[serial] = (pem, self.clock() + days * 86_400_000)
        self.signs_with, self.serial = name, serial

    def _certificates(self) -> dict[str, Any]:
        self.fetched += 1
        rows = []
        for number, (serial, (pem, ends_at)) in enumerate(self.certificates.items()):
            nonce = f"{number:012d}"
            sealed = AESGCM(self.v3.encode()).encrypt(nonce.encode(), pem.encode(), b"certificate")
            seal = {"algorithm": "AEAD_AES_256_GCM", "nonce": nonce, "associated_data": "certificate",
                    "ciphertext": base64.b64encode(sealed).decode()}  # fmt: skip
            rows.append({"serial_no": serial, "effective_time": rfc(self.clock()), "expire_time": rfc(ends_at),
                         "encrypt_certificate": seal})  # fmt: skip
        return {"data": rows}

    def exchange(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Whole:
        if not path.startswith("/v3/"):
            return super().exchange(method, path, headers, body)
        self.settle()
        try:
            status, said = 200, self._answer(method, path, {n.lower(): v for n, v in headers.items()}, body)
        except Problem as problem:
            status, code = CODES_WX.get(problem.code, (problem.status, problem.code.upper()))
            said = json.dumps({"code": code, "message": code}).encode()
        return status, {"content-type": "application/json", **self._marks(said)}, said

    def _marks(self, said: bytes) -> dict[str, str]:
        at, nonce = str(self.clock() // 1000), "c5ac7061fccab6bf3e254dcf98995b8c"
        mark = sign(key_pair(self.signs_with)[0], f"{at}\n{nonce}\n".encode() + said + b"\n")
        return {"wechatpay-timestamp": at, "wechatpay-nonce": nonce, "wechatpay-signature": mark,
                "wechatpay-serial": self.serial, "wechatpay-signature-type": "WECHATPAY2-SHA256-RSA2048"}  # fmt: skip

    def _answer(  # noqa: C901 - one route a case
        self, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> bytes:
        self._check(method, path, headers, body)
        url = urlsplit(path)
        query = {name: values[-1] for name, values in parse_qs(url.query).items()}
        said = json.loads(body) if body else {}
        match method, [unquote(part) for part in url.path.strip("/").split("/")[1:]]:
            case "POST", ["pay", "transactions", "native" | "jsapi" as how]:
                payment = self._once("payments", said["attach"], lambda: self._open_order(said))
                if how == "jsapi":
                    assert said["payer"]["openid"]
                    return json.dumps({"prepay_id": f"wx{payment.ref}"}).encode()
                return json.dumps({"code_url": f"weixin://wxpay/bizpayurl?pr={payment.ref}"}).encode()
            case "GET", ["pay", "transactions", "out-trade-no", number]:
                found = self.found(number)
                if found is None:
                    raise Problem(404, "order_not_exist")
                return json.dumps(self._transaction(found)).encode()
            case "POST", ["refund", "domestic", "refunds"]:
                refund = self._once("refunds", said["out_refund_no"], lambda: self._give_back(said))
                return json.dumps(self._refund_said(refund)).encode()
            case "GET", ["refund", "domestic", "refunds", number]:
                known = self.refund_of(number.replace("@", "."))
                if known is None:
                    raise Problem(404, "resource_not_exists")
                return json.dumps(self._refund_said(known)).encode()
            case "GET", ["bill", "tradebill"]:
                if not self.bill_of(query["bill_date"]):
                    raise Problem(400, "no_statement_exist")
                url_of = f"https://api.mch.weixin.qq.com/v3/billdownload/file?token={query['bill_date']}"
                return json.dumps({"download_url": url_of, "hash_type": "SHA1", "hash_value": ""}).encode()
            case "GET", ["billdownload", "file"]:
                return gzip.compress(self._bill(query["token"]).encode())
            case "GET", ["certificates"]:
                return json.dumps(self._certificates()).encode()
            case "POST" | "GET", ["profitsharing", *rest]:
                return json.dumps(self._sharing(method, rest, said)).encode()
        raise Problem(404, "resource_not_exists")

    def _sharing(self, method: str, path: list[str], said: dict[str, Any]) -> dict[str, Any]:
        match method, path:
            case "POST", ["receivers", "add"]:
                self.receivers.add(said["account"])
                return {"type": said["type"], "account": said["account"]}
            case "POST", ["orders"]:
                return self._share_said(self._once("releases", said["out_order_no"], lambda: self._share(said)))
            case "GET", ["orders", number]:
                return self._share_said(self._known(number, backs=False))
            case "POST", ["return-orders"]:
                return self._share_said(self._once("backs", said["out_return_no"], lambda: self._return(said)))
            case "GET", ["return-orders", number]:
                return self._share_said(self._known(number, backs=True))
        raise Problem(404, "resource_not_exists")

    def _known(self, number: str, *, backs: bool) -> Released:
        known = releases.under(self, number, backs=backs)
        if known is None:
            raise Problem(404, "resource_not_exists")
        return known

    def _share(self, said: dict[str, Any]) -> Released:
        """Of a payment that was marked for it when it was opened, to a receiver who was added."""
        [receiver] = said["receivers"]
        number = said["out_order_no"]
        assert number.isalnum()
        assert len(number) <= 64
        if (known := releases.under(self, number, backs=False)) is not None:
            if known.amount_minor != receiver["amount"]:
                raise Problem(400, "differs")
            return known
        if said["transaction_id"] not in self.split or receiver["account"] not in self.receivers:
            raise Problem(403, "rule_limit")
        what = NewRelease(
            key=number,
            payment_ref=said["transaction_id"],
            account=receiver["account"],
            amount_minor=receiver["amount"],
            currency="CNY",
        )
        return releases.release(self, what)

    def _return(self, said: dict[str, Any]) -> Released:
        number = said["out_return_no"]
        if (known := releases.under(self, number, backs=True)) is not None:
            return known
        source = self._known(said["out_order_no"], backs=False)
        assert source.account == said["return_mchid"]
        what = NewBack(key=number, release_ref=source.ref, amount_minor=said["amount"], currency="CNY")
        return releases.take_back(self, what)

    def _share_said(self, one: Released) -> dict[str, Any]:
        if one.of:
            return {"return_id": one.ref, "out_return_no": one.key, "result": "SUCCESS", "amount": one.amount_minor}
        failed = one.status == "failed"
        receiver = {"account": one.account, "amount": one.amount_minor, "result": "CLOSED" if failed else "SUCCESS"}
        if failed:
            receiver["fail_reason"] = one.reason.upper()
        return {"order_id": one.ref, "out_order_no": one.key, "state": "FINISHED", "receivers": [receiver]}

    def _check(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> None:
        schema, _, token = headers.get("authorization", "").partition(" ")
        marks = dict(part.split("=", 1) for part in token.split(",")) if token else {}
        given = {name: value.strip('"') for name, value in marks.items()}
        text = f"{method}\n{path}\n{given.get('timestamp')}\n{given.get('nonce_str')}\n".encode() + body + b"\n"
        right = schema == "WECHATPAY2-SHA256-RSA2048" and given.get("serial_no") == self.merchant_serial
        if not right or not genuine(key_pair("wechat-merchant")[0], text, given.get("signature", "")):
            raise Problem(401, "sign_error")

    def _once(self, on: str, key: str, work: Any) -> Any:
        about = (key.replace("@", "."), "")
        self._break_line("before", on, about)
        done = work()
        self._break_line("after", on, about)
        return done

    def _open_order(self, said: Mapping[str, Any]) -> Payment:
        if (said["mchid"], said["appid"]) != (self.mchid, self.appid):
            raise Problem(400, "appid_mchid_not_match")
        at = round(datetime.fromisoformat(said["time_expire"]).timestamp() * 1000)
        number = said["out_trade_no"]
        assert 6 <= len(number) <= 32
        assert number.isalnum()
        assert len(said["attach"]) <= 128
        payment = self.opened(number, said["attach"], said["amount"]["total"], said["description"], at)
        if said.get("settle_info", {}).get("profit_sharing"):
            self.split.add(payment.ref)
        return payment

    def _give_back(self, said: Mapping[str, Any]) -> Refund:
        assert len(said["out_refund_no"]) <= 64
        assert "." not in said["out_refund_no"]
        return self.given_back(
            said["out_refund_no"].replace("@", "."), said["transaction_id"], said["amount"]["refund"]
        )

    def _transaction(self, payment: Payment) -> dict[str, Any]:
        status = self.status_of(payment)
        state = {"open": "NOTPAY", "paid": "SUCCESS", "expired": "CLOSED"}[status]
        said: dict[str, Any] = {
            "appid": self.appid, "mchid": self.mchid, "out_trade_no": self.number_of(payment), "trade_state": state,
            "attach": payment.key, "amount": {"total": payment.amount_minor, "currency": "CNY"},
        }  # fmt: skip
        if payment.paid_at_ms is not None:
            if self.refunded(payment.ref):
                said["trade_state"] = "REFUND"
            said |= {"transaction_id": payment.ref, "success_time": rfc(payment.paid_at_ms)}
        return said

    def _refund_said(self, refund: Refund) -> dict[str, Any]:
        status = {"succeeded": "SUCCESS", "pending": "PROCESSING", "failed": "ABNORMAL"}[refund.status]
        total = self.state.payments[refund.payment_ref].amount_minor
        amount = {"refund": refund.amount_minor, "total": total, "currency": "CNY"}
        return {"refund_id": refund.ref, "out_refund_no": refund.key.replace(".", "@"), "status": status,
                "transaction_id": refund.payment_ref, "amount": amount}  # fmt: skip

    def _bill(self, day: str) -> str:
        head = "交易时间,公众账号ID,微信订单号,商户订单号,交易状态,应结订单金额,微信退款单号,商户退款单号,退款金额\n"
        rows = []
        for line in self.bill_of(day):
            back = line["kind"] == "refund"
            ref = str(line["payment_ref"] if back else line["ref"])
            number = self.number_of(self.state.payments[ref])
            amount = yuan(int(str(line["amount_minor"])))
            cells = [clock_text(int(str(line["at_ms"]))), self.appid, ref, number, "REFUND" if back else "SUCCESS",
                     "0.00" if back else amount, str(line["ref"]) if back else "0",
                     str(line["key"]).replace(".", "@") if back else "0", amount if back else "0.00"]  # fmt: skip
            rows.append(",".join(f"`{cell}" for cell in cells))
        return "\ufeff" + head + "\n".join(rows) + "\n总交易单数,应结订单总金额\n`" + f"{len(rows)},`0.00\n"

    def signed(self, webhook: Message) -> tuple[dict[str, str], bytes]:
        said = json.loads(webhook.body)
        if said["type"] == "payment.paid":
            payment = next(p for p in self.state.payments.values() if p.key == said["key"])
            kind, what = "TRANSACTION.SUCCESS", self._transaction(payment) | {"trade_state": "SUCCESS"}
        else:
            refund = self.state.refunds[said["ref"]]
            done = said["type"] == "refund.succeeded"
            kind = "REFUND.SUCCESS" if done else "REFUND.ABNORMAL"
            status = "SUCCESS" if done else "ABNORMAL"
            what = self._refund_said(refund) | {"refund_status": status, "success_time": rfc(said["at_ms"])}
        nonce, extra = f"{len(said['id']):012d}"[-12:], "transaction"
        sealed = AESGCM(self.v3.encode()).encrypt(nonce.encode(), json.dumps(what).encode(), extra.encode())
        resource = {"algorithm": "AEAD_AES_256_GCM", "ciphertext": base64.b64encode(sealed).decode(),
                    "nonce": nonce, "associated_data": extra, "original_type": "transaction"}  # fmt: skip
        event = {"id": said["id"], "create_time": rfc(said["at_ms"]), "event_type": kind,
                 "resource_type": "encrypt-resource", "resource": resource}  # fmt: skip
        body = json.dumps(event).encode()
        marks = {name.title(): value for name, value in self._marks(body).items()}
        return {"Content-Type": "application/json", **marks}, body


CODES_WX = {
    "order_not_exist": (404, "ORDER_NOT_EXIST"),
    "resource_not_exists": (404, "RESOURCE_NOT_EXISTS"),
    "differs": (400, "PARAM_DIFFERS"),
    "more_than_paid": (403, "NOT_ENOUGH"),
    "not_paid": (400, "INVALID_REQUEST"),
    "no_such_payment": (404, "RESOURCE_NOT_EXISTS"),
    "internal_error": (500, "SYSTEM_ERROR"),
}


class AlipayPeer(Numbered):
    app_id = "2021000000000001"

    def exchange(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Whole:
        if path.startswith("/bill?"):
            return 200, {"content-type": "application/zip"}, self._bill(path.partition("=")[2])
        if not path.startswith("/gateway.do"):
            return super().exchange(method, path, headers, body)
        self.settle()
        form = dict(parse_qsl(body.decode()))
        name = form["method"].replace(".", "_") + "_response"
        try:
            said = {"code": "10000", "msg": "Success", **self._answer(form)}
        except Problem as problem:
            if problem.status == 500 and problem.code == "internal_error":
                return 500, {}, b"<html>"
            sub = CODES_ALI.get(problem.code, "ACQ." + problem.code.upper())
            said = {"code": "40004", "msg": "Business Failed", "sub_code": sub, "sub_msg": sub}
            if problem.status == 401:
                said["code"], said["sub_code"] = "40002", "isv.invalid-signature"
        node = json.dumps(said, ensure_ascii=False)
        mark = sign(key_pair("alipay")[0], node.encode())
        return 200, {"content-type": "text/html;charset=utf-8"}, f'{{"{name}":{node},"sign":"{mark}"}}'.encode()

    def _answer(self, form: dict[str, str]) -> dict[str, Any]:  # noqa: C901 - one method a case
        mark = form.pop("sign")
        text = "&".join(f"{name}={form[name]}" for name in sorted(form) if form[name])
        if form["app_id"] != self.app_id or not genuine(key_pair("alipay-merchant")[0], text.encode(), mark):
            raise Problem(401, "invalid-signature")
        asked = json.loads(form["biz_content"])
        match form["method"]:
            case "alipay.trade.precreate":
                return self._precreated(asked)
            case "alipay.trade.query":
                return self._queried(asked)
            case "alipay.trade.refund":
                return self._given_back(asked)
            case "alipay.trade.fastpay.refund.query":
                refund = self.refund_of(asked["out_request_no"])
                if asked["trade_no"] not in self.state.payments:
                    raise Problem(404, "trade_not_exist")
                if refund is None or refund.status != "succeeded":
                    return {}
                return {"refund_status": "REFUND_SUCCESS", "refund_amount": yuan(refund.amount_minor)}
            case "alipay.trade.royalty.relation.bind":
                self.receivers |= {one["account"] for one in asked["receiver_list"]}
                return {"result_code": "SUCCESS"}
            case "alipay.trade.order.settle":
                return {"trade_no": asked["trade_no"], "settle_no": self._settled(asked).ref}
            case "alipay.trade.order.settle.query":
                return self._settle_said(asked["out_request_no"])
            case "alipay.data.dataservice.bill.downloadurl.query":
                if not self.bill_of(asked["bill_date"]):
                    raise Problem(400, "bill_not_exist")
                return {"bill_download_url": f"http://dwbillcenter.alipay.com/bill?day={asked['bill_date']}"}
        raise Problem(404, "no_such_method")

    def _precreated(self, asked: dict[str, Any]) -> dict[str, Any]:
        number, key = asked["out_trade_no"], unquote(asked["passback_params"])
        assert number.replace("_", "").isalnum()
        assert len(number) <= 64
        self._break_line("before", "payments", (key, ""))
        at = round(datetime.strptime(asked["time_expire"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=SHANGHAI).timestamp())
        whole, cents = asked["total_amount"].split(".")
        payment = self.opened(number, key, int(whole) * 100 + int(cents), asked["subject"], at * 1000)
        if asked.get("extend_params", {}).get("royalty_freeze") == "true":
            self.split.add(payment.ref)
        self._break_line("after", "payments", (key, ""))
        return {"out_trade_no": number, "qr_code": f"https://qr.alipay.com/{payment.ref}"}

    def _queried(self, asked: dict[str, Any]) -> dict[str, Any]:
        payment = self.found(asked["out_trade_no"])
        if payment is None:
            raise Problem(404, "trade_not_exist")
        status = {"open": "WAIT_BUYER_PAY", "paid": "TRADE_SUCCESS", "expired": "TRADE_CLOSED"}
        said = {
            "out_trade_no": asked["out_trade_no"],
            "trade_no": payment.ref,
            "trade_status": status[self.status_of(payment)],
            "total_amount": yuan(payment.amount_minor),
        }
        return said | ({"send_pay_date": clock_text(payment.paid_at_ms)} if payment.paid_at_ms else {})

    def _given_back(self, asked: dict[str, Any]) -> dict[str, Any]:
        number = asked["out_request_no"]
        self._break_line("before", "refunds", (number, asked["trade_no"]))
        whole, cents = asked["refund_amount"].split(".")
        fresh = self.refund_of(number) is None
        refund = self.given_back(number, asked["trade_no"], int(whole) * 100 + int(cents))
        self._break_line("after", "refunds", (number, asked["trade_no"]))
        if refund.status == "failed":
            raise Problem(400, refund.reason)
        changed = "Y" if fresh and refund.status == "succeeded" else "N"
        return {"trade_no": refund.payment_ref, "fund_change": changed, "refund_fee": yuan(refund.amount_minor)}

    def _settled(self, asked: dict[str, Any]) -> Released:
        """Of a trade whose money was frozen for it, to a receiver who was bound; the same number is the same one."""
        [share] = asked["royalty_parameters"]
        number, ref = asked["out_request_no"], asked["trade_no"]
        self._break_line("before", "releases", (number, ref))
        made = releases.under(self, number, backs=False)
        if made is None:
            if ref not in self.split or share["trans_in"] not in self.receivers:
                raise Problem(400, "royalty_receiver_invalid")
            whole, cents = share["amount"].split(".")
            amount = int(whole) * 100 + int(cents)
            account = share["trans_in"]
            what = NewRelease(key=number, payment_ref=ref, account=account, amount_minor=amount, currency="CNY")
            made = releases.release(self, what)
        elif yuan(made.amount_minor) != share["amount"]:
            raise Problem(400, "differs")
        self._break_line("after", "releases", (number, ref))
        if made.status == "failed":
            raise Problem(400, made.reason)
        return made

    def _settle_said(self, number: str) -> dict[str, Any]:
        one = releases.under(self, number, backs=False)
        if one is None:
            return {}
        detail = {"state": "SUCCESS", "amount": yuan(one.amount_minor)}
        if one.status == "failed":
            detail |= {"state": "FAIL", "error_code": one.reason.upper()}
        return {"settle_no": one.ref, "out_request_no": number, "royalty_detail_list": [detail]}

    def _bill(self, day: str) -> bytes:
        head = "支付宝交易号,商户订单号,业务类型,完成时间,订单金额（元）,退款批次号/请求号"
        rows = []
        for line in self.bill_of(day):
            back = line["kind"] == "refund"
            ref = str(line["payment_ref"] if back else line["ref"])
            number = self.number_of(self.state.payments[ref])
            amount = ("-" if back else "") + yuan(int(str(line["amount_minor"])))
            key = str(line["key"]) if back else ""
            at = clock_text(int(str(line["at_ms"])))
            rows.append(f"{ref}\t,{number}\t,{'退款' if back else '交易'},{at},{amount},{key}\t")
        text = "\n".join(["#支付宝业务明细查询", head, *rows, "#业务明细列表结束"])
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as packed:
            packed.writestr("2088_业务明细.csv", text.encode("gbk"))
        return made.getvalue()

    def signed(self, webhook: Message) -> tuple[dict[str, str], bytes]:
        said = json.loads(webhook.body)
        refund = self.state.refunds.get(said["ref"])
        payment = self.state.payments[refund.payment_ref if refund else said["ref"]]
        form = {
            "notify_time": clock_text(self.clock()), "notify_type": "trade_status_sync", "notify_id": said["id"],
            "app_id": self.app_id, "out_trade_no": self.number_of(payment), "trade_no": payment.ref,
            "trade_status": "TRADE_SUCCESS", "total_amount": yuan(payment.amount_minor),
            "gmt_payment": clock_text(payment.paid_at_ms or 0), "passback_params": payment.key,
        }  # fmt: skip
        if refund:
            form |= {"gmt_refund": clock_text(self.clock()), "refund_fee": yuan(refund.amount_minor)}
        text = "&".join(f"{name}={form[name]}" for name in sorted(form))
        form |= {"sign": sign(key_pair("alipay")[0], text.encode()), "sign_type": "RSA2"}
        return {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}, urlencode(form).encode()


CODES_ALI = {
    "differs": "ACQ.DISCORDANT_REPEAT_REQUEST",
    "more_than_paid": "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL",
    "not_paid": "ACQ.TRADE_STATUS_ERROR",
    "no_such_payment": "ACQ.TRADE_NOT_EXIST",
    "trade_not_exist": "ACQ.TRADE_NOT_EXIST",
    "bill_not_exist": "isp.bill_not_exist",
}

__all__ = ["AlipayPeer", "HungUp", "WechatPeer", "key_pair"]
