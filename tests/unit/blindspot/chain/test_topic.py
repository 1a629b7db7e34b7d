"""The topic: whether CloudWatch may publish to it, and use its key, when an alarm goes to ALARM."""

import json
from typing import Any

import pytest

from blindspot.chain.topic import check_publish_access
from blindspot.model.findings import FOREIGN, HOLDS, NOT_FOLLOWED, Doubt, Finding, Gap
from blindspot.model.snapshot import Key, Topic, Unreadable
from tests.builders import ACCOUNT, HOME, a_key, a_policy, a_topic, an_alarm, topic_arn
from tests.cases.accounts import KEY_POLICY
from tests.findings import assert_found

ALARM = an_alarm().arn
TOPIC = topic_arn()
OTHER = "999999999999"
REFUSED = Unreadable("sns:GetTopicAttributes", HOME, "AuthorizationError", denied=True)


def found_of(topic: Topic | Unreadable | None, *, arn: str = TOPIC, alarm: str = ALARM) -> Finding:
    return check_publish_access(arn, topic, alarm)


def letting(condition: dict[str, Any] | None = None, effect: str = "Allow", **bent: Any) -> dict[str, Any]:
    return {
        "Effect": effect,
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": "SNS:Publish",
        "Resource": TOPIC,
        **({"Condition": condition} if condition else {}),
        **bent,
    }


def with_policy(*statements: dict[str, Any], **bent: Any) -> Topic:
    return a_topic(policy=json.dumps({"Statement": statements}), **bent)


def on_condition(operator: str, key: str, value: str) -> Topic:
    return with_policy(letting({operator: {key: value}}))


def denying(operator: str, key: str, value: str) -> Topic:
    """Lets CloudWatch in, and denies everybody on a condition."""
    denied = letting({operator: {key: value}}, "Deny", Principal="*", Action="*")
    return with_policy(letting(), denied)


@pytest.mark.parametrize("arn", [topic_arn("us-east-1"), topic_arn("eu-west-2"), "security-alerts"])
@pytest.mark.parametrize("topic", [a_topic(), REFUSED, None], ids=["read", "refused", "missing"])
def test_an_alarm_notifies_only_topics_of_its_own_region(arn: str, topic: Topic | Unreadable | None) -> None:
    assert_found(found_of(topic, arn=arn), Gap, "topic.region", arn, "security-alerts", HOME)


def test_the_region_is_that_of_the_alarm() -> None:
    alarm, arn = an_alarm("us-east-1").arn, topic_arn("us-east-1")
    assert found_of(a_topic(arn), arn=arn, alarm=alarm) is HOLDS
    assert_found(found_of(a_topic(), alarm=alarm), Gap, "topic.region", TOPIC, "us-east-1")


def test_a_topic_that_does_not_exist_or_was_not_read() -> None:
    assert_found(found_of(None), Gap, "topic.missing", TOPIC, "security-alerts")
    assert_found(found_of(REFUSED), Doubt, "unread.refused", TOPIC, "sns:GetTopicAttributes")


LETS_IN = {
    "the policy of a new topic": a_topic(),
    "CloudWatch": with_policy(letting()),
    "everybody": with_policy(letting(Principal="*")),
    "every action": with_policy(letting(Action="sns:*")),
    "this alarm": on_condition("ArnEquals", "aws:SourceArn", ALARM),
    "the account's alarms": on_condition("ArnLike", "aws:SourceArn", f"arn:aws:cloudwatch:*:{ACCOUNT}:alarm:*"),
    "the account": on_condition("StringEquals", "aws:SourceAccount", ACCOUNT),
    "the owner": on_condition("StringEquals", "AWS:SourceOwner", ACCOUNT),
    "over TLS": on_condition("Bool", "aws:SecureTransport", "true"),
    "services of AWS": on_condition("Bool", "aws:PrincipalIsAWSService", "true"),
    "denied without TLS": denying("Bool", "aws:SecureTransport", "false"),
    "denied to others": denying("StringNotEquals", "aws:SourceAccount", ACCOUNT),
    "denied to all but services": denying("Bool", "aws:PrincipalIsAWSService", "false"),
    "one of two statements": with_policy(letting(Action="SNS:Subscribe"), letting()),
}


@pytest.mark.parametrize("name", LETS_IN)
def test_a_policy_that_lets_cloudwatch_publish(name: str) -> None:
    assert found_of(LETS_IN[name]) is HOLDS


KEEPS_OUT = {
    "nobody": with_policy(),
    "another owner's": a_topic(policy=a_policy(TOPIC, OTHER)),
    "another service": with_policy(letting(Principal={"Service": "events.amazonaws.com"})),
    "another action": with_policy(letting(Action="SNS:Subscribe")),
    "another topic": with_policy(letting(Resource=topic_arn(name="other"))),
    "another alarm": on_condition("ArnEquals", "aws:SourceArn", f"{ALARM}2"),
    "another account": on_condition("StringEquals", "aws:SourceAccount", OTHER),
    "without TLS": on_condition("Bool", "aws:SecureTransport", "false"),
    "not services of AWS": on_condition("Bool", "aws:PrincipalIsAWSService", "false"),
    "an organization": on_condition("StringEquals", "aws:PrincipalOrgID", "o-1"),
    "another region": on_condition("StringEquals", "aws:RequestedRegion", "us-east-1"),
    "denied in its region": denying("StringEquals", "aws:RequestedRegion", HOME),
    "denied outside an organization": denying("StringNotEquals", "aws:PrincipalOrgID", "o-1"),
    "denied over TLS": denying("Bool", "aws:SecureTransport", "true"),
    "denied to services": denying("Bool", "aws:PrincipalIsAWSService", "true"),
}


@pytest.mark.parametrize("key", [None, "alias/aws/sns"])
@pytest.mark.parametrize("name", KEEPS_OUT)
def test_a_policy_that_keeps_cloudwatch_out(name: str, key: str | None) -> None:
    topic = a_topic(policy=KEEPS_OUT[name].policy, key_id=key)
    assert_found(found_of(topic), Gap, "topic.policy", TOPIC, "topic security-alerts", "alarm unauthorized")


def test_the_message_says_by_which_statement() -> None:
    found = found_of(KEEPS_OUT["another account"])
    assert isinstance(found, Gap)
    assert found.message == (
        "The access policy of topic security-alerts does not allow CloudWatch to publish for alarm unauthorized. "
        f"Statement 1 depends on condition key aws:SourceAccount, which is {ACCOUNT} in this request."
    )


UNCLEAR = {
    "no JSON": a_topic(policy="x"),
    "unknown condition": on_condition("StringEquals", "aws:SourceOrgID", "o-1"),
    "denied on an unknown condition": denying("StringNotEquals", "aws:SourceOrgID", "o-1"),
    "the account": with_policy(letting(Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"})),
}


@pytest.mark.parametrize("name", UNCLEAR)
def test_a_policy_that_may_let_cloudwatch_publish_is_in_doubt(name: str) -> None:
    assert_found(found_of(UNCLEAR[name]), Doubt, "topic.policy", TOPIC, "topic security-alerts")


def test_the_account_that_publishes_is_the_alarms() -> None:
    alarm = ALARM.replace(ACCOUNT, OTHER)
    assert_found(found_of(a_topic(), alarm=alarm), Gap, "topic.policy", TOPIC)
    for name in ("aws:SourceAccount", "AWS:SourceOwner"):
        assert found_of(on_condition("StringEquals", name, OTHER), alarm=alarm) is HOLDS


UMLAUT = an_alarm(name="Zugriff-verweigert-ü").arn
ALONE = "then AWS asks for aws:SourceAccount alone."


@pytest.mark.parametrize("arn", [UMLAUT, f"arn:aws:cloudwatch:*:{ACCOUNT}:alarm:*", ALARM])
def test_how_the_arn_of_an_alarm_is_compared_whose_name_is_not_ascii_is_in_doubt(arn: str) -> None:
    by_arn, by_account = {"ArnLike": {"aws:sourceArn": arn}}, {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    found = found_of(with_policy(letting(by_arn)), alarm=UMLAUT)
    assert_found(found, Doubt, "topic.policy", TOPIC, "condition key aws:sourceArn", "Zugriff-verweigert-ü", ALONE)
    assert found_of(with_policy(letting(by_account)), alarm=UMLAUT) is HOLDS
    assert found_of(with_policy(letting(by_arn), letting(by_account)), alarm=UMLAUT) is HOLDS
    key = a_key_for(using(by_arn))
    found = found_of(a_topic(key_id="alias/mine", key=key), alarm=UMLAUT)
    assert_found(found, Doubt, "topic.key", TOPIC, "condition key aws:sourceArn", ALONE)


@pytest.mark.parametrize(("key", "alarm"), [("aws:SourceArn", ALARM), ("aws:SourceOrgID", UMLAUT)])
def test_of_other_doubts_the_name_is_not_the_reason(key: str, alarm: str) -> None:
    found = found_of(on_condition("NumericEquals", key, "1"), alarm=alarm)
    assert_found(found, Doubt, "topic.policy", TOPIC, f"condition key {key}")
    assert isinstance(found, Doubt)
    assert ALONE not in found.message


# The topic's key.


def a_key_for(statement: dict[str, Any], **bent: Any) -> Key:
    return a_key(policy=json.dumps({"Statement": statement}), **bent)


def using(condition: dict[str, Any] | None = None, **bent: Any) -> dict[str, Any]:
    return letting(condition, **{"Action": ["kms:Decrypt", "kms:GenerateDataKey*"], "Resource": "*", **bent})


USABLE = {
    "CloudWatch": a_key(policy=KEY_POLICY),
    "everything": a_key_for(using(Action="kms:*")),
    "everybody": a_key_for(using(Principal="*")),
    "updating": a_key(policy=KEY_POLICY, state="Updating"),
    "this account's": a_key_for(using({"StringEquals": {"aws:SourceAccount": ACCOUNT}})),
    "this alarm's": a_key_for(using({"ArnEquals": {"aws:SourceArn": ALARM}})),
    "this topic's": a_key_for(using({"StringEquals": {"kms:EncryptionContext:aws:sns:topicArn": TOPIC}})),
    "not by way of EC2": a_key_for(using({"StringNotEquals": {"kms:ViaService": f"ec2.{HOME}.amazonaws.com"}})),
}


@pytest.mark.parametrize("key_id", ["alias/mine", "alias/aws/sns-mine", "1", a_key().arn])
@pytest.mark.parametrize("name", USABLE)
def test_a_key_that_cloudwatch_may_use(name: str, key_id: str) -> None:
    assert found_of(a_topic(key_id=key_id, key=USABLE[name])) is HOLDS
    assert_found(found_of(with_policy(key_id=key_id, key=USABLE[name])), Gap, "topic.policy", TOPIC)
    assert_found(found_of(a_topic(policy="x", key_id=key_id, key=USABLE[name])), Doubt, "topic.policy", TOPIC)


def test_a_topic_without_a_key_needs_none() -> None:
    assert found_of(a_topic(key=a_key(state="Disabled"))) is HOLDS


UNUSABLE = {
    "that of SNS": (a_topic(key_id="alias/aws/sns", key=USABLE["everybody"]), "alias/aws/sns"),
    "that of SNS, by its ARN": (
        a_topic(key_id=f"arn:aws:kms:{HOME}:{ACCOUNT}:alias/aws/sns", key=REFUSED),
        ":alias/aws/sns",
    ),
    "gone": (a_topic(key_id="alias/mine"), "alias/mine"),
    "disabled": (a_topic(key_id="alias/mine", key=a_key(policy=KEY_POLICY, state="Disabled")), "Disabled"),
    "to be deleted": (
        a_topic(key_id="alias/mine", key=a_key(policy=KEY_POLICY, state="PendingDeletion")),
        "PendingDeletion",
    ),
    "disabled, policy unread": (a_topic(key_id="alias/mine", key=a_key(policy=REFUSED, state="Disabled")), "Disabled"),
    "of AWS": (a_topic(key_id="1", key=a_key(policy=KEY_POLICY, managed_by_aws=True)), "key 1,"),
    "of AWS, policy unread": (a_topic(key_id="1", key=a_key(policy=REFUSED, managed_by_aws=True)), "key 1,"),
    "for its account": (a_topic(key_id="alias/mine", key=a_key()), "alias/mine"),
    "for one of two actions": (
        a_topic(key_id="alias/mine", key=a_key_for(using(Action="kms:GenerateDataKey"))),
        "alias/mine",
    ),
    "for the other action": (a_topic(key_id="alias/mine", key=a_key_for(using(Action="kms:Decrypt"))), "alias/mine"),
    "for another service": (
        a_topic(key_id="alias/mine", key=a_key_for(using(Principal={"Service": "s3.amazonaws.com"}))),
        "alias/mine",
    ),
    "for those in an organization": (
        a_topic(key_id="alias/mine", key=a_key_for(using({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}))),
        "Statement 1 depends on condition key aws:PrincipalOrgID",
    ),
    "for another account's": (
        a_topic(key_id="alias/mine", key=a_key_for(using({"StringEquals": {"aws:SourceAccount": OTHER}}))),
        "alias/mine",
    ),
}


@pytest.mark.parametrize("policy", [a_topic().policy, "x"], ids=["allowed", "perhaps allowed"])
@pytest.mark.parametrize("name", UNUSABLE)
def test_a_key_that_cloudwatch_may_not_use(name: str, policy: str) -> None:
    topic, fact = UNUSABLE[name]
    topic = a_topic(policy=policy, key_id=topic.key_id, key=topic.key)
    assert_found(found_of(topic), Gap, "topic.key", TOPIC, "Topic security-alerts", fact)


@pytest.mark.parametrize("error", [FOREIGN, NOT_FOLLOWED])
def test_a_topic_or_a_key_of_another_account_that_is_not_read(error: str) -> None:
    key_id = f"arn:aws:kms:{HOME}:{OTHER}:key/1"
    unread_key = a_topic(key_id=key_id, key=Unreadable("kms:DescribeKey", HOME, error))
    assert_found(found_of(unread_key), Doubt, "key.foreign", key_id, f"Key key/1 belongs to account {OTHER}.")
    theirs = TOPIC.replace(ACCOUNT, OTHER)
    found = found_of(Unreadable("sns:GetTopicAttributes", HOME, error), arn=theirs)
    assert_found(found, Doubt, "topic.foreign", theirs, f"Topic security-alerts belongs to account {OTHER}.")


KEY_UNREAD = Unreadable("kms:DescribeKey", HOME, "AccessDeniedException", denied=True)
UNKNOWN = {
    "unread": (KEY_UNREAD, "unread.refused", "kms:DescribeKey"),
    "policy unread": (a_key(policy=KEY_UNREAD), "unread.refused", "kms:DescribeKey"),
    "no JSON": (a_key(policy="x"), "topic.key", "alias/mine"),
    "an unknown condition": (
        a_key_for(using({"StringEquals": {"aws:SourceOrgID": "o-1"}})),
        "topic.key",
        "condition key aws:SourceOrgID",
    ),
    "only by way of SNS": (
        a_key_for(using({"StringEquals": {"kms:ViaService": f"sns.{HOME}.amazonaws.com"}})),
        "topic.key",
        "condition key kms:ViaService",
    ),
    "only by way of SNS, wherever": (
        a_key_for(using({"StringLike": {"kms:ViaService": f"sns.{HOME}.*"}})),
        "topic.key",
        "condition key kms:ViaService",
    ),
    "only by way of SNS in China": (
        a_key_for(using({"StringEquals": {"kms:ViaService": f"sns.{HOME}.amazonaws.com.cn"}})),
        "topic.key",
        "condition key kms:ViaService",
    ),
    "a key by its ARN": (a_key_for(using(Resource=a_key().arn)), "topic.key", "alias/mine"),
}


@pytest.mark.parametrize("policy", [a_topic().policy, "x"], ids=["allowed", "perhaps allowed"])
@pytest.mark.parametrize("name", UNKNOWN)
def test_a_key_that_cloudwatch_may_be_able_to_use(name: str, policy: str) -> None:
    key, code, fact = UNKNOWN[name]
    assert_found(found_of(a_topic(policy=policy, key_id="alias/mine", key=key)), Doubt, code, TOPIC, fact)


def test_a_topic_for_small_messages_may_not_take_an_alarms() -> None:
    small = Doubt(
        "topic.message-size",
        TOPIC,
        "Topic security-alerts takes messages of up to 1024 bytes. An alarm's may be larger.",
    )
    assert found_of(a_topic(largest_message=1024)) == small
    assert found_of(a_topic(largest_message=64 * 1024 - 1)) != HOLDS
    assert found_of(a_topic(largest_message=64 * 1024)) == HOLDS
