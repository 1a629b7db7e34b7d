"""The state of a metric alarm at the end of each period, from the data points of its metric. Pure.

Source: CloudWatch user guide, "Alarm evaluation" (M out of N) and "Configuring how CloudWatch alarms treat missing
data", with its section "Avoiding premature transitions to alarm state". CloudWatch evaluates every minute; here it is
done only where a period ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache, partial
from itertools import chain, pairwise
from typing import Literal, NamedTuple

State = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]

MISSING, WITHIN, BREACHING = b"-0X"
"""The data point of a period: none, one within the threshold, one beyond it. So the user guide writes them."""

TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")
"""What an alarm may do about missing data."""

PERIODS_BEFORE = 2
"""How many periods the evaluation range has more than N. AWS does not say it exactly; in the user guide's tables, where
N is 3, it has five."""

_keeping = lru_cache(4096)
"""Keeps the results of so many evaluation ranges. With N = 1 there are 27."""


class Evaluation(NamedTuple):
    """How an alarm is evaluated: `datapoints` out of `evaluation_periods` (M out of N), and what it does about missing
    data, of TREATMENTS."""

    evaluation_periods: int
    datapoints: int
    missing_data: str


def states(evaluation: Evaluation, points: bytes) -> Iterator[State]:
    """The state at the end of each period.

    points: a data point for each period, the oldest first. Before the first there was none, and the state was OK.
    """
    length = evaluation.evaluation_periods + PERIODS_BEFORE
    decided = _keeping(partial(_decided, evaluation))
    points = bytes([MISSING]) * length + points
    state: State = "OK"
    for end in range(length + 1, len(points) + 1):
        state = decided(points[end - length : end]) or state
        yield state


def changes_to_alarm(evaluation: Evaluation, points: bytes) -> list[int]:
    """The numbers of the periods at whose end the alarm goes to ALARM; as for `states`."""
    in_alarm = (state == "ALARM" for state in states(evaluation, points))
    return [number for number, (before, after) in enumerate(pairwise(chain([False], in_alarm))) if after and not before]


def _decided(evaluation: Evaluation, window: bytes) -> State | None:
    """The state after this evaluation range; None where it stays as it is."""
    number, needed, treatment = evaluation
    real = window.translate(None, bytes([MISSING]))[-number:]
    breaching, missing = real.count(BREACHING), number - len(real)
    if treatment == "breaching":
        breaching += missing
    elif missing and breaching < needed and breaching == len(real):
        # Nothing that is known speaks against ALARM.
        if treatment == "ignore":
            return None
        if treatment == "missing":
            return _not_premature(window, needed)
    return "ALARM" if breaching >= needed else "OK"


def _not_premature(window: bytes, needed: int) -> State:
    """The state where missing data are treated as missing, and all data points there are, fewer than needed, breach: it
    is ALARM when the oldest of them is at least as old as the number that is needed."""
    oldest = window.find(BREACHING)
    if oldest < 0:
        return "INSUFFICIENT_DATA"
    return "ALARM" if len(window) - oldest >= needed else "OK"
