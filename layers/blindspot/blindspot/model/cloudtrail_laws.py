"""What goes together in a CloudTrail management event: two tables, the narrow one inside the wide one.

`invariants` hold for every possible event: AWS documents them. A proof that nothing is missed rests on them alone.
`unlikely` names what else holds for every credible event: what was recorded, or is modelled. It is open: a service, an
operation, a parameter or an error code that it does not know is credible. An event is shown as a blind spot only if it
is credible.

Sources. [U] CloudTrail user guide, "CloudTrail userIdentity element". [N] the same, "AWS service events". [C] the same,
"AWS Management Console sign-in events". [R] the same, "CloudTrail record contents": "requestParameters ... are
documented in the API reference documentation". [S] Amazon S3 user guide, "Amazon S3 CloudTrail events". [M] botocore's
models, see `api_operations`. [D] records of public data sets.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from blindspot.model import api_operations
from blindspot.model.cloudtrail_calls import DENIALS, ENDING, OTHER_ERRORS, denial_of, familiar_first
from blindspot.model.findings import Doubt
from filter_pattern import (
    ARRAY,
    BOOLEAN,
    NUMBER,
    OBJECT,
    STRING,
    And,
    Atom,
    Equals,
    Event,
    FieldPath,
    IsKind,
    MatchesRegex,
    Not,
    NotExists,
    Or,
    Predicate,
    atoms,
    equals,
)

CODE, SOURCE, NAME, ADDRESS = ("errorCode",), ("eventSource",), ("eventName",), ("sourceIPAddress",)
PARAMETERS, IDENTITY = ("requestParameters",), ("userIdentity",)
TYPE = (*IDENTITY, "type")
ISSUER = (*IDENTITY, "sessionContext", "sessionIssuer")

MOST_NAMED = 50
"""The most services, and parameters, of a question that the models are asked about."""

MOST_SHAPES = 20
"""The most of a question's values with `*` for which the models are searched for error codes that fit."""

_TEXT = frozenset({STRING})


def missing(path: FieldPath) -> Atom:
    return Atom(path, NotExists())


def exists(path: FieldPath) -> Predicate:
    return Not(missing(path))


def is_text(path: FieldPath, text: str) -> Atom:
    return Atom(path, Equals(text))


def if_then(condition: Predicate, consequence: Predicate) -> Predicate:
    return Or(Not(condition), consequence)


_IDENTITIES = (
    # [U] a session of a role tells about the role; the name of an issuer of type Role is the role's. [C, D] a switch to
    # a role in the console does not; where a sign-in failed there is an errorMessage, but no errorCode.
    if_then(
        is_text(TYPE, "AssumedRole"),
        Or(is_text((*ISSUER, "type"), "Role"), And(equals("eventType", "AwsConsoleSignIn"), missing(CODE))),
    ),
    if_then(is_text((*ISSUER, "type"), "Role"), exists((*ISSUER, "userName"))),
    # [U] the name of a caller of type IAMUser is the user's.
    if_then(is_text(TYPE, "IAMUser"), exists((*IDENTITY, "userName"))),
    # [U, N] type says what made the request. In a record without it a service tells of itself, and its errorCode may be
    # empty (Amazon Cognito developer guide, "Example Amazon Cognito events"). That no refused call is without it is an
    # assumption: [D] has none.
    if_then(missing(TYPE), And(equals("eventType", "AwsServiceEvent"), Or(missing(CODE), is_text(CODE, "")))),
)
_OF_IDENTITIES = frozenset(
    atom.path for law in _IDENTITIES for atom in atoms(law) if isinstance(atom, Atom) and atom.path[:1] == IDENTITY
)


def invariants(predicate: Predicate) -> Iterator[Predicate]:
    """What is true for every possible event and matters for the predicate, because it tests the same fields."""
    tested = tested_paths(predicate)
    of_identities = [path for path in tested if path[:1] == IDENTITY]
    if any(_overlap(path, of_law) for path in of_identities for of_law in _OF_IDENTITIES):
        yield from _IDENTITIES
    parameters = parameters_in(tested)
    if parameters and SOURCE in tested:
        # [R, S] what the API's reference says is text, is text.
        for source in islice(named(predicate, SOURCE), MOST_NAMED):
            for parameter in islice(parameters, MOST_NAMED):
                if api_operations.kinds_in(source, parameter) == _TEXT:
                    yield if_then(is_text(SOURCE, source), _of_kinds(parameter, _TEXT))


def tested_paths(predicate: Predicate) -> dict[FieldPath, None]:
    """The fields that the predicate tests, in their order."""
    return dict.fromkeys(atom.path for atom in atoms(predicate) if isinstance(atom, Atom))


def parameters_in(paths: Iterable[FieldPath]) -> dict[str, None]:
    """The names of the request's parameters in or at which something is tested."""
    inner = (path[1] for path in paths if len(path) > 1 and path[:1] == PARAMETERS)
    return dict.fromkeys(name for name in inner if isinstance(name, str))


def named(predicate: Predicate, path: FieldPath) -> dict[str, None]:
    """The whole values with which the predicate compares the field, in their order."""
    return dict.fromkeys(value for value in values_of(predicate, path) if "*" not in value)


def values_of(predicate: Predicate, path: FieldPath) -> dict[str, None]:
    """The values with which the predicate compares the field as text, in their order."""
    tests = (atom.test for atom in atoms(predicate) if isinstance(atom, Atom) and atom.path == path)
    return dict.fromkeys(test.value for test in tests if isinstance(test, Equals))


def kind_of(value: object) -> str:
    """The JSON type of a value; "" for null."""
    kinds = (STRING, BOOLEAN, NUMBER, OBJECT, ARRAY)
    return next((kind for kind in kinds if Atom(("it",), IsKind(frozenset({kind}))).matches({"it": value})), "")


def _overlap(one: FieldPath, other: FieldPath) -> bool:
    """Whether one of the fields is the other, or inside the other."""
    return all(map(operator.eq, one, other))


def _of_kinds(parameter: str, kinds: frozenset[str]) -> Predicate:
    path = (*PARAMETERS, parameter)
    return Or(missing(path), Atom(path, IsKind(kinds)))


class Law(NamedTuple):
    """What holds for every credible event.

    code: of the doubt that rests on an event that breaks it. if_broken: what that event would be like, as a clause.
    known: what is known instead, as a sentence. In both, {} holds the name of one of the event's fields.
    own_fix: what settles the doubt, where it is known better than by the code.
    """

    holds: Predicate
    code: str
    if_broken: str
    known: str
    own_fix: str = ""

    def message(self, event: Event, what_follows: str) -> str:
        """The sentences about an event that breaks it."""
        shown = {name: event.get(name) for name in ("eventSource", "eventName", "errorCode", "sourceIPAddress")}
        return f"If {self.if_broken.format_map(shown)}, {what_follows}. {self.known.format_map(shown)}"

    def doubt(self, event: Event, resource: str, what_follows: str) -> Doubt:
        """The doubt about a resource that rests on an event that breaks it."""
        return Doubt(self.code, resource, self.message(event, what_follows), own_fix=self.own_fix)


def unlikely(event: Event, predicate: Predicate) -> tuple[Law, ...]:
    """The laws of credible events that this event breaks. `predicate`: the question that it answers, which names error
    codes that are credible because somebody wrote them down."""
    return tuple(law for law in _laws(event, predicate) if not law.holds.matches(event))


def _laws(event: Event, predicate: Predicate) -> Iterator[Law]:
    yield from _CALLERS
    yield _ADDRESS
    yield _EVENT_SOURCE
    yield _codes(predicate)
    yield from _senders(event, predicate)
    yield from _operation(event)
    yield from _parameters(event)


def _of_caller(holds: Predicate, caller: str, known: str) -> Law:
    return Law(holds, "event.unlikely", f"a call had a caller {caller}", f"AWS documents {known}.")


def _of_type(name: str, arn: str, *fields: str) -> Iterator[Law]:
    """[U, D] what a caller of this type has, and how its ARN is written."""
    caller = is_text(TYPE, name)
    for field in fields:
        yield _of_caller(
            if_then(caller, exists((*IDENTITY, field))), f"of type {name} without {field}", "that such callers have it"
        )
    if arn:
        path = (*IDENTITY, "arn")
        shape = Or(missing(path), Atom(path, MatchesRegex(rf"^arn:aws[a-z-]*:{arn}$")))
        yield _of_caller(if_then(caller, shape), f"of type {name} with another kind of ARN", "the ARNs of such callers")


def _without(name: str, *fields: str) -> Iterator[Law]:
    for field in fields:
        holds = if_then(is_text(TYPE, name), missing((*IDENTITY, field)))
        yield _of_caller(holds, f"of type {name} with a field {field}", "that such callers do not have it")


_ID = r"[0-9]{12}"
_CALLERS = (
    *_of_type("Root", f"iam::{_ID}:root", "principalId", "arn", "accountId"),
    *_of_type("IAMUser", rf"iam::{_ID}:user\/.+", "principalId", "accountId"),
    _of_caller(
        if_then(And(is_text(TYPE, "IAMUser"), equals("eventType", "AwsApiCall")), exists((*IDENTITY, "arn"))),
        "of type IAMUser without arn",
        "that such callers have it",
    ),
    *_of_type("AssumedRole", rf"sts::{_ID}:assumed-role\/.+", "principalId", "arn", "accountId"),
    *_without("AssumedRole", "userName"),
    *(
        _of_caller(
            if_then(is_text((*ISSUER, "type"), "Role"), exists((*ISSUER, field))),
            f"whose role had no {field}",
            "that roles have it",
        )
        for field in ("principalId", "arn", "accountId")
    ),
    *_of_type("FederatedUser", rf"sts::{_ID}:federated-user\/.+", "principalId", "arn", "accountId"),
    *_of_type("AWSService", "", "invokedBy"),
    *_without("AWSService", "principalId", "arn", "userName", "sessionContext"),
    *_of_type("AWSAccount", "", "principalId", "accountId"),
    *_without("AWSAccount", "userName"),
    *_of_type("WebIdentityUser", "", "principalId", "userName", "identityProvider"),
    *_of_type("SAMLUser", "", "principalId", "userName", "identityProvider"),
)

# [R] "The IP address that the request was made from. For actions that originate from the service console ... For
# services in AWS, only the DNS name is displayed." [N] "AWS Internal".
_ADDRESS = Law(
    Atom(
        ADDRESS,
        MatchesRegex(
            r"^[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}$|^[0-9a-f]{1,4}:[0-9a-f:]*[0-9a-f:.]$"
            r"|^[a-z][a-z0-9.-]+\.amazonaws\.com$|^[a-z][a-z0-9.-]+\.amazonaws\.com\.cn$|^AWS Internal$"
        ),
    ),
    "event.unlikely",
    "a call came from the address {sourceIPAddress}",
    "AWS documents an IP address, or the DNS name of a service.",
)

# [R] "This name is typically a short form of the service name without spaces plus .amazonaws.com."
_EVENT_SOURCE = Law(
    Atom(SOURCE, MatchesRegex(r"^[a-z0-9][a-z0-9.-]*\.amazonaws\.com$|^[a-z0-9][a-z0-9.-]*\.amazonaws\.com\.cn$")),
    "event.unlikely",
    "a call had the eventSource {eventSource}",
    "AWS documents the short name of a service and .amazonaws.com.",
)


def _codes(predicate: Predicate) -> Law:
    """[D, M] the codes that are known, those that the patterns name, and new ones: what a pattern's `*` stands for may
    be a word that no pattern mentions. So a filter that lists codes misses one, and a filter that leaves out some words
    misses only a code in which such a word and a refusal come together."""
    values = values_of(predicate, CODE)
    shapes = [value for value in values if "*" in value and value.strip("*")]
    mentioned = " ".join(values).lower()
    word = next((word for word in _NEW_WORDS if word.lower() not in mentioned), "")
    known = [*DENIALS, *OTHER_ERRORS]
    for shape in shapes[:MOST_SHAPES]:
        known += api_operations.codes_that_fit(shape)
    new = [shape.replace("*", word) for shape in shapes if word]
    credible = dict.fromkeys([*known, *(value for value in values if "*" not in value), *new])
    return Law(
        Or(missing(CODE), *(is_text(CODE, code) for code in credible)),
        "event.code",
        "a service sent the error code {errorCode}",
        "No service is known to send it.",
    )


_NEW_WORDS = ("Tenant", "Delegation", "Enclave", "Quorum", "Lattice")


S3, EC2 = "s3.amazonaws.com", "ec2.amazonaws.com"

FEW = 5
"""The most services that are known to send an error code, where it is taken for theirs alone."""

COMMON_CODES = frozenset(
    {
        *("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotAuthorized", "OptInRequired"),
        *("ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException"),
        *("MissingAuthenticationToken", "MissingAuthenticationTokenException", "IncompleteSignature"),
        *("InvalidSignatureException", "SignatureDoesNotMatch", "RequestExpired", "RequestAbortedException"),
        *("RequestEntityTooLargeException", "RequestLimitExceeded", "RequestTimeoutException", "Throttling"),
        *("InternalError", "InternalFailure", "ServiceUnavailable", "MalformedHttpRequestException"),
        *("InvalidAction", "InvalidParameterCombination", "InvalidParameterValue", "InvalidQueryParameter"),
        *("MalformedQueryString", "MissingAction", "MissingParameter", "UnknownOperationException", "ValidationError"),
    }
)
"""What any service sends, whether its model names it or not. Source: "Common Error Types" and "Common Errors" of the
services' API references; [D] for refusals."""


def senders(code: str) -> tuple[str, ...]:
    """[M, D] the services that send the error code, where they are few, the familiar ones first; none where any may.

    Codes that begin with Client. or Server. are recorded of EC2. Services of the query protocol, which is like EC2's,
    may send them, but for those whose refusals are recorded without. S3 and EC2 have longer lists of codes in their
    references than in their models; their only codes of refused calls are common ones, and EC2's with Client.
    """
    if code.startswith(("Client.", "Server.")):
        alike = api_operations.services_speaking("ec2", "query")
        unprefixed = {source for source in alike if denial_of(source.removesuffix(ENDING)) == "AccessDenied"}
        return tuple(familiar_first([source for source in alike if source not in unprefixed]))
    known = api_operations.services_sending(code)
    if not known or len(known) > FEW or code in COMMON_CODES:
        return ()
    refuses = "AccessDenied" in code or "Unauthorized" in code
    longer_lists = () if refuses else (S3, EC2)
    return tuple(dict.fromkeys([*familiar_first(known), *longer_lists]))


def _senders(event: Event, predicate: Predicate) -> Iterator[Law]:
    """[M, D] a code of few services is sent by these. Another service that a pattern names may, if it is not known."""
    code = str(event.get("errorCode"))
    sending = senders(code)
    if sending:
        unknown = (source for source in named(predicate, SOURCE) if not api_operations.operations_of(source))
        yield Law(
            if_then(is_text(CODE, code), Or(*(is_text(SOURCE, source) for source in (*sending, *unknown)))),
            "event.code",
            "{eventSource} sent the error code {errorCode}",
            "It is known from other services only.",
            f"Remove the exclusion of this code, or name a service in it that sends the code, such as {sending[0]}.",
        )


def _operation(event: Event) -> Iterator[Law]:
    """[M] a known service does not have the operations of others alone."""
    source, name = str(event.get("eventSource")), str(event.get("eventName"))
    having = api_operations.services_with(name)
    if having and source not in having and api_operations.operations_of(source):
        yield Law(
            Not(And(is_text(SOURCE, source), is_text(NAME, name))),
            "event.unlikely",
            "{eventSource} had an operation {eventName}",
            "That is an operation of other services.",
        )


S3_OWN = frozenset(
    {
        *("accelerate", "acl", "analytics", "attributes", "cors", "delete", "encryption", "host", "inventory"),
        *("lifecycle", "location", "logging", "metrics", "notification", "ownershipControls", "policy", "policyStatus"),
        *("publicAccessBlock", "replication", "requestPayment", "restore", "retention", "select", "tagging"),
        *("torrent", "uploads", "versioning", "versions", "website"),
    }
)
"""[S] S3's names of the host, and of the part of a bucket or an object that a request is about. They hold text or a
list of texts, whatever parameters of the same name hold in other services."""


def _parameters(event: Event) -> Iterator[Law]:
    """[M] a parameter has the types that the models give it, and in a known service those that its own model gives. A
    type that few services give it, it has in these alone: neither a service that the models know without the parameter
    nor one that they do not know has it."""
    parameters, source = event.get("requestParameters"), str(event.get("eventSource"))
    if not isinstance(parameters, dict):
        return
    for name, value in parameters.items():
        anywhere, here = api_operations.kinds_anywhere(name), api_operations.kinds_in(source, name)
        own = [is_text(SOURCE, S3)] if name in S3_OWN else []
        fix, kind = _naming_a_service(name), kind_of(value)
        if anywhere:
            yield _parameter(Or(*own, _of_kinds(name, anywhere)), name, anywhere, fix)
        having = api_operations.services_taking(name, kind)
        if kind not in ("", STRING) and 0 < len(having) <= MOST_NAMED:
            of_kind = Atom((*PARAMETERS, name), IsKind(frozenset({kind})))
            holds = if_then(of_kind, Or(*own, *(is_text(SOURCE, one) for one in having)))
            if here:
                yield _parameter(holds, name, here, fix)
            else:
                if_broken = f"a call of another service had a requestParameters.{name} that is {_described({kind})}"
                known = f"AWS documents that of services such as {familiar_first(having)[0]}."
                yield Law(holds, "event.parameter", if_broken, known, fix)
        elif here and here != anywhere:
            yield _parameter(if_then(is_text(SOURCE, source), _of_kinds(name, here)), name, here, fix)


def _parameter(holds: Predicate, name: str, kinds: frozenset[str], fix: str) -> Law:
    if_broken = f"a call had a requestParameters.{name} that is not {_described(kinds)}"
    return Law(holds, "event.parameter", if_broken, f"AWS documents {_described(kinds)}.", fix)


def _naming_a_service(parameter: str) -> str:
    """How to name a service that has the parameter; which ones have it, where few do."""
    having = api_operations.services_taking(parameter)
    if not having:
        return ""
    first, *others = familiar_first(having)
    fix = f'Name the service in the exclusion too, as in ($.eventSource != "{first}" || ...).'
    if not others or len(others) >= FEW:
        return fix
    return f"{fix} {', '.join(others)} {'has' if len(others) == 1 else 'have'} a {parameter} as well."


def _described(kinds: Iterable[str]) -> str:
    return " or ".join(_IN_WORDS[kind] for kind in sorted(kinds))


_IN_WORDS = {STRING: "text", BOOLEAN: "a Boolean", NUMBER: "a number", OBJECT: "an object", ARRAY: "an array"}
