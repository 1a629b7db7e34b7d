"""A review by the evaluator: what is read, what is said of what was not, and that nothing of an event is told."""

import io
import json
import logging
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from blindspot.app.invocation import InvocationError
from blindspot.app.run import OWN_ERRORS, UnexpectedError, logger
from blindspot.aws.errors import CallFailed
from blindspot.aws.responses import LogEvents, log_events
from blindspot.model.profile import SettingsError
from local.accounts import Made, a_compliant_account
from local.aws import LocalAws
from local.embedded_metrics import sent
from tests.integration.evaluating import invoke
from tests.integration.reviewing import ACCOUNT, DAY, HOUR, deliver, every, log_group, reads, refused, review

NAMED = "BLINDSPOT_REVIEW_LOG_GROUP_ARNS"

pytestmark = pytest.mark.usefixtures("unpaced")


@pytest.fixture
def unpaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the pauses between calls."""
    monkeypatch.setattr("blindspot.aws.refused_calls.PACE", 0)


@pytest.fixture
def account(small: LocalAws) -> Made:
    """An account whose alarm a scanner sets off all day."""
    made = a_compliant_account(small)
    deliver(small, made, every(HOUR))
    return made


def test_a_noisy_account_is_told_who_it_is_and_what_to_set(small: LocalAws, account: Made) -> None:
    found = review()
    calls = (7 * DAY - HOUR) // HOUR
    assert (found["hours"], found["read"]["share"], found["read"]["events"]) == (168, 1.0, calls)
    (group,) = found["groups"]
    assert (group["caller"]["name"], group["call"], group["count"]) == ("scanner", "GetBucketAcl", calls)
    assert group["example"]["eventID"] == "scanner-GetBucketAcl-0"
    (exclusion,) = found["exclusions"]
    assert (exclusion["alarms_before"], exclusion["alarms_after"]) == (calls, 0)
    assert json.loads(found["overrides"])["benign"][-1]["pattern"] == exclusion["pattern"]
    assert found["summary"] == (
        f"{calls} refused calls in 168 hours would have taken alarm unauthorized_api_calls_alarm to ALARM {calls} "
        f"times; with the proposed exclusion, the profile's alarm would have gone to ALARM 0 times instead of {calls}."
    )
    (log_group_read,) = found["log_groups"]
    assert (log_group_read["log_group"], log_group_read["error"]) == (log_group(account), None)


def test_it_writes_nothing_and_tells_nobody(small: LocalAws, account: Made) -> None:
    before = small.dump()
    review(24)
    assert (small.config_rows, small.events, small.config.due) == ([], [], [])
    assert small.dump() == before


def test_only_the_hours_that_were_asked_for_are_read(small: LocalAws, account: Made) -> None:
    assert sum(group["count"] for group in review(3)["groups"]) == 3


def test_what_the_log_group_no_longer_keeps_was_not_read(small: LocalAws, account: Made) -> None:
    small.client("logs", account.region).put_retention_policy(logGroupName=account.log_group, retentionInDays=3)
    found = review()
    assert found["read"]["share"] == pytest.approx(3 / 7)
    assert sum(group["count"] for group in found["groups"]) == 3 * DAY // HOUR
    (told,) = found["log_groups"]
    assert (told["error"]["error"], told["error"]["permission"]) == ("NotKept", None)
    assert told["read_from"] == found["read"]["from"]
    assert review(72)["read"]["share"] == 1


def test_without_log_groups_it_says_what_to_set_before_anything_is_called(
    small: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(NAMED, "")
    with pytest.raises(SettingsError, match=r"^ReviewLogGroupArns is empty.*Set it to the ARNs of the log groups"):
        invoke({"action": "review"})
    assert small.calls == []


@pytest.mark.parametrize(
    ("name", "value"), [(NAMED, "trail"), ("BLINDSPOT_OVERRIDES", "{"), ("BLINDSPOT_PROFILE", "x")]
)
def test_wrong_settings_are_an_error_before_anything_is_called(
    small: LocalAws, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError):
        invoke({"action": "review"})
    assert small.calls == []


@pytest.mark.parametrize("hours", [0, 2161, "24"])
def test_wrong_hours_are_an_error_before_anything_is_called(small: LocalAws, hours: object) -> None:
    with pytest.raises(InvocationError, match="from 1 to 2160"):
        invoke({"action": "review", "hours": hours})
    assert small.calls == []


def test_a_log_group_that_is_not_named_is_not_called_and_one_without_a_trail_is_told(
    small: LocalAws, account: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = a_compliant_account(small, region="us-east-1", name="other")
    nobodys = log_group(account).replace(account.log_group, "nobodys")
    monkeypatch.setenv(NAMED, f"{log_group(account)}:*,{nobodys}")
    found = review(24)
    errors = {each["log_group"]: each["error"] and each["error"]["error"] for each in found["log_groups"]}
    assert errors == {log_group(account): None, nobodys: "NoTrail", log_group(other): "NotNamed"}
    called = {call.region for call in small.calls if str(call) == "logs:FilterLogEvents"}
    assert called == {account.region}
    assert found["refused_calls"] == 0
    assert found["summary"].startswith("2 of 3 log groups could not be read as far as the others; ")


def test_a_log_group_in_an_excluded_region_is_not_called(
    small: LocalAws, account: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BLINDSPOT_EXCLUDED_REGIONS", "us-east-1")
    made = a_compliant_account(small, region="us-east-1", name="other")
    monkeypatch.setenv(NAMED, f"{log_group(account)},{log_group(made)}")
    found = review(24)
    assert [each["error"] and each["error"]["error"] for each in found["log_groups"]] == [None, "Excluded"]
    assert not [call for call in small.calls if call.region == "us-east-1"]


def test_a_log_group_of_another_account_is_read_only_with_a_role(
    small: LocalAws, account: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign = "arn:aws:logs:eu-west-1:999999999999:log-group:organization"
    small.client("logs", "eu-west-1", "999999999999").create_log_group(logGroupName="organization")
    trails = small.client("cloudtrail", account.region)
    trails.update_trail(Name=account.trail, CloudWatchLogsLogGroupArn=f"{foreign}:*")
    monkeypatch.setenv(NAMED, foreign)
    (told,) = review(24)["log_groups"]
    assert (told["error"]["error"], reads(small)) == ("ForeignAccount", 0)

    role = "arn:aws:iam::999999999999:role/blindspot"
    monkeypatch.setenv("BLINDSPOT_MONITORING_ROLE_ARNS", role)
    (told,) = review(24)["log_groups"]
    assert (told["error"]["error"], reads(small)) == ("AccessDenied", 0)

    small.trust(role)
    (told,) = review(24)["log_groups"]
    assert told["error"] is None
    assert reads(small) > 0


def test_a_log_group_that_is_gone_is_told(small: LocalAws, account: Made) -> None:
    small.client("logs", account.region).delete_log_group(logGroupName=account.log_group)
    found = review()
    (told,) = found["log_groups"]
    assert (told["error"]["error"], told["error"]["permission"]) == ("ResourceNotFoundException", None)
    assert (found["read"]["share"], reads(small)) == (0, 0)
    assert found["summary"] == (
        "Nothing was read: log group management-events could not be read (ResourceNotFoundException)."
    )


def test_a_refused_call_is_made_once_and_its_permission_is_named(small: LocalAws, account: Made) -> None:
    small.fail("logs:FilterLogEvents", error="AccessDeniedException")
    found = review()
    (told,) = found["log_groups"]
    assert told["error"] == {
        "call": "logs:FilterLogEvents",
        "region": "eu-west-1",
        "error": "AccessDeniedException",
        "permission": "logs:FilterLogEvents",
    }
    assert (reads(small), found["refused_calls"], found["read"]["share"]) == (1, 1, 0)
    assert (found["groups"], found["exclusions"], found["overrides"]) == ([], [], None)
    assert found["summary"].startswith("Nothing was read: ")


def test_a_log_group_that_is_deleted_while_it_is_read_is_told_and_the_other_is_read_on(
    small: LocalAws, account: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = a_compliant_account(small, region="us-east-1", name="other")
    monkeypatch.setenv(NAMED, f"{log_group(account)},{log_group(other)}")
    deliver(small, other, every(HOUR, role="other"))
    pages = 0

    def parse(*arguments: Any) -> LogEvents:
        nonlocal pages
        pages += 1
        if pages == 4:
            small.client("logs", "us-east-1").delete_log_group(logGroupName=other.log_group)
        return log_events(*arguments)

    monkeypatch.setattr("blindspot.aws.responses.log_events", parse)
    found = review()
    read, gone = found["log_groups"]
    assert (read["log_group"], read["error"], read["read_from"]) == (log_group(account), None, found["read"]["from"])
    assert (gone["log_group"], gone["error"]["error"]) == (log_group(other), "ResourceNotFoundException")
    assert found["read"]["from"] < gone["read_from"] < found["read"]["to"]
    assert found["read"]["share"] == 1.0
    assert sum(group["count"] for group in found["groups"]) == read["events"] + gone["events"]


def test_where_the_time_is_over_it_says_how_far_it_came(
    small: LocalAws, account: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = 0

    def parse(*arguments: Any) -> LogEvents:
        nonlocal pages
        pages += 1
        if pages == 4:
            small.fail("logs:FilterLogEvents", error="ThrottlingException")
        return log_events(*arguments)

    monkeypatch.setattr("blindspot.aws.responses.log_events", parse)
    monkeypatch.setattr("blindspot.app.evaluate.REVIEWED", (0.2, 0.25, 0.3, 0.4, 0.9, 0.95))
    found = review(milliseconds=20_000)
    assert 0 < found["read"]["share"] < 1
    assert found["summary"].startswith(f"So far, {int(100 * found['read']['share'])} % of the hours asked for: ")
    (told,) = found["log_groups"]
    assert told["error"]["error"] == "ThrottlingException"
    assert told["read_from"] == found["read"]["from"]
    assert sum(group["count"] for group in found["groups"]) == found["read"]["events"]


def test_where_no_trail_can_be_read_nothing_is(small: LocalAws, account: Made) -> None:
    small.fail("cloudtrail:DescribeTrails")
    found = review()
    assert (reads(small), found["read"]["share"]) == (0, 0)
    assert [each["error"]["error"] for each in found["log_groups"]] == ["NoTrail"]


def test_without_an_identity_the_run_fails_as_an_assessment_does(small: LocalAws, account: Made) -> None:
    small.fail("sts:GetCallerIdentity")
    with pytest.raises(CallFailed, match="sts:GetCallerIdentity"):
        invoke({"action": "review"})
    assert reads(small) == 0


def test_what_is_no_event_is_counted_and_loses_nothing(small: LocalAws, account: Made) -> None:
    at = next(every(HOUR))[0]
    odd = ("AccessDenied", '{"errorCode": "AccessDenied"', '["AccessDenied"]')
    small.client("logs").delete_metric_filter(logGroupName=account.log_group, filterName=account.filter)
    whole = review(24)
    small.deliver_events(account.log_group, [(at, text) for text in odd])
    small.deliver_events(account.log_group, [(at, {"errorCode": "AccessDenied", "eventSource": 7, "userIdentity": []})])
    found = review(24)
    assert found["read"]["events"] - whole["read"]["events"] == 1 + found["read"]["not_understood"]
    assert sum(group["count"] for group in found["groups"]) == sum(group["count"] for group in whole["groups"]) + 1


# Privacy.

MARKER = "".join(("Zq", "Xj"))  # a stack trace shows the lines of the source


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Iterator[io.StringIO]:
    """What the log of Lambda gets: the product's logger was made before the test, and prints elsewhere."""
    caplog.set_level(logging.DEBUG)
    kept = io.StringIO()
    handler: Any = logger.registered_handler
    before = handler.setStream(kept)
    yield kept
    handler.setStream(before)


def marked(number: int) -> dict[str, Any]:
    """A refused call with the marker in every text but those that make it one."""

    def mark(value: Any) -> Any:
        match value:
            case str():
                return f"{value}{MARKER}{number}"
            case dict():
                return {key: mark(inner) for key, inner in value.items()}
        return value

    event = refused(number)
    arn = f"arn:aws:iam::{ACCOUNT}:role/{MARKER}{number}"
    identity = mark(event["userIdentity"]) | {"type": "AssumedRole", "accountId": ACCOUNT}
    identity["sessionContext"]["sessionIssuer"] |= {"arn": arn}
    kept = ("errorCode", "eventSource", "eventType", "eventCategory", "recipientAccountId")
    policy = f" with an explicit deny in an identity-based policy: arn:aws:iam::{ACCOUNT}:policy/{MARKER}"
    return {
        **mark(event),
        **{name: event[name] for name in kept},
        "userIdentity": identity,
        "errorMessage": f"User: {arn} is not authorized to perform: s3:{MARKER} on resource: {MARKER}{policy}",
        MARKER: {MARKER: [MARKER]},
    }


@pytest.fixture
def marked_account(small: LocalAws) -> Made:
    made = a_compliant_account(small)
    events = [(at, marked(number % 5)) for number, (at, _) in enumerate(every(HOUR))]
    deliver(small, made, events, [(events[0][0], f'{{"errorCode": "AccessDenied", "{MARKER}": ')])
    return made


FAULTS: dict[str, Callable[[LocalAws], object]] = {
    "none": lambda aws: None,
    "refused": lambda aws: aws.fail("logs:FilterLogEvents"),
    "refused after a while": lambda aws: aws.fail("logs:FilterLogEvents", about=MARKER),
    "timed out": lambda aws: aws.hang("logs:FilterLogEvents"),
    "malformed": lambda aws: aws.malform(
        "logs:FilterLogEvents", {"events": [{"message": MARKER, "timestamp": MARKER}]}
    ),
    "no events": lambda aws: aws.malform("logs:FilterLogEvents", {MARKER: MARKER}),
    "a repeated token": lambda aws: aws.malform("logs:FilterLogEvents", {"events": [], "nextToken": MARKER}),
    "an invalid pattern": lambda aws: aws.fail("logs:FilterLogEvents", error="InvalidParameterException"),
    "no identity": lambda aws: aws.fail("sts:GetCallerIdentity"),
    "no trails": lambda aws: aws.fail("cloudtrail:DescribeTrails"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_nothing_of_an_event_is_told(
    small: LocalAws,
    marked_account: Made,
    told: io.StringIO,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    fault: str,
) -> None:
    FAULTS[fault](small)
    raised = ""
    try:
        found = review()
    except OWN_ERRORS as error:
        raised = str(error)
    else:
        # Only who asked sees it.
        assert (MARKER in json.dumps(found)) == (found["read"]["share"] > 0)
        assert fault != "none" or {MARKER in json.dumps(group) for group in found["groups"]} == {True}
    assert_untold(small, raised, told, caplog, capfd)


STEPS = (
    "blindspot.app.review.alarms_of",
    "blindspot.app.review.review",
    "blindspot.app.review.read_refused_calls",
    "blindspot.review.tally.refused_call",
    "blindspot.review.review.groups",
    "blindspot.review.review.propose",
    "blindspot.review.review.forecast",
    "blindspot.review.review.by_day",
    "blindspot.review.document.document",
    "blindspot.review.document.counts",
    "blindspot.review.document.looks_like",
)


@pytest.mark.parametrize("step", STEPS)
def test_nothing_of_an_event_is_told_where_something_unexpected_happens(
    small: LocalAws,
    marked_account: Made,
    told: io.StringIO,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    step: str,
) -> None:
    def fail(*given: object, **named: object) -> None:
        raise ValueError(f"{MARKER} {given!r} {named!r}") from KeyError(MARKER)

    monkeypatch.setattr(step, fail)
    with pytest.raises(UnexpectedError) as raised:
        invoke({"action": "review", "hours": 24})
    assert (raised.value.args, raised.value.__cause__) == (("ValueError",), None)
    assert "the run failed" in told.getvalue()
    assert_untold(small, str(raised.value), told, caplog, capfd)


def assert_untold(
    aws: LocalAws,
    raised: str,
    told: io.StringIO,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    out, err = capfd.readouterr()
    assert MARKER not in raised + told.getvalue() + caplog.text + out + err
    assert (aws.config_rows, aws.events) == ([], [])
    assert {each.name for each in sent(out)} <= {"RefusedCalls", "ColdStart"}


def test_the_log_has_numbers_only(small: LocalAws, account: Made, told: io.StringIO) -> None:
    found = review(24)
    lines = [json.loads(line) for line in told.getvalue().splitlines()]
    (line,) = (line for line in lines if line["message"] == "refused calls reviewed")
    assert set(line["review"]) == {
        *("hours", "share", "events", "not_understood", "calls", "log_groups", "log_groups_not_read"),
        *("groups", "exclusions", "alarms", "refused_calls", "api_calls", "duration_ms"),
    }
    assert all(isinstance(value, int | float) for value in line["review"].values())
    assert (line["review"]["events"], line["review"]["groups"]) == (found["read"]["events"], len(found["groups"]))
    assert os.environ[NAMED] not in told.getvalue()
