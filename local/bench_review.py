"""How the memory and the time of a review grow with the refused calls, which a stub of FilterLogEvents makes up.

    python -m local.bench_review CALLS

reads so many calls of a month from one log group, in a process of its own, and prints one JSON object: the CPU seconds,
the peak memory of the process in MB, and what was counted. The stub's time and memory are in it. The code waits for its
turn as always, five calls a second, on a clock that does not wait.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

from blindspot.aws import refused_calls
from blindspot.aws.client import Clients
from blindspot.model import profile
from blindspot.model.cloudtrail_calls import ACCOUNT, call, in_account, role
from blindspot.review.groups import by_day, groups
from blindspot.review.tally import Interval, Tally, Watched

CALLS = (500_000, 1_000_000)
"""Refused calls of the two reviews that are compared."""

MEMORY = 256
"""MB that the process may take."""

STEEPEST = 2.5
"""How many times as long a review of twice as many calls may take."""

PAGE = 1_000
"""Log events of a page: about the 1 MB that FilterLogEvents returns at most."""

CALLERS, OPERATIONS = 5_000, 5
"""Their product is the number of groups: more than are told apart."""

REGION = "us-east-1"
LOG_GROUP = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:trail"
START, END = 1_788_000_000_000, 1_790_592_000_000
"""A month of 30 days, in milliseconds since 1970."""


class Stub(Clients):
    """Answers FilterLogEvents with refused calls that are spread evenly over the month."""

    def __init__(self, calls: int) -> None:
        super().__init__(REGION)
        self._calls = calls
        self._texts = [_message(number) for number in range(OPERATIONS)]

    def call(self, call: str, region: str, account: str | None = None, /, **parameters: Any) -> dict[str, Any]:
        first = int(parameters.get("nextToken") or self._first(parameters["startTime"]))
        last = self._first(parameters["endTime"] + 1)
        events = [self._event(number) for number in range(first, min(first + PAGE, last))]
        return {"events": events, **({"nextToken": str(first + PAGE)} if first + PAGE < last else {})}

    def _first(self, at: int) -> int:
        """The number of the first call that was logged at that time or later."""
        return -((START - at) * self._calls // (END - START))

    def _event(self, number: int) -> dict[str, Any]:
        before, between, after = self._texts[number % OPERATIONS]
        caller = f"role-{number // OPERATIONS % CALLERS}"
        message = f"{before}{caller}{between}{number:036}{after}"
        at = START + number * (END - START) // self._calls
        return {"timestamp": at, "message": message, "eventId": str(number), "logStreamName": "trail"}


def _message(operation: int) -> tuple[str, str, str]:
    """A call's event around the name of its role and its eventID."""
    made = call("s3", f"GetBucket{operation}", role("ROLE"), error="AccessDenied", address=f"198.51.100.{operation}")
    text = json.dumps({**in_account(made, ACCOUNT, REGION), "eventID": "ID"})
    before, rest = text.split(":role/ROLE")
    between, after = rest.split('"ID"')
    return f"{before}:role/", f'{between}"', f'"{after}'


class Clock:
    """A clock on which a pause passes at once."""

    def __init__(self) -> None:
        self._slept = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self._slept

    def sleep(self, seconds: float) -> None:
        self._slept += seconds


def reviewed(calls: int) -> Mapping[str, float]:
    """A review of so many calls: CPU seconds, peak memory in MB; the calls, groups and days that were found."""
    judged_by = profile.load(profile.DEFAULT)
    watched = [Watched(None, judged_by.pattern), Watched(LOG_GROUP, judged_by.required)]
    asked = Interval(START // 1000, END // 1000)
    began = time.process_time()
    with patch.object(refused_calls, "time", Clock()):
        read = refused_calls.read_refused_calls(
            Stub(calls),
            [LOG_GROUP],
            judged_by.required.text,
            asked,
            lambda: Tally(ACCOUNT, watched),
            own_account=ACCOUNT,
            until=time.monotonic() + 86_400,
        )
    found, days = groups(read, judged_by), by_day(read)
    return {
        "calls": sum(group.count for group in found),
        "groups": len(found),
        "days": len(days),
        "refused_on_days": sum(days.values()),
        "share": read.share,
        "pages": read.calls,
        "cpu": time.process_time() - began,
        "memory": peak_memory(),
    }


def peak_memory() -> float:
    """In MB. Linux: of this program. In what getrusage says there, what the process was before it ran counts too."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().partition("VmHWM:")[2].split()[0]) / 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # macOS counts bytes


def too_much(measured: Mapping[int, Mapping[str, float]]) -> Iterator[str]:
    """What takes too much memory, or too long for twice as many calls; and what was not counted."""
    for calls, found in measured.items():
        if (found["calls"], found["refused_on_days"], found["share"]) != (calls, calls, 1):
            yield f"a review of {calls:,} refused calls counted {found['calls']:,}"
        if found["memory"] > MEMORY:
            yield f"a review of {calls:,} refused calls: {found['memory']:,.0f} MB"
        half = measured.get(calls // 2)
        if half is not None and found["cpu"] > STEEPEST * half["cpu"]:
            yield f"a review of {calls:,} refused calls: {found['cpu'] / half['cpu']:.1f} times that of {calls // 2:,}"


def table(measured: Mapping[int, Mapping[str, float]]) -> str:
    """As Markdown."""
    rows = (
        f"| {calls:,} | {found['groups']:,} | {found['pages']:,} | {found['cpu']:,.0f} | {found['memory']:,.0f} |"
        for calls, found in measured.items()
    )
    return "\n".join(["| refused calls | groups | pages | CPU, s | peak memory, MB |", "|---|---|---|---|---|", *rows])


if __name__ == "__main__":
    sys.stdout.write(json.dumps(reviewed(int(sys.argv[1]))))
