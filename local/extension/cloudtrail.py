"""CloudTrail: event selectors, delivery to CloudWatch Logs, and what a region knows of other regions' trails."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Any

from moto.cloudtrail.models import Trail
from moto.cloudtrail.responses import CloudTrailResponse
from moto.core.exceptions import JsonRESTError

# What a selector is where it says nothing, and what a trail has whose selectors were never set.
DEFAULT = {
    "ReadWriteType": "All",
    "IncludeManagementEvents": True,
    "DataResources": [],
    "ExcludeManagementEventSources": [],
}

_description = Trail.description


def put_event_selectors(self: Trail, event_selectors: Any, advanced_event_selectors: Any) -> None:
    if bool(event_selectors) == bool(advanced_event_selectors):
        raise _refused("Either EventSelectors or AdvancedEventSelectors is needed, but not both.")
    if len(event_selectors or []) > 5:
        raise _refused("A trail can have up to five event selectors.")
    for selector in event_selectors or []:
        if selector.get("ReadWriteType", "All") not in ("All", "ReadOnly", "WriteOnly"):
            raise _refused(f"The value {selector['ReadWriteType']} for readWriteType is not valid.")
        if set(selector.get("ExcludeManagementEventSources", [])) - {"kms.amazonaws.com", "rdsdata.amazonaws.com"}:
            raise _refused("Only kms.amazonaws.com and rdsdata.amazonaws.com can be excluded.")
    # Either kind replaces the other.
    self.event_selectors = [DEFAULT | selector for selector in event_selectors or []]
    self.advanced_event_selectors = advanced_event_selectors or []


def get_event_selectors(self: Trail) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    basic = self.event_selectors or ([] if self.advanced_event_selectors else [DEFAULT])
    return basic, self.advanced_event_selectors


def description(self: Trail, include_region: bool = False) -> dict[str, Any]:
    custom = bool(self.event_selectors or self.advanced_event_selectors)
    return _description(self, include_region) | {"HasCustomEventSelectors": custom}


def describe_trails(self: CloudTrailResponse) -> str:
    trails = self.cloudtrail_backend.describe_trails(self._get_bool_param("includeShadowTrails", True))
    # "Only names of trails belonging to the current Region" are matched; ARNs are those of any region.
    names = self._get_param("trailNameList")
    found = [trail for trail in trails if not names or any(_is(self, trail, name) for name in names)]
    return json.dumps({"trailList": [trail.description(include_region=True) for trail in found]})


def get_trail_status(self: CloudTrailResponse) -> str:
    trail = _trail(self, self._get_param("Name"))
    return json.dumps(trail.status.description() | _delivery(trail))


def _trail(self: CloudTrailResponse, name: str) -> Trail:
    for trail in self.cloudtrail_backend.describe_trails(include_shadow_trails=True):
        if _is(self, trail, name):
            return trail
    raise JsonRESTError("TrailNotFoundException", f"Unknown trail: {name}")


def _is(self: CloudTrailResponse, trail: Trail, name: str) -> bool:
    # The shadow of another region's trail is known by its ARN only.
    return name == trail.arn or (name == trail.trail_name and trail.region_name == self.region)


def _delivery(trail: Trail) -> dict[str, Any]:
    """As a trail with a log group has it that is used; `LocalAws.deliver_to_logs` changes it."""
    if not trail.cw_log_group_arn:
        return {}
    last = datetime.now(UTC) if trail.status.is_logging else trail.status.stopped
    delivered = {"LatestCloudWatchLogsDeliveryTime": last.timestamp()} if trail.status.started and last else {}
    told: dict[str, Any] = vars(trail).get("delivery", delivered)
    return told


def _at_home(operation: str) -> Callable[[CloudTrailResponse], str]:
    original: Callable[[CloudTrailResponse], str] = getattr(CloudTrailResponse, operation)

    @wraps(original)
    def write(self: CloudTrailResponse) -> str:
        trail = _trail(self, self._get_param("Name") or self._get_param("TrailName"))
        # A shadow can be read, but a trail is changed in its home region only.
        if trail.region_name != self.region:
            raise JsonRESTError("InvalidHomeRegionException", f"The trail's home region is {trail.region_name}.")
        return original(self)

    return write


def delete_trail(self: CloudTrailResponse) -> str:
    # By name or by ARN.
    del self.cloudtrail_backend.trails[_trail(self, self._get_param("Name")).trail_name]
    return json.dumps({})


def _refused(message: str) -> JsonRESTError:
    return JsonRESTError("InvalidEventSelectorsException", message)


WRITES = ("start_logging", "stop_logging", "update_trail", "put_event_selectors")

METHODS = {
    Trail: (put_event_selectors, get_event_selectors, description),
    CloudTrailResponse: (describe_trails, get_trail_status, delete_trail, *map(_at_home, WRITES)),
}
