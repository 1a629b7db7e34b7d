"""Accounts as they are read: one link bent at a time, what that breaks, leaves open or still holds by `cis-level-2`."""

from datetime import timedelta
from typing import Any

from blindspot.model import profile
from blindspot.model.snapshot import (
    UNKNOWN_KIND,
    EventSelector,
    EventSelectors,
    FieldSelector,
    LogGroup,
    MuteRule,
    OtherAlarm,
    Snapshot,
    Subscription,
    SubscriptionFilter,
    Unreadable,
)
from tests.builders import (
    ACCOUNT,
    CIS,
    HOME,
    NOW,
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

PROFILE = profile.load("cis-level-2")


def trails(**bent: Any) -> Snapshot:
    return a_compliant_snapshot(trails=(a_trail(**bent),))


def filters(*bent: Any) -> Snapshot:
    return a_compliant_snapshot(filters=bent)


def alarm(**bent: Any) -> Snapshot:
    return a_compliant_snapshot(alarms=(an_alarm(**bent),))


def topic(**bent: Any) -> Snapshot:
    return a_compliant_snapshot(topics={topic_arn(): a_topic(**bent)})


def selected(*selectors: EventSelector) -> Snapshot:
    return trails(selectors=EventSelectors(selectors))


def advanced(*fields: FieldSelector) -> Snapshot:
    return trails(selectors=EventSelectors(advanced=(fields,)))


def log_group(**bent: Any) -> Snapshot:
    return a_compliant_snapshot(log_groups={log_group_arn(): LogGroup(log_group_arn(), (a_filter(),), **bent)})


def theirs(arn: str) -> str:
    """The same in another account."""
    return arn.replace(ACCOUNT, "999999999999")


MUTE = f"arn:aws:cloudwatch:{HOME}:{ACCOUNT}:alarm-mute-rule"


KEY_POLICY = (
    '{"Statement": {"Effect": "Allow", "Principal": {"Service": "cloudwatch.amazonaws.com"},'
    ' "Action": ["kms:Decrypt", "kms:GenerateDataKey*"], "Resource": "*"}}'
)


ORGANIZATION = (
    '{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": "*",'
    ' "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}}}'
)


REFUSED = Unreadable("logs:DescribeMetricFilters", HOME, "AccessDeniedException", denied=True)


ELSEWHERE = topic_arn("us-east-1")


BROKEN = {
    "no trail": (a_compliant_snapshot(trails=()), "trail.missing"),
    "not logging": (trails(status=a_status(logging=False)), "trail.not-logging"),
    "no log group set": (trails(log_group_arn=None), "trail.no-log-group"),
    "delivery refused": (trails(status=a_status(logs_delivery_error="AccessDenied")), "trail.delivery-failing"),
    "never delivered": (trails(status=a_status(logs_delivered_at=None)), "trail.delivery-failing"),
    "stale": (trails(status=a_status(logs_delivered_at=NOW - timedelta(hours=25))), "trail.delivery-failing"),
    "only data events": (selected(EventSelector(management_events=False)), "trail.selectors"),
    "only writes": (selected(EventSelector("WriteOnly")), "trail.selectors"),
    "without kms": (selected(EventSelector(excluded_sources=("kms.amazonaws.com",))), "trail.selectors"),
    "log group gone": (a_compliant_snapshot(log_groups={log_group_arn(): None}), "log-group.missing"),
    "no filter": (filters(), "filter.missing"),
    "unrelated filter": (filters(a_filter("{ $.eventName = ConsoleLogin }")), "filter.missing"),
    "excluded by an advanced selector": (
        advanced(
            FieldSelector("eventCategory", equals=("Management",)),
            FieldSelector("eventSource", not_equals=("kms.amazonaws.com",)),
        ),
        "trail.selectors",
    ),
    "infrequent access": (log_group(log_class="INFREQUENT_ACCESS"), "log-group.class"),
    "selects another region": (filters(a_filter(field_selection='@aws.region = "us-west-2"')), "filter.narrowed"),
    "counted under a dimension": (
        a_compliant_snapshot(
            filters=(a_filter(dimensions=(("user", "$.userIdentity.userName"),)),),
            alarms=(an_alarm(dimensions=(("user", "alice"),)),),
        ),
        "filter.narrowed",
    ),
    "no wildcard": (filters(a_filter('{ $.errorCode = "AccessDenied" }')), "filter.misses"),
    "one arm": (filters(a_filter('{ $.errorCode = "AccessDenied*" }')), "filter.misses"),
    "value zero": (filters(a_filter(value="0")), "filter.value"),
    "value negative": (filters(a_filter(value="-1")), "filter.value"),
    "counts everything": (filters(a_filter("{ $.eventName = * }")), "filter.noise"),
    "no alarm": (a_compliant_snapshot(alarms=()), "alarm.missing"),
    "other namespace": (alarm(namespace="Other"), "alarm.missing"),
    "other unit": (alarm(unit="Bytes"), "alarm.missing"),
    "other dimensions": (alarm(dimensions=(("a", "b"),)), "alarm.missing"),
    "threshold ten": (alarm(threshold=10.0), "alarm.insensitive"),
    "greater than one": (alarm(comparison="GreaterThanThreshold"), "alarm.insensitive"),
    "two periods": (
        alarm(evaluation_periods=2, datapoints=2, missing_data="notBreaching"),
        "alarm.insensitive",
    ),
    "average": (alarm(statistic="Average", threshold=2.0), "alarm.never-fires"),
    "fires below": (alarm(comparison="LessThanThreshold", threshold=5.0), "alarm.never-fires"),
    "keeps its state": (alarm(missing_data="ignore"), "alarm.latches"),
    "alarms at rest": (alarm(missing_data="breaching"), "alarm.latches"),
    "zero is enough": (
        a_compliant_snapshot(filters=(a_filter(default=0.0),), alarms=(an_alarm(threshold=0.0),)),
        "alarm.latches",
    ),
    "disabled actions": (alarm(actions_enabled=False), "alarm.actions-disabled"),
    "no action": (alarm(actions=()), "alarm.no-action"),
    "a function": (alarm(actions=(f"arn:aws:lambda:{HOME}:{ACCOUNT}:function:f",)), "alarm.no-action"),
    "topic gone": (a_compliant_snapshot(topics={topic_arn(): None}), "topic.missing"),
    "topic elsewhere": (
        a_compliant_snapshot(alarms=(an_alarm(actions=(ELSEWHERE,)),), topics={ELSEWHERE: a_topic(ELSEWHERE)}),
        "topic.region",
    ),
    "muted": (
        a_compliant_snapshot(mute_rules={(ACCOUNT, HOME): (MuteRule(f"{MUTE}:m", "ACTIVE", ("unauthorized",)),)}),
        "alarm.muted",
    ),
    "sample count at rest": (
        a_compliant_snapshot(filters=(a_filter(default=0.0),), alarms=(an_alarm(statistic="SampleCount"),)),
        "alarm.latches",
    ),
    "average with a default": (
        a_compliant_snapshot(filters=(a_filter(default=0.0),), alarms=(an_alarm(statistic="Average"),)),
        "alarm.never-fires",
    ),
    "composite of two": (
        a_compliant_snapshot(
            alarms=(an_alarm(actions=()), a_composite('ALARM("unauthorized") AND ALARM("other")')),
        ),
        "alarm.insensitive",
    ),
    "another owner": (topic(policy=a_policy(topic_arn(), owner="999999999999")), "topic.policy"),
    "open to an organization": (topic(policy=ORGANIZATION), "topic.policy"),
    "nobody let in": (topic(policy='{"Statement": []}'), "topic.policy"),
    "managed key": (topic(key_id="alias/aws/sns"), "topic.key"),
    "key gone": (topic(key_id="alias/mine"), "topic.key"),
    "key for this account only": (topic(key_id="alias/mine", key=a_key()), "topic.key"),
    "filtered": (topic(subscriptions=(Subscription("arn:s", "email", '{"a": ["b"]}'),)), "subscription.filtered"),
    "nobody subscribed": (topic(subscriptions=()), "subscription.missing"),
    "pending": (topic(subscriptions=(Subscription(None, "email"),)), "subscription.pending"),
}


DOUBTFUL = {
    "status refused": trails(status=REFUSED),
    "selectors refused": trails(selectors=REFUSED),
    "selector on an unknown field": advanced(FieldSelector("tlsDetails.tlsVersion", equals=("TLSv1.3",))),
    "class refused": log_group(log_class=REFUSED),
    "new class": log_group(log_class="ESSENTIALS"),
    "log group refused": a_compliant_snapshot(log_groups={log_group_arn(): REFUSED}),
    "filters refused": a_compliant_snapshot(log_groups={log_group_arn(): LogGroup(log_group_arn(), REFUSED)}),
    "pattern by position": filters(a_filter("[first, second]")),
    "unquoted digits": filters(a_filter(f"{{ ({CIS[2:-2]}) && $.recipientAccountId = {ACCOUNT} }}")),
    "value from the event": filters(a_filter(value="$.count")),
    "selection by another field": filters(a_filter(field_selection='@data_source = "cloudtrail"')),
    "transformed logs": filters(a_filter(on_transformed_logs=True)),
    "filter with dimensions": filters(a_filter(dimensions=(("user", "$.userIdentity.arn"),))),
    "alarms refused": a_compliant_snapshot(alarms=REFUSED),
    "filters unanswered": a_compliant_snapshot(
        log_groups={
            log_group_arn(): LogGroup(log_group_arn(), Unreadable("logs:DescribeMetricFilters", HOME, "Timeout"))
        }
    ),
    "log group in an excluded region": a_compliant_snapshot(
        log_groups={log_group_arn(): Unreadable("logs:DescribeMetricFilters", HOME, "Excluded")}
    ),
    "another account's log group": a_compliant_snapshot(
        trails=(a_trail(log_group_arn=theirs(log_group_arn())),),
        log_groups={theirs(log_group_arn()): Unreadable("logs:DescribeMetricFilters", HOME, "ForeignAccount")},
    ),
    "a central copy with the filter": a_compliant_snapshot(
        filters=(),
        other_filters={(ACCOUNT, "us-east-1"): ((log_group_arn("us-east-1"), a_filter()),)},
    ),
    "a topic for small messages": topic(largest_message=1024),
    "another account's topic": a_compliant_snapshot(
        alarms=(an_alarm(actions=(theirs(topic_arn()),)),),
        topics={theirs(topic_arn()): Unreadable("sns:GetTopicAttributes", HOME, "ForeignAccount")},
    ),
    "another account's key": topic(
        key_id=theirs(a_key().arn), key=Unreadable("kms:DescribeKey", HOME, "ForeignAccount")
    ),
    "another account's subscription": topic(
        subscriptions=(
            Subscription(
                f"{topic_arn()}:0001",
                "email",
                Unreadable("sns:GetSubscriptionAttributes", HOME, "ForeignAccount"),
                owner="999999999999",
            ),
        )
    ),
    "another account's trail": trails(
        arn=f"arn:aws:cloudtrail:{HOME}:999999999999:trail/organization",
        selectors=Unreadable("cloudtrail:GetEventSelectors", HOME, "ForeignAccount"),
    ),
    "other metric math": a_compliant_snapshot(alarms=(a_math_alarm("LOG(m1)"),)),
    "composite that is not understood": a_compliant_snapshot(
        alarms=(an_alarm(actions=()), a_composite("AT_LEAST(1, (unauthorized, other))"))
    ),
    "mute rules refused": a_compliant_snapshot(mute_rules={(ACCOUNT, HOME): REFUSED}),
    "muted alarms refused": a_compliant_snapshot(
        mute_rules={(ACCOUNT, HOME): (MuteRule(f"{MUTE}:m", "ACTIVE", REFUSED),)}
    ),
    "log alarm": a_compliant_snapshot(
        alarms=(OtherAlarm("arn:aws:cloudwatch:eu-west-1:1:alarm:l", "log alarm", mentions='["management-events"]'),)
    ),
    "query that names the metric": a_compliant_snapshot(
        alarms=(OtherAlarm("arn:aws:cloudwatch:eu-west-1:1:alarm:q", "query", mentions="sum(unauthorized_api_calls)"),)
    ),
    "unknown kind": a_compliant_snapshot(alarms=(OtherAlarm("arn:aws:cloudwatch:eu-west-1:1:alarm:u", UNKNOWN_KIND),)),
    "percentile": alarm(statistic=None),
    "anomaly band": alarm(comparison="GreaterThanUpperThreshold"),
    "breaching without data, a default otherwise": a_compliant_snapshot(
        filters=(a_filter(default=0.0),), alarms=(an_alarm(missing_data="breaching"),)
    ),
    "topic refused": a_compliant_snapshot(topics={topic_arn(): REFUSED}),
    "key refused": topic(key_id="alias/mine", key=REFUSED),
    "key policy refused": topic(key_id="alias/mine", key=a_key(policy=REFUSED)),
    "policy is no JSON": topic(policy="x"),
    "subscriptions refused": topic(subscriptions=REFUSED),
    "filter policy refused": topic(subscriptions=(Subscription("arn:s", "email", REFUSED),)),
}


HOLDS = {
    "as built": a_compliant_snapshot(),
    "advanced, all": advanced(FieldSelector("eventCategory", equals=("Management",))),
    "selects this region": filters(a_filter(field_selection=f'@aws.region = "{HOME}"')),
    "system dimensions": a_compliant_snapshot(
        filters=(a_filter(system_dimensions=("@aws.account",)),),
        alarms=(an_alarm(dimensions=(("@aws.account", ACCOUNT),)),),
    ),
    "metric math": a_compliant_snapshot(alarms=(a_math_alarm("FILL(m1, 0)"),)),
    "composite alarm": a_compliant_snapshot(
        alarms=(an_alarm(actions=()), a_composite('ALARM("unauthorized") AND NOT ALARM("maintenance")'))
    ),
    "composite of a composite": a_compliant_snapshot(
        alarms=(
            an_alarm(actions=()),
            a_composite("ALARM(unauthorized)", name="inner", actions=()),
            a_composite("ALARM(inner) OR ALARM(other)", name="outer"),
        )
    ),
    "muted later": a_compliant_snapshot(
        mute_rules={(ACCOUNT, HOME): (MuteRule(f"{MUTE}:m", "SCHEDULED", ("unauthorized",)),)}
    ),
    "another alarm muted": a_compliant_snapshot(
        mute_rules={(ACCOUNT, HOME): (MuteRule(f"{MUTE}:m", "ACTIVE", ("other",)),)}
    ),
    "own key": topic(key_id="alias/mine", key=a_key(policy=KEY_POLICY)),
    "two periods, missing data": alarm(evaluation_periods=2, datapoints=2),
    "negative, and below": a_compliant_snapshot(
        filters=(a_filter(value="-1"),), alarms=(an_alarm(comparison="LessThanThreshold", threshold=0.0),)
    ),
    "logging since today": trails(status=a_status(logs_delivered_at=None, logging_since=NOW - timedelta(hours=2))),
    "reads and writes apart": selected(EventSelector("ReadOnly"), EventSelector("WriteOnly")),
    "cis": filters(a_filter(PROFILE.pattern.text)),
    "words": filters(a_filter("?AccessDenied ?UnauthorizedOperation")),
    "regular expression": filters(a_filter("{ $.errorCode = %^AccessDenied|UnauthorizedOperation$% }")),
    "two half filters": filters(
        a_filter('{ $.errorCode = "AccessDenied*" }'), a_filter('{ $.errorCode = "*UnauthorizedOperation" }')
    ),
    "fractional value": a_compliant_snapshot(filters=(a_filter(value="0.5"),), alarms=(an_alarm(threshold=0.5),)),
    "default zero": filters(a_filter(default=0.0)),
    "keeps its state, but data flow": a_compliant_snapshot(
        filters=(a_filter(default=0.0),), alarms=(an_alarm(missing_data="ignore"),)
    ),
    "one of three periods": alarm(evaluation_periods=3, datapoints=1, missing_data="notBreaching"),
    "maximum": alarm(statistic="Maximum"),
    "sample count": alarm(statistic="SampleCount"),
    "unit none": alarm(unit="None"),
    "one of two topics": alarm(actions=(topic_arn(name="gone"), topic_arn())),
    "one of two subscriptions": topic(subscriptions=(Subscription(None, "email"), Subscription("arn:s", "sqs"))),
}


SIEM = "arn:aws:kinesis:eu-west-1:1:stream/siem"


def to_siem(pattern: str) -> Snapshot:
    """Nothing but a subscription filter."""
    group = LogGroup(log_group_arn(), (), subscriptions=(SubscriptionFilter("all", pattern, SIEM),))
    return a_compliant_snapshot(log_groups={group.arn: group})


HOSTILE = " && ".join(f'$.a = "*{letter}*"' for letter in "abcdefghijklmnopqrstuvwx")
