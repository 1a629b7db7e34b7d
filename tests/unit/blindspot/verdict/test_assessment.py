"""The decision: which regions are judged, by what each verdict is explained, and what is never a pass."""

from dataclasses import replace
from datetime import date
from itertools import permutations
from typing import Any

import pytest

from blindspot.model import profile
from blindspot.model.findings import Doubt, Gap
from blindspot.model.profile import Profile, SettingsError
from blindspot.model.snapshot import (
    FUTURE,
    EventSelector,
    EventSelectors,
    FieldSelector,
    LogGroup,
    MetricFilter,
    Skipped,
    Snapshot,
    Unreadable,
)
from blindspot.verdict.assessment import Assessment, RegionAssessment, Verdict, assess, compliant_regions
from blindspot.verdict.exclusions import Exclusions
from filter_pattern import Pattern, Proofs
from tests.builders import (
    ACCOUNT,
    CIS,
    HOME,
    NOW,
    REGIONS,
    a_compliant_snapshot,
    a_filter,
    a_status,
    a_topic,
    a_trail,
    an_alarm,
    log_group_arn,
    topic_arn,
)
from tests.cases.accounts import PROFILE, advanced, filters, trails
from tests.findings import assert_found

COMPLIANT, INDETERMINATE, NON_COMPLIANT = Verdict
TRAIL = a_trail().arn
REFUSED = Unreadable("ec2:DescribeRegions", HOME, "UnauthorizedOperation", denied=True)
ACCESS_DENIED = '{ $.errorCode = "AccessDenied*" }'
UNAUTHORIZED = '{ $.errorCode = "*UnauthorizedOperation" }'


def resource(name: str = "unauthorized") -> str:
    return f"{log_group_arn()}:metric-filter:{name}"


def of(assessment: Assessment) -> dict[str, RegionAssessment]:
    return {region.region: region for region in assessment.regions}


def verdicts(snapshot: Snapshot, judge: Profile = PROFILE) -> dict[str, Verdict]:
    return {name: region.verdict for name, region in of(assess(snapshot, judge)).items()}


def told(doubts: tuple[Doubt, ...]) -> list[tuple[str, str]]:
    return [(doubt.code, doubt.resource) for doubt in doubts]


def code_of(region: RegionAssessment) -> str:
    assert region.blind_spot is not None
    return str(region.blind_spot["errorCode"])


def test_verdicts_are_ordered_from_best_to_worst() -> None:
    assert sorted(Verdict, key=lambda verdict: verdict.badness) == [COMPLIANT, INDETERMINATE, NON_COMPLIANT]
    assert [verdict.badness for verdict in Verdict] == [0, 1, 2]


# Which regions are judged.


def excluded(*names: str) -> tuple[Skipped, ...]:
    return tuple(Skipped(name, "excluded", excluded=True) for name in names)


@pytest.mark.parametrize(
    ("bent", "judged"),
    [
        ({}, [*REGIONS, FUTURE]),
        ({"regions": ("us-east-1", HOME)}, ["us-east-1", HOME, FUTURE]),
        ({"regions": (), "skipped": excluded(HOME)}, [FUTURE]),
        ({"regions": REFUSED}, [HOME, FUTURE]),
        ({"regions": REFUSED, "own_region": "us-east-1"}, ["us-east-1", FUTURE]),
        ({"regions": REFUSED, "skipped": excluded("us-east-1")}, [HOME, FUTURE]),
        ({"regions": REFUSED, "skipped": (Skipped(HOME, "not opted in"),)}, [HOME, FUTURE]),
        ({"regions": REFUSED, "skipped": excluded("us-east-1", HOME)}, [FUTURE]),
    ],
)
def test_every_enabled_region_is_judged_or_the_functions_own(bent: dict[str, Any], judged: list[str]) -> None:
    snapshot = a_compliant_snapshot(**bent)
    assert [region.region for region in assess(snapshot, PROFILE).regions] == judged
    today = profile.load("cis-level-2", {"future_region": False})
    if judged == [FUTURE]:
        with pytest.raises(SettingsError, match=r"(?s)ExcludedRegions.*future_region"):
            assess(snapshot, today)
    else:
        assert [region.region for region in assess(snapshot, today).regions] == judged[:-1]


def test_the_accounts_verdict_is_that_of_its_worst_region() -> None:
    whole, home_alone = a_compliant_snapshot(), trails(multi_region=False)
    doubtful = a_compliant_snapshot(alarms=REFUSED)
    assert assess(whole, PROFILE).verdict is COMPLIANT
    assert assess(doubtful, PROFILE).verdict is INDETERMINATE
    assert assess(home_alone, PROFILE).verdict is NON_COMPLIANT
    assert assess(replace(whole, regions=REFUSED), PROFILE).verdict is INDETERMINATE
    assert assess(a_compliant_snapshot(trails=(), regions=REFUSED), PROFILE).verdict is NON_COMPLIANT


def test_an_assessment_says_what_it_was_made_of() -> None:
    ringing = an_alarm(state="ALARM", state_since=NOW.replace(year=2025))
    beside = an_alarm(name="beside", metric="other", state="ALARM", state_since=NOW.replace(year=2025))
    unread = Unreadable("cloudtrail:DescribeTrails", "us-east-1", "Timeout")
    snapshot = a_compliant_snapshot(
        trails=(a_trail(), a_trail(name="second", status=REFUSED, selectors=REFUSED)),
        alarms=(ringing, beside),
        unread_regions={"us-east-1": unread},
    )
    snapshot = replace(snapshot, log_groups={**snapshot.log_groups, log_group_arn(name="second"): None})
    assessment = assess(snapshot, profile.load("cis-v3.0.0"))
    assert assessment.snapshot is snapshot
    assert assessment.profile == "cis-v3.0.0"
    assert [(note.code, note.resource) for note in assessment.notes] == [("alarm.in-alarm", ringing.arn)]
    assert assessment.unreadable == (unread, REFUSED)
    assert assessment.confirmed == frozenset()
    for region in assessment.regions:
        assert {channel.trail for channel in region.channels} == {TRAIL, a_trail(name="second").arn}


# Regions are told apart where something asks for them.

IN_HOME = [
    f'{{ ({CIS[2:-2]}) && $.awsRegion = "{HOME}" }}',
    f'{{ ({CIS[2:-2]}) && $.awsRegion != "*-1" || ({CIS[2:-2]}) && $.awsRegion = "eu-w*" }}',
]


@pytest.mark.parametrize("pattern", IN_HOME)
def test_a_filter_for_one_region_leaves_the_others_blind(pattern: str) -> None:
    for region in assess(filters(a_filter(pattern)), PROFILE).regions:
        if region.region == HOME:
            assert (region.verdict, region.blind_spot, region.gaps) == (COMPLIANT, None, ())
        elif region.region != FUTURE:
            assert region.verdict is NON_COMPLIANT
            assert region.blind_spot is not None
            assert region.blind_spot["awsRegion"] == region.region
            assert [(gap.code, gap.resource) for gap in region.gaps] == [("filter.misses", resource())]


@pytest.mark.parametrize(
    "pattern", [f'AccessDenied "{HOME}"', f'{{ $.errorCode = "AccessDenied*" && $.* = "{HOME}" }}']
)
def test_the_region_may_stand_in_the_text_or_in_any_field(pattern: str) -> None:
    judge = profile.load("cis-level-2", {"required": ACCESS_DENIED})
    for regions in permutations((HOME, "us-east-1")):
        found = verdicts(a_compliant_snapshot(filters=(a_filter(pattern),), regions=regions), judge)
        assert found["us-east-1"] is NON_COMPLIANT
        assert found[HOME] is not NON_COMPLIANT


def test_a_profile_may_ask_for_a_region() -> None:
    judge = profile.load("cis-level-2", {"benign": ['{ $.awsRegion = "us-east-1" }']})
    for regions in permutations((HOME, "us-east-1")):
        found = verdicts(a_compliant_snapshot(trails=(), regions=regions), judge)
        assert found == {HOME: NON_COMPLIANT, "us-east-1": COMPLIANT, FUTURE: NON_COMPLIANT}
        some = filters(a_filter(ACCESS_DENIED))
        assert verdicts(replace(some, regions=regions), judge) == found


@pytest.mark.parametrize("pattern", [ACCESS_DENIED, f'{{ $.errorCode = "AccessDenied*" && $.awsRegion = "{HOME}" }}'])
def test_each_region_is_shown_a_blind_spot_of_its_own(pattern: str) -> None:
    skipped = excluded("ap-southeast-7", "mx-central-1")
    snapshot = a_compliant_snapshot(filters=(a_filter(pattern),), skipped=skipped)
    found = of(assess(snapshot, PROFILE))
    for name, region in found.items():
        assert region.blind_spot is not None
        assert region.region == name
        assert region.blind_spot["recipientAccountId"] == ACCOUNT
        assert PROFILE.required.matches(region.blind_spot)
        assert region.blind_spot["awsRegion"] == (name if name != FUTURE else "eu-south-2")


def test_what_is_benign_may_be_unseen() -> None:
    judge = profile.load("cis-level-2", {"benign": [ACCESS_DENIED]})
    assert set(verdicts(filters(a_filter(UNAUTHORIZED)), judge).values()) == {COMPLIANT}
    assert set(verdicts(filters(a_filter(ACCESS_DENIED)), judge).values()) == {NON_COMPLIANT}
    for region in assess(filters(a_filter(ACCESS_DENIED)), judge).regions:
        assert code_of(region).endswith("UnauthorizedOperation")


# What explains a verdict.


def test_without_a_trail_all_regions_have_one_gap_and_future_another() -> None:
    *regions, future = assess(a_compliant_snapshot(trails=()), PROFILE).regions
    assert {region.gaps for region in regions} == {(Gap("trail.missing", "account", "No trail records the region."),)}
    assert [gap.code for gap in future.gaps] == ["trail.not-multi-region"]
    assert {(region.doubts, region.channels) for region in (*regions, future)} == {((), ())}


def test_a_doubt_explains_only_what_it_may_see() -> None:
    pair = (
        a_filter(ACCESS_DENIED, name="first", value="$.count", metric="first"),
        a_filter(UNAUTHORIZED, name="second", field_selection="anything"),
    )
    alarms = (an_alarm(metric="first"), an_alarm(name="other"))
    for order in (pair, pair[::-1]):
        for region in assess(a_compliant_snapshot(filters=order, alarms=alarms), PROFILE).regions:
            assert region.verdict is INDETERMINATE
            name, code = (
                ("first", "filter.value") if code_of(region).startswith("Acc") else ("second", "filter.narrowed")
            )
            assert {doubt.resource for doubt in region.doubts} == {resource(name)}
            assert code in {doubt.code for doubt in region.doubts}
            assert region.gaps == ()


def test_a_doubt_of_a_broken_channel_explains_nothing() -> None:
    doubtful, whole = a_trail(status=REFUSED), a_trail(name="second", selectors=REFUSED)
    groups = {
        log_group_arn(): None,
        log_group_arn(name="second"): LogGroup(log_group_arn(name="second"), (a_filter(),)),
    }
    for region in assess(a_compliant_snapshot(trails=(doubtful, whole), log_groups=groups), PROFILE).regions:
        assert (region.verdict, told(region.doubts)) == (INDETERMINATE, [("unread.refused", whole.arn)])


def test_a_doubt_is_named_once() -> None:
    snapshot = filters(a_filter(), a_filter(name="other"))
    for region in assess(replace(snapshot, trails=(a_trail(status=REFUSED),)), PROFILE).regions:
        assert len(region.channels) == 2
        assert told(region.doubts) == [("unread.refused", TRAIL)]


@pytest.mark.parametrize("order", [1, -1])
def test_a_whole_channel_settles_what_a_doubtful_one_leaves_open(order: int) -> None:
    pair = (a_filter(name="first", on_transformed_logs=True, metric="first"), a_filter(UNAUTHORIZED, name="second"))
    alarms = (an_alarm(metric="first"), an_alarm(name="other"))
    for region in assess(a_compliant_snapshot(filters=pair[::order], alarms=alarms), PROFILE).regions:
        assert region.verdict is INDETERMINATE
        assert code_of(region).startswith("AccessDenied")
        assert {doubt.resource for doubt in region.doubts} == {resource("first")}


NARROWED: dict[str, tuple[dict[str, Any], str]] = {
    "global services": ({"global_service_events": False}, "sts.amazonaws.com"),
    "an unknown field": (
        {"selectors": EventSelectors(advanced=((FieldSelector("x", equals=("y",)),),))},
        "secretsmanager.amazonaws.com GetSecretValue",
    ),
}


@pytest.mark.parametrize("name", NARROWED)
def test_where_a_trail_may_record_the_event_the_doubt_is_the_trails(name: str) -> None:
    bent, fact = NARROWED[name]
    region = of(assess(trails(**bent), PROFILE))[HOME]
    assert region.verdict is INDETERMINATE
    (doubt,) = region.doubts
    assert_found(doubt, Doubt, "trail.selectors", TRAIL, "trail management-events", fact)


def test_a_trail_that_surely_records_the_event_is_in_no_doubt() -> None:
    """Of two whole channels one may see the blind spot; the other records it, and its filter misses it."""
    unsure = a_trail(name="unsure", selectors=EventSelectors(advanced=((FieldSelector("x", equals=("y",)),),)))
    groups = {
        log_group_arn(): LogGroup(log_group_arn(), (a_filter(UNAUTHORIZED),)),
        log_group_arn(name="unsure"): LogGroup(log_group_arn(name="unsure"), (a_filter(),)),
    }
    for region in assess(a_compliant_snapshot(trails=(a_trail(), unsure), log_groups=groups), PROFILE).regions:
        assert told(region.doubts) == [("trail.selectors", unsure.arn)]


# Reads that failed may hide trails.


def unread_in(*names: str, **bent: Any) -> Snapshot:
    unread = {name: Unreadable("cloudtrail:DescribeTrails", name, "Timeout") for name in names}
    return a_compliant_snapshot(unread_regions=unread, **bent)


def test_a_region_that_was_not_read_may_have_a_trail() -> None:
    found = of(assess(unread_in("us-east-1", trails=()), PROFILE))
    away = found.pop("us-east-1")
    assert (away.verdict, away.gaps) == (INDETERMINATE, ())
    assert away.blind_spot is not None
    (doubt,) = away.doubts
    assert_found(doubt, Doubt, "unread.no-answer", "trails in us-east-1", "cloudtrail:DescribeTrails", "us-east-1")
    for region in found.values():
        assert (region.verdict, region.doubts) == (NON_COMPLIANT, ())


def test_a_region_that_was_not_read_is_judged_apart() -> None:
    snapshot = unread_in("us-east-1", filters=(a_filter(UNAUTHORIZED),))
    for name, region in of(assess(snapshot, PROFILE)).items():
        assert (region.verdict is INDETERMINATE) is (name == "us-east-1")
        assert region.region == name
        assert region.blind_spot is not None
        assert bool(region.gaps) is (name != "us-east-1")
        assert told(region.doubts) == ([("unread.no-answer", "trails in us-east-1")] if name == "us-east-1" else [])


def test_what_may_see_any_event_is_named_after_the_channels_that_may() -> None:
    region = of(assess(unread_in("us-east-1", trails=(a_trail(status=REFUSED),)), PROFILE))["us-east-1"]
    assert told(region.doubts) == [("unread.refused", TRAIL), ("unread.no-answer", "trails in us-east-1")]


def test_where_no_region_was_read_a_trail_may_record_regions_enabled_later() -> None:
    some = of(assess(unread_in(*REGIONS[:-1], trails=()), PROFILE))[FUTURE]
    assert some.verdict is NON_COMPLIANT
    none = of(assess(unread_in(*REGIONS, trails=()), PROFILE))[FUTURE]
    assert none.verdict is INDETERMINATE
    (doubt,) = none.doubts
    assert_found(doubt, Doubt, "unread.no-answer", "trails", "cloudtrail:DescribeTrails", REGIONS[0])


def test_where_every_region_is_excluded_none_was_read() -> None:
    snapshot = a_compliant_snapshot(trails=(), regions=(), skipped=excluded(*REGIONS), own_region="us-east-1")
    (region,) = assess(snapshot, PROFILE).regions
    (doubt,) = region.doubts
    assert_found(doubt, Doubt, "unread.not-asked", "trails", "cloudtrail:DescribeTrails ", "us-east-1")


def test_with_the_regions_unread_a_filter_may_leave_out_one_that_is_enabled() -> None:
    narrow = a_filter(f'{{ ({CIS[2:-2]}) && $.awsRegion != "ap-south-1" }}')
    region = of(assess(a_compliant_snapshot(filters=(narrow,), regions=REFUSED), PROFILE))[FUTURE]
    assert region.verdict is INDETERMINATE
    assert told(region.doubts) == [("unread.refused", "regions")]
    own = of(assess(a_compliant_snapshot(trails=(), regions=REFUSED), PROFILE))[HOME]
    assert (own.verdict, own.doubts) == (NON_COMPLIANT, ())


# What cannot be decided.

STAR = a_filter('{ $.errorCode = "Access*Denied*" || $.errorCode = "*UnauthorizedOperation" }')


def undecided(*patterns: MetricFilter, judge: Profile = PROFILE, **bent: Any) -> RegionAssessment:
    region = of(assess(a_compliant_snapshot(filters=patterns, **bent), judge))[HOME]
    assert region.verdict is INDETERMINATE
    return region


def test_where_it_cannot_be_decided_what_a_filter_misses_the_filter_is_named() -> None:
    region = undecided(a_filter(UNAUTHORIZED, name="beside"), STAR)
    assert region.blind_spot is None
    (doubt,) = region.doubts
    assert_found(doubt, Doubt, "filter.unclear", resource(), "unauthorized of log group management-events", " * ")


def test_where_it_cannot_be_decided_what_filters_miss_together_the_profile_is_named() -> None:
    region = undecided(
        a_filter(UNAUTHORIZED, name="first"), a_filter('{ $.errorCode = "Access*Denied*" }', name="second")
    )
    assert region.blind_spot is None
    (doubt,) = region.doubts
    assert_found(doubt, Doubt, "undecided", "cis-level-2", " * ")


def test_a_broken_filter_is_not_what_cannot_be_decided() -> None:
    beside = replace(STAR, name="beside", metric="unwatched")
    assert told(undecided(beside, STAR).doubts) == [("filter.unclear", resource())]


def test_where_a_doubtful_channel_may_see_all_else_both_are_named() -> None:
    doubtful = a_filter(name="doubtful", on_transformed_logs=True, metric="second")
    alarms = (an_alarm(), an_alarm(name="second", metric="second"))
    region = undecided(STAR, doubtful, alarms=alarms)
    assert {found for found, _ in told(region.doubts)} == {"filter.narrowed", "filter.unclear"}
    assert [where for found, where in told(region.doubts) if found == "filter.unclear"] == [resource()]


def test_one_channel_that_sees_everything_is_enough_however_intricate_the_others_are() -> None:
    letters = "abcdefghijklmnopqrstuvwx"
    intricate = [
        a_filter(f'{{ $.eventName = "*{letter}*" && $.errorCode = "*{letter}*" }}', name=letter) for letter in letters
    ]
    judge = profile.load("cis-level-2", {"noise_breaks": False})
    snapshot = a_compliant_snapshot(filters=(*intricate, a_filter()), regions=(HOME,))
    assert set(verdicts(snapshot, judge).values()) == {COMPLIANT}


def test_channels_add_up() -> None:
    reads, writes = (
        a_trail(name=kind, selectors=EventSelectors((EventSelector(kind),))) for kind in ("ReadOnly", "WriteOnly")
    )
    groups = {
        log_group_arn(name="ReadOnly"): LogGroup(log_group_arn(name="ReadOnly"), (a_filter(ACCESS_DENIED),)),
        log_group_arn(name="WriteOnly"): LogGroup(log_group_arn(name="WriteOnly"), (a_filter(),)),
    }
    snapshot = a_compliant_snapshot(trails=(reads, writes), log_groups=groups)
    for region in assess(snapshot, PROFILE).regions:
        assert region.verdict is NON_COMPLIANT
        assert region.blind_spot is not None
        assert region.blind_spot["readOnly"] is True
        assert code_of(region).endswith("UnauthorizedOperation")


def test_a_trail_of_its_own_sees_the_regions_that_another_leaves_out() -> None:
    """A trail in us-east-1 beside one at home that is not multi-region; regions enabled later are left out."""
    away = "us-east-1"
    snapshot = a_compliant_snapshot(
        trails=(a_trail(multi_region=False), a_trail(away, "away", multi_region=False, status=a_status())),
        log_groups={arn: LogGroup(arn, (a_filter(),)) for arn in (log_group_arn(), log_group_arn(away, "away"))},
        topics={arn: a_topic(arn) for arn in (topic_arn(), topic_arn(away))},
    )
    snapshot = replace(snapshot, alarms={**snapshot.alarms, (ACCOUNT, away): (an_alarm(away),)})
    assert verdicts(snapshot) == {
        "eu-central-1": NON_COMPLIANT,
        HOME: COMPLIANT,
        away: COMPLIANT,
        FUTURE: NON_COMPLIANT,
    }


def test_regions_in_which_everything_is_alike_are_decided_once() -> None:
    regions = tuple(f"eu-west-{number}" for number in range(1, 10))
    found = assess(a_compliant_snapshot(filters=(a_filter(ACCESS_DENIED),), regions=regions), PROFILE).regions
    assert len({id(region.gaps) for region in found}) == 1
    assert len({region.region for region in found}) == len(regions) + 1


def test_what_is_required_leaves_out_what_the_profile_excludes() -> None:
    required = assess(a_compliant_snapshot(), PROFILE).required
    refused = {"errorCode": "AccessDenied", "eventName": "ListKeys", "sourceIPAddress": "192.0.2.1"}
    assert required.matches(refused)
    assert not required.matches({**refused, "eventName": "HeadBucket"})
    assert not required.matches({**refused, "errorCode": "Throttling"})


class Noted(Proofs):
    """Proofs that keep what they parsed."""

    def __init__(self) -> None:
        super().__init__()
        self.parsed: list[str] = []

    def parse(self, text: str) -> Pattern:
        self.parsed.append(text)
        return super().parse(text)


def test_the_patterns_of_filters_are_parsed_with_the_proofs_of_the_run() -> None:
    proofs = Noted()
    assess(a_compliant_snapshot(filters=(a_filter(ACCESS_DENIED),)), PROFILE, proofs)
    assert proofs.parsed == [ACCESS_DENIED]


def test_it_has_the_exclusions_of_the_profile_and_its_day() -> None:
    assert assess(a_compliant_snapshot(), PROFILE).exclusions == Exclusions(PROFILE.exclusions, None)
    dated = profile.load("cis-level-2", {"benign": []}, on=date(2026, 11, 27))
    assert assess(a_compliant_snapshot(), dated).exclusions == Exclusions((), date(2026, 11, 27))


def test_an_exclusion_that_ends_is_noted_of_the_account() -> None:
    ends = {"pattern": '{ $.eventName = "HeadBucket" }', "until": "2026-11-30"}
    dated = profile.load("cis-level-2", {"benign": [ends]}, on=date(2026, 11, 27))
    notes = assess(a_compliant_snapshot(), dated).notes
    assert [(note.code, note.resource) for note in notes] == [("exclusion.ends", ACCOUNT)]


def test_a_doubt_about_what_is_not_known_to_be_written_says_what_settles_it() -> None:
    excluded = '($.eventSource != "s3.amazonaws.com" || $.errorCode != "Client.UnauthorizedOperation")'
    snapshot = a_compliant_snapshot(filters=(a_filter(f"{{ ({CIS[2:-2]}) && {excluded} }}"),))
    (doubt,) = assess(snapshot, PROFILE).regions[0].doubts
    assert doubt.code == "event.code"
    assert doubt.message.startswith("If s3.amazonaws.com sent the error code Client.UnauthorizedOperation, nobody ")
    assert doubt.fix.endswith("such as ec2.amazonaws.com.")


def test_it_is_about_the_first_filter_whose_channel_holds() -> None:
    excluded = f'{{ ({CIS[2:-2]}) && $.errorCode != "*NotFound*" }}'
    broken, whole = a_filter(excluded, name="broken", value="0", metric="other"), a_filter(excluded)
    for region in assess(a_compliant_snapshot(filters=(broken, whole)), PROFILE).regions:
        assert [(doubt.code, doubt.resource) for doubt in region.doubts] == [("event.code", resource())]


def test_it_is_about_the_profile_where_no_trail_records_the_event() -> None:
    management = FieldSelector("eventCategory", equals=("Management",))
    made_up = FieldSelector("eventSource", not_ends_with=("x",))
    for region in assess(advanced(management, made_up), PROFILE).regions:
        assert [(doubt.code, doubt.resource) for doubt in region.doubts] == [("event.unlikely", PROFILE.name)]


def test_it_is_about_a_filter_that_gets_the_event() -> None:
    snapshot = a_compliant_snapshot(
        trails=(
            a_trail(selectors=EventSelectors(advanced=((FieldSelector("eventCategory", equals=("Management",)),),))),
        ),
        filters=(a_filter(f'{{ ({CIS[2:-2]}) && $.errorCode != "*NotFound*" }}'),),
    )
    for region in assess(snapshot, PROFILE).regions:
        assert [(doubt.code, doubt.resource) for doubt in region.doubts] == [("event.code", resource())]


FOR_ONE_REGION = f'{{ ({CIS[2:-2]}) && ($.awsRegion = "{HOME}") }}'
UNEXPLAINED: dict[str, tuple[Snapshot, set[str]]] = {
    "all are": (a_compliant_snapshot(), {*REGIONS, FUTURE}),
    "none is": (a_compliant_snapshot(alarms=()), set()),
    "a filter for one region": (a_compliant_snapshot(filters=(a_filter(FOR_ONE_REGION),)), {HOME}),
    "a trail of one region": (a_compliant_snapshot(trails=(a_trail(multi_region=False),)), {HOME}),
}


@pytest.mark.parametrize(("snapshot", "compliant"), UNEXPLAINED.values(), ids=UNEXPLAINED)
def test_what_is_compliant_is_the_same_where_nothing_is_explained(snapshot: Snapshot, compliant: set[str]) -> None:
    assessed = {region.region for region in assess(snapshot, PROFILE).regions if region.verdict is Verdict.COMPLIANT}
    assert compliant_regions(snapshot, PROFILE, Proofs(), (*REGIONS, FUTURE)) == assessed == compliant
    assert compliant_regions(snapshot, PROFILE, Proofs(), [HOME]) == compliant & {HOME}
    assert compliant_regions(snapshot, PROFILE, Proofs(stop=lambda: True), (*REGIONS, FUTURE)) <= compliant
