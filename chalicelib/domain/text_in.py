"""What an SMS to us means (N12): where is my order, stop, or something that only a person can answer."""

import re
from enum import StrEnum

STOP = frozenset({"stop", "stopall", "unsubscribe", "end", "quit", "r", "t", "td", "退订", "拒收"})
"""One of these words alone, as every SMS with an offer says (拒收请回复R), and as carriers want it."""

WHERE = ("到哪", "哪里", "哪儿", "订单", "物流", "快递", "进度", "发货", "where", "order", "status", "track", "parcel")
"""Any of these anywhere."""

_NOT_A_WORD = re.compile(r"[\s。，,.!！?？\"“”'‘’【】\[\]]+")


class Meaning(StrEnum):
    WHERE = "where"
    STOP = "stop"
    OTHER = "other"


def meaning(text: str) -> Meaning:
    words = text.casefold()
    if _NOT_A_WORD.sub("", words) in STOP:
        return Meaning.STOP
    return Meaning.WHERE if any(word in words for word in WHERE) else Meaning.OTHER
