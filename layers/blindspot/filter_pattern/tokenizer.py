"""The tokens of filter patterns, one table for every kind of pattern, and the tokenizer that reads them.

Rules of the table, and where each is from:

- A number has no quotes: digits, a point, an exponent (CloudWatch Logs user guide, "Filter pattern syntax for metric
  filters"). One too large for a double is refused: no event can hold it.
- Text in double quotes may hold anything. What another escape than \\" and \\\\ would mean is not documented, so it is
  refused rather than guessed.
- The guide says that a value of other characters than letters, digits and _ has to be quoted, yet prints `123.123.*`
  and `kms.amazonaws.com` without quotes, and AWS takes them. So a value without quotes ends only where a character has
  a meaning of its own in that kind of pattern.
- A term is letters, digits and _ ("Using filter patterns to match terms in unstructured log events"); AWS answers
  anything else with "Invalid character(s) in term".
- A name is letters, digits, _ and -: `$.detail-type` is taken, `$."detail-type"` is refused (recorded).
"""

from __future__ import annotations

import re
from math import isfinite

from filter_pattern import regexes
from filter_pattern.conditions import Equals, EqualsNumber

BLANKS = re.compile(r"\s*")
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
NAME = re.compile(r"[A-Za-z0-9_-]+")
TERM = re.compile(r"[A-Za-z0-9_]+")
JSON_WORD = re.compile(r"[^\s()=!<>&|\"%,'{}\\]+")
"""A value without quotes in a JSON pattern."""
FIELD_WORD = re.compile(r"[^\s,\[\]&|=!<>%\"]+")
"""A name, or a value without quotes, in a space-delimited pattern."""
STEP = re.compile(
    rf"\.(?P<name>{NAME.pattern})|(?P<each>\.\*|\[\*\])|\.?\['(?P<quoted>[^'\]]+)'\]|\[(?P<index>[0-9]{{1,9}})\]"
)
"""One step of a selector such as `$.resources[0].ARN`."""
LINE_FIELD = re.compile(r'\[([^\]]*)\]|"([^"]*)"|(\S+)')
"""A field of a line to which a space-delimited pattern is put."""
LINE_NUMBER = re.compile(r"[+-]?[0-9]{1,300}(\.[0-9]+)?")
"""Such a field that is compared as a number."""


class PatternSyntaxError(ValueError):
    """Raised when a text is not a filter pattern that can be read. Its text shows the pattern with the place marked."""

    def __init__(self, message: str, pattern: str, start: int, end: int) -> None:
        self.message, self.pattern, self.start, self.end = message, pattern, start, end
        line_start = pattern.rfind("\n", 0, start) + 1
        line = pattern[line_start:].split("\n", 1)[0]
        marked = max(1, min(end, line_start + len(line)) - start)
        super().__init__(f"{message}\n    {line}\n    {' ' * (start - line_start)}{'^' * marked}")


class Tokenizer:
    """Reads a text token by token; `at` is the place that it has reached.

    What each kind of pattern reads alike is here too, each with its production.
    """

    def __init__(self, text: str, at: int = 0) -> None:
        self.text = text
        self.at = at

    def skip_blanks(self) -> None:
        match = BLANKS.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def accept(self, sign: str) -> bool:
        """Reads this sign after any blanks, or nothing."""
        self.skip_blanks()
        found = self.text.startswith(sign, self.at)
        self.at += len(sign) * found
        return found

    def accept_keyword(self, word: str) -> bool:
        """Reads this word, as a whole, after any blanks, or nothing."""
        self.skip_blanks()
        name = NAME.match(self.text, self.at)
        found = name is not None and name.group() == word
        self.at += len(word) * found
        return found

    def expect_end(self, message: str) -> None:
        """Raises PatternSyntaxError where anything but blanks follows."""
        self.skip_blanks()
        if self.at < len(self.text):
            raise self.error(message, self.at, len(self.text))

    def quoted(self) -> str | None:
        """quoted := '"' (any character, with \\" and \\\\ for those two)* '"'. None where none begins here."""
        found = QUOTED.match(self.text, self.at)
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
        """quoted_or_plain := quoted | number | word, where `plain` is what a word may hold."""
        quoted = self.quoted()
        if quoted is not None:
            return Equals(quoted, negated)
        word = plain.match(self.text, self.at)
        if word is None:
            raise self.error('A value is a word, a number, any text in "double quotes", or %a regular expression%.')
        self.at = word.end()
        is_number = NUMBER.fullmatch(word.group()) and isfinite(float(word.group()))
        return EqualsNumber(word.group(), negated) if is_number else Equals(word.group(), negated)

    def number(self, message: str) -> str:
        """number := ('+' | '-')? digits ('.' digits)? (('e' | 'E') ('+' | '-')? digits)?. As it is written."""
        self.skip_blanks()
        found = NUMBER.match(self.text, self.at)
        if found is None or not isfinite(float(found.group())):
            raise self.error(message)
        self.at = found.end()
        return found.group()

    def regex(self) -> str:
        """regex := '%' regular expression '%'"""
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
            self.skip_blanks()
            start = self.at
            word = JSON_WORD.match(self.text, start)
            end = word.end() if word else start + 1
        return PatternSyntaxError(message, self.text, start, end)
