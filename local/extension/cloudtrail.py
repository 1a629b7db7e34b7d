"""CloudTrail: event selectors, delivery to CloudWatch Logs, and what a region knows of other regions' trails."""

import json
from datetime import UTC, datetime
from typing import Any

from moto.cloudtrail.models import Trail
from moto.cloudtrail.responses import CloudTrailResponse
from moto.core.exceptions import JsonRESTError

# A trail whose selectors were never set records all management events.
DEFAULT = [
    {
        "ReadWriteType": "All",
        "IncludeManagementEvents": True,
        "DataResources": [],
        "ExcludeManagementEventSources": [],
    }
]


def put_event_selectors(self: Trail, event_selectors: Any, advanced_event_selectors: Any) -> None:
    # Either kind replaces the other.
    self.event_selectors = event_selectors or []
    self.advanced_event_selectors = advanced_event_selectors or []


def get_event_selectors(self: Trail) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    basic = self.event_selectors or ([] if self.advanced_event_selectors else DEFAULT)
    return basic, self.advanced_event_selectors


def get_trail_status(self: CloudTrailResponse) -> str:
    name = self._get_param("Name")
    trails = self.cloudtrail_backend.describe_trails(include_shadow_trails=True)
    for trail in trails:
        # The shadow of another region's trail is known by its ARN only.
        if name == trail.arn or (name == trail.trail_name and trail.region_name == self.region):
            return json.dumps(trail.status.description() | _delivery(trail))
    raise JsonRESTError("TrailNotFoundException", f"Unknown trail: {name}")


def _delivery(trail: Trail) -> dict[str, Any]:
    """As a trail with a log group has it that is used; `trail.delivery` changes it."""
    if not trail.cw_log_group_arn:
        return {}
    delivered = {"LatestCloudWatchLogsDeliveryTime": datetime.now(UTC).timestamp()} if trail.status.started else {}
    return {**delivered, **getattr(trail, "delivery", {})}


METHODS = {Trail: (put_event_selectors, get_event_selectors), CloudTrailResponse: (get_trail_status,)}
