"""The alarms of one account and region: which watch a metric, and how they affect each other.

Which alarms go to ALARM together, which suppress the actions of others, and which cannot be analyzed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from blindspot.chain import composite_alarm, metric_alarm
from blindspot.chain.channel import Path
from blindspot.model.arn import Arn, short
from blindspot.model.findings import HOLDS, Doubt, Finding, Gap
from blindspot.model.snapshot import (
    UNKNOWN_KIND,
    UNREAD_LOG_ALARM,
    Alarm,
    CompositeAlarm,
    MathAlarm,
    MetricAlarm,
    MetricFilter,
    OtherAlarm,
)

StatefulAlarm = MetricAlarm | MathAlarm | CompositeAlarm
"""An alarm whose state can be determined."""

Companions = Mapping[str, bool]
"""The ARNs of the alarms that may go to ALARM together with any other, and whether each surely returns to OK."""

ON_MORE_CALLS = ("alarm.insensitive", "alarm.never-fires")
"""The gaps of alarms that get data: on another number of calls than one they may go to ALARM."""


class Alarms:
    """The alarms of one place."""

    def __init__(self, alarms: Collection[Alarm]) -> None:
        self.composite = [alarm for alarm in alarms if isinstance(alarm, CompositeAlarm)]
        self.on_metrics = [alarm for alarm in alarms if isinstance(alarm, MetricAlarm | MathAlarm)]
        self._other = [alarm for alarm in alarms if isinstance(alarm, OtherAlarm)]
        self._in_alarm = frozenset(alarm.arn for alarm in alarms if alarm.state == "ALARM")
        self._is_in_alarm = {name: alarm.state == "ALARM" for alarm in alarms for name in (alarm.arn, short(alarm.arn))}
        self._by_metric: defaultdict[tuple[str, str], list[MetricAlarm | MathAlarm]] = defaultdict(list)
        for alarm in self.on_metrics:
            for metric in {(query.namespace, query.metric) for query in metric_alarm.queries(alarm)}:
                self._by_metric[metric].append(alarm)

    def watching(self, metric_filter: MetricFilter) -> list[MetricAlarm | MathAlarm]:
        """The alarms on the filter's metric, with any dimensions."""
        return self._by_metric[metric_filter.namespace, metric_filter.metric]

    def companions(self, on_metrics: Mapping[str, bool], unanalyzed: Iterable[OtherAlarm]) -> Companions:
        """These alarms, and the composite alarms that go to ALARM with them, directly or through others.

        on_metrics: the alarms on metrics of metric filters, and whether each surely returns to OK.
        unanalyzed: the alarms that may watch the same data; nothing more is known of them.
        """
        found = {**on_metrics, **{other.arn: False for other in unanalyzed}}
        composites: list[CompositeAlarm] = []
        waiting, added = self.composite, list(found)
        while added:
            reached = [composite for composite in waiting if composite_alarm.may_refer_to(composite, added)]
            waiting = [composite for composite in waiting if composite not in reached]
            added = [composite.arn for composite in reached]
            found.update(dict.fromkeys(added, True))
            composites += reached
        while True:  # one that stays in ALARM may keep others there
            unsettled = [arn for arn, returns in found.items() if not returns]
            stuck = [one.arn for one in composites if found[one.arn] and not composite_alarm.is_off(one, unsettled)]
            if not stuck:
                return found
            found.update(dict.fromkeys(stuck, False))

    def composite_paths(
        self, path: Path, firing: Mapping[StatefulAlarm, Path], companions: Companions
    ) -> dict[StatefulAlarm, Path]:
        """The paths to the composite alarms whose rules name one of these alarms or, in turn, such a composite alarm.

        path: the path to the filter. firing: the alarms on its metric, and the path to each.
        """
        found: dict[StatefulAlarm, Path] = {}
        while True:
            reached = {**firing, **found}
            alive = {alarm.arn: to_alarm for alarm, to_alarm in reached.items() if to_alarm.gap is None}
            more = (one for one in self.composite if one not in found and composite_alarm.may_refer_to(one, alive))
            composite = next(more, None)
            if composite is None:
                return found
            sure = {arn for arn, to_alarm in alive.items() if to_alarm.surely_fires}
            stuck = {alarm.arn for alarm, to_alarm in reached.items() if to_alarm.stays_in_alarm}
            silent = {alarm.arn for alarm, to_alarm in firing.items() if to_alarm.gap and not to_alarm.stays_in_alarm}
            on_more = {alarm.arn for alarm, to_alarm in reached.items() if _fires_on_more_calls(to_alarm)}
            before = {*self._in_alarm, *stuck, *(arn for arn, returns in companions.items() if not returns)}
            perhaps = {*alive, *companions} - silent
            finding = composite_alarm.check_rule(composite, sure, perhaps, before - silent, on_more)
            found[composite] = replace(path, alarm=composite.arn).then(finding)

    def check_suppressor(
        self, alarm: StatefulAlarm, firing: Mapping[StatefulAlarm, Path], companions: Collection[str]
    ) -> Finding:
        """Whether the suppressor of a composite alarm suppresses its actions when these alarms go to ALARM."""
        if not isinstance(alarm, CompositeAlarm) or alarm.suppressor is None:
            return HOLDS
        names = {alarm.suppressor, alarm.arn.removesuffix(Arn.parse(alarm.arn).name) + alarm.suppressor}
        path = next((to_alarm for other, to_alarm in firing.items() if other.arn in names), None)
        in_alarm = self._is_in_alarm.get(alarm.suppressor)
        suppressor = short(alarm.suppressor)
        if in_alarm or (path and path.surely_fires):
            message = f"The actions of alarm {short(alarm.arn)} are suppressed while alarm {suppressor} is in ALARM."
            return Gap("alarm.muted", alarm.arn, message)
        if path is None:
            may_fire = in_alarm is None or not names.isdisjoint(companions)
        else:
            may_fire = path.gap is None or _fires_on_more_calls(path)
        if may_fire:
            suppressed = f"suppress the actions of alarm {short(alarm.arn)}"
            message = f"Alarm {suppressor} may go to ALARM at the same time and {suppressed}."
            return Doubt("alarm.muted", alarm.arn, message)
        return HOLDS

    def unanalyzed(self, metrics: Collection[tuple[str, str]], names: Collection[str]) -> list[OtherAlarm]:
        """The alarms that cannot be analyzed and watch one of these metrics, mention one of these names, or may."""
        watched, mentioned = set(metrics), self.mentioning(names)
        return [
            other
            for other in self._other
            if other.kind == UNKNOWN_KIND or not watched.isdisjoint(other.metrics) or other in mentioned
        ]

    def referring(self, metric_filter: MetricFilter, alarms: Iterable[str]) -> list[OtherAlarm]:
        """The alarms that cannot be analyzed and refer to the filter's metric, or to one of these alarms on it."""
        metric = (metric_filter.namespace, metric_filter.metric)
        return self.unanalyzed([metric], {metric_filter.metric, *map(short, alarms)})

    def mentioning(self, names: Collection[str]) -> list[OtherAlarm]:
        """The alarms that cannot be analyzed and mention one of these names, or may."""
        return [
            other
            for other in self._other
            if other.kind == UNREAD_LOG_ALARM or any(name in other.mentions for name in names)
        ]


def is_part_of_composite(alarm: StatefulAlarm, alarms: Iterable[StatefulAlarm]) -> bool:
    """Whether the rule of a composite alarm among these names the alarm, so that it may notify instead."""
    return any(
        isinstance(other, CompositeAlarm) and composite_alarm.may_refer_to(other, {alarm.arn}) for other in alarms
    )


def _fires_on_more_calls(path: Path) -> bool:
    return path.gap is not None and path.gap.code in ON_MORE_CALLS
