"""An alarm that watches another metric than the filter's: what the document says, and what it says to change."""

from typing import Any

import pytest

from blindspot.model import profile
from blindspot.verdict.assessment import Verdict, assess
from tests.builders import a_compliant_snapshot, a_filter, an_alarm

PROFILE = profile.load("cis-level-2")
CASES: dict[str, tuple[dict[str, Any], dict[str, Any], tuple[str, ...], str]] = {
    "another namespace": (
        {},
        {"namespace": "LogMetrics"},
        ("unauthorized_api_calls in namespace CISBenchmark", "Alarm near", "namespace LogMetrics"),
        "Set alarm near to metric unauthorized_api_calls in namespace CISBenchmark",
    ),
    "another case": (
        {},
        {"metric": "Unauthorized_API_Calls"},
        ("unauthorized_api_calls in namespace CISBenchmark", "Alarm near", "upper and lower case"),
        "Set alarm near to metric unauthorized_api_calls in namespace CISBenchmark",
    ),
    "another unit": (
        {"unit": "Count"},
        {"unit": "Bytes"},
        ("unauthorized_api_calls in namespace CISBenchmark", "Alarm near", "unit Bytes", "unit Count"),
        "Remove the unit from alarm near.",
    ),
    "dimensions of the filter": (
        {"dimensions": (("source", "$.eventSource"),)},
        {},
        ("unauthorized_api_calls in namespace CISBenchmark", "Alarm near", "only with dimensions source"),
        "Remove the dimensions from metric filter",
    ),
    "dimensions of the alarm": (
        {},
        {"dimensions": (("source", "s3.amazonaws.com"),)},
        ("unauthorized_api_calls in namespace CISBenchmark", "Alarm near", "source=s3.amazonaws.com"),
        "Remove the dimensions from alarm near.",
    ),
    "nothing in common": (
        {},
        {"metric": "root_logins"},
        ("unauthorized_api_calls in namespace CISBenchmark",),
        "Create an alarm on the filter's metric.",
    ),
}


@pytest.mark.parametrize(("of_filter", "of_alarm", "words", "fix"), CASES.values(), ids=CASES)
def test_an_alarm_that_comes_near(
    of_filter: dict[str, Any], of_alarm: dict[str, Any], words: tuple[str, ...], fix: str
) -> None:
    snapshot = a_compliant_snapshot(filters=(a_filter(**of_filter),), alarms=(an_alarm(name="near", **of_alarm),))
    assessment = assess(snapshot, PROFILE)
    assert assessment.verdict is Verdict.NON_COMPLIANT
    for region in assessment.regions:
        (gap,) = region.gaps
        assert gap.code == "alarm.missing"
        assert [word for word in words if word not in gap.message] == []
        assert gap.fix.startswith(fix)
