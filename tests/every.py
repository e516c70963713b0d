"""One test for many values of one kind, where a test for each would cost more than what it does."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

Test = Callable[..., None]


def every(values: Iterable[Any]) -> Callable[[Test], Test]:
    """Tries all of them, a tuple as several arguments, and tells each that is wrong with what is wrong about it."""
    wanted = [value if isinstance(value, tuple) else (value,) for value in values]
    assert wanted, "a test of nothing"

    def made(test: Test) -> Test:
        @wraps(test)
        def tried() -> None:
            wrong = []
            for value in wanted:
                try:
                    test(*value)
                except Exception as error:
                    wrong.append(f"{', '.join(map(str, value))}: {type(error).__name__}: {error}")
            assert not wrong, "\n".join(wrong)

        del tried.__wrapped__  # type: ignore[attr-defined] # pytest would look for fixtures of the arguments' names
        return tried

    return made
