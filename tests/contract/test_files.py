"""Files that people bring: laid down by a signed form, judged by their bytes, kept once under their content's name."""

from urllib.parse import urlsplit

import pytest

from chalicelib.domain.files import RULES, Use, type_of
from chalicelib.domain.refusals import Refused
from chalicelib.gateways import aws
from chalicelib.gateways.files import Bucket

pytestmark = pytest.mark.req("O12")

NAME = "tuan-test-files"
PNG = b"\x89PNG\r\n\x1a\n" + b"p" * 200
JPEG = b"\xff\xd8\xff\xe0" + b"j" * 200
WEBP = b"RIFF\x00\x00\x00\x00WEBPVP8 " + b"w" * 200
PDF = b"%PDF-1.7\n" + b"d" * 200


@pytest.fixture
def bucket(cloud: aws.Clients) -> Bucket:
    cloud("s3").create_bucket(Bucket=NAME, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    return Bucket(NAME, clients=cloud)


def laid_down(key: str, content: bytes) -> str:
    aws.client("s3").put_object(Bucket=NAME, Key=key, Body=content)
    return key


@pytest.mark.parametrize(
    ("content", "kind"),
    [(PNG, "image/png"), (JPEG, "image/jpeg"), (WEBP, "image/webp"), (PDF, "application/pdf"),
     (b"<svg onload=alert(1)>", None), (b"<script>", None), (b"", None), (b"GIF89a", None), (b"PK\x03\x04", None)],
)  # fmt: skip
def test_a_file_is_what_its_bytes_say(content: bytes, kind: str | None) -> None:
    assert type_of(content) == kind


def test_what_was_laid_down_is_kept_under_its_contents_name(bucket: Bucket) -> None:
    form = bucket.form(Use.REPORT, "PO.1", "abcdefgh12")
    laid_down(form.key, PDF)
    kept = bucket.keep(Use.REPORT, "PO.1", form.key)
    assert kept.key.startswith("reports/PO.1/") and kept.key.endswith(".pdf")
    assert (kept.content_type, kept.size) == ("application/pdf", len(PDF))
    assert bucket.look(kept.key) == kept
    assert bucket.read(kept.key) == PDF
    assert bucket.keep(Use.REPORT, "PO.1", form.key) == kept, "a lost answer is asked for again"


def test_what_was_looked_at_cannot_be_exchanged(bucket: Bucket) -> None:
    form = bucket.form(Use.PHOTO, "o1", "abcdefgh12")
    laid_down(form.key, JPEG)
    kept = bucket.keep(Use.PHOTO, "o1", form.key)
    laid_down(form.key, PNG)  # the form is still good
    assert bucket.read(kept.key) == JPEG
    assert bucket.keep(Use.PHOTO, "o1", form.key).key != kept.key


@pytest.mark.parametrize(
    ("use", "content", "code"),
    [(Use.PICTURE, PDF, "wrong_file_type"), (Use.PHOTO, b"<script>alert(1)</script>", "wrong_file_type"),
     (Use.PICTURE, PNG + b"p" * RULES[Use.PICTURE].most_bytes, "file_too_large")],
)  # fmt: skip
def test_what_may_not_be_kept(bucket: Bucket, use: Use, content: bytes, code: str) -> None:
    form = bucket.form(use, "p1", "abcdefgh12")
    laid_down(form.key, content)
    with pytest.raises(Refused) as refused:
        bucket.keep(use, "p1", form.key)
    assert refused.value.code == code
    with pytest.raises(Refused):
        bucket.put(use, "p1", content)
    assert len(aws.client("s3").list_objects_v2(Bucket=NAME)["Contents"]) == 1, "only what was laid down"


@pytest.mark.parametrize(
    "key",
    ["", "new/photos/p2/abcdefgh12", "new/pictures/p1/abcdefgh12", "photos/p1/x.jpg", "new/photos/p1/../p2/abcdefgh",
     "new/photos/p1/", "new/photos/p1/abcdefgh99"],
)  # fmt: skip
def test_nobody_keeps_what_was_brought_for_another(bucket: Bucket, key: str) -> None:
    laid_down("new/photos/p2/abcdefgh12", JPEG)
    with pytest.raises(Refused) as refused:
        bucket.keep(Use.PHOTO, "p1", key)
    assert refused.value.code == "file_not_uploaded"


def test_what_is_not_there(bucket: Bucket) -> None:
    assert bucket.look("photos/p1/none.jpg") is None
    assert bucket.read("photos/p1/none.jpg") is None


def test_a_form_takes_one_file_of_a_size_for_one_key(bucket: Bucket) -> None:
    """The policy itself is the bucket's to hold; tests/infra/test_local_stack.py tries it on an engine that does."""
    form = bucket.form(Use.PHOTO, "o1", "abcdefgh12", back="https://tuan.example/o/o1")
    assert form.fields["key"] == form.key == "new/photos/o1/abcdefgh12"
    assert form.fields["success_action_redirect"] == "https://tuan.example/o/o1"
    assert form.fields["x-amz-algorithm"] == "AWS4-HMAC-SHA256"
    assert urlsplit(form.url).hostname == f"{NAME}.s3.eu-central-1.amazonaws.com", "a host of its own, in its region"


def test_its_origin_is_where_forms_go_and_links_lead(bucket: Bucket) -> None:
    for address in (bucket.form(Use.PHOTO, "o1", "abcdefgh12").url, bucket.link("photos/o1/x.jpg")):
        assert address.startswith(bucket.origin + "/")
    assert bucket.origin == f"https://{NAME}.s3.eu-central-1.amazonaws.com"


def test_a_link_is_signed_and_ends(bucket: Bucket) -> None:
    kept = bucket.put(Use.REPORT, "PO.1", PDF)
    link = bucket.link(kept.key, name="report.pdf")
    assert link.startswith(f"https://{NAME}.s3.eu-central-1.amazonaws.com/{kept.key}?")
    assert "X-Amz-Signature=" in link and "X-Amz-Expires=900" in link
