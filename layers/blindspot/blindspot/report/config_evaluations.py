"""The evaluations in AWS Config: an assessment in the terms that PutEvaluations takes. Pure.

AWS Config takes no INSUFFICIENT_DATA, so INDETERMINATE is sent as NON_COMPLIANT with an annotation that begins
`Cannot verify:`. Source: AWS Config API reference, PutEvaluations and Evaluation.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from blindspot.model.findings import DOUBT_FIXES, FIXES, Doubt, Gap, unread
from blindspot.model.harmless import ESCAPE, harmless
from blindspot.model.snapshot import Unreadable
from blindspot.report.short_text import cut, length
from blindspot.report.summary import CANNOT_VERIFY
from blindspot.report.wording import call, ended, ending, excused, gaps_of, in_alarm, more, reason, resource
from blindspot.verdict.assessment import Assessment, RegionAssessment, Verdict

RESOURCE_TYPE = "AWS::::Account"

LONGEST_ANNOTATION = 256
"""As `short_text.length` counts it, which is the strictest way."""

LONGEST_REASON = 200
"""Of an annotation: no reason is longer, unless the error code in it is, and the number of regions still fits."""

FOR_THE_RESOURCE = 80
"""What the names of the regions leave of an annotation, where the resource needs it."""

FOR_AN_ALARM = 60
"""The longest name of an alarm in the annotation of a COMPLIANT account."""

FOR_AN_EXCLUSION = 40
"""The longest reason of an exclusion in an annotation."""

EVERY_CALL, IN_ALARM, NO_BLIND_SPOT = "Every unauthorized API call", "Alarm ", "Otherwise there is no blind spot"
"""How the annotation of every COMPLIANT row begins: with the first, or with the second, and then the third is in it."""


class Evaluation(NamedTuple):
    """One row in AWS Config. `compliance` is COMPLIANT, NON_COMPLIANT or NOT_APPLICABLE."""

    resource_type: str
    resource_id: str
    compliance: str
    annotation: str | None
    ordering_timestamp: datetime


def evaluations(assessment: Assessment, at: datetime, *, report_regions: bool) -> tuple[Evaluation, ...]:
    """The account's evaluation, then with `report_regions` one for each region.

    at: when AWS Config asked.
    """
    account = assessment.snapshot.account
    of_account = Evaluation(RESOURCE_TYPE, account, _compliance(assessment.verdict), _of_account(assessment), at)
    if not report_regions:
        return (of_account,)
    of_regions = (
        Evaluation(
            RESOURCE_TYPE,
            f"{account}/{region.region}",
            _compliance(region.verdict),
            _of_region(assessment, region),
            at,
        )
        for region in assessment.regions
    )
    return (of_account, *of_regions)


def cannot_verify(account: str, reason: str, at: datetime) -> Evaluation:
    """The account's evaluation when a run fails, so that no earlier COMPLIANT stays. Only the first line of `reason` is
    used, since an annotation has one line."""
    annotation = cut(harmless(CANNOT_VERIFY + reason.partition("\n")[0]), LONGEST_ANNOTATION)
    return Evaluation(RESOURCE_TYPE, account, "NON_COMPLIANT", annotation, at)


def plain(evaluation: Evaluation) -> Evaluation:
    """The same evaluation with its annotation in plain ASCII words, for when AWS Config refuses it as it is: letters
    lose their accents, and other characters and escapes become question marks."""
    if evaluation.annotation is None:
        return evaluation
    apart = unicodedata.normalize("NFKD", evaluation.annotation)
    letters = "".join(character for character in apart if not unicodedata.combining(character))
    words = re.sub(rf"({ESCAPE}|[^A-Za-z0-9 .,:;()/_*'-])+", "?", letters)
    return evaluation._replace(annotation=cut(words, LONGEST_ANNOTATION))


def retirement(
    earlier: Mapping[tuple[str, str], Evaluation] | Unreadable, current: tuple[Evaluation, ...], at: datetime
) -> tuple[Evaluation, ...]:
    """What to report after `current`: NOT_APPLICABLE for every resource that was reported before and no longer is.

    earlier: what was reported before, by (type, id). Nothing is reported where that could not be read.
    """
    if isinstance(earlier, Unreadable):
        return ()
    gone = sorted(earlier.keys() - {(evaluation.resource_type, evaluation.resource_id) for evaluation in current})
    return tuple(Evaluation(*key, "NOT_APPLICABLE", None, at) for key in gone)


def verdict_before(earlier: Mapping[tuple[str, str], Evaluation] | Unreadable, current: Evaluation) -> Verdict | None:
    """The verdict that the account's earlier evaluation reported; None where there is none, it could not be read, or it
    is not older than `current`."""
    if isinstance(earlier, Unreadable):
        return None
    found = earlier.get((current.resource_type, current.resource_id))
    if found is None or found.ordering_timestamp >= current.ordering_timestamp:
        return None
    return verdict_of(found)


def verdict_of(evaluation: Evaluation) -> Verdict | None:
    """The verdict that the evaluation reported; None where it is none of ours, such as NOT_APPLICABLE."""
    if evaluation.annotation is not None and evaluation.annotation.startswith(CANNOT_VERIFY):
        return Verdict.INDETERMINATE
    return Verdict(evaluation.compliance) if evaluation.compliance in list(Verdict) else None


class Row(NamedTuple):
    """What a row in AWS Config reports. code: that of the first gap or doubt; None where its annotation begins with no
    code that is known."""

    verdict: Verdict
    code: str | None


def row_of(evaluation: Evaluation) -> Row | None:
    """What the row reports, which is never better than it is: None for one that reports no verdict, and for a COMPLIANT
    one without the annotation that Blindspot gives to it. Others, whatever their annotation, are not COMPLIANT."""
    annotation = evaluation.annotation or ""
    verdict = verdict_of(evaluation)
    if verdict is Verdict.COMPLIANT:
        in_alarm_only = annotation.startswith(IN_ALARM) and NO_BLIND_SPOT in annotation
        return Row(verdict, None) if annotation.startswith(EVERY_CALL) or in_alarm_only else None
    if verdict is None or evaluation.compliance != "NON_COMPLIANT":
        return None
    code = annotation.removeprefix(CANNOT_VERIFY).partition(": ")[0]
    return Row(verdict, code if code in FIXES or code in DOUBT_FIXES else None)


def _compliance(verdict: Verdict) -> str:
    return "COMPLIANT" if verdict is Verdict.COMPLIANT else "NON_COMPLIANT"


def _of_account(assessment: Assessment) -> str:
    non_compliant = [region for region in assessment.regions if region.verdict is Verdict.NON_COMPLIANT]
    indeterminate = [region for region in assessment.regions if region.verdict is Verdict.INDETERMINATE]
    if non_compliant:
        return _annotation(assessment, non_compliant, names="Non-compliant regions:")
    if indeterminate:
        return _annotation(assessment, indeterminate, names="Undetermined regions:")
    enabled = assessment.snapshot.regions
    if isinstance(enabled, Unreadable):
        return cut(CANNOT_VERIFY + reason(unread("regions", enabled)), LONGEST_ANNOTATION)
    return _compliant(assessment, assessment.regions, "")


def _of_region(assessment: Assessment, region: RegionAssessment) -> str:
    if region.verdict is Verdict.COMPLIANT:
        return _compliant(assessment, [region], " here")
    return _annotation(assessment, [region])


def _compliant(assessment: Assessment, regions: Sequence[RegionAssessment], here: str) -> str:
    by, number = f"profile {assessment.profile}", len(assessment.exclusions.in_force)
    until = next((f",{' one' * (number > 1)} until {until}" for _, until in assessment.exclusions.ending), "")
    if silent := in_alarm(assessment, regions, FOR_AN_ALARM - length(until)):
        exclusions = f", {number} exclusion{'s' * (number > 1)}" if number else ""
        text = f"{silent} {NO_BLIND_SPOT}{here} ({by}{exclusions}{until})."
        return cut(text, LONGEST_ANNOTATION)
    text = f"{EVERY_CALL}{here}{excused(assessment)} raises an alarm that somebody receives ({by})."
    return cut(" ".join(filter(None, (text, ending(assessment, FOR_AN_EXCLUSION)))), LONGEST_ANNOTATION)


def _annotation(assessment: Assessment, regions: Sequence[RegionAssessment], names: str = "") -> str:
    """What is wrong in these regions, as far as it fits: the reason, an exclusion that has ended, the regions' names
    after `names`, the resource, and the call that nobody is alerted to."""
    findings = _findings(assessment, regions)
    finding = findings[0]
    account = assessment.snapshot.account
    cannot = CANNOT_VERIFY if isinstance(finding, Doubt) else ""
    text = cut(cannot + reason(finding), LONGEST_REASON)
    if until := ended(assessment, regions, FOR_AN_EXCLUSION):
        text = cut(f"{text} {until}", LONGEST_REASON)
    if names:
        for_resource = length(resource(finding, account, FOR_THE_RESOURCE)) + 1
        text = f"{text} {names} "
        text += _listed(regions, LONGEST_ANNOTATION - length(text) - for_resource)
    if where := resource(finding, account, LONGEST_ANNOTATION - length(text) - 1):
        text = f"{text} {where}"
    example = next((region.blind_spot for region in regions if finding in region.gaps and region.blind_spot), None)
    alerted = f" Nobody is alerted to {call(example)}." if example else ""
    for addition in (more(len(findings) - 1, "gap" if isinstance(finding, Gap) else "doubt"), alerted):
        if length(text + addition) <= LONGEST_ANNOTATION:
            text += addition
    return text


def _findings(assessment: Assessment, regions: Sequence[RegionAssessment]) -> Sequence[Gap | Doubt]:
    """The gaps, those of most of the regions first, or where they have none the doubts; at least one."""
    undecided = Doubt("undecided", assessment.profile, "The verdict cannot be decided.")
    doubts = dict.fromkeys(doubt for region in regions for doubt in region.doubts)
    return tuple(gaps_of(regions)) or tuple(doubts) or (undecided,)


def _listed(regions: Sequence[RegionAssessment], longest: int) -> str:
    """As many of the regions' names as fit."""
    names = [region.region for region in regions]
    for shown in range(len(names), 0, -1):
        rest = f" and {len(names) - shown} more" if shown < len(names) else ""
        listed = f"{', '.join(names[:shown])}{rest}."
        if length(listed) <= longest:
            return listed
    return f"{len(names)}."
