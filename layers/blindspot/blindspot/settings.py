"""The operator's settings, as the stack's parameters put them into the environment."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from blindspot import profile
from blindspot.profile import Profile, SettingsError

__all__ = ["Settings", "SettingsError", "load"]


@dataclass(frozen=True, slots=True)
class Settings:
    """What one run goes by.

    profile: what is required, with the overrides applied.
    excluded_regions: regions that are neither called nor judged.
    config_rule: the name of the AWS Config rule; None where the stack has none.
    report_regions: whether AWS Config gets a row for each region beside the account's.
    """

    profile: Profile
    excluded_regions: frozenset[str]
    config_rule: str | None
    report_regions: bool


def load(environ: Mapping[str, str]) -> Settings:
    """The settings that these environment variables hold; one that is missing has its default.

    Raises SettingsError, which names the stack's parameter and what it allows.
    """
    return Settings(
        profile=profile.load(environ.get("BLINDSPOT_PROFILE") or profile.DEFAULT, _overrides(environ)),
        excluded_regions=_regions(environ.get("BLINDSPOT_EXCLUDED_REGIONS", "")),
        config_rule=environ.get("BLINDSPOT_CONFIG_RULE") or None,
        report_regions=_flag("ReportRegions", environ.get("BLINDSPOT_REPORT_REGIONS") or "false"),
    )


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
    names = frozenset(name.strip() for name in text.split(",") if name.strip())
    for name in names:
        if not re.fullmatch(r"[a-z]{2,}(-[a-z]+)+-\d+", name):
            raise SettingsError(f"ExcludedRegions has {name!r}; allowed: region names such as eu-west-1, with commas.")
    return names


def _flag(parameter: str, text: str) -> bool:
    if text not in ("true", "false"):
        raise SettingsError(f"{parameter} is {text!r}; allowed: true or false.")
    return text == "true"
