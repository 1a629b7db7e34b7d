"""CloudTrail: event selectors, delivery to CloudWatch Logs, and the shadows of trails of other regions and accounts.

All accounts of a local AWS belong to one organization. An organization trail of any of them has a shadow in the others,
and a delegated administrator of that account may read all of it (CloudTrail user guide, "Organization delegated
administrator").
"""

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from moto.cloudtrail.exceptions import InsufficientSnsTopicPolicyException
from moto.cloudtrail.models import CloudTrailBackend, Trail, cloudtrail_backends
from moto.cloudtrail.responses import CloudTrailResponse
from moto.core.exceptions import JsonRESTError
from moto.sns.models import sns_backends

# What a selector has by default, and what a trail has whose selectors were never set.
DEFAULT = {
    "ReadWriteType": "All",
    "IncludeManagementEvents": True,
    "DataResources": [],
    "ExcludeManagementEventSources": [],
}

# CloudTrail API reference, AdvancedEventSelector: the fields that a trail supports, by category.
FIELDS = {
    "Management": {"eventCategory", "eventSource", "readOnly"},
    "Data": {
        "eventCategory",
        "eventName",
        "eventSource",
        "eventType",
        "readOnly",
        "resources.ARN",
        "resources.type",
        "sessionCredentialFromConsole",
        "userIdentity.arn",
    },
    "NetworkActivity": {"eventCategory", "eventSource", "eventName", "errorCode", "vpcEndpointId"},
}
REQUIRED = {"Management": set(), "Data": {"resources.type"}, "NetworkActivity": {"eventSource"}}
OPERATORS = ("Equals", "StartsWith", "EndsWith", "NotEquals", "NotStartsWith", "NotEndsWith")
# "This is the only valid operator that you can use with the readOnly, eventCategory, and resources.type fields."
EQUALS_ONLY = ("readOnly", "eventCategory", "resources.type")

_description = Trail.description
_describe_trails = CloudTrailBackend.describe_trails


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
    for selector in advanced_event_selectors or []:
        _check_advanced(selector)
    if sum(len(values) for values in _values(advanced_event_selectors or [])) > 500:
        raise _refused("Up to 500 values are allowed for all conditions in all advanced event selectors.")
    # Either kind replaces the other.
    self.event_selectors = [DEFAULT | selector for selector in event_selectors or []]
    self.advanced_event_selectors = advanced_event_selectors or []


def _check_advanced(selector: dict[str, Any]) -> None:
    """AdvancedFieldSelector's rules for a trail."""
    fields = {field["Field"]: field for field in selector["FieldSelectors"]}
    if len(fields) < len(selector["FieldSelectors"]):
        raise _refused("A field can be used once in a selector.")
    category = fields.get("eventCategory", {}).get("Equals", [])
    if len(category) != 1 or category[0] not in FIELDS:
        raise _refused("eventCategory is required, and must equal Management, Data or NetworkActivity.")
    if unknown := sorted(set(fields) - FIELDS[category[0]]):
        raise _refused(f"A trail does not support the field {unknown[0]} for {category[0]} events.")
    if missing := sorted(REQUIRED[category[0]] - set(fields)):
        raise _refused(f"{missing[0]} is required for {category[0]} events.")
    for name, field in fields.items():
        given = [operator for operator in OPERATORS if field.get(operator)]
        if not given:
            raise _refused(f"An operator is required for the field {name}.")
        if name in EQUALS_ONLY and given != ["Equals"]:
            raise _refused(f"Equals is the only valid operator for the field {name}.")
    if set(fields.get("readOnly", {}).get("Equals", [])) - {"true", "false"}:
        raise _refused("readOnly must equal true or false.")


def _values(selectors: list[dict[str, Any]]) -> Iterator[list[str]]:
    for selector in selectors:
        for field in selector["FieldSelectors"]:
            for operator in OPERATORS:
                yield field.get(operator, [])


def get_event_selectors(self: Trail) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    basic = self.event_selectors or ([] if self.advanced_event_selectors else [DEFAULT])
    return basic, self.advanced_event_selectors


def description(self: Trail, include_region: bool = False) -> dict[str, Any]:
    custom = bool(self.event_selectors or self.advanced_event_selectors)
    found = _description(self, include_region) | {"HasCustomEventSelectors": custom}
    # The topic can be given by name or by ARN; moto expects a name.
    return found | ({"SnsTopicARN": _topic(self)} if self.sns_topic_name else {})


def _topic(trail: Trail) -> str:
    named = trail.sns_topic_name
    return (
        named
        if named.startswith("arn:")
        else f"arn:{trail.partition}:sns:{trail.region_name}:{trail.account_id}:{named}"
    )


def check_topic_exists(self: Trail) -> None:
    if not self.sns_topic_name:
        return
    arn = _topic(self)
    _, _, _, region, account, _ = arn.split(":")
    if arn not in sns_backends[account][region].topics:
        raise InsufficientSnsTopicPolicyException("SNS Topic does not exist or the topic policy is incorrect!")


def known_trails(self: CloudTrailBackend, include_shadow_trails: bool) -> Iterable[Trail]:
    # "in the case of an organization trail, the replication of an organization trail in member accounts"
    others = [
        trail
        for account, backends in list(cloudtrail_backends.items())
        for backend in list(backends.values())
        for trail in list(backend.trails.values())
        if include_shadow_trails
        and account != self.account_id
        and trail.is_org_trail
        and (trail.is_multi_region or trail.region_name == self.region_name)
    ]
    return [*_describe_trails(self, include_shadow_trails), *others]


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


def register_organization_delegated_admin(self: CloudTrailResponse) -> str:
    # Kept on moto's backend, so that moto forgets it with everything else.
    vars(self.cloudtrail_backend).setdefault("delegated", set()).add(self._get_param("MemberAccountId"))
    return json.dumps({})


def read_event_selectors(self: CloudTrailResponse) -> str:
    trail = _trail(self, self._get_param("TrailName"))
    delegated = vars(cloudtrail_backends[trail.account_id][trail.region_name]).get("delegated", ())
    if self.current_account not in (trail.account_id, *delegated) or self.region != trail.region_name:
        raise JsonRESTError("TrailNotFoundException", f"Unknown trail: {trail.arn}")
    basic, advanced = trail.get_event_selectors()
    return json.dumps({"TrailARN": trail.arn, "EventSelectors": basic, "AdvancedEventSelectors": advanced})


def _own_trail(self: CloudTrailResponse, name: str) -> Trail:
    trail = _trail(self, name)
    if trail.account_id != self.current_account:
        raise JsonRESTError(
            "NotOrganizationMasterAccountException", f"{trail.arn} can be changed only by the account that owns it."
        )
    return trail


def _is(self: CloudTrailResponse, trail: Trail, name: str) -> bool:
    # The shadow of a trail of another region or account is found by its ARN only.
    here = (trail.region_name, trail.account_id) == (self.region, self.current_account)
    return name == trail.arn or (name == trail.trail_name and here)


def _delivery(trail: Trail) -> dict[str, Any]:
    """By default as for a trail whose log group receives events; `LocalAws.deliver_to_logs` changes it."""
    if not trail.cw_log_group_arn:
        return {}
    last = datetime.now(UTC) if trail.status.is_logging else trail.status.stopped
    delivered = {"LatestCloudWatchLogsDeliveryTime": last.timestamp()} if trail.status.started and last else {}
    told: dict[str, Any] = vars(trail).get("delivery", delivered)
    return told


def _at_home(operation: str) -> Callable[[CloudTrailResponse], str]:
    original: Callable[[CloudTrailResponse], str] = getattr(CloudTrailResponse, operation)

    def write(self: CloudTrailResponse) -> str:
        trail = _own_trail(self, self._get_param("Name") or self._get_param("TrailName"))
        # A shadow can be read. A trail is changed in its home region only.
        if trail.region_name != self.region:
            raise JsonRESTError("InvalidHomeRegionException", f"The trail's home region is {trail.region_name}.")
        return original(self)

    return write


def delete_trail(self: CloudTrailResponse) -> str:
    # By name or by ARN.
    del self.cloudtrail_backend.trails[_own_trail(self, self._get_param("Name")).trail_name]
    return json.dumps({})


def _refused(message: str) -> JsonRESTError:
    return JsonRESTError("InvalidEventSelectorsException", message)


WRITES = ("start_logging", "stop_logging", "update_trail", "put_event_selectors")

METHODS = {
    Trail: {
        "put_event_selectors": put_event_selectors,
        "get_event_selectors": get_event_selectors,
        "description": description,
        "check_topic_exists": check_topic_exists,
    },
    CloudTrailBackend: {"describe_trails": known_trails},
    CloudTrailResponse: {
        "describe_trails": describe_trails,
        "get_trail_status": get_trail_status,
        "get_event_selectors": read_event_selectors,
        "register_organization_delegated_admin": register_organization_delegated_admin,
        "delete_trail": delete_trail,
        **{operation: _at_home(operation) for operation in WRITES},
    },
}
