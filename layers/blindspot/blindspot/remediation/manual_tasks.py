"""The tasks that only a person can do, each with the CloudFormation that would do it where there is one. Pure."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blindspot.model.arn import short
from blindspot.model.findings import FIXES, Doubt, Gap
from blindspot.model.profile import Profile
from blindspot.model.snapshot import FUTURE
from blindspot.remediation.ownership import SUFFIX
from blindspot.verdict.assessment import Assessment, Verdict

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
    return _of_gaps(assessment, regions, ("subscription.pending",))


def remaining_gaps(assessment: Assessment, regions: Collection[str]) -> Iterator[Task]:
    """The gaps of these regions."""
    return _of_gaps(assessment, regions)


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
    names = " and the name ".join(map(short, arns))
    return Task(
        "name.taken",
        arns[-1],
        tuple(sorted(regions)),
        f"Somebody else uses the {kind} name {names}, or its tags could not be read.",
        f'Set another {kind} name that ends in {SUFFIX} in Overrides: {{"names": {{"{kind}": "..."}}}}.',
    )


def no_pattern(profile: Profile, regions: Collection[str]) -> Task:
    """No filter pattern does what the settings require."""
    return Task(
        "pattern.none",
        profile.name,
        tuple(sorted(regions)),
        "No filter pattern of at most 1,024 characters matches every required event and no ordinary one.",
        "Require less in Overrides, or create the metric filters by hand.",
    )


def unfinished(reason: str, regions: Collection[str]) -> Task:
    """The plan could not be finished."""
    return Task(
        "plan.unfinished",
        "account",
        tuple(sorted(regions)),
        f"The plan could not be finished: {reason}.",
        "Simplify or delete the filter patterns that the assessment names as unclear, then plan again.",
    )


def no_endpoint(regions: Collection[str]) -> Task:
    """The stack names nobody to subscribe."""
    return Task(
        "endpoint.missing",
        "SubscriptionEndpoint",
        tuple(sorted(regions)),
        "SubscriptionEndpoint is empty, so there is nobody to subscribe to a topic.",
        "Set SubscriptionProtocol and SubscriptionEndpoint in the stack's parameters.",
    )


def _of_gaps(assessment: Assessment, regions: Collection[str], codes: Collection[str] = ()) -> Iterator[Task]:
    found: dict[Gap, list[str]] = {}
    for region in assessment.regions:
        for gap in region.gaps if region.region in regions else ():
            if not codes or gap.code in codes:
                found.setdefault(gap, []).append(region.region)
    if unrecorded := [region for gap, names in found.items() if TEMPLATES.get(gap.code) == "trail" for region in names]:
        message = f"No trail records {_listed(unrecorded)}."
        yield Task("trail.missing", "account", tuple(unrecorded), message, FIXES["trail.missing"])
    for gap, names in found.items():
        if TEMPLATES.get(gap.code) != "trail":
            yield Task(gap.code, gap.resource, tuple(names), gap.message, gap.fix)


def _listed(regions: Sequence[str]) -> str:
    return ", ".join("a region enabled later" if region == FUTURE else region for region in regions)
