"""The evaluator: started by the schedule, by AWS Config, or by hand. It reads the account, judges it, and reports.

Three steps, each in modules of its own: collect (AWS) -> assess (pure) -> report (AWS). Nothing is decided here.
"""

import os
import time
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from blindspot import settings
from blindspot.app import invocation
from blindspot.app.assess import assessed
from blindspot.aws import config_rule
from blindspot.aws import events as notify
from blindspot.aws.client import CallFailed, Clients
from blindspot.model.snapshot import Unreadable
from blindspot.report import config_evaluations as config_rows
from blindspot.report.document import Document, detail, document
from blindspot.settings import Settings
from blindspot.verdict.assessment import Assessment, Verdict

logger = Logger(service="blindspot")
metrics = Metrics(namespace="Blindspot", service="blindspot")

RESERVED_SECONDS = 60
"""Kept back from the time that Lambda leaves us: enough to report, with retries, whatever was read until then."""


def handler(event: object, context: LambdaContext) -> dict[str, Any]:
    """Answers one event; `invocation.parse` says which there are. Returns the document, or how the start went."""
    run = _Run(context)
    try:
        asked = invocation.parse(event)
    except invocation.NotEvaluated as error:
        run.cannot_verify(error.asked, str(error))
        raise
    match asked:
        case invocation.Start():
            return run.start()
        case invocation.Assess():
            return run.document(run.assess(settings.load(os.environ)), config=None)
        case invocation.Evaluate():
            return run.evaluate(asked)


@cache
def clients(region: str) -> Clients:
    """The process's clients: a warm invocation finds them made."""
    return Clients(region)


class _Run:
    """One invocation."""

    def __init__(self, context: LambdaContext) -> None:
        self.began = time.monotonic()
        self.deadline = self.began + context.get_remaining_time_in_millis() / 1000 - RESERVED_SECONDS
        self.clients = clients(os.environ["AWS_REGION"])
        self.calls_before = self.clients.api_calls

    def start(self) -> dict[str, Any]:
        """Has AWS Config call back; in a stack without a rule, assesses at once."""
        rule = settings.config_rule(os.environ)  # alone: what is wrong with the others is said in AWS Config's row
        if rule is None:
            return self.emitted(self.document(self.assess(settings.load(os.environ)), config=None))
        started = config_rule.start(self.clients, rule)
        logger.info("evaluation asked for", started=started.started, reason=started.reason)
        return {"started": started.started, "reason": started.reason}

    def evaluate(self, asked: invocation.Evaluate) -> Document:
        """Reports to AWS Config; if anything fails before that, that it cannot be verified."""
        try:
            chosen = settings.load(os.environ)
            assessment = self.assess(chosen)
            rows = config_rows.rows(assessment, asked.account, asked.at, report_regions=chosen.report_regions)
        except Exception as error:
            told = isinstance(error, settings.SettingsError | config_rows.OtherAccountError | CallFailed)
            reason = str(error) if told else f"the evaluator failed ({type(error).__name__})"
            self.cannot_verify(asked, reason)
            raise
        result = config_rule.report(self.clients, asked.token, rows)
        sent, refused = result.sent, result.refused
        until = time.monotonic() + RESERVED_SECONDS / 4
        reported = config_rule.reported_before(self.clients, asked.rule, until)
        if isinstance(reported, Unreadable):
            logger.warning("earlier rows are not known, none is retired", call=reported.call, error=reported.error)
        elif retired := config_rows.retired(reported, rows, asked.at):
            again = config_rule.report(self.clients, asked.token, (rows[0], *retired))
            sent, refused = sent + again.sent - 1, refused + again.refused
        if refused:
            logger.warning("AWS Config refused rows", refused=refused)
        config = {"rule": asked.rule, "sent": sent, "refused": list(refused)}
        return self.emitted(self.document(assessment, config=config))

    def cannot_verify(self, asked: invocation.Evaluate, reason: str) -> None:
        """Reports so to AWS Config: no earlier COMPLIANT is left standing."""
        config_rule.report(self.clients, asked.token, [config_rows.cannot_verify(asked.account, reason, asked.at)])

    def assess(self, chosen: Settings) -> Assessment:
        found = assessed(self.clients, chosen, deadline=self.deadline, grace=RESERVED_SECONDS / 2)
        if found.disputed:
            logger.warning("AWS reads filter patterns otherwise", patterns=sorted(found.disputed))
        return found.assessment

    def document(self, assessment: Assessment, *, config: dict[str, Any] | None) -> Document:
        """The document, also as the log and the metrics have it."""
        made = document(
            assessment,
            config=config,
            api_calls=self.clients.api_calls - self.calls_before,
            duration_ms=round((time.monotonic() - self.began) * 1000),
        )
        logger.info("control assessed", document=detail(made))
        for verdict in Verdict:
            regions = sum(region.verdict is verdict for region in assessment.regions)
            metrics.add_metric(f"{verdict.name.title().replace('_', '')}Regions", MetricUnit.Count, regions)
        metrics.add_metric("UnreadableCalls", MetricUnit.Count, len(assessment.unreadable))
        metrics.flush_metrics()
        return made

    def emitted(self, made: Document) -> Document:
        """The document, once EventBridge has it."""
        notify.emit(self.clients, notify.ASSESSED, detail(made))
        return made
