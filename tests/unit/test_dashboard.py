"""The stack's dashboard, as CloudWatch gets it.

Source of the rules: CloudWatch API reference, "Dashboard Body Structure and Syntax", and PutDashboard.
"""

import json
import re
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest

from tests import insights
from tests.unit.test_template import PARAMETERS, RESOURCES, TEMPLATE

DASHBOARD = RESOURCES["Dashboard"]["Properties"]
REFERENCE = re.compile(r"\$\{([\w:.]+)\}")
LONGEST_STACK = "s" * 128
"""Without an AWS Config rule: with one, a stack's name has at most 41 characters."""
PSEUDO = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "eu-west-1",
    "AWS::StackName": LONGEST_STACK,
}


def resolved(text: str) -> str:
    """The text with each reference replaced as CloudFormation does, as far as a test can know what by."""

    def value(found: re.Match[str]) -> str:
        name, _, attribute = found[1].partition(".")
        if name in PSEUDO:
            return PSEUDO[name]
        assert name in RESOURCES, f"{name} is neither a resource nor a pseudo parameter"
        assert attribute in ("", "Arn")
        return f"arn:aws:some:eu-west-1:123456789012:{name}" if attribute else f"{LONGEST_STACK}-{name}-0A1B2C3D4E5F"

    return REFERENCE.sub(value, text)


def body(*, organization: bool) -> dict[str, Any]:
    """In a stack that has an organization's rule, or none."""
    text, more = DASHBOARD["DashboardBody"]["!Sub"]
    for name, (condition, then, otherwise) in ((name, value["!If"]) for name, value in more.items()):
        assert condition == "HasOrganization"
        text = text.replace(f"${{{name}}}", then["!Sub"] if organization else otherwise)
    read: dict[str, Any] = json.loads(resolved(text))
    return read


BODY = body(organization=True)
WIDGETS: list[dict[str, Any]] = BODY["widgets"]

in_each = pytest.mark.parametrize("organization", [False, True])


def of_type(kind: str) -> Iterator[dict[str, Any]]:
    return (widget["properties"] for widget in WIDGETS if widget["type"] == kind)


def metrics() -> Iterator[tuple[str, str, dict[str, str]]]:
    """The namespace, the name and the dimensions of each metric, with the short forms written out."""
    for properties in of_type("metric"):
        before: list[str] = []
        for metric in properties["metrics"]:
            given = [part for part in metric if isinstance(part, str)]
            if given[0] == "...":
                given = [*before[: len(before) - len(given) + 1], *given[1:]]
            given = [before[place] if part == "." else part for place, part in enumerate(given)]
            before = given
            namespace, name, *pairs = given
            yield namespace, name, dict(zip(pairs[::2], pairs[1::2], strict=True))


def test_the_body_is_of_the_shape_that_cloudwatch_takes() -> None:
    assert set(BODY) == {"start", "periodOverride", "widgets"}
    assert re.fullmatch(r"-P[1-9]\d*D", BODY["start"])
    assert BODY["periodOverride"] in ("auto", "inherit")
    assert 0 < len(WIDGETS) <= 500
    for widget in WIDGETS:
        assert set(widget) == {"type", "x", "y", "width", "height", "properties"}


REQUIRED = {
    "alarm": ({"alarms", "title"}, {"sortBy", "states"}),
    "custom": ({"endpoint", "title"}, {"params", "updateOn"}),
    "log": ({"query", "region", "title", "view"}, {"stacked"}),
    "metric": ({"metrics", "region", "title", "view", "stat", "period"}, {"annotations", "legend", "stacked", "yAxis"}),
    "text": ({"markdown"}, {"background"}),
}
"""By type of widget, the properties that it has and those that it may have."""


@pytest.mark.parametrize("widget", WIDGETS, ids=lambda widget: widget["properties"].get("title", widget["type"]))
def test_a_widget_has_what_its_type_takes(widget: dict[str, Any]) -> None:
    properties = widget["properties"]
    required, optional = REQUIRED[widget["type"]]
    assert required <= properties.keys() <= required | optional
    match widget["type"]:
        case "metric":
            assert properties["region"] == PSEUDO["AWS::Region"]
            assert properties["view"] in ("timeSeries", "singleValue", "bar", "pie", "table", "gauge")
            assert properties["stat"] in ("Average", "Maximum", "Minimum", "SampleCount", "Sum")
            assert properties["period"] % 60 == 0
            assert 0 < properties["period"] <= 86400
            for metric in properties["metrics"]:
                options = metric[-1]
                assert set(options) <= {"label", "color", "stat", "period", "yAxis"}
                assert re.fullmatch(r"#[0-9a-f]{6}", options.get("color", "#000000"))
        case "log":
            assert properties["region"] == PSEUDO["AWS::Region"]
            assert properties["view"] in ("table", "timeSeries", "bar", "pie")
            assert properties["query"].startswith(f"SOURCE '{LONGEST_STACK}-EvaluatorLogGroup-")


def cells(widget: dict[str, Any]) -> set[tuple[int, int]]:
    return {
        (x, y)
        for x in range(widget["x"], widget["x"] + widget["width"])
        for y in range(widget["y"], widget["y"] + widget["height"])
    }


@in_each
def test_the_widgets_fill_the_grid_and_do_not_overlap(organization: bool) -> None:
    widgets = body(organization=organization)["widgets"]
    assert all(0 <= x < 24 for widget in widgets for x, _ in cells(widget))
    assert not [pair for pair in combinations(widgets, 2) if cells(pair[0]) & cells(pair[1])]
    covered = set[tuple[int, int]]().union(*map(cells, widgets))
    assert len(covered) == 24 * (1 + max(y for _, y in covered))


def test_the_body_is_small_beside_what_a_template_may_have() -> None:
    """CloudFormation user guide, quotas: 51,200 bytes of a template that is not in S3. CloudWatch names no limit."""
    assert len(json.dumps(BODY)) < 20_000


def test_the_name_is_of_one_region_and_of_letters_that_cloudwatch_takes() -> None:
    """PutDashboard: "All dashboards in your account are global, not region-specific"."""
    name = resolved(DASHBOARD["DashboardName"]["!Sub"])
    assert PSEUDO["AWS::Region"] in name
    assert re.fullmatch(r"[\w-]{1,255}", name, re.ASCII)


def test_the_custom_widget_is_the_viewer_without_parameters() -> None:
    (custom,) = of_type("custom")
    assert custom["endpoint"] == "arn:aws:some:eu-west-1:123456789012:ViewerFunction"
    assert custom["params"] == {}
    # A refresh reads one row of AWS Config. What is shown depends on the width, and not on the time range.
    assert custom["updateOn"] == {"refresh": True, "resize": True, "timeRange": False}


def test_what_happens_is_added_up_and_what_is_measured_in_each_run_is_not() -> None:
    """A sum over the runs of a period would count each region several times."""
    for properties in of_type("metric"):
        names = [metric[1] for metric in properties["metrics"] if metric[0] != "..."]
        measured = {name for name in names if name.endswith("Regions") or name == "Duration"}
        assert properties["stat"] == ("Maximum" if measured else "Sum"), properties["title"]


def test_no_two_lines_of_a_graph_look_alike() -> None:
    for properties in of_type("metric"):
        options = [metric[-1] for metric in properties["metrics"]]
        for key in ("label", "color"):
            values = [each[key] for each in options if key in each]
            assert len(values) == len(set(values)), properties["title"]


def test_the_metrics_of_lambda_are_those_of_the_stacks_functions() -> None:
    of_lambda = {dimensions["FunctionName"] for namespace, _, dimensions in metrics() if namespace == "AWS/Lambda"}
    functions = [name for name, each in RESOURCES.items() if each["Type"] == "AWS::Serverless::Function"]
    assert of_lambda == {f"{LONGEST_STACK}-{name}-0A1B2C3D4E5F" for name in functions}


@in_each
def test_every_alarm_of_the_stack_is_shown(organization: bool) -> None:
    (shown,) = (each["properties"] for each in body(organization=organization)["widgets"] if each["type"] == "alarm")
    alarms = [
        name
        for name, each in RESOURCES.items()
        if each["Type"] == "AWS::CloudWatch::Alarm" and (organization or each.get("Condition") != "HasOrganization")
    ]
    assert shown["alarms"] == [f"arn:aws:some:eu-west-1:123456789012:{name}" for name in alarms] != []


def test_only_with_an_organization_are_its_accounts_shown() -> None:
    titles = [[w["properties"].get("title") for w in body(organization=each)["widgets"]] for each in (False, True)]
    assert titles[1][: len(titles[0])] == titles[0]
    assert titles[1][len(titles[0]) :] == [
        "Accounts of the organization: reported, not reported",
        "Accounts of the organization: runs that found each gap",
    ]
    (counted,) = (each["metrics"] for each in of_type("metric") if each["title"] == titles[1][len(titles[0])])
    assert [metric[1] for metric in counted] == ["ReportedMembers", "UnreportedMembers"]


def test_the_gaps_of_the_own_account_and_those_of_others_are_apart() -> None:
    found = {"123456789012": ["filter.misses"], "222222222222": ["trail.missing", "topic.key"], "333333333333": []}
    documents = [{"account": account, "gaps": [{"code": code} for code in codes]} for account, codes in found.items()]
    log = [json.dumps({"message": "control assessed", "document": each}) for each in documents]
    own, others = (insights.run(each["query"].partition(" | ")[2], log) for each in of_type("log"))
    assert [(row["gap.code"], row["runs"]) for row in own] == [("filter.misses", 1)]
    assert [(row["gap.code"], row["runs"]) for row in others] == [("trail.missing", 1), ("topic.key", 1)]


def test_the_line_of_the_timeout_is_where_the_timeout_is() -> None:
    (line,) = (line for each in of_type("metric") for line in each.get("annotations", {}).get("horizontal", ()))
    assert line["value"] == TEMPLATE["Globals"]["Function"]["Timeout"] * 1000


def test_the_text_links_within_the_console_and_to_logs_that_exist() -> None:
    (text,) = of_type("text")
    links = re.findall(r"\[[^]]+\]\(([^)]+)\)", text["markdown"])
    assert links
    assert all(link.startswith("#") for link in links)
    assert "docs/runbook.md" in text["markdown"]


def test_the_dashboard_depends_on_no_parameter() -> None:
    assert not set(REFERENCE.findall(str(DASHBOARD))) & PARAMETERS.keys()
