"""Organizations: where the trail, its log group, the alarm, the topic and the key of a member's calls usually are.

Each begins as a trail of the management account that records all accounts, and what follows it. `why` says what real
AWS does with it, with its source.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from blindspot.verdict.assessment import Verdict
from local.accounts import CIS, HALF_RIGHT, a_compliant_account, put_alarm, put_filter
from local.aws import LocalAws
from tests.scenarios.bends import ACCOUNT, CLOUDWATCH, HOME, OTHER, READS, USE_KEY, WRITES, but, only_if, policy

COMPLIANT, INDETERMINATE, NON_COMPLIANT = Verdict

OWN, MANAGEMENT = ACCOUNT, OTHER
"""The own account has the stack; by default it is the audit account. The management account has the trail."""

ARCHIVE, KEYS, MEMBER, SANDBOX = "222222222222", "555555555555", "333333333333", "444444444444"

Build = Callable[[LocalAws], object]
Expected = tuple[Verdict, frozenset[str]]


@dataclass(frozen=True)
class Layout:
    """One organization, and what is to be said of its accounts.

    members: by account, its verdict and the codes of its gaps, or of its doubts where that is INDETERMINATE.
    reading: the accounts of which MonitoringRoleArns names a role.
    """

    name: str
    build: Build
    members: Mapping[str, Expected]
    why: str
    reading: tuple[str, ...] = (MANAGEMENT,)


def role(account: str) -> str:
    return f"arn:aws:iam::{account}:role/blindspot-monitoring"


def found(verdict: Verdict, *codes: str) -> Expected:
    return verdict, frozenset(codes)


def all_of(verdict: Verdict, *codes: str) -> dict[str, Expected]:
    return dict.fromkeys((MEMBER, SANDBOX), found(verdict, *codes))


def one(verdict: Verdict, *codes: str) -> dict[str, Expected]:
    return {MEMBER: found(verdict, *codes)}


def an_organization(
    *,
    log_group: str = "organization",
    log_group_in: str = MANAGEMENT,
    pattern: str | None = CIS,
    topic_in: str | None = None,
    statement: dict[str, Any] = CLOUDWATCH,
    encrypted: tuple[str, dict[str, Any]] | None = None,
    selectors: list[dict[str, Any]] | None = None,
    **trail: Any,
) -> Build:
    """The management account's trail for all accounts.

    log_group_in: the account of the log group, the metric filter and the alarm. pattern: None for no metric filter.
    topic_in: the account of the topic, if that is another one. statement: of its policy.
    encrypted: the account of the topic's key, and a statement of its policy.
    """

    def build(aws: LocalAws) -> None:
        management, holder = aws.of(MANAGEMENT), aws.of(log_group_in)
        management.client("s3").create_bucket(
            Bucket="organization-trail", CreateBucketConfiguration={"LocationConstraint": HOME}
        )
        holder.client("logs").create_log_group(logGroupName=log_group)
        trails, name = management.client("cloudtrail"), "organization"
        asked = {
            "S3BucketName": "organization-trail",
            "IsMultiRegionTrail": True,
            "IsOrganizationTrail": True,
            "CloudWatchLogsLogGroupArn": f"arn:aws:logs:{HOME}:{log_group_in}:log-group:{log_group}:*",
            "CloudWatchLogsRoleArn": f"arn:aws:iam::{log_group_in}:role/cloudtrail-to-logs",
            **trail,
        }
        trails.create_trail(Name=name, **asked)
        trails.start_logging(Name=name)
        if selectors:
            trails.put_event_selectors(TrailName=name, EventSelectors=selectors)
        if pattern is not None:
            topic = a_topic(aws, topic_in or log_group_in, statement, encrypted)
            metric = {"metricNamespace": "LogMetrics", "metricName": "UnauthorizedAPICalls", "metricValue": "1"}
            put_filter(holder, HOME, log_group, "unauthorized", pattern, metric)
            put_alarm(holder, HOME, "unauthorized", metric, [topic], {"TreatMissingData": "notBreaching"})

    return build


def a_topic(
    aws: LocalAws,
    account: str,
    statement: dict[str, Any] = CLOUDWATCH,
    encrypted: tuple[str, dict[str, Any]] | None = None,
) -> str:
    """A topic with a confirmed subscription."""
    topics = aws.of(account).client("sns")
    arn: str = topics.create_topic(Name="security")["TopicArn"]
    topics.subscribe(TopicArn=arn, Protocol="email", Endpoint="security-team@example.com")
    aws.confirm(arn)
    topics.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy(statement))
    if encrypted:
        keys = aws.of(encrypted[0]).client("kms")
        key = keys.create_key(Policy=policy(encrypted[1]))["KeyMetadata"]["Arn"]
        topics.set_topic_attributes(TopicArn=arn, AttributeName="KmsMasterKeyId", AttributeValue=key)
    return arn


def together(*builds: Build) -> Build:
    def build(aws: LocalAws) -> None:
        for each in builds:
            each(aws)

    return build


def own_trail(**bent: Any) -> Build:
    """A whole chain in the member account."""
    return lambda aws: a_compliant_account(aws.of(MEMBER), **bent)


def notifying(*accounts: str) -> Build:
    """A chain in the member account, whose alarm notifies topics of other accounts only."""

    def build(aws: LocalAws) -> None:
        a_compliant_account(aws.of(MEMBER), alarm={"AlarmActions": [a_topic(aws, account) for account in accounts]})

    return build


def delegating(account: str) -> Build:
    return lambda aws: aws.client("cloudtrail", account=MANAGEMENT).register_organization_delegated_admin(
        MemberAccountId=account
    )


def stopped(aws: LocalAws) -> None:
    aws.client("cloudtrail", account=MANAGEMENT).stop_logging(Name="organization")


def without_its_log_group(aws: LocalAws) -> None:
    aws.client("logs", account=MANAGEMENT).delete_log_group(logGroupName="organization")


def counting_beside(pattern: str) -> Build:
    """Another log group of the management account, with a metric filter that adds to the same metric."""

    def build(aws: LocalAws) -> None:
        aws.client("logs", account=MANAGEMENT).create_log_group(logGroupName="beside")
        metric = {"metricNamespace": "LogMetrics", "metricName": "UnauthorizedAPICalls", "metricValue": "1"}
        put_filter(aws.of(MANAGEMENT), HOME, "beside", "beside", pattern, metric)

    return build


def of(account: str) -> str:
    return f'$.recipientAccountId = "{account}"'


VIA_SNS = {**USE_KEY, "Condition": {"StringEquals": {"kms:ViaService": f"sns.{HOME}.amazonaws.com"}}}
OF_MANAGEMENT = only_if({"ArnLike": {"aws:SourceArn": f"arn:aws:cloudwatch:{HOME}:{MANAGEMENT}:alarm:*"}})

# AWS Control Tower user guide, "About logging in AWS Control Tower": from landing zone 3.0 on, one organization trail,
# which is the management account's. It delivers to the log group aws-controltower/CloudTrailLogs there, on which
# Control Tower sets up no metric filter.
CONTROL_TOWER = "aws-controltower/CloudTrailLogs"

LAYOUTS = (
    Layout(
        "Control Tower as it is set up",
        an_organization(log_group=CONTROL_TOWER, pattern=None),
        one(NON_COMPLIANT, "filter.missing"),
        "Control Tower delivers the events to a log group, and adds no metric filter.",
    ),
    Layout(
        "Control Tower, its account not read",
        an_organization(log_group=CONTROL_TOWER),
        one(INDETERMINATE, "trail.foreign", "log-group.foreign"),
        "A member sees the trail and its status, and neither its selectors nor its log group.",
        reading=(),
    ),
    Layout(
        "Control Tower with a filter, an alarm, and a topic in the audit account",
        an_organization(log_group=CONTROL_TOWER, topic_in=OWN, statement=OF_MANAGEMENT),
        all_of(COMPLIANT),
        "The organization trail records every account of the organization, and one alarm counts for all.",
    ),
    Layout(
        # Landing Zone Accelerator on AWS, securityConfig.cloudWatch: metricSets and alarmSets for the log group of
        # Control Tower, in the management account; each account has a topic, whose subscription is a function that
        # forwards to the topic in the log archive account.
        "Landing Zone Accelerator",
        together(
            an_organization(log_group=CONTROL_TOWER, encrypted=(MANAGEMENT, USE_KEY)),
            lambda aws: aws.client("sns", account=MANAGEMENT).subscribe(
                TopicArn=f"arn:aws:sns:{HOME}:{MANAGEMENT}:security",
                Protocol="lambda",
                Endpoint=f"arn:aws:lambda:{HOME}:{MANAGEMENT}:function:forwarder",
            ),
        ),
        one(COMPLIANT),
        "The alarm notifies a topic of its own account. What the forwarding function does is not read.",
    ),
    Layout(
        "Landing Zone Accelerator, the topic in the log archive account, not read",
        an_organization(log_group=CONTROL_TOWER, topic_in=ARCHIVE),
        one(INDETERMINATE, "topic.foreign"),
        "Only a topic's owner, or whom its policy lets in, can read it.",
    ),
    Layout(
        "Landing Zone Accelerator, the topic in the log archive account",
        an_organization(log_group=CONTROL_TOWER, topic_in=ARCHIVE, encrypted=(ARCHIVE, USE_KEY)),
        one(COMPLIANT),
        "An alarm may notify a topic of another account, whose policy and key let CloudWatch in.",
        reading=(MANAGEMENT, ARCHIVE),
    ),
    Layout(
        # CloudTrail user guide, "Organization delegated administrator": the management account remains the owner, and
        # the delegated administrator may set the log group, by the API only.
        "a delegated administrator's log group",
        together(an_organization(log_group_in=ARCHIVE), delegating(ARCHIVE)),
        {**one(COMPLIANT), ARCHIVE: found(COMPLIANT)},
        "A delegated administrator may read the selectors of the management account's trail.",
        reading=(ARCHIVE,),
    ),
    Layout(
        "a delegated administrator's log group, itself not read",
        together(an_organization(log_group_in=ARCHIVE), delegating(ARCHIVE)),
        {**one(INDETERMINATE, "log-group.foreign"), ARCHIVE: found(COMPLIANT)},
        "The management account can read its trail; the log group is the delegated administrator's.",
    ),
    Layout(
        "the log group of an account that is no delegated administrator any more",
        an_organization(log_group_in=ARCHIVE),
        one(INDETERMINATE, "trail.foreign"),
        "Without the delegation only the management account can read the trail's selectors.",
        reading=(ARCHIVE,),
    ),
    Layout(
        "a delegated administrator's log group, beside the stack",
        together(an_organization(log_group_in=OWN), delegating(OWN)),
        one(COMPLIANT),
        "The stack's own role reads the stack's account, so that no role there has to be named.",
        reading=(),
    ),
    Layout(
        # AWS CloudFormation user guide, StackSets: service-managed ones do not reach the management account, so that
        # somebody must have deployed the member role there.
        "the management account with the member role",
        an_organization(topic_in=OWN),
        {MANAGEMENT: found(COMPLIANT)},
        "The organization trail is its own, and records it as it records the members.",
        reading=(),
    ),
    Layout(
        "an own trail, a topic in the audit account",
        notifying(OWN),
        one(INDETERMINATE, "topic.foreign"),
        "Whoever may set up an alarm could name any topic: a member's own alarm leads to no other account.",
        reading=(OWN, MANAGEMENT),
    ),
    Layout(
        "an own trail, topics in the audit account and here",
        together(
            notifying(OWN),
            lambda aws: put_alarm(
                aws.of(MEMBER),
                HOME,
                "beside",
                {"metricNamespace": "CISBenchmark", "metricName": "unauthorized_api_calls_metric"},
                [a_topic(aws, MEMBER)],
                {},
            ),
        ),
        one(COMPLIANT),
        "One alarm that somebody receives is enough.",
    ),
    Layout(
        "an own trail, the topic that the organization's alarm notifies too",
        together(an_organization(topic_in=OWN, pattern=HALF_RIGHT), notifying(OWN)),
        one(COMPLIANT),
        "The topic was read to follow the organization's trail, and takes the member's alarms too.",
    ),
    Layout(
        "a right trail beside Control Tower's",
        together(an_organization(log_group=CONTROL_TOWER, pattern=None), own_trail()),
        {MEMBER: found(COMPLIANT), SANDBOX: found(NON_COMPLIANT, "filter.missing")},
        "Every trail gets its own copy of each event.",
    ),
    Layout(
        "a right trail beside one that is not read",
        together(an_organization(), own_trail()),
        one(COMPLIANT),
        "What the own trail tells somebody needs no other.",
        reading=(),
    ),
    Layout(
        "a broken trail beside the organization's",
        together(an_organization(), own_trail(pattern=HALF_RIGHT)),
        one(COMPLIANT),
        "Every trail gets its own copy of each event.",
    ),
    Layout(
        "the organization records writes, the member reads",
        together(
            an_organization(selectors=[WRITES]),
            own_trail(),
            lambda aws: aws.client("cloudtrail", account=MEMBER).put_event_selectors(
                TrailName="management-events", EventSelectors=[READS]
            ),
        ),
        {MEMBER: found(COMPLIANT), SANDBOX: found(NON_COMPLIANT, "trail.selectors")},
        "Every management event is a read or a write.",
    ),
    Layout(
        "recorded in one region",
        an_organization(IsMultiRegionTrail=False),
        one(NON_COMPLIANT, "trail.missing", "trail.not-multi-region"),
        "A single-region organization trail records its home region in all accounts (CloudTrail user guide).",
    ),
    Layout(
        "stopped",
        together(an_organization(), stopped),
        one(NON_COMPLIANT, "trail.not-logging"),
        "Who may stop it is the management account or a delegated administrator, and it stops in every member.",
    ),
    Layout(
        "without management events",
        an_organization(
            selectors=[
                {
                    "IncludeManagementEvents": False,
                    "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}],
                }
            ]
        ),
        one(NON_COMPLIANT, "trail.selectors"),
        "The trail's selectors hold in every account.",
    ),
    Layout(
        "without KMS",
        an_organization(selectors=[{"ExcludeManagementEventSources": ["kms.amazonaws.com"]}]),
        one(NON_COMPLIANT, "trail.selectors"),
        "The trail's selectors hold in every account.",
    ),
    Layout(
        "to the bucket alone",
        an_organization(CloudWatchLogsLogGroupArn="", CloudWatchLogsRoleArn=""),
        one(NON_COMPLIANT, "trail.no-log-group"),
        "Without a log group no metric filter counts.",
        reading=(),
    ),
    Layout(
        "log group gone",
        together(an_organization(), without_its_log_group),
        one(NON_COMPLIANT, "log-group.missing"),
        "CloudTrail does not make the log group again.",
    ),
    Layout(
        "a filter for one member",
        an_organization(pattern=but(of(MEMBER))),
        {MEMBER: found(COMPLIANT), SANDBOX: found(NON_COMPLIANT, "filter.misses")},
        "recipientAccountId is the account whose event it is (CloudTrail user guide, record contents).",
    ),
    Layout(
        "a filter for all but a sandbox",
        an_organization(pattern=but(f'$.recipientAccountId != "{SANDBOX}"')),
        {MEMBER: found(COMPLIANT), SANDBOX: found(NON_COMPLIANT, "filter.misses")},
        "recipientAccountId is the account whose event it is.",
    ),
    Layout(
        "a filter for a list of accounts",
        an_organization(pattern=but(f"({of(KEYS)}) || ({of(MEMBER)})")),
        {MEMBER: found(COMPLIANT), SANDBOX: found(NON_COMPLIANT, "filter.misses")},
        "A new account is in no list.",
    ),
    Layout(
        "a filter that counts all calls of one account into the same metric",
        together(an_organization(), counting_beside(f"{{ {of(MANAGEMENT)} }}")),
        one(INDETERMINATE, "filter.noise"),
        "Another trail may deliver this account's calls there: the alarm would stay in ALARM, whoever is refused.",
    ),
    Layout(
        "a filter by the caller's account",
        an_organization(pattern=but(f'$.userIdentity.accountId = "{MEMBER}"')),
        one(NON_COMPLIANT, "filter.misses"),
        "userIdentity is the caller, who may be of another account.",
    ),
    Layout(
        "a topic of the audit account that lets in no other account's alarms",
        an_organization(topic_in=OWN, statement=only_if({"StringEquals": {"aws:SourceAccount": OWN}})),
        one(NON_COMPLIANT, "topic.policy"),
        "The source account is the alarm's, here the management account.",
    ),
    Layout(
        "a topic for principals of the organization",
        an_organization(topic_in=OWN, statement=only_if({"StringEquals": {"aws:PrincipalOrgID": "o-exampleorgid"}})),
        one(NON_COMPLIANT, "topic.policy"),
        "A service is a member of no organization (IAM user guide, aws:PrincipalOrgID).",
    ),
    Layout(
        "a key through SNS",
        an_organization(topic_in=OWN, encrypted=(OWN, VIA_SNS)),
        one(INDETERMINATE, "topic.key"),
        "Whether kms:ViaService holds for CloudWatch's use of the key through SNS is not documented.",
    ),
    Layout(
        "a key of a third account, not read",
        an_organization(topic_in=OWN, encrypted=(KEYS, USE_KEY)),
        one(INDETERMINATE, "key.foreign"),
        "Only a key's own account, or whom its policy lets in, may describe it.",
    ),
    Layout(
        "a key of a third account",
        an_organization(topic_in=OWN, encrypted=(KEYS, USE_KEY)),
        one(COMPLIANT),
        "A key policy may let in CloudWatch whichever account the topic is in.",
        reading=(MANAGEMENT, KEYS),
    ),
    Layout(
        "MonitoringRoleArns names the member itself and the stack's account",
        together(an_organization(topic_in=OWN), own_trail(pattern=HALF_RIGHT)),
        one(COMPLIANT),
        "Each is read with the credentials that it is read with anyway.",
        reading=(MANAGEMENT, OWN, MEMBER),
    ),
)
