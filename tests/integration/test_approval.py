"""A plan is approved by its id: that plan is applied, or nothing is."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name

from blindspot.model.findings import FIXES
from functions.remediator import app
from local import plans
from local.accounts import HALF_RIGHT, Made, a_compliant_account, put_alarm, put_filter
from local.aws import Call, LocalAws
from local.events import event
from local.lambda_context import Context
from tests.integration.remediating import (
    all_ours,
    at,
    click,
    ledger,
    only_a_trail,
    our_alarm_is_deaf,
    our_topic_is_closed,
    run,
    steady,
    switch,
    written,
)
from tests.scenarios import bends
from tests.scenarios.bends import HOME, METRIC
from tests.warm import dump

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs/remediation.md"


def apply(approved: str) -> dict[str, Any]:
    return app.handler({"action": "apply", "plan": approved}, Context())


def account(aws: LocalAws) -> Made:
    made = a_compliant_account(aws, region=HOME)
    only_a_trail(aws, made)
    switch(aws, "true")
    return made


def test_the_approved_plan_is_applied_exactly(small: LocalAws) -> None:
    account(small)
    planned = run("plan")
    applied = apply(planned["plan_id"])
    assert (applied["plan_id"], applied["plan"]) == (planned["plan_id"], planned["plan"])
    assert [outcome["status"] for outcome in applied["outcomes"]] == ["done"] * len(planned["plan"]) != []
    assert "plan.changed" not in codes(applied)
    assert {entry.plan for entry in ledger(small).values()} == {planned["plan_id"][:16]}


def codes(document: dict[str, Any]) -> list[str]:
    return [task["code"] for task in document["manual_steps"]]


def test_an_id_does_not_change_by_itself(small: LocalAws) -> None:
    account(small)
    assert run("plan")["plan_id"] == run("plan")["plan_id"]


def changed(aws: LocalAws) -> list[str]:
    own = {"events:PutEvents", "config:StartConfigRulesEvaluation"}
    return [str(call) for call in written(aws) if str(call) not in own]


Change = Callable[[LocalAws, Made, pytest.MonkeyPatch], object]


def set_to(**settings: str) -> Change:
    """A change of the stack's settings."""

    def change(_: LocalAws, __: Made, environ: pytest.MonkeyPatch) -> None:
        for name, value in settings.items():
            environ.setenv(f"BLINDSPOT_{name}", value)

    return change


ANOTHER_STACK = "arn:aws:cloudformation:eu-west-1:123456789012:stack/second/5b1c2f80-0000-4000-8000-000000000000"
NAMES = {"filter": "mine-blindspot", "alarm": "mine-blindspot", "topic": "mine-blindspot"}

CHANGES: dict[str, tuple[Change, str]] = {
    "somebody takes a name": (
        lambda aws, made, _: put_alarm(aws, HOME, made.alarm, {**METRIC, "metricName": "orders"}, [], {}),
        "No longer planned: 1 of its 4 actions. New or changed: create alarm arn:aws:cloudwatch:",
    ),
    "somebody closes the gap": (
        lambda aws, _, __: a_compliant_account(aws, region=HOME, name="second", topic="second"),
        "No longer planned: 4 of its 4 actions.",
    ),
    "another endpoint": (
        set_to(SUBSCRIPTION_ENDPOINT="another-team@example.com"),
        "No longer planned: 1 of its 4 actions. New or changed: create subscription arn:aws:sns:",
    ),
    "another name": (
        set_to(OVERRIDES=json.dumps({"names": NAMES})),
        "No longer planned: 4 of its 4 actions. New or changed: create metric filter arn:aws:logs:",
    ),
    "another pattern": (set_to(OVERRIDES=json.dumps({"benign": []})), "New or changed: create metric filter arn:"),
    "another stack": (set_to(STACK=ANOTHER_STACK), "Nothing was written: the approved plan "),
    "another profile": (set_to(PROFILE="cis-level-1"), "Nothing was written: the approved plan "),
}


@pytest.mark.parametrize("name", CHANGES)
def test_nothing_is_written_where_the_plan_changed(small: LocalAws, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    change, said = CHANGES[name]
    made = account(small)
    approved = run("plan")["plan_id"]
    change(small, made, monkeypatch)
    before = dump(small)
    small.calls.clear()
    document = apply(approved)
    assert (dump(small), changed(small), ledger(small)) == (before, [], {})
    assert (document["outcomes"], document["verdict_after"]) == ([], None)
    task = document["manual_steps"][0]
    assert (task["code"], task["resource"]) == ("plan.changed", approved[:16])
    assert said in task["message"]
    assert document["plan_id"] != approved
    assert document["plan_id"] == run("plan")["plan_id"]
    if document["plan"]:
        assert f'{{"action": "apply", "plan": "{document["plan_id"]}"}}' in task["fix"]
        assert apply(document["plan_id"])["outcomes"] != []


def test_a_plan_is_applied_once(small: LocalAws) -> None:
    account(small)
    approved = run("plan")["plan_id"]
    apply(approved)
    small.calls.clear()
    again = apply(approved)
    assert (codes(again)[0], again["plan"], changed(small)) == ("plan.changed", [], [])
    assert again["manual_steps"][0]["fix"] == "Nothing is planned now, so there is nothing to approve."


def test_an_approved_plan_is_not_applied_while_remediation_is_off(small: LocalAws) -> None:
    account(small)
    switch(small, "false")
    approved = run("plan")["plan_id"]
    small.calls.clear()
    document = apply(approved)
    assert (document["plan_id"], document["outcomes"], changed(small)) == (approved, [], [])
    assert document["switch"]["on"] is False
    assert "plan.changed" not in codes(document)


@pytest.mark.parametrize("given", [{"action": "apply"}, event("control-assessed")], ids=["by hand", "by the event"])
def test_without_an_id_the_plan_is_applied_as_it_is(small: LocalAws, given: dict[str, Any]) -> None:
    account(small)
    document = app.handler(given, Context())
    assert [outcome["status"] for outcome in document["outcomes"]] == ["done"] * 4


def test_an_empty_plan_has_an_id(small: LocalAws) -> None:
    a_compliant_account(small, region=HOME)
    switch(small, "true")
    approved = run("plan")["plan_id"]
    assert re.fullmatch(r"[0-9a-f]{16}", approved)
    document = apply(approved)
    assert (document["manual_steps"], document["outcomes"]) == ([], [])


def test_the_id_of_a_plan_that_notifies_a_chat_tells_nothing_of_its_address(
    small: LocalAws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    account(small)
    ids = set()
    for path in ("SECRET-one", "SECRET-two"):
        monkeypatch.setenv("BLINDSPOT_SUBSCRIPTION_PROTOCOL", "https")
        monkeypatch.setenv("BLINDSPOT_SUBSCRIPTION_ENDPOINT", f"https://hooks.example.com/{path}")
        document = run("plan")
        ids.add(document["plan_id"])
        assert "SECRET" not in json.dumps(document)
    assert len(ids) == 2
    assert "SECRET" not in capsys.readouterr().out + json.dumps([sent["Detail"] for sent in small.events])


def two_more(aws: LocalAws, made: Made) -> None:
    topics = aws.client("sns", HOME)
    topics.subscribe(TopicArn=made.topic, Protocol="email", Endpoint="jane.doe@example.org")
    topics.subscribe(TopicArn=made.topic, Protocol="https", Endpoint="https://pager.example.net/SECRET")


def test_everybody_who_is_notified_already_is_told(small: LocalAws) -> None:
    """More than the assessment reads, which needs one."""
    made = a_compliant_account(small, region=HOME, pattern=HALF_RIGHT)
    two_more(small, made)
    document = run("plan")
    (topic,) = document["listeners"]
    told = {(each["protocol"], each["at"]): (each["confirmed"], each["pending"]) for each in topic["subscriptions"]}
    assert topic["topic"] == made.topic
    assert set(told) == {("email", "example.com"), ("email", "example.org"), ("https", "pager.example.net")}
    assert told["email", "example.com"] == (1, 0)
    assert sum(map(sum, told.values())) == 3
    assert not any(secret in json.dumps(document) for secret in ("SECRET", "jane"))


def test_who_is_notified_may_be_unread(small: LocalAws) -> None:
    made = a_compliant_account(small, region=HOME, pattern=HALF_RIGHT)
    two_more(small, made)

    # The assessment has read it by then.
    at(small, Call("sns", "ListTagsForResource", HOME), lambda: small.fail("sns:ListSubscriptionsByTopic"))
    (topic,) = run("plan")["listeners"]
    assert topic["subscriptions"] is None
    assert topic["why"].startswith("sns:ListSubscriptionsByTopic was refused")


def our_topic_notifies_nobody(aws: LocalAws, made: Made) -> None:
    all_ours(aws, made)
    topics = aws.client("sns", HOME)
    for each in topics.list_subscriptions_by_topic(TopicArn=made.topic)["Subscriptions"]:
        topics.unsubscribe(SubscriptionArn=each["SubscriptionArn"])


ACCOUNTS: dict[str, Callable[[LocalAws, Made], object]] = {
    "only a trail": only_a_trail,
    "a filter that misses": lambda aws, made: put_filter(
        aws, HOME, made.log_group, made.filter, HALF_RIGHT, {**METRIC, "metricValue": "1"}
    ),
    "no alarm": bends.no_alarm,
    "our topic notifies nobody": our_topic_notifies_nobody,
    "our alarm was changed": our_alarm_is_deaf,
    "our topic was closed": our_topic_is_closed,
}


@pytest.mark.parametrize("name", ACCOUNTS)
def test_the_answers_that_a_plan_gives_to_a_change_board_are_right(small: LocalAws, name: str) -> None:
    switch(small, "true")
    ACCOUNTS[name](small, a_compliant_account(small, region=HOME))
    the_answers_are_right(small)


@pytest.mark.parametrize(
    "overrides",
    [
        {"alarm": {"period": 60}},
        {"alarm": {"tags": {"team": "security"}}},
        {"topic": {"tags": {"team": "security"}}},
        {"benign": ['{ $.eventName = "HeadBucket" }']},
        {"benign": [], "alarm": {"period": 60, "tags": {"a": "b"}}, "topic": {"tags": {"a": "b"}}},
        {"names": {"metric": "another"}},
    ],
    ids=json.dumps,
)
def test_they_are_right_after_a_change_of_the_settings(
    small: LocalAws, monkeypatch: pytest.MonkeyPatch, overrides: dict[str, Any]
) -> None:
    switch(small, "true")
    all_ours(small, a_compliant_account(small, region=HOME))
    monkeypatch.setenv("BLINDSPOT_OVERRIDES", json.dumps(overrides))
    the_answers_are_right(small)


def the_answers_are_right(small: LocalAws) -> None:
    """Applies the plan, compares what comes of it with what it said, and undoes it."""
    before = resources(small)
    planned = run("plan")
    assert planned["plan"]
    document = apply(planned["plan_id"])
    assert {outcome["status"] for outcome in document["outcomes"]} == {"done"}
    after = resources(small)
    changed_resources = {resource for resource in before | after if before.get(resource) != after.get(resource)}
    of_plan = {action["resource"] for action in planned["plan"]}
    # What will change; what was there.
    assert {each for each in changed_resources if not each.startswith("subscription ")} <= of_plan
    assert {action["resource"] for action in planned["plan"] if action["before"]} <= set(before)
    # Who will be told: whom the plan subscribes, and who is listed.
    subscribed = [each for each in after if each.startswith("subscription ") and each not in before]
    assert len(subscribed) == sum(action["action"] == "create subscription" for action in planned["plan"])
    # The verdict to expect.
    assert document["verdict_after"] == planned["expected"]
    click(small)
    assert run("plan")["verdict_before"] == (planned["expected_once_confirmed"] or planned["expected"])
    # What it costs.
    kinds = [each.split(":")[2] for each in after if each not in before and each.startswith("arn:")]
    assert kinds.count("cloudwatch") == planned["monthly_cost"]["alarms"]
    # How it is undone.
    for action in reversed(planned["plan"]):
        if action["undo"]:
            send(small, action["undo"])
    undone = resources(small)
    assert {each: undone[each] for each in undone if each not in subscribed} == before


def resources(aws: LocalAws) -> dict[str, Any]:
    """Everything that is not Blindspot's own record, by what a plan calls it."""
    groups = f"arn:aws:logs:{HOME}:{aws.account}:log-group:"
    named: dict[str, Callable[[str], str]] = {
        "metric_filters": lambda name: groups + name.replace("/", ":metric-filter:"),
        "alarms": str,
        "topics": str,
        "subscriptions": "subscription {}".format,
    }
    held = steady(dump(aws))[HOME]
    return {
        name(key): {part: value for part, value in thing.items() if not part.startswith("Subscriptions")}  # counts
        for kind, name in named.items()
        for key, thing in held.get(kind, {}).items()
    }


def send(aws: LocalAws, request: dict[str, Any]) -> None:
    """As somebody would who has the document."""
    service, operation = request["call"].split(":")
    client = aws.client(service, request["region"])
    getattr(client, xform_name(operation))(**request["parameters"])


def test_the_docs_show_what_local_plans_prints() -> None:
    """UPDATE_GOLDEN=1 writes it anew; go over the answers below it then."""
    block = re.compile(r"(?<=<!-- python -m local\.plans -->\n```json\n).*?(?=```)", re.DOTALL)
    printed = [plans.printed(plans.first_plan()), plans.printed(plans.later_plan())]
    text = DOCS.read_text()
    if "UPDATE_GOLDEN" in os.environ:
        shown = iter(printed)
        DOCS.write_text(text := block.sub(lambda _: next(shown), text))
    assert block.findall(text) == printed


def test_the_docs_explain_every_field_and_every_code_of_a_manual_step() -> None:
    explained = {name for row in re.findall(r"^\| (`.+?`) \|", DOCS.read_text(), re.MULTILINE) for name in quoted(row)}
    document = plans.first_plan()
    fields = {*document, *document["plan"][0], "cut"}
    sources = " ".join(path.read_text() for path in sorted((ROOT / "layers").rglob("remediation/*.py")))
    own = {*re.findall(r'[Tt]ask\(\s*"([a-z.-]+)"', sources), "left"} - set(FIXES)
    assert fields - explained == set()
    assert own - explained == set() != own
    assert {name for name in explained if re.fullmatch(r"[a-z]+[.-][a-z.-]+", name)} <= own


def quoted(text: str) -> list[str]:
    return re.findall(r"`(.+?)`", text)
