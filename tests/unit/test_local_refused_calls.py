"""The month of refused calls is as a noisy account has it, and CloudTrail could have recorded every call of it."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from blindspot.model.cloudtrail_events import records
from blindspot.model.cloudtrail_laws import invariants, unlikely
from filter_pattern import And, Atom, Event, NotExists, Predicate, equals, parse
from local.refused_calls import KINDS, OUTSIDE, Delivered, a_month
from tests.cloudwatch import Alarm, Events, Filter, run

ACCOUNT = "111122223333"
END = datetime(2026, 11, 27, 12, tzinfo=UTC)
DAYS = 30
CIS = parse('{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }')
MACHINES = {"scanner", "service", "recorder", "deployment", "agent"}

MONTH = tuple(a_month(1, account=ACCOUNT, end=END))
REQUIRED = [one for one in MONTH if CIS.matches(one.event)]


def to_alarm(delivered: Iterable[Delivered]) -> int:
    """How often the profile's alarm goes to ALARM."""
    first = int(END.timestamp()) // 60 - DAYS * 24 * 60
    by_minute = Counter(one.timestamp // 60_000 - first for one in delivered)
    minutes = [[Events(by_minute[minute])] for minute in range(DAYS * 24 * 60)]
    states = ["OK", *run(Alarm(), [Filter()], minutes, state="OK")]
    return sum(before != "ALARM" == after for before, after in pairwise(states))


def caller(event: Event) -> str:
    identity = event["userIdentity"]
    assert isinstance(identity, dict)
    issuer = identity.get("sessionContext", {}).get("sessionIssuer", identity)
    return str(issuer.get("arn") or issuer["invokedBy"])


def test_the_same_seed_is_the_same_month() -> None:
    assert tuple(a_month(1, account=ACCOUNT, end=END)) == MONTH
    assert tuple(a_month(2, account=ACCOUNT, end=END)) != MONTH


@pytest.mark.parametrize("days", [1, 7, 30])
def test_it_ends_where_it_should_and_is_in_order(days: int) -> None:
    times = [one.timestamp for one in a_month(3, days=days, account=ACCOUNT, end=END)]
    assert times == sorted(times)
    assert (END - timedelta(days=days)).timestamp() * 1000 <= times[0] < times[-1] < END.timestamp() * 1000
    assert times[-1] - times[0] > (days * 24 - 2) * 3_600_000


def test_every_kind_is_there() -> None:
    counts = Counter(one.kind for one in MONTH)
    assert set(counts) == set(KINDS)
    assert {one.kind for one in MONTH} - {one.kind for one in REQUIRED} == {"expired"}
    assert counts["scanner"] > counts["service"] > counts["deployment"] > counts["attack"] > counts["person"]


def test_every_call_has_its_own_number() -> None:
    assert len({one.event["eventID"] for one in MONTH}) == len(MONTH)


def test_a_log_event_is_some_minutes_later_than_its_call() -> None:
    for one in MONTH:
        made = datetime.fromisoformat(one.event["eventTime"]).timestamp()
        assert 60 <= one.timestamp / 1000 - made <= 242


def naming_all_of(event: Event) -> Predicate:
    """A question that tests every field of the schema and of this event, and names its code and its service."""
    parameters = event.get("requestParameters")
    names = parameters if isinstance(parameters, dict) else {}
    fields = (*records(account=ACCOUNT, region=None).fields, *(("requestParameters", name) for name in names))
    named = (equals(name, str(event[name])) for name in ("errorCode", "eventSource"))
    return And(*(Atom(path, NotExists()) for path in fields), *named)


def test_cloudtrail_could_have_recorded_every_call() -> None:
    unalike = {(one.kind, caller(one.event), one.event["eventSource"], one.event["eventName"]): one for one in MONTH}
    assert len(unalike) > 70
    for one in unalike.values():
        asked = naming_all_of(one.event)
        assert unlikely(one.event, asked) == ()
        assert all(law.matches(one.event) for law in invariants(asked))
        assert one.event["recipientAccountId"] == ACCOUNT
        assert json.loads(json.dumps(one.event)) == one.event


def test_the_alarm_fires_three_hundred_times_a_week_because_of_machines() -> None:
    alarms = to_alarm(REQUIRED)
    assert 270 <= alarms * 7 / DAYS <= 330
    assert to_alarm(one for one in REQUIRED if one.kind not in MACHINES) < 0.05 * alarms
    periods = defaultdict(set)
    for one in REQUIRED:
        periods[one.timestamp // 300_000].add(one.kind)
    assert sum(bool(kinds & MACHINES) for kinds in periods.values()) > 0.95 * len(periods)


def test_the_attack_is_slow_and_tries_ever_other_calls_from_outside() -> None:
    attack = [one for one in MONTH if one.kind == "attack"]
    assert {one.event["sourceIPAddress"] for one in attack} == {OUTSIDE}
    assert OUTSIDE not in {one.event["sourceIPAddress"] for one in MONTH if one.kind != "attack"}
    tried = [(one.event["eventSource"], one.event["eventName"]) for one in attack]
    assert len(set(tried)) == len(tried) > 40
    assert {one.event["readOnly"] for one in attack} == {True, False}
    days = Counter(one.timestamp // 86_400_000 for one in attack)
    assert len(days) > DAYS / 2
    *slow, night = sorted(days.values())
    assert max(slow) <= 6  # those of one evening may be delivered after midnight
    assert night > 15
    assert {caller(one.event).rpartition("/")[2] for one in attack} == {"orders-web", "ci-deploy"}


def test_no_machine_makes_a_call_that_the_attack_makes_as_the_same_caller() -> None:
    made: dict[str, set[tuple[str, str, str]]] = {"attack": set(), "others": set()}
    for one in MONTH:
        of = "attack" if one.kind == "attack" else "others"
        made[of].add((caller(one.event), one.event["eventSource"], one.event["eventName"]))
    assert not made["attack"] & made["others"]


@pytest.mark.parametrize(
    ("kind", "least"), [("scanner", 30), ("service", 30), ("deployment", 20), ("agent", 15), ("recorder", 10)]
)
def test_machines_are_seen_on_many_days(kind: str, least: int) -> None:
    assert len({one.timestamp // 86_400_000 for one in MONTH if one.kind == kind}) >= least


@pytest.mark.parametrize("kind", ["deployment", "person", "expired", "script"])
def test_people_and_their_programs_work_on_working_days(kind: str) -> None:
    days = {datetime.fromtimestamp(one.timestamp / 1000, UTC).weekday() for one in MONTH if one.kind == kind}
    assert days
    assert days <= set(range(5))


def test_aws_says_of_some_calls_which_kind_of_policy_refused_them() -> None:
    messages = " ".join(one.event["errorMessage"] for one in MONTH)
    for words in (
        "no identity-based policy",
        "service control policy",
        "resource-based policy",
        "Encoded",
        "Access De",
    ):
        assert words in messages
    assert "{" not in messages
