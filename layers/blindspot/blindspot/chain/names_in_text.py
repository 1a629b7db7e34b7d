"""Which of many names a text contains."""

from __future__ import annotations

from collections.abc import Iterable


class NamesInText:
    """Finds names in texts. The time for a text does not grow with the number of names, only with how many different
    lengths they have."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(names)
        self._lengths = sorted({len(name) for name in self._names})

    def found_in(self, text: str) -> set[str]:
        """The names that the text contains anywhere."""
        return {
            part
            for length in self._lengths
            for start in range(len(text) - length + 1)
            if (part := text[start : start + length]) in self._names
        }
