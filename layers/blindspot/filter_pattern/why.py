"""Why a pattern does not match an event, in sentences.

A condition that every one of several parts must meet is named if it fails. Of parts of which one is enough, only those
are named that come closest to the event: the author meant the event to match there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from filter_pattern import strings
from filter_pattern.conditions import MISSING, Compare, Equals, EqualsNumber, Is, IsKind, MatchesRegex, NotExists
from filter_pattern.conditions import Test as FieldTest
from filter_pattern.parser import Pattern
from filter_pattern.predicate import (
    EVERY,
    And,
    Atom,
    Event,
    FieldPath,
    Not,
    Or,
    Predicate,
    Regex,
    TextAtom,
    Word,
    selector,
    value_at,
    values_at,
)

NAMED = 3
"""How many of the closest alternatives are named. Where there are more alternatives, their number is named too."""

ALIKE = 5
"""Characters that a value must have in common with the one that is asked for, to be taken for what was meant."""

Condition = Atom | TextAtom | Not
"""What fails; a Not is a term with `-`."""


class _Failing(NamedTuple):
    """What fails of a predicate.

    text: what has to be true, as a clause. joined: whether that is several conditions, joined by "and" or "or".
    conditions: those that are named. excluded: whether it fails only because something is excluded.
    held, asked: how many conditions hold, and how many there are; exclusions that hold are not counted.
    likeness: how much the event's values look like those that are asked for.
    """

    text: str
    conditions: tuple[Condition, ...]
    excluded: bool = False
    held: int = 0
    asked: int = 1
    likeness: float = 0
    joined: bool = False

    @property
    def closeness(self) -> tuple[float, float, int]:
        return self.held / self.asked, self.likeness, -len(self.conditions)


class Miss(NamedTuple):
    """Why a pattern does not match an event, and what to write instead.

    why: the conditions that the event fails, and its values: `matches only if ...`. The caller puts the pattern's name
    before it, and a full stop after it.
    instead: sentences, where the language is not what one would expect: `!=` is false for a missing field, and all
    terms must occur.
    """

    why: str
    instead: tuple[str, ...] = ()


def why_not(predicate: Predicate, event: Event) -> Miss:
    """Why the predicate does not match the event."""
    failing = _failing(predicate, event)
    if failing is None or not failing.text:
        return Miss("does not match this event")
    clauses = [f"matches only if {failing.text}", *_facts(failing.conditions, event)]
    words = _all_words(predicate) if any(isinstance(failed, TextAtom) for failed in failing.conditions) else []
    if len(words) > 1:
        clauses.append("all terms must occur")
    return Miss("; ".join(clauses), tuple(_instead(failing.conditions, event, words)))


def _failing(predicate: Predicate, event: Event) -> _Failing | None:
    """What fails; None if nothing does. Patterns are nested deep, so it has one frame for each level."""
    match predicate:
        case Pattern(inner):
            return _failing(inner, event)
        case And(parts):
            failing, held = [], 0
            for part in parts:
                found = _failing(part, event)
                if found is not None:
                    failing.append(found)
                elif not excludes(part):
                    held += 1
            return _all_of(failing, held) if failing else None
        case Or(parts):
            arms = []
            for part in parts:
                found = _failing(part, event)
                if found is None:
                    return None
                arms.append(found)
            return _one_of(arms) if arms else _Failing("", ())
        case Not(TextAtom()):
            return None if predicate.matches(event) else _Failing(_condition(predicate), (predicate,), excluded=True)
        case Atom() | TextAtom():
            if predicate.matches(event):
                return None
            likeness = _likeness(predicate, event)
            return _Failing(_condition(predicate), (predicate,), excluded=excludes(predicate), likeness=likeness)
    return None


def _all_of(failing: list[_Failing], held: int) -> _Failing:
    """What fails of parts that must all hold. `held`: how many of the others hold."""
    likeness = sum(part.likeness for part in failing) / len(failing)
    whole = _joined("and", failing)
    return whole._replace(
        held=held + sum(part.held for part in failing),
        asked=held + sum(part.asked for part in failing),
        likeness=likeness,
    )


def _one_of(arms: list[_Failing]) -> _Failing:
    """What fails of alternatives: those of which most holds. Of these, the one that looks most like the event, and all
    that only an exclusion keeps from matching: `a != 1 || b != 2` excludes an event by both of its parts together."""
    most = max(arm.closeness[0] for arm in arms)
    near = [arm for arm in arms if arm.closeness[0] == most]
    closest = max((arm.closeness for arm in near if not arm.excluded), default=None)
    chosen = [arm for arm in near if arm.excluded or arm.closeness == closest][:NAMED]
    best = max(chosen, key=lambda arm: arm.closeness)
    whole = _joined("or", chosen)
    hidden = len(chosen) < len(arms) and best.held  # what holds of an alternative is not in the text
    if (hidden or len(arms) > NAMED) and not whole.text.endswith(_ALTERNATIVES):
        of = "the closest" if len(chosen) == 1 else len(chosen)
        whole = whole._replace(text=f"{whole.text} ({of} of {len(arms)}{_ALTERNATIVES}")
    return whole._replace(held=best.held, asked=best.asked, likeness=best.likeness)


_ALTERNATIVES = " alternatives)"


def _joined(word: str, parts: list[_Failing]) -> _Failing:
    if len(parts) == 1:
        return parts[0]
    unique = dict.fromkeys(f"({part.text})" if part.joined else part.text for part in parts)
    return _Failing(
        f" {word} ".join(unique),
        tuple(condition for part in parts for condition in part.conditions),
        excluded=all(part.excluded for part in parts),
        joined=True,
    )


def excludes(predicate: Predicate) -> bool:
    """Whether it only excludes events: every test in it is negated, as `!=`, NOT EXISTS and a term with `-` are."""
    waiting = [predicate]
    while waiting:
        match waiting.pop():
            case Pattern(inner):
                waiting.append(inner)
            case And(parts) | Or(parts):
                waiting += parts
            case Not():
                pass
            case Atom(_, test) if isinstance(test, NotExists) or _negated(test):
                pass
            case _:
                return False
    return True


def _negated(test: FieldTest) -> bool:
    return isinstance(test, Equals | EqualsNumber | MatchesRegex) and test.negated


def _likeness(atom: Atom | TextAtom, event: Event) -> float:
    """What share of the pattern's value and the event's is the same, at the beginning or at the end."""
    value = value_at(event, atom.path) if isinstance(atom, Atom) else None
    if not (isinstance(atom, Atom) and isinstance(atom.test, Equals) and isinstance(value, str)) or atom.test.negated:
        return 0
    wanted, value = atom.test.value.strip("*").casefold(), value.casefold()
    common = max(_common(wanted, value), _common(wanted[::-1], value[::-1]))
    return common / max(len(wanted), len(value)) if common >= ALIKE else 0


def _common(one: str, other: str) -> int:
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _facts(conditions: Iterable[Condition], event: Event) -> Iterator[str]:
    """What the event has instead, as clauses."""
    has: list[str] = []
    missing: list[str] = []
    missing_where_negated: list[str] = []
    others: list[str] = []
    for condition in conditions:
        match condition:
            case Not(TextAtom(Word(text))):
                path = _place_of(text, event)
                has += [f"{field_name(path)} {_written(value_at(event, path))}"] if path else []
            case Atom(path, test):
                name, value = field_name(path), _values(condition, event)
                if value is MISSING and _negated(test):
                    missing_where_negated.append(name)
                elif value is MISSING:
                    missing.append(name)
                elif EVERY not in path:
                    has.append(f"{name} {_written(value)}")
                    others += _remarks(name, value, test)
    if has:
        yield f"this event has {' and '.join(dict.fromkeys(has))}"
    if missing:
        yield _are_missing(missing)
    if missing_where_negated:
        yield f"{_are_missing(missing_where_negated)}, and != is false for a missing field"
    yield from dict.fromkeys(others)


def _are_missing(names: Iterable[str]) -> str:
    unique = list(dict.fromkeys(names))
    return f"{' and '.join(unique)} {'is' if len(unique) == 1 else 'are'} missing"


def _values(atom: Atom, event: Event) -> object:
    """The value in the event, the first one of a wildcard; MISSING if there is none."""
    return next(values_at(event, atom.path), MISSING)


def _remarks(name: str, value: object, test: FieldTest) -> Iterator[str]:
    """What one may not know of how such a value is compared."""
    is_text_or_number = isinstance(value, str | int | float) and not isinstance(value, bool)
    if _negated(test) and not is_text_or_number:
        yield f"!= is documented only for text and numbers, and {name} is {_kind(value)}"
    if isinstance(test, Equals) and not test.negated and isinstance(value, str) and _fits_in_other_case(test, value):
        yield "upper and lower case differ"


def _fits_in_other_case(test: Equals, value: str) -> bool:
    return strings.fits(test.value.casefold(), value.casefold())


def _kind(value: object) -> str:
    match value:
        case None | bool():
            return _constant(value)
        case dict():
            return "an object"
    return "an array"


def _instead(conditions: Iterable[Condition], event: Event, words: list[Word]) -> Iterator[str]:
    """What to write instead, as sentences. `words`: terms of which one may be enough."""
    safe = [
        f"({selector(condition.path)} NOT EXISTS || {selector(condition.path)} {condition.test})"
        for condition in conditions
        if isinstance(condition, Atom) and _negated(condition.test) and _values(condition, event) is MISSING
    ]
    if safe:
        yield f"To match events without the field, write {' and '.join(dict.fromkeys(safe))}."
    if len(words) > 1:
        yield f"If one term is enough, write {' '.join(f'?{word}' for word in words)}."


def _all_words(predicate: Predicate) -> list[Word]:
    """The terms, if the pattern consists of terms that must all occur."""
    whole = predicate.predicate if isinstance(predicate, Pattern) else predicate
    parts = whole.parts if isinstance(whole, And) else ()
    words = [part.test for part in parts if isinstance(part, TextAtom) and isinstance(part.test, Word)]
    if len(words) < len(parts):
        return []
    return [word for word in words if word.text.lower() not in ("and", "or")]


def _place_of(text: str, event: Event) -> FieldPath | None:
    """The first field whose text has this text."""
    waiting: list[tuple[FieldPath, object]] = [((), event)]
    while waiting:
        path, value = waiting.pop(0)
        match value:
            case str() if text in value:
                return path
            case dict():
                waiting += [((*path, name), inner) for name, inner in value.items()]
            case list() | tuple():
                waiting += [((*path, index), inner) for index, inner in enumerate(value)]
    return None


def field_name(path: FieldPath) -> str:
    """The field as sentences name it."""
    return selector(path).removeprefix("$.")


def _written(value: object) -> str:
    match value:
        case None | bool():
            return _constant(value)
        case str():
            return f'"{value}"'
        case int() | float():
            return repr(value)
        case dict():
            return "{...}"
    return "[...]"


def _constant(value: bool | None) -> str:
    return "null" if value is None else str(value).lower()


def _condition(condition: Condition) -> str:
    """What has to be true, as a clause."""
    match condition:
        case Not(TextAtom(Word(text))):
            return f'the text of the event does not contain "{text}"'
        case TextAtom(Regex(regex)):
            return f"the text of the event matches the regular expression %{regex}%"
        case TextAtom(Word(text)):
            return f'the text of the event contains "{text}"'
        case TextAtom():
            return f"the text of the event has the fields {condition}, separated by spaces"
        case Atom(path, test):
            return f"{field_name(path)} {_predicate_of(test)}"
    raise TypeError(f"not a condition: {condition!r}")


def _predicate_of(test: FieldTest) -> str:
    match test:
        case NotExists():
            return "does not exist"
        case Is(constant):
            return f"is {_constant(constant)}"
        case Equals(text, negated):
            return _compared(text, negated=negated)
        case EqualsNumber(text, negated):
            return f"is {'not ' * negated}the number {text}"
        case MatchesRegex(regex, negated):
            return f"{'does not match' if negated else 'matches'} the regular expression %{regex}%"
        case Compare() | IsKind():
            return str(test)


def _compared(text: str, *, negated: bool) -> str:
    inner = text.strip("*")
    if text and not inner:
        return f"is {'not ' * negated}text or a number"
    verbs, shown = _VERBS[text.startswith("*"), text.endswith("*")], inner
    if "*" in inner:
        verbs, shown = ("fits", "does not fit"), text
    return f'{verbs[negated]} "{shown}"'


_VERBS = {
    (False, False): ("is exactly", "is not"),
    (False, True): ("begins with", "does not begin with"),
    (True, False): ("ends with", "does not end with"),
    (True, True): ("contains", "does not contain"),
}
"""By whether the value begins and ends with `*`: what `=` asks, and what `!=` asks."""
