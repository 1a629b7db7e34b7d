"""What is wrong, in few words: the parts of rows and summaries that a person reads. Pure.

Every text that it returns is harmless, and every name in it may be shortened in the middle.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from blindspot.model.arn import Arn, is_arn, short
from blindspot.model.findings import FIXES, Doubt, Gap
from blindspot.model.harmless import harmless
from blindspot.model.profile import Exclusion
from blindspot.report.short_text import length, shortened
from blindspot.verdict.assessment import Assessment, RegionAssessment
from filter_pattern import Event

IN_FEW_WORDS = {
    "trail.missing": "no trail records the region",
    "trail.not-multi-region": "no trail would record a region enabled later",
    "trail.not-logging": "the trail is not logging",
    "trail.selectors": "the trail leaves out some calls",
    "trail.no-log-group": "the trail delivers to no log group",
    "trail.delivery-failing": "the trail does not deliver its events",
    "trail.foreign": "no role in MonitoringRoleArns reads the trail's account",
    "log-group.missing": "the trail's log group does not exist",
    "log-group.class": "metric filters do not work in the log group",
    "log-group.foreign": "no role in MonitoringRoleArns reads the log group's account",
    "filter.missing": "the log group has no metric filter for refused calls",
    "filter.misses": "the metric filter misses refused calls",
    "filter.value": "the metric filter adds nothing to its metric",
    "filter.narrowed": "the metric filter leaves out events",
    "filter.noise": "the metric filter counts ordinary calls, so its alarm stays in ALARM",
    "filter.unclear": "what the metric filter matches cannot be decided",
    "filter.disputed": "AWS and Blindspot read the filter pattern differently",
    "siem.misses": "the subscription filter misses refused calls",
    "alarm.missing": "no alarm watches the metric",
    "alarm.insensitive": "the alarm goes to ALARM only after more refused calls",
    "alarm.never-fires": "the alarm never goes to ALARM",
    "alarm.latches": "the alarm does not return to OK",
    "alarm.actions-disabled": "the alarm's actions are disabled",
    "alarm.muted": "the alarm's actions are muted",
    "alarm.no-action": "the alarm has no action that the profile accepts",
    "alarm.unclear": "Blindspot cannot analyze the alarm",
    "log-group.copied": "a central copy of the log group has the metric filter",
    "topic.foreign": "no role in MonitoringRoleArns reads the topic's account",
    "topic.message-size": "the topic does not take messages as large as an alarm's",
    "key.foreign": "no role in MonitoringRoleArns reads the account of the topic's key",
    "subscription.foreign": "no role in MonitoringRoleArns reads the subscription's account",
    "topic.missing": "the topic does not exist",
    "topic.region": "the topic is not in the alarm's region",
    "topic.policy": "the topic's policy does not let CloudWatch publish",
    "topic.key": "the topic's key does not let CloudWatch publish",
    "subscription.missing": "the topic has no subscription",
    "subscription.pending": "the topic's subscription is not confirmed",
    "subscription.filtered": "the subscription rejects alarm messages",
    "event.parameter": "filters miss only a request parameter of an undocumented type",
    "event.code": "filters miss only an error code that no service is known to send",
    "event.unlikely": "filters miss only an event that CloudTrail is not known to write",
}
"""By code, what is wrong. The doubts that are not here say it themselves, in their message."""


def gaps_of(regions: Iterable[RegionAssessment]) -> dict[Gap, list[str]]:
    """Every gap once, with the regions that have it; those of most regions come first."""
    found: dict[Gap, list[str]] = {}
    for region in regions:
        for gap in region.gaps:
            found.setdefault(gap, []).append(region.region)
    return dict(sorted(found.items(), key=lambda item: -len(item[1])))


def reason(finding: Gap | Doubt) -> str:
    """The code and what is wrong, or for a doubt what may be, without the resource where that is possible."""
    if isinstance(finding, Doubt) and finding.in_few_words:
        return f"{finding.code}: {harmless(finding.in_few_words)}."
    words = IN_FEW_WORDS.get(finding.code)
    if words is None:
        return f"{finding.code}: {harmless(finding.message)}"
    perhaps = "perhaps " if isinstance(finding, Doubt) and finding.code in FIXES else ""
    return f"{finding.code}: {perhaps}{words}."


def resource(finding: Gap | Doubt, account: str, longest: int) -> str:
    """A sentence that names the resource, with its region, and its account where that is another one than `account`.

    Its names are shortened so that it is at most `longest` long. It is empty where the resource is not one of AWS, or
    where there is too little room to tell it from others.
    """
    log_group, of_filter, filter_name = finding.resource.partition(":metric-filter:")
    if not is_arn(finding.resource):
        return ""
    arn = Arn.parse(log_group)
    kind = {"cloudtrail": "Trail", "logs": "Log group", "cloudwatch": "Alarm", "sns": "Topic"}.get(arn.service, "")
    if arn.service == "sns" and ":" in arn.resource:
        kind = "Subscription"
    between = [f"{kind} " if kind else ""]
    names = [short(log_group)]
    if of_filter:
        between, names = ["Metric filter ", " of log group "], [filter_name, *names]
    place = f" in {arn.region}" if arn.region else ""
    owner = f" of account {arn.account}" if arn.account not in ("", account) else ""
    end = harmless(f"{place}{owner}.")
    names = _within(list(map(harmless, names)), longest - length("".join(between) + end))
    return "".join(f"{words}{name}" for words, name in zip(between, names, strict=True)) + end if names else ""


SHORTEST_NAME = 15
"""What is left of a name when it is shortened must still tell it from others."""


def _within(names: list[str], room: int) -> list[str]:
    """The names, shortened to fit together; none where they would be too short."""
    fitting: dict[int, str] = {}
    for number in sorted(range(len(names)), key=lambda number: length(names[number])):
        share = room // (len(names) - len(fitting))
        if share < min(SHORTEST_NAME, length(names[number])):
            return []
        fitting[number] = shortened(names[number], share)
        room -= length(fitting[number])
    return [fitting[number] for number in range(len(names))]


def call(event: Event) -> str:
    """The call of an event and how it was refused: service, name and error code, and nothing else of the event."""
    service, name, code = (
        shortened(harmless(str(event.get(field, "?"))), 60) for field in ("eventSource", "eventName", "errorCode")
    )
    return f"{service.removesuffix('.amazonaws.com')}:{name} refused with {code}"


OF_A_PATTERN = ("filter.misses", "siem.misses")
"""The gaps that a filter has which leaves out what an exclusion excused."""


def ended(assessment: Assessment, regions: Iterable[RegionAssessment], longest: int) -> str:
    """A sentence about an exclusion that excused a blind spot of these regions until it ended. It is empty where there
    is none. longest: of its reason."""
    for region in regions:
        left_out = any(gap.code in OF_A_PATTERN for gap in region.gaps)
        found = assessment.exclusions.ended_of(region.blind_spot) if left_out and region.blind_spot else None
        if found:
            return _end(assessment, *found, "ended", longest)
    return ""


def ending(assessment: Assessment, longest: int) -> str:
    """A sentence about the exclusion in force that ends next, if that is within a fortnight. longest: of its reason."""
    return next((_end(assessment, *found, "ends", longest) for found in assessment.exclusions.ending), "")


def _end(assessment: Assessment, exclusion: Exclusion, until: date, verb: str, longest: int) -> str:
    reason = None if exclusion.reason is None else shortened(harmless(exclusion.reason), longest)
    return f"{assessment.exclusions.title(exclusion, reason)} {verb} on {until}."


def excused(assessment: Assessment) -> str:
    """What to add to "calls": that those are meant that no exclusion of the profile excuses. It is empty where none is
    in force."""
    number = len(assessment.exclusions.in_force)
    excuse = "1 exclusion excuses" if number == 1 else f"{number} exclusions excuse"
    return f", except those that {excuse}," if number else ""


def more(number: int, kind: str) -> str:
    """A sentence that says how many more gaps or doubts there are; it is empty where there are none."""
    return f" And {number} more {kind}{'s' * (number > 1)}." if number else ""


def in_alarm(assessment: Assessment, regions: Iterable[RegionAssessment], longest: int) -> str:
    """A sentence about an alarm on which the regions' verdicts rest and that has been in ALARM for more than a day. It
    is empty where there is none."""
    relied_on = {channel.alarm for region in regions for channel in region.channels if channel.gap is None}
    for note in assessment.notes:
        if note.code == "alarm.in-alarm" and note.resource in relied_on:
            name = shortened(harmless(short(note.resource)), longest)
            since = note.message.rpartition(" since ")[2].partition(".")[0]
            return f"Alarm {name} has been in ALARM since {since}: it announces nothing new until it returns to OK."
    return ""
