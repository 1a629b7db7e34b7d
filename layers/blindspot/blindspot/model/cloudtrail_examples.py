"""Examples of events that CloudTrail would write: made of what a question names, or mended where a proof put together
what does not go together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import NamedTuple

from blindspot.model import api_operations
from blindspot.model.cloudtrail_calls import (
    BUCKET,
    CALLERS,
    DENIALS,
    DENIED,
    ENDING,
    call,
    denial_of,
    familiar_first,
    in_account,
    reads,
    role,
    user,
)
from blindspot.model.cloudtrail_laws import (
    IDENTITY,
    ISSUER,
    NAME,
    PARAMETERS,
    SOURCE,
    invariants,
    kind_of,
    named,
    parameters_in,
    senders,
    tested_paths,
    values_of,
)
from filter_pattern import And, Atom, Equals, Event, FieldPath, Not, NotExists, Or, Pattern, Predicate, atoms

MOST_CALLS, MOST_SAMPLES, MOST_EXCLUSIONS = 12, 60, 100
"""The most operations of which examples are made for a question, the most examples of one sort, and the most exclusions
that are compared with them."""


class Recorded(NamedTuple):
    """What is known of the events of an account in a region, or shown as of it."""

    account: str
    region: str

    def laws(self, predicate: Predicate) -> Iterable[Predicate]:
        return invariants(predicate)

    def samples(self, predicate: Predicate) -> Iterable[Event]:
        """Refused calls that people think of first, then of the operations, services, parameters and callers that the
        predicate names. Before all of them, in the same order, those with the fewest values that it excludes: what an
        exclusion names, its author meant to leave out."""
        calls = list(islice(_calls_named(predicate), MOST_CALLS))
        made = (
            _refused(source, name, caller, address, parameters)
            for caller, address in CALLERS
            for source, name, parameters in calls
        )
        by_named = ({**real, "userIdentity": one} for one in _callers_named(predicate) for real in DENIED[:MOST_CALLS])
        events = chain(DENIED, islice(made, MOST_SAMPLES), islice(by_named, MOST_SAMPLES))
        placed = [in_account(event, self.account, self.region) for event in events]
        exclusions = list(islice(_exclusions(predicate), MOST_EXCLUSIONS))
        return sorted(placed, key=lambda event: sum(exclusion.matches(event) for exclusion in exclusions))

    def as_recorded(self, event: Event, fits: Callable[[Event], bool]) -> Event:
        for changes in (_other_calls, _other_parameters, _other_callers, _other_addresses, _details):
            event = next(filter(fits, ({**event, **change} for change in changes(event, self))), event)
        return event


def _exclusions(predicate: Predicate) -> Iterator[Predicate]:
    """What the predicate excludes by name: what `!=` compares with, alone or together with the other tests of a clause
    such as `($.eventSource != a || $.eventName != b)`."""
    match predicate:
        case Pattern(inner) | Not(inner):
            yield from _exclusions(inner)
        case Atom():
            if _negates(predicate):
                yield _named(predicate)
        case Or(parts) if all(map(_negates, parts)):
            yield _named(predicate)
        case And(parts) | Or(parts):
            for part in parts:
                yield from _exclusions(part)


def _negates(predicate: Predicate) -> bool:
    return any(isinstance(atom, Atom) and _is_negated(atom) for atom in atoms(predicate))


def _is_negated(atom: Atom) -> bool:
    return isinstance(atom.test, NotExists) or (isinstance(atom.test, Equals) and atom.test.negated)


def _named(predicate: Predicate) -> Predicate:
    """The opposite of the predicate, which no missing field satisfies where there is a `!=`."""
    match predicate:
        case And(parts):
            return Or(*map(_named, parts))
        case Or(parts):
            return And(*map(_named, parts))
        case Atom(path, Equals(value, True)):
            return Atom(path, Equals(value))
    return Not(predicate)


def _refused(
    source: str, name: str, caller: Mapping[str, object], address: str, parameters: Mapping[str, object] | None
) -> dict[str, object]:
    service = source.removesuffix(ENDING)
    return call(service, name, caller, error=denial_of(service), address=address, parameters=parameters)


def _calls_named(predicate: Predicate) -> Iterator[tuple[str, str, Mapping[str, object] | None]]:
    """Operations that exist, of the services and by the names that the predicate names: eventSource, eventName and
    request parameters."""
    sources, names = named(predicate, SOURCE), named(predicate, NAME)
    for name in islice(names, MOST_CALLS):
        for source in familiar_first(api_operations.services_with(name), sources)[:2]:
            yield source, name, _fitting(source, name)
    for source in islice(sources, MOST_CALLS):
        for name in _operations(source, names)[:1]:
            yield source, name, _fitting(source, name)
    for parameter in islice(parameters_in(tested_paths(predicate)), MOST_CALLS):
        for source in familiar_first(api_operations.services_taking(parameter), sources)[:2]:
            for name in _operations(source, names)[:1]:
                for value in (*named(predicate, (*PARAMETERS, parameter)), "example"):
                    yield source, name, {**(_fitting(source, name) or {}), parameter: value}


def _callers_named(predicate: Predicate) -> Iterator[Mapping[str, object]]:
    """Users and roles by the names at the end of the ARNs and names that the predicate compares with."""
    for path in _NAMES_OF_CALLERS:
        for value in values_of(predicate, path):
            name = value.rpartition("/")[2].strip("*:") or value.strip("*:/").rpartition("/")[2]
            if name.replace("-", "").replace("_", "").isalnum():
                kinds = (role, user) if "role" in value or path[: len(ISSUER)] == ISSUER else (user, role)
                yield from (kind(name) for kind in kinds)


_NAMES_OF_CALLERS: tuple[FieldPath, ...] = (
    (*IDENTITY, "userName"),
    (*IDENTITY, "arn"),
    (*ISSUER, "userName"),
    (*ISSUER, "arn"),
)


def _operations(source: str, names: Iterable[str]) -> list[str]:
    """The service's operations without those that are named, with what an intruder would do first."""
    first = [str(real["eventName"]) for real in DENIED if real["eventSource"] == source]
    return [name for name in dict.fromkeys([*first, *api_operations.operations_of(source)]) if name not in names]


def _fitting(source: str, name: str) -> Mapping[str, object] | None:
    """What CloudTrail writes of a call that names no more than it must. Of many refused calls it writes none."""
    return BUCKET if source == "s3.amazonaws.com" and name != "ListBuckets" else None


Changes = Iterator[Mapping[str, object]]


def _other_calls(event: Event, known: Recorded) -> Changes:
    """A service that has the request's parameters, sends the error code or has the operation; or another operation."""
    source, name = str(event["eventSource"]), str(event["eventName"])
    parameters = event["requestParameters"]
    if isinstance(parameters, Mapping):
        for parameter, value in parameters.items():
            taking = api_operations.services_taking(parameter, kind_of(value))
            if source not in taking:
                for one in familiar_first(taking)[:2]:
                    yield from _calls_of(one)
    sending = senders(str(event.get("errorCode")))
    if sending and source not in sending:
        for one in sending[:2]:
            yield from _calls_of(one)
    if name in api_operations.operations_of(source):
        return
    for having in familiar_first(api_operations.services_with(name)):
        yield {"eventSource": having, "readOnly": reads(name)}
    yield from _calls_of(source)
    for real in DENIED:
        yield {field: real[field] for field in ("eventSource", "eventName", "readOnly")}
        yield {field: real[field] for field in ("eventSource", "eventName")}


def _other_parameters(event: Event, known: Recorded) -> Changes:
    """No parameters, or those of a call that names no more than it must, where these are of another service."""
    source, parameters = str(event["eventSource"]), event["requestParameters"]
    names = parameters if isinstance(parameters, Mapping) else ()
    if any(api_operations.kinds_in(source, name) is None for name in names):
        yield {"requestParameters": _fitting(source, str(event["eventName"]))}


def _calls_of(source: str) -> Changes:
    for name in _operations(source, ())[:MOST_CALLS]:
        yield {"eventSource": source, "eventName": name, "readOnly": reads(name)}


def _other_callers(event: Event, known: Recorded) -> Changes:
    """A whole caller, of the same type if possible, if this one is put together."""
    identity = event["userIdentity"]
    callers = [in_account({"userIdentity": one}, known.account, known.region)["userIdentity"] for one, _ in CALLERS]
    if isinstance(identity, Mapping) and identity not in callers:
        kind = identity.get("type")
        same_type = sorted(callers, key=lambda one: not (isinstance(one, Mapping) and one["type"] == kind))
        yield from ({"userIdentity": one} for one in same_type)


def _other_addresses(event: Event, known: Recorded) -> Changes:
    """The address of a caller of that type, if this one is put together."""
    identity, address = event["userIdentity"], str(event["sourceIPAddress"])
    by_service = isinstance(identity, Mapping) and "invokedBy" in identity
    usual = {where for _, where in CALLERS}
    if address.endswith(".0"):
        yield {"sourceIPAddress": f"{address[:-1]}7"}
    elif address not in usual:
        ordered = sorted(usual, key=lambda one: one.endswith(ENDING) is not by_service)
        yield from ({"sourceIPAddress": one} for one in ordered)


def _details(event: Event, known: Recorded) -> Changes:
    """What follows from the call: how its service refuses, and the words of its message."""
    if "errorCode" in event:
        service = str(event["eventSource"]).removesuffix(ENDING)
        message = f"not authorized to perform: {service}:{event['eventName']}"
        if event["errorCode"] in DENIALS:
            yield {"errorCode": denial_of(service), "errorMessage": message}
        yield {"errorMessage": message}
