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

from blindspot.languages.three_valued import Truth, every, inverse, some

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
    """Raised for text that is not a valid expression."""


def evaluate(text: str, atom: re.Pattern[str], value_of: Callable[[re.Match[str]], Truth]) -> Truth:
    """The value of the expression. Raises ExpressionSyntaxError.

    atom: the syntax of an atom. value_of: returns the value of one; it is called for every atom, in order.
    """
    return _Parser(text, atom, value_of).parse()


@dataclass(slots=True)
class _Group:
    """An expression, whole or in parentheses, as far as it has been read."""

    negated: bool = False
    alternatives: Truth = Truth.FALSE
    """The value of the operands of OR that have been read."""
    current: Truth = Truth.TRUE
    """The value of the operand of OR that is being read: of its operands of AND."""

    def add(self, value: Truth) -> None:
        self.current = every((self.current, value))

    def begin_alternative(self) -> None:
        self.alternatives, self.current = some((self.alternatives, self.current)), Truth.TRUE

    def value(self) -> Truth:
        value = some((self.alternatives, self.current))
        return inverse(value) if self.negated else value


@dataclass(slots=True)
class _Parser:
    """Computes the value while it parses."""

    text: str
    atom: re.Pattern[str]
    value_of: Callable[[re.Match[str]], Truth]
    position: int = 0

    def parse(self) -> Truth:
        groups = [_Group()]
        while True:
            negated = self._take_negations()
            if self._take("OPEN"):
                groups.append(_Group(negated))
                continue
            value = self._take_operand()
            groups[-1].add(inverse(value) if negated else value)
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
            raise ExpressionSyntaxError("a parenthesis is not closed")
        return groups[0].value()

    def _take_negations(self) -> bool:
        """Skips every NOT that is next. Whether their number is odd."""
        odd = False
        while self._take("NOT"):
            odd = not odd
        return odd

    def _take_operand(self) -> Truth:
        if self._take("TRUE"):
            return Truth.TRUE
        if self._take("FALSE"):
            return Truth.FALSE
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
        return ExpressionSyntaxError(f"unexpected text: {self.text[self.position : self.position + 40]}")
