"""Topic and key policies: the verdict on an account whose topic has the policy, and what its document says."""

import json
from typing import Any

import pytest

from blindspot.model import profile
from blindspot.model.findings import Doubt, Gap
from blindspot.model.snapshot import Topic
from blindspot.verdict.assessment import Verdict, assess
from tests.builders import ACCOUNT, HOME, a_compliant_snapshot, a_key, a_topic, an_alarm, topic_arn

PROFILE = profile.load("cis-level-2")
COMPLIANT, INDETERMINATE, NON_COMPLIANT = Verdict
CLOUDWATCH = {"Service": "cloudwatch.amazonaws.com"}
ALARMS = f"arn:aws:cloudwatch:{HOME}:{ACCOUNT}:alarm:*"
OF_SERVICES = {"Bool": {"aws:PrincipalIsAWSService": "true"}}
TO_PEOPLE = {"Bool": {"aws:PrincipalIsAWSService": "false"}}


def allow(condition: dict[str, Any] | None = None, principal: Any = "*", **bent: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": principal, "Action": "sns:Publish", "Resource": topic_arn(), **bent} | (
        {"Condition": condition} if condition else {}
    )


def deny(condition: dict[str, Any]) -> dict[str, Any]:
    return allow(condition, Effect="Deny", Sid="Perimeter")


def with_policy(*statements: dict[str, Any]) -> Topic:
    return a_topic(policy=json.dumps({"Version": "2012-10-17", "Statement": statements}))


def with_key(condition: dict[str, Any], principal: Any = "*") -> Topic:
    use = allow(condition, principal, Action=["kms:Decrypt", "kms:GenerateDataKey*"], Resource="*", Sid="Use")
    return a_topic(key_id="alias/mine", key=a_key(policy=json.dumps({"Statement": [use]})))


SERVICE = allow(principal=CLOUDWATCH)
CASES: dict[str, tuple[Topic, str, Verdict, tuple[str, ...]]] = {
    "open to an organization": (
        with_policy(allow({"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}, Sid="Org")),
        "unauthorized",
        NON_COMPLIANT,
        ("Statement Org", "aws:PrincipalOrgID, which a request of an AWS service does not have"),
    ),
    "open to an organization, and to its source's": (
        with_policy(
            allow({"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}),
            allow({"StringEquals": {"aws:SourceOrgID": "o-a1b2c3d4e5"}}, CLOUDWATCH),
        ),
        "unauthorized",
        INDETERMINATE,
        ("Statement 2", "aws:SourceOrgID"),
    ),
    "open to an organization, and to CloudWatch": (
        with_policy(allow({"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}), SERVICE),
        "unauthorized",
        COMPLIANT,
        (),
    ),
    "closed to all but an organization": (
        with_policy(SERVICE, deny({"StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}})),
        "unauthorized",
        NON_COMPLIANT,
        ("Statement Perimeter", "aws:PrincipalOrgID"),
    ),
    "closed to all but an organization, if they have one": (
        with_policy(SERVICE, deny({"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}})),
        "unauthorized",
        NON_COMPLIANT,
        ("Statement Perimeter", "aws:PrincipalOrgID"),
    ),
    "closed to all but an organization and services": (
        with_policy(SERVICE, deny({"StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}, **TO_PEOPLE})),
        "unauthorized",
        COMPLIANT,
        (),
    ),
    "closed to a role": (
        with_policy(SERVICE, deny({"ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/x"}})),
        "unauthorized",
        COMPLIANT,
        (),
    ),
    "closed to some roles, whose account is not named": (
        with_policy(SERVICE, deny({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}})),
        "unauthorized",
        INDETERMINATE,
        ("statement Perimeter", "aws:PrincipalArn"),
    ),
    "closed to all but a VPC endpoint": (
        with_policy(SERVICE, deny({"StringNotEquals": {"aws:SourceVpce": "vpce-0a1b2c3d"}})),
        "unauthorized",
        NON_COMPLIANT,
        ("Statement Perimeter", "aws:SourceVpce"),
    ),
    "open to services": (with_policy(allow(OF_SERVICES)), "unauthorized", COMPLIANT, ()),
    "a key open by SNS to the account": (
        with_key(
            {"StringEquals": {"kms:ViaService": f"sns.{HOME}.amazonaws.com", "kms:CallerAccount": ACCOUNT}},
        ),
        "unauthorized",
        NON_COMPLIANT,
        ("Statement Use", "kms:CallerAccount"),
    ),
    "a key open by SNS to CloudWatch": (
        with_key({"StringEquals": {"kms:ViaService": f"sns.{HOME}.amazonaws.com"}}, CLOUDWATCH),
        "unauthorized",
        INDETERMINATE,
        ("Statement Use", "kms:ViaService"),
    ),
    "a key open to CloudWatch for the topic": (
        with_key({"StringEquals": {"kms:EncryptionContext:aws:sns:topicArn": topic_arn()}}, CLOUDWATCH),
        "unauthorized",
        COMPLIANT,
        (),
    ),
    "by the ARN of an alarm whose name is not ASCII": (
        with_policy(allow({"ArnLike": {"aws:SourceArn": ALARMS}}, CLOUDWATCH)),
        "Zugriff-verweigert-ü",
        INDETERMINATE,
        ("aws:SourceArn", "AWS asks for aws:SourceAccount alone"),
    ),
    "by the account of an alarm whose name is not ASCII": (
        with_policy(allow({"StringEquals": {"aws:SourceAccount": ACCOUNT}}, CLOUDWATCH)),
        "Zugriff-verweigert-ü",
        COMPLIANT,
        (),
    ),
    "by the ARN of an alarm": (
        with_policy(allow({"ArnLike": {"aws:SourceArn": ALARMS}}, CLOUDWATCH)),
        "Access denied: 1",
        COMPLIANT,
        (),
    ),
}


@pytest.mark.parametrize(("topic", "alarm", "verdict", "words"), CASES.values(), ids=CASES)
def test_a_policy(topic: Topic, alarm: str, verdict: Verdict, words: tuple[str, ...]) -> None:
    snapshot = a_compliant_snapshot(alarms=(an_alarm(name=alarm),), topics={topic_arn(): topic})
    assessment = assess(snapshot, PROFILE)
    assert assessment.verdict is verdict
    for region in assessment.regions:
        found: tuple[Gap | Doubt, ...] = (*region.gaps, *region.doubts)
        assert [each.code for each in found] == ([f"topic.{'key' if topic.key else 'policy'}"] if words else [])
        assert [word for word in words if word.lower() not in found[0].message.lower()] == []
