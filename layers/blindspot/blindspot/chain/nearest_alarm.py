"""The alarm that comes nearest to a metric that no alarm watches: in what it differs, and what to change.

Source: CloudWatch user guide, "Metrics concepts": namespace, name and dimensions tell metrics apart, in upper and lower
case; CloudWatch API reference, PutMetricAlarm, about the unit.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import NamedTuple

from blindspot.chain.metric_alarm import queries
from blindspot.chain.metric_data import Data
from blindspot.chain.metric_filter import filter_resource, filter_title
from blindspot.model.arn import Place, place_of, short
from blindspot.model.findings import Gap
from blindspot.model.snapshot import LogGroup, MathAlarm, MetricAlarm, MetricFilter, Snapshot, Unreadable


class _Watching(NamedTuple):
    alarm: str
    data: Data


class NearestAlarms:
    """The alarms of an account by the metrics that they watch. Of those that are alike in what is compared, the first
    is named."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._found: dict[Hashable, _Watching] = {}
        for place, alarms in snapshot.alarms.items():
            for alarm in () if isinstance(alarms, Unreadable) else alarms:
                for query in queries(alarm) if isinstance(alarm, MetricAlarm | MathAlarm) else ():
                    data = Data.of(query)
                    for likeness in _likenesses(place, data.namespace, data.metric):
                        self._found.setdefault(likeness, _Watching(alarm.arn, data))

    def missing(self, group: LogGroup, metric_filter: MetricFilter) -> Gap:
        """The gap that no alarm watches the filter's metric."""
        place, wanted = place_of(group.arn), (metric_filter.namespace, metric_filter.metric)
        resource, title = filter_resource(group.arn, metric_filter.name), filter_title(group.arn, metric_filter.name)
        message = f"No alarm in {place[1]} watches {_metric(*wanted)}, to which metric filter {title} adds."
        likenesses = _likenesses(place, *wanted)
        nearest = next((self._found[likeness] for likeness in likenesses if likeness in self._found), None)
        if nearest is None:
            return Gap("alarm.missing", resource, message)
        differs, fix = _compared(nearest, place, title, metric_filter)
        return Gap("alarm.missing", resource, f"{message} Alarm {short(nearest.alarm)} {differs}.", fix)


def _likenesses(place: Place, namespace: str, metric: str) -> Iterator[Hashable]:
    """What a metric has in common with those that may be taken for it; the closest ones first."""
    yield place, namespace, metric
    yield place, (_spelling(namespace), _spelling(metric))
    yield place, metric
    yield place, (_spelling(metric),)
    yield namespace, metric


def _spelling(name: str) -> str:
    """The name's letters and digits in one case; the name, if it has none."""
    return "".join(filter(str.isalnum, name.casefold())) or name


def _metric(namespace: str, metric: str) -> str:
    return f"metric {metric} in namespace {namespace}"


def _compared(nearest: _Watching, place: Place, title: str, metric_filter: MetricFilter) -> tuple[str, str]:
    """In what the alarm differs from one on the filter's metric, and what to change."""
    alarm, data = short(nearest.alarm), nearest.data
    account, region = place_of(nearest.alarm)
    if (account, region) != place:
        where = region if account == place[0] else f"{region} of account {account}"
        fix = f"Create the alarm in {place[1]}: a metric filter adds to a metric of its log group's account and region."
        return f"watches the metric of that name in {where}", fix
    if (data.namespace, data.metric) != (metric_filter.namespace, metric_filter.metric):
        fix = f"Set alarm {alarm} to {_metric(metric_filter.namespace, metric_filter.metric)}, or create one on it."
        return f"watches {_metric(data.namespace, data.metric)}: {_differences(data, metric_filter)}", fix
    if data.unit not in (None, metric_filter.unit or "None"):
        unit = f"in the unit {metric_filter.unit}" if metric_filter.unit else "without a unit"
        differs = f"watches it only in the unit {data.unit}, and the filter adds it {unit}"
        return differs, f"Remove the unit from alarm {alarm}."
    own = (*(name for name, _ in metric_filter.dimensions), *metric_filter.system_dimensions)
    watched = ", ".join(f"{name}={value}" for name, value in data.dimensions)
    differs = f"watches it {f'with dimensions {watched}' if watched else 'without dimensions'}, and the filter adds it "
    if not own:
        return f"{differs}without dimensions", f"Remove the dimensions from alarm {alarm}."
    fix = f"Remove the dimensions from metric filter {title}: with them, each of their values is another metric."
    if watched:
        fix = f"Remove the dimensions from metric filter {title} and from alarm {alarm}."
    return f"{differs}only with dimensions {', '.join(own)}", fix


def _differences(data: Data, metric_filter: MetricFilter) -> str:
    names = {
        "namespace": (data.namespace, metric_filter.namespace),
        "name": (data.metric, metric_filter.metric),
    }
    other = [f"the {what}" for what, (one, another) in names.items() if one != another]
    only_case = all(one.casefold() == another.casefold() for one, another in names.values())
    differ = "differs" if len(other) == 1 else "differ"
    return f"{' and '.join(other)} {differ}{' only in upper and lower case' * only_case}"
