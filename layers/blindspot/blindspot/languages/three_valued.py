"""Logic with three values: true, false, and not known.

The languages of this package answer with a Truth. TRUE and FALSE are certain; UNKNOWN means that the
documentation, or what was read from the account, does not decide it.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import NoReturn


class Truth(Enum):
    """An answer. Compare it with `is`. Used as a bool it raises TypeError, so that UNKNOWN never counts as true or
    false by accident."""

    TRUE = "true"
    FALSE = "false"
    UNKNOWN = "unknown"

    @staticmethod
    def of(certain: bool) -> Truth:
        """The answer where it is certain."""
        return Truth.TRUE if certain else Truth.FALSE

    def __bool__(self) -> NoReturn:
        raise TypeError(f"{self} is not a bool: compare it with Truth.TRUE, Truth.FALSE or Truth.UNKNOWN")


def every(parts: Iterable[Truth]) -> Truth:
    """TRUE if all parts are TRUE, or there is none; FALSE if any is FALSE; otherwise UNKNOWN."""
    found = list(parts)
    return Truth.FALSE if Truth.FALSE in found else Truth.UNKNOWN if Truth.UNKNOWN in found else Truth.TRUE


def some(parts: Iterable[Truth]) -> Truth:
    """TRUE if any part is TRUE; FALSE if all are FALSE, or there is none; otherwise UNKNOWN."""
    found = list(parts)
    return Truth.TRUE if Truth.TRUE in found else Truth.UNKNOWN if Truth.UNKNOWN in found else Truth.FALSE


def inverse(part: Truth) -> Truth:
    """FALSE for TRUE, TRUE for FALSE, UNKNOWN for UNKNOWN."""
    return part if part is Truth.UNKNOWN else Truth.of(part is Truth.FALSE)
