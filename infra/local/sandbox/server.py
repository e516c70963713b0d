"""The provider on a loopback port, with a page on which a person plays the buyer."""

import html
from collections.abc import Callable
from urllib.parse import parse_qs

from infra.local import serving
from infra.local.peer import Problem
from infra.local.sandbox.line import SandboxProvider

PAGE = """<!doctype html><html lang="zh"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Sandbox</title>
<body style="font-family:sans-serif;max-width:24em;margin:3em auto">
<h1>{title}</h1><p style="font-size:2em">{amount} {currency}<br>
<small>最小货币单位 minor units</small></p><p>{status}</p>
<form method="post"><button style="font-size:1.5em"{disabled}>支付 Pay</button></form>{back}
</body></html>"""


class Server(serving.Server):
    deliverers = 8

    def __init__(self, provider: SandboxProvider, port: int = 0) -> None:
        super().__init__(provider, port)
        self.provider = provider
        for payment in provider.state.payments.values():  # kept from an earlier run, perhaps on another port
            payment.pay_url = f"{self.url}/pay/{payment.ref}"

    def page(self, path: str, posted: bool) -> tuple[int, bytes] | None:
        return _page(self, path.removeprefix("/pay/"), posted) if path.startswith("/pay/") else None


def _page(server: Server, asked: str, paying: bool) -> tuple[int, bytes]:
    """`asked` is the payment's reference, perhaps with `?back=`: where the buyer came from."""
    ref, _, query = asked.partition("?")
    back = parse_qs(query).get("back", [""])[0]
    shown_back = (
        f'<p><a href="{html.escape(back)}">返回订单 Back to the order</a></p>' if back.startswith("http") else ""
    )
    with server.lock:
        provider = server.provider
        payment = provider.state.payments.get(ref)
        if payment is None:
            return 404, b"<!doctype html><title>404</title>"
        problem = _try(lambda: provider.pay(ref)) if paying else ""
        said = provider.shown(payment)
    status = {
        "open": "待支付 to be paid",
        "paid": "已支付,谢谢! paid, thank you",
        "authorised": "已授权,谢谢! authorised, thank you",
        "captured": "已扣款 captured",
        "voided": "已解除 let go",
        "expired": "已过期 expired",
    }
    return 200, PAGE.format(
        title=html.escape(payment.title),
        amount=payment.amount_minor,
        currency=html.escape(payment.currency),
        status=html.escape(problem or status[str(said["status"])]),
        disabled="" if said["status"] == "open" else " disabled",
        back=shown_back,
    ).encode()


def _try(what: Callable[[], object]) -> str:
    try:
        what()
    except Problem as problem:
        return problem.code
    return ""
