"""CloudWatch Logs: log groups and metric filters (CloudWatch Logs API reference, of each operation)."""

import json
import re
import time
from typing import Any

from moto.logs.exceptions import InvalidParameterException, LimitExceededException, ResourceNotFoundException
from moto.logs.models import LogGroup, LogsBackend, logs_backends
from moto.logs.responses import LogsResponse

from local.aws.extension.matcher import Malformed, matcher

KEPT = ("fieldSelectionCriteria", "applyOnTransformedLogs", "emitSystemFieldDimensions")
CLASSES = ("STANDARD", "INFREQUENT_ACCESS", "DELIVERY", "ESSENTIALS")

_create_log_group = LogsResponse.create_log_group
_delete_log_group = LogsBackend.delete_log_group
_delete_metric_filter = LogsBackend.delete_metric_filter
_to_describe_dict = LogGroup.to_describe_dict


def misread(backend: LogsBackend) -> dict[str, bool]:
    """What TestMetricFilter answers for a pattern, whatever the message. Kept on moto's backend."""
    kept: dict[str, bool] = vars(backend).setdefault("misread", {})
    return kept


def create_log_group(self: LogsResponse) -> str:
    name, asked = self._get_param("logGroupName"), self._get_param("logGroupClass") or "STANDARD"
    if asked not in CLASSES:
        raise invalid("logGroupClass", f"Member must satisfy enum value set: {CLASSES}", asked)
    answer = _create_log_group(self)
    vars(self.logs_backend.groups[name])["log_group_class"] = asked
    return answer


def class_of(group: LogGroup) -> str:
    found: str = vars(group).get("log_group_class", "STANDARD")
    return found


def to_describe_dict(self: LogGroup) -> dict[str, Any]:
    filters = logs_backends[self.account_id][self.region].filters.metric_filters
    count = sum(found["logGroupName"] == self.name for found in filters)
    return _to_describe_dict(self) | {"logGroupClass": class_of(self), "metricFilterCount": count}


def describe_log_groups(self: LogsResponse) -> str:
    prefix, part = self._get_param("logGroupNamePrefix"), self._get_param("logGroupNamePattern")
    if prefix and part:
        raise InvalidParameterException("LogGroup name prefix and LogGroup name pattern are mutually exclusive.")
    wanted, identifiers = self._get_param("logGroupClass"), self._get_param("logGroupIdentifiers")
    # Either of the two smaller classes stands for both.
    smaller = ("INFREQUENT_ACCESS", "ESSENTIALS")
    classes = smaller if wanted in smaller else (wanted,)
    found = [
        group
        for _, group in sorted(self.logs_backend.groups.items())
        if group.name.startswith(prefix or "")
        and (part or "") in group.name
        and (not wanted or class_of(group) in classes)
        and (not identifiers or group.name in identifiers or group.arn in identifiers)
    ]
    return page(self, "logGroups", [group.to_describe_dict() for group in found])


def test_metric_filter(self: LogsResponse) -> str:
    pattern, messages = self._get_param("filterPattern"), self._get_param("logEventMessages") or []
    if not 1 <= len(messages) <= 50:
        raise invalid("logEventMessages", "Member must have length between 1 and 50", len(messages))
    if "" in messages:
        raise invalid("logEventMessages", "Members must have length greater than or equal to 1", "")
    check_pattern(self.logs_backend, pattern)
    told = misread(self.logs_backend).get(pattern)
    matches = matcher(pattern) if told is None else lambda _: told
    # extractedValues stays empty, as nothing here reads it.
    return json.dumps(
        {
            "matches": [
                {"eventNumber": number, "eventMessage": message, "extractedValues": {}}
                for number, message in enumerate(messages, start=1)
                if matches(message)
            ]
        }
    )


def put_metric_filter(self: LogsResponse) -> str:
    name, pattern, group = (self._get_param(key) for key in ("filterName", "filterPattern", "logGroupName"))
    transformations = self._get_param("metricTransformations")
    check_filter(self)
    if len(transformations) != 1:
        raise invalid("metricTransformations", "Fixed number of 1 item", transformations)
    system = self._get_param("emitSystemFieldDimensions") or []
    if not set(system) <= {"@aws.account", "@aws.region"}:
        raise invalid("emitSystemFieldDimensions", "@aws.account and @aws.region", system)
    _check(transformations[0], pattern, system)
    filters = _of_group(self.logs_backend, group)
    if class_of(self.logs_backend.groups[group]) != "STANDARD":
        # "Standard supports all features", of which metric filters are one that the others lack.
        raise InvalidParameterException("Metric filters are only supported by the Standard log group class.")
    # A filter of the same name is replaced.
    others = [found for found in filters if found["filterName"] != name]
    if len(others) >= 100:
        raise LimitExceededException
    kept = {key: self._get_param(key) for key in KEPT if self._get_param(key)}
    made = {
        "filterName": name,
        "filterPattern": pattern,
        "logGroupName": group,
        "metricTransformations": transformations,
        "creationTime": int(time.time() * 1000),
    }
    rest = [found for found in self.logs_backend.filters.metric_filters if found not in filters]
    self.logs_backend.filters.metric_filters = [*rest, *others, {**made, **kept}]
    return ""


def check_filter(self: LogsResponse) -> None:
    """Checks what metric filters and subscription filters have in common."""
    name, criteria = self._get_param("filterName"), self._get_param("fieldSelectionCriteria") or ""
    if not re.fullmatch(r"[^:*]{1,512}", name):
        raise invalid("filterName", "1 to 512 characters without : and *", name)
    if len(criteria) > 2000:
        raise invalid("fieldSelectionCriteria", "Maximum length of 2000", criteria)
    check_pattern(self.logs_backend, self._get_param("filterPattern"))


def check_pattern(backend: LogsBackend, pattern: str) -> None:
    if len(pattern) > 1024:
        raise invalid("filterPattern", "Member must have length less than or equal to 1024", pattern)
    if pattern in misread(backend):
        return  # AWS takes it, whatever the matcher says
    try:
        matcher(pattern)
    except Malformed as error:
        raise InvalidParameterException(f"Invalid metric filter pattern: {error}") from error


def _check(transformation: dict[str, Any], pattern: str, system: list[str]) -> None:
    for key in ("metricName", "metricNamespace"):
        if not re.fullmatch(r"[^:*$]{0,255}", transformation[key]):
            raise invalid(key, "at most 255 characters without : * and $", transformation[key])
    if len(transformation["metricValue"]) > 100:
        raise invalid("metricValue", "Maximum length of 100", transformation["metricValue"])
    dimensions = transformation.get("dimensions") or {}
    if len(dimensions) + len(system) > 3:
        raise invalid("dimensions", "at most three, those of system fields among them", [*dimensions, *system])
    if dimensions and transformation.get("defaultValue") is not None:
        message = "dimensions and default value are mutually exclusive properties."
        raise InvalidParameterException(f"Invalid metric transformation: {message}")
    if dimensions and not pattern.startswith(("{", "[")):
        raise InvalidParameterException("The specified filter pattern does not support dimensions.")


def describe_metric_filters(self: LogsResponse) -> str:
    group, metric, namespace = (self._get_param(key) for key in ("logGroupName", "metricName", "metricNamespace"))
    if (metric is None) != (namespace is None):
        raise invalid("metricName", "only together with metricNamespace", metric or namespace)
    if group is None:
        filters = self.logs_backend.filters.metric_filters
    else:
        # AWS uses the prefix only together with a log group.
        prefix = self._get_param("filterNamePrefix") or ""
        filters = [found for found in _of_group(self.logs_backend, group) if found["filterName"].startswith(prefix)]
    if metric is not None:
        filters = [
            found
            for found in filters
            for made in found["metricTransformations"]
            if (made["metricName"], made["metricNamespace"]) == (metric, namespace)
        ]
    return page(self, "metricFilters", filters)


def page(self: LogsResponse, key: str, found: list[dict[str, Any]]) -> str:
    limit, token = self._get_param("limit", 50), self._get_param("nextToken") or "0"
    if not 1 <= limit <= 50:
        raise invalid("limit", "Member must have value between 1 and 50", limit)
    if not token.isdecimal():
        raise InvalidParameterException("The specified nextToken is invalid.")
    end = int(token) + limit
    more = {"nextToken": str(end)} if end < len(found) else {}
    return json.dumps({key: found[int(token) : end], **more})


def delete_metric_filter(self: LogsBackend, filter_name: str, log_group_name: str) -> None:
    if filter_name not in [found["filterName"] for found in _of_group(self, log_group_name)]:
        raise ResourceNotFoundException
    _delete_metric_filter(self, filter_name, log_group_name)


def delete_log_group(self: LogsBackend, log_group_name: str) -> None:
    # Its filters are deleted with it: a group of the same name that is created later has none.
    gone = _of_group(self, log_group_name)
    self.filters.metric_filters = [found for found in self.filters.metric_filters if found not in gone]
    _delete_log_group(self, log_group_name)


def invalid(parameter: str, constraint: str, value: object) -> InvalidParameterException:
    return InvalidParameterException(parameter=parameter, constraint=constraint, value=value)


def _of_group(backend: LogsBackend, group: str) -> list[dict[str, Any]]:
    if group not in backend.groups:
        raise ResourceNotFoundException
    return [found for found in backend.filters.metric_filters if found["logGroupName"] == group]


METHODS = {
    LogsResponse: {
        "create_log_group": create_log_group,
        "describe_log_groups": describe_log_groups,
        "test_metric_filter": test_metric_filter,
        "put_metric_filter": put_metric_filter,
        "describe_metric_filters": describe_metric_filters,
    },
    LogsBackend: {
        "delete_metric_filter": delete_metric_filter,
        "delete_log_group": delete_log_group,
    },
    LogGroup: {"to_describe_dict": to_describe_dict},
}
