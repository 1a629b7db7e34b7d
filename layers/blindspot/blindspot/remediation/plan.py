"""The plan: the fewest actions that make as many regions COMPLIANT as can be, and the manual tasks. Pure.

Whether a repair helps is never assumed: the account is assessed again as it would be after it. First every repairable
log group gets its strongest repair, which shows which regions can become COMPLIANT at all. Then the plan leaves out
what that does not need: first whole log groups, then, in those that remain, each link that works already.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain

from blindspot.chain.metric_alarm import queries
from blindspot.chain.metric_filter import filter_resource
from blindspot.chain.subscription import check_subscriptions
from blindspot.chain.topic import check_publish_access
from blindspot.chain.trail import observes
from blindspot.model.arn import Arn, Place, is_arn, place_of
from blindspot.model.findings import HOLDS
from blindspot.model.profile import Profile
from blindspot.model.snapshot import (
    LogGroup,
    MathAlarm,
    MetricAlarm,
    MetricFilter,
    Snapshot,
    Subscription,
    Topic,
    Unreadable,
)
from blindspot.remediation import manual_tasks, ownership
from blindspot.remediation.actions import PutAlarm, PutFilter, PutTopic, Repair, Subscribe
from blindspot.remediation.manual_tasks import Task
from blindspot.remediation.ownership import Metric, Owner, Owners
from blindspot.remediation.pattern_writer import matches_only_required, pattern_to_write, satisfies
from blindspot.settings import Subscriber
from blindspot.verdict.assessment import Assessment, Verdict, assess
from filter_pattern import PatternSyntaxError, Proofs

Repairs = tuple[Repair, ...]

_MANY = 1000
"""Stands for the number of actions of a log group that makes no region COMPLIANT by itself."""


@dataclass(frozen=True, slots=True)
class Planned:
    """An action, and the code of the gap that it closes."""

    action: Repair
    gap: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do, in this order, and what only people can do."""

    actions: tuple[Planned, ...] = ()
    manual_tasks: tuple[Task, ...] = ()


def plan(
    assessment: Assessment,
    profile: Profile,
    owners: Owners,
    subscriber: Subscriber | None,
    proofs: Proofs | None = None,
) -> Plan:
    """The plan for an assessed account. It repairs only regions that are NON_COMPLIANT, never INDETERMINATE ones.

    owners: of the alarms and topics of our names, in the places of the repairable log groups.
    subscriber: whom to subscribe; None where SubscriptionEndpoint is empty.
    proofs: decides about the filter patterns. If its limits end the planning, the plan has no action and says so.
    """
    if assessment.verdict is not Verdict.NON_COMPLIANT:
        return Plan(manual_tasks=tuple(manual_tasks.unresolved_doubts(assessment)))
    proofs = proofs or Proofs()
    try:
        found = _Planner(assessment, profile, owners, subscriber, proofs).plan()
    except _Unfinished:
        found = Plan()
    if (over := proofs.over) is None:
        return found
    regions = [region.region for region in assessment.regions if region.verdict is Verdict.NON_COMPLIANT]
    return Plan(manual_tasks=(manual_tasks.unfinished(over.reason, regions),))


class _Unfinished(Exception):
    """Raised where nothing more can be decided: what is planned from then on might be needless or not enough."""


def repairable_log_groups(snapshot: Snapshot) -> tuple[str, ...]:
    """The log groups that can be repaired: in our own account, read, of the Standard class, and with a trail that
    delivers to them."""
    delivered_to = {trail.log_group_arn for trail in snapshot.trails}
    return tuple(
        arn
        for arn, group in snapshot.log_groups.items()
        if arn in delivered_to
        and isinstance(group, LogGroup)
        and group.log_class == "STANDARD"
        and not isinstance(group.filters, Unreadable)
        and place_of(arn)[0] == snapshot.account
    )


def with_subscriptions_confirmed(
    snapshot: Snapshot, owners: Owners | None = None, subscriber: Subscriber | None = None
) -> Snapshot:
    """The account as it would be once every pending subscription is confirmed.

    Of our own topics only `subscriber` is expected to confirm: another endpoint comes from earlier settings.
    """
    topics: dict[str, Topic | Unreadable | None] = {}
    for arn, topic in snapshot.topics.items():
        topics[arn] = topic
        if isinstance(topic, Topic) and isinstance(topic.subscriptions, tuple):
            expected = subscriber if subscriber and (owners or {}).get(arn) is Owner.US else None
            confirmed = tuple(_confirmed(each, expected) for each in topic.subscriptions)
            topics[arn] = replace(topic, subscriptions=confirmed)
    return replace(snapshot, topics=topics)


def _confirmed(subscription: Subscription, expected: Subscriber | None) -> Subscription:
    if subscription.arn or (expected and not _is(subscription, expected)):
        return subscription
    return replace(subscription, arn="arn:confirmed")


def _is(subscription: Subscription, subscriber: Subscriber) -> bool:
    # SNS lists `https://user:****@host` for an address that has a password.
    masked = re.sub(r"(://[^/@:]*:)[^/@]*@", r"\1****@", subscriber.endpoint)
    return subscription.protocol == subscriber.protocol and subscription.endpoint in (subscriber.endpoint, masked)


class _Planner:
    """Plans for one assessment. What was found out about a pattern or a set of repairs is kept."""

    def __init__(
        self,
        assessment: Assessment,
        profile: Profile,
        owners: Owners,
        subscriber: Subscriber | None,
        proofs: Proofs,
    ) -> None:
        self.proofs = proofs
        self.assessment = assessment
        self.snapshot = assessment.snapshot
        self.profile = profile
        self.owners = owners
        self.subscriber = subscriber
        self.pattern = pattern_to_write(profile, proofs)
        self.non_compliant = {region.region for region in assessment.regions if region.verdict is Verdict.NON_COMPLIANT}
        self.compliant = {region.region for region in assessment.regions if region.verdict is Verdict.COMPLIANT}
        self.relevant_patterns: dict[str, bool] = {}
        self.strongest_repairs: dict[str, Repairs] = {}
        self.compliant_by_repairs: dict[object, frozenset[str]] = {}

    def plan(self) -> Plan:
        chosen = {log_group: self.strongest(log_group) for log_group in repairable_log_groups(self.snapshot)}
        reachable = self.compliant_after(chosen.values())
        for log_group in sorted(chosen, key=self.usefulness):
            rest = {other: repairs for other, repairs in chosen.items() if other != log_group}
            if self.compliant_after(rest.values()) >= reachable:
                chosen = rest
        for log_group in chosen:
            others = [repairs for other, repairs in chosen.items() if other != log_group]
            chosen[log_group] = next(
                repairs
                for repairs in self.by_size(log_group, _after(self.snapshot, others))
                if self.compliant_after([*others, repairs]) >= reachable
            )
        if not self.compliant_after(chosen.values()) >= self.compliant:
            chosen = {}
        actions = tuple(
            Planned(action, self.gap(log_group, action)) for log_group in chosen for action in chosen[log_group]
        )
        return Plan(actions, tuple(dict.fromkeys(self.tasks(chosen.values(), reachable))))

    def compliant_after(self, repairs: Iterable[Repairs], trails: frozenset[str] | None = None) -> frozenset[str]:
        """The regions that would be COMPLIANT after these repairs, with pending subscriptions confirmed. `trails`: the
        only ones to count, if not all."""
        repairs = tuple(repairs)
        key = tuple(chain.from_iterable(repairs)), trails
        if key not in self.compliant_by_repairs:
            snapshot = self.confirmed(_after(self.snapshot, repairs))
            if trails is not None:
                snapshot = replace(snapshot, trails=tuple(trail for trail in snapshot.trails if trail.arn in trails))
            regions = self.assess(snapshot).regions
            self.compliant_by_repairs[key] = frozenset(
                region.region for region in regions if region.verdict is Verdict.COMPLIANT
            )
        return self.compliant_by_repairs[key]

    def assess(self, snapshot: Snapshot) -> Assessment:
        if self.proofs.over:
            raise _Unfinished
        return assess(snapshot, self.profile, self.proofs)

    def confirmed(self, snapshot: Snapshot) -> Snapshot:
        return with_subscriptions_confirmed(snapshot, self.owners, self.subscriber)

    def usefulness(self, log_group: str) -> tuple[int, int]:
        """Sorts the least useful log group first, which is the first to be left out: few regions, then many actions."""
        regions = self.compliant_by_itself(log_group, self.strongest(log_group))
        smallest_first = self.by_size(log_group, self.snapshot) if regions else iter(())
        needed = next(
            (len(repairs) for repairs in smallest_first if self.compliant_by_itself(log_group, repairs) >= regions),
            _MANY,
        )
        return self.observed(log_group), -needed

    def observed(self, log_group: str) -> int:
        """How many of the NON_COMPLIANT regions its trails observe."""
        trails = [trail for trail in self.snapshot.trails if trail.log_group_arn == log_group]
        return sum(any(observes(trail, region) for trail in trails) for region in self.non_compliant)

    def compliant_by_itself(self, log_group: str, repairs: Repairs) -> frozenset[str]:
        """The regions that would be COMPLIANT with the trails of this log group alone."""
        own = frozenset(trail.arn for trail in self.snapshot.trails if trail.log_group_arn == log_group)
        return self.compliant_after([repairs], own)

    def strongest(self, log_group: str) -> Repairs:
        """The repair that makes most regions COMPLIANT by itself: the one from end to end, unless that is not possible
        and another does more. It keeps what is COMPLIANT."""
        if log_group not in self.strongest_repairs:
            strongest = self.end_to_end(log_group)
            regions = self.compliant_by_itself(log_group, strongest)
            if len(regions) < self.observed(log_group):
                for repairs in self.candidates(log_group, self.snapshot):
                    if (more := self.compliant_by_itself(log_group, repairs)) > regions:
                        strongest, regions = repairs, more
            if not self.compliant_after([strongest]) >= self.compliant:
                # We have one alarm in a place. If it is moved to another metric, nobody is alerted of the first.
                keeping = (
                    repairs
                    for repairs in self.candidates(log_group, self.snapshot)
                    if self.compliant_after([repairs]) >= self.compliant
                )
                strongest = max(
                    keeping, key=lambda repairs: len(self.compliant_by_itself(log_group, repairs)), default=()
                )
            self.strongest_repairs[log_group] = strongest
        return self.strongest_repairs[log_group]

    def end_to_end(self, log_group: str) -> Repairs:
        """Our filter, topic, subscription and alarm, as far as they can be created."""
        own = ownership.own_metrics(self.profile.names)
        metric = next((metric for metric in own if not self.others_feed(metric, log_group)), own[-1])
        filters = self.filter_repairs(metric, log_group, self.snapshot)
        topic = self.own_topic(place_of(log_group))
        topic_repairs = self.topic_repairs(topic, self.snapshot)
        after = _after(self.snapshot, [topic_repairs])
        notifying = set(self.notifying_topics(log_group, after, self.relevant_metrics(log_group)))
        if topic not in notifying:
            topic_repairs, topic = (), min(notifying, default=None)
        alarm = self.alarm_repairs(metric, topic, log_group, self.snapshot, [*filters, *topic_repairs]) if topic else ()
        return (*filters, *topic_repairs, *alarm)

    def own_topic(self, place: Place) -> str | None:
        """The ARN of our topic, whether it exists or not; None where it could not be read, or its names are taken."""
        arn = ownership.chosen(ownership.topic_arns([self.profile.names], self.snapshot.partition, place), self.owners)
        return None if arn is None or isinstance(self.snapshot.topics.get(arn), Unreadable) else arn

    def by_size(self, log_group: str, snapshot: Snapshot) -> Iterator[Repairs]:
        """Every candidate, those of the fewest actions first, and among them those that use the existing filters. The
        strongest repair is the last."""
        candidates = dict.fromkeys(self.candidates(log_group, snapshot))
        yield from sorted(
            candidates, key=lambda repairs: (len(repairs), sum(action.link == "filter" for action in repairs))
        )
        yield self.strongest(log_group)

    def candidates(self, log_group: str, snapshot: Snapshot) -> Iterator[Repairs]:
        """Every way to repair the log group that may help."""
        existing = self.relevant_metrics(log_group)
        topic = self.own_topic(place_of(log_group))
        topic_repairs = self.topic_repairs(topic, snapshot)
        own = ownership.own_metrics(self.profile.names)
        metrics = dict.fromkeys([own[0], *existing, *own])
        notifying = list(self.notifying_topics(log_group, snapshot, metrics))
        for metric in metrics:
            filter_choices = [self.filter_repairs(metric, log_group, snapshot)]
            if metric in existing:
                filter_choices.insert(0, ())
            for filters in filter_choices:
                for other in notifying:
                    yield (*filters, *self.alarm_repairs(metric, other, log_group, snapshot, filters))
                # Somebody may be subscribed to our topic already.
                only_topic = tuple(action for action in topic_repairs if action.link == "topic")
                for topics in ((), topic_repairs, only_topic):
                    before = (*filters, *topics)
                    yield before
                    if topic:
                        yield (*before, *self.alarm_repairs(metric, topic, log_group, snapshot, before))

    def relevant_metrics(self, log_group: str) -> list[Metric]:
        """The metrics of the log group's filters that match only required events, or satisfy the profile already."""
        return list(
            dict.fromkeys(
                (found.namespace, found.metric)
                for found in _filters(self.snapshot, log_group)
                if self.is_relevant(found.pattern)
            )
        )

    def is_relevant(self, text: str) -> bool:
        if text not in self.relevant_patterns:
            try:
                pattern = self.proofs.parse(text)
            except PatternSyntaxError:
                return False
            relevant = matches_only_required(pattern, self.profile, self.proofs) or satisfies(
                pattern, self.profile, self.proofs
            )
            self.relevant_patterns[text] = relevant
        return self.relevant_patterns[text]

    def others_feed(self, metric: Metric, log_group: str) -> bool:
        """Whether a filter that is not ours adds to the metric in the log group's place."""
        place, ours = place_of(log_group), ownership.filter_name(self.profile.names)
        groups = (arn for arn in self.snapshot.log_groups if place_of(arn) == place)
        own = (found for arn in groups for found in _filters(self.snapshot, arn))
        others = (found for _, found in self.snapshot.other_filters.get(place, ()))
        return any((found.namespace, found.metric) == metric and found.name != ours for found in chain(own, others))

    def filter_repairs(self, metric: Metric, log_group: str, snapshot: Snapshot) -> Repairs:
        """Creates or updates our metric filter on that metric; empty where it exists, is somebody else's, or no pattern
        satisfies the profile."""
        if self.pattern is None:
            return ()
        wanted = MetricFilter(ownership.filter_name(self.profile.names), self.pattern.text, *metric)
        there = _filters(snapshot, log_group)
        before = next((found for found in there if found.name == wanted.name), None)
        if before == wanted or (before and not ownership.is_ours(before, there, self.profile)):
            return ()
        return (PutFilter(log_group, wanted, before),)

    def topic_repairs(self, arn: str | None, snapshot: Snapshot) -> Repairs:
        """Creates what is missing of our topic and its subscription; empty where there is nobody to subscribe."""
        if arn is None or self.subscriber is None:
            return ()
        made = PutTopic(arn, is_new=True)
        topic = snapshot.topics.get(arn)
        subscribed: tuple[Subscription, ...] = ()
        repairs: list[Repair] = []
        if not isinstance(topic, Topic):
            repairs.append(made)
        else:
            subscribed = topic.subscriptions if isinstance(topic.subscriptions, tuple) else ()
            if check_publish_access(arn, topic, _any_alarm(arn)) is not HOLDS:
                repairs.append(replace(made, is_new=False))
        if not any(_is(found, self.subscriber) for found in subscribed):
            repairs.append(Subscribe(arn, self.subscriber))
        return tuple(repairs)

    def notifying_topics(self, log_group: str, snapshot: Snapshot, metrics: Collection[Metric]) -> Iterator[str]:
        """The topics that an alarm can publish to and that notify somebody: of those of the source's names, and those
        that alarms on these metrics notify."""
        place = place_of(log_group)
        alarms = snapshot.alarms.get(place, ())
        named = list(ownership.topic_arns([self.profile.names], snapshot.partition, place))
        for alarm in () if isinstance(alarms, Unreadable) else alarms:
            if isinstance(alarm, MetricAlarm | MathAlarm):
                on = {(query.namespace, query.metric) for query in queries(alarm)}
                named += [] if on.isdisjoint(metrics) else alarm.actions
        topics = self.confirmed(snapshot).topics
        for arn in dict.fromkeys(named):
            topic = topics.get(arn)
            if isinstance(topic, Topic) and place_of(arn)[1] == place[1]:
                alarm_arn = _any_alarm(arn, place[0])
                findings = (check_publish_access(arn, topic, alarm_arn), check_subscriptions(topic, alarm_arn))
                if findings == (HOLDS, HOLDS):
                    yield arn

    def alarm_repairs(
        self, metric: Metric, topic: str, log_group: str, snapshot: Snapshot, before: Iterable[Repair]
    ) -> Repairs:
        """Creates or updates our alarm on that metric, which notifies that topic; empty where it exists, or its names
        are taken.

        before: the repairs that must be done first.
        """
        place, settings = place_of(log_group), self.profile.alarm
        arn = ownership.chosen(ownership.alarm_arns([self.profile.names], snapshot.partition, place), self.owners)
        if arn is None:
            return ()
        wanted = MetricAlarm(
            arn,
            *metric,
            statistic=settings.statistic,
            comparison=settings.comparison,
            threshold=settings.threshold,
            period=settings.period,
            # The sources do not say. With this the alarm is OK without data, and by default it is INSUFFICIENT_DATA.
            missing_data="notBreaching",
            actions=(topic,),
        )
        alarms = snapshot.alarms.get(place, ())
        there = next((alarm for alarm in alarms if alarm.arn == arn), None) if isinstance(alarms, tuple) else None
        if isinstance(there, MetricAlarm) and replace(there, state=wanted.state, state_since=None) == wanted:
            return ()
        needs = tuple(repair.resource for repair in before if repair.link in ("filter", "topic"))
        return (PutAlarm(wanted, log_group, is_new=there is None, needs=needs),)

    def gap(self, log_group: str, action: Repair) -> str:
        """The code of the gap that the action closes, as the assessment found it: that of the action's own link; if a
        resource of that kind is there without a gap, the first one of the log group's channels; if there is none, that
        it is missing."""
        place, link = place_of(log_group), action.link
        channels = [
            channel
            for region in self.assessment.regions
            for channel in region.channels
            if channel.log_group == log_group
        ]
        found = [
            gap
            for region in self.assessment.regions
            for gap in region.gaps
            if gap.resource == log_group
            or gap.resource.startswith(f"{log_group}:")
            or (
                gap.code.startswith(("alarm.", "topic.", "subscription."))
                and is_arn(gap.resource)
                and place_of(gap.resource) == place
            )
        ]
        found += [channel.gap for channel in channels if channel.gap]
        for gap in found:
            if gap.code.startswith(f"{link}."):
                return gap.code
        if found and any(getattr(channel, link) for channel in channels):
            return found[0].code
        return f"{link}.missing"

    def tasks(self, repairs: Iterable[Repairs], reachable: frozenset[str]) -> Iterator[Task]:
        """The manual tasks: confirmations that the plan depends on, what it cannot repair, then what is in doubt."""
        after = self.assess(_after(self.snapshot, repairs))
        yield from manual_tasks.pending_confirmations(after, reachable)
        if remaining := self.non_compliant - reachable:
            obstacles = list(self.obstacles(remaining))
            yield from obstacles
            yield from manual_tasks.remaining_gaps(self.assessment, remaining)
            if not obstacles:
                strongest = [self.strongest(log_group) for log_group in repairable_log_groups(self.snapshot)]
                ours = {action.resource for action in chain.from_iterable(strongest)}
                repaired = self.assess(self.confirmed(_after(self.snapshot, strongest)))
                yield from (task for task in manual_tasks.remaining_gaps(repaired, remaining) if task.resource in ours)
        yield from manual_tasks.unresolved_doubts(after)

    def obstacles(self, remaining: Collection[str]) -> Iterator[Task]:
        """What prevents the repair of a log group that might help."""
        for log_group in repairable_log_groups(self.snapshot):
            there = _filters(self.snapshot, log_group)
            for found in there:
                ours = found.name == ownership.filter_name(self.profile.names)
                if ours and not ownership.is_ours(found, there, self.profile):
                    yield manual_tasks.name_taken("filter", [filter_resource(log_group, found.name)], remaining)
        for place in dict.fromkeys(map(place_of, repairable_log_groups(self.snapshot))):
            for kind, arns in (("alarm", ownership.alarm_arns), ("topic", ownership.topic_arns)):
                names = arns([self.profile.names], self.snapshot.partition, place)
                if ownership.chosen(names, self.owners) is None:
                    yield manual_tasks.name_taken(kind, names, remaining)
        if self.pattern is None:
            yield manual_tasks.no_pattern(self.profile, remaining)
        if self.subscriber is None and repairable_log_groups(self.snapshot):
            yield manual_tasks.no_endpoint(remaining)


def _filters(snapshot: Snapshot, log_group: str) -> tuple[MetricFilter, ...]:
    """The filters of a log group; none where they could not be read."""
    group = snapshot.log_groups[log_group]
    return group.filters if isinstance(group, LogGroup) and isinstance(group.filters, tuple) else ()


def _after(snapshot: Snapshot, repairs: Iterable[Repairs]) -> Snapshot:
    for action in chain.from_iterable(repairs):
        snapshot = action.on(snapshot)
    return snapshot


def _any_alarm(topic: str, account: str | None = None) -> str:
    """The ARN of an alarm in the topic's region."""
    found = Arn.parse(topic)
    return f"arn:{found.partition}:cloudwatch:{found.region}:{account or found.account}:alarm:any"
