"""All that an account holds, to compare before and after."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from local.aws import LocalAws

Stored = dict[str, Any]


def dump(aws: "LocalAws") -> dict[str, dict[str, Stored]]:
    """By region and kind, each thing as AWS describes it; regions that hold nothing are left out."""
    kinds = {
        "trails": trails,
        "metric_filters": metric_filters,
        "alarms": alarms,
        "topics": topics,
        "subscriptions": subscriptions,
    }
    regions = {region: {kind: read(aws, region) for kind, read in kinds.items()} for region in aws.regions}
    return {region: stored for region, stored in regions.items() if any(stored.values())}


def trails(aws: "LocalAws", region: str) -> Stored:
    client = aws.client("cloudtrail", region)
    return {
        trail["TrailARN"]: trail
        | {
            "IsLogging": client.get_trail_status(Name=trail["TrailARN"])["IsLogging"],
            "Selectors": _answer(client.get_event_selectors(TrailName=trail["TrailARN"])),
            "Tags": client.list_tags(ResourceIdList=[trail["TrailARN"]])["ResourceTagList"][0]["TagsList"],
        }
        for trail in client.describe_trails(includeShadowTrails=False)["trailList"]
    }


def metric_filters(aws: "LocalAws", region: str) -> Stored:
    pages = aws.client("logs", region).get_paginator("describe_metric_filters").paginate()
    found = [made for page in pages for made in page["metricFilters"]]
    return {f"{made['logGroupName']}/{made['filterName']}": made for made in found}


def alarms(aws: "LocalAws", region: str) -> Stored:
    client = aws.client("cloudwatch", region)
    pages = client.get_paginator("describe_alarms").paginate(AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    found = [alarm for page in pages for alarm in page.get("MetricAlarms", []) + page.get("CompositeAlarms", [])]
    return {
        alarm["AlarmArn"]: alarm | {"Tags": client.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"]}
        for alarm in found
    }


def topics(aws: "LocalAws", region: str) -> Stored:
    client = aws.client("sns", region)
    found = [topic["TopicArn"] for page in client.get_paginator("list_topics").paginate() for topic in page["Topics"]]
    return {
        arn: client.get_topic_attributes(TopicArn=arn)["Attributes"]
        | {"Tags": client.list_tags_for_resource(ResourceArn=arn)["Tags"]}
        for arn in found
    }


def subscriptions(aws: "LocalAws", region: str) -> Stored:
    client = aws.client("sns", region)
    pages = client.get_paginator("list_subscriptions").paginate()
    # A pending subscription shows no ARN to be known by.
    return {
        "{TopicArn} {Protocol} {Endpoint}".format_map(found): found | _attributes(client, found["SubscriptionArn"])
        for page in pages
        for found in page["Subscriptions"]
    }


def _attributes(client: Any, arn: str) -> Stored:
    if arn == "PendingConfirmation":
        return {}
    found: Stored = client.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    return found


def _answer(answer: Stored) -> Stored:
    return {key: value for key, value in answer.items() if key != "ResponseMetadata"}
