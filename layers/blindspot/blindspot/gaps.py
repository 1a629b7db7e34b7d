"""What is wrong with a link of a channel: a `Gap` where it is broken, a `Doubt` where that cannot be said.

The codes and their fixes are data; the module that finds a gap writes only the sentence for the case at hand.
"""

from __future__ import annotations

from dataclasses import dataclass

from blindspot.snapshot import Unreadable

FIXES = {
    "trail.missing": "Create a multi-region trail that delivers to a CloudWatch Logs log group.",
    "trail.not-multi-region": "Make one of the trails a multi-region trail: it records regions that are enabled later.",
    "trail.not-logging": "Start logging on the trail.",
    "trail.selectors": "Let the trail's event selectors record these management events.",
    "trail.no-log-group": "Set a CloudWatch Logs log group, and a role to write to it, on the trail.",
    "trail.delivery-failing": "Repair the trail's CloudWatch Logs role or log group until events arrive again.",
    "log-group.missing": "Create the log group again, or set another on the trail.",
    "filter.missing": "Create a metric filter for unauthorized calls on the log group.",
    "filter.misses": "Widen the filter pattern, or add a second metric filter beside it.",
    "filter.value": "Set the filter's metric value to 1.",
    "filter.noise": "Narrow the filter pattern to refused calls, so that its alarm can return to rest.",
    "alarm.missing": "Create an alarm on the filter's metric.",
    "alarm.insensitive": "Lower the alarm's threshold, or the number of periods it waits for.",
    "alarm.never-fires": "Set the alarm to Sum, GreaterThanOrEqualToThreshold, threshold 1.",
    "alarm.latches": "Set the alarm to treat missing data as notBreaching, so that it returns to rest.",
    "alarm.actions-disabled": "Enable the alarm's actions.",
    "alarm.no-action": "Give the alarm an SNS topic as its alarm action.",
    "topic.missing": "Create the topic, or name an existing one in the alarm's actions.",
    "topic.region": "Notify a topic in the alarm's own region.",
    "topic.key": "Encrypt the topic with a key of your own that lets cloudwatch.amazonaws.com use it.",
    "subscription.missing": "Subscribe somebody to the topic.",
    "subscription.pending": "Let the subscriber confirm the subscription by the link that SNS sent.",
}
"""Every gap code, with what mends it."""

LINKS = ("trail", "log-group", "filter", "alarm", "topic", "subscription")
"""The links in the order of the chain; a code begins with its link."""


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
    """A link that may hold: the resource, and one plain sentence on what is not known."""

    resource: str
    message: str


Finding = Gap | Doubt | None
"""What is found of one link; None where it holds."""


NOT_ASKED = {
    "Excluded": "ExcludedRegions leaves the region out",
    "NotOptedIn": "the account has not opted in to the region",
    "UnknownRegion": "the region is not among the account's",
    "ForeignAccount": "it belongs to another account",
}
"""Errors of reads that were never tried, and why not."""


def short(arn: str) -> str:
    """The resource's own name, as people call it."""
    name = arn.split(":", 5)[-1]
    return name.removeprefix("trail/").removeprefix("log-group:").removeprefix("alarm:")


def unread(resource: str, read: Unreadable) -> Doubt:
    """The doubt that a read without an answer leaves, and what would settle it."""
    if read.denied:
        return Doubt(resource, f"{read.call} was refused in {read.region} ({read.error}); grant it to the evaluator.")
    if read.error in NOT_ASKED:
        return Doubt(resource, f"{read.call} was not asked in {read.region}: {NOT_ASKED[read.error]}.")
    return Doubt(resource, f"{read.call} gave no answer in {read.region} ({read.error}).")
