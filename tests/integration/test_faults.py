"""The quick form of `make faults`: each operation meets one fault of each kind, in this process."""

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout

import pytest

from functions.evaluator import app as evaluator
from functions.remediator import app as remediator
from local.aws import LocalAws, local_aws
from local.lambda_context import Context
from tests.faults.accounts import EVALUATE, OPERATIONS, PLAN, PLANNING, REVIEW, SETTINGS, START, setting
from tests.faults.answers import FAULTS, Kind, applies
from tests.faults.cell import Cell, End, wrong
from tests.faults.in_process import meeting
from tests.faults.proxy import Held, begin, held
from tests.scenarios.bends import HOME, REGIONS
from tests.warm import warm


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalAws]:
    monkeypatch.setattr("blindspot.aws.pattern_check.PACE", 0)
    with local_aws(region=HOME, regions=REGIONS[:2]) as aws, warm(aws):
        for name, value in {**SETTINGS, **PLANNING}.items():
            monkeypatch.setenv(name, value)
        yield aws


def of_each_kind(operation: str) -> Iterator[str]:
    """One fault of each kind: another one for each operation, until all have been."""
    number = list(OPERATIONS).index(operation)
    for kind in Kind:
        names = [name for name, fault in FAULTS.items() if fault.kind is kind and applies(fault, operation)]
        if names:
            yield names[number % len(names)]


CELLS = [
    Cell(operation, fault, broken)
    for number, operation in enumerate(OPERATIONS)
    for turn, fault in enumerate(of_each_kind(operation))
    # What is broken must never be COMPLIANT; that a good one is not told broken is tried with every second.
    for broken in ((True, False) if OPERATIONS[operation].run == EVALUATE and (number + turn) % 2 else (True,))
]


@contextmanager
def logged() -> Iterator[io.StringIO]:
    """What the product logs, as Lambda's log has it; its logger was made before, so it prints elsewhere."""
    logger, log = logging.getLogger("blindspot"), io.StringIO()
    handler = logging.StreamHandler(log)
    handler.setFormatter(logger.handlers[0].formatter)
    logger.addHandler(handler)
    try:
        yield log
    finally:
        logger.removeHandler(handler)


def run(aws: LocalAws, cell: Cell) -> str:
    """What is wrong with the run."""
    delete = setting(cell.operation, aws, broken=cell.broken)
    event, before = begin(aws), len(aws.calls)
    handler, asked = {
        EVALUATE: (evaluator.handler, event),
        START: (evaluator.handler, {"action": "start"}),
        REVIEW: (evaluator.handler, {"action": "review", "hours": 2}),
        PLAN: (remediator.handler, {"action": "plan"}),
    }[cell.run]
    returned, raised, out = None, None, io.StringIO()
    with redirect_stdout(out), logged() as log, meeting(aws, cell.operation, FAULTS[cell.fault], delete):
        try:
            returned = handler(asked, Context(10_000 if cell.run == REVIEW else 300_000))
        except Exception as error:  # noqa: BLE001 (what it raises is looked at)
            raised = type(error).__name__
    seen = [str(call) for call in aws.calls[before:]]
    assert cell.fault == "nothing" or cell.operation in seen
    return wrong(event, End(returned, raised, out.getvalue() + log.getvalue()), held(aws, seen), cell)


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_no_fault_is_taken_for_an_answer(aws: LocalAws, cell: Cell) -> None:
    assert run(aws, cell) == ""


def test_every_operation_that_is_called_has_a_row(aws: LocalAws) -> None:
    """In the good account, in which each of them is called."""
    setting("sts:GetCallerIdentity", aws, broken=False)
    evaluator.handler(begin(aws), Context())
    aws.config.asked.clear()
    evaluator.handler({"action": "start"}, Context())
    evaluator.handler({"action": "review", "hours": 1}, Context())
    aws.client("logs").delete_metric_filter(
        logGroupName="management-events", filterName="unauthorized-api-calls-metric"
    )
    remediator.handler({"action": "plan"}, Context())
    assert {str(call) for call in aws.calls} == set(OPERATIONS)


def test_a_wrong_report_is_noticed() -> None:
    event = {"invokingEvent": '{"notificationCreationTime": "2026-11-27T00:00:00.000Z"}'}
    nothing = Held(None, (), 0, ())
    cell = Cell("config:PutEvaluations", "refused", False)
    claims = End({"config": {"sent": 1}}, None, "")
    assert wrong(event, claims, nothing, cell) == "says sent, and no row is there"
    unsaid = "not raised, not verdict logged, not UnreportedRuns"
    assert wrong(event, End({}, None, ""), nothing, cell) == unsaid
    assert wrong(event, End(None, None, ""), nothing, Cell("sns:GetTopicAttributes", "hanging", True)) == (
        "killed before the row was there"
    )
    told = '{"level": "ERROR", "verdict": "COMPLIANT"}\n{"UnreportedRuns": [1.0]}'
    assert wrong(event, End(None, "NotReported", told), nothing, cell) == ""
    lost = {"read": {"share": 1, "events": 4}, "log_groups": [{"error": None}]}
    half = {"read": {"share": 0.5, "events": 4}, "log_groups": [{"error": None}]}
    review = Cell("logs:FilterLogEvents", "refused", True)
    assert wrong(event, End(lost, None, ""), nothing, review) == "says that all was read, with 4 events"
    assert wrong(event, End(half, None, ""), nothing, review) == "does not say why it was not read"
    assert wrong(event, End(None, None, ""), nothing, review) == "killed"
    assert wrong(event, End(None, "CallFailed", ""), nothing, review) == "raised"
    started = Cell("config:StartConfigRulesEvaluation", "half a body", True)
    assert wrong(event, End({"started": True}, None, ""), nothing, started) == "says started, and nothing was"
