"""The filter pattern that remediation writes: the source's own where it does what the settings require, else one that
is generated."""

from __future__ import annotations

from collections.abc import Iterator

from blindspot.model import cloudtrail_events
from blindspot.model.profile import Profile
from filter_pattern import (
    EVERY,
    LONGEST_PATTERN,
    And,
    Atom,
    Equals,
    Not,
    NotExists,
    Or,
    Pattern,
    Predicate,
    Proofs,
    parse,
)

ANYWHERE = cloudtrail_events.records(account="000000000000", region=None)


def pattern_to_write(profile: Profile, proofs: Proofs) -> Pattern | None:
    """The source's pattern if it satisfies the profile; else what is required without what is benign; else all that is
    required. None where none of these satisfies the profile within AWS's limits."""
    return next((pattern for pattern in _candidates(profile) if satisfies(pattern, profile, proofs)), None)


def satisfies(pattern: Pattern, profile: Profile, proofs: Proofs) -> bool:
    """Whether a metric filter with this pattern alone matches every event that the profile requires and, unless the
    profile accepts those, no ordinary one."""
    required = And(profile.required, *map(Not, profile.benign))
    ordinary = cloudtrail_events.ordinary(account="0" * 12, region="us-east-1")
    is_noise = profile.noise_breaks and any(map(pattern.matches, ordinary))
    return not is_noise and proofs.implies(required, pattern, ANYWHERE)


def matches_only_required(pattern: Pattern, profile: Profile, proofs: Proofs) -> bool:
    """Whether every event that the pattern matches is one that the profile requires, benign or not."""
    return proofs.implies(pattern, profile.required, ANYWHERE)


def _candidates(profile: Profile) -> Iterator[Pattern]:
    yield profile.pattern
    exclusions = [negated for negated in map(_negated, profile.benign) if negated is not None]
    text = f"{{ {And(profile.required.predicate, *exclusions)} }}"
    if exclusions and len(text) <= LONGEST_PATTERN:
        yield parse(text)
    yield profile.required


def _negated(predicate: Predicate) -> Predicate | None:
    """The predicate's negation in terms that a filter pattern has; None where it has none.

    `!=` is false for a missing field, so for a field that may be missing NOT EXISTS is added.
    """
    match predicate:
        case Pattern():
            return _negated(predicate.predicate)
        case And(parts=parts) | Or(parts=parts):
            negated = [_negated(part) for part in parts]
            known = [part for part in negated if part is not None]
            if len(known) < len(negated):
                return None
            return Or(*known) if isinstance(predicate, And) else And(*known)
        case Atom(path=path, test=Equals(value=value, negated=negated)) if EVERY not in path:
            test = Atom(path, Equals(value, not negated))
            return test if ANYWHERE.field(path).always else Or(Atom(path, NotExists()), test)
    return None
