"""Markdown for a ticket. Pure.

No name in it is taken for markup: what could be stands in a code span. There is no table, in which a code span does not
hold a `|` (GitHub Flavored Markdown, 4.10 "Tables").
"""

from __future__ import annotations

from collections.abc import Iterator

from blindspot.report.markdown_parts import code, json_block, left_out, listed, names_of, plain
from blindspot.report.review_markdown import review
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
)
from blindspot.verdict.assessment import Verdict


def markdown(view: View) -> str:
    """All of it."""
    lines = list(_assessed(view.assessed)) if view.assessed else []
    for each in view.remediated:
        lines += _remediated(each)
    if view.reviewed:
        lines += review(view.reviewed)
    return "\n".join(lines).rstrip("\n") + "\n"


def _assessed(assessed: Assessed) -> Iterator[str]:
    yield from (f"# {plain(QUESTION)}", "", f"**{plain(assessed.answer)}**", "")
    account = f"Account {code(assessed.account)}" if assessed.account else "Account not known"
    yield from (f"{account}, assessed at {plain(assessed.assessed_at)}: {code(assessed.verdict)}.", "")
    if assessed.verdict is Verdict.COMPLIANT:  # it says what is excused, and which alarm is in ALARM
        yield from (plain(assessed.summary), "")
    if assessed.runbook:
        yield from (f"What to do: {code(assessed.runbook)}", "")
    if assessed.example:
        yield from _example(assessed.example)
    yield from _findings("Gaps", assessed.gaps, assessed.chains)
    yield from _findings("Doubts", assessed.doubts, assessed.chains)
    if assessed.groups:
        yield from ("## Regions", "")
        for group in assessed.groups:
            names = names_of(region.title for region in group.regions)
            yield " ".join([f"- {code(group.verdict)}: {names}.", *map(plain, group.reasons)])
        yield ""
    whole = [chain for chain in assessed.chains if chain.finding is None]
    if whole:
        yield from ("## How it holds", "", *(f"- {_chain(chain)}" for chain in whole), "")
    yield from listed("Exclusions", map(_exclusion, assessed.exclusions))
    yield from listed("Notes", (f"{code(note.code)}: {plain(note.message)}" for note in assessed.notes))
    yield from listed("Not read", map(plain, assessed.not_read))
    yield from left_out(assessed.cut)
    yield from listed("About", (f"{plain(label)}: {code(value)}" for label, value in assessed.about))


def _exclusion(each: Exclusion) -> str:
    pattern = f" Pattern: {code(each.excuses)}" if each.excuses else ""
    return f"{plain(each.title)}: {plain(each.state)}.{pattern}"


def _example(spot: Example) -> Iterator[str]:
    yield f"## {spot.title}"
    called = f"{code(spot.who)} calls {code(spot.call)} in {plain(spot.region)}."
    yield from ("", f"{called} The call is refused with {code(spot.error_code)}. {spot.alerted}", "")
    if spot.finding:
        yield from (f"Why: {plain(spot.finding.message)}", "", f"Fix: {plain(spot.finding.fix)}", "")
    yield from ("The CloudTrail event:", "", *json_block(spot.event), "")


def _findings(title: str, findings: tuple[Finding, ...], chains: tuple[Chain, ...]) -> Iterator[str]:
    if not findings:
        return
    yield from (f"## {title}", "")
    for number, each in enumerate(findings, start=1):
        yield from (f"### {number}. {code(each.code)}", "", f"Resource: {code(each.resource)}", "")
        yield from (plain(each.message), "", f"Fix: {plain(each.fix)} See {code(each.help)}.", "")
        yield from (f"Regions: {names_of(each.regions)}", "") if each.regions else ()
        for chain in chains:
            if chain.finding is each:
                yield from (f"Chain: {_chain(chain)}", "")


def _chain(chain: Chain) -> str:
    links = []
    for link in chain.links:
        shown = f"{link.kind} {code(link.name)}" if link.name else link.kind
        links.append(f"**{shown} ({link.state.value})**" if link.state in _MARKED else shown)
    return " → ".join(links)


_MARKED = (State.BROKEN, State.UNKNOWN)


def _remediated(remediated: Remediated) -> Iterator[str]:
    yield from (f"# Remediation: {plain(remediated.action)}", "", f"**{plain(remediated.answer)}**", "")
    verdicts = [f"Verdict {plain(label)}: {plain(verdict)}." for label, verdict in remediated.verdicts]
    yield from (f"- {line}" for line in (*verdicts, *map(plain, remediated.facts)))
    yield ""
    for number, change in enumerate(remediated.changes, start=1):
        yield from _change(number, change)
    yield from _findings("Manual steps", remediated.manual, ())
    yield from left_out(remediated.cut)
    yield from listed("About", (f"{plain(label)}: {code(value)}" for label, value in remediated.about))


def _change(number: int, change: Change) -> Iterator[str]:
    yield from (f"## {number}. {plain(change.action)}", "", f"Resource: {code(change.resource)}", "")
    if change.status:
        error = f": {plain(change.error)}" if change.error else ""
        yield from (f"Outcome: **{plain(change.status)}**{error}", "")
    if change.closes:
        regions = f" It makes these regions COMPLIANT: {names_of(change.heals)}." if change.heals else ""
        yield from (f"It closes {code(change.closes)}.{regions}", "")
    if change.request:
        yield from ("Request:", "", *json_block(change.request), "")
    yield from ("Before:", "", *json_block(change.before), "") if change.before else ("Before: nothing is there.", "")
    if change.undo:
        yield from ("To undo it:", "", *json_block(change.undo), "")
