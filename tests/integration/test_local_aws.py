"""The local AWS does what AWS does where we rely on it, and refuses what AWS refuses."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.accounts import CIS, a_compliant_account, put_alarm, put_filter
from local.aws import LocalAws
from tests.goldens import RULE

METRIC = {"metricNamespace": "CIS Benchmark", "metricName": "m", "metricValue": "1"}
ROW = {
    "ComplianceResourceType": "AWS::::Account",
    "ComplianceResourceId": "123456789012",
    "ComplianceType": "COMPLIANT",
    "OrderingTimestamp": 1_800_000_000,
}


def refused(code: str) -> Any:
    return pytest.raises(ClientError, match=rf"\({code}\)")


def token(aws: LocalAws) -> str:
    aws.client("config").start_config_rules_evaluation(ConfigRuleNames=[RULE])
    given: str = aws.config.due.pop(0)["resultToken"]
    return given


@pytest.mark.parametrize(
    "bent",
    [
        {"ComplianceType": "INSUFFICIENT_DATA"},
        {"ComplianceResourceType": "AWS::Account"},
        {"ComplianceResourceId": "x" * 769},
        {"Annotation": "x" * 257},
    ],
)
def test_put_evaluations_refuses_a_row(aws: LocalAws, bent: dict[str, str]) -> None:
    with refused("InvalidParameterValueException"):
        aws.client("config").put_evaluations(ResultToken=token(aws), Evaluations=[{**ROW, **bent}])
    assert aws.config_rows == []


def test_put_evaluations_takes_a_hundred_rows_and_no_more(aws: LocalAws) -> None:
    rows = [{**ROW, "ComplianceResourceId": str(number)} for number in range(101)]
    config, given = aws.client("config"), token(aws)
    with refused("InvalidParameterValueException"):
        config.put_evaluations(ResultToken=given, Evaluations=rows)
    assert config.put_evaluations(ResultToken=given, Evaluations=rows[1:])["FailedEvaluations"] == []
    assert len(aws.config_rows) == 100


def test_put_evaluations_needs_a_token_that_was_given_out(aws: LocalAws) -> None:
    with refused("InvalidResultTokenException"):
        aws.client("config").put_evaluations(ResultToken="mine", Evaluations=[ROW])
    aws.client("config").put_evaluations(ResultToken="mine", Evaluations=[ROW], TestMode=True)
    assert aws.config_rows == []


def test_an_older_evaluation_replaces_no_newer_one(aws: LocalAws) -> None:
    config, given = aws.client("config"), token(aws)
    config.put_evaluations(ResultToken=given, Evaluations=[ROW])
    older = {**ROW, "ComplianceType": "NON_COMPLIANT", "OrderingTimestamp": 1_700_000_000}
    config.put_evaluations(ResultToken=given, Evaluations=[older])
    assert [row.compliance for row in aws.config_rows] == ["COMPLIANT"]


def test_an_evaluation_starts_once_a_minute(aws: LocalAws) -> None:
    config = aws.client("config")
    config.start_config_rules_evaluation(ConfigRuleNames=[RULE])
    with refused("LimitExceededException"):
        config.start_config_rules_evaluation(ConfigRuleNames=[RULE])
    with refused("NoSuchConfigRuleException"):
        config.start_config_rules_evaluation(ConfigRuleNames=["another"])


def test_compliance_details_come_in_pages(aws: LocalAws) -> None:
    config, given = aws.client("config"), token(aws)
    rows = [{**ROW, "ComplianceResourceId": str(number)} for number in range(12)]
    config.put_evaluations(ResultToken=given, Evaluations=rows)
    first = config.get_compliance_details_by_config_rule(ConfigRuleName=RULE)
    assert len(first["EvaluationResults"]) == 10
    rest = config.get_compliance_details_by_config_rule(ConfigRuleName=RULE, NextToken=first["NextToken"])
    assert len(rest["EvaluationResults"]) == 2
    assert "NextToken" not in rest
    with refused("InvalidParameterValueException"):
        config.get_compliance_details_by_config_rule(ConfigRuleName=RULE, Limit=101)


def test_regions_that_are_not_opted_in_show_only_when_all_are_asked_for(aws: LocalAws) -> None:
    ec2 = aws.client("ec2")
    assert len(ec2.describe_regions()["Regions"]) == 17
    every = {region["RegionName"]: region["OptInStatus"] for region in ec2.describe_regions(AllRegions=True)["Regions"]}
    assert every["af-south-1"] == "not-opted-in"
    assert every["eu-west-1"] == "opt-in-not-required"


def test_event_selectors_default_to_everything_and_replace_each_other(aws: LocalAws) -> None:
    made = a_compliant_account(aws)
    trails = aws.client("cloudtrail")
    (default,) = trails.get_event_selectors(TrailName=made.trail)["EventSelectors"]
    assert (default["ReadWriteType"], default["IncludeManagementEvents"]) == ("All", True)
    fields = [{"Field": "eventCategory", "Equals": ["Management"]}]
    trails.put_event_selectors(TrailName=made.trail, AdvancedEventSelectors=[{"FieldSelectors": fields}])
    assert trails.get_event_selectors(TrailName=made.trail)["EventSelectors"] == []
    trails.put_event_selectors(TrailName=made.trail, EventSelectors=[{"ReadWriteType": "WriteOnly"}])
    assert trails.get_event_selectors(TrailName=made.trail)["AdvancedEventSelectors"] == []


def test_another_region_knows_a_trail_by_its_arn_only(aws: LocalAws) -> None:
    made = a_compliant_account(aws)
    elsewhere = aws.client("cloudtrail", "us-east-1")
    (shadow,) = elsewhere.describe_trails()["trailList"]
    assert elsewhere.get_trail_status(Name=shadow["TrailARN"])["IsLogging"] is True
    with refused("TrailNotFoundException"):
        elsewhere.get_trail_status(Name=made.trail)
    with refused("TrailNotFoundException"):
        elsewhere.get_event_selectors(TrailName=shadow["TrailARN"])


def test_a_metric_filter_of_the_same_name_is_replaced(aws: LocalAws) -> None:
    logs = aws.client("logs")
    logs.create_log_group(logGroupName="g")
    put_filter(aws, "eu-west-1", "g", "f", CIS, METRIC)
    put_filter(aws, "eu-west-1", "g", "f", "{ $.a = b }", METRIC)
    (found,) = logs.describe_metric_filters(logGroupName="g")["metricFilters"]
    assert found["filterPattern"] == "{ $.a = b }"
    assert found["metricTransformations"][0]["metricNamespace"] == "CIS Benchmark"


def test_a_log_group_has_a_hundred_filters_in_pages_of_fifty(aws: LocalAws) -> None:
    logs = aws.client("logs")
    logs.create_log_group(logGroupName="g")
    for number in range(100):
        put_filter(aws, "eu-west-1", "g", f"f{number}", CIS, METRIC)
    with refused("LimitExceededException"):
        put_filter(aws, "eu-west-1", "g", "one-more", CIS, METRIC)
    page = logs.describe_metric_filters(logGroupName="g")
    assert len(page["metricFilters"]) == 50
    assert len(logs.describe_metric_filters(logGroupName="g", nextToken=page["nextToken"])["metricFilters"]) == 50
    with refused("InvalidParameterException"):
        logs.describe_metric_filters(logGroupName="g", limit=51)
    with refused("ResourceNotFoundException"):
        logs.describe_metric_filters(logGroupName="another")
    with refused("InvalidParameterException"):
        put_filter(aws, "eu-west-1", "g", "f0", "x" * 1025, METRIC)


def test_alarms_come_in_pages_and_metric_alarms_alone_by_default(aws: LocalAws) -> None:
    alarms = aws.client("cloudwatch")
    for number in range(105):
        put_alarm(aws, "eu-west-1", f"a{number}", METRIC, [], {})
    alarms.put_composite_alarm(AlarmName="c", AlarmRule="ALARM(a1)")
    page = alarms.describe_alarms(MaxRecords=100)
    assert len(page["MetricAlarms"]) == 100
    rest = alarms.describe_alarms(MaxRecords=100, NextToken=page["NextToken"])
    assert (len(rest["MetricAlarms"]), rest.get("CompositeAlarms", [])) == (5, [])
    (composite,) = alarms.describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    assert composite["AlarmRule"] == "ALARM(a1)"


@pytest.mark.parametrize(
    "bent",
    [
        {"AlarmActions": [f"arn:aws:sns:eu-west-1:123456789012:t{number}" for number in range(6)]},
        {"AlarmActions": ["arn:aws:sns:us-east-1:123456789012:t"]},
        {"Period": 45},
        {"TreatMissingData": "sometimes"},
    ],
)
def test_put_metric_alarm_refuses(aws: LocalAws, bent: dict[str, Any]) -> None:
    with refused("ValidationError"):
        put_alarm(aws, "eu-west-1", "a", METRIC, [], bent)


def test_an_email_subscription_waits_for_the_click(aws: LocalAws) -> None:
    sns = aws.client("sns")
    topic = sns.create_topic(Name="t")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="security-team@example.com")
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:eu-west-1:123456789012:q")

    def arns() -> list[str]:
        return [s["SubscriptionArn"] for s in sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]]

    assert arns()[0] == "PendingConfirmation"
    assert arns()[1].startswith(topic)
    aws.confirm(topic)
    assert arns()[0].startswith(topic)
    policy = json.loads(sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"])
    assert policy["Statement"][0]["Condition"] == {"StringEquals": {"AWS:SourceOwner": aws.account}}


def test_events_are_kept_and_large_ones_refused(aws: LocalAws) -> None:
    entry = {"Source": "blindspot", "DetailType": "Control Assessed", "Detail": json.dumps({"a": "x"})}
    aws.client("events").put_events(Entries=[entry])
    assert [sent["DetailType"] for sent in aws.events] == ["Control Assessed"]
    with refused("ValidationException"):
        aws.client("events").put_events(Entries=[{**entry, "Detail": json.dumps({"a": "x" * 256 * 1024})}])


def test_nothing_leaves_this_machine(aws: LocalAws) -> None:
    with pytest.raises(Exception, match=r"not yet implemented|NotImplemented|Not yet"):
        aws.client("account").list_regions()
