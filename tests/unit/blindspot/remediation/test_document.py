"""The remediator's document: harmless to read, and small enough to be told."""

import json
from typing import Any

import pytest

from blindspot.model import profile
from blindspot.model.fitting import LARGEST_TOLD
from blindspot.model.snapshot import Subscription, Unreadable
from blindspot.model.stack import Origin
from blindspot.remediation.backout import Backout, NotDeleted
from blindspot.remediation.document import Document, Outcome, Proposal, Switch, fitted, of_backout, of_nothing, of_plan
from blindspot.remediation.listeners import Subscribed
from blindspot.remediation.manual_tasks import Task
from blindspot.remediation.plan import Plan, Planned
from blindspot.verdict.assessment import Verdict, assess
from tests.actions import call, create_topic, put_alarm, put_filter, subscribe
from tests.builders import HOME, NOW, REGIONS, a_compliant_snapshot, a_topic, an_alarm, log_group_arn, topic_arn
from tests.cases.exclusions import REASON, assessed
from tests.cases.hostile import NAMES
from tests.schemas import REMEDIATION

ORIGIN = Origin("stack", "run")
OFF = Switch(on=False, parameter="/blindspot/auto-remediate", why="it is false")


def an_account_of(log_groups: int, name: str = "g") -> Document:
    """So many log groups got a filter, and so many trails need a person, as a log group has no name."""
    groups = [log_group_arn(name=f"{number}{name}"[:512]) for number in range(log_groups)]
    actions = [put_filter(group, name[:512]) for group in groups]
    tasks = [
        Task("log-group.missing", group, REGIONS, f"Log group {name} is missing.", "Create it.") for group in groups
    ]
    planned = Plan(tuple(Planned(action, "filter.misses", REGIONS) for action in actions))
    outcomes = [Outcome(action.resource, "failed", "LimitExceededException") for action in actions]
    return of_plan("apply", ORIGIN, OFF, proposed(planned), outcomes, tasks, Verdict.NON_COMPLIANT)


def proposed(planned: Plan, subscribed: Subscribed | None = None, **bent: Any) -> Proposal:
    assessment = assess(a_compliant_snapshot(**bent), profile.load(profile.DEFAULT))
    return Proposal("0123456789abcdef", planned, assessment, subscribed or {})


def document_of(*actions: Any, subscribed: Subscribed | None = None, **bent: Any) -> Document:
    planned = Plan(tuple(Planned(action, "alarm.missing", REGIONS) for action in actions))
    return of_plan("plan", ORIGIN, OFF, proposed(planned, subscribed, **bent), (), (), None)


def test_a_small_document_is_told_whole() -> None:
    small = an_account_of(3)
    assert fitted(small, LARGEST_TOLD) is small


@pytest.mark.parametrize("name", ["g", "x" * 512, "\x1b" * 512])
def test_a_large_document_fits_and_what_was_done_is_cut_last(name: str) -> None:
    whole = an_account_of(4_000, name)
    small = fitted(whole, LARGEST_TOLD)
    for document in (whole, small):
        REMEDIATION.validate(document)
    assert len(json.dumps(small)) <= LARGEST_TOLD
    assert {key: small[key] for key in ("action", "switch", "verdict_before", "verdict_after")} == {
        key: whole[key] for key in ("action", "switch", "verdict_before", "verdict_after")
    }
    for part in ("plan", "outcomes", "manual_steps", "notices"):
        assert len(small[part]) + small["cut"].get(part, 0) == len(whole[part]) == 4_000
        assert small[part] == [] or part == "outcomes"
    assert small["outcomes"]


def test_templates_and_requests_are_cut_first() -> None:
    whole = an_account_of(100)
    small = fitted(whole, len(json.dumps(whole)) - 1)
    assert list(small["cut"]) == ["cloudformation"]
    assert len(small["manual_steps"]) == 100
    without = fitted(whole, 120_000)
    REMEDIATION.validate(without)
    assert set(without["cut"]) <= {"cloudformation", "undo", "before", "request"}
    assert [entry["resource"] for entry in without["plan"]] == [entry["resource"] for entry in whole["plan"]]


@pytest.mark.parametrize("name", NAMES)
def test_names_that_would_do_harm_do_none(name: str) -> None:
    given, shown = NAMES[name]
    kept = Backout((), (NotDeleted(given, f"Alarm {given} is not deleted.", "Delete it."),))
    backed_out = of_backout(ORIGIN, OFF, None, kept, [Outcome(given, "stopped", given)], None)
    whose = {topic_arn(): (Subscription(None, given, endpoint=given), Subscription(given, "https", endpoint=given))}
    listening = document_of(put_alarm(), subscribed=whose)
    assert len(listening["listeners"][0]["subscriptions"]) == 2
    for made in (an_account_of(1, given), backed_out, listening):
        text = json.dumps(made, ensure_ascii=False)
        assert text.isprintable()
        assert json.loads(text.encode()) == made
    assert backed_out["outcomes"] == [{"resource": shown, "status": "stopped", "error": shown}]


def test_each_action_has_what_was_there_and_what_undoes_it() -> None:
    before = {"Threshold": 10}
    undo = call("cloudwatch:PutMetricAlarm", AlarmName="unauthorized", **before)
    new, changed = document_of(put_alarm(), put_alarm(before=before, undo=undo))["plan"]
    assert (new["before"], new["undo"]["call"]) == (None, "cloudwatch:DeleteAlarms")
    assert (changed["before"], changed["undo"]["parameters"]) == (before, {"AlarmName": "unauthorized", **before})
    assert changed["heals"] == list(REGIONS)


@pytest.mark.parametrize(("days", "ends"), [(15, []), (14, ["ends"]), (0, ["ended"])])
def test_an_approver_is_told_of_an_exclusion_that_ends_or_has_ended(days: int, ends: list[str]) -> None:
    assessment = assessed(days)
    made = of_plan("plan", ORIGIN, OFF, Proposal("0123456789abcdef", Plan(()), assessment), (), (), None)
    assert made["notices"] == [note.message for note in assessment.notes]
    assert [notice.partition(" on 2027-02-25. ")[0] for notice in made["notices"]] == [
        f'The exclusion "{REASON}" {verb}' for verb in ends
    ]


def test_it_says_where_it_belongs() -> None:
    known = {"stack": "stack", "run": "run", "account": "123456789012", "profile": "cis-level-2"}
    found = document_of(put_alarm())
    assert {key: found[key] for key in (*known, "assessed_at")} == {**known, "assessed_at": NOW.isoformat()}
    task = Task("lease.held", "/blindspot/lease", (), "Another run has it.", "Run it again.")
    unread = of_nothing("apply", ORIGIN, OFF, task)
    assert [unread[key] for key in ("stack", "run", "account", "profile", "assessed_at")] == [
        *("stack", "run"),
        *(None, None, None),
    ]


def test_the_verdict_to_expect_is_that_before_and_after_the_confirmations() -> None:
    planned = Plan(expected=Verdict.NON_COMPLIANT, expected_confirmed=Verdict.COMPLIANT)
    made = of_plan("plan", ORIGIN, OFF, proposed(planned), (), (), None)
    assert (made["expected"], made["expected_once_confirmed"]) == ("NON_COMPLIANT", "COMPLIANT")


EMAIL = Subscription(f"{topic_arn()}:1", "email", endpoint="jane.doe@example.com")
PAGER = Subscription(f"{topic_arn()}:2", "https", endpoint="https://user:SECRET@hooks.example.com/SECRET")
PHONE = Subscription(f"{topic_arn()}:3", "sms", endpoint="+14155550100")
QUEUE = Subscription(f"{topic_arn()}:4", "sqs", endpoint=f"arn:aws:sqs:{HOME}:123456789012:soc")


def listening(protocol: str, at: str | None, confirmed: int = 1, pending: int = 0) -> Document:
    return {"protocol": protocol, "at": at, "confirmed": confirmed, "pending": pending}


@pytest.mark.parametrize(
    ("subscriptions", "told"),
    [
        ((), []),
        ((EMAIL,), [listening("email", "example.com")]),
        (
            (EMAIL, Subscription(None, "email", endpoint="john@example.com"), PAGER),
            [listening("email", "example.com", 1, 1), listening("https", "hooks.example.com")],
        ),
        ((PHONE, PHONE), [listening("sms", None, 2)]),
        ((QUEUE,), [listening("sqs", QUEUE.endpoint)]),
        (Unreadable("sns:ListSubscriptionsByTopic", HOME, "AccessDenied", denied=True), None),
    ],
)
@pytest.mark.parametrize("action", [put_alarm(), subscribe(), put_filter()])
def test_who_is_subscribed_to_a_topic_that_would_be_used_is_told_without_addresses(
    action: Any, subscriptions: tuple[Subscription, ...] | Unreadable, told: list[Document] | None
) -> None:
    made = document_of(action, subscribed={topic_arn(): subscriptions})
    (topic,) = made["listeners"]
    assert (topic["topic"], topic["subscriptions"]) == (topic_arn(), told)
    assert (topic["why"] is None) == (told is not None)
    assert not any(secret in json.dumps(made["listeners"]) for secret in ("SECRET", "jane", "john", "+1415"))


def test_a_topic_of_another_account_is_named_and_not_read() -> None:
    arn = f"arn:aws:sns:{HOME}:999999999999:security"
    (topic,) = document_of(put_alarm(actions=(arn,)), topics={arn: a_topic(arn=arn)})["listeners"]
    assert (topic["topic"], topic["subscriptions"], topic["why"]) == (arn, None, "the topic belongs to another account")


def test_a_new_topic_has_no_listeners_and_is_told_to_be_unencrypted_unless_it_has_a_key() -> None:
    made = document_of(create_topic(name="new"), subscribe(topic=topic_arn(name="new")))
    assert made["listeners"] == []
    assert made["notices"] == ["Topic new is created without encryption: topic.key is not set in Overrides."]
    assert document_of(create_topic(name="new", KmsMasterKeyId="alias/topics"))["notices"] == []


def test_the_room_in_a_log_group_is_told() -> None:
    assert document_of(put_filter(), put_filter(name="second"))["notices"] == [
        f"Log group management-events in {HOME} has 1 of at most 100 metric filters; the plan adds 2."
    ]
    assert document_of(put_filter(before={"filterPattern": ""}), put_alarm(before={"Threshold": 2}))["notices"] == []


@pytest.mark.parametrize(
    ("alarms", "known"),
    [
        ((an_alarm(), an_alarm(name="second")), "2 alarms"),
        (Unreadable("cloudwatch:DescribeAlarms", HOME, "Throttling"), "alarms that could not be read"),
    ],
)
def test_the_room_for_alarms_is_told(alarms: Any, known: str) -> None:
    assert document_of(put_alarm("third"), alarms=alarms)["notices"] == [
        f"Region {HOME} has {known}, and AWS allows 5,000 by default; the plan adds 1."
    ]


def test_the_path_of_a_web_address_is_a_secret() -> None:
    made = document_of(subscribe("https", "https://user:SECRET@hooks.example.com:8443/services/SECRET"))
    (planned,) = made["plan"]
    assert planned["request"]["parameters"]["Endpoint"] == "https://hooks.example.com/..."
    assert "SECRET" not in json.dumps(made)
