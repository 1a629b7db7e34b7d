"""What to exclude, each with its proof."""

import json
from dataclasses import replace
from datetime import date
from typing import Any

from blindspot.model import cloudtrail_calls, profile
from blindspot.review.exclusions import Proposed
from blindspot.verdict.pattern_writer import pattern_to_write
from filter_pattern import BUDGET, And, Answer, Not, Pattern, Predicate, Proofs, Records, Undecided
from tests.refusals import (
    CONFIG,
    DAY,
    HOUR,
    SCANNER,
    START,
    Refused,
    alarm_of,
    every,
    noise,
    proposed,
    refused,
    role,
    with_overrides,
)

UNTIL = date(2027, 2, 25)
MINUTE = 60
OF_THE_SOURCE = [pattern.text for pattern in profile.load("cis-level-2").benign]


def of(result: Proposed) -> list[str]:
    """The callers of the exclusions."""
    return [exclusion.groups[0].key.caller.name for exclusion in result.exclusions]


def why_not(result: Proposed) -> dict[tuple[str, str], str]:
    return {(each.group.key.caller.name, each.group.key.call): each.code for each in result.not_proposed}


def test_a_scanner_and_a_service_are_excluded_each_with_its_proof() -> None:
    result = proposed(*noise())
    scanner, config = result.exclusions
    assert of(result) == ["scanner", "config.amazonaws.com"]
    assert [len(each.groups) for each in result.exclusions] == [4, 1]
    assert (scanner.excluded, config.excluded) == (4 * 192, 192)
    assert (scanner.alarms_before, scanner.alarms_after) == (384, 192)
    assert (config.alarms_before, config.alarms_after) == (192, 0)
    assert scanner.reason == (
        "Review: 768 refused calls of a role on 8 days: ec2.amazonaws.com DescribeInstances and 3 more"
    )
    assert scanner.covers
    assert scanner.length == 646
    assert config.length == 901
    assert result.pattern is not None
    assert config.length == len(result.pattern.text)
    assert scanner.until == config.until == UNTIL
    assert isinstance(scanner.silenced, dict)
    assert scanner.silenced["sourceIPAddress"] == "198.51.100.7"
    assert isinstance(config.silenced, dict)
    assert config.silenced["awsRegion"] == "eu-central-1"
    assert result.not_proposed == ()
    assert result.remarks == ()


# --- how often the alarm goes to ALARM


def test_what_takes_no_alarm_away_is_not_excluded() -> None:
    """The alarm goes to ALARM when two calls are refused in five minutes."""
    result = proposed(*noise(), name="cis-level-1")
    assert of(result) == ["scanner"]
    assert why_not(result) == {("config.amazonaws.com", "GetBucketPolicy"): "no-effect"}


def test_callers_that_cause_the_same_alarms_are_excluded_together() -> None:
    both = [call for name in ("one", "two") for call in every(HOUR, refused(role(name), "s3 ListBuckets"))]
    result = proposed(*both)
    assert sorted(of(result)) == ["one", "two"]
    assert [(each.alarms_before, each.alarms_after) for each in result.exclusions] == [(192, 192), (192, 0)]


def test_an_alarm_that_never_returns_to_ok_is_quieted_too() -> None:
    always = [
        call
        for name, start in (("one", START), ("two", START + 5 * MINUTE))
        for call in every(10 * MINUTE, refused(role(name), "s3 ListBuckets"), start=start)
    ]
    result = proposed(*always)
    assert len(result.exclusions) == 2
    assert result.exclusions[0].alarms_before == 1
    assert [each.alarms_after for each in result.exclusions] == [1, 0]


def test_who_causes_the_alarms_beside_a_person_is_excluded_and_the_person_is_not() -> None:
    person = every(DAY, refused(cloudtrail_calls.user("mallory"), "s3 ListBuckets"), start=START + HOUR // 4)
    result = proposed(*noise(*person))
    assert of(result) == ["scanner", "config.amazonaws.com"]
    assert result.exclusions[-1].alarms_after == 8
    assert why_not(result) == {("mallory", "ListBuckets"): "person"}


def test_the_callers_who_cause_the_most_alarms_come_first() -> None:
    """The one with the most calls makes them all at once."""
    at_once = [call for _ in range(20) for call in every(6 * HOUR, refused(role("burst"), "s3 ListBuckets"))]
    seldom = every(3 * HOUR, refused(role("steady"), "s3 ListBuckets"), start=START + HOUR)
    assert of(proposed(*at_once, *seldom)) == ["steady", "burst"]


def test_an_alarm_that_cannot_be_forecast_excludes_nothing() -> None:
    alarm = replace(alarm_of(profile.load("cis-level-2")), not_known="Its period is too short.", feeds=())
    result = proposed(*noise(), alarm=alarm)
    assert result == Proposed(
        (),
        (),
        None,
        pattern_to_write(profile.load("cis-level-2"), Proofs()).pattern,
        ("No exclusion is proposed. Its period is too short.",),
    )


def test_of_callers_of_whom_one_suffices_the_one_with_the_most_calls_is_excluded() -> None:
    """The alarm goes to ALARM when two calls are refused in five minutes."""
    more = every(HOUR, refused(role("more"), "s3 ListBuckets"))
    fewer = every(2 * HOUR, refused(role("fewer"), "s3 ListBuckets"))
    result = proposed(*fewer, *more, name="cis-level-1")
    assert of(result) == ["more"]
    assert why_not(result) == {("fewer", "ListBuckets"): "no-effect"}


def test_room_of_whom_is_not_needed_beside_the_others_is_given_to_others() -> None:
    """The alarm goes to ALARM when two calls are refused in five minutes."""
    first, second, third = role("first"), role("second" + "x" * 54), role("third")
    calls = [call for who in (first, second) for call in every(3 * HOUR, refused(who, "s3 ListBuckets"))]
    calls += 2 * every(DAY, refused(first, "s3 ListBuckets"), start=START + HOUR + HOUR // 2)
    names = [f"s3 Describe{'z' * 20}{number}" for number in range(9)]
    calls += [call for name in names for call in 2 * every(DAY, refused(third, name), start=START + HOUR)]
    result = proposed(*calls, name="cis-level-1")
    assert of(result) == ["first", "third"]
    assert set(why_not(result).values()) == {"no-effect"}


def test_what_is_silenced_is_not_silenced_already() -> None:
    benign = [*OF_THE_SOURCE, '{ $.sourceIPAddress = "198.51.100.7" }']
    (scanner, _) = proposed(*noise(), overrides={"benign": benign}).exclusions
    assert isinstance(scanner.silenced, dict)
    assert scanner.silenced["sourceIPAddress"] == "203.0.113.7"


def test_all_calls_are_counted_as_excluded_and_those_of_the_alarm_as_noise() -> None:
    excused = refused(CONFIG, "s3 GetBucketPolicy", sourceIPAddress="delivery.logs.amazonaws.com")
    config = proposed(*noise(*every(DAY, excused))).exclusions[-1]
    assert config.excluded == 192 + 8
    assert config.reason.startswith("Review: 192 refused calls")


# --- limits

MANY = ("List", "Get", "Describe")


def many_calls(caller: dict[str, Any], count: int, *, start: int = START, long: int = 0) -> list[Refused]:
    names = [f"s3 {MANY[number % 3]}{'Something' * long}{number}" for number in range(count)]
    return [call for name in names for call in every(DAY, refused(caller, name), start=start)]


def test_what_is_too_long_with_the_others_is_not_excluded() -> None:
    """Each of its calls comes alone, so those that fit take alarms away."""
    calls = [
        call
        for number, name in enumerate("abcdefghijklmnopqrst")
        for call in every(DAY, refused(SCANNER, f"s3 Describe{name * 20}"), start=START + 40 * MINUTE * number)
    ]
    result = proposed(*calls)
    (exclusion,) = result.exclusions
    assert 900 < exclusion.length <= 1024
    assert 10 < len(exclusion.groups) < 20
    assert exclusion.alarms_before == 20 * 8
    assert exclusion.alarms_after == (20 - len(exclusion.groups)) * 8
    assert list(why_not(result).values()) == ["too-long"] * (20 - len(exclusion.groups))


def test_a_caller_of_whom_what_fits_takes_no_alarm_away_is_left_out_whole() -> None:
    """All its calls come together, and not all fit."""
    result = proposed(
        *many_calls(SCANNER, 20, long=2), *every(HOUR, refused(CONFIG, "s3 GetBucketPolicy"), start=START + HOUR // 2)
    )
    assert of(result) == ["config.amazonaws.com"]
    assert [code for (name, _), code in why_not(result).items() if name == "scanner"] == ["too-long"] * 20


def test_an_exclusion_that_is_longer_than_a_pattern_may_be_is_not_tried() -> None:
    result = proposed(*many_calls(SCANNER, 40))
    assert result.exclusions == ()
    assert result.overrides is None
    assert set(why_not(result).values()) == {"too-long"}


def test_room_that_a_useless_exclusion_takes_is_given_to_others() -> None:
    """Two callers cause the same alarms, and only one of them fits. Then two others fit, who cause others together."""
    long = [call for name in ("long-1", "long-2") for call in many_calls(role(name), 20, long=1)]
    short = [
        call
        for name in ("short-1", "short-2")
        for call in every(DAY, refused(role(name), "s3 ListBuckets"), start=START + HOUR)
    ]
    result = proposed(*long, *short, overrides={"benign": []})
    assert sorted(of(result)) == ["short-1", "short-2"]
    assert [exclusion.alarms_after for exclusion in result.exclusions] == [16, 8]
    assert {name: code for (name, _), code in why_not(result).items()} == {"long-1": "no-effect", "long-2": "no-effect"}


def test_overrides_have_room_for_three_thousand_characters() -> None:
    filler = {"benign": [], "alarm": {"tags": {f"{number:0>100}": "x" * 199 for number in range(8)}}}
    result = proposed(*noise(), overrides=filler)
    assert of(result) == ["config.amazonaws.com"]
    assert 2500 < len(result.overrides or "") <= 3000
    assert set(why_not(result).values()) == {"no-room"}


def test_overrides_may_be_as_long_as_there_is_room() -> None:
    def length(more: int) -> int:
        tags = {f"{number:0>100}": "x" * 199 for number in range(6)}
        result = proposed(*noise(), overrides={"benign": [], "alarm": {"tags": {**tags, "last": "x" * more}}})
        return len(result.overrides or "") if len(result.exclusions) == 2 else 0

    missing = 3000 - length(0)
    assert 0 < missing <= 256
    assert (length(missing), length(missing + 1)) == (3000, 0)


def test_an_exclusion_alone_may_be_too_long_where_the_metric_filter_s_pattern_is_not() -> None:
    """It is shorter there, without blanks."""
    calls = [
        call
        for number in range(20)
        for call in every(DAY, refused(SCANNER, f"s3 List{'x' * 17}{number:02}"), start=START + 40 * MINUTE * number)
    ]
    result = proposed(*calls, overrides={"required": '{ $.errorCode = "AccessDenied" }', "benign": []})
    (exclusion,) = result.exclusions
    assert len(exclusion.pattern.text) <= 1024
    assert set(why_not(result).values()) == {"too-long"}
    assert with_overrides(result).benign == (exclusion.pattern,)


def test_beside_an_exclusion_that_is_left_out_there_is_room() -> None:
    """That the metric filter's pattern does not have it, is so without the review too."""
    names = " || ".join(f'($.eventName = "Name{"x" * 20}{number}")' for number in range(21))
    result = proposed(*noise(), overrides={"benign": [*OF_THE_SOURCE, f"{{ {names} }}"]})
    assert of(result) == ["scanner", "config.amazonaws.com"]


def test_without_time_nothing_is_excluded_and_that_is_told() -> None:
    result = proposed(*noise(), proofs=Proofs(stop=lambda: True))
    assert result.exclusions == ()
    assert set(why_not(result).values()) == {"no-time"}
    assert len(result.not_proposed) == 5


class Unsure(Proofs):
    """Cannot decide what an exclusion of the scanner would silence."""

    def find(self, predicate: Predicate, records: Records, budget: int = BUDGET) -> Answer:
        match predicate:
            case And((_, Pattern(text=text), Not())) if "role/scanner" in text:
                return Undecided("It is not known.")
        return super().find(predicate, records, budget)


def test_what_cannot_be_proven_is_left_out_alone() -> None:
    result = proposed(*noise(), proofs=Unsure())
    assert of(result) == ["config.amazonaws.com"]
    assert [(each.alarms_before, each.alarms_after) for each in result.exclusions] == [(384, 192)]
    assert set(why_not(result).values()) == {"not-covered"}
    assert len(result.not_proposed) == 4


def test_where_no_pattern_does_it_nothing_is_excluded() -> None:
    """Everything that is required is ordinary, so no filter is written."""
    required = {"required": "{ $.eventName = * }", "benign": []}
    result = proposed(*noise(), overrides=required)
    assert result.exclusions == ()
    assert result.pattern is None
    assert result.remarks == ("No exclusion is proposed. No metric filter pattern does it.",)


# --- Overrides that are set already


def test_a_pattern_of_the_operators_own_gives_way() -> None:
    own = {"pattern": '{ ($.errorCode = "AccessDenied*") || ($.errorCode = "*UnauthorizedOperation") }'}
    result = proposed(*noise(), overrides=own)
    assert of(result) == ["scanner", "config.amazonaws.com"]
    assert "pattern" not in json.loads(result.overrides or "")
    after = with_overrides(result)
    assert pattern_to_write(after, Proofs()).pattern == result.pattern
    assert [remark.split(":")[0] for remark in result.remarks] == ["The key pattern is left out of Overrides"]


def test_exclusions_in_force_stay_and_ended_ones_go() -> None:
    entries: list[Any] = [
        '{ $.eventName = "HeadBucket" }',
        {"pattern": '{ $.eventName = "ListUsers" }', "reason": "everybody lists", "until": "2026-12-24"},
        {"pattern": '{ $.eventName = "ListKeys" }', "reason": "old", "until": "2026-11-01"},
    ]
    result = proposed(*noise(), overrides={"benign": entries})
    assert json.loads(result.overrides or "")["benign"][:2] == entries[:2]
    assert "ListUsers" not in result.exclusions[0].pattern.text
    assert "ListKeys" in result.exclusions[0].pattern.text
    assert result.remarks == ('The exclusion "old" ended on 2026-11-01. It is left out of Overrides.',)


# --- attacks


def test_what_an_attack_repeats_every_day_is_no_exclusion_of_it_where_it_changes_something() -> None:
    result = proposed(*noise(*every(DAY, refused(SCANNER, "iam CreateUser"))))
    assert "CreateUser" not in "".join(exclusion.pattern.text for exclusion in result.exclusions)
    assert why_not(result) == {("scanner", "CreateUser"): "changes"}
