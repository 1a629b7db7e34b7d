"""An organization's accounts, as AWS Config's rows tell them: never better than they are."""

import re
from dataclasses import replace
from datetime import timedelta
from itertools import groupby
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blindspot.model.snapshot import Unreadable
from blindspot.report.organization import NOT_ANSWERED_FIXES, Account, LeftOut, OrganizationRead
from blindspot.verdict.assessment import Verdict
from tests.builders import NOW
from tests.cases.hostile import NAMES
from tests.cases.organizations import (
    EVERY,
    MISSES,
    OWN,
    REGION,
    UNREAD,
    a_large_organization,
    a_member,
    a_mixed_organization,
    a_row,
    a_rule,
    an_id,
    an_organization,
    viewed,
)
from tests.schemas import DOCS

IT = an_id(0)
FAILED = Unreadable("config:GetAggregateComplianceDetailsByConfigRule", REGION, "ThrottlingException")


def of_member(read: OrganizationRead, account: str = IT) -> Account:
    (found,) = (each for each in viewed(read).accounts if each.id == account)
    return found


def with_rows(*rows: Any) -> OrganizationRead:
    read = an_organization([a_row(IT)])
    return replace(read, rows={**read.rows, IT: rows})


def status(status: str, error: str | None = None) -> OrganizationRead:
    return an_organization([a_row(IT)], rules={IT: a_rule(IT, status=status, error=error)})


def in_state(state: str, **bent: Any) -> OrganizationRead:
    return an_organization([a_row(IT)], members=(a_member(OWN), a_member(IT, state=state)), **bent)


IN_ALARM = (
    "Alarm a has been in ALARM since 2026-11-20: it announces nothing new until it returns to OK. "
    "Otherwise there is no blind spot (profile cis-level-2)."
)

VERDICTS = {
    "right": (with_rows(a_row(IT)), Verdict.COMPLIANT, None),
    "right, with an alarm in ALARM": (with_rows(a_row(IT, annotation=IN_ALARM)), Verdict.COMPLIANT, None),
    "a gap": (with_rows(a_row(IT, "NON_COMPLIANT", MISSES)), Verdict.NON_COMPLIANT, "filter.misses"),
    "a doubt": (with_rows(a_row(IT, "NON_COMPLIANT", UNREAD)), Verdict.INDETERMINATE, "unread.refused"),
    "a run that failed": (
        with_rows(a_row(IT, "NON_COMPLIANT", "Cannot verify: Overrides is not JSON.")),
        Verdict.INDETERMINATE,
        None,
    ),
    "a gap that is not known": (
        with_rows(a_row(IT, "NON_COMPLIANT", "topic.lost: the topic is lost.")),
        Verdict.NON_COMPLIANT,
        None,
    ),
    "no annotation": (with_rows(a_row(IT, "NON_COMPLIANT", None)), Verdict.NON_COMPLIANT, None),
    "the right annotation on a wrong row": (with_rows(a_row(IT, "NON_COMPLIANT")), Verdict.NON_COMPLIANT, None),
    "48 hours old": (with_rows(a_row(IT, ordering_timestamp=NOW - timedelta(hours=48))), Verdict.COMPLIANT, None),
    "a clock that is behind": (
        with_rows(a_row(IT, ordering_timestamp=NOW + timedelta(hours=1))),
        Verdict.COMPLIANT,
        None,
    ),
    "rows of regions beside it": (
        with_rows(a_row(IT, "NON_COMPLIANT", MISSES), a_row(f"{IT}/eu-west-1"), a_row(f"{IT}/us-east-1")),
        Verdict.NON_COMPLIANT,
        "filter.misses",
    ),
    "two rows, the newest decides": (
        with_rows(
            a_row(IT, ordering_timestamp=NOW - timedelta(hours=30)),
            a_row(IT, "NON_COMPLIANT", MISSES, ordering_timestamp=NOW - timedelta(hours=6)),
        ),
        Verdict.NON_COMPLIANT,
        "filter.misses",
    ),
    "two rows of one time, the worse decides": (
        with_rows(a_row(IT, "NON_COMPLIANT", UNREAD), a_row(IT)),
        Verdict.INDETERMINATE,
        "unread.refused",
    ),
    "an update that failed": (status("UPDATE_FAILED", "a"), Verdict.COMPLIANT, None),
    # What has not answered.
    "a row that is too old": (
        with_rows(a_row(IT, ordering_timestamp=NOW - timedelta(hours=48, seconds=1))),
        None,
        "old-row",
    ),
    "a bad row that is too old": (
        with_rows(a_row(IT, "NON_COMPLIANT", MISSES, ordering_timestamp=NOW - timedelta(days=3))),
        None,
        "old-row",
    ),
    "a row that is too old and in other words": (
        with_rows(a_row(IT, annotation="Alles in Ordnung.", ordering_timestamp=NOW - timedelta(days=3))),
        None,
        "unclear",
    ),
    "a row of the future": (with_rows(a_row(IT, ordering_timestamp=NOW + timedelta(hours=2))), None, "unclear"),
    "COMPLIANT without annotation": (with_rows(a_row(IT, annotation=None)), None, "unclear"),
    "COMPLIANT in other words": (with_rows(a_row(IT, annotation="Alles in Ordnung.")), None, "unclear"),
    "COMPLIANT with a gap": (with_rows(a_row(IT, annotation=MISSES)), None, "unclear"),
    "COMPLIANT with a doubt": (with_rows(a_row(IT, annotation=UNREAD)), None, "unclear"),
    "COMPLIANT with an end that fits": (
        with_rows(a_row(IT, annotation=f"{MISSES} Otherwise there is no blind spot.")),
        None,
        "unclear",
    ),
    "COMPLIANT with a gap and then the right words": (
        with_rows(a_row(IT, annotation=f"{MISSES} {EVERY}")),
        None,
        "unclear",
    ),
    "COMPLIANT with an alarm that is not in ALARM": (
        with_rows(a_row(IT, annotation="Alarm a is gone.")),
        None,
        "unclear",
    ),
    "INSUFFICIENT_DATA": (with_rows(a_row(IT, "INSUFFICIENT_DATA")), None, "unclear"),
    "NOT_APPLICABLE": (with_rows(a_row(IT, "NOT_APPLICABLE", "Cannot verify: a.")), None, "unclear"),
    "no such compliance": (with_rows(a_row(IT, "compliant")), None, "unclear"),
    "two rows of one time, one unclear": (with_rows(a_row(IT), a_row(IT, annotation=MISSES)), None, "unclear"),
    "no row": (with_rows(), None, "no-row"),
    "only rows of regions": (with_rows(a_row(f"{IT}/eu-west-1")), None, "no-row"),
    "a row of another account": (with_rows(a_row(an_id(1))), None, "no-row"),
    "a row of another type": (with_rows(a_row(IT, resource_type="AWS::CloudTrail::Trail")), None, "no-row"),
    "a row that was not read": (an_organization([a_row(IT)], rows={IT: FAILED}), None, "not-read"),
    "no recorder": (status("CREATE_FAILED", "NoAvailableConfigurationRecorderException"), None, "no-recorder"),
    "a limit": (status("CREATE_FAILED", "MaxNumberOfConfigRulesExceededException"), None, "rule-failed"),
    "without an error code": (status("DELETE_FAILED"), None, "rule-failed"),
    "being created": (status("CREATE_IN_PROGRESS"), None, "rule-in-progress"),
    "deleted": (status("DELETE_SUCCESSFUL"), None, "no-rule"),
    "no such status": (status("WHATEVER"), None, "rule-failed"),
    "no status": (an_organization([a_row(IT)], rules={}), None, "no-rule"),
    "excluded ones not known": (an_organization([a_row(IT)], excluded=FAILED, rules={}), None, "no-rule"),
    "not activated": (in_state("PENDING_ACTIVATION"), None, "not-active"),
    "no such state": (in_state("suspended"), None, "not-active"),
    "no state": (in_state(""), None, "not-active"),
}


@pytest.mark.parametrize("name", VERDICTS)
def test_the_verdict_of_a_member(name: str) -> None:
    read, verdict, code = VERDICTS[name]
    account = of_member(read)
    assert (account.verdict, account.code) == (verdict, code)
    assert account.words
    assert bool(account.help) == (verdict is not Verdict.COMPLIANT)
    assert bool(account.fix) == (code is not None)


def test_a_row_tells_when_aws_config_asked_and_what_it_says() -> None:
    later = NOW + timedelta(hours=2)
    future = of_member(with_rows(a_row(IT, ordering_timestamp=later)))
    assert (future.at, future.age, future.words) == (later, "", "The time of its row is in the future.")
    silent = of_member(with_rows(a_row(IT, "NON_COMPLIANT", None)))
    assert (silent.at, silent.words) == (NOW - timedelta(hours=5), "It has no annotation.")
    old = of_member(with_rows(a_row(IT, ordering_timestamp=NOW - timedelta(days=3))))
    assert (old.at, old.words) == (NOW - timedelta(days=3), "Its last verdict, COMPLIANT, is 3 days old.")


EXCLUDED = "ExcludedAccounts of the organization's rule names it."
LEFT_OUT = {
    "suspended": (in_state("SUSPENDED"), "suspended", "AWS Organizations calls its state SUSPENDED."),
    "being closed": (in_state("PENDING_CLOSURE"), "suspended", "AWS Organizations calls its state PENDING_CLOSURE."),
    "closed": (in_state("CLOSED"), "suspended", "AWS Organizations calls its state CLOSED."),
    "closed, excluded ones not known": (
        in_state("CLOSED", excluded=FAILED),
        "suspended",
        "AWS Organizations calls its state CLOSED.",
    ),
    "excluded": (in_state("ACTIVE", excluded=frozenset({OWN, IT})), "excluded", EXCLUDED),
    "excluded, not activated": (in_state("PENDING_ACTIVATION", excluded=frozenset({IT})), "excluded", EXCLUDED),
}


@pytest.mark.parametrize("name", LEFT_OUT)
def test_what_is_left_out_counts_nowhere_whatever_its_row_says(name: str) -> None:
    read, code, words = LEFT_OUT[name]
    bad = replace(read, rows={**read.rows, IT: (a_row(IT, "NON_COMPLIANT", MISSES),)})
    for view in (viewed(read), viewed(bad)):
        assert view.left_out == (LeftOut(IT, f"account {IT[-3:]}", code, words),)
        assert [account.id for account in view.accounts] == [OWN]
        assert (view.verdict, view.answer) == (Verdict.COMPLIANT, "Yes, in 1 account; 1 account is left out.")


def test_left_out_hides_no_other_account() -> None:
    """The own account counts, whatever is said of it; so do the others."""
    everybody = frozenset({OWN, IT})
    own = a_member(OWN, state="SUSPENDED")
    view = viewed(an_organization(rows={}, members=(own, a_member(IT)), excluded=everybody))
    assert [(account.id, account.code) for account in view.accounts] == [(OWN, "no-own-row")]
    assert view.verdict is Verdict.INDETERMINATE
    mixed = viewed(a_mixed_organization())
    assert [(account.id, account.code) for account in mixed.left_out] == [
        (an_id(4), "excluded"),
        (an_id(5), "suspended"),
    ]


def test_every_reason_has_a_case() -> None:
    assert {code for _, verdict, code in VERDICTS.values() if verdict is None} == NOT_ANSWERED_FIXES.keys() - {
        "no-own-row"
    }


def test_every_reason_has_a_row_in_the_document() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \|", (DOCS / "organization.md").read_text(), re.MULTILINE)
    assert {*NOT_ANSWERED_FIXES, *(why for _, why, _ in LEFT_OUT.values())} <= set(rows)


def test_the_own_account_is_judged_by_its_own_rule_though_the_rule_excludes_it() -> None:
    assert of_member(an_organization(), OWN).verdict is Verdict.COMPLIANT
    assert of_member(an_organization(rows={}), OWN).code == "no-own-row"


@given(
    st.sampled_from(["COMPLIANT", "NON_COMPLIANT", "NOT_APPLICABLE", "other"]),
    st.one_of(st.sampled_from([EVERY, MISSES, UNREAD, IN_ALARM, None]), st.text(max_size=60)),
    st.timedeltas(timedelta(days=-4), timedelta(days=4)),
    st.sampled_from(["ACTIVE", "SUSPENDED", "CLOSED", "PENDING_ACTIVATION", "closed"]),
    st.sampled_from(["CREATE_SUCCESSFUL", "UPDATE_SUCCESSFUL", "CREATE_FAILED", "DELETE_SUCCESSFUL", None]),
    st.booleans(),
)
def test_only_a_right_and_young_row_of_an_active_member_is_compliant(
    compliance: str, annotation: str | None, age: timedelta, state: str, status: str | None, excluded: bool
) -> None:
    read = an_organization(
        members=(a_member(OWN), a_member(IT, state=state)),
        rules={IT: a_rule(IT, status=status)} if status else {},
        excluded=frozenset({IT}) if excluded else frozenset(),
        rows={OWN: (a_row(OWN),), IT: (a_row(IT, compliance, annotation, ordering_timestamp=NOW - age),)},
    )
    right = compliance == "COMPLIANT" and annotation in (EVERY, IN_ALARM)
    young = timedelta(hours=-1) <= age <= timedelta(hours=48)
    known = state == "ACTIVE" and status in ("CREATE_SUCCESSFUL", "UPDATE_SUCCESSFUL")
    view = viewed(read)
    left_out = [account.id for account in view.left_out]
    assert left_out == ([IT] if excluded or state in ("SUSPENDED", "CLOSED") else [])
    assert (view.verdict is Verdict.COMPLIANT) == (bool(left_out) or (right and young and known))


def test_one_account_changes_no_other() -> None:
    """The others of a large organization stay what they are, whatever is read of one."""
    read = a_large_organization(50)
    before = {account.id: account for account in viewed(read).accounts}
    for bent, _, _ in VERDICTS.values():
        changed = replace(read, rows={**read.rows, IT: bent.rows.get(IT, ())})
        after = {account.id: account for account in viewed(changed).accounts}
        assert {key: value for key, value in after.items() if key != IT} == {
            key: value for key, value in before.items() if key != IT
        }


ANSWERS = {
    "all right": (an_organization([a_row(IT)]), Verdict.COMPLIANT, "Yes, in all 2 accounts."),
    "one account": (an_organization(), Verdict.COMPLIANT, "Yes, in 1 account."),
    "mixed": (
        a_mixed_organization(),
        Verdict.NON_COMPLIANT,
        (
            "No. There are calls that alert nobody in 1 of 5 accounts; "
            "2 are COMPLIANT, 1 is undetermined, 1 has not answered; 2 accounts are left out."
        ),
    ),
    "all right, and one left out": (
        replace(a_mixed_organization(), members=tuple(map(a_member, (OWN, an_id(0), an_id(4))))),
        Verdict.COMPLIANT,
        "Yes, in all 2 accounts; 1 account is left out.",
    ),
    "silent, and one left out": (
        replace(a_mixed_organization(), members=tuple(map(a_member, (OWN, an_id(3), an_id(4))))),
        Verdict.INDETERMINATE,
        "Not known. Of 2 accounts, 1 is COMPLIANT, 1 has not answered; 1 account is left out.",
    ),
    "undetermined": (
        an_organization([a_row(IT, "NON_COMPLIANT", UNREAD)]),
        Verdict.INDETERMINATE,
        "Not known. Of 2 accounts, 1 is COMPLIANT, 1 is undetermined.",
    ),
    "silent": (
        an_organization([a_row(IT)], rows={}),
        Verdict.INDETERMINATE,
        "Not known. Of 2 accounts, 0 are COMPLIANT, 2 have not answered.",
    ),
    "large": (
        a_large_organization(),
        Verdict.NON_COMPLIANT,
        (
            "No. There are calls that alert nobody in 200 of 1,000 accounts; "
            "600 are COMPLIANT, 50 are undetermined, 150 have not answered."
        ),
    ),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_the_answer(name: str) -> None:
    read, verdict, answer = ANSWERS[name]
    assert (viewed(read).verdict, viewed(read).answer) == (verdict, answer)


def test_what_is_wrong_comes_first_and_most_frequent_first() -> None:
    view = viewed(a_large_organization())
    kinds = [account.kind for account in view.accounts]
    assert list(dict.fromkeys(kinds)) == ["NON_COMPLIANT", "NOT_ANSWERED", "INDETERMINATE", "COMPLIANT"]
    codes = [code for code, _ in groupby(view.of(Verdict.NON_COMPLIANT), lambda account: account.code)]
    assert codes == ["filter.misses", "alarm.no-action", "subscription.pending"]
    assert [(shared.code, len(shared.accounts)) for shared in view.gaps] == [
        ("filter.misses", 100),
        ("alarm.no-action", 50),
        ("subscription.pending", 50),
        ("unread.refused", 50),
    ]
    assert {shared.code for shared in view.not_answered} == {"old-row", "no-row", "no-recorder"}


def test_a_doubt_that_may_be_a_gap_is_told_so() -> None:
    perhaps = "Cannot verify: topic.policy: perhaps the topic's policy does not let CloudWatch publish."
    view = viewed(an_organization([a_row(IT, "NON_COMPLIANT", perhaps)]))
    assert view.gaps[0].title == "topic.policy: perhaps the topic's policy does not let CloudWatch publish."
    assert view.gaps[0].help == "docs/gaps.md#topic-policy"
    refused = viewed(an_organization([a_row(IT, "NON_COMPLIANT", UNREAD)]))
    assert refused.gaps[0].title == "unread.refused: AWS refused a read."


@pytest.mark.parametrize(
    ("annotation", "read"),
    [("Cannot verify: Overrides is not JSON.", "docs/runbook.md#cannot-verify"), ("topic.lost: a.", "docs/gaps.md")],
)
def test_of_a_row_without_a_known_code_it_is_told_where_to_read(annotation: str, read: str) -> None:
    (shared,) = viewed(an_organization([a_row(IT, "NON_COMPLIANT", annotation)])).gaps
    assert (shared.help, shared.title) == (read, "the row names no code that is known.")


@pytest.mark.parametrize(
    ("hours", "age"),
    [(0.5, "less than an hour"), (1, "1 hour"), (47.9, "47 hours"), (49, "2 days"), (24 * 400, "400 days")],
)
def test_the_age_in_words(hours: float, age: str) -> None:
    row = a_row(IT, ordering_timestamp=NOW - timedelta(hours=hours))
    assert of_member(with_rows(row)).age == age


@pytest.mark.parametrize("name", NAMES)
def test_nothing_of_aws_does_harm(name: str) -> None:
    given_, shown = NAMES[name]
    read = an_organization(
        [a_row(IT, "NON_COMPLIANT", given_)],
        members=(a_member(OWN, name=given_), a_member(IT, name=given_), a_member(an_id(1), state=given_)),
        rules={IT: a_rule(IT)},
    )
    view = viewed(read)
    assert of_member(read).words == shown
    assert {account.name for account in view.accounts} >= {shown}
    assert all(text.isprintable() for account in view.accounts for text in (account.id, account.name, account.words))
    assert viewed(an_organization(members=(a_member(given_),))).accounts[0].id == shown
    error = of_member(status("CREATE_FAILED", given_))
    assert error.words == f"AWS Config's status of the rule in the account is CREATE_FAILED ({shown})."
