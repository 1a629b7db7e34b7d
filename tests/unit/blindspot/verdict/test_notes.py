"""Notes: what is worth knowing of an account and changes no verdict."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from blindspot.model.profile import Exclusion
from blindspot.model.snapshot import (
    UNKNOWN_KIND,
    Alarm,
    EventSelector,
    EventSelectors,
    LogGroup,
    MuteRule,
    OtherAlarm,
    Trail,
    Unreadable,
)
from blindspot.verdict.exclusions import Exclusions
from blindspot.verdict.notes import STRAIGHT_FROM_CLOUDTRAIL, Note, notes, of_exclusions, of_refused_calls
from filter_pattern import parse
from tests.builders import (
    ACCOUNT,
    HOME,
    NOW,
    a_compliant_snapshot,
    a_composite,
    a_filter,
    a_math_alarm,
    a_status,
    a_trail,
    an_alarm,
    log_group_arn,
)

WRITES = EventSelectors((EventSelector("WriteOnly"),))
DAY = timedelta(days=1)
MOMENT = timedelta(seconds=1)
REFUSED = Unreadable("cloudwatch:ListAlarmMuteRules", HOME, "AccessDenied", denied=True)


def told(*alarms: Alarm, on_channels: bool = True, **bent: Any) -> list[Note]:
    snapshot = a_compliant_snapshot(alarms=alarms, **bent)
    return list(notes(snapshot, {alarm.arn for alarm in alarms} | {None} if on_channels else {None}))


def silent(hours: float, **bent: Any) -> Trail:
    return a_trail(status=a_status(logs_delivered_at=NOW - timedelta(hours=hours)), **bent)


@pytest.mark.parametrize(
    ("trail", "noted"),
    [
        (a_trail(), False),
        (silent(25, selectors=WRITES), True),
        (silent(24, selectors=WRITES), False),
        (silent(25), False),
        (silent(25, selectors=WRITES, log_group_arn=None), False),
        (a_trail(selectors=WRITES, status=REFUSED), False),
        (silent(25, selectors=REFUSED), True),
    ],
    ids=["now", "writes, a day", "writes, less", "reads: a gap", "no log group", "unread", "selectors unread"],
)
def test_a_trail_that_may_be_silent_is_noted_after_a_day(trail: Trail, noted: bool) -> None:
    found = told(trails=(trail,))
    assert [(note.code, note.resource) for note in found] == [("trail.silent", trail.arn)] * noted
    assert all("Trail management-events" in note.message for note in found)


def test_each_trail_is_noted() -> None:
    trails = (silent(30, selectors=WRITES, name="a"), a_trail(name="b"), silent(30, selectors=WRITES, name="c"))
    assert [note.resource for note in told(trails=trails)] == [trails[0].arn, trails[2].arn]


@pytest.mark.parametrize(
    "alarm",
    [
        an_alarm(state="ALARM", state_since=NOW - DAY - MOMENT),
        a_math_alarm("m1", state="ALARM", state_since=NOW - DAY - MOMENT),
        a_composite("ALARM(a)", state="ALARM", state_since=NOW - DAY - MOMENT),
    ],
)
def test_an_alarm_that_has_been_in_alarm_for_more_than_a_day_is_noted(alarm: Alarm) -> None:
    (note,) = told(alarm)
    assert (note.code, note.resource) == ("alarm.in-alarm", alarm.arn)
    assert f"Alarm {alarm.arn.split(':')[-1]} " in note.message
    assert "2026-11-20 11:59 UTC" in note.message
    assert told(alarm, on_channels=False) == []


@pytest.mark.parametrize(
    "alarm",
    [
        an_alarm(),
        an_alarm(state="ALARM", state_since=NOW - DAY),
        an_alarm(state="ALARM"),
        an_alarm(state="OK", state_since=NOW - 2 * DAY),
        an_alarm(state="INSUFFICIENT_DATA", state_since=NOW - 2 * DAY),
        OtherAlarm("arn:aws:cloudwatch:eu-west-1:1:alarm:other", UNKNOWN_KIND, state="ALARM"),
    ],
)
def test_other_alarms_are_not_noted(alarm: Alarm) -> None:
    assert told(alarm) == []


def test_a_suppressor_is_noted_until_it_suppresses() -> None:
    composite = a_composite("ALARM(a)", suppressor="maintenance")
    (note,) = told(composite)
    assert (note.code, note.resource) == ("alarm.to-be-muted", composite.arn)
    assert "alarm composite" in note.message
    assert "alarm maintenance" in note.message
    assert told(a_composite("ALARM(a)", suppressor="maintenance", suppressed=True)) == []
    assert told(a_composite("ALARM(a)")) == []


def a_rule(status: str, alarms: tuple[str, ...] | Unreadable, name: str = "nights") -> MuteRule:
    return MuteRule(f"arn:aws:cloudwatch:{HOME}:{ACCOUNT}:alarm-mute-rule:{name}", status, alarms)


def muted_by(*rules: MuteRule, region: str = HOME) -> list[Note]:
    return told(an_alarm(), mute_rules={(ACCOUNT, region): rules})


def test_a_mute_rule_that_is_scheduled_is_noted_with_the_alarms_that_it_names() -> None:
    later, other = a_rule("SCHEDULED", ("other", "unauthorized")), a_rule("SCHEDULED", ("unauthorized",), "weekends")
    found = muted_by(a_rule("SCHEDULED", REFUSED), later, a_rule("SCHEDULED", ("other",), "x"), other)
    assert [(note.code, note.resource) for note in found] == [("alarm.to-be-muted", an_alarm().arn)] * 2
    assert ["nights" in note.message for note in found] == [True, False]
    assert ["weekends" in note.message for note in found] == [False, True]
    assert all("alarm unauthorized" in note.message for note in found)


def test_a_mute_rule_that_is_not_scheduled_or_is_elsewhere_is_not_noted() -> None:
    assert muted_by(a_rule("ACTIVE", ("unauthorized",)), a_rule("EXPIRED", ("unauthorized",))) == []
    assert muted_by(a_rule("SCHEDULED", ("unauthorized",)), region="us-east-1") == []


def test_what_is_unread_is_not_noted() -> None:
    assert told(an_alarm(), mute_rules={(ACCOUNT, HOME): REFUSED}) == []
    unread = a_compliant_snapshot(alarms=REFUSED)
    assert list(notes(unread, {an_alarm().arn})) == []


def test_the_alarms_of_every_place_are_noted() -> None:
    alarms = [an_alarm(region, state="ALARM", state_since=NOW - 2 * DAY) for region in (HOME, "us-east-1")]
    places = {(ACCOUNT, HOME): (alarms[0],), ("999999999999", "us-east-1"): (alarms[1],)}
    snapshot = a_compliant_snapshot()
    found = list(notes(replace(snapshot, alarms=places), {alarm.arn for alarm in alarms}))
    assert [note.resource for note in found] == [alarm.arn for alarm in alarms]


@pytest.mark.parametrize(("number", "what"), [(1, "one call"), (2, "2 calls"), (30, "30 calls")])
def test_refused_calls_of_our_own_are_noted(number: int, what: str) -> None:
    message = f"AWS refused {what} of Blindspot. Each is itself an unauthorized call, which the alarm may count."
    assert list(of_refused_calls(number, ACCOUNT)) == [Note("calls.refused", ACCOUNT, message)]


def test_without_refused_calls_there_is_no_note() -> None:
    assert list(of_refused_calls(0, ACCOUNT)) == []


def test_log_groups_with_events_without_a_trail_are_noted_once_each() -> None:
    found = [log_group_arn(region, STRAIGHT_FROM_CLOUDTRAIL) for region in ("us-east-1", HOME)]
    others = (log_group_arn(HOME, "application"), a_filter())
    filters = {
        (ACCOUNT, "us-east-1"): ((found[0], a_filter()), (found[0], a_filter(name="second"))),
        (ACCOUNT, HOME): ((found[1], a_filter()), others),
        ("999999999999", HOME): ((found[1].replace(ACCOUNT, "999999999999"), a_filter()),),
    }
    noted = told(other_filters=filters)
    assert [(note.code, note.resource) for note in noted] == [("log-group.without-trail", arn) for arn in sorted(found)]
    assert STRAIGHT_FROM_CLOUDTRAIL in noted[1].message
    assert "us-east-1" in noted[1].message


@pytest.mark.parametrize(
    "group", [None, REFUSED, LogGroup(log_group_arn(), ()), LogGroup(log_group_arn(), (), masked=True)]
)
def test_masked_log_groups_are_noted(group: LogGroup | Unreadable | None) -> None:
    masked = isinstance(group, LogGroup) and group.masked
    noted = told(log_groups={log_group_arn(): group})
    assert [(note.code, note.resource) for note in noted] == [("log-group.masked", log_group_arn())] * masked
    assert all("management-events" in note.message for note in noted)


UNTIL = date(2027, 2, 25)
PATTERN = parse('{ $.userIdentity.arn = "arn:aws:iam::123456789012:user/jane" }')
ENDS = (
    " ends on 2027-02-25. From then on its calls must raise an alarm again. To extend it, give it a later date in"
    " Overrides. Otherwise have the metric filters match its calls."
)
ENDED = " ended on 2027-02-25. Its calls must raise an alarm again. Remove it from Overrides, or give it a later date."


@pytest.mark.parametrize(
    ("reason", "title"), [("nightly scanner", 'The exclusion "nightly scanner"'), (None, "Exclusion 2 of benign")]
)
@pytest.mark.parametrize(
    ("days", "code", "rest"), [(15, None, ""), (14, "exclusion.ends", ENDS), (0, "exclusion.ended", ENDED)]
)
def test_an_exclusion_that_ends_or_has_ended_is_noted_by_its_reason_or_its_place_and_never_by_its_pattern(
    reason: str | None, title: str, days: int, code: str | None, rest: str
) -> None:
    for_good = Exclusion(PATTERN)
    found = Exclusions((for_good, Exclusion(PATTERN, reason, UNTIL), for_good), UNTIL - days * DAY)
    assert [*of_exclusions(found, ACCOUNT)] == ([Note(code, ACCOUNT, f"{title}{rest}")] if code else [])


def test_those_that_end_next_are_noted_before_those_that_have_ended() -> None:
    ends = {"over": UNTIL, "later": UNTIL + 9 * DAY, "next": UNTIL + DAY, "far": UNTIL + 90 * DAY}
    found = Exclusions(tuple(Exclusion(PATTERN, reason, until) for reason, until in ends.items()), UNTIL)
    reasons = [note.message.split('"')[1] for note in of_exclusions(found, ACCOUNT)]
    assert reasons == ["next", "later", "over"]
