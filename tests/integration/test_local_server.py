"""What the local AWS's server offers beside AWS's APIs; tests/e2e puts those to it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from werkzeug.test import Client

from functions.evaluator import app
from local.accounts import a_compliant_account, a_noisy_account
from local.aws import LocalAws
from local.lambda_context import Context
from local.server import ACCOUNTS, ROUTES, application


def ask(aws: LocalAws, route: str, **query: str | list[str]) -> Any:
    return Client(application(aws)).post(f"/local-aws/{route}", query_string=query).json


def test_aws_configs_call_back_can_be_fetched_and_answered(aws: LocalAws) -> None:
    a_compliant_account(aws)
    assert app.handler({"action": "start"}, Context())["started"] is True
    (asked,) = ask(aws, "due")
    assert ask(aws, "due") == []
    app.handler(asked, Context())
    assert [row["compliance"] for row in ask(aws, "rows")] == ["COMPLIANT"]
    assert [event["DetailType"] for event in ask(aws, "events")] == ["Control Assessed"]


def test_an_evaluation_can_be_started_a_minute_later(aws: LocalAws) -> None:
    started = []
    for route in ("due", "due", "later"):
        ask(aws, route)
        started.append(app.handler({"action": "start"}, Context())["started"])
        ask(aws, "due")
    assert started == [True, False, True]


@pytest.mark.parametrize("confirmed", [False, True])
def test_a_subscription_can_be_confirmed(aws: LocalAws, confirmed: bool) -> None:
    made = a_compliant_account(aws, confirmed=False)
    if confirmed:
        ask(aws, "confirm", topic=made.topic)
    verdict = app.handler({"action": "assess"}, Context())["verdict"]
    assert verdict == ("COMPLIANT" if confirmed else "NON_COMPLIANT")


def test_the_account_can_be_compared_before_and_after(aws: LocalAws) -> None:
    assert ask(aws, "dump") == {}
    a_compliant_account(aws)
    assert list(ask(aws, "dump")["eu-west-1"]) == ["trails", "metric_filters", "alarms", "topics", "subscriptions"]


def test_members_are_asked_and_each_accounts_rows_are_told(aws: LocalAws) -> None:
    aws.organization.join("222222222222", "333333333333")
    aws.put_organization_rule("blindspot", excluded=(aws.account,))
    for accounts in ([], ["333333333333"]):
        ask(aws, "ask-members", account=accounts)
        asked = ask(aws, "due")
        assert [event["accountId"] for event in asked] == (accounts or ["222222222222", "333333333333"])
    evaluation = {
        "ComplianceResourceType": "AWS::::Account",
        "ComplianceResourceId": "333333333333",
        "ComplianceType": "COMPLIANT",
        "OrderingTimestamp": datetime.now(UTC),
    }
    aws.client("config", account="333333333333").put_evaluations(
        ResultToken=asked[0]["resultToken"], Evaluations=[evaluation]
    )
    (before,) = ask(aws, "rows")
    assert (before["account"], before["compliance"]) == ("333333333333", "COMPLIANT")
    ask(aws, "age", account="333333333333", hours="49")
    (after,) = ask(aws, "rows")
    apart = datetime.fromisoformat(before["at"]) - datetime.fromisoformat(after["at"])
    assert apart == timedelta(hours=49)


def test_an_unknown_route_names_those_there_are(aws: LocalAws) -> None:
    answer = Client(application(aws)).post("/local-aws/reset")
    assert (answer.status_code, answer.text) == (404, f"One of {', '.join(ROUTES)}")


def test_a_noisy_account_is_compliant_and_has_refused_calls_until_now(aws: LocalAws) -> None:
    ACCOUNTS["noisy"](aws)
    assert app.handler({"action": "assess"}, Context())["verdict"] == "COMPLIANT"
    now = int(datetime.now(UTC).timestamp() * 1000)
    asked = {"logGroupName": "management-events", "startTime": now - 3 * 3_600_000, "endTime": now}
    assert len(aws.client("logs").filter_log_events(**asked)["events"]) > 10


def test_a_noisy_account_tells_what_was_delivered(aws: LocalAws) -> None:
    noisy = a_noisy_account(aws, days=2, end=datetime(2026, 11, 27, tzinfo=UTC), region="eu-west-2")
    answer = aws.client("logs", noisy.made.region).filter_log_events(logGroupName=noisy.made.log_group)
    assert [event["timestamp"] for event in answer["events"]] == [one.timestamp for one in noisy.delivered]
    assert {one.event["recipientAccountId"] for one in noisy.delivered} == {aws.account}
