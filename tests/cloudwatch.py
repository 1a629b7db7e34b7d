"""What Amazon CloudWatch does with log events, metric filters and an alarm, minute by minute.

A reference to test against, so plain rather than quick. It follows the CloudWatch user guide, "Alarm evaluation" and
"Configuring how CloudWatch alarms treat missing data", and the CloudWatch Logs user guide, "Creating metrics from log
events using filters". CloudWatch evaluates every minute; this does so only where a period ends.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

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


def breaches(alarm: Alarm, data_point: float | None) -> bool | None:
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
    published = [
        [sample for of, seen in zip(filters, events, strict=True) for sample in publish(of, seen, default_per)]
        for events in minutes
    ]
    length = alarm.period // 60
    points: list[bool | None] = [None] * (alarm.evaluation_periods + extra)
    states: list[State] = []
    for start in range(0, len(published) - length + 1, length):
        samples = [sample for minute in published[start : start + length] for sample in minute]
        points = [*points[1:], breaches(alarm, aggregate(alarm.statistic, samples))]
        state = evaluate(alarm, points, state)
        states.append(state)
    return states
