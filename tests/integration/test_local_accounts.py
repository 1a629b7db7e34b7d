"""The local AWS has more accounts than one: who may read what of another, and the organization's trails."""

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local.accounts import CIS, a_compliant_account, put_alarm, put_filter
from local.aws import Call, LocalAws, local_aws

HOME, OTHER = "123456789012", "999988887777"
METRIC = {"metricNamespace": "CISBenchmark", "metricName": "m", "metricValue": "1"}
ROLE = f"arn:aws:iam::{OTHER}:role/blindspot-reader"


def refused(code: str) -> Any:
    return pytest.raises(ClientError, match=rf"\({code}\)")


def client(service: str, region: str = "eu-west-1", **credentials: str) -> Any:
    """As the code under test makes one."""
    make: Any = boto3.client
    return make(service, region_name=region, **credentials)


def reader(service: str, region: str = "eu-west-1", role: str = ROLE) -> Any:
    """As the code under test makes one that reads another account."""
    given = client("sts").assume_role(RoleArn=role, RoleSessionName="blindspot")["Credentials"]
    return client(
        service,
        region,
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )


# Roles


def test_only_a_role_that_trusts_us_can_be_assumed(aws: LocalAws) -> None:
    aws.trust(ROLE)
    for role in (ROLE + "s", ROLE.replace(OTHER, HOME), "reader-of-some-account"):
        with refused("AccessDenied"):
            client("sts").assume_role(RoleArn=role, RoleSessionName="blindspot")
    identity = reader("sts").get_caller_identity()
    assert identity["Account"] == OTHER
    assert identity["Arn"] == f"arn:aws:sts::{OTHER}:assumed-role/blindspot-reader/blindspot"
    assert client("sts").get_caller_identity()["Account"] == HOME


def test_trust_ends_with_the_local_aws() -> None:
    with local_aws() as aws:
        aws.trust(ROLE)
        reader("sts")
    with local_aws(), refused("AccessDenied"):
        reader("sts")


def test_a_local_aws_of_another_account_is_that_account() -> None:
    with local_aws(account=OTHER) as aws:
        assert client("sts").get_caller_identity()["Account"] == OTHER
        assert aws.client("sns").create_topic(Name="t")["TopicArn"] == f"arn:aws:sns:eu-west-1:{OTHER}:t"
        aws.client("logs", account=HOME).create_log_group(logGroupName="g")
        assert client("logs").describe_log_groups()["logGroups"] == []


def test_an_account_holds_what_was_made_in_it(aws: LocalAws) -> None:
    aws.trust(ROLE)
    logs = aws.client("logs", account=OTHER)
    logs.create_log_group(logGroupName="g")
    logs.put_metric_filter(logGroupName="g", filterName="f", filterPattern=CIS, metricTransformations=[METRIC])
    alarm = {"Namespace": "n", "MetricName": "m", "Statistic": "Sum", "Period": 300, "EvaluationPeriods": 1}
    aws.client("cloudwatch", account=OTHER).put_metric_alarm(
        AlarmName="theirs", Threshold=1, ComparisonOperator="GreaterThanThreshold", **alarm
    )
    aws.client("sns", account=OTHER).create_topic(Name="t")
    aws.client("kms", account=OTHER).create_key()
    for make, count in ((reader, 1), (client, 0)):
        assert len(make("logs").describe_log_groups()["logGroups"]) == count
        assert len(make("logs").describe_metric_filters()["metricFilters"]) == count
        assert len(make("cloudwatch").describe_alarms()["MetricAlarms"]) == count
        assert len(make("sns").list_topics()["Topics"]) == count
        assert len(make("kms").list_keys()["Keys"]) == count
    (theirs,) = reader("cloudwatch").describe_alarms()["MetricAlarms"]
    assert theirs["AlarmArn"] == f"arn:aws:cloudwatch:eu-west-1:{OTHER}:alarm:theirs"
    # The account itself holds none of it.
    assert aws.dump() == {}


def test_calls_tell_whose_credentials_they_were_made_with(aws: LocalAws) -> None:
    aws.trust(ROLE)
    theirs = reader("logs")
    aws.calls.clear()
    client("logs").describe_log_groups()
    theirs.describe_log_groups()
    aws.client("logs", account=OTHER).describe_log_groups()
    assert aws.calls == [
        Call("logs", "DescribeLogGroups", "eu-west-1"),
        Call("logs", "DescribeLogGroups", "eu-west-1", OTHER),
    ]
    aws.fail("logs:DescribeLogGroups")
    for make in (client, reader):
        with refused("AccessDenied"):
            make("logs").describe_log_groups()


# Keys and topics of another account


def test_a_key_is_described_with_its_own_accounts_credentials(aws: LocalAws) -> None:
    aws.trust(ROLE)
    kms = aws.client("kms", account=OTHER)
    key = kms.create_key()["KeyMetadata"]
    kms.create_alias(AliasName="alias/alerts", TargetKeyId=key["KeyId"])
    alias = f"arn:aws:kms:eu-west-1:{OTHER}:alias/alerts"
    for name in (key["Arn"], alias):
        assert reader("kms").describe_key(KeyId=name)["KeyMetadata"]["Arn"] == key["Arn"]
        with refused("AccessDeniedException"):
            client("kms").describe_key(KeyId=name)
    assert reader("kms").get_key_policy(KeyId=key["Arn"], PolicyName="default")["Policy"]
    with refused("AccessDeniedException"):
        client("kms").get_key_policy(KeyId=key["Arn"], PolicyName="default")
    with refused("NotFoundException"):
        client("kms").describe_key(KeyId=key["KeyId"])


@pytest.fixture
def theirs(aws: LocalAws) -> tuple[str, str]:
    """Another account's topic, and a subscription to it."""
    sns = aws.client("sns", account=OTHER)
    topic = sns.create_topic(Name="t")["TopicArn"]
    arn = sns.subscribe(TopicArn=topic, Protocol="sms", Endpoint="+15555550123")["SubscriptionArn"]
    return topic, arn


def statement(**bent: Any) -> dict[str, Any]:
    actions = ["SNS:GetTopicAttributes", "SNS:ListSubscriptionsByTopic", "SNS:GetSubscriptionAttributes"]
    return {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": actions, "Resource": "*", **bent}


READS = ["GetSubscriptionAttributes", "GetTopicAttributes", "ListSubscriptionsByTopic"]


@pytest.mark.parametrize(
    ("statements", "allowed"),
    [
        ([], []),
        ([statement()], READS),
        ([statement(Principal="*")], READS),
        ([statement(Principal={"AWS": HOME})], READS),
        ([statement(Principal={"AWS": [f"arn:aws:iam::{HOME}:root", "111122223333"]})], READS),
        ([statement(Principal={"AWS": "111122223333"})], []),
        ([statement(Principal={"Service": "cloudwatch.amazonaws.com"})], []),
        ([statement(Action="sns:ListSubscriptionsByTopic")], ["ListSubscriptionsByTopic"]),
        ([statement(Action="sns:Get*")], ["GetSubscriptionAttributes", "GetTopicAttributes"]),
        ([statement(Action="SNS:Publish")], []),
        ([statement(Condition={"StringEquals": {"AWS:SourceOwner": OTHER}})], []),
        ([statement(Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}})], READS),
        ([statement(), statement(Effect="Deny", Action="SNS:GetTopicAttributes")], [READS[0], READS[2]]),
        (None, []),  # as SNS makes it: for the owner alone
    ],
)
def test_a_topic_is_read_as_far_as_its_policy_lets_us_in(
    aws: LocalAws, theirs: tuple[str, str], statements: list[Any] | None, allowed: list[str]
) -> None:
    topic, subscription = theirs
    if statements is not None:
        policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
        aws.client("sns", account=OTHER).set_topic_attributes(
            TopicArn=topic, AttributeName="Policy", AttributeValue=policy
        )
    aws.trust(ROLE)
    found = {}
    for sns, lets_in in ((client("sns"), allowed), (reader("sns"), READS)):
        for operation, read, asked, shown in (
            ("GetTopicAttributes", sns.get_topic_attributes, {"TopicArn": topic}, "Attributes"),
            ("ListSubscriptionsByTopic", sns.list_subscriptions_by_topic, {"TopicArn": topic}, "Subscriptions"),
            (
                "GetSubscriptionAttributes",
                sns.get_subscription_attributes,
                {"SubscriptionArn": subscription},
                "Attributes",
            ),
        ):
            if operation in lets_in:
                found[operation] = read(**asked)[shown]
            else:
                with refused("AuthorizationError"):
                    read(**asked)
    assert found["GetTopicAttributes"]["Owner"] == OTHER
    assert [listed["SubscriptionArn"] for listed in found["ListSubscriptionsByTopic"]] == [subscription]
    assert found["GetSubscriptionAttributes"]["Protocol"] == "sms"


def test_a_topic_of_another_account_that_is_not_there(aws: LocalAws) -> None:
    aws.trust(ROLE)
    missing = f"arn:aws:sns:eu-west-1:{OTHER}:missing"
    with refused("AuthorizationError"):
        client("sns").get_topic_attributes(TopicArn=missing)
    with refused("NotFound"):
        reader("sns").get_topic_attributes(TopicArn=missing)


def test_subscribers_in_another_account_click_too(aws: LocalAws) -> None:
    sns = aws.client("sns", account=OTHER)
    topic = sns.create_topic(Name="t")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="security-team@example.com")

    def listed() -> str:
        (found,) = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
        return str(found["SubscriptionArn"])

    assert listed() == "PendingConfirmation"
    aws.confirm(topic)
    assert listed().startswith(topic)


# Trails of the organization


def make_trail(aws: LocalAws, account: str = OTHER, region: str = "us-east-1", **bent: Any) -> str:
    location: Any = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    aws.client("s3", region, account).create_bucket(Bucket=f"trails-{account}-{region}", **location)
    aws.client("logs", region, account).create_log_group(logGroupName="g")
    trails = aws.client("cloudtrail", region, account)
    asked = {
        "Name": "organization",
        "S3BucketName": f"trails-{account}-{region}",
        "IsMultiRegionTrail": True,
        "IsOrganizationTrail": True,
        "CloudWatchLogsLogGroupArn": f"arn:aws:logs:{region}:{account}:log-group:g:*",
        "CloudWatchLogsRoleArn": f"arn:aws:iam::{account}:role/cloudtrail-to-logs",
    }
    arn = str(trails.create_trail(**{**asked, **bent})["TrailARN"])
    trails.start_logging(Name=arn)
    return arn


@pytest.mark.parametrize(
    ("bent", "seen"),
    [
        ({}, ["us-east-1", "eu-west-1"]),
        ({"IsMultiRegionTrail": False}, ["us-east-1"]),
        ({"IsOrganizationTrail": False}, []),
    ],
)
def test_where_an_organization_trail_is_seen(aws: LocalAws, bent: dict[str, Any], seen: list[str]) -> None:
    arn = make_trail(aws, **bent)
    for region in ("us-east-1", "eu-west-1"):
        trails = client("cloudtrail", region)
        found = trails.describe_trails(includeShadowTrails=True)["trailList"]
        assert [trail["TrailARN"] for trail in found] == [arn] * (region in seen)
        for trail in found:
            assert (trail["HomeRegion"], trail["IsOrganizationTrail"]) == ("us-east-1", True)
            assert trail["CloudWatchLogsLogGroupArn"] == f"arn:aws:logs:us-east-1:{OTHER}:log-group:g:*"
        assert trails.describe_trails(includeShadowTrails=False)["trailList"] == []
        if region in seen:
            assert trails.get_trail_status(Name=arn)["IsLogging"] is True
        else:
            with refused("TrailNotFoundException"):
                trails.get_trail_status(Name=arn)


def test_a_member_knows_an_organization_trail_by_its_arn_and_changes_nothing(aws: LocalAws) -> None:
    aws.trust(ROLE)
    arn = make_trail(aws)
    trails, owner = client("cloudtrail", "us-east-1"), reader("cloudtrail", "us-east-1")
    with refused("TrailNotFoundException"):
        trails.get_trail_status(Name="organization")
    for name in (arn, "organization"):
        with refused("TrailNotFoundException"):
            trails.get_event_selectors(TrailName=name)
        assert owner.get_event_selectors(TrailName=name)["TrailARN"] == arn
    for change in (trails.stop_logging, trails.update_trail, trails.delete_trail):
        with refused("NotOrganizationMasterAccountException"):
            change(Name=arn)
    owner.stop_logging(Name=arn)
    assert trails.get_trail_status(Name=arn)["IsLogging"] is False


def test_a_trail_of_our_own_is_not_the_organizations_of_the_same_name(aws: LocalAws) -> None:
    theirs, ours = make_trail(aws), make_trail(aws, HOME, IsOrganizationTrail=False)
    trails = client("cloudtrail", "us-east-1")
    assert {trail["TrailARN"] for trail in trails.describe_trails()["trailList"]} == {theirs, ours}
    (named,) = trails.describe_trails(trailNameList=["organization"])["trailList"]
    assert named["TrailARN"] == ours
    assert trails.get_event_selectors(TrailName="organization")["TrailARN"] == ours
    trails.delete_trail(Name="organization")
    assert [trail["TrailARN"] for trail in trails.describe_trails()["trailList"]] == [theirs]


def test_an_organization_trails_delivery_is_told_to_the_members(aws: LocalAws) -> None:
    arn = make_trail(aws)
    aws.deliver_to_logs(arn, None, "AccessDenied")
    status = client("cloudtrail").get_trail_status(Name=arn)
    assert status["LatestCloudWatchLogsDeliveryError"] == "AccessDenied"
    assert "LatestCloudWatchLogsDeliveryTime" not in status


def test_logs_are_read_in_the_callers_account_only(aws: LocalAws) -> None:
    aws.trust(ROLE)
    make_trail(aws)
    aws.client("logs", "us-east-1", OTHER).put_metric_filter(
        logGroupName="g", filterName="f", filterPattern=CIS, metricTransformations=[METRIC]
    )
    (found,) = reader("logs", "us-east-1").describe_metric_filters(logGroupName="g")["metricFilters"]
    assert found["filterName"] == "f"
    with refused("ResourceNotFoundException"):
        client("logs", "us-east-1").describe_metric_filters(logGroupName="g")
    # A group of the same name at home is another one.
    aws.client("logs", "us-east-1").create_log_group(logGroupName="g")
    put_filter(aws, "us-east-1", "g", "ours", CIS, METRIC)
    (found,) = client("logs", "us-east-1").describe_metric_filters(logGroupName="g")["metricFilters"]
    assert found["filterName"] == "ours"


def test_another_accounts_trail_of_its_own_stays_unseen_beside_ours(aws: LocalAws) -> None:
    made = a_compliant_account(aws)
    put_alarm(aws, "eu-west-1", "another", METRIC, [], {})
    before = aws.dump()
    make_trail(aws, IsOrganizationTrail=False)
    assert aws.dump() == before
    (found,) = client("cloudtrail").describe_trails()["trailList"]
    assert found["Name"] == made.trail


# Selectors, and the topic of a trail


def field(name: str, **operators: list[str]) -> dict[str, Any]:
    return {"Field": name, **(operators or {"Equals": ["true"]})}


MANAGEMENT = field("eventCategory", Equals=["Management"])
DATA = [field("eventCategory", Equals=["Data"]), field("resources.type", Equals=["AWS::S3::Object"])]


@pytest.mark.parametrize(
    "selectors",
    [
        [{"Name": "all", "FieldSelectors": [MANAGEMENT]}],
        [{"FieldSelectors": [MANAGEMENT, field("readOnly", Equals=["false"])]}],
        [{"FieldSelectors": [MANAGEMENT, field("eventSource", NotEquals=["kms.amazonaws.com"])]}],
        [
            {
                "FieldSelectors": [
                    *DATA,
                    field("eventName", StartsWith=["Get"], NotEndsWith=["Acl"], NotStartsWith=["GetB"]),
                    field("resources.ARN", EndsWith=["/"], NotEquals=["arn:aws:s3:::b/"]),
                ]
            },
            {"FieldSelectors": [MANAGEMENT]},
        ],
        [
            {
                "FieldSelectors": [
                    field("eventCategory", Equals=["NetworkActivity"]),
                    field("eventSource", Equals=["ec2"]),
                ]
            }
        ],
    ],
)
def test_advanced_selectors_are_kept_whole_and_replace_the_basic_ones(
    aws: LocalAws, selectors: list[dict[str, Any]]
) -> None:
    made = a_compliant_account(aws)
    trails = aws.client("cloudtrail")
    basic = {"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True}
    trails.put_event_selectors(TrailName=made.trail, EventSelectors=[basic])
    trails.put_event_selectors(TrailName=made.trail, AdvancedEventSelectors=selectors)
    found = trails.get_event_selectors(TrailName=made.trail)
    assert (found["AdvancedEventSelectors"], found["EventSelectors"]) == (selectors, [])
    trails.put_event_selectors(TrailName=made.trail, EventSelectors=[basic])
    found = trails.get_event_selectors(TrailName=made.trail)
    assert (found["AdvancedEventSelectors"], found["EventSelectors"][0]["ReadWriteType"]) == ([], "WriteOnly")


@pytest.mark.parametrize(
    "fields",
    [
        [field("readOnly")],
        [MANAGEMENT, field("eventTime", Equals=["now"])],
        [MANAGEMENT, field("eventName", Equals=["AssumeRole"])],  # only for event data stores
        [MANAGEMENT, MANAGEMENT],
        [MANAGEMENT, {"Field": "readOnly"}],
        [MANAGEMENT, field("readOnly", Equals=["yes"])],
        [MANAGEMENT, field("readOnly", NotEquals=["true"])],
        [field("eventCategory", Equals=["Management", "Data"])],
        [field("eventCategory", Equals=["Insight"])],
        [field("eventCategory", NotEquals=["Data"])],
        DATA[:1],
        [DATA[0], field("resources.type", StartsWith=["AWS::"])],
        [field("eventCategory", Equals=["NetworkActivity"])],
        [*DATA, field("eventName", Equals=[str(number) for number in range(499)])],
    ],
)
def test_advanced_selectors_are_refused(aws: LocalAws, fields: list[dict[str, Any]]) -> None:
    made = a_compliant_account(aws)
    trails = aws.client("cloudtrail")
    with refused("InvalidEventSelectorsException"):
        trails.put_event_selectors(TrailName=made.trail, AdvancedEventSelectors=[{"FieldSelectors": fields}])
    assert trails.describe_trails()["trailList"][0]["HasCustomEventSelectors"] is False


def test_the_topic_of_a_trail_is_shown(aws: LocalAws) -> None:
    ours = aws.client("sns").create_topic(Name="trails")["TopicArn"]
    theirs = aws.client("sns", account=OTHER).create_topic(Name="all-trails")["TopicArn"]
    for name, given, arn in (("by-name", "trails", ours), ("by-arn", ours, ours), ("theirs", theirs, theirs)):
        aws.client("s3").create_bucket(
            Bucket=f"{name}-{HOME}", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        trails = aws.client("cloudtrail")
        asked = {"Name": name, "S3BucketName": f"{name}-{HOME}"}
        assert trails.create_trail(**asked, SnsTopicName=given)["SnsTopicARN"] == arn
        (found,) = trails.describe_trails(trailNameList=[name])["trailList"]
        assert (found["SnsTopicName"], found["SnsTopicARN"]) == (given, arn)
        for missing in ("missing", ours + "s"):
            with refused("InsufficientSnsTopicPolicyException"):
                trails.create_trail(**asked, SnsTopicName=missing)
