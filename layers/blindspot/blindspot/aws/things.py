"""Reads one thing as it is at this moment: an alarm, a topic, a subscription or a metric filter, and whose it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from blindspot.aws import responses
from blindspot.aws.client import Clients
from blindspot.aws.collect import ALARM_TYPES
from blindspot.aws.errors import is_missing
from blindspot.aws.read import read_by
from blindspot.aws.response_fields import Answer, expect, field, items
from blindspot.model.arn import Arn, place_of, short
from blindspot.model.snapshot import MetricFilter, Unreadable
from blindspot.model.stack import Stack
from blindspot.remediation.ledger import (
    Ledger,
    State,
    filter_state,
    subscription_resource,
    topic_of,
    without_empty,
)
from blindspot.remediation.ownership import Owner, owner_of_filter, owner_of_tagged


@dataclass(frozen=True, slots=True)
class Thing:
    """What it is like, None where it does not exist, and whose it is: a subscription is its topic's owner's. `tags`:
    of an alarm or a topic. `created`: when a metric filter was, in milliseconds since 1970."""

    state: State | None
    owner: Owner
    tags: Mapping[str, str]
    created: int | None = None


@dataclass(frozen=True, slots=True)
class Things:
    """Reads things of one stack. `until` is on the monotonic clock."""

    clients: Clients
    stack: Stack
    until: float

    def read(self, resource: str, ledger: Ledger) -> Thing | Unreadable:
        """The thing. Whose it is is read last: nothing is asked after it."""
        if ":metric-filter:" in resource:
            found = self.metric_filter(resource)
            if isinstance(found, Unreadable):
                return found
            state = filter_state(found) if found else None
            return Thing(state, owner_of_filter(resource, found, ledger), {}, found.created if found else None)
        topic = topic_of(resource)
        read = self.subscription if topic else self.topic if Arn.parse(resource).service == "sns" else self.alarm
        state_read = read(resource)
        if isinstance(state_read, Unreadable) and not is_missing(state_read):
            return state_read
        tags = self.tags(topic or resource)
        if isinstance(tags, Unreadable):
            return tags
        state = None if isinstance(state_read, Unreadable) else state_read
        return Thing(state, owner_of_tagged(topic or resource, tags, ledger, self.stack), tags or {})

    def metric_filter(self, resource: str) -> MetricFilter | Unreadable | None:
        """A metric filter; None where it, or its log group, does not exist."""
        log_group, _, name = resource.partition(":metric-filter:")
        call, region, group = "logs:DescribeMetricFilters", place_of(log_group)[1], short(log_group)
        parse = partial(responses.metric_filters, log_group=group)
        pages = partial(self.clients.pages, call, region, parse, until=self.until)
        found = read_by(self.until, call, region, partial(pages, logGroupName=group, filterNamePrefix=name))
        if isinstance(found, Unreadable):
            return None if is_missing(found) else found
        return next((each for _, each in found if each.name == name), None)

    def tags(self, arn: str) -> Mapping[str, str] | Unreadable | None:
        """The tags of an alarm or a topic; None where it does not exist."""
        call, region, named = tags_of(arn)
        found = read_by(self.until, call, region, lambda: parse_tags(self.clients.call(call, region, **named)))
        return None if isinstance(found, Unreadable) and is_missing(found) else found

    def alarm(self, arn: str) -> State | Unreadable | None:
        """The parameters of PutMetricAlarm; of another kind of alarm none, as that call could not have made it."""
        call, region, name = "cloudwatch:DescribeAlarms", place_of(arn)[1], short(arn)

        def describe() -> State | None:
            answer = self.clients.call(call, region, AlarmNames=[name], AlarmTypes=alarm_types(self.clients))
            others = [*items(answer, "CompositeAlarms"), *items(answer, "LogAlarms", ())]
            for alarm in (*items(answer, "MetricAlarms"), *others):
                expect(alarm, "AlarmName", name)
                return {} if alarm in others else alarm_state(self.clients, alarm)
            return None

        return read_by(self.until, call, region, describe)

    def topic(self, arn: str) -> State | Unreadable:
        """The attributes that remediation sets."""
        call, region = "sns:GetTopicAttributes", place_of(arn)[1]
        return read_by(
            self.until, call, region, lambda: parse_topic(self.clients.call(call, region, TopicArn=arn), arn)
        )

    def subscription(self, resource: str) -> State | Unreadable | None:
        """Empty where somebody is subscribed, whether it is confirmed or not."""
        topic = topic_of(resource)
        assert topic is not None  # noqa: S101 (for mypy: `read` asked)
        found = self.subscriptions(topic)
        if isinstance(found, Unreadable):
            return found
        return {} if resource in found else None

    def subscriptions(self, topic: str) -> tuple[str, ...] | Unreadable:
        """All subscriptions of a topic, confirmed or not, by the resources of their entries."""
        call, region = "sns:ListSubscriptionsByTopic", place_of(topic)[1]
        parse = partial(_subscriptions, topic=topic)
        pages = partial(self.clients.pages, call, region, parse, until=self.until, TopicArn=topic)
        return read_by(self.until, call, region, pages)


def tags_of(arn: str) -> tuple[str, str, dict[str, str]]:
    """The call that reads the tags of an alarm or a topic, its region, and its parameters."""
    service = Arn.parse(arn).service
    named = {"ResourceArn" if service == "sns" else "ResourceARN": arn}
    return f"{'sns' if service == 'sns' else 'cloudwatch'}:ListTagsForResource", place_of(arn)[1], named


def parse_tags(answer: Answer) -> Mapping[str, str]:
    """The tags by key."""
    return {field(tag, "Key", str): field(tag, "Value", str) for tag in items(answer, "Tags")}


def alarm_state(clients: Clients, alarm: Answer) -> State:
    """What an alarm of DescribeAlarms is like: that call has all parameters of PutMetricAlarm under the same names."""
    parameters = clients.parameters_of("cloudwatch:PutMetricAlarm") - {"AlarmName", "Tags"}
    return without_empty({name: value for name, value in alarm.items() if name in parameters})


def alarm_types(clients: Clients) -> list[str]:
    """The kinds of alarms that this SDK knows."""
    return sorted(ALARM_TYPES & clients.values_of("cloudwatch", "AlarmType"))


def parse_topic(answer: Answer, topic: str) -> State:
    """What the topic with this ARN is like."""
    attributes = field(answer, "Attributes", dict)
    expect(attributes, "TopicArn", topic)
    policy = field(attributes, "Policy", str, "")
    try:
        parsed = json.loads(policy) if policy else None
    except (RecursionError, ValueError):
        parsed = policy
    return without_empty({"Policy": parsed, "KmsMasterKeyId": field(attributes, "KmsMasterKeyId", str, None)})


def _subscriptions(answer: Answer, topic: str) -> tuple[str, ...]:
    return tuple(
        subscription_resource(topic, field(found, "Protocol", str), field(found, "Endpoint", str))
        for found in items(answer, "Subscriptions")
        if found.get("SubscriptionArn") != "Deleted"
    )
