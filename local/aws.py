"""The local AWS: moto in this process, extended, watched and told to fail."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, NoReturn
from unittest.mock import patch

import boto3
from botocore import handlers
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError
from botocore.httpsession import URLLib3Session
from botocore.model import OperationModel
from moto import mock_aws
from moto.cloudtrail.models import cloudtrail_backends
from moto.config.models import config_backends
from moto.core.botocore_stubber import BotocoreStubber
from moto.events.models import events_backends
from moto.logs.models import logs_backends
from moto.sns.models import sns_backends
from moto.sts.models import sts_backends

from local import dump, extension
from local.extension import ec2, logs
from local.extension.config import Evaluations, Row, evaluations
from local.extension.ec2 import DEFAULT_REGIONS
from local.extension.events import accepted
from local.extension.sts import ACCOUNT, account_of, trusted
from local.refusal import refusal


@dataclass(frozen=True)
class Call:
    """A call that the code under test made; `service` is its prefix in IAM.

    account: whose credentials it was made with, if not the account's own.
    """

    service: str
    operation: str
    region: str
    account: str | None = None

    def __str__(self) -> str:
        return f"{self.service}:{self.operation}"


@dataclass
class Fault:
    """What becomes of a call, as often as `times` says; a region of None is every region.

    answer: gives what botocore takes for the parsed answer, or raises; once for a call.
    error: the error code that comes over the wire instead; once for each of the SDK's attempts.
    """

    call: str
    region: str | None
    answer: Callable[[Call], object] | None
    times: int | None = None
    error: str | None = None

    def meets(self, call: Call) -> bool:
        return self.call == str(call) and self.region in (None, call.region) and self.times != 0

    def spend(self) -> None:
        self.times = None if self.times is None else self.times - 1


@dataclass
class LocalAws:
    """An account.

    calls: what was called by any client that `client` did not make.
    evaluator: what AWS Config invokes with its event, at `deliver`.
    """

    account: str
    region: str
    regions: tuple[str, ...] = DEFAULT_REGIONS
    calls: list[Call] = field(default_factory=list)
    evaluator: Callable[[dict[str, Any]], object] | None = None
    delay: float = 0.0
    faults: list[Fault] = field(default_factory=list)

    def client(self, service: str, region: str | None = None, account: str | None = None) -> Any:
        """A client to set the account up with, or another one: neither watched nor told to fail."""
        return _client(service, region or self.region, account or self.account)

    def trust(self, role_arn: str) -> None:
        """From now on the role can be assumed, and its credentials read its account."""
        _, partition, _, _, account, _ = role_arn.split(":")
        trusted(sts_backends[account][partition]).add(role_arn)

    def fail(self, call: str, region: str | None = None, error: str = "AccessDenied", times: int | None = None) -> None:
        """The call is answered with this error code, so many attempts long; the SDK retries what it always retries."""
        self.faults.append(Fault(call, region, None, times, error))

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

        self.faults.append(Fault(call, region, hang))

    def malform(self, call: str, answer: dict[str, Any], region: str | None = None) -> None:
        """The call is answered with this."""
        self.faults.append(Fault(call, region, lambda _: (AWSResponse("", 200, HTTPHeaders(), None), dict(answer))))

    def latency(self, seconds: float) -> None:
        """Every call takes so much longer."""
        self.delay = seconds

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
        """The subscribers click on the links that SNS sent them."""
        _, _, _, region, account, _ = topic_arn.split(":")
        backend = sns_backends[account][region]
        for subscription in backend.subscriptions.values():
            if subscription.topic_arn == topic_arn:
                subscription.clicked = True  # type: ignore[attr-defined]

    def deliver_to_logs(self, trail_arn: str, at: datetime | None, error: str | None = None) -> None:
        """When CloudTrail last brought the trail's events to its log group, and why it could not since."""
        _, _, _, region, account, name = trail_arn.split(":")
        told = {"LatestCloudWatchLogsDeliveryTime": at and at.timestamp(), "LatestCloudWatchLogsDeliveryError": error}
        trail = cloudtrail_backends[account][region].trails[name.removeprefix("trail/")]
        vars(trail)["delivery"] = {key: value for key, value in told.items() if value is not None}

    def misread(self, pattern: str, matches: bool) -> None:
        """TestMetricFilter answers this for every message put to the pattern, whatever an honest matcher says."""
        for region in self.regions:
            logs.misread(logs_backends[self.account][region])[pattern] = matches

    def dump(self) -> dict[str, dict[str, dict[str, Any]]]:
        """All that the account holds, to compare before and after."""
        return dump.dump(self)

    def fault(self, call: Call) -> Fault | None:
        return next((fault for fault in self.faults if fault.meets(call)), None)

    def watch(self, model: OperationModel, region: str, access_key: str, headers: dict[str, str]) -> object:
        """Called by botocore before every call; an answer of ours goes before AWS's."""
        service = _IAM_PREFIXES.get(model.service_model.signing_name, model.service_model.signing_name)
        account = account_of(access_key)
        call = Call(service, model.name, region, None if account == self.account else account)
        self.calls.append(call)
        time.sleep(self.delay)
        if all(aws is not self for aws in _current):
            raise ReadTimeoutError(endpoint_url="a local AWS that has ended")  # which the call has outlived
        fault = self.fault(call)
        if fault is None:
            return None
        if fault.answer is None:
            headers[_TO_FAIL] = f"{service} {model.name} {region} {model.service_model.resolved_protocol}"
            return None
        fault.spend()
        return fault.answer(call)

    def refuse(self, request: AWSPreparedRequest) -> AWSResponse | None:
        """Called before every attempt of a call that is to fail."""
        *named, protocol = _text(request.headers[_TO_FAIL]).split()
        fault = self.fault(Call(*named))
        if fault is None or fault.error is None:
            return None
        fault.spend()
        return refusal(protocol, fault.error)


_IAM_PREFIXES = {"monitoring": "cloudwatch"}
_UNWATCHED = "local-aws"
_TO_FAIL = "X-Local-Aws-To-Fail"
_CREDENTIALS = {
    "aws_access_key_id": "SECRET-access-key",
    "aws_secret_access_key": "SECRET-secret-key",
    "aws_session_token": "SECRET-session-token",
}
_current: list[LocalAws] = []


def _watch(model: OperationModel, params: dict[str, Any], request_signer: Any, **_: object) -> object:
    if not _current or _UNWATCHED in params["headers"].get("User-Agent", ""):
        return None
    region = request_signer._region_name  # noqa: SLF001 (botocore shows it nowhere else)
    access_key = request_signer._credentials.access_key  # noqa: SLF001 (nor them)
    return _current[-1].watch(model, region, access_key, params["headers"])


handlers.BUILTIN_HANDLERS.append(("before-call", _watch))

_answer = BotocoreStubber.__call__


def _refuse_or_answer(self: BotocoreStubber, event_name: str, request: AWSPreparedRequest, **more: Any) -> Any:
    refused = _current[-1].refuse(request) if _TO_FAIL in request.headers else None
    return refused or _answer(self, event_name, request, **more)


def _stay(_: URLLib3Session, request: AWSPreparedRequest) -> NoReturn:
    raise RuntimeError(f"A call would have left this machine: {request.method} {request.url}")


def _text(header: str | bytes) -> str:
    return header.decode() if isinstance(header, bytes) else header


@cache
def _client(service: str, region: str, account: str) -> Any:
    """Kept for every local AWS: a client knows nothing of what an account holds, and making one takes long."""
    make: Any = _session().client  # which service is not known when types are checked
    client = make(service, region_name=region, config=Config(user_agent_extra=_UNWATCHED))
    client.meta.events.register("before-call", lambda params, **_: params["headers"].update({ACCOUNT: account}))
    return client


@cache
def _session() -> boto3.Session:
    make: Any = boto3.Session  # whose stub cannot take arguments by `**`
    session: boto3.Session = make(**_CREDENTIALS)
    return session


@contextmanager
def local_aws(
    account: str = "123456789012",
    region: str = "eu-west-1",
    regions: tuple[str, ...] = DEFAULT_REGIONS,
    opted_out: tuple[str, ...] = ("af-south-1", "ap-east-1"),
) -> Iterator[LocalAws]:
    """An empty account, and an environment that leads every client to it, until the context ends."""
    environment = {
        **{name.upper(): value for name, value in _CREDENTIALS.items()},
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "MOTO_ACCOUNT_ID": account,
        "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",  # which nobody here asks for, and which take long
    }
    with (
        patch.dict(os.environ, environment),
        patch.object(ec2, "ENABLED", list(regions)),
        patch.object(ec2, "OPTED_OUT", list(opted_out)),
        patch.object(BotocoreStubber, "__call__", _refuse_or_answer),
        patch.object(URLLib3Session, "send", _stay),
        mock_aws(),
        extension.installed(),
    ):
        for name in set(os.environ) - set(environment):
            if name.startswith(("AWS_", "BLINDSPOT_", "POWERTOOLS_")):  # what a person's own shell has set
                del os.environ[name]
        aws = LocalAws(account, region, regions)
        _current.append(aws)
        try:
            yield aws
        finally:
            _current.remove(aws)
