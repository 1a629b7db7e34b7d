"""CloudWatch Logs: metric filters (CloudWatch Logs API reference, PutMetricFilter and DescribeMetricFilters)."""

import json
import re
import time
from typing import Any

from moto.logs.exceptions import InvalidParameterException, LimitExceededException, ResourceNotFoundException
from moto.logs.models import LogsBackend
from moto.logs.responses import LogsResponse

KEPT = ("fieldSelectionCriteria", "applyOnTransformedLogs", "emitSystemFieldDimensions")

_delete_log_group = LogsBackend.delete_log_group
_delete_metric_filter = LogsBackend.delete_metric_filter


def put_metric_filter(self: LogsResponse) -> str:
    name, pattern, group = (self._get_param(key) for key in ("filterName", "filterPattern", "logGroupName"))
    transformations = self._get_param("metricTransformations")
    if not re.fullmatch(r"[^:*]{1,512}", name):
        raise _invalid("filterName", "1 to 512 characters without : and *", name)
    if len(pattern) > 1024:
        raise _invalid("filterPattern", "Maximum length of 1024", pattern)
    if len(transformations) != 1:
        raise _invalid("metricTransformations", "Fixed number of 1 item", transformations)
    _check(transformations[0])
    filters = _of_group(self.logs_backend, group)
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


def _check(transformation: dict[str, Any]) -> None:
    for key in ("metricName", "metricNamespace"):
        if not re.fullmatch(r"[^:*$]{0,255}", transformation[key]):
            raise _invalid(key, "at most 255 characters without : * and $", transformation[key])
    if len(transformation["metricValue"]) > 100:
        raise _invalid("metricValue", "Maximum length of 100", transformation["metricValue"])
    if len(transformation.get("dimensions", {})) > 3:
        raise _invalid("dimensions", "at most three", transformation["dimensions"])


def describe_metric_filters(self: LogsResponse) -> str:
    limit = self._get_param("limit") or 50
    if limit > 50:
        raise _invalid("limit", "Member must have value less than or equal to 50", str(limit))
    group, metric, namespace = (self._get_param(key) for key in ("logGroupName", "metricName", "metricNamespace"))
    if (metric is None) != (namespace is None):
        raise _invalid("metricName", "only together with metricNamespace", metric or namespace)
    if group is None:
        filters = self.logs_backend.filters.metric_filters
    else:
        # The prefix counts only together with a log group.
        prefix = self._get_param("filterNamePrefix") or ""
        filters = [found for found in _of_group(self.logs_backend, group) if found["filterName"].startswith(prefix)]
    if metric is not None:
        filters = [
            found
            for found in filters
            for made in found["metricTransformations"]
            if (made["metricName"], made["metricNamespace"]) == (metric, namespace)
        ]
    begin = int(self._get_param("nextToken") or 0)
    more = {"nextToken": str(begin + limit)} if begin + limit < len(filters) else {}
    return json.dumps({"metricFilters": filters[begin : begin + limit], **more})


def delete_metric_filter(self: LogsBackend, filter_name: str, log_group_name: str) -> None:
    if filter_name not in [found["filterName"] for found in _of_group(self, log_group_name)]:
        raise ResourceNotFoundException
    _delete_metric_filter(self, filter_name, log_group_name)


def delete_log_group(self: LogsBackend, log_group_name: str) -> None:
    # Its filters go with it: a group of the same name that is made later has none.
    gone = _of_group(self, log_group_name)
    self.filters.metric_filters = [found for found in self.filters.metric_filters if found not in gone]
    _delete_log_group(self, log_group_name)


def _invalid(parameter: str, constraint: str, value: object) -> InvalidParameterException:
    return InvalidParameterException(parameter=parameter, constraint=constraint, value=value)


def _of_group(backend: LogsBackend, group: str) -> list[dict[str, Any]]:
    if group not in backend.groups:
        raise ResourceNotFoundException
    return [found for found in backend.filters.metric_filters if found["logGroupName"] == group]


METHODS = {
    LogsResponse: (put_metric_filter, describe_metric_filters),
    LogsBackend: (delete_metric_filter, delete_log_group),
}
