from pathlib import Path

import pytest

from blindspot.model import profile
from blindspot.model.profile import SettingsError, TopicSettings
from blindspot.verdict.assessment import Verdict, assess
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
        ({"benign": [3]}, "benign is [3]; allowed: a filter pattern"),
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
        ({"benign": ['{ $.eventName = "*" }']}, "required must match an event that benign does not match"),
    ],
)
def test_an_override_that_cannot_be_followed_is_named(overrides: dict[str, object], message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        profile.load("cis-level-2", overrides)
    assert message in str(caught.value)


def test_overrides_change_what_they_name_and_nothing_else() -> None:
    plain = profile.load("cis-v3.0.0")
    bent = profile.load("cis-v3.0.0", {"benign": [], "names": {"topic": "mine"}})
    assert (bent.benign, bent.names.topic) == ((), "mine")
    assert (bent.names.alarm, bent.required, bent.alarm) == (plain.names.alarm, plain.required, plain.alarm)


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


def test_the_docs_have_the_names() -> None:
    shown = (Path(__file__).parents[4] / "docs/profiles.md").read_text()
    for name in profile.names():
        names = profile.load(name).names
        cells = (f"`{name}`", names.filter, names.metric, names.namespace, names.alarm, names.topic)
        assert f"| {' | '.join(cells)} |" in shown
