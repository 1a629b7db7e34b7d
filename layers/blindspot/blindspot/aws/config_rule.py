"""The AWS Config rule: starts an evaluation of it, reports evaluations to it, and reads those that it has.

Whoever holds the result token can report to the rule. It stays out of every exception. Every `until` is a time on the
monotonic clock: what AWS has not answered by then is not known to have happened.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple

from blindspot.aws.client import Clients
from blindspot.aws.errors import CallFailed
from blindspot.aws.read import read_by
from blindspot.aws.response_fields import Answer, Malformed, field, items
from blindspot.aws.response_fields import time as response_time
from blindspot.model.snapshot import Unreadable
from blindspot.report.config_evaluations import Evaluation, plain

START = "config:StartConfigRulesEvaluation"
PUT = "config:PutEvaluations"
DETAILS = "config:GetComplianceDetailsByConfigRule"

FAILED = "FailedEvaluations"
REFUSED_ROW = "InvalidParameterValueException"

BATCH = 100
"""Evaluations that one PutEvaluations takes (AWS Config API reference, PutEvaluations)."""

PAUSES = (0.0, 0.2, 0.5, 1.0)
"""Seconds before each attempt to send what came back in FailedEvaluations, "because of a client or server error", or
what AWS Config is not known to have accepted."""


class NotStarted(CallFailed):
    """Raised when AWS Config does not start an evaluation, unless one is in progress or was just started."""

    def __init__(self, failure: Unreadable, rule: str) -> None:
        super().__init__(failure, f"rule {rule}")


class NotReported(CallFailed):
    """Raised when AWS Config does not accept the account's evaluation: the verdict is not recorded."""


class Started(NamedTuple):
    """Whether AWS Config started an evaluation, and why not. One that is in progress, or was started within the last
    minute, serves as well."""

    started: bool
    reason: str


class Reported(NamedTuple):
    """How many evaluations AWS Config accepted, the resource ids of those that it is not known to have accepted, and
    its error code."""

    sent: int
    refused: tuple[str, ...] = ()
    error: str | None = None

    def and_then(self, later: Reported) -> Reported:
        """Both reports as one."""
        return Reported(self.sent + later.sent, self.refused + later.refused, self.error or later.error)


Rows = Mapping[tuple[str, str], Evaluation]
"""Evaluations by the type and id of their resource."""


def start(clients: Clients, rule: str, *, until: float) -> Started:
    """Has AWS Config evaluate the rule: it then invokes the evaluator. Raises NotStarted."""
    answer = partial(clients.call, START, clients.region, ConfigRuleNames=[rule])
    started = read_by(until, START, clients.region, lambda: _request_id(answer()))
    if not isinstance(started, Unreadable):
        return Started(True, "AWS Config evaluates the rule")
    # "thrown if an evaluation is in progress or if you call … more than once per minute" (AWS Config API reference,
    # StartConfigRulesEvaluation). Its message is the only difference between the two.
    if started.error == "LimitExceededException":
        return Started(False, "an evaluation is in progress, or one was started less than a minute ago")
    raise NotStarted(started, rule)


def _request_id(answer: Answer) -> str:
    """The id that AWS gives to a request: all that shows that an answer without fields is AWS's."""
    return field(field(answer, "ResponseMetadata", dict), "RequestId", str)


def reported_before(clients: Clients, rule: str, *, until: float) -> Rows | Unreadable:
    """The evaluations that the rule has."""
    pages = partial(
        clients.pages,
        DETAILS,
        clients.region,
        _evaluations,
        until=until,
        ConfigRuleName=rule,
        ComplianceTypes=["COMPLIANT", "NON_COMPLIANT"],
        Limit=100,
    )
    found = read_by(until, DETAILS, clients.region, pages)
    return found if isinstance(found, Unreadable) else _by_resource(found)


class Rule:
    """The rule of that name, as the holder of a result token may report to it. Nothing is sent after `until`."""

    def __init__(self, clients: Clients, name: str, token: str) -> None:
        self._clients = clients
        self._name = name
        self._token = token

    def report_account(self, evaluation: Evaluation, *, until: float) -> Reported:
        """Reports the account's evaluation, which the verdict needs, alone. One that AWS Config refuses is sent once
        more in plain words: AWS does not document what an annotation may hold."""
        reported = self._put([evaluation], until)
        return self._put([plain(evaluation)], until) if reported.error == REFUSED_ROW else reported

    def report(self, evaluations: Sequence[Evaluation], *, until: float) -> Reported:
        """Reports further evaluations. One that AWS Config refuses is left out, since the verdict does not need it: AWS
        does not document which resource ids it accepts beside the account's."""
        reported = Reported(0)
        for first in range(0, len(evaluations), BATCH):
            reported = reported.and_then(self._put(evaluations[first : first + BATCH], until))
        return reported

    def _put(self, evaluations: Sequence[Evaluation], until: float) -> Reported:
        """Sends one batch, and then again those of it that are not known to have been accepted."""
        pending: Rows = _by_resource(evaluations)
        error = "Timeout"
        for pause in PAUSES:
            if time.monotonic() + pause >= until:
                break
            time.sleep(pause)
            pending, error = self._send(pending, until)
            if not pending:
                return Reported(len(evaluations))
            if error != FAILED and not error.startswith("Malformed"):
                break  # the SDK has tried again where that helps
        return Reported(len(evaluations) - len(pending), tuple(resource_id for _, resource_id in pending), error)

    def _send(self, pending: Rows, until: float) -> tuple[Rows, str]:
        """Sends evaluations once. Returns those that are not known to have been accepted, and the error."""
        evaluations = [_parameter(evaluation) for evaluation in pending.values()]
        region = self._clients.region
        answer = partial(self._clients.call, PUT, region, ResultToken=self._token, Evaluations=evaluations)
        failed = read_by(until, PUT, region, lambda: _failed(answer()))
        if isinstance(failed, Unreadable):
            return self._not_there(pending, until), failed.error
        # Of an evaluation that was not sent it is not known which other it stands for.
        return {key: sent for key, sent in pending.items() if key in failed or not failed <= pending.keys()}, FAILED

    def _not_there(self, pending: Rows, until: float) -> Rows:
        """Those of the evaluations that the rule does not have: what AWS answered does not show which were accepted."""
        there = reported_before(self._clients, self._name, until=until)
        if isinstance(there, Unreadable):
            return pending
        return {key: sent for key, sent in pending.items() if not (key in there and _is_shown(sent, there[key]))}


def _is_shown(sent: Evaluation, there: Evaluation) -> bool:
    """Whether the rule has the evaluation that was sent. AWS Config may keep less than a millisecond of its time."""
    apart = abs(sent.ordering_timestamp - there.ordering_timestamp)
    return sent.compliance == there.compliance and apart < timedelta(milliseconds=1)


def _by_resource(evaluations: Sequence[Evaluation]) -> dict[tuple[str, str], Evaluation]:
    return {(each.resource_type, each.resource_id): each for each in evaluations}


def _parameter(evaluation: Evaluation) -> Mapping[str, Any]:
    parameter = {
        "ComplianceResourceType": evaluation.resource_type,
        "ComplianceResourceId": evaluation.resource_id,
        "ComplianceType": evaluation.compliance,
        "OrderingTimestamp": evaluation.ordering_timestamp,
    }
    return {**parameter, "Annotation": evaluation.annotation} if evaluation.annotation else parameter


def _failed(answer: Answer) -> set[tuple[str, str]]:
    """The (type, id) of each evaluation that AWS Config did not accept."""
    failed = items(answer, FAILED)
    return {(field(e, "ComplianceResourceType", str), field(e, "ComplianceResourceId", str)) for e in failed}


def _evaluations(answer: Answer) -> tuple[Evaluation, ...]:
    """The evaluations on one page of results."""
    return tuple(evaluation_of(result) for result in items(answer, "EvaluationResults"))


def evaluation_of(result: Answer) -> Evaluation:
    """The evaluation in one result, of a rule or of an aggregator. Raises Malformed."""
    identifier = field(result, "EvaluationResultIdentifier", dict)
    qualifier = field(identifier, "EvaluationResultQualifier", dict)
    at = response_time(identifier, "OrderingTimestamp")
    if at is None:
        raise Malformed("OrderingTimestamp")
    return Evaluation(
        field(qualifier, "ResourceType", str),
        field(qualifier, "ResourceId", str),
        field(result, "ComplianceType", str),
        field(result, "Annotation", str, None),
        at,
    )
