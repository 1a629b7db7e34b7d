"""Every channel of an account: trail -> log group -> metric filter -> alarm -> topic -> subscription, or to a SIEM.

The module with its name checks each link. The part after a log group is determined once, for all trails and regions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NamedTuple

from blindspot.chain import metric_alarm, siem
from blindspot.chain.alarm_actions import accepted_actions, check_actions
from blindspot.chain.alarm_relations import Alarms, Companions, StatefulAlarm, is_part_of_composite
from blindspot.chain.channel import Channel, Path
from blindspot.chain.log_group import check_class
from blindspot.chain.metric_alarm import Feed, check_firing
from blindspot.chain.metric_filter import (
    FilterPatterns,
    check_narrowing,
    check_value,
    filter_resource,
    filter_title,
    matches_in_metric,
    unread_filter,
    value_per_match,
)
from blindspot.chain.subscription import check_subscriptions
from blindspot.chain.topic import check_publish_access
from blindspot.chain.trail import (
    check_delivery,
    check_logging,
    check_selectors,
    observes,
    possibly_recorded,
    surely_recorded,
)
from blindspot.model.arn import Arn, Place, place_of, short
from blindspot.model.cloudtrail_events import GLOBAL_REGIONS
from blindspot.model.findings import HOLDS, Doubt, Finding, Gap, unread
from blindspot.model.profile import Profile
from blindspot.model.snapshot import (
    LogGroup,
    MathAlarm,
    MetricAlarm,
    MetricFilter,
    MetricQuery,
    Snapshot,
    Trail,
    Unreadable,
)
from filter_pattern import ALWAYS, Predicate, Proofs


class ChannelGroup(NamedTuple):
    """Regions that the same trails observe in the same way, and the channels that they share."""

    regions: tuple[str, ...]
    channels: tuple[Channel, ...]


class Channels:
    """The channels of an account, region by region."""

    def __init__(self, snapshot: Snapshot, profile: Profile, proofs: Proofs | None = None) -> None:
        self._snapshot = snapshot
        self._destinations = profile.siem_destinations
        self._paths = _LogGroupPaths(snapshot, profile, proofs)

    def grouped(self, regions: Iterable[str]) -> Iterator[ChannelGroup]:
        """The channels of every trail that observes these regions (FUTURE may be one), in as few groups as possible."""
        alike: defaultdict[tuple[tuple[Trail, ...], bool], list[str]] = defaultdict(list)
        for region in regions:
            trails = tuple(trail for trail in self._snapshot.trails if observes(trail, region))
            alike[trails, region in GLOBAL_REGIONS].append(region)
        for (trails, _), names in alike.items():
            channels = (channel for trail in trails for channel in self._of_trail(trail, names[0]))
            yield ChannelGroup(tuple(names), tuple(channels))

    def _of_trail(self, trail: Trail, region: str) -> Iterator[Channel]:
        recorded = surely_recorded(trail), possibly_recorded(trail, region)
        head = Path().then(check_logging(trail), check_selectors(trail))
        for path in siem.paths_from_trail(trail, self._destinations):
            yield Channel.of(trail.arn, None, head, path, *recorded)
        to_logs = head.then(check_delivery(trail, self._snapshot.read_at))
        for path in self._paths.of(trail.log_group_arn) if trail.log_group_arn else (Path(),):
            yield Channel.of(trail.arn, trail.log_group_arn, to_logs, path, *recorded)


class _Feeding(NamedTuple):
    """The filters that add to a metric, and their effects on every alarm on it.

    scopes: by the id of a filter, which of its matches are added to the metric.
    """

    filters: tuple[tuple[LogGroup, MetricFilter], ...]
    scopes: Mapping[str, Predicate | Doubt]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class _Alike:
    """What decides whether an alarm fires: it is the same for filters of one log group that add the same values."""

    alarm: MetricAlarm | MathAlarm
    log_group: str
    adding: MetricFilter


class _LogGroupPaths:
    """The paths that begin at each log group of an account."""

    def __init__(self, snapshot: Snapshot, profile: Profile, proofs: Proofs | None) -> None:
        self._snapshot = snapshot
        self._profile = profile
        self._patterns = FilterPatterns(snapshot, profile, proofs)
        self._known: dict[str, tuple[Path, ...]] = {}
        self._feeds: dict[tuple[MetricQuery, Place], _Feeding] = {}
        self._firing: dict[_Alike, Finding] = {}
        self._companions: dict[Place, Companions] = {}
        self._filters: defaultdict[tuple[Place, str, str], list[tuple[LogGroup, MetricFilter]]] = defaultdict(list)
        self._to_any_metric: defaultdict[Place, list[tuple[LogGroup, MetricFilter]]] = defaultdict(list)
        for group in snapshot.log_groups.values():
            if isinstance(group, LogGroup) and not isinstance(group.filters, Unreadable):
                for found in group.filters:
                    self._add(place_of(group.arn), group, found)
        for place, others in snapshot.other_filters.items():
            for arn, found in others:
                self._add(place, LogGroup(arn, (found,)), found)
        self._alarms = {
            place: alarms if isinstance(alarms, Unreadable) else Alarms(alarms)
            for place, alarms in snapshot.alarms.items()
        }

    def _add(self, place: Place, group: LogGroup, found: MetricFilter) -> None:
        if found.unread and not found.metric:
            self._to_any_metric[place].append((group, found))
        else:
            self._filters[place, found.namespace, found.metric].append((group, found))

    def of(self, log_group_arn: str) -> tuple[Path, ...]:
        """Every path from that log group; at least one."""
        if log_group_arn not in self._known:
            self._known[log_group_arn] = tuple(self._from_log_group(log_group_arn))
        return self._known[log_group_arn]

    def _from_log_group(self, arn: str) -> Iterator[Path]:
        group = self._snapshot.log_groups[arn]
        if group is None:
            message = f"Log group {short(arn)}, to which the trail delivers, does not exist."
            yield Path().then(Gap("log-group.missing", arn, message))
            return
        if isinstance(group, Unreadable):
            yield Path().then(unread(arn, group))
            return
        path = Path().then(check_class(group))
        destinations = self._profile.siem_destinations
        yield from siem.paths_from_log_group(path, group, self._snapshot, destinations, self._patterns)
        yield from self._to_log_alarms(path, group)
        if isinstance(group.filters, Unreadable):
            yield path.then(unread(arn, group.filters))
        elif not group.filters:
            yield path.then(Gap("filter.missing", arn, f"Log group {short(arn)} has no metric filter."))
        else:
            for metric_filter in group.filters:
                yield from self._from_filter(path, group, metric_filter)

    def _to_log_alarms(self, path: Path, group: LogGroup) -> Iterator[Path]:
        """The paths of alarms that query the log group itself."""
        alarms = self._alarms.get(place_of(group.arn))
        for other in alarms.mentioning({short(group.arn)}) if isinstance(alarms, Alarms) else ():
            message = (
                f"Alarm {short(other.arn)} refers to this log group. Blindspot cannot analyze alarms of this kind."
            )
            yield replace(path, alarm=other.arn).then(Doubt("alarm.unclear", other.arn, message))

    def _from_filter(self, path: Path, group: LogGroup, metric_filter: MetricFilter) -> Iterator[Path]:
        resource, title = filter_resource(group.arn, metric_filter.name), filter_title(group.arn, metric_filter.name)
        path, place = replace(path, filter=metric_filter.name), place_of(group.arn)
        if metric_filter.unread and not metric_filter.metric:
            yield path.then(unread_filter(group, metric_filter))
            return
        if not metric_filter.unread:
            path = path.through(self._patterns.pattern(resource, f"metric filter {title}", metric_filter.pattern))
        path = path.then(check_narrowing(group, metric_filter))
        alarms = self._alarms.get(place, Unreadable("cloudwatch:DescribeAlarms", place[1], "NotRead"))
        if isinstance(alarms, Unreadable):
            yield path.then(unread(group.arn, alarms))
            return
        firing: dict[StatefulAlarm, Path] = {}
        for alarm in alarms.watching(metric_filter):
            to_alarm = self._to_alarm(path, group, metric_filter, alarm)
            if to_alarm is not None:
                firing[alarm] = to_alarm
        companions = self._companions_in(place, alarms) if alarms.composite else {}
        firing |= alarms.composite_paths(path, firing, companions)
        for firing_alarm, to_alarm in firing.items():
            if firing_alarm.actions or not is_part_of_composite(firing_alarm, firing):
                suppressed = alarms.check_suppressor(firing_alarm, firing, companions)
                yield from self._from_alarm(to_alarm.then(suppressed), firing_alarm)
        referring = alarms.referring(metric_filter, (alarm.arn for alarm in firing))
        for other in referring:
            message = f"Alarm {short(other.arn)} refers to this metric. Blindspot cannot analyze alarms of this kind."
            yield replace(path, alarm=other.arn).then(Doubt("alarm.unclear", other.arn, message))
        if not firing and not referring:
            message = f"No alarm in {place[1]} watches the metric of metric filter {title}."
            noise = self._patterns.check_noise(group, metric_filter, ALWAYS)
            yield path.then(noise, check_value(group, metric_filter), Gap("alarm.missing", resource, message))

    def _companions_in(self, place: Place, alarms: Alarms) -> Companions:
        """The alarms of a place that may go to ALARM together with any other: metric filters add to their metrics."""
        if place not in self._companions:
            metrics = {
                (namespace, metric)
                for (where, namespace, metric), filters in self._filters.items()
                if where == place and filters
            }
            on_metrics = {
                alarm.arn: alarm.missing_data not in ("ignore", "breaching") and not self._is_disturbed(alarm, place)
                for alarm in alarms.on_metrics
                if self._to_any_metric[place]
                or any((query.namespace, query.metric) in metrics for query in metric_alarm.queries(alarm))
            }
            groups = (short(arn) for arn in self._snapshot.log_groups if place_of(arn) == place)
            unanalyzed = alarms.unanalyzed(metrics, {*groups, *(metric for _, metric in metrics)})
            self._companions[place] = alarms.companions(on_metrics, unanalyzed)
        return self._companions[place]

    def _is_disturbed(self, alarm: MetricAlarm | MathAlarm, place: Place) -> bool:
        """Whether a filter that adds to the alarm's metrics may keep it in ALARM."""
        queries = (query for query in metric_alarm.queries(alarm) if not query.expression)
        return any(self._feeding(query, place).findings for query in queries)

    def _to_alarm(
        self, path: Path, group: LogGroup, metric_filter: MetricFilter, alarm: MetricAlarm | MathAlarm
    ) -> Path | None:
        """The path to an alarm on the filter's metric; None if the alarm gets no data from the filter."""
        fed = {query: self._feeding(query, place_of(group.arn)) for query in metric_alarm.metrics(alarm)}
        own = filter_resource(group.arn, metric_filter.name)
        scopes = {each.scopes[own] for each in fed.values() if own in each.scopes}
        if not scopes:
            return None
        path = replace(path, alarm=alarm.arn)
        several = Doubt("alarm.unclear", alarm.arn, f"Alarm {short(alarm.arn)} watches the metric in several ways.")
        scope = next(iter(scopes)) if len(scopes) == 1 else several
        path = path.then(scope) if isinstance(scope, Doubt) else replace(path, scope=scope)
        path = path.then(*dict.fromkeys(finding for each in fed.values() for finding in each.findings))
        if (beside := self._check_unread_filters(group, alarm)) is not HOLDS:
            return path.then(beside)
        alike = _Alike(alarm, group.arn, replace(metric_filter, name="", pattern=""))
        if alike not in self._firing:
            self._firing[alike] = self._check_firing(group, own, alarm, fed)
        finding = self._firing[alike]
        return path.then(check_value(group, metric_filter) if isinstance(finding, Gap) else HOLDS, finding)

    def _feeding(self, query: MetricQuery, place: Place) -> _Feeding:
        """The filters that add to the metric, and their effects; the same for each of them."""
        if (query, place) not in self._feeds:
            anywhere = self._to_any_metric[place] if query.metric else []  # a metric of another account has no name
            filters = [*self._filters[place, query.namespace, query.metric], *anywhere]
            scopes = ((group, found, matches_in_metric(query, group, found)) for group, found in filters)
            feeds = [(group, found, scope) for group, found, scope in scopes if scope is not None]
            findings = dict.fromkeys(finding for feed in feeds for finding in self._effects(*feed))
            self._feeds[query, place] = _Feeding(
                tuple((group, found) for group, found, _ in feeds),
                {filter_resource(group.arn, found.name): scope for group, found, scope in feeds},
                tuple(finding for finding in findings if finding is not HOLDS),
            )
        return self._feeds[query, place]

    def _effects(self, group: LogGroup, metric_filter: MetricFilter, scope: Predicate | Doubt) -> Iterator[Finding]:
        """The effects of a filter on every alarm on a metric that it adds to."""
        yield self._patterns.check_noise(group, metric_filter, ALWAYS if isinstance(scope, Doubt) else scope)
        if isinstance(scope, Doubt) or check_narrowing(group, metric_filter) is not HOLDS:
            title = filter_title(group.arn, metric_filter.name)
            message = f"It is not known how metric filter {title} adds to its metric."
            yield Doubt("filter.narrowed", filter_resource(group.arn, metric_filter.name), message)

    def _check_unread_filters(self, group: LogGroup, alarm: MetricAlarm | MathAlarm) -> Finding:
        """Whether the filters of all log groups in the place could be read: any may add to the same metric."""
        for arn, other in self._snapshot.log_groups.items():
            filters = other.filters if isinstance(other, LogGroup) else other
            if place_of(arn) == place_of(group.arn) and isinstance(filters, Unreadable):
                metric = f"the metric of alarm {short(alarm.arn)}"
                message = f"Log group {short(arn)} may add to {metric}: its filters could not be read."
                return Doubt("alarm.unclear", alarm.arn, message)
        return HOLDS

    def _check_firing(
        self, group: LogGroup, own: str, alarm: MetricAlarm | MathAlarm, fed: Mapping[MetricQuery, _Feeding]
    ) -> Finding:
        """Whether the alarm goes to ALARM when the filter with the id `own` matches, and returns to OK."""
        feeds: dict[MetricQuery, list[Feed]] = {query: [] for query in fed}
        for query, each in fed.items():
            for at, other in each.filters:
                value = value_per_match(at, other)
                if isinstance(value, Doubt):
                    return value
                default = None if other.default is None else Fraction(other.default)
                is_own = filter_resource(at.arn, other.name) == own
                feeds[query].append(Feed(value, default, own=is_own, local=at.arn == group.arn))
        return check_firing(alarm, feeds, self._profile.calls_to_alarm)

    def _from_alarm(self, path: Path, alarm: StatefulAlarm) -> Iterator[Path]:
        """The paths from an alarm: one for each of its accepted actions."""
        services = self._profile.accepted_actions
        mute_rules = self._snapshot.mute_rules.get(place_of(alarm.arn), ())
        path = path.then(check_actions(alarm, services, mute_rules))
        actions = accepted_actions(alarm, services)
        for arn in actions:
            is_topic = Arn.parse(arn).service == "sns"
            yield self._from_topic(path, alarm, arn) if is_topic else replace(path, topic=arn)
        if not actions:
            yield path

    def _from_topic(self, path: Path, alarm: StatefulAlarm, arn: str) -> Path:
        topic = self._snapshot.topics.get(arn, Unreadable("sns:GetTopicAttributes", place_of(alarm.arn)[1], "NotRead"))
        path = replace(path, topic=arn).then(check_publish_access(arn, topic, alarm.arn))
        if topic is None or isinstance(topic, Unreadable):
            return path
        if not isinstance(topic.subscriptions, Unreadable):
            confirmed = (subscription.arn for subscription in topic.subscriptions if subscription.arn)
            path = replace(path, subscription=next(confirmed, None))
        return path.then(check_subscriptions(topic, alarm.arn))
