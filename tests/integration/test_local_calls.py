"""The local AWS records what the code under test calls, fails as it is told to, and keeps to itself."""

import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore import handlers, xform_name
from botocore.client import BaseClient
from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError
from botocore.httpsession import URLLib3Session
from moto.core.botocore_stubber import BotocoreStubber

from local.accounts import a_compliant_account
from local.aws import Call, Fault, LocalAws, local_aws
from local.aws.extension import METHODS
from tests.goldens import RULE

ROOT = Path(__file__).parents[2]

CALLS = (
    "ec2:DescribeRegions",
    "cloudtrail:DescribeTrails",
    "logs:DescribeMetricFilters",
    "cloudwatch:DescribeAlarms",
    "sns:ListTopics",
    "config:DescribeConfigRules",
    "events:ListRules",
    "sts:GetCallerIdentity",
)


def call(named: str, region: str = "eu-west-1") -> dict[str, Any]:
    """Calls as the code under test does."""
    service, operation = named.split(":")
    make: Any = boto3.client
    client = make(service, region)
    answer: dict[str, Any] = getattr(client, xform_name(operation))()
    return answer


def code(raised: pytest.ExceptionInfo[ClientError]) -> str:
    return str(raised.value.response["Error"]["Code"])


@pytest.mark.parametrize("named", CALLS)
def test_a_call_is_recorded_under_its_name_in_iam(aws: LocalAws, named: str) -> None:
    call(named)
    service, operation = named.split(":")
    assert aws.calls == [Call(service, operation, "eu-west-1")]


@pytest.mark.parametrize(
    ("named", "asked", "other"),
    [
        ("sns:GetTopicAttributes", {"TopicArn": "arn:aws:sns:eu-west-1:123456789012:one"}, {}),
        ("logs:DescribeLogGroups", {"logGroupNamePrefix": "one"}, {"logGroupNamePrefix": "two"}),
        ("cloudwatch:DescribeAlarms", {"AlarmNames": ["one"]}, {"AlarmNames": ["two"]}),
    ],
)
def test_a_call_about_one_resource_fails(
    aws: LocalAws, named: str, asked: dict[str, Any], other: dict[str, Any]
) -> None:
    service, operation = named.split(":")
    make: Any = boto3.client
    ask = getattr(make(service, "eu-west-1"), xform_name(operation))
    topic = aws.client("sns").create_topic(Name="two")["TopicArn"]
    aws.fail(named, about="one")
    with pytest.raises(ClientError, match="AccessDenied"):
        ask(**asked)
    assert ask(**(other or {"TopicArn": topic}))


def test_calls_that_set_the_account_up_are_neither_recorded_nor_failed(aws: LocalAws) -> None:
    aws.fail("cloudtrail:DescribeTrails")
    a_compliant_account(aws)
    assert len(aws.client("cloudtrail").describe_trails()["trailList"]) == 1
    assert aws.calls == []


@pytest.mark.parametrize("named", CALLS)
def test_an_error_comes_in_the_protocol_of_the_service(aws: LocalAws, named: str) -> None:
    aws.fail(named, "eu-west-1", "UnauthorizedOperation")
    with pytest.raises(ClientError) as raised:
        call(named)
    assert code(raised) == "UnauthorizedOperation"
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    call(named, "us-east-1")


def test_errors_add_up_and_pass(aws: LocalAws) -> None:
    aws.fail("cloudtrail:DescribeTrails", error="FirstException", times=1)
    aws.fail("cloudtrail:DescribeTrails", error="SecondException", times=1)
    for expected in ("FirstException", "SecondException"):
        with pytest.raises(ClientError) as raised:
            call("cloudtrail:DescribeTrails")
        assert code(raised) == expected
    call("cloudtrail:DescribeTrails")


def test_the_sdk_retries_what_is_throttled(aws: LocalAws) -> None:
    aws.fail("logs:DescribeMetricFilters", error="ThrottlingException", times=1)
    assert call("logs:DescribeMetricFilters")["ResponseMetadata"]["RetryAttempts"] == 1
    assert len(aws.calls) == 1


def test_what_is_refused_has_no_effect(aws: LocalAws) -> None:
    aws.fail("config:StartConfigRulesEvaluation", error="AccessDeniedException")
    with pytest.raises(ClientError):
        boto3.client("config", "eu-west-1").start_config_rules_evaluation(ConfigRuleNames=[RULE])
    assert aws.config.due == []


@pytest.mark.parametrize("error", [ConnectTimeoutError, ReadTimeoutError])
def test_no_answer(aws: LocalAws, error: type[ConnectTimeoutError | ReadTimeoutError]) -> None:
    aws.hang("sns:ListTopics", seconds=0.2, error=error)
    began = time.monotonic()
    with pytest.raises(error):
        call("sns:ListTopics")
    assert time.monotonic() - began >= 0.2


def test_another_answer(aws: LocalAws) -> None:
    aws.malform("sns:ListTopics", {"Topics": "none"})
    assert call("sns:ListTopics") == {"Topics": "none"}


def test_latency(aws: LocalAws) -> None:
    aws.latency(0.2)
    began = time.monotonic()
    call("sns:ListTopics")
    assert time.monotonic() - began >= 0.2


def test_calls_at_the_same_time_are_one_round_trip(aws: LocalAws) -> None:
    call("sns:ListTopics")
    aws.latency(0.3)
    clients = [boto3.client("sns", region) for region in ("eu-west-1", "us-east-1", "us-west-2")]
    with ThreadPoolExecutor() as threads:
        for _ in range(2):
            list(threads.map(lambda client: client.list_topics(), clients))
    assert (len(aws.calls), aws.round_trips(after=1), aws.round_trips()) == (7, 2, 3)


def test_a_call_without_an_answer_is_waiting(aws: LocalAws) -> None:
    forever = threading.Event()
    aws.faults.append(Fault("sns:ListTopics", None, lambda _: forever.wait(60)))
    with ThreadPoolExecutor() as thread:
        asked = thread.submit(call, "sns:ListTopics")
        while not aws.calls:
            time.sleep(0.01)
        assert aws.waiting == 1
        forever.set()
        assert isinstance(asked.exception(), TypeError)  # botocore's, since True is no answer
    assert aws.waiting == 0


def test_aws_config_calls_back_later(aws: LocalAws) -> None:
    asked: list[dict[str, Any]] = []
    aws.evaluator = asked.append
    aws.client("config").start_config_rules_evaluation(ConfigRuleNames=[RULE])
    assert asked == []
    aws.deliver()
    aws.deliver()
    assert [event["configRuleName"] for event in asked] == [RULE]


def test_a_dump_tells_every_change(aws: LocalAws) -> None:
    made = a_compliant_account(aws, region="us-east-1")
    before = aws.dump()
    assert {region: {kind: len(found) for kind, found in kinds.items()} for region, kinds in before.items()} == {
        "us-east-1": {"trails": 1, "metric_filters": 1, "alarms": 1, "topics": 1, "subscriptions": 1}
    }
    assert aws.dump() == before

    client = aws.client
    (trail,) = before["us-east-1"]["trails"]
    (alarm,) = before["us-east-1"]["alarms"]
    tag = {"Key": "a", "Value": "b"}
    for change in (
        lambda: client("cloudtrail", "us-east-1").stop_logging(Name=made.trail),
        lambda: client("cloudtrail", "us-east-1").put_event_selectors(
            TrailName=made.trail, EventSelectors=[{"ReadWriteType": "ReadOnly"}]
        ),
        lambda: client("cloudtrail", "us-east-1").add_tags(ResourceId=trail, TagsList=[tag]),
        lambda: client("logs", "us-east-1").delete_metric_filter(logGroupName=made.log_group, filterName=made.filter),
        lambda: client("cloudwatch", "us-east-1").disable_alarm_actions(AlarmNames=[made.alarm]),
        lambda: client("cloudwatch", "us-east-1").tag_resource(ResourceARN=alarm, Tags=[tag]),
        lambda: client("sns", "us-east-1").tag_resource(ResourceArn=made.topic, Tags=[tag]),
        lambda: client("sns", "us-east-1").subscribe(TopicArn=made.topic, Protocol="email", Endpoint="b@example.com"),
        lambda: aws.confirm(made.topic),
    ):
        change()
        after = aws.dump()
        assert after != before
        before = after
    assert aws.calls == []


def test_delivery_to_logs_is_as_it_is_told(aws: LocalAws) -> None:
    a_compliant_account(aws)
    trails = aws.client("cloudtrail")
    (trail,) = trails.describe_trails()["trailList"]

    def delivery() -> dict[str, Any]:
        status = trails.get_trail_status(Name=trail["TrailARN"])
        return {key: value for key, value in status.items() if key.startswith("LatestCloudWatchLogs")}

    assert (datetime.now(UTC) - delivery()["LatestCloudWatchLogsDeliveryTime"]).total_seconds() < 60
    at = datetime(2026, 1, 2, tzinfo=UTC)
    aws.deliver_to_logs(trail["TrailARN"], at, "AccessDenied")
    told = {"LatestCloudWatchLogsDeliveryTime": at, "LatestCloudWatchLogsDeliveryError": "AccessDenied"}
    assert delivery() == told
    aws.deliver_to_logs(trail["TrailARN"], None)
    assert delivery() == {}


def test_the_environment_is_restored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "mine")
    monkeypatch.setenv("AWS_PROFILE", "mine")
    before = dict(os.environ)
    with local_aws(account="111122223333", region="us-east-2"):
        identity = boto3.Session().client("sts")
        assert identity.get_caller_identity()["Account"] == "111122223333"
        assert identity.meta.region_name == "us-east-2"
        assert "mine" not in (os.environ["AWS_ACCESS_KEY_ID"], os.environ.get("AWS_PROFILE"))
    assert dict(os.environ) == before


def test_everything_is_put_back() -> None:
    classes = [BaseClient, BotocoreStubber, URLLib3Session, *{target for target, _, _ in METHODS}]

    def state() -> list[dict[str, object]]:
        return [dict(vars(one)) for one in classes]

    before, handlers_before = state(), list(handlers.BUILTIN_HANDLERS)
    with local_aws():
        changed = [one.__name__ for one, old, new in zip(classes, before, state(), strict=True) if old != new]
        assert changed == [one.__name__ for one in classes]
        with pytest.raises(RuntimeError, match="has a local account already"), local_aws():
            pass
        assert state() != before
    assert state() == before
    assert handlers_before == handlers.BUILTIN_HANDLERS


def test_importing_it_puts_nothing_in_place() -> None:
    program = """
from botocore import client, handlers, httpsession
import moto.core.botocore_stubber as stubber
def state():
    return [*handlers.BUILTIN_HANDLERS, *vars(client.BaseClient).values(), *vars(httpsession.URLLib3Session).values(),
            *vars(stubber.BotocoreStubber).values()]
import moto.core.models
before = state()
import local.aws
from moto.sns.responses import SNSResponse
assert state() == before
assert SNSResponse.subscribe.__module__ == "moto.sns.responses"
"""
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)


def test_a_call_that_moto_does_not_know_stays_here(aws: LocalAws) -> None:
    with pytest.raises(RuntimeError, match="would have left this machine"):
        boto3.client("sts", aws.region, endpoint_url="http://127.0.0.1:9").get_caller_identity()


def test_a_call_that_outlives_the_account_stays_here() -> None:
    with ThreadPoolExecutor() as thread:
        with local_aws() as aws:
            aws.latency(0.5)
            outliving = thread.submit(call, "sts:GetCallerIdentity")
            while not aws.calls:
                time.sleep(0.01)
        with pytest.raises(ReadTimeoutError, match="has ended"):
            outliving.result()
