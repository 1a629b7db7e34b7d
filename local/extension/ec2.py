"""EC2: the regions of one partition, and which of them the account has enabled."""

from moto.core.responses import ActionResult
from moto.ec2.responses import EC2Response

ENABLED: list[str] = []
OPTED_OUT: list[str] = []


def describe_regions(self: EC2Response) -> ActionResult:
    # Without AllRegions the answer holds only the regions that are enabled for the account.
    statuses = dict.fromkeys(ENABLED, "opt-in-not-required")
    if self._get_bool_param("AllRegions", False):
        statuses |= dict.fromkeys(OPTED_OUT, "not-opted-in")
    regions = [
        {"RegionName": name, "Endpoint": f"ec2.{name}.amazonaws.com", "OptInStatus": status}
        for name, status in statuses.items()
    ]
    return ActionResult({"Regions": regions})


METHODS = {EC2Response: (describe_regions,)}
