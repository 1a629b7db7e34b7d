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


MOST_REFUSED = 10
"""For how many resources of a place an operation may be refused before the permission itself is taken to be missing."""


class Reader:
    """Reads until the deadline, which is on the monotonic clock.

    In a region of an account, an operation is called once at a time. This stays below the lowest quota, 5
    DescribeMetricFilters a second (CloudWatch Logs user guide, "CloudWatch Logs quotas").

    After AWS refused it for a resource (`of`), it is not called for that resource again: each refusal is itself an
    unauthorized call, which the audited alarm may count. It says nothing of other resources, as policies name them one
    by one. Only where it was refused for the first MOST_REFUSED of them and never allowed, it is not called any more.
    """

    def __init__(self, clients: Clients, deadline: float) -> None:
        self._clients = clients
        self._deadline = deadline
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._turns: defaultdict[tuple[str, str, str], asyncio.Lock] = defaultdict(asyncio.Lock)
        self._refused: defaultdict[tuple[str, str, str], dict[str, Unreadable]] = defaultdict(dict)
        self._allowed: set[tuple[str, str, str]] = set()

    async def one(
        self,
        call: str,
        region: str,
        parse: Callable[[Answer], T],
        /,
        *,
        account: str | None = None,
        of: str = "",
        **parameters: Any,
    ) -> T | Unreadable:
        """What `parse` returns for the response. `account`: another account, whose role makes the call.

        of: the resource that is asked for, if the operation is about one.
        """
        answer = partial(self._clients.call, call, region, account, **parameters)
        return await self._read((call, region, account or ""), of, lambda: parse(answer()))

    async def every(
        self,
        call: str,
        region: str,
        parse: Callable[[Answer], tuple[T, ...]],
        /,
        *,
        account: str | None = None,
        of: str = "",
        **parameters: Any,
    ) -> tuple[T, ...] | Unreadable:
        """What `parse` returns for all pages of the response."""
        pages = partial(self._clients.pages, call, region, parse, account, until=self._deadline, **parameters)
        return await self._read((call, region, account or ""), of, pages)

    async def _read(self, turn: tuple[str, str, str], of: str, answer: Callable[[], T]) -> T | Unreadable:
        call, region, _ = turn
        refused = self._refused[turn]
        try:
            async with asyncio.timeout_at(self._deadline), self._turns[turn], self._slots:
                if of in refused or (len(refused) >= MOST_REFUSED and turn not in self._allowed):
                    return refused.get(of) or next(iter(refused.values()))
                if time.monotonic() >= self._deadline:
                    return Unreadable(call, region, "Timeout")
                found = await in_thread(partial(read, call, region, answer))
                if not isinstance(found, Unreadable):
                    self._allowed.add(turn)
                elif found.denied:
                    refused[of] = found
                return found
        except TimeoutError:
            return Unreadable(call, region, "Timeout")


def read_by(until: float, call: str, region: str, answer: Callable[[], T]) -> T | Unreadable:
    """As `errors.read`, but an answer that has not come by `until`, on the monotonic clock, is Unreadable with the
    error "Timeout". The SDK's own timeouts are no such limit: they start again with every byte that arrives."""
    try:
        return in_time(partial(read, call, region, answer), until)
    except TimeoutError:
        return Unreadable(call, region, "Timeout")


def in_time(work: Callable[[], T], until: float) -> T:
    """What `work` returns. Raises TimeoutError at `until`, on the monotonic clock; `work` may then still run. It is not
    begun after that."""
    left = until - time.monotonic()
    if left > 0:
        started = _started(work)
        try:
            return started.result(left)
        except TimeoutError:
            if started.done():
                raise
    raise TimeoutError("The account could not be read and assessed in the time of this run.")


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
