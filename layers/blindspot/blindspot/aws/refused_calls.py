"""Reads the refused calls from the log groups of the trails: newest first, as far back as the time of the run allows.

AWS's own matching of a filter pattern selects them. They are read in slices of time, all log groups for each slice. A
slice counts only when every log group that can be read was read whole in it. Thus it is known exactly what was read,
whenever the run ends.

Source: CloudWatch Logs API reference, FilterLogEvents; CloudWatch Logs user guide, "CloudWatch Logs quotas".
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import NamedTuple

from blindspot.aws import responses
from blindspot.aws.client import Clients
from blindspot.aws.errors import is_missing, is_throttled
from blindspot.aws.read import read_by
from blindspot.aws.responses import LogEvents
from blindspot.model.arn import Arn, Place, place_of
from blindspot.model.snapshot import Unreadable
from blindspot.review.read import LogGroupRead, Read
from blindspot.review.tally import Interval, Tally

CALL = "logs:FilterLogEvents"

PACE = 0.2
"""Seconds from one call to the next: 5 FilterLogEvents a second in each account and region."""

SLOWEST = 15.0
"""Seconds from one call to the next where AWS has throttled several."""

MOST_TRIES = 5
"""How often one page is asked for, if AWS gives no answer or one that cannot be read. A throttled call is tried until
the deadline."""

LONGEST_CALL = 30.0
"""Seconds until a call has given no answer. The SDK's own timeout starts again with every byte that arrives."""

MOST_CALLS = 20_000
"""Calls of one run: more than an hour's at full pace."""

FIRST, SHORTEST, LONGEST = 15 * 60, 5 * 60, 24 * 3600
"""Seconds of a slice: the first is short, so that a run which ends early has read something."""

PAGES = 4
"""How many pages of each log group a slice should take: few enough that little is lost at the deadline, many enough
that a quiet week takes few calls."""

MOST_CHANGE = 4
"""How many times longer or shorter than the one before a slice is at most."""

_HOPELESS = ("InvalidParameterException", "RepeatedToken")
"""What AWS would answer again: it does not take the pattern, or its pages do not end."""


def read_refused_calls(
    clients: Clients,
    log_groups: Sequence[str],
    pattern: str,
    asked: Interval,
    tally: Callable[[], Tally],
    *,
    own_account: str,
    until: float,
    kept_since: Mapping[str, int] = MappingProxyType({}),
    progress: Callable[[float], None] = lambda share: None,
) -> Read:
    """Reads the log events that the pattern matches. The time of a call is that of its log event.

    log_groups: their ARNs. Those of another account are read with the role in that account.
    tally: makes an empty one.
    own_account: the account of the credentials. kept_since: since when a log group has its log events, in seconds since
    1970, where it does not keep them for ever. until: when the run ends, on the monotonic clock.
    progress: is given the share of the time asked for that was read, 0 to 1, after each slice.
    """
    calls = _Calls(clients, pattern, own_account, until)
    events = dict.fromkeys(log_groups, 0)
    ended: dict[str, LogGroupRead] = {}
    total, newest = tally(), tally()
    start, length = asked.end, FIRST
    while len(ended) < len(events) and start > asked.start:
        not_ended = {group: kept_since.get(group, asked.start) for group in events if group not in ended}
        if expired := [group for group, since in not_ended.items() if since >= start]:
            ended |= {
                group: LogGroupRead(group, start, events[group], Unreadable(CALL, place_of(group)[1], "NotKept"))
                for group in expired
            }
            continue
        part = Interval(max(asked.start, start - length, *not_ended.values()), start)
        slice_ = _slice(calls, not_ended, part, newest.following())
        if isinstance(slice_, _Failed):
            if calls.over is not None:
                break
            group, why = slice_
            ended[group] = LogGroupRead(group, start, events[group], why)
            continue  # the same time again without it: what was counted of it is not whole
        total.merge(slice_.tally)
        for group, count in slice_.events.items():
            events[group] += count
        newest, start, length = slice_.tally, part.start, _next(length, slice_.pages / len(slice_.events))
        progress((asked.end - start) / (asked.end - asked.start))
    left = {
        group: LogGroupRead(group, start, count, calls.unfinished(group) if start > asked.start else None)
        for group, count in events.items()
    }
    return Read(asked, Interval(start, asked.end), total, tuple((left | ended).values()), calls.made)


def _next(length: int, pages: float) -> int:
    """How many seconds the slice after one of this length should have, which took so many pages of each log group."""
    wanted = length * min(max(PAGES / pages, 1 / MOST_CHANGE), MOST_CHANGE)
    return int(min(max(wanted, SHORTEST), LONGEST))


@dataclass(frozen=True, slots=True)
class _Slice:
    """A slice that was read whole. pages: of all log groups. events: of each."""

    tally: Tally
    pages: int
    events: dict[str, int]


class _Failed(NamedTuple):
    """A log group that could not be read whole in a slice."""

    log_group: str
    why: Unreadable


def _slice(calls: _Calls, log_groups: Iterable[str], part: Interval, tally: Tally) -> _Slice | _Failed:
    before, events = calls.answered, {}
    for group in log_groups:
        found = _count(calls, group, part, tally)
        if isinstance(found, Unreadable):
            return _Failed(group, found)
        events[group] = found
    return _Slice(tally, calls.answered - before, events)


def _count(calls: _Calls, log_group: str, part: Interval, tally: Tally) -> int | Unreadable:
    """Counts all log events of the log group in this time. Returns how many there are."""
    events = 0
    token: str | None = None
    seen: set[str] = set()
    while True:
        page = calls.page(log_group, part, token)
        if isinstance(page, Unreadable):
            return page
        for timestamp, message in page.events:
            tally.add(log_group, timestamp, message)
        events += len(page.events)
        if page.token is None:
            return events
        if page.token in seen:
            return Unreadable(CALL, place_of(log_group)[1], "RepeatedToken")
        seen.add(page.token)
        token = page.token


class _Calls:
    """Calls FilterLogEvents, no faster than AWS allows.

    made: how many were called. answered: how many of these returned a page.
    over: the failure with which the run ended; None while it goes on.
    """

    def __init__(self, clients: Clients, pattern: str, own_account: str, until: float) -> None:
        self._clients = clients
        self._pattern = pattern
        self._own_account = own_account
        self._until = until
        self._paces: defaultdict[Place, _Pace] = defaultdict(_Pace)
        self.made = self.answered = 0
        self.over: tuple[str, Unreadable] | None = None

    def page(self, log_group: str, part: Interval, token: str | None) -> LogEvents | Unreadable:
        """A page of the log group. Tries again what may succeed later."""
        place = place_of(log_group)
        pace = self._paces[place]
        why = Unreadable(CALL, place[1], "Timeout")
        tries = 0
        while self.made < MOST_CALLS and pace.wait(self._until):
            self.made += 1
            by = min(self._until, time.monotonic() + LONGEST_CALL)
            found = read_by(by, CALL, place[1], partial(self._ask, log_group, part, token))
            if not isinstance(found, Unreadable):
                self.answered += 1
                pace.faster()
                return found
            if found.error != "Timeout":  # which says less than the answer before it
                why = found
            tries += not is_throttled(found)
            if time.monotonic() < self._until and (_is_final(found) or tries == MOST_TRIES):
                return why
            pace.slower()
        self.over = log_group, why if self.made < MOST_CALLS else Unreadable(CALL, place[1], "TooManyPages")
        return self.over[1]

    def unfinished(self, log_group: str) -> Unreadable:
        """Why the log group was not read further when the run ended."""
        if self.over and self.over[0] == log_group:
            return self.over[1]
        return Unreadable(CALL, place_of(log_group)[1], "Timeout")

    def _ask(self, log_group: str, part: Interval, token: str | None) -> LogEvents:
        account, region = place_of(log_group)
        start, end = part.start * 1000, part.end * 1000 - 1  # both are included
        answer = self._clients.call(
            CALL,
            region,
            None if account == self._own_account else account,
            logGroupName=Arn.parse(log_group).name,
            filterPattern=self._pattern,
            startTime=start,
            endTime=end,
            **({"nextToken": token} if token else {}),
        )
        return responses.log_events(answer, start, end)


def _is_final(why: Unreadable) -> bool:
    return why.denied or is_missing(why) or why.error in _HOPELESS


class _Pace:
    """When the next call may be made in one region of an account."""

    def __init__(self) -> None:
        self._seconds = PACE
        self._turn = time.monotonic()

    def wait(self, until: float) -> bool:
        """Waits for the turn of the next call. False at once if that is not before `until`."""
        if max(self._turn, time.monotonic()) >= until:
            return False
        time.sleep(max(0.0, self._turn - time.monotonic()))
        self._turn = time.monotonic() + self._seconds
        return True

    def slower(self) -> None:
        self._seconds = min(2 * self._seconds, SLOWEST)
        self._turn = time.monotonic() + self._seconds

    def faster(self) -> None:
        self._seconds = max(self._seconds / 2, PACE)
