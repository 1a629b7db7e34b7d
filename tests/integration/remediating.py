"""Running the remediator on the local AWS, and looking at what it left behind."""

import json
from collections.abc import Iterator
from typing import Any

from blindspot.remediation.ownership import MARK
from functions.remediator import app
from local.accounts import Made, put_alarm
from local.aws import Call, Fault, LocalAws
from local.lambda_context import Context
from tests.goldens import FLAG
from tests.scenarios import bends
from tests.scenarios.bends import DENIED, METRIC, Scenario
from tests.warm import dump

SETTINGS = {"BLINDSPOT_FLAG": FLAG, "BLINDSPOT_SUBSCRIPTION_ENDPOINT": "security-team@example.com"}

OUR_FILTER = "unauthorized-api-calls-metric-blindspot"
CLOSED = '{"Version": "2012-10-17", "Statement": []}'

WRITES = ("Put", "Create", "Delete", "Set", "Subscribe", "Tag", "Start")


def switch(aws: LocalAws, value: str) -> None:
    aws.client("ssm").put_parameter(Name=FLAG, Value=value, Type="String", Overwrite=True)


def run(action: str, milliseconds: int = 300_000) -> dict[str, Any]:
    return app.handler({"action": action}, Context(milliseconds))


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


def our_filter_misses(aws: LocalAws, made: Made) -> None:
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
    """The alarms or topics that bear our mark."""
    held = [things.get(kind, {}) for things in dump(aws).values()]
    mark = {"Key": MARK[0], "Value": MARK[1]}
    return [arn for things in held for arn, thing in things.items() if mark in thing["Tags"]]


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
    """What changed something."""
    return [call for call in aws.calls if call.operation.startswith(WRITES)]


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
