"""Why a pattern does not match an event, as a sentence."""

from __future__ import annotations

from collections.abc import Iterable

from filter_pattern.conditions import MISSING, Compare, Equals, EqualsNumber, Is, MatchesRegex, NotExists, Test
from filter_pattern.parser import Pattern
from filter_pattern.predicate import (
    EVERY,
    And,
    Atom,
    Event,
    Or,
    Predicate,
    Regex,
    TextAtom,
    Word,
    selector,
    value_at,
    values_at,
)


def why_not(predicate: Predicate, event: Event) -> str:
    """The conditions of the pattern that the event fails, and the event's values: `matches only if ...`.

    The caller puts the pattern's name before it, and a full stop after it. Of several alternatives only the one that is
    closest to the event is explained.
    """
    failing = _failing(predicate, event)
    if not failing:
        return "does not match this event"
    conditions = _joined(_condition(atom, event) for atom in failing)
    values = _joined(value for atom in failing if isinstance(atom, Atom) and (value := _value(atom, event)))
    return f"matches only if {conditions}; this event has {values}" if values else f"matches only if {conditions}"


def _joined(parts: Iterable[str]) -> str:
    return " and ".join(dict.fromkeys(parts))


def _failing(predicate: Predicate, event: Event) -> list[Atom | TextAtom]:
    match predicate:
        case Atom() | TextAtom():
            return [] if predicate.matches(event) else [predicate]
        case And(parts):
            return [atom for part in parts for atom in _failing(part, event)]
        case Or(parts):
            arms = [_failing(part, event) for part in parts]
            return min(arms, key=lambda arm: (len(arm), -sum(_likeness(atom, event) for atom in arm)), default=[])
        case Pattern(inner):
            return _failing(inner, event)
    return []


def _likeness(atom: Atom | TextAtom, event: Event) -> int:
    """How many characters the pattern's value and the event's have in common, at the beginning or at the end."""
    value = value_at(event, atom.path) if isinstance(atom, Atom) else None
    if not (isinstance(atom.test, Equals) and isinstance(value, str)):
        return 0
    wanted = atom.test.value.strip("*")
    return max(_common(wanted, value), _common(wanted[::-1], value[::-1]))


def _common(one: str, other: str) -> int:
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _field(atom: Atom) -> str:
    return selector(atom.path).removeprefix("$.")


def _value(atom: Atom, event: Event) -> str | None:
    """The field and its value in the event; None where a wildcard selects one or more."""
    field, value = _field(atom), next(values_at(event, atom.path), MISSING)
    if value is MISSING:
        return f"no {field}"
    return None if EVERY in atom.path else f"{field} {_written(value)}"


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


def _condition(atom: Atom | TextAtom, event: Event) -> str:
    """What has to be true, as a clause."""
    if isinstance(atom, TextAtom):
        match atom.test:
            case Word(text):
                return f'the text of the event contains "{text}"'
            case Regex(regex):
                return f"the text of the event fits %{regex}%"
        return f"the text of the event fits {atom}"
    return f"{_field(atom)} {_exists_first(atom, event)}{_predicate_of(atom.test)}"


def _exists_first(atom: Atom, event: Event) -> str:
    """What a negated condition needs before the value is compared: != is false for a missing field."""
    value = next(values_at(event, atom.path), MISSING)
    if not getattr(atom.test, "negated", False) or (
        isinstance(value, str | int | float) and not isinstance(value, bool)
    ):
        return ""
    return "exists and " if value is MISSING else "is text or a number and "


def _predicate_of(test: Test) -> str:
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
            return f"does not fit %{regex}%" if negated else f"fits %{regex}%"
        case Compare():
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
