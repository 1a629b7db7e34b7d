"""Statements that are true or false for an event, and how they combine.

    Predicate = Atom | TextAtom | Not | And | Or | Pattern

An `Atom` tests one field, a `TextAtom` the event's text as it was logged. A parsed filter pattern is a predicate.
Event selectors and the like can be written as predicates too.

A test with a wildcard is true when any of the values that it selects passes (examples of the CloudWatch Logs user
guide, "Filter pattern syntax for metric filters"). Where it selects none, as where a field is missing, the test is put
to `MISSING`. A term looks for its word in the event as CloudTrail logs it: one line of JSON without blanks between its
parts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from filter_pattern import regexes
from filter_pattern.conditions import MISSING, OBSERVED, Equals, Reading, Test
from filter_pattern.space_delimited import Fields


class Every:
    """The type of `EVERY`."""

    def __repr__(self) -> str:
        return "EVERY"


EVERY = Every()
"""In a path: all elements of an array, or all fields of an object."""

Step = str | int | Every
FieldPath = tuple[Step, ...]
"""The names, indexes and wildcards that lead to values: `$.users[0].id` is ("users", 0, "id")."""

Event = Mapping[str, object]


class Predicate(Protocol):
    """A statement that is true or false for an event. An event that is given as text has no fields."""

    def matches(self, event: Event | str, reading: Reading = ...) -> bool: ...


@dataclass(frozen=True)
class Atom:
    """One test of one field. With a wildcard in its path it is true when any of the selected values passes."""

    path: FieldPath
    test: Test

    def matches(self, event: Event | str, reading: Reading = OBSERVED) -> bool:
        values = list(values_at(event, self.path)) or [MISSING]
        passed = (self.test.holds(value, reading) for value in values)
        return all(passed) if reading.every_element and getattr(self.test, "negated", False) else any(passed)

    def depends_on(self) -> Iterator[str]:
        """The fields of `Reading` that its answer may depend on."""
        yield from self.test.depends_on()
        if EVERY in self.path and getattr(self.test, "negated", False):
            yield "every_element"

    def __str__(self) -> str:
        return f"({selector(self.path)} {self.test})"


@dataclass(frozen=True)
class Word:
    """A term: the event's text contains it. Upper and lower case differ."""

    text: str

    def holds(self, text: str) -> bool:
        return self.text in text

    @property
    def is_plain(self) -> bool:
        """Whether it is only letters, digits and _, which JSON does not escape."""
        return self.text.isascii() and self.text.replace("_", "a").isalnum()

    def __str__(self) -> str:
        return self.text if self.is_plain else '"' + self.text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@dataclass(frozen=True)
class Regex:
    """A regular expression that matches some part of the event's text."""

    regex: str

    def holds(self, text: str) -> bool:
        return regexes.automaton(self.regex).matches(text)

    def __str__(self) -> str:
        return f"%{self.regex}%"


@dataclass(frozen=True)
class TextAtom:
    """One test of the event's text. An event that is given parsed is read as the line of JSON that CloudTrail logs."""

    test: Word | Regex | Fields

    @property
    def words(self) -> tuple[str, ...]:
        """The plain words that this tests for: any one of them, anywhere in the text, is enough to pass."""
        if isinstance(self.test, Word) and self.test.is_plain:
            return (self.test.text,)
        if isinstance(self.test, Regex) and re.fullmatch(r"\w+(\|\w+)*", self.test.regex, re.ASCII):
            return tuple(self.test.regex.split("|"))
        return ()

    def matches(self, event: Event | str, reading: Reading = OBSERVED) -> bool:
        return self.test.holds(event if isinstance(event, str) else as_logged(event))

    def __str__(self) -> str:
        return str(self.test)


@dataclass(frozen=True)
class Not:
    """True where `part` is false."""

    part: Predicate

    def matches(self, event: Event | str, reading: Reading = OBSERVED) -> bool:
        return not self.part.matches(event, reading)


@dataclass(frozen=True, init=False)
class And:
    """True where every part is true. Without parts it is `ALWAYS`."""

    parts: tuple[Predicate, ...]

    def __init__(self, *parts: Predicate) -> None:
        object.__setattr__(self, "parts", parts)

    def matches(self, event: Event | str, reading: Reading = OBSERVED) -> bool:
        return all(part.matches(event, reading) for part in self.parts)

    def __str__(self) -> str:
        return " && ".join(f"({part})" if isinstance(part, Or) else str(part) for part in self.parts)


@dataclass(frozen=True, init=False)
class Or:
    """True where at least one part is true. Without parts it is `NEVER`."""

    parts: tuple[Predicate, ...]

    def __init__(self, *parts: Predicate) -> None:
        object.__setattr__(self, "parts", parts)

    def matches(self, event: Event | str, reading: Reading = OBSERVED) -> bool:
        return any(part.matches(event, reading) for part in self.parts)

    def __str__(self) -> str:
        return " || ".join(str(part) for part in self.parts)


ALWAYS = And()
"""True for every event."""

NEVER = Or()
"""True for no event."""


def equals(field: str, value: str) -> Atom:
    """The predicate that a top-level field is exactly this text, which must not contain `*`."""
    return Atom((field,), Equals(value))


def values_at(value: object, path: FieldPath) -> Iterator[object]:
    """Every value that the path selects."""
    values: Sequence[object] = (value,)
    for step in path:
        values = [inner for outer in values for inner in _inside(outer, step)]
        if not values:
            break
    return iter(values)


def _inside(value: object, step: Step) -> Iterable[object]:
    match step, value:
        case str(), Mapping():
            return (value[step],) if step in value else ()
        case int(), Sequence() if not isinstance(value, str):
            return (value[step],) if step < len(value) else ()
        case Every(), Mapping():
            return value.values()
        case Every(), Sequence() if not isinstance(value, str):
            return value
    return ()


def value_at(event: Event, path: FieldPath) -> object:
    """The value at a path without wildcards, or MISSING."""
    return next(values_at(event, path), MISSING)


def as_logged(event: Event) -> str:
    """The event as one line of JSON, without spaces between its parts."""
    import json

    return json.dumps(event, separators=(",", ":"), ensure_ascii=False)


def selector(path: FieldPath) -> str:
    """The path as a pattern writes it."""
    return "$" + "".join(map(_written, path))


def _written(step: Step) -> str:
    match step:
        case int():
            return f"[{step}]"
        case str() if step.isascii() and step.replace("_", "a").replace("-", "a").isalnum():
            return f".{step}"
        case str():
            return f".['{step}']"
    return ".*"
