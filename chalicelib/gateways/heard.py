"""What comes back of what we said, in the words of AWS: SES reports, logs of SMS that were not delivered, and SMS that
people send us.

    {"Records": [{"Sns": {"Message": "{\"eventType\": \"Bounce\", …}"}}]}      SES, through our topic
    {"Records": [{"Sns": {"Message": "{\"originationNumber\": …}"}}]}          two-way SMS, through our topic
    {"awslogs": {"data": "…"}}                                                  SNS's log of failed SMS, zipped

Nobody but AWS can call the function that reads these, so there is no signature to check. Addresses and phones in them
are passed by: a report names its message, and that is enough. Anything else is skipped.
"""

import base64
import gzip
import json
from collections.abc import Iterator, Mapping
from typing import Any

from ..domain.ports import Fate, TextIn, Undelivered
from ..domain.refusals import Broken

MOST_TEXT = 500
"""Characters of an SMS that are looked at."""

OF_THE_PHONE = ("invalid phone number", "opted out", "blocked list", "phone has blocked sms")
"""Answers of carriers, as SNS words them, after which the same number will not take the next one either."""

OF_OUR_MONEY = ("no quota left", "spend limit")

NEITHER = "an event that is neither the topic's nor the log's"

Heard = Undelivered | TextIn


def parsed(event: Mapping[str, Any]) -> list[Heard]:
    """Raises Broken for what neither a topic nor a log sends."""
    match event:
        case {"awslogs": {"data": str(data)}}:
            lines = _logged(data)
        case {"Records": list(records)}:
            lines = _told(records)
        case _:
            raise Broken(NEITHER)
    return [heard for line in lines if (heard := _heard(line)) is not None]


def _told(records: list[Any]) -> Iterator[str]:
    for record in records:
        if "Sns" not in record:
            raise Broken(NEITHER)
        yield str(record["Sns"].get("Message", ""))


def _logged(data: str) -> Iterator[str]:
    for line in json.loads(gzip.decompress(base64.b64decode(data)))["logEvents"]:
        yield str(line.get("message", ""))


def _heard(line: str) -> Heard | None:
    try:
        said = json.loads(line)
    except ValueError:
        return None
    match said:
        case {"eventType": str(kind), "mail": {"messageId": str(ref)}} if kind in ("Bounce", "Complaint"):
            return Undelivered(ref=ref, fate=_fate_of_mail(kind, said.get("bounce") or {}))
        case {
            "notification": {"messageId": str(ref)},
            "delivery": {"providerResponse": str(answer)},
            "status": "FAILURE",
        }:
            return Undelivered(ref=ref, fate=_fate_of_sms(answer.lower()))
        case {"originationNumber": str(phone), "messageBody": str(text), "inboundMessageId": str(number)}:
            return TextIn(id=number, phone=phone, text=text[:MOST_TEXT])
    return None


def _fate_of_mail(kind: str, bounce: Mapping[str, Any]) -> Fate:
    """A full mailbox, or one that is away, may take the next e-mail."""
    if kind == "Complaint":
        return Fate.COMPLAINED
    return Fate.BOUNCED if bounce.get("bounceType") == "Permanent" else Fate.LOST


def _fate_of_sms(answer: str) -> Fate:
    if any(words in answer for words in OF_OUR_MONEY):
        return Fate.SPENT
    return Fate.BOUNCED if any(words in answer for words in OF_THE_PHONE) else Fate.LOST
