"""Logic with three values: true, false, and not known.

The languages of this package answer with a Truth. TRUE and FALSE are certain; UNKNOWN is the answer wherever the
documentation, or what was read from the account, leaves it open.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import NoReturn


class Truth(Enum):
    """An answer. It is compared with `is`: used as a bool it raises TypeError, so UNKNOWN never counts as true or false
    by accident."""

    TRUE = "true"
    FALSE = "false"
    UNKNOWN = "unknown"

    @staticmethod
    def of(certain: bool) -> Truth:
        """The answer where nothing is left open."""
        return Truth.TRUE if certain else Truth.FALSE

    def __bool__(self) -> NoReturn:
        raise TypeError(f"{self} is no bool: compare it with Truth.TRUE, Truth.FALSE or Truth.UNKNOWN")


def every(parts: Iterable[Truth]) -> Truth:
    """TRUE where all parts are, also where there is none; FALSE where any is."""
    found = list(parts)
    return Truth.FALSE if Truth.FALSE in found else Truth.UNKNOWN if Truth.UNKNOWN in found else Truth.TRUE


def some(parts: Iterable[Truth]) -> Truth:
    """TRUE where any part is; FALSE where all are, also where there is none."""
    found = list(parts)
    return Truth.TRUE if Truth.TRUE in found else Truth.UNKNOWN if Truth.UNKNOWN in found else Truth.FALSE


def inverse(part: Truth) -> Truth:
    """FALSE for TRUE, TRUE for FALSE; UNKNOWN stays."""
    return part if part is Truth.UNKNOWN else Truth.of(part is Truth.FALSE)
