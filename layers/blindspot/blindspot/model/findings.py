"""What is wrong with a link of a channel: a `Gap` where it is broken, a `Doubt` where that cannot be said.

The codes and what mends them are data; the module that finds a gap writes only the sentence for the case at hand.
docs/gaps.md tells each code with an example.
"""

from __future__ import annotations

from dataclasses import dataclass

from blindspot.model.snapshot import Unreadable

FIXES = {
    "trail.missing": "Create a multi-region trail that delivers to a CloudWatch Logs log group.",
    "trail.not-multi-region": "Make one of the trails a multi-region trail: it records regions that are enabled later.",
    "trail.not-logging": "Start logging on the trail.",
    "trail.selectors": "Let the trail record these events: by its event selectors, and with global service events.",
    "trail.no-log-group": "Set a CloudWatch Logs log group, and a role to write to it, on the trail.",
    "trail.delivery-failing": "Repair what the trail delivers to, or its role, until events arrive again.",
    "log-group.missing": "Create the log group again, or set another on the trail.",
    "log-group.class": "Deliver to a log group of the Standard class: only there do metric filters work.",
    "filter.missing": "Create a metric filter for unauthorized calls on the log group.",
    "filter.misses": "Widen the filter pattern, or add a second metric filter beside it.",
    "filter.value": "Set the filter's metric value to 1.",
    "filter.narrowed": "Remove what narrows the filter beside its pattern.",
    "filter.noise": "Narrow the filter pattern to refused calls, so that its alarm can return to rest.",
    "siem.misses": "Widen the subscription filter's pattern, or leave it empty to send every event.",
    "alarm.missing": "Create an alarm on the filter's metric.",
    "alarm.insensitive": "Let the alarm fire on so many calls: lower its threshold or periods, or simplify its rule.",
    "alarm.never-fires": "Set the alarm to Sum, GreaterThanOrEqualToThreshold, threshold 1.",
    "alarm.latches": "Let the alarm rest without calls: missing data notBreaching, no default value that breaches.",
    "alarm.actions-disabled": "Enable the alarm's actions.",
    "alarm.muted": "Remove the mute rule or the suppression, or leave this alarm out of it.",
    "alarm.no-action": "Give the alarm an action that the profile accepts: an SNS topic, as it comes.",
    "topic.missing": "Create the topic, or name an existing one in the alarm's actions.",
    "topic.region": "Notify a topic in the alarm's own region.",
    "topic.policy": "Let cloudwatch.amazonaws.com publish to the topic in the topic's access policy.",
    "topic.key": "Encrypt the topic with a key of your own that lets cloudwatch.amazonaws.com use it.",
    "subscription.missing": "Subscribe somebody to the topic.",
    "subscription.pending": "Let the subscriber confirm the subscription by the link that SNS sends.",
    "subscription.filtered": "Remove the subscription's filter policy, or let alarm messages through it.",
}
"""Every gap code, with what mends it. A doubt has one of these where that link may be broken."""

REMEDIES = {
    "unread.refused": "Grant it to the role that asks; where a policy denies the region, use ExcludedRegions.",
    "unread.no-answer": "Run the evaluation again; if it stays so, look into the region or the network.",
    "unread.not-asked": "Leave the region out of ExcludedRegions, or opt in to it.",
    "trail.foreign": "Name a role of the trail's account in MonitoringRoleArns.",
    "log-group.foreign": "Name a role of the log group's account in MonitoringRoleArns.",
    "filter.unclear": "Write the filter pattern in terms that can be decided, as docs/filter-patterns.md has them.",
    "filter.disputed": "Open an issue of this project with the pattern: AWS and Blindspot read it differently.",
    "alarm.unclear": "Add a plain alarm on the filter's metric beside this one.",
    "undecided": "Write the patterns more simply, or put what is required into one filter.",
}
"""The codes that only a doubt has, with what settles them."""

LINKS = ("trail", "log-group", "filter", "siem", "alarm", "topic", "subscription")
"""The links in the order of the chain; a gap's code begins with its link."""


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
        return REMEDIES.get(self.code) or FIXES[self.code]


Finding = Gap | Doubt | None
"""What is found of one link; None where it holds."""

NOT_ASKED = {
    "Excluded": "ExcludedRegions leaves the region out",
    "NotOptedIn": "the account has not opted in to the region",
    "UnknownRegion": "the region is not among the account's",
    "NotRead": "nothing led there",
}
"""Errors of reads that were never tried, and why not."""

FOREIGN = "ForeignAccount"
"""The error of a read that was never tried, because the resource is in an account for which there is no role."""


def short(arn: str) -> str:
    """The resource's own name, as people call it."""
    name = arn.split(":", 5)[-1]
    return name.removeprefix("trail/").removeprefix("log-group:").removeprefix("alarm:")


def unread(resource: str, read: Unreadable) -> Doubt:
    """The doubt that a read without an answer leaves, and what would settle it."""
    if read.denied:
        said = f"{read.call} was refused in {read.region} ({read.error})."
        return Doubt("unread.refused", resource, said)
    if read.error == FOREIGN:
        code = "log-group.foreign" if ":log-group:" in resource else "trail.foreign"
        what = code.removesuffix(".foreign").replace("-", " ")
        said = f"The {what} {short(resource)} belongs to another account, for which no role is set."
        return Doubt(code, resource, said)
    if read.error in NOT_ASKED:
        said = f"{read.call} was not asked in {read.region}: {NOT_ASKED[read.error]}."
        return Doubt("unread.not-asked", resource, said)
    return Doubt("unread.no-answer", resource, f"{read.call} gave no answer in {read.region} ({read.error}).")
