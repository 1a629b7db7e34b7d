"""The local AWS: moto in this process, extended, watched and told to fail."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import boto3
from botocore import handlers
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config
from botocore.exceptions import ReadTimeoutError
from botocore.model import OperationModel
from moto import mock_aws
from moto.config.models import config_backends
from moto.events.models import events_backends
from moto.sns.models import sns_backends

from local import extension
from local.extension import ec2
from local.extension.config import Evaluations, Row, evaluations
from local.extension.events import accepted

DEFAULT_REGIONS = (
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
)
"""The regions that every commercial account has."""


@dataclass(frozen=True)
class Call:
    """A call that the code under test made; `service` is its prefix in IAM."""

    service: str
    operation: str
    region: str

    def __str__(self) -> str:
        return f"{self.service}:{self.operation}"


@dataclass
class Fault:
    """What becomes of a call, as often as `times` says; a region of None is every region."""

    call: str
    region: str | None
    answer: Callable[[Call], object]
    times: int | None = None

    def meets(self, call: Call) -> bool:
        return self.call == str(call) and self.region in (None, call.region) and self.times != 0


@dataclass
class LocalAws:
    """An account.

    calls: what was called by any client that `client` did not make.
    evaluator: what AWS Config invokes with its event, at `deliver`.
    """

    account: str
    region: str
    calls: list[Call] = field(default_factory=list)
    evaluator: Callable[[dict[str, Any]], object] | None = None
    delay: float = 0.0
    faults: list[Fault] = field(default_factory=list)

    def client(self, service: str, region: str | None = None) -> Any:
        """A client to set the account up with: neither watched nor told to fail."""
        make: Any = boto3.client  # which service is not known when types are checked
        return make(service, region_name=region or self.region, config=Config(user_agent_extra=_UNWATCHED))

    def fail(self, call: str, region: str | None = None, error: str = "AccessDenied", times: int | None = None) -> None:
        """The call is answered with this error code."""
        refusal = {"Error": {"Code": error, "Message": "SECRET-message"}, "ResponseMetadata": {"HTTPStatusCode": 400}}
        self.faults.append(Fault(call, region, lambda _: (AWSResponse("", 400, HTTPHeaders(), None), refusal), times))

    def hang(self, call: str, region: str | None = None, seconds: float = 0.0) -> None:
        """The call is not answered: after so many seconds the client gives up."""

        def hang(call: Call) -> object:
            time.sleep(seconds)
            raise ReadTimeoutError(endpoint_url=f"https://{call.service}.{call.region}")

        self.faults.append(Fault(call, region, hang))

    def malform(self, call: str, answer: dict[str, Any], region: str | None = None) -> None:
        """The call is answered with this."""
        self.faults.append(Fault(call, region, lambda _: (AWSResponse("", 200, HTTPHeaders(), None), dict(answer))))

    def latency(self, seconds: float) -> None:
        """Every call takes so much longer."""
        self.delay = seconds

    def put_config_rule(self, name: str) -> None:
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
        backend = sns_backends[self.account][topic_arn.split(":")[3]]
        for subscription in backend.subscriptions.values():
            if subscription.topic_arn == topic_arn:
                subscription.clicked = True  # type: ignore[attr-defined]

    def watch(self, model: OperationModel, region: str, parameters: dict[str, Any]) -> object:
        """Called by botocore before every call; an answer of ours goes before AWS's."""
        service = _IAM_PREFIXES.get(model.service_model.signing_name, model.service_model.signing_name)
        call = Call(service, model.name, region)
        self.calls.append(call)
        time.sleep(self.delay)
        for fault in self.faults:
            if fault.meets(call):
                fault.times = None if fault.times is None else fault.times - 1
                return fault.answer(call)
        return None


_IAM_PREFIXES = {"monitoring": "cloudwatch"}
_UNWATCHED = "local-aws"
_current: list[LocalAws] = []


def _watch(model: OperationModel, params: dict[str, Any], request_signer: Any, **_: object) -> object:
    if not _current or _UNWATCHED in params["headers"].get("User-Agent", ""):
        return None
    return _current[-1].watch(model, request_signer._region_name, params)  # noqa: SLF001 (botocore shows it nowhere else)


handlers.BUILTIN_HANDLERS.append(("before-call", _watch))


@contextmanager
def local_aws(
    account: str = "123456789012",
    region: str = "eu-west-1",
    regions: tuple[str, ...] = DEFAULT_REGIONS,
    opted_out: tuple[str, ...] = ("af-south-1", "ap-east-1"),
) -> Iterator[LocalAws]:
    """An empty account, and an environment that leads every client to it, until the context ends."""
    environment = {
        "AWS_ACCESS_KEY_ID": "SECRET-access-key",
        "AWS_SECRET_ACCESS_KEY": "SECRET-secret-key",
        "AWS_SESSION_TOKEN": "SECRET-session-token",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "MOTO_ACCOUNT_ID": account,
    }
    with (
        patch.dict(os.environ, environment),
        patch.object(ec2, "ENABLED", list(regions)),
        patch.object(ec2, "OPTED_OUT", list(opted_out)),
        mock_aws(),
        extension.installed(),
    ):
        for name in set(os.environ) - set(environment):
            if name.startswith(("AWS_", "BLINDSPOT_", "POWERTOOLS_")):  # what a person's own shell has set
                del os.environ[name]
        aws = LocalAws(account, region)
        _current.append(aws)
        try:
            yield aws
        finally:
            _current.remove(aws)
