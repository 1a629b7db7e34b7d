"""The local AWS from the alarm on: CloudWatch, SNS and AWS Config, what they tell and what they refuse."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.sns.models import sns_backends

from local.accounts import put_alarm
from local.aws import LocalAws
from tests.goldens import RULE

METRIC = {"metricNamespace": "CIS Benchmark", "metricName": "m", "metricValue": "1"}
QUEUE = "arn:aws:sqs:eu-west-1:{}:q"


def refused(code: str) -> Any:
    return pytest.raises(ClientError, match=rf"\({code}\)")


# CloudWatch


@pytest.mark.parametrize(
    "bent",
    [
        {"ComparisonOperator": "AtLeast"},
        {"Statistic": "Mean"},
        {"Unit": "Events"},
        {"DatapointsToAlarm": 2},
        {"Period": 300, "EvaluationPeriods": 289},
        {"Period": 86_400, "EvaluationPeriods": 8},
        {"OKActions": ["arn:aws:sns:us-east-1:123456789012:t"]},
        {"AlarmActions": ["arn:aws-us-gov:sns:eu-west-1:123456789012:t"]},
    ],
)
def test_put_metric_alarm_refuses(aws: LocalAws, bent: dict[str, Any]) -> None:
    with refused("ValidationError"):
        put_alarm(aws, "eu-west-1", "a", METRIC, [], bent)


def test_an_alarm_begins_without_data_and_keeps_its_state_when_it_is_changed(aws: LocalAws) -> None:
    alarms = aws.client("cloudwatch")

    def alarm() -> dict[str, Any]:
        (found,) = alarms.describe_alarms()["MetricAlarms"]
        return dict(found)

    put_alarm(aws, "eu-west-1", "a", METRIC, [], {})
    assert alarm()["StateValue"] == "INSUFFICIENT_DATA"
    alarms.set_alarm_state(AlarmName="a", StateValue="ALARM", StateReason="r")
    put_alarm(aws, "eu-west-1", "a", METRIC, [], {"Threshold": 7})
    assert (alarm()["StateValue"], alarm()["StateReason"], alarm()["Threshold"]) == ("ALARM", "r", 7)


def test_alarms_are_looked_for(aws: LocalAws) -> None:
    topic = "arn:aws:sns:eu-west-1:123456789012:t"
    put_alarm(aws, "eu-west-1", "one", METRIC, [topic], {})
    put_alarm(aws, "eu-west-1", "two", METRIC, [], {})
    alarms = aws.client("cloudwatch")
    alarms.set_alarm_state(AlarmName="two", StateValue="OK", StateReason="r")
    for asked, found in (
        ({"AlarmNames": ["two", "three"]}, ["two"]),
        ({"AlarmNamePrefix": "o"}, ["one"]),
        ({"StateValue": "OK"}, ["two"]),
        ({"ActionPrefix": topic}, ["one"]),
    ):
        assert [alarm["AlarmName"] for alarm in alarms.describe_alarms(**asked)["MetricAlarms"]] == found
    with refused("ValidationError"):
        alarms.describe_alarms(MaxRecords=101)


def test_a_composite_alarm_is_kept_whole(aws: LocalAws) -> None:
    put_alarm(aws, "eu-west-1", "a", METRIC, [], {})
    alarms = aws.client("cloudwatch")
    topic = "arn:aws:sns:eu-west-1:123456789012:t"
    whole = {"AlarmName": "c", "AlarmRule": "ALARM(a)", "AlarmDescription": "d", "ActionsEnabled": False}
    alarms.put_composite_alarm(**whole, AlarmActions=[topic], OKActions=[topic], Tags=[{"Key": "k", "Value": "v"}])
    (found,) = alarms.describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    assert {key: found[key] for key in whole} == whole
    assert (found["AlarmActions"], found["OKActions"], found["StateValue"]) == ([topic], [topic], "INSUFFICIENT_DATA")
    assert alarms.list_tags_for_resource(ResourceARN=found["AlarmArn"])["Tags"] == [{"Key": "k", "Value": "v"}]
    with refused("ValidationError"):
        alarms.put_composite_alarm(AlarmName="c", AlarmRule="ALARM(a)", AlarmActions=[topic.replace("eu", "us")])


def test_tags_of_an_alarm_are_set_when_it_is_created_and_then_by_themselves(aws: LocalAws) -> None:
    alarms, arn = aws.client("cloudwatch"), "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:a"

    def tags() -> dict[str, str]:
        return {tag["Key"]: tag["Value"] for tag in alarms.list_tags_for_resource(ResourceARN=arn)["Tags"]}

    for change in (alarms.tag_resource, alarms.list_tags_for_resource):
        with refused("ResourceNotFoundException"):
            change(ResourceARN=arn, **({"Tags": []} if change == alarms.tag_resource else {}))
    put_alarm(aws, "eu-west-1", "a", METRIC, [], {})
    alarms.untag_resource(ResourceARN=arn, TagKeys=["none"])
    put_alarm(aws, "eu-west-1", "a", METRIC, [], {"Tags": [{"Key": "k", "Value": "ignored"}]})
    assert tags() == {}
    alarms.tag_resource(ResourceARN=arn, Tags=[{"Key": "k", "Value": "v"}, {"Key": "l", "Value": "v"}])
    alarms.tag_resource(ResourceARN=arn, Tags=[{"Key": "k", "Value": "new"}])
    alarms.untag_resource(ResourceARN=arn, TagKeys=["l", "none"])
    assert tags() == {"k": "new"}
    with refused("ValidationError"):
        alarms.tag_resource(ResourceARN=arn, Tags=[{"Key": str(number), "Value": ""} for number in range(50)])
    alarms.delete_alarms(AlarmNames=["a"])
    put_alarm(aws, "eu-west-1", "a", METRIC, [], {})
    assert tags() == {}


# SNS


@pytest.mark.parametrize(
    ("bent", "code"),
    [
        ({}, None),
        ({"Tags": [], "Attributes": {}}, None),
        ({"Tags": [{"Key": "k", "Value": "other"}]}, "InvalidParameter"),
        ({"Tags": [{"Key": "k", "Value": "v"}, {"Key": "l", "Value": "v"}]}, "InvalidParameter"),
        ({"Attributes": {"KmsMasterKeyId": "alias/other"}}, "InvalidParameter"),
        ({"Attributes": {"Policy": '{"Version": "2012-10-17", "Statement": []}'}}, "InvalidParameter"),
    ],
)
def test_a_topic_that_exists_is_not_created_with_other_tags_or_attributes(
    aws: LocalAws, bent: dict[str, Any], code: str | None
) -> None:
    sns = aws.client("sns")
    whole = {"Name": "t", "Tags": [{"Key": "k", "Value": "v"}], "Attributes": {"KmsMasterKeyId": "alias/one"}}
    arn = sns.create_topic(**whole)["TopicArn"]
    before = aws.dump()
    if code is None:
        assert sns.create_topic(**{**whole, **bent})["TopicArn"] == arn
    else:
        with refused(code):
            sns.create_topic(**{**whole, **bent})
    assert aws.dump() == before


def test_text_messages_go_to_verified_numbers_until_the_account_leaves_the_sandbox(aws: LocalAws) -> None:
    sns = aws.client("sns")

    def where() -> tuple[bool, list[str]]:
        pages = sns.get_paginator("list_sms_sandbox_phone_numbers").paginate(PaginationConfig={"PageSize": 2})
        numbers = [found["PhoneNumber"] for page in pages for found in page["PhoneNumbers"]]
        return sns.get_sms_sandbox_account_status()["IsInSandbox"], numbers

    assert where() == (True, [])
    verified = ("+15555550123", "+15555550124", "+15555550125")
    aws.text_messages(sandbox=True, verified=verified)
    assert where() == (True, list(verified))
    aws.text_messages(sandbox=False)
    assert where() == (False, [])
    with refused("InvalidParameter"):
        sns.list_sms_sandbox_phone_numbers(MaxResults=101)


@pytest.fixture
def topic(aws: LocalAws) -> str:
    return str(aws.client("sns").create_topic(Name="t")["TopicArn"])


@pytest.mark.parametrize(
    ("protocol", "endpoint", "pending"),
    [
        ("email", "security-team@example.com", True),
        ("email-json", "security-team@example.com", True),
        ("https", "https://pager.example.com", True),
        ("sms", "+15555550123", False),
        ("sqs", QUEUE.format("123456789012"), False),
        ("sqs", QUEUE.format("999999999999"), True),
    ],
)
def test_who_must_confirm(aws: LocalAws, topic: str, protocol: str, endpoint: str, pending: bool) -> None:
    sns = aws.client("sns")
    told = sns.subscribe(TopicArn=topic, Protocol=protocol, Endpoint=endpoint)["SubscriptionArn"]
    assert (told == "pending confirmation") is pending
    asked = {"TopicArn": topic, "Protocol": protocol, "Endpoint": endpoint, "ReturnSubscriptionArn": True}
    arn = sns.subscribe(**asked)["SubscriptionArn"]
    for found in (sns.list_subscriptions(), sns.list_subscriptions_by_topic(TopicArn=topic)):
        assert [listed["SubscriptionArn"] for listed in found["Subscriptions"]] == [
            "PendingConfirmation" if pending else arn
        ]
    attributes = sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    assert attributes["PendingConfirmation"] == str(pending).lower()
    counted = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    assert (counted["SubscriptionsPending"], counted["SubscriptionsConfirmed"]) == (
        ("1", "0") if pending else ("0", "1")
    )

    aws.confirm(topic)
    assert sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]["PendingConfirmation"] == "false"


def test_the_password_of_a_web_address_is_not_listed(aws: LocalAws, topic: str) -> None:
    sns = aws.client("sns")
    sns.subscribe(TopicArn=topic, Protocol="https", Endpoint="https://user:secret@pager.example.com/hook")
    for found in (sns.list_subscriptions(), sns.list_subscriptions_by_topic(TopicArn=topic)):
        assert found["Subscriptions"][0]["Endpoint"] == "https://user:****@pager.example.com/hook"


def test_a_filter_policy_is_told(aws: LocalAws, topic: str) -> None:
    sns = aws.client("sns")
    policy = json.dumps({"severity": ["high"]})
    asked = {"TopicArn": topic, "Protocol": "sms", "Endpoint": "+15555550123", "Attributes": {"FilterPolicy": policy}}
    arn = sns.subscribe(**asked)["SubscriptionArn"]
    told = sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]["FilterPolicy"]
    assert json.loads(told) == json.loads(policy)


def test_subscriptions_come_in_pages_of_a_hundred(aws: LocalAws, topic: str) -> None:
    sns = aws.client("sns")
    for number in range(101):
        sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=f"{number}@example.com")
    page = sns.list_subscriptions_by_topic(TopicArn=topic)
    assert len(page["Subscriptions"]) == 100
    rest = sns.list_subscriptions_by_topic(TopicArn=topic, NextToken=page["NextToken"])
    assert (len(rest["Subscriptions"]), "NextToken" in rest) == (1, False)


@pytest.mark.parametrize(
    ("arn", "code"),
    [
        ("arn:aws:sns:eu-west-1:123456789012:another", "NotFound"),
        ("arn:aws:sns:eu-west-1:999999999999:t", "AuthorizationError"),
        ("t", "InvalidParameter"),
    ],
)
def test_a_topic_that_is_not_ours_to_read(aws: LocalAws, topic: str, arn: str, code: str) -> None:
    sns = aws.client("sns")
    assert topic.endswith(":t")
    for read in (sns.get_topic_attributes, sns.list_subscriptions_by_topic):
        with refused(code):
            read(TopicArn=arn)


def test_a_pending_subscription_has_no_arn_to_be_asked_by(aws: LocalAws, topic: str) -> None:
    sns = aws.client("sns")
    for ask in (sns.get_subscription_attributes, sns.unsubscribe):
        with refused("InvalidParameter"):
            ask(SubscriptionArn="PendingConfirmation")
    with refused("InvalidParameter"):
        sns.subscribe(TopicArn=topic, Protocol="pigeon", Endpoint="roof")


def test_a_subscription_s_attributes_are_for_its_owner(aws: LocalAws, topic: str) -> None:
    arn = aws.client("sns").subscribe(TopicArn=topic, Protocol="sms", Endpoint="+15555550123")["SubscriptionArn"]
    owner = "999999999999"
    sns_backends[aws.account][aws.region].subscriptions[arn].owner = owner
    with refused("AuthorizationError"):
        aws.client("sns").get_subscription_attributes(SubscriptionArn=arn)
    read = aws.client("sns", account=owner).get_subscription_attributes(SubscriptionArn=arn)
    assert read["Attributes"]["SubscriptionArn"] == arn


# AWS Config


def test_an_evaluation_in_progress_is_not_started_again(aws: LocalAws) -> None:
    config = aws.client("config")
    aws.put_config_rule("another")
    config.start_config_rules_evaluation(ConfigRuleNames=[RULE])
    aws.config.asked.clear()  # as after a minute
    with refused("LimitExceededException"):
        config.start_config_rules_evaluation(ConfigRuleNames=["another", RULE])
    assert [event["configRuleName"] for event in aws.config.due] == [RULE]
    with refused("InvalidParameterValueException"):
        config.start_config_rules_evaluation(ConfigRuleNames=["another"] * 26)


def test_compliance_details_of_some_kinds(aws: LocalAws) -> None:
    config = aws.client("config")
    config.start_config_rules_evaluation(ConfigRuleNames=[RULE])
    row = {"ComplianceResourceType": "AWS::::Account", "OrderingTimestamp": 1_800_000_000}
    rows = [{**row, "ComplianceResourceId": kind, "ComplianceType": kind} for kind in ("COMPLIANT", "NON_COMPLIANT")]
    config.put_evaluations(ResultToken=aws.config.due.pop()["resultToken"], Evaluations=rows)
    asked = config.get_compliance_details_by_config_rule(ConfigRuleName=RULE, ComplianceTypes=["COMPLIANT"])
    assert [found["ComplianceType"] for found in asked["EvaluationResults"]] == ["COMPLIANT"]


@pytest.mark.parametrize("how", ["exception", "answer"])
def test_ids_can_be_refused(aws: LocalAws, how: str) -> None:
    config = aws.client("config")
    config.start_config_rules_evaluation(ConfigRuleNames=[RULE])
    token = aws.config.due.pop()["resultToken"]
    aws.config.refused_ids = (how, "/")
    row = {
        "ComplianceResourceType": "AWS::::Account",
        "ComplianceResourceId": "123456789012/eu-west-1",
        "ComplianceType": "COMPLIANT",
        "OrderingTimestamp": 1_800_000_000,
    }
    if how == "exception":
        with refused("InvalidParameterValueException"):
            config.put_evaluations(ResultToken=token, Evaluations=[row])
    else:
        (failed,) = config.put_evaluations(ResultToken=token, Evaluations=[row])["FailedEvaluations"]
        assert failed["ComplianceResourceId"] == row["ComplianceResourceId"]
    assert aws.config_rows == []


def test_a_periodic_rule_has_no_scope(aws: LocalAws) -> None:
    details = [{"EventSource": "aws.config", "MessageType": "ScheduledNotification"}]
    function = f"arn:aws:lambda:eu-west-1:{aws.account}:function:f"
    source = {"Owner": "CUSTOM_LAMBDA", "SourceIdentifier": function, "SourceDetails": details}
    rule = {"ConfigRuleName": "r", "Source": source}
    with refused("InvalidParameterValueException"):
        aws.client("config").put_config_rule(
            ConfigRule={**rule, "Scope": {"ComplianceResourceTypes": ["AWS::S3::Bucket"]}}
        )
    # Without a scope it gets as far as the function, which is not there.
    with refused("InsufficientPermissionsException"):
        aws.client("config").put_config_rule(ConfigRule=rule)
