"""Asking AWS: each filter that a verdict rests on, with the events that matter, is put to logs:TestMetricFilter.

What is asked and what follows from the answers is decided here; `aws.confirm` asks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from blindspot.model import cloudtrail_events
from blindspot.model.profile import Profile
from blindspot.model.snapshot import Unreadable
from blindspot.verdict.assessment import Assessment, RegionAssessment, Verdict
from filter_pattern import And, Event, Found, Not, Or, Pattern, Predicate, find

MOST_MESSAGES = 50
"""Messages in one call (CloudWatch Logs API reference, TestMetricFilter)."""

MOST_QUESTIONS = 50
"""Patterns that are asked about; at the quota of five calls a second that takes ten seconds."""

Answers = Mapping[str, frozenset[int] | Unreadable]
"""By a pattern's text, which of the messages AWS says it matches."""


class Question(NamedTuple):
    """A pattern and the events it is put to; `expected` are the positions of those that we say it matches."""

    pattern: str
    events: tuple[Event, ...]
    expected: frozenset[int]


def questions(assessment: Assessment, profile: Profile) -> tuple[Question, ...]:
    """What to ask: every pattern that a verdict rests on, those that match first, with the distinct blind spots and one
    event of each arm of what is required."""
    events = list(_samples(profile, assessment.snapshot.account, assessment.snapshot.own_region))
    for region in assessment.regions:
        if region.blind_spot is not None and region.blind_spot not in events:
            events.append(region.blind_spot)
    events = events[:MOST_MESSAGES]
    patterns = {pattern.text: pattern for region in assessment.regions for pattern in _rests_on(region)}
    asked = [Question(text, tuple(events), _matched(pattern, events)) for text, pattern in patterns.items()]
    return tuple(sorted(asked, key=lambda question: not question.expected)[:MOST_QUESTIONS])


def disputed(asked: Collection[Question], answers: Answers) -> frozenset[str]:
    """The patterns that AWS reads otherwise than we do."""
    found = ((question, answers[question.pattern]) for question in asked)
    return frozenset(q.pattern for q, said in found if not isinstance(said, Unreadable) and said != q.expected)


def confirmed(assessment: Assessment, answers: Answers) -> Assessment:
    """The assessment with the regions whose every filter AWS was asked about, and agreed on; and with what AWS did not
    answer."""
    agreed = {text for text, answer in answers.items() if not isinstance(answer, Unreadable)}
    unread = dict.fromkeys(answer for answer in answers.values() if isinstance(answer, Unreadable))
    names = (
        region.region
        for region in assessment.regions
        if region.verdict is not Verdict.INDETERMINATE and all(p.text in agreed for p in _rests_on(region))
    )
    return replace(assessment, confirmed=frozenset(names), unreadable=(*assessment.unreadable, *unread))


def _rests_on(region: RegionAssessment) -> Iterator[Pattern]:
    """The patterns of the channels that may be whole: what they match, and what not, decides the region."""
    return (channel.pattern for channel in region.channels if channel.gap is None and channel.pattern is not None)


def _matched(pattern: Pattern, events: Collection[Event]) -> frozenset[int]:
    return frozenset(number for number, event in enumerate(events) if pattern.matches(event))


def _samples(profile: Profile, account: str, region: str) -> Iterator[Event]:
    """One event for each arm of what is required."""
    records = cloudtrail_events.records(account=account, region=region)
    for arm in _arms(profile.required.predicate):
        found = find(And(arm, *map(Not, profile.benign)), records)
        if isinstance(found, Found):
            yield found.event


def _arms(predicate: Predicate) -> tuple[Predicate, ...]:
    return predicate.parts if isinstance(predicate, Or) else (predicate,)
