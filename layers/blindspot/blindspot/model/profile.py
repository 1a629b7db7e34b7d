"""Profiles: what each source of the control requires, one TOML file each in the folder `profiles`.

A profile starts with the settings of `cis-level-2`. Its own file replaces some of them, and the operator's overrides
replace some of the result.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from blindspot.model import cloudtrail_events
from blindspot.model.arn import Arn, short
from filter_pattern import And, Found, Not, Pattern, PatternSyntaxError, find, parse

DEFAULT = "cis-level-2"
_FOLDER = Path(__file__).parent / "profiles"


class SettingsError(ValueError):
    """Raised for invalid settings. Its text names the setting and what is allowed."""


@dataclass(frozen=True, slots=True)
class AlarmSettings:
    """The settings that the source gives the alarm, and the tags that the operator adds. `period` is in seconds."""

    statistic: str
    period: int
    threshold: float
    comparison: str
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TopicSettings:
    """The ARN of the KMS key that encrypts the topic, None for none, and the topic's tags."""

    key: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    def key_in(self, region: str) -> str | None:
        """The ARN of the key of a topic in that region; None for no encryption.

        Raises LookupError where the key is of another region. A multi-Region key has the same id in each of its
        regions (KMS developer guide, "Multi-Region keys in AWS KMS").
        """
        if self.key is None or Arn.parse(self.key).region == region:
            return self.key
        if not short(self.key).startswith("key/mrk-"):
            raise LookupError(self.key)
        return self.key.replace(f":{Arn.parse(self.key).region}:", f":{region}:", 1)


@dataclass(frozen=True, slots=True)
class Names:
    """The names that the source gives the resources that it creates."""

    filter: str
    metric: str
    namespace: str
    alarm: str
    topic: str


@dataclass(frozen=True, slots=True)
class Exclusion:
    """An entry of `benign`: required events that a filter may leave out.

    reason: why, in the operator's words. until: from this day on, in UTC, it excuses nothing; None where it has no end.
    """

    pattern: Pattern
    reason: str | None = None
    until: date | None = None

    def excuses(self, on: date | None) -> bool:
        """Whether it is in force on that day (UTC). On a day that is not known, only one without an end is."""
        return self.until is None or (on is not None and on < self.until)

    @property
    def entry(self) -> str | dict[str, str]:
        """The entry as Overrides takes it."""
        if self.reason is None and self.until is None:
            return self.pattern.text
        reason = {"reason": self.reason} if self.reason is not None else {}
        return {"pattern": self.pattern.text, **reason, **({"until": self.until.isoformat()} if self.until else {})}


@dataclass(frozen=True, slots=True)
class Profile:
    """What is required, and the resources with which its source fulfills it. docs/profiles.md explains each key.

    benign: the patterns of the exclusions that are in force. exclusions: all of them, the ended ones too.
    on: the day (UTC) on which that is so; None where it is not known.
    """

    name: str
    required: Pattern
    benign: tuple[Pattern, ...]
    noise_breaks: bool
    calls_to_alarm: int
    accepted_actions: tuple[str, ...]
    siem_destinations: tuple[str, ...]
    future_region: bool
    pattern: Pattern
    alarm: AlarmSettings
    topic: TopicSettings
    names: Names
    exclusions: tuple[Exclusion, ...] = ()
    on: date | None = None


def names() -> list[str]:
    """The names of all profiles, sorted."""
    return sorted(path.stem for path in _FOLDER.glob("*.toml"))


def load(name: str, overrides: Mapping[str, object] | None = None, *, on: date | None = None) -> Profile:
    """The profile of that name, with these overrides: other values for some of its keys.

    on: the day (UTC) for which it is. Without one, every exclusion that has an end has ended.
    Raises SettingsError for an unknown profile, and for an override that its key does not allow.
    """
    if name not in names():
        raise SettingsError(f"Profile is {name!r}; allowed: {', '.join(names())}.")
    settings = _checked(_read(DEFAULT), _KEYS, f"Profile {DEFAULT}")
    for layer, where in ((_read(name), f"Profile {name}"), ({} if overrides is None else overrides, "Overrides")):
        for key, value in _checked(layer, _KEYS, where).items():
            settings[key] = {**settings[key], **value} if isinstance(value, dict) else value
    exclusions: tuple[Exclusion, ...] = settings["benign"]
    profile = Profile(
        name=name,
        benign=tuple(exclusion.pattern for exclusion in exclusions if exclusion.excuses(on)),
        exclusions=exclusions,
        on=on,
        **{key: value for key, value in settings.items() if key not in ("benign", "alarm", "topic", "names")},
        alarm=AlarmSettings(**settings["alarm"]),
        topic=TopicSettings(**settings["topic"]),
        names=Names(**settings["names"]),
    )
    anywhere = cloudtrail_events.records(account="000000000000", region=None)
    if not isinstance(find(And(profile.required, *map(Not, profile.benign)), anywhere), Found):
        raise SettingsError(
            "required must match an event that benign does not match. Otherwise every account would be compliant."
        )
    return profile


NAME_OF_OURS = "-blindspot"
"""What an alarm's or topic's name contains that is not a source's, so that the remediator's role allows it."""


def check_names(current: Profile) -> None:
    """Raises SettingsError for an alarm or topic name that the remediator's role does not allow."""
    for key in ("alarm", "topic"):
        name = getattr(current.names, key)
        if NAME_OF_OURS not in name and name not in _names_of_sources(key):
            raise SettingsError(
                f"Overrides: names: {key} is {_shown(name)}; allowed for remediation: a name that contains "
                f"{NAME_OF_OURS}, {', '.join(_names_of_sources(key))}."
            )


@cache
def _names_of_sources(key: str) -> tuple[str, ...]:
    return tuple(sorted({getattr(load(name).names, key) for name in names()}))


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((_FOLDER / f"{name}.toml").read_text("utf-8"))


def _checked(settings: object, keys: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The settings, each as the check of its key returns it."""
    if not isinstance(settings, Mapping):
        raise SettingsError(f"{where} is {_shown(settings)}; allowed: an object with the keys {', '.join(keys)}.")
    checked = {}
    for key, value in settings.items():
        if key not in keys:
            raise SettingsError(f"{where} has an unknown key {_shown(key)}; allowed: {', '.join(keys)}.")
        if isinstance(keys[key], Mapping):
            checked[key] = _checked(value, keys[key], f"{where}: {key}")
            continue
        try:
            checked[key] = keys[key](value)
        except SettingsError as error:
            raise SettingsError(f"{where}: {key}: {error}") from None
        except PatternSyntaxError as error:
            raise SettingsError(f"{where}: {key} is not a valid filter pattern. {error}") from None
        except ValueError as allowed:
            raise SettingsError(f"{where}: {key} is {_shown(value)}; allowed: {allowed}.") from None
    return checked


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


# Each check returns the setting, or raises ValueError with what is allowed.
Check = Callable[[object], object]


def _pattern(value: object) -> Pattern:
    if not isinstance(value, str):
        raise ValueError("a filter pattern, as text")
    return parse(value)


def _exclusions(values: object) -> tuple[Exclusion, ...]:
    if not isinstance(values, list):
        raise ValueError(_EXCLUSIONS)
    return tuple(_exclusion(value, f"entry {number}") for number, value in enumerate(values, 1))


def _exclusion(value: object, where: str) -> Exclusion:
    """The entry, which is the pattern alone or an object. Errors in an object name `where` it is."""
    if isinstance(value, str):
        return Exclusion(parse(value))
    if not isinstance(value, Mapping):
        raise ValueError(_EXCLUSIONS)
    entry = _checked(value, _EXCLUSION_KEYS, where)
    if "pattern" not in entry:
        raise SettingsError(f"{where} has no pattern; allowed: an object with {', '.join(_EXCLUSION_KEYS)}.")
    return Exclusion(**entry)


_EXCLUSIONS = "a list of: filter patterns, as text, or objects with pattern, reason and until"


def _day(value: object) -> date:
    # In Python, fromisoformat takes 20270225 and 2027-W08-4 too.
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
        with suppress(ValueError):  # such as February 30
            return date.fromisoformat(value)
    raise ValueError("a date as YYYY-MM-DD, such as 2027-02-25; from that day on, in UTC, it excuses nothing")


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def _period(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(_PERIODS)
    if value not in (10, 20, 30) and (value % 60 or not 60 <= value <= 86_400):
        raise ValueError(_PERIODS)
    return value


_PERIODS = "10, 20, 30 or a multiple of 60 up to 86400, in seconds"


def _whole(least: int, most: int) -> Check:
    def check(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueError(f"a whole number from {least} to {most}")
        return value

    return check


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("a number")
    return float(value)


def _one_of(*allowed: str) -> Check:
    def check(value: object) -> str:
        if not isinstance(value, str) or value not in allowed:
            raise ValueError(f"one of {', '.join(allowed)}")
        return value

    return check


def _text(expression: str, allowed: str) -> Check:
    def check(value: object) -> str:
        if not isinstance(value, str) or not re.fullmatch(expression, value):
            raise ValueError(allowed)
        return value

    return check


def _list_of(what: str, check: Check, least: int = 0) -> Check:
    def check_all(values: object) -> tuple[object, ...]:
        if not isinstance(values, list) or len(values) < least:
            raise ValueError(f"a list with at least {least} of: {what}" if least else f"a list of: {what}")
        return tuple(map(check, values))

    return check_all


def _key(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not re.fullmatch(r"arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key/[\w-]+", value):
        raise ValueError("null, or the ARN of a KMS key; not an alias")
    return value


def _tags(value: object) -> Mapping[str, str]:
    # CloudWatch and SNS API references, data type Tag. IAM compares the keys of tags without regard to case.
    reserved = re.compile(r"aws:.*|blindspot", re.IGNORECASE)
    if not isinstance(value, dict) or len(value) > _MOST_TAGS:
        raise ValueError(_TAGS)
    for key, text in value.items():
        texts = isinstance(key, str) and isinstance(text, str)
        if not texts or not re.fullmatch(r"[\w .:/=+@-]{1,128}", key) or reserved.fullmatch(key):
            raise ValueError(_TAGS)
        if not re.fullmatch(r"[\w .:/=+@-]{0,256}", text):
            raise ValueError(_TAGS)
    return value


_MOST_TAGS = 40
"""Of the 50 tags that a resource can have, people keep some."""

_TAGS = (
    f"an object of up to {_MOST_TAGS} tags: keys of 1 to 128 and values of up to 256 letters, digits, spaces and "
    "_.:/=+-@, no key blindspot, and none that begins with aws:"
)

_SERVICES = ("sns", "lambda", "ssm", "ssm-incidents", "aiops")

LONGEST_REASON = 200
"""Of an exclusion, in characters."""

_EXCLUSION_KEYS: Mapping[str, Any] = {
    "pattern": _pattern,
    "reason": _text(
        rf"(?=.*\S)[^\r\n]{{1,{LONGEST_REASON}}}", f"a text of 1 to {LONGEST_REASON} characters on one line"
    ),
    "until": _day,
}

_KEYS: Mapping[str, Any] = {
    "required": _pattern,
    "benign": _exclusions,
    "noise_breaks": _flag,
    "calls_to_alarm": _whole(1, 1000),
    "accepted_actions": _list_of(", ".join(_SERVICES), _one_of(*_SERVICES), least=1),
    "siem_destinations": _list_of("ARNs", _text("arn:.+", "ARNs")),
    "future_region": _flag,
    "pattern": _pattern,
    "alarm": {
        "statistic": _one_of("Sum", "SampleCount", "Maximum", "Minimum", "Average"),
        "period": _period,
        "threshold": _number,
        "comparison": _one_of(
            "GreaterThanOrEqualToThreshold",
            "GreaterThanThreshold",
            "LessThanThreshold",
            "LessThanOrEqualToThreshold",
        ),
        "tags": _tags,
    },
    "topic": {"key": _key, "tags": _tags},
    "names": {
        "filter": _text(r"[^:*]{1,512}", "1 to 512 characters without : and *"),
        "metric": _text(r"[^:*$]{1,255}", "1 to 255 characters without :, * and $"),
        "namespace": _text(r"[^:*$]{1,255}", "1 to 255 characters without :, * and $"),
        "alarm": _text(r".{1,255}", "1 to 255 characters"),
        "topic": _text(r"[A-Za-z0-9_-]{1,256}", "1 to 256 letters, digits, _ and -"),
    },
}
