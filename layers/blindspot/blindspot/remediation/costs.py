"""Roughly what a plan costs a month: its new alarms and its new metrics. Pure.

Source: the pricing pages of Amazon CloudWatch and Amazon SNS. CloudWatch Logs API reference, PutMetricFilter: "Metrics
extracted from log events are charged as custom metrics."
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from blindspot.model.arn import place_of
from blindspot.model.snapshot import Snapshot
from blindspot.remediation.actions import Action, Request
from blindspot.remediation.repairs import filters

Metric = tuple[str, str, str]
"""A region, a namespace and a name."""

PRICES_OF = "us-east-1 in November 2026"

ALARM, METRIC = 10, 30
"""US cents a month: an alarm of standard resolution on one metric, and a custom metric of the first 10,000."""

NOTIFICATIONS = {
    "email": "SNS sends 1,000 emails a month at no charge; 100,000 more cost 2.00 USD",
    "https": "SNS sends 100,000 HTTPS notifications a month at no charge; a million more cost 0.60 USD",
    "sms": "the price of an SMS depends on its country",
    "sqs": "SNS sends to queues at no charge",
    "lambda": "SNS sends to functions at no charge",
}
"""By protocol, what notifications cost."""


@dataclass(frozen=True, slots=True)
class Cost:
    """How many alarms and metrics a plan adds, and the protocols of its subscriptions."""

    alarms: int
    metrics: int
    protocols: tuple[str, ...]

    @property
    def usd(self) -> float:
        """A month, without notifications."""
        return (self.alarms * ALARM + self.metrics * METRIC) / 100

    @property
    def basis(self) -> str:
        """How it was worked out."""
        prices = (
            f"List prices of {PRICES_OF}: {ALARM / 100:.2f} USD an alarm, {METRIC / 100:.2f} USD a custom metric. Other"
            " regions have other prices. AWS bills a metric only for hours in which it has data. A free tier is not"
            " subtracted."
        )
        sending = "; ".join(NOTIFICATIONS[protocol] for protocol in self.protocols)
        return f"{prices} Notifications: {sending}." if sending else prices


def monthly_cost(actions: Iterable[Action], snapshot: Snapshot) -> Cost:
    """What these actions add to the account as it was read."""
    actions = tuple(actions)
    alarms = sum(each.request.call == "cloudwatch:PutMetricAlarm" and each.before is None for each in actions)
    added = {metric for each in actions for metric in fed_metrics(each.request)} - set(_existing(snapshot))
    subscribed = (each.request.parameters["Protocol"] for each in actions if each.request.call == "sns:Subscribe")
    return Cost(alarms, len(added), tuple(dict.fromkeys(subscribed)))


def fed_metrics(request: Request) -> Iterator[Metric]:
    """The metrics to which the metric filter that is written adds; none for another request."""
    for each in request.parameters.get("metricTransformations", ()):
        yield request.region, each["metricNamespace"], each["metricName"]


def _existing(snapshot: Snapshot) -> Iterator[Metric]:
    """The metrics of the account's filters, as far as these were read."""
    found = [(arn, each) for arn in snapshot.log_groups for each in filters(snapshot, arn)]
    found += [each for others in snapshot.other_filters.values() for each in others]
    for arn, each in found:
        account, region = place_of(arn)
        if account == snapshot.account:
            yield region, each.namespace, each.metric
