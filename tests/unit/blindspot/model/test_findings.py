"""docs/gaps.md tells of every code, with a sentence that is really written and the fix that is really given."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from blindspot.model import profile
from blindspot.model.arn import short
from blindspot.model.findings import DOUBT_FIXES, FIXES, FOREIGN, LINKS, NOT_FOLLOWED, Doubt, Gap, unread, with_account
from blindspot.model.snapshot import Unreadable
from blindspot.report.wording import reason
from blindspot.verdict.assessment import assess
from tests.builders import CIS, a_compliant_snapshot, a_filter
from tests.cases.accounts import BROKEN, DOUBTFUL, HOSTILE, PROFILE, SIEM, to_siem

TEXT = (Path(__file__).parents[4] / "docs/gaps.md").read_text()
SECTIONS = dict(re.findall(r"^### `([a-z.-]+)`\n(.+?)(?=^##)", TEXT, re.MULTILINE | re.DOTALL))


def told() -> Iterator[Gap | Doubt]:
    """Every gap and doubt of the tables."""
    snapshots = [*(snapshot for snapshot, _ in BROKEN.values()), *DOUBTFUL.values()]
    assessed = [assess(snapshot, PROFILE) for snapshot in snapshots]
    siem = profile.load("cis-level-2", {"siem_destinations": [SIEM]})
    assessed.append(assess(to_siem("UnauthorizedOperation"), siem))
    assessed.append(assess(a_compliant_snapshot(filters=(a_filter(f"{{ {HOSTILE} }}"),)), PROFILE))
    halves = (a_filter('{ $.errorCode = "*UnauthorizedOperation" }'), a_filter('{ $.errorCode = "Access*Denied*" }'))
    assessed.append(assess(a_compliant_snapshot(filters=halves), PROFILE))
    benign = {"benign": ['{ $.requestParameters.bucketName = "assets" }', '{ $.userIdentity.arn = "*:root" }']}
    for excluded in (
        '$.requestParameters.bucketName NOT EXISTS || $.requestParameters.bucketName != "assets"',
        '$.userIdentity.type != "Root" || $.userIdentity.arn != "*:root"',
        '$.errorCode != "Throttling*"',
    ):
        one = a_filter(f"{{ ({CIS[2:-2]}) && ({excluded}) }}")
        assessed.append(assess(a_compliant_snapshot(filters=(one,)), profile.load("cis-level-2", benign)))
    assessed.append(assess(replace(a_compliant_snapshot(), disputed_patterns=frozenset({a_filter().pattern})), PROFILE))
    for assessment in assessed:
        for region in assessment.regions:
            yield from region.gaps
            yield from region.doubts


TOLD = list(told())


def test_every_code_has_its_section_in_the_order_of_the_chain() -> None:
    assert sorted(SECTIONS) == sorted([*FIXES, *DOUBT_FIXES])
    links = [code.split(".")[0] for code in SECTIONS if code in FIXES]
    order = [link for link in LINKS if link != "siem"] + ["siem"]
    assert sorted(links, key=order.index) == links


def test_every_section_can_be_linked_to() -> None:
    anchors = {code: re.findall(r'^<a id="(.+)"></a>$', section, re.MULTILINE) for code, section in SECTIONS.items()}
    assert anchors == {code: [code.replace(".", "-")] for code in SECTIONS}


@pytest.mark.parametrize("code", [*FIXES, *DOUBT_FIXES])
def test_a_section_has_an_example_and_the_fix(code: str) -> None:
    section = " ".join(SECTIONS[code].split())
    (example,) = re.findall(r"^> (.+)$", SECTIONS[code], re.MULTILINE)
    kind = Gap if code in FIXES else Doubt
    assert example in [finding.message for finding in TOLD if isinstance(finding, kind) and finding.code == code]
    assert section.endswith(FIXES.get(code) or DOUBT_FIXES[code])


def test_a_doubt_has_a_code_that_is_told() -> None:
    codes = {finding.code for finding in TOLD if isinstance(finding, Doubt)}
    assert codes >= set(DOUBT_FIXES)
    assert codes <= {*FIXES, *DOUBT_FIXES}
    assert all(finding.fix for finding in TOLD)


OF_OTHERS = {
    "subscription": "arn:aws:sns:eu-west-1:123456789012:t:1",
    "topic": "arn:aws:sns:eu-west-1:123456789012:t",
    "key": "arn:aws:kms:eu-west-1:123456789012:key/1",
    "log group": "arn:aws:logs:eu-west-1:123456789012:log-group:g",
    "trail": "arn:aws:cloudtrail:eu-west-1:123456789012:trail/t",
}


@pytest.mark.parametrize("kind", OF_OTHERS)
def test_of_another_account_it_is_told_which_role_is_missing_or_that_none_would_help(kind: str) -> None:
    arn, code = OF_OTHERS[kind], f"{kind.replace(' ', '-')}.foreign"
    begin = f"{kind.capitalize()} {short(arn)} belongs to account"
    without_role, not_followed = (
        unread(arn, Unreadable("sns:X", "eu-west-1", error), "999999999999") for error in (FOREIGN, NOT_FOLLOWED)
    )
    assert without_role == Doubt(code, arn, f"{begin} 999999999999. MonitoringRoleArns names no role there.")
    assert not_followed == Doubt(
        code,
        arn,
        f"{begin} 999999999999. For a member account, Blindspot reads other accounts only for an organization's trail.",
        f"the {kind}'s account is read only for an organization's trail",
        f"Use a {kind} of the member account, or alert on its calls through an organization's trail.",
    )
    assert unread(arn, Unreadable("sns:X", "eu-west-1", FOREIGN)).message.startswith(f"{begin} 123456789012.")
    assert len(f"Cannot verify: {reason(not_followed)}") <= 110


LOG_GROUP = "arn:aws:logs:eu-west-1:999999999999:log-group:g"


@pytest.mark.parametrize(
    ("resource", "account", "added"),
    [
        (LOG_GROUP, "123456789012", " Log group g is in account 999999999999."),
        (f"{LOG_GROUP}:metric-filter:a:metric-filter:b", "123456789012", " Log group g is in account 999999999999."),
        ("arn:aws:sns:eu-west-1:999999999999:t", "123456789012", " Topic t is in account 999999999999."),
        ("arn:aws:sns:eu-west-1:999999999999:t:1", "123456789012", " Subscription t:1 is in account 999999999999."),
        ("arn:aws:cloudwatch:eu-west-1:999999999999:alarm:a", "123456789012", " Alarm a is in account 999999999999."),
        (LOG_GROUP, "999999999999", ""),
        ("arn:aws:s3:::siem", "123456789012", ""),
        ("trails in eu-west-1", "123456789012", ""),
    ],
)
def test_a_finding_of_another_account_names_it(resource: str, account: str, added: str) -> None:
    doubt = Doubt("undecided", resource, "Why.")
    assert with_account(doubt, account) == Doubt("undecided", resource, f"Why.{added}")
    assert with_account(with_account(doubt, account), account) == with_account(doubt, account)
