"""Patterns of terms; conformance cases say what AWS answers."""

import pytest

from filter_pattern import ALWAYS, And, Not, Or, PatternSyntaxError, TextAtom, Word, ignored_terms, parse
from filter_pattern.predicate import Regex
from filter_pattern.terms import written

A, B, C = (TextAtom(Word(text)) for text in "abc")
SEPARATE = 'Separate terms with a space. Put other characters than letters, digits and _ in "double quotes".'
PHRASE = TextAtom(Word('b "c" \\'))


@pytest.mark.parametrize(
    ("text", "predicate"),
    [
        ("a", A),
        ("  a  ", A),
        ("a b", And(A, B)),
        ("a -b", And(A, Not(B))),
        ("- a", Not(A)),
        ("? a ?b", Or(A, B)),
        ("?a", Or(A)),
        ("?a b ?c", B),
        ("?a -b", Not(B)),
        (r'"b \"c\" \\"', PHRASE),
        (r'-"b \"c\" \\" a', And(Not(PHRASE), A)),
        ('"" a " "', A),
        ('""', ALWAYS),
        ("", ALWAYS),
        ("%a|b%", TextAtom(Regex("a|b"))),
        ("%a|b%  ", TextAtom(Regex("a|b"))),
    ],
)
def test_reads_and_writes(text: str, predicate: object) -> None:
    pattern = parse(text)
    assert pattern.predicate == predicate
    assert parse(written(pattern.predicate)).predicate == predicate


@pytest.mark.parametrize(
    ("text", "start", "end", "message"),
    [
        ("a b:c", 3, 5, SEPARATE),
        ('"a"b', 3, 4, SEPARATE),
        ("a (b", 2, 3, 'Expected a term: a word of letters, digits and _, or any text in "double quotes".'),
        ('a ?" "', 3, 6, "The term after ? or - must not be blank."),
        ('-""', 1, 3, "The term after ? or - must not be blank."),
        ("%a% b", 4, 5, "Nothing is allowed after the regular expression."),
    ],
)  # fmt: skip
def test_rejects(text: str, start: int, end: int, message: str) -> None:
    with pytest.raises(PatternSyntaxError) as caught:
        parse(text)
    assert (caught.value.message, caught.value.start, caught.value.end) == (message, start, end)


@pytest.mark.parametrize(
    ("text", "ignored"),
    [
        ('?a ? "b c" d ?e', ["?a", '?"b c"', "?e"]),
        ("?a -b", ["?a"]),
        ("?a ?b", []),
        ('?a ""', []),
        ("a -b", []),
        ("%a%", []),
        ("[a, b = ?]", []),
        ("{ $.a = ?x }", []),
    ],
)
def test_terms_with_a_question_mark_beside_others_are_ignored(text: str, ignored: list[str]) -> None:
    assert list(ignored_terms(text)) == ignored
