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
from local.aws.extension.sts import session_of
from local.aws.limits import Limit


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
    """The answer to a call instead of moto's, for the first `times` calls; a region or account of None is every one.
    With `about`, to calls whose request has this text.

    answer: returns what botocore takes for the parsed answer, or raises; used once for a call.
    error: the error code of the error response instead; used once for each attempt that the SDK makes.
    """

    call: str
    region: str | None
    answer: Callable[[Call], object] | None
    times: int | None = None
    error: str | None = None
    about: str = ""
    account: str | None = None

    def meets(self, call: Call) -> bool:
        """Whether it is this call, in this region; whose credentials it was made with, `Calls` knows."""
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
    roles: by ARN, the other roles that are not allowed everything.
    limits: how often calls may be made; each attempt beyond that is throttled.
    """

    account: str
    made: list[Call] = field(default_factory=list)
    answered: list[tuple[float, float]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    delay: float = 0.0
    ended: bool = False
    role: iam.Role | None = None
    roles: dict[str, iam.Role] = field(default_factory=dict)
    limits: list[Limit] = field(default_factory=list)

    def fault(self, call: Call) -> Fault | None:
        accounts = (None, call.account or self.account)
        return next((fault for fault in self.faults if fault.account in accounts and fault.meets(call)), None)

    def answer(
        self, client: BaseClient, model: OperationModel, request: dict[str, Any], parameters: Mapping[str, Any]
    ) -> object:
        """What botocore takes for the parsed answer; None where AWS, which is moto, is to answer."""
        service = _IAM_PREFIXES.get(model.service_model.signing_name, model.service_model.signing_name)
        session = session_of(_access_key(client))
        account = session.account_id if session else self.account
        other = None if account == self.account else account
        call = Call(service, model.name, client.meta.region_name, other, _sent(request["body"]))
        self.made.append(call)
        if self.delay:
            time.sleep(self.delay)
        if self.ended:
            raise ReadTimeoutError(endpoint_url="a local AWS that has ended")
        fault = self.fault(call)
        if fault and fault.answer:
            fault.spend()
            return fault.answer(call)
        if fault is None:
            role = self.roles.get(session.role_arn) if session else self.role
            asked = iam.Request(str(call), client.meta.partition, call.region, account, parameters)
            if refusal := self.refusal(role, asked):
                return refusal
        if fault or any(limit.meets(str(call), account) for limit in self.limits):
            protocol = model.service_model.resolved_protocol
            request["headers"][_TO_FAIL] = f"{service} {model.name} {call.region} {account} {protocol}"
        return None

    def refusal(self, role: iam.Role | None, asked: iam.Request) -> object:
        """The answer to a call that the role does not allow; None where it does."""
        if role is None or role.allows(asked):
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
        """The error response to one attempt of a call that is to fail, or that is one too many."""
        service, operation, region, account, protocol = _text(request.headers[_TO_FAIL]).split()
        call = Call(service, operation, region, account, _sent(request.body))
        fault = self.fault(call)
        if fault and fault.error:
            fault.spend()
            return error_response(protocol, fault.error)
        # Each limit counts, also where another one throttles the attempt.
        throttled = [limit.error for limit in self.limits if not limit.allows(str(call), region, account)]
        return error_response(protocol, throttled[0]) if throttled else None


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
