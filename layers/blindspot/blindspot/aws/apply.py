"""Applies a plan: one action after the other, each only while the switch allows it and the resource is ours or new."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from blindspot.aws.client import Clients
from blindspot.aws.errors import is_missing
from blindspot.aws.owned_resources import current_filter, current_owner
from blindspot.aws.read import read_by
from blindspot.model.snapshot import Unreadable
from blindspot.remediation.actions import Action, Request
from blindspot.remediation.document import Outcome
from blindspot.remediation.ownership import Owner


def apply(
    clients: Clients, actions: Iterable[Action], stopped: Callable[[], str | None], *, until: float
) -> tuple[Outcome, ...]:
    """The outcome of each action, in order. Where one is not done, those that need it are skipped, and no others.

    stopped: called before each action; says why to stop, None to go on. until: on the monotonic clock; what AWS has not
    answered by then is not known to have been done.
    """
    outcomes: list[Outcome] = []
    not_done: set[str] = set()
    for action in actions:
        outcome = _outcome(clients, action, not_done, stopped, until)
        if outcome.status != "done":
            not_done.add(action.resource)
        outcomes.append(outcome)
    return tuple(outcomes)


def _outcome(
    clients: Clients, action: Action, not_done: set[str], stopped: Callable[[], str | None], until: float
) -> Outcome:
    if needed := next((resource for resource in action.needs if resource in not_done), None):
        return Outcome(action.resource, "skipped", f"needs {needed}")
    if why := stopped():
        return Outcome(action.resource, "stopped", why)
    # Few AWS writes can be made conditional, so what is there is read right before each.
    if reason := _reason_not_to_write(clients, action, until):
        return Outcome(action.resource, "failed", reason)
    if why := stopped():  # once more: reading may have taken long
        return Outcome(action.resource, "stopped", why)
    error = _send(clients, action.request, until)
    return Outcome(action.resource, "failed" if error else "done", error)


def _reason_not_to_write(clients: Clients, action: Action, until: float) -> str | None:
    """Why the action must not be done after all: the resource is somebody else's, or could not be read."""
    found: object = None
    if action.marked:
        found = current_owner(clients, action.marked, until=until)
        if found is Owner.SOMEBODY:
            return f"{action.marked} is somebody else's: it does not have the remediator's tag"
    elif action.filter_at:
        log_group, name, known = action.filter_at
        found = current_filter(clients, log_group, name, until=until)
        if not isinstance(found, Unreadable) and found not in known:
            return f"{action.resource} was changed by somebody after it was read"
    return f"{found.call}: {found.error}" if isinstance(found, Unreadable) else None


def _send(clients: Clients, request: Request, until: float) -> str | None:
    """The error, if there was one, without AWS's own message, which may quote what was sent."""
    call, region = request.call, request.region
    answer = read_by(until, call, region, lambda: clients.call(call, region, **request.parameters))
    if not isinstance(answer, Unreadable) or (":Delete" in call and is_missing(answer)):
        return None
    return f"{call}: {answer.error}"
