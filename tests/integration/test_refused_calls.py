"""The refused calls are read exactly as far as `Read` says: newest first, each once, whatever AWS does meanwhile."""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cache, partial
from itertools import count, pairwise
from typing import Any
from unittest.mock import patch

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from hypothesis import given, settings
from hypothesis import strategies as st

from blindspot.aws import refused_calls
from blindspot.aws.client import Clients
from blindspot.aws.refused_calls import CALL, FIRST, LONGEST, SHORTEST, read_refused_calls
from blindspot.aws.responses import Credentials
from blindspot.model.snapshot import Unreadable
from blindspot.review.read import Read
from blindspot.review.tally import Interval, Tally, Watched
from filter_pattern import parse
from local.aws import Fault, LocalAws, Page, local_aws

ACCOUNT, REGION, OTHER = "123456789012", "eu-west-1", "444455556666"
END = 1_795_780_800
HOUR, DAY = 3_600, 86_400
PATTERN = '{ $.errorCode = "AccessDenied*" }'
WEEK = Interval(END - 7 * DAY, END)


def arn(name: str, account: str = ACCOUNT) -> str:
    return f"arn:aws:logs:{REGION}:{account}:log-group:{name}"


ONE, TWO = arn("one"), arn("two")


class Recorded(Tally):
    """Keeps what it is given. `before`: what the slice after this one in time was given."""

    def __init__(self, before: "Recorded | None" = None) -> None:
        super().__init__(ACCOUNT, ())
        self.added: list[tuple[str, int, str]] = []
        self.before = before

    def add(self, log_group: str, timestamp: int, message: str) -> None:
        self.added.append((log_group, timestamp, message))

    def following(self) -> "Recorded":
        return Recorded(self)

    def merge(self, other: Tally) -> None:
        assert isinstance(other, Recorded)
        self.added += other.added


def event(code: str, number: int) -> str:
    return json.dumps({"errorCode": code, "number": number})


def read(
    *log_groups: str,
    asked: Interval = WEEK,
    seconds: float = 60.0,
    pattern: str = PATTERN,
    progress: Callable[[float], None] = lambda share: None,
    clients: Clients | None = None,
    kept_since: Mapping[str, int] | None = None,
) -> Read:
    until = time.monotonic() + seconds
    return read_refused_calls(
        clients or own_clients(),
        log_groups,
        pattern,
        asked,
        Recorded,
        own_account=ACCOUNT,
        until=until,
        kept_since=kept_since or {},
        progress=progress,
    )


@cache
def own_clients() -> Clients:
    return Clients(REGION)


def added(found: Read) -> list[tuple[str, int, str]]:
    assert isinstance(found.tally, Recorded)
    return found.tally.added


@pytest.fixture(scope="module")
def account() -> Iterator[LocalAws]:
    with local_aws(ACCOUNT, REGION) as aws:
        yield aws


@pytest.fixture
def quick() -> Iterator[None]:
    """Without the pauses of 5 calls a second."""
    with patch.object(refused_calls, "PACE", 0.001):
        yield


@pytest.fixture
def aws(account: LocalAws, quick: None) -> Iterator[LocalAws]:
    """Two log groups, each with a refused call in every hour of a week."""
    for name in ("one", "two"):
        account.client("logs").create_log_group(logGroupName=name)
        account.deliver_events(name, hourly(name))
    account.calls.clear()
    yield account
    account.faults.clear()
    for group in account.client("logs").describe_log_groups()["logGroups"]:
        account.client("logs").delete_log_group(logGroupName=group["logGroupName"])


def hourly(name: str) -> list[tuple[int, str]]:
    return [((END - hour * HOUR) * 1000 - 1, event("AccessDenied", hour)) for hour in range(7 * 24)]


def hours(found: Read, log_group: str) -> list[int]:
    """Of which hours before the end the refused calls were counted."""
    return sorted(json.loads(message)["number"] for group, _, message in added(found) if group == log_group)


def calls(aws: LocalAws, name: str) -> int:
    return sum(f'"logGroupName": "{name}"' in call.request for call in aws.calls if str(call) == CALL)


def whole(found: Read, *log_groups: str) -> bool:
    """Whether all of the week was counted of these log groups, each call once."""
    return found.read == WEEK and all(hours(found, group) == list(range(7 * 24)) for group in log_groups)


def test_a_week_is_read_in_few_calls_newest_first(aws: LocalAws) -> None:
    shares: list[float] = []
    found = read(ONE, TWO, progress=shares.append)
    assert whole(found, ONE, TWO)
    assert [(group.log_group, group.start, group.events, group.error) for group in found.log_groups] == [
        (ONE, WEEK.start, 168, None),
        (TWO, WEEK.start, 168, None),
    ]
    assert found.share == shares[-1] == 1.0
    assert shares == sorted(shares)
    assert found.calls == calls(aws, "one") + calls(aws, "two") == 2 * len(shares) < 30
    newest = [at for group, at, _ in added(found) if group == ONE]
    assert newest[0] == max(newest)
    assert newest[-1] - min(newest) < LONGEST * 1000


def test_each_slice_follows_the_one_after_it_in_time(aws: LocalAws) -> None:
    followed: list[tuple[int, int]] = []

    class Followed(Recorded):
        def merge(self, other: Tally) -> None:
            super().merge(other)
            assert isinstance(other, Recorded)
            assert other.before is not None
            followed.append((len(other.before.added), len(other.added)))

    read_refused_calls(own_clients(), [ONE], PATTERN, WEEK, Followed, own_account=ACCOUNT, until=time.monotonic() + 60)
    assert [before for before, _ in followed] == [0, *(own for _, own in followed[:-1])]
    assert sum(own for _, own in followed) == 168


def test_no_log_group(aws: LocalAws) -> None:
    found = read()
    assert (found.read, found.share, found.log_groups, found.calls) == (Interval(END, END), 0.0, (), 0)


def test_a_log_group_that_is_named_twice_is_read_once(aws: LocalAws) -> None:
    assert whole(read(ONE, ONE), ONE)


def test_no_more_than_five_calls_a_second(account: LocalAws) -> None:
    account.client("logs").create_log_group(logGroupName="empty")
    start = time.monotonic()
    found = read(arn("empty"))
    assert found.calls > 6
    assert time.monotonic() - start > (found.calls - 1) * 0.2
    account.client("logs").delete_log_group(logGroupName="empty")


@pytest.mark.parametrize(
    "error", ["ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded", "SlowDown"]
)
def test_throttled_for_a_while(aws: LocalAws, error: str) -> None:
    aws.fail(CALL, error=error, times=8)
    found = read(ONE, TWO)
    assert whole(found, ONE, TWO)
    assert found.calls == len(aws.calls)
    assert aws.faults[0].times == 0


def test_throttled_for_ever(aws: LocalAws) -> None:
    aws.fail(CALL, error="ThrottlingException")
    with patch.object(refused_calls, "PACE", 0.02):
        found = read(ONE, TWO, seconds=0.5)
    assert (found.read, added(found)) == (Interval(END, END), [])
    assert [(group.start, group.error and group.error.error) for group in found.log_groups] == [
        (END, "ThrottlingException"),
        (END, "Timeout"),
    ]
    assert 1 < found.calls <= 5  # ever more slowly


def test_throttled_and_then_no_answer_by_the_deadline(aws: LocalAws) -> None:
    aws.fail(CALL, error="ThrottlingException", times=1)
    aws.hang(CALL, seconds=30)
    (one,) = read(ONE, seconds=0.5).log_groups
    assert one == (ONE, END, 0, Unreadable(CALL, REGION, "ThrottlingException"))


def test_throttled_from_a_slice_on_keeps_what_was_read(aws: LocalAws) -> None:
    def throttle(share: float) -> None:
        if share > 0.2:
            aws.fail(CALL, error="ThrottlingException", about='"two"')

    found = read(ONE, TWO, seconds=1.0, progress=throttle)
    assert 0.2 < found.share < 1
    expected = [hour for hour in range(168) if END - hour * HOUR - 1 >= found.read.start]
    assert hours(found, ONE) == hours(found, TWO) == expected
    assert [group.error and group.error.error for group in found.log_groups] == ["Timeout", "ThrottlingException"]
    assert {group.start for group in found.log_groups} == {found.read.start}
    assert {group.events for group in found.log_groups} == {len(expected)}


@pytest.mark.parametrize(
    ("error", "denied"),
    [("AccessDeniedException", True), ("AccessDenied", True), ("InvalidParameterException", False)],
)
def test_a_refused_log_group_is_called_once_and_the_others_are_read(aws: LocalAws, error: str, denied: bool) -> None:
    aws.fail(CALL, error=error, about='"one"')
    found = read(ONE, TWO)
    assert calls(aws, "one") == 1
    assert whole(found, TWO)
    assert hours(found, ONE) == []
    one, two = found.log_groups
    assert one == (ONE, END, 0, Unreadable(CALL, REGION, error, denied))
    assert two == (TWO, WEEK.start, 168, None)


def test_all_log_groups_are_refused(aws: LocalAws) -> None:
    aws.fail(CALL, error="AccessDeniedException")
    found = read(ONE, TWO)
    assert found.calls == 2
    assert found.share == 0.0
    assert [group.error and group.error.denied for group in found.log_groups] == [True, True]


def test_a_log_group_that_does_not_exist(aws: LocalAws) -> None:
    gone = arn("gone")
    found = read(gone, ONE)
    assert calls(aws, "gone") == 1
    assert whole(found, ONE)
    assert found.log_groups[0] == (gone, END, 0, Unreadable(CALL, REGION, "ResourceNotFoundException"))


def test_a_log_group_that_is_deleted_between_two_slices(aws: LocalAws) -> None:
    ended: list[float] = []

    def delete(share: float) -> None:
        if share > 0.2 and not ended:
            ended.append(share)
            aws.client("logs").delete_log_group(logGroupName="one")

    found = read(ONE, TWO, progress=delete)
    one, _ = found.log_groups
    assert whole(found, TWO)
    assert one.start == END - round(ended[0] * 7 * DAY)
    assert one.error == Unreadable(CALL, REGION, "ResourceNotFoundException")
    assert hours(found, ONE) == [hour for hour in range(168) if END - hour * HOUR - 1 >= one.start]
    assert one.events == len(hours(found, ONE))


def test_a_log_group_that_fails_in_the_middle_of_a_slice_counts_only_what_is_whole(aws: LocalAws) -> None:
    aws.page_log_events("two", Page(events=1))
    aws.fail(CALL, error="AccessDeniedException", about='"nextToken"')
    found = read(ONE, TWO)
    two = found.log_groups[1]
    assert whole(found, ONE)
    assert hours(found, TWO) == [hour for hour in range(168) if END - hour * HOUR - 1 >= two.start]
    assert two.error is not None
    assert two.error.denied


def test_the_deadline_in_the_middle_of_a_slice(aws: LocalAws) -> None:
    def hang(share: float) -> None:
        if share > 0.2 and not aws.faults:
            aws.hang(CALL, seconds=3.0)
            aws.faults[-1].about = '"two"'

    start = time.monotonic()
    found = read(ONE, TWO, seconds=1.0, progress=hang)
    assert time.monotonic() - start < 2.0
    assert calls(aws, "one") == calls(aws, "two")
    assert 0.2 < found.share < 1
    expected = [hour for hour in range(168) if END - hour * HOUR - 1 >= found.read.start]
    assert hours(found, ONE) == hours(found, TWO) == expected
    assert [group.error for group in found.log_groups] == [Unreadable(CALL, REGION, "Timeout")] * 2


def test_no_time_is_left(aws: LocalAws) -> None:
    found = read(ONE, seconds=-1.0)
    assert (found.calls, found.share) == (0, 0.0)
    assert found.log_groups == ((ONE, END, 0, Unreadable(CALL, REGION, "Timeout")),)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"events": "many"},
        {"events": [7]},
        {"events": [{"timestamp": (END - 1) * 1000}]},
        {"events": [{"message": "no time"}]},
        {"events": [{"timestamp": True, "message": "a Boolean"}]},
        {"events": [{"timestamp": END * 1000, "message": "too late"}]},
        {"events": [{"timestamp": 0, "message": "too early"}]},
        {"events": [], "nextToken": 7},
    ],
)
def test_a_malformed_answer(aws: LocalAws, answer: dict[str, Any]) -> None:
    aws.malform(CALL, answer)
    found = read(ONE)
    assert (found.share, found.calls, added(found)) == (0.0, refused_calls.MOST_TRIES, [])
    (one,) = found.log_groups
    assert one.error is not None
    assert one.error.error.startswith("Malformed: ")
    assert "too" not in one.error.error


def test_what_fails_a_few_times_is_read_in_the_end(aws: LocalAws) -> None:
    answer = AWSResponse("", 200, HTTPHeaders(), None), {"events": None}
    aws.faults.append(Fault(CALL, None, lambda _: answer, times=1))
    aws.hang(CALL)
    aws.faults[-1].times = 2
    aws.fail(CALL, error="ServiceUnavailableException", times=1)
    assert whole(read(ONE, TWO), ONE, TWO)
    assert [fault.times for fault in aws.faults] == [0, 0, 0]


def test_timeouts_without_end(aws: LocalAws) -> None:
    aws.hang(CALL)
    aws.faults[-1].about = '"one"'
    found = read(ONE, TWO)
    assert calls(aws, "one") == refused_calls.MOST_TRIES
    assert whole(found, TWO)
    assert found.log_groups[0] == (ONE, END, 0, Unreadable(CALL, REGION, "Timeout"))


def test_an_answer_that_never_ends_is_not_waited_for(aws: LocalAws) -> None:
    aws.hang(CALL, seconds=30)
    aws.faults[-1].times = 1
    start = time.monotonic()
    with patch.object(refused_calls, "LONGEST_CALL", 1.0):
        assert whole(read(ONE), ONE)
    assert time.monotonic() - start < 20


def test_a_token_that_is_repeated(aws: LocalAws) -> None:
    event_ = {"timestamp": (END - 1) * 1000, "message": event("AccessDenied", 0)}
    aws.malform(CALL, {"events": [event_], "nextToken": "again"})
    found = read(ONE)
    assert (found.calls, found.share, added(found)) == (2, 0.0, [])
    assert found.log_groups == ((ONE, END, 0, Unreadable(CALL, REGION, "RepeatedToken")),)


def test_pages_without_end(aws: LocalAws) -> None:
    tokens = iter(range(10_000))
    empty = AWSResponse("", 200, HTTPHeaders(), None)
    aws.faults.append(Fault(CALL, None, lambda _: (empty, {"events": [], "nextToken": str(next(tokens))})))
    with patch.object(refused_calls, "MOST_CALLS", 20):
        found = read(ONE, TWO)
    assert (found.calls, found.share) == (20, 0.0)
    assert [group.error and group.error.error for group in found.log_groups] == ["TooManyPages", "Timeout"]


def test_a_pattern_that_aws_does_not_take(aws: LocalAws) -> None:
    found = read(ONE, TWO, pattern="{ $.errorCode = }")
    assert found.calls == 2
    assert [group.error for group in found.log_groups] == [Unreadable(CALL, REGION, "InvalidParameterException")] * 2


def test_messages_that_are_no_json_are_given_on(aws: LocalAws) -> None:
    messages = ["AccessDenied", "{ AccessDenied", "[" * 5_000 + "AccessDenied", '"AccessDenied \\ud800"']
    aws.client("logs").create_log_group(logGroupName="odd")
    aws.deliver_events("odd", [((END - 9) * 1000, message) for message in messages])
    found = read(arn("odd"), pattern="AccessDenied")
    assert [message for _, _, message in added(found)] == messages


def test_another_accounts_log_group_is_read_with_the_role_there(aws: LocalAws) -> None:
    role = f"arn:aws:iam::{OTHER}:role/reader"
    aws.trust(role)
    aws.client("logs", account=OTHER).create_log_group(logGroupName="central")
    aws.deliver_events("central", hourly("central"), account=OTHER)
    clients = Clients(REGION)
    answer = clients.call("sts:AssumeRole", REGION, RoleArn=role, RoleSessionName="review")["Credentials"]
    clients.become(OTHER, Credentials(answer["AccessKeyId"], answer["SecretAccessKey"], answer["SessionToken"]))
    central = arn("central", OTHER)
    found = read(central, ONE, clients=clients)
    assert whole(found, central, ONE)
    assert {call.account for call in aws.calls if '"central"' in call.request} == {OTHER}


def test_slices_grow_while_a_log_group_has_little_and_shrink_where_it_has_much(aws: LocalAws) -> None:
    shares = [0.0]
    read(ONE, progress=shares.append)
    lengths = [round((after - before) * 7 * DAY) for before, after in pairwise(shares)]
    assert lengths[:5] == [FIRST, 4 * FIRST, 16 * FIRST, 64 * FIRST, LONGEST]

    aws.page_log_events("one", Page(events=1))  # now an hour takes two pages
    shares = [0.0]
    read(ONE, asked=Interval(END - 2 * DAY, END), progress=shares.append)
    lengths = [round((after - before) * 2 * DAY) for before, after in pairwise(shares)]
    assert max(lengths[4:-1]) <= 8 * HOUR
    assert min(lengths[:-1]) >= SHORTEST


@pytest.mark.parametrize(
    ("length", "pages", "after"),
    [
        (900, 1, 3_600),
        (900, 4, 900),
        (900, 2, 1_800),
        (900, 8, 450),
        (900, 400, SHORTEST),
        (36_000, 400, 9_000),
        (36_000, 1, LONGEST),
        (SHORTEST, 9, SHORTEST),
    ],
)
def test_how_long_the_next_slice_is(length: int, pages: float, after: int) -> None:
    assert refused_calls._next(length, pages) == after  # noqa: SLF001


def call(number: int) -> dict[str, Any]:
    return {
        "eventID": f"call {number}",
        "eventSource": "s3.amazonaws.com",
        "eventName": "GetBucketAcl",
        "errorCode": "AccessDenied",
        "userIdentity": {"type": "AWSService", "invokedBy": "cloudtrail.amazonaws.com"},
    }


@pytest.mark.parametrize("later", [0, 240])
def test_a_call_that_two_trails_deliver_is_one_call_and_counts_in_each_log_group(aws: LocalAws, later: int) -> None:
    seconds = [WEEK.start + 300 + number * 997 for number in range(600)]
    for name, lag in (("first", 0), ("second", later)):
        aws.client("logs").create_log_group(logGroupName=name)
        aws.deliver_events(name, [((at + lag) * 1000, call(number)) for number, at in enumerate(seconds)])
    first, second = arn("first"), arn("second")
    whole_pattern = Watched(None, parse(PATTERN))
    tally = partial(Tally, ACCOUNT, [whole_pattern, Watched(second, parse(PATTERN))])
    until = time.monotonic() + 60
    found = read_refused_calls(own_clients(), [first, second], PATTERN, WEEK, tally, own_account=ACCOUNT, until=until)
    cells = found.tally.cells.values()
    assert found.tally.events == 2 * len(seconds)
    assert sum(len(cell.seconds) for cell in cells if not cell.again) == len(seconds)
    for log_group, lag, seen_by in ((first, 0, 1), (second, later, 3)):
        of_group = [cell for cell in cells if cell.log_group == log_group]
        assert sorted(at for cell in of_group for at in cell.seconds) == [at + lag for at in seconds]
        assert {cell.seen_by for cell in of_group} == {seen_by}


def test_what_is_no_json_is_counted(aws: LocalAws) -> None:
    messages = [
        "AccessDenied",
        "{ AccessDenied",
        "[" * 100_000 + "AccessDenied",
        '["AccessDenied"]',
        '{"AccessDenied": NaN}',
    ]
    aws.client("logs").create_log_group(logGroupName="odd")
    aws.deliver_events("odd", [((END - 9) * 1000, message) for message in (*messages, json.dumps(call(1)))])
    until = time.monotonic() + 60
    odd, tally = arn("odd"), partial(Tally, ACCOUNT, ())
    found = read_refused_calls(own_clients(), [odd], "AccessDenied", WEEK, tally, own_account=ACCOUNT, until=until)
    assert (found.tally.events, found.tally.not_understood) == (len(messages) + 1, len(messages))
    assert found.log_groups == ((odd, WEEK.start, len(messages) + 1, None),)


EVENTS = st.lists(
    st.tuples(st.integers(0, 3 * HOUR * 1000), st.sampled_from(["AccessDenied", "NoSuchBucket"])), max_size=30
)
PAGES = st.builds(Page, st.integers(1, 4), st.integers(1, 200), st.integers(1, 9))
SLICES = st.tuples(*[st.integers(600, 5_000)] * 3).map(sorted)
NAMES = ("first", "second")


@contextmanager
def delivered(aws: LocalAws, events: Sequence[Sequence[tuple[int, str]]], pages: Sequence[Page]) -> Iterator[None]:
    """Two log groups with these events, each with its milliseconds after END and its code."""
    for name, of_group, page in zip(NAMES, events, pages, strict=True):
        aws.client("logs").create_log_group(logGroupName=name)
        aws.deliver_events(name, logged(of_group))
        aws.page_log_events(name, page)
    try:
        yield
    finally:
        aws.faults.clear()
        for group in aws.client("logs").describe_log_groups()["logGroups"]:
            aws.client("logs").delete_log_group(logGroupName=group["logGroupName"])


def logged(events: Sequence[tuple[int, str]]) -> list[tuple[int, str]]:
    return [(END * 1000 + at, event(code, number)) for number, (at, code) in enumerate(events)]


def matching(events: Sequence[tuple[int, str]], start: int, end: int) -> Counter[tuple[int, str]]:
    """Those of the events that are refused calls of this time."""
    within = ((at, text) for at, text in logged(events) if start * 1000 <= at < end * 1000)
    return Counter(one for one in within if "AccessDenied" in one[1])


def counted(found: Read, name: str) -> Counter[tuple[int, str]]:
    return Counter((at, text) for group, at, text in added(found) if group == arn(name))


def in_slices(slices: Sequence[int]) -> AbstractContextManager[object]:
    """Without pauses, in slices of these lengths."""
    shortest, first, longest = slices
    return patch.multiple(refused_calls, PACE=0.0, SHORTEST=shortest, FIRST=first, LONGEST=longest)


@given(
    events=st.tuples(EVENTS, EVENTS),
    pages=st.tuples(PAGES, PAGES),
    asked=st.tuples(st.integers(0, 3 * HOUR), st.integers(0, 3 * HOUR)).filter(lambda both: both[0] != both[1]),
    slices=SLICES,
)
def test_exactly_the_events_of_the_time_that_match_are_counted_each_once(
    account: LocalAws,
    events: tuple[list[tuple[int, str]], ...],
    pages: tuple[Page, ...],
    asked: tuple[int, int],
    slices: list[int],
) -> None:
    whole_time = Interval(END + min(asked), END + max(asked))
    with delivered(account, events, pages), in_slices(slices):
        found = read(*map(arn, NAMES), asked=whole_time)
    assert found.read == whole_time
    for name, of_group, (_, start, total, error) in zip(NAMES, events, found.log_groups, strict=True):
        assert counted(found, name) == matching(of_group, *whole_time)
        assert (start, total, error) == (whole_time.start, counted(found, name).total(), None)


MISHAPS: dict[str, Callable[[LocalAws, str, int], object]] = {
    # what happens to a log group, or to so many of its calls
    "throttled": lambda aws, name, times: aws.fail(CALL, error="ThrottlingException", times=3 * times, about=name),
    "no answer": lambda aws, name, times: aws.fail(CALL, error="InternalFailure", times=times, about=name),
    "refused": lambda aws, name, times: aws.fail(CALL, error="AccessDeniedException", times=times, about=name),
    "later pages refused": lambda aws, name, _: aws.fail(CALL, error="AccessDeniedException", about="nextToken"),
    "malformed": lambda aws, name, times: aws.faults.append(
        Fault(CALL, None, lambda _: (AWSResponse("", 200, HTTPHeaders(), None), {"events": [{}]}), times, about=name)
    ),
    "deleted": lambda aws, name, _: aws.client("logs").delete_log_group(logGroupName=name),
}


@settings(max_examples=50)
@given(
    events=st.tuples(EVENTS, EVENTS),
    pages=st.tuples(PAGES, PAGES),
    slices=SLICES,
    mishaps=st.dictionaries(
        st.integers(0, 9), st.tuples(st.sampled_from([*MISHAPS]), st.sampled_from(NAMES), st.integers(1, 7)), max_size=3
    ),
)
def test_whatever_happens_what_is_told_to_be_read_is_exactly_what_was_counted(
    account: LocalAws,
    events: tuple[list[tuple[int, str]], ...],
    pages: tuple[Page, ...],
    slices: list[int],
    mishaps: dict[int, tuple[str, str, int]],
) -> None:
    asked = Interval(END, END + 3 * HOUR)
    slices_read = count()
    deleted: set[str] = set()

    def meanwhile(_: float) -> None:
        kind, name, times = mishaps.get(next(slices_read), ("", "", 0))
        if kind and name not in deleted:
            MISHAPS[kind](account, name, times)
            deleted.update({name} if kind == "deleted" else ())

    with delivered(account, events, pages), in_slices(slices):
        meanwhile(0.0)
        found = read(*map(arn, NAMES), asked=asked, progress=meanwhile)
    for name, of_group, (log_group, start, total, error) in zip(NAMES, events, found.log_groups, strict=True):
        assert log_group == arn(name)
        assert counted(found, name) == matching(of_group, start, asked.end)
        assert total == counted(found, name).total()
        assert (error is None) is (start == found.read.start == asked.start)
        assert start >= found.read.start
    assert found.read.end == asked.end
    assert found.read.start == min(group.start for group in found.log_groups)


@pytest.mark.parametrize("days", [1, 3.5, 6.99])
def test_what_a_log_group_no_longer_keeps_is_not_taken_for_read(aws: LocalAws, days: float) -> None:
    since = END - round(days * DAY)
    found = read(ONE, TWO, kept_since={ONE: since})
    one, two = found.log_groups
    assert one.start == since
    assert one.error == Unreadable(CALL, REGION, "NotKept")
    assert (two.start, two.error) == (WEEK.start, None)
    assert found.read == WEEK
    oldest = min(timestamp for group, timestamp, _ in added(found) if group == ONE)
    assert since * 1000 <= oldest < since * 1000 + HOUR * 1000
    alone = read(ONE, kept_since={ONE: since})
    assert alone.read == Interval(since, END)
    assert alone.log_groups == (one,)


def test_a_log_group_that_keeps_more_than_is_asked_for_is_read_whole(aws: LocalAws) -> None:
    for since in (WEEK.start, WEEK.start - 1):
        (one,) = read(ONE, kept_since={ONE: since}).log_groups
        assert (one.start, one.error) == (WEEK.start, None)


def test_each_page_makes_it_quicker_again(aws: LocalAws) -> None:
    aws.fail(CALL, error="ThrottlingException", times=3)
    with patch.object(refused_calls._Pace, "faster") as faster:  # noqa: SLF001
        found = read(ONE)
    assert faster.call_count == found.calls - 3


def test_after_it_was_throttled_it_becomes_as_quick_as_before() -> None:
    pace = refused_calls._Pace()  # noqa: SLF001
    with patch.object(time, "sleep"), patch.object(time, "monotonic", return_value=0.0):
        pace.slower()
        pace.slower()
        assert not pace.wait(0.8)
        for _ in range(3):
            pace.faster()
        assert pace.wait(1)
        assert not pace.wait(0.2)
        assert pace.wait(0.21)


def test_the_limits_of_a_run() -> None:
    assert (refused_calls.PACE, refused_calls.SLOWEST) == (0.2, 15)
    assert (refused_calls.MOST_TRIES, refused_calls.LONGEST_CALL, refused_calls.MOST_CALLS) == (5, 30, 20_000)
