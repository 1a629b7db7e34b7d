"""The rows in AWS Config: an assessment in the terms that PutEvaluations takes. Pure.

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


class Row(NamedTuple):
    """One evaluation. `compliance` is COMPLIANT, NON_COMPLIANT or NOT_APPLICABLE."""

    resource_type: str
    resource_id: str
    compliance: str
    annotation: str | None
    ordering_timestamp: datetime


class OtherAccountError(ValueError):
    """Raised when AWS Config asks about another account than the one that was assessed."""


def rows(assessment: Assessment, account: str, at: datetime, *, report_regions: bool) -> tuple[Row, ...]:
    """The account's row, then with `report_regions` one for each region.

    account, at: about which account AWS Config asked, and when. Raises OtherAccountError.
    """
    if account != assessment.snapshot.account:
        raise OtherAccountError(f"the rule is of account {account}, and this function can judge only its own")
    found = [Row(RESOURCE_TYPE, account, _compliance(assessment.verdict), _of_account(assessment), at)]
    if report_regions:
        by = assessment.profile
        found += [
            Row(RESOURCE_TYPE, f"{account}/{each.region}", _compliance(each.verdict), _of_region(each, by), at)
            for each in assessment.regions
        ]
    return tuple(found)


def cannot_verify(account: str, reason: str, at: datetime) -> Row:
    """The account's row when a run fails outright, so that no earlier COMPLIANT is left standing; `reason` to its first
    line, since an annotation is one."""
    return Row(RESOURCE_TYPE, account, "NON_COMPLIANT", _cut(CANNOT_VERIFY + reason.partition("\n")[0]), at)


def retired(reported: Iterable[tuple[str, str]], current: Iterable[Row], at: datetime) -> tuple[Row, ...]:
    """Rows that take back what was reported before, as (type, id), and is no longer produced."""
    kept = {(row.resource_type, row.resource_id) for row in current}
    return tuple(Row(*key, "NOT_APPLICABLE", None, at) for key in sorted(set(reported) - kept))


def _compliance(verdict: Verdict) -> str:
    return "COMPLIANT" if verdict is Verdict.COMPLIANT else "NON_COMPLIANT"


def _of_account(assessment: Assessment) -> str:
    blind = [region for region in assessment.regions if region.verdict is Verdict.NON_COMPLIANT]
    doubtful = [region for region in assessment.regions if region.verdict is Verdict.INDETERMINATE]
    if blind:
        return _with_names(f"{_why(blind)} Blind:", blind)
    if doubtful:
        return _with_names(f"{CANNOT_VERIFY}{_why(doubtful)} Unsure:", doubtful)
    enabled = assessment.snapshot.regions
    if isinstance(enabled, Unreadable):
        doubt = unread("regions", enabled)
        return _cut(f"{CANNOT_VERIFY}{doubt.code}: {doubt.message}")
    return f"By {assessment.profile}, every unauthorized API call raises an alarm that somebody receives."


def _of_region(region: RegionAssessment, profile: str) -> str:
    match region.verdict:
        case Verdict.COMPLIANT:
            return f"By {profile}, every unauthorized API call here raises an alarm that somebody receives."
        case Verdict.NON_COMPLIANT:
            return _cut(_why([region]))
        case Verdict.INDETERMINATE:
            return _cut(CANNOT_VERIFY + _why([region]))


def _why(regions: list[RegionAssessment]) -> str:
    """The first gap or doubt, two thirds of an annotation at most: the names of the regions need room beside it."""
    reasons = [f"{gap.code}: {gap.message}" for region in regions for gap in region.gaps]
    reasons += [f"{doubt.code}: {doubt.message}" for region in regions for doubt in region.doubts]
    return _cut(reasons[0], LONGEST_ANNOTATION * 2 // 3)


def _with_names(text: str, regions: list[RegionAssessment]) -> str:
    """The text, then as many of the regions' names as the annotation has room for."""
    names = [region.region for region in regions]
    for shown in range(len(names), 0, -1):
        rest = f" and {len(names) - shown} more" if shown < len(names) else ""
        full = f"{text} {', '.join(names[:shown])}{rest}."
        if len(full) <= LONGEST_ANNOTATION:
            return full
    return _cut(f"{text} {len(names)} regions.")


def _cut(text: str, longest: int = LONGEST_ANNOTATION) -> str:
    return text if len(text) <= longest else f"{text[: longest - 3].rstrip()}..."
