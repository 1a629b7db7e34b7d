"""Why AWS did not give an answer: which errors mean refused, missing or unknown, and a failed call as a value.

What is retried, and how often, is `client.CONFIG`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from botocore.exceptions import (
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's own, which does not derive from Python's
    ConnectTimeoutError,
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
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
"""Error codes that say: the identity is known, but not allowed.

A region that is not enabled answers UnrecognizedClientException, InvalidClientTokenId or AuthFailure instead: there
our credentials are not known at all, and no permission would help.
"""

NO_SUCH_RESOURCE = frozenset({"NotFound", "NotFoundException", "ResourceNotFound", "ResourceNotFoundException"})
"""What SNS, KMS, CloudWatch and CloudWatch Logs answer for a topic, key, alarm or log group that does not exist."""

NO_SUCH_OPERATION = frozenset({"InvalidAction", "UnknownOperationException", "UnknownOperation"})
"""What a service answers where it does not have the operation, or not yet in that region."""


class CallFailed(Exception):
    """An AWS call without which the run cannot go on. Names the operation, the region and AWS's error code; never
    AWS's or the SDK's message, which may quote what was sent."""

    def __init__(self, failure: Unreadable) -> None:
        super().__init__(f"{failure.call} in {failure.region}: {failure.error}")
        self.failure = failure


def read(call: str, region: str, answer: Callable[[], T]) -> T | Unreadable:
    """What `answer` returns, or why AWS did not give it. Anything that is not AWS's doing rises."""
    denied = False
    try:
        return answer()
    except ClientError as refusal:
        error = str(refusal.response.get("Error", {}).get("Code") or "Unknown")
        denied = error in REFUSED
    except (ConnectTimeoutError, ReadTimeoutError):
        error = "Timeout"
    except (ConnectionError, HTTPClientError, NoCredentialsError, CredentialRetrievalError) as failure:
        error = type(failure).__name__
    except NoAnswer as failure:
        error = str(failure)
    return Unreadable(call, region, error, denied)
