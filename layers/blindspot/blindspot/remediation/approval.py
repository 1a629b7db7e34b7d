"""The id by which a plan is approved, and what changed since it was given out. Pure.

    0123456789abcdef-0a1b.2c3d        a plan of two actions
    0123456789abcdef                  a plan without actions

The first part is a hash of the account, the stack, the profile and every request in its order, with what was there
before it, and it decides. The others are of one action each: so a later run, which has nothing but the id, can say
which actions changed.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from blindspot.remediation.actions import Action
from blindspot.remediation.manual_tasks import Task

_ID = re.compile(r"([0-9a-f]{16})(?:-([0-9a-f]{4}(?:\.[0-9a-f]{4})*))?", re.ASCII)

MOST_NAMED = 5
"""How many new or changed actions are named; the plan that comes with them has all."""


def is_plan_id(text: str) -> bool:
    """Whether the text has the form of a plan's id."""
    return _ID.fullmatch(text) is not None


def plan_id(account: str, stack: str, profile: str, actions: Sequence[Action]) -> str:
    """The id of the plan of these actions. `stack`: the stack's id; `profile`: the profile's name."""
    whole = _hash([account, stack, profile, [_asked(action) for action in actions]])[:16]
    return "-".join([whole, ".".join(map(_part, actions))]) if actions else whole


def short_id(plan: str) -> str:
    """The part of a plan's id that decides; the ledger has it."""
    return plan[:16]


def changed_since(approved: str, now: str, actions: Sequence[Action]) -> Task | None:
    """What a person has to do if the approved plan is not the plan as it is now; None if it is.

    approved: the id that was approved. now, actions: the id and the actions of the plan as it is now.
    """
    if approved == now:
        return None
    whole = short_id(approved)
    return Task(
        "plan.changed",
        whole,
        (),
        f"Nothing was written: the approved plan {whole} is not the plan as it is now. {_changes(approved, actions)}",
        f'Check the plan in this document. To approve it, send {{"action": "apply", "plan": "{now}"}}.'
        if actions
        else "Nothing is planned now, so there is nothing to approve.",
    )


def _changes(approved: str, actions: Sequence[Action]) -> str:
    found = _ID.fullmatch(approved)
    parts = found[2].split(".") if found and found[2] else []
    unmatched = Counter(parts)
    new = []
    for action in actions:
        part = _part(action)
        if unmatched[part]:
            unmatched[part] -= 1
        else:
            new.append(f"{action.title} {action.resource}")
    gone = unmatched.total()
    if not new and not gone:
        same = parts == list(map(_part, actions))
        return "The account, the stack or the profile is another." if same else "The actions are in another order."
    return " ".join(_sentences(new, gone, len(parts)))


def _sentences(new: Sequence[str], gone: int, approved: int) -> Iterator[str]:
    if gone:
        yield f"No longer planned: {gone} of its {approved} actions."
    if new:
        more = f", and {len(new) - MOST_NAMED} more" if len(new) > MOST_NAMED else ""
        yield f"New or changed: {', '.join(new[:MOST_NAMED])}{more}."


def _part(action: Action) -> str:
    return _hash([action.resource, _asked(action)])[:4]


def _asked(action: Action) -> list[object]:
    # Whoever approved it also approved what undoes it.
    return [action.request.call, action.request.region, action.request.parameters, action.before]


def _hash(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=dict).encode()).hexdigest()
