"""Settings change after the remediator made its things, before and after people changed them too."""

import json
from collections.abc import Callable, Mapping
from itertools import product
from typing import Any

import pytest

from blindspot.remediation.ownership import TAG
from local.accounts import a_compliant_account
from local.aws import LocalAws
from tests.integration.remediating import STACK, click, ledger, only_a_trail, ours, run, steady, switch
from tests.scenarios.bends import HOME

TAGS = {"team": "blue", "old": "1"}
BEFORE: dict[str, Any] = {"alarm": {"tags": TAGS}, "topic": {"tags": TAGS}}
"""The settings with which everything was made, beside one endpoint by email."""

BENIGN = ['{ $.sourceIPAddress = "delivery.logs.amazonaws.com" }', '{ $.eventName = "HeadBucket" }']
FIRST, SECOND = "security-team@example.com", "second@example.com"
MARK = {"Key": TAG, "Value": STACK.id}

CHANGED: dict[str, tuple[dict[str, Any], str, list[str]]] = {
    # what else the settings say, the endpoints, and which actions that is
    "nothing": ({}, FIRST, []),
    "benign": ({"benign": [*BENIGN, '{ $.eventName = "HeadObject" }']}, FIRST, ["update metric filter"]),
    "pattern": (
        {"pattern": '{ $.errorCode = "Access*" || $.errorCode = "*UnauthorizedOperation" }'},
        FIRST,
        ["update metric filter"],
    ),
    "alarm.threshold": ({"alarm": {"threshold": 3}, "calls_to_alarm": 3}, FIRST, ["update alarm"]),
    "alarm.period": ({"alarm": {"period": 60}}, FIRST, ["update alarm"]),
    "alarm.statistic": ({"alarm": {"statistic": "SampleCount"}}, FIRST, ["update alarm"]),
    "alarm.comparison": ({"alarm": {"comparison": "GreaterThanThreshold", "threshold": 0}}, FIRST, ["update alarm"]),
    "alarm.tags": (
        {"alarm": {"tags": {"team": "red", "cost": "7"}}},
        FIRST,
        ["add tags to alarm", "change tags of alarm", "remove tags from alarm"],
    ),
    "topic.tags": (
        {"topic": {"tags": {"team": "red", "cost": "7"}}},
        FIRST,
        ["add tags to topic", "change tags of topic", "remove tags from topic"],
    ),
    "names.metric": ({"names": {"metric": "refused"}}, FIRST, ["update metric filter", "update alarm"]),
    "names.namespace": ({"names": {"namespace": "Ours"}}, FIRST, ["update metric filter", "update alarm"]),
    "names of what cannot be renamed": (
        {"names": {"filter": "f", "alarm": "a-blindspot", "topic": "t-blindspot"}},
        FIRST,
        [],
    ),
    "an endpoint more": ({}, f"{FIRST},{SECOND}", ["create subscription"]),
    "everything": (
        {
            "benign": [*BENIGN, '{ $.eventName = "HeadObject" }'],
            "alarm": {"period": 60, "tags": {}},
            "topic": {"tags": {}},
            "names": {"metric": "refused"},
        },
        f"{FIRST},{SECOND}",
        [
            "create subscription",
            "remove tags from topic",
            "update metric filter",
            "update alarm",
            "remove tags from alarm",
        ],
    ),
}


class Account:
    """An account whose alarm and topic are ours, as people see it."""

    def __init__(self, aws: LocalAws) -> None:
        self.alarms = aws.client("cloudwatch", HOME)
        self.topics = aws.client("sns", HOME)
        (self.alarm,), (self.topic,) = ours(aws, "alarms"), ours(aws, "topics")

    def described(self) -> dict[str, Any]:
        (alarm,) = self.alarms.describe_alarms()["MetricAlarms"]
        return dict(alarm)

    def bend_alarm(self, **bent: Any) -> None:
        asked = {name: value for name, value in self.described().items() if name in PARAMETERS}
        self.alarms.put_metric_alarm(**{**asked, **bent})

    def policy(self) -> dict[str, Any]:
        attributes = self.topics.get_topic_attributes(TopicArn=self.topic)["Attributes"]
        policy: dict[str, Any] = json.loads(attributes["Policy"])
        return policy

    def bend_topic(self, policy: object) -> None:
        self.topics.set_topic_attributes(TopicArn=self.topic, AttributeName="Policy", AttributeValue=json.dumps(policy))

    def subscribed(self) -> list[str]:
        listed = self.topics.list_subscriptions_by_topic(TopicArn=self.topic)["Subscriptions"]
        return [subscription["Endpoint"] for subscription in listed]

    def tags(self) -> list[list[dict[str, str]]]:
        return [
            self.alarms.list_tags_for_resource(ResourceARN=self.alarm)["Tags"],
            self.topics.list_tags_for_resource(ResourceArn=self.topic)["Tags"],
        ]

    def tag(self, key: str, value: str) -> None:
        self.alarms.tag_resource(ResourceARN=self.alarm, Tags=[{"Key": key, "Value": value}])
        self.topics.tag_resource(ResourceArn=self.topic, Tags=[{"Key": key, "Value": value}])


PARAMETERS = (
    *("AlarmName", "AlarmDescription", "ActionsEnabled", "OKActions", "AlarmActions", "InsufficientDataActions"),
    *("MetricName", "Namespace", "Statistic", "Period", "EvaluationPeriods", "DatapointsToAlarm", "Threshold"),
    *("ComparisonOperator", "TreatMissingData"),
)
PAGER, CALM = (f"arn:aws:sns:{HOME}:123456789012:{name}" for name in ("pager", "calm"))
NO_PLAIN_TEXT = {
    "Sid": "NoPlainText",
    "Effect": "Deny",
    "Principal": "*",
    "Action": "sns:Publish",
    "Resource": "*",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


def all_of_it(account: Account) -> None:
    account.bend_alarm(
        AlarmActions=[*account.described()["AlarmActions"], PAGER], OKActions=[CALM], AlarmDescription="Call Ada."
    )
    policy = account.policy()
    account.bend_topic({**policy, "Statement": [*policy["Statement"], NO_PLAIN_TEXT]})
    account.topics.subscribe(TopicArn=account.topic, Protocol="email", Endpoint="ops@example.com")
    account.tag("theirs", "1")


def is_all_there(account: Account) -> bool:
    alarm = account.described()
    return (
        PAGER in alarm["AlarmActions"]
        and (alarm["OKActions"], alarm["AlarmDescription"]) == ([CALM], "Call Ada.")
        and NO_PLAIN_TEXT in account.policy()["Statement"]
        and "ops@example.com" in account.subscribed()
        and all({"Key": "theirs", "Value": "1"} in tags for tags in account.tags())
    )


ADDED: dict[str, tuple[Callable[[Account], None], Callable[[Account], bool]]] = {
    "nothing": (lambda _: None, lambda _: True),
    "all that people may add": (all_of_it, is_all_there),
}


def made_with(aws: LocalAws, monkeypatch: pytest.MonkeyPatch, overrides: Mapping[str, Any] = BEFORE) -> Account:
    """An account in which everything from the filter on was made with these settings, and is confirmed."""
    only_a_trail(aws, a_compliant_account(aws, region=HOME))
    set_to(monkeypatch, overrides)
    switch(aws, "true")
    run("apply")
    click(aws)
    return Account(aws)


def set_to(monkeypatch: pytest.MonkeyPatch, overrides: Mapping[str, Any], endpoint: str = FIRST) -> None:
    monkeypatch.setenv("BLINDSPOT_OVERRIDES", json.dumps(overrides))
    monkeypatch.setenv("BLINDSPOT_SUBSCRIPTION_ENDPOINT", endpoint)


def titles(document: dict[str, Any]) -> list[str]:
    return [action["action"] for action in document["plan"]]


def send(aws: LocalAws, request: dict[str, Any]) -> None:
    service, operation = request["call"].split(":")
    aws.client(service, request["region"])._make_api_call(operation, request["parameters"])  # noqa: SLF001


@pytest.mark.parametrize(("key", "added"), list(product(CHANGED, ADDED)))
def test_what_was_made_follows_the_settings_and_what_people_added_stays(
    small: LocalAws, monkeypatch: pytest.MonkeyPatch, key: str, added: str
) -> None:
    overrides, endpoint, expected = CHANGED[key]
    add, is_there = ADDED[added]
    account = made_with(small, monkeypatch)
    add(account)
    click(small)
    merged = {**overrides, **{part: {**BEFORE[part], **overrides.get(part, {})} for part in BEFORE}}
    set_to(monkeypatch, merged, endpoint)
    before = steady(small.dump())

    document = run("apply")

    assert (document["verdict_before"], titles(document)) == ("COMPLIANT", expected)
    assert {outcome["status"] for outcome in document["outcomes"]} <= {"done"}
    assert is_there(account)
    assert all(MARK in tags for tags in account.tags())
    click(small)
    again = run("apply")
    assert (again["verdict_before"], again["plan"], again["manual_steps"]) == ("COMPLIANT", [], [])
    if "create subscription" not in expected:  # a subscription ends with its topic, or by its subscriber
        for action in reversed(document["plan"]):
            send(small, action["undo"])
        assert without_parameters(steady(small.dump())) == without_parameters(before)


def without_parameters(held: dict[str, Any]) -> dict[str, Any]:
    """Without the lease and the ledger, and with the tags of a thing in one order."""
    kept = {
        region: {kind: things for kind, things in kinds.items() if kind != "parameters"}
        for region, kinds in held.items()
    }
    in_order: dict[str, Any] = json.loads(json.dumps(kept), object_hook=_in_order)
    return in_order


def _in_order(found: dict[str, Any]) -> dict[str, Any]:
    return {**found, "Tags": sorted(found["Tags"], key=str)} if "Tags" in found else found


WORSE: dict[str, tuple[Callable[[Account], None], list[str]]] = {
    "a threshold": (lambda account: account.bend_alarm(Threshold=10), ["update alarm"]),
    "actions disabled": (lambda account: account.bend_alarm(ActionsEnabled=False), ["update alarm"]),
    "our topic removed": (lambda account: account.bend_alarm(AlarmActions=[PAGER]), ["update alarm"]),
    "another metric": (lambda account: account.bend_alarm(MetricName="orders"), ["update alarm"]),
    "the policy closed": (
        lambda account: account.bend_topic({"Version": "2012-10-17", "Statement": []}),
        ["update topic policy"],
    ),
    "the value of our tag": (
        lambda account: account.tag("team", "green"),
        ["change tags of topic", "change tags of alarm"],
    ),
}


@pytest.mark.parametrize("name", WORSE)
def test_what_people_made_worse_is_set_back_with_the_value_before(
    small: LocalAws, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    change, expected = WORSE[name]
    account = made_with(small, monkeypatch)
    change(account)
    before = steady(small.dump())
    document = run("apply")
    assert titles(document) == expected
    assert [outcome["status"] for outcome in document["outcomes"]] == ["done"] * len(expected)
    assert run("apply")["plan"] == []
    assert run("plan")["verdict_before"] == "COMPLIANT"
    for action in document["plan"]:
        send(small, action["undo"])
    assert without_parameters(steady(small.dump())) == without_parameters(before)


def test_a_filter_that_somebody_changed_is_theirs_and_ours_goes_beside_it(
    small: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_with(small, monkeypatch)
    logs = small.client("logs", HOME)
    (ours_once,) = logs.describe_metric_filters()["metricFilters"]
    asked = {name: ours_once[name] for name in ("logGroupName", "filterName", "metricTransformations")}
    logs.put_metric_filter(**asked, filterPattern="{ $.errorCode = AccessDenied }")
    document = run("apply")
    assert "ownership.lost" in [step["code"] for step in document["manual_steps"]]
    found = {each["filterName"]: each["filterPattern"] for each in logs.describe_metric_filters()["metricFilters"]}
    assert found.pop(ours_once["filterName"]) == "{ $.errorCode = AccessDenied }"
    assert found == {f"{ours_once['filterName']}-blindspot": ours_once["filterPattern"]}
    assert run("plan")["verdict_before"] == "COMPLIANT"


def test_a_topic_is_created_with_the_key_of_the_settings(small: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = small.client("kms", HOME)
    allowed = {
        "Sid": "Alarms",
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
        "Resource": "*",
    }
    key = keys.create_key(Policy=json.dumps({"Version": "2012-10-17", "Statement": [allowed]}))["KeyMetadata"]["Arn"]
    account = made_with(small, monkeypatch, {"topic": {"key": key}})
    assert run("plan")["verdict_before"] == "COMPLIANT"
    attributes = account.topics.get_topic_attributes(TopicArn=account.topic)["Attributes"]
    assert attributes["KmsMasterKeyId"] == key
    set_to(monkeypatch, {})
    document = run("apply")
    assert titles(document) == ["update topic key"]
    assert "KmsMasterKeyId" not in account.topics.get_topic_attributes(TopicArn=account.topic)["Attributes"]
    assert run("plan")["plan"] == []


def test_no_topic_is_created_with_a_key_that_alarms_cannot_use(
    small: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_a_trail(small, a_compliant_account(small, region=HOME))
    switch(small, "true")
    key = small.client("kms", HOME).create_key()["KeyMetadata"]["Arn"]
    cases = (
        (key, None, "whose policy does not allow CloudWatch"),
        (key.replace(HOME, "us-east-1"), None, "in another region than the topic"),
        (f"{key[:-12]}{'0' * 12}", None, "which does not exist"),
        (key, "kms:DescribeKey", "kms:DescribeKey"),
    )
    for named, fails, why in cases:
        if fails:
            small.fail(fails, HOME)
        set_to(monkeypatch, {"topic": {"key": named}})
        document = run("apply")
        assert "create topic" not in titles(document)
        (message,) = [step["message"] for step in document["manual_steps"] if step["code"] == "topic.key"]
        assert why in message


@pytest.mark.parametrize("doubt", ["", "cloudtrail:GetTrailStatus"])
def test_our_topic_gets_no_key_that_alarms_cannot_use(
    small: LocalAws, monkeypatch: pytest.MonkeyPatch, doubt: str
) -> None:
    account = made_with(small, monkeypatch, {})
    set_to(monkeypatch, {"topic": {"key": small.client("kms", HOME).create_key()["KeyMetadata"]["Arn"]}})
    if doubt:  # then no region is COMPLIANT that could be lost
        small.fail(doubt, HOME)
    document = run("apply")
    assert (document["plan"], document["expected"]) == ([], "INDETERMINATE" if doubt else "COMPLIANT")
    assert "topic.key" in [step["code"] for step in document["manual_steps"]]
    assert "KmsMasterKeyId" not in account.topics.get_topic_attributes(TopicArn=account.topic)["Attributes"]


def test_no_setting_makes_a_doubtful_region_non_compliant(small: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    account = made_with(small, monkeypatch, {})
    set_to(monkeypatch, {"alarm": {"threshold": 1000}})
    small.fail("cloudtrail:GetTrailStatus", HOME)
    document = run("apply")
    assert (document["verdict_before"], document["plan"], document["expected"]) == (
        "INDETERMINATE",
        [],
        "INDETERMINATE",
    )
    (message,) = [step["message"] for step in document["manual_steps"] if step["code"] == "settings.contradict"]
    assert "would become NON_COMPLIANT" in message
    assert account.described()["Threshold"] == 1


def test_an_update_that_did_not_take_away_what_people_set_is_not_told_as_done(
    small: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = made_with(small, monkeypatch, {})
    account.bend_alarm(Unit="Bytes")
    small.malform("cloudwatch:PutMetricAlarm", {})  # an answer, and nothing is done
    assert [outcome["status"] for outcome in run("apply")["outcomes"]] == ["failed"]
    assert account.described()["Unit"] == "Bytes"
    small.faults.clear()
    assert [outcome["status"] for outcome in run("apply")["outcomes"]] == ["done"]
    assert "Unit" not in account.described()


def test_a_tag_that_people_had_already_set_as_the_settings_ask_stays_theirs(
    small: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = made_with(small, monkeypatch, {})
    account.tag("team", "blue")
    for tags, expected in (({"team": "blue", "cost": "7"}, "add tags to alarm"), ({}, "remove tags from alarm")):
        set_to(monkeypatch, {"alarm": {"tags": tags}})
        assert titles(run("apply")) == [expected]
    assert sorted(tag["Key"] for tag in account.tags()[0]) == [TAG, "team"]


def test_all_endpoints_are_subscribed_to_a_new_topic(small: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    only_a_trail(small, a_compliant_account(small, region=HOME))
    set_to(monkeypatch, {}, f"{FIRST},{SECOND}")
    switch(small, "true")
    assert titles(run("apply")).count("create subscription") == 2
    assert sorted(Account(small).subscribed()) == sorted([FIRST, SECOND])
    assert run("apply")["plan"] == []


def test_an_endpoint_that_left_the_settings_is_told_with_the_command(
    small: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = made_with(small, monkeypatch)
    set_to(monkeypatch, BEFORE, SECOND)
    run("apply")
    click(small)
    (step,) = run("plan")["manual_steps"]
    (first,) = [
        found["SubscriptionArn"]
        for found in account.topics.list_subscriptions_by_topic(TopicArn=account.topic)["Subscriptions"]
        if found["Endpoint"] == FIRST
    ]
    assert (step["code"], step["fix"]) == (
        "subscription.left",
        f"Run: aws sns unsubscribe --region {HOME} --subscription-arn {first}",
    )


NUMBERS = "+14155550100,+14155550101"

SMS: dict[str, tuple[dict[str, Any] | None, str, list[str]]] = {
    # the SMS sandbox, None where it cannot be read; what is expected, and the manual steps
    "out of the sandbox": ({"sandbox": False}, "COMPLIANT", []),
    "both verified": ({"sandbox": True, "verified": tuple(NUMBERS.split(","))}, "COMPLIANT", []),
    "one verified": ({"sandbox": True, "verified": ("+14155550101",)}, "COMPLIANT", ["subscription.sandbox"]),
    "none verified": ({"sandbox": True}, "NON_COMPLIANT", ["subscription.sandbox"] * 2),
    "not known": (None, "NON_COMPLIANT", ["subscription.sandbox"] * 2),
}


@pytest.mark.parametrize("name", SMS)
def test_a_number_in_the_sms_sandbox_is_not_counted_as_notified(
    small: LocalAws, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    sandbox, expected, codes = SMS[name]
    only_a_trail(small, a_compliant_account(small, region=HOME))
    monkeypatch.setenv("BLINDSPOT_SUBSCRIPTION_PROTOCOL", "sms")
    monkeypatch.setenv("BLINDSPOT_SUBSCRIPTION_ENDPOINT", NUMBERS)
    if sandbox is None:
        small.fail("sns:GetSMSSandboxAccountStatus", HOME)
    else:
        small.text_messages(**sandbox, region=HOME)
    document = run("plan")
    assert document["expected"] == expected
    assert [step["code"] for step in document["manual_steps"] if step["code"].startswith("subscription.")] == codes


def test_a_password_is_in_no_entry_of_the_ledger(small: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    only_a_trail(small, a_compliant_account(small, region=HOME))
    switch(small, "true")
    monkeypatch.setenv("BLINDSPOT_SUBSCRIPTION_PROTOCOL", "https")
    monkeypatch.setenv("BLINDSPOT_SUBSCRIPTION_ENDPOINT", "https://user:secret@chat.example.com/T0/B0")
    document = run("apply")
    assert "subscription.webhook" in [step["code"] for step in document["manual_steps"]]
    assert len(ledger(small)) == 4
    assert not any("example.com" in resource for resource in ledger(small))
    assert run("plan")["plan"] == []


@pytest.mark.parametrize("key", ["alarm", "topic"])
def test_a_name_that_the_role_does_not_allow_stops_the_remediator_before_it_looks(
    small: LocalAws, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    set_to(monkeypatch, {"names": {key: "mine"}})
    with pytest.raises(ValueError, match=f"Overrides: names: {key} is 'mine'; allowed"):
        run("plan")
    assert small.calls == []
