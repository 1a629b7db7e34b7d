"""Events on EventBridge's default bus: the verdict, and what the remediator did."""

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from blindspot.aws.client import Clients
from blindspot.aws.errors import CallFailed
from blindspot.aws.read import read_by
from blindspot.aws.response_fields import Answer, Malformed, field, items
from blindspot.model.snapshot import Unreadable

SOURCE = "blindspot"
ASSESSED = "Control Assessed"
"""The detail type of a verdict. Those of a remediator's document are "Remediation Planned", "Remediation Applied" and
"Remediation Backed Out"."""

CHANGED = "Verdict Changed"
"""The detail type of a verdict that differs from the one that AWS Config had before."""

LARGEST_ENTRY = 256 * 1024
"""Bytes of an entry: its source, detail type and detail (EventBridge user guide, "Calculating PutEvents event entry
size")."""

CALL = "events:PutEvents"


class NotEmitted(CallFailed):
    """Raised when the event did not reach the event bus."""


def emit(clients: Clients, detail_type: str, detail: Mapping[str, Any], *, until: float) -> None:
    """Puts an event on the default bus. Raises NotEmitted, also for a detail that is too large, and where EventBridge
    has not accepted it by `until`, on the monotonic clock."""
    entry = {"Source": SOURCE, "DetailType": detail_type, "Detail": json.dumps(detail)}
    size = sum(len(text.encode()) for text in entry.values())
    if size > LARGEST_ENTRY:
        raise NotEmitted(
            Unreadable(CALL, clients.region, f"the event has {size} bytes, and EventBridge accepts {LARGEST_ENTRY}")
        )
    answer = partial(clients.call, CALL, clients.region, Entries=[entry])
    error = read_by(until, CALL, clients.region, lambda: _failure(answer()))
    if isinstance(error, Unreadable):
        raise NotEmitted(error)
    if error:
        raise NotEmitted(Unreadable(CALL, clients.region, error))


def _failure(answer: Answer) -> str | None:
    """The error code of an entry that failed, although the call did not (API reference, PutEvents). One that was
    accepted has an id; without either it is not known."""
    field(answer, "FailedEntryCount", int)
    entries = items(answer, "Entries")
    if len(entries) != 1:
        raise Malformed("Entries")
    error = field(entries[0], "ErrorCode", str, None)
    if error is None:
        field(entries[0], "EventId", str)
    return error
