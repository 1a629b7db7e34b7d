"""What is ours set to what the settings say, in either direction, also where nobody is blind. Pure.

What people did to what is ours: what they added stays; what they changed to the worse is set back, and the action says
what was there before. A metric filter that they changed is theirs from then on.
"""

from __future__ import annotations

from collections.abc import Iterator

from blindspot.chain.metric_filter import filter_resource
from blindspot.model.arn import Place, place_of, short
from blindspot.model.snapshot import MetricAlarm, MetricFilter, Snapshot, Topic
from blindspot.remediation import ownership, writes
from blindspot.remediation.candidates import Metrics, repairable_log_groups
from blindspot.remediation.ledger import kind_of, subscription_resource, title_of
from blindspot.remediation.manual_tasks import Task
from blindspot.remediation.ownership import Holdings, Metric, Owner
from blindspot.remediation.repairs import Repairs, Wanted, after, alarms, fails, filters, is_of
from blindspot.remediation.writes import CannotMerge, Write, policy_with_our_statement
from blindspot.settings import Subscriber


def converge(snapshot: Snapshot, wanted: Wanted) -> tuple[Repairs, ...]:
    """What sets the things that are ours as the settings say: a group for each place, to be done whole or not."""
    places = dict.fromkeys(map(place_of, sorted(wanted.holdings.ours())))
    groups = (_Place(place, snapshot, wanted).repairs() for place in places)
    return tuple(group for group in groups if group)


class _Place:
    """What is ours in a place. The account changes with each repair, and `repairs` are those that changed it."""

    def __init__(self, place: Place, snapshot: Snapshot, wanted: Wanted) -> None:
        self.place = place
        self.snapshot = snapshot
        self.holdings = holdings = wanted.holdings
        self.wanted = wanted
        self.metrics = Metrics(snapshot, place, holdings)
        self.done: list[Write] = []

    def repairs(self) -> Repairs:
        self.topic()
        moved = dict(self.moved_filters())
        self.alarm(moved)
        return tuple(self.done)

    def do(self, repairs: Repairs) -> None:
        self.done += repairs
        self.snapshot = after(self.snapshot, [repairs])

    def topic(self) -> None:
        arn = self.wanted.topic_arn(self.place, self.snapshot)
        topic = self.snapshot.topics.get(arn) if arn else None
        if arn and isinstance(topic, Topic) and self.is_ours(arn):
            self.do(self.wanted.topic(arn, self.snapshot) or self.wanted.topic_attributes(topic))
            self.do(self.wanted.tags(arn))

    def moved_filters(self) -> Iterator[tuple[Metric, Metric]]:
        """Sets our filters; returns from and to which metric each one was moved."""
        for log_group, found in self.our_filters():
            now = found.namespace, found.metric
            metric = self.metric_of(found)
            repairs = self.wanted.filter(metric, log_group, self.snapshot)
            self.do(repairs)
            yield now, metric if repairs else now

    def metric_of(self, found: MetricFilter) -> Metric:
        """The metric that our filter is to add to: that of the settings, unless others use the one that it has."""
        now = found.namespace, found.metric
        own = ownership.own_metrics(self.wanted.profile.names)
        if now in own or self.others_use(now):
            return now
        return next((metric for metric in own if metric not in self.metrics.fed_by_others), own[-1])

    def others_use(self, metric: Metric) -> bool:
        """Whether somebody else's alarm watches the metric, or somebody else's filter adds to it."""
        watching = self.metrics.watching.get(metric, ())
        return metric in self.metrics.fed_by_others or not all(self.is_ours(alarm.arn) for alarm in watching)

    def alarm(self, moved: dict[Metric, Metric]) -> None:
        """Sets our alarm: on the metric that it watches, or where our filter's went."""
        arn = self.wanted.alarm_arn(self.place, self.snapshot)
        there = next((alarm for alarm in alarms(self.snapshot, self.place) if alarm.arn == arn), None)
        if arn is None or there is None or not self.is_ours(arn):
            return
        now = (there.namespace, there.metric) if isinstance(there, MetricAlarm) else None
        feeding = {
            (found.namespace, found.metric): log_group
            for log_group in self.log_groups()
            for found in filters(self.snapshot, log_group)
        }
        choices = [moved.get(now) if now else None, now, *moved.values()]
        metric = next((metric for metric in choices if metric in feeding), None)
        if metric is None:
            return
        topics = tuple(
            topic
            for topic in self.wanted.asked_actions(arn)
            if topic in there.actions or isinstance(self.snapshot.topics.get(topic), Topic)
        )
        self.do(self.wanted.alarm_at(arn, metric, topics, feeding[metric], self.snapshot, self.done))
        self.do(self.wanted.tags(arn))

    def our_filters(self) -> Iterator[tuple[str, MetricFilter]]:
        for log_group in self.log_groups():
            name = self.wanted.filter_name(log_group, self.snapshot)
            for found in filters(self.snapshot, log_group):
                if found.name == name and self.is_ours(filter_resource(log_group, found.name)):
                    yield log_group, found

    def log_groups(self) -> list[str]:
        return sorted(arn for arn in self.snapshot.log_groups if place_of(arn) == self.place)

    def is_ours(self, resource: str) -> bool:
        return self.holdings.owner(resource) is Owner.US


def tasks(snapshot: Snapshot, holdings: Holdings, wanted: Wanted) -> Iterator[Task]:
    """What the settings ask for and only a person can do. `snapshot`: the account as it would be after the plan."""
    yield from _changed_by_people(holdings)
    for arn, topic in snapshot.topics.items():
        if isinstance(topic, Topic) and holdings.owners.get(arn) in (Owner.US, Owner.NOBODY):
            yield from _of_topic(topic, holdings, wanted)
    yield from _of_places_without_topic(snapshot, wanted)
    yield from _full_alarms(snapshot, holdings, wanted)


def _changed_by_people(holdings: Holdings) -> Iterator[Task]:
    for resource in holdings.ledger.entries:
        if holdings.owners.get(resource) is Owner.SOMEBODY:
            why = "somebody changed it" if kind_of(resource) == "metric filter" else "its tag is gone"
            yield _task(
                "ownership.lost",
                resource,
                f"The remediator created {title_of(resource)}, but {why}. So it is somebody else's now. The remediator "
                "does not change it, and backout does not delete it.",
                "Delete it if nobody needs it.",
            )


def _of_topic(topic: Topic, holdings: Holdings, wanted: Wanted) -> Iterator[Task]:
    name, region = short(topic.arn), place_of(topic.arn)[1]
    if topic.key_id != wanted.profile.topic.key and (task := _key(topic.arn, wanted)):
        yield task
    if fails(topic, "topic.policy"):
        try:
            policy_with_our_statement(topic.arn, topic.policy)
            why = "another statement of the policy denies it, or may"
        except CannotMerge as error:
            why = str(error)
        yield _task(
            "topic.policy",
            topic.arn,
            f"The access policy of topic {name} may not let alarms of this account publish. The remediator cannot "
            f"change that: {why}.",
            "Allow cloudwatch.amazonaws.com sns:Publish in the topic's access policy.",
        )
    for each in topic.subscriptions if isinstance(topic.subscriptions, tuple) else ():
        subscriber = next((subscriber for subscriber in wanted.subscribers if is_of(each, subscriber)), None)
        if subscriber is None:
            if each.arn and subscription_resource(topic.arn, each.protocol, each.endpoint) in holdings.ledger.entries:
                yield _task(
                    "subscription.left",
                    topic.arn,
                    f"SubscriptionEndpoint no longer has an endpoint that the remediator subscribed to topic {name} "
                    f"({each.protocol}). The remediator may not unsubscribe anybody.",
                    f"Run: aws sns unsubscribe --region {region} --subscription-arn {each.arn}",
                )
        elif not wanted.is_told(subscriber, topic.arn):
            yield _in_sandbox(topic.arn, subscriber)
        elif each.arn is None and each.protocol == "https":
            yield _task(
                "subscription.webhook",
                topic.arn,
                f"The https endpoint of topic {name} must confirm its subscription by itself. An incoming webhook of a "
                "chat service cannot do that.",
                "Use an endpoint that handles the SubscriptionConfirmation message, or Amazon Q Developer in chat "
                "applications for a chat channel.",
            )


def _in_sandbox(topic: str, subscriber: Subscriber) -> Task:
    region = place_of(topic)[1]
    return _task(
        "subscription.sandbox",
        topic,
        f"Telephone number {subscriber.endpoint} may not get the messages of topic {short(topic)}: in the SMS sandbox "
        "SNS sends only to verified numbers. The number is not counted as notified.",
        f"Verify the number in Amazon SNS in {region}, or move the account out of the SMS sandbox there.",
    )


def _of_places_without_topic(snapshot: Snapshot, wanted: Wanted) -> Iterator[Task]:
    """Why a topic of ours would notify nobody, or would not be as the settings say."""
    used = {place_of(arn) for arn, topic in snapshot.topics.items() if isinstance(topic, Topic)}
    places = dict.fromkeys(map(place_of, repairable_log_groups(snapshot)))
    for arn in (wanted.topic_arn(place, snapshot) for place in places if place not in used):
        for subscriber in wanted.subscribers if arn else ():
            if arn and not wanted.is_told(subscriber, arn):
                yield _in_sandbox(arn, subscriber)
        if arn and (task := _key(arn, wanted)):
            yield task


def _key(topic: str, wanted: Wanted) -> Task | None:
    """Where a topic of ours cannot have the key that the settings name."""
    key = wanted.profile.topic.key
    if key is None or (why := wanted.why_no_key(topic)) is None:
        return None
    return _task(
        "topic.key",
        topic,
        f"Topic {short(topic)} cannot be encrypted with the key that topic.key in Overrides names. {why}",
        "Name another key in Overrides, or a multi-Region key with replicas in all regions, and let "
        "cloudwatch.amazonaws.com use it (kms:Decrypt, kms:GenerateDataKey*).",
    )


def _full_alarms(snapshot: Snapshot, holdings: Holdings, wanted: Wanted) -> Iterator[Task]:
    """Our alarms that people gave so many actions that ours has no room."""
    for alarm in (alarm for place in snapshot.alarms for alarm in alarms(snapshot, place)):
        missing = [action for action in wanted.asked_actions(alarm.arn) if action not in alarm.actions]
        if missing and len(alarm.actions) >= writes.MOST_ACTIONS and holdings.owner(alarm.arn) is Owner.US:
            yield _task(
                "alarm.no-action",
                alarm.arn,
                f"Alarm {short(alarm.arn)} has {len(alarm.actions)} actions, as many as CloudWatch allows. There is no "
                f"room for topic {short(missing[0])}.",
                "Remove an action of the alarm.",
            )


def _task(code: str, resource: str, message: str, fix: str) -> Task:
    return Task(code, resource, (place_of(resource)[1],), message, fix)
