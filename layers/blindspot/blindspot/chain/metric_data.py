"""The data of metrics: which metric filters of a place add to what an alarm watches, and what that does to the alarm.

Metrics of one name with other dimensions are other metrics. So what a query of an alarm gets depends on its `Data`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NamedTuple

from blindspot.chain.channel import Findings
from blindspot.chain.metric_alarm import Feed
from blindspot.chain.metric_filter import (
    FilterPatterns,
    check_narrowing,
    filter_resource,
    filter_title,
    matches_in_metric,
    value_per_match,
)
from blindspot.languages.three_valued import Truth
from blindspot.model.arn import Place, place_of
from blindspot.model.findings import HOLDS, Doubt, Finding
from blindspot.model.snapshot import LogGroup, MetricFilter, MetricQuery, Snapshot, Unreadable
from filter_pattern import ALWAYS, Predicate


class Data(NamedTuple):
    """The data that a query reads, whatever it makes of them."""

    namespace: str
    metric: str
    unit: str | None
    dimensions: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, query: MetricQuery) -> Data:
        return cls(query.namespace, query.metric, query.unit, query.dimensions)

    def query(self) -> MetricQuery:
        """A query that reads these data."""
        return MetricQuery("", namespace=self.namespace, metric=self.metric, unit=self.unit, dimensions=self.dimensions)


class Added(NamedTuple):
    """What a metric filter adds for each match, and by default.

    ordinary: whether it counts ordinary calls. pattern: that of a filter which does and counts every match of it.
    """

    value: Fraction
    default: Fraction | None = None
    ordinary: Truth = Truth.FALSE
    pattern: str | None = None


@dataclass(frozen=True, slots=True)
class Adding:
    """What the metric filters of a place add to some data.

    noise: that they count ordinary calls. effects: what else they do to every alarm on the data. unknown: the first
    doubt about what one of them adds. units: those of the data. added: how many of the filters add the same, in all;
    by_group: and in each log group. delivered: how many of them are in log groups to which a trail delivers, or may.
    """

    noise: Findings
    effects: Findings
    unknown: Doubt | None
    units: tuple[str, ...]
    added: Counter[Added]
    by_group: Mapping[str, Counter[Added]]
    delivered: Counter[Added]

    def feeds(self, log_group: str, own: Added | None, every: Callable[[str], bool] | None) -> list[Feed]:
        """The feeds of the data while refused calls arrive in this log group.

        own: what the filter adds that matches them, if it adds to these data. every: whether a pattern matches every
        call; None if ordinary calls are left aside.
        """
        here = Counter(self.by_group.get(log_group, {}))
        beside = self.delivered - here
        away = self.added - here - beside
        kinds: Counter[Feed] = Counter()
        if own:
            here[own] -= 1
            kinds[_feed(own, every, own=True, local=True)] = 1
        for counted, local, may_arrive in ((here, True, False), (beside, False, True), (away, False, False)):
            for each, count in counted.items():
                kinds[_feed(each, every, own=False, local=local, may_arrive=may_arrive)] += count
        return [replace(kind, count=count) for kind, count in kinds.items() if count]


def _feed(
    adds: Added, every: Callable[[str], bool] | None, *, own: bool, local: bool, may_arrive: bool = False
) -> Feed:
    feed = Feed(adds.value, adds.default, own=own, local=local, may_arrive=may_arrive)
    if every is None:
        return feed
    return replace(feed, ordinary=adds.ordinary, every=adds.pattern is not None and every(adds.pattern))


class MetricData:
    """The data of one place: what its metric filters add, and where."""

    def __init__(self, snapshot: Snapshot, patterns: FilterPatterns, place: Place) -> None:
        self._patterns = patterns
        self._filters: defaultdict[tuple[str, str], list[_Filter]] = defaultdict(list)
        self._adding: dict[Data, Adding] = {}
        self._scopes: dict[object, Predicate | None] = {}
        self._matches_every_event: dict[str, bool] = {}
        self._to_any_metric: list[_Filter] = []
        for group, found in _filters(snapshot, place):
            if found.adds_to_any_metric:
                self._to_any_metric.append(_Filter(group, found))
            else:
                self._filters[found.namespace, found.metric].append(_Filter(group, found))

    @property
    def reaches_any_metric(self) -> bool:
        """Whether a metric filter may add to any metric."""
        return bool(self._to_any_metric)

    @property
    def metrics(self) -> frozenset[tuple[str, str]]:
        """The metrics that a metric filter adds to."""
        return frozenset(self._filters)

    def scope(self, data: Data, group: LogGroup, metric_filter: MetricFilter) -> Predicate | Doubt | None:
        """Which of the filter's matches are added to the data; None if none are. It is worked out once for all filters
        with the same dimensions and unit."""
        is_other = (metric_filter.namespace, metric_filter.metric) != (data.namespace, data.metric)
        if is_other and not metric_filter.adds_to_any_metric:
            return None
        dimensions = metric_filter.dimensions, metric_filter.system_dimensions
        key = (data, metric_filter.unit, dimensions, metric_filter.unread)
        if key in self._scopes:
            return self._scopes[key]
        scope = matches_in_metric(data.query(), group, metric_filter)
        if not isinstance(scope, Doubt):  # which names the filter
            self._scopes[key] = scope
        return scope

    def feeding(self, data: Data) -> Iterator[tuple[LogGroup, MetricFilter]]:
        """The metric filters of the place that add to these data, or may, each with its log group."""
        return ((each.group, each.filter) for each, _ in self._feeding(data))

    def adding(self, data: Data) -> Adding:
        """What the filters of the place add to these data."""
        if data not in self._adding:
            self._adding[data] = self._work_out(data)
        return self._adding[data]

    def added(self, data: Data, group: LogGroup, metric_filter: MetricFilter) -> Added | Doubt | None:
        """What a metric filter adds to the data; None if it adds nothing."""
        scope = self.scope(data, group, metric_filter)
        return None if scope is None else _Filter(group, metric_filter).adds(self._patterns, scope)

    def matches_every_event(self, pattern: str) -> bool:
        """Whether a filter pattern is proven to match every event of a trail."""
        if pattern not in self._matches_every_event:
            self._matches_every_event[pattern] = self._patterns.matches_every_event(pattern)
        return self._matches_every_event[pattern]

    def may_count_ordinary_calls(self, group: LogGroup, metric_filter: MetricFilter) -> bool:
        """Whether a metric filter counts ordinary calls, or may."""
        return self._patterns.check_ordinary(group, metric_filter, ALWAYS) is not HOLDS

    def _feeding(self, data: Data) -> Iterator[tuple[_Filter, Predicate | Doubt]]:
        """The filters that add to the data, or may, each with those of its matches that it adds."""
        anywhere = self._to_any_metric if data.metric else []  # a metric of another account has no name
        for each in (*self._filters.get((data.namespace, data.metric), ()), *anywhere):
            scope = self.scope(data, each.group, each.filter)
            if scope is not None:
                yield each, scope

    def _work_out(self, data: Data) -> Adding:
        feeding = list(self._feeding(data))
        noise = dict.fromkeys(each.check_noise(self._patterns, scope) for each, scope in feeding)
        effects = dict.fromkeys(each.check_narrowing(scope) for each, scope in feeding)
        units = dict.fromkeys(each.filter.unit or "None" for each, _ in feeding)
        unknown: Doubt | None = None
        by_group: defaultdict[str, Counter[Added]] = defaultdict(Counter)
        for each, scope in feeding:
            adds = each.adds(self._patterns, scope)
            if isinstance(adds, Doubt):
                unknown = unknown or adds
            else:
                by_group[each.group.arn][adds] += 1
        delivered = (each for arn, each in by_group.items() if self._patterns.may_be_delivered(arn))
        return Adding(
            Findings.of(*noise),
            Findings.of(*effects),
            unknown,
            tuple(units),
            sum(by_group.values(), Counter[Added]()),
            by_group,
            sum(delivered, Counter[Added]()),
        )


class _Filter:
    """A metric filter, and its effects on alarms."""

    def __init__(self, group: LogGroup, metric_filter: MetricFilter) -> None:
        self.group = group
        self.filter = metric_filter
        self._ordinary: Finding | None = None

    def check_noise(self, patterns: FilterPatterns, scope: Predicate | Doubt) -> Finding:
        """Whether it counts ordinary calls among its matches of this scope, where that breaks a channel."""
        return self._check_ordinary(patterns, scope) if patterns.noise_breaks else HOLDS

    def check_narrowing(self, scope: Predicate | Doubt) -> Finding:
        """Whether it is known which of its matches it adds to data with this scope."""
        if not isinstance(scope, Doubt) and check_narrowing(self.group, self.filter) is HOLDS:
            return HOLDS
        title = filter_title(self.group.arn, self.filter.name)
        message = f"It is not known which of its matches metric filter {title} adds to its metric."
        return Doubt("filter.narrowed", filter_resource(self.group.arn, self.filter.name), message)

    def adds(self, patterns: FilterPatterns, scope: Predicate | Doubt) -> Added | Doubt:
        """What it adds to data with this scope."""
        value, default = value_per_match(self.group, self.filter), self.filter.default
        if isinstance(value, Doubt):
            return value
        ordinary = self._check_ordinary(patterns, scope)
        counts = Truth.of(ordinary is not HOLDS) if not isinstance(ordinary, Doubt) else Truth.UNKNOWN
        adds_every_match = counts is Truth.TRUE and scope == ALWAYS and self.check_narrowing(scope) is HOLDS
        pattern = self.filter.pattern if adds_every_match else None
        return Added(value, None if default is None else Fraction(default), counts, pattern)

    def _check_ordinary(self, patterns: FilterPatterns, scope: Predicate | Doubt) -> Finding:
        scope = ALWAYS if isinstance(scope, Doubt) else scope
        if self._ordinary is None:
            self._ordinary = patterns.check_ordinary(self.group, self.filter, ALWAYS)
        if self._ordinary is HOLDS or scope == ALWAYS:  # if it counts no ordinary event at all, it counts none in scope
            return self._ordinary
        return patterns.check_ordinary(self.group, self.filter, scope)


def _filters(snapshot: Snapshot, place: Place) -> Iterator[tuple[LogGroup, MetricFilter]]:
    """Every metric filter of the place that was read, with its log group."""
    for group in snapshot.log_groups.values():
        if isinstance(group, LogGroup) and not isinstance(group.filters, Unreadable) and place_of(group.arn) == place:
            yield from ((group, found) for found in group.filters)
    for arn, found in snapshot.other_filters.get(place, ()):
        yield LogGroup(arn, (found,)), found
