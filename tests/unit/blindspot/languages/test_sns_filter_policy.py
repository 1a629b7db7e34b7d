"""Whether a subscription's filter policy lets an alarm's message through: cases in plain words, and laws."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blindspot.languages.sns_filter_policy import ANY_VALUE, alarm_body, passes
from blindspot.languages.three_valued import Truth
from tests.builders import ACCOUNT, HOME

TRUE, FALSE, UNKNOWN = Truth

NAME = "unauthorized-calls"
BODY = alarm_body(
    account=ACCOUNT,
    alarm_name=NAME,
    alarm_arn=f"arn:aws:cloudwatch:{HOME}:{ACCOUNT}:alarm:{NAME}",
)


def by_body(policy: Any, body: dict[str, object] = BODY) -> Truth:
    return passes(json.dumps(policy), scope="MessageBody", body=body)


def by_attributes(policy: Any) -> Truth:
    return passes(json.dumps(policy), scope="MessageAttributes", body=BODY)


BODIES: dict[str, tuple[Any, Truth]] = {
    "nothing is filtered": ({}, TRUE),
    "alarms that go to ALARM": ({"NewStateValue": ["ALARM"]}, TRUE),
    "alarms in either state": ({"NewStateValue": ["OK", "ALARM"]}, TRUE),
    "alarms that return to OK": ({"NewStateValue": ["OK"]}, FALSE),
    "case matters": ({"NewStateValue": ["alarm"]}, FALSE),
    "unless the operator ignores case": ({"NewStateValue": [{"equals-ignore-case": "Alarm"}]}, TRUE),
    "this account, by text": ({"AWSAccountId": [ACCOUNT]}, TRUE),
    "this account, as a number: not documented": ({"AWSAccountId": [int(ACCOUNT)]}, UNKNOWN),
    "text is neither true nor null": ({"NewStateValue": [True, None]}, FALSE),
    "names with this prefix": ({"AlarmName": [{"prefix": "unauthorized"}]}, TRUE),
    "names with another prefix": ({"AlarmName": [{"prefix": "billing"}]}, FALSE),
    "names with this suffix": ({"AlarmName": [{"suffix": "-calls"}]}, TRUE),
    "any name but others": ({"AlarmName": [{"anything-but": ["billing", "root"]}]}, TRUE),
    "any name but this one": ({"AlarmName": [{"anything-but": NAME}]}, FALSE),
    "any name but those with this prefix": ({"AlarmName": [{"anything-but": {"prefix": "unauth"}}]}, FALSE),
    "any name but those with another suffix": ({"AlarmName": [{"anything-but": {"suffix": "x"}}]}, TRUE),
    "any but numbers": ({"AlarmName": [{"anything-but": [1]}]}, UNKNOWN),
    "any but an operator that is not supported": ({"AlarmName": [{"anything-but": {"wildcard": "*"}}]}, UNKNOWN),
    "both must hold": ({"NewStateValue": ["ALARM"], "AlarmName": ["billing"]}, FALSE),
    "both do": ({"NewStateValue": ["ALARM"], "AlarmName": [NAME]}, TRUE),
    "the name is there": ({"AlarmName": [{"exists": True}]}, TRUE),
    "the name is not": ({"AlarmName": [{"exists": False}]}, FALSE),
    "exists with a text": ({"AlarmName": [{"exists": "yes"}]}, UNKNOWN),
    "the region has a long name": ({"Region": ["EU (Ireland)"]}, UNKNOWN),
    "whether there are tags is not known": ({"AlarmTags": {"team": ["security"]}}, UNKNOWN),
    "nor whether there is a description": ({"AlarmDescription": [{"exists": True}]}, UNKNOWN),
    "the state before is not known, but the name is another": ({"OldStateValue": ["OK"], "AlarmName": ["x"]}, FALSE),
    "how the state before begins": ({"OldStateValue": [{"prefix": "O"}]}, UNKNOWN),
    "within the trigger": ({"Trigger": {"Namespace": ["CIS"]}}, UNKNOWN),
    "a message of another kind": ({"eventType": ["order"]}, FALSE),
    "of another kind, deeper down": ({"detail": {"type": [{"prefix": "order"}]}}, FALSE),
    "of another kind, or null": ({"eventType": [None, 1, {"numeric": [">", 1]}]}, FALSE),
    "not of another kind: the field may be added later": ({"eventType": [{"exists": False}]}, UNKNOWN),
    "the same, deeper down": ({"detail": {"type": [{"exists": False}]}}, UNKNOWN),
    "a name is not an object": ({"AlarmName": {"first": ["x"]}}, UNKNOWN),
    "a pattern, which SNS does not document": ({"AlarmName": [{"wildcard": "*"}]}, UNKNOWN),
    "numbers": ({"AlarmName": [{"numeric": ["=", 1]}]}, UNKNOWN),
    "addresses": ({"AlarmName": [{"cidr": "10.0.0.0/8"}]}, UNKNOWN),
    "an unknown operator, on a field that is missing": ({"eventType": [{"sounds-like": "x"}]}, UNKNOWN),
    "two operators in one": ({"AlarmName": [{"prefix": "u", "suffix": "s"}]}, UNKNOWN),
    "a list in a list": ({"AlarmName": [[NAME]]}, UNKNOWN),
    "not a list": ({"AlarmName": NAME}, UNKNOWN),
    "an empty list": ({"AlarmName": []}, UNKNOWN),
    "an empty object": ({"Trigger": {}}, UNKNOWN),
    "one of two policies": ({"$or": [{"AlarmName": ["x"]}, {"NewStateValue": ["ALARM"]}]}, TRUE),
    "neither": ({"$or": [{"AlarmName": ["x"]}, {"NewStateValue": ["OK"]}]}, FALSE),
    "neither, perhaps": ({"$or": [{"AlarmName": ["x"]}, {"OldStateValue": ["OK"]}]}, UNKNOWN),
    "one of two, and a field": ({"$or": [{"AlarmName": [NAME]}, {"x": ["y"]}], "NewStateValue": ["OK"]}, FALSE),
    "a field that is called $or": ({"$or": [{"AlarmName": [NAME]}]}, UNKNOWN),
    "a field that is called $or, with operators": ({"$or": [{"prefix": "x"}, {"prefix": "y"}]}, UNKNOWN),
}


@pytest.mark.parametrize(("policy", "expected"), BODIES.values(), ids=BODIES)
def test_body(policy: Any, expected: Truth) -> None:
    assert by_body(policy) is expected


def test_what_else_a_body_may_hold() -> None:
    body: dict[str, object] = {"Trigger": {"Namespace": "CIS", "Period": 300, "Threshold": ANY_VALUE}, "Empty": ""}
    assert by_body({"Trigger": {"Namespace": ["CIS"]}}, body) is TRUE
    assert by_body({"Trigger": {"Namespace": ["x"], "Threshold": [1]}}, body) is FALSE
    assert by_body({"Trigger": {"Period": [300]}}, body) is UNKNOWN
    assert by_body({"Trigger": {"Period": [{"prefix": "3"}]}}, body) is UNKNOWN
    assert by_body({"Empty": [{"exists": True}]}, body) is UNKNOWN


ATTRIBUTES: dict[str, tuple[Any, Truth]] = {
    "nothing is filtered": ({}, TRUE),
    "an attribute with a value": ({"store": ["fans"]}, FALSE),
    "the fields of the body do not matter": ({"NewStateValue": ["ALARM"]}, FALSE),
    "anything but needs the attribute": ({"store": [{"anything-but": ["fans"]}]}, FALSE),
    "null is not missing": ({"store": [None]}, FALSE),
    "an attribute that is there": ({"store": [{"exists": True}]}, FALSE),
    "one that is not, but there must be others": ({"store": [{"exists": False}]}, FALSE),
    "an unknown operator": ({"store": [{"sounds-like": "fans"}]}, UNKNOWN),
    "that does not matter": ({"store": [{"sounds-like": "fans"}], "price": [1]}, FALSE),
    "one of two": ({"$or": [{"store": ["fans"]}, {"price": [{"numeric": ["=", 1]}]}]}, FALSE),
}


@pytest.mark.parametrize(("policy", "expected"), ATTRIBUTES.values(), ids=ATTRIBUTES)
def test_attributes(policy: Any, expected: Truth) -> None:
    assert by_attributes(policy) is expected


def test_another_scope() -> None:
    assert passes("{}", scope="MessageSubject", body=BODY) is UNKNOWN


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
def test_invalid_policies(text: str, scope: str) -> None:
    assert passes(text, scope=scope, body=BODY) is UNKNOWN


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
def test_a_further_key_accepts_no_more(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert by_body(one) is TRUE or by_body({**other, **one}) is not TRUE


@given(policies, fields, values)
def test_a_further_value_rejects_no_more(policy: dict[str, Any], name: str, value: Any) -> None:
    wider = {**policy, name: [*policy[name], value]} if name in policy else policy
    assert by_body(policy) is not TRUE or by_body(wider) is TRUE


@given(policies, policies)
def test_or_is_or(one: dict[str, Any], other: dict[str, Any]) -> None:
    either = {by_body(one), by_body(other)}
    expected = TRUE if TRUE in either else UNKNOWN if UNKNOWN in either else FALSE
    assert not one or not other or by_body({"$or": [one, other]}) is expected


@given(policies, st.randoms(use_true_random=False))
def test_order_does_not_matter(policy: dict[str, Any], random: Any) -> None:
    names = sorted(policy, key=lambda _: random.random())
    bent = {name: sorted(policy[name], key=lambda _: random.random()) for name in names}
    assert by_body(bent) is by_body(policy)


@given(policies, st.sampled_from(sorted(BODY)))
def test_knowing_less_decides_no_more(policy: dict[str, Any], name: str) -> None:
    assert by_body(policy, {**BODY, name: ANY_VALUE}) in (by_body(policy), UNKNOWN)


@given(policies)
def test_a_message_without_attributes_never_passes(policy: dict[str, Any]) -> None:
    assert not policy or by_attributes(policy) is not TRUE


@given(st.text() | anything.map(json.dumps), scopes)
def test_no_text_makes_it_raise(text: str, scope: str) -> None:
    assert passes(text, scope=scope, body=BODY) in Truth
