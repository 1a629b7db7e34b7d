"""What a scenario is, and the ways to bend an account."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from moto.cloudtrail.models import cloudtrail_backends
from moto.cloudwatch.models import cloudwatch_backends
from moto.sns.models import sns_backends

from blindspot.model import profile
from blindspot.model.profile import Profile
from blindspot.verdict.assessment import Verdict
from local.accounts import CIS, OTHER_FILTERS, Made, a_compliant_account, put_alarm, put_filter
from local.aws import LocalAws
from tests.warm import set_up

COMPLIANT, INDETERMINATE, NON_COMPLIANT = Verdict

HOME, AWAY, THIRD = "eu-west-1", "us-east-1", "eu-central-1"
REGIONS = (HOME, AWAY, THIRD)
"""What the accounts have enabled. Everything is in the first of the three unless a scenario says otherwise."""

ACCOUNT, OTHER = "123456789012", "999988887777"
ROLE = f"arn:aws:iam::{OTHER}:role/blindspot-reader"
METRIC = {"metricNamespace": "CISBenchmark", "metricName": "unauthorized_api_calls_metric", "metricValue": "1"}

Bend = Callable[[LocalAws, Made], object]


@dataclass(frozen=True)
class Scenario:
    """One account, and what is to be said of it.

    verdict: of the account, and of the region that is looked at.
    code: of that region's gaps, or of its doubts where the verdict is INDETERMINATE; None where it is COMPLIANT.
    why: what AWS does.
    also: the codes that stand beside it.
    region: the one that is looked at; None stands for the one in which everything is.
    home: where everything is.
    profile, overrides, roles, excluded: the operator's settings.
    """

    name: str
    bend: Bend
    verdict: Verdict
    code: str | None
    why: str
    also: tuple[str, ...] = ()
    region: str | None = None
    home: str = HOME
    profile: str = profile.DEFAULT
    overrides: Mapping[str, object] = field(default_factory=dict)
    roles: Mapping[str, str] = field(default_factory=dict)
    excluded: tuple[str, ...] = ()

    def seed(self, aws: LocalAws, home: str | None = None) -> Made:
        """Makes the account, with everything in the region `home` if that is given."""
        made = set_up(aws, home or self.home, lambda: a_compliant_account(aws, region=home or self.home))
        self.bend(aws, made)
        return made

    @property
    def judged_by(self) -> Profile:
        return profile.load(self.profile, self.overrides)

    @property
    def siem(self) -> bool:
        return bool(self.judged_by.siem_destinations)

    @property
    def codes(self) -> set[str]:
        return {self.code, *self.also} if self.code else set()


def holds(name: str, bend: Bend, why: str, **more: Any) -> Scenario:
    return Scenario(name, bend, COMPLIANT, None, why, **more)


def breaks(name: str, code: str, bend: Bend, why: str, **more: Any) -> Scenario:
    return Scenario(name, bend, NON_COMPLIANT, code, why, **more)


def leaves_open(name: str, code: str, bend: Bend, why: str, **more: Any) -> Scenario:
    return Scenario(name, bend, INDETERMINATE, code, why, **more)


def told(value: Any, made: Made) -> Any:
    """With the names of what was made in place of {alarm}, {region} and {topic}."""
    if isinstance(value, dict):
        return {key: told(one, made) for key, one in value.items()}
    if isinstance(value, list):
        return [told(one, made) for one in value]
    if not isinstance(value, str):
        return value
    return value.replace("{alarm}", made.alarm).replace("{region}", made.region).replace("{topic}", made.topic)


def nothing(aws: LocalAws, made: Made) -> None:
    """Leaves the account as it is."""


def together(*bends: Bend) -> Bend:
    def bend(aws: LocalAws, made: Made) -> None:
        for one in bends:
            one(aws, made)

    return bend


# Trails


def trail_arn(aws: LocalAws, made: Made) -> str:
    return f"arn:aws:cloudtrail:{made.region}:{aws.account}:trail/{made.trail}"


def no_trail(aws: LocalAws, made: Made) -> None:
    aws.client("cloudtrail", made.region).delete_trail(Name=made.trail)


def no_logging(aws: LocalAws, made: Made) -> None:
    aws.client("cloudtrail", made.region).stop_logging(Name=made.trail)


def the_trail(**bent: Any) -> Bend:
    """An empty text takes a setting away."""
    return lambda aws, made: aws.client("cloudtrail", made.region).update_trail(Name=made.trail, **bent)


def selecting(*selectors: dict[str, Any], trail: str | None = None) -> Bend:
    """By basic event selectors."""

    def bend(aws: LocalAws, made: Made) -> None:
        trails = aws.client("cloudtrail", made.region)
        trails.put_event_selectors(TrailName=trail or made.trail, EventSelectors=list(selectors))

    return bend


def selecting_fields(*selectors: dict[str, dict[str, list[str]]]) -> Bend:
    """By advanced event selectors, all of management events."""
    management = {"eventCategory": {"Equals": ["Management"]}}
    asked = [
        {"FieldSelectors": [{"Field": name, **test} for name, test in (management | selector).items()]}
        for selector in selectors
    ]

    def bend(aws: LocalAws, made: Made) -> None:
        aws.client("cloudtrail", made.region).put_event_selectors(TrailName=made.trail, AdvancedEventSelectors=asked)

    return bend


def another_trail(name: str, **bent: Any) -> Bend:
    """Another trail, to the same bucket and log group."""

    def bend(aws: LocalAws, made: Made) -> None:
        trails = aws.client("cloudtrail", made.region)
        like = trails.describe_trails(trailNameList=[made.trail])["trailList"][0]
        kept = ("S3BucketName", "IsMultiRegionTrail", "CloudWatchLogsLogGroupArn", "CloudWatchLogsRoleArn")
        trails.create_trail(Name=name, **{key: like[key] for key in kept}, **bent)
        trails.start_logging(Name=name)

    return bend


def a_second_channel(region: str, name: str, **bent: Any) -> Bend:
    return lambda aws, _: a_compliant_account(aws, region=region, name=name, topic=name, **bent)


def an_organization_trail(pattern: str = CIS, **bent: Any) -> Bend:
    """Another account's, with the rest of the chain in that account, in place of a trail of our own."""

    def bend(aws: LocalAws, made: Made) -> None:
        no_trail(aws, made)
        theirs = LocalAws(OTHER, aws.region, aws.regions)
        there = a_compliant_account(theirs, region=made.region, name="organization", pattern=pattern)
        trails = theirs.client("cloudtrail", made.region)
        trails.update_trail(Name=there.trail, IsOrganizationTrail=True, **bent)
        aws.trust(ROLE)

    return bend


READS, WRITES = {"ReadWriteType": "ReadOnly"}, {"ReadWriteType": "WriteOnly"}
DATA = [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]


# Delivery to CloudWatch Logs

LONG_AGO, NOT_SO_LONG_AGO = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)


def delivered(at: datetime | None, error: str | None = None) -> Bend:
    return lambda aws, made: aws.deliver_to_logs(trail_arn(aws, made), at, error)


def logging_for_long(aws: LocalAws, made: Made) -> None:
    # No API sets a time that has passed.
    cloudtrail_backends[aws.account][made.region].trails[made.trail].status.started = LONG_AGO.replace(tzinfo=None)


# Log groups


def no_log_group(aws: LocalAws, made: Made) -> None:
    aws.client("logs", made.region).delete_log_group(logGroupName=made.log_group)


def a_log_group(name: str | None = None, region: str | None = None, **bent: Any) -> Bend:
    """With the metric filter, in a class that takes one."""

    def bend(aws: LocalAws, made: Made) -> None:
        aws.client("logs", region or made.region).create_log_group(logGroupName=name or made.log_group, **bent)
        if not bent:
            put_filter(aws, region or made.region, name or made.log_group, made.filter, CIS, METRIC)

    return bend


LOG_GROUP_WITH_SLASHES = f"arn:aws:logs:{HOME}:{ACCOUNT}:log-group:aws/cloudtrail/all:*"


def to_another_account(aws: LocalAws, made: Made) -> None:
    """Our own organization trail, with a delegated administrator's log group."""
    theirs = LocalAws(OTHER, aws.region, aws.regions)
    there = a_compliant_account(theirs, region=made.region, name="delegated")
    arn = f"arn:aws:logs:{made.region}:{OTHER}:log-group:{there.log_group}:*"
    the_trail(IsOrganizationTrail=True, CloudWatchLogsLogGroupArn=arn)(aws, made)


# Metric filters


def no_filter(aws: LocalAws, made: Made) -> None:
    aws.client("logs", made.region).delete_metric_filter(logGroupName=made.log_group, filterName=made.filter)


def the_filter(
    pattern: str = CIS,
    transformation: dict[str, Any] | None = None,
    name: str | None = None,
    log_group: str | None = None,
    **more: Any,
) -> Bend:
    """In place of the one that is there, or beside it under another name."""

    def bend(aws: LocalAws, made: Made) -> None:
        aws.client("logs", made.region).put_metric_filter(
            logGroupName=log_group or made.log_group,
            filterName=name or made.filter,
            filterPattern=pattern,
            metricTransformations=[METRIC | (transformation or {})],
            **more,
        )

    return bend


def another_metric(name: str = "other") -> dict[str, Any]:
    return {"metricName": name}


def but(condition: str) -> str:
    """The required pattern, narrowed."""
    return f"{{ ({CIS[2:-2]}) && ({condition}) }}"


def read_though_not_understood(pattern: str) -> Bend:
    def bend(aws: LocalAws, made: Made) -> None:
        aws.misread(pattern, matches=True)
        the_filter(pattern)(aws, made)

    return bend


def neighbours(aws: LocalAws, made: Made) -> None:
    """As many filters as a log group takes."""
    patterns = list(OTHER_FILTERS.values())
    for number in range(99):
        metric = METRIC | another_metric(f"other-{number}")
        pattern = patterns[number % len(patterns)]
        put_filter(aws, made.region, made.log_group, f"other-{number}", pattern, metric)


def neighbours_on_one_metric(aws: LocalAws, made: Made) -> None:
    for name, pattern in OTHER_FILTERS.items():
        put_filter(aws, made.region, made.log_group, name, pattern, METRIC)


DENIED, REFUSED = '{ $.errorCode = "AccessDenied*" }', '{ $.errorCode = "*UnauthorizedOperation" }'
CIS_3 = profile.load(profile.DEFAULT).pattern.text
CIS_1_4 = (
    '{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*")'
    ' || ($.sourceIPAddress!="delivery.logs.amazonaws.com") || ($.eventName!="HeadBucket") }'
)


# Alarms


def no_alarm(aws: LocalAws, made: Made) -> None:
    aws.client("cloudwatch", made.region).delete_alarms(AlarmNames=[made.alarm])


def the_alarm(name: str | None = None, **bent: Any) -> Bend:
    """In place of the one that is there, or beside it under another name."""
    return lambda aws, made: put_alarm(aws, made.region, name or made.alarm, METRIC, [made.topic], told(bent, made))


def the_alarm_in(region: str) -> Bend:
    return lambda aws, made: put_alarm(aws, region, made.alarm, METRIC, [], {})


def in_state(state: str, alarm: str | None = None) -> Bend:
    return lambda aws, made: aws.client("cloudwatch", made.region).set_alarm_state(
        AlarmName=alarm or made.alarm, StateValue=state, StateReason="as set up"
    )


def metric_of(name: str, metric: str | None = None, **more: Any) -> dict[str, Any]:
    watched = {"Namespace": METRIC["metricNamespace"], "MetricName": metric or METRIC["metricName"]}
    return {"Id": name, "MetricStat": {"Metric": watched, "Period": 300, "Stat": "Sum"}, "ReturnData": False, **more}


NO_METRIC: dict[str, Any] = dict.fromkeys(("Namespace", "MetricName", "Statistic", "Period"))


def math(expression: str, *metrics: dict[str, Any]) -> Bend:
    watched = metrics or (metric_of("m1"),)
    return the_alarm(**NO_METRIC, Metrics=[{"Id": "e1", "Expression": expression, "ReturnData": True}, *watched])


M1_M2 = (metric_of("m1"), metric_of("m2", "other"))
HALVES = together(the_filter(DENIED), the_filter(REFUSED, another_metric(), name="second"))
HALVES_WITH_ZEROS = together(
    the_filter(DENIED, {"defaultValue": 0}), the_filter(REFUSED, {**another_metric(), "defaultValue": 0}, name="second")
)

LAMBDA = f"arn:aws:lambda:{{region}}:{ACCOUNT}:function:on-call"


def composite(rule: str, name: str = "composite", **bent: Any) -> Bend:
    """An alarm on the alarm of the account, which acts in its stead."""

    def bend(aws: LocalAws, made: Made) -> None:
        the_alarm(AlarmActions=[])(aws, made)
        put_alarm(aws, made.region, "maintenance", METRIC | {"metricName": "maintenance"}, [], {})
        asked = {"AlarmName": name, "AlarmRule": rule, "AlarmActions": ["{topic}"], **bent}
        aws.client("cloudwatch", made.region).put_composite_alarm(**told(asked, made))

    return bend


SUPPRESSOR: dict[str, Any] = {
    "ActionsSuppressor": "maintenance",
    "ActionsSuppressorWaitPeriod": 60,
    "ActionsSuppressorExtensionPeriod": 60,
}


def suppressed(by: str) -> Bend:
    """The composite alarm, by its suppressor's state or for a while after that changed."""

    def bend(aws: LocalAws, made: Made) -> None:
        # The local AWS does not work out what follows from an alarm's state.
        vars(cloudwatch_backends[aws.account][made.region].alarms["composite"])["ActionsSuppressedBy"] = by

    return bend


def muted(expression: str, *alarms: str) -> Bend:
    """By a rule on these alarms, or on the alarm of the account."""
    return lambda aws, made: aws.client("cloudwatch", made.region).put_alarm_mute_rule(
        Name="night",
        Rule={"Schedule": {"Expression": expression, "Duration": "PT1H"}},
        MuteTargets={"AlarmNames": list(alarms) or [made.alarm]},
    )


def a_log_alarm(aws: LocalAws, made: Made) -> None:
    aws.client("cloudwatch", made.region).put_log_alarm(
        AlarmName="log-alarm",
        AlarmActions=[made.topic],
        ScheduledQueryConfiguration={
            "QueryString": "filter errorCode like /Denied|Unauthorized/",
            "LogGroupIdentifiers": [made.log_group],
            "ScheduledQueryRoleARN": f"arn:aws:iam::{aws.account}:role/query",
            "ScheduleConfiguration": {"ScheduleExpression": "rate(5 minutes)", "StartTimeOffset": 300},
            "AggregationExpression": "count(*)",
        },
        QueryResultsToEvaluate=1,
        QueryResultsToAlarm=1,
        Threshold=1.0,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
    )


ALWAYS = "cron(* * * * *)"
PERIODS: dict[str, Any] = {"EvaluationPeriods": 2, "DatapointsToAlarm": 2}


# Topics


def no_topic(aws: LocalAws, made: Made) -> None:
    aws.client("sns", made.region).delete_topic(TopicArn=made.topic)


def the_topic(attribute: str, value: str) -> Bend:
    return lambda aws, made: aws.client("sns", made.region).set_topic_attributes(
        TopicArn=made.topic, AttributeName=attribute, AttributeValue=value
    )


PUBLISH = {"Effect": "Allow", "Action": "sns:Publish", "Resource": "*"}
CLOUDWATCH = {**PUBLISH, "Principal": {"Service": "cloudwatch.amazonaws.com"}}
BY_ALARMS = {**PUBLISH, "Principal": {"AWS": "*"}}
OF_THE_OWNER = {**BY_ALARMS, "Condition": {"StringEquals": {"AWS:SourceOwner": ACCOUNT}}}
"""What SNS itself writes into a topic's policy, as far as publishing goes."""


def lets_in(*statements: dict[str, Any]) -> Bend:
    """The topic's access policy, of these statements alone."""
    return the_topic("Policy", policy(*statements))


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


USE_KEY = {
    "Effect": "Allow",
    "Principal": {"Service": "cloudwatch.amazonaws.com"},
    "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
    "Resource": "*",
}
OWN_KEY = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"}


def with_key(*statements: dict[str, Any], then: str | None = None, alias: bool = False, **bent: Any) -> Bend:
    """Encrypts the topic with a key of this policy, and then calls KMS for it."""

    def bend(aws: LocalAws, made: Made) -> None:
        keys = aws.client("kms", made.region)
        key = keys.create_key(Policy=policy(OWN_KEY, *statements))["KeyMetadata"]["KeyId"]
        if alias:
            keys.create_alias(AliasName="alias/alerts", TargetKeyId=key)
        the_topic("KmsMasterKeyId", "alias/alerts" if alias else key)(aws, made)
        if then:
            getattr(keys, then)(KeyId=key, **bent)

    return bend


def with_the_key_of_sns(aws: LocalAws, made: Made) -> None:
    key = aws.client("kms", made.region).describe_key(KeyId="alias/aws/sns")["KeyMetadata"]["KeyId"]
    the_topic("KmsMasterKeyId", key)(aws, made)


def with_another_accounts_key(aws: LocalAws, made: Made) -> None:
    keys = aws.client("kms", made.region, OTHER)
    the_topic("KmsMasterKeyId", keys.create_key(Policy=policy(USE_KEY))["KeyMetadata"]["Arn"])(aws, made)


def another_accounts_topic(*statements: dict[str, Any]) -> Bend:
    """With this policy, or with the one that SNS makes."""

    def bend(aws: LocalAws, made: Made) -> None:
        topics = aws.client("sns", made.region, OTHER)
        arn = topics.create_topic(Name="security")["TopicArn"]
        topics.subscribe(TopicArn=arn, Protocol="email", Endpoint="security-team@example.com")
        aws.confirm(arn)
        if statements:
            topics.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy(*statements))
        the_alarm(AlarmActions=[arn])(aws, made)

    return bend


READ_TOPIC = {
    "Effect": "Allow",
    "Principal": {"AWS": ACCOUNT},
    "Action": ["sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic", "sns:GetSubscriptionAttributes"],
    "Resource": "*",
}


def another_accounts_subscription(aws: LocalAws, made: Made) -> None:
    """Confirmed, before all others."""
    topics = aws.client("sns", made.region)
    topics.subscribe(TopicArn=made.topic, Protocol="email", Endpoint="soc@example.com")
    aws.confirm(made.topic)
    kept = sns_backends[aws.account][made.region].subscriptions
    theirs = next(arn for arn, each in kept.items() if each.endpoint == "soc@example.com")
    kept[theirs].owner = OTHER
    kept.move_to_end(theirs, last=False)


def a_fifo_topic(aws: LocalAws, made: Made) -> None:
    topics = aws.client("sns", made.region)
    arn = topics.create_topic(Name="alerts.fifo", Attributes={"FifoTopic": "true"})["TopicArn"]
    queue = f"arn:aws:sqs:{made.region}:{aws.account}:alerts.fifo"
    topics.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue)
    the_alarm(AlarmActions=[arn])(aws, made)


def only_if(condition: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {**CLOUDWATCH, "Condition": condition}


# Subscriptions


def subscriptions_of(aws: LocalAws, made: Made) -> list[str]:
    found = aws.client("sns", made.region).list_subscriptions_by_topic(TopicArn=made.topic)["Subscriptions"]
    return [subscription["SubscriptionArn"] for subscription in found]


def no_subscription(aws: LocalAws, made: Made) -> None:
    for arn in subscriptions_of(aws, made):
        aws.client("sns", made.region).unsubscribe(SubscriptionArn=arn)


def subscribed(protocol: str, endpoint: str, **attributes: str) -> Bend:
    """One more subscription."""
    return lambda aws, made: aws.client("sns", made.region).subscribe(
        TopicArn=made.topic, Protocol=protocol, Endpoint=told(endpoint, made), Attributes=attributes
    )


def only(protocol: str, endpoint: str, **attributes: str) -> Bend:
    return together(no_subscription, subscribed(protocol, endpoint, **attributes))


def hears(filter_policy: Mapping[str, object], scope: str = "MessageBody") -> Bend:
    """The subscription gets what passes the filter policy."""

    def bend(aws: LocalAws, made: Made) -> None:
        topics = aws.client("sns", made.region)
        for arn in subscriptions_of(aws, made):
            for name, value in (("FilterPolicy", json.dumps(filter_policy)), ("FilterPolicyScope", scope)):
                topics.set_subscription_attributes(SubscriptionArn=arn, AttributeName=name, AttributeValue=value)

    return bend


EMAIL = ("email", "second@example.com")
QUEUE = ("sqs", f"arn:aws:sqs:{{region}}:{ACCOUNT}:alerts")


# A SIEM instead


def to_siem(pattern: str = "", destination: str | None = None, **more: Any) -> Bend:
    """A subscription filter on the log group."""
    return lambda aws, made: aws.client("logs", made.region).put_subscription_filter(
        logGroupName=made.log_group,
        filterName="siem",
        filterPattern=pattern,
        destinationArn=destination or DESTINATION,
        **more,
    )


def to_siem_by_policy(pattern: str = "", but_not: str | None = None) -> Bend:
    """A subscription filter on every log group of the account."""
    criteria = {"selectionCriteria": f'LogGroupName NOT IN ["{but_not}"]'} if but_not else {}
    return lambda aws, made: aws.client("logs", made.region).put_account_policy(
        policyName="siem",
        policyType="SUBSCRIPTION_FILTER_POLICY",
        policyDocument=json.dumps({"DestinationArn": DESTINATION, "FilterPattern": pattern}),
        scope="ALL",
        **criteria,
    )


def notices(aws: LocalAws, made: Made) -> None:
    """A topic of the trail's, to which it tells every file that it delivers."""
    aws.client("sns", made.region).create_topic(Name="trail-files")
    the_trail(SnsTopicName="trail-files", CloudWatchLogsLogGroupArn="")(aws, made)


DESTINATION = f"arn:aws:logs:{HOME}:{ACCOUNT}:destination:siem"
TO_SIEM: dict[str, Any] = {"overrides": {"siem_destinations": [DESTINATION]}}
TO_BUCKET: dict[str, Any] = {"overrides": {"siem_destinations": [f"arn:aws:s3:::management-events-{ACCOUNT}-{HOME}"]}}
TO_TOPIC: dict[str, Any] = {"overrides": {"siem_destinations": [f"arn:aws:sns:{HOME}:{ACCOUNT}:trail-files"]}}


# Regions

WHOLE_BUT = but(f'$.awsRegion != "{AWAY}"')
