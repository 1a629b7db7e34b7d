"""What an event can look like: the schema over which `find` decides.

`find` answers for every event that fits the schema and for no other, so a `Records` is as much part of a proof as the
pattern is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from filter_pattern.predicate import ALWAYS, Event, FieldPath, Predicate

STRING, BOOLEAN, NUMBER, NULL, OBJECT, ARRAY = "string", "boolean", "number", "null", "object", "array"


class Field(NamedTuple):
    """What one field can hold.

    kinds: the JSON types it can have; of a field that no event has, none.
    always: whether it is there in every event (or, below another field, whenever that one is an object).
    values: when given, it holds one of these and nothing else; no arrays and no objects.
    examples: strings seen in real events, preferred when an event is made up.
    """

    kinds: frozenset[str] = frozenset()
    always: bool = False
    values: tuple[object, ...] = ()
    examples: tuple[str, ...] = ()


ANYTHING = Field(frozenset({STRING, BOOLEAN, NUMBER, NULL, OBJECT, ARRAY}))
"""A field of which nothing is known: it may be missing, and may be of any type."""


@dataclass(frozen=True)
class Records:
    """The events in question.

    fields: by path. A field that is not named is ANYTHING, unless it lies below one that is never an object.
    samples: whole events that fit, real ones if possible; an event that is found is one of these, changed where it must
        be. Where a field is always there, at least one is needed.
    where: what else holds of every event.
    spare: a field that may hold any text, so that a word can stand in an event without meaning anything.
    """

    fields: Mapping[FieldPath, Field]
    samples: tuple[Event, ...] = ()
    where: Predicate = ALWAYS
    spare: str | None = None

    def always_written(self) -> str:
        """What stands in the text of every event: the names of the fields that are always there, and constants."""
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
