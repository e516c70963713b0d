"""A short run of the fuzzing; `python -m tests.security.fuzz --requests 2000` and `make prove` run it at length."""

import pytest

from tests.bed import Answer

from .fuzz import DOCUMENT, Found, played, wrong_with


@pytest.fixture(scope="module")
def found() -> Found:
    return played(110)


@pytest.mark.req("B28")
def test_no_request_from_the_document_breaks_anything(found: Found) -> None:
    """No 5xx, no trace, nothing that the document does not announce; the books add up afterwards."""
    assert found.wrong == []
    assert found.requests >= 100


@pytest.mark.req("B28")
def test_every_operation_is_asked_and_answers_of_every_kind_come_back(found: Found) -> None:
    """Else the run would prove little: all refused at the door, say."""
    import json

    named = {f"{verb.upper()} {path}" for path, verbs in json.loads(DOCUMENT.read_text())["paths"].items()
             for verb in verbs}  # fmt: skip
    assert found.operations == named
    assert {200, 400, 401, 403, 404, 422} <= set(found.statuses)


@pytest.mark.req("B28")
@pytest.mark.parametrize(
    ("status", "text", "says"),
    [
        (500, '{"code":"internal"}', "internal"),
        (200, '{"items":[],"next":"Traceback (most recent call last)"}', "Traceback"),
        (418, '{"code":"teapot"}', "an undeclared status"),
        (400, '{"code":"teapot"}', "an undeclared refusal"),
        (400, '{"Message":"odd"}', "no problem of ours"),
        (200, '{"items":7}', "not as the document says"),
    ],
)
def test_what_would_be_wrong_is_noticed(status: int, text: str, says: str) -> None:
    """The control: each of these answers to `GET /campaigns` is found wrong."""
    import schemathesis
    from hypothesis import strategies

    schema = schemathesis.openapi.from_path(DOCUMENT)
    operation = schema["/campaigns"]["GET"]
    assert isinstance(operation.as_strategy(), strategies.SearchStrategy)
    case = operation.Case()
    assert says in wrong_with(Answer(status, {"content-type": "application/json"}, text), case)
