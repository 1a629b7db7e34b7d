"""Every field of AWS's answers that may matter is read, or has a reason here why it does not matter.

The fields are those of botocore's models. When AWS adds one, a test fails until somebody has judged it: read it in
`aws.responses`, or say here why it changes nothing.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.session import Session

ROOT = Path(__file__).parents[4] / "layers/blindspot/blindspot/aws"
PRODUCT = "".join((ROOT / f"{name}.py").read_text() for name in ("responses", "client"))

OPERATIONS = (
    "cloudtrail:DescribeTrails",
    "cloudtrail:GetTrailStatus",
    "cloudtrail:GetEventSelectors",
    "logs:DescribeLogGroups",
    "logs:DescribeMetricFilters",
    "logs:DescribeSubscriptionFilters",
    "logs:DescribeAccountPolicies",
    "logs:FilterLogEvents",
    "cloudwatch:DescribeAlarms",
    "cloudwatch:ListAlarmMuteRules",
    "cloudwatch:GetAlarmMuteRule",
    "sns:GetTopicAttributes",
    "sns:ListSubscriptionsByTopic",
    "sns:GetSubscriptionAttributes",
    "kms:DescribeKey",
    "kms:GetKeyPolicy",
    "ec2:DescribeRegions",
)

READ = ""
"""What stands for a reason where the product reads the field."""

A_COPY = "another field says the same"
DESCRIBES = "a description, a time or a cost: nothing depends on it"
OTHER_ACTIONS = "actions on OK or INSUFFICIENT_DATA: nobody is alerted by them to a call"
STORAGE = "how it is stored: metric filters see each event when it arrives"
OF_THE_BUCKET = "about the bucket: only where it is a SIEM's does it matter, and then its error is read"
OF_ANOTHER_KIND = "no alarm on metrics has it"
LOG_ALARM = "no log alarm is analyzed: each that may query the log group is a doubt"
WHILE_SCHEDULED = "the rule's status says whether it mutes now"
NOT_JSON = "how the destination gets it"
OF_THE_KEY = "about the key's material: SNS takes only a symmetric key for encryption, and its state is read"

FIELDS: dict[str, dict[str, str]] = {
    "DescribeTrailsResponse": {"trailList": READ},
    "Trail": {
        "Name": A_COPY,
        "S3BucketName": READ,
        "S3KeyPrefix": OF_THE_BUCKET,
        "SnsTopicName": A_COPY,
        "SnsTopicARN": READ,
        "IncludeGlobalServiceEvents": READ,
        "IsMultiRegionTrail": READ,
        "HomeRegion": READ,
        "TrailARN": READ,
        "LogFileValidationEnabled": OF_THE_BUCKET,
        "CloudWatchLogsLogGroupArn": READ,
        "CloudWatchLogsRoleArn": "GetTrailStatus has the error if the role does not let CloudTrail deliver",
        "KmsKeyId": OF_THE_BUCKET,
        "HasCustomEventSelectors": "GetEventSelectors has the selectors",
        "HasInsightSelectors": "Insights events are none of the control's",
        "IsOrganizationTrail": READ,
        "RecursiveLogging": "without it CloudTrail's own delivery is not recorded; GetTrailStatus has its errors",
    },
    "GetTrailStatusResponse": {
        "IsLogging": READ,
        "LatestDeliveryError": READ,
        "LatestNotificationError": READ,
        "LatestDeliveryTime": OF_THE_BUCKET,
        "LatestNotificationTime": OF_THE_BUCKET,
        "StartLoggingTime": READ,
        "StopLoggingTime": "IsLogging says whether it logs",
        "LatestCloudWatchLogsDeliveryError": READ,
        "LatestCloudWatchLogsDeliveryTime": READ,
        **dict.fromkeys(("LatestDigestDeliveryTime", "LatestDigestDeliveryError"), OF_THE_BUCKET),
        **dict.fromkeys(
            (
                "LatestDeliveryAttemptTime",
                "LatestNotificationAttemptTime",
                "LatestNotificationAttemptSucceeded",
                "LatestDeliveryAttemptSucceeded",
                "TimeLoggingStarted",
                "TimeLoggingStopped",
            ),
            "is no longer in use (CloudTrail API reference, GetTrailStatus)",
        ),
    },
    "GetEventSelectorsResponse": {"TrailARN": READ, "EventSelectors": READ, "AdvancedEventSelectors": READ},
    "EventSelector": {
        "ReadWriteType": READ,
        "IncludeManagementEvents": READ,
        "DataResources": "data events are none of the control's",
        "ExcludeManagementEventSources": READ,
    },
    "AdvancedEventSelector": {"Name": DESCRIBES, "FieldSelectors": READ},
    "AdvancedFieldSelector": dict.fromkeys(
        ("Field", "Equals", "StartsWith", "EndsWith", "NotEquals", "NotStartsWith", "NotEndsWith"), READ
    ),
    "DescribeLogGroupsResponse": {"logGroups": READ, "nextToken": READ},
    "LogGroup": {
        "logGroupName": READ,
        "creationTime": DESCRIBES,
        "retentionInDays": READ,
        **dict.fromkeys(("retentionPolicyName", "storedBytes", "kmsKeyId"), STORAGE),
        "metricFilterCount": "DescribeMetricFilters has the filters",
        "arn": A_COPY,
        "logGroupArn": A_COPY,
        "dataProtectionStatus": READ,
        "inheritedProperties": READ,
        "logGroupClass": READ,
        "deletionProtectionEnabled": STORAGE,
        "bearerTokenAuthenticationEnabled": "how others send events: CloudTrail sends its own with its role",
    },
    "DescribeMetricFiltersResponse": {"metricFilters": READ, "nextToken": READ},
    "MetricFilter": {
        "filterName": READ,
        "filterPattern": READ,
        "metricTransformations": READ,
        "creationTime": READ,
        "logGroupName": READ,
        "applyOnTransformedLogs": READ,
        "fieldSelectionCriteria": READ,
        "emitSystemFieldDimensions": READ,
    },
    "MetricTransformation": dict.fromkeys(
        ("metricName", "metricNamespace", "metricValue", "defaultValue", "dimensions", "unit"), READ
    ),
    "DescribeSubscriptionFiltersResponse": {"subscriptionFilters": READ, "nextToken": READ},
    "SubscriptionFilter": {
        "filterName": READ,
        "logGroupName": READ,
        "filterPattern": READ,
        "destinationArn": READ,
        "roleArn": "PutSubscriptionFilter sends a test event, and refuses a role that does not let it",
        "distribution": NOT_JSON,
        "applyOnTransformedLogs": READ,
        "creationTime": DESCRIBES,
        "fieldSelectionCriteria": READ,
        "emitSystemFields": NOT_JSON,
    },
    "DescribeAccountPoliciesResponse": {"accountPolicies": READ, "nextToken": READ},
    "AccountPolicy": {
        "policyName": READ,
        "policyDocument": READ,
        "lastUpdatedTime": DESCRIBES,
        "policyType": "only one type is asked for",
        "scope": "ALL is the only value",
        "selectionCriteria": READ,
        "accountId": "only the account of the credentials is asked for",
    },
    "DescribeAlarmsOutput": {"CompositeAlarms": READ, "MetricAlarms": READ, "LogAlarms": READ, "NextToken": READ},
    "MetricAlarm": {
        "AlarmName": A_COPY,
        "AlarmArn": READ,
        "AlarmDescription": DESCRIBES,
        "AlarmConfigurationUpdatedTimestamp": DESCRIBES,
        "ActionsEnabled": READ,
        "OKActions": OTHER_ACTIONS,
        "AlarmActions": READ,
        "InsufficientDataActions": OTHER_ACTIONS,
        "StateValue": READ,
        "StateReason": DESCRIBES,
        "StateReasonData": DESCRIBES,
        **dict.fromkeys(
            (
                "StateUpdatedTimestamp",
                "MetricName",
                "Namespace",
                "Statistic",
                "ExtendedStatistic",
                "Dimensions",
                "Period",
                "Unit",
                "EvaluationPeriods",
                "DatapointsToAlarm",
                "Threshold",
                "ComparisonOperator",
                "TreatMissingData",
                "Metrics",
                "ThresholdMetricId",
                "EvaluationState",
                "StateTransitionedTimestamp",
                "EvaluationWindow",
                "WarmUpConfiguration",
                "EvaluationCriteria",
            ),
            READ,
        ),
        "EvaluateLowSampleCountPercentile": "a percentile is not analyzed",
        "EvaluationInterval": OF_ANOTHER_KIND,
        "ActionConfiguration": "adds the alarm's tags to its message: filter policies know of the fields",
    },
    "Dimension": {"Name": READ, "Value": READ},
    "MetricDataQuery": {
        "Id": READ,
        "MetricStat": READ,
        "Expression": READ,
        "Label": DESCRIBES,
        "ReturnData": READ,
        "Period": READ,
        "AccountId": READ,
    },
    "MetricStat": dict.fromkeys(("Metric", "Period", "Stat", "Unit"), READ),
    "Metric": dict.fromkeys(("Namespace", "MetricName", "Dimensions"), READ),
    "EvaluationWindow": {"WallClockWindow": "any window but the sliding one is a doubt", "SlidingWindow": READ},
    "SlidingWindow": {},
    "WarmUpConfiguration": dict.fromkeys(
        ("WarmUpPeriodDurationInMinutes", "OnlyStartEvaluatingAfterWarmUpPeriodEnds"), "any warm-up period is a doubt"
    ),
    "EvaluationCriteria": {"PromQLCriteria": "any such criteria are a doubt"},
    "CompositeAlarm": {
        "ActionsEnabled": READ,
        "AlarmActions": READ,
        "AlarmArn": READ,
        "AlarmConfigurationUpdatedTimestamp": DESCRIBES,
        "AlarmDescription": DESCRIBES,
        "AlarmName": A_COPY,
        "AlarmRule": READ,
        "InsufficientDataActions": OTHER_ACTIONS,
        "OKActions": OTHER_ACTIONS,
        "StateReason": DESCRIBES,
        "StateReasonData": DESCRIBES,
        "StateUpdatedTimestamp": READ,
        "StateValue": READ,
        "StateTransitionedTimestamp": READ,
        "ActionsSuppressedBy": READ,
        "ActionsSuppressedReason": DESCRIBES,
        "ActionsSuppressor": READ,
        "ActionsSuppressorWaitPeriod": "the actions wait, and then run",
        "ActionsSuppressorExtensionPeriod": "ActionsSuppressedBy says whether it is on now",
        "ActionConfiguration": "adds the alarm's tags to its message: filter policies know of the fields",
    },
    "LogAlarm": {
        **dict.fromkeys(("AlarmArn", "ActionsEnabled", "AlarmActions", "StateValue"), READ),
        "ScheduledQueryConfiguration": READ,
        **dict.fromkeys(
            (
                "AlarmName",
                "AlarmDescription",
                "AlarmConfigurationUpdatedTimestamp",
                "OKActions",
                "InsufficientDataActions",
                "StateReason",
                "StateReasonData",
                "StateUpdatedTimestamp",
                "StateTransitionedTimestamp",
                "QueryResultsToEvaluate",
                "QueryResultsToAlarm",
                "Threshold",
                "ComparisonOperator",
                "TreatMissingData",
                "EvaluationState",
                "ActionLogLineCount",
                "ActionLogLineRoleArn",
                "WarmUpConfiguration",
                "ActionConfiguration",
            ),
            LOG_ALARM,
        ),
    },
    "ScheduledQueryConfiguration": {
        "QueryString": READ,
        "LogGroupIdentifiers": READ,
        **dict.fromkeys(
            ("QueryARN", "ScheduledQueryRoleARN", "ScheduleConfiguration", "AggregationExpression", "Tags"), LOG_ALARM
        ),
    },
    "ListAlarmMuteRulesOutput": {"AlarmMuteRuleSummaries": READ, "NextToken": READ},
    "AlarmMuteRuleSummary": {
        "AlarmMuteRuleArn": READ,
        "ExpireDate": WHILE_SCHEDULED,
        "Status": READ,
        "MuteType": WHILE_SCHEDULED,
        "LastUpdatedTimestamp": DESCRIBES,
    },
    "GetAlarmMuteRuleOutput": {
        "Name": READ,
        "AlarmMuteRuleArn": READ,
        "Description": DESCRIBES,
        "Rule": READ,
        "MuteTargets": READ,
        "StartDate": WHILE_SCHEDULED,
        "ExpireDate": WHILE_SCHEDULED,
        "Status": "ListAlarmMuteRules has it",
        "LastUpdatedTimestamp": DESCRIBES,
        "MuteType": WHILE_SCHEDULED,
    },
    "Rule": {"Schedule": WHILE_SCHEDULED},
    "MuteTargets": {"AlarmNames": READ},
    "GetTopicAttributesResponse": {"Attributes": READ},
    "ListSubscriptionsByTopicResponse": {"Subscriptions": READ, "NextToken": READ},
    "Subscription": dict.fromkeys(("SubscriptionArn", "Owner", "Protocol", "Endpoint", "TopicArn"), READ),
    "GetSubscriptionAttributesResponse": {"Attributes": READ},
    "DescribeKeyResponse": {"KeyMetadata": READ},
    "KeyMetadata": {
        **dict.fromkeys(("KeyId", "Arn", "KeyState", "KeyManager"), READ),
        "AWSAccountId": A_COPY,
        "Enabled": A_COPY,
        **dict.fromkeys(("CreationDate", "Description"), DESCRIBES),
        **dict.fromkeys(
            ("DeletionDate", "PendingDeletionWindowInDays", "ValidTo", "ExpirationModel"),
            "KeyState says what it can do",
        ),
        **dict.fromkeys(
            (
                "KeyUsage",
                "Origin",
                "CustomKeyStoreId",
                "CloudHsmClusterId",
                "CustomerMasterKeySpec",
                "KeySpec",
                "EncryptionAlgorithms",
                "SigningAlgorithms",
                "KeyAgreementAlgorithms",
                "EncapsulationAlgorithms",
                "MultiRegion",
                "MultiRegionConfiguration",
                "MacAlgorithms",
                "XksKeyConfiguration",
                "CurrentKeyMaterialId",
            ),
            OF_THE_KEY,
        ),
    },
    "GetKeyPolicyResponse": {"Policy": READ, "PolicyName": "only one name is asked for"},
    "FilterLogEventsResponse": {
        "events": READ,
        "searchedLogStreams": "always empty since 2020",
        "nextToken": READ,
    },
    "FilteredLogEvent": {
        "logStreamName": "a log group is read whole",
        "timestamp": READ,
        "message": READ,
        "ingestionTime": "metric filters count by the timestamp",
        "eventId": "CloudTrail's own eventID is in the message",
    },
    "DescribeRegionsResult": {"Regions": READ},
    "Region": {
        "OptInStatus": READ,
        "Geography": DESCRIBES,
        "RegionName": READ,
        "Endpoint": "the SDK knows it",
    },
}
"""By structure, every field."""

DELIVERY = "how SNS delivers, and tries again: a failed delivery is not seen before it happens"
FIFO = "of FIFO topics: CloudWatch publishes to them as to others"
ATTRIBUTES: dict[str, dict[str, str]] = {
    "GetTopicAttributesResponse": {
        "DeliveryPolicy": DELIVERY,
        "DisplayName": DESCRIBES,
        "EffectiveDeliveryPolicy": DELIVERY,
        "MaximumMessageSize": READ,
        "Owner": A_COPY,
        "Policy": READ,
        "SignatureVersion": DELIVERY,
        **dict.fromkeys(
            ("SubscriptionsConfirmed", "SubscriptionsDeleted", "SubscriptionsPending"),
            "ListSubscriptionsByTopic has the subscriptions",
        ),
        "TopicArn": READ,
        "TracingConfig": DELIVERY,
        "KmsMasterKeyId": READ,
        **dict.fromkeys(
            (
                "ArchivePolicy",
                "BeginningArchiveTime",
                "ContentBasedDeduplication",
                "FifoTopic",
            ),
            FIFO,
        ),
    },
    "GetSubscriptionAttributesResponse": {
        "ConfirmationWasAuthenticated": "says who can unsubscribe",
        "DeliveryPolicy": DELIVERY,
        "EffectiveDeliveryPolicy": DELIVERY,
        "FilterPolicy": READ,
        "FilterPolicyScope": READ,
        "Owner": "ListSubscriptionsByTopic has it",
        "PendingConfirmation": "a pending subscription has no ARN",
        "RawMessageDelivery": DELIVERY,
        "RedrivePolicy": DELIVERY,
        "SubscriptionArn": READ,
        "TopicArn": READ,
        "SubscriptionRoleArn": DELIVERY,
    },
}
"""The attributes that the documentation of a map lists."""


def structures(shape: Any, reasons: dict[str, dict[str, str]]) -> Iterator[Any]:
    """The structures of an answer, those of the fields that are read included."""
    while shape.type_name == "list":
        shape = shape.member
    if shape.type_name == "structure":
        yield shape
        for name, member in shape.members.items():
            if reasons.get(shape.name, {}).get(name) == READ:
                yield from structures(member, reasons)


def modelled() -> dict[str, Any]:
    session = Session()
    found: dict[str, Any] = {}
    for operation in OPERATIONS:
        service, name = operation.split(":")
        answer = session.get_service_model(service).operation_model(name).output_shape
        found |= {shape.name: shape for shape in structures(answer, FIELDS)}
    return found


SHAPES = modelled()


@pytest.mark.parametrize("name", SHAPES)
def test_every_field_is_judged(name: str) -> None:
    """On failure: see this module's docstring."""
    assert set(FIELDS.get(name, {})) == set(SHAPES[name].members)


def test_no_other_structure_is_listed() -> None:
    assert set(FIELDS) == set(SHAPES)


def listed(documentation: str) -> set[str]:
    """The names at the beginning of the items of a documentation's lists."""
    return set(re.findall(r"<li>\s*<p>\s*<code>(\w+)</code>\s*[-\u2013]", documentation))


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_every_attribute_is_judged(name: str) -> None:
    documented = listed(SHAPES[name].members["Attributes"].documentation)
    values_of_others = {"MessageAttributes", "MessageBody", "Topic", "MessageGroup"}
    assert documented - values_of_others == set(ATTRIBUTES[name])


@pytest.mark.parametrize("name", [*FIELDS, *ATTRIBUTES])
def test_what_is_said_to_be_read_is(name: str) -> None:
    fields = {**FIELDS.get(name, {}), **ATTRIBUTES.get(name, {})}
    assert [field for field, why in fields.items() if why == READ and f'"{field}"' not in PRODUCT] == []
