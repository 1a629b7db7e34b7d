"""Accounts to look at, set up through AWS's own APIs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from local.aws import LocalAws
from local.refused_calls import Delivered, a_month

CIS = '{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }'
HALF_RIGHT = '{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied") }'

OTHER_FILTERS = {
    "console-login-without-mfa": '{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") }',
    "root-account-usage": '{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS }',
    "trail-changes": "{ ($.eventName = CreateTrail) || ($.eventName = UpdateTrail) || ($.eventName = StopLogging) }",
    "console-login-failures": '{ ($.eventName = ConsoleLogin) && ($.errorMessage = "Failed authentication") }',
    "key-deletion": "{ ($.eventSource = kms.amazonaws.com) && ($.eventName = ScheduleKeyDeletion) }",
    "bucket-policy-changes": "{ ($.eventSource = s3.amazonaws.com) && ($.eventName = PutBucketPolicy) }",
    "vpc-changes": "{ ($.eventName = CreateVpc) || ($.eventName = DeleteVpc) || ($.eventName = ModifyVpcAttribute) }",
}
"""Metric filters of other controls of the benchmark."""


@dataclass(frozen=True)
class Made:
    """The links of one channel."""

    region: str
    trail: str
    log_group: str
    filter: str
    alarm: str
    topic: str


def a_compliant_account(
    aws: LocalAws,
    *,
    region: str | None = None,
    name: str = "management-events",
    multi_region: bool = True,
    logging: bool = True,
    pattern: str = CIS,
    transformation: dict[str, Any] | None = None,
    alarm: dict[str, Any] | None = None,
    topic: str = "security-alerts",
    confirmed: bool = True,
) -> Made:
    """One channel from a trail to a confirmed subscription, with the names of `cis-level-2`.

    Every link holds, unless an argument changes it.
    """
    home = region or aws.region
    bucket = f"{name}-{aws.account}-{home}"
    make_bucket(aws, home, bucket)
    aws.client("logs", home).create_log_group(logGroupName=name)
    trails = aws.client("cloudtrail", home)
    trails.create_trail(
        Name=name,
        S3BucketName=bucket,
        IsMultiRegionTrail=multi_region,
        CloudWatchLogsLogGroupArn=f"arn:aws:logs:{home}:{aws.account}:log-group:{name}:*",
        CloudWatchLogsRoleArn=f"arn:aws:iam::{aws.account}:role/cloudtrail-to-logs",
    )
    if logging:
        trails.start_logging(Name=name)
    metric = {"metricNamespace": "CISBenchmark", "metricName": "unauthorized_api_calls_metric", "metricValue": "1"}
    put_filter(aws, home, name, "unauthorized-api-calls-metric", pattern, metric | (transformation or {}))
    topic_arn = aws.client("sns", home).create_topic(Name=topic)["TopicArn"]
    aws.client("sns", home).subscribe(TopicArn=topic_arn, Protocol="email", Endpoint="security-team@example.com")
    if confirmed:
        aws.confirm(topic_arn)
    put_alarm(aws, home, "unauthorized_api_calls_alarm", metric, [topic_arn], alarm or {})
    return Made(home, name, name, "unauthorized-api-calls-metric", "unauthorized_api_calls_alarm", topic_arn)


def make_bucket(aws: LocalAws, region: str, name: str) -> None:
    # us-east-1 is the one region that must not be named as a bucket's location.
    location = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    aws.client("s3", region).create_bucket(Bucket=name, **location)


@dataclass(frozen=True)
class Noisy:
    """A compliant channel, and what was delivered to its log group."""

    made: Made
    delivered: tuple[Delivered, ...]


def a_noisy_account(aws: LocalAws, *, days: int = 30, end: datetime, seed: int = 1, region: str | None = None) -> Noisy:
    """A compliant account whose alarm goes to ALARM some three hundred times a week.

    days, end: of which time its log group has refused calls; `end` is aware.
    """
    made = a_compliant_account(aws, region=region)
    delivered = tuple(a_month(seed, days=days, account=aws.account, end=end))
    aws.deliver_events(made.log_group, ((one.timestamp, one.event) for one in delivered), made.region)
    return Noisy(made, delivered)


@dataclass(frozen=True)
class Organized:
    """The accounts of an organization, by what is to be said of them; `own` is the delegated administrator's, with the
    evaluator.

    log_archive: has the log group of the organization's trail, as CloudTrail's delegated administrator.
    right, broken: have a channel of their own. through_organization: has the organization's trail alone.
    roleless: the member role was not created there.
    """

    management: str = "111111111111"
    own: str = "123456789012"
    log_archive: str = "222222222222"
    right: str = "333333333333"
    broken: str = "444444444444"
    through_organization: str = "555555555555"
    roleless: str = "666666666666"
    suspended: str = "777777777777"
    without_recorder: str = "888888888888"

    @property
    def names(self) -> dict[str, str]:
        return {
            self.management: "Management",
            self.own: "Audit",
            self.log_archive: "Log archive",
            self.right: "Payments",
            self.broken: "Analytics",
            self.through_organization: "Data platform",
            self.roleless: "Sandbox",
            self.suspended: "Old shop",
            self.without_recorder: "New shop",
        }

    @property
    def monitoring_role(self) -> str:
        """What MonitoringRoleArns is to name."""
        return f"arn:aws:iam::{self.log_archive}:role/blindspot-monitoring"


def an_organization(aws: LocalAws) -> Organized:
    """An organization with a trail for all accounts, whose one alarm is for those that have no channel of their own.

    The account of `aws` is the delegated administrator's.
    """
    found = Organized(own=aws.account)
    organization = aws.of(found.management).organization
    organization.join(*found.names)
    organization.join(found.suspended, state="SUSPENDED")
    organization.names.update(found.names)
    organization.delegated.add(found.own)
    aws.of(found.without_recorder).config.recorder = False
    for account in (found.own, found.right, found.roleless):
        a_compliant_account(aws.of(account))
    a_compliant_account(aws.of(found.broken), pattern=HALF_RIGHT)
    central = (found.management, found.log_archive, found.through_organization)
    accounts = " || ".join(f'($.recipientAccountId = "{account}")' for account in central)
    archive = aws.of(found.log_archive)
    made = a_compliant_account(archive, name="organization", pattern=f"{{ ({CIS[2:-2]}) && ({accounts}) }}")
    archive.client("cloudtrail").delete_trail(Name=made.trail)
    bucket = f"organization-{found.management}-{aws.region}"
    make_bucket(aws.of(found.management), aws.region, bucket)
    trails = aws.of(found.management).client("cloudtrail")
    trails.register_organization_delegated_admin(MemberAccountId=found.log_archive)
    trails.create_trail(
        Name="organization",
        S3BucketName=bucket,
        IsMultiRegionTrail=True,
        IsOrganizationTrail=True,
        CloudWatchLogsLogGroupArn=f"arn:aws:logs:{aws.region}:{found.log_archive}:log-group:{made.log_group}:*",
        CloudWatchLogsRoleArn=f"arn:aws:iam::{found.log_archive}:role/cloudtrail-to-logs",
    )
    trails.start_logging(Name="organization")
    return found


def put_filter(aws: LocalAws, region: str, log_group: str, name: str, pattern: str, metric: dict[str, Any]) -> None:
    aws.client("logs", region).put_metric_filter(
        logGroupName=log_group, filterName=name, filterPattern=pattern, metricTransformations=[metric]
    )


def put_alarm(
    aws: LocalAws, region: str, name: str, metric: dict[str, Any], actions: list[str], bent: dict[str, Any]
) -> None:
    """An alarm on the metric; a setting that `bent` gives as None is left out."""
    whole = {
        "Namespace": metric["metricNamespace"],
        "MetricName": metric["metricName"],
        "Statistic": "Sum",
        "Period": 300,
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "AlarmActions": actions,
    }
    asked = {name: value for name, value in {**whole, **bent}.items() if value is not None}
    aws.client("cloudwatch", region).put_metric_alarm(AlarmName=name, **asked)


@dataclass(frozen=True)
class Described:
    """A trail with its channel: what differs from one that works for every region, and that in words."""

    trail: str
    region: str
    differs: dict[str, Any]
    words: str


REAL = (
    Described(
        "organization-baseline",
        "us-east-1",
        {"pattern": HALF_RIGHT},
        "Records every region. Its metric filter matches AccessDenied only exactly.",
    ),
    Described("payments", "eu-west-1", {"multi_region": False}, "Works, but records only this region."),
    Described(
        "sydney-office",
        "ap-southeast-2",
        {"multi_region": False, "logging": False},
        "Records only this region. Its logging is stopped.",
    ),
    Described(
        "analytics",
        "eu-central-1",
        {"multi_region": False, "confirmed": False},
        "Records only this region. Its topic's subscription is not confirmed.",
    ),
)
"""The trails of `an_account_as_real_ones_look`."""


def an_account_as_real_ones_look(aws: LocalAws) -> None:
    """Four trails, none of which is enough alone, with the filters and alarms that such accounts have beside them."""
    everywhere, *_ = (a_compliant_account(aws, region=one.region, name=one.trail, **one.differs) for one in REAL)
    for name, pattern in OTHER_FILTERS.items():
        metric = {"metricNamespace": "CISBenchmark", "metricName": name, "metricValue": "1"}
        put_filter(aws, everywhere.region, everywhere.log_group, name, pattern, metric)
        put_alarm(aws, everywhere.region, name, metric, [everywhere.topic], {})
    for number in range(24):
        metric = {"metricNamespace": "AWS/Lambda", "metricName": "Errors"}
        name = f"service-{number}-errors"
        put_alarm(aws, everywhere.region, name, metric, [], {"Dimensions": [{"Name": "FunctionName", "Value": name}]})
