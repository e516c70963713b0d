"""The whole system in one process on a virtual clock: the everyday test bed."""

from .bed import Answer, Bed

__all__ = ["Answer", "Bed"]
