"""SNS: subscriptions that wait for somebody's click (SNS developer guide, "Confirming a subscription")."""

from types import SimpleNamespace
from typing import Any

from moto.core.responses import ActionResult
from moto.sns.exceptions import SNSException, SNSInvalidParameter
from moto.sns.models import SNSBackend, Subscription, Topic
from moto.sns.responses import SNSResponse

ASKED = ("email", "email-json", "http", "https")
"""Protocols whose subscriber must confirm; the others of the same account are confirmed at once."""

PROTOCOLS = (*ASKED, "sms", "sqs", "application", "lambda", "firehose")

_get_subscription_attributes = SNSBackend.get_subscription_attributes
_get_topic = SNSBackend.get_topic
_get_topic_attributes = SNSResponse.get_topic_attributes
_subscribe = SNSResponse.subscribe
_unsubscribe = SNSBackend.unsubscribe


class AuthorizationError(SNSException):
    code = "AuthorizationError"


def waits(subscription: Subscription) -> bool:
    # moto's `confirmed` means nothing; `clicked` is set by LocalAws.confirm.
    elsewhere = subscription.endpoint.startswith("arn:") and subscription.endpoint.split(":")[4] != subscription.owner
    return (subscription.protocol in ASKED or elsewhere) and not getattr(subscription, "clicked", False)


def subscribe(self: SNSResponse) -> ActionResult:
    if self._get_param("Protocol") not in PROTOCOLS:
        raise SNSInvalidParameter("Invalid parameter: Does not support this protocol string")
    answer = _subscribe(self)
    made: dict[str, Any] = answer.result  # type: ignore[assignment]  # moto types it as object
    # The ARN exists from the start, but is told only to who asks for it.
    if waits(self.backend.subscriptions[made["SubscriptionArn"]]) and not self._get_bool_param("ReturnSubscriptionArn"):
        return ActionResult({"SubscriptionArn": "pending confirmation"})
    return answer


def list_subscriptions(self: SNSResponse) -> ActionResult:
    return _page(*self.backend.list_subscriptions(self._get_param("NextToken")))


def list_subscriptions_by_topic(self: SNSResponse) -> ActionResult:
    return _page(*self.backend.list_subscriptions_by_topic(self._get_param("TopicArn"), self._get_param("NextToken")))


def _page(found: list[Subscription], token: object) -> ActionResult:
    return ActionResult({"Subscriptions": [_listed(subscription) for subscription in found], "NextToken": token})


def _listed(subscription: Subscription) -> SimpleNamespace:
    return SimpleNamespace(
        arn="PendingConfirmation" if waits(subscription) else subscription.arn,
        owner=subscription.owner,
        protocol=subscription.protocol,
        endpoint=subscription.endpoint,
        topic_arn=subscription.topic_arn,
    )


def get_subscription_attributes(self: SNSBackend, arn: str) -> dict[str, Any]:
    _account(arn, "SubscriptionArn")
    waiting = arn in self.subscriptions and waits(self.subscriptions[arn])
    return _get_subscription_attributes(self, arn) | {
        "PendingConfirmation": waiting,
        "ConfirmationWasAuthenticated": not waiting,
    }


def unsubscribe(self: SNSBackend, subscription_arn: str) -> None:
    _account(subscription_arn, "SubscriptionArn")
    _unsubscribe(self, subscription_arn)


def get_topic(self: SNSBackend, arn: str) -> Topic:
    if _account(arn, "TopicArn") != self.account_id:
        # Only a policy of the topic's owner would let us in, whether it exists or not.
        raise AuthorizationError("User is not authorized to perform this operation.")
    return _get_topic(self, arn)


def get_topic_attributes(self: SNSResponse) -> ActionResult:
    answer = _get_topic_attributes(self)
    topic = self.backend.get_topic(self._get_param("TopicArn"))
    waiting = [
        waits(subscription) for subscription in self.backend.subscriptions.values() if subscription.topic is topic
    ]
    counts = {"SubscriptionsPending": waiting.count(True), "SubscriptionsConfirmed": waiting.count(False)}
    attributes: dict[str, Any] = answer.result["Attributes"]  # type: ignore[index]  # moto types it as object
    return ActionResult({"Attributes": attributes | counts})


def _account(arn: str, parameter: str) -> str:
    parts = arn.split(":")
    if len(parts) < 6:
        why = f"An ARN must have at least 6 elements, not {len(parts)}"
        raise SNSInvalidParameter(f"Invalid parameter: {parameter} Reason: {why}")
    return parts[4]


METHODS = {
    SNSResponse: (subscribe, list_subscriptions, list_subscriptions_by_topic, get_topic_attributes),
    SNSBackend: (get_subscription_attributes, unsubscribe, get_topic),
}
