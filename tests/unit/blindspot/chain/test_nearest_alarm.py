"""The alarm that comes nearest to a metric that no alarm watches."""

from dataclasses import replace
from typing import Any

import pytest

from blindspot.chain.nearest_alarm import NearestAlarms
from blindspot.model.arn import Place
from blindspot.model.findings import FIXES, Gap
from blindspot.model.snapshot import Alarm, LogGroup, MetricFilter, Unreadable
from tests.builders import (
    ACCOUNT,
    HOME,
    a_compliant_snapshot,
    a_composite,
    a_filter,
    a_math_alarm,
    an_alarm,
    log_group_arn,
)

NONE = (
    "No alarm in eu-west-1 watches metric unauthorized_api_calls in namespace CISBenchmark, to which metric filter "
    "unauthorized of log group management-events adds."
)
SET = "Set alarm unauthorized to metric unauthorized_api_calls in namespace CISBenchmark, or create one on it."
BY_USER = (("user", "$.userIdentity.userName"),)
ALICE = (("user", "alice"), ("role", "x"))
FILTER = "metric filter unauthorized of log group management-events"
HERE, ELSEWHERE, FOREIGN = (ACCOUNT, HOME), (ACCOUNT, "us-east-1"), ("999999999999", HOME)


def missing(metric_filter: MetricFilter, alarms: dict[Place, tuple[Alarm, ...] | Unreadable]) -> Gap:
    return NearestAlarms(replace(a_compliant_snapshot(), alarms=alarms)).missing(
        LogGroup(log_group_arn(), (metric_filter,)), metric_filter
    )


@pytest.mark.parametrize(
    ("of_filter", "of_alarm", "says", "fix"),
    [
        (
            {},
            {"namespace": "Other"},
            "watches metric unauthorized_api_calls in namespace Other: the namespace differs.",
            SET,
        ),
        (
            {},
            {"namespace": "cisBenchmark"},
            (
                "watches metric unauthorized_api_calls in namespace cisBenchmark: the namespace differs only in "
                "upper and lower case."
            ),
            SET,
        ),
        (
            {},
            {"metric": "Unauthorized_API_calls"},
            (
                "watches metric Unauthorized_API_calls in namespace CISBenchmark: the name differs only in "
                "upper and lower case."
            ),
            SET,
        ),
        (
            {},
            {"metric": "UnauthorizedApiCalls", "namespace": "CIS Benchmark"},
            "watches metric UnauthorizedApiCalls in namespace CIS Benchmark: the namespace and the name differ.",
            SET,
        ),
        (
            {},
            {"metric": "UnauthorizedApiCalls", "namespace": "LogMetrics"},
            "watches metric UnauthorizedApiCalls in namespace LogMetrics: the namespace and the name differ.",
            SET,
        ),
        (
            {},
            {"unit": "Count"},
            "watches it only in the unit Count, and the filter adds it without a unit.",
            "Remove the unit from alarm unauthorized.",
        ),
        (
            {"unit": "Bytes"},
            {"unit": "None"},
            "watches it only in the unit None, and the filter adds it in the unit Bytes.",
            "Remove the unit from alarm unauthorized.",
        ),
        (
            {},
            {"dimensions": ALICE, "unit": "None"},
            "watches it with dimensions user=alice, role=x, and the filter adds it without dimensions.",
            "Remove the dimensions from alarm unauthorized.",
        ),
        (
            {"dimensions": BY_USER, "system_dimensions": ("@aws.region",), "unit": "Count"},
            {"unit": "Count"},
            "watches it without dimensions, and the filter adds it only with dimensions user, @aws.region.",
            f"Remove the dimensions from {FILTER}: with them, each of their values is another metric.",
        ),
        (
            {"dimensions": BY_USER},
            {"dimensions": ALICE},
            "watches it with dimensions user=alice, role=x, and the filter adds it only with dimensions user.",
            f"Remove the dimensions from {FILTER} and from alarm unauthorized.",
        ),
    ],
)
def test_it_says_in_what_the_alarm_differs(
    of_filter: dict[str, Any], of_alarm: dict[str, Any], says: str, fix: str
) -> None:
    gap = missing(a_filter(**of_filter), {HERE: (an_alarm(**of_alarm),)})
    assert (gap.code, gap.resource) == ("alarm.missing", f"{log_group_arn()}:metric-filter:unauthorized")
    assert (gap.message, gap.fix) == (f"{NONE} Alarm unauthorized {says}", fix)


@pytest.mark.parametrize(("place", "where"), [(ELSEWHERE, "us-east-1"), (FOREIGN, "eu-west-1 of account 999999999999")])
def test_the_alarm_may_be_elsewhere(place: Place, where: str) -> None:
    alarm = replace(an_alarm(), arn=f"arn:aws:cloudwatch:{place[1]}:{place[0]}:alarm:there")
    gap = missing(a_filter(), {HERE: (), place: (alarm,)})
    assert gap.message == f"{NONE} Alarm there watches the metric of that name in {where}."
    assert gap.fix == (
        "Create the alarm in eu-west-1: a metric filter adds to a metric of its log group's account and region."
    )


@pytest.mark.parametrize(
    "alarms",
    [
        {},
        {HERE: ()},
        {HERE: Unreadable("cloudwatch:DescribeAlarms", HOME, "Timeout")},
        {HERE: (an_alarm(metric="root_logins"),)},
        {HERE: (a_composite("ALARM(x)"),)},
        {ELSEWHERE: (an_alarm("us-east-1", namespace="Other"),)},
    ],
)
def test_without_an_alarm_that_comes_near_one_is_to_be_created(
    alarms: dict[Place, tuple[Alarm, ...] | Unreadable],
) -> None:
    gap = missing(a_filter(), alarms)
    assert (gap.message, gap.fix) == (NONE, FIXES["alarm.missing"])
    assert gap.resource == f"{log_group_arn()}:metric-filter:unauthorized"


def test_a_name_without_letters_is_like_no_other() -> None:
    odd = an_alarm(metric="--")
    assert missing(a_filter(metric="__"), {HERE: (odd,)}).fix == FIXES["alarm.missing"]
    assert (
        "Alarm unauthorized watches metric --" in missing(a_filter(metric="--", namespace="N"), {HERE: (odd,)}).message
    )


def test_of_several_alarms_the_nearest_is_named() -> None:
    math = a_math_alarm("m1")
    nearer = (
        an_alarm(name="spelled", metric="UnauthorizedApiCalls", namespace="Other"),
        an_alarm(name="named", namespace="Other"),
        an_alarm(name="both", metric="UnauthorizedApiCalls"),
        replace(math, queries=(math.queries[0], replace(math.queries[1], unit="Bytes"))),
    )
    there = {ELSEWHERE: (an_alarm("us-east-1", "there"),)}
    named = [missing(a_filter(), {**there, HERE: nearer[:number]}).message.split()[21] for number in range(5)]
    assert named == ["there", "spelled", "named", "both", "math"]
    second = an_alarm(name="second", unit="Bytes")
    assert "Alarm math watches" in missing(a_filter(), {HERE: (*nearer, second)}).message
