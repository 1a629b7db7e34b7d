"""Which calls may be excluded: those of noisy groups, unless something worse could hide among them. Pure."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from blindspot.model.profile import LONGEST_REASON
from blindspot.review.forecast import ForecastAlarm
from blindspot.review.groups import DAY, Group, new_from, who
from blindspot.review.read import Read
from blindspot.review.refused_call import Caller
from blindspot.review.risk import WHY, risks
from blindspot.review.tally import Interval, Key
from filter_pattern import And, Or, Pattern, Predicate, equals

MOST_CALLERS = 50
"""Callers that are looked at, those with the most calls first."""

FEWEST_DAYS = 2
"""Calls of a noisy group were seen on at least as many days, and on a quarter of the days that were read. A slow attack
makes few calls of each kind."""

SHORTEST = 2 * DAY
"""Seconds from the first of these calls to the last, if they are excluded: an attack may last for two nights."""

_BRIEF = "The last of these calls came less than 48 hours after the first. So it is not known to be ordinary."

_TOO_MANY = f"{WHY['no-time']} Only the {MOST_CALLERS} callers with the most calls are looked at."


@dataclass(frozen=True, slots=True)
class NotProposed:
    """A noisy group that is not excluded. code: of WHY. why: a sentence."""

    group: Group
    code: str
    why: str


class Call(NamedTuple):
    """What an exclusion excludes or does not: the calls of one caller to one operation, whatever refused them.

    groups: all of them; noisy: those of this caller that are. matched: how many calls the profile's pattern matches.
    """

    service: str
    call: str
    groups: tuple[Group, ...]
    noisy: tuple[Group, ...]
    matched: int


class Candidate(NamedTuple):
    """Calls of one caller that may be excluded, those with the most first."""

    caller: Caller
    calls: tuple[Call, ...]

    @property
    def pattern(self) -> Pattern:
        return exclusion_of(self.caller, ((call.service, call.call) for call in self.calls))

    @property
    def groups(self) -> tuple[Group, ...]:
        return tuple(group for call in self.calls for group in call.groups)

    @property
    def keys(self) -> frozenset[Key]:
        return frozenset(group.key for group in self.groups)

    @property
    def matched(self) -> int:
        return sum(call.matched for call in self.calls)

    @property
    def reason(self) -> str:
        """For `benign`. It is logged, so it does not name the caller; but a service, whose name is no secret."""
        who = self.caller.name if self.caller.kind == "service" else f"a {self.caller.kind}"
        days = len({day for group in self.groups for day in group.by_day})
        first, others = self.calls[0], len(self.calls) - 1
        calls = f"{first.service} {first.call}" + (f" and {others} more" if others else "")
        return f"Review: {self.matched:,} refused calls of {who} on {days} days: {calls}"[:LONGEST_REASON]


def exclusion_of(caller: Caller, calls: Iterable[tuple[str, str]]) -> Pattern:
    """The pattern of exactly these calls of the caller, each a service and one of its operations; at least one. It may
    be longer than AWS allows."""
    by_service: dict[str, list[str]] = {}
    for service, call in sorted(calls):
        by_service.setdefault(service, []).append(call)
    services = [
        (equals("eventSource", service), _any([equals("eventName", name) for name in names]))
        for service, names in by_service.items()
    ]
    of_services = services[0] if len(services) == 1 else (Or(*(And(*parts) for parts in services)),)
    predicate = And(*caller.tests, *of_services)
    return Pattern(predicate, f"{{ {predicate} }}")


def candidates(
    groups: Sequence[Group], read: Read, alarm: ForecastAlarm
) -> tuple[tuple[Candidate, ...], tuple[NotProposed, ...]]:
    """The callers of noisy groups with what may be excluded of them, those with the most calls first; and the noisy
    groups of which nothing may be.

    alarm: the profile's. Its pattern is what makes noise.
    """
    matched = _matched(read, alarm)
    noisy = [group for group in groups if matched[group.key].are_noise(read.read)]
    brief = {group.key: ("new", _BRIEF) for group in noisy if matched[group.key].are_brief}
    risky = {**brief, **risks(groups, read.tally)}
    refused = [NotProposed(group, *risky[group.key]) for group in noisy if group.key in risky]
    by_caller: dict[Caller, list[Group]] = {}
    for group in noisy:
        if group.key not in risky:
            by_caller.setdefault(group.key.caller, []).append(group)
    loudest = sorted(by_caller, key=lambda caller: -sum(matched[group.key].calls for group in by_caller[caller]))
    too_many = (group for caller in loudest[MOST_CALLERS:] for group in by_caller[caller])
    refused += (NotProposed(group, "no-time", _TOO_MANY) for group in too_many)
    same_operation = _by_operation(groups)
    found: list[Candidate] = []
    for caller in loudest[:MOST_CALLERS]:
        calls: list[Call] = []
        for what, those in _by_operation(by_caller[caller]).items():
            alike = tuple(group for group in same_operation[what] if _is_of(group, caller))
            if why_not := _why_not(alike, risky):
                refused += (NotProposed(group, *why_not) for group in those)
            else:
                calls.append(Call(*what, alike, tuple(those), sum(matched[group.key].calls for group in alike)))
        if calls:
            found.append(Candidate(caller, tuple(sorted(calls, key=_most_first))))
    return tuple(sorted(found, key=lambda candidate: -candidate.matched)), tuple(refused)


def fewest_days(read: Interval) -> int:
    """On how many days (UTC) the calls of a group were seen if they are noise."""
    return max(FEWEST_DAYS, math.ceil((read.end - read.start) / DAY / 4))


class _Matched:
    """The calls of a group that the profile's pattern matches: how many, on which days since 1970, and when the first
    and the last was, in seconds since 1970."""

    def __init__(self) -> None:
        self.calls = 0
        self.days: set[int] = set()
        self.first, self.last = math.inf, -math.inf

    def add(self, seconds: Collection[int]) -> None:
        self.calls += len(seconds)
        self.days.update(second // DAY for second in seconds)
        self.first, self.last = min(self.first, min(seconds)), max(self.last, max(seconds))

    def are_noise(self, read: Interval) -> bool:
        """Whether they were seen on many days, and lately: what has ended needs no exclusion. read: the time that was
        read."""
        return len(self.days) >= fewest_days(read) and self.last >= new_from(read)

    @property
    def are_brief(self) -> bool:
        return self.last - self.first < SHORTEST


def _matched(read: Read, alarm: ForecastAlarm) -> Mapping[Key, _Matched]:
    """By group, each call once; nothing for other groups."""
    patterns = sum(1 << feed.watched for feed in alarm.feeds)
    matched = defaultdict[Key, _Matched](_Matched)
    for cell in read.tally.cells.values():
        if cell.seen_by & patterns and cell.seconds and not cell.again:
            matched[cell.key].add(cell.seconds)
    return matched


def _by_operation(groups: Iterable[Group]) -> Mapping[tuple[str, str], list[Group]]:
    found: dict[tuple[str, str], list[Group]] = {}
    for group in groups:
        found.setdefault((group.key.service, group.key.call), []).append(group)
    return found


def _is_of(group: Group, caller: Caller) -> bool:
    """Whether an exclusion of the caller's calls excludes those of the group."""
    if group.key.caller == caller:
        return True
    if not group.details.logged:
        return caller.value.endswith("*") and who(group.key) == caller[:3]  # a session of the role, as all have an ARN
    logged = group.details.logged
    if caller.value.removesuffix("*") not in logged and "\\" not in logged:  # reading an example takes long
        return False
    example = group.details.example
    return example is not None and And(*caller.tests).matches(example)


def _why_not(alike: Iterable[Group], risky: Mapping[Key, tuple[str, str]]) -> tuple[str, str] | None:
    """The code and the sentence where one of the groups must not be excluded with the others."""
    codes = {risky[group.key][0] for group in alike if group.key in risky}
    code = next((code for code in WHY if code in codes), None)
    if code is None:
        return None
    return code, f"An exclusion would also exclude the same call refused in another way. {WHY[code]}"


def _any(predicates: Sequence[Predicate]) -> Predicate:
    return Or(*predicates) if len(predicates) > 1 else predicates[0]


def _most_first(call: Call) -> tuple[int, str, str]:
    return -call.matched, call.service, call.call
