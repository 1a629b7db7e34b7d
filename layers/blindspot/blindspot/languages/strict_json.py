"""JSON without duplicate keys and without deep nesting, for policies.

Source: RFC 8259, section 4, does not say which of two members with the same name counts. So such text is rejected.
"""

import json
import re
from typing import Any, NoReturn

DEEPEST = 32
"""The largest number of arrays and objects that can be nested in one another. A policy needs fewer than ten."""

_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|(?P<open>[\[{])|[\]}]', re.DOTALL)
"""A string, also one that is not closed, or a bracket."""


def loads(text: str) -> Any:
    """The value. Raises ValueError for text that is not JSON, for a duplicate key and for deep nesting."""
    depth = 0
    for token in _TOKEN.finditer(text):
        if not token[0].startswith('"'):
            depth += 1 if token["open"] else -1
        if depth > DEEPEST:
            raise ValueError("nested too deeply")
    return json.loads(text, object_pairs_hook=_unique, parse_constant=_reject)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("duplicate key")
    return dict(pairs)


def _reject(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
