"""What follows an alarm: its action, the topic and a confirmed subscription. It is the same for every filter."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import NamedTuple

from blindspot.chain.alarm_actions import accepted_actions, check_actions
from blindspot.chain.subscription import check_subscriptions
from blindspot.chain.topic import check_publish_access
from blindspot.model.arn import Arn, Place, place_of, short
from blindspot.model.findings import Finding
from blindspot.model.snapshot import Alarm, MuteRule, Snapshot, Topic, Unreadable


class Notification(NamedTuple):
    """One way on from an alarm, and what is found of its links. `action`: the ARN of a topic, or of another service's
    resource. None where there is no such link."""

    action: str | None
    subscription: str | None
    findings: tuple[Finding, ...]


class Notifications:
    """What follows the alarms of one place."""

    def __init__(self, snapshot: Snapshot, services: Collection[str], place: Place) -> None:
        self._snapshot = snapshot
        self._services = services
        self._mute_rules = _MuteRules(snapshot.mute_rules.get(place, ()))

    def of(self, alarm: Alarm) -> Iterator[Notification]:
        """One for each accepted action of the alarm, at least one."""
        acts = check_actions(alarm, self._services, self._mute_rules.of(alarm))
        actions = accepted_actions(alarm, self._services)
        for arn in actions:
            is_topic = Arn.parse(arn).service == "sns"
            yield self._by_topic(acts, alarm, arn) if is_topic else Notification(arn, None, (acts,))
        if not actions:
            yield Notification(None, None, (acts,))

    def _by_topic(self, acts: Finding, alarm: Alarm, arn: str) -> Notification:
        topic = self._snapshot.topics.get(arn, Unreadable("sns:GetTopicAttributes", place_of(alarm.arn)[1], "NotRead"))
        published = check_publish_access(arn, topic, alarm.arn)
        if topic is None or isinstance(topic, Unreadable):
            return Notification(arn, None, (acts, published))
        return Notification(arn, _confirmed(topic), (acts, published, check_subscriptions(topic, alarm.arn)))


def _confirmed(topic: Topic) -> str | None:
    """The first confirmed subscription."""
    subscriptions = () if isinstance(topic.subscriptions, Unreadable) else topic.subscriptions
    return next((subscription.arn for subscription in subscriptions if subscription.arn), None)


class _MuteRules:
    """The mute rules of a place by the alarms that they mute."""

    def __init__(self, rules: tuple[MuteRule, ...] | Unreadable) -> None:
        self._rules = rules
        self._of_any: list[int] = []
        self._of_alarm: defaultdict[str, list[int]] = defaultdict(list)
        for number, rule in enumerate(() if isinstance(rules, Unreadable) else rules):
            if isinstance(rule.alarms, Unreadable):
                self._of_any.append(number)
            else:
                for name in rule.alarms:
                    self._of_alarm[name].append(number)

    def of(self, alarm: Alarm) -> tuple[MuteRule, ...] | Unreadable:
        """The rules that mute the alarm or may mute it, in the order in which AWS lists them."""
        if isinstance(self._rules, Unreadable):
            return self._rules
        return tuple(
            self._rules[number] for number in sorted({*self._of_any, *self._of_alarm.get(short(alarm.arn), ())})
        )
