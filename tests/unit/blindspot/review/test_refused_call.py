"""Who called, and what AWS says of the policy: tables of the identities that CloudTrail documents and of AWS's
wordings, and what holds for any event."""

import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blindspot.model.cloudtrail_calls import (
    CALLERS,
    DENIED,
    FEDERATED,
    OTHER_ACCOUNT,
    ROOT,
    WEB_IDENTITY,
    in_account,
    role,
    service,
    user,
)
from blindspot.review.refused_call import (
    ARN,
    INVOKED_BY,
    ISSUER_ARN,
    LONGEST_TEXT,
    OWN_CALLS,
    Caller,
    Refusal,
    RefusedCall,
    refusal,
    refused_call,
)
from filter_pattern import And, Event, parse

ACCOUNT, OTHER = "111122223333", "444455556666"
BY_HAND = "198.51.100.7"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role"


def of(identity: object = None, **fields: object) -> RefusedCall:
    return refused_call({"userIdentity": identity, "sourceIPAddress": BY_HAND, **fields}, ACCOUNT)


def arn(kind: str, name: str, account: str = ACCOUNT, service: str = "iam") -> str:
    return f"arn:aws:{service}::{account}:{kind}/{name}"


def in_a_path(path: str) -> dict[str, Any]:
    session = {"sessionIssuer": {"type": "Role", "arn": arn("role", path), "userName": "deploy"}}
    return {**role("deploy"), "sessionContext": session}


def without_issuer(name: str = "deploy", session: str = "one") -> dict[str, object]:
    return {"type": "AssumedRole", "arn": f"{SESSION}/{name}/{session}", "accountId": ACCOUNT}


IDENTITIES: tuple[tuple[object, Caller], ...] = (
    (role("deploy"), Caller("role", "deploy", ACCOUNT, ISSUER_ARN, arn("role", "deploy"))),
    (in_a_path("ci/prod/deploy"), Caller("role", "deploy", ACCOUNT, ISSUER_ARN, arn("role", "ci/prod/deploy"))),
    (in_a_path("c*/deploy"), Caller("role", "deploy", ACCOUNT, ARN, f"{SESSION}/deploy/*")),  # a * would be a wildcard
    (role("deploy", invoked_by="athena"), Caller("role", "deploy", ACCOUNT, ISSUER_ARN, arn("role", "deploy"))),
    (
        role("aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"),
        Caller(
            "role",
            "AWSServiceRoleForConfig",
            ACCOUNT,
            ISSUER_ARN,
            arn("role", "aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"),
        ),
    ),
    (without_issuer(), Caller("role", "deploy", ACCOUNT, ARN, f"{SESSION}/deploy/*")),
    ({"type": "Role", "arn": arn("role", "deploy")}, Caller("role", "deploy", ACCOUNT, ARN, arn("role", "deploy"))),
    (
        {"type": "AssumedRole", "arn": f"arn:aws-cn:sts::{OTHER}:assumed-role/x+=,.@_-/s"},
        Caller("role", "x+=,.@_-", OTHER, ARN, f"arn:aws-cn:sts::{OTHER}:assumed-role/x+=,.@_-/*"),
    ),
    (user("mallory"), Caller("user", "mallory", ACCOUNT, ARN, arn("user", "mallory"))),
    (user("hr/mallory"), Caller("user", "mallory", ACCOUNT, ARN, arn("user", "hr/mallory"))),
    ({"type": "IAMUser", "userName": "bob", "accountId": ACCOUNT}, Caller("user", "bob", ACCOUNT, None, "")),
    ({"type": "IAMUser", "principalId": "AIDA1"}, Caller("user", "AIDA1", "", None, "")),
    ({"type": "IAMUser"}, Caller("user", "unknown", "", None, "")),
    (ROOT, Caller("root", "root", ACCOUNT, ARN, f"arn:aws:iam::{ACCOUNT}:root")),
    ({"type": "Root", "accountId": ACCOUNT}, Caller("root", "root", ACCOUNT, None, "")),
    (FEDERATED, Caller("other", "visitor", ACCOUNT, ARN, arn("federated-user", "visitor", service="sts"))),
    (
        service("cloudformation"),
        Caller("service", "cloudformation.amazonaws.com", "", INVOKED_BY, "cloudformation.amazonaws.com"),
    ),
    ({"type": "AWSService", "invokedBy": "AWS Internal"}, Caller("service", "AWS Internal", "", None, "")),
    ({"type": "AWSService"}, Caller("service", BY_HAND, "", None, "")),
    (OTHER_ACCOUNT, Caller("other", "AROAEXAMPLEEXAMPLE456", OTHER, None, "")),
    ({"type": "AWSAccount", "principalId": "", "accountId": OTHER}, Caller("other", OTHER, OTHER, None, "")),
    (
        {"type": "AWSAccount", "principalId": "", "accountId": "ANONYMOUS_PRINCIPAL"},
        Caller("other", "AWSAccount", "", None, ""),
    ),
    (WEB_IDENTITY, Caller("other", "visitor", "", None, "")),
    (
        {"type": "SAMLUser", "principalId": "zJp:alice@example.com", "userName": "alice@example.com"},
        Caller("other", "alice@example.com", "", None, ""),
    ),
    (
        {"type": "IdentityCenterUser", "accountId": ACCOUNT, "onBehalfOf": {"userId": "544894e8"}, "credentialId": "b"},
        Caller("other", "544894e8", ACCOUNT, None, ""),
    ),
    (
        {"type": "Directory", "userName": "eve", "accountId": ACCOUNT, "principalId": "p"},
        Caller("other", "eve", ACCOUNT, None, ""),
    ),
    ({"type": "Unknown"}, Caller("other", "Unknown", "", None, "")),
    ({"invokedBy": "sqs.amazonaws.com"}, Caller("service", "sqs.amazonaws.com", "", None, "")),
    ({}, Caller("other", "unknown", "", None, "")),
    (None, Caller("other", "unknown", "", None, "")),
    ("root", Caller("other", "unknown", "", None, "")),
    ([{"type": "Root"}], Caller("other", "unknown", "", None, "")),
    ({"type": {"a": 1}, "arn": 7, "sessionContext": [], "accountId": 1}, Caller("other", "unknown", "", None, "")),
    ({"type": "AssumedRole", "arn": f"{SESSION}/deploy/a*b"}, Caller("other", "AssumedRole", "", None, "")),
    ({"type": "AssumedRole", "arn": f"{SESSION}/de*/one"}, Caller("other", "AssumedRole", "", None, "")),
    (
        {"type": "AssumedRole", "arn": f"{SESSION}/deploy", "accountId": "1"},
        Caller("other", "AssumedRole", "", None, ""),
    ),
)


@pytest.mark.parametrize(("identity", "caller"), IDENTITIES)
def test_a_caller_is_named_without_the_session(identity: object, caller: Caller) -> None:
    assert of(identity).caller == caller


@pytest.mark.parametrize(
    ("identity", "address", "caller"),
    [
        (
            {"type": "AWSService"},
            "delivery.logs.amazonaws.com",
            Caller("service", "delivery.logs.amazonaws.com", "", ("sourceIPAddress",), "delivery.logs.amazonaws.com"),
        ),
        ({"type": "AssumedRole"}, "ecs.amazonaws.com", Caller("service", "ecs.amazonaws.com", "", None, "")),
        (None, "ec2.amazonaws.com.cn", Caller("service", "ec2.amazonaws.com.cn", "", None, "")),
        (None, "ec2.amazonaws.com.example.com", Caller("other", "unknown", "", None, "")),
        ({"type": "AWSService"}, "x.amazonaws.com.cn.y", Caller("service", "x.amazonaws.com.cn.y", "", None, "")),
        (role("deploy"), "athena.amazonaws.com", Caller("role", "deploy", ACCOUNT, ISSUER_ARN, arn("role", "deploy"))),
        ({"type": "AWSAccount", "accountId": OTHER}, "athena.amazonaws.com", Caller("other", OTHER, OTHER, None, "")),
        ({"userName": "u"}, "athena.amazonaws.com", Caller("other", "u", "", None, "")),
        ({"principalId": "p:s"}, "athena.amazonaws.com", Caller("other", "p", "", None, "")),
    ],
)  # fmt: skip
def test_a_service_may_be_named_by_the_address_only(identity: object, address: str, caller: Caller) -> None:
    assert of(identity, sourceIPAddress=address).caller == caller


def test_a_service_is_told_apart_from_what_it_does_for_a_role() -> None:
    [kind, name] = of(service("athena")).caller.tests
    by_itself, for_a_role = {"userIdentity": service("athena")}, {"userIdentity": role("deploy", invoked_by="athena")}
    assert name.matches(by_itself)
    assert name.matches(for_a_role)
    assert kind.matches(by_itself)
    assert not kind.matches(for_a_role)
    assert of({"type": "Unknown"}).caller.tests == ()
    [test] = of(role("deploy")).caller.tests
    assert str(test) == f'($.userIdentity.sessionContext.sessionIssuer.arn = "{arn("role", "deploy")}")'


NAMES = st.text(st.sampled_from("ab-_=,.@+"), min_size=1, max_size=4)
PLACES = st.sampled_from((ACCOUNT, OTHER))


@st.composite
def identities(draw: st.DrawFn) -> Event:
    """An identity as CloudTrail documents it, with a session, and an address that belongs to it."""
    kind = draw(st.sampled_from(("role", "path", "no issuer", "user", "service", "by address", "root", "federated")))
    name, account, session = draw(NAMES), draw(PLACES), draw(NAMES)
    made: dict[str, Mapping[str, object]] = {
        "role": {**role(name, invoked_by=draw(st.sampled_from((None, "athena")))), "principalId": f"AROA:{session}"},
        "path": role(f"p/{name}"),
        "no issuer": without_issuer(name, session),
        "user": user(name),
        "service": service(f"s{len(name)}"),
        "by address": {"type": "AWSService"},
        "root": ROOT,
        "federated": {**FEDERATED, "arn": arn("federated-user", name, service="sts")},
    }
    address = f"s{len(name)}.amazonaws.com" if kind in ("service", "by address") else BY_HAND
    return in_account({"userIdentity": made[kind], "sourceIPAddress": address}, account, "us-east-1")


@given(identities(), identities())
def test_the_tests_of_a_caller_are_true_for_its_calls_and_for_no_others(one: Event, other: Event) -> None:
    first, second = refused_call(one, ACCOUNT).caller, refused_call(other, ACCOUNT).caller
    written = parse(f"{{ {And(*first.tests)} }}")
    assert written.matches(one)
    if first == second:
        assert written.matches(other)
    elif first[:3] != second[:3]:
        assert not written.matches(other)


ANY = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["type", "arn", "x"]), inner),
    max_leaves=4,
)
FIELDS = [
    *(
        "userIdentity",
        "eventSource",
        "eventName",
        "errorCode",
        "errorMessage",
        "readOnly",
        "managementEvent",
        "eventID",
    ),
    *("eventCategory", "awsRegion", "sourceIPAddress", "eventType", "userAgent", "sessionCredentialFromConsole"),
]


@given(st.dictionaries(st.sampled_from(FIELDS), ANY))
def test_any_object_is_counted(event: Event) -> None:
    call = refused_call(event, ACCOUNT)
    hash((call.caller, call.service, call.call, call.code, call.refusal))
    for text in (call.service, call.call, call.code, call.region, call.address, call.event_id, call.caller.name):
        assert text.encode().decode() == text


def test_every_field_is_read() -> None:
    event = {
        **DENIED[0],
        "userIdentity": role("deploy"),
        "awsRegion": "eu-west-1",
        "eventID": "one",
        "errorMessage": "because no identity-based policy allows the kms:Decrypt action",
    }
    assert refused_call(event, ACCOUNT) == RefusedCall(
        caller=Caller("role", "deploy", ACCOUNT, ISSUER_ARN, arn("role", "deploy")),
        service="secretsmanager.amazonaws.com",
        call="GetSecretValue",
        code="AccessDeniedException",
        refusal=Refusal("identity-based policy", False, None),
        read_only=True,
        management=True,
        region="eu-west-1",
        address=BY_HAND,
        event_id="one",
        person=False,
        outside=False,
        console=False,
        own=False,
    )


def test_a_text_is_cut_and_can_be_written() -> None:
    assert len(of(eventName="a" * (LONGEST_TEXT + 1)).call) == LONGEST_TEXT == 1000
    assert of(eventName="a" * LONGEST_TEXT).call == "a" * LONGEST_TEXT
    assert of(eventName="x\ud800y").call == "x?y"
    assert of(eventName="é").call == "é"


@pytest.mark.parametrize(
    ("fields", "read_only", "management"),
    [
        ({"readOnly": True, "managementEvent": True, "eventCategory": "Management"}, True, True),
        ({"readOnly": False, "managementEvent": False, "eventCategory": "Data"}, False, False),
        ({"managementEvent": False}, None, False),
        ({"eventCategory": "NetworkActivity"}, None, False),
        ({"eventCategory": ["NetworkActivity"]}, None, True),
        ({"eventCategory": ""}, None, True),
        ({"managementEvent": True}, None, True),
        ({"readOnly": "true"}, None, True),
        ({}, None, True),
    ],
)
def test_what_the_event_does_not_say_is_not_known(
    fields: dict[str, object], read_only: bool | None, management: bool
) -> None:
    call = of(**fields)
    assert (call.read_only, call.management) == (read_only, management)


def with_mfa(value: object) -> dict[str, object]:
    session = {"attributes": {"mfaAuthenticated": value}}
    return {**without_issuer(), "sessionContext": session}


def in_session(**fields: object) -> dict[str, object]:
    made: Any = role("deploy")
    return {**made, "sessionContext": {**made["sessionContext"], **fields}}


@pytest.mark.parametrize(
    ("identity", "person"),
    [
        (role("deploy"), False),
        (without_issuer(), False),
        (with_mfa("true"), True),
        (with_mfa(True), True),
        (with_mfa("false"), False),
        (role("AWSReservedSSO_Admin_0123"), True),
        (role("aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0123"), True),
        (role("my-AWSReservedSSO_Admin"), False),
        (without_issuer(session="alice@example.com"), True),
        ({**role("deploy"), "principalId": "AROA1:alice@example.com"}, True),
        ({**role("deploy"), "principalId": "AROA1:alice"}, False),
        (role("a@b"), False),
        (in_session(sourceIdentity="alice"), True),
        (in_session(sourceIdentity=""), False),
        (
            in_session(webIdFederationData={"federatedProvider": "cognito-identity.amazonaws.com", "attributes": {}}),
            True,
        ),
        (in_session(webIdFederationData={"federatedProvider": "accounts.google.com"}), True),
        (
            in_session(webIdFederationData={"federatedProvider": f"arn:aws:iam::{ACCOUNT}:oidc-provider/oidc.eks"}),
            False,
        ),
        (in_session(webIdFederationData={"federatedProvider": ""}), False),
        (in_session(webIdFederationData={}), False),
        (
            {**role("deploy"), "onBehalfOf": {"userId": "1234", "identityStoreArn": "arn:aws:identitystore::1:x/y"}},
            True,
        ),
        ({**role("deploy"), "onBehalfOf": None}, False),
        (user("mallory"), True),
        ({"type": "IAMUser"}, True),
        (ROOT, True),
        ({"type": "Root"}, True),
        (FEDERATED, True),
        ({"type": "SAMLUser"}, True),
        ({"type": "IdentityCenterUser"}, True),
        ({"type": "Directory"}, True),
        (WEB_IDENTITY, False),
        (OTHER_ACCOUNT, False),
        (service("athena"), False),
        (None, False),
    ],
)
def test_a_person_is_recognized(identity: object, person: bool) -> None:
    assert of(identity).person is person


@pytest.mark.parametrize(
    ("fields", "console", "person"),
    [
        ({}, False, False),
        ({"sessionCredentialFromConsole": "true"}, True, True),
        ({"sessionCredentialFromConsole": True}, True, True),
        ({"sessionCredentialFromConsole": "false"}, False, False),
        ({"sessionCredentialFromConsole": None}, False, False),
        ({"eventType": "AwsConsoleAction"}, True, True),
        ({"eventType": "AwsConsoleSignIn"}, True, True),
        ({"eventType": "AwsApiCall"}, False, False),
        ({"userAgent": "console.amazonaws.com"}, False, True),
        ({"userAgent": "signin.amazonaws.com"}, False, True),
        ({"userAgent": "not-console.amazonaws.com"}, False, False),
    ],
)
def test_a_user_agent_makes_a_person_but_not_a_console(fields: dict[str, object], console: bool, person: bool) -> None:
    call = of(role("deploy"), **fields)
    assert (call.console, call.person) == (console, person)


@pytest.mark.parametrize(
    ("identity", "outside"),
    [
        (role("deploy"), False),
        (in_account({"i": role("deploy")}, OTHER, "")["i"], True),
        (OTHER_ACCOUNT, True),
        ({"type": "AWSAccount", "accountId": ACCOUNT}, False),
        (WEB_IDENTITY, True),
        (service("athena"), False),
        (None, True),
    ],
)
def test_a_caller_of_another_account_or_of_none_is_outside(identity: object, outside: bool) -> None:
    assert of(identity).outside is outside


@pytest.mark.parametrize(
    ("source", "call", "agent", "own"),
    [
        ("cloudtrail", "GetTrailStatus", "Boto3/1.43 md/Botocore#1.43 blindspot", True),
        ("cloudtrail", "GetTrailStatus", "[Boto3/1.43 blindspot]", True),
        ("cloudtrail", "GetTrailStatus", "Boto3/1.43", False),
        ("cloudtrail", "GetTrailStatus", "Boto3/1.43 not-blindspot", False),
        ("cloudtrail", "StopLogging", "Boto3/1.43 blindspot", False),
        ("iam", "GetTrailStatus", "Boto3/1.43 blindspot", False),
        ("monitoring", "DescribeAlarms", "blindspot", True),
    ],
)
def test_own_calls_are_calls_that_blindspot_makes(source: str, call: str, agent: str, own: bool) -> None:
    assert of(eventSource=f"{source}.amazonaws.com", eventName=call, userAgent=agent).own is own


def test_every_permission_of_the_stack_is_an_own_call() -> None:
    template = (Path(__file__).parents[4] / "template.yaml").read_text()
    # What ends in a colon is a condition key, and so is what begins with aws.
    named = re.findall(r"(?<![\w:-])(?!aws:)([a-z0-9-]+):([A-Z][A-Za-z]+)\b(?!:)", template)
    assert len(named) > 40
    for name, call in named:
        service = "monitoring" if name == "cloudwatch" else name
        assert call in OWN_CALLS[f"{service}.amazonaws.com"]


AUTHOR = "User: arn:aws:iam::123456789012:user/John is not authorized to perform: s3:GetObject"
ON = f'{AUTHOR} on resource: "arn:aws:s3:::amzn-s3-demo-bucket1/name"'
SCP = "arn:aws:organizations::987654321098:policy/o-qv5af4abcd/service_control_policy/p-2kgnabcd"
QUARANTINE = "arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3"

WORDINGS = (
    ("because no identity-based policy allows the s3:GetObject action", Refusal("identity-based policy", False)),
    ("because no resource-based policy allows the s3:GetObject action", Refusal("resource-based policy", False)),
    ("because no role trust policy allows the sts:AssumeRole action", Refusal("resource-based policy", False)),
    ("because no permissions boundary allows the s3:GetObject action", Refusal("permissions boundary", False)),
    ("because no session policy allows the s3:GetObject action", Refusal("session policy", False)),
    ("because no service control policy allows the s3:GetObject action", Refusal("service control policy", False)),
    ("because no resource control policy allows the s3:GetObject action", Refusal("resource control policy", False)),
    ("because no VPC endpoint policy allows the s3:GetObject action", Refusal("VPC endpoint policy", False)),
    ("with an explicit deny in an identity-based policy", Refusal("identity-based policy", True)),
    ("with an explicit deny in a resource-based policy", Refusal("resource-based policy", True)),
    ("with an explicit deny in the role trust policy", Refusal("resource-based policy", True)),
    ("with an explicit deny in a permissions boundary", Refusal("permissions boundary", True)),
    ("with an explicit deny in a session policy", Refusal("session policy", True)),
    ("with an explicit deny in a sessions policy", Refusal("session policy", True)),
    ("with an explicit deny in a service control policy", Refusal("service control policy", True)),
    ("with an explicit deny in a resource control policy", Refusal("resource control policy", True)),
    ("with an explicit deny in a VPC endpoint policy", Refusal("VPC endpoint policy", True)),
    ("with an explicit deny", Refusal("", True)),
    ("with an explicit deny in a policy of a new kind", Refusal("", True)),
    ("because no policy of a new kind allows the s3:GetObject action", Refusal()),
    ("because no identity-based policy knows the s3:GetObject action", Refusal()),
    (f"with an explicit deny in a service control policy: {SCP}", Refusal("service control policy", True, SCP)),
    (f"with an explicit deny in a service control policy: {SCP}.", Refusal("service control policy", True, SCP)),
    ("with an explicit deny in an identity-based policy: Deny", Refusal("identity-based policy", True)),
    (
        f"with an explicit deny in an identity-based policy: {QUARANTINE}. Encoded authorization failure message: GHi3",
        Refusal("identity-based policy", True, QUARANTINE),
    ),
    (
        f"because no permissions boundary allows the s3:GetObject action: {QUARANTINE}",
        Refusal("permissions boundary", False, QUARANTINE),
    ),
    ("because public policies are blocked by the BlockPublicPolicy setting in S3 Block Public Access", Refusal()),
)


@pytest.mark.parametrize("start", [f"{AUTHOR} ", f"{ON} ", f"You are not authorized to perform this operation. {ON} "])
@pytest.mark.parametrize(("wording", "found"), WORDINGS)
def test_the_policy_is_read_from_every_wording(start: str, wording: str, found: Refusal) -> None:
    assert refusal(start + wording) == found


@pytest.mark.parametrize(
    "message",
    [
        "",
        "Access Denied",
        AUTHOR,
        "Not authorized for images: [ami-x]",
        "You are not authorized to perform this operation. Encoded authorization failure message: 1Qju1r-MUd3Ls",
        "The request was denied due to a VPC endpoint policy",
        "because no ",
        "because the resource does not exist in this Region, no resource-based policies allow access, or ...",  # of KMS
    ],
)
def test_nothing_is_known_of_other_messages(message: str) -> None:
    assert refusal(message) == of(errorMessage=message).refusal == Refusal("", None, None)


def test_what_a_caller_named_is_not_taken_for_what_aws_says() -> None:
    named = f"{AUTHOR} on resource: with an explicit deny in a service control policy: {SCP} "
    assert refusal(f"{named}because no session policy allows the s3:GetObject action") == Refusal(
        "session policy", False
    )
    named = f"{AUTHOR} on resource: because no session policy allows the s3:GetObject action "
    assert refusal(f"{named}with an explicit deny") == Refusal("", True)
    assert refusal(f"{named}because no identity-based policy allows the s3:GetObject action") == Refusal(
        "identity-based policy", False
    )
    named = f"{AUTHOR} on resource: with an explicit deny in a service control policy: {SCP} "
    assert refusal(f"{named}with an explicit deny in a session policy") == Refusal("session policy", True)


@pytest.mark.parametrize(
    "piece", ["with an explicit deny in a ", "because no ", "because no session policy allows the ", ": arn:", "x"]
)
def test_a_hostile_message_takes_linear_time(piece: str) -> None:
    started = time.process_time()
    refusal(piece * (1_000_000 // len(piece)))
    refusal("with an explicit deny in a session policy: arn:" + piece * (1_000_000 // len(piece)))
    of({"type": "AssumedRole", "arn": "arn:aws:iam::111122223333:role/" + (piece + "/") * 100_000 + "*"})
    assert time.process_time() - started < 1


def test_the_examples_of_the_product_have_a_caller() -> None:
    callers = {refused_call(in_account(event, ACCOUNT, "us-east-1"), ACCOUNT).caller for event in DENIED}
    assert {caller.kind for caller in callers} == {"role", "user", "service", "other", "root"}
    assert len(CALLERS) == 7
