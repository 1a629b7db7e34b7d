"""The remediator as it is invoked: its switch, its events, and whom it tells what."""

import json
import logging

import pytest
from moto.sns.models import sns_backends

from blindspot.app.invocation import InvocationError
from blindspot.app.remediate import END, LAST_WRITE
from blindspot.settings import SettingsError
from functions.remediator import app
from local.accounts import HALF_RIGHT, a_compliant_account
from local.aws import Call, LocalAws
from local.events import event
from local.lambda_context import Context
from tests.goldens import FLAG
from tests.integration.evaluating import invoke
from tests.integration.remediating import at, only_a_trail, ours, run, switch, written
from tests.scenarios.bends import HOME

WRITES_OF_ITS_OWN = {"events:PutEvents", "config:StartConfigRulesEvaluation"}


def changes(aws: LocalAws) -> list[str]:
    return [str(call) for call in written(aws) if str(call) not in WRITES_OF_ITS_OWN]


@pytest.mark.parametrize("value", ["false", "True", "TRUE", "true ", "yes", "1", "on"])
def test_only_exactly_true_is_on(small: LocalAws, value: str) -> None:
    a_compliant_account(small, region=HOME, pattern=HALF_RIGHT)
    switch(small, value)
    document = run("apply")
    assert document["switch"]["on"] is False
    assert document["plan"]
    assert (document["outcomes"], document["verdict_after"], changes(small)) == ([], None, [])
    assert document["switch"]["switch"] == f"aws ssm put-parameter --name {FLAG} --value true --overwrite"


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (None, "ssm:GetParameter gave no answer (ParameterNotFound)"),
        ("AccessDeniedException", "ssm:GetParameter gave no answer (AccessDeniedException)"),
        ("InternalServerError", "ssm:GetParameter gave no answer (InternalServerError)"),
    ],
)
def test_a_switch_that_cannot_be_read_is_off(small: LocalAws, error: str | None, why: str) -> None:
    a_compliant_account(small, region=HOME, pattern=HALF_RIGHT)
    if error:
        switch(small, "true")
        small.fail("ssm:GetParameter", error=error)
    document = run("apply")
    assert (document["switch"]["on"], document["switch"]["why"], changes(small)) == (False, why, [])


def test_without_a_parameter_it_is_off(small: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BLINDSPOT_FLAG")
    a_compliant_account(small, region=HOME, pattern=HALF_RIGHT)
    assert run("apply")["switch"] == {
        "on": False,
        "parameter": None,
        "why": "BLINDSPOT_FLAG names no SSM parameter",
        "switch": None,
    }
    assert changes(small) == []


def test_switched_on_it_answers_to_the_evaluator(small: LocalAws) -> None:
    a_compliant_account(small, region=HOME, pattern=HALF_RIGHT)
    switch(small, "true")
    small.evaluator = invoke
    invoke({"action": "start"})
    small.deliver()
    (sent,) = small.events
    assessed = {"source": sent["Source"], "detail-type": sent["DetailType"], "detail": json.loads(sent["Detail"])}
    small.config.asked.clear()
    small.calls.clear()
    document = app.handler(assessed, Context())
    assert (document["verdict_before"], document["verdict_after"]) == ("NON_COMPLIANT", "COMPLIANT")
    assert changes(small) == ["logs:PutMetricFilter"]
    assert str(written(small)[-2]) == "config:StartConfigRulesEvaluation"
    small.deliver()
    assert [row.compliance for row in small.config_rows] == ["COMPLIANT"]
    told = [(sent["Source"], sent["DetailType"]) for sent in small.events]
    assert told == [
        ("blindspot", "Control Assessed"),
        ("blindspot", "Remediation Applied"),
        ("blindspot", "Control Assessed"),
        ("blindspot", "Verdict Changed"),
    ]
    assert json.loads(small.events[1]["Detail"]) == document


def test_the_verdict_of_the_event_is_not_trusted(small: LocalAws) -> None:
    a_compliant_account(small, region=HOME)
    switch(small, "true")
    document = app.handler(event("control-assessed"), Context())
    assert (document["verdict_before"], document["plan"], changes(small)) == ("COMPLIANT", [], [])


def test_what_does_not_help_does_not_loop(small: LocalAws, capsys: pytest.CaptureFixture[str]) -> None:
    """The click that is owed leaves the account NON_COMPLIANT: AWS Config is not asked, and nothing is sent twice."""
    only_a_trail(small, a_compliant_account(small, region=HOME))
    switch(small, "true")
    document = run("apply")
    assert document["verdict_after"] == "NON_COMPLIANT"
    assert [task["code"] for task in document["manual_steps"]] == ["subscription.pending"]
    assert "config:StartConfigRulesEvaluation" not in [str(call) for call in small.calls]
    assert '"RemediationAttempts":[1.0]' in capsys.readouterr().out.replace(" ", "")
    small.calls.clear()
    again = run("apply")
    assert (again["plan"], changes(small)) == ([], [])
    assert [task["code"] for task in again["manual_steps"]] == ["subscription.pending"]
    assert "RemediationAttempts" not in capsys.readouterr().out
    assert [sent["DetailType"] for sent in small.events] == ["Remediation Applied", "Remediation Planned"]


def test_a_plan_by_hand_writes_nothing_even_when_switched_on(small: LocalAws) -> None:
    only_a_trail(small, a_compliant_account(small, region=HOME))
    switch(small, "true")
    before = small.dump()
    document = run("plan")
    assert [action["action"] for action in document["plan"]] == [
        "create metric filter",
        "create topic",
        "create subscription",
        "create alarm",
    ]
    assert (document["outcomes"], small.dump(), changes(small)) == ([], before, [])


@pytest.mark.parametrize("stack", ["blindspot", "arn:aws:cloudformation:eu-west-1:123456789012:stack/blindspot"])
def test_a_stack_that_is_none_is_refused(small: LocalAws, monkeypatch: pytest.MonkeyPatch, stack: str) -> None:
    monkeypatch.setenv("BLINDSPOT_STACK", stack)
    with pytest.raises(SettingsError, match=r"BLINDSPOT_STACK is .*; allowed: the id of a CloudFormation stack"):
        run("plan")
    assert small.calls == []


def test_time_is_left_after_the_last_write_to_assess_again() -> None:
    assert LAST_WRITE < END


def test_what_was_done_is_told_even_if_eventbridge_is_not(small: LocalAws) -> None:
    a_compliant_account(small, region=HOME, pattern=HALF_RIGHT)
    switch(small, "true")
    small.fail("events:PutEvents")
    assert [outcome["status"] for outcome in run("apply")["outcomes"]] == ["done"]


def test_another_endpoint_is_subscribed_where_the_first_never_confirmed(
    small: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_a_trail(small, a_compliant_account(small, region=HOME))
    switch(small, "true")
    run("apply")
    monkeypatch.setenv("BLINDSPOT_SUBSCRIPTION_ENDPOINT", "second@example.com")
    assert [action["action"] for action in run("apply")["plan"]] == ["create subscription"]
    assert run("apply")["plan"] == []


def test_a_switch_that_is_thrown_stops_a_run(small: LocalAws) -> None:
    only_a_trail(small, a_compliant_account(small, region=HOME))
    switch(small, "true")
    at(small, Call("sns", "CreateTopic", HOME), lambda: switch(small, "false"))
    outcomes = run("apply")["outcomes"]
    assert [outcome["status"] for outcome in outcomes] == ["done", "done", "stopped", "stopped"]
    assert outcomes[-1]["error"] == "the switch was turned off: its value is 'false'; only 'true' is on"


def test_a_switch_that_is_thrown_before_the_first_write_leaves_it_a_plan(small: LocalAws) -> None:
    only_a_trail(small, a_compliant_account(small, region=HOME))
    switch(small, "true")
    at(small, Call("logs", "DescribeMetricFilters", HOME), lambda: switch(small, "false"))
    document = run("apply")
    assert {outcome["status"] for outcome in document["outcomes"]} == {"stopped", "skipped"}
    assert (document["verdict_after"], changes(small)) == (None, [])
    assert [sent["DetailType"] for sent in small.events] == ["Remediation Planned"]


def test_what_was_written_is_told_even_if_the_account_cannot_be_judged_again(small: LocalAws) -> None:
    a_compliant_account(small, region=HOME, pattern=HALF_RIGHT)
    switch(small, "true")
    at(small, Call("logs", "PutMetricFilter", HOME), lambda: small.fail("sts:GetCallerIdentity"))
    document = run("apply")
    assert [outcome["status"] for outcome in document["outcomes"]] == ["done"]
    assert document["verdict_after"] is None
    assert [sent["DetailType"] for sent in small.events] == ["Remediation Applied"]


def test_an_address_with_a_password_is_known_again(small: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLINDSPOT_SUBSCRIPTION_ENDPOINT", "https://user:SECRET@chat.example.com/hook")
    monkeypatch.setenv("BLINDSPOT_SUBSCRIPTION_PROTOCOL", "https")
    only_a_trail(small, a_compliant_account(small, region=HOME))
    switch(small, "true")
    assert "SECRET" not in json.dumps(run("apply"))
    for subscription in sns_backends[small.account][HOME].subscriptions.values():
        subscription.endpoint = "https://user:****@chat.example.com/hook"  # as SNS lists it
    assert run("apply")["plan"] == []


def test_a_run_without_time_stops(small: LocalAws) -> None:
    only_a_trail(small, a_compliant_account(small, region=HOME))
    switch(small, "true")
    small.latency(0.12)
    outcomes = run("apply", 4_000)["outcomes"]
    assert {outcome["status"] for outcome in outcomes} <= {"done", "stopped"}
    small.latency(0)
    run("apply")
    assert len(ours(small, "alarms")) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"action": "assess"},
        {"action": "apply", "force": True},
        {"source": "blindspot"},
        {"source": "aws.events"},
        None,
    ],
)
def test_an_unknown_event_makes_no_call(small: LocalAws, wrong: object) -> None:
    with pytest.raises(InvocationError, match="Allowed: "):
        app.handler(wrong, Context())
    assert small.calls == []


def test_a_wrong_subscriber_is_told_without_its_address(small: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLINDSPOT_SUBSCRIPTION_ENDPOINT", "http://chat.example.com/SECRET")
    monkeypatch.setenv("BLINDSPOT_SUBSCRIPTION_PROTOCOL", "https")
    with pytest.raises(ValueError, match="SubscriptionEndpoint does not fit the protocol https") as raised:
        run("plan")
    assert "SECRET" not in str(raised.value)


def test_the_path_of_a_web_address_is_told_to_nobody(
    small: LocalAws,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("BLINDSPOT_SUBSCRIPTION_ENDPOINT", "https://chat.example.com/SECRET?key=SECRET")
    monkeypatch.setenv("BLINDSPOT_SUBSCRIPTION_PROTOCOL", "https")
    only_a_trail(small, a_compliant_account(small, region=HOME))
    switch(small, "true")
    with caplog.at_level(logging.DEBUG):
        document = run("apply")
    (subscription,) = [action for action in document["plan"] if action["action"] == "create subscription"]
    assert subscription["request"]["parameters"]["Endpoint"] == "https://chat.example.com/..."
    printed = capsys.readouterr()
    told = json.dumps(document) + json.dumps(small.events) + printed.out + printed.err + caplog.text
    assert "SECRET" not in told.replace("SECRET-", "")
    (made,) = small.client("sns", HOME).list_subscriptions()["Subscriptions"]
    assert made["Endpoint"] == "https://chat.example.com/SECRET?key=SECRET"
