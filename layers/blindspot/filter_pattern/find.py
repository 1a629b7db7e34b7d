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
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
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
from filter_pattern.steps import OverLimit, Steps

LONGEST_ARRAY = 1000
"""The largest array index for which an example event is built."""

DEEPEST = 100
"""The deepest field for which an example event is built: what else reads the event may call itself for each level."""

LOOSE = 1_000_000_000
"""Questions with this number or a larger one are loose."""

BUDGET = 1_000_000
"""Steps that one decision may take: about a second."""


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
    return find(unmatched(required, covering), records)


def unmatched(required: Predicate, covering: Iterable[Predicate]) -> Predicate:
    """What `required` matches and none of `covering` does."""
    return And(required, *map(Not, covering))


def implies(one: Predicate, other: Predicate, records: Records, budget: int = BUDGET) -> bool:
    """Whether it is proven that `other` matches every event that `one` matches. False where that is Undecided."""
    return isinstance(find(unmatched(one, [other]), records, budget), Empty)


def equivalent(one: Predicate, other: Predicate, records: Records, budget: int = BUDGET) -> bool:
    """Whether it is proven that the two match the same events."""
    return implies(one, other, records, budget) and implies(other, one, records, budget)


def find(predicate: Predicate, records: Records, budget: int = BUDGET) -> Answer:
    """Decides whether any event of these records satisfies the predicate, as the module's docstring explains."""
    return decide(predicate, records, Steps(budget))


def decide(predicate: Predicate, records: Records, steps: Steps) -> Answer:
    """As `find`, with steps that the caller counts."""
    try:
        return _Search(_with_laws(predicate, records), records, steps).answer()
    except OverLimit:
        return TOO_LARGE


def convincing(event: Event, predicate: Predicate, records: Records, steps: Steps) -> Event:
    """The most convincing sample that satisfies the predicate, if one does; else the event that was found, with what
    does not go together replaced. Without enough steps: the event that was found."""
    known = records.knowledge
    if known is None:
        return event
    try:
        search = _Search(_with_laws(predicate, records), records, steps)
        real = next(filter(search.satisfies, known.samples(predicate)), None)
        return known.as_recorded(event, search.satisfies) if real is None else real
    except OverLimit:
        return event


def _with_laws(predicate: Predicate, records: Records) -> Predicate:
    laws = records.knowledge.laws(predicate) if records.knowledge else ()
    return And(records.where, *laws, predicate)


TOO_LARGE = Undecided("the patterns are too complex to decide within the limit of steps", too_large=True)
_UNPROVEN = Undecided(
    "the answer depends on words, wildcards or positions in the event's text, and no example event was found"
)


def steps_of_matching(predicate: Predicate) -> int:
    """The work of testing the predicate against an event of the usual size. A regular expression, or a line's fields,
    are tested against the whole text, character by character."""
    characters = sum(isinstance(atom, TextAtom) and not isinstance(atom.test, Word) for atom in atoms(predicate))
    return (sum(1 for _ in atoms(predicate)) + 2000 * characters) // 2


def atoms(predicate: Predicate) -> Iterator[Atom | TextAtom]:
    """Every test in the predicate."""
    waiting = [predicate]
    while waiting:
        match waiting.pop():
            case Atom() | TextAtom() as atom:
                yield atom
            case Not(part):
                waiting.append(part)
            case Pattern(inner):
                waiting.append(inner)
            case And(parts) | Or(parts):
                waiting += reversed(parts)
            case other:
                raise TypeError(f"not a predicate: {other!r}")


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
    def __init__(self, wanted: Predicate, records: Records, steps: Steps) -> None:
        self.wanted = wanted
        self.records = records
        self.steps = steps
        self.atoms = list(atoms(wanted))
        self.steps.spend(len(self.atoms) // 4)
        self.field = cache(records.field)
        self.questions: dict[tuple[FieldPath, Test, Reading], Question] = {}
        self.by_path: dict[FieldPath, list[Question]] = {}
        self.below: defaultdict[FieldPath, list[Question]] = defaultdict(list)
        self.loose: dict[Atom | TextAtom, int] = {}
        self.known_cells: dict[FieldPath, list[Cell]] = {}
        self.complete = True
        self.open = sorted({flag for atom in self.atoms if isinstance(atom, Atom) for flag in self.flags(atom)})
        choices = product((False, True), repeat=len(self.open))
        self.readings = [Reading(**dict(zip(self.open, choice, strict=True))) for choice in choices]
        """Every combination of readings that can change the answer for these records."""
        self.matching = len(self.readings) * steps_of_matching(wanted)

    def answer(self) -> Answer:
        for sample in self.records.samples:
            if self.satisfies(sample):
                return Found(sample)
        formulas = [self.formula(self.wanted, reading) for reading in self.readings]
        if self.solve(_join("&", formulas)):
            event = self.event()
            return _UNPROVEN if event is None else Found(event)
        if self.complete and (len(formulas) == 1 or not self.solve(_join("|", formulas))):
            return Empty() if self.complete else TOO_LARGE
        return self.undocumented() if self.complete else TOO_LARGE

    @cached_property
    def always_written(self) -> str:
        return self.records.always_written()

    @cached_property
    def tested(self) -> list[FieldPath]:
        """The paths of all tests of one field."""
        paths = {atom.path for atom in self.atoms if isinstance(atom, Atom) and EVERY not in atom.path}
        return sorted(paths, key=str)

    def satisfies(self, event: Event) -> bool:
        """Whether the event satisfies the predicate under every reading."""
        self.steps.spend(self.matching)
        return all(self.wanted.matches(event, reading) for reading in self.readings)

    def undocumented(self) -> Undecided:
        """The answer where it depends on what AWS does not document."""
        return Undecided("AWS does not document " + ", or ".join(UNDOCUMENTED[flag] for flag in self.open))

    def flags(self, atom: Atom) -> set[str]:
        """The fields of `Reading` on which the atom's answer depends."""
        flags = set(atom.depends_on())
        if EVERY not in atom.path and self.field(atom.path).kinds.isdisjoint({kind.NULL, kind.BOOLEAN}):
            flags.discard("null_differs")
        return flags

    def formula(self, predicate: Predicate, reading: Reading, positive: bool = True) -> Formula:
        """The predicate in negation normal form."""
        match predicate:
            case Atom(path, test):
                self.steps.spend(2)
                known = self.field(path)
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
                return self.join(sign, [self.formula(part, reading, positive) for part in parts])
            case _:
                raise TypeError(f"not a predicate: {predicate!r}")

    def selected(self, atom: Atom, reading: Reading, positive: bool) -> Formula:
        """A test with a wildcard in its path: loose, unless the wildcard cannot select anything."""
        parent = self.field(atom.path[: atom.path.index(EVERY)])
        if atom.path[0] is not EVERY and parent.kinds.isdisjoint({kind.OBJECT, kind.ARRAY}):
            return _TRUE if atom.test.holds(MISSING, reading) is positive else _FALSE
        number = self.loosely(atom)
        return number if positive else -number

    def written(self, atom: TextAtom, reading: Reading, positive: bool) -> Formula:
        """A test of the event's text. The text has a word if a tested field has it, or if it is written in every
        event. Otherwise it may have the word: other fields can hold any text."""
        number = self.loosely(atom)
        parts: list[Formula] = [number if positive else -number]
        for word in atom.words:
            if word in self.always_written:
                return _TRUE if positive else _FALSE
            holds = Equals(f"*{word}*")
            parts += [self.formula(Atom(path, holds), reading, positive) for path in self.tested]
        return self.join("|" if positive else "&", parts)

    def loosely(self, atom: Atom | TextAtom) -> int:
        """The number of a loose question. Both answers are tried, and the event that is built must agree."""
        return self.loose.setdefault(atom, LOOSE + len(self.loose))

    def question(self, path: FieldPath, test: Test, reading: Reading) -> Question:
        key = (path, test, reading)
        if key not in self.questions:
            self.questions[key] = Question(len(self.questions) + 1, *key)
            self.by_path.setdefault(path, []).append(self.questions[key])
            for length in range(1, len(path)):
                self.below[path[:length]].append(self.questions[key])
        return self.questions[key]

    def solve(self, formula: Formula) -> bool:
        """Whether any values make the formula true; `chosen` and `loose_answers` then hold them.

        What is tried is on a stack and not in calls: there are as many choices as fields and loose questions.
        """
        tops: dict[object, int] = {}
        for path in self.by_path:
            tops.setdefault(path[0], len(tops))
        self.order = sorted(self.by_path, key=lambda path: (tops[path[0]], len(path)))
        self.position = {
            question.number: place for place, path in enumerate(self.order) for question in self.by_path[path]
        }
        self.chosen: dict[FieldPath, object] = {}
        self.loose_answers: dict[int, bool] = {}
        tried = {_FALSE}
        """Formulas without a solution, and those on the stack, which are larger than what remains of them."""
        stack = [(formula, iter([formula]))]
        while stack:
            rest = next(stack[-1][1], None)
            if rest == _TRUE:
                return True
            if rest is None:
                stack.pop()
            elif rest not in tried:
                tried.add(rest)
                stack.append((rest, self.rests(rest)))
        return False

    def rests(self, formula: Formula) -> Iterator[Formula]:
        """What remains of the formula with each answer to its first question, or each value of its first field."""
        first = self.first(formula)
        if first >= LOOSE:
            for answer in (False, True):
                self.loose_answers[first] = answer
                yield self.assume(formula, {first: answer})
            del self.loose_answers[first]
            return
        path = self.order[first]
        for cell in self.cells_of(path):
            self.chosen[path] = cell.value
            yield self.assume(formula, cell.answers)
        self.chosen.pop(path, None)

    def first(self, formula: Formula) -> int:
        """The position of the first field that the formula depends on. Without one: the first loose question."""
        if isinstance(formula, int):
            return self.position.get(abs(formula), abs(formula))
        self.steps.spend(len(formula[1]))
        return min(map(self.first, formula[1]))

    def assume(self, formula: Formula, answers: dict[int, bool]) -> Formula:
        """The formula that remains with these answers."""
        if isinstance(formula, int):
            answer = answers.get(abs(formula))
            return formula if answer is None else _TRUE if answer is (formula > 0) else _FALSE
        sign, parts = formula
        return self.join(sign, [self.assume(part, answers) for part in parts])

    def join(self, sign: str, parts: Sequence[Formula]) -> Formula:
        self.steps.spend(len(parts))
        joined = _join(sign, parts)
        if isinstance(joined, tuple):
            self.steps.spend(max(0, len(joined[1]) - len(parts)))
        return joined

    def cells_of(self, path: FieldPath) -> list[Cell]:
        if path not in self.known_cells:
            cells = Cells(path, self.records, self.by_path[path], self.below[path], self.steps)
            self.known_cells[path] = list(cells)
            self.complete = self.complete and cells.complete
        return self.known_cells[path]

    def event(self) -> Event | None:
        """The sample that has most of the chosen values, with the others set in it; None where it does not give the
        loose answers that were tried."""

        def likeness(sample: Event) -> int:
            return sum(value_at(sample, path) == value for path, value in self.chosen.items())

        paths = [*self.chosen, *(atom.path for atom in self.loose if isinstance(atom, Atom))]
        if any(len(path) > DEEPEST for path in paths):
            return None
        if any(isinstance(step, int) and step > LONGEST_ARRAY for path in paths for step in path):
            return None
        self.steps.spend(2 * len(paths) * len(self.records.samples))
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
        cells = Cells(("value",), Records({}), [question], [], self.steps)
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
