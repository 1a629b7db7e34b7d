"""AWS's answers, parsed into the values of a Snapshot. Pure.

A field that is missing or of the wrong type raises Malformed, save where AWS may leave it out. No default is assumed
that could make an account look better than it is.
"""

from dataclasses import dataclass

from blindspot.aws.fields import Answer, Malformed, arn, field, items, number, text, texts, time
from blindspot.snapshot import (
    UNKNOWN_KIND,
    Alarm,
    EventSelector,
    EventSelectors,
    MetricAlarm,
    MetricFilter,
    OtherAlarm,
    Subscription,
    Trail,
    TrailStatus,
    Unreadable,
)


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose credentials these are."""

    account: str
    partition: str


def identity(answer: Answer) -> Identity:
    _, partition, _, _, account, _ = arn(answer, "Arn").split(":", 5)
    if not (account.isdigit() and len(account) == 12):
        raise Malformed("Arn")
    return Identity(account, partition)


def regions(answer: Answer) -> dict[str, bool]:
    """Every region of DescribeRegions, and whether it is enabled."""
    enabled = {"opt-in-not-required": True, "opted-in": True, "not-opted-in": False}
    found = {}
    for region in items(answer, "Regions"):
        status = field(region, "OptInStatus", str)
        if status not in enabled:
            raise Malformed("OptInStatus")
        found[field(region, "RegionName", str)] = enabled[status]
    return found


def trails(answer: Answer) -> tuple[Trail, ...]:
    """The trails of DescribeTrails, their status and selectors not read yet."""
    return tuple(_trail(record) for record in items(answer, "trailList"))


def _trail(record: Answer) -> Trail:
    home = field(record, "HomeRegion", str)
    log_group = arn(record, "CloudWatchLogsLogGroupArn") if record.get("CloudWatchLogsLogGroupArn") else None
    if log_group and log_group.count(":") < 6:  # arn:aws:logs:REGION:ACCOUNT:log-group:NAME:*
        raise Malformed("CloudWatchLogsLogGroupArn")
    return Trail(
        arn=arn(record, "TrailARN"),
        home_region=home,
        multi_region=field(record, "IsMultiRegionTrail", bool),
        global_service_events=field(record, "IncludeGlobalServiceEvents", bool),
        organization=field(record, "IsOrganizationTrail", bool),
        log_group_arn=log_group.removesuffix(":*") if log_group else None,
        status=Unreadable("cloudtrail:GetTrailStatus", home, "NotRead"),
        selectors=Unreadable("cloudtrail:GetEventSelectors", home, "NotRead"),
    )


def trail_status(answer: Answer) -> TrailStatus:
    """The times and the error are missing from a trail that never delivered or never failed to."""
    return TrailStatus(
        logging=field(answer, "IsLogging", bool),
        logging_since=time(answer, "StartLoggingTime"),
        logs_delivered_at=time(answer, "LatestCloudWatchLogsDeliveryTime"),
        logs_delivery_error=field(answer, "LatestCloudWatchLogsDeliveryError", str, None) or None,
    )


def event_selectors(answer: Answer) -> EventSelectors:
    if items(answer, "AdvancedEventSelectors", ()):
        return EventSelectors(advanced=True)
    return EventSelectors(tuple(_selector(selector) for selector in items(answer, "EventSelectors")))


def _selector(selector: Answer) -> EventSelector:
    read_write = field(selector, "ReadWriteType", str)
    if read_write not in ("All", "ReadOnly", "WriteOnly"):
        raise Malformed("ReadWriteType")
    return EventSelector(
        read_write=read_write,
        management_events=field(selector, "IncludeManagementEvents", bool),
        excluded_sources=texts(selector, "ExcludeManagementEventSources"),
    )


def metric_filters(answer: Answer) -> tuple[MetricFilter, ...]:
    return tuple(
        _metric_filter(record, transformation)
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


def alarms(answer: Answer) -> tuple[Alarm, ...]:
    return (
        *(_metric_alarm(alarm) for alarm in items(answer, "MetricAlarms")),
        *(
            _other(alarm, "composite alarm", mentions=field(alarm, "AlarmRule", str))
            for alarm in items(answer, "CompositeAlarms", ())
        ),
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
"""Settings that a MetricAlarm cannot hold, the most telling first (CloudWatch API reference, MetricAlarm)."""


def _metric_alarm(alarm: Answer) -> Alarm:
    unusual = {name: alarm[name] for name in _UNUSUAL if alarm.get(name)}
    if "SlidingWindow" in unusual.get("EvaluationWindow", ()):  # what every alarm has that sets no window
        del unusual["EvaluationWindow"]
    if unusual:
        return _other(alarm, _UNUSUAL[next(iter(unusual))], metrics=_metrics(alarm), mentions=text(unusual))
    if alarm.get("MetricName") is None:  # on something that this SDK is too old to know
        return _other(alarm, UNKNOWN_KIND, mentions=text(alarm))
    periods = field(alarm, "EvaluationPeriods", int)
    percentile = field(alarm, "ExtendedStatistic", str, None)
    return MetricAlarm(
        arn=arn(alarm, "AlarmArn"),
        namespace=field(alarm, "Namespace", str),
        metric=field(alarm, "MetricName", str),
        statistic=None if percentile else field(alarm, "Statistic", str),
        comparison=field(alarm, "ComparisonOperator", str),
        threshold=number(alarm, "Threshold"),
        period=field(alarm, "Period", int),
        evaluation_periods=periods,
        datapoints=field(alarm, "DatapointsToAlarm", int, periods),
        missing_data=field(alarm, "TreatMissingData", str, "missing"),
        unit=field(alarm, "Unit", str, None),
        dimensions=_dimensions(alarm),
        actions_enabled=field(alarm, "ActionsEnabled", bool),
        actions=texts(alarm, "AlarmActions"),
        state=field(alarm, "StateValue", str),
        # StateUpdatedTimestamp also moves when the state does not; it is all that an older SDK has.
        state_since=time(alarm, "StateTransitionedTimestamp") or time(alarm, "StateUpdatedTimestamp"),
    )


def _other(alarm: Answer, kind: str, *, metrics: tuple[tuple[str, str], ...] = (), mentions: str = "") -> OtherAlarm:
    return OtherAlarm(
        arn=arn(alarm, "AlarmArn"),
        kind=kind,
        metrics=metrics,
        mentions=mentions,
        actions_enabled=field(alarm, "ActionsEnabled", bool),
        actions=texts(alarm, "AlarmActions"),
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
    """The access policy and the key."""
    attributes = field(answer, "Attributes", dict)
    return field(attributes, "Policy", str), field(attributes, "KmsMasterKeyId", str, None) or None


def subscriptions(answer: Answer) -> tuple[Subscription, ...]:
    """The subscriptions of a topic, their filter policies not read yet."""
    return tuple(
        _subscription(subscription)
        for subscription in items(answer, "Subscriptions")
        if subscription.get("SubscriptionArn") != "Deleted"
    )


def _subscription(subscription: Answer) -> Subscription:
    protocol = field(subscription, "Protocol", str)
    if subscription.get("SubscriptionArn") == "PendingConfirmation":
        return Subscription(None, protocol)
    confirmed = arn(subscription, "SubscriptionArn")
    unread = Unreadable("sns:GetSubscriptionAttributes", confirmed.split(":")[3], "NotRead")
    return Subscription(confirmed, protocol, unread)


def filter_policy(answer: Answer) -> str | None:
    return field(field(answer, "Attributes", dict), "FilterPolicy", str, None) or None
