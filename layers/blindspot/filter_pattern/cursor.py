"""A place in a pattern's text, and the error that marks one."""

from __future__ import annotations

import re
from math import isfinite

from filter_pattern import regexes
from filter_pattern.conditions import Equals, EqualsNumber, equal_to

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")

_SPACE = re.compile(r"\s*")
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_MARKED = re.compile(r"[^\s()=!<>&|\"%,'{}\\]+")


class PatternSyntaxError(ValueError):
    """Raised when a text is not a filter pattern that can be read. Its text shows the pattern with the place marked."""

    def __init__(self, message: str, pattern: str, start: int, end: int) -> None:
        self.message, self.pattern, self.start, self.end = message, pattern, start, end
        line_start = pattern.rfind("\n", 0, start) + 1
        line = pattern[line_start:].split("\n", 1)[0]
        marked = max(1, min(end, line_start + len(line)) - start)
        super().__init__(f"{message}\n    {line}\n    {' ' * (start - line_start)}{'^' * marked}")


class Cursor:
    """Reads on in a text."""

    def __init__(self, text: str, at: int = 0) -> None:
        self.text = text
        self.at = at

    def space(self) -> None:
        match = _SPACE.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def accept(self, sign: str) -> bool:
        self.space()
        found = self.text.startswith(sign, self.at)
        self.at += len(sign) * found
        return found

    def keyword(self, word: str) -> bool:
        self.space()
        name = _NAME.match(self.text, self.at)
        found = name is not None and name.group() == word
        self.at += len(word) * found
        return found

    def quoted(self) -> str | None:
        """'"' any text, with \\" and \\\\ for those two '"'"""
        found = _STRING.match(self.text, self.at)
        if found is None:
            return None
        escape = re.search(r'\\[^"\\]', re.sub(r"\\\\", "", found.group(1)))
        if escape:
            raise self.error(
                f'In quotes only \\" and \\\\ are known to be read, not {escape.group()}.', self.at, found.end()
            )
        self.at = found.end()
        return re.sub(r'\\(["\\])', r"\1", found.group(1))

    def quoted_or_plain(self, plain: re.Pattern[str], *, negated: bool) -> Equals | EqualsNumber:
        """A quoted text, or a word or number as `plain` reads it."""
        quoted = self.quoted()
        if quoted is not None:
            return Equals(quoted, negated)
        word = plain.match(self.text, self.at)
        if word is None:
            raise self.error('A value is a word, a number, any text in "double quotes", or %a regular expression%.')
        self.at = word.end()
        return equal_to(word.group(), negated)

    def number(self, message: str) -> str:
        """A number, as it is written."""
        self.space()
        found = _NUMBER.match(self.text, self.at)
        if found is None or not isfinite(float(found.group())):
            raise self.error(message)
        self.at = found.end()
        return found.group()

    def regex(self) -> str:
        """'%' regular expression '%'"""
        end = self.text.find("%", self.at + 1)
        if end < 0:
            raise self.error("A regular expression ends with %.", self.at, len(self.text))
        regex, begin = self.text[self.at + 1 : end], self.at + 1
        try:
            regexes.automaton(regex)
        except regexes.RegexError as error:
            raise self.error(error.message, begin + error.at, begin + error.at + 1) from None
        self.at = end + 1
        return regex

    def error(self, message: str, start: int | None = None, end: int | None = None) -> PatternSyntaxError:
        """Marks the given span, or else the next word or sign."""
        if start is None or end is None:
            self.space()
            start = self.at
            word = _MARKED.match(self.text, start)
            end = word.end() if word else start + 1
        return PatternSyntaxError(message, self.text, start, end)
