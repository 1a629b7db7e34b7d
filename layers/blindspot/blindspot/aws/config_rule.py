"""The AWS Config rule: asking for its evaluation, and reporting one.

The result token is a capability: whoever holds it can report to the rule. It stays out of every exception.
"""

import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from botocore.exceptions import BotoCoreError

from blindspot.aws.client import CallFailed, Clients, read
from blindspot.aws.response_fields import Answer, field, items
from blindspot.model.snapshot import Unreadable
from blindspot.report.config_evaluations import Row

BATCH = 100
"""Evaluations that one PutEvaluations takes (AWS Config API reference, PutEvaluations)."""

PAUSES = (0.0, 0.2, 0.5, 1.0)
"""Seconds before each attempt to send what came back in FailedEvaluations, "because of a client or server error"."""


class NotStarted(CallFailed):
    """Raised when AWS Config does not start an evaluation, for another reason than that one runs or just ran."""

    def __init__(self, failure: Unreadable, rule: str) -> None:
        super().__init__(failure)
        self.args = (f"{self} (rule {rule})",)


class NotReported(CallFailed):
    """Raised when AWS Config does not take the account's row: the verdict is not recorded."""


class Started(NamedTuple):
    """How the request for an evaluation went. One that runs already, or ran within the last minute, is as good."""

    started: bool
    reason: str


class Reported(NamedTuple):
    """How many rows AWS Config took, the resource ids of those that it did not take, and its error code for them."""

    sent: int
    refused: tuple[str, ...] = ()
    error: str | None = None


def start(clients: Clients, rule: str) -> Started:
    """Asks AWS Config to evaluate the rule, which will invoke the evaluator. Raises NotStarted."""
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
    """What the rule has results for, as (resource type, resource id). `until`: when to give up, on the monotonic
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


def report(clients: Clients, token: str, rows: Sequence[Row]) -> Reported:
    """Reports rows to the rule that the token belongs to. The first, the account's, goes first and alone.

    A later row that AWS Config does not take is left out, for the verdict stands without it: no document of AWS says
    which resource ids it takes beside the account's. Raises NotReported.
    """
    account = _put(clients, token, rows[:1])
    if account.error:
        raise NotReported(Unreadable("config:PutEvaluations", clients.region, account.error))
    others = [_put(clients, token, rows[first : first + BATCH]) for first in range(1, len(rows), BATCH)]
    return Reported(
        sent=1 + sum(part.sent for part in others),
        refused=tuple(resource_id for part in others for resource_id in part.refused),
        error=next((part.error for part in others if part.error), None),
    )


def _put(clients: Clients, token: str, rows: Sequence[Row]) -> Reported:
    """Sends one batch, and again what failed of it."""
    left = {(row.resource_type, row.resource_id): row for row in rows}
    for pause in PAUSES:
        time.sleep(pause)
        failed = _put_once(clients, token, list(left.values()))
        if isinstance(failed, Unreadable):
            return Reported(len(rows) - len(left), tuple(row.resource_id for row in left.values()), failed.error)
        if not failed:
            return Reported(len(rows))
        if failed <= left.keys():  # else nobody knows which of ours it took
            left = {key: row for key, row in left.items() if key in failed}
    return Reported(len(rows) - len(left), tuple(row.resource_id for row in left.values()), "FailedEvaluations")


def _put_once(clients: Clients, token: str, rows: Sequence[Row]) -> set[tuple[str, str]] | Unreadable:
    """The (type, id) of each row in FailedEvaluations."""
    call, region = "config:PutEvaluations", clients.region
    evaluations = [_evaluation(row) for row in rows]
    try:
        return read(
            call,
            region,
            lambda: _failed(clients.call(call, region, ResultToken=token, Evaluations=evaluations)),
        )
    except BotoCoreError as error:  # the SDK refuses parameters in words that quote them, the token too
        return Unreadable(call, region, type(error).__name__)


def _evaluation(row: Row) -> Mapping[str, Any]:
    evaluation = {
        "ComplianceResourceType": row.resource_type,
        "ComplianceResourceId": row.resource_id,
        "ComplianceType": row.compliance,
        "OrderingTimestamp": row.ordering_timestamp,
    }
    return {**evaluation, "Annotation": row.annotation} if row.annotation else evaluation


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
