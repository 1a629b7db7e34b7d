"""A part of a document, read with care: what is missing or of a wrong kind is an error that names the field. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from blindspot.model.findings import NOT_ASKED
from blindspot.report.view import Finding
from blindspot.verdict.assessment import Verdict


class DocumentError(ValueError):
    """Raised for what is no document of Blindspot. The message names the field and what is allowed."""


@dataclass(frozen=True, slots=True)
class Part:
    """value: any JSON. path: where it is in the document; empty for the whole.

    Every method raises DocumentError for a field that is not what its name says.
    """

    value: Any
    path: str = ""

    def name(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def invalid(self, key: str, allowed: str) -> DocumentError:
        return DocumentError(f"The document's {self.name(key)} is not valid. Allowed: {allowed}.")

    @property
    def fields(self) -> Mapping[str, Any]:
        if not isinstance(self.value, dict):
            raise DocumentError(f"{self.path or 'The document'} is not valid. Allowed: an object.")
        return self.value

    def field(self, key: str, *kinds: type, allowed: str) -> Any:
        found = self.fields.get(key)
        if not isinstance(found, kinds) or (isinstance(found, bool) and bool not in kinds):
            raise self.invalid(key, allowed)
        return found

    def text(self, key: str) -> str:
        return str(self.field(key, str, allowed="a text"))

    def text_or_none(self, key: str) -> str | None:
        found: str | None = self.field(key, str, type(None), allowed="a text or null")
        return found

    def labelled(self, labels: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
        """Of pairs of label and field: the label and the field's text, without those that are null."""
        for label, key in labels:
            if (value := self.text_or_none(key)) is not None:
                yield label, value

    def truth(self, key: str) -> bool:
        return bool(self.field(key, bool, allowed="true or false"))

    def number(self, key: str) -> int | float:
        found: int | float = self.field(key, int, float, allowed="a number")
        if not abs(found) < _LARGEST:  # nor is it one that JSON lacks and Python reads, such as NaN
            raise self.invalid(key, f"a number below {_LARGEST:,}")
        return found

    def count(self, key: str) -> int:
        """A whole number that is not negative."""
        found = self.number(key)
        if not isinstance(found, int) or found < 0:
            raise self.invalid(key, "a whole number from 0")
        return found

    def time(self, key: str) -> datetime:
        """A time in UTC, from one with any offset."""
        text = self.text(key)
        with suppress(ValueError, OverflowError):
            if (found := datetime.fromisoformat(text)).tzinfo:
                return found.astimezone(UTC)
        raise self.invalid(key, "a time with its offset from UTC, such as 2026-11-27T12:00:00+00:00")

    def day(self, key: str) -> date:
        text = self.text(key)
        with suppress(ValueError):
            return date.fromisoformat(text)
        raise self.invalid(key, "a day, such as 2026-11-27")

    def verdict(self, key: str) -> Verdict:
        text = self.fields.get(key)
        if text not in [verdict.value for verdict in Verdict]:
            raise self.invalid(key, ", ".join(Verdict))
        return Verdict(text)

    def texts(self, key: str) -> tuple[str, ...]:
        found = self.field(key, list, allowed="a list of texts")
        if not all(isinstance(each, str) for each in found):
            raise self.invalid(key, "a list of texts")
        return tuple(found)

    def indexes(self, key: str) -> tuple[int, ...]:
        """Places in another list."""
        allowed = "a list of indexes"
        found = self.field(key, list, allowed=allowed)
        if not all(type(each) is int and each >= 0 for each in found):
            raise self.invalid(key, allowed)
        return tuple(found)

    def object(self, key: str) -> Part:
        return Part(self.field(key, dict, allowed="an object"), self.name(key))

    def object_or_none(self, key: str) -> Part | None:
        return None if self.fields.get(key) is None else self.object(key)

    def items(self, key: str) -> Iterator[Part]:
        """The objects of a list."""
        for number, each in enumerate(self.field(key, list, allowed="a list of objects")):
            if not isinstance(each, dict):
                raise self.invalid(f"{key}[{number}]", "an object")
            yield Part(each, f"{self.name(key)}[{number}]")

    def entries(self, key: str) -> Iterator[tuple[str, Part]]:
        """The objects of an object, by name."""
        found = self.object(key)
        for name in found.fields:
            yield name, found.object(name)

    def counts(self, key: str) -> Mapping[str, int]:
        """How many, by name; empty where the field is missing."""
        found = self.object_or_none(key)
        if found is None:
            return {}
        return {name: int(found.number(name)) for name in found.fields}


_LARGEST = 10**12


def finding_of(part: Part, regions: tuple[str, ...], help_: str) -> Finding:
    """A gap, a doubt or a manual step of a document. Raises DocumentError."""
    code, resource, message, fix = map(part.text, ("code", "resource", "message", "fix"))
    return Finding(code, resource, regions, message, fix, help_)


def unanswered(part: Part) -> str:
    """A sentence on a read that gave no answer. Raises DocumentError."""
    call, error, permission = part.text("call"), part.text("error"), part.text_or_none("permission")
    where = f"{call} in {part.text('region')}"
    if permission:
        return f"{where} was refused ({error}). Allow the role {permission}."
    if error in NOT_ASKED:
        return f"{where} was not called: {NOT_ASKED[error]}."
    return f"{where} gave no answer ({error})."
