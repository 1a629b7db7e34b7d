"""The text of a review in a terminal. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.padding import Padding
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from blindspot.report.text_parts import LEFT_OUT, about_lines, left_out, listed, rule
from blindspot.report.view import REVIEW_QUESTION, ProposedExclusion, Refused, Reviewed

GROUPS = 20
"""How many groups are shown; of the others, how many there are."""

DAYS = 31
"""How many days are shown at most: the last ones."""


def review(reviewed: Reviewed) -> Iterator[RenderableType]:
    """The answer, who is refused what, and what may be excluded."""
    yield rule("Review")
    yield Text.assemble(
        f"{REVIEW_QUESTION}\n\n", (_unfinished(reviewed), "bold yellow"), (f"{reviewed.answer}\n", "bold")
    )
    if reviewed.facts:
        yield Text("\n".join([*reviewed.facts, ""]))
    yield from listed("What looks like an attack", reviewed.attacks)
    yield from listed("What the review did not read", reviewed.not_read)
    if reviewed.days:
        yield from (rule("By day"), _by_day(reviewed))
    if reviewed.alarms:
        yield from (rule("How often each alarm would have gone to ALARM"), _forecasts(reviewed))
    if reviewed.groups:
        yield from (rule("Who is refused what"), _groups(reviewed.groups[:GROUPS]))
        if (more := len(reviewed.groups) - GROUPS) > 0:
            yield Text(f"{more} more groups are in the document.\n")
    yield from _exclusions(reviewed.exclusions)
    yield from listed(
        "Frequent, and not excluded",
        [
            f"{each.why} {each.count:,} call{'s' * (each.count != 1)} ({each.code}): {each.first}"
            for each in reviewed.not_excluded
        ],
    )
    if reviewed.overrides:
        yield rule("The Overrides to set")
        yield ToPaste(reviewed.overrides)
        yield Text("\n".join([*reviewed.how, ""]))
    if reviewed.overrides and reviewed.pattern:
        yield "The metric filter's pattern is then:"
        yield ToPaste(reviewed.pattern)
    yield from listed(LEFT_OUT, left_out(reviewed.cut))
    yield from about_lines(reviewed.about)


def _unfinished(reviewed: Reviewed) -> str:
    return f"{reviewed.so_far}\n" if reviewed.so_far else ""


@dataclass(frozen=True, slots=True)
class ToPaste:
    """A text on one line, however long, if it is printed without `crop`: a line end in it would be pasted too."""

    shown: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        yield Segment(f"{self.shown}\n\n")


def _table(*titles: str, numbers: tuple[int, ...] = ()) -> Table:
    """numbers: which columns have numbers."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for index, title in enumerate(titles):
        table.add_column(title, overflow="fold", justify="right" if index in numbers else "left")
    return table


def _by_day(reviewed: Reviewed) -> Padding:
    table = _table("Day (UTC)", "Refused calls", *(["To ALARM"] if reviewed.whose else []), numbers=(1, 2))
    for day in reviewed.days[-DAYS:]:
        table.add_row(str(day.day), f"{day.refused:,}", *([day.alarms] if reviewed.whose else []))
    whose = [f"To ALARM: how often {reviewed.whose} would have gone to ALARM."] if reviewed.whose else []
    earlier = [f"{len(reviewed.days) - DAYS} earlier days are in the document."] if len(reviewed.days) > DAYS else []
    return Padding(Group(table, *whose, *earlier), (0, 0, 1, 0))


def _forecasts(reviewed: Reviewed) -> Padding:
    table = _table("To ALARM", "Alarm", "Settings")
    for alarm in reviewed.alarms:
        name = alarm.name if alarm.arn else f"{alarm.name}, as the profile recommends it"
        count = Text(alarm.count, "bold") if alarm.count else Text(f"not known: {alarm.not_known}")
        table.add_row(count, Text(name), Text(alarm.terms))
    return Padding(table, (0, 0, 1, 0))


def _groups(groups: tuple[Refused, ...]) -> Table:
    table = _table("Calls", "Who is refused what", numbers=(0,))
    for group in groups:
        style = "bold red" if group.alarming else "bold"
        told = Text.assemble(f"{group.who}: ", (group.call, "bold"), f", {group.code}\n")
        refused_by = ": ".join(words for words in (group.refused_by, group.policy) if words)
        told.append(f"{refused_by}\n" if refused_by else "")
        told.append(f"on {group.days} day{'s' * (group.days != 1)}, {group.seen}{_where(group)}\n")
        told.append(group.looks_like, style).append(
            "".join(f"; {words}" for words in (*group.signs, group.outcome) if words)
        )
        table.add_row(f"{group.count:,}", told.append("\n"))
    return table


def _where(group: Refused) -> str:
    shown = (("from", group.addresses), ("in", group.regions))
    return "".join(f", {word} {words}" for word, words in shown if words)


def _exclusions(exclusions: tuple[ProposedExclusion, ...]) -> Iterator[RenderableType]:
    if exclusions:
        yield rule("Proposed exclusions, each with its proof")
    for number, each in enumerate(exclusions, start=1):
        yield Text.assemble(f"{number}. ", (f"{each.who}: {each.excluded}", "bold"))
        before, after = each.alarms
        lines = [("Alarms", f"{before:,} before, {after:,} after"), ("Calls", "; ".join(each.calls))]
        lines += [("What else it silences", each.silenced), ("What is left", each.proof)]
        lines += [("Reason", each.reason), ("Ends", str(each.until)), ("Pattern", each.pattern)]
        yield Padding(
            Text("\n".join(f"{label}: {words}" for label, words in lines if words)), (0, 0, 1, 3), expand=False
        )
