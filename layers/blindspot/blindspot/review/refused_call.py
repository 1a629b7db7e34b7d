"""One refused call: who was refused what, and by which kind of policy. Pure.

Sources: CloudTrail user guide, "CloudTrail userIdentity element" and "CloudTrail record contents"; IAM user guide,
"Troubleshoot access denied error messages", which has the wordings of the policies; AWS Security Blog, "Enhanced access
denied error messages with policy ARNs" (January 2026).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from filter_pattern import Atom, Equals, Event, FieldPath

IDENTITY = ("userIdentity",)
ARN = (*IDENTITY, "arn")
ISSUER_ARN = (*IDENTITY, "sessionContext", "sessionIssuer", "arn")
INVOKED_BY = (*IDENTITY, "invokedBy")
ADDRESS = ("sourceIPAddress",)

IS_SERVICE = Atom((*IDENTITY, "type"), Equals("AWSService"))
"""Without this a test of `invokedBy` would also be true for what a service does for a person's role."""

LONGEST_TEXT = 1000
"""Characters of a field that are kept. An ARN of IAM has fewer than 700."""


class Caller(NamedTuple):
    """Who called, without the session.

    kind: "role", "user", "service", "root", or "other" (federated and anonymous callers, other accounts).
    name: of the role or user, or the service's host name, such as "config.amazonaws.com".
    account: twelve digits; empty where the event does not have it.
    path, value: a field of the event that has this value for the caller's calls; the value may end in `*`. None and ""
        where no field tells the caller apart.
    """

    kind: str
    name: str
    account: str
    path: FieldPath | None
    value: str

    @property
    def tests(self) -> tuple[Atom, ...]:
        """What is true, all together, for the caller's calls and for no others; none where nothing tells it apart."""
        if self.path is None:
            return ()
        test = Atom(self.path, Equals(self.value))
        return (IS_SERVICE, test) if self.kind == "service" else (test,)


class Refusal(NamedTuple):
    """What AWS says of the policy that refused the call.

    kind: "identity-based policy", "resource-based policy", "permissions boundary", "session policy", "service control
        policy", "resource control policy", "VPC endpoint policy"; empty where the message does not say it.
    explicit: whether a statement denies it; False where none allows it; None where the message does not say it.
    policy: the ARN of the policy, where the message has it.
    """

    kind: str = ""
    explicit: bool | None = None
    policy: str | None = None


@dataclass(frozen=True, slots=True)
class RefusedCall:
    """A refused call.

    service: its host name, as in eventSource. call: eventName. code: errorCode.
    read_only: None where the event does not say it. management: whether it is a management event, as the control means;
        also where the event does not say it.
    person: whether a person seems to have made it (console, Identity Center, MFA, a session that is named like an email
        address or has a source identity, a website's account, a user, root, a federated user).
    outside: whether the caller is of another account, or of none that is known; a service is not outside.
    console: whether it was made in the console. AWS says that of the credentials; a user agent could be made up.
    own: whether it is a call that Blindspot makes, with its user agent. That could be made up, so it excuses nothing.
    """

    caller: Caller
    service: str
    call: str
    code: str
    refusal: Refusal
    read_only: bool | None
    management: bool
    region: str
    address: str
    event_id: str
    person: bool
    outside: bool
    console: bool
    own: bool


def refused_call(event: Event, account: str) -> RefusedCall:
    """What the event says. account: the account that is reviewed. A field that is missing or of the wrong type is
    empty, so that every JSON object is counted. No text is longer than LONGEST_TEXT."""
    identity = _object(event.get("userIdentity"))
    address, agent = _text(event.get("sourceIPAddress")), _text(event.get("userAgent"))
    service, call = _text(event.get("eventSource")), _text(event.get("eventName"))
    read_only = event.get("readOnly")
    caller = caller_of(identity, address)
    console = _is_true(event.get("sessionCredentialFromConsole")) or event.get("eventType") in _OF_THE_CONSOLE
    message, category = event.get("errorMessage"), event.get("eventCategory")
    return RefusedCall(
        caller=caller,
        service=service,
        call=call,
        code=_text(event.get("errorCode")),
        refusal=refusal(message) if isinstance(message, str) else _NOTHING_KNOWN,
        read_only=read_only if isinstance(read_only, bool) else None,
        management=event.get("managementEvent") is not False and (category == "Management" or not _text(category)),
        region=_text(event.get("awsRegion")),
        address=address,
        event_id=_text(event.get("eventID")),
        person=console or agent in _AGENTS_OF_THE_CONSOLE or _is_person(caller, identity),
        outside=caller.kind != "service" and caller.account != account,
        console=console,
        own=call in OWN_CALLS.get(service, ()) and "blindspot" in agent.strip("[]").split(),
    )


_OF_THE_CONSOLE = ("AwsConsoleAction", "AwsConsoleSignIn")
_AGENTS_OF_THE_CONSOLE = ("console.amazonaws.com", "signin.amazonaws.com")


def caller_of(identity: Mapping[str, object], address: str) -> Caller:
    """Who called. identity: the event's userIdentity. address: its sourceIPAddress, which names some services."""
    kind = _text(identity.get("type"))
    if kind == "AWSService":
        return _service(_text(identity.get("invokedBy")), address)
    issuer = _object(_object(identity.get("sessionContext")).get("sessionIssuer"))
    found = _by_arn(_text(issuer.get("arn")), _text(identity.get("arn")))
    return found or _without_arn(kind, identity, address)


@lru_cache(10_000)
def _by_arn(issuer: str, arn: str) -> Caller | None:
    """The caller with the ARN, of a session that this issuer started; None for an ARN of another shape."""
    for path, text in ((ISSUER_ARN, issuer), (ARN, arn)):
        if found := _ROLE.fullmatch(text):
            return Caller("role", found["name"], found["account"], path, text)
    if found := _SESSION.fullmatch(arn):
        return Caller("role", found["name"], found["account"], ARN, f"{found['until']}*")
    for of_kind, shape in (("user", _USER), ("root", _ROOT), ("other", _FEDERATED)):
        if found := shape.fullmatch(arn):
            return Caller(of_kind, found["name"], found["account"], ARN, arn)
    return None


def _service(invoked_by: str, address: str) -> Caller:
    """A service that calls by itself."""
    path, name = (INVOKED_BY, invoked_by) if invoked_by else (ADDRESS, address)
    named = _SERVICE.fullmatch(name)
    return Caller("service", name, "", path, name) if named else Caller("service", name or "unknown", "", None, "")


def _without_arn(kind: str, identity: Mapping[str, object], address: str) -> Caller:
    """A caller without an ARN of a known shape. No single field is true of it alone: a user's name is also that of
    a user in another account, and a principalId that of a role's sessions, where an organization's trail has both."""
    found = _ACCOUNT.fullmatch(_text(identity.get("accountId")))
    account = found[0] if found else ""
    user, principal = _text(identity.get("userName")), _text(identity.get("principalId")).partition(":")[0]
    if kind == "Root":
        return Caller("root", "root", account, None, "")
    if kind == "IAMUser":
        return Caller("user", user or principal or "unknown", account, None, "")
    if not account and not user and not principal:
        # Only the field that is there when a service calls, or the address, tells who it was.
        for name in (_text(identity.get("invokedBy")), address):
            if _SERVICE.fullmatch(name):
                return Caller("service", name, "", None, "")
    of_person = _text(_object(identity.get("onBehalfOf")).get("userId"))
    return Caller("other", user or of_person or principal or account or kind or "unknown", account, None, "")


def _is_person(caller: Caller, identity: Mapping[str, object]) -> bool:
    if caller.kind in ("user", "root") or identity.get("type") in _PEOPLE:
        return True
    session = _object(identity.get("sessionContext"))
    sessions = _text(identity.get("arn")).rpartition("/")[2], _text(identity.get("principalId")).partition(":")[2]
    return (
        caller.name.startswith("AWSReservedSSO_")
        or _is_true(_object(session.get("attributes")).get("mfaAuthenticated"))
        or any("@" in name for name in sessions)
        or bool(_text(session.get("sourceIdentity")) or _object(identity.get("onBehalfOf")))
        or _is_of_a_website(_object(session.get("webIdFederationData")))
    )


def _is_of_a_website(federation: Mapping[str, object]) -> bool:
    """Whether who signed in with a website's account has the role, or anybody, by Amazon Cognito. Other providers, such
    as those of a cluster or of a pipeline, have an ARN."""
    provider = _text(federation.get("federatedProvider"))
    return bool(provider) and not provider.startswith("arn:")


_PEOPLE = ("IAMUser", "Root", "FederatedUser", "SAMLUser", "IdentityCenterUser", "Directory")

# IAM user guide, "IAM and AWS STS quotas": names have letters, digits and +=,.@_-, paths any printable ASCII character.
# A `*` in a path would be a wildcard in a pattern.
_NAME, _PATH = r"(?P<name>[\w+=,.@-]+)", "(?:[!-)+-~]+/)?"
_ROLE = re.compile(rf"arn:[a-z-]+:iam::(?P<account>\d{{12}}):role/{_PATH}{_NAME}", re.ASCII)
_USER = re.compile(rf"arn:[a-z-]+:iam::(?P<account>\d{{12}}):user/{_PATH}{_NAME}", re.ASCII)
_ROOT = re.compile(r"arn:[a-z-]+:iam::(?P<account>\d{12}):(?P<name>root)", re.ASCII)
_SESSION = re.compile(rf"(?P<until>arn:[a-z-]+:sts::(?P<account>\d{{12}}):assumed-role/{_NAME}/)[^/*]*", re.ASCII)
_FEDERATED = re.compile(rf"arn:[a-z-]+:sts::(?P<account>\d{{12}}):federated-user/{_NAME}", re.ASCII)
_ACCOUNT = re.compile(r"\d{12}", re.ASCII)
_SERVICE = re.compile(r"[a-z0-9.-]+\.amazonaws\.com(\.cn)?")


def refusal(message: str) -> Refusal:
    """What the errorMessage says of the policy. It says so at its end, after what the caller may have named."""
    denied, not_allowed = message.rfind(_DENIED), message.rfind(_NOT_ALLOWED)
    # Where neither is there, `match` looks at the start, where there is neither.
    found = _DENIES.match(message, denied) if denied > not_allowed else _ALLOWS.match(message, not_allowed)
    if not found:
        return _NOTHING_KNOWN
    policy = found["policy"]
    return Refusal(_KINDS.get(found["kind"], ""), denied > not_allowed, policy.rstrip(".,;") if policy else None)


_NOTHING_KNOWN = Refusal()
_DENIED, _NOT_ALLOWED = "with an explicit deny", "because no "
_KINDS = {
    "identity-based policy": "identity-based policy",
    "resource-based policy": "resource-based policy",
    "role trust policy": "resource-based policy",
    "permissions boundary": "permissions boundary",
    "session policy": "session policy",
    "sessions policy": "session policy",  # so in the IAM user guide
    "service control policy": "service control policy",
    "resource control policy": "resource control policy",
    "VPC endpoint policy": "VPC endpoint policy",
}
_KIND = f"(?P<kind>{'|'.join(_KINDS)})"
_POLICY = rf"(?:: (?P<policy>arn:\S{{1,{LONGEST_TEXT}}}))?"
_DENIES = re.compile(rf"{_DENIED}(?: in (?:an?|the) {_KIND}{_POLICY})?")
_ALLOWS = re.compile(rf"{_NOT_ALLOWED}{_KIND} allows the \S{{1,{LONGEST_TEXT}}} action{_POLICY}")


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else _NO_FIELDS


_NO_FIELDS: Mapping[str, object] = {}


def _text(value: object) -> str:
    if not isinstance(value, str):
        return ""
    text = value if len(value) <= LONGEST_TEXT else value[:LONGEST_TEXT]
    # JSON can have half of a character's two code units (RFC 8259, section 8.2), which no file and no terminal takes.
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _is_true(value: object) -> bool:
    return value is True or value == "true"


OWN_CALLS: Mapping[str, frozenset[str]] = {
    f"{service}.amazonaws.com": frozenset(calls.split())
    for service, calls in {
        "cloudtrail": "DescribeTrails GetEventSelectors GetTrailStatus",
        "config": "DescribeConfigRules DescribeConfigurationAggregators DescribeOrganizationConfigRules "
        "GetAggregateComplianceDetailsByConfigRule GetComplianceDetailsByConfigRule "
        "GetOrganizationConfigRuleDetailedStatus PutEvaluations StartConfigRulesEvaluation",
        "ec2": "DescribeRegions",
        "events": "PutEvents",
        "kms": "DescribeKey GetKeyPolicy",
        "lambda": "InvokeFunction",
        "logs": "CreateLogStream DeleteMetricFilter DescribeAccountPolicies DescribeLogGroups DescribeMetricFilters "
        "DescribeSubscriptionFilters FilterLogEvents PutLogEvents PutMetricFilter TestMetricFilter",
        "monitoring": "DeleteAlarms DescribeAlarms GetAlarmMuteRule ListAlarmMuteRules ListTagsForResource "
        "PutMetricAlarm TagResource UntagResource",
        "organizations": "DescribeAccount ListAccounts",
        "sns": "CreateTopic DeleteTopic GetSMSSandboxAccountStatus GetSubscriptionAttributes GetTopicAttributes "
        "ListSMSSandboxPhoneNumbers ListSubscriptionsByTopic ListTagsForResource SetTopicAttributes Subscribe "
        "TagResource UntagResource",
        "sqs": "SendMessage",
        "ssm": "DeleteParameter GetParameter GetParametersByPath PutParameter",
        "sts": "AssumeRole",
    }.items()
}
"""The calls that Blindspot makes, by eventSource."""
