"""Rules of composite alarms: what one comes to, and which alarms it names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blindspot.languages.alarm_rule import evaluate, refers_to
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
    ("AT_LEAST(1, ALARM, (a, b))", UNKNOWN, UNKNOWN),
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


@pytest.mark.parametrize("name", ["calls: all", "a (b)", "trail/x", "ALARM", "a AND b", "alarm:x"])
def test_names_with_operators_need_quotes(name: str) -> None:
    rule = f'ALARM("{name}") AND NOT ALARM(other)'
    assert evaluate(rule, in_alarm=[arn(name)], may_be_in_alarm=[]) is TRUE
    assert refers_to(rule, [arn(name)]) is TRUE


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("ALARM(a)", TRUE),
        (f'NOT ALARM("{A}")', TRUE),
        ("ALARM(b) AND OK(a)", TRUE),
        ("FALSE AND INSUFFICIENT_DATA(a)", TRUE),
        ("ALARM(ab)", FALSE),
        ("ALARM(b)", FALSE),
        (f"ALARM({A.replace('eu-west-1', 'us-east-1')})", FALSE),
        ("TRUE", FALSE),
        ("AT_LEAST(2, ALARM, (a, b))", UNKNOWN),
        (f'AT_LEAST(2, ALARM, ("{A}", b))', UNKNOWN),
        ("AT_LEAST(2, OK, (b, c))", FALSE),
        ("ALARM(a) AND", UNKNOWN),
        ("", FALSE),
        ("NOT " * 2_500 + "ALARM(a)", TRUE),
        ("NOT " * 2_500 + "ALARM(b)", FALSE),
    ],
    ids=lambda value: str(value)[:60],
)
def test_which_alarms_a_rule_names(rule: str, expected: Truth) -> None:
    assert refers_to(rule, [A]) is expected


def test_one_of_several_is_enough() -> None:
    assert refers_to("ALARM(b)", [A, B]) is TRUE
    assert refers_to("ALARM(b)", []) is FALSE


states = st.sampled_from(["ALARM", "OK", "INSUFFICIENT_DATA"])
atoms = st.builds("{}({})".format, states, st.sampled_from("abc"))
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
    assert refers_to(rule, [A, B]) in Truth
