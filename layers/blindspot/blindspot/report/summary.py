"""The summary: the document in two or three sentences, as a person reads it in a ticket. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from blindspot.model.arn import is_arn
from blindspot.model.findings import Doubt, Gap, unread
from blindspot.model.harmless import harmless
from blindspot.model.snapshot import FUTURE, Unreadable
from blindspot.report.short_text import cut, shortened
from blindspot.report.wording import call, ended, ending, excused, in_alarm, more
from blindspot.verdict.assessment import Assessment, RegionAssessment, Verdict

CANNOT_VERIFY = "Cannot verify: "

LONGEST_PART = 500
"""Of a message, an error or a name in a summary."""


def of(assessment: Assessment, gaps: Sequence[Gap]) -> str:
    """The verdict and how many regions have it; the first gap or doubt, with the call that nobody would be alerted to;
    the fix; how many more there are; and the code and the resource.

    gaps: those of the document.
    """
    judged = assessment.regions
    unseen = [region for region in judged if region.verdict is Verdict.NON_COMPLIANT]
    unknown = [region for region in judged if region.verdict is Verdict.INDETERMINATE]
    about = f"{assessment.verdict.value} (account {assessment.snapshot.account}, profile {assessment.profile})"
    if unseen and gaps:
        example = next(region for region in unseen if gaps[0] in region.gaps)
        calls = f"there are unauthorized API calls that alert nobody, such as {_call(example)}"
        parts = [f"{about}: {_where(unseen, judged)} {calls}.", ended(assessment, unseen, LONGEST_PART), _finding(gaps)]
        return " ".join(filter(None, parts))
    if assessment.verdict is Verdict.INDETERMINATE:
        return f"{about}: {_unknown(assessment, unknown)}"
    everywhere, exclusions = f"{about}: {_where(judged, judged)}", excused(assessment)
    if silent := in_alarm(assessment, judged, LONGEST_PART):
        answer = f"{everywhere} there is no blind spot{exclusions[:-1]}."
    else:
        answer = f"{everywhere} every unauthorized API call{exclusions} raises an alarm that somebody receives."
    return " ".join(filter(None, (answer, ending(assessment, LONGEST_PART), silent)))


def of_failure(reason: str) -> str:
    """The summary of a run that failed for this reason."""
    return cut(harmless(CANNOT_VERIFY + " ".join(reason.split())), 2 * LONGEST_PART)


def _unknown(assessment: Assessment, regions: Sequence[RegionAssessment]) -> str:
    doubts = tuple(dict.fromkeys(doubt for region in regions for doubt in region.doubts))
    enabled = assessment.snapshot.regions
    if not doubts and isinstance(enabled, Unreadable):
        doubts = (unread("regions", enabled),)
    first = next(iter(doubts), None)
    example = next((region for region in regions if region.blind_spot and first in region.doubts), None)
    which = f"every unauthorized API call{excused(assessment)} raises"
    if example:
        which = f"unauthorized API calls such as {_call(example)} raise"
    where = f"{_where(regions, assessment.regions)} " if regions else ""
    text = f"{where}it is not known whether {which} an alarm that somebody receives."
    return f"{text} {_finding(doubts)}" if doubts else text


def _finding(findings: Sequence[Gap | Doubt]) -> str:
    """The first one: the message, the fix, how many more there are, then the code and the resource."""
    first, kind = findings[0], "gap" if isinstance(findings[0], Gap) else "doubt"
    message, fix = (cut(harmless(text), LONGEST_PART) for text in (first.message, first.fix))
    where = f", {shortened(harmless(first.resource), LONGEST_PART)}" if is_arn(first.resource) else ""
    return f"{message} Fix: {fix}{more(len(findings) - 1, kind)} ({first.code}{where})"


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
