"""Expressions of AND, OR, NOT and parentheses, as in the rules of composite alarms and in selection criteria.

Source: CloudWatch API reference, PutCompositeAlarm (AlarmRule); CloudWatch Logs API reference, PutMetricFilter
(fieldSelectionCriteria). Each language defines its own atoms, the operands of these words. AND binds before OR. Words
can be in upper or lower case. The answer is UNKNOWN where it depends on an atom that is UNKNOWN.

The docstring of each `_parse_*` method is its production.
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
    try:
        return _Parser(text, atom, value_of).parse()
    except RecursionError:
        raise ExpressionSyntaxError("nested too deeply") from None


@dataclass(slots=True)
class _Parser:
    """Computes the value while it parses."""

    text: str
    atom: re.Pattern[str]
    value_of: Callable[[re.Match[str]], Truth]
    position: int = 0

    def parse(self) -> Truth:
        value = self._parse_or()
        if self.text[self.position :].strip():
            raise self._unexpected()
        return value

    def _parse_or(self) -> Truth:
        """or = and { "OR" and }"""
        values = [self._parse_and()]
        while self._take("OR"):
            values.append(self._parse_and())
        return some(values)

    def _parse_and(self) -> Truth:
        """and = not { "AND" not }"""
        values = [self._parse_not()]
        while self._take("AND"):
            values.append(self._parse_not())
        return every(values)

    def _parse_not(self) -> Truth:
        """not = "NOT" not | primary"""
        return inverse(self._parse_not()) if self._take("NOT") else self._parse_primary()

    def _parse_primary(self) -> Truth:
        """primary = "(" or ")" | "TRUE" | "FALSE" | atom"""
        if self._take("OPEN"):
            value = self._parse_or()
            if not self._take("CLOSE"):
                raise ExpressionSyntaxError("a parenthesis is not closed")
            return value
        if self._take("TRUE"):
            return Truth.TRUE
        return Truth.FALSE if self._take("FALSE") else self._parse_atom()

    def _parse_atom(self) -> Truth:
        """atom = as the language defines it"""
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
        return ExpressionSyntaxError(f"unexpected text: {self.text[self.position :][:40]}")
