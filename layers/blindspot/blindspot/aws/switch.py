"""Reads the switch: the SSM parameter that turns remediation on."""

from __future__ import annotations

import time

from blindspot.aws.client import Clients
from blindspot.aws.read import read_by
from blindspot.aws.response_fields import expect, field
from blindspot.model.snapshot import Unreadable
from blindspot.remediation.document import Switch

KNOWN = 5
"""Seconds for which a value is taken to hold: a switch that is turned off stops a run within them."""


class SwitchReader:
    """Reads the parameter of that name; None where the stack has none. `until` is on the monotonic clock: after it the
    switch counts as unread."""

    def __init__(self, clients: Clients, parameter: str | None, *, until: float) -> None:
        self._clients = clients
        self._parameter = parameter
        self._until = until
        self._known_until = float("-inf")  # on the monotonic clock

    def read(self) -> Switch:
        """Only exactly `true` is on; a parameter that is missing or cannot be read is off."""
        if self._parameter is None:
            return Switch(False, None, "BLINDSPOT_FLAG names no SSM parameter", unread=True)
        asked = time.monotonic()
        found = read_by(self._until, "ssm:GetParameter", self._clients.region, self._get)
        if isinstance(found, Unreadable):
            why = f"{found.call} gave no answer ({found.error})"
            return Switch(False, self._parameter, why, unread=True)
        self._known_until = asked + KNOWN
        return Switch(found == "true", self._parameter, f"its value is {found[:20]!r}; only 'true' is on")

    @property
    def expired(self) -> bool:
        """Whether the value that was read last has to be read again."""
        return time.monotonic() >= self._known_until

    def _get(self) -> str:
        answer = self._clients.call("ssm:GetParameter", self._clients.region, Name=self._parameter)
        parameter = field(answer, "Parameter", dict)
        expect(parameter, "Name", str(self._parameter))
        return field(parameter, "Value", str)
