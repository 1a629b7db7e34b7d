"""The queries, rules and the event in docs/document.md, tried on what real runs log, send and return."""

import contextlib
import io
import json
import logging
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from moto.events.models import EventPattern

from blindspot.app.run import logger
from blindspot.settings import SettingsError
from functions.evaluator import app as evaluator
from functions.remediator import app as remediator
from local.accounts import HALF_RIGHT, a_compliant_account, put_filter
from local.aws import LocalAws, local_aws
from local.lambda_context import Context
from tests import insights
from tests.cases.exclusions import REASON, overrides
from tests.cases.reviews import a_review
from tests.goldens import FLAG, RULE, SETTINGS
from tests.scenarios.bends import METRIC

DOCS = Path(__file__).parents[2] / "docs"
DOCUMENT = (DOCS / "document.md").read_text()
RUN = Context().aws_request_id
ENDED = date(2026, 1, 31)
"""When the exclusion of the run by hand ended."""

HOME, REGIONS = "eu-west-1", ("eu-west-1", "us-east-1")

OF_LAMBDA = (
    "START RequestId: 8476a536-e9f4-11e8-9739-2dfe598c3fcd Version: $LATEST",
    "2026-11-27T12:05:00.000Z 8476a536-e9f4-11e8-9739-2dfe598c3fcd Task timed out after 300.00 seconds",
    (
        "REPORT RequestId: 8476a536-e9f4-11e8-9739-2dfe598c3fcd\tDuration: 2410.21 ms\tBilled Duration: 2411 ms\t"
        "Memory Size: 1769 MB\tMax Memory Used: 141 MB\tInit Duration: 910.02 ms"
    ),
)
"""Lines that Lambda itself writes (Lambda developer guide, "Viewing CloudWatch logs for Lambda")."""


def blocks(kind: str) -> list[tuple[str, str]]:
    """The code blocks of this kind in docs/document.md, each with the sentence above it."""
    return re.findall(rf"^([^\n]+)\n\n```{kind}\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Told:
    """What the runs of the story logged, in order, sent and returned."""

    log: tuple[str, ...]
    events: tuple[dict[str, Any], ...]
    document: dict[str, Any]
    plan: dict[str, Any]


@pytest.fixture(scope="module")
def told() -> Told:
    """A compliant account whose filter is narrowed; a refused call; a wrong setting; then remediation."""
    lines: list[str] = []

    class Lines(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(logger.registered_formatter.format(record))

    handler, printed = Lines(), io.StringIO()
    with (
        local_aws(region=HOME, regions=REGIONS, opted_out=()) as aws,
        pytest.MonkeyPatch.context() as patched,
        contextlib.redirect_stdout(printed),
    ):
        for name, value in SETTINGS.items():
            patched.setenv(name, value)
        aws.put_config_rule(RULE)
        logging.getLogger("blindspot").addHandler(handler)
        try:
            a_compliant_account(aws)
            evaluate(aws, "first")
            put_filter(aws, HOME, "management-events", "unauthorized-api-calls-metric", HALF_RIGHT, METRIC)
            evaluate(aws, RUN)
            remediator.handler(delivered(aws, aws.events[-2]), context("remediation"))
            patched.setenv("BLINDSPOT_OVERRIDES", json.dumps(overrides(until=ENDED)))
            document = evaluator.handler({"action": "assess"}, context("by hand"))
            patched.delenv("BLINDSPOT_OVERRIDES")
            aws.fail("logs:DescribeMetricFilters", error="AccessDeniedException")
            evaluate(aws, "refused")
            aws.faults.clear()
            patched.setenv("BLINDSPOT_PROFILE", "cis")
            with pytest.raises(SettingsError):
                evaluate(aws, "wrong")
            patched.delenv("BLINDSPOT_PROFILE")
            plan = remediator.handler({"action": "plan"}, context("plan"))
            aws.client("ssm").put_parameter(Name=FLAG, Value="true", Type="String", Overwrite=True)
            remediator.handler({"action": "apply"}, context("apply"))
        finally:
            logging.getLogger("blindspot").removeHandler(handler)
        events = tuple(delivered(aws, entry) for entry in aws.events)
    metrics = [line for line in printed.getvalue().splitlines() if line.startswith('{"_aws"')]
    return Told((*lines, *metrics, *OF_LAMBDA), events, document, plan)


def context(run: str) -> Context:
    """Of an invocation with this request id."""
    made = Context()
    made._aws_request_id = run  # noqa: SLF001 (Lambda's context has no other way to name it)
    return made


def evaluate(aws: LocalAws, run: str) -> None:
    """The schedule starts an evaluation, and AWS Config asks for it, which is the run with this id."""
    aws.config.asked.clear()
    evaluator.handler({"action": "start"}, context(f"start {run}"))
    aws.evaluator = lambda event: evaluator.handler(event, context(run))
    aws.deliver()


def delivered(aws: LocalAws, entry: dict[str, Any]) -> dict[str, Any]:
    """The event as a rule gets it (EventBridge user guide, "Event structure")."""
    return {
        "version": "0",
        "id": "17793124-05d4-b198-2fde-7ededc63b103",
        "detail-type": entry["DetailType"],
        "source": entry["Source"],
        "account": aws.account,
        "time": "2026-11-27T12:00:00Z",
        "region": aws.region,
        "resources": [],
        "detail": json.loads(entry["Detail"]),
    }


MISSES = "filter.misses"
FILTER = "arn:aws:logs:eu-west-1:123456789012:log-group:management-events:metric-filter:unauthorized-api-calls-metric"

RESULTS: dict[str, list[dict[str, Any]]] = {
    "The last verdict, and why:": [{"line.document.verdict": "INDETERMINATE"}],
    "How many regions were not COMPLIANT, by day:": [{"bin(1d)": "2026-11-27", "non_compliant": 3, "indeterminate": 3}],
    "Which regions, and why:": [
        {"region": region, "gap.code": MISSES, "runs": 2} for region in ("eu-west-1", "future", "us-east-1")
    ],
    "Gaps by code and resource:": [{"gap.code": MISSES, "gap.resource": FILTER, "runs": 2}],
    "Exclusions that end within a fortnight or have ended:": [
        {
            "note.code": "exclusion.ended",
            "note.message": f'The exclusion "{REASON}" ended on {ENDED}. Its calls must raise an alarm again. Remove it'
            " from Overrides, or give it a later date.",
            "runs": 1,
        }
    ],
    "Runs whose own calls AWS refused, and which calls gave no answer:": [
        {
            "line.document.refused_calls": 1,
            "read.call": "logs:DescribeMetricFilters",
            "read.region": HOME,
            "read.error": "AccessDeniedException",
        }
    ],
    "Failed runs, and what else went wrong in them:": [{"@message": OF_LAMBDA[1]}, {}, {}],
    "All that one run logged, in both log groups. Put the `run` of its document in the place of this id:": [
        {"level": "INFO", "message": message} for message in ("control assessed", "Remediation Planned")
    ],
    "The slowest runs:": [{}] * 5,
    "How much memory they took:": [{"given_mb": "1769", "runs": 1, "most_mb": 141}],
    "What remediation did, in the log group of the output `RemediatorLogGroup`:": [
        {"line.message": "Remediation Applied", "outcome.status": "done", "outcome.error": None}
    ],
}
"""What each query finds in the story, as far as it is the same each time."""


@pytest.mark.parametrize(("title", "query"), blocks("logs-insights"), ids=lambda text: text[:30])
def test_a_query_finds_what_its_title_says(told: Told, title: str, query: str) -> None:
    rows = insights.run(query, told.log)
    expected = RESULTS[title]
    assert len(rows) == len(expected)
    for row, wanted in zip(rows, expected, strict=True):
        assert row.items() >= wanted.items()


@pytest.mark.parametrize(
    "query",
    [
        'filter @message contains "control assessed"',
        "fields @timestamp, document.verdit",
        "fields jsonParse(@message) as line | unnest line.document into each",
        "stats avg(document.duration_ms) as mean by bin(1d)",
        "dedup document.verdict",
        "sort document.verdict",
    ],
)
def test_a_query_that_is_wrong_is_an_error(told: Told, query: str) -> None:
    with pytest.raises(insights.QueryError):
        insights.run(query, told.log[:2])


class CloudFormation(yaml.SafeLoader):
    """Reads `!Ref BlindspotStackId` as the stack's id, and other functions of CloudFormation as None."""


def _function(loader: yaml.SafeLoader, _: str, node: yaml.Node) -> str | None:
    parameter = isinstance(node, yaml.ScalarNode) and loader.construct_scalar(node) == "BlindspotStackId"
    return SETTINGS["BLINDSPOT_STACK"] if parameter else None


CloudFormation.add_multi_constructor("!", _function)


def rule(name: str) -> dict[str, Any]:
    """The properties of the rule in a template of docs/rules."""
    template = yaml.load((DOCS / f"rules/{name}.yaml").read_text(), CloudFormation)  # noqa: S506 (a SafeLoader)
    properties: dict[str, Any] = template["Resources"]["Rule"]["Properties"]
    return properties


def matched(name: str, events: tuple[dict[str, Any], ...]) -> list[dict[str, Any]]:
    pattern = rule(name)["EventPattern"]
    matcher = EventPattern(json.dumps(pattern), pattern)
    return [event for event in events if matcher.matches_event(event)]  # type: ignore[arg-type]


def transformed(name: str, event: dict[str, Any]) -> Any:
    """What EventBridge sends to the rule's target: in a template that is JSON, a variable outside of quotes is JSON,
    and one in quotes is text (EventBridge API reference, InputTransformer)."""
    (target,) = rule(name)["Targets"]
    transformer = target["InputTransformer"]
    text = transformer["InputTemplate"]
    for variable, path in transformer["InputPathsMap"].items():
        found = insights.value(event, path.removeprefix("$."))
        assert found is not None
        text = text.replace(f'": <{variable}>', f'": {json.dumps(found)}').replace(f"<{variable}>", str(found))
    return json.loads(text)


def test_the_chat_is_told_of_each_change_of_the_verdict_once(told: Told) -> None:
    changed = matched("chat", told.events)
    assert [(event["detail"]["changed_from"], event["detail"]["verdict"]) for event in changed] == [
        ("COMPLIANT", "NON_COMPLIANT"),
        ("NON_COMPLIANT", "INDETERMINATE"),
    ]
    sent = transformed("chat", changed[0])
    # Amazon Q Developer in chat applications, administrator guide, "Custom notifications": version and source are
    # these; a title has at most 250 characters, a description at most 8,000.
    assert (sent["version"], sent["source"], sent["content"]["textType"]) == ("1.0", "custom", "client-markdown")
    title = "Blindspot: NON_COMPLIANT in account 123456789012 (before: COMPLIANT)"
    assert sent["content"]["title"] == title
    assert sent["content"]["description"] == changed[0]["detail"]["summary"]
    assert '"AccessDenied"' in sent["content"]["description"]


def test_the_queue_gets_each_verdict_that_is_not_compliant(told: Told) -> None:
    assessed = matched("tickets", told.events)
    assert {event["detail-type"] for event in assessed} == {"Control Assessed"}
    assert [event["detail"]["verdict"] for event in assessed] == ["NON_COMPLIANT", "INDETERMINATE", "INDETERMINATE"]
    sent = transformed("tickets", assessed[0])
    assert sent["title"] == "Blindspot: NON_COMPLIANT in account 123456789012"
    assert (sent["key"], sent["text"]) == (SETTINGS["BLINDSPOT_STACK"], assessed[0]["detail"]["summary"])
    assert [gap["code"] for gap in sent["gaps"]] == [MISSES]


@pytest.mark.parametrize("name", ["chat", "tickets"])
def test_events_of_another_stack_match_no_rule(told: Told, name: str) -> None:
    others = tuple({**event, "detail": {**event["detail"], "stack": "arn:another"}} for event in told.events)
    assert matched(name, others) == []
    assert matched(name, told.events)


OF_A_RUN = {
    "version": "0.1.0",
    "assessed_at": "2026-11-27T12:00:00+00:00",
    "duration_ms": 2410,
}
"""The fields of a document that differ from run to run, as docs/document.md shows them."""


def test_the_event_in_the_document_is_what_a_run_sends(told: Told) -> None:
    """UPDATE_GOLDEN=1 writes it anew."""
    sent = matched("chat", told.events)[0]
    (channel,) = sent["detail"]["channels"]
    shown = {**channel, "subscription": f"{channel['topic']}:7f0b3c1e-1a52-4f0c-9f3c-2f6f6f0a9c10"}
    event = {**sent, "detail": {**sent["detail"], **OF_A_RUN, "channels": [shown]}}
    block = f"```json\n{json.dumps(event, indent=2)}\n```"
    path = DOCS / "document.md"
    if "UPDATE_GOLDEN" in os.environ:
        path.write_text(re.sub(r"```json\n.*?\n```", lambda _: block, path.read_text(), count=1, flags=re.DOTALL))
    assert block in path.read_text()


def jq(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, text=True, check=False)


SHELL = dict(blocks("sh"))
GATE = next(command for command in SHELL.values() if "--exit-status" in command)

PRINTED = {
    "The verdict, and why:": ["NON_COMPLIANT", "NON_COMPLIANT (account 123456789012, profile cis-level-2): in "],
    "The regions, each with its verdict and codes:": [
        "eu-west-1\tNON_COMPLIANT\tfilter.misses",
        "us-east-1\tNON_COMPLIANT\tfilter.misses",
        "future\tNON_COMPLIANT\tfilter.misses",
    ],
    "Each gap with its fix:": [
        "filter.misses: Metric filter unauthorized-api-calls-metric ",
        f"  Resource: {FILTER}",
        "  Regions: eu-west-1, us-east-1, future",
        "  Fix: Widen the filter pattern",
    ],
    "The exclusions: until when, whether in force, and why. Without an end date, `until` is shown as `-`:": [
        '-\ttrue\t{ $.sourceIPAddress = "delivery.logs.amazonaws.com" }',
        '-\ttrue\t{ $.eventName = "HeadBucket" }',
        f"{ENDED}\tfalse\t{REASON}",
    ],
    "The event of a region that nobody would be alerted to. Only the answer to `assess` has it:": ["{"],
    "What a plan would change, from the remediator's answer to [`events/plan.json`](../events/plan.json):": [
        f"create metric filter {FILTER}-blindspot",
        "  logs:PutMetricFilter in eu-west-1",
        "  COMPLIANT afterwards: eu-west-1, us-east-1, future",
    ],
    "How often each alarm would have gone to ALARM:": [
        "unauthorized_api_calls_alarm\t200 to 200",
        "unauthorized-api-calls-alarm\t200 to 200",
    ],
    "Who was refused the most calls:": ["700 role scanner", "96 role AWSReservedSSO_Developer", "4 role build"],
    "What looks like an attack:": ["build GetSecretValue AccessDeniedException, first seen 2026-11-26T03:11:52+00:00"],
    "The value to set as the parameter `Overrides`:": [a_review()["overrides"]],
}
"""How the first lines begin that a command prints."""

needs_jq = pytest.mark.skipif(not shutil.which("jq"), reason="there is no jq on PATH: .ci/run installs it")


@needs_jq
@pytest.mark.parametrize("title", [title for title, command in SHELL.items() if command != GATE])
def test_a_jq_command_prints_what_its_title_says(told: Told, title: str, tmp_path: Path) -> None:
    (tmp_path / "document.json").write_text(json.dumps(told.document))
    (tmp_path / "plan.json").write_text(json.dumps(told.plan))
    (tmp_path / "review.json").write_text(json.dumps(a_review()))
    ran = jq(SHELL[title], tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")
    lines = ran.stdout.splitlines()
    assert [line[: len(begin)] for line, begin in zip(lines, PRINTED[title], strict=False)] == PRINTED[title]


@needs_jq
@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ('{"verdict": "COMPLIANT"}', True),
        ('{"verdict": "NON_COMPLIANT"}', False),
        ('{"verdict": "INDETERMINATE"}', False),
        ('{"verdict": "COMPLIANT"}\n{"StatusCode": 200}', False),
        ('{"errorMessage": "Task timed out", "errorType": "Sandbox.Timedout"}', False),
        ("", False),
        ("no JSON", False),
    ],
)
def test_the_gate_lets_only_a_compliant_document_through(text: str, passes: bool, tmp_path: Path) -> None:
    (tmp_path / "document.json").write_text(text)
    assert (jq(GATE, tmp_path).returncode == 0) is passes


@needs_jq
def test_the_gate_is_shut_where_there_is_no_document(tmp_path: Path) -> None:
    assert jq(GATE, tmp_path).returncode != 0
