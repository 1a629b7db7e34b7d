"""Nothing that could be recognized is left of a review's document, and what is left is still one."""

import itertools
import json
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from blindspot.report.markdown import markdown
from blindspot.report.page import page
from blindspot.report.reading import view_of
from blindspot.report.text import text
from blindspot.review.anonymize import anonymize
from tests.cases.reviews import (
    ACCOUNT,
    ALARM,
    CALLS,
    OTHER_LOG,
    REFUSED_READ,
    SCP,
    TRAIL_LOG,
    a_caller,
    a_group,
    a_large_review,
    a_log_group,
    a_refusal,
    a_review,
    an_alarm,
    an_exclusion,
)
from tests.schemas import REVIEW

MARKER = "zq-marker"
MARKERS = st.text(alphabet="zqZQ09-_./@:*\"'\\ é", max_size=12).map(lambda tail: f"{MARKER}{tail}")
NAMES = st.one_of(
    MARKERS,
    MARKERS.map(lambda marker: f"arn:aws:iam::{marker}:role/{marker}"),
    MARKERS.map(lambda marker: f"arn:{marker}:{marker}:{marker}:{marker}:{marker}"),
    MARKERS.map(lambda marker: f"{marker}.amazonaws.com.{marker}"),
)


def marked(names: Iterator[str], kind: str, account: str) -> dict[str, Any]:
    """A review in which everything that somebody chose is one of the names."""
    group = a_group(
        caller=a_caller(next(names), kind, account),
        refused_by=a_refusal("session policy", explicit=True, policy=next(names)),
        addresses=[next(names), next(names)],
        not_excluded={"code": "person", "why": next(names)},
        example={next(names): {"x": [next(names)]}},
        **{next(names): next(names)},
    )
    return a_review(
        stack=next(names),
        run=next(names),
        summary=next(names),
        account=ACCOUNT,
        log_groups=[a_log_group(log_group=next(names))],
        alarms=[
            an_alarm(CALLS, alarm=next(names), name=next(names)),
            an_alarm([], alarm=next(names), name=next(names), not_known=next(names)),
            an_alarm([], alarm=None, name=next(names)),
        ],
        groups=[group],
        exclusions=[an_exclusion(pattern=next(names), reason=next(names), silenced={"x": next(names)})],
        remarks=[next(names)],
        overrides=next(names),
        pattern=next(names),
        **{next(names): next(names)},
    )


def shown(document: dict[str, Any]) -> str:
    """As everybody may see it."""
    view = view_of(document)
    console = Console(file=StringIO(), width=400)
    for part in text(view):
        console.print(part, crop=False)
    return "".join([json.dumps(document), markdown(view), page(view), console.file.getvalue()])  # type: ignore[attr-defined]


@given(st.data(), st.sampled_from(["role", "user", "service", "root", "other"]), st.sampled_from(["", "999988887777"]))
def test_no_name_is_left(data: st.DataObject, kind: str, account: str) -> None:
    names = iter(lambda: data.draw(NAMES), None)
    anonymous = anonymize(marked(names, kind, account))
    REVIEW.validate(anonymous)
    everything = f"{json.dumps(anonymous)}{markdown(view_of(anonymous))}"
    assert [each for each in (MARKER, ACCOUNT, "999988887777") if each in everything] == []


def test_no_name_is_shown() -> None:
    names = (f"arn:aws:iam::{MARKER}-{number}:role/{MARKER}" for number in itertools.count())
    assert MARKER in shown(marked(names, "role", "999988887777"))
    assert MARKER not in shown(anonymize(marked(names, "role", "999988887777")))


@pytest.mark.parametrize("document", [a_review(), a_large_review()])
def test_what_is_left_is_a_document_of_the_same_review(document: dict[str, Any]) -> None:
    REVIEW.validate(document)
    anonymous = anonymize(document)
    REVIEW.validate(anonymous)
    for key in ("days", "read", "hours", "refused_calls", "api_calls", "duration_ms", "profile", "reviewed_at"):
        assert anonymous[key] == document[key]
    assert anonymous.get("cut") == document.get("cut")
    for kept in ("count", "service", "call", "code", "exclusion", "signs", "regions", "looks_like", "read_only"):
        assert [each[kept] for each in anonymous["groups"]] == [each[kept] for each in document["groups"]]
    codes = [
        [each["not_excluded"] and each["not_excluded"]["code"] for each in of["groups"]] for of in (anonymous, document)
    ]
    assert codes[0] == codes[1]
    for kept in ("excluded", "alarms_before", "alarms_after", "until", "length", "covers", "groups"):
        assert [each[kept] for each in anonymous["exclusions"]] == [each[kept] for each in document["exclusions"]]
    assert anonymous["summary"] == f"A review of {document['hours']} hours, without names."
    assert (anonymous["anonymized"], anonymous["remarks"]) == (True, [])
    assert {each["reason"] for each in anonymous["exclusions"]} == {"It is not shown."}


def test_the_same_name_has_the_same_stand_in_everywhere() -> None:
    made = anonymize(
        a_review(
            log_groups=[a_log_group(log_group=name) for name in (TRAIL_LOG, OTHER_LOG, TRAIL_LOG)],
            alarms=[an_alarm(CALLS), an_alarm(CALLS, alarm=None)],
            groups=[
                a_group(caller=a_caller("a"), addresses=["10.0.0.1", "fe80::1"], refused_by=a_refusal(policy=SCP)),
                a_group(caller=a_caller("b", account="444455556666"), addresses=["10.0.0.2", "10.0.0.1"]),
                a_group(caller=a_caller("a", account="444455556666"), addresses=["fe80::1", "AWS Internal"]),
                a_group(caller=a_caller("a", "user", ""), addresses=["config.amazonaws.com"]),
            ],
        )
    )
    prefix = "arn:aws:logs:us-east-1:111111111111:log-group:log-group"
    assert [each["log_group"] for each in made["log_groups"]] == [f"{prefix}-1", f"{prefix}-2", f"{prefix}-1"]
    arn = "arn:aws:cloudwatch:us-east-1:111111111111:alarm:alarm-1"
    named = [(each["alarm"], each["name"], each["not_known"]) for each in made["alarms"]]
    assert named == [(arn, "alarm-1", None), (None, "profile-alarm", None)]
    assert [list(each["caller"].values()) for each in made["groups"]] == [
        ["role", "role-1", "111111111111"],
        ["role", "role-2", "222222222222"],
        ["role", "role-1", "222222222222"],
        ["user", "user-1", ""],
    ]
    assert [each["addresses"] for each in made["groups"]] == [
        ["192.0.2.1", "2001:db8::1"],
        ["192.0.2.2", "192.0.2.1"],
        ["2001:db8::1", "address-1"],
        ["config.amazonaws.com"],
    ]
    assert made["groups"][0]["refused_by"] == a_refusal(policy="arn:aws:iam::111111111111:policy:policy-1")
    assert made["groups"][1]["refused_by"]["policy"] is None


@pytest.mark.parametrize(
    ("kind", "name", "stand_in"),
    [
        ("service", "config.amazonaws.com", "config.amazonaws.com"),
        ("service", "ec2.cn-north-1.amazonaws.com.cn", "ec2.cn-north-1.amazonaws.com.cn"),
        ("service", "config.amazonaws.com.example.org", "service-1"),
        ("service", "Bob", "service-1"),
        ("role", "config.amazonaws.com", "role-1"),
        ("root", "Bob", "root"),
        ("other", "all others", "all others"),
        ("other", "Bob", "caller-1"),
        ("user", "all others", "user-1"),
    ],
)
def test_who_is_no_secret_keeps_the_name(kind: str, name: str, stand_in: str) -> None:
    (group,) = anonymize(a_review(groups=[a_group(caller=a_caller(name, kind))]))["groups"]
    assert group["caller"] == {"kind": kind, "name": stand_in, "account": "111111111111"}


def test_there_are_stand_ins_for_many() -> None:
    groups = [
        a_group(
            caller=a_caller(f"r{number}", account=f"{number:012d}"), addresses=[f"10.{number // 250}.1.{number % 250}"]
        )
        for number in range(800)
    ]
    made = anonymize(a_review(groups=groups))["groups"]
    accounts = [each["caller"]["account"] for each in made]
    addresses = [each["addresses"][0] for each in made]
    assert len(set(accounts)) == len(set(addresses)) == 800
    assert accounts[7:10] == ["999999999999", "000000000010", "000000000011"]  # the reviewed account is the first
    at = {253: "192.0.2.254", 254: "198.51.100.1", 507: "198.51.100.254", 508: "203.0.113.1", 762: "198.18.0.1"}
    assert {number: addresses[number] for number in at} == at


def test_what_was_not_known_stays_unknown_without_its_names() -> None:
    composite = an_alarm([], not_known=f"Alarm {ALARM} is a composite alarm.")
    made = anonymize(a_review(alarms=[composite]))["alarms"][0]
    assert (made["not_known"], made["days"]) == ("The reason is not shown.", [])
    assert made["terms"] == composite["terms"]


def test_why_a_log_group_was_not_read_stays() -> None:
    unread = a_log_group(log_group="no-arn", error=REFUSED_READ)
    made, other = anonymize(a_review(log_groups=[unread, unread | {"log_group": "no"}]))["log_groups"]
    assert made == {**unread, "log_group": "log-group-1"}
    assert other == {**unread, "log_group": "log-group-2"}


def test_an_arn_of_no_region_has_none() -> None:
    groups = [
        a_group(refused_by=a_refusal(policy=f"arn:aws:x:{region}:{ACCOUNT}:p")) for region in ("Bob", "eu-west-1")
    ]
    made = anonymize(a_review(groups=groups))["groups"]
    assert [each["refused_by"]["policy"] for each in made] == [
        "arn:aws:iam::111111111111:policy:policy-1",
        "arn:aws:iam:eu-west-1:111111111111:policy:policy-1",
    ]
