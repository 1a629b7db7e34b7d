"""SNS: subscriptions that wait for somebody's click (SNS developer guide, "Confirming a subscription")."""

from types import SimpleNamespace

from moto.core.responses import ActionResult
from moto.sns.models import Subscription
from moto.sns.responses import SNSResponse

ASKED = ("email", "email-json", "http", "https")
"""Protocols whose subscriber must confirm; the others of the same account are confirmed at once."""


def list_subscriptions_by_topic(self: SNSResponse) -> ActionResult:
    found, token = self.backend.list_subscriptions_by_topic(
        self._get_param("TopicArn"), next_token=self._get_param("NextToken")
    )
    return ActionResult({"Subscriptions": [_listed(subscription) for subscription in found], "NextToken": token})


def _listed(subscription: Subscription) -> SimpleNamespace:
    # moto's `confirmed` means nothing; `clicked` is set by LocalAws.confirm.
    waits = subscription.protocol in ASKED and not getattr(subscription, "clicked", False)
    return SimpleNamespace(
        arn="PendingConfirmation" if waits else subscription.arn,
        owner=subscription.owner,
        protocol=subscription.protocol,
        endpoint=subscription.endpoint,
        topic_arn=subscription.topic_arn,
    )


METHODS = {SNSResponse: (list_subscriptions_by_topic,)}
