"""Backout as it is invoked: it deletes what this stack's ledger names, tells what it leaves, and ends at any point."""

import json
import os
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache, partial
from typing import Any
from unittest.mock import patch

import pytest

from blindspot.app.remediate import BackoutRefused
from functions.remediator import app
from local.accounts import Made, a_compliant_account
from local.aws import Call, LocalAws, local_aws
from local.aws.extension import ec2
from local.lambda_context import Context
from tests.goldens import FLAG
from tests.integration.remediating import (
    OUR_FILTER,
    SETTINGS,
    STACK,
    at,
    end_lease,
    numbered,
    only_a_trail,
    ours,
    run,
    steady,
    switch,
    written,
)
from tests.scenarios.bends import HOME, METRIC, REGIONS
from tests.warm import dump, set_up, warm

ALARM, TOPIC = "unauthorized_api_calls_alarm", "security-alerts"
ORDERS = {
    "Namespace": "Shop",
    "MetricName": "orders",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 1,
    "ComparisonOperator": "LessThanThreshold",
}
CHANGED = {"filterName": OUR_FILTER, "filterPattern": "{ $.eventName = DeleteVpc }", "metricTransformations": [METRIC]}


def remediated(aws: LocalAws) -> Made:
    """Everything from the metric filter on is this stack's, and the switch is off."""
    made = a_compliant_account(aws, region=HOME)
    only_a_trail(aws, made)
    switch(aws, "true")
    assert {outcome["status"] for outcome in run("apply")["outcomes"]} == {"done"}
    switch(aws, "false")
    return made


def preview() -> dict[str, Any]:
    return app.handler({"action": "backout", "plan": True}, Context())


def parameters(aws: LocalAws) -> list[str]:
    """The SSM parameters beside the switch: the ledger's entries and the lease."""
    pages = aws.client("ssm").get_paginator("describe_parameters").paginate()
    return [each["Name"] for page in pages for each in page["Parameters"] if each["Name"] != FLAG]


def left(document: dict[str, Any]) -> dict[str, str]:
    """By the last part of its resource, what is told of each thing that is left."""
    return {task["resource"].split(":")[-1]: task["message"] for task in document["manual_steps"]}


def done(document: dict[str, Any]) -> list[str]:
    by_status = {outcome["resource"]: outcome["status"] for outcome in document["outcomes"]}
    return [each["action"] for each in document["plan"] if by_status.get(each["resource"]) == "done"]


EVERYTHING = ["delete alarm", "delete topic", "delete metric filter"]


@contextmanager
def an_account() -> Iterator[LocalAws]:
    """Everything from the metric filter on is this stack's, and the switch is off."""
    with local_aws(region=HOME, regions=REGIONS) as aws, warm(aws), patch("blindspot.aws.apply.LOOK_AGAIN", 0):
        os.environ.update(SETTINGS)
        set_up(aws, "remediated", lambda: remediated(aws))
        aws.calls.clear()
        yield aws


@dataclass(frozen=True)
class End:
    """The calls of a backout that nothing disturbs, each with how many of its kind came before it, and what the account
    then holds."""

    calls: tuple[tuple[int, Call], ...]
    left: Any


@cache
def undisturbed() -> End:
    with an_account() as aws:
        run("backout")
        return End(tuple(numbered(aws.calls)), steady(dump(aws)))


def reached(aws: LocalAws) -> bool:
    """Whether the next backout comes to the same end, and leaves nothing in SSM."""
    aws.faults.clear()
    end_lease(aws)
    document = run("backout")
    done: bool = (steady(dump(aws)), parameters(aws), document["manual_steps"]) == (undisturbed().left, [], [])
    return done


class Stopped(BaseException):
    """The process ends here."""


def stop() -> None:
    raise Stopped


# What it deletes


def test_it_leaves_the_account_as_it_was_and_nothing_in_ssm(small: LocalAws) -> None:
    only_a_trail(small, a_compliant_account(small, region=HOME))
    before = dump(small)
    switch(small, "true")
    run("apply")
    assert len(parameters(small)) > 3
    switch(small, "false")
    document = run("backout")
    assert (done(document), document["manual_steps"]) == (EVERYTHING, [])
    assert (document["verdict_before"], document["verdict_after"]) == ("NON_COMPLIANT", "NON_COMPLIANT")
    assert dump(small) == before
    assert parameters(small) == []
    again = run("backout")
    assert (again["plan"], again["outcomes"], again["manual_steps"], again["verdict_after"]) == ([], [], [], None)


def test_each_deletion_says_what_was_there_and_what_makes_it_again(small: LocalAws) -> None:
    remediated(small)
    before = dump(small)[HOME]
    alarm, topic, metric_filter = run("backout")["plan"]
    assert topic["undo"] is None
    assert topic["before"]["Policy"]["Statement"]
    for deletion in (alarm, metric_filter):
        service, operation = deletion["undo"]["call"].split(":")
        method = {"PutMetricAlarm": "put_metric_alarm", "PutMetricFilter": "put_metric_filter"}[operation]
        getattr(small.client(service, HOME), method)(**deletion["undo"]["parameters"])
    after = dump(small)[HOME]
    assert steady(after["metric_filters"]) == steady(before["metric_filters"])
    (made,) = after["alarms"].values()
    assert made["AlarmActions"] == [topic["resource"]]
    assert made["Tags"] == []


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        (
            "BLINDSPOT_OVERRIDES",
            json.dumps({"names": {"alarm": "mine", "topic": "told", "metric": "m", "filter": "f"}}),
        ),
        ("BLINDSPOT_OVERRIDES", json.dumps({"benign": [], "alarm": {"threshold": 9}})),
        ("BLINDSPOT_OVERRIDES", "not JSON"),
        ("BLINDSPOT_OVERRIDES", '{"unknown": 1}'),
        ("BLINDSPOT_PROFILE", "conformity-cwl-002"),
        ("BLINDSPOT_PROFILE", "no-such-profile"),
        ("BLINDSPOT_SUBSCRIPTION_ENDPOINT", "nobody"),
        ("BLINDSPOT_MONITORING_ROLE_ARNS", "nobody"),
    ],
)
def test_whatever_the_settings_are_now(
    small: LocalAws, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    remediated(small)
    monkeypatch.setenv(variable, value)
    document = run("backout")
    assert done(document) == EVERYTHING
    assert parameters(small) == []
    assert set(left(document)) <= {"settings"}


def test_settings_that_cannot_be_read_are_told_instead_of_a_verdict(
    small: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    remediated(small)
    monkeypatch.setenv("BLINDSPOT_OVERRIDES", "not JSON")
    document = run("backout")
    assert (document["verdict_before"], document["verdict_after"]) == (None, None)
    assert "Overrides is not JSON" in left(document)["settings"]


def test_an_account_that_cannot_be_assessed_is_backed_out(small: LocalAws) -> None:
    remediated(small)
    small.fail("sts:GetCallerIdentity")
    document = run("backout")
    assert (document["verdict_before"], done(document)) == (None, EVERYTHING)
    assert parameters(small) == []


# Whose it is


def as_stack(monkeypatch: pytest.MonkeyPatch, aws: LocalAws, name: str, region: str = HOME) -> None:
    uuid = f"0a1b2c3d-0000-4000-8000-{ord(name[0]):012x}"
    stack = f"arn:aws:cloudformation:{region}:{aws.account}:stack/{name}/{uuid}"
    monkeypatch.setenv("BLINDSPOT_STACK", stack)
    monkeypatch.setenv("BLINDSPOT_FLAG", f"/{name}/auto-remediate")
    monkeypatch.setenv("AWS_REGION", region)


def set_switch(aws: LocalAws, value: str) -> None:
    client = aws.client("ssm", os.environ["AWS_REGION"])
    client.put_parameter(Name=os.environ["BLINDSPOT_FLAG"], Value=value, Type="String", Overwrite=True)


@pytest.mark.parametrize("region", [HOME, "us-east-1"])
def test_one_stack_deletes_nothing_of_another(small: LocalAws, monkeypatch: pytest.MonkeyPatch, region: str) -> None:
    """R1: two stacks in a region, or one in each of two."""
    only_a_trail(small, a_compliant_account(small, region=HOME))
    as_stack(monkeypatch, small, "bravo", region)
    set_switch(small, "true")
    assert {outcome["status"] for outcome in run("apply")["outcomes"]} == {"done"}
    made = dump(small)
    as_stack(monkeypatch, small, "alpha")
    set_switch(small, "false")
    document = run("backout")
    assert (document["plan"], document["manual_steps"], dump(small)) == ([], [], made)


def test_a_filter_of_somebody_else_with_our_name_and_pattern_is_untouched(small: LocalAws) -> None:
    """R4: it has no entry in the ledger."""
    only_a_trail(small, a_compliant_account(small, region=HOME))
    switch(small, "false")
    pattern = '{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }'
    theirs = {"filterName": OUR_FILTER, "filterPattern": pattern, "metricTransformations": [METRIC]}
    small.client("logs", HOME).put_metric_filter(logGroupName="management-events", **theirs)
    before = dump(small)
    assert (run("backout")["plan"], dump(small)) == ([], before)


def take_filter(aws: LocalAws) -> None:
    aws.client("logs", HOME).put_metric_filter(logGroupName="management-events", **CHANGED)


def untag_alarm(aws: LocalAws) -> None:
    aws.client("cloudwatch", HOME).untag_resource(ResourceARN=ours(aws, "alarms")[0], TagKeys=["blindspot"])


def untag_topic(aws: LocalAws) -> None:
    aws.client("sns", HOME).untag_resource(ResourceArn=ours(aws, "topics")[0], TagKeys=["blindspot"])


@pytest.mark.parametrize(
    ("take", "kind", "name"),
    [
        (take_filter, "metric_filters", OUR_FILTER),
        (untag_alarm, "alarms", ALARM),
        (untag_topic, "topics", TOPIC),
    ],
)
def test_what_somebody_took_over_is_told_once_and_then_theirs(
    small: LocalAws, take: Callable[[LocalAws], None], kind: str, name: str
) -> None:
    remediated(small)
    take(small)
    theirs = dump(small)[HOME][kind]
    assert name in left(run("backout"))
    assert dump(small)[HOME][kind] == theirs
    again = left(run("backout"))
    assert name not in again
    assert dump(small)[HOME][kind] == theirs


def test_what_is_gone_is_forgotten(small: LocalAws) -> None:
    remediated(small)
    (alarm,), (topic,) = ours(small, "alarms"), ours(small, "topics")
    small.client("cloudwatch", HOME).delete_alarms(AlarmNames=[alarm.split(":")[-1]])
    small.client("sns", HOME).delete_topic(TopicArn=topic)
    small.client("logs", HOME).delete_log_group(logGroupName="management-events")
    document = run("backout")
    assert (document["plan"], document["manual_steps"], parameters(small)) == ([], [], [])


# A topic that others use


def subscribe(aws: LocalAws, topic: str, *endpoints: str) -> None:
    for endpoint in endpoints:
        aws.client("sns", HOME).subscribe(TopicArn=topic, Protocol="email", Endpoint=endpoint)
    aws.confirm(topic)


def test_a_topic_to_which_others_subscribed_is_left_with_the_commands_for_our_part(small: LocalAws) -> None:
    """R3."""
    remediated(small)
    (topic,) = ours(small, "topics")
    subscribe(small, topic, "pager@example.com", "audit@example.com")
    document = run("backout")
    assert done(document) == ["delete alarm", "delete metric filter"]
    assert left(document)[TOPIC].endswith("Others subscribed to it (2 of 3 subscriptions).")
    (task,) = document["manual_steps"]
    for command in task["fix"].partition("run: ")[2].partition(". ")[0].split("; "):
        as_a_person(small, command)
    assert list(left(run("backout"))) == [TOPIC]
    assert parameters(small) == []
    found = small.client("sns", HOME).list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert sorted(each["Endpoint"] for each in found) == ["audit@example.com", "pager@example.com"]
    assert (run("backout")["manual_steps"], topic in dump(small)[HOME]["topics"]) == ([], True)


def as_a_person(aws: LocalAws, command: str) -> None:
    """Runs a command of the AWS CLI."""
    _, service, operation, *options = shlex.split(command)
    given = dict(zip(options[::2], options[1::2], strict=True))
    region = given.pop("--region")
    client = aws.client(service, region)
    keys = {"--topic-arn": "TopicArn", "--subscription-arn": "SubscriptionArn", "--resource-arn": "ResourceArn"}
    keys |= {"--label": "Label", "--tag-keys": "TagKeys"}
    values = {keys[key]: [value] if key == "--tag-keys" else value for key, value in given.items()}
    getattr(client, operation.replace("-", "_"))(**values)


def test_one_who_subscribes_while_backout_runs_keeps_the_topic(small: LocalAws) -> None:
    remediated(small)
    (topic,) = ours(small, "topics")
    at(small, Call("cloudwatch", "DeleteAlarms", HOME), lambda: subscribe(small, topic, "pager@example.com"))
    outcomes = {outcome["resource"]: outcome["status"] for outcome in run("backout")["outcomes"]}
    assert outcomes[topic] == "failed"
    small.faults.clear()
    assert "Others subscribed" in left(run("backout"))[TOPIC]


def test_it_says_what_it_leaves(small: LocalAws) -> None:
    made = remediated(small)
    alarms = small.client("cloudwatch", HOME)
    alarms.put_metric_alarm(AlarmName="orders", **ORDERS, AlarmActions=[made.topic])
    alarms.put_metric_alarm(AlarmName="ours-too-blindspot", **ORDERS)
    small.client("logs", HOME).put_metric_filter(
        logGroupName=made.log_group,
        filterName="orders-blindspot",
        filterPattern="",
        metricTransformations=[{"metricName": "orders", "metricNamespace": "Shop", "metricValue": "1"}],
    )
    document = run("backout")
    assert list(left(document)) == [TOPIC]
    assert left(document)[TOPIC].endswith("Alarms of somebody else notify it: orders.")
    assert done(document) == ["delete alarm", "delete metric filter"]
    names = {arn.split(":")[-1] for arn in dump(small)[HOME]["alarms"]}
    assert names == {"orders", "ours-too-blindspot"}


def test_a_composite_alarm_on_ours_keeps_it_with_its_topic_and_filter(small: LocalAws) -> None:
    made = remediated(small)
    small.client("cloudwatch", HOME).put_composite_alarm(AlarmName="all", AlarmRule=f"ALARM({made.alarm})")
    before = dump(small)
    document = run("backout")
    assert list(left(document)) == [ALARM, TOPIC, OUR_FILTER]
    assert (document["plan"], dump(small)) == ([], before)


# What it cannot look at


@pytest.mark.parametrize(
    ("call", "kept"),
    [
        ("cloudwatch:ListTagsForResource", [ALARM, TOPIC, OUR_FILTER]),
        ("cloudwatch:DescribeAlarms", [ALARM, TOPIC, OUR_FILTER]),
        ("sns:ListTagsForResource", [TOPIC]),
        ("sns:ListSubscriptionsByTopic", [TOPIC]),
        ("sns:GetTopicAttributes", [TOPIC]),
        ("logs:DescribeMetricFilters", [OUR_FILTER]),
        ("ssm:GetParametersByPath", ["ledger"]),
    ],
)
def test_what_it_cannot_read_it_leaves_and_the_next_backout_deletes(
    small: LocalAws, call: str, kept: list[str]
) -> None:
    remediated(small)
    small.fail(call)
    document = run("backout")
    assert list(left(document)) == kept
    assert not set(left(document)) & {each["resource"].split(":")[-1] for each in document["plan"]}
    small.faults.clear()
    assert run("backout")["manual_steps"] == []
    assert (ours(small, "alarms"), ours(small, "topics"), parameters(small)) == ([], [], [])


def test_an_entry_that_is_not_understood_is_told_and_kept(small: LocalAws) -> None:
    remediated(small)
    name = STACK.ledger + "0" * 64
    small.client("ssm").put_parameter(Name=name, Value="{}", Type="String")
    document = run("backout")
    assert done(document) == EVERYTHING
    assert list(left(document)) == ["0" * 64]
    assert parameters(small) == sorted([STACK.lease, name])


def test_an_excluded_region_is_told_from_the_ledger(small: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    only_a_trail(small, a_compliant_account(small, region="eu-central-1"))
    switch(small, "true")
    run("apply")
    switch(small, "false")
    monkeypatch.setenv("BLINDSPOT_EXCLUDED_REGIONS", "eu-central-1")
    small.calls.clear()
    document = run("backout")
    assert list(left(document)) == [ALARM, TOPIC, OUR_FILTER]
    assert all("ExcludedRegions contains the region" in why for why in left(document).values())
    assert "eu-central-1" not in {call.region for call in small.calls}
    monkeypatch.setenv("BLINDSPOT_EXCLUDED_REGIONS", "")
    assert (run("backout")["manual_steps"], parameters(small)) == ([], [])


def test_a_region_that_was_disabled_since_is_told_from_the_ledger(
    small: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R12."""
    only_a_trail(small, a_compliant_account(small, region="eu-central-1"))
    switch(small, "true")
    run("apply")
    switch(small, "false")
    monkeypatch.setattr(ec2, "ENABLED", [HOME, "us-east-1"])
    monkeypatch.setattr(ec2, "OPTED_OUT", ["eu-central-1"])
    document = run("backout")
    assert list(left(document)) == [ALARM, TOPIC, OUR_FILTER]
    assert all("has not opted in to the region" in why for why in left(document).values())
    monkeypatch.undo()


# The switch


def test_it_refuses_while_the_switch_is_on(small: LocalAws) -> None:
    remediated(small)
    switch(small, "true")
    after = dump(small)
    with pytest.raises(BackoutRefused, match=f"put-parameter --name {FLAG} --value false"):
        run("backout")
    assert dump(small) == after


def test_it_refuses_while_the_switch_is_missing_or_cannot_be_read(
    small: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    remediated(small)
    small.client("ssm").delete_parameter(Name=FLAG)
    with pytest.raises(BackoutRefused, match="ParameterNotFound") as refused:
        run("backout")
    create = f"aws ssm put-parameter --name {FLAG} --type String --value false --overwrite"
    assert str(refused.value).endswith(f"If the parameter does not exist, create it first: {create}")
    small.fail("ssm:GetParameter", error="AccessDeniedException")
    with pytest.raises(BackoutRefused, match="AccessDeniedException"):
        run("backout")
    monkeypatch.delenv("BLINDSPOT_FLAG")
    with pytest.raises(BackoutRefused, match=r"names no SSM parameter\. Run the remediator in the stack"):
        run("backout")
    assert len(ours(small, "alarms")) == len(ours(small, "topics")) == 1


@pytest.mark.parametrize(
    "turn",
    [
        lambda aws: aws.fail("ssm:GetParameter"),
        lambda aws: aws.malform("ssm:GetParameter", {"Parameter": {}}),
        lambda aws: aws.client("ssm").delete_parameter(Name=FLAG),
        lambda aws: switch(aws, "true"),
    ],
    ids=["unreadable", "garbled", "missing", "on"],
)
def test_it_stops_half_way_when_the_switch_is_no_longer_read_as_off(
    small: LocalAws, turn: Callable[[LocalAws], None]
) -> None:
    """R9, S9."""
    remediated(small)
    at(small, Call("cloudwatch", "DeleteAlarms", HOME), lambda: turn(small))
    outcomes = run("backout")["outcomes"]
    assert outcomes[0]["status"] == "done"
    assert {outcome["status"] for outcome in outcomes[1:]} == {"stopped"}
    assert (ours(small, "alarms"), len(ours(small, "topics"))) == ([], 1)
    small.faults.clear()
    switch(small, "false")
    assert done(run("backout")) == ["delete topic", "delete metric filter"]
    assert parameters(small) == []


# The preview


@pytest.mark.parametrize("value", ["true", "false"])
def test_a_preview_shows_what_backout_would_do_and_writes_nothing(small: LocalAws, value: str) -> None:
    remediated(small)
    (topic,) = ours(small, "topics")
    subscribe(small, topic, "pager@example.com")
    switch(small, value)
    before, held = dump(small), parameters(small)
    small.calls.clear()
    shown = preview()
    assert [str(call) for call in written(small)] == ["events:PutEvents"]
    assert (dump(small), parameters(small), shown["outcomes"]) == (before, held, [])
    switch(small, "false")
    document = run("backout")
    assert (shown["plan"], shown["manual_steps"]) == (document["plan"], document["manual_steps"])


def test_a_preview_works_where_the_switch_cannot_be_read(small: LocalAws) -> None:
    remediated(small)
    small.fail("ssm:GetParameter")
    assert [each["action"] for each in preview()["plan"]] == EVERYTHING


# Disturbed at any point


def test_stopped_before_each_write_and_after_the_last_the_next_backout_finishes() -> None:
    writes = [(skip, call) for skip, call in undisturbed().calls if call.operation.startswith(("Put", "Delete"))]
    assert len(writes) > 8
    for skip, call in writes:
        with an_account() as aws:
            at(aws, call, stop, skip)
            with pytest.raises(Stopped):
                run("backout")
            assert reached(aws), f"stopped at {call}"


def test_a_filter_that_somebody_made_anew_after_a_stopped_backout_is_theirs(small: LocalAws) -> None:
    made = remediated(small)
    logs = small.client("logs", HOME)
    (ours,) = logs.describe_metric_filters(logGroupName=made.log_group)["metricFilters"]
    at(small, Call("logs", "DeleteMetricFilter", HOME), lambda: small.fail("ssm:DeleteParameter"))
    run("backout")
    assert logs.describe_metric_filters(logGroupName=made.log_group)["metricFilters"] == []
    small.faults.clear()
    same = {name: ours[name] for name in ("logGroupName", "filterName", "filterPattern", "metricTransformations")}
    logs.put_metric_filter(**same)
    document = run("backout")
    (kept,) = logs.describe_metric_filters(logGroupName=made.log_group)["metricFilters"]
    assert kept["filterName"] == OUR_FILTER
    assert list(left(document)) == [OUR_FILTER]
    assert parameters(small) == []


@pytest.mark.parametrize("error", ["AccessDenied", "ConcurrentAccess"])
def test_each_call_refused_once_the_next_backout_finishes(error: str) -> None:
    for skip, call in undisturbed().calls:
        with an_account() as aws:
            at(aws, call, partial(aws.fail, str(call), error=error, times=1), skip)
            with suppress(BackoutRefused):
                assert {outcome["status"] for outcome in run("backout")["outcomes"]} <= {"done", "failed", "skipped"}
            assert reached(aws), f"{call} refused"


def test_a_second_backout_at_once_does_nothing_and_says_who_is_at_it() -> None:
    for skip, call in undisturbed().calls:
        if call.operation.startswith("Delete") and call.service != "ssm":
            with an_account() as aws:
                runs: list[dict[str, Any]] = []
                at(aws, call, partial(lambda runs: runs.append(run("backout")), runs), skip)
                run("backout")
                assert [task["code"] for task in runs[0]["manual_steps"]] == ["lease.held"]
                assert (runs[0]["plan"], runs[0]["outcomes"]) == ([], [])
                assert steady(dump(aws)) == undisturbed().left


def overtake(aws: LocalAws) -> None:
    end_lease(aws)
    run("backout")


def test_a_second_backout_after_the_lease_of_the_first_has_ended() -> None:
    for skip, call in undisturbed().calls:
        if call.operation.startswith("Delete"):
            with an_account() as aws:
                at(aws, call, partial(overtake, aws), skip)
                run("backout")
                assert reached(aws), f"overtaken at {call}"


def take_alarm(aws: LocalAws) -> None:
    """Somebody makes an alarm of ours anew, with another tag or none."""
    client = aws.client("cloudwatch", HOME)
    client.delete_alarms(AlarmNames=[ALARM])
    client.put_metric_alarm(AlarmName=ALARM, **ORDERS)


def take_topic(aws: LocalAws) -> None:
    client = aws.client("sns", HOME)
    client.delete_topic(TopicArn=f"arn:aws:sns:{HOME}:{aws.account}:{TOPIC}")
    client.create_topic(Name=TOPIC)


@pytest.mark.parametrize(
    ("take", "kind"), [(take_filter, "metric_filters"), (take_alarm, "alarms"), (take_topic, "topics")]
)
def test_what_somebody_makes_in_the_place_of_ours_stays_whenever_it_is_made(
    take: Callable[[LocalAws], None], kind: str
) -> None:
    """R8: before any call but a deletion, which comes right after the mark was read."""
    for skip, call in undisturbed().calls:
        if not call.operation.startswith("Delete") or call.service == "ssm":
            with an_account() as aws:
                held: list[Any] = []

                def make(aws: LocalAws, held: list[Any]) -> None:
                    take(aws)
                    held.append(dump(aws)[HOME][kind])

                at(aws, call, partial(make, aws, held), skip)
                run("backout")
                assert dump(aws)[HOME][kind] == held[0], f"made before {call}"
                aws.faults.clear()
                run("backout")
                assert (dump(aws)[HOME][kind], parameters(aws)) == (held[0], []), f"made before {call}"
