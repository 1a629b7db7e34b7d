"""Trails, their delivery, and log groups."""

from local.accounts import HALF_RIGHT, a_compliant_account
from tests.scenarios.bends import (
    ACCOUNT,
    AWAY,
    DATA,
    LOG_GROUP_WITH_SLASHES,
    NOT_SO_LONG_AGO,
    OTHER,
    READS,
    ROLE,
    THIRD,
    WRITES,
    a_log_group,
    a_second_channel,
    an_organization_trail,
    another_trail,
    breaks,
    but,
    delivered,
    holds,
    leaves_open,
    logging_for_long,
    no_log_group,
    no_logging,
    no_trail,
    nothing,
    selecting,
    selecting_fields,
    the_filter,
    the_trail,
    to_another_account,
    together,
)

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
    breaks(
        "advanced, a star for every source",
        "trail.selectors",
        selecting_fields({"eventSource": {"Equals": ["*"]}}),
        "Selectors know no wildcards: no event's source is a star.",
    ),
    holds(
        "advanced, without what a star begins",
        selecting_fields({"eventSource": {"NotEquals": ["kms*"]}}),
        "Selectors know no wildcards: no source ends in a star.",
    ),
    breaks("reads only", "trail.selectors", selecting(READS), "A ReadOnly selector records no refused write."),
    holds(
        "a selector for reads and one for writes",
        selecting(READS, WRITES),
        "An event is recorded when any selector of the trail matches it.",
    ),
    holds(
        "a trail of reads and a trail of writes, one log group",
        together(selecting(READS), another_trail("writes-only"), selecting(WRITES, trail="writes-only")),
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
            another_trail("writes-only"),
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
            another_trail("reads-only"),
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
