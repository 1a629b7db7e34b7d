"""Recorded events keep the laws; each law names what breaks it."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from blindspot.model.cloudtrail_calls import (
    DENIED,
    OTHER_ACCOUNT,
    ROOT,
    WEB_IDENTITY,
    call,
    in_account,
    role,
    service,
    user,
)
from blindspot.model.cloudtrail_events import records
from blindspot.model.cloudtrail_laws import invariants, senders, unlikely
from filter_pattern import ALWAYS, And, Atom, Event, Not, NotExists, Predicate, equals, parse

ANYWHERE = records(account="123456789012", region="eu-west-1")
CIS = parse('{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }')
ARN = "arn:aws:sts::111122223333:assumed-role/developer/session"


def without(caller: Mapping[str, object], *fields: str) -> dict[str, object]:
    return {name: value for name, value in caller.items() if name not in fields}


def by(caller: Mapping[str, object]) -> dict[str, object]:
    return call("kms", "Decrypt", caller, error="AccessDeniedException")


CALL = by(role("developer"))

# An event, and words of the doubt about it; its code is event.unlikely if they do not have it.
UNLIKELY: dict[str, tuple[dict[str, object], str]] = {
    "a role without its id": (
        by(without(role("a"), "principalId")),
        "AssumedRole without principalId",
    ),
    "a role without its ARN": (by(without(role("a"), "arn")), "AssumedRole without arn"),
    "a role with a user's ARN": (
        by({**role("a"), "arn": user("a")["arn"]}),
        "with another kind of ARN",
    ),
    "a role with a user's name": (
        by({**role("a"), "userName": "a"}),
        "AssumedRole with a field userName",
    ),
    "a user without ARN": (by(without(user("a"), "arn")), "IAMUser without arn"),
    "root with a user's ARN": (
        by({**ROOT, "arn": user("a")["arn"]}),
        "Root with another kind of ARN",
    ),
    "a service without a name": (
        by(without(service("a"), "invokedBy")),
        "AWSService without invokedBy",
    ),
    "a service with an ARN": (by({**service("a"), "arn": ARN}), "AWSService with a field arn"),
    "an account without its id": (
        by(without(OTHER_ACCOUNT, "accountId")),
        "AWSAccount without accountId",
    ),
    "a web identity without its provider": (
        by(without(WEB_IDENTITY, "identityProvider")),
        "WebIdentityUser without identityProvider",
    ),
    "a role's session without the role's ARN": (
        by(
            {
                "type": "MadeUp",
                "sessionContext": {"sessionIssuer": {"type": "Role", "principalId": "A", "accountId": "1"}},
            }
        ),
        "a caller whose role had no arn",
    ),
    "half an address": ({**CALL, "sourceIPAddress": "10."}, "from the address 10."),
    "a word for an address": ({**CALL, "sourceIPAddress": "X"}, "from the address X"),
    "no service": ({**CALL, "eventSource": "kms"}, "the eventSource kms"),
    "a new code": (
        {**CALL, "errorCode": "AccessDeniedX"},
        "event.code: If a service sent the error code A",
    ),
    "another's code": (
        {**CALL, "errorCode": "AccessDeniedFault"},
        "event.code: If kms.amazonaws.com sent the error code AccessDeniedFault,",
    ),
    "EC2's code": (
        {**CALL, "errorCode": "Client.UnauthorizedOperation"},
        "event.code: If kms.amazonaws.com sent the error code Client.UnauthorizedOperation,",
    ),
    "EC2's code of a service that is recorded without Client": (
        call("iam", "CreateUser", user("a"), error="Client.UnauthorizedOperation"),
        "event.code: If iam.amazonaws.com sent the error code Client.UnauthorizedOperation,",
    ),
    "an object that only others have": (
        {**CALL, "eventSource": "madeup.amazonaws.com", "requestParameters": {"name": {}}},
        "event.parameter: If a call of another service had a requestParameters.name that is an object",
    ),
    "an object of S3 that only others have": (
        call("s3", "ListBuckets", user("a"), parameters={"name": {}}),
        "event.parameter: If a call of another service had a requestParameters.name that is an object",
    ),
    "a list that none has": (
        {**CALL, "requestParameters": {"name": []}},
        "event.parameter: If a call had a requestParameters.name that is not an object or text",
    ),
    "another's operation": (
        {**CALL, "eventName": "PutBucketPolicy"},
        "kms.amazonaws.com had an operation",
    ),
    "a list for a text": (
        {**CALL, "requestParameters": {"keyId": []}},
        "event.parameter: If a call had a requestParameters.keyId that is not text",
    ),
    "a list for the text of other services": (
        {**CALL, "requestParameters": {"bucketName": []}},
        "event.parameter: If a call had a requestParameters.bucketName that is not text",
    ),
    "a type that other services have": (
        {**call("athena", "GetWorkGroup", user("a")), "requestParameters": {"maxResults": "x", "workGroup": None}},
        "event.parameter: If a call had a requestParameters.maxResults that is not a number",
    ),
}


@pytest.mark.parametrize("name", UNLIKELY)
def test_what_is_unlikely_is_named(name: str) -> None:
    event, words = UNLIKELY[name]
    law = unlikely(event, CIS)[0]
    message = law.message(event, "nobody would know")
    assert words in f"{law.code}: {message}"
    assert law.code == "event.unlikely" or words.startswith(law.code)
    assert ", nobody would know. " in message
    assert message.endswith(".")
    assert "{" not in message


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a role without its ARN", "AWS documents that such callers have it."),
        ("a role with a user's ARN", "AWS documents the ARNs of such callers."),
        ("a role with a user's name", "AWS documents that such callers do not have it."),
        ("half an address", "AWS documents an IP address, or the DNS name of a service."),
        ("no service", "AWS documents the short name of a service and .amazonaws.com."),
        ("a new code", "No service is known to send it."),
        ("another's code", "It is known from other services only."),
        ("an object that only others have", "AWS documents that of services such as identitystore.amazonaws.com."),
        ("a list that none has", "AWS documents an object or text."),
        ("another's operation", "That is an operation of other services."),
        ("a list for a text", "AWS documents text."),
    ],
)
def test_what_is_known_instead_is_said(name: str, message: str) -> None:
    event, _ = UNLIKELY[name]
    assert unlikely(event, CIS)[0].message(event, "").endswith(f" {message}")


LIKELY = {
    "IPv6": {**CALL, "sourceIPAddress": "2001:db8::7"},
    "within AWS": {**CALL, "sourceIPAddress": "AWS Internal"},
    "a service's address in China": {**CALL, "sourceIPAddress": "ec2.amazonaws.com.cn"},
    "no address that is known": {**CALL, "sourceIPAddress": "autoscaling.amazonaws.com"},
    "a new operation": {**CALL, "eventName": "DecryptTwice"},
    "an old name": call("lambda", "ListFunctions20150331", user("a")),
    "a new service": {**CALL, "eventSource": "madeup.amazonaws.com"},
    "a new parameter": {**CALL, "requestParameters": {"madeUp": {}}},
    "an S3 parameter": call("s3", "GetBucketLifecycle", user("a"), parameters={"lifecycle": ""}),
    "EC2's lists": call("ec2", "RunInstances", user("a"), parameters={"ipPermissions": {"items": []}}),
    "a code that is new, where a pattern has *": {**CALL, "errorCode": "AccessDeniedTenant"},
    "a code that only a model names": call("social-messaging", "X", user("a"), error="AccessDeniedByMetaException"),
    "a role in another partition": by({**role("a"), "arn": ARN.replace("arn:aws:", "arn:aws-us-gov:")}),
    "a type that is new": by({"type": "MadeUp"}),
    "a user at the console": {**by(without(user("a"), "arn")), "eventType": "AwsConsoleSignIn"},
    "a service's own code": call("dms", "X", user("a"), error="AccessDeniedFault"),
    "EC2's own code": call("ec2", "RunInstances", user("a"), error="Client.UnauthorizedOperation"),
    "EC2's code of a service that may speak as EC2": call(
        "elasticache", "CreateUser", user("a"), error="Client.UnauthorizedOperation"
    ),
    "EC2's code of an unknown service": call("ec2", "X", user("a"), error="Client.UnauthorizedOperation"),
    "a code of all": call("kms", "Decrypt", user("a"), error="UnauthorizedOperation"),
    "an object that a service has": call("identitystore", "CreateUser", user("a"), parameters={"name": {}}),
    "no code": call("kms", "Decrypt", role("a")),
}


@pytest.mark.parametrize("name", LIKELY)
def test_what_is_not_known_is_likely(name: str) -> None:
    assert unlikely(LIKELY[name], CIS) == ()


def test_a_code_that_is_written_down_is_likely() -> None:
    event = {**CALL, "errorCode": "AccessDeniedX"}
    assert unlikely(event, And(CIS, equals("errorCode", "AccessDeniedX"))) == ()


@pytest.mark.parametrize(
    ("code", "services"),
    [
        ("AccessDeniedFault", ("dms",)),
        ("AccessDeniedForDependencyException", ("organizations", "shield")),
        ("NoSuchTagSet", ()),  # no model names it
        ("AccessDenied", ()),  # two models name it, and every service sends it
        ("ThrottlingException", ()),  # many models name it
        ("NoSuchLifecycleConfiguration", ()),
        ("DependencyThrottle", ("elasticloadbalancing", "s3", "ec2")),  # S3 and EC2 have more codes than their models
        ("BucketAlreadyOwnedByYou", ("s3", "s3-control", "ec2")),
        ("UnauthorizedOperationException", ("workdocs",)),
        ("SNSInvalidTopicFault", ("rds", "dms", "redshift", "s3", "ec2")),
    ],
)
def test_who_sends_a_code(code: str, services: tuple[str, ...]) -> None:
    assert senders(code) == tuple(f"{name}.amazonaws.com" for name in services)


@pytest.mark.parametrize("code", ["Client.UnauthorizedOperation", "Server.MadeUp"])
def test_ec2_sends_codes_with_a_prefix(code: str) -> None:
    first, *others = senders(code)
    assert first == "ec2.amazonaws.com"
    assert "elasticache.amazonaws.com" in others
    assert not {f"{name}.amazonaws.com" for name in ("iam", "sts", "s3", "kms")} & {*others}


def test_all_services_that_have_a_parameter_are_named_where_they_are_few() -> None:
    law = unlikely({**CALL, "requestParameters": {"keyId": {}}}, CIS)[0]
    assert law.own_fix == (
        'Name the service in the exclusion too, as in ($.eventSource != "kms.amazonaws.com" || ...).'
        " ssm.amazonaws.com, apigateway.amazonaws.com, kinesis.amazonaws.com, xray.amazonaws.com have a keyId as well."
    )

    law = unlikely({**CALL, "requestParameters": {"functionName": {}}}, CIS)[0]
    assert law.own_fix.endswith(" glue.amazonaws.com has a functionName as well.")
    law = unlikely({**CALL, "eventSource": "madeup.amazonaws.com", "requestParameters": {"name": {}}}, CIS)[0]
    assert law.own_fix.startswith("Name the service in the exclusion too, ")


def test_null_is_no_type_of_another_service() -> None:
    (law,) = unlikely({**CALL, "eventSource": "madeup.amazonaws.com", "requestParameters": {"secretId": None}}, CIS)
    assert law.known == "AWS documents text."


def test_a_service_that_is_named_sends_any_code_if_it_is_not_known() -> None:
    code = "AccessDeniedFault"
    unknown = "madeup.amazonaws.com"
    assert unlikely({**CALL, "errorCode": code}, And(CIS, equals("eventSource", "kms.amazonaws.com")))
    assert unlikely({**CALL, "errorCode": code, "eventSource": unknown}, CIS)
    assert not unlikely({**CALL, "errorCode": code, "eventSource": unknown}, And(CIS, equals("eventSource", unknown)))


def test_a_star_alone_makes_no_new_code() -> None:
    everything = parse('{ $.errorCode = "*" }')
    assert unlikely({**CALL, "errorCode": "Tenant"}, everything)
    assert unlikely({**CALL, "errorCode": "NoSuchEntity"}, everything)
    assert not unlikely({**CALL, "errorCode": "XTenant"}, parse('{ $.errorCode = "X*" }'))


def test_a_word_that_a_pattern_mentions_makes_no_new_code() -> None:
    tenant = parse('{ $.errorCode != "*tenant*" }')
    assert unlikely({**CALL, "errorCode": "AccessDeniedTenant"}, And(CIS, tenant))
    assert unlikely({**CALL, "errorCode": "AccessDeniedDelegation"}, And(CIS, tenant)) == ()


OF_KMS = "$.eventSource = kms.amazonaws.com && $.requestParameters.keyId = x"


@pytest.mark.parametrize(
    ("asked", "event", "possible"),
    [
        ("$.userIdentity.type = AssumedRole", by(without(role("a"), "sessionContext")), False),
        ("$.userIdentity.type = AssumedRole", by(role("a")), True),
        ("$.userIdentity.userName = a", by(without(user("a"), "userName")), False),
        ("$.userIdentity.sessionContext NOT EXISTS", by(without(role("a"), "sessionContext")), False),
        (
            "$.userIdentity.type = AssumedRole",
            {
                **call("signin", "SwitchRole", without(role("a"), "sessionContext")),
                "eventType": "AwsConsoleSignIn",
            },
            True,
        ),
        (
            "$.userIdentity.type = AssumedRole",
            {**by(without(role("a"), "sessionContext")), "eventType": "AwsConsoleSignIn"},
            False,
        ),
        ("$.userIdentity.type NOT EXISTS", by(without(service("a"), "type")), False),
        (
            "$.userIdentity.type NOT EXISTS",
            {
                **call("cognito-idp", "Login_GET", {"accountId": "123456789012"}),
                "eventType": "AwsServiceEvent",
                "errorCode": "",
            },
            True,
        ),
        (
            "$.userIdentity.type NOT EXISTS",
            {**call("kms", "RotateKey", without(service("a"), "type")), "eventType": "AwsServiceEvent"},
            True,
        ),
        (
            OF_KMS,
            {**CALL, "requestParameters": {"keyId": {}}},
            False,
        ),
        (
            OF_KMS,
            {**CALL, "requestParameters": {"keyId": ""}},
            True,
        ),
        (OF_KMS, CALL, True),
        (OF_KMS, {**CALL, "eventSource": "madeup.amazonaws.com", "requestParameters": {"keyId": {}}}, True),
        (
            "$.eventSource = athena.amazonaws.com && $.requestParameters.maxResults = 5",
            {**CALL, "eventSource": "athena.amazonaws.com", "requestParameters": {"maxResults": 5}},
            True,
        ),
        ("$.eventSource = kms* && $.requestParameters.keyId = x", {**CALL, "requestParameters": {"keyId": {}}}, True),
        ("$.requestParameters.keyId = x", {**CALL, "requestParameters": {"keyId": {}}}, True),
        ("$.eventName = Decrypt", by(without(role("a"), "sessionContext")), True),
    ],
)
def test_invariants_are_those_of_the_fields_that_are_tested(asked: str, event: Event, possible: bool) -> None:
    assert all(law.matches(event) for law in invariants(parse(f"{{ {asked} }}"))) is possible


def test_no_field_no_invariant() -> None:
    assert list(invariants(ALWAYS)) == []
    assert list(invariants(Not(equals("eventName", "a")))) == []


CORPUS = Path(os.environ.get("BLINDSPOT_CORPUS", "../shared/corpus"))
NOT_AS_CLOUDTRAIL_WRITES = {
    "S036": "its keys are in small letters",
    "S050": "a session of a role without its context",
    "S053": "a user without a name",
    "S054": "a user without a name",
    "S055": "a user without a name",
    "S057": "a user without a name",
    "S059": "a user of whom only the name was kept",
    "S061": "a user without a name",
    "S073": "shortened",
}


def recorded() -> list[tuple[str, Event]]:
    rows = map(json.loads, (CORPUS / "events.jsonl").read_text().splitlines())
    return [(row["id"], row["event"]) for row in rows]


def naming_all_of(event: Event) -> Predicate:
    """A question that tests every field of the schema and of this event, and names its code and its service."""
    parameters = event.get("requestParameters")
    names = parameters if isinstance(parameters, dict) else {}
    fields = (*ANYWHERE.fields, *(("requestParameters", name) for name in names))
    named = (equals(name, str(event[name])) for name in ("errorCode", "eventSource") if name in event)
    return And(*(Atom(path, NotExists()) for path in fields), *named)


@pytest.mark.skipif(not CORPUS.is_dir(), reason=f"no corpus at {CORPUS}; BLINDSPOT_CORPUS names its folder")
def test_recorded_events_are_credible() -> None:
    broken = {
        number
        for number, event in recorded()
        if not all(law.matches(event) for law in invariants(naming_all_of(event)))
        or unlikely(event, naming_all_of(event))
    }
    assert broken == set(NOT_AS_CLOUDTRAIL_WRITES)


def test_every_sample_is_credible() -> None:
    question = parse('{ $.eventName = "GetObject" && $.requestParameters.secretId = x && $.userIdentity.arn = "*ci*" }')
    assert ANYWHERE.knowledge is not None
    made = ANYWHERE.knowledge.samples(question)
    assert {event["eventName"] for event in made} > {event["eventName"] for event in DENIED}
    for event in (*ANYWHERE.samples, *made):
        assert unlikely(event, question) == ()
        assert all(law.matches(event) for law in invariants(naming_all_of(event)))


def test_a_call_is_of_the_account_that_it_is_put_into() -> None:
    event = json.dumps(in_account(CALL, "123456789012", "eu-west-1"))
    assert "111122223333" not in event
    assert event.count("123456789012") == 5


@pytest.mark.parametrize(
    ("parameter", "names_others"),
    [("stackName", True), ("branchName", False), ("secretId", False), ("madeUp", None)],
)
def test_the_services_that_have_a_parameter_are_named_where_they_are_few(parameter: str, names_others: bool) -> None:
    """Five are few."""
    broken = unlikely(call("s3", "PutObject", user("a"), parameters={parameter: []}), CIS)
    assert [law.own_fix.endswith(f" have a {parameter} as well.") for law in broken] == [names_others][: len(broken)]
    assert (broken == ()) is (names_others is None)


@pytest.mark.parametrize("name", [name for name, (_, said) in UNLIKELY.items() if said.startswith("event.parameter")])
def test_every_doubt_about_a_parameter_says_how_to_name_a_service(name: str) -> None:
    event, _ = UNLIKELY[name]
    assert {law.own_fix.partition(",")[0] for law in unlikely(event, CIS)} == {"Name the service in the exclusion too"}


def test_a_doubt_has_the_laws_code_message_and_fix() -> None:
    event = {**CALL, "requestParameters": {"functionName": {}}}
    law = unlikely(event, CIS)[0]
    doubt = law.doubt(event, "a filter", "x")
    assert (doubt.code, doubt.resource, doubt.message) == (law.code, "a filter", law.message(event, "x"))
    assert doubt.fix == law.own_fix != ""
