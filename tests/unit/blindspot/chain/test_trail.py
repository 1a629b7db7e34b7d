"""The trail: which regions it observes, what it records, surely and possibly, and whether that arrives."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blindspot.chain.trail import (
    check_delivery,
    check_delivery_to_siem,
    check_logging,
    check_selectors,
    is_silent,
    observes,
    possibly_recorded,
    surely_recorded,
)
from blindspot.model import profile
from blindspot.model.cloudtrail_events import ordinary
from blindspot.model.findings import FIXES, HOLDS, Doubt, Gap, Holds
from blindspot.model.snapshot import (
    FUTURE,
    EventSelector,
    EventSelectors,
    FieldSelector,
    Trail,
    TrailStatus,
    Unreadable,
)
from blindspot.verdict.assessment import Verdict, assess
from tests.builders import ACCOUNT, HOME, NOW, a_compliant_snapshot, a_status, a_trail
from tests.findings import assert_found

INDETERMINATE = Verdict.INDETERMINATE

REFUSED = Unreadable("cloudtrail:GetTrailStatus", HOME, "AccessDeniedException", denied=True)
ARN = a_trail().arn
DAY = timedelta(hours=24)
MOMENT = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("multi_region", "region", "observed"),
    [
        (True, HOME, True),
        (True, "us-east-1", True),
        (True, FUTURE, True),
        (False, HOME, True),
        (False, "us-east-1", False),
        (False, FUTURE, False),
    ],
)
def test_a_trail_observes_its_home_region_and_with_multi_region_all(
    multi_region: bool, region: str, observed: bool
) -> None:
    assert observes(a_trail(multi_region=multi_region), region) is observed


def test_a_trail_that_is_not_logging_is_broken_and_one_whose_status_is_unread_is_in_doubt() -> None:
    assert check_logging(a_trail()) is HOLDS
    assert_found(check_logging(a_trail(status=a_status(logging=False))), Gap, "trail.not-logging", ARN, "events")
    assert_found(check_logging(a_trail(status=REFUSED)), Doubt, "unread.refused", ARN, "cloudtrail:GetTrailStatus")


def test_a_malformed_trail_is_one_doubt() -> None:
    malformed = a_trail(status=REFUSED, selectors=REFUSED, unread="Malformed: x")
    assert_found(check_logging(malformed), Doubt, "unread.no-answer", ARN, "Trail management-events", "Malformed: x")
    assert check_selectors(malformed) is HOLDS
    assert check_delivery(malformed, NOW) is HOLDS
    assert check_delivery(replace(malformed, log_group_arn=None), NOW) is HOLDS
    assert isinstance(check_delivery(a_trail(log_group_arn=None, status=REFUSED), NOW), Gap)


def test_selectors_that_are_unread_are_a_doubt() -> None:
    refused = Unreadable("cloudtrail:GetEventSelectors", HOME, "AccessDeniedException", denied=True)
    assert check_selectors(a_trail(selectors=EventSelectors((EventSelector(management_events=False),)))) is HOLDS
    found = check_selectors(a_trail(selectors=refused))
    assert_found(found, Doubt, "unread.refused", ARN, "cloudtrail:GetEventSelectors")


def selecting(*fields: FieldSelector) -> Trail:
    return a_trail(selectors=EventSelectors(advanced=(fields,)))


def silent(**bent: Any) -> Trail:
    """A trail that last delivered two days ago, unless bent."""
    status = {"logs_delivered_at": NOW - 2 * DAY, **bent.pop("status", {})}
    return a_trail(status=a_status(**status), **bent)


WRITES = EventSelectors((EventSelector("WriteOnly"),))

DELIVERS = {
    "minutes ago": a_trail(),
    "a day ago": silent(status={"logs_delivered_at": NOW - DAY}),
    "logging for a day": silent(status={"logging_since": NOW - DAY}),
    "logging for a day, nothing yet": silent(status={"logs_delivered_at": None, "logging_since": NOW - DAY}),
    "logging since unknown": silent(status={"logs_delivered_at": NOW - DAY, "logging_since": None}),
    "not logging": silent(status={"logging": False}),
    "without reads": silent(selectors=WRITES),
    "selectors unread": silent(selectors=REFUSED),
    "without the calls of CloudTrail": silent(
        selectors=EventSelectors((EventSelector(excluded_sources=("cloudtrail.amazonaws.com",)),))
    ),
    "status unread": a_trail(status=REFUSED),
    "bucket and topic fail": a_trail(status=a_status(bucket_error="NoSuchBucket", topic_error="NotFound")),
}


@pytest.mark.parametrize("name", DELIVERS)
def test_a_trail_that_delivers_or_that_another_check_has_the_finding_on(name: str) -> None:
    assert check_delivery(DELIVERS[name], NOW) is HOLDS


FAILS = {
    "two days ago": (silent(), "2026-11-19 12:00 UTC"),
    "a moment more than a day ago": (silent(status={"logs_delivered_at": NOW - DAY - MOMENT}), "2026-11-20 11:59 UTC"),
    "nothing in more than a day": (
        silent(status={"logs_delivered_at": None, "logging_since": NOW - DAY - MOMENT}),
        "management-events",
    ),
    "no time at all": (silent(status={"logs_delivered_at": None, "logging_since": None}), "management-events"),
    "only reads": (silent(selectors=EventSelectors((EventSelector("ReadOnly"),))), "2026-11-19 12:00 UTC"),
    "an organization's": (silent(organization=True), "2026-11-19 12:00 UTC"),
    "refused": (a_trail(status=a_status(logs_delivery_error="AccessDenied")), "to its log group: AccessDenied"),
    "refused, without reads": (
        a_trail(status=a_status(logs_delivery_error="AccessDenied"), selectors=WRITES),
        "to its log group: AccessDenied",
    ),
}


@pytest.mark.parametrize("name", FAILS)
def test_delivery_fails_with_an_error_or_after_a_day_without_our_own_calls(name: str) -> None:
    trail, fact = FAILS[name]
    assert_found(check_delivery(trail, NOW), Gap, "trail.delivery-failing", ARN, "Trail management-events", fact)


FOR_ALL = "Repair the log group, or let the trail's role write log streams for all accounts of the organization."


@pytest.mark.parametrize("name", FAILS)
def test_an_organizations_trail_must_deliver_for_every_account(name: str) -> None:
    trail, _ = FAILS[name]
    one, all_ = (check_delivery(replace(trail, organization=each), NOW) for each in (False, True))
    assert not isinstance(one, Holds)
    assert not isinstance(all_, Holds)
    assert (one.fix, all_.fix) == (FIXES["trail.delivery-failing"], FOR_ALL)


def test_where_an_organizations_trail_shows_no_time_it_may_be_hidden() -> None:
    trail = silent(organization=True, status={"logs_delivered_at": None})
    found = check_delivery(trail, NOW)
    assert_found(found, Doubt, "trail.delivery-failing", ARN, "Trail management-events")
    assert isinstance(found, Doubt)
    assert found.fix == FOR_ALL


@pytest.mark.parametrize("status", [a_status(), REFUSED])
def test_a_trail_without_a_log_group_delivers_to_none(status: TrailStatus | Unreadable) -> None:
    trail = a_trail(log_group_arn=None, status=status)
    assert_found(check_delivery(trail, NOW), Gap, "trail.no-log-group", ARN, "Trail management-events")


SILENT = {
    "two days ago": (silent(), True),
    "a moment more than a day ago": (silent(status={"logs_delivered_at": NOW - DAY - MOMENT}), True),
    "a day ago": (silent(status={"logs_delivered_at": NOW - DAY}), False),
    "writes only": (silent(selectors=WRITES), True),
    "no time at all": (silent(status={"logs_delivered_at": None, "logging_since": None}), True),
    "started again today": (silent(status={"logging_since": NOW - MOMENT}), False),
    "not logging": (silent(status={"logging": False}), False),
    "no log group": (silent(log_group_arn=None), False),
    "status unread": (a_trail(status=REFUSED), False),
}


@pytest.mark.parametrize("name", SILENT)
def test_a_trail_is_silent_after_a_day_without_a_delivery(name: str) -> None:
    trail, expected = SILENT[name]
    assert is_silent(trail, NOW) is expected


def test_each_way_to_a_siem_has_its_own_error() -> None:
    trail = a_trail(status=a_status(bucket_error="NoSuchBucket", topic_error="NotFound"))
    for target, error in (("bucket", "NoSuchBucket"), ("topic", "NotFound")):
        found = check_delivery_to_siem(trail, target)
        assert_found(found, Gap, "trail.delivery-failing", ARN, "Trail management-events", f"{target}: {error}")


@pytest.mark.parametrize("target", ["bucket", "topic"])
@pytest.mark.parametrize("status", [a_status(logs_delivery_error="AccessDenied"), REFUSED], ids=["logs fail", "unread"])
def test_a_way_to_a_siem_holds_without_an_error_of_its_own(target: str, status: TrailStatus | Unreadable) -> None:
    assert check_delivery_to_siem(a_trail(status=status), target) is HOLDS


EVENTS: dict[str, dict[str, Any]] = {
    f"{event['eventSource']} {event['eventName']}".replace(".amazonaws.com", ""): {
        "sessionCredentialFromConsole": "true",
        **event,
    }
    for event in ordinary(account=ACCOUNT, region=HOME)
}
ALL = frozenset(EVENTS)
READS = frozenset(name for name, event in EVENTS.items() if event["readOnly"])
KMS = frozenset({"kms Decrypt", "kms GenerateDataKey"})
GLOBAL = frozenset({"sts AssumeRole", "sts GetCallerIdentity", "signin ConsoleLogin"})
NONE = frozenset[str]()


def surely(trail: Trail) -> frozenset[str]:
    recorded = surely_recorded(trail)
    return frozenset(name for name, event in EVENTS.items() if recorded.matches(event))


def possibly(trail: Trail, region: str = HOME) -> frozenset[str]:
    recorded = possibly_recorded(trail, region)
    return frozenset(name for name, event in EVENTS.items() if recorded.matches(event))


BASIC = {
    "none": ((), ALL),
    "all": ((EventSelector(),), ALL),
    "reads": ((EventSelector("ReadOnly"),), READS),
    "writes": ((EventSelector("WriteOnly"),), ALL - READS),
    "reads, and writes": ((EventSelector("ReadOnly"), EventSelector("WriteOnly")), ALL),
    "no management events": ((EventSelector(management_events=False),), NONE),
    "data events, and writes": ((EventSelector(management_events=False), EventSelector("WriteOnly")), ALL - READS),
    "without KMS": ((EventSelector(excluded_sources=("kms.amazonaws.com",)),), ALL - KMS),
    "reads without KMS": ((EventSelector("ReadOnly", excluded_sources=("kms.amazonaws.com",)),), READS - KMS),
    "without KMS and STS": (
        (EventSelector(excluded_sources=("kms.amazonaws.com", "sts.amazonaws.com")),),
        ALL - KMS - {"sts AssumeRole", "sts GetCallerIdentity"},
    ),
}


@pytest.mark.parametrize("name", BASIC)
def test_basic_event_selectors_record_what_any_of_them_selects(name: str) -> None:
    selectors, recorded = BASIC[name]
    trail = a_trail(selectors=EventSelectors(selectors))
    assert surely(trail) == possibly(trail) == recorded


MANAGEMENT = FieldSelector("eventCategory", equals=("Management",))

ADVANCED = {
    "all": ((MANAGEMENT,), ALL),
    "data events": ((FieldSelector("eventCategory", equals=("Data",)),), NONE),
    "reads": ((MANAGEMENT, FieldSelector("readOnly", equals=("true",))), READS),
    "writes": ((MANAGEMENT, FieldSelector("readOnly", equals=("false",))), ALL - READS),
    "one source": ((FieldSelector("eventSource", equals=("kms.amazonaws.com",)),), KMS),
    "one name": ((FieldSelector("eventName", equals=("Decrypt",)),), {"kms Decrypt"}),
    "names": ((FieldSelector("eventName", equals=("Decrypt", "AssumeRole")),), {"kms Decrypt", "sts AssumeRole"}),
    "part of a name": ((FieldSelector("eventName", equals=("Decryp",)),), NONE),
    "begins": ((FieldSelector("eventName", starts_with=("Get",)),), {"sts GetCallerIdentity", "s3 GetBucketAcl"}),
    "ends": ((FieldSelector("eventName", ends_with=("Key", "Role")),), {"kms GenerateDataKey", "sts AssumeRole"}),
    "is, begins or ends": (
        (FieldSelector("eventName", equals=("Decrypt",), starts_with=("Gen",), ends_with=("Role",)),),
        KMS | {"sts AssumeRole"},
    ),
    "begins with all of it": ((FieldSelector("eventName", starts_with=("Decrypt",)),), {"kms Decrypt"}),
    "ends with its beginning": ((FieldSelector("eventName", ends_with=("Decry",)),), NONE),
    "type": ((FieldSelector("eventType", equals=("AwsConsoleSignIn",)),), {"signin ConsoleLogin"}),
    "session": ((FieldSelector("sessionCredentialFromConsole", equals=("true",)),), ALL),
    "who": ((FieldSelector("userIdentity.arn", ends_with=("/alice",)),), {"s3 ListBuckets", "signin ConsoleLogin"}),
    "a wildcard": ((FieldSelector("eventName", equals=("Get*",), starts_with=("Dec*",), ends_with=("*Key",)),), NONE),
    "a source and a name": (
        (FieldSelector("eventSource", equals=("kms.amazonaws.com",)), FieldSelector("eventName", equals=("RunTask",))),
        NONE,
    ),
    "not a source": ((FieldSelector("eventSource", not_equals=("kms.amazonaws.com",)),), ALL - KMS),
    "not writes": ((FieldSelector("readOnly", not_equals=("false",)),), READS),
    "not what begins so": ((FieldSelector("eventSource", not_starts_with=("kms.",)),), ALL - KMS),
    "not what ends so": (
        (FieldSelector("eventName", not_ends_with=("Key", "crypt")),),
        ALL - KMS,
    ),
    "not a wildcard": ((FieldSelector("eventSource", not_equals=("kms*",)),), ALL),
    "begins so, but is not": (
        (FieldSelector("eventName", starts_with=("Get",), not_equals=("GetBucketAcl",)),),
        {"sts GetCallerIdentity"},
    ),
}


@pytest.mark.parametrize("name", ADVANCED)
def test_an_advanced_event_selector_records_what_meets_each_of_its_fields(name: str) -> None:
    fields, recorded = ADVANCED[name]
    trail = selecting(*fields)
    assert surely(trail) == possibly(trail) == recorded


def test_several_advanced_event_selectors_record_what_any_of_them_selects() -> None:
    kms = FieldSelector("eventSource", equals=("kms.amazonaws.com",))
    roles = FieldSelector("eventName", equals=("AssumeRole",))
    trail = a_trail(selectors=EventSelectors(advanced=((MANAGEMENT, kms), (MANAGEMENT, roles))))
    assert surely(trail) == possibly(trail) == KMS | {"sts AssumeRole"}


@pytest.mark.parametrize("asked", [{"equals": ("TLSv1.3",)}, {"not_equals": ("TLSv1.3",)}])
def test_a_selector_on_a_field_that_is_not_documented_may_record_everything_else_that_it_selects(
    asked: dict[str, Any],
) -> None:
    trail = selecting(FieldSelector("tlsDetails.tlsVersion", **asked), FieldSelector("readOnly", equals=("true",)))
    assert surely(trail) == NONE
    assert possibly(trail) == READS


def test_with_selectors_unread_nothing_is_surely_and_anything_possibly_recorded() -> None:
    trail = a_trail(selectors=REFUSED)
    assert surely(trail) == NONE
    assert possibly(trail) == ALL


@pytest.mark.parametrize("selectors", [EventSelectors(), REFUSED], ids=["all", "unread"])
@pytest.mark.parametrize(
    ("region", "may_be_there"),
    [
        (HOME, True),
        (FUTURE, True),
        ("us-east-1", False),
        ("us-gov-west-1", False),
        ("cn-north-1", False),
    ],
)
def test_without_global_service_events_these_are_left_out_where_cloudtrail_records_them(
    region: str, may_be_there: bool, selectors: EventSelectors | Unreadable
) -> None:
    trail = a_trail(global_service_events=False, selectors=selectors)
    assert possibly(trail, region) == (ALL if may_be_there else ALL - GLOBAL)
    assert surely(trail) == (ALL - GLOBAL if isinstance(selectors, EventSelectors) else NONE)


def test_global_service_events_are_narrowed_by_selectors_too() -> None:
    trail = a_trail(global_service_events=False, selectors=WRITES)
    assert possibly(trail, "us-east-1") == surely(trail) == ALL - READS - GLOBAL


NAMES = ("Decrypt", "Decrypted", "GetKey", "ry")
values = st.lists(st.sampled_from(NAMES), max_size=2).map(tuple)
on_a_name = st.builds(
    FieldSelector,
    st.just("eventName"),
    equals=values,
    starts_with=values,
    ends_with=values,
    not_equals=values,
    not_starts_with=values,
    not_ends_with=values,
)


def selects(asked: FieldSelector, name: str) -> bool:
    """As the API reference says it: any of these, and none of those."""
    wanted = [
        *(name == value for value in asked.equals),
        *(name.startswith(value) for value in asked.starts_with),
        *(name.endswith(value) for value in asked.ends_with),
    ]
    unwanted = [
        *(name == value for value in asked.not_equals),
        *(name.startswith(value) for value in asked.not_starts_with),
        *(name.endswith(value) for value in asked.not_ends_with),
    ]
    return (not wanted or any(wanted)) and not any(unwanted)


@given(st.lists(st.lists(on_a_name, min_size=1, max_size=2).map(tuple), min_size=1, max_size=2))
def test_any_of_the_values_is_selected_and_none_of_the_others(advanced: list[tuple[FieldSelector, ...]]) -> None:
    trail = a_trail(selectors=EventSelectors(advanced=tuple(advanced)))
    for name in NAMES:
        recorded = any(all(selects(field, name) for field in selector) for selector in advanced)
        assert surely_recorded(trail).matches({"eventName": name}) is recorded
        assert possibly_recorded(trail, HOME).matches({"eventName": name}) is recorded


basic = st.builds(
    EventSelector,
    st.sampled_from(["All", "ReadOnly", "WriteOnly", "New"]),
    st.booleans(),
    st.lists(st.sampled_from(["kms.amazonaws.com", "sts.amazonaws.com"]), max_size=2).map(tuple),
)
field_selectors = st.builds(
    FieldSelector,
    st.sampled_from(["eventSource", "userIdentity.arn", "tlsDetails.tlsVersion", "readOnly"]),
    equals=st.sampled_from([(), ("true",), ("kms.amazonaws.com",)]),
    not_equals=st.sampled_from([(), ("false",), ("kms.amazonaws.com",)]),
)
any_selectors = st.one_of(
    st.just(REFUSED),
    st.builds(EventSelectors, basic=st.lists(basic, max_size=3).map(tuple)),
    st.builds(
        EventSelectors, advanced=st.lists(st.lists(field_selectors, max_size=3).map(tuple), max_size=3).map(tuple)
    ),
)


@given(any_selectors, st.booleans(), st.sampled_from([HOME, FUTURE, "us-east-1"]))
def test_what_is_surely_recorded_is_possibly_recorded(
    selectors: EventSelectors | Unreadable, global_service_events: bool, region: str
) -> None:
    trail = a_trail(selectors=selectors, global_service_events=global_service_events)
    assert surely(trail) <= possibly(trail, region)


ALICE = "arn:aws:iam::123456789012:user/alice"
BOB = "arn:aws:iam::123456789012:user/bob"

BY_ALICE: dict[str, Any] = {"readOnly": True, "userIdentity": {"arn": ALICE}}
BY_BOB: dict[str, Any] = {"readOnly": True, "userIdentity": {"arn": BOB}}
BY_NOBODY_NAMED: dict[str, Any] = {"readOnly": True, "userIdentity": {"type": "AWSService"}}
BY_NULL: dict[str, Any] = {"readOnly": True, "userIdentity": {"arn": None}}

NOT_ALICE = {
    "is not": FieldSelector("userIdentity.arn", not_equals=(ALICE,)),
    "does not begin so": FieldSelector("userIdentity.arn", not_starts_with=(ALICE[:-1],)),
    "does not end so": FieldSelector("userIdentity.arn", not_ends_with=("/alice",)),
}


@pytest.mark.parametrize("name", NOT_ALICE)
@pytest.mark.parametrize(
    ("event", "surely", "possibly"),
    [
        (BY_ALICE, False, False),
        (BY_BOB, True, True),
        (BY_NOBODY_NAMED, False, True),  # whether "is not" holds of a field that is not there is not documented
        (BY_NULL, False, True),
    ],
    ids=["alice", "bob", "no ARN", "an ARN of null"],
)
def test_what_is_deselected_is_surely_left_out_and_what_lacks_the_field_may_be(
    name: str, event: dict[str, Any], surely: bool, possibly: bool
) -> None:
    trail = selecting(NOT_ALICE[name])
    assert surely_recorded(trail).matches(event) is surely
    assert possibly_recorded(trail, HOME).matches(event) is possibly


def test_what_is_selected_has_the_field() -> None:
    trail = selecting(FieldSelector("userIdentity.arn", equals=(ALICE,)))
    for event in (BY_BOB, BY_NOBODY_NAMED, BY_NULL):
        assert not possibly_recorded(trail, HOME).matches(event)
    assert surely_recorded(trail).matches(BY_ALICE)


EXCUSED = {"is not": ALICE, "does not begin so": f"{ALICE[:-1]}*", "does not end so": "*/alice"}
"""The ARNs that each leaves out, as a filter pattern writes them."""


@pytest.mark.parametrize("name", NOT_ALICE)
def test_leaving_out_whom_the_profile_excuses_may_leave_out_calls_that_name_nobody(name: str) -> None:
    judge = profile.load("cis-level-2", {"benign": [f'{{ $.userIdentity.arn = "{EXCUSED[name]}" }}']})
    for region in assess(a_compliant_snapshot(trails=(selecting(NOT_ALICE[name]),)), judge).regions:
        assert (region.verdict, [doubt.code for doubt in region.doubts]) == (INDETERMINATE, ["trail.selectors"])
        assert region.blind_spot is not None
        identity = region.blind_spot["userIdentity"]
        assert isinstance(identity, dict)
        assert identity.get("arn") is None
