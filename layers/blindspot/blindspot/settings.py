"""The operator's settings, as the stack's parameters put them into the environment."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from blindspot.model import profile
from blindspot.model import stack as stacks
from blindspot.model.arn import Arn
from blindspot.model.profile import Profile, SettingsError
from blindspot.model.stack import Stack

__all__ = [
    "Organization",
    "Settings",
    "SettingsError",
    "Subscriber",
    "config_rule",
    "load",
    "organization",
    "overrides",
    "review_log_groups",
    "stack",
]


@dataclass(frozen=True, slots=True)
class Organization:
    """What leads into the members of the organization.

    rule: the name of the organization's rule; AWS Config gives each member's rule this name with more before and after.
    own_account: the evaluator's, which is judged by its own rule. partition: of all accounts. region: of the evaluator
    and of all rules that invoke it.
    role_name: the role's in each member. external_id: what the role's trust policy asks for.
    """

    rule: str
    own_account: str
    partition: str
    region: str
    role_name: str
    external_id: str

    def role(self, account: str) -> str:
        """The ARN of the role in a member account."""
        return f"arn:{self.partition}:iam::{account}:role/{self.role_name}"


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Who is to be subscribed, as SNS takes it (sns:Subscribe)."""

    protocol: str
    endpoint: str


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one run.

    profile: what is required, with the overrides applied.
    excluded_regions: regions that are neither called nor assessed.
    monitoring_roles: by account, the ARN of the role that reads the resources in that account.
    config_rule: the name of the AWS Config rule; None where the stack has none.
    report_regions: whether AWS Config gets an evaluation for each region beside the account's.
    switch_parameter: the name of the SSM parameter that turns remediation on; None for the evaluator.
    subscribers: whom the remediator subscribes to its topic, each once; none where SubscriptionEndpoint is empty.
    stack: whose ledger says what is ours; None outside a stack.
    """

    profile: Profile
    excluded_regions: frozenset[str]
    monitoring_roles: Mapping[str, str]
    config_rule: str | None
    report_regions: bool
    switch_parameter: str | None
    subscribers: tuple[Subscriber, ...]
    stack: Stack | None = None


def load(environ: Mapping[str, str], *, on: date, subscribing: bool = False) -> Settings:
    """The settings in these environment variables, with the default for each that is missing.

    on: the day of the run, in UTC; it decides which exclusions have ended.
    subscribing: for a run that may create alarms and topics: the subscribers are read, otherwise there are none, and
        the names must be ones that the remediator's role allows.
    Raises SettingsError, whose message names the stack's parameter and the values that it allows.
    """
    chosen = profile.load(environ.get("BLINDSPOT_PROFILE") or profile.DEFAULT, overrides(environ), on=on)
    if subscribing:
        profile.check_names(chosen)
    return Settings(
        profile=chosen,
        excluded_regions=_regions(environ.get("BLINDSPOT_EXCLUDED_REGIONS", "")),
        monitoring_roles=_roles(environ.get("BLINDSPOT_MONITORING_ROLE_ARNS", "")),
        config_rule=config_rule(environ),
        report_regions=_boolean("ReportRegions", environ.get("BLINDSPOT_REPORT_REGIONS") or "false"),
        switch_parameter=environ.get("BLINDSPOT_FLAG") or None,
        subscribers=_subscribers(environ) if subscribing else (),
        stack=_stack(environ),
    )


def load_for_backout(environ: Mapping[str, str], *, on: date) -> tuple[Settings, SettingsError | None]:
    """The settings, and what is wrong with those that backout does not need: no mistake in them must prevent it. With
    an error, the profile is the default one, by which nothing must be judged.

    Raises SettingsError for those that it needs: ExcludedRegions.
    """
    try:
        return load(environ, on=on), None
    except SettingsError as error:
        needed = {name: environ[name] for name in _OF_BACKOUT if name in environ}
        return load(needed, on=on), error


_OF_BACKOUT = ("BLINDSPOT_EXCLUDED_REGIONS", "BLINDSPOT_FLAG", "BLINDSPOT_STACK")

_ENDPOINTS = {
    "email": (r"[^@\s]+@[^@\s]+", "an email address"),
    "https": (r"https://([^/@\s]+@)?[\w.-]+(:\d+)?([/?#]\S*)?", "an address that begins with https://"),
    "sqs": (
        r"arn:[a-z-]+:sqs:[a-z0-9-]+:\d{12}:[\w-]+",
        "the ARN of a standard queue; SNS standard topics do not deliver to FIFO queues",
    ),
    "lambda": (r"arn:[a-z-]+:lambda:[a-z0-9-]+:\d{12}:function:[\w:.$-]+", "the ARN of a function"),
    "sms": (r"\+\d{6,15}", "a telephone number such as +14155550100"),
}
"""By protocol, the expression that an endpoint matches and its description (SNS API reference, Subscribe)."""


def _subscribers(environ: Mapping[str, str]) -> tuple[Subscriber, ...]:
    protocol = environ.get("BLINDSPOT_SUBSCRIPTION_PROTOCOL") or "email"
    if protocol not in _ENDPOINTS:
        raise SettingsError(f"SubscriptionProtocol is {protocol!r}; allowed: {', '.join(_ENDPOINTS)}.")
    expression, allowed = _ENDPOINTS[protocol]
    endpoints = _listed(environ.get("BLINDSPOT_SUBSCRIPTION_ENDPOINT", ""))
    for number, endpoint in enumerate(endpoints, 1):
        if not re.fullmatch(expression, endpoint):  # not quoted: the address of a chat webhook is a secret
            which = f", number {number} of {len(endpoints)}," if len(endpoints) > 1 else ""
            raise SettingsError(
                f"SubscriptionEndpoint{which} does not fit the protocol {protocol}; allowed: {allowed}. "
                "Separate several endpoints by commas; an endpoint cannot contain one."
            )
    return tuple(Subscriber(protocol, endpoint) for endpoint in dict.fromkeys(endpoints))


def config_rule(environ: Mapping[str, str]) -> str | None:
    """The name of the AWS Config rule, read without the other settings; None where the stack has none."""
    return environ.get("BLINDSPOT_CONFIG_RULE") or None


def stack(environ: Mapping[str, str]) -> str | None:
    """The id of the stack, read without the other settings; None where there is none."""
    return environ.get("BLINDSPOT_STACK") or None


def organization(environ: Mapping[str, str]) -> Organization | None:
    """What leads into the members, read without the other settings; None where OrganizationRole is empty.

    Raises SettingsError.
    """
    role = environ.get("BLINDSPOT_ORGANIZATION_ROLE", "")
    if not role:
        return None
    if not re.fullmatch(r"[\w+=,.@-]{1,64}", role, re.ASCII):
        raise SettingsError(
            f"OrganizationRole is {role!r}; allowed: an IAM role's name without its path, of at most 64 characters."
        )
    found = _stack(environ)
    if found is None:
        raise SettingsError("OrganizationRole is set, and BLINDSPOT_STACK is not; allowed: both, as in a stack.")
    arn = Arn.parse(found.id)
    return Organization(found.name, arn.account, arn.partition, arn.region, role, found.uuid)


def stack_name(environ: Mapping[str, str]) -> str | None:
    """The name in the stack's id; None where there is none."""
    try:
        return stacks.parse(stack(environ) or "").name
    except ValueError:
        return None


def review_log_groups(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The ARNs of the log groups that the evaluator may review, each once and without `:*` at its end. Read without the
    other settings, so that a mistake in it keeps no account from being assessed.

    Raises SettingsError.
    """
    found = []
    for arn in _listed(environ.get("BLINDSPOT_REVIEW_LOG_GROUP_ARNS", "")):
        if not re.fullmatch(r"arn:[a-z-]+:logs:[a-z0-9-]+:\d{12}:log-group:[\w./#-]{1,512}(:\*)?", arn, re.ASCII):
            raise SettingsError(
                f"ReviewLogGroupArns has {arn!r}; allowed: ARNs of log groups, separated by commas, such as "
                "arn:aws:logs:eu-west-1:111122223333:log-group:trail."
            )
        found.append(arn.removesuffix(":*"))
    return tuple(dict.fromkeys(found))


def _stack(environ: Mapping[str, str]) -> Stack | None:
    found = stack(environ)
    try:
        return stacks.parse(found) if found else None
    except ValueError as error:
        raise SettingsError(f"BLINDSPOT_STACK is {found!r}; allowed: {error}.") from None


def overrides(environ: Mapping[str, str]) -> Mapping[str, object]:
    """The overrides as they were given; only `load` checks their keys. Raises SettingsError."""
    text = environ.get("BLINDSPOT_OVERRIDES") or "{}"
    try:
        given = json.loads(text)
    except ValueError as error:
        raise SettingsError(f"Overrides is not JSON ({error}); allowed: one JSON object.") from None
    if not isinstance(given, dict):
        raise SettingsError("Overrides is not an object; allowed: one JSON object with a profile's keys.")
    return given


def _regions(text: str) -> frozenset[str]:
    names = frozenset(_listed(text))
    for name in names:
        if not re.fullmatch(r"[a-z]{2,}(-[a-z]+)+-\d+", name):
            raise SettingsError(
                f"ExcludedRegions has {name!r}; allowed: region names such as eu-west-1, separated by commas."
            )
    return names


def _roles(text: str) -> dict[str, str]:
    """The role for each account, taken from the ARN."""
    roles: dict[str, str] = {}
    for arn in _listed(text):
        named = re.fullmatch(r"arn:[a-z-]+:iam::(\d{12}):role/[\w+=,.@/-]+", arn)
        if named is None:
            raise SettingsError(f"MonitoringRoleArns has {arn!r}; allowed: ARNs of IAM roles, separated by commas.")
        if named[1] in roles:
            raise SettingsError(
                f"MonitoringRoleArns has two roles of account {named[1]}; allowed: one role per account."
            )
        roles[named[1]] = arn
    return roles


def _listed(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _boolean(parameter: str, text: str) -> bool:
    if text not in ("true", "false"):
        raise SettingsError(f"{parameter} is {text!r}; allowed: true or false.")
    return text == "true"
