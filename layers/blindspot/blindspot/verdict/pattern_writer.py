"""The filter pattern that does what a profile requires: the source's own where it does, else one that is generated.

Remediation writes it, and a review proves its exclusions with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from blindspot.model import cloudtrail_events
from blindspot.model.profile import Profile, load
from filter_pattern import (
    EVERY,
    LONGEST_PATTERN,
    NEVER,
    And,
    Atom,
    Empty,
    Equals,
    Not,
    NotExists,
    Or,
    Pattern,
    Predicate,
    Proofs,
    parse,
    selector,
)

ANYWHERE = cloudtrail_events.records(account="000000000000", region=None)


TOO_LONG = f"the pattern would be longer than {LONGEST_PATTERN:,} characters"


class LeftOut(NamedTuple):
    """An exclusion that the written pattern does not have: its pattern, and why not."""

    pattern: str
    why: str


class PatternToWrite(NamedTuple):
    """The pattern of a metric filter, None where none does what the profile requires; and what it does not exclude."""

    pattern: Pattern | None
    left_out: tuple[LeftOut, ...] = ()


def pattern_to_write(profile: Profile, proofs: Proofs) -> PatternToWrite:
    """The source's pattern as it stands if it satisfies the profile and knows what the operator excludes beside the
    source; else what is required less every exclusion that can be written."""
    if _knows_exclusions(profile, proofs) and satisfies(profile.pattern, profile, proofs):
        return PatternToWrite(profile.pattern)
    pattern, left_out = _generated(profile, proofs)
    return PatternToWrite(pattern, left_out) if satisfies(pattern, profile, proofs) else PatternToWrite(None)


def text_of(profile: Profile) -> str:
    """The text of what is required less every exclusion that a pattern can have. Nothing is proven of it, and it may be
    longer than AWS allows."""
    negated = (_negated(benign) for benign in profile.benign)
    return _text(And(profile.required.predicate, *(safe(each) for each in negated if each is not None)))


def satisfies(pattern: Pattern, profile: Profile, proofs: Proofs) -> bool:
    """Whether a metric filter with this pattern alone matches every event that the profile requires and, unless the
    profile accepts those, no ordinary one."""
    ordinary = cloudtrail_events.ordinary(account="0" * 12, region="us-east-1")
    is_noise = profile.noise_breaks and any(map(pattern.matches, ordinary))
    return not is_noise and matches_all_required(pattern, profile, proofs)


def matches_all_required(pattern: Predicate, profile: Profile, proofs: Proofs) -> bool:
    """Whether the pattern matches every event that the profile requires."""
    return proofs.implies(And(profile.required, *map(Not, profile.benign)), pattern, ANYWHERE)


def matches_only_required(pattern: Pattern, profile: Profile, proofs: Proofs) -> bool:
    """Whether every event that the pattern matches is one that the profile requires, benign or not."""
    return proofs.implies(pattern, profile.required, ANYWHERE)


def safe(exclusion: Predicate) -> Predicate:
    """The exclusion, also true for events that lack a field of it: there `!=` is false."""
    match exclusion:
        case And(parts):
            return And(*map(safe, parts))
        case Or(parts):
            made = [safe(part) for part in parts]
            flat = [inner for part in made for inner in (part.parts if isinstance(part, Or) else (part,))]
            return Or(*dict.fromkeys(flat))
        case Atom(path, Equals()) if not ANYWHERE.field(path).always:
            return Or(Atom(path, NotExists()), exclusion)
    return exclusion


def _knows_exclusions(profile: Profile, proofs: Proofs) -> bool:
    """Whether the profile's pattern is the operator's own, or leaves out what the operator excludes beside the source.
    Otherwise an exclusion in Overrides would have no effect on what is written."""
    source = as_published(profile.name)
    if profile.pattern != source.pattern:
        return True
    added = [exclusion for exclusion in profile.benign if exclusion not in source.benign]
    excluded = And(profile.required, Or(*added), *map(Not, source.benign))
    return isinstance(proofs.find(And(excluded, profile.pattern), ANYWHERE), Empty)


@cache
def as_published(name: str) -> Profile:
    """The profile of that name, as its source has it: without Overrides. Each is read and checked once."""
    return load(name)


def _generated(profile: Profile, proofs: Proofs) -> tuple[Pattern, tuple[LeftOut, ...]]:
    """What is required, less the exclusions in the order of the profile; each only if it can be written beside those
    before it."""
    written, exclusions = profile.required, list[Predicate]()
    left_out: list[LeftOut] = []
    of_json = profile.required.text.startswith("{")
    for benign in profile.benign:
        negated = _negated(benign) if of_json else None
        if negated is None:
            left_out.append(LeftOut(benign.text, "no filter pattern can exclude exactly these events"))
            continue
        text = _text(And(profile.required.predicate, *exclusions, safe(negated)))
        if len(text) > LONGEST_PATTERN:
            left_out.append(LeftOut(benign.text, TOO_LONG))
        elif not matches_all_required(pattern := parse(text), profile, proofs):
            why = "it cannot be shown that the pattern would still match every required event"
            left_out.append(LeftOut(benign.text, why))
        else:
            written = pattern
            exclusions.append(safe(negated))
    return written, tuple(left_out)


def _text(whole: And) -> str:
    """The pattern's text; where it is too long as people write it, as short as possible."""
    text = f"{{ {whole} }}"
    return text if len(text) <= LONGEST_PATTERN else f"{{{_short(_factored(whole))}}}"


def _factored(whole: And) -> Predicate:
    """The same with what alternatives begin with only once: `(a || x) && (a || y)` is `a || x && y`."""
    by_first: dict[Predicate, list[Predicate]] = {}
    for part in _conjuncts(whole):
        first, *others = part.parts if isinstance(part, Or) else (part,)
        by_first.setdefault(first, []).append(_either(*others))
    parts = [first if NEVER in rests else _either(first, _factored(And(*rests))) for first, rests in by_first.items()]
    return And(*parts) if len(parts) > 1 else parts[0]


def _either(*predicates: Predicate) -> Predicate:
    parts = [inner for each in predicates for inner in (each.parts if isinstance(each, Or) else (each,))]
    return parts[0] if len(parts) == 1 else Or(*parts)


def _conjuncts(predicate: Predicate) -> Iterator[Predicate]:
    match predicate:
        case And(parts):
            for part in parts:
                yield from _conjuncts(part)
        case _:
            yield predicate


_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_.]*")
"""A value that needs no quotes: the CloudWatch Logs user guide writes `kms.amazonaws.com` without."""


def _short(predicate: Predicate) -> str:
    """Without blanks, and without quotes that are not needed: so the CIS benchmark writes its patterns, such as
    `{($.eventName=DeleteGroupPolicy)||($.eventName=DeleteRolePolicy)}`."""
    match predicate:
        case And(parts):
            return "&&".join(f"({_short(part)})" if isinstance(part, Or) else _short(part) for part in parts)
        case Or(parts):
            return "||".join(map(_short, parts))
        case Atom(path, Equals(value) as test):
            sign, quoted = str(test).split(" ", 1)
            return f"({selector(path)}{sign}{value if _WORD.fullmatch(value) else quoted})"
    return str(predicate)


def _negated(predicate: Predicate) -> Predicate | None:
    """The predicate's negation in terms that a filter pattern has, which is not yet `safe`; None where it has none."""
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
            return Atom(path, Equals(value, not negated))
    return None
