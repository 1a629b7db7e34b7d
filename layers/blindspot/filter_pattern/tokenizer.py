"""The tokens of filter patterns, one table for every kind of pattern, and the tokenizer that reads them.

The rules, each with its source:

- A number has no quotes: digits, a point, an exponent (CloudWatch Logs user guide, "Filter pattern syntax for metric
  filters"). A number that is too large for a double is rejected: no event can have it.
- Text in double quotes can have any characters. Escapes other than \\" and \\\\ are not documented, so they are
  rejected.
- The guide says that a value needs quotes if it has other characters than letters, digits and _. But it also shows
  `123.123.*` and `kms.amazonaws.com` without quotes, and AWS accepts them. So a value without quotes ends only before
  a character that has a meaning in that kind of pattern.
- A term is letters, digits and _ ("Using filter patterns to match terms in unstructured log events"). For anything
  else AWS returns "Invalid character(s) in term".
- A name is letters, digits, _ and -: AWS accepts `$.detail-type` and rejects `$."detail-type"` (recorded).
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
JSON_WORD = re.compile(r"[^\s()=!<>&|\"%,'{}\\\u201c\u201d\u2018\u2019]+")
"""A value without quotes in a JSON pattern. AWS rejects the quotes of a word processor (recorded)."""
FIELD_WORD = re.compile(r"[^\s,\[\]&|=!<>%\"]+")
"""A name, or a value without quotes, in a space-delimited pattern."""
STEP = re.compile(
    rf"\.(?P<name>{NAME.pattern})|(?P<each>\.\*|\[\*\])|\.?\['(?P<quoted>[^'\]]+)'\]|\[(?P<index>[0-9]{{1,9}})\]"
)
"""One step of a selector such as `$.resources[0].ARN`."""
SHOWN = 160
"""Characters of the pattern that an error shows around its place."""
LINE_FIELD = re.compile(r'\[([^\]]*)\]|"([^"]*)"|(\S+)')
"""A field of a line that a space-delimited pattern tests."""
LINE_NUMBER = re.compile(r"[+-]?[0-9]{1,300}(\.[0-9]+)?")
"""A field of such a line that is compared as a number."""


class PatternSyntaxError(ValueError):
    """Raised for an invalid filter pattern. The text shows the pattern and marks the place of the error.

    hint: what to do instead, where it is a mistake that people are known to make. meant: the pattern that was probably
    meant.
    """

    def __init__(
        self,
        message: str,
        pattern: str,
        start: int,
        end: int,
        hint: str | None = None,
        meant: str | None = None,
    ) -> None:
        self.message, self.pattern, self.start, self.end = message, pattern, start, end
        self.hint, self.meant = hint, meant
        lines = [message, *_marked(pattern, start, end), *filter(None, [hint])]
        super().__init__("\n".join([*lines, f"Probably meant: {meant}"] if meant else lines))


def _marked(pattern: str, start: int, end: int) -> tuple[str, str]:
    """The line with the span, cut where it is long, and the marks under it."""
    line_start = pattern.rfind("\n", 0, start) + 1
    line = pattern[line_start:].split("\n", 1)[0]
    marked = max(1, min(end, line_start + len(line)) - start)
    first = max(0, min(start - line_start - SHOWN // 2, len(line) - SHOWN))
    shown, before = line[first : first + SHOWN], "... " if first else ""
    after = " ..." if first + SHOWN < len(line) else ""
    marks = "^" * min(marked, max(1, len(shown) - (start - line_start - first)))
    return f"    {before}{shown}{after}", f"    {' ' * (len(before) + start - line_start - first)}{marks}"


class Tokenizer:
    """Reads a text token by token. `at` is the index of the next character.

    The productions that all kinds of patterns share are here too.
    """

    def __init__(self, text: str, at: int = 0) -> None:
        self.text = text
        self.at = at

    def skip_blanks(self) -> None:
        match = BLANKS.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def accept(self, sign: str) -> bool:
        """Skips spaces, and this sign if it is next. Returns whether it is."""
        self.skip_blanks()
        found = self.text.startswith(sign, self.at)
        self.at += len(sign) * found
        return found

    def accept_keyword(self, word: str) -> bool:
        """Skips spaces, and this whole word if it is next. Returns whether it is."""
        self.skip_blanks()
        name = NAME.match(self.text, self.at)
        found = name is not None and name.group() == word
        self.at += len(word) * found
        return found

    def expect_end(self, message: str) -> None:
        """Raises PatternSyntaxError if anything but spaces follows."""
        self.skip_blanks()
        if self.at < len(self.text):
            raise self.error(message, self.at, len(self.text))

    def quoted(self) -> str | None:
        """quoted := '"' (any character, with \\" and \\\\ for those two)* '"'. None if the next token is not quoted."""
        found = QUOTED.match(self.text, self.at)
        if found is None:
            return None
        escape = re.search(r'\\[^"\\]', re.sub(r"\\\\", "", found.group(1)))
        if escape:
            raise self.error(
                f'Inside quotes only the escapes \\" and \\\\ are documented, not {escape.group()}.',
                self.at,
                found.end(),
            )
        self.at = found.end()
        return re.sub(r'\\(["\\])', r"\1", found.group(1))

    def quoted_or_plain(self, plain: re.Pattern[str], *, negated: bool) -> Equals | EqualsNumber:
        """quoted_or_plain := quoted | number | word, where `plain` matches a word."""
        quoted = self.quoted()
        if quoted is not None:
            return Equals(quoted, negated)
        word = plain.match(self.text, self.at)
        if word is None:
            raise self.error(
                'Expected a value: a word, a number, any text in "double quotes", or %a regular expression%.'
            )
        self.at = word.end()
        is_number = NUMBER.fullmatch(word.group()) and isfinite(float(word.group()))
        return EqualsNumber(word.group(), negated) if is_number else Equals(word.group(), negated)

    def number(self, message: str) -> str:
        """number := ('+' | '-')? digits ('.' digits)? (('e' | 'E') ('+' | '-')? digits)?. Returns the text."""
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
            raise self.error("A regular expression must end with %.", self.at, len(self.text))
        regex, begin = self.text[self.at + 1 : end], self.at + 1
        try:
            regexes.automaton(regex)
        except regexes.RegexError as error:
            raise self.error(error.message, begin + error.at, begin + error.at + 1) from None
        self.at = end + 1
        return regex

    def error(self, message: str, start: int | None = None, end: int | None = None) -> PatternSyntaxError:
        """The error, with this span marked, or the next word or sign."""
        if start is None or end is None:
            self.skip_blanks()
            start = self.at
            word = JSON_WORD.match(self.text, start)
            end = word.end() if word else start + 1
        return PatternSyntaxError(message, self.text, start, end)
