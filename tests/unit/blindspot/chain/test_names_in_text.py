"""Which of many names a text contains."""

from hypothesis import given
from hypothesis import strategies as st

from blindspot.chain.names_in_text import NamesInText


@given(st.lists(st.text("ab", max_size=4), max_size=6), st.text("abc", max_size=12))
def test_the_names_that_a_text_contains(names: list[str], text: str) -> None:
    assert NamesInText(names).found_in(text) == {name for name in names if name in text}
