"""The decision: Snapshot and Profile in, Assessment out. Pure; it never calls AWS.

For each region two bounds are asked: is any required event certainly unseen (`possibly` does not cover it), and is
none (`surely` covers them all)? What lies between is INDETERMINATE.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from blindspot.chain import trail as recording
from blindspot.chain.channels import Channel, Channels
from blindspot.chain.downstream import Ringing
from blindspot.chain.metric_filter import filter_resource, filter_title
from blindspot.model import cloudtrail_events as cloudtrail
from blindspot.model import findings as gaps
from blindspot.model.findings import Doubt, Gap
from blindspot.model.profile import Profile, SettingsError
from blindspot.model.snapshot import (
    CompositeAlarm,
    Key,
    LogGroup,
    MuteRule,
    OtherAlarm,
    Skipped,
    Snapshot,
    Topic,
    Unreadable,
)
from filter_pattern import (
    ALWAYS,
    EVERY,
    And,
    Atom,
    Empty,
    Event,
    FieldPath,
    Found,
    Not,
    Predicate,
    Records,
    TextAtom,
    Undecided,
    atoms,
    implies,
    unseen,
    why_not,
)

FUTURE = "future"
"""The name of the region that stands for every region enabled later."""


class Verdict(StrEnum):
    """What the control comes to. Ordered from best to worst."""

    COMPLIANT = "COMPLIANT"
    INDETERMINATE = "INDETERMINATE"
    NON_COMPLIANT = "NON_COMPLIANT"

    @property
    def badness(self) -> int:
        return list(Verdict).index(self)


@dataclass(frozen=True, slots=True)
class RegionAssessment:
    """One region's verdict.

    blind_spot: a required event that no channel sees; for INDETERMINATE one that only a doubtful channel may see.
    gaps: why it is not seen. doubts: what would settle an INDETERMINATE verdict.
    """

    region: str
    verdict: Verdict
    blind_spot: Event | None
    gaps: tuple[Gap, ...]
    doubts: tuple[Doubt, ...]
    channels: tuple[Channel, ...]


class Note(NamedTuple):
    """Something worth knowing that changes no verdict."""

    code: str
    resource: str
    message: str


@dataclass(frozen=True, slots=True)
class Assessment:
    """What `assess` returns.

    confirmed: the names of the regions whose verdict rests on no filter that AWS was not asked about.
    """

    snapshot: Snapshot
    profile: str
    verdict: Verdict
    regions: tuple[RegionAssessment, ...]
    notes: tuple[Note, ...]
    skipped: tuple[Skipped, ...]
    unreadable: tuple[Unreadable, ...]
    confirmed: frozenset[str] = frozenset()


def assess(snapshot: Snapshot, profile: Profile, disputed: Collection[str] = ()) -> Assessment:
    """Judges every enabled region of the snapshot, and `future`, by the profile.

    disputed: filter patterns that AWS was seen to read otherwise; they may match anything.
    Raises SettingsError where the settings leave nothing to judge.
    """
    judged: list[str | None] = [*_known(snapshot)]
    if profile.future_region:
        judged.append(None)
    if not judged:
        raise SettingsError("ExcludedRegions leaves out every enabled region, and future_region is false.")
    judge = _Judge(snapshot, profile, disputed)
    regions = tuple(judge.region(region) for region in judged)
    verdicts = [region.verdict for region in regions]
    if isinstance(snapshot.regions, Unreadable):
        verdicts.append(Verdict.INDETERMINATE)
    return Assessment(
        snapshot=snapshot,
        profile=profile.name,
        verdict=max(verdicts, key=lambda verdict: verdict.badness),
        regions=regions,
        notes=tuple(_notes(snapshot, regions)),
        skipped=snapshot.skipped,
        unreadable=tuple(dict.fromkeys(_unreadable(snapshot))),
    )


def _known(snapshot: Snapshot) -> tuple[str, ...]:
    """The regions to judge; only the function's own where the enabled ones are not known."""
    if not isinstance(snapshot.regions, Unreadable):
        return snapshot.regions
    excluded = {skipped.region for skipped in snapshot.skipped if skipped.excluded}
    return tuple({snapshot.own_region} - excluded)


class _Judge:
    """Judges regions one by one; what is alike in two of them is decided once."""

    def __init__(self, snapshot: Snapshot, profile: Profile, disputed: Collection[str]) -> None:
        self.snapshot = snapshot
        self.profile = profile
        self.required = And(profile.required, *map(Not, profile.benign))
        self.channels = Channels(snapshot, profile, disputed)
        self.known: dict[int, RegionAssessment] = {}

    def region(self, region: str | None) -> RegionAssessment:
        """The verdict on one region; None stands for `future`."""
        channels = self.channels.of(region)
        records = _records(self.snapshot, region)
        doubts = tuple(_open_doubts(self.snapshot, region))
        if doubts or not channels or any(map(_asks_for_region, (self.required, *(c.whole for c in channels)))):
            return self.decide(region, channels, records, doubts)
        if id(channels) not in self.known:
            self.known[id(channels)] = self.decide(region, channels, records, doubts)
        alike = self.known[id(channels)]
        event = alike.blind_spot and {**alike.blind_spot, "awsRegion": records.samples[0]["awsRegion"]}
        return replace(alike, region=region or FUTURE, blind_spot=event)

    def decide(
        self, region: str | None, channels: tuple[Channel, ...], records: Records, open_doubts: tuple[Doubt, ...]
    ) -> RegionAssessment:
        """The two bounds, and what explains the verdict. `open_doubts`: what else may see any event."""
        assessed = RegionAssessment(region or FUTURE, Verdict.COMPLIANT, None, (), (), channels)
        surely = [channel.surely for channel in channels]
        possibly = [channel.possibly for channel in channels] + [ALWAYS] * bool(open_doubts)
        uncertain = _unseen(self.required, surely, records)
        if isinstance(uncertain, Empty):
            return assessed
        certain = _unseen(self.required, possibly, records)
        if isinstance(certain, Found):
            event = certain.event
            gaps = tuple(_gaps(self.profile, region, channels, event))
            return replace(assessed, verdict=Verdict.NON_COMPLIANT, blind_spot=event, gaps=gaps)
        unproven = uncertain.event if isinstance(uncertain, Found) else None
        open_channels = [c for c in channels if c.gap is None and (unproven is None or c.possibly.matches(unproven))]
        doubts = [doubt for channel in open_channels for doubt in channel.doubts or _of_selectors(channel, unproven)]
        doubts += open_doubts
        for answer in (uncertain, certain):
            if isinstance(answer, Undecided):
                doubts += self.unclear(open_channels, records) or [
                    Doubt("undecided", self.profile.name, f"It cannot be decided: {answer.reason}.")
                ]
        return replace(
            assessed, verdict=Verdict.INDETERMINATE, blind_spot=unproven, doubts=tuple(dict.fromkeys(doubts))
        )

    def unclear(self, channels: Iterable[Channel], records: Records) -> list[Doubt]:
        """The filters of which it cannot be decided, by themselves, what they let pass."""
        doubts = []
        for channel in channels:
            alone = unseen(self.required, [channel.surely], records)
            if isinstance(alone, Undecided) and channel.filter and not channel.doubts:
                resource = filter_resource(channel.log_group or "", channel.filter)
                title = filter_title(channel.log_group or "", channel.filter)
                said = f"What metric filter {title} lets pass cannot be decided: {alone.reason}."
                doubts.append(Doubt("filter.unclear", resource, said))
        return doubts


def _of_selectors(channel: Channel, event: Event | None) -> tuple[Doubt, ...]:
    """What is left to doubt of a channel that is whole: whether its trail records the event."""
    if event is None or channel.surely.matches(event):
        return ()
    what = f"{event['eventSource']} {event['eventName']}"
    said = f"Whether trail {gaps.short(channel.trail)} records {what} cannot be said."
    return (Doubt("trail.selectors", channel.trail, said),)


def _asks_for_region(predicate: Predicate) -> bool:
    return any(isinstance(atom, TextAtom) or atom.path[0] in ("awsRegion", EVERY) for atom in atoms(predicate))


def _records(snapshot: Snapshot, region: str | None) -> Records:
    if region is not None:
        return cloudtrail.records(account=snapshot.account, region=region)
    excluded = (skipped.region for skipped in snapshot.skipped if skipped.excluded)
    return cloudtrail.records(account=snapshot.account, region=None, not_regions=(*_known(snapshot), *excluded))


def _unseen(required: Predicate, covering: list[Predicate], records: Records) -> Found | Empty | Undecided:
    """As `unseen`. One that sees everything is looked for first: a proof about many at once may be too intricate."""
    distinct = list(dict.fromkeys(covering))
    if any(implies(required, one, records) for one in distinct):
        return Empty()
    return unseen(required, distinct, records)


def _open_doubts(snapshot: Snapshot, region: str | None) -> Iterator[Doubt]:
    """What may see any event of the region without being a channel that we know of."""
    unread = snapshot.unread_regions
    if region is not None and region in unread:
        yield gaps.unread(f"trails in {region}", unread[region])
    # A multi-region trail shows in every region, so one region that answers shows them all.
    elif region is None and all(name in unread for name in _known(snapshot)):
        nowhere = Unreadable("cloudtrail:DescribeTrails", snapshot.own_region, "Excluded")
        yield gaps.unread("trails", next(iter(unread.values()), nowhere))
    elif region is None and isinstance(snapshot.regions, Unreadable):
        # A filter may leave out a region that is enabled and covered otherwise, for all that is known.
        yield gaps.unread("regions", snapshot.regions)


def _gaps(profile: Profile, region: str | None, channels: tuple[Channel, ...], event: Event) -> list[Gap]:
    """Why no channel sees the event: the gaps furthest along the chain, then the filters that let it pass."""
    if not channels:
        return [_no_trail(region)]
    broken = [channel.gap for channel in channels if channel.gap and channel.whole.matches(event)]
    latest = max((gap.rank for gap in broken), default=None)
    found = [gap for gap in broken if gap.rank == latest] + list(_misses(profile, channels, event))
    return list(dict.fromkeys(found or _nowhere(channels, event)))


def _no_trail(region: str | None) -> Gap:
    if region is None:
        said = "No multi-region trail would record a region enabled later."
        return Gap("trail.not-multi-region", "account", said)
    return Gap("trail.missing", region, f"No trail records {region}.")


def _nowhere(channels: Iterable[Channel], event: Event) -> Iterator[Gap]:
    """The gaps of trails that leave the event out or, where one records it, of log groups without a filter for it."""
    recorded = [channel for channel in channels if channel.recorded.matches(event)]
    for channel in recorded:
        log_group = channel.log_group or ""
        said = f"No metric filter of log group {gaps.short(log_group)} looks for refused calls."
        yield Gap("filter.missing", log_group, said)
    if not recorded:
        what = f"{event['eventSource']} {event['eventName']}"
        for channel in channels:
            yield Gap("trail.selectors", channel.trail, f"Trail {gaps.short(channel.trail)} does not record {what}.")


def _misses(profile: Profile, channels: Iterable[Channel], event: Event) -> Iterator[Gap]:
    """The filters that look where the profile looks, have a whole chain behind them, and let the event pass."""
    fields = {_looked_at(atom) for atom in atoms(profile.required)} | {None}
    for channel in channels:
        pattern = channel.pattern
        if channel.gap or pattern is None or channel.filter is None or not channel.recorded.matches(event):
            continue
        resource = filter_resource(channel.log_group or "", channel.filter)
        title = filter_title(channel.log_group or "", channel.filter)
        if pattern.matches(event):
            said = f"Metric filter {title} counts this event under other dimensions than its alarm watches."
            yield Gap("filter.narrowed", resource, said)
        elif channel.to_siem:
            yield Gap("siem.misses", channel.log_group or "", f"Subscription filter {title} {why_not(pattern, event)}.")
        elif not fields.isdisjoint(map(_looked_at, atoms(pattern))):
            yield Gap("filter.misses", resource, f"Metric filter {title} {why_not(pattern, event)}.")


def _looked_at(atom: Atom | TextAtom) -> FieldPath | None:
    """The field that is tested; None for the text as a whole."""
    return atom.path if isinstance(atom, Atom) else None


def _notes(snapshot: Snapshot, regions: Iterable[RegionAssessment]) -> Iterator[Note]:
    for trail in snapshot.trails:
        if recording.stale(trail, snapshot.read_at) and recording.delivering(trail, snapshot.read_at) is None:
            said = f"Trail {gaps.short(trail.arn)} has delivered nothing to its log group for a day or more."
            yield Note("trail.silent", trail.arn, said)
    ours = {channel.alarm for region in regions for channel in region.channels}
    for place, alarms in snapshot.alarms.items():
        for alarm in () if isinstance(alarms, Unreadable) else alarms:
            if alarm.arn in ours and not isinstance(alarm, OtherAlarm):
                yield from _notes_on(alarm, snapshot.mute_rules.get(place, ()), snapshot.read_at)


def _notes_on(alarm: Ringing, mute_rules: Sequence[MuteRule] | Unreadable, now: datetime) -> Iterator[Note]:
    name = gaps.short(alarm.arn)
    if alarm.state == "ALARM" and alarm.state_since is not None and now - alarm.state_since > timedelta(days=1):
        since = f"{alarm.state_since:%Y-%m-%d %H:%M} UTC"
        said = f"Alarm {name} is in ALARM since {since}; it announces nothing until it rests."
        yield Note("alarm.in-alarm", alarm.arn, said)
    if isinstance(alarm, CompositeAlarm) and alarm.suppressor and not alarm.suppressed:
        said = f"The actions of alarm {name} are held back whenever alarm {alarm.suppressor} rings."
        yield Note("alarm.to-be-muted", alarm.arn, said)
    for rule in () if isinstance(mute_rules, Unreadable) else mute_rules:
        if rule.status == "SCHEDULED" and not isinstance(rule.alarms, Unreadable) and name in rule.alarms:
            said = f"Mute rule {rule.arn.split(':', 6)[-1]} will silence the actions of alarm {name} for some time."
            yield Note("alarm.to-be-muted", alarm.arn, said)


def _unreadable(snapshot: Snapshot) -> Iterator[Unreadable]:
    """Every read of the snapshot that gave no answer, in the order of the chain."""
    candidates: list[object] = [snapshot.regions, *snapshot.unread_regions.values()]
    for trail in snapshot.trails:
        candidates += [trail.status, trail.selectors]
    for group in snapshot.log_groups.values():
        candidates += [group.log_class, group.filters, group.subscriptions] if isinstance(group, LogGroup) else [group]
    candidates += [*snapshot.subscription_policies.values(), *snapshot.alarms.values(), *snapshot.mute_rules.values()]
    for rules in snapshot.mute_rules.values():
        candidates += [] if isinstance(rules, Unreadable) else [rule.alarms for rule in rules]
    for topic in snapshot.topics.values():
        candidates += [topic.key, topic.subscriptions] if isinstance(topic, Topic) else [topic]
        if isinstance(topic, Topic) and isinstance(topic.key, Key):
            candidates.append(topic.key.policy)
        if isinstance(topic, Topic) and not isinstance(topic.subscriptions, Unreadable):
            candidates += [subscription.filter_policy for subscription in topic.subscriptions]
    return (candidate for candidate in candidates if isinstance(candidate, Unreadable))
