"""The alarms of one account and region as a graph: which rule names which alarm, and what follows from that.

A *case* is what one metric filter, or several that are alike, counts: the filter matches a refused call, and its metric
gets data. Some alarms on the metric go to ALARM, and with them the composite alarms whose rules name them. One walk
answers all cases: it finds, for each alarm and each outcome, the set of cases in which the alarm has this outcome.

The rules of the walk, and why they hold:

1. A composite alarm is visited after all alarms that its rule names. So one visit is enough, in whatever order AWS
   lists the alarms, and the number of visits is the number of composite alarms.
2. Alarms whose rules name each other in a cycle have no such order. Once in ALARM they can keep each other there. So
   each of them is taken to be possibly in ALARM, before the calls and after them. A rule that is false even then never
   goes to ALARM; all others are in doubt.
3. A case reaches a composite alarm from an alarm that goes to ALARM or may (`_LEADS_ON`), and reaches all alarms of a
   cycle together.
4. An alarm that a case does not reach may be in ALARM all the same: it is in ALARM now, or it gets data from a metric
   filter too, directly or through others. The latter are the companions. Some of them surely return to OK.
5. Every other alarm gets no data, and is never in ALARM, but in OK or in INSUFFICIENT_DATA. A composite alarm whose
   rule may be true even so may always be in ALARM.

A rule that is not understood may name every alarm whose name it contains.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from enum import Enum
from functools import cached_property

from blindspot.chain import composite_alarm, metric_alarm
from blindspot.chain.composite_alarm import Named
from blindspot.chain.names_in_text import NamesInText
from blindspot.languages import alarm_rule
from blindspot.languages.three_valued import Cases
from blindspot.model.arn import short
from blindspot.model.findings import Doubt, Finding, Gap
from blindspot.model.snapshot import (
    UNKNOWN_KIND,
    UNREAD_LOG_ALARM,
    Alarm,
    CompositeAlarm,
    MathAlarm,
    MetricAlarm,
    OtherAlarm,
)

StatefulAlarm = MetricAlarm | MathAlarm | CompositeAlarm
"""An alarm whose state can be determined."""

Metric = tuple[str, str]
"""A namespace and the name of a metric in it."""


class Outcome(Enum):
    """What an alarm does in a case that reaches it."""

    FIRES = "goes to ALARM for every match, and then returns to OK"
    MAY_FIRE = "may go to ALARM"
    STAYS = "is in ALARM all the time"
    ON_MORE_CALLS = "may go to ALARM, but only on another number of calls"
    OFF = "does not go to ALARM on any number of calls"


_LEADS_ON = (Outcome.FIRES, Outcome.MAY_FIRE)

BY_GAP = {
    "alarm.latches": Outcome.STAYS,
    "filter.noise": Outcome.STAYS,
    "alarm.insensitive": Outcome.ON_MORE_CALLS,
    "alarm.never-fires": Outcome.ON_MORE_CALLS,
}
"""The outcome by the code of the gap at an alarm on a metric or before it. With any other gap it is OFF."""

Outcomes = Mapping[Outcome, Cases]
"""The cases in which an alarm has each outcome. A case that is in none of them does not reach the alarm."""

_FINDINGS: Mapping[Outcome, Callable[[CompositeAlarm], Finding]] = {
    Outcome.FIRES: composite_alarm.fires,
    Outcome.MAY_FIRE: composite_alarm.may_fire,
    Outcome.STAYS: composite_alarm.stays_in_alarm,
    Outcome.ON_MORE_CALLS: composite_alarm.does_not_fire,
}
"""What each outcome of a composite alarm is for the channel that it is on."""


class AlarmGraph:
    """The alarms of one place. They are known by their positions, as AWS may list one on two pages.

    in_math: the metrics that alarms on metric math watch.
    """

    def __init__(self, alarms: Iterable[Alarm]) -> None:
        self.alarms = tuple(alarms)
        self._named: defaultdict[str, list[int]] = defaultdict(list)
        self._watching: defaultdict[Metric, list[int]] = defaultdict(list)
        numbered = list(enumerate(self.alarms))
        self.on_metrics = {n: alarm for n, alarm in numbered if isinstance(alarm, MetricAlarm | MathAlarm)}
        self.composites = {n: alarm for n, alarm in numbered if isinstance(alarm, CompositeAlarm)}
        self._others = {n: alarm for n, alarm in numbered if isinstance(alarm, OtherAlarm)}
        for number, alarm in numbered:
            for name in dict.fromkeys(alarm_rule.names_of(alarm.arn)):
                self._named[name].append(number)
        self.in_math: set[Metric] = set()
        for number, on_metrics in self.on_metrics.items():
            for metric in metrics_of(on_metrics):
                self._watching[metric].append(number)
            if isinstance(on_metrics, MathAlarm):
                self.in_math.update(metrics_of(on_metrics))

    @cached_property
    def named_by(self) -> dict[int, tuple[int, ...]]:
        """By composite alarm, the alarms that its rule names."""
        names = NamesInText(alarm_rule.names_of(alarm.arn)[-1] for alarm in self.alarms)
        found: dict[int, tuple[int, ...]] = {}
        for number, composite in self.composites.items():
            named = alarm_rule.named(composite.rule)
            texts = named.alarms if named.all_of_them else names.found_in(composite.rule)
            found[number] = tuple(sorted({each for text in texts for each in self.called(text)}))
        return found

    @cached_property
    def naming(self) -> Mapping[int, Sequence[int]]:
        """By alarm, the composite alarms whose rules name it."""
        found: defaultdict[int, list[int]] = defaultdict(list)
        for composite, named in self.named_by.items():
            for number in named:
                found[number].append(composite)
        return found

    def called(self, name: str) -> Sequence[int]:
        """The alarms with this name or ARN: usually one."""
        return self._named.get(name, ())

    def watching(self, metric: Metric) -> Sequence[int]:
        """The alarms on this metric, with any dimensions."""
        return self._watching.get(metric, ())

    def mattering_to_others(self) -> set[int]:
        """The alarms that a rule names, or that suppress the actions of others."""
        suppressors = (composite.suppressor for composite in self.composites.values())
        return {*self.naming, *(number for name in suppressors if name for number in self.called(name))}

    def leading_from(self, alarms: Iterable[int]) -> list[int]:
        """These alarms, and the composite alarms whose rules name one of them or, in turn, such a composite alarm."""
        found = dict.fromkeys(alarms)
        waiting = list(found)
        while waiting:
            more = [number for number in self.naming.get(waiting.pop(), ()) if number not in found]
            found |= dict.fromkeys(more)
            waiting += more
        return list(found)

    def in_order(self) -> Iterator[tuple[int, ...]]:
        """The composite alarms, each after those that its rule names; alarms in a cycle come together."""
        return _components({one: [n for n in named if n in self.composites] for one, named in self.named_by.items()})

    def unanalyzed(
        self, every_case: Cases, metrics: Mapping[Metric, Cases], names: Mapping[str, Cases]
    ) -> Iterator[tuple[int, Cases]]:
        """The alarms that cannot be analyzed, and the cases in which they may watch the data: those of the metrics that
        they watch and of the names that they mention."""
        sought = NamesInText(names)
        for number, other in self._others.items():
            watched = [metrics.get(metric, 0) for metric in other.metrics]
            mentioned = names if other.kind == UNREAD_LOG_ALARM else sought.found_in(other.mentions)
            found = union(*watched, *(names[name] for name in mentioned))
            yield number, found | (every_case if other.kind == UNKNOWN_KIND else 0)


class Walk:
    """What follows from what the alarms on metrics do: the outcomes of all other alarms.

    every_case: all cases. on_metrics: the outcomes of the alarms on metrics. companions: the alarms on metrics of
        metric filters and those that cannot be analyzed but may watch the same data, and whether each surely returns
        to OK.
    """

    def __init__(
        self, graph: AlarmGraph, every_case: Cases, on_metrics: Mapping[int, Outcomes], companions: Mapping[int, bool]
    ) -> None:
        self._graph = graph
        self._every_case = every_case
        self.outcomes: dict[int, Outcomes] = dict(on_metrics)
        self._companions = dict(companions)
        self._states: dict[int, Named] = {}
        self._in_cycle_with: dict[int, frozenset[int]] = {}
        for together in graph.in_order():
            self._visit(together)

    def _visit(self, together: tuple[int, ...]) -> None:
        """Classifies a composite alarm, or those of a cycle."""
        named_by = self._graph.named_by
        is_cycle = len(together) > 1 or together[0] in named_by[together[0]]
        cycle = frozenset(together if is_cycle else ())
        named = {number for one in together for number in named_by[one]} - cycle
        reached = union(*(self.cases(number, *_LEADS_ON) for number in named))
        has_company = not named.isdisjoint(self._companions)
        for number in together:
            self._in_cycle_with[number] = cycle
            if reached:
                self.outcomes[number] = self._outcomes_of(number, reached, cycle)
            if has_company or not composite_alarm.is_off(self._graph.composites[number].rule, ()):
                self._companions[number] = not is_cycle and self._is_off(number)

    def _outcomes_of(self, number: int, reached: Cases, cycle: Collection[int]) -> Outcomes:
        def named(name: str) -> Named:
            return self._named(name, cycle)

        rule = self._graph.composites[number].rule
        found = composite_alarm.check_rule(rule, self._every_case, named)
        known = found.fires | found.stays | found.never
        return {
            Outcome.FIRES: reached & found.fires,
            Outcome.MAY_FIRE: reached & ~known,
            Outcome.STAYS: reached & found.stays,
            Outcome.ON_MORE_CALLS: reached & found.never,
        }

    def _is_off(self, number: int) -> bool:
        """Whether the composite alarm leaves ALARM when its companions do."""
        named = self._graph.named_by[number]
        stuck = [self._graph.alarms[each].arn for each in named if self._companions.get(each) is False]
        return composite_alarm.is_off(self._graph.composites[number].rule, stuck)

    def _named(self, name: str, cycle: Collection[int]) -> Named:
        """What the alarm that a rule names does. Where two have the name, only what holds for both is sure."""
        called = self._graph.called(name)
        in_doubt = Named(before=self._every_case)  # and it may stay in ALARM
        states = [in_doubt if number in cycle else self._state(number) for number in called]
        if not states:
            return Named()
        sure = self._every_case
        for state in states:
            sure &= state.sure
        return Named(
            sure=sure,
            perhaps=union(*(state.sure | state.perhaps for state in states)),
            before=union(*(state.before for state in states)),
            on_more_calls=union(*(state.on_more_calls for state in states)),
        )

    def _state(self, number: int) -> Named:
        if number not in self._states:
            alarm = self._graph.alarms[number]
            silent = self.cases(number, Outcome.OFF, Outcome.ON_MORE_CALLS)
            if number in self._graph.composites:
                silent = 0  # other alarms of its rule may take it to ALARM
            stays = alarm.state == "ALARM" or self._companions.get(number) is False
            beside = self._every_case if number in self._companions else 0
            self._states[number] = Named(
                sure=self.cases(number, Outcome.FIRES),
                perhaps=(self.cases(number, *_LEADS_ON) | beside) & ~silent,
                before=(self._every_case if stays else self.cases(number, Outcome.STAYS)) & ~silent,
                on_more_calls=self.cases(number, Outcome.ON_MORE_CALLS),
            )
        return self._states[number]

    def cases(self, number: int, *outcomes: Outcome) -> Cases:
        """The cases in which the alarm has one of these outcomes; without any, all cases that reach it."""
        found = self.outcomes.get(number, {})
        return union(*(found.get(outcome, 0) for outcome in outcomes or Outcome))

    def findings(self, number: int) -> Iterator[tuple[Finding, Cases]]:
        """What is found of a composite alarm, with the cases."""
        for outcome, cases in self.outcomes.get(number, {}).items():
            if cases:
                yield _FINDINGS[outcome](self._graph.composites[number]), cases

    def acts(self, number: int) -> Cases:
        """The cases in which the alarm should notify somebody itself. One without actions does so through the composite
        alarms that name it, if there are any."""
        if self._graph.alarms[number].actions:
            return self.cases(number)
        above = (one for one in self._graph.naming.get(number, ()) if one not in self._in_cycle_with.get(number, ()))
        return self.cases(number) & ~union(*map(self.cases, above))

    def suppressed(self, number: int) -> Iterator[tuple[Finding, Cases]]:
        """Whether another alarm suppresses the actions of this one, with the cases."""
        alarm = self._graph.alarms[number]
        if not isinstance(alarm, CompositeAlarm) or alarm.suppressor is None:
            return
        name, suppressor = short(alarm.arn), short(alarm.suppressor)
        surely = possibly = 0
        for other in self._graph.called(alarm.suppressor):
            if self._graph.alarms[other].state == "ALARM":
                surely = self._every_case
            surely |= self.cases(other, Outcome.FIRES)
            possibly |= self.cases(other, Outcome.MAY_FIRE, Outcome.STAYS, Outcome.ON_MORE_CALLS)
            if other in self._companions:
                possibly |= self._every_case & ~self.cases(other)
        if not self._graph.called(alarm.suppressor):
            possibly = self._every_case
        message = f"The actions of alarm {name} are suppressed while alarm {suppressor} is in ALARM."
        yield Gap("alarm.muted", alarm.arn, message), surely
        message = f"Alarm {suppressor} may go to ALARM at the same time and suppress the actions of alarm {name}."
        yield Doubt("alarm.muted", alarm.arn, message), possibly & ~surely


def metrics_of(alarm: MetricAlarm | MathAlarm) -> Collection[Metric]:
    """The metrics that the alarm watches, whatever it makes of them."""
    return dict.fromkeys((query.namespace, query.metric) for query in metric_alarm.queries(alarm))


def union(*cases: Cases) -> Cases:
    """The cases that are in any of these sets."""
    found = 0
    for each in cases:
        found |= each
    return found


def numbers_in(cases: Cases) -> Iterator[int]:
    """The numbers of the cases in the set."""
    while cases:
        lowest = cases & -cases
        yield lowest.bit_length() - 1
        cases ^= lowest


def _components(named_by: Mapping[int, Sequence[int]]) -> Iterator[tuple[int, ...]]:
    """The strongly connected components, each after those that it leads to (Tarjan's algorithm without recursion)."""
    numbers: dict[int, int] = {}
    lowest: dict[int, int] = {}
    open_: dict[int, None] = {}
    for start in named_by:
        visiting = [] if start in numbers else [(start, iter(named_by[start]))]
        while visiting:
            one, rest = visiting[-1]
            if one not in numbers:
                numbers[one] = lowest[one] = len(numbers)
                open_[one] = None
            following = next(rest, None)
            if following is None:
                visiting.pop()
                if visiting:
                    before = visiting[-1][0]
                    lowest[before] = min(lowest[before], lowest[one])
                if lowest[one] == numbers[one]:
                    yield tuple(_popped(open_, one))
            elif following not in numbers:
                visiting.append((following, iter(named_by[following])))
            elif following in open_:
                lowest[one] = min(lowest[one], numbers[following])


def _popped(open_: dict[int, None], down_to: int) -> Iterator[int]:
    """Takes keys from the end, down to this one."""
    one, _ = open_.popitem()
    yield one
    while one != down_to:
        one, _ = open_.popitem()
        yield one
