"""What an event can look like: the schema that `find` searches.

The answer of `find` holds for every event that fits the schema, and for no other event. So a proof depends on the
schema as much as on the pattern.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Protocol

from filter_pattern.predicate import ALWAYS, Event, FieldPath, Predicate

STRING, BOOLEAN, NUMBER, NULL, OBJECT, ARRAY = "string", "boolean", "number", "null", "object", "array"


class Field(NamedTuple):
    """What one field can hold.

    kinds: the JSON types it can have; empty for a field that no event has.
    always: whether every event has it. A field inside another: whether it exists whenever the other is an object.
    values: where given, the only values it can have; no arrays and no objects.
    examples: strings of real events, preferred in an example event.
    """

    kinds: frozenset[str] = frozenset()
    always: bool = False
    values: tuple[object, ...] = ()
    examples: tuple[str, ...] = ()


ANYTHING = Field(frozenset({STRING, BOOLEAN, NUMBER, NULL, OBJECT, ARRAY}))
"""A field about which nothing is known: it may be missing, and may have any type."""


class Knowledge(Protocol):
    """What is known of the events beside the schema, as far as it matters for one predicate. It must be hashable."""

    def laws(self, predicate: Predicate) -> Iterable[Predicate]:
        """What else is true for every event. A law that is left out can only make an Empty a Found."""
        ...

    def samples(self, predicate: Predicate) -> Iterable[Event]:
        """Complete events with the values that the predicate names, the most convincing ones first."""
        ...

    def as_recorded(self, event: Event, fits: Callable[[Event], bool]) -> Event:
        """An event that was put together, with what does not go together replaced as far as the result `fits`."""
        ...


@dataclass(frozen=True)
class Records:
    """The events in question.

    fields: by path. A field that is not listed is ANYTHING, unless it is inside one that is never an object.
    samples: complete events that fit, real ones if possible. The event of a Found is one of these, with as few changes
        as needed. At least one is needed if any field is always there.
    where: what else is true for every event.
    spare: a field that can hold any text: a word that a term looks for is put there.
    knowledge: what depends on the question.
    """

    fields: Mapping[FieldPath, Field]
    samples: tuple[Event, ...] = ()
    where: Predicate = ALWAYS
    spare: str | None = None
    knowledge: Knowledge | None = None

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash((frozenset(self.fields.items()), len(self.samples), self.where, self.spare, self.knowledge))

    def always_written(self) -> str:
        """What the text of every event contains: the names of the fields that are always there, and constants."""
        always = [(path[-1], known) for path, known in self.fields.items() if self.field(path).always]
        names = [name for name, _ in always if isinstance(name, str)]
        constants = [known.values[0] for _, known in always if len(known.values) == 1]
        words = [value for value in constants if isinstance(value, str)]
        return "\n".join([*names, *words, *(str(value).lower() for value in constants if isinstance(value, bool))])

    def field(self, path: FieldPath) -> Field:
        """What that field can hold."""
        always = True
        for end in range(1, len(path)):
            parent = self.fields.get(path[:end], ANYTHING)
            if (ARRAY if isinstance(path[end], int) else OBJECT) not in parent.kinds or parent.values:
                return Field()
            always = always and parent.always and len(parent.kinds) == 1
        found = self.fields.get(path, ANYTHING)
        return found if always or not found.always else Field(found.kinds, False, found.values, found.examples)
