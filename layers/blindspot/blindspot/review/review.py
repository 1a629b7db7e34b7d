"""The whole answer of a review, from what was read. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from blindspot.model.profile import Profile
from blindspot.review.exclusions import Exclusion, NotProposed, propose
from blindspot.review.forecast import Forecast, ForecastAlarm, after_reading, forecast
from blindspot.review.groups import Group, by_day, groups
from blindspot.review.read import Read
from blindspot.verdict.assessment import Assessment
from filter_pattern import Pattern, Proofs


@dataclass(frozen=True, slots=True)
class Review:
    """Who was refused what, how often the alarms would have gone to ALARM, and what may be excluded.

    hours: how many were asked for. at: when the review was made, in UTC.
    by_day: refused calls on each day of the time that was read. groups: those with the most calls first.
    alarms: the account's, and the profile's last. overrides: the JSON object to set; None where nothing is proposed.
    pattern: of the metric filter with all exclusions; None where none does what the profile requires.
    remarks: what else changes with these overrides, or why nothing is proposed; a sentence each.
    """

    account: str
    partition: str
    profile: str
    hours: int
    at: datetime
    read: Read
    by_day: Mapping[date, int]
    groups: tuple[Group, ...]
    alarms: tuple[tuple[ForecastAlarm, Forecast], ...]
    exclusions: tuple[Exclusion, ...]
    not_proposed: tuple[NotProposed, ...]
    overrides: str | None
    pattern: Pattern | None
    remarks: tuple[str, ...] = ()


def review(
    read: Read,
    assessment: Assessment,
    alarms: tuple[ForecastAlarm, ...],
    profile: Profile,
    overrides: Mapping[str, object],
    proofs: Proofs,
    *,
    hours: int,
    at: datetime,
) -> Review:
    """The review of what was read.

    alarms: as `alarms_of` returned them with the patterns that the tally watched. profile: as it is in force, with the
    overrides. hours: how many were asked for. at: now, in UTC.
    """
    found = groups(read, profile)
    alarms = after_reading(alarms, read)
    proposed = propose(found, read, profile, overrides, alarms[-1], proofs, today=at.date())
    return Review(
        account=assessment.snapshot.account,
        partition=assessment.snapshot.partition,
        profile=profile.name,
        hours=hours,
        at=at,
        read=read,
        by_day=by_day(read),
        groups=found,
        alarms=tuple((alarm, forecast(alarm, read.tally, read.read)) for alarm in alarms),
        exclusions=proposed.exclusions,
        not_proposed=proposed.not_proposed,
        overrides=proposed.overrides,
        pattern=proposed.pattern,
        remarks=proposed.remarks,
    )
