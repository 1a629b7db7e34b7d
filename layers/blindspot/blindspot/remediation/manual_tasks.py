"""The tasks that only a person can do, each with the CloudFormation that would do it where there is one. Pure."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from blindspot.model.arn import short
from blindspot.model.findings import FIXES, Doubt, Gap
from blindspot.model.profile import Profile
from blindspot.model.snapshot import FUTURE, Unreadable
from blindspot.remediation.limits import Limit
from blindspot.remediation.ownership import SUFFIX
from blindspot.remediation.repairs import Repairs
from blindspot.verdict.assessment import Assessment, RegionAssessment, Verdict

_FOLDER = Path(__file__).parent / "cloudformation"

TEMPLATES = {
    "trail.missing": "trail",
    "trail.not-multi-region": "trail",
    "trail.no-log-group": "log-group",
    "log-group.missing": "log-group",
    "log-group.class": "log-group",
}
"""By code of a gap, the template in the folder `cloudformation` that fixes it."""

PROPERTIES: dict[str, dict[str, Any]] = {
    "trail.not-logging": {"IsLogging": True},
    "trail.selectors": {
        "EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": True}],
        "IncludeGlobalServiceEvents": True,
    },
}
"""By code of a gap, what to set on the trail in the template that created it."""


@dataclass(frozen=True, slots=True)
class Task:
    """A manual task: code, resource and regions as in a gap, why, and what to do."""

    code: str
    resource: str
    regions: tuple[str, ...]
    message: str
    fix: str

    @property
    def cloudformation(self) -> dict[str, Any] | None:
        """A template that does it, or the properties to set in the one that created the trail; else None."""
        if self.code in PROPERTIES:
            return {"Resources": {"Trail": {"Type": "AWS::CloudTrail::Trail", "Properties": PROPERTIES[self.code]}}}
        name = TEMPLATES.get(self.code)
        template: dict[str, Any] | None = json.loads((_FOLDER / f"{name}.json").read_text("utf-8")) if name else None
        return template


def pending_confirmations(assessment: Assessment, regions: Collection[str]) -> Iterator[Task]:
    """The subscriptions that somebody must confirm before these regions are COMPLIANT."""
    return gaps_of(assessment.regions, regions, ("subscription.pending",))


def remaining_gaps(assessment: Assessment, regions: Collection[str]) -> Iterator[Task]:
    """The gaps of these regions."""
    return gaps_of(assessment.regions, regions)


def unresolved_doubts(assessment: Assessment) -> Iterator[Task]:
    """What would settle each INDETERMINATE region: the remediator does not act on a doubt."""
    found: dict[Doubt, list[str]] = {}
    for region in assessment.regions:
        for doubt in region.doubts if region.verdict is Verdict.INDETERMINATE else ():
            found.setdefault(doubt, []).append(region.region)
    for doubt, names in found.items():
        yield Task(doubt.code, doubt.resource, tuple(names), doubt.message, doubt.fix)


def name_taken(kind: str, arns: Sequence[str], regions: Collection[str]) -> Task:
    """Every name that we may use is taken by somebody else, or may be: tags could not be read."""
    names = ", ".join(map(short, arns))
    return Task(
        "name.taken",
        arns[-1],
        in_order(regions),
        f"Somebody else uses every name for the {kind}, or it could not be read who does: {names}.",
        f'Set another {kind} name that ends in {SUFFIX} in Overrides: {{"names": {{"{kind}": "..."}}}}.',
    )


def no_pattern(profile: Profile, regions: Collection[str]) -> Task:
    """No filter pattern does what the settings require."""
    return Task(
        "pattern.none",
        profile.name,
        in_order(regions),
        "No filter pattern of at most 1,024 characters matches every required event and no ordinary one.",
        "Require less in Overrides, or create the metric filters by hand.",
    )


def exclusion_left_out(pattern: str, why: str, regions: Collection[str]) -> Task:
    """An exclusion of the settings that the written pattern does not have."""
    return Task(
        "exclusion.left-out",
        pattern,
        in_order(regions),
        f"The metric filter does not exclude {pattern}: {why}. It counts these calls too.",
        "Write the exclusion in Overrides in another way, if these calls raise too many alarms.",
    )


def limit_reached(limit: Limit, regions: Collection[str]) -> Task:
    """What cannot be made because of a limit of AWS."""
    return Task("limit.reached", limit.resource, in_order(regions), limit.message, limit.fix)


def settings_contradict(repairs: Repairs, lost: Collection[str], become: str = "no longer be COMPLIANT") -> Task:
    """What is ours is not set to what the settings say, because of what these regions would become."""
    names = ", ".join(dict.fromkeys(short(action.resource) for action in repairs))
    return Task(
        "settings.contradict",
        repairs[0].resource,
        in_order(lost),
        f"The settings were not applied to {names}: {_listed(in_order(lost))} would {become}.",
        "In Overrides, change what is set for the alarm, the topic or the pattern.",
    )


def unfinished(reason: str, regions: Collection[str]) -> Task:
    """The plan could not be finished."""
    return Task(
        "plan.unfinished",
        "account",
        in_order(regions),
        f"Nothing is planned for these regions: {reason}.",
        "Apply this plan, then plan again. If the plan is empty, simplify or delete the filter patterns that the"
        " assessment names as unclear.",
    )


def no_endpoint(regions: Collection[str]) -> Task:
    """The stack names nobody to subscribe."""
    return Task(
        "endpoint.missing",
        "SubscriptionEndpoint",
        in_order(regions),
        "SubscriptionEndpoint is empty, so there is nobody to subscribe to a topic.",
        "Set SubscriptionProtocol and SubscriptionEndpoint in the stack's parameters.",
    )


def no_stack() -> Task:
    """There is no stack, hence no ledger."""
    message = "BLINDSPOT_STACK names no CloudFormation stack, so there is no ledger, and nothing is written."
    return Task("stack.missing", "BLINDSPOT_STACK", (), message, "Run the remediator in the stack of template.yaml.")


def ledger_unread(path: str, failure: Unreadable) -> Task:
    """The ledger could not be read."""
    why = f"{failure.call} gave no answer ({failure.error})"
    message = f"The ledger {path} could not be read, so nothing is written: {why}."
    return Task("ledger.unread", path, (), message, "Run the remediator again. If it stays so, check its role.")


def entry_malformed(parameter: str, why: str) -> Task:
    """An entry of the ledger is not understood, so what it names is taken to be somebody else's."""
    message = f"Entry {parameter} of the ledger is not understood: {why}. What it names is not changed."
    fix = (
        "Find out who changed this SSM parameter. Restore it from its history, or delete it and what it names by hand."
    )
    return Task("ledger.malformed", parameter, (), message, fix)


def lease_held(parameter: str, why: str) -> Task:
    """Another run may be writing."""
    message = f"This run does not have the lease {parameter}, so it wrote nothing: {why}."
    fix = (
        "If another run holds it, wait until that run is over. Then run this action again. If it stays so, check the"
        " remediator's role and the parameter's value."
    )
    return Task("lease.held", parameter, (), message, fix)


def merged(tasks: Iterable[Task]) -> tuple[Task, ...]:
    """The tasks, those that differ only in their regions as one."""
    found: dict[Task, dict[str, None]] = {}
    for task in tasks:
        found.setdefault(replace(task, regions=()), {}).update(dict.fromkeys(task.regions))
    return tuple(replace(task, regions=tuple(regions)) for task, regions in found.items())


def gaps_of(
    assessed: Iterable[RegionAssessment], regions: Collection[str], codes: Collection[str] = ()
) -> Iterator[Task]:
    """The gaps of these regions; if `codes` has any, only those with such a code."""
    found: dict[Gap, list[str]] = {}
    for region in assessed:
        for gap in region.gaps if region.region in regions else ():
            if not codes or gap.code in codes:
                found.setdefault(gap, []).append(region.region)
    if unrecorded := [region for gap, names in found.items() if TEMPLATES.get(gap.code) == "trail" for region in names]:
        message = f"No trail records {_listed(unrecorded)}."
        yield Task("trail.missing", "account", tuple(unrecorded), message, FIXES["trail.missing"])
    for gap, names in found.items():
        if TEMPLATES.get(gap.code) != "trail":
            yield Task(gap.code, gap.resource, tuple(names), gap.message, gap.fix)


def in_order(regions: Iterable[str]) -> tuple[str, ...]:
    """The regions by name, and `future` last."""
    return tuple(sorted(regions, key=lambda region: (region == FUTURE, region)))


def _listed(regions: Sequence[str]) -> str:
    return ", ".join("a region enabled later" if region == FUTURE else region for region in regions)
