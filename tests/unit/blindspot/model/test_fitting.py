"""A document fits what it goes to, and counts what it leaves out."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blindspot.model.fitting import Document, fitted, last_in_each, last_of, size

TEXTS = st.text(st.characters(), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda part: st.lists(part, max_size=5) | st.dictionaries(TEXTS, part, max_size=5),
    max_leaves=30,
)

CUTTERS = {
    "words": last_in_each("parts", "words"),
    "note": last_in_each("parts", "note"),
    "parts": last_of("parts"),
    "gaps": last_of("gaps", kept=1),
    "regions": last_of("regions"),
}


@given(VALUES)
def test_the_size_is_that_of_the_text(value: object) -> None:
    assert size(value) == len(json.dumps(value))


def a_document(parts: int = 20) -> Document:
    return {
        "verdict": "NON_COMPLIANT",
        "parts": [{"name": str(n), "words": ["ü" * 10] * n, "note": "n" * n} for n in range(parts)],
        "gaps": [{"message": "🚨" * n} for n in range(10)],
        "regions": {f"region-{n}": {"verdict": "COMPLIANT"} for n in range(10)},
    }


def in_bytes(document: Document) -> int:
    return len(json.dumps(document).encode())


def test_what_fits_is_not_changed() -> None:
    whole = a_document()
    assert fitted(whole, in_bytes(whole), CUTTERS) is whole


def counts(document: Document) -> dict[str, int]:
    return {
        "words": sum(len(part.get("words", ())) for part in document["parts"]),
        "note": sum("note" in part for part in document["parts"]),
        "parts": len(document["parts"]),
        "gaps": len(document["gaps"]),
        "regions": len(document["regions"]),
    }


@pytest.mark.parametrize("largest", range(400, 14_000, 97))
def test_it_fits_and_what_is_missing_is_counted(largest: int) -> None:
    whole = a_document()
    small = fitted(whole, largest, CUTTERS)
    assert whole == a_document()
    assert in_bytes(small) <= largest
    assert small["verdict"] == "NON_COMPLIANT"
    cut = small.get("cut", {})
    missing = {name: count - counts(small)[name] for name, count in counts(whole).items()}
    assert {name: count for name, count in missing.items() if count} == cut
    assert list(cut) == list(CUTTERS)[: len(cut)]
    # A later kind is cut only where nothing is left of the earlier ones, and no more is cut than needed.
    assert all(counts(small)[name] == 0 for name in list(cut)[:-1] if name != "gaps")
    assert in_bytes(small) > largest - 350 or not cut


def test_a_byte_too_many_is_too_many() -> None:
    whole = a_document()
    assert in_bytes(fitted(whole, in_bytes(whole) - 1, CUTTERS)) < in_bytes(whole)


@pytest.mark.parametrize("name", CUTTERS)
@pytest.mark.parametrize("excess", [1, 2, 17, 300, 100_000])
def test_a_cutter_says_exactly_what_it_freed_and_cuts_no_more_than_needed(name: str, excess: int) -> None:
    whole = a_document()
    small, count, freed = CUTTERS[name](whole, excess)
    assert freed == in_bytes(whole) - in_bytes(small)
    assert count == counts(whole)[name] - counts(small)[name]
    assert freed >= excess or counts(small)[name] == (name == "gaps")
    largest_part = {"words": 62, "note": 31, "parts": 1_300, "gaps": 125, "regions": 41}
    assert freed - excess < largest_part[name]


@pytest.mark.parametrize("name", ["words", "note", "parts", "gaps", "regions"])
def test_a_cutter_with_nothing_to_cut_frees_nothing(name: str) -> None:
    empty: Document = {"parts": [], "gaps": [], "regions": {}}
    assert CUTTERS[name](empty, 10)[1:] == (0, 0)


def test_what_is_cut_twice_is_counted_together() -> None:
    whole = a_document()
    twice = fitted(fitted(whole, 9_000, CUTTERS), 1_500, CUTTERS)
    once = fitted(whole, 1_500, CUTTERS)
    assert {name: count for name, count in twice["cut"].items() if name in ("words", "note")} == {
        name: once["cut"][name] for name in ("words", "note")
    }
    assert in_bytes(twice) <= 1_500


def test_where_nothing_is_left_to_cut_it_is_as_small_as_it_can_be() -> None:
    small = fitted(a_document(), 10, CUTTERS)
    assert (small["parts"], small["regions"], len(small["gaps"])) == ([], {}, 1)


def test_every_part_is_measured_once(monkeypatch: pytest.MonkeyPatch) -> None:
    written = 0
    dumps = json.dumps

    def counting(value: Any) -> str:
        nonlocal written
        text = dumps(value)
        written += len(text)
        return text

    monkeypatch.setattr(json, "dumps", counting)
    whole = {"parts": [{"name": "x" * 100} for _ in range(10_000)], "gaps": [], "regions": {}}
    fitted(whole, 1_000, CUTTERS)
    assert written < 4 * 10_000 * 115
