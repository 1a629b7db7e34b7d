"""A malformed document of a review is an error that names the field."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blindspot.report.reading import DocumentError, view_of
from tests.cases.reviews import (
    REFUSED_READ,
    a_caller,
    a_group,
    a_log_group,
    a_refusal,
    a_review,
    an_alarm,
    an_exclusion,
    reviewed,
)

READ = a_review()["read"]

WRONG: list[tuple[str, dict[str, Any]]] = [
    ("schema", {"schema": 2}),
    ("account", {"account": 1}),
    ("partition", {"partition": None}),
    ("reviewed_at", {"reviewed_at": 5}),
    ("summary", {"summary": 1, "read": READ | {"from": READ["to"]}}),
    ("read", {"read": None}),
    ("read.from", {"read": READ | {"from": "yesterday"}}),
    ("read.from", {"read": READ | {"from": "2026-11-20T12:00:00"}}),
    ("read.from", {"read": READ | {"from": "0001-01-01T00:00:00+23:59"}}),
    ("read.from", {"read": READ | {"from": "2026-11-28T00:00:00+00:00"}}),
    ("read.to", {"read": READ | {"to": None}}),
    ("read.share", {"read": READ | {"share": 1.01}}),
    ("read.share", {"read": READ | {"share": -0.1}}),
    ("read.share", {"read": READ | {"share": "all"}}),
    ("read.not_understood", {"read": READ | {"not_understood": -1}}),
    ("log_groups[0].log_group", {"log_groups": [a_log_group(log_group=None, error=REFUSED_READ)]}),
    ("log_groups[0].error", {"log_groups": [a_log_group(error="x")]}),
    ("log_groups[0].error.call", {"log_groups": [a_log_group(error=REFUSED_READ | {"call": 1})]}),
    ("log_groups[0].read_from", {"log_groups": [a_log_group(error=REFUSED_READ, read_from="x")]}),
    ("days[0].day", {"days": [{"day": "today", "refused": 1}]}),
    ("days[0].refused", {"days": [{"day": "2026-11-20", "refused": 1.5}]}),
    ("alarms[0].name", {"alarms": [an_alarm([], name=1)]}),
    ("alarms[0].terms", {"alarms": [an_alarm([], terms=None)]}),
    ("alarms[0].at_least", {"alarms": [an_alarm([], at_least=0)]}),
    ("alarms[0].not_known", {"alarms": [an_alarm([], not_known=0)]}),
    ("alarms[0].fewest", {"alarms": [an_alarm([], fewest=1)]}),
    ("alarms[0].most", {"alarms": [an_alarm([], most=-1)]}),
    ("alarms[0].days[0].fewest", {"alarms": [an_alarm([1], maybe=-1)]}),
    ("groups[0].caller", {"groups": [a_group(caller="me")]}),
    ("groups[0].caller.kind", {"groups": [a_group(caller=a_caller("a", "robot"))]}),
    ("groups[0].count", {"groups": [a_group(count=True)]}),
    ("groups[0].days", {"groups": [a_group(days="7")]}),
    ("groups[0].last_seen", {"groups": [a_group(last_seen="2026-13-01T00:00:00+00:00")]}),
    ("groups[0].addresses", {"groups": [a_group(addresses="x")]}),
    ("groups[0].refused_by.explicit", {"groups": [a_group(refused_by=a_refusal() | {"explicit": "yes"})]}),
    ("groups[0].refused_by.policy", {"groups": [a_group(refused_by=a_refusal() | {"policy": 1})]}),
    ("groups[0].signs", {"groups": [a_group(signs=[1])]}),
    ("groups[0].exclusion", {"groups": [a_group(exclusion=1)]}),
    ("groups[0].exclusion", {"groups": [a_group(exclusion=-1)]}),
    ("groups[0].exclusion", {"groups": [a_group(exclusion=0)], "exclusions": []}),
    ("groups[0].not_excluded.why", {"groups": [a_group(not_excluded={"code": "new"})]}),
    ("groups[0].example", {"groups": [a_group(example=[])]}),
    ("exclusions[0].groups", {"exclusions": [an_exclusion(groups=[3])]}),
    ("exclusions[0].groups", {"exclusions": [an_exclusion(groups=[-1])]}),
    ("exclusions[0].until", {"exclusions": [an_exclusion(until="2026-02-30")]}),
    ("exclusions[0].length", {"exclusions": [an_exclusion(length="short")]}),
    ("exclusions[0].silenced", {"exclusions": [an_exclusion(silenced="nothing")]}),
    ("exclusions[0].covers", {"exclusions": [an_exclusion(covers=None)]}),
    ("remarks", {"remarks": None}),
    ("refused_calls", {"refused_calls": None}),
    ("overrides", {"overrides": {}}),
    ("pattern", {"pattern": 1}),
    ("cut.groups", {"cut": {"groups": "many"}}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "bent"), WRONG)
def test_what_is_malformed_is_named(name: str, bent: dict[str, Any]) -> None:
    with pytest.raises(DocumentError) as raised:
        view_of(a_review(**bent))
    assert str(raised.value).startswith(f"The document's {name} is not valid. Allowed: ")


ALLOWED = {
    "read.share": ({"read": READ | {"share": 2}}, "a number from 0 to 1"),
    "read.from": ({"read": READ | {"from": "2026-12-01T00:00:00Z"}}, "a time that is not after `to`"),
    "groups[0].exclusion": ({"groups": [a_group(exclusion=7)]}, "an index of exclusions, or null"),
    "groups[0].caller.kind": ({"groups": [a_group(caller=a_caller("a", "b"))]}, "role, user, service, root, other"),
    "exclusions[0].groups": ({"exclusions": [an_exclusion(groups=[9])]}, "indexes of groups"),
    "alarms[0].fewest": ({"alarms": [an_alarm([], fewest=1)]}, "a number that is not above `most`"),
    "schema": ({"schema": None}, "1"),
}


@pytest.mark.parametrize("name", ALLOWED)
def test_what_is_allowed_instead_is_told(name: str) -> None:
    bent, allowed = ALLOWED[name]
    with pytest.raises(DocumentError) as raised:
        view_of(a_review(**bent))
    assert str(raised.value) == f"The document's {name} is not valid. Allowed: {allowed}."


def test_a_document_that_was_cut_may_name_what_it_lacks() -> None:
    shown = reviewed(a_review(exclusions=[an_exclusion(groups=[0, 7])], cut={"groups": 5}))
    assert len(shown.exclusions[0].calls) == 1
    assert reviewed(a_review(exclusions=[an_exclusion(groups=[])])).exclusions[0].who == "A caller"
    assert reviewed(a_review(groups=[a_group(exclusion=3)], cut={"exclusions": 3})).groups[0].outcome == "exclusion 4"


@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda part: st.lists(part, max_size=2)),
    st.data(),
)
def test_any_value_in_any_place_is_shown_or_is_an_error(value: object, data: st.DataObject) -> None:
    document: Any = a_review()
    place = document
    key: Any = data.draw(st.sampled_from(sorted(place)))
    while isinstance(place[key], dict | list) and place[key] and data.draw(st.booleans()):
        place = place[key]
        key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
    place[key] = value
    with suppress(DocumentError):
        assert view_of(document).reviewed
