"""The roles as IAM gets them: enough is allowed, nothing that is not used, and nothing on what is another's."""

import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from functions.viewer import app as viewer
from local.accounts import a_compliant_account, put_alarm
from local.aws import LocalAws, local_aws
from local.aws.iam import Role, Statement, permits
from local.events import event
from local.lambda_context import Context
from tests.goldens import FLAG, RULE
from tests.integration.evaluating import invoke
from tests.integration.permissions import OF_LAMBDA, STACK, parameters, policies, role
from tests.integration.remediating import SETTINGS, only_a_trail, our_topic_is_closed, run, settings, switch
from tests.scenarios import SCENARIOS
from tests.scenarios.bends import HOME, REGIONS, Scenario
from tests.unit.test_template import INLINE, actions
from tests.warm import warm

NEEDED = (
    "as CIS sets it up",
    "a key that lets CloudWatch in",
    "composite muted now",
    "another account's organization trail, read",
    "SIEM by an account policy",
    "SIEM gets one arm",
    "topic gone",
    "nobody subscribed",
    "filtered by the body, alarms pass",
)
"""Scenarios that together need every permission; that none needs more, the test of each scenario's remediation says."""

ACCOUNT = "123456789012"
OTHER_STACK = f"arn:aws:cloudformation:eu-west-1:{ACCOUNT}:stack/audit/1b2c3d4e-0000-4000-8000-000000000002"
EARLIER_STACK = STACK.rpartition("/")[0] + "/1b2c3d4e-0000-4000-8000-000000000001"
METRIC = {"metricNamespace": "CISBenchmark", "metricName": "unauthorized_api_calls_metric", "metricValue": "1"}
ENDPOINT = "security-team@example.com"
FUNCTION = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:f"

NOTHING, OURS, OTHERS, SOMEBODYS = "nothing", "ours", "another stack's", "somebody's"
WHOSE: dict[str, dict[str, str]] = {
    NOTHING: {},
    OURS: {"blindspot": STACK, "team": "security"},
    OTHERS: {"blindspot": OTHER_STACK, "team": "security"},
    SOMEBODYS: {"team": "security"},
}
"""The tags of what is there under the name before the call."""


def call(service: str, operation: str, **parameters: Any) -> None:
    """Calls as the code under test does; whatever AWS answers, what IAM says is known."""
    make: Any = boto3.client
    with suppress(ClientError):
        getattr(make(service, "eu-west-1"), operation)(**parameters)


def tagged(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def alarm(name: str) -> str:
    return f"arn:aws:cloudwatch:eu-west-1:{ACCOUNT}:alarm:{name}"


def topic(name: str) -> str:
    return f"arn:aws:sns:eu-west-1:{ACCOUNT}:{name}"


def put(name: str, tags: dict[str, str], action: str = topic("security-alerts")) -> None:
    call(
        "cloudwatch",
        "put_metric_alarm",
        AlarmName=name,
        Namespace="CISBenchmark",
        MetricName="m",
        Statistic="Sum",
        Period=300,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        AlarmActions=[action],
        **({"Tags": tagged(tags)} if tags else {}),
    )


def tag_alarm(name: str, tags: dict[str, str]) -> None:
    call("cloudwatch", "tag_resource", ResourceARN=alarm(name), Tags=tagged(tags))


def untag_alarm(name: str, key: str) -> None:
    call("cloudwatch", "untag_resource", ResourceARN=alarm(name), TagKeys=[key])


def create(name: str, tags: dict[str, str]) -> None:
    call("sns", "create_topic", Name=name, Tags=tagged(tags))


def tag_topic(name: str, tags: dict[str, str]) -> None:
    call("sns", "tag_resource", ResourceArn=topic(name), Tags=tagged(tags))


def untag_topic(name: str, key: str) -> None:
    call("sns", "untag_resource", ResourceArn=topic(name), TagKeys=[key])


def subscribe(name: str, endpoint: str, protocol: str = "email") -> None:
    call("sns", "subscribe", TopicArn=topic(name), Protocol=protocol, Endpoint=endpoint)


def set_policy(name: str) -> None:
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    call("sns", "set_topic_attributes", TopicArn=topic(name), AttributeName="Policy", AttributeValue=policy)


@dataclass(frozen=True)
class Write:
    """A write to the alarm or topic of a name. allowed: with what there before."""

    what: str
    kind: str
    do: Callable[[str], None]
    allowed: frozenset[str]

    def __str__(self) -> str:
        return f"{self.kind}: {self.what}"


UNMARKED, ONLY_OURS, NEVER = frozenset({NOTHING, OURS, SOMEBODYS}), frozenset({OURS}), frozenset[str]()
"""Where there is no tag, IAM cannot tell whose it is."""

WRITES = (
    Write("put", "alarm", lambda name: put(name, {}), UNMARKED),
    Write("put, marked", "alarm", lambda name: put(name, {"blindspot": STACK}), UNMARKED),
    Write("put, marked as another stack's", "alarm", lambda name: put(name, {"blindspot": OTHER_STACK}), NEVER),
    Write("put, to call a function", "alarm", lambda name: put(name, {}, FUNCTION), NEVER),
    Write("tag", "alarm", lambda name: tag_alarm(name, {"team": "blue"}), UNMARKED),
    Write("tag as another stack's", "alarm", lambda name: tag_alarm(name, {"blindspot": OTHER_STACK}), NEVER),
    Write("untag", "alarm", lambda name: untag_alarm(name, "team"), ONLY_OURS),
    Write("untag the mark", "alarm", lambda name: untag_alarm(name, "blindspot"), NEVER),
    Write("delete", "alarm", lambda name: call("cloudwatch", "delete_alarms", AlarmNames=[name]), ONLY_OURS),
    Write("create, marked", "topic", lambda name: create(name, {"blindspot": STACK}), UNMARKED),
    Write("create, unmarked", "topic", lambda name: create(name, {"team": "security"}), NEVER),
    Write("create as another stack's", "topic", lambda name: create(name, {"blindspot": OTHER_STACK}), NEVER),
    Write("tag", "topic", lambda name: tag_topic(name, {"team": "blue"}), UNMARKED),
    Write("tag as another stack's", "topic", lambda name: tag_topic(name, {"blindspot": OTHER_STACK}), NEVER),
    Write("untag", "topic", lambda name: untag_topic(name, "team"), ONLY_OURS),
    Write("untag the mark", "topic", lambda name: untag_topic(name, "blindspot"), NEVER),
    Write("set the policy", "topic", lambda name: set_policy(name), ONLY_OURS),
    Write("subscribe whom the stack names", "topic", lambda name: subscribe(name, ENDPOINT), ONLY_OURS),
    Write("subscribe somebody else", "topic", lambda name: subscribe(name, "mallory@example.com"), NEVER),
    Write("subscribe by another protocol", "topic", lambda name: subscribe(name, ENDPOINT, "email-json"), NEVER),
    Write("delete", "topic", lambda name: call("sns", "delete_topic", TopicArn=topic(name)), ONLY_OURS),
)

every_write = pytest.mark.parametrize("write", WRITES, ids=str)

NAMES = {
    "alarm": ("unauthorized_api_calls_alarm", "unauthorized_api_calls_alarm-blindspot-2", "team-blindspot-alarm"),
    "topic": ("security-alerts", "security-alerts-blindspot-2", "team-blindspot-topic"),
}


def there(aws: LocalAws, kind: str, name: str, whose: str) -> None:
    """An alarm or a topic with that owner's tags."""
    if whose is NOTHING:
        return
    if kind == "alarm":
        put_alarm(aws, "eu-west-1", name, METRIC, [], {"Tags": tagged(WHOSE[whose])})
    else:
        aws.client("sns").create_topic(Name=name, Tags=tagged(WHOSE[whose]))


def is_allowed(aws: LocalAws, statements: list[Statement], do: Callable[[], None]) -> bool:
    with aws.under(statements) as under:
        do()
    return not under.denied


def remediator(stack: str = STACK) -> list[Statement]:
    return role("Remediator", stack, SubscriptionEndpoint=f"on-call@example.com,{ENDPOINT}")


@pytest.mark.parametrize("whose", WHOSE)
@every_write
def test_the_tag_decides_what_may_be_written_where_iam_can_hold_it(aws: LocalAws, write: Write, whose: str) -> None:
    for name in NAMES[write.kind]:
        there(aws, write.kind, name, whose)
        assert is_allowed(aws, remediator(), partial(write.do, name)) == (whose in write.allowed), name


@every_write
def test_no_other_name_may_be_written_to(aws: LocalAws, write: Write) -> None:
    there(aws, write.kind, "payroll", OURS)
    assert not is_allowed(aws, remediator(), lambda: write.do("payroll"))


@every_write
@pytest.mark.parametrize("mine", [OTHER_STACK, EARLIER_STACK])
def test_no_stack_writes_to_what_bears_the_tag_of_another(aws: LocalAws, write: Write, mine: str) -> None:
    there(aws, write.kind, NAMES[write.kind][0], OURS)
    assert not is_allowed(aws, remediator(mine), lambda: write.do(NAMES[write.kind][0]))


def put_parameter(name: str) -> None:
    call("ssm", "put_parameter", Name=name, Value="{}", Type="String", Overwrite=True)


def delete_parameter(name: str) -> None:
    call("ssm", "delete_parameter", Name=name)


def get_parameter(name: str) -> None:
    call("ssm", "get_parameter", Name=name)


LEDGER, EARLIER_LEDGER = (f"/blindspot/made/{stack.rpartition('/')[2]}" for stack in (STACK, EARLIER_STACK))


@pytest.mark.parametrize("write", [put_parameter, delete_parameter, get_parameter])
@pytest.mark.parametrize(
    ("mine", "name", "allowed"),
    [
        (STACK, f"{LEDGER}/{'0' * 64}", True),
        (STACK, "/blindspot/lease", True),
        (STACK, f"/audit/made/{OTHER_STACK.rpartition('/')[2]}/{'0' * 64}", False),
        (STACK, "/audit/lease", False),
        (STACK, f"{EARLIER_LEDGER}/{'0' * 64}", False),
        (EARLIER_STACK, f"{LEDGER}/{'0' * 64}", False),
        (STACK, "/blindspot/made/0", False),
        (STACK, "/blindspot", False),
        (STACK, "/payroll/password", False),
    ],
)
def test_a_stack_keeps_its_own_ledger_and_lease(
    aws: LocalAws, write: Callable[[str], None], mine: str, name: str, allowed: bool
) -> None:
    assert is_allowed(aws, remediator(mine), lambda: write(name)) == allowed
    assert not is_allowed(aws, role("Evaluator", mine), lambda: write(name))


@pytest.mark.parametrize("function", INLINE)
@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        (f"{LEDGER}/", True),
        (LEDGER, True),
        (f"{EARLIER_LEDGER}/", False),
        ("/blindspot/made/", False),
        ("/", False),
    ],
)
def test_the_functions_read_the_ledger_of_their_own_stack(
    aws: LocalAws, function: str, path: str, allowed: bool
) -> None:
    def read() -> None:
        call("ssm", "get_parameters_by_path", Path=path)

    assert is_allowed(aws, role(function), read) == allowed


def test_the_remediator_reads_its_switch_and_never_sets_it(aws: LocalAws) -> None:
    assert is_allowed(aws, remediator(), lambda: get_parameter(FLAG))
    assert not is_allowed(aws, remediator(), lambda: put_parameter(FLAG))
    assert not is_allowed(aws, remediator(), lambda: delete_parameter(FLAG))


@every_write
@pytest.mark.parametrize("function", ["Evaluator", "Viewer"])
def test_evaluator_and_viewer_write_to_nothing(aws: LocalAws, write: Write, function: str) -> None:
    there(aws, write.kind, NAMES[write.kind][0], OURS)
    assert not is_allowed(aws, role(function), lambda: write.do(NAMES[write.kind][0]))


@pytest.mark.parametrize(
    ("protocol", "allowed"), [("sms", True), ("email", False), ("https", False), ("sqs", False), ("lambda", False)]
)
def test_only_where_text_messages_are_sent_is_it_read_where_they_go(
    aws: LocalAws, protocol: str, allowed: bool
) -> None:
    statements = role("Remediator", SubscriptionProtocol=protocol)
    assert is_allowed(aws, statements, lambda: call("sns", "get_sms_sandbox_account_status")) == allowed
    assert is_allowed(aws, statements, lambda: call("sns", "list_sms_sandbox_phone_numbers")) == allowed


@pytest.mark.parametrize("function", INLINE)
def test_a_role_is_no_larger_than_iam_allows(function: str) -> None:
    """IAM user guide, "IAM and AWS STS quotas": 10,240 characters in all inline policies of a role, 6,144 in a managed
    one, without white space."""
    longest = f"arn:aws-us-gov:cloudformation:us-gov-west-1:{ACCOUNT}:stack/{'s' * 128}/{STACK.rpartition('/')[2]}"
    endpoints = ",".join(f"{'security-team' * 4}{number}@example.com" for number in range(10))
    roles = [f"arn:aws-us-gov:iam::{number:012}:role/{'r' * 64}" for number in range(10)]
    groups = [f"arn:aws-us-gov:logs:us-gov-west-1:{number:012}:log-group:{'g' * 64}" for number in range(10)]
    given = {"SubscriptionEndpoint": endpoints, "MonitoringRoleArns": ",".join(roles)}
    given |= {"ReviewLogGroupArns": ",".join(groups), "OrganizationRole": "r" * 64}
    managed, *own = (len(json.dumps(policy, separators=(",", ":"))) for policy in policies(function, longest, **given))
    frame = len('{"Version":"2012-10-17","Statement":}')
    assert managed + frame <= 6_144
    assert sum(own) + frame * len(own) <= 10_240


TRAIL = f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:trail"
AUDIT = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/audit/trail"


@pytest.mark.parametrize(
    ("named", "resources"),
    [
        ("", []),
        (TRAIL, [f"{TRAIL}:*"]),
        (f"{TRAIL}:*", [f"{TRAIL}:*"]),
        (f"{TRAIL},{AUDIT}:*", [f"{TRAIL}:*", f"{AUDIT}:*"]),
        (f"{TRAIL}:*,{AUDIT}", [f"{TRAIL}:*", f"{AUDIT}:*"]),
    ],
)
def test_only_the_evaluator_reads_log_events_and_only_of_the_log_groups_that_the_stack_names(
    named: str, resources: list[str]
) -> None:
    reads = {function: reading_log_events(role(function, ReviewLogGroupArns=named)) for function in INLINE}
    assert reads == {"Evaluator": [resources] if resources else [], "Remediator": [], "Viewer": []}


def reading_log_events(statements: list[Statement]) -> list[Any]:
    """What the statements are about that allow it, and no other call."""
    readers = [statement for statement in statements if "logs:FilterLogEvents" in actions(dict(statement))]
    assert all(actions(dict(statement)) == ["logs:FilterLogEvents"] for statement in readers)
    return [statement["Resource"] for statement in readers]


def test_the_roles_allow_enough_and_nothing_unused() -> None:
    runs: dict[str, list[Role]] = {function: [] for function in INLINE}
    for scenario in (scenario for scenario in SCENARIOS if scenario.name in NEEDED):
        with local_aws(region=HOME, regions=REGIONS) as aws, warm(aws):
            os.environ.update({**SETTINGS, **settings(scenario), "BLINDSPOT_CONFIG_RULE": RULE})
            runs["Evaluator"].append(evaluated(aws, scenario))
            runs["Viewer"].append(viewed(aws))
            runs["Remediator"].append(remediated(aws))
    runs["Remediator"].append(changed())
    denied = {function: [call for each in under for call in each.denied] for function, under in runs.items()}
    assert denied == {function: [] for function in runs}
    unused = {
        function: set[str]().union(*map(permissions_of, under)) - set[str]().union(*map(needed_of, under))
        for function, under in runs.items()
    }
    assert unused == {function: set() for function in runs}


def permissions_of(under: Role) -> set[str]:
    """The role's permissions, each by the statement that gives it, without those that Lambda itself needs."""
    return {
        f"{statement['Sid']}: {action}"
        for statement in under.statements
        for action in {*actions(dict(statement))} - OF_LAMBDA
    }


def needed_of(under: Role) -> set[str]:
    """Those that allowed something."""
    return {
        f"{statement['Sid']}: {one.action}"
        for statement in under.statements
        for one in under.asked
        if permits(statement, one)
    }


def evaluated(aws: LocalAws, scenario: Scenario) -> Role:
    """The evaluator's role, after an evaluation from the schedule on, and after a review."""
    aws.put_config_rule(RULE)
    made = scenario.seed(aws)
    if scenario.name == "topic gone":
        switch(aws, "true")
        our_topic_is_closed(aws, made)
    aws.evaluator = invoke
    with aws.under(role("Evaluator", **parameters(os.environ))) as under:
        invoke({"action": "start"})
        aws.deliver()
        invoke({"action": "review", "hours": 1})
    return under


def viewed(aws: LocalAws) -> Role:
    """The viewer's role, after a refresh and after somebody pressed the button."""
    with aws.under(role("Viewer", **parameters(os.environ))) as under:
        for name in ("widget", "widget-assess"):
            html = viewer.handler(event(name), Context())
            assert "could not be" not in html, html
    return under


def remediated(aws: LocalAws) -> Role:
    """The remediator's role, after a remediation and after it was taken back."""
    aws.config.asked.clear()
    with aws.under(role("Remediator", **parameters(os.environ))) as under:
        switch(aws, "true")
        run("apply")
        switch(aws, "false")
        run("backout")
    return under


def changed() -> Role:
    """The remediator's role, in a stack that sends text messages, after the settings gave tags and took them back."""
    told_by_sms = {"BLINDSPOT_SUBSCRIPTION_PROTOCOL": "sms", "BLINDSPOT_SUBSCRIPTION_ENDPOINT": "+14155550100"}
    with local_aws(region=HOME, regions=REGIONS) as aws, warm(aws):
        os.environ.update({**SETTINGS, **told_by_sms})
        aws.text_messages(sandbox=True, verified=("+14155550100",))
        switch(aws, "true")
        only_a_trail(aws, a_compliant_account(aws))
        with aws.under(role("Remediator", **parameters(os.environ))) as under:
            for tags in ({}, {"team": "security"}, {}):
                os.environ["BLINDSPOT_OVERRIDES"] = json.dumps({"topic": {"tags": tags}, "alarm": {"tags": tags}})
                assert {outcome["status"] for outcome in run("apply")["outcomes"]} == {"done"}
    return under
