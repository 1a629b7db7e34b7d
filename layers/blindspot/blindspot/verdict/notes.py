"""Notes: what is worth knowing about an account, but changes no verdict."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from blindspot.chain.alarm_graph import StatefulAlarm
from blindspot.chain.trail import check_delivery, is_silent
from blindspot.model.arn import Arn, place_of, short
from blindspot.model.findings import HOLDS
from blindspot.model.snapshot import CompositeAlarm, LogGroup, MuteRule, OtherAlarm, Snapshot, Unreadable
from blindspot.verdict.exclusions import Exclusions

LONG_IN_ALARM = timedelta(days=1)


class Note(NamedTuple):
    """A code, the resource, and a sentence."""

    code: str
    resource: str
    message: str


def notes(snapshot: Snapshot, alarms: Collection[str | None]) -> Iterator[Note]:
    """The notes on the account's trails, and on those of its alarms that are on a channel (their ARNs)."""
    for trail in snapshot.trails:
        if is_silent(trail, snapshot.read_at) and check_delivery(trail, snapshot.read_at) is HOLDS:
            message = f"Trail {short(trail.arn)} has delivered nothing to its log group for a day or more."
            yield Note("trail.silent", trail.arn, message)
    yield from of_masked_log_groups(snapshot)
    yield from of_events_without_a_trail(snapshot)
    for place, found in snapshot.alarms.items():
        for alarm in () if isinstance(found, Unreadable) else found:
            if alarm.arn in alarms and not isinstance(alarm, OtherAlarm):
                yield from _of_alarm(alarm, snapshot.mute_rules.get(place, ()), snapshot.read_at)


def of_masked_log_groups(snapshot: Snapshot) -> Iterator[Note]:
    """The notes on log groups in which data protection hides values from metric filters (CloudWatch Logs user guide,
    "Help protect sensitive log data with masking")."""
    for arn, group in snapshot.log_groups.items():
        if isinstance(group, LogGroup) and group.masked:
            message = (
                f"Data protection masks values in log group {short(arn)}. Metric filters do not match what is masked."
            )
            yield Note("log-group.masked", arn, message)


STRAIGHT_FROM_CLOUDTRAIL = "aws/cloudtrail/managementevents"
"""The log group to which CloudTrail delivers management events without a trail, as telemetry rules name it by default
(CloudWatch user guide, "Telemetry enablement rules")."""


def of_events_without_a_trail(snapshot: Snapshot) -> Iterator[Note]:
    """The notes on metric filters of log groups to which CloudTrail delivers without a trail."""
    ours = [filters for (account, _), filters in snapshot.other_filters.items() if account == snapshot.account]
    groups = {arn for filters in ours for arn, _ in filters}
    for arn in sorted(group for group in groups if short(group) == STRAIGHT_FROM_CLOUDTRAIL):
        message = (
            f"Log group {short(arn)} in {place_of(arn)[1]} has metric filters. CloudTrail delivers there without a"
            " trail: only what a telemetry rule selects, and only in regions with such a rule. The control asks for a"
            " trail, so Blindspot does not assess this log group."
        )
        yield Note("log-group.without-trail", arn, message)


def of_refused_calls(number: int, account: str) -> Iterator[Note]:
    """The note on so many calls of Blindspot itself that AWS refused, if there are any."""
    if number:
        calls = "one call" if number == 1 else f"{number} calls"
        message = f"AWS refused {calls} of Blindspot. Each is itself an unauthorized call, which the alarm may count."
        yield Note("calls.refused", account, message)


def of_exclusions(exclusions: Exclusions, account: str) -> Iterator[Note]:
    """A note on each exclusion of the profile that ends within a fortnight, and on each that has ended."""
    for exclusion, until in exclusions.ending:
        message = (
            f"{exclusions.title(exclusion, exclusion.reason)} ends on {until}. From then on its calls must raise an"
            " alarm again. To extend it, give it a later date in Overrides. Otherwise have the metric filters match"
            " its calls."
        )
        yield Note("exclusion.ends", account, message)
    for exclusion, until in exclusions.ended:
        message = (
            f"{exclusions.title(exclusion, exclusion.reason)} ended on {until}. Its calls must raise an alarm again."
            " Remove it from Overrides, or give it a later date."
        )
        yield Note("exclusion.ended", account, message)


def _of_alarm(alarm: StatefulAlarm, mute_rules: Sequence[MuteRule] | Unreadable, now: datetime) -> Iterator[Note]:
    name = short(alarm.arn)
    if alarm.state == "ALARM" and alarm.state_since is not None and now - alarm.state_since > LONG_IN_ALARM:
        since = f"{alarm.state_since:%Y-%m-%d %H:%M} UTC"
        message = f"Alarm {name} has been in ALARM since {since}. It announces nothing new until it returns to OK."
        yield Note("alarm.in-alarm", alarm.arn, message)
    if isinstance(alarm, CompositeAlarm) and alarm.suppressor and not alarm.suppressed:
        message = f"The actions of alarm {name} are suppressed whenever alarm {alarm.suppressor} is in ALARM."
        yield Note("alarm.to-be-muted", alarm.arn, message)
    for rule in () if isinstance(mute_rules, Unreadable) else mute_rules:
        if rule.status == "SCHEDULED" and not isinstance(rule.alarms, Unreadable) and name in rule.alarms:
            message = f"Mute rule {Arn.parse(rule.arn).name} is scheduled to mute the actions of alarm {name}."
            yield Note("alarm.to-be-muted", alarm.arn, message)
