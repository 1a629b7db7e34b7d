"""The console's address of each resource; whatever its name, it stays one path in AWS's console."""

from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blindspot.report.console import config_rule_url, config_timeline_url, console_url

EU = "https://eu-west-1.console.aws.amazon.com"
ARN = "eu-west-1:123456789012"


@pytest.mark.parametrize(
    ("resource", "url"),
    [
        (
            f"arn:aws:cloudtrail:{ARN}:trail/management-events",
            f"{EU}/cloudtrailv2/home?region=eu-west-1#/trails/arn:aws:cloudtrail:{ARN}:trail/management-events",
        ),
        (
            f"arn:aws:logs:{ARN}:log-group:/aws/cloudtrail",
            f"{EU}/cloudwatch/home?region=eu-west-1#logsV2:log-groups/log-group/$252Faws$252Fcloudtrail",
        ),
        (
            f"arn:aws:logs:{ARN}:log-group:management-events:*",
            f"{EU}/cloudwatch/home?region=eu-west-1#logsV2:log-groups/log-group/management-events",
        ),
        (
            f"arn:aws:logs:{ARN}:log-group:a/b:metric-filter:c d",
            f"{EU}/cloudwatch/home?region=eu-west-1#logsV2:log-groups/log-group/a$252Fb/edit-metric-filter/c$2520d",
        ),
        (
            f"arn:aws:cloudwatch:{ARN}:alarm:a b/c:d",
            f"{EU}/cloudwatch/home?region=eu-west-1#alarmsV2:alarm/a%20b%2Fc%3Ad",
        ),
        (f"arn:aws:sns:{ARN}:alerts", f"{EU}/sns/v3/home?region=eu-west-1#/topic/arn:aws:sns:{ARN}:alerts"),
        (
            f"arn:aws:sns:{ARN}:alerts:0a1b",
            f"{EU}/sns/v3/home?region=eu-west-1#/subscription/arn:aws:sns:{ARN}:alerts:0a1b",
        ),
    ],
)
def test_each_link_has_its_page(resource: str, url: str) -> None:
    assert console_url(resource, "aws") == url


@pytest.mark.parametrize(
    ("partition", "region", "host"),
    [
        ("aws", "us-east-1", "us-east-1.console.aws.amazon.com"),
        ("aws-us-gov", "us-gov-west-1", "us-gov-west-1.console.amazonaws-us-gov.com"),
        ("aws-cn", "cn-north-1", "cn-north-1.console.amazonaws.cn"),
    ],
)
def test_each_partition_has_its_console(partition: str, region: str, host: str) -> None:
    made = (
        console_url(f"arn:{partition}:sns:{region}:123456789012:alerts", partition),
        config_rule_url("rule", region, partition),
        config_timeline_url("123456789012", region, partition),
    )
    assert [urlsplit(url or "").netloc for url in made] == [host] * 3


@pytest.mark.parametrize(
    ("resource", "partition"),
    [
        ("arn:aws-eusc:sns:eusc-de-east-1:123456789012:alerts", "aws-eusc"),
        ("arn:aws-cn:sns:cn-north-1:123456789012:alerts", "aws"),
        ("arn:aws:sns:evil.example.com/?:123456789012:alerts", "aws"),
        ("arn:aws:sns::123456789012:alerts", "aws"),
        (f"arn:aws:kinesis:{ARN}:stream/siem", "aws"),
        (f"arn:aws:logs:{ARN}:destination:siem", "aws"),
        (f"arn:aws:cloudtrail:{ARN}:eventdatastore/e", "aws"),
        ("security-alerts", "aws"),
        ("javascript:alert(1)", "aws"),
        ("", "aws"),
    ],
)
def test_what_has_no_known_page_has_no_link(resource: str, partition: str) -> None:
    assert console_url(resource, partition) is None


def test_the_pages_of_aws_config() -> None:
    assert config_rule_url("a&/b", "eu-west-1", "aws") == (
        f"{EU}/config/home?region=eu-west-1#/rules/details?configRuleName=a%26%2Fb"
    )
    assert config_timeline_url("123456789012", "eu-west-1", "aws") == (
        f"{EU}/config/home?region=eu-west-1#/resources/timeline?resourceId=123456789012&resourceType=AWS::::Account"
    )
    assert config_rule_url("a", "x/../", "aws") is None


KINDS = (
    "cloudtrail:{}:trail/{}",
    "logs:{}:log-group:{}",
    "logs:{}:log-group:g:metric-filter:{}",
    "cloudwatch:{}:alarm:{}",
)
ENCODABLE = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@given(st.sampled_from((*KINDS, "sns:{}:{}")), ENCODABLE)
def test_a_name_stays_in_its_place(kind: str, name: str) -> None:
    url = console_url(f"arn:aws:{kind.format(ARN, name)}", "aws")
    assert url is not None
    assert url.isascii()
    assert url.startswith(f"{EU}/")
    assert not set(url) & set(" \"'<>\\`")
    parts = urlsplit(url)
    assert parts.query == "region=eu-west-1"
    assert "#" not in parts.fragment


@given(ENCODABLE)
def test_a_name_can_be_read_back(name: str) -> None:
    url = console_url(f"arn:aws:cloudwatch:{ARN}:alarm:{name}", "aws")
    assert unquote((url or "").rpartition("alarm/")[2]) == name
