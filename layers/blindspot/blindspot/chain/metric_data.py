"""The data of metrics: which metric filters of a place add to what an alarm watches, and what that does to the alarm.

Metrics of one name with other dimensions are other metrics. So what a query of an alarm gets depends on its `Data`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
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


Added = tuple[Fraction, Fraction | None]
"""What a metric filter adds for each match, and by default."""


@dataclass(frozen=True, slots=True)
class Adding:
    """What the metric filters of a place add to some data.

    effects: what they do to every alarm on the data. unknown: the first doubt about what one of them adds.
    added: how many of the filters add the same, in all; by_group: and in each log group. delivered: how many of them
    are in log groups to which a trail delivers, or may.
    """

    effects: Findings
    unknown: Doubt | None
    added: Counter[Added]
    by_group: Mapping[str, Counter[Added]]
    delivered: Counter[Added]

    def feeds(self, log_group: str, own: Added | None) -> list[Feed]:
        """The feeds of the data while refused calls arrive in this log group. `own`: what the filter adds that matches
        them, if it adds to these data."""
        here = Counter(self.by_group.get(log_group, {}))
        beside = self.delivered - here
        away = self.added - here - beside
        feeds = [Feed(*own, own=True, local=True)] if own else []
        if own:
            here[own] -= 1
        for counted, local, may_arrive in ((here, True, False), (beside, False, True), (away, False, False)):
            feeds += [
                Feed(*each, own=False, local=local, count=count, may_arrive=may_arrive)
                for each, count in counted.items()
                if count
            ]
        return feeds


def added(group: LogGroup, metric_filter: MetricFilter) -> Added | Doubt:
    """What a metric filter adds."""
    value, default = value_per_match(group, metric_filter), metric_filter.default
    return value if isinstance(value, Doubt) else (value, None if default is None else Fraction(default))


class MetricData:
    """The data of one place: what its metric filters add, and where."""

    def __init__(self, snapshot: Snapshot, patterns: FilterPatterns, place: Place) -> None:
        self._patterns = patterns
        self._filters: defaultdict[tuple[str, str], list[_Filter]] = defaultdict(list)
        self._adding: dict[Data, Adding] = {}
        self._scopes: dict[object, Predicate | None] = {}
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

    def adding(self, data: Data) -> Adding:
        """What the filters of the place add to these data."""
        if data not in self._adding:
            self._adding[data] = self._work_out(data)
        return self._adding[data]

    def _work_out(self, data: Data) -> Adding:
        findings: dict[Finding, None] = {}
        unknown: Doubt | None = None
        by_group: defaultdict[str, Counter[Added]] = defaultdict(Counter)
        anywhere = self._to_any_metric if data.metric else []  # a metric of another account has no name
        for each in (*self._filters.get((data.namespace, data.metric), ()), *anywhere):
            scope = self.scope(data, each.group, each.filter)
            if scope is None:
                continue
            findings |= dict.fromkeys(each.effects(self._patterns, scope))
            adds = added(each.group, each.filter)
            if isinstance(adds, Doubt):
                unknown = unknown or adds
            else:
                by_group[each.group.arn][adds] += 1
        delivered = (each for arn, each in by_group.items() if self._patterns.may_be_delivered(arn))
        total, none = sum(by_group.values(), Counter[Added]()), Counter[Added]()
        return Adding(Findings.of(*findings), unknown, total, by_group, sum(delivered, none))


class _Filter:
    """A metric filter, and its effects on alarms."""

    def __init__(self, group: LogGroup, metric_filter: MetricFilter) -> None:
        self.group = group
        self.filter = metric_filter
        self._noise: Finding | None = None

    def effects(self, patterns: FilterPatterns, scope: Predicate | Doubt) -> Iterator[Finding]:
        """The effects on every alarm on data to which it adds its matches of this scope."""
        yield self._check_noise(patterns, ALWAYS if isinstance(scope, Doubt) else scope)
        if isinstance(scope, Doubt) or check_narrowing(self.group, self.filter) is not HOLDS:
            title = filter_title(self.group.arn, self.filter.name)
            message = f"It is not known how metric filter {title} adds to its metric."
            yield Doubt("filter.narrowed", filter_resource(self.group.arn, self.filter.name), message)

    def _check_noise(self, patterns: FilterPatterns, scope: Predicate) -> Finding:
        if self._noise is None:
            self._noise = patterns.check_noise(self.group, self.filter, ALWAYS)
        if self._noise is HOLDS or scope == ALWAYS:  # where it counts no ordinary event at all, it counts none in scope
            return self._noise
        return patterns.check_noise(self.group, self.filter, scope)


def _filters(snapshot: Snapshot, place: Place) -> Iterator[tuple[LogGroup, MetricFilter]]:
    """Every metric filter of the place that was read, with its log group."""
    for group in snapshot.log_groups.values():
        if isinstance(group, LogGroup) and not isinstance(group.filters, Unreadable) and place_of(group.arn) == place:
            yield from ((group, found) for found in group.filters)
    for arn, found in snapshot.other_filters.get(place, ()):
        yield LogGroup(arn, (found,)), found
