"""The remediator's document: what is planned, what to know before it is approved, what was done, and the manual tasks.
Pure.

It names the subscriber, but of a web address only the host: the path of a chat or paging webhook is a secret.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from blindspot.chain.metric_filter import filter_resource
from blindspot.model import fitting
from blindspot.model.arn import place_of, short
from blindspot.model.findings import unread
from blindspot.model.fitting import last_in_each, last_of
from blindspot.model.harmless import harmless_json
from blindspot.model.snapshot import Snapshot, Unreadable
from blindspot.model.stack import Origin
from blindspot.remediation.actions import Action, Request
from blindspot.remediation.backout import Backout
from blindspot.remediation.costs import Cost, monthly_cost
from blindspot.remediation.limits import MOST_ALARMS, MOST_FILTERS
from blindspot.remediation.listeners import Subscribed, listeners, shown_place, topics_used
from blindspot.remediation.manual_tasks import Task, in_order
from blindspot.remediation.plan import Plan
from blindspot.remediation.repairs import filters
from blindspot.verdict.assessment import Assessment, Verdict
from blindspot.verdict.notes import of_exclusions

Document = fitting.Document


@dataclass(frozen=True, slots=True)
class Switch:
    """Whether remediation is on, and what was read of the SSM parameter that decides it.

    parameter: its name; None where the stack has none. unread: it could not be read, or does not exist: that is off
    for building, and stops backout.
    """

    on: bool
    parameter: str | None
    why: str
    unread: bool = False

    @property
    def command(self) -> str | None:
        """The command that turns it the other way."""
        return self.command_for("false" if self.on else "true")

    def command_for(self, value: str) -> str | None:
        """The command that sets it to this value. A parameter that may not exist needs a type."""
        of_type = "--type String " if self.unread else ""
        command = f"aws ssm put-parameter --name {self.parameter} {of_type}--value {value} --overwrite"
        return command if self.parameter else None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The status of an action: "done", "failed", "skipped" where it needs one that was not done, or "stopped"."""

    resource: str
    status: str
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A plan as it is shown for approval.

    id: by which it is approved. assessment: of the account for which it was made. subscribed: who is subscribed to the
    topics of `listeners.topics_used`, as far as that was read.
    """

    id: str
    plan: Plan
    assessment: Assessment
    subscribed: Subscribed = field(default_factory=dict)

    @property
    def actions(self) -> list[Action]:
        return [each.action for each in self.plan.actions]


def of_plan(
    action: str,
    origin: Origin,
    switch: Switch,
    proposal: Proposal,
    outcomes: Iterable[Outcome],
    manual_tasks: Iterable[Task],
    after: Verdict | None,
) -> Document:
    """The document of a plan.

    action: "plan" or "apply", as requested. manual_tasks: those that there are after the outcomes.
    after: the verdict after writing, None where nothing was written.
    """
    plan, actions, snapshot = proposal.plan, proposal.actions, proposal.assessment.snapshot
    made = {
        "plan_id": proposal.id,
        "plan": [_action(each.action, each.gap, each.heals) for each in plan.actions],
        "expected": plan.expected.value if plan.expected else None,
        "expected_once_confirmed": plan.expected_confirmed.value if plan.expected_confirmed else None,
        "listeners": [_listeners(topic, proposal.subscribed) for topic in topics_used(actions, snapshot)],
        "monthly_cost": _cost(monthly_cost(actions, snapshot)),
        "notices": [*_notices(actions, snapshot), *_of_exclusions(proposal.assessment)],
    }
    tasks = [_task(task) for task in manual_tasks]
    return _document(action, origin, switch, proposal.assessment, made, outcomes, tasks, after)


def of_nothing(action: str, origin: Origin, switch: Switch, task: Task) -> Document:
    """The document of a run that ended before it read the account. `task`: why."""
    return _document(action, origin, switch, None, {**_NOT_A_PROPOSAL, "plan": []}, (), [_task(task)], None)


def of_backout(
    origin: Origin,
    switch: Switch,
    before: Assessment | None,
    backout: Backout,
    outcomes: Iterable[Outcome],
    after: Verdict | None,
) -> Document:
    """The document of a backout; what it does not delete is listed with the manual tasks. before: None where the
    account could not be assessed."""
    made = {**_NOT_A_PROPOSAL, "plan": [_action(each) for each in backout.actions]}
    tasks: list[Document] = [
        {"code": each.code, "resource": each.resource, "regions": [], "message": each.why, "fix": each.fix}
        for each in backout.not_deleted
    ]
    return _document("backout", origin, switch, before, made, outcomes, tasks, after)


def fitted(document: Document, largest_bytes: int) -> Document:
    """The document, cut to that many bytes of JSON: templates and requests first, what was done last. `cut` then says
    how many of each were left out."""
    return fitting.fitted(document, largest_bytes, _CUTTERS)


_NOT_A_PROPOSAL: Document = {
    "plan_id": None,
    "expected": None,
    "expected_once_confirmed": None,
    "listeners": [],
    "monthly_cost": None,
    "notices": [],
}
"""What a document without a plan has in the place of what is told of one for its approval."""

_CUTTERS = {
    "cloudformation": last_in_each("manual_steps", "cloudformation"),
    "undo": last_in_each("plan", "undo"),
    "before": last_in_each("plan", "before"),
    "request": last_in_each("plan", "request"),
    "listeners": last_of("listeners"),
    "notices": last_of("notices"),
    "manual_steps": last_of("manual_steps"),
    "plan": last_of("plan"),
    "outcomes": last_of("outcomes"),
}
"""What to leave out of a document that is too large, in this order."""


def _document(
    action: str,
    origin: Origin,
    switch: Switch,
    before: Assessment | None,
    made: Document,
    outcomes: Iterable[Outcome],
    tasks: list[Document],
    after: Verdict | None,
) -> Document:
    whole: Document = {
        "action": action,
        "plan_id": made["plan_id"],
        "stack": origin.stack,
        "run": origin.run,
        "account": before.snapshot.account if before else None,
        "profile": before.profile if before else None,
        "assessed_at": before.snapshot.read_at.isoformat(timespec="seconds") if before else None,
        "switch": {"on": switch.on, "parameter": switch.parameter, "why": switch.why, "switch": switch.command},
        "verdict_before": before.verdict.value if before else None,
        **made,
        "outcomes": [{"resource": o.resource, "status": o.status, "error": o.error} for o in outcomes],
        "manual_steps": tasks,
        "verdict_after": after.value if after else None,
    }
    harmless: Document = harmless_json(whole)
    return harmless


def _action(action: Action, gap: str | None = None, heals: Iterable[str] = ()) -> Document:
    return {
        "action": action.title,
        "resource": action.resource,
        "gap": gap,
        "before": action.before,
        "request": _request(action.request),
        "undo": _request(action.undo) if action.undo else None,
        "heals": list(in_order(heals)),
    }


def _request(request: Request) -> Document:
    return {"call": request.call, "region": request.region, "parameters": _shown(request.parameters)}


def _shown(parameters: Mapping[str, Any]) -> Document:
    shown = dict(parameters)
    if shown.get("Protocol") == "https":
        shown["Endpoint"] = f"https://{shown_place('https', shown['Endpoint']) or ''}/..."
    return shown


def _listeners(topic: str, subscribed: Subscribed) -> Document:
    found = subscribed.get(topic)
    if found is None:
        return {"topic": topic, "subscriptions": None, "why": "the topic belongs to another account"}
    if isinstance(found, Unreadable):
        return {"topic": topic, "subscriptions": None, "why": unread("its subscriptions", found).message}
    return {"topic": topic, "subscriptions": [asdict(each) for each in listeners(found)], "why": None}


def _cost(cost: Cost) -> Document:
    return {"usd": cost.usd, "alarms": cost.alarms, "metrics": cost.metrics, "basis": cost.basis}


def _notices(actions: Sequence[Action], snapshot: Snapshot) -> Iterator[str]:
    """What an approver may not expect: a topic without encryption, and how much room the quotas leave."""
    for each in actions:
        if each.request.call == "sns:CreateTopic" and "KmsMasterKeyId" not in each.request.parameters["Attributes"]:
            name = each.request.parameters["Name"]
            yield f"Topic {name} is created without encryption: topic.key is not set in Overrides."
    new = [each for each in actions if each.before is None]
    groups = Counter(
        each.resource.removesuffix(filter_resource("", each.request.parameters["filterName"]))
        for each in new
        if each.request.call == "logs:PutMetricFilter"
    )
    for log_group, more in groups.items():
        title, there = f"Log group {short(log_group)} in {place_of(log_group)[1]}", len(filters(snapshot, log_group))
        yield f"{title} has {there} of at most {MOST_FILTERS} metric filters; the plan adds {more}."
    regions = Counter(each.request.region for each in new if each.request.call == "cloudwatch:PutMetricAlarm")
    for region, more in regions.items():
        alarms = snapshot.alarms.get((snapshot.account, region), ())
        known = "alarms that could not be read" if isinstance(alarms, Unreadable) else f"{len(alarms)} alarms"
        yield f"Region {region} has {known}, and AWS allows {MOST_ALARMS:,} by default; the plan adds {more}."


def _of_exclusions(assessment: Assessment) -> Iterator[str]:
    """What the evaluator's notes say of exclusions that end or have ended: the plan changes on that day."""
    return (note.message for note in of_exclusions(assessment.exclusions, assessment.snapshot.account))


def _task(task: Task) -> Document:
    return {
        "code": task.code,
        "resource": task.resource,
        "regions": list(task.regions),
        "message": task.message,
        "fix": task.fix,
        **({"cloudformation": task.cloudformation} if task.cloudformation else {}),
    }
