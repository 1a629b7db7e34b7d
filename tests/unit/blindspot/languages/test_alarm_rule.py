"""Rules of composite alarms: what one comes to, and which alarms it names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blindspot.languages.alarm_rule import (
    Named,
    Resting,
    evaluate,
    evaluate_in_cases,
    named,
    names_of,
    not_understood,
)
from blindspot.languages.three_valued import Truth

TRUE, FALSE, UNKNOWN = Truth


def arn(name: str) -> str:
    return f"arn:aws:cloudwatch:eu-west-1:111122223333:alarm:{name}"


A, B = arn("a"), arn("b")

RULES = [
    # rule, where a is in ALARM and b may be, where none is
    ("ALARM(a)", TRUE, FALSE),
    ("ALARM( a )", TRUE, FALSE),
    ('ALARM ("a")', TRUE, FALSE),
    (f"ALARM({A})", TRUE, FALSE),
    (f'ALARM("{A}")', TRUE, FALSE),
    ("OK(a)", FALSE, UNKNOWN),
    ("INSUFFICIENT_DATA(a)", FALSE, UNKNOWN),
    ("ALARM(b)", UNKNOWN, FALSE),
    ("OK(b)", UNKNOWN, UNKNOWN),
    ("INSUFFICIENT_DATA(b)", UNKNOWN, UNKNOWN),
    ("ALARM(c)", FALSE, FALSE),
    ("OK(c)", UNKNOWN, UNKNOWN),
    ("NOT ALARM(a)", FALSE, TRUE),
    ("NOT OK(a)", TRUE, UNKNOWN),
    ("ALARM(a) AND ALARM(b)", UNKNOWN, FALSE),
    ("ALARM(a) OR ALARM(b)", TRUE, FALSE),
    ("ALARM(a) AND NOT ALARM(c)", TRUE, FALSE),
    ("ALARM(a) AND (OK(c) OR NOT ALARM(c))", TRUE, FALSE),
    ("ALARM(a) or TRUE", TRUE, TRUE),
    ("ALARM(a) and FALSE", FALSE, FALSE),
    ("alarm(a)", UNKNOWN, UNKNOWN),
    ("ALARM()", UNKNOWN, UNKNOWN),
    ("ALARM(a", UNKNOWN, UNKNOWN),
    ("ALARM(a) ALARM(b)", UNKNOWN, UNKNOWN),
    ("AT_LEAST(1, ALARM, (a, b))", TRUE, FALSE),
    ("AT_LEAST(2, ALARM, (a, b))", UNKNOWN, FALSE),
    ("AT_LEAST(2, ALARM, (a, c))", FALSE, FALSE),
    ("AT_LEAST(3, ALARM, (a, b))", FALSE, FALSE),
    ("AT_LEAST(1, NOT ALARM, (a, b))", UNKNOWN, TRUE),
    ("AT_LEAST(2, NOT ALARM, (a, b))", FALSE, TRUE),
    ("AT_LEAST(1, OK, (a, c))", UNKNOWN, UNKNOWN),
    ("AT_LEAST(2, OK, (a, c))", FALSE, UNKNOWN),
    ("AT_LEAST(1, NOT OK, (a, c))", TRUE, UNKNOWN),
    ("AT_LEAST(2, NOT INSUFFICIENT_DATA, (a, c))", UNKNOWN, UNKNOWN),
    ("AT_LEAST(50%, ALARM, (a, c))", TRUE, FALSE),
    ("AT_LEAST(34%, ALARM, (a, c, d))", FALSE, FALSE),
    ("AT_LEAST(33%, ALARM, (a, c, d))", TRUE, FALSE),
    ("AT_LEAST(100 %, ALARM, (a))", TRUE, FALSE),
    ("AT_LEAST(101%, ALARM, (a))", FALSE, FALSE),
    (f'AT_LEAST (\n1, ALARM, ( "{A}" ,"b, c" ) )', TRUE, FALSE),
    ("ALARM(c) OR NOT AT_LEAST(1, NOT ALARM, (a))", TRUE, FALSE),
    ("AT_LEAST(0, ALARM, (a))", UNKNOWN, UNKNOWN),
    ("AT_LEAST(0%, ALARM, (a))", UNKNOWN, UNKNOWN),
    ("AT_LEAST(1.5, ALARM, (a))", UNKNOWN, UNKNOWN),
    ("AT_LEAST(-1, ALARM, (a))", UNKNOWN, UNKNOWN),
    ('AT_LEAST("50%", ALARM, (a))', UNKNOWN, UNKNOWN),
    ("AT_LEAST(1, ALARM, ())", UNKNOWN, UNKNOWN),
    ("AT_LEAST(1, ALARM, (a,))", UNKNOWN, UNKNOWN),
    ("AT_LEAST(1, ALARM, (a,,b))", UNKNOWN, UNKNOWN),
    ("AT_LEAST(1, ALARM, (a b))", UNKNOWN, UNKNOWN),
    ("AT_LEAST(1, ALARM, (a, a))", UNKNOWN, UNKNOWN),
    (f"AT_LEAST(1, ALARM, (a, {A}))", UNKNOWN, UNKNOWN),
    ("AT_LEAST(1, ALARM, a, b)", UNKNOWN, UNKNOWN),
    ("AT_LEAST(1, NOTOK, (a))", UNKNOWN, UNKNOWN),
    ("AT_LEAST(1, ALARM(a), (a))", UNKNOWN, UNKNOWN),
    ("at_least(1, ALARM, (a))", UNKNOWN, UNKNOWN),
    ("AT_LEAST(" + "9" * 10 + ", ALARM, (a))", UNKNOWN, UNKNOWN),
    ("AT_LEAST(1, ALARM, (" + " " * 10_000 + "))", UNKNOWN, UNKNOWN),
    ("free text", UNKNOWN, UNKNOWN),
    ("", UNKNOWN, UNKNOWN),
    ("(" * 5_000 + "ALARM(a)" + ")" * 5_000, TRUE, FALSE),
    ("ALARM( a b\n)", FALSE, FALSE),
    ("ALARM( )", UNKNOWN, UNKNOWN),
    ("ALARM(" + " " * 10_233 + ")", UNKNOWN, UNKNOWN),
]


@pytest.mark.parametrize(("rule", "in_alarm", "otherwise"), RULES, ids=lambda value: str(value)[:60])
def test_the_value_of_a_rule(rule: str, in_alarm: Truth, otherwise: Truth) -> None:
    assert evaluate(rule, in_alarm=[A], may_be_in_alarm=[B]) is in_alarm
    assert evaluate(rule, in_alarm=[], may_be_in_alarm=[]) is otherwise


def test_an_alarm_that_is_certainly_in_alarm_is_not_unknown() -> None:
    assert evaluate("ALARM(a)", in_alarm=[A], may_be_in_alarm=[A]) is TRUE


@pytest.mark.parametrize("name", ["calls: all", "a (b)", "trail/x", "ALARM", "a AND b", "alarm:x", "a, b"])
def test_names_with_operators_need_quotes(name: str) -> None:
    rule = f'ALARM("{name}") AND NOT ALARM(other)'
    assert evaluate(rule, in_alarm=[arn(name)], may_be_in_alarm=[]) is TRUE
    assert named(rule) == Named(frozenset({name, "other"}), all_of_them=True)


@pytest.mark.parametrize(
    ("rule", "alarms"),
    [
        ("ALARM(a)", {"a"}),
        (f'NOT ALARM("{A}")', {A}),
        ("ALARM(b) AND OK(a)", {"a", "b"}),
        ("FALSE AND INSUFFICIENT_DATA(a)", {"a"}),
        ("ALARM(ab)", {"ab"}),
        ("TRUE", set()),
        ("AT_LEAST(2, ALARM, (a, b))", {"a", "b"}),
        (f'AT_LEAST(50%, NOT OK, ("{A}", b)) OR OK(c)', {A, "b", "c"}),
        ("AT_LEAST(0, ALARM, (a, b))", None),
        ("ALARM(a) AND", None),
        ("", None),
        ("NOT " * 2_500 + "ALARM(a)", {"a"}),
    ],
)
def test_which_alarms_a_rule_names(rule: str, alarms: set[str] | None) -> None:
    found = named(rule)
    assert found.all_of_them is (alarms is not None)
    assert alarms is None or found.alarms == alarms


def test_a_quote_in_a_name_is_escaped() -> None:
    for rule in (r'ALARM("say \"x\"")', r'AT_LEAST(1, ALARM, ("say \"x\"", b))'):
        assert evaluate(rule, in_alarm=[arn('say "x"')], may_be_in_alarm=[]) is TRUE
    for rule in (r'ALARM("a\\b")', r'ALARM("a\b")', r"ALARM(a\b)", r'ALARM("a\")'):
        assert evaluate(rule, in_alarm=[], may_be_in_alarm=[]) is UNKNOWN


@pytest.mark.parametrize(
    ("rule", "part"),
    [
        ("ALARM(a)", None),
        ("AT_LEAST(1, ALARM, (a, b))", None),
        ("ALARM(a) AND MOST(a, b)", "MOST(a, b)"),
        ("ALARM(a) OR AT_LEAST(0%, ALARM, (a)) OR ALARM(b)", "AT_LEAST(0%, ALARM, (a))"),
        ("AT_LEAST(1, ALARM, (a, a))", "AT_LEAST(1, ALARM, (a, a))"),
        ("AT_LEAST(1, ALARM, (" + ", ".join(["a"] * 50) + "))", "AT_LEAST(1, ALARM, (a, a, a, a, a, a, a,"),
        ("AT_LEAST(0, ALARM, (" + ", ".join("bcdefghijklmn") + "))", "AT_LEAST(0, ALARM, (b, c, d, e, f, g, h,"),
        (r'ALARM("a\\b")', r"a\\b"),
        (r'ALARM("' + "a" * 50 + r'\\b")', "a" * 40),
        ("ALARM(a) AND", "the end of the text"),
        ("(ALARM(a)", "( without )"),
        ("x" * 50, "x" * 40),
    ],
)
def test_which_part_of_a_rule_is_not_understood(rule: str, part: str | None) -> None:
    assert not_understood(rule) == part


@pytest.mark.parametrize(
    ("rule", "ok", "no_data"),
    [
        ("OK(a)", FALSE, FALSE),
        ("OK(b)", UNKNOWN, FALSE),
        ("INSUFFICIENT_DATA(b)", FALSE, UNKNOWN),
        ("OK(c)", TRUE, FALSE),
        ("INSUFFICIENT_DATA(c)", FALSE, TRUE),
        ("ALARM(c)", FALSE, FALSE),
        ("AT_LEAST(2, OK, (a, b, c))", UNKNOWN, FALSE),
        ("AT_LEAST(1, NOT OK, (c))", FALSE, TRUE),
    ],
)
def test_where_it_is_known_how_an_alarm_rests(rule: str, ok: Truth, no_data: Truth) -> None:
    """a is in ALARM and b may be."""
    states = {"a": (1, 0), "b": (0, 1), "c": (0, 0)}
    for resting, expected in ((Resting.OK, ok), (Resting.INSUFFICIENT_DATA, no_data)):
        assert evaluate_in_cases(rule, 1, states.__getitem__, resting).in_case(0) is expected


def test_an_alarm_is_named_by_its_arn_or_its_name() -> None:
    assert names_of(A) == (A, "a")
    assert names_of(arn("a:b")) == (arn("a:b"), "a:b")


states = st.sampled_from(["ALARM", "OK", "INSUFFICIENT_DATA"])
atoms = st.builds("{}({})".format, states, st.sampled_from("abc")) | st.builds(
    "AT_LEAST({}, {}{}, (a, b, c))".format,
    st.sampled_from([1, 2, 3, 4, "1%", "34%", "67%", "100%"]),
    st.sampled_from(["", "NOT "]),
    states,
)
rules = st.recursive(
    atoms,
    lambda parts: (
        st.builds("NOT ({})".format, parts)
        | st.builds("({} {} {})".format, parts, st.sampled_from(["AND", "OR"]), parts)
    ),
    max_leaves=6,
)
some_alarms = st.sets(st.sampled_from([A, B, arn("c")]))


@given(rules, some_alarms, some_alarms, some_alarms)
def test_a_certain_answer_holds_for_every_state_of_the_other_alarms(
    rule: str, in_alarm: set[str], doubtful: set[str], turned_out: set[str]
) -> None:
    before = evaluate(rule, in_alarm=in_alarm, may_be_in_alarm=doubtful)
    after = evaluate(rule, in_alarm=in_alarm | (doubtful & turned_out), may_be_in_alarm=[])
    assert before in (UNKNOWN, after)


@given(st.text(alphabet='ALRMOK()"ab NDT'))
def test_no_text_makes_it_raise(rule: str) -> None:
    assert evaluate(rule, in_alarm=[A], may_be_in_alarm=[B]) in Truth
    assert evaluate_in_cases(rule, 1, lambda name: (1, 0)).true in (0, 1)
    assert all(name in rule for name in named(rule).alarms)


@given(rules, st.lists(st.tuples(st.sets(st.sampled_from("abc")), st.sets(st.sampled_from("abc"))), max_size=3))
def test_in_many_cases_at_once_as_in_each(rule: str, cases: list[tuple[set[str], set[str]]]) -> None:
    """In each case some alarms are in ALARM, and some may be."""

    def numbers(*which: bool) -> int:
        return sum(1 << number for number, chosen in enumerate(which) if chosen)

    def states(name: str) -> tuple[int, int]:
        return numbers(*(name in sure for sure, _ in cases)), numbers(*(name in possible for _, possible in cases))

    apart = [evaluate(rule, in_alarm=sure, may_be_in_alarm=possible) for sure, possible in cases]
    found = evaluate_in_cases(rule, (1 << len(cases)) - 1, states)
    assert found.true == numbers(*(answer is TRUE for answer in apart))
    assert found.false == numbers(*(answer is FALSE for answer in apart))
