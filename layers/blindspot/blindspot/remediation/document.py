"""The remediator's document: what is planned, what was done, what is left to people. Pure.

It names whom the stack subscribes, but not the path of a web address: that of a chat or a paging tool is a secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from blindspot.remediation.actions import Action, Request
from blindspot.remediation.backout import Backout
from blindspot.remediation.manual_tasks import Task
from blindspot.remediation.plan import Plan
from blindspot.verdict.assessment import Verdict

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Flag:
    """Whether remediation is switched on, and what was read of the parameter that says so."""

    on: bool
    parameter: str | None
    why: str
    unread: bool = False

    @property
    def switch(self) -> str | None:
        """The command that sets it the other way."""
        value = "false" if self.on else "true"
        return f"aws ssm put-parameter --name {self.parameter} --value {value} --overwrite" if self.parameter else None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an action: "done", "failed", "skipped" where it needs one that was not done, or "stopped"."""

    resource: str
    status: str
    error: str | None = None


def of_plan(
    action: str, flag: Flag, before: Verdict, plan: Plan, outcomes: Iterable[Outcome], left: Plan, after: Verdict | None
) -> Document:
    """The document of a plan.

    action: "plan" or "apply", as asked. left: the plan after the outcomes, for what is left to people.
    after: the verdict after writing, None where nothing was written.
    """
    planned = [{**_action(each.action), "gap": each.gap} for each in plan.actions]
    tasks = [_task(task) for task in left.for_a_person]
    return _document(action, flag, before, planned, outcomes, tasks, after)


def of_backout(
    flag: Flag, before: Verdict, backout: Backout, outcomes: Iterable[Outcome], after: Verdict | None
) -> Document:
    """The document of a backout; what it leaves is for a person to judge."""
    planned = [{**_action(action), "gap": None} for action in backout.actions]
    left: list[Document] = [
        {"code": "left", "resource": each.resource, "regions": [], "message": each.why, "fix": each.fix}
        for each in backout.left
    ]
    return _document("backout", flag, before, planned, outcomes, left, after)


def _document(
    action: str,
    flag: Flag,
    before: Verdict,
    planned: list[Document],
    outcomes: Iterable[Outcome],
    for_a_person: list[Document],
    after: Verdict | None,
) -> Document:
    return {
        "action": action,
        "flag": {"on": flag.on, "parameter": flag.parameter, "why": flag.why, "switch": flag.switch},
        "verdict_before": before.value,
        "plan": planned,
        "outcomes": [{"resource": o.resource, "status": o.status, "error": o.error} for o in outcomes],
        "for_a_person": for_a_person,
        "verdict_after": after.value if after else None,
    }


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
