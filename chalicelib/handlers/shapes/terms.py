"""The terms of an order in whole sentences, as `Conditions.sentences` and messages that quote them give them."""

from ...domain.campaign import Measure, Shortfall
from ...domain.deposit import DepositKind
from ...domain.instants import HOUR, local_text
from ...domain.money import shown
from ...domain.statement import Statement

DEPOSITS_ZH = {DepositKind.EARNEST: "定金", DepositKind.DOWN_PAYMENT: "订金"}
DEPOSITS_EN = {DepositKind.EARNEST: "an earnest", DepositKind.DOWN_PAYMENT: "a down payment"}

METHODS_ZH = {
    "sandbox": "在线支付（演示）",
    "sandbox_card": "银行卡（演示）",
    "transfer": "银行转账",
    "stripe": "银行卡",
    "wechat": "微信支付",
    "alipay": "支付宝",
}
METHODS_EN = {
    "sandbox": "online payment (demo)",
    "sandbox_card": "card (demo)",
    "transfer": "bank transfer",
    "stripe": "card",
    "wechat": "WeChat Pay",
    "alipay": "Alipay",
}


def sentences(told: Statement, currency: str, language: str) -> list[str]:
    """What a buyer is told before paying, in the language asked for; Chinese or else English."""
    return _in_chinese(told, currency) if language == "zh" else _in_english(told, currency)


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _target_zh(told: Statement, currency: str) -> str:
    match told.measure:
        case Measure.PARTICIPANTS:
            return f"{told.at_least} 人付款参团"
        case Measure.UNITS:
            return f"{told.at_least} 件付款商品"
        case Measure.AMOUNT:
            return f"付款金额 {shown(told.at_least, currency)}"


def _target_en(told: Statement, currency: str) -> str:
    match told.measure:
        case Measure.PARTICIPANTS:
            return _count(told.at_least, "paid participant", "paid participants")
        case Measure.UNITS:
            return _count(told.at_least, "paid unit", "paid units")
        case Measure.AMOUNT:
            return f"{shown(told.at_least, currency)} in paid orders"


def _holds_zh(told: Statement) -> list[str]:
    if not told.charged_when_formed:
        return []
    grace = f"成团后 {told.capture_grace_minutes} 分钟内仍未能扣款的订单失效"
    rule = "，其余订单照常" if told.shortfall is Shortfall.KEEP else "；若因此低于成团条件，则整团失败并全额退回"
    methods = "、".join(METHODS_ZH.get(one, one) for one in told.charged_when_formed)
    return [
        f"{methods}付款先预授权，成团后才按最终价扣款。",
        f"{grace}{rule}。",
    ]


def _holds_en(told: Statement) -> list[str]:
    if not told.charged_when_formed:
        return []
    grace = _count(told.capture_grace_minutes, "minute", "minutes")
    methods = ", ".join(METHODS_EN.get(one, one) for one in told.charged_when_formed)
    rule = (
        "the others stand"
        if told.shortfall is Shortfall.KEEP
        else "if too few remain, the whole group fails and everybody gets their money back"
    )
    return [
        f"Paid by {methods}, the money is only held, and taken at the final price when the group has formed.",
        f"An order whose money cannot be taken within {grace} of that lapses; {rule}.",
    ]


def _deposit_zh(told: Statement) -> list[str]:
    if told.deposit is None:
        return []
    name, hours = DEPOSITS_ZH[told.deposit.kind], told.deposit.balance_ms // HOUR
    first = f"参团先付{name}（最低价的 {told.deposit.share_bp // 100}%），可抵货款；成团后 {hours} 小时内付清尾款。"
    if told.deposit.kind is DepositKind.EARNEST:
        rule = "逾期未付尾款，定金不退；商家成团后取消，定金双倍返还；未成团，定金全额退回。"
    else:
        rule = "逾期未付尾款或未成团，订金全额退回。"
    return [first, rule]


def _deposit_en(told: Statement) -> list[str]:
    if told.deposit is None:
        return []
    name, hours = DEPOSITS_EN[told.deposit.kind], told.deposit.balance_ms // HOUR
    share = told.deposit.share_bp // 100
    first = f"Joining costs {name} of {share} % of the lowest price, which counts towards the price; "
    first += f"the balance is due within {_count(hours, 'hour', 'hours')} after the group has formed."
    if told.deposit.kind is DepositKind.EARNEST:
        rule = "If the balance is not paid in time, the earnest is kept; if the merchant calls the group off after it "
        rule += "has formed, it is returned double; if the group does not form, it is returned in full."
    else:
        rule = "If the balance is not paid in time, or the group does not form, the down payment is returned in full."
    return [first, rule]


def _in_chinese(told: Statement, currency: str) -> list[str]:
    days = told.refund_arrives_within_days
    arrival = "、".join(f"{METHODS_ZH.get(method, method)} {count} 天内" for method, count in sorted(days.items()))
    return [
        f"成团条件：至少 {_target_zh(told, currency)}。",
        f"截止时间：{local_text(told.deadline, told.zone)}（{told.zone}）。",
        f"未成团则全额原路退回，到账时间：{arrival}。",
        *_deposit_zh(told),
        *_holds_zh(told),
        f"退款规则：{told.refund_rule}",
        f"不适用七天无理由退货：{told.return_exception}" if told.return_exception else "支持七天无理由退货。",
    ]


def _in_english(told: Statement, currency: str) -> list[str]:
    days = told.refund_arrives_within_days
    arrival = ", ".join(
        f"{METHODS_EN.get(method, method)} within {_count(count, 'day', 'days')}"
        for method, count in sorted(days.items())
    )
    return [
        f"The group forms with at least {_target_en(told, currency)}.",
        f"Deadline: {local_text(told.deadline, told.zone)} ({told.zone}).",
        f"If it does not form, all is refunded the way it was paid: {arrival}.",
        *_deposit_en(told),
        *_holds_en(told),
        f"Refund rule: {told.refund_rule}",
        f"The 7-day return does not apply: {told.return_exception}"
        if told.return_exception
        else "The 7-day return applies.",
    ]
