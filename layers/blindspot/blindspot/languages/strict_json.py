"""JSON as AWS keeps policies, without guessing.

Source: RFC 8259, section 4, leaves open which of two members with one name counts. So text with such an object has no
answer here.
"""

import json
from typing import Any


def loads(text: str) -> Any:
    """The value. Raises ValueError for what is not JSON and for a key that is there twice; RecursionError for what is
    nested too deeply."""
    return json.loads(text, object_pairs_hook=_unique)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a key is there twice")
    return dict(pairs)
