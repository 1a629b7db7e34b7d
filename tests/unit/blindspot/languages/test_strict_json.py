"""JSON without guessing."""

import json
from typing import Any

import pytest

from blindspot.languages import strict_json


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{}", {}),
        ('{"a": 1, "b": {"a": [null, true, "x"]}}', {"a": 1, "b": {"a": [None, True, "x"]}}),
        ('[{"a": 1}, {"a": 2}]', [{"a": 1}, {"a": 2}]),
        ('{"a": 1, "A": 2}', {"a": 1, "A": 2}),
        ('"x"', "x"),
    ],
)
def test_values(text: str, value: Any) -> None:
    assert strict_json.loads(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "{",
        '{"a": 1, "a": 1}',
        '{"a": {"b": 1, "b": 2}}',
        r'{"a": 1, "\u0061": 2}',
        "1" * 5_000,
        "NaN",
        "-Infinity",
    ],
)
def test_invalid_texts(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        strict_json.loads(text)


def nested(levels: int) -> str:
    return "[" * levels + "]" * levels


def test_the_deepest_text() -> None:
    strict_json.loads(f"[{nested(strict_json.DEEPEST - 1)}, {nested(strict_json.DEEPEST - 1)}]")
    strict_json.loads(json.dumps(["[" * 100, '\\"[' * 100, {"{" * 100: "\\"}]))


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, nested(strict_json.DEEPEST + 1)])
def test_text_that_is_nested_too_deeply(text: str) -> None:
    with pytest.raises(ValueError, match=r"^nested too deeply$"):
        strict_json.loads(text)
