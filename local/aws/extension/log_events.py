"""CloudWatch Logs: the log events of a log group, which CloudTrail delivers and FilterLogEvents reads.

Source: CloudWatch Logs API reference, FilterLogEvents.
"""

import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from moto.logs.exceptions import InvalidParameterException, ResourceNotFoundException
from moto.logs.models import LogGroup, LogsBackend
from moto.logs.responses import LogsResponse

from local.aws.extension.logs import check_pattern, invalid
from local.aws.extension.matcher import matcher

OVERHEAD = 26
"""Bytes that a log event counts beside its message (CloudWatch Logs API reference, PutLogEvents)."""

NEWEST_FIRST_SINCE = 1_704_067_200_000
"""1 January 2024, in milliseconds since 1970: no request for the newest first begins before."""


class LogEvent(NamedTuple):
    """A log event. `timestamp`: in milliseconds since 1970. `number`: counts those of the log group, as they came."""

    timestamp: int
    number: int
    stream: str
    message: str


class Page(NamedTuple):
    """How much one page holds at most: `events` of together `size` bytes, found among `searched` log events. A page
    ends where any is reached, and there AWS gives a token even if nothing follows."""

    events: int = 10_000
    size: int = 1_048_576
    searched: int = 100_000


@dataclass
class Delivered:
    """The log events of a log group that CloudTrail delivered, in the order of time."""

    events: list[LogEvent] = field(default_factory=list)
    ordered: bool = True
    page: Page = field(default_factory=Page)

    def add(self, stream: str, events: Iterable[tuple[int, str]]) -> None:
        self.events += [
            LogEvent(at, number, stream, text) for number, (at, text) in enumerate(events, len(self.events))
        ]
        self.ordered = False

    def between(self, start: int, end: int) -> list[LogEvent]:
        """Those of the time from `start` to `end`, both included."""
        if not self.ordered:
            self.events.sort()
            self.ordered = True
        return self.events[
            bisect_left(self.events, start, key=_timestamp) : bisect_right(self.events, end, key=_timestamp)
        ]


def _timestamp(event: LogEvent) -> int:
    return event.timestamp


def delivered(group: LogGroup) -> Delivered:
    """Kept on moto's log group: they are gone with it."""
    found: Delivered = vars(group).setdefault("delivered", Delivered())
    return found


def group_named(backend: LogsBackend, name: str) -> LogGroup:
    if name not in backend.groups:
        raise ResourceNotFoundException
    group: LogGroup = backend.groups[name]
    return group


def filter_log_events(self: LogsResponse) -> str:
    group = _group(self)
    start, end = self._get_param("startTime", 0), self._get_param("endTime", 2**63 - 1)
    if start > end:
        raise InvalidParameterException("The start time must not be after the end time.")
    of = delivered(group)
    limit, token = self._get_param("limit", of.page.events), self._get_param("nextToken")
    if not 1 <= limit <= 10_000:
        raise invalid("limit", "Member must have value between 1 and 10000", limit)
    newest_first = _newest_first(self, start, token)
    pattern = self._get_param("filterPattern") or ""
    check_pattern(self.logs_backend, pattern)
    events = [event for event in (*of.between(start, end), *_put(group, start, end)) if _wanted(self)(event.stream)]
    events.sort(reverse=newest_first)
    page = of.page._replace(events=min(limit, of.page.events))
    found, last = _page(_after(events, token, newest_first), matcher(pattern) if pattern else lambda _: True, page)
    more = {"nextToken": f"{'b' if newest_first else 'f'}/{last.timestamp}/{last.number}"} if last else {}
    return json.dumps({"events": [_shown(event) for event in found], "searchedLogStreams": [], **more})


def _group(self: LogsResponse) -> LogGroup:
    name, identifier = self._get_param("logGroupName"), self._get_param("logGroupIdentifier")
    if (name is None) == (identifier is None):
        raise InvalidParameterException("Either logGroupName or logGroupIdentifier is needed, and not both.")
    if identifier is None:
        return group_named(self.logs_backend, name)
    if not re.fullmatch(r"[\w#+=/:,.@-]*", identifier):
        raise invalid(
            "logGroupIdentifier", r"Member must satisfy regular expression pattern: [\w#+=/:,.@-]*", identifier
        )
    if not identifier.startswith("arn:"):
        return group_named(self.logs_backend, identifier)
    _, _, service, region, account, resource = identifier.split(":", 5)
    backend = self.logs_backend
    if (service, region, account) != ("logs", backend.region_name, backend.account_id):
        raise ResourceNotFoundException
    return group_named(backend, resource.removeprefix("log-group:"))


def _newest_first(self: LogsResponse, start: int, token: str | None) -> bool:
    if token is not None:
        if not re.fullmatch(r"[bf]/\d+/\d+", token):
            raise InvalidParameterException("The specified nextToken is invalid.")
        return token.startswith("b")  # the token's direction is used, whatever the request says
    if self._get_param("startFromHead", True):
        return False
    if start < NEWEST_FIRST_SINCE:
        raise InvalidParameterException("startFromHead may be false only where startTime is in 2024 or later.")
    return True


def _wanted(self: LogsResponse) -> Callable[[str], bool]:
    names, prefix = self._get_param("logStreamNames"), self._get_param("logStreamNamePrefix")
    if names and prefix:
        raise InvalidParameterException("logStreamNames and logStreamNamePrefix are mutually exclusive.")
    return lambda stream: stream in names if names else stream.startswith(prefix or "")


def _put(group: LogGroup, start: int, end: int) -> Iterator[LogEvent]:
    """Those of PutLogEvents, which moto keeps."""
    for name, stream in group.streams.items():
        for event in stream.events:
            if start <= event.timestamp <= end:
                yield LogEvent(event.timestamp, 1_000_000_000 + event.event_id, name, event.message)


def _after(events: list[LogEvent], token: str | None, newest_first: bool) -> list[LogEvent]:
    if token is None:
        return events
    _, timestamp, number = token.split("/")
    at = int(timestamp), int(number)
    return [event for event in events if (event[:2] < at if newest_first else event[:2] > at)]


def _page(events: list[LogEvent], matches: Callable[[str], bool], most: Page) -> tuple[list[LogEvent], LogEvent | None]:
    """What one page holds, and the last event that was searched for it; None where it is the last page."""
    found: list[LogEvent] = []
    size = 0
    for searched, event in enumerate(events, start=1):
        if matches(event.message):
            found.append(event)
            size += len(event.message.encode(errors="surrogatepass")) + OVERHEAD
        if len(found) >= most.events or size >= most.size or searched >= most.searched:
            return found, event
    return found, None


def _shown(event: LogEvent) -> dict[str, Any]:
    return {
        "logStreamName": event.stream,
        "timestamp": event.timestamp,
        "message": event.message,
        "ingestionTime": event.timestamp + 5_000,
        "eventId": f"{event.timestamp:020}{event.number:036}",
    }


METHODS = {LogsResponse: {"filter_log_events": filter_log_events}}
