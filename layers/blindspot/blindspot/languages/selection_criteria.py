"""Selection criteria: which log groups or log events a filter or a policy is for, by fields that the system sets.

Source: CloudWatch Logs API reference, PutMetricFilter (fieldSelectionCriteria) and PutAccountPolicy
(selectionCriteria): `@aws.region = "eu-west-1" AND @aws.account IN ["111122223333"]`, `LogGroupName NOT IN ["a"]`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from blindspot.languages import three_valued as logic

_ATOM = re.compile(
    r"""(?P<field>@?[\w.]+) \s* (?: (?P<sign>!?=) \s* (?P<value>"[^"]*"|'[^']*')
        | (?P<out>NOT\s+)? IN \s* \[ (?P<values> [^\]]* ) \] )""",
    re.VERBOSE | re.IGNORECASE,
)


def selects(criteria: str | None, fields: Mapping[str, str]) -> bool | None:
    """Whether the criteria let through what has these fields; None where that cannot be said."""

    def known(atom: re.Match[str]) -> bool | None:
        if atom["field"] not in fields:
            return None
        quoted = atom["value"] if atom["sign"] else atom["values"]
        values = re.findall(r"\"([^\"]*)\"|'([^']*)'", quoted)
        found = fields[atom["field"]] in (double or single for double, single in values)
        return found is not (atom["sign"] == "!=" or bool(atom["out"]))

    try:
        return True if criteria is None else logic.holds(criteria, _ATOM, known)
    except logic.RuleError:
        return None
