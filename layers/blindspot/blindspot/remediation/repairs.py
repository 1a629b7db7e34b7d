"""What the settings ask of each thing in a place, merged with what is there: the actions that set it so. Pure.

Each returns no action where the thing is as it should be, where it is somebody else's, or where it cannot be made.
What people may have added to what is ours stays, and alone leads to no action: what differs between what the ledger
says we wrote and what is there is theirs, unless the settings say something else of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import chain

from blindspot.chain.metric_filter import filter_resource
from blindspot.chain.topic import check_publish_access
from blindspot.model.arn import Arn, Place, place_of
from blindspot.model.findings import Doubt, Gap
from blindspot.model.profile import Profile
from blindspot.model.snapshot import (
    Alarm,
    LogGroup,
    MetricAlarm,
    MetricFilter,
    Snapshot,
    Subscription,
    Topic,
    Unreadable,
)
from blindspot.remediation import ownership, writes
from blindspot.remediation.ledger import Written, masked
from blindspot.remediation.ownership import Holdings, Metric, Owner
from blindspot.remediation.writes import CannotMerge, Write
from blindspot.settings import Subscriber
from filter_pattern import Pattern

Repairs = tuple[Write, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the settings ask for: the profile, whom to subscribe, and the pattern of a metric filter; None where no
    pattern satisfies the profile."""

    profile: Profile
    holdings: Holdings
    subscribers: tuple[Subscriber, ...]
    pattern: Pattern | None

    def filter(self, metric: Metric, log_group: str, snapshot: Snapshot) -> Repairs:
        """Creates or updates our metric filter on that metric."""
        name = self.filter_name(log_group, snapshot)
        if self.pattern is None or name is None:
            return ()
        wanted = MetricFilter(name, self.pattern.text, *metric)
        before = next((found for found in filters(snapshot, log_group) if found.name == name), None)
        return () if before == wanted else (writes.put_filter(log_group, wanted, before),)

    def filter_name(self, log_group: str, snapshot: Snapshot) -> str | None:
        """The name of our metric filter there, whether it exists or not; None where all are somebody else's."""
        there = [found.name for found in filters(snapshot, log_group)]
        names = dict.fromkeys((*ownership.filter_names(self.profile.names), *sorted(there)))
        resources = {filter_resource(log_group, name): name for name in names}
        owners = {
            resource: self.holdings.owner(resource) if name in there else Owner.NOBODY
            for resource, name in resources.items()
        }
        resource = ownership.chosen(tuple(resources), owners)
        return resources[resource] if resource else None

    def topic_arn(self, place: Place, snapshot: Snapshot) -> str | None:
        """The ARN of our topic, whether it exists or not; None where it could not be read, or its names are taken."""
        arns = ownership.topic_arns([self.profile.names], snapshot.partition, place)
        arn = self._chosen(arns, place, "sns")
        return None if arn is None or isinstance(snapshot.topics.get(arn), Unreadable) else arn

    def alarm_arn(self, place: Place, snapshot: Snapshot) -> str | None:
        """The ARN of our alarm, whether it exists or not; None where its names are taken."""
        arns = ownership.alarm_arns([self.profile.names], snapshot.partition, place)
        return self._chosen(arns, place, "cloudwatch")

    def _chosen(self, arns: tuple[str, ...], place: Place, service: str) -> str | None:
        """Which name to use: what is ours there under the names of other settings cannot be renamed."""
        there = (Owner.US, Owner.UNKNOWN)
        held = sorted(arn for arn, owner in self.holdings.owners.items() if owner in there and place_of(arn) == place)
        others = [arn for arn in held if Arn.parse(arn).service == service]
        return ownership.chosen((*arns, *others), self.holdings.owners)

    def topic(self, arn: str | None, snapshot: Snapshot) -> Repairs:
        """Creates what is missing of our topic and its subscriptions, and sets what is not as it should be.

        Nobody is subscribed where the subscriptions were not all read: it may be one of them.
        """
        if arn is None or not self.subscribers:
            return ()
        topic = snapshot.topics.get(arn)
        if isinstance(topic, Topic):
            made = self.topic_attributes(topic)
        else:
            made = self._new_topic(arn)
            if not made:
                return ()
        there = topic.subscriptions if isinstance(topic, Topic) else ()
        if isinstance(there, Unreadable) or (isinstance(topic, Topic) and topic.more_subscriptions):
            return made
        missing = (each for each in self.subscribers if not any(is_of(found, each) for found in there))
        new = topic is None
        return (
            *made,
            *(writes.subscribe(arn, each, is_told=self.is_told(each, arn), is_new_topic=new) for each in missing),
        )

    def _new_topic(self, arn: str) -> tuple[Write, ...]:
        try:
            key_id = self.profile.topic.key_in(place_of(arn)[1])
        except LookupError:
            return ()
        if self.holdings.owner(arn) is not Owner.NOBODY:
            return ()
        return (writes.create_topic(self._topic(arn, key_id), self.profile.topic.tags, self.holdings.tag),)

    def _topic(self, arn: str, key_id: str | None) -> Topic:
        """Our topic as it is created."""
        key = self.holdings.keys.get(key_id) if key_id else None
        return Topic(arn, writes.policy_with_our_statement(arn), key_id, subscriptions=(), key=key)

    def why_no_key(self, arn: str) -> str | None:
        """Why CloudWatch could not publish to this topic of ours with the key of the settings; None if it can."""
        try:
            topic = self._topic(arn, self.profile.topic.key_in(place_of(arn)[1]))
        except LookupError:
            return f"Key {self.profile.topic.key} is in another region than the topic."
        finding = check_publish_access(arn, topic, any_alarm(arn))
        return f"With that key there would be a gap: {finding.message}" if isinstance(finding, Gap | Doubt) else None

    def topic_attributes(self, topic: Topic) -> tuple[Write, ...]:
        """Sets the policy and the key of our topic where CloudWatch may not publish, or the settings name another
        key."""
        policy = self._policy(topic)
        then = policy.then if policy and isinstance(policy.then, Topic) else topic
        return tuple(each for each in (policy, self._key(then)) if each)

    def _policy(self, topic: Topic) -> Write | None:
        if not fails(topic, "topic.policy"):
            return None
        try:
            policy = writes.policy_with_our_statement(topic.arn, topic.policy)
        except CannotMerge:
            return None
        # A statement of somebody else's that denies it stays.
        return None if fails(replace(topic, policy=policy), "topic.policy") else writes.set_policy(topic, policy)

    def _key(self, topic: Topic) -> Write | None:
        try:
            wanted = self.profile.topic.key_in(place_of(topic.arn)[1])
        except LookupError:
            return None
        ours = [each.get("KmsMasterKeyId") for each in self._written(topic.arn)]
        if topic.key_id == wanted or not (wanted or topic.key_id in ours or fails(topic, "topic.key")):
            return None
        if wanted and self.why_no_key(topic.arn):
            return None
        return writes.set_key(topic, wanted, self.holdings.keys.get(wanted) if wanted else None)

    def is_told(self, subscriber: Subscriber, topic: str) -> bool:
        """Whether messages reach the subscriber, once it has confirmed: in the SMS sandbox only a telephone number that
        is verified there (SNS developer guide, "Using the Amazon SNS SMS sandbox")."""
        receivers = self.holdings.sms_receivers.get(place_of(topic)[1], frozenset())
        return subscriber.protocol != "sms" or receivers is None or subscriber.endpoint in receivers

    def alarm(
        self, metric: Metric, topic: str, log_group: str, snapshot: Snapshot, before: Iterable[Write] = ()
    ) -> Repairs:
        """Creates or updates our alarm on that metric, which notifies that topic.

        before: the repairs that must be done first.
        """
        arn = self.alarm_arn(place_of(log_group), snapshot)
        return self.alarm_at(arn, metric, (topic,), log_group, snapshot, before) if arn else ()

    def alarm_at(
        self,
        arn: str,
        metric: Metric,
        topics: tuple[str, ...],
        log_group: str,
        snapshot: Snapshot,
        before: Iterable[Write] = (),
    ) -> tuple[Write, ...]:
        """Creates or updates our alarm of that ARN on that metric, which notifies these topics."""
        there = next((alarm for alarm in alarms(snapshot, place_of(arn)) if alarm.arn == arn), None)
        ours, settings = self.asked_actions(arn), self.profile.alarm
        peoples = [action for action in (there.actions if there else ()) if action not in ours]
        kept = [action for action in (there.actions if there else ()) if action in (*peoples, *topics)]
        asked = [topic for topic in topics if topic not in peoples]
        wanted = MetricAlarm(
            arn,
            *metric,
            statistic=settings.statistic,
            comparison=settings.comparison,
            threshold=settings.threshold,
            period=settings.period,
            # The sources do not say. With this the alarm is OK without data, and by default it is INSUFFICIENT_DATA.
            missing_data="notBreaching",
            actions=tuple(dict.fromkeys((*kept, *asked))),
        )
        if len(wanted.actions) > writes.MOST_ACTIONS or (there and _is_as(there, wanted)):
            return ()
        needs = tuple(dict.fromkeys(repair.resource for repair in before if repair.link in ("filter", "topic")))
        if self.holdings.owner(arn) is Owner.US:
            if (described := self.holdings.alarms.get(arn)) is None:
                return ()
            return (writes.update_alarm(wanted, asked, log_group, described, needs),)
        return (writes.create_alarm(wanted, log_group, settings.tags, self.holdings.tag, needs),)

    def asked_actions(self, arn: str) -> tuple[str, ...]:
        """The actions that remediation gave the alarm."""
        return tuple(dict.fromkeys(action for each in self._written(arn) for action in each.get("AlarmActions", ())))

    def tags(self, arn: str) -> tuple[Write, ...]:
        """Sets the tags of our alarm or topic."""
        settings = self.profile.topic if Arn.parse(arn).service == "sns" else self.profile.alarm
        if self.holdings.owner(arn) is not Owner.US or (there := self.holdings.tags.get(arn)) is None:
            return ()
        ours = [tag for each in self._written(arn) for tag in each.get("Tags", {}).items()]
        return writes.set_tags(arn, there, ours, settings.tags)

    def _written(self, resource: str) -> tuple[Written, ...]:
        """What remediation wrote to it, and what it may have written: a run may have ended between the two."""
        entry = self.holdings.ledger.entries.get(resource)
        return entry.values if entry else ()


def filters(snapshot: Snapshot, log_group: str) -> tuple[MetricFilter, ...]:
    """The filters of a log group; none where they could not be read."""
    group = snapshot.log_groups.get(log_group)
    return group.filters if isinstance(group, LogGroup) and isinstance(group.filters, tuple) else ()


def alarms(snapshot: Snapshot, place: Place) -> tuple[Alarm, ...]:
    """The alarms of a place; none where they could not be read."""
    found = snapshot.alarms.get(place, ())
    return () if isinstance(found, Unreadable) else found


def after(snapshot: Snapshot, repairs: Iterable[Repairs]) -> Snapshot:
    """The account as it would be after these repairs."""
    for action in chain.from_iterable(repairs):
        snapshot = action.on(snapshot)
    return snapshot


def joined(repairs: Iterable[Write]) -> Repairs:
    """These repairs, in order, each part of a thing set once: a later one takes the place of an earlier one."""
    found: dict[tuple[str, str], Write] = {}
    for repair in repairs:
        part = repair.resource, repair.part
        earlier = found.pop(part, None)
        found[part] = repair.after(earlier) if earlier else repair
    return tuple(found.values())


def any_alarm(topic: str, account: str | None = None) -> str:
    """The ARN of an alarm in the topic's region."""
    found = Arn.parse(topic)
    return f"arn:{found.partition}:cloudwatch:{found.region}:{account or found.account}:alarm:any"


def with_subscriptions_confirmed(
    snapshot: Snapshot, holdings: Holdings | None = None, subscribers: tuple[Subscriber, ...] = ()
) -> Snapshot:
    """The account as it would be once every pending subscription is confirmed that can be.

    Of our own topics only `subscribers` are expected to confirm: another endpoint comes from earlier settings.
    """
    holdings = holdings or Holdings()
    topics: dict[str, Topic | Unreadable | None] = {}
    for arn, topic in snapshot.topics.items():
        topics[arn] = topic
        if isinstance(topic, Topic) and isinstance(topic.subscriptions, tuple):
            expected = subscribers if holdings.owner(arn) is Owner.US else ()
            confirmed = tuple(_confirmed(each, expected) for each in topic.subscriptions)
            topics[arn] = replace(topic, subscriptions=confirmed)
    return replace(snapshot, topics=topics)


def _confirmed(subscription: Subscription, expected: tuple[Subscriber, ...]) -> Subscription:
    if subscription.arn or (expected and not any(is_of(subscription, subscriber) for subscriber in expected)):
        return subscription
    # SNS has no confirmation of a telephone number: one without an ARN is planned, and gets no messages.
    return subscription if subscription.protocol == "sms" else replace(subscription, arn="arn:confirmed")


def is_of(subscription: Subscription, subscriber: Subscriber) -> bool:
    """Whether the subscription is the subscriber's."""
    listed = (subscriber.endpoint, masked(subscriber.endpoint))
    return subscription.protocol == subscriber.protocol and subscription.endpoint in listed


def fails(topic: Topic, code: str) -> bool:
    """Whether CloudWatch may not publish to the topic, or that is not known, and this is the code."""
    found = check_publish_access(topic.arn, topic, any_alarm(topic.arn))
    return isinstance(found, Gap | Doubt) and found.code == code


def _is_as(there: Alarm, wanted: MetricAlarm) -> bool:
    """Whether the alarm is as wanted: its actions have no order, and its state is no setting."""
    if not isinstance(there, MetricAlarm) or set(there.actions) != set(wanted.actions):
        return False
    return replace(there, state=wanted.state, state_since=None, actions=wanted.actions) == wanted
