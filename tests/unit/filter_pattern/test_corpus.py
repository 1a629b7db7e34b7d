"""Compares with what others collected: recorded cases, and patterns of public repositories.

The corpus is not part of the project; BLINDSPOT_CORPUS names its folder.
"""

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from blindspot.model import cloudtrail_events
from filter_pattern import Found, Pattern, PatternSyntaxError, Undecided, parse, unseen

CORPUS = Path(os.environ.get("BLINDSPOT_CORPUS", "../shared/corpus"))
pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason=f"no corpus at {CORPUS}; BLINDSPOT_CORPUS names its folder")

REQUIRED = parse('{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }')
RECORDS = cloudtrail_events.records(account="123456789012", region="eu-west-1")


def lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (CORPUS / name).read_text().splitlines()]


def patterns() -> Iterator[tuple[str, Pattern]]:
    """The patterns of both files, by id, without those that AWS would reject."""
    for row in lines("real_patterns.jsonl") + lines("other_cis_patterns.jsonl"):
        with contextlib.suppress(PatternSyntaxError):
            yield row["id"], parse(row["pattern"])


def test_agrees_with_every_documented_and_every_recorded_case() -> None:
    agreed = 0
    for case in lines("eval_cases.jsonl"):
        if case["certainty"] not in ("aws-docs", "aws-captured") or case.get("disputed"):
            continue
        if case.get("expect_error"):
            with pytest.raises(PatternSyntaxError):
                parse(case["pattern"])
        else:
            assert parse(case["pattern"]).matches(case["message"]) == case["matches"], case["id"]
        agreed += 1
    assert agreed > 180


def test_every_pattern_as_text_parses_to_the_same_pattern() -> None:
    read = dict(patterns())
    assert len(read) > 200
    for number, pattern in read.items():
        assert parse(str(pattern)) == pattern, number


def test_at_most_three_patterns_are_undecided_and_what_is_found_is_missed() -> None:
    undecided = []
    for number, pattern in patterns():
        answer = unseen(REQUIRED, [pattern], RECORDS)
        if isinstance(answer, Found):
            assert REQUIRED.matches(answer.event), number
            assert not pattern.matches(answer.event), number
            assert not pattern.matches(json.dumps(answer.event)), number
        elif isinstance(answer, Undecided):
            undecided.append((number, answer.reason))
    assert len(undecided) <= 3, undecided


def test_real_events_are_counted_as_the_benchmarks_say() -> None:
    counted = {
        "cis_1_2": REQUIRED,
        "cis_2_0": parse(
            '{ ($.errorCode ="*UnauthorizedOperation") || ($.errorCode ="AccessDenied*") && '
            '($.sourceIPAddress!="delivery.logs.amazonaws.com") && ($.eventName!="HeadBucket") }'
        ),
    }
    for row in lines("events.jsonl"):
        for name, pattern in counted.items():
            if name in row.get("expect", {}):
                assert pattern.matches(row["event"]) == row["expect"][name], row["id"]
