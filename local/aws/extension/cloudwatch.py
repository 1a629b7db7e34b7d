"""CloudWatch: alarms (CloudWatch API reference, PutMetricAlarm, PutCompositeAlarm, PutLogAlarm and DescribeAlarms)."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from botocore.model import StringShape
from botocore.session import Session
from moto.cloudwatch.exceptions import ResourceNotFoundException, ValidationError
from moto.cloudwatch.models import Alarm, CloudWatchBackend
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult, EmptyResult

ACTIONS = ("AlarmActions", "OKActions", "InsufficientDataActions")
STATE = ("state_value", "state_reason", "state_reason_data", "state_updated_timestamp")
WEEK, DAY, HOUR = 604_800, 86_400, 3_600

# Of a metric alarm, what moto does not keep.
KEPT = ("EvaluationWindow", "WarmUpConfiguration", "EvaluationCriteria", "EvaluationInterval", "ActionConfiguration")
OF_ONE_METRIC = ("Namespace", "MetricName", "Dimensions", "Period", "Unit", "Statistic", "ExtendedStatistic")

_list_tags = CloudWatchResponse.list_tags_for_resource
_put_metric_alarm = CloudWatchResponse.put_metric_alarm
_keep = CloudWatchBackend.put_metric_alarm
_tag_resource = CloudWatchBackend.tag_resource


def put_metric_alarm(self: CloudWatchResponse) -> Any:
    _check_actions(self)
    _check_metrics(self)
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
    answer = _put_metric_alarm(self)
    _keep_more(self, KEPT)
    # As it was given, for moto leaves out the AccountId; a ReturnData that is not given is true.
    queries = [{"ReturnData": True, **query} for query in self._get_param("Metrics", [])]
    self.cloudwatch_backend.alarms[self._get_param("AlarmName")].metric_data_queries = queries or None  # type: ignore[assignment]
    return answer


def _check_metrics(self: CloudWatchResponse) -> None:
    """What PutMetricAlarm says of Metrics, and the data type MetricDataQuery of its use there."""
    queries = self._get_param("Metrics", [])
    ways = [key for key in ("MetricName", "Metrics", "EvaluationCriteria") if self._get_param(key)]
    if len(ways) != 1:
        raise ValidationError("You must specify either MetricName, a Metrics array, or an EvaluationCriteria.")
    if not queries:
        return
    if given := [key for key in OF_ONE_METRIC if self._get_param(key)]:
        raise ValidationError(f"Metrics cannot be used together with {', '.join(given)}.")
    identities = [query["Id"] for query in queries]
    if len(set(identities)) != len(identities) or not all(re.fullmatch(r"[a-z]\w*", name) for name in identities):
        raise ValidationError("The Ids of Metrics must be different, and begin with a lowercase letter.")
    if any(("Expression" in query) == ("MetricStat" in query) for query in queries):
        raise ValidationError("Each of Metrics must specify either Expression or MetricStat, but not both.")
    for kind in ("Expression", "MetricStat"):
        if sum(kind in query for query in queries) > 10:
            raise ValidationError(f"Metrics can include as many as 10 with {kind}.")
    # The band of an anomaly detection alarm returns data beside what is watched.
    band = self._get_param("ThresholdMetricId")
    if band not in (None, *identities):
        raise ValidationError(f"The ThresholdMetricId {band} is none of the Ids of Metrics.")
    if sum(query.get("ReturnData", True) for query in queries if query["Id"] != band) != 1:
        raise ValidationError("Exactly one element of the metrics list should return data.")


def _keep_more(self: CloudWatchResponse, parameters: tuple[str, ...]) -> None:
    given = {key: self._get_param(key) for key in parameters if self._get_param(key) is not None}
    vars(self.cloudwatch_backend.alarms[self._get_param("AlarmName")]).update(given)


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
    children = {_alarm(self, name) or name for name in _named(self._get_param("AlarmRule"))}
    if missing := sorted(name for name in children if isinstance(name, str)):
        # AWS: "Could not save the composite alarm as alarms [...] in the alarm rule do not exist"
        listed = ", ".join(missing)
        raise ValidationError(f"Could not save the composite alarm as alarms [{listed}] in the alarm rule do not exist")
    if len(children) > 100:
        raise ValidationError("The AlarmRule can specify as many as 100 children alarms.")
    _check_suppressor(self)
    _keep_without_metric(self, self._get_param("AlarmRule"))
    _keep_more(self, (*SUPPRESSION, "ActionConfiguration"))
    return EmptyResult()


SUPPRESSION = ("ActionsSuppressor", "ActionsSuppressorWaitPeriod", "ActionsSuppressorExtensionPeriod")


def _check_suppressor(self: CloudWatchResponse) -> None:
    suppressor, *periods = (self._get_param(key) for key in SUPPRESSION)
    if suppressor is None:
        return
    if None in periods:
        raise ValidationError("WaitPeriod and ExtensionPeriod are required when ActionsSuppressor is specified.")
    if _alarm(self, suppressor) is None:
        raise ValidationError(f"The ActionsSuppressor {suppressor} does not exist.")


def _alarm(self: CloudWatchResponse, name: str) -> Alarm | None:
    """By its name or by its ARN."""
    return next(
        (found for found in self.cloudwatch_backend.alarms.values() if name in (found.name, found.alarm_arn)), None
    )


def _named(rule: str) -> list[str]:
    """The alarms that an AlarmRule names; the rule is refused if it is not written as PutCompositeAlarm says."""
    names: list[str] = []
    rest = _expression(rule, names)
    if rest:
        raise _unsupported(rest)
    return names


def _expression(text: str, names: list[str]) -> str:
    """Reads one from the text's beginning, and gives what follows it."""
    rest = _operand(text, names)
    while operator := re.match(r"(AND|OR)\b\s*", rest, re.IGNORECASE):
        rest = _operand(rest[operator.end() :], names)
    return rest


def _operand(text: str, names: list[str]) -> str:
    text = text.lstrip()
    if found := re.match(r"NOT\b", text, re.IGNORECASE):
        return _operand(text[found.end() :], names)
    if found := re.match(r"(TRUE|FALSE)\b\s*", text, re.IGNORECASE):
        return text[found.end() :]
    if found := re.match(_STATE, text):
        names.append(found["quoted"] or found["name"].strip())
        return text[found.end() :]
    if found := re.match(_AT_LEAST, text):
        names += [name.strip().strip('"') for name in found["names"].split(",")]
        return text[found.end() :]
    if not text.startswith("("):
        raise _unsupported(text)
    rest = _expression(text[1:], names)
    if not rest.startswith(")"):
        raise _unsupported(rest)
    return rest[1:].lstrip()


_STATE = r"""(ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*("(?P<quoted>[^"]+)"|(?P<name>[^()"]+))\s*\)\s*"""


_AT_LEAST = (
    r"AT_LEAST\s*\(\s*[1-9][0-9]*%?\s*,\s*(NOT\s+)?(ALARM|OK|INSUFFICIENT_DATA)\s*,\s*\((?P<names>[^()]+)\)\s*\)\s*"
)


def _unsupported(rest: str) -> ValidationError:
    # AWS: "Error in AlarmRule [Unsupported token ')' at char 1]"
    return ValidationError(f"Error in AlarmRule [Unsupported token {rest[:1]!r}]")


def put_log_alarm(self: CloudWatchResponse) -> ActionResult:
    _check_actions(self)
    evaluated, breaching = self._get_param("QueryResultsToEvaluate"), self._get_param("QueryResultsToAlarm")
    if not 1 <= breaching <= evaluated <= 100:
        raise ValidationError("QueryResultsToAlarm must be at most QueryResultsToEvaluate, and that at most 100.")
    if self._get_param("ComparisonOperator") not in LOG_ALARM_OPERATORS:
        raise ValidationError(
            f"The value {self._get_param('ComparisonOperator')} for ComparisonOperator is not supported."
        )
    schedule = self._get_param("ScheduledQueryConfiguration")["ScheduleConfiguration"]
    if not re.fullmatch(r"rate\([1-9]\d* (minutes?|hours?|days?)\)", schedule["ScheduleExpression"]):
        raise ValidationError("The ScheduleExpression must be a rate() expression.")
    if not 0 <= schedule.get("EndTimeOffset", 0) < schedule["StartTimeOffset"]:
        raise ValidationError("EndTimeOffset must be less than StartTimeOffset.")
    if self._get_param("ActionLogLineCount", 0) > 0 and not self._get_param("ActionLogLineRoleArn"):
        raise ValidationError("ActionLogLineRoleArn is required when ActionLogLineCount is greater than 0.")
    _keep_without_metric(self, None)
    _keep_more(self, LOG_ALARM)
    return EmptyResult()


LOG_ALARM_OPERATORS = (
    "GreaterThanOrEqualToThreshold",
    "GreaterThanThreshold",
    "LessThanThreshold",
    "LessThanOrEqualToThreshold",
)
LOG_ALARM = (
    "ScheduledQueryConfiguration",
    "QueryResultsToEvaluate",
    "QueryResultsToAlarm",
    "Threshold",
    "ComparisonOperator",
    "TreatMissingData",
    "ActionLogLineCount",
    "ActionLogLineRoleArn",
    "WarmUpConfiguration",
    "ActionConfiguration",
)


def _keep_without_metric(self: CloudWatchResponse, rule: str | None) -> None:
    nothing: dict[str, Any] = dict.fromkeys(_METRIC_ALARM_ONLY) | {"dimensions": []}
    self.cloudwatch_backend.put_metric_alarm(
        name=self._get_param("AlarmName"),
        rule=rule,
        description=self._get_param("AlarmDescription"),
        actions_enabled=self._get_bool_param("ActionsEnabled", True),
        alarm_actions=self._get_param("AlarmActions", []),
        ok_actions=self._get_param("OKActions", []),
        insufficient_data_actions=self._get_param("InsufficientDataActions", []),
        tags=self._get_param("Tags", []),
        **nothing,
    )


_METRIC_ALARM_ONLY = (
    "namespace",
    "metric_name",
    "comparison_operator",
    "evaluation_periods",
    "period",
    "threshold",
    "statistic",
)


def keep_alarm(self: CloudWatchBackend, **given: Any) -> Alarm:
    before = self.alarms.get(given["name"])
    # "If you are using this operation to update an existing alarm, any tags you specify in this parameter are ignored."
    alarm = _keep(self, **given | ({"tags": []} if before else {}))
    alarm.state_value = "INSUFFICIENT_DATA"
    # "its state is left unchanged, but the update completely overwrites the previous configuration of the alarm"
    for field in STATE if before else ():
        setattr(alarm, field, getattr(before, field))
    return alarm


def describe_alarms(self: CloudWatchResponse) -> ActionResult:
    limit = self._get_param("MaxRecords") or 50
    if limit > 100:
        raise ValidationError("MaxRecords must be at most 100.")
    if unknown := set(self._get_param("AlarmTypes", [])) - _values("AlarmType"):
        raise ValidationError(f"The AlarmTypes {', '.join(sorted(unknown))} are not known.")
    wanted = [alarm for alarm in self.cloudwatch_backend.describe_alarms() if _wanted(self, alarm)]
    begin = int(self._get_param("NextToken") or 0)
    page = wanted[begin : begin + limit]
    found = {
        **{f"{kind}s": [alarm for alarm in page if _kind(alarm) == kind] for kind in sorted(_values("AlarmType"))},
        "NextToken": str(begin + limit) if begin + limit < len(wanted) else None,
    }
    return ActionResult(found)


def _wanted(self: CloudWatchResponse, alarm: Alarm) -> bool:
    # Without AlarmTypes the answer holds metric alarms alone.
    types = self._get_param("AlarmTypes") or ["MetricAlarm"]
    names, state, action = (self._get_param(key) for key in ("AlarmNames", "StateValue", "ActionPrefix"))
    return (
        _kind(alarm) in types
        and (not names or alarm.name in names)
        and alarm.name.startswith(self._get_param("AlarmNamePrefix") or "")
        and state in (None, alarm.state_value)
        and (not action or any(arn.startswith(action) for arn in alarm.alarm_actions))
    )


def _kind(alarm: Alarm) -> str:
    if alarm.rule:
        return "CompositeAlarm"
    return "LogAlarm" if hasattr(alarm, "ScheduledQueryConfiguration") else "MetricAlarm"


def delete_alarms(self: CloudWatchResponse) -> ActionResult:
    names = self._get_param("AlarmNames", [])
    going = [alarm for name, alarm in self.cloudwatch_backend.alarms.items() if name in names]
    kinds = [_kind(alarm) for alarm in going]
    if kinds.count("CompositeAlarm") > 1 or ("LogAlarm" in kinds and len(going) > 1):
        raise ValidationError(
            "At most one composite alarm can be deleted in one operation, and a log alarm only alone."
        )
    for alarm in going:
        # AWS: "Cannot delete ... as there are composite alarm(s) depending on it."
        if parents := sorted(_parents(self, alarm)):
            raise ValidationError(
                f"Cannot delete {alarm.name} as there are composite alarm(s) depending on it: {parents}"
            )
    self.cloudwatch_backend.delete_alarms(names)
    for alarm in going:
        self.cloudwatch_backend.tagger.delete_all_tags_for_resource(alarm.alarm_arn)
    return EmptyResult()


def list_tags_for_resource(self: CloudWatchResponse) -> ActionResult:
    arn = self._get_param("ResourceARN")
    if all(alarm.alarm_arn != arn for alarm in self.cloudwatch_backend.alarms.values()):
        raise ResourceNotFoundException
    return _list_tags(self)


def untag_resource(self: CloudWatchBackend, arn: str, tag_keys: list[str]) -> None:
    # Moto does not find an alarm that has no tags.
    if all(alarm.alarm_arn != arn for alarm in self.alarms.values()):
        raise ResourceNotFoundException
    self.tagger.untag_resource_using_names(arn, tag_keys)


def tag_resource(self: CloudWatchBackend, arn: str, tags: dict[str, str]) -> None:
    # "You can associate as many as 50 tags with a CloudWatch resource."
    if len({**self.tagger.get_tag_dict_for_resource(arn), **tags}) > 50:
        raise ValidationError("A resource can have at most 50 tags.")
    _tag_resource(self, arn, tags)


def tags_of(backend: CloudWatchBackend, arn: str) -> dict[str, str] | None:
    """None where there is no such alarm."""
    if all(alarm.alarm_arn != arn for alarm in list(backend.alarms.values())):
        return None
    found: dict[str, str] = backend.tagger.get_tag_dict_for_resource(arn)
    return found


def _parents(self: CloudWatchResponse, child: Alarm) -> Iterator[str]:
    for alarm in self.cloudwatch_backend.alarms.values():
        if {child.name, child.alarm_arn} & set(_named(alarm.rule) if alarm.rule else ()):
            yield alarm.name


METHODS = {
    CloudWatchResponse: {
        "put_metric_alarm": put_metric_alarm,
        "put_composite_alarm": put_composite_alarm,
        "put_log_alarm": put_log_alarm,
        "describe_alarms": describe_alarms,
        "delete_alarms": delete_alarms,
        "list_tags_for_resource": list_tags_for_resource,
    },
    CloudWatchBackend: {
        "put_metric_alarm": keep_alarm,
        "tag_resource": tag_resource,
        "untag_resource": untag_resource,
    },
}
