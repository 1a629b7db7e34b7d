"""What both functions' runs are made of: the log, the metrics, the AWS clients and a share of the invocation's time."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import cache, partial
from typing import Protocol

from aws_lambda_powertools import Logger, Metrics

from blindspot import settings
from blindspot.aws.client import Clients
from blindspot.model.harmless import harmless_dumps
from blindspot.report.document import Origin

# Without a serializer, a name with half a surrogate pair would lose its log line: no encoding can write it.
logger = Logger(service="blindspot", json_serializer=partial(harmless_dumps, default=str))
metrics = Metrics(namespace="Blindspot", service="blindspot")


class Context(Protocol):
    """The part of Lambda's context object that is used here."""

    @property
    def aws_request_id(self) -> str: ...

    def get_remaining_time_in_millis(self) -> int: ...


@cache
def clients(region: str) -> Clients:
    """The process's clients: a warm invocation finds them made."""
    return Clients(region)


class Run:
    """One invocation. Its times are on the monotonic clock.

    environ: the function's environment variables.
    """

    def __init__(self, context: Context, environ: Mapping[str, str]) -> None:
        self._began = time.monotonic()
        self._seconds = context.get_remaining_time_in_millis() / 1000
        self.environ = environ
        self.clients = clients(environ["AWS_REGION"])
        self._calls_before, self._refused_before = self.clients.api_calls, self.clients.refused_calls
        self.origin = Origin(settings.stack(environ), context.aws_request_id)

    def at(self, share: float) -> float:
        """When this share of the time that Lambda leaves to the invocation is over."""
        return self._began + self._seconds * share

    @property
    def api_calls(self) -> int:
        """How many AWS operations the run has called."""
        return self.clients.api_calls - self._calls_before

    @property
    def refused_calls(self) -> int:
        """How many of them AWS refused."""
        return self.clients.refused_calls - self._refused_before

    @property
    def duration_ms(self) -> int:
        return round((time.monotonic() - self._began) * 1000)
