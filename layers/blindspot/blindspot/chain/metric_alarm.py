"""The metric alarm: whether it goes to ALARM on one refused call, and returns to OK.

Two questions are asked of an alarm on one metric or on metric math: do so many copies of one event within one period
take it to ALARM from another state, and does it then return to OK? They are answered for a log group in which other
log events arrive all the time, and for one in which they do not, since a metric filter's default value is published
only where log events arrive. Where the answers differ, the alarm is a doubt.

Source: CloudWatch user guide, "Using Amazon CloudWatch alarms", with its section "Configuring how CloudWatch alarms
treat missing data"; CloudWatch Logs user guide, "Creating metrics from log events using filters".

Where something is not known, such as how many ordinary calls a filter counts, or what metric math makes of missing
data, every possible value is looked at. The alarm holds if it does so for each of them, and is broken if it is so for
each.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from fractions import Fraction
from functools import lru_cache
from itertools import product
from typing import NamedTuple

from blindspot.languages import metric_math
from blindspot.languages.metric_math import Expression, Metric, NotWorkedOut, Point, Points, Range, Rate, every_part
from blindspot.languages.three_valued import Truth
from blindspot.model.arn import short
from blindspot.model.findings import HOLDS, Doubt, Finding, Gap, Holds
from blindspot.model.snapshot import MathAlarm, MetricAlarm, MetricQuery

COMPARISONS = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
"""How a data point is compared with the threshold, by ComparisonOperator."""

_SIGNS = dict(zip(COMPARISONS, (">=", ">", "<", "<="), strict=True))

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
    ordinary: whether it counts ordinary calls. every: whether it counts every call that arrives in its log group.
    """

    value: Fraction
    default: Fraction | None
    own: bool
    local: bool
    count: int = 1
    may_arrive: bool = False
    ordinary: Truth = Truth.FALSE
    every: bool = False


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


def watches(alarm: MetricAlarm | MathAlarm) -> Expression:
    """What the alarm compares with its threshold, as an expression of its metrics. Raises NotWorkedOut."""
    found = _parsed(queries(alarm))
    if isinstance(found, str):
        raise NotWorkedOut(found)
    return found


@lru_cache(maxsize=100)
def _parsed(lines: tuple[MetricQuery, ...]) -> Expression | str:
    """The expression of the line that is returned, or what cannot be analyzed; kept, as much is asked of one alarm."""
    returned = [query.name for query in lines if query.returned]
    if len(returned) != 1:
        return "several lines that are compared with the threshold, or none"
    periods = {query.period for query in lines if query.expression is None}
    seconds = periods.pop() if len(periods) == 1 else None
    try:
        return metric_math.expression({query.name: query.expression for query in lines}, returned[0], seconds)
    except NotWorkedOut as part:
        return str(part)


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
    lines = queries(alarm)
    try:
        names = metric_math.metrics_of(watches(alarm))
    except NotWorkedOut:
        return lines
    return tuple(query for query in lines if query.name in names)


@dataclass(frozen=True, slots=True)
class Firing:
    """What a gap or a doubt about an alarm's settings says, but for its name: many alarms may have these settings."""

    kind: type[Gap | Doubt]
    code: str
    message: str

    def of(self, alarm: MetricAlarm | MathAlarm) -> Gap | Doubt:
        """The finding on the alarm."""
        return self.kind(self.code, alarm.arn, self.message.format(name=short(alarm.arn), terms=terms(alarm)))


def settings(alarm: MetricAlarm | MathAlarm) -> MetricAlarm | MathAlarm:
    """What `check_settings` depends on: the same for two alarms that differ only in their names, actions and states."""
    return replace(alarm, arn="", actions_enabled=True, actions=(), state="OK", state_since=None)


def check_firing(alarm: MetricAlarm | MathAlarm, feeds: Feeds, copies: int) -> Finding:
    """Whether `copies` of one event within one period take the alarm to ALARM, and it then returns to OK."""
    firing = check_settings(alarm, feeds, copies)
    return HOLDS if firing is HOLDS else firing.of(alarm)


def check_settings(alarm: MetricAlarm | MathAlarm, feeds: Feeds, copies: int) -> Firing | Holds:
    """As `check_firing`, for every alarm with these settings."""
    try:
        watched = _analyzed(alarm, feeds)
    except NotWorkedOut as reason:
        return _unclear(reason)
    found: dict[bool, set[_Outcome]] = {True: set(), False: set()}
    unclear: Firing | None = None
    for busy, outcomes in found.items():
        for world in _worlds(feeds, watched, busy=busy):
            try:
                outcomes.update(_outcomes(alarm, watched, world, copies))
            except NotWorkedOut as part:
                outcomes.add(_Outcome.UNKNOWN)
                unclear = unclear or _unclear(_not_analyzed(part))
    while_busy, while_idle = found.values()
    if while_busy | while_idle == {_Outcome.HOLDS}:
        return HOLDS
    if while_busy & {_Outcome.HOLDS, _Outcome.UNKNOWN}:
        on = "other log events" if isinstance(watched, Metric) else "other log events or on missing data"
        message = f"Whether alarm {{name}} ({{terms}}) goes to ALARM and returns to OK depends on {on}."
        return unclear or Firing(Doubt, "alarm.unclear", message)
    if while_busy <= {_Outcome.NEVER, _Outcome.FLOODED, _Outcome.INSENSITIVE} and len(while_busy) > 1:
        while_busy.discard(_Outcome.NEVER)  # where no number takes it to ALARM, neither one nor many do
    code, message = _GAPS[min(while_busy, key=lambda outcome: outcome.value)]
    return Firing(Gap, code, message.format(calls=_calls(copies), alarm="alarm {name} ({terms})"))


def stays_on_ordinary_calls(alarm: MetricAlarm | MathAlarm, feeds: Feeds) -> bool:
    """Whether the ordinary calls that metric filters count, many in each period, surely keep the alarm in ALARM. This
    is taken for granted where nothing but one metric is compared with the threshold."""
    try:
        watched = _analyzed(alarm, feeds)
        if isinstance(watched, Metric):
            return True
        arriving = {query: [_with_ordinary_calls(feed) for feed in each] for query, each in feeds.items()}
        worlds = (_World(arriving, True, True, each_event, frozenset(), False, MANY) for each_event in (False, True))
        return all(_breaches(alarm, point) is Truth.TRUE for world in worlds for point in world.at_rest(watched))
    except NotWorkedOut:
        return isinstance(alarm, MetricAlarm)


def _with_ordinary_calls(feed: Feed) -> Feed:
    """The filter, if it surely counts the ordinary calls that it may count."""
    return replace(feed, local=True, ordinary=Truth.of(feed.ordinary is not Truth.FALSE))


def surely_returns_to_ok(alarm: MetricAlarm | MathAlarm, feeds: Feeds) -> bool:
    """Whether the alarm is surely not in ALARM in a period without refused calls that has data."""
    try:
        watched = _analyzed(alarm, feeds)
        worlds = (world for busy in (False, True) for world in _worlds(feeds, watched, busy=busy))
        return all(_breaches(alarm, point) is Truth.FALSE for world in worlds for point in world.at_rest(watched))
    except NotWorkedOut:
        return False


def _unclear(reason: NotWorkedOut) -> Firing:
    escaped = str(reason).replace("{", "{{").replace("}", "}}")  # it may quote metric math
    return Firing(Doubt, "alarm.unclear", f"Alarm {{name}} {escaped}.")


def _not_analyzed(part: NotWorkedOut) -> NotWorkedOut:
    return NotWorkedOut(f"watches metric math that Blindspot cannot analyze: {part}")


def _analyzed(alarm: MetricAlarm | MathAlarm, feeds: Feeds) -> Expression:
    """What the alarm watches. Raises NotWorkedOut, which says why the alarm cannot be analyzed."""
    try:
        watched = watches(alarm)
    except NotWorkedOut as part:
        raise _not_analyzed(part) from None
    if not all(feeds.get(query) for query in metrics(alarm)):
        raise NotWorkedOut("also watches a metric to which no known metric filter adds")
    if alarm.comparison not in COMPARISONS or any(query.statistic not in _STATISTICS for query in feeds):
        raise NotWorkedOut("has a comparison or statistic that Blindspot cannot analyze")
    if len(_others(feeds)) > MOST_FEEDS:
        raise NotWorkedOut("watches metrics with more metric filters than Blindspot can analyze")
    return watched


_GAPS = {
    _Outcome.NEVER: ("alarm.never-fires", "No number of refused calls takes {alarm} to ALARM."),
    _Outcome.FLOODED: ("alarm.never-fires", "Many refused calls within one period do not take {alarm} to ALARM."),
    _Outcome.INSENSITIVE: ("alarm.insensitive", "{calls} take {alarm} to ALARM."),
    _Outcome.WAITS: ("alarm.insensitive", "One period of refused calls does not take {alarm} to ALARM."),
    _Outcome.LATCHES: ("alarm.latches", "After one refused call {alarm} never returns to OK."),
}


class _Sample(NamedTuple):
    """A value, and how often it is published in a period: at least so often and at most so often."""

    value: Fraction
    fewest: int
    most: int


@dataclass(frozen=True, slots=True)
class _World:
    """One way things may be: whether other log events arrive all the time, here and in other log groups; whether AWS
    publishes a default value for each log event or for each minute; and which other filters match.

    monotonic: whether the alarm compares one metric, so that it is enough to look at very many other log events.
    ordinary: the smallest number of ordinary calls in a period, where log events arrive.
    """

    feeds: Feeds
    busy: bool
    others_busy: bool
    each_event: bool
    matching: frozenset[tuple[MetricQuery, Feed]]
    monotonic: bool
    ordinary: int = 1

    def points(self, fewest: int, most: int) -> dict[str, Points]:
        """By line, the points of a period with at least and at most so many copies of the refused call."""
        return {query.name: _points(query, list(self._samples(query, fewest, most))) for query in self.feeds}

    def at_rest(self, watched: Expression) -> Points:
        """What the alarm watches while there is no refused call."""
        return watched.at([self.points(0, 0)])

    def _samples(self, query: MetricQuery, fewest: int, most: int) -> Iterator[_Sample]:
        minutes = max(query.period // 60, 1)
        for feed in self.feeds[query]:
            counts = feed.own or (feed.local and feed.every) or (query, feed) in self.matching
            # Of a number of calls that is not known, some of the filters that are alike may count none.
            few, many = (fewest * (feed.count if fewest == most else 1), most * feed.count) if counts else (0, 0)
            counts_ordinary = feed.ordinary is not Truth.FALSE and (self.busy or not feed.local)
            if counts_ordinary:
                few += self.ordinary * feed.count if feed.local and feed.ordinary is Truth.TRUE else 0
                many += MANY * feed.count
            yield _Sample(feed.value, few, many)
            if feed.default is None:
                continue
            busy = self.busy if feed.local else self.others_busy or counts_ordinary
            unmatched = (fewest, most) if feed.local and not counts else (0, 0)
            if self.each_event:
                few, many = (calls + (MANY if busy else 0) for calls in unmatched)
            else:
                # The calls are taken to come within one minute.
                others = minutes - (1 if most and (counts or feed.local) else 0) if busy else 0
                few = many = others + (1 if unmatched[0] else 0)
            if busy and not self.monotonic:
                few = 0 if counts and most else 1 + unmatched[0] if self.each_event else 1
            yield _Sample(feed.default, 0 if counts_ordinary else few * feed.count, many * feed.count)

    def fills(self, watched: Expression) -> bool:
        """Whether log events, when they arrive again, surely end a time without data."""
        return None not in replace(self, busy=True).at_rest(watched)

    @property
    def sparse(self) -> bool:
        """Whether periods are shorter than the minute in which a log event counts (metrics from logs are so coarse)."""
        return any(query.period < 60 for query in self.feeds)


def number_of_worlds(alarm: MetricAlarm | MathAlarm, feeds: Feeds) -> int:
    """How many ways things may be are tried for an alarm with these feeds, for each part of its metric math; 0 if it is
    not analyzed."""
    try:
        return (8 << len(_others(feeds))) * sum(1 for _ in every_part(_analyzed(alarm, feeds)))
    except NotWorkedOut:
        return 0


def _worlds(feeds: Feeds, watched: Expression, *, busy: bool) -> Iterator[_World]:
    others = _others(feeds)
    elsewhere = any(not feed.local and feed.default is not None for each in feeds.values() for feed in each)
    others_busy = (False, True) if elsewhere else (busy,)
    for away, each_event, *chosen in product(others_busy, (False, True), *((False, True) for _ in others)):
        matching = frozenset(other for other, matches in zip(others, chosen, strict=True) if matches)
        yield _World(feeds, busy, away, each_event, matching, isinstance(watched, Metric))


def _others(feeds: Feeds) -> list[tuple[MetricQuery, Feed]]:
    """The filters that may count the refused call as well. Those that are alike move the alarm most if all do."""
    return [
        (query, feed)
        for query, each in feeds.items()
        for feed in each
        if (feed.may_arrive or (feed.local and not feed.every)) and not feed.own
    ]


def _points(query: MetricQuery, published: Sequence[_Sample]) -> Points:
    possible = [sample for sample in published if sample.most]
    statistic = _STATISTICS[query.statistic or ""]
    if not possible:
        return (None,)
    if any(sample.fewest for sample in possible):
        return (statistic(possible),)
    # At least one of them is published, or there are no data.
    ranges = [
        statistic([*possible[:number], sample._replace(fewest=1), *possible[number + 1 :]])
        for number, sample in enumerate(possible)
    ]
    return None, Range(min(each.low for each in ranges), max(each.high for each in ranges))


Samples = Sequence[_Sample]
"""What is published in a period: something surely is."""


def _total(samples: Samples) -> Range:
    ends = [sorted((value * fewest, value * most)) for value, fewest, most in samples]
    return Range(sum((low for low, _ in ends), Fraction(0)), sum((high for _, high in ends), Fraction(0)))


def _count(samples: Samples) -> Range:
    return Range(Fraction(sum(sample.fewest for sample in samples)), Fraction(sum(sample.most for sample in samples)))


def _average(samples: Samples) -> Range:
    """The largest average is that of the values from some value on as often as possible, and of the smaller ones as
    rarely as possible; the smallest the other way round."""
    ordered = sorted(samples)
    found = []
    for number in range(len(ordered) + 1):
        below, above = ordered[:number], ordered[number:]
        for few, many in ((below, above), (above, below)):
            counts = [*((value, fewest) for value, fewest, _ in few), *((value, most) for value, _, most in many)]
            published = sum(count for _, count in counts)
            if published:
                found.append(sum((value * count for value, count in counts), Fraction(0)) / published)
    return Range(min(found), max(found))


def _maximum(samples: Samples) -> Range:
    surely = max(sample.value for sample in samples if sample.fewest)
    return Range(surely, max(sample.value for sample in samples))


def _minimum(samples: Samples) -> Range:
    surely = min(sample.value for sample in samples if sample.fewest)
    return Range(min(sample.value for sample in samples), surely)


_STATISTICS: Mapping[str, Callable[[Samples], Range]] = {
    "Sum": _total,
    "SampleCount": _count,
    "Average": _average,
    "Maximum": _maximum,
    "Minimum": _minimum,
}


def _breaches(alarm: MetricAlarm | MathAlarm, point: Point) -> Truth:
    """Whether the point is beyond the threshold. One that is missing is not, or is treated as if it were."""
    if point is None:
        return Truth.UNKNOWN if alarm.missing_data == "breaching" else Truth.FALSE
    compare, threshold = COMPARISONS[alarm.comparison], Fraction(alarm.threshold)
    low, high = (bool(compare(end, threshold)) for end in point)
    return Truth.of(low) if low is high else Truth.UNKNOWN


def _outcomes(alarm: MetricAlarm | MathAlarm, watched: Expression, world: _World, copies: int) -> Iterator[_Outcome]:
    """What the alarm may do in one world."""
    quiet = world.points(0, 0)
    one, flood = ([world.points(number, number), quiet] for number in (copies, MANY))
    # Where only one metric is compared, its values on any number of calls are between these.
    any_number = one if isinstance(watched, Metric) else [world.points(copies, MANY), quiet]
    fired = list(product(*({_breaches(alarm, point) for point in watched.at(on)} for on in (one, flood, any_number))))
    remembers = any(isinstance(part, Rate) for part in every_part(watched))
    # What remembers the period before may go to ALARM one period late.
    after = [point for called in (one, flood) for point in watched.at([quiet, *called])] if remembers else []
    late = any(_breaches(alarm, point) is not Truth.FALSE for point in after)
    # The alarm is not in ALARM, and does not go there, where as many calls were refused in the period before.
    steady = remembers and any(_breaches(alarm, point) is not Truth.TRUE for point in watched.at([one[0], one[0]]))
    at_rest = {(point is None or world.sparse, _breaches(alarm, point)) for point in watched.at([quiet])}
    for missing, found in at_rest:
        breaching = Truth.TRUE if missing and alarm.missing_data == "breaching" else found
        if breaching is not Truth.FALSE:
            yield _Outcome.LATCHES
        if breaching is Truth.TRUE:
            continue
        for fires, floods, always in fired:
            if late and (fires, floods) != (Truth.TRUE, Truth.TRUE):
                yield _Outcome.UNKNOWN
            if fires is not Truth.TRUE:
                yield _Outcome.NEVER if floods is Truth.FALSE else _Outcome.INSENSITIVE
            if fires is Truth.FALSE:
                continue
            if floods is not Truth.TRUE:
                yield _Outcome.FLOODED
            if floods is Truth.FALSE:
                continue
            if always is not Truth.TRUE:
                yield _Outcome.UNKNOWN
            elif alarm.datapoints > 1:
                yield _Outcome.UNKNOWN if remembers else _after_one_of_several(alarm, world, missing=missing)
            elif steady:
                raise NotWorkedOut("RATE, which is 0 while as many calls are refused in each period")
            else:
                ends = not missing or alarm.missing_data != "ignore" or world.fills(watched)
                yield _Outcome.HOLDS if ends else _Outcome.LATCHES


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


def terms(alarm: MetricAlarm | MathAlarm) -> str:
    """The alarm's settings, in few words."""
    of = alarm.statistic if isinstance(alarm, MetricAlarm) else "metric math"
    period = max(query.period for query in queries(alarm))
    sign = _SIGNS.get(alarm.comparison, alarm.comparison)
    return (
        f"{of} {sign} {alarm.threshold:g}, {alarm.datapoints} of {alarm.evaluation_periods} periods of {period} s, "
        f"missing data {alarm.missing_data}"
    )
