"""The refused calls, counted as they are read: a bounded number of bytes for each, and no event is kept but one for
each group. Pure.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, NoReturn

from blindspot.languages import strict_json
from blindspot.review.matching import Matching
from blindspot.review.refused_call import Caller, Refusal, RefusedCall, refused_call
from filter_pattern import Event, Pattern


class Interval(NamedTuple):
    """A time, in seconds since 1970; `end` is no part of it."""

    start: int
    end: int


class Watched(NamedTuple):
    """A pattern that is tested on every event of one log group, or of all (`log_group` None): that of a metric filter.

    log_group: its ARN.
    """

    log_group: str | None
    pattern: Pattern


class Key(NamedTuple):
    """What the calls of one group have in common."""

    caller: Caller
    service: str
    call: str
    code: str
    refusal: Refusal


@dataclass(slots=True)
class Cell:
    """The calls of one group that the same patterns match.

    seen_by: a bit for each `Watched`, the first the lowest. again: whether each was counted before, because another
    trail delivers it too.
    seconds: when each was logged, in seconds since 1970, in any order.
    """

    key: Key
    log_group: str
    seen_by: int
    again: bool
    seconds: array[int] = field(default_factory=lambda: array("I"))


@dataclass(slots=True)
class Details:
    """What else is told of a group.

    addresses: the first MOST_ADDRESSES that were seen; more_addresses: whether there are others. regions: likewise the
        first MOST_REGIONS.
    read_only: whether all calls only read; None where an event does not say it. management, console, own: whether all
        calls are that. person, outside: whether any is.
    logged: the newest event that is not longer than LONGEST_EXAMPLE, as it was logged; empty where there is none.
        example_at: when that was logged, in milliseconds since 1970.
    """

    addresses: set[str] = field(default_factory=set)
    more_addresses: bool = False
    regions: set[str] = field(default_factory=set)
    read_only: bool | None = True
    management: bool = True
    person: bool = False
    outside: bool = False
    console: bool = False
    own: bool = False
    logged: str = ""
    example_at: int = 0

    @property
    def example(self) -> Event | None:
        """The newest event, such that it can be written as JSON; None where none is kept."""
        return _example(self.logged) if self.logged else None


MOST_GROUPS = 20_000
"""Groups that are told apart; the calls of all others are counted together, as `OTHERS`."""

MOST_ADDRESSES, MOST_REGIONS = 5, 50

LONGEST_EXAMPLE = 5_000
"""Characters of an event that is kept as an example. Few events of CloudTrail have more than 3,000."""

OTHERS = Key(Caller("other", "all others", "", None, ""), "", "", "", Refusal())


class Tally:
    """The refused calls of some log events.

    cells: by group, log group, patterns and whether they were counted before. details: by group.
    in_others: the services, and the account's roles, of which calls are counted as OTHERS: never more than the account
        has, whatever is made up.
    events: how many log events were counted. not_understood: how many of these are no JSON object.
    """

    def __init__(self, account: str, watched: Sequence[Watched]) -> None:
        """account: the account that is reviewed."""
        self.account = account
        self.watched = tuple(watched)
        self.cells: dict[tuple[Key, str, int, bool], Cell] = {}
        self.details: dict[Key, Details] = {}
        self.in_others: set[Caller] = set()
        self.events = self.not_understood = 0
        self._keys: dict[Key, Key] = {}
        self._counted: set[str] = set()
        self._counted_before: set[str] = set()
        self._matching = Matching(self.watched)

    def add(self, log_group: str, timestamp: int, message: str) -> None:
        """Counts one log event. timestamp: in milliseconds since 1970."""
        self.events += 1
        event = json_object(message)
        if event is None:
            self.not_understood += 1
            return
        seen_by = self._matching.seen_by(event, message, log_group)
        call = refused_call(event, self.account)
        key = self._key(Key(call.caller, call.service, call.call, call.code, call.refusal))
        again = call.event_id in self._counted or call.event_id in self._counted_before
        if call.event_id:
            self._counted.add(call.event_id)
        self._cell(key, log_group, seen_by, again).seconds.append(min(max(timestamp // 1000, 0), _LAST_SECOND))
        self._describe(key, _details(call))
        _keep_newest(self.details[key], timestamp, message)

    def following(self) -> Tally:
        """An empty tally of the slice of time before: it knows which events this one counted, so that one that two
        trails deliver at slightly different times is counted once."""
        tally = Tally(self.account, ())
        tally.watched, tally._matching = self.watched, self._matching
        tally._counted_before = self._counted
        return tally

    def merge(self, other: Tally) -> None:
        """Adds what the other counted."""
        self.events += other.events
        self.not_understood += other.not_understood
        self.in_others |= other.in_others
        for key, details in other.details.items():
            self._describe(self._key(key), _copy(details))
        for cell in other.cells.values():
            known = self._key(cell.key)
            self._cell(known, cell.log_group, cell.seen_by, cell.again).seconds.extend(cell.seconds)

    def _key(self, key: Key) -> Key:
        """The group's key, the same object each time; OTHERS where there are too many groups."""
        if key in self._keys:
            return self._keys[key]
        if len(self._keys) >= MOST_GROUPS:
            if key.caller.kind in ("role", "service") and key.caller.account in ("", self.account):
                self.in_others.add(key.caller)
            return OTHERS
        return self._keys.setdefault(key, key)

    def _describe(self, key: Key, details: Details) -> None:
        if key in self.details:
            _add_details(self.details[key], details)
        else:
            self.details[key] = details

    def _cell(self, key: Key, log_group: str, seen_by: int, again: bool) -> Cell:
        at = (key, log_group, seen_by, again)
        if at not in self.cells:
            self.cells[at] = Cell(*at)
        return self.cells[at]


_LAST_SECOND = 2**32 - 1


def _details(call: RefusedCall) -> Details:
    return Details(
        addresses={call.address} if call.address else set(),
        regions={call.region} if call.region else set(),
        read_only=call.read_only,
        management=call.management,
        person=call.person,
        outside=call.outside,
        console=call.console,
        own=call.own,
    )


def _copy(details: Details) -> Details:
    copied = Details(read_only=details.read_only, console=details.console, own=details.own)
    _add_details(copied, details)
    return copied


def _add_details(details: Details, other: Details) -> None:
    for address in sorted(other.addresses - details.addresses):
        if len(details.addresses) < MOST_ADDRESSES:
            details.addresses.add(address)
        else:
            details.more_addresses = True
    details.more_addresses |= other.more_addresses
    details.regions |= set(sorted(other.regions - details.regions)[: MOST_REGIONS - len(details.regions)])
    known = details.read_only is not None and other.read_only is not None
    details.read_only = (details.read_only and other.read_only) if known else None
    details.management &= other.management
    details.person |= other.person
    details.outside |= other.outside
    details.console &= other.console
    details.own &= other.own
    _keep_newest(details, other.example_at, other.logged)


def _keep_newest(details: Details, at: int, logged: str) -> None:
    is_newest = not details.logged or at > details.example_at
    if logged and len(logged) <= LONGEST_EXAMPLE and is_newest:
        details.logged, details.example_at = logged, at


def _example(logged: str) -> Event | None:
    try:
        event = strict_json.loads(logged)
    except ValueError:
        return None
    text = json.dumps(event, ensure_ascii=False).encode("utf-8", "replace")
    example: Event = json.loads(text, parse_constant=str)  # 1e999 is JSON, and infinite in Python
    return example


def json_object(message: str) -> Event | None:
    """The event that was logged as this text; None where it is no JSON object."""
    try:
        event: object = _STRICT.decode(message)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) else None


def _reject(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


_STRICT = json.JSONDecoder(parse_constant=_reject)
