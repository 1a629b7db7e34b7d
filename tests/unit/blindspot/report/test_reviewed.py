"""What is shown of a review, and that anything else than its document is an error."""

from datetime import date
from typing import Any

import pytest

from blindspot.report.reading import DocumentError, view_of
from blindspot.report.reviewed import SIGNS
from blindspot.report.view import AlarmForecast, Day, NotExcluded
from blindspot.review import groups, risk
from tests.cases.documents import a_document, a_remediation
from tests.cases.hostile import NAMES
from tests.cases.reviews import (
    ACCOUNT,
    ALARM,
    ALARMS,
    OTHER_LOG,
    REFUSED_READ,
    SCP,
    a_caller,
    a_group,
    a_large_review,
    a_log_group,
    a_refusal,
    a_review,
    an_alarm,
    an_event,
    an_exclusion,
    days,
    reviewed,
)
from tests.schemas import REVIEW

OF_A_WEEK = a_review()["read"]
PROFILE_ALARM = an_alarm(ALARMS, alarm=None, name="unauthorized-api-calls-alarm")


@pytest.mark.parametrize("document", [a_review(), a_large_review()])
def test_the_cases_follow_the_schema(document: dict[str, Any]) -> None:
    REVIEW.validate(document)


def test_every_sign_has_words() -> None:
    assert SIGNS.keys() == groups.SIGNS.keys()
    signs = REVIEW.schema["properties"]["groups"]["items"]["properties"]["signs"]  # type: ignore[index]
    assert signs["items"]["enum"] == list(groups.SIGNS)


def test_the_schema_knows_why_a_group_is_not_excluded() -> None:
    not_excluded = REVIEW.schema["properties"]["groups"]["items"]["properties"]["not_excluded"]  # type: ignore[index]
    assert not_excluded["properties"]["code"]["enum"] == list(risk.WHY)


def test_it_looks_like_what_the_schema_has() -> None:
    looks_like = REVIEW.schema["properties"]["groups"]["items"]["properties"]["looks_like"]  # type: ignore[index]
    assert looks_like["enum"] == [*groups.LOOKS_LIKE, groups.NOT_KNOWN]


def of(count: int, at_most: int | None = None) -> dict[str, Any]:
    """A review whose alarms would have gone to ALARM so often."""
    most = count if at_most is None else at_most
    alarms = [an_alarm([], alarm=arn, fewest=count, most=most) for arn in (ALARM, None)]
    exclusion = an_exclusion(alarms_before=count, alarms_after=0)
    return {"alarms": alarms, "exclusions": [exclusion]}


def in_hours(count: int) -> dict[str, Any]:
    """What was read of so many hours of a day or of the two before."""
    start = {6: "2026-11-27T06:00", 1: "2026-11-27T11:00", 47: "2026-11-25T13:00", 48: "2026-11-25T12:00"}[count]
    return {"read": OF_A_WEEK | {"from": f"{start}:00+00:00"}}


SCANNER = "; role scanner makes 87 % of the refused calls."
REMAIN = "With 1 exclusion, 2 alarms a day remain."
NONE_REMAINS = " With 1 exclusion, none remains."

ANSWERS: list[tuple[dict[str, Any], str]] = [
    ({}, f"29 alarms a day{SCANNER} {REMAIN}"),
    (of(200), f"29 alarms a day{SCANNER}{NONE_REMAINS}"),
    (of(63), f"9 alarms a day{SCANNER}{NONE_REMAINS}"),
    (of(60), f"8.6 alarms a day{SCANNER}{NONE_REMAINS}"),
    (of(7), f"1 alarm a day{SCANNER}{NONE_REMAINS}"),
    (of(6), f"6 alarms in 7 days{SCANNER}{NONE_REMAINS}"),
    (of(1), f"1 alarm in 7 days{SCANNER}{NONE_REMAINS}"),
    (of(70, 140), f"10 to 20 alarms a day{SCANNER}{NONE_REMAINS}"),
    (of(2, 5), f"2 to 5 alarms in 7 days{SCANNER}{NONE_REMAINS}"),
    (of(200) | in_hours(48), f"100 alarms a day{SCANNER}{NONE_REMAINS}"),
    (of(200) | in_hours(47), f"200 alarms in 47 hours{SCANNER}{NONE_REMAINS}"),
    (of(2_000) | in_hours(1), f"2,000 alarms in 1 hour{SCANNER}{NONE_REMAINS}"),
    (
        {"exclusions": [an_exclusion(alarms_after=1)]},
        f"29 alarms a day{SCANNER} With 1 exclusion, 1 alarm in 7 days remains.",
    ),
    (
        {"exclusions": [an_exclusion(), an_exclusion(alarms_before=14, alarms_after=3)]},
        f"29 alarms a day{SCANNER} With 2 exclusions, 3 alarms in 7 days remain.",
    ),
    ({"exclusions": [], "groups": [a_group()]}, f"29 alarms a day{SCANNER} No exclusion is proposed."),
    (
        {"exclusions": [an_exclusion(alarms_before=28)]},
        (f"29 alarms a day{SCANNER} With the alarm that the profile recommends, it would be 4 alarms a day; with "
        "1 exclusion, 2 alarms a day remain."),
    ),
    (
        {"alarms": [an_alarm([]), an_alarm([], alarm=None, fewest=200, most=200)]},
        (f"0 alarms in 7 days{SCANNER} With the alarm that the profile recommends, it would be 29 alarms a day; with "
        "1 exclusion, 2 alarms a day remain."),
    ),
    ({"alarms": [PROFILE_ALARM]}, f"29 alarms a day{SCANNER} {REMAIN}"),
    ({"alarms": [an_alarm([], fewest=100, most=100)] * 2}, f"29 alarms a day{SCANNER} {REMAIN}"),
    ({"alarms": [PROFILE_ALARM | {"at_least": True}]}, f"At least 29 alarms a day{SCANNER} {REMAIN}"),
    (
        {"alarms": [an_alarm([], at_least=True, fewest=100, most=100), an_alarm([], fewest=200, most=200)]},
        f"29 alarms a day{SCANNER} {REMAIN}",
    ),
    (
        {"alarms": [an_alarm([], at_least=True, fewest=100, most=100)] * 2},
        f"At least 29 alarms a day{SCANNER} {REMAIN}",
    ),
    (
        {"alarms": [an_alarm([], fewest=200, most=200), PROFILE_ALARM | {"at_least": True}]},
        f"29 alarms a day{SCANNER} {REMAIN}",
    ),
    (
        {"alarms": [an_alarm([], not_known="It is of another kind."), PROFILE_ALARM]},
        f"29 alarms a day{SCANNER} {REMAIN}",
    ),
    (
        {"alarms": [], "exclusions": [], "groups": [a_group()]},
        f"800 refused calls in 7 days{SCANNER} It is not known how many alarms that were.",
    ),
    ({"days": days([0, 0]), "groups": [], "exclusions": []}, "No call was refused in 7 days."),
    ({"days": [], "groups": [], "exclusions": []}, "No call was refused in 7 days."),
    (
        {"days": days([700]), "groups": [a_group()]},
        f"29 alarms a day; role scanner makes all refused calls. {REMAIN}",
    ),
    (
        {"days": days([10**6]), "groups": [a_group(count=9)]},
        f"29 alarms a day; role scanner makes 1 % of the refused calls. {REMAIN}",
    ),
    (
        {"groups": [a_group(count=300), *[a_group(caller=a_caller("other"), count=200)] * 2]},
        f"29 alarms a day; role other makes 50 % of the refused calls. {REMAIN}",
    ),
    (
        {"groups": [a_group(excused=True), a_group(caller=a_caller("other"), count=25)]},
        f"29 alarms a day; role other makes 25 % of the refused calls that are not excluded. {REMAIN}",
    ),
    (
        {"groups": [a_group(excused=True), a_group(caller=a_caller("other"), count=100)]},
        f"29 alarms a day; role other makes all refused calls that are not excluded. {REMAIN}",
    ),
    ({"groups": [a_group(excused=True)]}, f"29 alarms a day. {REMAIN}"),
    ({"groups": [], "cut": {"groups": 3}}, f"29 alarms a day. {REMAIN}"),
    ({"read": OF_A_WEEK | {"from": OF_A_WEEK["to"], "share": 0.0}}, "A summary."),
]  # fmt: skip


@pytest.mark.parametrize(("bent", "answer"), ANSWERS)
def test_the_answer_says_how_many_alarms_from_whom_and_how_many_remain(bent: dict[str, Any], answer: str) -> None:
    assert reviewed(a_review(**bent)).answer == answer


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (1.0, ""),
        (1, ""),
        (0.9999, "So far, 99 % of the hours asked for."),
        (0.61, "So far, 61 % of the hours asked for."),
        (0, "So far, 0 % of the hours asked for."),
    ],
)
def test_what_was_not_read_yet_comes_first(share: float, words: str) -> None:
    assert reviewed(a_review(read=OF_A_WEEK | {"share": share})).so_far == words


def test_the_facts() -> None:
    assert reviewed(a_review(remarks=["One has ended."], refused_calls=1)).facts == (
        "800 refused calls of 3 callers from 2026-11-20 12:00 to 2026-11-27 12:00. All times are in UTC.",
        (
            "The alarm that the profile recommends would have gone to ALARM 200 times, and 14 times with all "
            "exclusions below."
        ),
        "One has ended.",
        "AWS refused 1 call of the review itself.",
    )
    once = [an_exclusion(alarms_before=1, alarms_after=1), an_exclusion(alarms_before=1, alarms_after=0)]
    assert reviewed(
        a_review(anonymized=True, exclusions=once, days=days([1]), groups=[a_group(exclusion=1)])
    ).facts == (
        "Names, accounts and addresses are replaced by stand-ins.",
        "1 refused call of 1 caller from 2026-11-20 12:00 to 2026-11-27 12:00. All times are in UTC.",
        "The alarm that the profile recommends would have gone to ALARM once, and never with all exclusions below.",
    )
    cut = reviewed(a_review(exclusions=[], cut={"groups": 9}, groups=[a_group(), a_group()], refused_calls=2)).facts
    assert [fact.partition(" from ")[0] for fact in cut] == [
        "800 refused calls of at least 1 caller",
        "AWS refused 2 calls of the review itself.",
    ]


def test_of_nothing_that_was_read_no_number_is_shown() -> None:
    shown = reviewed(a_review(read=OF_A_WEEK | {"from": OF_A_WEEK["to"], "share": 0.0}, groups=[], exclusions=[]))
    assert (shown.days, shown.alarms, shown.facts) == ((), (), ())


def test_a_single_minute_is_told_once() -> None:
    at, later = "2026-11-21T14:20:01+00:00", "2026-11-21T14:21:00+00:00"
    assert group_of(first_seen=at, last_seen=at.replace(":01+", ":59+")).seen == "2026-11-21 14:20"
    assert group_of(first_seen=at, last_seen=later).seen == "2026-11-21 14:20 to 2026-11-21 14:21"


def facts_of(**bent: Any) -> str:
    return " ".join(reviewed(a_review(exclusions=[], **bent)).facts[1:])


def test_it_is_told_how_many_calls_are_excluded_already() -> None:
    assert facts_of(groups=[a_group()]) == ""
    groups = [a_group(excused=True, count=1_500), a_group(excused=True, count=20), a_group(count=9)]
    assert facts_of(groups=groups) == "1,520 of these calls are excluded already."


@pytest.mark.parametrize(("quiet", "told"), [(0, ""), (1, ""), (2, "2026-11-22"), (3, "2026-11-23")])
def test_it_is_told_when_the_calls_began(quiet: int, told: str) -> None:
    facts = facts_of(days=days([*[0] * quiet, 5, 0]), groups=[a_group()])
    assert facts == (f"No call was refused before {told}, or no log events are left of that time." if told else "")


@pytest.mark.parametrize(("second", "is_told"), [("01", True), ("00", False)])
def test_a_short_review_tells_attacks_and_scanners_badly_apart(second: str, is_told: bool) -> None:
    read = OF_A_WEEK | {"from": f"2026-11-24T12:00:{second}+00:00"}
    words = "In less than 3 days an attack can look like a scanner, or a scanner like an attack. Compare with a week."
    assert facts_of(read=read, days=days([5]), groups=[a_group()]) == (words if is_told else "")
    assert facts_of(read=read, days=days([0]), groups=[]) == ""


def test_alarms_of_several_regions_are_told_apart() -> None:
    other = ALARM.replace("us-east-1", "eu-west-1")
    alarms = [an_alarm([], alarm=arn, terms="Sum >= 1") for arn in (ALARM, other, "alarm-3", None)]
    assert [alarm.terms for alarm in reviewed(a_review(alarms=alarms)).alarms] == [
        *("Sum >= 1, in us-east-1", "Sum >= 1, in eu-west-1", "Sum >= 1", "Sum >= 1"),
    ]
    one = [an_alarm([], alarm=arn, terms="Sum >= 1") for arn in (ALARM, ALARM, None)]
    assert [alarm.terms for alarm in reviewed(a_review(alarms=one)).alarms] == ["Sum >= 1"] * 3


def test_what_looks_like_an_attack_is_named_caller_by_caller() -> None:
    seen = {"first_seen": "2026-11-26T03:11:52+00:00", "last_seen": "2026-11-26T03:12:00+00:00"}
    attack = {"looks_like": "an attack", "count": 2}
    groups = [
        a_group(),
        *(a_group(call=f"A{number}", **attack) for number in range(7)),
        a_group(call="A0", code="B", **attack | seen),
        a_group(caller=a_caller("b"), **attack | seen | {"count": 1}),
        a_group(service="sqs.amazonaws.com", call="A", **attack | seen | {"last_seen": "2026-11-27T11:00:00+00:00"}),
    ]
    named = ", ".join(f"s3:A{number}" for number in range(7))
    role_b = "role b: 1 refused call, 2026-11-26 03:11 to 2026-11-26 03:12: s3:GetBucketAcl."
    assert reviewed(a_review(groups=groups, exclusions=[])).attacks == (
        f"role scanner: 18 refused calls, 2026-11-20 12:04 to 2026-11-27 11:00: {named} and sqs:A.",
        role_b,
    )
    nine = [*groups, a_group(call="A9", **attack), a_group(call="A10", **attack)]
    assert reviewed(a_review(groups=nine, exclusions=[])).attacks == (
        f"role scanner: 22 refused calls, 2026-11-20 12:04 to 2026-11-27 11:00: {named}, sqs:A and 2 more.",
        role_b,
    )
    assert reviewed(a_review(groups=groups[:1], exclusions=[])).attacks == ()


def test_what_was_not_read_is_named() -> None:
    half_way = a_log_group(
        error=REFUSED_READ | {"error": "Timeout", "permission": None}, read_from="2026-11-25T01:02:03+00:00"
    )
    refused = a_log_group(log_group=OTHER_LOG, error=REFUSED_READ, read_from="2026-11-27T12:00:00+00:00")
    read = OF_A_WEEK | {"not_understood": 1}
    assert reviewed(a_review(log_groups=[a_log_group(), half_way, refused], read=read)).not_read == (
        (
            "Log group organization-trail was read from 2026-11-25 01:02 on only: logs:FilterLogEvents in us-east-1 "
            "gave no answer (Timeout)."
        ),
        (
            "Log group data-trail was not read: logs:FilterLogEvents in us-east-1 was refused (AccessDeniedException). "
            "Allow the role logs:FilterLogEvents."
        ),
        "1 log event is no JSON object, and in no group.",
    )
    assert reviewed(a_review(read=OF_A_WEEK | {"not_understood": 1_200})).not_read == (
        "1,200 log events are no JSON object, and in no group.",
    )
    assert reviewed(a_review()).not_read == ()


def test_days_have_the_alarms_of_the_account() -> None:
    two = [an_alarm([1, 2], maybe=1), an_alarm([10]), an_alarm([], not_known="x"), an_alarm([99], alarm=None)]
    shown = reviewed(a_review(days=days([5, 6, 7]), alarms=two))
    assert shown.days == (
        Day(date(2026, 11, 20), 5, 11, 12),
        Day(date(2026, 11, 21), 6, 2, 3),
        Day(date(2026, 11, 22), 7, 0, 0),
    )
    assert shown.whose == "the account's alarms"


@pytest.mark.parametrize(
    ("alarms", "whose", "first"),
    [
        ([an_alarm([1]), PROFILE_ALARM], "the account's alarm", 1),
        ([PROFILE_ALARM], "the alarm that the profile recommends", ALARMS[0]),
        ([an_alarm([1], not_known="x"), PROFILE_ALARM], "the alarm that the profile recommends", ALARMS[0]),
        ([an_alarm([1], not_known="x")], "", None),
        ([], "", None),
    ],
)
def test_whose_alarms_the_days_count(alarms: list[dict[str, Any]], whose: str, first: int | None) -> None:
    shown = reviewed(a_review(alarms=alarms))
    assert (shown.whose, shown.days[0].fewest, shown.days[0].most) == (whose, first, first)


def test_alarms_are_counted_in_words() -> None:
    terms = an_alarm([])["terms"]
    alarms = [
        an_alarm([1_200]),
        an_alarm([1], maybe=1, at_least=True),
        an_alarm([], name="composite", not_known="It is of another kind."),
        an_alarm([3], alarm=None, name="recommended"),
    ]
    assert reviewed(a_review(alarms=alarms)).alarms == (
        AlarmForecast("unauthorized_api_calls_alarm", ALARM, terms, "1,200", ""),
        AlarmForecast("unauthorized_api_calls_alarm", ALARM, terms, "at least 1 to 2", ""),
        AlarmForecast("composite", ALARM, terms, "", "It is of another kind."),
        AlarmForecast("recommended", None, terms, "3", ""),
    )


def group_of(**bent: Any) -> Any:
    (group,) = reviewed(a_review(groups=[a_group(**bent)], exclusions=[])).groups
    return group


def test_a_group_in_words() -> None:
    shown = reviewed(a_review())
    first, second, third = shown.groups
    assert (first.who, first.call, first.code, first.count, first.days) == (
        *("role scanner", "s3:GetBucketAcl", "AccessDenied"),
        *(700, 7),
    )
    assert (first.first, first.last) == ("2026-11-20 12:04", "2026-11-27 10:58")
    assert (first.addresses, first.regions, first.account) == ("198.51.100.7", "us-east-1", None)
    assert first.example == an_event("scanner", "s3.amazonaws.com", "GetBucketAcl")
    assert (first.looks_like, first.signs, first.outcome) == (
        *("a scanner", ("caller refused in many services",)),
        "exclusion 1",
    )
    assert (second.policy, second.outcome, third.outcome) == (SCP, "not excluded", "")
    assert (third.who, third.account) == ("role build of account 444455556666", "444455556666")
    assert (third.addresses, third.regions) == ("203.0.113.20, 2001:db8::1 and others", "eu-west-1, us-east-1")
    assert [each.alarming for each in shown.groups] == [False, False, True]


CALLERS = [
    (a_caller("a", "user"), "user a"),
    (a_caller("config.amazonaws.com", "service", ""), "service config.amazonaws.com"),
    (a_caller("root", "root"), "root"),
    (a_caller("all others", "other", ""), "all others"),
    (a_caller("b", "other", "999999999999"), "b of account 999999999999"),
]


@pytest.mark.parametrize(("caller", "who"), CALLERS)
def test_who_called(caller: dict[str, Any], who: str) -> None:
    assert group_of(caller=caller).who == who


REFUSALS = [
    (a_refusal(), ""),
    (a_refusal("session policy"), "session policy"),
    (a_refusal(explicit=True), "an explicit deny"),
    (a_refusal(explicit=False), "no policy allows it"),
    (a_refusal("identity-based policy", explicit=True), "an identity-based policy denies it"),
    (a_refusal("service control policy", explicit=True), "a service control policy denies it"),
    (a_refusal("permissions boundary", explicit=False), "no permissions boundary allows it"),
]


@pytest.mark.parametrize(("refused_by", "words"), REFUSALS)
def test_what_refused_the_call(refused_by: dict[str, Any], words: str) -> None:
    assert group_of(refused_by=refused_by).refused_by == words


def test_other_words_of_a_group() -> None:
    assert group_of(service="", call="").call == ""
    assert group_of(service="s3.amazonaws.com.cn", call="A").call == "s3.amazonaws.com.cn:A"
    assert group_of(signs=["new", "later"]).signs == ("first seen in the last quarter of the time", "later")
    assert group_of(addresses=[], more_addresses=True).addresses == "others"
    assert group_of(addresses=[]).addresses == ""
    assert group_of(excused=True).outcome == "excluded already"
    assert group_of(example=None).example is None
    assert group_of(first_seen="2026-11-20T01:00:00+02:00").first == "2026-11-19 23:00"


def test_an_exclusion_with_its_proof() -> None:
    shown = reviewed(a_review())
    (exclusion,) = shown.exclusions
    assert (exclusion.who, exclusion.excluded) == ("role scanner", "700 refused calls")
    assert exclusion.calls == ("s3:GetBucketAcl, AccessDenied: 700 calls",)
    assert exclusion.pattern == an_exclusion()["pattern"]
    assert exclusion.reason == "Refused calls of role scanner, which reads and changes nothing."
    assert exclusion.until == date(2027, 2, 25)
    assert exclusion.alarms == (200, 14)
    assert exclusion.event == an_exclusion()["silenced"]
    assert exclusion.silenced == (
        f"arn:aws:sts::{ACCOUNT}:assumed-role/scanner/session calls s3:GetBucketAcl in eu-west-1 from 198.51.100.7, "
        "refused with AccessDenied."
    )
    assert exclusion.proof == (
        "The metric filter's pattern has 512 of 1,024 characters. It matches all that the profile requires, less the "
        "exclusions so far."
    )


def exclusion_of(**bent: Any) -> Any:
    (exclusion,) = reviewed(a_review(exclusions=[an_exclusion(**bent)])).exclusions
    return exclusion


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (None, "No other call was found."),
        ({}, "somebody calls ?:?, refused with ?."),
        ({"userIdentity": []}, "somebody calls ?:?, refused with ?."),
        (
            {"userIdentity": {"type": "AWSService", "invokedBy": "config.amazonaws.com"}, "awsRegion": "us-east-1"},
            "config.amazonaws.com calls ?:? in us-east-1, refused with ?.",
        ),
        ({"userIdentity": {"type": "Root"}, "eventName": "A"}, "Root calls ?:A, refused with ?."),
    ],
)
def test_what_else_would_be_silenced(event: dict[str, Any] | None, words: str) -> None:
    shown = exclusion_of(silenced=event)
    assert (shown.silenced, shown.event) == (words, event)


def test_what_an_anonymized_document_lacks_is_not_told_as_a_fact() -> None:
    exclusion = {key: value for key, value in an_exclusion().items() if key not in ("pattern", "silenced")}
    document = {
        key: value for key, value in a_review(exclusions=[exclusion]).items() if key not in ("overrides", "pattern")
    }
    shown = reviewed(document)
    assert (shown.exclusions[0].silenced, shown.exclusions[0].pattern) == ("Not in this document.", "")
    assert (shown.overrides, shown.pattern, shown.how) == (None, None, ())


def test_an_exclusion_of_several_groups() -> None:
    groups = [a_group(), a_group(call="A", count=1), a_group(caller=a_caller("b")), a_group(caller=a_caller("c"))]
    (exclusion,) = reviewed(
        a_review(groups=groups, exclusions=[an_exclusion(groups=[1, 2, 3], covers=False)])
    ).exclusions
    assert exclusion.who == "role scanner, role b and role c"
    assert exclusion.calls[0] == "s3:A, AccessDenied: 1 call"
    assert exclusion.proof.endswith(
        " It is not proved that it matches all that the profile requires, less the exclusions so far."
    )
    assert exclusion_of(excluded=1).excluded == "1 refused call"


def test_what_is_not_excluded_by_reason_those_with_most_calls_first() -> None:
    def because(code: str, count: int) -> dict[str, Any]:
        return a_group(count=count, not_excluded={"code": code, "why": f"Why {code}."})

    shown = reviewed(a_review(groups=[because("new", 4), because("person", 3), a_group(), because("person", 2)]))
    assert shown.not_excluded == (
        NotExcluded("person", "Why person.", (shown.groups[1], shown.groups[3])),
        NotExcluded("new", "Why new.", (shown.groups[0],)),
    )
    assert [each.count for each in shown.not_excluded] == [5, 4]
    assert shown.not_excluded[0].first == "role scanner, s3:GetBucketAcl; role scanner, s3:GetBucketAcl"
    six = NotExcluded("x", "y", shown.groups[:1] * 6)
    assert six.first.endswith("; role scanner, s3:GetBucketAcl; and 1 more")
    assert "more" not in NotExcluded("x", "y", shown.groups[:1] * 5).first


def test_the_overrides_with_how_to_set_them() -> None:
    document = a_review()
    shown = reviewed(document)
    assert (shown.overrides, shown.pattern) == (document["overrides"], document["pattern"])
    assert len(shown.how) == 4
    nothing = reviewed(a_review(overrides=None, pattern=None))
    assert (nothing.overrides, nothing.pattern, nothing.how) == (None, None, ())


def test_what_it_is_about() -> None:
    shown = reviewed(a_review(stack="a-stack", cut={"examples": 3}))
    assert shown.about == (
        ("Account", ACCOUNT),
        ("Profile", "cis-level-2"),
        ("Reviewed at", "2026-11-27T12:00:00+00:00"),
        ("Stack", "a-stack"),
        ("Version of Blindspot", "0.1.0"),
    )
    assert (shown.account, shown.partition, shown.reviewed_at) == (ACCOUNT, "aws", "2026-11-27T12:00:00+00:00")
    assert shown.cut == {"examples": 3}


def test_a_review_beside_other_documents() -> None:
    view = view_of(a_remediation(), a_review(), a_document())
    assert view.reviewed == reviewed(a_review())
    assert view.assessed is not None
    assert len(view.remediated) == 1
    assert view_of(a_document()).reviewed is None
    with pytest.raises(DocumentError, match="several documents of a review"):
        view_of(a_review(), a_review())


@pytest.mark.parametrize("name", NAMES)
def test_names_are_harmless(name: str) -> None:
    given_, harmless = NAMES[name]
    assert group_of(caller=a_caller(given_)).name == harmless
