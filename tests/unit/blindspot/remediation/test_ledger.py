"""The ledger's entries: written so that SSM holds them, and understood or not at all."""

import base64
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blindspot.model.snapshot import Unreadable
from blindspot.remediation.ledger import (
    Entry,
    Ledger,
    decoded,
    digest,
    encoded,
    filter_state,
    kind_of,
    masked,
    subscription_resource,
    topic_of,
)
from tests.builders import a_filter, log_group_arn, topic_arn

AT = datetime(2026, 11, 27, 10, 0, 0, 123000, tzinfo=UTC)
X, Y = {"filterPattern": "x"}, {"filterPattern": "y"}
NEW = Entry.new("a", "plan", X, AT)

JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5)
WRITTEN = st.none() | st.dictionaries(st.text(), JSON)


@given(st.text(), st.text(), st.booleans(), WRITTEN, WRITTEN)
def test_what_is_stored_is_read_as_it_was(name: str, plan: str, made: bool, now: Any, then: Any) -> None:
    resource = topic_arn(name=name)
    entry = Entry(resource, plan, made, AT, now, then)
    try:
        value = encoded(entry, "s")
    except UnicodeEncodeError:  # half a surrogate pair, which no name at AWS has
        return
    assert re.fullmatch(r"[\w=-]+", value)  # neither `{{` nor anything else that SSM refuses
    assert decoded(digest(resource), value, 3) == entry


RIGHT: dict[str, object] = {
    "stack": digest("s")[:16],
    "resource": topic_arn(),
    "plan": "p",
    "state": "made",
    "at": AT.isoformat(timespec="milliseconds"),
    "now": {},
    "next": None,
    "created": 1,
}
WRONG: dict[str, object] = {
    "another thing's": RIGHT | {"resource": topic_arn(name="b")},
    "no plan": RIGHT | {"plan": None},
    "another state": RIGHT | {"state": "gone"},
    "no time": {name: value for name, value in RIGHT.items() if name != "at"},
    "a time without its zone": RIGHT | {"at": "2026-11-27T10:00:00"},
    "a list": RIGHT | {"now": []},
    "a list that is to be": RIGHT | {"next": []},
    "another stack's": RIGHT | {"stack": digest("t")[:16]},
    "no stack": {name: value for name, value in RIGHT.items() if name != "stack"},
    "a creation time that is text": RIGHT | {"created": "1"},
    "no object": [RIGHT],
    "a state that is none": RIGHT | {"state": []},
    "null": None,
}


def stored(fields: object) -> str:
    text = json.dumps(fields, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode()


def test_what_an_entry_is_stored_as() -> None:
    entry = decoded(digest(topic_arn()), stored(RIGHT), 7, "s")
    assert entry == Entry(topic_arn(), "p", True, AT, {}, None, created=1)
    assert (entry.version, entry.is_stored) == (7, True)
    assert encoded(entry, "s") == stored(RIGHT)
    assert decoded(digest(topic_arn()), stored(RIGHT | {"stack": "another"}), 7) == entry


@pytest.mark.parametrize("fields", WRONG.values(), ids=WRONG)
def test_what_is_not_an_entry_is_not_understood(fields: object) -> None:
    with pytest.raises(ValueError, match="entry"):
        decoded(digest(topic_arn()), stored(fields), 1, "s")


@pytest.mark.parametrize(
    "value", ["", "{}", "e30", "e30=!", "\udcff", base64.urlsafe_b64encode(b"[" * 99_999).decode()]
)
def test_what_is_no_json_in_base64_is_not_understood(value: str) -> None:
    with pytest.raises(ValueError, match="entry"):
        decoded(digest(topic_arn()), value, 1)


KINDS = {
    "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:a:b": "alarm",
    topic_arn(): "topic",
    f"{topic_arn()}:email:0123456789ab": "subscription",
    f"{log_group_arn()}:metric-filter:f": "metric filter",
    log_group_arn(): None,
    "arn:aws:cloudwatch::123456789012:dashboard/d": None,
    "arn:aws:iam::123456789012:role/r": None,
    "a": None,
    "": None,
}


@pytest.mark.parametrize(("resource", "kind"), KINDS.items(), ids=KINDS)
def test_only_what_remediation_makes_is_an_entry(resource: str, kind: str | None) -> None:
    assert kind_of(resource) == kind
    value = encoded(replace(NEW, resource=resource), "s")
    if kind:
        assert decoded(digest(resource), value, 1).resource == resource
    else:
        with pytest.raises(ValueError, match="entry"):
            decoded(digest(resource), value, 1)


def test_a_name_with_half_a_surrogate_pair_is_of_no_entry() -> None:
    assert not Ledger(malformed={"a": "why"}).is_unknown("\ud800")


MADE = NEW.settled()
STEPS = {
    "it is about to be made": (NEW, (X,), False),
    "it was made": (MADE, (X,), True),
    "it is about to be changed": (MADE.intending("plan", Y), (X, Y), True),
    "it was changed": (MADE.intending("plan", Y).settled(), (Y,), True),
    "changed after a run that ended before it was settled": (NEW.intending("plan", Y), (X, Y), False),
    "seen as it was to be made": (NEW.seen(is_as_next=True), (X,), True),
    "seen, and not as it was to be made": (NEW.seen(is_as_next=False), (X,), False),
    "seen as it was to become": (MADE.intending("plan", Y).seen(is_as_next=True), (Y,), True),
    "seen as it was": (MADE.intending("plan", Y).seen(is_as_next=False), (X,), True),
}
"""An entry after some steps; what its thing may be like, and whether it was ever there."""


@pytest.mark.parametrize(("entry", "values", "made"), STEPS.values(), ids=STEPS)
def test_what_an_entry_says(entry: Entry, values: tuple[object, ...], made: bool) -> None:
    assert (entry.values, entry.made) == (values, made)


def test_what_was_not_read_is_unknown() -> None:
    read = Ledger({"a": NEW}, {digest("b"): "no JSON"})
    assert [read.is_unknown(resource) for resource in "abc"] == [False, True, False]
    unread = replace(read, unread=Unreadable("ssm:GetParametersByPath", "eu-west-1", "Timeout"))
    assert [unread.is_unknown(resource) for resource in "abc"] == [False, True, True]


def test_what_a_metric_filter_is_like() -> None:
    found = a_filter("x", name="f", namespace="n", metric="m")
    plain = {"metricName": "m", "metricNamespace": "n", "metricValue": "1"}
    assert filter_state(found) == {"filterPattern": "x", "metricTransformations": [plain]}
    assert filter_state(replace(found, name="another", unit="None")) == filter_state(found)
    changed = replace(
        found,
        default=0.0,
        unit="Count",
        dimensions=(("a", "$.b"),),
        system_dimensions=("@aws.account",),
        field_selection="x",
        on_transformed_logs=True,
    )
    assert filter_state(changed) == {
        "filterPattern": "x",
        "metricTransformations": [plain | {"defaultValue": 0.0, "unit": "Count", "dimensions": {"a": "$.b"}}],
        "fieldSelectionCriteria": "x",
        "applyOnTransformedLogs": True,
        "emitSystemFieldDimensions": ["@aws.account"],
    }


def test_a_subscription_is_known_by_what_sns_lists_of_it() -> None:
    topic, address = topic_arn(), "https://user:SECRET@chat.example.com/hook"
    resource = subscription_resource(topic, "https", address)
    assert masked(address) == "https://user:****@chat.example.com/hook"
    assert resource == subscription_resource(topic, "https", masked(address))
    assert resource != subscription_resource(topic, "https", "https://user:****@chat.example.com/other")
    assert "SECRET" not in resource
    assert [topic_of(each) for each in (resource, topic)] == [topic, None]


def test_an_entry_names_the_plan_that_wrote_last() -> None:
    assert MADE.intending("another", Y).plan == MADE.intending("another", Y).settled().plan == "another"
