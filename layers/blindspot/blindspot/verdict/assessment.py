"""The decision: from a Snapshot and a Profile to an Assessment. Pure; it never calls AWS.

A region is NON_COMPLIANT if a required event is not in `possibly` of any channel. It is COMPLIANT if every required
event is in `surely` of some channel. Otherwise it is INDETERMINATE. COMPLIANT rests on every possible event;
NON_COMPLIANT needs a credible one (see `credible`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum

from blindspot.chain.channel import Channel, Findings
from blindspot.chain.channels import ChannelGroup, Channels
from blindspot.chain.metric_filter import filter_resource, filter_title
from blindspot.model import cloudtrail_events
from blindspot.model.arn import short
from blindspot.model.findings import Doubt, Either, Gap, unread, with_account
from blindspot.model.profile import Profile, SettingsError
from blindspot.model.snapshot import FUTURE, Snapshot, Unreadable, unreadable_reads
from blindspot.verdict.credible import Unlikely, credible
from blindspot.verdict.exclusions import Exclusions, exclusions_of
from blindspot.verdict.notes import Note, notes, of_exclusions
from blindspot.verdict.why_unseen import gaps_of
from filter_pattern import (
    ALWAYS,
    BUDGET,
    EVERY,
    And,
    Answer,
    Empty,
    Event,
    Found,
    Not,
    Predicate,
    Proofs,
    Records,
    TextAtom,
    Undecided,
    atoms,
)


class Verdict(StrEnum):
    """The answer for an account or a region, ordered from best to worst."""

    COMPLIANT = "COMPLIANT"
    INDETERMINATE = "INDETERMINATE"
    NON_COMPLIANT = "NON_COMPLIANT"

    @property
    def badness(self) -> int:
        return list(Verdict).index(self)


@dataclass(frozen=True, slots=True)
class RegionAssessment:
    """One region's verdict.

    blind_spot: a required event that no channel sees; for INDETERMINATE, one that only channels with doubts may see, or
        one that CloudTrail is not known to write.
    gaps: why no channel sees it. doubts: why the verdict is INDETERMINATE.
    """

    region: str
    verdict: Verdict
    blind_spot: Event | None
    gaps: tuple[Gap, ...]
    doubts: tuple[Doubt, ...]
    channels: tuple[Channel, ...]


@dataclass(frozen=True, slots=True)
class Assessment:
    """What `assess` returns.

    confirmed: the names of the regions in which AWS confirmed every filter that the verdict depends on.
    required: the events that somebody must be notified of.
    exclusions: of the profile; those in force excuse events from that.
    """

    snapshot: Snapshot
    profile: str
    verdict: Verdict
    regions: tuple[RegionAssessment, ...]
    notes: tuple[Note, ...]
    unreadable: tuple[Unreadable, ...]
    confirmed: frozenset[str] = frozenset()
    required: Predicate = ALWAYS
    exclusions: Exclusions = field(default_factory=Exclusions)


SHORT = BUDGET // 20
"""Steps for each question about patterns in a first round. So a few intricate filters do not use up the steps that all
others need."""


def assess(
    snapshot: Snapshot, profile: Profile, proofs: Proofs | None = None, only: Collection[str] | None = None
) -> Assessment:
    """Assesses every enabled region of the snapshot, and FUTURE, with the profile.

    proofs: decides about the filter patterns; what is not decided in its limits is a doubt.
    only: the regions to assess, if not all.
    Raises SettingsError if the settings leave no region to assess.
    """
    judged = (*_enabled(snapshot), FUTURE) if profile.future_region else _enabled(snapshot)
    judged = tuple(region for region in judged if only is None or region in only)
    if not judged:
        raise SettingsError("ExcludedRegions contains every enabled region, and future_region is false.")
    proofs = proofs or Proofs()
    judge, channels = _Judge(snapshot, profile, proofs), Channels(snapshot, profile, proofs)
    assessed = {region.region: region for group in channels.grouped(judged) for region in judge.group(group)}
    regions = tuple(assessed[region] for region in judged)
    verdicts = [region.verdict for region in regions]
    exclusions = exclusions_of(profile)
    if isinstance(snapshot.regions, Unreadable):
        verdicts.append(Verdict.INDETERMINATE)
    return Assessment(
        snapshot=snapshot,
        profile=profile.name,
        verdict=max(verdicts, key=lambda verdict: verdict.badness),
        regions=regions,
        notes=(*notes(snapshot, channels.alarms()), *of_exclusions(exclusions, snapshot.account)),
        unreadable=tuple(dict.fromkeys(unreadable_reads(snapshot))),
        required=judge.required,
        exclusions=exclusions,
    )


def compliant_regions(snapshot: Snapshot, profile: Profile, proofs: Proofs, regions: Collection[str]) -> frozenset[str]:
    """Which of these regions (FUTURE may be one) are COMPLIANT, as `assess` decides it; but nothing is explained, which
    takes most of its time."""
    judge, channels = _Judge(snapshot, profile, proofs), Channels(snapshot, profile, proofs, explained=False)
    return frozenset(region for group in channels.grouped(regions) for region in judge.compliant(group))


def _enabled(snapshot: Snapshot) -> tuple[str, ...]:
    """The enabled regions to assess. If they are not known: the function's own region."""
    if not isinstance(snapshot.regions, Unreadable):
        return snapshot.regions
    excluded = {skipped.region for skipped in snapshot.skipped if skipped.excluded}
    return tuple({snapshot.own_region} - excluded)


class _Judge:
    """Judges the regions of an account by a profile."""

    def __init__(self, snapshot: Snapshot, profile: Profile, proofs: Proofs) -> None:
        self.snapshot = snapshot
        self.profile = profile
        self.proofs = proofs
        self.required = And(profile.required, *map(Not, profile.benign))
        self.anywhere = cloudtrail_events.records(account=snapshot.account, region=None)

    def group(self, group: ChannelGroup) -> Iterator[RegionAssessment]:
        """The verdict on each region of the group. Regions without a difference are decided once."""
        alike = self.alike(group)
        decided: RegionAssessment | None = None
        for region in group.regions:
            records = _records(self.snapshot, region)
            doubts = tuple(_open_doubts(self.snapshot, region))
            if doubts or not alike:
                yield self.decide(region, group.channels, records, doubts)
                continue
            decided = decided or self.decide(region, group.channels, records, ())
            event = decided.blind_spot and {**decided.blind_spot, "awsRegion": records.samples[0]["awsRegion"]}
            yield replace(decided, region=region, blind_spot=event)

    def compliant(self, group: ChannelGroup) -> Iterator[str]:
        """The regions of the group that are COMPLIANT."""
        alike = self.alike(group)
        decided: bool | None = None
        for region in group.regions:
            if decided is None or not alike:
                answer, _ = self.surely_unseen(group.channels, _records(self.snapshot, region))
                decided = isinstance(answer, Empty)
            if decided:
                yield region

    def alike(self, group: ChannelGroup) -> bool:
        """Whether nothing tells the regions of the group apart."""
        predicates = (self.required, *(channel.whole for channel in group.channels))
        return bool(group.channels) and not any(map(_asks_for_region, predicates))

    def surely_unseen(self, channels: tuple[Channel, ...], records: Records) -> tuple[Answer, tuple[Channel, ...]]:
        """A required event that no channel is sure to see; and the channels, if there is one or may be: with a doubt
        where it cannot be decided what a filter matches."""
        if self.covered_by_one([channel.surely for channel in channels], records, SHORT):
            return Empty(), channels
        answer: Answer = Empty()
        decidable = channels
        for budget in (SHORT, BUDGET):
            decidable = tuple(self.decidable(channel, budget) for channel in channels)
            answer = self.unseen([channel.surely for channel in decidable], records, budget)
            if isinstance(answer, Empty):
                return answer, channels
        return answer, decidable

    def decide(
        self, region: str, channels: tuple[Channel, ...], records: Records, open_doubts: tuple[Doubt, ...]
    ) -> RegionAssessment:
        """The verdict, and what explains it. `open_doubts`: anything unread that may see any event."""
        assessed = RegionAssessment(region, Verdict.COMPLIANT, None, (), (), channels)
        uncertain, channels = self.surely_unseen(channels, records)
        if isinstance(uncertain, Empty):
            return assessed
        assessed = replace(assessed, channels=channels)
        possibly = [channel.possibly for channel in channels] + [ALWAYS] * bool(open_doubts)
        certain = self.unseen(possibly, records, SHORT)
        if isinstance(certain, Undecided):
            certain = self.unseen(possibly, records, BUDGET)
        missed = self.missed(certain, possibly, records)
        if isinstance(missed, Found):
            gaps = self.with_accounts(gaps_of(self.profile, region, channels, missed.event))
            return replace(assessed, verdict=Verdict.NON_COMPLIANT, blind_spot=missed.event, gaps=gaps)
        if isinstance(certain, Found) and isinstance(missed, Undecided):
            uncertain = missed
        unproven = self.convincing(uncertain, channels, records) if isinstance(uncertain, Found) else None
        open_channels = [c for c in channels if c.gap is None and (unproven is None or c.possibly.matches(unproven))]
        doubts = [*_doubts(open_channels, unproven), *open_doubts]
        if isinstance(missed, Unlikely):
            unproven = unproven if doubts else missed.event
            doubts += self.doubts_about(missed, channels)
        for answer in (uncertain, missed):
            if isinstance(answer, Undecided):
                named = self.undecided_filters(open_channels, records)
                if not named and not (answer.too_large and doubts):
                    message = f"The verdict cannot be decided: {answer.reason}."
                    named = [Doubt("undecided", self.profile.name, message)]
                doubts += named
        return replace(assessed, verdict=Verdict.INDETERMINATE, blind_spot=unproven, doubts=self.with_accounts(doubts))

    def with_accounts(self, findings: Iterable[Either]) -> tuple[Either, ...]:
        """Each finding once. Those of another account name it, as a resource of the same name may be here too."""
        return tuple(with_account(finding, self.snapshot.account) for finding in dict.fromkeys(findings))

    def missed(self, certain: Answer, covering: Iterable[Predicate], records: Records) -> Answer | Unlikely:
        """A credible event that is required and that none of these covers. `certain`: whether there is any event."""
        if not isinstance(certain, Found):
            return certain
        return credible(certain, self.required_but_not(covering), records, self.proofs)

    def required_but_not(self, covering: Iterable[Predicate]) -> Predicate:
        return And(self.required, *map(Not, dict.fromkeys(covering)))

    def decidable(self, channel: Channel, budget: int) -> Channel:
        """The channel; with a doubt if it cannot be decided what its filter's pattern matches by itself. What leads
        nowhere is not decided."""
        if channel.gap or channel.pattern is None:
            return channel
        alone = self.proofs.find(channel.pattern, self.anywhere, budget)
        if not (isinstance(alone, Undecided) and alone.too_large):
            return channel
        log_group, name = channel.log_group or "", channel.filter or ""
        kind, resource = "metric", filter_resource(log_group, name)
        if channel.to_siem:
            kind, resource = "subscription", log_group
        title = f"{kind} filter {filter_title(log_group, name)}"
        message = f"The pattern of {title} cannot be decided: {alone.reason}."
        return channel.undecided(Doubt("filter.unclear", resource, message))

    def convincing(self, found: Found, channels: Iterable[Channel], records: Records) -> Event:
        """The event that no channel is sure to see, or a more convincing one."""
        wanted = self.required_but_not(channel.surely for channel in channels)
        return self.proofs.convincing(found.event, wanted, records)

    def doubts_about(self, unlikely: Unlikely, channels: Iterable[Channel]) -> Iterator[Doubt]:
        """What the verdict turns on, of the first filter that misses the event."""
        missing = (
            filter_resource(channel.log_group, channel.filter)
            for channel in channels
            if channel.gap is None and channel.log_group and channel.filter and channel.recorded.matches(unlikely.event)
        )
        resource = next(missing, self.profile.name)
        for law in unlikely.broken:
            yield law.doubt(unlikely.event, resource, "nobody would be alerted")

    def unseen(self, covering: Iterable[Predicate], records: Records, budget: int) -> Answer:
        """A required event that none of these covers. First looks for one that covers everything, and last for a few
        small ones that do: a proof with many may be too complex."""
        distinct = list(dict.fromkeys(covering))
        if self.covered_by_one(distinct, records, budget):
            return Empty()
        answer = self.proofs.unseen(self.required, distinct, records, budget)
        smallest_first, few = sorted(distinct, key=_size), 2
        while isinstance(answer, Undecided) and answer.too_large and few < len(distinct):
            if isinstance(self.proofs.unseen(self.required, smallest_first[:few], records, budget), Empty):
                return Empty()
            few *= 2
        return answer

    def covered_by_one(self, covering: Iterable[Predicate], records: Records, budget: int) -> bool:
        """Whether one of these covers all required events by itself; the smallest first, because they take least."""
        smallest_first = sorted(dict.fromkeys(covering), key=_size)
        return any(self.proofs.implies(self.required, one, records, budget) for one in smallest_first)

    def undecided_filters(self, channels: Iterable[Channel], records: Records) -> list[Doubt]:
        """A doubt for each filter that cannot be decided even without the others."""
        doubts = []
        for channel in channels:
            alone = self.missed(self.proofs.unseen(self.required, [channel.surely], records), [channel.surely], records)
            if isinstance(alone, Undecided) and channel.filter and not channel.is_doubtful:
                resource = filter_resource(channel.log_group or "", channel.filter)
                title = filter_title(channel.log_group or "", channel.filter)
                message = f"What metric filter {title} misses cannot be decided: {alone.reason}."
                doubts.append(Doubt("filter.unclear", resource, message))
        return doubts


def _doubts(channels: Iterable[Channel], event: Event | None) -> Iterator[Doubt]:
    """The doubts about these channels. What many of them share is looked at once."""
    seen: set[Findings] = set()
    for channel in channels:
        if not channel.is_doubtful:
            yield from _of_selectors(channel, event)
        for found in channel.findings():
            if found not in seen:
                seen.add(found)
                yield from found.doubts


def _of_selectors(channel: Channel, event: Event | None) -> tuple[Doubt, ...]:
    """The doubt about a channel whose links hold: whether its trail records the event."""
    if event is None or channel.surely.matches(event):
        return ()
    what = f"{event['eventSource']} {event['eventName']}"
    message = f"It is not known whether trail {short(channel.trail)} records {what}."
    return (Doubt("trail.selectors", channel.trail, message),)


def _asks_for_region(predicate: Predicate) -> bool:
    return any(isinstance(atom, TextAtom) or atom.path[0] in ("awsRegion", EVERY) for atom in atoms(predicate))


def _records(snapshot: Snapshot, region: str) -> Records:
    if region != FUTURE:
        return cloudtrail_events.records(account=snapshot.account, region=region)
    excluded = (skipped.region for skipped in snapshot.skipped if skipped.excluded)
    return cloudtrail_events.records(
        account=snapshot.account, region=None, not_regions=(*_enabled(snapshot), *excluded)
    )


def _size(predicate: Predicate) -> int:
    return sum(1 for _ in atoms(predicate))


def _open_doubts(snapshot: Snapshot, region: str) -> Iterator[Doubt]:
    """What could not be read and may see any event of the region."""
    unread_regions = snapshot.unread_regions
    if region in unread_regions:
        yield unread(f"trails in {region}", unread_regions[region])
    elif region != FUTURE:
        return
    # Every region lists a multi-region trail, so one region that was read is enough.
    elif all(name in unread_regions for name in _enabled(snapshot)):
        nowhere = Unreadable("cloudtrail:DescribeTrails", snapshot.own_region, "Excluded")
        yield unread("trails", next(iter(unread_regions.values()), nowhere))
    elif isinstance(snapshot.regions, Unreadable):
        # A filter may exclude a region by name, and it is not known whether that region is already enabled.
        yield unread("regions", snapshot.regions)
