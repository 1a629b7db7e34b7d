"""An account for which every operation is called that the evaluator reads with."""

import json

from blindspot.model import profile
from local.accounts import Made, a_compliant_account
from local.aws import LocalAws

OWNER = "999988887777"
ROLE = f"arn:aws:iam::{OWNER}:role/blindspot"
HOME = "eu-west-1"
SIEM = f"arn:aws:logs:{HOME}:123456789012:destination:siem"
OTHER_SIEM = f"arn:aws:logs:{HOME}:123456789012:destination:other"
PROFILE = profile.load("cis-level-2", {"siem_destinations": [SIEM]})


def an_account_that_uses_everything(
    aws: LocalAws, *, pattern: str = PROFILE.pattern.text, listener: str = '{"NewStateValue": ["ALARM"]}'
) -> Made:
    """A composite alarm notifies an encrypted topic; an organization's trail is there, mute rules, and a SIEM that gets
    something else."""
    made = a_compliant_account(aws, pattern=pattern, alarm={"AlarmActions": []})
    alarms = aws.client("cloudwatch")
    alarms.put_composite_alarm(AlarmName="any", AlarmRule=f'ALARM("{made.alarm}")', AlarmActions=[made.topic])
    alarms.put_alarm_mute_rule(
        Name="later",
        Rule={"Schedule": {"Expression": "at(2099-01-01T00:00)", "Duration": "PT1H"}},
        MuteTargets={"AlarmNames": ["any"]},
    )
    policy = {
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "cloudwatch.amazonaws.com"},
                "Action": "kms:*",
                "Resource": "*",
            }
        ]
    }
    key = aws.client("kms").create_key(Policy=json.dumps(policy))["KeyMetadata"]["KeyId"]
    topics = aws.client("sns")
    topics.set_topic_attributes(TopicArn=made.topic, AttributeName="KmsMasterKeyId", AttributeValue=key)
    for subscription in topics.list_subscriptions_by_topic(TopicArn=made.topic)["Subscriptions"]:
        topics.set_subscription_attributes(
            SubscriptionArn=subscription["SubscriptionArn"], AttributeName="FilterPolicy", AttributeValue=listener
        )
        topics.set_subscription_attributes(
            SubscriptionArn=subscription["SubscriptionArn"],
            AttributeName="FilterPolicyScope",
            AttributeValue="MessageBody",
        )
    logs = aws.client("logs")
    logs.put_subscription_filter(
        logGroupName=made.log_group, filterName="s", filterPattern="{ $.eventName = CreateUser }", destinationArn=SIEM
    )
    logs.put_account_policy(
        policyName="p",
        policyType="SUBSCRIPTION_FILTER_POLICY",
        policyDocument=json.dumps({"DestinationArn": OTHER_SIEM, "FilterPattern": ""}),
        scope="ALL",
    )
    owner = aws.client("s3", account=OWNER)
    owner.create_bucket(Bucket="organization", CreateBucketConfiguration={"LocationConstraint": HOME})
    aws.client("cloudtrail", account=OWNER).create_trail(
        Name="organization", S3BucketName="organization", IsOrganizationTrail=True, IsMultiRegionTrail=True
    )
    aws.trust(ROLE)
    return made
