"""Composite alarms: whether the rule comes true when other alarms ring.

Source: CloudWatch API reference, PutCompositeAlarm (AlarmRule).
"""

from __future__ import annotations

import re
from collections.abc import Collection

from blindspot import logic

_ATOM = re.compile(
    r"""(?P<state>ALARM|OK|INSUFFICIENT_DATA) \s* \( \s* (?P<alarm>"[^"]*"|[^()"]+?) \s* \)""", re.VERBOSE
)


def mentions(rule: str, names: Collection[str]) -> bool:
    """Whether the rule asks for the state of an alarm of one of these names, or may do so."""
    if comes_true(rule, ()) is None and any(name in rule for name in names):
        return True
    return any(_name(atom) in names for atom in _ATOM.finditer(rule))


def comes_true(rule: str, ringing: Collection[str]) -> bool | None:
    """Whether the rule is true while the alarms of these names ring and all others rest, be it in OK or in
    INSUFFICIENT_DATA; None where it depends on what is not known."""

    def known(atom: re.Match[str]) -> bool | None:
        rings = _name(atom) in ringing
        if atom["state"] == "ALARM":
            return rings
        return False if rings else None

    try:
        return logic.holds(rule, _ATOM, known)
    except logic.RuleError:
        return None


def _name(atom: re.Match[str]) -> str:
    return atom["alarm"].strip('"')
