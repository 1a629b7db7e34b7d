"""A failed call is a value: no answer of AWS ends a run."""

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ParamValidationError, ReadTimeoutError

from blindspot.aws.errors import read
from blindspot.aws.response_fields import Malformed
from blindspot.model.snapshot import Unreadable

CALL, REGION = "sns:GetTopicAttributes", "eu-west-1"


@pytest.mark.parametrize(
    ("raised", "error", "denied"),
    [
        (ClientError({"Error": {"Code": "AuthorizationError"}}, "GetTopicAttributes"), "AuthorizationError", True),
        (ClientError({"Error": {"Code": "NotFound"}}, "GetTopicAttributes"), "NotFound", False),
        (ClientError({}, "GetTopicAttributes"), "Unknown", False),
        (ReadTimeoutError(endpoint_url="https://SECRET"), "Timeout", False),
        (EndpointConnectionError(endpoint_url="https://SECRET"), "EndpointConnectionError", False),
        (ParamValidationError(report="SECRET"), "ParamValidationError", False),
        (Malformed("Attributes"), "Malformed: Attributes", False),
        (OverflowError("SECRET"), "Malformed: OverflowError", False),
        (RecursionError("SECRET"), "Malformed: RecursionError", False),
        (KeyError("SECRET"), "Malformed: KeyError", False),
    ],
)
def test_whatever_fails_is_named_without_its_text(raised: Exception, error: str, denied: bool) -> None:
    def fail() -> str:
        raise raised

    assert read(CALL, REGION, fail) == Unreadable(CALL, REGION, error, denied)


def test_an_answer() -> None:
    assert read(CALL, REGION, lambda: "answer") == "answer"
