"""A month of refused calls as a noisy account has them: machines that call what they may not, people who open pages of
the console, and one slow attack among them.

The shapes of the calls are those of public data sets and of AWS's documentation: "CloudTrail userIdentity element" in
the CloudTrail user guide, "Troubleshoot access denied error messages" in the IAM user guide.
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, NamedTuple

from blindspot.model.cloudtrail_calls import ACCOUNT, ENDING, call, denial_of, in_account, service, user

MINUTE, HOUR, DAY = 60, 3_600, 86_400
REGION = "eu-west-1"
OUTSIDE = "192.0.2.66"
"""From where the attack comes."""


class Delivered(NamedTuple):
    """A refused call in a log group. timestamp: of the log event, in milliseconds since 1970. kind: one of KINDS."""

    timestamp: int
    event: dict[str, Any]
    kind: str


@dataclass(frozen=True)
class Refused:
    """What is refused. message: with {arn}, {action} and {encoded} to be filled in."""

    service: str
    call: str
    message: str
    error: str = ""
    parameters: Mapping[str, object] | None = None


@dataclass(frozen=True)
class Caller:
    """Who calls, from where, with which user agent, and whether in the console."""

    identity: Mapping[str, object]
    address: str
    agent: str
    console: bool = False


NO_IDENTITY_POLICY = (
    "User: {arn} is not authorized to perform: {action} on resource: * "
    "because no identity-based policy allows the {action} action"
)
SERVICE_CONTROL_POLICY = (
    "User: {arn} is not authorized to perform: {action} on resource: * with an explicit deny in a service control "
    "policy: arn:aws:organizations::444455556666:policy/o-exampleorgid/service_control_policy/p-examplepolicy"
)
BUCKET_POLICY = (
    'User: {arn} is not authorized to perform: {action} on resource: "arn:aws:s3:::central-logs" '
    "with an explicit deny in a resource-based policy"
)
KEY_POLICY = (
    "User: {arn} is not authorized to perform: {action} on this resource because the resource does not exist in this "
    "Region, no resource-based policies allow access, or a resource-based policy explicitly denies access"
)
ENCODED = "You are not authorized to perform this operation. Encoded authorization failure message: {encoded}"
BUCKET = {"bucketName": "central-logs", "Host": f"central-logs.s3.{REGION}.amazonaws.com"}

SCANNED = (
    Refused("s3", "GetBucketAcl", BUCKET_POLICY, parameters=BUCKET),
    Refused("s3", "GetBucketPolicy", BUCKET_POLICY, parameters=BUCKET),
    Refused("kms", "GetKeyPolicy", KEY_POLICY, parameters={"policyName": "default"}),
    Refused("sqs", "GetQueueAttributes", NO_IDENTITY_POLICY),
    Refused("ecr", "GetRepositoryPolicy", NO_IDENTITY_POLICY, parameters={"repositoryName": "orders"}),
    Refused("glacier", "ListVaults", SERVICE_CONTROL_POLICY),
)
DELIVERY = Refused("s3", "GetBucketAcl", "Access Denied", parameters=BUCKET)
RECORDER = Refused("s3", "GetBucketLogging", BUCKET_POLICY, parameters=BUCKET)
DEPLOYMENT = (Refused("iam", "GetRole", NO_IDENTITY_POLICY, parameters={"roleName": "orders-task"}),)
METRICS = Refused("ec2", "DescribeVolumes", ENCODED)
PAGES = (
    Refused("ce", "GetCostAndUsage", SERVICE_CONTROL_POLICY),
    Refused("health", "DescribeEventAggregates", NO_IDENTITY_POLICY),
    Refused("organizations", "DescribeOrganization", NO_IDENTITY_POLICY),
    Refused("securityhub", "DescribeHub", NO_IDENTITY_POLICY),
    Refused("access-analyzer", "ListAnalyzers", NO_IDENTITY_POLICY),
)
EXPIRED = Refused(
    "ec2", "DescribeInstances", "The security token included in the request is expired", "Client.RequestExpired"
)
REPORT = Refused("ce", "GetCostAndUsage", NO_IDENTITY_POLICY)
OWN = Refused("sns", "GetTopicAttributes", NO_IDENTITY_POLICY, parameters={"topicArn": "arn:aws:sns:::alerts"})

PROBED = tuple(
    Refused(source, name, ENCODED if source == "ec2" else NO_IDENTITY_POLICY)
    for source, names in {
        "iam": "ListUsers ListRoles GetAccountSummary CreateAccessKey ListAttachedUserPolicies AttachUserPolicy",
        "s3": "ListBuckets GetBucketVersioning PutBucketPolicy",
        "secretsmanager": "ListSecrets GetSecretValue",
        "ssm": "DescribeParameters GetParametersByPath SendCommand",
        "ec2": "DescribeInstances DescribeSnapshots RunInstances ModifySnapshotAttribute",
        "lambda": "ListFunctions20150331 GetFunction20150331v2 UpdateFunctionCode20150331v2",
        "dynamodb": "ListTables DescribeTable ExportTableToPointInTime",
        "rds": "DescribeDBSnapshots ModifyDBSnapshotAttribute",
        "kms": "ListKeys Decrypt ScheduleKeyDeletion",
        "cloudtrail": "DescribeTrails StopLogging",
        "guardduty": "ListDetectors DeleteDetector",
        "sts": "AssumeRole GetFederationToken",
        "organizations": "ListAccounts LeaveOrganization",
        "ecs": "ListClusters RunTask",
        "eks": "ListClusters DescribeCluster",
        "ses": "GetSendQuota SendEmail",
        "codecommit": "ListRepositories GetBranch",
        "redshift": "DescribeClusters GetClusterCredentials",
        "sqs": "ListQueues PurgeQueue",
        "logs": "DescribeLogGroups DeleteLogGroup",
        "apigateway": "GetRestApis GetApiKeys",
        "cloudformation": "ListStacks GetTemplate",
        "route53": "ListHostedZones ChangeResourceRecordSets",
        "backup": "ListBackupVaults DeleteBackupVault",
    }.items()
    for name in names.split()
)
"""What the attack tries, each call once before any again."""


def role(name: str, session: str, *, path: str = "", invoked_by: str = "", mfa: bool = False) -> dict[str, object]:
    """A session of a role."""
    number = f"AROA{name.upper().replace('-', '').replace('_', ''):X<17.17}"
    issuer = {
        "type": "Role",
        "principalId": number,
        "arn": f"arn:aws:iam::{ACCOUNT}:role{path}/{name}",
        "accountId": ACCOUNT,
        "userName": name,
    }
    return {
        "type": "AssumedRole",
        "principalId": f"{number}:{session}",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/{session}",
        "accountId": ACCOUNT,
        "accessKeyId": "ASIAIOSFODNN7EXAMPLE",
        "sessionContext": {
            "sessionIssuer": issuer,
            "attributes": {"mfaAuthenticated": str(mfa).lower(), "creationDate": "2026-01-01T11:00:00Z"},
        },
        **({"invokedBy": invoked_by} if invoked_by else {}),
    }


SCANNER = Caller(role("posture-scanner", "scan"), "198.51.100.23", "Boto3/1.40.0 md/Botocore#1.40.0")
TRAIL = Caller(service("cloudtrail"), f"cloudtrail{ENDING}", f"cloudtrail{ENDING}")
CONFIG = Caller(
    role(
        "AWSServiceRoleForConfig",
        "AWSConfig-BucketConfigCheck",
        path=f"/aws-service-role/config{ENDING}",
        invoked_by=f"config{ENDING}",
    ),
    f"config{ENDING}",
    f"config{ENDING}",
)
CI = role("ci-deploy", "GitHubActions")
WEB = role("orders-web", "i-0a1b2c3d4e5f60718")
USERS_SCRIPT = Caller(user("reporting"), "203.0.113.40", "aws-cli/2.31.0 md/awscrt#0.27.6 ua/2.1 os/linux")
EVALUATOR = Caller(
    role("blindspot-EvaluatorFunctionRole-1A2B3C", "blindspot-EvaluatorFunction"),
    "203.0.113.90",
    "Botocore/1.40.0 ua/2.1 os/linux exec-env/AWS_Lambda_python3.13 blindspot",
)
PEOPLE = ("alice@example.com", "bob@example.com", "carol@example.com")
STOLEN = "aws-cli/2.15.59 md/awscrt#0.19.19 ua/2.0 os/linux md/arch#x86_64"

Bout = tuple[float, list[tuple[float, Caller, Refused]]]
"""Calls that one caller makes one after another: when the first is made, in seconds since 1970, and each with the
seconds since then."""


def scans(random: Random, start: int, end: int) -> Iterator[Bout]:
    """Every hour, at about the same minute."""
    for hour in range(start - start % HOUR, end, HOUR):
        calls = [refused for refused in SCANNED for _ in range(random.randint(1, 2))]
        yield hour + 11 * MINUTE + random.uniform(0, 90), _paced(random, SCANNER, calls, 4)


def services(random: Random, start: int, end: int) -> Iterator[Bout]:
    """CloudTrail checks its bucket in most hours."""
    for hour in range(start - start % HOUR, end, HOUR):
        if random.random() < 0.85:
            yield (
                hour + 40 * MINUTE + random.uniform(0, 90),
                _paced(random, TRAIL, [DELIVERY] * random.randint(1, 3), 20),
            )


def recordings(random: Random, start: int, end: int) -> Iterator[Bout]:
    """AWS Config checks its bucket on every third day."""
    for day in range(start - start % DAY, end, 3 * DAY):
        yield day + 5 * HOUR + 29 * MINUTE, _paced(random, CONFIG, [RECORDER], 1)


def deployments(random: Random, start: int, end: int) -> Iterator[Bout]:
    """One or more on each working day, each from another address."""
    for day in _working_days(start, end):
        for _ in range(random.randint(1, 3)):
            caller = Caller(CI, f"203.0.113.{random.randint(1, 39)}", "APN/1.0 HashiCorp/1.0 Terraform/1.9.8")
            yield day + random.uniform(8, 18) * HOUR, _paced(random, caller, DEPLOYMENT * 2, 20)


def metrics(random: Random, start: int, end: int) -> Iterator[Bout]:
    """The agents of two instances, in every other night."""
    instances = {"i-0aaaabbbbccccdddd": "10.0.1.17", "i-0eeeeffff00001111": "10.0.2.41"}
    callers = [
        Caller(role("monitoring-agent", instance), address, "amazon-cloudwatch-agent")
        for instance, address in instances.items()
    ]
    for day in range(start - start % DAY, end, 2 * DAY):
        yield day + 3 * HOUR + 26 * MINUTE, [(random.uniform(0, 40), caller, METRICS) for caller in callers]


def visits(random: Random, start: int, end: int) -> Iterator[Bout]:
    """Somebody opens a page of the console without the permission, on some working days."""
    for day in _working_days(start, end):
        if random.random() < 0.5:
            calls = random.sample(PAGES, random.randint(1, 2))
            yield day + random.uniform(8, 17) * HOUR, _paced(random, _person(random), calls, 3)


def expired(random: Random, start: int, end: int) -> Iterator[Bout]:
    """A page of the console stays open over night: AWS refuses its calls, but not as unauthorized."""
    for day in _working_days(start, end):
        yield day + random.uniform(18, 19) * HOUR, _paced(random, _person(random), [EXPIRED] * 5, 30)


def reports(random: Random, start: int, end: int) -> Iterator[Bout]:
    """A user's script, every Monday."""
    for day in _working_days(start, end):
        if datetime.fromtimestamp(day, UTC).weekday() == 0:
            yield day + 6 * HOUR + random.uniform(0, 60), _paced(random, USERS_SCRIPT, [REPORT], 1)


def assessments(random: Random, start: int, end: int) -> Iterator[Bout]:
    """Blindspot itself, which one topic's policy does not let in, now and then."""
    for day in range(start - start % DAY, end, DAY):
        if random.random() < 0.15:
            yield day + 4 * HOUR, _paced(random, EVALUATOR, [OWN], 1)


def attack(random: Random, start: int, end: int) -> Iterator[Bout]:
    """With the credentials of a web application one to three calls on most days, and with those of the deployment a
    burst in one night. Each tries something else."""
    left = random.sample(PROBED, len(PROBED))
    burst = left[: len(left) // 3]
    slow = left[len(burst) :]
    days = range(start - start % DAY, end, DAY)
    for number, day in enumerate(days):
        if random.random() < 0.75 or not number:
            calls = [slow.pop(0) for _ in range(min(random.randint(1, 3), len(slow)))]
            yield day + random.uniform(0, 24) * HOUR, _paced(random, Caller(WEB, OUTSIDE, STOLEN), calls, 120)
        if number == len(days) * 3 // 5:
            yield day + 2 * HOUR, _paced(random, Caller(CI, OUTSIDE, STOLEN), burst, 40)


KINDS: Mapping[str, Callable[[Random, int, int], Iterator[Bout]]] = {
    "scanner": scans,
    "service": services,
    "recorder": recordings,
    "deployment": deployments,
    "agent": metrics,
    "person": visits,
    "expired": expired,
    "script": reports,
    "own": assessments,
    "attack": attack,
}
"""Who makes the calls of a noisy account."""


def a_month(seed: int, *, days: int = 30, account: str, end: datetime) -> Iterator[Delivered]:
    """The refused calls of so many days up to `end`, oldest first. The same for the same arguments.

    account: twelve digits. end: aware.
    """
    last = int(end.timestamp())
    first = last - int(timedelta(days=days).total_seconds())
    found = [
        one
        for kind, bouts in KINDS.items()
        for one in _delivered(Random(f"{seed} {kind}"), kind, bouts, first, last, account)  # noqa: S311
    ]
    yield from sorted((one for one in found if first * 1000 <= one.timestamp < last * 1000), key=_timestamp)


def _timestamp(one: Delivered) -> int:
    return one.timestamp


def _delivered(
    random: Random,
    kind: str,
    bouts: Callable[[Random, int, int], Iterable[Bout]],
    first: int,
    last: int,
    account: str,
) -> Iterator[Delivered]:
    for start, calls in bouts(random, first, last):
        lag = random.uniform(60, 240)  # CloudTrail delivers the calls of some minutes together
        for after, caller, refused in calls:
            made = start + after
            yield Delivered(int((made + lag) * 1000), _event(random, made, caller, refused, account), kind)


def _event(random: Random, at: float, caller: Caller, refused: Refused, account: str) -> dict[str, Any]:
    arn = caller.identity.get("arn") or caller.identity["invokedBy"]
    encoded = base64.urlsafe_b64encode(random.randbytes(90)).decode()
    message = refused.message.format(arn=arn, action=f"{refused.service}:{refused.call}", encoded=encoded)
    error = refused.error or denial_of(refused.service)
    made = call(refused.service, refused.call, caller.identity, error=error, parameters=refused.parameters)
    of_this = {
        "eventTime": datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "sourceIPAddress": caller.address,
        "userAgent": caller.agent,
        "errorMessage": message,
        "requestID": _number(random),
        "eventID": _number(random),
        **({"sessionCredentialFromConsole": "true"} if caller.console else {}),
    }
    region = "us-east-1" if refused.service in ("iam", "ce", "organizations", "route53", "health") else REGION
    return dict(in_account({**made, **of_this}, account, region))


def _number(random: Random) -> str:
    return str(uuid.UUID(int=random.getrandbits(128), version=4))


def _paced(
    random: Random, caller: Caller, calls: Iterable[Refused], pause: float
) -> list[tuple[float, Caller, Refused]]:
    """The calls, each up to so many seconds after the one before."""
    after = 0.0
    made = []
    for refused in calls:
        made.append((after, caller, refused))
        after += random.uniform(0, pause)
    return made


def _person(random: Random) -> Caller:
    name = random.choice(PEOPLE)
    of_identity_center = role(
        "AWSReservedSSO_ReadOnlyAccess_0123456789abcdef",
        name,
        path=f"/aws-reserved/sso{ENDING}/{REGION}",
        mfa=True,
    )
    address = f"203.0.113.{50 + PEOPLE.index(name)}"
    return Caller(of_identity_center, address, "Mozilla/5.0 (X11; Linux x86_64) Gecko", console=True)


def _working_days(start: int, end: int) -> Iterator[int]:
    for day in range(start - start % DAY, end, DAY):
        if datetime.fromtimestamp(day, UTC).weekday() < 5:
            yield day
