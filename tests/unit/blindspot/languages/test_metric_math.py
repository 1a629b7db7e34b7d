"""Metric math: what an alarm's expression may be in a period, or that it is not supported."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blindspot.languages.metric_math import (
    DEEPEST,
    LONGEST,
    MOST_STEPS,
    MOST_VALUES,
    Metric,
    NotWorkedOut,
    Range,
    expression,
    metrics_of,
)

A, B = Fraction(3), Fraction(1, 2)
METRICS = {"m1": None, "m2": None}
PERIOD = 300


def computed(text: str, *periods: tuple[Any, Any]) -> set[Any]:
    """What the expression may be: numbers, pairs of the ends of ranges, None. periods: m1 and m2, from the last one."""
    history = [{name: points(value) for name, value in zip(METRICS, period, strict=True)} for period in periods]
    found = expression({**METRICS, "e": text}, "e", PERIOD).at(history)
    return {point and (point.low if point.low == point.high else tuple(point)) for point in found}


def points(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(point for each in value for point in points(each))
    if isinstance(value, tuple):
        return (Range(*map(Fraction, value)),)
    return (None if value is None else Range.of(value),)


# The expression; what it is where m1 is 3 and m2 is 0.5, where m2 is missing, and where both are.
COMPUTED: list[tuple[str, Any, Any, Any]] = [
    ("m1", A, A, None),
    (" m1 ", A, A, None),
    ("(m1)", A, A, None),
    ("m1 + m2", A + B, A, {None, 0}),
    ("m2 + m1", A + B, A, {None, 0}),
    ("m1 - m2 - m1", -B, 0, {None, 0}),
    ("m2 - m1", B - A, -A, {None, 0}),
    ("m1 * m2", A * B, 0, {None, 0}),
    ("m1 / m2", A / B, None, None),
    ("m2 / m1", B / A, 0, None),
    ("m1 / m2 * m2", A, {None, 0}, {None, 0}),
    ("100 * m2 / m1", 100 * B / A, 0, None),
    ("2 + 3 * m1", 2 + 3 * A, 2 + 3 * A, {None, 2}),
    ("(2 + 3) * m1", 5 * A, 5 * A, {None, 0}),
    ("2 * 3 * m1", 6 * A, 6 * A, {None, 0}),
    ("m1 - 1 / 2 - 1", A - Fraction(3, 2), A - Fraction(3, 2), {None, Fraction(-3, 2), -1}),
    ("-m1", -A, -A, {None, 0}),
    ("--m1", A, A, None),
    ("- - -m1 + m2", B - A, -A, {None, 0}),
    ("m1 * -2", -2 * A, -2 * A, {None, 0}),
    ("m1 > 0", 1, 1, {None, 0}),
    ("m1 > 3", 0, 0, {None, 0}),
    ("m1 >= 3", 1, 1, {None, 0}),
    ("m1 < 3", 0, 0, {None, 1}),
    ("m1 <= 3", 1, 1, {None, 1}),
    ("m1 == 3", 1, 1, {None, 0}),
    ("m1 != 3", 0, 0, {None, 1}),
    ("m1 > m2", 1, 1, {None, 0}),
    ("m1 <= m2", 0, 0, {None, 1}),
    ("m1 + m2 > 2 * m2 + 2", 1, 1, {None, 0}),
    ("m1 > 0 AND m2 > 0", 1, 0, {None, 0}),
    ("m1 > 0 && m2 > 1", 0, 0, {None, 0}),
    ("m1 > 5 OR m2 > 0", 1, 0, {None, 0}),
    ("m1 > 0 || m2 > 5", 1, 1, {None, 0}),
    ("m1 AND m2", 1, 0, {None, 0}),
    ("m1 > 5 OR m2 > 5 OR m1", 1, 1, {None, 0}),
    ("(m1 > 5 OR m2 > 0) AND m1 > 0", 1, 0, {None, 0}),
    ("ABS(m2 - m1)", A - B, A, {None, 0}),
    ("ABS(m2)", B, None, None),
    ("IF(m1, 7, 8)", 7, 7, None),
    ("IF(m1 > 3, 7, 8)", 8, 8, {None, 8}),
    ("IF(m1 - 5, 7, 8)", 7, 7, {None, 7}),
    ("IF(m1 > 0, m2)", B, 0, None),
    ("IF(m1 > 0, m2, m1)", B, 0, None),
    ("IF(m1 > 3, m1, m2)", B, None, None),
    ("IF(m1 > 3, m1)", None, None, None),
    ("IF(m2, 7, 8)", 7, None, None),
    ("SUM([m1, m2])", A + B, A, {None, 0}),
    ("SUM([m1])", A, A, None),
    ("SUM(METRICS())", A + B, A, {None, 0}),
    ('SUM(METRICS("2"))', B, None, None),
    ("SUM(METRICS('m'))", A + B, A, {None, 0}),
    ("SUM([METRICS('1'), m2, m1])", 2 * A + B, 2 * A, {None, 0}),
    ("SUM([m1 + m2, m1])", 2 * A + B, 2 * A, {None, 0}),
    ("SUM(METRICS() * 2)", 2 * (A + B), 2 * A, {None, 0}),
    ("SUM(m1 / [m1, m2])", 1 + A / B, 1, {None, 0}),
    ("SUM(-[m1, m2])", -A - B, -A, {None, 0}),
    ("SUM(ABS([m1, -m2]))", A + B, A, {None, 0}),
    ("SUM(FILL(METRICS(), 1))", A + B, A + 1, 2),
    ("AVG([m1, m2])", (A + B) / 2, A / 2, {None, 0}),
    ("MAX([m1, m2])", A, A, {None, 0}),
    ("MIN([m1, m2])", B, {A, 0}, {None, 0}),
    ("MAX([-m1, m2])", B, {-A, 0}, {None, 0}),
    ("MIN([m1, m2, 1])", B, {1, 0}, {1, 0, None}),
    ("FILL(m2, 7)", B, 7, 7),
    ("FILL(m2, 0.5)", B, B, B),
    ("FILL(m2, -1)", B, -1, -1),
    ("FILL(m2, m1)", B, A, None),
    (f"FILL(m2, {2**360})", B, 2**360, 2**360),
    ("m1 + FILL(m2, 0)", A + B, A, 0),
    ("FILL(m1 + m2, 9)", A + B, A, {9, 0}),
    ("+".join(["m1"] * 170), 170 * A, 170 * A, {None, 0}),
]


@pytest.mark.parametrize(("text", "both", "first_only", "none"), COMPUTED, ids=lambda value: str(value)[:40])
def test_what_an_expression_computes(text: str, both: Any, first_only: Any, none: Any) -> None:
    for period, expected in (((A, B), both), ((A, None), first_only), ((None, None), none)):
        assert computed(text, period) == (expected if isinstance(expected, set) else {expected})


def test_the_comparisons_of_the_user_guide() -> None:
    """metric1 is [30, 20, 0, 0] and metric2 is [20, -, 20, -]."""
    for text, values in (
        ("(m1 < m2)", [0, 0, 1, 0]),
        ("(m1 >= 30)", [1, 0, 0, 0]),
        ("(m1 > 15 AND m2 > 15)", [1, 0, 0, 0]),
    ):
        for expected, period in zip(values, [(30, 20), (20, None), (0, 20), (0, None)], strict=True):
            assert computed(text, period) == {expected}


def test_the_conditions_of_the_user_guide() -> None:
    """By metric1: [1, 1, 0, 0, -], and the values where it is true, and where it is false."""
    lines = {"a": None, "b": None, "c": None}
    given = [(1, 30, 0), (1, None, 0), (0, 0, 20), (0, None, None), (None, 30, 20)]
    for text, values in (
        ("IF(a, b, c)", [30, 0, 20, None, None]),
        ("IF(a, 5, c)", [5, 5, 20, None, None]),
        ("IF(a, b, 5)", [30, 0, 5, 5, None]),
    ):
        for expected, period in zip(values, given, strict=True):
            history = [{name: points(value) for name, value in zip(lines, period, strict=True)}]
            assert expression({**lines, "e": text}, "e").at(history) == points(expected)


@pytest.mark.parametrize(
    ("text", "m1", "expected"),
    [
        ("m1", (1, 5), {(1, 5)}),
        ("m1 + m1", (1, 5), {(2, 10)}),
        ("2 - m1", (1, 5), {(-3, 1)}),
        ("m1 * -2", (1, 5), {(-10, -2)}),
        ("m1 * m1", (-1, 5), {(-5, 25)}),
        ("100 / m1", (1, 5), {(20, 100)}),
        ("ABS(m1)", (-3, 1), {(0, 3)}),
        ("ABS(m1)", (-3, -1), {(1, 3)}),
        ("m1 > 1", (1, 5), {0, 1}),
        ("m1 > 0", (1, 5), {1}),
        ("m1 < 1", (1, 5), {0}),
        ("m1 <= 1", (1, 5), {0, 1}),
        ("m1 == 3", (1, 5), {0, 1}),
        ("m1 == 6", (1, 5), {0}),
        ("m1 == 0", (1, 5), {0}),
        ("m1 != 6", (1, 5), {1}),
        ("m1 != 5", (1, 5), {0, 1}),
        ("m1 AND m1 > 0", (0, 5), {0, 1}),
        ("m1 OR m1 >= 0", (0, 5), {1}),
        ("m1 AND m1 > -2", (-1, 5), {0, 1}),
        ("IF(m1 > 3, 9, m1)", (1, 5), {9, (1, 5)}),
        ("IF(m1, 9)", (0, 5), {9, None}),
        ("MAX([m1, 2])", (1, 5), {(2, 5)}),
        ("MIN([m1, 2])", (1, 5), {(1, 2)}),
        ("m1 + 1", [None, (1, 5), 7], {1, None, (2, 6), 8}),
        ("FILL(m1, 1)", [None, (1, 5), 7], {1, (1, 5), 7}),
    ],
)
def test_what_it_may_be_where_a_metric_is_not_known(text: str, m1: Any, expected: set[Any]) -> None:
    assert computed(text, (m1, 0)) == expected


def test_two_metrics_between_the_same_ends_are_perhaps_equal() -> None:
    assert computed("m1 == m2", ((1, 5), (1, 5))) == {0, 1}
    assert computed("m1 != m2", ((1, 5), (1, 5))) == {0, 1}


@pytest.mark.parametrize(
    ("text", "now", "before", "expected"),
    [
        ("RATE(m1)", 600, 300, {1}),
        ("RATE(m1)", 0, 300, {-1}),
        ("ABS(RATE(m1))", 0, 300, {1}),
        ("RATE(FILL(m1, 300))", None, 600, {-1}),
        ("RATE(m1)", (300, 900), (0, 600), {(-1, 3)}),
        ("SUM(RATE([m1, m1]))", 600, 300, {2}),
    ],
)
def test_a_rate_is_of_the_period_before(text: str, now: Any, before: Any, expected: set[Any]) -> None:
    assert computed(text, (now, 0), (before, 0)) == expected
    assert computed(text, (now, 0), (before, 0), (None, None)) == expected


def test_what_was_always_so_does_not_change() -> None:
    assert computed("RATE(m1)", (5, 0)) == {0}


@pytest.mark.parametrize(("now", "before"), [(None, 1), (1, None), ([1, None], 1)])
def test_the_rate_of_data_with_gaps_is_not_supported(now: Any, before: Any) -> None:
    with pytest.raises(NotWorkedOut, match=r"^RATE of data that may be missing$"):
        computed("RATE(m1)", (now, 0), (before, 0))


@pytest.mark.parametrize("divisor", [(0, 1), (-1, 1), (-1, 0)])
def test_a_division_by_what_may_be_zero_is_not_supported(divisor: Any) -> None:
    with pytest.raises(NotWorkedOut, match=r"^a division by what may be 0$"):
        computed("m1 / m2", (1, divisor))


def test_an_expression_of_too_many_values_is_not_supported() -> None:
    assert len(computed("m1 + m2", (list(range(MOST_VALUES)), 0))) == MOST_VALUES
    with pytest.raises(NotWorkedOut, match=r"^too many values that it may have$"):
        computed("m1 + m2", (list(range(MOST_VALUES + 1)), 0))


@pytest.mark.parametrize("operation", ["*", "/"])
def test_numbers_beyond_those_of_cloudwatch_are_not_supported(operation: str) -> None:
    assert computed(operation.join(["m1"] * 3), (2**360, 0))
    with pytest.raises(NotWorkedOut, match=r"^numbers that are too large$"):
        computed("1 * m2 " + operation + operation.join(["m1"] * 5), (2**360, 1))


def test_a_line_may_be_made_of_others() -> None:
    lines = {**METRICS, "filled": "FILL(m1, 0)", "both": "[m1, m2]", "e": "filled + filled + m2 + SUM(both)"}
    found = expression(lines, "e")
    assert found.at([{"m1": (None,), "m2": (Range.of(B),)}]) == (Range.of(2 * B),)
    assert expression(lines, "m2") == Metric("m2")


@pytest.mark.parametrize(
    ("text", "metrics"),
    [
        ("m1", {"m1"}),
        ("m1 + m2", {"m1", "m2"}),
        ("FILL(SUM([m2]), 0)", {"m2"}),
        ("FILL(m1, m2)", {"m1", "m2"}),
        ("SUM(METRICS())", {"m1", "m2"}),
        ("IF(m1 > 0, 1, m2)", {"m1", "m2"}),
        ("IF(m1 > 0, m2)", {"m1", "m2"}),
        ("ABS(RATE(m2))", {"m2"}),
    ],
)
def test_which_metrics_it_is_made_of(text: str, metrics: set[str]) -> None:
    assert metrics_of(expression({**METRICS, "e": text}, "e", PERIOD)) == metrics


NOT_SUPPORTED = [
    ("", "the end of an expression"),
    ("m3", "m3"),
    ("m1 +", "the end of an expression"),
    ("m1 m2", "m2"),
    ("1", "an expression that is not one time series"),
    ("METRICS()", "an expression that is not one time series"),
    ("[m1]", "an expression that is not one time series"),
    ("m1 ^ 2", "^ 2"),
    ("m1 % 2", "% 2"),
    ("m1 + 1 / 0", "a division by 0"),
    ("[]", "]"),
    ("m1 > 1 > 0", "a comparison beside another without parentheses"),
    ("m1 == m2 == m1", "a comparison beside another without parentheses"),
    ("m1 AND m2 OR m1", "AND or OR beside another without parentheses"),
    ("m1 || m2 && m1", "AND or OR beside another without parentheses"),
    ("NOT m1", "NOT"),
    ("m1 and m2", "and m2"),
    ("SUM([m1, m2] + METRICS())", "an operation on an array"),
    ("SUM([m1, m2] > 0)", "a comparison on an array"),
    ("SUM([m1] AND [m2])", "AND or OR on an array"),
    ("sum([m1])", "sum"),
    ("SUM(m1)", "SUM of one time series"),
    ("MAX(m1) - m1", "MAX of one time series"),
    ("SUM([m1], [m2])", "SUM of one time series"),
    ("SUM()", ")"),
    ("SUM(METRICS('x'))", "METRICS"),
    ("SUM(METRICS(m))", "m))"),
    ("ABS(m1, m2)", "ABS of other arguments"),
    ("FILL(m1)", "FILL of other arguments"),
    ("FILL(m1, [m2])", "FILL of other arguments"),
    ("FILL(m1, REPEAT)", "FILL with REPEAT"),
    ("FILL(m1, LINEAR)", "FILL with LINEAR"),
    ("ABS(m1, REPEAT)", "REPEAT"),
    ("FILL(m1, '0')", "'0')"),
    ("FILL(m1, True)", "T"),
    ("FILL(m1, 1e9)", "e9)"),
    (f"FILL(m1, {2**360 + 1})", f"{2**360 + 1}"[:40]),
    ("FILL(m1, 1" + "0" * 310 + ")", "1" + "0" * 39),
    ("FILL(m1, 1" + "0" * 5_000 + ")", "e, which is too long"),
    ("FILL(m1, value=0)", "value"),
    ("IF(m1 > 0)", "IF of other arguments"),
    ("IF(m1, 1, 2, 3)", "IF of other arguments"),
    ("IF(1 > 0, m1)", "IF of a number"),
    ("IF([m1], 1)", "IF of an array"),
    ("SUM([IF(m1, [m2])])", "IF of an array"),
    ("RATE(RATE(m1))", "RATE in RATE"),
    ("RATE(m1 + RATE(m1))", "RATE in RATE"),
    ("-" * 500 + "m1)", ")"),
    ("SUM([" * 73 + "m1" + "])" * 73, "an expression that is nested too deeply"),
    ("(" * 400 + "m1" + ")" * 400, "an expression that is nested too deeply"),
    ("m1 + " * 400 + "m1" + " * m1" * 1_000, "e, which is too long"),
    ("m1+" * 600 + "m1", None),
    ("m¹", "m"),
    ("\ud800", "\ud800"),
    ("LOG10(m1)", "LOG10"),
    ("DIFF(m1)", "DIFF"),
    ("ANOMALY_DETECTION_BAND(m1, 2)", "ANOMALY_DETECTION_BAND"),
    ("SELECT SUM(n) FROM SCHEMA(s)", "SELECT"),
    ("e", "e, which refers to itself"),
    ("m1 + e", "e, which refers to itself"),
    ("(m1", "the end of an expression"),
    ("SUM([m1)", ")"),
    ("m1)", ")"),
    ("\0", "\0"),
]


@pytest.mark.parametrize(("text", "part"), NOT_SUPPORTED, ids=lambda value: str(value)[:40])
def test_an_expression_that_is_not_supported_is_named(text: str, part: str | None) -> None:
    if part is None:
        expression({**METRICS, "e": text}, "e", PERIOD)
        return
    with pytest.raises(NotWorkedOut) as raised:
        expression({**METRICS, "e": text}, "e", PERIOD)
    assert str(raised.value) == part


def test_a_rate_needs_one_period() -> None:
    with pytest.raises(NotWorkedOut, match=r"^RATE of metrics with several periods$"):
        expression({**METRICS, "e": "RATE(m1)"}, "e", None)
    assert expression({**METRICS, "e": "RATE(m1) + RATE(m2)"}, "e", 60)


def test_a_rate_is_not_in_another_by_way_of_a_line() -> None:
    with pytest.raises(NotWorkedOut, match=r"^RATE in RATE$"):
        expression({**METRICS, "e1": "RATE(m1)", "e": "RATE(e1)"}, "e", 60)


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
    lines = {f"e{number}": f"e{number + 1} + e{number + 1}" for number in range(30)}
    with pytest.raises(NotWorkedOut, match=r"^lines that are too large$"):
        expression({**lines, "e30": None}, "e0")
    assert 2**8 < MOST_STEPS < 2**10  # so this many lines are looked at, and not 2 ** 30
    assert expression({**lines, "e8": None}, "e0").at([{"e8": points(A)}]) == points(2**8 * A)


def test_metrics_that_repeat_end_early() -> None:
    lines = {**{f"m{number}": None for number in range(20)}, "e": "+".join(["SUM(METRICS())"] * 34)}
    lines |= {f"e{number}": "e+e" for number in range(2)}
    assert metrics_of(expression({**lines, "f": "e"}, "f")) == {f"m{number}" for number in range(20)}
    with pytest.raises(NotWorkedOut):
        expression({**lines, "f": "e+e0"}, "f")


def test_lines_that_are_nested_too_deeply_are_not_supported() -> None:
    levels = DEEPEST // 2  # a line and its parentheses are two
    deep = {f"e{number}": f"ABS(e{number + 1})" for number in range(levels + 1)}
    lines = {**deep, f"e{levels + 1}": None}
    deepest = expression(lines, "e1")
    assert deepest.at([{f"e{levels + 1}": points(A)}]) == points(A)
    assert metrics_of(deepest) == {f"e{levels + 1}"}
    with pytest.raises(NotWorkedOut):
        expression(lines, "e0")
    sums = {f"e{number}": f"e{number + 1}" + "+m" * 40 for number in range(19)}
    found = expression({**sums, "e19": None, "m": None}, "e0").at([{"e19": points(A), "m": points(B)}])
    assert found == points(A + 19 * 40 * B)


@given(st.text(alphabet="m12+SUMFILETRCABX()[], 0.e-*/<>=&|"))
def test_no_text_makes_it_raise_anything_else(text: str) -> None:
    try:
        found = expression({**METRICS, "e": text}, "e", PERIOD)
        assert found.at([{"m1": points(1), "m2": points(None)}])
    except NotWorkedOut:
        return
    assert metrics_of(found) <= METRICS.keys()
