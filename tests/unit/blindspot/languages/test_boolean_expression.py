"""Expressions of AND, OR, NOT and parentheses, here with the atoms T, F and U."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blindspot.languages.boolean_expression import ExpressionSyntaxError, evaluate
from blindspot.languages.three_valued import Truth, every, inverse, some

TRUE, FALSE, UNKNOWN = Truth

ATOM = re.compile("[TFU]")
ATOMS = {"T": TRUE, "F": FALSE, "U": UNKNOWN}


def value(text: str) -> Truth:
    return evaluate(text, ATOM, lambda atom: ATOMS[atom[0]])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("T", TRUE),
        ("F", FALSE),
        ("U", UNKNOWN),
        (" \n T\t", TRUE),
        ("TRUE", TRUE),
        ("false", FALSE),
        ("NOT T", FALSE),
        ("not not T", TRUE),
        ("NOT U", UNKNOWN),
        ("T AND T AND F", FALSE),
        ("T and U", UNKNOWN),
        ("U And F", FALSE),
        ("F OR F OR T", TRUE),
        ("F or U", UNKNOWN),
        ("U OR T", TRUE),
        ("T OR F AND F", TRUE),
        ("F AND F OR T", TRUE),
        ("(T OR F) AND F", FALSE),
        ("NOT F AND F", FALSE),
        ("NOT (F AND F)", TRUE),
        ("NOT(T)OR(T)", TRUE),
        ("((T))", TRUE),
        ("(" * 5_000 + "T" + ")" * 5_000, TRUE),
        ("NOT " * 2_559 + "T", FALSE),
        ("NOT NOT (" * 1_000 + "U" + ")" * 1_000, UNKNOWN),
        ("NOT (F OR " * 1_001 + "T" + ")" * 1_001, FALSE),
        (" " * 10_239 + "T", TRUE),
    ],
    ids=lambda value: str(value)[:20],
)
def test_values(text: str, expected: Truth) -> None:
    assert value(text) is expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "^the end of the text$"),
        ("X", "^X$"),
        ("T T", "^T$"),
        ("T AND", "^the end of the text$"),
        ("OR T", "^OR T$"),
        ("T XOR T", "^XOR T$"),
        ("T ANDT", "^ANDT$"),
        ("NOTT", "^NOTT$"),
        ("TRUELY", "^RUELY$"),
        ("()", r"^\)$"),
        ("(T", r"^\( without \)$"),
        ("T)", r"^\)$"),
        ("X" * 100, "^X{40}$"),
        ("(" * 5_000 + "T" + ")" * 4_999, r"^\( without \)$"),
        ("(" * 5_000 + "T" + ")" * 5_001, r"^\)$"),
    ],
    ids=lambda text: text[:20],
)
def test_invalid_expressions(text: str, why: str) -> None:
    with pytest.raises(ExpressionSyntaxError, match=why):
        value(text)


def test_every_atom_is_evaluated_in_order_even_if_others_decide() -> None:
    asked: list[str] = []

    def note(atom: re.Match[str]) -> Truth:
        asked.append(atom[0])
        return ATOMS[atom[0]]

    assert evaluate("T OR (F AND U) OR NOT F", ATOM, note) is TRUE
    assert asked == ["T", "F", "U", "F"]


Written = tuple[str, Truth]
atoms: st.SearchStrategy[Written] = st.sampled_from([*ATOMS.items(), ("TRUE", TRUE), ("FALSE", FALSE)])


def larger(parts: st.SearchStrategy[Written]) -> st.SearchStrategy[Written]:
    """What is written of parts, with parentheses, and its value."""
    several = st.lists(parts, min_size=1, max_size=3)
    return st.one_of(
        parts.map(lambda part: (f"NOT ({part[0]})", inverse(part[1]))),
        several.map(lambda parts: (" AND ".join(f"({text})" for text, _ in parts), every(one for _, one in parts))),
        several.map(lambda parts: (" OR ".join(f"({text})" for text, _ in parts), some(one for _, one in parts))),
    )


@given(st.recursive(atoms, larger, max_leaves=8))
def test_a_written_expression_parses_to_the_same_value(written: Written) -> None:
    text, expected = written
    assert value(text) is expected
