"""What the runs log and count: each line says of which run it is, no error is lost, and no metric has two meanings."""

import io
import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from blindspot.app import assess as assessing
from blindspot.app.invocation import InvocationError
from blindspot.app.run import Run, UnexpectedError, invoked, logger
from blindspot.aws.errors import CallFailed
from blindspot.model.snapshot import Unreadable
from blindspot.settings import SettingsError
from functions.evaluator import app
from functions.remediator import app as remediator
from local.accounts import HALF_RIGHT, a_compliant_account
from local.aws import LocalAws
from local.embedded_metrics import records, sent
from local.events import event
from local.lambda_context import Context
from tests.goldens import RULE, SETTINGS
from tests.integration.evaluating import invoke

pytestmark = pytest.mark.usefixtures("kept_warm")

ID, OTHER_ID = "8476a536-e9f4-11e8-9739-2dfe598c3fcd", "11111111-2222-4333-8444-555555555555"


def context(request_id: str) -> Context:
    made = Context()
    made._aws_request_id = request_id  # noqa: SLF001 (the class of Powertools has no other way)
    return made


def asked_by_config(aws: LocalAws) -> dict[str, Any]:
    """The event that AWS Config sends once it was told to start."""
    aws.client("config").start_config_rules_evaluation(ConfigRuleNames=[RULE])
    return aws.config.due.pop(0)


def logged(printed: str) -> list[dict[str, Any]]:
    """The lines of the log, without those that are metrics."""
    lines = (json.loads(line) for line in printed.splitlines() if line.startswith("{"))
    return [line for line in lines if "_aws" not in line]


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the log of Lambda gets: the product's logger was made before the test, and prints elsewhere."""
    kept = io.StringIO()
    handler: Any = logger.registered_handler
    before = handler.setStream(kept)
    yield kept
    handler.setStream(before)


def test_the_text_of_an_unexpected_error_is_told_nowhere(
    aws: LocalAws, monkeypatch: pytest.MonkeyPatch, log: io.StringIO
) -> None:
    """Lambda logs what is raised and keeps it in the dead-letter queue, so that is told without its text too."""
    asked = asked_by_config(aws)
    secret = "".join(("SEC", "RET"))  # a stack trace shows the lines of the source

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError(secret) from KeyError(secret)

    monkeypatch.setattr(assessing, "collect", fail)
    with pytest.raises(UnexpectedError) as raised:
        invoke(asked)
    assert (str(raised.value), raised.value.__cause__) == ("RuntimeError", None)
    (row,) = aws.config_rows
    assert (row.compliance, row.annotation) == ("NON_COMPLIANT", "Cannot verify: the evaluator failed (RuntimeError)")
    assert secret not in repr((aws.config_rows, aws.events)) + log.getvalue()


@pytest.mark.parametrize("failure", ["refused", "wrong settings", "unexpected", "not accepted"])
def test_an_error_that_leaves_the_run_is_logged_once_with_its_stack_trace(
    aws: LocalAws, monkeypatch: pytest.MonkeyPatch, log: io.StringIO, failure: str
) -> None:
    asked = asked_by_config(aws)
    match failure:
        case "refused":
            aws.fail("config:PutEvaluations")
        case "wrong settings":
            monkeypatch.setenv("BLINDSPOT_PROFILE", "cis")
        case "unexpected":
            monkeypatch.setattr(assessing, "collect", None)
        case "not accepted":
            asked = {"resultToken": asked["resultToken"]}
    with pytest.raises((CallFailed, SettingsError, UnexpectedError, InvocationError)) as raised:
        invoke(asked)
    (line,) = (line for line in logged(log.getvalue()) if line["message"] == "the run failed")
    assert (line["level"], line["exception_name"]) == ("ERROR", raised.type.__name__)
    assert line["stack_trace"]["value"] == str(raised.value)
    assert "evaluate" in [frame["function"] for frame in line["stack_trace"]["frames"]]


REFUSED = CallFailed(Unreadable("sts:AssumeRole", "eu-west-1", "AccessDenied"))


@pytest.mark.parametrize("error", [REFUSED, TimeoutError("no time")], ids=["refused", "timeout"])
def test_what_led_to_an_error_is_not_logged(aws: LocalAws, log: io.StringIO, error: Exception) -> None:
    """Messages of the SDK and of AWS may quote what was sent."""
    secret = "".join(("SEC", "RET"))

    def fail(event: object, run: Run) -> None:
        raise error from KeyError(secret)

    with pytest.raises(type(error)):
        invoked(fail)({}, Context(), os.environ)
    assert str(error) in log.getvalue()
    assert secret not in log.getvalue()


def test_no_setting_of_powertools_has_the_event_logged(
    aws: LocalAws, monkeypatch: pytest.MonkeyPatch, log: io.StringIO
) -> None:
    monkeypatch.setenv("POWERTOOLS_LOGGER_LOG_EVENT", "true")  # which is read where a function is decorated
    asked = asked_by_config(aws)
    invoked(lambda event, run: logger.info("any line"))(asked, Context(), os.environ)
    assert "any line" in log.getvalue()
    assert asked["resultToken"] not in log.getvalue()


def test_each_line_names_the_invocation_and_nothing_of_the_one_before(aws: LocalAws, log: io.StringIO) -> None:
    a_compliant_account(aws)
    asked = asked_by_config(aws)
    ids = (ID, OTHER_ID)
    logged_by: list[list[dict[str, Any]]] = []
    for event_, id_ in zip((asked, {"action": "assess"}), ids, strict=True):
        before = len(log.getvalue())
        logger.append_keys(leaked="of the run before")
        app.handler(event_, context(id_))
        logged_by.append(logged(log.getvalue()[before:]))
    for lines, id_ in zip(logged_by, ids, strict=True):
        assert lines
        for line in lines:
            assert (line["function_request_id"], line["correlation_id"]) == (id_, id_)
            assert {"cold_start", "function_name", "function_memory_size", "function_arn", "service"} < set(line)
            assert "leaked" not in line


@pytest.mark.parametrize(
    ("run", "correlation_id"),
    [
        pytest.param(OTHER_ID, OTHER_ID, id="an evaluator's run"),
        pytest.param("SECRET", ID, id="another text"),
        pytest.param(None, ID, id="no text"),
        pytest.param("$.errorCode" * 40, ID, id="a long text"),
    ],
)
def test_the_remediators_lines_name_the_evaluators_run(
    aws: LocalAws, log: io.StringIO, run: str | None, correlation_id: str
) -> None:
    a_compliant_account(aws)
    sent = event("control-assessed")
    remediator.handler({**sent, "detail": {**sent["detail"], "run": run}}, context(ID))
    lines = logged(log.getvalue())
    assert lines
    assert {(line["function_request_id"], line["correlation_id"]) for line in lines} == {(ID, correlation_id)}


def test_the_evaluator_sends_the_id_that_the_remediator_logs(aws: LocalAws, log: io.StringIO) -> None:
    a_compliant_account(aws, pattern=HALF_RIGHT)
    app.handler(asked_by_config(aws), context(OTHER_ID))
    (sent,) = aws.events
    assessed = {"source": sent["Source"], "detail-type": sent["DetailType"], "detail": json.loads(sent["Detail"])}
    before = len(log.getvalue())
    remediator.handler(assessed, context(ID))
    assert {line["correlation_id"] for line in logged(log.getvalue()[before:])} == {OTHER_ID}


def published(printed: str) -> dict[str, list[float]]:
    """What the runs sent of each metric. All of it is of one stack."""
    found: dict[str, list[float]] = {}
    for each in sent(printed):
        assert each.name == "ColdStart" or list(each.dimensions) == ["stack", "service"]
        found.setdefault(each.name, []).extend(each.values)
    return found


Change = Callable[[LocalAws], None]
Counts = list[int] | None


def no_rule(_: LocalAws) -> None:
    os.environ["BLINDSPOT_CONFIG_RULE"] = ""


def wrong_settings(_: LocalAws) -> None:
    os.environ["BLINDSPOT_PROFILE"] = "cis"


def nothing(_: LocalAws) -> None:
    pass


def both(one: Change, other: Change) -> Change:
    def change(aws: LocalAws) -> None:
        one(aws)
        other(aws)

    return change


def refused(call: str) -> Change:
    return lambda aws: aws.fail(call, error="AccessDeniedException")


START, ASSESS, REVIEW = {"action": "start"}, {"action": "assess"}, {"action": "review"}
COUNTED: dict[str, tuple[dict[str, str] | None, Change, Counts, Counts, Counts]] = {
    "AWS Config takes the row": (None, nothing, [1], [0], [0]),
    "AWS Config refuses the row": (None, refused("config:PutEvaluations"), [0], [1], [0]),
    "the event is not sent": (None, refused("events:PutEvents"), [1], [0], [0]),
    "a read is refused": (None, refused("cloudtrail:DescribeTrails"), [1], [0], [1]),
    "no identity": (None, refused("sts:GetCallerIdentity"), [1], [0], [1]),
    "wrong settings": (None, wrong_settings, [1], [0], [1]),
    "wrong settings, refused": (None, both(wrong_settings, refused("config:PutEvaluations")), [0], [1], [1]),
    "only started": (START, nothing, None, None, None),
    "not started": (START, refused("config:StartConfigRulesEvaluation"), [0], [1], [0]),
    "no rule": (START, no_rule, [1], None, [0]),
    "no rule, the event is not sent": (START, both(no_rule, refused("events:PutEvents")), [0], None, [0]),
    "no rule, wrong settings": (START, both(no_rule, wrong_settings), [1], None, [1]),
    "by hand": (ASSESS, nothing, None, None, None),
    "by hand, a read is refused": (ASSESS, refused("cloudtrail:DescribeTrails"), None, None, None),
    "a review": (REVIEW, nothing, None, None, None),
    "a review, log events are refused": (REVIEW, refused("logs:FilterLogEvents"), None, None, None),
    "a review, no identity": (REVIEW, refused("sts:GetCallerIdentity"), None, None, None),
    "no event": ({}, nothing, None, None, None),
}
"""What is sent and what fails: ReportedRuns, UnreportedRuns, CannotVerifyRuns."""


@pytest.mark.parametrize("case", COUNTED)
def test_each_run_is_counted_once_for_what_became_of_it(
    aws: LocalAws, capsys: pytest.CaptureFixture[str], case: str
) -> None:
    sent, change, *counted = COUNTED[case]
    a_compliant_account(aws)
    asked = asked_by_config(aws) if sent is None else sent
    change(aws)
    capsys.readouterr()
    try:
        invoke(asked)
    except (CallFailed, SettingsError, InvocationError):
        assert case not in ("AWS Config takes the row", "only started", "no rule", "by hand", "a review")
    found = published(capsys.readouterr().out)
    assert [found.get(name) for name in ("ReportedRuns", "UnreportedRuns", "CannotVerifyRuns")] == counted
    refusals = sum(any(fault.meets(call) for fault in aws.faults) for call in aws.calls)
    assert found["RefusedCalls"] == [refusals]
    assert (refusals > 0) == bool(aws.faults)


def test_whether_the_row_was_taken_is_counted_before_lambda_may_stop_the_run(
    aws: LocalAws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    a_compliant_account(aws)
    asked = asked_by_config(aws)

    class Stopped(BaseException):
        """What ends a process is caught by nothing."""

    def stop(*_: object, **__: object) -> None:
        assert "ReportedRuns" in published(capsys.readouterr().out)
        raise Stopped

    monkeypatch.setattr("blindspot.app.evaluate.remediation_notes", stop)
    with pytest.raises(Stopped):
        invoke(asked)


def test_the_runs_of_two_stacks_are_told_apart(
    aws: LocalAws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    a_compliant_account(aws)
    stacks = ("blindspot", "audit", None)
    for stack in stacks:
        id_ = SETTINGS["BLINDSPOT_STACK"].replace("/blindspot/", f"/{stack}/") if stack else ""
        monkeypatch.setenv("BLINDSPOT_STACK", id_)
        invoke({"action": "assess"})
    found = records(capsys.readouterr().out)
    counted = [(record.get("stack"), record["service"]) for record in found if "RefusedCalls" in record]
    assert counted == [(stack, "blindspot") for stack in stacks]


def test_docs_list_every_metric_that_is_sent(aws: LocalAws, capsys: pytest.CaptureFixture[str]) -> None:
    listed = (Path(__file__).parents[2] / "docs/metrics.md").read_text()
    cells = re.findall(r"^\| (`.+?) \|", listed.partition("\n## ")[0], re.MULTILINE)
    names = {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}
    a_compliant_account(aws, pattern=HALF_RIGHT)
    aws.client("ssm").put_parameter(Name=SETTINGS["BLINDSPOT_FLAG"], Value="true", Type="String")
    os.environ |= SETTINGS
    invoke(asked_by_config(aws))
    remediator.handler({"action": "apply"}, Context())
    aws.client("ssm").put_parameter(Name=SETTINGS["BLINDSPOT_FLAG"], Value="false", Type="String", Overwrite=True)
    remediator.handler({"action": "backout"}, Context())
    os.environ["BLINDSPOT_ORGANIZATION_ROLE"] = "blindspot-member"
    aws.organization.join("222222222222")
    aws.put_organization_rule("blindspot", excluded=(aws.account,))
    aws.ask_members("blindspot")
    invoke(aws.config.due[0])
    invoke({**aws.config.due[0], "configRuleName": "another"})
    assert names - {"ColdStart"} == published(capsys.readouterr().out).keys() - {"ColdStart"}
