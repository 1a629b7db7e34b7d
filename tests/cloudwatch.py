"""What Amazon CloudWatch does with log events, metric filters and alarms, minute by minute.

A reference to test against, so plain rather than quick. It follows the CloudWatch user guide, "Alarm evaluation",
"Configuring how CloudWatch alarms treat missing data", "Using math expressions with CloudWatch metrics" and "Composite
alarms", and the CloudWatch Logs user guide, "Creating metrics from log events using filters". CloudWatch evaluates
every minute; this does so only where a period ends. It has nothing from the product: Python's own parser reads the math
and the rules.
"""

import ast
import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial, reduce
from itertools import pairwise
from typing import Any, Literal

State = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]
Statistic = Literal["Sum", "SampleCount", "Maximum", "Minimum", "Average"]
Comparison = Literal[
    "GreaterThanOrEqualToThreshold", "GreaterThanThreshold", "LessThanThreshold", "LessThanOrEqualToThreshold"
]
MissingData = Literal["missing", "ignore", "breaching", "notBreaching"]
DefaultPer = Literal["minute", "event"]

Samples = list[tuple[float, int]]  # a value, and how often it was published


@dataclass(frozen=True)
class Filter:
    """A metric filter: what it publishes for a log event that matches, and for want of one."""

    value: float = 1
    default: float | None = None


@dataclass(frozen=True)
class Events:
    """The log events of one minute in the log group of one filter."""

    matching: int = 0
    other: int = 0


@dataclass(frozen=True)
class Alarm:
    """An alarm in the words of PutMetricAlarm: `datapoints` out of `evaluation_periods`, M out of N."""

    statistic: Statistic = "Sum"
    comparison: Comparison = "GreaterThanOrEqualToThreshold"
    threshold: float = 1
    period: int = 300
    evaluation_periods: int = 1
    datapoints: int = 1
    missing_data: MissingData = "missing"


def publish(metric_filter: Filter, events: Events, default_per: DefaultPer) -> Samples:
    """What one filter publishes in one minute.

    "Creating metrics from log events using filters" has the default reported when log events arrive and none of them
    matches; the API reference, "MetricTransformation", can be read as one for each log event that does not match.
    """
    samples = [(metric_filter.value, events.matching)]
    if metric_filter.default is not None:
        per_minute = int(events.other > 0 and not events.matching)
        samples.append((metric_filter.default, per_minute if default_per == "minute" else events.other))
    return [(value, count) for value, count in samples if count]


def aggregate(statistic: Statistic, samples: Samples) -> float | None:
    """The data point of one period, None if it is missing ("Statistics definitions")."""
    if not samples:
        return None
    count = sum(count for _, count in samples)
    total = sum(value * count for value, count in samples)
    match statistic:
        case "Sum":
            return total
        case "SampleCount":
            return count
        case "Maximum":
            return max(value for value, _ in samples)
        case "Minimum":
            return min(value for value, _ in samples)
        case "Average":
            return total / count


def breaches(alarm: Alarm, data_point: float | Fraction | None) -> bool | None:
    """Whether a data point is beyond the threshold, None if it is missing."""
    if data_point is None:
        return None
    match alarm.comparison:
        case "GreaterThanOrEqualToThreshold":
            return data_point >= alarm.threshold
        case "GreaterThanThreshold":
            return data_point > alarm.threshold
        case "LessThanThreshold":
            return data_point < alarm.threshold
        case "LessThanOrEqualToThreshold":
            return data_point <= alarm.threshold


def evaluate(alarm: Alarm, evaluation_range: Sequence[bool | None], state: State) -> State:
    """The next state, from which periods of the evaluation range breach: oldest first, None if missing.

    "How alarm state is evaluated when data is missing" and "Avoiding premature transitions to alarm state". Their text
    leaves more than one rule open; what the tables add to it is said below.
    """
    real = [(age, point) for age, point in enumerate(reversed(evaluation_range), start=1) if point is not None]
    evaluated = real[: alarm.evaluation_periods]
    breaching = sum(point for _, point in evaluated)
    enough = breaching >= alarm.datapoints
    if len(evaluated) == alarm.evaluation_periods:
        return "ALARM" if enough else "OK"
    only_breaching = breaching == len(evaluated)
    match alarm.missing_data:
        case "breaching":
            enough = breaching + alarm.evaluation_periods - len(evaluated) >= alarm.datapoints
        case "ignore":
            # One point that does not breach makes it OK: 2 out of 3 is so for "- - - - 0" and "0 - X - -", although
            # their fills could still reach 2. Without such a point the state is kept, as for "- - X - -".
            if only_breaching and not enough:
                return state
        case "missing":
            if not real:
                return "INSUFFICIENT_DATA"
            # The premature transition. It asks only for breaching or missing points more recent than the oldest
            # breaching one, but "0 - X - -" is OK for 2 out of 3: an older point that does not breach rules it out
            # too. Of "Evaluation Periods number of data points" and "evaluation range" it is the latter, which the
            # page says last and which includes, as elsewhere, all real points.
            enough = enough or (only_breaching and real[-1][0] >= alarm.datapoints)
        case "notBreaching":
            pass
    return "ALARM" if enough else "OK"


def run(
    alarm: Alarm,
    filters: Sequence[Filter],
    minutes: Iterable[Sequence[Events]],
    *,
    state: State = "INSUFFICIENT_DATA",
    default_per: DefaultPer = "minute",
    extra: int = 2,
) -> list[State]:
    """The state at the end of each whole period, from the events of each minute, those of each filter in its place.

    Before the first minute there was no data. `extra` is how many periods the evaluation range has more than N: "the
    exact number of data points it attempts to retrieve depends on the length of the alarm period".
    """
    return states_of(alarm, data_points(alarm, filters, minutes, default_per), state=state, extra=extra)


def data_points(
    alarm: Alarm, filters: Sequence[Filter], minutes: Iterable[Sequence[Events]], default_per: DefaultPer = "minute"
) -> list[float | None]:
    """The data point of each whole period of one metric."""
    published = [
        [sample for of, seen in zip(filters, events, strict=True) for sample in publish(of, seen, default_per)]
        for events in minutes
    ]
    length = alarm.period // 60
    periods = (published[start : start + length] for start in range(0, len(published) - length + 1, length))
    return [aggregate(alarm.statistic, [sample for minute in period for sample in minute]) for period in periods]


def states_of(
    alarm: Alarm, found: Iterable[float | Fraction | None], *, state: State = "INSUFFICIENT_DATA", extra: int = 2
) -> list[State]:
    """The state after each of these data points."""
    points: list[bool | None] = [None] * (alarm.evaluation_periods + extra)
    states: list[State] = []
    for data_point in found:
        points = [*points[1:], breaches(alarm, data_point)]
        state = evaluate(alarm, points, state)
        states.append(state)
    return states


# Metric math

AllMissing = Literal["missing", "zero"]
"""What the result is where all time series are missing, and what MAX and MIN make of one of them that is: the user
guide says neither."""

Point = Fraction | None
TimeSeries = list[Point]
Value = Any
"""A time series, a scalar (Fraction), or an array (a tuple) of time series."""


def compute(
    expression: str, metrics: Mapping[str, Sequence[float | None]], seconds: int, all_missing: AllMissing
) -> TimeSeries:
    """The time series that an expression is, of metrics by their ids, with periods of so many seconds."""
    text = re.sub(r"&&|\bAND\b", " and ", re.sub(r"\|\||\bOR\b", " or ", expression))
    series = {
        name: [None if point is None else Fraction(point) for point in points] for name, points in metrics.items()
    }
    found = _Math(series, seconds, all_missing).value(ast.parse(text.strip(), mode="eval").body)
    assert isinstance(found, list), "the final result must be a single time series"
    return found


_ARITHMETIC: Mapping[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_COMPARISON: Mapping[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_LOGICAL: Mapping[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.And: lambda one, other: bool(one) and bool(other),
    ast.Or: lambda one, other: bool(one) or bool(other),
}


@dataclass(frozen=True)
class _Math:
    metrics: Mapping[str, TimeSeries]
    seconds: int
    all_missing: AllMissing

    def value(self, tree: ast.expr) -> Value:
        match tree:
            case ast.Constant(value=int() | float() as value):
                return Fraction(str(value))
            case ast.Name(id=name):
                return self.metrics[name]
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return self.both(operator.sub, Fraction(0), self.value(operand))
            case ast.BinOp(left=left, op=op, right=right):
                return self.both(_ARITHMETIC[type(op)], self.value(left), self.value(right))
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return self.both(_COMPARISON[type(op)], self.value(left), self.value(right))
            case ast.BoolOp(op=op, values=values):
                return reduce(partial(self.both, _LOGICAL[type(op)]), map(self.value, values))
            case ast.List(elts=elements):
                return tuple(map(self.value, elements))
            case ast.Call(func=ast.Name(id=name), args=arguments):
                return self.call(name, [self.value(argument) for argument in arguments])
        raise AssertionError(ast.dump(tree))

    def both(self, of: Callable[[Any, Any], Any], one: Value, other: Value) -> Value:
        """Arithmetic and comparisons: "Missing values in a time series are treated as 0. If the value of a data point
        causes a function to attempt to divide by zero, the data point is dropped." """
        if isinstance(one, tuple):
            return tuple(self.both(of, each, other) for each in one)
        if isinstance(other, tuple):
            return tuple(self.both(of, one, each) for each in other)
        if isinstance(one, Fraction) and isinstance(other, Fraction):
            return Fraction(of(one, other))
        length = len(one if isinstance(one, list) else other)
        series = [each if isinstance(each, list) else [each] * length for each in (one, other)]
        in_time = [each for each in (one, other) if isinstance(each, list)]
        found: TimeSeries = []
        for at in range(length):
            if all(each[at] is None for each in in_time) and self.all_missing == "missing":
                found.append(None)
                continue
            try:
                found.append(Fraction(of(*(each[at] or Fraction(0) for each in series))))
            except ZeroDivisionError:
                found.append(None)
        return found

    def call(self, name: str, arguments: Sequence[Value]) -> Value:
        if name == "METRICS":
            return tuple(self.metrics.values())
        first, *more = arguments
        if name in ("ABS", "RATE", "FILL") and isinstance(first, tuple):
            return tuple(self.call(name, [each, *more]) for each in first)
        match name:
            case "ABS":
                return [None if point is None else abs(point) for point in first]
            case "RATE":
                return self.rate(first)
            case "FILL":
                (filler,) = more
                fillers = filler if isinstance(filler, list) else [filler] * len(first)
                return [by if point is None else point for point, by in zip(first, fillers, strict=True)]
            case "IF":
                return self.condition(first, *more)
            case "SUM":
                return reduce(partial(self.both, operator.add), first)
            case "AVG":
                total = reduce(partial(self.both, operator.add), first)
                return self.both(operator.truediv, total, Fraction(len(first)))
            case "MAX" | "MIN":
                return self.extreme(max if name == "MAX" else min, first)
        raise AssertionError(name)

    def rate(self, series: TimeSeries) -> TimeSeries:
        """ "The difference between the latest data point value and the previous data point value, divided by the time
        difference in seconds between the two values." """
        real = [(at, point) for at, point in enumerate(series) if point is not None]
        found: TimeSeries = [None] * len(series)
        for (before, earlier), (at, latest) in pairwise(real):
            found[at] = (latest - earlier) / ((at - before) * self.seconds)
        return found

    def condition(self, condition: TimeSeries, then: Value, otherwise: Value = None) -> TimeSeries:
        """The lists under "Using IF expressions"."""
        found: TimeSeries = []
        for at, of in enumerate(condition):
            if of is None:
                found.append(None)
            elif of:
                found.append((then[at] or Fraction(0)) if isinstance(then, list) else then)
            else:
                found.append(otherwise[at] if isinstance(otherwise, list) else otherwise)
        return found

    def extreme(self, of: Callable[[list[Any]], Any], array: Sequence[Value]) -> TimeSeries:
        length = next(len(each) for each in array if isinstance(each, list))
        found: TimeSeries = []
        for at in range(length):
            points = [each[at] if isinstance(each, list) else each for each in array]
            if self.all_missing == "zero":
                points = [point or Fraction(0) for point in points]
            present = [point for point in points if point is not None]
            found.append(of(present) if present else None)
        return found


# Composite alarms


def composite(rule: str, states: Mapping[str, State]) -> State:
    """The state of a composite alarm, by the states of the alarms that its rule names."""
    text = re.sub(r"(\d+)%", r"PERCENT(\1)", rule)
    for ours, pythons in (("NOT", "~"), ("AND", "&"), ("OR", "|"), ("TRUE", "_Bool(True)"), ("FALSE", "_Bool(False)")):
        text = re.sub(rf"\b{ours}\b", pythons, text)
    names: dict[str, Any] = {"_Bool": _Bool, "PERCENT": _Percent, "AT_LEAST": _at_least}
    for wanted in ("ALARM", "OK", "INSUFFICIENT_DATA"):
        names[wanted] = _Condition(wanted)
    for name, state in states.items():
        names[name] = (state,)
    value = eval(text, {"__builtins__": {}}, names)  # noqa: S307 (of rules that a test has made)
    return "ALARM" if value.holds else "OK"


@dataclass(frozen=True)
class _Bool:
    holds: bool

    def __and__(self, other: "_Bool") -> "_Bool":
        return _Bool(self.holds and other.holds)

    def __or__(self, other: "_Bool") -> "_Bool":
        return _Bool(self.holds or other.holds)

    def __invert__(self) -> "_Bool":
        return _Bool(not self.holds)


@dataclass(frozen=True)
class _Condition:
    """`ALARM`, as a function of an alarm, and as what AT_LEAST asks for."""

    state: str
    negated: bool = False

    def __call__(self, alarm: tuple[State]) -> _Bool:
        return _Bool((alarm[0] == self.state) is not self.negated)

    def __invert__(self) -> "_Condition":
        return _Condition(self.state, not self.negated)


@dataclass(frozen=True)
class _Percent:
    value: int


def _at_least(wanted: int | _Percent, condition: _Condition, alarms: Any) -> _Bool:
    listed = alarms if isinstance(alarms[0], tuple) else (alarms,)  # in Python, `(a)` is `a`
    holding = sum(condition(alarm).holds for alarm in listed)
    return _Bool(holding / len(listed) * 100 >= wanted.value if isinstance(wanted, _Percent) else holding >= wanted)
