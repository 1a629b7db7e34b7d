"""Names that others chose do no harm where they are read."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blindspot.model.harmless import harmless, harmless_dumps, harmless_json
from tests.cases.hostile import NAMES

TEXTS = st.text(st.characters())  # surrogates too
PRINTABLE = st.text(st.characters(exclude_categories=["C", "Z"]))


def values(texts: st.SearchStrategy[str]) -> st.SearchStrategy[object]:
    return st.recursive(
        st.none() | st.booleans() | st.integers() | texts, lambda part: st.lists(part) | st.dictionaries(texts, part)
    )


VALUES = values(TEXTS)


@pytest.mark.parametrize(("name", "shown"), NAMES.values(), ids=NAMES)
def test_what_could_do_harm_is_shown_as_an_escape(name: str, shown: str) -> None:
    assert harmless(name) == shown


def test_other_text_is_the_same_text() -> None:
    for text in ("", "arn:aws:sns:eu-west-1:123456789012:security-alerts", "Zugriff-verweigert-ü 拒否 🚨", r"a\u001b"):
        assert harmless(text) is text


@given(TEXTS)
def test_nothing_harmful_is_left(text: str) -> None:
    safe = harmless(text)
    assert {unicodedata.category(c) for c in safe} & {"Cc", "Cf", "Cs", "Zl", "Zp"} == set()
    assert safe.splitlines() == ([safe] if safe else [])
    assert safe.encode().decode() == safe
    assert harmless(safe) == safe


@given(VALUES)
def test_json_keeps_its_shape(value: object) -> None:
    safe = harmless_json(value)
    assert json.loads(json.dumps(safe, ensure_ascii=False).encode()) == safe
    assert harmless_json(safe) == safe


@given(values(PRINTABLE))
def test_harmless_json_is_not_changed(value: object) -> None:
    assert harmless_json(value) == value


def test_names_of_fields_are_harmless_too() -> None:
    assert harmless_json({"a\nb": [{"\x1b": ("x\r", 1, None)}]}) == {r"a\u000ab": [{r"\u001b": [r"x\u000d", 1, None]}]}


def test_an_event_may_be_nested_as_deep_as_a_pattern_can_ask_for() -> None:
    event: object = "\n"
    for _ in range(512):  # `$.a.a...` of 1,024 characters
        event = {"a": event}
    assert json.dumps(harmless_json(event)).count('"a"') == 512


@given(VALUES)
def test_a_program_reads_back_what_was_written_in_printable_ascii(value: object) -> None:
    text = harmless_dumps(value)
    assert text.isascii()
    assert text.isprintable()
    assert json.loads(text) == json.loads(json.dumps(value))
