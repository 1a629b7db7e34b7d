"""Columns for each day, as an SVG without a view box draws them: each length is a share of its sides. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from blindspot.report.view import Day

LABELLED = 8
"""Days of which each has a label; of more days, some have."""

_TOP = 16.0
"""Where the highest column ends, in percent from the top: its label is above it."""

_WIDE = 0.72
"""The share of its day that a column is wide."""


@dataclass(frozen=True, slots=True)
class Column:
    """A day's column. All lengths are in percent: of the width, or from the top.

    x, width: of the column. top: of what is certain. maybe: the top of what there may be beside that; the same where
    there is nothing. label: the number, where it is shown. middle, at: where the labels are, and which part of them.
    day: as "20 Nov", where it is shown; without the month where the day before has it.
    """

    x: float
    width: float
    top: float
    maybe: float
    label: str
    middle: float
    at: str
    day: str


@dataclass(frozen=True, slots=True)
class Panel:
    """One series. kind: of its styles. title: what its columns count."""

    kind: str
    title: str
    columns: tuple[Column, ...]


def chart(days: Sequence[Day], whose: str) -> tuple[Panel, ...]:
    """The refused calls and, where they are known, the alarms. whose: of which alarms these are."""
    panels = [_panel("calls", "Refused calls", days, lambda day: (day.refused, day.refused))]
    if whose:
        panels.append(_panel("alarms", f"How often {whose} would have gone to ALARM", days, _alarms))
    return tuple(panels)


def _alarms(day: Day) -> tuple[int, int]:
    return day.fewest or 0, day.most or 0


def _panel(kind: str, title: str, days: Sequence[Day], counted: Callable[[Day], tuple[int, int]]) -> Panel:
    counts = [counted(day) for day in days]
    largest = max((most for _, most in counts), default=0)
    highest = next((number for number, (_, most) in enumerate(counts) if most == largest), 0)
    step = 1 if len(days) <= LABELLED else -(-len(days) // 5)
    slot = 100 / max(1, len(days))
    columns, month = [], 0
    for number, (day, (fewest, most)) in enumerate(zip(days, counts, strict=True)):
        middle = (number + 0.5) * slot
        at = "middle" if len(days) <= LABELLED or 8 < middle < 92 else "start" if middle < 50 else "end"
        shown = number % step == 0
        columns.append(
            Column(
                x=round(middle - slot * _WIDE / 2, 2),
                width=round(slot * _WIDE, 2),
                top=_height(fewest, largest),
                maybe=_height(most, largest),
                label=_label(fewest, most) if len(days) <= LABELLED or number == highest else "",
                middle=round(middle, 2),
                at=at,
                day=_name(day.day, month) if shown else "",
            )
        )
        month = day.day.month if step == 1 else 0
    return Panel(kind, title, tuple(columns))


def _height(count: int, largest: int) -> float:
    """Where a column of this count ends, from the top."""
    return round(100 - (100 - _TOP) * count / largest, 2) if largest else 100.0


def _label(fewest: int, most: int) -> str:
    return f"{most:,}" if fewest == most else f"{fewest:,} to {most:,}"


def _name(day: date, month: int) -> str:
    """month: of the label before."""
    return str(day.day) if day.month == month else f"{day.day} {_MONTHS[day.month - 1]}"


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
