"""CloudWatch Logs: metric filters (CloudWatch Logs API reference, PutMetricFilter and DescribeMetricFilters)."""

import json
import re
from typing import Any

from moto.logs.exceptions import InvalidParameterException, LimitExceededException, ResourceNotFoundException
from moto.logs.models import LogsBackend
from moto.logs.responses import LogsResponse

KEPT = ("fieldSelectionCriteria", "applyOnTransformedLogs", "emitSystemFieldDimensions")


def put_metric_filter(self: LogsResponse) -> str:
    name, pattern, group = (self._get_param(key) for key in ("filterName", "filterPattern", "logGroupName"))
    if not re.fullmatch(r"[^:*]{1,512}", name):
        raise InvalidParameterException("filterName", "1 to 512 characters without : and *", name)
    if len(pattern) > 1024:
        raise InvalidParameterException("filterPattern", "Maximum length of 1024", pattern)
    filters = _of_group(self.logs_backend, group)
    # A filter of the same name is replaced.
    others = [found for found in filters if found["filterName"] != name]
    if len(others) >= 100:
        raise LimitExceededException
    kept = {key: self._get_param(key) for key in KEPT if self._get_param(key)}
    transformations = self._get_param("metricTransformations")
    made = {
        "filterName": name,
        "filterPattern": pattern,
        "logGroupName": group,
        "metricTransformations": transformations,
    }
    rest = [found for found in self.logs_backend.filters.metric_filters if found not in filters]
    self.logs_backend.filters.metric_filters = [*rest, *others, {**made, **kept}]
    return ""


def describe_metric_filters(self: LogsResponse) -> str:
    limit = self._get_param("limit") or 50
    if limit > 50:
        raise InvalidParameterException("limit", "Member must have value less than or equal to 50", str(limit))
    filters = _of_group(self.logs_backend, self._get_param("logGroupName"))
    begin = int(self._get_param("nextToken") or 0)
    more = {"nextToken": str(begin + limit)} if begin + limit < len(filters) else {}
    return json.dumps({"metricFilters": filters[begin : begin + limit], **more})


def _of_group(backend: LogsBackend, group: str) -> list[dict[str, Any]]:
    if group not in backend.groups:
        raise ResourceNotFoundException
    return [found for found in backend.filters.metric_filters if found["logGroupName"] == group]


METHODS = {LogsResponse: (put_metric_filter, describe_metric_filters)}
