"""Where the AWS console shows a resource. Pure.

The forms of the addresses are those of the console in 2026. AWS documents none of them: they are the ones that its own
messages and many public tools use.
"""

from __future__ import annotations

import re
from functools import partial
from urllib.parse import quote

from blindspot.model.arn import Arn, is_arn

_HOSTS = {
    "aws": "console.aws.amazon.com",
    "aws-us-gov": "console.amazonaws-us-gov.com",
    "aws-cn": "console.amazonaws.cn",
}
_escaped, _escaped_arn = partial(quote, safe=""), partial(quote, safe=":/")
_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}")


def console_url(resource: str, partition: str) -> str | None:
    """The page of a trail, log group, metric filter, alarm, topic or subscription, by its ARN; None for anything else,
    and in a partition whose console has no known address.

    A metric filter is named by the ARN of its log group with `:metric-filter:NAME`.
    """
    arn = Arn.parse(resource) if is_arn(resource) else None
    if arn is None or arn.partition != partition:
        return None
    match arn.service, arn.resource.partition("/" if arn.service == "cloudtrail" else ":"):
        case "cloudtrail", ("trail", _, _):
            return _page(partition, arn.region, "cloudtrailv2", f"/trails/{_escaped_arn(resource)}")
        case "logs", ("log-group", _, rest):
            name, _, metric_filter = rest.partition(":metric-filter:")
            place = f"logsV2:log-groups/log-group/{_twice(name.removesuffix(':*'))}"
            if metric_filter:
                place += f"/edit-metric-filter/{_twice(metric_filter)}"
            return _page(partition, arn.region, "cloudwatch", place)
        case "cloudwatch", ("alarm", _, name):
            return _page(partition, arn.region, "cloudwatch", f"alarmsV2:alarm/{_escaped(name)}")
        case "sns", (_, subscription, _):
            kind = "subscription" if subscription else "topic"
            return _page(partition, arn.region, "sns/v3", f"/{kind}/{_escaped_arn(resource)}")
    return None


def config_timeline_url(account: str, region: str, partition: str) -> str | None:
    """The account's timeline in AWS Config, which shows how its compliance changed."""
    place = f"/resources/timeline?resourceId={_escaped(account)}&resourceType=AWS::::Account"
    return _page(partition, region, "config", place)


def config_rule_url(rule: str, region: str, partition: str) -> str | None:
    """The rule in AWS Config."""
    return _page(partition, region, "config", f"/rules/details?configRuleName={_escaped(rule)}")


def _page(partition: str, region: str, service: str, place: str) -> str | None:
    host = _HOSTS.get(partition)
    if host is None or not _REGION.fullmatch(region):
        return None
    return f"https://{region}.{host}/{service}/home?region={region}#{place}"


def _twice(name: str) -> str:
    # The console of CloudWatch Logs wants names escaped twice, with $ instead of %: / is $252F.
    return _escaped(_escaped(name)).replace("%", "$")
