"""Many reads at once, each answered by the deadline.

Every read runs in a thread of its own and is awaited, so that what depends on it is written below it. asyncio is used
for nothing else.
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
"""Threads that wait for AWS at the same time: more than the largest partition has regions (34, botocore's
endpoints), so that regions which do not answer, as from a network that reaches one region only, hold up no other."""


class Reader:
    """Reads until the deadline, which is on the monotonic clock.

    One operation runs only once at a time in a region of an account, and after a refusal not again: each refusal is
    itself an unauthorized call, which the alarm under audit may count. It also keeps below the lowest of the quotas,
    5 DescribeMetricFilters a second (CloudWatch Logs user guide, "CloudWatch Logs quotas"). What has a policy of its
    own, as a topic and a key have, is named by `owner`: its refusal says nothing of others.
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
        """What `parse` makes of the operation's answer. `account`: as whose role it is asked, if not as our own."""
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
        """What `parse` finds on all pages of the operation's answer."""
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


async def in_thread(work: Callable[[], T]) -> T:
    """What `work` returns, done in a daemon thread.

    A read that hangs cannot be stopped, only left behind: it ends by its own connect and read timeouts. A thread pool
    would wait for it when the interpreter exits, and its workers would be missing from the next invocation, since
    Lambda freezes threads between invocations and thaws them with the next. A thread costs a tenth of a millisecond.
    """
    future: Future[T] = Future()

    def run() -> None:
        if not future.set_running_or_notify_cancel():
            return  # the deadline came first
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - rises in whoever awaits
            future.set_exception(error)

    threading.Thread(target=run, name="blindspot-read", daemon=True).start()
    return await asyncio.wrap_future(future)
