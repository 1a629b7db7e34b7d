"""What remediation and backout can do, as data: the resource, the request that is sent, and the one that undoes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from blindspot.remediation.ledger import State, Written


@dataclass(frozen=True, slots=True)
class Request:
    """One call: its name as in IAM, the region, and the parameters as the SDK takes them."""

    call: str
    region: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Guard:
    """What is read right before a call, and again after it.

    resource: of the thing that is read: an alarm's or a topic's ARN, or a metric filter's or a subscription's resource.
    known: what it may be like before; None stands for a thing that does not exist. Empty: anything that is ours.
    wanted: what it has at least afterwards; None where it is gone.
    subscriptions: the only ones that a topic may have before; None: any.
    """

    resource: str
    known: tuple[State | None, ...]
    wanted: State | None
    subscriptions: frozenset[str] | None = None


class Action(Protocol):
    """One step.

    title: what it does. resource: what it acts on, an ARN where there is one; the ledger's entry is of it.
    request, undo: the call, and the one that restores what was before; None where no call does.
    needs: the resources that must exist first; where one of their actions was not done, this one is skipped.
    before: what was there; None where nothing was.
    written: what the ledger's entry then has of it; None where it is deleted.
    guard: what is read around the call.
    """

    @property
    def title(self) -> str: ...
    @property
    def resource(self) -> str: ...
    @property
    def request(self) -> Request: ...
    @property
    def undo(self) -> Request | None: ...
    @property
    def needs(self) -> tuple[str, ...]: ...
    @property
    def before(self) -> State | None: ...
    @property
    def written(self) -> Written | None: ...
    @property
    def guard(self) -> Guard: ...
