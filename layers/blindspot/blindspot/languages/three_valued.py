"""Logic with three values: true, false, and not known.

The languages of this package answer with a Truth. TRUE and FALSE are certain; UNKNOWN means that the
documentation, or what was read from the account, does not decide it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Generic, NamedTuple, NoReturn, TypeVar

T = TypeVar("T")


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


@dataclass(frozen=True, slots=True)
class Logic(Generic[T]):
    """The values of a logic, and what its words do with them."""

    true: T
    false: T
    every: Callable[[Iterable[T]], T]
    some: Callable[[Iterable[T]], T]
    inverse: Callable[[T], T]


THREE_VALUED = Logic(Truth.TRUE, Truth.FALSE, every, some, inverse)


Cases = int
"""A set of cases: case number n is in it if bit n is set. `|`, `&` and `& ~` are union, intersection and difference."""


class InCases(NamedTuple):
    """One answer for many cases at once: those in which it is TRUE and those in which it is FALSE. In the others it is
    UNKNOWN."""

    true: Cases
    false: Cases

    def in_case(self, number: int) -> Truth:
        """The answer in one case."""
        return Truth.TRUE if self.true >> number & 1 else Truth.FALSE if self.false >> number & 1 else Truth.UNKNOWN


def at_least(number: int, parts: Sequence[InCases], every_case: Cases) -> InCases:
    """TRUE in the cases in which at least so many parts are TRUE; FALSE in those in which so many are FALSE that it can
    never be."""
    enough = _reached(number, [part.true for part in parts], every_case)
    return InCases(enough, _reached(len(parts) - number + 1, [part.false for part in parts], every_case))


def _reached(number: int, sets: Sequence[Cases], every_case: Cases) -> Cases:
    """The cases that are in at least so many of the sets. Bit n of how many they are is kept for all cases in one set,
    so that the work is that of counting once."""
    bits: list[Cases] = []
    for each in sets:
        carry = each
        for position, bit in enumerate(bits):
            bits[position], carry = bit ^ carry, bit & carry
        if carry:
            bits.append(carry)
    if number <= 0:
        return every_case
    reached, equal = 0, every_case  # as far as the higher bits tell
    for position in reversed(range(max(len(bits), number.bit_length()))):
        bit = bits[position] if position < len(bits) else 0
        if number >> position & 1:
            equal &= bit
        else:
            reached |= equal & bit
            equal &= ~bit
    return reached | equal


def in_cases(every_case: Cases) -> Logic[InCases]:
    """The logic of answers in these cases. In each case it is the logic of a Truth."""

    def all_of(parts: Iterable[InCases]) -> InCases:
        true, false = every_case, 0
        for part in parts:
            true, false = true & part.true, false | part.false
        return InCases(true, false)

    def any_of(parts: Iterable[InCases]) -> InCases:
        true, false = 0, every_case
        for part in parts:
            true, false = true | part.true, false & part.false
        return InCases(true, false)

    return Logic(InCases(every_case, 0), InCases(0, every_case), all_of, any_of, lambda part: InCases(*part[::-1]))
