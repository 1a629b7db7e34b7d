"""What is different where a run is about a member of the organization, and not about the function's own account.

- The member is read, and reported to, with the role there, whose credentials belong to this run alone.
- What fails in a member is counted, logged and told, and is not raised: whoever administers a member could otherwise
  set off the alarms on the function's errors, or hide an error of its own behind them.
- Its runs count in two metrics of their own, and in none of the own account's.
- Events of AWS Config that are not for the stack are refused without an error, for the same reason: any account may
  name the function in a rule, since a permission of Lambda cannot be limited to an organization.
"""

from __future__ import annotations

from collections.abc import Iterable

from aws_lambda_powertools.metrics import MetricUnit

from blindspot.app.invocation import InvocationError
from blindspot.app.run import Run, logger, metrics
from blindspot.aws.config_rule import NotReported
from blindspot.aws.organization import NotEntered, enter
from blindspot.aws.responses import Identity
from blindspot.settings import Organization

OF_THE_MEMBER = (InvocationError, NotEntered, NotReported, TimeoutError)
"""The errors that a member alone can cause: its rule asks for what no rule of the stack does, its role is missing or
refuses, AWS Config does not take its row, or what it holds takes too long to judge."""


def enter_member(run: Run, account: str, organization: Organization, *, until: float) -> Identity:
    """Makes this a run of that member: from now on every line of the log names the account, and what `run.judged` calls
    is the member. Raises what `enter` does."""
    logger.append_keys(account=account)
    run.member = organization.role(account)
    try:
        run.judged, identity = enter(run.clients, run.member, organization.external_id, until=until)
    except NotEntered as error:
        run.judged = error.clients or run.clients
        raise
    return identity


def refused(error: Exception) -> dict[str, str]:
    """Answers an event of AWS Config that is not for the stack."""
    logger.warning("an event of AWS Config was refused", reason=str(error))
    metrics.add_metric("RefusedEvents", MetricUnit.Count, 1)
    return {"refused": str(error)}


def count_reported(*, reported: bool) -> None:
    """Counts a run whose verdict is to be in AWS Config in the member."""
    metrics.add_metric("ReportedMembers", MetricUnit.Count, reported)
    metrics.add_metric("UnreportedMembers", MetricUnit.Count, not reported)


def without_the_members(errors: Iterable[Exception]) -> list[Exception]:
    """Those of the errors that are the function's own. The member's are logged."""
    left = []
    for error in errors:
        if isinstance(error, OF_THE_MEMBER):
            logger.error("the member has no new verdict in AWS Config", error=str(error))
        else:
            left.append(error)
    return left
