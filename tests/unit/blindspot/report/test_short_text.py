"""Texts with a limit keep what tells them from others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blindspot.report.short_text import DOTS, LONGEST_WORD, cut, length, shortened

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@pytest.mark.parametrize(
    ("name", "longest", "short"),
    [
        ("unauthorized", 12, "unauthorized"),
        ("unauthorized", 11, "unau...ized"),
        ("unauthorized", 10, "unau...zed"),
        ("Zürich-Zürich", 9, "Zü...ich"),
        ("🚨🚨🚨🚨", 12, "🚨...🚨"),
        (r"a\u000ab\u000ac\u000ad", 18, r"a\u000ab...\u000ad"),
        (r"a\u000ab\u000ac\u000ad", 16, r"a\u000ab...d"),
        ("unauthorized", 3, "..."),
        ("unauthorized", 2, ".."),
        ("unauthorized", 0, ""),
        ("unauthorized", -1, ""),
    ],
)
def test_a_name_loses_its_middle(name: str, longest: int, short: str) -> None:
    assert shortened(name, longest) == short


@pytest.mark.parametrize(
    ("text", "longest", "short"),
    [
        ("one two three", 13, "one two three"),
        ("one two three", 12, "one two..."),
        ("one two three", 10, "one two..."),
        ("one two, three", 11, "one two..."),
        ("onetwothree", 8, "onetw..."),
        ("a " + "n" * 90 + " b", 93, "a " + "n" * 43 + DOTS + "n" * 43 + " b"),
        ("a " + "n" * 90 + " " + "m" * 90, 62 + 1 + 90, "a " + "n" * 29 + DOTS + "n" * 28 + " " + "m" * 90),
        ("a " + "n" * 61 + " some more words", 10, "a..."),
    ],
)
def test_a_text_ends_after_a_word_and_a_long_name_is_shortened_first(text: str, longest: int, short: str) -> None:
    assert cut(text, longest) == short
    assert length(short) <= longest


@given(TEXTS, st.integers(3, 60))
def test_both_fit_and_change_nothing_that_fits(text: str, longest: int) -> None:
    for short in (shortened(text, longest), cut(text, longest)):
        assert length(short) <= longest
        assert (short == text) is (length(text) <= longest)


@given(st.lists(TEXTS, max_size=40), st.integers(LONGEST_WORD, 300))
def test_a_cut_text_has_whole_words_or_shortened_ones(words: list[str], longest: int) -> None:
    text = " ".join(words)
    assert all(word.rstrip(",.;:(") in text or DOTS in word for word in cut(text, longest).split(" "))


def test_a_lone_surrogate_raises_nothing() -> None:
    assert length("\ud800") == 3
    assert shortened("\ud800" * 10, 6) == "\ud800..."
