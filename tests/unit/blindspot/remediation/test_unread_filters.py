"""A metric filter that is malformed in AWS's answer is nobody's: the remediator neither changes nor deletes it."""

from dataclasses import replace

from blindspot.model.snapshot import MetricFilter
from blindspot.remediation import ownership
from blindspot.remediation.actions import DeleteFilter
from blindspot.remediation.backout import Backout, Inventory, backout
from tests.builders import ACCOUNT, HOME, a_filter, log_group_arn
from tests.cases.accounts import PROFILE

NAMES = PROFILE.names
OURS = a_filter(name=ownership.filter_name(NAMES), namespace=NAMES.namespace, metric=NAMES.metric)
MALFORMED = replace(OURS, unread="Malformed: metricValue")


def test_a_malformed_filter_of_our_name_is_not_ours() -> None:
    assert ownership.is_ours(OURS, [OURS], PROFILE)
    assert not ownership.is_ours(MALFORMED, [MALFORMED], PROFILE)


def test_backout_tells_that_it_left_a_malformed_filter_of_our_name() -> None:
    def backing_out(found: MetricFilter) -> Backout:
        filters = ((log_group_arn(), found),)
        return backout([Inventory((ACCOUNT, HOME), {}, (), filters)], {}, PROFILE)

    assert backing_out(OURS) == Backout((DeleteFilter(log_group_arn(), OURS, needs=()),), ())
    left = backing_out(MALFORMED)
    assert left.actions == ()
    (told,) = left.not_deleted
    assert OURS.name in told.resource
    assert "could not be read" in told.why
