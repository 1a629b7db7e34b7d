"""A channel: one path from a trail to somebody who is notified, link by link, up to the first broken one.

`Path` is the part after a log group. It is the same for every trail that delivers there, and in every region.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from blindspot.model.findings import Doubt, Finding, Gap
from filter_pattern import ALWAYS, NEVER, And, Pattern, Predicate


@dataclass(frozen=True, slots=True)
class Path:
    """The part of a channel after the log group.

    alarm, topic: ARNs; `filter` is a name; `subscription` is an ARN; without an alarm it is the
        destination in a SIEM. None where the path has no such link.
    pattern: the filter's pattern; None without a filter, or if it cannot be parsed.
    scope: what else is true for the events that pass.
    gap: the first broken link. doubts: the links that may be broken.
    """

    filter: str | None = None
    alarm: str | None = None
    topic: str | None = None
    subscription: str | None = None
    pattern: Pattern | None = None
    scope: Predicate = ALWAYS
    gap: Gap | None = None
    doubts: tuple[Doubt, ...] = ()

    def then(self, *findings: Finding) -> Path:
        """The same path with the findings on its next links. Only the first gap is kept."""
        gaps = [finding for finding in findings if isinstance(finding, Gap)]
        doubts = tuple(finding for finding in findings if isinstance(finding, Doubt))
        return replace(self, gap=self.gap or next(iter(gaps), None), doubts=self.doubts + doubts)

    def through(self, pattern: Pattern | Doubt) -> Path:
        """The same path through a filter with this pattern."""
        return self.then(pattern) if isinstance(pattern, Doubt) else replace(self, pattern=pattern)

    @property
    def surely_fires(self) -> bool:
        """Whether its alarm goes to ALARM for every match of the filter."""
        return self.gap is None and not self.doubts and self.scope == ALWAYS

    @property
    def stays_in_alarm(self) -> bool:
        """Whether its alarm is known not to leave ALARM."""
        return self.gap is not None and self.gap.code in ("alarm.latches", "filter.noise")


@dataclass(frozen=True, slots=True)
class Channel:
    """One path from a trail, up to the first broken link.

    trail, log_group, alarm, topic, subscription: ARNs; `filter` is a name. None where the path has no such link. A
        channel to a SIEM has no alarm and no topic, and `subscription` is the destination.
    pattern: the filter's pattern; None without a filter, or if it cannot be parsed or decided.
    gap: the first broken link; None if no link is known to be broken.
    doubts: the links that may be broken.
    recorded: the events of the region that its trail may record.
    scope: what is true, in addition to the pattern, for the events that pass.
    surely, possibly: the events of which somebody is surely, or possibly, notified.
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

    @classmethod
    def of(
        cls, trail: str, log_group: str | None, head: Path, path: Path, surely: Predicate, recorded: Predicate
    ) -> Channel:
        """The channel from a trail's own links (`head`) and the path after them.

        surely, recorded: the events that the trail surely records, and those that it may record.
        """
        gap, doubts = head.gap or path.gap, head.doubts + path.doubts
        passing = And(path.scope, path.pattern or ALWAYS)
        return cls(
            trail=trail,
            log_group=log_group,
            filter=path.filter,
            alarm=path.alarm,
            topic=path.topic,
            subscription=path.subscription,
            pattern=path.pattern,
            gap=gap,
            doubts=doubts,
            recorded=recorded,
            scope=path.scope,
            surely=NEVER if gap or doubts else And(surely, passing),
            possibly=NEVER if gap else And(recorded, passing),
        )

    def undecided(self, doubt: Doubt) -> Channel:
        """The same channel where it cannot be decided what its filter's pattern matches: it may match anything."""
        possibly = And(self.recorded, self.scope)
        return replace(self, pattern=None, doubts=(*self.doubts, doubt), surely=NEVER, possibly=possibly)

    @property
    def whole(self) -> Predicate:
        """The events of which somebody would be notified if every link held."""
        return And(self.recorded, self.scope, self.pattern or ALWAYS)

    @property
    def to_siem(self) -> bool:
        return self.subscription is not None and self.alarm is None
