"""SMS through SNS. One call is one attempt: SNS takes no key, so only the caller's row can say whether to
repeat.

An accepted message is not a delivered one: SNS takes messages to people who opted out, and what exceeds the
spend limit, and says so in its delivery log only. The refusals below are those it does answer with.
"""

import re

from ..domain.ports import Answer, Outcome
from . import aws

MOST_CHARACTERS = 700
"""SNS takes 1,600 bytes of GSM text, or 10 parts of 67 characters where one of them is Chinese."""

_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
SPEND_LIMIT = ("spend limit", "spending limit", "spend quota", "no quota left", "monthly limit")


class Sms:
    """`sender` is shown instead of a number where the country allows it; at most 11 letters and digits."""

    def __init__(self, sender: str = "", clients: aws.Clients = aws.client) -> None:
        self._sender = sender
        self._clients = clients

    def send(self, *, to: str, subject: str, text: str) -> Answer:
        if not _NUMBER.fullmatch(to):
            return Answer(outcome=Outcome.FAILED, reason="bad_address")
        if len(text) > MOST_CHARACTERS:
            return Answer(outcome=Outcome.FAILED, reason="too_long")
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            sent = self._clients("sns").publish(PhoneNumber=to, Message=text, MessageAttributes=self._attributes())
        except ClientError as error:
            return _refusal(error)
        except BotoCoreError as error:
            return Answer(outcome=Outcome.UNKNOWN, reason=type(error).__name__)
        return Answer(outcome=Outcome.SUCCEEDED, ref=sent["MessageId"])

    def _attributes(self) -> dict[str, dict[str, str]]:
        named = {"AWS.SNS.SMS.SMSType": "Transactional"}
        if self._sender:
            named["AWS.SNS.SMS.SenderID"] = self._sender
        return {name: {"DataType": "String", "StringValue": value} for name, value in named.items()}


def _refusal(error: Exception) -> Answer:
    """The message is read for its words only; it repeats the number, so it goes no further."""
    code = aws.code_of(error)
    words = str(error).lower()
    if "optedout" in code.lower() or "opted out" in words:
        return Answer(outcome=Outcome.FAILED, reason="opted_out")
    if any(said in words for said in SPEND_LIMIT):
        return Answer(outcome=Outcome.FAILED, reason="spend_limit")
    if code in (
        "InvalidParameter",
        "InvalidParameterException",
        "InvalidParameterValue",
        "ValidationException",
    ):
        return Answer(outcome=Outcome.FAILED, reason="bad_address" if "phone" in words else "refused")
    if code.startswith(("Throttl", "TooManyRequests")):
        # Not taken, so even a courtesy may be tried again.
        return Answer(outcome=Outcome.FAILED, reason="throttled")
    # No rights, an account that is not set up: says nothing about this person, and can be mended.
    return Answer(outcome=Outcome.UNKNOWN, reason=code)
