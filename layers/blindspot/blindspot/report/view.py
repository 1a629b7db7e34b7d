"""What a reader is shown of a document, in the terminal, in Markdown and on the page alike. Pure.

`reading.view_of` makes it of documents. A renderer takes a `View` and nothing else: it decides how a thing looks, not
what there is to say. Every text in it is harmless, and may still be markup for the renderer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from blindspot.model.snapshot import FUTURE
from blindspot.verdict.assessment import Verdict

QUESTION = "Would every unauthorized API call in this account alert somebody?"
"""What the answer of an assessment answers."""


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
class Assessed:
    """An evaluator's document.

    answer: one sentence. about: label and value of what was assessed, when and by what, in the order to show them.
    chains: one for each gap or, where there is none, those by which the control holds.
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
class View:
    """What there is to show: an assessment, what remediation planned or did, or both."""

    assessed: Assessed | None = None
    remediated: tuple[Remediated, ...] = ()


def count_of(regions: Sequence[str]) -> str:
    """How many regions these are, in words."""
    enabled = sum(region != FUTURE for region in regions)
    words = [f"{enabled} enabled region{'s' * (enabled != 1)}"] if enabled else []
    return ", and ".join([*words, "any region enabled later"] if FUTURE in regions else words)
