"""AWS's limits on what a plan would make. What would exceed one is not planned, and nothing is made for its sake. Pure.

`repairs` and `writes` hold what is merged with what people added: an alarm's actions and a topic's policy. Here is the
rest, as far as the snapshot shows it. AWS documents no limit on the metric filters of an account. The number of
topics (100,000 of an account) and of subscriptions (12,500,000 of a topic) is not read. What AWS refuses all the same
is not done, and neither is what needs it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from blindspot.model.arn import place_of, short
from blindspot.model.snapshot import Snapshot
from blindspot.remediation.ledger import LARGEST_ENTRY, Entry, Ledger, encoded
from blindspot.remediation.repairs import filters
from blindspot.remediation.writes import Write

MOST_FILTERS = 100
"""Metric filters of a log group (CloudWatch Logs user guide, "CloudWatch Logs quotas"). It cannot be raised."""

MOST_ALARMS = 5000
"""Alarms of an account in a region, by default. CloudWatch raises this on request, so where there are more it was
raised, and to what is not known (CloudWatch user guide, "CloudWatch service quotas")."""

_PLAN, _SOME_TIME = "0" * 64, datetime(2000, 1, 1, tzinfo=UTC)
"""As long as what identifies the plan and the time in an entry of the ledger."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What is in the way of an action: the resource that is full or would be too large, why, and what to do."""

    resource: str
    message: str
    fix: str


def exceeded(action: Write, snapshot: Snapshot, ledger: Ledger) -> Limit | None:
    """The limit that the action would exceed; None where it exceeds none that is known."""
    return _room(action, snapshot) or _entry(action, ledger)


def _room(action: Write, snapshot: Snapshot) -> Limit | None:
    """Whether there is no room for one more."""
    request = action.request
    if request.call == "logs:PutMetricFilter":
        log_group = action.resource.partition(":metric-filter:")[0]
        there = filters(snapshot, log_group)
        is_new = all(found.name != request.parameters["filterName"] for found in there)
        if is_new and len(there) >= MOST_FILTERS:
            message = f"Log group {short(log_group)} has {len(there)} metric filters. AWS allows no more."
            return Limit(log_group, message, "Delete a metric filter that nobody needs, then plan again.")
    if request.call == "cloudwatch:PutMetricAlarm":
        there_too = snapshot.alarms.get(place_of(action.resource), ())
        alarms = there_too if isinstance(there_too, tuple) else ()
        if len(alarms) == MOST_ALARMS and all(alarm.arn != action.resource for alarm in alarms):
            message = f"There are {MOST_ALARMS:,} alarms in {request.region}, as many as CloudWatch allows by default."
            fix = "Delete alarms that nobody needs, or ask AWS for a higher quota of alarms. Then plan again."
            return Limit(f"alarms in {request.region}", message, fix)
    return None


def _entry(action: Write, ledger: Ledger) -> Limit | None:
    """Whether what the ledger has to hold of the thing is too large for an SSM parameter."""
    known = ledger.entries.get(action.resource)
    written = action.written or {}
    entry = known.intending(_PLAN, written) if known else Entry.new(action.resource, _PLAN, written, _SOME_TIME)
    size = len(encoded(entry, stack=""))
    if size <= LARGEST_ENTRY:
        return None
    message = f"The ledger's entry of {short(action.resource)} would have {size:,} bytes. SSM allows {LARGEST_ENTRY:,}."
    fix = "Set a shorter pattern, shorter names or fewer tags in Overrides, then plan again."
    return Limit(action.resource, message, fix)
