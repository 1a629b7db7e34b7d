"""Which patterns match an event: those of metric filters, each asked of a million events. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from blindspot.review.refused_call import LONGEST_TEXT
from filter_pattern import Atom, Event, FieldPath, Pattern, atoms

MOST_KEPT = 10_000
"""Combinations of fields for which it is kept which patterns match."""


class Matching:
    """Which of some patterns match an event, each pattern with the ARN of its log group, or None for all log groups.

    Events with the same text in all fields that the patterns test are asked once. Patterns that test more than some
    named fields are asked each time.

    kept: for the text of the fields, which patterns match; at most MOST_KEPT.
    """

    def __init__(self, watched: Sequence[tuple[str | None, Pattern]]) -> None:
        self._log_groups = [log_group for log_group, _ in watched]
        numbered = [(1 << number, pattern) for number, (_, pattern) in enumerate(watched)]
        self._by_fields = [one for one in numbered if _tests_named_fields(one[1])]
        self._of_json = [one for one in numbered if one[1].text.startswith("{") and one not in self._by_fields]
        self._of_text = [one for one in numbered if not one[1].text.startswith("{")]
        tested = (atom.path for _, pattern in self._by_fields for atom in atoms(pattern) if isinstance(atom, Atom))
        self._paths = tuple(dict.fromkeys(tested))
        self._of_log_group: dict[str, int] = {}
        self.kept: dict[tuple[object, ...], int] = {}

    def seen_by(self, event: Event, message: str, log_group: str) -> int:
        """A bit for each pattern that is watched in the log group and matches the event, the first the lowest.

        message: the event as it was logged.
        """
        if log_group not in self._of_log_group:
            there = (1 << number for number, of in enumerate(self._log_groups) if of in (None, log_group))
            self._of_log_group[log_group] = sum(there)
        matching = self._by_named_fields(event) | _matching(self._of_json, event) | _matching(self._of_text, message)
        return matching & self._of_log_group[log_group]

    def _by_named_fields(self, event: Event) -> int:
        values = tuple([_kept_value(event, path) for path in self._paths])
        if _NOT_KEPT in values:
            return _matching(self._by_fields, event)
        if values not in self.kept:
            if len(self.kept) >= MOST_KEPT:
                self.kept.clear()
            self.kept[values] = _matching(self._by_fields, event)
        return self.kept[values]


def _tests_named_fields(pattern: Pattern) -> bool:
    paths = [atom.path for atom in atoms(pattern) if isinstance(atom, Atom)]
    return pattern.text.startswith("{") and all(isinstance(step, str) for path in paths for step in path)


def _matching(patterns: Iterable[tuple[int, Pattern]], event: Event | str) -> int:
    return sum(bit for bit, pattern in patterns if pattern.matches(event))


def _kept_value(event: Event, path: FieldPath) -> object:
    """What decides a test of the field: its text or constant, or that it is missing. Not kept are numbers (`1` equals
    `true` in Python), objects and arrays (which have no hash), and long texts."""
    value: object = event
    for step in path:
        if not isinstance(value, dict) or step not in value:
            return _MISSING
        value = value[step]
    if isinstance(value, str):
        return value if len(value) <= LONGEST_TEXT else _NOT_KEPT
    return value if value is None or isinstance(value, bool) else _NOT_KEPT


_MISSING, _NOT_KEPT = object(), object()
