"""Doing what is planned: one action after the other, each only while it is wanted and the name is ours to write to."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from botocore.exceptions import BotoCoreError

from blindspot.aws.client import Clients, read
from blindspot.aws.owned_resources import ABSENT, current, owner
from blindspot.model.snapshot import Unreadable
from blindspot.remediation.actions import Action, Request
from blindspot.remediation.document import Outcome
from blindspot.remediation.ownership import Owner


def apply(clients: Clients, actions: Iterable[Action], stopped: Callable[[], str | None]) -> tuple[Outcome, ...]:
    """What became of each action, in order. One that fails takes with it those that need it, and no other.

    stopped: asked before each action; why to stop, None to go on.
    """
    outcomes: list[Outcome] = []
    undone: set[str] = set()
    for action in actions:
        outcome = _outcome(clients, action, undone, stopped)
        if outcome.status != "done":
            undone.add(action.resource)
        outcomes.append(outcome)
    return tuple(outcomes)


def _outcome(clients: Clients, action: Action, undone: set[str], stopped: Callable[[], str | None]) -> Outcome:
    if needed := next((resource for resource in action.needs if resource in undone), None):
        return Outcome(action.resource, "skipped", f"needs {needed}")
    if why := stopped():
        return Outcome(action.resource, "stopped", why)
    # Few writes can be made to depend on what is there, so that is read as late as can be.
    if changed := _in_the_way(clients, action):
        return Outcome(action.resource, "failed", changed)
    if why := stopped():  # once more: reading may have taken long
        return Outcome(action.resource, "stopped", why)
    error = _send(clients, action.request)
    return Outcome(action.resource, "failed" if error else "done", error)


def _in_the_way(clients: Clients, action: Action) -> str | None:
    """Why the action may not be done after all: somebody else's resource stands there, or nobody can say."""
    found: object = None
    if action.marked:
        found = owner(clients, action.marked)
        if found is Owner.SOMEBODY:
            return f"{action.marked} is not ours: it does not bear our tag"
    elif action.filter_at:
        log_group, name, known = action.filter_at
        found = current(clients, log_group, name)
        if not isinstance(found, Unreadable) and found not in known:
            return f"{action.resource} was changed by somebody since it was read"
    return f"{found.call}: {found.error}" if isinstance(found, Unreadable) else None


def _send(clients: Clients, request: Request) -> str | None:
    """The error, if there was one. AWS's own messages are left out: they may quote what was sent."""
    call, region = request.call, request.region
    try:
        answer = read(call, region, lambda: clients.call(call, region, **request.parameters))
    except BotoCoreError as error:  # the SDK refuses parameters in words that quote them
        return f"{call}: {type(error).__name__}"
    if not isinstance(answer, Unreadable) or (":Delete" in call and answer.error in ABSENT):
        return None
    return f"{call}: {answer.error}"
