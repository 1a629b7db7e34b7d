"""What a pattern matches, with the source of each rule: D documented by AWS, R recorded from AWS."""

import json
import os
from pathlib import Path

import pytest

from filter_pattern import PatternSyntaxError, parse

EVENT = {
    "name": "CreateUser",
    "code": None,
    "ok": True,
    "count": 12.5,
    "empty": "",
    "who": {"type": "Root"},
    "tags": ["a"],
    "ip": "111.111.111.111",
}


@pytest.mark.parametrize(
    ("condition", "matches"),
    [
        ('$.name = "CreateUser"', True),
        ('$.name = "createuser"', False),  # D: case-sensitive
        ('$.name = "Create"', False),
        ('$.name = "Create*"', True),
        ('$.name = "*User"', True),
        ('$.name = "*eate*"', True),
        ('$.name = "*"', True),
        ('$.empty = "*"', True),  # R
        ('$.ip = "*.111.111.111"', True),  # R
        ('$.ip = "*111.111.111"', False),  # R: the piece stands where it first fits
        ('$.name != "DeleteUser"', True),
        ('$.name != "Create*"', False),
        ('$.nothing = "x"', False),
        ('$.nothing != "x"', False),  # R: a missing field equals nothing and differs from nothing
        ("$.nothing NOT EXISTS", True),
        ("$.code NOT EXISTS", False),
        ("$.code IS NULL", True),  # D
        ("$.nothing IS NULL", False),  # D: only true if set to null
        ("$.ok IS TRUE", True),
        ("$.ok IS FALSE", False),
        ('$.ok = "true"', False),
        ('$.count = "12.5"', True),  # R: in quotes a number is compared as text
        ('$.count = "12*"', True),  # R
        ('$.who.type = "Root"', True),
        ('$.who != "x"', False),  # D: an object is not compared
        ('$.tags != "x"', False),
        ('$.name.type = "x"', False),
    ],
)
def test_condition(condition: str, matches: bool) -> None:
    pattern = parse(f"{{ {condition} }}")
    assert pattern.matches(EVENT) is matches
    assert pattern.matches(json.dumps(EVENT, indent=2)) is matches


@pytest.mark.parametrize("message", ["", "AccessDenied", "[]", "3", '{"name": '])
def test_a_message_that_is_no_json_object_matches_nothing(message: str) -> None:
    assert not parse("{ $.nothing NOT EXISTS }").matches(message)


CORPUS = Path(os.environ.get("BLINDSPOT_CORPUS", "../shared/corpus"))


@pytest.mark.skipif(not CORPUS.is_dir(), reason=f"no corpus at {CORPUS}; BLINDSPOT_CORPUS names its folder")
def test_agrees_with_every_recorded_case_that_it_reads() -> None:
    cases = map(json.loads, (CORPUS / "eval_cases.jsonl").read_text().splitlines())
    read = 0
    for case in cases:
        if case["certainty"] not in ("aws-docs", "aws-captured") or not case["pattern"].lstrip().startswith("{"):
            continue
        try:
            pattern = parse(case["pattern"])
        except PatternSyntaxError as refusal:
            refused = refusal.message
        else:
            refused = ""
            assert pattern.matches(case["message"]) == case["matches"], case["id"]
            read += 1
        assert bool(refused) == bool(case.get("expect_error")) or "not read here" in refused, case["id"]
    assert read > 50
