"""Faults where the SDK would have sent the request: the quick form, without HTTP and without waiting."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn
from unittest.mock import patch

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ConnectionClosedError, EndpointConnectionError, ReadTimeoutError
from moto.core.botocore_stubber import BotocoreStubber, MockRawResponse

from local.aws import Fault as Skipped
from local.aws import LocalAws
from tests.faults.answers import Answer, Attempt, Fault, Wire, attempted, told

RAISED = {
    Wire.DENIED: EndpointConnectionError,
    Wire.RESET: ConnectionClosedError,
    Wire.CUT: ConnectionClosedError,
    Wire.HANGING: ReadTimeoutError,
    Wire.TRICKLING: ReadTimeoutError,
}
"""What the SDK raises, at once: where it would wait, this is how it ends."""

PAGES = 30
"""So many are answered, then no more in time."""


@contextmanager
def meeting(aws: LocalAws, operation: str, fault: Fault, delete: Callable[[], object]) -> Iterator[None]:
    """Every attempt at the operation meets the fault, until the context ends. `delete`: deletes what it reads."""
    answer_attempt = BotocoreStubber.__call__
    seen: list[str] = []

    def answer(stubber: BotocoreStubber, event_name: str, request: AWSPreparedRequest, **more: Any) -> Any:
        def ask() -> Answer:
            response = answer_attempt(stubber, event_name, request, **more)
            assert response is not None
            kind, named = (str(response.headers.get(name, "")) for name in ("Content-Type", "x-amzn-RequestId"))
            return Answer(response.content, response.status_code, kind, named)

        call, protocol = attempted(_headers(request), _body(request))
        if str(call) != operation:
            return answer_attempt(stubber, event_name, request, **more)
        number = len(seen)
        seen.append(operation)
        if number == 0 and fault.deletes:
            delete()
        if fault.wire in RAISED or (fault.paged and number >= PAGES):
            _raise(fault.wire, str(request.url))
        made = fault.answer(Attempt(call, protocol, number, lambda: told(fault, call, ask)))
        headers = HTTPHeaders()
        for name, value in made.headers.items():
            headers[name] = value
        return AWSResponse(str(request.url), made.status, headers, MockRawResponse(made.body))

    # It meets no call, but keeps `warm` from answering from memory.
    aws.faults.append(Skipped(operation, None, None, times=0))
    with patch.object(BotocoreStubber, "__call__", answer), patch("botocore.endpoint.time.sleep"):
        yield


def _raise(wire: Wire, url: str) -> NoReturn:
    raise RAISED.get(wire, ReadTimeoutError)(endpoint_url=url)


def _headers(request: AWSPreparedRequest) -> dict[str, str]:
    found = {name.title(): value for name, value in request.headers.items()}
    return {name: value.decode() if isinstance(value, bytes) else value for name, value in found.items()}


def _body(request: AWSPreparedRequest) -> bytes:
    body: Any = request.body or b""
    return body.encode() if isinstance(body, str) else bytes(body)
