"""The Overrides to set."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from blindspot.model import profile
from blindspot.model.profile import Exclusion
from blindspot.review.overrides import LONGEST_OVERRIDES, in_force
from filter_pattern import parse

TODAY = date(2026, 11, 27)
ADDED = Exclusion(parse('{ $.eventName = "A\\"B" }'), "why", date(2027, 2, 25))
ENTRY = {"pattern": '{ $.eventName = "A\\"B" }', "reason": "why", "until": "2027-02-25"}
OF_THE_SOURCE = ['{ $.sourceIPAddress = "delivery.logs.amazonaws.com" }', '{ $.eventName = "HeadBucket" }']
UNTIL = {"pattern": "{ $.eventName = X }", "reason": "it is a scanner", "until": "2026-11-28"}
ENDED = UNTIL | {"until": "2026-11-27"}

SET: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "none": ({}, {"benign": [*OF_THE_SOURCE, ENTRY]}),
    "benign": ({"benign": ["{ $.a = b }"]}, {"benign": ["{ $.a = b }", ENTRY]}),
    "no benign": ({"benign": []}, {"benign": [ENTRY]}),
    "other keys": (
        {"calls_to_alarm": 2, "alarm": {"period": 60}},
        {"calls_to_alarm": 2, "alarm": {"period": 60}, "benign": [*OF_THE_SOURCE, ENTRY]},
    ),
    "until tomorrow": ({"benign": [UNTIL]}, {"benign": [UNTIL, ENTRY]}),
    "until today": ({"benign": [ENDED]}, {"benign": [ENTRY]}),
    "a pattern": ({"pattern": "{ $.a = b }"}, {"benign": [*OF_THE_SOURCE, ENTRY]}),
}


@pytest.mark.parametrize(("given", "to_set"), SET.values(), ids=SET)
def test_what_to_set(given: dict[str, Any], to_set: dict[str, Any]) -> None:
    loaded = profile.load("cis-level-2", given, on=TODAY)
    text = in_force(loaded, given, TODAY).text([ADDED])
    assert json.loads(text) == to_set
    assert ", " not in text
    again = profile.load("cis-level-2", json.loads(text), on=TODAY)
    assert again.benign == (*loaded.benign, ADDED.pattern)


def test_sam_does_not_end_the_value_at_an_escape() -> None:
    added = Exclusion(parse('{ $.eventName = "A\\"B" || $.eventName = C }'), 'a \\ "scanner" \\', date(2027, 2, 25))
    text = in_force(profile.load("cis-level-2", {"benign": []}, on=TODAY), {}, TODAY).text([added])
    assert text == (
        r'{"benign":[{"pattern":"{ $.eventName = \u0022A\u005c\u0022B\u0022 || $.eventName = C }",'
        r'"reason":"a \u005c \u0022scanner\u0022 \u005c","until":"2027-02-25"}]}'
    )
    assert json.loads(text) == {"benign": [added.entry]}


def test_other_letters_are_written_as_they_are() -> None:
    given: dict[str, Any] = {"benign": [], "alarm": {"tags": {"Ort": "Zürich"}}}
    loaded = profile.load("cis-level-2", given, on=TODAY)
    assert in_force(loaded, given, TODAY).text([]) == '{"alarm":{"tags":{"Ort":"Zürich"}},"benign":[]}'


def test_it_is_told_what_is_left_out() -> None:
    unnamed = {"pattern": "{ $.eventName = Y }", "until": "2026-01-01"}
    given: dict[str, Any] = {"benign": [UNTIL, ENDED, unnamed], "pattern": "{ $.a = b }"}
    remarks = in_force(profile.load("cis-level-2", given, on=TODAY), given, TODAY).remarks
    assert remarks == (
        'The exclusion "it is a scanner" ended on 2026-11-27. It is left out of Overrides.',
        "The exclusion { $.eventName = Y } ended on 2026-01-01. It is left out of Overrides.",
        (
            "The key pattern is left out of Overrides: remediation writes that pattern as it stands, without the "
            "exclusions. It writes a pattern of required less benign instead."
        ),
    )


def test_nothing_is_told_where_nothing_is_left_out() -> None:
    given: dict[str, Any] = {"benign": [UNTIL]}
    loaded = profile.load("cis-level-2", given, on=TODAY)
    assert in_force(loaded, given, TODAY).remarks == ()
    assert in_force(loaded, given, TODAY + timedelta(days=1)).remarks != ()


def test_they_are_as_long_as_the_parameter_of_the_stack_may_be() -> None:
    template = (Path(__file__).parents[4] / "template.yaml").read_text()
    parameter = template[template.index("\n  Overrides:\n") :]
    assert f"MaxLength: {LONGEST_OVERRIDES}\n" in parameter[: parameter.index("\n  ExcludedRegions:\n")]
