"""What is shown of a remediator's document. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from blindspot.model.arn import short
from blindspot.model.findings import DOUBT_FIXES, FIXES
from blindspot.report.document import help_of
from blindspot.report.part import Part, finding_of
from blindspot.report.view import Change, Finding, Remediated


def remediated(document: Part) -> Remediated:
    """What is shown of it. Raises DocumentError."""
    action, cut = document.text("action"), document.counts("cut")
    statuses = [part.text("status") for part in document.items("outcomes")]
    changes = tuple(_changes(document))
    manual = tuple(_manual(part) for part in document.items("manual_steps"))
    whole_plan = not cut.keys() & {"plan", "before", "request", "outcomes"}
    return Remediated(
        action=action,
        answer=_answer(action, len(changes), statuses, cut, manual),
        plan_id=document.text_or_none("plan_id"),
        verdicts=tuple(_verdicts(document)),
        changes=changes,
        facts=tuple(_facts(document, to_approve=bool(changes) and not statuses and whole_plan)),
        manual=manual,
        about=tuple(document.labelled(_LABELS)),
        cut=cut,
    )


def _verdicts(document: Part) -> Iterator[tuple[str, str]]:
    expected, confirmed = map(document.text_or_none, ("expected", "expected_once_confirmed"))
    yield from document.labelled((("before", "verdict_before"), ("expected", "expected")))
    if confirmed is not None and confirmed != expected:
        yield "expected once subscriptions are confirmed", confirmed
    yield from document.labelled((("afterwards", "verdict_after"),))


_LABELS = (
    ("Plan", "plan_id"),
    ("Account", "account"),
    ("Profile", "profile"),
    ("Assessed at", "assessed_at"),
    ("Stack", "stack"),
    ("Run", "run"),
)


def _changes(document: Part) -> Iterator[Change]:
    outcomes: dict[str, list[Part]] = {}
    for outcome in document.items("outcomes"):
        outcomes.setdefault(outcome.text("resource"), []).append(outcome)
    for part in document.items("plan"):
        waiting = outcomes.get(part.text("resource"))
        yield _change(part, waiting.pop(0) if waiting else None)


def _change(part: Part, outcome: Part | None) -> Change:
    request, undo = part.object_or_none("request"), part.object_or_none("undo")
    return Change(
        action=part.text("action"),
        resource=part.text("resource"),
        closes=part.text_or_none("gap"),
        heals=part.texts("heals"),
        before=part.fields.get("before", _LEFT_OUT),
        request=request.fields if request else {},
        undo=undo.fields if undo else None,
        status=outcome.text("status") if outcome else None,
        error=outcome.text_or_none("error") if outcome else None,
    )


_LEFT_OUT = "Left out, because the document was too large."
"""Shown instead of what was there: without it, nothing would seem to have been there."""


def _answer(action: str, changes: int, statuses: list[str], cut: Mapping[str, int], manual: tuple[Finding, ...]) -> str:
    """What was done, or would be. What was left out of the document counts too."""
    not_shown = cut.get("outcomes", 0)
    planned = max(changes + cut.get("plan", 0), len(statuses) + not_shown)
    count = f"{planned} change{'s' * (planned != 1)}"
    if statuses or not_shown:
        done = f"{'At least ' if not_shown else ''}{statuses.count('done')} of {count}"
        return f"{done} {'undone' if action == 'backout' else 'made'}."
    if planned:
        return f"Nothing was changed. The remediator would {'undo' if action == 'backout' else 'make'} {count}."
    if manual:
        steps = f"{len(manual)} manual step{'s' * (len(manual) != 1)}"
        return f"Nothing was changed, and no change is planned. The remediator leaves {steps}."
    return "There is nothing to change."


def _facts(document: Part, *, to_approve: bool) -> Iterator[str]:
    """What an approver asks: whether it would be applied, who is notified already, the cost, and how to approve it."""
    switch = document.object("switch")
    on, command = switch.truth("on"), switch.text_or_none("switch")
    turn = f" To turn it {'off' if on else 'on'}: {command}" if command else ""
    yield f"Remediation is {'on' if on else 'off'}: {switch.text('why')}.{turn}"
    for topic in document.items("listeners"):
        yield from _listeners(topic)
    if cost := document.object_or_none("monthly_cost"):
        yield f"Cost a month: {cost.number('usd'):.2f} USD."
    yield from document.texts("notices")
    plan = document.text_or_none("plan_id")
    if plan and to_approve:
        yield f"To apply exactly this plan, invoke the remediator with {json.dumps({'action': 'apply', 'plan': plan})}"


def _listeners(topic: Part) -> Iterator[str]:
    name = short(topic.text("topic"))
    if topic.fields.get("subscriptions") is None:
        yield f"It is not known who is subscribed to topic {name}: {topic.text('why')}."
        return
    for each in topic.items("subscriptions"):
        confirmed, pending, at = each.number("confirmed"), each.number("pending"), each.text_or_none("at") or "?"
        counts = f"{confirmed} confirmed, {pending} pending"
        yield f"Subscribed to topic {name} already: {each.text('protocol')} at {at} ({counts})."


def _manual(part: Part) -> Finding:
    code = part.text("code")
    known = code in FIXES or code in DOUBT_FIXES
    return finding_of(part, part.texts("regions"), help_of(code) if known else _STEPS)


_STEPS = "docs/remediation.md#see-the-plan"
"""Where the codes are explained that only a manual step has."""
