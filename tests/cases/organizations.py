"""Organizations as the view reads them. A test bends the part that it is about."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from blindspot.report.config_evaluations import RESOURCE_TYPE, Evaluation
from blindspot.report.organization import Member, MemberRule, OrganizationRead, Organized, Rows, organized
from tests.builders import NOW
from tests.cases.pages import MARKUP

OWN = "111111111111"
REGION = "eu-west-1"
EVERY = "Every unauthorized API call raises an alarm that somebody receives (profile cis-level-2)."
MISSES = "filter.misses: the metric filter misses refused calls. Non-compliant regions: eu-west-1."
UNREAD = "Cannot verify: unread.refused: cloudwatch:DescribeAlarms was refused in eu-west-1 (AccessDenied)."


def an_id(number: int) -> str:
    return f"{222222222222 + number}"


def a_row(account: str, compliance: str = "COMPLIANT", annotation: str | None = EVERY, **bent: Any) -> Evaluation:
    row = Evaluation(RESOURCE_TYPE, account, compliance, annotation, NOW - timedelta(hours=5))
    return row._replace(**bent)


def a_member(account: str, **bent: Any) -> Member:
    return replace(Member(account, f"account {account[-3:]}", "ACTIVE"), **bent)


def a_rule(account: str, **bent: Any) -> MemberRule:
    return replace(MemberRule(f"OrgConfigRule-blindspot-{account[:8]}", "CREATE_SUCCESSFUL"), **bent)


def an_organization(judged: Iterable[Evaluation] = (), **bent: Any) -> OrganizationRead:
    """The own account, which is COMPLIANT, and a member for each of these rows."""
    rows: Mapping[str, Rows] = {OWN: (a_row(OWN),), **{row.resource_id: (row,) for row in judged}}
    read = OrganizationRead(
        own=OWN,
        region=REGION,
        stack="blindspot",
        aggregator="blindspot",
        members=tuple(map(a_member, rows)),
        excluded=frozenset({OWN}),
        rules={account: a_rule(account) for account in rows if account != OWN},
        rows=rows,
    )
    return replace(read, **bent)


def a_large_organization(accounts: int = 1000) -> OrganizationRead:
    """Of every 20 members 12 are COMPLIANT, 4 NON_COMPLIANT by three gaps, one is undetermined, and three have not
    answered."""
    broken = (
        ("filter.misses", "the metric filter misses refused calls"),
        ("filter.misses", "the metric filter misses refused calls"),
        ("alarm.no-action", "the alarm has no action that the profile accepts"),
        ("subscription.pending", "the topic's subscription is not confirmed"),
    )
    numbers = {an_id(number): number for number in range(accounts - 1)}
    rows: dict[str, Rows] = {account: (a_row(account),) for account in numbers}
    rules = {account: a_rule(account) for account in numbers}
    for account, number in numbers.items():
        match number % 20:
            case 0 | 1 | 2 | 3 as kind:
                code, words = broken[kind]
                annotation = f"{code}: {words}. Non-compliant regions: eu-central-1, eu-west-1, us-east-1, future."
                rows[account] = (a_row(account, "NON_COMPLIANT", annotation),)
            case 4:
                rows[account] = (a_row(account, "NON_COMPLIANT", UNREAD),)
            case 5:
                rows[account] = (a_row(account, ordering_timestamp=NOW - timedelta(days=9)),)
            case 6:
                rows[account] = ()
            case 7:
                error = "NoAvailableConfigurationRecorderException"
                rules[account] = a_rule(account, status="CREATE_FAILED", error=error)
    members = tuple(map(a_member, (OWN, *numbers)))
    return an_organization(members=members, rules=rules, rows={OWN: (a_row(OWN),), **rows})


def viewed(read: OrganizationRead) -> Organized:
    return organized(read, NOW)


def a_named_organization(name: str) -> OrganizationRead:
    """Whatever AWS lets somebody choose is this name."""
    row = a_row(an_id(0), "NON_COMPLIANT", name)
    failed = a_rule(an_id(1), status="CREATE_FAILED", error=name)
    return an_organization(
        members=(a_member(row.resource_id, name=name), a_member(an_id(1), name=name), a_member(an_id(2), state=name)),
        rules={row.resource_id: a_rule(row.resource_id), an_id(1): failed},
        rows={row.resource_id: (row,)},
    )


def shown_organizations() -> dict[str, Organized]:
    """By name, what a page shows; the name is also that of its screenshots."""
    shown = {"organization": a_mixed_organization(), "organization-large": a_large_organization()}
    shown |= {f"hostile-organization-{number}": a_named_organization(name) for number, name in enumerate(MARKUP)}
    return {name: viewed(read) for name, read in shown.items()}


def a_mixed_organization() -> OrganizationRead:
    """One account is right besides the own one, one is broken, one undetermined, one not activated yet; two are left
    out."""
    right, broken, undetermined, pending, excluded, closed = map(an_id, range(6))
    read = an_organization(
        [a_row(right), a_row(broken, "NON_COMPLIANT", MISSES), a_row(undetermined, "NON_COMPLIANT", UNREAD)]
    )
    others = (
        a_member(closed, state="CLOSED"),
        a_member(excluded),
        a_member(pending, state="PENDING_ACTIVATION"),
    )
    return replace(read, members=(*read.members, *others), excluded=frozenset({OWN, excluded}))
