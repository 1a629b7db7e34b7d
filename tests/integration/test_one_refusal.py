"""What is refused for one resource says nothing of another: beside one that is whole, every verdict stays COMPLIANT.

And nothing of another account is asked without a role there.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from blindspot.model import profile
from blindspot.verdict.assessment import Verdict, assess
from local.accounts import Made, a_compliant_account, put_alarm
from local.aws import LocalAws, local_aws
from tests.integration.evaluating import invoke
from tests.integration.reading import ACCOUNT, CLIENTS, OWN, REGIONS, calls, look
from tests.scenarios import bends
from tests.scenarios.bends import OTHER, USE_KEY

COMPLIANT, INDETERMINATE, NON_COMPLIANT = Verdict
PROFILE = profile.load("cis-level-2")
WHOLE, REFUSED = "management-events", "a-second"
"""The names of the trail, log group and topic of a whole channel, and of one of which something is refused. AWS lists
the latter first."""


@pytest.fixture
def aws() -> Iterator[LocalAws]:
    with local_aws(region=OWN, regions=REGIONS) as aws:
        yield aws


def a_second_trail(aws: LocalAws) -> None:
    a_compliant_account(aws, name=REFUSED, topic=REFUSED)


def a_second_trail_in_another_region(aws: LocalAws) -> None:
    a_compliant_account(aws, region="us-east-1", name=REFUSED, topic=REFUSED)


def a_second_topic(aws: LocalAws) -> None:
    other = aws.client("sns").create_topic(Name=REFUSED)["TopicArn"]
    (alarm,) = aws.client("cloudwatch").describe_alarms()["MetricAlarms"]
    metric = {"metricNamespace": alarm["Namespace"], "metricName": alarm["MetricName"]}
    put_alarm(aws, OWN, alarm["AlarmName"], metric, [other, *alarm["AlarmActions"]], {})


def a_second_key(aws: LocalAws) -> None:
    """Each of two topics has one."""
    a_second_topic(aws)
    for topic in (REFUSED, "security-alerts"):
        keys = aws.client("kms")
        key = keys.create_key(Policy=bends.policy(USE_KEY))["KeyMetadata"]["KeyId"]
        keys.create_alias(AliasName=f"alias/{topic}", TargetKeyId=key)
        arn = f"arn:aws:sns:{OWN}:{ACCOUNT}:{topic}"
        value = f"alias/{topic}"
        aws.client("sns").set_topic_attributes(TopicArn=arn, AttributeName="KmsMasterKeyId", AttributeValue=value)


def key_of_the_second(aws: LocalAws) -> str:
    return str(aws.client("kms").describe_key(KeyId=f"alias/{REFUSED}")["KeyMetadata"]["Arn"])


def two_queues(aws: LocalAws) -> None:
    """In place of the address; both are confirmed at once."""
    topic = f"arn:aws:sns:{OWN}:{ACCOUNT}:security-alerts"
    bends.no_subscription(aws, Made(OWN, "", "", "", "", topic))
    for queue in (REFUSED, WHOLE):
        aws.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{OWN}:{ACCOUNT}:{queue}")


def first_subscription(aws: LocalAws) -> str:
    topic = f"arn:aws:sns:{OWN}:{ACCOUNT}:security-alerts"
    first, *_ = aws.client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    return str(first["SubscriptionArn"])


@dataclass(frozen=True)
class Beside:
    """What is beside the whole channel, and which call about what of it is refused."""

    second: Callable[[LocalAws], None]
    call: str
    about: Callable[[LocalAws], str] = lambda _: REFUSED
    region: str = OWN


BESIDE = {
    "a trail's status": Beside(a_second_trail, "cloudtrail:GetTrailStatus"),
    "a trail's event selectors": Beside(a_second_trail, "cloudtrail:GetEventSelectors"),
    "a log group": Beside(a_second_trail, "logs:DescribeLogGroups"),
    "a topic": Beside(a_second_topic, "sns:GetTopicAttributes"),
    "a topic's subscriptions": Beside(a_second_topic, "sns:ListSubscriptionsByTopic"),
    "a subscription": Beside(two_queues, "sns:GetSubscriptionAttributes", first_subscription),
    "a key": Beside(a_second_key, "kms:DescribeKey"),
    "a key's policy": Beside(a_second_key, "kms:GetKeyPolicy", key_of_the_second),
    **{
        f"another region's {call}": Beside(a_second_trail_in_another_region, call, lambda _: "", "us-east-1")
        for call in (
            "cloudtrail:DescribeTrails",
            "logs:DescribeMetricFilters",
            "logs:DescribeLogGroups",
            "cloudwatch:DescribeAlarms",
            "cloudwatch:ListAlarmMuteRules",
            "sns:GetTopicAttributes",
        )
    },
}


@pytest.mark.parametrize("name", BESIDE)
def test_one_refusal_says_nothing_of_another_resource(aws: LocalAws, name: str) -> None:
    beside = BESIDE[name]
    a_compliant_account(aws, name=WHOLE)
    beside.second(aws)
    assert assess(look(), PROFILE).verdict is COMPLIANT
    aws.fail(beside.call, beside.region, about=beside.about(aws))
    before = CLIENTS.refused_calls

    assessment = assess(look(), PROFILE)

    assert assessment.verdict is COMPLIANT
    assert [read.call for read in assessment.unreadable] == [beside.call]
    assert CLIENTS.refused_calls == before + 1


def test_refused_calls_are_counted_and_told(aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLINDSPOT_CONFIG_RULE", "")
    a_compliant_account(aws)
    assert invoke({"action": "assess"})["refused_calls"] == 0

    aws.fail("sns:GetTopicAttributes")
    aws.fail("cloudtrail:GetTrailStatus")
    aws.fail("logs:DescribeLogGroups", error="ThrottlingException")
    found = invoke({"action": "assess"})

    assert found["refused_calls"] == 2
    (note,) = (note for note in found["notes"] if note["code"] == "calls.refused")
    assert note["resource"] == ACCOUNT
    assert note["message"].startswith("AWS refused 2 calls of Blindspot. Each is itself an unauthorized call")


FOREIGN: dict[str, tuple[bends.Bend, str]] = {
    "a topic": (bends.another_accounts_topic(bends.CLOUDWATCH, bends.READ_TOPIC), "topic.foreign"),
    "a key": (bends.with_another_accounts_key, "key.foreign"),
    "a log group": (bends.to_another_account, "log-group.foreign"),
    "a subscription": (
        bends.together(bends.no_subscription, bends.another_accounts_subscription),
        "subscription.foreign",
    ),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_nothing_of_another_account_is_asked_without_a_role(aws: LocalAws, name: str) -> None:
    bend, code = FOREIGN[name]
    bend(aws, a_compliant_account(aws))
    before = CLIENTS.refused_calls

    found = {doubt.code: doubt for region in assess(look(), PROFILE).regions for doubt in region.doubts}

    assert set(found) == {code}
    assert OTHER in found[code].message
    assert "MonitoringRoleArns" in found[code].message
    assert "MonitoringRoleArns" in found[code].fix
    assert CLIENTS.refused_calls == before
    assert all(call.account is None for call in aws.calls)
    assert calls(aws)["sts:AssumeRole"] == 0


def test_a_gap_in_another_account_names_it(aws: LocalAws) -> None:
    """A log group of the same name is in this account too, and whole."""
    made = a_compliant_account(aws, name="organization")
    bends.an_organization_trail()(aws, made)
    theirs = aws.client("logs", account=OTHER)
    theirs.delete_metric_filter(logGroupName="organization", filterName=made.filter)

    assessment = assess(look(roles={OTHER: bends.ROLE}), PROFILE)

    assert assessment.verdict is NON_COMPLIANT
    messages = {gap.message for region in assessment.regions for gap in region.gaps}
    assert messages == {
        f"Log group organization has no metric filter. Log group organization is in account {OTHER}.",
    }
