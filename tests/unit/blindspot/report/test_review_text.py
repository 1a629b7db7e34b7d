"""The text of a review in a terminal, however wide it is."""

import json
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from blindspot.report.reading import view_of
from blindspot.report.review_text import DAYS, GROUPS
from blindspot.report.text import text
from tests.cases.documents import a_document
from tests.cases.hostile import NAMES
from tests.cases.pages import hostile
from tests.cases.reviews import (
    CALLS,
    REFUSED_READ,
    a_caller,
    a_group,
    a_large_review,
    a_log_group,
    a_review,
    an_alarm,
    an_exclusion,
    days,
    reviewed,
)


def printed(*documents: Any, width: int = 80, colours: bool = False) -> str:
    """As the command line prints it."""
    console = Console(
        file=StringIO(), width=width, force_terminal=colours, color_system="truecolor" if colours else None
    )
    for part in text(view_of(*documents)):
        console.print(part, crop=False)
    return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]


def lines(shown: str, title: str) -> list[str]:
    """The lines of a chapter, without blanks at their end."""
    _, _, rest = shown.partition(f"\n{title} ──")
    chapter = rest.partition("\n")[2].partition(" ──")[0]
    return [line.rstrip() for line in chapter.split("\n")][:-1]


def test_a_review_as_a_text() -> None:
    """All of it, in 100 columns."""
    shown = printed(a_review(cut={"examples": 2}), width=100)
    assert (
        [line.rstrip() for line in shown.split("\n")]
        == f"""\
{"Review ".ljust(100, "─")}
Who is refused what, and how often would that have set off the alarm?

29 alarms a day; role scanner makes 87 % of the refused calls. With 1 exclusion, 2 alarms a day
remain.

800 refused calls of 3 callers from 2026-11-20 12:00 to 2026-11-27 12:00. All times are in UTC.
The alarm that the profile recommends would have gone to ALARM 200 times, and 14 times with all
exclusions below.

{"What looks like an attack ".ljust(100, "─")}
- role build of account 444455556666: 4 refused calls, 2026-11-26 03:11 to 2026-11-27 10:58:
secretsmanager:GetSecretValue.

{"By day ".ljust(100, "─")}
Day (UTC)   Refused calls  To ALARM
2026-11-20             40         9
2026-11-21            118        29
2026-11-22            121        30
2026-11-23            119        28
2026-11-24            122        31
2026-11-25            118        29
2026-11-26            104        26
2026-11-27             58        18
To ALARM: how often the account's alarm would have gone to ALARM.

{"How often each alarm would have gone to ALARM ".ljust(100, "─")}
To ALARM  Alarm                                        Settings
200       unauthorized_api_calls_alarm                 Sum >= 1, 1 of 1 periods of 300 s, missing
                                                       data missing
200       unauthorized-api-calls-alarm, as the         Sum >= 1, 1 of 1 periods of 300 s, missing
          profile recommends it                        data missing

{"Who is refused what ".ljust(100, "─")}
Calls  Who is refused what
  700  role scanner: s3:GetBucketAcl, AccessDenied
       no identity-based policy allows it
       on 7 days, 2026-11-20 12:04 to 2026-11-27 10:58, from 198.51.100.7, in us-east-1
       a scanner; caller refused in many services; exclusion 1

   96  role AWSReservedSSO_Developer_0a1b2c3d4e5f6071: ec2:DescribeInstances,
       Client.UnauthorizedOperation
       a service control policy denies it:
       arn:aws:organizations::111122223333:policy/o-a1b2c3d4e5/service_control_policy/p-examplepol
       icyid111
       on 5 days, 2026-11-20 12:04 to 2026-11-27 10:58, from 198.51.100.7, in us-east-1
       a console without permission; made in the console; not excluded

    4  role build of account 444455556666: secretsmanager:GetSecretValue, AccessDeniedException
       on 2 days, 2026-11-26 03:11 to 2026-11-27 10:58, from 203.0.113.20, 2001:db8::1 and others,
       in eu-west-1, us-east-1
       an attack; first seen in the last quarter of the time; caller refused in many services

{"Proposed exclusions, each with its proof ".ljust(100, "─")}
1. role scanner: 700 refused calls
   Alarms: 200 before, 14 after
   Calls: s3:GetBucketAcl, AccessDenied: 700 calls
   What else it silences: arn:aws:sts::111122223333:assumed-role/scanner/session calls
   s3:GetBucketAcl in eu-west-1 from 198.51.100.7, refused with AccessDenied.
   What is left: The metric filter's pattern has 512 of 1,024 characters. It matches all that the
   profile requires, less the exclusions so far.
   Reason: Refused calls of role scanner, which reads and changes nothing.
   Ends: 2027-02-25
   Pattern: {{ ($.userIdentity.sessionContext.sessionIssuer.arn =
   "arn:aws:iam::111122223333:role/scanner") && ($.eventSource = "s3.amazonaws.com" && $.eventName =
   "GetBucketAcl") }}

{"Frequent, and not excluded ".ljust(100, "─")}
- A person makes these calls. 96 calls (person): role AWSReservedSSO_Developer_0a1b2c3d4e5f6071,
ec2:DescribeInstances

{"The Overrides to set ".ljust(100, "─")}
{a_review()["overrides"]}

Try it first: pass it to python -m blindspot assess with --overrides.
Then set it as the stack's parameter Overrides: docs/profiles.md#overrides says how.
If the remediator created the metric filter and remediation is on, it writes the new pattern into
it.
Otherwise put the pattern below into your metric filter. Until then the alarm stays noisy.

The metric filter's pattern is then:
{a_review()["pattern"]}

{"Left out of this document ".ljust(100, "─")}
- examples: 2. The document was too large

{"About ".ljust(100, "─")}
Account: 111122223333
Profile: cis-level-2
Reviewed at: 2026-11-27T12:00:00+00:00
Version of Blindspot: 0.1.0

""".split("\n")
    )


@pytest.mark.parametrize("width", [40, 80, 200])
def test_the_overrides_can_be_pasted(width: int) -> None:
    document = a_review()
    shown = printed(document, width=width).split("\n")
    assert json.loads(next(line for line in shown if line.startswith('{"benign"'))) == json.loads(document["overrides"])
    assert document["pattern"] in shown


def test_what_was_not_read_comes_first() -> None:
    read = a_review()["read"] | {"share": 0.61}
    unread = a_log_group(error=REFUSED_READ)
    shown = printed(a_review(read=read, log_groups=[unread]))
    _, _, rest = shown.partition("\n\n")
    assert rest.startswith("So far, 61 % of the hours asked for.\n29 alarms a day")
    assert lines(shown, "What the review did not read")[0].startswith("- Log group organization-trail was read from ")
    assert shown.index("did not read") < shown.index("By day")


@pytest.mark.parametrize(
    ("count", "more"), [(GROUPS, None), (GROUPS + 1, "1 more groups"), (GROUPS + 480, "480 more groups")]
)
def test_the_first_groups_are_shown_and_the_others_counted(count: int, more: str | None) -> None:
    groups = [a_group(caller=a_caller(f"r-{number}-"), count=1_000 + count - number) for number in range(count)]
    shown = printed(a_review(groups=groups, exclusions=[]))
    assert "role r-19-: " in shown
    assert "role r-20-: " not in shown
    assert f"{1_000 + count:,}  role r-0-" in shown
    assert ("in the document" in shown) == (more is not None)
    assert more is None or f"\n{more} are in the document.\n" in shown


@pytest.mark.parametrize(("count", "first"), [(DAYS, "2026-11-20"), (DAYS + 2, "2026-11-22")])
def test_the_last_days_are_shown(count: int, first: str) -> None:
    shown = lines(printed(a_review(days=days([5] * count), alarms=[])), "By day")
    assert shown[:2] == ["Day (UTC)   Refused calls", f"{first}              5"]
    earlier = ["2 earlier days are in the document."] if count > DAYS else []
    assert shown[DAYS + 1 :] == [*earlier, ""]


def test_what_is_not_certain_is_told_as_such() -> None:
    alarms = [an_alarm([1_000, 2], maybe=1), an_alarm([], name="composite", not_known="It is of another kind.")]
    shown = printed(a_review(days=days([5_000, 6]), alarms=alarms), width=120)
    assert lines(shown, "By day")[1:3] == [
        "2026-11-20          5,000  1,000 to 1,001",
        "2026-11-21              6          2 to 3",
    ]
    assert "1,002 to 1,004" in shown
    assert "not known: It is of another kind." in " ".join(shown.split())


def test_without_facts_there_is_one_empty_line() -> None:
    read = a_review()["read"]
    nothing = a_review(read=read | {"from": read["to"], "share": 0.0}, groups=[], exclusions=[], overrides=None)
    assert "A summary.\n\nAbout" in printed(nothing).replace(" \n", "\n")


def test_one_day_and_one_call() -> None:
    reason = {"code": "new", "why": "It is new."}
    one = a_group(count=1, days=1, not_excluded=reason, refused_by=a_group()["refused_by"] | {"policy_type": ""})
    shown = printed(a_review(groups=[one], exclusions=[]))
    assert "on 1 day, 2026" in shown
    assert "- It is new. 1 call (new): role scanner, s3:GetBucketAcl\n" in shown
    nowhere = printed(a_review(groups=[a_group(addresses=[], regions=[])], exclusions=[]))
    assert "to 2026-11-27 10:58\n" in "\n".join(line.rstrip() for line in nowhere.split("\n"))


def test_what_is_not_there_has_no_chapter() -> None:
    nothing = a_review(groups=[], exclusions=[], alarms=[], days=[], overrides=None)
    titles = [line.partition(" ──")[0] for line in printed(nothing).split("\n") if "──" in line]
    assert titles == ["Review", "About"]
    assert "pattern is then" not in printed(nothing)
    without = {key: value for key, value in an_exclusion().items() if key != "pattern"}
    assert "Pattern:" not in printed(a_review(exclusions=[without]))
    assert "The metric filter's pattern is then" not in printed(a_review(pattern=None))


def test_several_exclusions_are_numbered() -> None:
    shown = printed(a_review(exclusions=[an_exclusion(), an_exclusion(alarms_before=1_400, alarms_after=1_200)]))
    assert "\n2. role scanner: 700 refused calls\n" in shown
    assert "   Alarms: 1,400 before, 1,200 after" in shown


def test_what_is_urgent_is_red() -> None:
    shown = printed(a_review(), colours=True)
    assert "\x1b[1;31man attack\x1b[0m; first seen" in shown
    assert "\x1b[1ma scanner\x1b[0m; caller" in shown
    assert "\x1b[1ms3:GetBucketAcl\x1b[0m" in shown
    assert "\x1b[1m200 " in shown
    assert "\x1b[1mrole scanner: 700 refused calls\x1b[0m" in shown
    read = a_review()["read"] | {"share": 0.5}
    assert "\x1b[1;33mSo far, 50 % of the hours asked for.\x1b[0m" in printed(a_review(read=read), colours=True)
    assert f"\x1b[1m{reviewed(a_review()).answer[:20]}" in shown
    assert "\x1b[2mRefused calls\x1b[0m" in shown


def test_it_follows_an_assessment() -> None:
    shown = printed(a_document(), a_review())
    assert shown.index("alert somebody?") < shown.index("Who is refused what, and")


@pytest.mark.parametrize("name", NAMES)
def test_no_name_does_harm(name: str) -> None:
    shown = printed(hostile(a_review(), NAMES[name][0]))
    assert all(line.isprintable() for line in shown.split("\n"))


def test_a_large_review_fits() -> None:
    shown = printed(a_large_review(), width=60)
    wide = [line for line in shown.split("\n") if len(line) > 60]
    assert len(wide) == 2  # the overrides and the pattern
    assert sum(CALLS) == 800
