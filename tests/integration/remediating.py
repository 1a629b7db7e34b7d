"""Running the remediator on the local AWS, and looking at what it left behind."""

import json
from collections.abc import Iterator
from typing import Any

from blindspot.model import stack
from blindspot.remediation.ledger import Entry, decoded
from blindspot.remediation.ownership import TAG
from functions.remediator import app
from local.accounts import Made, put_alarm
from local.aws import Call, Fault, LocalAws
from local.lambda_context import Context
from tests.goldens import FLAG
from tests.goldens import SETTINGS as OF_THE_STACK
from tests.scenarios import bends
from tests.scenarios.bends import DENIED, METRIC, Scenario
from tests.schemas import REMEDIATION
from tests.warm import dump

SETTINGS = {name: value for name, value in OF_THE_STACK.items() if name != "BLINDSPOT_CONFIG_RULE"}
STACK = stack.parse(SETTINGS["BLINDSPOT_STACK"])

OUR_FILTER = "unauthorized-api-calls-metric"
CLOSED = '{"Version": "2012-10-17", "Statement": []}'

WRITES = ("Put", "Create", "Delete", "Set", "Subscribe", "Tag", "Start")


def switch(aws: LocalAws, value: str) -> None:
    aws.client("ssm").put_parameter(Name=FLAG, Value=value, Type="String", Overwrite=True)


def run(action: str, milliseconds: int = 300_000) -> dict[str, Any]:
    document: dict[str, Any] = app.handler({"action": action}, Context(milliseconds))
    REMEDIATION.validate(document)
    return document


def settings(scenario: Scenario) -> dict[str, str]:
    """The environment of a function that judges as the scenario says."""
    return {
        "BLINDSPOT_PROFILE": scenario.profile,
        "BLINDSPOT_OVERRIDES": json.dumps(scenario.overrides),
        "BLINDSPOT_EXCLUDED_REGIONS": ",".join(scenario.excluded),
        "BLINDSPOT_MONITORING_ROLE_ARNS": ",".join(scenario.roles.values()),
    }


def only_a_trail(aws: LocalAws, made: Made) -> None:
    """Everything from the metric filter on is left to the remediator."""
    bends.together(bends.no_filter, bends.no_alarm, bends.no_topic)(aws, made)


def click(aws: LocalAws) -> None:
    """Whoever was subscribed to our topics confirms."""
    for arn in ours(aws, "topics"):
        aws.confirm(arn)


def all_ours(aws: LocalAws, made: Made) -> None:
    only_a_trail(aws, made)
    run("apply")
    click(aws)


def our_filter_is_gone(aws: LocalAws, made: Made) -> None:
    all_ours(aws, made)
    aws.client("logs", made.region).delete_metric_filter(logGroupName=made.log_group, filterName=OUR_FILTER)


def our_filter_is_theirs(aws: LocalAws, made: Made) -> None:
    """Somebody changed it."""
    all_ours(aws, made)
    aws.client("logs", made.region).put_metric_filter(
        logGroupName=made.log_group, filterName=OUR_FILTER, filterPattern=DENIED, metricTransformations=[METRIC]
    )


def our_alarm_is_deaf(aws: LocalAws, made: Made) -> None:
    all_ours(aws, made)
    put_alarm(aws, made.region, made.alarm, METRIC, [made.topic], {"Threshold": 10})


def our_topic_is_closed(aws: LocalAws, made: Made) -> None:
    all_ours(aws, made)
    topics = aws.client("sns", made.region)
    topics.set_topic_attributes(TopicArn=made.topic, AttributeName="Policy", AttributeValue=CLOSED)


def ours(aws: LocalAws, kind: str) -> list[str]:
    """The alarms or topics that bear our tag."""
    held = [things.get(kind, {}) for things in dump(aws).values()]
    tag = {"Key": TAG, "Value": STACK.id}
    return [arn for things in held for arn, thing in things.items() if tag in thing["Tags"]]


def ledger(aws: LocalAws) -> dict[str, Entry]:
    """The entries by resource."""
    pages = aws.client("ssm").get_paginator("get_parameters_by_path").paginate(Path=STACK.ledger.removesuffix("/"))
    found = [parameter for page in pages for parameter in page["Parameters"]]
    read = [decoded(each["Name"].rpartition("/")[2], each["Value"], each["Version"]) for each in found]
    return {entry.resource: entry for entry in read}


def end_lease(aws: LocalAws) -> None:
    """The time of whoever holds the lease is over."""
    ssm = aws.client("ssm")
    if found := ssm.get_parameters(Names=[STACK.lease])["Parameters"]:
        ended = json.loads(found[0]["Value"]) | {"expires": "2020-01-01T00:00:00+00:00"}
        ssm.put_parameter(Name=STACK.lease, Value=json.dumps(ended), Overwrite=True)


def untouched(before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Whether everything that was there is there, as it was."""
    return all(
        after[region][kind].get(name) == thing
        for region, kinds in before.items()
        for kind, things in kinds.items()
        for name, thing in things.items()
    )


def steady(held: dict[str, Any]) -> Any:
    """What `dump` gave, without what differs from run to run: times, and the ids of subscriptions."""
    return json.loads(json.dumps(held, default=lambda _: "time"), object_hook=_without_ids)


def _without_ids(held: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in held.items() if key not in ("SubscriptionArn", "creationTime")}


def written(aws: LocalAws) -> list[Call]:
    """What changed something, beside the lease and the ledger."""
    return [call for call in aws.calls if call.operation.startswith(WRITES) and call.service != "ssm"]


def at(aws: LocalAws, call: Call, do: Any, skip: int = 0) -> None:
    """Does something right before the call is sent, or the one that comes so many calls of this kind later."""
    left = iter(range(skip, -1, -1))

    def answer(_: Call) -> None:
        if next(left, None) == 0:
            do()

    aws.faults.append(Fault(str(call), call.region, answer))


def numbered(calls: list[Call]) -> Iterator[tuple[int, Call]]:
    """Each call with how many of its kind came before it."""
    for place, call in enumerate(calls):
        yield calls[:place].count(call), call
