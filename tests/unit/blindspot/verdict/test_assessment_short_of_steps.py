"""What becomes of an assessment whose proofs run out of steps or time."""

from collections.abc import Callable
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blindspot.model import profile
from blindspot.model.snapshot import MetricFilter, Snapshot
from blindspot.verdict.assessment import Assessment, Verdict, assess
from filter_pattern import Proofs
from filter_pattern.proofs import OUT_OF_STEPS, OUT_OF_TIME
from tests.builders import HOME, a_compliant_snapshot, a_filter, an_alarm, log_group_arn
from tests.cases.accounts import BROKEN, DOUBTFUL, HOLDS, HOSTILE, PROFILE, SIEM, to_siem
from tests.cases.hostile import HOSTILE as PATTERNS
from tests.snapshots import snapshots

ACCOUNTS: dict[str, Snapshot] = {
    **HOLDS,
    **{name: snapshot for name, (snapshot, *_) in BROKEN.items()},
    **{name: snapshot for name, snapshot in DOUBTFUL.items() if isinstance(snapshot, Snapshot)},
}

DENIED = '{ $.errorCode = "AccessDenied*" }'


def after(times: int) -> Callable[[], bool]:
    asked = count()
    return lambda: next(asked) >= times


def assert_no_better(whole: Assessment, short: Assessment) -> None:
    for before, region in zip(whole.regions, short.regions, strict=True):
        assert region.verdict in (before.verdict, Verdict.INDETERMINATE)
        assert region.verdict is not Verdict.INDETERMINATE or region.doubts


@pytest.mark.parametrize("name", ACCOUNTS)
def test_short_of_steps_a_verdict_stays_or_is_indeterminate(name: str) -> None:
    whole = assess(ACCOUNTS[name], PROFILE)
    for run in (*(Proofs(steps=steps) for steps in (0, 1, 10, 100, 1000)), *(Proofs(stop=after(n)) for n in (0, 1, 5))):
        assert_no_better(whole, assess(ACCOUNTS[name], PROFILE, run))


@settings(max_examples=40)
@given(snapshots(), st.integers(0, 3000))
def test_so_it_is_in_any_account(snapshot: Snapshot, steps: int) -> None:
    assert_no_better(assess(snapshot, PROFILE), assess(snapshot, PROFILE, Proofs(steps=steps)))


def hostile(number: int = 0) -> MetricFilter:
    """Every one another pattern, and none decided."""
    return a_filter(f'{{ {HOSTILE} && $.b != "{number}" }}', name=f"hostile-{number}")


@pytest.mark.parametrize("run", [Proofs(steps=2_000_000), Proofs(stop=after(100))], ids=["steps", "time"])
def test_out_of_steps_or_time_the_filters_are_named(run: Proofs) -> None:
    assessment = assess(a_compliant_snapshot(filters=tuple(map(hostile, range(20)))), PROFILE, run)
    assert run.over in (OUT_OF_STEPS, OUT_OF_TIME)
    assert assessment.verdict is Verdict.INDETERMINATE
    for region in assessment.regions:
        assert {doubt.code for doubt in region.doubts} == {"filter.unclear"}
        named = {doubt.resource for doubt in region.doubts}
        assert named == {f"{log_group_arn()}:metric-filter:hostile-{number}" for number in range(20)}


def right(*filters: MetricFilter) -> tuple[Verdict, Proofs]:
    run = Proofs(steps=3_000_000)
    return assess(a_compliant_snapshot(filters=filters, regions=(HOME,)), PROFILE, run).verdict, run


def test_a_right_filter_is_proven_before_the_hostile_ones_beside_it_use_up_the_steps() -> None:
    verdict, run = right(*map(hostile, range(50)), a_filter())
    assert verdict is Verdict.COMPLIANT
    assert run.over is None


def test_two_halves_are_too() -> None:
    halves = (
        a_filter('{ $.errorCode = "AccessDenied*" }', name="a"),
        a_filter('{ $.errorCode = "*UnauthorizedOperation" }'),
    )
    assert right(*map(hostile, range(20)), *halves)[0] is Verdict.COMPLIANT
    words = [a_filter(f"AccessD {PATTERNS['two hundred words, none']} -w{n}", name=f"w{n}") for n in range(20)]
    assert right(*words, *halves)[0] is Verdict.COMPLIANT


def test_filters_that_lead_nowhere_are_not_decided() -> None:
    unwatched = [a_filter(hostile(n).pattern, name=f"h{n}", metric=f"m{n}") for n in range(30)]
    verdict, run = right(*unwatched, a_filter(DENIED))
    assert verdict is Verdict.NON_COMPLIANT
    assert run.left > 2_900_000


def test_a_subscription_filter_is_named_as_one() -> None:
    judge = profile.load("cis-level-2", {"siem_destinations": [SIEM]})
    for region in assess(to_siem(hostile().pattern), judge).regions:
        assert region.verdict is Verdict.INDETERMINATE
        (doubt,) = region.doubts
        assert (doubt.code, doubt.resource) == ("filter.unclear", log_group_arn())
        assert doubt.message.startswith("The pattern of subscription filter all of log group ")


@pytest.mark.parametrize("name", PATTERNS)
def test_a_hostile_pattern_beside_a_right_one_spoils_nothing(name: str) -> None:
    others = a_filter(PATTERNS[name], name="hostile", metric="other"), a_filter()
    alarms = an_alarm(), an_alarm(name="other", metric="other")
    run = Proofs(steps=3_000_000)
    snapshot = a_compliant_snapshot(filters=others, alarms=alarms, regions=(HOME,))
    assert assess(snapshot, PROFILE, run).verdict is Verdict.COMPLIANT
