"""Whatever the text is, only PatternSyntaxError is raised, and nothing takes long."""

import contextlib
import sys
import threading
import tracemalloc
from functools import partial
from itertools import islice, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blindspot.model import cloudtrail_events
from filter_pattern import (
    ANYTHING,
    BUDGET,
    And,
    Atom,
    Equals,
    Found,
    Not,
    Or,
    PatternSyntaxError,
    Predicate,
    Records,
    Undecided,
    find,
    parse,
    unseen,
    why_not,
)
from filter_pattern.conditions import OBSERVED
from filter_pattern.find import decide
from filter_pattern.steps import Steps
from tests.cases.hostile import HOSTILE
from tests.counting import calls_of
from tests.unit.filter_pattern.strategies import RECORDS as SMALL

REAL = (
    '{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }',
    "{ $.a[0].b != %^x[a-z]{2,3}$% && $.c >= 1.5 || $.d NOT EXISTS }",
    '?AccessDenied -Root "not found"',
    "[..., status = 4* || status = 500, bytes > 1000]",
)
REQUIRED = parse(REAL[0])
RECORDS = cloudtrail_events.records(account="123456789012", region="eu-west-1")

MANY = 5_000_000
"""Calls: about two seconds of work."""

mutated = st.builds(
    lambda text, at, drop, add: text[: at % len(text)] + add + text[at % len(text) + drop :],
    st.sampled_from(REAL),
    st.integers(0, 200),
    st.integers(0, 5),
    st.text(alphabet="{}()[]$.=!<>&|\"*%?-, \\'abc019\x00é", max_size=4),
)


@given(st.one_of(mutated, st.text(), st.binary().map(lambda raw: raw.decode("latin-1"))))
def test_any_text_is_parsed_or_rejected_and_decided_or_not(text: str) -> None:
    with contextlib.suppress(PatternSyntaxError):
        pattern = parse(text)
        pattern.matches("AccessDenied 12")
        pattern.matches('{"errorCode": "AccessDenied", "a": [{"b": "xab"}]}')
        assert parse(str(pattern)) == pattern
        unseen(REQUIRED, [pattern], RECORDS)


@pytest.mark.parametrize("name", HOSTILE)
def test_steps_count_the_work_of_a_hostile_pattern(name: str) -> None:
    """So a limit of steps is one of work, too. Some thousand calls come before the first step."""
    pattern = parse(HOSTILE[name])
    for wanted in (pattern, Not(pattern), And(REQUIRED, Not(pattern)), And(pattern, Not(REQUIRED))):
        for records in (RECORDS, Records({})):
            steps = Steps(30_000)
            calls = calls_of(partial(decide, wanted, records, steps))
            assert calls < 4 * min(steps.taken, 30_000) + 15_000


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_pattern_stays_small(name: str) -> None:
    pattern = parse(HOSTILE[name])
    for wanted in (And(REQUIRED, Not(pattern)), And(pattern, Not(REQUIRED))):
        tracemalloc.start()
        decide(wanted, RECORDS, Steps(BUDGET // 4))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 25_000_000


def test_whatever_is_nested_leaves_room_on_the_call_stack() -> None:
    """Lambda's own calls, and the handler's, are below ours: half of Python's thousand are enough for the deepest."""

    def read() -> None:
        for text in HOSTILE.values():
            pattern = parse(text)
            assert pattern == parse(text)
            assert hash(pattern)
            str(pattern)
            why_not(pattern, RECORDS.samples[0])
            for wanted in (And(REQUIRED, Not(pattern)), And(pattern, Not(REQUIRED))):
                decide(wanted, RECORDS, Steps(20_000))

    failed: list[BaseException] = []
    before, hook = sys.getrecursionlimit(), threading.excepthook
    sys.setrecursionlimit(550)
    threading.excepthook = lambda raised: failed.append(raised.exc_value or SystemExit())
    try:
        thread = threading.Thread(target=read)
        thread.start()
        thread.join()
    finally:
        threading.excepthook = hook
        sys.setrecursionlimit(before)
    assert failed == []


def test_as_many_words_as_filters_can_have_are_not_nested_in_calls() -> None:
    """Each is a choice of its own."""
    words = ("".join(letters) for letters in product("QZXVqzxvkj", repeat=3))
    patterns = [parse(" ".join(f"-{word}" for word in islice(words, 200))) for _ in range(3)]
    assert isinstance(
        find(And(*patterns, parse("-AccessDenied")), Records({}, samples=({"a": "AccessDenied"},))), Undecided
    )
    fields = [parse("{" + "&&".join(f"$.{letter}{n}!=x" for n in range(80)) + "}") for letter in "abcdefghijklm"]
    answer = find(And(*fields), Records({}), budget=6_000_000)
    assert isinstance(answer, Found)
    assert len(answer.event) == 80 * 13


@pytest.mark.parametrize(
    "text",
    [
        "{ $.a = %.{300}Q% }",
        "{ $.a = %a.{300}b% && $.a = 5 }",
        "{ $.a = %a.{20}b% && $.a != %b.{20}a% }",
        "{ $.errorCode = %UnauthorizedOperation$|^AccessDenied|a.{100}Q% }",
        "{ $.a[999999999] = x }",
        "{ $.resources[999999999] NOT EXISTS }",
        "{ $.a > " + "9" * 300 + " && $.a < 1.5 }",
    ],
)
def test_what_reviewers_found_to_be_slow_or_large_ends_soon(text: str) -> None:
    pattern = parse(text)
    assert calls_of(lambda: (find(pattern, RECORDS), unseen(REQUIRED, [pattern], RECORDS))) < MANY


@pytest.mark.parametrize("message", ["x" * 200_000, "[" * 100_000, '{"a":' * 50_000, "a" * 5000 + "!"])
def test_a_hostile_message_ends_soon(message: str) -> None:
    for text in (*REAL, "%(a+)+$%".replace("(", "").replace(")", ""), "%[a-z]*[a-z]*[a-z]*x$%"):
        with contextlib.suppress(PatternSyntaxError):
            assert calls_of(partial(parse(text).matches, message)) < 40 * len(message)


def field(name: str, value: str) -> Atom:
    return Atom((name,), Equals(value))


PREDICATES: dict[str, Predicate] = {
    "a hundred alternatives": Or(*(field("a", f"{'v' * (i % 7)}alue{i}") for i in range(100))),
    "twenty wildcards on one field": And(*(field("a", f"*{chr(97 + i)}*") for i in range(20))),
    "twenty wildcards, none": Not(Or(*(field("a", f"*{chr(97 + i)}*") for i in range(20)), field("a", "*"))),
    "twenty fields": And(*(Or(field(f"f{i}", "x"), field(f"f{i + 1}", "y")) for i in range(20))),
    "a parity over fields": And(
        *(Or(And(field(f"f{i}", "x"), Not(field(f"f{i + 1}", "x"))), field(f"g{i}", "y")) for i in range(30))
    ),
    "one long value": field("a", "*" + "ab" * 500),
}


@pytest.mark.parametrize("name", PREDICATES)
def test_hostile_predicates_end_soon(name: str) -> None:
    predicate = PREDICATES[name]

    def decide() -> None:
        for records in (SMALL, Records({}), Records({("a",): ANYTHING})):
            answer = find(predicate, records)
            assert not isinstance(answer, Found) or predicate.matches(answer.event, OBSERVED)

    assert calls_of(decide) < 15_000_000
