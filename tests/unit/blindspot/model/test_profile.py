import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blindspot.model import profile
from blindspot.model.profile import Exclusion, SettingsError, TopicSettings
from blindspot.verdict.assessment import Verdict, assess
from filter_pattern import parse
from tests.builders import a_compliant_snapshot, a_filter, an_alarm
from tests.cases.profiles import OK, VERDICTS


def test_these_are_all_the_profiles() -> None:
    assert profile.names() == list(VERDICTS)


@pytest.mark.parametrize("source", VERDICTS)
@pytest.mark.parametrize("judge", VERDICTS)
def test_what_a_source_recommends_judged_by_a_profile(source: str, judge: str) -> None:
    recommended = profile.load(source)
    alarm = recommended.alarm
    account = a_compliant_snapshot(
        filters=(a_filter(recommended.pattern.text),),
        alarms=(
            an_alarm(
                statistic=alarm.statistic,
                period=alarm.period,
                threshold=alarm.threshold,
                comparison=alarm.comparison,
            ),
        ),
    )
    expected = VERDICTS[source][list(VERDICTS).index(judge)]
    assessment = assess(account, profile.load(judge))
    for region in assessment.regions:
        if expected == OK:
            assert (region.verdict, region.gaps) == (Verdict.COMPLIANT, ())
        else:
            assert region.verdict is Verdict.NON_COMPLIANT
            assert expected in f"{region.gaps[0].code} {region.gaps[0].message}"


KEY = "arn:aws:kms:eu-west-1:123456789012"

CODE = '{ $.errorCode = "AccessDenied" }'

CLI_TEXT_OF_CIS_1_5 = (
    '{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") '
    '|| ($.sourceIPAddress!="delivery.logs.amazonaws.com") || ($.eventName!="HeadBucket") }'
)


@pytest.mark.parametrize("judge", VERDICTS)
def test_only_cis_1_5_accepts_its_own_text_that_counts_everything(judge: str) -> None:
    account = a_compliant_snapshot(filters=(a_filter(CLI_TEXT_OF_CIS_1_5),))
    region = assess(account, profile.load(judge)).regions[0]
    if judge == "cis-v1.5.0":
        assert region.verdict is Verdict.COMPLIANT
    else:
        assert [gap.code for gap in region.gaps] == ["filter.noise"]


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"benine": []}, "unknown key 'benine'; allowed: required, benign"),
        ({"alarm": {"perod": 60}}, "alarm has an unknown key 'perod'; allowed: statistic, period"),
        ({"benign": ["{ $.a"]}, "benign is not a valid filter pattern"),
        ({"benign": "{ $.a = x }"}, "benign is '{ $.a = x }'; allowed: a list of: filter patterns"),
        ({"benign": [3]}, "benign is [3]; allowed: a list of: filter patterns, as text, or objects with pattern"),
        ({"benign": [None]}, "benign is [None]; allowed: a list of: filter patterns"),
        ({"benign": [CODE, {"until": "2027-02-25"}]}, "Overrides: benign: entry 2 has no pattern; allowed: an object"),
        ({"benign": [{}]}, "entry 1 has no pattern; allowed: an object with pattern, reason, until."),
        ({"benign": [{"pattern": "{ $.a"}]}, "benign: entry 1: pattern is not a valid filter pattern."),
        ({"benign": [{"pattern": 3}]}, "benign: entry 1: pattern is 3; allowed: a filter pattern, as text."),
        (
            {"benign": [CODE, CODE, {"pattern": CODE, "unti": "2027-02-25"}]},
            "Overrides: benign: entry 3 has an unknown key 'unti'; allowed: pattern, reason, until.",
        ),
        *(
            (
                {"benign": [{"pattern": CODE, "until": until}]},
                f"entry 1: until is {until!r}; allowed: a date as YYYY-MM-DD",
            )
            for until in (
                "25.2.2027",
                "2027-02-30",
                "20270225",
                "2027-W08-4",
                "2027-2-25",
                "2027-02-25T00:00:00Z",
                "2027-02-25\n",
                "٢٠٢٧-٠٢-٢٥",
                "",
                20270225,
                None,
            )
        ),
        *(
            (
                {"benign": [{"pattern": CODE, "reason": reason}]},
                f"entry 1: reason is {shown}; allowed: a text of 1 to 200 characters on one line.",
            )
            for reason, shown in (
                (3, "3"),
                (None, "None"),
                ("", "''"),
                (" ", "' '"),
                ("a\nb", r"'a\nb'"),
                ("x" * 201, f"'{'x' * 76}..."),
            )
        ),
        ({"required": "AccessDenied!"}, "required is not a valid filter pattern"),
        ({"calls_to_alarm": 0}, "calls_to_alarm is 0; allowed: a whole number from 1 to 1000"),
        ({"calls_to_alarm": True}, "a whole number from 1 to 1000"),
        ({"noise_breaks": "yes"}, "allowed: true or false"),
        ({"accepted_actions": ["email"]}, "allowed: one of sns, lambda"),
        ({"accepted_actions": []}, "a list with at least 1 of: sns, lambda"),
        ({"siem_destinations": ["bucket"]}, "allowed: ARNs"),
        ({"alarm": {"period": 45}}, "period is 45; allowed: 10, 20, 30 or a multiple of 60"),
        ({"alarm": {"period": "300"}}, "allowed: 10, 20, 30"),
        ({"alarm": {"threshold": float("nan")}}, "threshold is nan; allowed: a number"),
        ({"alarm": {"statistic": "p99"}}, "allowed: one of Sum"),
        ({"alarm": 3}, "alarm is 3; allowed: an object"),
        ({"names": {"topic": "my topic"}}, "topic is 'my topic'; allowed: 1 to 256 letters"),
        ({"names": {"filter": "a:b"}}, "allowed: 1 to 512 characters without"),
        ({"topic": {"key": "alias/ours"}}, "topic: key is 'alias/ours'; allowed: null, or the ARN of a KMS key"),
        ({"topic": {"key": f"{KEY}:alias/ours"}}, "not an alias"),
        (
            {"topic": {"tags": {"aws:owner": "me"}}},
            "topic: tags is {'aws:owner': 'me'}; allowed: an object of up to 40",
        ),
        ({"topic": {"tags": {"Blindspot": "mine"}}}, "no key blindspot"),
        ({"alarm": {"tags": {"team": 3}}}, "alarm: tags is {'team': 3}; allowed: an object of up to 40 tags"),
        ({"alarm": {"tags": {"": "x"}}}, "keys of 1 to 128"),
        ({"alarm": {"tags": {"k" * 129: "x"}}}, "keys of 1 to 128"),
        ({"alarm": {"tags": {"k": "v" * 257}}}, "values of up to 256"),
        ({"alarm": {"tags": {"k": "a,b"}}}, "letters, digits, spaces"),
        ({"alarm": {"tags": {f"{number}": "" for number in range(41)}}}, "up to 40 tags"),
        ({"alarm": {"tags": ["team"]}}, "allowed: an object"),
        (
            {"benign": ['{ $.eventName = "*" }']},
            "required must match an event that benign does not match. Otherwise every account would be compliant.",
        ),
        ({"calls_to_alarm": 1001}, "calls_to_alarm is 1001; allowed: a whole number from 1 to 1000"),
        ({"required": "x" * 78 + "!"}, "required is not a valid filter pattern"),
        ({"noise_breaks": "x" * 78}, f"noise_breaks is '{'x' * 78}'; allowed"),
        ({"noise_breaks": "x" * 79}, f"noise_breaks is '{'x' * 76}...; allowed"),
    ],
)
def test_an_override_that_cannot_be_followed_is_named(overrides: dict[str, object], message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        profile.load("cis-level-2", overrides)
    assert message in str(caught.value)


def test_a_profile_that_there_is_not_is_an_error_with_all_there_are() -> None:
    with pytest.raises(SettingsError) as caught:
        profile.load("cis")
    assert str(caught.value) == f"Profile is 'cis'; allowed: {', '.join(VERDICTS)}."


def test_the_limits_of_a_number_are_allowed() -> None:
    assert [profile.load("cis-level-2", {"calls_to_alarm": number}).calls_to_alarm for number in (1, 1000)] == [1, 1000]


@pytest.mark.parametrize(
    ("key", "name", "allowed"),
    [
        ("alarm", "ApiCallMonitoring", True),
        ("alarm", "team-blindspot", True),
        ("alarm", "team", False),
        ("topic", "security-alerts", True),
        ("topic", "ApiCallMonitoring", False),
        ("filter", "team", True),
    ],
)
def test_a_name_for_remediation_is_a_source_s_or_ours(key: str, name: str, allowed: bool) -> None:
    bent = profile.load("cis-level-2", {"names": {key: name}})
    if allowed:
        profile.check_names(bent)
        return
    with pytest.raises(SettingsError) as caught:
        profile.check_names(bent)
    sources = ", ".join(sorted({getattr(profile.load(each).names, key) for each in profile.names()}))
    assert str(caught.value) == (
        f"Overrides: names: {key} is {name!r}; allowed for remediation: a name that contains -blindspot, {sources}."
    )


def test_overrides_change_what_they_name_and_nothing_else() -> None:
    plain = profile.load("cis-v3.0.0")
    bent = profile.load("cis-v3.0.0", {"benign": [], "names": {"topic": "mine"}})
    assert (bent.benign, bent.names.topic) == ((), "mine")
    assert (bent.names.alarm, bent.required, bent.alarm) == (plain.names.alarm, plain.required, plain.alarm)


DAY = date(2027, 2, 25)
EVENTS = ("HeadBucket", "ListBuckets", "GetObject")


def benign_of(name: str) -> str:
    return f"{{ $.eventName = {name} }}"


def test_an_entry_has_a_reason_and_an_end() -> None:
    first, second, third = (benign_of(name) for name in EVENTS)
    entries = [first, {"pattern": second}, {"pattern": third, "reason": "r" * 200, "until": "2027-02-25"}]
    found = profile.load("cis-level-2", {"benign": entries}, on=date(2027, 2, 24))
    assert found.exclusions == (
        Exclusion(parse(first)),
        Exclusion(parse(second)),
        Exclusion(parse(third), "r" * 200, DAY),
    )
    assert found.benign == tuple(map(parse, (first, second, third)))
    assert found.on == date(2027, 2, 24)


@pytest.mark.parametrize(
    "entry",
    [
        CODE,
        {"pattern": CODE, "reason": "a scanner"},
        {"pattern": CODE, "until": "2027-02-25"},
        {"pattern": CODE, "reason": "a scanner", "until": "2027-02-25"},
    ],
)
def test_an_exclusion_can_be_written_as_it_was_given(entry: object) -> None:
    (exclusion,) = profile.load("security-hub-cloudwatch-2", {"benign": [entry]}).exclusions
    assert exclusion.entry == entry


@pytest.mark.parametrize(
    ("until", "on", "excuses"),
    [
        (None, DAY, True),
        (None, None, True),
        (DAY, DAY - timedelta(1), True),
        (DAY, DAY, False),
        (DAY, DAY + timedelta(1), False),
        (DAY, None, False),
    ],
)
def test_from_its_end_on_an_exclusion_excuses_nothing(until: date | None, on: date | None, excuses: bool) -> None:
    entry = {"pattern": benign_of("GetObject"), **({"until": until.isoformat()} if until else {})}
    found = profile.load("cis-level-2", {"benign": [benign_of("HeadBucket"), entry]}, on=on)
    assert found.exclusions[1].excuses(on) is excuses
    assert found.benign == tuple(each.pattern for each in found.exclusions[: 1 + excuses])
    assert found.on == on


def test_the_exclusions_of_a_source_have_no_end() -> None:
    for name in profile.names():
        found = profile.load(name)
        assert found.benign == tuple(each.pattern for each in found.exclusions)
        assert all(each == Exclusion(each.pattern) for each in found.exclusions)


def test_one_that_excuses_everything_is_no_error_once_it_has_ended() -> None:
    everything = {"benign": [{"pattern": '{ $.eventName = "*" }', "until": "2027-02-25"}]}
    assert profile.load("cis-level-2", everything, on=DAY).benign == ()
    with pytest.raises(SettingsError, match="benign does not match"):
        profile.load("cis-level-2", everything, on=DAY - timedelta(1))


ENTRIES = st.lists(
    st.tuples(st.sampled_from(EVENTS), st.none() | st.integers(-3, 3).map(lambda days: DAY + timedelta(days))),
    max_size=5,
)


@given(ENTRIES, st.integers(-4, 4), st.integers(0, 4))
def test_what_is_required_lacks_exactly_what_is_in_force(
    entries: list[tuple[str, date | None]], day: int, later: int
) -> None:
    overrides = {
        "benign": [
            {"pattern": benign_of(name), **({"until": until.isoformat()} if until else {})} for name, until in entries
        ]
    }
    required = {}
    for on in (DAY + timedelta(day), DAY + timedelta(day + later)):
        found = profile.load("cis-level-2", overrides, on=on)
        excused = {name for name, until in entries if until is None or on < until}
        required[on] = {name for name in EVENTS if is_required(found, name)}
        assert required[on] == set(EVENTS) - excused
    assert required[DAY + timedelta(day)] <= required[DAY + timedelta(day + later)]


def is_required(found: profile.Profile, name: str) -> bool:
    event = {"errorCode": "AccessDenied", "eventName": name}
    return found.required.matches(event) and not any(pattern.matches(event) for pattern in found.benign)


def test_overrides_give_tags_and_a_key() -> None:
    tags = {"team": "security", "cost center": "", "k" * 128: "v" * 256}
    bent = profile.load("cis-v3.0.0", {"topic": {"key": f"{KEY}:key/1-2", "tags": tags}, "alarm": {"tags": tags}})
    assert (bent.topic, bent.alarm.tags) == (TopicSettings(f"{KEY}:key/1-2", tags), tags)
    assert profile.load("cis-v3.0.0", {"topic": {"key": None}}).topic == TopicSettings()


@pytest.mark.parametrize(
    ("key", "region", "there"),
    [
        (None, "us-east-1", None),
        (f"{KEY}:key/1-2", "eu-west-1", f"{KEY}:key/1-2"),
        (f"{KEY}:key/mrk-1", "us-east-1", "arn:aws:kms:us-east-1:123456789012:key/mrk-1"),
    ],
)
def test_a_topic_has_a_key_of_its_own_region(key: str | None, region: str, there: str | None) -> None:
    assert TopicSettings(key).key_in(region) == there


def test_a_topic_has_no_key_of_another_region() -> None:
    with pytest.raises(LookupError):
        TopicSettings(f"{KEY}:key/1-2").key_in("us-east-1")


def test_the_example_in_the_docs_is_one() -> None:
    shown = (Path(__file__).parents[4] / "docs/profiles.md").read_text()
    example = json.loads(shown.partition("## Exclusions")[2].partition("```json\n")[2].partition("```")[0])
    found = profile.load("cis-level-2", example, on=DAY - timedelta(1))
    assert tuple(map(str, found.benign[:2])) == tuple(map(str, profile.load("cis-level-2").benign))
    assert (len(found.benign), found.exclusions[2].until) == (3, DAY)
    assert found.exclusions[2].reason == example["benign"][2]["reason"]


def test_the_docs_have_the_names() -> None:
    shown = (Path(__file__).parents[4] / "docs/profiles.md").read_text()
    for name in profile.names():
        names = profile.load(name).names
        cells = (f"`{name}`", names.filter, names.metric, names.namespace, names.alarm, names.topic)
        assert f"| {' | '.join(cells)} |" in shown
