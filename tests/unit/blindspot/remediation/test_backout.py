"""What backout deletes, leaves, tells and forgets, decided from the ledger and from what is there."""

import json
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blindspot.model.arn import short
from blindspot.model.snapshot import Alarm, OtherAlarm, Subscription, Unreadable
from blindspot.remediation.backout import Backout, FoundAlarm, FoundTopic, Inventory, backout, named
from blindspot.remediation.ledger import Entry, Ledger, digest, subscription_resource
from blindspot.remediation.ownership import Owner
from blindspot.remediation.writes import our_statement
from tests.builders import (
    HOME,
    NOW,
    a_composite,
    a_filter,
    a_math_alarm,
    a_policy,
    an_alarm,
    log_group_arn,
    topic_arn,
)

ALARM, TOPIC = an_alarm().arn, topic_arn()
FILTER = f"{log_group_arn()}:metric-filter:unauthorized"
ENDPOINT = "https://user:secret@chat.example.com/hook"
LISTED = "https://user:****@chat.example.com/hook"
SUBSCRIPTION = subscription_resource(TOPIC, "https", ENDPOINT)
OURS = Subscription(f"{TOPIC}:0001", "https", endpoint=LISTED)
THEIRS = Subscription(f"{TOPIC}:0002", "email", endpoint="pager@example.com")
EVERYTHING = (ALARM, TOPIC, SUBSCRIPTION, FILTER)

REFUSED = Unreadable("sns:ListSubscriptionsByTopic", HOME, "AuthorizationError", denied=True)
NO_ALARMS = Unreadable("cloudwatch:DescribeAlarms", HOME, "Timeout")
DENY = {"Sid": "OnlyTLS", "Effect": "Deny", "Principal": "*", "Action": "sns:Publish", "Resource": TOPIC}
ALLOW = {**DENY, "Sid": "Budgets", "Effect": "Allow"}
DEFAULT = json.loads(a_policy(TOPIC))["Statement"][0]


def a_ledger(*resources: str, **bent: Any) -> Ledger:
    entries = {each: Entry(each, "plan", made=True, at=NOW, now={}, next=None) for each in resources}
    return Ledger(entries, **bent)


def found(alarm: Alarm, *notifies: str) -> FoundAlarm:
    return FoundAlarm(alarm, notifies or alarm.actions, {"Threshold": 1.0})


def a_topic_of(*statements: object, **bent: Any) -> FoundTopic:
    state = {"Policy": {"Version": "2012-10-17", "Statement": [our_statement(TOPIC), *statements]}}
    return replace(FoundTopic(state, (OURS,)), **bent)


def an_inventory(*others: FoundAlarm, **bent: Any) -> Inventory:
    """All that remediation made, and alarms of others."""
    whole = Inventory(
        alarms={each.alarm.arn: each for each in (found(an_alarm()), *others)},
        topics={TOPIC: a_topic_of()},
        filters={FILTER: a_filter()},
        owners={ALARM: Owner.US, TOPIC: Owner.US, FILTER: Owner.US},
        tags={ALARM: {"blindspot": "stack", "team": "payments"}},
    )
    return replace(whole, **bent)


def owned(**owners: Owner) -> dict[str, Owner]:
    by_kind = {"alarm": ALARM, "topic": TOPIC, "filter": FILTER}
    return {arn: owners.get(kind, Owner.US) for kind, arn in by_kind.items()}


def watching(alarm: Alarm) -> FoundAlarm:
    """An alarm of somebody else on our metric, that notifies another topic."""
    return found(alarm, topic_arn(name="shop"))


A, T, F, S = "alarm", "topic", "filter", "subscription"
KINDS = {ALARM: A, TOPIC: T, FILTER: F, SUBSCRIPTION: S}
OTHER = an_alarm(name="other")


WHOLE = a_ledger(*EVERYTHING)


@dataclass(frozen=True)
class Case:
    """deleted: by kind, in order. told: by kind or by the name of another resource, a part of what is said of it.
    removed: the entries that are removed without a deletion."""

    inventory: Inventory
    deleted: tuple[str, ...]
    told: dict[str, str]
    removed: tuple[str, ...] = ()
    ledger: Ledger = WHOLE


CASES = {
    "nobody else uses it": Case(an_inventory(), (A, T, F), {}),
    "an empty ledger": Case(an_inventory(), (), {}, (), a_ledger()),
    "everything is gone": Case(
        an_inventory(alarms={}, topics={TOPIC: None}, filters={FILTER: None}, owners={}), (), {}, (A, T, S, F)
    ),
    "an alarm that has our tag and is not listed": Case(
        an_inventory(alarms={}), (), dict.fromkeys((A, T, F), "is missing")
    ),
    # The alarm.
    "the alarm lost its tag": Case(
        an_inventory(owners=owned(alarm=Owner.SOMEBODY)),
        (F,),
        {
            A: "does not have this stack's tag",
            T: "Alarms of somebody else notify it: unauthorized.",
        },
        (A,),
    ),
    "the alarm's tags are unread": Case(
        an_inventory(owners=owned(alarm=Owner.UNKNOWN)),
        (),
        {A: "tags could not be read", T: "not deleted notify it: unauthorized", F: "watch its metric: unauthorized"},
        (),
    ),
    "a composite alarm names ours": Case(
        an_inventory(found(a_composite("ALARM(unauthorized)"), topic_arn(name="shop"))),
        (),
        {A: "Composite alarms depend on it: composite.", T: "not deleted notify it", F: "watch its metric"},
        (),
    ),
    "ours suppresses a composite alarm": Case(
        an_inventory(found(a_composite("ALARM(x)", suppressor="unauthorized"), topic_arn(name="shop"))),
        (),
        {A: "Composite alarms depend on it: composite.", T: "not deleted notify it", F: "watch its metric"},
        (),
    ),
    "a composite alarm names one that only begins like ours": Case(
        an_inventory(found(a_composite("ALARM(unauthorized-2)"), topic_arn(name="shop"))), (A, T, F), {}
    ),
    "the alarms are unread": Case(
        an_inventory(alarms=NO_ALARMS),
        (),
        {A: "gave no answer", T: "not known which alarms notify it", F: "not known which alarms watch its metric"},
        (),
    ),
    # The topic.
    "others subscribed": Case(
        an_inventory(topics={TOPIC: a_topic_of(subscriptions=(OURS, THEIRS))}),
        (A, F),
        {T: "Others subscribed to it (1 of 2 subscriptions)."},
        (),
    ),
    "somebody's subscription is not confirmed": Case(
        an_inventory(topics={TOPIC: a_topic_of(subscriptions=(OURS, replace(THEIRS, arn=None)))}),
        (A, F),
        {T: "Others subscribed to it"},
        (),
    ),
    "somebody subscribed our protocol": Case(
        an_inventory(topics={TOPIC: a_topic_of(subscriptions=(replace(OURS, endpoint="https://example.com/"),))}),
        (A, F),
        {T: "Others subscribed to it (1 of 1 subscriptions)."},
        (),
    ),
    "more subscriptions than are read": Case(
        an_inventory(topics={TOPIC: a_topic_of(more=True)}), (A, F), {T: "It has more than 1 subscriptions"}, ()
    ),
    "the subscriptions are unread": Case(
        an_inventory(topics={TOPIC: a_topic_of(subscriptions=REFUSED)}),
        (A, F),
        {T: "not known who subscribed to it: sns:ListSubscriptionsByTopic was refused"},
        (),
    ),
    "others may publish": Case(
        an_inventory(topics={TOPIC: a_topic_of(ALLOW)}), (A, F), {T: "lets others publish (statement Budgets)"}, ()
    ),
    "our statement lets more in": Case(
        an_inventory(topics={TOPIC: a_topic_of({**our_statement(TOPIC), "Condition": {}})}),
        (A, F),
        {T: "lets others publish (statement LetAlarmsOfThisAccountPublish)"},
        (),
    ),
    "a statement without a Sid": Case(
        an_inventory(topics={TOPIC: a_topic_of({"Effect": "Allow"})}), (A, F), {T: "a statement without a Sid"}, ()
    ),
    "a statement that is not an object": Case(
        an_inventory(topics={TOPIC: a_topic_of("Allow")}), (A, F), {T: "a statement without a Sid"}, ()
    ),
    "a policy that is not JSON": Case(
        an_inventory(topics={TOPIC: replace(a_topic_of(), state={"Policy": "{"})}),
        (A, F),
        {T: "it could not be understood"},
        (),
    ),
    "a statement that only denies": Case(an_inventory(topics={TOPIC: a_topic_of(DENY)}), (A, T, F), {}),
    "the statement that SNS gives": Case(an_inventory(topics={TOPIC: a_topic_of(DEFAULT)}), (A, T, F), {}),
    "the statement that SNS gives, for everybody": Case(
        an_inventory(topics={TOPIC: a_topic_of({**DEFAULT, "Condition": {}})}),
        (A, F),
        {T: "statement __default_statement_ID"},
        (),
    ),
    "somebody's alarm notifies it": Case(
        an_inventory(found(an_alarm(name="orders", metric="orders"))),
        (A, F),
        {T: "Alarms of somebody else notify it: orders."},
        (),
    ),
    "the topic lost its tag": Case(
        an_inventory(owners=owned(topic=Owner.SOMEBODY)), (A, F), {T: "does not have this stack's tag"}, (T, S)
    ),
    "the topic's tags are unread": Case(
        an_inventory(owners=owned(topic=Owner.UNKNOWN)), (A, F), {T: "tags could not be read"}, ()
    ),
    "the topic is unread": Case(an_inventory(topics={TOPIC: REFUSED}), (A, F), {T: "was refused"}, ()),
    "a subscription of a topic that is gone": Case(
        an_inventory(topics={TOPIC: None}), (), {}, (S,), a_ledger(SUBSCRIPTION)
    ),
    "a subscription of a topic that somebody made since": Case(
        an_inventory(owners=owned(topic=Owner.SOMEBODY)), (), {}, (S,), a_ledger(SUBSCRIPTION)
    ),
    "the topic's entry is malformed": Case(
        an_inventory(),
        (),
        {digest(TOPIC): "not JSON"},
        (),
        a_ledger(SUBSCRIPTION, malformed={digest(TOPIC): "it is not JSON"}),
    ),
    "the alarm's entry is malformed": Case(
        an_inventory(),
        (),
        {digest(ALARM): "not JSON", T: "not deleted notify it: unauthorized", F: "watch its metric: unauthorized"},
        (),
        a_ledger(TOPIC, SUBSCRIPTION, FILTER, malformed={digest(ALARM): "it is not JSON"}),
    ),
    # The metric filter.
    "somebody changed the filter": Case(
        an_inventory(owners=owned(filter=Owner.SOMEBODY)),
        (A, T),
        {F: "Somebody changed it"},
        (F,),
    ),
    "the filter is malformed": Case(
        an_inventory(filters={FILTER: a_filter(unread="Malformed: metricValue")}),
        (A, T),
        {F: "It could not be read (Malformed: metricValue)."},
    ),
    "the filter is unread": Case(
        an_inventory(filters={FILTER: replace(REFUSED, call="logs:DescribeMetricFilters")}),
        (A, T),
        {F: "logs:DescribeMetricFilters was refused"},
    ),
    "somebody's alarm is on our metric": Case(
        an_inventory(watching(OTHER)), (A, T, F), {"other": "watches metric CISBenchmark/unauthorized_api_calls"}
    ),
    "somebody's metric math is on our metric": Case(
        an_inventory(watching(a_math_alarm("m1 * 2"))), (A, T, F), {"math": "watches metric"}
    ),
    "somebody's alarm of another kind is on our metric": Case(
        an_inventory(watching(OtherAlarm(OTHER.arn, "band", (("CISBenchmark", "unauthorized_api_calls"),)))),
        (A, T, F),
        {"other": "watches metric"},
    ),
    # The ledger.
    "an entry that is not understood": Case(
        an_inventory(),
        (A, T, F),
        {"0" * 64: "it is not JSON"},
        ledger=a_ledger(*EVERYTHING, malformed={"0" * 64: "it is not JSON"}),
    ),
    "the ledger is unread": Case(
        an_inventory(),
        (),
        {"ledger": "ssm:GetParametersByPath was refused"},
        (),
        a_ledger(*EVERYTHING, unread=replace(REFUSED, call="ssm:GetParametersByPath")),
    ),
}


def backed_out(case: Case) -> Backout:
    return backout(case.ledger, dict.fromkeys(named(case.ledger), case.inventory))


def kinds(resources: list[str]) -> tuple[str, ...]:
    return tuple(KINDS.get(each, short(each)) for each in resources)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_becomes_of_what_the_ledger_names(case: Case) -> None:
    made = backed_out(case)
    assert kinds([action.resource for action in made.actions]) == case.deleted
    told = [(KINDS.get(each.resource, short(each.resource)), each.why) for each in made.not_deleted]
    assert {resource for resource, _ in told} == set(case.told)
    assert all(any(resource == of and part in why for of, why in told) for resource, part in case.told.items())
    assert kinds([*made.removals]) == case.removed


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_an_entry_is_kept_exactly_where_something_is_left(case: Case) -> None:
    """Each entry is removed after its deletion or at once, or what it names is told."""
    made = backed_out(case)
    gone = {action.resource for action in made.actions} | set(made.removals)
    kept = set(case.ledger.entries) - gone - {SUBSCRIPTION}
    told = {each.resource for each in made.not_deleted}
    assert kept <= told or "ledger" in told


def test_alarms_go_first_and_what_needs_them_says_so() -> None:
    made = backed_out(CASES["nobody else uses it"])
    assert [action.needs for action in made.actions] == [(), (ALARM,), (ALARM,)]
    assert made.removals == ()


def test_what_undoes_a_deletion_makes_it_again() -> None:
    alarm, topic, metric_filter = backed_out(CASES["nobody else uses it"]).actions
    assert alarm.undo is not None
    assert (alarm.undo.call, alarm.undo.parameters) == (
        "cloudwatch:PutMetricAlarm",
        {"AlarmName": "unauthorized", "Threshold": 1.0, "Tags": [{"Key": "team", "Value": "payments"}]},
    )
    assert topic.undo is None
    assert metric_filter.undo is not None
    assert metric_filter.undo.call == "logs:PutMetricFilter"
    assert metric_filter.undo.parameters["filterPattern"] == a_filter().pattern


def fix_of(inventory: Inventory) -> str:
    (told,) = backout(a_ledger(*EVERYTHING), {HOME: inventory}).not_deleted
    return told.fix


def test_the_commands_take_our_part_of_a_topic_away_and_nothing_else() -> None:
    fix = fix_of(an_inventory(topics={TOPIC: a_topic_of(subscriptions=(OURS, THEIRS, replace(OURS, arn=None)))}))
    assert fix.count("aws sns") == 3
    assert f"aws sns unsubscribe --subscription-arn {OURS.arn} --region {HOME}" in fix
    assert f"aws sns remove-permission --topic-arn {TOPIC} --label LetAlarmsOfThisAccountPublish --region {HOME}" in fix
    assert f"aws sns untag-resource --resource-arn {TOPIC} --tag-keys blindspot --region {HOME}" in fix


def test_a_statement_by_which_alarms_of_others_publish_is_not_taken_away() -> None:
    assert "remove-permission" not in fix_of(an_inventory(found(an_alarm(name="orders", metric="orders"))))


@pytest.mark.parametrize(
    ("error", "message", "fix"),
    [
        ("Excluded", "ExcludedRegions contains the region", "ExcludedRegions"),
        ("NotOptedIn", "the account has not opted in to the region", "Enable the region"),
        ("Timeout", "gave no answer", "Run backout again"),
    ],
)
def test_a_region_that_cannot_be_reached_is_told_from_the_ledger(error: str, message: str, fix: str) -> None:
    closed = Unreadable("cloudwatch:DescribeAlarms", HOME, error)
    made = backout(
        a_ledger(*EVERYTHING),
        {HOME: Inventory(closed, {TOPIC: closed}, {FILTER: closed}, {ALARM: Owner.UNKNOWN, TOPIC: Owner.UNKNOWN})},
    )
    assert (made.actions, made.removals) == ((), ())
    assert [each.resource for each in made.not_deleted] == [ALARM, TOPIC, FILTER]
    assert all(message in each.why and fix in each.fix for each in made.not_deleted)


ALARMS = st.sampled_from(
    [
        found(an_alarm(name="orders", metric="orders")),
        watching(OTHER),
        found(a_composite("ALARM(unauthorized)"), topic_arn(name="shop")),
        found(a_composite("ALARM(other)", "above"), topic_arn(name="shop")),
        found(an_alarm()),
    ]
)
TOPICS = st.builds(
    lambda statements, subscriptions, more: a_topic_of(*statements, subscriptions=subscriptions, more=more),
    st.lists(st.sampled_from([ALLOW, DENY, DEFAULT]), max_size=2),
    st.lists(st.sampled_from([OURS, THEIRS, replace(OURS, arn=None)]), max_size=3).map(tuple),
    st.booleans(),
)
OWNERS = st.sampled_from([Owner.US, Owner.US, Owner.SOMEBODY, Owner.UNKNOWN])


@given(
    st.lists(ALARMS, max_size=4) | st.none(),
    TOPICS | st.sampled_from([None, REFUSED]),
    st.sampled_from([a_filter(), None, REFUSED]),
    st.tuples(OWNERS, OWNERS, OWNERS),
    st.sets(st.sampled_from(EVERYTHING)),
)
def test_nothing_of_others_goes_and_no_entry_is_lost(
    alarms: list[FoundAlarm] | None, topic: Any, metric_filter: Any, owners: tuple[Owner, ...], ledger: set[str]
) -> None:
    listed = NO_ALARMS if alarms is None else {each.alarm.arn: each for each in alarms}
    whose = dict(zip((ALARM, TOPIC, FILTER), owners, strict=True))
    entries = a_ledger(*ledger)
    made = backout(entries, {HOME: Inventory(listed, {TOPIC: topic}, {FILTER: metric_filter}, whose)} if ledger else {})
    deleted = [action.resource for action in made.actions]
    told = {each.resource for each in made.not_deleted}
    assert all(each in ledger and whose[each] is Owner.US for each in deleted)
    for resource in ledger - {SUBSCRIPTION}:
        assert (resource in deleted) + (resource in made.removals) + (resource in told) in (1, 2)
        assert resource not in deleted or resource not in told
        if resource in told and resource in made.removals:
            assert whose[resource] is Owner.SOMEBODY
    if TOPIC in deleted:
        assert isinstance(listed, dict)
        assert all(arn in deleted for arn, each in listed.items() if TOPIC in each.notifies)
        assert THEIRS not in topic.subscriptions
        assert ALLOW not in topic.state["Policy"]["Statement"]
    if FILTER in deleted and ALARM in ledger and isinstance(listed, dict) and whose[ALARM] is Owner.US:
        assert ALARM in deleted or ALARM not in listed


def test_regions_are_backed_out_each_for_itself() -> None:
    elsewhere = an_alarm(region="us-east-1").arn
    inventories = {
        HOME: an_inventory(alarms=NO_ALARMS),
        "us-east-1": Inventory({elsewhere: found(an_alarm(region="us-east-1"))}, {}, {}, {elsewhere: Owner.US}),
    }
    made = backout(a_ledger(*EVERYTHING, elsewhere), inventories)
    assert [action.resource for action in made.actions] == [elsewhere]
