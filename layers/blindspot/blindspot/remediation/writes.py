"""The writes of a plan, as data: a metric filter, a topic, a subscription, an alarm, and tags. Pure."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from blindspot.chain.metric_filter import filter_resource
from blindspot.languages import strict_json
from blindspot.model.arn import Arn, is_arn, place_of, short
from blindspot.model.snapshot import Key, LogGroup, MetricAlarm, MetricFilter, Snapshot, Subscription, Topic, Unreadable
from blindspot.remediation.actions import Guard, Request
from blindspot.remediation.ledger import State, Written, filter_state, subscription_resource, topic_of, without_empty
from blindspot.settings import Subscriber

NEED_CONFIRMATION = ("email", "https")
"""Of the protocols that the stack accepts, those whose subscriber must confirm (SNS API reference, Subscribe)."""

OUR_STATEMENT = "LetAlarmsOfThisAccountPublish"
"""The Sid of the statement that remediation keeps in the policy of its topic. Other statements are people's."""

LARGEST_POLICY, MOST_STATEMENTS = 30_000, 100
"""Bytes and statements of a topic's policy (SNS developer guide, "Amazon SNS API permissions", "Policy quotas"; its
30 kb are taken to be the smaller number)."""

MOST_ACTIONS = 5
"""Actions of an alarm for one state (CloudWatch API reference, PutMetricAlarm)."""

WHO_WAS_REFUSED = (
    "filter errorCode like /UnauthorizedOperation|AccessDenied/"
    " | stats count(*) as calls by userIdentity.arn, eventSource, eventName, errorCode, sourceIPAddress"
    " | sort calls desc"
)
"""A CloudWatch Logs Insights query for whoever receives the alarm."""

_DESCRIBED = "Unauthorized API calls. Created by Blindspot."


class CannotMerge(Exception):
    """Raised where a topic's policy cannot take our statement. Its text says why."""


@dataclass(frozen=True, slots=True)
class Write:
    """One write; `actions.Action` says what most parts are. `on` is the account as it would be after it, so that a plan
    can be assessed before anything is written.

    link: the link of the chain that it repairs. written: what it changes in the ledger's entry of the resource.
    then: the thing as it is afterwards, where that matters to an assessment. part: of the thing that it sets; empty for
        a whole thing.
    """

    title: str
    link: str
    resource: str
    request: Request = field(hash=False)
    undo: Request | None = field(hash=False)
    before: State | None = field(hash=False)
    written: Written = field(hash=False)
    guard: Guard = field(hash=False)
    then: MetricFilter | Topic | Subscription | MetricAlarm | None = None
    needs: tuple[str, ...] = ()
    part: str = ""

    def on(self, snapshot: Snapshot) -> Snapshot:
        match self.then:
            case MetricFilter() as made:
                return _with_filter(snapshot, self.resource.partition(":metric-filter:")[0], made)
            case Topic() as made:
                return replace(snapshot, topics={**snapshot.topics, self.resource: made})
            case Subscription() as made:
                return _with_subscription(snapshot, topic_of(self.resource), made)
            case MetricAlarm() as made:
                return _with_alarm(snapshot, made)
        return snapshot

    def after(self, earlier: Write) -> Write:
        """This write where it takes the place of an earlier one of the same plan."""
        guard = replace(self.guard, known=earlier.guard.known)
        needs = tuple(dict.fromkeys((*earlier.needs, *self.needs)))
        written = {**earlier.written, **self.written}
        title, before, undo = earlier.title, earlier.before, earlier.undo
        return replace(self, title=title, before=before, undo=undo, written=written, guard=guard, needs=needs)


def put_filter(log_group: str, wanted: MetricFilter, before: MetricFilter | None) -> Write:
    """Creates our metric filter, or sets all of it."""
    resource, region = filter_resource(log_group, wanted.name), place_of(log_group)[1]
    names = {"logGroupName": short(log_group), "filterName": wanted.name}
    state, there = filter_state(wanted), filter_state(before) if before else None
    undo = Request("logs:DeleteMetricFilter", region, names)
    return Write(
        title=f"{'update' if there else 'create'} metric filter",
        link="filter",
        resource=resource,
        request=Request("logs:PutMetricFilter", region, {**names, **state}),
        undo=Request("logs:PutMetricFilter", region, {**names, **there}) if there else undo,
        before=there,
        written=state,
        guard=Guard(resource, (there,), state),
        then=wanted,
    )


def create_topic(topic: Topic, tags: Mapping[str, str], mark: Mapping[str, str]) -> Write:
    """Creates our topic with its policy, key and tags in one call: it is never there without them."""
    region, state = place_of(topic.arn)[1], topic_state(topic)
    key = without_empty({"KmsMasterKeyId": topic.key_id})
    parameters = {
        "Name": short(topic.arn),
        "Attributes": {"Policy": topic.policy, **key},
        "Tags": _tag_list({**tags, **mark}),
    }
    return Write(
        title="create topic",
        link="topic",
        resource=topic.arn,
        request=Request("sns:CreateTopic", region, parameters),
        undo=Request("sns:DeleteTopic", region, {"TopicArn": topic.arn}),
        before=None,
        written={**key, "Tags": dict(tags)},
        guard=Guard(topic.arn, (None,), state),
        then=topic,
    )


def set_policy(topic: Topic, policy: str) -> Write:
    """Sets the policy of our topic."""
    return _set_attribute(topic, replace(topic, policy=policy), "Policy", topic.policy, policy)


def set_key(topic: Topic, key_id: str | None, key: Key | Unreadable | None) -> Write:
    """Sets the key of our topic; None for no encryption."""
    then = replace(topic, key_id=key_id, key=key)
    found = _set_attribute(topic, then, "KmsMasterKeyId", topic.key_id or "", key_id or "")
    return replace(found, written={"KmsMasterKeyId": key_id})


def _set_attribute(topic: Topic, then: Topic, name: str, before: str, wanted: str) -> Write:
    def setting(value: str) -> Request:
        parameters = {"TopicArn": topic.arn, "AttributeName": name, "AttributeValue": value}
        return Request("sns:SetTopicAttributes", place_of(topic.arn)[1], parameters)

    there = topic_state(topic)
    return Write(
        title=f"update topic {'policy' if name == 'Policy' else 'key'}",
        link="topic",
        resource=topic.arn,
        request=setting(wanted),
        undo=setting(before),
        before={name: there.get(name)},
        written={},
        guard=Guard(topic.arn, (there,), topic_state(then)),
        then=then,
        part=name,
    )


def subscribe(topic: str, subscriber: Subscriber, *, is_told: bool, is_new_topic: bool) -> Write:
    """Subscribes an endpoint to our topic. SNS creates no second subscription of the same endpoint.

    is_told: whether the endpoint gets messages, once it has confirmed where it must.
    """
    region = place_of(topic)[1]
    parameters = {"TopicArn": topic, "Protocol": subscriber.protocol, "Endpoint": subscriber.endpoint}
    resource = subscription_resource(topic, subscriber.protocol, subscriber.endpoint)
    arn = f"{topic}:planned" if is_told and not _must_confirm(topic, subscriber) else None
    return Write(
        title="create subscription",
        link="subscription",
        resource=resource,
        request=Request("sns:Subscribe", region, parameters),
        # Its ARN is not known before. One that is pending cannot be deleted by itself; it is deleted with its topic.
        undo=Request("sns:DeleteTopic", region, {"TopicArn": topic}) if is_new_topic else None,
        before=None,
        written={},
        guard=Guard(resource, (None,), {}),
        then=Subscription(arn, subscriber.protocol, endpoint=subscriber.endpoint),
        needs=(topic,),
    )


def _must_confirm(topic: str, subscriber: Subscriber) -> bool:
    """Whether the subscriber must confirm: so must the owner of a queue or a function in another account."""
    other = is_arn(subscriber.endpoint) and place_of(subscriber.endpoint)[0] != place_of(topic)[0]
    return other or subscriber.protocol in NEED_CONFIRMATION


def create_alarm(
    wanted: MetricAlarm, log_group: str, tags: Mapping[str, str], mark: Mapping[str, str], needs: tuple[str, ...]
) -> Write:
    """Creates our alarm. `log_group` has the events that put it into ALARM."""
    state = {"AlarmDescription": _description(log_group), **alarm_state(wanted)}
    parameters = {"AlarmName": short(wanted.arn), **state, "Tags": _tag_list({**tags, **mark})}
    region = place_of(wanted.arn)[1]
    return Write(
        title="create alarm",
        link="alarm",
        resource=wanted.arn,
        request=Request("cloudwatch:PutMetricAlarm", region, parameters),
        undo=Request("cloudwatch:DeleteAlarms", region, {"AlarmNames": [short(wanted.arn)]}),
        before=None,
        written={"AlarmActions": list(wanted.actions), "Tags": dict(tags)},
        guard=Guard(wanted.arn, (None,), state),
        then=wanted,
        needs=needs,
    )


def update_alarm(
    wanted: MetricAlarm, asked: Iterable[str], log_group: str, there: State, needs: tuple[str, ...]
) -> Write:
    """Sets our alarm, and keeps what people may set beside that: its description, and the actions of other states.

    asked: those of its actions that are ours. there: the alarm as it is.
    """
    # PutMetricAlarm replaces the whole alarm (CloudWatch API reference).
    kept = {name: there[name] for name in _PEOPLES if there.get(name)}
    described = kept.get("AlarmDescription", "")
    if not described or (described.startswith(_DESCRIBED) and described.endswith(WHO_WAS_REFUSED)):
        kept["AlarmDescription"] = _description(log_group)
    state, name = {**kept, **alarm_state(wanted)}, {"AlarmName": short(wanted.arn)}
    region = place_of(wanted.arn)[1]
    return Write(
        title="update alarm",
        link="alarm",
        resource=wanted.arn,
        request=Request("cloudwatch:PutMetricAlarm", region, {**name, **state}),
        undo=Request("cloudwatch:PutMetricAlarm", region, {**name, **there}),
        before=there,
        written={"AlarmActions": list(asked)},
        # What it no longer has is to be gone.
        guard=Guard(wanted.arn, (there,), {**dict.fromkeys(there), **state}),
        then=wanted,
        needs=needs,
    )


_PEOPLES = ("AlarmDescription", "OKActions", "InsufficientDataActions")
"""What people may set on our alarm."""


def set_tags(
    resource: str, there: Mapping[str, str], ours: Collection[tuple[str, str]], wanted: Mapping[str, str]
) -> tuple[Write, ...]:
    """Adds, changes and removes tags of our alarm or topic, in a call for each, as each is undone by another.

    there: the tags that it has. ours: those that remediation wrote; of the others only `wanted` is set.
    """
    added = {key: value for key, value in wanted.items() if key not in there}
    changed = {key: value for key, value in wanted.items() if there.get(key, value) != value}
    gone = {key: value for key, value in ours if key not in wanted and there.get(key) == value}
    before = {key: there[key] for key in changed}
    # One that people had already set so stays theirs.
    mine = {key: value for key, value in wanted.items() if (key, value) in ours or there.get(key) != value}
    steps: tuple[tuple[str, Mapping[str, str | None], Mapping[str, str | None], Request, Request], ...] = (
        ("add tags to", added, dict.fromkeys(added), _tag(resource, added), _untag(resource, added)),
        ("change tags of", changed, before, _tag(resource, changed), _tag(resource, before)),
        ("remove tags from", dict.fromkeys(gone), gone, _untag(resource, gone), _tag(resource, gone)),
    )
    link = Arn.parse(resource).service.replace("cloudwatch", "alarm").replace("sns", "topic")
    writes = [
        Write(
            title=f"{title} {link}",
            link=link,
            resource=resource,
            request=request,
            undo=undo,
            before={"Tags": there_now},
            written={"Tags": {**dict(ours), **mine}},
            guard=Guard(resource, (), {"Tags": then}),
            needs=(resource,),
            part=title,
        )
        for title, then, there_now, request, undo in steps
        if then
    ]
    return (*writes[:-1], replace(writes[-1], written={"Tags": mine})) if writes else ()


def _tag(resource: str, tags: Mapping[str, str]) -> Request:
    return _tagging(resource, "TagResource", "Tags", _tag_list(tags))


def _untag(resource: str, keys: Iterable[str]) -> Request:
    return _tagging(resource, "UntagResource", "TagKeys", list(keys))


def _tagging(resource: str, operation: str, name: str, value: list[Any]) -> Request:
    service, region = Arn.parse(resource).service, place_of(resource)[1]
    named = "ResourceArn" if service == "sns" else "ResourceARN"
    return Request(f"{service}:{operation}", region, {named: resource, name: value})


def topic_state(topic: Topic) -> State:
    """A topic's attributes that remediation may set; a policy that is not JSON as its text."""
    try:
        policy = strict_json.loads(topic.policy)
    except ValueError:
        policy = topic.policy
    return without_empty({"Policy": policy, "KmsMasterKeyId": topic.key_id})


def alarm_state(alarm: MetricAlarm) -> State:
    """An alarm on one metric as PutMetricAlarm takes it."""
    return {
        "ActionsEnabled": alarm.actions_enabled,
        "AlarmActions": list(alarm.actions),
        "Namespace": alarm.namespace,
        "MetricName": alarm.metric,
        "Statistic": alarm.statistic,
        "Period": alarm.period,
        "EvaluationPeriods": alarm.evaluation_periods,
        "DatapointsToAlarm": alarm.datapoints,
        "Threshold": alarm.threshold,
        "ComparisonOperator": alarm.comparison,
        "TreatMissingData": alarm.missing_data,
    }


def our_statement(topic: str) -> Mapping[str, Any]:
    """The statement that lets alarms of the topic's account publish (SNS developer guide, "Example cases for Amazon SNS
    access control": CloudWatch alarms)."""
    return {
        "Sid": OUR_STATEMENT,
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": topic,
        "Condition": {"StringEquals": {"aws:SourceAccount": place_of(topic)[0]}},
    }


def policy_with_our_statement(arn: str, policy: str | None = None) -> str:
    """The policy, by default an empty one, with the statement that lets alarms of the topic's account publish in the
    place of the one of its Sid, or at its end.

    Raises CannotMerge where it is no policy, or larger than SNS takes.
    """
    ours = our_statement(arn)
    try:
        there = {"Version": "2012-10-17", "Statement": []} if policy is None else strict_json.loads(policy)
        statements = there.get("Statement", []) if isinstance(there, dict) else None
        statements = [statements] if isinstance(statements, dict) else statements
    except ValueError:
        statements = None
    if not isinstance(statements, list) or not all(isinstance(each, dict) for each in statements):
        raise CannotMerge("it is not a policy in JSON")
    if all(statement.get("Sid") != OUR_STATEMENT for statement in statements):
        statements = [*statements, ours]
    merged = [ours if statement.get("Sid") == OUR_STATEMENT else statement for statement in statements]
    text = json.dumps({**there, "Statement": merged})
    if len(merged) > MOST_STATEMENTS or len(text.encode()) > LARGEST_POLICY:
        raise CannotMerge("it would be larger than SNS allows")
    return text


def _description(log_group: str) -> str:
    return (
        f"{_DESCRIBED} To see who was refused which call, query log group {short(log_group)} in CloudWatch Logs "
        f"Insights: {WHO_WAS_REFUSED}"
    )


def _tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _with_filter(snapshot: Snapshot, log_group: str, made: MetricFilter) -> Snapshot:
    group = snapshot.log_groups[log_group]
    if not isinstance(group, LogGroup) or isinstance(group.filters, Unreadable):
        return snapshot
    kept = (found for found in group.filters if found.name != made.name)
    changed = replace(group, filters=(*kept, made))
    return replace(snapshot, log_groups={**snapshot.log_groups, log_group: changed})


def _with_subscription(snapshot: Snapshot, arn: str | None, made: Subscription) -> Snapshot:
    topic = snapshot.topics.get(arn) if arn else None
    if not isinstance(topic, Topic) or isinstance(topic.subscriptions, Unreadable):
        return snapshot
    changed = replace(topic, subscriptions=(*topic.subscriptions, made))
    return replace(snapshot, topics={**snapshot.topics, topic.arn: changed})


def _with_alarm(snapshot: Snapshot, made: MetricAlarm) -> Snapshot:
    place = place_of(made.arn)
    alarms = snapshot.alarms.get(place, ())
    if isinstance(alarms, Unreadable):
        return snapshot
    kept = (alarm for alarm in alarms if alarm.arn != made.arn)
    return replace(snapshot, alarms={**snapshot.alarms, place: (*kept, made)})
