"""What the functions' runs are made of: the log, the metrics, the AWS clients and a share of the invocation's time."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from functools import cache, partial, wraps
from typing import Protocol, TypeVar

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from blindspot import settings
from blindspot.app.invocation import InvocationError, correlation_id
from blindspot.aws.client import Clients
from blindspot.aws.errors import CallFailed
from blindspot.model.harmless import harmless_dumps
from blindspot.model.stack import Origin

T = TypeVar("T")

# Without a serializer, a name with half a surrogate pair would lose its log line: no encoding can write it.
logger = Logger(service="blindspot", json_serializer=partial(harmless_dumps, default=str))
metrics = Metrics(namespace="Blindspot", service="blindspot")


class Context(Protocol):
    """The part of Lambda's context object that is used here, and by Powertools for every line of the log."""

    @property
    def aws_request_id(self) -> str: ...

    @property
    def function_name(self) -> str: ...

    @property
    def memory_limit_in_mb(self) -> int: ...

    @property
    def invoked_function_arn(self) -> str: ...

    def get_remaining_time_in_millis(self) -> int: ...


@cache
def clients(region: str) -> Clients:
    """The process's clients: a warm invocation finds them made."""
    return Clients(region)


class Run:
    """One invocation. Its times are on the monotonic clock.

    environ: the function's environment variables. now: when the invocation began, in UTC: the only such time in it, so
    that a run around midnight has one day.
    clients: those of the function's own account. judged: those of the account that is judged and reported to.
    member: the ARN of the role in the member of the organization that the run is about; None where it is about the
    function's own account. A run of a member that was not entered judges nothing.
    """

    def __init__(self, context: Context, environ: Mapping[str, str]) -> None:
        self._began = time.monotonic()
        self.now = datetime.now(UTC)
        self._seconds = context.get_remaining_time_in_millis() / 1000
        self.environ = environ
        self.clients = self.judged = clients(environ["AWS_REGION"])
        self.member: str | None = None
        self._calls_before, self._refused_before = self.clients.api_calls, self.clients.refused_calls
        self.origin = Origin(settings.stack(environ), context.aws_request_id)
        self.function_arn = context.invoked_function_arn

    def count(self, metric: str, number: int) -> None:
        """Counts what the stack's alarms and graphs of the own account are about: a run of a member counts in none of
        these, so that it neither hides that the own account has no verdict nor sets off its alarms."""
        if self.member is None:
            metrics.add_metric(metric, MetricUnit.Count, number)

    def at(self, share: float) -> float:
        """When this share of the time that Lambda leaves to the invocation is over."""
        return self._began + self._seconds * share

    @property
    def today(self) -> date:
        """The day of the run, in UTC."""
        return self.now.date()

    @property
    def api_calls(self) -> int:
        """How many AWS operations the run has called."""
        return sum(clients.api_calls for clients in {self.clients, self.judged}) - self._calls_before

    @property
    def refused_calls(self) -> int:
        """How many of them AWS refused."""
        return sum(clients.refused_calls for clients in {self.clients, self.judged}) - self._refused_before

    @property
    def duration_ms(self) -> int:
        return round((time.monotonic() - self._began) * 1000)


OWN_ERRORS = (InvocationError, settings.SettingsError, CallFailed)
"""The errors whose messages are ours: they quote no event, no token and no answer of AWS."""


class UnexpectedError(Exception):
    """Raised instead of an error whose message may quote anything, since Lambda logs what is raised and keeps it in the
    dead-letter queue. Its message is the type of that error; its traceback is that of that error."""


def invoked(answer: Callable[[object, Run], T]) -> Callable[[object, Context, Mapping[str, str]], T]:
    """The same with what every function has: each line of its log names the invocation and what led to it, its metrics
    are sent however it ends, and an error that leaves it is logged once.

    answer: takes an event and the run. The function that is returned takes the event, Lambda's context and the
    function's environment variables. It raises what `answer` raises if that is one of OWN_ERRORS or a TimeoutError,
    and UnexpectedError otherwise.
    """

    # log_event is given: otherwise POWERTOOLS_LOGGER_LOG_EVENT would log the events, and so AWS Config's result token.
    @logger.inject_lambda_context(clear_state=True, log_event=False)
    @metrics.log_metrics(capture_cold_start_metric=True)
    @wraps(answer)
    def answered(event: object, context: Context, environ: Mapping[str, str]) -> T:
        logger.set_correlation_id(correlation_id(event) or context.aws_request_id)
        _count_for(environ)
        run = Run(context, environ)
        try:
            return answer(event, run)
        except Exception as error:  # noqa: BLE001 (whatever it is, it is raised)
            raise logged(error) from None
        finally:
            metrics.add_metric("RefusedCalls", MetricUnit.Count, run.refused_calls)

    decorated: Callable[[object, Context, Mapping[str, str]], T] = answered  # Powertools does not say its type
    return decorated


def _count_for(environ: Mapping[str, str]) -> None:
    """From now on the metrics are those of this stack."""
    metrics.clear_default_dimensions()
    metrics.clear_metrics()
    if stack := settings.stack_name(environ):
        metrics.set_default_dimensions(stack=stack)


def logged(error: Exception) -> Exception:
    """The error as it may be seen outside, without those that led to it, once it was logged."""
    if not isinstance(error, (*OWN_ERRORS, TimeoutError)):
        error = UnexpectedError(type(error).__name__).with_traceback(error.__traceback__)
    error.__cause__, error.__suppress_context__ = None, True
    logger.error("the run failed", exc_info=error)
    return error
