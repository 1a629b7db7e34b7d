"""JSON as AWS keeps policies, read without guessing."""

import json
from typing import Any


def loads(text: str) -> Any:
    """The value. Raises ValueError or RecursionError; also where a key is there twice, since which counts is not
    documented."""
    return json.loads(text, object_pairs_hook=_unique)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a key is there twice")
    return dict(pairs)
