"""Which patterns match is what each pattern says of each event, however seldom it is asked."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blindspot.model.cloudtrail_calls import call, role
from blindspot.review import matching
from blindspot.review.matching import Matching
from filter_pattern import Event, Pattern, parse

LEFT, RIGHT = "arn:left", "arn:right"


def made(name: str = "ListBuckets", **fields: object) -> Event:
    return {**call("s3", name, role("scanner"), error="AccessDenied"), **fields}


def seen_by(found: Matching, event: Event, log_group: str = LEFT) -> int:
    return found.seen_by(event, json.dumps(event), log_group)


PATTERNS = [
    parse(text)
    for text in (
        '{ $.errorCode = "AccessDenied*" }',
        '{ $.eventName = "ListBuckets" && $.userIdentity.invokedBy NOT EXISTS }',
        "{ $.managementEvent IS TRUE }",
        "{ $.requestParameters IS NULL }",
        "{ $.n = 1 }",
        '{ $.n = "1" }',
        "{ $.n IS TRUE }",
        "{ $.n NOT EXISTS }",
        '{ $.resources[0].type = "a" }',
        '{ $.resources[*].type != "a" }',
        '{ $.userIdentity.* = "AssumedRole" }',
        "AccessDenied",
        "?ListBuckets ?x",
        "[a, b]",
        "",
    )
]  # fmt: skip


@st.composite
def varied(draw: st.DrawFn) -> Event:
    values: st.SearchStrategy[object] = st.sampled_from(
        ["1", 1, 1.0, True, False, 0, None, {}, [], "x" * 1001, "x" * 1000]
    )
    return made(
        draw(st.sampled_from(["ListBuckets", "x"])),
        errorCode=draw(st.sampled_from(["AccessDenied", "Other"])),
        requestParameters=draw(st.none() | st.just({})),
        resources=draw(st.lists(st.fixed_dictionaries({"type": st.sampled_from("ab")}), max_size=2)),
        **draw(st.fixed_dictionaries({}, optional={"n": values, "managementEvent": values, "userIdentity": values})),
    )


@given(
    st.lists(st.tuples(varied(), st.sampled_from([LEFT, RIGHT])), max_size=12),
    st.lists(st.tuples(st.sampled_from([None, LEFT, RIGHT]), st.sampled_from(PATTERNS)), max_size=6),
)
def test_the_patterns_of_the_log_group_that_match_are_told(
    events: list[tuple[Event, str]], watched: list[tuple[str | None, Pattern]]
) -> None:
    found = Matching(watched)
    for event, log_group in events:
        bits = [of in (None, log_group) and pattern.matches(json.dumps(event)) for of, pattern in watched]
        assert seen_by(found, event, log_group) == sum(1 << number for number, is_set in enumerate(bits) if is_set)


def test_events_with_the_same_fields_are_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    matches = Pattern.matches

    def counted(pattern: Pattern, event: Event | str) -> bool:
        asked.append(event)
        return matches(pattern, event)

    monkeypatch.setattr(Pattern, "matches", counted)
    found = Matching([(None, PATTERNS[0]), (LEFT, PATTERNS[1]), (None, parse("AccessDenied"))])
    assert [seen_by(found, made(eventID=str(number))) for number in range(5)] == [7] * 5
    assert [seen_by(found, made(eventID=str(number)), RIGHT) for number in range(5)] == [5] * 5
    assert len(asked) == 2 + 10
    assert len(found.kept) == 1


@pytest.mark.parametrize(
    ("value", "kept"),
    [("x" * 1000, 1), ("x" * 1001, 0), (True, 1), (None, 1), (1, 0), (1.5, 0), ({}, 0), ([], 0)],
)
def test_only_short_texts_and_constants_are_kept(value: object, kept: int) -> None:
    found = Matching([(None, PATTERNS[0])])
    seen_by(found, made(errorCode=value))
    assert len(found.kept) == kept


def test_answers_that_are_kept_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    assert matching.MOST_KEPT == 10_000
    monkeypatch.setattr(matching, "MOST_KEPT", 3)
    found = Matching([(None, parse('{ $.eventName = "*7" }'))])
    sizes = []
    for number in range(8):
        assert seen_by(found, made(f"call{number}")) == (number == 7)
        sizes.append(len(found.kept))
    assert sizes == [1, 2, 3, 1, 2, 3, 1, 2]
