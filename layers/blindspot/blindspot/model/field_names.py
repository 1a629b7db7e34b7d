"""The field that was meant by one that CloudTrail does not write: names of fields are case-sensitive."""

from __future__ import annotations

from functools import cache, lru_cache

from blindspot.model import cloudtrail_events
from filter_pattern import FieldPath

ALIKE = 0.85
"""How much of two names must be the same for one to be taken for the other misspelled."""


@lru_cache(maxsize=1024)
def meant(path: FieldPath) -> FieldPath | None:
    """The field that CloudTrail writes and that this one probably stands for: the same name in other letters, at
    another place, or misspelled. None for a field that it writes, or may write: those of an object such as
    requestParameters, whose fields depend on the service, and one that resembles no known field."""
    known = _known()
    if path in known or not path or not all(isinstance(step, str) for step in path):
        return None
    if any(path[:end] in known and not _has_fields(path[:end]) for end in range(1, len(path))):
        return None
    name = str(path[-1]).casefold()
    same = [other for other in known if str(other[-1]).casefold() == name]
    if same:
        return min(same, key=lambda other: (_folded(other) != _folded(path), len(other), other))
    from difflib import get_close_matches  # only for what is misspelled: it need not be read at a cold start

    beside = {str(other[-1]).casefold(): other for other in known if _folded(other[:-1]) == _folded(path[:-1])}
    return next((beside[found] for found in get_close_matches(name, beside, n=1, cutoff=ALIKE)), None)


@cache
def _known() -> frozenset[FieldPath]:
    return frozenset(cloudtrail_events.records(account="", region=None).fields)


def _has_fields(path: FieldPath) -> bool:
    return any(other[:-1] == path for other in _known())


def _folded(path: FieldPath) -> tuple[str, ...]:
    return tuple(str(step).casefold() for step in path)
