"""The finding on a link of a channel: it holds, it is broken (a gap), or that is not known (a doubt).

The codes and their fixes are here. The module that finds a gap writes only the message.
docs/gaps.md describes each code, with an example.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TypeVar

from blindspot.model.arn import Arn, is_arn, place_of, short
from blindspot.model.snapshot import Unreadable

FIXES = {
    "trail.missing": "Create a multi-region trail that delivers to a CloudWatch Logs log group.",
    "trail.not-multi-region": "Create a multi-region trail, or make a trail one: it records regions enabled later too.",
    "trail.not-logging": "Start logging on the trail.",
    "trail.selectors": "Change the trail's event selectors, or include global service events, to record these events.",
    "trail.no-log-group": "Configure the trail with a log group, and with a role that may write to it.",
    "trail.delivery-failing": "Repair the delivery target or the trail's role, and check that events arrive again.",
    "log-group.missing": "Create the log group again, or configure the trail with another one.",
    "log-group.class": "Deliver to a log group of the Standard class: metric filters work only there.",
    "filter.missing": "Create a metric filter for unauthorized calls on the log group.",
    "filter.misses": "Widen the filter pattern, or add a second metric filter beside it.",
    "filter.value": "Set the filter's metric value to 1.",
    "filter.narrowed": "Remove the selection criteria, transformation or dimensions that exclude events.",
    "filter.noise": "Narrow the filter pattern to refused calls, so that its alarm can return to OK.",
    "siem.misses": "Widen the subscription filter's pattern, or leave it empty to send every event.",
    "alarm.missing": "Create an alarm on the filter's metric.",
    "alarm.insensitive": "Lower the alarm's threshold or periods, or simplify the composite alarm's rule.",
    "alarm.never-fires": "Set the alarm to Sum, GreaterThanOrEqualToThreshold, threshold 1.",
    "alarm.latches": "Let the alarm return to OK: missing data notBreaching, and no default value that breaches.",
    "alarm.actions-disabled": "Enable the alarm's actions.",
    "alarm.muted": "Remove the mute rule or the suppressor, or remove this alarm from the mute rule.",
    "alarm.no-action": "Add an alarm action that the profile accepts: by default an SNS topic.",
    "topic.missing": "Create the topic, or name an existing one in the alarm's actions.",
    "topic.region": "Notify a topic in the alarm's own region.",
    "topic.policy": "Allow cloudwatch.amazonaws.com to publish to the topic in the topic's access policy.",
    "topic.key": "Encrypt the topic with a customer managed key that cloudwatch.amazonaws.com may use.",
    "subscription.missing": "Add a subscription to the topic.",
    "subscription.pending": "Ask the subscriber to confirm the subscription with the link that SNS sent.",
    "subscription.filtered": "Remove the subscription's filter policy, or change it to accept alarm messages.",
}
"""Every gap code, with its fix. A doubt has one of these codes if that gap is possible."""

DOUBT_FIXES = {
    "unread.refused": "Allow the role to make the call. If a policy denies the region, use ExcludedRegions.",
    "unread.no-answer": "Run the evaluation again. If the read fails again, check the region and the network.",
    "unread.not-asked": "Remove the region from ExcludedRegions, or opt in to it.",
    "trail.foreign": "Name a role of the trail's account in MonitoringRoleArns.",
    "log-group.foreign": "Name a role of the log group's account in MonitoringRoleArns.",
    "log-group.copied": "Create the metric filter and its alarm on the trail's own log group.",
    "topic.foreign": "Name a role of the topic's account in MonitoringRoleArns.",
    "topic.message-size": "Set the topic's MaximumMessageSize to 65,536 bytes or more, or remove it.",
    "key.foreign": "Name a role of the key's account in MonitoringRoleArns.",
    "subscription.foreign": "Name a role of the subscription's account in MonitoringRoleArns.",
    "filter.unclear": "Simplify the filter pattern as docs/filter-patterns.md explains, so that it can be decided.",
    "filter.disputed": "Report the pattern as an issue of this project: AWS and Blindspot read it differently.",
    "alarm.unclear": "Create a metric alarm on the filter's metric alone, with the same alarm actions.",
    "event.parameter": 'Name the service in the exclusion too, as in ($.eventSource != "s3.amazonaws.com" || ...).',
    "event.code": "Exclude error codes by their full names, without *.",
    "event.unlikely": "Exclude by whole values, and let a missing field pass with NOT EXISTS.",
    "undecided": "Simplify the patterns, or use one filter that matches everything that is required.",
}
"""The codes that only a doubt has, with what resolves the doubt."""

LINKS = ("trail", "log-group", "filter", "siem", "alarm", "topic", "subscription")
"""The links in the order of the chain. A gap's code begins with its link."""


class Holds(Enum):
    """The finding that a link holds."""

    HOLDS = "holds"


HOLDS = Holds.HOLDS


@dataclass(frozen=True, slots=True)
class Gap:
    """A broken link: a code, the resource to change, and a sentence that says what is wrong.

    own_fix: the fix, where it is known better than by the code.
    """

    code: str
    resource: str
    message: str
    own_fix: str = ""

    @property
    def fix(self) -> str:
        return self.own_fix or FIXES[self.code]

    @property
    def rank(self) -> int:
        """The position of the link in the chain."""
        return LINKS.index(self.code.split(".")[0])


@dataclass(frozen=True, slots=True)
class Doubt:
    """A link that may hold: a code, the resource, and a sentence that says what is not known.

    in_few_words: the same without the resource, where the code does not say it, or says something else.
    own_fix: what resolves it, where that is known better than by the code.
    """

    code: str
    resource: str
    message: str
    in_few_words: str = ""
    own_fix: str = ""

    @property
    def fix(self) -> str:
        """What would resolve the doubt."""
        return self.own_fix or DOUBT_FIXES.get(self.code) or FIXES[self.code]


Finding = Gap | Doubt | Holds
"""The finding on one link."""

Either = TypeVar("Either", Gap, Doubt)

FOREIGN = "ForeignAccount"
"""The error of a read that was not tried, because no role is set for the account of the resource."""

NOT_FOLLOWED = "NotFollowed"
"""The error of a read that was not tried: for a member of an organization, other accounts are read only for an
organization's trail."""

NOT_ASKED = {
    "Excluded": "ExcludedRegions contains the region",
    "NotOptedIn": "the account has not opted in to the region",
    "UnknownRegion": "the account has no such region",
    "NotRead": "no resource that was read refers to it",
    "NotNamed": "ReviewLogGroupArns does not name the log group",
    "NotKept": "the log group keeps no older log events",
    "NoTrail": "no trail that was read delivers to the log group",
    FOREIGN: "MonitoringRoleArns names no role of that account",
    NOT_FOLLOWED: "for a member account, other accounts are read only for an organization's trail",
}
"""The errors of reads that were not tried, with the reasons."""


def malformed(resource: str, title: str, what: str) -> Doubt:
    """The doubt about a resource in a list whose other resources could be read. `what` was malformed in the list."""
    in_few_words = f"the resource could not be read ({what})"
    return Doubt("unread.no-answer", resource, f"{title} could not be read ({what}).", in_few_words)


def unread(resource: str, read: Unreadable, owner: str = "") -> Doubt:
    """The doubt about a resource that could not be read. `owner`: its account, if that is not the one in its ARN."""
    if read.denied:
        return Doubt("unread.refused", resource, f"{read.call} was refused in {read.region} ({read.error}).")
    if read.error in (FOREIGN, NOT_FOLLOWED):
        return _foreign(resource, owner or place_of(resource)[0], read.error)
    if read.error in NOT_ASKED:
        message = f"{read.call} was not called in {read.region}: {NOT_ASKED[read.error]}."
        return Doubt("unread.not-asked", resource, message)
    return Doubt("unread.no-answer", resource, f"{read.call} gave no answer in {read.region} ({read.error}).")


_KINDS = {"cloudtrail": "trail", "logs": "log group", "cloudwatch": "alarm", "sns": "topic", "kms": "key"}
"""By service, what the resources of the chain are called."""


def _kind(arn: str) -> str:
    """What kind of resource this is. A subscription's ARN is its topic's and an id."""
    return "subscription" if ":sns:" in arn and ":" in short(arn) else _KINDS[Arn.parse(arn).service]


def _foreign(arn: str, owner: str, error: str) -> Doubt:
    kind = _kind(arn)
    code, belongs = f"{kind.replace(' ', '-')}.foreign", f"{kind.capitalize()} {short(arn)} belongs to account {owner}."
    if error == FOREIGN:
        return Doubt(code, arn, f"{belongs} MonitoringRoleArns names no role there.")
    message = f"{belongs} For a member account, Blindspot reads other accounts only for an organization's trail."
    in_few_words = f"the {kind}'s account is read only for an organization's trail"
    fix = f"Use a {kind} of the member account, or alert on its calls through an organization's trail."
    return Doubt(code, arn, message, in_few_words, fix)


def with_account(finding: Either, account: str) -> Either:
    """The finding, whose message names the account of its resource if that is another one than `account`."""
    arn = finding.resource.partition(":metric-filter:")[0]
    owner = place_of(arn)[0] if is_arn(arn) else account
    if owner == account or owner in finding.message or Arn.parse(arn).service not in _KINDS:
        return finding
    message = f"{finding.message} {_kind(arn).capitalize()} {short(arn)} is in account {owner}."
    return replace(finding, message=message)
