"""A promised time (承诺时间): a range in which something should be done, as it was said.

All that were said are kept, so that a promise that moved is seen to have moved.
"""

from ..lean import dataclass
from .instants import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """Between `earliest` and `latest`, as `by` said it at `at`."""

    earliest: Instant
    latest: Instant
    at: Instant
    by: str
    why: str = ""
