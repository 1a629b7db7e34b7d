"""Space-delimited patterns, `[ip, user, status = 4*, ...]`: a line's fields by their position.

Rules (CloudWatch Logs user guide, "Using filter patterns to match terms in space-delimited log events"): a line is
split at spaces. Text in [brackets] or "quotes" is one field. The pattern names the fields in their order. `...` stands
for any number of fields, and a last name without a condition for all remaining fields. Otherwise the line must have as
many fields as the pattern has names. `&&` and `||` join conditions of one field; AWS rejects a condition there that
names another field (recorded). `[]` matches everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from filter_pattern.conditions import OBSERVED, Compare, Equals, EqualsNumber, MatchesRegex, number
from filter_pattern.tokenizer import FIELD_WORD, LINE_FIELD, LINE_NUMBER, Tokenizer

Test = Equals | EqualsNumber | Compare | MatchesRegex


class Slot(NamedTuple):
    """One field of the pattern: its name (empty for none) and its conditions. One of the tuples must hold in full."""

    name: str = ""
    conditions: tuple[tuple[Test, ...], ...] = ()

    def holds(self, value: str) -> bool:
        return not self.conditions or any(
            all(_passes(test, value) for test in together) for together in self.conditions
        )

    def __str__(self) -> str:
        return (
            " || ".join(" && ".join(f"{self.name} {test}" for test in tests) for tests in self.conditions) or self.name
        )


@dataclass(frozen=True)
class Fields:
    """The whole pattern. `ellipsis` is the number of slots before `...`, None without `...`."""

    slots: tuple[Slot, ...]
    ellipsis: int | None = None

    def holds(self, text: str) -> bool:
        if not self.slots:
            return True
        values = [next(filter(None, found.groups()), "") for found in LINE_FIELD.finditer(text)]
        if self.ellipsis is not None:
            if len(values) < len(self.slots):
                return False
            left_out = len(values) - len(self.slots)
            values = values[: self.ellipsis] + values[self.ellipsis + left_out :]
        elif len(values) > len(self.slots) and self.slots[-1].name and not self.slots[-1].conditions:
            values = [*values[: len(self.slots) - 1], " ".join(values[len(self.slots) - 1 :])]
        return len(values) == len(self.slots) and all(
            slot.holds(value) for slot, value in zip(self.slots, values, strict=True)
        )

    def __str__(self) -> str:
        written = [str(slot) for slot in self.slots]
        if self.ellipsis is not None:
            written.insert(self.ellipsis, "...")
        return f"[{', '.join(written)}]"


def _passes(test: Test, value: str) -> bool:
    """Whether the field passes. Where the pattern gives a number, a field that is a number is compared by value."""
    if isinstance(test, EqualsNumber | Compare):
        return bool(LINE_NUMBER.fullmatch(value)) and test.holds(number(value), OBSERVED)
    return test.holds(value, OBSERVED)


class SpaceDelimitedParser(Tokenizer):
    """Reads one space-delimited pattern."""

    def parse(self) -> Fields:
        """pattern := '[' ((slot | '...') (',' (slot | '...'))*)? ']'"""
        self.at = 1
        slots: list[Slot] = []
        ellipsis: int | None = None
        if self.accept("]"):
            return self._ended(slots, ellipsis)
        while True:
            if self.accept("..."):
                if ellipsis is not None:
                    raise self.error("... is allowed only once.")
                ellipsis = len(slots)
            else:
                slots.append(self._parse_slot())
            if self.accept("]"):
                return self._ended(slots, ellipsis)
            if not self.accept(","):
                raise self.error("Expected a comma after the field, or ] to end the pattern.")

    def _ended(self, slots: list[Slot], ellipsis: int | None) -> Fields:
        self.expect_end("Nothing is allowed after the closing ].")
        return Fields(tuple(slots), ellipsis)

    def _parse_slot(self) -> Slot:
        """slot := (name (condition (('&&' | '||') name condition)*)?)?"""
        self.skip_blanks()
        word = FIELD_WORD.match(self.text, self.at)
        if word is None:
            return Slot()
        self.at, name = word.end(), word.group()
        self.skip_blanks()
        if self.text[self.at : self.at + 1] in (",", "]"):
            return Slot(name)
        alternatives = [[self._parse_condition()]]
        while True:
            if self.accept("&&"):
                alternatives[-1].append(self._parse_named(name))
            elif self.accept("||"):
                alternatives.append([self._parse_named(name)])
            else:
                return Slot(name, tuple(map(tuple, alternatives)))

    def _parse_named(self, name: str) -> Test:
        """name condition, where the name is the slot's"""
        self.skip_blanks()
        word = FIELD_WORD.match(self.text, self.at)
        if word is None or word.group() != name:
            raise self.error(f"All conditions of one field must name that field: {name}.")
        self.at = word.end()
        return self._parse_condition()

    def _parse_condition(self) -> Test:
        """condition := ('=' | '!=') value | ('<' | '<=' | '>' | '>=') number"""
        for sign in ("!=", "="):
            if self.accept(sign):
                return self._parse_value(negated=sign == "!=")
        for sign in ("<=", ">=", "<", ">"):
            if self.accept(sign):
                return Compare(sign, self.number(f"Expected a number after {sign}."))
        raise self.error("Expected =, !=, <, <=, > or >=, a comma, or ] after the field's name.")

    def _parse_value(self, *, negated: bool) -> Test:
        """value := quoted | number | word | regex"""
        self.skip_blanks()
        if self.text.startswith("%", self.at):
            return MatchesRegex(self.regex(), negated)
        return self.quoted_or_plain(FIELD_WORD, negated=negated)
