"""EC2: the regions of one partition, and which of them the account has enabled."""

from moto.core.responses import ActionResult
from moto.ec2.models import EC2Backend
from moto.ec2.responses import EC2Response

DEFAULT_REGIONS = (
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
)
"""The regions that every commercial account has."""

ENABLED: list[str] = []
OPTED_OUT: list[str] = []


def describe_regions(self: EC2Response) -> ActionResult:
    # Without AllRegions the answer has only the regions that are enabled, and those that the call names.
    statuses = {name: "opt-in-not-required" if name in DEFAULT_REGIONS else "opted-in" for name in ENABLED}
    names = self._get_param("RegionNames", [])
    if names or self._get_bool_param("AllRegions", False):
        statuses |= dict.fromkeys(OPTED_OUT, "not-opted-in")
    regions = [
        {"RegionName": name, "Endpoint": f"ec2.{name}.amazonaws.com", "OptInStatus": status}
        for name, status in statuses.items()
        if not names or name in names
    ]
    for wanted in self._get_param("Filters", []):
        field = {"region-name": "RegionName", "endpoint": "Endpoint", "opt-in-status": "OptInStatus"}[wanted["Name"]]
        regions = [region for region in regions if region[field] in wanted["Values"]]
    return ActionResult({"Regions": regions})


def create_default_vpc(self: EC2Backend) -> None:
    """Creates none: nothing here reads networks, and moto takes longer to create one than to answer."""


METHODS = {EC2Response: {"describe_regions": describe_regions}, EC2Backend: {"create_default_vpc": create_default_vpc}}
