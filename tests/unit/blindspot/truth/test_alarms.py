"""Accounts with alarms as people and the documentation write them, the verdict, and what is said of it."""

from dataclasses import replace
from typing import Any

import pytest

from blindspot.model import profile
from blindspot.model.snapshot import Alarm, LogGroup, MathAlarm, MetricQuery, Snapshot, Unreadable
from blindspot.verdict.assessment import Verdict, assess
from tests.builders import (
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

COMPLIANT, NON_COMPLIANT, INDETERMINATE = Verdict.COMPLIANT, Verdict.NON_COMPLIANT, Verdict.INDETERMINATE

EVERY_CALL = '{ $.eventName = "*" }'
SUCCESSFUL = "{ $.errorCode NOT EXISTS }"
DENIED, UNAUTHORIZED = '{ $.errorCode = "AccessDenied*" }', '{ $.errorCode = "*UnauthorizedOperation" }'
OTHERS = log_group_arn(name="others")


def on_math(expression: str, *, second: bool = True, **bent: Any) -> MathAlarm:
    """A math alarm on the refused calls, m1, and on a second metric, m2."""
    alarm = a_math_alarm(expression, **bent)
    m2 = MetricQuery("m2", namespace="CISBenchmark", metric="second", statistic="Sum")
    return replace(alarm, queries=(*alarm.queries, m2)) if second else alarm


def in_math(expression: str, second: Any = None, group: str = log_group_arn(), **bent: Any) -> Snapshot:
    """An account with such an alarm, and a filter in some log group that adds to m2. Without it there is no m2."""
    counted = {log_group_arn(): (a_filter(),)}
    if second is not None:
        counted[group] = (*counted.get(group, ()), second)
    groups = {arn: LogGroup(arn, filters) for arn, filters in counted.items()}
    alarm = on_math(expression, second=second is not None, **bent)
    return a_compliant_snapshot(alarms=(alarm,), log_groups=groups)


def second(pattern: str, **bent: Any) -> Any:
    return a_filter(pattern, name="second", metric="second", **bent)


def with_alarms(*alarms: Alarm, filters: Any = None) -> Snapshot:
    return a_compliant_snapshot(alarms=alarms, filters=filters)


GREATER: dict[str, Any] = {"comparison": "GreaterThanThreshold", "threshold": 0.0}

MATH: dict[str, tuple[Snapshot, Verdict, str]] = {
    "the share of refused calls": (in_math("100*m1/m2", second(EVERY_CALL), **GREATER), COMPLIANT, ""),
    "the share of refused calls, where the filter matches by an empty pattern": (
        in_math("100 * m1 / m2", second(""), **GREATER),
        COMPLIANT,
        "",
    ),
    "a share that traffic can hide": (
        in_math("100*m1/m2", second(EVERY_CALL), comparison="GreaterThanThreshold", threshold=5.0),
        INDETERMINATE,
        "depends on other log events",
    ),
    "a share of successful calls, which may be none": (
        in_math("m1/m2", second(SUCCESSFUL), **GREATER),
        INDETERMINATE,
        "depends on other log events or on missing data",
    ),
    "a sum with what counts ordinary calls": (
        in_math("m1 + m2", second(EVERY_CALL)),
        NON_COMPLIANT,
        "second of log group management-events counts ordinary calls",
    ),
    "ordinary calls hide the refused ones": (
        in_math("IF(m2 > 100, 0, m1)", second(SUCCESSFUL)),
        INDETERMINATE,
        "depends on other log events",
    ),
    "many refused calls hide themselves": (
        in_math("IF(m2 > 100, 0, m1)", second(EVERY_CALL)),
        NON_COMPLIANT,
        "Many refused calls within one period do not take alarm math",
    ),
    "some number of refused calls hides itself": (
        in_math("IF(m1 > 10 AND m1 < 100, 0, m1)"),
        INDETERMINATE,
        "depends on",
    ),
    "ordinary calls alone": (in_math("IF(m2 > 100, 1, m1)", second(EVERY_CALL)), NON_COMPLIANT, "ordinary calls"),
    "what counts ordinary calls, taken times 0": (in_math("m1 + 0*m2", second(EVERY_CALL)), COMPLIANT, ""),
    "a sum with a silent metric": (in_math("m1 + m2", second(DENIED), OTHERS), COMPLIANT, ""),
    "a sum with a silent metric, where missing data are ignored": (
        in_math("m1 + m2", second(DENIED), OTHERS, missing_data="ignore"),
        INDETERMINATE,
        "depends on other log events or on missing data",
    ),
    "the larger of two metrics": (in_math("MAX([m1, m2])", second(DENIED), OTHERS), COMPLIANT, ""),
    "the smaller of two metrics": (in_math("MIN([m1, m2])", second(DENIED), OTHERS), INDETERMINATE, "missing data"),
    "a condition": (in_math("IF(m1 > 0, 1, 0)"), COMPLIANT, ""),
    "a condition without another value": (in_math("IF(m1 >= 1, m1)"), COMPLIANT, ""),
    "a condition that is never true": (in_math("IF(m1 < 0, 1, 0)"), NON_COMPLIANT, "No number of refused calls"),
    "either of two": (in_math("m1 > 0 OR m2 > 0", second(DENIED), OTHERS), COMPLIANT, ""),
    "both of two": (in_math("m1 > 0 && m2 > 0", second(DENIED)), INDETERMINATE, "depends on"),
    "both of two, of which one has no data": (
        in_math("m1 > 0 AND m2 > 0", second(DENIED), OTHERS),
        NON_COMPLIANT,
        "No number of refused calls takes alarm math",
    ),
    "zeros, and the change of them": (
        in_math("RATE(FILL(m1, 0))", **GREATER),
        INDETERMINATE,
        "cannot analyze: RATE, which is 0 while as many calls are refused in each period",
    ),
    "the change of zeros, and what goes on": (in_math("FILL(m1, 0) + RATE(FILL(m1, 0))", **GREATER), COMPLIANT, ""),
    "a change that no call makes": (in_math("0*RATE(FILL(m1, 0))", **GREATER), NON_COMPLIANT, "No number of refused"),
    "the change of data with gaps": (
        in_math("RATE(m1)", **GREATER),
        INDETERMINATE,
        "cannot analyze: RATE of data that may be missing",
    ),
    "an absolute change": (in_math("ABS(0 - m1)"), COMPLIANT, ""),
    "what came before goes on": (in_math("FILL(m1, REPEAT)"), INDETERMINATE, "cannot analyze: FILL with REPEAT"),
    "a logarithm": (in_math("LOG10(m1)"), INDETERMINATE, "cannot analyze: LOG10."),
    "a function of all data points": (
        in_math("m1 - AVG(m1)"),
        INDETERMINATE,
        "cannot analyze: AVG of one time series",
    ),
    "braces in what is not understood": (
        in_math("SUM(SEARCH('{CISBenchmark} x', 'Sum', 300))"),
        INDETERMINATE,
        "cannot analyze: SEARCH",
    ),
    "a function that cannot be analyzed, and a filter that counts ordinary calls": (
        in_math("LOG10(m1) + 0*m2", second(EVERY_CALL)),
        INDETERMINATE,
        "cannot analyze: LOG10",
    ),
}

QUIET: dict[str, Any] = {"actions": ()}
BY_CODE = (a_filter(DENIED), a_filter(UNAUTHORIZED, name="second", metric="second"))
SHARE = on_math("100*m1/m2", **QUIET, **GREATER)
A, B = an_alarm(name="a", **QUIET), an_alarm(name="b", metric="second", **QUIET)

RULES: dict[str, tuple[Snapshot, Verdict, str]] = {
    "either of two alarms, one for each code": (
        with_alarms(A, B, a_composite("ALARM(a) OR ALARM(b)"), filters=BY_CODE),
        COMPLIANT,
        "",
    ),
    "at least one of two": (
        with_alarms(A, B, a_composite("AT_LEAST(1, ALARM, (a, b))"), filters=BY_CODE),
        COMPLIANT,
        "",
    ),
    "at least one of two, by ARN and in quotes": (
        with_alarms(A, B, a_composite(f'AT_LEAST( 1 , ALARM , ( "{A.arn}" , b ) )'), filters=BY_CODE),
        COMPLIANT,
        "",
    ),
    "at least half of two": (
        with_alarms(A, B, a_composite("AT_LEAST(50%, ALARM, (a, b))"), filters=BY_CODE),
        COMPLIANT,
        "",
    ),
    "more than half of two": (
        with_alarms(A, B, a_composite("AT_LEAST(51%, ALARM, (a, b))"), filters=BY_CODE),
        INDETERMINATE,
        "depends on the states of other alarms of its rule",
    ),
    "both of two on other data": (
        with_alarms(an_alarm(name="a", **QUIET), a_composite("AT_LEAST(2, ALARM, (a, away))")),
        NON_COMPLIANT,
        "does not go to ALARM unless other alarms of its rule do too",
    ),
    "all but those that are not in ALARM": (
        with_alarms(an_alarm(name="a", **QUIET), a_composite("NOT AT_LEAST(1, NOT ALARM, (a))")),
        COMPLIANT,
        "",
    ),
    "none that is OK": (
        with_alarms(an_alarm(name="a", **QUIET), a_composite("AT_LEAST(1, NOT OK, (a))")),
        INDETERMINATE,
        "depends on the states of other alarms",
    ),
    "a function that is not documented": (
        with_alarms(an_alarm(name="a", **QUIET), a_composite("ALARM(a) AND MOST_OF(a, b)")),
        INDETERMINATE,
        'does not understand a part of the rule of composite alarm composite: "MOST_OF(a, b)',
    ),
    "none at least": (
        with_alarms(an_alarm(name="a", **QUIET), a_composite("AT_LEAST(0, ALARM, (a))")),
        INDETERMINATE,
        'does not understand a part of the rule of composite alarm composite: "AT_LEAST(0, ALARM, (a))',
    ),
    "in ALARM until the other is": (
        with_alarms(an_alarm(name="x", **QUIET), a_composite('OK("x")')),
        NON_COMPLIANT,
        "Composite alarm composite is in ALARM until an alarm of its rule goes to ALARM.",
    ),
    "in ALARM while there are no data": (
        with_alarms(an_alarm(name="x", **QUIET), a_composite("INSUFFICIENT_DATA(x)")),
        NON_COMPLIANT,
        "is in ALARM until",
    ),
    "either, or one that is in ALARM while the other is OK": (
        with_alarms(
            an_alarm(name="x", **QUIET),
            a_composite("OK(x)", name="resting", actions=()),
            a_composite("ALARM(x) OR ALARM(resting)"),
        ),
        INDETERMINATE,
        "depends on the states of other alarms",
    ),
    "either, or one that is in ALARM while an alarm on other data is OK": (
        with_alarms(
            an_alarm(name="x", **QUIET),
            a_composite("OK(away)", name="resting", actions=()),
            a_composite("ALARM(x) OR ALARM(resting)"),
        ),
        INDETERMINATE,
        "depends on the states of other alarms",
    ),
    "either, or one whose rule is not understood": (
        with_alarms(
            an_alarm(name="x", **QUIET),
            a_composite("SOMETHING(away)", name="odd", actions=()),
            a_composite("ALARM(x) OR ALARM(odd)"),
        ),
        INDETERMINATE,
        "depends on the states of other alarms",
    ),
    "a rule over a share of refused calls": (
        a_compliant_snapshot(filters=(a_filter(), second(EVERY_CALL)), alarms=(SHARE, a_composite("ALARM(math)"))),
        COMPLIANT,
        "",
    ),
    "a rule over a share of refused calls, and another alarm": (
        a_compliant_snapshot(
            filters=(a_filter(), second(EVERY_CALL)),
            alarms=(SHARE, an_alarm(**QUIET), a_composite("ALARM(unauthorized) OR ALARM(math)")),
        ),
        COMPLIANT,
        "",
    ),
}

UNITS = (a_filter(DENIED, unit="Count"), a_filter(UNAUTHORIZED, name="second"))
SEVERAL = "add to metric unauthorized_api_calls with several units (Count, None), and alarm unauthorized has no unit"

DATA: dict[str, tuple[Snapshot, Verdict, str]] = {
    "several units": (a_compliant_snapshot(filters=UNITS), INDETERMINATE, SEVERAL),
    "several units of one dimension": (
        a_compliant_snapshot(
            filters=(a_filter(DENIED, unit="Count"), a_filter(UNAUTHORIZED, name="s", unit="Percent"))
        ),
        INDETERMINATE,
        "(Count, Percent)",
    ),
    "one unit": (
        a_compliant_snapshot(
            filters=(a_filter(DENIED, unit="Count"), a_filter(UNAUTHORIZED, name="second", unit="Count"))
        ),
        COMPLIANT,
        "",
    ),
    "several units, an alarm for each": (
        with_alarms(an_alarm(name="a", unit="Count"), an_alarm(name="b", unit="None"), filters=UNITS),
        COMPLIANT,
        "",
    ),
    "several units below a composite alarm": (
        with_alarms(an_alarm(**QUIET), a_composite("ALARM(unauthorized)"), filters=UNITS),
        INDETERMINATE,
        "composite alarm composite goes to ALARM",
    ),
    "a metric that a log group which was not read may feed": (
        a_compliant_snapshot(
            log_groups={
                log_group_arn(): LogGroup(log_group_arn(), (a_filter(),)),
                OTHERS: Unreadable("logs:DescribeMetricFilters", HOME, "AccessDenied"),
            },
            trails=(a_trail(), a_trail(name="others", log_group_arn=OTHERS)),
        ),
        INDETERMINATE,
        "Log group others may add to",
    ),
}


@pytest.mark.parametrize("name", [*MATH, *RULES, *DATA])
def test_what_is_judged_and_said_of_an_alarm(name: str) -> None:
    account, verdict, words = (MATH | RULES | DATA)[name]
    found = assess(account, PROFILE)
    assert found.verdict is verdict
    said = [gap.message for region in found.regions for gap in region.gaps]
    said += [doubt.message for region in found.regions for doubt in region.doubts]
    assert any(words in message for message in said) or not words, said


def test_the_state_at_rest_is_what_is_wrong_with_a_rule_that_asks_for_ok() -> None:
    account, _, _ = RULES["in ALARM until the other is"]
    assert {gap.code for region in assess(account, PROFILE).regions for gap in region.gaps} == {"alarm.latches"}


@pytest.mark.parametrize("name", ["the share of refused calls", "ordinary calls hide the refused ones"])
def test_a_profile_that_accepts_noise_still_looks_at_what_it_does_to_metric_math(name: str) -> None:
    account, verdict, _ = MATH[name]
    tolerant = profile.load("cis-level-2", {"noise_breaks": False})
    assert assess(account, tolerant).verdict is verdict


def test_a_profile_that_accepts_noise_accepts_it_in_a_sum() -> None:
    account, _, _ = MATH["a sum with what counts ordinary calls"]
    assert assess(account, profile.load("cis-level-2", {"noise_breaks": False})).verdict is COMPLIANT
