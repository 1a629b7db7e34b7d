"""SNS: subscriptions that must be confirmed, and topics whose policy allows another account to read them.

SNS developer guide, "Confirming a subscription", "Subscription filter policies", "Example cases for access control" and
"SMS sandbox".
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from types import SimpleNamespace
from typing import Any

from moto.core.responses import ActionResult
from moto.sns.exceptions import SNSException, SNSInvalidParameter
from moto.sns.models import SNSBackend, Subscription, Topic, sns_backends
from moto.sns.responses import SNSResponse

MUST_CONFIRM = ("email", "email-json", "http", "https")
"""Protocols whose subscriber must confirm. AWS confirms the others of the same account at once."""

PROTOCOLS = (*MUST_CONFIRM, "sms", "sqs", "application", "lambda", "firehose")

_create_topic = SNSBackend.create_topic
_get_subscription_attributes = SNSBackend.get_subscription_attributes
_get_topic = SNSBackend.get_topic
_get_topic_attributes = SNSResponse.get_topic_attributes
_read_subscription = SNSResponse.get_subscription_attributes
_set_subscription_attributes = SNSBackend.set_subscription_attributes
_set_topic_attribute = SNSBackend.set_topic_attribute
_subscribe = SNSResponse.subscribe
_unsubscribe = SNSBackend.unsubscribe


class AuthorizationError(SNSException):
    code = "AuthorizationError"


def is_pending(subscription: Subscription) -> bool:
    # Moto sets `confirmed` for every subscription; LocalAws.confirm sets `by_subscriber`.
    elsewhere = subscription.endpoint.startswith("arn:") and subscription.endpoint.split(":")[4] != subscription.owner
    return (subscription.protocol in MUST_CONFIRM or elsewhere) and not getattr(subscription, "by_subscriber", False)


def subscribe(self: SNSResponse) -> ActionResult:
    if self._get_param("Protocol") not in PROTOCOLS:
        raise SNSInvalidParameter("Invalid parameter: Does not support this protocol string")
    before = set(self.backend.subscriptions)
    try:
        answer = _subscribe(self)
    except SNSException:
        # An attribute that is refused leaves no subscription behind.
        for arn in set(self.backend.subscriptions) - before:
            del self.backend.subscriptions[arn]
        raise
    made: dict[str, Any] = answer.result  # type: ignore[assignment]  # moto types it as object
    # The ARN exists from the start, but is returned only when the caller asks for it.
    if is_pending(self.backend.subscriptions[made["SubscriptionArn"]]) and not self._get_bool_param(
        "ReturnSubscriptionArn"
    ):
        return ActionResult({"SubscriptionArn": "pending confirmation"})
    return answer


def list_subscriptions(self: SNSResponse) -> ActionResult:
    return _page(*self.backend.list_subscriptions(self._get_param("NextToken")))


def list_subscriptions_by_topic(self: SNSResponse) -> ActionResult:
    _as_owner(self, self._get_param("TopicArn"), "ListSubscriptionsByTopic")
    return _page(*self.backend.list_subscriptions_by_topic(self._get_param("TopicArn"), self._get_param("NextToken")))


def _page(found: list[Subscription], token: object) -> ActionResult:
    return ActionResult({"Subscriptions": [_listed(subscription) for subscription in found], "NextToken": token})


def _listed(subscription: Subscription) -> SimpleNamespace:
    return SimpleNamespace(
        arn="PendingConfirmation" if is_pending(subscription) else subscription.arn,
        owner=subscription.owner,
        protocol=subscription.protocol,
        endpoint=re.sub(r"(://[^/@:]*:)[^/@]*@", r"\1****@", subscription.endpoint),  # without the password
        topic_arn=subscription.topic_arn,
    )


def get_subscription_attributes(self: SNSBackend, arn: str) -> dict[str, Any]:
    _account(arn, "SubscriptionArn")
    waiting = arn in self.subscriptions and is_pending(self.subscriptions[arn])
    found = _get_subscription_attributes(self, arn)
    if found.get("FilterPolicy") in ("", "{}"):
        # Such a policy removes the one before: no policy is left, and no scope.
        found = {key: value for key, value in found.items() if not key.startswith("FilterPolicy")}
    return found | {
        "PendingConfirmation": waiting,
        "ConfirmationWasAuthenticated": not waiting,
    }


def set_subscription_attributes(self: SNSBackend, arn: str, name: str, value: Any) -> None:
    if name == "FilterPolicyScope" and value not in ("MessageAttributes", "MessageBody"):
        why = f"Invalid value [{value}]. Please use either MessageBody or MessageAttributes"
        raise SNSInvalidParameter(f"Invalid parameter: FilterPolicyScope: {why}")
    if name == "FilterPolicy" and value:
        _parsed("FilterPolicy", value)
    _set_subscription_attributes(self, arn, name, value)


def create_topic(
    self: SNSBackend, name: str, attributes: dict[str, str] | None = None, tags: dict[str, str] | None = None
) -> Topic:
    before = dict(self.topics)
    topic = _create_topic(self, name, attributes, tags)
    if topic.arn not in before:
        return topic
    # "If a topic with the requested name already exists, it is returned", unless it differs from what is asked for.
    if tags and tags != topic._tags:  # noqa: SLF001 (moto shows them nowhere else)
        raise SNSInvalidParameter("Invalid parameter: Tags Reason: Topic already exists with different tags")
    key = (attributes or {}).get("KmsMasterKeyId", topic.kms_master_key_id)
    if _policy(attributes) not in (None, json.loads(topic.policy)) or key != topic.kms_master_key_id:
        raise SNSInvalidParameter(
            "Invalid parameter: Attributes Reason: Topic already exists with different attributes"
        )
    return topic


def tags_of(backend: SNSBackend, arn: str) -> dict[str, str] | None:
    """None where there is no such topic."""
    topic = backend.topics.get(arn)
    return None if topic is None else dict(topic._tags)  # noqa: SLF001 (moto shows them nowhere else)


def _policy(attributes: Mapping[str, str] | None) -> Any:
    return json.loads(attributes["Policy"]) if attributes and "Policy" in attributes else None


def set_topic_attribute(self: SNSBackend, topic_arn: str, attribute_name: str, attribute_value: Any) -> None:
    if attribute_name == "policy":
        _parsed("Policy", attribute_value)
    _set_topic_attribute(self, topic_arn, attribute_name, attribute_value)


def _parsed(parameter: str, text: str) -> dict[str, Any]:
    try:
        parsed = json.loads(text)
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict):
        raise SNSInvalidParameter(f"Invalid parameter: {parameter}: failed to parse JSON.")
    return parsed


@dataclass
class Sandbox:
    """Of text messages in a region: every account begins in it. verified: the numbers that they are sent to there."""

    inside: bool = True
    verified: tuple[str, ...] = ()


def sandbox(backend: SNSBackend) -> Sandbox:
    """Kept on moto's backend, so that moto forgets it with everything else."""
    kept: Sandbox = vars(backend).setdefault("sandbox", Sandbox())
    return kept


def get_sms_sandbox_account_status(self: SNSResponse) -> ActionResult:
    return ActionResult({"IsInSandbox": sandbox(self.backend).inside})


def list_sms_sandbox_phone_numbers(self: SNSResponse) -> ActionResult:
    begin, limit = int(self._get_param("NextToken") or 0), int(self._get_param("MaxResults") or 100)
    if not 1 <= limit <= 100:
        raise SNSInvalidParameter("Invalid parameter: MaxResults")
    numbers, end = sandbox(self.backend).verified, begin + limit
    page = [{"PhoneNumber": number, "Status": "Verified"} for number in numbers[begin:end]]
    return ActionResult({"PhoneNumbers": page, "NextToken": str(end) if end < len(numbers) else None})


def unsubscribe(self: SNSBackend, subscription_arn: str) -> None:
    _account(subscription_arn, "SubscriptionArn")
    _unsubscribe(self, subscription_arn)


def get_topic(self: SNSBackend, arn: str) -> Topic:
    if _account(arn, "TopicArn") != self.account_id:
        # Only a policy of the topic's owner would allow the call. AWS does not say whether the topic exists.
        raise AuthorizationError("User is not authorized to perform this operation.")
    return _get_topic(self, arn)


def get_topic_attributes(self: SNSResponse) -> ActionResult:
    _as_owner(self, self._get_param("TopicArn"), "GetTopicAttributes")
    answer = _get_topic_attributes(self)
    topic = self.backend.get_topic(self._get_param("TopicArn"))
    waiting = [
        is_pending(subscription) for subscription in self.backend.subscriptions.values() if subscription.topic is topic
    ]
    counts = {"SubscriptionsPending": waiting.count(True), "SubscriptionsConfirmed": waiting.count(False)}
    attributes: dict[str, Any] = answer.result["Attributes"]  # type: ignore[index]  # moto types it as object
    return ActionResult({"Attributes": attributes | counts})


def read_subscription(self: SNSResponse) -> ActionResult:
    arn = self._get_param("SubscriptionArn")
    caller, topics_owner = self.current_account, _account(arn, "SubscriptionArn")
    found = sns_backends[topics_owner][self.region].subscriptions.get(arn)
    if found is not None and caller == found.owner:
        self.current_account = topics_owner
    elif found is not None and caller == topics_owner:
        raise AuthorizationError(f"User is not authorized to perform: SNS:GetSubscriptionAttributes on resource: {arn}")
    else:
        _as_owner(self, arn.rpartition(":")[0], "GetSubscriptionAttributes")
    return _read_subscription(self)


def _as_owner(self: SNSResponse, topic_arn: str, action: str) -> None:
    """The rest of the call reads the account of the topic's owner, if the topic's policy allows it."""
    owner = _account(topic_arn, "TopicArn")
    if owner == self.current_account:
        return
    topic = sns_backends[owner][self.region].topics.get(topic_arn)
    # The same error for a topic that does not exist and for one that may not be read.
    if topic is None or not _allows(topic, self.current_account, action):
        raise AuthorizationError(f"User is not authorized to perform: SNS:{action} on resource: {topic_arn}")
    self.current_account = owner


def _allows(topic: Topic, account: str, action: str) -> bool:
    matching = [
        statement["Effect"]
        for statement in _list(json.loads(topic.policy).get("Statement", []))
        if _is_for(statement.get("Principal"), account) and _is_about(statement, action) and _holds(statement)
    ]
    return "Allow" in matching and "Deny" not in matching


def _is_for(principal: Any, account: str) -> bool:
    named = _list(principal.get("AWS", []) if isinstance(principal, dict) else principal)
    return any(name in ("*", account) or f":{account}:" in name for name in named)


def _is_about(statement: dict[str, Any], action: str) -> bool:
    asked = f"sns:{action}".lower()
    return any(fnmatchcase(asked, pattern.lower()) for pattern in _list(statement.get("Action", [])))


def _holds(statement: dict[str, Any]) -> bool:
    # The accounts of a local AWS are those of one organization; AWS:SourceOwner is the topic's owner, never a caller.
    keys = {key.lower() for keys in statement.get("Condition", {}).values() for key in keys}
    return keys <= {"aws:principalorgid"}


def _list(one_or_many: Any) -> list[Any]:
    return one_or_many if isinstance(one_or_many, list) else [one_or_many]


def _account(arn: str, parameter: str) -> str:
    parts = arn.split(":")
    if len(parts) < 6:
        why = f"An ARN must have at least 6 elements, not {len(parts)}"
        raise SNSInvalidParameter(f"Invalid parameter: {parameter} Reason: {why}")
    return parts[4]


METHODS = {
    SNSResponse: {
        "subscribe": subscribe,
        "list_subscriptions": list_subscriptions,
        "list_subscriptions_by_topic": list_subscriptions_by_topic,
        "get_topic_attributes": get_topic_attributes,
        "get_subscription_attributes": read_subscription,
        "get_sms_sandbox_account_status": get_sms_sandbox_account_status,
        "list_sms_sandbox_phone_numbers": list_sms_sandbox_phone_numbers,
    },
    SNSBackend: {
        "create_topic": create_topic,
        "get_subscription_attributes": get_subscription_attributes,
        "set_subscription_attributes": set_subscription_attributes,
        "set_topic_attribute": set_topic_attribute,
        "unsubscribe": unsubscribe,
        "get_topic": get_topic,
    },
}
