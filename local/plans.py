"""`python -m local.plans`: the plans that docs/remediation.md shows, made on AWS accounts that live in this process."""

from blindspot.terminal import as_a_command

if __name__ == "__main__":
    as_a_command()  # before the imports, which take long enough to be interrupted

import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from aws_lambda_powertools.metrics.provider import cold_start

from local.accounts import a_compliant_account
from local.aws import LocalAws, local_aws
from local.demo import SETTINGS, remediate, turn

REGIONS = ("eu-central-1", "eu-west-1", "us-east-1")
LONGEST_LINE = 100
WHEN = "2026-11-27T12:00:00+00:00"
"""Shown in the place of the present."""
SHOWN_LATER = ("verdict_before", "plan", "expected", "listeners")


def first_plan() -> dict[str, Any]:
    """The remediator's document of an account that has a trail and a log group, and nothing that watches them."""
    with only_a_trail():
        return {**remediate({"action": "plan"}), "assessed_at": WHEN}


def later_plan() -> dict[str, Any]:
    """That of the same account when the first plan was applied and confirmed, somebody added a pager to the topic, and
    the settings have another period: as much of it as is shown."""
    with only_a_trail() as aws:
        turn(aws, "true")
        remediate({"action": "apply"})
        turn(aws, "false")
        (topic,) = aws.client("sns").list_topics()["Topics"]
        aws.confirm(topic["TopicArn"])
        aws.client("sns").subscribe(**topic, Protocol="https", Endpoint="https://pager.example.net/key")
        os.environ["BLINDSPOT_OVERRIDES"] = '{"alarm": {"period": 60}}'
        document = remediate({"action": "plan"})
        return {field: document[field] for field in SHOWN_LATER}


@contextmanager
def only_a_trail() -> Iterator[LocalAws]:
    cold_start.is_cold_start = False  # as in `local.demo`
    with local_aws(region="eu-west-1", regions=REGIONS) as aws, patch.dict(os.environ, SETTINGS):
        made = a_compliant_account(aws)
        aws.client("logs").delete_metric_filter(logGroupName=made.log_group, filterName=made.filter)
        aws.client("cloudwatch").delete_alarms(AlarmNames=[made.alarm])
        aws.client("sns").delete_topic(TopicArn=made.topic)
        turn(aws, "false")
        yield aws


def printed(document: dict[str, Any]) -> str:
    """As JSON, with a short list of texts on one line."""
    return re.sub(r'\[\s+("[^"]*",?\s+)+\]', _on_one_line, json.dumps(document, indent=2)) + "\n"


def _on_one_line(found: re.Match[str]) -> str:
    line = json.dumps(json.loads(found[0]))
    return line if len(line) <= LONGEST_LINE else found[0]


if __name__ == "__main__":
    sys.stdout.write(printed(first_plan()) + printed(later_plan()))
