"""The subscription: whether a confirmed one gets the notifications of an alarm.

Source: Amazon SNS developer guide, "Confirming a subscription" and "Subscription filter policies".
"""

from __future__ import annotations

from blindspot.languages import sns_filter_policy
from blindspot.languages.three_valued import Truth
from blindspot.model.arn import place_of, short
from blindspot.model.findings import HOLDS, Doubt, Finding, Gap, unread
from blindspot.model.snapshot import Subscription, Topic, Unreadable


def check_subscriptions(topic: Topic, alarm_arn: str) -> Finding:
    """Whether at least one confirmed subscription gets the notifications of the alarm."""
    if isinstance(topic.subscriptions, Unreadable):
        return unread(topic.arn, topic.subscriptions)
    name = short(topic.arn)
    found = [_check_filter_policy(each, alarm_arn) for each in topic.subscriptions if each.arn is not None]
    if HOLDS in found:
        return HOLDS
    if topic.more_subscriptions:
        message = f"Topic {name} has more subscriptions than Blindspot reads. The others may get alarm messages."
        return Doubt("subscription.filtered", topic.arn, message)
    if not topic.subscriptions:
        return Gap("subscription.missing", topic.arn, f"Topic {name} has no subscription.")
    if not found:
        return Gap("subscription.pending", topic.arn, f"No subscription of topic {name} has been confirmed.")
    return next((finding for finding in found if isinstance(finding, Doubt)), found[0])


def _check_filter_policy(subscription: Subscription, alarm_arn: str) -> Finding:
    """Whether a confirmed subscription's filter policy lets the alarm's notifications through."""
    arn, policy = f"{subscription.arn}", subscription.filter_policy
    if policy is None:
        return HOLDS
    if isinstance(policy, Unreadable):
        return unread(arn, policy, subscription.owner)
    body = sns_filter_policy.alarm_body(
        account=place_of(alarm_arn)[0], alarm_name=short(alarm_arn), alarm_arn=alarm_arn
    )
    passes = sns_filter_policy.passes(policy, scope=subscription.filter_scope, body=body)
    if passes is Truth.FALSE:
        message = f"The filter policy of subscription {short(arn)} rejects alarm messages."
        return Gap("subscription.filtered", arn, message)
    if passes is Truth.UNKNOWN:
        message = f"It is not known whether the filter policy of subscription {short(arn)} accepts alarm messages."
        return Doubt("subscription.filtered", arn, message)
    return HOLDS
