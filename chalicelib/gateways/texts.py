"""What a notice says: (template, parameters) put into words, in the person's language and for the channel.

A text is data of one file per language: (subject, SMS, e-mail). `{name}` is a parameter; a part in [square
brackets] is left out when an optional parameter in it is empty. Parameters are inserted once and never read
as text again, so a product's title cannot smuggle in a placeholder, nor a line break into a subject.
"""

import re
from collections.abc import Mapping

from ..domain.notice import TEMPLATES
from ..domain.person import Channel
from ..domain.refusals import Broken

LANGUAGES = ("zh", "en")
MOST_IN_SMS = 40
"""Characters of one parameter in an SMS (links excepted): a long title costs the buyer nothing and us
three parts.
"""

OPTIONAL: Mapping[str, frozenset[str]] = {
    # Cancelled before any money moved: there is nothing to pay back, and nothing is said about it.
    "order_cancelled": frozenset({"amount", "arrives_by"}),
    # Told late, when the goods are there already: then nothing is expected any more.
    "batch_sorted": frozenset({"earliest", "latest"}),
    "batch_in_transit": frozenset({"earliest", "latest"}),
    "batch_promise": frozenset({"earliest", "latest"}),
    # Nothing is expected of what is not paid yet, or lies there already.
    "where_order": frozenset({"earliest", "latest"}),
    # What was paid may have gone back before.
    "uncollected_returned": frozenset({"amount", "arrives_by"}),
}
"""Parameters that may be empty. Any other must say something."""

_PART = re.compile(r"\[([^\]]*)\]")
_PLACE = re.compile(r"\{([a-z_]+)\}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


class Wording:
    """Implements ports.Texts."""

    def text(self, template: str, params: Mapping[str, str], language: str, channel: Channel) -> tuple[str, str]:
        """(subject, text); the subject is empty for SMS. Raises Broken for parameters other than the
        template's.
        """
        _check(template, params)
        subject, sms, email = texts_in(language)[template]
        clean = {name: _CONTROL.sub(" ", value).strip() for name, value in params.items()}
        for name, words in SPELLED.items():
            if name in clean:
                clean[name] = words.get(clean[name], {}).get(language.partition("-")[0].lower(), clean[name])
        if channel is Channel.SMS:
            return "", _filled(sms, {name: _short(name, value) for name, value in clean.items()})
        return _filled(subject, clean), _filled(email, clean)

    def code(self, code: str, minutes: int) -> str:
        return f"【团】登录验证码{code}，{minutes}分钟内有效，切勿告诉他人。Your code, keep it to yourself."


METHODS: Mapping[str, Mapping[str, str]] = {
    "sandbox": {"zh": "付款账户", "en": "the account you paid from"},
    "sandbox_card": {"zh": "您的银行卡", "en": "your card"},
    "transfer": {"zh": "您的银行账户", "en": "your bank account"},
    "stripe": {"zh": "您的银行卡", "en": "your card"},
    "wechat": {"zh": "微信支付", "en": "WeChat Pay"},
    "alipay": {"zh": "支付宝", "en": "Alipay"},
}
"""Where money goes back to, by payment method, as people say it."""

STAGES: Mapping[str, Mapping[str, str]] = {
    "presale": {"zh": "预售", "en": "presale"},
    "review": {"zh": "成团审核", "en": "review"},
    "stocking": {"zh": "供应商备货", "en": "supplier stocking"},
    "sorting": {"zh": "分拣", "en": "sorting"},
    "delivery": {"zh": "配送", "en": "delivery"},
    "aftersales": {"zh": "售后结算", "en": "after-sales settlement"},
}
"""A stage's own words, unless its plan gives it a title."""

FALLBACKS: Mapping[str, Mapping[str, str]] = {
    "other_warehouse": {"zh": "备用仓库", "en": "the other warehouse"},
    "other_carrier": {"zh": "备用承运商", "en": "the other carrier"},
    "other_sorting_centre": {"zh": "备用分拣中心", "en": "the other sorting centre"},
    "other_supplier": {"zh": "备用供应商", "en": "the other supplier"},
}

KEPT: Mapping[str, Mapping[str, str]] = {
    "ambient": {"zh": "常温", "en": "goods kept at room temperature"},
    "chilled": {"zh": "冷藏", "en": "chilled goods"},
    "frozen": {"zh": "冷冻", "en": "frozen goods"},
}
"""Temperature classes."""

STATUSES: Mapping[str, Mapping[str, str]] = {
    **STAGES,
    "to_pay": {"zh": "待付款", "en": "to be paid"},
    "gathering": {"zh": "已付款，等待成团", "en": "paid, the group is still gathering"},
    "preparing": {"zh": "备货中", "en": "being prepared"},
    "sorted": {"zh": "已分拣", "en": "sorted"},
    "in_transit": {"zh": "运输中", "en": "in transit"},
    "ready_for_pickup": {"zh": "待提货", "en": "ready for pickup"},
    "at_the_door": {"zh": "派送中", "en": "out for delivery"},
}
"""Where an order is: its stage, or nearer than that."""

SPELLED = {"method": METHODS, "stage": STAGES, "fallback": FALLBACKS, "kept": KEPT, "status": STATUSES}
"""Parameters that are words of ours, and are put into the reader's."""


def texts_in(language: str) -> Mapping[str, tuple[str, str, str]]:
    """All texts of a language; Chinese for one we do not speak. Only the file that is read is imported."""
    if language.partition("-")[0].lower() == "en":
        from .wording.en import TEXTS

        return TEXTS
    from .wording.zh import TEXTS

    return TEXTS


def _check(template: str, params: Mapping[str, str]) -> None:
    if template not in TEMPLATES:
        raise Broken(f"no template {template}")
    wanted = set(TEMPLATES[template].params)
    if params.keys() != wanted:
        raise Broken(f"{template} takes {sorted(wanted)}, not {sorted(params)}")
    empty = {name for name, value in params.items() if not value.strip()} - OPTIONAL.get(template, frozenset())
    if empty:
        raise Broken(f"{template} says nothing about {sorted(empty)}")


def _filled(text: str, params: Mapping[str, str]) -> str:
    def part(match: re.Match[str]) -> str:
        return match[1] if all(params[name] for name in _PLACE.findall(match[1])) else ""

    return _PLACE.sub(lambda place: params[place[1]], _PART.sub(part, text))


def _short(name: str, value: str) -> str:
    return value if name in ("link", "alternative") or len(value) <= MOST_IN_SMS else value[: MOST_IN_SMS - 1] + "…"
