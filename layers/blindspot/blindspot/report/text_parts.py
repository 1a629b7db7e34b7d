"""What the texts of all documents are made of. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rich.console import RenderableType
from rich.json import JSON
from rich.rule import Rule
from rich.text import Text


def in_full(data: Any) -> Text:
    """As JSON whose long lines are wrapped, not cut."""
    shown = JSON.from_data(_plain(data)).text
    shown.no_wrap, shown.overflow = False, "fold"
    return shown


def _plain(data: Any) -> Any:
    return dict(data) if isinstance(data, Mapping) else data


LEFT_OUT = "Left out of this document"


def left_out(cut: Mapping[str, int]) -> list[str]:
    """How many of each kind are not in the document."""
    return [f"{name}: {count}. The document was too large" for name, count in cut.items()]


def listed(title: str, lines: Iterable[str]) -> Iterator[RenderableType]:
    """A chapter with a list; nothing where there is none."""
    if items := [f"- {line}" for line in lines]:
        yield rule(title)
        yield Text("\n".join([*items, ""]))


def about_lines(about: tuple[tuple[str, str], ...]) -> Iterator[RenderableType]:
    """A chapter with labels and values; nothing where there are none."""
    if about:
        yield rule("About")
        yield Text("\n".join([*(f"{label}: {value}" for label, value in about), ""]))


def rule(title: str) -> Rule:
    """The heading of a chapter."""
    return Rule(Text(title), align="left")
