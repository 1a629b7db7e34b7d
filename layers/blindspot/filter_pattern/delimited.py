"""Space-delimited patterns, `[ip, user, status = 4*, ...]`: a line's fields by their position.

Source: CloudWatch Logs user guide, "Filter pattern syntax", "Using filter patterns to match terms in space-delimited
log events". Fields are split at blanks; what stands in [brackets] or "quotes" is one field.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from filter_pattern.conditions import OBSERVED, Compare, Equals, EqualsNumber, MatchesRegex, number

_FIELD = re.compile(r'\[([^\]]*)\]|"([^"]*)"|(\S+)')
_NUMBER = re.compile(r"[+-]?[0-9]{1,300}(\.[0-9]+)?")

Test = Equals | EqualsNumber | Compare | MatchesRegex


class Slot(NamedTuple):
    """One field of the pattern: its name (empty for none) and its conditions, alternatives of conjunctions."""

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
    """The whole pattern. `ellipsis` is the number of slots before `...`, None where there is none."""

    slots: tuple[Slot, ...]
    ellipsis: int | None = None

    def holds(self, text: str) -> bool:
        if not self.slots:
            return True
        values = [next(filter(None, found.groups()), "") for found in _FIELD.finditer(text)]
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
    """A field that looks like a number is compared as one where the pattern gives a number."""
    if isinstance(test, EqualsNumber | Compare):
        return bool(_NUMBER.fullmatch(value)) and test.holds(number(value), OBSERVED)
    return test.holds(value, OBSERVED)
