"""Whether an alarm fires on one refused call and comes back to rest, and whom it then acts on.

Source: CloudWatch user guide, "Using Amazon CloudWatch alarms", with its section "Configuring how CloudWatch alarms
treat missing data".
"""

from __future__ import annotations

import operator
from collections.abc import Collection

from blindspot.gaps import Doubt, Finding, Gap, short
from blindspot.snapshot import MetricAlarm

_COMPARISONS = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}

_SIGNS = dict(zip(_COMPARISONS, (">=", ">", "<", "<="), strict=True))

_COUNTING = ("Sum", "SampleCount")
"""Statistics that grow with the number of calls; the others stay at the metric's value."""

MANY = 10**9
"""More calls than a period holds: an alarm must fire on a flood of calls as well as on one."""


def firing(alarm: MetricAlarm, value: float, defaults: Collection[float], copies: int) -> Finding:
    """Whether `copies` of one event within one period make the alarm fire from rest, and it then returns to rest.

    value: what the metric filter adds for each match, more than 0.
    defaults: the default values of all metric filters that feed the metric.
    """
    compare = _COMPARISONS.get(alarm.comparison)
    if compare is None or alarm.statistic not in (*_COUNTING, "Maximum", "Minimum", "Average"):
        return Doubt(alarm.arn, f"Alarm {short(alarm.arn)} compares in a way that is not worked out yet.")
    if defaults and (alarm.statistic not in ("Sum", "Maximum") or any(default != 0 for default in defaults)):
        return Doubt(alarm.arn, f"A filter's default value enters the {alarm.statistic} of alarm {short(alarm.arn)}.")

    def breaches(calls: int) -> bool:
        unit = 1.0 if alarm.statistic == "SampleCount" else value
        return bool(compare(unit * calls if alarm.statistic in _COUNTING else unit, alarm.threshold))

    if not breaches(MANY):
        return Gap("alarm.never-fires", alarm.arn, f"No number of refused calls sets off {_terms(alarm)}.")
    if not breaches(copies):
        return Gap("alarm.insensitive", alarm.arn, f"{_calls(copies)} set off {_terms(alarm)}.")
    return _resting(alarm, quiet_breaches=bool(defaults) and bool(compare(0.0, alarm.threshold)), filled=bool(defaults))


def _resting(alarm: MetricAlarm, *, quiet_breaches: bool, filled: bool) -> Finding:
    """Whether one breaching period is enough, and quiet ones end it. `filled`: quiet periods hold data, namely 0."""
    treatment = alarm.missing_data
    stays = Gap("alarm.latches", alarm.arn, f"Once in ALARM it stays there: {_terms(alarm)}.")
    waits = Gap("alarm.insensitive", alarm.arn, f"One period of refused calls does not set off {_terms(alarm)}.")
    if quiet_breaches:
        return stays
    if treatment == "breaching":
        return Doubt(alarm.arn, f"Periods without any log event set off alarm {short(alarm.arn)}.") if filled else stays
    if alarm.datapoints == 1:
        return stays if treatment == "ignore" and not filled else None
    if treatment == "missing" and not filled:
        return Doubt(alarm.arn, f"What missing data do is not worked out yet for {_terms(alarm)}.")
    return waits


def acting(alarm: MetricAlarm, accepted: Collection[str]) -> Finding:
    """Whether the alarm's state reaches anything: its actions are enabled and one is of an accepted service."""
    if not alarm.actions_enabled:
        return Gap("alarm.actions-disabled", alarm.arn, f"The actions of alarm {short(alarm.arn)} are disabled.")
    if not accepted_actions(alarm, accepted):
        what = "an SNS topic" if tuple(accepted) == ("sns",) else " or ".join(accepted)
        return Gap(
            "alarm.no-action",
            alarm.arn,
            f"Alarm {short(alarm.arn)} notifies nobody: none of its alarm actions is {what}.",
        )
    return None


def accepted_actions(alarm: MetricAlarm, accepted: Collection[str]) -> tuple[str, ...]:
    """The ARNs among the alarm's actions that are of an accepted service."""
    return tuple(arn for arn in alarm.actions if arn.split(":")[2:3] and arn.split(":")[2] in accepted)


def _calls(copies: int) -> str:
    return "One refused call does not" if copies == 1 else f"{copies} refused calls within one period do not"


def _terms(alarm: MetricAlarm) -> str:
    sign = _SIGNS[alarm.comparison]
    return (
        f"alarm {short(alarm.arn)} ({alarm.statistic} {sign} {alarm.threshold:g}, {alarm.datapoints} of "
        f"{alarm.evaluation_periods} periods of {alarm.period} s, missing data {alarm.missing_data})"
    )
