"""CloudWatch: alarms (CloudWatch API reference, PutMetricAlarm, PutCompositeAlarm and DescribeAlarms)."""

from functools import cache, wraps
from typing import Any

from botocore.model import StringShape
from botocore.session import Session
from moto.cloudwatch.exceptions import ValidationError
from moto.cloudwatch.models import Alarm, CloudWatchBackend
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult, EmptyResult

ACTIONS = ("AlarmActions", "OKActions", "InsufficientDataActions")
STATE = ("state_value", "state_reason", "state_reason_data", "state_updated_timestamp")
WEEK, DAY, HOUR = 604_800, 86_400, 3_600

_put_metric_alarm = CloudWatchResponse.put_metric_alarm
_keep = CloudWatchBackend.put_metric_alarm


def put_metric_alarm(self: CloudWatchResponse) -> Any:
    _check_actions(self)
    for parameter, allowed in (
        ("ComparisonOperator", _values("ComparisonOperator")),
        ("Statistic", _values("Statistic")),
        ("Unit", _values("StandardUnit")),
        ("TreatMissingData", {"missing", "ignore", "breaching", "notBreaching"}),
    ):
        given = self._get_param(parameter)
        if given is not None and given not in allowed:
            raise ValidationError(f"The value {given} for parameter {parameter} is not supported.")
    periods, period = self._get_param("EvaluationPeriods") or 1, self._get_param("Period")
    if (self._get_param("DatapointsToAlarm") or 1) > periods:
        raise ValidationError("DatapointsToAlarm must not be greater than EvaluationPeriods.")
    if period is not None:
        if period not in (10, 20, 30) and (period % 60 or period < 60):
            raise ValidationError("The parameter Period must be 10, 20, 30 or a multiple of 60.")
        if period * periods > (WEEK if period >= HOUR else DAY):
            raise ValidationError("Metrics cannot be checked across more than a day, or a week of periods of an hour.")
    return _put_metric_alarm(self)


def _check_actions(self: CloudWatchResponse) -> None:
    for parameter in ACTIONS:
        actions = self._get_param(parameter, [])
        if len(actions) > 5:
            raise ValidationError(f"The collection {parameter} must not have a size greater than 5.")
        for arn in actions:
            _, partition, service, region, *_ = arn.split(":")
            # AWS: "Invalid partition aws specified. Only aws-us-gov is supported"
            if partition != self.partition:
                raise ValidationError(f"Invalid partition {partition} specified. Only {self.partition} is supported.")
            # AWS: "Invalid region ca-central-1 specified. Only us-west-2 is supported."
            if service == "sns" and region != self.region:
                raise ValidationError(f"Invalid region {region} specified. Only {self.region} is supported.")


@cache
def _values(name: str) -> frozenset[str]:
    shape = Session().get_service_model("cloudwatch").shape_for(name)
    assert isinstance(shape, StringShape)  # noqa: S101 (for the type)
    return frozenset(shape.enum)


def put_composite_alarm(self: CloudWatchResponse) -> ActionResult:
    _check_actions(self)
    nothing: dict[str, Any] = dict.fromkeys(_METRIC_ALARM_ONLY) | {"dimensions": []}
    self.cloudwatch_backend.put_metric_alarm(
        name=self._get_param("AlarmName"),
        rule=self._get_param("AlarmRule"),
        description=self._get_param("AlarmDescription"),
        actions_enabled=self._get_bool_param("ActionsEnabled", True),
        alarm_actions=self._get_param("AlarmActions", []),
        ok_actions=self._get_param("OKActions", []),
        insufficient_data_actions=self._get_param("InsufficientDataActions", []),
        tags=self._get_param("Tags", []),
        **nothing,
    )
    return EmptyResult()


_METRIC_ALARM_ONLY = (
    "namespace",
    "metric_name",
    "comparison_operator",
    "evaluation_periods",
    "period",
    "threshold",
    "statistic",
)


@wraps(_keep)
def keep_alarm(self: CloudWatchBackend, **given: Any) -> Alarm:
    before = self.alarms.get(given["name"])
    alarm = _keep(self, **given)
    alarm.state_value = "INSUFFICIENT_DATA"
    # "its state is left unchanged, but the update completely overwrites the previous configuration of the alarm"
    for field in STATE if before else ():
        setattr(alarm, field, getattr(before, field))
    return alarm


def describe_alarms(self: CloudWatchResponse) -> ActionResult:
    limit = self._get_param("MaxRecords") or 50
    if limit > 100:
        raise ValidationError("MaxRecords must be at most 100.")
    wanted = [alarm for alarm in self.cloudwatch_backend.describe_alarms() if _wanted(self, alarm)]
    begin = int(self._get_param("NextToken") or 0)
    page = wanted[begin : begin + limit]
    found = {
        "MetricAlarms": [alarm for alarm in page if not alarm.rule],
        "CompositeAlarms": [alarm for alarm in page if alarm.rule],
        "NextToken": str(begin + limit) if begin + limit < len(wanted) else None,
    }
    return ActionResult(found)


def _wanted(self: CloudWatchResponse, alarm: Alarm) -> bool:
    # Without AlarmTypes the answer holds metric alarms alone.
    types = self._get_param("AlarmTypes") or ["MetricAlarm"]
    names, state, action = (self._get_param(key) for key in ("AlarmNames", "StateValue", "ActionPrefix"))
    return (
        ("CompositeAlarm" if alarm.rule else "MetricAlarm") in types
        and (not names or alarm.name in names)
        and alarm.name.startswith(self._get_param("AlarmNamePrefix") or "")
        and state in (None, alarm.state_value)
        and (not action or any(arn.startswith(action) for arn in alarm.alarm_actions))
    )


METHODS = {
    CloudWatchResponse: (put_metric_alarm, put_composite_alarm, describe_alarms),
    CloudWatchBackend: (keep_alarm,),
}
