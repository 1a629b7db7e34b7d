"""What was decided once is not decided again: the same question about the same records has the same answer.

For tests of what follows from the answers, which ask the same hundreds of times over; tests/unit/filter_pattern asks
for the answers themselves, each anew.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from unittest.mock import patch

from blindspot.model import cloudtrail_events as cloudtrail
from filter_pattern import Predicate
from filter_pattern.records import Records

MOST = 50_000
"""Answers that are kept."""

_language = import_module("filter_pattern.find")  # whose name in the package is the function's
_find = _language.find
_records = cloudtrail.records
_answers: dict[tuple[Predicate, int, int], object] = {}


@contextmanager
def decided_once() -> Iterator[None]:
    """Until the context ends."""
    with patch.object(_language, "find", _found), patch.object(cloudtrail, "records", _records_of):
        yield


def _found(predicate: Predicate, records: Records, budget: int = _language.BUDGET) -> object:
    if id(records) not in _kept:  # made by somebody else
        return _find(predicate, records, budget)
    asked = predicate, id(records), budget
    if asked not in _answers:
        if len(_answers) >= MOST:
            _answers.clear()
        _answers[asked] = _find(predicate, records, budget)
    return _answers[asked]


_kept: dict[int, Records] = {}


def _records_of(*, account: str, region: str | None, not_regions: Iterable[str] = ()) -> Records:
    return _made(account, region, tuple(not_regions))


@cache
def _made(account: str, region: str | None, not_regions: tuple[str, ...]) -> Records:
    records = _records(account=account, region=region, not_regions=not_regions)
    _kept[id(records)] = records
    return records
