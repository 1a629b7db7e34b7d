"""Notes: what is worth knowing about an account, but changes no verdict."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from blindspot.chain.alarm_graph import StatefulAlarm
from blindspot.chain.trail import check_delivery, is_silent
from blindspot.model.arn import Arn, short
from blindspot.model.findings import HOLDS
from blindspot.model.snapshot import CompositeAlarm, MuteRule, OtherAlarm, Snapshot, Unreadable

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
    for place, found in snapshot.alarms.items():
        for alarm in () if isinstance(found, Unreadable) else found:
            if alarm.arn in alarms and not isinstance(alarm, OtherAlarm):
                yield from _of_alarm(alarm, snapshot.mute_rules.get(place, ()), snapshot.read_at)


def _of_alarm(alarm: StatefulAlarm, mute_rules: Sequence[MuteRule] | Unreadable, now: datetime) -> Iterator[Note]:
    name = short(alarm.arn)
    if alarm.state == "ALARM" and alarm.state_since is not None and now - alarm.state_since > LONG_IN_ALARM:
        since = f"{alarm.state_since:%Y-%m-%d %H:%M} UTC"
        message = f"Alarm {name} has been in ALARM since {since}. It sends no new notification until it leaves ALARM."
        yield Note("alarm.in-alarm", alarm.arn, message)
    if isinstance(alarm, CompositeAlarm) and alarm.suppressor and not alarm.suppressed:
        message = f"The actions of alarm {name} are suppressed whenever alarm {alarm.suppressor} is in ALARM."
        yield Note("alarm.to-be-muted", alarm.arn, message)
    for rule in () if isinstance(mute_rules, Unreadable) else mute_rules:
        if rule.status == "SCHEDULED" and not isinstance(rule.alarms, Unreadable) and name in rule.alarms:
            message = f"Mute rule {Arn.parse(rule.arn).name} is scheduled to mute the actions of alarm {name}."
            yield Note("alarm.to-be-muted", alarm.arn, message)
