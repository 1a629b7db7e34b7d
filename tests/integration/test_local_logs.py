"""The local AWS's CloudWatch Logs: patterns put to messages, log groups, and where log events are sent on to."""

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local.accounts import CIS, put_filter
from local.aws import LocalAws, local_aws

CONFORMANCE = sorted((Path(__file__).parents[1] / "conformance").glob("*.json"))
METRIC = {"metricNamespace": "CIS Benchmark", "metricName": "m", "metricValue": "1"}
DENIED, OTHER = '{"errorCode": "AccessDenied"}', '{"errorCode": "ThrottlingException"}'

STREAM = "arn:aws:kinesis:eu-west-1:123456789012:stream/siem"
FIREHOSE = "arn:aws:firehose:eu-west-1:123456789012:deliverystream/siem"
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:siem"
DESTINATION = "arn:aws:logs:eu-west-1:999999999999:destination:siem"
ROLE = "arn:aws:iam::123456789012:role/logs-to-siem"
POLICY = "SUBSCRIPTION_FILTER_POLICY"


def refused(code: str) -> Any:
    return pytest.raises(ClientError, match=rf"\({code}\)")


@pytest.fixture
def logs(aws: LocalAws) -> Any:
    return aws.client("logs")


@pytest.fixture
def unchecked(aws: LocalAws) -> Any:
    """A client that sends what botocore would hold back."""
    make: Any = boto3.client
    return make("logs", "eu-west-1", config=Config(parameter_validation=False))


def matched(logs: Any, pattern: str, *messages: str) -> list[int]:
    answer = logs.test_metric_filter(filterPattern=pattern, logEventMessages=list(messages))
    return [match["eventNumber"] for match in answer["matches"]]


# TestMetricFilter


@pytest.mark.parametrize("path", CONFORMANCE, ids=lambda path: path.stem)
def test_every_conformance_case_agrees(logs: Any, path: Path) -> None:
    def outcome(case: dict[str, Any]) -> bool | str:
        try:
            return matched(logs, case["pattern"], case.get("message") or json.dumps(case.get("event"))) == [1]
        except ClientError as error:
            return str(error.response["Error"]["Code"])

    cases = json.loads(path.read_text())
    wanted = {case["comment"]: case.get("matches", "InvalidParameterException") for case in cases}
    assert {case["comment"]: outcome(case) for case in cases} == wanted


def test_matches_are_numbered_from_1_and_told_whole(logs: Any) -> None:
    answer = logs.test_metric_filter(filterPattern=CIS, logEventMessages=[OTHER, DENIED, "AccessDenied", DENIED])
    assert answer["matches"] == [
        {"eventNumber": 2, "eventMessage": DENIED, "extractedValues": {}},
        {"eventNumber": 4, "eventMessage": DENIED, "extractedValues": {}},
    ]


@pytest.mark.parametrize(
    ("pattern", "messages", "numbers"),
    [
        ("{ $.a = 1 || ($.b = 2 && ($.c = 3 || $.c = 4)) }", ['{"b": 2, "c": 4}', '{"b": 2}', '{"a": 1.0}'], [1, 3]),
        ("{$.a NOT EXISTS}", ["{}", '{"a": null}', "[]", "no JSON", '{"b": NaN}'], [1, 3]),
        ("{ $.a[0][1].b = x }", ['{"a": [[0, {"b": "x"}]]}', '{"a": [{"b": "x"}]}', '{"a": {"0": "x"}}'], [1]),
        ("{ $['a b'].c = x }", ['{"a b": {"c": "x"}}', '{"a": {"c": "x"}}'], [1]),
        ("{ $.a[*] != x }", ['{"a": ["x", "y"]}', '{"a": ["x"]}', '{"a": []}', '{"a": "y"}'], [1]),
        ('{ $.a = "say \\"no\\"" }', ['{"a": "say \\"no\\""}', '{"a": "say no"}'], [1]),
        ('{ $.a = "x*y*z" }', ['{"a": "x-y-z"}', '{"a": "xyz"}', '{"a": "xyz-"}', '{"a": "-xyz"}'], [1, 2]),
        ("{ $.a != 1 }", ['{"a": 1.0}', '{"a": 1e0}', '{"a": "1"}', '{"a": 2}', '{"a": true}'], [3, 4]),
        ("{ $.a = 1* }", ['{"a": 1e0}', '{"a": "1"}', '{"a": 1e99999999999}', '{"a": 2}'], [1, 2, 3]),
        ("{ $.a != %^x% }", ['{"a": "xy"}', '{"a": "yx"}', '{"a": null}'], [2]),
        ("{ $.a = x }\n", ['{"a": "x"}', '{"a": "y"}'], [1]),
        ("-a -b", ["a", "b", "c"], [3]),
        ("?a ?b -c", ["d", "a c"], [1]),
        ('"a \\"b\\""', ['say a "b"', "say a b"], [1]),
        ("%a b%", ["xa by", "ab"], [1]),
        ("[a = x, ..., b > 1]", ["x 2", "x y z 2", "x y z 1", "2"], [1, 2]),
        ("[a, b = (c*)]", ["1 c"], None),
        ("[a, (b = c || b = d) && b != d]", ["1 c", "1 d"], [1]),
        ("[a = ERROR, b]", ["ERROR in two words", "ERROR", "WARN in two words"], [1]),
        ("[a = ERROR, ]", ["ERROR in", "ERROR in two"], [1]),
        ('[a = "b c", d = %^e%]', ['"b c" ef', "[b c] ef", "b c ef"], [1, 2]),
    ],
)
def test_what_matches(logs: Any, pattern: str, messages: list[str], numbers: list[int] | None) -> None:
    if numbers is None:
        with refused("InvalidParameterException"):
            matched(logs, pattern, *messages)
    else:
        assert matched(logs, pattern, *messages) == numbers


MALFORMED = [
    "{}",
    "{ $.a }",
    "{ $ = x }",
    "{ $.a == x }",
    "{ $.a = }",
    "{ $.a = x || }",
    "{ ($.a = x }",
    "{ $.a = x) }",
    "{ $.a = x } || { $.b = y }",
    '{ $."a" = x }',
    "{ $.a > x }",
    "{ $.a > 1x }",
    "{ $.a IS null }",
    "{ $.a[*].b[*] = x }",
    "{ $.a = %(x)% }",
    "{ $.a = %[% }",
    "{ " + "(" * 500 + "$.a = x" + ")" * 500 + " }",
    "%a",
    "%a% b",
    "%%",
    "a*",
    '"a',
    "[a",
    "[a, b] c",
    "[..., a, ...]",
    "[a IS NULL]",
    "x" * 1025,
]


@pytest.mark.parametrize("pattern", MALFORMED, ids=lambda pattern: pattern[:30])
def test_a_malformed_pattern_is_neither_tried_nor_kept(logs: Any, pattern: str) -> None:
    logs.create_log_group(logGroupName="g")
    named = {"logGroupName": "g", "filterName": "f", "filterPattern": pattern}
    with refused("InvalidParameterException"):
        matched(logs, pattern, DENIED)
    with refused("InvalidParameterException"):
        logs.put_metric_filter(**named, metricTransformations=[METRIC])
    with refused("InvalidParameterException"):
        logs.put_subscription_filter(**named, destinationArn=FUNCTION)
    assert logs.describe_metric_filters(logGroupName="g")["metricFilters"] == []
    assert logs.describe_subscription_filters(logGroupName="g")["subscriptionFilters"] == []


def test_one_to_fifty_messages_are_tried_at_once(logs: Any, unchecked: Any) -> None:
    assert matched(logs, "", *["x"] * 50) == list(range(1, 51))
    for messages in ([], ["x"] * 51, ["x", ""]):
        with refused("InvalidParameterException"):
            matched(unchecked, "", *messages)


def test_a_misread_pattern_matches_as_told_in_every_region(aws: LocalAws) -> None:
    aws.misread(CIS, matches=False)
    aws.misread("{ $.new SYNTAX }", matches=True)
    for region in ("eu-west-1", "us-east-1"):
        logs = aws.client("logs", region)
        assert matched(logs, CIS, DENIED, OTHER) == []
        assert matched(logs, "{ $.new SYNTAX }", DENIED, "no JSON") == [1, 2]
        assert matched(logs, CIS + " ", DENIED, OTHER) == [1]
        logs.create_log_group(logGroupName="g")
        put_filter(aws, region, "g", "f", "{ $.new SYNTAX }", METRIC)


def test_what_is_misread_goes_with_its_account() -> None:
    with local_aws() as aws:
        aws.misread(CIS, matches=False)
    with local_aws() as aws:
        assert matched(aws.client("logs"), CIS, DENIED) == [1]


# Log groups


@pytest.fixture
def groups(logs: Any) -> Any:
    logs.create_log_group(logGroupName="b/2")
    logs.create_log_group(logGroupName="b/1", logGroupClass="INFREQUENT_ACCESS")
    logs.create_log_group(logGroupName="a", logGroupClass="STANDARD")
    logs.create_log_group(logGroupName="B", logGroupClass="ESSENTIALS")
    logs.create_log_group(logGroupName="c", logGroupClass="DELIVERY")
    return logs


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, {"B": "ESSENTIALS", "a": "STANDARD", "b/1": "INFREQUENT_ACCESS", "b/2": "STANDARD", "c": "DELIVERY"}),
        ({"logGroupNamePrefix": "b"}, {"b/1": "INFREQUENT_ACCESS", "b/2": "STANDARD"}),
        ({"logGroupNamePrefix": "/"}, {}),
        ({"logGroupNamePattern": "/1"}, {"b/1": "INFREQUENT_ACCESS"}),
        ({"logGroupClass": "STANDARD"}, {"a": "STANDARD", "b/2": "STANDARD"}),
        ({"logGroupClass": "ESSENTIALS"}, {"B": "ESSENTIALS", "b/1": "INFREQUENT_ACCESS"}),
        (
            {"logGroupIdentifiers": ["a", "arn:aws:logs:eu-west-1:123456789012:log-group:c"]},
            {"a": "STANDARD", "c": "DELIVERY"},
        ),
    ],
)
def test_log_groups_are_looked_for(groups: Any, asked: dict[str, Any], found: dict[str, str]) -> None:
    answer = groups.describe_log_groups(**asked)["logGroups"]
    assert [(group["logGroupName"], group["logGroupClass"]) for group in answer] == list(found.items())


def test_log_groups_come_in_pages(groups: Any) -> None:
    for number in range(60):
        groups.create_log_group(logGroupName=f"many-{number:02}")
    assert len(groups.describe_log_groups()["logGroups"]) == 50
    pages = list(groups.get_paginator("describe_log_groups").paginate(logGroupNamePrefix="many", limit=25))
    names = [[group["logGroupName"] for group in page["logGroups"]] for page in pages]
    assert [len(page) for page in names] == [25, 25, 10]
    assert [name for page in names for name in page] == [f"many-{number:02}" for number in range(60)]
    assert "nextToken" not in pages[-1]


@pytest.mark.parametrize(
    "asked",
    [{"limit": 0}, {"limit": 51}, {"nextToken": "x"}, {"logGroupNamePrefix": "a", "logGroupNamePattern": "a"}],
)
def test_describe_log_groups_refuses(unchecked: Any, asked: dict[str, Any]) -> None:
    with refused("InvalidParameterException"):
        unchecked.describe_log_groups(**asked)


def test_a_log_group_counts_its_metric_filters(aws: LocalAws, groups: Any) -> None:
    put_filter(aws, "eu-west-1", "a", "one", CIS, METRIC)
    put_filter(aws, "eu-west-1", "a", "two", CIS, METRIC)
    counts = {group["logGroupName"]: group["metricFilterCount"] for group in groups.describe_log_groups()["logGroups"]}
    assert counts == {"B": 0, "a": 2, "b/1": 0, "b/2": 0, "c": 0}


@pytest.mark.parametrize("group", ["b/1", "B", "c"])
def test_only_the_standard_class_takes_metric_filters(aws: LocalAws, groups: Any, group: str) -> None:
    with refused("InvalidParameterException"):
        put_filter(aws, "eu-west-1", group, "f", CIS, METRIC)
    with refused("InvalidParameterException"):
        groups.create_log_group(logGroupName="d", logGroupClass="PREMIUM")
    assert groups.describe_metric_filters()["metricFilters"] == []


# Metric filters

THREE = {"a": "$.a", "b": "$.b", "c": "$.c"}


@pytest.mark.parametrize(
    ("pattern", "transformation", "more"),
    [
        (CIS, {"dimensions": {"a": "$.a"}, "defaultValue": 0}, {}),
        (CIS, {"dimensions": THREE}, {"emitSystemFieldDimensions": ["@aws.region"]}),
        ("AccessDenied", {"dimensions": {"a": "$.a"}}, {}),
        (CIS, {}, {"emitSystemFieldDimensions": ["@source.log"]}),
        (CIS, {}, {"fieldSelectionCriteria": "x" * 2001}),
    ],
)
def test_put_metric_filter_refuses(logs: Any, pattern: str, transformation: dict[str, Any], more: Any) -> None:
    logs.create_log_group(logGroupName="g")
    with refused("InvalidParameterException"):
        logs.put_metric_filter(
            logGroupName="g",
            filterName="f",
            filterPattern=pattern,
            metricTransformations=[METRIC | transformation],
            **more,
        )


@pytest.mark.parametrize(
    ("pattern", "transformation"),
    [(CIS, {"dimensions": THREE}), ("[a, b, c]", {"dimensions": THREE}), ("a", {"defaultValue": 0.0})],
)
def test_put_metric_filter_keeps(aws: LocalAws, logs: Any, pattern: str, transformation: dict[str, Any]) -> None:
    logs.create_log_group(logGroupName="g")
    put_filter(aws, "eu-west-1", "g", "f", pattern, METRIC | transformation)
    (made,) = logs.describe_metric_filters()["metricFilters"]
    assert (made["filterPattern"], made["metricTransformations"]) == (pattern, [METRIC | transformation])


def test_metric_filters_need_their_log_group(aws: LocalAws, logs: Any) -> None:
    with refused("ResourceNotFoundException"):
        put_filter(aws, "eu-west-1", "nowhere", "f", CIS, METRIC)
    with refused("ResourceNotFoundException"):
        logs.describe_metric_filters(logGroupName="nowhere")


# Subscription filters


def send_on(logs: Any, name: str = "f", **bent: Any) -> None:
    whole = {"logGroupName": "g", "filterPattern": "", "destinationArn": STREAM, "roleArn": ROLE}
    given = {key: value for key, value in {**whole, **bent}.items() if value is not None}
    logs.put_subscription_filter(filterName=name, **given)


def sent_on(logs: Any, **asked: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = logs.describe_subscription_filters(logGroupName="g", **asked)["subscriptionFilters"]
    return found


@pytest.mark.parametrize(
    ("destination", "role"), [(STREAM, ROLE), (FIREHOSE, ROLE), (FUNCTION, None), (f"{FUNCTION}:live", None)]
)
def test_log_events_are_sent_on_within_the_account(logs: Any, destination: str, role: str | None) -> None:
    logs.create_log_group(logGroupName="g")
    send_on(logs, destinationArn=destination, roleArn=role)
    (made,) = sent_on(logs)
    assert (made["destinationArn"], made.get("roleArn")) == (destination, role)
    with refused("InvalidParameterException"):
        send_on(logs, destinationArn=destination.replace("123456789012", "999999999999"), roleArn=role)


def test_a_subscription_filter_is_kept_whole(logs: Any) -> None:
    logs.create_log_group(logGroupName="g")
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    given: dict[str, Any] = {
        "filterPattern": CIS,
        "destinationArn": DESTINATION,
        "roleArn": ROLE,
        "distribution": "Random",
        "applyOnTransformedLogs": True,
        "fieldSelectionCriteria": '@aws.region NOT IN ["cn-north-1"]',
        "emitSystemFields": ["@source.log"],
    }
    send_on(logs, **given)
    logs.put_log_events(
        logGroupName="g", logStreamName="s", logEvents=[{"timestamp": 1_800_000_000_000, "message": "x"}]
    )
    (made,) = sent_on(logs)
    assert made.pop("creationTime") > 1_700_000_000_000
    assert made == {"filterName": "f", "logGroupName": "g", **given}
    send_on(logs)
    (made,) = sent_on(logs)
    assert made["distribution"] == "ByLogStream"
    assert not {"applyOnTransformedLogs", "fieldSelectionCriteria", "emitSystemFields"} & set(made)


@pytest.mark.parametrize(
    "bent",
    [
        {"destinationArn": "siem"},
        {"destinationArn": "arn:aws:sqs:eu-west-1:123456789012:siem"},
        {"destinationArn": STREAM.replace("stream/", "consumer/")},
        {"destinationArn": "arn:aws:logs:eu-west-1:999999999999:log-group:siem"},
        {"roleArn": None},
        {"destinationArn": FIREHOSE, "roleArn": None},
        {"distribution": "ByName"},
        {"emitSystemFields": ["@aws.partition"]},
        {"fieldSelectionCriteria": "x" * 2001},
        {"name": "a:b"},
    ],
)
def test_put_subscription_filter_refuses(logs: Any, bent: dict[str, Any]) -> None:
    logs.create_log_group(logGroupName="g")
    with refused("InvalidParameterException"):
        send_on(logs, **bent)
    assert sent_on(logs) == []


def test_a_log_group_has_two_subscription_filters_at_most(logs: Any) -> None:
    logs.create_log_group(logGroupName="g")
    send_on(logs, "b")
    send_on(logs, "a")
    with refused("LimitExceededException"):
        send_on(logs, "c")
    send_on(logs, "a", filterPattern="changed")
    assert [(made["filterName"], made["filterPattern"]) for made in sent_on(logs)] == [("a", "changed"), ("b", "")]
    logs.delete_subscription_filter(logGroupName="g", filterName="b")
    send_on(logs, "c")
    assert [made["filterName"] for made in sent_on(logs)] == ["a", "c"]
    assert [made["filterName"] for made in sent_on(logs, filterNamePrefix="c")] == ["c"]
    pages = list(logs.get_paginator("describe_subscription_filters").paginate(logGroupName="g", limit=1))
    assert [[made["filterName"] for made in page["subscriptionFilters"]] for page in pages] == [["a"], ["c"]]
    with refused("InvalidParameterException"):
        sent_on(logs, limit=51)


def test_subscription_filters_need_their_log_group_and_go_with_it(logs: Any) -> None:
    for call, more in {
        "put_subscription_filter": {"filterName": "f", "filterPattern": "", "destinationArn": FUNCTION},
        "describe_subscription_filters": {},
        "delete_subscription_filter": {"filterName": "f"},
    }.items():
        with refused("ResourceNotFoundException"):
            getattr(logs, call)(logGroupName="g", **more)
    logs.create_log_group(logGroupName="g")
    with refused("ResourceNotFoundException"):
        logs.delete_subscription_filter(logGroupName="g", filterName="f")
    send_on(logs)
    logs.delete_log_group(logGroupName="g")
    logs.create_log_group(logGroupName="g")
    assert sent_on(logs) == []


# Account policies


def put_policy(logs: Any, name: str = "to-siem", document: Any = None, **bent: Any) -> Any:
    whole = {"DestinationArn": STREAM, "RoleArn": ROLE, "FilterPattern": "", "Distribution": "Random"}
    text = document if isinstance(document, str) else json.dumps(whole | (document or {}))
    return logs.put_account_policy(**{"policyName": name, "policyType": POLICY, "policyDocument": text, **bent})


def policies(logs: Any, **asked: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = logs.describe_account_policies(**{"policyType": POLICY, **asked})["accountPolicies"]
    return found


def test_an_account_policy_is_kept_whole_in_its_region(aws: LocalAws, logs: Any) -> None:
    criteria = 'LogGroupName NOT IN ["a", "/aws/lambda/b"]'
    made = put_policy(logs, selectionCriteria=criteria)["accountPolicy"]
    assert policies(logs) == policies(logs, accountIdentifiers=[aws.account], policyName="to-siem") == [made]
    assert (made["accountId"], made["scope"], made["policyType"]) == (aws.account, "ALL", POLICY)
    assert made["selectionCriteria"] == criteria
    assert json.loads(made["policyDocument"])["Distribution"] == "Random"
    assert made["lastUpdatedTime"] > 1_700_000_000_000
    assert policies(aws.client("logs", "us-east-1")) == []
    assert policies(logs, policyType="TRANSFORMER_POLICY") == []


def test_a_region_has_one_subscription_policy(aws: LocalAws, logs: Any) -> None:
    put_policy(logs, selectionCriteria="LogGroupName NOT IN []")
    with refused("LimitExceededException"):
        put_policy(logs, "another")
    put_policy(aws.client("logs", "us-east-1"), "another")
    put_policy(logs, document={"FilterPattern": "changed"})
    (made,) = policies(logs)
    assert (json.loads(made["policyDocument"])["FilterPattern"], made.get("selectionCriteria")) == ("changed", None)
    logs.delete_account_policy(policyName="to-siem", policyType=POLICY)
    assert policies(logs) == []
    put_policy(logs, "another")
    for asked in (
        {"policyName": "to-siem", "policyType": POLICY},
        {"policyName": "another", "policyType": "RETENTION_POLICY"},
    ):
        with refused("ResourceNotFoundException"):
            logs.delete_account_policy(**asked)
    assert [policy["policyName"] for policy in policies(logs)] == ["another"]
    with refused("ResourceNotFoundException"):
        policies(logs, policyName="to-siem")


@pytest.mark.parametrize(
    "bent",
    [
        {"policyType": "DATA_PROTECTION_POLICY"},
        {"policyType": "MY_POLICY"},
        {"policyName": "aws/mine"},
        {"policyName": ""},
        {"scope": "SOME"},
        {"selectionCriteria": 'LogGroupName IN ["a"]'},
        {"selectionCriteria": 'LogGroupNamePrefix NOT IN ["a"]'},
        {"selectionCriteria": 'LogGroupName NOT IN ["a" "b"]'},
        {"document": "no JSON"},
        {"document": "[]"},
        {"document": "{}"},
        {"document": {"Destination": STREAM}},
        {"document": {"FilterPattern": 1}},
        {"document": {"DestinationArn": "siem"}},
        {"document": {"FilterPattern": "{ $.a"}},
        {"document": {"Distribution": "ByName"}},
    ],
)
def test_put_account_policy_refuses(logs: Any, bent: dict[str, Any]) -> None:
    with refused("InvalidParameterException"):
        put_policy(logs, **bent)
    assert policies(logs) == []


@pytest.mark.parametrize(
    "asked",
    [
        {"policyType": None},
        {"policyType": "MY_POLICY"},
        {"accountIdentifiers": ["999999999999"]},
        {"accountIdentifiers": ["123456789012", "999999999999"]},
    ],
)
def test_describe_account_policies_refuses(unchecked: Any, asked: dict[str, Any]) -> None:
    with refused("InvalidParameterException"):
        policies(unchecked, **asked)


# All of it


def test_the_dump_tells_what_is_sent_on_and_a_new_account_holds_nothing() -> None:
    with local_aws() as aws:
        logs = aws.client("logs")
        logs.create_log_group(logGroupName="g")
        send_on(logs)
        put_policy(logs)
        held = aws.dump()["eu-west-1"]
    assert {kind: list(found) for kind, found in held.items()} == {
        "subscription_filters": ["g/f"],
        "account_policies": ["to-siem"],
    }
    with local_aws() as aws:
        assert aws.dump() == {}
