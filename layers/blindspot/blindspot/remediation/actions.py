"""What remediation and backout can do, as data: the resource, the request that is sent, and the one that undoes it.

A repair also says how it would change a Snapshot, so that a plan can be assessed before anything is written.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol

from blindspot.chain.metric_filter import filter_resource
from blindspot.model.arn import place_of, short
from blindspot.model.snapshot import LogGroup, MetricAlarm, MetricFilter, Snapshot, Subscription, Topic, Unreadable
from blindspot.remediation.ownership import MARK
from blindspot.settings import Subscriber

NEED_CONFIRMATION = ("email", "https")
"""Of the protocols that the stack accepts, those whose subscriber must confirm (SNS API reference, Subscribe)."""

TAGS = [{"Key": MARK[0], "Value": MARK[1]}]

WHO_WAS_REFUSED = (
    "filter errorCode like /UnauthorizedOperation|AccessDenied/"
    " | stats count(*) as calls by userIdentity.arn, eventSource, eventName, errorCode, sourceIPAddress"
    " | sort calls desc"
)
"""A CloudWatch Logs Insights query for whoever receives the alarm."""


@dataclass(frozen=True, slots=True)
class Request:
    """One call: its name as in IAM, the region, and the parameters as the SDK takes them."""

    call: str
    region: str
    parameters: Mapping[str, Any]


class FilterAt(NamedTuple):
    """A metric filter that is about to be written to: only where it equals one of `known`, in which None stands for no
    such filter."""

    log_group: str
    name: str
    known: tuple[MetricFilter | None, ...]


class Action(Protocol):
    """One step.

    title: what it does. resource: what it acts on, an ARN where there is one.
    request, undo: the call, and the one that undoes it; None where nothing can be undone.
    needs: the resources that must exist first; where one of their actions was not done, this one is skipped.
    marked: the ARN of the alarm or topic whose tags are read right before the call.
    filter_at: the metric filter that is read right before the call.
    """

    @property
    def title(self) -> str: ...
    @property
    def resource(self) -> str: ...
    @property
    def request(self) -> Request: ...
    @property
    def undo(self) -> Request | None: ...
    @property
    def needs(self) -> tuple[str, ...]: ...
    @property
    def marked(self) -> str | None: ...
    @property
    def filter_at(self) -> FilterAt | None: ...


class Repair(Action, Protocol):
    """A step of a plan. `on`: the account as it would be after it. `link`: the link of the chain that it repairs."""

    @property
    def link(self) -> str: ...
    def on(self, snapshot: Snapshot) -> Snapshot: ...


@dataclass(frozen=True, slots=True)
class DeleteFilter:
    """Deletes a metric filter that is ours. `needs`: our alarms, which it may feed."""

    log_group: str
    filter: MetricFilter
    needs: tuple[str, ...] = ()
    title = "delete metric filter"
    undo = None
    marked = None

    @property
    def resource(self) -> str:
        return filter_resource(self.log_group, self.filter.name)

    @property
    def filter_at(self) -> FilterAt:
        return FilterAt(self.log_group, self.filter.name, (self.filter, None))

    @property
    def request(self) -> Request:
        names = {"logGroupName": short(self.log_group), "filterName": self.filter.name}
        return Request("logs:DeleteMetricFilter", place_of(self.log_group)[1], names)


@dataclass(frozen=True, slots=True)
class DeleteTopic:
    """Deletes a topic that is ours; SNS deletes its subscriptions with it. `needs`: our alarms that notify it."""

    resource: str
    needs: tuple[str, ...] = ()
    title = "delete topic"
    undo = None
    filter_at = None

    @property
    def marked(self) -> str:
        return self.resource

    @property
    def request(self) -> Request:
        return Request("sns:DeleteTopic", place_of(self.resource)[1], {"TopicArn": self.resource})


@dataclass(frozen=True, slots=True)
class DeleteAlarm:
    """Deletes an alarm that is ours."""

    resource: str
    title = "delete alarm"
    undo = None
    needs: tuple[str, ...] = ()
    filter_at = None

    @property
    def marked(self) -> str:
        return self.resource

    @property
    def request(self) -> Request:
        return Request("cloudwatch:DeleteAlarms", place_of(self.resource)[1], {"AlarmNames": [short(self.resource)]})


@dataclass(frozen=True, slots=True)
class PutFilter:
    """Creates or updates our metric filter on a log group."""

    log_group: str
    filter: MetricFilter
    before: MetricFilter | None
    link = "filter"
    needs: tuple[str, ...] = ()
    marked = None

    @property
    def title(self) -> str:
        return f"{'update' if self.before else 'create'} metric filter"

    @property
    def filter_at(self) -> FilterAt:
        return FilterAt(self.log_group, self.filter.name, (self.filter, self.before, None))

    @property
    def resource(self) -> str:
        return filter_resource(self.log_group, self.filter.name)

    @property
    def request(self) -> Request:
        transformation = {
            "metricName": self.filter.metric,
            "metricNamespace": self.filter.namespace,
            "metricValue": self.filter.value,
        }
        parameters = {
            "logGroupName": short(self.log_group),
            "filterName": self.filter.name,
            "filterPattern": self.filter.pattern,
            "metricTransformations": [transformation],
        }
        return Request("logs:PutMetricFilter", place_of(self.log_group)[1], parameters)

    @property
    def undo(self) -> Request:
        return DeleteFilter(self.log_group, self.filter).request

    def on(self, snapshot: Snapshot) -> Snapshot:
        group = snapshot.log_groups[self.log_group]
        if not isinstance(group, LogGroup) or isinstance(group.filters, Unreadable):
            return snapshot
        kept = (found for found in group.filters if found.name != self.filter.name)
        changed = replace(group, filters=(*kept, self.filter))
        return replace(snapshot, log_groups={**snapshot.log_groups, self.log_group: changed})


@dataclass(frozen=True, slots=True)
class PutTopic:
    """Creates our topic with the policy that lets alarms publish, or sets that policy again."""

    resource: str
    is_new: bool
    link = "topic"
    needs: tuple[str, ...] = ()
    filter_at = None

    @property
    def title(self) -> str:
        return "create topic" if self.is_new else "update topic"

    @property
    def marked(self) -> str:
        return self.resource

    @property
    def policy(self) -> str:
        # SNS developer guide, "Example cases for Amazon SNS access control": CloudWatch alarms.
        statement = {
            "Sid": "LetAlarmsOfThisAccountPublish",
            "Effect": "Allow",
            "Principal": {"Service": "cloudwatch.amazonaws.com"},
            "Action": "sns:Publish",
            "Resource": self.resource,
            "Condition": {"StringEquals": {"aws:SourceAccount": place_of(self.resource)[0]}},
        }
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]})

    @property
    def request(self) -> Request:
        region = place_of(self.resource)[1]
        if not self.is_new:
            attribute = {"TopicArn": self.resource, "AttributeName": "Policy", "AttributeValue": self.policy}
            return Request("sns:SetTopicAttributes", region, attribute)
        topic = {"Name": short(self.resource), "Attributes": {"Policy": self.policy}, "Tags": TAGS}
        return Request("sns:CreateTopic", region, topic)

    @property
    def undo(self) -> Request:
        return DeleteTopic(self.resource).request

    def on(self, snapshot: Snapshot) -> Snapshot:
        before = snapshot.topics.get(self.resource)
        made = replace(before, policy=self.policy) if isinstance(before, Topic) else None
        made = made or Topic(self.resource, self.policy, key_id=None, subscriptions=())
        return replace(snapshot, topics={**snapshot.topics, self.resource: made})


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Subscribes the operator's endpoint to our topic. SNS creates no second subscription of the same endpoint."""

    topic: str
    subscriber: Subscriber
    link = "subscription"
    title = "create subscription"
    filter_at = None

    @property
    def resource(self) -> str:
        return f"{self.topic}:{self.subscriber.protocol}"

    @property
    def needs(self) -> tuple[str, ...]:
        return (self.topic,)

    @property
    def marked(self) -> str:
        return self.topic

    @property
    def request(self) -> Request:
        endpoint = {"Protocol": self.subscriber.protocol, "Endpoint": self.subscriber.endpoint}
        return Request("sns:Subscribe", place_of(self.topic)[1], {"TopicArn": self.topic, **endpoint})

    @property
    def undo(self) -> Request:
        # A pending subscription cannot be deleted by itself; it is deleted with its topic.
        return DeleteTopic(self.topic).request

    def on(self, snapshot: Snapshot) -> Snapshot:
        topic = snapshot.topics.get(self.topic)
        if not isinstance(topic, Topic) or isinstance(topic.subscriptions, Unreadable):
            return snapshot
        arn = None if self.subscriber.protocol in NEED_CONFIRMATION else f"{self.topic}:planned"
        made = Subscription(arn, self.subscriber.protocol, endpoint=self.subscriber.endpoint)
        changed = replace(topic, subscriptions=(*topic.subscriptions, made))
        return replace(snapshot, topics={**snapshot.topics, self.topic: changed})


@dataclass(frozen=True, slots=True)
class PutAlarm:
    """Creates or updates our alarm. `log_group` has the events that put it into ALARM."""

    alarm: MetricAlarm
    log_group: str
    is_new: bool
    needs: tuple[str, ...]
    link = "alarm"
    filter_at = None

    @property
    def title(self) -> str:
        return f"{'create' if self.is_new else 'update'} alarm"

    @property
    def resource(self) -> str:
        return self.alarm.arn

    @property
    def marked(self) -> str:
        return self.alarm.arn

    @property
    def request(self) -> Request:
        parameters = {
            "AlarmName": short(self.alarm.arn),
            "AlarmDescription": f"Unauthorized API calls. Created by Blindspot. To see who was refused which "
            f"call, query log group {short(self.log_group)} in CloudWatch Logs Insights: {WHO_WAS_REFUSED}",
            "Namespace": self.alarm.namespace,
            "MetricName": self.alarm.metric,
            "Statistic": self.alarm.statistic,
            "Period": self.alarm.period,
            "EvaluationPeriods": self.alarm.evaluation_periods,
            "Threshold": self.alarm.threshold,
            "ComparisonOperator": self.alarm.comparison,
            "TreatMissingData": self.alarm.missing_data,
            "AlarmActions": list(self.alarm.actions),
            "Tags": TAGS,
        }
        return Request("cloudwatch:PutMetricAlarm", place_of(self.alarm.arn)[1], parameters)

    @property
    def undo(self) -> Request:
        return DeleteAlarm(self.alarm.arn).request

    def on(self, snapshot: Snapshot) -> Snapshot:
        place = place_of(self.alarm.arn)
        alarms = snapshot.alarms.get(place, ())
        if isinstance(alarms, Unreadable):
            return snapshot
        kept = (alarm for alarm in alarms if alarm.arn != self.alarm.arn)
        return replace(snapshot, alarms={**snapshot.alarms, place: (*kept, self.alarm)})
