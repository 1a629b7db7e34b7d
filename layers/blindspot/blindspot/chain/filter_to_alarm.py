"""From a metric filter to the alarms on its metric: which matches an alarm sees, and whether it goes to ALARM."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from blindspot.chain.alarm_graph import BY_GAP, Outcome
from blindspot.chain.channel import Findings, Path
from blindspot.chain.metric_alarm import (
    Feed,
    Feeds,
    Firing,
    check_settings,
    metrics,
    number_of_worlds,
    queries,
    settings,
    stays_on_ordinary_calls,
    surely_returns_to_ok,
)
from blindspot.chain.metric_data import Data, MetricData
from blindspot.chain.metric_filter import check_value
from blindspot.model.arn import Place, place_of, short
from blindspot.model.findings import HOLDS, Doubt, Finding, Gap, Holds
from blindspot.model.profile import Profile
from blindspot.model.snapshot import LogGroup, MathAlarm, MetricAlarm, MetricFilter, MetricQuery, Snapshot, Unreadable
from filter_pattern import ALWAYS, Predicate


@dataclass(frozen=True, slots=True)
class Standing:
    """What matters of a metric filter to the alarms on its metric: filters that add the same in one log group, after
    the same, differ only in their names and patterns. In metric math it also matters whether a pattern matches ordinary
    calls.

    before: whether the links up to the filter hold, or are in doubt, or broken.
    """

    log_group: str
    adding: MetricFilter
    before: type[Holds | Doubt | Gap]

    @classmethod
    def of(cls, path: Path, group: LogGroup, metric_filter: MetricFilter, *, pattern_matters: bool) -> Standing:
        """path: the path up to the filter."""
        pattern = metric_filter.pattern if pattern_matters else ""
        adding = replace(metric_filter, name="", pattern=pattern, field_selection=None, on_transformed_logs=False)
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
"""How many ways things may be are tried for the alarms of one place: about ten seconds. With metric math each counts as
often as its expression has parts."""


class FilterToAlarm:
    """The step from the filters of one place to its alarms."""

    def __init__(self, snapshot: Snapshot, profile: Profile, data: MetricData, place: Place) -> None:
        self._calls = profile.calls_to_alarm
        self._worlds_left = MOST_WORLDS
        self._data = data
        self._read: dict[tuple[MetricQuery, ...], dict[MetricQuery, Data]] = {}
        self._stays: dict[MetricAlarm | MathAlarm, bool] = {}
        self._effects: dict[tuple[tuple[Data, ...], bool], Findings] = {}
        self._feeds: dict[tuple[Data, Case | None, bool], list[Feed]] = {}
        self._firing: dict[tuple[MetricAlarm | MathAlarm, Case], Firing | Holds] = {}
        groups = {arn: group for arn, group in snapshot.log_groups.items() if place_of(arn) == place}
        self._unread = next((arn for arn, group in groups.items() if _is_unread(group)), None)

    def arrival(self, case: Case, alarm: MetricAlarm | MathAlarm) -> Arrival | None:
        """How the case arrives at an alarm on its metric; None if the alarm gets no data from it."""
        scopes = self._scopes(case, self._data_of(alarm).values())
        if not scopes:
            return None
        effects = self._effects_on(alarm)
        finding = self._check(case, alarm)
        way = Way(effects=effects if effects.gaps or effects.doubts else None, at_fault=isinstance(finding, Gap))
        findings = tuple(dict.fromkeys((finding, self._check_units(alarm))))
        scope, data = next(iter(scopes.items()))
        if len(scopes) > 1:
            message = f"Alarm {short(alarm.arn)} watches the metric in several ways."
            findings = (Doubt("alarm.unclear", alarm.arn, message), *findings)
            scope = ALWAYS
        if isinstance(scope, Doubt):
            way, scope = replace(way, doubt=scope, data=data), ALWAYS
        return Arrival(way, scope, findings, _outcome(case, way, scope, findings))

    def returns_to_ok(self, alarm: MetricAlarm | MathAlarm) -> bool:
        """Whether the alarm surely is in ALARM for no longer than refused calls arrive."""
        effects = self._effects_on(alarm)
        if alarm.missing_data in ("ignore", "breaching") or effects.gaps or effects.doubts:
            return False
        if isinstance(alarm, MetricAlarm):
            return self._check_units(alarm) is HOLDS
        feeds = self._feeds_of(alarm, None)
        return self._check_units(alarm) is HOLDS and self._spend(alarm, feeds) and surely_returns_to_ok(alarm, feeds)

    def _data_of(self, alarm: MetricAlarm | MathAlarm) -> dict[MetricQuery, Data]:
        """The data that each metric of the alarm reads."""
        lines = queries(alarm)
        if lines not in self._read:
            self._read[lines] = {query: Data.of(query) for query in metrics(alarm)}
        return self._read[lines]

    def _scopes(self, case: Case, read: Iterable[Data]) -> dict[Predicate | Doubt, Data]:
        """Which of the filter's matches the data get, each with the first data that get just these."""
        scopes: dict[Predicate | Doubt, Data] = {}
        for data in read:
            scope = self._data.scope(data, case.group, case.filter)
            if scope is not None:
                scopes.setdefault(scope, data)
        return scopes

    def _effects_on(self, alarm: MetricAlarm | MathAlarm) -> Findings:
        """What the metric filters that add to the alarm's metrics do to it."""
        key = tuple(dict.fromkeys(self._data_of(alarm).values())), self._stays_on_ordinary_calls(alarm)
        if key not in self._effects:
            several, noise = key
            found = [self._data.adding(data) for data in several]
            distinct: dict[Finding, None] = {}
            for each in (each for adding in found for each in ([adding.noise] if noise else []) + [adding.effects]):
                distinct |= dict.fromkeys((*each.gaps, *each.doubts))
            self._effects[key] = Findings.of(*distinct)
        return self._effects[key]

    def _stays_on_ordinary_calls(self, alarm: MetricAlarm | MathAlarm) -> bool:
        """Whether it is the ordinary calls that filters count which keep the alarm in ALARM, if any are counted."""
        if isinstance(alarm, MetricAlarm):
            return True
        key = settings(alarm)
        if key not in self._stays:
            feeds = {query: self._feed(data, None, ordinary=True) for query, data in self._data_of(alarm).items()}
            self._stays[key] = stays_on_ordinary_calls(alarm, feeds)
        return self._stays[key]

    def _check_units(self, alarm: MetricAlarm | MathAlarm) -> Finding:
        """Whether the data that the alarm reads without a unit have one unit (CloudWatch API reference, PutMetricAlarm:
        otherwise "the alarm's behavior is not defined")."""
        for data in self._data_of(alarm).values():
            units = self._data.adding(data).units
            if data.unit is None and len(units) > 1:
                message = (
                    f"Metric filters add to metric {data.metric} with several units ({', '.join(sorted(units))}), and "
                    f"alarm {short(alarm.arn)} has no unit: AWS does not define what it does."
                )
                fix = "Give all these metric filters one unit."
                return Doubt("alarm.unclear", alarm.arn, message, own_fix=fix)
        return HOLDS

    def _check(self, case: Case, alarm: MetricAlarm | MathAlarm) -> Finding:
        """Whether the alarm goes to ALARM when the filter matches, and returns to OK."""
        if self._unread is not None:
            metric = f"the metric of alarm {short(alarm.arn)}"
            message = f"Log group {short(self._unread)} may add to {metric}: its filters could not be read."
            return Doubt("alarm.unclear", alarm.arn, message)
        read = self._data_of(alarm).values()
        unknown = next((added for data in read if (added := self._data.adding(data).unknown)), None)
        if unknown is not None:
            return unknown
        key = settings(alarm), case
        if key not in self._firing:
            self._firing[key] = self._work_out(alarm, self._feeds_of(alarm, case))
        firing = self._firing[key]
        return HOLDS if firing is HOLDS else firing.of(alarm)

    def _work_out(self, alarm: MetricAlarm | MathAlarm, feeds: Feeds) -> Firing | Holds:
        if self._spend(alarm, feeds):
            return check_settings(alarm, feeds, self._calls)
        message = "Alarm {name} is on metrics with more metric filters and alarms than Blindspot can analyze."
        return Firing(Doubt, "alarm.unclear", message)

    def _spend(self, alarm: MetricAlarm | MathAlarm, feeds: Feeds) -> bool:
        """Whether there is work left for this alarm."""
        self._worlds_left -= number_of_worlds(alarm, feeds)
        return self._worlds_left >= 0

    def _feeds_of(self, alarm: MetricAlarm | MathAlarm, case: Case | None) -> Feeds:
        """The filters that add to each metric of the alarm."""
        ordinary = not self._stays_on_ordinary_calls(alarm)
        return {query: self._feed(data, case, ordinary=ordinary) for query, data in self._data_of(alarm).items()}

    def _feed(self, data: Data, case: Case | None, *, ordinary: bool) -> list[Feed]:
        """The filters that add to the data when the filters of the case match, if there is one.

        ordinary: whether the ordinary calls matter that they count.
        """
        if (data, case, ordinary) not in self._feeds:
            own = self._data.added(data, case.group, case.filter) if case else None
            every = self._data.matches_every_event if ordinary else None
            feeds = self._data.adding(data).feeds(
                case.group.arn if case else "", None if isinstance(own, Doubt) else own, every
            )
            self._feeds[data, case, ordinary] = feeds
        return self._feeds[data, case, ordinary]


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
