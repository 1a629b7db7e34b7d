from pathlib import Path

import pytest

from blindspot.model import profile
from blindspot.model.profile import SettingsError
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


def test_the_docs_have_the_names() -> None:
    shown = (Path(__file__).parents[4] / "docs/profiles.md").read_text()
    for name in profile.names():
        names = profile.load(name).names
        cells = (f"`{name}`", names.filter, names.metric, names.namespace, names.alarm, names.topic)
        assert f"| {' | '.join(cells)} |" in shown
