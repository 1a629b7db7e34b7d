"""Rules of composite alarms: what one comes to, and which alarms it names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blindspot.languages.alarm_rule import Named, evaluate, evaluate_in_cases, named, names_of
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
        ("AT_LEAST(2, ALARM, (a, b))", None),
        ("ALARM(a) AND", None),
        ("", None),
        ("NOT " * 2_500 + "ALARM(a)", {"a"}),
    ],
)
def test_which_alarms_a_rule_names(rule: str, alarms: set[str] | None) -> None:
    found = named(rule)
    assert found.all_of_them is (alarms is not None)
    assert alarms is None or found.alarms == alarms


def test_an_alarm_is_named_by_its_arn_or_its_name() -> None:
    assert names_of(A) == (A, "a")
    assert names_of(arn("a:b")) == (arn("a:b"), "a:b")


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
