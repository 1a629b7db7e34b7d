"""What AWS answers, field by field: what is read, and what is malformed."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blindspot.aws import responses as answers
from blindspot.aws.response_fields import Malformed, NoAnswer
from blindspot.model.snapshot import (
    UNKNOWN_KIND,
    UNREAD_LOG_ALARM,
    CompositeAlarm,
    EventSelector,
    EventSelectors,
    FieldSelector,
    MathAlarm,
    MetricAlarm,
    MetricFilter,
    MetricQuery,
    MuteRule,
    OtherAlarm,
    Subscription,
    SubscriptionFilter,
    Trail,
    TrailStatus,
    Unreadable,
)

ACCOUNT = "123456789012"

TRAIL_ARN = f"arn:aws:cloudtrail:eu-west-1:{ACCOUNT}:trail/all"
TRAIL = {
    "TrailARN": TRAIL_ARN,
    "HomeRegion": "eu-west-1",
    "IsMultiRegionTrail": True,
    "IncludeGlobalServiceEvents": True,
    "IsOrganizationTrail": False,
    "CloudWatchLogsLogGroupArn": f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:all:*",
}
STATUS = {"IsLogging": True}
NAMED = {"TrailARN": TRAIL["TrailARN"]}
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
TOPIC_ARN = f"arn:aws:sns:eu-west-1:{ACCOUNT}:t"
TOPIC = {"TopicArn": TOPIC_ARN, "Policy": "{}"}
SUBSCRIPTION = {"SubscriptionArn": f"{TOPIC_ARN}:1", "TopicArn": TOPIC_ARN, "Protocol": "email"}
SUBSCRIPTION_ATTRIBUTES = {"SubscriptionArn": f"{TOPIC_ARN}:1", "TopicArn": TOPIC_ARN}
MUTE_RULE: dict[str, Any] = {
    "Name": "m",
    "AlarmMuteRuleArn": f"arn:aws:cloudwatch:eu-west-1:{ACCOUNT}:alarm-mute-rule:m",
    "Rule": {"Schedule": {}},
}
KEY_ARN = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1"
KEY = {"KeyId": "1", "Arn": KEY_ARN, "KeyManager": "CUSTOMER", "KeyState": "Enabled"}
ROLE = f"arn:aws:iam::{ACCOUNT}:role/path/reader"
ASSUMED = {"Arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/blindspot"}
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
    assert answers.event_selectors({**NAMED, "EventSelectors": []}, TRAIL_ARN) == EventSelectors()
    assert answers.event_selectors({**NAMED, "EventSelectors": [kms]}, TRAIL_ARN) == EventSelectors(
        (EventSelector(excluded_sources=("kms.amazonaws.com",)),)
    )


def test_an_advanced_selector_keeps_every_operator() -> None:
    operators = ("Equals", "StartsWith", "EndsWith", "NotEquals", "NotStartsWith", "NotEndsWith")
    asked = {"Field": "eventSource", **{operator: [operator] for operator in operators}}
    found = answers.event_selectors({**NAMED, "AdvancedEventSelectors": [{"FieldSelectors": [asked]}]}, TRAIL_ARN)
    assert found == EventSelectors(advanced=((FieldSelector("eventSource", *((name,) for name in operators)),),))
    with pytest.raises(Malformed):
        answers.event_selectors(
            {**NAMED, "AdvancedEventSelectors": [{"FieldSelectors": [{**asked, "Like": ["x"]}]}]}, TRAIL_ARN
        )


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
    (alarm,) = answers.alarms({"CompositeAlarms": [], "MetricAlarms": [ALARM]})
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
    (found,) = answers.alarms({"CompositeAlarms": [], "MetricAlarms": [alarm]})
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
    (alarm,) = answers.alarms({"CompositeAlarms": [], "MetricAlarms": [UNUSUAL[kind]]})
    assert isinstance(alarm, OtherAlarm)
    assert alarm.kind == kind
    assert alarm.actions == tuple(ACTED["AlarmActions"])
    assert alarm.metrics == ((("n", "m"),) if "Metrics" in UNUSUAL[kind] or "MetricName" in UNUSUAL[kind] else ())


def test_the_window_that_every_alarm_has_is_not_unusual() -> None:
    (alarm,) = answers.alarms(
        {"CompositeAlarms": [], "MetricAlarms": [{**ALARM, "EvaluationWindow": {"SlidingWindow": {}}}]}
    )
    assert isinstance(alarm, MetricAlarm)


def test_metric_math_keeps_its_queries() -> None:
    evaluated = {name: ALARM[name] for name in ("EvaluationPeriods", "Threshold", "ComparisonOperator", "StateValue")}
    foreign = {**QUERIES[0], "Id": "m2", "AccountId": "999999999999", "ReturnData": False}
    (alarm,) = answers.alarms(
        {"CompositeAlarms": [], "MetricAlarms": [{**ACTED, **evaluated, "Metrics": [*QUERIES, foreign]}]}
    )
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
    (log,) = answers.alarms(
        {"CompositeAlarms": [], "MetricAlarms": [], "LogAlarms": [{**ACTED, "ScheduledQueryConfiguration": query}]}
    )
    assert isinstance(log, OtherAlarm)
    assert (log.kind, '"LogGroupIdentifiers": ["all"]' in log.mentions) == ("log alarm", True)


def test_pending_subscriptions_have_no_arn_and_deleted_ones_are_none() -> None:
    listed = [{**SUBSCRIPTION, "SubscriptionArn": arn} for arn in ("PendingConfirmation", "Deleted")]
    (pending,) = answers.subscriptions({"Subscriptions": listed}, TOPIC_ARN).subscriptions
    assert pending.arn is None


def test_a_log_group_is_found_by_its_whole_name() -> None:
    groups = {"logGroups": [{"logGroupName": "trail"}, {"logGroupName": "trail-2", "logGroupClass": "DELIVERY"}]}
    assert answers.log_group_class(groups, "trail") == "STANDARD"
    assert answers.log_group_class({"logGroups": groups["logGroups"][1:]}, "trail-2") == "DELIVERY"
    assert answers.log_group_class({"logGroups": []}, "trail") is None
    assert answers.log_group_class(groups, "tra") is None


def test_data_protection_is_that_of_the_log_group_itself() -> None:
    """They are listed by the beginning of the name."""
    masking = {"logGroupName": "trail-2", "dataProtectionStatus": "ACTIVATED"}
    by_account = {"logGroupName": "trail-3", "inheritedProperties": ["ACCOUNT_DATA_PROTECTION"]}
    groups = {"logGroups": [{"logGroupName": "trail", "dataProtectionStatus": "DELETED"}, masking, by_account]}
    found = [answers.masks_data(groups, name) for name in ("trail", "trail-2", "trail-3", "tra")]
    assert found == [False, True, True, False]


@pytest.mark.parametrize(
    ("kept", "days"),
    [(None, None), (1, 1), (3653, 3653), (0, None), (-1, None), (True, None), ("7", None), ([7], None)],
)
def test_how_long_log_events_are_kept(kept: object, days: int | None) -> None:
    other = {"logGroupName": "trail-2", "retentionInDays": 5}
    groups = {"logGroups": [{"logGroupName": "trail", "retentionInDays": kept}, other]}
    assert answers.retention_days(groups, "trail") == days
    assert answers.retention_days(groups, "trail-2") == 5
    assert answers.retention_days(groups, "tra") is None


def test_credentials_do_not_show() -> None:
    secret = dict.fromkeys(("AccessKeyId", "SecretAccessKey", "SessionToken"), "SECRET")
    assert "SECRET" not in repr(answers.credentials({"Credentials": secret, "AssumedRoleUser": ASSUMED}, ROLE))


Answer = Mapping[str, Any]
Parse = Callable[[Answer], object]


def in_list(name: str, **more: object) -> Callable[[Answer], Answer]:
    return lambda record: {name: [record], **more}


def in_field(name: str, **more: object) -> Callable[[Answer], Answer]:
    return lambda record: {name: record, **more}


def itself(record: Answer) -> Answer:
    return record


IDENTITY = {"Account": ACCOUNT, "Arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/blindspot/1"}
SUBSCRIPTION_FILTER = {"logGroupName": "g", "filterName": "f", "filterPattern": "", "destinationArn": "arn:d"}
MUTE_SUMMARY = {"AlarmMuteRuleArn": MUTE_RULE["AlarmMuteRuleArn"], "Status": "ACTIVE"}
POLICY = {"policyName": "p", "policyDocument": '{"DestinationArn": "arn:d"}'}
COMPOSITE = {**ACTED, "AlarmRule": "ALARM(a)", "StateValue": "OK"}
LOG_ALARM = {**ACTED, "ScheduledQueryConfiguration": {}}
SECRETS = dict.fromkeys(("AccessKeyId", "SecretAccessKey", "SessionToken"), "x")

PARSERS: dict[str, tuple[Parse, Answer, Callable[[Answer], Answer]]] = {
    # parses, a record, the answer around it
    "identity": (answers.identity, IDENTITY, itself),
    "regions": (answers.regions, REGION, in_list("Regions")),
    "trail_status": (answers.trail_status, STATUS, itself),
    "event_selectors": (
        partial(answers.event_selectors, trail=TRAIL_ARN),
        SELECTOR,
        in_list("EventSelectors", TrailARN=TRAIL_ARN),
    ),
    "trail": (partial(answers.event_selectors, trail=TRAIL_ARN), {**NAMED, "EventSelectors": []}, itself),
    "log_group_class": (partial(answers.log_group_class, name="g"), {"logGroupName": "g"}, in_list("logGroups")),
    "muted": (partial(answers.muted, rule=MUTE_RULE["AlarmMuteRuleArn"]), MUTE_RULE, itself),
    "key": (partial(answers.key, key_id=KEY_ARN), KEY, in_field("KeyMetadata")),
    "key_policy": (answers.key_policy, {"Policy": "{}"}, itself),
    "matched": (partial(answers.matched, messages=1), {"eventNumber": 1}, in_list("matches")),
    "log_events": (partial(answers.log_events, start=5, end=7), {"timestamp": 6, "message": "m"}, in_list("events")),
    "credentials": (
        partial(answers.credentials, role=ROLE),
        SECRETS,
        in_field("Credentials", AssumedRoleUser=ASSUMED),
    ),
    "role": (
        partial(answers.credentials, role=ROLE),
        {"AssumedRoleUser": ASSUMED, "Credentials": SECRETS},
        itself,
    ),
    "topic_attributes": (partial(answers.topic_attributes, topic=TOPIC_ARN), TOPIC, in_field("Attributes")),
    "filter_policy": (
        partial(answers.filter_policy, subscription=f"{TOPIC_ARN}:1", topic=TOPIC_ARN),
        SUBSCRIPTION_ATTRIBUTES,
        in_field("Attributes"),
    ),
}
LISTS: dict[str, tuple[Callable[[Answer], tuple[object, ...]], Answer, Callable[[Answer], Answer], tuple[str, ...]]] = {
    # parses, a record, the list around it, the fields without which a record has no name
    "trails": (answers.trails, TRAIL, in_list("trailList"), ("TrailARN",)),
    "metric_filters": (answers.metric_filters, FILTER, in_list("metricFilters"), ("logGroupName", "filterName")),
    "metric_alarms": (answers.alarms, ALARM, in_list("MetricAlarms", CompositeAlarms=[]), ("AlarmArn",)),
    "composite_alarms": (answers.alarms, COMPOSITE, in_list("CompositeAlarms", MetricAlarms=[]), ("AlarmArn",)),
    "log_alarms": (
        answers.alarms,
        LOG_ALARM,
        in_list("LogAlarms", MetricAlarms=[], CompositeAlarms=[]),
        ("AlarmArn",),
    ),
    "subscription_filters": (
        partial(answers.subscription_filters, log_group="g"),
        SUBSCRIPTION_FILTER,
        in_list("subscriptionFilters"),
        ("logGroupName", "filterName"),
    ),
    "subscription_policies": (answers.subscription_policies, POLICY, in_list("accountPolicies"), ("policyName",)),
    "mute_rules": (answers.mute_rules, MUTE_SUMMARY, in_list("AlarmMuteRuleSummaries"), ("AlarmMuteRuleArn",)),
    "subscriptions": (
        lambda answer: answers.subscriptions(answer, TOPIC_ARN).subscriptions,
        SUBSCRIPTION,
        in_list("Subscriptions"),
        ("SubscriptionArn", "TopicArn"),
    ),
}
EVERY: dict[str, tuple[Parse, Callable[[Answer], Answer], Answer]] = {
    **{name: (parse, around, record) for name, (parse, record, around) in PARSERS.items()},
    **{name: (parse, around, record) for name, (parse, record, around, _) in LISTS.items()},
}


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind, (_, record, *_) in PARSERS.items() for name in record]
)
def test_a_missing_or_mistyped_field_is_malformed(kind: str, name: str) -> None:
    parse, record, around = PARSERS[kind]
    parse(around(record))
    for bent in (without(record, name), {**record, name: object()}, {**record, name: None}):
        with pytest.raises(Malformed, match=f"^Malformed: {name}$"):
            parse(around(bent))


@pytest.mark.parametrize("kind", EVERY)
def test_an_empty_answer_is_malformed(kind: str) -> None:
    parse, *_ = EVERY[kind]
    for empty in ({}, {"ResponseMetadata": {"HTTPStatusCode": 200}}, {"message": "<html>"}):
        with pytest.raises(Malformed):
            parse(empty)


@pytest.mark.parametrize("kind", ["regions", "trails"])
def test_a_page_is_not_taken_for_the_whole_list(kind: str) -> None:
    parse, around, record = EVERY[kind]
    with pytest.raises(NoAnswer, match=r"^MorePages$"):
        parse({**around(record), "NextToken": "2"})


@pytest.mark.parametrize("arn", ["", "arn:aws:iam::1:root", f"aws:iam::{ACCOUNT}:root", "arn:aws"])
def test_an_identity_without_an_account_is_malformed(arn: str) -> None:
    with pytest.raises(Malformed):
        answers.identity({"Arn": arn})


def test_a_mute_rule_mutes_the_alarms_that_it_targets() -> None:
    rule = f"{MUTE_RULE['AlarmMuteRuleArn']}"
    assert answers.muted(MUTE_RULE, rule) == ()
    assert answers.muted({**MUTE_RULE, "MuteTargets": {"AlarmNames": ["a", "b"]}}, rule) == ("a", "b")
    bent: list[object] = [{}, [], {"AlarmNames": "a"}, {"AlarmNames": [1]}]
    for targets in bent:
        with pytest.raises(Malformed):
            answers.muted({**MUTE_RULE, "MuteTargets": targets}, rule)


OTHER: dict[str, dict[str, Any]] = {
    # an answer that is right, but about something else
    "identity": {**IDENTITY, "Account": "999999999999"},
    "trail": {"TrailARN": f"{TRAIL_ARN}-2", "EventSelectors": []},
    "log_group_class": {"logGroups": [{"logGroupName": "other"}]},
    "muted": {**MUTE_RULE, "AlarmMuteRuleArn": f"{MUTE_RULE['AlarmMuteRuleArn']}2"},
    "key": {"KeyMetadata": {**KEY, "KeyId": "2", "Arn": KEY_ARN.replace("/1", "/2")}},
    "matched": {"matches": [{"eventNumber": 2}]},
    "role": {"Credentials": SECRETS, "AssumedRoleUser": {"Arn": ASSUMED["Arn"].replace("reader", "writer")}},
    "topic_attributes": {"Attributes": {**TOPIC, "TopicArn": f"{TOPIC_ARN}2"}},
    "filter_policy": {"Attributes": {**SUBSCRIPTION_ATTRIBUTES, "SubscriptionArn": f"{TOPIC_ARN}:2"}},
    "subscription_filters": {"subscriptionFilters": [{**SUBSCRIPTION_FILTER, "logGroupName": "other"}]},
    "subscriptions": {"Subscriptions": [{**SUBSCRIPTION, "TopicArn": f"{TOPIC_ARN}2"}]},
}


@pytest.mark.parametrize("kind", OTHER)
def test_an_answer_about_something_else_is_malformed(kind: str) -> None:
    with pytest.raises(Malformed):
        EVERY[kind][0](OTHER[kind])


@pytest.mark.parametrize("number", [0, -1, 2, 10**400])
def test_a_match_is_one_of_the_messages(number: int) -> None:
    assert answers.matched({"matches": []}, 1) == frozenset()
    with pytest.raises(Malformed):
        answers.matched({"matches": [{"eventNumber": number}]}, 1)


def test_filters_of_another_log_group_are_malformed() -> None:
    assert answers.metric_filters({"metricFilters": [FILTER]}, log_group="g")
    with pytest.raises(Malformed):
        answers.metric_filters({"metricFilters": [FILTER]}, log_group="other")


@pytest.mark.parametrize("asked", ["1", KEY_ARN, "alias/ours", f"arn:aws:kms:eu-west-1:{ACCOUNT}:alias/ours"])
def test_a_key_is_found_by_its_id_its_arn_or_an_alias(asked: str) -> None:
    assert answers.key({"KeyMetadata": KEY}, asked).arn == KEY_ARN
    with pytest.raises(Malformed):
        answers.key({"KeyMetadata": {**KEY, "KeyId": "2"}}, asked)


def test_an_empty_list_may_be_left_out_but_that_of_metric_alarms() -> None:
    assert answers.alarms({"MetricAlarms": []}) == ()
    with pytest.raises(Malformed, match="MetricAlarms"):
        answers.alarms({"CompositeAlarms": []})


def test_a_page_has_a_token_unless_it_is_the_last() -> None:
    assert answers.subscriptions({"Subscriptions": []}, TOPIC_ARN).token is None
    assert answers.subscriptions({"Subscriptions": [], "NextToken": ""}, TOPIC_ARN).token is None
    assert answers.subscriptions({"Subscriptions": [], "NextToken": "2"}, TOPIC_ARN).token == "2"


@pytest.mark.parametrize(("at", "within"), [(4, False), (5, True), (7, True), (8, False)])
def test_log_events_are_of_the_time_that_was_asked_for(at: int, within: bool) -> None:
    answer = {"events": [{"timestamp": at, "message": "m"}], "nextToken": "2"}
    if within:
        assert answers.log_events(answer, 5, 7) == (((at, "m"),), "2")
        assert answers.log_events({"events": []}, 5, 7) == ((), None)
        assert answers.log_events({"events": [], "nextToken": ""}, 5, 7).token is None
    else:
        with pytest.raises(Malformed, match=r"^Malformed: timestamp$"):
            answers.log_events(answer, 5, 7)


MAY_BE_MISSING = {
    "trails": ("CloudWatchLogsLogGroupArn",),
    "metric_alarms": ("AlarmActions",),
    "composite_alarms": ("AlarmActions",),
    "log_alarms": ("AlarmActions",),
}


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, (_, record, *_) in LISTS.items() for name in record])
def test_what_is_malformed_takes_nothing_else_of_its_list_along(kind: str, name: str) -> None:
    parse, record, around, naming = LISTS[kind]
    (whole,) = parse(around(record))
    bends = [{**record, name: object()}]
    bends += [] if name in MAY_BE_MISSING.get(kind, ()) else [without(record, name), {**record, name: None}]
    for bent in bends:
        listed = {
            key: [bent, *found] if isinstance(found, list) and found else found for key, found in around(record).items()
        }
        if name in naming:
            with pytest.raises(Malformed, match=f"^Malformed: {name}$"):
                parse(listed)
        else:
            unread, other = parse(listed)
            assert other == whole
            assert is_unread(unread)


def is_unread(found: object) -> bool:
    """Whether everything is possible of it."""
    match found:
        case Trail():
            everything = (found.multi_region, found.global_service_events, found.organization) == (True,) * 3
            return bool(found.unread) and isinstance(found.status, Unreadable) and everything
        case OtherAlarm():
            return found.kind in (UNKNOWN_KIND, UNREAD_LOG_ALARM)
        case MuteRule():
            return found.status == ""
        case Subscription():
            return isinstance(found.filter_policy, Unreadable) and found.filter_policy.error != "NotRead"
        case (str(), MetricFilter() as metric_filter):
            return metric_filter.unread != ""
        case SubscriptionFilter():
            return found.unread != ""
    return False


def test_what_can_be_read_of_a_malformed_trail_is_kept() -> None:
    (trail,) = answers.trails({"trailList": [{**TRAIL, "IsMultiRegionTrail": "yes"}]})
    assert (trail.log_group_arn, trail.unread) == (
        f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:all",
        "Malformed: IsMultiRegionTrail",
    )
    (elsewhere,) = answers.trails({"trailList": [{**TRAIL, "S3BucketName": 1}]})
    assert (elsewhere.log_group_arn, elsewhere.bucket_arn) == (None, None)


@pytest.mark.parametrize(
    ("transformations", "metric"),
    [
        ([{**TRANSFORMATION, "metricValue": 1}], ("n", "m")),
        ([{**TRANSFORMATION, "dimensions": {"a": None}}], ("n", "m")),
        ([{**TRANSFORMATION, "metricName": 1}], ("", "")),
        ([TRANSFORMATION, {**TRANSFORMATION, "metricName": 1}], ("", "")),
        ([], ("", "")),
    ],
)
def test_the_metric_of_a_malformed_filter(transformations: list[object], metric: tuple[str, str]) -> None:
    ((_, found),) = answers.metric_filters({"metricFilters": [{**FILTER, "metricTransformations": transformations}]})
    assert (found.namespace, found.metric) == metric
    assert found.unread


@pytest.mark.parametrize("document", ["", "[]", '{"FilterPattern": ""}', '{"DestinationArn": 1}', "[" * 100_000, "NaN"])
def test_a_subscription_policy_that_cannot_be_read_may_send_anywhere(document: str) -> None:
    (found,) = answers.subscription_policies({"accountPolicies": [{"policyName": "p", "policyDocument": document}]})
    assert (found.name, found.destination, bool(found.unread)) == ("p", "", True)


def test_a_malformed_subscription_filter_keeps_its_destination() -> None:
    bent = {**SUBSCRIPTION_FILTER, "filterPattern": None}
    (found,) = answers.subscription_filters({"subscriptionFilters": [bent]}, "g")
    assert (found.destination, found.unread) == ("arn:d", "Malformed: filterPattern")


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**400, -(10**400)])
    | st.floats()
    | st.text()
    | st.sampled_from([TRAIL_ARN, TOPIC_ARN, KEY_ARN, ACCOUNT, "arn:::::", "arn:a:b:c:d:e:f", "\ud800"])
    | st.datetimes(),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.text(max_size=5), parts, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("kind", EVERY)
@settings(max_examples=50)
@given(st.data())
def test_any_answer_is_understood_or_malformed(kind: str, data: st.DataObject) -> None:
    """What has the wrong value may be at any depth."""
    parse, around, record = EVERY[kind]
    answer: Any = json.loads(json.dumps(around(record)))
    for _ in range(data.draw(st.integers(1, 3))):
        at: Any = answer
        while isinstance(at, dict | list) and at:
            step = data.draw(st.sampled_from(sorted(at) if isinstance(at, dict) else range(len(at))))
            if not isinstance(at[step], dict | list) or not at[step] or data.draw(st.booleans()):
                at[step] = data.draw(values)
                break
            at = at[step]
    try:
        parse(answer)
    except NoAnswer:
        return
