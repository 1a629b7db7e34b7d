"""Applies a plan: one action after the other, each only while the switch allows it and the thing is ours or new.

The order of one write, each step only after the one before:

    the switch is read
    the ledger's entry gets `next`         (not for a deletion)
    the thing is read, and last whose it is
    the write                              (nothing is asked between)
    the thing is read again
    the ledger's entry gets `now = next`   (for a deletion: it is removed)
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol

from botocore.exceptions import ClientError

from blindspot.aws.client import Clients
from blindspot.aws.errors import is_missing
from blindspot.aws.ledger import put_entry, remove_entry
from blindspot.aws.read import read_by
from blindspot.aws.things import Thing, Things
from blindspot.model.snapshot import Unreadable
from blindspot.model.stack import Stack
from blindspot.remediation.actions import Action, Request
from blindspot.remediation.document import Outcome
from blindspot.remediation.ledger import Entry, Ledger, State, Written, topic_of
from blindspot.remediation.ownership import Owner

LOOK_AGAIN = 2.0
"""Seconds until a thing is read once more that does not show what was written: AWS may take a moment."""

BEGINNINGS = 3
"""How often a write is begun before it is given up, where reading takes longer than the switch is known for."""


class Permit(Protocol):
    """Whether writing goes on. `refusal`: why not, or None. `expired`: whether that has to be asked again."""

    def refusal(self) -> str | None: ...
    @property
    def expired(self) -> bool: ...


class _NotDone(Exception):
    """Raised where an action is not done, or not known to have been: with the status of its outcome, and why."""

    def __init__(self, status: str, why: str) -> None:
        super().__init__(why)
        self.status, self.why = status, why


class _Gone(Exception):
    """Raised where what is to be deleted does not exist."""


def apply(
    clients: Clients,
    stack: Stack,
    ledger: Ledger,
    actions: Iterable[Action],
    permit: Permit,
    *,
    plan: str,
    until: float,
) -> tuple[Outcome, ...]:
    """The outcome of each action, in order. Where one is not done, those that need it are skipped, and no others.

    ledger: as it was read for the plan. plan: the id that its entries get. until: on the monotonic clock; what AWS has
    not answered by then may have been done or not.
    """
    return _Run(clients, stack, ledger, permit, plan, until).outcomes(actions)


class _Run:
    """One plan that is applied. `entries`: the ledger as it is by now."""

    def __init__(self, clients: Clients, stack: Stack, ledger: Ledger, permit: Permit, plan: str, until: float) -> None:
        self.clients = clients
        self.stack = stack
        self.ledger = ledger
        self.entries = dict(ledger.entries)
        self.permit = permit
        self.plan = plan
        self.until = until
        self.things = Things(clients, stack, until)

    def outcomes(self, actions: Iterable[Action]) -> tuple[Outcome, ...]:
        outcomes: list[Outcome] = []
        not_done: set[str] = set()
        actions = tuple(actions)
        for action in actions:
            using = [each for each in actions if action.resource in each.needs and topic_of(each.resource) is None]
            outcome = self.outcome(action, using, not_done)
            if outcome.status != "done":
                not_done.add(action.resource)
            outcomes.append(outcome)
        return tuple(outcomes)

    def outcome(self, action: Action, using: list[Action], not_done: set[str]) -> Outcome:
        """What becomes of the action. using: those that need it, without subscriptions. A topic is not created if no
        alarm can notify it, because SNS would ask subscribers to confirm for nothing."""
        lacking = [next((resource for resource in each.needs if resource in not_done), None) for each in using]
        needed = lacking[0] if lacking and all(lacking) and _creates(action) else None
        needed = needed or next((resource for resource in action.needs if resource in not_done), None)
        if needed:
            return Outcome(action.resource, "skipped", f"needs {needed}, which was not done")
        try:
            self.do(action)
        except _NotDone as failure:
            return Outcome(action.resource, failure.status, failure.why)
        except Exception as error:  # noqa: BLE001 (whatever it is, what was done before is still to be told)
            return Outcome(action.resource, "failed", f"{_unknown(action)} ({type(error).__name__})")
        return Outcome(action.resource, "done")

    def do(self, action: Action) -> None:
        """Does the action, or raises _NotDone."""
        self.allow()
        earlier = self.entries.get(action.resource)
        if action.written is not None:
            self.put(self.intended(action, action.written))
        try:
            self.check(action, self.read_in_time(action))
        except _Gone:
            self.forget(action.resource)
            return
        except _NotDone:
            self.take_back(action, earlier)
            raise
        failure, did_nothing = self.send(action.request)
        if failure and did_nothing:
            self.take_back(action, earlier)
            raise _NotDone("failed", failure)
        shown = self.shown(action)
        if shown is None:
            raise _NotDone("failed", f"{failure}; {_unknown(action)}" if failure else _unknown(action))
        if action.written is None:
            self.forget(action.resource)
        else:
            self.put(self.entries[action.resource].settled(shown.created))

    def allow(self) -> None:
        if why := self.permit.refusal():
            raise _NotDone("stopped", why)

    def intended(self, action: Action, written: Written) -> Entry:
        """The entry that says what is about to be written."""
        before = self.entries.get(action.resource)
        if _creates(action):
            return Entry.new(action.resource, self.plan, written, datetime.now(UTC), before.version if before else 0)
        if before is None:
            raise _NotDone("failed", f"the ledger has no entry of {action.resource}")
        return before.intending(self.plan, written)

    def read_in_time(self, action: Action) -> Thing:
        """The thing that the action is about, read within the time for which the switch is known."""
        for _ in range(BEGINNINGS):
            found = self.read(action)
            if not self.permit.expired:
                return found
            self.allow()
        raise _NotDone("stopped", f"reading {action.guard.resource} takes too long")

    def read(self, action: Action) -> Thing:
        if action.guard.subscriptions is not None:
            self.check_subscriptions(action.guard.resource, action.guard.subscriptions)
        found = self.things.read(action.guard.resource, replace(self.ledger, entries=self.entries))
        if isinstance(found, Unreadable):
            raise _NotDone("failed", f"{found.call}: {found.error}")
        return found

    def check_subscriptions(self, topic: str, known: frozenset[str]) -> None:
        found = self.things.subscriptions(topic)
        if isinstance(found, Unreadable):
            if not is_missing(found):
                raise _NotDone("failed", f"{found.call}: {found.error}")
        elif not known.issuperset(found):
            raise _NotDone("failed", f"somebody subscribed to {topic} after it was read")

    def check(self, action: Action, found: Thing) -> None:
        """Raises _NotDone where the action must not be done after all, and _Gone where a deletion need not be."""
        resource, known = action.guard.resource, action.guard.known
        if found.owner is Owner.UNKNOWN:
            raise _NotDone("failed", f"the owner of {resource} could not be read")
        is_other = bool(known) and found.state not in known
        if found.owner is Owner.SOMEBODY and (_creates(action) or not is_other):
            raise _NotDone("failed", f"{resource} is somebody else's: it was created or changed outside this stack")
        if found.state is None and action.written is None:
            raise _Gone
        # A subscription is its topic's owner's, so there is none without the topic.
        is_new = found.owner is Owner.NOBODY and _creates(action) and topic_of(resource) is None
        ours_or_new = found.owner is Owner.US or is_new
        if not ours_or_new or is_other:
            raise _NotDone("failed", f"somebody changed {resource} after it was read")

    def send(self, request: Request) -> tuple[str | None, bool]:
        """The error, if there was one, without AWS's own message, which may quote what was sent; and whether AWS surely
        did nothing."""
        call, region = request.call, request.region
        refused: list[bool] = []

        def answer() -> object:
            try:
                return self.clients.call(call, region, **request.parameters)
            except ClientError as error:
                # An attempt before this one may have done it.
                met = error.response.get("ResponseMetadata", {})
                refused.append(400 <= met.get("HTTPStatusCode", 0) < 500 and not met.get("RetryAttempts"))
                raise

        found = read_by(self.until, call, region, answer)
        if not isinstance(found, Unreadable) or (":Delete" in call and is_missing(found)):
            return None, False
        return f"{call}: {found.error}", any(refused)

    def shown(self, action: Action) -> Thing | None:
        """The thing, if it is as it was to become, and ours or gone. Read again where AWS does not show it at once."""
        for wait in (0.0, LOOK_AGAIN):
            time.sleep(max(0.0, min(wait, self.until - time.monotonic())))
            found = self.things.read(action.guard.resource, replace(self.ledger, entries=self.entries))
            if isinstance(found, Unreadable):
                continue
            wanted = action.guard.wanted
            if wanted is None and found.state is None:
                return found
            if wanted is not None and found.owner is Owner.US and _holds(found, wanted):
                return found
        return None

    def put(self, entry: Entry) -> None:
        stored = put_entry(self.clients, self.stack, entry, until=self.until)
        if isinstance(stored, Unreadable):
            raise _NotDone("failed", f"the ledger could not be written: {stored.call}: {stored.error}")
        self.entries[entry.resource] = stored

    def take_back(self, action: Action, earlier: Entry | None) -> None:
        """Sets the entry of what was surely not made as it was: without one of a thing that was never there, because
        somebody who makes the same would make it ours."""
        if action.written is None or not _creates(action):
            return
        if earlier and earlier.made:
            again = replace(earlier, version=self.entries[action.resource].version)
            stored = put_entry(self.clients, self.stack, again, until=self.until)
            if not isinstance(stored, Unreadable):
                self.entries[action.resource] = stored
        else:
            remove_entry(self.clients, self.stack, action.resource, until=self.until)
            self.entries.pop(action.resource, None)

    def forget(self, resource: str) -> None:
        """Removes the entry of what is gone, and those of the subscriptions that SNS deleted with a topic."""
        for entry in [name for name in self.entries if name == resource or topic_of(name) == resource]:
            if failure := remove_entry(self.clients, self.stack, entry, until=self.until):
                why = f"it is gone, but its entry is still in the ledger: {failure.call}: {failure.error}"
                raise _NotDone("failed", why)
            del self.entries[entry]


def _creates(action: Action) -> bool:
    return None in action.guard.known and action.written is not None


def _holds(found: Thing, wanted: State) -> bool:
    """Whether a thing has what was written. A tag that is to be None is to be gone."""
    if found.state is None or any(found.tags.get(key) != value for key, value in wanted.get("Tags", {}).items()):
        return False
    return all(_same(found.state.get(name), value) for name, value in wanted.items() if name != "Tags")


def _same(found: object, wanted: object) -> bool:
    # AWS omits some empty values, and lists have no order.
    if isinstance(found, list) and isinstance(wanted, list):
        return len(found) == len(wanted) and all(each in found for each in wanted)
    return found == wanted or (not found and not wanted and wanted is not False)


def _unknown(action: Action) -> str:
    return f"it is not known whether {action.request.call} took effect"
