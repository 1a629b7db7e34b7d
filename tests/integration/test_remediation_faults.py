"""Stopped, refused or overtaken at any point, the next run reaches the same end, and makes nothing twice."""

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from typing import Any
from unittest.mock import patch

import pytest
from botocore import xform_name
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ReadTimeoutError

from blindspot.app import remediate
from blindspot.aws.read import in_time
from blindspot.aws.things import Things
from blindspot.remediation.ledger import Ledger, digest
from local.accounts import Made, a_compliant_account, put_alarm
from local.aws import Call, Fault, LocalAws, local_aws
from local.lambda_context import Context
from tests.integration.remediating import (
    OUR_FILTER,
    SETTINGS,
    STACK,
    at,
    click,
    end_lease,
    ledger,
    numbered,
    only_a_trail,
    our_alarm_is_deaf,
    our_filter_is_gone,
    our_filter_is_theirs,
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
    "our filter is gone": (our_filter_is_gone, ["logs:PutMetricFilter"]),
    "our filter is theirs": (our_filter_is_theirs, ["logs:PutMetricFilter"]),
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
        with patch("blindspot.aws.apply.LOOK_AGAIN", 0):
            yield aws


@dataclass
class End:
    """What a run does that nothing disturbs, and what it leaves behind: in the account, and in the ledger."""

    document: dict[str, Any]
    calls: list[Call]
    writes: list[Call]
    left: Any
    entries: dict[str, Any]


@cache
def end_of(name: str) -> End:
    with account(name) as aws:
        document = run("apply")
        calls, writes = list(aws.calls), [call for call in written(aws) if call.service != "events"]
        click(aws)
        return End(document, calls, writes, steady(dump(aws)), entries(aws))


def entries(aws: LocalAws) -> dict[str, Any]:
    """What the ledger has of each thing, without what differs from run to run."""
    return {resource: entry.values for resource, entry in ledger(aws).items()}


def reached(aws: LocalAws, name: str) -> bool:
    """Whether the next run comes to the same end, and the one after it has nothing left to do."""
    aws.faults.clear()
    end_lease(aws)
    run("apply")
    click(aws)
    end = end_of(name)
    done: bool = steady(dump(aws)) == end.left and entries(aws) == end.entries
    return done and run("apply")["plan"] == [] and steady(dump(aws)) == end.left


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
        if call in end_of(name).writes or call.service == "events" or call.operation == "PutParameter":
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
            (failed,) = [outcome["error"] for outcome in outcomes if outcome["status"] == "failed"]
            unknown = f"; it is not known whether {call} took effect" if REFUSALS[error] > 1 else ""
            assert failed == f"{call}: {error}{unknown}"
            assert {outcome["status"] for outcome in outcomes} <= {"done", "failed", "skipped"}
            assert reached(aws, name), f"{call} refused"


def test_the_ledger_has_nothing_of_what_aws_refused_to_make() -> None:
    """Somebody who makes the same later would lose it to backout."""
    with account(TRAIL) as aws:
        aws.fail("logs:PutMetricFilter", error="AccessDeniedException")
        assert run("apply")["outcomes"][0]["status"] == "failed"
        assert not [resource for resource in ledger(aws) if ":metric-filter:" in resource]


def test_the_ledger_keeps_what_was_made_before_and_is_refused_now() -> None:
    with account("our filter is gone") as aws:
        before = ledger(aws)
        aws.fail("logs:PutMetricFilter", error="AccessDeniedException")
        assert [outcome["status"] for outcome in run("apply")["outcomes"]] == ["failed"]
        assert ledger(aws) == before


@pytest.mark.parametrize("name", ACCOUNTS)
def test_each_read_refused_once(name: str) -> None:
    reads = {str(call) for call in end_of(name).calls} - {str(call) for call in end_of(name).writes}
    for call in sorted(reads - {"events:PutEvents"}):
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
    """A second remediator starts right before a write of the first: it does nothing, and says who is at it."""
    for call in end_of(name).writes:
        with account(name) as aws:
            runs: list[dict[str, Any]] = []
            begin = partial(lambda runs: runs.append(run("apply")), runs)
            at(aws, call, begin)
            assert {outcome["status"] for outcome in run("apply")["outcomes"]} == {"done"}
            (document,) = runs
            (task,) = document["manual_steps"]
            assert (document["plan"], document["outcomes"], document["verdict_before"]) == ([], [], None)
            assert (task["code"], task["resource"]) == ("lease.held", STACK.lease)
            assert f"run {Context().aws_request_id} holds it until " in task["message"]
            click(aws)
            assert steady(dump(aws)) == end_of(name).left
            assert reached(aws, name)


def overtake(aws: LocalAws) -> None:
    end_lease(aws)
    run("apply")


@pytest.mark.parametrize("name", ACCOUNTS)
def test_a_second_one_after_the_lease_of_the_first_has_ended(name: str) -> None:
    """The first went on for longer than Lambda allows: whatever it still does, nothing is made twice."""
    for call in end_of(name).writes:
        with account(name) as aws:
            at(aws, call, partial(overtake, aws))
            run("apply")
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
@pytest.mark.parametrize(
    "suffixes", [("",), ("", "-blindspot"), ("", "-blindspot", "-blindspot-2")], ids=["one", "two", "all"]
)
def test_names_that_are_taken(tags: list[dict[str, str]], suffixes: tuple[str, ...]) -> None:
    with account(TRAIL) as aws:
        for suffix in suffixes:
            aws.client("logs", HOME).put_metric_filter(
                logGroupName="management-events",
                filterName=f"{OUR_FILTER}{suffix}",
                filterPattern="{ $.eventName = DeleteVpc }",
                metricTransformations=[METRIC | {"metricName": "vpc"}],
            )
            name = f"unauthorized_api_calls_alarm{suffix}"
            put_alarm(aws, HOME, name, METRIC | {"metricName": "vpc"}, [], {"Tags": tags} if tags else {})
            aws.client("sns", HOME).create_topic(Name=f"security-alerts{suffix}", Tags=tags)
        before = dump(aws)
        applied = run("apply")
        click(aws)
        assert untouched(before, dump(aws))
        if len(suffixes) < 3:
            assert run("plan")["verdict_before"] == "COMPLIANT"
            assert len(ours(aws, "alarms")) == len(ours(aws, "topics")) == 1
        else:
            assert applied["plan"] == []
            assert [task["code"] for task in applied["manual_steps"]][:3] == ["name.taken"] * 3
        switch(aws, "false")
        run("backout")
        assert dump(aws) == before


def test_a_metric_filter_that_somebody_makes_between_plan_and_write() -> None:
    put = end_of(TRAIL).calls.index(end_of(TRAIL).writes[0])
    before, reads = end_of(TRAIL).calls[put - 1], end_of(TRAIL).calls[: put - 1]
    with account(TRAIL) as aws:

        def make() -> None:
            aws.client("logs", HOME).put_metric_filter(
                logGroupName="management-events",
                filterName=OUR_FILTER,
                filterPattern="{ $.eventName = DeleteVpc }",
                metricTransformations=[METRIC | {"metricName": "vpc"}],
            )

        at(aws, before, make, skip=reads.count(before))
        outcome = run("apply")["outcomes"][0]
        assert outcome["status"] == "failed"
        assert "is somebody else's" in outcome["error"]
        (held,) = dump(aws)[HOME]["metric_filters"].values()
        assert held["filterPattern"] == "{ $.eventName = DeleteVpc }"
        assert outcome["resource"] not in ledger(aws)


def test_tags_that_cannot_be_read_are_somebody_elses() -> None:
    with account("our alarm is deaf") as aws:
        before = dump(aws)
        aws.fail("cloudwatch:ListTagsForResource")
        applied = run("apply")
        assert applied["plan"] == []
        assert "name.taken" in [task["code"] for task in applied["manual_steps"]]
        assert dump(aws) == before


def test_between_the_mark_and_the_write_nothing_is_asked() -> None:
    for name in ACCOUNTS:
        end = end_of(name)
        for write in end.writes:
            mark = end.calls[end.calls.index(write) - 1]
            marks = {"logs": "logs:DescribeMetricFilters", "sns": "sns:ListTagsForResource"}
            assert str(mark) == marks.get(write.service, "cloudwatch:ListTagsForResource")


def test_a_mark_that_takes_longer_than_the_switch_is_known_for_is_not_trusted() -> None:
    put = end_of(TRAIL).calls.index(end_of(TRAIL).writes[0])
    mark, before = end_of(TRAIL).calls[put - 1], end_of(TRAIL).calls[: put - 1]
    with account(TRAIL) as aws, patch("blindspot.aws.switch.KNOWN", 0.2):

        def slow() -> None:
            time.sleep(0.3)
            switch(aws, "false")

        at(aws, mark, slow, skip=before.count(mark))
        outcomes = run("apply")["outcomes"]
        assert (outcomes[0]["status"], outcomes[0]["error"][:30]) == ("stopped", "the switch was turned off: its")
        assert (written(aws), ledger(aws)) == ([*filter(is_event, aws.calls)], {})


def is_event(call: Call) -> bool:
    return call.service == "events"


def test_where_reading_always_takes_too_long_nothing_is_written() -> None:
    with account(TRAIL) as aws, patch("blindspot.aws.switch.KNOWN", 0):
        outcomes = run("apply")["outcomes"]
        assert {outcome["status"] for outcome in outcomes} == {"stopped", "skipped"}
        assert "takes too long" in outcomes[0]["error"]
        assert (written(aws), ledger(aws)) == ([*filter(is_event, aws.calls)], {})


@pytest.mark.parametrize("name", ACCOUNTS)
def test_an_answer_without_the_effect_is_not_taken_for_it(name: str) -> None:
    for call in end_of(name).writes:
        with account(name) as aws:
            aws.malform(str(call), {})
            outcomes = run("apply")["outcomes"]
            (failed,) = [outcome["error"] for outcome in outcomes if outcome["status"] == "failed"]
            assert failed == f"it is not known whether {call} took effect"
            assert reached(aws, name)


def doing(aws: LocalAws, planned: dict[str, Any], error: Exception | None) -> Callable[[Call], object]:
    """Does what is planned, without an answer that says so."""

    def do(call: Call) -> object:
        operation = xform_name(planned["request"]["call"].partition(":")[2])
        getattr(aws.client(call.service, HOME), operation)(**planned["request"]["parameters"])
        if error:
            raise error
        return AWSResponse("", 200, HTTPHeaders(), None), {}

    return do


@pytest.mark.parametrize("name", ACCOUNTS)
@pytest.mark.parametrize("error", [None, ReadTimeoutError(endpoint_url="https://example.com")], ids=["empty", "none"])
def test_what_was_done_without_an_answer_is_seen(name: str, error: Exception | None) -> None:
    for call, planned in zip(end_of(name).writes, end_of(name).document["plan"], strict=True):
        with account(name) as aws:
            aws.faults.append(Fault(str(call), HOME, doing(aws, planned, error)))
            assert {outcome["status"] for outcome in run("apply")["outcomes"]} == {"done"}
            click(aws)
            assert (steady(dump(aws)), entries(aws)) == (end_of(name).left, end_of(name).entries)


GARBLED: dict[str, Callable[[LocalAws], None]] = {
    "an empty answer": lambda aws: aws.malform("ssm:GetParameter", {}),
    "another parameter": lambda aws: aws.malform("ssm:GetParameter", {"Parameter": {"Name": "x", "Value": "true"}}),
    "an error": lambda aws: aws.fail("ssm:GetParameter", error="InternalServerError"),
    "what the SDK cannot parse": lambda aws: aws.faults.append(Fault("ssm:GetParameter", None, raise_key_error)),
}


def raise_key_error(_: Call) -> None:
    raise KeyError("Parameter")


@pytest.mark.parametrize("garble", GARBLED.values(), ids=GARBLED)
def test_a_switch_that_is_garbled_half_way_stops_and_what_was_written_is_told(
    garble: Callable[[LocalAws], None],
) -> None:
    with account(TRAIL) as aws:
        at(aws, end_of(TRAIL).writes[1], partial(garble, aws))
        document = run("apply")
        assert [outcome["status"] for outcome in document["outcomes"]] == ["done", "done", "stopped", "stopped"]
        assert document["outcomes"][2]["error"].startswith("the switch could not be read: ssm:GetParameter gave no ")
        assert json.loads(aws.events[-1]["Detail"])["outcomes"] == document["outcomes"]
        assert reached(aws, TRAIL)


@pytest.mark.parametrize("call", ["ssm:PutParameter", "ssm:DeleteParameter"])
def test_a_ledger_that_cannot_be_written_stops_what_needs_it(call: str) -> None:
    with account(TRAIL) as aws:
        at(aws, Call("sns", "GetTopicAttributes", HOME), partial(aws.fail, call))
        if call == "ssm:DeleteParameter":
            aws.fail("logs:PutMetricFilter", times=1)
        outcomes = run("apply")["outcomes"]
        if call == "ssm:PutParameter":
            why = f"the ledger could not be written: {call}: AccessDenied"
            assert why in [outcome["error"] for outcome in outcomes]
            assert written(aws) == [*filter(is_event, aws.calls)]
        assert reached(aws, TRAIL)


def test_nothing_is_created_for_a_filter_that_cannot_be() -> None:
    with account(TRAIL) as aws:
        aws.fail("logs:PutMetricFilter", error="LimitExceededException")
        outcomes = run("apply")["outcomes"]
        assert [outcome["status"] for outcome in outcomes] == ["failed", "skipped", "skipped", "skipped"]
        assert {call.service for call in written(aws)} <= {"logs", "events"}


def test_whatever_is_raised_half_way_what_was_written_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    read = Things.read

    def broken(things: Things, resource: str, known: Ledger) -> object:
        if ":sns:" in resource:
            raise RecursionError
        return read(things, resource, known)

    monkeypatch.setattr(Things, "read", broken)
    with account(TRAIL) as aws:
        outcomes = run("apply")["outcomes"]
        assert [outcome["status"] for outcome in outcomes] == ["done", "failed", "skipped", "skipped"]
        assert outcomes[1]["error"] == "it is not known whether sns:CreateTopic took effect (RecursionError)"
        monkeypatch.undo()
        os.environ.update(SETTINGS)
        assert reached(aws, TRAIL)


@pytest.mark.parametrize("name", ACCOUNTS)
def test_without_its_ledger_it_only_plans(name: str) -> None:
    with account(name) as aws:
        before, stored = dump(aws), ledger(aws)
        aws.fail("ssm:GetParametersByPath", error="AccessDeniedException")
        document = run("apply")
        task = document["manual_steps"][0]
        assert (task["code"], task["resource"]) == ("ledger.unread", STACK.ledger)
        assert "ssm:GetParametersByPath gave no answer (AccessDeniedException)" in task["message"]
        assert (document["outcomes"], dump(aws), ledger(aws)) == ([], before, stored)
        assert reached(aws, name)


@pytest.mark.parametrize("name", ["our alarm is deaf", "our topic is closed"])
def test_an_entry_that_is_not_understood_keeps_its_thing_from_being_written(name: str) -> None:
    with account(name) as aws:
        (resource,) = [planned["resource"] for planned in end_of(name).document["plan"]]
        before = dump(aws)
        aws.client("ssm").put_parameter(Name=STACK.ledger + digest(resource), Value="x", Overwrite=True)
        document = run("apply")
        assert untouched(before, dump(aws))
        assert "name.taken" in [task["code"] for task in document["manual_steps"]]


def test_a_lost_ledger_leaves_what_is_there_alone() -> None:
    with account("our alarm is deaf") as aws:
        before = dump(aws)
        for resource in ledger(aws):
            aws.client("ssm").delete_parameter(Name=STACK.ledger + digest(resource))
        assert {outcome["status"] for outcome in run("apply")["outcomes"]} == {"done"}
        assert untouched(before, dump(aws))
        made = set(ledger(aws))
        assert {resource.rpartition(":")[2] for resource in made} >= {"unauthorized_api_calls_alarm-blindspot"}


def test_outside_a_stack_it_only_plans(monkeypatch: pytest.MonkeyPatch) -> None:
    with account(TRAIL) as aws:
        before = dump(aws)
        monkeypatch.delenv("BLINDSPOT_STACK")
        document = run("apply")
        assert document["manual_steps"][0]["code"] == "stack.missing"
        assert (len(document["plan"]), document["outcomes"], dump(aws)) == (4, [], before)


def test_applied_and_backed_out_nothing_is_left_in_ssm() -> None:
    with account(TRAIL) as aws:
        run("apply")
        assert len(ledger(aws)) == 4
        assert all(entry.made and entry.next is None for entry in ledger(aws).values())
        switch(aws, "false")
        run("backout")
        assert ledger(aws) == {}


def test_a_plan_that_does_not_end_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def out_of_time(work: object, until: float) -> None:
        raise TimeoutError

    with account(TRAIL) as aws:
        before = dump(aws)
        monkeypatch.setattr(remediate, "in_time", out_of_time)
        document = run("plan")
        assert [task["code"] for task in document["manual_steps"]] == ["plan.unfinished"]
        assert document["manual_steps"][0]["regions"]
        assert (document["plan"], document["expected"], dump(aws)) == ([], None, before)


def test_an_assessment_that_does_not_end_is_an_error_that_says_so() -> None:
    with pytest.raises(TimeoutError, match="in the time of this run"):
        in_time(partial(time.sleep, 1), time.monotonic())
