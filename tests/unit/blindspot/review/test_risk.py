"""What is not excluded although it is noise."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from blindspot.model import api_operations
from blindspot.review.groups import Group
from blindspot.review.refused_call import ARN, INVOKED_BY, ISSUER_ARN, Caller, Refusal
from blindspot.review.risk import SECRETS, WHY, exact, risk, risks
from blindspot.review.tally import OTHERS, Details, Key, Tally

ACCOUNT = "111122223333"
WHEN = datetime(2026, 11, 20, tzinfo=UTC)
ROLE = Caller("role", "scanner", ACCOUNT, ISSUER_ARN, f"arn:aws:iam::{ACCOUNT}:role/scanner")
KEY = Key(ROLE, "s3.amazonaws.com", "GetBucketAcl", "AccessDenied", Refusal())


def group(key: Key = KEY, signs: tuple[str, ...] = (), **details: Any) -> Group:
    return Group(key, Details(**details), 10, {date(2026, 11, 20): 10}, WHEN, WHEN, signs, excused=False)


def by(caller: Caller) -> Key:
    return KEY._replace(caller=caller)


def called(call: str, service: str = "s3") -> Key:
    return KEY._replace(call=call, service=f"{service}.amazonaws.com")


SESSIONS = Caller("role", "scanner", ACCOUNT, ARN, f"arn:aws:sts::{ACCOUNT}:assumed-role/scanner/*")
SERVICE = Caller("service", "config.amazonaws.com", "", INVOKED_BY, "config.amazonaws.com")
TRIES = ("new", "many-services", "new-services")

RISKS: dict[str, tuple[Group, str | None]] = {
    "a role that reads": (group(), None),
    "all sessions of a role": (group(by(SESSIONS)), None),
    "a service": (group(by(SERVICE)), None),
    "a role below a path": (group(by(ROLE._replace(value=f"arn:aws:iam::{ACCOUNT}:role/team/scanner"))), None),
    "what is not new": (group(signs=("many-services", "many-callers", "daily")), None),
    "a person's role": (group(person=True), "person"),
    "a role of IAM Identity Center": (group(by(ROLE._replace(name="AWSReservedSSO_Admin_0123456789abcdef"))), "person"),
    "a user": (group(by(ROLE._replace(kind="user"))), "person"),
    "root": (group(by(ROLE._replace(kind="root"))), "person"),
    "a caller of another account": (group(by(ROLE._replace(account="444455556666"))), "outside"),
    "a caller of no known account": (group(by(ROLE._replace(account=""))), "outside"),
    "what is told to be outside": (group(outside=True), "outside"),
    "another kind of caller": (group(by(ROLE._replace(kind="other"))), "outside"),
    "a call that changes something": (group(read_only=False), "changes"),
    "a call that may change something": (group(read_only=None), "changes"),
    "a secret": (group(called("GetSecretValue", "secretsmanager")), "secrets"),
    "a data event": (group(called("GetObject"), management=False), "secrets"),
    "parameters by their path": (group(called("GetParametersByPath", "ssm")), "secrets"),
    "what tells about secrets alone": (group(called("DescribeSecret", "secretsmanager")), None),
    "what tells about keys alone": (group(called("ListAccessKeys", "iam")), None),
    "the report about credentials": (group(called("GetCredentialReport", "iam")), None),
    "something new": (group(signs=("many-services", "new")), "new"),
    "what looks like an attack": (group(signs=TRIES), "attack"),
    "a caller whom no field tells apart": (group(by(ROLE._replace(path=None, value=""))), "unnamed"),
    "all others": (group(OTHERS), "unnamed"),
    "Blindspot": (group(own=True), "own"),
    "a name with a star": (group(by(ROLE._replace(value=f"arn:aws:iam::{ACCOUNT}:role/*"))), "unnamed"),
    "an operation with a star": (group(called("Get*")), "unnamed"),
    "a service with a star": (group(called("GetBucketAcl", "s3*")), "unnamed"),
}


@pytest.mark.parametrize(("found", "code"), RISKS.values(), ids=RISKS)
def test_what_speaks_against_an_exclusion(found: Group, code: str | None) -> None:
    assert risk(found, ACCOUNT) == code


WORSE_AND_WORSE: tuple[tuple[str, Callable[[Group], Group]], ...] = (
    ("own", lambda each: replace(each, details=Details(own=True))),
    ("unnamed", lambda each: replace(each, key=by(ROLE._replace(path=None)))),
    ("new", lambda each: replace(each, signs=("new",))),
    ("secrets", lambda each: replace(each, key=each.key._replace(call="AssumeRole"))),
    ("changes", lambda each: replace(each, details=Details(own=True, read_only=None))),
    ("attack", lambda each: replace(each, signs=TRIES)),
    ("outside", lambda each: replace(each, details=Details(own=True, read_only=None, outside=True))),
    ("person", lambda each: replace(each, details=Details(own=True, read_only=None, outside=True, person=True))),
)


def test_the_most_important_is_told() -> None:
    found, codes = group(), list(WHY)
    for code, worse in WORSE_AND_WORSE:
        found = worse(found)
        assert risk(found, ACCOUNT) == code
    assert [code for code, _ in WORSE_AND_WORSE] == codes[7::-1]


TALLY = Tally(ACCOUNT, [])
LATER = called("ListTopics", "sns")
OF_A_CALLER: dict[str, tuple[list[Group], dict[str, str]]] = {
    "harmless": ([group(), group(LATER)], {}),
    "a person once": ([group(), group(LATER, person=True)], {"GetBucketAcl": "person", "ListTopics": "person"}),
    "an attack": ([group(), group(LATER, signs=TRIES)], {"GetBucketAcl": "attack", "ListTopics": "attack"}),
    "a person, and an attack": (
        [group(signs=TRIES), group(LATER, person=True)],
        {"GetBucketAcl": "person", "ListTopics": "person"},
    ),
    "an attack, and a change": (
        [group(read_only=False), group(LATER, signs=TRIES)],
        {"GetBucketAcl": "attack", "ListTopics": "attack"},
    ),
    "sessions that another field tells": (
        [group(), group(by(SESSIONS), person=True)],
        {"GetBucketAcl": "person"},
    ),
    "a change": ([group(), group(LATER, read_only=False)], {"ListTopics": "changes"}),
    "something new": ([group(), group(LATER, signs=("new",))], {"ListTopics": "new"}),
    "another caller's": ([group(), group(LATER._replace(caller=SERVICE), person=True)], {"ListTopics": "person"}),
}


@pytest.mark.parametrize(("found", "codes"), OF_A_CALLER.values(), ids=OF_A_CALLER)
def test_what_a_caller_did_speaks_against_all_its_calls(found: list[Group], codes: dict[str, str]) -> None:
    for order in (found, found[::-1]):
        risky = risks(order, TALLY)
        assert {key.call: code for key, (code, _) in risky.items()} == codes
        assert len(risky) == (2 if len(codes) == 2 or found[0].key.call == found[1].key.call else len(codes))


def test_it_is_told_which_of_a_caller_s_calls_it_was() -> None:
    person = risks([group(), group(LATER, person=True)], TALLY)
    assert person[LATER] == ("person", WHY["person"])
    assert person[KEY][1] == (
        "A person made other calls as this caller. What a person is refused is what the control is for."
    )
    attack = risks([group(), group(LATER, signs=TRIES)], TALLY)
    assert attack[KEY] == attack[LATER] == ("attack", "Calls of this caller look like an attack.")


def test_a_caller_with_calls_that_are_not_told_apart() -> None:
    tally = Tally(ACCOUNT, [])
    tally.in_others.add(SESSIONS)
    found = [group(), group(LATER, read_only=False), group(by(ROLE._replace(name="another")))]
    assert risks(found, tally) == {
        KEY: (
            "unnamed",
            "Only 20,000 groups are told apart. It is not known what else this caller was refused.",
        ),
        LATER: ("changes", WHY["changes"]),
    }


def test_of_another_account_a_role_is_outside_and_a_service_is_not() -> None:
    assert risk(group(), "444455556666") == "outside"
    assert risk(group(by(SERVICE)), "444455556666") is None


WORDS = {
    "arn:aws:iam::111122223333:role/a_b+c=d,e.f@g-h": True,
    "arn:aws:iam::111122223333:role/*": False,
    "*": False,
    "": False,
    'arn:aws:iam::111122223333:role/a"b': False,
    "arn:aws:iam::111122223333:role/a\\b": False,
    "arn:aws:iam::111122223333:role/a b": False,
    "arn:aws:iam::111122223333:role/a\nb": False,
    "arn:aws:iam::111122223333:role/ä": False,
    "arn:aws:sts::111122223333:assumed-role/scanner/*": False,
}


@pytest.mark.parametrize(("value", "may_be_named"), WORDS.items(), ids=map(repr, WORDS))
def test_which_names_a_pattern_can_say(value: str, may_be_named: bool) -> None:
    assert exact(by(ROLE._replace(value=value))) is may_be_named


SESSION_ARNS = {
    "arn:aws:sts::111122223333:assumed-role/scanner/*": True,
    "arn:aws-us-gov:sts::111122223333:assumed-role/scanner/*": True,
    "arn:aws:sts::111122223333:assumed-role/scanner/run-1": True,
    "arn:aws:sts::111122223333:assumed-role/scanner*": False,
    "arn:aws:sts::111122223333:assumed-role/*/*": False,
    "arn:aws:sts::111122223333:assumed-role/*": False,
    "arn:aws:sts::*:assumed-role/scanner/*": False,
    "arn:aws:iam::111122223333:role/*": False,
    "arn:aws:iam::111122223333:user/*": False,
    "*": False,
}


@pytest.mark.parametrize(("value", "may_be_named"), SESSION_ARNS.items(), ids=map(repr, SESSION_ARNS))
def test_a_star_stands_for_the_sessions_of_one_role_alone(value: str, may_be_named: bool) -> None:
    assert exact(by(SESSIONS._replace(value=value))) is may_be_named


OPERATIONS = [
    name
    for service in api_operations.services_speaking(
        "json", "rest-json", "rest-xml", "query", "ec2", "smithy-rpc-v2-cbor"
    )
    for name in api_operations.operations_of(service)
]


@pytest.mark.parametrize("begin", SECRETS)
def test_each_of_the_secrets_is_an_operation(begin: str) -> None:
    not_in_models = ("GetSigninToken",)  # of AWS's sign-in endpoint
    assert begin in not_in_models or any(name.startswith(begin) for name in OPERATIONS)
    assert risk(group(called(begin)), ACCOUNT) == "secrets"


ALSO_SECRETS = (
    "AssumeRoleWithSAML BatchGetSecretValue Decrypt DeriveSharedSecret DownloadDefaultKeyPair"
    " ExportCertificate GenerateDataKeyPairWithoutPlaintext GetAccessToken GetApiKeys GetAuthorizationToken"
    " GetBucketAccessKeys GetChallengePassword GetClientToken GetClusterCredentialsWithIAM GetClusterSessionCredentials"
    " GetComputeAuthToken GetConnections GetCredentialsForIdentity GetDataAccess GetDelegatedAccessToken"
    " GetEnvironmentCredentials GetFederationToken GetIdentityCenterAuthToken GetInstanceAccessDetails"
    " GetManagedEndpointSessionCredentials GetOpenIdTokenForDeveloperIdentity GetParameterHistory GetPasswordData"
    " GetRelationalDatabaseMasterUserPassword GetResourceApiKey GetResourceOauth2Token GetResourcePaymentToken"
    " GetRoleCredentials GetSecretValue GetSessionToken GetSigninToken GetSpaceCredentials"
    " GetTemporaryDataLocationCredentials GetTemporaryGlueTableCredentials GetTokensFromRefreshToken"
    " GetVpnConnectionDeviceSampleConfiguration GetWebIdentityToken GetWorkloadAccessTokenForJWT ReEncrypt"
)
"""One operation for each of SECRETS, in their order."""


def test_no_secret_is_forgotten() -> None:
    operations = ALSO_SECRETS.split()
    assert [begin for name in operations for begin in SECRETS if name.startswith(begin)] == list(SECRETS)
    assert {risk(group(called(name)), ACCOUNT) for name in operations} == {"secrets"}


def test_why_is_a_sentence() -> None:
    assert all(why.endswith(".") and why[0].isupper() for why in WHY.values())
