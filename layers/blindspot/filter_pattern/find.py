"""Is there an event that satisfies this predicate? An exact answer, with the event as proof.

    find(predicate, records) -> Found(event) | Empty() | Undecided(reason)

How it works. The tests of one field in a predicate split all values of that field into finitely many `cells`:
two values in one cell pass the same tests. The predicate, as a formula over its tests, is decided by trying the cells
field after field. Each choice makes the remaining formula smaller. A remaining formula that is known to have no
solution is not tried again, and one that is true needs no more fields.

The fields do not answer every question: a word may be anywhere in the event's text, and a wildcard may select any
element. Such questions are loose. Both answers are tried, so Empty is safe, and Found is checked with an event.

What AWS does not document is read in every way at once (`Reading`): Found satisfies the predicate under every reading,
and Empty has no event under any. Everything else is Undecided, and so is what takes more steps than the budget. The
budget counts steps, not time, so the answer is the same on every machine.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise, product

from filter_pattern import records as kind
from filter_pattern.cells import Cell, Cells, Question
from filter_pattern.conditions import MISSING, UNDOCUMENTED, Equals, Reading, Test
from filter_pattern.parser import Pattern
from filter_pattern.predicate import (
    EVERY,
    And,
    Atom,
    Event,
    FieldPath,
    Not,
    Or,
    Predicate,
    TextAtom,
    Word,
    value_at,
    values_at,
)
from filter_pattern.records import Records

LONGEST_ARRAY = 1000
"""The largest array index for which an example event is built."""

LOOSE = 1_000_000
"""Questions with this number or a larger one are loose."""

BUDGET = 1_000_000
"""Steps that one decision may take: about a second with the smallest Lambda memory in use."""


@dataclass(frozen=True)
class Found:
    """There is such an event: `event` is an example."""

    event: Event


@dataclass(frozen=True)
class Empty:
    """There is no such event among the records."""


@dataclass(frozen=True)
class Undecided:
    """There is no certain answer, for this reason. `too_large`: because the budget was spent, not because AWS does not
    document it."""

    reason: str
    too_large: bool = False


Answer = Found | Empty | Undecided


def unseen(required: Predicate, covering: Iterable[Predicate], records: Records) -> Answer:
    """An event that `required` matches and none of `covering` does; Empty where they match every required event."""
    return find(And(required, *map(Not, covering)), records)


def implies(one: Predicate, other: Predicate, records: Records, budget: int = BUDGET) -> bool:
    """Whether it is proven that `other` matches every event that `one` matches. False where that is Undecided."""
    return isinstance(find(And(one, Not(other)), records, budget), Empty)


def equivalent(one: Predicate, other: Predicate, records: Records, budget: int = BUDGET) -> bool:
    """Whether it is proven that the two match the same events."""
    return implies(one, other, records, budget) and implies(other, one, records, budget)


def find(predicate: Predicate, records: Records, budget: int = BUDGET) -> Answer:
    """Decides whether any event of these records satisfies the predicate, as the module's docstring explains."""
    wanted = And(records.where, predicate)
    search = _Search(wanted, records, budget)
    for sample in records.samples:
        if search.satisfies(sample):
            return Found(sample)
    formulas = [search.formula(wanted, reading) for reading in search.readings]
    try:
        if search.solve(_join("&", formulas)):
            event = search.event()
            return _UNPROVEN if event is None else Found(event)
        if search.complete and (len(formulas) == 1 or not search.solve(_join("|", formulas))):
            return Empty() if search.complete else _TOO_LARGE
    except _OverBudget:
        return _TOO_LARGE
    return search.undocumented() if search.complete else _TOO_LARGE


_TOO_LARGE = Undecided("the patterns are too complex to decide within the limit of steps", too_large=True)
_UNPROVEN = Undecided(
    "the answer depends on words, wildcards or positions in the event's text, and no example event was found"
)


class _OverBudget(Exception):
    """Raised when a decision has used up its steps."""


def atoms(predicate: Predicate) -> Iterator[Atom | TextAtom]:
    """Every test in the predicate."""
    match predicate:
        case Atom() | TextAtom():
            yield predicate
        case Not(part):
            yield from atoms(part)
        case Pattern(inner):
            yield from atoms(inner)
        case And(parts) | Or(parts):
            for part in parts:
                yield from atoms(part)
        case _:
            raise TypeError(f"not a predicate: {predicate!r}")


# A formula is a literal or a joint. A literal is the number of a question, negative where the answer must be no.
# A joint is a sign and the set of formulas that it joins. "&" of no parts is true, "|" of no parts is false.
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
    def __init__(self, wanted: Predicate, records: Records, budget: int) -> None:
        self.wanted = wanted
        self.records = records
        self.budget = budget
        self.atoms = list(atoms(wanted))
        self.always_written = records.always_written()
        self.questions: dict[tuple[FieldPath, Test, Reading], Question] = {}
        self.by_path: dict[FieldPath, list[Question]] = {}
        self.loose: dict[Atom | TextAtom, int] = {}
        self.known_cells: dict[FieldPath, list[Cell]] = {}
        self.complete = True
        self.open = sorted({flag for atom in self.atoms if isinstance(atom, Atom) for flag in self.flags(atom)})
        choices = product((False, True), repeat=len(self.open))
        self.readings = [Reading(**dict(zip(self.open, choice, strict=True))) for choice in choices]
        """Every combination of readings that can change the answer for these records."""

    def satisfies(self, event: Event) -> bool:
        """Whether the event satisfies the predicate under every reading."""
        return all(self.wanted.matches(event, reading) for reading in self.readings)

    def undocumented(self) -> Undecided:
        """The answer where it depends on what AWS does not document."""
        return Undecided("AWS does not document " + ", or ".join(UNDOCUMENTED[flag] for flag in self.open))

    def flags(self, atom: Atom) -> set[str]:
        """The fields of `Reading` on which the atom's answer depends."""
        flags = set(atom.depends_on())
        if EVERY not in atom.path and self.records.field(atom.path).kinds.isdisjoint({kind.NULL, kind.BOOLEAN}):
            flags.discard("null_differs")
        return flags

    def formula(self, predicate: Predicate, reading: Reading, positive: bool = True) -> Formula:
        """The predicate in negation normal form."""
        match predicate:
            case Atom(path, test):
                known = self.records.field(path)
                if isinstance(test, Equals) and test.negated and known.always and known.kinds == {kind.STRING}:
                    return self.formula(Atom(path, Equals(test.value)), reading, not positive)
                if EVERY in path:
                    return self.selected(predicate, reading, positive)
                asked = {flag: getattr(reading, flag) for flag in self.flags(predicate)}
                number = self.question(path, test, Reading(**asked)).number
                return number if positive else -number
            case TextAtom(test):
                return self.written(predicate, reading, positive)
            case Not(part):
                return self.formula(part, reading, not positive)
            case Pattern(inner):
                return self.formula(inner, reading, positive)
            case And(parts) | Or(parts):
                sign = "&" if isinstance(predicate, And) is positive else "|"
                return _join(sign, [self.formula(part, reading, positive) for part in parts])
            case _:
                raise TypeError(f"not a predicate: {predicate!r}")

    def selected(self, atom: Atom, reading: Reading, positive: bool) -> Formula:
        """A test with a wildcard in its path: loose, unless the wildcard cannot select anything."""
        parent = self.records.field(atom.path[: atom.path.index(EVERY)])
        if atom.path[0] is not EVERY and parent.kinds.isdisjoint({kind.OBJECT, kind.ARRAY}):
            return _TRUE if atom.test.holds(MISSING, reading) is positive else _FALSE
        number = self.loosely(atom)
        return number if positive else -number

    def written(self, atom: TextAtom, reading: Reading, positive: bool) -> Formula:
        """A test of the event's text. The text has a word if a tested field has it, or if it is written in every
        event. Otherwise it may have the word: other fields can hold any text."""
        number = self.loosely(atom)
        parts: list[Formula] = [number if positive else -number]
        paths = {other.path for other in self.atoms if isinstance(other, Atom) and EVERY not in other.path}
        for word in atom.words:
            if word in self.always_written:
                return _TRUE if positive else _FALSE
            holds = Equals(f"*{word}*")
            parts += [self.formula(Atom(path, holds), reading, positive) for path in sorted(paths, key=str)]
        return _join("|" if positive else "&", parts)

    def loosely(self, atom: Atom | TextAtom) -> int:
        """The number of a loose question. Both answers are tried, and the event that is built must agree."""
        return self.loose.setdefault(atom, LOOSE + len(self.loose))

    def question(self, path: FieldPath, test: Test, reading: Reading) -> Question:
        key = (path, test, reading)
        if key not in self.questions:
            self.questions[key] = Question(len(self.questions) + 1, *key)
            self.by_path.setdefault(path, []).append(self.questions[key])
        return self.questions[key]

    def solve(self, formula: Formula) -> bool:
        """Whether any values make the formula true; `chosen` and `loose_answers` then hold them. Raises _OverBudget."""
        self.hopeless: set[Formula] = set()
        tops = list(dict.fromkeys(path[0] for path in self.by_path))
        self.order = sorted(self.by_path, key=lambda path: (tops.index(path[0]), len(path)))
        self.chosen: dict[FieldPath, object] = {}
        self.loose_answers: dict[int, bool] = {}
        return self.choose(formula, 0)

    def choose(self, formula: Formula, position: int) -> bool:
        if formula in (_TRUE, _FALSE):
            return formula == _TRUE
        if formula in self.hopeless:
            return False
        asked = self.asked(formula)
        if min(asked) >= LOOSE:
            return self.answer_loosely(formula, min(asked))
        while not any(question.number in asked for question in self.by_path[self.order[position]]):
            position += 1
        path = self.order[position]
        tried = set()
        for cell in self.cells_of(path):
            rest = self.assume(formula, cell.answers)
            if rest in tried:
                continue
            tried.add(rest)
            self.chosen[path] = cell.value
            if self.choose(rest, position + 1):
                return True
        self.chosen.pop(path, None)
        self.hopeless.add(formula)
        return False

    def answer_loosely(self, formula: Formula, number: int) -> bool:
        """Tries no, then yes, as the answer to a loose question."""
        for answer in (False, True):
            self.loose_answers[number] = answer
            if self.choose(self.assume(formula, {number: answer}), 0):
                return True
        del self.loose_answers[number]
        self.hopeless.add(formula)
        return False

    def asked(self, formula: Formula) -> set[int]:
        """The numbers of the questions that the formula still depends on."""
        if isinstance(formula, int):
            return {abs(formula)}
        self.spend(len(formula[1]))
        return set().union(*map(self.asked, formula[1]))

    def assume(self, formula: Formula, answers: dict[int, bool]) -> Formula:
        """The formula that remains with these answers."""
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

    def cells_of(self, path: FieldPath) -> list[Cell]:
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

    def event(self) -> Event | None:
        """The sample that has most of the chosen values, with the others set in it; None where it does not give the
        loose answers that were tried."""

        def likeness(sample: Event) -> int:
            return sum(value_at(sample, path) == value for path, value in self.chosen.items())

        paths = [*self.chosen, *(atom.path for atom in self.loose if isinstance(atom, Atom))]
        if any(isinstance(step, int) and step > LONGEST_ARRAY for path in paths for step in path):
            return None
        for sample in sorted(self.records.samples or ({},), key=likeness, reverse=True):
            event = copy.deepcopy(dict(sample))
            for path in sorted(self.chosen, key=len):
                _put(event, path, self.chosen[path])
            for atom, number in self.loose.items():
                if self.loose_answers.get(number):
                    self.plant(event, atom)
            if self.satisfies(event):
                return event
        return None

    def plant(self, event: dict[str, object], atom: Atom | TextAtom) -> None:
        """Changes the event so that it passes a loose test, where a simple change is enough."""
        if isinstance(atom, TextAtom):
            if isinstance(atom.test, Word) and self.records.spare:
                event[self.records.spare] = f"{event.get(self.records.spare, '')} {atom.test.text}".strip()
            return
        wildcard = atom.path.index(EVERY)
        question = Question(1, ("value",), atom.test, self.readings[0])
        cells = Cells(("value",), Records({}), [question], [], self.spend, self.budget)
        value = next((cell.value for cell in cells if cell.answers[1] and cell.value is not MISSING), None)
        for step in reversed(atom.path[wildcard + 1 :]):
            value = {step: value} if isinstance(step, str) else [value]
        if wildcard:
            _put(event, atom.path[:wildcard], [value])
        elif self.records.spare:
            event[self.records.spare] = value


def _put(event: dict[str, object], path: FieldPath, value: object) -> None:
    """Sets the value at this path; MISSING removes it."""
    within: object = event
    for step, following in pairwise(path):
        inner = next(values_at(within, (step,)), MISSING)
        if not isinstance(inner, list if isinstance(following, int) else dict):
            if value is MISSING:
                return
            inner = [] if isinstance(following, int) else {}
            _set(within, step, inner)
        within = inner
    if value is MISSING:
        if isinstance(within, dict):
            within.pop(path[-1], None)
    elif not (value == {} and isinstance(next(values_at(within, path[-1:]), None), dict)):
        _set(within, path[-1], copy.deepcopy(value))


def _set(within: object, step: object, value: object) -> None:
    if isinstance(within, list) and isinstance(step, int):
        within += [None] * (step + 1 - len(within))
        within[step] = value
    elif isinstance(within, dict):
        within[step] = value
