"""How often an alarm would have gone to ALARM, day by day, from the refused calls and its own terms. Pure.

A period that began before the time that was read counts, with the calls since then; one that has not ended does not.
A period belongs to the day (UTC) of its last second.

Source: CloudWatch user guide, "Using Amazon CloudWatch alarms" and "Configuring how CloudWatch alarms treat missing
data"; CloudWatch Logs user guide, "Creating metrics from log events using filters".
"""

from __future__ import annotations

import operator
from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache, partial
from itertools import chain, repeat
from typing import NamedTuple

from blindspot.review.alarm_states import Evaluation, State, changes_to_alarm, states
from blindspot.review.forecast_alarms import Feed, ForecastAlarm, Terms, after_reading, alarms_of
from blindspot.review.tally import Cell, Interval, Key, Tally

__all__ = [
    "Count",
    "Feed",
    "Forecast",
    "ForecastAlarm",
    "Forecaster",
    "Terms",
    "after_reading",
    "alarms_of",
    "forecast",
]


class Count(NamedTuple):
    """How often on a day. They differ where it depends on log events that are no refused calls: the two counts are for
    such in every minute, and for none at all."""

    fewest: int
    most: int


Forecast = Mapping[date, Count]
"""For every day of the interval, in UTC, how often the alarm went to ALARM. Empty for an alarm that is not known."""


def forecast(alarm: ForecastAlarm, tally: Tally, interval: Interval, without: Collection[Key] = ()) -> Forecast:
    """How often the alarm goes to ALARM if no filter matches the calls of the groups in `without`. Whoever asks more
    than once makes one `Forecaster`."""
    return Forecaster(alarm, tally, interval).forecast(without)


class Forecaster:
    """The refused calls of an interval as they feed one alarm: counted once, forecast for any exclusions.

    period_ends: when each period ended, in seconds since 1970: multiples of its length.
    """

    def __init__(self, alarm: ForecastAlarm, tally: Tally, interval: Interval) -> None:
        self._days = range(interval.start // _DAY, -(-interval.end // _DAY))
        self._feeds = alarm.feeds if alarm.not_known is None else ()
        self._terms = alarm.terms or Terms()
        period = self._terms.period
        start = interval.start // period * period
        self.period_ends = range(start + period, interval.end + 1, period)
        has_default = any(feed.default is not None for feed in self._feeds)
        self._step = _MINUTE if has_default else period
        self._steps = range(start // self._step, start // self._step + len(self.period_ends) * period // self._step)
        self._cells = {feed.watched: _cells_of(tally, feed.watched) for feed in self._feeds}
        self._by_key: dict[tuple[int, Key], tuple[array[int], array[int]]] = {}
        self._all = {number: self._total(chain.from_iterable(cells.values())) for number, cells in self._cells.items()}
        if has_default:
            self._every_minute = bytes((minute + 1) * _MINUTE > interval.start for minute in self._steps)
            self._arriving = {number: self._arrivals(tally, number) for number in self._cells}

    def forecast(self, without: Collection[Key] = ()) -> Forecast:
        """How often the alarm goes to ALARM on each day if no filter matches the calls of these groups."""
        if not self._feeds:
            return {}
        matches = self._matches(without)
        by_day = [self._by_day(points) for points in {self._points(matches, busy=busy) for busy in (True, False)}]
        counts = ((day, [each[day] for each in by_day]) for day in self._days)
        return {date.fromordinal(_EPOCH + day): Count(min(each), max(each)) for day, each in counts}

    def states(self, without: Collection[Key] = (), *, busy: bool) -> list[State]:
        """The alarm's state at each of `period_ends`. busy: whether other log events arrive in every minute."""
        if not self._feeds:
            return []
        return list(states(self._evaluation, self._points(self._matches(without), busy=busy)))

    @property
    def _evaluation(self) -> Evaluation:
        return Evaluation(self._terms.evaluation_periods, self._terms.datapoints, self._terms.missing_data)

    def _by_day(self, points: bytes) -> Counter[int]:
        changes = changes_to_alarm(self._evaluation, points)
        return Counter((self.period_ends[number] - _MINUTE) // _DAY for number in changes)

    def _matches(self, without: Collection[Key]) -> dict[int, list[int]]:
        """By pattern, how many calls it matches in each step."""
        left = {number: list(counts) for number, counts in self._all.items()}
        for number, counts in left.items():
            for key in dict.fromkeys(without):
                for step, count in zip(*self._of_key(number, key), strict=True):
                    counts[step] -= count
        return left

    def _of_key(self, number: int, key: Key) -> tuple[array[int], array[int]]:
        """The steps in which the pattern matches calls of the group, and how many in each."""
        if (number, key) not in self._by_key:
            counted = self._counted(self._cells[number].get(key, ()))
            self._by_key[number, key] = _array(counted), _array(counted.values())
        return self._by_key[number, key]

    def _total(self, cells: Iterable[Cell]) -> list[int]:
        counted = self._counted(cells)
        return [counted.get(step, 0) for step in range(len(self._steps))]

    def _counted(self, cells: Iterable[Cell]) -> dict[int, int]:
        """How many calls of the cells are in each step, by its number."""
        counted: Counter[int] = Counter()
        for cell in cells:
            counted.update(map(operator.floordiv, cell.seconds, repeat(self._step)))
        return {step - self._steps.start: count for step, count in counted.items() if step in self._steps}

    def _arrivals(self, tally: Tally, number: int) -> bytes:
        """For each minute, whether a refused call arrives in the log group of the pattern, matched or not."""
        log_group = tally.watched[number].log_group
        arriving = self._counted(cell for cell in tally.cells.values() if log_group in (None, cell.log_group))
        return bytes(step in arriving for step in range(len(self._steps)))

    def _points(self, matches: Mapping[int, Sequence[int]], *, busy: bool) -> bytes:
        """The data points of the periods, as `alarm_states` has them."""
        columns: list[Sequence[int]] = []
        for feed in self._feeds:
            counts = matches[feed.watched]
            columns.append(self._summed(counts))
            if feed.default is not None:
                arriving = self._every_minute if busy else self._arriving[feed.watched]
                columns.append(self._summed(bytes(map(operator.gt, arriving, map(bool, counts)))))
        return bytes(map(_keeping(partial(_point, self._terms, self._feeds)), *columns))

    def _summed(self, counts: Sequence[int]) -> list[int]:
        """By period, what is counted by step."""
        steps = self._terms.period // self._step
        return [sum(counts[start : start + steps]) for start in range(0, len(counts), steps)]


_MINUTE, _DAY = 60, 86_400
_EPOCH = date(1970, 1, 1).toordinal()

_array = partial(array, "I")
_keeping = lru_cache(65_536)
"""Keeps the data points of so many counts of calls: most periods have few."""


def _cells_of(tally: Tally, number: int) -> dict[Key, list[Cell]]:
    """The cells that the pattern matches, by group. A pattern of no log group counts each call once."""
    log_group = tally.watched[number].log_group
    found: dict[Key, list[Cell]] = {}
    for cell in tally.cells.values():
        counts = not cell.again if log_group is None else cell.log_group == log_group
        if counts and cell.seen_by >> number & 1:
            found.setdefault(cell.key, []).append(cell)
    return found


def _point(terms: Terms, feeds: Sequence[Feed], *counts: int) -> int:
    """The data point of a period in which each feed published its value so often and, if it has one, its default."""
    values = (value for feed in feeds for value in (feed.value, feed.default) if value is not None)
    return terms.data_point([(value, count) for value, count in zip(values, counts, strict=True) if count])
