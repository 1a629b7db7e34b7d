"""Calls as CloudTrail records them: refused ones, ordinary ones, and who makes them.

They follow the examples of the CloudTrail user guide ("CloudTrail userIdentity element", "CloudTrail log file
examples"), and records of public data sets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from filter_pattern import Event

ACCOUNT = "111122223333"
"""The account of the calls here; `in_account` puts another in its place."""

ENDING = ".amazonaws.com"
"""What follows the short name of a service in its eventSource."""

DENIALS = (
    "AccessDenied",
    "AccessDeniedException",
    "Client.UnauthorizedOperation",
    "UnauthorizedOperation",
    "AccessDeniedFault",
    "AccessDeniedForDependencyException",
)
"""The errorCode of refused calls as CloudTrail records them, most frequent first."""

OTHER_ERRORS = ("NoSuchBucket", "ThrottlingException", "ValidationException", "ResourceNotFoundException")


def in_account(event: Mapping[str, object], account: str, region: str) -> Event:
    """The call as this account's trail would record it in the region, with a caller of the same account."""
    placed = _of_account({**event, "awsRegion": region}, account)
    return {**placed, "recipientAccountId": account}


def _of_account(value: Mapping[str, object], account: str) -> dict[str, object]:
    placed: dict[str, object] = {}
    for name, inner in value.items():
        if isinstance(inner, Mapping):
            placed[name] = _of_account(inner, account)
        else:
            placed[name] = inner.replace(ACCOUNT, account) if isinstance(inner, str) else inner
    return placed


def user(name: str) -> dict[str, object]:
    """An IAM user who calls with an access key."""
    return {
        "type": "IAMUser",
        "principalId": "AIDAEXAMPLEEXAMPLE123",
        "arn": f"arn:aws:iam::{ACCOUNT}:user/{name}",
        "accountId": ACCOUNT,
        "accessKeyId": "AKIAIOSFODNN7EXAMPLE",
        "userName": name,
    }


def role(name: str, *, invoked_by: str | None = None) -> dict[str, object]:
    """A session of a role. `invoked_by`: the AWS service that calls on its behalf."""
    session = {
        "sessionIssuer": {
            "type": "Role",
            "principalId": "AROAEXAMPLEEXAMPLE123",
            "arn": f"arn:aws:iam::{ACCOUNT}:role/{name}",
            "accountId": ACCOUNT,
            "userName": name,
        },
        "attributes": {"mfaAuthenticated": "false", "creationDate": "2026-01-01T11:00:00Z"},
    }
    return {
        "type": "AssumedRole",
        "principalId": "AROAEXAMPLEEXAMPLE123:session",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/session",
        "accountId": ACCOUNT,
        "accessKeyId": "ASIAIOSFODNN7EXAMPLE",
        "sessionContext": session,
        **({"invokedBy": f"{invoked_by}{ENDING}"} if invoked_by else {}),
    }


def service(name: str) -> dict[str, object]:
    """An AWS service that calls by itself."""
    return {"type": "AWSService", "invokedBy": f"{name}{ENDING}"}


OTHER_ACCOUNT: dict[str, object] = {
    "type": "AWSAccount",
    "principalId": "AROAEXAMPLEEXAMPLE456:session",
    "accountId": "444455556666",
}
ROOT: dict[str, object] = {
    "type": "Root",
    "principalId": ACCOUNT,
    "arn": f"arn:aws:iam::{ACCOUNT}:root",
    "accountId": ACCOUNT,
    "accessKeyId": "AKIAIOSFODNN7EXAMPLE",
}
FEDERATED: dict[str, object] = {
    "type": "FederatedUser",
    "principalId": f"{ACCOUNT}:visitor",
    "arn": f"arn:aws:sts::{ACCOUNT}:federated-user/visitor",
    "accountId": ACCOUNT,
    "accessKeyId": "ASIAIOSFODNN7EXAMPLE",
    "sessionContext": {
        "sessionIssuer": {
            "type": "IAMUser",
            "principalId": "AIDAEXAMPLEEXAMPLE123",
            "arn": f"arn:aws:iam::{ACCOUNT}:user/mallory",
            "accountId": ACCOUNT,
            "userName": "mallory",
        },
        "attributes": {"mfaAuthenticated": "false", "creationDate": "2026-01-01T11:00:00Z"},
    },
}
WEB_IDENTITY: dict[str, object] = {
    "type": "WebIdentityUser",
    "principalId": "accounts.google.com:application:visitor",
    "userName": "visitor",
    "identityProvider": "accounts.google.com",
}

CALLERS: tuple[tuple[dict[str, object], str], ...] = (
    (role("developer"), "198.51.100.7"),
    (user("mallory"), "198.51.100.7"),
    (role("developer", invoked_by="cloudformation"), "cloudformation.amazonaws.com"),
    (service("cloudformation"), "cloudformation.amazonaws.com"),
    (OTHER_ACCOUNT, "198.51.100.7"),
    (ROOT, "198.51.100.7"),
    (FEDERATED, "198.51.100.7"),
)
"""Who may call, each with the address that the call comes from."""


def call(
    source: str,
    name: str,
    caller: Mapping[str, object],
    *,
    error: str | None = None,
    address: str = "198.51.100.7",
    event_type: str = "AwsApiCall",
    parameters: Mapping[str, object] | None = None,
) -> dict[str, object]:
    """A call's record. `source` is the eventSource without its ending. With `error`: a refused call."""
    failed = {"errorCode": error, "errorMessage": f"not authorized to perform: {source}:{name}"} if error else {}
    return {
        "eventVersion": "1.11",
        "userIdentity": caller,
        "eventTime": "2026-01-01T12:00:00Z",
        "eventSource": f"{source}{ENDING}",
        "eventName": name,
        "awsRegion": "",
        "sourceIPAddress": address,
        "userAgent": address if address.endswith(ENDING) else "aws-cli/2.31.0",
        **failed,
        "requestParameters": parameters,
        "responseElements": None,
        "requestID": "11111111-2222-3333-4444-555555555555",
        "eventID": "66666666-7777-8888-9999-000000000000",
        "readOnly": reads(name),
        "eventType": event_type,
        "managementEvent": True,
        "recipientAccountId": "",
        "eventCategory": "Management",
    }


def reads(operation: str) -> bool:
    """Whether an operation of this name probably only reads, as CloudTrail's readOnly says."""
    return operation.startswith(("Get", "List", "Describe", "Head", "Lookup", "Search", "AssumeRole")) or operation in (
        "Decrypt",
        "GenerateDataKey",
    )


def denial_of(source: str) -> str:
    """The errorCode with which a service refuses, as CloudTrail records it."""
    if source == "ec2":
        return "Client.UnauthorizedOperation"
    return "AccessDenied" if source in _WITHOUT_EXCEPTION else "AccessDeniedException"


_WITHOUT_EXCEPTION = {"s3", "iam", "sts", "rds", "sns", "ce", "organizations", "cloudformation", "autoscaling"}

_FAMILIAR = ("secretsmanager", "kms", "s3", "ec2", "cloudtrail", "sts", "iam", "lambda", "dynamodb", "ssm", "rds")


def familiar_first(services: Iterable[str], named_ones: Iterable[str] = ()) -> list[str]:
    """The services, by their eventSource, with those that are named first, then those that everybody knows."""
    order = [*named_ones, *(f"{name}{ENDING}" for name in _FAMILIAR)]
    return sorted(services, key=lambda service: order.index(service) if service in order else len(order))


BUCKET = {"bucketName": "example-bucket", "Host": "s3.amazonaws.com"}

# The first that fits is shown as the example: what an intruder would do first, with the error code of each service.
# Those at the end are the callers that many patterns forget.
DENIED = (
    call("secretsmanager", "GetSecretValue", role("developer"), error="AccessDeniedException"),
    call("kms", "Decrypt", role("developer"), error="AccessDeniedException"),
    call("s3", "PutBucketPolicy", user("mallory"), error="AccessDenied", parameters=BUCKET),
    call("ec2", "RunInstances", user("mallory"), error="Client.UnauthorizedOperation"),
    call("ec2", "GetPasswordData", role("developer"), error="Client.UnauthorizedOperation"),
    call("cloudtrail", "StopLogging", user("mallory"), error="AccessDeniedException"),
    call("s3", "ListBuckets", user("mallory"), error="AccessDenied"),
    call("sts", "AssumeRole", user("mallory"), error="AccessDenied"),
    call("s3", "HeadBucket", role("developer"), error="AccessDenied", parameters=BUCKET),
    *(call("sts", "AssumeRole", caller, error="AccessDenied", address=address) for caller, address in CALLERS[2:]),
    call("sts", "AssumeRoleWithWebIdentity", WEB_IDENTITY, error="AccessDenied"),
)

ORDINARY = (
    call("sts", "AssumeRole", service("lambda"), address="lambda.amazonaws.com"),
    call("sts", "GetCallerIdentity", role("deployer")),
    call("kms", "Decrypt", role("application")),
    call("kms", "GenerateDataKey", service("cloudtrail"), address="cloudtrail.amazonaws.com"),
    call("ec2", "DescribeInstances", role("inventory")),
    call("ec2", "RunInstances", service("autoscaling"), address="autoscaling.amazonaws.com"),
    call("logs", "CreateLogStream", role("application")),
    call("s3", "GetBucketAcl", service("cloudtrail"), address="cloudtrail.amazonaws.com", parameters=BUCKET),
    call("s3", "ListBuckets", user("alice")),
    call("monitoring", "DescribeAlarms", role("monitoring")),
    call("ssm", "UpdateInstanceInformation", role("instance")),
    call("dynamodb", "DescribeTable", role("application")),
    call("signin", "ConsoleLogin", user("alice"), event_type="AwsConsoleSignIn"),
)
