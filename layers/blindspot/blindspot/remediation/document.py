"""The remediator's document: what is planned, what was done, and the manual tasks. Pure.

It names the subscriber, but of a web address only the host: the path of a chat or paging webhook is a secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from blindspot.model import fitting
from blindspot.model.fitting import last_in_each, last_of
from blindspot.model.harmless import harmless_json
from blindspot.remediation.actions import Action, Request
from blindspot.remediation.backout import Backout
from blindspot.remediation.manual_tasks import Task
from blindspot.remediation.plan import Plan
from blindspot.verdict.assessment import Verdict

Document = fitting.Document


@dataclass(frozen=True, slots=True)
class Switch:
    """Whether remediation is on, and what was read of the SSM parameter that decides it.

    parameter: its name; None where the stack has none. unread: it exists, or may exist, and could not be read.
    """

    on: bool
    parameter: str | None
    why: str
    unread: bool = False

    @property
    def command(self) -> str | None:
        """The command that turns it the other way."""
        value = "false" if self.on else "true"
        return f"aws ssm put-parameter --name {self.parameter} --value {value} --overwrite" if self.parameter else None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The status of an action: "done", "failed", "skipped" where it needs one that was not done, or "stopped"."""

    resource: str
    status: str
    error: str | None = None


def of_plan(
    action: str,
    switch: Switch,
    before: Verdict,
    plan: Plan,
    outcomes: Iterable[Outcome],
    remaining: Plan,
    after: Verdict | None,
) -> Document:
    """The document of a plan.

    action: "plan" or "apply", as requested. remaining: the plan after the outcomes, which has the manual tasks.
    after: the verdict after writing, None where nothing was written.
    """
    planned = [{**_action(each.action), "gap": each.gap} for each in plan.actions]
    tasks = [_task(task) for task in remaining.manual_tasks]
    return _document(action, switch, before, planned, outcomes, tasks, after)


def of_backout(
    switch: Switch, before: Verdict, backout: Backout, outcomes: Iterable[Outcome], after: Verdict | None
) -> Document:
    """The document of a backout; what it does not delete is listed with the manual tasks."""
    planned = [{**_action(action), "gap": None} for action in backout.actions]
    tasks: list[Document] = [
        {"code": "left", "resource": each.resource, "regions": [], "message": each.why, "fix": each.fix}
        for each in backout.not_deleted
    ]
    return _document("backout", switch, before, planned, outcomes, tasks, after)


def fitted(document: Document, largest_bytes: int) -> Document:
    """The document, cut to that many bytes of JSON: templates and requests first, what was done last. `cut` then says
    how many of each were left out."""
    return fitting.fitted(document, largest_bytes, _CUTTERS)


_CUTTERS = {
    "cloudformation": last_in_each("for_a_person", "cloudformation"),
    "undo": last_in_each("plan", "undo"),
    "request": last_in_each("plan", "request"),
    "for_a_person": last_of("for_a_person"),
    "plan": last_of("plan"),
    "outcomes": last_of("outcomes"),
}
"""What to leave out of a document that is too large, in this order."""


def _document(
    action: str,
    switch: Switch,
    before: Verdict,
    planned: list[Document],
    outcomes: Iterable[Outcome],
    tasks: list[Document],
    after: Verdict | None,
) -> Document:
    made: Document = {
        "action": action,
        "flag": {"on": switch.on, "parameter": switch.parameter, "why": switch.why, "switch": switch.command},
        "verdict_before": before.value,
        "plan": planned,
        "outcomes": [{"resource": o.resource, "status": o.status, "error": o.error} for o in outcomes],
        "for_a_person": tasks,
        "verdict_after": after.value if after else None,
    }
    harmless: Document = harmless_json(made)
    return harmless


def _action(action: Action) -> Document:
    return {
        "action": action.title,
        "resource": action.resource,
        "request": _request(action.request),
        "undo": _request(action.undo) if action.undo else None,
    }


def _request(request: Request) -> Document:
    return {"call": request.call, "region": request.region, "parameters": _shown(request.parameters)}


def _shown(parameters: Mapping[str, Any]) -> Document:
    shown = dict(parameters)
    if shown.get("Protocol") == "https":
        host = re.match(r"https://(?:[^/@]*@)?([\w.-]*)", shown["Endpoint"])
        shown["Endpoint"] = f"https://{host[1] if host else ''}/..."
    return shown


def _task(task: Task) -> Document:
    return {
        "code": task.code,
        "resource": task.resource,
        "regions": list(task.regions),
        "message": task.message,
        "fix": task.fix,
        **({"cloudformation": task.cloudformation} if task.cloudformation else {}),
    }
