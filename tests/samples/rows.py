"""Where the samples are."""

from pathlib import Path

ROWS = Path(__file__).with_name("rows")


def sample_path(kind: str, shape: int) -> Path:
    return ROWS / f"{kind}.{shape}.json"
