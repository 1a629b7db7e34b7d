"""Does an alarm fire and return: what is worked out agrees with a simulation of CloudWatch, minute by minute."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blindspot.chain.metric_alarm import MOST_FEEDS, Feed, check_firing, queries
from blindspot.model.findings import HOLDS, Doubt, Finding, Gap
from blindspot.model.snapshot import MathAlarm, MetricQuery
from tests import cloudwatch
from tests.builders import a_math_alarm, an_alarm
from tests.cloudwatch import Events, Filter

FLOOD = 10**6
"""Calls, or other log events, in one minute: more than any threshold here."""

COMPARISONS = (
    "GreaterThanOrEqualToThreshold",
    "GreaterThanThreshold",
    "LessThanThreshold",
    "LessThanOrEqualToThreshold",
)

filters = st.builds(Filter, st.sampled_from([1, 2, 0.5, 0, -1]), st.sampled_from([None, None, 0, 1, -1]))


@st.composite
def alarms(draw: st.DrawFn) -> Any:
    periods = draw(st.integers(1, 4))
    return an_alarm(
        statistic=draw(st.sampled_from(["Sum", "SampleCount", "Maximum", "Minimum", "Average"])),
        comparison=draw(st.sampled_from(COMPARISONS)),
        threshold=float(draw(st.sampled_from([-1, 0, 0.5, 1, 1, 1, 2, 5, 10]))),
        period=draw(st.sampled_from([60, 300])),
        evaluation_periods=periods,
        datapoints=draw(st.integers(1, periods)),
        missing_data=draw(st.sampled_from(["missing", "notBreaching", "breaching", "ignore"])),
    )


def is_heard(alarm: Any, both: tuple[Filter, ...], *, copies: int, also: bool, other: int, per: Any) -> bool:
    """Whether the alarm goes from rest to ALARM when so many calls come within a minute, and leaves it again.

    also: whether the second filter matches the calls too. other: other log events in each minute; where there are
    none, some arrive in the end.
    """
    minutes = alarm.period // 60
    long = (3 * alarm.evaluation_periods + 6) * minutes

    def minute(calls: int, others: int) -> tuple[Events, ...]:
        first = Events(calls, others)
        return (first, Events(calls, others) if also else Events(0, others + calls))[: len(both)]

    quiet, stirring = [minute(0, other)] * long, [minute(0, max(other, 1))] * long
    burst = [minute(copies, other), *[minute(0, other)] * (minutes - 1)]
    watched = cloudwatch.Alarm(
        alarm.statistic,
        alarm.comparison,
        alarm.threshold,
        alarm.period,
        alarm.evaluation_periods,
        alarm.datapoints,
        alarm.missing_data,
    )
    timeline = [*quiet, *burst, *quiet, *stirring]
    states = cloudwatch.run(watched, both, timeline, state="OK", default_per=per)
    before = states[: long // minutes]
    after = states[long // minutes :]
    return before[-1] != "ALARM" and "ALARM" in after and after[-1] != "ALARM"


def histories(both: tuple[Filter, ...], *, busy: bool) -> Iterator[dict[str, Any]]:
    """Everything that may be the case beside the calls."""
    seconds = (False, True) if len(both) > 1 else (False,)
    for also, per, copies in product(seconds, ("minute", "event"), (1, FLOOD)):
        for other in (FLOOD,) if busy else (0, 1, FLOOD):
            yield {"also": also, "per": per, "copies": copies, "other": other}


@settings(max_examples=3000)
@given(alarms(), st.tuples(filters) | st.tuples(filters, filters))
def test_the_simulation_agrees(alarm: Any, both: tuple[Filter, ...]) -> None:
    feeds = [
        Feed(Fraction(one.value), None if one.default is None else Fraction(one.default), own=number == 0, local=True)
        for number, one in enumerate(both)
    ]
    found = check_firing(alarm, {queries(alarm)[0]: feeds}, copies=1)
    if found is HOLDS:
        assert all(is_heard(alarm, both, **history) for history in histories(both, busy=False))
    if isinstance(found, Gap):
        once = [history for history in histories(both, busy=True) if history["copies"] == 1]
        flood = [history for history in histories(both, busy=True) if history["copies"] != 1]
        assert not any(
            is_heard(alarm, both, **one) and is_heard(alarm, both, **many)
            for one, many in zip(once, flood, strict=False)
        )


def one(value: float = 1, default: float | None = None, *, own: bool = True, local: bool = True) -> Feed:
    return Feed(Fraction(value), None if default is None else Fraction(default), own, local)


def of_math(expression: str, **feeds: list[Feed]) -> Finding:
    """What is found of metric math over the metrics of these names."""
    metrics = {
        name: MetricQuery(name, namespace="CISBenchmark", metric=name, statistic="Sum", period=300) for name in feeds
    }
    alarm = a_math_alarm(expression)
    alarm = MathAlarm(alarm.arn, (alarm.queries[0], *metrics.values()))
    return check_firing(alarm, {metrics[name]: each for name, each in feeds.items()}, copies=1)


SECOND = one(own=False)
MATH = [
    ("m1", {"m1": [one()]}, None, "a metric as it is"),
    ("FILL(m1, 0)", {"m1": [one()]}, None, "zero where data are missing"),
    ("FILL(m1, 5)", {"m1": [one()]}, "alarm.latches", "five where data are missing breaches at rest"),
    ("m1 + m2", {"m1": [one()], "m2": [SECOND]}, None, "missing values are treated as 0"),
    (
        "m1 + m2",
        {"m1": [one(default=0)], "m2": [one(default=0, own=False)]},
        None,
        "a default for the call itself",
    ),
    ("SUM([m1, m2])", {"m1": [one()], "m2": [SECOND]}, None, "SUM takes what is there"),
    ("SUM(METRICS())", {"m1": [one()], "m2": [SECOND]}, None, "all metrics of the alarm"),
    ("FILL(m1, 0) + FILL(m2, 0)", {"m1": [one()], "m2": [SECOND]}, None, "filled before they are added"),
    ("m1 / m2", {"m1": [one()], "m2": [SECOND]}, "alarm.unclear", "a share of what may be none"),
    ("RATE(FILL(m1, 0)) * 300", {"m1": [one()]}, None, "one more than before, per second"),
    ("RATE(m1) * 300", {"m1": [one()]}, "alarm.unclear", "the call before may be long ago"),
    ("FILL(m1, REPEAT)", {"m1": [one()]}, "alarm.unclear", "what was last there goes on"),
    ("IF(m1 > 0, 1)", {"m1": [one()]}, None, "a condition"),
    ("IF(m1 > 0, 0, 1)", {"m1": [one()]}, "alarm.never-fires", "0 on a call; missing at rest, or 1"),
    ("IF(FILL(m1, 0) > 0, 0, 1)", {"m1": [one()]}, "alarm.latches", "1 at rest"),
    ("LOG(m1)", {"m1": [one()]}, "alarm.unclear", "a function that is not supported"),
    ("SUM([m1, m9])", {"m1": [one()]}, "alarm.unclear", "a query that is not there"),
    ("SUM([m1, m2])", {"m1": [one()], "m2": []}, "alarm.unclear", "a metric of which nothing is known"),
    ("e1", {"m1": [one()]}, "alarm.unclear", "an expression of itself"),
    ("+".join(["m1"] * 300), {"m1": [one()]}, None, "a long sum"),
    ("+".join(["m1"] * 700), {"m1": [one()]}, "alarm.unclear", "longer than AWS allows"),
    ("m1 +", {"m1": [one()]}, "alarm.unclear", "not an expression"),
]


@pytest.mark.parametrize(("expression", "feeds", "code", "why"), MATH)
def test_metric_math(expression: str, feeds: dict[str, list[Feed]], code: str | None, why: str) -> None:
    found = of_math(expression, **feeds)
    assert (None if found is HOLDS else found.code) == code, why


def test_periods_shorter_than_a_minute_are_without_data_most_of_the_time() -> None:
    for treatment, default, code in (
        ("missing", None, None),
        ("missing", 0.0, None),
        ("ignore", None, "alarm.latches"),
        ("ignore", 0.0, None),
        ("breaching", 0.0, "alarm.latches"),
    ):
        alarm = an_alarm(period=10, missing_data=treatment)
        found = check_firing(alarm, {queries(alarm)[0]: [one(default=default)]}, copies=1)
        assert (None if found is HOLDS else found.code) == code


def test_more_filters_than_can_be_combined_are_not_worked_out() -> None:
    others = [one(value=number, own=False) for number in range(2, MOST_FEEDS + 3)]
    alarm = an_alarm()
    assert check_firing(alarm, {queries(alarm)[0]: [one(), *others[:MOST_FEEDS]]}, copies=1) is HOLDS
    found = check_firing(alarm, {queries(alarm)[0]: [one(), *others]}, copies=1)
    assert isinstance(found, Doubt)


@pytest.mark.parametrize(
    ("bent", "copies", "message"),
    [
        ({"threshold": 10.0}, 1, "One refused call does not take alarm unauthorized (Sum >= 10, 1 of 1 periods"),
        ({"threshold": 10.0}, 9, "9 refused calls within one period do not take alarm unauthorized"),
        ({"statistic": "Maximum", "threshold": 2.0}, 1, "No number of refused calls takes alarm unauthorized"),
        ({"comparison": "LessThanThreshold", "threshold": 5.0}, 1, "Many refused calls within one period do not take"),
        ({"missing_data": "ignore"}, 1, "After one refused call alarm unauthorized (Sum >= 1, 1 of 1 periods"),
    ],
)
def test_a_gap_says_what_the_alarm_goes_by(bent: dict[str, Any], copies: int, message: str) -> None:
    alarm = an_alarm(**bent)
    found = check_firing(alarm, {queries(alarm)[0]: [one()]}, copies)
    assert isinstance(found, Gap)
    assert found.message.startswith(message)
