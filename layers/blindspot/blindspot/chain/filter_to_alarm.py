"""From a metric filter to the alarms on its metric: which matches an alarm sees, and whether it goes to ALARM."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from blindspot.chain.alarm_graph import BY_GAP, Outcome
from blindspot.chain.channel import Findings, Path
from blindspot.chain.metric_alarm import Feed, Feeds, Firing, check_settings, metrics, number_of_worlds, settings
from blindspot.chain.metric_data import Data, MetricData, added
from blindspot.chain.metric_filter import check_value
from blindspot.model.arn import Place, place_of, short
from blindspot.model.findings import HOLDS, Doubt, Finding, Gap, Holds
from blindspot.model.profile import Profile
from blindspot.model.snapshot import LogGroup, MathAlarm, MetricAlarm, MetricFilter, MetricQuery, Snapshot, Unreadable
from filter_pattern import ALWAYS, Predicate


@dataclass(frozen=True, slots=True)
class Standing:
    """What matters of a metric filter to the alarms on its metric: filters that add the same in one log group, after
    the same, differ only in their names and patterns.

    before: whether the links up to the filter hold, or are in doubt, or broken.
    """

    log_group: str
    adding: MetricFilter
    before: type[Holds | Doubt | Gap]

    @classmethod
    def of(cls, path: Path, group: LogGroup, metric_filter: MetricFilter) -> Standing:
        """path: the path up to the filter."""
        adding = replace(metric_filter, name="", pattern="", field_selection=None, on_transformed_logs=False)
        return cls(group.arn, adding, Gap if path.gap else Doubt if path.doubts else Holds)


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """The filters of one standing, and one of them. It equals only itself."""

    standing: Standing
    group: LogGroup
    filter: MetricFilter


@dataclass(frozen=True, slots=True)
class Way:
    """The part of the way to an alarm that many filters or many alarms share.

    doubt: about which matches the alarm sees, of one filter of the case. data: what the doubt is about.
    effects: what the filters that add to the alarm's metrics do to it.
    at_fault: whether the alarm does not go to ALARM, so that a filter that adds too little is at fault.
    """

    doubt: Doubt | None = None
    data: Data | None = field(default=None, compare=False)
    effects: Findings | None = None
    at_fault: bool = False

    def after(self, path: Path, group: LogGroup, metric_filter: MetricFilter, metric_data: MetricData) -> Path:
        """The path on from this filter of the case."""
        if self.data is not None:
            own = metric_data.scope(self.data, group, metric_filter)
            path = path.then(own if isinstance(own, Doubt) else HOLDS)
        if self.effects is not None:
            path = replace(path, found=(*path.found, self.effects))
        return path.then(check_value(group, metric_filter)) if self.at_fault else path


class Arrival(NamedTuple):
    """How the matches of a case arrive at an alarm: those in scope. findings: those on the alarm itself."""

    way: Way
    scope: Predicate
    findings: tuple[Finding, ...]
    outcome: Outcome


MOST_WORLDS = 50_000
"""How many ways things may be are tried for the alarms of one place: about ten seconds."""


class FilterToAlarm:
    """The step from the filters of one place to its alarms."""

    def __init__(self, snapshot: Snapshot, profile: Profile, data: MetricData, place: Place) -> None:
        self._calls = profile.calls_to_alarm
        self._worlds_left = MOST_WORLDS
        self._data = data
        self._effects: dict[tuple[Data, ...], Findings] = {}
        self._feeds: dict[tuple[Data, Case], list[Feed]] = {}
        self._firing: dict[tuple[MetricAlarm | MathAlarm, Case], Firing | Holds] = {}
        groups = {arn: group for arn, group in snapshot.log_groups.items() if place_of(arn) == place}
        self._unread = next((arn for arn, group in groups.items() if _is_unread(group)), None)

    def arrival(self, case: Case, alarm: MetricAlarm | MathAlarm) -> Arrival | None:
        """How the case arrives at an alarm on its metric; None if the alarm gets no data from it."""
        read = {query: Data.of(query) for query in metrics(alarm)}
        scopes = self._scopes(case, read.values())
        if not scopes:
            return None
        effects = self.effects(read.values())
        finding = self._check(case, alarm, read)
        way = Way(effects=effects if effects.gaps or effects.doubts else None, at_fault=isinstance(finding, Gap))
        findings: tuple[Finding, ...] = (finding,)
        scope, data = next(iter(scopes.items()))
        if len(scopes) > 1:
            message = f"Alarm {short(alarm.arn)} watches the metric in several ways."
            findings = (Doubt("alarm.unclear", alarm.arn, message), finding)
            scope = ALWAYS
        if isinstance(scope, Doubt):
            way, scope = replace(way, doubt=scope, data=data), ALWAYS
        return Arrival(way, scope, findings, _outcome(case, way, scope, findings))

    def _scopes(self, case: Case, read: Iterable[Data]) -> dict[Predicate | Doubt, Data]:
        """Which of the filter's matches the data get, each with the first data that get just these."""
        scopes: dict[Predicate | Doubt, Data] = {}
        for data in read:
            scope = self._data.scope(data, case.group, case.filter)
            if scope is not None:
                scopes.setdefault(scope, data)
        return scopes

    def effects(self, read: Iterable[Data]) -> Findings:
        """What the metric filters that add to these data do to every alarm on them."""
        several = tuple(dict.fromkeys(read))
        if len(several) == 1:
            return self._data.adding(several[0]).effects
        if several not in self._effects:
            found = [self._data.adding(data).effects for data in several]
            distinct: dict[Finding, None] = {}
            for each in found:
                distinct |= dict.fromkeys((*each.gaps, *each.doubts))
            self._effects[several] = Findings.of(*distinct)
        return self._effects[several]

    def _check(self, case: Case, alarm: MetricAlarm | MathAlarm, read: Mapping[MetricQuery, Data]) -> Finding:
        """Whether the alarm goes to ALARM when the filter matches, and returns to OK."""
        if self._unread is not None:
            metric = f"the metric of alarm {short(alarm.arn)}"
            message = f"Log group {short(self._unread)} may add to {metric}: its filters could not be read."
            return Doubt("alarm.unclear", alarm.arn, message)
        unknown = next((added for data in read.values() if (added := self._data.adding(data).unknown)), None)
        if unknown is not None:
            return unknown
        key = settings(alarm), case
        if key not in self._firing:
            self._firing[key] = self._work_out(alarm, {query: self._feed(data, case) for query, data in read.items()})
        firing = self._firing[key]
        return HOLDS if firing is HOLDS else firing.of(alarm)

    def _work_out(self, alarm: MetricAlarm | MathAlarm, feeds: Feeds) -> Firing | Holds:
        self._worlds_left -= number_of_worlds(feeds)
        if self._worlds_left < 0:
            message = "Alarm {name} is on metrics with more metric filters and alarms than Blindspot can analyze."
            return Firing(Doubt, "alarm.unclear", message)
        return check_settings(alarm, feeds, self._calls)

    def _feed(self, data: Data, case: Case) -> list[Feed]:
        """The filters that add to the data when the filters of the case match."""
        if (data, case) not in self._feeds:
            own = added(case.group, case.filter)
            reaches = self._data.scope(data, case.group, case.filter) is not None
            feeds = self._data.adding(data).feeds(
                case.group.arn, own if reaches and not isinstance(own, Doubt) else None
            )
            self._feeds[data, case] = feeds
        return self._feeds[data, case]


def _outcome(case: Case, way: Way, scope: Predicate, findings: Iterable[Finding]) -> Outcome:
    """What the alarm does in the case."""
    if case.standing.before is Gap:
        return Outcome.OFF
    too_little = check_value(case.group, case.filter) if way.at_fault else HOLDS
    found = (*(way.effects.gaps if way.effects else ()), too_little, *findings)
    first = next((finding for finding in found if isinstance(finding, Gap)), None)
    if first is not None:
        return BY_GAP.get(first.code, Outcome.OFF)
    is_whole = case.standing.before is Holds and way == Way() and all(finding is HOLDS for finding in findings)
    return Outcome.FIRES if is_whole and scope == ALWAYS else Outcome.MAY_FIRE


def _is_unread(group: LogGroup | Unreadable | None) -> bool:
    """Whether the log group has filters that could not be read."""
    return isinstance(group.filters if isinstance(group, LogGroup) else group, Unreadable)
