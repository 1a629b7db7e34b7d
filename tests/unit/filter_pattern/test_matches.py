"""What a pattern matches, with the source of each rule: D documented by AWS, R recorded from AWS."""

import json

import pytest

from filter_pattern import parse

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
def test_a_message_that_is_not_a_json_object_matches_nothing(message: str) -> None:
    assert not parse("{ $.nothing NOT EXISTS }").matches(message)
