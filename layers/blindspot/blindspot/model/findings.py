"""What is found of a link of a channel: it holds, it is broken (a gap), or that is not known (a doubt).

The codes and their fixes are data; the module that finds a gap writes only the sentence for the case at hand.
docs/gaps.md describes each code, with an example.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from blindspot.model.arn import short
from blindspot.model.snapshot import Unreadable

FIXES = {
    "trail.missing": "Create a multi-region trail that delivers to a CloudWatch Logs log group.",
    "trail.not-multi-region": "Make one of the trails a multi-region trail, which records regions enabled later.",
    "trail.not-logging": "Start logging on the trail.",
    "trail.selectors": "Change the trail's event selectors, or include global service events, to record these events.",
    "trail.no-log-group": "Set a CloudWatch Logs log group, and a role that may write to it, on the trail.",
    "trail.delivery-failing": "Repair the delivery target or the role that the trail uses, until events arrive again.",
    "log-group.missing": "Create the log group again, or set another one on the trail.",
    "log-group.class": "Deliver to a log group of the Standard class: metric filters work only there.",
    "filter.missing": "Create a metric filter for unauthorized calls on the log group.",
    "filter.misses": "Widen the filter pattern, or add a second metric filter beside it.",
    "filter.value": "Set the filter's metric value to 1.",
    "filter.narrowed": "Remove what narrows the filter beside its pattern.",
    "filter.noise": "Narrow the filter pattern to refused calls, so that its alarm can return to OK.",
    "siem.misses": "Widen the subscription filter's pattern, or leave it empty to send every event.",
    "alarm.missing": "Create an alarm on the filter's metric.",
    "alarm.insensitive": "Lower the alarm's threshold or periods, or simplify the composite alarm's rule.",
    "alarm.never-fires": "Set the alarm to Sum, GreaterThanOrEqualToThreshold, threshold 1.",
    "alarm.latches": "Let the alarm return to OK: missing data notBreaching, no default value that breaches.",
    "alarm.actions-disabled": "Enable the alarm's actions.",
    "alarm.muted": "Remove the mute rule or the suppressor, or exclude this alarm from it.",
    "alarm.no-action": "Add an alarm action that the profile accepts; by default an SNS topic.",
    "topic.missing": "Create the topic, or name an existing one in the alarm's actions.",
    "topic.region": "Notify a topic in the alarm's own region.",
    "topic.policy": "Allow cloudwatch.amazonaws.com to publish to the topic in the topic's access policy.",
    "topic.key": "Encrypt the topic with a customer managed key that cloudwatch.amazonaws.com may use.",
    "subscription.missing": "Add a subscription to the topic.",
    "subscription.pending": "Have the subscriber confirm the subscription with the link that SNS sent.",
    "subscription.filtered": "Remove the subscription's filter policy, or let alarm messages pass it.",
}
"""Every gap code, with its fix. A doubt has one of these codes where that link may be broken."""

DOUBT_FIXES = {
    "unread.refused": "Allow the call to the role; where a policy denies the whole region, use ExcludedRegions.",
    "unread.no-answer": "Run the evaluation again; if the read fails again, check the region and the network.",
    "unread.not-asked": "Remove the region from ExcludedRegions, or opt in to it.",
    "trail.foreign": "Name a role of the trail's account in MonitoringRoleArns.",
    "log-group.foreign": "Name a role of the log group's account in MonitoringRoleArns.",
    "filter.unclear": "Write the filter pattern in terms that can be decided: see docs/filter-patterns.md.",
    "filter.disputed": "Open an issue of this project with the pattern: AWS and Blindspot read it differently.",
    "alarm.unclear": "Add a plain alarm on the filter's metric beside this one.",
    "undecided": "Simplify the patterns, or put what is required into one filter.",
}
"""The codes that only a doubt has, with what settles them."""

LINKS = ("trail", "log-group", "filter", "siem", "alarm", "topic", "subscription")
"""The links in the order of the chain; a gap's code begins with its link."""


class Holds(Enum):
    """The finding that a link holds."""

    HOLDS = "holds"


HOLDS = Holds.HOLDS


@dataclass(frozen=True, slots=True)
class Gap:
    """A broken link: its code, the resource that is at fault, and one plain sentence."""

    code: str
    resource: str
    message: str

    @property
    def fix(self) -> str:
        return FIXES[self.code]

    @property
    def rank(self) -> int:
        """How far along the chain it is."""
        return LINKS.index(self.code.split(".")[0])


@dataclass(frozen=True, slots=True)
class Doubt:
    """A link that may hold: a code, the resource, and one plain sentence on what is not known."""

    code: str
    resource: str
    message: str

    @property
    def fix(self) -> str:
        """What would settle it."""
        return DOUBT_FIXES.get(self.code) or FIXES[self.code]


Finding = Gap | Doubt | Holds
"""What is found of one link."""

NOT_ASKED = {
    "Excluded": "ExcludedRegions contains the region",
    "NotOptedIn": "the account has not opted in to the region",
    "UnknownRegion": "the account has no such region",
    "NotRead": "no resource that was read refers to it",
}
"""Errors of reads that were never tried, and why not."""

FOREIGN = "ForeignAccount"
"""The error of a read that was never tried, because the resource is in an account for which there is no role."""


def unread(resource: str, read: Unreadable) -> Doubt:
    """The doubt that a read without an answer leaves, and what would settle it."""
    if read.denied:
        return Doubt("unread.refused", resource, f"{read.call} was refused in {read.region} ({read.error}).")
    if read.error == FOREIGN:
        code = "log-group.foreign" if ":log-group:" in resource else "trail.foreign"
        kind = code.removesuffix(".foreign").replace("-", " ").capitalize()
        message = f"{kind} {short(resource)} belongs to another account, for which no role is set."
        return Doubt(code, resource, message)
    if read.error in NOT_ASKED:
        message = f"{read.call} was not called in {read.region}: {NOT_ASKED[read.error]}."
        return Doubt("unread.not-asked", resource, message)
    return Doubt("unread.no-answer", resource, f"{read.call} gave no answer in {read.region} ({read.error}).")
