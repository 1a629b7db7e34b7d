"""Valid by default; a test bends the one field it is about."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from blindspot.model.snapshot import (
    Alarm,
    CompositeAlarm,
    EventSelectors,
    Key,
    LogGroup,
    MathAlarm,
    MetricAlarm,
    MetricFilter,
    MetricQuery,
    Snapshot,
    Subscription,
    Topic,
    Trail,
    TrailStatus,
    Unreadable,
)

ACCOUNT = "123456789012"
HOME = "eu-west-1"
REGIONS = ("eu-central-1", "eu-west-1", "us-east-1")
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
CIS = '{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }'


def log_group_arn(region: str = HOME, name: str = "management-events") -> str:
    return f"arn:aws:logs:{region}:{ACCOUNT}:log-group:{name}"


def topic_arn(region: str = HOME, name: str = "security-alerts") -> str:
    return f"arn:aws:sns:{region}:{ACCOUNT}:{name}"


def a_status(**bent: Any) -> TrailStatus:
    status = TrailStatus(
        logging=True,
        logging_since=NOW - timedelta(days=90),
        logs_delivered_at=NOW - timedelta(minutes=7),
        logs_delivery_error=None,
    )
    return replace(status, **bent)


def a_trail(region: str = HOME, name: str = "management-events", **bent: Any) -> Trail:
    trail = Trail(
        arn=f"arn:aws:cloudtrail:{region}:{ACCOUNT}:trail/{name}",
        home_region=region,
        multi_region=True,
        global_service_events=True,
        organization=False,
        log_group_arn=log_group_arn(region, name),
        status=a_status(),
        selectors=EventSelectors(),
    )
    return replace(trail, **bent)


def a_filter(pattern: str = CIS, **bent: Any) -> MetricFilter:
    metric_filter = MetricFilter("unauthorized", pattern, namespace="CISBenchmark", metric="unauthorized_api_calls")
    return replace(metric_filter, **bent)


def an_alarm(region: str = HOME, name: str = "unauthorized", **bent: Any) -> MetricAlarm:
    alarm = MetricAlarm(
        arn=f"arn:aws:cloudwatch:{region}:{ACCOUNT}:alarm:{name}",
        namespace="CISBenchmark",
        metric="unauthorized_api_calls",
        actions=(topic_arn(region),),
    )
    return replace(alarm, **bent)


def a_math_alarm(expression: str, **bent: Any) -> MathAlarm:
    """Metric math over `m1`, which is the metric of `a_filter`."""
    queries = (
        MetricQuery("e1", returned=True, expression=expression),
        MetricQuery("m1", namespace="CISBenchmark", metric="unauthorized_api_calls", statistic="Sum"),
    )
    arn = f"arn:aws:cloudwatch:{HOME}:{ACCOUNT}:alarm:math"
    return replace(MathAlarm(arn, queries, actions=(topic_arn(),)), **bent)


def a_composite(rule: str, name: str = "composite", **bent: Any) -> CompositeAlarm:
    arn = f"arn:aws:cloudwatch:{HOME}:{ACCOUNT}:alarm:{name}"
    return replace(CompositeAlarm(arn, rule, actions=(topic_arn(),)), **bent)


def a_key(**bent: Any) -> Key:
    """A customer's key with the policy that KMS gives a new one."""
    policy = (
        f'{{"Statement": [{{"Effect": "Allow", "Principal": {{"AWS": "arn:aws:iam::{ACCOUNT}:root"}},'
        ' "Action": "kms:*", "Resource": "*"}]}'
    )
    return replace(Key(f"arn:aws:kms:{HOME}:{ACCOUNT}:key/1", False, "Enabled", policy), **bent)


def a_policy(arn: str, owner: str = ACCOUNT) -> str:
    """The policy that SNS gives a new topic."""
    return (
        '{"Version":"2008-10-17","Id":"__default_policy_ID","Statement":[{"Sid":"__default_statement_ID",'
        '"Effect":"Allow","Principal":{"AWS":"*"},"Action":["SNS:Publish","SNS:Subscribe"],'
        f'"Resource":"{arn}","Condition":{{"StringEquals":{{"AWS:SourceOwner":"{owner}"}}}}}}]}}'
    )


def a_topic(arn: str | None = None, **bent: Any) -> Topic:
    arn = arn or topic_arn()
    topic = Topic(arn, a_policy(arn), key_id=None, subscriptions=(Subscription(f"{arn}:0001", "email"),))
    return replace(topic, **bent)


def a_compliant_snapshot(
    *,
    trails: tuple[Trail, ...] | None = None,
    filters: tuple[MetricFilter, ...] | None = None,
    alarms: tuple[Alarm, ...] | Unreadable | None = None,
    topics: Mapping[str, Topic | Unreadable | None] | None = None,
    **bent: Any,
) -> Snapshot:
    """Three regions and one whole channel, from a multi-region trail at HOME to a confirmed subscription."""
    trail = a_trail()
    snapshot = Snapshot(
        account=ACCOUNT,
        partition="aws",
        own_region=HOME,
        read_at=NOW,
        regions=REGIONS,
        skipped=(),
        unread_regions={},
        trails=(trail,) if trails is None else trails,
        log_groups={log_group_arn(): LogGroup(log_group_arn(), (a_filter(),) if filters is None else filters)},
        alarms={(ACCOUNT, HOME): (an_alarm(),) if alarms is None else alarms},
        topics={topic_arn(): a_topic()} if topics is None else topics,
    )
    return replace(snapshot, **bent)
