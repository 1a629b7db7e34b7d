"""The document of a review to show to others: each name, account, ARN and address is replaced by a stand-in. Pure.

The result is made of what is known to be harmless. What is not, such as a field that is added later, is left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from typing import Any

from blindspot.model.arn import Arn, is_arn
from blindspot.review.risk import WHY
from blindspot.review.tally import OTHERS

Document = Mapping[str, Any]

_AS_IT_IS = (
    *("schema", "version", "action", "partition", "profile", "reviewed_at", "hours", "read", "days"),
    *("refused_calls", "api_calls", "duration_ms"),
)

_OF_A_GROUP = (
    *("service", "call", "code", "count", "days", "first_seen", "last_seen", "more_addresses", "regions"),
    *("read_only", "management", "signs", "looks_like", "excused", "exclusion"),
)

_OF_AN_EXCLUSION = ("until", "groups", "excluded", "covers", "length", "alarms_before", "alarms_after")

_OF_AN_ALARM = ("terms", "days", "fewest", "most", "at_least")

_AWS_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)?\.amazonaws\.com(\.cn)?", re.ASCII)

_V4 = [ip_network(block) for block in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "198.18.0.0/15")]
"""Networks that nobody has: for documentation (RFC 5737) and, where these are not enough, for benchmarks (RFC 2544)."""

_V6 = ip_network("2001:db8::/32")
"""The same (RFC 3849)."""


def anonymize(document: Document) -> dict[str, Any]:
    """The document of a review without names, accounts, ARNs, addresses, events and patterns: within it, the same one
    always has the same stand-in. Services, calls, error codes, regions, numbers and times stay."""
    names = _StandIns()
    names.account(document["account"])  # the first
    exclusions = [_only(each, _OF_AN_EXCLUSION) | {"reason": _REASON} for each in document["exclusions"]]
    cut = {"cut": document["cut"]} if "cut" in document else {}
    return {
        **_only(document, _AS_IT_IS),
        "stack": None,
        "run": None,
        "account": names.account(document["account"]),
        "summary": f"A review of {document['hours']} hours, without names.",
        "log_groups": [
            {**_only(each, ("read_from", "events", "error")), "log_group": names.arn(each["log_group"], "log-group")}
            for each in document["log_groups"]
        ],
        "alarms": [_alarm(each, names) for each in document["alarms"]],
        "groups": [_group(each, names) for each in document["groups"]],
        "exclusions": exclusions,
        "remarks": [],
        "anonymized": True,
        **cut,
    }


_REASON = "It is not shown."


def _only(fields: Document, keys: tuple[str, ...]) -> dict[str, Any]:
    return {key: fields[key] for key in keys}


def _alarm(alarm: Document, names: _StandIns) -> Document:
    arn = alarm["alarm"] and names.arn(alarm["alarm"], "alarm")
    name = names.name("alarm", alarm["name"]) if arn else "profile-alarm"
    not_known = None if alarm["not_known"] is None else "The reason is not shown."
    return {**_only(alarm, _OF_AN_ALARM), "alarm": arn, "name": name, "not_known": not_known}


def _group(group: Document, names: _StandIns) -> Document:
    policy, not_excluded = group["refused_by"]["policy"], group["not_excluded"]
    code = not_excluded and not_excluded["code"]
    return {
        **_only(group, _OF_A_GROUP),
        "caller": _caller(group["caller"], names),
        "refused_by": {**group["refused_by"], "policy": policy and names.arn(policy, "policy")},
        "not_excluded": code and {"code": code, "why": WHY[code]},
        "addresses": [names.address(each) for each in group["addresses"]],
    }


def _caller(caller: Document, names: _StandIns) -> Document:
    kind, name = caller["kind"], caller["name"]
    if kind == "root":
        shown = "root"
    elif (kind == "service" and _AWS_HOST.fullmatch(name)) or (kind, name) == (OTHERS.caller.kind, OTHERS.caller.name):
        shown = name
    else:
        shown = names.name("caller" if kind == "other" else kind, name)
    return {"kind": kind, "name": shown, "account": names.account(caller["account"])}


class _StandIns:
    """By kind and name, the number of its stand-in: in the order in which they are first met."""

    def __init__(self) -> None:
        self.numbers: dict[str, dict[str, int]] = {}

    def number(self, kind: str, name: str) -> int:
        known = self.numbers.setdefault(kind, {})
        return known.setdefault(name, len(known) + 1)

    def name(self, kind: str, name: str) -> str:
        return f"{kind}-{self.number(kind, name)}"

    def account(self, account: str) -> str:
        """Empty where the event does not have it."""
        if not account:
            return ""
        number = self.number("account", account)
        return str(number) * 12 if number < 10 else f"{number:012d}"

    def arn(self, text: str, kind: str) -> str:
        """An ARN of the same region, and of an account that stands for its account. Other text is a name."""
        if not is_arn(text):
            return self.name(kind, text)
        arn = Arn.parse(text)
        region = arn.region if _REGION.fullmatch(arn.region) else ""
        return f"arn:aws:{_SERVICES[kind]}:{region}:{self.account(arn.account)}:{kind}:{self.name(kind, arn.name)}"

    def address(self, text: str) -> str:
        """Of the same family. AWS's host names, which stand for calls of services, stay."""
        if _AWS_HOST.fullmatch(text):
            return text
        try:
            version = ip_address(text).version
        except ValueError:
            return self.name("address", text)
        number = self.number(f"v{version}", text)
        return str(_V6[number]) if version == 6 else _v4(number)


_SERVICES = {"log-group": "logs", "alarm": "cloudwatch", "policy": "iam"}

_REGION = re.compile(r"[a-z]{2}(-[a-z]+){1,2}-[0-9]", re.ASCII)


def _v4(number: int) -> str:
    """The address of that number; the first and the last one of a network are no hosts."""
    for network in _V4:
        if number <= network.num_addresses - 2:
            return str(network[number])
        number -= network.num_addresses - 2
    return f"address-{number}"
