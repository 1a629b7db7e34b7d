"""A pattern that covers what a profile requires and still leaves out what another pattern leaves out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from blindspot.model.profile import Profile
from blindspot.verdict.pattern_writer import ANYWHERE, safe, satisfies
from filter_pattern import (
    LONGEST_PATTERN,
    And,
    Atom,
    Equals,
    Found,
    Not,
    NotExists,
    Or,
    Pattern,
    Predicate,
    Proofs,
    excludes,
    parse,
)


class KeptExclusions(NamedTuple):
    """pattern: the given one where it may stay as it is, else what is required, without the exclusions. It covers the
    profile if what it excludes is benign: besides the profile's own, these patterns."""

    pattern: Pattern
    benign: tuple[Pattern, ...]


def keeping_exclusions(pattern: Pattern, profile: Profile, proofs: Proofs) -> KeptExclusions | None:
    """None if the pattern excludes nothing, or if it cannot be written within AWS's limits, or would not do."""
    exclusions = list(dict.fromkeys(_exclusions(pattern.predicate)))
    excluded = [found for found in map(_excluded, exclusions) if found is not None]
    text = f"{{ {And(profile.required.predicate, *map(safe, exclusions))} }}"
    if not exclusions or len(excluded) < len(exclusions) or len(text) > LONGEST_PATTERN:
        return None
    kept = parse(text)
    benign = [parse(f"{{ {predicate} }}") for predicate in excluded]
    more = tuple(pattern for pattern in benign if pattern not in profile.benign)
    excusing = replace(profile, benign=profile.benign + more)
    still_required = proofs.find(And(profile.required, *map(Not, excusing.benign)), ANYWHERE)
    if not isinstance(still_required, Found):
        return None
    fit = (written for written in (pattern, kept) if satisfies(written, excusing, proofs))
    return next((KeptExclusions(written, more) for written in fit), None)


def _exclusions(predicate: Predicate) -> Iterator[Predicate]:
    """The parts of `&&` that only exclude events."""
    match predicate:
        case And(parts):
            for part in parts:
                if excludes(part):
                    yield part
                else:
                    yield from _exclusions(part)
        case Or(parts) if not excludes(predicate):
            for part in parts:
                yield from _exclusions(part) if isinstance(part, And) else ()


def _excluded(exclusion: Predicate) -> Predicate | None:
    """What is excluded. That a field exists is left out: nothing says it but `!=`, which the other parts have."""
    match exclusion:
        case Atom(path, Equals(value, True)):
            return Atom(path, Equals(value))
        case And(parts) | Or(parts):
            parts = tuple(part for part in parts if not (isinstance(part, Atom) and isinstance(part.test, NotExists)))
            excluded = [found for found in map(_excluded, parts) if found is not None]
            if not parts or len(excluded) < len(parts):
                return None
            kind = Or if isinstance(exclusion, And) else And
            return kind(*excluded) if len(excluded) > 1 else excluded[0]
    return None
