"""The paths from a log group on: metric filter -> alarm -> topic -> subscription, or straight to a SIEM.

They are the same for every trail that delivers to the log group and in every region, so each is worked out once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from blindspot.chain import composite_alarm as alarm_rule
from blindspot.chain import metric_alarm as firing
from blindspot.chain import topic as delivery
from blindspot.chain.metric_alarm import Feed
from blindspot.chain.metric_filter import (
    Counting,
    adding,
    feeding,
    filter_resource,
    filter_title,
    narrowing,
    system_fields,
)
from blindspot.languages.selection_criteria import selects
from blindspot.model.findings import Doubt, Finding, Gap, short, unread
from blindspot.model.profile import Profile
from blindspot.model.snapshot import (
    UNKNOWN_KIND,
    Alarm,
    CompositeAlarm,
    LogGroup,
    MathAlarm,
    MetricAlarm,
    MetricFilter,
    MetricQuery,
    OtherAlarm,
    Place,
    Snapshot,
    SubscriptionFilter,
    Unreadable,
    place_of,
)
from filter_pattern import ALWAYS, Pattern, Predicate

EVERYTHING = ALWAYS


@dataclass(frozen=True, slots=True)
class Tail:
    """A path from its log group on, as far as it goes.

    alarm, topic: ARNs; `filter` is a name; `subscription` is an ARN, of a SIEM's destination where no alarm is on the
        path. None where the path has ended.
    pattern: what the filter matches, None where there is no filter or it cannot be read.
    scope: what else holds of the events that come through.
    gap: the first broken link. doubts: what else keeps the path from being surely whole.
    """

    filter: str | None = None
    alarm: str | None = None
    topic: str | None = None
    subscription: str | None = None
    pattern: Pattern | None = None
    scope: Predicate = EVERYTHING
    gap: Gap | None = None
    doubts: tuple[Doubt, ...] = ()

    def then(self, *findings: Finding) -> Tail:
        """The same path with what was found of its next links; only the first gap counts."""
        gaps = [finding for finding in findings if isinstance(finding, Gap)]
        doubts = tuple(finding for finding in findings if isinstance(finding, Doubt))
        return replace(self, gap=self.gap or next(iter(gaps), None), doubts=self.doubts + doubts)

    @property
    def surely_rings(self) -> bool:
        """Whether the alarm at its end rings for every match of the filter."""
        return self.gap is None and not self.doubts and self.scope == EVERYTHING

    @property
    def never_rests(self) -> bool:
        """Whether the alarm at its end is known not to come to rest."""
        return self.gap is not None and self.gap.code in ("alarm.latches", "filter.noise")

    def through(self, pattern: Pattern | Doubt) -> Tail:
        """The same path through a filter with this pattern."""
        return self.then(pattern) if isinstance(pattern, Doubt) else replace(self, pattern=pattern)


Filter = tuple[LogGroup, MetricFilter]
Ringing = MetricAlarm | MathAlarm | CompositeAlarm


@dataclass(frozen=True, slots=True)
class _Fed:
    """The filters that feed a metric, and what they do to every alarm on it.

    scopes: by log group and name of a filter, which of its matches reach the metric.
    """

    filters: tuple[Filter, ...]
    scopes: Mapping[tuple[str, str], Predicate | Doubt]
    findings: tuple[Finding, ...]


class Tails:
    """The paths from each log group of an account on."""

    def __init__(self, snapshot: Snapshot, profile: Profile, disputed: Collection[str]) -> None:
        self._snapshot = snapshot
        self._profile = profile
        self._counting = Counting(snapshot, profile, disputed)
        self._known: dict[str, tuple[Tail, ...]] = {}
        self._feeds: dict[tuple[MetricQuery, Place], _Fed] = {}
        self._fired: dict[object, Finding] = {}
        self._rests: dict[Place, dict[str, bool]] = {}
        self._filters: defaultdict[tuple[Place, str, str], list[Filter]] = defaultdict(list)
        for group in snapshot.log_groups.values():
            if isinstance(group, LogGroup) and not isinstance(group.filters, Unreadable):
                for found in group.filters:
                    self._filters[place_of(group.arn), found.namespace, found.metric].append((group, found))
        for place, others in snapshot.other_filters.items():
            for arn, found in others:
                self._filters[place, found.namespace, found.metric].append((LogGroup(arn, (found,)), found))
        self._alarms = {
            place: alarms if isinstance(alarms, Unreadable) else _Alarms(alarms)
            for place, alarms in snapshot.alarms.items()
        }

    def of(self, log_group_arn: str) -> tuple[Tail, ...]:
        """Every path from that log group on; at least one."""
        if log_group_arn not in self._known:
            self._known[log_group_arn] = tuple(self._from_log_group(log_group_arn))
        return self._known[log_group_arn]

    def _from_log_group(self, arn: str) -> Iterator[Tail]:
        group = self._snapshot.log_groups[arn]
        if group is None:
            said = f"Log group {short(arn)}, to which the trail delivers, does not exist."
            yield Tail().then(Gap("log-group.missing", arn, said))
            return
        if isinstance(group, Unreadable):
            yield Tail().then(unread(arn, group))
            return
        tail = Tail().then(_class(group))
        yield from self._to_siem(tail, group)
        yield from self._to_log_alarms(tail, group)
        if isinstance(group.filters, Unreadable):
            yield tail.then(unread(arn, group.filters))
        elif not group.filters:
            yield tail.then(Gap("filter.missing", arn, f"Log group {short(arn)} has no metric filter."))
        else:
            for metric_filter in group.filters:
                yield from self._from_filter(tail, group, metric_filter)

    def _to_log_alarms(self, tail: Tail, group: LogGroup) -> Iterator[Tail]:
        """The paths of alarms that query the log group itself."""
        alarms = self._alarms.get(place_of(group.arn))
        for other in alarms.naming({short(group.arn)}) if isinstance(alarms, _Alarms) else ():
            said = f"{short(other.arn)} refers to this log group, and such an alarm is not worked out."
            yield replace(tail, alarm=other.arn).then(Doubt("alarm.unclear", other.arn, said))

    def _to_siem(self, tail: Tail, group: LogGroup) -> Iterator[Tail]:
        """The paths of the group's subscription filters, and of its account's, to the destinations that count."""
        if not self._profile.siem_destinations:
            return
        of_account = self._snapshot.subscription_policies.get(place_of(group.arn), ())
        fields = {**system_fields(group), "LogGroupName": short(group.arn)}
        for filters in (group.subscriptions, of_account):
            if isinstance(filters, Unreadable):
                yield tail.then(unread(group.arn, filters))
                continue
            for found in filters:
                chosen = selects(found.selection, fields)
                if found.destination in self._profile.siem_destinations and chosen is not False:
                    yield self._to_destination(tail, group, found, chosen=chosen)

    def _to_destination(self, tail: Tail, group: LogGroup, found: SubscriptionFilter, *, chosen: bool | None) -> Tail:
        title = filter_title(group.arn, found.name)
        tail = replace(tail, filter=found.name, subscription=found.destination)
        if chosen is None or found.on_transformed_logs:
            said = f"Which log events subscription filter {title} sends is not worked out."
            tail = tail.then(Doubt("siem.misses", group.arn, said))
        return tail.through(self._counting.pattern(group.arn, f"subscription filter {title}", found.pattern))

    def _from_filter(self, tail: Tail, group: LogGroup, metric_filter: MetricFilter) -> Iterator[Tail]:
        resource, title = filter_resource(group.arn, metric_filter.name), filter_title(group.arn, metric_filter.name)
        pattern = self._counting.pattern(resource, f"metric filter {title}", metric_filter.pattern)
        tail = replace(tail, filter=metric_filter.name).through(pattern)
        tail = tail.then(narrowing(group, metric_filter))
        place = place_of(group.arn)
        alarms = self._alarms.get(place, Unreadable("cloudwatch:DescribeAlarms", place[1], "NotRead"))
        if isinstance(alarms, Unreadable):
            yield tail.then(unread(group.arn, alarms))
            return
        rung: dict[Ringing, Tail] = {}
        for alarm in alarms.on(metric_filter):
            watching = self._watching(tail, group, metric_filter, alarm)
            if watching is not None:
                rung[alarm] = watching
        fed = self._fed_alarms(place) if alarms.composite else {}
        rung = {**rung, **_composites(alarms.composite, tail, rung, fed, alarms.in_alarm)}
        for ringing, path in rung.items():
            if ringing.actions or not _is_part(ringing, rung):
                yield from self._acting(path.then(alarms.suppressing(ringing, rung, fed)), ringing)
        referring = alarms.referring(metric_filter, (ringing.arn for ringing in rung))
        for other in referring:
            said = f"{short(other.arn)} refers to this metric, and such an alarm is not worked out."
            yield replace(tail, alarm=other.arn).then(Doubt("alarm.unclear", other.arn, said))
        if not rung and not referring:
            said = f"No alarm in {place[1]} watches the metric of filter {title}."
            noise = self._counting.noise(group, metric_filter, EVERYTHING)
            yield tail.then(noise, _worthless(group, metric_filter), Gap("alarm.missing", resource, said))

    def _fed_alarms(self, place: Place) -> Mapping[str, bool]:
        """The alarms of a place on metrics that its metric filters feed: they may ring with any other. With it, whether
        they surely come to rest again."""
        if place not in self._rests:
            alarms = self._alarms[place]
            self._rests[place] = {
                alarm.arn: alarm.missing_data not in ("ignore", "breaching") and not self._disturbed(alarm, place)
                for alarm in (() if isinstance(alarms, Unreadable) else alarms.on_numbers)
                if any(self._filters[place, query.namespace, query.metric] for query in firing.queries(alarm))
            }
        return self._rests[place]

    def _disturbed(self, alarm: MetricAlarm | MathAlarm, place: Place) -> bool:
        """Whether a filter that feeds the alarm may keep it from resting."""
        return any(self._fed(query, place).findings for query in firing.queries(alarm) if not query.expression)

    def _watching(
        self, tail: Tail, group: LogGroup, metric_filter: MetricFilter, alarm: MetricAlarm | MathAlarm
    ) -> Tail | None:
        """The path to an alarm on the filter's metric, None where none of the filter's data reach it."""
        fed = {query: self._fed(query, place_of(group.arn)) for query in firing.metrics(alarm)}
        own = group.arn, metric_filter.name
        reached = [each.scopes[own] for each in fed.values() if own in each.scopes]
        if not reached:
            return None
        scope = (
            reached[0]
            if len(set(reached)) == 1
            else Doubt("alarm.unclear", alarm.arn, f"Alarm {short(alarm.arn)} watches the metric in several ways.")
        )
        tail = replace(tail, alarm=alarm.arn)
        tail = tail.then(scope) if isinstance(scope, Doubt) else replace(tail, scope=scope)
        tail = tail.then(*dict.fromkeys(finding for each in fed.values() for finding in each.findings))
        if unread_beside := self._unread_beside(group, alarm):
            return tail.then(unread_beside)
        # Filters that add alike make the alarm do alike.
        like = alarm, group.arn, replace(metric_filter, name="", pattern="")
        if like not in self._fired:
            self._fired[like] = self._firing(group, metric_filter, alarm, fed)
        found = self._fired[like]
        return tail.then(_worthless(group, metric_filter) if isinstance(found, Gap) else None, found)

    def _fed(self, query: MetricQuery, place: Place) -> _Fed:
        """What feeds the metric; the same for every filter that does."""
        if (query, place) not in self._feeds:
            filters = self._filters[place, query.namespace, query.metric]
            scopes = ((group, found, feeding(query, group, found)) for group, found in filters)
            feeds = [(group, found, scope) for group, found, scope in scopes if scope is not None]
            self._feeds[query, place] = _Fed(
                tuple((group, found) for group, found, _ in feeds),
                {(group.arn, found.name): scope for group, found, scope in feeds},
                tuple(dict.fromkeys(finding for feed in feeds for finding in self._does(*feed))),
            )
        return self._feeds[query, place]

    def _does(self, group: LogGroup, metric_filter: MetricFilter, scope: Predicate | Doubt) -> Iterator[Finding]:
        """What a filter does to every alarm on a metric that it feeds."""
        yield self._counting.noise(group, metric_filter, EVERYTHING if isinstance(scope, Doubt) else scope)
        if isinstance(scope, Doubt) or narrowing(group, metric_filter) is not None:
            said = (
                f"How metric filter {filter_title(group.arn, metric_filter.name)} adds to its metric is not worked out."
            )
            yield Doubt("filter.narrowed", filter_resource(group.arn, metric_filter.name), said)

    def _unread_beside(self, group: LogGroup, alarm: MetricAlarm | MathAlarm) -> Doubt | None:
        """The filters of a log group beside this one, if they are unread: they might feed the same metric."""
        for arn, other in self._snapshot.log_groups.items():
            read = other if isinstance(other, Unreadable) else other.filters if other else None
            if place_of(arn) == place_of(group.arn) and isinstance(read, Unreadable):
                said = f"Unread filters of log group {short(arn)} might add to the metric of alarm {short(alarm.arn)}."
                return Doubt("alarm.unclear", alarm.arn, said)
        return None

    def _firing(
        self,
        group: LogGroup,
        metric_filter: MetricFilter,
        alarm: MetricAlarm | MathAlarm,
        fed: Mapping[MetricQuery, _Fed],
    ) -> Finding:
        """Whether the alarm fires on what this filter counts, and rests."""
        feeds: dict[MetricQuery, list[Feed]] = {query: [] for query in fed}
        for query, each in fed.items():
            for at, other in each.filters:
                value = adding(at, other)
                if isinstance(value, Doubt):
                    return value
                default = None if other.default is None else Fraction(other.default)
                feeds[query].append(Feed(value, default, own=other is metric_filter, local=at.arn == group.arn))
        return firing.firing(alarm, feeds, self._profile.calls_to_alarm)

    def _acting(self, tail: Tail, alarm: Ringing) -> Iterator[Tail]:
        """The path on from an alarm: one for each of its actions that counts."""
        accepted = self._profile.accepted_actions
        tail = tail.then(firing.acting(alarm, accepted, self._snapshot.mute_rules.get(place_of(alarm.arn), ())))
        actions = firing.accepted_actions(alarm, accepted)
        for arn in actions:
            yield self._to_topic(tail, alarm, arn) if arn.split(":")[2] == "sns" else replace(tail, topic=arn)
        if not actions:
            yield tail

    def _to_topic(self, tail: Tail, alarm: Ringing, arn: str) -> Tail:
        topic = self._snapshot.topics.get(arn, Unreadable("sns:GetTopicAttributes", place_of(alarm.arn)[1], "NotRead"))
        tail = replace(tail, topic=arn).then(delivery.letting_in(arn, topic, alarm.arn))
        if topic is None or isinstance(topic, Unreadable):
            return tail
        if not isinstance(topic.subscriptions, Unreadable):
            confirmed = (subscription.arn for subscription in topic.subscriptions if subscription.arn)
            tail = replace(tail, subscription=next(confirmed, None))
        return tail.then(delivery.reaching(topic, alarm.arn))


class _Alarms:
    """The alarms of one place, found by what they are on."""

    def __init__(self, alarms: Collection[Alarm]) -> None:
        self.in_alarm = frozenset(alarm.arn for alarm in alarms if alarm.state == "ALARM")
        self.on_numbers = [alarm for alarm in alarms if isinstance(alarm, MetricAlarm | MathAlarm)]
        self._ringing = {name: alarm.state == "ALARM" for alarm in alarms for name in (alarm.arn, short(alarm.arn))}
        self.composite: list[CompositeAlarm] = []
        self._on: defaultdict[tuple[str, str], list[MetricAlarm | MathAlarm]] = defaultdict(list)
        self._other: list[OtherAlarm] = []
        for alarm in alarms:
            match alarm:
                case CompositeAlarm():
                    self.composite.append(alarm)
                case OtherAlarm():
                    self._other.append(alarm)
                case MetricAlarm() | MathAlarm():
                    for metric in {(query.namespace, query.metric) for query in firing.queries(alarm)}:
                        self._on[metric].append(alarm)

    def on(self, metric_filter: MetricFilter) -> list[MetricAlarm | MathAlarm]:
        """Those on the filter's metric, whatever its dimensions."""
        return self._on[metric_filter.namespace, metric_filter.metric]

    def suppressing(self, alarm: Ringing, rung: Mapping[Ringing, Tail], fed: Collection[str]) -> Finding:
        """Whether an alarm that rings holds back the actions of a composite alarm when these alarms ring.

        fed: the alarms that may ring with them.
        """
        if not isinstance(alarm, CompositeAlarm) or alarm.suppressor is None:
            return None
        names = {alarm.suppressor, f"{':'.join(alarm.arn.split(':')[:6])}:{alarm.suppressor}"}
        path = next((path for other, path in rung.items() if other.arn in names), None)
        rings = self._ringing.get(alarm.suppressor)
        if rings or (path and path.surely_rings):
            said = f"The actions of alarm {short(alarm.arn)} are held back while alarm {short(alarm.suppressor)} rings."
            return Gap("alarm.muted", alarm.arn, said)
        if (path and path.gap is None) or (path is None and (rings is None or not names.isdisjoint(fed))):
            said = f"Alarm {short(alarm.suppressor)} may ring too, and hold back {short(alarm.arn)}'s actions."
            return Doubt("alarm.muted", alarm.arn, said)
        return None

    def referring(self, metric_filter: MetricFilter, rung: Iterable[str]) -> list[OtherAlarm]:
        """Those that are not worked out and name the metric, or one of the alarms on it."""
        named = self.naming({metric_filter.metric, *map(short, rung)})
        metric = (metric_filter.namespace, metric_filter.metric)
        return [
            other for other in self._other if other.kind == UNKNOWN_KIND or metric in other.metrics or other in named
        ]

    def naming(self, names: Collection[str]) -> list[OtherAlarm]:
        """Those that are not worked out and have one of these names in what they say."""
        return [other for other in self._other if any(name in other.mentions for name in names)]


def _composites(
    composites: Iterable[CompositeAlarm],
    tail: Tail,
    rung: Mapping[Ringing, Tail],
    fed: Mapping[str, bool],
    in_alarm: Collection[str],
) -> dict[Ringing, Tail]:
    """The paths to the composite alarms that ask for one of these alarms or, in turn, for such a composite alarm.

    fed: the alarms that may ring with them, and whether they surely rest again. in_alarm: those that ring now.
    """
    found: dict[Ringing, Tail] = {}
    while True:
        alive = {alarm.arn: path for alarm, path in (*rung.items(), *found.items()) if path.gap is None}
        more = (one for one in composites if one not in found and alarm_rule.asks_for(one, alive))
        composite = next(more, None)
        if composite is None:
            return found
        sure = {arn for arn, path in alive.items() if path.surely_rings}
        deaf = {arn for arn, path in ((a.arn, p) for a, p in (*rung.items(), *found.items())) if path.never_rests}
        unsettled = {*in_alarm, *deaf, *(arn for arn, rests in fed.items() if not rests)}
        still = {a.arn for a, path in rung.items() if path.gap and not path.never_rests}
        ringing = alarm_rule.ringing(composite, sure, {*alive, *fed} - still, unsettled - still)
        found[composite] = replace(tail, alarm=composite.arn).then(ringing)


def _is_part(alarm: Ringing, rung: Iterable[Ringing]) -> bool:
    """Whether a composite alarm among these asks for the alarm, and acts in its stead."""
    return any(isinstance(other, CompositeAlarm) and alarm_rule.asks_for(other, {alarm.arn}) for other in rung)


def _class(group: LogGroup) -> Finding:
    """Whether filters work on log groups of this class."""
    if isinstance(group.log_class, Unreadable):
        return unread(group.arn, group.log_class)
    if group.log_class == "STANDARD":
        return None
    said = f"Log group {short(group.arn)} is of class {group.log_class}, in which no metric filter works."
    if group.log_class in ("INFREQUENT_ACCESS", "DELIVERY"):
        return Gap("log-group.class", group.arn, said)
    said = f"Log group {short(group.arn)} is of class {group.log_class}, which may not support metric filters."
    return Doubt("log-group.class", group.arn, said)


def _worthless(group: LogGroup, metric_filter: MetricFilter) -> Finding:
    """Whether a match adds nothing, or less."""
    value = adding(group, metric_filter)
    if isinstance(value, Doubt) or value > 0:
        return None
    title = filter_title(group.arn, metric_filter.name)
    said = f"Metric filter {title} adds {metric_filter.value} for each match."
    return Gap("filter.value", filter_resource(group.arn, metric_filter.name), said)
