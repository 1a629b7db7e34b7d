"""The composite alarm: whether it goes to ALARM when other alarms do.

Source: CloudWatch API reference, PutCompositeAlarm; `languages.alarm_rule` reads the rule.
"""

from __future__ import annotations

from collections.abc import Collection

from blindspot.languages import alarm_rule
from blindspot.languages.three_valued import Truth
from blindspot.model.arn import short
from blindspot.model.findings import HOLDS, Doubt, Finding, Gap
from blindspot.model.snapshot import CompositeAlarm


def may_refer_to(composite: CompositeAlarm, arns: Collection[str]) -> bool:
    """Whether the rule names one of these alarms, or may name one: it contains a name but cannot be parsed."""
    return alarm_rule.refers_to(composite.rule, arns) is not Truth.FALSE


def is_off(composite: CompositeAlarm, unsettled: Collection[str]) -> bool:
    """Whether the composite alarm is surely not in ALARM while of all alarms only these (ARNs) may be."""
    return alarm_rule.evaluate(composite.rule, in_alarm=(), may_be_in_alarm=unsettled) is Truth.FALSE


def check_rule(
    composite: CompositeAlarm,
    sure: Collection[str],
    perhaps: Collection[str],
    unsettled: Collection[str],
    on_more_calls: Collection[str] = (),
) -> Finding:
    """Whether the composite alarm goes to ALARM when these alarms do, and was not in ALARM before.

    sure: the ARNs of the alarms that surely go to ALARM. perhaps: those that may go to ALARM with them.
    unsettled: those that may be in ALARM before. on_more_calls: those that only many calls may take to ALARM.
    All other alarms are never in ALARM.
    """
    name, rule = short(composite.arn), composite.rule
    unsettled = [arn for arn in unsettled if arn not in sure]
    if alarm_rule.evaluate(rule, in_alarm=(), may_be_in_alarm=()) is Truth.TRUE:
        message = f"Composite alarm {name} is in ALARM even when no alarm of its rule is."
        return Gap("alarm.latches", composite.arn, message)
    possible = [*perhaps, *unsettled]
    after = alarm_rule.evaluate(rule, in_alarm=sure, may_be_in_alarm=possible)
    if after is Truth.FALSE:
        message = f"Composite alarm {name} does not go to ALARM unless other alarms of its rule do too."
        return Gap("alarm.insensitive", composite.arn, message)
    on_many = alarm_rule.evaluate(rule, in_alarm=sure, may_be_in_alarm=[*possible, *on_more_calls])
    if after is on_many is Truth.TRUE and is_off(composite, unsettled):
        return HOLDS
    message = f"It is not known whether composite alarm {name} goes to ALARM when the alarms of its rule do."
    return Doubt("alarm.unclear", composite.arn, message)
