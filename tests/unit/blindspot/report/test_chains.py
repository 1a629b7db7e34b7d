"""Which links a chain has, and which is marked."""

from typing import Any

import pytest

from blindspot.model.findings import DOUBT_FIXES, FIXES
from blindspot.report.view import State
from tests.cases.documents import (
    ACCOUNT,
    ALARM,
    DESTINATION,
    FILTER,
    KEY,
    LOG_GROUP,
    SUBSCRIPTION,
    TOPIC,
    TRAIL,
    a_channel,
    a_document,
    assessed,
    with_doubt,
    with_gap,
)

C, N, I = "COMPLIANT", "NON_COMPLIANT", "INDETERMINATE"  # noqa: E741


TRAIL_LINK, LOG_GROUP_LINK, FILTER_LINK, ALARM_LINK = "trail", "log group", "metric filter", "alarm"


TOPIC_LINK, SUBSCRIPTION_LINK = "topic", "subscription"


MARKED = {
    "trail.missing": ("account", TRAIL_LINK),
    "trail.not-multi-region": ("account", TRAIL_LINK),
    **dict.fromkeys(
        ("trail.not-logging", "trail.selectors", "trail.no-log-group", "trail.delivery-failing", "trail.foreign"),
        (TRAIL, TRAIL_LINK),
    ),
    **dict.fromkeys(
        ("log-group.missing", "log-group.class", "log-group.foreign", "log-group.copied"), (LOG_GROUP, LOG_GROUP_LINK)
    ),
    "filter.missing": (LOG_GROUP, FILTER_LINK),
    **dict.fromkeys(
        (
            *("filter.misses", "filter.value", "filter.narrowed", "filter.noise", "filter.unclear", "filter.disputed"),
            *("event.parameter", "event.code", "event.unlikely"),
        ),
        (FILTER, FILTER_LINK),
    ),
    "alarm.missing": (FILTER, ALARM_LINK),
    **dict.fromkeys(
        (
            *("alarm.insensitive", "alarm.never-fires", "alarm.latches", "alarm.actions-disabled", "alarm.muted"),
            *("alarm.no-action", "alarm.unclear"),
        ),
        (ALARM, ALARM_LINK),
    ),
    **dict.fromkeys(
        ("topic.missing", "topic.region", "topic.policy", "topic.key", "topic.foreign", "topic.message-size"),
        (TOPIC, TOPIC_LINK),
    ),
    "key.foreign": (KEY, TOPIC_LINK),
    "subscription.missing": (TOPIC, SUBSCRIPTION_LINK),
    "subscription.pending": (TOPIC, SUBSCRIPTION_LINK),
    "subscription.filtered": (SUBSCRIPTION, SUBSCRIPTION_LINK),
    "subscription.foreign": (SUBSCRIPTION, SUBSCRIPTION_LINK),
    "siem.misses": (LOG_GROUP, "subscription filter"),
    "unread.refused": (TRAIL, TRAIL_LINK),
    "unread.no-answer": (LOG_GROUP, LOG_GROUP_LINK),
    "unread.not-asked": (TOPIC, TOPIC_LINK),
    "undecided": ("cis-level-2", None),
}


"""By code, the resource that it names, and the link that is marked; None where it is about no link."""


SENT = a_channel(filter="siem", alarm=None, topic=None, subscription=DESTINATION)


def test_every_code_is_there() -> None:
    assert set(MARKED) == set(FIXES) | set(DOUBT_FIXES)


@pytest.mark.parametrize("code", MARKED)
def test_the_link_that_a_finding_is_about_is_marked(code: str) -> None:
    resource, marked = MARKED[code]
    gap = code in FIXES
    of_code = with_gap if gap else with_doubt
    (shown,) = assessed(of_code(code, resource, channels=[a_channel(), SENT])).chains or (None,)
    if marked is None:
        assert shown is None
        return
    assert shown is not None
    assert shown.finding is not None
    assert shown.finding.code == code
    state = State.BROKEN if gap else State.UNKNOWN
    assert [link.kind for link in shown.links if link.state is state] == [marked]


@pytest.mark.parametrize("code", FIXES)
def test_as_a_doubt_it_is_not_known_whether_the_link_holds(code: str) -> None:
    resource, marked = MARKED[code]
    (shown,) = assessed(with_doubt(code, resource, channels=[a_channel(), SENT])).chains
    assert [link.kind for link in shown.links if link.state is State.UNKNOWN] == [marked]
    assert State.BROKEN not in [link.state for link in shown.links]


def links(document: dict[str, Any]) -> list[tuple[str, str, str]]:
    (shown,) = assessed(document).chains
    return [(link.kind, link.name, link.state.value) for link in shown.links]


def test_a_chain_shows_all_links_by_name() -> None:
    assert links(with_gap()) == [
        ("trail", "management-events", "holds"),
        ("log group", "management-events", "holds"),
        ("metric filter", "unauthorized", "broken"),
        ("alarm", "unauthorized-calls", "holds"),
        ("topic", "security-alerts", "holds"),
        ("subscription", "confirmed", "holds"),
    ]


def test_after_a_missing_link_there_is_nothing() -> None:
    """The log group has a metric filter, and it matches no refused call."""
    assert links(with_gap("filter.missing", LOG_GROUP))[1:4] == [
        ("log group", "management-events", "holds"),
        ("metric filter", "", "broken"),
        ("alarm", "", "not reached"),
    ]


def test_what_is_missing_is_named_where_its_name_is_known() -> None:
    without = a_channel(subscription=None)
    assert links(with_gap("topic.missing", TOPIC, channels=[without]))[4:] == [
        ("topic", "security-alerts", "broken"),
        ("subscription", "", "not reached"),
    ]


def test_a_gap_decides_so_no_doubt_is_drawn_beside_it() -> None:
    document = with_gap()
    doubted = with_doubt()["regions"]["eu-west-1"]["doubts"]
    document["regions"]["eu-west-1"] = {**document["regions"]["eu-west-1"], "doubts": doubted}
    assert [doubt.code for doubt in assessed(document).doubts] == ["alarm.unclear"]
    assert [chain.finding and chain.finding.code for chain in assessed(document).chains] == ["filter.misses"]


def test_of_several_paths_that_with_the_gap_is_shown() -> None:
    others = [a_channel(alarm=f"{ALARM}-2"), a_channel(alarm=f"{ALARM}-3", gap="filter.value", topic=None)]
    assert links(with_gap("filter.value", channels=others))[3][1] == "unauthorized-calls-3"
    assert links(with_gap("filter.value", channels=[*others, a_channel(gap="filter.value")]))[3][1] == (
        "unauthorized-calls"
    )


def test_what_no_channel_has_is_known_from_the_finding() -> None:
    assert links(with_gap(channels=[]))[:3] == [
        ("trail", "", "not reached"),
        ("log group", "management-events", "holds"),
        ("metric filter", "unauthorized", "broken"),
    ]


def test_a_subscription_that_was_not_read_is_marked() -> None:
    assert links(with_doubt("unread.refused", SUBSCRIPTION))[4:] == [
        ("topic", "security-alerts", "holds"),
        ("subscription", "confirmed", "not known"),
    ]


def test_without_a_channel_a_siem_is_drawn_as_one() -> None:
    assert links(with_gap("siem.misses", LOG_GROUP, channels=[])) == [
        ("trail", "", "not reached"),
        ("log group", "management-events", "holds"),
        ("subscription filter", "", "broken"),
        ("destination", "", "not reached"),
    ]


def test_a_key_is_shown_at_a_topic_of_the_same_region() -> None:
    other = a_channel(topic=f"{TOPIC}-of-another-region")
    document = with_doubt("key.foreign", KEY, channels=[other, a_channel()])
    for region in document["regions"].values():
        region["channels"] = [1]
    assert links(document)[4] == ("topic", "security-alerts", "not known")


def test_what_is_sent_to_a_siem_has_no_alarm() -> None:
    assert links(a_document(channels=[SENT])) == [
        ("trail", "management-events", "holds"),
        ("log group", "management-events", "holds"),
        ("subscription filter", "siem", "holds"),
        ("destination", "destination:siem", "holds"),
    ]


def test_an_action_that_is_no_topic_ends_the_chain() -> None:
    function = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:on-call"
    shown = links(a_document(channels=[a_channel(topic=function, subscription=None)]))
    assert shown[4:] == [("alarm action", "function:on-call", "holds")]


def test_two_channels_that_cover_it_together_are_both_shown() -> None:
    halves = [a_channel(sees="some"), a_channel(sees="some", alarm=f"{ALARM}-2"), a_channel(sees="none")]
    assert len(assessed(a_document(channels=halves)).chains) == 2
    assert len(assessed(a_document(channels=[*halves, a_channel()])).chains) == 1


def test_an_alarm_may_be_called_as_a_metric_filter_is() -> None:
    odd = f"{ALARM}:metric-filter:x"
    document = with_doubt("unread.refused", odd, channels=[a_channel(alarm=odd)])
    assert links(document)[3] == ("alarm", "unauthorized-calls:metric-filter:x", "not known")


def test_a_verdict_that_is_not_compliant_shows_no_chain_as_holding() -> None:
    assert assessed(a_document(verdict=I)).chains == ()
