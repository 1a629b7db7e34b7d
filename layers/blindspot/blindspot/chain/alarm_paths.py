"""From the metric filters of one place to the people whom its alarms notify.

All filters that stand alike towards a metric lead to the same alarms in the same way: they are one case of the alarm
graph. What comes after an alarm is the same in every case. So each of the two is worked out once, and the paths of a
case are put together by their outcome: work and memory grow with the numbers of filters, alarms and actions, not with
their product.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from blindspot.chain.alarm_graph import AlarmGraph, Metric, Outcome, Outcomes, Walk, metrics_of, numbers_in, union
from blindspot.chain.channel import Findings, Path
from blindspot.chain.filter_to_alarm import Arrival, Case, FilterToAlarm, Standing, Way
from blindspot.chain.metric_data import MetricData
from blindspot.chain.metric_filter import FilterPatterns
from blindspot.chain.notifications import Notification, Notifications
from blindspot.languages.three_valued import Cases
from blindspot.model.arn import Place, place_of, short
from blindspot.model.findings import HOLDS, Doubt, Finding, Gap, Holds
from blindspot.model.profile import Profile
from blindspot.model.snapshot import Alarm, LogGroup, MetricFilter, Snapshot
from filter_pattern import ALWAYS, Or, Predicate

PathTo = Callable[[LogGroup, MetricFilter], Path]
"""Returns the path from a log group through one of its metric filters."""


class AlarmPaths:
    """The paths from the metric filters of one place to those who are notified.

    path_to: the path up to a filter. It is called only for those whose metric an alarm watches.
    alarms: the ARNs of all alarms on these paths.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        profile: Profile,
        patterns: FilterPatterns,
        place: Place,
        alarms: Iterable[Alarm],
        path_to: PathTo,
    ) -> None:
        self._path_to = path_to
        self._graph = AlarmGraph(alarms)
        self._data = MetricData(snapshot, patterns, place)
        self._filter_to_alarm = FilterToAlarm(snapshot, profile, self._data, place)
        self._notifications = Notifications(snapshot, profile.accepted_actions, place)
        self._log_groups = [arn for arn in snapshot.log_groups if place_of(arn) == place]
        delivered = {trail.log_group_arn for trail in snapshot.trails}
        groups = (snapshot.log_groups[arn] for arn in self._log_groups if arn in delivered)
        self._numbers: dict[tuple[str, MetricFilter], int] = {}
        self._before: dict[tuple[str, MetricFilter], Path] = {}
        cases = self._cases(group for group in groups if isinstance(group, LogGroup))
        self._ways, self.alarms = self._follow(cases)
        self._querying = self._querying_log_groups()

    def querying(self, log_group: str) -> Sequence[str]:
        """The ARNs of the alarms that query this log group itself."""
        return self._querying.get(log_group, ())

    def after(self, group: LogGroup, metric_filter: MetricFilter) -> Iterator[Path]:
        """The paths through a metric filter to its alarms and on. None without an alarm."""
        this = group.arn, metric_filter
        for way, rest in self._ways.get(self._numbers[this], ()):
            before = self._before.get(this) or self._path_to(group, metric_filter)
            path = way.after(before, group, metric_filter, self._data)
            yield replace(rest, filter=path.filter, pattern=path.pattern, found=path.found)

    def _cases(self, groups: Iterable[LogGroup]) -> list[Case]:
        """One case for each standing of the filters of these log groups. Where no alarm watches the metric, nothing
        else of a filter matters."""
        numbers: dict[Standing, int] = {}
        cases: list[Case] = []
        for group in groups:
            filters = group.filters if isinstance(group.filters, tuple) else ()
            for found in (each for each in filters if not each.adds_to_any_metric):
                metric, this = (found.namespace, found.metric), (group.arn, found)
                standing = Standing("", MetricFilter("", "", *metric), Holds)
                if self._graph.watching(metric):
                    self._before[this] = self._path_to(group, found)
                    matters = metric in self._graph.in_math and self._data.may_count_ordinary_calls(group, found)
                    standing = Standing.of(self._before[this], group, found, pattern_matters=matters)
                if standing not in numbers:
                    numbers[standing] = len(cases)
                    cases.append(Case(standing, group, found))
                self._numbers[this] = numbers[standing]
        return cases

    def _follow(self, cases: Sequence[Case]) -> tuple[EndsByCase, set[str]]:
        """Follows all cases at once to the alarms, and from these on. Returns the ends of paths, and the alarms."""
        every_case = (1 << len(cases)) - 1
        by_metric: defaultdict[Metric, Cases] = defaultdict(int)
        for number, case in enumerate(cases):
            by_metric[case.filter.namespace, case.filter.metric] |= 1 << number
        arrivals = self._arrivals(cases, by_metric)
        outcomes = {alarm: _outcomes(arriving) for alarm, arriving in arrivals.items()}
        walk = Walk(self._graph, every_case, outcomes, self._companions())
        ends = _EndsByKind()
        for alarm, arriving in arrivals.items():
            self._notify(ends, walk, alarm, [(*arrival[:3], at) for arrival, at in arriving.items()])
        for alarm in self._graph.composites:
            self._notify(ends, walk, alarm, [(Way(), ALWAYS, (finding,), at) for finding, at in walk.findings(alarm)])
        for alarm, at in self._graph.unanalyzed(every_case, by_metric, self._names(by_metric, walk)):
            arn = self._graph.alarms[alarm].arn
            message = f"Alarm {short(arn)} refers to this metric. Blindspot cannot analyze alarms of this kind."
            ends.add(at, Way(), ALWAYS, arn, None, Doubt("alarm.unclear", arn, message))
        return ends.by_case(), ends.alarms

    def _arrivals(self, cases: Sequence[Case], by_metric: Mapping[Metric, Cases]) -> dict[int, dict[Arrival, Cases]]:
        """By alarm on metrics, how the cases of its metrics arrive at it."""
        arrivals: defaultdict[int, dict[Arrival, Cases]] = defaultdict(dict)
        for number, alarm in self._graph.on_metrics.items():
            for case in numbers_in(union(*(by_metric.get(metric, 0) for metric in metrics_of(alarm)))):
                arrival = self._filter_to_alarm.arrival(cases[case], alarm)
                if arrival is not None:
                    arrivals[number][arrival] = arrivals[number].get(arrival, 0) | 1 << case
        return arrivals

    def _notify(
        self,
        ends: _EndsByKind,
        walk: Walk,
        number: int,
        arriving: Iterable[tuple[Way, Predicate, tuple[Finding, ...], Cases]],
    ) -> None:
        """Adds what comes after an alarm, in the cases in which it notifies somebody itself."""
        alarm, acting = self._graph.alarms[number], walk.acts(number)
        if not acting:
            return
        suppressed = dict(walk.suppressed(number))
        suppressed[HOLDS] = ~union(*suppressed.values())
        notifications = list(self._notifications.of(alarm))
        for way, scope, findings, at in arriving:
            for suppression, among in suppressed.items():
                for notification in notifications:
                    found = (*findings, suppression, *notification.findings)
                    ends.add(at & acting & among, way, scope, alarm.arn, notification, *found)

    def _companions(self) -> dict[int, bool]:
        """The alarms that get data from metric filters, or may, and that matter to another alarm; and whether each
        surely returns to OK."""
        mattering = self._graph.mattering_to_others()
        metrics = dict.fromkeys(self._data.metrics, 1)
        names = dict.fromkeys([*map(short, self._log_groups), *(metric for _, metric in metrics)], 1)
        fed = {number for metric in metrics for number in self._graph.watching(metric)}
        fed |= self._graph.on_metrics.keys() if self._data.reaches_any_metric else set()
        may_be_fed = [number for number, at in self._graph.unanalyzed(1, metrics, names) if at]
        returns = self._filter_to_alarm.returns_to_ok
        found = {number: returns(self._graph.on_metrics[number]) for number in fed & mattering}
        return found | dict.fromkeys(may_be_fed, False)

    def _names(self, by_metric: Mapping[Metric, Cases], walk: Walk) -> Mapping[str, Cases]:
        """The names by which an alarm may refer to the data of a case: its metric's, and those of the alarms that it
        reaches."""
        names: defaultdict[str, Cases] = defaultdict(int)
        for (_, metric), at in by_metric.items():
            names[metric] |= at
        for number in walk.outcomes:
            names[short(self._graph.alarms[number].arn)] |= walk.cases(number)
        return names

    def _querying_log_groups(self) -> Mapping[str, Sequence[str]]:
        """By log group, the alarms that mention its name."""
        querying: defaultdict[str, list[str]] = defaultdict(list)
        names = {short(arn): 1 << number for number, arn in enumerate(self._log_groups)}
        for number, at in self._graph.unanalyzed(0, {}, names):
            for group in numbers_in(at):
                querying[self._log_groups[group]].append(self._graph.alarms[number].arn)
        return querying


def _outcomes(arriving: Mapping[Arrival, Cases]) -> Outcomes:
    outcomes: defaultdict[Outcome, Cases] = defaultdict(int)
    for arrival, at in arriving.items():
        outcomes[arrival.outcome] |= at
    return outcomes


class _Kind(NamedTuple):
    """What paths that are put together have in common: the way to the alarm, the outcome, and which links they have."""

    way: Way
    gap: str | None
    doubts: frozenset[str]
    is_analyzed: bool
    has_action: bool
    has_subscription: bool


@dataclass(slots=True)
class _Ends:
    """The ends of paths that are put together: the first one's links, what was found of all, and how many they are."""

    alarm: str
    notification: Notification
    scopes: dict[Predicate, None] = field(default_factory=dict)
    gaps: dict[Gap, None] = field(default_factory=dict)
    doubts: dict[Doubt, None] = field(default_factory=dict)
    alike: int = 0

    def path(self) -> Path:
        """The part of a path that is after the way to the alarm."""
        return Path(
            alarm=self.alarm,
            topic=self.notification.action,
            subscription=self.notification.subscription,
            scope=_any_of(self.scopes),
            ends=(Findings(tuple(self.gaps), tuple(self.doubts)),),
            alike=self.alike,
        )


LISTED = 5
"""How many paths of a filter are listed one by one, before those of one kind are put together."""

EndsByCase = Mapping[int, Sequence[tuple[Way, Path]]]
"""By case, the ways to alarms, each with the part of the path that is after it."""

_NO_NOTIFICATION = Notification(None, None, ())


class _EndsByKind:
    """Puts together the ends of paths that are of one kind in the same cases, after the first few."""

    def __init__(self) -> None:
        self._found: dict[tuple[_Kind, Cases, int], _Ends] = {}
        self._numbers: Counter[Cases] = Counter()
        self.alarms: set[str] = set()

    def add(
        self, at: Cases, way: Way, scope: Predicate, alarm: str, notification: Notification | None, *findings: Finding
    ) -> None:
        """Adds what comes after one alarm in these cases. notification: None if the alarm cannot be analyzed."""
        if not at:
            return
        self.alarms.add(alarm)
        link = notification or _NO_NOTIFICATION
        found = Findings.of(*findings)
        kind = _Kind(
            way,
            next((gap.code for gap in found.gaps), None),
            frozenset(doubt.code for doubt in found.doubts),
            is_analyzed=notification is not None,
            has_action=link.action is not None,
            has_subscription=link.subscription is not None,
        )
        ends = self._found.setdefault((kind, at, min(self._numbers[at], LISTED)), _Ends(alarm, link))
        self._numbers[at] += 1
        ends.scopes[scope] = None
        ends.gaps |= dict.fromkeys(found.gaps)
        ends.doubts |= dict.fromkeys(found.doubts)
        ends.alike += 1

    def by_case(self) -> EndsByCase:
        """The ends by case. Cases share what was found."""
        by_case: defaultdict[int, defaultdict[tuple[_Kind, int], list[Path]]] = defaultdict(lambda: defaultdict(list))
        for (kind, at, _), ends in self._found.items():
            path = ends.path()
            for case in numbers_in(at):
                listed = by_case[case]
                listed[kind, min(len(listed), LISTED)].append(path)
        return {
            case: [(kind.way, _together(paths)) for (kind, _), paths in listed.items()]
            for case, listed in by_case.items()
        }


def _together(paths: Sequence[Path]) -> Path:
    """One path for all of these, which are of one kind."""
    first, *others = paths
    if not others:
        return first
    return replace(
        first,
        scope=_any_of(dict.fromkeys(path.scope for path in paths)),
        ends=tuple(found for path in paths for found in path.ends),
        alike=sum(path.alike for path in paths),
    )


def _any_of(scopes: Collection[Predicate]) -> Predicate:
    return Or(*scopes) if len(scopes) > 1 else next(iter(scopes))
