"""What was decided once is not decided again: the same question about the same records has the same answer.

For tests of what follows from the answers, which ask the same hundreds of times over; tests/unit/filter_pattern asks
for the answers themselves, each anew.
"""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from importlib import import_module
from unittest.mock import patch

from blindspot.model import cloudtrail_events as cloudtrail
from filter_pattern import Answer, Predicate, Undecided
from filter_pattern.records import Records
from filter_pattern.steps import Steps

MOST = 50_000
"""Answers that are kept."""

MEANT = 50_000
"""A question with fewer steps is asked anew: the test means to see what becomes of it."""

_modules = [import_module(f"filter_pattern.{name}") for name in ("find", "proofs")]
_decide = _modules[0].decide
_records = cloudtrail.records
_answers: dict[tuple[Predicate, int], Answer] = {}


@contextmanager
def decided_once() -> Iterator[None]:
    """Until the context ends."""
    with ExitStack() as patched:
        for module in _modules:
            patched.enter_context(patch.object(module, "decide", _decided))
        patched.enter_context(patch.object(cloudtrail, "records", _records_of))
        yield


def _decided(predicate: Predicate, records: Records, steps: Steps) -> Answer:
    asked = predicate, id(records)
    if asked in _answers and steps.left >= MEANT:
        return _answers[asked]
    answer: Answer = _decide(predicate, records, steps)
    if id(records) in _kept and not (isinstance(answer, Undecided) and answer.too_large):
        if len(_answers) >= MOST:
            _answers.clear()
        _answers[asked] = answer
    return answer


_kept: dict[int, Records] = {}


def _records_of(*, account: str, region: str | None, not_regions: Iterable[str] = ()) -> Records:
    return _made(account, region, tuple(not_regions))


@cache
def _made(account: str, region: str | None, not_regions: tuple[str, ...]) -> Records:
    records = _records(account=account, region=region, not_regions=not_regions)
    _kept[id(records)] = records
    return records
