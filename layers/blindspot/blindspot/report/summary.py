"""The summary: the document in two or three sentences, as a person reads it in a ticket. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from blindspot.model.arn import is_arn
from blindspot.model.findings import Doubt, Gap, unread
from blindspot.model.harmless import harmless
from blindspot.model.snapshot import FUTURE, Unreadable
from blindspot.report.short_text import cut, shortened
from blindspot.report.wording import call, in_alarm
from blindspot.verdict.assessment import Assessment, RegionAssessment, Verdict

CANNOT_VERIFY = "Cannot verify: "

LONGEST_PART = 500
"""Of a message, an error or a name in a summary."""


def of(assessment: Assessment, gap: Gap | None) -> str:
    """The verdict and how many regions have it; the first gap or doubt, with the call that nobody would be alerted to;
    and the fix.

    gap: the first of the document, None where there is none.
    """
    judged = assessment.regions
    unseen = [region for region in judged if region.verdict is Verdict.NON_COMPLIANT]
    unknown = [region for region in judged if region.verdict is Verdict.INDETERMINATE]
    about = f"{assessment.verdict.value} (account {assessment.snapshot.account}, profile {assessment.profile})"
    if unseen and gap is not None:
        example = next((region for region in unseen if gap in region.gaps), unseen[0])
        calls = f"there are unauthorized API calls that alert nobody, such as {_call(example)}"
        return f"{about}: {_where(unseen, judged)} {calls}. {_finding(gap)}"
    if assessment.verdict is Verdict.INDETERMINATE:
        return f"{about}: {_unknown(assessment, unknown)}"
    text = f"{about}: {_where(judged, judged)} every unauthorized API call raises an alarm that somebody receives"
    silent = in_alarm(assessment, judged, LONGEST_PART)
    return f"{text}, unless that alarm is in ALARM already. {silent}" if silent else f"{text}."


def of_failure(reason: str) -> str:
    """The summary of a run that failed for this reason."""
    return cut(harmless(CANNOT_VERIFY + " ".join(reason.split())), 2 * LONGEST_PART)


def _unknown(assessment: Assessment, regions: Sequence[RegionAssessment]) -> str:
    doubt = next((doubt for region in regions for doubt in region.doubts), None)
    enabled = assessment.snapshot.regions
    if doubt is None and isinstance(enabled, Unreadable):
        doubt = unread("regions", enabled)
    example = next((region for region in regions if region.blind_spot and doubt in region.doubts), None)
    which = (
        f"unauthorized API calls such as {_call(example)} raise" if example else "every unauthorized API call raises"
    )
    where = f"{_where(regions, assessment.regions)} " if regions else ""
    text = f"{where}it is not known whether {which} an alarm that somebody receives."
    return f"{text} {_finding(doubt)}" if doubt else text


def _finding(finding: Gap | Doubt) -> str:
    """The code and the resource, the message, and the fix."""
    where = f" ({shortened(harmless(finding.resource), LONGEST_PART)})" if is_arn(finding.resource) else ""
    return f"{finding.code}{where}: {cut(harmless(finding.message), LONGEST_PART)} Fix: {finding.fix}"


def _call(region: RegionAssessment) -> str:
    # The region of an event in `future` is made up.
    return f"{call(region.blind_spot or {})}{'' if region.region == FUTURE else f' in {region.region}'}"


def _where(regions: Sequence[RegionAssessment], judged: Sequence[RegionAssessment]) -> str:
    """How many of the judged regions these are, in words."""
    count, of_all = (sum(region.region != FUTURE for region in some) for some in (regions, judged))
    later = any(region.region == FUTURE for region in regions)
    enabled = f"in {'all ' if count == of_all else f'{count} of '}{of_all} enabled region{'s' * (of_all != 1)}"
    if not later:
        return enabled
    return f"{enabled}, and in regions enabled later," if count else "in regions enabled later"
