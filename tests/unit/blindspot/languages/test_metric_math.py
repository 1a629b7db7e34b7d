"""Metric math: what an alarm's expression computes, or that it is not supported."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blindspot.languages.metric_math import DEEPEST, LONGEST, MOST_STEPS, Metric, NotWorkedOut, Point, expression

A, B = Fraction(3), Fraction(1, 2)
METRICS = {"m1": None, "m2": None}


@pytest.mark.parametrize(
    ("text", "both", "first_only", "none"),
    [
        ("m1", A, A, None),
        (" m1 ", A, A, None),
        ("(m1)", A, A, None),
        ("m1 + m2", A + B, None, None),
        ("m1 + m1", 2 * A, 2 * A, None),
        ("SUM([m1, m2])", A + B, A, None),
        ("SUM([m1])", A, A, None),
        ("SUM([])", None, None, None),
        ("SUM(METRICS())", A + B, A, None),
        ("SUM([m1 + m2, m1])", 2 * A + B, A, None),
        ("FILL(m2, 7)", B, Fraction(7), Fraction(7)),
        ("FILL(m2, 0.5)", B, B, B),
        (f"FILL(m2, {2**360})", B, Fraction(2**360), Fraction(2**360)),
        ("+".join(["m1"] * 170), 170 * A, 170 * A, None),
        ("m1 + FILL(m2, 0)", A + B, A, None),
        ("FILL(m1 + m2, 0)", A + B, Fraction(0), Fraction(0)),
    ],
)
def test_what_an_expression_computes(text: str, both: Point, first_only: Point, none: Point) -> None:
    computed = expression({**METRICS, "e": text}, "e")
    assert computed.at({"m1": A, "m2": B}) == both
    assert computed.at({"m1": A, "m2": None}) == first_only
    assert computed.at({"m1": None, "m2": None}) == none


def test_a_line_may_be_made_of_others() -> None:
    lines = {**METRICS, "filled": "FILL(m1, 0)", "e": "filled + filled + m2"}
    assert expression(lines, "e").at({"m1": None, "m2": B}) == B
    assert expression(lines, "m2") == Metric("m2")


@pytest.mark.parametrize(
    ("text", "metrics"),
    [("m1", {"m1"}), ("m1 + m2", {"m1", "m2"}), ("FILL(SUM([m2]), 0)", {"m2"}), ("SUM(METRICS())", {"m1", "m2"})],
)
def test_which_metrics_it_is_made_of(text: str, metrics: set[str]) -> None:
    assert expression({**METRICS, "e": text}, "e").metrics() == metrics


@pytest.mark.parametrize(
    "text",
    [
        "",
        "m3",
        "m1 +",
        "m1 - m2",
        "m1 * 2",
        "m1 + 1",
        "1",
        "-m1",
        "m1 > 0",
        "IF(m1 > 0, m1)",
        "sum([m1])",
        "SUM(m1)",
        "SUM([m1], [m2])",
        "SUM()",
        "SUM(METRICS('m'))",
        "METRICS()",
        "[m1]",
        "FILL(m1)",
        "FILL(m1, REPEAT)",
        "FILL(m1, m2)",
        "FILL(m1, -1)",
        "FILL(m1, '0')",
        "FILL(m1, True)",
        "FILL(m1, 1e999)",
        f"FILL(m1, {2**360 + 1})",
        "FILL(m1, 1" + "0" * 310 + ")",
        "FILL(m1, 1" + "0" * 5_000 + ")",
        "-" * 500 + "m1",
        "SUM([" * 73 + "m1" + "])" * 73,
        "m¹",
        "\ud800",
        "FILL(m1, value=0)",
        "RATE(m1)",
        "ANOMALY_DETECTION_BAND(m1, 2)",
        "SELECT SUM(n) FROM SCHEMA(s)",
        "e",
        "m1 + e",
        "\0",
        "(" * 400 + "m1" + ")" * 400,
    ],
)
def test_expressions_that_are_not_supported(text: str) -> None:
    with pytest.raises(NotWorkedOut):
        expression({**METRICS, "e": text}, "e")


def test_lines_that_refer_to_each_other_are_not_supported() -> None:
    with pytest.raises(NotWorkedOut):
        expression({"e1": "e2", "e2": "e1"}, "e1")


def test_a_missing_line_is_not_supported() -> None:
    with pytest.raises(NotWorkedOut):
        expression(METRICS, "e")


def test_the_longest_expression() -> None:
    text = "m1".ljust(LONGEST)
    assert expression({**METRICS, "e": text}, "e") == Metric("m1")
    with pytest.raises(NotWorkedOut):
        expression({**METRICS, "e": f"{text} "}, "e")


def test_lines_that_double_each_other_end_early() -> None:
    lines = {f"e{number}": f"e{number + 1} + e{number + 1}" for number in range(40)}
    with pytest.raises(NotWorkedOut):
        expression({**lines, "e40": None}, "e0")
    assert 2**8 < MOST_STEPS < 2**10  # so this many lines are looked at, and not 2 ** 40
    assert expression({**lines, "e8": None}, "e0").at({"e8": A}) == 2**8 * A


def test_metrics_that_repeat_end_early() -> None:
    lines = {**{f"m{number}": None for number in range(20)}, "e": "+".join(["SUM(METRICS())"] * 34)}
    lines |= {f"e{number}": "e+e" for number in range(2)}
    assert expression({**lines, "f": "e"}, "f").metrics() == {f"m{number}" for number in range(20)}
    with pytest.raises(NotWorkedOut):
        expression({**lines, "f": "e+e0"}, "f")


def test_lines_that_are_nested_too_deeply_are_not_supported() -> None:
    deep = {f"e{number}": f"SUM([e{number + 1}])" for number in range(DEEPEST)}
    lines = {**deep, f"e{DEEPEST}": None}
    deepest = expression(lines, f"e{DEEPEST // 2}")  # two levels each
    assert deepest.at({f"e{DEEPEST}": A}) == A
    assert deepest.metrics() == {f"e{DEEPEST}"}
    with pytest.raises(NotWorkedOut):
        expression(lines, f"e{DEEPEST // 2 - 1}")
    sums = {f"e{number}": f"e{number + 1}" + "+m" * 40 for number in range(19)}
    assert expression({**sums, "e19": None, "m": None}, "e0").at({"e19": A, "m": B}) == A + 19 * 40 * B


@given(st.text(alphabet="m12+SUMFILETRC()[], 0.e"))
def test_no_text_makes_it_raise_anything_else(text: str) -> None:
    try:
        computed = expression({**METRICS, "e": text}, "e")
    except NotWorkedOut:
        return
    assert computed.metrics() <= METRICS.keys()
