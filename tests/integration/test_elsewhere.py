"""Where no metric filter of a trail's log group leads to a topic, those of other places are read too."""

from collections.abc import Callable, Iterator

import pytest

from blindspot.model import profile
from blindspot.verdict.assessment import Assessment, Verdict, assess
from blindspot.verdict.notes import STRAIGHT_FROM_CLOUDTRAIL
from local.accounts import CIS, Made, a_compliant_account, put_filter
from local.aws import LocalAws, local_aws
from tests.integration.reading import ACCOUNT, OWN, REGIONS, calls, look
from tests.scenarios import bends
from tests.scenarios.bends import OTHER, ROLE

COMPLIANT, INDETERMINATE, NON_COMPLIANT = Verdict
AWAY = "us-east-1"
METRIC = {"metricNamespace": "Central", "metricName": "refused", "metricValue": "1"}
FILTERS = "logs:DescribeMetricFilters"


@pytest.fixture
def aws() -> Iterator[LocalAws]:
    with local_aws(region=OWN, regions=REGIONS) as aws:
        yield aws


def a_filter_on(aws: LocalAws, region: str, log_group: str, account: str = ACCOUNT) -> None:
    there = LocalAws(account, region, aws.regions)
    there.client("logs").create_log_group(logGroupName=log_group)
    put_filter(there, region, log_group, "central", CIS, METRIC)


def without_filter(aws: LocalAws) -> Made:
    made = a_compliant_account(aws)
    bends.no_filter(aws, made)
    return made


def assessed(*, roles: bool = False) -> Assessment:
    return assess(look(roles={OTHER: ROLE} if roles else {}), profile.load("cis-level-2"))


def doubts(assessment: Assessment) -> set[tuple[str, str]]:
    return {(doubt.code, doubt.message) for region in assessment.regions for doubt in region.doubts}


def test_a_copy_in_another_region_is_a_doubt(aws: LocalAws) -> None:
    made = without_filter(aws)
    a_filter_on(aws, AWAY, made.log_group)
    found = assessed()
    message = f"Metric filter central of log group {made.log_group} in {AWAY} may count a central copy of these events."
    assert (found.verdict, doubts(found)) == (INDETERMINATE, {("log-group.copied", message)})


@pytest.mark.parametrize(("roles", "verdict"), [(True, INDETERMINATE), (False, NON_COMPLIANT)])
def test_a_copy_in_another_account_shows_by_its_role(aws: LocalAws, roles: bool, verdict: Verdict) -> None:
    made = without_filter(aws)
    a_filter_on(aws, OWN, made.log_group, OTHER)
    aws.trust(ROLE)
    found = assessed(roles=roles)
    assert found.verdict is verdict
    assert all(OTHER in message for _, message in doubts(found))
    assert any(call.account == OTHER for call in aws.calls) is roles


FAILURES: dict[str, Callable[[LocalAws], object]] = {
    "refused": lambda aws: aws.fail(FILTERS, AWAY),
    "throttled for good": lambda aws: aws.fail(FILTERS, AWAY, "ThrottlingException"),
    "timed out": lambda aws: aws.hang(FILTERS, AWAY),
    "malformed": lambda aws: aws.malform(FILTERS, {"Unexpected": True}, AWAY),
    "pages that do not end": lambda aws: aws.malform(FILTERS, {"metricFilters": [], "nextToken": "1"}, AWAY),
}


@pytest.mark.parametrize("copied", [True, False])
@pytest.mark.parametrize("failure", FAILURES)
def test_where_a_copy_may_be_and_cannot_be_read_is_a_doubt(
    aws: LocalAws, failure: str, copied: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    made = without_filter(aws)
    if copied:
        a_filter_on(aws, AWAY, made.log_group)
    FAILURES[failure](aws)
    found = assessed()
    assert found.verdict is INDETERMINATE
    assert all(AWAY in message for _, message in doubts(found))


def test_a_region_that_a_policy_denies_is_asked_for_nothing_more(aws: LocalAws) -> None:
    without_filter(aws)
    aws.fail("cloudtrail:DescribeTrails", AWAY)
    found = assessed()
    assert calls(aws, AWAY) == {"cloudtrail:DescribeTrails": 1}
    assert found.verdict is NON_COMPLIANT


def test_of_a_member_a_copy_in_another_account_is_not_looked_for(aws: LocalAws) -> None:
    made = without_filter(aws)
    a_filter_on(aws, OWN, made.log_group, OTHER)
    aws.trust(ROLE)
    assert look(roles={OTHER: ROLE}, member_of=OTHER).other_filters == {}
    assert {call.account for call in aws.calls} == {None}


def test_events_without_a_trail_are_a_note(aws: LocalAws) -> None:
    bends.no_trail(aws, a_compliant_account(aws))
    a_filter_on(aws, AWAY, STRAIGHT_FROM_CLOUDTRAIL)
    found = assessed()
    (note,) = found.notes
    arn = f"arn:aws:logs:{AWAY}:{ACCOUNT}:log-group:{STRAIGHT_FROM_CLOUDTRAIL}"
    assert (found.verdict, note.code, note.resource) == (NON_COMPLIANT, "log-group.without-trail", arn)


SPARED: dict[str, Callable[[LocalAws, Made], object]] = {
    "a whole channel": bends.nothing,
    "a filter that misses calls": lambda aws, made: bends.the_filter('{ $.errorCode = "AccessDenied" }')(aws, made),
    "alarms that could not be read": lambda aws, _: aws.fail("cloudwatch:DescribeAlarms"),
    "another account's log group": bends.to_another_account,
}


@pytest.mark.parametrize("name", SPARED)
def test_nothing_more_is_read_where_it_would_settle_nothing(aws: LocalAws, name: str) -> None:
    SPARED[name](aws, a_compliant_account(aws))
    assessed()
    assert calls(aws, AWAY) == {"cloudtrail:DescribeTrails": 1}
