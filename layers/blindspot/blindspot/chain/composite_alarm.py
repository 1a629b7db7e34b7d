"""Composite alarms: whether the rule comes true when other alarms ring.

Source: CloudWatch API reference, PutCompositeAlarm (AlarmRule).
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

from blindspot.languages import three_valued as logic
from blindspot.model.arn import short
from blindspot.model.findings import HOLDS, Doubt, Finding, Gap
from blindspot.model.snapshot import CompositeAlarm

_ATOM = re.compile(
    r"""(?P<state>ALARM|OK|INSUFFICIENT_DATA) \s* \( \s* (?P<alarm>"[^"]*"|[^()"]+?) \s* \)""", re.VERBOSE
)


def asks_for(composite: CompositeAlarm, arns: Collection[str]) -> bool:
    """Whether the rule asks for the state of one of these alarms. One that is not understood may, if it names them."""
    names, asked = _names(arns), _asked(composite.rule)
    return any(name in composite.rule for name in names) if asked is None else not asked.isdisjoint(names)


def check_rule(
    composite: CompositeAlarm, sure: Collection[str], perhaps: Collection[str], unsettled: Collection[str]
) -> Finding:
    """Whether the composite alarm rings when alarms do, from rest, all others resting.

    sure: the ARNs of those that surely ring. perhaps: those that may ring with them.
    unsettled: those that may ring before already.
    """
    name = short(composite.arn)
    unsettled = [arn for arn in unsettled if arn not in sure]
    if _comes_true(composite.rule, (), ()) is True:
        said = f"Composite alarm {name} is in ALARM even when no alarm of its rule is."
        return Gap("alarm.latches", composite.arn, said)
    before = _comes_true(composite.rule, (), unsettled)
    after = _comes_true(composite.rule, sure, [*perhaps, *unsettled])
    if (before, after) == (False, True):
        return HOLDS
    if after is False:
        said = f"Composite alarm {name} does not go to ALARM unless other alarms of its rule do too."
        return Gap("alarm.insensitive", composite.arn, said)
    said = f"It is not worked out whether composite alarm {name} goes to ALARM when the alarms of its rule do."
    return Doubt("alarm.unclear", composite.arn, said)


def _comes_true(rule: str, ringing: Collection[str], perhaps: Collection[str]) -> bool | None:
    """Whether the rule is true while these alarms ring, those do perhaps, and all others rest, be it in OK or in
    INSUFFICIENT_DATA; None where it depends on what is not known."""
    sure, open_names = _names(ringing), _names(perhaps)

    def known(atom: re.Match[str]) -> bool | None:
        if _name(atom) in sure:
            return atom["state"] == "ALARM"
        return False if atom["state"] == "ALARM" and _name(atom) not in open_names else None

    try:
        return logic.holds(rule, _ATOM, known)
    except logic.RuleError:
        return None


@lru_cache(maxsize=1024)
def _asked(rule: str) -> frozenset[str] | None:
    """The alarms that the rule names, None where it is not understood. Every filter asks this of every rule."""
    try:
        logic.holds(rule, _ATOM, lambda _: None)
    except logic.RuleError:
        return None
    return frozenset(map(_name, _ATOM.finditer(rule)))


def _names(arns: Collection[str]) -> frozenset[str]:
    """How a rule may name these alarms."""
    return frozenset({*arns, *map(short, arns)})


def _name(atom: re.Match[str]) -> str:
    return atom["alarm"].strip('"')
