"""Whether an alarm's notification passes the topic and reaches somebody.

Source: Amazon SNS developer guide, "Example cases for Amazon SNS access control", "Confirming a subscription" and
"Subscription filter policies"; knowledge-center article "Why didn't I receive an SNS notification for my CloudWatch
alarm trigger?".
"""

from __future__ import annotations

from blindspot.languages import resource_policy as access
from blindspot.languages import sns_filter_policy as filter_policy
from blindspot.model.findings import Doubt, Finding, Gap, short, unread
from blindspot.model.snapshot import Key, Subscription, Topic, Unreadable, place_of

CLOUDWATCH = "cloudwatch.amazonaws.com"

USABLE = ("Enabled", "Updating")
"""States in which a key can be used (KMS developer guide, "Key states of AWS KMS keys")."""

_OF_AWS = "alias/aws/sns"
"""The key of SNS's own, whose policy nobody can change."""


def letting_in(arn: str, topic: Topic | Unreadable | None, alarm_arn: str) -> Finding:
    """Whether CloudWatch may publish to the topic when the alarm rings."""
    region = place_of(alarm_arn)[1]
    if arn.count(":") < 5 or place_of(arn)[1] != region:
        said = f"Topic {short(arn)} is not in {region}, where the alarm that should notify it is."
        return Gap("topic.region", arn, said)
    if topic is None:
        return Gap("topic.missing", arn, f"The alarm notifies topic {short(arn)}, which does not exist.")
    if isinstance(topic, Unreadable):
        return unread(arn, topic)
    context = _context(alarm_arn)
    allowed = access.allows(topic.policy, service=CLOUDWATCH, actions=["SNS:Publish"], resource=arn, context=context)
    if allowed is False:
        said = f"The access policy of topic {short(arn)} does not let CloudWatch publish for {short(alarm_arn)}."
        return Gap("topic.policy", arn, said)
    key = _unlocking(topic, context)
    if key is None and allowed is None:
        said = f"Whether the access policy of topic {short(arn)} lets CloudWatch publish cannot be said."
        return Doubt("topic.policy", arn, said)
    return key


def _context(alarm_arn: str) -> dict[str, str]:
    """What is known of a request that CloudWatch makes for the alarm."""
    account, _ = place_of(alarm_arn)
    return {
        "aws:SourceArn": alarm_arn,
        "aws:SourceAccount": account,
        "AWS:SourceOwner": account,
        "aws:SecureTransport": "true",
        "aws:PrincipalIsAWSService": "true",
    }


def _unlocking(topic: Topic, context: dict[str, str]) -> Finding:
    """Whether CloudWatch may use the topic's key, if it has one."""
    if topic.key_id is None:
        return None
    said = f"Topic {short(topic.arn)} is encrypted with key {topic.key_id},"
    if topic.key_id.endswith(_OF_AWS):
        return Gap("topic.key", topic.arn, f"{said} which CloudWatch may not use.")
    key = topic.key
    if isinstance(key, Unreadable):
        return unread(topic.arn, key)
    if key is None:
        return Gap("topic.key", topic.arn, f"{said} which does not exist.")
    if key.state not in USABLE:
        return Gap("topic.key", topic.arn, f"{said} which is not enabled ({key.state}).")
    return _granting(topic, key, said, context)


def _granting(topic: Topic, key: Key, said: str, context: dict[str, str]) -> Finding:
    if key.managed_by_aws:
        return Gap("topic.key", topic.arn, f"{said} which CloudWatch may not use.")
    if isinstance(key.policy, Unreadable):
        return unread(topic.arn, key.policy)
    actions = ("kms:Decrypt", "kms:GenerateDataKey")
    allowed = access.allows(key.policy, service=CLOUDWATCH, actions=actions, resource="*", context=context)
    if allowed is False:
        return Gap("topic.key", topic.arn, f"{said} whose policy does not let CloudWatch use it.")
    if allowed is None:
        return Doubt("topic.key", topic.arn, f"{said} and whether its policy lets CloudWatch use it cannot be said.")
    return None


def reaching(topic: Topic, alarm_arn: str) -> Finding:
    """Whether at least one confirmed subscription gets the notifications of the alarm."""
    if isinstance(topic.subscriptions, Unreadable):
        return unread(topic.arn, topic.subscriptions)
    name = short(topic.arn)
    if not topic.subscriptions:
        return Gap("subscription.missing", topic.arn, f"Nobody is subscribed to topic {name}.")
    confirmed = [subscription for subscription in topic.subscriptions if subscription.arn is not None]
    if not confirmed:
        return Gap("subscription.pending", topic.arn, f"No subscription of topic {name} has been confirmed.")
    heard = [_hears(subscription, alarm_arn) for subscription in confirmed]
    if None in heard:
        return None
    if doubts := [finding for finding in heard if isinstance(finding, Doubt)]:
        return doubts[0]
    return heard[0]


def _hears(subscription: Subscription, alarm_arn: str) -> Finding:
    """Whether a confirmed subscription's filter policy lets the alarm's notifications through."""
    arn, policy = f"{subscription.arn}", subscription.filter_policy
    if policy is None:
        return None
    if isinstance(policy, Unreadable):
        return unread(arn, policy)
    body = filter_policy.alarm_body(account=place_of(alarm_arn)[0], alarm_name=short(alarm_arn), alarm_arn=alarm_arn)
    passes = filter_policy.passes(policy, scope=subscription.filter_scope, body=body)
    if passes is False:
        said = f"The filter policy of subscription {short(arn)} holds back alarm messages."
        return Gap("subscription.filtered", arn, said)
    if passes is None:
        said = f"Whether the filter policy of subscription {short(arn)} lets alarm messages through cannot be said."
        return Doubt("subscription.filtered", arn, said)
    return None
