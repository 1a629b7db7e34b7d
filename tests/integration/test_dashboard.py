"""What the dashboard shows is what the functions write: each of its metrics, and the log that its query reads."""

import pytest

from blindspot.app.run import logger
from functions.evaluator import app as evaluator
from functions.remediator import app as remediator
from local.accounts import HALF_RIGHT, a_compliant_account
from local.aws import LocalAws
from local.embedded_metrics import sent
from local.lambda_context import Context
from tests import insights
from tests.goldens import FLAG, SETTINGS, UUID
from tests.integration.members import BROKEN, NAME, STACK, role
from tests.unit.test_dashboard import LONGEST_STACK, metrics, of_type

pytestmark = pytest.mark.usefixtures("kept_warm")


@pytest.fixture
def printed(
    aws: LocalAws,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> list[str]:
    """The lines of log and metrics of an evaluation, of a member's without a trail, of a remediation and backout."""
    caplog.set_level("INFO", "blindspot")
    for name, value in {**SETTINGS, "BLINDSPOT_ORGANIZATION_ROLE": NAME}.items():
        monkeypatch.setenv(name, value)
    a_compliant_account(aws, pattern=HALF_RIGHT)
    aws.organization.join(BROKEN)
    aws.trust(role(BROKEN), UUID)
    aws.put_organization_rule(STACK)
    aws.evaluator = lambda event: evaluator.handler(event, Context())
    evaluator.handler({"action": "start"}, Context())
    aws.ask_members(STACK)
    aws.deliver()
    for switch, action in (("true", "apply"), ("false", "backout")):
        aws.client("ssm").put_parameter(Name=FLAG, Value=switch, Type="String", Overwrite=True)
        remediator.handler({"action": action}, Context())
    log = [logger.registered_formatter.format(record) for record in caplog.records if record.name == "blindspot"]
    return [*log, *capsys.readouterr().out.splitlines()]


def test_the_functions_send_every_metric_of_the_dashboard(printed: list[str]) -> None:
    stack = SETTINGS["BLINDSPOT_STACK"].split("/")[1]
    emitted = [(each.namespace, each.name, each.dimensions) for each in sent("\n".join(printed))]
    for namespace, name, dimensions in metrics():
        if namespace != "AWS/Lambda":
            here = {key: stack if value == LONGEST_STACK else value for key, value in dimensions.items()}
            assert (namespace, name, here) in emitted, name


def test_the_queries_count_the_runs_that_found_a_gap(printed: list[str]) -> None:
    found = [insights.run(each["query"].partition(" | ")[2], printed) for each in of_type("log")]
    assert [[(row["gap.code"], row["runs"]) for row in rows] for rows in found] == [
        [("filter.misses", 1)],
        [("trail.missing", 1), ("trail.not-multi-region", 1)],
    ]
