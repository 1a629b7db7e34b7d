"""Whether a topic's or a key's policy lets CloudWatch in: cases in plain words, and laws for any policy."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blindspot.languages.resource_policy import allows
from blindspot.languages.three_valued import Truth
from tests.builders import ACCOUNT, HOME, a_policy, topic_arn

TRUE, FALSE, UNKNOWN = Truth

ELSEWHERE = "999999999999"
CLOUDWATCH = {"Service": "cloudwatch.amazonaws.com"}
ALARM = f"arn:aws:cloudwatch:{HOME}:{ACCOUNT}:alarm:calls: all"
ROLE = {"AWS": f"arn:aws:iam::{ACCOUNT}:role/Publisher"}
ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
KEY_USE = ["kms:Decrypt", "kms:GenerateDataKey*"]
CONTEXT = {
    "aws:SourceArn": ALARM,
    "aws:SourceAccount": ACCOUNT,
    "AWS:SourceOwner": ACCOUNT,
    "aws:SecureTransport": "true",
}


def statement(effect: str = "Allow", **bent: Any) -> dict[str, Any]:
    """CloudWatch may publish, unless bent; what is bent to None is left out."""
    parts = {"Effect": effect, "Principal": CLOUDWATCH, "Action": "sns:Publish", "Resource": topic_arn(), **bent}
    return {name: value for name, value in parts.items() if value is not None}


def everybody(**condition: Any) -> dict[str, Any]:
    return statement(Principal="*", Condition=condition)


def deny(**bent: Any) -> list[dict[str, Any]]:
    """CloudWatch may publish, but everybody is denied what is bent."""
    return [statement(), statement("Deny", **{"Principal": "*", **bent})]


def policy(statements: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def on_topic(text: str, context: dict[str, str] = CONTEXT) -> Truth:
    return allows(
        text, service="cloudwatch.amazonaws.com", actions=["SNS:Publish"], resource=topic_arn(), context=context
    )


def on_key(statements: Any) -> Truth:
    actions = ["kms:Decrypt", "kms:GenerateDataKey"]
    return allows(
        policy(statements), service="cloudwatch.amazonaws.com", actions=actions, resource="*", context=CONTEXT
    )


STATEMENTS: dict[str, tuple[Any, Truth]] = {
    "the service is named": (statement(), TRUE),
    "nothing is allowed": ([], FALSE),
    "any action": (statement(Action="*"), TRUE),
    "any action of SNS, in upper case": (statement(Action="SNS:*"), TRUE),
    "? is one character": (statement(Action="sns:Publis?"), TRUE),
    "another action": (statement(Action=["sns:Subscribe", "sns:GetTopicAttributes"]), FALSE),
    "all but another action": (statement(Action=None, NotAction="sns:Subscribe"), TRUE),
    "all but publishing": (statement(Action=None, NotAction="sns:Publish"), FALSE),
    "both an action and its opposite": (statement(NotAction="sns:Subscribe"), UNKNOWN),
    "neither": (statement(Action=None), UNKNOWN),
    "no action in the list": (statement(Action=[]), UNKNOWN),
    "an action that is no text": (statement(Action=["sns:Publish", 1]), UNKNOWN),
    "any resource": (statement(Resource="*"), TRUE),
    "any topic of the account": (statement(Resource=f"arn:aws:sns:*:{ACCOUNT}:*"), TRUE),
    "a resource is case-sensitive": (statement(Resource=topic_arn().upper()), FALSE),
    "brackets are no pattern": (statement(Resource=topic_arn()[:-1] + "[a-z]"), FALSE),
    "another topic": (statement(Resource=f"{topic_arn()}-2"), FALSE),
    "all but another topic": (statement(Resource=None, NotResource=f"{topic_arn()}-2"), TRUE),
    "a variable in the resource": (statement(Resource="arn:aws:sns:*:${aws:SourceAccount}:*"), UNKNOWN),
    "everybody": (statement(Principal="*"), TRUE),
    "every principal of AWS": (statement(Principal={"AWS": ["*"]}), TRUE),
    "several services": (statement(Principal={"Service": ["events.amazonaws.com", *CLOUDWATCH.values()]}), TRUE),
    "another service": (statement(Principal={"Service": "events.amazonaws.com"}), FALSE),
    "perhaps the same service in China": (statement(Principal={"Service": "cloudwatch.amazonaws.com.cn"}), UNKNOWN),
    "perhaps the same service, in another case": (
        statement(Principal={"Service": "CloudWatch.amazonaws.com"}),
        UNKNOWN,
    ),
    "a pattern of services, which is not allowed": (statement(Principal={"Service": "*"}), UNKNOWN),
    "the account: not documented": (statement(Principal=ROOT), UNKNOWN),
    "the account by its number": (statement(Principal={"AWS": ACCOUNT}), UNKNOWN),
    "another account": (statement(Principal={"AWS": [ELSEWHERE, f"arn:aws:iam::{ELSEWHERE}:root"]}), FALSE),
    "only one role may publish": (statement(Principal=ROLE), FALSE),
    "a role that was deleted": (statement(Principal={"AWS": "AROAEXAMPLEID1234567"}), FALSE),
    "a role or the service": (statement(Principal={**ROLE, **CLOUDWATCH}), TRUE),
    "a pattern of roles, which is not allowed": (statement(Principal={"AWS": "arn:aws:iam::*:role/x"}), UNKNOWN),
    "a pattern of accounts, which is not allowed": (statement(Principal={"AWS": "arn:aws:iam::*:root"}), UNKNOWN),
    "someone from outside": (statement(Principal={"Federated": "accounts.google.com", "CanonicalUser": "79a5"}), FALSE),
    "a principal of an unknown kind": (statement(Principal={"Robot": "x"}), UNKNOWN),
    "no kind of principal": (statement(Principal=["*"]), UNKNOWN),
    "allowed to all but a role": (statement(Principal=None, NotPrincipal=ROLE), TRUE),
    "denied to all but a role": (deny(Principal=None, NotPrincipal=ROLE), FALSE),
    "denied to all but the service": (deny(Principal=None, NotPrincipal=CLOUDWATCH), TRUE),
    "denied to all but the account": (deny(Principal=None, NotPrincipal=ROOT), UNKNOWN),
    "denied outright": (deny(), FALSE),
    "denied to a role": (deny(Principal=ROLE), TRUE),
    "denied another action": (deny(Action="sns:Subscribe"), TRUE),
    "denied without encryption in transit": (deny(Condition={"Bool": {"aws:SecureTransport": "false"}}), TRUE),
    "denied with it": (deny(Condition={"Bool": {"aws:SecureTransport": True}}), FALSE),
    "denied outside the organization": (deny(Condition={"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}), UNKNOWN),
    "perhaps denied, but never allowed": (deny(Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})[1], FALSE),
    "denied for an alarm of another account": (deny(Condition={"ArnNotLike": {"aws:SourceArn": ALARM}}), TRUE),
    "neither allowed nor denied": (statement("Permit"), UNKNOWN),
    "an unknown element": (statement(Obligation="x"), UNKNOWN),
    "an unknown element, beside a statement that allows": ([statement(), statement(Obligation="x")], UNKNOWN),
    "a statement that is none": (["x"], UNKNOWN),
}


@pytest.mark.parametrize(("statements", "expected"), STATEMENTS.values(), ids=STATEMENTS)
def test_statements(statements: Any, expected: Truth) -> None:
    assert on_topic(policy(statements)) is expected


OWN = f"arn:aws:cloudwatch:{HOME}:{ACCOUNT}:alarm:*"
CONDITIONS: dict[str, tuple[Any, Truth]] = {
    "no condition": ({}, TRUE),
    "its account": ({"StringEquals": {"aws:SourceAccount": ACCOUNT}}, TRUE),
    "a key's case does not count": ({"StringEquals": {"aws:sourceowner": ACCOUNT}}, TRUE),
    "another account": ({"StringEquals": {"aws:SourceAccount": ELSEWHERE}}, FALSE),
    "one of two accounts": ({"StringEquals": {"aws:SourceAccount": [ELSEWHERE, ACCOUNT]}}, TRUE),
    "its alarms": ({"ArnLike": {"aws:SourceArn": OWN}}, TRUE),
    "ArnEquals takes patterns as well": ({"ArnEquals": {"aws:SourceArn": OWN}}, TRUE),
    "StringEquals takes none": ({"StringEquals": {"aws:SourceArn": OWN}}, FALSE),
    "StringLike does": ({"StringLike": {"aws:SourceArn": "arn:aws:cloudwatch:*:alarm:*"}}, TRUE),
    "a part of an ARN has no colon": ({"ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:*:alarm:*"}}, FALSE),
    "too few parts, not documented": ({"ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:*"}}, UNKNOWN),
    "too few parts, of another service": ({"ArnLike": {"aws:SourceArn": "arn:aws:s3:*"}}, FALSE),
    "six parts, but no ARN": ({"ArnLike": {"aws:SourceAccount": "*:*:*:*:*:*"}}, FALSE),
    "no ARN": ({"ArnLike": {"aws:SourceAccount": ACCOUNT}}, UNKNOWN),
    "the alarms of another account": ({"ArnLike": {"aws:SourceArn": OWN.replace(ACCOUNT, ELSEWHERE)}}, FALSE),
    "another topic of the account": ({"ArnLike": {"aws:SourceArn": topic_arn()}}, FALSE),
    "not another account": ({"StringNotEquals": {"aws:SourceAccount": [ELSEWHERE]}}, TRUE),
    "none of two": ({"StringNotEquals": {"aws:SourceAccount": [ELSEWHERE, ACCOUNT]}}, FALSE),
    "not like another account": ({"StringNotLike": {"aws:SourceAccount": "9*"}}, TRUE),
    "not an alarm": ({"ArnNotEquals": {"aws:SourceArn": OWN}}, FALSE),
    "whatever the case": ({"StringEqualsIgnoreCase": {"aws:SourceArn": ALARM.upper()}}, TRUE),
    "not, whatever the case": ({"StringNotEqualsIgnoreCase": {"aws:SourceArn": ALARM.upper()}}, FALSE),
    "if it exists, and it does": ({"StringEqualsIfExists": {"aws:SourceAccount": ELSEWHERE}}, FALSE),
    "if it exists, which is not known": ({"StringEqualsIfExists": {"aws:SourceVpc": "vpc-1"}}, UNKNOWN),
    "encrypted": ({"Bool": {"aws:SecureTransport": "true"}}, TRUE),
    "encrypted, as JSON has it": ({"BoolIfExists": {"aws:SecureTransport": [True]}}, TRUE),
    "neither true nor false": ({"Bool": {"aws:SecureTransport": "yes"}}, UNKNOWN),
    "there is an account": ({"Null": {"aws:SourceAccount": "false"}}, TRUE),
    "there is none": ({"Null": {"aws:SourceAccount": True}}, FALSE),
    "whether there is one is not known": ({"Null": {"aws:PrincipalOrgID": "false"}}, UNKNOWN),
    "there is none if it exists: not documented": ({"NullIfExists": {"aws:SourceAccount": "false"}}, UNKNOWN),
    "a set of one": ({"ForAnyValue:StringEquals": {"aws:SourceAccount": ACCOUNT}}, TRUE),
    "all of a set of one": ({"ForAllValues:StringLike": {"aws:SourceAccount": "9*"}}, FALSE),
    "a set, negated": ({"ForAnyValue:StringNotEquals": {"aws:SourceAccount": ELSEWHERE}}, UNKNOWN),
    "the organization": ({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, UNKNOWN),
    "the organization, but the wrong account": (
        {"StringEquals": {"aws:PrincipalOrgID": "o-1", "aws:SourceAccount": ELSEWHERE}},
        FALSE,
    ),
    "an operator beyond": ({"NumericEquals": {"aws:SourceAccount": ACCOUNT}}, UNKNOWN),
    "an unknown operator": ({"NotBool": {"aws:SecureTransport": "false"}}, UNKNOWN),
    "a variable": ({"StringEquals": {"aws:SourceAccount": "${aws:PrincipalAccount}"}}, UNKNOWN),
    "a variable in an ARN": ({"ArnLike": {"aws:SourceArn": "arn:aws:x:*:${aws:PrincipalAccount}:*"}}, UNKNOWN),
    "a number": ({"StringEquals": {"aws:SourceAccount": int(ACCOUNT)}}, UNKNOWN),
    "no value": ({"StringEquals": {"aws:SourceAccount": []}}, UNKNOWN),
    "no key": ({"StringEquals": {}}, UNKNOWN),
    "no operator": ("x", UNKNOWN),
}


@pytest.mark.parametrize(("condition", "expected"), CONDITIONS.values(), ids=CONDITIONS)
def test_conditions(condition: Any, expected: Truth) -> None:
    assert on_topic(policy(statement(Principal="*", Condition=condition))) is expected


KEYS: dict[str, tuple[Any, Truth]] = {
    "CloudWatch may use it": (statement(Action=KEY_USE, Resource="*"), TRUE),
    "two statements add up": ([statement(Action=action, Resource="*") for action in KEY_USE], TRUE),
    "half of it": (statement(Action="kms:Decrypt", Resource="*"), FALSE),
    "the default policy: the account's IAM policies": (statement(Principal=ROOT, Action="kms:*", Resource="*"), FALSE),
    "the account by its number": (statement(Principal={"AWS": ACCOUNT}, Action="kms:*", Resource="*"), FALSE),
    "by an ARN, which may be this key's": (statement(Action=KEY_USE, Resource="arn:aws:kms:x:1:key/1"), UNKNOWN),
    "by way of SNS, say": (
        statement(Action=KEY_USE, Resource="*", Condition={"StringEquals": {"kms:ViaService": f"sns.{HOME}.x"}}),
        UNKNOWN,
    ),
}


@pytest.mark.parametrize(("statements", "expected"), KEYS.values(), ids=KEYS)
def test_key_policies(statements: Any, expected: Truth) -> None:
    assert on_key(statements) is expected


def test_the_policy_of_a_new_topic() -> None:
    assert on_topic(a_policy(topic_arn())) is TRUE
    assert on_topic(a_policy(topic_arn(), owner=ELSEWHERE)) is FALSE
    assert on_topic(a_policy(topic_arn()), context={}) is UNKNOWN


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "null",
        "[]",
        "{}",
        "NaN",
        "[" * 100_000,
        "1" * 5_000,
        '{"Statement": [], "Rules": []}',
        '{"Statement": [], "Statement": []}',
    ],
    ids=lambda text: text[:40],
)
def test_invalid_policies(text: str) -> None:
    assert on_topic(text) is UNKNOWN


def test_a_hostile_pattern_takes_no_time() -> None:
    long = {**CONTEXT, "aws:SourceArn": ALARM + "a" * 255}
    hostile = everybody(StringLike={"aws:SourceArn": "*a" * 1000 + "b"})
    assert on_topic(policy(hostile), context=long) is FALSE


principals = st.sampled_from(
    ["*", CLOUDWATCH, ROLE, ROOT, {"AWS": ["*"]}, {"Service": "events.amazonaws.com"}, {"AWS": ELSEWHERE}, "?"]
)
actions = st.sampled_from(["sns:Publish", "sns:*", "*", "sns:Get*", ["sns:Get*", "sns:Publish"]])
resources = st.sampled_from(["*", topic_arn(), "arn:aws:sns:x"])
conditions = st.sampled_from([condition for condition, _ in CONDITIONS.values() if isinstance(condition, dict)])


@st.composite
def statements(draw: st.DrawFn) -> dict[str, Any]:
    parts = {"Principal": principals, "Action": actions, "Resource": resources}
    return {
        "Effect": draw(st.sampled_from(["Allow", "Deny"])),
        **{draw(st.sampled_from(["", "", "Not"])) + name: draw(values) for name, values in parts.items()},
        "Condition": draw(st.just({}) | conditions),
    }


policies = st.lists(statements(), max_size=4)
leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
anything: st.SearchStrategy[Any] = st.deferred(
    lambda: leaves | st.lists(anything, max_size=3) | st.dictionaries(st.text(max_size=5), anything, max_size=3)
)


@given(policies)
def test_denying_all_overrides_every_allow(found: list[dict[str, Any]]) -> None:
    nobody = {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}
    assert on_topic(policy([*found, nobody])) is FALSE


@given(policies, st.data())
def test_a_further_unknown_condition_allows_no_more(found: list[dict[str, Any]], data: st.DataObject) -> None:
    unknown = {"DateLessThan": {"aws:CurrentTime": "2030-01-01"}}
    bent = [{**one, "Condition": one["Condition"] | data.draw(st.sampled_from([{}, unknown]))} for one in found]
    assert on_topic(policy(found)) is TRUE or on_topic(policy(bent)) is not TRUE


def listed(parts: dict[str, Any]) -> dict[str, Any]:
    return {name: value if isinstance(value, list) else [value] for name, value in parts.items()}


def wrapped(one: dict[str, Any]) -> dict[str, Any]:
    """The statement with lists wherever one may stand."""
    within = {name: listed(value) for name, value in one.items() if "Principal" in name and isinstance(value, dict)}
    patterns = listed({name: value for name, value in one.items() if name.endswith(("Action", "Resource"))})
    condition = {operator: listed(keys) for operator, keys in one["Condition"].items()}
    return {**one, **within, **patterns, "Condition": condition}


@given(policies)
def test_a_list_of_one_is_equivalent(found: list[dict[str, Any]]) -> None:
    assert on_topic(policy([wrapped(one) for one in found])) is on_topic(policy(found))
    assert all(on_topic(policy(one)) is on_topic(policy([one])) for one in found)


@given(policies.flatmap(lambda found: st.tuples(st.just(found), st.permutations(found))))
def test_order_does_not_matter(both: tuple[list[dict[str, Any]], list[dict[str, Any]]]) -> None:
    assert on_topic(policy(both[0])) is on_topic(policy(both[1]))


@given(policies)
def test_the_case_of_actions_does_not_matter(found: list[dict[str, Any]]) -> None:
    def loud(value: Any) -> Any:
        return [text.upper() for text in value] if isinstance(value, list) else value.upper()

    bent = [{name: loud(value) if "Action" in name else value for name, value in one.items()} for one in found]
    assert on_topic(policy(bent)) is on_topic(policy(found))


@given(st.text() | anything.map(json.dumps))
def test_no_text_makes_it_raise(text: str) -> None:
    assert on_topic(text) is UNKNOWN


@given(st.dictionaries(st.sampled_from(list(statement(Condition={}))), anything | st.just("Allow")))
def test_no_statement_makes_it_raise(found: dict[str, Any]) -> None:
    assert on_topic(policy([found])) is not TRUE
