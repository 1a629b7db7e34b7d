"""What a pattern asks of one value.

Rules, and where each is from. "Guide" is the CloudWatch Logs user guide, "Filter pattern syntax for metric filters";
"recorded" are answers of TestMetricFilter, which tests/conformance keeps.

- Text is compared as a whole, in upper and lower case as written; `*` stands for any text, even for none (guide).
- In quotes, or with a `*`, a number is compared as text, digit by digit; without, by its value (recorded).
- `<`, `<=`, `>` and `>=` are true of numbers alone (recorded).
- `=` and `!=` are both false of a missing field, an object and an array (guide of 2021; recorded).
- `IS NULL` is true of null and not of a missing field; `NOT EXISTS` is true of a missing field alone (guide).

What neither source says is a field of `Reading`: a proof has to hold under every reading.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from filter_pattern import regexes, strings


class Missing:
    """The type of `MISSING`, the value of a field that the event does not have."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING = Missing()


class Reading(NamedTuple):
    """One way to read what AWS does not document. An answer holds under every reading, or is Undecided.

    star_is_literal: a `*` in the middle of a value is an asterisk (CloudWatch Logs user guide of 2021). Otherwise it
        stands for any text, and what follows it must be at the first place where it fits (results recorded from
        TestMetricFilter).
    null_differs: `!=` is true for a field that is null, true or false.
    digits_are_numbers: an unquoted number equals a string with the same digits.
    every_element: `!=` with a wildcard path is true if every element differs. Otherwise one is enough.
    """

    star_is_literal: bool = False
    null_differs: bool = False
    digits_are_numbers: bool = False
    every_element: bool = False


UNDOCUMENTED = {
    "star_is_literal": "whether a * inside a value is a wildcard",
    "null_differs": "whether != is true for null, true and false",
    "digits_are_numbers": "whether an unquoted number equals text with the same digits",
    "every_element": "whether != with a wildcard path must be true for one element or for all elements",
}
"""Each field of `Reading`, in words."""

OBSERVED = Reading()
"""The reading that `matches` uses: what was recorded from AWS, or else the narrower choice."""


@dataclass(frozen=True)
class Equals:
    """`= "value"` or, negated, `!= "value"`. Both are false for a missing field, an array and an object. A
    number is compared as text."""

    value: str
    negated: bool = False

    def holds(self, value: object, reading: Reading) -> bool:
        text = _text(value)
        if text is None:
            return self.negated and reading.null_differs and (value is None or isinstance(value, bool))
        return strings.fits(self.value, text, reading.star_is_literal) is not self.negated

    def depends_on(self) -> Iterator[str]:
        if "*" in self.value[1:-1]:
            yield "star_is_literal"
        if self.negated:
            yield "null_differs"

    def __str__(self) -> str:
        escaped = self.value.replace("\\", "\\\\").replace('"', '\\"')
        return f'{"!=" if self.negated else "="} "{escaped}"'


@dataclass(frozen=True)
class EqualsNumber:
    """`= 12` or, negated, `!= 12`, without quotes: numbers are compared by value."""

    text: str
    negated: bool = False

    def holds(self, value: object, reading: Reading) -> bool:
        if value is None or isinstance(value, bool):
            return self.negated and reading.null_differs
        if isinstance(value, int | float):
            return (value == number(self.text)) is not self.negated
        if isinstance(value, str):
            return (reading.digits_are_numbers and value == self.text) is not self.negated
        return False

    def depends_on(self) -> Iterator[str]:
        yield "digits_are_numbers"
        if self.negated:
            yield "null_differs"

    def __str__(self) -> str:
        return f"{'!=' if self.negated else '='} {self.text}"


ORDER = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


@dataclass(frozen=True)
class Compare:
    """`< 12`, `<= 12`, `> 12` or `>= 12`: true only for numbers, never for a string of digits."""

    sign: str
    text: str

    def holds(self, value: object, reading: Reading) -> bool:
        return (
            isinstance(value, int | float)
            and not isinstance(value, bool)
            and bool(ORDER[self.sign](value, number(self.text)))
        )

    def depends_on(self) -> Iterator[str]:
        return iter(())

    def __str__(self) -> str:
        return f"{self.sign} {self.text}"


@dataclass(frozen=True)
class MatchesRegex:
    """`= %regex%` or, negated, `!= %regex%`: the regular expression matches some part of the text."""

    regex: str
    negated: bool = False

    def holds(self, value: object, reading: Reading) -> bool:
        text = _text(value)
        if text is None:
            return self.negated and reading.null_differs and (value is None or isinstance(value, bool))
        return regexes.automaton(self.regex).matches(text) is not self.negated

    def depends_on(self) -> Iterator[str]:
        if self.negated:
            yield "null_differs"

    def __str__(self) -> str:
        return f"{'!=' if self.negated else '='} %{self.regex}%"


@dataclass(frozen=True)
class NotExists:
    """`NOT EXISTS`: true only for a missing field."""

    def holds(self, value: object, reading: Reading) -> bool:
        return value is MISSING

    def depends_on(self) -> Iterator[str]:
        return iter(())

    def __str__(self) -> str:
        return "NOT EXISTS"


@dataclass(frozen=True)
class Is:
    """`IS NULL`, `IS TRUE`, `IS FALSE`: true only for that JSON constant."""

    constant: bool | None

    def holds(self, value: object, reading: Reading) -> bool:
        return value is self.constant

    def depends_on(self) -> Iterator[str]:
        return iter(())

    def __str__(self) -> str:
        return f"IS {'NULL' if self.constant is None else str(self.constant).upper()}"


@dataclass(frozen=True)
class IsKind:
    """The value has one of these JSON types, by their names in `records`. No pattern can test that; what is known of
    events can."""

    kinds: frozenset[str]

    def holds(self, value: object, reading: Reading) -> bool:
        return _KINDS.get(type(value)) in self.kinds

    def depends_on(self) -> Iterator[str]:
        return iter(())

    def __str__(self) -> str:
        return f"is {' or '.join(sorted(self.kinds))}"


Test = Equals | EqualsNumber | Compare | MatchesRegex | NotExists | Is | IsKind


def number(text: str) -> int | float:
    """The value of a number as a pattern writes it."""
    try:
        return int(text)
    except ValueError:
        return float(text)


_KINDS: dict[type, str] = {
    str: "string",
    bool: "boolean",
    int: "number",
    float: "number",
    type(None): "null",
    dict: "object",
    list: "array",
}


def _text(value: object) -> str | None:
    """The value as text, to be compared; None where it is not compared as text."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return repr(value)
    return None
