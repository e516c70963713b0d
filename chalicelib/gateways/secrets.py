"""The keys of a deployment: one JSON object in Secrets Manager, read once per process and only when first
needed.
"""

import json

from ..domain.refusals import Broken
from . import aws


class Secrets:
    """`Secrets(arn)()` is the object. A rotated value is seen by the next process, so both stay valid
    meanwhile.
    """

    def __init__(self, arn: str, clients: aws.Clients = aws.client) -> None:
        self._arn = arn
        self._clients = clients
        self._read: dict[str, str] | None = None

    def __call__(self) -> dict[str, str]:
        """Raises Unavailable when Secrets Manager does not answer, Broken when the secret is no object of
        texts.
        """
        if self._read is None:
            with aws.answered("secrets"):
                said = self._clients("secretsmanager").get_secret_value(SecretId=self._arn)
            self._read = _object(said.get("SecretString", ""))
        return self._read


def _object(text: str) -> dict[str, str]:
    try:
        read = json.loads(text)
    except ValueError:
        read = None
    if not isinstance(read, dict) or not all(isinstance(value, str) for value in read.values()):
        raise Broken("secrets: not an object of texts")  # and not a word of what stands there instead
    return read
