"""Channels: every path from a trail to somebody who is told, judged link by link.

All but the trail's own links are the same in every region; `tails` has the rest. A SIEM is told by a shorter path:
through a subscription filter, or from the trail's own bucket or topic.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from blindspot.chain import trail as recording
from blindspot.chain.downstream import Tail, Tails
from blindspot.model import cloudtrail_events as cloudtrail
from blindspot.model.findings import Doubt, Gap
from blindspot.model.profile import Profile
from blindspot.model.snapshot import Snapshot, Trail, Unreadable
from filter_pattern import ALWAYS, NEVER, And, Pattern, Predicate


@dataclass(frozen=True, slots=True)
class Channel:
    """One path, as far as it goes.

    trail, log_group, alarm, topic, subscription: ARNs; `filter` is a name. None where the path has ended. On the way to
        a SIEM there is no alarm and no topic, and `subscription` is the destination.
    pattern: the filter's pattern; None where there is no filter or it cannot be read.
    gap: the first broken link, None where none is known to be broken.
    doubts: what else keeps it from being surely whole.
    recorded: the events of the region that its trail may record.
    scope: what holds, beside the pattern, of the events that come through.
    surely, possibly: the two bounds of the events that it brings to somebody.
    """

    trail: str
    log_group: str | None
    filter: str | None
    alarm: str | None
    topic: str | None
    subscription: str | None
    pattern: Pattern | None
    gap: Gap | None
    doubts: tuple[Doubt, ...]
    recorded: Predicate
    scope: Predicate
    surely: Predicate
    possibly: Predicate

    @property
    def whole(self) -> Predicate:
        """The events that it might bring to somebody if its links held."""
        return And(self.recorded, self.scope, self.pattern or ALWAYS)

    @property
    def to_siem(self) -> bool:
        return self.subscription is not None and self.alarm is None


class Channels:
    """The channels of an account, region by region."""

    def __init__(self, snapshot: Snapshot, profile: Profile, disputed: Collection[str]) -> None:
        self._snapshot = snapshot
        self._siem = profile.siem_destinations
        self._tails = Tails(snapshot, profile, disputed)
        self._known: dict[object, tuple[Channel, ...]] = {}

    def of(self, region: str | None) -> tuple[Channel, ...]:
        """The channels of every trail that observes the region; None stands for a region that is enabled later.

        Regions in which the same trails record the same get the same tuple.
        """
        trails = tuple(trail for trail in self._snapshot.trails if recording.observes(trail, region))
        key = (trails, region in cloudtrail.GLOBAL_REGIONS)
        if key not in self._known:
            self._known[key] = tuple(channel for trail in trails for channel in self._of_trail(trail, region))
        return self._known[key]

    def _of_trail(self, trail: Trail, region: str | None) -> Iterator[Channel]:
        bounds = recording.surely_recorded(trail), recording.possibly_recorded(trail, region)
        head = Tail().then(recording.logging(trail), recording.selecting(trail))
        for target, arn in (("bucket", trail.bucket_arn), ("topic", trail.topic_arn)):
            if arn is not None and arn in self._siem:
                yield _channel(head, Tail(subscription=arn).then(_failing(trail, target)), trail, None, *bounds)
        to_logs = head.then(recording.delivering(trail, self._snapshot.read_at))
        for tail in self._tails.of(trail.log_group_arn) if trail.log_group_arn else (Tail(),):
            yield _channel(to_logs, tail, trail, trail.log_group_arn, *bounds)


def _failing(trail: Trail, target: str) -> Gap | None:
    """Whether the trail's latest delivery to its bucket or topic failed."""
    if isinstance(trail.status, Unreadable):
        return None
    error = trail.status.bucket_error if target == "bucket" else trail.status.topic_error
    return recording.failing(trail, target, error) if error else None


def _channel(
    head: Tail, tail: Tail, trail: Trail, log_group: str | None, surely: Predicate, recorded: Predicate
) -> Channel:
    """The channel of a trail's own links and what follows them. `surely`, `recorded`: what the trail surely records,
    and what it may."""
    gap, doubts = head.gap or tail.gap, head.doubts + tail.doubts
    seen = And(tail.scope, tail.pattern or ALWAYS)
    return Channel(
        trail=trail.arn,
        log_group=log_group,
        filter=tail.filter,
        alarm=tail.alarm,
        topic=tail.topic,
        subscription=tail.subscription,
        pattern=tail.pattern,
        gap=gap,
        doubts=doubts,
        recorded=recorded,
        scope=tail.scope,
        surely=NEVER if gap or doubts else And(surely, seen),
        possibly=NEVER if gap else And(recorded, seen),
    )
