"""A part of an account is judged as the whole account is, and parts share nothing."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blindspot.model import profile
from blindspot.model.arn import place_of
from blindspot.model.snapshot import FUTURE, Snapshot
from blindspot.remediation.parts import Parts
from blindspot.verdict.assessment import Verdict, assess, compliant_regions
from filter_pattern import Proofs
from tests.builders import ACCOUNT, HOME, REGIONS, a_compliant_snapshot, a_filter, a_trail, log_group_arn
from tests.snapshots import snapshots

PROFILE = profile.load(profile.DEFAULT)
AWAY, THIRD = "us-east-1", "eu-central-1"


def moved(value: Any, region: str) -> Any:
    """The same in another region."""
    if isinstance(value, str):
        return value.replace(HOME, region)
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return tuple(moved(inner, region) for inner in value)
    if isinstance(value, Mapping):
        return {moved(key, region): moved(inner, region) for key, inner in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{field.name: moved(getattr(value, field.name), region) for field in fields(value)})
    return value


def together(one: Snapshot, *others: Snapshot) -> Snapshot:
    """One account that has what all of these have."""
    for other in others:
        shared: dict[str, Any] = {
            name: {**getattr(one, name), **getattr(other, name)}
            for name in ("log_groups", "alarms", "topics", "mute_rules", "other_filters")
        }
        one = replace(one, trails=(*one.trails, *other.trails), **shared)
    return one


def regional(snapshot: Snapshot) -> Snapshot:
    return replace(snapshot, trails=tuple(replace(trail, multi_region=False) for trail in snapshot.trails))


@st.composite
def accounts(draw: st.DrawFn) -> Snapshot:
    """Of two or three places; some with trails of every region, some with central copies of each other's events."""
    found = []
    for region in (HOME, AWAY, THIRD)[: draw(st.integers(2, 3))]:
        made = draw(snapshots())
        made = made if draw(st.integers(0, 3)) == 0 else regional(made)
        found.append(moved(made, region) if region != HOME else made)
    account = together(*found)
    if draw(st.booleans()):
        copies = log_group_arn("us-west-2", draw(st.sampled_from(["management-events", "another"])))
        by_source = draw(st.sampled_from([None, f'@aws.region = "{AWAY}"']))
        others = {(ACCOUNT, "us-west-2"): ((copies, a_filter(field_selection=by_source)),)}
        account = replace(account, other_filters=others)
    return account


def verdicts(snapshot: Snapshot, only: tuple[str, ...] | None = None) -> dict[str, Verdict]:
    return {region.region: region.verdict for region in assess(snapshot, PROFILE, only=only).regions}


@given(accounts())
def test_parts_are_judged_as_the_whole_account(account: Snapshot) -> None:
    whole, parts = verdicts(account), Parts(account)
    connected = parts.connected(whole)
    assert sorted(region for regions in connected for region in regions) == sorted(whole)
    places = []
    for regions in connected:
        part = parts.around(regions)
        places += list(dict.fromkeys(map(place_of, part.log_groups)))
        assert verdicts(part, regions) == {region: whole[region] for region in regions}
    assert len(places) == len(set(places))


@given(accounts(), st.sampled_from([*REGIONS, FUTURE]))
def test_less_than_a_part_is_enough_for_one_region(account: Snapshot, region: str) -> None:
    assert verdicts(Parts(account).around([region]), (region,)) == verdicts(account, (region,))


@given(accounts())
def test_what_is_compliant_is_decided_alike_without_an_explanation(account: Snapshot) -> None:
    whole = verdicts(account)
    found = compliant_regions(account, PROFILE, Proofs(), tuple(whole))
    assert found == {region for region, verdict in whole.items() if verdict is Verdict.COMPLIANT}


ONE_GROUP = {"log_group_arn": log_group_arn(HOME)}
CONNECTED = {
    "a trail of every region": ([a_trail(), a_trail(AWAY, multi_region=False)], [{*REGIONS, FUTURE}]),
    "trails of one region": (
        [a_trail(multi_region=False), a_trail(AWAY, multi_region=False)],
        [{HOME}, {AWAY}, {THIRD}, {FUTURE}],
    ),
    "two that deliver to one place": (
        [a_trail(multi_region=False), a_trail(AWAY, multi_region=False, **ONE_GROUP)],
        [{HOME, AWAY}, {THIRD}, {FUTURE}],
    ),
    "none": ([], [{HOME}, {AWAY}, {THIRD}, {FUTURE}]),
}


@pytest.mark.parametrize(("trails", "wanted"), CONNECTED.values(), ids=CONNECTED)
def test_regions_are_together_that_trails_connect(trails: list[Any], wanted: list[set[str]]) -> None:
    snapshot = a_compliant_snapshot(trails=tuple(trails))
    found = Parts(snapshot).connected([*REGIONS, FUTURE])
    assert sorted(map(sorted, found)) == sorted(map(sorted, wanted))
