"""The evaluations in AWS Config: an assessment in the terms that PutEvaluations takes. Pure.

AWS Config takes no INSUFFICIENT_DATA, so INDETERMINATE is sent as NON_COMPLIANT with an annotation that begins
`Cannot verify:`. Source: AWS Config API reference, PutEvaluations and Evaluation.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from blindspot.model.findings import unread
from blindspot.model.snapshot import Unreadable
from blindspot.verdict.assessment import Assessment, RegionAssessment, Verdict

RESOURCE_TYPE = "AWS::::Account"
LONGEST_ANNOTATION = 256
CANNOT_VERIFY = "Cannot verify: "


class Evaluation(NamedTuple):
    """One row in AWS Config. `compliance` is COMPLIANT, NON_COMPLIANT or NOT_APPLICABLE."""

    resource_type: str
    resource_id: str
    compliance: str
    annotation: str | None
    ordering_timestamp: datetime


class OtherAccountError(ValueError):
    """Raised when AWS Config asks about an account other than the one that was assessed."""


def evaluations(assessment: Assessment, account: str, at: datetime, *, report_regions: bool) -> tuple[Evaluation, ...]:
    """The account's evaluation, then with `report_regions` one for each region.

    account, at: about which account AWS Config asked, and when. Raises OtherAccountError.
    """
    own = assessment.snapshot.account
    if account != own:
        raise OtherAccountError(f"the rule belongs to account {account}, and this function can assess only {own}")
    of_account = Evaluation(RESOURCE_TYPE, account, _compliance(assessment.verdict), _of_account(assessment), at)
    if not report_regions:
        return (of_account,)
    of_regions = (
        Evaluation(
            RESOURCE_TYPE,
            f"{account}/{region.region}",
            _compliance(region.verdict),
            _of_region(region, assessment.profile),
            at,
        )
        for region in assessment.regions
    )
    return (of_account, *of_regions)


def cannot_verify(account: str, reason: str, at: datetime) -> Evaluation:
    """The account's evaluation when a run fails, so that no earlier COMPLIANT stays. Only the first line of `reason` is
    used, since an annotation has one line."""
    annotation = _cut(CANNOT_VERIFY + reason.partition("\n")[0])
    return Evaluation(RESOURCE_TYPE, account, "NON_COMPLIANT", annotation, at)


def retirement(
    earlier: Iterable[tuple[str, str]] | Unreadable, current: tuple[Evaluation, ...], at: datetime
) -> tuple[Evaluation, ...]:
    """What to report after `current`: NOT_APPLICABLE for every resource that was reported before and no longer is. The
    account's evaluation goes before them again, since it is the first of every report.

    earlier: what was reported before, as (type, id). Nothing is reported where that could not be read, or nothing is
    to be set to NOT_APPLICABLE.
    """
    if isinstance(earlier, Unreadable):
        return ()
    kept = {(evaluation.resource_type, evaluation.resource_id) for evaluation in current}
    gone = sorted(set(earlier) - kept)
    return (current[0], *(Evaluation(*key, "NOT_APPLICABLE", None, at) for key in gone)) if gone else ()


def _compliance(verdict: Verdict) -> str:
    return "COMPLIANT" if verdict is Verdict.COMPLIANT else "NON_COMPLIANT"


def _of_account(assessment: Assessment) -> str:
    non_compliant = [region for region in assessment.regions if region.verdict is Verdict.NON_COMPLIANT]
    indeterminate = [region for region in assessment.regions if region.verdict is Verdict.INDETERMINATE]
    if non_compliant:
        return _with_names(f"{_why(non_compliant)} Non-compliant regions:", non_compliant)
    if indeterminate:
        return _with_names(f"{CANNOT_VERIFY}{_why(indeterminate)} Undetermined regions:", indeterminate)
    enabled = assessment.snapshot.regions
    if isinstance(enabled, Unreadable):
        doubt = unread("regions", enabled)
        return _cut(f"{CANNOT_VERIFY}{doubt.code}: {doubt.message}")
    return f"Every unauthorized API call raises an alarm that somebody receives (profile {assessment.profile})."


def _of_region(region: RegionAssessment, profile: str) -> str:
    match region.verdict:
        case Verdict.COMPLIANT:
            return f"Every unauthorized API call here raises an alarm that somebody receives (profile {profile})."
        case Verdict.NON_COMPLIANT:
            return _cut(_why([region]))
        case Verdict.INDETERMINATE:
            return _cut(CANNOT_VERIFY + _why([region]))


def _why(regions: list[RegionAssessment]) -> str:
    """The first gap or doubt, in at most two thirds of an annotation: the names of the regions need the rest."""
    reasons = [f"{gap.code}: {gap.message}" for region in regions for gap in region.gaps]
    reasons += [f"{doubt.code}: {doubt.message}" for region in regions for doubt in region.doubts]
    return _cut(reasons[0], LONGEST_ANNOTATION * 2 // 3)


def _with_names(text: str, regions: list[RegionAssessment]) -> str:
    """The text, then as many of the regions' names as fit in the annotation."""
    names = [region.region for region in regions]
    for shown in range(len(names), 0, -1):
        rest = f" and {len(names) - shown} more" if shown < len(names) else ""
        full = f"{text} {', '.join(names[:shown])}{rest}."
        if len(full) <= LONGEST_ANNOTATION:
            return full
    return _cut(f"{text} {len(names)} regions.")


def _cut(text: str, longest: int = LONGEST_ANNOTATION) -> str:
    return text if len(text) <= longest else f"{text[: longest - 3].rstrip()}..."
