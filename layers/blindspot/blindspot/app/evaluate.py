"""The evaluator, step by step: it reads the account, judges it, and reports to AWS Config and EventBridge.

collect (AWS) -> assess (pure) -> evaluations, document (pure) -> report (AWS)

The account's evaluation is sent before anything else is reported. What fails keeps no later step from being taken: it
is raised at the end, so that Lambda counts an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from blindspot import settings
from blindspot.app import invocation
from blindspot.app.assess import assess_account
from blindspot.app.invocation import Assess, Evaluate, InvocationError, NotEvaluated, NotOurs, Review, Start
from blindspot.app.organization import count_reported, enter_member, refused, without_the_members
from blindspot.app.remediation_notes import remediation_notes
from blindspot.app.review import Times, review_account
from blindspot.app.run import OWN_ERRORS, Run, invoked, logger, metrics
from blindspot.aws import config_rule, events
from blindspot.aws.collect import caller
from blindspot.aws.config_rule import NotReported, NotStarted, Reported, Rows, Rule
from blindspot.aws.errors import CallFailed
from blindspot.aws.organization import NotAMember, NotEntered, account_and
from blindspot.aws.responses import Identity
from blindspot.model.snapshot import Unreadable
from blindspot.report import config_evaluations
from blindspot.report.config_evaluations import Evaluation
from blindspot.report.document import LARGEST_ANSWER, Document, detail, document, failure, fitted
from blindspot.review import document as of_review
from blindspot.settings import Organization, Settings, SettingsError
from blindspot.verdict.assessment import Assessment, Verdict

STARTED, IDENTIFIED, LISTED = 0.1, 0.15, 0.2
ENTERED, LISTED_THERE = 0.25, 0.3
READ, PROVED, JUDGED = 0.5, 0.65, 0.7
REPORTED, ALL_REPORTED, LEDGER_READ, NOTED, TOLD = 0.86, 0.92, 0.94, 0.95, 0.98
REVIEWED = (0.3, 0.35, 0.4, 0.75, 0.88, 0.95)
"""By which share of the invocation's time each step is over: AWS Config has started an evaluation, the account is
identified, the rule's evaluations are listed; everything is read, the patterns are proved, the account is judged; its
evaluation is reported, then all others; what remediation created is read and noted, and the events are sent.
ENTERED, LISTED_THERE: the second and the third for a member of the organization, since many are entered at once within
one account's quotas. REVIEWED: the steps of a review, as `Times` has them."""


@invoked
def evaluate(event: object, run: Run) -> dict[str, Any]:
    """Answers one event; `invocation.parse_evaluator_event` lists them. Returns a document, or whether AWS Config
    started an evaluation. Raises InvocationError, SettingsError, and CallFailed where AWS refuses the result."""
    rule = settings.config_rule(run.environ)
    organization, wrong = _organization(run)
    try:
        request = invocation.parse_evaluator_event(event, rule=rule, organization=organization, now=run.now)
    except NotEvaluated as error:
        return _evaluate(run, error.request, organization, refusal=wrong or error)
    except InvocationError as error:
        if organization and isinstance(error, NotOurs):
            return refused(error)
        raise wrong or error from None
    match request:
        case Start():
            return _start(run, rule)
        case Assess():
            judged = _judged_by_hand(run, _identity(run, request.account, organization))
            made = _document(run, judged, account=None, config=None)
            _logged(run, made, judged)
            return fitted(made, LARGEST_ANSWER)
        case Review():
            return _review(run, request.hours)
        case Evaluate():
            return _evaluate(run, request, organization, refusal=wrong)


def _organization(run: Run) -> tuple[Organization | None, SettingsError | None]:
    """What leads into the members, or what is wrong with it: that too is told in the own account's row."""
    try:
        return settings.organization(run.environ), None
    except SettingsError as error:
        return None, error


def _identity(run: Run, member: str | None, organization: Organization | None) -> Identity | Unreadable:
    """The account that the run is about: the function's own, or the member, which it enters."""
    if member and organization:
        return enter_member(run, member, organization, until=run.at(ENTERED))
    return _caller(run)


def assess_by_hand(run: Run) -> Document:
    """The document of the account as it is now, which nobody is told of. Raises what `assess_account` does, and
    SettingsError."""
    return _document(run, _judged_by_hand(run, _caller(run)), account=None, config=None)


def _review(run: Run, hours: int) -> Document:
    """The document of a review of the log groups that the stack names. It is returned and nothing else: it quotes log
    events, so only its `counts` are logged. What was not read in time, the document says.

    Raises SettingsError, and what `review_account` does.
    """
    allowed = settings.review_log_groups(run.environ)
    if not allowed:
        raise SettingsError(
            "ReviewLogGroupArns is empty, so the function may read no log events. Set it to the ARNs of the log groups "
            "that the account's trails deliver to, and deploy the stack again."
        )
    chosen, overrides = settings.load(run.environ, on=run.today), settings.overrides(run.environ)
    found = review_account(
        run.clients,
        chosen,
        _caller(run),
        now=run.now,
        overrides=overrides,
        hours=hours,
        times=Times(*map(run.at, REVIEWED)),
        allowed=allowed,
    )
    numbers = {"refused_calls": run.refused_calls, "api_calls": run.api_calls, "duration_ms": run.duration_ms}
    made = of_review.document(found, origin=run.origin, **numbers)
    logger.info("refused calls reviewed", review=of_review.counts(made))
    return made


def _start(run: Run, rule: str | None) -> dict[str, Any]:
    """Starts an evaluation of the AWS Config rule, which calls back. In a stack without a rule, assesses at once; so
    too if AWS Config starts none, since its old row stands and only the log and the event tell the verdict."""
    # Other settings are not read here: what is wrong with them is reported in the rule's evaluation.
    if rule is None:
        return _assess_and_tell(run, config=None)
    try:
        started = config_rule.start(run.clients, rule, until=run.at(STARTED))
    except NotStarted as error:
        _count_reported(run, reported=False)
        return _assess_and_tell(run, config={"rule": rule, "sent": 0, "refused": []}, not_started=error)
    logger.info("evaluation requested", started=started.started, reason=started.reason)
    return {"started": started.started, "reason": started.reason}


def _assess_and_tell(
    run: Run, *, config: Mapping[str, object] | None, not_started: NotStarted | None = None
) -> Document:
    """Assesses and tells, without a report to AWS Config."""
    identity = _caller(run)
    account = None if isinstance(identity, Unreadable) else identity.account
    judged = _judged(run, identity)
    return _told(run, _document(run, judged, account=account, config=config), judged, not_started)


def _evaluate(
    run: Run, request: Evaluate, organization: Organization | None, refusal: Exception | None = None
) -> dict[str, Any]:
    """Assesses, reports to AWS Config and tells. Where anything fails before, reports `Cannot verify`.

    refusal: why the account is not assessed.
    """
    try:
        identity = _identity(run, request.account if request.member else None, organization)
    except NotAMember as error:
        return refused(error)
    except NotEntered as error:
        if error.clients is None:
            return _reported(run, request, _failed(error, request), Reported(0, (request.account,)))
        identity, refusal = error.failure, error
    if not isinstance(identity, Unreadable) and identity.account != request.account:
        raise InvocationError(
            "The AWS Config event's awsAccountId is not valid. Allowed: the account that the function belongs to."
        )
    listed = run.at(LISTED_THERE if run.member else LISTED)
    earlier = config_rule.reported_before(run.judged, request.rule, until=listed)
    judged = _failed(refusal, request) if refusal else _judged(run, identity, request)
    reported = _report(run, request, judged.rows, earlier)
    return _reported(run, request, judged, reported, config_evaluations.verdict_before(earlier, judged.rows[0]))


def _reported(
    run: Run, request: Evaluate, judged: _Judged, reported: Reported, before: Verdict | None = None
) -> Document:
    """Counts and tells what became of the evaluation. before: the verdict that AWS Config had."""
    accepted = request.account not in reported.refused
    _count_reported(run, reported=accepted)
    config = {"rule": request.rule, "sent": reported.sent, "refused": list(reported.refused)}
    made = _document(run, judged, account=request.account, config=config, before=before)
    changed = accepted and made["changed_from"] is not None
    not_reported = None
    if reported.error and not accepted:
        failed = Unreadable(config_rule.PUT, run.clients.region, reported.error)
        not_reported = NotReported(failed, account_and(run.member) if run.member else "")
    return _told(run, made, judged, not_reported, changed=changed)


@dataclass(frozen=True, slots=True)
class _Judged:
    """The assessment, or the error that kept it from being made, and what AWS Config is told: the account's evaluation
    first."""

    assessment: Assessment | None = None
    rows: tuple[Evaluation, ...] = ()
    error: Exception | None = None

    @property
    def reason(self) -> str:
        """Why there is no assessment."""
        return reason_of(self.error, "evaluator")


def reason_of(error: Exception | None, function: str) -> str:
    """Why a run of the function failed, as it may be shown. An unexpected error's text may quote anything, so it is not
    used."""
    if isinstance(error, TimeoutError):
        return "there was no time left to assess the account"
    if isinstance(error, OWN_ERRORS):
        return str(error)
    return f"the {function} failed ({type(error).__name__})"


def _judged_by_hand(run: Run, identity: Identity | Unreadable) -> _Judged:
    return _Judged(_assess(run, settings.load(run.environ, on=run.today), identity))


def _judged(run: Run, identity: Identity | Unreadable, request: Evaluate | None = None) -> _Judged:
    """request: what AWS Config asked for, if it did."""
    try:
        chosen = settings.load(run.environ, on=run.today)
        assessment = _assess(run, chosen, identity)
        if request is None:
            return _Judged(assessment)
        rows = config_evaluations.evaluations(assessment, request.at, report_regions=chosen.report_regions)
        return _Judged(assessment, rows)
    except Exception as error:  # noqa: BLE001 (whatever it is, it is reported and told, and then raised)
        return _failed(error, request)


def _failed(error: Exception, request: Evaluate | None) -> _Judged:
    judged = _Judged(error=error)
    if request is None:
        return judged
    return replace(judged, rows=(config_evaluations.cannot_verify(request.account, judged.reason, request.at),))


def _assess(run: Run, chosen: Settings, identity: Identity | Unreadable) -> Assessment:
    deadline, proved, until = map(run.at, (READ, PROVED, JUDGED))
    return assess_account(
        run.judged,
        chosen,
        identity,
        now=run.now,
        deadline=deadline,
        proved=proved,
        until=until,
        member=run.member is not None,
    )


def _caller(run: Run) -> Identity | Unreadable:
    return caller(run.clients, until=run.at(IDENTIFIED))


def _report(run: Run, request: Evaluate, rows: tuple[Evaluation, ...], earlier: Rows | Unreadable) -> Reported:
    """Reports the account's evaluation, then the others, and sets to NOT_APPLICABLE what an earlier run reported and
    this one does not."""
    rule = Rule(run.judged, request.rule, request.token)
    reported = rule.report_account(rows[0], until=run.at(REPORTED))
    if reported.refused:  # the others would be refused too, and each refusal is itself an unauthorized call
        return reported
    if isinstance(earlier, Unreadable):
        logger.warning(
            "earlier evaluations could not be read; none was set to NOT_APPLICABLE",
            call=earlier.call,
            error=earlier.error,
        )
    others = (*rows[1:], *config_evaluations.retirement(earlier, rows, request.at))
    reported = reported.and_then(rule.report(others, until=run.at(ALL_REPORTED)))
    if reported.refused:
        logger.warning("AWS Config refused evaluations", refused=reported.refused, error=reported.error)
    return reported


def _count_reported(run: Run, *, reported: bool) -> None:
    """Counts a run whose verdict is to be in AWS Config. The metrics are sent at once: what follows may take all the
    time that is left."""
    if run.member:
        count_reported(reported=reported)
    else:
        run.count("ReportedRuns", reported)
        run.count("UnreportedRuns", not reported)
    metrics.flush_metrics()


def _document(
    run: Run,
    judged: _Judged,
    *,
    account: str | None,
    config: Mapping[str, object] | None,
    before: Verdict | None = None,
) -> Document:
    """before: the verdict that AWS Config had."""
    judged = _noted(run, judged)
    verdict = judged.assessment.verdict if judged.assessment else Verdict.INDETERMINATE
    about: dict[str, Any] = {
        "origin": run.origin,
        "config": config,
        "changed_from": before if before is not verdict else None,
        "refused_calls": run.refused_calls,
        "api_calls": run.api_calls,
        "duration_ms": run.duration_ms,
    }
    if judged.assessment:
        return document(judged.assessment, **about)
    return failure(judged.reason, account=account, at=run.now, **about)


def _noted(run: Run, judged: _Judged) -> _Judged:
    """With the notes on remediation. They change no verdict, so AWS Config gets its evaluations first."""
    if judged.assessment is None or run.member:  # a remediator acts on its own account only
        return judged
    try:
        times = {"deadline": run.at(LEDGER_READ), "until": run.at(NOTED)}
        more = remediation_notes(run.clients, settings.load(run.environ, on=run.today), judged.assessment, **times)
    except Exception as error:  # noqa: BLE001 (the verdict is told whatever it is)
        logger.error("the notes on remediation are missing", error=type(error).__name__)
        return judged
    assessment = replace(judged.assessment, notes=(*judged.assessment.notes, *more))
    return replace(judged, assessment=assessment)


def _logged(run: Run, made: Document, judged: _Judged) -> Document:
    """What others are told of the document, once it was logged and counted in metrics."""
    told = detail(made)
    log = logger.error if judged.error else logger.info
    log("control assessed", document=told)
    if judged.assessment:
        for verdict in Verdict:
            regions = sum(region.verdict is verdict for region in judged.assessment.regions)
            run.count(f"{verdict.name.title().replace('_', '')}Regions", regions)
        run.count("UnreadableCalls", len(judged.assessment.unreadable))
    if run.member is None:
        metrics.flush_metrics()
    return told


def _told(
    run: Run, made: Document, judged: _Judged, not_reported: CallFailed | None, *, changed: bool = False
) -> Document:
    """The document, once it was logged and sent to EventBridge. Raises the first of what failed, and logs the rest."""
    run.count("CannotVerifyRuns", made["verdict"] == Verdict.INDETERMINATE)
    told = _logged(run, made, judged)
    kinds = (events.ASSESSED, events.CHANGED) if changed else (events.ASSESSED,)
    unsent = [error for kind in kinds if (error := _unsent(run, kind, told))]
    if made["config"] is None:  # there is no rule: to tell is to report
        run.count("ReportedRuns", not unsent)
    errors = [error for error in (judged.error, not_reported, *unsent) if error]
    if run.member:
        errors = without_the_members(errors)
    for other in errors[1:]:
        logger.error("this failed too", error=str(other))
    if errors:
        raise errors[0]
    return fitted(made, LARGEST_ANSWER)


def _unsent(run: Run, detail_type: str, told: Document) -> CallFailed | None:
    """Sends the document to EventBridge, and returns what kept it from being sent."""
    try:
        events.emit(run.clients, detail_type, told, until=run.at(TOLD))
    except CallFailed as error:
        return error
    return None
