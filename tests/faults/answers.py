"""What can go wrong with the answer to a call: each fault, and what a client gets to read.

A fault is applied to the bytes of an answer, so that the SDK parses it as it parses AWS's own. `tests.faults.proxy`
applies faults over HTTP, `tests.faults.in_process` where the SDK would have sent the request.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from functools import partial
from typing import Any
from urllib.parse import parse_qs
from xml.etree import ElementTree

from botocore.session import Session

from local.aws import Call
from local.aws.error_response import error_response

_session = Session()

IAM_PREFIXES = {"monitoring": "cloudwatch"}
"""Of the services that sign under another name."""


@dataclass(frozen=True)
class Answer:
    """A response; its headers are worked out from these. request_id: AWS's, which shows that the answer is its own."""

    body: bytes
    status: int = 200
    content_type: str = "application/x-amz-json-1.1"
    request_id: str = ""

    @property
    def headers(self) -> dict[str, str]:
        named = {"x-amzn-RequestId": self.request_id} if self.request_id else {}
        return {"Content-Type": self.content_type, "Content-Length": str(len(self.body)), **named}


@dataclass(frozen=True)
class Attempt:
    """A request as it arrives.

    number: how many attempts at this operation came before. told: makes the call, and gives AWS's own answer.
    """

    call: Call
    protocol: str
    number: int
    told: Callable[[], Answer]


class Wire(Enum):
    """What happens to the connection."""

    WHOLE = "it stays"
    DENIED = "it is refused"
    RESET = "it is reset instead of an answer"
    HANGING = "nothing is sent"
    TRICKLING = "the answer comes a byte at a time, for longer than there is"
    CUT = "it ends in the middle of the answer"


class Kind(Enum):
    """Faults of one kind reach the product by the same way through the SDK."""

    NONE = "no fault"
    ERROR = "an error response"
    CONNECTION = "the connection fails"
    SLOW = "no answer in time"
    UNREADABLE = "an answer that cannot be parsed"
    EMPTY = "an answer without what was asked for"
    WRONG = "an answer of the wrong shape"
    PAGES = "pages that do not end"
    CHANGED = "the account changes meanwhile"


@dataclass(frozen=True)
class Fault:
    """answer: what is answered, where the connection stays.

    waits: it lasts for as long as the client waits. paged: it is of answers that come in pages. mapped: it is of
    answers that hold a map in XML. deletes: what the operation reads is deleted before the first answer.
    """

    name: str
    kind: Kind
    answer: Callable[[Attempt], Answer] = lambda attempt: attempt.told()
    wire: Wire = Wire.WHOLE
    waits: bool = False
    paged: bool = False
    mapped: bool = False
    deletes: bool = False

    @property
    def does_it(self) -> bool:
        """Whether AWS does what it is asked for in the end."""
        return self.kind in (Kind.NONE, Kind.CHANGED)


WRITES = {
    "config:PutEvaluations": b'{"FailedEvaluations": []}',
    "events:PutEvents": b'{"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}',
    "config:StartConfigRulesEvaluation": b"{}",
}
"""What AWS answers where all went well. A fault is played on this, and nothing is done: the harder case."""


def told(fault: Fault, call: Call, ask: Callable[[], Answer]) -> Answer:
    """AWS's own answer to a call that meets the fault. `ask`: makes the call."""
    return Answer(WRITES[str(call)]) if str(call) in WRITES and not fault.does_it else ask()


def applies(fault: Fault, operation: str) -> bool:
    """Whether the operation's answers can have the fault."""
    service, name = operation.split(":")
    model = _session.get_service_model(service).operation_model(name)
    fields = set(model.output_shape.members) if model.output_shape else set()
    if fault.paged:
        return bool(fields & {"nextToken", "NextToken"})
    if fault.mapped:
        return service == "sns" and "Attributes" in fields
    if operation in WRITES and fault.wire is Wire.WHOLE and not fault.does_it:
        call = Call(service, name, "us-east-1")
        made = fault.answer(Attempt(call, "json", 0, lambda: Answer(WRITES[operation])))
        return made.body != WRITES[operation]  # else it is as if all went well, which nobody could notice
    return True


def attempted(headers: Mapping[str, str], body: bytes) -> tuple[Call, str]:
    """The operation that a signed request calls, and the protocol that it is in: json, query or ec2."""
    scope = headers["Authorization"].partition("Credential=")[2].split(",")[0]
    _, _, region, signing, _ = scope.split("/")
    service = IAM_PREFIXES.get(signing, signing)
    if target := headers.get("X-Amz-Target"):
        return Call(service, target.rpartition(".")[2], region), "json"
    operation = parse_qs(body.decode())["Action"][0]
    return Call(service, operation, region), "ec2" if service == "ec2" else "query"


# Error responses


def error(code: str, status: int = 400) -> Callable[[Attempt], Answer]:
    def answer(attempt: Attempt) -> Answer:
        made = error_response(attempt.protocol, code)
        return Answer(made.content, status, _content_type(attempt))

    return answer


def throttled_twice(attempt: Attempt) -> Answer:
    return error("ThrottlingException")(attempt) if attempt.number < 2 else attempt.told()


# Answers that cannot be parsed, or hold nothing


def garbage(attempt: Attempt) -> Answer:
    text = b'{"unfinished": [' if attempt.protocol == "json" else b"<unfinished><"
    return Answer(text, content_type=_content_type(attempt))


def nothing(attempt: Attempt) -> Answer:
    return Answer(b"", content_type=_content_type(attempt))


def page(_: Attempt) -> Answer:
    """What a proxy or a captive portal says in place of AWS."""
    return Answer(b"<html><head><title>Welcome</title></head><body>Please sign in</body></html>", 200, "text/html")


def half(attempt: Attempt) -> Answer:
    """As long as its Content-Length says, though only half of it is there."""
    whole = attempt.told()
    return replace(whole, body=whole.body[: len(whole.body) // 2])


def without_fields(attempt: Attempt) -> Answer:
    if attempt.protocol == "json":
        return Answer(b"{}", content_type=_content_type(attempt))
    return _edited(attempt, lambda result: result.clear())


# Answers of the wrong shape


def wrong_fields(attempt: Attempt) -> Answer:
    """Lists, structures, texts and numbers stand in for each other in the uppermost fields."""
    if attempt.protocol == "json":
        return _changed(attempt, lambda told: {name: _another_type(value) for name, value in told.items()})
    return _edited(attempt, _swap_types)


def wrong_values(attempt: Attempt) -> Answer:
    """The same in the innermost fields."""
    if attempt.protocol == "json":
        return _changed(attempt, partial(_leaves, of=_another_type))

    def edit(result: ElementTree.Element) -> None:
        for leaf in [one for one in result.iter() if not len(one) and one is not result]:
            leaf.text = None
            ElementTree.SubElement(leaf, "member").text = "7"

    return _edited(attempt, edit)


def nulls(attempt: Attempt) -> Answer:
    """Every value is null, or in XML empty."""
    if attempt.protocol == "json":
        return _changed(attempt, partial(_leaves, of=lambda _: None))

    def edit(result: ElementTree.Element) -> None:
        for leaf in result.iter():
            if not len(leaf) and _name(leaf) != "key":
                leaf.text = None

    return _edited(attempt, edit)


def swapped(attempt: Attempt) -> Answer:
    """In maps the values are the keys."""

    def edit(result: ElementTree.Element) -> None:
        for entry in result.iter():
            if [_name(part) for part in entry] == ["key", "value"]:
                entry[0].text, entry[1].text = entry[1].text, entry[0].text

    return _edited(attempt, edit)


# Pages


def with_token(token: Callable[[Attempt], str]) -> Callable[[Attempt], Answer]:
    def answer(attempt: Attempt) -> Answer:
        name = "nextToken" if attempt.call.service == "logs" else "NextToken"
        if attempt.protocol == "json":
            return _changed(attempt, lambda told: {**told, name: token(attempt)})

        def edit(result: ElementTree.Element) -> None:
            for old in [child for child in result if _name(child) == name]:
                result.remove(old)
            ElementTree.SubElement(result, name).text = token(attempt)

        return _edited(attempt, edit)

    return answer


FAULTS = {
    fault.name: fault
    for fault in (
        Fault("nothing", Kind.NONE),
        Fault("little time", Kind.NONE, waits=True),
        Fault("refused", Kind.ERROR, error("AccessDenied")),
        Fault("throttled", Kind.ERROR, error("ThrottlingException")),
        Fault("throttled twice", Kind.NONE, throttled_twice),
        Fault("status 500", Kind.ERROR, error("InternalFailure", 500)),
        Fault("denied connection", Kind.CONNECTION, wire=Wire.DENIED),
        Fault("reset", Kind.CONNECTION, wire=Wire.RESET),
        Fault("cut off", Kind.CONNECTION, wire=Wire.CUT),
        Fault("hanging", Kind.SLOW, wire=Wire.HANGING, waits=True),
        Fault("trickling", Kind.SLOW, wire=Wire.TRICKLING, waits=True),
        Fault("malformed", Kind.UNREADABLE, garbage),
        Fault("empty body", Kind.UNREADABLE, nothing),
        Fault("half a body", Kind.UNREADABLE, half),
        Fault("HTML page", Kind.UNREADABLE, page),
        Fault("{}", Kind.EMPTY, without_fields),
        Fault("nulls", Kind.EMPTY, nulls),
        Fault("wrong fields", Kind.WRONG, wrong_fields),
        Fault("wrong values", Kind.WRONG, wrong_values),
        Fault("swapped", Kind.WRONG, swapped, mapped=True),
        Fault("repeated token", Kind.PAGES, with_token(lambda _: "again"), paged=True),
        Fault("endless pages", Kind.PAGES, with_token(lambda attempt: str(attempt.number)), waits=True, paged=True),
        Fault("deleted", Kind.CHANGED, deletes=True),
    )
}


def _content_type(attempt: Attempt) -> str:
    return "application/x-amz-json-1.1" if attempt.protocol == "json" else "text/xml"


def _changed(attempt: Attempt, change: Callable[[dict[str, Any]], Any]) -> Answer:
    told = attempt.told()
    return replace(told, body=json.dumps(change(json.loads(told.body or b"{}"))).encode())


def _edited(attempt: Attempt, edit: Callable[[ElementTree.Element], None]) -> Answer:
    """With the result element edited: what the SDK reads the fields from."""
    told = attempt.told()
    root = ElementTree.fromstring(told.body)  # noqa: S314 (the local AWS's own)
    edit(root if attempt.protocol == "ec2" else root[0])
    return replace(told, body=ElementTree.tostring(root))


def _another_type(value: object) -> object:
    match value:
        case list():
            return "seven"
        case dict():
            return [7]
        case str():
            return {"seven": 7}
        case _:
            return "seven"


def _leaves(value: Any, of: Callable[[object], object]) -> Any:
    match value:
        case dict():
            return {name: _leaves(one, of) for name, one in value.items()}
        case list():
            return [_leaves(one, of) for one in value]
        case _:
            return of(value)


def _swap_types(result: ElementTree.Element) -> None:
    """A list then has a text in it; of a text alone the SDK would make an empty list."""
    for child in result:
        item = child[0].tag if len(child) else "member"
        child.clear()
        ElementTree.SubElement(child, item).text = "7"


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]
