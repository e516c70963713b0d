"""A verifier of real names for this machine and demo stages: it knows the form of a Chinese identity number, and
nobody's name. A stage with real people has one that asks the authorities, behind the same port."""

from ..domain.ports import Outcome

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECKS = "10X98765432"
SILENT = "无答复"
"""A name for which it gives no answer, to play that with."""


class SandboxRealNames:
    def check(self, name: str, number: str) -> Outcome:
        """Succeeded for a number whose last digit fits the others (GB 11643-1999)."""
        if name.strip() == SILENT:
            return Outcome.UNKNOWN
        digits, last = number[:-1], number[-1:].upper()
        if len(number) != 18 or not (digits.isascii() and digits.isdigit()):
            return Outcome.FAILED
        total = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, digits, strict=True))
        return Outcome.SUCCEEDED if last == CHECKS[total % 11] else Outcome.FAILED
