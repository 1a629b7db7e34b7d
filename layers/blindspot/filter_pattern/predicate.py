"""Statements that are true or false of an event, and how they combine.

    Predicate = Atom | Not | All | Any | Pattern

An `Atom` asks one thing of one field. What it asks is a test: a value type with one method, `holds(value, reading)`.
A parsed filter pattern is a predicate, and so is whatever else can be said of events in these terms.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from filter_pattern import strings

Path = tuple[str, ...]
"""The field names that lead to a value: `$.userIdentity.type` is ("userIdentity", "type")."""

Event = Mapping[str, object]


class Missing:
    """The type of `MISSING`, which stands where an event has no such field."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING = Missing()


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read what AWS does not document. What is decided holds under every reading, or is Undecided.

    star_is_literal: a `*` in the middle of a value stands for itself (CloudWatch Logs user guide of 2021), instead of
        for any text, placed as far left as it fits (results recorded from TestMetricFilter).
    null_differs: `!=` holds for a field that is null, true or false.
    """

    star_is_literal: bool = False
    null_differs: bool = False


OBSERVED = Reading()
"""What `matches` goes by: what AWS was seen to do, or else the narrower choice."""


@dataclass(frozen=True, slots=True)
class Equals:
    """`= "value"` or, negated, `!= "value"`. Both are false of a missing field, an array and an object; a number is
    compared as text (CloudWatch Logs user guide, "Filter pattern syntax"; recorded from TestMetricFilter)."""

    value: str
    negated: bool = False

    def holds(self, value: object, reading: Reading) -> bool:
        if isinstance(value, bool) or value is None:
            return self.negated and reading.null_differs
        if isinstance(value, int | float):
            value = repr(value)
        if not isinstance(value, str):
            return False
        return strings.automaton(self.value, reading.star_is_literal).matches(value) is not self.negated

    def depends_on(self) -> Iterator[str]:
        if "*" in self.value[1:-1]:
            yield "star_is_literal"
        if self.negated:
            yield "null_differs"

    def __str__(self) -> str:
        escaped = self.value.replace("\\", "\\\\").replace('"', '\\"')
        return f'{"!=" if self.negated else "="} "{escaped}"'


@dataclass(frozen=True, slots=True)
class NotExists:
    """`NOT EXISTS`: true only of a missing field."""

    def holds(self, value: object, reading: Reading) -> bool:
        return value is MISSING

    def depends_on(self) -> Iterator[str]:
        return iter(())

    def __str__(self) -> str:
        return "NOT EXISTS"


@dataclass(frozen=True, slots=True)
class Is:
    """`IS NULL`, `IS TRUE`, `IS FALSE`: true of exactly that JSON constant."""

    constant: bool | None

    def holds(self, value: object, reading: Reading) -> bool:
        return value is self.constant

    def depends_on(self) -> Iterator[str]:
        return iter(())

    def __str__(self) -> str:
        return f"IS {'NULL' if self.constant is None else str(self.constant).upper()}"


Test = Equals | NotExists | Is


class Predicate(Protocol):
    """Anything that is true or false of an event."""

    def matches(self, event: Event, reading: Reading = ...) -> bool: ...


@dataclass(frozen=True, slots=True)
class Atom:
    """One test of one field."""

    path: Path
    test: Test

    def matches(self, event: Event, reading: Reading = OBSERVED) -> bool:
        return self.test.holds(value_at(event, self.path), reading)

    def __str__(self) -> str:
        return f"({selector(self.path)} {self.test})"


@dataclass(frozen=True, slots=True)
class Not:
    """True where `part` is not."""

    part: Predicate

    def matches(self, event: Event, reading: Reading = OBSERVED) -> bool:
        return not self.part.matches(event, reading)


@dataclass(frozen=True, slots=True, init=False)
class All:
    """True where every part is; `All()` is always true."""

    parts: tuple[Predicate, ...]

    def __init__(self, *parts: Predicate) -> None:
        object.__setattr__(self, "parts", parts)

    def matches(self, event: Event, reading: Reading = OBSERVED) -> bool:
        return all(part.matches(event, reading) for part in self.parts)

    def __str__(self) -> str:
        return " && ".join(f"({part})" if isinstance(part, Any) else str(part) for part in self.parts)


@dataclass(frozen=True, slots=True, init=False)
class Any:
    """True where at least one part is; `Any()` is never true."""

    parts: tuple[Predicate, ...]

    def __init__(self, *parts: Predicate) -> None:
        object.__setattr__(self, "parts", parts)

    def matches(self, event: Event, reading: Reading = OBSERVED) -> bool:
        return any(part.matches(event, reading) for part in self.parts)

    def __str__(self) -> str:
        return " || ".join(str(part) for part in self.parts)


def equals(field: str, value: str) -> Atom:
    """The predicate that a top-level field is exactly this text, which holds no `*`."""
    return Atom((field,), Equals(value))


def value_at(event: Event, path: Path) -> object:
    """What the event holds there, or MISSING."""
    value: object = event
    for name in path:
        if not isinstance(value, Mapping) or name not in value:
            return MISSING
        value = value[name]
    return value


def selector(path: Path) -> str:
    """The path as a pattern writes it."""
    plain = all(name.replace("_", "a").replace("-", "a").isalnum() and name.isascii() for name in path)
    return "$." + ".".join(path) if plain else "$" + "".join(f".['{name}']" for name in path)
