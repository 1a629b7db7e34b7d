"""What a reader is shown of a document, in the terminal, in Markdown and on the page alike. Pure.

`reading.view_of` makes it of documents. A renderer takes a `View` and nothing else: it decides how a thing looks, not
what there is to say. Every text in it is harmless, and may still be markup for the renderer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import Any

from blindspot.model.snapshot import FUTURE
from blindspot.verdict.assessment import Verdict

QUESTION = "Would every unauthorized API call in this account alert somebody?"
"""What the answer of an assessment answers."""

REVIEW_QUESTION = "Who is refused what, and how often would that have set off the alarm?"
"""What the answer of a review answers."""


class State(Enum):
    """How a link of a chain is. UNKNOWN: it may hold, as a doubt says."""

    HOLDS = "holds"
    BROKEN = "broken"
    UNKNOWN = "not known"
    NOT_REACHED = "not reached"


@dataclass(frozen=True, slots=True)
class Link:
    """One link. kind: as people call it, such as "metric filter". resource: its ARN, or that of its log group with
    `:metric-filter:NAME`; None where there is none. name: what to show; empty where there is none."""

    kind: str
    resource: str | None
    name: str
    state: State


@dataclass(frozen=True, slots=True)
class Finding:
    """A gap, or a doubt, with the regions that have it. help: its section of docs/gaps.md."""

    code: str
    resource: str
    regions: tuple[str, ...]
    message: str
    fix: str
    help: str


@dataclass(frozen=True, slots=True)
class Chain:
    """One path from a trail to whom it notifies, with all links that such a path has: six where an alarm notifies a
    topic, fewer where log events are sent to a SIEM. finding: what is wrong, or not known, of the link that is marked.
    """

    links: tuple[Link, ...]
    finding: Finding | None


@dataclass(frozen=True, slots=True)
class Region:
    """A region and its verdict. `future` stands for every region that is enabled later."""

    name: str
    verdict: Verdict

    @property
    def title(self) -> str:
        return "future (any region enabled later)" if self.name == FUTURE else self.name


@dataclass(frozen=True, slots=True)
class Group:
    """Regions with the same verdict for the same reasons."""

    verdict: Verdict
    reasons: tuple[str, ...]
    regions: tuple[Region, ...]


@dataclass(frozen=True, slots=True)
class Example:
    """A call that nobody would be alerted to, or of which that is not known.

    who: its ARN, or the type of identity. call: as `s3:GetObject`. region: its name, or words for `future`.
    event: the CloudTrail event, whole. certain: whether nobody would be alerted; otherwise that is not known.
    """

    who: str
    call: str
    region: str
    error_code: str
    event: Mapping[str, Any]
    finding: Finding | None
    certain: bool = True

    @property
    def title(self) -> str:
        return "A call that nobody would be alerted to" if self.certain else "A call that perhaps alerts nobody"

    @property
    def alerted(self) -> str:
        """Whether anybody is, in words."""
        return "Nobody is alerted." if self.certain else "It is not known whether anybody is alerted."


@dataclass(frozen=True, slots=True)
class Note:
    """What is told and changes no verdict."""

    code: str
    resource: str
    message: str


@dataclass(frozen=True, slots=True)
class Exclusion:
    """An exclusion of the profile. number: its place in `benign`. pattern: None where the document does not have it, as
    in the log. until: from this day on (UTC) it excuses nothing; None where it has no end."""

    number: int
    pattern: str | None
    reason: str | None
    until: str | None
    in_force: bool

    @property
    def title(self) -> str:
        return self.reason or self.pattern or f"Exclusion {self.number} of benign"

    @property
    def excuses(self) -> str | None:
        """The pattern, where the title does not have it."""
        return self.pattern if self.reason else None

    @property
    def state(self) -> str:
        """Whether it is in force and until when, in words."""
        if not self.in_force:
            return f"ended on {self.until}"
        return f"in force until {self.until}" if self.until else "in force, no end date"


@dataclass(frozen=True, slots=True)
class Assessed:
    """An evaluator's document.

    answer: one sentence. about: label and value of what was assessed, when and by what, in the order to show them.
    chains: one for each gap or, where there is none, those by which the control holds.
    exclusions: of the profile, in the order of `benign`; none where the document is too old to have them.
    not_read: a sentence for each region that was not called and for each read that gave no answer.
    cut: how many of each kind were left out of the document because it was too large.
    rule: the AWS Config rule that the verdict was reported to; None where there is none.
    home: the stack's region, which has that rule; None where no stack is known.
    """

    verdict: Verdict
    answer: str
    summary: str
    account: str | None
    partition: str
    assessed_at: str
    about: tuple[tuple[str, str], ...]
    regions: tuple[Region, ...]
    groups: tuple[Group, ...]
    example: Example | None
    chains: tuple[Chain, ...]
    gaps: tuple[Finding, ...]
    doubts: tuple[Finding, ...]
    exclusions: tuple[Exclusion, ...]
    notes: tuple[Note, ...]
    not_read: tuple[str, ...]
    cut: Mapping[str, int]
    rule: str | None
    home: str | None

    @property
    def runbook(self) -> str | None:
        """The section of the runbook that says what to do, where no region was assessed; otherwise the gaps say it."""
        return None if self.regions or "regions" in self.cut else "docs/runbook.md#cannot-verify"


@dataclass(frozen=True, slots=True)
class Change:
    """One action of a plan. closes: the code of the gap, if it is for one. request: empty where the document was too
    large for it. status: what became of it; None where it was not tried. error: why it was not done."""

    action: str
    resource: str
    closes: str | None
    heals: tuple[str, ...]
    before: Any
    request: Mapping[str, Any]
    undo: Mapping[str, Any] | None
    status: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Remediated:
    """A remediator's document.

    answer: one sentence. about: label and value of what it is for, in the order to show them. verdicts: label and
    verdict, before, expected, afterwards. facts: sentences for whoever approves it. manual: what only a person can do.
    cut: as in `Assessed`.
    """

    action: str
    answer: str
    plan_id: str | None
    verdicts: tuple[tuple[str, str], ...]
    changes: tuple[Change, ...]
    facts: tuple[str, ...]
    manual: tuple[Finding, ...]
    about: tuple[tuple[str, str], ...] = ()
    cut: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Day:
    """A day in UTC. refused: calls. fewest, most: how often the alarms would have gone to ALARM; None where that is not
    known."""

    day: date
    refused: int
    fewest: int | None
    most: int | None

    @property
    def alarms(self) -> str:
        """How often, in words; empty where that is not known."""
        if self.fewest is None or self.fewest == self.most:
            return "" if self.most is None else f"{self.most:,}"
        return f"{self.fewest:,} to {self.most:,}"


@dataclass(frozen=True, slots=True)
class AlarmForecast:
    """An alarm, and how often it would have gone to ALARM.

    arn: None for the alarm that the profile's source recommends. count: in words; empty where it is not known.
    not_known: why it is not; empty where it is.
    """

    name: str
    arn: str | None
    terms: str
    count: str
    not_known: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Refused calls that have caller, call, error code and refusal in common: a group of a review.

    kind, name: of the caller, such as "role". account: the caller's, where it is another one than the reviewed.
    call: as `s3:GetObject`. refused_by: in words; empty where AWS does not say it. policy: its ARN.
    days: on how many. first, last: when they were logged, to the minute, in UTC.
    addresses, regions: from where and in which, in words. looks_like, signs: what it seems to be, and why.
    outcome: whether it is excluded, in words; empty where it is too rare to be.
    example: one of these CloudTrail events, whole.
    """

    kind: str
    name: str
    account: str | None
    call: str
    code: str
    refused_by: str
    policy: str | None
    count: int
    days: int
    first: str
    last: str
    addresses: str
    regions: str
    looks_like: str
    signs: tuple[str, ...]
    outcome: str
    example: Mapping[str, Any] | None

    @property
    def who(self) -> str:
        named = f"{self.kind} {self.name}".strip()
        return f"{named} of account {self.account}" if self.account else named

    @property
    def seen(self) -> str:
        return self.first if self.first == self.last else f"{self.first} to {self.last}"

    @property
    def alarming(self) -> bool:
        """Whether it is to be looked at first."""
        return self.looks_like == "an attack"


@dataclass(frozen=True, slots=True)
class ProposedExclusion:
    """An exclusion that a review proposes, with its proof.

    who: the callers. calls: of which groups. pattern: empty where the document does not have it.
    excluded: how many calls that were read it excludes, in words. silenced: a sentence on what else it would exclude.
    event: the made-up event of that sentence. alarms: how often the profile's alarm goes to ALARM, without and with it.
    """

    who: str
    calls: tuple[str, ...]
    pattern: str
    reason: str
    until: date
    excluded: str
    silenced: str
    event: Mapping[str, Any] | None
    proof: str
    alarms: tuple[int, int]


@dataclass(frozen=True, slots=True)
class NotExcluded:
    """Groups for which a review proposes no exclusion, for the same reason."""

    code: str
    why: str
    groups: tuple[Refused, ...]

    @property
    def count(self) -> int:
        """Refused calls."""
        return sum(group.count for group in self.groups)

    @property
    def first(self) -> str:
        """The first of the groups, in words, and how many more there are."""
        shown = [f"{group.who}, {group.call}" for group in self.groups[:5]]
        more = [f"and {len(self.groups) - 5} more"] if len(self.groups) > 5 else []
        return "; ".join([*shown, *more])


@dataclass(frozen=True, slots=True)
class Reviewed:
    """The document of a review.

    so_far: which share of the hours was read; empty where all were.
    answer: how many alarms, from whom, and how many would remain. facts: sentences below it.
    attacks: a sentence on each caller whose calls look like an attack.
    whose: of which alarms `days` counts the changes to ALARM; empty where no forecast is known.
    overrides: what to set; None where there is nothing, or it is not shown. how: sentences on how.
    pattern: of the metric filter with all exclusions; None likewise. not_read, about, cut: as in `Assessed`.
    """

    so_far: str
    answer: str
    facts: tuple[str, ...]
    attacks: tuple[str, ...]
    account: str
    partition: str
    reviewed_at: str
    days: tuple[Day, ...]
    whose: str
    alarms: tuple[AlarmForecast, ...]
    groups: tuple[Refused, ...]
    exclusions: tuple[ProposedExclusion, ...]
    not_excluded: tuple[NotExcluded, ...]
    overrides: str | None
    how: tuple[str, ...]
    pattern: str | None
    not_read: tuple[str, ...]
    about: tuple[tuple[str, str], ...]
    cut: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class View:
    """What there is to show: an assessment, what remediation planned or did, a review, or several of these."""

    assessed: Assessed | None = None
    remediated: tuple[Remediated, ...] = ()
    reviewed: Reviewed | None = None


def count_of(regions: Sequence[str]) -> str:
    """How many regions these are, in words."""
    enabled = sum(region != FUTURE for region in regions)
    words = [f"{enabled} enabled region{'s' * (enabled != 1)}"] if enabled else []
    return ", and ".join([*words, "any region enabled later"] if FUTURE in regions else words)
