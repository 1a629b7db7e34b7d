"""Whether an alarm's notification passes the topic and reaches somebody.

Source: Amazon SNS developer guide, "Example cases for Amazon SNS access control" and "Confirming a subscription";
knowledge-center article "Why didn't I receive an SNS notification for my CloudWatch alarm trigger?".
"""

from __future__ import annotations

import json

from blindspot.gaps import Doubt, Finding, Gap, short, unread
from blindspot.snapshot import Topic, Unreadable


def letting_in(arn: str, topic: Topic | Unreadable | None, *, region: str, account: str) -> Finding:
    """Whether CloudWatch, alarming in `region` of `account`, may publish to the topic."""
    if arn.split(":")[3] != region:
        return Gap(
            "topic.region", arn, f"Topic {short(arn)} is not in {region}, where the alarm that should notify it is."
        )
    if topic is None:
        return Gap("topic.missing", arn, f"The alarm notifies topic {short(arn)}, which does not exist.")
    if isinstance(topic, Unreadable):
        return unread(arn, topic)
    if topic.key is not None:
        if topic.key.endswith("alias/aws/sns"):
            return Gap(
                "topic.key", arn, f"Topic {short(arn)} is encrypted with alias/aws/sns, which CloudWatch may not use."
            )
        return Doubt(arn, f"Topic {short(arn)} is encrypted, and its key's policy is not worked out yet.")
    if not _is_default_policy(topic.policy, arn, account):
        return Doubt(
            arn, f"The access policy of topic {short(arn)} is not the one that SNS writes, and is not worked out yet."
        )
    return None


def _is_default_policy(text: str, arn: str, account: str) -> bool:
    """Whether it is the policy of a new topic: everyone, on condition that the account owns what they act for."""
    try:
        statements = json.loads(text)["Statement"]
    except (ValueError, TypeError, KeyError):
        return False
    if not (isinstance(statements, list) and len(statements) == 1 and isinstance(statements[0], dict)):
        return False
    known = {
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Resource": arn,
        "Condition": {"StringEquals": {"AWS:SourceOwner": account}},
    }
    statement = {key: value for key, value in statements[0].items() if key != "Sid"}
    actions = statement.pop("Action", [])
    return statement == known and isinstance(actions, list) and "SNS:Publish" in actions


def reaching(topic: Topic) -> Finding:
    """Whether at least one confirmed subscription gets every notification of the topic."""
    if isinstance(topic.subscriptions, Unreadable):
        return unread(topic.arn, topic.subscriptions)
    if not topic.subscriptions:
        return Gap("subscription.missing", topic.arn, f"Nobody is subscribed to topic {short(topic.arn)}.")
    confirmed = [subscription for subscription in topic.subscriptions if subscription.arn is not None]
    if not confirmed:
        return Gap(
            "subscription.pending", topic.arn, f"No subscription of topic {short(topic.arn)} has been confirmed."
        )
    policies = [subscription.filter_policy for subscription in confirmed]
    if None in policies:
        return None
    for policy in policies:
        if isinstance(policy, Unreadable):
            return unread(topic.arn, policy)
    return Doubt(
        topic.arn,
        f"Every confirmed subscription of topic {short(topic.arn)} has a filter policy, which is not worked out yet.",
    )
