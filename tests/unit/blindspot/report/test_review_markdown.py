"""The Markdown of a review, for a ticket."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blindspot.report.markdown import markdown
from blindspot.report.reading import view_of
from blindspot.report.review_markdown import GROUPS
from tests.cases.documents import a_document
from tests.cases.hostile import NAMES
from tests.cases.pages import hostile
from tests.cases.reviews import (
    ACCOUNT,
    REFUSED_READ,
    SCP,
    a_caller,
    a_group,
    a_log_group,
    a_refusal,
    a_review,
    an_alarm,
    an_exclusion,
    days,
)


def written(*documents: Any) -> str:
    return markdown(view_of(*documents))


def test_a_review_as_a_ticket() -> None:
    read = a_review()["read"] | {"share": 0.61}
    document = a_review(read=read, cut={"examples": 2}, log_groups=[a_log_group(error=REFUSED_READ)])
    assert (
        written(document)
        == f"""\
# Who is refused what, and how often would that have set off the alarm?

So far, 61 % of the hours asked for.

**29 alarms a day; role scanner makes 87 % of the refused calls. With 1 exclusion, 2 alarms a day remain.**

- 800 refused calls of 3 callers from 2026-11-20 12:00 to 2026-11-27 12:00. All times are in UTC.
- The alarm that the profile recommends would have gone to ALARM 200 times, and 14 times with all exclusions below.

## What looks like an attack

- role build of account 444455556666: 4 refused calls, 2026-11-26 03:11 to 2026-11-27 10:58: `\
secretsmanager:GetSecretValue`.

## What the review did not read

- Log group organization-trail was read from 2026-11-20 12:00 on only: `logs:FilterLogEvents` in us-east-1 was \
refused (AccessDeniedException). Allow the role `logs:FilterLogEvents`.

## By day

- 2026-11-20: 40 refused calls, 9 alarms
- 2026-11-21: 118 refused calls, 29 alarms
- 2026-11-22: 121 refused calls, 30 alarms
- 2026-11-23: 119 refused calls, 28 alarms
- 2026-11-24: 122 refused calls, 31 alarms
- 2026-11-25: 118 refused calls, 29 alarms
- 2026-11-26: 104 refused calls, 26 alarms
- 2026-11-27: 58 refused calls, 18 alarms

## How often each alarm would have gone to ALARM

- `unauthorized_api_calls_alarm` (Sum `>=` 1, 1 of 1 periods of 300 s, missing data missing): **200**
- `unauthorized-api-calls-alarm`, as the profile recommends it (Sum `>=` 1, 1 of 1 periods of 300 s, missing data \
missing): **200**

## Who is refused what

- **700** calls: role `scanner` calls `s3:GetBucketAcl`: `AccessDenied` (no identity-based policy allows it). On 7 \
days, 2026-11-20 12:04 to 2026-11-27 10:58, from `198.51.100.7`, in us-east-1. Looks like: a scanner; caller refused \
in many services; exclusion 1.
- **96** calls: role `AWSReservedSSO_Developer_0a1b2c3d4e5f6071` calls `ec2:DescribeInstances`: \
`Client.UnauthorizedOperation` (a service control policy denies it: `{SCP}`). On 5 days, 2026-11-20 12:04 to \
2026-11-27 10:58, from `198.51.100.7`, in us-east-1. Looks like: a console without permission; made in the console; \
not excluded.
- **4** calls: role `build` of account `444455556666` calls `secretsmanager:GetSecretValue`: `AccessDeniedException`. \
On 2 days, 2026-11-26 03:11 to 2026-11-27 10:58, from `203.0.113.20, 2001:db8::1` and others, in eu-west-1, \
us-east-1. Looks like: an attack; first seen in the last quarter of the time; caller refused in many services.

## Proposed exclusions, each with its proof

### 1. role scanner: 700 refused calls

```
{an_exclusion()["pattern"]}
```

- Alarms: 200 before, 14 after
- Calls: `s3:GetBucketAcl`, AccessDenied: 700 calls
- What else it silences: `arn:aws:sts::{ACCOUNT}:assumed-role/scanner/session` calls `s3:GetBucketAcl` in eu-west-1 \
from 198.51.100.7, refused with AccessDenied.
- What is left: The metric filter's pattern has 512 of 1,024 characters. It matches all that the profile requires, \
less the exclusions so far.
- Reason: Refused calls of role scanner, which reads and changes nothing.
- Ends: 2027-02-25

## Frequent, and not excluded

- A person makes these calls. 96 calls (`person`): role `AWSReservedSSO_Developer_0a1b2c3d4e5f6071, \
ec2:DescribeInstances`

## The Overrides to set

```json
{document["overrides"]}
```

1. Try it first: pass it to python -m blindspot assess with --overrides.
2. Then set it as the stack's parameter Overrides: `docs/profiles.md#overrides` says how.
3. If the remediator created the metric filter and remediation is on, it writes the new pattern into it.
4. Otherwise put the pattern below into your metric filter. Until then the alarm stays noisy.

The metric filter's pattern is then:

```
{document["pattern"]}
```

## Left out, because the document was too large

- `examples`: 2

## About

- Account: `111122223333`
- Profile: `cis-level-2`
- Reviewed at: `2026-11-27T12:00:00+00:00`
- Version of Blindspot: `0.1.0`
"""
    )


def test_what_is_not_there_has_no_chapter() -> None:
    shown = written(a_review(groups=[], exclusions=[], alarms=[], days=[], overrides=None))
    assert [line for line in shown.split("\n") if line.startswith("#")] == [
        "# Who is refused what, and how often would that have set off the alarm?",
        "## About",
    ]
    assert "pattern is then" not in shown
    assert "pattern is then" not in written(a_review(pattern=None))
    without = {key: value for key, value in an_exclusion().items() if key != "pattern"}
    assert "### 1. role scanner: 700 refused calls\n\n- Alarms" in written(a_review(exclusions=[without]))


def test_numbers_in_words() -> None:
    one = a_group(count=1, days=1, caller=a_caller("root", "root"), not_excluded={"code": "new", "why": "It is new."})
    many = an_alarm([1_000, 0], maybe=1)
    shown = written(a_review(groups=[one], exclusions=[], days=days([1, 2_000]), alarms=[many]))
    assert (
        "- 2026-11-20: 1 refused call, 1,000 to 1,001 alarms\n- 2026-11-21: 2,000 refused calls, 0 to 1 alarm\n"
        in shown
    )
    assert "- **1** call: `root` calls `s3:GetBucketAcl`" in shown
    assert " On 1 day, 2026" in shown
    assert "- It is new. 1 call (`new`): root, `s3:GetBucketAcl`\n" in shown
    not_known = an_alarm([], name="composite", not_known="It is of another kind.")
    shown = written(a_review(alarms=[not_known], groups=[a_group(count=1_500)], exclusions=[]))
    assert (
        "- `composite` (Sum `>=` 1, 1 of 1 periods of 300 s, missing data missing): not known. It is of another kind.\n"
        in shown
    )
    assert "- 2026-11-20: 40 refused calls\n" in shown
    assert "- **1,500** calls: role" in shown
    assert "(no identity" not in written(a_review(groups=[a_group(refused_by=a_refusal())], exclusions=[]))
    nowhere = a_group(addresses=[], regions=[])
    assert " to 2026-11-27 10:58. Looks like" in written(a_review(groups=[nowhere], exclusions=[]))
    thousands = an_exclusion(alarms_before=2_000, alarms_after=1_000)
    assert "- Alarms: 2,000 before, 1,000 after\n" in written(a_review(exclusions=[thousands]))


@pytest.mark.parametrize(("count", "more"), [(GROUPS, 0), (GROUPS + 3, 3)])
def test_the_first_groups_are_shown_and_the_others_counted(count: int, more: int) -> None:
    shown = written(a_review(groups=[a_group() for _ in range(count)], exclusions=[]))
    assert shown.count("- **700** calls") == GROUPS
    assert (f"\n- {more} more groups are in the document.\n" in shown) == bool(more)


def test_several_exclusions_are_numbered() -> None:
    shown = written(a_review(exclusions=[an_exclusion()] * 2))
    assert shown.count("## Proposed exclusions") == 1
    assert "- Ends: 2027-02-25\n\n### 2. role scanner" in shown


def test_it_follows_an_assessment() -> None:
    shown = written(a_document(), a_review())
    assert shown.index("# Would every") < shown.index("\n# Who is refused")


@pytest.mark.parametrize("name", NAMES)
def test_no_name_does_harm(name: str) -> None:
    shown = written(hostile(a_review(), NAMES[name][0]))
    assert all(line.isprintable() for line in shown.split("\n"))


@given(st.text(alphabet="ab1 .:/-@#&<>[]()*_`|~$\\!{}=+\"'", min_size=1, max_size=20))
def test_no_name_begins_or_ends_a_chapter(name: str) -> None:
    def chapters(shown: str) -> list[str]:
        return [line for line in shown.split("\n") if line.startswith(("#", "```"))]

    marked = chapters(written(hostile(a_review(), name)))
    assert [line[:3] for line in marked] == [line[:3] for line in chapters(written(a_review()))]
