"""JSON without duplicate keys, for policies.

Source: RFC 8259, section 4, does not say which of two members with the same name counts. So such text is rejected.
"""

import json
from typing import Any


def loads(text: str) -> Any:
    """The value. Raises ValueError for text that is not JSON and for a duplicate key; RecursionError for text that is
    nested too deeply."""
    return json.loads(text, object_pairs_hook=_unique)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("duplicate key")
    return dict(pairs)
