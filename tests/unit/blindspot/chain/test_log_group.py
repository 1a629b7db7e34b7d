"""The log group: whether metric filters work in it."""

import pytest

from blindspot.chain.log_group import check_class
from blindspot.model.findings import HOLDS, Doubt, Finding, Gap
from blindspot.model.snapshot import LogGroup, Unreadable
from tests.builders import HOME, log_group_arn
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
