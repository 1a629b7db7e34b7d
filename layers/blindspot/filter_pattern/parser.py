"""From text to `Pattern`: a recursive-descent parser whose functions each carry the rule they read.

It reads JSON patterns: fields by name, `=`, `!=`, `IS NULL/TRUE/FALSE`, `NOT EXISTS`, `&&` before `||`, parentheses.
What AWS accepts beyond that is refused with a message that says so, and never half understood.
Source of the rules: CloudWatch Logs user guide, "Filter pattern syntax for metric filters".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from filter_pattern.predicate import OBSERVED, All, Any, Atom, Equals, Event, Is, NotExists, Path, Predicate, Reading

LONGEST = 1024
"""Characters in a filter pattern (CloudWatch Logs API reference, PutMetricFilter)."""

DEEPEST = 100
"""Parentheses within parentheses. AWS names no limit; 1,024 characters have no use for more."""


class PatternSyntaxError(ValueError):
    """Raised when a text is not a filter pattern that can be read. Its text shows the pattern with the place marked."""

    def __init__(self, message: str, pattern: str, start: int, end: int) -> None:
        self.message, self.pattern, self.start, self.end = message, pattern, start, end
        line_start = pattern.rfind("\n", 0, start) + 1
        line = pattern[line_start:].split("\n", 1)[0]
        marked = max(1, min(end, line_start + len(line)) - start)
        super().__init__(f"{message}\n    {line}\n    {' ' * (start - line_start)}{'^' * marked}")


@dataclass(frozen=True, slots=True)
class Pattern:
    """A parsed filter pattern. Equal patterns say the same in the same words; `text` is as it was written."""

    predicate: Predicate
    text: str = field(compare=False)

    def matches(self, event: Event | str, reading: Reading = OBSERVED) -> bool:
        """Whether the filter counts this event (a parsed JSON object), or this message (text, of any kind).

        A message that is not one JSON object matches no JSON pattern, `NOT EXISTS` included.
        """
        if isinstance(event, str):
            try:
                event = json.loads(event)
            except ValueError:
                return False
        return isinstance(event, Mapping) and self.predicate.matches(event, reading)

    def __str__(self) -> str:
        return f"{{ {self.predicate} }}"


def parse(text: str) -> Pattern:
    """The pattern that this text is.

    Raises PatternSyntaxError where it is none, or one of a kind that this parser does not read.
    """
    if len(text) > LONGEST:
        raise PatternSyntaxError(
            f"A filter pattern has at most {LONGEST} characters; this has {len(text)}.", text, LONGEST, len(text)
        )
    return Pattern(_Parser(text).pattern(), text)


_SPACE = re.compile(r"\s*")
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_QUOTED_NAME = re.compile(r"\['([^'\]]+)'\]")
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_WORD = re.compile(r"[^\s()=!<>&|\"%,'{}\\]+")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_IS = {"NULL": None, "TRUE": True, "FALSE": False}


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0

    def pattern(self) -> Predicate:
        """pattern := '{' any '}'"""
        if not self.text.startswith("{"):
            raise self.error(
                "Only JSON patterns are read here: they begin with { and end with }.", self.at, len(self.text)
            )
        self.at = 1
        whole = self.any()
        self.expect("}", "&& or || and another condition, or } to end the pattern")
        self.space()
        if self.at < len(self.text):
            raise self.error("Nothing may follow the closing }.", self.at, len(self.text))
        return whole

    def any(self) -> Predicate:
        """any := all ('||' all)*"""
        return self.joined("||", Any, self.all)

    def all(self) -> Predicate:
        """all := unit ('&&' unit)*"""
        return self.joined("&&", All, self.unit)

    def joined(self, sign: str, kind: type[All] | type[Any], operand: Callable[[], Predicate]) -> Predicate:
        parts = [operand()]
        while self.accept(sign):
            parts.append(operand())
        flat = [inner for part in parts for inner in (part.parts if isinstance(part, kind) else (part,))]
        return kind(*flat) if len(flat) > 1 else flat[0]

    def unit(self) -> Predicate:
        """unit := '(' any ')' | condition"""
        opened = self.at
        if not self.accept("("):
            return self.condition()
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.error(f"At most {DEEPEST} parentheses may stand within one another.", opened, self.at)
        inside = self.any()
        self.expect(")", "&& or || and another condition, or ) to close the parenthesis")
        self.depth -= 1
        return inside

    def condition(self) -> Predicate:
        """condition := selector (('=' | '!=') value | 'IS' ('NULL' | 'TRUE' | 'FALSE') | 'NOT' 'EXISTS')"""
        path = self.selector()
        for sign in ("!=", "="):
            if self.accept(sign):
                return Atom(path, Equals(self.value(), negated=sign == "!="))
        if self.keyword("NOT"):
            if self.keyword("EXISTS"):
                return Atom(path, NotExists())
            raise self.error("NOT is followed by EXISTS here.")
        if self.keyword("IS"):
            for name, constant in _IS.items():
                if self.keyword(name):
                    return Atom(path, Is(constant))
            raise self.error("IS is followed by NULL, TRUE or FALSE here.")
        if self.text[self.at : self.at + 1] in ("<", ">"):
            raise self.error("Comparing numbers by < and > is not read here.")
        raise self.error("A field is followed by =, !=, IS NULL, IS TRUE, IS FALSE or NOT EXISTS.")

    def selector(self) -> Path:
        """selector := '$' ('.' name | '.'? "['" any name "']")+"""
        self.space()
        start = self.at
        if not self.accept("$"):
            raise self.error("A condition begins with a field such as $.errorCode, or with a parenthesis.")
        path: list[str] = []
        while True:
            dotted = self.text.startswith(".", self.at)
            quoted = _QUOTED_NAME.match(self.text, self.at + dotted)
            plain = _NAME.match(self.text, self.at + 1) if dotted else None
            found = quoted or plain
            if found is None:
                break
            path.append(found.group(1) if found is quoted else found.group())
            self.at = found.end()
        following = self.text[self.at : self.at + 2]
        if following[:1] == "[" or following in (".*", ".["):
            raise self.error(
                "Elements of an array and wildcards in a field's name are not read here.", start, self.at + 2
            )
        if not path or following[:1] == ".":
            raise self.error("After $ or . comes a field's name: letters, digits, _ and -, or ['any text'].")
        return tuple(path)

    def value(self) -> str:
        """value := '"' text '"' | word"""
        self.space()
        if quoted := _STRING.match(self.text, self.at):
            self.at = quoted.end()
            return re.sub(r'\\(["\\])', r"\1", quoted.group(1))
        if self.text[self.at : self.at + 1] == "%":
            raise self.error("Regular expressions (%...%) are not read here.")
        word = _WORD.match(self.text, self.at)
        if word is None:
            raise self.error('A value is a word, or any text in "double quotes".')
        if _NUMBER.fullmatch(word.group()):
            raise self.error(
                "Comparing numbers is not read here; in quotes the value is compared as text.", *word.span()
            )
        self.at = word.end()
        return word.group()

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

    def expect(self, sign: str, allowed: str) -> None:
        if not self.accept(sign):
            raise self.error(f"Expected {allowed}.")

    def error(self, message: str, start: int | None = None, end: int | None = None) -> PatternSyntaxError:
        """Marks the given span, or else the next word or sign."""
        if start is None or end is None:
            self.space()
            start = self.at
            word = _WORD.match(self.text, start)
            end = word.end() if word else start + 1
        return PatternSyntaxError(message, self.text, start, end)
