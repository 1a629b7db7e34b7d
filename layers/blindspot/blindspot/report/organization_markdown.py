"""The Markdown of an organization, for a ticket. Pure. No name in it is taken for markup, as in `markdown`."""

from __future__ import annotations

from collections.abc import Iterator

from blindspot.report.markdown_parts import code, listed, plain
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

SHOWN = 20
"""How many accounts of each verdict are shown, and how many that are left out; of the others, how many there are."""


def markdown(view: Organized) -> str:
    """All of it, in the order of the text."""
    return "\n".join(_lines(view)).rstrip("\n") + "\n"


def _lines(view: Organized) -> Iterator[str]:
    yield from (f"# {plain(QUESTION)}", "", f"**{plain(view.answer)}**", "")
    counts = ((verdict, view.of(verdict)) for verdict in ORDER)
    yield from (f"- {len(those):,} {code(those[0].kind)}" for _, those in counts if those)
    yield ""
    yield from listed("Gaps and doubts, by how many accounts have them", map(_shared, view.gaps))
    if view.gaps:
        yield from (plain(ONLY_THE_FIRST), "")
    yield from listed("Why accounts have not answered", map(_shared, view.not_answered))
    for verdict in ORDER:
        if those := view.of(verdict):
            lines = (*map(_account, those[:SHOWN]), *_others(len(those)))
            yield from listed(f"{those[0].kind}: {len(those):,}", lines)
    if view.left_out:
        lines = (*map(_left_out, view.left_out[:SHOWN]), *_others(len(view.left_out)))
        yield from listed(f"Left out: {len(view.left_out):,}", lines)
        yield from (plain(NOT_COUNTED), "")
    yield from listed("About", (f"{plain(label)}: {code(value)}" for label, value in view.about))


def _others(count: int) -> Iterator[str]:
    if count > SHOWN:
        yield f"{count - SHOWN:,} more: the document and the page have them."


def _shared(shared: Shared) -> str:
    told = [f"**{of_accounts(shared.accounts)}**: {plain(shared.title)}"]
    told += [f"Fix: {plain(shared.fix)}"] if shared.fix else []
    told += [f"See {code(shared.help)}."] if shared.help else []
    return " ".join(told)


def _account(account: Account) -> str:
    name = f" {code(account.name)}" if account.name else ""
    age = f" ({account.age} old)" if account.age else ""
    return f"{code(account.id)}{name}{age}: {plain(account.words)}"


def _left_out(account: LeftOut) -> str:
    name = f" {code(account.name)}" if account.name else ""
    return f"{code(account.id)}{name}: {account.code}: {plain(account.words)}"
