"""Each operation that is called fails in each way: every verdict stays what it was, or is INDETERMINATE."""

from collections.abc import Callable, Iterator

import pytest

from blindspot.verdict.assessment import Verdict, assess
from local.accounts import HALF_RIGHT
from local.aws import LocalAws, local_aws
from tests.cases.everything import OWNER, PROFILE, ROLE, an_account_that_uses_everything
from tests.integration.reading import OWN, REGIONS, answer_once, calls, look
from tests.warm import set_up, warm

ACCOUNTS: dict[Verdict, dict[str, str]] = {Verdict.COMPLIANT: {}, Verdict.NON_COMPLIANT: {"pattern": HALF_RIGHT}}


@pytest.fixture(params=ACCOUNTS)
def account(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[LocalAws, Verdict]]:
    # Between attempts the SDK waits for up to seconds.
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    with local_aws(region=OWN, regions=REGIONS) as aws, warm(aws):
        set_up(aws, request.param, lambda: an_account_that_uses_everything(aws, **ACCOUNTS[request.param]))
        yield aws, request.param


def verdicts(seconds: float = 30) -> dict[str, Verdict]:
    assessment = assess(look(roles={OWNER: ROLE}, siem=True, seconds=seconds), PROFILE)
    return {"account": assessment.verdict, **{region.region: region.verdict for region in assessment.regions}}


LISTS = {
    "cloudtrail:DescribeTrails": "trailList",
    "ec2:DescribeRegions": "Regions",
    "logs:DescribeMetricFilters": "metricFilters",
    "logs:DescribeLogGroups": "logGroups",
    "logs:DescribeSubscriptionFilters": "subscriptionFilters",
    "logs:DescribeAccountPolicies": "accountPolicies",
    "cloudwatch:DescribeAlarms": "MetricAlarms",
    "cloudwatch:ListAlarmMuteRules": "AlarmMuteRuleSummaries",
    "sns:ListSubscriptionsByTopic": "Subscriptions",
}
"""The operations that answer with a list."""

CALLS = (
    *LISTS,
    "cloudtrail:GetTrailStatus",
    "cloudtrail:GetEventSelectors",
    "cloudwatch:GetAlarmMuteRule",
    "sns:GetTopicAttributes",
    "sns:GetSubscriptionAttributes",
    "kms:DescribeKey",
    "kms:GetKeyPolicy",
    "sts:AssumeRole",
)


def empty_pages(aws: LocalAws, call: str, *, times: int | None) -> None:
    name = "nextToken" if call.startswith("logs") else "NextToken"
    page = {LISTS[call]: [], name: "1", **({"CompositeAlarms": []} if call == "cloudwatch:DescribeAlarms" else {})}
    if not times:
        aws.malform(call, page)
        return
    answer_once(aws, call, **page)
    aws.fail(call)


WITHOUT_EFFECT = {
    "logs:DescribeSubscriptionFilters": "the SIEM is one more channel: without it the alarm's is left",
    "logs:DescribeAccountPolicies": "the same",
    "cloudwatch:GetAlarmMuteRule": "the one rule is SCHEDULED, so it mutes nothing now",
    "sts:AssumeRole": "the one trail that the role reads has no log group, so no channel begins with it",
}
"""The operations that the verdict COMPLIANT of the account does not rest on, and why."""

FAILURES: dict[str, Callable[[LocalAws, str], object]] = {
    "denied": lambda aws, call: aws.fail(call),
    "throttled for good": lambda aws, call: aws.fail(call, error="ThrottlingException"),
    "timed out": lambda aws, call: aws.hang(call),
    "malformed": lambda aws, call: aws.malform(call, {"Unexpected": True}),
    "an empty page with a token, then denied": lambda aws, call: empty_pages(aws, call, times=1),
    "a repeated token": lambda aws, call: empty_pages(aws, call, times=None),
}


def test_every_read_is_among_these(account: tuple[LocalAws, Verdict]) -> None:
    aws, verdict = account
    assert set(verdicts().values()) == {verdict}
    assert set(calls(aws)) == {*CALLS, "sts:GetCallerIdentity"}


CASES = [(call, failure) for call in CALLS for failure in FAILURES if call in LISTS or "token" not in failure]


@pytest.mark.parametrize(("call", "failure"), CASES)
def test_nothing_unread_is_taken_for_anything(account: tuple[LocalAws, Verdict], call: str, failure: str) -> None:
    aws, verdict = account
    FAILURES[failure](aws, call)
    found = verdicts()
    assert set(found.values()) <= {verdict, Verdict.INDETERMINATE}
    if verdict is Verdict.COMPLIANT:
        assert (found["account"] is Verdict.COMPLIANT) == (call in WITHOUT_EFFECT)
    # Of the own region it is known, without the list, that it is enabled.
    if call not in {*WITHOUT_EFFECT, "ec2:DescribeRegions"}:
        assert Verdict.COMPLIANT not in found.values()


@pytest.mark.parametrize("account", [Verdict.COMPLIANT], indirect=True)
@pytest.mark.parametrize("failure", ["denied", "throttled for good", "timed out"])
def test_nothing_is_compliant_while_a_mute_rule_is_active_whose_targets_are_unread(
    account: tuple[LocalAws, Verdict], failure: str
) -> None:
    aws, verdict = account
    other = {"Namespace": "Shop", "MetricName": "orders", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1}
    alarms = aws.client("cloudwatch")
    alarms.put_metric_alarm(AlarmName="orders", **other, Threshold=1, ComparisonOperator="LessThanThreshold")
    alarms.put_alarm_mute_rule(
        Name="now",
        Rule={"Schedule": {"Expression": "cron(* * * * *)", "Duration": "PT1H"}},
        MuteTargets={"AlarmNames": ["orders"]},
    )
    assert set(verdicts().values()) == {verdict}
    FAILURES[failure](aws, "cloudwatch:GetAlarmMuteRule")
    assert Verdict.COMPLIANT not in verdicts().values()
