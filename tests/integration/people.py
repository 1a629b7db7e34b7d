"""What people do in an account, each on one of the things that are there."""

import json
from collections.abc import Callable
from typing import Any

from blindspot.remediation.ledger import digest
from blindspot.remediation.ownership import TAG
from local.accounts import put_filter
from tests.integration.remediating import CLOSED
from tests.integration.two_stacks import Installed, Judge, Key, look, resource_of
from tests.scenarios.bends import DENIED, HOME, METRIC

PAGER = "arn:aws:sns:eu-west-1:123456789012:pager"
THRESHOLD: dict[str, Any] = {
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 3,
    "ComparisonOperator": "GreaterThanThreshold",
}
"""How people's own alarms compare their metric."""

Act = Callable[[Judge, list[Installed], int], object]
"""Done by people in an account with these stacks; the number chooses on what."""


def one_of(judge: Judge, kind: str, number: int) -> Key | None:
    found = sorted(key for key in look(judge.aws) if key[1] == kind)
    return found[number % len(found)] if found else None


def alarm(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Act:
    """Puts one of the alarms again, changed."""

    def act(judge: Judge, _: list[Installed], number: int) -> None:
        if key := one_of(judge, "alarms", number):
            client = judge.aws.client("cloudwatch", key[0])
            there = look(judge.aws)[key]
            known = client.meta.service_model.operation_model("PutMetricAlarm").input_shape.members
            asked = {name: value for name, value in there.items() if name in known and name != "Tags"}
            client.put_metric_alarm(**{**asked, **change(asked)})

    return act


def more_actions(name: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda there: {name: list(dict.fromkeys([*there.get(name, ()), PAGER]))}


def delete(kind: str) -> Act:
    def act(judge: Judge, _: list[Installed], number: int) -> None:
        if key := one_of(judge, kind, number):
            remove(judge, key)

    return act


def remove(judge: Judge, key: Key) -> None:
    region, kind, name = key
    if kind == "alarms":
        judge.aws.client("cloudwatch", region).delete_alarms(AlarmNames=[name.split(":")[-1]])
    elif kind == "topics":
        judge.aws.client("sns", region).delete_topic(TopicArn=name)
    else:
        found = look(judge.aws)[key]
        names = {"logGroupName": found["logGroupName"], "filterName": found["filterName"]}
        judge.aws.client("logs", region).delete_metric_filter(**names)


def alarm_anew(judge: Judge, _: list[Installed], number: int) -> None:
    """Under its name, with no tags, on a metric of theirs."""
    if key := one_of(judge, "alarms", number):
        with judge.people():
            remove(judge, key)
        there = METRIC | {"metricName": "theirs"}
        judge.aws.client("cloudwatch", key[0]).put_metric_alarm(
            AlarmName=key[2].split(":")[-1],
            Namespace=there["metricNamespace"],
            MetricName=there["metricName"],
            **THRESHOLD,
            AlarmActions=[PAGER],
        )


def topic_anew(judge: Judge, _: list[Installed], number: int) -> None:
    if key := one_of(judge, "topics", number):
        with judge.people():
            remove(judge, key)
        judge.aws.client("sns", key[0]).create_topic(Name=key[2].split(":")[-1])


def alarm_with_our_tag(judge: Judge, stacks: list[Installed], number: int) -> None:
    """The tag is copied to an alarm of theirs."""
    stack = stacks[number % len(stacks)]
    name = ("unauthorized_api_calls_alarm-blindspot", "vpc")[number % 2]
    client = judge.aws.client("cloudwatch", HOME)
    if not client.describe_alarms(AlarmNames=[name])["MetricAlarms"]:
        client.put_metric_alarm(
            AlarmName=name,
            Namespace="Theirs",
            MetricName="vpc",
            **THRESHOLD,
            Tags=[{"Key": TAG, "Value": stack.id}],
        )


def untag(judge: Judge, _: list[Installed], number: int) -> None:
    kind = ("alarms", "topics")[number % 2]
    if key := one_of(judge, kind, number // 2):
        tagging(judge, key, "untag_resource", TagKeys=[TAG])


def tag(judge: Judge, _: list[Installed], number: int) -> None:
    kind = ("alarms", "topics")[number % 2]
    if key := one_of(judge, kind, number // 2):
        tagging(judge, key, "tag_resource", Tags=[{"Key": "team", "Value": "payments"}])


def tagging(judge: Judge, key: Key, how: str, **given: Any) -> None:
    if key[1] == "alarms":
        getattr(judge.aws.client("cloudwatch", key[0]), how)(ResourceARN=key[2], **given)
    else:
        getattr(judge.aws.client("sns", key[0]), how)(ResourceArn=key[2], **given)


PUBLISHER = {"Sid": "Builds", "Effect": "Allow", "Principal": {"Service": "codestar-notifications.amazonaws.com"}}
OUTSIDER = {"Sid": "NotThem", "Effect": "Deny", "Principal": {"AWS": "arn:aws:iam::999988887777:root"}}


def statement(added: dict[str, Any]) -> Act:
    def act(judge: Judge, _: list[Installed], number: int) -> None:
        if key := one_of(judge, "topics", number):
            policy = json.loads(look(judge.aws)[key]["Policy"])
            kept = [each for each in policy["Statement"] if each.get("Sid") != added["Sid"]]
            policy["Statement"] = [*kept, {**added, "Action": "sns:Publish", "Resource": key[2]}]
            set_policy(judge, key, json.dumps(policy))

    return act


def closed(judge: Judge, _: list[Installed], number: int) -> None:
    if key := one_of(judge, "topics", number):
        set_policy(judge, key, CLOSED)


def set_policy(judge: Judge, key: Key, policy: str) -> None:
    judge.aws.client("sns", key[0]).set_topic_attributes(TopicArn=key[2], AttributeName="Policy", AttributeValue=policy)


def display_name(judge: Judge, _: list[Installed], number: int) -> None:
    if key := one_of(judge, "topics", number):
        judge.aws.client("sns", key[0]).set_topic_attributes(
            TopicArn=key[2], AttributeName="DisplayName", AttributeValue="alerts"
        )


def subscribe(judge: Judge, _: list[Installed], number: int) -> None:
    if key := one_of(judge, "topics", number):
        judge.aws.client("sns", key[0]).subscribe(TopicArn=key[2], Protocol="email", Endpoint="pager@example.com")


def confirm(judge: Judge, _: list[Installed], number: int) -> None:
    if key := one_of(judge, "topics", number):
        judge.aws.confirm(key[2])


def pattern(judge: Judge, _: list[Installed], number: int) -> None:
    if key := one_of(judge, "metric_filters", number):
        there = look(judge.aws)[key]
        put_filter(judge.aws, key[0], there["logGroupName"], there["filterName"], DENIED, METRIC)


def filter_elsewhere(judge: Judge, _: list[Installed], number: int) -> None:
    """A filter of theirs with a name of ours, on another log group or on the trail's own."""
    group = ("theirs", "management-events")[number % 2]
    logs = judge.aws.client("logs", HOME)
    if not logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
        logs.create_log_group(logGroupName=group)
    name = ("unauthorized-api-calls-metric", "refused-calls")[number // 2 % 2]
    if not logs.describe_metric_filters(logGroupName=group, filterNamePrefix=name)["metricFilters"]:
        put_filter(judge.aws, HOME, group, name, "{ $.eventName = DeleteVpc }", METRIC | {"metricName": "vpc"})


def ninety_nine(judge: Judge, _: list[Installed], __: int) -> None:
    """As many filters on the trail's log group as there is room for, but for one."""
    there = [key[2].split("/")[-1] for key in look(judge.aws) if key[1] == "metric_filters" and key[0] == HOME]
    for name in [f"vpc-{number}" for number in range(99 - len(there))]:
        if name not in there:
            metric = METRIC | {"metricName": "vpc"}
            put_filter(judge.aws, HOME, "management-events", name, f'{{ $.eventName = "{name}" }}', metric)


def entry_deleted(judge: Judge, stacks: list[Installed], number: int) -> None:
    stack, name = entry(judge, stacks, number)
    if name:
        judge.aws.client("ssm", stack.region).delete_parameter(Name=name)


def entry_corrupted(judge: Judge, stacks: list[Installed], number: int) -> None:
    stack, name = entry(judge, stacks, number)
    if name:
        value = ("hello", "e30=", "bnVsbA==")[number % 3]
        judge.aws.client("ssm", stack.region).put_parameter(Name=name, Value=value, Overwrite=True)


def entry_of_the_other(judge: Judge, stacks: list[Installed], number: int) -> None:
    """An entry of one stack's alarm or topic is copied into the ledger of the other."""
    of, to = stacks if number % 2 else stacks[::-1]
    tagged = [
        resource_of(key, thing)
        for key, thing in look(judge.aws).items()
        if key[1] in ("alarms", "topics") and {"Key": TAG, "Value": of.id} in thing["Tags"]
    ]
    for name, value in of.ledger(judge.aws).items():
        if name in map(digest, tagged):
            judge.aws.client("ssm", to.region).put_parameter(
                Name=to.stack.ledger + name, Value=value, Type="String", Overwrite=True
            )


def entry(judge: Judge, stacks: list[Installed], number: int) -> tuple[Installed, str | None]:
    stack = stacks[number % len(stacks)]
    names = sorted(stack.ledger(judge.aws))
    return stack, stack.stack.ledger + names[number // 2 % len(names)] if names else None


def lease_held(judge: Judge, stacks: list[Installed], number: int) -> None:
    stack = stacks[number % len(stacks)]
    held = json.dumps({"run": "somebody", "expires": "2999-01-01T00:00:00+00:00"})
    judge.aws.client("ssm", stack.region).put_parameter(
        Name=stack.stack.lease, Value=held, Type="String", Overwrite=True
    )


def lease_deleted(judge: Judge, stacks: list[Installed], number: int) -> None:
    stack = stacks[number % len(stacks)]
    if stack.stack.lease in stack.parameters(judge.aws):
        judge.aws.client("ssm", stack.region).delete_parameter(Name=stack.stack.lease)


PEOPLE: dict[str, Act] = {
    "add an alarm action": alarm(more_actions("AlarmActions")),
    "add an OK action": alarm(more_actions("OKActions")),
    "raise the threshold": alarm(lambda there: {"Threshold": there["Threshold"] + 9}),
    "disable the actions": alarm(lambda there: {"ActionsEnabled": False}),
    "describe the alarm": alarm(lambda there: {"AlarmDescription": "call Ann"}),
    "delete an alarm": delete("alarms"),
    "delete a topic": delete("topics"),
    "delete a filter": delete("metric_filters"),
    "make an alarm anew": alarm_anew,
    "make a topic anew": topic_anew,
    "copy our tag": alarm_with_our_tag,
    "remove our tag": untag,
    "add a tag": tag,
    "add a publisher": statement(PUBLISHER),
    "add a Deny": statement(OUTSIDER),
    "close the policy": closed,
    "name the topic": display_name,
    "subscribe somebody": subscribe,
    "confirm": confirm,
    "change a filter's pattern": pattern,
    "make a filter with our name": filter_elsewhere,
    "add 99 filters": ninety_nine,
    "delete an entry": entry_deleted,
    "corrupt an entry": entry_corrupted,
    "copy an entry into the other ledger": entry_of_the_other,
    "hold the lease": lease_held,
    "delete the lease": lease_deleted,
}
