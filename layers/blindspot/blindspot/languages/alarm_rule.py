"""The rule of a composite alarm: `ALARM("a") AND NOT (OK(b) OR INSUFFICIENT_DATA(c))`.

Source: CloudWatch API reference, PutCompositeAlarm (AlarmRule). A rule names an alarm by its name or its ARN. An answer
TRUE or FALSE holds whatever the states of other alarms are. It is UNKNOWN where it depends on them, and for a rule that
is not understood, such as AT_LEAST.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import NamedTuple

from blindspot.languages.boolean_expression import ExpressionSyntaxError, evaluate_in
from blindspot.languages.boolean_expression import evaluate as evaluate_expression
from blindspot.languages.three_valued import Cases, InCases, Truth, in_cases

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


def evaluate_in_cases(rule: str, every_case: Cases, states: Callable[[str], tuple[Cases, Cases]]) -> InCases:
    """As `evaluate`, for many cases at once.

    states: for the text that names an alarm, the cases in which it is in ALARM, and those in which it may be.
    """

    def value_of(atom: re.Match[str]) -> InCases:
        certain, possible = states(_alarm(atom))
        if atom["state"] == "ALARM":
            return InCases(certain, every_case & ~(certain | possible))
        return InCases(0, certain)

    try:
        return evaluate_in(in_cases(every_case), rule, _ATOM, value_of)
    except ExpressionSyntaxError:
        return InCases(0, 0)


class Named(NamedTuple):
    """The texts with which a rule names alarms, and whether these are all: there may be more in a rule that is not
    understood."""

    alarms: frozenset[str]
    all_of_them: bool


def named(rule: str) -> Named:
    """The alarms that the rule names, by name or by ARN."""
    alarms: set[str] = set()

    def value_of(atom: re.Match[str]) -> Truth:
        alarms.add(_alarm(atom))
        return Truth.UNKNOWN

    try:
        evaluate_expression(rule, _ATOM, value_of)
    except ExpressionSyntaxError:
        return Named(frozenset(alarms), all_of_them=False)
    return Named(frozenset(alarms), all_of_them=True)


def names_of(arn: str) -> tuple[str, str]:
    """The ways in which a rule may name an alarm: by ARN, or by what follows `arn:aws:...:alarm:` in it."""
    return arn, arn.split(":", 6)[-1]


def _names(arns: Collection[str]) -> frozenset[str]:
    return frozenset(name for arn in arns for name in names_of(arn))


def _alarm(atom: re.Match[str]) -> str:
    return atom["alarm"].rstrip().strip('"')
