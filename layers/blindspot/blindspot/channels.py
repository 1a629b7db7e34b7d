"""Channels: every path trail -> log group -> metric filter -> alarm -> topic -> subscription, judged link by link.

All but the trail's own links are the same in every region, so the rest of each path is worked out once, as a `_Tail`;
`channels` puts the trails that observe a region before them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from math import isfinite

from blindspot import cloudtrail, delivery, firing, recording
from blindspot.gaps import Doubt, Finding, Gap, short, unread
from blindspot.profile import Profile
from blindspot.snapshot import (
    UNKNOWN_KIND,
    Alarm,
    LogGroup,
    MetricAlarm,
    MetricFilter,
    OtherAlarm,
    Snapshot,
    Trail,
    Unreadable,
)
from filter_pattern import All, Any, Pattern, PatternSyntaxError, Predicate, Undecided, find, parse


@dataclass(frozen=True, slots=True)
class Channel:
    """One path, as far as it goes.

    trail, log_group, alarm, topic, subscription: ARNs; `filter` is a name. None where the path has ended.
    pattern: the filter's pattern; None where there is no filter or it cannot be read.
    gap: the first broken link, None where none is known to be broken.
    doubts: what else keeps it from being surely whole.
    recorded: the events of the region that its trail may record.
    surely, possibly: the two bounds of the events that it brings to somebody.
    """

    trail: str
    log_group: str | None
    filter: str | None
    alarm: str | None
    topic: str | None
    subscription: str | None
    pattern: Pattern | None
    gap: Gap | None
    doubts: tuple[Doubt, ...]
    recorded: Predicate
    surely: Predicate
    possibly: Predicate

    @property
    def whole(self) -> Predicate:
        """The events that it might bring to somebody if its links held."""
        return All(self.recorded, self.pattern or All())


class Channels:
    """The channels of an account, region by region."""

    def __init__(self, snapshot: Snapshot, profile: Profile) -> None:
        self._snapshot = snapshot
        self._tails = _Tails(snapshot, profile)
        self._known: dict[object, tuple[Channel, ...]] = {}

    def of(self, region: str | None) -> tuple[Channel, ...]:
        """The channels of every trail that observes the region; None stands for a region that is enabled later.

        Regions in which the same trails record the same get the same tuple.
        """
        trails = tuple(trail for trail in self._snapshot.trails if recording.observes(trail, region))
        key = (trails, region in cloudtrail.GLOBAL_REGIONS)
        if key not in self._known:
            self._known[key] = tuple(channel for trail in trails for channel in self._of_trail(trail, region))
        return self._known[key]

    def _of_trail(self, trail: Trail, region: str | None) -> Iterator[Channel]:
        found = (
            recording.logging(trail),
            recording.selecting(trail),
            recording.delivering(trail, self._snapshot.read_at),
        )
        head = _Tail().then(*found)
        tails = self._tails.of(trail.log_group_arn) if trail.log_group_arn else (_Tail(),)
        recorded = recording.possibly_recorded(trail, region)
        for tail in tails:
            gap, doubts = head.gap or tail.gap, head.doubts + tail.doubts
            seen = tail.pattern or All()
            yield Channel(
                trail=trail.arn,
                log_group=trail.log_group_arn,
                filter=tail.filter,
                alarm=tail.alarm,
                topic=tail.topic,
                subscription=tail.subscription,
                pattern=tail.pattern,
                gap=gap,
                doubts=doubts,
                recorded=recorded,
                surely=Any() if gap or doubts else All(recording.surely_recorded(trail), seen),
                possibly=Any() if gap else All(recorded, seen),
            )


@dataclass(frozen=True, slots=True)
class _Tail:
    """A path from its log group on."""

    filter: str | None = None
    alarm: str | None = None
    topic: str | None = None
    subscription: str | None = None
    pattern: Pattern | None = None
    gap: Gap | None = None
    doubts: tuple[Doubt, ...] = ()

    def then(self, *findings: Finding) -> _Tail:
        """The same path with what was found of its next links; only the first gap counts."""
        gaps = [finding for finding in findings if isinstance(finding, Gap)]
        doubts = tuple(finding for finding in findings if isinstance(finding, Doubt))
        return replace(self, gap=self.gap or next(iter(gaps), None), doubts=self.doubts + doubts)


class _Tails:
    """The paths from each log group on."""

    def __init__(self, snapshot: Snapshot, profile: Profile) -> None:
        self.snapshot = snapshot
        self.profile = profile
        self.known: dict[str, tuple[_Tail, ...]] = {}
        self.patterns: dict[tuple[str, MetricFilter], Pattern | Doubt] = {}

    def of(self, log_group_arn: str) -> tuple[_Tail, ...]:
        if log_group_arn not in self.known:
            self.known[log_group_arn] = tuple(self._from_log_group(log_group_arn))
        return self.known[log_group_arn]

    def _from_log_group(self, arn: str) -> Iterator[_Tail]:
        group = self.snapshot.log_groups[arn]
        if group is None:
            yield _Tail().then(
                Gap("log-group.missing", arn, f"Log group {short(arn)}, to which the trail delivers, does not exist.")
            )
        elif isinstance(group, Unreadable):
            yield _Tail().then(unread(arn, group))
        elif isinstance(group.filters, Unreadable):
            yield _Tail().then(unread(arn, group.filters))
        elif not group.filters:
            yield _Tail().then(Gap("filter.missing", arn, f"Log group {short(arn)} has no metric filter."))
        else:
            for metric_filter in group.filters:
                yield from self._from_filter(group, metric_filter)

    def _from_filter(self, group: LogGroup, metric_filter: MetricFilter) -> Iterator[_Tail]:
        pattern = self._pattern(group, metric_filter)
        tail = _Tail(filter=metric_filter.name).then(
            _counting(group, metric_filter),
            self._noise(group, metric_filter),
            pattern if isinstance(pattern, Doubt) else None,
        )
        if isinstance(pattern, Pattern):
            tail = replace(tail, pattern=pattern)
        region = _region(group.arn)
        alarms = self.snapshot.alarms[region]
        if isinstance(alarms, Unreadable):
            yield tail.then(unread(group.arn, alarms))
            return
        watching = [alarm for alarm in alarms if isinstance(alarm, MetricAlarm) and _watches(alarm, metric_filter)]
        referring = list(_referring(alarms, metric_filter, group, watching))
        for alarm in watching:
            yield from self._from_alarm(tail, group, metric_filter, alarm)
        for other in referring:
            yield replace(tail, alarm=other.arn).then(
                Doubt(
                    other.arn,
                    f"{short(other.arn)} refers to this metric or log group; a {other.kind} is not worked out yet.",
                )
            )
        if not watching and not referring:
            resource, title = (
                filter_resource(group.arn, metric_filter.name),
                filter_title(group.arn, metric_filter.name),
            )
            yield tail.then(
                Gap("alarm.missing", resource, f"No alarm in {region} watches the metric of filter {title}.")
            )

    def _from_alarm(
        self, tail: _Tail, group: LogGroup, metric_filter: MetricFilter, alarm: MetricAlarm
    ) -> Iterator[_Tail]:
        feeding = [found for found in self._feeding(group, metric_filter) if _watches(alarm, found[1])]
        tail = replace(tail, alarm=alarm.arn).then(
            *(finding for feed in feeding for finding in self._adding(*feed, metric_filter)),
            self._unread_feeding(group, alarm),
            self._firing(group, metric_filter, alarm, feeding),
            firing.acting(alarm, self.profile.accepted_actions),
        )
        actions = firing.accepted_actions(alarm, self.profile.accepted_actions)
        for arn in actions:
            yield self._from_action(tail, alarm, arn) if arn.split(":")[2] == "sns" else replace(tail, topic=arn)
        if not actions:
            yield tail

    def _firing(
        self,
        group: LogGroup,
        metric_filter: MetricFilter,
        alarm: MetricAlarm,
        feeding: list[tuple[LogGroup, MetricFilter]],
    ) -> Finding:
        """Whether the alarm fires and rests, where that follows from this filter; others may add to the same metric."""
        value = _number(metric_filter.value)
        if value is None or value <= 0:
            return None
        if any(other.default is not None and at.arn != group.arn for at, other in feeding):
            return Doubt(alarm.arn, f"Another log group's default value enters the metric of alarm {short(alarm.arn)}.")
        defaults = {other.default for _, other in feeding if other.default is not None}
        found = firing.firing(alarm, value, defaults, self.profile.calls_to_alarm)
        grows = alarm.statistic in ("Sum", "SampleCount", "Maximum") and alarm.comparison.startswith("Greater")
        alone = len(feeding) == 1 and self._unread_feeding(group, alarm) is None
        if alone or (found is None and grows):
            return found
        return Doubt(alarm.arn, f"How several filters together move alarm {short(alarm.arn)} is not worked out yet.")

    def _from_action(self, tail: _Tail, alarm: MetricAlarm, arn: str) -> _Tail:
        region = _region(alarm.arn)
        topic = self.snapshot.topics.get(arn, Unreadable("sns:GetTopicAttributes", region, "NotRead"))
        tail = replace(tail, topic=arn).then(
            delivery.letting_in(arn, topic, region=region, account=self.snapshot.account)
        )
        if topic is None or isinstance(topic, Unreadable):
            return tail
        if not isinstance(topic.subscriptions, Unreadable):
            confirmed = (subscription.arn for subscription in topic.subscriptions if subscription.arn)
            tail = replace(tail, subscription=next(confirmed, None))
        return tail.then(delivery.reaching(topic))

    def _feeding(self, group: LogGroup, metric_filter: MetricFilter) -> Iterator[tuple[LogGroup, MetricFilter]]:
        """Every metric filter read that adds to the same metric, this one included."""
        for other_group in self.snapshot.log_groups.values():
            if not isinstance(other_group, LogGroup) or isinstance(other_group.filters, Unreadable):
                continue
            if _region(other_group.arn) != _region(group.arn):
                continue
            for other in other_group.filters:
                if (other.namespace, other.metric) == (metric_filter.namespace, metric_filter.metric):
                    yield other_group, other

    def _adding(self, group: LogGroup, other: MetricFilter, metric_filter: MetricFilter) -> Iterator[Finding]:
        """What another filter on the same metric does to the alarm."""
        yield self._noise(group, other)
        if other is not metric_filter and _counting(group, other) is not None:
            resource, title = filter_resource(group.arn, other.name), filter_title(group.arn, other.name)
            yield Doubt(resource, f"How metric filter {title} adds to the same metric is not worked out yet.")

    def _unread_feeding(self, group: LogGroup, alarm: MetricAlarm) -> Finding:
        """A log group beside this one whose filters are unread might count ordinary events for the same metric."""
        for arn, other in self.snapshot.log_groups.items():
            read = other if isinstance(other, Unreadable) else other.filters if other else None
            same_place = _region(arn) == _region(group.arn) and _account(arn) == _account(group.arn)
            if same_place and isinstance(read, Unreadable):
                return Doubt(
                    alarm.arn,
                    f"Unread filters of log group {short(arn)} might add to the metric of alarm {short(alarm.arn)}.",
                )
        return None

    def _noise(self, group: LogGroup, metric_filter: MetricFilter) -> Finding:
        """Whether the filter counts ordinary events that a trail delivers to its log group."""
        pattern = self._pattern(group, metric_filter)
        if not self.profile.noise_breaks:
            return None
        if isinstance(pattern, Doubt):
            return pattern
        trails = [trail for trail in self.snapshot.trails if trail.log_group_arn == group.arn]
        resource, title = filter_resource(group.arn, metric_filter.name), filter_title(group.arn, metric_filter.name)
        possible = None
        for event in self._ordinary(group, metric_filter):
            if not pattern.matches(event):
                continue
            what = f"{event['eventSource']} {event['eventName']}"
            if any(recording.surely_recorded(trail).matches(event) for trail in trails):
                message = f"Metric filter {title} counts ordinary calls such as {what}; its alarm never rests."
                return Gap("filter.noise", resource, message)
            if any(recording.possibly_recorded(trail, None).matches(event) for trail in trails):
                possible = Doubt(resource, f"Metric filter {title} may count ordinary calls such as {what}.")
        return possible

    def _pattern(self, group: LogGroup, metric_filter: MetricFilter) -> Pattern | Doubt:
        """The filter's pattern, read and decided once."""
        key = (group.arn, metric_filter)
        if key not in self.patterns:
            self.patterns[key] = self._read(group, metric_filter)
        return self.patterns[key]

    def _read(self, group: LogGroup, metric_filter: MetricFilter) -> Pattern | Doubt:
        """AWS stores no invalid pattern, so one that cannot be read is our limit and may match anything."""
        name = filter_title(group.arn, metric_filter.name)
        resource = filter_resource(group.arn, metric_filter.name)
        try:
            pattern = parse(metric_filter.pattern)
        except PatternSyntaxError as error:
            return Doubt(resource, f"The pattern of metric filter {name} is not worked out yet. {error.message}")
        alone = find(pattern, cloudtrail.records(account=self.snapshot.account, region=None))
        if isinstance(alone, Undecided) and alone.too_large:
            return Doubt(resource, f"The pattern of metric filter {name} cannot be decided: {alone.reason}.")
        return pattern

    def _ordinary(self, group: LogGroup, metric_filter: MetricFilter) -> Iterator[dict[str, object]]:
        regions = [_region(group.arn)]
        if "awsRegion" in metric_filter.pattern and not isinstance(self.snapshot.regions, Unreadable):
            regions += [region for region in self.snapshot.regions if region not in regions]
        for region in regions:
            yield from map(dict, cloudtrail.ordinary(account=self.snapshot.account, region=region))


def filter_resource(log_group_arn: str, name: str) -> str:
    """How a gap names a metric filter, which has no ARN of its own."""
    return f"{log_group_arn}:metric-filter:{name}"


def filter_title(log_group_arn: str, name: str) -> str:
    """How a sentence names it: filters of one name stand on many log groups."""
    return f"{name} of log group {short(log_group_arn)}"


def _counting(group: LogGroup, metric_filter: MetricFilter) -> Finding:
    """Whether each match adds to the metric, and nothing beside the pattern narrows what is matched."""
    value, name = _number(metric_filter.value), filter_title(group.arn, metric_filter.name)
    resource = filter_resource(group.arn, metric_filter.name)
    if value is not None and value <= 0:
        return Gap("filter.value", resource, f"Metric filter {name} adds {metric_filter.value} for each match.")
    if value is None:
        return Doubt(
            resource, f"The metric value of metric filter {name} is {metric_filter.value}, which is not worked out yet."
        )
    if metric_filter.field_selection:
        return Doubt(resource, f"The field selection criteria of metric filter {name} are not worked out yet.")
    if metric_filter.on_transformed_logs:
        return Doubt(resource, f"Metric filter {name} works on transformed log events, which are not worked out yet.")
    if metric_filter.dimensions or metric_filter.system_dimensions:
        return Doubt(resource, f"The metric of metric filter {name} has dimensions, which are not worked out yet.")
    return None


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if isfinite(value) else None


def _watches(alarm: MetricAlarm, metric_filter: MetricFilter) -> bool:
    """Whether the alarm's metric is the filter's. An alarm with another unit never has data (CloudWatch API reference,
    PutMetricAlarm); which dimensions a filter's metric gets is left to `_counting`."""
    return (
        (alarm.namespace, alarm.metric) == (metric_filter.namespace, metric_filter.metric)
        and (alarm.unit is None or alarm.unit == (metric_filter.unit or "None"))
        and (not alarm.dimensions or bool(metric_filter.dimensions or metric_filter.system_dimensions))
    )


def _referring(
    alarms: Iterable[Alarm], metric_filter: MetricFilter, group: LogGroup, watching: Iterable[MetricAlarm]
) -> Iterator[OtherAlarm]:
    """The alarms that are not on one metric and name this one, its log group, or an alarm that does."""
    others = [alarm for alarm in alarms if isinstance(alarm, OtherAlarm)]
    names = {metric_filter.metric, short(group.arn), *(short(alarm.arn) for alarm in watching)}
    before = -1
    found: dict[str, OtherAlarm] = {}
    while before != len(found):
        before = len(found)
        for other in others:
            named = other.kind == UNKNOWN_KIND or any(name in other.mentions for name in names)
            if named or (metric_filter.namespace, metric_filter.metric) in other.metrics:
                found[other.arn] = other
                names.add(short(other.arn))
    return iter(found.values())


def _region(arn: str) -> str:
    return arn.split(":")[3]


def _account(arn: str) -> str:
    return arn.split(":")[4]
