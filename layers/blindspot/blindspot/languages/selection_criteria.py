"""Selection criteria: which log groups or log events a filter or a policy applies to, by fields that AWS sets.

Source: CloudWatch Logs API reference, PutMetricFilter (fieldSelectionCriteria) and PutAccountPolicy
(selectionCriteria): `@aws.region = "eu-west-1" AND @aws.account IN ["111122223333"]`, `LogGroupName NOT IN ["a"]`.
The answer is UNKNOWN where it depends on a field whose value is not known, and for criteria that are not understood.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from blindspot.languages.boolean_expression import ExpressionSyntaxError, evaluate
from blindspot.languages.three_valued import Truth

_ATOM = re.compile(
    r"""(?P<field>@?[\w.]++) \s*+ (?: (?P<sign>!?=) \s*+ (?P<values>"[^"]*+"|'[^']*+')
        | (?P<out>NOT\s++)? IN \s*+ \[ (?P<listed>[^\]]*+) \] )""",
    re.VERBOSE | re.IGNORECASE,
)
"""atom = field ("=" | "!=") quoted | field [ "NOT" ] "IN" "[" quoted { "," quoted } "]" """

_QUOTED = re.compile(r"\s*+(?:\"([^\"]*+)\"|'([^']*+)')\s*+(?:,(?=\s*+[\"'])|\Z)")
"""One of a list of values, with the comma after it."""


def selects(criteria: str | None, fields: Mapping[str, str]) -> Truth:
    """Whether the criteria select a log group or log event with these fields.

    criteria: None selects everything. fields: those whose values are known.
    """

    def value_of(atom: re.Match[str]) -> Truth:
        values = _values(atom["values"] or atom["listed"])
        if atom["field"] not in fields or values is None:
            return Truth.UNKNOWN
        negated = atom["sign"] == "!=" or atom["out"] is not None
        return Truth.of((fields[atom["field"]] in values) is not negated)

    try:
        return Truth.TRUE if criteria is None else evaluate(criteria, _ATOM, value_of)
    except ExpressionSyntaxError:
        return Truth.UNKNOWN


def _values(listed: str) -> list[str] | None:
    """The values in a list of quoted ones; None if anything else is in it."""
    values, position = [], 0
    while position < len(listed):
        found = _QUOTED.match(listed, position)
        if found is None:
            return None
        values.append(found[1] or found[2] or "")
        position = found.end()
    return values
