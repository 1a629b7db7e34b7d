"""AWS's APIs: which service has an operation, of which JSON type a parameter is, which service sends an error code.

Services are named as CloudTrail names them, by their eventSource; a parameter is one at the top of a request, under
the name that CloudTrail gives it. `python -m local.operations` writes the data from botocore's models. They are read
when the first question needs them.
"""

from __future__ import annotations

from functools import cache, lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

from filter_pattern import Atom, Equals

DATA = Path(__file__).parent / "api_operations.json.gz"

MOST_CODES = 100
"""The most error codes that are named for one value of a pattern."""


def operations_of(service: str) -> tuple[str, ...]:
    """The service's operations; none where the service is not known."""
    return tuple(_services().get(service, {"operations": ""})["operations"].split())


def services_with(operation: str) -> tuple[str, ...]:
    """The services that have the operation; none where it is not known."""
    return _services_by("operations").get(operation, ())


def services_taking(parameter: str, kind: str = "") -> tuple[str, ...]:
    """The services that have the parameter in any of their requests; with `kind`, those where it may have that type."""
    found = _by_parameter().get(parameter, {})
    return tuple(service for service, kinds in found.items() if not (kind and kinds) or kind in kinds)


def kinds_in(service: str, parameter: str) -> frozenset[str] | None:
    """The JSON types of the parameter in the service's requests; none where it may have any. None where the service or
    the parameter is not known."""
    return _by_parameter().get(parameter, {}).get(service)


def kinds_anywhere(parameter: str) -> frozenset[str]:
    """The JSON types that the parameter has in any service; none where it may have any."""
    found = _by_parameter().get(parameter, {}).values()
    return frozenset[str]().union(*found) if all(found) else frozenset()


@lru_cache(100)
def codes_that_fit(value: str) -> tuple[str, ...]:
    """The first error codes that fit a pattern's value."""
    fits = Atom(("code",), Equals(value)).matches
    return tuple(islice((code for code in _services_by("codes") if fits({"code": code})), MOST_CODES))


def services_sending(code: str) -> tuple[str, ...]:
    """The services whose models name the error code; none where it is not known. Others may send it as well."""
    return _services_by("codes").get(code, ())


@cache
def services_speaking(*protocols: str) -> tuple[str, ...]:
    """The services that speak one of the protocols, by botocore's names of them."""
    return tuple(
        service for service, described in _services().items() if {*protocols} & {*described["protocols"].split()}
    )


@cache
def _services_by(what: str) -> dict[str, tuple[str, ...]]:
    """The services that have each name of `what`, in the order of the names."""
    found: dict[str, tuple[str, ...]] = {}
    for service, described in _services().items():
        for name in described[what].split():
            found[name] = (*found.get(name, ()), service)
    return dict(sorted(found.items()))


@cache
def _by_parameter() -> dict[str, dict[str, frozenset[str]]]:
    found: dict[str, dict[str, frozenset[str]]] = {}
    for service, described in _services().items():
        for kinds, names in described["parameters"].items():
            types = frozenset(kinds.split())
            for name in names.split():
                found.setdefault(name, {})[service] = types
    return found


@cache
def _services() -> dict[str, Any]:
    import gzip
    import json

    services: dict[str, Any] = json.loads(gzip.decompress(DATA.read_bytes()))["services"]
    return services
