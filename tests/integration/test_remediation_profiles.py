"""What remediation builds under each profile is what that source's text says, and its audit steps then pass."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from local.accounts import a_compliant_account
from local.aws import LocalAws, local_aws
from tests.integration.remediating import SETTINGS, click, only_a_trail, run, switch
from tests.scenarios.bends import HOME, REGIONS
from tests.warm import dump, set_up, warm

TWO_CLAUSES = '{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }'
WITH_EXCLUSIONS = (
    '{ ($.errorCode ="*UnauthorizedOperation") || ($.errorCode ="AccessDenied*") '
    '&& ($.sourceIPAddress!="delivery.logs.amazonaws.com") && ($.eventName!="HeadBucket") }'
)
CIS = ("unauthorized_api_calls_metric", "CISBenchmark", "unauthorized_api_calls_alarm", "security-alerts")

SOURCES: dict[str, tuple[str, str, tuple[str, str, str, str], float, str]] = {
    "cis-level-2": ("unauthorized-api-calls-metric", WITH_EXCLUSIONS, CIS, 1, "GreaterThanOrEqualToThreshold"),
    "cis-v3.0.0": (
        "UnauthorizedAPICalls",
        WITH_EXCLUSIONS,
        ("UnauthorizedAPICalls", "CISBenchmark", "CISUnauthorizedAPICallsAlarm", "CISUnauthorizedAPICallAlerts"),
        1,
        "GreaterThanOrEqualToThreshold",
    ),
    "cis-level-1": (
        "unauthorized_api_calls",
        TWO_CLAUSES,
        ("Unauthorized_APIcalls", "CISBenchmark", "ApiCallMonitoring", "security-alerts"),
        1,
        "GreaterThanThreshold",
    ),
    "conformity-cwl-002": (
        "AWSCloudAuthorizationFailure",
        TWO_CLAUSES.replace("{ ", "{").replace(" }", "}"),
        ("AuthorizationFailure", "CloudTrailMetrics", "AWSAuthorizationFailureAlarm", "cc-cloud-alert-sns-topic"),
        1,
        "GreaterThanOrEqualToThreshold",
    ),
    "clouddefense-cis-v1.4.0": (
        "unauthorized-api-calls-metric",
        '{($.errorCode = "UnauthorizedOperation") || ($.errorCode = "AccessDenied")}',
        ("unauthorized_api_calls_metric", "CISBenchmark", "Unauthorized_API_Calls", "security-alerts"),
        1,
        "GreaterThanOrEqualToThreshold",
    ),
    "security-hub-cloudwatch-2": (
        "unauthorized-api-calls-metric",
        TWO_CLAUSES.replace(" = ", "=").replace("{ ", "{").replace(" }", "}"),
        CIS,
        1,
        "GreaterThanOrEqualToThreshold",
    ),
    "cis-v1.5.0": ("unauthorized-api-calls-metric", TWO_CLAUSES, CIS, 1, "GreaterThanOrEqualToThreshold"),
}
"""Of each source: the filter and its pattern; metric, namespace, alarm and topic; threshold and operator."""


@contextmanager
def only_a_trail_under(profile: str, **overrides: object) -> Iterator[LocalAws]:
    with local_aws(region=HOME, regions=REGIONS) as aws, warm(aws):
        os.environ.update({**SETTINGS, "BLINDSPOT_PROFILE": profile, "BLINDSPOT_OVERRIDES": json.dumps(overrides)})
        set_up(aws, "only a trail", lambda: only_a_trail(aws, a_compliant_account(aws, region=HOME)))
        switch(aws, "true")
        yield aws


def built(aws: LocalAws) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """The one metric filter, alarm and topic."""
    held = dump(aws)[HOME]
    ((made,), (alarm,), (topic,)) = (held[kind].values() for kind in ("metric_filters", "alarms", "topics"))
    return made, alarm, topic


@pytest.mark.parametrize("profile", SOURCES)
def test_it_builds_what_the_source_says(profile: str) -> None:
    name, pattern, (metric, namespace, alarm_name, topic_name), threshold, comparison = SOURCES[profile]
    with only_a_trail_under(profile) as aws:
        run("apply")
        made, alarm, topic = built(aws)
        assert made["filterName"] == name
        assert made["filterPattern"] == pattern
        assert made["metricTransformations"] == [
            {"metricName": metric, "metricNamespace": namespace, "metricValue": "1"}
        ]
        assert {key: alarm[key] for key in ("AlarmName", "Namespace", "MetricName", "Statistic", "Period")} == {
            "AlarmName": alarm_name,
            "Namespace": namespace,
            "MetricName": metric,
            "Statistic": "Sum",
            "Period": 300,
        }
        assert (alarm["Threshold"], alarm["ComparisonOperator"], alarm["EvaluationPeriods"]) == (
            threshold,
            comparison,
            1,
        )
        assert topic["TopicArn"].endswith(f":{topic_name}")
        assert alarm["AlarmActions"] == [topic["TopicArn"]]
        assert "stats count(*) as calls by userIdentity.arn, eventSource, eventName" in alarm["AlarmDescription"]
        assert made["logGroupName"] in alarm["AlarmDescription"]


@pytest.mark.parametrize("profile", SOURCES)
def test_the_audit_steps_pass(profile: str) -> None:
    """As the sources write them: the trail, then the filter on its log group, the alarm on its metric, the topic's
    subscription."""
    with only_a_trail_under(profile) as aws:
        run("apply")
        click(aws)
        trails, logs, alarms, topics = (
            aws.client(service, HOME) for service in ("cloudtrail", "logs", "cloudwatch", "sns")
        )
        (trail,) = trails.describe_trails()["trailList"]
        assert trail["IsMultiRegionTrail"]
        assert trails.get_trail_status(Name=trail["TrailARN"])["IsLogging"]
        log_group = trail["CloudWatchLogsLogGroupArn"].split(":")[6]
        (made,) = logs.describe_metric_filters(logGroupName=log_group)["metricFilters"]
        assert made["filterPattern"] == SOURCES[profile][1]
        metric = made["metricTransformations"][0]["metricName"]
        (alarm,) = [each for each in alarms.describe_alarms()["MetricAlarms"] if each["MetricName"] == metric]
        (topic,) = alarm["AlarmActions"]
        (subscription,) = topics.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
        assert subscription["SubscriptionArn"].startswith(topic)
        assert run("plan")["verdict_before"] == "COMPLIANT"


def test_changed_settings_set_our_own_filter_and_alarm_anew() -> None:
    with only_a_trail_under("cis-level-2") as aws:
        run("apply")
        click(aws)
        stricter = {"benign": [], "alarm": {"period": 60}}
        os.environ["BLINDSPOT_OVERRIDES"] = json.dumps(stricter)
        document = run("apply")
        assert [action["action"] for action in document["plan"]] == ["update metric filter", "update alarm"]
        assert document["verdict_after"] == "COMPLIANT"
        made, _, _ = built(aws)
        assert made["filterPattern"] == TWO_CLAUSES
        os.environ["BLINDSPOT_OVERRIDES"] = json.dumps({**stricter, "required": '{ $.errorCode = "*" }'})
        assert [action["action"] for action in run("apply")["plan"]] == ["update metric filter"]
        made, _, _ = built(aws)
        assert made["filterPattern"] == '{ $.errorCode = "*" }'
        switch(aws, "false")
        run("backout")
        assert set(dump(aws)[HOME]) == {"trails"}


def test_a_changed_threshold_sets_our_own_alarm_anew() -> None:
    with only_a_trail_under("cis-level-2", calls_to_alarm=3, alarm={"threshold": 3}) as aws:
        run("apply")
        click(aws)
        os.environ["BLINDSPOT_OVERRIDES"] = "{}"
        document = run("apply")
        assert [action["action"] for action in document["plan"]] == ["update alarm"]
        assert document["verdict_after"] == "COMPLIANT"
        _, alarm, _ = built(aws)
        assert (alarm["Threshold"], alarm["AlarmName"]) == (1, "unauthorized_api_calls_alarm")


def test_settings_that_contradict_each_other_are_a_persons_task() -> None:
    with only_a_trail_under("cis-level-2", alarm={"threshold": 5}) as aws:
        before = dump(aws)
        document = run("apply")
        assert (document["plan"], dump(aws)) == ([], before)
        assert "alarm.insensitive" in [task["code"] for task in document["manual_steps"]]


def test_without_anybody_to_subscribe_it_says_so() -> None:
    with only_a_trail_under("cis-level-2") as aws:
        del os.environ["BLINDSPOT_SUBSCRIPTION_ENDPOINT"]
        before = dump(aws)
        document = run("apply")
        assert (document["plan"], dump(aws)) == ([], before)
        assert "endpoint.missing" in [task["code"] for task in document["manual_steps"]]


PROTOCOLS = {
    "https": "https://chat.example.com/hook",
    "sqs": "arn:aws:sqs:eu-west-1:123456789012:alerts",
    "lambda": "arn:aws:lambda:eu-west-1:123456789012:function:on-call",
    "sms": "+14155550100",
}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_protocol(protocol: str) -> None:
    with only_a_trail_under("cis-level-2") as aws:
        os.environ["BLINDSPOT_SUBSCRIPTION_PROTOCOL"] = protocol
        os.environ["BLINDSPOT_SUBSCRIPTION_ENDPOINT"] = PROTOCOLS[protocol]
        aws.text_messages(sandbox=False, region=HOME)
        document = run("apply")
        assert document["verdict_after"] == ("NON_COMPLIANT" if protocol == "https" else "COMPLIANT")
        click(aws)
        assert run("plan")["verdict_before"] == "COMPLIANT"
