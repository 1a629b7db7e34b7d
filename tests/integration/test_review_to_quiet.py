"""From a noisy account to a quiet one: review, Overrides, remediation; and to the day on which the exclusions end."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from filter_pattern import parse
from local.accounts import Made, a_noisy_account
from local.aws import LocalAws
from local.refused_calls import Delivered
from tests import cloudwatch
from tests.integration.evaluating import invoke
from tests.integration.remediating import OUR_FILTER, click, only_a_trail, run, switch
from tests.integration.reviewing import review

pytestmark = pytest.mark.usefixtures("unpaced")

DAYS = 7
MINUTE = 60


@pytest.fixture
def unpaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the pauses between calls."""
    monkeypatch.setattr("blindspot.aws.refused_calls.PACE", 0)


@pytest.fixture
def noisy(small: LocalAws) -> tuple[Made, Sequence[Delivered]]:
    """A week of a noisy account, whose filter and alarm the remediator made."""
    account = a_noisy_account(small, days=DAYS, end=datetime.now(UTC) - timedelta(minutes=10))
    only_a_trail(small, account.made)
    switch(small, "true")
    run("apply")
    click(small)
    assert verdict() == "COMPLIANT"
    return account.made, account.delivered


def verdict() -> str:
    found: str = invoke({"action": "assess"})["verdict"]
    return found


def applied() -> list[tuple[str, str]]:
    """What the remediator does now, and what became of it."""
    found = run("apply")
    return [
        (action["action"], outcome["status"]) for action, outcome in zip(found["plan"], found["outcomes"], strict=True)
    ]


def set_overrides(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("BLINDSPOT_OVERRIDES", text)


def our_pattern(aws: LocalAws, made: Made) -> str:
    """The pattern of the metric filter that the remediator made."""
    filters = aws.client("logs", made.region).describe_metric_filters(logGroupName=made.log_group)["metricFilters"]
    (text,) = (found["filterPattern"] for found in filters if found["filterName"] == OUR_FILTER)
    return str(text)


def alarms(pattern: str, delivered: Iterable[Delivered], found: dict[str, Any]) -> int:
    """How often the alarm of a filter with this pattern went to ALARM in the time of the review, as CloudWatch would
    evaluate it minute by minute."""
    start, end = (int(datetime.fromisoformat(found["read"][name]).timestamp()) for name in ("from", "to"))
    parsed = parse(pattern)
    times = [one.timestamp // 1000 for one in delivered if parsed.matches(one.event)]
    first = start // 300 * 300
    counts = [0] * ((end - first) // MINUTE)
    for at in times:
        if start <= at and (at - first) // MINUTE < len(counts):
            counts[(at - first) // MINUTE] += 1
    alarm = cloudwatch.Alarm(missing_data="notBreaching")
    minutes = ([cloudwatch.Events(count, 1)] for count in counts)
    states = cloudwatch.run(alarm, [cloudwatch.Filter()], minutes, state="OK")
    return sum(before != "ALARM" and after == "ALARM" for before, after in pairwise(["OK", *states]))


def test_the_whole_way(
    small: LocalAws, noisy: tuple[Made, Sequence[Delivered]], monkeypatch: pytest.MonkeyPatch
) -> None:
    made, delivered = noisy
    found = review()
    exclusions = found["exclusions"]
    before = our_pattern(small, made)
    assert alarms(before, delivered, found) == exclusions[0]["alarms_before"] > 200

    set_overrides(monkeypatch, found["overrides"])
    assert verdict() == "COMPLIANT"
    assert applied() == [("update metric filter", "done")]
    assert our_pattern(small, made) == found["pattern"]
    assert verdict() == "COMPLIANT"

    left = alarms(our_pattern(small, made), delivered, found)
    assert left == exclusions[-1]["alarms_after"]
    assert left * 10 <= exclusions[0]["alarms_before"]
    assert applied() == []
    again = review()
    assert again["exclusions"] == []
    assert again["alarms"][-1]["most"] == left


def test_the_attack_still_goes_to_alarm(
    small: LocalAws, noisy: tuple[Made, Sequence[Delivered]], monkeypatch: pytest.MonkeyPatch
) -> None:
    made, delivered = noisy
    before = parse(our_pattern(small, made))
    set_overrides(monkeypatch, review()["overrides"])
    run("apply")
    after = parse(our_pattern(small, made))
    attacks = [one for one in delivered if one.kind == "attack"]
    matched = [before.matches(one.event) for one in attacks]
    assert any(matched)
    assert [after.matches(one.event) for one in attacks] == matched


def test_on_the_day_on_which_they_end_everything_is_counted_again(
    small: LocalAws, noisy: tuple[Made, Sequence[Delivered]], monkeypatch: pytest.MonkeyPatch
) -> None:
    made, _ = noisy
    before = our_pattern(small, made)
    overrides = review()["overrides"]
    set_overrides(monkeypatch, overrides)
    run("apply")
    today = datetime.now(UTC).date()
    set_overrides(monkeypatch, with_end(overrides, today + timedelta(days=1)))
    assert verdict() == "COMPLIANT"

    set_overrides(monkeypatch, with_end(overrides, today))
    assert verdict() == "NON_COMPLIANT"
    assert applied() == [("update metric filter", "done")]
    assert parse(our_pattern(small, made)) == parse(before)
    assert verdict() == "COMPLIANT"


def with_end(overrides: str, until: date) -> str:
    given = json.loads(overrides)
    entries = [entry if isinstance(entry, str) else entry | {"until": until.isoformat()} for entry in given["benign"]]
    return json.dumps(given | {"benign": entries})


def test_a_filter_that_others_made_is_quiet_with_the_pattern_that_is_told(
    small: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Remediation does not change it. Whoever made it sets the pattern of the review, with the Overrides."""
    account = a_noisy_account(small, days=DAYS, end=datetime.now(UTC) - timedelta(minutes=10))
    made = account.made
    found = review()
    logs = small.client("logs", made.region)
    (theirs,) = logs.describe_metric_filters(logGroupName=made.log_group)["metricFilters"]
    logs.put_metric_filter(
        logGroupName=made.log_group,
        filterName=theirs["filterName"],
        filterPattern=found["pattern"],
        metricTransformations=theirs["metricTransformations"],
    )
    assert verdict() == "NON_COMPLIANT"
    set_overrides(monkeypatch, found["overrides"])
    assert verdict() == "COMPLIANT"
    quiet = review()["alarms"][0]
    assert quiet["name"] == made.alarm
    assert quiet["most"] == found["exclusions"][-1]["alarms_after"]
