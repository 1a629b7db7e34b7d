"""An error response as AWS sends it: the SDK parses it, and retries it where it retries AWS's own."""

import json

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from moto.core.botocore_stubber import MockRawResponse

MESSAGE = "SECRET-message"
"""AWS's messages quote principals and resources. Where this text appears, something was printed that must not be."""

_ERROR = f"<Error><Type>Sender</Type><Code>%s</Code><Message>{MESSAGE}</Message></Error>"
_XML = {
    "ec2": f"<Response><Errors>{_ERROR}</Errors><RequestID>0</RequestID></Response>",
    "query": f"<ErrorResponse>{_ERROR}<RequestId>0</RequestId></ErrorResponse>",
}


def error_response(protocol: str, code: str) -> AWSResponse:
    """The error code in the protocol that the SDK speaks with the service."""
    headers = HTTPHeaders()
    if protocol in _XML:
        body = _XML[protocol] % code
    else:
        body = json.dumps({"__type": code, "message": MESSAGE})
        headers["x-amzn-query-error"] = (
            f"{code};Sender"  # which the SDK reads of services that once spoke query: CloudWatch
        )
    return AWSResponse("", 400, headers, MockRawResponse(body))
