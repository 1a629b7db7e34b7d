"""The lease: an SSM parameter that only one run of the remediator holds at a time."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from blindspot.aws.client import Clients
from blindspot.aws.ledger import delete_parameter, put_parameter
from blindspot.aws.read import read_by
from blindspot.aws.response_fields import Malformed, expect, field
from blindspot.model.snapshot import Unreadable
from blindspot.model.stack import Stack


@dataclass(frozen=True, slots=True)
class Lease:
    """What a run holds: the name of the parameter, and when it ends, in UTC."""

    parameter: str
    run: str
    ends: datetime


@dataclass(frozen=True, slots=True)
class NotTaken:
    """Why a run does not hold the lease, as a clause."""

    why: str


def take(clients: Clients, stack: Stack, run: str, *, seconds: float, until: float) -> Lease | NotTaken:
    """The lease for so many seconds, where no other run holds it. `until` is on the monotonic clock."""
    now = datetime.now(UTC)
    lease = Lease(stack.lease, run, now + timedelta(seconds=seconds))
    put = put_parameter(clients, stack.lease, _value(lease), create=True, until=until)
    if isinstance(put, int):
        return lease
    if put.error != "ParameterAlreadyExists":
        return NotTaken(f"{put.call} gave no answer ({put.error})")
    found = _held(clients, stack.lease, until)
    if isinstance(found, Unreadable):
        return NotTaken(f"{found.call} gave no answer ({found.error})")
    held, version = found
    if held.ends > now:
        return NotTaken(f"run {held.run} holds it until {held.ends:%Y-%m-%d %H:%M:%S} UTC")
    put = put_parameter(clients, stack.lease, _value(lease), create=False, until=until)
    if isinstance(put, Unreadable):
        return NotTaken(f"{put.call} gave no answer ({put.error})")
    return lease if put == version + 1 else NotTaken("another run took it at the same time")


def release(clients: Clients, lease: Lease, *, until: float) -> Unreadable | None:
    """Lets the next run have it; why it may still be held, or None."""
    now = datetime.now(UTC)
    if now >= lease.ends:  # another run may hold it
        return None
    ended = _value(Lease(lease.parameter, lease.run, now))
    put = put_parameter(clients, lease.parameter, ended, create=False, until=until)
    return put if isinstance(put, Unreadable) else None


def delete(clients: Clients, lease: Lease, *, until: float) -> Unreadable | None:
    """Deletes it, where nothing is left for which it would be needed; why it may still be there, or None."""
    if datetime.now(UTC) >= lease.ends:
        return None
    return delete_parameter(clients, lease.parameter, until=until)


def _value(lease: Lease) -> str:
    return json.dumps({"run": lease.run, "expires": lease.ends.isoformat(timespec="milliseconds")})


def _held(clients: Clients, name: str, until: float) -> tuple[Lease, int] | Unreadable:
    """Who holds it or held it last, and the parameter's version."""

    def get() -> tuple[Lease, int]:
        parameter = field(clients.call(call, clients.region, Name=name), "Parameter", dict)
        expect(parameter, "Name", name)
        try:
            value = json.loads(field(parameter, "Value", str))
            ends = datetime.fromisoformat(value["expires"]).astimezone(UTC)
            return Lease(name, str(value["run"]), ends), field(parameter, "Version", int)
        except (KeyError, OverflowError, RecursionError, TypeError, ValueError):
            raise Malformed("Value") from None

    call = "ssm:GetParameter"
    return read_by(until, call, clients.region, get)
