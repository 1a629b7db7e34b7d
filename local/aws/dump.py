"""All that an account holds, to compare before and after."""

from collections.abc import Callable, Iterable, Sized
from typing import Any

from moto.cloudtrail.models import cloudtrail_backends
from moto.cloudwatch.models import cloudwatch_backends
from moto.kms.models import kms_backends
from moto.logs.models import logs_backends
from moto.sns.models import sns_backends
from moto.ssm.models import ssm_backends

from local.aws.extension import log_policies, ssm
from local.aws.extension.mute_rules import mute_rules as mute_rules_of

Stored = dict[str, Any]
ClientFor = Callable[[str, str], Any]
"""The client of a service in a region."""


def dump(account: str, regions: Iterable[str], client_for: ClientFor) -> dict[str, dict[str, Stored]]:
    """By region and kind, each thing as AWS describes it; regions and kinds of which there is nothing are left out.

    Only where moto holds something of a kind is it read: most regions of most accounts hold nothing.
    """
    found = {
        region: {kind: read(client_for, region) for kind, read in READ.items() if HELD[kind](account, region)}
        for region in regions
    }
    kept = {region: {kind: held for kind, held in stored.items() if held} for region, stored in found.items()}
    return {region: stored for region, stored in kept.items() if stored}


HELD: dict[str, Callable[[str, str], Sized]] = {
    "trails": lambda account, region: cloudtrail_backends[account][region].trails,
    "metric_filters": lambda account, region: logs_backends[account][region].filters.metric_filters,
    "subscription_filters": lambda account, region: logs_backends[account][region].groups,
    "account_policies": lambda account, region: log_policies.account_policies(logs_backends[account][region]),
    "alarms": lambda account, region: cloudwatch_backends[account][region].alarms,
    "mute_rules": lambda account, region: mute_rules_of(cloudwatch_backends[account][region]),
    "topics": lambda account, region: sns_backends[account][region].topics,
    "subscriptions": lambda account, region: sns_backends[account][region].subscriptions,
    "keys": lambda account, region: kms_backends[account][region].keys,
    "parameters": lambda account, region: ssm.parameters(ssm_backends[account][region]),
}
"""What moto holds of each kind; of subscription filters, the log groups that may have one."""


def trails(client_for: ClientFor, region: str) -> Stored:
    client = client_for("cloudtrail", region)
    return {
        trail["TrailARN"]: trail
        | {
            "IsLogging": client.get_trail_status(Name=trail["TrailARN"])["IsLogging"],
            "Selectors": _answer(client.get_event_selectors(TrailName=trail["TrailARN"])),
            "Tags": client.list_tags(ResourceIdList=[trail["TrailARN"]])["ResourceTagList"][0]["TagsList"],
        }
        for trail in client.describe_trails(includeShadowTrails=False)["trailList"]
    }


def subscription_filters(client_for: ClientFor, region: str) -> Stored:
    client = client_for("logs", region)
    groups = [group for page in client.get_paginator("describe_log_groups").paginate() for group in page["logGroups"]]
    return {
        f"{made['logGroupName']}/{made['filterName']}": made
        for group in groups
        for made in client.describe_subscription_filters(logGroupName=group["logGroupName"])["subscriptionFilters"]
    }


def account_policies(client_for: ClientFor, region: str) -> Stored:
    client = client_for("logs", region)
    found = client.describe_account_policies(policyType="SUBSCRIPTION_FILTER_POLICY")["accountPolicies"]
    return {policy["policyName"]: policy for policy in found}


def metric_filters(client_for: ClientFor, region: str) -> Stored:
    pages = client_for("logs", region).get_paginator("describe_metric_filters").paginate()
    found = [made for page in pages for made in page["metricFilters"]]
    return {f"{made['logGroupName']}/{made['filterName']}": made for made in found}


def alarms(client_for: ClientFor, region: str) -> Stored:
    client = client_for("cloudwatch", region)
    pages = client.get_paginator("describe_alarms").paginate(AlarmTypes=["MetricAlarm", "CompositeAlarm", "LogAlarm"])
    kinds = ("MetricAlarms", "CompositeAlarms", "LogAlarms")
    found = [alarm for page in pages for kind in kinds for alarm in page.get(kind, [])]
    return {
        alarm["AlarmArn"]: alarm | {"Tags": client.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"]}
        for alarm in found
    }


def mute_rules(client_for: ClientFor, region: str) -> Stored:
    client = client_for("cloudwatch", region)
    pages = client.get_paginator("list_alarm_mute_rules").paginate()
    arns = [summary["AlarmMuteRuleArn"] for page in pages for summary in page["AlarmMuteRuleSummaries"]]
    return {arn: _answer(client.get_alarm_mute_rule(AlarmMuteRuleName=arn.split(":", 6)[6])) for arn in arns}


def topics(client_for: ClientFor, region: str) -> Stored:
    client = client_for("sns", region)
    found = [topic["TopicArn"] for page in client.get_paginator("list_topics").paginate() for topic in page["Topics"]]
    return {
        arn: client.get_topic_attributes(TopicArn=arn)["Attributes"]
        | {"Tags": client.list_tags_for_resource(ResourceArn=arn)["Tags"]}
        for arn in found
    }


def subscriptions(client_for: ClientFor, region: str) -> Stored:
    client = client_for("sns", region)
    pages = client.get_paginator("list_subscriptions").paginate()
    # A pending subscription shows no ARN to be known by, and another account's its attributes to its owner only.
    return {
        "{TopicArn} {Protocol} {Endpoint}".format_map(found): found | _attributes(client, found)
        for page in pages
        for found in page["Subscriptions"]
    }


def keys(client_for: ClientFor, region: str) -> Stored:
    """Without the keys that AWS manages: it makes them when somebody first asks for one."""
    client = client_for("kms", region)
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


def parameters(client_for: ClientFor, region: str) -> Stored:
    """Without when and how often they were written."""
    pages = client_for("ssm", region).get_paginator("get_parameters_by_path").paginate(Path="/", Recursive=True)
    return {
        found["Name"]: {key: found[key] for key in ("Type", "Value")} for page in pages for found in page["Parameters"]
    }


READ: dict[str, Callable[[ClientFor, str], Stored]] = {
    "trails": trails,
    "metric_filters": metric_filters,
    "subscription_filters": subscription_filters,
    "account_policies": account_policies,
    "alarms": alarms,
    "mute_rules": mute_rules,
    "topics": topics,
    "subscriptions": subscriptions,
    "keys": keys,
    "parameters": parameters,
}


def _attributes(client: Any, subscription: Stored) -> Stored:
    arn = subscription["SubscriptionArn"]
    if arn == "PendingConfirmation" or subscription["Owner"] != subscription["TopicArn"].split(":")[4]:
        return {}
    found: Stored = client.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    return found


def _answer(answer: Stored) -> Stored:
    return {key: value for key, value in answer.items() if key != "ResponseMetadata"}
