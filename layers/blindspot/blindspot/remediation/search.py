"""The search for the fewest actions that make as many regions COMPLIANT as can be, in one part of an account. Pure.

Whether a repair helps is never assumed: the account is assessed as it would be after it. First every repairable log
group gets its strongest repair, which shows which regions can become COMPLIANT at all. Log groups are then taken, the
most useful first, until these are; those that turn out needless are left out; and each that remains gets the smallest
repair that does the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import chain

from blindspot.model.arn import place_of
from blindspot.model.snapshot import FUTURE, LogGroup, Snapshot, SubscriptionFilter
from blindspot.remediation.candidates import Candidates, repairable_log_groups, size
from blindspot.remediation.parts import Parts
from blindspot.remediation.repairs import Repairs, Wanted, with_subscriptions_confirmed
from blindspot.verdict.assessment import compliant_regions
from filter_pattern import Proofs

Regions = frozenset[str]

_MANY = 1000
"""Stands for the number of actions of a log group that makes no region COMPLIANT by itself."""


class Unfinished(Exception):
    """Raised where nothing more can be decided: what is planned from then on might be needless or not enough."""


class Account:
    """A part of an account, and which of its regions are COMPLIANT after what. Subscriptions that the stack's
    subscribers have still to confirm count as confirmed."""

    def __init__(self, snapshot: Snapshot, regions: Iterable[str], wanted: Wanted, proofs: Proofs) -> None:
        self.snapshot = snapshot
        self.regions = frozenset(regions)
        self.wanted = wanted
        self.proofs = proofs
        self._parts = Parts(snapshot)
        self._around: dict[Regions, Snapshot] = {}
        self._known: dict[object, Regions] = {}

    def around(self, regions: Regions) -> Snapshot:
        """What the verdicts on these regions depend on."""
        if regions not in self._around:
            self._around[regions] = self.snapshot if regions >= self.regions else self._parts.around(regions)
        return self._around[regions]

    def after(self, regions: Regions, repairs: Repairs) -> Snapshot:
        """The same after those of these repairs that concern it."""
        return self._after(self.around(regions), repairs)

    def compliant(self, regions: Regions, repairs: Repairs = ()) -> Regions:
        """Those of these regions that would be COMPLIANT after these repairs. Raises Unfinished."""
        key = regions, tuple((action.resource, repr(action.request)) for action in repairs)
        if key not in self._known:
            self._known[key] = self.decided(self.after(regions, repairs), regions) if regions else frozenset()
        return self._known[key]

    def compliant_alone(self, log_group: str, regions: Regions, repairs: Repairs) -> Regions:
        """The same with the trails of this log group alone."""
        if all(trail.log_group_arn == log_group for trail in self.snapshot.trails):
            return self.compliant(regions, repairs)
        return self.decided(self._after(self._alone(log_group, regions), repairs), regions)

    def recorded(self, log_group: str, regions: Regions) -> Regions:
        """The regions of which everything required surely reaches the log group: those that would be COMPLIANT if all
        of that were sent to somebody."""
        snapshot, group = self._alone(log_group, regions), self.snapshot.log_groups[log_group]
        if not isinstance(group, LogGroup):
            return frozenset()
        sent = replace(group, subscriptions=(SubscriptionFilter("all", "", "somebody"),))
        snapshot = replace(snapshot, log_groups={**snapshot.log_groups, log_group: sent})
        return compliant_regions(
            snapshot, replace(self.wanted.profile, siem_destinations=("somebody",)), self.proofs, regions
        )

    def observed(self, log_groups: Iterable[str]) -> Regions:
        """The regions of the part that a trail observes which delivers to one of these log groups."""
        arns = frozenset(log_groups)
        trails = [trail for trail in self.snapshot.trails if trail.log_group_arn in arns]
        homes = frozenset(trail.home_region for trail in trails) - {FUTURE}
        return self.regions if any(trail.multi_region for trail in trails) else self.regions & homes

    def changed_with(self, log_group: str) -> Regions:
        """The regions whose verdicts a repair of the log group may change: its alarm is that of the whole place."""
        place = place_of(log_group)
        return self.observed(arn for arn in self.snapshot.log_groups if place_of(arn) == place)

    def decided(self, snapshot: Snapshot, regions: Regions, *, confirmed: bool = True) -> Regions:
        """Those of the regions that are COMPLIANT in that snapshot. Raises Unfinished."""
        if self.proofs.over:
            raise Unfinished
        if confirmed:
            snapshot = with_subscriptions_confirmed(snapshot, self.wanted.holdings, self.wanted.subscribers)
        return compliant_regions(snapshot, self.wanted.profile, self.proofs, regions)

    def _alone(self, log_group: str, regions: Regions) -> Snapshot:
        snapshot = self.around(regions)
        return replace(snapshot, trails=tuple(trail for trail in snapshot.trails if trail.log_group_arn == log_group))

    @staticmethod
    def _after(snapshot: Snapshot, repairs: Repairs) -> Snapshot:
        """The snapshot after those of the repairs that are in its places."""
        places = set(map(place_of, snapshot.log_groups))
        for action in repairs:
            snapshot = action.on(snapshot) if place_of(action.resource) in places else snapshot
        return snapshot


@dataclass(frozen=True, slots=True)
class Found:
    """repairs: by log group. reachable: the regions that become COMPLIANT. strongest: the repairs that do most."""

    repairs: Mapping[str, Repairs]
    reachable: Regions
    strongest: Repairs


class Search:
    """Searches one part of an account.

    broken: the regions to repair. compliant: those that must stay COMPLIANT.
    """

    def __init__(self, account: Account, candidates: Candidates, broken: Regions, compliant: Regions) -> None:
        self._account = account
        self._candidates = candidates
        self._broken = broken
        self._compliant = compliant
        groups = repairable_log_groups(account.snapshot)
        self._log_groups = [arn for arn in groups if account.observed([arn]) & broken]

    def search(self) -> Found:
        """What to repair. Raises Unfinished where the proofs end before it does."""
        strongest = {log_group: self._strongest(log_group) for log_group in self._log_groups}
        everything = _together(strongest.values())
        after = self._account.compliant(self._broken | self._compliant, everything)
        reachable = after & self._broken
        if not reachable or not after >= self._compliant:
            return Found({}, frozenset(), everything)
        chosen = self._needed(strongest, reachable)
        for log_group in list(chosen):
            others = _together(repairs for other, repairs in chosen.items() if other != log_group)
            chosen[log_group] = self._smallest(log_group, chosen[log_group], others, reachable)
        return Found({arn: repairs for arn, repairs in chosen.items() if repairs}, reachable, everything)

    def does_as_much(self, log_group: str, repairs: Repairs, reachable: Regions) -> bool:
        """Whether these repairs, of which some are of this log group, make COMPLIANT what is reachable, and keep what
        is."""
        concerned = self._account.changed_with(log_group) & (reachable | self._compliant)
        return self._account.compliant(concerned, repairs) >= concerned

    def _strongest(self, log_group: str) -> Repairs:
        """The repair that makes most regions COMPLIANT by itself: the one from end to end, unless that is not possible
        and another does more. It keeps what is COMPLIANT."""
        account, candidates = self._account, self._candidates
        regions = account.observed([log_group]) & self._broken
        strongest = candidates.end_to_end(log_group)
        alone = account.compliant_alone(log_group, regions, strongest)
        if alone < regions:
            # No repair behind the log group makes up for what does not reach it.
            possible = account.recorded(log_group, regions)
            for repairs in candidates.by_size(log_group, account.snapshot) if alone < possible else ():
                if (more := account.compliant_alone(log_group, regions, repairs)) > alone:
                    strongest, alone = repairs, more
                if not alone < possible:
                    break
        if self._keeps(log_group, strongest):
            return strongest
        # We have one alarm in a place. If it is moved to another metric, nobody is alerted of the first.
        keeping = [each for each in candidates.by_size(log_group, account.snapshot) if self._keeps(log_group, each)]
        return max(keeping, key=lambda each: len(account.compliant_alone(log_group, regions, each)), default=())

    def _keeps(self, log_group: str, repairs: Repairs) -> bool:
        concerned = self._account.changed_with(log_group) & self._compliant
        return self._account.compliant(concerned, repairs) >= concerned

    def _needed(self, strongest: Mapping[str, Repairs], reachable: Regions) -> dict[str, Repairs]:
        """Of the log groups those that suffice."""
        ranked = list(strongest)
        if len(ranked) > 1:
            ranked.sort(key=lambda log_group: self._usefulness(log_group, strongest[log_group]), reverse=True)
        wanted, few, many = reachable | self._compliant, 1, len(ranked)
        while few < many:
            number = (few + many) // 2
            tried = _together(strongest[log_group] for log_group in ranked[:number])
            if self._account.compliant(wanted, tried) >= wanted:
                many = number
            else:
                few = number + 1
        chosen = {log_group: strongest[log_group] for log_group in ranked[:many]}
        for log_group in reversed(list(chosen)[:-1]):
            rest = {other: repairs for other, repairs in chosen.items() if other != log_group}
            if self.does_as_much(log_group, _together(rest.values()), reachable):
                chosen = rest
        return chosen

    def _usefulness(self, log_group: str, strongest: Repairs) -> tuple[int, int]:
        """Sorts the least useful log group first: few regions, then many actions."""
        account = self._account
        regions = account.observed([log_group]) & self._broken
        needed = _MANY
        if alone := account.compliant_alone(log_group, regions, strongest):
            by_size = (*self._candidates.by_size(log_group, account.snapshot), strongest)
            needed = next(
                (len(repairs) for repairs in by_size if account.compliant_alone(log_group, regions, repairs) >= alone),
                _MANY,
            )
        return len(regions), -needed

    def _smallest(self, log_group: str, strongest: Repairs, others: Repairs, reachable: Regions) -> Repairs:
        """The smallest repair that does as much beside the repairs of other log groups."""
        smallest = self.without_needless(log_group, strongest, others, reachable)
        then = self._account.snapshot
        for action in others:
            then = action.on(then)
        for repairs in self._candidates.by_size(log_group, then):
            if size(repairs) >= size(smallest):
                break
            # What lacks an action that the strongest repair needs, and has none in its place, does less.
            if all(action in strongest for action in repairs):
                continue
            if self.does_as_much(log_group, (*others, *repairs), reachable):
                return self.without_needless(log_group, repairs, others, reachable)
        return smallest

    def without_needless(self, log_group: str, repairs: Repairs, others: Repairs, reachable: Regions) -> Repairs:
        """The repairs without those that are not needed; the existing filters are used if they can be. One subscriber
        may suffice, and yet all that the settings name are subscribed."""
        for action in sorted(repairs, key=lambda action: action.link != "filter"):
            to_topic = action.needs if action.link == "subscription" else None
            fewer = tuple(
                other
                for other in repairs
                if other is not action and not (other.link == "subscription" and other.needs == to_topic)
            )
            if self.does_as_much(log_group, (*others, *fewer), reachable):
                # An action that was needed may not be any more: a filter, without an alarm on its metric.
                return self.without_needless(log_group, fewer, others, reachable)
        return repairs


def _together(repairs: Iterable[Repairs]) -> Repairs:
    return tuple(chain.from_iterable(repairs))
