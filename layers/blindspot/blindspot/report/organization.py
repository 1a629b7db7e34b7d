"""What a reader is shown of an organization: each account's verdict, as AWS Config's aggregator has it. Pure.

An account is COMPLIANT only where a row of Blindspot says so that is at most 48 hours old. Every other one is
NON_COMPLIANT, INDETERMINATE, or has not answered. Left out of the answer is only what the rule's ExcludedAccounts
names, and what AWS Organizations calls suspended or closed. Every text in the view is harmless, and may still be markup
for the renderer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from blindspot.model.findings import DOUBT_FIXES, FIXES
from blindspot.model.harmless import harmless
from blindspot.model.snapshot import Unreadable
from blindspot.report.config_evaluations import RESOURCE_TYPE, Evaluation, row_of
from blindspot.report.document import help_of
from blindspot.report.wording import IN_FEW_WORDS
from blindspot.verdict.assessment import Verdict

QUESTION = "Would every unauthorized API call in every account of the organization alert somebody?"
"""What the answer of the view answers."""

NOT_ANSWERED = "NOT_ANSWERED"
"""What is shown in place of a verdict where there is none."""

ORDER = (Verdict.NON_COMPLIANT, None, Verdict.INDETERMINATE, Verdict.COMPLIANT)
"""The verdicts in the order in which they are shown; None for accounts that have not answered."""

OLDEST = timedelta(hours=48)
"""AWS Config asks once a day: a row that is older than this says nothing of today."""

AHEAD = timedelta(hours=1)
"""How far a row's time may be in the future: clocks differ."""

HELP, CANNOT_VERIFY, GAPS = "docs/organization.md#not-answered", "docs/runbook.md#cannot-verify", "docs/gaps.md"
"""What to read of an account that has not answered, of one whose run failed, and of one whose gap is not known."""

CLOSED = ("SUSPENDED", "PENDING_CLOSURE", "CLOSED")
"""The states of an account that nobody can use (Organizations API reference, Account). Any other but ACTIVE is one of
which nothing is known."""

ONLY_THE_FIRST = "AWS Config has only the first gap or doubt of each account. A repaired one may show the next."
NOT_COUNTED = "The numbers above do not count these accounts. See docs/organization.md#left-out."


@dataclass(frozen=True, slots=True)
class Member:
    """An account of the organization. state: such as ACTIVE or SUSPENDED."""

    id: str
    name: str
    state: str


@dataclass(frozen=True, slots=True)
class MemberRule:
    """What AWS Config made of the organization's rule in an account. rule: its name there. status: such as
    CREATE_SUCCESSFUL. error: AWS Config's error code."""

    rule: str
    status: str
    error: str | None = None

    @property
    def exists(self) -> bool:
        """Whether the account has the rule. A failed update leaves the rule as it was."""
        return self.status == "CREATE_SUCCESSFUL" or self.status.startswith("UPDATE_")


Rows = tuple[Evaluation, ...] | Unreadable


@dataclass(frozen=True, slots=True)
class OrganizationRead:
    """What AWS returned about an organization.

    own: the account of the evaluator, which has a rule of its own. excluded: the accounts that the rule excludes.
    rules, rows: by account, where there are any.
    """

    own: str
    region: str
    stack: str
    aggregator: str
    members: tuple[Member, ...]
    excluded: frozenset[str] | Unreadable
    rules: Mapping[str, MemberRule]
    rows: Mapping[str, Rows]


@dataclass(frozen=True, slots=True)
class Account:
    """An account as it is shown.

    verdict: None where it has not answered. code: of its first gap or doubt, None where that is not known; where it has
    not answered, why. words: the annotation of its row, or a sentence on why it has not answered.
    at: when AWS Config asked for the row. age: of the row, in words. fix: what to do. help: where that is explained.
    """

    id: str
    name: str
    verdict: Verdict | None
    code: str | None
    words: str
    fix: str
    help: str
    at: datetime | None = None
    age: str = ""

    @property
    def kind(self) -> str:
        """The verdict, or NOT_ANSWERED."""
        return self.verdict or NOT_ANSWERED

    @property
    def title(self) -> str:
        return f"{self.id} {self.name}".rstrip()


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An account that is left out of the answer. code: why. words: the same as a sentence."""

    id: str
    name: str
    code: str
    words: str


@dataclass(frozen=True, slots=True)
class Shared:
    """What several accounts have in common: the first gap or doubt, or why they have not answered. words: a phrase;
    empty where AWS Config's row says no code that is known."""

    verdict: Verdict | None
    code: str | None
    words: str
    fix: str
    help: str
    accounts: tuple[Account, ...]

    @property
    def title(self) -> str:
        """The code and the words, as a sentence."""
        if self.code is None:
            return "the row names no code that is known."
        return f"{self.code}: {self.words}." if self.words else f"{self.code}."


@dataclass(frozen=True, slots=True)
class Organized:
    """The view of an organization.

    own: the account of the evaluator. answer: one sentence. accounts: without those that are left out; what is wrong
    comes first. gaps, not_answered: those of most accounts first. about: label and value of what was read, in the order
    to show.
    """

    own: str
    answer: str
    viewed_at: datetime
    accounts: tuple[Account, ...]
    gaps: tuple[Shared, ...]
    not_answered: tuple[Shared, ...]
    left_out: tuple[LeftOut, ...]
    about: tuple[tuple[str, str], ...]

    def of(self, verdict: Verdict | None) -> tuple[Account, ...]:
        """The accounts with this verdict, or that have not answered."""
        return tuple(account for account in self.accounts if account.verdict is verdict)

    @property
    def verdict(self) -> Verdict:
        """NON_COMPLIANT if an account is; COMPLIANT if all are; otherwise INDETERMINATE."""
        found = {account.verdict for account in self.accounts}
        if Verdict.NON_COMPLIANT in found:
            return Verdict.NON_COMPLIANT
        return Verdict.COMPLIANT if found == {Verdict.COMPLIANT} else Verdict.INDETERMINATE


def organized(read: OrganizationRead, now: datetime) -> Organized:
    """The view of what was read. now: in UTC."""
    left_out = {member.id: why for member in read.members if (why := why_left_out(member, read.own, read.excluded))}
    accounts = [_account(read, member, now) for member in read.members if member.id not in left_out]
    alike = Counter((account.verdict, account.code) for account in accounts)

    def place(account: Account) -> tuple[int, int, str, str]:
        count = alike[account.verdict, account.code]
        return ORDER.index(account.verdict), -count, account.code or "", account.id

    accounts.sort(key=place)
    return Organized(
        own=read.own,
        answer=_answer(accounts, left_out),
        viewed_at=now,
        accounts=tuple(accounts),
        gaps=_shared(account for account in accounts if account.verdict not in (None, Verdict.COMPLIANT)),
        not_answered=_shared(account for account in accounts if account.verdict is None),
        left_out=tuple(sorted(left_out.values(), key=lambda account: (account.code, account.id))),
        about=(
            ("AWS Config aggregator", read.aggregator),
            ("Organization's rule", read.stack),
            ("Region", read.region),
            ("Account of the evaluator", read.own),
            ("Viewed at", now.isoformat(timespec="seconds")),
        ),
    )


def why_left_out(member: Member, own: str, excluded: frozenset[str] | Unreadable) -> LeftOut | None:
    """The account as it is left out; None where it counts. The evaluator's own account always counts, though the rule
    excludes it: it has a rule of its own."""
    if member.id == own:
        return None
    if member.state in CLOSED:
        code, words = "suspended", f"AWS Organizations calls its state {member.state}."
    elif not isinstance(excluded, Unreadable) and member.id in excluded:
        code, words = "excluded", "ExcludedAccounts of the organization's rule names it."
    else:
        return None
    return LeftOut(harmless(member.id), harmless(member.name), code, words)


def _account(read: OrganizationRead, member: Member, now: datetime) -> Account:
    shown = _of_rows(read, member.id, now) if member.id == read.own else _of_member(read, member, now)
    return replace(shown, id=harmless(member.id), name=harmless(member.name), words=harmless(shown.words))


def _of_member(read: OrganizationRead, member: Member, now: datetime) -> Account:
    if member.state != "ACTIVE":
        return _silent("not-active", f"AWS Organizations calls its state {member.state}.")
    rule = read.rules.get(member.id)
    if rule is None:
        return _silent("no-rule", "AWS Config lists no rule for the account.")
    if rule.exists:
        return _of_rows(read, member.id, now)
    error = f" ({rule.error})" if rule.error else ""
    if "ConfigurationRecorder" in (rule.error or ""):
        code = "no-recorder"
    elif rule.status == "DELETE_SUCCESSFUL":
        code = "no-rule"
    else:
        code = "rule-in-progress" if rule.status.endswith("_IN_PROGRESS") else "rule-failed"
    return _silent(code, f"AWS Config's status of the rule in the account is {rule.status}{error}.")


def _of_rows(read: OrganizationRead, account: str, now: datetime) -> Account:
    """By the account's own row: those of its regions decide nothing."""
    rows = read.rows.get(account, ())
    if isinstance(rows, Unreadable):
        return _silent("not-read", f"AWS Config did not return its row ({rows.error}).")
    own = [row for row in rows if (row.resource_type, row.resource_id) == (RESOURCE_TYPE, account)]
    if not own:
        return _silent("no-own-row" if account == read.own else "no-row", "AWS Config has no row of the account.")
    at = max(row.ordering_timestamp for row in own)
    newest = [row for row in own if row.ordering_timestamp == at]
    shown = max(map(_of_row, newest), key=lambda account: -ORDER.index(account.verdict))
    if at > now + AHEAD:
        return replace(_silent("unclear", "The time of its row is in the future."), at=at)
    if shown.verdict and now - at > OLDEST:
        shown = _silent("old-row", f"Its last verdict, {shown.verdict}, is {_age(now - at)} old.")
    return replace(shown, at=at, age=_age(now - at))


def _of_row(row: Evaluation) -> Account:
    reported = row_of(row)
    if reported is None:
        return _silent("unclear", f"Its row, {row.compliance}, is not one that this version of Blindspot writes.")
    fix = section = ""
    if reported.code:
        fix, section = FIXES.get(reported.code) or DOUBT_FIXES[reported.code], help_of(reported.code)
    elif reported.verdict is not Verdict.COMPLIANT:
        section = CANNOT_VERIFY if reported.verdict is Verdict.INDETERMINATE else GAPS
    return Account("", "", reported.verdict, reported.code, row.annotation or "It has no annotation.", fix, section)


def _silent(code: str, words: str) -> Account:
    return Account("", "", None, code, words, NOT_ANSWERED_FIXES[code][1], HELP)


NOT_ANSWERED_FIXES = {
    "not-active": (
        "AWS Organizations does not call it ACTIVE",
        "Wait if the account is new. Otherwise finish its activation, or name it in ExcludedAccounts.",
    ),
    "no-recorder": (
        "it has no configuration recorder in the region",
        "Start a configuration recorder in the account, and then update the organization's rule.",
    ),
    "rule-failed": (
        "AWS Config could not create or delete the rule in it",
        "Remove the cause that the error code names, and then update the organization's rule.",
    ),
    "rule-in-progress": ("AWS Config is creating or deleting the rule in it", "Wait until AWS Config has finished."),
    "no-rule": (
        "AWS Config has no rule in it",
        "Wait if the account is new. Otherwise update the organization's rule.",
    ),
    "no-row": (
        "the rule has no row",
        "Wait a day if the rule is new. After that, look for the account in the evaluator's log: it may lack the role.",
    ),
    "no-own-row": (
        "the rule of the evaluator's own account has no row",
        "Wait a day if the stack is new. Otherwise check that its parameter CreateConfigRule is true.",
    ),
    "old-row": (
        "its last row is older than 48 hours",
        "Look for the account in the evaluator's log: its role may be gone or changed.",
    ),
    "not-read": ("AWS Config did not return its row", "Run the command again."),
    "unclear": (
        "its row cannot be read",
        "Use the command of the version that the stack has, and check this computer's clock.",
    ),
}
"""By the code of why an account has not answered: why, in few words, and what to do."""


_DOUBTS = {
    "unread.refused": "AWS refused a read",
    "unread.no-answer": "AWS gave no answer to a read",
    "unread.not-asked": "a read was not made",
    "undecided": "the verdict cannot be decided",
}
"""By code, what a doubt is whose words in a row are its own message."""


def _shared(accounts: Iterable[Account]) -> tuple[Shared, ...]:
    """By verdict and code, those of most accounts first, and gaps before doubts."""
    alike: dict[tuple[Verdict | None, str | None], list[Account]] = {}
    for account in accounts:
        alike.setdefault((account.verdict, account.code), []).append(account)
    shared = [
        Shared(verdict, code, _words(verdict, code), those[0].fix, those[0].help, tuple(those))
        for (verdict, code), those in alike.items()
    ]
    return tuple(sorted(shared, key=lambda each: (ORDER.index(each.verdict), -len(each.accounts))))


def _words(verdict: Verdict | None, code: str | None) -> str:
    if verdict is None:
        return NOT_ANSWERED_FIXES[code or ""][0]
    words = {**IN_FEW_WORDS, **_DOUBTS}.get(code or "", "")
    return f"perhaps {words}" if words and verdict is Verdict.INDETERMINATE and code in FIXES else words


def _answer(accounts: Sequence[Account], left_out: Sized) -> str:
    """The answer for the organization, for how many accounts it is so, and how many are left out."""
    count = Counter(account.verdict for account in accounts)
    of_all = of_accounts(accounts)
    others = f"; {of_accounts(left_out)} {_are(len(left_out))} left out" if left_out else ""
    if count[Verdict.COMPLIANT] == len(accounts):
        return f"Yes, in {'all ' * (len(accounts) > 1)}{of_all}{others}."
    if broken := count[Verdict.NON_COMPLIANT]:
        return f"No. There are calls that alert nobody in {broken:,} of {of_all}; {', '.join(_rest(count))}{others}."
    return f"Not known. Of {of_all}, {', '.join(_rest(count))}{others}."


def _rest(count: Counter[Verdict | None]) -> Iterator[str]:
    """Of the accounts that are not NON_COMPLIANT, how many are what."""
    yield f"{count[Verdict.COMPLIANT]:,} {_are(count[Verdict.COMPLIANT])} COMPLIANT"
    if undetermined := count[Verdict.INDETERMINATE]:
        yield f"{undetermined:,} {_are(undetermined)} undetermined"
    if silent := count[None]:
        yield f"{silent:,} {'has' if silent == 1 else 'have'} not answered"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def of_accounts(accounts: Sized) -> str:
    """How many accounts these are, in words."""
    return f"{len(accounts):,} account{'s' * (len(accounts) != 1)}"


def _age(age: timedelta) -> str:
    """In words."""
    hours = max(0, int(age.total_seconds() // 3600))
    if hours < 1:
        return "less than an hour"
    number, unit = (hours, "hour") if age <= OLDEST else (hours // 24, "day")
    return f"{number:,} {unit}{'s' * (number != 1)}"
