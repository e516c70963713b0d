"""E-mail through SES v2. One call is one attempt, for the same reason as with SMS.

A bounce or a complaint comes later and from elsewhere; here is only what SES answers at once.
"""

import re

from ..domain.ports import Answer, Outcome
from . import aws

_ADDRESS = re.compile(r"[^@\s,;:<>()\[\]\"\\\x00-\x1f]{1,64}@[^@\s,;:<>()\[\]\"\\\x00-\x1f]{1,190}\.[^@\s.,;:<>]{2,63}")
DAILY_QUOTA = ("daily message quota", "daily sending quota")
SUSPENDED = frozenset({"AccountSuspendedException", "SendingPausedException"})


class Email:
    """`sender` is an address of a domain that SES has verified; `reports` the configuration set under which SES tells
    what bounced or was called spam (gateways/heard.py)."""

    def __init__(self, sender: str, reports: str = "", clients: aws.Clients = aws.client) -> None:
        self._sender = sender
        self._reports = {"ConfigurationSetName": reports} if reports else {}
        self._clients = clients

    def send(self, *, to: str, subject: str, text: str) -> Answer:
        if not _ADDRESS.fullmatch(to):
            return Answer(outcome=Outcome.FAILED, reason="bad_address")
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            sent = self._clients("sesv2").send_email(
                FromEmailAddress=self._sender,
                Destination={"ToAddresses": [to]},
                Content={"Simple": {"Subject": _utf8(subject), "Body": {"Text": _utf8(text)}}},
                **self._reports,
            )
        except ClientError as error:
            return _refusal(error)
        except BotoCoreError as error:
            return Answer(outcome=Outcome.UNKNOWN, reason=type(error).__name__)
        return Answer(outcome=Outcome.SUCCEEDED, ref=sent["MessageId"])


def _utf8(text: str) -> dict[str, str]:
    return {"Data": text, "Charset": "UTF-8"}


def _refusal(error: Exception) -> Answer:
    """The message is read for its words only; it repeats the address, so it goes no further."""
    code = aws.code_of(error)
    words = str(error).lower()
    if any(said in words for said in DAILY_QUOTA) or code in SUSPENDED:
        # The account, not the person: nothing goes out until the quota is back.
        return Answer(outcome=Outcome.FAILED, reason="spend_limit")
    if "suppression list" in words or "blacklisted" in words:
        return Answer(outcome=Outcome.FAILED, reason="opted_out")
    if code in ("BadRequestException", "InvalidParameterValue", "ValidationException"):
        return Answer(outcome=Outcome.FAILED, reason="bad_address")
    if code == "MessageRejected":
        return Answer(outcome=Outcome.FAILED, reason="refused")
    # Too busy, no rights: says nothing about this person, and passes or can be mended.
    return Answer(outcome=Outcome.UNKNOWN, reason=code)
