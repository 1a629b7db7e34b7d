"""A channel: one path from a trail to somebody who is notified, link by link, up to the first broken one.

`Path` is the part after a log group. It is the same for every trail that delivers there, and in every region.

There are as many paths as combinations of links: with 100 metric filters on one metric that 1,000 alarms watch, each
with 5 topics, 500,000. Those of one filter that have the same outcome, so that they see the same events, are one Path
and one Channel: they name the first of these paths, say how many are alike, and keep every gap and every doubt of all
of them, in `Findings` that many channels share.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from blindspot.model.findings import HOLDS, Doubt, Finding, Gap
from filter_pattern import ALWAYS, NEVER, And, Pattern, Predicate


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """The gaps and doubts of some links. It equals only itself, so that what many channels share is taken once."""

    gaps: tuple[Gap, ...]
    doubts: tuple[Doubt, ...]

    @classmethod
    def of(cls, *findings: Finding) -> Findings:
        """The findings on links that follow each other: the first gap, and every doubt."""
        gaps = tuple(finding for finding in findings if isinstance(finding, Gap))
        return cls(gaps[:1], tuple(finding for finding in findings if isinstance(finding, Doubt)))


@dataclass(frozen=True, slots=True)
class Path:
    """The part of a channel after the log group.

    alarm, topic: ARNs; `filter` is a name; `subscription` is an ARN; if `to_siem` it is the destination in a SIEM. None
        where the path has no such link. An alarm action that is no topic is in `topic` too.
    pattern: the filter's pattern; None without a filter, or if it cannot be parsed.
    scope: what else is true for the events that pass.
    found: what was found of its links, in their order.
    ends: what was found of the last links of all paths that this one stands for. They have gaps of one code or none.
    alike: how many these are.
    """

    filter: str | None = None
    alarm: str | None = None
    topic: str | None = None
    subscription: str | None = None
    to_siem: bool = False
    pattern: Pattern | None = None
    scope: Predicate = ALWAYS
    found: tuple[Findings, ...] = ()
    ends: tuple[Findings, ...] = ()
    alike: int = 1

    def then(self, *findings: Finding) -> Path:
        """The same path with the findings on its next links. Only the first gap counts."""
        if all(finding is HOLDS for finding in findings):
            return self
        return replace(self, found=(*self.found, Findings.of(*findings)))

    def through(self, pattern: Pattern | Doubt) -> Path:
        """The same path through a filter with this pattern."""
        return self.then(pattern) if isinstance(pattern, Doubt) else replace(self, pattern=pattern)

    def to_filter(self, name: str) -> Path:
        """The path on to a metric filter."""
        return replace(self, filter=name)

    def to_alarm(self, arn: str) -> Path:
        """The path on to an alarm."""
        return replace(self, alarm=arn)

    def broken_by(self) -> tuple[Findings, ...]:
        """Where the gaps are, if the path is broken: at its first broken link, or at the ends of all it stands for."""
        first = next(((found,) for found in self.found if found.gaps), None)
        return first or tuple(found for found in self.ends if found.gaps)

    @property
    def gap(self) -> Gap | None:
        """The first broken link."""
        return next((found.gaps[0] for found in self.broken_by()), None)

    @property
    def doubts(self) -> tuple[Doubt, ...]:
        """The links that may be broken."""
        return tuple(distinct_doubts(self.found + self.ends))

    @property
    def is_doubtful(self) -> bool:
        return any(found.doubts for found in self.found + self.ends)


@dataclass(frozen=True, slots=True)
class Channel:
    """The path from a trail, up to the first broken link, and all that are alike.

    log_group: its ARN, if the trail delivers to one.
    head: what was found of the trail. path: what follows.
    recorded: the events of the region that its trail may record.
    surely, possibly: the events of which somebody is surely, or possibly, notified.
    """

    trail: str
    log_group: str | None
    head: Path
    path: Path
    recorded: Predicate
    surely: Predicate
    possibly: Predicate

    @classmethod
    def of(
        cls, trail: str, log_group: str | None, head: Path, path: Path, surely: Predicate, recorded: Predicate
    ) -> Channel:
        """The channel from a trail's own links (`head`) and the path after them.

        surely, recorded: the events that the trail surely records, and those that it may record.
        """
        passing = And(path.scope, path.pattern or ALWAYS)
        broken = bool(head.broken_by() or path.broken_by())
        return cls(
            trail=trail,
            log_group=log_group,
            head=head,
            path=path,
            recorded=recorded,
            surely=NEVER if broken or head.is_doubtful or path.is_doubtful else And(surely, passing),
            possibly=NEVER if broken else And(recorded, passing),
        )

    def undecided(self, doubt: Doubt) -> Channel:
        """The same channel where it cannot be decided what its filter's pattern matches: it may match anything."""
        path = replace(self.path, pattern=None).then(doubt)
        return replace(self, path=path, surely=NEVER, possibly=And(self.recorded, self.path.scope))

    @property
    def filter(self) -> str | None:
        """The name of the metric filter or subscription filter."""
        return self.path.filter

    @property
    def alarm(self) -> str | None:
        return self.path.alarm

    @property
    def topic(self) -> str | None:
        """The ARN of the topic, or of what else the alarm acts on."""
        return self.path.topic

    @property
    def subscription(self) -> str | None:
        """The ARN of the subscription; if `to_siem`, of the destination."""
        return self.path.subscription

    @property
    def to_siem(self) -> bool:
        return self.path.to_siem

    @property
    def pattern(self) -> Pattern | None:
        """The filter's pattern; None without a filter, or if it cannot be parsed or decided."""
        return self.path.pattern

    @property
    def alike(self) -> int:
        """How many paths of this trail and filter it stands for: all with this outcome."""
        return self.path.alike

    @property
    def gap(self) -> Gap | None:
        """The first broken link; None if no link is known to be broken."""
        return next((found.gaps[0] for found in self.broken_by()), None)

    def broken_by(self) -> tuple[Findings, ...]:
        """The findings with the first gap of each path that it stands for; none if no link is known to be broken."""
        return self.head.broken_by() or self.path.broken_by()

    @property
    def doubts(self) -> tuple[Doubt, ...]:
        """The links that may be broken, of all paths that it stands for."""
        return tuple(distinct_doubts(self.findings()))

    @property
    def is_doubtful(self) -> bool:
        return self.head.is_doubtful or self.path.is_doubtful

    def findings(self) -> tuple[Findings, ...]:
        """What was found of all links of all paths that it stands for."""
        return self.head.found + self.path.found + self.path.ends

    @property
    def whole(self) -> Predicate:
        """The events of which somebody would be notified if every link held."""
        return And(self.recorded, self.path.scope, self.pattern or ALWAYS)


def distinct_doubts(findings: Iterable[Findings]) -> Iterator[Doubt]:
    """Every doubt once; each of the findings is looked at once."""
    return iter(dict.fromkeys(doubt for found in dict.fromkeys(findings) for doubt in found.doubts))
