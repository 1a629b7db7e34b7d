"""The operator's settings, as the stack's parameters put them into the environment."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from blindspot.model import profile
from blindspot.model.profile import Profile, SettingsError

__all__ = ["Settings", "SettingsError", "Subscriber", "load"]


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Who is to be told, as SNS takes it."""

    protocol: str
    endpoint: str


@dataclass(frozen=True, slots=True)
class Settings:
    """What one run goes by.

    profile: what is required, with the overrides applied.
    excluded_regions: regions that are neither called nor judged.
    monitoring_roles: by account, the ARN of the role with which what is in that account is read.
    config_rule: the name of the AWS Config rule; None where the stack has none.
    report_regions: whether AWS Config gets a row for each region beside the account's.
    flag: the name of the SSM parameter that switches remediation on; only the remediator has one.
    subscriber: whom remediation subscribes to its topic; None where nobody is named.
    """

    profile: Profile
    excluded_regions: frozenset[str]
    monitoring_roles: Mapping[str, str]
    config_rule: str | None
    report_regions: bool
    flag: str | None
    subscriber: Subscriber | None


def load(environ: Mapping[str, str], *, subscribing: bool = True) -> Settings:
    """The settings that these environment variables hold; one that is missing has its default.

    subscribing: whether to look at whom to subscribe.
    Raises SettingsError, which names the stack's parameter and what it allows.
    """
    return Settings(
        profile=profile.load(environ.get("BLINDSPOT_PROFILE") or profile.DEFAULT, _overrides(environ)),
        excluded_regions=_regions(environ.get("BLINDSPOT_EXCLUDED_REGIONS", "")),
        monitoring_roles=_roles(environ.get("BLINDSPOT_MONITORING_ROLE_ARNS", "")),
        config_rule=config_rule(environ),
        report_regions=_flag("ReportRegions", environ.get("BLINDSPOT_REPORT_REGIONS") or "false"),
        flag=environ.get("BLINDSPOT_FLAG") or None,
        subscriber=_subscriber(environ) if subscribing else None,
    )


_ENDPOINTS = {
    "email": (r"[^@\s]+@[^@\s]+", "an email address"),
    "https": (r"https://([^/@\s]+@)?[\w.-]+(:\d+)?([/?#]\S*)?", "an address that begins with https://"),
    "sqs": (r"arn:[a-z-]+:sqs:[a-z0-9-]+:\d{12}:[\w-]+", "the ARN of a queue that is no FIFO queue"),
    "lambda": (r"arn:[a-z-]+:lambda:[a-z0-9-]+:\d{12}:function:[\w:.$-]+", "the ARN of a function"),
    "sms": (r"\+\d{6,15}", "a telephone number such as +14155550100"),
}
"""By protocol, what an endpoint looks like (SNS API reference, Subscribe)."""


def _subscriber(environ: Mapping[str, str]) -> Subscriber | None:
    protocol = environ.get("BLINDSPOT_SUBSCRIPTION_PROTOCOL") or "email"
    endpoint = environ.get("BLINDSPOT_SUBSCRIPTION_ENDPOINT")
    if protocol not in _ENDPOINTS:
        raise SettingsError(f"SubscriptionProtocol is {protocol!r}; allowed: {', '.join(_ENDPOINTS)}.")
    if not endpoint:
        return None
    expression, allowed = _ENDPOINTS[protocol]
    if not re.fullmatch(expression, endpoint):  # which is not quoted: the address of a chat is a secret
        raise SettingsError(f"SubscriptionEndpoint does not fit the protocol {protocol}; allowed: {allowed}.")
    return Subscriber(protocol, endpoint)


def config_rule(environ: Mapping[str, str]) -> str | None:
    """The name of the AWS Config rule, whatever else is set."""
    return environ.get("BLINDSPOT_CONFIG_RULE") or None


def _overrides(environ: Mapping[str, str]) -> Mapping[str, object]:
    text = environ.get("BLINDSPOT_OVERRIDES") or "{}"
    try:
        overrides = json.loads(text)
    except ValueError as error:
        raise SettingsError(f"Overrides is not JSON ({error}); allowed: one JSON object.") from None
    if not isinstance(overrides, dict):
        raise SettingsError("Overrides is not an object; allowed: one JSON object with a profile's keys.")
    return overrides


def _regions(text: str) -> frozenset[str]:
    names = frozenset(_listed(text))
    for name in names:
        if not re.fullmatch(r"[a-z]{2,}(-[a-z]+)+-\d+", name):
            raise SettingsError(f"ExcludedRegions has {name!r}; allowed: region names such as eu-west-1, with commas.")
    return names


def _roles(text: str) -> dict[str, str]:
    """The role for each account, which its ARN names."""
    roles: dict[str, str] = {}
    for arn in _listed(text):
        named = re.fullmatch(r"arn:[a-z-]+:iam::(\d{12}):role/[\w+=,.@/-]+", arn)
        if named is None:
            raise SettingsError(f"MonitoringRoleArns has {arn!r}; allowed: ARNs of IAM roles, with commas.")
        if named[1] in roles:
            raise SettingsError(f"MonitoringRoleArns has two roles of account {named[1]}; allowed: one for each.")
        roles[named[1]] = arn
    return roles


def _listed(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _flag(parameter: str, text: str) -> bool:
    if text not in ("true", "false"):
        raise SettingsError(f"{parameter} is {text!r}; allowed: true or false.")
    return text == "true"
