"""tests/conformance: what patterns match, in JSON that needs no Python to read or extend.

A case is {comment, pattern, event or message, matches} or {comment, pattern, error, at}, with its source and how
certain it is: documented by AWS, observed on AWS, or assumed.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from filter_pattern import PatternSyntaxError, parse

FILES = sorted((Path(__file__).parents[2] / "conformance").glob("*.json"))
CASES = {f"{path.stem}: {case['comment']}": case for path in FILES for case in json.loads(path.read_text())}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_case(case: dict[str, Any]) -> None:
    assert case["certainty"] in ("documented", "observed", "assumed")
    if "error" in case:
        with pytest.raises(PatternSyntaxError) as caught:
            parse(case["pattern"])
        assert case["error"] in caught.value.message
        assert [caught.value.start, caught.value.end] == case["at"]
        return
    pattern = parse(case["pattern"])
    given = case["message"] if "message" in case else json.dumps(case["event"])
    assert pattern.matches(given) is case["matches"]
    if "event" in case:
        assert pattern.matches(case["event"]) is case["matches"]
    assert parse(str(pattern)) == pattern
