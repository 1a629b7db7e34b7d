"""What is ours follows the settings, and keeps what people added."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import product

import pytest

from blindspot.model.profile import DEFAULT, load
from blindspot.model.snapshot import Subscription, Unreadable
from blindspot.remediation.converge import converge, tasks
from blindspot.remediation.ownership import Owner
from blindspot.remediation.writes import OUR_STATEMENT
from blindspot.settings import Subscriber
from blindspot.verdict.assessment import Verdict, assess
from tests.builders import HOME, a_filter, a_key, an_alarm, log_group_arn, topic_arn
from tests.unit.blindspot.remediation.held import (
    FIRST,
    GROUP,
    PLACE,
    SECOND,
    Held,
    all_ours,
    nothing_but_a_trail,
    statements,
)

KEY = a_key(
    arn=f"arn:aws:kms:{HOME}:123456789012:key/1",
    policy='{"Statement": [{"Effect": "Allow", "Principal": {"Service": "cloudwatch.amazonaws.com"}, '
    '"Action": ["kms:Decrypt", "kms:GenerateDataKey*"], "Resource": "*"}]}',
)
BEFORE = {"alarm": {"tags": {"team": "blue", "old": "1"}}, "topic": {"tags": {"team": "blue", "old": "1"}}}
"""The settings with which everything was made."""

PATTERN = '{ $.errorCode = "Access*" || $.errorCode = "*UnauthorizedOperation" }'

Settings = tuple[Mapping[str, object], tuple[Subscriber, ...], list[str]]

CHANGED: dict[str, Settings] = {
    # what else the settings say, whom they name, and which actions that is
    "nothing": ({}, (FIRST,), []),
    "benign": ({"benign": []}, (FIRST,), ["update metric filter"]),
    "required": ({"required": '{ $.errorCode = "AccessDenied*" }'}, (FIRST,), []),
    "pattern": ({"pattern": PATTERN}, (FIRST,), ["update metric filter"]),
    "noise_breaks": ({"noise_breaks": False}, (FIRST,), []),
    "calls_to_alarm": ({"calls_to_alarm": 2}, (FIRST,), []),
    "accepted_actions": ({"accepted_actions": ["sns", "lambda"]}, (FIRST,), []),
    "siem_destinations": ({"siem_destinations": ["arn:aws:s3:::siem"]}, (FIRST,), []),
    "future_region": ({"future_region": False}, (FIRST,), []),
    "alarm.statistic": ({"alarm": {"statistic": "SampleCount"}}, (FIRST,), ["update alarm"]),
    "alarm.period": ({"alarm": {"period": 60}}, (FIRST,), ["update alarm"]),
    "alarm.threshold": ({"alarm": {"threshold": 3}, "calls_to_alarm": 3}, (FIRST,), ["update alarm"]),
    "alarm.comparison": ({"alarm": {"comparison": "GreaterThanThreshold", "threshold": 0}}, (FIRST,), ["update alarm"]),
    "alarm.tags": (
        {"alarm": {"tags": {"team": "red", "cost": "7"}}},
        (FIRST,),
        ["add tags to alarm", "change tags of alarm", "remove tags from alarm"],
    ),
    "topic.key": ({"topic": {"key": KEY.arn}}, (FIRST,), ["update topic key"]),
    "topic.tags": ({"topic": {"tags": {"team": "blue"}}}, (FIRST,), ["remove tags from topic"]),
    "names.metric": ({"names": {"metric": "refused"}}, (FIRST,), ["update metric filter", "update alarm"]),
    "names.namespace": ({"names": {"namespace": "Ours"}}, (FIRST,), ["update metric filter", "update alarm"]),
    "names of what cannot be renamed": (
        {"names": {"filter": "f", "alarm": "a-blindspot", "topic": "t-blindspot"}},
        (FIRST,),
        [],
    ),
    "another endpoint": ({}, (SECOND,), ["create subscription"]),
    "one endpoint more": ({}, (FIRST, SECOND), ["create subscription"]),
}

OPS = Subscription("arn:ops", "email", endpoint="ops@example.com")
PAGER, OTHER_ACTIONS = topic_arn(name="pager"), {"OKActions": [topic_arn(name="calm")], "AlarmDescription": "Ours."}
PEOPLES_STATEMENT = {
    "Sid": "DenyPlainText",
    "Effect": "Deny",
    "Principal": "*",
    "Action": "sns:Publish",
    "Resource": topic_arn(),
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


def with_statement(held: Held) -> Held:
    policy = json.loads(held.topic.policy)
    policy["Statement"].append(PEOPLES_STATEMENT)
    return held.with_topic(policy=json.dumps(policy))


def pager_was_added(held: Held) -> bool:
    return PAGER in held.alarm.actions and PAGER in held.holdings.alarms[held.alarm.arn]["AlarmActions"]


ADDED: dict[str, tuple[Callable[[Held], Held], Callable[[Held], bool]]] = {
    # what people add, and whether it is still there
    "nothing": (lambda held: held, lambda _: True),
    "an alarm action": (lambda held: held.with_alarm(actions=(*held.alarm.actions, PAGER)), pager_was_added),
    "OK actions and a description": (
        lambda held: held.with_alarm(OTHER_ACTIONS),
        lambda held: held.holdings.alarms[held.alarm.arn].items() >= OTHER_ACTIONS.items(),
    ),
    "a statement of the policy": (with_statement, lambda held: PEOPLES_STATEMENT in statements(held.topic)),
    "a subscription": (
        lambda held: held.with_subscription(OPS),
        lambda held: isinstance(held.topic.subscriptions, tuple) and OPS in held.topic.subscriptions,
    ),
    "tags": (
        lambda held: held.with_tags(held.alarm.arn, theirs="1").with_tags(held.topic.arn, theirs="1"),
        lambda held: all(held.holdings.tags[arn]["theirs"] == "1" for arn in (held.alarm.arn, held.topic.arn)),
    ),
}


@pytest.mark.parametrize(("key", "added"), list(product(CHANGED, ADDED)))
def test_what_is_ours_follows_the_settings_and_what_people_added_stays(key: str, added: str) -> None:
    overrides, subscribers, expected = CHANGED[key]
    add, is_there = ADDED[added]
    held = add(all_ours(BEFORE))
    held = replace(held, holdings=replace(held.holdings, keys={KEY.arn: KEY}))
    tagged = {part: {**BEFORE[part], **overrides.get(part, {})} for part in BEFORE}  # type: ignore[dict-item]
    wanted = held.wanted({**overrides, **tagged}, *subscribers)

    done = held.converged(wanted)

    assert [write.title for write in done] == expected
    then = held.after(done)
    assert is_there(then)
    again = then.wanted({**overrides, **tagged}, *subscribers)
    assert then.converged(again) == ()
    assert {region.verdict for region in assess(then.snapshot, again.profile).regions} == {Verdict.COMPLIANT}
    if key != "another endpoint":  # nobody is unsubscribed
        back = then.wanted(BEFORE)
        assert then.after(then.converged(back)).holdings.tags == held.holdings.tags
        assert then.after(then.converged(back)).filter == held.filter
        assert then.after(then.converged(back)).alarm == held.alarm


CLOSED = '{"Version": "2012-10-17", "Statement": []}'

WORSE: dict[str, tuple[Callable[[Held], Held], list[str], object]] = {
    # what people do, what sets it back, and the value before that is told
    "a threshold": (lambda held: held.with_alarm(threshold=10.0), ["update alarm"], 10.0),
    "actions disabled": (lambda held: held.with_alarm(actions_enabled=False), ["update alarm"], False),
    "our topic removed": (lambda held: held.with_alarm(actions=(PAGER,)), ["update alarm"], [PAGER]),
    "another metric": (lambda held: held.with_alarm(metric="orders"), ["update alarm"], "orders"),
    "the policy closed": (
        lambda held: held.with_topic(policy=CLOSED),
        ["update topic policy"],
        {"Version": "2012-10-17", "Statement": []},
    ),
    "a key that CloudWatch may not use": (
        lambda held: held.with_topic(key_id="alias/aws/sns"),
        ["update topic key"],
        "alias/aws/sns",
    ),
    "the value of a tag of ours": (
        lambda held: held.with_tags(held.alarm.arn, team="green"),
        ["change tags of alarm"],
        {"team": "green"},
    ),
}


@pytest.mark.parametrize(("change", "expected", "before"), WORSE.values(), ids=WORSE)
def test_what_people_made_worse_is_set_back_and_told(
    change: Callable[[Held], Held], expected: list[str], before: object
) -> None:
    held = all_ours(BEFORE)
    worse = change(held)
    done = worse.converged(worse.wanted(BEFORE))
    assert [write.title for write in done] == expected
    assert done[0].before is not None
    assert before in done[0].before.values()
    then = worse.after(done)
    assert then.converged(then.wanted(BEFORE)) == ()
    assert {region.verdict for region in assess(then.snapshot, load(DEFAULT)).regions} == {Verdict.COMPLIANT}


@pytest.mark.parametrize(
    "bent",
    [
        {"subscriptions": Unreadable("sns:ListSubscriptionsByTopic", HOME, "Throttling")},
        {"subscriptions": (), "more_subscriptions": True},
    ],
    ids=["not read", "not all read"],
)
def test_nobody_is_subscribed_who_may_be_already(bent: Mapping[str, object]) -> None:
    assert all_ours().with_topic(subscriptions=()).converged(all_ours().wanted())
    assert not all_ours().with_topic(**bent).converged(all_ours().wanted())


def test_nothing_of_others_is_touched() -> None:
    """The same things with our names, and nothing in the ledger."""
    held = all_ours()
    held = held.with_alarm(threshold=10.0).with_topic(policy=CLOSED)
    held = held.with_filters(replace(held.filter, pattern="{ $.a = b }"))
    for owner in (Owner.SOMEBODY, Owner.UNKNOWN):
        theirs = replace(held, holdings=replace(held.holdings, owners=dict.fromkeys(held.holdings.owners, owner)))
        assert converge(theirs.snapshot, theirs.wanted({"benign": []})) == ()


METRIC = ("CISBenchmark", "unauthorized_api_calls_metric")


def test_a_filter_stays_on_a_metric_that_others_use() -> None:
    held = all_ours()
    theirs = an_alarm(namespace=METRIC[0], metric=METRIC[1])
    watched = replace(held, snapshot=replace(held.snapshot, alarms={PLACE: (held.alarm, theirs)}))
    fed = held.with_filters(held.filter, a_filter(metric=METRIC[1]))
    for used in (watched, fed):
        assert used.converged(used.wanted({"names": {"metric": "refused"}})) == ()


def test_a_filter_moves_to_a_metric_that_only_it_feeds() -> None:
    held = all_ours()
    other = (log_group_arn(name="other"), a_filter(metric="refused"))
    held = replace(held, snapshot=replace(held.snapshot, other_filters={PLACE: (other,)}))
    put, alarm = held.converged(held.wanted({"names": {"metric": "refused"}}))
    assert put.request.parameters["metricTransformations"][0]["metricName"] == "refused-blindspot"
    assert alarm.request.parameters["MetricName"] == "refused-blindspot"
    assert put.resource in alarm.needs


def test_an_alarm_that_watches_somebody_elses_filter_stays_there() -> None:
    held = all_ours()
    held = held.with_filters(held.filter, a_filter()).with_alarm(metric=a_filter().metric)
    done = held.converged(held.wanted({"names": {"metric": "refused"}, "alarm": {"period": 60}}))
    assert [write.title for write in done] == ["update metric filter", "update alarm"]
    assert done[1].request.parameters["MetricName"] == a_filter().metric


def test_five_actions_of_people_leave_no_room_for_ours() -> None:
    held = all_ours()
    full = held.with_alarm(actions=tuple(topic_arn(name=f"pager-{number}") for number in range(5)), threshold=10.0)
    assert full.converged(full.wanted()) == ()
    assert [task.code for task in tasks(full.snapshot, full.holdings, full.wanted())] == ["alarm.no-action"]


UNSUBSCRIBE = "aws sns unsubscribe --region eu-west-1 --subscription-arn arn:confirmed"
DENIED = '{"Statement": {"Sid": "Stop", "Effect": "Deny", "Principal": "*", "Action": "sns:*", "Resource": "*"}}'

BY_PEOPLE: dict[str, tuple[Callable[[Held], Held], tuple[Subscriber, ...], list[str], str]] = {
    # what is there, whom the settings name, and which manual steps that is
    "nothing": (lambda held: held, (FIRST,), [], ""),
    "a filter of ours that was changed": (
        lambda held: held.with_owner(f"{GROUP}:metric-filter:{held.filter.name}", Owner.SOMEBODY),
        (FIRST,),
        ["ownership.lost"],
        "but somebody changed it",
    ),
    "an alarm of ours without its tag": (
        lambda held: held.with_owner(held.alarm.arn, Owner.SOMEBODY),
        (FIRST,),
        ["ownership.lost"],
        "The remediator created alarm unauthorized_api_calls_alarm, but its tag is gone",
    ),
    "a policy that denies": (lambda held: held.with_topic(policy=DENIED), (FIRST,), ["topic.policy"], "denies it"),
    "a policy that is none": (lambda held: held.with_topic(policy="{"), (FIRST,), ["topic.policy"], "in JSON"),
    "an endpoint that left the settings": (
        lambda held: held,
        (SECOND,),
        ["subscription.left"],
        "aws sns unsubscribe --region eu-west-1 --subscription-arn arn:confirmed",
    ),
}


@pytest.mark.parametrize(("change", "subscribers", "codes", "said"), BY_PEOPLE.values(), ids=BY_PEOPLE)
def test_what_only_people_can_do_is_told(
    change: Callable[[Held], Held], subscribers: tuple[Subscriber, ...], codes: list[str], said: str
) -> None:
    held = change(all_ours())
    wanted = held.wanted(None, *subscribers)
    found = list(tasks(held.snapshot, held.holdings, wanted))
    assert [task.code for task in found] == codes
    assert all(said in f"{task.message} {task.fix}" for task in found)


@pytest.mark.parametrize("policy", [DENIED, "{"])
def test_a_policy_that_ours_would_not_open_is_left(policy: str) -> None:
    held = all_ours().with_topic(policy=policy)
    assert held.converged(held.wanted()) == ()


TOLD: dict[str, tuple[Subscriber, Mapping[str, frozenset[str] | None], Verdict, list[str]]] = {
    # who is subscribed, which numbers get messages, the verdict once all is confirmed, and the manual steps
    "email": (FIRST, {}, Verdict.COMPLIANT, []),
    "https": (Subscriber("https", "https://example.com"), {}, Verdict.COMPLIANT, ["subscription.webhook"]),
    "a number in the sandbox": (
        Subscriber("sms", "+14155550100"),
        {HOME: frozenset({"+14155550199"})},
        Verdict.NON_COMPLIANT,
        ["subscription.sandbox"],
    ),
    "a number of which it is not known": (
        Subscriber("sms", "+14155550100"),
        {},
        Verdict.NON_COMPLIANT,
        ["subscription.sandbox"],
    ),
    "a number that is verified": (
        Subscriber("sms", "+14155550100"),
        {HOME: frozenset({"+14155550100"})},
        Verdict.COMPLIANT,
        [],
    ),
    "a number of an account out of the sandbox": (
        Subscriber("sms", "+14155550100"),
        {HOME: None},
        Verdict.COMPLIANT,
        [],
    ),
}


@pytest.mark.parametrize(("subscriber", "receivers", "verdict", "codes"), TOLD.values(), ids=TOLD)
def test_told_means_told(
    subscriber: Subscriber, receivers: Mapping[str, frozenset[str] | None], verdict: Verdict, codes: list[str]
) -> None:
    bare = nothing_but_a_trail()
    bare = replace(bare, holdings=replace(bare.holdings, sms_receivers=receivers))
    wanted = bare.wanted(None, subscriber)
    topic = topic_arn()
    metric = METRIC
    made = (*wanted.filter(metric, GROUP, bare.snapshot), *wanted.topic(topic, bare.snapshot))
    done = (*made, *wanted.alarm(metric, topic, GROUP, bare.snapshot, made))
    planned = bare.snapshot
    for write in done:
        planned = write.on(planned)
    regions = assess(bare.after(done).snapshot, wanted.profile).regions
    assert {region.verdict for region in regions} == {verdict}
    assert [task.code for task in tasks(planned, bare.holdings, wanted)] == codes


def test_a_topic_is_created_with_its_key_and_not_with_one_that_cannot_work() -> None:
    bare = nothing_but_a_trail()
    known = replace(bare, holdings=replace(bare.holdings, keys={KEY.arn: KEY}))
    created, *_ = known.wanted({"topic": {"key": KEY.arn, "tags": {"team": "blue"}}}).topic(topic_arn(), known.snapshot)
    assert created.request.parameters["Attributes"]["KmsMasterKeyId"] == KEY.arn
    assert {"Key": "team", "Value": "blue"} in created.request.parameters["Tags"]
    assert created.written == {"KmsMasterKeyId": KEY.arn, "Tags": {"team": "blue"}}
    for key in (KEY.arn.replace(HOME, "us-east-1"), KEY.arn):
        wanted = bare.wanted({"topic": {"key": key}})
        assert [task.code for task in tasks(bare.snapshot, bare.holdings, wanted)] == ["topic.key"]
    assert bare.wanted({"topic": {"key": KEY.arn.replace(HOME, "us-east-1")}}).topic(topic_arn(), bare.snapshot) == ()


def test_our_statement_has_its_own_sid() -> None:
    assert [statement["Sid"] for statement in statements(all_ours().topic)] == [OUR_STATEMENT]
