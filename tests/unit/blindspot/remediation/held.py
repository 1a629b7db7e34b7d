"""An account as data whose metric filter, topic, subscriptions and alarm remediation made, and what writes do to it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from blindspot.model import profile
from blindspot.model.snapshot import LogGroup, MetricAlarm, MetricFilter, Snapshot, Subscription, Topic
from blindspot.model.stack import Stack
from blindspot.remediation.converge import converge
from blindspot.remediation.ledger import Entry, Ledger
from blindspot.remediation.ownership import Holdings, Owner, alarm_arns, own_metrics, topic_arns
from blindspot.remediation.repairs import Repairs, Wanted, alarms, filters, with_subscriptions_confirmed
from blindspot.remediation.writes import Write
from blindspot.settings import Subscriber
from blindspot.verdict.pattern_writer import pattern_to_write
from filter_pattern import Proofs
from tests.builders import ACCOUNT, HOME, NOW, a_compliant_snapshot, log_group_arn

STACK = Stack("arn:aws:cloudformation:eu-west-1:123456789012:stack/blindspot/0a1b2c3d", "blindspot", "0a1b2c3d")
FIRST, SECOND = (Subscriber("email", f"{name}@example.com") for name in ("first", "second"))
PLACE = (ACCOUNT, HOME)
GROUP = log_group_arn()


@dataclass(frozen=True)
class Held:
    """An account, and what is known of what is ours in it."""

    snapshot: Snapshot
    holdings: Holdings

    def wanted(self, overrides: Mapping[str, object] | None = None, *subscribers: Subscriber) -> Wanted:
        """What these settings ask for; by default the first subscriber is in them."""
        chosen = profile.load(profile.DEFAULT, overrides or {})
        return Wanted(chosen, self.holdings, subscribers or (FIRST,), pattern_to_write(chosen, Proofs()).pattern)

    def converged(self, wanted: Wanted) -> Repairs:
        return tuple(write for group in converge(self.snapshot, wanted) for write in group)

    def after(self, done: Iterable[Write]) -> Held:
        """After these writes, and with what was subscribed confirmed."""
        held = self
        for write in done:
            held = replace(held, snapshot=write.on(held.snapshot), holdings=_written(held.holdings, write))
        return replace(held, snapshot=with_subscriptions_confirmed(held.snapshot))

    @property
    def filter(self) -> MetricFilter:
        (found,) = filters(self.snapshot, GROUP)
        return found

    @property
    def topic(self) -> Topic:
        (found,) = self.snapshot.topics.values()
        assert isinstance(found, Topic)
        return found

    @property
    def alarm(self) -> MetricAlarm:
        (found,) = alarms(self.snapshot, PLACE)
        assert isinstance(found, MetricAlarm)
        return found

    def with_filters(self, *found: MetricFilter) -> Held:
        return replace(self, snapshot=replace(self.snapshot, log_groups={GROUP: LogGroup(GROUP, found)}))

    def with_subscription(self, *found: Subscription) -> Held:
        assert isinstance(self.topic.subscriptions, tuple)
        return self.with_topic(subscriptions=(*self.topic.subscriptions, *found))

    def with_topic(self, **bent: Any) -> Held:
        topic = replace(self.topic, **bent)
        return replace(self, snapshot=replace(self.snapshot, topics={topic.arn: topic}))

    def with_alarm(self, raw: Mapping[str, Any] | None = None, **bent: Any) -> Held:
        """The alarm bent, in the snapshot and as AWS describes it, there with `raw` beside."""
        alarm = replace(self.alarm, **bent)
        names = {"threshold": "Threshold", "actions": "AlarmActions", "metric": "MetricName"}
        names |= {"actions_enabled": "ActionsEnabled", "period": "Period"}
        told = {names[name]: list(value) if name == "actions" else value for name, value in bent.items()}
        described = {**self.holdings.alarms[alarm.arn], **told, **(raw or {})}
        holdings = replace(self.holdings, alarms={alarm.arn: described})
        return replace(self, snapshot=replace(self.snapshot, alarms={PLACE: (alarm,)}), holdings=holdings)

    def with_tags(self, arn: str, **tags: str) -> Held:
        there = {**self.holdings.tags, arn: {**self.holdings.tags[arn], **tags}}
        return replace(self, holdings=replace(self.holdings, tags=there))

    def with_owner(self, resource: str, owner: Owner) -> Held:
        return replace(self, holdings=replace(self.holdings, owners={**self.holdings.owners, resource: owner}))


def nothing_but_a_trail() -> Held:
    names = [profile.load(profile.DEFAULT).names]
    arns = (*topic_arns(names, "aws", PLACE), *alarm_arns(names, "aws", PLACE))
    holdings = Holdings(dict.fromkeys(arns, Owner.NOBODY), stack=STACK)
    return Held(a_compliant_snapshot(filters=(), alarms=(), topics={}), holdings)


def all_ours(overrides: Mapping[str, object] | None = None, *subscribers: Subscriber) -> Held:
    """Everything from the filter on was made by remediation with these settings, and is confirmed."""
    held = nothing_but_a_trail()
    wanted = held.wanted(overrides, *subscribers)
    topic = wanted.topic_arn(PLACE, held.snapshot)
    assert topic
    metric = own_metrics(wanted.profile.names)[0]
    topics = wanted.topic(topic, held.snapshot)
    made = (*wanted.filter(metric, GROUP, held.snapshot), *topics)
    return held.after((*made, *wanted.alarm(metric, topic, GROUP, held.snapshot, made)))


def _written(holdings: Holdings, write: Write) -> Holdings:
    """What is known after a write: it does what AWS says of its call, and the ledger has it."""
    call, given = write.request.call.split(":")[1], write.request.parameters
    arn, described, tags = write.resource, dict(holdings.alarms), dict(holdings.tags)
    if call == "PutMetricAlarm":
        described[arn] = {name: value for name, value in given.items() if name not in ("AlarmName", "Tags")}
    if "Tags" in given:
        # Tags of PutMetricAlarm for an alarm that exists would be ignored.
        assert call == "TagResource" or arn not in tags
        tags[arn] = {**tags.get(arn, {}), **{tag["Key"]: tag["Value"] for tag in given["Tags"]}}
    if call == "UntagResource":
        tags[arn] = {key: value for key, value in tags[arn].items() if key not in given["TagKeys"]}
    entry = holdings.ledger.entries.get(arn, Entry(arn, "plan", False, NOW, None, None))
    entry = entry.intending("plan", {**(entry.now or {}), **write.written}).settled()
    ledger = Ledger({**holdings.ledger.entries, arn: entry})
    return replace(holdings, owners={**holdings.owners, arn: Owner.US}, ledger=ledger, alarms=described, tags=tags)


def statements(topic: Topic) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(topic.policy)["Statement"]
    return found
