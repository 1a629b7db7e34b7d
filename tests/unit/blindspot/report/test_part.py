"""A field that is not what a document has is an error that names it."""

from datetime import date
from typing import Any

import pytest

from blindspot.model.findings import FOREIGN, NOT_ASKED
from blindspot.report.part import Part, finding_of, unanswered
from blindspot.report.reading import DocumentError, view_of
from blindspot.report.view import Finding
from blindspot.verdict.assessment import Verdict
from tests.cases.documents import (
    KEY,
    a_channel,
    a_document,
    a_region,
    a_remediation,
    with_doubt,
    with_gap,
)

C, N, I = "COMPLIANT", "NON_COMPLIANT", "INDETERMINATE"  # noqa: E741


WRONG = [
    (a_document(schema=1), "The document's schema is not valid. Allowed: 2."),
    (a_document(verdict="OK"), "The document's verdict is not valid. Allowed: " + ", ".join(Verdict) + "."),
    (a_document(verdict=[]), "The document's verdict is not valid. Allowed: " + ", ".join(Verdict) + "."),
    (a_document(summary=1), "The document's summary is not valid. Allowed: a text."),
    (a_document(regions=[]), "The document's regions is not valid. Allowed: an object."),
    (a_document(regions={"a": 1}), "The document's regions.a is not valid. Allowed: an object."),
    (a_document(notes=[1]), "The document's notes[0] is not valid. Allowed: an object."),
    (a_document(notes={}), "The document's notes is not valid. Allowed: a list of objects."),
    (a_document(exclusions={}), "The document's exclusions is not valid. Allowed: a list of objects."),
    (a_document(exclusions=None), "The document's exclusions is not valid. Allowed: a list of objects."),
    (a_document(exclusions=[{"pattern": 1, "reason": None, "until": None, "in_force": True}]),
     "The document's exclusions[0].pattern is not valid. Allowed: a text."),
    (a_document(exclusions=[{"reason": None, "until": None, "in_force": False}]),
     "The document's exclusions[0].until is not valid. Allowed: a date where in_force is false."),
    (a_document(exclusions=[{"reason": 1, "until": None, "in_force": True}]),
     "The document's exclusions[0].reason is not valid. Allowed: a text or null."),
    (a_document(exclusions=[{"reason": None, "until": "2027-02-25", "in_force": 1}]),
     "The document's exclusions[0].in_force is not valid. Allowed: true or false."),
    (a_document(channels=[a_channel(trail=1)]),
     "The document's channels[0].trail is not valid. Allowed: a text or null."),
    (a_document(cut={"gaps": True}), "The document's cut.gaps is not valid. Allowed: a number."),
    (with_doubt("key.foreign", KEY, regions={"a": a_region(I, channels=[-1], doubts=[
        {"code": "key.foreign", "resource": KEY, "message": "m", "fix": "f"}])}),
     "The document's regions.a.channels is not valid. Allowed: a list of indexes."),
    (with_gap(gaps=[{**with_gap()["gaps"][0], "regions": [1]}]),
     "The document's gaps[0].regions is not valid. Allowed: a list of texts."),
    (a_remediation(switch={"on": "no"}), "The document's switch.on is not valid. Allowed: true or false."),
    (a_remediation(monthly_cost={"usd": float("nan")}),
     "The document's monthly_cost.usd is not valid. Allowed: a number below 1,000,000,000,000."),
    (a_remediation(monthly_cost={"usd": -(10**400)}),
     "The document's monthly_cost.usd is not valid. Allowed: a number below 1,000,000,000,000."),
    (a_remediation(monthly_cost={"usd": 10**400}),
     "The document's monthly_cost.usd is not valid. Allowed: a number below 1,000,000,000,000."),
    ([], "The document is not valid. Allowed: an object."),
    ({}, "This is no document of Blindspot. Allowed: one of the evaluator or the remediator."),
]  # fmt: skip


@pytest.mark.parametrize(("document", "error"), WRONG, ids=[error for _, error in WRONG])
def test_a_wrong_field_is_named(document: Any, error: str) -> None:
    with pytest.raises(DocumentError) as raised:
        view_of(document)
    assert str(raised.value) == error


@pytest.mark.parametrize("value", [None, "x", [True], [1.0], [-1], [0, "x"]])
def test_indexes_are_numbers_from_0(value: Any) -> None:
    with pytest.raises(DocumentError, match=r"^The document's a\.b is not valid. Allowed: a list of indexes.$"):
        Part({"b": value}, "a").indexes("b")


def test_a_finding_has_its_fields() -> None:
    fields = {"code": "c", "resource": "r", "message": "m", "fix": "f"}
    assert finding_of(Part(fields), ("eu-west-1",), "h") == Finding("c", "r", ("eu-west-1",), "m", "f", "h")


def test_what_is_valid_is_returned() -> None:
    part = Part({"indexes": [0, 2], "number": 10**12 - 1, "texts": ["a"]})
    assert (part.indexes("indexes"), part.number("number"), part.texts("texts")) == ((0, 2), 10**12 - 1, ("a",))


@pytest.mark.parametrize("value", [10**12, -(10**12), True, "1"])
def test_a_number_has_an_end(value: Any) -> None:
    with pytest.raises(DocumentError, match=r"^The document's a is not valid. Allowed: a number"):
        Part({"a": value}).number("a")


@pytest.mark.parametrize("value", [None, "x", [1]])
def test_texts_are_a_list(value: Any) -> None:
    with pytest.raises(DocumentError, match=r"^The document's a is not valid. Allowed: a list of texts.$"):
        Part({"a": value}).texts("a")


def test_texts_have_their_labels_and_null_is_left_out() -> None:
    part = Part({"a": "1", "b": None, "c": ""})
    assert list(part.labelled((("C", "c"), ("B", "b"), ("A", "a"), ("D", "d")))) == [("C", ""), ("A", "1")]
    with pytest.raises(DocumentError, match=r"^The document's a is not valid. Allowed: a text or null.$"):
        list(Part({"a": 1}).labelled((("A", "a"),)))


COUNTS = "The document's a.b is not valid. Allowed: a whole number from 0."
TIMES = "The document's a.b is not valid. Allowed: a time with its offset from UTC, such as 2026-11-27T12:00:00+00:00."
DAYS = "The document's a.b is not valid. Allowed: a day, such as 2026-11-27."


@pytest.mark.parametrize("value", [-1, 1.5, 1.0])
def test_a_count_is_whole_and_not_negative(value: Any) -> None:
    with pytest.raises(DocumentError) as raised:
        Part({"b": value}, "a").count("b")
    assert str(raised.value) == COUNTS
    assert [Part({"b": count}).count("b") for count in (0, 7)] == [0, 7]


@pytest.mark.parametrize(
    "value", ["", "now", "2026-11-27", "2026-11-27T12:00:00", "2026-13-27T12:00:00Z", "0001-01-01T00:00:00+01:00"]
)
def test_a_time_has_an_offset(value: str) -> None:
    with pytest.raises(DocumentError) as raised:
        Part({"b": value}, "a").time("b")
    assert str(raised.value) == TIMES


@pytest.mark.parametrize("value", ["2026-11-27T12:00:00+00:00", "2026-11-27T12:00:00Z", "2026-11-27T14:00:00+02:00"])
def test_a_time_is_in_utc(value: str) -> None:
    time = Part({"b": value}).time("b")
    assert time.isoformat() == "2026-11-27T12:00:00+00:00"


@pytest.mark.parametrize("value", ["", "today", "2026-02-30", "2026-11-27T12:00:00Z"])
def test_a_day_is_a_date(value: str) -> None:
    with pytest.raises(DocumentError) as raised:
        Part({"b": value}, "a").day("b")
    assert str(raised.value) == DAYS
    assert Part({"b": "2026-11-27"}).day("b") == date(2026, 11, 27)


@pytest.mark.parametrize("key", ["time", "day"])
def test_times_and_days_are_texts(key: str) -> None:
    with pytest.raises(DocumentError, match=r"^The document's b is not valid. Allowed: a text.$"):
        getattr(Part({"b": 5}), key)("b")


UNANSWERED = [
    ({"error": "AccessDenied", "permission": "s3:X"}, "s3:X in r was refused (AccessDenied). Allow the role s3:X."),
    ({"error": FOREIGN}, "s3:X in r was not called: MonitoringRoleArns names no role of that account."),
    *(({"error": error}, f"s3:X in r was not called: {why}.") for error, why in NOT_ASKED.items()),
    ({"error": "Timeout"}, "s3:X in r gave no answer (Timeout)."),
]


@pytest.mark.parametrize(("fields", "words"), UNANSWERED)
def test_why_a_read_gave_no_answer(fields: dict[str, Any], words: str) -> None:
    assert unanswered(Part({"call": "s3:X", "region": "r", "permission": None} | fields)) == words
