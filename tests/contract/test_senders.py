"""SMS and e-mail: what is sent, and what each refusal of the provider means for us."""

from collections.abc import Mapping

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError
from moto.core import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends
from moto.sns import sns_backends

from chalicelib.domain.ports import Answer, Outcome, Sender
from chalicelib.gateways import aws
from chalicelib.gateways.email import Email
from chalicelib.gateways.sms import Sms

pytestmark = pytest.mark.req("N1")

PHONE, MAIL = "+8613812345678", "wang@mail.example"


class Provider:
    """Takes or refuses, and remembers what it was given."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.given: list[Mapping[str, object]] = []

    def publish(self, **said: object) -> dict[str, str]:
        self.given.append(said)
        if self.error:
            raise self.error
        return {"MessageId": "m-1"}

    send_email = publish


def refusal(code: str, message: str = "", status: int = 400) -> ClientError:
    said = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(said, "Publish")


def send(sender: Sender, to: str, text: str = "hello") -> Answer:
    return sender.send(to=to, subject="subject", text=text)


def by_sms(error: Exception | None = None, to: str = PHONE) -> Answer:
    return send(Sms("Tuan", clients=lambda _: Provider(error)), to)


def by_email(error: Exception | None = None, to: str = MAIL) -> Answer:
    return send(Email("tuan@shop.example", clients=lambda _: Provider(error)), to)


def test_an_sms_is_transactional_and_signed_by_its_sender(cloud: aws.Clients) -> None:
    answer = send(Sms("Tuan", clients=cloud), PHONE, "成团了!")
    assert answer.outcome is Outcome.SUCCEEDED
    sent = sns_backends[DEFAULT_ACCOUNT_ID]["eu-central-1"].sms_messages
    assert sent == {answer.ref: (PHONE, "成团了!")}
    provider = Provider()
    send(Sms("Tuan", clients=lambda _: provider), PHONE)
    send(Sms("", clients=lambda _: provider), PHONE)
    kind = {"AWS.SNS.SMS.SMSType": {"DataType": "String", "StringValue": "Transactional"}}
    name = {"AWS.SNS.SMS.SenderID": {"DataType": "String", "StringValue": "Tuan"}}
    assert [said["MessageAttributes"] for said in provider.given] == [kind | name, kind]


def test_an_email_goes_out_as_utf8_to_one_person(cloud: aws.Clients) -> None:
    cloud("sesv2").create_email_identity(EmailIdentity="tuan@shop.example")
    answer = Email("tuan@shop.example", clients=cloud).send(to=MAIL, subject="成团了", text="正文")
    assert answer.outcome is Outcome.SUCCEEDED
    [sent] = ses_backends[DEFAULT_ACCOUNT_ID]["eu-central-1"].sent_messages
    assert (sent.id, sent.destinations["ToAddresses"], sent.subject, sent.body) == (
        answer.ref, [MAIL], "成团了", "正文",
    )  # fmt: skip


@pytest.mark.parametrize(
    "to", ["", "13812345678", "+0138", "+86 138 1234 5678", "+86138a", "+" + "1" * 16, "٣+1", MAIL]
)
def test_what_is_no_phone_number_is_not_tried(to: str) -> None:
    provider = Provider()
    answer = send(Sms(clients=lambda _: provider), to)
    assert (answer.outcome, answer.reason, provider.given) == (Outcome.FAILED, "bad_address", [])


@pytest.mark.parametrize(
    "to",
    ["", "wang", "wang@", "@x.example", "a@b", "a b@x.example", "a@x.example,b@x.example",
     "a@x.example\nBcc: b@x.example",
     "Wang <a@x.example>", "a@@x.example", PHONE],
)  # fmt: skip
def test_what_is_no_mail_address_is_not_tried(to: str) -> None:
    provider = Provider()
    answer = send(Email("tuan@shop.example", clients=lambda _: provider), to)
    assert (answer.outcome, answer.reason, provider.given) == (Outcome.FAILED, "bad_address", [])


def test_a_text_that_would_be_cut_up_is_not_sent() -> None:
    assert send(Sms(clients=lambda _: Provider()), PHONE, "长" * 701).reason == "too_long"


@pytest.mark.parametrize(
    ("error", "outcome", "reason"),
    [
        (refusal("InvalidParameter", f"PhoneNumber Reason: {PHONE} is not valid"), "failed", "bad_address"),
        (refusal("InvalidParameter", f"Phone number {PHONE} is opted out"), "failed", "opted_out"),
        (refusal("OptedOutException"), "failed", "opted_out"),
        (refusal("InvalidParameter", "Invalid parameter: Empty message"), "failed", "refused"),
        (refusal("Throttled", "Rate exceeded"), "failed", "throttled"),
        (refusal("ThrottledException", "Account spend limit exceeded"), "failed", "spend_limit"),
        (refusal("MonthlySpendLimitReached", "No quota left for account"), "failed", "spend_limit"),
        (refusal("InternalError", status=500), "unknown", "InternalError"),
        (refusal("AuthorizationError", status=403), "unknown", "AuthorizationError"),
    ],
)  # fmt: skip
def test_what_refusals_of_an_sms_mean(error: Exception, outcome: str, reason: str) -> None:
    answer = by_sms(error)
    assert (answer.outcome, answer.reason) == (outcome, reason)


@pytest.mark.parametrize(
    ("error", "outcome", "reason"),
    [
        (refusal("TooManyRequestsException", "Maximum sending rate", 429), "unknown", "TooManyRequestsException"),
        (refusal("ThrottlingException", "Daily message quota exceeded"), "failed", "spend_limit"),
        (refusal("AccountSuspendedException"), "failed", "spend_limit"),
        (refusal("SendingPausedException"), "failed", "spend_limit"),
        (refusal("BadRequestException", f"Local address contains whitespace {MAIL}"), "failed", "bad_address"),
        (refusal("MessageRejected", "Address is on the suppression list"), "failed", "opted_out"),
        (refusal("MessageRejected", "Email address is not verified"), "failed", "refused"),
        (refusal("InternalFailure", status=500), "unknown", "InternalFailure"),
        (refusal("AccessDeniedException", status=403), "unknown", "AccessDeniedException"),
    ],
)  # fmt: skip
def test_what_refusals_of_an_email_mean(error: Exception, outcome: str, reason: str) -> None:
    answer = by_email(error)
    assert (answer.outcome, answer.reason) == (outcome, reason)


@pytest.mark.parametrize("by", [by_sms, by_email])
@pytest.mark.parametrize("error", [ReadTimeoutError, ConnectTimeoutError, EndpointConnectionError])
def test_silence_is_unknown(by: type[Answer], error: type[Exception]) -> None:
    answer = by(error(endpoint_url="https://sns.example"))
    assert (answer.outcome, answer.reason) == (Outcome.UNKNOWN, error.__name__)


@pytest.mark.req("X5")
def test_no_answer_repeats_the_address() -> None:
    for answer in (by_sms(refusal("InvalidParameter", PHONE)), by_email(refusal("MessageRejected", MAIL))):
        assert PHONE not in repr(answer)
        assert MAIL not in repr(answer)
