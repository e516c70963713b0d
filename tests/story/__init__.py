"""A day of group buying as a readable file, played against the system and checked against its promises."""

from .load import load

__all__ = ["load"]
