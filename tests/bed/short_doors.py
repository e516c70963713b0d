"""What the bed asks of moto's other services all day, asked of their backends past HTTP.

The first call of each kind in a process goes the whole way, and so does every call that a backend refuses: how a
refusal is spelled is HTTP's business. Queue, outbox and keys are moto's own either way. With TUAN_BED=both all go.
"""

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID
from moto.kms.models import kms_backends
from moto.sesv2.models import sesv2_backends
from moto.sns.models import sns_backends
from moto.sqs.models import Message, sqs_backends

Asked = Mapping[str, Any]
Whole = Callable[[], Any]

_met: set[tuple[str, str]] = set()
"""The kinds of calls that this process has made the whole way."""


def _queued(region: str, asked: Asked) -> Any:
    """What waits is kept by the bed, so nothing comes here with a delay."""
    for entry in asked["Entries"]:
        put_in_queue(region, asked["QueueUrl"], entry["MessageBody"])
    return {"Successful": [{"Id": entry["Id"]} for entry in asked["Entries"]]}


def put_in_queue(region: str, url: str, body: str) -> None:
    queue = sqs_backends[DEFAULT_ACCOUNT_ID][region].get_queue(url.rpartition("/")[2])
    queue.add_message(Message(str(uuid.uuid4()), body))


def _decrypted(region: str, asked: Asked) -> Any:
    plain, arn = kms_backends[DEFAULT_ACCOUNT_ID][region].decrypt(
        ciphertext_blob=asked["CiphertextBlob"], encryption_context=asked["EncryptionContext"], key_id=asked["KeyId"]
    )
    return {"Plaintext": plain, "KeyId": arn}


def _encrypted(region: str, asked: Asked) -> Any:
    sealed, arn = kms_backends[DEFAULT_ACCOUNT_ID][region].encrypt(
        key_id=asked["KeyId"], plaintext=asked["Plaintext"], encryption_context=asked["EncryptionContext"]
    )
    return {"CiphertextBlob": sealed, "KeyId": arn}


def _texted(region: str, asked: Asked) -> Any:
    sns = sns_backends[DEFAULT_ACCOUNT_ID][region]
    return {"MessageId": sns.publish(message=asked["Message"], phone_number=asked["PhoneNumber"])}


def _mailed(region: str, asked: Asked) -> Any:
    simple = asked["Content"]["Simple"]
    message = sesv2_backends[DEFAULT_ACCOUNT_ID][region].send_email(
        source=asked["FromEmailAddress"],
        destinations=asked["Destination"],
        subject=simple["Subject"]["Data"],
        body=simple["Body"]["Text"]["Data"],
    )
    return {"MessageId": message.id}


DOORS: Mapping[tuple[str, str], Callable[[str, Asked], Any]] = {
    ("sqs", "SendMessageBatch"): _queued,
    ("kms", "Decrypt"): _decrypted,
    ("kms", "Encrypt"): _encrypted,
    ("sns", "Publish"): _texted,
    ("sesv2", "SendEmail"): _mailed,
}


def call(region: str, service: str, operation: str, asked: Asked, whole: Whole) -> Any:
    kind = (service, operation)
    if kind not in DOORS or kind not in _met:
        _met.add(kind)
        return whole()
    try:
        return DOORS[kind](region, asked)
    except Exception:  # a backend's refusal, whatever its type
        return whole()
