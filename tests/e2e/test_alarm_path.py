"""What remediation makes, on ministack: a refused call in the log group reaches the queue, an ordinary one does not.

tests/e2e/cloudwatch.py adds what ministack lacks. Two things are not shown here: how AWS reads the pattern, as our own
matcher reads it; and that the policies of topic and queue are needed.
"""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

import pytest
from botocore import xform_name

from blindspot.model import cloudtrail_events, profile
from blindspot.remediation import ownership as naming
from blindspot.remediation.actions import Request
from blindspot.remediation.ownership import Owner
from blindspot.remediation.plan import plan
from blindspot.settings import Subscriber
from blindspot.verdict.assessment import assess
from tests.builders import ACCOUNT, HOME, a_compliant_snapshot
from tests.e2e.cloudwatch import CloudWatch
from tests.e2e.processes import Emulator, eventually, ministack

PROFILE = profile.load(profile.DEFAULT, {"alarm": {"period": 10}})
LOG_GROUP = "management-events"
OTHER_LOG_GROUP = "application"
ORDINARY = cloudtrail_events.ordinary(account=ACCOUNT, region=HOME)[0]
REFUSED = {**ORDINARY, "errorCode": "AccessDenied"}


@dataclass(frozen=True)
class Account:
    """An account that remediation has repaired; `queue` is who is told."""

    aws: Emulator
    cloudwatch: CloudWatch
    queue: str

    def record(self, event: Mapping[str, object], log_group: str = LOG_GROUP) -> None:
        """What CloudTrail does with a call, and CloudWatch with the log event."""
        written = {"timestamp": int(time.time() * 1000), "message": json.dumps(event)}
        self.aws.client("logs").put_log_events(logGroupName=log_group, logStreamName="trail", logEvents=[written])
        self.cloudwatch.publish()

    def told(self, within: int) -> list[dict[str, Any]]:
        """The alarms that arrive in the queue; a wait of 20 seconds, the longest there is, spans two periods."""
        sqs = self.aws.client("sqs")
        found = sqs.receive_message(QueueUrl=self.queue, WaitTimeSeconds=within).get("Messages", [])
        for message in found:
            sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(json.loads(message["Body"])["Message"]) for message in found]

    def is_quiet(self) -> bool:
        self.cloudwatch.evaluate_without_data()
        (alarm,) = self.aws.client("cloudwatch").describe_alarms()["MetricAlarms"]
        return bool(alarm["StateValue"] == "OK")


def repairs(queue_arn: str) -> list[Request]:
    """The plan for an account of which only the trail and its log group are there."""
    bare = a_compliant_snapshot(filters=(), alarms=(), topics={})
    place = (ACCOUNT, HOME)
    names = chain.from_iterable(arns([PROFILE.names], "aws", place) for arns in (naming.alarm_arns, naming.topic_arns))
    owners = dict.fromkeys(names, Owner.NOBODY)
    planned = plan(assess(bare, PROFILE), PROFILE, naming.Holdings(owners), (Subscriber("sqs", queue_arn),))
    return [each.action.request for each in planned.actions]


@pytest.fixture
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    with ministack(tmp_path_factory.mktemp("ministack")) as aws:
        logs, sqs = aws.client("logs"), aws.client("sqs")
        for log_group in (LOG_GROUP, OTHER_LOG_GROUP):
            logs.create_log_group(logGroupName=log_group)
            logs.create_log_stream(logGroupName=log_group, logStreamName="trail")
        queue = sqs.create_queue(QueueName="security")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        requests = repairs(arn)
        assert [request.call for request in requests] == [
            "logs:PutMetricFilter",
            "sns:CreateTopic",
            "sns:Subscribe",
            "cloudwatch:PutMetricAlarm",
        ]
        for request in requests:
            service, operation = request.call.split(":")
            getattr(aws.client(service), xform_name(operation))(**request.parameters)
        yield Account(aws, CloudWatch(aws), queue)


def test_each_refused_call_alerts_and_no_ordinary_one(account: Account) -> None:
    eventually(account.is_quiet, seconds=30)
    account.record(ORDINARY)
    account.record(REFUSED, OTHER_LOG_GROUP)
    assert account.told(within=20) == []
    account.record(REFUSED)
    (first,) = eventually(lambda: account.told(within=5), seconds=30)
    assert (first["AlarmName"], first["NewStateValue"]) == (PROFILE.names.alarm, "ALARM")
    # An alarm in state ALARM notifies nobody of a further call: it returns to OK after a period without one.
    eventually(account.is_quiet, seconds=60)
    account.record(REFUSED)
    (second,) = eventually(lambda: account.told(within=5), seconds=30)
    assert (second["OldStateValue"], second["NewStateValue"]) == ("OK", "ALARM")
