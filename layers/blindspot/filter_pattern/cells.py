"""The values that a field can have, grouped by the answers they give.

A cell is a group of values that give the same answer to every question about the field. A field has finitely many
cells. For strings, the cells are found in the product of the automata of all values and regular expressions that the
field is compared with. For numbers, the cells are the numbers it is compared with, and the intervals between them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import floor
from typing import NamedTuple

from filter_pattern import records as kind
from filter_pattern import regexes, strings
from filter_pattern.conditions import (
    MISSING,
    Compare,
    Equals,
    EqualsNumber,
    IsKind,
    MatchesRegex,
    Reading,
    Test,
    number,
)
from filter_pattern.predicate import FieldPath, value_at
from filter_pattern.records import Records
from filter_pattern.steps import Steps


class Question(NamedTuple):
    """A test of a field under one reading; `number` names it in a formula."""

    number: int
    path: FieldPath
    test: Test
    reading: Reading

    def answer(self, value: object) -> bool:
        return self.test.holds(value, self.reading)


class Cell(NamedTuple):
    """One value of a field, and its answers to the questions about the field and about the fields inside it."""

    value: object
    answers: dict[int, bool]


@dataclass(eq=False, repr=False)
class Cells:
    """The cells of one field, real values first.

    own, below: the questions about the field, and about what is inside it. Named fields are missing unless it is an
        object, and elements are missing unless it is an array.
    steps: counts the work; raises OverLimit to stop it.
    complete: after iterating, whether these are all.
    """

    path: FieldPath
    records: Records
    own: Sequence[Question]
    below: Sequence[Question]
    steps: Steps
    complete: bool = field(default=True, init=False)

    def __iter__(self) -> Iterator[Cell]:
        exact: dict[str, list[Question]] = {}
        others = []
        for question in self.own:
            if isinstance(question.test, Equals) and "*" not in question.test.value:
                exact.setdefault(question.test.value, []).append(question)
            else:
                others.append(question)
        regexes_asked = sum(isinstance(question.test, MatchesRegex) for question in others)
        self.steps.spend(len(self.own))
        unequal = {q.number: q.answer(_NO_TEXT + value) for value, asked in exact.items() for q in asked}
        seen: set[object] = set()
        for value in self._values(list(exact)):
            self.steps.spend(1 + len(others) + regexes_asked * len(str(value)))
            other = {question.number: question.answer(value) for question in others}
            if isinstance(value, str):
                key: object = (value if value in exact else None, *other.values())
                if key not in seen:
                    seen.add(key)
                    equal = {question.number: question.answer(value) for question in exact.get(value, ())}
                    yield self._cell(value, unequal | equal | other)
            else:
                yield self._cell(value, {question.number: question.answer(value) for question in self.own})

    def _cell(self, value: object, answers: dict[int, bool]) -> Cell:
        self.steps.spend(len(answers) + len(self.below))
        depth = len(self.path)
        open_to = str if isinstance(value, dict) else int if isinstance(value, list) else None
        shut = (q for q in self.below if open_to is None or not isinstance(q.path[depth], open_to))
        return Cell(value, answers | {question.number: question.answer(MISSING) for question in shut})

    def _values(self, exact: list[str]) -> Iterator[object]:
        """At least one value for every cell."""
        known = self.records.field(self.path)
        if known.values:
            yield from known.values
        elif kind.STRING in known.kinds:
            sampled = (value_at(sample, self.path) for sample in self.records.samples)
            yield from (value for value in sampled if isinstance(value, str))
            yield from known.examples
        if not known.always:
            yield MISSING
        if known.values:
            return
        if kind.BOOLEAN in known.kinds:
            yield from (True, False)
        if kind.STRING in known.kinds:
            yield from self._strings(exact)
        if kind.NUMBER in known.kinds:
            yield from self._numbers()
        if kind.NULL in known.kinds:
            yield None
        if kind.OBJECT in known.kinds:
            yield {}
        if kind.ARRAY in known.kinds:
            yield []

    def _strings(self, exact: list[str]) -> Iterator[str]:
        """Each walk may take half of the steps that are left: an event may be found without the strings that are left
        out, and the fields that follow need steps too."""
        automata: dict[object, strings.Part] = {}
        written = list(exact)
        for question in self.own:
            match question.test:
                case Equals(value) if "*" in value:
                    literal = question.reading.star_is_literal
                    self.steps.spend(len(value))
                    automata[value, literal] = strings.automaton(value, literal)
                case MatchesRegex(regex):
                    automata[regex] = regexes.automaton(regex)
                case EqualsNumber(text) if question.reading.digits_are_numbers:
                    written.append(text)
        written = list(dict.fromkeys(written))
        self.steps.spend(sum(map(len, written)))
        walk = strings.examples(list(automata.values()), written, self.steps.left // 2, self.steps.spend)
        self.complete = self.complete and walk.complete
        yield from walk.strings

    def _numbers(self) -> Iterator[int | float]:
        """The numbers, and those between them, that the field is compared with.

        Compared as text, a number gives the same answers as a string with the same digits, which is in a cell already.
        If the field is compared both as text and by value, these may not be all cells: `complete` is then False. It is
        too where the type is asked for, and the text of some numbers may fit a `*` or a regular expression.
        """
        as_text = [question for question in self.own if isinstance(question.test, Equals | MatchesRegex)]
        if any(isinstance(question.test, IsKind) for question in self.own):
            as_text = [question for question in as_text if _may_fit_a_number(question.test)]
            written = [q.test.value for q in as_text if isinstance(q.test, Equals) and "*" not in q.test.value]
            yield from map(number, written)
            yield next(other for other in range(len(written) + 1) if str(other) not in written)
            self.complete = self.complete and len(written) == len(as_text)
        points = sorted({number(q.test.text) for q in self.own if isinstance(q.test, EqualsNumber | Compare)})
        if not points:
            self.complete = self.complete and (not as_text or kind.STRING in self.records.field(self.path).kinds)
            yield 0
            return
        yield from points
        yield from (floor(points[0]) - 1, floor(points[-1]) + 1)
        for low, high in pairwise(points):
            between = _between(low, high)
            if between is None:
                self.complete = False
            else:
                yield between
        self.complete = self.complete and not as_text


def _may_fit_a_number(test: Test) -> bool:
    """Whether the test may be true of some numbers and false of others, compared as text."""
    if not isinstance(test, Equals):
        return True
    if "*" in test.value:
        return test.value != "*" and not set(test.value) - set("0123456789+-.einfa*")
    try:
        return repr(number(test.value)) == test.value
    except ValueError:
        return False


def _between(low: int | float, high: int | float) -> int | float | None:
    """A number between two others, the next whole number or the middle; None where rounding leaves none."""
    if floor(low) + 1 < high:
        return floor(low) + 1
    half = low / 2 + high / 2
    return half if low < half < high else None


_NO_TEXT = "\0"
"""A prefix that makes a string differ from a value."""
