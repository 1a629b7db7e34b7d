"""Rules of `and`, `or`, `not` and parentheses, as AWS writes them in text, decided over what is known.

An atom is true, false or not known (None); so is the rule.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

Known = bool | None


class RuleError(ValueError):
    """Raised for a rule that is not written as expected."""


def every(parts: Iterable[Known]) -> Known:
    """True where all are, false where any is false."""
    known = list(parts)
    return False if False in known else None if None in known else True


def some(parts: Iterable[Known]) -> Known:
    """True where any is, false where all are false."""
    known = list(parts)
    return True if True in known else None if None in known else False


def inverse(part: Known) -> Known:
    return None if part is None else not part


def holds(rule: str, atom: re.Pattern[str], known: Callable[[re.Match[str]], Known]) -> Known:
    """What the rule comes to. `and` binds before `or`, in upper or lower case.

    atom: how an atom is written; known: what is known of one. Raises RuleError.
    """
    return _Rule(rule, atom, known).whole()


class _Rule:
    def __init__(self, text: str, atom: re.Pattern[str], known: Callable[[re.Match[str]], Known]) -> None:
        self.text = text
        self.at = 0
        self.atom = atom
        self.known = known

    def whole(self) -> Known:
        found = self.alternatives()
        if self.text[self.at :].strip():
            raise RuleError(f"not understood from here on: {self.text[self.at :][:40]}")
        return found

    def alternatives(self) -> Known:
        """alternatives = together { "or" together }"""
        found = [self.together()]
        while self.took(r"OR\b"):
            found.append(self.together())
        return some(found)

    def together(self) -> Known:
        """together = one { "and" one }"""
        found = [self.one()]
        while self.took(r"AND\b"):
            found.append(self.one())
        return every(found)

    def one(self) -> Known:
        """one = "not" one | "(" alternatives ")" | "true" | "false" | atom"""
        if self.took(r"NOT\b"):
            return inverse(self.one())
        if self.took(r"\("):
            found = self.alternatives()
            if not self.took(r"\)"):
                raise RuleError("a parenthesis is not closed")
            return found
        for word, value in (("TRUE", True), ("FALSE", False)):
            if self.took(word + r"\b"):
                return value
        self.took("")
        match = self.atom.match(self.text, self.at)
        if match is None:
            raise RuleError(f"not understood from here on: {self.text[self.at :][:40]}")
        self.at = match.end()
        return self.known(match)

    def took(self, token: str) -> bool:
        """Whether that comes next; if so, goes past it."""
        match = re.compile(r"\s*" + token, re.IGNORECASE).match(self.text, self.at)
        if match:
            self.at = match.end()
        return match is not None
