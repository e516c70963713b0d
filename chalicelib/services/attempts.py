"""Look, decide, commit; and when the rows moved in between, look again, a bounded number of times."""

from collections.abc import Iterator

from ..domain.refusals import Lost, Unavailable
from ..domain.writes import Write
from .world import World

MOST = 12
FIRST_REST_MS, MOST_REST_MS = 8, 64
"""Rests double up to a limit: in a crowd whoever rests for long holds a worker and takes nothing."""


class Attempt:
    """`with attempt:` swallows Lost, which means: another round."""

    def __init__(self) -> None:
        self.done = False
        self.lost: Lost | None = None

    def __enter__(self) -> "Attempt":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> bool:
        self.done = error is None
        self.lost = error if isinstance(error, Lost) else None
        return self.lost is not None


def attempts(world: World, most: int = MOST) -> Iterator[Attempt]:
    """Rounds with growing, jittered rests, then Unavailable: the caller may send the same request again.

    The loop ends by itself after a round that did not lose; most callers return from inside the round.
    """
    for turn in range(most):
        attempt = Attempt()
        yield attempt
        if attempt.done:
            return
        if attempt.lost is not None:
            world.watch.count("conflicts")
        world.rest(int(min(FIRST_REST_MS << turn, MOST_REST_MS) * (0.5 + world.draw())))
    world.watch.count("conflicts_given_up")
    raise Unavailable("busy")


def once(world: World, *writes: Write) -> bool:
    """For rows whose ids say what they are about: where one is already, this has been done. Whether it was not yet."""
    try:
        world.store.commit(*writes)
    except Lost as lost:
        if not lost.rows:
            raise
        return False
    return True
