"""What the runbook and the alarms have people run finds what it is for, in the log of runs that failed."""

import io
import re
from pathlib import Path
from typing import Any

import pytest

from blindspot.app.run import logger
from blindspot.model.findings import DOUBT_FIXES, FIXES
from functions.evaluator import app as evaluator
from functions.remediator import app as remediator
from local.accounts import HALF_RIGHT, a_compliant_account
from local.aws import LocalAws, local_aws
from local.aws.extension.matcher import matcher
from local.lambda_context import Context
from tests import insights
from tests.goldens import RULE, SETTINGS
from tests.scenarios.bends import HOME, REGIONS
from tests.unit.test_template import RESOURCES

MEMBER = "222222222222"

ROOT = Path(__file__).parents[2]
RUNBOOK = (ROOT / "docs/runbook.md").read_text()
QUERIES = re.findall(r"^```logs-insights\n(.*?)^```$", RUNBOOK, re.MULTILINE | re.DOTALL)
DESCRIPTIONS = [
    of["Properties"]["AlarmDescription"]["!Sub"] for of in RESOURCES.values() if of["Type"] == "AWS::CloudWatch::Alarm"
]

TIMED_OUT = "2026-11-27T12:00:00.000Z 8476a536-e9f4-11e8-9739-2dfe598c3fcd Task timed out after 300.10 seconds"
RAISED = (
    "[ERROR] NotReported: config:PutEvaluations in eu-west-1: AccessDeniedException\nTraceback (most recent call last):"
)
EXITED = "RequestId: 8476a536-e9f4-11e8-9739-2dfe598c3fcd Error: Runtime exited with error: signal: killed"
STOPPED = (RAISED, TIMED_OUT, EXITED)
OF_LAMBDA = ("START RequestId: 8476a536-e9f4-11e8-9739-2dfe598c3fcd Version: $LATEST", *STOPPED)
"""Lines that Lambda writes (Lambda developer guide, "Troubleshoot execution issues in Lambda"; the first of STOPPED is
of the Python runtime, awslambdaric)."""


def asked(aws: LocalAws) -> dict[str, Any]:
    aws.config.asked.clear()
    aws.client("config").start_config_rules_evaluation(ConfigRuleNames=[RULE])
    return aws.config.due.pop(0)


@pytest.fixture(scope="module")
def log() -> tuple[str, ...]:
    """Of a run that goes well, of one whose read is refused, of one that fails, of the remediator, and of one for an
    account of the organization that lacks the role."""
    kept, handler = io.StringIO(), logger.registered_handler
    with local_aws(region=HOME, regions=REGIONS) as aws, pytest.MonkeyPatch.context() as patched:
        for name, value in SETTINGS.items():
            patched.setenv(name, value)
        patched.setattr(handler, "stream", kept)
        aws.put_config_rule(RULE)
        a_compliant_account(aws, pattern=HALF_RIGHT)
        evaluator.handler(asked(aws), Context())
        remediator.handler({"action": "plan"}, Context())
        aws.fail("sns:GetTopicAttributes", error="AuthorizationError")
        evaluator.handler(asked(aws), Context())
        aws.fail("config:PutEvaluations", error="AccessDeniedException")
        with pytest.raises(Exception, match="PutEvaluations"):
            evaluator.handler(asked(aws), Context())
        patched.setenv("BLINDSPOT_ORGANIZATION_ROLE", "blindspot-member")
        aws.organization.join(MEMBER)
        aws.put_organization_rule("blindspot", excluded=(aws.account,))
        aws.ask_members("blindspot")
        evaluator.handler(aws.config.due.pop(0), Context())
    return (*kept.getvalue().splitlines(), *OF_LAMBDA)


def test_the_query_of_members_names_the_account_and_why(log: tuple[str, ...]) -> None:
    (row,) = insights.run(QUERIES[0], log)
    assert (row["account"], row["runs"]) == (MEMBER, 1)
    assert row["error"].startswith("sts:AssumeRole in ")


def test_the_query_of_reads_names_the_permission(log: tuple[str, ...]) -> None:
    rows = insights.run(QUERIES[1], log)
    assert rows
    assert {row["read.permission"] for row in rows} == {"sns:GetTopicAttributes"}


def test_the_query_of_a_run_shows_its_lines_in_both_logs(log: tuple[str, ...]) -> None:
    rows = insights.run(QUERIES[2].replace("RUN", Context().aws_request_id), log)
    assert {"control assessed", "Remediation Planned", "the run failed"} <= {row["message"] for row in rows}


def test_the_query_of_failed_runs_counts_them_by_error(log: tuple[str, ...]) -> None:
    (row,) = insights.run(QUERIES[3], log)
    assert (row["runs"], row["exception_name"]) == (1, "NotReported")
    assert len(QUERIES) == 4


@pytest.mark.parametrize("text", [RUNBOOK, *DESCRIPTIONS], ids=["runbook", *map(str, range(len(DESCRIPTIONS)))])
def test_the_log_is_filtered_for_what_it_has(log: tuple[str, ...], text: str) -> None:
    for pattern in re.findall(r"--filter-pattern '([^']+)'", text):
        found = [line for line in log if matcher(pattern)(line)]
        if "timed out" in pattern:
            assert tuple(found) == STOPPED
        elif "account" in pattern:
            assert {"role/blindspot-member" in line and MEMBER in line for line in found} == {True}
        else:
            assert len([line for line in found if "control assessed" in line]) == 4


def test_the_runbook_names_only_errors_and_codes_that_exist() -> None:
    code = "".join(path.read_text() for path in (ROOT / "layers/blindspot/blindspot").rglob("*.py"))
    errors = re.findall(r"`([A-Z]\w+(?:Error|Failed|Refused|Unknown|Reported|Started))`", RUNBOOK)
    assert [name for name in errors if f"class {name}(" not in code and name not in BUILT_IN] == []
    assert {"SettingsError", "NotReported", "UnexpectedError"} < set(errors)
    codes = set(re.findall(r"`([a-z-]+\.[a-z-]+)`", RUNBOOK))
    assert codes <= {*FIXES, *DOUBT_FIXES}
    assert codes


BUILT_IN = {"TimeoutError", "Runtime.ImportModuleError"}
"""Of Python, and of Lambda."""


def test_the_runbook_names_only_outputs_and_statements_that_exist() -> None:
    template = (ROOT / "template.yaml").read_text()
    outputs = re.findall(r"\$\(output (\w+)\)", RUNBOOK)
    statements = re.findall(r"`((?:Report|Start|Announce|Write|Keep|Find|Read)[A-Z]\w+)`", RUNBOOK)
    assert outputs
    assert statements
    section = template.partition("\nOutputs:\n")[2]
    assert [name for name in outputs if f"\n  {name}:\n" not in f"\n{section}"] == []
    assert [name for name in statements if f"Sid: {name}\n" not in template] == []
