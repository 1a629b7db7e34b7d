"""Expressions of AND, OR, NOT and parentheses, as in the rules of composite alarms and in selection criteria.

Source: CloudWatch API reference, PutCompositeAlarm (AlarmRule); CloudWatch Logs API reference, PutMetricFilter
(fieldSelectionCriteria). Each language defines its own atoms, the operands of these words. AND binds before OR. Words
can be in upper or lower case. The answer is UNKNOWN where it depends on an atom that is UNKNOWN.

    or      = and { "OR" and }
    and     = not { "AND" not }
    not     = { "NOT" } primary
    primary = "(" or ")" | "TRUE" | "FALSE" | atom

Parentheses can be nested to any depth: those that are open are kept in a list, not on Python's stack.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from blindspot.languages.three_valued import THREE_VALUED, Logic, Truth

T = TypeVar("T")

_TOKENS = {
    name: re.compile(rf"\s*{token}", re.IGNORECASE)
    for name, token in {
        "AND": r"AND\b",
        "OR": r"OR\b",
        "NOT": r"NOT\b",
        "TRUE": r"TRUE\b",
        "FALSE": r"FALSE\b",
        "OPEN": r"\(",
        "CLOSE": r"\)",
        "SPACE": "",
    }.items()
}


class ExpressionSyntaxError(ValueError):
    """Raised for text that is not a valid expression, with the beginning of what is not understood."""


def evaluate(text: str, atom: re.Pattern[str], value_of: Callable[[re.Match[str]], Truth]) -> Truth:
    """The value of the expression. Raises ExpressionSyntaxError.

    atom: the syntax of an atom. value_of: returns the value of one; it is called for every atom, in order.
    """
    return evaluate_in(THREE_VALUED, text, atom, value_of)


def evaluate_in(logic: Logic[T], text: str, atom: re.Pattern[str], value_of: Callable[[re.Match[str]], T]) -> T:
    """As `evaluate`, with the values of another logic."""
    return _Parser(text, atom, value_of, logic).parse()


class _Group(Generic[T]):
    """An expression, whole or in parentheses, as far as it has been read.

    alternatives: the value of the operands of OR that have been read. current: that of the operand of OR that is being
        read, of its operands of AND.
    """

    def __init__(self, logic: Logic[T], *, negated: bool = False) -> None:
        self.logic = logic
        self.negated = negated
        self.alternatives, self.current = logic.false, logic.true

    def add(self, value: T) -> None:
        self.current = self.logic.every((self.current, value))

    def begin_alternative(self) -> None:
        self.alternatives, self.current = self.logic.some((self.alternatives, self.current)), self.logic.true

    def value(self) -> T:
        value = self.logic.some((self.alternatives, self.current))
        return self.logic.inverse(value) if self.negated else value


@dataclass(slots=True)
class _Parser(Generic[T]):
    """Computes the value while it parses."""

    text: str
    atom: re.Pattern[str]
    value_of: Callable[[re.Match[str]], T]
    logic: Logic[T]
    position: int = 0

    def parse(self) -> T:
        groups = [_Group(self.logic)]
        while True:
            negated = self._take_negations()
            if self._take("OPEN"):
                groups.append(_Group(self.logic, negated=negated))
                continue
            value = self._take_operand()
            groups[-1].add(self.logic.inverse(value) if negated else value)
            while len(groups) > 1 and self._take("CLOSE"):
                value = groups.pop().value()
                groups[-1].add(value)
            if self._take("OR"):
                groups[-1].begin_alternative()
            elif not self._take("AND"):
                break
        if self.text[self.position :].strip():
            raise self._unexpected()
        if len(groups) > 1:
            raise ExpressionSyntaxError("( without )")
        return groups[0].value()

    def _take_negations(self) -> bool:
        """Skips every NOT that is next. Whether their number is odd."""
        odd = False
        while self._take("NOT"):
            odd = not odd
        return odd

    def _take_operand(self) -> T:
        if self._take("TRUE"):
            return self.logic.true
        if self._take("FALSE"):
            return self.logic.false
        self._take("SPACE")
        found = self.atom.match(self.text, self.position)
        if found is None:
            raise self._unexpected()
        self.position = found.end()
        return self.value_of(found)

    def _take(self, token: str) -> bool:
        """Whether this token is next; if so, skips it."""
        found = _TOKENS[token].match(self.text, self.position)
        if found:
            self.position = found.end()
        return found is not None

    def _unexpected(self) -> ExpressionSyntaxError:
        return ExpressionSyntaxError(self.text[self.position :].strip()[:40] or "the end of the text")
