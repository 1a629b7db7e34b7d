"""The rule of a composite alarm: `ALARM("a") AND NOT (OK(b) OR AT_LEAST(2, NOT OK, (c, d, "e f")))`.

Source: CloudWatch API reference, PutCompositeAlarm (AlarmRule); CloudWatch user guide, "Composite alarms". A rule names
an alarm by its name or its ARN. In quotes a `"` of a name is escaped with a backslash. An answer TRUE or FALSE holds
whatever the states of other alarms are. It is UNKNOWN where it depends on them, and for a rule that is not understood.

    atom     = state "(" alarm ")" | "AT_LEAST" "(" number [ "%" ] "," [ "NOT" ] state "," "(" alarms ")" ")"
    alarms   = alarm { "," alarm }
    state    = "ALARM" | "OK" | "INSUFFICIENT_DATA"
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from enum import Enum
from typing import NamedTuple

from blindspot.languages.boolean_expression import ExpressionSyntaxError, evaluate_in
from blindspot.languages.boolean_expression import evaluate as evaluate_expression
from blindspot.languages.three_valued import Cases, InCases, Truth, at_least, in_cases

_STATE = r"(?:ALARM|OK|INSUFFICIENT_DATA)"
_QUOTED = r'"(?:[^"\\]|\\.)++"'
_ATOM = re.compile(
    rf"""(?P<state>{_STATE}) \s*+ \( \s*+ (?P<alarm>{_QUOTED}|[^()"\s][^()"]*+) \s*+ \)
    | AT_LEAST \s*+ \( \s*+ (?P<number>[0-9]{{1,9}}+) \s*+ (?P<percent>%?+) \s*+ ,
    \s*+ (?P<negated>NOT\s++)?+ (?P<of>{_STATE}) \s*+ , \s*+ \( (?P<alarms>(?:{_QUOTED}|[^()"])++) \) \s*+ \)""",
    re.VERBOSE,
)
"""Nothing in it is tried twice: a rule can have 10,240 characters, all of them spaces."""

_LISTED = re.compile(rf"""\s*+ ({_QUOTED}|[^()",\s]++) \s*+ (,|$)""", re.VERBOSE)


class Resting(Enum):
    """The state of an alarm that is not in ALARM."""

    OK = "OK"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"
    NOT_KNOWN = "either"


def evaluate(rule: str, *, in_alarm: Collection[str], may_be_in_alarm: Collection[str]) -> Truth:
    """Whether the rule is true.

    in_alarm: the ARNs of the alarms that are in ALARM. may_be_in_alarm: those that may be. Every other alarm is in OK
    or in INSUFFICIENT_DATA; which of the two is not known.
    """
    certain, possible = _names(in_alarm), _names(may_be_in_alarm)
    return evaluate_in_cases(rule, 1, lambda name: (int(name in certain), int(name in possible))).in_case(0)


def evaluate_in_cases(
    rule: str,
    every_case: Cases,
    states: Callable[[str], tuple[Cases, Cases]],
    resting: Resting = Resting.NOT_KNOWN,
) -> InCases:
    """As `evaluate`, for many cases at once.

    states: for the text that names an alarm, the cases in which it is in ALARM, and those in which it may be.
    resting: the state of every alarm that is not in ALARM.
    """

    def is_in(state: str, alarm: str) -> InCases:
        certain, possible = states(alarm)
        never = every_case & ~(certain | possible)
        if state == "ALARM":
            return InCases(certain, never)
        if resting is Resting.NOT_KNOWN:
            return InCases(0, certain)
        return InCases(never, certain) if state == resting.value else InCases(0, every_case)

    def value_of(atom: re.Match[str]) -> InCases:
        alarms = _alarms(atom)
        if atom["state"]:
            return is_in(atom["state"], alarms[0])
        parts = [is_in(atom["of"], alarm) for alarm in alarms]
        if atom["negated"]:
            parts = [InCases(part.false, part.true) for part in parts]
        return at_least(_number(atom, len(alarms)), parts, every_case)

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
    part = _read(rule, alarms)
    return Named(frozenset(alarms), all_of_them=part is None)


def not_understood(rule: str) -> str | None:
    """The beginning of the part of the rule that is not understood; None if the whole rule is."""
    return _read(rule, set())


def _read(rule: str, alarms: set[str]) -> str | None:
    """Adds the alarms that the rule names. Returns what is not understood."""

    def value_of(atom: re.Match[str]) -> Truth:
        alarms.update(_alarms(atom))
        _number(atom, 1)
        return Truth.UNKNOWN

    try:
        evaluate_expression(rule, _ATOM, value_of)
    except ExpressionSyntaxError as error:
        return str(error)
    return None


def names_of(arn: str) -> tuple[str, str]:
    """The ways in which a rule may name an alarm: by ARN, or by what follows `arn:aws:...:alarm:` in it."""
    return arn, arn.split(":", 6)[-1]


def _names(arns: Collection[str]) -> frozenset[str]:
    return frozenset(name for arn in arns for name in names_of(arn))


def _alarms(atom: re.Match[str]) -> list[str]:
    """The texts with which an atom names alarms. Raises ExpressionSyntaxError if AT_LEAST lists one twice."""
    if atom["state"]:
        return [_name(atom["alarm"].rstrip())]
    listed, position = [], 0
    while found := _LISTED.match(atom["alarms"], position):
        listed.append(_name(found[1]))
        position = found.end()
        if not found[2]:
            break
    names = [names_of(name)[-1] for name in listed]
    if not found or len(set(names)) < len(names):
        raise ExpressionSyntaxError(atom[0][:40])
    return listed


def _number(atom: re.Match[str], of: int) -> int:
    """How many alarms AT_LEAST asks for. Raises ExpressionSyntaxError for none, of which nothing is documented."""
    number = int(atom["number"] or 1)
    if not number:
        raise ExpressionSyntaxError(atom[0][:40])
    return -(-number * of // 100) if atom["percent"] else number


def _name(text: str) -> str:
    """The name or ARN. Raises ExpressionSyntaxError for a backslash that may be a part of the name, or not."""
    if text.startswith('"'):
        text = text[1:-1].replace('\\"', '"')
    if "\\" in text:
        raise ExpressionSyntaxError(text[:40])
    return text
