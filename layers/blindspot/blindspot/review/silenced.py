"""What an exclusion would silence that was not seen: a made-up call, as CloudTrail would write it. Pure.

It is the newest call that was seen with one thing changed: who has the caller's credentials may use them from another
address, or in another region. `find` proves that it is required, excluded, and not among what was seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from blindspot.model import cloudtrail_events
from blindspot.model.cloudtrail_calls import DENIALS, ENDING, call, in_account, role, service
from blindspot.model.cloudtrail_laws import unlikely
from blindspot.review.groups import Group
from blindspot.review.tally import Details
from blindspot.verdict.credible import Unlikely, credible
from filter_pattern import And, Event, Found, Not, Or, Predicate, Proofs, Undecided, equals

ADDRESSES = ("198.51.100.7", "203.0.113.7", "192.0.2.7", "2001:db8::7")
"""Addresses that are nobody's (RFC 5737, RFC 3849), for a caller from elsewhere."""

REGIONS = {
    "": ("us-east-1", "eu-central-1", "ap-southeast-2", "us-west-2", "sa-east-1", "ap-northeast-1"),
    "cn-": ("cn-north-1", "cn-northwest-1"),
    "us-gov-": ("us-gov-west-1", "us-gov-east-1"),
}
"""Regions by how those of the partition begin, for a call elsewhere."""

MOST_MADE_UP = 100
"""Made-up calls that are tried before `find` makes its own."""

_MADE_UP = {
    "eventID": "66666666-7777-8888-9999-000000000000",
    "requestID": "11111111-2222-3333-4444-555555555555",
}


def silenced(
    excluded: Predicate, required: Predicate, groups: Sequence[Group], account: str, proofs: Proofs
) -> Event | Undecided | None:
    """An event that is required, excluded and not like any that was seen; None where it is proven that there is none.

    excluded: the exclusion. required: what the profile requires without it. groups: what it excludes of what was seen.
    account: the account that is reviewed.
    """
    wanted = And(required, excluded, Not(seen(groups)))
    records = cloudtrail_events.records(account=account, region=None)
    made = tuple(islice(_made_up(groups, account, wanted), MOST_MADE_UP))
    answer = proofs.find(wanted, replace(records, samples=(*made, *records.samples)))
    if not isinstance(answer, Found):
        return answer if isinstance(answer, Undecided) else None
    if answer.event in made:
        return answer.event
    believed = credible(answer, wanted, records, proofs)
    match believed:
        case Found(event) | Unlikely(event):
            return event
    return believed


def seen(groups: Iterable[Group]) -> Predicate:
    """The calls that were seen, as far as it is known where they came from: by service, call and error code, the
    regions, and the source addresses where all are known."""
    alike: dict[tuple[str, str, str], list[Group]] = {}
    for group in groups:
        alike.setdefault((group.key.service, group.key.call, group.key.code), []).append(group)
    return Or(*(_seen(*what, [group.details for group in same]) for what, same in alike.items()))


def _seen(service: str, call: str, code: str, details: Sequence[Details]) -> Predicate:
    addresses = frozenset[str]().union(*(each.addresses for each in details))
    known = [] if any(each.more_addresses for each in details) else [_one_of("sourceIPAddress", addresses)]
    regions = frozenset[str]().union(*(each.regions for each in details))
    what = equals("eventSource", service), equals("eventName", call), equals("errorCode", code)
    return And(*what, _one_of("awsRegion", regions), *known)


def _one_of(field: str, values: Iterable[str]) -> Predicate:
    return Or(*(equals(field, value) for value in sorted(values)))


def _made_up(groups: Iterable[Group], account: str, wanted: Predicate) -> Iterator[Event]:
    """Calls like those that were seen, the most telling first: from another address, in another region, or refused with
    another code. Only those that CloudTrail may write."""
    for group in groups:
        event = group.details.example or _like(group, account)
        made = ({**event, **_MADE_UP, **changes} for changes in _changes(event))
        yield from (event for event in made if not unlikely(event, wanted))


def _like(group: Group, account: str) -> Event:
    """A call of the group, of which no example was kept. Its caller is a role or a service. `find` adds what else the
    exclusion asks for, such as the path of a role."""
    key, details = group.key, group.details
    caller = key.caller
    who = service(caller.name.removesuffix(ENDING)) if caller.kind == "service" else role(caller.name)
    address = min(details.addresses, default=ADDRESSES[0])
    name = key.service.removesuffix(ENDING)
    made = call(name, key.call, who, error=key.code, address=address)
    return in_account(made, account, min(details.regions, default=REGIONS[""][0]))


def _changes(event: Event) -> Iterator[Mapping[str, object]]:
    if re.match(r"[0-9]|[0-9a-f]*:", str(event.get("sourceIPAddress"))):
        yield from ({"sourceIPAddress": address} for address in ADDRESSES)
    region = str(event.get("awsRegion"))
    begins = next((begin for begin in REGIONS if begin and region.startswith(begin)), "")
    yield from ({"awsRegion": region} for region in REGIONS[begins])
    yield from ({"errorCode": code} for code in DENIALS)
