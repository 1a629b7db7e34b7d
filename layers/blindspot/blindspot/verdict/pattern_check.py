"""Checks with AWS: logs:TestMetricFilter tests each filter that a verdict depends on against the events that matter.

This module decides what to ask, and what follows from the answers. `aws.pattern_check` makes the calls.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from blindspot.model import cloudtrail_events
from blindspot.model.profile import Profile
from blindspot.model.snapshot import Unreadable
from blindspot.verdict.assessment import Assessment, RegionAssessment, Verdict
from filter_pattern import And, Event, Found, Not, Or, Pattern, Predicate, Proofs

MOST_MESSAGES = 50
"""Messages in one call (CloudWatch Logs API reference, TestMetricFilter)."""

MOST_QUESTIONS = 50
"""The largest number of patterns to check. With the quota of five calls a second they take ten seconds."""

Answers = Mapping[str, frozenset[int] | Unreadable]
"""By the text of a pattern, the indexes of the messages that it matches, according to AWS."""


class Question(NamedTuple):
    """A pattern, and the events to test it with. `expected`: the indexes of those that it matches, according to us."""

    pattern: str
    events: tuple[Event, ...]
    expected: frozenset[int]


def questions(assessment: Assessment, profile: Profile, proofs: Proofs | None = None) -> tuple[Question, ...]:
    """What to ask: every pattern that a verdict depends on. Patterns that match an event come first. The events are the
    distinct blind spots, and one for each alternative of what is required."""
    events = list(_samples(profile, assessment.snapshot.account, assessment.snapshot.own_region, proofs or Proofs()))
    for region in assessment.regions:
        if region.blind_spot is not None and region.blind_spot not in events:
            events.append(region.blind_spot)
    events = events[:MOST_MESSAGES]
    patterns = {pattern.text: pattern for region in assessment.regions for pattern in _rests_on(region)}
    asked = [Question(text, tuple(events), _matched(pattern, events)) for text, pattern in patterns.items()]
    return tuple(sorted(asked, key=lambda question: not question.expected)[:MOST_QUESTIONS])


def disputed(asked: Collection[Question], answers: Answers) -> frozenset[str]:
    """The patterns that AWS matches differently than we do."""
    found = ((question, answers[question.pattern]) for question in asked)
    return frozenset(q.pattern for q, answer in found if not isinstance(answer, Unreadable) and answer != q.expected)


def confirmed(assessment: Assessment, answers: Answers) -> Assessment:
    """The assessment with the regions in which AWS agreed on every filter, and with the calls that failed."""
    agreed = {text for text, answer in answers.items() if not isinstance(answer, Unreadable)}
    unread = dict.fromkeys(answer for answer in answers.values() if isinstance(answer, Unreadable))
    names = (
        region.region
        for region in assessment.regions
        if region.verdict is not Verdict.INDETERMINATE and all(p.text in agreed for p in _rests_on(region))
    )
    return replace(assessment, confirmed=frozenset(names), unreadable=(*assessment.unreadable, *unread))


def _rests_on(region: RegionAssessment) -> Iterator[Pattern]:
    """The patterns of the channels without a gap: what they match decides the verdict on the region."""
    return (channel.pattern for channel in region.channels if channel.gap is None and channel.pattern is not None)


def _matched(pattern: Pattern, events: Collection[Event]) -> frozenset[int]:
    return frozenset(number for number, event in enumerate(events) if pattern.matches(event))


def _samples(profile: Profile, account: str, region: str, proofs: Proofs) -> Iterator[Event]:
    """One event for each alternative of what is required."""
    records = cloudtrail_events.records(account=account, region=region)
    for arm in _arms(profile.required.predicate):
        found = proofs.find(And(arm, *map(Not, profile.benign)), records)
        if isinstance(found, Found):
            yield found.event


def _arms(predicate: Predicate) -> tuple[Predicate, ...]:
    return predicate.parts if isinstance(predicate, Or) else (predicate,)
