"""The text of an organization in a terminal, by Rich. Pure. What comes of AWS is always a `Text`, as in `text`."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from blindspot.report.organization import (
    NOT_COUNTED,
    ONLY_THE_FIRST,
    ORDER,
    QUESTION,
    Account,
    LeftOut,
    Organized,
    Shared,
    of_accounts,
)
from blindspot.report.text_parts import about_lines, rule

SHOWN = 20
"""How many accounts of each verdict are shown, and how many that are left out; of the others, how many there are."""

COLOURS = {"COMPLIANT": "green", "NON_COMPLIANT": "red", "INDETERMINATE": "yellow", "NOT_ANSWERED": "magenta"}


def text(view: Organized) -> Iterator[RenderableType]:
    """The answer first, then how many accounts are what and why, and then the accounts: what is wrong comes first."""
    first, _, rest = view.answer.partition(" ")
    shown = Text(f"{QUESTION}\n\n")
    yield shown.append(first, f"bold {COLOURS[view.verdict]}").append(f" {rest}\n", "bold")
    yield _counts(view)
    yield from _shared("Gaps and doubts, by how many accounts have them", view.gaps)
    if view.gaps:
        yield Text(f"{ONLY_THE_FIRST}\n")
    yield from _shared("Why accounts have not answered", view.not_answered)
    for verdict in ORDER:
        yield from _accounts(view.of(verdict))
    yield from _left_out(view.left_out)
    yield from about_lines(view.about)


def _counts(view: Organized) -> Padding:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(justify="right")
    table.add_column()
    for verdict in ORDER:
        if those := view.of(verdict):
            table.add_row(f"{len(those):,}", Text(those[0].kind, COLOURS[those[0].kind]))
    return Padding(table, (0, 0, 1, 0))


def _shared(title: str, shared: tuple[Shared, ...]) -> Iterator[RenderableType]:
    if not shared:
        return
    yield rule(title)
    for each in shared:
        told = Text.assemble(f"{of_accounts(each.accounts)}: ", (each.title, "bold"), "\n")
        told.append(f"Fix: {each.fix}{f' See {each.help}.' if each.help else ''}\n" if each.fix else "")
        told.append(f"See {each.help}.\n" if each.help and not each.fix else "")
        yield told


def _accounts(accounts: tuple[Account, ...]) -> Iterator[RenderableType]:
    if not accounts:
        return
    yield rule(f"{accounts[0].kind}: {len(accounts):,}")
    table = _table("Account", "What its row says" if accounts[0].verdict else "Why", "Age")
    for account in accounts[:SHOWN]:
        table.add_row(Text(f"{account.id}\n{account.name}"), Text(account.words), Text(account.age))
    yield table
    yield _others(len(accounts))


def _left_out(accounts: tuple[LeftOut, ...]) -> Iterator[RenderableType]:
    if not accounts:
        return
    yield rule(f"Left out: {len(accounts):,}")
    table = _table("Account", "Why")
    for account in accounts[:SHOWN]:
        table.add_row(Text(f"{account.id}\n{account.name}"), Text(f"{account.code}: {account.words}"))
    yield table
    yield _others(len(accounts))
    yield Text(f"{NOT_COUNTED}\n")


def _table(*titles: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for title in titles:
        table.add_column(title, overflow="fold", min_width=12 if title == "Account" else None)
    return table


def _others(count: int) -> Text:
    return Text(f"{count - SHOWN:,} more: --json and --html have them.\n" if count > SHOWN else "")
