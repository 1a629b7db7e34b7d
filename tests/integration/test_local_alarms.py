"""The local AWS's alarms of every kind, what mutes them, and the topics and keys that they go through."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.accounts import put_alarm
from local.aws import LocalAws, local_aws

ACCOUNT = "123456789012"
METRIC = {"metricNamespace": "CISBenchmark", "metricName": "m", "metricValue": "1"}
TOPIC = f"arn:aws:sns:eu-west-1:{ACCOUNT}:t"
NOW = datetime.now(UTC).replace(second=0, microsecond=0)


def refused(code: str) -> Any:
    return pytest.raises(ClientError, match=rf"\({code}\)")


@pytest.fixture
def alarms(aws: LocalAws) -> Any:
    """CloudWatch, with two metric alarms: `a` and `b`."""
    for name in ("a", "b"):
        put_alarm(aws, "eu-west-1", name, METRIC, [], {})
    return aws.client("cloudwatch")


def the_only(alarms: Any, kind: str) -> dict[str, Any]:
    (found,) = alarms.describe_alarms(AlarmTypes=[kind])[f"{kind}s"]
    return dict(found)


# Composite alarms


@pytest.mark.parametrize(
    "rule",
    [
        "ALARM(a)",
        'ALARM("a") AND NOT OK(b)',
        f"(ALARM(arn:aws:cloudwatch:eu-west-1:{ACCOUNT}:alarm:a) OR INSUFFICIENT_DATA(b)) AND TRUE",
        "FALSE",
        'NOT AT_LEAST(50%, NOT OK, (a, "b")) OR AT_LEAST( 2 , ALARM, (a,b))',
    ],
)
def test_a_composite_alarm_is_shown_as_it_was_put(alarms: Any, rule: str) -> None:
    alarms.put_composite_alarm(AlarmName="c", AlarmRule=rule, AlarmActions=[TOPIC])
    found = the_only(alarms, "CompositeAlarm")
    assert (found["AlarmRule"], found["AlarmActions"], found["ActionsEnabled"]) == (rule, [TOPIC], True)
    assert found["StateValue"] == "INSUFFICIENT_DATA"
    assert not {"ActionsSuppressor", "ActionsSuppressedBy", "MetricName"} & set(found)


@pytest.mark.parametrize(
    "rule",
    [
        "ALARM(c)",
        "ALARM(a) AND OK(missing)",
        f"ALARM(arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:a)",
        "()",
        "ALARM(a",
        "ALARM(a) ALARM(b)",
        "ALARM(a) AND",
        "(ALARM(a)",
        "ALARM(a))",
        "RINGS(a)",
        "AT_LEAST(0, ALARM, (a))",
        "AT_LEAST(1, ALARM, (a, missing))",
        "AT_LEAST(1, (a))",
        "a",
    ],
)
def test_a_rule_that_cannot_be_worked_out_is_refused(alarms: Any, rule: str) -> None:
    with refused("ValidationError"):
        alarms.put_composite_alarm(AlarmName="c", AlarmRule=rule)
    assert alarms.describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"] == []


def test_a_suppressor_is_an_alarm_with_two_periods(alarms: Any) -> None:
    periods = {"ActionsSuppressorWaitPeriod": 60, "ActionsSuppressorExtensionPeriod": 120}
    alarms.put_composite_alarm(AlarmName="c", AlarmRule="ALARM(a)", ActionsSuppressor="b", **periods)
    found = the_only(alarms, "CompositeAlarm")
    assert {key: found[key] for key in periods} == periods
    assert found["ActionsSuppressor"] == "b"
    for bent in ({"ActionsSuppressor": "b"}, {"ActionsSuppressor": "missing", **periods}):
        with refused("ValidationError"):
            alarms.put_composite_alarm(AlarmName="c", AlarmRule="ALARM(a)", **bent)
    # What is not given again is gone.
    alarms.put_composite_alarm(AlarmName="c", AlarmRule="ALARM(a)")
    assert "ActionsSuppressor" not in the_only(alarms, "CompositeAlarm")


def test_alarms_are_deleted_from_the_top(alarms: Any) -> None:
    alarms.put_composite_alarm(AlarmName="c", AlarmRule="ALARM(a)")
    alarms.put_composite_alarm(AlarmName="d", AlarmRule="ALARM(c)")
    for names in (["a"], ["c"], ["c", "d"]):
        with refused("ValidationError"):
            alarms.delete_alarms(AlarmNames=names)
    alarms.delete_alarms(AlarmNames=["d", "b"])
    assert the_only(alarms, "CompositeAlarm")["AlarmName"] == "c"
    alarms.delete_alarms(AlarmNames=["c"])
    alarms.delete_alarms(AlarmNames=["a", "missing"])
    assert alarms.describe_alarms()["MetricAlarms"] == []


# Metric math


def query(name: str, **more: Any) -> dict[str, Any]:
    metric = {"Namespace": "CISBenchmark", "MetricName": name, "Dimensions": [{"Name": "d", "Value": "v"}]}
    return {"Id": name, "MetricStat": {"Metric": metric, "Period": 300, "Stat": "Sum"}, **more}


SUM = {"Id": "e", "Expression": "m1 + m2", "Label": "both", "ReturnData": True}
MATH = [query("m1", ReturnData=False), query("m2", ReturnData=False, AccountId="999988887777"), SUM]
ASKED = {
    "AlarmName": "math",
    "Threshold": 1,
    "EvaluationPeriods": 1,
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
}


def test_an_alarm_on_metric_math_is_shown_as_it_was_put(aws: LocalAws) -> None:
    alarms = aws.client("cloudwatch")
    alarms.put_metric_alarm(**ASKED, Metrics=MATH)
    found = the_only(alarms, "MetricAlarm")
    assert found["Metrics"] == MATH
    assert not {"MetricName", "Namespace", "Period", "Statistic", "Unit"} & set(found)


def test_an_expression_alone_returns_its_data(aws: LocalAws) -> None:
    alarms = aws.client("cloudwatch")
    alarms.put_metric_alarm(**ASKED, Metrics=[query("m1")])
    assert the_only(alarms, "MetricAlarm")["Metrics"] == [query("m1", ReturnData=True)]
    put_alarm(aws, "eu-west-1", "math", METRIC, [], {})
    assert "Metrics" not in the_only(alarms, "MetricAlarm")


def test_the_band_of_an_alarm_on_anomalies_returns_data_too(aws: LocalAws) -> None:
    alarms = aws.client("cloudwatch")
    band = {"Id": "band", "Expression": "ANOMALY_DETECTION_BAND(m1, 2)", "ReturnData": True}
    asked = {"AlarmName": "odd", "EvaluationPeriods": 1, "ComparisonOperator": "GreaterThanUpperThreshold"}
    metrics = [query("m1", ReturnData=True), band]
    alarms.put_metric_alarm(**asked, ThresholdMetricId="band", Metrics=metrics)
    found = the_only(alarms, "MetricAlarm")
    assert (found["Metrics"], found["ThresholdMetricId"], "Threshold" in found) == (metrics, "band", False)


@pytest.mark.parametrize(
    "bent",
    [
        {"Metrics": [query("m1"), query("m2")]},
        {"Metrics": [query("m1"), query("m2")], "ThresholdMetricId": "m3"},
        {"Metrics": [query("m1", ReturnData=False)]},
        {"Metrics": [query("m1"), query("m1", ReturnData=False)]},
        {"Metrics": [query("M1")]},
        {"Metrics": [query("m1", Expression="m1")]},
        {"Metrics": [{"Id": "m1"}]},
        {"Metrics": MATH, "MetricName": "m"},
        {"Metrics": MATH, "Period": 300},
        {"Metrics": MATH, "Statistic": "Sum"},
        {"Metrics": [SUM, *(query(f"m{number}", ReturnData=False) for number in range(11))]},
        {},
    ],
)
def test_metric_math_is_refused(aws: LocalAws, bent: dict[str, Any]) -> None:
    alarms = aws.client("cloudwatch")
    with refused("ValidationError"):
        alarms.put_metric_alarm(**ASKED, **bent)
    assert alarms.describe_alarms()["MetricAlarms"] == []


def test_a_warm_up_is_shown(aws: LocalAws) -> None:
    warm_up = {"WarmUpPeriodDurationInMinutes": 60}
    put_alarm(aws, "eu-west-1", "a", METRIC, [], {"WarmUpConfiguration": warm_up})
    assert the_only(aws.client("cloudwatch"), "MetricAlarm")["WarmUpConfiguration"] == warm_up


# Log alarms

SCHEDULE = {"ScheduleExpression": "rate(5 minutes)", "StartTimeOffset": 300}
LOG_ALARM = {
    "AlarmName": "log",
    "AlarmActions": [TOPIC],
    "ScheduledQueryConfiguration": {
        "QueryString": "filter errorCode like /Denied/",
        "LogGroupIdentifiers": ["management-events"],
        "ScheduledQueryRoleARN": f"arn:aws:iam::{ACCOUNT}:role/query",
        "ScheduleConfiguration": SCHEDULE,
        "AggregationExpression": "count(*)",
    },
    "QueryResultsToEvaluate": 1,
    "QueryResultsToAlarm": 1,
    "Threshold": 1.0,
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
}


def test_a_log_alarm_is_shown_among_log_alarms_only(alarms: Any) -> None:
    alarms.put_log_alarm(**LOG_ALARM)
    found = the_only(alarms, "LogAlarm")
    assert {key: found[key] for key in LOG_ALARM} == LOG_ALARM
    assert (found["StateValue"], found["ActionsEnabled"]) == ("INSUFFICIENT_DATA", True)
    assert [alarm["AlarmName"] for alarm in alarms.describe_alarms()["MetricAlarms"]] == ["a", "b"]
    every = alarms.describe_alarms(AlarmTypes=["MetricAlarm", "CompositeAlarm", "LogAlarm"])
    assert (len(every["MetricAlarms"]), len(every["CompositeAlarms"]), len(every["LogAlarms"])) == (2, 0, 1)
    with refused("ValidationError"):
        alarms.describe_alarms(AlarmTypes=["AnyAlarm"])
    with refused("ValidationError"):
        alarms.delete_alarms(AlarmNames=["log", "a"])
    alarms.delete_alarms(AlarmNames=["log"])
    assert alarms.describe_alarms(AlarmTypes=["LogAlarm"])["LogAlarms"] == []


def scheduled(**bent: Any) -> dict[str, Any]:
    configuration: Any = LOG_ALARM["ScheduledQueryConfiguration"]
    return {"ScheduledQueryConfiguration": {**configuration, "ScheduleConfiguration": {**SCHEDULE, **bent}}}


@pytest.mark.parametrize(
    "bent",
    [
        {"QueryResultsToAlarm": 2},
        {"QueryResultsToEvaluate": 101},
        {"ComparisonOperator": "LessThanLowerThreshold"},
        {"ActionLogLineCount": 1},
        scheduled(ScheduleExpression="cron(0 * * * ? *)"),
        scheduled(EndTimeOffset=300),
    ],
)
def test_put_log_alarm_refuses(aws: LocalAws, bent: dict[str, Any]) -> None:
    with refused("ValidationError"):
        aws.client("cloudwatch").put_log_alarm(**{**LOG_ALARM, **bent})


# Mute rules


def at(begin: datetime, duration: str = "PT1H", **more: str) -> dict[str, Any]:
    return {"Expression": f"at({begin:%Y-%m-%dT%H:%M})", "Duration": duration, **more}


def cron(expression: str) -> dict[str, Any]:
    return {"Expression": f"cron({expression})", "Duration": "PT1H"}


HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("schedule", "dates", "status"),
    [
        (cron("* * * * *"), {}, "ACTIVE"),
        (cron("* * * * *"), {"StartDate": NOW + HOUR}, "SCHEDULED"),
        (cron("* * * * *"), {"ExpireDate": NOW - HOUR}, "EXPIRED"),
        (cron("* * * * *"), {"StartDate": NOW - HOUR, "ExpireDate": NOW + HOUR}, "ACTIVE"),
        (cron("0 2 * * SUN"), {}, "SCHEDULED"),
        (cron("0 2 * JAN,MAR MON-FRI"), {"ExpireDate": NOW - HOUR}, "EXPIRED"),
        (at(NOW - HOUR, "PT2H"), {}, "ACTIVE"),
        (at(NOW - 3 * DAY, "P3DT2H30M"), {}, "ACTIVE"),
        (at(NOW - HOUR, "PT2H"), {"StartDate": NOW + HOUR / 2}, "SCHEDULED"),
        (at(NOW + HOUR), {}, "SCHEDULED"),
        (at(NOW - 2 * HOUR, "PT30M"), {}, "EXPIRED"),
        # Tokyo is nine hours ahead, the whole year.
        (at(NOW - HOUR + 9 * HOUR, "PT2H", Timezone="Asia/Tokyo"), {}, "ACTIVE"),
        (at(NOW - HOUR, "PT2H", Timezone="Asia/Tokyo"), {}, "EXPIRED"),
    ],
)
def test_a_mute_rule_is_shown_with_its_status(
    alarms: Any, schedule: dict[str, Any], dates: dict[str, Any], status: str
) -> None:
    asked = {"Name": "night", "Rule": {"Schedule": schedule}, "MuteTargets": {"AlarmNames": ["a"]}, **dates}
    alarms.put_alarm_mute_rule(**asked, Description="d")
    found = alarms.get_alarm_mute_rule(AlarmMuteRuleName="night")
    assert {key: found[key] for key in asked} == asked
    assert found["AlarmMuteRuleArn"] == f"arn:aws:cloudwatch:eu-west-1:{ACCOUNT}:alarm-mute-rule:night"
    once = schedule["Expression"].startswith("at")
    assert (found["Description"], found["MuteType"]) == ("d", "ONE_TIME" if once else "RECURRING")
    (listed,) = alarms.list_alarm_mute_rules(AlarmName="a")["AlarmMuteRuleSummaries"]
    assert (listed["Status"], listed["AlarmMuteRuleArn"]) == (status, found["AlarmMuteRuleArn"])
    assert listed.get("ExpireDate") == dates.get("ExpireDate")
    for asked_for in ("ACTIVE", "SCHEDULED", "EXPIRED"):
        told = alarms.list_alarm_mute_rules(Statuses=[asked_for])["AlarmMuteRuleSummaries"]
        assert len(told) == (asked_for == status)


def test_mute_rules_are_looked_for_and_deleted(alarms: Any) -> None:
    for number in range(3):
        rule = {"Rule": {"Schedule": cron("* * * * *")}, "MuteTargets": {"AlarmNames": ["b"]}}
        alarms.put_alarm_mute_rule(Name=f"r{number}", **rule)
    assert alarms.list_alarm_mute_rules(AlarmName="a")["AlarmMuteRuleSummaries"] == []
    page = alarms.list_alarm_mute_rules(AlarmName="b", MaxRecords=2)
    rest = alarms.list_alarm_mute_rules(AlarmName="b", MaxRecords=2, NextToken=page["NextToken"])
    assert (len(page["AlarmMuteRuleSummaries"]), len(rest["AlarmMuteRuleSummaries"])) == (2, 1)
    assert "NextToken" not in rest
    for bent, code in (
        ({"MaxRecords": 101}, "ValidationError"),
        ({"Statuses": ["LATE"]}, "ValidationError"),
        ({"NextToken": "x"}, "InvalidNextToken"),
    ):
        with refused(code):
            alarms.list_alarm_mute_rules(**bent)
    # A rule of the same name is replaced, and one that is not there can be deleted.
    alarms.put_alarm_mute_rule(Name="r0", Rule={"Schedule": cron("* * * * *")}, MuteTargets={"AlarmNames": ["a"]})
    assert len(alarms.list_alarm_mute_rules()["AlarmMuteRuleSummaries"]) == 3
    for name in ("r0", "r0", "missing"):
        alarms.delete_alarm_mute_rule(AlarmMuteRuleName=name)
    assert len(alarms.list_alarm_mute_rules()["AlarmMuteRuleSummaries"]) == 2
    with refused("ResourceNotFoundException"):
        alarms.get_alarm_mute_rule(AlarmMuteRuleName="r0")


@pytest.mark.parametrize(
    ("schedule", "targets"),
    [
        (cron("* * * *"), ["a"]),
        (cron("? * * * *"), ["a"]),
        ({"Expression": "* * * * *", "Duration": "PT1H"}, ["a"]),
        ({"Expression": "rate(1 hour)", "Duration": "PT1H"}, ["a"]),
        ({"Expression": "at(2026-13-01T00:00)", "Duration": "PT1H"}, ["a"]),
        (at(NOW, "1h"), ["a"]),
        (at(NOW, "P"), ["a"]),
        (at(NOW, "PT0M"), ["a"]),
        (at(NOW, "P15DT1M"), ["a"]),
        (at(NOW, Timezone="Europe/Atlantis"), ["a"]),
        (at(NOW), ["missing"]),
    ],
)
def test_put_alarm_mute_rule_refuses(alarms: Any, schedule: dict[str, Any], targets: list[str]) -> None:
    with refused("ValidationError"):
        alarms.put_alarm_mute_rule(Name="r", Rule={"Schedule": schedule}, MuteTargets={"AlarmNames": targets})
    assert alarms.list_alarm_mute_rules()["AlarmMuteRuleSummaries"] == []


# Topics


@pytest.fixture
def topic(aws: LocalAws) -> str:
    return str(aws.client("sns").create_topic(Name="t")["TopicArn"])


POLICY = json.dumps({"AlarmName": [{"exists": True}]})


@pytest.mark.parametrize(
    ("attributes", "shown"),
    [
        ({}, {}),
        ({"FilterPolicyScope": "MessageBody"}, {}),
        ({"FilterPolicy": POLICY}, {"FilterPolicy": POLICY, "FilterPolicyScope": "MessageAttributes"}),
        (
            {"FilterPolicy": POLICY, "FilterPolicyScope": "MessageBody"},
            {"FilterPolicy": POLICY, "FilterPolicyScope": "MessageBody"},
        ),
        ({"FilterPolicy": "{}"}, {}),
    ],
)
def test_a_filter_policy_is_shown_with_its_scope(
    aws: LocalAws, topic: str, attributes: dict[str, str], shown: dict[str, str]
) -> None:
    sns = aws.client("sns")
    at_once = sns.subscribe(TopicArn=topic, Protocol="sms", Endpoint="+15555550123", Attributes=attributes)
    later = sns.subscribe(TopicArn=topic, Protocol="sms", Endpoint="+15555550124")
    for name in sorted(attributes, reverse=True):  # the scope first: a policy is checked by it
        sns.set_subscription_attributes(
            SubscriptionArn=later["SubscriptionArn"], AttributeName=name, AttributeValue=attributes[name]
        )
    for made in (at_once, later):
        told = sns.get_subscription_attributes(SubscriptionArn=made["SubscriptionArn"])["Attributes"]
        assert {key: value for key, value in told.items() if key.startswith("Filter")} == shown


@pytest.mark.parametrize(
    "attributes",
    [
        {"FilterPolicyScope": "Message"},
        {"FilterPolicy": "{"},
        {"FilterPolicy": "[]"},
        {"FilterPolicy": json.dumps({"a": {"b": ["c"]}})},
        {"Loudness": "10"},
    ],
)
def test_a_subscription_is_refused_whole(aws: LocalAws, topic: str, attributes: dict[str, str]) -> None:
    sns = aws.client("sns")
    with refused("InvalidParameter"):
        sns.subscribe(TopicArn=topic, Protocol="sms", Endpoint="+15555550123", Attributes=attributes)
    assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []


def test_a_topics_policy_and_key_are_shown_as_they_are_set(aws: LocalAws, topic: str) -> None:
    sns = aws.client("sns")
    assert "KmsMasterKeyId" not in sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    allow = {"Effect": "Allow", "Principal": {"Service": "cloudwatch.amazonaws.com"}, "Action": "sns:Publish"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{**allow, "Resource": topic}]})
    for name, value in (("Policy", policy), ("KmsMasterKeyId", "alias/aws/sns")):
        sns.set_topic_attributes(TopicArn=topic, AttributeName=name, AttributeValue=value)
    shown = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    assert (json.loads(shown["Policy"]), shown["KmsMasterKeyId"]) == (json.loads(policy), "alias/aws/sns")
    with refused("InvalidParameter"):
        sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue="none")


# Keys


@pytest.fixture
def kms(aws: LocalAws) -> Any:
    return aws.client("kms")


def test_the_key_that_aws_manages_for_sns(kms: Any) -> None:
    key = kms.describe_key(KeyId="alias/aws/sns")["KeyMetadata"]
    assert (key["KeyManager"], key["KeyState"], key["Enabled"]) == ("AWS", "Enabled", True)
    alias = f"arn:aws:kms:eu-west-1:{ACCOUNT}:alias/aws/sns"
    for name in (alias, key["Arn"], key["KeyId"]):
        assert kms.describe_key(KeyId=name)["KeyMetadata"]["KeyId"] == key["KeyId"]
    (used, _) = json.loads(kms.get_key_policy(KeyId=key["KeyId"], PolicyName="default")["Policy"])["Statement"]
    assert used["Condition"]["StringEquals"]["kms:ViaService"] == "sns.eu-west-1.amazonaws.com"
    for change, asked in (
        (kms.put_key_policy, {"KeyId": key["Arn"], "PolicyName": "default", "Policy": "{}"}),
        (kms.disable_key, {"KeyId": key["KeyId"]}),
        (kms.schedule_key_deletion, {"KeyId": key["KeyId"]}),
        (kms.create_alias, {"AliasName": "alias/mine", "TargetKeyId": key["KeyId"]}),
    ):
        with refused("AccessDeniedException"):
            change(**asked)
    with refused("NotAuthorizedException"):
        kms.create_alias(AliasName="alias/aws/mine", TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])


def test_a_key_is_known_by_id_and_arn_and_described_by_alias_too(kms: Any) -> None:
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    key = kms.create_key()["KeyMetadata"]
    alias_arn = f"arn:aws:kms:eu-west-1:{ACCOUNT}:alias/mine"
    assert key["KeyManager"] == "CUSTOMER"
    kms.create_alias(AliasName="alias/mine", TargetKeyId=key["Arn"])
    for name in (key["KeyId"], key["Arn"], "alias/mine", alias_arn):
        assert kms.describe_key(KeyId=name)["KeyMetadata"]["Arn"] == key["Arn"]
    for name in (key["KeyId"], key["Arn"]):
        kms.put_key_policy(KeyId=name, PolicyName="default", Policy=policy)
        assert kms.get_key_policy(KeyId=name, PolicyName="default")["Policy"] == policy
        kms.enable_key(KeyId=name)
        kms.disable_key(KeyId=name)
        assert kms.describe_key(KeyId=name)["KeyMetadata"]["KeyState"] == "Disabled"
    for name in ("alias/mine", alias_arn):  # "Specify the key ID or key ARN of the KMS key."
        for ask, more in (
            (kms.get_key_policy, {"PolicyName": "default"}),
            (kms.put_key_policy, {"PolicyName": "default", "Policy": policy}),
            (kms.disable_key, {}),
            (kms.schedule_key_deletion, {}),
        ):
            with refused("NotFoundException"):
                ask(KeyId=name, **more)


def test_a_key_that_is_to_be_deleted(kms: Any) -> None:
    key = kms.create_key()["KeyMetadata"]
    with refused("ValidationException"):
        kms.schedule_key_deletion(KeyId=key["Arn"], PendingWindowInDays=6)
    answer = kms.schedule_key_deletion(KeyId=key["Arn"], PendingWindowInDays=7)
    assert (answer["KeyId"], answer["KeyState"]) == (key["Arn"], "PendingDeletion")
    assert answer["DeletionDate"] - datetime.now(UTC) > timedelta(days=6)
    found = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
    assert (found["KeyState"], found["Enabled"]) == ("PendingDeletion", False)
    for change in (kms.disable_key, kms.enable_key, kms.schedule_key_deletion):
        with refused("KMSInvalidStateException"):
            change(KeyId=key["KeyId"])
    kms.cancel_key_deletion(KeyId=key["Arn"])
    assert kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"] == "Disabled"


@pytest.mark.parametrize(
    ("key", "code"),
    [
        ("11111111-2222-3333-4444-555555555555", "NotFoundException"),
        (f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555", "NotFoundException"),
        (f"arn:aws:kms:us-east-1:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555", "NotFoundException"),
        ("alias/missing", "NotFoundException"),
        ("alias/aws/nothing", "NotFoundException"),
        (f"arn:aws:kms:eu-west-1:{ACCOUNT}:alias/missing", "NotFoundException"),
        ("arn:aws:kms:eu-west-1:999988887777:key/11111111-2222-3333-4444-555555555555", "AccessDeniedException"),
        ("arn:aws:kms:eu-west-1:999988887777:alias/aws/sns", "AccessDeniedException"),
    ],
)
def test_a_key_that_is_not_ours_to_describe(kms: Any, key: str, code: str) -> None:
    with refused(code):
        kms.describe_key(KeyId=key)


def test_all_of_it_is_dumped_and_goes_with_the_account() -> None:
    with local_aws() as aws:
        alarms, kms = aws.client("cloudwatch"), aws.client("kms")
        put_alarm(aws, "eu-west-1", "a", METRIC, [], {})
        key = kms.create_key()["KeyMetadata"]
        before = aws.dump()["eu-west-1"]
        changes: tuple[tuple[Callable[[], object], str], ...] = (
            (lambda: alarms.put_composite_alarm(AlarmName="c", AlarmRule="ALARM(a)"), "alarms"),
            (lambda: alarms.put_log_alarm(**LOG_ALARM), "alarms"),
            (lambda: alarms.put_alarm_mute_rule(Name="r", Rule={"Schedule": cron("* * * * *")}), "mute_rules"),
            (lambda: kms.create_alias(AliasName="alias/mine", TargetKeyId=key["KeyId"]), "keys"),
            (lambda: kms.put_key_policy(KeyId=key["KeyId"], PolicyName="default", Policy="{}"), "keys"),
            (lambda: kms.disable_key(KeyId=key["KeyId"]), "keys"),
        )
        for change, kind in changes:
            change()
            after = aws.dump()["eu-west-1"]
            assert {name for name in after if after[name] != before.get(name)} == {kind}
            before = after
        kms.describe_key(KeyId="alias/aws/sns")  # reading makes it, but it is AWS's
        assert aws.dump()["eu-west-1"] == before
    with local_aws() as aws:
        assert aws.dump() == {}
