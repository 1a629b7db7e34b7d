"""An account, and the environment that leads every client to it."""

import json
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from unittest.mock import patch

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError
from moto import mock_aws
from moto.cloudtrail.models import cloudtrail_backends
from moto.config.models import config_backends
from moto.core import models as moto_models
from moto.core import responses as moto_responses
from moto.core.utils import method_names_from_class
from moto.events.models import events_backends
from moto.logs.models import logs_backends
from moto.sns.models import sns_backends
from moto.sts.models import sts_backends

from local.aws import dump, extension
from local.aws.calls import Call, Calls, Fault, intercepted
from local.aws.clients import CREDENTIALS, client_for
from local.aws.extension import config, ec2, log_events, logs, organization_config, sns
from local.aws.extension.config import Evaluations, Row, evaluations
from local.aws.extension.ec2 import DEFAULT_REGIONS
from local.aws.extension.events import accepted
from local.aws.extension.log_events import Page
from local.aws.extension.organizations import Organization, organization_or_new
from local.aws.extension.sts import Trust, own_role, trusts
from local.aws.iam import Role, Statement
from local.aws.limits import Limit


@dataclass
class LocalAws:
    """An account.

    only: the account whose calls `calls` tells of and faults and limits meet; None for every account's.
    watched: the calls of every client that `client` did not make, and the faults that they meet.
    evaluator: what AWS Config invokes with its event, at `deliver`.
    """

    account: str
    region: str
    regions: tuple[str, ...] = DEFAULT_REGIONS
    evaluator: Callable[[dict[str, Any]], object] | None = None
    only: str | None = field(default=None, init=False)
    watched: Calls = field(init=False)

    def __post_init__(self) -> None:
        self.watched = Calls(self.account)

    @property
    def calls(self) -> list[Call]:
        """What was called, in the order in which it was."""
        if self.only is None:
            return self.watched.made
        return [call for call in self.watched.made if (call.account or self.watched.account) == self.only]

    @property
    def waiting(self) -> int:
        """How many calls are not answered yet."""
        return len(self.watched.made) - len(self.watched.answered)

    def round_trips(self, after: int = 0) -> int:
        """How many calls were made one after another, each after the answer to the one before."""
        return self.watched.round_trips(after)

    @property
    def faults(self) -> list[Fault]:
        """Of those that meet a call the first is its answer."""
        return self.watched.faults

    def client(self, service: str, region: str | None = None, account: str | None = None) -> Any:
        """A client to set the account up with, or another one: its calls are neither recorded nor told to fail."""
        return client_for(service, region or self.region, account or self.account)

    @contextmanager
    def under(self, statements: Sequence[Statement]) -> Iterator[Role]:
        """Until the context ends, the account's own credentials are those of a role with these statements, and AWS
        refuses what they do not allow."""
        before, self.watched.role = self.watched.role, Role(statements)
        try:
            yield self.watched.role
        finally:
            self.watched.role = before

    def run_as(self, role_arn: str) -> None:
        """From now on the own credentials are those of this role, as a Lambda function's are."""
        own_role()[self.account] = role_arn

    def trust(
        self,
        role_arn: str,
        external_id: str | None = None,
        *,
        principal: str | None = None,
        statements: Sequence[Statement] | None = None,
        longest: int = 3600,
    ) -> None:
        """From now on this account can assume the role, and its credentials read the role's account.

        external_id, principal: what its trust policy asks for: sts:ExternalId, and in aws:PrincipalArn the role that
        may. statements: what the role allows, if not everything; `roles` then tells what it was asked for.
        longest: the role's MaxSessionDuration.
        """
        _, partition, _, _, account, _ = role_arn.split(":", 5)
        trusts(sts_backends[account][partition])[role_arn] = Trust(self.account, external_id, principal, longest)
        self.roles.pop(role_arn, None)
        if statements is not None:
            self.roles[role_arn] = Role(statements)

    def distrust(self, role_arn: str) -> None:
        """From now on nobody can assume the role: it was deleted, or its trust policy changed."""
        _, partition, _, _, account, _ = role_arn.split(":", 5)
        trusts(sts_backends[account][partition]).pop(role_arn, None)

    @property
    def roles(self) -> dict[str, Role]:
        """By ARN, the roles that `trust` gave statements."""
        return self.watched.roles

    @property
    def organization(self) -> Organization:
        """The organization that the account is in; it becomes the management account of a new one if there is none."""
        return organization_or_new(self.account)

    def of(self, account: str) -> "LocalAws":
        """Another account of this AWS, to set it up, to look at what it holds, and to make its calls fail: those that
        are made with credentials of that account."""
        other = LocalAws(account, self.region, self.regions)
        other.watched, other.only = self.watched, account
        return other

    def put_organization_rule(self, name: str, excluded: tuple[str, ...] = ()) -> None:
        """AWS Config creates the organization's rule in every active account that has a recorder."""
        self.client("config").put_organization_config_rule(
            OrganizationConfigRuleName=name,
            OrganizationCustomRuleMetadata={
                "LambdaFunctionArn": f"arn:aws:lambda:{self.region}:{self.account}:function:evaluator",
                "OrganizationConfigRuleTriggerTypes": ["ScheduledNotification"],
                "MaximumExecutionFrequency": "TwentyFour_Hours",
            },
            ExcludedAccounts=list(excluded),
        )

    def ask_members(self, name: str, *accounts: str) -> None:
        """AWS Config asks for an evaluation of the organization's rule, in these accounts that have it or in all."""
        backend = config_backends[self.account][self.region]
        rule = organization_config.rules_of(backend)[name]
        organization_config.deploy(backend, rule)
        for account in [account for account, error in rule.deployed.items() if error is None]:
            if not accounts or account in accounts:
                self.ask(rule.name_in_members, account)

    def ask(self, rule: str, account: str) -> None:
        """AWS Config asks for an evaluation of a rule that any account has: also of one in which a stranger named our
        function."""
        self.config.due.append(config.event_of(config_backends[account][self.region], rule))

    def put_aggregator(self, name: str = "blindspot") -> None:
        """An aggregator of the organization, for all regions."""
        role = f"arn:aws:iam::{self.account}:role/aggregator"
        self.client("config").put_configuration_aggregator(
            ConfigurationAggregatorName=name, OrganizationAggregationSource={"RoleArn": role, "AllAwsRegions": True}
        )

    def age(self, by: timedelta) -> None:
        """All rows that AWS Config shows of this account become so much older."""
        for row in self.config.rows.values():
            row.at -= by
            row.invoked, row.recorded = (at and at - by for at in (row.invoked, row.recorded))

    def limit(self, call: str, *, per_second: float, burst: float = 0.0, error: str = "ThrottlingException") -> Limit:
        """From now on each account may make so many of the call in each region; further attempts get this error."""
        made = Limit(call, per_second, burst, self.only, error)
        self.watched.limits.append(made)
        return made

    def fail(
        self,
        call: str,
        region: str | None = None,
        error: str = "AccessDenied",
        times: int | None = None,
        about: str = "",
    ) -> None:
        """The call is answered with this error code, for so many attempts; the SDK retries what it always retries.

        about: only for requests with this text, such as a resource's ARN.
        """
        self.faults.append(Fault(call, region, None, times, error, about, self.only))

    def hang(
        self,
        call: str,
        region: str | None = None,
        seconds: float = 0.0,
        error: type[ConnectTimeoutError | ReadTimeoutError] = ReadTimeoutError,
    ) -> None:
        """The call is not answered: after so many seconds the client gives up."""

        def hang(call: Call) -> object:
            time.sleep(seconds)
            raise error(endpoint_url=f"https://{call.service}.{call.region}")

        self.faults.append(Fault(call, region, hang, account=self.only))

    def malform(self, call: str, answer: dict[str, Any], region: str | None = None, times: int | None = None) -> None:
        """The call is answered with this, for so many calls."""

        def malformed(_: Call) -> object:
            return AWSResponse("", 200, HTTPHeaders(), None), dict(answer)

        self.faults.append(Fault(call, region, malformed, times, account=self.only))

    def latency(self, seconds: float) -> None:
        """Every call takes so much longer."""
        self.watched.delay = seconds

    def put_config_rule(self, name: str) -> None:
        """A rule without the Lambda function that PutConfigRule asks for."""
        self.config.rules.add(name)

    @property
    def config(self) -> Evaluations:
        return evaluations(config_backends[self.account][self.region])

    @property
    def config_rows(self) -> list[Row]:
        """What AWS Config shows, in the order in which it came."""
        return list(self.config.rows.values())

    @property
    def events(self) -> list[dict[str, Any]]:
        """What was put on the default event bus."""
        return accepted(events_backends[self.account][self.region])

    def deliver(self) -> None:
        """AWS Config invokes the evaluator for every evaluation that was started."""
        while self.config.due and self.evaluator:
            self.evaluator(self.config.due.pop(0))

    def confirm(self, topic_arn: str) -> None:
        """The topic's subscribers confirm, as by the links that SNS sent them."""
        _, _, _, region, account, _ = topic_arn.split(":")
        backend = sns_backends[account][region]
        for subscription in backend.subscriptions.values():
            if subscription.topic_arn == topic_arn:
                subscription.by_subscriber = True  # type: ignore[attr-defined]

    def text_messages(self, *, sandbox: bool, verified: tuple[str, ...] = (), region: str | None = None) -> None:
        """Whether SNS sends them to these verified numbers alone, as it does for every account at first."""
        found = sns.sandbox(sns_backends[self.account][region or self.region])
        found.inside, found.verified = sandbox, verified

    def deliver_to_logs(self, trail_arn: str, at: datetime | None, error: str | None = None) -> None:
        """When CloudTrail last delivered the trail's events to its log group, and the error since, if there is one."""
        _, _, _, region, account, name = trail_arn.split(":")
        told = {"LatestCloudWatchLogsDeliveryTime": at and at.timestamp(), "LatestCloudWatchLogsDeliveryError": error}
        trail = cloudtrail_backends[account][region].trails[name.removeprefix("trail/")]
        vars(trail)["delivery"] = {key: value for key, value in told.items() if value is not None}

    def deliver_events(
        self,
        log_group_name: str,
        events: Iterable[tuple[int, Mapping[str, Any] | str]],
        region: str | None = None,
        account: str | None = None,
    ) -> None:
        """CloudTrail delivers the events to the log group, each with its time in milliseconds since 1970; of any age,
        unlike those of PutLogEvents."""
        region = region or self.region
        group = log_events.group_named(logs_backends[account or self.account][region], log_group_name)
        texts = ((at, event if isinstance(event, str) else json.dumps(event)) for at, event in events)
        log_events.delivered(group).add(f"{self.account}_CloudTrail_{region}", texts)

    def page_log_events(self, log_group_name: str, page: Page, region: str | None = None) -> None:
        """How much of this log group one page of FilterLogEvents holds."""
        group = log_events.group_named(logs_backends[self.account][region or self.region], log_group_name)
        log_events.delivered(group).page = page

    def misread(self, pattern: str, matches: bool) -> None:
        """TestMetricFilter answers this for every message tested against the pattern, whatever the matcher says."""
        for region in self.regions:
            logs.misread(logs_backends[self.account][region])[pattern] = matches

    def dump(self) -> dict[str, dict[str, dict[str, Any]]]:
        """All that the account holds, to compare before and after."""
        return dump.dump(self.account, self.regions, self.client)


_method_names = cache(method_names_from_class)  # which moto looks up again for every call

_ONE_AT_A_TIME = threading.Lock()
"""Held by the account that exists: moto keeps its state in this process, so a second one would empty the first."""


@contextmanager
def _alone() -> Iterator[None]:
    if not _ONE_AT_A_TIME.acquire(blocking=False):
        raise RuntimeError("This process has a local account already: leave its context before another is entered.")
    try:
        yield
    finally:
        _ONE_AT_A_TIME.release()


@contextmanager
def local_aws(
    account: str = "123456789012",
    region: str = "eu-west-1",
    regions: tuple[str, ...] = DEFAULT_REGIONS,
    opted_out: tuple[str, ...] = ("af-south-1", "ap-east-1"),
) -> Iterator[LocalAws]:
    """An empty account, and an environment that leads every client to it, until the context ends.

    Raises RuntimeError within another account's context.
    """
    environment = {
        **{name.upper(): value for name, value in CREDENTIALS.items()},
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "MOTO_ACCOUNT_ID": account,
        "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",  # which nobody here asks for, and which take long
    }
    aws = LocalAws(account, region, regions)
    with (
        _alone(),
        patch.dict(os.environ, environment),
        patch.object(ec2, "ENABLED", list(regions)),
        patch.object(ec2, "OPTED_OUT", list(opted_out)),
        # Moto would register the addresses of all AWS services, seven times, for the library `requests`, at every
        # start: four fifths of the time that it takes. The SDK does not use that library.
        patch.object(moto_models, "RESPONSES_METHODS", []),
        patch.object(moto_responses, "method_names_from_class", _method_names),
        mock_aws(),
        extension.installed(),
        intercepted(aws.watched),
    ):
        for name in set(os.environ) - set(environment):
            if name.startswith(("AWS_", "BLINDSPOT_", "POWERTOOLS_")):  # what a person's own shell has set
                del os.environ[name]
        yield aws
