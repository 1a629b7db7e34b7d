"""The simulation gives what the CloudWatch user guide says, so that it can be the reference of other tests."""

from fractions import Fraction
from itertools import groupby
from typing import Any, get_args

import pytest

from tests.cloudwatch import (
    Alarm,
    AllMissing,
    Comparison,
    DefaultPer,
    Events,
    Filter,
    MissingData,
    Samples,
    State,
    Statistic,
    aggregate,
    breaches,
    composite,
    compute,
    evaluate,
    publish,
    run,
)

POINTS = {"-": None, "X": True, "0": False}
RETAIN = "retain current state"

# "Configuring how CloudWatch alarms treat missing data", both tables, M out of N being 3 out of 3 and 2 out of 3.
TREATMENTS: tuple[MissingData, ...] = ("missing", "ignore", "breaching", "notBreaching")
DOCUMENTED = {
    (3, "0 - X - X"): ("OK", "OK", "OK", "OK"),
    (3, "0 - - - -"): ("OK", "OK", "OK", "OK"),
    (3, "- - - - -"): ("INSUFFICIENT_DATA", RETAIN, "ALARM", "OK"),
    (3, "0 X X - X"): ("ALARM", "ALARM", "ALARM", "ALARM"),
    (3, "- - X - -"): ("ALARM", RETAIN, "ALARM", "OK"),
    (2, "0 - X - X"): ("ALARM", "ALARM", "ALARM", "ALARM"),
    (2, "0 0 X 0 X"): ("ALARM", "ALARM", "ALARM", "ALARM"),
    (2, "0 - X - -"): ("OK", "OK", "ALARM", "OK"),
    (2, "- - - - 0"): ("OK", "OK", "ALARM", "OK"),
    (2, "- - - X -"): ("ALARM", RETAIN, "ALARM", "OK"),
}

QUIET = Events()
REFUSED = Events(matching=1)
OTHER = Events(other=2)
BURST_AT = 52  # in the period of minutes 50 to 54, the eleventh


def _points(text: str) -> list[bool | None]:
    return [POINTS[mark] for mark in text.split()]


def _states(
    alarm: Alarm, metric_filter: Filter | None = None, *, otherwise: Events = QUIET, default_per: DefaultPer = "minute"
) -> list[State]:
    """One refused call, with much time before and after it: what the states become, from that of rest to the last."""
    minutes = [[otherwise]] * BURST_AT + [[REFUSED]] + [[otherwise]] * 60
    states = run(alarm, [metric_filter or Filter()], minutes, state="OK", default_per=default_per)
    return [state for state, _ in groupby(states[BURST_AT * 60 // alarm.period - 1 :])]


@pytest.mark.parametrize("current", get_args(State))
@pytest.mark.parametrize(("column", "treatment"), list(enumerate(TREATMENTS)))
@pytest.mark.parametrize(("datapoints", "data"), DOCUMENTED)
def test_the_documented_tables(datapoints: int, data: str, column: int, treatment: MissingData, current: State) -> None:
    documented = DOCUMENTED[datapoints, data][column]
    alarm = Alarm(evaluation_periods=3, datapoints=datapoints, missing_data=treatment)
    assert evaluate(alarm, _points(data), current) == (current if documented == RETAIN else documented)


@pytest.mark.parametrize("data", ["- - - - X", "- - - X -", "- - - X 0", "- - X - 0"])
def test_an_alarm_is_not_premature(data: str) -> None:
    assert evaluate(Alarm(evaluation_periods=3, datapoints=3), _points(data), "OK") == "OK"


def test_the_alarm_that_stays_ok_by_its_last_real_point_goes_off_once_that_is_out_of_range() -> None:
    alarm = Alarm(evaluation_periods=3, datapoints=3, missing_data="breaching")
    assert evaluate(alarm, _points("0 - - - -"), "OK") == "OK"
    assert evaluate(alarm, _points("- - - - -"), "OK") == "ALARM"


@pytest.mark.parametrize(
    ("statistic", "expected"), [("Sum", 11), ("SampleCount", 4), ("Maximum", 5), ("Minimum", 0), ("Average", 2.75)]
)
def test_statistics(statistic: Statistic, expected: float) -> None:
    assert aggregate(statistic, [(5, 2), (1, 1), (0, 1)]) == expected
    assert aggregate(statistic, []) is None


@pytest.mark.parametrize(
    ("comparison", "expected"),
    [
        ("GreaterThanOrEqualToThreshold", [False, True, True, None]),
        ("GreaterThanThreshold", [False, False, True, None]),
        ("LessThanThreshold", [True, False, False, None]),
        ("LessThanOrEqualToThreshold", [True, True, False, None]),
    ],
)
def test_comparisons(comparison: Comparison, expected: list[bool | None]) -> None:
    alarm = Alarm(comparison=comparison, threshold=3)
    assert [breaches(alarm, data_point) for data_point in (2, 3, 4, None)] == expected


@pytest.mark.parametrize(
    ("default", "events", "per_minute", "per_event"),
    [
        (None, Events(matching=2, other=3), [(7, 2)], [(7, 2)]),
        (None, Events(other=3), [], []),
        (0, Events(), [], []),
        (0, Events(other=3), [(0, 1)], [(0, 3)]),
        (0, Events(matching=2, other=3), [(7, 2)], [(7, 2), (0, 3)]),
        (0, Events(matching=2), [(7, 2)], [(7, 2)]),
    ],
)
def test_what_a_filter_publishes(
    default: float | None, events: Events, per_minute: Samples, per_event: Samples
) -> None:
    metric_filter = Filter(value=7, default=default)
    assert publish(metric_filter, events, "minute") == per_minute
    assert publish(metric_filter, events, "event") == per_event


@pytest.mark.parametrize(
    ("treatment", "states"),
    [
        ("missing", ["INSUFFICIENT_DATA", "ALARM", "INSUFFICIENT_DATA"]),
        ("notBreaching", ["OK", "ALARM", "OK"]),
        ("ignore", ["OK", "ALARM"]),
        ("breaching", ["ALARM"]),
    ],
)
def test_one_refused_call_and_the_alarm_of_the_benchmark(treatment: MissingData, states: list[State]) -> None:
    assert _states(Alarm(missing_data=treatment)) == states


@pytest.mark.parametrize(
    ("treatment", "states"),
    [
        ("missing", ["INSUFFICIENT_DATA", "OK", "ALARM", "INSUFFICIENT_DATA"]),
        ("notBreaching", ["OK"]),
        ("ignore", ["OK"]),
        ("breaching", ["ALARM"]),
    ],
)
def test_an_alarm_of_two_points_and_one_refused_call(treatment: MissingData, states: list[State]) -> None:
    assert _states(Alarm(evaluation_periods=3, datapoints=2, missing_data=treatment)) == states


@pytest.mark.parametrize("treatment", TREATMENTS)
@pytest.mark.parametrize("default_per", get_args(DefaultPer))
@pytest.mark.parametrize(
    ("statistic", "threshold", "states"),
    [
        ("Sum", 1, ["OK", "ALARM", "OK"]),
        ("Maximum", 1, ["OK", "ALARM", "OK"]),
        ("SampleCount", 1, ["ALARM"]),
        ("Minimum", 1, ["OK"]),
        ("Average", 1, ["OK"]),
        ("Average", 0.1, ["OK", "ALARM", "OK"]),
    ],
)
def test_a_default_of_nought_while_other_events_arrive(
    statistic: Statistic, threshold: float, states: list[State], default_per: DefaultPer, treatment: MissingData
) -> None:
    alarm = Alarm(statistic=statistic, threshold=threshold, missing_data=treatment)
    assert _states(alarm, Filter(default=0), otherwise=OTHER, default_per=default_per) == states


def test_a_default_says_nothing_while_no_event_arrives() -> None:
    assert _states(Alarm(), Filter(default=1)) == _states(Alarm())


def test_the_reading_of_the_default_decides_what_it_adds_up_to() -> None:
    alarm = Alarm(threshold=10)
    assert _states(alarm, Filter(value=6, default=1), otherwise=OTHER) == ["OK", "ALARM", "OK"]
    assert _states(alarm, Filter(value=6, default=1), otherwise=OTHER, default_per="event") == ["ALARM"]


def test_filters_of_one_metric_add_up_in_the_same_minute_and_period() -> None:
    filters = [Filter(value=2), Filter(value=3)]
    minutes = [[REFUSED, QUIET], [QUIET, REFUSED], [QUIET, QUIET], [REFUSED, QUIET]]
    alarm = Alarm(threshold=5, period=120, missing_data="notBreaching")
    assert run(alarm, filters, minutes) == ["ALARM", "OK"]


def test_the_evaluation_range_decides_how_long_an_alarm_lasts() -> None:
    minutes = [[REFUSED], *[[QUIET]] * 5]
    for extra in (0, 2, 4):
        states = run(Alarm(period=60), [Filter()], minutes, extra=extra)
        assert states == ["ALARM"] * (1 + extra) + ["INSUFFICIENT_DATA"] * (5 - extra)


def test_a_period_that_is_not_over_is_not_evaluated() -> None:
    assert run(Alarm(), [Filter()], [[REFUSED]] * 9) == ["ALARM"]


# Metric math and composite alarms.

METRICS: dict[str, list[float | None]] = {"m1": [30, 20, 0, 0, None], "m2": [20, None, 20, None, None]}


@pytest.mark.parametrize(
    ("expression", "missing", "zero"),
    [
        # "Comparison and logical operators"; what they are where both are missing is not said.
        ("(m1 < m2)", [0, 0, 1, 0, None], [0, 0, 1, 0, 0]),
        ("(m1 >= 30)", [1, 0, 0, 0, None], [1, 0, 0, 0, 0]),
        ("(m1 > 15 AND m2 > 15)", [1, 0, 0, 0, None], [1, 0, 0, 0, 0]),
        ("m1 > 15 || m2 > 15", [1, 1, 1, 0, None], [1, 1, 1, 0, 0]),
        ("m1 + m2", [50, 20, 20, 0, None], [50, 20, 20, 0, 0]),
        ("2 * m1 - m2", [40, 40, -20, 0, None], [40, 40, -20, 0, 0]),
        ("m1 / m2", [Fraction(3, 2), None, 0, None, None], [Fraction(3, 2), None, 0, None, None]),
        ("-m2", [-20, None, -20, None, None], [-20, 0, -20, 0, 0]),
        ("SUM([m1, m2])", [50, 20, 20, 0, None], [50, 20, 20, 0, 0]),
        ("SUM(METRICS() * 2)", [100, 40, 40, 0, None], [100, 40, 40, 0, 0]),
        ("AVG([m1, m2])", [25, 10, 10, 0, None], [25, 10, 10, 0, 0]),
        ("MAX([m1, m2])", [30, 20, 20, 0, None], [30, 20, 20, 0, 0]),
        ("MIN([m1, m2])", [20, 20, 0, 0, None], [20, 0, 0, 0, 0]),
        ("ABS(m1 - 2 * m2)", [10, 20, 40, 0, None], [10, 20, 40, 0, 0]),
        ("FILL(m2, 5)", [20, 5, 20, 5, 5], [20, 5, 20, 5, 5]),
        ("FILL(m2, m1)", [20, 20, 20, 0, None], [20, 20, 20, 0, None]),
        ("RATE(m1) * 60", [None, -10, -20, 0, None], [0, -10, -20, 0, 0]),
        ("RATE(m2) * 60", [None, None, 0, None, None], [0, 0, 0, 0, 0]),
        ("IF(m1, m2, 5)", [20, 0, 5, 5, None], [20, 0, 5, 5, None]),
        ("IF(m1, m2)", [20, 0, None, None, None], [20, 0, None, None, None]),
        ("IF(m1, 7, m2)", [7, 7, 20, None, None], [7, 7, 20, None, None]),
    ],
)
def test_metric_math(expression: str, missing: list[Any], zero: list[Any]) -> None:
    by_reading: dict[AllMissing, list[Any]] = {"missing": missing, "zero": zero}
    for reading, expected in by_reading.items():
        assert compute(expression, METRICS, 60, reading) == expected


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("ALARM(a)", "ALARM"),
        ("ALARM(b)", "OK"),
        ("OK(b) AND INSUFFICIENT_DATA(c)", "ALARM"),
        ("NOT ALARM(a) OR ALARM(b)", "OK"),
        ("NOT (ALARM(b) OR ALARM(c)) AND TRUE", "ALARM"),
        ("ALARM(a) AND FALSE", "OK"),
        ("AT_LEAST(1, ALARM, (a, b, c))", "ALARM"),
        ("AT_LEAST(2, ALARM, (a, b, c))", "OK"),
        ("AT_LEAST(2, NOT ALARM, (a, b, c))", "ALARM"),
        ("AT_LEAST(33%, ALARM, (a, b, c))", "ALARM"),
        ("AT_LEAST(34%, ALARM, (a, b, c))", "OK"),
        ("NOT AT_LEAST(1, NOT ALARM, (a))", "ALARM"),
    ],
)
def test_a_composite_alarm(rule: str, expected: State) -> None:
    assert composite(rule, {"a": "ALARM", "b": "OK", "c": "INSUFFICIENT_DATA"}) == expected
