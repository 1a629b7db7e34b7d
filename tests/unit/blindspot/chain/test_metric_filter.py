"""The metric filter: its pattern, what narrows it, what it adds to which metric, and which ordinary calls it counts."""

from dataclasses import replace
from fractions import Fraction
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blindspot.chain.metric_filter import (
    FilterPatterns,
    check_narrowing,
    check_value,
    filter_resource,
    filter_title,
    matches_in_metric,
    system_fields,
    value_per_match,
)
from blindspot.model import profile
from blindspot.model.findings import HOLDS, Doubt, Finding, Gap
from blindspot.model.snapshot import (
    EventSelector,
    EventSelectors,
    LogGroup,
    MetricFilter,
    MetricQuery,
    Skipped,
    Snapshot,
    Trail,
    Unreadable,
)
from filter_pattern import ALWAYS, NEVER, Pattern, Proofs, equals
from tests.builders import (
    ACCOUNT,
    CIS,
    HOME,
    REGIONS,
    a_compliant_snapshot,
    a_filter,
    a_status,
    a_trail,
    log_group_arn,
)
from tests.cases.accounts import PROFILE
from tests.findings import assert_found

GROUP = LogGroup(log_group_arn(), ())
RESOURCE = f"{log_group_arn()}:metric-filter:unauthorized"
TITLE = "unauthorized of log group management-events"
REFUSED = Unreadable("cloudtrail:GetTrailStatus", HOME, "AccessDeniedException", denied=True)


def patterns(**bent: Any) -> FilterPatterns:
    return FilterPatterns(a_compliant_snapshot(**bent), PROFILE)


def test_a_pattern_is_parsed() -> None:
    read = patterns()
    for text in (CIS, "", CIS):
        found = read.pattern("r", "t", text)
        assert isinstance(found, Pattern)
        assert found.text == text


UNREADABLE = {
    "no pattern": ("{ $.errorCode = ", "filter.unclear", "cannot be parsed"),
    "disputed": ("{ $.a = disputed }", "filter.disputed", "AWS"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_pattern_that_is_not_understood_is_a_doubt_of_each_filter_that_has_it(name: str) -> None:
    text, code, fact = UNREADABLE[name]
    read = patterns(disputed_patterns=frozenset({"{ $.a = disputed }"}))
    assert_found(read.pattern("first", "metric filter one", text), Doubt, code, "first", "metric filter one", fact)
    assert_found(read.pattern("second", "metric filter two", text), Doubt, code, "second", "metric filter two", fact)


# Whether a filter counts ordinary events.

NOISY = '{ $.eventName = "GetCallerIdentity" }'
"""One ordinary call, which reads, of a global service."""


def noise(pattern: str = NOISY, *trails: Trail, scope: Any = ALWAYS, **bent: Any) -> Finding:
    """What is found of a filter on the log group of these trails; without any, of one trail that is whole."""
    snapshot: Snapshot = a_compliant_snapshot(trails=trails or (a_trail(),), **bent)
    return FilterPatterns(snapshot, PROFILE).check_noise(GROUP, a_filter(pattern), scope)


def beside_cis(condition: str) -> str:
    """A right pattern that counts other events too."""
    return f"{{ ({CIS[2:-2]}) || ({condition}) }}"


def organization(**bent: Any) -> Trail:
    return a_trail(organization=True, **bent)


DEAD = a_trail(name="dead", log_group_arn=log_group_arn(), status=a_status(logging=False))
UNREAD = a_trail(name="unread", log_group_arn=log_group_arn(), status=REFUSED)
WRITES = EventSelectors((EventSelector("WriteOnly"),))

QUIET = {
    "refused calls": partial(noise, CIS),
    "refused calls, without trail": partial(noise, CIS, a_trail(name="other")),
    "another account's refused calls, without trail": partial(
        noise, f'{{ ({CIS[2:-2]}) && ($.recipientAccountId = "999999999999") }}', a_trail(name="other")
    ),
    "out of scope": partial(noise, scope=NEVER),
    "out of scope by source": partial(noise, scope=equals("eventSource", "kms.amazonaws.com")),
    "not logging": partial(noise, NOISY, DEAD),
    "delivery fails": partial(noise, NOISY, a_trail(status=a_status(logs_delivery_error="AccessDenied"))),
    "not recorded": partial(noise, NOISY, a_trail(selectors=WRITES)),
    "not recorded, status unread": partial(noise, NOISY, a_trail(selectors=WRITES, status=REFUSED)),
    "another region, home alone": partial(noise, beside_cis('$.awsRegion = "us-east-1"'), a_trail(multi_region=False)),
    "a region that nobody names": partial(noise, beside_cis('$.awsRegion != "eu-*" && $.awsRegion != "us-*"')),
    "a region not opted in to": partial(
        noise,
        beside_cis('$.awsRegion != "eu-*" && $.awsRegion != "us-*"'),
        skipped=(Skipped("ap-east-1", "not opted in"),),
    ),
    "another account": partial(noise, beside_cis('$.recipientAccountId = "999999999999"')),
    "any other account": partial(noise, beside_cis(f'$.recipientAccountId != "{ACCOUNT}"')),
    "other accounts of another trail": partial(
        noise, beside_cis(f'$.recipientAccountId != "{ACCOUNT}"'), a_trail(), organization(name="other")
    ),
    "global services, left out": partial(
        noise, '{ $.eventName = "AssumeRole" && $.awsRegion = "us-east-1" }', a_trail(global_service_events=False)
    ),
}


@pytest.mark.parametrize("name", QUIET)
def test_a_filter_counts_no_ordinary_calls_that_do_not_arrive(name: str) -> None:
    assert QUIET[name]() is HOLDS


LOUD = {
    "a call": (partial(noise), "sts.amazonaws.com GetCallerIdentity"),
    "a write": (
        partial(noise, '{ $.eventName = "RunInstances" }', a_trail(selectors=WRITES)),
        "ec2.amazonaws.com RunInstances",
    ),
    "of its source": (
        partial(noise, "", scope=equals("eventSource", "kms.amazonaws.com")),
        "kms.amazonaws.com Decrypt",
    ),
    "everything": (partial(noise, ""), "sts.amazonaws.com"),
    "home region": (partial(noise, beside_cis(f'$.awsRegion = "{HOME}"')), "sts.amazonaws.com"),
    "home region, home alone": (
        partial(noise, beside_cis(f'$.awsRegion = "{HOME}"'), a_trail(multi_region=False)),
        "sts.amazonaws.com",
    ),
    "home region, regions unread": (
        partial(noise, beside_cis(f'$.awsRegion = "{HOME}"'), regions=REFUSED),
        "sts.amazonaws.com",
    ),
    "home region by its beginning, regions unread": (
        partial(noise, beside_cis('$.awsRegion = "eu-*"'), regions=REFUSED),
        "sts.amazonaws.com",
    ),
    "another region": (partial(noise, beside_cis('$.awsRegion = "us-east-1"')), "sts.amazonaws.com"),
    "all but home": (partial(noise, beside_cis(f'$.awsRegion != "{HOME}"')), "sts.amazonaws.com"),
    "regions by their beginning": (partial(noise, beside_cis('$.awsRegion = "us-*"')), "sts.amazonaws.com"),
    "enabled, by its beginning": (
        partial(noise, beside_cis('$.awsRegion = "ap-*"'), regions=(*REGIONS, "ap-south-1")),
        "sts.amazonaws.com",
    ),
    "a region in the text": (partial(noise, '?AccessDenied ?"us-east-1"'), "sts.amazonaws.com"),
    "another account": (
        partial(noise, beside_cis('$.recipientAccountId = "999999999999"'), organization()),
        "sts.amazonaws",
    ),
    "all other accounts": (
        partial(noise, beside_cis(f'$.recipientAccountId != "{ACCOUNT}"'), organization()),
        "sts.amazonaws",
    ),
    "all but some accounts": (
        partial(
            noise,
            beside_cis(f'$.recipientAccountId != "{ACCOUNT}" && $.recipientAccountId != "000000000000"'),
            organization(),
        ),
        "sts.amazonaws.com",
    ),
    **{
        f"accounts by a part: {part}": (
            partial(noise, beside_cis(f"$.recipientAccountId {part}"), organization()),
            "sts.amazonaws.com",
        )
        for part in (
            *('= "99998888*"', "= %^99998888%", '= "*7"', '= "9*8*7"', '!= "1*"'),
            '!= "0*" && $.recipientAccountId != "1*"',
        )
    },
    "by one of two trails": (partial(noise, NOISY, DEAD, a_trail()), "sts.amazonaws.com"),
    "by one, perhaps by another": (partial(noise, NOISY, UNREAD, a_trail()), "sts.amazonaws.com"),
    "perhaps of one region, surely of another": (
        partial(noise, beside_cis('$.awsRegion = "ap-south-1" || $.awsRegion = "us-east-1"')),
        "sts.amazonaws.com",
    ),
}


@pytest.mark.parametrize("name", LOUD)
def test_a_filter_that_counts_ordinary_calls_never_lets_its_alarm_return(name: str) -> None:
    found, fact = LOUD[name]
    assert_found(found(), Gap, "filter.noise", RESOURCE, TITLE, fact)


PERHAPS = {
    "status unread": (partial(noise, NOISY, UNREAD), "GetCallerIdentity"),
    "status unread, beside a dead trail": (partial(noise, NOISY, DEAD, UNREAD), "GetCallerIdentity"),
    "selectors unread": (partial(noise, NOISY, a_trail(selectors=REFUSED)), "GetCallerIdentity"),
    "delivery hidden": (
        partial(noise, NOISY, organization(status=a_status(logs_delivered_at=None))),
        "GetCallerIdentity",
    ),
    "a region that is not enabled": (partial(noise, beside_cis('$.awsRegion = "us-gov-west-1"')), "amazonaws.com"),
    "another region, regions unread": (
        partial(noise, beside_cis('$.awsRegion = "us-east-1"'), regions=REFUSED),
        "amazonaws.com",
    ),
    "the region of global services": (
        partial(noise, beside_cis(f'$.awsRegion != "{HOME}"'), regions=(HOME,)),
        "amazonaws.com",
    ),
    "an excluded region": (
        partial(
            noise,
            beside_cis('$.awsRegion != "eu-*" && $.awsRegion != "us-*"'),
            skipped=(Skipped("ap-east-1", "excluded", excluded=True),),
        ),
        "amazonaws.com",
    ),
    "global services, elsewhere": (
        partial(
            noise, f'{{ $.eventName = "AssumeRole" && $.awsRegion = "{HOME}" }}', a_trail(global_service_events=False)
        ),
        "amazonaws.com",
    ),
    "no trail": (partial(noise, NOISY, a_trail(name="other")), "no trail delivers"),
    **{
        f"other accounts, no trail: {which}": (
            partial(noise, f"{{ $.recipientAccountId {which} }}", a_trail(name="other")),
            "no trail delivers",
        )
        for which in ('= "999999999999"', '= "9*"', f'!= "{ACCOUNT}"')
    },
    "refusals and more, no trail": (
        partial(noise, beside_cis("$.eventName = x"), a_trail(name="other")),
        "no trail delivers",
    ),
}


@pytest.mark.parametrize("name", PERHAPS)
def test_a_filter_that_may_count_ordinary_calls_is_in_doubt(name: str) -> None:
    found, fact = PERHAPS[name]
    assert_found(found(), Doubt, "filter.noise", RESOURCE, TITLE, fact)


def test_however_many_accounts_a_pattern_names_it_is_decided() -> None:
    """Whoever may set up a filter chooses its pattern."""
    named = " ".join(f"{number:02}*" for number in range(100))
    pattern = f'{{ ($.recipientAccountId = "99*") || ($.userAgent = "{named}") }}'
    assert_found(noise(pattern, organization()), Gap, "filter.noise", RESOURCE, TITLE)


def test_what_a_malformed_trail_delivers_may_be_counted() -> None:
    """One whose log group is not known may deliver to any; one that delivers elsewhere does not."""
    writes = a_trail(selectors=EventSelectors((EventSelector(read_write="WriteOnly"),)))
    malformed = a_trail(name="malformed", status=REFUSED, selectors=REFUSED, log_group_arn=None, unread="Malformed: x")
    assert noise(NOISY, writes) is HOLDS
    assert_found(noise(NOISY, writes, malformed), Doubt, "filter.noise", RESOURCE, "GetCallerIdentity")
    assert noise(NOISY, writes, replace(malformed, log_group_arn=log_group_arn(name="other"))) is HOLDS
    assert noise(NOISY, writes, replace(malformed, unread="")) is HOLDS


def test_of_a_malformed_filter_nothing_is_known() -> None:
    malformed = a_filter("", unread="Malformed: metricValue", unit="Count")
    for found in (
        FilterPatterns(a_compliant_snapshot(), PROFILE).check_noise(GROUP, malformed, ALWAYS),
        check_narrowing(GROUP, malformed),
        value_per_match(GROUP, malformed),
        reaching(malformed, unit="Bytes"),
    ):
        assert_found(found, Doubt, "unread.no-answer", RESOURCE, f"Metric filter {TITLE}", "Malformed: metricValue")
    assert check_value(GROUP, malformed) is HOLDS


def test_a_filter_that_is_not_understood_may_count_anything() -> None:
    assert_found(noise("{ $.x"), Doubt, "filter.unclear", RESOURCE, TITLE)


def test_a_profile_may_put_up_with_noise() -> None:
    tolerant = profile.load("cis-level-2", {"noise_breaks": False})
    for pattern in (NOISY, "{ $.x"):
        read = FilterPatterns(a_compliant_snapshot(), tolerant)
        assert read.check_noise(GROUP, a_filter(pattern), ALWAYS) is HOLDS


@pytest.mark.parametrize(
    ("run", "fact"),
    [(Proofs(steps=0), "all the steps that one assessment may take"), (Proofs(stop=lambda: True), "no time left")],
)
def test_without_steps_or_time_it_is_not_known_what_a_filter_counts(run: Proofs, fact: str) -> None:
    for pattern in (CIS, NOISY):
        found = FilterPatterns(a_compliant_snapshot(), PROFILE, run).check_noise(GROUP, a_filter(pattern), ALWAYS)
        assert_found(found, Doubt, "filter.noise", RESOURCE, TITLE, "It is not known whether", fact)


def test_in_each_log_group_the_calls_of_its_own_region_are_counted() -> None:
    away = log_group_arn("us-east-1", "away")
    trails = a_trail(multi_region=False), a_trail("us-east-1", "away", multi_region=False, status=a_status())
    read = FilterPatterns(a_compliant_snapshot(trails=trails), PROFILE)
    for _ in range(2):
        for group in (GROUP, LogGroup(away, ())):
            assert isinstance(read.check_noise(group, a_filter('{ $.eventName = "DescribeAlarms" }'), ALWAYS), Gap)
            assert read.check_noise(group, a_filter(CIS), ALWAYS) is HOLDS


def test_what_counts_as_refusals_is_asked_of_each_pattern() -> None:
    read = FilterPatterns(a_compliant_snapshot(trails=()), PROFILE)
    for _ in range(2):
        assert read.check_noise(GROUP, a_filter(CIS), ALWAYS) is HOLDS
        assert isinstance(read.check_noise(GROUP, a_filter(NOISY), ALWAYS), Doubt)


# What keeps events from being counted.


def test_a_metric_filter_is_told_apart_by_its_log_group() -> None:
    other = log_group_arn(name="other")
    assert filter_resource(log_group_arn(), "f") != filter_resource(other, "f")
    assert filter_title(other, "f") == "f of log group other"


THERE = f'@aws.region = "{HOME}"'


@pytest.mark.parametrize(
    "bent",
    [
        {},
        {"field_selection": THERE},
        {"field_selection": f'{THERE} AND @aws.account IN ["{ACCOUNT}"]'},
        {"field_selection": '@aws.account NOT IN ["999999999999"]'},
    ],
)
def test_nothing_narrows_a_filter_that_selects_its_own_log_group(bent: dict[str, Any]) -> None:
    assert check_narrowing(GROUP, a_filter(**bent)) is HOLDS


@pytest.mark.parametrize(
    ("bent", "kind"),
    [
        ({"field_selection": '@aws.region = "us-west-2"'}, Gap),
        ({"field_selection": f'@aws.account != "{ACCOUNT}"'}, Gap),
        ({"field_selection": '@aws.region = "us-west-2"', "on_transformed_logs": True}, Gap),
        ({"field_selection": '@data_source = "cloudtrail"'}, Doubt),
        ({"field_selection": "anything"}, Doubt),
        ({"on_transformed_logs": True}, Doubt),
        ({"field_selection": THERE, "on_transformed_logs": True}, Doubt),
    ],
)
def test_what_narrows_a_filter_beside_its_pattern(bent: dict[str, Any], kind: type[Gap | Doubt]) -> None:
    assert_found(check_narrowing(GROUP, a_filter(**bent)), kind, "filter.narrowed", RESOURCE, TITLE)


def test_the_system_fields_of_a_log_group_are_those_of_its_arn() -> None:
    assert system_fields(GROUP) == {"@aws.account": ACCOUNT, "@aws.region": HOME}


@pytest.mark.parametrize(
    ("value", "added"),
    [("1", 1), ("0.5", Fraction(1, 2)), ("0", 0), ("-1", -1), ("1e3", 1000)],
)
def test_a_number_is_what_each_match_adds(value: str, added: Fraction) -> None:
    metric_filter = a_filter(value=value)
    assert value_per_match(GROUP, metric_filter) == added
    found = check_value(GROUP, metric_filter)
    if added > 0:
        assert found is HOLDS
    else:
        assert_found(found, Gap, "filter.value", RESOURCE, TITLE, f" {value} ")


@pytest.mark.parametrize("value", ["$.count", "", "nan", "inf", "1e999", "1_0", "\u0661", " 1"])
def test_what_a_value_from_the_event_adds_is_not_known(value: str) -> None:
    metric_filter = a_filter(value=value)
    found = value_per_match(GROUP, metric_filter)
    assert isinstance(found, Doubt)
    assert_found(found, Doubt, "filter.value", RESOURCE, TITLE, f" {value},")
    assert check_value(GROUP, metric_filter) is HOLDS


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_filter_adds_something_where_its_value_is_above_zero(value: float) -> None:
    assert (check_value(GROUP, a_filter(value=repr(value))) is HOLDS) is (value > 0)


# Which matches reach the metric of an alarm.

ALICE = {"userIdentity": {"userName": "alice"}, "readOnly": True, "eventName": "Decrypt", "region": HOME}
BOB = {"userIdentity": {"userName": "bob"}, "readOnly": False, "eventName": "Decrypt"}
USER = ("user", "$.userIdentity.userName")
NAME = ("name", "$.eventName")
IN_ACCOUNT, IN_REGION = ("@aws.account", ACCOUNT), ("@aws.region", HOME)


def reaching(metric_filter: MetricFilter, *dimensions: tuple[str, str], unit: str | None = None) -> Any:
    query = MetricQuery("m", namespace="CISBenchmark", metric="unauthorized", unit=unit, dimensions=dimensions)
    return matches_in_metric(query, GROUP, metric_filter)


def by(*dimensions: tuple[str, str], **bent: Any) -> MetricFilter:
    return a_filter(dimensions=dimensions, **bent)


@pytest.mark.parametrize(
    ("of_filter", "of_alarm", "reaches"),
    [
        (None, None, True),
        ("Count", None, True),
        (None, "None", True),
        ("None", "None", True),
        ("Count", "Count", True),
        ("Count", "Bytes", False),
        ("Count", "None", False),
        (None, "Count", False),
    ],
)
def test_an_alarm_of_another_unit_has_no_data(of_filter: str | None, of_alarm: str | None, reaches: bool) -> None:
    assert reaching(a_filter(unit=of_filter), unit=of_alarm) == (ALWAYS if reaches else None)


SYSTEM = a_filter(system_dimensions=("@aws.account", "@aws.region"))

SOME = {
    "no dimensions": (partial(reaching, a_filter()), True, True),
    "a user": (partial(reaching, by(USER), ("user", "alice")), True, False),
    "a user, with a blank": (partial(reaching, by(USER), ("user", "al ice")), False, False),
    "a user and a call": (partial(reaching, by(USER, NAME), ("user", "bob"), ("name", "Decrypt")), False, True),
    "a user and another call": (partial(reaching, by(USER, NAME), ("user", "bob"), ("name", "Encrypt")), False, False),
    "a text that looks like a boolean": (partial(reaching, by(USER), ("user", "true")), False, False),
    "account and region": (partial(reaching, SYSTEM, IN_ACCOUNT, IN_REGION), True, True),
    "account, region and user": (
        partial(reaching, replace(SYSTEM, dimensions=(USER,)), IN_ACCOUNT, ("user", "alice"), IN_REGION),
        True,
        False,
    ),
}


@pytest.mark.parametrize("name", SOME)
def test_the_events_that_have_an_alarms_dimensions_reach_it(name: str) -> None:
    found, alice, bob = SOME[name]
    reached = found()
    assert (reached.matches(ALICE), reached.matches(BOB)) == (alice, bob)


NONE_REACH = {
    "dimensions that it does not have": partial(reaching, a_filter(), ("user", "alice")),
    "other dimensions": partial(reaching, by(USER), ("name", "alice")),
    "more dimensions": partial(reaching, by(USER), ("user", "alice"), ("name", "Decrypt")),
    "one of two, the other in every event": partial(reaching, by(USER, NAME), ("user", "alice")),
    "none, of one in every event": partial(reaching, by(NAME)),
    "none, of one in every event and one that is not": partial(reaching, by(USER, NAME)),
    "none, where account and region are added": partial(reaching, SYSTEM),
    "another region": partial(reaching, SYSTEM, IN_ACCOUNT, ("@aws.region", "us-east-1")),
    "another region, beside a system field that is not known": partial(
        reaching, a_filter(system_dimensions=("@data_source", "@aws.region")), ("@aws.region", "us-east-1")
    ),
    "the account alone": partial(reaching, SYSTEM, IN_ACCOUNT),
    "account and region that are not added": partial(reaching, a_filter(), IN_ACCOUNT, IN_REGION),
    "a user, without account and region": partial(reaching, replace(SYSTEM, dimensions=(USER,)), ("user", "alice")),
}


@pytest.mark.parametrize("name", NONE_REACH)
def test_metrics_with_other_dimensions_are_other_metrics(name: str) -> None:
    assert NONE_REACH[name]() is None


MAY_REACH = {
    "none, of one that not every event has": partial(reaching, by(USER)),
    "none, of one that may be of another type": partial(reaching, by(("readOnly", "$.readOnly"))),
    "one of two": partial(reaching, by(USER, NAME), ("name", "Decrypt")),
    "none, of one by position": partial(reaching, by(("user", "$user"))),
    "one by position": partial(reaching, by(("user", "$user")), ("user", "alice")),
    "none, of one that names no field": partial(reaching, by(("user", "$.a = 1 || $.b"))),
    "none, of a system field that is not known": partial(reaching, a_filter(system_dimensions=("@data_source",))),
    "a system field that is not known": partial(
        reaching, a_filter(system_dimensions=("@aws.region", "@data_source")), ("@data_source", "cloudtrail"), IN_REGION
    ),
    "a quote": partial(reaching, by(USER), ("user", 'al"ice')),
    "a backslash": partial(reaching, by(USER), ("user", "al\\ice")),
    "two backslashes": partial(reaching, by(USER), ("user", "al\\\\ice")),
    "a star": partial(reaching, by(USER), ("user", "al*")),
    "true": partial(reaching, by(("readOnly", "$.readOnly")), ("readOnly", "true")),
    "false": partial(reaching, by(("readOnly", "$.readOnly")), ("readOnly", "false")),
    "a boolean of a field that is not known": partial(reaching, by(("x", "$.requestParameters.x")), ("x", "true")),
}


@pytest.mark.parametrize("name", MAY_REACH)
def test_where_the_dimensions_are_not_worked_out_events_may_reach_the_metric(name: str) -> None:
    assert_found(MAY_REACH[name](), Doubt, "filter.narrowed", RESOURCE, TITLE)


def test_of_a_filter_that_was_malformed_nothing_is_known() -> None:
    broken = a_filter(unread="Malformed: metricValue")
    for found in (
        patterns().check_noise(GROUP, broken, ALWAYS),
        check_narrowing(GROUP, broken),
        value_per_match(GROUP, broken),
        matches_in_metric(MetricQuery("m", namespace="CISBenchmark", metric="other"), GROUP, broken),
    ):
        assert_found(found, Doubt, "unread.no-answer", RESOURCE, f"Metric filter {TITLE}", "Malformed: metricValue")


@pytest.mark.parametrize(
    ("pattern", "every"), [("", True), ('{ $.eventName = "*" }', True), (CIS, False), ("{ broken", False)]
)
def test_it_is_known_which_patterns_match_every_event(pattern: str, every: bool) -> None:
    assert patterns().matches_every_event(pattern) is every
