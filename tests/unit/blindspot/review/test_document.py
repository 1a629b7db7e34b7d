import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

import blindspot
from blindspot.model import fitting
from blindspot.model.snapshot import Unreadable
from blindspot.model.stack import Origin
from blindspot.review import document as of_review
from blindspot.review.candidates import NotProposed
from blindspot.review.document import counts, document, summary
from blindspot.review.exclusions import Exclusion
from blindspot.review.forecast import Count, ForecastAlarm, Terms
from blindspot.review.groups import Group
from blindspot.review.read import LogGroupRead, Read
from blindspot.review.refused_call import Caller, Refusal
from blindspot.review.review import Review
from blindspot.review.tally import Details, Interval, Key, Tally
from filter_pattern import parse
from tests.schemas import REVIEW

ACCOUNT = "111122223333"
AT = datetime(2026, 11, 27, 12, tzinfo=UTC)
END = int(AT.timestamp())
HOUR = 3600
TRAIL = f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:trail"
OTHER = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:other"
ALARM = f"arn:aws:cloudwatch:eu-west-1:{ACCOUNT}:alarm:unauthorized"
ORIGIN = Origin("arn:aws:cloudformation:eu-west-1:111122223333:stack/blindspot/1", "run-1")
DAY = date(2026, 11, 27)
EVENT = {"eventName": "GetBucketAcl", "eventID": "1"}


def a_group(call: str = "GetBucketAcl", logged: str = json.dumps(EVENT), **bent: Any) -> Group:
    arn = f"arn:aws:iam::{ACCOUNT}:role/scanner"
    key = Key(
        Caller("role", "scanner", ACCOUNT, ("userIdentity", "arn"), arn),
        "s3.amazonaws.com",
        call,
        "AccessDenied",
        Refusal("service control policy", True, "arn:aws:organizations::1:policy/p"),
    )
    details = Details(
        addresses={"198.51.100.9", "198.51.100.7"},
        more_addresses=True,
        regions={"us-east-1", "eu-west-1", "eu-north-1", "sa-east-1", "ap-south-1"},
        read_only=None,
        management=True,
        logged=logged,
    )
    group = Group(key, details, 7, {DAY: 4, DAY - timedelta(1): 3}, AT - timedelta(1), AT, ("daily",), False)
    return replace(group, **bent)


SIGNS_OF_AN_ATTACK = ("new", "many-services", "new-services")


def an_exclusion(*groups: Group, **bent: Any) -> Exclusion:
    pattern = parse('{ $.eventName = "GetBucketAcl" }')
    made = Exclusion(pattern, "a reason", date(2027, 2, 25), groups, 7, {"eventName": "Made"}, True, 512, 200, 14)
    return replace(made, **bent)


def a_read(**bent: Any) -> Read:
    """A week that was read whole."""
    week = Interval(END - 168 * HOUR, END)
    tally = Tally(ACCOUNT, ())
    tally.events, tally.not_understood = 14, 2
    return replace(Read(week, week, tally, (LogGroupRead(TRAIL, week.start, 14, None),), 61), **bent)


OF_PROFILE = ForecastAlarm("of-profile", None, Terms(missing_data="notBreaching"), ())
OF_ACCOUNT = ForecastAlarm("unauthorized", ALARM, Terms(threshold=2, evaluation_periods=3, datapoints=2), ())


def a_review(**bent: Any) -> Review:
    review = Review(
        account=ACCOUNT,
        partition="aws",
        profile="cis-level-2",
        hours=168,
        at=AT,
        read=a_read(),
        by_day={DAY: 4, DAY - timedelta(1): 3},
        groups=(),
        alarms=((OF_PROFILE, {DAY: Count(3, 3)}),),
        exclusions=(),
        not_proposed=(),
        overrides=None,
        pattern=None,
    )
    return replace(review, **bent)


def made_of(review: Review) -> dict[str, Any]:
    made = document(review, origin=ORIGIN, refused_calls=1, api_calls=120, duration_ms=34567)
    assert json.loads(json.dumps(made, allow_nan=False)) == made
    assert [error.message for error in REVIEW.iter_errors(made)] == []
    return made


def test_it_says_what_was_reviewed_and_how_far() -> None:
    part = Interval(END - 42 * HOUR, END)
    log_groups = (
        LogGroupRead(TRAIL, part.start, 14, Unreadable("logs:FilterLogEvents", "eu-west-1", "Timeout")),
        LogGroupRead(OTHER, END, 0, Unreadable("logs:FilterLogEvents", "us-east-1", "AccessDenied", denied=True)),
    )
    made = made_of(a_review(read=a_read(read=part, log_groups=log_groups)))
    assert {name: made[name] for name in ("schema", "action", "version", "stack", "run")} == {
        "schema": 1,
        "action": "review",
        "version": blindspot.__version__,
        "stack": ORIGIN.stack,
        "run": "run-1",
    }
    assert (made["account"], made["partition"], made["profile"], made["hours"]) == (
        ACCOUNT,
        "aws",
        "cis-level-2",
        168,
    )
    assert made["reviewed_at"] == "2026-11-27T12:00:00+00:00"
    assert made["read"] == {
        "from": "2026-11-25T18:00:00+00:00",
        "to": "2026-11-27T12:00:00+00:00",
        "share": 0.25,
        "events": 14,
        "not_understood": 2,
        "calls": 61,
    }
    call = "logs:FilterLogEvents"
    assert made["log_groups"] == [
        {
            "log_group": TRAIL,
            "read_from": "2026-11-25T18:00:00+00:00",
            "events": 14,
            "error": {"call": call, "region": "eu-west-1", "error": "Timeout", "permission": None},
        },
        {
            "log_group": OTHER,
            "read_from": "2026-11-27T12:00:00+00:00",
            "events": 0,
            "error": {"call": call, "region": "us-east-1", "error": "AccessDenied", "permission": call},
        },
    ]
    assert made["days"] == [{"day": "2026-11-26", "refused": 3}, {"day": "2026-11-27", "refused": 4}]
    assert (made["refused_calls"], made["api_calls"], made["duration_ms"]) == (1, 120, 34567)
    assert (made["overrides"], made["pattern"], made["remarks"]) == (None, None, [])


def test_a_log_group_that_was_read_whole_has_no_error() -> None:
    (log_group,) = made_of(a_review())["log_groups"]
    assert log_group == {"log_group": TRAIL, "read_from": "2026-11-20T12:00:00+00:00", "events": 14, "error": None}


def test_an_alarm_has_its_terms_and_each_day() -> None:
    forecast = {DAY: Count(2, 5), DAY - timedelta(1): Count(1, 1)}
    unknown = ForecastAlarm("math", f"{ALARM}2", None, (), not_known="It is on metric math.")
    alarms: Any = ((replace(OF_ACCOUNT, at_least=True), forecast), (unknown, {}), (OF_PROFILE, {DAY: Count(3, 3)}))
    known, not_known, of_profile = made_of(a_review(alarms=alarms))["alarms"]
    assert known == {
        "alarm": ALARM,
        "name": "unauthorized",
        "terms": "Sum >= 2, 2 of 3 periods of 300 s, missing data missing",
        "days": [{"day": "2026-11-26", "fewest": 1, "most": 1}, {"day": "2026-11-27", "fewest": 2, "most": 5}],
        "fewest": 3,
        "most": 6,
        "at_least": True,
        "not_known": None,
    }
    assert (not_known["terms"], not_known["days"], not_known["fewest"], not_known["not_known"]) == (
        *("", [], 0),
        "It is on metric math.",
    )
    assert (of_profile["alarm"], of_profile["name"], of_profile["at_least"]) == (None, "of-profile", False)


def test_a_group_says_who_was_refused_what() -> None:
    (group,) = made_of(a_review(groups=(a_group(),)))["groups"]
    assert group == {
        "caller": {"kind": "role", "name": "scanner", "account": ACCOUNT},
        "service": "s3.amazonaws.com",
        "call": "GetBucketAcl",
        "code": "AccessDenied",
        "refused_by": {
            "policy_type": "service control policy",
            "explicit": True,
            "policy": "arn:aws:organizations::1:policy/p",
        },
        "count": 7,
        "days": 2,
        "first_seen": "2026-11-26T12:00:00+00:00",
        "last_seen": "2026-11-27T12:00:00+00:00",
        "addresses": ["198.51.100.7", "198.51.100.9"],
        "more_addresses": True,
        "regions": ["ap-south-1", "eu-north-1", "eu-west-1", "sa-east-1", "us-east-1"],
        "read_only": None,
        "management": True,
        "signs": ["daily"],
        "looks_like": "a broken permission",
        "excused": False,
        "exclusion": None,
        "not_excluded": None,
        "example": EVENT,
    }


def test_a_group_says_in_which_exclusion_it_is_or_why_in_none() -> None:
    one, two, three, four = (a_group(call, excused=call == "D") for call in "ABCD")
    review = a_review(
        groups=(one, two, three, four),
        exclusions=(an_exclusion(three), an_exclusion(two, one)),
        not_proposed=(NotProposed(four, "person", "A person made these calls."),),
        overrides='{"benign":[]}',
        pattern=parse('{ $.errorCode = "AccessDenied*" }'),
        remarks=("An exclusion has ended.",),
    )
    made = made_of(review)
    assert [group["exclusion"] for group in made["groups"]] == [1, 1, 0, None]
    assert [group["not_excluded"] for group in made["groups"]] == [
        *(None, None, None),
        {"code": "person", "why": "A person made these calls."},
    ]
    assert [group["excused"] for group in made["groups"]] == [False, False, False, True]
    assert [exclusion["groups"] for exclusion in made["exclusions"]] == [[2], [0, 1]]
    assert made["overrides"] == '{"benign":[]}'
    assert made["pattern"] == '{ $.errorCode = "AccessDenied*" }'
    assert made["remarks"] == ["An exclusion has ended."]


def test_an_exclusion_has_its_proof() -> None:
    group = a_group()
    (exclusion,) = made_of(a_review(groups=(group,), exclusions=(an_exclusion(group),)))["exclusions"]
    assert exclusion == {
        "pattern": '{ $.eventName = "GetBucketAcl" }',
        "reason": "a reason",
        "until": "2027-02-25",
        "groups": [0],
        "excluded": 7,
        "silenced": {"eventName": "Made"},
        "covers": True,
        "length": 512,
        "alarms_before": 200,
        "alarms_after": 14,
    }


def test_a_group_may_have_no_example() -> None:
    (group,) = made_of(a_review(groups=(a_group(logged=""),)))["groups"]
    assert group["example"] is None


def test_no_name_does_harm() -> None:
    made = made_of(a_review(groups=(a_group("\x1b[31m\u202e\ud800"),)))
    assert made["groups"][0]["call"] == "\\u001b[31m\\u202e\\ud800"


SUMMARIES: Mapping[str, tuple[dict[str, Any], str]] = {
    "calls, and nothing proposed": (
        {"groups": (a_group(),)},
        "7 refused calls in 168 hours would have taken the profile's alarm to ALARM 3 times; no exclusion is proposed.",
    ),
    "one of each": (
        {
            "by_day": {DAY: 1},
            "groups": (a_group(),),
            "alarms": ((OF_ACCOUNT, {DAY: Count(1, 1)}), (OF_PROFILE, {DAY: Count(9, 9)})),
            "exclusions": (an_exclusion(a_group()),),
        },
        (
            "1 refused call in 168 hours would have taken alarm unauthorized to ALARM 1 time; with the proposed "
            "exclusion, the profile's alarm would have gone to ALARM 14 times instead of 200."
        ),
    ),
    "the loudest alarm of the account, of which the number is not exact": (
        {
            "by_day": {DAY: 1234},
            "alarms": (
                (replace(OF_ACCOUNT, at_least=True), {DAY: Count(1, 9)}),
                (replace(OF_ACCOUNT, name="louder", at_least=True), {DAY: Count(2, 5), AT: Count(0, 1)}),
                (OF_PROFILE, {DAY: Count(9, 9)}),
            ),
        },
        "1,234 refused calls in 168 hours would have taken alarm louder to ALARM at least 2 to 6 times.",
    ),
    "an alarm that counts other calls too": (
        {
            "by_day": {DAY: 12},
            "alarms": (
                (replace(OF_ACCOUNT, name="root", at_least=True), {DAY: Count(9, 9)}),
                (OF_ACCOUNT, {DAY: Count(1, 1)}),
                (OF_PROFILE, {DAY: Count(9, 9)}),
            ),
        },
        "12 refused calls in 168 hours would have taken alarm unauthorized to ALARM 1 time.",
    ),
    "an attack": (
        {"groups": (a_group(), a_group("ListKeys", signs=SIGNS_OF_AN_ATTACK))},
        (
            "The refused calls of 1 caller look like an attack; 7 refused calls in 168 hours would have taken the "
            "profile's alarm to ALARM 3 times; no exclusion is proposed."
        ),
    ),
    "two attacks": (
        {
            "groups": (
                a_group(signs=SIGNS_OF_AN_ATTACK),
                a_group("ListKeys", signs=SIGNS_OF_AN_ATTACK),
                a_group(
                    key=Key(Caller("user", "mallory", ACCOUNT, None, ""), "", "", "", Refusal()),
                    signs=SIGNS_OF_AN_ATTACK,
                ),
            )
        },
        (
            "The refused calls of 2 callers look like an attack; 7 refused calls in 168 hours would have taken the "
            "profile's alarm to ALARM 3 times; no exclusion is proposed."
        ),
    ),
    "two exclusions": (
        {
            "groups": (a_group(),),
            "exclusions": (an_exclusion(a_group()), an_exclusion(alarms_before=14, alarms_after=1234)),
        },
        (
            "7 refused calls in 168 hours would have taken the profile's alarm to ALARM 3 times; with the 2 proposed "
            "exclusions, the profile's alarm would have gone to ALARM 1,234 times instead of 200."
        ),
    ),
    "no forecast": (
        {"alarms": ((replace(OF_PROFILE, not_known="No pattern does."), {}),), "groups": (a_group(),)},
        (
            "7 refused calls in 168 hours; how often an alarm would have gone to ALARM is not known; no exclusion is "
            "proposed."
        ),
    ),
    "an alarm of the account that is not known": (
        {"alarms": ((replace(OF_ACCOUNT, not_known="It is."), {}), (OF_PROFILE, {DAY: Count(4, 4)}))},
        "7 refused calls in 168 hours would have taken the profile's alarm to ALARM 4 times.",
    ),
    "no call": ({"by_day": {DAY: 0}}, "No call was refused in 168 hours."),
    "a part": (
        {"read": a_read(read=Interval(END - 104 * HOUR, END)), "by_day": {}},
        "So far, 61 % of the hours asked for: no call was refused in 104 hours.",
    ),
    "half an hour": (
        {"read": a_read(read=Interval(END - 1800, END)), "by_day": {}},
        "So far, 0 % of the hours asked for: no call was refused in 0.5 hours.",
    ),
    "a log group that was refused": (
        {
            "read": a_read(
                log_groups=(
                    LogGroupRead(TRAIL, END - 168 * HOUR, 14, None),
                    LogGroupRead(OTHER, END, 0, Unreadable("logs:FilterLogEvents", "us-east-1", "AccessDenied")),
                )
            ),
            "by_day": {},
        },
        "1 of 2 log groups could not be read as far as the others; no call was refused in 168 hours.",
    ),
    "a log group that was refused, and a part of the other": (
        {
            "read": a_read(
                read=Interval(END - 84 * HOUR, END),
                log_groups=(
                    LogGroupRead(TRAIL, END - 84 * HOUR, 14, Unreadable("logs:FilterLogEvents", "a", "Timeout")),
                    LogGroupRead(OTHER, END, 0, Unreadable("logs:FilterLogEvents", "us-east-1", "AccessDenied")),
                ),
            ),
            "by_day": {},
        },
        (
            "So far, 50 % of the hours asked for: 1 of 2 log groups could not be read as far as the others; no call "
            "was refused in 84 hours."
        ),
    ),
    "nothing, as it was refused": (
        {
            "read": a_read(
                read=Interval(END, END),
                log_groups=(
                    LogGroupRead(TRAIL, END, 0, None),
                    LogGroupRead(OTHER, END, 0, Unreadable("logs:FilterLogEvents", "us-east-1", "AccessDenied")),
                ),
            )
        },
        "Nothing was read: log group other could not be read (AccessDenied).",
    ),
    "nothing, as there is nothing": (
        {"read": a_read(read=Interval(END, END), log_groups=())},
        "Nothing was read: no trail that was read delivers to a log group.",
    ),
}


@pytest.mark.parametrize("case", SUMMARIES)
def test_the_summary_is_one_sentence_with_what_is_most_wrong_first(case: str) -> None:
    bent, sentence = SUMMARIES[case]
    assert summary(a_review(**bent)) == sentence


def test_only_numbers_are_logged() -> None:
    log_groups = (
        LogGroupRead(TRAIL, END - 168 * HOUR, 14, None),
        LogGroupRead(OTHER, END, 0, Unreadable("logs:FilterLogEvents", "us-east-1", "AccessDenied")),
    )
    groups = tuple(a_group(call) for call in "ABC")
    review = a_review(
        read=a_read(log_groups=log_groups), groups=groups, exclusions=(an_exclusion(*groups[:2]),), overrides="{}"
    )
    assert counts(made_of(review)) == {
        "hours": 168,
        "share": 1.0,
        "events": 14,
        "not_understood": 2,
        "calls": 61,
        "log_groups": 2,
        "groups": 3,
        "exclusions": 1,
        "alarms": 1,
        "log_groups_not_read": 1,
        "refused_calls": 1,
        "api_calls": 120,
        "duration_ms": 34567,
    }


GROUPS = tuple(a_group(f"Call{number}") for number in range(4))
LARGE = a_review(
    groups=GROUPS,
    exclusions=(an_exclusion(GROUPS[3], GROUPS[0]), an_exclusion(GROUPS[2])),
    alarms=((OF_ACCOUNT, {DAY: Count(1, 1)}), (OF_PROFILE, {DAY: Count(3, 3)})),
)


def cut_by(monkeypatch: pytest.MonkeyPatch, left: int) -> dict[str, Any]:
    """The document cut by some bytes. `left`: how many it may have fewer than whole."""
    whole = fitting.size(made_of(LARGE))
    monkeypatch.setattr(of_review, "LARGEST_ANSWER", whole - left)
    return made_of(LARGE)


def test_a_document_that_fits_is_whole() -> None:
    assert "cut" not in made_of(LARGE)


def test_examples_are_left_out_first(monkeypatch: pytest.MonkeyPatch) -> None:
    made = cut_by(monkeypatch, 1)
    assert set(made["cut"]) == {"examples"}
    assert len(made["groups"]) == 4
    assert sum("example" in group for group in made["groups"]) == 4 - made["cut"]["examples"]
    assert all(exclusion["silenced"] for exclusion in made["exclusions"])


@pytest.mark.parametrize("left", range(300, 5000, 97))
def test_what_is_left_out_is_counted_and_every_index_holds(monkeypatch: pytest.MonkeyPatch, left: int) -> None:
    made = cut_by(monkeypatch, left)
    cut = made["cut"]
    names = ["examples", "silenced", "groups", "log_groups", "alarm_days", "alarms"]
    assert list(cut) == [name for name in names if name in cut]
    assert len(made["groups"]) == 4 - cut.get("groups", 0)
    assert len(made["exclusions"]) == 2
    assert all(index < len(made["groups"]) for each in made["exclusions"] for index in each["groups"])
    kept = [[3, 0], [2]]
    assert [each["groups"] for each in made["exclusions"]] == [
        sorted(index for index in indexes if index < len(made["groups"])) for indexes in kept
    ]
    assert counts(made)["groups"] == 4


def test_what_looks_like_an_attack_is_left_out_last(monkeypatch: pytest.MonkeyPatch) -> None:
    attack = a_group("Last", signs=("many-services", "tried-once"), by_day={DAY: 1})
    groups = (*GROUPS[:2], attack, GROUPS[3])
    review = a_review(groups=groups, exclusions=(an_exclusion(*groups),), alarms=())
    whole = fitting.size(made_of(review))
    calls = [group["call"] for group in made_of(review)["groups"]]
    seen = set()
    for left in range(1, 6000, 97):
        monkeypatch.setattr(of_review, "LARGEST_ANSWER", whole - left)
        made = made_of(review)
        kept = [group["call"] for group in made["groups"]]
        seen.add(tuple(kept))
        assert made["exclusions"][0]["groups"] == list(range(len(kept)))
    assert calls == ["Call0", "Call1", "Last", "Call3"]
    assert seen == {tuple(calls), ("Call0", "Call1", "Last"), ("Call0", "Last"), ("Last",), ()}


def test_a_document_that_can_be_cut_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = fitting.size(made_of(LARGE))
    for left in range(1, 3000, 211):
        assert fitting.size(cut_by(monkeypatch, left)) <= whole - left
        monkeypatch.undo()
