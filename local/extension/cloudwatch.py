"""CloudWatch: alarms (CloudWatch API reference, PutMetricAlarm, PutCompositeAlarm and DescribeAlarms)."""

from typing import Any

from moto.cloudwatch.exceptions import ValidationError
from moto.cloudwatch.models import Alarm
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult, EmptyResult

TREATMENTS = (None, "missing", "ignore", "breaching", "notBreaching")
STATISTICS = (None, "Sum", "SampleCount", "Maximum", "Minimum", "Average")

_put_metric_alarm = CloudWatchResponse.put_metric_alarm


def put_metric_alarm(self: CloudWatchResponse) -> Any:
    actions = self._get_param("AlarmActions", [])
    period = self._get_param("Period")
    if len(actions) > 5:
        raise ValidationError("The collection AlarmActions must not have a size greater than 5.")
    for arn in actions:
        # AWS: "Invalid region ca-central-1 specified. Only us-west-2 is supported."
        if arn.split(":")[2] == "sns" and arn.split(":")[3] != self.region:
            raise ValidationError(f"Invalid region {arn.split(':')[3]} specified. Only {self.region} is supported.")
    if period is not None and period not in (10, 20, 30) and (period % 60 or period < 60):
        raise ValidationError("The parameter Period must be 10, 20, 30 or a multiple of 60.")
    if self._get_param("TreatMissingData") not in TREATMENTS or self._get_param("Statistic") not in STATISTICS:
        raise ValidationError("TreatMissingData or Statistic has a value that is not supported.")
    return _put_metric_alarm(self)


def put_composite_alarm(self: CloudWatchResponse) -> ActionResult:
    nothing: dict[str, Any] = dict.fromkeys(_METRIC_ALARM_ONLY) | {"dimensions": []}
    self.cloudwatch_backend.put_metric_alarm(
        name=self._get_param("AlarmName"),
        rule=self._get_param("AlarmRule"),
        alarm_actions=self._get_param("AlarmActions", []),
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
    "description",
)


def describe_alarms(self: CloudWatchResponse) -> ActionResult:
    alarms: list[Alarm] = list(self.cloudwatch_backend.describe_alarms())
    # Without AlarmTypes the answer holds metric alarms alone.
    types = self._get_param("AlarmTypes") or ["MetricAlarm"]
    limit = self._get_param("MaxRecords") or 50
    if limit > 100:
        raise ValidationError("MaxRecords must be at most 100.")
    wanted = [alarm for alarm in alarms if ("CompositeAlarm" if alarm.rule else "MetricAlarm") in types]
    begin = int(self._get_param("NextToken") or 0)
    page = wanted[begin : begin + limit]
    found = {
        "MetricAlarms": [alarm for alarm in page if not alarm.rule],
        "CompositeAlarms": [alarm for alarm in page if alarm.rule],
        "NextToken": str(begin + limit) if begin + limit < len(wanted) else None,
    }
    return ActionResult(found)


METHODS = {CloudWatchResponse: (put_metric_alarm, put_composite_alarm, describe_alarms)}
