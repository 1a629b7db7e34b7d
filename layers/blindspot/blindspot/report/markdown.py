"""Markdown for a ticket. Pure.

No name in it is taken for markup: what could be stands in a code span. There is no table, in which a code span does not
hold a `|` (GitHub Flavored Markdown, 4.10 "Tables").
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from blindspot.report.view import QUESTION, Assessed, Chain, Change, Example, Finding, Remediated, State, View
from blindspot.verdict.assessment import Verdict


def markdown(view: View) -> str:
    """All of it."""
    lines = list(_assessed(view.assessed)) if view.assessed else []
    for each in view.remediated:
        lines += _remediated(each)
    return "\n".join(lines).rstrip("\n") + "\n"


def _assessed(assessed: Assessed) -> Iterator[str]:
    yield from (f"# {_plain(QUESTION)}", "", f"**{_plain(assessed.answer)}**", "")
    account = f"Account {_code(assessed.account)}" if assessed.account else "Account not known"
    yield from (f"{account}, assessed at {_plain(assessed.assessed_at)}: {_code(assessed.verdict)}.", "")
    if assessed.verdict is Verdict.COMPLIANT:  # it says what is excused, and which alarm is in ALARM
        yield from (_plain(assessed.summary), "")
    if assessed.runbook:
        yield from (f"What to do: {_code(assessed.runbook)}", "")
    if assessed.example:
        yield from _example(assessed.example)
    yield from _findings("Gaps", assessed.gaps, assessed.chains)
    yield from _findings("Doubts", assessed.doubts, assessed.chains)
    if assessed.groups:
        yield from ("## Regions", "")
        for group in assessed.groups:
            names = _names(region.title for region in group.regions)
            yield " ".join([f"- {_code(group.verdict)}: {names}.", *map(_plain, group.reasons)])
        yield ""
    whole = [chain for chain in assessed.chains if chain.finding is None]
    if whole:
        yield from ("## How it holds", "", *(f"- {_chain(chain)}" for chain in whole), "")
    yield from _listed("Notes", (f"{_code(note.code)}: {_plain(note.message)}" for note in assessed.notes))
    yield from _listed("Not read", map(_plain, assessed.not_read))
    yield from _cut(assessed.cut)
    yield from _listed("About", (f"{_plain(label)}: {_code(value)}" for label, value in assessed.about))


def _example(spot: Example) -> Iterator[str]:
    yield f"## {spot.title}"
    called = f"{_code(spot.who)} calls {_code(spot.call)} in {_plain(spot.region)}."
    yield from ("", f"{called} The call is refused with {_code(spot.error_code)}. {spot.alerted}", "")
    if spot.finding:
        yield from (f"Why: {_plain(spot.finding.message)}", "", f"Fix: {_plain(spot.finding.fix)}", "")
    yield from ("The CloudTrail event:", "", *_json(spot.event), "")


def _findings(title: str, findings: tuple[Finding, ...], chains: tuple[Chain, ...]) -> Iterator[str]:
    if not findings:
        return
    yield from (f"## {title}", "")
    for number, each in enumerate(findings, start=1):
        yield from (f"### {number}. {_code(each.code)}", "", f"Resource: {_code(each.resource)}", "")
        yield from (_plain(each.message), "", f"Fix: {_plain(each.fix)} See {_code(each.help)}.", "")
        yield from (f"Regions: {_names(each.regions)}", "") if each.regions else ()
        for chain in chains:
            if chain.finding is each:
                yield from (f"Chain: {_chain(chain)}", "")


def _chain(chain: Chain) -> str:
    links = []
    for link in chain.links:
        shown = f"{link.kind} {_code(link.name)}" if link.name else link.kind
        links.append(f"**{shown} ({link.state.value})**" if link.state in _MARKED else shown)
    return " → ".join(links)


_MARKED = (State.BROKEN, State.UNKNOWN)


def _remediated(remediated: Remediated) -> Iterator[str]:
    yield from (f"# Remediation: {_plain(remediated.action)}", "", f"**{_plain(remediated.answer)}**", "")
    verdicts = [f"Verdict {_plain(label)}: {_plain(verdict)}." for label, verdict in remediated.verdicts]
    yield from (f"- {line}" for line in (*verdicts, *map(_plain, remediated.facts)))
    yield ""
    for number, change in enumerate(remediated.changes, start=1):
        yield from _change(number, change)
    yield from _findings("Manual steps", remediated.manual, ())
    yield from _cut(remediated.cut)
    yield from _listed("About", (f"{_plain(label)}: {_code(value)}" for label, value in remediated.about))


def _change(number: int, change: Change) -> Iterator[str]:
    yield from (f"## {number}. {_plain(change.action)}", "", f"Resource: {_code(change.resource)}", "")
    if change.status:
        error = f": {_plain(change.error)}" if change.error else ""
        yield from (f"Outcome: **{_plain(change.status)}**{error}", "")
    if change.closes:
        regions = f" It makes these regions COMPLIANT: {_names(change.heals)}." if change.heals else ""
        yield from (f"It closes {_code(change.closes)}.{regions}", "")
    if change.request:
        yield from ("Request:", "", *_json(change.request), "")
    yield from ("Before:", "", *_json(change.before), "") if change.before else ("Before: nothing is there.", "")
    if change.undo:
        yield from ("To undo it:", "", *_json(change.undo), "")


def _cut(cut: Mapping[str, int]) -> Iterator[str]:
    lines = (f"{_code(name)}: {count}" for name, count in cut.items())
    yield from _listed("Left out, because the document was too large", lines)


def _listed(title: str, lines: Iterable[str]) -> Iterator[str]:
    items = [f"- {line}" for line in lines]
    if items:
        yield from (f"## {title}", "", *items, "")


def _names(names: Iterable[str]) -> str:
    return ", ".join(map(_plain, names))


def _plain(text: str) -> str:
    """A sentence. Words in it that would be markup, a mention, a link or an emoji stand in code spans: there they are
    none of that, while an escaped @ still mentions somebody (GitHub looks for mentions in what was rendered)."""
    text = text.strip(" ")  # with blanks before it, a list or a block of code might begin
    begins_a_block = _BEGINS_A_BLOCK.match(text) is not None
    parts: list[str] = []
    held: list[str] = []
    open_braces = 0  # of those that are held: JSON or a filter pattern stays together
    for number, word in enumerate(text.split(" ")):
        if _MARKUP.search(word) or (begins_a_block and number == 0) or open_braces > 0:
            held.append(word)
            open_braces += word.count("{") - word.count("}")
            continue
        parts += [*_spans(held), word]
        held, open_braces = [], 0
    return " ".join([*parts, *_spans(held)])


_MARKUP = re.compile(r"[\\`*_{}\[\]<>#|~@&$^]|:(?=\S)|www\.|GH-\d", re.IGNORECASE)
"""What makes a word more than text, in GitHub Flavored Markdown and in what GitHub makes of its result."""

_BEGINS_A_BLOCK = re.compile(r"[-+=]|\d+[.)]")
"""What begins a list or underlines a heading, at the beginning of a line."""


def _spans(words: list[str]) -> Iterator[str]:
    """These words as a code span, without the punctuation around them."""
    text = " ".join(words)
    if name := text.lstrip(_BEFORE).rstrip(_AFTER):
        before, _, after = text.partition(name)
        yield f"{before}{_code(name)}{after}"
    elif words:
        yield text


_BEFORE, _AFTER = "(\"'", ".,:;)\"'"


def _code(text: str) -> str:
    """The text in a code span, whose backticks are more than any in it (GitHub Flavored Markdown, 6.3 "Code spans")."""
    fence = "`" * _more_than_in(text, 1)
    space = " " if text.startswith("`") or text.endswith("`") or not text.strip() else ""
    return f"{fence}{space}{text or '-'}{space}{fence}"


def _json(data: Any) -> Iterator[str]:
    """A block of JSON."""
    text = json.dumps(data, indent=2)
    fence = "`" * _more_than_in(text, 3)
    yield from (f"{fence}json", *text.split("\n"), fence)


def _more_than_in(text: str, least: int) -> int:
    return max([least, *(len(found) + 1 for found in re.findall("`+", text))])
