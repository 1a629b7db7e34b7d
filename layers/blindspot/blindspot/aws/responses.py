"""Parses AWS's responses into the values of a Snapshot. Pure.

A field that is missing or has the wrong type raises Malformed, except where AWS may omit it. No default makes an
account look better than it is.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any, NamedTuple

from blindspot.aws.response_fields import Answer, Malformed, NoAnswer, arn, field, items, number, text, texts, time
from blindspot.model.arn import Arn, place_of
from blindspot.model.snapshot import (
    UNKNOWN_KIND,
    Alarm,
    CompositeAlarm,
    EventSelector,
    EventSelectors,
    FieldSelector,
    Key,
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


class Identity(NamedTuple):
    """The account of the credentials, and its partition."""

    account: str
    partition: str


def identity(answer: Answer) -> Identity:
    caller = Arn.parse(arn(answer, "Arn"))
    if not (caller.account.isdigit() and len(caller.account) == 12):
        raise Malformed("Arn")
    return Identity(caller.account, caller.partition)


def _whole(answer: Answer, name: str) -> Sequence[Answer]:
    """The list of an operation without pages. Raises NoAnswer if the response has a page token."""
    if answer.get("NextToken"):
        raise NoAnswer("MorePages")
    return items(answer, name)


def regions(answer: Answer) -> dict[str, bool]:
    """Every region of DescribeRegions, and whether it is enabled."""
    enabled = {"opt-in-not-required": True, "opted-in": True, "not-opted-in": False}
    found = {}
    for region in _whole(answer, "Regions"):
        status = field(region, "OptInStatus", str)
        if status not in enabled:
            raise Malformed("OptInStatus")
        found[field(region, "RegionName", str)] = enabled[status]
    return found


def trails(answer: Answer) -> tuple[Trail, ...]:
    """The trails of DescribeTrails, their status and selectors not read yet."""
    return tuple(_trail(record) for record in _whole(answer, "trailList"))


def _trail(record: Answer) -> Trail:
    home = field(record, "HomeRegion", str)
    log_group = arn(record, "CloudWatchLogsLogGroupArn") if record.get("CloudWatchLogsLogGroupArn") else None
    if log_group and log_group.count(":") < 6:  # arn:aws:logs:REGION:ACCOUNT:log-group:NAME:*
        raise Malformed("CloudWatchLogsLogGroupArn")
    trail = arn(record, "TrailARN")
    bucket = field(record, "S3BucketName", str, None)
    return Trail(
        arn=trail,
        home_region=home,
        multi_region=field(record, "IsMultiRegionTrail", bool),
        global_service_events=field(record, "IncludeGlobalServiceEvents", bool),
        organization=field(record, "IsOrganizationTrail", bool),
        log_group_arn=log_group.removesuffix(":*") if log_group else None,
        status=Unreadable("cloudtrail:GetTrailStatus", home, "NotRead"),
        selectors=Unreadable("cloudtrail:GetEventSelectors", home, "NotRead"),
        bucket_arn=f"arn:{trail.split(':')[1]}:s3:::{bucket}" if bucket else None,
        topic_arn=arn(record, "SnsTopicARN") if record.get("SnsTopicARN") else None,
    )


def trail_status(answer: Answer) -> TrailStatus:
    """The times are missing if the trail never delivered, and the errors if no delivery failed."""
    return TrailStatus(
        logging=field(answer, "IsLogging", bool),
        logging_since=time(answer, "StartLoggingTime"),
        logs_delivered_at=time(answer, "LatestCloudWatchLogsDeliveryTime"),
        logs_delivery_error=field(answer, "LatestCloudWatchLogsDeliveryError", str, None) or None,
        bucket_error=field(answer, "LatestDeliveryError", str, None) or None,
        topic_error=field(answer, "LatestNotificationError", str, None) or None,
    )


def event_selectors(answer: Answer) -> EventSelectors:
    if advanced := items(answer, "AdvancedEventSelectors", ()):
        fields = (items(selector, "FieldSelectors") for selector in advanced)
        return EventSelectors(advanced=tuple(tuple(map(_field_selector, selector)) for selector in fields))
    return EventSelectors(tuple(_selector(selector) for selector in items(answer, "EventSelectors")))


_OPERATORS = {
    "Equals": "equals",
    "StartsWith": "starts_with",
    "EndsWith": "ends_with",
    "NotEquals": "not_equals",
    "NotStartsWith": "not_starts_with",
    "NotEndsWith": "not_ends_with",
}


def _field_selector(selector: Answer) -> FieldSelector:
    if unknown := selector.keys() - _OPERATORS.keys() - {"Field"}:
        raise Malformed(min(unknown))
    asked = {name: texts(selector, operator) for operator, name in _OPERATORS.items()}
    return FieldSelector(field(selector, "Field", str), **asked)


def _selector(selector: Answer) -> EventSelector:
    read_write = field(selector, "ReadWriteType", str)
    if read_write not in ("All", "ReadOnly", "WriteOnly"):
        raise Malformed("ReadWriteType")
    return EventSelector(
        read_write=read_write,
        management_events=field(selector, "IncludeManagementEvents", bool),
        excluded_sources=texts(selector, "ExcludeManagementEventSources"),
    )


def metric_filters(answer: Answer) -> tuple[tuple[str, MetricFilter], ...]:
    """The metric filters with the names of their log groups."""
    return tuple(
        (field(record, "logGroupName", str), _metric_filter(record, transformation))
        for record in items(answer, "metricFilters")
        for transformation in items(record, "metricTransformations")
    )


def _metric_filter(record: Answer, transformation: Answer) -> MetricFilter:
    return MetricFilter(
        name=field(record, "filterName", str),
        pattern=field(record, "filterPattern", str),
        namespace=field(transformation, "metricNamespace", str),
        metric=field(transformation, "metricName", str),
        value=field(transformation, "metricValue", str),
        default=number(transformation, "defaultValue") if "defaultValue" in transformation else None,
        unit=field(transformation, "unit", str, None),
        dimensions=tuple(sorted(field(transformation, "dimensions", dict, {}).items())),
        system_dimensions=texts(record, "emitSystemFieldDimensions"),
        field_selection=field(record, "fieldSelectionCriteria", str, None) or None,
        on_transformed_logs=field(record, "applyOnTransformedLogs", bool, False),
    )


def log_group_class(answer: Answer, name: str) -> str | None:
    """The class of the log group with that name; None if DescribeLogGroups does not list it.

    Groups are listed by name, so it is the first with this prefix.
    """
    groups = items(answer, "logGroups")
    if not groups and answer.get("nextToken"):
        raise NoAnswer("EmptyPage")
    for group in groups:
        if field(group, "logGroupName", str) == name:
            return field(group, "logGroupClass", str, "STANDARD")
    return None


def subscription_filters(answer: Answer) -> tuple[SubscriptionFilter, ...]:
    return tuple(
        SubscriptionFilter(
            field(record, "filterName", str),
            field(record, "filterPattern", str),
            field(record, "destinationArn", str),
            selection=field(record, "fieldSelectionCriteria", str, None) or None,
            on_transformed_logs=field(record, "applyOnTransformedLogs", bool, False),
        )
        for record in items(answer, "subscriptionFilters")
    )


def subscription_policies(answer: Answer) -> tuple[SubscriptionFilter, ...]:
    """The account policies that add a subscription filter to its log groups."""
    return tuple(_subscription_policy(policy) for policy in items(answer, "accountPolicies"))


def _subscription_policy(policy: Answer) -> SubscriptionFilter:
    try:
        document = json.loads(field(policy, "policyDocument", str))
    except ValueError:
        raise Malformed("policyDocument") from None
    if not isinstance(document, dict):
        raise Malformed("policyDocument")
    return SubscriptionFilter(
        field(policy, "policyName", str),
        field(document, "FilterPattern", str, ""),
        field(document, "DestinationArn", str),
        selection=field(policy, "selectionCriteria", str, None) or None,
    )


def alarms(answer: Answer) -> tuple[Alarm, ...]:
    return (
        *(_metric_alarm(alarm) for alarm in items(answer, "MetricAlarms")),
        *map(_composite_alarm, items(answer, "CompositeAlarms", ())),
        *(
            _other(alarm, "log alarm", mentions=text(field(alarm, "ScheduledQueryConfiguration", dict)))
            for alarm in items(answer, "LogAlarms", ())
        ),
    )


_UNUSUAL = {
    "EvaluationCriteria": "PromQL",
    "ThresholdMetricId": "anomaly detection band",
    "Metrics": "metric math",
    "WarmUpConfiguration": "alarm with a warm-up period",
    "EvaluationWindow": "alarm with a wall clock window",
}
"""Settings that a MetricAlarm cannot hold, the most informative first (CloudWatch API reference, MetricAlarm)."""


def _composite_alarm(alarm: Answer) -> Alarm:
    return CompositeAlarm(
        arn=arn(alarm, "AlarmArn"),
        rule=field(alarm, "AlarmRule", str),
        # A wait period is not suppression: the actions run after it, unless the suppressor is in ALARM by then.
        suppressed=field(alarm, "ActionsSuppressedBy", str, None) in ("Alarm", "ExtensionPeriod"),
        suppressor=field(alarm, "ActionsSuppressor", str, None),
        **_acting(alarm),
    )


def _acting(alarm: Answer) -> dict[str, Any]:
    """What every alarm has: its actions and its state."""
    return {
        "actions_enabled": field(alarm, "ActionsEnabled", bool),
        "actions": texts(alarm, "AlarmActions"),
        "state": field(alarm, "StateValue", str),
        # StateUpdatedTimestamp also changes without a change of state. An older SDK has no other.
        "state_since": time(alarm, "StateTransitionedTimestamp") or time(alarm, "StateUpdatedTimestamp"),
    }


def _metric_alarm(alarm: Answer) -> Alarm:
    unusual = {name: alarm[name] for name in _UNUSUAL if alarm.get(name)}
    if "SlidingWindow" in unusual.get("EvaluationWindow", ()):  # the value for an alarm without a window setting
        del unusual["EvaluationWindow"]
    if unusual.keys() == {"Metrics"}:
        return _math_alarm(alarm)
    if unusual:
        return _other(alarm, _UNUSUAL[next(iter(unusual))], metrics=_metrics(alarm), mentions=text(unusual))
    if alarm.get("MetricName") is None:  # an alarm on something that this SDK does not know
        return _other(alarm, UNKNOWN_KIND, mentions=text(alarm))
    percentile = field(alarm, "ExtendedStatistic", str, None)
    return MetricAlarm(
        arn=arn(alarm, "AlarmArn"),
        namespace=field(alarm, "Namespace", str),
        metric=field(alarm, "MetricName", str),
        statistic=None if percentile else field(alarm, "Statistic", str),
        period=field(alarm, "Period", int),
        unit=field(alarm, "Unit", str, None),
        dimensions=_dimensions(alarm),
        **_evaluated(alarm),
    )


def _evaluated(alarm: Answer) -> dict[str, Any]:
    """What every alarm on metrics has."""
    periods = field(alarm, "EvaluationPeriods", int)
    return {
        "comparison": field(alarm, "ComparisonOperator", str),
        "threshold": number(alarm, "Threshold"),
        "evaluation_periods": periods,
        "datapoints": field(alarm, "DatapointsToAlarm", int, periods),
        "missing_data": field(alarm, "TreatMissingData", str, "missing"),
        **_acting(alarm),
    }


def _math_alarm(alarm: Answer) -> Alarm:
    """An alarm on metric math. With SEARCH or SELECT it may watch any metric."""
    queries = tuple(_query(query, arn(alarm, "AlarmArn")) for query in items(alarm, "Metrics"))
    if any(re.search(r"\b(SEARCH|SELECT)\b", query.expression or "", re.IGNORECASE) for query in queries):
        return _other(alarm, "metric query", metrics=_metrics(alarm), mentions=text(alarm["Metrics"]))
    return MathAlarm(arn=arn(alarm, "AlarmArn"), queries=queries, **_evaluated(alarm))


def _query(query: Answer, alarm: str) -> MetricQuery:
    name, returned = field(query, "Id", str), field(query, "ReturnData", bool, True)
    if expression := field(query, "Expression", str, None):
        return MetricQuery(name, returned, expression)
    stat = field(query, "MetricStat", dict)
    metric = field(stat, "Metric", dict)
    ours = field(query, "AccountId", str, place_of(alarm)[0]) == place_of(alarm)[0]
    return MetricQuery(
        name,
        returned,
        namespace=field(metric, "Namespace", str) if ours else "",
        metric=field(metric, "MetricName", str) if ours else "",
        statistic=field(stat, "Stat", str),
        period=field(stat, "Period", int),
        unit=field(stat, "Unit", str, None),
        dimensions=_dimensions(metric),
    )


def _other(alarm: Answer, kind: str, *, metrics: tuple[tuple[str, str], ...] = (), mentions: str = "") -> OtherAlarm:
    return OtherAlarm(
        arn=arn(alarm, "AlarmArn"),
        kind=kind,
        metrics=metrics,
        mentions=mentions,
        actions_enabled=field(alarm, "ActionsEnabled", bool),
        actions=texts(alarm, "AlarmActions"),
        state=field(alarm, "StateValue", str, "OK"),
    )


def _metrics(alarm: Answer) -> tuple[tuple[str, str], ...]:
    """The metrics that an alarm names, itself or in its queries."""
    queries = items(alarm, "Metrics", ())
    named = [alarm, *(field(field(query, "MetricStat", dict, {}), "Metric", dict, {}) for query in queries)]
    pairs = {(field(m, "Namespace", str, ""), field(m, "MetricName", str, "")) for m in named}
    return tuple(sorted(pairs - {("", "")}))


def _dimensions(alarm: Answer) -> tuple[tuple[str, str], ...]:
    found = items(alarm, "Dimensions", ())
    return tuple(sorted((field(d, "Name", str), field(d, "Value", str)) for d in found))


def topic_attributes(answer: Answer) -> tuple[str, str | None]:
    """The access policy, and the key or None."""
    attributes = field(answer, "Attributes", dict)
    return field(attributes, "Policy", str), field(attributes, "KmsMasterKeyId", str, None) or None


def mute_rules(answer: Answer) -> tuple[MuteRule, ...]:
    """The mute rules of a region; the alarms that each mutes are not read yet."""
    unread = Unreadable("cloudwatch:GetAlarmMuteRule", "", "NotRead")
    return tuple(
        MuteRule(arn(rule, "AlarmMuteRuleArn"), field(rule, "Status", str), unread)
        for rule in items(answer, "AlarmMuteRuleSummaries")
    )


def muted(answer: Answer) -> tuple[str, ...]:
    """The names of the alarms that a mute rule mutes; none in a rule that has no targets."""
    arn(answer, "AlarmMuteRuleArn")  # an answer without it says nothing of the rule
    targets = field(answer, "MuteTargets", dict, None)
    if targets is None:
        return ()
    field(targets, "AlarmNames", list)
    return texts(targets, "AlarmNames")


def key(answer: Answer) -> Key:
    """A key; its policy is not read yet."""
    metadata = field(answer, "KeyMetadata", dict)
    manager = field(metadata, "KeyManager", str)
    if manager not in ("AWS", "CUSTOMER"):
        raise Malformed("KeyManager")
    found = arn(metadata, "Arn")
    unread = Unreadable("kms:GetKeyPolicy", place_of(found)[1], "NotRead")
    return Key(found, manager == "AWS", field(metadata, "KeyState", str), unread)


def key_policy(answer: Answer) -> str:
    return field(answer, "Policy", str)


def subscriptions(answer: Answer) -> tuple[Subscription, ...]:
    """The subscriptions of a topic; their filter policies are not read yet."""
    return tuple(
        _subscription(subscription)
        for subscription in items(answer, "Subscriptions")
        if subscription.get("SubscriptionArn") != "Deleted"
    )


def _subscription(subscription: Answer) -> Subscription:
    protocol, endpoint = field(subscription, "Protocol", str), field(subscription, "Endpoint", str, "")
    if subscription.get("SubscriptionArn") == "PendingConfirmation":
        return Subscription(None, protocol, endpoint=endpoint)
    confirmed = arn(subscription, "SubscriptionArn")
    unread = Unreadable("sns:GetSubscriptionAttributes", place_of(confirmed)[1], "NotRead")
    return Subscription(confirmed, protocol, unread, endpoint=endpoint)


def filter_policy(answer: Answer) -> tuple[str | None, str]:
    """The filter policy and its scope."""
    attributes = field(answer, "Attributes", dict)
    scope = field(attributes, "FilterPolicyScope", str, None) or "MessageAttributes"
    return field(attributes, "FilterPolicy", str, None) or None, scope


def matched(answer: Answer) -> frozenset[int]:
    """The indexes, from 0, of the messages that TestMetricFilter matched."""
    return frozenset(field(match, "eventNumber", int) - 1 for match in items(answer, "matches"))


@dataclass(frozen=True, slots=True)
class Credentials:
    """The credentials of a role, valid for an hour at most."""

    access_key: str = dataclass_field(repr=False)
    secret_key: str = dataclass_field(repr=False)
    session_token: str = dataclass_field(repr=False)


def credentials(answer: Answer) -> Credentials:
    found = field(answer, "Credentials", dict)
    return Credentials(
        field(found, "AccessKeyId", str), field(found, "SecretAccessKey", str), field(found, "SessionToken", str)
    )
