"""Many reads at once, each with a result by the deadline.

Every read runs in its own thread and is awaited, so that the code is in the order of the reads. asyncio is used for
nothing else.
"""

import asyncio
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any, TypeVar

from blindspot.aws.client import Clients
from blindspot.aws.errors import read
from blindspot.aws.response_fields import Answer
from blindspot.model.snapshot import Unreadable

T = TypeVar("T")

AT_ONCE = 40
"""Threads that wait for AWS at the same time. The largest partition has fewer regions (34 in botocore's endpoints), so
regions that do not answer, for example behind a firewall, do not delay the others."""


class Reader:
    """Reads until the deadline, which is on the monotonic clock.

    In a region of an account, an operation is called once at a time. After AWS refused it, it is not called again: each
    refusal is itself an unauthorized call, which the audited alarm may count. This also stays below the lowest quota,
    5 DescribeMetricFilters a second (CloudWatch Logs user guide, "CloudWatch Logs quotas"). `owner` names a resource
    that has its own policy, such as a topic or a key: a refusal there does not apply to other resources.
    """

    def __init__(self, clients: Clients, deadline: float) -> None:
        self._clients = clients
        self._deadline = deadline
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._turns: defaultdict[tuple[str, str, str], asyncio.Lock] = defaultdict(asyncio.Lock)
        self._refused: dict[tuple[str, str, str, str], Unreadable] = {}

    async def one(
        self,
        call: str,
        region: str,
        parse: Callable[[Answer], T],
        /,
        *,
        account: str | None = None,
        owner: str = "",
        **parameters: Any,
    ) -> T | Unreadable:
        """What `parse` returns for the response. `account`: another account, whose role makes the call."""
        answer = partial(self._clients.call, call, region, account, **parameters)
        return await self._read((call, region, account or ""), owner, lambda: parse(answer()))

    async def every(
        self,
        call: str,
        region: str,
        parse: Callable[[Answer], tuple[T, ...]],
        /,
        *,
        account: str | None = None,
        owner: str = "",
        **parameters: Any,
    ) -> tuple[T, ...] | Unreadable:
        """What `parse` returns for all pages of the response."""
        pages = partial(self._clients.pages, call, region, parse, account, until=self._deadline, **parameters)
        return await self._read((call, region, account or ""), owner, pages)

    async def _read(self, turn: tuple[str, str, str], owner: str, answer: Callable[[], T]) -> T | Unreadable:
        call, region, _ = turn
        key = *turn, owner
        try:
            async with asyncio.timeout_at(self._deadline), self._turns[turn], self._slots:
                if key in self._refused:
                    return self._refused[key]
                if time.monotonic() >= self._deadline:
                    return Unreadable(call, region, "Timeout")
                found = await in_thread(partial(read, call, region, answer))
                if isinstance(found, Unreadable) and found.denied:
                    self._refused[key] = found
                return found
        except TimeoutError:
            return Unreadable(call, region, "Timeout")


def read_by(until: float, call: str, region: str, answer: Callable[[], T]) -> T | Unreadable:
    """As `errors.read`, but an answer that has not come by `until`, on the monotonic clock, is Unreadable with the
    error "Timeout". The SDK's own timeouts are no such limit: they start again with every byte that arrives."""
    timeout = Unreadable(call, region, "Timeout")
    if time.monotonic() >= until:
        return timeout
    try:
        return in_time(partial(read, call, region, answer), until)
    except TimeoutError:
        return timeout


def in_time(work: Callable[[], T], until: float) -> T:
    """What `work` returns. Raises TimeoutError at `until`, on the monotonic clock; `work` may then still run."""
    return _started(work).result(max(0.0, until - time.monotonic()))


async def in_thread(work: Callable[[], T]) -> T:
    """What `work` returns, run in a daemon thread."""
    return await asyncio.wrap_future(_started(work))


def _started(work: Callable[[], T]) -> Future[T]:
    """What `work` will return, run in a daemon thread.

    A read that hangs cannot be stopped: it ends with its own connect and read timeouts. A thread pool would wait for it
    when the interpreter exits. In the next invocation the pool's threads would still be busy, because Lambda only
    freezes threads between invocations. A new thread takes a tenth of a millisecond.
    """
    future: Future[T] = Future()

    def run() -> None:
        if not future.set_running_or_notify_cancel():
            return  # the deadline came first
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised where it is awaited
            future.set_exception(error)

    threading.Thread(target=run, name="blindspot-read", daemon=True).start()
    return future
