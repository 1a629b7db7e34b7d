"""What a plan costs a month: its new alarms and metrics at list prices."""

from typing import Any

import pytest

from blindspot.remediation.costs import monthly_cost
from tests.actions import create_topic, put_alarm, put_filter, subscribe
from tests.builders import HOME, a_compliant_snapshot, a_filter, log_group_arn

NEW = "another_metric"
CHANGED: dict[str, Any] = {"Threshold": 10}


@pytest.mark.parametrize(
    ("actions", "alarms", "metrics", "usd"),
    [
        ([], 0, 0, 0),
        ([put_filter(metric=NEW), create_topic(), subscribe(), put_alarm()], 1, 1, 0.4),
        ([put_filter()], 0, 0, 0),  # a filter of the account adds to that metric already
        ([put_filter(metric=NEW), put_filter(log_group_arn(name="second"), metric=NEW)], 0, 1, 0.3),
        ([put_filter(metric=NEW, before={"filterPattern": ""})], 0, 1, 0.3),  # it moves to another metric
        ([put_alarm(before=CHANGED)], 0, 0, 0),
        ([put_alarm(), put_alarm("second"), put_alarm("third")], 3, 0, 0.3),
        ([create_topic(), subscribe()], 0, 0, 0),
    ],
)
def test_new_alarms_and_new_metrics_cost(actions: list[Any], alarms: int, metrics: int, usd: float) -> None:
    cost = monthly_cost(actions, a_compliant_snapshot())
    assert (cost.alarms, cost.metrics, cost.usd) == (alarms, metrics, usd)


@pytest.mark.parametrize(("region", "metrics"), [(HOME, 0), ("us-east-1", 1)])
def test_a_metric_exists_where_any_filter_of_the_region_adds_to_it(region: str, metrics: int) -> None:
    elsewhere = log_group_arn(region, "application"), a_filter(metric=NEW)
    account = a_compliant_snapshot(other_filters={("123456789012", region): (elsewhere,)})
    assert monthly_cost([put_filter(metric=NEW)], account).metrics == metrics


def test_the_basis_names_date_and_region_and_what_notifications_cost() -> None:
    prices = (
        "List prices of us-east-1 in November 2026: 0.10 USD an alarm, 0.30 USD a custom metric. Other regions have"
        " other prices. AWS bills a metric only for hours in which it has data. A free tier is not subtracted."
    )
    assert monthly_cost([put_alarm()], a_compliant_snapshot()).basis == prices
    told = monthly_cost([subscribe(), subscribe("sms", "+14155550100"), subscribe()], a_compliant_snapshot())
    assert told.basis == (
        f"{prices} Notifications: SNS sends 1,000 emails a month at no charge; 100,000 more cost 2.00 USD; the price of"
        " an SMS depends on its country."
    )
