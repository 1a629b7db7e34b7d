"""The proofs of one run: one limit, a stop, and what is kept."""

from collections import deque
from collections.abc import Callable
from itertools import count, repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filter_pattern import (
    And,
    Atom,
    Empty,
    Equals,
    Found,
    Not,
    Pattern,
    PatternSyntaxError,
    Predicate,
    Proofs,
    Records,
    Undecided,
    find,
    implies,
    parse,
    proofs,
    unseen,
)
from filter_pattern.find import decide
from filter_pattern.steps import PAUSE, OverLimit, Steps
from tests.unit.filter_pattern.strategies import EVENTS, RECORDS, patterns

ANYWHERE = Records({})


def field(name: str, value: str, negated: bool = False) -> Atom:
    return Atom((name,), Equals(value, negated))


def intricate(letters: str = "abcdefghijklmnopqrst") -> Predicate:
    """What takes a million steps and is not decided."""
    return And(*(field("a", f"*{letter}*") for letter in letters), field("a", f"*{letters[0]}*", negated=True))


def after(times: int) -> Callable[[], bool]:
    """Says stop when it was asked that often."""
    asked = count()
    return lambda: next(asked) >= times


@pytest.fixture
def decided(monkeypatch: pytest.MonkeyPatch) -> list[Predicate]:
    """What was decided, and not only looked up."""
    asked: list[Predicate] = []

    def noted(predicate: Predicate, records: Records, steps: Steps) -> object:
        asked.append(predicate)
        return decide(predicate, records, steps)

    monkeypatch.setattr(proofs, "decide", noted)
    return asked


@given(patterns(), patterns())
def test_the_answers_are_those_of_find(one: Predicate, other: Predicate) -> None:
    run = Proofs()
    for _ in range(2):
        assert run.find(one, RECORDS) == find(one, RECORDS)
        assert run.unseen(one, [other], RECORDS) == unseen(one, [other], RECORDS)
        assert run.implies(one, other, RECORDS) is implies(one, other, RECORDS)
        assert run.matched(one, EVENTS[:50]) == tuple(event for event in EVENTS[:50] if one.matches(event))


def test_equal_questions_are_decided_once(decided: list[Predicate]) -> None:
    run = Proofs()
    for _ in range(3):
        assert isinstance(run.find(parse('{ $.a = "x" }'), Records({})), Found)
        assert isinstance(run.find(parse("{ $.a = x }"), Records({}, where=field("b", "y"))), Found)
        assert run.unseen(field("a", "x"), [field("a", "x*")], Records({})) == Empty()
        assert run.implies(field("a", "x"), field("a", "x*"), Records({}))
    assert len(decided) == 3


def test_equal_patterns_are_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []

    def noted(text: str) -> Pattern:
        parsed.append(text)
        return parse(text)

    monkeypatch.setattr(proofs, "parse", noted)
    run = Proofs()
    for _ in range(2):
        assert run.parse("{ $.a = x }").text == "{ $.a = x }"
        with pytest.raises(PatternSyntaxError, match="must begin with a field"):
            run.parse("{ x }")
    assert parsed == ["{ $.a = x }", "{ x }"]


def test_what_is_kept_does_not_grow(monkeypatch: pytest.MonkeyPatch, decided: list[Predicate]) -> None:
    monkeypatch.setattr(proofs, "MOST", 10)
    run = Proofs()
    for number in range(100):
        run.find(field("a", str(number)), ANYWHERE)
        run.parse(f"{{ $.a = {number} }}")
    assert len(run._answers) == len(run._patterns) == 10  # noqa: SLF001 (nothing else shows it)
    run.find(field("a", "99"), ANYWHERE)
    assert len(decided) == 100
    run.find(field("a", "0"), ANYWHERE)
    assert len(decided) == 101


def test_a_question_that_took_too_many_steps_is_asked_again_only_with_more(decided: list[Predicate]) -> None:
    run = Proofs()
    for budget, times in ((1000, 1), (1000, 1), (500, 1), (2000, 2), (1500, 2)):
        answer = run.find(intricate(), ANYWHERE, budget)
        assert isinstance(answer, Undecided)
        assert "too complex" in answer.reason
        assert len(decided) == times


def test_all_decisions_share_the_steps() -> None:
    run = Proofs(steps=5000)
    assert isinstance(run.find(field("a", "x"), ANYWHERE), Found)
    assert run.over is None
    assert run.find(intricate("abcdefghijklmnopqrst"), ANYWHERE) == proofs.OUT_OF_STEPS or run.over is None
    for letters in ("bcdefghijklmnopqrstu", "cdefghijklmnopqrstuv", "defghijklmnopqrstuvw"):
        run.find(intricate(letters), ANYWHERE)
    for number in range(1000):
        run.find(field("b", str(number)), ANYWHERE)
    assert run.over == proofs.OUT_OF_STEPS
    assert run.find(field("a", "y"), ANYWHERE) == proofs.OUT_OF_STEPS
    assert not run.implies(field("a", "y"), field("a", "y"), ANYWHERE)
    assert run.matched(field("a", "y"), EVENTS) == proofs.OUT_OF_STEPS
    assert isinstance(run.find(field("a", "x"), ANYWHERE), Found), "what was decided stays decided"
    assert run.parse("{ $.a = x }")


def test_testing_events_takes_steps_too() -> None:
    run = Proofs(steps=100)
    assert run.matched(And(*(field("a", str(number)) for number in range(10))), EVENTS[:20]) == ()
    assert run.over == proofs.OUT_OF_STEPS


def test_a_decision_that_was_cut_short_by_the_others_is_not_kept(decided: list[Predicate]) -> None:
    run = Proofs(steps=50)
    assert run.find(intricate(), ANYWHERE) == proofs.OUT_OF_STEPS
    assert run.find(intricate(), ANYWHERE) == proofs.OUT_OF_STEPS
    assert run._answers == {}  # noqa: SLF001 (nothing else shows it)
    assert len(decided) == 1


def test_a_stop_ends_the_decision_and_all_that_follow(decided: list[Predicate]) -> None:
    run = Proofs(stop=after(3))
    assert run.find(intricate(), ANYWHERE) == proofs.OUT_OF_TIME
    assert run.over == proofs.OUT_OF_TIME
    assert run.find(field("a", "x"), ANYWHERE) == proofs.OUT_OF_TIME
    assert len(decided) == 1
    assert run._answers == {}  # noqa: SLF001 (nothing else shows it)
    again = Proofs()
    assert isinstance(again.find(field("a", "x"), ANYWHERE), Found)


def test_a_stop_that_came_while_nothing_was_decided_is_noticed_before_the_next_question() -> None:
    run = Proofs(stop=after(1))
    assert isinstance(run.find(field("a", "x"), ANYWHERE), Found)
    assert isinstance(run.find(field("a", "x"), ANYWHERE), Found)
    assert run.find(field("a", "y"), ANYWHERE) == proofs.OUT_OF_TIME
    assert run.find(field("a", "z"), ANYWHERE) == proofs.OUT_OF_TIME, "a clock that is set back changes nothing"


@given(patterns(), st.integers(0, 500), st.integers(0, 3))
def test_a_run_cut_short_gives_the_same_answers_or_none(predicate: Predicate, steps: int, stopped: int) -> None:
    for run in (Proofs(steps=steps), Proofs(stop=after(stopped))):
        for question in (predicate, Not(predicate)):
            answer = run.find(question, RECORDS)
            if isinstance(answer, Undecided):
                assert answer.too_large
            else:
                assert isinstance(answer, type(find(question, RECORDS)))


def test_steps_are_counted_up_to_the_limit() -> None:
    steps = Steps(10)
    steps.spend(4)
    steps.spend(6)
    assert (steps.taken, steps.left, steps.stopped) == (10, 0, False)
    with pytest.raises(OverLimit):
        steps.spend(1)
    assert not steps.stopped


def test_the_stop_is_asked_every_few_thousand_steps() -> None:
    asked: list[int] = []

    def stop() -> bool:
        asked.append(steps.taken)
        return len(asked) == 3

    steps = Steps(10 * PAUSE, stop)
    with pytest.raises(OverLimit):
        deque(map(steps.spend, repeat(1)))
    assert asked == [PAUSE + 1, 2 * (PAUSE + 1), 3 * (PAUSE + 1)]
    assert steps.stopped


def test_the_limit_holds_between_two_questions_to_stop() -> None:
    steps = Steps(PAUSE + 10, lambda: False)
    steps.spend(PAUSE + 1)
    with pytest.raises(OverLimit):
        steps.spend(10)
    assert not steps.stopped


def test_the_last_decision_stays_within_the_limit_of_the_run() -> None:
    proofs = Proofs(steps=2_000)
    assert isinstance(proofs.find(intricate(), ANYWHERE), Undecided)
    assert proofs.left > -2_000
