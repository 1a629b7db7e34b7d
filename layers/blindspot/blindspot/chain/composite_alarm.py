"""The composite alarm: whether it goes to ALARM when other alarms do.

Source: CloudWatch API reference, PutCompositeAlarm; `languages.alarm_rule` reads the rule.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from blindspot.languages import alarm_rule
from blindspot.languages.alarm_rule import Resting
from blindspot.languages.three_valued import Cases, Truth
from blindspot.model.arn import short
from blindspot.model.findings import HOLDS, Doubt, Finding, Gap
from blindspot.model.snapshot import CompositeAlarm


@dataclass(frozen=True, slots=True)
class Named:
    """What an alarm that a rule names does: the cases in which it surely goes to ALARM, may go to ALARM, may be in
    ALARM before and stay there, and may go to ALARM only on many calls. In all other cases it is never in ALARM."""

    sure: Cases = 0
    perhaps: Cases = 0
    before: Cases = 0
    on_more_calls: Cases = 0


@dataclass(frozen=True, slots=True)
class Answers:
    """The cases in which a composite alarm goes to ALARM and was not in ALARM before (`fires`); in which it is in ALARM
    when no alarm of its rule is, and does not go there from another state (`stays`); and in all others in which it does
    not go to ALARM (`never`). In the rest that is not known."""

    fires: Cases
    stays: Cases
    never: Cases


def check_rule(rule: str, every_case: Cases, named: Callable[[str], Named]) -> Answers:
    """What the composite alarm does in each case. `named`: what the alarm does that the rule names with this text."""

    def after(name: str) -> tuple[Cases, Cases]:
        alarm = named(name)
        return alarm.sure, alarm.perhaps | alarm.before

    def after_many_calls(name: str) -> tuple[Cases, Cases]:
        alarm = named(name)
        return alarm.sure, alarm.perhaps | alarm.before | alarm.on_more_calls

    def before(name: str) -> tuple[Cases, Cases]:
        alarm = named(name)
        return 0, alarm.before & ~alarm.sure

    called, flooded, quiet = (
        alarm_rule.evaluate_in_cases(rule, every_case, states) for states in (after, after_many_calls, before)
    )
    # An alarm at rest is in OK or in INSUFFICIENT_DATA, by its data and by how it treats missing data.
    ok, no_data = (
        alarm_rule.evaluate_in_cases(rule, every_case, before, resting).true
        for resting in (Resting.OK, Resting.INSUFFICIENT_DATA)
    )
    stays = quiet.true | (called.false & (ok | no_data))
    return Answers(fires=called.true & flooded.true & quiet.false, stays=stays, never=called.false & ~stays)


def is_on(rule: str) -> bool:
    """Whether the composite alarm is surely in ALARM while no other alarm is."""
    return alarm_rule.evaluate(rule, in_alarm=(), may_be_in_alarm=()) is Truth.TRUE


def is_off(rule: str, may_be_in_alarm: Collection[str]) -> bool:
    """Whether the composite alarm is surely not in ALARM while of all alarms only these (ARNs) may be."""
    return alarm_rule.evaluate(rule, in_alarm=(), may_be_in_alarm=may_be_in_alarm) is Truth.FALSE


def fires(_: CompositeAlarm) -> Finding:
    """The finding on a composite alarm that goes to ALARM."""
    return HOLDS


_OWN_ACTION = "Give the alarm on the filter's metric an alarm action of its own."


def may_fire(composite: CompositeAlarm) -> Finding:
    """The finding on one of which that is not known."""
    name, part = short(composite.arn), alarm_rule.not_understood(composite.rule)
    message = f"Whether composite alarm {name} goes to ALARM depends on the states of other alarms of its rule."
    if part is not None:
        message = f'Blindspot does not understand a part of the rule of composite alarm {name}: "{part}".'
    return Doubt("alarm.unclear", composite.arn, message, own_fix=_OWN_ACTION)


def stays_in_alarm(composite: CompositeAlarm) -> Finding:
    """The finding on one that is in ALARM while there are no refused calls."""
    message = f"Composite alarm {short(composite.arn)} is in ALARM even when no alarm of its rule is."
    if not is_on(composite.rule):
        message = f"Composite alarm {short(composite.arn)} is in ALARM until an alarm of its rule goes to ALARM."
    return Gap("alarm.latches", composite.arn, message, own_fix="Write the rule with ALARM(...) of its alarms alone.")


def does_not_fire(composite: CompositeAlarm) -> Finding:
    """The finding on one that does not go to ALARM."""
    message = f"Composite alarm {short(composite.arn)} does not go to ALARM unless other alarms of its rule do too."
    return Gap("alarm.insensitive", composite.arn, message)
