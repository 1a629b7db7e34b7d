"""What was read from AWS, in the order of the chain: trail, log group, metric filter, alarm, topic, subscription.

A `Snapshot` is all that the decision knows of an account. It keeps three things apart that are easy to confuse: a
resource that was read, one that AWS says does not exist (`None`), and one that gave no answer (`Unreadable`, standing
where its data would stand).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from blindspot.model.arn import Place


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A read that gave no answer.

    `call` is written as in IAM ("cloudtrail:DescribeTrails"), so where the read was refused it also names the
    permission that is missing. `error` is AWS's error code, "Timeout" where nothing came back in time, or a few words
    on what was malformed; never a message of AWS, which may quote principals and resources.
    """

    call: str
    region: str
    error: str
    denied: bool = False


class Skipped(NamedTuple):
    """A region that was not looked at: by the operator's wish, or because the account has not opted in."""

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
    """What an advanced event selector asks of one field ("eventCategory", "userIdentity.arn")."""

    field: str
    equals: tuple[str, ...] = ()
    starts_with: tuple[str, ...] = ()
    ends_with: tuple[str, ...] = ()
    not_equals: tuple[str, ...] = ()
    not_starts_with: tuple[str, ...] = ()
    not_ends_with: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EventSelectors:
    """All selectors of a trail. AWS returns either basic or advanced ones, never both; none at all means every
    management event (CloudTrail API reference, PutEventSelectors). An advanced selector is the tuple of what it asks
    of each field."""

    basic: tuple[EventSelector, ...] = ()
    advanced: tuple[tuple[FieldSelector, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Trail:
    """A trail, once, however many regions show it. `log_group_arn` is without the trailing `:*`; `bucket_arn` and
    `topic_arn` are where its log files, and the notices of them, go."""

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


@dataclass(frozen=True, slots=True)
class MetricFilter:
    """A metric filter with its one metric transformation; `value` is text as AWS keeps it ("1", "$.latency")."""

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


@dataclass(frozen=True, slots=True)
class SubscriptionFilter:
    """A subscription filter of a log group, or an account's policy that puts one on its log groups.

    selection: the criteria by which log groups or log events are chosen, None where all are.
    """

    name: str
    pattern: str
    destination: str
    selection: str | None = None
    on_transformed_logs: bool = False


@dataclass(frozen=True, slots=True)
class LogGroup:
    """A log group that a trail delivers to. `arn` is without the trailing `:*`; `log_class` is "STANDARD" and so on;
    `subscriptions` are read only where a SIEM may be their target."""

    arn: str
    filters: tuple[MetricFilter, ...] | Unreadable
    log_class: str | Unreadable = "STANDARD"
    subscriptions: tuple[SubscriptionFilter, ...] | Unreadable = ()


@dataclass(frozen=True, slots=True)
class MetricAlarm:
    """An alarm on one metric. `period` is in seconds; `datapoints` is DatapointsToAlarm, or EvaluationPeriods where
    AWS gives none; `statistic` is None for an extended statistic (a percentile and the like)."""

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

    returned: whether it is the line that is compared with the threshold.
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
    """An alarm on the states of others. `suppressed`: whether its actions are held back as of now."""

    arn: str
    rule: str
    suppressed: bool = False
    suppressor: str | None = None
    actions_enabled: bool = True
    actions: tuple[str, ...] = ()
    state: str = "OK"
    state_since: datetime | None = None


UNKNOWN_KIND = "alarm of an unknown kind"
"""The kind of an alarm that AWS describes in terms newer than ours: it may watch anything."""


@dataclass(frozen=True, slots=True)
class OtherAlarm:
    """An alarm that is of none of the kinds above, with all it refers to.

    `kind` says what it is ("anomaly detection band", "log alarm", ...). `metrics` are (namespace, name) pairs;
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
    """A rule that silences the actions of the alarms of these names for some time. `status` is "ACTIVE", "SCHEDULED"
    or "EXPIRED"."""

    arn: str
    status: str
    alarms: tuple[str, ...] | Unreadable


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription of a topic. It is confirmed when it has an ARN; SNS writes `PendingConfirmation` (here None)
    until somebody clicks. `filter_policy` is JSON text, None where there is none. `endpoint` is where it leads."""

    arn: str | None
    protocol: str
    filter_policy: str | Unreadable | None = None
    filter_scope: str = "MessageAttributes"
    endpoint: str = ""


@dataclass(frozen=True, slots=True)
class Key:
    """A KMS key by its ARN. `managed_by_aws`: its policy cannot be changed; `state` is "Enabled", "Disabled" and so on;
    `policy` is JSON text."""

    arn: str
    managed_by_aws: bool
    state: str
    policy: str | Unreadable


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic with its access policy (JSON text), its key and its subscriptions.

    key_id: an id, ARN or alias as the topic has it; None where it is not encrypted.
    key: None where no such key exists, or the topic has none.
    """

    arn: str
    policy: str
    key_id: str | None
    subscriptions: tuple[Subscription, ...] | Unreadable
    key: Key | Unreadable | None = None


FUTURE = "future"
"""The name of the region that stands for every region enabled later."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One reading of one account.

    account, partition: as sts:GetCallerIdentity gives them ("123456789012", "aws").
    own_region: where the reading function runs.
    read_at: when, aware and in UTC.
    regions: the enabled regions that are judged, sorted; or why they are not known.
    skipped: regions that are neither called nor judged.
    unread_regions: the regions whose DescribeTrails gave no answer; trails whose home is there may be unseen.
    trails: every trail that any region showed, each once, sorted by ARN.
    log_groups: by ARN, for every trail that names one; None where it does not exist.
    alarms: by place, for every place in which a log group was read.
    topics: by ARN, for every topic that an alarm on one of these metrics notifies, and those that the remediator asks
        for by name; None where it does not exist.
    other_filters: by place, the metric filters of log groups to which no trail delivers, by their ARNs.
    mute_rules: by place, as far as AWS and the SDK know mute rules.
    subscription_policies: by place, where a SIEM may be their target.
    disputed_patterns: filter patterns that logs:TestMetricFilter was seen to match differently than Blindspot does.
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
    mute_rules: Mapping[Place, tuple[MuteRule, ...] | Unreadable] = field(default_factory=dict)
    subscription_policies: Mapping[Place, tuple[SubscriptionFilter, ...] | Unreadable] = field(default_factory=dict)
    disputed_patterns: frozenset[str] = frozenset()


def unreadable_reads(snapshot: Snapshot) -> Iterator[Unreadable]:
    """Every read of the snapshot that gave no answer, in the order of the chain."""
    candidates: list[object] = [snapshot.regions, *snapshot.unread_regions.values()]
    for trail in snapshot.trails:
        candidates += [trail.status, trail.selectors]
    for group in snapshot.log_groups.values():
        candidates += [group.log_class, group.filters, group.subscriptions] if isinstance(group, LogGroup) else [group]
    candidates += [*snapshot.subscription_policies.values(), *snapshot.alarms.values(), *snapshot.mute_rules.values()]
    for rules in snapshot.mute_rules.values():
        candidates += [] if isinstance(rules, Unreadable) else [rule.alarms for rule in rules]
    for topic in snapshot.topics.values():
        candidates += [topic.key, topic.subscriptions] if isinstance(topic, Topic) else [topic]
        if isinstance(topic, Topic) and isinstance(topic.key, Key):
            candidates.append(topic.key.policy)
        if isinstance(topic, Topic) and not isinstance(topic.subscriptions, Unreadable):
            candidates += [subscription.filter_policy for subscription in topic.subscriptions]
    return (candidate for candidate in candidates if isinstance(candidate, Unreadable))
