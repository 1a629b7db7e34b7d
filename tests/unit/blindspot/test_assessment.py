"""One link bent at a time: the verdict and the gap; and what is not known is never a pass."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from blindspot.model import profile
from blindspot.model.findings import FIXES
from blindspot.model.snapshot import (
    FUTURE,
    UNKNOWN_KIND,
    EventSelector,
    EventSelectors,
    FieldSelector,
    LogGroup,
    MuteRule,
    OtherAlarm,
    Skipped,
    Snapshot,
    Subscription,
    SubscriptionFilter,
    Unreadable,
)
from blindspot.verdict.assessment import Assessment, RegionAssessment, Verdict, assess
from tests.builders import (
    ACCOUNT,
    CIS,
    HOME,
    NOW,
    REGIONS,
    a_compliant_account,
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

COMPLIANT, INDETERMINATE, NON_COMPLIANT = Verdict
PROFILE = profile.load("cis-level-2")


def of_region(assessment: Assessment, name: str) -> RegionAssessment:
    return next(region for region in assessment.regions if region.region == name)


def trails(**bent: Any) -> Snapshot:
    return a_compliant_account(trails=(a_trail(**bent),))


def filters(*bent: Any) -> Snapshot:
    return a_compliant_account(filters=bent)


def alarm(**bent: Any) -> Snapshot:
    return a_compliant_account(alarms=(an_alarm(**bent),))


def topic(**bent: Any) -> Snapshot:
    return a_compliant_account(topics={topic_arn(): a_topic(**bent)})


def selected(*selectors: EventSelector) -> Snapshot:
    return trails(selectors=EventSelectors(selectors))


def advanced(*fields: FieldSelector) -> Snapshot:
    return trails(selectors=EventSelectors(advanced=(fields,)))


def log_group(**bent: Any) -> Snapshot:
    return a_compliant_account(log_groups={log_group_arn(): LogGroup(log_group_arn(), (a_filter(),), **bent)})


MUTE = f"arn:aws:cloudwatch:{HOME}:{ACCOUNT}:alarm-mute-rule"
KEY_POLICY = (
    '{"Statement": {"Effect": "Allow", "Principal": {"Service": "cloudwatch.amazonaws.com"},'
    ' "Action": ["kms:Decrypt", "kms:GenerateDataKey*"], "Resource": "*"}}'
)

REFUSED = Unreadable("logs:DescribeMetricFilters", HOME, "AccessDeniedException", denied=True)
ELSEWHERE = topic_arn("us-east-1")

BROKEN = {
    "no trail": (a_compliant_account(trails=()), "trail.missing"),
    "not logging": (trails(status=a_status(logging=False)), "trail.not-logging"),
    "no log group set": (trails(log_group_arn=None), "trail.no-log-group"),
    "delivery refused": (trails(status=a_status(logs_delivery_error="AccessDenied")), "trail.delivery-failing"),
    "never delivered": (trails(status=a_status(logs_delivered_at=None)), "trail.delivery-failing"),
    "stale": (trails(status=a_status(logs_delivered_at=NOW - timedelta(hours=25))), "trail.delivery-failing"),
    "only data events": (selected(EventSelector(management_events=False)), "trail.selectors"),
    "only writes": (selected(EventSelector("WriteOnly")), "trail.selectors"),
    "without kms": (selected(EventSelector(excluded_sources=("kms.amazonaws.com",))), "trail.selectors"),
    "log group gone": (a_compliant_account(log_groups={log_group_arn(): None}), "log-group.missing"),
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
        a_compliant_account(
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
    "no alarm": (a_compliant_account(alarms=()), "alarm.missing"),
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
        a_compliant_account(filters=(a_filter(default=0.0),), alarms=(an_alarm(threshold=0.0),)),
        "alarm.latches",
    ),
    "disabled actions": (alarm(actions_enabled=False), "alarm.actions-disabled"),
    "no action": (alarm(actions=()), "alarm.no-action"),
    "a function": (alarm(actions=(f"arn:aws:lambda:{HOME}:{ACCOUNT}:function:f",)), "alarm.no-action"),
    "topic gone": (a_compliant_account(topics={topic_arn(): None}), "topic.missing"),
    "topic elsewhere": (
        a_compliant_account(alarms=(an_alarm(actions=(ELSEWHERE,)),), topics={ELSEWHERE: a_topic(ELSEWHERE)}),
        "topic.region",
    ),
    "muted": (
        a_compliant_account(mute_rules={(ACCOUNT, HOME): (MuteRule(f"{MUTE}:m", "ACTIVE", ("unauthorized",)),)}),
        "alarm.muted",
    ),
    "sample count at rest": (
        a_compliant_account(filters=(a_filter(default=0.0),), alarms=(an_alarm(statistic="SampleCount"),)),
        "alarm.latches",
    ),
    "average with a default": (
        a_compliant_account(filters=(a_filter(default=0.0),), alarms=(an_alarm(statistic="Average"),)),
        "alarm.never-fires",
    ),
    "composite of two": (
        a_compliant_account(
            alarms=(an_alarm(actions=()), a_composite('ALARM("unauthorized") AND ALARM("other")')),
        ),
        "alarm.insensitive",
    ),
    "another owner": (topic(policy=a_policy(topic_arn(), owner="999999999999")), "topic.policy"),
    "nobody let in": (topic(policy='{"Statement": []}'), "topic.policy"),
    "managed key": (topic(key_id="alias/aws/sns"), "topic.key"),
    "key gone": (topic(key_id="alias/mine"), "topic.key"),
    "key for this account only": (topic(key_id="alias/mine", key=a_key()), "topic.key"),
    "filtered": (topic(subscriptions=(Subscription("arn:s", "email", '{"a": ["b"]}'),)), "subscription.filtered"),
    "nobody subscribed": (topic(subscriptions=()), "subscription.missing"),
    "pending": (topic(subscriptions=(Subscription(None, "email"),)), "subscription.pending"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_link_blinds_every_region(name: str) -> None:
    snapshot, code = BROKEN[name]
    assessment = assess(snapshot, PROFILE)
    assert assessment.verdict is NON_COMPLIANT
    for region in assessment.regions:
        expected = "trail.not-multi-region" if (code, region.region) == ("trail.missing", FUTURE) else code
        assert [gap.code for gap in region.gaps] == [expected]
        assert region.verdict is NON_COMPLIANT
        assert region.blind_spot is not None
        assert PROFILE.required.matches(region.blind_spot)
        assert not any(benign.matches(region.blind_spot) for benign in PROFILE.benign)


DOUBTFUL = {
    "status refused": trails(status=REFUSED),
    "selectors refused": trails(selectors=REFUSED),
    "selector on an unknown field": advanced(FieldSelector("tlsDetails.tlsVersion", equals=("TLSv1.3",))),
    "class refused": log_group(log_class=REFUSED),
    "new class": log_group(log_class="ESSENTIALS"),
    "log group refused": a_compliant_account(log_groups={log_group_arn(): REFUSED}),
    "filters refused": a_compliant_account(log_groups={log_group_arn(): LogGroup(log_group_arn(), REFUSED)}),
    "pattern by position": filters(a_filter("[first, second]")),
    "unquoted digits": filters(a_filter(f"{{ ({CIS[2:-2]}) && $.recipientAccountId = {ACCOUNT} }}")),
    "value from the event": filters(a_filter(value="$.count")),
    "selection by another field": filters(a_filter(field_selection='@data_source = "cloudtrail"')),
    "transformed logs": filters(a_filter(on_transformed_logs=True)),
    "filter with dimensions": filters(a_filter(dimensions=(("user", "$.userIdentity.arn"),))),
    "alarms refused": a_compliant_account(alarms=REFUSED),
    "filters unanswered": a_compliant_account(
        log_groups={
            log_group_arn(): LogGroup(log_group_arn(), Unreadable("logs:DescribeMetricFilters", HOME, "Timeout"))
        }
    ),
    "log group in an excluded region": a_compliant_account(
        log_groups={log_group_arn(): Unreadable("logs:DescribeMetricFilters", HOME, "Excluded")}
    ),
    "another account's log group": a_compliant_account(
        log_groups={log_group_arn(): Unreadable("logs:DescribeMetricFilters", HOME, "ForeignAccount")}
    ),
    "another account's trail": trails(
        arn=f"arn:aws:cloudtrail:{HOME}:999999999999:trail/organization",
        selectors=Unreadable("cloudtrail:GetEventSelectors", HOME, "ForeignAccount"),
    ),
    "other metric math": a_compliant_account(alarms=(a_math_alarm("100 * m1"),)),
    "composite that is not understood": a_compliant_account(
        alarms=(an_alarm(actions=()), a_composite("AT_LEAST(1, ALARM, (unauthorized, other))"))
    ),
    "mute rules refused": a_compliant_account(mute_rules={(ACCOUNT, HOME): REFUSED}),
    "muted alarms refused": a_compliant_account(
        mute_rules={(ACCOUNT, HOME): (MuteRule(f"{MUTE}:m", "ACTIVE", REFUSED),)}
    ),
    "log alarm": a_compliant_account(
        alarms=(OtherAlarm("arn:aws:cloudwatch:eu-west-1:1:alarm:l", "log alarm", mentions='["management-events"]'),)
    ),
    "query that names the metric": a_compliant_account(
        alarms=(OtherAlarm("arn:aws:cloudwatch:eu-west-1:1:alarm:q", "query", mentions="sum(unauthorized_api_calls)"),)
    ),
    "unknown kind": a_compliant_account(alarms=(OtherAlarm("arn:aws:cloudwatch:eu-west-1:1:alarm:u", UNKNOWN_KIND),)),
    "percentile": alarm(statistic=None),
    "anomaly band": alarm(comparison="GreaterThanUpperThreshold"),
    "breaching without data, a default otherwise": a_compliant_account(
        filters=(a_filter(default=0.0),), alarms=(an_alarm(missing_data="breaching"),)
    ),
    "topic refused": a_compliant_account(topics={topic_arn(): REFUSED}),
    "key refused": topic(key_id="alias/mine", key=REFUSED),
    "key policy refused": topic(key_id="alias/mine", key=a_key(policy=REFUSED)),
    "policy is no JSON": topic(policy="x"),
    "subscriptions refused": topic(subscriptions=REFUSED),
    "filter policy refused": topic(subscriptions=(Subscription("arn:s", "email", REFUSED),)),
}


@pytest.mark.parametrize("name", DOUBTFUL)
def test_a_doubtful_link_is_neither_a_pass_nor_a_failure(name: str) -> None:
    assessment = assess(DOUBTFUL[name], PROFILE)
    for region in assessment.regions:
        assert region.verdict is INDETERMINATE
        assert region.doubts
        assert region.gaps == ()
        undecided = any("cannot be decided" in doubt.message for doubt in region.doubts)
        assert (region.blind_spot is None) == undecided


@pytest.mark.parametrize("name", [*BROKEN, *DOUBTFUL])
def test_beside_a_whole_channel_a_bad_one_spoils_nothing(name: str) -> None:
    bad = BROKEN[name][0] if name in BROKEN else DOUBTFUL[name]
    away = "us-east-1"
    good = replace(
        bad,
        trails=(*bad.trails, a_trail(away, "second")),
        log_groups={
            **bad.log_groups,
            log_group_arn(away, "second"): LogGroup(log_group_arn(away, "second"), (a_filter(),)),
        },
        alarms={**bad.alarms, (ACCOUNT, away): (an_alarm(away),)},
        topics={**bad.topics, topic_arn(away): a_topic(topic_arn(away))},
    )
    assert assess(good, PROFILE).verdict is COMPLIANT


HOLDS = {
    "as built": a_compliant_account(),
    "advanced, all": advanced(FieldSelector("eventCategory", equals=("Management",))),
    "selects this region": filters(a_filter(field_selection=f'@aws.region = "{HOME}"')),
    "system dimensions": a_compliant_account(
        filters=(a_filter(system_dimensions=("@aws.account",)),),
        alarms=(an_alarm(dimensions=(("@aws.account", ACCOUNT),)),),
    ),
    "metric math": a_compliant_account(alarms=(a_math_alarm("FILL(m1, 0)"),)),
    "composite alarm": a_compliant_account(
        alarms=(an_alarm(actions=()), a_composite('ALARM("unauthorized") AND NOT ALARM("maintenance")'))
    ),
    "composite of a composite": a_compliant_account(
        alarms=(
            an_alarm(actions=()),
            a_composite("ALARM(unauthorized)", name="inner", actions=()),
            a_composite("ALARM(inner) OR ALARM(other)", name="outer"),
        )
    ),
    "muted later": a_compliant_account(
        mute_rules={(ACCOUNT, HOME): (MuteRule(f"{MUTE}:m", "SCHEDULED", ("unauthorized",)),)}
    ),
    "another alarm muted": a_compliant_account(
        mute_rules={(ACCOUNT, HOME): (MuteRule(f"{MUTE}:m", "ACTIVE", ("other",)),)}
    ),
    "own key": topic(key_id="alias/mine", key=a_key(policy=KEY_POLICY)),
    "two periods, missing data": alarm(evaluation_periods=2, datapoints=2),
    "negative, and below": a_compliant_account(
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
    "fractional value": a_compliant_account(filters=(a_filter(value="0.5"),), alarms=(an_alarm(threshold=0.5),)),
    "default zero": filters(a_filter(default=0.0)),
    "keeps its state, but data flow": a_compliant_account(
        filters=(a_filter(default=0.0),), alarms=(an_alarm(missing_data="ignore"),)
    ),
    "one of three periods": alarm(evaluation_periods=3, datapoints=1, missing_data="notBreaching"),
    "maximum": alarm(statistic="Maximum"),
    "sample count": alarm(statistic="SampleCount"),
    "unit none": alarm(unit="None"),
    "one of two topics": alarm(actions=(topic_arn(name="gone"), topic_arn())),
    "one of two subscriptions": topic(subscriptions=(Subscription(None, "email"), Subscription("arn:s", "sqs"))),
}


@pytest.mark.parametrize("name", HOLDS)
def test_other_ways_to_be_compliant(name: str) -> None:
    assert assess(HOLDS[name], PROFILE).verdict is COMPLIANT


def test_writes_and_reads_recorded_by_two_trails_add_up() -> None:
    both = [a_trail(name=kind, selectors=EventSelectors((EventSelector(kind),))) for kind in ("ReadOnly", "WriteOnly")]
    groups = {trail.log_group_arn: LogGroup(str(trail.log_group_arn), (a_filter(),)) for trail in both}
    snapshot = a_compliant_account(trails=tuple(both), log_groups=groups)
    assert assess(snapshot, PROFILE).verdict is COMPLIANT
    assert assess(replace(snapshot, trails=(both[0],)), PROFILE).verdict is NON_COMPLIANT


def test_a_regional_trail_sees_its_own_region_only() -> None:
    assessment = assess(trails(multi_region=False), PROFILE)
    verdicts = {region.region: region.verdict for region in assessment.regions}
    assert verdicts == {HOME: COMPLIANT} | dict.fromkeys({*REGIONS, FUTURE} - {HOME}, NON_COMPLIANT)
    assert [gap.code for gap in of_region(assessment, FUTURE).gaps] == ["trail.not-multi-region"]


def test_the_blind_spot_is_what_the_filter_misses() -> None:
    pattern = '{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied") }'
    region = assess(filters(a_filter(pattern)), PROFILE).regions[1]
    assert region.blind_spot is not None
    assert region.blind_spot["errorCode"] == "AccessDeniedException"
    assert region.blind_spot["awsRegion"] == region.region == HOME
    assert region.gaps[0].message == (
        "Metric filter unauthorized of log group management-events asks errorCode to equal "
        '"AccessDenied", without what follows it in "AccessDeniedException".'
    )


def test_a_noisy_filter_on_the_same_metric_deafens_the_alarm() -> None:
    noisy = a_filter("{ $.eventName = * }", name="noisy")
    assert assess(filters(a_filter(), noisy), PROFILE).verdict is NON_COMPLIANT
    assert assess(filters(a_filter(), replace(noisy, metric="other")), PROFILE).verdict is COMPLIANT


@pytest.mark.parametrize(
    ("statistic", "comparison", "threshold", "values"),
    [
        ("Minimum", "GreaterThanOrEqualToThreshold", 5.0, ("5", "1")),
        ("Average", "GreaterThanOrEqualToThreshold", 5.0, ("5", "1")),
        ("Maximum", "LessThanThreshold", 5.0, ("1", "10")),
        ("Sum", "GreaterThanOrEqualToThreshold", 2.0, ("1", "1")),
    ],
)
def test_filters_that_move_one_alarm_together_are_not_judged_apart(
    statistic: str, comparison: str, threshold: float, values: tuple[str, str]
) -> None:
    both = tuple(a_filter(value=value, name=f"f{number}") for number, value in enumerate(values))
    watching = an_alarm(statistic=statistic, comparison=comparison, threshold=threshold)
    assert assess(a_compliant_account(filters=both, alarms=(watching,)), PROFILE).verdict is not COMPLIANT


def test_a_default_value_of_a_log_group_that_gets_nothing_fills_no_gap() -> None:
    dead = a_trail(name="dead", status=a_status(logging=False))
    group = LogGroup(log_group_arn(name="dead"), (a_filter(default=0.0),))
    account = a_compliant_account(trails=(a_trail(), dead), alarms=(an_alarm(missing_data="ignore"),))
    account = replace(account, log_groups={**account.log_groups, group.arn: group})
    assert assess(account, PROFILE).verdict is INDETERMINATE
    unread = replace(account, log_groups={**account.log_groups, group.arn: REFUSED})
    assert assess(unread, PROFILE).verdict is INDETERMINATE


def test_a_noisy_filter_with_another_unit_does_not_reach_the_alarm() -> None:
    noisy = a_filter("{ $.eventName = * }", name="noisy", unit="Bytes")
    account = a_compliant_account(filters=(a_filter(unit="Count"), noisy), alarms=(an_alarm(unit="Count"),))
    assert assess(account, PROFILE).verdict is COMPLIANT


def others(condition: str) -> Snapshot:
    """A right filter that also counts whatever is true of other regions or accounts."""
    return filters(a_filter(f"{{ ({CIS[2:-2]}) || ({condition}) }}"))


def test_ordinary_calls_of_other_regions_are_noise() -> None:
    assert assess(others(f'$.awsRegion != "{HOME}"'), PROFILE).verdict is NON_COMPLIANT
    assert assess(others('$.awsRegion = "ap-south-1"'), PROFILE).verdict is INDETERMINATE
    refused = Unreadable("ec2:DescribeRegions", HOME, "UnauthorizedOperation", denied=True)
    unlisted = assess(replace(others(f'$.awsRegion != "{HOME}"'), regions=refused), PROFILE)
    assert of_region(unlisted, HOME).verdict is INDETERMINATE


def test_ordinary_calls_of_other_accounts_are_noise_where_they_arrive() -> None:
    noisy = others(f'$.recipientAccountId != "{ACCOUNT}"')
    assert assess(noisy, PROFILE).verdict is COMPLIANT
    organization = replace(noisy, trails=(a_trail(organization=True),))
    assert [gap.code for gap in assess(organization, PROFILE).regions[0].gaps] == ["filter.noise"]


def test_what_the_trail_does_not_record_is_no_noise() -> None:
    reads = a_filter(f'{{ {CIS[2:-2]} || ($.eventName = "GetCallerIdentity") }}')
    assert [gap.code for gap in assess(filters(reads), PROFILE).regions[0].gaps] == ["filter.noise"]
    writes_only = a_compliant_account(
        trails=(a_trail(selectors=EventSelectors((EventSelector("WriteOnly"),))),), filters=(reads,)
    )
    assert [gap.code for gap in assess(writes_only, PROFILE).regions[0].gaps] == ["trail.selectors"]


def unread_region(name: str) -> Snapshot:
    return a_compliant_account(unread_regions={name: Unreadable("cloudtrail:DescribeTrails", name, "Timeout")})


def test_a_multi_region_trail_proves_a_region_that_does_not_answer() -> None:
    assessment = assess(unread_region("us-east-1"), PROFILE)
    assert assessment.verdict is COMPLIANT
    assert [read.region for read in assessment.unreadable] == ["us-east-1"]


def test_a_region_that_does_not_answer_may_have_a_trail_of_its_own() -> None:
    assessment = assess(replace(unread_region("us-east-1"), trails=()), PROFILE)
    assert of_region(assessment, "us-east-1").verdict is INDETERMINATE
    assert of_region(assessment, "eu-central-1").verdict is NON_COMPLIANT
    assert of_region(assessment, FUTURE).verdict is NON_COMPLIANT


def test_where_no_region_answers_nothing_is_known() -> None:
    unread = {name: Unreadable("cloudtrail:DescribeTrails", name, "Timeout") for name in REGIONS}
    assessment = assess(a_compliant_account(trails=(), unread_regions=unread), PROFILE)
    assert {region.verdict for region in assessment.regions} == {INDETERMINATE}


def test_with_the_regions_unread_the_account_is_at_best_indeterminate() -> None:
    refused = Unreadable("ec2:DescribeRegions", HOME, "UnauthorizedOperation", denied=True)
    assessment = assess(a_compliant_account(regions=refused), PROFILE)
    assert [(region.region, region.verdict) for region in assessment.regions] == [
        (HOME, COMPLIANT),
        (FUTURE, COMPLIANT),
    ]
    assert assessment.verdict is INDETERMINATE


def test_where_every_region_is_excluded_nothing_is_known_of_the_future() -> None:
    excluded = tuple(Skipped(name, "excluded", excluded=True) for name in REGIONS)
    snapshot = a_compliant_account(trails=(), regions=(), skipped=excluded)
    assert [(r.region, r.verdict) for r in assess(snapshot, PROFILE).regions] == [(FUTURE, INDETERMINATE)]
    refused = Unreadable("ec2:DescribeRegions", HOME, "UnauthorizedOperation", denied=True)
    unlisted = assess(replace(snapshot, regions=refused), PROFILE)
    assert [(r.region, r.verdict) for r in unlisted.regions] == [(FUTURE, INDETERMINATE)]


def test_a_topic_that_was_not_read_is_not_taken_for_missing() -> None:
    assert assess(a_compliant_account(topics={}), PROFILE).verdict is INDETERMINATE


def test_future_is_no_region_that_is_enabled_or_excluded() -> None:
    pattern = (
        '{ ($.errorCode = "AccessDenied*" || $.errorCode = "*UnauthorizedOperation") && $.awsRegion != "ap-south-1" }'
    )
    snapshot = filters(a_filter(pattern))
    assert of_region(assess(snapshot, PROFILE), FUTURE).verdict is NON_COMPLIANT
    excluded = replace(snapshot, skipped=(Skipped("ap-south-1", "excluded", excluded=True),))
    assert of_region(assess(excluded, PROFILE), FUTURE).verdict is COMPLIANT
    enabled = replace(snapshot, regions=(*REGIONS, "ap-south-1"))
    assert of_region(assess(enabled, PROFILE), FUTURE).verdict is COMPLIANT
    assert of_region(assess(enabled, PROFILE), "ap-south-1").verdict is NON_COMPLIANT


def test_a_profile_may_leave_out_the_future() -> None:
    bent = profile.load("cis-level-2", {"future_region": False})
    assert FUTURE not in [region.region for region in assess(a_compliant_account(), bent).regions]


BUCKET = "arn:aws:s3:::logs"
SIEM = "arn:aws:kinesis:eu-west-1:1:stream/siem"


def to_siem(pattern: str) -> Snapshot:
    """Nothing but a subscription filter."""
    group = LogGroup(log_group_arn(), (), subscriptions=(SubscriptionFilter("all", pattern, SIEM),))
    return a_compliant_account(log_groups={group.arn: group})


@pytest.mark.parametrize(
    ("overrides", "snapshot", "verdict"),
    [
        ({"calls_to_alarm": 10}, alarm(threshold=10.0), COMPLIANT),
        ({"calls_to_alarm": 9}, alarm(threshold=10.0), NON_COMPLIANT),
        ({"accepted_actions": ["sns", "lambda"]}, BROKEN["a function"][0], COMPLIANT),
        ({"noise_breaks": False}, BROKEN["counts everything"][0], COMPLIANT),
        ({"benign": ['{ $.errorCode != "AccessDenied" }']}, BROKEN["no wildcard"][0], COMPLIANT),
        ({"siem_destinations": [SIEM]}, BROKEN["no alarm"][0], NON_COMPLIANT),
        ({"siem_destinations": [SIEM]}, a_compliant_account(), COMPLIANT),
        ({"siem_destinations": [SIEM]}, to_siem(""), COMPLIANT),
        ({"siem_destinations": [SIEM]}, to_siem(CIS), COMPLIANT),
        ({"siem_destinations": [SIEM]}, to_siem("{ $.errorCode = * }"), COMPLIANT),
        ({"siem_destinations": [SIEM]}, to_siem("?AccessDenied"), NON_COMPLIANT),
        (
            {"siem_destinations": ["arn:aws:s3:::logs"]},
            trails(bucket_arn="arn:aws:s3:::logs", log_group_arn=None),
            COMPLIANT,
        ),
    ],
)
def test_what_a_profile_tunes(overrides: dict[str, object], snapshot: Snapshot, verdict: Verdict) -> None:
    assert assess(snapshot, profile.load("cis-level-2", overrides)).verdict is verdict


HOSTILE = " && ".join(f'$.a = "*{letter}*"' for letter in "abcdefghijklmnopqrstuvwx")


def test_one_hostile_filter_beside_a_right_one_spoils_nothing() -> None:
    hostile = a_filter(f"{{ {HOSTILE} }}", name="hostile", metric="other")
    assert assess(filters(a_filter(), hostile), PROFILE).verdict is COMPLIANT


def test_global_services_left_out_are_unseen_in_the_region_that_records_them() -> None:
    assessment = assess(trails(global_service_events=False), PROFILE)
    assert of_region(assessment, "us-east-1").verdict is NON_COMPLIANT
    assert [gap.code for gap in of_region(assessment, "us-east-1").gaps] == ["trail.selectors"]
    assert of_region(assessment, HOME).verdict is INDETERMINATE


def test_an_alarm_that_rings_for_a_day_is_a_note() -> None:
    assessment = assess(alarm(state="ALARM", state_since=NOW - timedelta(days=2)), PROFILE)
    assert assessment.verdict is COMPLIANT
    assert [note.code for note in assessment.notes] == ["alarm.in-alarm"]


@pytest.mark.parametrize(
    ("snapshot", "codes"),
    [
        (HOLDS["muted later"], ["alarm.to-be-muted"]),
        (HOLDS["another alarm muted"], []),
        (
            a_compliant_account(
                alarms=(an_alarm(actions=()), a_composite("ALARM(unauthorized)", suppressor="maintenance"))
            ),
            ["alarm.to-be-muted"],
        ),
        (
            a_compliant_account(
                alarms=(
                    an_alarm(),
                    an_alarm(name="x", metric="x", state="ALARM", state_since=NOW - timedelta(days=2)),
                )
            ),
            [],
        ),
        (
            trails(
                selectors=EventSelectors((EventSelector("WriteOnly"),)),
                status=a_status(logs_delivered_at=NOW - timedelta(days=3)),
            ),
            ["trail.silent"],
        ),
    ],
)
def test_what_is_worth_knowing_is_a_note(snapshot: Snapshot, codes: list[str]) -> None:
    assert [note.code for note in assess(snapshot, PROFILE).notes] == codes


def test_every_gap_code_is_met_here() -> None:
    met = {code for _, code in BROKEN.values()} | {"trail.not-multi-region", "siem.misses"}
    assert met == set(FIXES)


# Each takes the answer of one read away.
UNREAD: dict[str, Callable[[Snapshot], Snapshot]] = {
    "regions": lambda s: replace(s, regions=REFUSED),
    "trails": lambda s: replace(s, trails=(), unread_regions=dict.fromkeys(REGIONS, REFUSED)),
    "status": lambda s: replace(s, trails=tuple(replace(t, status=REFUSED) for t in s.trails)),
    "selectors": lambda s: replace(s, trails=tuple(replace(t, selectors=REFUSED) for t in s.trails)),
    "log groups": lambda s: replace(s, log_groups=dict.fromkeys(s.log_groups, REFUSED)),
    "alarms": lambda s: replace(s, alarms=dict.fromkeys(s.alarms, REFUSED)),
    "topics": lambda s: replace(s, topics=dict.fromkeys(s.topics, REFUSED)),
}


@pytest.mark.parametrize("read", UNREAD)
@pytest.mark.parametrize("name", ["as built", *BROKEN, *DOUBTFUL])
def test_with_a_read_failing_a_verdict_stays_or_is_indeterminate(name: str, read: str) -> None:
    snapshot = HOLDS[name] if name in HOLDS else BROKEN[name][0] if name in BROKEN else DOUBTFUL[name]
    assert isinstance(snapshot, Snapshot)
    whole = {region.region: region.verdict for region in assess(snapshot, PROFILE).regions}
    partly = assess(UNREAD[read](snapshot), PROFILE)
    for region in partly.regions:
        assert region.verdict in (whole[region.region], INDETERMINATE)
