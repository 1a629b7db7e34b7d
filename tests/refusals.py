"""Refused calls to review: an account's noise, made of a few callers, and what was read of it."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from blindspot.model import cloudtrail_calls, profile
from blindspot.model.profile import Profile
from blindspot.review.exclusions import Proposed, propose
from blindspot.review.forecast import Feed, ForecastAlarm, Terms
from blindspot.review.groups import groups
from blindspot.review.read import LogGroupRead, Read
from blindspot.review.tally import Interval, Tally, Watched
from blindspot.verdict.pattern_writer import pattern_to_write
from filter_pattern import Event, Proofs

ACCOUNT = "111122223333"
LOG_GROUP = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:trail"
TODAY = date(2026, 11, 27)
HOUR, DAY = 3600, 86_400
END = int(datetime(2026, 11, 27, tzinfo=UTC).timestamp())
DAYS = 8
PROOFS = Proofs(1_000_000_000)
"""Kept for all tests: most of them ask the same questions."""
START = END - DAYS * DAY


class Refused(NamedTuple):
    """A refused call, and when it was logged, in seconds since 1970."""

    at: int
    event: Event


def every(seconds: int, event: Mapping[str, Any], *, start: int = START, end: int = END) -> list[Refused]:
    """The call again and again."""
    return [Refused(at, event) for at in range(start, end, seconds)]


def refused(caller: Mapping[str, Any], what: str, *, region: str = "us-east-1", **changes: Any) -> dict[str, Any]:
    """A refused call. what: such as "s3 GetBucketAcl". changes: other values of fields."""
    service, name = what.split()
    address = str(caller.get("invokedBy", "198.51.100.20"))
    code = cloudtrail_calls.denial_of(service)
    made = cloudtrail_calls.call(service, name, caller, error=code, address=address)
    made["errorMessage"] = (
        f"User is not authorized to perform: {service}:{name} "
        f"because no identity-based policy allows the {service}:{name} action"
    )
    return {**copy.deepcopy(dict(cloudtrail_calls.in_account(made, ACCOUNT, region))), **changes}


def role(name: str, **changes: Any) -> dict[str, Any]:
    return {**cloudtrail_calls.role(name), **changes}


SCANNER = role("scanner")
SCANNED = ("s3 GetBucketAcl", "ec2 DescribeInstances", "iam ListUsers", "kms ListKeys")
CONFIG = cloudtrail_calls.service("config")


def noise(*more: Refused) -> list[Refused]:
    """A scanner every hour, and AWS Config half an hour after it."""
    scans = [call for what in SCANNED for call in every(HOUR, refused(SCANNER, what))]
    return [*scans, *every(HOUR, refused(CONFIG, "s3 GetBucketPolicy"), start=START + HOUR // 2), *more]


def read_of(calls: Iterable[Refused], profile: Profile, *, start: int = START, end: int = END) -> Read:
    """What a review reads of the calls."""
    pattern = pattern_to_write(profile, PROOFS).pattern
    tally = Tally(ACCOUNT, [Watched(None, pattern)] if pattern else [])
    for number, call in enumerate(calls):
        if start <= call.at < end and profile.required.matches(call.event):
            tally.add(LOG_GROUP, call.at * 1000, json.dumps({**call.event, "eventID": f"{number}"}))
    interval = Interval(start, end)
    return Read(interval, interval, tally, (LogGroupRead(LOG_GROUP, start, tally.events, None),), 1)


def alarm_of(profile: Profile) -> ForecastAlarm:
    """The alarm that the profile's source sets."""
    settings, watched = profile.alarm, pattern_to_write(profile, PROOFS).pattern
    terms = Terms(
        settings.statistic, settings.period, settings.threshold, settings.comparison, missing_data="notBreaching"
    )
    if watched is None:
        return ForecastAlarm(profile.names.alarm, None, terms, (), "No metric filter pattern does it.")
    return ForecastAlarm(profile.names.alarm, None, terms, (Feed(0, 1.0, None),))


def proposed(
    *calls: Refused,
    name: str = "cis-level-2",
    overrides: dict[str, Any] | None = None,
    proofs: Proofs | None = None,
    alarm: ForecastAlarm | None = None,
) -> Proposed:
    given = overrides or {}
    judged_by = profile.load(name, given, on=TODAY)
    read = read_of(calls, judged_by)
    found = groups(read, judged_by)
    return propose(found, read, judged_by, given, alarm or alarm_of(judged_by), proofs or PROOFS, today=TODAY)


def with_overrides(result: Proposed, name: str = "cis-level-2", on: date = TODAY) -> Profile:
    assert result.overrides is not None
    return profile.load(name, json.loads(result.overrides), on=on)
