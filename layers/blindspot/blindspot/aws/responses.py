"""Parses AWS's responses into the values of a Snapshot. Pure.

A field that is missing or has the wrong type raises Malformed, except where AWS may omit it. No default makes an
account look better than it is. A response that says which resource it is about must name the one that was asked for.

In a list, a trail, filter, alarm, mute rule or subscription whose name can be read but something else cannot is kept as
one that is not known. If its name cannot be read, the list raises Malformed.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypedDict

from blindspot.aws.response_fields import (
    Answer,
    Malformed,
    NoAnswer,
    arn,
    expect,
    field,
    items,
    number,
    text,
    texts,
    time,
)
from blindspot.languages import strict_json
from blindspot.model.arn import Arn, place_of
from blindspot.model.snapshot import (
    UNKNOWN_KIND,
    UNREAD_LOG_ALARM,
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
    expect(answer, "Account", caller.account)
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
    return tuple(map(_trail, _whole(answer, "trailList")))


def _trail(record: Answer) -> Trail:
    trail = arn(record, "TrailARN")
    try:
        home = field(record, "HomeRegion", str)
        return Trail(
            arn=trail,
            home_region=home,
            multi_region=field(record, "IsMultiRegionTrail", bool),
            global_service_events=field(record, "IncludeGlobalServiceEvents", bool),
            organization=field(record, "IsOrganizationTrail", bool),
            status=Unreadable("cloudtrail:GetTrailStatus", home, "NotRead"),
            selectors=Unreadable("cloudtrail:GetEventSelectors", home, "NotRead"),
            **_destinations(record, trail),
        )
    except Malformed as why:
        return _unread_trail(record, trail, str(why))


class _Destinations(TypedDict):
    log_group_arn: str | None
    bucket_arn: str | None
    topic_arn: str | None


def _destinations(record: Answer, trail: str) -> _Destinations:
    """Where the trail with this ARN delivers."""
    log_group = arn(record, "CloudWatchLogsLogGroupArn") if record.get("CloudWatchLogsLogGroupArn") else None
    if log_group and log_group.count(":") < 6:  # arn:aws:logs:REGION:ACCOUNT:log-group:NAME:*
        raise Malformed("CloudWatchLogsLogGroupArn")
    bucket = field(record, "S3BucketName", str, None)
    return {
        "log_group_arn": log_group.removesuffix(":*") if log_group else None,
        "bucket_arn": f"arn:{Arn.parse(trail).partition}:s3:::{bucket}" if bucket else None,
        "topic_arn": arn(record, "SnsTopicARN") if record.get("SnsTopicARN") else None,
    }


def _unread_trail(record: Answer, trail: str, why: str) -> Trail:
    """A trail that may record everything in every region."""
    home = place_of(trail)[1]
    unread = Unreadable("cloudtrail:DescribeTrails", home, why)
    try:
        destinations = _destinations(record, trail)
    except Malformed:
        destinations = {"log_group_arn": None, "bucket_arn": None, "topic_arn": None}
    return Trail(
        arn=trail,
        home_region=home,
        multi_region=True,
        global_service_events=True,
        organization=True,
        status=unread,
        selectors=unread,
        unread=why,
        **destinations,
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


def event_selectors(answer: Answer, trail: str) -> EventSelectors:
    """The selectors of the trail with this ARN."""
    expect(answer, "TrailARN", trail)
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


def metric_filters(answer: Answer, log_group: str | None = None) -> tuple[tuple[str, MetricFilter], ...]:
    """The metric filters with the names of their log groups. `log_group`: the name of the only one asked for."""
    found = []
    for record in items(answer, "metricFilters"):
        group = field(record, "logGroupName", str)
        if group != (log_group or group):
            raise Malformed("logGroupName")
        found += [(group, metric_filter) for metric_filter in _metric_filters(record)]
    return tuple(found)


def _metric_filters(record: Answer) -> list[MetricFilter]:
    """A metric filter for each metric transformation; AWS allows one."""
    name = field(record, "filterName", str)
    try:
        found = [_metric_filter(record, transformation) for transformation in items(record, "metricTransformations")]
    except Malformed as why:
        return [MetricFilter(name, "", *_only_metric(record), unread=str(why))]
    return found or [MetricFilter(name, "", "", "", unread="Malformed: metricTransformations")]


def _only_metric(record: Answer) -> tuple[str, str]:
    """The namespace and the name of the only metric that a malformed filter adds to; both empty if they are not
    known."""
    try:
        (transformation,) = items(record, "metricTransformations")
        return field(transformation, "metricNamespace", str), field(transformation, "metricName", str)
    except (Malformed, ValueError):
        return "", ""


def _metric_filter(record: Answer, transformation: Answer) -> MetricFilter:
    dimensions = field(transformation, "dimensions", dict, {})
    if not all(isinstance(text, str) for dimension in dimensions.items() for text in dimension):
        raise Malformed("dimensions")
    return MetricFilter(
        name=field(record, "filterName", str),
        pattern=field(record, "filterPattern", str),
        namespace=field(transformation, "metricNamespace", str),
        metric=field(transformation, "metricName", str),
        value=field(transformation, "metricValue", str),
        default=number(transformation, "defaultValue") if "defaultValue" in transformation else None,
        unit=field(transformation, "unit", str, None),
        dimensions=tuple(sorted(dimensions.items())),
        system_dimensions=texts(record, "emitSystemFieldDimensions"),
        field_selection=field(record, "fieldSelectionCriteria", str, None) or None,
        on_transformed_logs=field(record, "applyOnTransformedLogs", bool, False),
        created_at=_created_at(record),
    )


def _created_at(record: Answer) -> datetime | None:
    """None also where it is malformed: no verdict depends on it."""
    try:
        return datetime.fromtimestamp(field(record, "creationTime", int) / 1000, UTC)
    except (Malformed, OSError, OverflowError, ValueError):
        return None


def log_group_class(answer: Answer, name: str) -> str | None:
    """The class of the log group with that name; None if DescribeLogGroups does not list it.

    Groups are listed by name, so it is the first with this prefix. The list holds no others.
    """
    groups = items(answer, "logGroups")
    if not all(field(group, "logGroupName", str).startswith(name) for group in groups):
        raise Malformed("logGroupName")
    if not groups and answer.get("nextToken"):
        raise NoAnswer("EmptyPage")
    for group in groups:
        if group["logGroupName"] == name:
            return field(group, "logGroupClass", str, "STANDARD")
    return None


def masks_data(answer: Answer, name: str) -> bool:
    """Whether the log group with that name has a data protection policy, of its own or of its account."""
    named = (group for group in items(answer, "logGroups") if group.get("logGroupName") == name)
    return any(
        group.get("dataProtectionStatus") == "ACTIVATED"
        or "ACCOUNT_DATA_PROTECTION" in texts(group, "inheritedProperties")
        for group in named
    )


def retention_days(answer: Answer, name: str) -> int | None:
    """For how many days the log group with that name keeps its log events; None for ever, or if that is malformed: no
    verdict depends on it."""
    named = (group for group in items(answer, "logGroups") if group.get("logGroupName") == name)
    found = next((group.get("retentionInDays") for group in named), None)
    return found if isinstance(found, int) and not isinstance(found, bool) and found > 0 else None


def subscription_filters(answer: Answer, log_group: str) -> tuple[SubscriptionFilter, ...]:
    """The subscription filters of the log group with this name."""
    records = items(answer, "subscriptionFilters")
    for record in records:
        expect(record, "logGroupName", log_group)
    return tuple(_or_unread(record, "filterName", "destinationArn", _subscription_filter) for record in records)


def _subscription_filter(record: Answer) -> SubscriptionFilter:
    return SubscriptionFilter(
        field(record, "filterName", str),
        field(record, "filterPattern", str),
        field(record, "destinationArn", str),
        selection=field(record, "fieldSelectionCriteria", str, None) or None,
        on_transformed_logs=field(record, "applyOnTransformedLogs", bool, False),
    )


def subscription_policies(answer: Answer) -> tuple[SubscriptionFilter, ...]:
    """The account policies that add a subscription filter to its log groups."""
    policies = items(answer, "accountPolicies")
    return tuple(_or_unread(policy, "policyName", "", _subscription_policy) for policy in policies)


def _subscription_policy(policy: Answer) -> SubscriptionFilter:
    try:
        document = strict_json.loads(field(policy, "policyDocument", str))
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


def _or_unread(
    record: Answer, name: str, destination: str, parse: Callable[[Answer], SubscriptionFilter]
) -> SubscriptionFilter:
    """The filter; if it is malformed, one that may send everything there, or anywhere if that is not known."""
    title = field(record, name, str)
    try:
        return parse(record)
    except Malformed as why:
        known = record.get(destination)
        return SubscriptionFilter(title, "", known if isinstance(known, str) else "", unread=str(why))


def alarms(answer: Answer) -> tuple[Alarm, ...]:
    """The alarms of all types. AWS does not document that it returns a list that is empty; an older SDK knows no log
    alarms."""
    listed = (
        (_metric_alarm, items(answer, "MetricAlarms"), UNKNOWN_KIND),
        (_composite_alarm, items(answer, "CompositeAlarms", ()), UNKNOWN_KIND),
        (_log_alarm, items(answer, "LogAlarms", ()), UNREAD_LOG_ALARM),
    )
    return tuple(_alarm(record, parse, kind) for parse, records, kind in listed for record in records)


def _alarm(record: Answer, parse: Callable[[Answer], Alarm], kind: str) -> Alarm:
    """The alarm. `kind`: if it is malformed."""
    named, state = arn(record, "AlarmArn"), record.get("StateValue")
    try:
        return parse(record)
    except Malformed:
        return OtherAlarm(named, kind, mentions=text(record), state=state if isinstance(state, str) else "")


def _log_alarm(alarm: Answer) -> Alarm:
    """An alarm on the results of a query. With SOURCE the query itself selects log groups, also by other than names
    (CloudWatch Logs user guide, "SOURCE")."""
    query = field(alarm, "ScheduledQueryConfiguration", dict)
    selects = re.search(r"\bSOURCE\b", field(query, "QueryString", str), re.IGNORECASE)
    named = texts(query, "LogGroupIdentifiers") and not selects
    return _other(alarm, "log alarm" if named else UNREAD_LOG_ALARM, mentions=text(query))


_UNUSUAL = {
    "EvaluationCriteria": "PromQL",
    "ThresholdMetricId": "anomaly detection band",
    "Metrics": "metric math",
    "WarmUpConfiguration": "alarm with a warm-up period",
    "EvaluationWindow": "alarm with a wall clock window",
    "EvaluationState": "alarm that CloudWatch says it cannot evaluate in full",
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
    window = unusual.get("EvaluationWindow")
    if isinstance(window, Mapping) and "SlidingWindow" in window:  # the value for an alarm without a window setting
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


class TopicAttributes(NamedTuple):
    """A topic's access policy, its key, and the size in bytes of the largest message that it takes, if that is set."""

    policy: str
    key_id: str | None
    largest_message: int | None


def topic_attributes(answer: Answer, topic: str) -> TopicAttributes:
    """The attributes of the topic with this ARN."""
    attributes = field(answer, "Attributes", dict)
    expect(attributes, "TopicArn", topic)
    size = field(attributes, "MaximumMessageSize", str, None)
    if size is not None and not size.isdecimal():
        raise Malformed("MaximumMessageSize")
    key_id = field(attributes, "KmsMasterKeyId", str, None) or None
    return TopicAttributes(field(attributes, "Policy", str), key_id, None if size is None else int(size))


def mute_rules(answer: Answer) -> tuple[MuteRule, ...]:
    """The mute rules of a region; the alarms that each mutes are not read yet."""
    unread = Unreadable("cloudwatch:GetAlarmMuteRule", "", "NotRead")
    listed = ((arn(rule, "AlarmMuteRuleArn"), rule.get("Status")) for rule in items(answer, "AlarmMuteRuleSummaries"))
    return tuple(MuteRule(named, status if isinstance(status, str) else "", unread) for named, status in listed)


def muted(answer: Answer, rule: str) -> tuple[str, ...]:
    """The names of the alarms that the mute rule with this ARN mutes; none in a rule that has no targets."""
    expect(answer, "AlarmMuteRuleArn", rule)
    expect(answer, "Name", Arn.parse(rule).name)
    field(answer, "Rule", dict)
    targets = field(answer, "MuteTargets", dict, None)
    if targets is None:
        return ()
    field(targets, "AlarmNames", list)
    return texts(targets, "AlarmNames")


def key(answer: Answer, key_id: str) -> Key:
    """The key with this id, ARN or alias; its policy is not read yet."""
    metadata = field(answer, "KeyMetadata", dict)
    manager = field(metadata, "KeyManager", str)
    if manager not in ("AWS", "CUSTOMER"):
        raise Malformed("KeyManager")
    found = arn(metadata, "Arn")
    expect(metadata, "KeyId", Arn.parse(found).resource.removeprefix("key/"))
    is_alias = key_id.startswith("alias/") or ":alias/" in key_id  # the answer names the key alone
    if not is_alias and key_id not in (found, metadata["KeyId"]):
        raise Malformed("KeyId")
    unread = Unreadable("kms:GetKeyPolicy", place_of(found)[1], "NotRead")
    return Key(found, manager == "AWS", field(metadata, "KeyState", str), unread)


def key_policy(answer: Answer) -> str:
    return field(answer, "Policy", str)


class SubscriptionPage(NamedTuple):
    """Some subscriptions of a topic, their filter policies not read yet. `token`: of the next page; None if this is the
    last one."""

    subscriptions: tuple[Subscription, ...]
    token: str | None


def subscriptions(answer: Answer, topic: str) -> SubscriptionPage:
    """A page of the subscriptions of the topic with this ARN."""
    found = []
    for subscription in items(answer, "Subscriptions"):
        expect(subscription, "TopicArn", topic)
        if subscription.get("SubscriptionArn") != "Deleted":
            found.append(_subscription(subscription))
    return SubscriptionPage(tuple(found), field(answer, "NextToken", str, None) or None)


def _subscription(subscription: Answer) -> Subscription:
    if subscription.get("SubscriptionArn") == "PendingConfirmation":
        protocol, endpoint = field(subscription, "Protocol", str), field(subscription, "Endpoint", str, "")
        return Subscription(None, protocol, endpoint=endpoint)
    confirmed = arn(subscription, "SubscriptionArn")
    account, region = place_of(confirmed)
    unread = Unreadable("sns:GetSubscriptionAttributes", region, "NotRead")
    try:
        protocol, endpoint = field(subscription, "Protocol", str), field(subscription, "Endpoint", str, "")
        owner = field(subscription, "Owner", str, account)
    except Malformed as why:
        return Subscription(confirmed, "", Unreadable("sns:ListSubscriptionsByTopic", region, str(why)))
    return Subscription(confirmed, protocol, unread, endpoint=endpoint, owner="" if owner == account else owner)


def filter_policy(answer: Answer, subscription: str, topic: str) -> tuple[str | None, str]:
    """The filter policy of the subscription with this ARN, and its scope."""
    attributes = field(answer, "Attributes", dict)
    expect(attributes, "SubscriptionArn", subscription)
    expect(attributes, "TopicArn", topic)
    scope = field(attributes, "FilterPolicyScope", str, None) or "MessageAttributes"
    return field(attributes, "FilterPolicy", str, None) or None, scope


def matched(answer: Answer, messages: int) -> frozenset[int]:
    """The indexes, from 0, of those of so many messages that TestMetricFilter matched."""
    found = frozenset(field(match, "eventNumber", int) - 1 for match in items(answer, "matches"))
    if not found <= set(range(messages)):
        raise Malformed("eventNumber")
    return found


class LogEvents(NamedTuple):
    """A page of log events: when each was logged, in milliseconds since 1970, and its message. `token`: of the next
    page; None if this is the last one."""

    events: tuple[tuple[int, str], ...]
    token: str | None


def log_events(answer: Answer, start: int, end: int) -> LogEvents:
    """A page of the log events from `start` to `end`, both included, in milliseconds since 1970."""
    events = tuple((field(event, "timestamp", int), field(event, "message", str)) for event in items(answer, "events"))
    if not all(start <= timestamp <= end for timestamp, _ in events):
        raise Malformed("timestamp")
    return LogEvents(events, field(answer, "nextToken", str, None) or None)


@dataclass(frozen=True, slots=True)
class Credentials:
    """The credentials of a role, valid for an hour at most."""

    access_key: str = dataclass_field(repr=False)
    secret_key: str = dataclass_field(repr=False)
    session_token: str = dataclass_field(repr=False)


def credentials(answer: Answer, role: str) -> Credentials:
    """The credentials of the role with this ARN."""
    assumed = Arn.parse(arn(field(answer, "AssumedRoleUser", dict), "Arn"))
    wanted = Arn.parse(role)
    if (assumed.account, assumed.resource.split("/")[1:2]) != (wanted.account, [wanted.resource.split("/")[-1]]):
        raise Malformed("AssumedRoleUser")
    found = field(answer, "Credentials", dict)
    return Credentials(
        field(found, "AccessKeyId", str), field(found, "SecretAccessKey", str), field(found, "SessionToken", str)
    )
