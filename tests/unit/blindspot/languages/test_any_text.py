"""Every language reads any text as long as AWS allows: it answers, or raises its own error and no other."""

import json
import sys
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blindspot.languages import (
    alarm_rule,
    metric_math,
    resource_policy,
    selection_criteria,
    sns_filter_policy,
    strict_json,
)
from blindspot.languages.three_valued import Truth

ALARM = "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:a"


def a_rule(text: str) -> object:
    evaluated = alarm_rule.evaluate(text, in_alarm=[ALARM], may_be_in_alarm=[])
    return (evaluated, alarm_rule.evaluate_in_cases(text, 1, lambda name: (1, 0)), alarm_rule.named(text))


def criteria(text: str) -> object:
    return selection_criteria.selects(text, {"@aws.region": "eu-west-1"})


def math(text: str) -> object:
    lines = {"m": None, **{f"e{number}": text for number in range(5)}, "e5": "m"}
    try:
        computed = metric_math.expression(lines, "e0")
    except metric_math.NotWorkedOut:
        return None
    try:
        found = computed.at([dict.fromkeys(metric_math.metrics_of(computed), (None, metric_math.ONE))])
    except metric_math.NotWorkedOut:
        found = ()
    return found, hash(computed), repr(computed)


def a_policy(text: str) -> object:
    return resource_policy.allows(
        text,
        service="cloudwatch.amazonaws.com",
        actions=["SNS:Publish"],
        resource=ALARM,
        context={"aws:SourceArn": ALARM},
    )


def a_filter_policy(text: str) -> object:
    body = sns_filter_policy.alarm_body(account="111122223333", alarm_name="a", alarm_arn=ALARM)
    return [sns_filter_policy.passes(text, scope=scope, body=body) for scope in ("MessageAttributes", "MessageBody")]


def some_json(text: str) -> object:
    try:
        return strict_json.loads(text)
    except ValueError:
        return None


READERS: dict[Callable[[str], object], tuple[int, str]] = {
    # its reader: the largest number of characters in AWS, and pieces of what is valid
    a_rule: (10_240, 'ALARM( a ) NOT AND OR TRUE ( ) " OK(a) AT_LEAST( ,'),
    criteria: (2_000, '@aws.region = "eu-west-1" \' IN [ ] NOT AND ( ) != , .'),
    math: (
        2_048,
        "m e1 e2 e3 e4 e5 + SUM([ ]) FILL( , 0 9999999999 ) METRICS() - . e9 * / IF( RATE( ABS( MAX([ AND || > == ' \\",
    ),
    a_policy: (30_720, '{ } [ ] "Statement": "Effect":"Allow" "Principal":"*" "Action":"*" , : * ? "${ 1 null \\ "'),
    a_filter_policy: (256_000, '{ } [ ] "$or": "AlarmName": {"anything-but": "exists":true , : 1e9 "a" NaN \\ "'),
    some_json: (256_000, '{ } [ ] "a": , : " \\ \\u d800 -Infinity 1e999 0 null'),
}


def texts(longest: int, pieces: str) -> st.SearchStrategy[str]:
    """Texts of these pieces and others, some of them repeated as often as there is room."""
    piece = st.sampled_from(pieces.split(" ")) | st.characters() | st.just(" ")
    words = st.lists(piece, max_size=6).map("".join)
    repeated = st.tuples(words, st.sampled_from([1, 1, 2, 40, longest])).map(lambda part: (part[0] * part[1])[:longest])
    return st.lists(repeated, max_size=4).map(lambda parts: "".join(parts)[:longest])


@pytest.mark.parametrize("read", READERS, ids=lambda read: read.__name__)
@settings(max_examples=60)
@given(st.data())
def test_any_text_has_an_answer(read: Callable[[str], object], data: st.DataObject) -> None:
    read(data.draw(texts(*READERS[read])))


@pytest.mark.parametrize("read", READERS, ids=lambda read: read.__name__)
def test_the_longest_texts_of_one_kind_have_an_answer(read: Callable[[str], object]) -> None:
    longest, pieces = READERS[read]
    words = [*pieces.split(" "), " ", "\ud800", "\0", "a", "9"]
    for text in words:
        read((text * longest)[:longest])
    for text in (one + other for one in words for other in words):
        read((text * longest)[: min(longest, 10_240)])


@pytest.mark.parametrize("read", READERS, ids=lambda read: read.__name__)
def test_no_text_chooses_the_depth(read: Callable[[str], object]) -> None:
    """What is nested is read on a stack with room for 300 calls more."""
    longest, _ = READERS[read]
    depth, limit = 0, sys.getrecursionlimit()
    frame = sys._getframe()  # noqa: SLF001 (there is no other way to know the depth)
    while frame := frame.f_back:  # type: ignore[assignment]
        depth += 1
    sys.setrecursionlimit(depth + 300)
    try:
        for opening, closing in (("(", ")"), ("NOT (", ")"), ("NOT ", ""), ("SUM([", "])"), ("[", "]"), ('{"a":', "}")):
            levels = longest // len(opening + closing) - 1
            read(opening * levels + ("m" if read is math else "ALARM(a)" if read is a_rule else "1") + closing * levels)
    finally:
        sys.setrecursionlimit(limit)


def test_policies_as_deep_as_they_can_be_are_read() -> None:
    policy: object = ["x"]
    for _ in range(strict_json.DEEPEST - 1):
        policy = {"a": policy}
    assert a_filter_policy(json.dumps(policy)) == [Truth.FALSE, Truth.FALSE]
    assert a_filter_policy(json.dumps({"a": policy})) == [Truth.UNKNOWN, Truth.UNKNOWN]
