"""The evaluator, step by step: it reads the account, judges it, and reports to AWS Config and EventBridge.

collect (AWS) -> assess (pure) -> evaluations, document (pure) -> report (AWS)
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from blindspot import settings
from blindspot.app import invocation
from blindspot.app.assess import assess_account
from blindspot.app.invocation import Assess, Evaluate, Start
from blindspot.app.run import Context, Run, logger, metrics
from blindspot.aws import config_rule, events
from blindspot.aws.config_rule import Reported
from blindspot.aws.errors import CallFailed
from blindspot.model.snapshot import Unreadable
from blindspot.report import config_evaluations
from blindspot.report.config_evaluations import Evaluation
from blindspot.report.document import Document, detail, document
from blindspot.settings import Settings
from blindspot.verdict.assessment import Assessment, Verdict

RESERVED_SECONDS = 60
"""Kept back from the time that Lambda leaves: enough to report, with retries, whatever was read until then."""


def evaluate(event: object, context: Context, environ: Mapping[str, str]) -> dict[str, Any]:
    """Answers one event; `invocation.parse_evaluator_event` lists them. Returns the document, or whether AWS Config
    started an evaluation. Raises InvocationError, SettingsError, and CallFailed where AWS refuses the result."""
    run = Run(context, environ, reserved_seconds=RESERVED_SECONDS)
    try:
        request = invocation.parse_evaluator_event(event)
    except invocation.NotEvaluated as error:
        _report_cannot_verify(run, error.request, str(error))
        raise
    match request:
        case Start():
            return _start(run)
        case Assess():
            return _document(run, _assess(run, settings.load(environ)), config=None)
        case Evaluate():
            return _evaluate(run, request)


def _start(run: Run) -> dict[str, Any]:
    """Starts an evaluation of the AWS Config rule, which calls back; in a stack without a rule, assesses at once."""
    # Other settings are not read here: what is wrong with them is reported in the rule's evaluation.
    rule = settings.config_rule(run.environ)
    if rule is None:
        return _emit(run, _document(run, _assess(run, settings.load(run.environ)), config=None))
    started = config_rule.start(run.clients, rule)
    logger.info("evaluation requested", started=started.started, reason=started.reason)
    return {"started": started.started, "reason": started.reason}


def _evaluate(run: Run, request: Evaluate) -> Document:
    """Assesses and reports to AWS Config. Where anything fails before that, reports `Cannot verify` and raises."""
    try:
        chosen = settings.load(run.environ)
        assessment = _assess(run, chosen)
        evaluations = config_evaluations.evaluations(
            assessment, request.account, request.at, report_regions=chosen.report_regions
        )
    except Exception as error:
        expected = isinstance(error, settings.SettingsError | config_evaluations.OtherAccountError | CallFailed)
        reason = str(error) if expected else f"the evaluator failed ({type(error).__name__})"
        _report_cannot_verify(run, request, reason)
        raise
    reported = _report(run, request, evaluations)
    config = {"rule": request.rule, "sent": reported.sent, "refused": list(reported.refused)}
    return _emit(run, _document(run, assessment, config=config))


def _assess(run: Run, chosen: Settings) -> Assessment:
    return assess_account(run.clients, chosen, deadline=run.at(1), grace=RESERVED_SECONDS / 2)


def _report(run: Run, request: Evaluate, evaluations: tuple[Evaluation, ...]) -> Reported:
    """Reports the evaluations, then sets to NOT_APPLICABLE what an earlier run reported and this one did not."""
    reported = config_rule.report(run.clients, request.token, evaluations)
    until = time.monotonic() + RESERVED_SECONDS / 4
    earlier = config_rule.reported_before(run.clients, request.rule, until)
    if isinstance(earlier, Unreadable):
        logger.warning(
            "earlier evaluations could not be read; none was set to NOT_APPLICABLE",
            call=earlier.call,
            error=earlier.error,
        )
    if retirement := config_evaluations.retirement(earlier, evaluations, request.at):
        reported = reported.and_then(config_rule.report(run.clients, request.token, retirement))
    if reported.refused:
        logger.warning("AWS Config refused evaluations", refused=reported.refused, error=reported.error)
    return reported


def _report_cannot_verify(run: Run, request: Evaluate, reason: str) -> None:
    """Replaces any earlier COMPLIANT in AWS Config."""
    evaluation = config_evaluations.cannot_verify(request.account, reason, request.at)
    config_rule.report(run.clients, request.token, [evaluation])


def _document(run: Run, assessment: Assessment, *, config: dict[str, Any] | None) -> Document:
    """The document, which is also logged and counted in metrics."""
    made = document(assessment, config=config, api_calls=run.api_calls, duration_ms=run.duration_ms)
    logger.info("control assessed", document=detail(made))
    for verdict in Verdict:
        regions = sum(region.verdict is verdict for region in assessment.regions)
        metrics.add_metric(f"{verdict.name.title().replace('_', '')}Regions", MetricUnit.Count, regions)
    metrics.add_metric("UnreadableCalls", MetricUnit.Count, len(assessment.unreadable))
    metrics.flush_metrics()
    return made


def _emit(run: Run, made: Document) -> Document:
    """The document, once it was sent to EventBridge."""
    events.emit(run.clients, events.ASSESSED, detail(made))
    return made
