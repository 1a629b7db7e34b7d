"""What may repair a log group: the channels that could be built behind it, as generators. Pure.

Whether a candidate helps is not decided here. What cannot help is left out where that is plain, for example a filter
whose metric no alarm watches, or an action that would exceed one of AWS's limits.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from itertools import chain

from blindspot.chain.metric_alarm import queries
from blindspot.chain.metric_filter import filter_resource
from blindspot.chain.subscription import check_subscriptions
from blindspot.chain.topic import check_publish_access
from blindspot.model.arn import Place, place_of
from blindspot.model.findings import HOLDS
from blindspot.model.snapshot import Alarm, LogGroup, MathAlarm, MetricAlarm, MetricFilter, Snapshot, Topic, Unreadable
from blindspot.remediation import ownership
from blindspot.remediation.limits import exceeded
from blindspot.remediation.ownership import Metric, Owner
from blindspot.remediation.repairs import Repairs, Wanted, after, any_alarm, filters, with_subscriptions_confirmed
from blindspot.verdict.pattern_writer import matches_all_required, matches_only_required, satisfies
from filter_pattern import EVERY, FieldPath, Or, Pattern, PatternSyntaxError, Proofs, TextAtom, atoms

MOST_METRICS = 8
"""How many of the metrics that a log group's filters add to are tried: first those of filters that do all that is
required, then those that an alarm watches. With a hundred half filters another choice may take an action less."""


def repairable_log_groups(snapshot: Snapshot) -> tuple[str, ...]:
    """The log groups that can be repaired: in our own account, read, of the Standard class, and with a trail that
    delivers to them."""
    delivered_to = {trail.log_group_arn for trail in snapshot.trails}
    return tuple(
        arn
        for arn, group in snapshot.log_groups.items()
        if arn in delivered_to
        and isinstance(group, LogGroup)
        and group.log_class == "STANDARD"
        and not isinstance(group.filters, Unreadable)
        and place_of(arn)[0] == snapshot.account
    )


class Candidates:
    """The candidates for the log groups of one part of an account (see `parts`), which is as `snapshot` says."""

    def __init__(self, snapshot: Snapshot, wanted: Wanted, proofs: Proofs) -> None:
        self._snapshot = snapshot
        self._wanted = wanted
        self._proofs = proofs
        self._places: dict[Place, Metrics] = {}
        self._tried: dict[str, list[Metric]] = {}

    def end_to_end(self, log_group: str) -> Repairs:
        """Our filter, topic, subscriptions and alarm, as far as they can be created; nothing if a limit is exceeded."""
        repairs = self.unlimited(log_group)
        return repairs if self._fits(repairs) else ()

    def unlimited(self, log_group: str) -> Repairs:
        """The same without regard to limits."""
        wanted, snapshot = self._wanted, self._snapshot
        own = ownership.own_metrics(wanted.profile.names)
        fed = self._metrics(log_group).fed_by_others
        metric = next((metric for metric in own if metric not in fed), own[-1])
        own_filter = wanted.filter(metric, log_group, snapshot)
        topic = wanted.topic_arn(place_of(log_group), snapshot)
        topic_repairs = wanted.topic(topic, snapshot)
        then = after(snapshot, [topic_repairs])
        notifying = list(self._notifying_topics(log_group, then, self._to_try(log_group)))
        if topic not in notifying:
            topic_repairs, topic = (), min(notifying, default=None)
        before = (*own_filter, *topic_repairs)
        return (*before, *(wanted.alarm(metric, topic, log_group, snapshot, before) if topic else ()))

    def by_size(self, log_group: str, snapshot: Snapshot) -> list[Repairs]:
        """Every candidate, those of the fewest actions first, and among them those that use the existing filters.

        snapshot: the part of the account as it would be after the repairs of other log groups.
        """
        return sorted(self._all(log_group, snapshot), key=size)

    def _all(self, log_group: str, snapshot: Snapshot) -> Iterator[Repairs]:
        wanted, existing = self._wanted, self._to_try(log_group)
        topic = wanted.topic_arn(place_of(log_group), snapshot)
        topic_repairs = wanted.topic(topic, snapshot)
        # Somebody may be subscribed to our topic already.
        only_topic = tuple(action for action in topic_repairs if action.link == "topic")
        with_topic = [(), topic_repairs] if only_topic in ((), topic_repairs) else [(), only_topic, topic_repairs]
        own = ownership.own_metrics(wanted.profile.names)
        metrics = dict.fromkeys([own[0], *existing, *own])
        notifying = list(self._notifying_topics(log_group, snapshot, metrics))
        watched = Metrics(snapshot, place_of(log_group), wanted.holdings).watching
        topic_is_there = isinstance(snapshot.topics.get(topic or ""), Topic)
        for metric in metrics:
            own_filter = wanted.filter(metric, log_group, snapshot)
            for chosen in ((), own_filter) if metric in existing and own_filter else (own_filter,):
                if not self._fits(chosen) or not (chosen or self._may_suffice(metric, snapshot, watched)):
                    continue
                for other in notifying:
                    yield from self._fitting((*chosen, *wanted.alarm(metric, other, log_group, snapshot, chosen)))
                for topics in with_topic if topic_repairs else [()]:
                    before = (*chosen, *topics)
                    if metric in watched:
                        yield from self._fitting(before)
                    if topic and (topics or topic_is_there):
                        yield from self._fitting((*before, *wanted.alarm(metric, topic, log_group, snapshot, before)))

    def _may_suffice(self, metric: Metric, snapshot: Snapshot, watched: Collection[Metric]) -> bool:
        """Whether the filters that are there may match all that is required, if somebody is notified of this metric and
        of those that are watched. It is only decided where nothing else may see the events, and no place matters."""
        if len(set(map(place_of, snapshot.log_groups))) > 1 or self._wanted.profile.siem_destinations:
            return True
        there = chain.from_iterable(filters(snapshot, arn) for arn in snapshot.log_groups)
        texts = {each.pattern for each in there if (each.namespace, each.metric) in {metric, *watched}}
        patterns = [pattern for pattern in map(self._parsed, texts) if pattern is not None]
        if any(not path or path[0] in ("awsRegion", EVERY) for pattern in patterns for path in _fields(pattern)):
            return True
        return matches_all_required(Or(*patterns), self._wanted.profile, self._proofs)

    def _parsed(self, text: str) -> Pattern | None:
        try:
            return self._proofs.parse(text)
        except PatternSyntaxError:
            return None

    def _fitting(self, repairs: Repairs) -> Iterator[Repairs]:
        if repairs and self._fits(repairs):
            yield repairs

    def _fits(self, repairs: Repairs) -> bool:
        return not any(exceeded(action, self._snapshot, self._wanted.holdings.ledger) for action in repairs)

    def _to_try(self, log_group: str) -> list[Metric]:
        """The metrics of the log group's filters that may be of use; of those that are alike the first."""
        if log_group not in self._tried:
            metrics = self._metrics(log_group)
            found: defaultdict[Metric, set[str]] = defaultdict(set)
            for each in filters(self._snapshot, log_group):
                found[each.namespace, each.metric].add(each.pattern)
            sufficient = {metric for metric, texts in found.items() if any(map(self._satisfies, texts))}
            ranked = sorted(found, key=lambda metric: (metric not in sufficient, metric not in metrics.watching))
            useful = (metric for metric in ranked if metric in sufficient or any(map(self._is_relevant, found[metric])))
            tried: dict[object, Metric] = {}
            for metric in useful:
                tried.setdefault(metrics.likeness(metric), metric)
                if len(tried) == MOST_METRICS:
                    break
            self._tried[log_group] = list(tried.values())
        return self._tried[log_group]

    def _is_relevant(self, text: str) -> bool:
        """Whether the pattern matches only required events."""
        if (pattern := self._parsed(text)) is None:
            return False
        # Events are as they are in one field whatever they are in others.
        fields = _fields(pattern)
        asks = fields & _fields(self._wanted.profile.required) or any(not path or EVERY in path for path in fields)
        return bool(asks) and matches_only_required(pattern, self._wanted.profile, self._proofs)

    def _satisfies(self, text: str) -> bool:
        pattern = self._parsed(text)
        return pattern is not None and satisfies(pattern, self._wanted.profile, self._proofs)

    def _metrics(self, log_group: str) -> Metrics:
        place = place_of(log_group)
        if place not in self._places:
            self._places[place] = Metrics(self._snapshot, place, self._wanted.holdings)
        return self._places[place]

    def _notifying_topics(self, log_group: str, snapshot: Snapshot, metrics: Collection[Metric]) -> Iterator[str]:
        """The topics that an alarm can publish to and that notify somebody: of those of the source's names, and those
        that alarms on these metrics notify."""
        place, wanted = place_of(log_group), self._wanted
        named = list(ownership.topic_arns([wanted.profile.names], snapshot.partition, place))
        watching = self._metrics(log_group).watching
        named += [action for metric in metrics for alarm in watching.get(metric, ()) for action in alarm.actions]
        here = {arn: snapshot.topics.get(arn) for arn in named if place_of(arn)[1] == place[1]}
        confirmed = with_subscriptions_confirmed(replace(snapshot, topics=here), wanted.holdings, wanted.subscribers)
        for arn, topic in confirmed.topics.items():
            if isinstance(topic, Topic):
                alarm_arn = any_alarm(arn, place[0])
                findings = (check_publish_access(arn, topic, alarm_arn), check_subscriptions(topic, alarm_arn))
                if findings == (HOLDS, HOLDS):
                    yield arn


def _fields(pattern: Pattern) -> frozenset[FieldPath]:
    """The fields that the pattern tests; () for text, in which any may be."""
    return frozenset(() if isinstance(atom, TextAtom) else atom.path for atom in atoms(pattern))


def size(repairs: Repairs) -> tuple[int, int]:
    """Sorts the fewest actions first, and among them those that use the existing filters."""
    return len(repairs), sum(action.link == "filter" for action in repairs)


class Metrics:
    """What feeds and watches the metrics of one place."""

    def __init__(self, snapshot: Snapshot, place: Place, holdings: ownership.Holdings) -> None:
        groups = (arn for arn in snapshot.log_groups if place_of(arn) == place)
        self._filters = [(arn, found) for arn in groups for found in filters(snapshot, arn)]
        self._filters += snapshot.other_filters.get(place, ())
        self._alarms = snapshot.alarms.get(place, ())
        self._holdings = holdings

    @cached_property
    def watching(self) -> Mapping[Metric, list[MetricAlarm | MathAlarm]]:
        """The alarms on each metric."""
        found: defaultdict[Metric, list[MetricAlarm | MathAlarm]] = defaultdict(list)
        for alarm in self._alarms if isinstance(self._alarms, tuple) else ():
            if isinstance(alarm, MetricAlarm | MathAlarm):
                for metric in {(query.namespace, query.metric) for query in queries(alarm)}:
                    found[metric].append(alarm)
        return dict(found)

    @cached_property
    def fed_by_others(self) -> frozenset[Metric]:
        """The metrics that filters add to which are not ours."""
        return frozenset(
            (found.namespace, found.metric)
            for arn, found in self._filters
            if self._holdings.owner(filter_resource(arn, found.name)) is not Owner.US
        )

    @cached_property
    def _feeding(self) -> Mapping[Metric, list[tuple[str, MetricFilter]]]:
        found: defaultdict[Metric, list[tuple[str, MetricFilter]]] = defaultdict(list)
        for arn, each in self._filters:
            nameless = replace(each, name="", namespace="", metric="")
            found[each.namespace, each.metric].append((arn, nameless))
        return found

    def likeness(self, metric: Metric) -> object:
        """Equal for metrics that filters feed and alarms watch alike."""
        return frozenset(self._feeding.get(metric, ())), frozenset(map(_nameless, self.watching.get(metric, ())))


def _nameless(alarm: Alarm) -> Alarm:
    if isinstance(alarm, MetricAlarm):
        return replace(alarm, arn="", namespace="", metric="", state="", state_since=None)
    return alarm
