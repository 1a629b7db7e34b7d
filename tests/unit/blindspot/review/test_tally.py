"""Refused calls are counted exactly, in few bytes, whatever a log event holds."""

import json
import tracemalloc
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blindspot.model.cloudtrail_calls import call, in_account, role, service, user
from blindspot.review import tally as counted
from blindspot.review.refused_call import Caller, Refusal, refused_call
from blindspot.review.tally import OTHERS, Details, Key, Tally, Watched
from filter_pattern import Event, parse

ACCOUNT = "111122223333"
NOON = 1_790_000_000_000
LEFT, RIGHT = "arn:left", "arn:right"
REFUSED = parse('{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }')


def made(name: str = "ListBuckets", number: object = 1, **fields: object) -> dict[str, object]:
    event = call("s3", name, role("scanner"), error="AccessDenied")
    return {**in_account(event, ACCOUNT, "us-east-1"), "eventID": f"event-{number}", **fields}


def tally(*watched: Watched) -> Tally:
    return Tally(ACCOUNT, watched)


def counting(events: Iterable[object], *watched: Watched, log_group: str = LEFT) -> Tally:
    """A tally of these events, a second apart."""
    made = tally(*watched)
    for number, event in enumerate(events):
        made.add(log_group, NOON + 1000 * number, event if isinstance(event, str) else json.dumps(event))
    return made


def counts(one: Tally) -> Mapping[object, Sequence[int]]:
    return {at: sorted(cell.seconds) for at, cell in one.cells.items()}


def test_a_call_is_counted_in_the_cell_of_its_group() -> None:
    found = counting([made()], Watched(None, REFUSED))
    key = Key(refused_call(made(), ACCOUNT).caller, "s3.amazonaws.com", "ListBuckets", "AccessDenied", Refusal())
    assert counts(found) == {(key, LEFT, 1, False): [NOON // 1000]}
    [cell] = found.cells.values()
    assert (cell.key, cell.log_group, cell.seen_by, cell.again) == (key, LEFT, 1, False)
    assert found.details == {
        key: Details(
            addresses={"198.51.100.7"}, regions={"us-east-1"}, read_only=True, management=True,
            logged=json.dumps(made()), example_at=NOON,
        )
    }  # fmt: skip
    assert found.details[key].example == made()
    assert (found.events, found.not_understood, found.account) == (1, 0, ACCOUNT)


def test_the_calls_of_a_group_share_one_key_and_take_four_bytes() -> None:
    found = counting([made(number=number) for number in range(1000)] + [made(errorCode="AccessDeniedException")])
    keys = {id(cell.key) for cell in found.cells.values()} | {id(key) for key in found.details}
    assert len(keys) == len(found.details) == 2
    [cell] = [cell for cell in found.cells.values() if len(cell.seconds) == 1000]
    assert cell.seconds.itemsize == 4
    assert list(cell.seconds) == [NOON // 1000 + number for number in range(1000)]


@pytest.mark.parametrize("timestamp", [-1, 0, 999, 1000, 1_790_000_000_999, 2**32 * 1000 - 1, 2**32 * 1000, 10**30])
def test_any_timestamp_is_counted(timestamp: int) -> None:
    found = tally()
    found.add(LEFT, timestamp, json.dumps(made()))
    [cell] = found.cells.values()
    assert list(cell.seconds) == [min(max(timestamp // 1000, 0), 4_294_967_295)]


@pytest.mark.parametrize(
    "message",
    [
        "",
        "x",
        "{",
        "[]",
        "null",
        "12",
        '"text"',
        '{"a": NaN}',
        '{"a": Infinity}',
        '{"a": 1} x',
        "[" * 100_000,
        '{"a":' * 100_000,
        '{"a": ' + "1" * 5000 + "}",
    ],
)
def test_what_is_no_json_object_is_counted_and_not_understood(message: str) -> None:
    found = counting([message, made()], Watched(None, REFUSED), Watched(None, parse("?AccessDenied")))
    assert (found.events, found.not_understood, len(found.cells), len(found.details)) == (2, 1, 1, 1)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@given(st.lists(st.dictionaries(st.sampled_from([*made()]), JSON) | JSON, max_size=5))
def test_whatever_is_logged_is_counted(events: list[object]) -> None:
    found = counting(map(json.dumps, events), Watched(None, REFUSED))
    assert found.events == len(events)
    assert sum(len(cell.seconds) for cell in found.cells.values()) == len(events) - found.not_understood
    for details in found.details.values():
        json.dumps(details.example, allow_nan=False).encode("utf-8")


def test_half_a_character_and_a_number_that_is_too_large_can_be_shown() -> None:
    found = counting([json.dumps(made(eventName="x\ud800")).replace('"Management"', "1e999")])
    [(key, details)] = found.details.items()
    assert details.example == {**made(eventName="x?"), "eventCategory": "Infinity"}
    assert key.call == "x?"
    assert counting([made(eventName="\ud800")]).not_understood == 0


def test_an_example_that_is_nested_too_deeply_is_not_shown() -> None:
    nested = json.dumps(made()).replace("null", "[" * 40 + "]" * 40, 1)
    [details] = counting([nested]).details.values()
    assert details.logged == nested
    assert details.example is None
    assert Details().example is None


def test_the_example_is_the_newest_event_that_is_short_enough() -> None:
    old, new, long = made(number=1), made(number=2), made(number=3, errorMessage="x" * 5000)
    [details] = counting([old, new, long]).details.values()
    assert details.example == new
    assert details.example_at == NOON + 1000
    found = tally()
    for at, event in ((9, new), (8, old), (9, old)):
        found.add(LEFT, at, json.dumps(event))
    [details] = found.details.values()
    assert (details.example, details.example_at) == (new, 9)
    [details] = counting([long]).details.values()
    assert (details.logged, details.example) == ("", None)
    before_1970, without = tally(), counting([long])
    before_1970.add(LEFT, -5, json.dumps(old))
    before_1970.merge(without)
    [details] = before_1970.details.values()
    assert (details.example, details.example_at) == (old, -5)


def test_an_example_of_exactly_the_longest_length_is_kept() -> None:
    blank = json.dumps(made(errorMessage=""))
    for more, kept in ((5000 - len(blank), True), (5001 - len(blank), False)):
        [details] = counting([made(errorMessage="x" * more)]).details.values()
        assert bool(details.logged) is kept


def test_an_event_that_two_trails_deliver_is_counted_once() -> None:
    found = tally(Watched(RIGHT, REFUSED))
    for log_group, number in ((LEFT, 1), (RIGHT, 1), (RIGHT, 2), (LEFT, 2), (LEFT, 1)):
        found.add(log_group, NOON, json.dumps(made(number=number)))
    cells = {(cell.log_group, cell.seen_by, cell.again): len(cell.seconds) for cell in found.cells.values()}
    assert cells == {(LEFT, 0, False): 1, (RIGHT, 1, True): 1, (RIGHT, 1, False): 1, (LEFT, 0, True): 2}


@pytest.mark.parametrize("nothing", ["", None, 7])
def test_events_without_an_id_are_all_counted(nothing: object) -> None:
    found = counting([made(eventID=nothing)] * 3)
    assert [len(cell.seconds) for cell in found.cells.values() if not cell.again] == [3]


def test_the_following_slice_knows_what_this_one_counted() -> None:
    one = counting([made(number=1)], Watched(None, REFUSED))
    two = one.following()
    assert (two.events, two.not_understood, dict(two.cells), dict(two.details)) == (0, 0, {}, {})
    assert (two.account, two.watched) == (ACCOUNT, one.watched)
    for number in (1, 2, 2):
        two.add(RIGHT, NOON, json.dumps(made(number=number)))
    assert {cell.again: len(cell.seconds) for cell in two.cells.values()} == {True: 2, False: 1}
    assert {cell.seen_by for cell in two.cells.values()} == {1}
    three = two.following()
    for number in (1, 2, 3):
        three.add(LEFT, NOON, json.dumps(made(number=number)))
    assert {cell.again: len(cell.seconds) for cell in three.cells.values()} == {True: 2, False: 1}
    assert one.events == 1
    # It is known only for one slice: a month has too many events.
    four = tally().following().following()
    five = counting([made(number=1)]).following().following()
    for each in (four, five):
        each.add(LEFT, NOON, json.dumps(made(number=1)))
        assert [cell.again for cell in each.cells.values()] == [False]
    # A slice that is read anew knows nothing of the first try.
    again = one.following()
    again.add(LEFT, NOON, json.dumps(made(number=2)))
    assert [cell.again for cell in again.cells.values()] == [False]


EVENTS = st.builds(
    made,
    st.sampled_from(["ListBuckets", "GetObject"]),
    st.integers(0, 9),
    readOnly=st.sampled_from([True, False, None]),
    managementEvent=st.booleans(),
    awsRegion=st.sampled_from(["us-east-1", "eu-west-1"]),
    sourceIPAddress=st.integers(0, 9).map(str),
    sessionCredentialFromConsole=st.sampled_from(["true", None]),
    userIdentity=st.sampled_from([role("a"), role("a@b"), user("u"), service("s3")]),
)


@given(st.lists(EVENTS, max_size=12), st.integers(0, 12))
def test_parts_that_are_merged_are_the_whole(events: list[Event], at: int) -> None:
    whole = counting(events, Watched(None, REFUSED))
    first, second, merged = tally(Watched(None, REFUSED)), tally(Watched(None, REFUSED)), tally()
    second = first.following()
    for number, event in enumerate(events):
        if number == at:
            second = first.following()
        (first if number < at else second).add(LEFT, NOON + 1000 * number, json.dumps(event))
    before = counts(first), {key: replace(details) for key, details in first.details.items()}
    merged.merge(first)
    merged.merge(second)
    assert counts(merged) == counts(whole)
    assert (merged.events, merged.not_understood) == (whole.events, whole.not_understood)
    for key, details in whole.details.items():
        found = merged.details[key]
        if not details.more_addresses:
            assert found == details
        assert found == replace(details, addresses=found.addresses)
        assert len(found.addresses) == len(details.addresses)
    assert before == (counts(first), first.details)


def test_what_is_not_understood_is_merged() -> None:
    one, other = counting(["x", made()]), counting(["y"])
    one.merge(other)
    assert (one.events, one.not_understood) == (3, 2)


def described(*events: Event) -> Details:
    """The details of the events' one group; the same whether they are counted together or merged."""
    [details] = counting(events).details.values()
    merged = tally()
    for number, event in enumerate(events):
        part = tally()
        part.add(LEFT, NOON + 1000 * number, json.dumps(event))
        merged.merge(part)
    assert [details] == list(merged.details.values())
    return details


@pytest.mark.parametrize(
    ("values", "read_only"),
    [
        ([True], True),
        ([False], False),
        ([None], None),
        ([True, True], True),
        ([True, False], False),
        ([False, True], False),
        ([False, False], False),
        ([True, None], None),
        ([None, True], None),
        ([False, None], None),
        ([None, False, True], None),
    ],
)
def test_a_group_only_reads_if_all_of_its_calls_do(values: list[object], read_only: bool | None) -> None:
    assert described(*(made(readOnly=value) for value in values)).read_only is read_only


OWN = made("DescribeTrails", eventSource="cloudtrail.amazonaws.com", userAgent="blindspot")
NOT_OWN = made("DescribeTrails", eventSource="cloudtrail.amazonaws.com")


@pytest.mark.parametrize(
    ("name", "yes", "no", "if_mixed"),
    [
        ("management", made(), made(managementEvent=False), False),
        ("console", made(sessionCredentialFromConsole="true"), made(), False),
        ("own", OWN, NOT_OWN, False),
        ("person", made(sessionCredentialFromConsole="true"), made(), True),
    ],
)
def test_a_group_is_what_all_or_any_of_its_calls_are(name: str, yes: Event, no: Event, if_mixed: bool) -> None:
    assert getattr(described(yes, yes), name) is True
    assert getattr(described(no, no), name) is False
    assert getattr(described(yes, no), name) is if_mixed
    assert getattr(described(no, yes), name) is if_mixed


@pytest.mark.parametrize("backwards", [False, True])
def test_of_groups_that_are_counted_together_any_caller_may_be_outside(
    backwards: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counted, "MOST_GROUPS", 0)
    events = [made(), made(userIdentity={"type": "AWSAccount", "accountId": "444455556666"})]
    assert described(*(events[::-1] if backwards else events)).outside
    assert not described(made()).outside


def test_few_addresses_and_regions_are_kept() -> None:
    few = described(*(made(sourceIPAddress=str(number), awsRegion=str(number)) for number in range(5)))
    assert (few.addresses, few.more_addresses) == ({"0", "1", "2", "3", "4"}, False)
    many = described(*(made(sourceIPAddress=str(number), awsRegion=f"r{number}") for number in range(60)))
    assert (many.addresses, many.more_addresses) == ({"0", "1", "2", "3", "4"}, True)
    assert many.regions == {f"r{number}" for number in range(50)}
    again = described(*(made(sourceIPAddress=str(number % 5)) for number in range(60)))
    assert (len(again.addresses), again.more_addresses) == (5, False)
    without = described(made(sourceIPAddress=None, awsRegion=None))
    assert (without.addresses, without.regions) == (set(), set())
    one, other = counting([made(sourceIPAddress=str(n)) for n in range(6)]), counting([made(sourceIPAddress="0")])
    other.merge(one)
    [details] = other.details.values()
    assert details.more_addresses


def test_more_groups_than_the_most_are_counted_together(monkeypatch: pytest.MonkeyPatch) -> None:
    assert counted.MOST_GROUPS == 20_000
    monkeypatch.setattr(counted, "MOST_GROUPS", 2)
    events = [made(f"call{number % 4}", number) for number in range(12)]
    found = counting(events)
    assert Counter({cell.key.call: len(cell.seconds) for cell in found.cells.values()}) == {
        "call0": 3, "call1": 3, "": 6,
    }  # fmt: skip
    assert [*found.details] == [found.cells[next(iter(found.cells))].key, *[*found.details][1:]]
    assert OTHERS in found.details
    assert (OTHERS.caller, OTHERS.call) == (Caller("other", "all others", "", None, ""), "")
    found.merge(counting([made("call9", 99), made("call1", 98)]))
    assert Counter({cell.key.call: len(cell.seconds) for cell in found.cells.values()}) == {
        "call0": 3, "call1": 4, "": 7,
    }  # fmt: skip
    found.merge(found.following())
    assert found.events == 14


def test_it_is_known_of_which_callers_there_are_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counted, "MOST_GROUPS", 1)
    app = {"type": "AssumedRole", "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/app/x"}
    config = {"type": "AWSService", "invokedBy": "config.amazonaws.com"}
    away = {"type": "AssumedRole", "arn": "arn:aws:sts::444455556666:assumed-role/app/x"}
    user, other = {"type": "IAMUser", "arn": f"arn:aws:iam::{ACCOUNT}:user/bob"}, {"type": "AWSAccount"}
    found = counting([made("first", userIdentity=app)])
    assert found.in_others == set()
    found = counting([made("first", userIdentity=app), *(made(userIdentity=who) for who in (away, user, other))])
    assert found.in_others == set()
    found.merge(counting([made(userIdentity=app)]))
    found.merge(counting([made("first", userIdentity=app), made(userIdentity=config)]))
    assert {(caller.kind, caller.name) for caller in found.in_others} == {
        ("role", "app"),
        ("service", "config.amazonaws.com"),
    }
    into = Tally(ACCOUNT, [])
    into.merge(found)
    assert into.in_others == found.in_others


def test_no_event_is_kept() -> None:
    messages = [json.dumps(made(f"call{number}", "ID")) for number in range(20)]
    found, part = tally(Watched(None, REFUSED)), tally(Watched(None, REFUSED))
    tracemalloc.start()
    for number in range(4000):
        part.add(LEFT, NOON + number, messages[number % 20].replace("ID", str(number)))
        if number % 500 == 499:
            found.merge(part)
            part = part.following()
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (found.events, len(found.details)) == (4000, 20)
    assert kept < 400_000  # the events have 4,600,000 characters
