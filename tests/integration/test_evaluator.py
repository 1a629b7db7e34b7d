"""The evaluator as it is invoked: each event of events/ through the real handler, on the local AWS."""

import json
import logging
import re
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain
from typing import Any

import pytest

from blindspot.app import assess as assessing
from blindspot.app import evaluate as evaluating
from blindspot.app.invocation import InvocationError
from blindspot.aws.collect import AccountUnknown, caller, collect
from blindspot.aws.config_rule import NotReported, NotStarted
from blindspot.aws.errors import CallFailed
from blindspot.model.snapshot import LogGroup, MetricFilter, Snapshot
from blindspot.settings import SettingsError
from functions.evaluator import app
from local.accounts import HALF_RIGHT, Made, a_compliant_account
from local.aws import LocalAws
from local.embedded_metrics import records
from local.events import FUNCTIONS, event
from tests.cases.accounts import HOSTILE
from tests.goldens import RULE, kept, steady
from tests.integration.evaluating import invoke

pytestmark = pytest.mark.usefixtures("kept_warm")

EVENTS = FUNCTIONS["EvaluatorFunction"]


def asked_by_config(aws: LocalAws) -> dict[str, Any]:
    """The event that AWS Config sends once it was told to start."""
    invoke({"action": "start"})
    return aws.config.due.pop(0)


def run(aws: LocalAws, name: str) -> dict[str, Any]:
    """What the event returns; AWS Config sends its own, not the sample."""
    given = event(name)
    return invoke(asked_by_config(aws) if "resultToken" in given else given)


@pytest.mark.parametrize("name", EVENTS)
def test_every_event_returns_what_its_golden_file_says(aws: LocalAws, name: str) -> None:
    a_compliant_account(aws, pattern=HALF_RIGHT)
    returned = steady(run(aws, name))
    assert returned == kept(name, returned)


def remove_trail(aws: LocalAws, made: Made) -> None:
    aws.client("cloudtrail", made.region).delete_trail(Name=made.trail)


def remove_log_group(aws: LocalAws, made: Made) -> None:
    aws.client("logs", made.region).delete_log_group(logGroupName=made.log_group)


def remove_filter(aws: LocalAws, made: Made) -> None:
    aws.client("logs", made.region).delete_metric_filter(logGroupName=made.log_group, filterName=made.filter)


def remove_alarm(aws: LocalAws, made: Made) -> None:
    aws.client("cloudwatch", made.region).delete_alarms(AlarmNames=[made.alarm])


def remove_topic(aws: LocalAws, made: Made) -> None:
    aws.client("sns", made.region).delete_topic(TopicArn=made.topic)


def remove_subscription(aws: LocalAws, made: Made) -> None:
    sns = aws.client("sns", made.region)
    for subscription in sns.list_subscriptions_by_topic(TopicArn=made.topic)["Subscriptions"]:
        sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])


LINKS = {
    "trail.missing": remove_trail,
    "log-group.missing": remove_log_group,
    "filter.missing": remove_filter,
    "alarm.missing": remove_alarm,
    "topic.missing": remove_topic,
    "subscription.missing": remove_subscription,
}


@pytest.mark.parametrize("code", LINKS)
@pytest.mark.parametrize("name", ["assess", "config-rule"])
def test_removing_any_one_link_is_told(aws: LocalAws, name: str, code: str) -> None:
    made = a_compliant_account(aws)
    whole = run(aws, name)
    assert whole["verdict"] == "COMPLIANT"
    LINKS[code](aws, made)
    aws.config.asked.clear()
    broken = run(aws, name)
    assert broken["verdict"] == "NON_COMPLIANT"
    assert [gap["code"] for gap in broken["regions"]["eu-west-1"]["gaps"]] == [code]
    assert steady(broken) != steady(whole)


def test_the_schedule_leads_to_a_row_and_an_event(aws: LocalAws) -> None:
    a_compliant_account(aws, pattern=HALF_RIGHT)
    aws.evaluator = invoke
    assert invoke(event("scheduler")) == {"started": True, "reason": "AWS Config evaluates the rule"}
    assert [str(call) for call in aws.calls] == ["config:StartConfigRulesEvaluation"]
    aws.deliver()
    (row,) = aws.config_rows
    assert (row.type, row.id, row.compliance) == ("AWS::::Account", aws.account, "NON_COMPLIANT")
    assert str(row.annotation).startswith("filter.misses: ")
    (sent,) = aws.events
    assert (sent["Source"], sent["DetailType"]) == ("blindspot", "Control Assessed")
    detail = json.loads(sent["Detail"])
    assert (detail["verdict"], detail["config"]) == ("NON_COMPLIANT", {"rule": RULE, "sent": 1, "refused": []})
    assert "eventName" not in sent["Detail"]


def test_too_soon_is_a_success(aws: LocalAws) -> None:
    invoke({"action": "start"})
    second = invoke({"action": "start"})
    assert second["started"] is False
    assert "in progress" in second["reason"]


def test_by_hand_it_reports_nowhere(aws: LocalAws) -> None:
    a_compliant_account(aws)
    assert invoke(event("assess"))["config"] is None
    assert (aws.config_rows, aws.events) == ([], [])
    assert {call.service for call in aws.calls} == {"sts", "ec2", "cloudtrail", "logs", "cloudwatch", "sns", "ssm"}


def test_without_a_rule_the_schedule_assesses_and_tells_eventbridge(
    aws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BLINDSPOT_CONFIG_RULE", "")
    a_compliant_account(aws)
    assert invoke(event("start"))["verdict"] == "COMPLIANT"
    assert [sent["DetailType"] for sent in aws.events] == ["Control Assessed"]
    assert not [call for call in aws.calls if call.service == "config"]


def test_regions_get_rows_when_asked_for_and_lose_them_again(aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    a_compliant_account(aws)
    monkeypatch.setenv("BLINDSPOT_REPORT_REGIONS", "true")
    document = invoke(asked_by_config(aws))
    assert document["config"]["sent"] == len(aws.config_rows) == 19
    assert aws.config_rows[0].id == aws.account
    assert [str(call) for call in aws.calls].count("config:PutEvaluations") == 2
    assert {row.compliance for row in aws.config_rows} == {"COMPLIANT"}
    monkeypatch.setenv("BLINDSPOT_REPORT_REGIONS", "false")
    aws.config.asked.clear()
    invoke(asked_by_config(aws))
    compliances = {row.id: row.compliance for row in aws.config_rows}
    assert compliances.pop(aws.account) == "COMPLIANT"
    assert set(compliances.values()) == {"NOT_APPLICABLE"}


@pytest.mark.parametrize("how", ["exception", "answer"])
def test_region_rows_that_aws_config_refuses_are_left_out(
    aws: LocalAws, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    a_compliant_account(aws)
    monkeypatch.setenv("BLINDSPOT_REPORT_REGIONS", "true")
    aws.config.refused_ids = (how, "/")
    document = invoke(asked_by_config(aws))
    assert document["config"]["sent"] == 1
    assert len(document["config"]["refused"]) == 18
    assert [row.id for row in aws.config_rows] == [aws.account]


def test_a_region_that_refuses_is_named_and_the_verdict_stands(aws: LocalAws) -> None:
    a_compliant_account(aws)
    aws.fail("cloudtrail:DescribeTrails", "sa-east-1", "AccessDeniedException")
    document = invoke(event("assess"))
    assert document["verdict"] == "COMPLIANT"
    assert document["unreadable"] == [
        {
            "call": "cloudtrail:DescribeTrails",
            "region": "sa-east-1",
            "error": "AccessDeniedException",
            "permission": "cloudtrail:DescribeTrails",
        }
    ]
    assert [str(call) for call in aws.calls if call.region == "sa-east-1"] == ["cloudtrail:DescribeTrails"]


def test_regions_not_opted_in_and_excluded_are_named_and_not_called(
    aws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BLINDSPOT_EXCLUDED_REGIONS", "us-west-1,us-west-2")
    document = invoke(event("assess"))
    assert [skipped["region"] for skipped in document["skipped"]] == [
        "af-south-1",
        "ap-east-1",
        "us-west-1",
        "us-west-2",
    ]
    assert not {"af-south-1", "ap-east-1", "us-west-1", "us-west-2"} & set(document["regions"])
    assert not {call.region for call in aws.calls} & {"af-south-1", "ap-east-1", "us-west-1", "us-west-2"}


def test_a_run_out_of_time_still_reports_in_time(aws: LocalAws) -> None:
    a_compliant_account(aws)
    asked = asked_by_config(aws)
    aws.hang("cloudwatch:DescribeAlarms", seconds=12)
    document = invoke(asked, milliseconds=10_000)
    assert document["duration_ms"] < 9_800
    assert document["verdict"] == "INDETERMINATE"
    (row,) = aws.config_rows
    assert row.compliance == "NON_COMPLIANT"
    assert str(row.annotation).startswith("Cannot verify: unread.no-answer: cloudwatch:DescribeAlarms gave no answer")


WRONG_SETTINGS = {
    "PROFILE": ("cis", "Profile is 'cis'"),
    "OVERRIDES": ('{"benine": 1}', "unknown key 'benine'"),
    "EXCLUDED_REGIONS": ("Frankfurt", "ExcludedRegions has 'Frankfurt'"),
    "REPORT_REGIONS": ("maybe", "ReportRegions is 'maybe'"),
}


@pytest.mark.parametrize("name", WRONG_SETTINGS)
def test_wrong_settings_are_an_error_and_leave_no_earlier_compliant_standing(
    aws: LocalAws, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    a_compliant_account(aws)
    invoke(asked_by_config(aws))
    assert [row.compliance for row in aws.config_rows] == ["COMPLIANT"]
    aws.config.asked.clear()
    value, said = WRONG_SETTINGS[name]
    monkeypatch.setenv(f"BLINDSPOT_{name}", value)
    asked = asked_by_config(aws)
    with pytest.raises(SettingsError, match=said):
        invoke(asked)
    (row,) = aws.config_rows
    assert row.compliance == "NON_COMPLIANT"
    assert str(row.annotation).startswith("Cannot verify: ")
    assert said in str(row.annotation)


def test_a_run_that_fails_outright_says_so_and_raises(aws: LocalAws) -> None:
    a_compliant_account(aws)
    asked = asked_by_config(aws)
    aws.fail("sts:GetCallerIdentity", error="InvalidClientTokenId")
    with pytest.raises(AccountUnknown, match="GetCallerIdentity"):
        invoke(asked)
    (row,) = aws.config_rows
    assert row.compliance == "NON_COMPLIANT"
    assert str(row.annotation).startswith("Cannot verify: sts:GetCallerIdentity in eu-west-1: InvalidClientTokenId")
    (told,) = details(aws)
    assert (told["verdict"], told["account"], told["regions"]) == ("INDETERMINATE", aws.account, {})
    assert "InvalidClientTokenId" in told["summary"]


FORGED: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "another account": lambda asked: json.loads(json.dumps(asked).replace("123456789012", "999999999999")),
    "another rule": lambda asked: asked | {"configRuleName": "another"},
    "another time": lambda asked: json.loads(re.sub(r"20\d\d-", "2099-", json.dumps(asked))),
    "the sample": lambda _: event("config-rule"),
}


@pytest.mark.parametrize("forged", FORGED)
def test_a_forged_event_is_refused_before_anything_is_read(aws: LocalAws, forged: str) -> None:
    a_compliant_account(aws)
    asked = FORGED[forged](asked_by_config(aws))
    aws.calls.clear()
    with pytest.raises(InvocationError, match="Allowed: "):
        invoke(asked)
    assert {str(call) for call in aws.calls} <= {"sts:GetCallerIdentity"}
    assert (aws.config_rows, aws.events) == ([], [])


def metric(printed: str, name: str) -> list[float]:
    """The values that the runs sent for the metric."""
    return [value for record in records(printed) for value in record.get(name, ())]


def details(aws: LocalAws, kind: str = "Control Assessed") -> list[dict[str, Any]]:
    return [json.loads(sent["Detail"]) for sent in aws.events if sent["DetailType"] == kind]


def test_a_verdict_that_changed_is_told_once(aws: LocalAws, capsys: pytest.CaptureFixture[str]) -> None:
    made = a_compliant_account(aws)
    for changed_from in (None, None, "COMPLIANT", None):
        if changed_from:
            remove_alarm(aws, made)
        aws.config.asked.clear()
        assert invoke(asked_by_config(aws))["changed_from"] == changed_from
    (told,) = details(aws, "Verdict Changed")
    assert (told["changed_from"], told["verdict"]) == ("COMPLIANT", "NON_COMPLIANT")
    assert len(details(aws)) == 4
    assert metric(capsys.readouterr().out, "UnreportedRuns") == [0, 0, 0, 0]


def test_a_verdict_that_cannot_be_verified_any_more_has_changed(aws: LocalAws) -> None:
    a_compliant_account(aws)
    invoke(asked_by_config(aws))
    aws.fail("cloudtrail:DescribeTrails")
    for changed_from in ("COMPLIANT", None):
        aws.config.asked.clear()
        found = invoke(asked_by_config(aws))
        assert (found["verdict"], found["changed_from"]) == ("INDETERMINATE", changed_from)
    aws.faults.clear()
    aws.config.asked.clear()
    assert invoke(asked_by_config(aws))["changed_from"] == "INDETERMINATE"


def every_call_refused(aws: LocalAws) -> None:
    for call in ("config:PutEvaluations", "config:GetComplianceDetailsByConfigRule", "sts:GetCallerIdentity"):
        aws.fail(call, error="UnrecognizedClientException")


UNREPORTED: dict[str, Callable[[LocalAws], None]] = {
    "refused": lambda aws: aws.fail("config:PutEvaluations", error="AccessDeniedException"),
    "stale token": lambda aws: aws.config.tokens.clear(),
    "every call refused": every_call_refused,
    "no answer": lambda aws: aws.hang("config:PutEvaluations"),
    "garbled": lambda aws: aws.malform("config:PutEvaluations", {"message": "<html>"}),
}


@pytest.mark.parametrize("failure", UNREPORTED)
def test_a_verdict_that_aws_config_does_not_accept_is_logged_sent_and_counted(
    aws: LocalAws, failure: str, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Otherwise the row of an earlier run would stand, and nobody would know."""
    made = a_compliant_account(aws)
    invoke(asked_by_config(aws))
    remove_alarm(aws, made)
    aws.config.asked.clear()
    asked = asked_by_config(aws)
    capsys.readouterr()
    UNREPORTED[failure](aws)
    with pytest.raises(CallFailed, match=r"config:PutEvaluations|sts:GetCallerIdentity"):
        invoke(asked)
    assert [row.compliance for row in aws.config_rows] == ["COMPLIANT"]
    assert metric(capsys.readouterr().out, "UnreportedRuns") == [1]
    told = details(aws)[-1]
    assert told["verdict"] == ("INDETERMINATE" if failure == "every call refused" else "NON_COMPLIANT")
    assert told["config"] == {"rule": RULE, "sent": 0, "refused": [aws.account]}
    assert details(aws, "Verdict Changed") == []
    logged = [record.__dict__["document"] for record in caplog.records if record.message == "control assessed"]
    assert logged[-1] == told


def test_where_the_account_is_refused_no_other_row_is_sent(aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each refused call is an unauthorized call, which may set off the alarm that is assessed."""
    a_compliant_account(aws)
    monkeypatch.setenv("BLINDSPOT_REPORT_REGIONS", "true")
    asked = asked_by_config(aws)
    aws.fail("config:PutEvaluations", error="AccessDeniedException")
    with pytest.raises(NotReported, match="AccessDeniedException"):
        invoke(asked)
    assert [str(call) for call in aws.calls].count("config:PutEvaluations") == 1


@pytest.mark.parametrize("error", ["NoSuchConfigRuleException", "AccessDeniedException"])
def test_where_aws_config_starts_nothing_the_verdict_is_told_without_it(
    aws: LocalAws, error: str, capsys: pytest.CaptureFixture[str]
) -> None:
    a_compliant_account(aws)
    aws.fail("config:StartConfigRulesEvaluation", error=error)
    with pytest.raises(NotStarted, match=error):
        invoke(event("scheduler"))
    (told,) = details(aws)
    assert (told["verdict"], told["config"]) == ("COMPLIANT", {"rule": RULE, "sent": 0, "refused": []})
    assert metric(capsys.readouterr().out, "UnreportedRuns") == [1]


def test_what_fails_after_another_failure_hides_neither(
    aws: LocalAws, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    a_compliant_account(aws)
    asked = asked_by_config(aws)
    monkeypatch.setenv("BLINDSPOT_PROFILE", "cis")
    aws.fail("config:PutEvaluations")
    aws.fail("events:PutEvents")
    with pytest.raises(SettingsError, match="Profile is 'cis'"):
        invoke(asked)
    also = [record for record in caplog.records if record.message == "this failed too"]
    assert [record.__dict__["error"].partition(" ")[0] for record in also] == [
        "config:PutEvaluations",
        "events:PutEvents",
    ]


@pytest.mark.parametrize(
    "call",
    ["sts:GetCallerIdentity", "cloudtrail:DescribeTrails", "config:GetComplianceDetailsByConfigRule"],
)
def test_whatever_does_not_answer_the_row_is_there_in_time(aws: LocalAws, call: str) -> None:
    a_compliant_account(aws)
    asked = asked_by_config(aws)
    aws.hang(call, seconds=30)
    began = time.monotonic()
    try:
        invoke(asked, milliseconds=5_000)
    except AccountUnknown:
        assert call == "sts:GetCallerIdentity"
    assert time.monotonic() - began < 5
    assert len(aws.config_rows) == 1


@pytest.mark.parametrize("call", ["config:PutEvaluations", "events:PutEvents", "config:StartConfigRulesEvaluation"])
def test_whatever_does_not_answer_the_run_ends_in_time(aws: LocalAws, call: str) -> None:
    a_compliant_account(aws)
    asked = {"action": "start"} if "Start" in call else asked_by_config(aws)
    aws.hang(call, seconds=30)
    began = time.monotonic()
    with pytest.raises(CallFailed, match=f"{call} in eu-west-1: Timeout"):
        invoke(asked, milliseconds=5_000)
    assert time.monotonic() - began < 5


def test_earlier_rows_that_cannot_be_read_do_not_keep_the_verdict_back(aws: LocalAws) -> None:
    a_compliant_account(aws)
    asked = asked_by_config(aws)
    aws.malform("config:GetComplianceDetailsByConfigRule", {"EvaluationResults": "SECRET"})
    assert invoke(asked)["config"]["sent"] == 1


def test_a_malformed_event_of_aws_config_sends_nothing(aws: LocalAws) -> None:
    asked = asked_by_config(aws) | {"invokingEvent": "{"}
    aws.calls.clear()
    with pytest.raises(InvocationError):
        invoke(asked)
    assert (aws.calls, aws.config_rows) == ([], [])


@pytest.mark.parametrize("wrong", [{}, {"action": "remediate"}, {"resultToken": "x"}, "assess", None])
def test_an_unknown_event_makes_no_call(aws: LocalAws, wrong: object) -> None:
    with pytest.raises(InvocationError, match="Allowed: "):
        invoke(wrong)
    assert aws.calls == []


def test_an_event_that_eventbridge_does_not_take_fails_the_run_after_the_report(aws: LocalAws) -> None:
    a_compliant_account(aws)
    asked = asked_by_config(aws)
    aws.malform("events:PutEvents", {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "InternalFailure"}]})
    with pytest.raises(Exception, match="events:PutEvents"):
        invoke(asked)
    assert [row.compliance for row in aws.config_rows] == ["COMPLIANT"]


FAILURES: dict[str, Callable[[LocalAws], None]] = {
    "none": lambda aws: None,
    "refused": lambda aws: aws.fail("cloudtrail:DescribeTrails"),
    "no identity": lambda aws: aws.fail("sts:GetCallerIdentity"),
    "hanging": lambda aws: aws.hang("logs:DescribeMetricFilters"),
    "report refused": lambda aws: aws.fail("config:PutEvaluations"),
    "event refused": lambda aws: aws.fail("events:PutEvents"),
    "malformed": lambda aws: aws.malform("sns:GetTopicAttributes", {"Attributes": "SECRET-policy"}),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_no_secret_is_ever_logged(
    aws: LocalAws, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, failure: str
) -> None:
    a_compliant_account(aws, pattern=HALF_RIGHT)
    asked = asked_by_config(aws)
    token = asked["resultToken"]
    asked |= {"executionRoleArn": "arn:aws:iam::123456789012:role/SECRET", "ruleParameters": '{"SECRET": "SECRET"}'}
    FAILURES[failure](aws)
    with caplog.at_level(logging.DEBUG), caplog.at_level(logging.DEBUG, logger="blindspot"):
        raised = ""
        try:
            invoke(asked)
        except Exception as error:  # noqa: BLE001 (whatever it is, Lambda logs its text and its causes)
            raised = "".join(
                map(str, (error, error.__cause__, error.__context__ if not error.__suppress_context__ else ""))
            )
    printed = capsys.readouterr()
    logged = printed.out + printed.err + caplog.text + raised
    assert logged
    assert token not in logged
    assert "SECRET" not in logged


@pytest.mark.parametrize("unread", ["SECRET {", '["SECRET"]', '{"messageType": "SECRET"}'])
def test_the_text_of_an_event_that_cannot_be_read_is_not_logged(
    aws: LocalAws, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, unread: str
) -> None:
    asked = asked_by_config(aws) | {"invokingEvent": unread}
    with caplog.at_level(logging.DEBUG), pytest.raises(InvocationError) as caught:
        invoke(asked)
    printed = capsys.readouterr()
    assert "SECRET" not in printed.out + printed.err + caplog.text + str(caught.value)
    assert asked["resultToken"] not in printed.out + printed.err + caplog.text + str(caught.value)


def test_an_evaluation_that_the_rule_is_not_for_leaves_no_compliant_row(aws: LocalAws) -> None:
    a_compliant_account(aws)
    asked = asked_by_config(aws)
    invoking = {**json.loads(asked["invokingEvent"]), "messageType": "ConfigurationItemChangeNotification"}
    with pytest.raises(InvocationError, match="messageType"):
        invoke(asked | {"invokingEvent": json.dumps(invoking)})
    (row,) = aws.config_rows
    assert row.compliance == "NON_COMPLIANT"
    assert str(row.annotation).startswith("Cannot verify: The AWS Config event's messageType is not valid.")


def with_hostile_filters(snapshot: Snapshot) -> Snapshot:
    """Each filter as thirty that are not decided, half a minute of work."""

    def hostile(found: MetricFilter) -> tuple[MetricFilter, ...]:
        patterns = (f'{{ {HOSTILE} && $.b != "{number}" }}' for number in range(30))
        return tuple(replace(found, name=f"f{number}", pattern=text) for number, text in enumerate(patterns))

    groups = {
        arn: replace(group, filters=tuple(chain.from_iterable(map(hostile, group.filters))))
        for arn, group in snapshot.log_groups.items()
        if isinstance(group, LogGroup) and isinstance(group.filters, tuple)
    }
    return replace(snapshot, log_groups=groups)


def collected() -> Snapshot:
    return collect(
        app.clients("eu-west-1"),
        caller(app.clients("eu-west-1"), until=time.monotonic() + 30),
        own_region="eu-west-1",
        excluded_regions=frozenset(),
        monitoring_roles={},
        siem=False,
        deadline=time.monotonic() + 30,
        now=datetime.now(UTC),
    )


def test_proofs_end_in_time_by_themselves(aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    a_compliant_account(aws)
    asked = asked_by_config(aws)
    snapshot = with_hostile_filters(collected())
    monkeypatch.setattr(assessing, "collect", lambda *_, **__: snapshot)
    monkeypatch.setattr(evaluating, "PROVED", 0.01)  # the rest of the time is for a busy machine
    before = set(threading.enumerate())  # what earlier tests let hang is among them
    returned = invoke(asked, milliseconds=30_000)
    assert returned["verdict"] == "INDETERMINATE"
    (row,) = aws.config_rows
    assert row.compliance == "NON_COMPLIANT"
    assert row.annotation
    assert row.annotation.startswith("Cannot verify: filter.unclear: what the metric filter matches cannot be decided.")
    assert "Metric filter f0 of log group management-events" in row.annotation
    assert "no time left" in json.dumps(returned)
    left = set(threading.enumerate()) - before
    for thread in left:
        thread.join(5)
    assert not any(thread.is_alive() for thread in left)


def test_an_assessment_that_does_not_end_is_told_in_time(aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    a_compliant_account(aws)
    asked = asked_by_config(aws)
    snapshot = collected()
    monkeypatch.setattr(assessing, "collect", lambda *_, **__: snapshot)
    proved: list[bool] = []
    forever = threading.Event()
    monkeypatch.setattr(assessing, "assess", lambda *_: proved.append(forever.wait(60)))
    with pytest.raises(TimeoutError):
        invoke(asked, milliseconds=5_000)
    assert proved == []
    forever.set()
    (row,) = aws.config_rows
    assert (row.compliance, row.annotation) == (
        "NON_COMPLIANT",
        "Cannot verify: there was no time left to assess the account",
    )
