"""What a CloudTrail management event can look like.

Every proof rests on the table in this module, and on the invariants in `cloudtrail_laws`. `records` is the schema that
is searched for a blind spot, with refused calls as samples. `ordinary` are successful calls that every account makes
all day.

Source: CloudTrail user guide, "CloudTrail record contents for management, data, and network activity events". How often
a field is there was counted in 2,900 records of the public data set invictus-ir/aws_dataset.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from blindspot.model.cloudtrail_calls import DENIALS, DENIED, ORDINARY, OTHER_ERRORS, call, in_account, role
from blindspot.model.cloudtrail_examples import Recorded
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

_REGIONS = ("ap-southeast-7", "mx-central-1", "eu-south-2", "us-gov-east-1", "cn-northwest-1", "eusc-de-east-1")
"""Regions that few accounts have enabled, for an example of an event in a region that is enabled later."""


def records(*, account: str | None, region: str | None, not_regions: Iterable[str] = ()) -> Records:
    """The management events of one account in one region. With `account=None`: of every account. With `region=None`: in
    every region except `not_regions`."""
    elsewhere, of = tuple(not_regions), "000000000000" if account is None else account
    shown = region or next((name for name in _REGIONS if name not in elsewhere), "xx-future-1")
    fields: dict[FieldPath, Field] = {
        **_FIELDS,
        ("recipientAccountId",): Field(_STRING, always=True, values=(account,)) if account is not None else _ALWAYS,
        ("awsRegion",): Field(_STRING, always=True, values=(region,))
        if region
        else Field(_STRING, always=True, examples=(shown,)),
    }
    return Records(
        fields,
        samples=_denied(of, shown),
        where=And(*(Not(equals("awsRegion", name)) for name in elsewhere)),
        spare="userAgent",
        knowledge=Recorded(of, shown),
    )


@lru_cache(100)
def _denied(account: str, region: str) -> tuple[Event, ...]:
    return tuple(in_account(event, account, region) for event in DENIED)


@lru_cache(100)
def ordinary(*, account: str, region: str) -> tuple[Event, ...]:
    """Successful calls that every account makes all day. A filter that counts one of them counts all day."""
    return tuple(in_account(event, account, region) for event in ORDINARY)


def own_call(region: str) -> Event:
    """A call that every evaluation makes: reading the trails of a region."""
    return in_account(call("cloudtrail", "DescribeTrails", role("evaluator")), "000000000000", region)


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
    ("errorCode",): Field(_STRING, examples=DENIALS + OTHER_ERRORS),
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
