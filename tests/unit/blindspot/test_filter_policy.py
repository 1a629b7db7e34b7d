"""Whether a subscription's filter policy lets an alarm's message through: cases in plain words, and laws."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blindspot.languages.sns_filter_policy import UNKNOWN, alarm_body, passes
from tests.builders import ACCOUNT, HOME

NAME = "unauthorized-calls"
BODY = alarm_body(
    account=ACCOUNT,
    alarm_name=NAME,
    alarm_arn=f"arn:aws:cloudwatch:{HOME}:{ACCOUNT}:alarm:{NAME}",
)


def by_body(policy: Any, body: dict[str, object] = BODY) -> bool | None:
    return passes(json.dumps(policy), scope="MessageBody", body=body)


def by_attributes(policy: Any) -> bool | None:
    return passes(json.dumps(policy), scope="MessageAttributes", body=BODY)


BODIES: dict[str, tuple[Any, bool | None]] = {
    "nothing is filtered": ({}, True),
    "alarms that ring": ({"NewStateValue": ["ALARM"]}, True),
    "alarms that ring or not": ({"NewStateValue": ["OK", "ALARM"]}, True),
    "alarms at rest": ({"NewStateValue": ["OK"]}, False),
    "case counts": ({"NewStateValue": ["alarm"]}, False),
    "unless it does not": ({"NewStateValue": [{"equals-ignore-case": "Alarm"}]}, True),
    "this account, by text": ({"AWSAccountId": [ACCOUNT]}, True),
    "this account, as a number: not documented": ({"AWSAccountId": [int(ACCOUNT)]}, None),
    "text is neither true nor null": ({"NewStateValue": [True, None]}, False),
    "names that begin so": ({"AlarmName": [{"prefix": "unauthorized"}]}, True),
    "names that begin otherwise": ({"AlarmName": [{"prefix": "billing"}]}, False),
    "names that end so": ({"AlarmName": [{"suffix": "-calls"}]}, True),
    "any name but others": ({"AlarmName": [{"anything-but": ["billing", "root"]}]}, True),
    "any name but this one": ({"AlarmName": [{"anything-but": NAME}]}, False),
    "any name but those that begin so": ({"AlarmName": [{"anything-but": {"prefix": "unauth"}}]}, False),
    "any name but those that end otherwise": ({"AlarmName": [{"anything-but": {"suffix": "x"}}]}, True),
    "any but numbers": ({"AlarmName": [{"anything-but": [1]}]}, None),
    "any but something beyond": ({"AlarmName": [{"anything-but": {"wildcard": "*"}}]}, None),
    "both must hold": ({"NewStateValue": ["ALARM"], "AlarmName": ["billing"]}, False),
    "both do": ({"NewStateValue": ["ALARM"], "AlarmName": [NAME]}, True),
    "the name is there": ({"AlarmName": [{"exists": True}]}, True),
    "the name is not": ({"AlarmName": [{"exists": False}]}, False),
    "exists, but how": ({"AlarmName": [{"exists": "yes"}]}, None),
    "the region has a long name": ({"Region": ["EU (Ireland)"]}, None),
    "whether there are tags is not known": ({"AlarmTags": {"team": ["security"]}}, None),
    "nor whether there is a description": ({"AlarmDescription": [{"exists": True}]}, None),
    "the state before is not known, but the name is another": ({"OldStateValue": ["OK"], "AlarmName": ["x"]}, False),
    "how the state before begins": ({"OldStateValue": [{"prefix": "O"}]}, None),
    "within the trigger": ({"Trigger": {"Namespace": ["CIS"]}}, None),
    "a message of another kind": ({"eventType": ["order"]}, False),
    "of another kind, deeper down": ({"detail": {"type": [{"prefix": "order"}]}}, False),
    "of another kind, or null": ({"eventType": [None, 1, {"numeric": [">", 1]}]}, False),
    "not of another kind: the field may be added some day": ({"eventType": [{"exists": False}]}, None),
    "the same, deeper down": ({"detail": {"type": [{"exists": False}]}}, None),
    "a name is no object": ({"AlarmName": {"first": ["x"]}}, None),
    "a pattern, which SNS does not document": ({"AlarmName": [{"wildcard": "*"}]}, None),
    "numbers": ({"AlarmName": [{"numeric": ["=", 1]}]}, None),
    "addresses": ({"AlarmName": [{"cidr": "10.0.0.0/8"}]}, None),
    "an operator unheard of, on a field that is missing": ({"eventType": [{"sounds-like": "x"}]}, None),
    "two operators in one": ({"AlarmName": [{"prefix": "u", "suffix": "s"}]}, None),
    "a list in a list": ({"AlarmName": [[NAME]]}, None),
    "no list": ({"AlarmName": NAME}, None),
    "an empty list": ({"AlarmName": []}, None),
    "an empty object": ({"Trigger": {}}, None),
    "one of two policies": ({"$or": [{"AlarmName": ["x"]}, {"NewStateValue": ["ALARM"]}]}, True),
    "neither": ({"$or": [{"AlarmName": ["x"]}, {"NewStateValue": ["OK"]}]}, False),
    "neither, perhaps": ({"$or": [{"AlarmName": ["x"]}, {"OldStateValue": ["OK"]}]}, None),
    "one of two, and a field": ({"$or": [{"AlarmName": [NAME]}, {"x": ["y"]}], "NewStateValue": ["OK"]}, False),
    "a field that is called $or": ({"$or": [{"AlarmName": [NAME]}]}, None),
    "a field that is called $or, with operators": ({"$or": [{"prefix": "x"}, {"prefix": "y"}]}, None),
}


@pytest.mark.parametrize(("policy", "expected"), BODIES.values(), ids=BODIES)
def test_body(policy: Any, expected: bool | None) -> None:
    assert by_body(policy) is expected


def test_what_else_a_body_may_hold() -> None:
    body: dict[str, object] = {"Trigger": {"Namespace": "CIS", "Period": 300, "Threshold": UNKNOWN}, "Empty": ""}
    assert by_body({"Trigger": {"Namespace": ["CIS"]}}, body) is True
    assert by_body({"Trigger": {"Namespace": ["x"], "Threshold": [1]}}, body) is False
    assert by_body({"Trigger": {"Period": [300]}}, body) is None
    assert by_body({"Trigger": {"Period": [{"prefix": "3"}]}}, body) is None
    assert by_body({"Empty": [{"exists": True}]}, body) is None


ATTRIBUTES: dict[str, tuple[Any, bool | None]] = {
    "nothing is filtered": ({}, True),
    "an attribute with a value": ({"store": ["fans"]}, False),
    "the fields of the body do not count": ({"NewStateValue": ["ALARM"]}, False),
    "anything but needs the attribute": ({"store": [{"anything-but": ["fans"]}]}, False),
    "null is not missing": ({"store": [None]}, False),
    "an attribute that is there": ({"store": [{"exists": True}]}, False),
    "one that is not, but there must be others": ({"store": [{"exists": False}]}, False),
    "an operator unheard of": ({"store": [{"sounds-like": "fans"}]}, None),
    "that does not matter": ({"store": [{"sounds-like": "fans"}], "price": [1]}, False),
    "one of two": ({"$or": [{"store": ["fans"]}, {"price": [{"numeric": ["=", 1]}]}]}, False),
}


@pytest.mark.parametrize(("policy", "expected"), ATTRIBUTES.values(), ids=ATTRIBUTES)
def test_attributes(policy: Any, expected: bool | None) -> None:
    assert by_attributes(policy) is expected


def test_another_scope() -> None:
    assert passes("{}", scope="MessageSubject", body=BODY) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "null",
        "[]",
        '"ALARM"',
        "1" * 5_000,
        "[" * 100_000,
        '{"a":' * 900 + "1" + "}" * 900,
        '{"a": [1], "a": [2]}',
    ],
    ids=lambda text: text[:20],
)
@pytest.mark.parametrize("scope", ["MessageBody", "MessageAttributes"])
def test_no_policy(text: str, scope: str) -> None:
    assert passes(text, scope=scope, body=BODY) is None


fields = st.sampled_from(["AlarmName", "NewStateValue", "OldStateValue", "Trigger", "eventType", "$or"])
values = st.sampled_from(["ALARM", "OK", NAME, None, True, 1]) | st.builds(
    lambda name, value: {name: value},
    st.sampled_from(["prefix", "suffix", "exists", "anything-but", "numeric", "sounds-like"]),
    st.sampled_from(["A", NAME, True, False, 1, [NAME], {"prefix": "A"}]),
)
conditions = st.lists(values, min_size=1, max_size=3)
policies = st.dictionaries(fields, conditions, max_size=3)
names = fields | st.text(max_size=5)
anything: st.SearchStrategy[Any] = st.deferred(
    lambda: names | values | st.floats() | st.lists(anything, max_size=3) | st.dictionaries(names, anything, max_size=3)
)
scopes = st.sampled_from(["MessageBody", "MessageAttributes", "x"])


@given(policies, policies)
def test_a_further_key_opens_nothing(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert by_body(one) is True or by_body({**other, **one}) is not True


@given(policies, fields, values)
def test_a_further_value_shuts_nothing(policy: dict[str, Any], name: str, value: Any) -> None:
    wider = {**policy, name: [*policy[name], value]} if name in policy else policy
    assert by_body(policy) is not True or by_body(wider) is True


@given(policies, policies)
def test_or_is_or(one: dict[str, Any], other: dict[str, Any]) -> None:
    either = {by_body(one), by_body(other)}
    expected = True if True in either else None if None in either else False
    assert not one or not other or by_body({"$or": [one, other]}) is expected


@given(policies, st.randoms(use_true_random=False))
def test_order_does_not_count(policy: dict[str, Any], random: Any) -> None:
    names = sorted(policy, key=lambda _: random.random())
    bent = {name: sorted(policy[name], key=lambda _: random.random()) for name in names}
    assert by_body(bent) is by_body(policy)


@given(policies, st.sampled_from(sorted(BODY)))
def test_to_know_less_settles_nothing(policy: dict[str, Any], name: str) -> None:
    assert by_body(policy, {**BODY, name: UNKNOWN}) in (by_body(policy), None)


@given(policies)
def test_no_attribute_opens_nothing(policy: dict[str, Any]) -> None:
    assert not policy or by_attributes(policy) is not True


@given(st.text() | anything.map(json.dumps), scopes)
def test_no_text_makes_it_raise(text: str, scope: str) -> None:
    assert passes(text, scope=scope, body=BODY) in (True, False, None)
