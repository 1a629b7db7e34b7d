"""What was read from AWS, in the order of the chain: trail, log group, metric filter, alarm, topic, subscription.

A `Snapshot` is all that the decision knows about an account. A resource in it was read, or does not exist (`None`), or
could not be read (`Unreadable`, in the place of its data).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from blindspot.model.arn import Place


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A read that failed.

    `call` is written as in IAM ("cloudtrail:DescribeTrails"): if the read was refused, it also names the missing
    permission. `error` is AWS's error code, "Timeout", or the name of a field that was malformed. It is never a message
    of AWS, because that may quote principals and resources.
    """

    call: str
    region: str
    error: str
    denied: bool = False

    @property
    def in_document(self) -> dict[str, str | None]:
        """As a document has it. `permission`: the one that is missing, if the read was refused."""
        permission = self.call if self.denied else None
        return {"call": self.call, "region": self.region, "error": self.error, "permission": permission}


class Skipped(NamedTuple):
    """A region that is not assessed: ExcludedRegions contains it, or the account has not opted in to it."""

    region: str
    reason: str
    excluded: bool = False


@dataclass(frozen=True, slots=True)
class TrailStatus:
    """GetTrailStatus in the trail's home region. Times are aware and in UTC. The errors are those of the latest
    delivery to the log group, the bucket and the topic; None where there was none."""

    logging: bool
    logging_since: datetime | None
    logs_delivered_at: datetime | None
    logs_delivery_error: str | None
    bucket_error: str | None = None
    topic_error: str | None = None


@dataclass(frozen=True, slots=True)
class EventSelector:
    """A basic event selector. `read_write` is "All", "ReadOnly" or "WriteOnly"."""

    read_write: str = "All"
    management_events: bool = True
    excluded_sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldSelector:
    """The conditions of an advanced event selector on one field ("eventCategory", "userIdentity.arn")."""

    field: str
    equals: tuple[str, ...] = ()
    starts_with: tuple[str, ...] = ()
    ends_with: tuple[str, ...] = ()
    not_equals: tuple[str, ...] = ()
    not_starts_with: tuple[str, ...] = ()
    not_ends_with: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EventSelectors:
    """All selectors of a trail. AWS returns either basic or advanced ones, never both. Without any, the trail records
    every management event (CloudTrail API reference, PutEventSelectors). An advanced selector is the tuple of its
    conditions on each field."""

    basic: tuple[EventSelector, ...] = ()
    advanced: tuple[tuple[FieldSelector, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Trail:
    """A trail. It is in the snapshot once, even if several regions list it. `log_group_arn` has no `:*` at its end.
    Log files go to `bucket_arn`, and the notifications about them to `topic_arn`.

    unread: what was malformed in AWS's answer. Such a trail may record everything, and where `log_group_arn` is None it
    may deliver anywhere.
    """

    arn: str
    home_region: str
    multi_region: bool
    global_service_events: bool
    organization: bool
    log_group_arn: str | None
    status: TrailStatus | Unreadable
    selectors: EventSelectors | Unreadable
    bucket_arn: str | None = None
    topic_arn: str | None = None
    unread: str = ""


@dataclass(frozen=True, slots=True)
class MetricFilter:
    """A metric filter with its one metric transformation; `value` is text as AWS keeps it ("1", "$.latency").

    unread: what was malformed in AWS's answer. Such a filter may match everything and add anything to its metric, or to
    any metric where `metric` is empty.
    created_at: in UTC; None where AWS does not say. No verdict depends on it.
    """

    name: str
    pattern: str
    namespace: str
    metric: str
    value: str = "1"
    default: float | None = None
    unit: str | None = None
    dimensions: tuple[tuple[str, str], ...] = ()
    system_dimensions: tuple[str, ...] = ()
    field_selection: str | None = None
    on_transformed_logs: bool = False
    unread: str = ""
    created_at: datetime | None = field(default=None, compare=False)

    @property
    def created(self) -> int | None:
        """The same in milliseconds since 1970, as AWS has it."""
        return None if self.created_at is None else round(self.created_at.timestamp() * 1000)

    @property
    def adds_to_any_metric(self) -> bool:
        """Whether it may add to any metric."""
        return bool(self.unread) and not self.metric


@dataclass(frozen=True, slots=True)
class SubscriptionFilter:
    """A subscription filter of a log group, or an account policy that adds one to its log groups.

    selection: the criteria that select log groups or log events; None if all are selected.
    unread: what was malformed in AWS's answer. Such a filter may send everything to its destination, or to any
        destination where `destination` is empty.
    """

    name: str
    pattern: str
    destination: str
    selection: str | None = None
    on_transformed_logs: bool = False
    unread: str = ""


@dataclass(frozen=True, slots=True)
class LogGroup:
    """A log group that a trail delivers to. `arn` is without the trailing `:*`; `log_class` is "STANDARD" and so on;
    `subscriptions` are read only where a SIEM may be their target; `masked`: whether data protection masks values;
    `retention_days`: how long log events are kept, None for ever or where AWS does not say: no verdict depends on it.
    """

    arn: str
    filters: tuple[MetricFilter, ...] | Unreadable
    log_class: str | Unreadable = "STANDARD"
    subscriptions: tuple[SubscriptionFilter, ...] | Unreadable = ()
    masked: bool = False
    retention_days: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class MetricAlarm:
    """An alarm on one metric. `period` is in seconds; `datapoints` is DatapointsToAlarm, or EvaluationPeriods where
    AWS returns none. `statistic` is None for an extended statistic, such as a percentile."""

    arn: str
    namespace: str
    metric: str
    statistic: str | None = "Sum"
    comparison: str = "GreaterThanOrEqualToThreshold"
    threshold: float = 1.0
    period: int = 300
    evaluation_periods: int = 1
    datapoints: int = 1
    missing_data: str = "missing"
    unit: str | None = None
    dimensions: tuple[tuple[str, str], ...] = ()
    actions_enabled: bool = True
    actions: tuple[str, ...] = ()
    state: str = "OK"
    state_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class MetricQuery:
    """One line of an alarm's metric math: an expression over other lines, or one metric of this account.

    returned: whether this line is compared with the threshold.
    """

    name: str
    returned: bool = False
    expression: str | None = None
    namespace: str = ""
    metric: str = ""
    statistic: str | None = None
    period: int = 300
    unit: str | None = None
    dimensions: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class MathAlarm:
    """An alarm on metric math. The fields that it shares with `MetricAlarm` mean the same."""

    arn: str
    queries: tuple[MetricQuery, ...]
    comparison: str = "GreaterThanOrEqualToThreshold"
    threshold: float = 1.0
    evaluation_periods: int = 1
    datapoints: int = 1
    missing_data: str = "missing"
    actions_enabled: bool = True
    actions: tuple[str, ...] = ()
    state: str = "OK"
    state_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class CompositeAlarm:
    """An alarm on the states of other alarms. `suppressed`: whether its actions are suppressed now."""

    arn: str
    rule: str
    suppressed: bool = False
    suppressor: str | None = None
    actions_enabled: bool = True
    actions: tuple[str, ...] = ()
    state: str = "OK"
    state_since: datetime | None = None


UNKNOWN_KIND = "alarm of an unknown kind"
"""The kind of an alarm with fields that this SDK does not know, or that were malformed: it may watch any metric."""

UNREAD_LOG_ALARM = "log alarm that may query any log group"
"""The kind of an alarm that may query any log group."""


@dataclass(frozen=True, slots=True)
class OtherAlarm:
    """An alarm of another kind, with everything that it refers to.

    `kind` is its kind ("anomaly detection band", "log alarm", ...). `metrics` are (namespace, name) pairs;
    `mentions` is any text that may name a metric, an alarm or a log group: expressions, queries, identifiers.
    """

    arn: str
    kind: str
    metrics: tuple[tuple[str, str], ...] = ()
    mentions: str = ""
    actions_enabled: bool = True
    actions: tuple[str, ...] = ()
    state: str = "OK"


Alarm = MetricAlarm | MathAlarm | CompositeAlarm | OtherAlarm


@dataclass(frozen=True, slots=True)
class MuteRule:
    """A rule that mutes the actions of the alarms with these names for some time. `status` is "ACTIVE", "SCHEDULED"
    or "EXPIRED"; it is not known in a rule with any other."""

    arn: str
    status: str
    alarms: tuple[str, ...] | Unreadable


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription of a topic. It is confirmed if it has an ARN. Before, SNS returns `PendingConfirmation`, which is
    None here. `filter_policy` is JSON text, or None. `endpoint` is the address that messages go to. `owner` is its
    account, if that is not the topic's."""

    arn: str | None
    protocol: str
    filter_policy: str | Unreadable | None = None
    filter_scope: str = "MessageAttributes"
    endpoint: str = ""
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Key:
    """A KMS key. `managed_by_aws`: its policy cannot be changed. `state` is "Enabled", "Disabled" and so on;
    `policy` is JSON text."""

    arn: str
    managed_by_aws: bool
    state: str
    policy: str | Unreadable


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic with its access policy (JSON text), its key and its subscriptions.

    key_id: an id, ARN or alias, as the topic has it; None if the topic is not encrypted.
    subscriptions: if one of them surely gets every notification, others may be missing; of a topic that the remediator
        may use they are there without their filter policies.
    key: None if no such key exists, or the topic has none.
    more_subscriptions: whether there are so many that the others were not read, and none of those read is such a one.
    largest_message: the size in bytes of the largest message that it takes; None for the default of SNS, 256 KiB.
    """

    arn: str
    policy: str
    key_id: str | None
    subscriptions: tuple[Subscription, ...] | Unreadable
    key: Key | Unreadable | None = None
    more_subscriptions: bool = False
    largest_message: int | None = None


FUTURE = "future"
"""The name that stands for every region that is enabled later."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One reading of one account.

    account, partition: as sts:GetCallerIdentity returns them ("123456789012", "aws").
    own_region: the region in which the function runs.
    read_at: the time of the reading, in UTC and aware.
    regions: the enabled regions that are assessed, sorted; or why they are not known.
    skipped: the regions that are not called and not assessed.
    unread_regions: the regions in which DescribeTrails failed; trails with their home there may be missing.
    trails: every trail that any region lists, each once, sorted by ARN.
    log_groups: by ARN, for every trail that delivers to one; None if it does not exist.
    alarms: by place, for every place in which a log group was read.
    topics: by ARN, for every topic that an alarm on one of these metrics notifies, and those that the remediator
        looks up by name; None if it does not exist.
    other_filters: by place, the metric filters of log groups to which no trail delivers, by their ARNs. If no metric
        filter of a trail's log group leads to a topic, all places that can be read are among them.
    unread_filters: of these places, those whose metric filters could not be read.
    mute_rules: by place, if AWS has mute rules there and the SDK knows them.
    subscription_policies: by place, if the profile names a SIEM as their target.
    disputed_patterns: filter patterns that logs:TestMetricFilter matches differently than Blindspot.
    """

    account: str
    partition: str
    own_region: str
    read_at: datetime
    regions: tuple[str, ...] | Unreadable
    skipped: tuple[Skipped, ...]
    unread_regions: Mapping[str, Unreadable]
    trails: tuple[Trail, ...]
    log_groups: Mapping[str, LogGroup | Unreadable | None]
    alarms: Mapping[Place, tuple[Alarm, ...] | Unreadable]
    topics: Mapping[str, Topic | Unreadable | None]
    other_filters: Mapping[Place, tuple[tuple[str, MetricFilter], ...]] = field(default_factory=dict)
    unread_filters: Mapping[Place, Unreadable] = field(default_factory=dict)
    mute_rules: Mapping[Place, tuple[MuteRule, ...] | Unreadable] = field(default_factory=dict)
    subscription_policies: Mapping[Place, tuple[SubscriptionFilter, ...] | Unreadable] = field(default_factory=dict)
    disputed_patterns: frozenset[str] = frozenset()


def unreadable_reads(snapshot: Snapshot) -> Iterator[Unreadable]:
    """Every failed read of the snapshot, in the order of the chain."""
    candidates: list[object] = [snapshot.regions, *snapshot.unread_regions.values()]
    for trail in snapshot.trails:
        candidates += [trail.status, trail.selectors]
    for group in snapshot.log_groups.values():
        candidates += [group.log_class, group.filters, group.subscriptions] if isinstance(group, LogGroup) else [group]
    candidates += [
        *snapshot.unread_filters.values(),
        *snapshot.subscription_policies.values(),
        *snapshot.alarms.values(),
        *snapshot.mute_rules.values(),
    ]
    for rules in snapshot.mute_rules.values():
        candidates += [] if isinstance(rules, Unreadable) else [rule.alarms for rule in rules]
    for topic in snapshot.topics.values():
        candidates += [topic.key, topic.subscriptions] if isinstance(topic, Topic) else [topic]
        if isinstance(topic, Topic) and isinstance(topic.key, Key):
            candidates.append(topic.key.policy)
        if isinstance(topic, Topic) and not isinstance(topic.subscriptions, Unreadable):
            candidates += [subscription.filter_policy for subscription in topic.subscriptions]
    return (candidate for candidate in candidates if isinstance(candidate, Unreadable))
