"""An account whose names would do harm, through both functions: row, log, event and answers stay harmless."""

import json

import pytest

from blindspot.app.run import logger
from functions.remediator import app as remediator
from local.accounts import HALF_RIGHT, a_compliant_account
from local.aws import LocalAws
from local.lambda_context import Context
from tests.cases.hostile import NAMES
from tests.integration.evaluating import invoke

pytestmark = pytest.mark.usefixtures("kept_warm")


@pytest.mark.parametrize("name", ["an escape sequence", "the other direction", "above the first plane", "line ends"])
def test_a_name_does_no_harm_to_whoever_reads_it(aws: LocalAws, caplog: pytest.LogCaptureFixture, name: str) -> None:
    given, shown = NAMES[name]
    made = a_compliant_account(aws, pattern=HALF_RIGHT)
    logs = aws.client("logs", made.region)
    (found,) = logs.describe_metric_filters(logGroupName=made.log_group)["metricFilters"]
    logs.put_metric_filter(
        logGroupName=made.log_group,
        filterName=given,
        filterPattern=HALF_RIGHT,
        metricTransformations=found["metricTransformations"],
    )
    logs.delete_metric_filter(logGroupName=made.log_group, filterName=made.filter)
    invoke({"action": "start"})
    document = invoke(aws.config.due.pop(0))
    planned = remediator.handler({"action": "plan"}, Context())
    assert document["channels"][0]["filter"] == shown
    assert planned["plan"]
    (row,) = aws.config_rows
    assert str(row.annotation).isprintable()
    assert len(str(row.annotation).encode()) <= 256
    for sent in (document, planned, *(json.loads(event["Detail"]) for event in aws.events)):
        assert json.dumps(sent, ensure_ascii=False).isprintable()
    lines = [logger.registered_formatter.format(record) for record in caplog.records if record.name == "blindspot"]
    assert {"control assessed", "Remediation Planned"} <= {json.loads(line)["message"] for line in lines}
    assert all(line.isprintable() for line in lines)


@pytest.mark.parametrize("name", NAMES)
def test_no_log_line_is_lost(caplog: pytest.LogCaptureFixture, name: str) -> None:
    given, _ = NAMES[name]
    logger.warning("a name", resource=given, error=ValueError(given))
    (line,) = (logger.registered_formatter.format(record) for record in caplog.records)
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line)["resource"] == given.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
