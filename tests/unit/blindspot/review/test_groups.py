"""Groups of refused calls, what is noticed of them, and what they look like."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blindspot.model import profile
from blindspot.model.cloudtrail_calls import call, in_account, role, user
from blindspot.review import groups as module
from blindspot.review.groups import DAY, LOOKS_LIKE, NOT_KNOWN, SIGNS, Group, by_day, days_of, groups, looks_like
from blindspot.review.read import Read
from blindspot.review.refused_call import Caller, Refusal
from blindspot.review.tally import OTHERS, Details, Interval, Key, Tally, Watched
from filter_pattern import Event, parse
from local.refused_calls import a_month

ACCOUNT = "111122223333"
START = 20_000 * DAY
"""Midnight in UTC, 4 October 2024."""
PROFILE = profile.load("cis-level-1")
Seen = tuple[float, str, str, str]
"""When, in days after START; who, in which service, which call."""


def event(who: str, service: str, name: str, **fields: object) -> Event:
    made = call(service, name, role(who), error="AccessDenied")
    return {**in_account(made, ACCOUNT, "us-east-1"), "eventID": None, **fields}


def read(seen: Iterable[Seen], days: float = 8, start: float = 0) -> Read:
    tally = Tally(ACCOUNT, [])
    for at, who, service, name in seen:
        tally.add("left", round((START + at * DAY) * 1000), json.dumps(event(who, service, name)))
    return of(tally, days, start)


def of(tally: Tally, days: float = 8, start: float = 0) -> Read:
    interval = Interval(round(START + start * DAY), round(START + (start + days) * DAY))
    return Read(interval, interval, tally, (), 1)


def grouped(seen: Iterable[Seen], days: float = 8, start: float = 0) -> Mapping[tuple[str, str, str], Group]:
    found = groups(read(seen, days, start), PROFILE)
    return {(group.key.caller.name, group.key.service.partition(".")[0], group.key.call): group for group in found}


def on(days: Iterable[float], who: str, service: str = "s3", name: str = "ListBuckets") -> list[Seen]:
    return [(day + 0.5, who, service, name) for day in days]


def every(services: int, days: Iterable[float], who: str, name: str = "List") -> list[Seen]:
    return [seen for number in range(services) for seen in on(days, who, f"s{number}", name)]


ALL_DAYS = range(8)
SCANNER = every(7, ALL_DAYS, "scanner")


def test_calls_with_the_same_key_are_one_group() -> None:
    tally = Tally(ACCOUNT, [])
    for day, name, message in (
        (0.75, "a", ""),
        (2.25, "a", ""),
        (2.5, "a", ""),
        (1, "b", ""),
        (1, "a", "with an explicit deny"),
    ):
        made = event("app", "s3", name, errorMessage=message)
        tally.add("left", round((START + day * DAY) * 1000) + 999, json.dumps(made))
    most, *others = groups(of(tally), PROFILE)
    caller = Caller("role", "app", ACCOUNT, most.key.caller.path, f"arn:aws:iam::{ACCOUNT}:role/app")
    assert most.key == Key(caller, "s3.amazonaws.com", "a", "AccessDenied", Refusal())
    assert (most.count, most.days) == (3, 2)
    assert list(most.by_day.items()) == [(date(2024, 10, 4), 1), (date(2024, 10, 6), 2)]
    assert most.first == datetime(2024, 10, 4, 18, tzinfo=UTC)
    assert most.last == datetime(2024, 10, 6, 12, tzinfo=UTC)
    assert most.details is tally.details[most.key]
    assert [(group.key.call, group.key.refusal) for group in others] == [("a", Refusal("", True)), ("b", Refusal())]
    assert [group.count for group in others] == [1, 1]


def test_the_groups_with_the_most_calls_come_first_then_the_oldest() -> None:
    seen = [*on([3, 4], "two"), *on([1], "newer"), *on([0], "older"), *on([1], "a"), *on([5, 6, 7], "three")]
    assert [who for who, _, _ in grouped(seen)] == ["three", "two", "older", "a", "newer"]
    same = [*on([1], "b", "z"), *on([1], "b", "y", "n"), *on([1], "b", "y", "m")]
    assert [at[1:] for at in grouped(same)] == [("y", "m"), ("y", "n"), ("z", "ListBuckets")]
    assert groups(read([]), PROFILE) == ()


def test_the_refusals_of_a_call_are_put_in_an_order() -> None:
    policies = ["session", "service control", "resource control", "identity-based"]
    made = [event("a", "s3", "b", errorMessage=f"with an explicit deny in a {name} policy") for name in policies]
    for events in (made, made[::-1]):
        tally = Tally(ACCOUNT, [])
        for one in events:
            tally.add("left", START * 1000, json.dumps(one))
        found = [group.key.refusal.kind for group in groups(of(tally), PROFILE)]
        assert found == sorted(f"{name} policy" for name in policies)


def test_callers_with_and_without_a_field_are_put_in_an_order() -> None:
    tally = Tally(ACCOUNT, [])
    for identity in ({"type": "IAMUser", "userName": "bob", "accountId": ACCOUNT}, user("bob"), user("x/bob")):
        made = event("", "s3", "List", userIdentity=identity)
        tally.add("left", START * 1000, json.dumps(made))
    assert len(groups(of(tally), PROFILE)) == 3


def test_a_call_that_two_trails_deliver_is_in_its_group_once() -> None:
    tally = Tally(ACCOUNT, [])
    for log_group in ("left", "right"):
        tally.add(log_group, START * 1000, json.dumps(event("app", "s3", "a", eventID="one")))
    [group] = groups(of(tally), PROFILE)
    assert (group.count, group.days) == (1, 1)
    assert sum(by_day(of(tally)).values()) == 1


def test_a_group_without_a_call_that_counts_is_left_out() -> None:
    one = Tally(ACCOUNT, [])
    one.add("left", START * 1000, json.dumps(event("app", "s3", "a", eventID="one")))
    other = one.following()
    other.add("right", START * 1000, json.dumps(event("app", "s3", "a", eventID="one")))
    assert groups(of(other), PROFILE) == ()
    other.add("right", START * 1000, json.dumps(event("app", "s3", "b", eventID="two")))
    [group] = groups(of(other), PROFILE)
    assert group.key.call == "b"
    for cell in one.cells.values():
        del cell.seconds[:]
    assert groups(of(one), PROFILE) == ()


def test_every_day_that_was_read_has_a_number() -> None:
    found = by_day(read([*on([0, 0, 2], "a"), *on([2], "b")], days=3.5))
    assert list(found.items()) == [
        (date(2024, 10, 4), 2), (date(2024, 10, 5), 0), (date(2024, 10, 6), 2), (date(2024, 10, 7), 0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [(0, DAY, [0]), (0, DAY + 1, [0, 1]), (DAY - 1, DAY, [0]), (DAY - 1, DAY + 1, [0, 1]), (5, 5, [0]), (DAY, DAY, [])],
)
def test_a_part_of_a_day_counts_as_a_day(start: int, end: int, days: list[int]) -> None:
    assert list(days_of(Interval(start, end))) == days


@pytest.mark.parametrize(
    ("benign", "excused"),
    [
        ([], False),
        (['{ $.eventName = "other" }'], False),
        (["{ $.userAgent NOT EXISTS }"], False),
        (['{ $.eventName = "ListBuckets" }'], True),
        (['{ $.eventName = "other" }', '{ $.eventSource = "s3.*" }'], True),
    ],
)
def test_a_group_is_excused_where_its_newest_event_is(benign: list[str], excused: bool) -> None:
    seen = read(on([1], "app"))
    [group] = groups(seen, profile.load("cis-level-1", {"benign": benign}))
    assert group.excused is excused
    for details in seen.tally.details.values():
        details.logged = ""
    [group] = groups(seen, profile.load("cis-level-1", {"benign": benign}))
    assert not group.excused


def signs(seen: Iterable[Seen], who: str, days: float = 8, start: float = 0) -> set[str]:
    return {sign for at, group in grouped(seen, days, start).items() if at[0] == who for sign in group.signs}


@pytest.mark.parametrize(
    ("at", "days", "start", "new"),
    [(5.99, 8, 0, False), (6, 8, 0, True), (7.9, 8, 0, True), (0.74, 1, 0, False), (0.75, 1, 0, True), (9, 4, 6, True)],
)
def test_new_is_what_was_first_seen_in_the_last_quarter(at: float, days: float, start: float, new: bool) -> None:
    assert ("new" in signs([(at, "app", "s3", "a")], "app", days, start)) is new
    assert "new" not in signs([(start, "app", "s3", "a"), (at, "app", "s3", "a")], "app", days, start)


@pytest.mark.parametrize(("number", "many"), [(4, False), (5, True), (6, True)])
def test_many_services_and_many_callers(number: int, many: bool) -> None:
    assert ("many-services" in signs(every(number, [0], "app"), "app")) is many
    callers = [seen for caller in range(number) for seen in on([0], f"app{caller}")]
    assert ("many-callers" in signs(callers, "app0")) is many
    # Many calls in one service, and one caller of many calls, are not it.
    calls = [seen for call in range(number) for seen in on([0], "app", name=f"List{call}")]
    assert not {"many-services", "many-callers"} & signs(calls, "app")


@pytest.mark.parametrize(("known", "new", "mostly_new"), [(0, 1, True), (1, 1, False), (2, 3, True), (3, 3, False)])
def test_a_caller_that_is_refused_in_new_services(known: int, new: int, mostly_new: bool) -> None:
    seen = [(5.99, "app", f"known{number}", "List") for number in range(known)]
    seen += [(6, "app", f"new{number}", "List") for number in range(new)]
    again = [(7, "app", f"known{number}", "Get") for number in range(known)]
    assert ("new-services" in signs([*seen, *again], "app")) is mostly_new
    assert "new-services" in signs([*seen, (7, "other", "known0", "List")], "other")


def test_a_user_with_the_name_of_a_role_is_another_caller() -> None:
    tally = Tally(ACCOUNT, [])
    for number in range(6):
        who = user("app") if number % 2 else role("app")
        made = event(
            "app",
            f"s{number}",
            "List",
            userIdentity=in_account(call("s3", "x", who), ACCOUNT, "us-east-1")["userIdentity"],
        )
        tally.add("left", START * 1000, json.dumps(made))
    assert {group.key.caller.kind for group in groups(of(tally), PROFILE)} == {"role", "user"}
    assert all("many-services" not in group.signs for group in groups(of(tally), PROFILE))


def test_the_signs_of_a_caller_do_not_depend_on_its_session() -> None:
    tally = Tally(ACCOUNT, [])
    session = {"type": "AssumedRole", "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/app/x", "accountId": ACCOUNT}
    for number in range(5):
        made = event("app", f"s{number}", "List", **({"userIdentity": session} if number % 2 else {}))
        tally.add("left", START * 1000, json.dumps(made))
    assert all("many-services" in group.signs for group in groups(of(tally), PROFILE))


@pytest.mark.parametrize(
    ("days_of_calls", "tried_once"),
    [
        ([[0]], True),
        ([[0], [1]], True),
        ([[0, 1]], False),
        ([[0], [1, 2]], False),
        ([[0], [1], [1, 2]], True),
        ([[0], [0, 1], [1, 2]], False),
        ([[0, 0, 0]], True),
    ],
)
def test_tried_once_is_a_caller_of_whose_calls_most_were_on_one_day(
    days_of_calls: list[list[float]], tried_once: bool
) -> None:
    seen = [seen for number, days in enumerate(days_of_calls) for seen in on(days, "app", name=f"List{number}")]
    assert ("tried-once" in signs(seen, "app")) is tried_once
    assert "tried-once" not in signs([*seen, *on([0, 1], "other")], "other")


@pytest.mark.parametrize(
    ("days_seen", "days", "daily"),
    [(4, 8, True), (3, 8, False), (8, 8, True), (2, 4, True), (1, 4, False), (2, 3, True), (1, 3, False)],
)
def test_daily_is_a_caller_that_was_refused_on_half_of_the_days(days_seen: int, days: int, daily: bool) -> None:
    one_call = on(range(days_seen), "app")
    other_calls = [seen for day in range(days_seen) for seen in on([day], "app", name=f"List{day}")]
    assert ("daily" in signs(one_call, "app", days)) is ("daily" in signs(other_calls, "app", days)) is daily


def test_with_few_days_it_is_not_known_what_is_repeated() -> None:
    assert module.FEWEST_DAYS == 3
    for days, known in ((1, False), (2, False), (2.5, True), (3, True)):
        found = signs(on([0], "app"), "app", days) | signs(on([0, 1], "b"), "b", days)
        assert bool(found & {"tried-once", "daily"}) is known


@pytest.mark.parametrize(
    ("fields", "sign"),
    [
        ({"sessionCredentialFromConsole": "true"}, "console"),
        ({"userAgent": "blindspot", "eventSource": "cloudtrail.amazonaws.com", "eventName": "DescribeTrails"}, "own"),
    ],
)
def test_the_console_and_blindspot_are_noticed(fields: dict[str, object], sign: str) -> None:
    tally = Tally(ACCOUNT, [])
    tally.add("left", START * 1000, json.dumps(event("app", "s3", "a", **fields)))
    [group] = groups(of(tally), PROFILE)
    assert sign in group.signs
    assert not {"console", "own"} & signs(on([1], "app"), "app")


OWN = {"userAgent": "blindspot", "eventSource": "cloudtrail.amazonaws.com", "eventName": "DescribeTrails"}


@pytest.mark.parametrize(
    ("others", "account", "own"),
    [
        ([], ACCOUNT, True),
        ([OWN | {"eventName": "GetTrailStatus"}], ACCOUNT, True),
        ([{"eventName": "ListUsers"}], ACCOUNT, False),
        ([], "444455556666", False),
    ],
)
def test_who_also_does_something_else_or_is_outside_is_not_blindspot(
    others: list[dict[str, str]], account: str, own: bool
) -> None:
    tally = Tally(account, [])
    for fields in (OWN, *others):
        tally.add("left", START * 1000, json.dumps(event("app", "s3", "a", **fields)))
    assert {"own" in group.signs for group in groups(of(tally), PROFILE)} == {own}


def test_nothing_is_noticed_of_the_groups_that_are_counted_together() -> None:
    tally = Tally(ACCOUNT, [])
    for day in ALL_DAYS:
        tally.add("left", (START + day * DAY) * 1000, json.dumps(event("app", "s3", "a")))
    [(key, details)], [cell] = tally.details.items(), tally.cells.values()
    assert key != OTHERS
    cell.key = OTHERS
    tally.details[OTHERS] = Details(console=True)
    [group] = groups(of(tally), PROFILE)
    assert (group.key, group.signs, group.count, details.console) == (OTHERS, (), 8, False)
    assert looks_like(group) == NOT_KNOWN


def test_signs_are_in_the_order_in_which_they_are_explained() -> None:
    for group in grouped([*SCANNER, *every(7, [7], "scanner", "New"), *on(ALL_DAYS, "app")]).values():
        assert list(group.signs) == [sign for sign in SIGNS if sign in group.signs]


def with_signs(found: Iterable[str], days: int) -> Group:
    key = Key(Caller("role", "a", ACCOUNT, None, ""), "s", "c", "d", Refusal())
    now = datetime(2024, 10, 4, tzinfo=UTC)
    dates = {date(2024, 10, day): 1 for day in range(1, days + 1)}
    return Group(key, Details(), days, dates, now, now, tuple(found), False)


def as_documented(found: set[str], days: int) -> str:
    """The first row of the table of docs/review.md that fits, read from the document itself."""
    text = (Path(__file__).parents[4] / "docs/review.md").read_text()
    for line in text.partition("## What it looks like")[2].splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|") or len(cells) != 3 or not (set(cells[1].split(", ")) - {"signs", "---"}):
            continue
        needs = cells[1].replace("`", "").split(", ")
        fits = {
            "any": True,
            "one day": days == 1,
            **{sign: sign in found for sign in SIGNS},
            **{f"not {sign}": sign not in found for sign in SIGNS},
        }
        if all(fits[need] for need in needs):
            return cells[0]
    raise AssertionError("no row fits")


@pytest.mark.parametrize("days", [1, 2])
def test_what_it_looks_like_is_the_table_of_the_document(days: int) -> None:
    answers = Counter[str]()
    for chosen in product([False, True], repeat=len(SIGNS)):
        found = [sign for sign, is_chosen in zip(SIGNS, chosen, strict=True) if is_chosen]
        answer = looks_like(with_signs(found, days))
        assert answer == as_documented(set(found), days), found
        answers[answer] += 1
    assert set(answers) == {*LOOKS_LIKE, NOT_KNOWN}


ATTACK = [(0.1 + 0.7 * number, "app", f"svc{number % 9}", f"Get{number}") for number in range(11)]
"""Slow: each call once, a little over one a day."""


@pytest.mark.parametrize(
    ("name", "seen", "who", "answers"),
    [
        ("a scanner", SCANNER, "scanner", {"a scanner"}),
        ("one that runs on four of eight days", every(7, [0, 2, 4, 6], "scanner"), "scanner", {"a scanner"}),
        ("a slow attack", ATTACK, "app", {"an attack"}),
        ("beside a scanner", [*SCANNER, *ATTACK], "app", {"an attack"}),
        ("a scanner beside it", [*SCANNER, *ATTACK], "scanner", {"a scanner"}),
        ("in one night", every(40, [3], "app"), "app", {"an attack"}),
        ("in the last night", every(6, [7.2], "app"), "app", {"an attack"}),
        ("a broken permission", on(ALL_DAYS, "app"), "app", {"a broken permission"}),
        ("of one whose role is stolen", [*on(ALL_DAYS, "app"), *ATTACK], "app", {"a broken permission", "an attack"}),
        (
            "of one whose role is stolen lately",
            [*on(ALL_DAYS, "app"), *every(6, [7], "app")],
            "app",
            {"a broken permission", "an attack"},
        ),
        ("a scanner that asks one thing more", [*SCANNER, *on([7], "scanner", "new")], "scanner", {"a scanner"}),
        ("once", on([1], "app"), "app", {NOT_KNOWN}),
    ],
)
def test_what_a_month_looks_like(name: str, seen: list[Seen], who: str, answers: set[str]) -> None:
    found = {at: looks_like(group) for at, group in grouped(seen).items() if at[0] == who}
    assert set(found.values()) == answers, name


def test_in_a_noisy_month_the_attack_and_the_scanner_are_told_as_such() -> None:
    end = datetime(2026, 11, 27, 12, tzinfo=UTC)
    interval = Interval(int(end.timestamp()) - 30 * DAY, int(end.timestamp()))
    tally, kinds = Tally(ACCOUNT, []), dict[str, str]()
    for at, made, kind in a_month(1, account=ACCOUNT, end=end):
        tally.add("left", at, json.dumps(made))
        kinds[made["eventID"]] = kind
    answers: dict[str, set[str]] = {}
    for group in groups(Read(interval, interval, tally, (), 1), PROFILE):
        assert group.details.example is not None
        answers.setdefault(kinds[str(group.details.example["eventID"])], set()).add(looks_like(group))
    assert answers == {
        "attack": {"an attack"},
        "scanner": {"a scanner"},
        "person": {"a console without permission"},
        "expired": {"a console without permission"},
        "own": {"Blindspot itself"},
        "deployment": {"a broken permission"},
        "service": {"a broken permission"},
        "agent": {NOT_KNOWN},
        "recorder": {NOT_KNOWN},
        "script": {NOT_KNOWN},
    }


def test_the_stolen_roles_own_call_is_the_broken_permission() -> None:
    found = {at[2]: looks_like(group) for at, group in grouped([*on(ALL_DAYS, "app"), *ATTACK]).items()}
    assert [name for name, answer in found.items() if answer != "an attack"] == ["ListBuckets"]


@given(
    st.lists(
        st.tuples(
            st.integers(0, 31).map(lambda at: at / 4),
            st.sampled_from("ab"),
            st.sampled_from("st"),
            st.sampled_from("xy"),
        )
    )
)
def test_the_groups_and_the_days_have_every_call_once(seen: list[Seen]) -> None:
    whole = read(seen)
    found = groups(whole, PROFILE)
    assert sum(group.count for group in found) == sum(by_day(whole).values()) == len(seen)
    assert len({group.key for group in found}) == len(found)
    for group in found:
        times = [at for at, *key in seen if key == [group.key.caller.name, group.key.service[0], group.key.call]]
        assert group.count == len(times) == sum(group.by_day.values())
        assert group.days == len({int(at) for at in times})
        assert (group.first.timestamp(), group.last.timestamp()) == (START + DAY * min(times), START + DAY * max(times))


def test_a_metric_filter_that_is_watched_changes_no_group() -> None:
    seen = [Watched("left", parse("x")), Watched(None, parse("{ $.errorCode = AccessDenied }"))]
    tally = Tally(ACCOUNT, seen)
    for number in range(3):
        made = event("app", "s3", "a", errorCode="AccessDenied", number=number)
        tally.add(("left", "right")[number % 2], START * 1000, json.dumps(made))
    assert len(tally.cells) > 1
    [group] = groups(of(tally), PROFILE)
    assert group.count == 3
