"""Each operation that is called fails in each way: every verdict stays what it was, or is INDETERMINATE."""

import json
from collections.abc import Callable, Iterator

import pytest

from blindspot.model import profile
from blindspot.verdict.assessment import Verdict, assess
from local.accounts import HALF_RIGHT, a_compliant_account
from local.aws import LocalAws, local_aws
from tests.integration.reading import OWN, REGIONS, answer_once, calls, look
from tests.warm import set_up, warm

OWNER = "999988887777"
ROLE = f"arn:aws:iam::{OWNER}:role/blindspot"
SIEM = f"arn:aws:logs:{OWN}:123456789012:destination:siem"
OTHER_SIEM = f"arn:aws:logs:{OWN}:123456789012:destination:other"
PROFILE = profile.load("cis-level-2", {"siem_destinations": [SIEM]})


def an_account_that_uses_everything(aws: LocalAws, *, pattern: str, listener: str) -> None:
    """A composite alarm notifies an encrypted topic; an organization's trail is there, mute rules, and a SIEM that gets
    something else."""
    made = a_compliant_account(aws, pattern=pattern, alarm={"AlarmActions": []})
    alarms = aws.client("cloudwatch")
    alarms.put_composite_alarm(AlarmName="any", AlarmRule=f'ALARM("{made.alarm}")', AlarmActions=[made.topic])
    alarms.put_alarm_mute_rule(
        Name="later",
        Rule={"Schedule": {"Expression": "at(2099-01-01T00:00)", "Duration": "PT1H"}},
        MuteTargets={"AlarmNames": ["any"]},
    )
    policy = {
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "cloudwatch.amazonaws.com"},
                "Action": "kms:*",
                "Resource": "*",
            }
        ]
    }
    key = aws.client("kms").create_key(Policy=json.dumps(policy))["KeyMetadata"]["KeyId"]
    topics = aws.client("sns")
    topics.set_topic_attributes(TopicArn=made.topic, AttributeName="KmsMasterKeyId", AttributeValue=key)
    for subscription in topics.list_subscriptions_by_topic(TopicArn=made.topic)["Subscriptions"]:
        topics.set_subscription_attributes(
            SubscriptionArn=subscription["SubscriptionArn"], AttributeName="FilterPolicy", AttributeValue=listener
        )
        topics.set_subscription_attributes(
            SubscriptionArn=subscription["SubscriptionArn"],
            AttributeName="FilterPolicyScope",
            AttributeValue="MessageBody",
        )
    logs = aws.client("logs")
    logs.put_subscription_filter(
        logGroupName=made.log_group, filterName="s", filterPattern="{ $.eventName = CreateUser }", destinationArn=SIEM
    )
    logs.put_account_policy(
        policyName="p",
        policyType="SUBSCRIPTION_FILTER_POLICY",
        policyDocument=json.dumps({"DestinationArn": OTHER_SIEM, "FilterPattern": ""}),
        scope="ALL",
    )
    owner = aws.client("s3", account=OWNER)
    owner.create_bucket(Bucket="organization", CreateBucketConfiguration={"LocationConstraint": OWN})
    aws.client("cloudtrail", account=OWNER).create_trail(
        Name="organization", S3BucketName="organization", IsOrganizationTrail=True, IsMultiRegionTrail=True
    )
    aws.trust(ROLE)


ACCOUNTS = {
    Verdict.COMPLIANT: {"pattern": PROFILE.pattern.text, "listener": '{"NewStateValue": ["ALARM"]}'},
    Verdict.NON_COMPLIANT: {"pattern": HALF_RIGHT, "listener": '{"NewStateValue": ["ALARM"]}'},
}


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
