"""The text in a terminal: what there is to show of documents, by Rich. Pure.

What comes of an account is always a `Text`: Rich would take brackets in a plain string for its markup. Nothing is cut:
what is too long for a line goes on in the next one.
"""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from blindspot.report.review_text import review
from blindspot.report.text_parts import LEFT_OUT, about_lines, in_full, left_out, listed, rule
from blindspot.report.view import (
    QUESTION,
    Assessed,
    Chain,
    Change,
    Example,
    Exclusion,
    Finding,
    Remediated,
    State,
    View,
    count_of,
)
from blindspot.verdict.assessment import Verdict

COLOURS = {Verdict.COMPLIANT: "green", Verdict.NON_COMPLIANT: "red", Verdict.INDETERMINATE: "yellow"}

_STATES = {State.HOLDS: "green", State.BROKEN: "bold red", State.UNKNOWN: "bold yellow", State.NOT_REACHED: "dim"}

OF_AN_EVENT = (
    "eventTime",
    "eventSource",
    "eventName",
    "awsRegion",
    "sourceIPAddress",
    "errorCode",
    "readOnly",
    "recipientAccountId",
)
"""What is shown of a CloudTrail event."""


def text(view: View) -> Iterator[RenderableType]:
    """All of it, part by part."""
    if view.assessed:
        yield from assessment(view.assessed)
    for each in view.remediated:
        yield from remediation(each)
    if view.reviewed:
        yield from review(view.reviewed)


def assessment(assessed: Assessed) -> Iterator[RenderableType]:
    """The answer first, then why, and last what it was made of."""
    yield from overview(assessed)
    yield from _findings("Gaps", assessed.gaps, assessed.chains)
    yield from _findings("Doubts", assessed.doubts, assessed.chains)
    yield from _holding(assessed.chains)
    yield from listed("Exclusions", map(_exclusion, assessed.exclusions))
    yield from listed("Notes", [f"{note.code}: {note.message}" for note in assessed.notes])
    yield from listed("Not read", assessed.not_read)
    yield from listed(LEFT_OUT, left_out(assessed.cut))
    yield from about_lines(assessed.about)


def overview(assessed: Assessed) -> Iterator[RenderableType]:
    """The answer, the call that nobody would be alerted to, and the regions."""
    yield _answer(assessed)
    if assessed.example:
        yield _example(assessed.example)
    if assessed.regions:
        yield _regions(assessed)


def _answer(assessed: Assessed) -> Text:
    shown = Text(f"{QUESTION}\n\n")
    first, _, rest = assessed.answer.partition(" ")
    shown.append(first, f"bold {COLOURS[assessed.verdict]}").append(f" {rest}\n", "bold")
    if assessed.verdict is Verdict.COMPLIANT:  # it says what is excused, and which alarm is in ALARM
        shown.append(f"{assessed.summary}\n")
    if assessed.runbook:
        shown.append(f"What to do: {assessed.runbook}\n")
    return shown


def _example(spot: Example) -> Panel:
    """The call, the reason, the fix and the event."""
    shown = Text.assemble(
        f"{spot.who}\ncalls ",
        (spot.call, "bold"),
        f" in {spot.region}. The call is refused with ",
        (spot.error_code, "bold red"),
        f". {spot.alerted}\n\n",
    )
    if spot.finding:
        shown.append("Why: ", "bold").append(f"{spot.finding.message}\n")
        shown.append("Fix: ", "bold").append(f"{spot.finding.fix}\n\n")
    shown.append("The CloudTrail event, abbreviated:")
    fields = {key: spot.event[key] for key in OF_AN_EVENT if key in spot.event}
    style = COLOURS[Verdict.NON_COMPLIANT if spot.certain else Verdict.INDETERMINATE]
    return Panel(Group(shown, in_full(fields)), title=spot.title, title_align="left", border_style=style)


def _regions(assessed: Assessed) -> Table:
    """The regions with verdict and reason; those that have both in common in one row, the most frequent first."""
    table = Table(title="Verdict by region", title_justify="left", show_lines=True)
    table.add_column("Verdict and regions", ratio=3, overflow="fold")
    table.add_column("Reason", ratio=4, overflow="fold")
    for group in assessed.groups:
        names = ", ".join(region.title for region in group.regions)
        shown = Text.assemble((group.verdict, COLOURS[group.verdict]), f"\n{names}")
        table.add_row(shown, Text("\n".join(group.reasons)))
    return table


def _findings(title: str, findings: tuple[Finding, ...], chains: tuple[Chain, ...]) -> Iterator[RenderableType]:
    if not findings:
        return
    yield rule(title)
    for number, each in enumerate(findings, start=1):
        yield Text.assemble(f"{number}. ", (each.code, "bold"), f" {each.resource}")
        parts: list[RenderableType] = [
            Text.assemble(f"{each.message}\n", ("Fix: ", "bold"), f"{each.fix} See {each.help}.\n", _where(each))
        ]
        parts += [_chain(chain) for chain in chains if chain.finding is each]
        yield Padding(Group(*parts), (0, 0, 1, 3), expand=False)


def _exclusion(each: Exclusion) -> str:
    return f"{each.title}: {each.state}.{f' Pattern: {each.excuses}' if each.excuses else ''}"


def _where(each: Finding) -> str:
    return f"Regions: {', '.join(each.regions)}"


def _holding(chains: tuple[Chain, ...]) -> Iterator[RenderableType]:
    whole = [chain for chain in chains if chain.finding is None]
    if whole:
        yield rule("How it holds")
    for chain in whole:
        yield Padding(_chain(chain), (0, 0, 1, 3), expand=False)


def _chain(chain: Chain) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for _ in range(3):
        table.add_column(overflow="fold")
    for link in chain.links:
        table.add_row(Text(link.kind), Text(link.state.value, style=_STATES[link.state]), Text(link.name))
    return table


def remediation(remediated: Remediated) -> Iterator[RenderableType]:
    """What it planned or did, and what it is about."""
    yield rule(f"Remediation: {remediated.action}")
    yield from plan(remediated)
    yield from listed(LEFT_OUT, left_out(remediated.cut))
    yield from about_lines(remediated.about)


def plan(remediated: Remediated) -> Iterator[RenderableType]:
    """Every change in full, what was there, how to undo it, and what to know before it is approved."""
    yield Text(f"{remediated.answer}\n", "bold")
    for number, change in enumerate(remediated.changes, start=1):
        yield Group(*_change(number, change))
    yield Text("\n".join([*_approval(remediated), *map(_manual_step, remediated.manual), ""]))


def _change(number: int, change: Change) -> Iterator[RenderableType]:
    heals = f", makes COMPLIANT: {count_of(change.heals)}" if change.heals else ""
    closes = f": closes {change.closes}{heals}" if change.closes else ""
    yield Text(f"{number}. {change.action}{closes}")
    if change.status:
        yield Text(f"Outcome: {change.status}{f': {change.error}' if change.error else ''}")
    yield in_full(change.request) if change.request else Text(change.resource)
    if change.before:
        yield "Before:"
        yield in_full(change.before)
    else:
        yield "Before: nothing is there."
    if change.undo:
        yield "To undo it:"
        yield in_full(change.undo)
    yield ""


def _approval(remediated: Remediated) -> Iterator[str]:
    """The verdicts, and what an approver asks."""
    yield from (f"Verdict {label}: {verdict}." for label, verdict in remediated.verdicts)
    yield from remediated.facts


def _manual_step(step: Finding) -> str:
    return f"Manual step: {step.message} {step.fix}"
