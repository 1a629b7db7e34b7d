"""Who would be notified through the topics that a plan uses and that exist already. Pure.

Of an endpoint only so much is shown as a reader needs who must not learn personal data or secrets: of an email address
its domain, of a web address its host, of a telephone number nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from blindspot.chain.metric_alarm import queries
from blindspot.model.arn import Arn, is_arn
from blindspot.model.snapshot import MathAlarm, MetricAlarm, Snapshot, Subscription, Unreadable
from blindspot.remediation.actions import Action
from blindspot.remediation.costs import Metric, fed_metrics

Subscribed = Mapping[str, tuple[Subscription, ...] | Unreadable]
"""By ARN of a topic, all its subscriptions."""


@dataclass(frozen=True, slots=True)
class Listeners:
    """Subscriptions of a protocol at one place: a domain, a host, a queue's or function's ARN; or None."""

    protocol: str
    at: str | None
    confirmed: int
    pending: int


def topics_used(actions: Iterable[Action], snapshot: Snapshot) -> tuple[str, ...]:
    """The topics that exist and that these actions would use: by name, or through an alarm that watches the metric of a
    metric filter of theirs."""
    used: dict[str, None] = {}
    fed: set[Metric] = set()
    for request in (action.request for action in actions):
        fed.update(fed_metrics(request))
        named = [request.parameters.get("TopicArn", ""), *request.parameters.get("AlarmActions", ())]
        used.update(dict.fromkeys(filter(_is_topic, named)))
    for region in sorted({region for region, _, _ in fed}):
        alarms = snapshot.alarms.get((snapshot.account, region), ())
        for alarm in () if isinstance(alarms, Unreadable) else alarms:
            if isinstance(alarm, MetricAlarm | MathAlarm) and _watches(alarm, region, fed):
                used.update(dict.fromkeys(filter(_is_topic, alarm.actions)))
    return tuple(arn for arn in used if snapshot.topics.get(arn) is not None)


def _watches(alarm: MetricAlarm | MathAlarm, region: str, fed: set[Metric]) -> bool:
    return any((region, query.namespace, query.metric) in fed for query in queries(alarm))


def _is_topic(text: str) -> bool:
    return is_arn(text) and Arn.parse(text).service == "sns"


def listeners(subscriptions: Iterable[Subscription]) -> tuple[Listeners, ...]:
    """The subscriptions, counted by protocol and place in the order in which SNS lists them."""
    confirmed: Counter[tuple[str, str | None]] = Counter()
    every: Counter[tuple[str, str | None]] = Counter()
    for each in subscriptions:
        who = each.protocol, shown_place(each.protocol, each.endpoint)
        every[who] += 1
        confirmed[who] += each.arn is not None
    return tuple(Listeners(*who, confirmed[who], count - confirmed[who]) for who, count in every.items())


def shown_place(protocol: str, endpoint: str) -> str | None:
    """What may be shown of an endpoint."""
    if protocol in ("email", "email-json"):
        return endpoint.rpartition("@")[2] or None
    if protocol in ("http", "https"):
        found = re.match(r"https?://(?:[^/@]*@)?([\w.-]+)", endpoint)
        return found[1] if found else None
    return endpoint if is_arn(endpoint) else None
