"""A month of a noisy account, from its log events to the exclusions: quiet, and nothing of the attack is silenced.

What the review says is compared with the tests' own simulation of CloudWatch and with the local AWS's own matcher.
"""

import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from unittest.mock import patch

import pytest

from blindspot.aws import refused_calls
from blindspot.aws.refused_calls import read_refused_calls
from blindspot.model import profile
from blindspot.model.profile import Profile
from blindspot.review.forecast import ForecastAlarm, Forecaster, alarms_of
from blindspot.review.groups import Group, looks_like
from blindspot.review.review import Review, review
from blindspot.review.tally import Interval, Tally
from blindspot.verdict.assessment import Verdict, assess
from filter_pattern import Proofs
from local.accounts import CIS, Noisy, a_noisy_account
from local.aws import Page, local_aws
from local.aws.extension.matcher import matcher
from tests import cloudwatch
from tests.cloudwatch import Alarm, Events, Filter, State
from tests.integration.reading import ACCOUNT, CLIENTS, NOW, OWN, REGIONS, log_group_arn, look

PROFILE: Profile = profile.load("cis-level-2")


@dataclass(frozen=True)
class Reviewed:
    """A noisy account with its review. days: how many were reviewed."""

    noisy: Noisy
    review: Review
    days: int
    _matched: dict[str, set[int]] = field(default_factory=dict)

    def matched(self, pattern: str) -> set[int]:
        """The numbers of the delivered calls that the local AWS's own matcher matches."""
        if pattern not in self._matched:
            matches = matcher(pattern)
            delivered = enumerate(self.noisy.delivered)
            self._matched[pattern] = {number for number, one in delivered if matches(json.dumps(one.event))}
        return self._matched[pattern]

    @property
    def attack(self) -> set[int]:
        return {number for number, one in enumerate(self.noisy.delivered) if one.kind == "attack"}


@pytest.fixture(scope="module", params=[(1, 30), (2, 7)], ids=["a month", "a week"])
def reviewed(request: pytest.FixtureRequest) -> Iterator[Reviewed]:
    seed, days = request.param
    with local_aws(ACCOUNT, OWN, REGIONS) as aws, patch.object(refused_calls, "PACE", 0.0):
        noisy = a_noisy_account(aws, seed=seed, days=days, end=NOW)
        aws.page_log_events(noisy.made.log_group, Page(events=150, searched=700))
        assessment = assess(look(), PROFILE)
        assert assessment.verdict is Verdict.COMPLIANT
        proofs = Proofs()
        alarms, watched = alarms_of(assessment, PROFILE, proofs)
        end = int(NOW.timestamp())
        read = read_refused_calls(
            CLIENTS,
            [log_group_arn(noisy.made)],
            PROFILE.required.text,
            Interval(end - days * 86_400, end),
            partial(Tally, ACCOUNT, watched),
            own_account=ACCOUNT,
            until=time.monotonic() + 300,
        )
        yield Reviewed(noisy, review(read, assessment, alarms, PROFILE, {}, proofs, hours=days * 24, at=NOW), days)


def test_all_of_it_was_read_and_nothing_else(reviewed: Reviewed) -> None:
    read = reviewed.review.read
    required = reviewed.matched(PROFILE.required.text)
    assert read.share == 1.0
    assert read.tally.events == len(required) < len(reviewed.noisy.delivered)
    assert read.tally.not_understood == 0
    assert sum(group.count for group in reviewed.review.groups) == len(required)
    days = Counter(
        datetime.fromtimestamp(reviewed.noisy.delivered[number].timestamp / 1000, UTC).date() for number in required
    )
    assert {day: count for day, count in reviewed.review.by_day.items() if count} == days


def test_the_exclusions_take_nine_alarms_in_ten_away(reviewed: Reviewed) -> None:
    exclusions = reviewed.review.exclusions
    assert exclusions
    assert exclusions[0].alarms_before * 7 / reviewed.days > 250
    assert exclusions[-1].alarms_after <= 0.1 * exclusions[0].alarms_before
    assert [one.alarms_before for one in exclusions[1:]] == [one.alarms_after for one in exclusions[:-1]]


def test_no_call_of_the_attack_is_silenced(reviewed: Reviewed) -> None:
    for exclusion in reviewed.review.exclusions:
        assert not reviewed.matched(exclusion.pattern.text) & reviewed.attack
        for number in reviewed.attack:
            assert not exclusion.pattern.matches(reviewed.noisy.delivered[number].event)
    assert reviewed.review.pattern is not None
    assert reviewed.attack <= reviewed.matched(reviewed.review.pattern.text)


def test_each_exclusion_excludes_what_its_proof_says(reviewed: Reviewed) -> None:
    for exclusion in reviewed.review.exclusions:
        calls = reviewed.matched(exclusion.pattern.text)
        assert exclusion.excluded == len(calls) == sum(group.count for group in exclusion.groups)
        assert exclusion.covers
        assert exclusion.length <= 1024
        assert exclusion.silenced is not None
        assert matcher(exclusion.pattern.text)(json.dumps(exclusion.silenced))
        assert exclusion.silenced not in [one.event for one in reviewed.noisy.delivered]


def test_the_filter_that_is_written_matches_exactly_the_rest(reviewed: Reviewed) -> None:
    assert reviewed.review.pattern is not None
    patterns = *PROFILE.benign, *(one.pattern for one in reviewed.review.exclusions)
    excluded = set[int]().union(*(reviewed.matched(pattern.text) for pattern in patterns))
    required = reviewed.matched(PROFILE.required.text)
    assert reviewed.matched(reviewed.review.pattern.text) == required - excluded


def test_what_it_prints_can_be_set(reviewed: Reviewed) -> None:
    assert reviewed.review.overrides is not None
    assert len(reviewed.review.overrides) <= 3000
    overrides = json.loads(reviewed.review.overrides)
    with_all = profile.load("cis-level-2", overrides, on=NOW.date())
    assert {one.pattern for one in reviewed.review.exclusions} <= set(with_all.benign)
    assert {entry.until for entry in with_all.exclusions if entry.until} == {NOW.date() + timedelta(days=90)}


def simulated(reviewed: Reviewed, alarm: ForecastAlarm, pattern: str) -> list[State]:
    """The state of the alarm after each of its periods, where its filter has this pattern."""
    terms = alarm.terms
    assert terms is not None
    first = int(NOW.timestamp()) // 60 - reviewed.days * 24 * 60
    calls = reviewed.matched(pattern)
    by_minute = Counter(reviewed.noisy.delivered[number].timestamp // 60_000 - first for number in calls)
    minutes = ([Events(by_minute[minute])] for minute in range(reviewed.days * 24 * 60))
    alike = Alarm(
        terms.statistic,  # type: ignore[arg-type]
        terms.comparison,  # type: ignore[arg-type]
        terms.threshold,
        terms.period,
        terms.evaluation_periods,
        terms.datapoints,
        terms.missing_data,  # type: ignore[arg-type]
    )
    return cloudwatch.run(alike, [Filter()], minutes, state="OK")


@pytest.mark.parametrize("number", [0, -1], ids=["the account's alarm", "the profile's"])
@pytest.mark.parametrize("after", [False, True], ids=["before the exclusions", "after them"])
def test_the_forecast_is_the_simulation_in_every_period(reviewed: Reviewed, number: int, after: bool) -> None:
    made = reviewed.review
    alarm, days = made.alarms[number]
    assert alarm.not_known is None
    assert made.pattern is not None
    excluded = [group.key for one in made.exclusions for group in one.groups] if after else []
    pattern = made.pattern.text if after else CIS
    forecaster = Forecaster(alarm, made.read.tally, made.read.read)
    expected = simulated(reviewed, alarm, pattern)
    assert list(forecaster.states(excluded, busy=False)) == expected
    changes = sum(before != "ALARM" == now for before, now in pairwise(["OK", *expected]))
    assert changes > 5
    forecast = forecaster.forecast(excluded)
    assert sum(count.most for count in forecast.values()) == sum(count.fewest for count in forecast.values()) == changes
    if not after:
        assert forecast == days


def kinds(reviewed: Reviewed, group: Group) -> set[str]:
    """Who made the calls of the group."""
    key = group.key
    return {
        one.kind
        for one in reviewed.noisy.delivered
        if (one.event["eventSource"], one.event["eventName"]) == (key.service, key.call)
        and f"/{key.caller.name}" in json.dumps(one.event["userIdentity"])
    }


def test_the_groups_of_the_attack_look_like_one_and_those_of_the_scanner_like_a_scanner(reviewed: Reviewed) -> None:
    for group in reviewed.review.groups:
        of = kinds(reviewed, group)
        if of == {"attack"}:
            assert looks_like(group) == "an attack"
        elif of == {"scanner"}:
            assert looks_like(group) == "a scanner"
        else:
            assert looks_like(group) not in ("an attack", "a scanner")


def test_what_is_not_proposed_has_a_reason_and_is_no_attack(reviewed: Reviewed) -> None:
    excluded = {group.key for one in reviewed.review.exclusions for group in one.groups}
    for one in reviewed.review.not_proposed:
        assert one.group.key not in excluded
        assert one.why
        assert kinds(reviewed, one.group) != {"attack"}
