"""Which values a field can have, as far as the questions about it can tell them apart.

Two values that answer every question about a field alike are in one cell, and a field has finitely many cells: for the
strings they are found by walking through the product of the automata of all values it is compared with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from filter_pattern import records as kind
from filter_pattern import strings
from filter_pattern.predicate import MISSING, Equals, Path, Reading, Test, value_at
from filter_pattern.records import Records


@dataclass(frozen=True, slots=True)
class Question:
    """A test of a field under one reading; `number` names it in a formula."""

    number: int
    path: Path
    test: Test
    reading: Reading

    def answer(self, value: object) -> bool:
        return self.test.holds(value, self.reading)


@dataclass(frozen=True, slots=True)
class Cell:
    """One value of a field, and the answers that it gives, to the questions about the fields below it too."""

    value: object
    answers: dict[int, bool]


@dataclass(slots=True)
class Cells:
    """The cells of one field, real values first.

    own, below: the questions about the field, and about the fields below it, which are missing unless it is an object.
    spend: called with the number of steps taken; may raise to end the work.
    complete: after iterating, whether these are all.
    """

    path: Path
    records: Records
    own: Sequence[Question]
    below: Sequence[Question]
    spend: Callable[[int], None]
    budget: int
    complete: bool = field(default=True, init=False)

    def __iter__(self) -> Iterator[Cell]:
        exact: dict[str, list[Question]] = {}
        others = []
        for question in self.own:
            if isinstance(question.test, Equals) and "*" not in question.test.value:
                exact.setdefault(question.test.value, []).append(question)
            else:
                others.append(question)
        unequal = {q.number: q.answer(_NO_TEXT + value) for value, asked in exact.items() for q in asked}
        seen: set[object] = set()
        for value in self._values():
            self.spend(len(others) + 1)
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
        self.spend(len(answers))
        if not isinstance(value, dict):
            answers = answers | {question.number: question.answer(MISSING) for question in self.below}
        return Cell(value, answers)

    def _values(self) -> Iterator[object]:
        """One value for every cell at least."""
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
        if (
            kind.STRING in known.kinds or kind.NUMBER in known.kinds
        ):  # a number is compared as the text it is written as
            compared = [(q.test.value, q.reading.star_is_literal) for q in self.own if isinstance(q.test, Equals)]
            walk = strings.examples(tuple(dict.fromkeys(compared)), self.budget)
            self.complete = walk.complete
            self.spend(walk.steps if walk.complete else 0)
            yield from walk.strings
        if kind.NULL in known.kinds:
            yield None
        if kind.OBJECT in known.kinds:
            yield {}
        if kind.ARRAY in known.kinds:
            yield []


_NO_TEXT = "\0"
"""Put before a value, it makes a string that is not that value."""
