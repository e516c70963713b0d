"""Conditions and paths, spelled in one go.

PynamoDB nests every AND in brackets, matches each name of a path against a pattern and sends numbers through JSON. Ours
are plain names, whole numbers and flat lists, and spelling them so was a sixth of what a join cost us.
"""

from collections.abc import Sequence
from typing import Any

from pynamodb.constants import BOOLEAN, NUMBER
from pynamodb.expressions import operand
from pynamodb.expressions.condition import Condition


class Path(operand.Path):
    """A place in a row by plain names, none of them a place in a list."""

    def serialize(self, placeholder_names: dict[str, str], expression_attribute_values: dict[str, Any]) -> str:
        said = []
        for name in self.path:
            if (placeholder := placeholder_names.get(name)) is None:
                placeholder = placeholder_names[name] = f"#{len(placeholder_names)}"
            said.append(placeholder)
        return ".".join(said)


class Value(operand.Value):
    """A whole number, a yes or a no."""

    def __init__(self, value: int) -> None:
        self.attr_type = BOOLEAN if isinstance(value, bool) else NUMBER
        self.values = ({self.attr_type: value if isinstance(value, bool) else str(value)},)


class Every(Condition):
    """All of them hold."""

    def __init__(self, conditions: Sequence[Condition]) -> None:
        super().__init__("AND", *conditions)

    def serialize(self, placeholder_names: dict[str, str], expression_attribute_values: dict[str, Any]) -> str:
        return " AND ".join(one.serialize(placeholder_names, expression_attribute_values) for one in self.values)
