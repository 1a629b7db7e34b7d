"""The rule of a composite alarm: `ALARM("a") AND NOT (OK(b) OR INSUFFICIENT_DATA(c))`.

Source: CloudWatch API reference, PutCompositeAlarm (AlarmRule). A rule names an alarm by its name or its ARN. An answer
TRUE or FALSE holds whatever the states of other alarms are. It is UNKNOWN where it depends on them, and for a rule that
is not understood, such as AT_LEAST.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache
from typing import NamedTuple

from blindspot.languages.boolean_expression import ExpressionSyntaxError
from blindspot.languages.boolean_expression import evaluate as evaluate_expression
from blindspot.languages.three_valued import Truth

_ATOM = re.compile(
    r"""(?P<state>ALARM|OK|INSUFFICIENT_DATA) \s*+ \( \s*+ (?P<alarm>"[^"]*+"|[^()"\s][^()"]*+) \s*+ \)""", re.VERBOSE
)
"""atom = ("ALARM" | "OK" | "INSUFFICIENT_DATA") "(" alarm ")", the alarm with or without quotes. Nothing in it is
tried twice: a rule can have 10,240 characters, all of them spaces."""


def evaluate(rule: str, *, in_alarm: Collection[str], may_be_in_alarm: Collection[str]) -> Truth:
    """Whether the rule is true.

    in_alarm: the ARNs of the alarms that are in ALARM. may_be_in_alarm: those that may be. Every other alarm is in OK
    or in INSUFFICIENT_DATA; which of the two is not known.
    """
    certain, possible = _names(in_alarm), _names(may_be_in_alarm)

    def value_of(atom: re.Match[str]) -> Truth:
        if _alarm(atom) in certain:
            return Truth.of(atom["state"] == "ALARM")
        return Truth.FALSE if atom["state"] == "ALARM" and _alarm(atom) not in possible else Truth.UNKNOWN

    try:
        return evaluate_expression(rule, _ATOM, value_of)
    except ExpressionSyntaxError:
        return Truth.UNKNOWN


def refers_to(rule: str, arns: Collection[str]) -> Truth:
    """Whether the rule names one of these alarms. UNKNOWN if it is not understood but contains such a name."""
    names, named = _names(arns), _named(rule)
    if named.all_of_them:
        return Truth.of(not named.alarms.isdisjoint(names))
    return Truth.UNKNOWN if any(name in rule for name in names) else Truth.FALSE


class _Named(NamedTuple):
    """The alarms that a rule names, and whether these are all: there may be more in a rule that is not understood."""

    alarms: frozenset[str]
    all_of_them: bool


@lru_cache(maxsize=1024)  # called for every metric filter with every rule
def _named(rule: str) -> _Named:
    alarms: set[str] = set()

    def value_of(atom: re.Match[str]) -> Truth:
        alarms.add(_alarm(atom))
        return Truth.UNKNOWN

    try:
        evaluate_expression(rule, _ATOM, value_of)
    except ExpressionSyntaxError:
        return _Named(frozenset(alarms), all_of_them=False)
    return _Named(frozenset(alarms), all_of_them=True)


def _names(arns: Collection[str]) -> frozenset[str]:
    """The ways in which a rule may name these alarms: by ARN, or by what follows `arn:aws:...:alarm:` in it."""
    return frozenset({*arns, *(arn.split(":", 6)[-1] for arn in arns)})


def _alarm(atom: re.Match[str]) -> str:
    return atom["alarm"].rstrip().strip('"')
