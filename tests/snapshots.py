"""Made-up accounts, whole or bent anywhere, and the same with parts that gave no answer."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from blindspot.model.snapshot import (
    EventSelector,
    EventSelectors,
    FieldSelector,
    Key,
    LogGroup,
    MuteRule,
    Snapshot,
    Subscription,
    SubscriptionFilter,
    Topic,
    Trail,
    Unreadable,
)
from tests.builders import (
    ACCOUNT,
    CIS,
    HOME,
    NOW,
    REGIONS,
    a_compliant_snapshot,
    a_composite,
    a_filter,
    a_key,
    a_math_alarm,
    a_policy,
    a_status,
    a_topic,
    a_trail,
    an_alarm,
    log_group_arn,
    topic_arn,
)

SIEM = f"arn:aws:kinesis:{HOME}:{ACCOUNT}:stream/siem"
REFUSED = Unreadable("x:Read", HOME, "AccessDenied", denied=True)

PATTERNS = (
    CIS,
    CIS,
    '{ $.errorCode = "AccessDenied*" }',
    '{ $.errorCode = "*UnauthorizedOperation" }',
    "?AccessDenied ?UnauthorizedOperation",
    '{ $.errorCode = "AccessDenied" }',
    f'{{ ({CIS[2:-2]}) && $.awsRegion = "{HOME}" }}',
    "{ $.eventName = * }",
    "[first, second]",
    "{ broken",
)


def _one_of(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


def _bent(make: Callable[..., Any], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """What `make` returns, any of these fields bent: most often none or one of them."""
    bends = st.lists(st.sampled_from(sorted(fields)), max_size=2, unique=True)
    return bends.flatmap(lambda names: st.fixed_dictionaries({name: fields[name] for name in names})).map(
        lambda bent: make(**bent)
    )


statuses = _bent(
    a_status,
    logging=st.just(False),
    logs_delivered_at=_one_of(None, NOW - timedelta(days=2)),
    logging_since=_one_of(NOW - timedelta(hours=1)),
    logs_delivery_error=st.just("AccessDenied"),
    bucket_error=st.just("NoSuchBucket"),
)
selectors = _one_of(
    EventSelectors(),
    EventSelectors((EventSelector("ReadOnly"),)),
    EventSelectors((EventSelector("WriteOnly"),)),
    EventSelectors((EventSelector(excluded_sources=("kms.amazonaws.com",)),)),
    EventSelectors(advanced=((FieldSelector("readOnly", equals=("true",)),),)),
    EventSelectors(advanced=((FieldSelector("tlsDetails", equals=("x",)),),)),
)
NAMES = ("management-events", "second")


def _trails(name: str) -> st.SearchStrategy[Trail]:
    def make(**bent: Any) -> Trail:
        return a_trail(bent.pop("home_region", HOME), name, **bent)

    return _bent(
        make,
        status=statuses,
        selectors=selectors,
        multi_region=st.just(False),
        global_service_events=st.just(False),
        log_group_arn=_one_of(None, log_group_arn(name="management-events")),
        bucket_arn=st.just("arn:aws:s3:::siem"),
    )


filters = _bent(
    a_filter,
    pattern=st.sampled_from(PATTERNS),
    value=_one_of("0", "2", "-1", "$.count"),
    default=_one_of(0.0, 1.0),
    unit=st.just("Count"),
    metric=st.just("other"),
    dimensions=st.just((("user", "$.userIdentity.userName"),)),
    field_selection=_one_of(f'@aws.region = "{HOME}"', '@aws.region = "us-west-2"', "?"),
    on_transformed_logs=st.just(True),
)


def _log_groups(name: str) -> st.SearchStrategy[LogGroup | None]:
    arn = log_group_arn(name=name)
    found = st.lists(filters, min_size=1, max_size=3).map(
        lambda many: LogGroup(arn, tuple(replace(one, name=f"f{number}") for number, one in enumerate(many)))
    )
    to_siem = _one_of("", CIS, "?AccessDenied").map(lambda pattern: (SubscriptionFilter("all", pattern, SIEM),))
    bent = st.fixed_dictionaries({}, optional={"log_class": _one_of("DELIVERY", "NEW"), "subscriptions": to_siem})
    return st.just(None) | st.tuples(found, bent).map(lambda both: replace(both[0], **both[1]))


alarms = _bent(
    an_alarm,
    statistic=_one_of("SampleCount", "Maximum", "Average", None),
    comparison=_one_of("GreaterThanThreshold", "LessThanThreshold"),
    threshold=_one_of(0.0, 2.0),
    missing_data=_one_of("ignore", "breaching", "notBreaching"),
    evaluation_periods=st.just(2),
    actions_enabled=st.just(False),
    actions=_one_of((), (topic_arn(name="gone"),), (topic_arn("us-east-1"),)),
    unit=st.just("Count"),
)
others = _one_of(
    a_math_alarm("FILL(m1, 0)"),
    a_math_alarm("m1 * 2"),
    a_composite('ALARM("unauthorized")'),
    a_composite('ALARM("unauthorized") AND ALARM("other")'),
)
keys = _bent(a_key, state=st.just("Disabled"), managed_by_aws=st.just(True), policy=_one_of("x", '{"Statement": []}'))
subscriptions = _one_of(
    Subscription(None, "email"),
    Subscription(f"{topic_arn()}:1", "sqs"),
    Subscription(f"{topic_arn()}:2", "sqs", '{"a": ["b"]}'),
    Subscription(f"{topic_arn()}:3", "sqs", '{"x": ["b"]}', "MessageBody"),
)


def _topic(**bent: Any) -> Topic:
    key = bent.pop("key", None)
    return a_topic(**bent, key_id=key and "alias/mine", key=key)


topics = st.just(None) | _bent(
    _topic,
    policy=_one_of("x", '{"Statement": []}', a_policy(topic_arn(), owner="999999999999")),
    key=keys,
    subscriptions=st.lists(subscriptions, max_size=3).map(tuple),
)
mute_rules = _one_of("ACTIVE", "SCHEDULED").map(
    lambda status: (MuteRule(f"arn:aws:cloudwatch:{HOME}:{ACCOUNT}:alarm-mute-rule:m", status, ("unauthorized",)),)
)


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    """Accounts of one or two trails, each with a log group, and the alarms and the topic that these lead to."""
    names = NAMES[: draw(st.integers(1, 2))]
    whole = a_compliant_snapshot()
    trails = tuple(draw(_trails(name)) for name in names)
    groups = {log_group_arn(name=name): draw(_log_groups(name)) for name in NAMES}
    named = {trail.log_group_arn for trail in trails}
    return replace(
        whole,
        trails=trails,
        log_groups={arn: group for arn, group in groups.items() if arn in named},
        alarms={(ACCOUNT, HOME): (draw(alarms), *draw(st.lists(others, max_size=2, unique=True)))},
        mute_rules={(ACCOUNT, HOME): draw(st.just(()) | st.just(()) | mute_rules)},
        topics={topic_arn(): draw(st.just(a_topic()) | topics), topic_arn(name="gone"): None},
    )


def unread(snapshot: Snapshot) -> Iterator[Snapshot]:
    """The snapshot with each of its parts in turn unread."""
    yield replace(snapshot, regions=REFUSED)
    yield replace(snapshot, trails=(), unread_regions=dict.fromkeys(REGIONS, REFUSED))
    yield replace(snapshot, alarms=dict.fromkeys(snapshot.alarms, REFUSED))
    yield replace(snapshot, mute_rules=dict.fromkeys(snapshot.mute_rules, REFUSED))
    for number, trail in enumerate(snapshot.trails):
        for bent in (replace(trail, status=REFUSED), replace(trail, selectors=REFUSED)):
            yield replace(snapshot, trails=(*snapshot.trails[:number], bent, *snapshot.trails[number + 1 :]))
    for arn, group in snapshot.log_groups.items():
        for bent_group in (REFUSED, *_unread_group(group)):
            yield replace(snapshot, log_groups={**snapshot.log_groups, arn: bent_group})
    for arn, topic in snapshot.topics.items():
        for bent_topic in (REFUSED, *_unread_topic(topic)):
            yield replace(snapshot, topics={**snapshot.topics, arn: bent_topic})


def _unread_group(group: LogGroup | Unreadable | None) -> Iterator[LogGroup | Unreadable]:
    if isinstance(group, LogGroup):
        yield replace(group, filters=REFUSED)
        yield replace(group, log_class=REFUSED)
        yield replace(group, subscriptions=REFUSED)


def _unread_topic(topic: Topic | Unreadable | None) -> Iterator[Topic | Unreadable]:
    if not isinstance(topic, Topic):
        return
    yield replace(topic, subscriptions=REFUSED)
    if isinstance(topic.key, Key):
        yield replace(topic, key=REFUSED)
        yield replace(topic, key=replace(topic.key, policy=REFUSED))
    if not isinstance(topic.subscriptions, Unreadable):
        yield replace(
            topic, subscriptions=tuple(replace(s, filter_policy=REFUSED) for s in topic.subscriptions if s.arn)
        )
