"""Reads and writes the ledger in SSM's parameters."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from blindspot.aws.client import Clients
from blindspot.aws.errors import is_missing
from blindspot.aws.read import read_by
from blindspot.aws.response_fields import Answer, Malformed, field, items
from blindspot.model.snapshot import Unreadable
from blindspot.model.stack import Stack
from blindspot.remediation.ledger import LARGEST_ENTRY, Entry, Ledger, decoded, digest, encoded


def read_ledger(clients: Clients, stack: Stack, *, until: float) -> Ledger:
    """The whole ledger of the stack. `until` is on the monotonic clock."""
    call, path = "ssm:GetParametersByPath", stack.ledger.removesuffix("/")
    pages = partial(clients.pages, call, clients.region, partial(_parameters, path=stack.ledger), until=until)
    found = read_by(until, call, clients.region, partial(pages, Path=path))
    if isinstance(found, Unreadable):
        return Ledger(unread=found)
    entries: dict[str, Entry] = {}
    malformed: dict[str, str] = {}
    for name, value, version in found:
        try:
            entry = decoded(name, value, version, stack.id)
        except ValueError as error:
            malformed[name] = str(error)
        else:
            entries[entry.resource] = entry
    return Ledger(entries, malformed)


def _parameters(answer: Answer, path: str) -> tuple[tuple[str, str, int], ...]:
    found = []
    for parameter in items(answer, "Parameters"):
        name = field(parameter, "Name", str)
        if not name.startswith(path):
            raise Malformed("Name")
        found.append((name.removeprefix(path), field(parameter, "Value", str), field(parameter, "Version", int)))
    return tuple(found)


def put_entry(clients: Clients, stack: Stack, entry: Entry, *, until: float) -> Entry | Unreadable:
    """Stores the entry: one of version 0 is created, and nothing is overwritten then; any other replaces the one of its
    version. Returns it with its new version.

    It is Unreadable also where somebody else wrote the entry meanwhile. `until` is on the monotonic clock.
    """
    value = encoded(entry, stack.id)
    if len(value) > LARGEST_ENTRY:
        return Unreadable("ssm:PutParameter", clients.region, "EntryTooLarge")
    name = stack.ledger + digest(entry.resource)
    version = put_parameter(clients, name, value, create=entry.version == 0, until=until)
    if isinstance(version, Unreadable):
        return version
    if version != entry.version + 1:
        return Unreadable("ssm:PutParameter", clients.region, "WrittenBySomebodyElse")
    return replace(entry, version=version, is_stored=True)


def store(clients: Clients, stack: Stack, ledger: Ledger, *, until: float) -> Ledger:
    """Stores the entries that are not; what fails is left to the next run. `until` is on the monotonic clock."""
    put = [put_entry(clients, stack, each, until=until) for each in ledger.entries.values() if not each.is_stored]
    stored = {entry.resource: entry for entry in put if not isinstance(entry, Unreadable)}
    return replace(ledger, entries={**ledger.entries, **stored})


def remove_entry(clients: Clients, stack: Stack, resource: str, *, until: float) -> Unreadable | None:
    """Removes the entry of this resource; why it may still be there, or None. `until` is on the monotonic clock."""
    return delete_parameter(clients, stack.ledger + digest(resource), until=until)


def delete_parameter(clients: Clients, name: str, *, until: float) -> Unreadable | None:
    """Why the parameter may still be there; None where it is gone."""
    call = "ssm:DeleteParameter"
    found = read_by(until, call, clients.region, lambda: clients.call(call, clients.region, Name=name))
    return found if isinstance(found, Unreadable) and not is_missing(found) else None


def put_parameter(clients: Clients, name: str, value: str, *, create: bool, until: float) -> int | Unreadable:
    """The version that the parameter now has. `create`: whether it must not exist yet."""
    call = "ssm:PutParameter"
    # An account's default tier may be one that costs (Systems Manager user guide, "Specifying a default tier").
    how: dict[str, Any] = {"Tier": "Standard", **({"Type": "String"} if create else {})}
    answer = partial(clients.call, call, clients.region, Name=name, Value=value, Overwrite=not create, **how)
    return read_by(until, call, clients.region, lambda: field(answer(), "Version", int))
