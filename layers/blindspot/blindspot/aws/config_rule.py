"""The AWS Config rule: starts an evaluation of it, and reports evaluations to it.

Whoever holds the result token can report to the rule. It stays out of every exception.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from botocore.exceptions import BotoCoreError

from blindspot.aws.client import Clients
from blindspot.aws.errors import CallFailed, read
from blindspot.aws.response_fields import Answer, field, items
from blindspot.model.snapshot import Unreadable
from blindspot.report.config_evaluations import Evaluation

BATCH = 100
"""Evaluations that one PutEvaluations takes (AWS Config API reference, PutEvaluations)."""

PAUSES = (0.0, 0.2, 0.5, 1.0)
"""Seconds before each attempt to send what came back in FailedEvaluations, "because of a client or server error"."""


class NotStarted(CallFailed):
    """Raised when AWS Config does not start an evaluation, unless one is in progress or was just started."""

    def __init__(self, failure: Unreadable, rule: str) -> None:
        super().__init__(failure)
        self.args = (f"{self} (rule {rule})",)


class NotReported(CallFailed):
    """Raised when AWS Config does not accept the account's evaluation: the verdict is not recorded."""


class Started(NamedTuple):
    """Whether AWS Config started an evaluation, and why not. One that is in progress, or was started within the last
    minute, serves as well."""

    started: bool
    reason: str


class Reported(NamedTuple):
    """How many evaluations AWS Config accepted, the resource ids of those that it refused, and its error code."""

    sent: int
    refused: tuple[str, ...] = ()
    error: str | None = None

    def and_then(self, later: Reported) -> Reported:
        """Both reports as one. The account's evaluation, the first of each, counts once."""
        return Reported(self.sent + later.sent - 1, self.refused + later.refused, self.error or later.error)


def start(clients: Clients, rule: str) -> Started:
    """Has AWS Config evaluate the rule: it then invokes the evaluator. Raises NotStarted."""
    call = "config:StartConfigRulesEvaluation"
    answer = read(call, clients.region, partial(clients.call, call, clients.region, ConfigRuleNames=[rule]))
    if not isinstance(answer, Unreadable):
        return Started(True, "AWS Config evaluates the rule")
    # "thrown if an evaluation is in progress or if you call … more than once per minute" (AWS Config API reference,
    # StartConfigRulesEvaluation). Its message is the only difference between the two.
    if answer.error == "LimitExceededException":
        return Started(False, "an evaluation is in progress, or one was started less than a minute ago")
    raise NotStarted(answer, rule)


def reported_before(
    clients: Clients, rule: str, until: float = float("inf")
) -> frozenset[tuple[str, str]] | Unreadable:
    """The resources that the rule has evaluations of, as (type, id). `until`: when to stop reading, on the monotonic
    clock."""
    call = "config:GetComplianceDetailsByConfigRule"
    pages = partial(
        clients.pages,
        call,
        clients.region,
        _resources,
        until=until,
        ConfigRuleName=rule,
        ComplianceTypes=["COMPLIANT", "NON_COMPLIANT"],
        Limit=100,
    )
    found = read(call, clients.region, pages)
    return found if isinstance(found, Unreadable) else frozenset(found)


def report(clients: Clients, token: str, evaluations: Sequence[Evaluation]) -> Reported:
    """Reports evaluations to the rule that the token belongs to. The first, the account's, is sent alone.

    A later one that AWS Config refuses is left out, since the verdict does not need it: AWS does not document which
    resource ids it accepts beside the account's. Raises NotReported.
    """
    account = _put(clients, token, evaluations[:1])
    if account.error:
        raise NotReported(Unreadable("config:PutEvaluations", clients.region, account.error))
    others = [_put(clients, token, evaluations[first : first + BATCH]) for first in range(1, len(evaluations), BATCH)]
    return Reported(
        sent=1 + sum(part.sent for part in others),
        refused=tuple(resource_id for part in others for resource_id in part.refused),
        error=next((part.error for part in others if part.error), None),
    )


def _put(clients: Clients, token: str, evaluations: Sequence[Evaluation]) -> Reported:
    """Sends one batch, and then again those of it that failed."""
    pending = {(each.resource_type, each.resource_id): each for each in evaluations}
    for pause in PAUSES:
        time.sleep(pause)
        failed = _put_once(clients, token, list(pending.values()))
        if isinstance(failed, Unreadable):
            return Reported(
                len(evaluations) - len(pending), tuple(each.resource_id for each in pending.values()), failed.error
            )
        if not failed:
            return Reported(len(evaluations))
        if failed <= pending.keys():  # else it is not known which of them were accepted
            pending = {key: each for key, each in pending.items() if key in failed}
    return Reported(
        len(evaluations) - len(pending), tuple(each.resource_id for each in pending.values()), "FailedEvaluations"
    )


def _put_once(clients: Clients, token: str, batch: Sequence[Evaluation]) -> set[tuple[str, str]] | Unreadable:
    """The (type, id) of each evaluation in FailedEvaluations."""
    call, region = "config:PutEvaluations", clients.region
    evaluations = [_parameter(evaluation) for evaluation in batch]
    try:
        return read(
            call,
            region,
            lambda: _failed(clients.call(call, region, ResultToken=token, Evaluations=evaluations)),
        )
    except BotoCoreError as error:  # whose message quotes the parameters, the token too
        return Unreadable(call, region, type(error).__name__)


def _parameter(evaluation: Evaluation) -> Mapping[str, Any]:
    parameter = {
        "ComplianceResourceType": evaluation.resource_type,
        "ComplianceResourceId": evaluation.resource_id,
        "ComplianceType": evaluation.compliance,
        "OrderingTimestamp": evaluation.ordering_timestamp,
    }
    return {**parameter, "Annotation": evaluation.annotation} if evaluation.annotation else parameter


def _failed(answer: Answer) -> set[tuple[str, str]]:
    failed = items(answer, "FailedEvaluations", ())
    return {(field(e, "ComplianceResourceType", str), field(e, "ComplianceResourceId", str)) for e in failed}


def _resources(answer: Answer) -> tuple[tuple[str, str], ...]:
    """The resources on one page of results."""
    found = []
    for result in items(answer, "EvaluationResults"):
        qualifier = field(field(result, "EvaluationResultIdentifier", dict), "EvaluationResultQualifier", dict)
        found.append((field(qualifier, "ResourceType", str), field(qualifier, "ResourceId", str)))
    return tuple(found)
