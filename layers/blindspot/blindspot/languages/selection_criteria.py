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
    r"""(?P<field>@?[\w.]+) \s* (?: (?P<sign>!?=) \s* (?P<value>"[^"]*"|'[^']*')
        | (?P<out>NOT\s+)? IN \s* \[ (?P<values> [^\]]* ) \] )""",
    re.VERBOSE | re.IGNORECASE,
)
"""atom = field ("=" | "!=") quoted | field [ "NOT" ] "IN" "[" quoted { "," quoted } "]" """

_QUOTED = re.compile(r"\"([^\"]*)\"|'([^']*)'")


def selects(criteria: str | None, fields: Mapping[str, str]) -> Truth:
    """Whether the criteria select a log group or log event with these fields.

    criteria: None selects everything. fields: those whose values are known.
    """

    def value_of(atom: re.Match[str]) -> Truth:
        if atom["field"] not in fields:
            return Truth.UNKNOWN
        values = [double or single for double, single in _QUOTED.findall(atom["value"] or atom["values"])]
        negated = atom["sign"] == "!=" or atom["out"] is not None
        return Truth.of((fields[atom["field"]] in values) is not negated)

    try:
        return Truth.TRUE if criteria is None else evaluate(criteria, _ATOM, value_of)
    except ExpressionSyntaxError:
        return Truth.UNKNOWN
