"""What is read of an account, and that it is read once, in the region where it lives."""

from collections.abc import Iterator

import pytest

from blindspot.model.snapshot import (
    CompositeAlarm,
    EventSelector,
    EventSelectors,
    LogGroup,
    MetricAlarm,
    MetricFilter,
    Skipped,
    Topic,
    Unreadable,
)
from local.accounts import CIS, a_compliant_account
from local.aws import LocalAws, local_aws
from tests.integration.reading import (
    ACCOUNT,
    CLIENTS,
    NOW,
    OWN,
    REGIONS,
    alarms,
    calls,
    log_group_arn,
    look,
    subscriptions,
)


@pytest.fixture
def aws() -> Iterator[LocalAws]:
    with local_aws(region=OWN, regions=REGIONS) as aws:
        yield aws


def test_a_whole_channel(aws: LocalAws) -> None:
    made = a_compliant_account(aws)

    snapshot = look()

    assert (snapshot.account, snapshot.partition, snapshot.own_region) == ("123456789012", "aws", OWN)
    assert snapshot.read_at == NOW
    assert snapshot.regions == REGIONS
    assert snapshot.skipped == (Skipped("af-south-1", "not opted in"), Skipped("ap-east-1", "not opted in"))
    assert snapshot.unread_regions == {}
    (trail,) = snapshot.trails
    assert trail.arn == f"arn:aws:cloudtrail:{OWN}:123456789012:trail/{made.trail}"
    assert (trail.home_region, trail.multi_region, trail.log_group_arn) == (OWN, True, log_group_arn(made))
    assert not isinstance(trail.status, Unreadable)
    assert trail.status.logging
    assert trail.selectors == EventSelectors((EventSelector(),))
    found = MetricFilter(made.filter, CIS, "CISBenchmark", "unauthorized_api_calls_metric")
    assert snapshot.log_groups == {log_group_arn(made): LogGroup(log_group_arn(made), (found,))}
    (alarm,) = alarms(snapshot)
    assert isinstance(alarm, MetricAlarm)
    assert (alarm.namespace, alarm.metric, alarm.actions) == (found.namespace, found.metric, (made.topic,))
    (subscription,) = subscriptions(snapshot, made)
    assert (subscription.protocol, subscription.filter_policy) == ("email", None)
    assert subscription.arn is not None


def test_everything_is_read_once(aws: LocalAws) -> None:
    for name in ("one", "two"):
        a_compliant_account(aws, name=name, topic="shared")

    before = CLIENTS.api_calls
    look()

    assert CLIENTS.api_calls - before == len(aws.calls)
    assert calls(aws) == {
        "sts:GetCallerIdentity": 1,
        "ec2:DescribeRegions": 1,
        "cloudtrail:DescribeTrails": len(REGIONS),
        "cloudtrail:GetTrailStatus": 2,
        "cloudtrail:GetEventSelectors": 2,
        "logs:DescribeMetricFilters": 1,
        "logs:DescribeLogGroups": 2,
        "cloudwatch:DescribeAlarms": 1,
        "cloudwatch:ListAlarmMuteRules": 1,
        "sns:GetTopicAttributes": 1,
        "sns:ListSubscriptionsByTopic": 1,
        "sns:GetSubscriptionAttributes": 1,
    }
    assert set(calls(aws, "us-east-1")) == {"cloudtrail:DescribeTrails"}


def test_no_more_than_seven_answers_are_waited_for_one_after_another(aws: LocalAws) -> None:
    a_compliant_account(aws, region="us-east-1")
    look()
    aws.latency(0.4)
    before = len(aws.calls)
    look()
    assert len(aws.calls) - before > 7
    assert aws.round_trips(after=before) <= 7


def test_things_are_read_where_they_live(aws: LocalAws) -> None:
    made = a_compliant_account(aws, region="us-east-1")
    assert isinstance(look().topics[made.topic], Topic)
    assert set(calls(aws, OWN)) == {"sts:GetCallerIdentity", "ec2:DescribeRegions", "cloudtrail:DescribeTrails"}


def test_no_call_goes_to_an_excluded_region(aws: LocalAws) -> None:
    made = a_compliant_account(aws, region="us-east-1")

    snapshot = look(excluded=("us-east-1", "us-west-2"))

    def excluded(call: str) -> Unreadable:
        return Unreadable(call, "us-east-1", "Excluded")

    assert not calls(aws, "us-east-1")
    assert snapshot.regions == ("eu-central-1", OWN)
    assert [skipped.region for skipped in snapshot.skipped if skipped.excluded] == ["us-east-1", "us-west-2"]
    assert snapshot.skipped[2] == Skipped("us-east-1", "excluded by ExcludedRegions", excluded=True)
    (trail,) = snapshot.trails
    assert trail.status == excluded("cloudtrail:GetTrailStatus")
    assert trail.selectors == excluded("cloudtrail:GetEventSelectors")
    assert snapshot.log_groups == {log_group_arn(made): excluded("logs:DescribeMetricFilters")}
    assert snapshot.alarms == {(ACCOUNT, "us-east-1"): excluded("cloudwatch:DescribeAlarms")}
    assert snapshot.topics == {}


def test_no_call_goes_to_a_region_that_is_not_opted_in(aws: LocalAws) -> None:
    a_compliant_account(aws)
    look()
    assert {call.region for call in aws.calls} == set(REGIONS)


def test_a_topic_in_another_region_is_read_there_unless_that_is_excluded(aws: LocalAws) -> None:
    made = a_compliant_account(aws)
    elsewhere = made.topic.replace(OWN, "us-east-1")
    (alarm,) = aws.client("cloudwatch").describe_alarms()["MetricAlarms"]
    alarms = {"MetricAlarms": [{**alarm, "AlarmActions": [elsewhere]}], "CompositeAlarms": []}
    aws.malform("cloudwatch:DescribeAlarms", alarms)

    assert look().topics == {elsewhere: None}
    excluded = Unreadable("sns:GetTopicAttributes", "us-east-1", "Excluded")
    assert look(excluded=("us-east-1",)).topics == {elsewhere: excluded}


def test_what_does_not_exist_is_none(aws: LocalAws) -> None:
    made = a_compliant_account(aws)
    aws.client("sns").delete_topic(TopicArn=made.topic)
    assert look().topics == {made.topic: None}
    aws.client("logs").delete_log_group(logGroupName=made.log_group)
    assert look().log_groups == {log_group_arn(made): None}


def test_an_organization_s_trail_is_read_as_far_as_a_member_may(aws: LocalAws) -> None:
    group = f"arn:aws:logs:{OWN}:999999999999:log-group:organization"
    trail = {
        "TrailARN": f"arn:aws:cloudtrail:{OWN}:999999999999:trail/organization",
        "HomeRegion": OWN,
        "IsMultiRegionTrail": True,
        "IncludeGlobalServiceEvents": True,
        "IsOrganizationTrail": True,
        "CloudWatchLogsLogGroupArn": f"{group}:*",
    }
    aws.malform("cloudtrail:DescribeTrails", {"trailList": [trail]})
    aws.malform("cloudtrail:GetTrailStatus", {"IsLogging": True})

    snapshot = look()

    (found,) = snapshot.trails
    assert not isinstance(found.status, Unreadable)
    assert found.selectors == Unreadable("cloudtrail:GetEventSelectors", OWN, "ForeignAccount")
    assert snapshot.log_groups == {group: Unreadable("logs:DescribeMetricFilters", OWN, "ForeignAccount")}
    assert snapshot.alarms == {}
    assert calls(aws)["logs:DescribeMetricFilters"] == calls(aws)["cloudtrail:GetEventSelectors"] == 0


def test_a_role_reads_nothing_in_an_excluded_region(aws: LocalAws) -> None:
    owner, away = "999999999999", "us-east-1"
    role = f"arn:aws:iam::{owner}:role/blindspot"
    aws.trust(role)
    group = f"arn:aws:logs:{away}:{owner}:log-group:organization"
    trail = {
        "TrailARN": f"arn:aws:cloudtrail:{away}:{owner}:trail/organization",
        "HomeRegion": away,
        "IsMultiRegionTrail": True,
        "IncludeGlobalServiceEvents": True,
        "IsOrganizationTrail": True,
        "CloudWatchLogsLogGroupArn": f"{group}:*",
    }
    aws.malform("cloudtrail:DescribeTrails", {"trailList": [trail]})

    snapshot = look(excluded=(away,), roles={owner: role})

    assert not calls(aws, away)
    assert snapshot.log_groups == {group: Unreadable("logs:DescribeMetricFilters", away, "Excluded")}
    assert snapshot.alarms == {}
    (found,) = snapshot.trails
    assert found.selectors == Unreadable("cloudtrail:GetEventSelectors", away, "Excluded")


@pytest.mark.parametrize("member_of", [None, "999999999999"])
def test_what_a_trail_s_home_says_of_it_goes_before_what_others_say(aws: LocalAws, member_of: str | None) -> None:
    made = a_compliant_account(aws, region="us-east-1")
    trails = aws.client("cloudtrail", "us-east-1")
    trails.update_trail(Name=made.trail, IsOrganizationTrail=True)
    (trail,) = trails.describe_trails()["trailList"]
    for region in (OWN, "eu-central-1"):
        aws.malform("cloudtrail:DescribeTrails", {"trailList": [{**trail, "IsMultiRegionTrail": False}]}, region)
    (found,) = look(member_of=member_of).trails
    assert found.multi_region


def test_composite_alarms_are_asked_for(aws: LocalAws) -> None:
    a_compliant_account(aws)
    rule = "ALARM(unauthorized_api_calls_alarm)"
    aws.client("cloudwatch").put_composite_alarm(AlarmName="either", AlarmRule=rule)
    assert [alarm.rule for alarm in alarms(look()) if isinstance(alarm, CompositeAlarm)] == [rule]


def test_filter_policies_are_read_until_somebody_surely_hears(aws: LocalAws) -> None:
    made = a_compliant_account(aws, confirmed=False)
    policy = '{"severity": ["high"]}'
    for number in range(4):
        attributes = {"FilterPolicy": policy} if number < 2 else {}
        queue = f"arn:aws:sqs:{OWN}:123456789012:{number}"
        aws.client("sns").subscribe(TopicArn=made.topic, Protocol="sqs", Endpoint=queue, Attributes=attributes)

    found = subscriptions(look(), made)

    assert [(s.protocol, s.arn is not None, s.filter_policy) for s in found] == [
        ("email", False, None),
        ("sqs", True, policy),
        ("sqs", True, policy),
        ("sqs", True, None),
    ]
    assert calls(aws)["sns:GetSubscriptionAttributes"] == 3


def test_only_regions_of_the_partition_count(aws: LocalAws) -> None:
    names = (OWN, "us-gov-west-1", "cn-north-1", "zz-newest-1")
    listed = [{"RegionName": name, "OptInStatus": "opt-in-not-required"} for name in names]
    aws.malform("ec2:DescribeRegions", {"Regions": listed})
    aws.malform("cloudtrail:DescribeTrails", {"trailList": []})
    assert look().regions == (OWN, "zz-newest-1")


def test_two_readings_of_one_account_are_equal(aws: LocalAws) -> None:
    aws.malform("cloudtrail:GetTrailStatus", {"IsLogging": True})
    for name in ("zulu", "alpha", "mike"):
        a_compliant_account(aws, region="us-east-1", name=name)
    first = look()
    assert first == look()
    assert [trail.arn.rpartition("/")[2] for trail in first.trails] == ["alpha", "mike", "zulu"]
