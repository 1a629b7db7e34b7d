"""Which exclusions are in force on a day, which end soon, and what is told of them."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blindspot.model import profile
from blindspot.model.profile import Exclusion
from blindspot.verdict.exclusions import Exclusions, exclusions_of
from filter_pattern import parse

UNTIL = date(2027, 2, 25)
SCANNER = '{ $.userIdentity.arn = "arn:aws:sts::123456789012:assumed-role/scanner/*" }'
HEAD = Exclusion(parse('{ $.eventName = "HeadBucket" }'))
DATED = Exclusion(parse(SCANNER), "nightly scanner", UNTIL)


def days_before(number: int) -> date:
    return UNTIL - timedelta(days=number)


@pytest.mark.parametrize(
    ("before", "in_force", "ending", "ended"),
    [
        (15, True, False, False),
        (14, True, True, False),
        (1, True, True, False),
        (0, False, False, True),
        (-1, False, False, True),
        (-1000, False, False, True),
    ],
)
def test_a_fortnight_before_its_end_it_ends_soon_and_on_that_day_it_has_ended(
    before: int, in_force: bool, ending: bool, ended: bool
) -> None:
    found = Exclusions((HEAD, DATED), days_before(before))
    assert found.in_force == (HEAD, DATED)[: 1 + in_force]
    assert found.ending == ((DATED, UNTIL),) * ending
    assert found.ended == ((DATED, UNTIL),) * ended


def test_without_a_day_nothing_is_told_of_an_end_that_is_not_trusted_either() -> None:
    found = Exclusions((HEAD, DATED), None)
    assert (found.in_force, found.ending, found.ended) == ((HEAD,), (), ())


def test_the_one_that_ends_next_comes_first() -> None:
    later = Exclusion(HEAD.pattern, "later", days_before(-5))
    assert Exclusions((later, DATED), days_before(1)).ending == ((DATED, UNTIL), (later, days_before(-5)))


def test_it_is_named_by_its_reason_or_its_place_and_never_by_its_pattern() -> None:
    found = Exclusions((HEAD, DATED), None)
    assert found.title(DATED, "nightly") == 'The exclusion "nightly"'
    assert found.title(HEAD, None) == "Exclusion 1 of benign"
    assert found.title(DATED, None) == "Exclusion 2 of benign"


def test_what_an_ended_exclusion_excused() -> None:
    head, other = ({"eventName": name} for name in ("HeadBucket", "ListBuckets"))
    first, second = (Exclusion(HEAD.pattern, reason, UNTIL) for reason in ("first", "second"))
    found = Exclusions((DATED, HEAD, first, second), UNTIL)
    assert found.ended_of(head) == (first, UNTIL)
    assert found.ended_of(other) is None
    assert Exclusions(found.listed, days_before(1)).ended_of(head) is None


def test_they_are_those_of_the_profile_on_its_day() -> None:
    entry = {"pattern": SCANNER, "reason": "nightly scanner", "until": "2027-02-25"}
    loaded = profile.load("cis-level-2", {"benign": [entry]}, on=UNTIL)
    assert exclusions_of(loaded) == Exclusions((DATED,), UNTIL)


@pytest.mark.parametrize("on", [None, days_before(1), UNTIL])
def test_those_in_force_are_what_the_profile_calls_benign(on: date | None) -> None:
    entries = [{"pattern": SCANNER, "until": "2027-02-25"}, HEAD.pattern.text]
    loaded = profile.load("cis-level-2", {"benign": entries}, on=on)
    assert tuple(exclusion.pattern for exclusion in exclusions_of(loaded).in_force) == loaded.benign


DAYS = st.integers(-40, 40).map(days_before)


@given(st.lists(st.none() | DAYS, max_size=6), DAYS)
def test_each_is_in_force_or_has_ended_and_only_one_in_force_ends(ends: list[date | None], on: date) -> None:
    found = Exclusions(tuple(Exclusion(HEAD.pattern, str(number), until) for number, until in enumerate(ends)), on)
    ended = {exclusion for exclusion, _ in found.ended}
    assert {*found.in_force} | ended == {*found.listed}
    assert {*found.in_force} & ended == set()
    assert {exclusion for exclusion, _ in found.ending} <= {*found.in_force}
