"""What AWS answers, field by field: what is read, and what is malformed."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from blindspot.aws import responses as answers
from blindspot.aws.response_fields import Malformed, NoAnswer
from blindspot.model.snapshot import (
    CompositeAlarm,
    EventSelector,
    EventSelectors,
    FieldSelector,
    MathAlarm,
    MetricAlarm,
    MetricFilter,
    MetricQuery,
    OtherAlarm,
    TrailStatus,
)

ACCOUNT = "123456789012"

TRAIL = {
    "TrailARN": f"arn:aws:cloudtrail:eu-west-1:{ACCOUNT}:trail/all",
    "HomeRegion": "eu-west-1",
    "IsMultiRegionTrail": True,
    "IncludeGlobalServiceEvents": True,
    "IsOrganizationTrail": False,
    "CloudWatchLogsLogGroupArn": f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:all:*",
}
STATUS = {"IsLogging": True}
SELECTOR = {"ReadWriteType": "All", "IncludeManagementEvents": True}
TRANSFORMATION = {"metricName": "m", "metricNamespace": "n", "metricValue": "1"}
FILTER = {
    "logGroupName": "g",
    "filterName": "f",
    "filterPattern": "{ $.a = 1 }",
    "metricTransformations": [TRANSFORMATION],
}
ACTED: dict[str, Any] = {
    "AlarmArn": f"arn:aws:cloudwatch:eu-west-1:{ACCOUNT}:alarm:a",
    "ActionsEnabled": True,
    "AlarmActions": [f"arn:aws:sns:eu-west-1:{ACCOUNT}:t"],
}
ALARM: dict[str, Any] = {
    **ACTED,
    "Namespace": "n",
    "MetricName": "m",
    "Statistic": "Sum",
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    "Threshold": 1.0,
    "Period": 300,
    "EvaluationPeriods": 2,
    "StateValue": "OK",
}
TOPIC = {"Policy": "{}"}
SUBSCRIPTION = {"SubscriptionArn": f"arn:aws:sns:eu-west-1:{ACCOUNT}:t:1", "Protocol": "email"}
REGION = {"RegionName": "eu-west-1", "OptInStatus": "opted-in"}


def without(answer: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in answer.items() if key != name}


def test_a_new_trail_has_delivered_nothing_yet() -> None:
    assert answers.trail_status(STATUS) == TrailStatus(True, None, None, None)


def test_times_are_in_utc() -> None:
    noon = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    status = answers.trail_status({**STATUS, "LatestCloudWatchLogsDeliveryTime": noon})
    assert status.logs_delivered_at == datetime(2026, 1, 1, 10, tzinfo=UTC)
    assert status.logs_delivered_at.tzinfo is UTC


def test_selectors_are_basic_or_advanced() -> None:
    kms = {**SELECTOR, "ExcludeManagementEventSources": ["kms.amazonaws.com"]}
    assert answers.event_selectors({"EventSelectors": []}) == EventSelectors()
    assert answers.event_selectors({"EventSelectors": [kms]}) == EventSelectors(
        (EventSelector(excluded_sources=("kms.amazonaws.com",)),)
    )


def test_an_advanced_selector_keeps_every_operator() -> None:
    operators = ("Equals", "StartsWith", "EndsWith", "NotEquals", "NotStartsWith", "NotEndsWith")
    asked = {"Field": "eventSource", **{operator: [operator] for operator in operators}}
    found = answers.event_selectors({"AdvancedEventSelectors": [{"FieldSelectors": [asked]}]})
    assert found == EventSelectors(advanced=((FieldSelector("eventSource", *((name,) for name in operators)),),))
    with pytest.raises(Malformed):
        answers.event_selectors({"AdvancedEventSelectors": [{"FieldSelectors": [{**asked, "Like": ["x"]}]}]})


def test_a_metric_filter_keeps_all_that_can_narrow_it() -> None:
    transformation = {**TRANSFORMATION, "defaultValue": 0.0, "unit": "Count", "dimensions": {"b": "$.b", "a": "$.a"}}
    record = {
        **FILTER,
        "metricTransformations": [transformation],
        "applyOnTransformedLogs": True,
        "fieldSelectionCriteria": '@aws.region = "eu-west-1"',
        "emitSystemFieldDimensions": ["@aws.account"],
    }
    assert answers.metric_filters({"metricFilters": [FILTER, record]}) == (
        ("g", MetricFilter("f", "{ $.a = 1 }", "n", "m")),
        (
            "g",
            MetricFilter(
                "f",
                "{ $.a = 1 }",
                "n",
                "m",
                value="1",
                default=0.0,
                unit="Count",
                dimensions=(("a", "$.a"), ("b", "$.b")),
                system_dimensions=("@aws.account",),
                field_selection='@aws.region = "eu-west-1"',
                on_transformed_logs=True,
            ),
        ),
    )


def test_an_alarm_on_one_metric() -> None:
    (alarm,) = answers.alarms({"MetricAlarms": [ALARM]})
    assert alarm == MetricAlarm(
        arn=ALARM["AlarmArn"],
        namespace="n",
        metric="m",
        evaluation_periods=2,
        datapoints=2,
        actions=tuple(ALARM["AlarmActions"]),
    )


def test_a_percentile_has_no_statistic() -> None:
    alarm = {**without(ALARM, "Statistic"), "ExtendedStatistic": "p90"}
    (found,) = answers.alarms({"MetricAlarms": [alarm]})
    assert isinstance(found, MetricAlarm)
    assert found.statistic is None


QUERIES: list[dict[str, Any]] = [
    {"Id": "m1", "MetricStat": {"Metric": {"Namespace": "n", "MetricName": "m"}, "Period": 300, "Stat": "Sum"}},
    {"Id": "e1", "Expression": "SUM(METRICS())"},
]
UNUSUAL: dict[str, Mapping[str, Any]] = {
    "metric query": {**ACTED, "Metrics": [*QUERIES, {"Id": "s", "Expression": "SEARCH('x', 'Sum')"}]},
    "anomaly detection band": {**ACTED, "Metrics": QUERIES, "ThresholdMetricId": "e1"},
    "PromQL": {**ACTED, "EvaluationCriteria": {"PromQLCriteria": {"Query": "sum(m)"}}},
    "alarm with a warm-up period": {**ALARM, "WarmUpConfiguration": {"WarmUpPeriodDurationInMinutes": 60}},
    "alarm with a wall clock window": {**ALARM, "EvaluationWindow": {"WallClockWindow": {"Timezone": "UTC"}}},
    "alarm of an unknown kind": {**ACTED, "Threshold": 1.0},
}


@pytest.mark.parametrize("kind", UNUSUAL)
def test_an_alarm_with_more_to_it_is_another_alarm(kind: str) -> None:
    (alarm,) = answers.alarms({"MetricAlarms": [UNUSUAL[kind]]})
    assert isinstance(alarm, OtherAlarm)
    assert alarm.kind == kind
    assert alarm.actions == tuple(ACTED["AlarmActions"])
    assert alarm.metrics == ((("n", "m"),) if "Metrics" in UNUSUAL[kind] or "MetricName" in UNUSUAL[kind] else ())


def test_the_window_that_every_alarm_has_is_not_unusual() -> None:
    (alarm,) = answers.alarms({"MetricAlarms": [{**ALARM, "EvaluationWindow": {"SlidingWindow": {}}}]})
    assert isinstance(alarm, MetricAlarm)


def test_metric_math_keeps_its_queries() -> None:
    evaluated = {name: ALARM[name] for name in ("EvaluationPeriods", "Threshold", "ComparisonOperator", "StateValue")}
    foreign = {**QUERIES[0], "Id": "m2", "AccountId": "999999999999", "ReturnData": False}
    (alarm,) = answers.alarms({"MetricAlarms": [{**ACTED, **evaluated, "Metrics": [*QUERIES, foreign]}]})
    assert isinstance(alarm, MathAlarm)
    assert alarm.queries == (
        MetricQuery("m1", returned=True, namespace="n", metric="m", statistic="Sum"),
        MetricQuery("e1", returned=True, expression="SUM(METRICS())"),
        MetricQuery("m2", namespace="", metric="", statistic="Sum"),
    )


def test_a_composite_alarm_keeps_its_rule_and_what_holds_it_back() -> None:
    held = {"ActionsSuppressedBy": "Alarm", "ActionsSuppressor": "maintenance"}
    composites = [{**ACTED, "AlarmRule": 'ALARM("a")', "StateValue": "OK", **bent} for bent in ({}, held)]
    free, suppressed = answers.alarms({"MetricAlarms": [], "CompositeAlarms": composites})
    assert isinstance(free, CompositeAlarm)
    assert isinstance(suppressed, CompositeAlarm)
    assert (free.rule, free.suppressed, free.suppressor) == ('ALARM("a")', False, None)
    assert (suppressed.suppressed, suppressed.suppressor) == (True, "maintenance")


def test_a_log_alarm_mentions_what_it_refers_to() -> None:
    query = {"QueryString": "fields @message", "LogGroupIdentifiers": ["all"]}
    (log,) = answers.alarms({"MetricAlarms": [], "LogAlarms": [{**ACTED, "ScheduledQueryConfiguration": query}]})
    assert isinstance(log, OtherAlarm)
    assert (log.kind, '"LogGroupIdentifiers": ["all"]' in log.mentions) == ("log alarm", True)


def test_pending_subscriptions_have_no_arn_and_deleted_ones_are_none() -> None:
    listed = [{**SUBSCRIPTION, "SubscriptionArn": arn} for arn in ("PendingConfirmation", "Deleted")]
    (pending,) = answers.subscriptions({"Subscriptions": listed})
    assert pending.arn is None


def test_a_log_group_is_found_by_its_whole_name() -> None:
    groups = {"logGroups": [{"logGroupName": "trail-2", "logGroupClass": "DELIVERY"}, {"logGroupName": "trail"}]}
    assert answers.log_group_class(groups, "trail") == "STANDARD"
    assert answers.log_group_class(groups, "trail-2") == "DELIVERY"
    assert answers.log_group_class(groups, "tra") is None


@pytest.mark.parametrize("document", ["", "[]", '{"FilterPattern": ""}', '{"DestinationArn": 1}'])
def test_a_subscription_policy_that_cannot_be_read_is_malformed(document: str) -> None:
    with pytest.raises(Malformed):
        answers.subscription_policies({"accountPolicies": [{"policyName": "p", "policyDocument": document}]})


def test_credentials_do_not_show() -> None:
    secret = dict.fromkeys(("AccessKeyId", "SecretAccessKey", "SessionToken"), "SECRET")
    assert "SECRET" not in repr(answers.credentials({"Credentials": secret}))


PARSERS: dict[Callable[[Mapping[str, Any]], object], Callable[[Mapping[str, Any]], Mapping[str, Any]]] = {
    answers.regions: lambda record: {"Regions": [record]},
    answers.trails: lambda record: {"trailList": [record]},
    answers.trail_status: lambda record: record,
    answers.event_selectors: lambda record: {"EventSelectors": [record]},
    answers.metric_filters: lambda record: {"metricFilters": [record]},
    answers.alarms: lambda record: {"MetricAlarms": [record]},
    answers.subscription_filters: lambda record: {"subscriptionFilters": [record]},
    answers.mute_rules: lambda record: {"AlarmMuteRuleSummaries": [record]},
    answers.muted: lambda record: record,
    answers.key: lambda record: {"KeyMetadata": record},
    answers.key_policy: lambda record: record,
    answers.matched: lambda record: {"matches": [record]},
    answers.credentials: lambda record: {"Credentials": record},
    answers.topic_attributes: lambda record: {"Attributes": record},
    answers.subscriptions: lambda record: {"Subscriptions": [record]},
}
RECORDS: list[tuple[Callable[[Mapping[str, Any]], object], Mapping[str, Any], tuple[str, ...]]] = [
    (answers.regions, REGION, ()),
    (answers.trails, TRAIL, ("CloudWatchLogsLogGroupArn",)),
    (answers.trail_status, STATUS, ()),
    (answers.event_selectors, SELECTOR, ()),
    (answers.metric_filters, FILTER, ()),
    (answers.alarms, ALARM, ("AlarmActions", "MetricName")),
    (answers.subscription_filters, {"filterName": "f", "filterPattern": "", "destinationArn": "arn:d"}, ()),
    (answers.mute_rules, {"AlarmMuteRuleArn": f"arn:aws:cloudwatch:r:{ACCOUNT}:mute:m", "Status": "ACTIVE"}, ()),
    (answers.muted, {"AlarmMuteRuleArn": f"arn:aws:cloudwatch:r:{ACCOUNT}:mute:m"}, ()),
    (answers.key, {"Arn": f"arn:aws:kms:r:{ACCOUNT}:key/1", "KeyManager": "CUSTOMER", "KeyState": "Enabled"}, ()),
    (answers.key_policy, {"Policy": "{}"}, ()),
    (answers.matched, {"eventNumber": 1}, ()),
    (answers.credentials, dict.fromkeys(("AccessKeyId", "SecretAccessKey", "SessionToken"), "x"), ()),
    (answers.topic_attributes, TOPIC, ()),
    (answers.subscriptions, SUBSCRIPTION, ()),
]
FIELDS = [(parse, record, name, may) for parse, record, may in RECORDS for name in record]


@pytest.mark.parametrize(("parse", "record", "name", "may_be_missing"), FIELDS)
def test_a_missing_or_mistyped_field_is_malformed(
    parse: Callable[[Mapping[str, Any]], object],
    record: Mapping[str, Any],
    name: str,
    may_be_missing: tuple[str, ...],
) -> None:
    around = PARSERS[parse]
    parse(around(record))
    if name not in may_be_missing:
        with pytest.raises(Malformed, match=f"^Malformed: {name}$"):
            parse(around(without(record, name)))
        with pytest.raises(Malformed, match=f"^Malformed: {name}$"):
            parse(around({**record, name: object()}))


@pytest.mark.parametrize("parse", list(PARSERS), ids=lambda parse: parse.__name__)
def test_an_empty_answer_is_malformed(parse: Callable[[Mapping[str, Any]], object]) -> None:
    with pytest.raises(Malformed):
        parse({})


@pytest.mark.parametrize(("parse", "record"), [(answers.regions, REGION), (answers.trails, TRAIL)])
def test_a_page_is_not_taken_for_the_whole_list(
    parse: Callable[[Mapping[str, Any]], object], record: Mapping[str, Any]
) -> None:
    with pytest.raises(NoAnswer, match=r"^MorePages$"):
        parse({**PARSERS[parse](record), "NextToken": "2"})


@pytest.mark.parametrize("arn", ["", "arn:aws:iam::1:root", f"aws:iam::{ACCOUNT}:root", "arn:aws"])
def test_an_identity_without_an_account_is_malformed(arn: str) -> None:
    with pytest.raises(Malformed):
        answers.identity({"Arn": arn})


MUTE_RULE = {"AlarmMuteRuleArn": f"arn:aws:cloudwatch:r:{ACCOUNT}:alarm-mute-rule:m"}


def test_a_mute_rule_mutes_the_alarms_that_it_targets() -> None:
    assert answers.muted(MUTE_RULE) == ()
    assert answers.muted({**MUTE_RULE, "MuteTargets": {"AlarmNames": ["a", "b"]}}) == ("a", "b")


@pytest.mark.parametrize("answer", [{}, {"Unexpected": True}, {**MUTE_RULE, "MuteTargets": {}}])
def test_an_answer_that_says_nothing_of_a_mute_rule_is_malformed(answer: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        answers.muted(answer)
