"""The calls that the code under test makes: recorded, delayed and answered with a fault, before moto answers them."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn
from unittest.mock import patch
from urllib.parse import unquote_plus

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.client import BaseClient
from botocore.compat import HTTPHeaders
from botocore.exceptions import ReadTimeoutError
from botocore.httpsession import URLLib3Session
from botocore.model import OperationModel
from moto.core.botocore_stubber import BotocoreStubber

from local.aws import iam
from local.aws.clients import sets_up
from local.aws.error_response import MESSAGE, error_response
from local.aws.extension.sts import account_of


@dataclass(frozen=True)
class Call:
    """A call that the code under test made; `service` is its prefix in IAM.

    account: whose credentials it was made with, if they are not the account's own. request: what was sent, as text.
    """

    service: str
    operation: str
    region: str
    account: str | None = None
    request: str = field(default="", repr=False, compare=False)

    def __str__(self) -> str:
        return f"{self.service}:{self.operation}"


@dataclass
class Fault:
    """The answer to a call instead of moto's, for the first `times` calls; a region of None is every region. With
    `about`, to calls whose request has this text.

    answer: returns what botocore takes for the parsed answer, or raises; used once for a call.
    error: the error code of the error response instead; used once for each attempt that the SDK makes.
    """

    call: str
    region: str | None
    answer: Callable[[Call], object] | None
    times: int | None = None
    error: str | None = None
    about: str = ""

    def meets(self, call: Call) -> bool:
        here = self.call == str(call) and self.region in (None, call.region)
        return here and self.times != 0 and self.about in call.request

    def spend(self) -> None:
        self.times = None if self.times is None else self.times - 1


@dataclass
class Calls:
    """What was called, and which calls fail.

    account: whose own credentials are not named in a Call. delay: seconds that every call takes longer.
    answered: when each call that is over was made and answered, on the monotonic clock.
    ended: the account is gone; a call that still waits then times out.
    role: whose credentials the account's own are; None where they are allowed everything.
    """

    account: str
    made: list[Call] = field(default_factory=list)
    answered: list[tuple[float, float]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    delay: float = 0.0
    ended: bool = False
    role: iam.Role | None = None

    def fault(self, call: Call) -> Fault | None:
        return next((fault for fault in self.faults if fault.meets(call)), None)

    def answer(
        self, client: BaseClient, model: OperationModel, request: dict[str, Any], parameters: Mapping[str, Any]
    ) -> object:
        """What botocore takes for the parsed answer; None where AWS, which is moto, is to answer."""
        service = _IAM_PREFIXES.get(model.service_model.signing_name, model.service_model.signing_name)
        account = account_of(_access_key(client))
        other = None if account == self.account else account
        call = Call(service, model.name, client.meta.region_name, other, _sent(request["body"]))
        self.made.append(call)
        if self.delay:
            time.sleep(self.delay)
        if self.ended:
            raise ReadTimeoutError(endpoint_url="a local AWS that has ended")
        fault = self.fault(call)
        if fault is None:
            return self.refusal(call, iam.Request(str(call), client.meta.partition, call.region, account, parameters))
        if fault.answer is None:
            request["headers"][_TO_FAIL] = (
                f"{service} {model.name} {call.region} {model.service_model.resolved_protocol}"
            )
            return None
        fault.spend()
        return fault.answer(call)

    def refusal(self, call: Call, asked: iam.Request) -> object:
        """The answer to a call that the role does not allow; None where it does, or where another role made it."""
        if self.role is None or call.account is not None or self.role.allows(asked):
            return None
        error = {"Code": "AccessDenied", "Message": MESSAGE}
        return AWSResponse("", 403, HTTPHeaders(), None), {"Error": error, "ResponseMetadata": {"HTTPStatusCode": 403}}

    def round_trips(self, after: int) -> int:
        """The longest row of calls each of which was made after the one before was answered; the first `after` calls
        do not count. With a `delay` that is longer than the machine's hesitations it is how many must wait."""
        count, last = 0, float("-inf")
        for began, ended in sorted(self.answered[after:], key=lambda times: times[1]):
            if began >= last:
                count, last = count + 1, ended
        return count

    def refuse(self, request: AWSPreparedRequest) -> AWSResponse | None:
        """The error response to one attempt of a call that is to fail."""
        service, operation, region, protocol = _text(request.headers[_TO_FAIL]).split()
        fault = self.fault(Call(service, operation, region, request=_sent(request.body)))
        if fault is None or fault.error is None:
            return None
        fault.spend()
        return error_response(protocol, fault.error)


_IAM_PREFIXES = {"monitoring": "cloudwatch"}
_TO_FAIL = "X-Local-Aws-To-Fail"
_PARAMETERS = "local_aws_parameters"

# Every call of every client goes through it; botocore's stubs do not have it.
_make_request: Callable[..., object] = BaseClient._make_request  # type: ignore[attr-defined]  # noqa: SLF001
_convert: Callable[..., dict[str, Any]] = BaseClient._convert_to_request_dict  # type: ignore[attr-defined]  # noqa: SLF001
_answer_attempt = BotocoreStubber.__call__


@contextmanager
def intercepted(calls: Calls) -> Iterator[None]:
    """Every client's calls go through `calls`, and none leaves this machine, until the context ends."""

    def make_request(client: BaseClient, model: OperationModel, request: dict[str, Any], context: Any) -> object:
        if sets_up(client):
            return _make_request(client, model, request, context)
        began = time.monotonic()
        try:
            answer = calls.answer(client, model, request, context[_PARAMETERS])
            return answer or _make_request(client, model, request, context)
        finally:
            calls.answered.append((began, time.monotonic()))

    def convert(client: BaseClient, **given: Any) -> dict[str, Any]:
        given["context"][_PARAMETERS] = given["api_params"]
        return _convert(client, **given)

    def answer_attempt(stubber: BotocoreStubber, event_name: str, request: AWSPreparedRequest, **more: Any) -> Any:
        refused = calls.refuse(request) if _TO_FAIL in request.headers else None
        return refused or _answer_attempt(stubber, event_name, request, **more)

    with (
        patch.object(BaseClient, "_make_request", make_request),
        patch.object(BaseClient, "_convert_to_request_dict", convert),
        patch.object(BotocoreStubber, "__call__", answer_attempt),
        patch.object(URLLib3Session, "send", _stay),
    ):
        try:
            yield
        finally:
            calls.ended = True


def _stay(_: URLLib3Session, request: AWSPreparedRequest) -> NoReturn:
    raise RuntimeError(f"A call would have left this machine: {request.method} {request.url}")


def _access_key(client: BaseClient) -> str:
    signer: Any = vars(client)["_request_signer"]  # botocore shows the credentials nowhere else
    key: str = signer._credentials.access_key  # noqa: SLF001
    return key


def _text(header: str | bytes) -> str:
    return header.decode() if isinstance(header, bytes) else header


def _sent(body: object) -> str:
    """A request's body, whatever its protocol, as text in which ARNs and names can be found."""
    return unquote_plus(body.decode(errors="replace") if isinstance(body, bytes) else str(body))
