"""What the Markdown of all documents is made of. `test_markdown` has what no name may do."""

import pytest

from blindspot.report.markdown_parts import block, code, json_block, left_out, listed, names_of, plain
from tests.cases.markup import MARKUP


@pytest.mark.parametrize("name", MARKUP)
def test_what_would_be_markup_is_code(name: str) -> None:
    given, shown = MARKUP[name]
    assert plain(given) == shown


@pytest.mark.parametrize("time", ["at 08:37", "08:37, 18:31.", "to 08:37: a"])
def test_a_time_is_no_markup(time: str) -> None:
    assert plain(time) == time


@pytest.mark.parametrize("word", ["1:100:", "08:37:00", "108:37", "08:371", ":37:", "08:a7", "08:37:a:"])
def test_another_word_with_a_colon_may_be_an_emoji(word: str) -> None:
    assert plain(word) == f"`{word.rstrip(':')}`{':' * word.endswith(':')}"


@pytest.mark.parametrize(
    ("text", "shown"),
    [("a", "`a`"), ("", "` - `"), (" ", "`   `"), ("`a", "`` `a ``"), ("a`", "`` a` ``"), ("a``b`c", "```a``b`c```")],
)
def test_code(text: str, shown: str) -> None:
    assert code(text) == shown


def test_blocks_end_where_they_end() -> None:
    assert list(block("a\nb")) == ["```", "a", "b", "```"]
    assert list(block("````", "json")) == ["`````json", "````", "`````"]
    assert list(json_block({"a": ["```"]})) == ["````json", "{", '  "a": [', '    "```"', "  ]", "}", "````"]


def test_lists() -> None:
    assert list(listed("A title", ["a", "b"])) == ["## A title", "", "- a", "- b", ""]
    assert list(listed("A title", [])) == []
    assert names_of(["a", "*b*"]) == "a, `*b*`"
    assert list(left_out({"gaps": 3})) == ["## Left out, because the document was too large", "", "- `gaps`: 3", ""]
    assert list(left_out({})) == []
