"""The switch of remediation: an SSM parameter, read when it matters."""

from __future__ import annotations

from typing import Any, cast

from aws_lambda_powertools.utilities.parameters import SSMProvider
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError

from blindspot.aws.client import Clients, read
from blindspot.aws.response_fields import Malformed
from blindspot.model.snapshot import Unreadable
from blindspot.remediation.document import Flag

CACHED = 5
"""Seconds for which a value stands: a switch that is thrown stops a run within them."""


class Switch:
    """The parameter of that name; None where the stack has none."""

    def __init__(self, clients: Clients, parameter: str | None) -> None:
        self._clients = clients
        self._parameter = parameter
        self._provider = SSMProvider(boto3_client=cast(Any, _Ssm(clients)))

    def read(self) -> Flag:
        """Only exactly `true` is on; a parameter that is missing or cannot be read is off."""
        if self._parameter is None:
            return Flag(False, None, "the function's environment names no parameter")
        found = read("ssm:GetParameter", self._clients.region, self._value)
        if isinstance(found, Unreadable):
            why = f"{found.call} gave no answer ({found.error})"
            return Flag(False, self._parameter, why, unread=found.error != "ParameterNotFound")
        return Flag(found == "true", self._parameter, f"it is {found[:20]!r}; only 'true' is on")

    def _value(self) -> str:
        try:
            value = self._provider.get(f"{self._parameter}", max_age=CACHED)
        except GetParameterError as error:
            raise error.__context__ or error from None
        if not isinstance(value, str):
            raise Malformed("Value")
        return value


class _Ssm:
    """What the provider asks of an SDK client, asked as every other call is."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def get_parameter(self, **parameters: Any) -> dict[str, Any]:
        return self._clients.call("ssm:GetParameter", self._clients.region, **parameters)
