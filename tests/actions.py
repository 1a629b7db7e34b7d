"""Actions of a plan, as far as a document, an id and a price need them."""

from dataclasses import dataclass
from typing import Any

from blindspot.model.arn import short
from blindspot.remediation.actions import Request
from tests.builders import CIS, HOME, log_group_arn, topic_arn


@dataclass(frozen=True)
class Step:
    title: str
    resource: str
    request: Request
    undo: Request | None
    before: dict[str, Any] | None = None


def call(name: str, **parameters: Any) -> Request:
    return Request(name, HOME, parameters)


def put_filter(
    log_group: str = log_group_arn(),
    name: str = "unauthorized-blindspot",
    metric: str = "unauthorized_api_calls",
    before: dict[str, Any] | None = None,
    pattern: str = CIS,
) -> Any:
    names = {"logGroupName": short(log_group), "filterName": name}
    metrics = [{"metricName": metric, "metricNamespace": "CISBenchmark", "metricValue": "1"}]
    put = call("logs:PutMetricFilter", **names, filterPattern=pattern, metricTransformations=metrics)
    title = f"{'update' if before else 'create'} metric filter"
    return Step(title, f"{log_group}:metric-filter:{name}", put, call("logs:DeleteMetricFilter", **names), before)


def put_alarm(
    name: str = "unauthorized",
    actions: tuple[str, ...] = (topic_arn(),),
    before: dict[str, Any] | None = None,
    undo: Request | None = None,
    threshold: float = 1,
) -> Any:
    put = call("cloudwatch:PutMetricAlarm", AlarmName=name, AlarmActions=list(actions), Threshold=threshold)
    arn = f"arn:aws:cloudwatch:{HOME}:123456789012:alarm:{name}"
    undo = undo or call("cloudwatch:DeleteAlarms", AlarmNames=[name])
    return Step(f"{'update' if before else 'create'} alarm", arn, put, undo, before)


def create_topic(name: str = "security-alerts", **attributes: str) -> Any:
    arn = topic_arn(name=name)
    create = call("sns:CreateTopic", Name=name, Attributes={"Policy": "{}", **attributes})
    return Step("create topic", arn, create, call("sns:DeleteTopic", TopicArn=arn))


def subscribe(protocol: str = "email", endpoint: str = "security@example.com", topic: str = topic_arn()) -> Any:
    request = call("sns:Subscribe", TopicArn=topic, Protocol=protocol, Endpoint=endpoint)
    return Step("create subscription", f"{topic}:{protocol}:0123456789ab", request, None)
