"""Stopped, refused or overtaken at any point, the next run reaches the same end, and makes nothing twice."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from local.accounts import Made, a_compliant_account, put_alarm
from local.aws import Call, LocalAws, local_aws
from tests.integration.remediating import (
    OUR_FILTER,
    SETTINGS,
    at,
    click,
    numbered,
    only_a_trail,
    our_alarm_is_deaf,
    our_filter_misses,
    our_topic_is_closed,
    ours,
    run,
    steady,
    switch,
    untouched,
    written,
)
from tests.scenarios.bends import HOME, METRIC, REGIONS
from tests.warm import dump, set_up, warm

TRAIL = "nothing but a trail"
ACCOUNTS: dict[str, tuple[Callable[[LocalAws, Made], None], list[str]]] = {
    TRAIL: (
        only_a_trail,
        ["logs:PutMetricFilter", "sns:CreateTopic", "sns:Subscribe", "cloudwatch:PutMetricAlarm"],
    ),
    "our filter misses": (our_filter_misses, ["logs:PutMetricFilter"]),
    "our alarm is deaf": (our_alarm_is_deaf, ["cloudwatch:PutMetricAlarm"]),
    "our topic is closed": (our_topic_is_closed, ["sns:SetTopicAttributes"]),
}
"""One for each kind of action, with the writes that it needs."""


@contextmanager
def account(name: str) -> Iterator[LocalAws]:
    """One of ACCOUNTS, anew and switched on."""
    with local_aws(region=HOME, regions=REGIONS) as aws, warm(aws):
        os.environ.update(SETTINGS)
        switch(aws, "true")
        set_up(aws, name, lambda: ACCOUNTS[name][0](aws, a_compliant_account(aws, region=HOME)))
        aws.calls.clear()
        yield aws


@dataclass
class End:
    """What a run does that nothing disturbs, and what it leaves behind."""

    document: dict[str, Any]
    calls: list[Call]
    writes: list[Call]
    left: Any


@cache
def end_of(name: str) -> End:
    with account(name) as aws:
        document = run("apply")
        calls, writes = list(aws.calls), [call for call in written(aws) if call.service != "events"]
        click(aws)
        return End(document, calls, writes, steady(dump(aws)))


def reached(aws: LocalAws, name: str) -> bool:
    """Whether the next run comes to the same end, and the one after it has nothing left to do."""
    aws.faults.clear()
    run("apply")
    click(aws)
    done: bool = steady(dump(aws)) == end_of(name).left
    return done and run("apply")["plan"] == [] and steady(dump(aws)) == end_of(name).left


class Stopped(BaseException):
    """The process ends here."""


def stop() -> None:
    raise Stopped


@pytest.mark.parametrize("name", ACCOUNTS)
def test_what_is_written(name: str) -> None:
    assert [str(call) for call in end_of(name).writes] == ACCOUNTS[name][1]
    assert {outcome["status"] for outcome in end_of(name).document["outcomes"]} == {"done"}


@pytest.mark.parametrize("name", ACCOUNTS)
def test_stopped_before_each_write_and_after_the_last(name: str) -> None:
    for skip, call in numbered(end_of(name).calls):
        if call in end_of(name).writes or call.service == "events":
            with account(name) as aws:
                at(aws, call, stop, skip)
                with pytest.raises(Stopped):
                    run("apply")
                assert reached(aws, name), f"stopped at {call}"


REFUSALS = {"AccessDenied": 1, "Throttling": 3, "ConcurrentAccess": 1}
"""Error codes, and how many of the SDK's attempts they take."""


@pytest.mark.parametrize("name", ACCOUNTS)
@pytest.mark.parametrize("error", REFUSALS)
def test_each_write_refused(name: str, error: str) -> None:
    for call in end_of(name).writes:
        with account(name) as aws:
            aws.fail(str(call), error=error, times=REFUSALS[error])
            outcomes = run("apply")["outcomes"]
            assert f"{call}: {error}" in [outcome["error"] for outcome in outcomes]
            assert {outcome["status"] for outcome in outcomes} <= {"done", "failed", "skipped"}
            assert reached(aws, name), f"{call} refused"


@pytest.mark.parametrize("name", ACCOUNTS)
def test_each_read_refused_once(name: str) -> None:
    reads = {str(call) for call in end_of(name).calls} - {str(call) for call in end_of(name).writes}
    for call in reads - {"events:PutEvents"}:
        with account(name) as aws:
            before = dump(aws)
            aws.fail(call, times=1)
            if call == "sts:GetCallerIdentity":
                with pytest.raises(Exception, match="GetCallerIdentity"):
                    run("apply")
            else:
                run("apply")
            if name == TRAIL:
                assert untouched(before, dump(aws))
            assert reached(aws, name), f"{call} refused"


@pytest.mark.parametrize("name", ACCOUNTS)
def test_two_at_once(name: str) -> None:
    """A second remediator runs from beginning to end right before a write of the first."""
    for call in end_of(name).writes:
        with account(name) as aws:
            at(aws, call, lambda: run("apply"))
            assert {outcome["status"] for outcome in run("apply")["outcomes"]} == {"done"}
            click(aws)
            assert steady(dump(aws)) == end_of(name).left
            assert reached(aws, name)


def take_alarm(aws: LocalAws) -> None:
    put_alarm(aws, HOME, "unauthorized_api_calls_alarm", METRIC | {"metricName": "other"}, [], {})


def take_topic(aws: LocalAws) -> None:
    aws.client("sns", HOME).create_topic(Name="security-alerts", Tags=[{"Key": "team", "Value": "payments"}])


@pytest.mark.parametrize(("take", "kind"), [(take_alarm, "alarms"), (take_topic, "topics")])
def test_a_name_that_somebody_takes_between_plan_and_write(take: Callable[[LocalAws], None], kind: str) -> None:
    first = end_of(TRAIL).writes[0]
    with account(TRAIL) as aws:
        at(aws, first, lambda: take(aws))
        failed = [outcome["error"] for outcome in run("apply")["outcomes"] if outcome["status"] == "failed"]
        assert len(failed) == 1
        assert "is somebody else's" in failed[0]
        (taken,) = [{name: thing} for name, thing in dump(aws)[HOME][kind].items() if not name.endswith("-blindspot")]
        aws.faults.clear()
        assert {outcome["status"] for outcome in run("apply")["outcomes"]} == {"done"}
        click(aws)
        assert run("plan")["verdict_before"] == "COMPLIANT"
        assert untouched({HOME: {kind: taken}}, dump(aws))
        assert all(name.endswith("-blindspot") for name in ours(aws, kind))


OTHERS = {
    "with no tag": [],
    "with other tags": [{"Key": "blindspot", "Value": "hand-made"}, {"Key": "team", "Value": "payments"}],
}


@pytest.mark.parametrize("tags", OTHERS.values(), ids=OTHERS)
@pytest.mark.parametrize("suffixes", [("",), ("", "-blindspot")], ids=["the name", "both names"])
def test_names_that_are_taken(tags: list[dict[str, str]], suffixes: tuple[str, ...]) -> None:
    with account(TRAIL) as aws:
        pattern = {"filterName": "unauthorized-api-calls-metric", "filterPattern": "{ $.eventName = DeleteVpc }"}
        aws.client("logs", HOME).put_metric_filter(
            logGroupName="management-events", metricTransformations=[METRIC | {"metricName": "vpc"}], **pattern
        )
        for suffix in suffixes:
            name = f"unauthorized_api_calls_alarm{suffix}"
            put_alarm(aws, HOME, name, METRIC | {"metricName": "vpc"}, [], {"Tags": tags} if tags else {})
            aws.client("sns", HOME).create_topic(Name=f"security-alerts{suffix}", Tags=tags)
        before = dump(aws)
        applied = run("apply")
        click(aws)
        assert untouched(before, dump(aws))
        if len(suffixes) == 1:
            assert run("plan")["verdict_before"] == "COMPLIANT"
            assert len(ours(aws, "alarms")) == len(ours(aws, "topics")) == 1
        else:
            assert applied["plan"] == []
            assert [task["code"] for task in applied["for_a_person"]][:2] == ["name.taken", "name.taken"]
        switch(aws, "false")
        run("backout")
        assert dump(aws) == before


def test_a_metric_filter_of_our_name_that_is_not_ours() -> None:
    with account(TRAIL) as aws:
        aws.client("logs", HOME).put_metric_filter(
            logGroupName="management-events",
            filterName=OUR_FILTER,
            filterPattern="{ $.eventName = DeleteVpc }",
            metricTransformations=[METRIC | {"metricName": "vpc"}],
        )
        before = dump(aws)
        applied = run("apply")
        assert (applied["plan"], dump(aws)) == ([], before)
        assert applied["for_a_person"][0]["code"] == "name.taken"
        switch(aws, "false")
        assert [task["resource"].split(":")[-1] for task in run("backout")["for_a_person"]] == [OUR_FILTER]
        assert dump(aws) == before


def test_a_metric_filter_that_somebody_changes_between_plan_and_write() -> None:
    reads = [call for call in end_of("our filter misses").calls if str(call) == "logs:DescribeMetricFilters"]
    with account("our filter misses") as aws:

        def change() -> None:
            aws.client("logs", HOME).put_metric_filter(
                logGroupName="management-events",
                filterName=OUR_FILTER,
                filterPattern="{ $.eventName = DeleteVpc }",
                metricTransformations=[METRIC | {"metricName": "vpc"}],
            )

        at(aws, reads[0], change, skip=1)
        (outcome,) = run("apply")["outcomes"]
        assert outcome["status"] == "failed"
        assert "was changed by somebody" in outcome["error"]
        (held,) = dump(aws)[HOME]["metric_filters"].values()
        assert held["filterPattern"] == "{ $.eventName = DeleteVpc }"


def test_tags_that_cannot_be_read_are_somebody_elses() -> None:
    with account(TRAIL) as aws:
        before = dump(aws)
        aws.fail("cloudwatch:ListTagsForResource")
        applied = run("apply")
        assert applied["plan"] == []
        assert "name.taken" in [task["code"] for task in applied["for_a_person"]]
        assert dump(aws) == before
