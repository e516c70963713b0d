"""Files on the data stack's bucket: brought by a signed form, kept under a name made from their content."""

from typing import Any
from urllib.parse import urlsplit

from ..domain.files import (
    MOST_LINK_S,
    MOST_UPLOAD_S,
    RULES,
    StoredFile,
    UploadForm,
    Use,
    check_new_key,
    judged,
    new_key,
)
from ..domain.refusals import Refused
from . import aws

GONE = frozenset({"NoSuchKey", "404", "NotFound"})
FOR_EVER = "public, max-age=31536000, immutable"


class Bucket:
    """`Bucket(name)`; forms and links are signed here, without a call."""

    def __init__(self, name: str, clients: aws.Clients = aws.client) -> None:
        self._name = name
        self._clients = clients

    @property
    def origin(self) -> str:
        with aws.answered("files"):
            signed: str = self._clients("s3").generate_presigned_url("head_bucket", Params={"Bucket": self._name})
        return "{0.scheme}://{0.netloc}".format(urlsplit(signed))

    def form(self, use: Use, owner: str, new_id: str, *, back: str = "") -> UploadForm:
        key, most = new_key(use, owner, new_id), RULES[use].most_bytes
        # What it says it is does not matter: keeping it looks at its bytes.
        fields = {"Content-Type": "application/octet-stream"}
        if back:
            fields["success_action_redirect"] = back
        conditions: list[Any] = [["content-length-range", 1, most], *({name: value} for name, value in fields.items())]
        with aws.answered("files"):
            signed = self._clients("s3").generate_presigned_post(
                self._name, key, Fields=fields, Conditions=conditions, ExpiresIn=MOST_UPLOAD_S
            )
        return UploadForm(
            url=signed["url"], fields=dict(signed["fields"]), key=key, most_bytes=most, seconds=MOST_UPLOAD_S
        )

    def keep(self, use: Use, owner: str, key: str) -> StoredFile:
        check_new_key(use, owner, key)
        content = self._content(key)
        if content is None:
            raise Refused("file_not_uploaded")
        return self.put(use, owner, content)

    def put(self, use: Use, owner: str, content: bytes) -> StoredFile:
        file = judged(use, owner, content)
        with aws.answered("files"):
            self._clients("s3").put_object(
                Bucket=self._name,
                Key=file.key,
                Body=content,
                ContentType=file.content_type,
                CacheControl=FOR_EVER,
                Metadata={"sha256": file.sha256},
            )
        return file

    def look(self, key: str) -> StoredFile | None:
        said = self._asked("head_object", key)
        if said is None:
            return None
        digest = said["Metadata"].get("sha256", "")
        return StoredFile(key=key, content_type=said["ContentType"], size=said["ContentLength"], sha256=digest)

    def read(self, key: str) -> bytes | None:
        return self._content(key)

    def link(self, key: str, *, name: str = "") -> str:
        asked = {"Bucket": self._name, "Key": key}
        if name:
            asked["ResponseContentDisposition"] = f'attachment; filename="{name}"'
        with aws.answered("files"):
            signed: str = self._clients("s3").generate_presigned_url("get_object", Params=asked, ExpiresIn=MOST_LINK_S)
        return signed

    def _content(self, key: str) -> bytes | None:
        said = self._asked("get_object", key)
        if said is None:
            return None
        with aws.answered("files"):
            content: bytes = said["Body"].read()
        return content

    def _asked(self, operation: str, key: str) -> Any:
        """The answer, or None where there is no such file."""
        from botocore.exceptions import ClientError

        with aws.answered("files"):
            try:
                return getattr(self._clients("s3"), operation)(Bucket=self._name, Key=key)
            except ClientError as error:
                if aws.code_of(error) in GONE:
                    return None
                raise
