"""The stack on ministack: what `sam deploy` makes, what runs it, and what `sam delete` leaves.

ministack transforms and creates the template, runs the functions with their layer, and holds each call that they make
against the policies of their roles. It knows no AWS::Config::ConfigRule, so the stack has none.
"""

import json
import re
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from local.events import event
from tests.builders import HOME
from tests.e2e.lambdas import build
from tests.e2e.processes import ROOT, Emulator, eventually, ministack

STACK = "blindspot"
HELD = (
    ("cloudformation", "describe_stacks", "Stacks", "StackName"),
    ("cloudwatch", "list_dashboards", "DashboardEntries", "DashboardName"),
    ("events", "list_rules", "Rules", "Name"),
    ("iam", "list_policies", "Policies", "PolicyName"),
    ("iam", "list_roles", "Roles", "RoleName"),
    ("lambda", "list_functions", "Functions", "FunctionName"),
    ("lambda", "list_layers", "Layers", "LayerName"),
    ("logs", "describe_log_groups", "logGroups", "logGroupName"),
    ("scheduler", "list_schedules", "Schedules", "Name"),
    ("ssm", "describe_parameters", "Parameters", "Name"),
)
"""Where the account lists what the template makes, but for the queue."""


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    build()
    with ministack(tmp_path_factory.mktemp("ministack"), iam=True) as aws:
        yield aws


@pytest.fixture(scope="module")
def stack(aws: Emulator) -> dict[str, str]:
    """The outputs of a deployed stack."""
    deploy(aws, STACK)
    return outputs(aws, STACK)


def sam(aws: Emulator, *arguments: str) -> str:
    ran = subprocess.run(
        [ROOT / ".venv/bin/sam", *arguments],
        cwd=ROOT,
        env={**aws.environment, "SAM_CLI_TELEMETRY": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def deploy(aws: Emulator, name: str) -> str:
    parameters = ("CreateConfigRule=false", "Schedule='rate(1 minute)'")
    asked = ("--no-confirm-changeset", "--no-fail-on-empty-changeset", "--parameter-overrides", *parameters)
    return sam(aws, "deploy", "--stack-name", name, *asked)


def outputs(aws: Emulator, name: str) -> dict[str, str]:
    (stack,) = aws.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def logged(aws: Emulator, group: str, message: str) -> dict[str, Any] | None:
    """The document that the log has under that message."""
    events = aws.client("logs").filter_log_events(logGroupName=group)["events"]
    lines = [json.loads(event["message"]) for event in events if event["message"].startswith("{")]
    return next((line["document"] for line in lines if line.get("message") == message), None)


def held(aws: Emulator) -> dict[str, list[str]]:
    """The names of all that the account holds."""
    names = {
        operation: sorted(thing[name] for thing in getattr(aws.client(service), operation)()[key])
        for service, operation, key, name in HELD
    }
    return {**names, "list_queues": sorted(aws.client("sqs").list_queues().get("QueueUrls", []))}


def test_the_schedule_runs_the_evaluator_and_the_rule_the_remediator(aws: Emulator, stack: dict[str, str]) -> None:
    assessed = eventually(lambda: logged(aws, stack["EvaluatorLogGroup"], "control assessed"), seconds=120)
    planned = eventually(lambda: logged(aws, stack["RemediatorLogGroup"], "Remediation Planned"), seconds=30)
    assert assessed is not None
    assert planned is not None
    assert assessed["verdict"] == "NON_COMPLIANT"
    assert assessed["regions"][HOME]["gaps"] == [{"code": "trail.missing", "resource": "account"}]
    assert [name for name, region in assessed["regions"].items() if region["doubts"]] == []
    assert "ledger.unread" not in [note["code"] for note in assessed["notes"]]
    assert (planned["switch"]["on"], planned["switch"]["parameter"]) == (False, stack["RemediationFlag"])
    assert "Messages" not in aws.client("sqs").receive_message(QueueUrl=stack["DeadLetterQueue"])


def test_remediation_is_off(aws: Emulator, stack: dict[str, str]) -> None:
    assert aws.client("ssm").get_parameter(Name=stack["RemediationFlag"])["Parameter"]["Value"] == "false"


def test_the_dashboard_shows_what_the_viewer_answers(aws: Emulator, stack: dict[str, str]) -> None:
    shown = aws.client("cloudwatch").get_dashboard(DashboardName=stack["Dashboard"])
    (endpoint,) = re.findall(r'"endpoint": "([^"]+)"', shown["DashboardBody"])
    for name, said in (("widget", "no AWS Config rule"), ("widget-assess", "NON_COMPLIANT")):
        answer = aws.client("lambda").invoke(FunctionName=endpoint, Payload=json.dumps(event(name)))
        html = json.loads(answer["Payload"].read())
        assert said in html
        assert f'endpoint="{endpoint}"' in html


@pytest.mark.usefixtures("stack")
def test_a_second_deployment_has_nothing_to_change(aws: Emulator) -> None:
    assert f"No changes to deploy. Stack {STACK} is up to date" in deploy(aws, STACK)


@pytest.mark.usefixtures("stack")
def test_a_second_stack_goes_without_a_trace_after_it_has_run(aws: Emulator) -> None:
    before = held(aws)
    deploy(aws, "second")
    second = outputs(aws, "second")
    ran = aws.client("lambda").invoke(FunctionName=second["EvaluatorFunction"], Payload=b'{"action": "start"}')
    assert "FunctionError" not in ran
    eventually(lambda: logged(aws, second["RemediatorLogGroup"], "Remediation Planned"), seconds=30)
    sam(aws, "delete", "--stack-name", "second", "--no-prompts")
    assert held(aws) == before
