"""The refused calls by who, what and why, and what speaks for an attack, a broken permission or a scanner. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import TypeVar

from blindspot.model.profile import Profile
from blindspot.review.matching import Matching
from blindspot.review.read import Read
from blindspot.review.tally import OTHERS, Details, Interval, Key, Tally, json_object

K = TypeVar("K")
V = TypeVar("V")

SIGNS: Mapping[str, str] = {
    "new": "First seen in the last quarter of the time that was read.",
    "many-services": "This caller was refused in many services.",
    "new-services": "Most of the services that refused this caller first did so in the last quarter of that time.",
    "many-callers": "This call was refused for many callers.",
    "tried-once": "Most of the calls that this caller was refused were made on one day only.",
    "daily": "This caller was refused on at least half of the days that were read.",
    "console": "Calls of the console, which a person without the permission made by opening a page.",
    "own": "Calls of Blindspot itself, as this caller makes no others.",
}
"""What may be noticed of a group, each with a sentence."""

NEW = 0.75
"""A group is new if it was first seen after this share of the time that was read."""

MANY = 5
"""Services of one caller, or callers of one call. An application seldom uses more than four services without a
permission; one that does is worth a look."""

FEWEST_DAYS = 3
"""Days (UTC) that must have been read before it is told what is repeated and what is not."""

ATTACK = "an attack"
LOOKS_LIKE = (ATTACK, "a scanner", "a broken permission", "a console without permission", "Blindspot itself")
NOT_KNOWN = "not known"

DAY = 86_400
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Group:
    """Refused calls that have `key` in common.

    count: of calls, each once. days: on how many days (UTC) there was one. by_day: how many on each.
    first, last: when the first and the last of them was logged, in UTC. signs: of SIGNS.
    excused: whether the profile's exclusions in force excuse them already (of the newest).
    """

    key: Key
    details: Details
    count: int
    by_day: Mapping[date, int]
    first: datetime
    last: datetime
    signs: tuple[str, ...]
    excused: bool

    @property
    def days(self) -> int:
        return len(self.by_day)


def groups(read: Read, profile: Profile) -> tuple[Group, ...]:
    """The refused calls in groups, those with the most calls first; each call once, however many trails deliver it."""
    seen = _seen(read.tally)
    signs = _signs(seen, read)
    benign = Matching([(None, pattern) for pattern in profile.benign])
    # What is no longer needed of a group makes room for the next: each has a number for every day.
    found = [_group(key, seen.pop(key), read.tally.details[key], benign, signs[key]) for key in signs]
    return tuple(sorted(found, key=_order))


def by_day(read: Read) -> Mapping[date, int]:
    """How many calls were refused on each day (UTC) of the time that was read, the oldest first."""
    counted = Counter[int]()
    for cell in read.tally.cells.values():
        if not cell.again:
            counted.update(second // DAY for second in cell.seconds)
    return {_date(day): counted[day] for day in days_of(read.read)}


def days_of(interval: Interval) -> range:
    """The days (UTC) of the interval, in days since 1970, also those of which it is only a part."""
    return range(interval.start // DAY, -(-interval.end // DAY))


def new_from(interval: Interval) -> float:
    """When the last quarter of the interval begins, in seconds since 1970."""
    return interval.start + NEW * (interval.end - interval.start)


def looks_like(group: Group) -> str:
    """What the group looks like: one of LOOKS_LIKE, or NOT_KNOWN. docs/review.md has the same rule as a table."""
    signs = set(group.signs)
    if "own" in signs:
        return "Blindspot itself"
    if "console" in signs:
        return "a console without permission"
    tries_now = {"new", "new-services"} <= signs
    if "many-services" in signs and (tries_now or ("tried-once" in signs and group.days == 1)):
        return ATTACK
    if {"many-services", "daily"} <= signs and "tried-once" not in signs:
        return "a scanner"
    return "a broken permission" if "daily" in signs else NOT_KNOWN


@dataclass(slots=True)
class _Seen:
    """When the calls of a group were logged: how many on each day since 1970, and the first and the last second."""

    by_day: Counter[int]
    first: int
    last: int


def _seen(tally: Tally) -> dict[Key, _Seen]:
    seen: dict[Key, _Seen] = {}
    for cell in tally.cells.values():
        if cell.again or not cell.seconds:
            continue
        first, last = min(cell.seconds), max(cell.seconds)
        known = seen.setdefault(cell.key, _Seen(Counter(), first, last))
        known.by_day.update(second // DAY for second in cell.seconds)
        known.first, known.last = min(known.first, first), max(known.last, last)
    return seen


def _group(key: Key, seen: _Seen, details: Details, benign: Matching, signs: tuple[str, ...]) -> Group:
    newest = json_object(details.logged)
    return Group(
        key=key,
        details=details,
        count=seen.by_day.total(),
        by_day={_date(day): count for day, count in sorted(seen.by_day.items())},
        first=datetime.fromtimestamp(seen.first, UTC),
        last=datetime.fromtimestamp(seen.last, UTC),
        signs=signs,
        excused=newest is not None and bool(benign.seen_by(newest, details.logged, "")),
    )


def _order(group: Group) -> tuple[object, ...]:
    key = group.key
    return -group.count, group.first, who(key), key.service, key.call, key.code, str(key.refusal)


def _signs(seen: Mapping[Key, _Seen], read: Read) -> Mapping[Key, tuple[str, ...]]:
    """What is noticed of each group, over all groups."""
    lately = new_from(read.read)
    told_apart = [key for key in seen if key != OTHERS]
    services = _collected((who(key), key.service) for key in told_apart)
    known = _collected((who(key), key.service) for key in told_apart if seen[key].first < lately)
    callers = _collected((_what(key), who(key)) for key in told_apart)
    not_own = {who(key) for key in told_apart if not _is_own(read.tally.details[key])}
    tried_once, daily = _habits({key: seen[key] for key in told_apart}, len(days_of(read.read)))

    def of(key: Key) -> Iterable[tuple[str, bool]]:
        details = read.tally.details[key]
        yield "new", seen[key].first >= lately
        yield "many-services", len(services[who(key)]) >= MANY
        yield "new-services", 2 * len(known[who(key)]) < len(services[who(key)])
        yield "many-callers", len(callers[_what(key)]) >= MANY
        yield "tried-once", who(key) in tried_once
        yield "daily", who(key) in daily
        yield "console", details.console
        yield "own", who(key) not in not_own

    signs = {key: tuple(sign for sign, is_seen in of(key) if is_seen) for key in told_apart}
    return {**dict.fromkeys(seen, ()), **signs}


def _is_own(details: Details) -> bool:
    """Whether Blindspot may have made the calls. It has no role in an account that is not reviewed."""
    return details.own and not details.outside


Who = tuple[str, str, str]
"""A caller, whatever field tells it apart."""


def _habits(seen: Mapping[Key, _Seen], days_read: int) -> tuple[set[Who], set[Who]]:
    """The callers of whose calls most were made on one day only; and those that were refused on at least half of the
    days."""
    if days_read < FEWEST_DAYS:
        return set(), set()
    days = _collected((who(key), day) for key in seen for day in seen[key].by_day)
    days_of_calls = _collected(((who(key), _what(key)), day) for key in seen for day in seen[key].by_day)
    calls, once = Counter(who for who, _ in days_of_calls), Counter[Who]()
    once.update(who for (who, _), of_call in days_of_calls.items() if len(of_call) == 1)
    return {who for who in calls if 2 * once[who] > calls[who]}, {
        who for who in days if 2 * len(days[who]) >= days_read
    }


def who(key: Key) -> Who:
    """Whose calls the group is made of."""
    return key.caller[:3]


def _what(key: Key) -> tuple[str, str]:
    return key.service, key.call


def _collected(pairs: Iterable[tuple[K, V]]) -> Mapping[K, set[V]]:
    collected = defaultdict[K, set[V]](set)
    for one, other in pairs:
        collected[one].add(other)
    return collected


@cache
def _date(day: int) -> date:
    """The same object each time: a month of twenty thousand groups has half a million dates."""
    return date(1970, 1, 1) + timedelta(days=day)
