"""The accounts that faults are tried on, and the operations that can fail.

OPERATIONS has a row for each operation that the product calls: how an account is broken at the link that the operation
reads, and what is deleted between two calls.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from moto.logs.models import logs_backends

from local.accounts import HALF_RIGHT, Made
from local.aws import LocalAws
from tests.cases.everything import ROLE, SIEM, an_account_that_uses_everything
from tests.goldens import FLAG, RULE
from tests.goldens import SETTINGS as OF_THE_STACK
from tests.scenarios import bends
from tests.scenarios.bends import Bend
from tests.warm import set_up

SETTINGS = {
    "BLINDSPOT_CONFIG_RULE": RULE,
    "BLINDSPOT_OVERRIDES": json.dumps({"siem_destinations": [SIEM]}),
    "BLINDSPOT_MONITORING_ROLE_ARNS": ROLE,
    "BLINDSPOT_REVIEW_LOG_GROUP_ARNS": OF_THE_STACK["BLINDSPOT_REVIEW_LOG_GROUP_ARNS"],
    "BLINDSPOT_STACK": OF_THE_STACK["BLINDSPOT_STACK"],
}
"""The evaluator's environment."""

PLANNING = {"BLINDSPOT_FLAG": FLAG, "BLINDSPOT_SUBSCRIPTION_ENDPOINT": "security-team@example.com"}
"""What the remediator's has beside it."""

EVALUATE, START, PLAN, REVIEW = "evaluate", "start", "plan", "review"
"""Who calls: AWS Config has the evaluator assess; the schedule has it start; somebody has the remediator plan, or has
the evaluator review."""


@dataclass(frozen=True)
class Operation:
    """One that the product calls.

    broken: how an account is NON_COMPLIANT by what the operation reads. deleted: what goes between two calls.
    run: during which run the fault is played.
    """

    broken: Bend
    deleted: Bend = bends.no_topic
    run: str = EVALUATE


def half_right(aws: LocalAws, made: Made) -> None:
    bends.the_filter(HALF_RIGHT)(aws, made)


def in_one_region(aws: LocalAws, made: Made) -> None:
    bends.the_trail(IsMultiRegionTrail=False)(aws, made)


def in_a_smaller_class(aws: LocalAws, made: Made) -> None:
    """Which has no metric filters; AWS refuses to change the class of a log group that has one."""
    group = logs_backends[aws.account][made.region].groups[made.log_group]
    vars(group)["log_group_class"] = "INFREQUENT_ACCESS"


def insensitive(aws: LocalAws, made: Made) -> None:
    bends.the_alarm(Threshold=10, AlarmActions=None)(aws, made)


def with_the_key(call: str, **parameters: Any) -> Bend:
    """With the topic's key after this call of KMS."""

    def bend(aws: LocalAws, made: Made) -> None:
        attributes = aws.client("sns", made.region).get_topic_attributes(TopicArn=made.topic)["Attributes"]
        getattr(aws.client("kms", made.region), call)(KeyId=attributes["KmsMasterKeyId"], **parameters)

    return bend


REFUSED_CALLS = 5
"""In the last hour, where a review is tried."""


def with_refused_calls(aws: LocalAws, made: Made) -> None:
    now = round(time.time() * 1000)
    event = {"eventName": "GetBucketAcl", "eventSource": "s3.amazonaws.com", "errorCode": "AccessDenied"}
    events = ((now - number * 600_000, {**event, "eventID": str(number)}) for number in range(1, REFUSED_CALLS + 1))
    aws.deliver_events(made.log_group, events, made.region)


only_ok = bends.hears({"NewStateValue": ["OK"]})
muted = bends.muted(bends.ALWAYS, "any")
without_actions = bends.composite('ALARM("{alarm}")', name="any", AlarmActions=[])
closed = bends.the_topic("Policy", bends.policy())

OPERATIONS = {
    "sts:GetCallerIdentity": Operation(half_right),
    "sts:AssumeRole": Operation(half_right),
    "ec2:DescribeRegions": Operation(in_one_region),
    "cloudtrail:DescribeTrails": Operation(bends.no_trail, bends.no_trail),
    "cloudtrail:GetTrailStatus": Operation(bends.no_logging, bends.no_trail),
    "cloudtrail:GetEventSelectors": Operation(bends.selecting(bends.READS), bends.no_trail),
    "logs:DescribeMetricFilters": Operation(half_right, bends.no_filter),
    "logs:DescribeLogGroups": Operation(in_a_smaller_class, bends.no_log_group),
    "logs:DescribeSubscriptionFilters": Operation(half_right, bends.no_log_group),
    "logs:DescribeAccountPolicies": Operation(half_right),
    "logs:TestMetricFilter": Operation(half_right, bends.no_filter),
    "cloudwatch:DescribeAlarms": Operation(without_actions),
    "cloudwatch:ListAlarmMuteRules": Operation(muted),
    "cloudwatch:GetAlarmMuteRule": Operation(muted),
    "sns:GetTopicAttributes": Operation(closed),
    "sns:ListSubscriptionsByTopic": Operation(bends.no_subscription, bends.no_subscription),
    "sns:GetSubscriptionAttributes": Operation(only_ok, bends.no_subscription),
    "kms:DescribeKey": Operation(with_the_key("disable_key"), with_the_key("disable_key")),
    "kms:GetKeyPolicy": Operation(with_the_key("put_key_policy", PolicyName="default", Policy=bends.policy())),
    "config:PutEvaluations": Operation(half_right),
    "config:GetComplianceDetailsByConfigRule": Operation(half_right),
    "events:PutEvents": Operation(half_right),
    "config:StartConfigRulesEvaluation": Operation(half_right, run=START),
    "ssm:GetParametersByPath": Operation(half_right),
    "logs:FilterLogEvents": Operation(with_refused_calls, bends.no_log_group, run=REVIEW),
    "ssm:GetParameter": Operation(half_right, run=PLAN),
    "sns:ListTagsForResource": Operation(half_right, run=PLAN),
    "cloudwatch:ListTagsForResource": Operation(half_right, run=PLAN),
}


def setting(operation: str, aws: LocalAws, *, broken: bool) -> Callable[[], object]:
    """Sets the account up; returns what deletes something of it while it is read."""
    chosen = OPERATIONS[operation]
    made = set_up(aws, "everything", partial(an_account_that_uses_everything, aws))
    if broken:
        chosen.broken(aws, made)
    return partial(chosen.deleted, aws, made)
