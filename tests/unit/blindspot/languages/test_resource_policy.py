"""Whether a topic's or a key's policy lets CloudWatch in: cases in plain words, and laws for any policy."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blindspot.languages.resource_policy import Answer, allows
from blindspot.languages.three_valued import Truth
from tests.builders import ACCOUNT, HOME, a_policy, topic_arn

TRUE, FALSE, UNKNOWN = Truth

ELSEWHERE = "999999999999"
CLOUDWATCH = {"Service": "cloudwatch.amazonaws.com"}
ALARM = f"arn:aws:cloudwatch:{HOME}:{ACCOUNT}:alarm:calls: all"
ROLE = {"AWS": f"arn:aws:iam::{ACCOUNT}:role/Publisher"}
ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
KEY_USE = ["kms:Decrypt", "kms:GenerateDataKey*"]
VIA_SNS = f"sns.{HOME}.amazonaws.com"
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


def asked(text: str, context: dict[str, str] = CONTEXT) -> Answer:
    return allows(
        text, service="cloudwatch.amazonaws.com", actions=["SNS:Publish"], resource=topic_arn(), context=context
    )


def on_topic(text: str, context: dict[str, str] = CONTEXT) -> Truth:
    return asked(text, context).allowed


def test_without_its_account_it_is_not_known_whether_an_account_is_another() -> None:
    text = policy(statement(Principal={"AWS": f"arn:aws:iam::{ELSEWHERE}:root"}))
    assert (on_topic(text), on_topic(text, {})) == (FALSE, UNKNOWN)


def on_key(statements: Any) -> Truth:
    actions = ["kms:Decrypt", "kms:GenerateDataKey"]
    return allows(
        policy(statements),
        service="cloudwatch.amazonaws.com",
        actions=actions,
        resource="*",
        context={**CONTEXT, "kms:ViaService": (None, VIA_SNS)},
    ).allowed


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
    "denied outside the organization": (deny(Condition={"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}), FALSE),
    "denied outside the organization, but for services": (
        deny(
            Condition={
                "StringNotEquals": {"aws:PrincipalOrgID": "o-1"},
                "Bool": {"aws:PrincipalIsAWSService": "false"},
            }
        ),
        TRUE,
    ),
    "denied outside a VPC endpoint": (deny(Condition={"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}), FALSE),
    "denied in the organization of the source": (
        deny(Condition={"StringNotEquals": {"aws:SourceOrgID": "o-1"}}),
        UNKNOWN,
    ),
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
    "if it exists, which it does not": ({"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}}, TRUE),
    "another one, if it exists": ({"StringNotEqualsIfExists": {"aws:SourceVpc": "vpc-1"}}, TRUE),
    "encrypted": ({"Bool": {"aws:SecureTransport": "true"}}, TRUE),
    "encrypted, as JSON has it": ({"BoolIfExists": {"aws:SecureTransport": [True]}}, TRUE),
    "neither true nor false": ({"Bool": {"aws:SecureTransport": "yes"}}, UNKNOWN),
    "there is an account": ({"Null": {"aws:SourceAccount": "false"}}, TRUE),
    "there is none": ({"Null": {"aws:SourceAccount": True}}, FALSE),
    "there is no organization": ({"Null": {"aws:PrincipalOrgID": "true"}}, TRUE),
    "there is an organization": ({"Null": {"aws:PrincipalOrgID": "false"}}, FALSE),
    "there is or there is not": ({"Null": {"aws:PrincipalOrgID": ["false", "true"]}}, TRUE),
    "neither is nor is not": ({"Null": {"aws:PrincipalOrgID": "yes"}}, UNKNOWN),
    "whether there is one is not known": ({"Null": {"aws:SourceVpc": "true"}}, UNKNOWN),
    "there is none if it exists: not documented": ({"NullIfExists": {"aws:SourceAccount": "false"}}, UNKNOWN),
    "a set of one": ({"ForAnyValue:StringEquals": {"aws:SourceAccount": ACCOUNT}}, TRUE),
    "all of a set of one": ({"ForAllValues:StringLike": {"aws:SourceAccount": "9*"}}, FALSE),
    "a set, negated": ({"ForAnyValue:StringNotEquals": {"aws:SourceAccount": ELSEWHERE}}, UNKNOWN),
    "an organization": ({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, FALSE),
    "not an organization": ({"StringNotEquals": {"aws:principalorgid": "o-1"}}, TRUE),
    "any organization": ({"StringLike": {"aws:PrincipalOrgID": "*"}}, FALSE),
    "the organization of somebody": ({"StringEquals": {"aws:PrincipalOrgID": "${aws:ResourceOrgID}"}}, FALSE),
    "a tag of the caller": ({"StringEquals": {"aws:PrincipalTag/team": "security"}}, FALSE),
    "no tag of the caller": ({"StringNotEquals": {"aws:PrincipalTag/team": "security"}}, TRUE),
    "a path of an organization": ({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-1/*"}}, FALSE),
    "another path of an organization": ({"ForAnyValue:StringNotLike": {"aws:PrincipalOrgPaths": "o-1/*"}}, UNKNOWN),
    "a path, if it exists": ({"ForAnyValue:StringLikeIfExists": {"aws:PrincipalOrgPaths": "o-1/*"}}, UNKNOWN),
    "all paths of an organization": ({"ForAllValues:StringLike": {"aws:PrincipalOrgPaths": "o-1/*"}}, TRUE),
    "all other paths": ({"ForAllValues:StringNotLikeIfExists": {"aws:PrincipalOrgPaths": "o-1/*"}}, TRUE),
    "a role": ({"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/*"}}, FALSE),
    "not a role": ({"ArnNotEquals": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/x"}}, TRUE),
    "any role": ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}}, UNKNOWN),
    "the account that calls": ({"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}, FALSE),
    "any account that calls": ({"StringLike": {"aws:PrincipalAccount": "*"}}, UNKNOWN),
    "the account that calls the key": ({"StringEquals": {"kms:CallerAccount": ACCOUNT}}, FALSE),
    "the id of a role": ({"StringLike": {"aws:userid": "AROAEXAMPLEID1234567:*"}}, FALSE),
    "the ids of some": ({"StringLike": {"aws:userid": "*:publisher"}}, UNKNOWN),
    "a VPC endpoint": ({"StringEquals": {"aws:SourceVpce": "vpce-1"}}, FALSE),
    "with a second factor": ({"Bool": {"aws:MultiFactorAuthPresent": "true"}}, FALSE),
    "without a second factor": ({"Bool": {"aws:MultiFactorAuthPresent": "false"}}, UNKNOWN),
    "without one, if that exists": ({"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}, TRUE),
    "a service": ({"Bool": {"aws:PrincipalIsAWSService": "true"}}, TRUE),
    "CloudWatch by its name": ({"StringEquals": {"aws:PrincipalServiceName": "cloudwatch.amazonaws.com"}}, TRUE),
    "another service by its name": ({"StringEquals": {"aws:PrincipalServiceName": "s3.amazonaws.com"}}, FALSE),
    "the organization of the source": ({"StringEquals": {"aws:SourceOrgID": "o-1"}}, UNKNOWN),
    "a key of nobody": ({"StringEquals": {"aws:PrincipalOrgID/x": "o-1"}}, UNKNOWN),
    "an operator beyond, on a key that is absent": ({"NumericEquals": {"aws:PrincipalOrgID": "1"}}, UNKNOWN),
    "no value of a key that is absent": ({"StringNotEquals": {"aws:PrincipalOrgID": []}}, UNKNOWN),
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
        statement(Action=KEY_USE, Resource="*", Condition={"StringEquals": {"kms:ViaService": VIA_SNS}}),
        UNKNOWN,
    ),
    "by way of EC2": (
        statement(Action=KEY_USE, Resource="*", Condition={"StringEquals": {"kms:ViaService": "ec2.x"}}),
        FALSE,
    ),
    "everybody in the account by way of SNS": (
        statement(
            Principal="*",
            Action=KEY_USE,
            Resource="*",
            Condition={"StringEquals": {"kms:ViaService": VIA_SNS, "kms:CallerAccount": ACCOUNT}},
        ),
        FALSE,
    ),
}


@pytest.mark.parametrize(("statements", "expected"), KEYS.values(), ids=KEYS)
def test_key_policies(statements: Any, expected: Truth) -> None:
    assert on_key(statements) is expected


WHY: dict[str, tuple[Any, str, str]] = {
    "no JSON": ("x", "The policy cannot be read.", ""),
    "allowed": (statement(), "", ""),
    "nothing is allowed": ([], "", ""),
    "another action only": (statement(Action="sns:Subscribe"), "", ""),
    "denied outright": (deny(Sid="Stop"), "Statement Stop denies it.", ""),
    "denied over TLS": (
        deny(Condition={"Bool": {"aws:SecureTransport": "true"}}),
        "Statement 2, which denies it, depends on condition key aws:SecureTransport, which is true in this request.",
        "aws:SecureTransport",
    ),
    "another account, and perhaps another organization": (
        statement(Condition={"StringEquals": {"aws:SourceOrgID": "o-1", "aws:SourceAccount": ELSEWHERE}}),
        f"Statement 1 depends on condition key aws:SourceAccount, which is {ACCOUNT} in this request.",
        "aws:SourceAccount",
    ),
    "an organization": (
        [statement(Action="sns:Subscribe"), everybody(StringEquals={"AWS:PrincipalOrgID": "o-1"})],
        "Statement 2 depends on condition key AWS:PrincipalOrgID, which a request of an AWS service does not have.",
        "AWS:PrincipalOrgID",
    ),
    "denied to others than an organization, over TLS": (
        deny(Condition={"Bool": {"aws:SecureTransport": "true"}, "StringNotEquals": {"aws:SourceVpc": "vpc-1"}}),
        (
            "Statement 2, which denies it, depends on condition key aws:SourceVpc, which in a request of an AWS "
            "service is missing or has a value of AWS."
        ),
        "aws:SourceVpc",
    ),
    "the organization of the source": (
        statement(Sid="Ours", Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT, "aws:SourceOrgID": "o-1"}}),
        (
            "Statement Ours depends on condition key aws:SourceOrgID (StringEquals), and it is not known whether the "
            "request meets that condition."
        ),
        "aws:SourceOrgID",
    ),
    "perhaps denied": (
        deny(Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}),
        (
            "Statement 2, which denies it, depends on condition key aws:SourceIp (IpAddress), and it is not known "
            "whether the request meets that condition."
        ),
        "aws:SourceIp",
    ),
    "perhaps denied, but never allowed": (deny(Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})[1], "", ""),
    "the account": (
        statement(Principal=ROOT),
        "It is not known whether the Principal of statement 1 includes the request.",
        "",
    ),
    "an unknown element": (statement(Sid=1, Obligation="x"), "Statement 1 cannot be read.", ""),
    "neither allowed nor denied": (statement("Permit"), "Statement 1 cannot be read.", ""),
    "no statement": (["x"], "Statement 1 cannot be read.", ""),
    "no conditions": (statement(Condition="x"), "The conditions of statement 1 cannot be read.", ""),
}


@pytest.mark.parametrize(("statements", "because", "key"), WHY.values(), ids=WHY)
def test_an_answer_names_the_statement_and_the_key(statements: Any, because: str, key: str) -> None:
    text = statements if isinstance(statements, str) else policy(statements)
    answer = asked(text)
    assert (answer.because, answer.key) == (because, key)


def test_of_several_actions_the_one_that_is_not_allowed_is_explained() -> None:
    by_org = statement(Action="kms:Decrypt", Resource="*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}})
    other = statement(Action="kms:GenerateDataKey", Resource="*", Principal=CLOUDWATCH)
    answer = allows(
        policy([other, by_org]),
        service="cloudwatch.amazonaws.com",
        actions=["kms:GenerateDataKey", "kms:Decrypt"],
        resource="*",
        context=CONTEXT,
    )
    assert (answer.allowed, answer.key) == (FALSE, "aws:PrincipalOrgID")


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
