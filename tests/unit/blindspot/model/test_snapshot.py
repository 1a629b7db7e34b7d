"""Every read that failed is listed, wherever in the snapshot it is."""

from dataclasses import replace
from typing import Any

import pytest

from blindspot.model.snapshot import LogGroup, MuteRule, Snapshot, Subscription, Unreadable, unreadable_reads
from tests.builders import ACCOUNT, HOME, a_compliant_snapshot, a_key, a_topic, a_trail, log_group_arn, topic_arn

WHOLE = a_compliant_snapshot()
UNREAD = Unreadable("x:Y", HOME, "Timeout")
PLACE = (ACCOUNT, HOME)
RULE = MuteRule(f"arn:aws:cloudwatch:{HOME}:{ACCOUNT}:alarm-mute-rule:m", "ACTIVE", UNREAD)


def with_topic(**bent: Any) -> Snapshot:
    return replace(WHOLE, topics={topic_arn(): a_topic(**bent)})


def with_log_group(group: LogGroup | Unreadable) -> Snapshot:
    return replace(WHOLE, log_groups={log_group_arn(): group})


WITH_ONE_UNREAD = {
    "regions": replace(WHOLE, regions=UNREAD),
    "trails of a region": replace(WHOLE, unread_regions={HOME: UNREAD}),
    "status": replace(WHOLE, trails=(a_trail(status=UNREAD),)),
    "selectors": replace(WHOLE, trails=(a_trail(selectors=UNREAD),)),
    "log group": with_log_group(UNREAD),
    "filters": with_log_group(LogGroup(log_group_arn(), UNREAD)),
    "log class": with_log_group(LogGroup(log_group_arn(), (), UNREAD)),
    "subscription filters": with_log_group(LogGroup(log_group_arn(), (), subscriptions=UNREAD)),
    "subscription policies": replace(WHOLE, subscription_policies={PLACE: UNREAD}),
    "alarms": replace(WHOLE, alarms={PLACE: UNREAD}),
    "mute rules": replace(WHOLE, mute_rules={PLACE: UNREAD}),
    "alarms that a rule mutes": replace(WHOLE, mute_rules={PLACE: (RULE,)}),
    "topic": replace(WHOLE, topics={topic_arn(): UNREAD}),
    "key": with_topic(key_id="1", key=UNREAD),
    "key policy": with_topic(key_id="1", key=a_key(policy=UNREAD)),
    "subscriptions": with_topic(subscriptions=UNREAD),
    "filter policy": with_topic(subscriptions=(Subscription("arn:s", "email", UNREAD),)),
}


@pytest.mark.parametrize("snapshot", WITH_ONE_UNREAD.values(), ids=WITH_ONE_UNREAD)
def test_a_failed_read_is_listed(snapshot: Snapshot) -> None:
    assert list(unreadable_reads(snapshot)) == [UNREAD]


def test_where_everything_was_read_nothing_is_listed() -> None:
    assert list(unreadable_reads(WHOLE)) == []
