"""Calls to AWS: one session, a client for each service and region, and every failure as a value.

Operations are named as in IAM ("logs:DescribeMetricFilters"): the SDK's service, a colon, and the operation.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError, UnknownRegionError
from botocore.loaders import Loader, create_loader
from botocore.parsers import ResponseParserError
from botocore.session import Session

from blindspot.aws.errors import REFUSED, error_code
from blindspot.aws.response_fields import Malformed, NoAnswer, field
from blindspot.aws.responses import Credentials

T = TypeVar("T")

CONFIG = Config(
    # The slowest region connects in half a second, so three seconds mean that the endpoint does not answer. With three
    # attempts, one dead endpoint takes less than 40 seconds. The default pool has ten connections; `collect` runs at
    # most four operations at once on one client.
    connect_timeout=3,
    read_timeout=10,
    user_agent_extra="blindspot",
)

ATTEMPTS = 3
"""How often an operation is tried at most, with pauses between, where AWS's answer or the connection allows it."""

ATTEMPTS_AMONG_MANY = 20
"""The same where all members of an organization that are judged at the same time share one quota: the own account's for
`AMONG_MANY`, and that of an account with an organization's trail. Of 5 DescribeMetricFilters a second 20 attempts get
as much as attempts without end would, in the time for reading (`local.bench_organization`)."""

AMONG_MANY = frozenset({"organizations:DescribeAccount", "sts:AssumeRole"})
"""The operations that lead into a member, which the function's own account calls for each."""

ONCE = frozenset({"logs:TestMetricFilter", "logs:FilterLogEvents"})
"""The operations that the SDK does not try again: no verdict needs the answer of the first, and `refused_calls` tries
the second again at its own pace."""


class Clients:
    """The clients of one process, or of one account that it judges. Several threads may use them.

    region: the region of the function, of AWS Config's rule and of the event bus.
    aws_profile: the profile of the AWS configuration whose credentials make the calls, if not the default ones.
    api_calls: how many operations were called. Every page counts once; retries do not count.
    refused_calls: how many of them AWS refused.
    own: the clients with the function's own credentials: these, if no role was assumed for them.
    """

    def __init__(self, region: str, aws_profile: str | None = None, *, role: tuple[Clients, Credentials] | None = None):
        # At DEBUG botocore logs whole requests, with the result token and the credentials' session token in them.
        # Not so at INFO, whatever level the application logs at.
        logging.getLogger("botocore").setLevel(logging.INFO)
        self.region = region
        self.api_calls = self.refused_calls = 0
        self.own = role[0] if role else self
        self._aws_profile = aws_profile
        self._session = self._session_of(role[1]) if role else self._new_session()
        self._roles: dict[str, Session] = {}
        self._clients: dict[tuple[str, str, str | None, int], Any] = {}
        # Creating a client is not thread-safe (boto3 guide, "Multithreading or multiprocessing with clients").
        self._creating = threading.Lock()
        self._counting = threading.Lock()

    def of_role(self, role: Credentials) -> Clients:
        """Clients whose calls are made with these credentials. They share nothing with these but the SDK's models, so
        that nothing of one account reaches another."""
        return Clients(self.region, self._aws_profile, role=(self.own, role))

    def become(self, account: str, role: Credentials | None) -> None:
        """Makes all later calls for that account with these credentials of a role there; None: with the function's own,
        whose account it is."""
        session = self._session_of(role) if role else self._new_session()
        with self._creating:
            self._roles[account] = session
            self._clients = {key: client for key, client in self._clients.items() if key[2] != account}

    def call(self, call: str, region: str, account: str | None = None, /, **parameters: Any) -> dict[str, Any]:
        """The response of one operation, called with the credentials of the role in that account, or with our own.

        Raises what botocore raises, and Malformed if botocore cannot parse the response.
        """
        _, operation = call.split(":")
        method = getattr(self._client(call, region, account), xform_name(operation))
        try:
            answer: dict[str, Any] = method(**parameters)
        except ClientError as error:
            if error_code(error) in REFUSED:
                with self._counting:
                    self.refused_calls += 1
            raise
        except (
            *(ResponseParserError, AttributeError, LookupError, TypeError, ValueError),
            *(OverflowError, RecursionError),
        ) as error:
            # For a value of the wrong type, a date out of range or deep nesting, botocore's parsers raise any of these.
            raise Malformed("answer") from error
        return answer

    def pages(
        self,
        call: str,
        region: str,
        parse: Callable[[dict[str, Any]], tuple[T, ...]],
        account: str | None = None,
        /,
        *,
        until: float = float("inf"),
        **parameters: Any,
    ) -> tuple[T, ...]:
        """What `parse` returns for all pages. No page is requested after `until`, on the monotonic clock.

        Raises what `call` raises, and NoAnswer if the pages do not end.
        """
        found: list[T] = []
        seen: set[str] = set()
        while time.monotonic() < until:
            answer = self.call(call, region, account, **parameters)
            found += parse(answer)
            name = "nextToken" if "nextToken" in answer else "NextToken"  # CloudWatch Logs uses a lower-case n
            following = field(answer, name, str, None)
            if not following:
                return tuple(found)
            if following in seen:
                raise NoAnswer("RepeatedToken")
            seen.add(following)
            parameters[name] = following
        raise NoAnswer("Timeout")

    def partition_of(self, region: str) -> str | None:
        """The partition of a region; None for a region that this SDK does not know."""
        try:
            return str(self._session.get_partition_for_region(region))
        except UnknownRegionError:
            return None

    def values_of(self, service: str, enumeration: str) -> frozenset[str]:
        """The values of an enumeration in this SDK. Lambda's own SDK is some months old, and a service may reject a
        value that is newer than the SDK's protocol."""
        with self._creating:
            shape: Any = self._session.get_service_model(service).shape_for(enumeration)
            return frozenset(shape.enum)

    def parameters_of(self, call: str) -> frozenset[str]:
        """The parameters of an operation in this SDK."""
        service, operation = call.split(":")
        with self._creating:
            shape: Any = self._session.get_service_model(service).operation_model(operation).input_shape
            return frozenset(shape.members)

    def knows(self, call: str) -> bool:
        """Whether this SDK has the operation."""
        service, operation = call.split(":")
        with self._creating:
            return operation in self._session.get_service_model(service).operation_names

    def _client(self, call: str, region: str, account: str | None) -> Any:
        service, attempts = call.split(":")[0], _attempts(call, account)
        key = service, region, account, attempts
        with self._creating:
            if key not in self._clients:
                session = self._roles[account] if account else self._session
                retries = Config(retries={"mode": "standard", "total_max_attempts": attempts})
                self._clients[key] = session.create_client(service, region_name=region, config=CONFIG.merge(retries))
            return self._clients[key]

    def _session_of(self, role: Credentials) -> Session:
        session = self._new_session()
        session.set_credentials(role.access_key, role.secret_key, role.session_token)
        return session

    def _new_session(self) -> Session:
        session = Session(profile=self._aws_profile)
        # An older SDK otherwise calls us-east-1, which may be excluded (AWS SDKs and tools reference guide,
        # "AWS STS Regional endpoints").
        session.set_config_variable("sts_regional_endpoints", "regional")
        session.register_component("data_loader", _models(session.get_config_variable("data_path")))
        session.register("before-parameter-build", self._count)
        return session

    def _count(self, **_: object) -> None:
        with self._counting:
            self.api_calls += 1


@cache
def _models(path: str | None) -> Loader:
    """What the SDK knows of AWS's APIs. It is the same for all accounts, and reading it for each takes longer than
    all else in a run. path: where to look for more, as the SDK's own setting has it."""
    return create_loader(path)


def _attempts(call: str, account: str | None) -> int:
    if call in ONCE:
        return 1
    return ATTEMPTS_AMONG_MANY if account or call in AMONG_MANY else ATTEMPTS
