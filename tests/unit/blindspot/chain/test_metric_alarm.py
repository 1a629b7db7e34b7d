"""Does an alarm fire and return: what is worked out agrees with a simulation of CloudWatch, minute by minute."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import product
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from blindspot.chain.metric_alarm import (
    MANY,
    MOST_FEEDS,
    Feed,
    _average,
    _points,
    _Sample,
    check_firing,
    number_of_worlds,
    queries,
    stays_on_ordinary_calls,
    surely_returns_to_ok,
)
from blindspot.languages.metric_math import Range
from blindspot.languages.three_valued import Truth
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


# Metric math, generated: m1 is fed by the filter that counts the call, m2 by another, and both by what matches as well.

EXPRESSIONS = st.recursive(
    st.sampled_from(["m1", "m1", "m2", "FILL(m1, 0)", "FILL(m2, 0)", "m1 / m2", "m1 + m2", "RATE(FILL(m1, 0))"]),
    lambda parts: (
        st.builds("{} {} {}".format, parts, st.sampled_from("+-*/"), parts | st.sampled_from(["1", "2", "0.5"]))
        | st.builds("({} {} {})".format, parts, st.sampled_from([">", ">=", "<", "<=", "==", "!="]), parts)
        | st.builds("({} {} {})".format, parts, st.sampled_from(["> 0 AND", "> 0 OR", "&&", "||"]), parts)
        | st.builds("IF({}, {}, {})".format, parts, parts, parts | st.sampled_from(["0", "1"]))
        | st.builds("IF({} > 0, {})".format, parts, parts | st.just("1"))
        | st.builds("{}([{}, {}])".format, st.sampled_from(["SUM", "MAX", "MIN", "AVG"]), parts, parts)
        | st.builds("FILL({}, {})".format, parts, st.sampled_from(["0", "1", "-1"]) | parts)
        | st.builds("ABS({})".format, parts)
        | st.builds("SUM({} * [{}, {}])".format, parts, parts, parts)
        | st.builds("-({})".format, parts)
    ),
    max_leaves=4,
)


def is_heard_in_math(
    alarm: MathAlarm,
    both: tuple[Filter, Filter],
    *,
    copies: int,
    also: bool,
    other: int,
    ordinary: int,
    counts_ordinary: bool,
    per: Any,
    all_missing: Any,
) -> bool:
    """As `is_heard`, of metrics m1 and m2, each with its filter.

    also: whether the filter of m2 matches the calls too. other: other log events in each minute, and ordinary: calls
    that only the filter of m2 counts. counts_ordinary: whether it does.
    """
    watched = cloudwatch.Alarm(
        "Sum",
        alarm.comparison,  # type: ignore[arg-type]
        alarm.threshold,
        300,
        alarm.evaluation_periods,
        alarm.datapoints,
        alarm.missing_data,  # type: ignore[arg-type]
    )
    long = (3 * alarm.evaluation_periods + 6) * 5

    def minute(calls: int, others: int, ordinary: int) -> tuple[Events, Events]:
        second = Events(ordinary + calls, others) if also else Events(ordinary, others + calls)
        return Events(calls, others + ordinary), second

    quiet = [minute(0, other, ordinary)] * long
    stirring = [minute(0, max(other, 1), max(ordinary, 1) if counts_ordinary else 0)] * long
    burst = [minute(copies, other, ordinary), *[minute(0, other, ordinary)] * 4]
    timeline = [*quiet, *burst, *quiet, *stirring]
    metrics = {
        name: cloudwatch.data_points(watched, [both[number]], [[events[number]] for events in timeline], per)
        for number, name in enumerate(("m1", "m2"))
    }
    expression = alarm.queries[0].expression or ""
    computed = cloudwatch.compute(expression, metrics, 300, all_missing)
    states = cloudwatch.states_of(watched, computed, state="OK")
    before, after = states[: long // 5], states[long // 5 :]
    return before[-1] != "ALARM" and "ALARM" in after and after[-1] != "ALARM"


def math_histories(second: Feed, *, busy: bool) -> Iterator[dict[str, Any]]:
    alsos = (True,) if second.every else (False, True)
    for also, per, all_missing, copies in product(alsos, ("minute", "event"), ("missing", "zero"), (1, MANY)):
        for other in (FLOOD,) if busy else (0, 1, FLOOD):
            for ordinary in (1, 7, FLOOD) if other and second.ordinary is Truth.TRUE else (0,):
                yield {
                    "also": also,
                    "per": per,
                    "copies": copies,
                    "other": other,
                    "ordinary": ordinary,
                    "counts_ordinary": second.ordinary is Truth.TRUE,
                    "all_missing": all_missing,
                }


@settings(max_examples=150)
@given(
    EXPRESSIONS,
    st.tuples(filters, filters),
    st.sampled_from(COMPARISONS[:2] * 3 + COMPARISONS),
    st.sampled_from([0.0, 0.0, 0.5, 1.0, 1.0, 1.0, 2.0, -1.0]),
    st.sampled_from([(1, 1), (1, 1), (1, 1), (1, 2), (2, 2), (2, 3)]),
    st.sampled_from(["missing", "missing", "notBreaching", "breaching", "ignore"]),
    st.sampled_from([(Truth.FALSE, False), (Truth.TRUE, False), (Truth.TRUE, True)]),
)
def test_the_simulation_agrees_on_metric_math(
    expression: str,
    both: tuple[Filter, Filter],
    comparison: str,
    threshold: float,
    periods: tuple[int, int],
    missing_data: str,
    counts: tuple[Truth, bool],
) -> None:
    metrics = tuple(MetricQuery(name, namespace="n", metric=name, statistic="Sum") for name in ("m1", "m2"))
    alarm = a_math_alarm(expression)
    alarm = replace(
        alarm,
        queries=(alarm.queries[0], *metrics),
        comparison=comparison,
        threshold=threshold,
        datapoints=periods[0],
        evaluation_periods=periods[1],
        missing_data=missing_data,
    )
    own, second = (one(each.value, each.default, own=number == 0) for number, each in enumerate(both))
    second = replace(second, ordinary=counts[0], every=counts[1])
    found = check_firing(alarm, {metrics[0]: [own], metrics[1]: [second]}, copies=1)
    if found is HOLDS:
        for history in math_histories(second, busy=False):
            assert is_heard_in_math(alarm, both, **history), history
    if isinstance(found, Gap):
        every = list(math_histories(second, busy=True))
        once, flood = ([history for history in every if history["copies"] == copies] for copies in (1, MANY))
        for few, many in zip(once, flood, strict=True):
            both_heard = is_heard_in_math(alarm, both, **few) and is_heard_in_math(alarm, both, **many)
            assert not both_heard, few
    event(f"{type(found).__name__} {getattr(found, 'code', '')}")


def one(
    value: float = 1, default: float | None = None, *, own: bool = True, local: bool = True, count: int = 1
) -> Feed:
    return Feed(Fraction(value), None if default is None else Fraction(default), own, local, count)


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
    ("RATE(FILL(m1, 0)) * 300", {"m1": [one()]}, "alarm.unclear", "no more than before, if calls go on"),
    ("RATE(FILL(m1, 0)) * 300 + FILL(m1, 0)", {"m1": [one()]}, None, "one more than before, per second"),
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


def test_of_what_remembers_the_period_before_it_is_not_known_what_several_periods_do() -> None:
    watched = MetricQuery("m1", namespace="CISBenchmark", metric="m1", statistic="Sum", period=300)
    for expression, code in (("FILL(m1, 0)", "alarm.insensitive"), ("RATE(FILL(m1, 0)) * 300", "alarm.unclear")):
        alarm = a_math_alarm(expression)
        alarm = replace(alarm, queries=(alarm.queries[0], watched), evaluation_periods=2, datapoints=2)
        found = check_firing(alarm, {watched: [one()]}, copies=1)
        assert (None if found is HOLDS else found.code) == code


def test_it_surely_returns_to_ok_only_if_it_does_where_no_log_events_arrive() -> None:
    watched = MetricQuery("m1", namespace="CISBenchmark", metric="m1", statistic="Sum", period=300)
    for filler, returns in ((0, True), (5, False)):
        alarm = a_math_alarm(f"FILL(m1, {filler})")
        alarm = replace(alarm, queries=(alarm.queries[0], watched))
        assert surely_returns_to_ok(alarm, {watched: [one(default=0)]}) is returns


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


# What is published in a period, and what an alarm makes of it.


def of_one(feeds: list[Feed], **bent: Any) -> str | None:
    alarm = an_alarm(**bent)
    found = check_firing(alarm, {queries(alarm)[0]: feeds}, copies=1)
    return None if found is HOLDS else found.code


@pytest.mark.parametrize(
    ("feeds", "bent", "code"),
    [
        ([one(), one(own=False, count=9)], {"threshold": 10.0}, "alarm.unclear"),
        ([one(), one(own=False, count=9)], {"threshold": 11.0}, "alarm.insensitive"),
        ([one(), one(value=-1, own=False, local=False)], {}, None),
        ([one(), replace(one(value=-1, own=False, local=False), may_arrive=True)], {}, "alarm.unclear"),
        ([one(value=3), one(value=-1, own=False, count=2)], {}, None),
        ([one(value=3), one(value=-1, own=False, count=3)], {}, "alarm.unclear"),
        ([one(value=3), one(value=-1, own=False, count=4)], {"statistic": "Minimum"}, "alarm.unclear"),
        ([one(), one(default=1, own=False, local=False)], {}, "alarm.unclear"),
        ([one(), one(default=0, own=False, local=False)], {}, None),
        ([one(), one(default=1, own=False)], {"threshold": 3.0}, "alarm.latches"),
        ([one(default=1)], {"threshold": 5.0, "missing_data": "notBreaching"}, "alarm.latches"),
        ([one(default=1)], {"threshold": 6.0, "statistic": "Maximum"}, "alarm.never-fires"),
        ([one()], {"period": 60}, None),
        ([one()], {"period": 60, "missing_data": "ignore"}, "alarm.latches"),
        ([one(default=0)], {"period": 60, "missing_data": "ignore"}, None),
    ],
)
def test_what_several_filters_and_defaults_add_up_to(feeds: list[Feed], bent: dict[str, Any], code: str | None) -> None:
    assert of_one(feeds, **bent) == code


def test_the_average_of_numbers_that_are_not_known_is_between_all_that_may_be() -> None:
    published = [_Sample(Fraction(0), 1, 3), _Sample(Fraction(10), 1, 4)]
    assert _average(published) == Range(Fraction(10, 4), Fraction(40, 5))
    assert _average([_Sample(Fraction(2), 3, 3), _Sample(Fraction(4), 1, 1)]) == Range.of(Fraction(10, 4))
    assert _average([_Sample(Fraction(2), 0, 3)]) == Range.of(2)


def queried(statistic: str, *published: _Sample) -> Any:
    return _points(MetricQuery("m", statistic=statistic), list(published))


@pytest.mark.parametrize(
    ("statistic", "surely", "perhaps"),
    [
        ("Sum", (2, 19), (-5, 14)),
        ("SampleCount", (2, 7), (1, 7)),
        ("Maximum", (5, 5), (-1, 7)),
        ("Minimum", (-1, -1), (-1, 7)),
        ("Average", (Fraction(1, 2), Fraction(19, 5)), (-1, 7)),
    ],
)
def test_statistics_of_numbers_that_are_not_known(statistic: str, surely: Any, perhaps: Any) -> None:
    """First some values surely are published, then none is."""
    some = queried(statistic, _Sample(Fraction(-1), 1, 3), _Sample(Fraction(5), 1, 4))
    assert some == (Range(*map(Fraction, surely)),)
    none = queried(statistic, _Sample(Fraction(-1), 0, 5), _Sample(Fraction(7), 0, 2), _Sample(Fraction(9), 0, 0))
    assert none == (None, Range(*map(Fraction, perhaps)))
    assert queried(statistic, _Sample(Fraction(9), 0, 0)) == (None,)


LOUD = one(own=False)
ORDINARY = replace(LOUD, ordinary=Truth.TRUE)


@pytest.mark.parametrize(
    ("expression", "second", "stays", "returns"),
    [
        ("m1 + m2", ORDINARY, True, False),
        ("m1 + m2", replace(ORDINARY, ordinary=Truth.UNKNOWN), True, False),
        ("m1 + m2", replace(ORDINARY, local=False), True, False),
        ("m1 + m2", LOUD, False, True),
        ("m1 / m2", ORDINARY, False, True),
        ("IF(m2 > 10, 1, m1)", ORDINARY, True, False),
        ("IF(m2 < 10, 1, m1)", ORDINARY, False, False),
        ("FILL(m1, 1) + m2", LOUD, True, False),
        ("LOG(m2)", ORDINARY, False, False),
        ("m2", ORDINARY, True, False),
    ],
)
def test_what_ordinary_calls_do_to_metric_math(expression: str, second: Feed, stays: bool, returns: bool) -> None:
    metrics = [MetricQuery(name, namespace="n", metric=name, statistic="Sum") for name in ("m1", "m2")]
    alarm = replace(a_math_alarm(expression), queries=(a_math_alarm(expression).queries[0], *metrics))
    feeds = {metrics[0]: [one()], metrics[1]: [second]}
    assert stays_on_ordinary_calls(alarm, feeds) is stays
    assert surely_returns_to_ok(alarm, feeds) is returns


@pytest.mark.parametrize(("missing_data", "returns"), [("missing", True), ("breaching", False)])
def test_data_that_are_missing_may_be_treated_as_breaching(missing_data: str, returns: bool) -> None:
    alarm = a_math_alarm("m1", missing_data=missing_data)
    assert surely_returns_to_ok(alarm, {alarm.queries[1]: [one()]}) is returns


def test_how_much_work_an_alarm_is() -> None:
    alarm, math = an_alarm(), a_math_alarm("m1 + m1")
    others = [one(value=number, own=False) for number in (2, 3)]
    assert number_of_worlds(alarm, {queries(alarm)[0]: [one()]}) == 8
    assert number_of_worlds(alarm, {queries(alarm)[0]: [one(), *others]}) == 32
    assert number_of_worlds(alarm, {queries(alarm)[0]: [one(), replace(others[0], every=True)]}) == 8
    assert number_of_worlds(math, {math.queries[1]: [one()]}) == 24
    assert number_of_worlds(math, {math.queries[1]: []}) == 0


@pytest.mark.parametrize(
    ("alarm", "words"),
    [
        (a_math_alarm("m1 + LOG('{x}')"), "watches metric math that Blindspot cannot analyze: LOG."),
        (a_math_alarm("m1 + '{x}'"), "watches metric math that Blindspot cannot analyze: '{x}'."),
        (
            replace(a_math_alarm("m1"), queries=a_math_alarm("m1").queries[1:]),
            "are compared with the threshold, or none.",
        ),
        (an_alarm(statistic=None), "has a comparison or statistic that Blindspot cannot analyze."),
        (
            a_math_alarm("m1 * 2", missing_data="ignore"),
            "depends on other log events or on missing data.",
        ),
    ],
)
def test_a_doubt_says_what_is_not_known(alarm: Any, words: str) -> None:
    feeds = {query: [one()] for query in queries(alarm) if not query.expression}
    found = check_firing(alarm, feeds, copies=1)
    assert isinstance(found, Doubt)
    assert words in found.message
