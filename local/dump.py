"""All that an account holds, to compare before and after."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from local.aws import LocalAws

Stored = dict[str, Any]


def dump(aws: "LocalAws") -> dict[str, dict[str, Stored]]:
    """By region and kind, each thing as AWS describes it; regions and kinds of which there is nothing are left out."""
    kinds = {
        "trails": trails,
        "metric_filters": metric_filters,
        "subscription_filters": subscription_filters,
        "account_policies": account_policies,
        "alarms": alarms,
        "mute_rules": mute_rules,
        "topics": topics,
        "subscriptions": subscriptions,
        "keys": keys,
    }
    regions = {region: {kind: read(aws, region) for kind, read in kinds.items()} for region in aws.regions}
    kept = {region: {kind: held for kind, held in stored.items() if held} for region, stored in regions.items()}
    return {region: stored for region, stored in kept.items() if stored}


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


def subscription_filters(aws: "LocalAws", region: str) -> Stored:
    client = aws.client("logs", region)
    groups = [group for page in client.get_paginator("describe_log_groups").paginate() for group in page["logGroups"]]
    return {
        f"{made['logGroupName']}/{made['filterName']}": made
        for group in groups
        for made in client.describe_subscription_filters(logGroupName=group["logGroupName"])["subscriptionFilters"]
    }


def account_policies(aws: "LocalAws", region: str) -> Stored:
    client = aws.client("logs", region)
    found = client.describe_account_policies(policyType="SUBSCRIPTION_FILTER_POLICY")["accountPolicies"]
    return {policy["policyName"]: policy for policy in found}


def metric_filters(aws: "LocalAws", region: str) -> Stored:
    pages = aws.client("logs", region).get_paginator("describe_metric_filters").paginate()
    found = [made for page in pages for made in page["metricFilters"]]
    return {f"{made['logGroupName']}/{made['filterName']}": made for made in found}


def alarms(aws: "LocalAws", region: str) -> Stored:
    client = aws.client("cloudwatch", region)
    pages = client.get_paginator("describe_alarms").paginate(AlarmTypes=["MetricAlarm", "CompositeAlarm", "LogAlarm"])
    kinds = ("MetricAlarms", "CompositeAlarms", "LogAlarms")
    found = [alarm for page in pages for kind in kinds for alarm in page.get(kind, [])]
    return {
        alarm["AlarmArn"]: alarm | {"Tags": client.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"]}
        for alarm in found
    }


def mute_rules(aws: "LocalAws", region: str) -> Stored:
    client = aws.client("cloudwatch", region)
    pages = client.get_paginator("list_alarm_mute_rules").paginate()
    arns = [summary["AlarmMuteRuleArn"] for page in pages for summary in page["AlarmMuteRuleSummaries"]]
    return {arn: _answer(client.get_alarm_mute_rule(AlarmMuteRuleName=arn.split(":", 6)[6])) for arn in arns}


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


def keys(aws: "LocalAws", region: str) -> Stored:
    """Without the keys that AWS manages: it makes them when somebody first asks for one."""
    client = aws.client("kms", region)
    found = [
        client.describe_key(KeyId=listed["KeyId"])["KeyMetadata"]
        for page in client.get_paginator("list_keys").paginate()
        for listed in page["Keys"]
    ]
    return {
        key["Arn"]: key
        | {
            "Policy": client.get_key_policy(KeyId=key["KeyId"], PolicyName="default")["Policy"],
            "Aliases": [alias["AliasName"] for alias in client.list_aliases(KeyId=key["KeyId"])["Aliases"]],
        }
        for key in found
        if key["KeyManager"] == "CUSTOMER"
    }


def _attributes(client: Any, arn: str) -> Stored:
    if arn == "PendingConfirmation":
        return {}
    found: Stored = client.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    return found


def _answer(answer: Stored) -> Stored:
    return {key: value for key, value in answer.items() if key != "ResponseMetadata"}
