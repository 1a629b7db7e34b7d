"""From text to `Pattern`: a recursive-descent parser whose functions each carry the rule they read.

The first character says which kind of pattern it is: `{` JSON, `[` space-delimited (`text_parser`), anything else terms
(`text_parser`). What AWS rejects is refused, with the place marked and a sentence that says what is allowed there.
Source of the rules: CloudWatch Logs user guide, "Filter pattern syntax for metric filters".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from filter_pattern import text_parser
from filter_pattern.conditions import (
    OBSERVED,
    Compare,
    Equals,
    EqualsNumber,
    Is,
    MatchesRegex,
    NotExists,
    Reading,
)
from filter_pattern.cursor import Cursor, PatternSyntaxError
from filter_pattern.predicate import EVERY, All, Any, Atom, Event, Path, Predicate, Step

LONGEST = 1024
"""Characters in a filter pattern (CloudWatch Logs API reference, PutMetricFilter)."""

DEEPEST = 100
"""Parentheses within parentheses. AWS names no limit; 1,024 characters have no use for more."""


@dataclass(frozen=True)
class Pattern:
    """A parsed filter pattern. Equal patterns say the same in the same words; `text` is as it was written."""

    predicate: Predicate
    text: str = field(compare=False)

    def matches(self, event: Event | str, reading: Reading = OBSERVED) -> bool:
        """Whether the filter counts this event (a parsed JSON object), or this message (text, of any kind).

        A message that is not one JSON object matches no JSON pattern, `NOT EXISTS` included.
        """
        if not isinstance(event, str) or not self.text.startswith("{"):
            return self.predicate.matches(event, reading)
        import json

        try:
            parsed = json.loads(event)
        except (ValueError, RecursionError):
            return False
        return isinstance(parsed, Mapping) and self.predicate.matches(parsed, reading)

    def __str__(self) -> str:
        if self.text.startswith("{"):
            return f"{{ {self.predicate} }}"
        return text_parser.written(self.predicate)


def parse(text: str) -> Pattern:
    """The pattern that this text is. Raises PatternSyntaxError where AWS would refuse it."""
    if len(text) > LONGEST:
        raise PatternSyntaxError(
            f"A filter pattern has at most {LONGEST} characters; this has {len(text)}.", text, LONGEST, len(text)
        )
    if text.startswith("{"):
        return Pattern(JsonParser(text).pattern(), text)
    if re.match(r"\s+[{\[]", text):
        blanks = len(text) - len(text.lstrip())
        raise PatternSyntaxError("Nothing, not even a blank, may stand before the pattern's { or [.", text, 0, blanks)
    return Pattern(text_parser.predicate(text), text)


_STEP = re.compile(
    r"\.(?P<name>[A-Za-z0-9_-]+)|(?P<each>\.\*|\[\*\])|\.?\['(?P<quoted>[^'\]]+)'\]|\[(?P<index>[0-9]{1,9})\]"
)
_WORD = re.compile(r"[^\s()=!<>&|\"%,'{}\\]+")
_IS = {"NULL": None, "TRUE": True, "FALSE": False}


class JsonParser(Cursor):
    """Reads one JSON pattern."""

    depth = 0
    wildcards = 0
    regexes = 0

    def pattern(self) -> Predicate:
        """pattern := '{' any '}'"""
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
        """condition := selector (('=' | '!=') value | order number | 'IS' constant | 'NOT' 'EXISTS')"""
        path = self.selector()
        for sign in ("!=", "="):
            if self.accept(sign):
                return Atom(path, self.value(negated=sign == "!="))
        for sign in ("<=", ">=", "<", ">"):
            if self.accept(sign):
                return Atom(path, Compare(sign, self.number(f"After {sign} comes a number without quotes.")))
        if self.keyword("NOT"):
            if self.keyword("EXISTS"):
                return Atom(path, NotExists())
            raise self.error("NOT is followed by EXISTS here.")
        if self.keyword("IS"):
            for name, constant in _IS.items():
                if self.keyword(name):
                    return Atom(path, Is(constant))
            raise self.error("IS is followed by NULL, TRUE or FALSE here.")
        raise self.error("A field is followed by =, !=, <, <=, >, >=, IS NULL, IS TRUE, IS FALSE or NOT EXISTS.")

    def selector(self) -> Path:
        """selector := '$' ('.' name | '.*' | '.'? "['" any name "']" | '[' index ']' | '[*]')+"""
        self.space()
        start = self.at
        if not self.accept("$"):
            raise self.error("A condition begins with a field such as $.errorCode, or with a parenthesis.")
        path: list[Step] = []
        while found := _STEP.match(self.text, self.at):
            if found["index"]:
                path.append(int(found["index"]))
            elif found["each"]:
                path.append(EVERY)
            else:
                path.append(found["name"] or found["quoted"])
            self.at = found.end()
        if not path or self.text[self.at : self.at + 1] in (".", "["):
            raise self.error(
                "After $ or . comes a field's name (letters, digits, _ and -), ['any text'], [0], [*] or .*"
            )
        self.wildcards += path.count(EVERY)
        if path.count(EVERY) > 1 or self.wildcards > 3:
            raise self.error("A field may hold one wildcard, and a pattern three.", start, self.at)
        return tuple(path)

    def value(self, *, negated: bool) -> Equals | EqualsNumber | MatchesRegex:
        """value := '"' text '"' | number | word | '%' regex '%'"""
        self.space()
        start = self.at
        if self.text.startswith("%", self.at):
            self.regexes += 1
            regex = self.regex()
            if self.regexes > 2:
                raise self.error("A pattern may hold two regular expressions.", start, self.at)
            return MatchesRegex(regex, negated)
        return self.quoted_or_plain(_WORD, negated=negated)

    def expect(self, sign: str, allowed: str) -> None:
        if not self.accept(sign):
            raise self.error(f"Expected {allowed}.")
