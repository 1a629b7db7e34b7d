"""Failed calls to AWS as values, and which error codes mean refused, missing or unknown.

What is retried, and how often, is `client.CONFIG`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    ReadTimeoutError,
)

from blindspot.aws.response_fields import NoAnswer
from blindspot.model.snapshot import Unreadable

T = TypeVar("T")

REFUSED = frozenset(
    {
        "AccessDenied",  # query protocol: STS, CloudWatch (Common Errors of each API reference)
        "AccessDeniedException",  # JSON protocol: CloudTrail, Logs, Config, EventBridge
        "UnauthorizedOperation",  # EC2 (API reference, Error codes)
        "AuthorizationError",  # SNS (API reference, GetTopicAttributes)
        "AuthorizationErrorException",  # the same under the name of its shape
        "NotAuthorized",  # Common Errors, older services
    }
)
"""Error codes that mean: AWS knows the identity, but does not allow the call.

A region that is not enabled returns UnrecognizedClientException, InvalidClientTokenId or AuthFailure instead. It does
not know our credentials, and no permission would help.
"""

NO_SUCH_RESOURCE = {
    "cloudwatch": ("ResourceNotFound", "ResourceNotFoundException"),
    "kms": ("NotFoundException",),
    "logs": ("ResourceNotFoundException",),
    "ssm": ("ParameterNotFound",),
    "sns": ("NotFound", "ResourceNotFound"),
}
"""By service, the error codes for a resource that does not exist (API references, Errors of the operations)."""

NO_SUCH_OPERATION = frozenset({"InvalidAction", "UnknownOperationException", "UnknownOperation"})
"""The error codes of a service that does not have the operation, or not yet in that region."""


class CallFailed(Exception):
    """Raised if an AWS call fails without which the run cannot continue. Names the operation, the region and AWS's
    error code, but never the message of AWS or the SDK, which may quote what was sent.

    about: what the call was about, such as a rule.
    """

    def __init__(self, failure: Unreadable, about: str = "") -> None:
        super().__init__(f"{failure.call} in {failure.region}: {failure.error}" + (f" ({about})" if about else ""))
        self.failure = failure


def error_code(response: ClientError) -> str:
    """The error code of an error response."""
    details = response.response.get("Error")
    return str((isinstance(details, dict) and details.get("Code")) or "Unknown")


def read(call: str, region: str, answer: Callable[[], T]) -> T | Unreadable:
    """What `answer` returns, or Unreadable if it could not be had: no answer of AWS ends a run."""
    denied = False
    try:
        return answer()
    except ClientError as refusal:
        error = error_code(refusal)
        denied = error in REFUSED
    except (ConnectTimeoutError, ReadTimeoutError):
        error = "Timeout"
    except BotoCoreError as failure:  # whose message may quote the parameters
        error = type(failure).__name__
    except NoAnswer as failure:
        error = str(failure)
    except Exception as failure:  # noqa: BLE001 (an answer that nobody has thought of)
        error = f"Malformed: {type(failure).__name__}"
    return Unreadable(call, region, error, denied)


def is_missing(failure: Unreadable) -> bool:
    """Whether the call failed because the resource does not exist."""
    return failure.error in NO_SUCH_RESOURCE.get(failure.call.split(":")[0], ())


def is_throttled(failure: Unreadable) -> bool:
    """Whether the call failed because of a limit of calls in a time, and may succeed later."""
    others = ("TooManyRequestsException", "RequestLimitExceeded", "SlowDown")
    return "Throttl" in failure.error or failure.error in others
