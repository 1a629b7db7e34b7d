"""A read that fails: what it would have read is Unreadable, and nothing else is different."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse, HTTPHeaders

from blindspot.aws.collect import AccountUnknown
from blindspot.aws.read import AT_ONCE
from blindspot.model import profile
from blindspot.model.snapshot import (
    LogGroup,
    MetricAlarm,
    OtherAlarm,
    Snapshot,
    Topic,
    TrailStatus,
    Unreadable,
    unreadable_reads,
)
from blindspot.verdict.assessment import Verdict, assess
from local.accounts import a_compliant_account
from local.aws import Call, Fault, LocalAws, local_aws
from tests.integration.reading import ACCOUNT, OWN, REGIONS, alarms, calls, look

DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError")
NOT_DENIED = ("UnrecognizedClientException", "InvalidClientTokenId", "AuthFailure", "ThrottlingException")


@pytest.fixture
def aws() -> Iterator[LocalAws]:
    """One whole channel in the own region."""
    with local_aws(region=OWN, regions=REGIONS) as aws:
        a_compliant_account(aws)
        yield aws


def _trail(whole: Snapshot, **bent: Any) -> Snapshot:
    return replace(whole, trails=(replace(whole.trails[0], **bent),))


def _topic(whole: Snapshot, subscriptions: Any) -> Snapshot:
    ((arn, topic),) = whole.topics.items()
    assert isinstance(topic, Topic)
    return replace(whole, topics={arn: replace(topic, subscriptions=subscriptions)})


def _subscription(whole: Snapshot, why: Unreadable) -> Snapshot:
    (topic,) = whole.topics.values()
    assert isinstance(topic, Topic)
    assert not isinstance(topic.subscriptions, Unreadable)
    return _topic(whole, (replace(topic.subscriptions[0], filter_policy=why),))


def _home(whole: Snapshot, why: Unreadable) -> Snapshot:
    unread = {(ACCOUNT, OWN): why}
    bent = replace(whole, unread_regions={OWN: why}, log_groups=dict.fromkeys(whole.log_groups, why), alarms=unread)
    return _trail(replace(bent, topics={}, mute_rules=unread), status=why, selectors=why)


def _log_group(whole: Snapshot, **bent: Any) -> Snapshot:
    ((arn, group),) = whole.log_groups.items()
    assert isinstance(group, LogGroup)
    return replace(whole, log_groups={arn: replace(group, **bent)})


INSTEAD: dict[str, Callable[[Snapshot, Unreadable], Snapshot]] = {
    "ec2:DescribeRegions": lambda whole, why: replace(whole, regions=why, skipped=()),
    "cloudtrail:DescribeTrails": _home,
    "cloudtrail:GetTrailStatus": lambda whole, why: _trail(whole, status=why),
    "cloudtrail:GetEventSelectors": lambda whole, why: _trail(whole, selectors=why),
    "logs:DescribeMetricFilters": lambda whole, why: replace(_log_group(whole, filters=why), topics={}),
    "logs:DescribeLogGroups": lambda whole, why: _log_group(whole, log_class=why),
    "cloudwatch:DescribeAlarms": lambda whole, why: replace(whole, alarms={(ACCOUNT, OWN): why}, topics={}),
    "cloudwatch:ListAlarmMuteRules": lambda whole, why: replace(whole, mute_rules={(ACCOUNT, OWN): why}),
    "sns:GetTopicAttributes": lambda whole, why: replace(whole, topics=dict.fromkeys(whole.topics, why)),
    "sns:ListSubscriptionsByTopic": _topic,
    "sns:GetSubscriptionAttributes": _subscription,
}
"""For each operation: the snapshot when it gives no answer in the own region."""


def steady(snapshot: Snapshot) -> Snapshot:
    """The snapshot less the time of the last delivery, which goes on."""
    return replace(
        snapshot,
        trails=tuple(
            replace(trail, status=replace(trail.status, logs_delivered_at=None))
            if isinstance(trail.status, TrailStatus)
            else trail
            for trail in snapshot.trails
        ),
    )


@pytest.mark.parametrize("error", ["AccessDenied", "UnrecognizedClientException"])
@pytest.mark.parametrize("call", INSTEAD)
def test_an_error(aws: LocalAws, call: str, error: str) -> None:
    whole = steady(look())
    aws.fail(call, OWN, error)
    why = Unreadable(call, OWN, error, denied=error == "AccessDenied")
    assert steady(look()) == INSTEAD[call](whole, why)


@pytest.mark.parametrize("call", ["sts:GetCallerIdentity", *INSTEAD])
def test_a_read_that_is_throttled_twice_is_made_a_third_time(
    aws: LocalAws, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    whole = steady(look())
    aws.fail(call, OWN, "ThrottlingException", times=2)
    assert steady(look()) == whole
    assert aws.faults[0].times == 0


@pytest.mark.parametrize("call", INSTEAD)
def test_no_answer(aws: LocalAws, call: str) -> None:
    whole = steady(look())
    aws.hang(call, OWN)
    assert steady(look()) == INSTEAD[call](whole, Unreadable(call, OWN, "Timeout"))


@pytest.mark.parametrize("call", INSTEAD)
def test_a_malformed_answer(aws: LocalAws, call: str) -> None:
    whole = steady(look())
    aws.malform(call, {"Unexpected": True}, OWN)
    field = {
        "ec2:DescribeRegions": "Regions",
        "cloudtrail:DescribeTrails": "trailList",
        "cloudtrail:GetTrailStatus": "IsLogging",
        "cloudtrail:GetEventSelectors": "TrailARN",
        "logs:DescribeMetricFilters": "metricFilters",
        "logs:DescribeLogGroups": "logGroups",
        "cloudwatch:DescribeAlarms": "MetricAlarms",
        "cloudwatch:ListAlarmMuteRules": "AlarmMuteRuleSummaries",
        "sns:ListSubscriptionsByTopic": "Subscriptions",
    }.get(call, "Attributes")
    assert steady(look()) == INSTEAD[call](whole, Unreadable(call, OWN, f"Malformed: {field}"))


SWAPPED: dict[str, dict[str, object]] = {
    "cloudtrail:GetEventSelectors": {"TrailARN": f"arn:aws:cloudtrail:{OWN}:{ACCOUNT}:trail/x", "EventSelectors": []},
    "logs:DescribeLogGroups": {"logGroups": [{"logGroupName": "another"}]},
    "sns:GetTopicAttributes": {"Attributes": {"TopicArn": f"arn:aws:sns:{OWN}:{ACCOUNT}:x", "Policy": "{}"}},
    "sns:ListSubscriptionsByTopic": {"Subscriptions": [{"TopicArn": f"arn:aws:sns:{OWN}:{ACCOUNT}:x"}]},
    "sns:GetSubscriptionAttributes": {"Attributes": {"SubscriptionArn": f"arn:aws:sns:{OWN}:{ACCOUNT}:x:1"}},
}


@pytest.mark.parametrize("call", SWAPPED)
def test_an_answer_about_something_else_is_none(aws: LocalAws, call: str) -> None:
    whole = steady(look())
    aws.malform(call, SWAPPED[call], OWN)
    bent = steady(look())
    why = [read for read in unreadable_reads(bent) if read.call == call]
    assert len(why) == 1
    assert bent == INSTEAD[call](whole, why[0])


def test_one_malformed_alarm_leaves_the_others(aws: LocalAws) -> None:
    (alarm,) = aws.client("cloudwatch").describe_alarms()["MetricAlarms"]
    malformed = {**alarm, "AlarmArn": f"{alarm['AlarmArn']}-2", "Threshold": "high"}
    aws.malform("cloudwatch:DescribeAlarms", {"MetricAlarms": [malformed, alarm], "CompositeAlarms": []}, OWN)
    snapshot = look()
    unknown, whole = alarms(snapshot)
    assert isinstance(unknown, OtherAlarm)
    assert isinstance(whole, MetricAlarm)
    assert assess(snapshot, profile.load("cis-level-2")).verdict is Verdict.COMPLIANT


def test_one_malformed_trail_leaves_the_others(aws: LocalAws) -> None:
    (trail,) = aws.client("cloudtrail").describe_trails()["trailList"]
    malformed = {**trail, "TrailARN": f"{trail['TrailARN']}-2", "IsMultiRegionTrail": "yes"}
    aws.malform("cloudtrail:DescribeTrails", {"trailList": [malformed, trail]})
    snapshot = look()
    assert [found.unread for found in snapshot.trails] == ["", "Malformed: IsMultiRegionTrail"]
    assert calls(aws)["cloudtrail:GetTrailStatus"] == 1
    assert assess(snapshot, profile.load("cis-level-2")).verdict is Verdict.COMPLIANT


@pytest.mark.parametrize("call", INSTEAD)
def test_the_deadline(aws: LocalAws, call: str) -> None:
    whole = steady(look())
    aws.hang(call, OWN, seconds=60)
    bent = look(seconds=1.5)
    assert aws.waiting == 1
    assert steady(bent) == INSTEAD[call](whole, Unreadable(call, OWN, "Timeout"))


def test_after_the_deadline_nothing_is_called(aws: LocalAws) -> None:
    with pytest.raises(AccountUnknown, match=r"^sts:GetCallerIdentity in eu-west-1: Timeout$"):
        look(seconds=-1)
    assert aws.calls == []


@pytest.mark.parametrize("error", [*DENIED, *NOT_DENIED])
def test_only_a_refusal_names_a_missing_permission(aws: LocalAws, error: str) -> None:
    aws.fail("cloudtrail:GetTrailStatus", error=error)
    (trail,) = look().trails
    assert isinstance(trail.status, Unreadable)
    assert (trail.status.error, trail.status.denied) == (error, error in DENIED)


def test_without_an_account_nothing_is_judged(aws: LocalAws) -> None:
    aws.fail("sts:GetCallerIdentity", error="ExpiredToken")
    with pytest.raises(AccountUnknown) as raised:
        look()
    assert str(raised.value) == "sts:GetCallerIdentity in eu-west-1: ExpiredToken"
    assert raised.value.__context__ is None


def test_an_answer_that_nobody_has_thought_of_takes_no_other_along(aws: LocalAws) -> None:
    def fail(_: Call) -> object:
        raise ZeroDivisionError

    aws.faults.append(Fault("cloudtrail:GetEventSelectors", None, fail))
    (trail,) = look().trails
    error = "Malformed: ZeroDivisionError"
    assert trail.selectors == Unreadable("cloudtrail:GetEventSelectors", trail.home_region, error)
    assert not isinstance(trail.status, Unreadable)


def test_where_the_probe_is_refused_nothing_more_is_called(aws: LocalAws) -> None:
    made = a_compliant_account(aws, region="us-east-1", name="elsewhere")
    aws.fail("cloudtrail:DescribeTrails", "us-east-1")

    snapshot = look()

    assert calls(aws, "us-east-1") == {"cloudtrail:DescribeTrails": 1}
    refused = Unreadable("cloudtrail:DescribeTrails", "us-east-1", "AccessDenied", denied=True)
    (shadow,) = (trail for trail in snapshot.trails if trail.home_region == "us-east-1")
    assert (shadow.multi_region, shadow.status, shadow.selectors) == (True, refused, refused)
    assert snapshot.log_groups[f"arn:aws:logs:us-east-1:{aws.account}:log-group:{made.log_group}"] == refused
    assert snapshot.alarms[ACCOUNT, "us-east-1"] == refused
    assert snapshot.unread_regions == {"us-east-1": refused}


def test_with_the_regions_unread_only_the_own_is_called(aws: LocalAws) -> None:
    a_compliant_account(aws, region="us-east-1", name="elsewhere")
    aws.fail("ec2:DescribeRegions")

    snapshot = look(excluded=("us-west-2",))

    assert {call.region for call in aws.calls} == {OWN}
    refused = Unreadable("ec2:DescribeRegions", OWN, "AccessDenied", denied=True)
    assert [trail.status for trail in snapshot.trails if trail.home_region == "us-east-1"] == [refused]
    assert [skipped.region for skipped in snapshot.skipped] == ["us-west-2"]


def test_a_list_of_regions_without_the_own_is_malformed(aws: LocalAws) -> None:
    aws.malform("ec2:DescribeRegions", {"Regions": []})
    assert look().regions == Unreadable("ec2:DescribeRegions", OWN, "Malformed: Regions")


@pytest.mark.parametrize("error", ["AccessDeniedException", "TrailNotFoundException"])
def test_one_trail_s_failure_says_nothing_of_another_trail(aws: LocalAws, error: str) -> None:
    for name in ("second", "third"):
        a_compliant_account(aws, name=name, topic="security-alerts")
    aws.fail("cloudtrail:GetTrailStatus", OWN, error, about="trail/second")

    found = {trail.arn.rpartition("/")[2]: trail.status for trail in look().trails}

    assert found["second"] == Unreadable("cloudtrail:GetTrailStatus", OWN, error, denied=error in DENIED)
    assert all(isinstance(found[name], TrailStatus) for name in ("management-events", "third"))


def test_one_topic_s_refusal_says_nothing_of_another_topic(aws: LocalAws) -> None:
    topics = [f"arn:aws:sns:{OWN}:{ACCOUNT}:{name}" for name in ("security-alerts", "second-alerts")]
    a_compliant_account(aws, name="second", topic="second-alerts", alarm={"AlarmActions": topics})
    aws.fail("sns:GetTopicAttributes", times=1)

    refused, read = sorted(look().topics.values(), key=lambda topic: isinstance(topic, Topic))

    assert refused == Unreadable("sns:GetTopicAttributes", OWN, "AccessDenied", denied=True)
    assert isinstance(read, Topic)
    assert calls(aws)["sns:GetTopicAttributes"] == 2


def test_no_more_than_so_many_calls_at_once(aws: LocalAws) -> None:
    busy = threading.Semaphore(AT_ONCE)
    exceeded: list[bool] = []

    def slowly(_: Call) -> object:
        exceeded.append(not busy.acquire(blocking=False))
        time.sleep(0.05)
        busy.release()
        return AWSResponse("", 200, HTTPHeaders(), None), {"trailList": []}

    names = (OWN, *(f"zz-made-{number}" for number in range(3 * AT_ONCE)))
    listed = [{"RegionName": name, "OptInStatus": "opted-in"} for name in names]
    aws.malform("ec2:DescribeRegions", {"Regions": listed})
    aws.faults.append(Fault("cloudtrail:DescribeTrails", None, slowly))
    assert look().regions == tuple(sorted(names))
    assert exceeded == [False] * len(names)
