"""The log group: whether metric filters work in it, and which elsewhere may count copies of its events."""

from typing import Any

import pytest

from blindspot.chain.log_group import check_class, filters_of_copies
from blindspot.model.arn import place_of
from blindspot.model.findings import HOLDS, Doubt, Finding, Gap
from blindspot.model.snapshot import LogGroup, Unreadable
from tests.builders import ACCOUNT, HOME, a_compliant_snapshot, a_filter, log_group_arn
from tests.findings import assert_found

REFUSED = Unreadable("logs:DescribeLogGroups", HOME, "AccessDeniedException", denied=True)


def of_class(name: str | Unreadable) -> Finding:
    return check_class(LogGroup(log_group_arn(), (), log_class=name))


def test_metric_filters_work_in_the_standard_class() -> None:
    assert of_class("STANDARD") is HOLDS


@pytest.mark.parametrize("name", ["INFREQUENT_ACCESS", "DELIVERY"])
def test_metric_filters_do_not_work_in_the_other_classes(name: str) -> None:
    assert_found(of_class(name), Gap, "log-group.class", log_group_arn(), "management-events", name)


@pytest.mark.parametrize("name", ["ESSENTIALS", "standard", ""])
def test_a_class_that_is_not_known_is_a_doubt(name: str) -> None:
    assert_found(of_class(name), Doubt, "log-group.class", log_group_arn(), "management-events", name)


def test_a_class_that_was_not_read_is_a_doubt() -> None:
    assert_found(of_class(REFUSED), Doubt, "unread.refused", log_group_arn(), "logs:DescribeLogGroups")


AWAY, OTHER = "us-east-1", "999999999999"
OURS = f'@aws.account = "{ACCOUNT}"'


@pytest.mark.parametrize(
    ("arn", "bent", "counted"),
    [
        (log_group_arn(AWAY), {}, True),
        (log_group_arn(HOME).replace(ACCOUNT, OTHER), {}, True),
        (log_group_arn(AWAY, "other"), {}, False),
        (log_group_arn(AWAY, "other"), {"field_selection": OURS}, True),
        (log_group_arn(HOME, "other"), {"field_selection": OURS}, True),
        (log_group_arn(HOME, "other"), {"system_dimensions": ("@aws.account",)}, True),
        (log_group_arn(AWAY), {"field_selection": OURS.replace(ACCOUNT, OTHER)}, False),
        (log_group_arn(AWAY), {"field_selection": "not understood"}, True),
        (log_group_arn(AWAY), {"unread": "Malformed: x"}, False),
        (log_group_arn(HOME, "other"), {"field_selection": OURS, "unread": "Malformed: x"}, False),
    ],
)
def test_filters_that_may_count_copies(arn: str, bent: dict[str, Any], counted: bool) -> None:
    found = a_filter(**bent)
    group = LogGroup(log_group_arn(), ())
    snapshot = a_compliant_snapshot(other_filters={place_of(arn): ((arn, found),)})
    assert list(filters_of_copies(group, snapshot)) == [(arn, found)] * counted
