"""What a CloudTrail management event can look like.

Every proof rests on the table in this module. `records` is the schema that is searched for a blind spot, with refused
calls as samples. `ordinary` are successful calls that every account makes all day.

Source: CloudTrail user guide, "CloudTrail record contents for management, data, and network activity events". How often
a field is there was counted in 2,900 records of the public data set invictus-ir/aws_dataset.
"""

from collections.abc import Iterable, Mapping

from filter_pattern import (
    ARRAY,
    BOOLEAN,
    NULL,
    OBJECT,
    STRING,
    And,
    Event,
    Field,
    FieldPath,
    Not,
    Or,
    Predicate,
    Records,
    equals,
)

DENIALS = (
    "AccessDenied",
    "AccessDeniedException",
    "Client.UnauthorizedOperation",
    "UnauthorizedOperation",
    "AccessDeniedFault",
    "AccessDeniedForDependencyException",
)
"""The errorCode of refused calls as CloudTrail records them, most frequent first."""

_OTHER_ERRORS = ("NoSuchBucket", "ThrottlingException", "ValidationException", "ResourceNotFoundException")

_REGIONS = ("ap-southeast-7", "mx-central-1", "eu-south-2", "us-gov-east-1", "cn-northwest-1", "eusc-de-east-1")
"""Regions that few accounts have enabled, for an example of an event in a region that is enabled later."""


def records(*, account: str, region: str | None, not_regions: Iterable[str] = ()) -> Records:
    """The management events of one account in one region. With `region=None`: in every region except `not_regions`."""
    elsewhere = tuple(not_regions)
    shown = region or next((name for name in _REGIONS if name not in elsewhere), "xx-future-1")
    fields: dict[FieldPath, Field] = {
        **_FIELDS,
        ("recipientAccountId",): Field(_STRING, always=True, values=(account,)),
        ("awsRegion",): Field(_STRING, always=True, values=(region,))
        if region
        else Field(_STRING, always=True, examples=(shown,)),
    }
    return Records(
        fields,
        samples=tuple(_in(event, account, shown) for event in _DENIED),
        where=And(*(Not(equals("awsRegion", name)) for name in elsewhere)),
        spare="userAgent",
    )


def ordinary(*, account: str, region: str) -> tuple[Event, ...]:
    """Successful calls that every account makes all day. A filter that counts one of them counts all day."""
    return tuple(_in(event, account, region) for event in _ORDINARY)


def own_call(region: str) -> Event:
    """A call that every evaluation makes: reading the trails of a region."""
    return _in(_call("cloudtrail", "DescribeTrails", _role("evaluator"), read_only=True), "000000000000", region)


GLOBAL_REGIONS = frozenset({"us-east-1", "us-gov-west-1", "cn-north-1"})
"""Where CloudTrail records the events of global services (CloudTrail user guide, "CloudTrail concepts")."""

GLOBAL_SERVICES: Predicate = Or(
    *(
        equals("eventSource", f"{service}.amazonaws.com")
        for service in ("iam", "sts", "cloudfront", "route53", "organizations", "signin")
    )
)
"""The events that a trail without global service events does not record."""

_STRING = frozenset({STRING})
_OBJECT = frozenset({OBJECT})
_ALWAYS = Field(_STRING, always=True)
_SOMETIMES = Field(_STRING)


def _always(*examples: str) -> Field:
    return Field(_STRING, always=True, examples=examples)


_FIELDS: Mapping[FieldPath, Field] = {
    ("eventVersion",): _always("1.11"),
    ("eventTime",): _ALWAYS,
    ("eventID",): _ALWAYS,
    ("eventSource",): _always("ec2.amazonaws.com", "s3.amazonaws.com", "kms.amazonaws.com", "iam.amazonaws.com"),
    ("eventName",): _always("RunInstances", "ListBuckets", "Decrypt", "CreateUser", "AssumeRole"),
    ("eventType",): _always("AwsApiCall", "AwsServiceEvent", "AwsConsoleAction", "AwsConsoleSignIn"),
    ("sourceIPAddress",): _always("198.51.100.7", "AWS Internal", "cloudformation.amazonaws.com"),
    ("eventCategory",): Field(_STRING, always=True, values=("Management",)),
    ("managementEvent",): Field(frozenset({BOOLEAN}), always=True, values=(True,)),
    ("readOnly",): Field(frozenset({BOOLEAN}), always=True),
    ("errorCode",): Field(_STRING, examples=DENIALS + _OTHER_ERRORS),
    ("errorMessage",): _SOMETIMES,
    ("userAgent",): Field(_STRING, examples=("aws-cli/2.31.0", "console.amazonaws.com")),
    ("requestID",): _SOMETIMES,
    ("sharedEventID",): _SOMETIMES,
    ("apiVersion",): _SOMETIMES,
    ("vpcEndpointId",): Field(_STRING, examples=("vpce-0a1b2c3d4e5f67890",)),
    ("vpcEndpointAccountId",): _SOMETIMES,
    ("sessionCredentialFromConsole",): Field(frozenset({STRING, NULL}), examples=("true",)),
    ("requestParameters",): Field(frozenset({OBJECT, NULL}), always=True),
    ("responseElements",): Field(frozenset({OBJECT, NULL}), always=True),
    ("additionalEventData",): Field(frozenset({OBJECT, NULL})),
    ("serviceEventDetails",): Field(frozenset({OBJECT, NULL})),
    ("tlsDetails",): Field(_OBJECT),
    ("addendum",): Field(_OBJECT),
    ("edgeDeviceDetails",): Field(frozenset({OBJECT, NULL})),
    ("resources",): Field(frozenset({ARRAY})),
    ("userIdentity",): Field(_OBJECT, always=True),
    ("userIdentity", "type"): Field(_STRING, examples=("IAMUser", "AssumedRole", "Root", "AWSService")),
    ("userIdentity", "principalId"): _SOMETIMES,
    ("userIdentity", "arn"): Field(_STRING, examples=("arn:aws:iam::111122223333:user/mallory",)),
    ("userIdentity", "accountId"): Field(_STRING, examples=("111122223333",)),
    ("userIdentity", "accessKeyId"): _SOMETIMES,
    ("userIdentity", "userName"): Field(_STRING, examples=("mallory",)),
    ("userIdentity", "invokedBy"): Field(_STRING, examples=("cloudformation.amazonaws.com",)),
    ("userIdentity", "identityProvider"): _SOMETIMES,
    ("userIdentity", "sessionContext"): Field(_OBJECT),
    ("userIdentity", "sessionContext", "sessionIssuer"): Field(_OBJECT),
    ("userIdentity", "sessionContext", "sessionIssuer", "type"): Field(_STRING, examples=("Role",)),
    ("userIdentity", "sessionContext", "sessionIssuer", "principalId"): _SOMETIMES,
    ("userIdentity", "sessionContext", "sessionIssuer", "arn"): _SOMETIMES,
    ("userIdentity", "sessionContext", "sessionIssuer", "accountId"): _SOMETIMES,
    ("userIdentity", "sessionContext", "sessionIssuer", "userName"): Field(_STRING, examples=("developer",)),
    ("userIdentity", "sessionContext", "attributes"): Field(_OBJECT),
    ("userIdentity", "sessionContext", "attributes", "mfaAuthenticated"): Field(_STRING, examples=("false", "true")),
    ("userIdentity", "sessionContext", "attributes", "creationDate"): _SOMETIMES,
}


def _in(event: Mapping[str, object], account: str, region: str) -> Event:
    """The sample as this account's trail would record it, with a caller of the same account."""
    identity = event["userIdentity"]
    if isinstance(identity, Mapping) and "accountId" in identity:
        who = f"{identity['arn']}".replace("111122223333", account)
        event = {**event, "userIdentity": {**identity, "accountId": account, "arn": who}}
    return {**event, "awsRegion": region, "recipientAccountId": account}


def _user(name: str) -> dict[str, object]:
    return {
        "type": "IAMUser",
        "principalId": "AIDAEXAMPLEEXAMPLE123",
        "arn": f"arn:aws:iam::111122223333:user/{name}",
        "accountId": "111122223333",
        "userName": name,
    }


def _role(name: str) -> dict[str, object]:
    return {
        "type": "AssumedRole",
        "principalId": "AROAEXAMPLEEXAMPLE123:session",
        "arn": f"arn:aws:sts::111122223333:assumed-role/{name}/session",
        "accountId": "111122223333",
        "sessionContext": {
            "sessionIssuer": {"type": "Role", "userName": name},
            "attributes": {"mfaAuthenticated": "false", "creationDate": "2026-01-01T11:00:00Z"},
        },
    }


def _service(name: str) -> dict[str, object]:
    return {"type": "AWSService", "invokedBy": f"{name}.amazonaws.com"}


def _call(
    service: str,
    name: str,
    identity: dict[str, object],
    *,
    read_only: bool,
    error: str | None = None,
    source_ip: str = "198.51.100.7",
    event_type: str = "AwsApiCall",
) -> dict[str, object]:
    failed = {"errorCode": error, "errorMessage": f"not authorized to perform: {service}:{name}"} if error else {}
    return {
        "eventVersion": "1.11",
        "userIdentity": identity,
        "eventTime": "2026-01-01T12:00:00Z",
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "awsRegion": "",
        "sourceIPAddress": source_ip,
        "userAgent": "aws-cli/2.31.0",
        **failed,
        "requestParameters": None,
        "responseElements": None,
        "requestID": "11111111-2222-3333-4444-555555555555",
        "eventID": "66666666-7777-8888-9999-000000000000",
        "readOnly": read_only,
        "eventType": event_type,
        "managementEvent": True,
        "recipientAccountId": "",
        "eventCategory": "Management",
    }


# The first that fits is shown as the example: what an intruder would do first, with the error code of each service.
_DENIED = (
    _call("secretsmanager", "GetSecretValue", _role("developer"), read_only=True, error="AccessDeniedException"),
    _call("kms", "Decrypt", _role("developer"), read_only=True, error="AccessDeniedException"),
    _call("s3", "PutBucketPolicy", _user("mallory"), read_only=False, error="AccessDenied"),
    _call("ec2", "RunInstances", _user("mallory"), read_only=False, error="Client.UnauthorizedOperation"),
    _call("ec2", "GetPasswordData", _role("developer"), read_only=True, error="Client.UnauthorizedOperation"),
    _call("cloudtrail", "StopLogging", _user("mallory"), read_only=False, error="AccessDeniedException"),
    _call("s3", "ListBuckets", _user("mallory"), read_only=True, error="AccessDenied"),
    _call("sts", "AssumeRole", _user("mallory"), read_only=True, error="AccessDenied"),
    _call("s3", "HeadBucket", _role("developer"), read_only=True, error="AccessDenied"),
)

_ORDINARY = (
    _call("sts", "AssumeRole", _service("lambda"), read_only=True, source_ip="lambda.amazonaws.com"),
    _call("sts", "GetCallerIdentity", _role("deployer"), read_only=True),
    _call("kms", "Decrypt", _role("application"), read_only=True),
    _call("kms", "GenerateDataKey", _service("cloudtrail"), read_only=True, source_ip="cloudtrail.amazonaws.com"),
    _call("ec2", "DescribeInstances", _role("inventory"), read_only=True),
    _call("ec2", "RunInstances", _service("autoscaling"), read_only=False, source_ip="autoscaling.amazonaws.com"),
    _call("logs", "CreateLogStream", _role("application"), read_only=False),
    _call("s3", "GetBucketAcl", _service("cloudtrail"), read_only=True, source_ip="cloudtrail.amazonaws.com"),
    _call("s3", "ListBuckets", _user("alice"), read_only=True),
    _call("cloudwatch", "DescribeAlarms", _role("monitoring"), read_only=True),
    _call("ssm", "UpdateInstanceInformation", _role("instance"), read_only=False),
    _call("dynamodb", "DescribeTable", _role("application"), read_only=True),
    _call("signin", "ConsoleLogin", _user("alice"), read_only=False, event_type="AwsConsoleSignIn"),
)
