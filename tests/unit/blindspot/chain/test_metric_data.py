"""What the metric filters of a place add to the data of an alarm."""

from collections import Counter
from fractions import Fraction
from typing import Any

import pytest

from blindspot.chain.channel import Findings
from blindspot.chain.metric_alarm import Feed
from blindspot.chain.metric_data import Added, Adding, Data, MetricData
from blindspot.chain.metric_filter import FilterPatterns
from blindspot.languages.three_valued import Truth
from blindspot.model import profile
from blindspot.model.findings import Doubt
from blindspot.model.snapshot import LogGroup
from tests.builders import ACCOUNT, CIS, HOME, a_compliant_snapshot, a_filter, log_group_arn
from tests.cases.accounts import PROFILE

ONE, TWO = Added(Fraction(1)), Added(Fraction(2), Fraction(0))


def feed(adds: Added, **bent: Any) -> Feed:
    return Feed(adds.value, adds.default, **{"own": False, "local": False, **bent})


def an_adding(by_group: dict[str, Counter[Added]], *delivered: str) -> Adding:
    nothing = Findings.of()
    everything = sum(by_group.values(), Counter[Added]())
    arriving = sum((by_group[name] for name in delivered), Counter[Added]())
    return Adding(nothing, nothing, None, (), everything, by_group, arriving)


def test_each_filter_feeds_an_alarm_once() -> None:
    """Two filters add one and a third adds two in the log group of the call, and others in two groups beside it; a
    trail delivers to the first of these."""
    adding = an_adding(
        {"here": Counter({ONE: 2, TWO: 1}), "beside": Counter({ONE: 3}), "away": Counter({TWO: 4})}, "here", "beside"
    )
    assert adding.feeds("here", ONE, None) == [
        feed(ONE, own=True, local=True),
        feed(ONE, local=True),
        feed(TWO, local=True),
        feed(ONE, count=3, may_arrive=True),
        feed(TWO, count=4),
    ]
    assert sum(each.count for each in adding.feeds("here", None, None)) == 10


def test_what_ordinary_calls_a_filter_counts_matters_only_where_it_is_asked_for() -> None:
    """Filters that add the same are one feed where it does not."""
    every, some = (Added(Fraction(1), None, Truth.TRUE, pattern) for pattern in ("every", "some"))
    unsure = Added(Fraction(1), None, Truth.UNKNOWN)
    adding = an_adding({"here": Counter({ONE: 1, every: 2, some: 1, unsure: 1})}, "here")
    assert adding.feeds("here", ONE, None) == [feed(ONE, own=True, local=True), feed(ONE, local=True, count=4)]
    assert adding.feeds("here", some, None) == [feed(ONE, own=True, local=True), feed(ONE, local=True, count=4)]
    assert adding.feeds("here", ONE, "every".__eq__) == [
        feed(ONE, own=True, local=True),
        feed(ONE, local=True, count=2, ordinary=Truth.TRUE, every=True),
        feed(ONE, local=True, ordinary=Truth.TRUE),
        feed(ONE, local=True, ordinary=Truth.UNKNOWN),
    ]
    assert adding.feeds("here", every, "every".__eq__)[0] == feed(
        ONE, own=True, local=True, ordinary=Truth.TRUE, every=True
    )


def test_filters_that_differ_in_the_unit_alone_add_to_different_data() -> None:
    snapshot = a_compliant_snapshot(filters=(counting := a_filter(unit="Count"), a_filter(name="none")))
    group = snapshot.log_groups[log_group_arn()]
    assert isinstance(group, LogGroup)
    for order in ((counting, a_filter()), (a_filter(), counting)):
        found = MetricData(snapshot, FilterPatterns(snapshot, PROFILE), (ACCOUNT, HOME))
        data = Data("CISBenchmark", "unauthorized_api_calls", "Count", ())
        assert [found.scope(data, group, each) is not None for each in order] == [each is counting for each in order]


def test_dimensions_of_the_system_are_dimensions() -> None:
    """Two filters that differ in nothing else add to different data."""
    by_account = a_filter(name="by account", system_dimensions=("@aws.account",))
    snapshot = a_compliant_snapshot(filters=(a_filter(), by_account))
    group = snapshot.log_groups[log_group_arn()]
    assert isinstance(group, LogGroup)
    found = MetricData(snapshot, FilterPatterns(snapshot, PROFILE), (ACCOUNT, HOME))
    for dimensions, expected in (((), [True, False]), ((("@aws.account", ACCOUNT),), [False, True])):
        data = Data("CISBenchmark", "unauthorized_api_calls", None, dimensions)
        for each, adds in zip((a_filter(), by_account), expected, strict=True):
            assert (found.scope(data, group, each) is not None) is adds
            assert (found.added(data, group, each) is not None) is adds
        assert sum(found.adding(data).added.values()) == 1


@pytest.mark.parametrize(
    ("pattern", "bent", "expected"),
    [
        (CIS, {}, ONE),
        (CIS, {"value": "2", "default": 0.0}, TWO),
        ('{ $.eventName = "*" }', {}, Added(Fraction(1), None, Truth.TRUE, '{ $.eventName = "*" }')),
        ('{ $.eventName = "*" }', {"field_selection": "x"}, Added(Fraction(1), None, Truth.TRUE)),
        ('{ $.eventName = "*" }', {"on_transformed_logs": True}, Added(Fraction(1), None, Truth.TRUE)),
        ("{ not a pattern", {}, Added(Fraction(1), None, Truth.UNKNOWN)),
        (CIS, {"value": "$.x"}, None),
    ],
)
def test_what_a_filter_adds(pattern: str, bent: dict[str, Any], expected: Added | None) -> None:
    counted = a_filter(pattern, **bent)
    snapshot = a_compliant_snapshot(filters=(counted,))
    group = snapshot.log_groups[log_group_arn()]
    assert isinstance(group, LogGroup)
    data = Data("CISBenchmark", "unauthorized_api_calls", None, ())
    for noise_breaks in (True, False):
        judge = profile.load("cis-level-2", {"noise_breaks": noise_breaks})
        read = MetricData(snapshot, FilterPatterns(snapshot, judge), (ACCOUNT, HOME))
        found = read.added(data, group, counted)
        assert isinstance(found, Doubt) if expected is None else found == expected
        assert read.may_count_ordinary_calls(group, counted) is (pattern != CIS)
        noise = read.adding(data).noise
        assert bool(noise.gaps or noise.doubts) is (noise_breaks and pattern != CIS)


def test_which_pattern_matches_every_event() -> None:
    snapshot = a_compliant_snapshot()
    data = MetricData(snapshot, FilterPatterns(snapshot, PROFILE), (ACCOUNT, HOME))
    for pattern, expected in (("", True), ('{ $.eventName = "*" }', True), (CIS, False), ("{ not a pattern", False)):
        assert data.matches_every_event(pattern) is expected
        assert data.matches_every_event(pattern) is expected


def data_of(*filters: Any) -> Adding:
    read = MetricData(a_compliant_snapshot(filters=filters), FilterPatterns(a_compliant_snapshot(), PROFILE), HERE)
    return read.adding(Data("CISBenchmark", "unauthorized_api_calls", None, ()))


HERE = (ACCOUNT, HOME)


@pytest.mark.parametrize(
    ("metric", "unit", "expected"),
    [
        ("unauthorized_api_calls", None, ["none", "counting", "malformed"]),
        ("unauthorized_api_calls", "None", ["none", "malformed"]),
        ("unauthorized_api_calls", "Count", ["counting", "malformed"]),
        ("other", None, ["other", "malformed"]),
        ("of nobody", None, ["malformed"]),
        ("", None, []),
    ],
)
def test_which_filters_feed_some_data(metric: str, unit: str | None, expected: list[str]) -> None:
    """One that was malformed may add to any metric that has a name."""
    filters = (
        a_filter(name="none"),
        a_filter(name="counting", unit="Count"),
        a_filter(name="other", metric="other"),
        a_filter(name="malformed", metric="", namespace="", unread="metricTransformations"),
    )
    snapshot = a_compliant_snapshot(filters=filters)
    read = MetricData(snapshot, FilterPatterns(snapshot, PROFILE), HERE)
    found = list(read.feeding(Data("CISBenchmark", metric, unit, ())))
    assert [each.name for _, each in found] == expected
    assert {group.arn for group, _ in found} <= {log_group_arn()}
    assert all(each in filters for _, each in found)


def test_what_is_not_known_of_the_filters_of_a_metric() -> None:
    known, first, second = a_filter(), a_filter(name="first", value="$.x"), a_filter(name="second", value="$.y")
    found = data_of(known, first, second)
    assert found.unknown is not None
    assert "first of" in found.unknown.message
    assert found.added == Counter({ONE: 1})
    assert data_of(known).unknown is None
    assert data_of(a_filter(metric="other")).added == Counter()
    narrowed = data_of(known, a_filter(name="narrowed", on_transformed_logs=True)).effects.doubts
    assert [doubt.code for doubt in narrowed] == ["filter.narrowed"]
    assert narrowed[0].resource.endswith("narrowed")
    assert "narrowed of log group management-events" in narrowed[0].message
    assert data_of(known).effects.doubts == ()
    by_code = data_of(known, a_filter(name="by-code", dimensions=(("Code", "$.errorCode"),))).effects.doubts
    assert [(doubt.code, doubt.resource.rpartition(":")[2]) for doubt in by_code] == [("filter.narrowed", "by-code")]


def test_the_units_of_a_metric() -> None:
    filters = (a_filter(), a_filter(name="c", unit="Count"), a_filter(name="d", unit="None"), a_filter(metric="x"))
    assert data_of(*filters).units == ("None", "Count")


def test_a_metric_that_any_filter_may_feed() -> None:
    unread = a_filter(name="unread", metric="", unread="metricTransformations")
    found = data_of(a_filter(), unread)
    assert found.unknown is not None
    read = MetricData(a_compliant_snapshot(filters=(unread,)), FilterPatterns(a_compliant_snapshot(), PROFILE), HERE)
    assert read.reaches_any_metric
    assert read.metrics == frozenset()
    assert read.adding(Data("AWS/EC2", "CPUUtilization", None, ())).unknown is not None
    assert read.adding(Data("", "", None, ())).unknown is None


def test_where_filters_are_counts() -> None:
    away = log_group_arn(name="away")
    snapshot = a_compliant_snapshot(
        log_groups={
            log_group_arn(): LogGroup(log_group_arn(), (a_filter(),)),
            away: LogGroup(away, (a_filter(), a_filter(name="second"))),
            log_group_arn("us-east-1"): LogGroup(log_group_arn("us-east-1"), (a_filter(),)),
        },
        other_filters={HERE: ((log_group_arn(name="unlisted"), a_filter(value="2", default=0.0)),)},
    )
    found = MetricData(snapshot, FilterPatterns(snapshot, PROFILE), HERE).adding(
        Data("CISBenchmark", "unauthorized_api_calls", None, ())
    )
    assert found.added == Counter({ONE: 3, TWO: 1})
    assert found.by_group[away] == Counter({ONE: 2})
    assert found.delivered == Counter({ONE: 1})


@pytest.mark.parametrize(
    ("name", "counts"), [("AssumedRole", Truth.TRUE), ("Root", Truth.FALSE), ("IAMUser", Truth.TRUE)]
)
def test_ordinary_calls_are_counted_only_with_their_dimensions(name: str, counts: Truth) -> None:
    by_type = a_filter('{ $.eventName = "*" }', dimensions=(("type", "$.userIdentity.type"),))
    snapshot = a_compliant_snapshot(filters=(by_type,))
    group = snapshot.log_groups[log_group_arn()]
    assert isinstance(group, LogGroup)
    read = MetricData(snapshot, FilterPatterns(snapshot, PROFILE), HERE)
    found = read.added(Data("CISBenchmark", "unauthorized_api_calls", None, (("type", name),)), group, by_type)
    assert found == Added(Fraction(1), None, counts)
