"""Accounts with one thing bent: a way to break each link of the chain, or to set it up oddly and have it hold.

Each begins as `a_compliant_account` and is bent through AWS's own APIs. `why` says what real AWS does with it, which is
what the verdict must follow. `SCENARIOS` has them in the order of the chain.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from moto.cloudtrail.models import cloudtrail_backends
from moto.cloudwatch.models import cloudwatch_backends

from blindspot import profile
from blindspot.assessment import Verdict
from blindspot.profile import Profile
from local.accounts import CIS, HALF_RIGHT, OTHER_FILTERS, Made, a_compliant_account, put_alarm, put_filter
from local.aws import LocalAws

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
        made = a_compliant_account(aws, region=home or self.home)
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


def a_trail(name: str, **bent: Any) -> Bend:
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


def an_alarm(name: str | None = None, **bent: Any) -> Bend:
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
    return an_alarm(**NO_METRIC, Metrics=[{"Id": "e1", "Expression": expression, "ReturnData": True}, *watched])


M1_M2 = (metric_of("m1"), metric_of("m2", "other"))
HALVES = together(the_filter(DENIED), the_filter(REFUSED, another_metric(), name="second"))
HALVES_WITH_ZEROS = together(
    the_filter(DENIED, {"defaultValue": 0}), the_filter(REFUSED, {**another_metric(), "defaultValue": 0}, name="second")
)

LAMBDA = f"arn:aws:lambda:{{region}}:{ACCOUNT}:function:on-call"


def composite(rule: str, name: str = "composite", **bent: Any) -> Bend:
    """An alarm on the alarm of the account, which acts in its stead."""

    def bend(aws: LocalAws, made: Made) -> None:
        an_alarm(AlarmActions=[])(aws, made)
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
        an_alarm(AlarmActions=[arn])(aws, made)

    return bend


READ_TOPIC = {
    "Effect": "Allow",
    "Principal": {"AWS": ACCOUNT},
    "Action": ["sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic", "sns:GetSubscriptionAttributes"],
    "Resource": "*",
}


def a_fifo_topic(aws: LocalAws, made: Made) -> None:
    topics = aws.client("sns", made.region)
    arn = topics.create_topic(Name="alerts.fifo", Attributes={"FifoTopic": "true"})["TopicArn"]
    queue = f"arn:aws:sqs:{made.region}:{aws.account}:alerts.fifo"
    topics.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue)
    an_alarm(AlarmActions=[arn])(aws, made)


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


TRAILS = (
    holds("as CIS sets it up", nothing, "Every link is as the benchmark's console steps make it."),
    breaks("no trail", "trail.missing", no_trail, "Without a trail nothing is delivered anywhere."),
    breaks(
        "no trail, for a region enabled later",
        "trail.not-multi-region",
        no_trail,
        "Only a multi-region trail records a region from the minute in which it is enabled.",
        region="future",
    ),
    breaks("stopped", "trail.not-logging", no_logging, "StopLogging suspends recording and delivery in every region."),
    breaks(
        "regional, seen from another region",
        "trail.missing",
        the_trail(IsMultiRegionTrail=False),
        "A regional trail records the events of its own region.",
        region=AWAY,
    ),
    breaks(
        "regional, for a region enabled later",
        "trail.not-multi-region",
        the_trail(IsMultiRegionTrail=False),
        "A regional trail never grows to another region.",
        region="future",
    ),
    holds(
        "regional, where one region is all that counts",
        the_trail(IsMultiRegionTrail=False),
        "A regional trail records all of its own region.",
        excluded=(AWAY, THIRD),
        overrides={"future_region": False},
    ),
    breaks(
        "a regional trail in every region",
        "trail.not-multi-region",
        together(
            the_trail(IsMultiRegionTrail=False),
            a_second_channel(AWAY, "second", multi_region=False),
            a_second_channel(THIRD, "third", multi_region=False),
        ),
        "Each region has its trail today, and the next one will have none.",
        region="future",
    ),
    holds(
        "a regional trail in every region, none to come",
        together(
            the_trail(IsMultiRegionTrail=False),
            a_second_channel(AWAY, "second", multi_region=False),
            a_second_channel(THIRD, "third", multi_region=False),
        ),
        "Each region's trail records all of that region.",
        overrides={"future_region": False},
    ),
    holds(
        "two broken regional trails beside the multi-region one",
        together(
            a_second_channel(AWAY, "second", multi_region=False, pattern=HALF_RIGHT),
            a_second_channel(THIRD, "third", multi_region=False, logging=False),
        ),
        "Every trail gets its own copy of each event.",
    ),
    breaks("writes only", "trail.selectors", selecting(WRITES), "A WriteOnly selector records no refused read."),
    breaks("reads only", "trail.selectors", selecting(READS), "A ReadOnly selector records no refused write."),
    holds(
        "a selector for reads and one for writes",
        selecting(READS, WRITES),
        "An event is recorded when any selector of the trail matches it.",
    ),
    holds(
        "a trail of reads and a trail of writes, one log group",
        together(selecting(READS), a_trail("writes-only"), selecting(WRITES, trail="writes-only")),
        "Both trails deliver to the log group on which the filter stands.",
    ),
    holds(
        "a trail of reads and a trail of writes, two log groups",
        together(
            selecting(READS),
            lambda aws, made: a_compliant_account(aws, region=made.region, name="writes-only"),
            selecting(WRITES, trail="writes-only"),
        ),
        "Filters of two log groups add to one metric, and its alarm tells of both.",
    ),
    breaks(
        "a trail of reads and a stopped trail of writes",
        "trail.not-logging",
        together(
            selecting(READS),
            a_trail("writes-only"),
            selecting(WRITES, trail="writes-only"),
            lambda aws, made: aws.client("cloudtrail", made.region).stop_logging(Name="writes-only"),
        ),
        "What the one trail leaves out the other does not deliver.",
    ),
    breaks(
        "without KMS",
        "trail.selectors",
        selecting({"ExcludeManagementEventSources": ["kms.amazonaws.com"]}),
        "ExcludeManagementEventSources leaves out a refused kms:Decrypt like any other call.",
    ),
    breaks(
        "data events only",
        "trail.selectors",
        selecting({"IncludeManagementEvents": False, "DataResources": DATA}),
        "IncludeManagementEvents false records data events and no others.",
    ),
    holds(
        "data events as well",
        selecting({"DataResources": DATA}),
        "Data events are recorded in addition to the management events.",
    ),
    holds(
        "advanced, all management events",
        selecting_fields({}),
        "An advanced selector that asks for the category alone selects the whole of it.",
    ),
    breaks(
        "advanced, reads only",
        "trail.selectors",
        selecting_fields({"readOnly": {"Equals": ["true"]}}),
        "readOnly equals true selects no write.",
    ),
    holds(
        "advanced, in two halves",
        selecting_fields({"readOnly": {"Equals": ["true"]}}, {"readOnly": {"Equals": ["false"]}}),
        "An event is recorded when any selector matches, and every management event is a read or a write.",
    ),
    holds(
        "advanced, without KMS beside all reads and all writes",
        selecting_fields(
            {"eventSource": {"NotEquals": ["kms.amazonaws.com"]}},
            {"readOnly": {"Equals": ["true"]}},
            {"readOnly": {"Equals": ["false"]}},
        ),
        "An event that one selector leaves out is recorded when another matches it.",
    ),
    breaks(
        "advanced, without KMS",
        "trail.selectors",
        selecting_fields({"eventSource": {"NotEquals": ["kms.amazonaws.com"]}}),
        "eventSource NotEquals leaves out every call of that source.",
    ),
    breaks(
        "without global service events, in the region that records them",
        "trail.selectors",
        the_trail(IsMultiRegionTrail=False, IncludeGlobalServiceEvents=False),
        "Calls to IAM are recorded in us-east-1 as global service events, which this trail leaves out.",
        home=AWAY,
    ),
    leaves_open(
        "without global service events, elsewhere",
        "trail.selectors",
        the_trail(IsMultiRegionTrail=False, IncludeGlobalServiceEvents=False),
        "Calls to a regional STS endpoint are recorded there, and whether as global ones is not documented.",
        excluded=(AWAY, THIRD),
        overrides={"future_region": False},
    ),
    leaves_open(
        "another account's organization trail, unread",
        "log-group.foreign",
        an_organization_trail(),
        "The trail shows in the member account, but its log group can be read in its own account only.",
        also=("trail.foreign",),
    ),
    holds(
        "another account's organization trail, read",
        an_organization_trail(),
        "An organization trail records every member account and delivers all of it to one log group.",
        roles={OTHER: ROLE},
    ),
    breaks(
        "another account's organization trail, that account's filter alone",
        "filter.misses",
        an_organization_trail(but(f'$.recipientAccountId = "{OTHER}"')),
        "The events of a member account have the member as their recipientAccountId.",
        roles={OTHER: ROLE},
    ),
    breaks(
        "another account's organization trail, without a log group",
        "trail.no-log-group",
        an_organization_trail(CloudWatchLogsLogGroupArn=""),
        "Without a log group the events go to the bucket alone.",
    ),
    holds(
        "the organization trail is our own",
        the_trail(IsOrganizationTrail=True),
        "The management account is one of those whose events its organization trail records.",
    ),
    holds(
        "the organization trail is our own, the filter is for us",
        together(
            the_trail(IsOrganizationTrail=True),
            the_filter(but(f'$.recipientAccountId = "{ACCOUNT}"')),
        ),
        "Every event of this account has it as its recipientAccountId.",
    ),
    holds(
        "the bucket is gone",
        lambda aws, made: aws.client("s3", made.region).delete_bucket(
            Bucket=f"{made.trail}-{aws.account}-{made.region}"
        ),
        "CloudTrail delivers to the log group apart from the bucket, which other controls look after.",
    ),
)


DELIVERY = (
    breaks(
        "no log group on the trail",
        "trail.no-log-group",
        the_trail(CloudWatchLogsLogGroupArn=""),
        "The events go to the bucket alone, where no metric filter looks.",
    ),
    breaks(
        "delivery is refused",
        "trail.delivery-failing",
        delivered(NOT_SO_LONG_AGO, "AccessDenied"),
        "LatestCloudWatchLogsDeliveryError stands there as long as delivery fails.",
    ),
    breaks(
        "nothing delivered of late",
        "trail.delivery-failing",
        together(logging_for_long, delivered(NOT_SO_LONG_AGO)),
        "Reading the account makes events of its own, which a trail of reads delivers within minutes.",
    ),
    breaks(
        "never delivered anything",
        "trail.delivery-failing",
        together(logging_for_long, delivered(None)),
        "LatestCloudWatchLogsDeliveryTime is missing until something has been delivered.",
    ),
    holds(
        "logging began today",
        delivered(None),
        "The first events of a new trail take some minutes, and longer in a quiet account.",
    ),
    holds(
        "a trail of writes was silent for weeks",
        together(
            selecting(WRITES),
            delivered(NOT_SO_LONG_AGO),
            logging_for_long,
            a_trail("reads-only"),
            selecting(READS, trail="reads-only"),
        ),
        "An account may well make no writes for weeks.",
    ),
)


LOG_GROUPS = (
    breaks("log group gone", "log-group.missing", no_log_group, "CloudTrail does not make the log group again."),
    breaks(
        "log group of the same name elsewhere",
        "log-group.missing",
        together(no_log_group, a_log_group(region=AWAY)),
        "A trail delivers to the log group of its ARN, and a name is unique in its region only.",
    ),
    breaks(
        "log group gone, one with a longer name is there",
        "log-group.missing",
        together(no_log_group, a_log_group("management-events-2")),
        "DescribeLogGroups finds by prefix, but a trail delivers to that one log group.",
    ),
    holds(
        "log group beside one with a longer name",
        a_log_group("management-events-2"),
        "A log group beside it changes nothing.",
    ),
    breaks(
        "infrequent access",
        "log-group.class",
        together(no_log_group, a_log_group(logGroupClass="INFREQUENT_ACCESS")),
        "Metric filters are a feature of the Standard class, and a class cannot be changed.",
    ),
    holds(
        "kept for a day",
        lambda aws, made: aws.client("logs", made.region).put_retention_policy(
            logGroupName=made.log_group, retentionInDays=1
        ),
        "A metric filter counts an event when it arrives, not when it goes.",
    ),
    holds(
        "a log group with slashes in its name",
        together(a_log_group("aws/cloudtrail/all"), the_trail(CloudWatchLogsLogGroupArn=LOG_GROUP_WITH_SLASHES)),
        "Names of log groups often are paths.",
    ),
    leaves_open(
        "another account's log group, unread",
        "log-group.foreign",
        to_another_account,
        "An organization trail may deliver to its delegated administrator's log group, which we may not read.",
    ),
    leaves_open(
        "another account's log group, whose role does not trust us",
        "unread.refused",
        to_another_account,
        "AssumeRole is refused unless the role's trust policy names the caller.",
        roles={OTHER: ROLE},
    ),
    holds(
        "another account's log group, read",
        together(to_another_account, lambda aws, _: aws.trust(ROLE)),
        "Filter, alarm and topic of the administrator's account tell of this account's events too.",
        roles={OTHER: ROLE},
    ),
)


PATTERNS = (
    breaks("no filter", "filter.missing", no_filter, "Without a metric filter no event becomes a metric."),
    breaks(
        "a filter for something else",
        "filter.missing",
        the_filter("{ $.eventName = ConsoleLogin }"),
        "It counts other events.",
    ),
    breaks(
        "the filter on another log group",
        "filter.missing",
        together(no_filter, a_log_group("application")),
        "A metric filter sees the events of its own log group.",
    ),
    breaks(
        "no wildcard",
        "filter.misses",
        the_filter(HALF_RIGHT),
        "A text without an asterisk is compared as a whole, and most services send AccessDeniedException.",
    ),
    breaks("one arm", "filter.misses", the_filter(DENIED), "EC2 sends Client.UnauthorizedOperation."),
    breaks(
        "in lower case",
        "filter.misses",
        the_filter('{ ($.errorCode = "*unauthorizedoperation") || ($.errorCode = "accessdenied*") }'),
        "Values are compared case by case.",
    ),
    breaks(
        "a field in lower case",
        "filter.missing",
        the_filter('{ ($.errorcode = "*UnauthorizedOperation") || ($.errorcode = "AccessDenied*") }'),
        "Field names are compared case by case, and no event has such a field.",
    ),
    breaks(
        "by the message",
        "filter.missing",
        the_filter('{ $.errorMessage = "*not authorized*" }'),
        "What a service writes into errorMessage is its own affair, and it may be missing.",
    ),
    holds("either word", the_filter("?AccessDenied ?UnauthorizedOperation"), "A term matches anywhere in the event."),
    breaks(
        "both words",
        "filter.misses",
        the_filter("AccessDenied UnauthorizedOperation"),
        "Terms without a question mark must all be there.",
    ),
    breaks(
        "either word beside another",
        "filter.misses",
        the_filter("errorCode ?AccessDenied ?UnauthorizedOperation -AssumeRole"),
        "Beside other terms those with a question mark are ignored, and a dash leaves out.",
    ),
    holds(
        "a regular expression",
        the_filter("{ $.errorCode = %^AccessDenied|UnauthorizedOperation$% }"),
        "An expression finds its match anywhere unless it is anchored.",
    ),
    holds(
        "a regular expression on the whole event",
        the_filter("%AccessDenied|UnauthorizedOperation%"),
        "Between percent signs an expression is put to the text of the event.",
    ),
    holds(
        "wider than asked",
        the_filter('{ ($.errorCode = "*Unauthorized*") || ($.errorCode = "*Denied*") }'),
        "An asterisk at either end stands for any text.",
    ),
    holds(
        "every error",
        the_filter("{ $.errorCode = * }"),
        "An asterisk alone asks that the field is there, and a successful call has no errorCode.",
    ),
    leaves_open(
        "an asterisk in the middle",
        "undecided",
        the_filter('{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "Access*Denied*") }'),
        "Whether an asterisk in the middle stands for itself or for any text is told in both ways.",
    ),
    breaks(
        "an asterisk in the middle, and an ending",
        "filter.misses",
        the_filter('{ ($.errorCode = "*Unauthorized*ion") || ($.errorCode = "AccessDenied*") }'),
        "What follows the asterisk is looked for at its first place only, which need not be the end.",
    ),
    holds(
        "two halves on one metric",
        together(the_filter(DENIED), the_filter(REFUSED, name="second")),
        "Filters may add to one metric, and the alarm fires on either.",
    ),
    holds(
        "two halves on two alarms",
        together(
            the_filter(DENIED),
            the_filter(REFUSED, another_metric(), name="second"),
            an_alarm("second", MetricName="other"),
        ),
        "Each half has an alarm of its own.",
    ),
    breaks(
        "two halves, one without an alarm",
        "alarm.missing",
        HALVES,
        "A metric that no alarm watches tells nobody.",
        also=("filter.misses",),
    ),
    holds("for this account", the_filter(but(f'$.recipientAccountId = "{ACCOUNT}"')), "Every event has that account."),
    leaves_open(
        "for this account, without quotes",
        "undecided",
        the_filter(but(f"$.recipientAccountId = {ACCOUNT}")),
        "Whether a number without quotes equals a text of the same digits is not documented.",
    ),
    breaks(
        "for another account",
        "filter.misses",
        the_filter(but(f'$.recipientAccountId = "{OTHER}"')),
        "No event of this account has another one.",
    ),
    breaks(
        "for callers of this account",
        "filter.misses",
        the_filter(but(f'$.userIdentity.accountId = "{ACCOUNT}"')),
        "A caller may be of another account, or a service without one.",
    ),
    breaks(
        "for one region",
        "filter.misses",
        the_filter(but(f'$.awsRegion = "{HOME}"')),
        "A multi-region trail brings events of every region.",
        region=AWAY,
    ),
    breaks(
        "for the regions of today",
        "filter.misses",
        the_filter(but(" || ".join(f'$.awsRegion = "{region}"' for region in REGIONS))),
        "The events of a region enabled later have its name.",
        region="future",
    ),
    holds("CIS 3.0, with exclusions", the_filter(CIS_3), "`&&` binds first; what it leaves out may be missed."),
    holds(
        "CIS 3.0, exclusions of both arms",
        the_filter(but('$.sourceIPAddress != "delivery.logs.amazonaws.com" && $.eventName != "HeadBucket"')),
        "Both fields are in every event, so that `!=` leaves out no others.",
    ),
    breaks(
        "exclusions where nothing is benign",
        "filter.misses",
        the_filter(CIS_3),
        "Security Hub's CloudWatch.2 takes no additional conditions.",
        profile="security-hub-cloudwatch-2",
    ),
    breaks(
        "one exclusion too many",
        "filter.misses",
        the_filter(but('$.sourceIPAddress != "cloudformation.amazonaws.com"')),
        "A call that CloudFormation makes for somebody has its name for an address.",
    ),
    breaks(
        "an exclusion by a field that may be missing",
        "filter.misses",
        the_filter(but('$.userIdentity.invokedBy != "config.amazonaws.com"')),
        "`!=` does not match an event without the field, and few events have it.",
        overrides={"benign": ['{ $.userIdentity.invokedBy = "config.amazonaws.com" }']},
    ),
    holds(
        "an exclusion that keeps what lacks the field",
        the_filter(but('$.userIdentity.invokedBy NOT EXISTS || $.userIdentity.invokedBy != "config.amazonaws.com"')),
        "NOT EXISTS matches an event without the field.",
        overrides={"benign": ['{ $.userIdentity.invokedBy = "config.amazonaws.com" }']},
    ),
    breaks(
        "CIS 1.4, which joins its exclusions with ||",
        "filter.noise",
        the_filter(CIS_1_4),
        "Nearly every event has another address, so that the alarm rings without end and acts but once.",
    ),
    holds(
        "CIS 1.4 by its own profile",
        the_filter(CIS_1_4),
        "It counts the refused calls among all others.",
        profile="cis-v1.5.0",
    ),
    breaks("everything", "filter.noise", the_filter(""), "An empty pattern matches every event."),
    breaks(
        "a noisy filter on the same metric",
        "filter.noise",
        the_filter("{ $.eventName = * }", name="all-calls"),
        "The alarm cannot tell which filter counted.",
    ),
    leaves_open(
        "a noisy filter on the same metric, of a log group without a trail",
        "filter.noise",
        together(a_log_group("application"), the_filter("", log_group="application")),
        "Filters of any log group may add to the metric, and what arrives in this one is not known.",
    ),
    holds(
        "a noisy channel in another region",
        a_second_channel(AWAY, "second", pattern="{ $.eventName = * }"),
        "A metric of the same name in another region is another metric.",
    ),
    breaks(
        "a neighbour's default of one",
        "alarm.latches",
        the_filter("{ $.eventName = DeleteVpc }", {"defaultValue": 1}, name="vpc"),
        "The neighbour publishes one as long as events arrive that it does not match.",
    ),
    leaves_open(
        "a neighbour that takes away",
        "alarm.unclear",
        the_filter("{ $.eventName = DeleteVpc }", {"metricValue": "-5"}, name="vpc"),
        "A refused DeleteVpc adds one and takes five.",
    ),
    holds(
        "a noisy filter on another metric",
        the_filter("{ $.eventName = * }", another_metric(), name="all-calls"),
        "Metrics of two names are counted apart.",
    ),
    holds("ninety-nine filters beside it", neighbours, "Each filter sees every event of the log group."),
    holds(
        "seven filters more on the same metric",
        neighbours_on_one_metric,
        "Each adds to the sum, and none takes from it.",
    ),
    leaves_open(
        "by position",
        "undecided",
        the_filter("[first, second, ...]"),
        "A record of CloudTrail is one line of JSON, which such a pattern takes apart at every blank.",
    ),
    holds(
        "by position, beside the right one",
        the_filter("[first, second, ...]", another_metric(), name="by-position"),
        "A filter on another metric changes nothing.",
    ),
    leaves_open(
        "in a syntax that is newer",
        "filter.unclear",
        read_though_not_understood("{ $.errorCode MATCHES Denied }"),
        "AWS refuses a pattern that it cannot read, so that one which is there means something.",
    ),
)


FILTERS = (
    breaks("value zero", "filter.value", the_filter(CIS, {"metricValue": "0"}), "The value is what a match adds."),
    breaks(
        "value below zero",
        "filter.value",
        the_filter(CIS, {"metricValue": "-1"}),
        "The sum of a metric that falls never reaches one.",
    ),
    leaves_open(
        "value from the event",
        "filter.value",
        the_filter(CIS, {"metricValue": "$.apiVersion"}),
        "What the field holds is added, if it is a number at all.",
    ),
    holds("value ten", the_filter(CIS, {"metricValue": "10"}), "A match adds ten, which is at least one."),
    breaks(
        "value one half",
        "alarm.insensitive",
        the_filter(CIS, {"metricValue": "0.5"}),
        "One match adds less than the threshold.",
    ),
    holds(
        "default zero",
        the_filter(CIS, {"defaultValue": 0}),
        "Zero is published where events arrive of which none matches; it adds nothing.",
    ),
    breaks(
        "default one",
        "alarm.latches",
        the_filter(CIS, {"defaultValue": 1}),
        "One is published as long as ordinary events arrive, and the alarm never rests.",
    ),
    holds(
        "a namespace with blanks",
        together(the_filter(CIS, {"metricNamespace": "Log Metrics"}), an_alarm(Namespace="Log Metrics")),
        "A namespace may hold any characters but a colon, an asterisk and a dollar sign.",
    ),
    leaves_open(
        "counted by a dimension",
        "filter.narrowed",
        the_filter(CIS, {"dimensions": {"user": "$.userIdentity.userName"}}),
        "A metric with dimensions is another metric, and what becomes of events without the field is not documented.",
    ),
    breaks(
        "counted by a dimension that every event has",
        "alarm.missing",
        the_filter(CIS, {"dimensions": {"service": "$.eventSource"}}),
        "A metric with dimensions is another metric, and the one that the alarm watches gets no data.",
    ),
    breaks(
        "counted by a dimension, watched for one value",
        "filter.narrowed",
        together(
            the_filter(CIS, {"dimensions": {"user": "$.userIdentity.userName"}}),
            an_alarm(Dimensions=[{"Name": "user", "Value": "alice"}]),
        ),
        "The alarm watches the calls of one user.",
    ),
    breaks(
        "counted by system fields",
        "alarm.missing",
        the_filter(emitSystemFieldDimensions=["@aws.account"]),
        "System fields become dimensions, and the metric without dimensions gets no data.",
    ),
    holds(
        "counted by system fields, and watched so",
        together(
            the_filter(emitSystemFieldDimensions=["@aws.account", "@aws.region"]),
            an_alarm(
                Dimensions=[{"Name": "@aws.account", "Value": ACCOUNT}, {"Name": "@aws.region", "Value": "{region}"}]
            ),
        ),
        "All events of the log group have its own account and region there.",
    ),
    holds(
        "a unit that the alarm does not ask for",
        the_filter(CIS, {"unit": "Count"}),
        "An alarm without a unit watches data of any unit.",
    ),
    holds(
        "a unit that the alarm asks for",
        together(the_filter(CIS, {"unit": "Count"}), an_alarm(Unit="Count")),
        "Data and alarm have the same unit.",
    ),
    holds(
        "selects this account",
        the_filter(fieldSelectionCriteria=f'@aws.account = "{ACCOUNT}"'),
        "The log events of the log group are of this account.",
    ),
    breaks(
        "selects another account",
        "filter.narrowed",
        the_filter(fieldSelectionCriteria=f'@aws.account IN ["{OTHER}"]'),
        "Only log events of the selected accounts are looked at.",
    ),
    leaves_open(
        "selects by another field",
        "filter.narrowed",
        the_filter(fieldSelectionCriteria='@data_source = "cloudtrail"'),
        "Which log events have that field is not documented.",
    ),
    leaves_open(
        "on transformed log events",
        "filter.narrowed",
        the_filter(applyOnTransformedLogs=True),
        "The pattern is put to what a transformer makes of the event, where errorCode may have another name.",
    ),
)


ALARMS = (
    breaks("no alarm", "alarm.missing", no_alarm, "A metric that no alarm watches tells nobody."),
    breaks(
        "the alarm in another region",
        "alarm.missing",
        together(no_alarm, the_alarm_in(AWAY)),
        "A metric filter publishes in its log group's region, and an alarm watches its own.",
    ),
    breaks("another namespace", "alarm.missing", an_alarm(Namespace="LogMetrics"), "It is another metric."),
    breaks(
        "dimensions that the metric lacks",
        "alarm.missing",
        an_alarm(Dimensions=[{"Name": "LogGroup", "Value": "management-events"}]),
        "A metric with dimensions is another metric.",
    ),
    breaks(
        "another unit",
        "alarm.missing",
        an_alarm(Unit="Seconds"),
        "An alarm with a unit finds no data of another and stays in INSUFFICIENT_DATA.",
    ),
    breaks("threshold ten", "alarm.insensitive", an_alarm(Threshold=10), "One call sums up to one."),
    breaks(
        "greater than one",
        "alarm.insensitive",
        an_alarm(ComparisonOperator="GreaterThanThreshold"),
        "One is not greater than one.",
    ),
    holds(
        "greater than zero",
        an_alarm(ComparisonOperator="GreaterThanThreshold", Threshold=0),
        "One is greater than zero, and zero is not.",
    ),
    holds(
        "greater than one, by the profile that says so",
        an_alarm(ComparisonOperator="GreaterThanThreshold"),
        "Two calls within one period sum up to two.",
        profile="cis-level-1",
    ),
    breaks(
        "three, where two calls may pass",
        "alarm.insensitive",
        an_alarm(Threshold=3),
        "Two calls within one period sum up to two.",
        overrides={"calls_to_alarm": 2},
    ),
    breaks(
        "less than one",
        "alarm.never-fires",
        an_alarm(ComparisonOperator="LessThanThreshold"),
        "The metric has data only where it is one or more.",
    ),
    holds("average", an_alarm(Statistic="Average"), "Where only matches publish, the average of ones is one."),
    breaks(
        "average, with a default of zero",
        "alarm.never-fires",
        together(the_filter(CIS, {"defaultValue": 0}), an_alarm(Statistic="Average")),
        "The zeros of the events that do not match keep the average below one.",
    ),
    holds("minimum", an_alarm(Statistic="Minimum"), "Where only matches publish, the least of ones is one."),
    breaks(
        "minimum, with a default of zero",
        "alarm.never-fires",
        together(the_filter(CIS, {"defaultValue": 0}), an_alarm(Statistic="Minimum")),
        "The least is the zero of an event that does not match.",
    ),
    holds(
        "maximum, with a default of zero",
        together(the_filter(CIS, {"defaultValue": 0}), an_alarm(Statistic="Maximum")),
        "One match is the largest of its period.",
    ),
    holds("sample count", an_alarm(Statistic="SampleCount"), "One match is one sample."),
    breaks(
        "sample count, with a default of zero",
        "alarm.latches",
        together(the_filter(CIS, {"defaultValue": 0}), an_alarm(Statistic="SampleCount")),
        "A zero is a sample too, and ordinary events arrive all the time.",
    ),
    leaves_open(
        "a percentile",
        "alarm.unclear",
        an_alarm(Statistic=None, ExtendedStatistic="p99"),
        "A percentile of few samples depends on what else is published.",
    ),
    breaks(
        "two of two periods, none breaching where data are missing",
        "alarm.insensitive",
        an_alarm(**PERIODS, TreatMissingData="notBreaching"),
        "One call breaches one period.",
    ),
    holds(
        "two of two periods, missing data as missing",
        an_alarm(**PERIODS),
        "Where all else is missing, one breaching datapoint is enough once it is old enough.",
    ),
    breaks(
        "two of three periods, none breaching where data are missing",
        "alarm.insensitive",
        an_alarm(EvaluationPeriods=3, DatapointsToAlarm=2, TreatMissingData="notBreaching"),
        "One call breaches one period.",
    ),
    breaks(
        "two of two periods, with a default of zero",
        "alarm.insensitive",
        together(the_filter(CIS, {"defaultValue": 0}), an_alarm(**PERIODS)),
        "The zeros of other periods are not missing, and they do not breach.",
    ),
    holds(
        "one of three periods",
        an_alarm(EvaluationPeriods=3, DatapointsToAlarm=1, TreatMissingData="notBreaching"),
        "One breaching datapoint is enough.",
    ),
    breaks(
        "missing data ignored",
        "alarm.latches",
        an_alarm(TreatMissingData="ignore"),
        "Ignoring missing data keeps the state, and after a match there are no data.",
    ),
    holds(
        "missing data ignored, with a default of zero",
        together(the_filter(CIS, {"defaultValue": 0}), an_alarm(TreatMissingData="ignore")),
        "The next ordinary event publishes a zero, and the alarm rests.",
    ),
    breaks(
        "missing data breaching",
        "alarm.latches",
        an_alarm(TreatMissingData="breaching"),
        "Without calls there are no data, and the alarm rings.",
    ),
    leaves_open(
        "missing data breaching, with a default of zero",
        "alarm.unclear",
        together(the_filter(CIS, {"defaultValue": 0}), an_alarm(TreatMissingData="breaching")),
        "As long as ordinary events arrive no data are missing.",
    ),
    holds("missing data not breaching", an_alarm(TreatMissingData="notBreaching"), "Without calls the alarm rests."),
    holds("periods of a day", an_alarm(Period=86_400), "One call within a day sums up to one."),
    holds("periods of ten seconds", an_alarm(Period=10), "A call's minute counts in one of its periods."),
    holds("a deaf alarm beside the right one", an_alarm("second", Threshold=10), "Each alarm acts for itself."),
    holds("in ALARM just now", in_state("ALARM"), "It returns to OK or INSUFFICIENT_DATA when the calls cease."),
    leaves_open(
        "a warm-up",
        "alarm.unclear",
        an_alarm(WarmUpConfiguration={"WarmUpPeriodDurationInMinutes": 60}),
        "An alarm does not act while it warms up, and when that begins anew is not documented.",
    ),
)


ACTIONS = (
    breaks(
        "actions disabled",
        "alarm.actions-disabled",
        an_alarm(ActionsEnabled=False),
        "The alarm changes its state and acts on nothing.",
    ),
    breaks(
        "no action", "alarm.no-action", an_alarm(AlarmActions=[]), "The alarm changes its state, which nobody sees."
    ),
    breaks(
        "an action on OK alone",
        "alarm.no-action",
        an_alarm(AlarmActions=[], OKActions=["{topic}"]),
        "OKActions run when the alarm returns to OK.",
    ),
    breaks(
        "an action on missing data alone",
        "alarm.no-action",
        an_alarm(AlarmActions=[], InsufficientDataActions=["{topic}"]),
        "InsufficientDataActions run when data go missing.",
    ),
    breaks(
        "a function",
        "alarm.no-action",
        an_alarm(AlarmActions=[LAMBDA]),
        "The benchmark asks for a topic with a subscriber; what a function does with it is not seen.",
    ),
    holds(
        "a function, where that is accepted",
        an_alarm(AlarmActions=[LAMBDA]),
        "An alarm invokes a function as it notifies a topic.",
        overrides={"accepted_actions": ["sns", "lambda"]},
    ),
    holds("a function and the topic", an_alarm(AlarmActions=[LAMBDA, "{topic}"]), "Each action of an alarm runs."),
    holds(
        "one topic that is gone and one that is not",
        an_alarm(AlarmActions=["{topic}-gone", "{topic}"]),
        "Each action of an alarm runs, whatever becomes of another.",
    ),
    breaks("muted now", "alarm.muted", muted(ALWAYS), "While a mute rule is active the alarms it names do not act."),
    holds("muted later", muted("at(2099-01-01T00:00)"), "A mute rule holds within its window only."),
    holds(
        "another alarm muted",
        together(an_alarm("second", Threshold=10), muted(ALWAYS, "second")),
        "A mute rule holds for the alarms it names.",
    ),
)


MATH = (
    holds("math that is the metric", math("m1"), "The expression has the metric's own data."),
    holds("math that fills gaps", math("FILL(m1, 0)"), "Where data are missing the expression is zero, and it rests."),
    breaks(
        "math that fills gaps with ones",
        "alarm.latches",
        math("FILL(m1, 1)"),
        "Where data are missing the expression is one, and the alarm rings.",
    ),
    holds(
        "a sum of two halves, gaps filled",
        together(HALVES, math("FILL(m1, 0) + FILL(m2, 0)", *M1_M2)),
        "The sum is one where either half counts one.",
    ),
    holds(
        "SUM of two halves",
        together(HALVES, math("SUM([m1, m2])", *M1_M2)),
        "SUM of an array takes what data there are.",
    ),
    leaves_open(
        "a sum of two halves with gaps",
        "alarm.unclear",
        together(HALVES, math("m1 + m2", *M1_M2)),
        "`+` has no data where either side has none; whether one call counts in both is not worked out.",
    ),
    holds(
        "a sum of two halves with a default of zero",
        together(HALVES_WITH_ZEROS, math("m1 + m2", *M1_M2)),
        "The half that does not match publishes its zero.",
    ),
    holds(
        "math on this account's metric, by its number",
        math("m1", metric_of("m1", AccountId=ACCOUNT)),
        "AccountId may name the account itself.",
    ),
    leaves_open("a rate", "alarm.unclear", math("RATE(m1)"), "A rate is the difference to the datapoint before."),
    leaves_open("a condition", "alarm.unclear", math("IF(m1 > 0, 1, 0)"), "One call makes it one."),
    leaves_open(
        "a search",
        "alarm.unclear",
        math("SUM(SEARCH('{CISBenchmark} unauthorized', 'Sum', 300))"),
        "A search finds its metrics by name.",
    ),
    breaks(
        "another account's metric",
        "alarm.missing",
        math("m1", metric_of("m1", AccountId=OTHER)),
        "It is another metric, though its name is the same.",
    ),
    leaves_open(
        "outside its usual band",
        "alarm.unclear",
        an_alarm(
            **NO_METRIC,
            Threshold=None,
            ComparisonOperator="GreaterThanUpperThreshold",
            ThresholdMetricId="band",
            Metrics=[
                metric_of("m1", ReturnData=True),
                {"Id": "band", "Expression": "ANOMALY_DETECTION_BAND(m1, 2)", "ReturnData": True},
            ],
        ),
        "What is usual is learned from past data; an account that is often refused hears of nothing.",
    ),
    leaves_open(
        "an alarm on a query of the log group",
        "alarm.unclear",
        together(no_alarm, a_log_alarm),
        "A log alarm runs a query of its own on the log group, without a metric filter.",
    ),
    holds("an alarm on a query beside the right one", a_log_alarm, "Each alarm acts for itself."),
)


COMPOSITES = (
    holds("composite of the alarm", composite("ALARM({alarm})"), "It rings when the alarm does, and acts for it."),
    holds(
        "composite by ARN",
        composite(f"ALARM(arn:aws:cloudwatch:{{region}}:{ACCOUNT}:alarm:{{alarm}})"),
        "A rule names an alarm by its name or by its ARN.",
    ),
    holds(
        "composite by a name with signs",
        together(an_alarm("CIS 4.1: calls (prod)", AlarmActions=[]), composite('ALARM("CIS 4.1: calls (prod)")')),
        "A name in quotes may hold blanks, colons and parentheses.",
    ),
    holds(
        "composite of either",
        composite('ALARM("{alarm}") OR ALARM(maintenance)'),
        "OR comes true when one of them rings.",
    ),
    breaks(
        "composite of both",
        "alarm.insensitive",
        composite('ALARM("{alarm}") AND ALARM(maintenance)'),
        "AND comes true only when the other rings too.",
    ),
    holds(
        "composite of both, the alarm acts as well",
        together(composite("ALARM({alarm}) AND ALARM(maintenance)"), an_alarm()),
        "An alarm acts whether or not a composite asks for it.",
    ),
    holds(
        "composite unless another rings",
        composite("ALARM({alarm}) AND NOT ALARM(maintenance)"),
        "It rings when the alarm does while the other rests.",
    ),
    breaks(
        "composite of its opposite",
        "alarm.latches",
        composite("NOT ALARM({alarm})"),
        "It rings while all is quiet, and a refused call makes it rest.",
    ),
    breaks("composite that always rings", "alarm.latches", composite("TRUE OR ALARM({alarm})"), "It never rests."),
    holds(
        "composite over a composite",
        together(
            composite("ALARM({alarm})", "inner", AlarmActions=[]), composite("ALARM(inner) OR ALARM(maintenance)")
        ),
        "A composite may ask for another, which need not act.",
    ),
    breaks(
        "composite over a deaf alarm",
        "alarm.insensitive",
        together(composite("ALARM({alarm})"), an_alarm(AlarmActions=[], Threshold=10)),
        "It rings when the alarm does, and one call does not ring that.",
    ),
    breaks(
        "composite that does not act",
        "alarm.no-action",
        composite("ALARM({alarm})", AlarmActions=[]),
        "Neither of the two acts on anything.",
    ),
    breaks(
        "composite with its actions disabled",
        "alarm.actions-disabled",
        composite("ALARM({alarm})", ActionsEnabled=False),
        "It changes its state and acts on nothing.",
    ),
    holds(
        "composite over an alarm with its actions disabled",
        together(composite("ALARM({alarm})"), an_alarm(AlarmActions=[], ActionsEnabled=False)),
        "A composite asks for the state of its alarms, not for their actions.",
    ),
    holds(
        "composite over a muted alarm",
        together(composite("ALARM({alarm})"), muted(ALWAYS)),
        "A mute rule holds back the actions of the alarms it names and leaves their state.",
    ),
    breaks(
        "composite muted now",
        "alarm.muted",
        together(composite("ALARM({alarm})"), muted(ALWAYS, "composite")),
        "While a mute rule is active the alarms it names do not act.",
    ),
    breaks(
        "composite suppressed now",
        "alarm.muted",
        together(composite("ALARM({alarm})", **SUPPRESSOR), suppressed("Alarm")),
        "While its suppressor is in ALARM a composite alarm does not act.",
    ),
    holds(
        "composite that waits for its suppressor",
        together(composite("ALARM({alarm})", **SUPPRESSOR), suppressed("WaitPeriod")),
        "After the wait period it acts, unless the suppressor is in ALARM by then.",
    ),
    breaks(
        "composite whose suppressor rings",
        "alarm.muted",
        together(composite("ALARM({alarm})", **SUPPRESSOR), in_state("ALARM", "maintenance")),
        "While its suppressor is in ALARM a composite alarm does not act, whatever its own state is.",
    ),
    breaks(
        "composite suppressed by the alarm it is on",
        "alarm.muted",
        composite("ALARM({alarm})", **SUPPRESSOR | {"ActionsSuppressor": "{alarm}"}),
        "Whenever it rings its suppressor is in ALARM, so that it never acts.",
    ),
    holds(
        "composite with a suppressor that rests",
        composite("ALARM({alarm})", **SUPPRESSOR),
        "It waits a minute for its suppressor, and then acts.",
    ),
)


TOPICS = (
    breaks("topic gone", "topic.missing", no_topic, "CloudWatch does not check that an action's target is there."),
    holds("CloudWatch let in", lets_in(CLOUDWATCH), "An alarm publishes as the service principal of CloudWatch."),
    breaks(
        "CloudWatch not let in",
        "topic.policy",
        lets_in({**PUBLISH, "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/deployer"}}),
        "Once the policy that SNS makes is replaced, an alarm needs a statement of its own.",
    ),
    holds(
        "CloudWatch let in, for this account",
        lets_in(only_if({"StringEquals": {"aws:SourceAccount": ACCOUNT}})),
        "The source account of an alarm's message is the alarm's.",
    ),
    breaks(
        "CloudWatch let in, for another account",
        "topic.policy",
        lets_in(only_if({"StringEquals": {"aws:SourceAccount": OTHER}})),
        "The source account of an alarm's message is the alarm's.",
    ),
    holds(
        "CloudWatch let in, for alarms of this account",
        lets_in(only_if({"ArnLike": {"aws:SourceArn": f"arn:aws:cloudwatch:*:{ACCOUNT}:alarm:*"}})),
        "The source ARN of an alarm's message is the alarm's.",
    ),
    breaks(
        "CloudWatch let in, for an alarm of another name",
        "topic.policy",
        lets_in(only_if({"ArnLike": {"aws:SourceArn": f"arn:aws:cloudwatch:*:{ACCOUNT}:alarm:billing-*"}})),
        "The source ARN of an alarm's message is the alarm's.",
    ),
    holds(
        "nothing without TLS",
        lets_in(OF_THE_OWNER, {**BY_ALARMS, "Effect": "Deny", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}),
        "CloudWatch publishes over TLS.",
    ),
    breaks(
        "nobody may publish",
        "topic.policy",
        lets_in(CLOUDWATCH, {**BY_ALARMS, "Effect": "Deny"}),
        "A Deny outweighs every Allow.",
    ),
    leaves_open(
        "only our organization may publish",
        "topic.policy",
        lets_in({**BY_ALARMS, "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1234567890"}}}),
        "Whether a message that CloudWatch publishes carries an organization is not documented.",
    ),
    leaves_open(
        "this account alone may publish",
        "topic.policy",
        lets_in({**PUBLISH, "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}),
        "Whether CloudWatch counts as the alarm's account is not documented.",
    ),
    holds("a FIFO topic", a_fifo_topic, "CloudWatch publishes to both types of topic."),
    breaks(
        "SNS's own key",
        "topic.key",
        the_topic("KmsMasterKeyId", "alias/aws/sns"),
        "CloudWatch may not use alias/aws/sns, whose policy nobody can change.",
    ),
    breaks(
        "SNS's own key, by its id",
        "topic.key",
        with_the_key_of_sns,
        "The alias of an AWS managed key stands for a key with an id, and either names it.",
    ),
    holds("a key that lets CloudWatch in", with_key(USE_KEY), "CloudWatch may use the key, so it may publish."),
    holds(
        "a key that lets CloudWatch in, by its alias",
        with_key(USE_KEY, alias=True),
        "A topic's key may be named by an alias.",
    ),
    breaks(
        "a key for this account only",
        "topic.key",
        with_key(),
        "The policy that KMS makes lets in IAM's principals, of which CloudWatch is none.",
    ),
    breaks(
        "a key to decrypt with only",
        "topic.key",
        with_key({**USE_KEY, "Action": "kms:Decrypt"}),
        "CloudWatch needs kms:GenerateDataKey as well.",
    ),
    breaks(
        "a disabled key",
        "topic.key",
        with_key(USE_KEY, then="disable_key"),
        "A disabled key encrypts nothing, so that publishing fails.",
    ),
    breaks(
        "a key that is to be deleted",
        "topic.key",
        with_key(USE_KEY, then="schedule_key_deletion", PendingWindowInDays=7),
        "A key that awaits its deletion cannot be used.",
    ),
    breaks(
        "a key that is not there",
        "topic.key",
        the_topic("KmsMasterKeyId", "11111111-2222-3333-4444-555555555555"),
        "Without its key a topic takes no message.",
    ),
    leaves_open(
        "another account's key",
        "unread.refused",
        with_another_accounts_key,
        "Only a key's own account, or whom its policy lets in, may describe it.",
    ),
    holds(
        "another account's key, read",
        together(with_another_accounts_key, lambda aws, _: aws.trust(ROLE)),
        "A key policy may let in CloudWatch whichever account the topic is in.",
        roles={OTHER: ROLE},
    ),
    leaves_open(
        "another account's topic, unread",
        "unread.refused",
        another_accounts_topic(),
        "SNS lets nobody but the owner read a topic unless its policy says so.",
    ),
    breaks(
        "another account's topic, closed to us",
        "topic.policy",
        together(another_accounts_topic(), lambda aws, _: aws.trust(ROLE)),
        "The policy that SNS makes is for the topic's owner.",
        roles={OTHER: ROLE},
    ),
    holds(
        "another account's topic, open to us",
        another_accounts_topic(CLOUDWATCH, READ_TOPIC),
        "An alarm may notify a topic of another account whose policy lets CloudWatch in.",
    ),
)


SUBSCRIPTIONS = (
    breaks("nobody subscribed", "subscription.missing", no_subscription, "SNS drops what nobody is subscribed to."),
    breaks(
        "nobody confirmed",
        "subscription.pending",
        only(*EMAIL),
        "An address gets nothing but the link until somebody follows it.",
    ),
    holds("one of two confirmed", subscribed(*EMAIL), "Every confirmed subscription gets the message."),
    breaks(
        "another account's queue, not confirmed",
        "subscription.pending",
        only("sqs", f"arn:aws:sqs:{{region}}:{OTHER}:alerts"),
        "The owner of a queue in another account must confirm.",
    ),
    holds("a queue", only(*QUEUE), "A queue of the same account is confirmed at once."),
    holds("a function subscribed", only("lambda", LAMBDA), "A function of the same account is confirmed at once."),
    holds("a telephone", only("sms", "+15555550123"), "A text message needs no confirmation."),
    breaks(
        "filtered by an attribute",
        "subscription.filtered",
        hears({"severity": ["high"]}, "MessageAttributes"),
        "An alarm's message has no attributes.",
    ),
    holds(
        "filtered by the body, alarms pass",
        hears({"NewStateValue": ["ALARM"]}),
        "An alarm's message has its new state in the body.",
    ),
    holds(
        "filtered by the alarm's name",
        hears({"AlarmName": [{"prefix": "unauthorized"}]}),
        "An alarm's message has its name in the body.",
    ),
    breaks(
        "filtered by the body, alarms do not pass",
        "subscription.filtered",
        hears({"NewStateValue": ["OK"]}),
        "An alarm that rings has ALARM for its new state.",
    ),
    leaves_open(
        "filtered by what an operator writes",
        "subscription.filtered",
        hears({"AlarmDescription": [{"prefix": "high"}]}),
        "What stands in a description is not read.",
    ),
    holds("an empty filter policy", hears({}), "An empty policy takes back the one before."),
    holds(
        "one of two filtered",
        together(hears({"severity": ["high"]}, "MessageAttributes"), subscribed(*QUEUE)),
        "Every subscription has a filter policy of its own.",
    ),
)


SIEM = (
    holds("SIEM gets everything", together(no_filter, to_siem()), "An empty pattern sends every event.", **TO_SIEM),
    holds(
        "SIEM gets what CIS asks", together(no_filter, to_siem(CIS)), "It sends what its pattern matches.", **TO_SIEM
    ),
    holds(
        "SIEM gets all but what is benign",
        together(no_filter, to_siem('{ $.eventName != "HeadBucket" }')),
        "Every event has an eventName, so that `!=` leaves out no others.",
        **TO_SIEM,
    ),
    breaks(
        "SIEM gets all that lacks a word",
        "siem.misses",
        together(no_filter, to_siem("-HeadBucket")),
        "A term is looked for anywhere in the event, also in the message or the parameters of another call.",
        also=("filter.missing",),
        **TO_SIEM,
    ),
    breaks(
        "SIEM gets one arm",
        "siem.misses",
        together(no_filter, to_siem(DENIED)),
        "It sends what its pattern matches, and no more.",
        also=("filter.missing",),
        **TO_SIEM,
    ),
    holds(
        "SIEM gets one arm, an alarm tells the other",
        together(the_filter(REFUSED), to_siem(DENIED)),
        "Each event is told by one of the two.",
        **TO_SIEM,
    ),
    breaks(
        "SIEM, another than that listed",
        "filter.missing",
        together(no_filter, to_siem(destination=f"{DESTINATION}-of-a-team")),
        "A subscription filter may send events to anything.",
        **TO_SIEM,
    ),
    leaves_open(
        "SIEM gets transformed events",
        "siem.misses",
        together(no_filter, to_siem(CIS, applyOnTransformedLogs=True)),
        "The pattern is put to what a transformer makes of the event.",
        **TO_SIEM,
    ),
    holds(
        "SIEM by an account policy",
        together(no_filter, to_siem_by_policy()),
        "Such a policy puts a subscription filter on every log group of account and region.",
        **TO_SIEM,
    ),
    breaks(
        "SIEM by an account policy that leaves out the log group",
        "filter.missing",
        together(no_filter, to_siem_by_policy(but_not="management-events")),
        "Its selection criteria name the log groups that it leaves out.",
        **TO_SIEM,
    ),
    holds(
        "SIEM by an account policy that leaves out another log group",
        together(no_filter, to_siem_by_policy(but_not="application")),
        "Its selection criteria name the log groups that it leaves out.",
        **TO_SIEM,
    ),
    holds(
        "SIEM reads the bucket",
        the_trail(CloudWatchLogsLogGroupArn=""),
        "The bucket gets every event that the trail records.",
        **TO_BUCKET,
    ),
    breaks(
        "SIEM reads the bucket of a stopped trail",
        "trail.not-logging",
        no_logging,
        "A trail that does not log delivers nowhere.",
        **TO_BUCKET,
    ),
    holds("SIEM is told of files", notices, "The topic is told of every file that the trail delivers.", **TO_TOPIC),
)


OF_REGIONS = (
    leaves_open(
        "the trail's region excluded",
        "unread.not-asked",
        nothing,
        "The trail shows in every region, but whether it logs can be asked at home only.",
        region=AWAY,
        excluded=(HOME,),
    ),
    holds("another region excluded", nothing, "A multi-region trail sees to the rest.", excluded=(AWAY,)),
    holds(
        "a filter without an excluded region",
        the_filter(WHOLE_BUT),
        "It matches the events of all regions that count.",
        excluded=(AWAY,),
    ),
    breaks(
        "a filter without a region that counts",
        "filter.misses",
        the_filter(WHOLE_BUT),
        "Every event has its region in awsRegion.",
        region=AWAY,
    ),
    holds(
        "a filter without a region that is not opted in to",
        the_filter(but('$.awsRegion != "af-south-1"')),
        "A region that the account has not opted in to makes no events.",
        overrides={"future_region": False},
    ),
    breaks(
        "a filter without a region that is not opted in to yet",
        "filter.misses",
        the_filter(but('$.awsRegion != "af-south-1"')),
        "Once the account opts in, the trail records that region too.",
        region="future",
    ),
)


SCENARIOS = (
    *TRAILS,
    *DELIVERY,
    *LOG_GROUPS,
    *PATTERNS,
    *FILTERS,
    *ALARMS,
    *ACTIONS,
    *MATH,
    *COMPOSITES,
    *TOPICS,
    *SUBSCRIPTIONS,
    *SIEM,
    *OF_REGIONS,
)
