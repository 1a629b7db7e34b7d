"""The local AWS refuses what a role does not allow, by the rules of IAM's evaluation."""

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local.accounts import put_alarm
from local.aws import LocalAws
from local.aws.iam import RESOURCES, Asked, permits

ALARM = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:a"
METRIC = {"metricNamespace": "n", "metricName": "m", "metricValue": "1"}


def statement(**bent: Any) -> dict[str, Any]:
    return {"Sid": "S", "Effect": "Allow", "Action": "cloudwatch:DeleteAlarms", "Resource": "*"} | bent


@pytest.mark.parametrize(
    ("bent", "holds"),
    [
        ({}, True),
        ({"Action": ["sns:DeleteTopic", "CloudWatch:deletealarms"]}, True),
        ({"Action": "cloudwatch:Delete*"}, True),
        ({"Action": "cloudwatch:DeleteAlarm"}, False),
        ({"Resource": ["arn:aws:sns:*", ALARM]}, True),
        ({"Resource": "arn:aws:cloudwatch:*:123456789012:alarm:?"}, True),
        ({"Resource": ALARM.upper()}, False),
        ({"Resource": "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:[a]"}, False),
        ({"Resource": ALARM[:-1]}, False),
    ],
)
def test_an_action_and_a_resource(bent: dict[str, Any], holds: bool) -> None:
    assert permits(statement(**bent), Asked("cloudwatch:DeleteAlarms", ALARM, {})) == holds


@pytest.mark.parametrize(
    ("operator", "values", "holds"),
    [
        ("StringEquals", ("x",), True),
        ("StringEquals", ("X",), False),
        ("StringEquals", (), False),
        ("StringEqualsIfExists", (), True),
        ("StringEqualsIfExists", ("z",), False),
        ("StringNotEquals", (), True),
        ("StringNotEquals", ("x",), False),
        ("StringNotEquals", ("z",), True),
        ("StringLike", ("y123",), True),
        ("StringLike", ("z",), False),
        ("StringLike", (), False),
        ("StringEquals", ("y*",), True),
        ("StringEquals", ("y123",), False),
        ("ForAllValues:StringLike", (), True),
        ("ForAllValues:StringLike", ("x", "y1"), True),
        ("ForAllValues:StringLike", ("x", "z"), False),
        ("ForAllValues:StringNotEquals", ("a", "b"), True),
        ("ForAllValues:StringNotEquals", ("a", "x"), False),
        ("ForAnyValue:StringEquals", (), False),
        ("ForAnyValue:StringEquals", ("a", "x"), True),
    ],
)
def test_a_condition_is_x_or_begins_with_y(operator: str, values: tuple[str, ...], holds: bool) -> None:
    context = {"aws:tagkeys": values} if values else {}
    found = statement(Condition={operator: {"aws:TagKeys": ["x", "y*"]}})
    assert permits(found, Asked("cloudwatch:DeleteAlarms", ALARM, context)) == holds


def test_all_conditions_must_hold() -> None:
    asked = Asked("cloudwatch:DeleteAlarms", ALARM, {"aws:tagkeys": ("x",), "aws:resourcetag/k": ("v",)})
    both = {"StringEquals": {"aws:TagKeys": "x", "aws:ResourceTag/k": "v"}, "StringLike": {"aws:TagKeys": "*"}}
    assert permits(statement(Condition=both), asked)
    for operator, key in (("StringEquals", "aws:TagKeys"), ("StringEquals", "aws:ResourceTag/k")):
        bent = {**both, operator: {**both[operator], key: "other"}}
        assert not permits(statement(Condition=bent), asked)
    assert not permits(statement(Condition={**both, "StringLike": {"aws:TagKeys": "y*"}}), asked)


@pytest.mark.parametrize(
    "bent",
    [
        {"Effect": "Deny"},
        {"NotResource": "*"},
        {"Condition": {"ArnLike": {"aws:TagKeys": "x"}}},
        {"Condition": {"StringEqualsIgnoreCase": {"aws:TagKeys": "x"}}},
    ],
)
def test_what_it_does_not_know_is_taken_for_nothing(bent: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="does not know"):
        permits(statement(**bent), Asked("cloudwatch:DeleteAlarms", ALARM, {}))


def client(service: str) -> Any:
    """As the code under test has it."""
    make: Any = boto3.client
    return make(service, "eu-west-1")


def delete() -> None:
    client("cloudwatch").delete_alarms(AlarmNames=["a", "b"])


@pytest.mark.parametrize(
    ("resources", "denied"),
    [([ALARM, ALARM[:-1] + "b"], False), ([ALARM], True), ([], True)],
)
def test_every_resource_of_a_call_must_be_allowed(aws: LocalAws, resources: list[str], denied: bool) -> None:
    for name in ("a", "b"):
        put_alarm(aws, "eu-west-1", name, METRIC, [], {})
    with aws.under([statement(Resource=resources)] if resources else []) as role:
        if denied:
            with pytest.raises(ClientError, match=r"\(AccessDenied\)"):
                delete()
        else:
            delete()
    assert role.denied == (["cloudwatch:DeleteAlarms"] if denied else [])
    assert ("alarms" in aws.dump().get("eu-west-1", {})) == denied
    delete()  # which everybody may again


def put() -> None:
    given: dict[str, Any] = {"AlarmName": "a", "Tags": [{"Key": "k", "Value": "v"}]}
    metric = {"Namespace": "n", "MetricName": "m", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1}
    rest = {"Threshold": 1, "ComparisonOperator": "GreaterThanThreshold"}
    client("cloudwatch").put_metric_alarm(**given, **metric, **rest)


def create() -> None:
    client("sns").create_topic(Name="t", Tags=[{"Key": "k", "Value": "v"}])


@pytest.mark.parametrize(
    ("do", "action", "also"),
    [
        (put, "cloudwatch:PutMetricAlarm", "cloudwatch:TagResource"),
        (create, "sns:CreateTopic", "sns:TagResource"),
    ],
)
def test_who_gives_tags_needs_a_permission_more(aws: LocalAws, do: Callable[[], None], action: str, also: str) -> None:
    with aws.under([statement(Action=action)]) as role, pytest.raises(ClientError, match=r"\(AccessDenied\)"):
        do()
    assert aws.dump() == {}
    tagged = {"StringEquals": {"aws:RequestTag/k": "v"}, "ForAllValues:StringLike": {"aws:TagKeys": "k"}}
    with aws.under([statement(Action=[action, also], Condition=tagged)]) as role:
        do()
    assert role.denied == []
    assert [asked.action for asked in role.asked] == [action, also]


def test_tags_are_those_of_the_calls_moment(aws: LocalAws) -> None:
    marked = [statement(Condition={"StringEquals": {"aws:ResourceTag/k": "v"}})]
    for name in ("a", "b"):
        put_alarm(aws, "eu-west-1", name, METRIC, [], {"Tags": [{"Key": "k", "Value": "v"}]})
    aws.client("cloudwatch").untag_resource(ResourceARN=ALARM, TagKeys=["k"])
    with aws.under(marked), pytest.raises(ClientError, match=r"\(AccessDenied\)"):
        delete()
    aws.client("cloudwatch").tag_resource(ResourceARN=ALARM, Tags=[{"Key": "k", "Value": "v"}])
    with aws.under(marked):
        delete()


def test_a_role_of_another_account_has_its_own_permissions(aws: LocalAws) -> None:
    role = "arn:aws:iam::111122223333:role/audit"
    aws.trust(role)
    with aws.under([statement(Action="sts:AssumeRole", Resource=role)]):
        taken = client("sts").assume_role(RoleArn=role, RoleSessionName="session")["Credentials"]
        keys = {"aws_access_key_id": taken["AccessKeyId"], "aws_secret_access_key": taken["SecretAccessKey"]}
        make: Any = boto3.client
        make("sns", "eu-west-1", **keys, aws_session_token=taken["SessionToken"]).list_topics()
        with pytest.raises(ClientError, match=r"\(AccessDenied\)"):
            client("sns").list_topics()


def test_who_asks_for_the_callers_identity_needs_no_permission(aws: LocalAws) -> None:
    with aws.under([]) as role:
        assert client("sts").get_caller_identity()["Account"] == aws.account
    assert role.asked == []


def test_a_call_that_it_does_not_know_is_an_error(aws: LocalAws) -> None:
    assert "sns:Publish" not in RESOURCES
    with aws.under([statement(Action="sns:Publish")]), pytest.raises(LookupError):
        client("sns").publish(TopicArn="arn:aws:sns:eu-west-1:123456789012:t", Message="m")
