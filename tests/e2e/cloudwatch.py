"""Two steps of CloudWatch that ministack does not take by itself, taken through the account's own APIs.

ministack stores metric filters and log events, but publishes no metric from them. It evaluates an alarm only when data
arrives, and keeps its state when none does. All else on the way is ministack's: whether the metric crosses the
threshold, the change of state, the alarm's actions, the topic and the queue.
"""

import time
from dataclasses import dataclass, field
from typing import Any

from filter_pattern import parse
from tests.cloudwatch import Alarm, evaluate
from tests.e2e.processes import Emulator


@dataclass(frozen=True)
class CloudWatch:
    """CloudWatch and CloudWatch Logs of the emulated account; it remembers which log events were tested."""

    aws: Emulator
    _tested: set[str] = field(default_factory=set)

    def publish(self) -> None:
        """Tests each new log event against the metric filters of its log group, and publishes what they count.

        Our own matcher reads the patterns.
        """
        logs = self.aws.client("logs")
        for group in logs.describe_log_groups()["logGroups"]:
            name = group["logGroupName"]
            filters = logs.describe_metric_filters(logGroupName=name)["metricFilters"]
            for event in logs.filter_log_events(logGroupName=name)["events"]:
                if event["eventId"] not in self._tested:
                    self._tested.add(event["eventId"])
                    self._count(event, filters)

    def _count(self, event: dict[str, Any], filters: list[dict[str, Any]]) -> None:
        matching = [each for each in filters if parse(each["filterPattern"]).matches(event["message"])]
        for transformation in (each for metric_filter in matching for each in metric_filter["metricTransformations"]):
            datum = {
                "MetricName": transformation["metricName"],
                "Value": float(transformation["metricValue"]),
                "Timestamp": event["timestamp"] / 1000,
            }
            self.aws.client("cloudwatch").put_metric_data(
                Namespace=transformation["metricNamespace"], MetricData=[datum]
            )

    def evaluate_without_data(self) -> None:
        """Puts each alarm without data into the state that its TreatMissingData asks for."""
        cloudwatch = self.aws.client("cloudwatch")
        for alarm in cloudwatch.describe_alarms()["MetricAlarms"]:
            if self._has_data(alarm):
                continue
            periods = alarm["EvaluationPeriods"]
            rule = Alarm(evaluation_periods=periods, missing_data=alarm["TreatMissingData"])
            state = evaluate(rule, [None] * periods, alarm["StateValue"])
            cloudwatch.set_alarm_state(AlarmName=alarm["AlarmName"], StateValue=state, StateReason="no data")

    def _has_data(self, alarm: dict[str, Any]) -> bool:
        now, seconds = time.time(), alarm["Period"] * alarm["EvaluationPeriods"]
        answer = self.aws.client("cloudwatch").get_metric_statistics(
            Namespace=alarm["Namespace"],
            MetricName=alarm["MetricName"],
            StartTime=now - seconds,
            EndTime=now,
            Period=alarm["Period"],
            Statistics=[alarm["Statistic"]],
        )
        return bool(answer["Datapoints"])
