"""The topic: whether CloudWatch may publish to it when an alarm goes to ALARM.

Source: Amazon SNS developer guide, "Example cases for Amazon SNS access control"; CloudWatch user guide, "Notifying
users on alarm changes"; knowledge-center article "Why didn't I receive an SNS notification for my CloudWatch alarm
trigger?".
"""

from __future__ import annotations

from blindspot.languages import resource_policy
from blindspot.languages.three_valued import Truth
from blindspot.model.arn import is_arn, place_of, short
from blindspot.model.findings import FOREIGN, HOLDS, NOT_FOLLOWED, Doubt, Finding, Gap, unread
from blindspot.model.snapshot import Key, Topic, Unreadable

CLOUDWATCH = "cloudwatch.amazonaws.com"

USABLE = ("Enabled", "Updating")
"""States in which a key can be used (KMS developer guide, "Key states of AWS KMS keys")."""

LARGEST_ALARM_MESSAGE = 64 * 1024
"""No alarm's message is larger. It has the alarm's settings, whose longest are 30 dimensions of up to 1,279 characters,
and its description and reasons of about 1,000 each (CloudWatch API reference, PutMetricAlarm and Dimension)."""

_OF_AWS = "alias/aws/sns"
"""The AWS managed key of SNS, whose policy cannot be changed."""


def check_publish_access(arn: str, topic: Topic | Unreadable | None, alarm_arn: str) -> Finding:
    """Whether CloudWatch may publish to the topic when the alarm goes to ALARM. `topic`: None where it is missing."""
    region = place_of(alarm_arn)[1]
    if not is_arn(arn) or place_of(arn)[1] != region:
        message = f"Topic {short(arn)} is not in {region}, the region of the alarm that should notify it."
        return Gap("topic.region", arn, message)
    if topic is None:
        return Gap("topic.missing", arn, f"Topic {short(arn)}, which the alarm should notify, does not exist.")
    if isinstance(topic, Unreadable):
        return unread(arn, topic)
    context = _context(alarm_arn)
    answer = resource_policy.allows(
        topic.policy, service=CLOUDWATCH, actions=["SNS:Publish"], resource=arn, context=context
    )
    if answer.allowed is Truth.FALSE:
        alarm = short(alarm_arn)
        message = f"The access policy of topic {short(arn)} does not allow CloudWatch to publish for alarm {alarm}."
        return Gap("topic.policy", arn, _explained(message, answer, alarm_arn), _fix(answer, alarm_arn))
    key = _check_key(topic, alarm_arn, context)
    if key is HOLDS and answer.allowed is Truth.UNKNOWN:
        message = f"It is not known whether the access policy of topic {short(arn)} allows CloudWatch to publish."
        return Doubt("topic.policy", arn, _explained(message, answer, alarm_arn), own_fix=_fix(answer, alarm_arn))
    return _check_message_size(topic) if key is HOLDS else key


def _check_message_size(topic: Topic) -> Finding:
    if topic.largest_message is None or topic.largest_message >= LARGEST_ALARM_MESSAGE:
        return HOLDS
    message = (
        f"Topic {short(topic.arn)} takes messages of up to {topic.largest_message} bytes. An alarm's may be larger."
    )
    return Doubt("topic.message-size", topic.arn, message)


def _explained(message: str, answer: resource_policy.Answer, alarm_arn: str) -> str:
    """The message with what decides the answer about the alarm."""
    parts = [message, answer.because]
    if _is_by_other_characters(answer, alarm_arn):
        parts.append(f"The name of alarm {short(alarm_arn)} is not ASCII: then AWS asks for aws:SourceAccount alone.")
    return " ".join(part for part in parts if part)


def _fix(answer: resource_policy.Answer, alarm_arn: str) -> str:
    """The fix where a condition decides; empty where none does."""
    if _is_by_other_characters(answer, alarm_arn):
        return "Use condition key aws:SourceAccount instead of aws:SourceArn, or give the alarm an ASCII name."
    return answer.key and f"Allow {CLOUDWATCH} without a condition on {answer.key}."


def _is_by_other_characters(answer: resource_policy.Answer, alarm_arn: str) -> bool:
    return not alarm_arn.isascii() and answer.key.lower() == "aws:sourcearn"


def _context(alarm_arn: str) -> dict[str, str | resource_policy.Possible]:
    """What is known of a request that CloudWatch makes for the alarm."""
    account, region = place_of(alarm_arn)
    context: dict[str, str | resource_policy.Possible] = {
        "aws:SourceAccount": account,
        "AWS:SourceOwner": account,
        "aws:SecureTransport": "true",
        "aws:RequestedRegion": region,
    }
    # In which form the ARN of an alarm whose name is not ASCII is compared is not documented.
    return {**context, "aws:SourceArn": alarm_arn} if alarm_arn.isascii() else context


def _check_key(topic: Topic, alarm_arn: str, context: dict[str, str | resource_policy.Possible]) -> Finding:
    """Whether CloudWatch may use the topic's key, if it has one."""
    if topic.key_id is None:
        return HOLDS
    encrypted = f"Topic {short(topic.arn)} is encrypted with key {topic.key_id},"
    if topic.key_id.endswith(_OF_AWS):
        return Gap("topic.key", topic.arn, f"{encrypted} which CloudWatch may not use.")
    key = topic.key
    if isinstance(key, Unreadable):
        return unread(topic.key_id if key.error in (FOREIGN, NOT_FOLLOWED) else topic.arn, key)
    if key is None:
        return Gap("topic.key", topic.arn, f"{encrypted} which does not exist.")
    if key.state not in USABLE:
        return Gap("topic.key", topic.arn, f"{encrypted} which is not enabled ({key.state}).")
    # SNS makes the request for CloudWatch (Amazon GameLift Servers guide, "Set up an SNS topic with server-side
    # encryption"). Whether kms:ViaService tells that is not documented.
    _, region = place_of(topic.arn)
    by_sns = (f"sns.{region}.amazonaws.com", f"sns.{region}.amazonaws.com.cn")
    context = {**context, "kms:EncryptionContext:aws:sns:topicArn": topic.arn, "kms:ViaService": (None, *by_sns)}
    return _check_key_policy(topic, key, encrypted, alarm_arn, context)


def _check_key_policy(
    topic: Topic, key: Key, encrypted: str, alarm_arn: str, context: dict[str, str | resource_policy.Possible]
) -> Finding:
    if key.managed_by_aws:
        return Gap("topic.key", topic.arn, f"{encrypted} which CloudWatch may not use.")
    if isinstance(key.policy, Unreadable):
        return unread(topic.arn, key.policy)
    actions = ("kms:Decrypt", "kms:GenerateDataKey")
    answer = resource_policy.allows(key.policy, service=CLOUDWATCH, actions=actions, resource="*", context=context)
    if answer.allowed is Truth.FALSE:
        message = f"{encrypted} whose policy does not allow CloudWatch to use the key."
        return Gap("topic.key", topic.arn, _explained(message, answer, alarm_arn), _fix(answer, alarm_arn))
    if answer.allowed is Truth.UNKNOWN:
        message = f"{encrypted} and it is not known whether the key's policy allows CloudWatch to use the key."
        return Doubt("topic.key", topic.arn, _explained(message, answer, alarm_arn), own_fix=_fix(answer, alarm_arn))
    return HOLDS
