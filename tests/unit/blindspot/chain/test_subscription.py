"""The subscription: whether a confirmed one gets the notifications of an alarm."""

import json
from itertools import permutations
from typing import Any

import pytest

from blindspot.chain.subscription import check_subscriptions
from blindspot.model.findings import FOREIGN, HOLDS, Doubt, Finding, Gap
from blindspot.model.snapshot import Subscription, Unreadable
from tests.builders import ACCOUNT, HOME, a_topic, an_alarm, topic_arn
from tests.findings import assert_found

ALARM = an_alarm().arn
REFUSED = Unreadable("sns:GetSubscriptionAttributes", HOME, "AuthorizationError", denied=True)


def arn(name: str) -> str:
    return f"{topic_arn()}:{name}"


def by_body(name: str, **wanted: Any) -> Subscription:
    return Subscription(arn(name), "sqs", json.dumps(wanted), "MessageBody")


PLAIN = Subscription(arn("plain"), "email")
PENDING = Subscription(None, "email")
BY_ATTRIBUTE = Subscription(arn("by-attribute"), "email", '{"severity": ["high"]}')
OF_OTHERS = by_body("of-others", AlarmName=["other"])
UNCLEAR = by_body("unclear", AlarmDescription=["any"])
UNREAD = Subscription(arn("unread"), "email", REFUSED)


def found_of(*subscriptions: Subscription, alarm: str = ALARM) -> Finding:
    return check_subscriptions(a_topic(subscriptions=subscriptions), alarm)


def test_a_topic_without_a_subscription_or_with_those_unread() -> None:
    assert_found(found_of(), Gap, "subscription.missing", topic_arn(), "security-alerts")
    found = check_subscriptions(a_topic(subscriptions=REFUSED), ALARM)
    assert_found(found, Doubt, "unread.refused", topic_arn(), "sns:GetSubscriptionAttributes")


def test_the_account_that_is_named_is_the_one_that_may_read_the_subscription() -> None:
    """A subscription's ARN has the account of its topic."""
    not_read = Unreadable("sns:GetSubscriptionAttributes", HOME, FOREIGN)
    found = found_of(Subscription(arn("theirs"), "email", not_read, owner="999999999999"))
    assert_found(found, Doubt, "subscription.foreign", arn("theirs"), "999999999999")


@pytest.mark.parametrize("subscriptions", [(PENDING,), (PENDING, Subscription(None, "sqs", "{}"))])
def test_a_subscription_that_is_not_confirmed_gets_nothing(subscriptions: tuple[Subscription, ...]) -> None:
    assert_found(found_of(*subscriptions), Gap, "subscription.pending", topic_arn(), "security-alerts")


GETS = {
    "no policy": PLAIN,
    "an empty policy": Subscription(arn("s"), "email", "{}"),
    "this alarm by name": by_body("s", AlarmName=["unauthorized"]),
    "this alarm by ARN": by_body("s", AlarmArn=[ALARM]),
    "this account's": by_body("s", AWSAccountId=[ACCOUNT]),
    "what goes to ALARM": by_body("s", NewStateValue=["ALARM"]),
    "by a prefix": by_body("s", AlarmArn=[{"prefix": f"arn:aws:cloudwatch:{HOME}:"}]),
    "one of two conditions": by_body("s", AlarmName=["other", "unauthorized"]),
    "two fields": by_body("s", AlarmName=["unauthorized"], AWSAccountId=[ACCOUNT]),
}


@pytest.mark.parametrize("name", GETS)
def test_a_filter_policy_that_accepts_the_alarms_messages(name: str) -> None:
    assert found_of(GETS[name]) is HOLDS


GETS_NOTHING = {
    "by an attribute": BY_ATTRIBUTE,
    "the name as an attribute": Subscription(arn("s"), "email", '{"AlarmName": ["unauthorized"]}'),
    "another alarm": OF_OTHERS,
    "the ARN as a name": by_body("s", AlarmName=[ALARM]),
    "the name as an ARN": by_body("s", AlarmArn=["unauthorized"]),
    "another account": by_body("s", AWSAccountId=["999999999999"]),
    "what returns to OK": by_body("s", NewStateValue=["OK"]),
    "one of two fields": by_body("s", AlarmName=["unauthorized"], AWSAccountId=["999999999999"]),
}


@pytest.mark.parametrize("name", GETS_NOTHING)
def test_a_filter_policy_that_rejects_the_alarms_messages(name: str) -> None:
    rejecting = GETS_NOTHING[name]
    short = f"{rejecting.arn}".removeprefix(f"arn:aws:sns:{HOME}:{ACCOUNT}:")
    assert_found(found_of(rejecting), Gap, "subscription.filtered", f"{rejecting.arn}", f"subscription {short} ")


MAY_GET = {
    "unread": (UNREAD, "unread.refused", "sns:GetSubscriptionAttributes"),
    "a field that is not known": (UNCLEAR, "subscription.filtered", "security-alerts:unclear"),
    "no JSON": (Subscription(arn("s"), "sqs", "x"), "subscription.filtered", "security-alerts:s"),
    "a scope that is not known": (Subscription(arn("s"), "sqs", "{}", "New"), "subscription.filtered", "security"),
}


@pytest.mark.parametrize("name", MAY_GET)
def test_a_filter_policy_that_may_accept_the_alarms_messages(name: str) -> None:
    subscription, code, fact = MAY_GET[name]
    assert_found(found_of(subscription), Doubt, code, f"{subscription.arn}", fact)


@pytest.mark.parametrize("others", [(PENDING,), (BY_ATTRIBUTE,), (UNREAD,), (PENDING, OF_OTHERS, UNCLEAR)])
def test_one_subscription_that_gets_them_is_enough(others: tuple[Subscription, ...]) -> None:
    for order in permutations((PLAIN, *others)):
        assert found_of(*order) is HOLDS


@pytest.mark.parametrize("unknown", [UNREAD, UNCLEAR])
def test_one_that_may_get_them_leaves_a_doubt(unknown: Subscription) -> None:
    for order in permutations((PENDING, BY_ATTRIBUTE, unknown, OF_OTHERS)):
        found = found_of(*order)
        assert isinstance(found, Doubt)
        assert found.resource == unknown.arn


@pytest.mark.parametrize("read", [(), (PENDING,), (BY_ATTRIBUTE,), (PENDING, UNREAD)])
def test_subscriptions_that_are_not_read_may_get_them(read: tuple[Subscription, ...]) -> None:
    found = check_subscriptions(a_topic(subscriptions=read, more_subscriptions=True), ALARM)
    assert_found(found, Doubt, "subscription.filtered", topic_arn(), "Topic security-alerts")
    assert check_subscriptions(a_topic(subscriptions=(*read, PLAIN), more_subscriptions=True), ALARM) is HOLDS


def test_where_all_reject_them_the_first_is_named() -> None:
    found = found_of(PENDING, OF_OTHERS, BY_ATTRIBUTE)
    assert_found(found, Gap, "subscription.filtered", f"{OF_OTHERS.arn}", "of-others")


def test_the_account_and_the_name_are_the_alarms() -> None:
    alarm = f"arn:aws:cloudwatch:{HOME}:999999999999:alarm:other: 2"
    subscription = by_body("s", AlarmName=["other: 2"], AWSAccountId=["999999999999"], AlarmArn=[alarm])
    assert found_of(subscription, alarm=alarm) is HOLDS
