"""The plan: the fewest actions that make every blind region provable, and what only a person can do. Pure.

A repair is never trusted to help: the account is judged again as it would be after it. First every log group that is
ours to repair is repaired by what heals most, which shows the most that can be had. Then whatever that does not need is
left out again: whole log groups first, then, of those that are kept, each link that works already.
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
from blindspot.model.arn import Place, place_of
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
from blindspot.remediation import manual_tasks as tasks
from blindspot.remediation import ownership as naming
from blindspot.remediation.actions import PutAlarm, PutFilter, PutTopic, Repair, Subscribe
from blindspot.remediation.manual_tasks import Task
from blindspot.remediation.ownership import Metric, Owner, Owners
from blindspot.remediation.pattern_writer import refused_only, right, written
from blindspot.settings import Subscriber
from blindspot.verdict.assessment import Assessment, Verdict, assess
from filter_pattern import PatternSyntaxError, parse

Repairs = tuple[Repair, ...]

_MANY = 1000
"""Actions that a log group needs which heals no region by itself."""


@dataclass(frozen=True, slots=True)
class Planned:
    """An action, and the code of the gap that it closes."""

    action: Repair
    gap: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do, in this order, and what is left to people."""

    actions: tuple[Planned, ...] = ()
    for_a_person: tuple[Task, ...] = ()


def plan(
    assessment: Assessment,
    profile: Profile,
    owners: Owners,
    subscriber: Subscriber | None,
    disputed: Collection[str] = (),
) -> Plan:
    """The plan for an assessed account. Nothing is done about a region that is not surely blind.

    owners: whose the alarms and topics of our names are, in the places of the log groups.
    subscriber: whom to subscribe; None where the operator named nobody.
    disputed: as `assess` takes it.
    """
    if assessment.verdict is not Verdict.NON_COMPLIANT:
        return Plan(for_a_person=tuple(tasks.doubts(assessment)))
    return _Planner(assessment, profile, owners, subscriber, disputed).plan()


def trunks(snapshot: Snapshot) -> tuple[str, ...]:
    """The log groups that may be repaired: of our own account, read, of the Standard class, and fed by a trail."""
    fed = {trail.log_group_arn for trail in snapshot.trails}
    return tuple(
        arn
        for arn, group in snapshot.log_groups.items()
        if arn in fed
        and isinstance(group, LogGroup)
        and group.log_class == "STANDARD"
        and not isinstance(group.filters, Unreadable)
        and place_of(arn)[0] == snapshot.account
    )


def clicked(snapshot: Snapshot, owners: Owners | None = None, subscriber: Subscriber | None = None) -> Snapshot:
    """The account as it would be if everybody had confirmed: a click is a person's, and is not asked for again.

    Of our own topics only the subscriber is expected to: another endpoint is one that the stack named before.
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
    def __init__(
        self,
        assessment: Assessment,
        profile: Profile,
        owners: Owners,
        subscriber: Subscriber | None,
        disputed: Collection[str],
    ) -> None:
        self.assessment = assessment
        self.snapshot = assessment.snapshot
        self.profile = profile
        self.owners = owners
        self.subscriber = subscriber
        self.disputed = disputed
        self.pattern = written(profile)
        self.blind = {region.region for region in assessment.regions if region.verdict is Verdict.NON_COMPLIANT}
        self.fine = {region.region for region in assessment.regions if region.verdict is Verdict.COMPLIANT}
        self.about_refusals: dict[str, bool] = {}
        self.strongest: dict[str, Repairs] = {}
        self.judged: dict[object, frozenset[str]] = {}

    def plan(self) -> Plan:
        whole = {trunk: self.most(trunk) for trunk in trunks(self.snapshot)}
        best = self.healed(whole.values())
        for trunk in sorted(whole, key=self.worth):
            rest = {other: repairs for other, repairs in whole.items() if other != trunk}
            if self.healed(rest.values()) >= best:
                whole = rest
        for trunk in whole:
            others = [repairs for other, repairs in whole.items() if other != trunk]
            so_far = _after(self.snapshot, others)
            whole[trunk] = next(
                option for option in self.options(trunk, so_far) if self.healed([*others, option]) >= best
            )
        if not self.healed(whole.values()) >= self.fine:
            whole = {}
        actions = tuple(Planned(action, self.gap(trunk, action)) for trunk in whole for action in whole[trunk])
        return Plan(actions, tuple(dict.fromkeys(self.tasks(whole.values(), best))))

    def healed(self, repairs: Iterable[Repairs], trails: frozenset[str] | None = None) -> frozenset[str]:
        """The regions that would be COMPLIANT after these repairs and everybody's click. `trails`: those that are
        looked at, if not all."""
        repairs = tuple(repairs)
        key = tuple(chain.from_iterable(repairs)), trails
        if key not in self.judged:
            snapshot = self.clicked(_after(self.snapshot, repairs))
            if trails is not None:
                snapshot = replace(snapshot, trails=tuple(trail for trail in snapshot.trails if trail.arn in trails))
            found = assess(snapshot, self.profile).regions
            self.judged[key] = frozenset(each.region for each in found if each.verdict is Verdict.COMPLIANT)
        return self.judged[key]

    def clicked(self, snapshot: Snapshot) -> Snapshot:
        return clicked(snapshot, self.owners, self.subscriber)

    def worth(self, trunk: str) -> tuple[int, int]:
        """Those that are worth least are left out first: few regions, then many actions."""
        alone = self.alone(trunk, self.most(trunk))
        options = self.options(trunk, self.snapshot) if alone else iter(())
        needed = next((len(option) for option in options if self.alone(trunk, option) >= alone), _MANY)
        return self.seen(trunk), -needed

    def seen(self, trunk: str) -> int:
        """How many of the blind regions its trails observe."""
        trails = [trail for trail in self.snapshot.trails if trail.log_group_arn == trunk]
        return sum(any(observes(trail, region) for trail in trails) for region in self.blind)

    def alone(self, trunk: str, repairs: Repairs) -> frozenset[str]:
        """The regions that would be COMPLIANT by this log group alone."""
        own = frozenset(trail.arn for trail in self.snapshot.trails if trail.log_group_arn == trunk)
        return self.healed([repairs], own)

    def most(self, trunk: str) -> Repairs:
        """The repair that heals most by itself: that from end to end, unless it cannot be had and another does more."""
        if trunk not in self.strongest:
            most = self.whole(trunk)
            healed = self.alone(trunk, most)
            if len(healed) < self.seen(trunk):
                for option in self._options(trunk, self.snapshot):
                    if (by_option := self.alone(trunk, option)) > healed:
                        most, healed = option, by_option
            if not self.healed([most]) >= self.fine:
                # There is one alarm of ours in a place, and moving it would leave something unheard.
                keeping = (
                    option for option in self._options(trunk, self.snapshot) if self.healed([option]) >= self.fine
                )
                most = max(keeping, key=lambda option: len(self.alone(trunk, option)), default=())
            self.strongest[trunk] = most
        return self.strongest[trunk]

    def whole(self, trunk: str) -> Repairs:
        """The log group repaired from end to end, as far as it can be."""
        own = naming.own_metrics(self.profile.names)
        metric = next((metric for metric in own if not self.others_feed(metric, trunk)), own[-1])
        filters = self.filter_on(metric, trunk, self.snapshot)
        topic = self.own_topic(place_of(trunk))
        told = self.topic(topic, self.snapshot)
        heard = set(self.heard(trunk, _after(self.snapshot, [told]), self.metrics(trunk)))
        if topic not in heard:
            told, topic = (), min(heard, default=None)
        alarm = self.alarm_on(metric, topic, trunk, self.snapshot, [*filters, *told]) if topic else ()
        return (*filters, *told, *alarm)

    def own_topic(self, place: Place) -> str | None:
        """Our topic, be it there or not; None where nothing is known of it, or somebody else has its names."""
        arn = naming.chosen(naming.topic_arns([self.profile.names], self.snapshot.partition, place), self.owners)
        return None if arn is None or isinstance(self.snapshot.topics.get(arn), Unreadable) else arn

    def options(self, trunk: str, snapshot: Snapshot) -> Iterator[Repairs]:
        """Every way to repair the log group that may do, those of the fewest actions first, and among them those that
        keep to the filters that are there; the last is the one that does most."""
        found = dict.fromkeys(self._options(trunk, snapshot))
        yield from sorted(found, key=lambda repairs: (len(repairs), sum(action.link == "filter" for action in repairs)))
        yield self.most(trunk)

    def _options(self, trunk: str, snapshot: Snapshot) -> Iterator[Repairs]:
        existing = self.metrics(trunk)
        topic = self.own_topic(place_of(trunk))
        told = self.topic(topic, snapshot)
        own = naming.own_metrics(self.profile.names)
        metrics = dict.fromkeys([own[0], *existing, *own])
        heard = list(self.heard(trunk, snapshot, metrics))
        for metric in metrics:
            ways = [self.filter_on(metric, trunk, snapshot)]
            if metric in existing:
                ways.insert(0, ())
            for filters in ways:
                for other in heard:
                    yield (*filters, *self.alarm_on(metric, other, trunk, snapshot, filters))
                # Somebody may be subscribed to our topic already.
                for telling in ((), told, tuple(action for action in told if action.link == "topic")):
                    made = (*filters, *telling)
                    yield made
                    if topic:
                        yield (*made, *self.alarm_on(metric, topic, trunk, snapshot, made))

    def metrics(self, trunk: str) -> list[Metric]:
        """The metrics of the log group's filters that count refused calls alone, or are right as they are."""
        return list(
            dict.fromkeys(
                (found.namespace, found.metric)
                for found in _filters(self.snapshot, trunk)
                if self.is_about_refusals(found.pattern)
            )
        )

    def is_about_refusals(self, text: str) -> bool:
        if text not in self.about_refusals:
            try:
                pattern = parse(text)
            except PatternSyntaxError:
                return False
            self.about_refusals[text] = refused_only(pattern, self.profile) or right(pattern, self.profile)
        return self.about_refusals[text]

    def others_feed(self, metric: Metric, trunk: str) -> bool:
        """Whether a filter that is not ours feeds the metric in the log group's place."""
        place, ours = place_of(trunk), naming.filter_name(self.profile.names)
        groups = (arn for arn in self.snapshot.log_groups if place_of(arn) == place)
        own = (found for arn in groups for found in _filters(self.snapshot, arn))
        others = (found for _, found in self.snapshot.other_filters.get(place, ()))
        return any((found.namespace, found.metric) == metric and found.name != ours for found in chain(own, others))

    def filter_on(self, metric: Metric, trunk: str, snapshot: Snapshot) -> Repairs:
        """Our metric filter on that metric; nothing where it is there, or no pattern does what is asked."""
        if self.pattern is None:
            return ()
        wanted = MetricFilter(naming.filter_name(self.profile.names), self.pattern.text, *metric)
        there = _filters(snapshot, trunk)
        before = next((found for found in there if found.name == wanted.name), None)
        if before == wanted or (before and not naming.is_ours(before, there, self.profile)):
            return ()
        return (PutFilter(trunk, wanted, before),)

    def topic(self, arn: str | None, snapshot: Snapshot) -> Repairs:
        """Our topic with its subscription, as far as they are not there; nothing where nobody is to be subscribed."""
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

    def heard(self, trunk: str, snapshot: Snapshot, metrics: Collection[Metric]) -> Iterator[str]:
        """The topics from which somebody hears already: the source's own, and those that alarms on these metrics
        notify."""
        place = place_of(trunk)
        alarms = snapshot.alarms.get(place, ())
        named = list(naming.topic_arns([self.profile.names], snapshot.partition, place))
        for alarm in () if isinstance(alarms, Unreadable) else alarms:
            if isinstance(alarm, MetricAlarm | MathAlarm):
                on = {(query.namespace, query.metric) for query in queries(alarm)}
                named += [] if on.isdisjoint(metrics) else alarm.actions
        told = self.clicked(snapshot).topics
        for arn in dict.fromkeys(named):
            topic = told.get(arn)
            if isinstance(topic, Topic) and place_of(arn)[1] == place[1]:
                ringing = _any_alarm(arn, place[0])
                findings = (check_publish_access(arn, topic, ringing), check_subscriptions(topic, ringing))
                if findings == (HOLDS, HOLDS):
                    yield arn

    def alarm_on(self, metric: Metric, topic: str, trunk: str, snapshot: Snapshot, before: Iterable[Repair]) -> Repairs:
        """Our alarm on that metric, notifying that topic; nothing where it is there, or its names are taken.

        before: what must have been done for it to make sense.
        """
        place, settings = place_of(trunk), self.profile.alarm
        arn = naming.chosen(naming.alarm_arns([self.profile.names], snapshot.partition, place), self.owners)
        if arn is None:
            return ()
        wanted = MetricAlarm(
            arn,
            *metric,
            statistic=settings.statistic,
            comparison=settings.comparison,
            threshold=settings.threshold,
            period=settings.period,
            # The sources are silent on it; so it says OK at rest, where the default says INSUFFICIENT_DATA.
            missing_data="notBreaching",
            actions=(topic,),
        )
        alarms = snapshot.alarms.get(place, ())
        there = next((alarm for alarm in alarms if alarm.arn == arn), None) if isinstance(alarms, tuple) else None
        if isinstance(there, MetricAlarm) and replace(there, state=wanted.state, state_since=None) == wanted:
            return ()
        needs = tuple(repair.resource for repair in before if repair.link in ("filter", "topic"))
        return (PutAlarm(wanted, trunk, is_new=there is None, needs=needs),)

    def gap(self, trunk: str, action: Repair) -> str:
        """The code of the gap that the action closes: one that was found of that link, or that the link is missing."""
        found = (
            gap.code
            for region in self.assessment.regions
            for gap in region.gaps
            if gap.code.startswith(f"{action.link}.") and place_of(gap.resource) == place_of(trunk)
        )
        return next(found, f"{action.link}.missing")

    def tasks(self, repairs: Iterable[Repairs], best: frozenset[str]) -> Iterator[Task]:
        """What is left for people: the clicks that the plan rests on, then what it cannot mend, then what is unsure."""
        waiting = assess(_after(self.snapshot, repairs), self.profile)
        yield from tasks.clicks(waiting, best)
        if left := self.blind - best:
            obstacles = list(self.obstacles(left))
            yield from obstacles
            yield from tasks.gaps(self.assessment, left)
            if not obstacles:
                most = [self.most(trunk) for trunk in trunks(self.snapshot)]
                ours = {action.resource for action in chain.from_iterable(most)}
                as_set = assess(self.clicked(_after(self.snapshot, most)), self.profile)
                yield from (task for task in tasks.gaps(as_set, left) if task.resource in ours)
        yield from tasks.doubts(waiting)

    def obstacles(self, left: Collection[str]) -> Iterator[Task]:
        """What keeps us from repairing a log group that might help."""
        for trunk in trunks(self.snapshot):
            there = _filters(self.snapshot, trunk)
            for found in there:
                ours = found.name == naming.filter_name(self.profile.names)
                if ours and not naming.is_ours(found, there, self.profile):
                    yield tasks.taken("filter", [filter_resource(trunk, found.name)], left)
        for place in dict.fromkeys(map(place_of, trunks(self.snapshot))):
            for kind, arns in (("alarm", naming.alarm_arns), ("topic", naming.topic_arns)):
                names = arns([self.profile.names], self.snapshot.partition, place)
                if naming.chosen(names, self.owners) is None:
                    yield tasks.taken(kind, names, left)
        if self.pattern is None:
            yield tasks.no_pattern(self.profile, left)
        if self.subscriber is None and trunks(self.snapshot):
            yield tasks.nobody_to_subscribe(left)


def _filters(snapshot: Snapshot, log_group: str) -> tuple[MetricFilter, ...]:
    """The filters of a log group, as far as they are known."""
    group = snapshot.log_groups[log_group]
    return group.filters if isinstance(group, LogGroup) and isinstance(group.filters, tuple) else ()


def _after(snapshot: Snapshot, repairs: Iterable[Repairs]) -> Snapshot:
    for action in chain.from_iterable(repairs):
        snapshot = action.on(snapshot)
    return snapshot


def _any_alarm(topic: str, account: str | None = None) -> str:
    """An alarm in the topic's region."""
    owner, region = place_of(topic)
    return f"arn:{topic.split(':')[1]}:cloudwatch:{region}:{account or owner}:alarm:any"
