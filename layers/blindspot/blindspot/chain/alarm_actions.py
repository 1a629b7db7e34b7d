"""Alarm actions: whether an alarm's change to ALARM is sent anywhere.

Source: CloudWatch user guide, "Alarm actions", "Mute alarm actions" and "Composite alarm actions suppression".
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from blindspot.model.arn import Arn, is_arn, short
from blindspot.model.findings import HOLDS, Doubt, Finding, Gap, unread
from blindspot.model.snapshot import Alarm, CompositeAlarm, MuteRule, Unreadable


def accepted_actions(alarm: Alarm, services: Collection[str]) -> tuple[str, ...]:
    """The ARNs among the alarm's actions that are of one of these services ("sns")."""
    return tuple(action for action in alarm.actions if is_arn(action) and Arn.parse(action).service in services)


def check_actions(alarm: Alarm, services: Collection[str], mute_rules: Sequence[MuteRule] | Unreadable) -> Finding:
    """Whether the alarm's actions are enabled, not muted or suppressed, and one is of an accepted service."""
    name = short(alarm.arn)
    if not alarm.actions_enabled:
        return Gap("alarm.actions-disabled", alarm.arn, f"The actions of alarm {name} are disabled.")
    if not accepted_actions(alarm, services):
        what = "an SNS topic" if tuple(services) == ("sns",) else " or ".join(services)
        elsewhere = "EventBridge rules on its state are not assessed"
        message = f"Alarm {name} notifies nobody ({elsewhere}): none of its alarm actions is {what}."
        return Gap("alarm.no-action", alarm.arn, message)
    if isinstance(alarm, CompositeAlarm) and alarm.suppressed:
        return Gap("alarm.muted", alarm.arn, f"The actions of alarm {name} are suppressed by alarm {alarm.suppressor}.")
    return _check_mute_rules(alarm, mute_rules)


def _check_mute_rules(alarm: Alarm, mute_rules: Sequence[MuteRule] | Unreadable) -> Finding:
    if isinstance(mute_rules, Unreadable):
        return unread(alarm.arn, mute_rules)
    possible: Finding = HOLDS
    for rule in mute_rules:
        if rule.status in ("SCHEDULED", "EXPIRED"):
            continue
        if isinstance(rule.alarms, Unreadable):
            possible = possible if isinstance(possible, Doubt) else unread(alarm.arn, rule.alarms)
        elif short(alarm.arn) in rule.alarms and rule.status != "ACTIVE":
            message = f"It is not known whether mute rule {Arn.parse(rule.arn).name} mutes alarm {short(alarm.arn)}."
            possible = possible if isinstance(possible, Doubt) else Doubt("alarm.muted", alarm.arn, message)
        elif short(alarm.arn) in rule.alarms:
            message = f"Mute rule {Arn.parse(rule.arn).name} mutes the actions of alarm {short(alarm.arn)}."
            return Gap("alarm.muted", alarm.arn, message)
    return possible
