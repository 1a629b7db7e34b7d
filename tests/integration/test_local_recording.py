"""The local AWS up to the metric: EC2, CloudTrail and CloudWatch Logs, what they tell and what they refuse."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.accounts import CIS, a_compliant_account, put_filter
from local.aws import LocalAws, local_aws

METRIC = {"metricNamespace": "CIS Benchmark", "metricName": "m", "metricValue": "1"}
SELECTOR = {"ReadWriteType": "All"}
MANAGEMENT = {"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}


def refused(code: str) -> Any:
    return pytest.raises(ClientError, match=rf"\({code}\)")


# EC2


def test_regions_by_name_and_by_status() -> None:
    with local_aws(regions=("eu-west-1", "us-east-1", "eu-south-1"), opted_out=("af-south-1",)) as aws:
        ec2 = aws.client("ec2")

        def found(**asked: Any) -> dict[str, str]:
            return {region["RegionName"]: region["OptInStatus"] for region in ec2.describe_regions(**asked)["Regions"]}

        assert found()["eu-south-1"] == "opted-in"
        assert found(RegionNames=["af-south-1"]) == {"af-south-1": "not-opted-in"}
        status = [{"Name": "opt-in-status", "Values": ["not-opted-in"]}]
        assert found(AllRegions=True, Filters=status) == {"af-south-1": "not-opted-in"}


# CloudTrail


def test_trails_are_described_by_name_at_home_and_by_arn_anywhere(aws: LocalAws) -> None:
    a_compliant_account(aws)
    a_compliant_account(aws, name="second-trail", topic="second")
    home, elsewhere = aws.client("cloudtrail"), aws.client("cloudtrail", "us-east-1")
    arns = {trail["Name"]: trail["TrailARN"] for trail in home.describe_trails()["trailList"]}
    assert len(arns) == 2
    assert [trail["Name"] for trail in home.describe_trails(trailNameList=["second-trail"])["trailList"]] == [
        "second-trail"
    ]
    assert elsewhere.describe_trails(trailNameList=["second-trail"])["trailList"] == []
    assert len(elsewhere.describe_trails(trailNameList=[arns["second-trail"]])["trailList"]) == 1
    assert elsewhere.describe_trails(includeShadowTrails=False)["trailList"] == []


def test_a_trail_is_changed_at_home_only(aws: LocalAws) -> None:
    a_compliant_account(aws)
    elsewhere = aws.client("cloudtrail", "us-east-1")
    (shadow,) = elsewhere.describe_trails()["trailList"]
    arn = shadow["TrailARN"]
    changes: dict[str, dict[str, Any]] = {
        "stop_logging": {"Name": arn},
        "start_logging": {"Name": arn},
        "update_trail": {"Name": arn, "IsMultiRegionTrail": False},
        "put_event_selectors": {"TrailName": arn, "EventSelectors": [SELECTOR]},
    }
    for operation, asked in changes.items():
        with refused("InvalidHomeRegionException"):
            getattr(elsewhere, operation)(**asked)
    aws.client("cloudtrail").delete_trail(Name=arn)
    assert elsewhere.describe_trails()["trailList"] == []
    with refused("TrailNotFoundException"):
        aws.client("cloudtrail").delete_trail(Name=arn)


def test_a_trail_says_whether_its_selectors_are_custom(aws: LocalAws) -> None:
    made = a_compliant_account(aws)
    trails = aws.client("cloudtrail")
    assert trails.describe_trails()["trailList"][0]["HasCustomEventSelectors"] is False
    trails.put_event_selectors(TrailName=made.trail, EventSelectors=[{"ReadWriteType": "WriteOnly"}])
    assert trails.describe_trails()["trailList"][0]["HasCustomEventSelectors"] is True
    (kept,) = trails.get_event_selectors(TrailName=made.trail)["EventSelectors"]
    assert kept["IncludeManagementEvents"] is True


@pytest.mark.parametrize(
    "selectors",
    [
        {"EventSelectors": [{"ReadWriteType": "Some"}]},
        {"EventSelectors": [SELECTOR] * 6},
        {"EventSelectors": [{**SELECTOR, "ExcludeManagementEventSources": ["iam.amazonaws.com"]}]},
        {"EventSelectors": [SELECTOR], "AdvancedEventSelectors": [MANAGEMENT]},
        {},
    ],
)
def test_put_event_selectors_refuses(aws: LocalAws, selectors: dict[str, Any]) -> None:
    made = a_compliant_account(aws)
    with refused("InvalidEventSelectorsException"):
        aws.client("cloudtrail").put_event_selectors(TrailName=made.trail, **selectors)


# CloudWatch Logs


@pytest.fixture
def logs(aws: LocalAws) -> Any:
    client = aws.client("logs")
    for group, names in {"g": ("one", "two"), "h": ("one",)}.items():
        client.create_log_group(logGroupName=group)
        for name in names:
            put_filter(aws, "eu-west-1", group, name, CIS, {**METRIC, "metricName": name})
    return client


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, ["g/one", "g/two", "h/one"]),
        ({"logGroupName": "g"}, ["g/one", "g/two"]),
        ({"logGroupName": "g", "filterNamePrefix": "t"}, ["g/two"]),
        ({"filterNamePrefix": "t"}, ["g/one", "g/two", "h/one"]),  # it counts with a log group only
        ({"metricName": "one", "metricNamespace": "CIS Benchmark"}, ["g/one", "h/one"]),
    ],
)
def test_metric_filters_are_looked_for(logs: Any, asked: dict[str, str], found: list[str]) -> None:
    filters = logs.describe_metric_filters(**asked)["metricFilters"]
    assert [f"{made['logGroupName']}/{made['filterName']}" for made in filters] == found
    with refused("InvalidParameterException"):
        logs.describe_metric_filters(metricName="one")


def test_metric_filters_go_with_their_group(logs: Any) -> None:
    logs.delete_log_group(logGroupName="g")
    logs.create_log_group(logGroupName="g")
    assert logs.describe_metric_filters(logGroupName="g")["metricFilters"] == []
    with refused("ResourceNotFoundException"):
        logs.delete_metric_filter(logGroupName="g", filterName="one")
    logs.delete_metric_filter(logGroupName="h", filterName="one")
    assert logs.describe_metric_filters()["metricFilters"] == []


def test_what_narrows_a_metric_filter_is_kept(logs: Any) -> None:
    narrowed = {
        "fieldSelectionCriteria": '@aws.region = "eu-west-1"',
        "applyOnTransformedLogs": True,
        "emitSystemFieldDimensions": ["@aws.account"],
    }
    logs.put_metric_filter(
        logGroupName="g", filterName="one", filterPattern="", metricTransformations=[METRIC], **narrowed
    )
    (made,) = logs.describe_metric_filters(logGroupName="g", filterNamePrefix="one")["metricFilters"]
    assert {key: made[key] for key in narrowed} == narrowed
    assert made["creationTime"]


@pytest.mark.parametrize(
    "transformations",
    [
        [METRIC, METRIC],
        [{**METRIC, "metricNamespace": "a:b"}],
        [{**METRIC, "metricName": "a$b"}],
        [{**METRIC, "metricValue": "1" * 101}],
        [{**METRIC, "dimensions": {str(number): "$.a" for number in range(4)}}],
    ],
)
def test_put_metric_filter_refuses(logs: Any, transformations: list[dict[str, Any]]) -> None:
    with refused("InvalidParameterException"):
        logs.put_metric_filter(
            logGroupName="g", filterName="f", filterPattern="", metricTransformations=transformations
        )
