"""An organization in a terminal, as Markdown and on a page: the same is shown, and no name becomes more than text."""

import re
from collections.abc import Callable
from io import StringIO

import pytest
from rich.console import Console

from blindspot.model.harmless import harmless
from blindspot.report.markdown_parts import code, plain
from blindspot.report.organization import OrganizationRead
from blindspot.report.organization_markdown import markdown
from blindspot.report.organization_text import SHOWN, text
from blindspot.report.page import page_of_organization
from tests.cases.hostile import NAMES
from tests.cases.markup import MARKUP
from tests.cases.organizations import (
    OWN,
    a_large_organization,
    a_member,
    a_mixed_organization,
    a_named_organization,
    a_row,
    an_id,
    an_organization,
    viewed,
)
from tests.cases.pages import MARKUP as HOSTILE
from tests.strict_html import Strict

IT = an_id(0)


def printed(read: OrganizationRead, width: int = 100) -> str:
    """As the command line prints it."""
    console = Console(file=StringIO(), width=width, color_system=None)
    for part in text(viewed(read)):
        console.print(part, crop=False)
    return "\n".join(line.rstrip() for line in console.file.getvalue().split("\n"))  # type: ignore[attr-defined]


def ticket(read: OrganizationRead) -> str:
    return markdown(viewed(read))


def page(read: OrganizationRead) -> str:
    return page_of_organization(viewed(read))


def words(read: OrganizationRead) -> str:
    return Strict(page(read)).words


def test_a_text() -> None:
    assert (
        printed(a_mixed_organization())
        == f"""\
Would every unauthorized API call in every account of the organization alert somebody?

No. There are calls that alert nobody in 1 of 5 accounts; 2 are COMPLIANT, 1 is undetermined, 1 has
not answered; 2 accounts are left out.

1  NON_COMPLIANT
1  NOT_ANSWERED
1  INDETERMINATE
2  COMPLIANT

{"Gaps and doubts, by how many accounts have them ".ljust(100, "─")}
1 account: filter.misses: the metric filter misses refused calls.
Fix: Widen the filter pattern, or add a second metric filter beside it. See
docs/gaps.md#filter-misses.

1 account: unread.refused: AWS refused a read.
Fix: Allow the role to make the call. If a policy denies the region, use ExcludedRegions. See
docs/gaps.md#unread-refused.

AWS Config has only the first gap or doubt of each account. A repaired one may show the next.

{"Why accounts have not answered ".ljust(100, "─")}
1 account: not-active: AWS Organizations does not call it ACTIVE.
Fix: Wait if the account is new. Otherwise finish its activation, or name it in ExcludedAccounts.
See docs/organization.md#not-answered.

{"NON_COMPLIANT: 1 ".ljust(100, "─")}
Account       What its row says                                                            Age
222222222223  filter.misses: the metric filter misses refused calls. Non-compliant         5 hours
account 223   regions: eu-west-1.

{"NOT_ANSWERED: 1 ".ljust(100, "─")}
Account       Why                                                    Age
222222222225  AWS Organizations calls its state PENDING_ACTIVATION.
account 225

{"INDETERMINATE: 1 ".ljust(100, "─")}
Account       What its row says                                                            Age
222222222224  Cannot verify: unread.refused: cloudwatch:DescribeAlarms was refused in      5 hours
account 224   eu-west-1 (AccessDenied).

{"COMPLIANT: 2 ".ljust(100, "─")}
Account       What its row says                                                            Age
111111111111  Every unauthorized API call raises an alarm that somebody receives (profile  5 hours
account 111   cis-level-2).
222222222222  Every unauthorized API call raises an alarm that somebody receives (profile  5 hours
account 222   cis-level-2).

{"Left out: 2 ".ljust(100, "─")}
Account       Why
222222222226  excluded: ExcludedAccounts of the organization's rule names it.
account 226
222222222227  suspended: AWS Organizations calls its state CLOSED.
account 227

The numbers above do not count these accounts. See docs/organization.md#left-out.

{"About ".ljust(100, "─")}
AWS Config aggregator: blindspot
Organization's rule: blindspot
Region: eu-west-1
Account of the evaluator: 111111111111
Viewed at: 2026-11-21T12:00:00+00:00

"""
    )


def test_a_ticket() -> None:
    made = ticket(a_mixed_organization())
    assert (
        """
## Left out: 2

- `222222222226` `account 226`: excluded: ExcludedAccounts of the organization's rule names it.
- `222222222227` `account 227`: suspended: AWS Organizations calls its state CLOSED.

The numbers above do not count these accounts. See `docs/organization.md#left-out`.

## About
"""
        in made
    )
    assert made.startswith("""\
# Would every unauthorized API call in every account of the organization alert somebody?

**No. There are calls that alert nobody in 1 of 5 accounts; 2 are COMPLIANT, 1 is undetermined, 1 has not answered; 2 \
accounts are left out.**

- 1 `NON_COMPLIANT`
- 1 `NOT_ANSWERED`
- 1 `INDETERMINATE`
- 2 `COMPLIANT`

## Gaps and doubts, by how many accounts have them

- **1 account**: filter.misses: the metric filter misses refused calls. Fix: Widen the filter pattern, or add a second \
metric filter beside it. See `docs/gaps.md#filter-misses`.
- **1 account**: unread.refused: AWS refused a read. Fix: Allow the role to make the call. If a policy denies the \
region, use ExcludedRegions. See `docs/gaps.md#unread-refused`.

AWS Config has only the first gap or doubt of each account. A repaired one may show the next.

## Why accounts have not answered

- **1 account**: not-active: AWS Organizations does not call it ACTIVE. Fix: Wait if the account is new. Otherwise \
finish its activation, or name it in ExcludedAccounts. See `docs/organization.md#not-answered`.

## NON_COMPLIANT: 1

- `222222222223` `account 223` (5 hours old): filter.misses: the metric filter misses refused calls. Non-compliant \
regions: eu-west-1.
""")


def test_a_page() -> None:
    shown = words(a_mixed_organization())
    parts = (
        "NON_COMPLIANT, organization of account 111111111111",
        "Would every unauthorized API call in every account of the organization alert somebody?",
        viewed(a_mixed_organization()).answer,
        "✕ NON_COMPLIANT Viewed at 2026-11-21T12:00+00:00",
        "✕ NON_COMPLIANT 1 account ✕ 222222222223 account 223 … NOT_ANSWERED 1 account … 222222222225 account 225",
        "✓ COMPLIANT 2 accounts ✓ 111111111111 account 111 ✓ 222222222222 account 222",
        "1 ✕ NON_COMPLIANT filter.misses the metric filter misses refused calls 222222222223 account 223 Widen",
        "AWS Config has only the first gap or doubt",
        "1 not-active AWS Organizations does not call it ACTIVE",
        "223 filter.misses: the metric filter misses refused calls. Non-compliant regions: eu-west-1. 5 hours",
        "COMPLIANT: 2 accounts 2 accounts Account",
        "Left out: 2 accounts Account Why",
        "222222222226 account 226 excluded ExcludedAccounts of the organization's rule names it.",
        "222222222227 account 227 suspended AWS Organizations calls its state CLOSED. The numbers above do not count",
        "Organization's rule blindspot",
    )
    found = [shown.find(part) for part in parts]
    assert -1 not in found, parts[found.index(-1)]
    assert found == sorted(found)


RENDERERS: dict[str, Callable[[OrganizationRead], str]] = {"text": printed, "ticket": ticket, "page": words}


@pytest.mark.parametrize("renderer", RENDERERS)
def test_what_is_not_there_has_no_chapter(renderer: str) -> None:
    shown = RENDERERS[renderer](an_organization([a_row(IT)]))
    assert "Yes, in all 2 accounts." in shown
    for absent in ("Gaps and doubts", "not answered", "eft out", "NON_COMPLIANT", "INDETERMINATE"):
        assert absent not in shown


@pytest.mark.parametrize("renderer", RENDERERS)
def test_a_thousand_accounts_are_cut_with_a_count(renderer: str) -> None:
    shown = RENDERERS[renderer](a_large_organization())
    assert "200 of 1,000 accounts" in shown
    assert ("100 accounts" if renderer != "page" else "100 ✕ NON_COMPLIANT filter.misses") in shown
    if renderer == "page":
        assert "Show the accounts" in shown
        assert "180 accounts more" in shown
        assert "100 more: the document (--json) has them." in shown  # of 600 that are COMPLIANT
    else:
        for more in (200 - SHOWN, 150 - SHOWN, 50 - SHOWN, 600 - SHOWN):
            assert f"{more} more: " in shown
        assert len(shown.split("\n")) < 400


@pytest.mark.parametrize("renderer", RENDERERS)
def test_many_that_are_left_out_are_cut_with_a_count(renderer: str) -> None:
    read = an_organization(members=(a_member(OWN), *(a_member(an_id(each), state="CLOSED") for each in range(600))))
    shown = RENDERERS[renderer](read)
    assert "Yes, in 1 account; 600 accounts are left out." in shown
    assert f"{600 - (500 if renderer == 'page' else SHOWN)} more: " in shown
    assert an_id(19) in shown


def test_ten_thousand_accounts_make_a_page_of_less_than_a_megabyte() -> None:
    made = page(a_large_organization(10_000))
    assert len(made.encode()) < 1_000_000
    assert "No. There are calls that alert nobody in 2,000 of 10,000 accounts" in Strict(made).words


@pytest.mark.parametrize(
    "read",
    [a_mixed_organization(), a_large_organization(), an_organization(), an_organization([a_row(IT)], rows={})],
    ids=["mixed", "large", "one", "silent"],
)
def test_a_page_is_well_formed_and_its_headings_are_in_order(read: OrganizationRead) -> None:
    parsed = Strict(page(read))
    assert parsed.headings[0] == 1
    assert parsed.headings.count(1) == 1
    assert all(after <= before + 1 for before, after in zip(parsed.headings, parsed.headings[1:], strict=False))
    assert parsed.links == ["data:,"]


@pytest.mark.parametrize("name", [*HOSTILE, *(given for given, _ in NAMES.values())])
def test_no_name_becomes_markup_on_a_page(name: str) -> None:
    parsed = Strict(page(a_named_organization(name)))  # which has no element that no page needs
    assert " ".join(harmless(name).split()) in parsed.words
    assert parsed.links == ["data:,"]


@pytest.mark.parametrize("name", MARKUP)
def test_no_name_becomes_markup_in_a_ticket(name: str) -> None:
    given, _ = MARKUP[name]
    shown = ticket(a_named_organization(given))
    assert f": {plain(given)}" in shown
    assert f" {code(given)} " in shown


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("renderer", RENDERERS)
def test_nothing_that_is_not_seen_is_shown(name: str, renderer: str) -> None:
    given, escaped = NAMES[name]
    shown = RENDERERS[renderer](a_named_organization(given))
    assert all(line.isprintable() for line in shown.split("\n"))
    assert re.sub(r"\s", "", escaped) in re.sub(r"\s", "", shown) or renderer == "text"  # which folds long names


@pytest.mark.parametrize("width", [30, 60, 200])
def test_a_text_of_any_width_has_every_account(width: int) -> None:
    read = a_mixed_organization()
    shown = re.sub(r"\s", "", printed(read, width))
    assert all(member.id in shown for member in read.members)
