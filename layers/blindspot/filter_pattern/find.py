"""Is there an event that satisfies this predicate? An exact answer, with the event as proof.

    find(predicate, records) -> Found(event) | Empty() | Undecided(reason)

How it works. The tests that a predicate puts to one field split all values of that field into finitely many `cells`:
two values in one cell pass the same tests. The predicate, as a formula over its tests, is decided by trying the cells
field after field: each choice makes the rest of the formula smaller, a rest that is known to have no solution is not
tried again, and a rest that is true needs no more fields.

What AWS does not document is read in every way at once (`Reading`): Found satisfies the predicate under each reading,
Empty is empty under each. Everything else, and everything over the budget, is Undecided. The budget counts steps, not
time, so that the answer is the same on every machine.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product

from filter_pattern import records as kind
from filter_pattern.cells import Cell, Cells, Question
from filter_pattern.parser import Pattern
from filter_pattern.predicate import (
    All,
    Any,
    Atom,
    Equals,
    Event,
    Missing,
    Not,
    Path,
    Predicate,
    Reading,
    Test,
    value_at,
)
from filter_pattern.records import Records

BUDGET = 1_000_000
"""Steps that one decision may take; on the slowest Lambda memory setting in use, about a second."""


@dataclass(frozen=True, slots=True)
class Found:
    """There is such an event, and this is one."""

    event: Event


@dataclass(frozen=True, slots=True)
class Empty:
    """There is no such event among the records."""


@dataclass(frozen=True, slots=True)
class Undecided:
    """It cannot be said, and why."""

    reason: str


Answer = Found | Empty | Undecided


def unseen(required: Predicate, covering: Iterable[Predicate], records: Records) -> Answer:
    """An event that is required and that nothing in `covering` sees; Empty when they see every required one."""
    return find(All(required, *map(Not, covering)), records)


def find(predicate: Predicate, records: Records, budget: int = BUDGET) -> Answer:
    """Decides whether any event among the records satisfies the predicate; see the module."""
    wanted = All(records.where, predicate)
    search = _Search(records, budget)
    readings = search.readings(wanted)
    for sample in records.samples:
        if all(wanted.matches(sample, reading) for reading in readings):
            return Found(sample)
    formulas = [search.formula(wanted, reading) for reading in readings]
    try:
        event = search.solve(_join("&", formulas))
        if event is not None:
            return Found(event)
        if search.complete and (len(formulas) == 1 or search.solve(_join("|", formulas)) is None):
            return Empty() if search.complete else Undecided(_TOO_LARGE)
    except _OverBudget:
        return Undecided(_TOO_LARGE)
    return Undecided(_READINGS if search.complete else _TOO_LARGE)


_TOO_LARGE = "the patterns are too intricate to decide within the budget"
_READINGS = "AWS does not document how it reads a * inside a value, or != on a field that is null or a boolean"


class _OverBudget(Exception):
    """Raised when a decision has used up its steps."""


def atoms(predicate: Predicate) -> Iterator[Atom]:
    """Every test in the predicate."""
    match predicate:
        case Atom():
            yield predicate
        case Not(part):
            yield from atoms(part)
        case Pattern(inner):
            yield from atoms(inner)
        case All(parts) | Any(parts):
            for part in parts:
                yield from atoms(part)
        case _:
            raise TypeError(f"not a predicate: {predicate!r}")


# A formula is a literal (the number of a question, negative when it is to be answered with no) or a joint: a sign and
# the set of formulas it joins. No parts joined by "&" are true, no parts joined by "|" are false.
Formula = int | tuple[str, frozenset]  # type: ignore[type-arg]  # a recursive type that mypy cannot write in 3.11
_TRUE: Formula = ("&", frozenset())
_FALSE: Formula = ("|", frozenset())


def _join(sign: str, parts: Iterable[Formula]) -> Formula:
    neutral, absorbing = (_TRUE, _FALSE) if sign == "&" else (_FALSE, _TRUE)
    flat: set[Formula] = set()
    for part in parts:
        if part == absorbing:
            return absorbing
        if isinstance(part, tuple) and part[0] == sign:
            flat |= part[1]
        elif part != neutral:
            flat.add(part)
    if any(-part in flat for part in flat if isinstance(part, int)):
        return absorbing
    return flat.pop() if len(flat) == 1 else (sign, frozenset(flat))


class _Search:
    def __init__(self, records: Records, budget: int) -> None:
        self.records = records
        self.budget = budget
        self.questions: dict[tuple[Path, Test, Reading], Question] = {}
        self.by_path: dict[Path, list[Question]] = {}
        self.known_cells: dict[Path, list[Cell]] = {}
        self.complete = True

    def readings(self, predicate: Predicate) -> list[Reading]:
        """Every combination of the ways to read this predicate that could make a difference among these records."""
        flags = sorted({flag for atom in atoms(predicate) for flag in self.flags(atom)})
        return [Reading(**dict(zip(flags, on, strict=True))) for on in product((False, True), repeat=len(flags))]

    def flags(self, atom: Atom) -> set[str]:
        """What the atom's answer depends on beside the event."""
        flags = set(atom.test.depends_on())
        if self.records.field(atom.path).kinds.isdisjoint({kind.NULL, kind.BOOLEAN}):
            flags.discard("null_differs")
        return flags

    def formula(self, predicate: Predicate, reading: Reading, positive: bool = True) -> Formula:
        """The predicate in negation normal form."""
        match predicate:
            case Atom(path, test):
                known = self.records.field(path)
                if isinstance(test, Equals) and test.negated and known.always and known.kinds == {kind.STRING}:
                    return self.formula(Atom(path, Equals(test.value)), reading, not positive)
                asked = {flag: getattr(reading, flag) for flag in self.flags(predicate)}
                number = self.question(path, test, Reading(**asked)).number
                return number if positive else -number
            case Not(part):
                return self.formula(part, reading, not positive)
            case Pattern(inner):
                return self.formula(inner, reading, positive)
            case All(parts) | Any(parts):
                sign = "&" if isinstance(predicate, All) is positive else "|"
                return _join(sign, [self.formula(part, reading, positive) for part in parts])
            case _:
                raise TypeError(f"not a predicate: {predicate!r}")

    def question(self, path: Path, test: Test, reading: Reading) -> Question:
        key = (path, test, reading)
        if key not in self.questions:
            self.questions[key] = Question(len(self.questions) + 1, *key)
            self.by_path.setdefault(path, []).append(self.questions[key])
        return self.questions[key]

    def solve(self, formula: Formula) -> Event | None:
        """An event that makes the formula true, or None. Raises _OverBudget."""
        self.hopeless: set[Formula] = set()
        tops = list(dict.fromkeys(path[0] for path in self.by_path))
        self.order = sorted(self.by_path, key=lambda path: (tops.index(path[0]), len(path)))
        chosen: dict[Path, object] = {}
        return self.event(chosen) if self.choose(formula, 0, chosen) else None

    def choose(self, formula: Formula, position: int, chosen: dict[Path, object]) -> bool:
        if formula in (_TRUE, _FALSE):
            return formula == _TRUE
        if formula in self.hopeless:
            return False
        asked = self.asked(formula)
        while not any(question.number in asked for question in self.by_path[self.order[position]]):
            position += 1
        path = self.order[position]
        tried = set()
        for cell in self.cells_of(path):
            rest = self.assume(formula, cell.answers)
            if rest in tried:
                continue
            tried.add(rest)
            chosen[path] = cell.value
            if self.choose(rest, position + 1, chosen):
                return True
        chosen.pop(path, None)
        self.hopeless.add(formula)
        return False

    def asked(self, formula: Formula) -> set[int]:
        """The numbers of the questions that a formula still leaves open."""
        if isinstance(formula, int):
            return {abs(formula)}
        self.spend(len(formula[1]))
        return set().union(*map(self.asked, formula[1]))

    def assume(self, formula: Formula, answers: dict[int, bool]) -> Formula:
        """What is left of a formula once these questions are answered."""
        if isinstance(formula, int):
            answer = answers.get(abs(formula))
            return formula if answer is None else _TRUE if answer is (formula > 0) else _FALSE
        sign, parts = formula
        self.spend(len(parts))
        return _join(sign, [self.assume(part, answers) for part in parts])

    def spend(self, steps: int) -> None:
        self.budget -= steps
        if self.budget < 0:
            raise _OverBudget

    def cells_of(self, path: Path) -> list[Cell]:
        if path not in self.known_cells:
            below = [
                question
                for other, questions in self.by_path.items()
                if len(other) > len(path) and other[: len(path)] == path
                for question in questions
            ]
            cells = Cells(path, self.records, self.by_path[path], below, self.spend, self.budget)
            self.known_cells[path] = list(cells)
            self.complete = self.complete and cells.complete
        return self.known_cells[path]

    def event(self, chosen: dict[Path, object]) -> Event:
        """The sample that agrees best with what was chosen, changed to agree in full."""
        samples = self.records.samples or ({},)
        alike = max(samples, key=lambda sample: sum(value_at(sample, path) == value for path, value in chosen.items()))
        event = copy.deepcopy(dict(alike))
        for path in sorted(chosen, key=len):
            _put(event, path, chosen[path])
        return event


def _put(event: dict[str, object], path: Path, value: object) -> None:
    *parents, name = path
    for parent in parents:
        inner = event.get(parent)
        if not isinstance(inner, dict):
            if isinstance(value, Missing):
                return
            inner = event[parent] = {}
        event = inner
    if isinstance(value, Missing):
        event.pop(name, None)
    elif not (value == {} and isinstance(event.get(name), dict)):
        event[name] = copy.deepcopy(value)
