"""The account in parts: as much of a Snapshot as the verdict on some of its regions depends on. Pure.

Trails, the regions that they observe, and the places (account and region) of their log groups are connected. What is in
one part changes no verdict of another, so each is planned alone, and the time of a plan grows with their number.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from itertools import chain
from typing import TypeVar

from blindspot.chain.trail import observes
from blindspot.model.arn import Place, place_of, short
from blindspot.model.snapshot import FUTURE, MetricFilter, Snapshot, Trail

T = TypeVar("T")


class Parts:
    """The parts of one account."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._order = {trail.arn: number for number, trail in enumerate(snapshot.trails)}
        self._everywhere = [trail for trail in snapshot.trails if trail.multi_region]
        self._anywhere = [trail for trail in snapshot.trails if trail.unread and trail.log_group_arn is None]
        self._at_home: defaultdict[str, list[Trail]] = defaultdict(list)
        self._delivering: defaultdict[Place, list[Trail]] = defaultdict(list)
        for trail in snapshot.trails:
            self._at_home[trail.home_region].append(trail)
            if trail.log_group_arn is not None:
                self._delivering[place_of(trail.log_group_arn)].append(trail)
        self._log_groups: defaultdict[Place, list[str]] = defaultdict(list)
        for arn in snapshot.log_groups:
            self._log_groups[place_of(arn)].append(arn)

    def connected(self, regions: Iterable[str]) -> tuple[tuple[str, ...], ...]:
        """These regions (FUTURE may be one), those together that the same part of the account has."""
        together = _Together()
        for region in (regions := tuple(regions)):
            for trail in self._observing(region):
                together.join(region, trail.arn)
        for trail in self._snapshot.trails:
            if trail.log_group_arn is not None:
                together.join(trail.arn, place_of(trail.log_group_arn))
        found: defaultdict[object, list[str]] = defaultdict(list)
        for region in regions:
            found[together.of(region)].append(region)
        return tuple(map(tuple, found.values()))

    def around(self, regions: Iterable[str]) -> Snapshot:
        """The account without what the verdicts on these regions do not depend on."""
        observing = {trail.arn: trail for region in regions for trail in self._observing(region)}
        places = dict.fromkeys(place_of(trail.log_group_arn) for trail in observing.values() if trail.log_group_arn)
        delivering = chain.from_iterable(self._delivering[place] for place in places)
        trails = observing | {trail.arn: trail for trail in (*delivering, *self._anywhere)}
        log_groups = [arn for place in places for arn in self._log_groups[place]]
        snapshot = self._snapshot
        return replace(
            snapshot,
            trails=tuple(sorted(trails.values(), key=lambda trail: self._order[trail.arn])),
            log_groups={arn: snapshot.log_groups[arn] for arn in log_groups},
            alarms=_at(places, snapshot.alarms),
            topics={arn: snapshot.topics[arn] for place in places for arn in self._topics(place)},
            other_filters=self._other_filters(places, log_groups),
            mute_rules=_at(places, snapshot.mute_rules),
            subscription_policies=_at(places, snapshot.subscription_policies),
        )

    def _observing(self, region: str) -> list[Trail]:
        regional = [] if region == FUTURE else [trail for trail in self._at_home[region] if observes(trail, region)]
        return list(dict.fromkeys((*self._everywhere, *regional)))

    def _topics(self, place: Place) -> Collection[str]:
        """Those of the region, and those that alarms of the place notify."""
        alarms = self._snapshot.alarms.get(place, ())
        notified = (action for alarm in alarms for action in alarm.actions) if isinstance(alarms, tuple) else ()
        known = (arn for arn in notified if arn in self._snapshot.topics)
        return dict.fromkeys((*self._topics_by_region[place[1]], *known))

    @cached_property
    def _topics_by_region(self) -> Mapping[str, list[str]]:
        found: defaultdict[str, list[str]] = defaultdict(list)
        for arn in self._snapshot.topics:
            found[place_of(arn)[1]].append(arn)
        return found

    def _other_filters(
        self, places: Iterable[Place], log_groups: Iterable[str]
    ) -> dict[Place, tuple[tuple[str, MetricFilter], ...]]:
        """Those of these places, and elsewhere those that may count central copies (`log_group.filters_of_copies`)."""
        others = _at(places, self._snapshot.other_filters)
        by_source, by_name = self._copies
        found: defaultdict[Place, list[tuple[str, MetricFilter]]] = defaultdict(list)
        for arn, metric_filter in (*by_source, *chain.from_iterable(by_name[short(arn)] for arn in log_groups)):
            if place_of(arn) not in others:
                found[place_of(arn)].append((arn, metric_filter))
        return others | {place: tuple(dict.fromkeys(filters)) for place, filters in found.items()}

    @cached_property
    def _copies(self) -> tuple[list[tuple[str, MetricFilter]], defaultdict[str, list[tuple[str, MetricFilter]]]]:
        """The filters that tell sources apart, and all others by the name of their log group."""
        by_source: list[tuple[str, MetricFilter]] = []
        by_name: defaultdict[str, list[tuple[str, MetricFilter]]] = defaultdict(list)
        for arn, found in chain.from_iterable(self._snapshot.other_filters.values()):
            tells_apart = found.system_dimensions or "@aws." in (found.field_selection or "")
            (by_source if tells_apart else by_name[short(arn)]).append((arn, found))
        return by_source, by_name


class _Together:
    """Which things belong together (union-find)."""

    def __init__(self) -> None:
        self._parents: dict[object, object] = {}

    def of(self, thing: object) -> object:
        """What stands for all that belong together with it."""
        while (parent := self._parents.get(thing, thing)) != thing:
            self._parents[thing] = thing = self._parents.get(parent, parent)
        return thing

    def join(self, one: object, other: object) -> None:
        self._parents[self.of(one)] = self.of(other)


def _at(places: Iterable[Place], read: Mapping[Place, T]) -> dict[Place, T]:
    return {place: read[place] for place in places if place in read}
