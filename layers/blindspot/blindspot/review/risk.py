"""Which refused calls are not excluded although they are many, because something worse could hide there. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from blindspot.review.groups import ATTACK, Group, looks_like, who
from blindspot.review.tally import MOST_GROUPS, OTHERS, Key, Tally

WHY: Mapping[str, str] = {
    "person": "A person made these calls. What a person is refused is what the control is for.",
    "outside": "The caller is of another account, or of none that is known.",
    "attack": "Calls of this caller look like an attack.",
    "changes": "The call changes something, or CloudTrail does not say that it only reads.",
    "secrets": "The call hands out credentials, secrets or data.",
    "new": "First seen in the last quarter of the time that was read. So it is not known to be ordinary.",
    "unnamed": "No field of the events tells this caller apart, or a filter pattern cannot say its name exactly.",
    "own": "Blindspot itself was refused. Give it the permission instead.",
    "no-effect": "Without these calls the alarm would go to ALARM as often.",
    "too-long": "The filter pattern would be longer than 1,024 characters.",
    "no-room": "Overrides would be longer than 3,000 characters.",
    "not-covered": "It is not proven that a metric filter with it matches everything else that is required.",
    "no-time": "There was no time to prove it.",
}
"""Why a noisy group is not excluded, by code, the most important first: a sentence for each."""

SECRETS = (
    "AssumeRole",
    "BatchGetSecretValue",
    "Decrypt",
    "DeriveSharedSecret",
    "DownloadDefaultKeyPair",
    "ExportCertificate",
    "GenerateDataKey",
    "GetAccessToken",
    "GetApiKey",
    "GetAuthorizationToken",
    "GetBucketAccessKeys",
    "GetChallengePassword",
    "GetClientToken",
    "GetClusterCredentials",
    "GetClusterSessionCredentials",
    "GetComputeAuthToken",
    "GetConnection",
    "GetCredentials",
    "GetDataAccess",
    "GetDelegatedAccessToken",
    "GetEnvironmentCredentials",
    "GetFederationToken",
    "GetIdentityCenterAuthToken",
    "GetInstanceAccessDetails",
    "GetManagedEndpointSessionCredentials",
    "GetOpenIdToken",
    "GetParameter",
    "GetPasswordData",
    "GetRelationalDatabaseMasterUserPassword",
    "GetResourceApiKey",
    "GetResourceOauth2Token",
    "GetResourcePaymentToken",
    "GetRoleCredentials",
    "GetSecretValue",
    "GetSessionToken",
    "GetSigninToken",
    "GetSpaceCredentials",
    "GetTemporaryDataLocationCredentials",
    "GetTemporaryGlue",
    "GetToken",
    "GetVpnConnectionDeviceSampleConfiguration",
    "GetWebIdentityToken",
    "GetWorkloadAccessToken",
    "ReEncrypt",
)
"""How the operations begin that hand out credentials or secrets, of whatever service, although CloudTrail calls most of
them read-only.

Source: all operations in botocore's models with such a word (Credentials, Token, Password, Secret, Key) whose API
reference has credentials or a secret in the response; the credentials exposure and data exfiltration actions of
Cloudsplaining (salesforce/cloudsplaining), as far as they only read. Not those that tell about them alone, such as
ListAccessKeys, GetCredentialReport and DescribeSecret: every scanner makes them.
"""

_IDENTITY_CENTER = "AWSReservedSSO_"
"""How the roles begin that IAM Identity Center makes for people (its user guide, "Permission sets")."""

_VALUE = re.compile(r"[A-Za-z0-9_+=,.@:/-]+")
"""The characters of names and ARNs in IAM ("IAM identifiers"), and of host names."""

_SESSIONS = re.compile(r"arn:aws[a-z-]*:sts::[0-9]{12}:assumed-role/[A-Za-z0-9_+=,.@-]+/\*")
"""All sessions of one role. No other value may have a `*`, which would match other callers too."""

_NAME = re.compile(r"[A-Za-z0-9_.:-]+")

_OF_CALLER: Mapping[str, str] = {
    "person": "A person made other calls as this caller. What a person is refused is what the control is for.",
    "attack": WHY["attack"],
    "unnamed": f"Only {MOST_GROUPS:,} groups are told apart. It is not known what else this caller was refused.",
}
"""What speaks against excluding any call of the caller, by code, and the sentence for the calls that are not it."""


def risks(groups: Iterable[Group], tally: Tally) -> Mapping[Key, tuple[str, str]]:
    """Of the groups that must not be excluded: the most important code of WHY, and a sentence.

    groups: all that were read, since what was seen of a caller speaks against all its calls.
    """
    codes = {group.key: risk(group, tally.account) for group in groups}
    of_callers = {(who(key), code) for key, code in codes.items() if code in ("person", "attack")}
    of_callers |= {(caller[:3], "unnamed") for caller in tally.in_others}
    found: dict[Key, tuple[str, str]] = {}
    for key, code in codes.items():
        whys = {each: why for each, why in _OF_CALLER.items() if (who(key), each) in of_callers}
        whys |= {code: WHY[code]} if code else {}
        if whys:
            found[key] = next((each, whys[each]) for each in WHY if each in whys)
    return found


def risk(group: Group, account: str) -> str | None:
    """The most important code of WHY that speaks against excluding these calls, as far as they alone tell; None where
    none does.

    account: the account that is reviewed.
    """
    return next((code for code, applies in _risks(group, account) if applies), None)


def exact(key: Key) -> bool:
    """Whether a filter pattern can say exactly who made which call."""
    caller = key.caller
    value = _SESSIONS if caller.path == ("userIdentity", "arn") and caller.value.endswith("*") else _VALUE
    return bool(
        caller.path and value.fullmatch(caller.value) and _NAME.fullmatch(key.service) and _NAME.fullmatch(key.call)
    )


def _risks(group: Group, account: str) -> Iterator[tuple[str, bool]]:
    caller, details = group.key.caller, group.details
    elsewhere = caller.kind == "other" or (caller.kind != "service" and caller.account != account)
    yield "unnamed", group.key == OTHERS
    yield "person", details.person or caller.kind in ("user", "root") or caller.name.startswith(_IDENTITY_CENTER)
    yield "outside", details.outside or elsewhere
    yield "attack", looks_like(group) == ATTACK
    yield "changes", details.read_only is not True
    yield "secrets", group.key.call.startswith(SECRETS) or not details.management
    yield "new", "new" in group.signs
    yield "unnamed", not exact(group.key)
    yield "own", details.own
