"""What both functions' runs are made of: the log, the metrics, the AWS clients and a share of the invocation's time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from functools import cache
from typing import Protocol, TypeVar

from aws_lambda_powertools import Logger, Metrics

from blindspot.aws.client import Clients
from blindspot.aws.read import in_thread

T = TypeVar("T")

logger = Logger(service="blindspot")
metrics = Metrics(namespace="Blindspot", service="blindspot")


class Context(Protocol):
    """The part of Lambda's context object that is used here."""

    def get_remaining_time_in_millis(self) -> int: ...


@cache
def clients(region: str) -> Clients:
    """The process's clients: a warm invocation finds them made."""
    return Clients(region)


class Run:
    """One invocation. Its times are on the monotonic clock.

    environ: the function's environment variables. reserved_seconds: kept back from the time that Lambda leaves, so
    that the result can be reported.
    """

    def __init__(self, context: Context, environ: Mapping[str, str], *, reserved_seconds: float) -> None:
        self._began = time.monotonic()
        self._seconds = context.get_remaining_time_in_millis() / 1000 - reserved_seconds
        self.environ = environ
        self.clients = clients(environ["AWS_REGION"])
        self._calls_before = self.clients.api_calls

    def at(self, share: float) -> float:
        """When this share of the run's time is over."""
        return self._began + self._seconds * share

    @property
    def api_calls(self) -> int:
        """How many AWS operations the run has called."""
        return self.clients.api_calls - self._calls_before

    @property
    def duration_ms(self) -> int:
        return round((time.monotonic() - self._began) * 1000)


def in_time(work: Callable[[], T], until: float) -> T:
    """What `work` returns. Raises TimeoutError at `until`, on the monotonic clock: a proof about intricate patterns may
    take longer than there is time."""
    return asyncio.run(asyncio.wait_for(in_thread(work), until - time.monotonic()))
