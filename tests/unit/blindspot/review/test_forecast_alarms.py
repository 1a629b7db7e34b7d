"""Which alarms are forecast, from which metric filters, and why others are not."""

from dataclasses import replace
from typing import Any

import pytest

from blindspot.chain import metric_alarm
from blindspot.model import profile
from blindspot.model.snapshot import (
    Alarm,
    LogGroup,
    MetricAlarm,
    MetricFilter,
    OtherAlarm,
    Snapshot,
    Unreadable,
)
from blindspot.remediation.ownership import Holdings, Owner, alarm_arns, topic_arns
from blindspot.remediation.plan import plan
from blindspot.review.alarm_states import BREACHING, MISSING, WITHIN
from blindspot.review.forecast_alarms import MOST_ALARMS, Feed, ForecastAlarm, Terms, after_reading, alarms_of
from blindspot.review.read import LogGroupRead, Read
from blindspot.review.tally import Interval, Tally, Watched
from blindspot.settings import Subscriber
from blindspot.verdict.assessment import assess
from filter_pattern import Proofs, parse
from tests.builders import (
    ACCOUNT,
    CIS,
    HOME,
    a_compliant_snapshot,
    a_composite,
    a_filter,
    a_math_alarm,
    a_trail,
    an_alarm,
    log_group_arn,
)
from tests.cases.accounts import PROFILE

FIRST, SECOND, THIRD = log_group_arn(), log_group_arn(name="second"), log_group_arn(name="third")
HERE = (ACCOUNT, HOME)
NARROW = '{ $.errorCode = "AccessDenied*" }'
EVERYTHING = '{ $.eventName = "*" }'
DENIED = Unreadable("logs:DescribeMetricFilters", HOME, "AccessDeniedException", denied=True)


def an_account(*filters: MetricFilter, second: tuple[MetricFilter, ...] = (), **bent: Any) -> Snapshot:
    """Two trails, each with a log group, and one alarm."""
    groups = {FIRST: LogGroup(FIRST, filters or (a_filter(),)), SECOND: LogGroup(SECOND, second)}
    trails = a_trail(), a_trail(name="second")
    return replace(a_compliant_snapshot(trails=trails, alarms=(an_alarm(**bent),)), log_groups=groups)


def of(snapshot: Snapshot, wanted: profile.Profile = PROFILE) -> tuple[list[ForecastAlarm], tuple[Watched, ...]]:
    """The account's alarms, and what is watched."""
    proofs = Proofs()
    alarms, watched = alarms_of(assess(snapshot, wanted, proofs), wanted, proofs)
    assert [alarm.arn is None for alarm in alarms] == [False] * (len(alarms) - 1) + [True]
    return list(alarms[:-1]), watched


def only(snapshot: Snapshot) -> ForecastAlarm:
    (alarm,), _ = of(snapshot)
    return alarm


OF_PROFILE = Watched(None, parse(PROFILE.pattern.text))


def test_the_alarms_of_a_compliant_account() -> None:
    (alarm,), watched = of(an_account())
    assert alarm == ForecastAlarm("unauthorized", an_alarm().arn, Terms(), (Feed(1, 1.0, None),))
    assert watched == (OF_PROFILE, Watched(FIRST, parse(CIS)))


@pytest.mark.parametrize(
    ("snapshot", "feeds", "watched"),
    [
        (an_account(a_filter(value="2.5", default=0.0)), [Feed(1, 2.5, 0.0)], [(FIRST, CIS)]),
        (an_account(a_filter(), a_filter(name="again")), [Feed(1, 1.0, None)] * 2, [(FIRST, CIS)]),
        (
            an_account(a_filter(), a_filter(NARROW, name="narrow", value="2")),
            [Feed(1, 1.0, None), Feed(2, 2.0, None)],
            [(FIRST, CIS), (FIRST, NARROW)],
        ),
        (
            an_account(a_filter(), second=(a_filter(default=0.0),)),
            [Feed(1, 1.0, None), Feed(2, 1.0, 0.0)],
            [(FIRST, CIS), (SECOND, CIS)],
        ),
        (an_account(a_filter(), a_filter(name="other", metric="other")), [Feed(1, 1.0, None)], [(FIRST, CIS)]),
        (
            an_account(a_filter(), a_filter(name="other", unit="Count"), unit="None"),
            [Feed(1, 1.0, None)],
            [(FIRST, CIS)],
        ),
    ],
)
def test_what_feeds_an_alarm(snapshot: Snapshot, feeds: list[Feed], watched: list[tuple[str, str]]) -> None:
    (alarm,), found = of(snapshot)
    assert (alarm.not_known, alarm.at_least) == (None, False)
    assert list(alarm.feeds) == feeds
    assert found == (OF_PROFILE, *(Watched(arn, parse(text)) for arn, text in watched))


SETTINGS: dict[str, Any] = {
    "statistic": "Maximum",
    "period": 60,
    "threshold": 2.0,
    "comparison": "GreaterThanThreshold",
    "evaluation_periods": 3,
    "datapoints": 2,
    "missing_data": "ignore",
}


def test_the_terms_are_those_of_the_alarm() -> None:
    alarm = only(an_account(**SETTINGS))
    assert alarm.terms is not None
    assert alarm.terms._asdict() == SETTINGS
    assert alarm.terms.in_words == metric_alarm.terms(an_alarm(**SETTINGS))
    assert alarm.terms.in_words == "Maximum > 2, 2 of 3 periods of 60 s, missing data ignore"


def with_other(*alarms: Alarm, **bent: Any) -> Snapshot:
    return replace(an_account(), alarms={HERE: alarms}, **bent)


AN_OTHER = OtherAlarm(
    an_alarm(name="band").arn, "anomaly detection band", (("CISBenchmark", "unauthorized_api_calls"),), actions=("x",)
)


@pytest.mark.parametrize(
    ("snapshot", "why"),
    [
        (with_other(a_math_alarm("m1 * 2")), "It is on metric math. Only alarms on one metric are forecast."),
        (
            with_other(an_alarm(actions=()), a_composite("ALARM(unauthorized)")),
            "It is a composite alarm. Only alarms on one metric are forecast.",
        ),
        (
            with_other(AN_OTHER),
            "It is of another kind (anomaly detection band). Only alarms on one metric are forecast.",
        ),
        (an_account(statistic=None), "Its statistic or comparison is not forecast."),
        (an_account(statistic="p99"), "Its statistic or comparison is not forecast."),
        (an_account(comparison="GreaterThanUpperThreshold"), "Its statistic or comparison is not forecast."),
        (an_account(missing_data="unheard-of"), "How it treats missing data is not known."),
    ],
)
def test_alarms_that_are_not_on_one_metric_are_not_known(snapshot: Snapshot, why: str) -> None:
    alarm = only(snapshot)
    assert (alarm.not_known, alarm.feeds, alarm.terms, alarm.at_least) == (why, (), None, False)
    assert alarm.name == (alarm.arn or "").rsplit(":", 1)[1]


TITLE = "etric filter unauthorized of log group management-events"
OTHER_DIMENSIONS = (
    "adds to its metric with dimensions (user), which the alarm does not watch. "
    "It may add without them only if an event lacks their fields."
)


@pytest.mark.parametrize(
    ("snapshot", "why"),
    [
        *(
            (
                an_account(period=period),
                f"Its period is {period} s; metrics from log events have one data point a minute.",
            )
            for period in (0, 10, 30, 90)
        ),
        (an_account(a_filter(value="$.n")), f"M{TITLE} adds the value of field $.n, which may be missing or 0."),
        (
            an_account(a_filter(dimensions=(("user", "$.user"),)), dimensions=(("user", "alice"),)),
            f"M{TITLE} adds to its metric with dimensions.",
        ),
        (
            an_account(a_filter(), a_filter(dimensions=(("user", "$.userIdentity.userName"),))),
            f"M{TITLE} {OTHER_DIMENSIONS}",
        ),
        (
            an_account(a_filter(field_selection='@aws.region = "us-west-2"')),
            f"The field selection criteria of m{TITLE} exclude this log group's events.",
        ),
        (
            an_account(a_filter(field_selection="unheard-of")),
            f"The field selection criteria of m{TITLE} may exclude events.",
        ),
        (
            an_account(a_filter(on_transformed_logs=True)),
            f"M{TITLE} tests log events after a transformation, which Blindspot does not know.",
        ),
        (an_account(a_filter(), second=(a_filter(unit="Count"),)), "Its metric gets data with several units."),
        (
            replace(an_account(), log_groups={FIRST: LogGroup(FIRST, (a_filter(),)), SECOND: LogGroup(SECOND, DENIED)}),
            "Log group second may add to its metric: its filters could not be read.",
        ),
        (
            replace(an_account(), log_groups={FIRST: LogGroup(FIRST, (a_filter(),)), SECOND: DENIED}),
            "Log group second may add to its metric: its filters could not be read.",
        ),
        (
            an_account(a_filter(EVERYTHING), statistic="Average"),
            f"M{TITLE} also counts log events that a review does not read.",
        ),
    ],
)
def test_feeds_that_are_not_known(snapshot: Snapshot, why: str) -> None:
    alarm = only(snapshot)
    assert (alarm.not_known, alarm.feeds, alarm.at_least) == (why, (), False)
    assert (alarm.terms is None) is ("period" in why)


def test_a_pattern_that_cannot_be_parsed_is_not_known() -> None:
    assert (only(an_account(a_filter("{ $.a = }"))).not_known or "").startswith(
        f"The pattern of m{TITLE} cannot be parsed."
    )


def test_an_alarm_to_which_no_filter_adds_is_not_known() -> None:
    """Where metric filters were read once with the channels, and are gone from what is looked at."""
    there = an_account()
    gone = replace(assess(there, PROFILE), snapshot=replace(there, log_groups={FIRST: LogGroup(FIRST, ())}))
    alarm = alarms_of(gone, PROFILE, Proofs())[0][0]
    assert (alarm.not_known, alarm.feeds) == ("No metric filter that was read adds to its metric.", ())


def test_an_unread_place_matters_to_its_own_alarms_only() -> None:
    elsewhere = log_group_arn("us-east-1")
    snapshot = an_account()
    assert only(replace(snapshot, log_groups={**snapshot.log_groups, elsewhere: DENIED, THIRD: None})).not_known is None


@pytest.mark.parametrize(
    ("bent", "at_least"),
    [
        ({}, True),
        ({"statistic": "SampleCount"}, True),
        ({"statistic": "Maximum"}, True),
        ({"comparison": "GreaterThanThreshold", "threshold": 0.0}, True),
        ({"statistic": "Average"}, False),
        ({"statistic": "Minimum"}, False),
        ({"comparison": "LessThanThreshold"}, False),
        ({"comparison": "LessThanOrEqualToThreshold"}, False),
    ],
)
@pytest.mark.parametrize(
    "snapshot",
    [
        an_account(a_filter(EVERYTHING)),
        an_account(a_filter(), a_filter(EVERYTHING, name="everything")),
        replace(an_account(), other_filters={HERE: ((THIRD, a_filter()),)}),
    ],
)
def test_an_alarm_that_counts_more_than_is_read(snapshot: Snapshot, bent: dict[str, Any], at_least: bool) -> None:
    alarm = only(replace(snapshot, alarms={HERE: (an_alarm(**bent),)}))
    assert alarm.at_least is at_least
    assert (alarm.not_known is None) is at_least


@pytest.mark.parametrize(
    ("bent", "statistic", "at_least"),
    [
        ({"value": "-1"}, "Sum", False),
        ({"default": -1.0}, "Sum", False),
        ({"default": 0.0}, "Sum", True),
        ({"value": "0"}, "Sum", True),
        ({"value": "-1"}, "SampleCount", True),
        ({"value": "-1"}, "Maximum", True),
    ],
)
def test_negative_values_take_from_a_sum(bent: dict[str, Any], statistic: str, at_least: bool) -> None:
    alarm = only(an_account(a_filter(EVERYTHING, **bent), statistic=statistic))
    assert (alarm.at_least, alarm.not_known is None) == (at_least, at_least)


def test_an_alarm_is_forecast_once_however_many_channels_it_is_on() -> None:
    alarms, watched = of(an_account(a_filter(), a_filter(NARROW, name="narrow"), second=(a_filter(),)))
    assert len(alarms) == 1
    assert len(watched) == 4


def test_patterns_are_watched_once_for_all_alarms() -> None:
    other = an_alarm(name="other", threshold=5.0)
    alarms, watched = of(with_other(an_alarm(), other))
    assert [(alarm.name, alarm.feeds) for alarm in alarms] == [
        (name, (Feed(1, 1.0, None),)) for name in ("unauthorized", "other")
    ]
    assert len(watched) == 2


def test_only_so_many_alarms_are_forecast() -> None:
    """Each on a filter and a metric of its own, so that each is on a channel of its own."""
    names = [f"alarm-{number}" for number in range(MOST_ALARMS + 2)]
    filters = tuple(a_filter(name=name, metric=name) for name in names)
    there = an_account(*filters)
    alarms, watched = of(replace(there, alarms={HERE: tuple(an_alarm(name=name, metric=name) for name in names)}))
    assert [alarm.name for alarm in alarms] == names
    assert [alarm.not_known for alarm in alarms] == [None] * 50 + ["Only 50 alarms of the account are forecast."] * 2
    assert all(alarm.feeds == (Feed(1, 1.0, None),) for alarm in alarms[:50])
    assert all(alarm.feeds == () and alarm.arn == an_alarm(name=alarm.name).arn for alarm in alarms[50:])
    assert len(watched) == 2


# The profile's alarm


@pytest.mark.parametrize("name", profile.names())
def test_the_profiles_alarm_is_as_remediation_creates_it(name: str) -> None:
    wanted = profile.load(name)
    empty = a_compliant_snapshot(filters=(), alarms=(), topics={})
    proofs = Proofs()
    assessment = assess(empty, wanted, proofs)
    (alarm,), watched = alarms_of(assessment, wanted, proofs)
    subscriber = Subscriber("sqs", "arn:aws:sqs:eu-west-1:123456789012:alerts")
    ours = [*alarm_arns([wanted.names], "aws", HERE), *topic_arns([wanted.names], "aws", HERE)]
    holdings = Holdings(dict.fromkeys(ours, Owner.NOBODY))
    writes = [each.action for each in plan(assessment, wanted, holdings, (subscriber,)).actions]
    (created,) = (each.then for each in writes if isinstance(each.then, MetricAlarm))
    (created_filter,) = (each.then for each in writes if isinstance(each.then, MetricFilter))
    assert alarm.terms == Terms(*(getattr(created, field) for field in Terms._fields))
    assert alarm == ForecastAlarm(wanted.names.alarm, None, alarm.terms, (Feed(0, 1.0, None),))
    assert (created_filter.value, created_filter.default) == ("1", None)
    assert watched == (Watched(None, parse(created_filter.pattern)),)


def test_a_profile_without_a_pattern_to_write_has_an_alarm_that_is_not_known() -> None:
    wanted = replace(PROFILE, required=parse(EVERYTHING))  # which ordinary calls match too
    *_, alarm = alarms_of(assess(an_account(), wanted), wanted, Proofs())[0]
    assert alarm.not_known == "No metric filter pattern does what the profile requires."
    assert (alarm.name, alarm.feeds) == (wanted.names.alarm, ())
    assert alarm.terms == Terms(missing_data="notBreaching")
    assert of(an_account(), wanted)[1] == (Watched(FIRST, parse(CIS)),)


FILTER = PROFILE.names.filter


@pytest.mark.parametrize(
    ("alarm", "why"),
    [
        ({}, None),
        ({"statistic": "Average"}, f"Metric filter {FILTER} also counts log events that a review does not read."),
        ({"period": 30}, "Its period is 30 s; metrics from log events have one data point a minute."),
    ],
)
def test_a_pattern_of_the_profile_that_counts_more_than_is_read(alarm: dict[str, Any], why: str | None) -> None:
    overrides = {"pattern": EVERYTHING, "noise_breaks": False, "alarm": alarm}
    wanted = profile.load(PROFILE.name, overrides)
    *_, found = alarms_of(assess(an_account(), wanted), wanted, Proofs())[0]
    assert (found.not_known, found.at_least) == (why, why is None)
    assert len(found.feeds) == (why is None)


# What was read

KNOWN = ForecastAlarm("known", an_alarm().arn, Terms(), (Feed(1, 1.0, None), Feed(2, 1.0, None)))
OF_THE_PROFILE = ForecastAlarm("profile", None, Terms(), (Feed(0, 1.0, None),))


WATCHED = (OF_PROFILE, Watched(FIRST, parse(CIS)), Watched(SECOND, parse(CIS)))
WHOLE = {FIRST: 50, SECOND: 50}
EARLIER = {FIRST: 0, SECOND: 0}


def a_read(starts: dict[str, int]) -> Read:
    """Since second 50. starts: since when each log group was read."""
    groups = tuple(LogGroupRead(arn, start, 0, None) for arn, start in starts.items())
    return Read(Interval(0, 100), Interval(50, 100), Tally(ACCOUNT, WATCHED), groups, 1)


@pytest.mark.parametrize("starts", [WHOLE, EARLIER, {**WHOLE, THIRD: 50}])
def test_what_was_read_whole_changes_nothing(starts: dict[str, int]) -> None:
    alarms = (KNOWN, OF_THE_PROFILE, replace(KNOWN, at_least=True), replace(OF_THE_PROFILE, at_least=True))
    assert after_reading(alarms, a_read(starts)) == alarms


def test_a_log_group_that_feeds_no_alarm_matters_to_the_profiles_alone() -> None:
    read = a_read({**WHOLE, THIRD: 51})
    assert after_reading([KNOWN, OF_THE_PROFILE], read) == (KNOWN, replace(OF_THE_PROFILE, at_least=True))


@pytest.mark.parametrize("starts", [{FIRST: 50, SECOND: 51}, {FIRST: 51, SECOND: 50}, {FIRST: 50}])
def test_an_alarm_of_which_a_log_group_was_not_read_is_in_alarm_in_more_periods(starts: dict[str, int]) -> None:
    assert after_reading([KNOWN], a_read(starts)) == (replace(KNOWN, at_least=True),)


@pytest.mark.parametrize(
    ("alarm", "starts", "unread"),
    [
        (KNOWN, {FIRST: 51, SECOND: 51}, "management-events"),
        (KNOWN, {}, "management-events"),
        (replace(KNOWN, feeds=KNOWN.feeds[1:]), {FIRST: 50, SECOND: 51}, "second"),
        (replace(KNOWN, at_least=True, feeds=KNOWN.feeds[1:]), {FIRST: 50, SECOND: 51}, "second"),
        (replace(KNOWN, terms=Terms("Average")), {FIRST: 50, SECOND: 51}, "second"),
        (replace(KNOWN, feeds=(KNOWN.feeds[0], Feed(2, -1.0, None))), {FIRST: 50, SECOND: 51}, "second"),
    ],
)
def test_an_alarm_whose_log_groups_were_not_read_is_not_known(
    alarm: ForecastAlarm, starts: dict[str, int], unread: str
) -> None:
    why = f"Log group {unread}, whose metric filters add to its metric, was not read whole."
    expected = replace(alarm, feeds=(), not_known=why, at_least=False)
    assert after_reading([alarm], a_read(starts)) == (expected,)


def test_what_is_not_known_stays_so() -> None:
    alarm = ForecastAlarm(
        "math", an_alarm().arn, None, (), "It is on metric math. Only alarms on one metric are forecast."
    )
    assert after_reading([alarm], a_read({})) == (alarm,)


# The data point


@pytest.mark.parametrize(
    ("statistic", "value"), [("Sum", 8.0), ("SampleCount", 4.0), ("Average", 2.0), ("Maximum", 4.0), ("Minimum", 0.0)]
)
def test_the_data_point_of_a_period(statistic: str, value: float) -> None:
    samples = [(2.0, 2), (4.0, 1), (0.0, 1)]
    for comparison, below, equal, above in (
        ("GreaterThanOrEqualToThreshold", BREACHING, BREACHING, WITHIN),
        ("GreaterThanThreshold", BREACHING, WITHIN, WITHIN),
        ("LessThanThreshold", WITHIN, WITHIN, BREACHING),
        ("LessThanOrEqualToThreshold", WITHIN, BREACHING, BREACHING),
    ):
        terms = Terms(statistic=statistic, comparison=comparison)
        found = [terms._replace(threshold=value + more).data_point(samples) for more in (-0.5, 0, 0.5)]
        assert found == [below, equal, above]
        assert terms.data_point([]) == MISSING
