"""Every channel of an account: trail -> log group -> metric filter -> alarm -> topic -> subscription, or to a SIEM.

Read `Channels` from top to bottom: each step of the chain is one method, and each check one call of the module with the
link's name. What is after a log group is determined once, for all trails and regions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from blindspot.chain import siem
from blindspot.chain.alarm_paths import AlarmPaths
from blindspot.chain.channel import Channel, Path
from blindspot.chain.log_group import check_class, filters_of_copies
from blindspot.chain.metric_filter import (
    FilterPatterns,
    check_narrowing,
    check_value,
    filter_resource,
    filter_title,
    unread_filter,
)
from blindspot.chain.nearest_alarm import NearestAlarms
from blindspot.chain.trail import (
    check_delivery,
    check_logging,
    check_selectors,
    observes,
    possibly_recorded,
    surely_recorded,
)
from blindspot.model.arn import Place, place_of, short
from blindspot.model.cloudtrail_events import GLOBAL_REGIONS
from blindspot.model.findings import Doubt, Gap, unread
from blindspot.model.profile import Profile
from blindspot.model.snapshot import LogGroup, MetricFilter, Snapshot, Trail, Unreadable
from filter_pattern import ALWAYS, Proofs


class ChannelGroup(NamedTuple):
    """Regions that the same trails observe in the same way, and the channels that they share."""

    regions: tuple[str, ...]
    channels: tuple[Channel, ...]


class Channels:
    """The channels of an account, region by region.

    explained: whether the gap of a filter that leads to no alarm is told exactly. It is most of the work where a log
    group has many filters, and changes no verdict.
    """

    def __init__(
        self, snapshot: Snapshot, profile: Profile, proofs: Proofs | None = None, *, explained: bool = True
    ) -> None:
        self._snapshot = snapshot
        self._explained = explained
        self._profile = profile
        self._patterns = FilterPatterns(snapshot, profile, proofs)
        self._paths: dict[str, tuple[Path, ...]] = {}
        self._alarm_paths: dict[Place, AlarmPaths | Unreadable] = {}
        self._nearest_alarms = NearestAlarms(snapshot)

    def grouped(self, regions: Iterable[str]) -> Iterator[ChannelGroup]:
        """The channels of every trail that observes these regions (FUTURE may be one), in as few groups as possible."""
        alike: defaultdict[tuple[tuple[Trail, ...], bool], list[str]] = defaultdict(list)
        for region in regions:
            trails = tuple(trail for trail in self._snapshot.trails if observes(trail, region))
            alike[trails, region in GLOBAL_REGIONS].append(region)
        for (trails, _), names in alike.items():
            channels = (channel for trail in trails for channel in self._from_trail(trail, names[0]))
            yield ChannelGroup(tuple(names), tuple(channels))

    def alarms(self) -> frozenset[str]:
        """The ARNs of the alarms on these channels."""
        found = (paths.alarms for paths in self._alarm_paths.values() if isinstance(paths, AlarmPaths))
        return frozenset().union(*found)

    def _from_trail(self, trail: Trail, region: str) -> Iterator[Channel]:
        recorded = surely_recorded(trail), possibly_recorded(trail, region)
        head = Path().then(check_logging(trail), check_selectors(trail))
        for path in siem.paths_from_trail(trail, self._profile.siem_destinations):
            yield Channel.of(trail.arn, None, head, path, *recorded)
        to_logs = head.then(check_delivery(trail, self._snapshot.read_at))
        for path in self._after_delivery(trail.log_group_arn) if trail.log_group_arn else (Path(),):
            yield Channel.of(trail.arn, trail.log_group_arn, to_logs, path, *recorded)

    def _after_delivery(self, log_group: str) -> tuple[Path, ...]:
        """Every path from that log group, at least one; determined once for all trails that deliver to it."""
        if log_group not in self._paths:
            self._paths[log_group] = tuple(self._from_log_group(log_group))
        return self._paths[log_group]

    def _from_log_group(self, arn: str) -> Iterator[Path]:
        group = self._snapshot.log_groups[arn]
        if group is None:
            message = f"Log group {short(arn)}, to which the trail delivers, does not exist."
            yield Path().then(Gap("log-group.missing", arn, message))
            return
        if isinstance(group, Unreadable):
            yield Path().then(unread(arn, group))
            return
        yield from self._to_siem(group)
        yield from self._to_querying_alarms(group)
        yield from self._to_copies(group)
        if isinstance(group.filters, Unreadable):
            yield self._in_log_group(group).then(unread(arn, group.filters))
        elif not group.filters:
            missing = Gap("filter.missing", arn, f"Log group {short(arn)} has no metric filter.")
            yield self._in_log_group(group).then(missing)
        else:
            for metric_filter in group.filters:
                yield from self._from_filter(group, metric_filter)

    def _in_log_group(self, group: LogGroup) -> Path:
        return Path().then(check_class(group))

    def _to_siem(self, group: LogGroup) -> Iterator[Path]:
        path, destinations = self._in_log_group(group), self._profile.siem_destinations
        return siem.paths_from_log_group(path, group, self._snapshot, destinations, self._patterns)

    def _to_querying_alarms(self, group: LogGroup) -> Iterator[Path]:
        """The paths of alarms that query the log group itself."""
        alarms = self._alarms_of(place_of(group.arn))
        for arn in alarms.querying(group.arn) if isinstance(alarms, AlarmPaths) else ():
            message = f"Alarm {short(arn)} may query log group {short(group.arn)}: its kind cannot be analyzed."
            yield self._in_log_group(group).to_alarm(arn).then(Doubt("alarm.unclear", arn, message))

    def _to_copies(self, group: LogGroup) -> Iterator[Path]:
        """The path through a metric filter that may count central copies of our log group's events, if there is one;
        and where one may be."""
        if place_of(group.arn)[0] != self._snapshot.account:
            return
        for arn, found in filters_of_copies(group, self._snapshot):
            resource, title = filter_resource(arn, found.name), filter_title(arn, found.name)
            pattern = self._patterns.pattern(resource, f"metric filter {title}", found.pattern)
            if isinstance(pattern, Doubt) or self._patterns.may_see_everything(pattern):
                message = f"Metric filter {title} in {place_of(arn)[1]} may count a central copy of these events."
                yield Path().then(Doubt("log-group.copied", resource, message))
                break
        for place, read in self._snapshot.unread_filters.items():
            yield Path().then(unread(f"metric filters in {place[1]}", read))

    def _from_filter(self, group: LogGroup, metric_filter: MetricFilter) -> Iterator[Path]:
        if metric_filter.adds_to_any_metric:
            path = self._in_log_group(group).to_filter(metric_filter.name)
            yield path.then(unread_filter(group, metric_filter))
            return
        alarms = self._alarms_of(place_of(group.arn))
        if isinstance(alarms, Unreadable):
            yield self._through_filter(group, metric_filter).then(unread(group.arn, alarms))
            return
        paths = list(alarms.after(group, metric_filter))
        yield from paths or [self._without_alarm(group, metric_filter)]

    def _through_filter(self, group: LogGroup, metric_filter: MetricFilter) -> Path:
        path = self._in_log_group(group).to_filter(metric_filter.name)
        if not metric_filter.unread:
            resource = filter_resource(group.arn, metric_filter.name)
            title = f"metric filter {filter_title(group.arn, metric_filter.name)}"
            path = path.through(self._patterns.pattern(resource, title, metric_filter.pattern))
        return path.then(check_narrowing(group, metric_filter))

    def _without_alarm(self, group: LogGroup, metric_filter: MetricFilter) -> Path:
        """The path through a filter whose metric no alarm watches: its own fault comes first."""
        if not self._explained:
            return Path(metric_filter.name).then(Gap("alarm.missing", group.arn, ""))
        noise = self._patterns.check_noise(group, metric_filter, ALWAYS)
        missing = self._nearest_alarms.missing(group, metric_filter)
        return self._through_filter(group, metric_filter).then(noise, check_value(group, metric_filter), missing)

    def _alarms_of(self, place: Place) -> AlarmPaths | Unreadable:
        if place not in self._alarm_paths:
            read = self._snapshot.alarms.get(place, Unreadable("cloudwatch:DescribeAlarms", place[1], "NotRead"))
            if isinstance(read, Unreadable):
                self._alarm_paths[place] = read
            else:
                follow = AlarmPaths(self._snapshot, self._profile, self._patterns, place, read, self._through_filter)
                self._alarm_paths[place] = follow
        return self._alarm_paths[place]
