"""Whose a thing is: ours where the ledger and the thing itself both say so, and nobody's guess otherwise."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from blindspot.chain.metric_filter import filter_resource
from blindspot.model import profile, stack
from blindspot.model.arn import short
from blindspot.model.snapshot import MetricFilter, Unreadable
from blindspot.remediation.ledger import Entry, Ledger, Written, digest, filter_state
from blindspot.remediation.ownership import (
    CLOCKS,
    LONGEST_RUN,
    TAG,
    Holdings,
    Owner,
    alarm_arns,
    as_seen,
    candidates,
    chosen,
    filter_names,
    own_metrics,
    owner_of_filter,
    owner_of_tagged,
    topic_arns,
)
from tests.builders import a_filter, log_group_arn, topic_arn

AT = datetime(2026, 11, 27, 10, tzinfo=UTC)
STACK, OTHER = (
    stack.parse(f"arn:aws:cloudformation:eu-west-1:123456789012:stack/{name}/0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d")
    for name in ("blindspot", "other")
)
UNREAD = Unreadable("ssm:GetParametersByPath", "eu-west-1", "Timeout")
ARN = topic_arn()
FILTER = filter_resource(log_group_arn(), "f")
THERE = a_filter("x", name="f")
CHANGED, MALFORMED = replace(THERE, pattern="y"), replace(THERE, unread="Malformed: metricValue")


def of(resource: str, **fields: object) -> Ledger:
    """A ledger with an entry of that thing."""
    written = filter_state(THERE) if resource == FILTER else {"Tags": {}}
    return Ledger({resource: replace(Entry.new(resource, "plan", written, AT), **fields)})  # type: ignore[arg-type]


OURS = {TAG: STACK.id}
TAGGED: dict[str, tuple[object, Ledger, Owner]] = {
    "an entry and the tag": (OURS, of(ARN), Owner.US),
    "people's tags beside it": (OURS | {"team": "payments"}, of(ARN), Owner.US),
    "the tag alone": (OURS, Ledger(), Owner.SOMEBODY),
    "an entry alone": ({"team": "payments"}, of(ARN), Owner.SOMEBODY),
    "another stack's tag": ({TAG: OTHER.id}, of(ARN), Owner.SOMEBODY),
    "the tag of before there was a ledger": ({TAG: "remediation"}, of(ARN), Owner.SOMEBODY),
    "neither": ({}, Ledger(), Owner.SOMEBODY),
    "an entry of what does not exist": (None, of(ARN), Owner.NOBODY),
    "what does not exist, and a ledger that was not read": (None, Ledger(unread=UNREAD), Owner.NOBODY),
    "tags that were not read": (UNREAD, of(ARN), Owner.UNKNOWN),
    "a ledger that was not read": (OURS, Ledger(unread=UNREAD), Owner.UNKNOWN),
    "an entry that is not understood": (OURS, Ledger(malformed={digest(ARN): "no JSON"}), Owner.UNKNOWN),
    "another entry that is not understood": ({}, Ledger(malformed={digest("another"): "no JSON"}), Owner.SOMEBODY),
}


@pytest.mark.parametrize(("tags", "ledger", "owner"), TAGGED.values(), ids=TAGGED)
def test_whose_an_alarm_or_a_topic_is(tags: dict[str, str], ledger: Ledger, owner: Owner) -> None:
    assert owner_of_tagged(ARN, tags, ledger, STACK) is owner
    assert owner_of_tagged(ARN, tags, ledger, None) is (Owner.SOMEBODY if owner is Owner.US else owner)


def created(after: timedelta) -> MetricFilter:
    return replace(THERE, created_at=AT + after)


MADE = of(FILTER, made=True, now=filter_state(THERE), next=None)
BECOMING = of(FILTER, made=True, now=filter_state(THERE), next=filter_state(CHANGED))
CREATED = of(FILTER, made=True, now=filter_state(THERE), next=None, created=round(AT.timestamp() * 1000) + 1000)
FILTERS: dict[str, tuple[MetricFilter | None, Ledger, Owner]] = {
    "as it was made": (THERE, MADE, Owner.US),
    "as it was before a change": (THERE, BECOMING, Owner.US),
    "as it was to become": (replace(CHANGED, created_at=AT), BECOMING, Owner.US),
    "as it was to become, and nobody knows since when it is there": (CHANGED, BECOMING, Owner.SOMEBODY),
    "as it was made, at that time": (created(timedelta(seconds=1)), CREATED, Owner.US),
    "somebody made the same after ours was deleted": (created(timedelta(seconds=2)), CREATED, Owner.SOMEBODY),
    "nobody knows whether it is the one that was made": (THERE, CREATED, Owner.SOMEBODY),
    "somebody changed it": (CHANGED, MADE, Owner.SOMEBODY),
    "somebody made the same": (THERE, Ledger(), Owner.SOMEBODY),
    "it does not exist": (None, MADE, Owner.NOBODY),
    "intended, and made since": (created(timedelta(seconds=1)), of(FILTER), Owner.US),
    "intended, and made as soon as clocks can tell": (created(-CLOCKS), of(FILTER), Owner.US),
    "intended, and made as late as by the run": (created(LONGEST_RUN + CLOCKS), of(FILTER), Owner.US),
    "intended, and made after the run": (created(LONGEST_RUN + 2 * CLOCKS), of(FILTER), Owner.SOMEBODY),
    "intended, and there before": (created(-CLOCKS - timedelta(milliseconds=1)), of(FILTER), Owner.SOMEBODY),
    "intended, and nobody knows since when it is there": (THERE, of(FILTER), Owner.SOMEBODY),
    "intended, and another one was made since": (
        replace(created(timedelta(seconds=1)), pattern="y"),
        of(FILTER),
        Owner.SOMEBODY,
    ),
    "malformed, with an entry": (MALFORMED, MADE, Owner.UNKNOWN),
    "malformed, without one": (MALFORMED, Ledger(), Owner.SOMEBODY),
    "a ledger that was not read": (THERE, Ledger(unread=UNREAD), Owner.UNKNOWN),
    "an entry that is not understood": (THERE, Ledger(malformed={digest(FILTER): "no JSON"}), Owner.UNKNOWN),
}


@pytest.mark.parametrize(("found", "ledger", "owner"), FILTERS.values(), ids=FILTERS)
def test_whose_a_metric_filter_is(found: MetricFilter | None, ledger: Ledger, owner: Owner) -> None:
    assert owner_of_filter(FILTER, found, ledger) is owner


CHOICES = {
    "the source's own name": ("nnn", 0),
    "the first that is free": ("snn", 1),
    "the last": ("ssn", 2),
    "all are taken": ("sss", None),
    "ours, wherever it is": ("nsu", 2),
    "one may be ours": ("n?n", None),
    "ours, though another may be": ("?un", 1),
}
OWNERS = {"n": Owner.NOBODY, "s": Owner.SOMEBODY, "u": Owner.US, "?": Owner.UNKNOWN}


@pytest.mark.parametrize(("owners", "index"), CHOICES.values(), ids=CHOICES)
def test_which_name_is_used(owners: str, index: int | None) -> None:
    names = filter_names(profile.load(profile.DEFAULT).names)
    found = chosen(names, {name: OWNERS[owner] for name, owner in zip(names, owners, strict=True)})
    assert found == (None if index is None else names[index])


def test_a_name_is_cut_for_its_suffix() -> None:
    assert candidates("n" * 12, 13) == ("n" * 12, "nnn-blindspot", "n-blindspot-2")


NOW: Written = {"AlarmActions": ["a"], "Tags": {}}
NEXT: Written = {"AlarmActions": ["b"], "Tags": {"team": "x"}}
TOPIC_NOW: Written = {"Tags": {}}
TOPIC_NEXT: Written = {"KmsMasterKeyId": "key", "Tags": {}}
ALARM = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:a"
SEEN: dict[str, tuple[list[str], dict[str, str], str | None, bool]] = {
    "as before": (["a"], {}, None, False),
    "as it was to become": (["b"], {"team": "x"}, "key", True),
    "with more": (["a", "b", "c"], {"team": "x", "cost": "1"}, "key", True),
    "without its tag": (["b"], {}, "other", False),
    "without its action": (["a"], {"team": "x"}, "other", False),
}


@pytest.mark.parametrize(("actions", "tags", "key", "is_next"), SEEN.values(), ids=SEEN)
def test_how_far_an_earlier_run_came(actions: list[str], tags: dict[str, str], key: str, is_next: bool) -> None:
    entries = {
        ALARM: Entry(ALARM, "plan", True, AT, NOW, NEXT),
        ARN: Entry(ARN, "plan", True, AT, TOPIC_NOW, TOPIC_NEXT),
        FILTER: Entry(FILTER, "plan", True, AT, filter_state(THERE), filter_state(CHANGED)),
    }
    held = Holdings(
        dict.fromkeys(entries, Owner.US),
        Ledger(entries),
        {ALARM: {"AlarmActions": actions}},
        {ALARM: tags | OURS, ARN: OURS},
        STACK,
    )
    seen = as_seen(held, {FILTER: CHANGED if is_next else THERE}, {ARN: key}).ledger.entries
    assert {resource: entry.values for resource, entry in seen.items()} == {
        ALARM: (NEXT if is_next else NOW,),
        ARN: (TOPIC_NEXT if is_next else TOPIC_NOW,),
        FILTER: (filter_state(CHANGED if is_next else THERE),),
    }
    assert not any(entry.is_stored for entry in seen.values())
    theirs = replace(held, owners=dict.fromkeys(entries, Owner.SOMEBODY))
    assert as_seen(theirs, {}, {}) == theirs


@pytest.mark.parametrize(("found", "created"), [(CHANGED, 1_000), (THERE, 1)], ids=["written", "not written"])
def test_a_filter_that_a_run_left_half_way_is_known_by_its_creation(found: MetricFilter, created: int) -> None:
    """It must stay ours in the next run too, and one that is made anew after it must not become ours."""
    entry = Entry(FILTER, "plan", True, AT, filter_state(THERE), filter_state(CHANGED), created=1)
    there = replace(found, created_at=datetime.fromtimestamp(1, UTC))
    held = Holdings({FILTER: Owner.US}, Ledger({FILTER: entry}), stack=STACK)
    assert as_seen(held, {FILTER: there}, {}).ledger.entries[FILTER].created == created


GONE: dict[str, tuple[list[str], dict[str, str], bool]] = {
    "as before": (["a"], {"team": "x"}, False),
    "without the tag": (["a"], {}, True),
    "without the tag, with another": (["a", "b"], {"cost": "1"}, True),
    "with another value": (["a"], {"team": "y"}, True),
}


@pytest.mark.parametrize(("actions", "tags", "is_next"), GONE.values(), ids=GONE)
def test_how_far_an_earlier_run_came_that_removed_a_tag(
    actions: list[str], tags: dict[str, str], is_next: bool
) -> None:
    with_tag, without = ({"AlarmActions": ["a"], "Tags": tags} for tags in ({"team": "x"}, {}))
    entry = Entry(ALARM, "plan", True, AT, with_tag, without)
    held = Holdings(
        {ALARM: Owner.US}, Ledger({ALARM: entry}), {ALARM: {"AlarmActions": actions}}, {ALARM: tags | OURS}, STACK
    )
    (seen,) = as_seen(held, {}, {}).ledger.entries.values()
    assert seen.values == (without if is_next else with_tag,)


def test_the_names_that_are_ours_in_a_place() -> None:
    names = profile.load(profile.DEFAULT).names
    long = replace(names, alarm="a" * 255, topic="t" * 256, metric="m" * 255)
    endings = ("", "-blindspot", "-blindspot-2")
    place = ("123456789012", "eu-west-1")
    assert alarm_arns([names, names], "aws-cn", place) == tuple(
        f"arn:aws-cn:cloudwatch:eu-west-1:123456789012:alarm:{names.alarm}{ending}" for ending in endings
    )
    assert topic_arns([names, names], "aws-cn", place) == tuple(
        f"arn:aws-cn:sns:eu-west-1:123456789012:{names.topic}{ending}" for ending in endings
    )
    assert {len(short(arn)) for arn in alarm_arns([long], "aws", place)} == {255}
    assert {len(short(arn)) for arn in topic_arns([long], "aws", place)} == {256}
    assert [len(metric) for _, metric in own_metrics(long)] == [255, 255]
    assert own_metrics(names) == (
        (names.namespace, names.metric),
        (names.namespace, f"{names.metric}-blindspot"),
    )


def test_what_is_known_of_a_thing() -> None:
    entries = {
        ALARM: Entry(ALARM, "plan", True, AT, NOW, NEXT),
        ARN: Entry(ARN, "plan", False, AT, None, TOPIC_NEXT),
    }
    held = Holdings({ALARM: Owner.US, ARN: Owner.NOBODY}, Ledger(entries), stack=STACK)
    assert [held.owner(each) for each in (ALARM, ARN, "else")] == [Owner.US, Owner.NOBODY, Owner.SOMEBODY]
    assert [*held.ours()] == [ALARM]
    assert (held.tag, replace(held, stack=None).tag) == ({TAG: STACK.id}, {})


@pytest.mark.parametrize(("key", "is_next"), [("old", False), ("new", True)])
def test_an_entry_may_say_nothing_of_tags_and_actions(key: str, is_next: bool) -> None:
    before, wanted = ({"KmsMasterKeyId": each} for each in ("old", "new"))
    ledger = Ledger({ARN: Entry(ARN, "plan", True, AT, before, wanted)})
    held = Holdings({ARN: Owner.US}, ledger, tags={ARN: OURS}, stack=STACK)
    assert as_seen(held, {}, {ARN: key}).ledger.entries[ARN].values == (wanted if is_next else before,)
