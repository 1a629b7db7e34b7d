"""The proofs of one run: they share a limit of steps, can be stopped, and are kept.

A right filter beside a hundred intricate ones is still proven in time if its question is asked first. So whoever has
many questions asks each with few steps before any with more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from filter_pattern.find import BUDGET, Answer, Empty, Undecided, convincing, decide, steps_of_matching, unmatched
from filter_pattern.parser import Pattern, parse
from filter_pattern.predicate import Event, Predicate
from filter_pattern.records import Records
from filter_pattern.steps import Steps
from filter_pattern.tokenizer import PatternSyntaxError

ALL = 30_000_000
"""Steps that all decisions of a run may take: about half a minute."""

MOST = 10_000
"""Decisions, and patterns, that are kept. Those that were made first are dropped first."""

OUT_OF_STEPS = Undecided("the filter patterns took all the steps that one assessment may take", too_large=True)
OUT_OF_TIME = Undecided("there was no time left to decide filter patterns", too_large=True)


class Proofs:
    """Decides as `find`, `unseen` and `implies` do, and parses as `parse` does. Equal questions are decided once.

    steps: how many all decisions together may take.
    stop: asked every few thousand steps whether to stop. Once it said so, every further question is Undecided.

    left: the steps that are left. What is Undecided only because the run's steps or its time are used up is not kept.
    """

    def __init__(self, steps: int = ALL, stop: Callable[[], bool] = lambda: False) -> None:
        self.left = steps
        self._stop = stop
        self._stopped = False
        self._patterns: dict[str, Pattern | PatternSyntaxError] = {}
        self._answers: dict[tuple[Predicate, Records], tuple[Answer, int]] = {}

    @property
    def over(self) -> Undecided | None:
        """Why nothing more is decided; None where that is not so."""
        self._stopped = self._stopped or self._stop()
        return OUT_OF_TIME if self._stopped else OUT_OF_STEPS if self.left <= 0 else None

    def parse(self, text: str) -> Pattern:
        """As `parse`, which raises PatternSyntaxError."""
        if text not in self._patterns:
            try:
                found: Pattern | PatternSyntaxError = parse(text)
            except PatternSyntaxError as error:
                found = error
            _keep(self._patterns, text, found)
        found = self._patterns[text]
        if isinstance(found, PatternSyntaxError):
            raise found.with_traceback(None)
        return found

    def find(self, predicate: Predicate, records: Records, budget: int = BUDGET) -> Answer:
        """As `find`; `budget` limits this decision."""
        question = predicate, records
        answer, tried = self._answers.get(question, (None, 0))
        if answer is not None and (tried >= budget or not _too_large(answer)):
            return answer
        if (over := self.over) is not None:
            return over
        budget = min(budget, self.left)
        steps = Steps(budget, self._stop)
        answer = decide(predicate, records, steps)
        self.left -= steps.taken
        self._stopped = steps.stopped
        if _too_large(answer) and (self._stopped or self.left <= 0):
            return self.over or answer
        _keep(self._answers, question, (answer, budget))
        return answer

    def unseen(
        self, required: Predicate, covering: Iterable[Predicate], records: Records, budget: int = BUDGET
    ) -> Answer:
        """As `unseen`; `budget` limits this decision."""
        return self.find(unmatched(required, covering), records, budget)

    def implies(self, one: Predicate, other: Predicate, records: Records, budget: int = BUDGET) -> bool:
        """As `implies`."""
        return isinstance(self.unseen(one, [other], records, budget), Empty)

    def convincing(self, event: Event, predicate: Predicate, records: Records) -> Event:
        """An event that convinces more than the one that was found, and satisfies the predicate too, if there is one:
        as far as what is known of the records tells, and the steps that are left."""
        if self.over is not None:
            return event
        steps = Steps(min(BUDGET, self.left), self._stop)
        better = convincing(event, predicate, records, steps)
        self.left -= steps.taken
        self._stopped = steps.stopped
        return better

    def matched(self, predicate: Predicate, events: Sequence[Event]) -> tuple[Event, ...] | Undecided:
        """Those of the events that the predicate matches."""
        if (over := self.over) is not None:
            return over
        self.left -= len(events) * steps_of_matching(predicate)
        return tuple(filter(predicate.matches, events))


def _too_large(answer: Answer) -> bool:
    return isinstance(answer, Undecided) and answer.too_large


def _keep(kept: dict, key: object, value: object) -> None:  # type: ignore[type-arg]
    if len(kept) >= MOST:
        kept.pop(next(iter(kept)))
    kept[key] = value
