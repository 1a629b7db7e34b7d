"""The plan: what sets our things to what the settings say, the fewest actions that make as many regions COMPLIANT as
can be, and what only people can do. Pure.

The account is planned part by part (see `parts`). Where the time or the steps end, the parts that are planned by then
are the plan.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain

from blindspot.chain.metric_filter import filter_resource
from blindspot.model.arn import Place, place_of
from blindspot.model.profile import Profile
from blindspot.model.snapshot import FUTURE, Snapshot, Unreadable
from blindspot.remediation import manual_tasks, ownership
from blindspot.remediation.candidates import Candidates, repairable_log_groups
from blindspot.remediation.closed_gaps import ClosedGaps
from blindspot.remediation.converge import converge
from blindspot.remediation.converge import tasks as settings_tasks
from blindspot.remediation.limits import exceeded
from blindspot.remediation.manual_tasks import Task
from blindspot.remediation.ownership import Holdings, Owner
from blindspot.remediation.parts import Parts
from blindspot.remediation.repairs import Repairs, Wanted, after, joined, with_subscriptions_confirmed
from blindspot.remediation.search import Account, Found, Regions, Search, Unfinished
from blindspot.remediation.writes import Write
from blindspot.settings import Subscriber
from blindspot.verdict.assessment import Assessment, RegionAssessment, Verdict, assess
from blindspot.verdict.pattern_writer import pattern_to_write
from filter_pattern import Proofs

SETTINGS_DIFFER = "settings.differ"
"""What an action closes that sets a thing of ours to what the settings say, where that makes no region COMPLIANT."""


TOO_LONG = "it would have taken too long"
"""Why a plan is partial that no limit of the proofs ended."""


@dataclass(frozen=True, slots=True)
class Planned:
    """An action, the code of the gap that it closes, and the regions that would not become COMPLIANT without it."""

    action: Write
    gap: str
    heals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do, in this order, and what only people can do.

    expected: the verdict on the account after the actions. expected_confirmed: the same once the subscriptions are
        confirmed that the stack's subscribers have still to confirm. None where the plan is partial.
    partial: why the plan is not for all regions; None where it is.
    """

    actions: tuple[Planned, ...] = ()
    manual_tasks: tuple[Task, ...] = ()
    expected: Verdict | None = None
    expected_confirmed: Verdict | None = None
    partial: str | None = None


def plan(
    assessment: Assessment,
    profile: Profile,
    holdings: Holdings,
    subscribers: tuple[Subscriber, ...],
    proofs: Proofs | None = None,
) -> Plan:
    """The plan for an assessed account. It repairs only regions that are NON_COMPLIANT, never INDETERMINATE ones.

    holdings: whose the things of our names are, in the places of the repairable log groups.
    subscribers: whom to subscribe; none where SubscriptionEndpoint is empty.
    proofs: decides about the filter patterns. What is planned when its limits end the planning is returned.
    """
    return _Planner(assessment, profile, holdings, subscribers, proofs or Proofs()).plan()


def nothing_in_time(assessment: Assessment) -> Plan:
    """The plan where planning did not end."""
    broken = [region.region for region in assessment.regions if region.verdict is Verdict.NON_COMPLIANT]
    regions = broken or [region.region for region in assessment.regions]
    return Plan(manual_tasks=(manual_tasks.unfinished(TOO_LONG, regions),), partial=TOO_LONG)


_Assessed = tuple[RegionAssessment, ...]


@dataclass(frozen=True, slots=True)
class _Part:
    """The plan for one part of the account.

    regions: how they are assessed after it; confirmed: once subscriptions are confirmed too.
    reachable: the regions that it makes COMPLIANT, or that a confirmation does.
    """

    actions: tuple[Planned, ...] = ()
    regions: _Assessed = ()
    confirmed: _Assessed = ()
    reachable: Regions = frozenset()
    obstacles: tuple[Task, ...] = ()
    left: tuple[Task, ...] = ()


class _Planner:
    """Plans for one assessment."""

    def __init__(
        self,
        assessment: Assessment,
        profile: Profile,
        holdings: Holdings,
        subscribers: tuple[Subscriber, ...],
        proofs: Proofs,
    ) -> None:
        self.assessment = assessment
        self.snapshot = assessment.snapshot
        self.proofs = proofs
        pattern, self.left_out = pattern_to_write(profile, proofs)
        self.wanted = Wanted(profile, holdings, subscribers, pattern)
        self.assessed = {region.region: region for region in assessment.regions}
        self.parts = Parts(self.snapshot)
        self.owners: defaultdict[Place, dict[str, Owner]] = defaultdict(dict)
        for resource, owner in holdings.owners.items():
            self.owners[place_of(resource)][resource] = owner

    def plan(self) -> Plan:
        parts: list[_Part] = []
        unfinished: list[str] = []
        connected = sorted(self.parts.connected(self.assessed), key=self.is_last)
        starts = {regions: self.parts.around(regions) for regions in connected}
        for regions, start in starts.items():
            part = None if unfinished else self.part(regions, start)
            if part is None:
                unfinished += regions
            else:
                parts.append(part)
        if not unfinished:
            parts.append(self.elsewhere(starts.values()))
        return self.together(parts, unfinished)

    def is_last(self, regions: Collection[str]) -> bool:
        """Sorts last what has neither the function's own region nor a trail of every region."""
        return self.snapshot.own_region not in regions and FUTURE not in regions

    def part(self, regions: Collection[str], start: Snapshot) -> _Part | None:
        """The plan for these regions, which no other part of the account concerns; None where the proofs end first.
        start: that part as it is."""
        wanted = self.wanted_in(map(place_of, start.log_groups))
        settings = converge(start, wanted)
        assessed = tuple(self.assessed[region] for region in regions)
        is_broken = any(region.verdict is Verdict.NON_COMPLIANT for region in assessed)
        if not settings and not (is_broken and start.trails):
            return _Part()
        try:
            found = _PartPlanner(start, assessed, wanted, self.proofs).plan(settings)
        except Unfinished:
            return None
        return None if self.proofs.over else found

    def elsewhere(self, starts: Iterable[Snapshot]) -> _Part:
        """What sets our things in places from which no assessed region's events reach anybody: in none of the parts."""
        planned = {place_of(arn) for start in starts for arn in start.log_groups}
        places = dict.fromkeys(map(place_of, self.wanted.holdings.ours()))
        if not (left := [place for place in places if place not in planned]):
            return _Part()
        wanted = self.wanted_in(left)
        repairs = chain.from_iterable(converge(self.snapshot, wanted))
        return _Part(tuple(Planned(action, SETTINGS_DIFFER) for action in repairs))

    def wanted_in(self, places: Iterable[Place]) -> Wanted:
        """What the settings ask for in these places alone."""
        owners = {arn: owner for place in set(places) for arn, owner in self.owners.get(place, {}).items()}
        return replace(self.wanted, holdings=replace(self.wanted.holdings, owners=owners))

    def together(self, parts: list[_Part], unfinished: list[str]) -> Plan:
        """The plan of these parts. unfinished: the regions that have none."""
        actions = tuple(action for part in parts for action in part.actions)
        then = self.account(region for part in parts for region in part.regions)
        confirmed = self.account(region for part in parts for region in part.confirmed)
        tasks = manual_tasks.merged(dict.fromkeys(self.tasks(parts, then, unfinished)))
        if not unfinished:
            return Plan(actions, tasks, then.verdict, confirmed.verdict)
        return Plan(actions, tasks, partial=self.reason)

    @property
    def reason(self) -> str:
        """Why a plan is partial."""
        return self.proofs.over.reason if self.proofs.over else TOO_LONG

    def account(self, regions: Iterator[RegionAssessment]) -> Assessment:
        """The assessment where these regions are assessed so."""
        changed = {region.region: region for region in regions}
        merged = tuple(changed.get(region.region, region) for region in self.assessment.regions)
        verdicts = [region.verdict for region in merged]
        if isinstance(self.snapshot.regions, Unreadable):
            verdicts.append(Verdict.INDETERMINATE)
        verdict = max(verdicts, key=lambda verdict: verdict.badness)
        return replace(self.assessment, regions=merged, verdict=verdict)

    def tasks(self, parts: list[_Part], then: Assessment, unfinished: list[str]) -> Iterator[Task]:
        """The manual tasks: confirmations that the plan depends on, what it cannot repair, then what is in doubt."""
        reachable = frozenset().union(*(part.reachable for part in parts))
        broken = [name for name, region in self.assessed.items() if region.verdict is Verdict.NON_COMPLIANT]
        yield from manual_tasks.pending_confirmations(then, reachable)
        for part in parts:
            yield from part.obstacles
        remaining = {*broken} - reachable - {*unfinished}
        yield from manual_tasks.remaining_gaps(self.assessment, remaining)
        for part in parts:
            yield from part.left
        if unfinished:
            yield manual_tasks.unfinished(self.reason, [name for name in broken if name in unfinished] or unfinished)
        if any(planned.action.link == "filter" for part in parts for planned in part.actions):
            for pattern, why in self.left_out:
                yield manual_tasks.exclusion_left_out(pattern, why, reachable)
        done = tuple(planned.action for part in parts for planned in part.actions)
        yield from settings_tasks(after(self.snapshot, [done]), self.wanted.holdings, self.wanted)
        yield from manual_tasks.unresolved_doubts(then)


class _PartPlanner:
    """Plans for one part of the account.

    start: as it is. assessed: its regions.
    """

    def __init__(self, start: Snapshot, assessed: _Assessed, wanted: Wanted, proofs: Proofs) -> None:
        self.assessed = assessed
        self.regions = frozenset(region.region for region in assessed)
        self.broken = self.are(Verdict.NON_COMPLIANT)
        self.compliant = self.are(Verdict.COMPLIANT)
        self.wanted = wanted
        self.proofs = proofs
        self.start = Account(start, self.regions, wanted, proofs)
        self.latest = start, assessed

    def are(self, verdict: Verdict) -> Regions:
        return frozenset(region.region for region in self.assessed if region.verdict is verdict)

    def plan(self, groups: Iterable[Repairs]) -> _Part:
        """groups: what sets our things to what the settings say. Raises Unfinished."""
        settings, contradictions = self.settings(groups)
        found = self.search(settings)
        then, confirmed = self.outcome(settings, found)
        if not all(region.verdict is Verdict.COMPLIANT for region in then if region.region in self.compliant):
            found = Found({}, frozenset(), found.strongest)
            then, confirmed = self.outcome(settings, found)
        reachable = frozenset(region.region for region in confirmed if region.verdict is Verdict.COMPLIANT)
        remaining = self.broken - reachable
        obstacles = (*contradictions, *(self.obstacles(remaining) if remaining else ()))
        left = self.left(settings, found, remaining) if remaining and not obstacles else ()
        actions = tuple(self.planned(settings, found))
        return _Part(actions, then, confirmed, reachable & self.broken, obstacles, tuple(left))

    def settings(self, groups: Iterable[Repairs]) -> tuple[Repairs, list[Task]]:
        """What sets our things to what the settings say, as long as every COMPLIANT region stays so without waiting for
        anybody's confirmation, and no other becomes NON_COMPLIANT; and a task for what does not."""
        kept: Repairs = ()
        contradictions = []
        for group in groups:
            concerned = self.compliant & self.concerned(group)
            then = self.start.after(concerned, (*kept, *group))
            ledger = self.wanted.holdings.ledger
            if limit := next(filter(None, (exceeded(each, self.start.snapshot, ledger) for each in group)), None):
                contradictions.append(manual_tasks.limit_reached(limit, self.concerned(group)))
            elif lost := concerned - (self.start.decided(then, concerned, confirmed=False) if concerned else concerned):
                contradictions.append(manual_tasks.settings_contradict(group, lost))
            elif worse := self.newly_broken(group, kept):
                contradictions.append(manual_tasks.settings_contradict(group, worse, "become NON_COMPLIANT"))
            else:
                kept = (*kept, *group)
        return kept, contradictions

    def newly_broken(self, group: Repairs, kept: Repairs) -> Regions:
        """The INDETERMINATE regions that this group would make NON_COMPLIANT. Raises Unfinished."""
        doubtful = self.are(Verdict.INDETERMINATE) & self.concerned(group)
        then = self.explained(after(self.start.snapshot, [kept, group])) if doubtful else ()
        return frozenset(
            each.region for each in then if each.region in doubtful and each.verdict is Verdict.NON_COMPLIANT
        )

    def concerned(self, repairs: Repairs) -> Regions:
        """The regions whose verdicts these repairs may change."""
        places = {place_of(action.resource) for action in repairs}
        return self.start.observed(arn for arn in self.start.snapshot.log_groups if place_of(arn) in places)

    def search(self, settings: Repairs) -> Found:
        """The repairs of what is still broken then."""
        base = self.start
        if settings:
            base = Account(after(base.snapshot, [settings]), self.regions, self.wanted, self.proofs)
        healed = base.compliant(self.broken)
        if healed == self.broken:
            return Found({}, frozenset(), ())
        candidates = Candidates(base.snapshot, self.wanted, self.proofs)
        return Search(base, candidates, self.broken - healed, self.compliant | healed).search()

    def outcome(self, settings: Repairs, found: Found) -> tuple[_Assessed, _Assessed]:
        """The regions after the plan as subscriptions are then, and once they are confirmed."""
        repairs = self.joined(settings, found)
        then = after(self.start.snapshot, [repairs])
        confirmed = self.confirmed(then)
        if self.start.compliant(self.regions, repairs) < self.regions:
            return self.explained(then), self.explained(confirmed)
        compliant = tuple(
            replace(region, verdict=Verdict.COMPLIANT, blind_spot=None, gaps=(), doubts=(), channels=())
            for region in self.assessed
        )
        return compliant if then.topics == confirmed.topics else self.explained(then), compliant

    def explained(self, snapshot: Snapshot) -> _Assessed:
        """The regions as they are assessed then. Raises Unfinished."""
        known, regions = self.latest
        if snapshot != known:
            if self.proofs.over:
                raise Unfinished
            regions = assess(snapshot, self.wanted.profile, self.proofs, self.regions).regions
            self.latest = snapshot, regions
        return regions

    @staticmethod
    def joined(settings: Repairs, found: Found) -> Repairs:
        return joined((*settings, *chain.from_iterable(found.repairs.values())))

    def confirmed(self, snapshot: Snapshot) -> Snapshot:
        return with_subscriptions_confirmed(snapshot, self.wanted.holdings, self.wanted.subscribers)

    def planned(self, settings: Repairs, found: Found) -> Iterator[Planned]:
        """The actions, each with what it closes and heals."""
        gaps, everything = ClosedGaps(self.assessed), self.joined(settings, found)
        found_for = {
            (action.resource, action.part): arn for arn, repairs in found.repairs.items() for action in repairs
        }
        for action in everything:
            log_group = found_for.get((action.resource, action.part))
            heals = self.heals(action, everything)
            of_ours = gaps.code_of_ours(action) if heals else None
            gap = gaps.code(log_group, action) if log_group else of_ours or SETTINGS_DIFFER
            yield Planned(action, gap, heals)

    def heals(self, action: Write, everything: Repairs) -> tuple[str, ...]:
        """The broken regions that are COMPLIANT after all actions, and not without this one."""
        concerned = self.broken & self.concerned((action,))
        with_it = self.start.compliant(concerned, everything)
        without = self.start.compliant(with_it, tuple(other for other in everything if other is not action))
        return tuple(sorted(with_it - without))

    def left(self, settings: Repairs, found: Found, remaining: Regions) -> Iterator[Task]:
        """The gaps that what is ours would have, after all that can be done."""
        ours = {action.resource for action in found.strongest}
        then = self.explained(self.confirmed(after(self.start.snapshot, [settings, found.strongest])))
        for task in manual_tasks.gaps_of(then, remaining):
            if task.resource in ours:
                yield task

    def obstacles(self, remaining: Regions) -> Iterator[Task]:
        """What prevents the repair of a log group that might help."""
        snapshot, wanted = self.start.snapshot, self.wanted
        log_groups = [arn for arn in repairable_log_groups(snapshot) if self.start.observed([arn]) & remaining]
        names = wanted.profile.names
        candidates = Candidates(snapshot, wanted, self.proofs)
        for log_group in log_groups:
            concerned = remaining & self.start.observed([log_group])
            if wanted.filter_name(log_group, snapshot) is None:
                taken = [filter_resource(log_group, name) for name in ownership.filter_names(names)]
                yield manual_tasks.name_taken("filter", taken, concerned)
            for action in candidates.unlimited(log_group):
                if limit := exceeded(action, snapshot, wanted.holdings.ledger):
                    yield manual_tasks.limit_reached(limit, concerned)
        for place in dict.fromkeys(map(place_of, log_groups)):
            for kind, arns in (("alarm", ownership.alarm_arns), ("topic", ownership.topic_arns)):
                found = arns([names], snapshot.partition, place)
                if ownership.chosen(found, wanted.holdings.owners) is None:
                    yield manual_tasks.name_taken(kind, found, remaining)
        if wanted.pattern is None:
            yield manual_tasks.no_pattern(wanted.profile, remaining)
        if not wanted.subscribers and log_groups:
            yield manual_tasks.no_endpoint(remaining)
