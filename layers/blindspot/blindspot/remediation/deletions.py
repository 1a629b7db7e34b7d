"""The deletions of backout, as data: an alarm, a topic, a metric filter. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from blindspot.chain.metric_filter import filter_resource
from blindspot.model.arn import place_of, short
from blindspot.model.snapshot import MetricFilter
from blindspot.remediation.actions import Guard, Request
from blindspot.remediation.ledger import State, filter_state


@dataclass(frozen=True, slots=True)
class Deletion:
    """One deletion; `actions.Action` says what each part is."""

    title: str
    resource: str
    request: Request
    undo: Request | None
    before: State
    guard: Guard
    needs: tuple[str, ...] = ()
    written = None


def delete_alarm(arn: str, before: State, tags: Mapping[str, str]) -> Deletion:
    """Deletes an alarm that is ours, whatever people changed of it. `tags`: those that are not ours."""
    region, name = place_of(arn)[1], short(arn)
    # Without our tag: it would be the alarm of the person who undoes this.
    theirs = {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]} if tags else {}
    again = Request("cloudwatch:PutMetricAlarm", region, {"AlarmName": name, **before, **theirs})
    return Deletion(
        title="delete alarm",
        resource=arn,
        request=Request("cloudwatch:DeleteAlarms", region, {"AlarmNames": [name]}),
        undo=again if before else None,
        before=before,
        guard=Guard(arn, known=(), wanted=None),
    )


def delete_topic(arn: str, before: State, subscriptions: frozenset[str], needs: tuple[str, ...]) -> Deletion:
    """Deletes a topic that is ours; SNS deletes its subscriptions with it.

    subscriptions: those that it may have, by the resources of their entries. needs: our alarms that notify it.
    """
    return Deletion(
        title="delete topic",
        resource=arn,
        request=Request("sns:DeleteTopic", place_of(arn)[1], {"TopicArn": arn}),
        undo=None,
        before=before,
        guard=Guard(arn, (before, None), wanted=None, subscriptions=subscriptions),
        needs=needs,
    )


def delete_filter(log_group: str, found: MetricFilter, needs: tuple[str, ...]) -> Deletion:
    """Deletes a metric filter that is ours. `needs`: our alarms on its metric."""
    resource, region, before = filter_resource(log_group, found.name), place_of(log_group)[1], filter_state(found)
    names = {"logGroupName": short(log_group), "filterName": found.name}
    return Deletion(
        title="delete metric filter",
        resource=resource,
        request=Request("logs:DeleteMetricFilter", region, names),
        undo=Request("logs:PutMetricFilter", region, {**names, **before}),
        before=before,
        guard=Guard(resource, (before, None), wanted=None),
        needs=needs,
    )
