"""The events that are about members. Any account may name the function in a rule of its own, so that an event of AWS
Config for another account, another rule or another time is refused before anything is called, without an error."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from blindspot.app.invocation import InvocationError
from blindspot.aws.errors import CallFailed
from local.aws import LocalAws
from local.events import OF_MEMBERS
from local.events import event as sample
from tests.goldens import RULE, UUID, kept, steady
from tests.integration.members import (
    BROKEN,
    IN_MEMBER,
    OWN,
    RIGHT,
    STRANGER,
    an_organization,
    asked,
    role,
    rows,
    run,
)

Event = dict[str, Any]


@pytest.fixture
def aws() -> Iterator[LocalAws]:
    with an_organization() as aws:
        yield aws


@pytest.mark.parametrize("name", OF_MEMBERS)
def test_every_event_about_a_member_returns_what_its_golden_file_says(aws: LocalAws, name: str) -> None:
    given = sample(name)
    answer = run(aws, asked(aws, RIGHT) if "resultToken" in given else given).answer
    assert steady(answer) == kept(name, steady(answer))


def replaced(event: Event, old: str, new: str) -> Event:
    changed: Event = json.loads(json.dumps(event).replace(old, new))
    return changed


def named(name: object) -> Callable[[Event], Event]:
    return lambda event: {**event, "configRuleName": name}


def marked(event: Event) -> Event:
    """With a text that nobody may log in every field that a stranger may choose."""
    more = {"ruleParameters": '{"a": "SECRET"}', "executionRoleArn": "SECRET", "configRuleId": "SECRET", "SECRET": 1}
    return {**event, **more, "resultToken": f"SECRET-{event['resultToken']}"}


FORGED: dict[str, tuple[Callable[[Event], Event], str]] = {
    "an account's rule of its own": (named("SECRET"), "configRuleName"),
    "no rule": (named(None), "configRuleName"),
    "the stack's rule in a member": (named(RULE), "awsAccountId"),
    "another stack's": (named("OrgConfigRule-blindspot-prod-dbgzf8ba"), "configRuleName"),
    "another stack of a longer name": (named("OrgConfigRule-blindspotprod-dbgzf8ba"), "configRuleName"),
    "a rule in front": (named("OrgConfigRule-a-blindspot-dbgzf8ba"), "configRuleName"),
    "without what AWS Config puts in front": (named("blindspot-prod"), "configRuleName"),
    "without what AWS Config puts behind": (named("OrgConfigRule-blindspot-"), "configRuleName"),
    "the organization's own name": (named("blindspot"), "configRuleName"),
    "a line more": (named(f"{IN_MEMBER}\n"), "configRuleName"),
    "the own account by the organization's rule": (lambda event: replaced(event, RIGHT, OWN), "awsAccountId"),
    "another account in accountId": (lambda event: {**event, "accountId": BROKEN}, "accountId"),
    "another account's rule": (
        lambda event: {**event, "configRuleArn": event["configRuleArn"].replace(RIGHT, BROKEN)},
        "configRuleArn",
    ),
    "another partition's rule": (
        lambda event: {**event, "configRuleArn": event["configRuleArn"].replace("arn:aws:", "arn:aws-cn:")},
        "configRuleArn",
    ),
    "another region's rule": (
        lambda event: {**event, "configRuleArn": event["configRuleArn"].replace("eu-west-1", "us-east-1")},
        "configRuleArn",
    ),
    "what is no rule": (
        lambda event: {**event, "configRuleArn": event["configRuleArn"].replace("config-rule/", "SECRET/")},
        "configRuleArn",
    ),
    "no ARN": (lambda event: {key: of for key, of in event.items() if key != "configRuleArn"}, "configRuleArn"),
    "another account asked for": (
        lambda event: {**event, "invokingEvent": event["invokingEvent"].replace(RIGHT, BROKEN)},
        "accountId",
    ),
    "no account": (
        lambda event: {**event, "invokingEvent": event["invokingEvent"].replace(RIGHT, "SECRET")},
        "awsAccountId",
    ),
    "another time": (lambda event: json.loads(re.sub(r"20\d\d-", "2099-", json.dumps(event))), "notificationCreation"),
    "a change of a resource": (
        lambda event: {**event, "invokingEvent": json.dumps({"configurationItem": {"awsAccountId": RIGHT}})},
        "cannot be parsed",
    ),
    "no token": (lambda event: {**event, "resultToken": ""}, "resultToken"),
    "the sample": (lambda _: sample("organization-rule"), "notificationCreationTime"),
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_event_is_refused_before_anything_is_called(aws: LocalAws, name: str) -> None:
    forge, told = FORGED[name]
    event = forge(marked(asked(aws, RIGHT)))
    left = run(aws, event)
    assert left.error is None
    assert list(left.answer) == ["refused"]
    assert told in left.answer["refused"]
    assert left.errors == f"WARNING an event of AWS Config was refused: {left.answer['refused']}"
    assert left.metrics["RefusedEvents"] == [1]
    assert not {"ReportedMembers", "UnreportedMembers", "ReportedRuns", "UnreportedRuns"} & left.metrics.keys()
    assert (aws.calls, aws.events) == ([], [])
    assert rows(aws, RIGHT) == rows(aws, BROKEN) == rows(aws, OWN) == []
    assert "SECRET" not in left.text + str(left.answer)


def test_what_is_not_forged_is_logged_without_what_it_carries(aws: LocalAws) -> None:
    plain = asked(aws, RIGHT)
    event, tokens = marked(plain), aws.of(RIGHT).config.tokens
    tokens[event["resultToken"]] = tokens[plain["resultToken"]]
    left = run(aws, event)
    assert rows(aws, RIGHT)[0][0] == "COMPLIANT"
    assert "SECRET" not in left.text + str(left.answer) + str(aws.events)


def a_stranger(aws: LocalAws) -> Event:
    """An account outside that has a rule of the organization's name, and even the role, with the external id."""
    aws.of(STRANGER).put_config_rule(IN_MEMBER)
    aws.trust(role(STRANGER), UUID)
    aws.ask(IN_MEMBER, STRANGER)
    return aws.config.due.pop(0)


def test_an_account_outside_the_organization_is_not_called(aws: LocalAws) -> None:
    event = a_stranger(aws)
    left = run(aws, event)
    assert (left.error, list(left.answer), left.metrics["RefusedEvents"]) == (None, ["refused"], [1])
    assert f"account {STRANGER} is not in the organization" in left.errors
    assert [str(call) for call in aws.calls] == ["organizations:DescribeAccount"]
    assert (rows(aws, STRANGER), aws.events) == ([], [])
    aws.organization.join(STRANGER)
    assert run(aws, event).metrics["ReportedMembers"] == [1]
    aws.organization.leave(STRANGER)  # nothing is kept of it
    assert list(run(aws, event).answer) == ["refused"]


def test_a_strangers_event_for_the_own_rule_is_refused_before_anything_is_called(aws: LocalAws) -> None:
    event = replaced(asked(aws, OWN), OWN, STRANGER)
    aws.calls.clear()
    left = run(aws, event)
    assert (left.error, aws.calls) == (None, [])
    assert "the function's own account" in left.answer["refused"]


def test_without_an_organization_an_event_for_another_account_is_an_error(
    aws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = asked(aws, RIGHT)
    monkeypatch.setenv("BLINDSPOT_ORGANIZATION_ROLE", "")
    left = run(aws, event)
    assert isinstance(left.error, InvocationError)
    assert "RefusedEvents" not in left.metrics
    assert aws.calls == []


def test_an_event_of_no_shape_is_an_error_with_an_organization_too(aws: LocalAws) -> None:
    for event in ({"resultToken": "SECRET"}, {"action": "asses"}, None):
        left = run(aws, event)
        assert isinstance(left.error, InvocationError)
        assert "SECRET" not in left.text


def test_a_member_is_assessed_by_hand_and_nobody_is_told(aws: LocalAws) -> None:
    for account, verdict in ((RIGHT, "COMPLIANT"), (BROKEN, "NON_COMPLIANT")):
        left = run(aws, {"action": "assess", "account": account})
        assert (left.answer["account"], left.answer["verdict"], left.answer["config"]) == (account, verdict, None)
        assert left.metrics.keys() <= {"RefusedCalls", "ColdStart"}
        assert (left.details, rows(aws, account)) == ([], [])
    assert run(aws, {"action": "assess"}).answer["account"] == OWN


@pytest.mark.parametrize(
    ("account", "told"),
    [(STRANGER, f"account {STRANGER} is not in the organization"), ("444444444444", "role/blindspot-member")],
)
def test_by_hand_an_account_that_cannot_be_entered_is_an_error(aws: LocalAws, account: str, told: str) -> None:
    aws.organization.join("444444444444")
    left = run(aws, {"action": "assess", "account": account})
    assert isinstance(left.error, CallFailed)
    assert told in str(left.error)
    assert account in str(left.error)
