"""Rows of every shape ever written are read by today's code, and nothing in them is lost on the way."""

import json
from typing import Any

import msgspec
import pytest

from chalicelib.store.rows import BY_NAME, KINDS, from_image, kind_of, to_stored
from chalicelib.store.stored import from_wire
from tests.samples.rows import ROWS, sample_path

SAMPLES = sorted(ROWS.glob("*.json"))
samples = pytest.mark.parametrize("path", SAMPLES, ids=lambda path: str(path.stem))


def image_in(path: Any) -> dict[str, Any]:
    image: dict[str, Any] = json.loads(path.read_text())
    return image


@pytest.mark.req("issue-7.4")
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: str(kind.name))
def test_every_shape_of_every_kind_has_a_sample(kind: Any) -> None:
    """A lift adds a shape, and with it a sample: `python -m tests.samples`, in the commit that adds the lift."""
    missing = [shape for shape in range(1, kind.shape + 1) if not sample_path(kind.name, shape).exists()]
    assert missing == [], f"{kind.name}: no sample of shape {missing}"


@pytest.mark.req("issue-7.4")
@samples
def test_a_row_of_any_past_shape_is_read(path: Any) -> None:
    row = from_image(image_in(path))
    assert kind_of(row).name == path.stem.partition(".")[0]


@pytest.mark.req("issue-7.4")
@samples
def test_reading_a_row_loses_nothing_it_said(path: Any) -> None:
    """A field that today's code no longer knows would vanish with the next write: that takes a lift, on purpose."""
    image = image_in(path)
    name, shape = path.stem.split(".")
    body = {key: from_wire(value) for key, value in image["body"]["M"].items()}
    for lift in BY_NAME[name].lifts[int(shape) - 1 :]:
        body = lift(body)
    row = from_image(image)
    assert lost(body, msgspec.to_builtins(row)) == []
    assert to_stored(row, row.version).shape == BY_NAME[name].shape, "what is written anew is of today's shape"


def lost(said: Any, kept: Any, at: str = "") -> list[str]:
    """Places of `said` that `kept` does not hold alike."""
    if isinstance(said, dict) and isinstance(kept, dict):
        return [place for key, value in said.items() for place in lost(value, kept.get(key, "gone"), f"{at}.{key}")]
    if isinstance(said, list | tuple) and isinstance(kept, list | tuple) and len(said) == len(kept):
        return [
            p for n, (one, other) in enumerate(zip(said, kept, strict=True)) for p in lost(one, other, f"{at}[{n}]")
        ]
    return [] if said == kept else [f"{at}: {said!r} became {kept!r}"]
