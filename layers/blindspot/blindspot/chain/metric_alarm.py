"""The metric alarm: whether it goes to ALARM on one refused call, and returns to OK.

Two questions are asked of an alarm on one metric or on metric math: do so many copies of one event within one period
take it to ALARM from another state, and does it then return to OK? They are answered for a log group in which other
log events arrive all the time, and for one in which they do not, since a metric filter's default value is published
only where log events arrive. Where the answers differ, the alarm is a doubt.

Source: CloudWatch user guide, "Using Amazon CloudWatch alarms", with its section "Configuring how CloudWatch alarms
treat missing data"; CloudWatch Logs user guide, "Creating metrics from log events using filters".
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from fractions import Fraction
from itertools import product

from blindspot.languages import metric_math
from blindspot.languages.metric_math import Expression, Point
from blindspot.model.arn import short
from blindspot.model.findings import HOLDS, Doubt, Finding, Gap, Holds
from blindspot.model.snapshot import MathAlarm, MetricAlarm, MetricQuery

_COMPARISONS = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}

_SIGNS = dict(zip(_COMPARISONS, (">=", ">", "<", "<="), strict=True))

MANY = 10**9
"""More calls than a period holds: an alarm must fire on a flood of calls as well as on one."""

MOST_FEEDS = 6
"""The largest number of other filters that may count the same event: every combination is tried."""


@dataclass(frozen=True, slots=True)
class Feed:
    """A metric filter as it feeds one metric.

    value: what it adds for each match. default: what it adds where log events arrive and none matches, if anything.
    own: whether it is the filter that counts the refused call; any other may count it too, or not.
    local: whether the refused call arrives in its log group. may_arrive: whether another trail may deliver it there.
    count: how many such filters there are.
    """

    value: Fraction
    default: Fraction | None
    own: bool
    local: bool
    count: int = 1
    may_arrive: bool = False


Feeds = Mapping[MetricQuery, Sequence[Feed]]
"""The filters that feed each metric of an alarm. Those of one metric that are alike are one Feed."""


def queries(alarm: MetricAlarm | MathAlarm) -> tuple[MetricQuery, ...]:
    """The alarm's metric math; for an alarm on one metric that metric, as if it were math."""
    if isinstance(alarm, MathAlarm):
        return alarm.queries
    return (
        MetricQuery(
            "metric",
            returned=True,
            namespace=alarm.namespace,
            metric=alarm.metric,
            statistic=alarm.statistic,
            period=alarm.period,
            unit=alarm.unit,
            dimensions=alarm.dimensions,
        ),
    )


def watches(alarm: MetricAlarm | MathAlarm) -> Expression | None:
    """What the alarm compares with its threshold, as an expression of its metrics; None if it cannot be analyzed."""
    lines = queries(alarm)
    returned = [query.name for query in lines if query.returned]
    if len(returned) != 1:
        return None
    try:
        return metric_math.expression({query.name: query.expression for query in lines}, returned[0])
    except metric_math.NotWorkedOut:
        return None


class _Outcome(Enum):
    HOLDS = auto()
    NEVER = auto()
    FLOODED = auto()
    INSENSITIVE = auto()
    WAITS = auto()
    LATCHES = auto()
    UNKNOWN = auto()


def metrics(alarm: MetricAlarm | MathAlarm) -> tuple[MetricQuery, ...]:
    """The metrics that the alarm's state depends on; all lines if its metric math cannot be analyzed."""
    lines, watched = queries(alarm), watches(alarm)
    if watched is None:
        return lines
    names = watched.metrics()
    return tuple(query for query in lines if query.name in names)


@dataclass(frozen=True, slots=True)
class Firing:
    """What a gap or a doubt about an alarm's settings says, but for its name: many alarms may have these settings."""

    kind: type[Gap | Doubt]
    code: str
    message: str

    def of(self, alarm: MetricAlarm | MathAlarm) -> Gap | Doubt:
        """The finding on the alarm."""
        return self.kind(self.code, alarm.arn, self.message.format(name=short(alarm.arn), terms=_terms(alarm)))


def settings(alarm: MetricAlarm | MathAlarm) -> MetricAlarm | MathAlarm:
    """What `check_settings` depends on: the same for two alarms that differ only in their names, actions and states."""
    return replace(alarm, arn="", actions_enabled=True, actions=(), state="OK", state_since=None)


def check_firing(alarm: MetricAlarm | MathAlarm, feeds: Feeds, copies: int) -> Finding:
    """Whether `copies` of one event within one period take the alarm to ALARM, and it then returns to OK."""
    firing = check_settings(alarm, feeds, copies)
    return HOLDS if firing is HOLDS else firing.of(alarm)


def check_settings(alarm: MetricAlarm | MathAlarm, feeds: Feeds, copies: int) -> Firing | Holds:
    """As `check_firing`, for every alarm with these settings."""
    watched = watches(alarm)
    reason = _beyond(alarm, watched, feeds) if watched else "watches metric math that Blindspot cannot analyze"
    if watched is None or reason:
        return Firing(Doubt, "alarm.unclear", f"Alarm {{name}} {reason}.")
    busy = {_outcome(alarm, watched, world, copies) for world in _worlds(feeds, busy=True)}
    idle = {_outcome(alarm, watched, world, copies) for world in _worlds(feeds, busy=False)}
    if busy | idle == {_Outcome.HOLDS}:
        return HOLDS
    if busy & {_Outcome.HOLDS, _Outcome.UNKNOWN}:
        message = "Whether alarm {name} ({terms}) goes to ALARM and returns to OK depends on other log events."
        return Firing(Doubt, "alarm.unclear", message)
    code, message = _GAPS[min(busy, key=lambda outcome: outcome.value)]
    return Firing(Gap, code, message.format(calls=_calls(copies), alarm="alarm {name} ({terms})"))


def _beyond(alarm: MetricAlarm | MathAlarm, watched: Expression, feeds: Feeds) -> str | None:
    """Why the alarm cannot be analyzed; None if it can."""
    if not all(feeds.get(query) for query in metrics(alarm)):
        return "also watches a metric to which no known metric filter adds"
    if alarm.comparison not in _COMPARISONS or any(query.statistic not in _STATISTICS for query in feeds):
        return "has a comparison or statistic that Blindspot cannot analyze"
    if len(_others(feeds)) > MOST_FEEDS:
        return "watches metrics with more metric filters than Blindspot can analyze"
    return None


_GAPS = {
    _Outcome.NEVER: ("alarm.never-fires", "No number of refused calls takes {alarm} to ALARM."),
    _Outcome.FLOODED: ("alarm.never-fires", "Many refused calls within one period do not take {alarm} to ALARM."),
    _Outcome.INSENSITIVE: ("alarm.insensitive", "{calls} take {alarm} to ALARM."),
    _Outcome.WAITS: ("alarm.insensitive", "One period of refused calls does not take {alarm} to ALARM."),
    _Outcome.LATCHES: ("alarm.latches", "After one refused call {alarm} never returns to OK."),
}


@dataclass(frozen=True, slots=True)
class _World:
    """One way things may be: whether other log events arrive all the time, here and in other log groups; whether AWS
    publishes a default value for each log event or for each minute; and which other filters match."""

    feeds: Feeds
    busy: bool
    others_busy: bool
    each_event: bool
    matching: frozenset[tuple[MetricQuery, Feed]]

    def calls(self, copies: int) -> dict[str, Point]:
        """By line, the points of a period with so many copies of the refused call."""
        return {query.name: _point(query, self._samples(query, copies)) for query in self.feeds}

    def quiet(self) -> dict[str, Point]:
        """The points of a period without one."""
        return {query.name: _point(query, self._samples(query, 0)) for query in self.feeds}

    def _samples(self, query: MetricQuery, copies: int) -> Iterator[tuple[Fraction, int]]:
        """Values and how often each is published in a period."""
        minutes = max(query.period // 60, 1)
        for feed in self.feeds[query]:
            matches = copies if feed.own or (query, feed) in self.matching else 0
            if matches:
                yield feed.value, matches * feed.count
            if feed.default is None:
                continue
            busy = self.busy if feed.local else self.others_busy
            unmatched = copies if feed.local and not matches else 0
            if self.each_event:
                yield feed.default, (unmatched + (MANY if busy else 0)) * feed.count
            else:
                # The calls are taken to come within one minute.
                others = minutes - (1 if matches or unmatched else 0) if busy else 0
                yield feed.default, (others + (1 if unmatched else 0)) * feed.count

    @property
    def fills(self) -> bool:
        """Whether log events, when they arrive again, end a time without data."""
        filling = (feed for each in self.feeds.values() for feed in each if feed.default is not None)
        return any(feed.local or self.others_busy for feed in filling)

    @property
    def sparse(self) -> bool:
        """Whether periods are shorter than the minute in which a log event counts (metrics from logs are so coarse)."""
        return any(query.period < 60 for query in self.feeds)


def number_of_worlds(feeds: Feeds) -> int:
    """How many ways things may be are tried for an alarm with these feeds; 0 if it is not analyzed."""
    others = len(_others(feeds))
    return 8 << others if others <= MOST_FEEDS else 0


def _worlds(feeds: Feeds, *, busy: bool) -> Iterator[_World]:
    others = _others(feeds)
    elsewhere = any(not feed.local and feed.default is not None for each in feeds.values() for feed in each)
    others_busy = (False, True) if elsewhere else (busy,)
    for away, each_event, *chosen in product(others_busy, (False, True), *((False, True) for _ in others)):
        matching = frozenset(other for other, matches in zip(others, chosen, strict=True) if matches)
        yield _World(feeds, busy, away, each_event, matching)


def _others(feeds: Feeds) -> list[tuple[MetricQuery, Feed]]:
    """The filters that may count the refused call as well. Those that are alike move the alarm most if all do."""
    return [
        (query, feed)
        for query, each in feeds.items()
        for feed in each
        if (feed.local or feed.may_arrive) and not feed.own
    ]


def _point(query: MetricQuery, samples: Iterable[tuple[Fraction, int]]) -> Point:
    published = [(value, count) for value, count in samples if count]
    return _STATISTICS[query.statistic or ""](published) if published else None


Samples = Sequence[tuple[Fraction, int]]
"""Values, and how often each was published."""


def _total(samples: Samples) -> Fraction:
    return sum((value * count for value, count in samples), Fraction(0))


def _count(samples: Samples) -> Fraction:
    return Fraction(sum(count for _, count in samples))


_STATISTICS: Mapping[str, Callable[[Samples], Fraction]] = {
    "Sum": _total,
    "SampleCount": _count,
    "Average": lambda samples: _total(samples) / _count(samples),
    "Maximum": lambda samples: max(value for value, _ in samples),
    "Minimum": lambda samples: min(value for value, _ in samples),
}


def _outcome(alarm: MetricAlarm | MathAlarm, watched: Expression, world: _World, copies: int) -> _Outcome:
    """What the alarm does in one world."""

    def breaches(point: Point) -> bool:
        return point is not None and bool(_COMPARISONS[alarm.comparison](point, Fraction(alarm.threshold)))

    quiet = watched.at(world.quiet())
    missing = quiet is None or world.sparse
    if breaches(quiet) or (missing and alarm.missing_data == "breaching"):
        return _Outcome.LATCHES
    fires, floods = (breaches(watched.at(world.calls(number))) for number in (copies, MANY))
    if not fires:
        return _Outcome.INSENSITIVE if floods else _Outcome.NEVER
    if not floods:
        return _Outcome.FLOODED
    if alarm.datapoints > 1:
        return _after_one_of_several(alarm, world, missing=missing)
    ends = not missing or world.fills or alarm.missing_data != "ignore"
    return _Outcome.HOLDS if ends else _Outcome.LATCHES


def _after_one_of_several(alarm: MetricAlarm | MathAlarm, world: _World, *, missing: bool) -> _Outcome:
    """An alarm that waits for several breaching periods, and gets one.

    Where all others are missing and treated as missing, it fires when the one is as old as the number it waits for
    ("Avoiding premature transitions to alarm state").
    """
    if not missing or alarm.missing_data != "missing":
        return _Outcome.WAITS
    return _Outcome.UNKNOWN if world.sparse else _Outcome.HOLDS


def _calls(copies: int) -> str:
    return "One refused call does not" if copies == 1 else f"{copies} refused calls within one period do not"


def _terms(alarm: MetricAlarm | MathAlarm) -> str:
    """The alarm's settings."""
    of = alarm.statistic if isinstance(alarm, MetricAlarm) else "metric math"
    period = max(query.period for query in queries(alarm))
    sign = _SIGNS.get(alarm.comparison, alarm.comparison)
    return (
        f"{of} {sign} {alarm.threshold:g}, {alarm.datapoints} of {alarm.evaluation_periods} periods of {period} s, "
        f"missing data {alarm.missing_data}"
    )
