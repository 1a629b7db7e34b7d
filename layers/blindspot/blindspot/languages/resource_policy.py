"""Resource-based policies of SNS topics and KMS keys: whether one allows an AWS service to use the resource.

Source: IAM user guide, "Policy evaluation logic", "AWS JSON policy elements: Principal", "Condition operators",
"Conditions with multiple context keys or values" and "AWS global condition context keys"; KMS developer guide, "Key
policies". The answer is TRUE or FALSE only where these documents make it certain. Otherwise it is UNKNOWN, also where a
policy is not understood.
"""

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Any, NamedTuple

from blindspot.languages import strict_json
from blindspot.languages.three_valued import Truth, every, inverse, some

_ACCOUNT = re.compile(r"([0-9]{12})|arn:[\w-]+:iam::([0-9]{12}):root")
_USER_OR_ROLE = re.compile(
    r"arn:[\w-]+:(iam|sts)::[0-9]{12}:(user|role|assumed-role|federated-user)/[^*?$]+|A[A-Z0-9]{15,}"
)


class _OfAws(Enum):
    """Stands for a value that belongs to AWS, and to no customer."""

    VALUE = "of AWS"


OF_AWS = _OfAws.VALUE

Possible = Sequence[str | _OfAws | None]
"""What the value of a condition key may be in the request; None: the request may lack the key."""

_ABSENT = (
    *("aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:PrincipalTag/", "aws:username", "aws:FederatedProvider"),
    *("aws:SourceIdentity", "aws:RequestTag/", "aws:TagKeys", "aws:referer", "sns:Endpoint", "sns:Protocol"),
)
"""What no request of a service has, which is no user, role or member of an organization, and neither tags nor
subscribes. A key with a `/` at its end stands for every key that begins with it."""

_OF_THE_CALLER = (
    *("aws:PrincipalArn", "aws:PrincipalAccount", "aws:userid", "kms:CallerAccount"),
    *("aws:SourceVpc", "aws:SourceVpce", "aws:VpceAccount", "aws:VpceOrgID"),
)
"""Who calls, and through which VPC endpoint. It is not documented whether a request of a service has these."""

_BY_SERVICES: Mapping[str, Possible] = {
    **{key.lower(): (None,) for key in _ABSENT},
    **{key.lower(): (None, OF_AWS) for key in _OF_THE_CALLER},
    "aws:multifactorauthpresent": (None, "false"),
}


@dataclass(frozen=True, slots=True)
class _Request:
    service: str
    action: str
    resource: str
    context: Mapping[str, Possible]  # by keys in lower case

    def possible(self, key: str) -> Possible:
        """What the value of a condition key may be; nothing if that is not known."""
        name = key.lower()
        return self.context.get(name) or self.context.get(name.partition("/")[0] + "/") or ()


class Answer(NamedTuple):
    """Whether a policy allows something.

    because: a sentence that names the statement, and the condition key if there is one, by which the answer is not
    TRUE. It is empty where no single statement decides.
    key: that condition key, as the policy has it; empty without one.
    """

    allowed: Truth
    because: str = ""
    key: str = ""


def allows(
    policy: str,
    *,
    service: str,
    actions: Collection[str],
    resource: str,
    context: Mapping[str, str | Possible],
) -> Answer:
    """Whether the policy allows the service all of these actions, in a request that it makes itself.

    policy: JSON text. service: its principal ("cloudwatch.amazonaws.com"). actions: written out ("SNS:Publish").
    resource: an ARN; "*" for a key policy, where it means that key.
    context: by condition key, its value in the request, or what the value may be. Of other keys is known only what
    holds for every request of a service.
    """
    try:
        document = strict_json.loads(policy)
    except ValueError:
        return _UNREAD
    if not isinstance(document, dict) or not {"Statement"} <= document.keys() <= {"Version", "Id", "Statement"}:
        return _UNREAD
    statements = _as_list(document["Statement"])
    values = {key.lower(): (value,) if isinstance(value, str) else value for key, value in context.items()}
    principal: Mapping[str, Possible] = {"aws:principalisawsservice": ("true",), "aws:principalservicename": (service,)}
    known = {**_BY_SERVICES, **principal, **values}
    answers = [_allow(statements, _Request(service, action, resource, known)) for action in actions]
    allowed = every(answer.allowed for answer in answers)
    return next((answer for answer in answers if answer.allowed is allowed), Answer(allowed))


_UNREAD = Answer(Truth.UNKNOWN, "The policy cannot be read.")


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _allow(statements: list[object], request: _Request) -> Answer:
    """Whether a statement allows the request, and none denies it."""
    allowing = [_has_effect(statement, "Allow", request) for statement in statements]
    denying = [_has_effect(statement, "Deny", request) for statement in statements]
    allowed, denied = some(allowing), some(denying)
    answer = every([allowed, inverse(denied)])
    if answer is Truth.TRUE:
        return Answer(answer)
    if denied is Truth.TRUE or (denied is Truth.UNKNOWN and allowed is not Truth.FALSE):
        return Answer(answer, *_because(statements, denying.index(denied), denied, request))
    if allowed is Truth.UNKNOWN:
        return Answer(answer, *_because(statements, allowing.index(allowed), allowed, request))
    nearly = (number for number, statement in enumerate(statements) if _is_for(statement, request))
    return next((Answer(answer, *_because(statements, number, allowed, request)) for number in nearly), Answer(answer))


def _is_for(statement: object, request: _Request) -> bool:
    """Whether the statement allows the request but for its conditions."""
    allowing = isinstance(statement, dict) and {**statement, "Condition": {}}
    return _has_effect(allowing, "Allow", request) is Truth.TRUE


def _because(statements: list[object], number: int, truth: Truth, request: _Request) -> tuple[str, str]:
    """Why the statement with this number has its effect on the request, or not, or why that is not known (`truth`): a
    sentence, and a condition key."""
    statement = statements[number]
    sid = statement.get("Sid") if isinstance(statement, dict) else None
    name = sid if isinstance(sid, str) and sid else number + 1
    if not isinstance(statement, dict) or not _is_statement(statement):
        return f"Statement {name} cannot be read.", ""
    if truth is Truth.UNKNOWN:
        for element in _COVERS:
            if _element_covers(statement, element, request) is Truth.UNKNOWN:
                return f"It is not known whether the {element} of statement {name} includes the request.", ""
    conditions = statement.get("Condition", {})
    if not _is_readable(conditions):
        return f"The conditions of statement {name} cannot be read.", ""
    deciding = [condition for condition, met in _met(conditions, request) if met is truth]
    if not deciding:
        return f"Statement {name} denies it.", ""
    operator, key = next((each for each in deciding if None in request.possible(each[1])), deciding[0])
    denying = ", which denies it," if statement["Effect"] == "Deny" else ""
    depends = f"Statement {name}{denying} depends on condition key {key}"
    if truth is Truth.UNKNOWN:
        return f"{depends} ({operator}), and it is not known whether the request meets that condition.", key
    match request.possible(key):
        case (str() as value,):
            return f"{depends}, which is {value} in this request.", key
        case (None,):
            return f"{depends}, which a request of an AWS service does not have.", key
    return f"{depends}, which in a request of an AWS service is missing or has a value of AWS.", key


def _is_statement(statement: dict[str, Any]) -> bool:
    return statement.keys() <= _ELEMENTS and statement.get("Effect") in ("Allow", "Deny")


def _has_effect(statement: object, effect: str, request: _Request) -> Truth:
    """Whether the statement has this effect on the request."""
    if not isinstance(statement, dict) or not _is_statement(statement):
        return Truth.UNKNOWN
    if statement["Effect"] != effect:
        return Truth.FALSE
    elements = [_element_covers(statement, name, request) for name in _COVERS]
    return every([*elements, _conditions_are_met(statement.get("Condition", {}), request)])


def _element_covers(statement: dict[str, Any], name: str, request: _Request) -> Truth:
    """Whether the request matches "Action", or does not match "NotAction"; the same for other names."""
    if (name in statement) == (f"Not{name}" in statement):
        return Truth.UNKNOWN
    covered = _COVERS[name](statement.get(name, statement.get(f"Not{name}")), request)
    return covered if name in statement else inverse(covered)


def _some_text(value: object, test: Callable[[str], Truth]) -> Truth:
    """Whether the text, or one in the list of texts, passes the test."""
    texts = _as_list(value)
    return some(map(test, texts)) if texts and all(isinstance(text, str) for text in texts) else Truth.UNKNOWN


def _covers_action(value: object, request: _Request) -> Truth:
    return _some_text(value, lambda pattern: _string_like(pattern.lower(), request.action.lower()))


def _covers_resource(value: object, request: _Request) -> Truth:
    if request.resource == "*":
        # It is not known here whether an ARN in a key policy is that of this key. An ARN of another key has no effect.
        return _some_text(value, lambda pattern: Truth.TRUE if pattern == "*" else Truth.UNKNOWN)
    return _some_text(value, lambda pattern: _string_like(pattern, request.resource))


def _covers_principal(value: object, request: _Request) -> Truth:
    if not isinstance(value, dict) or not value or not value.keys() <= _IS_PRINCIPAL.keys():
        return Truth.TRUE if value == "*" else Truth.UNKNOWN
    return some(_some_text(names, partial(_IS_PRINCIPAL[kind], request)) for kind, names in value.items())


def _is_account(request: _Request, name: str) -> Truth:
    # In a key policy an account means that its IAM policies decide, which a service does not have. In other policies it
    # is not documented whether an alarm counts as its account.
    if name == "*" or _USER_OR_ROLE.fullmatch(name):
        return Truth.of(name == "*")
    account = _ACCOUNT.fullmatch(name)
    known = request.possible("aws:SourceAccount")
    other = account is not None and bool(known) and known[0] not in account.groups()
    return Truth.FALSE if other or (account and request.resource == "*") else Truth.UNKNOWN


def _is_service(request: _Request, name: str) -> Truth:
    if name == request.service:
        return Truth.TRUE
    # A service may have other names in some regions or partitions. A wildcard is not allowed here.
    other = request.service.split(".")[0] not in name.lower() and not re.search(r"[*?$]", name)
    return Truth.FALSE if other else Truth.UNKNOWN


def _is_no_service(request: _Request, name: str) -> Truth:
    return Truth.FALSE


def _conditions_are_met(conditions: object, request: _Request) -> Truth:
    """Whether the request meets every condition."""
    return every(truth for _, truth in _met(conditions, request)) if _is_readable(conditions) else Truth.UNKNOWN


def _is_readable(conditions: object) -> bool:
    return isinstance(conditions, dict) and all(isinstance(keys, dict) and keys for keys in conditions.values())


def _met(conditions: Any, request: _Request) -> Iterator[tuple[tuple[str, str], Truth]]:
    """By operator and key, whether the request meets that condition, whatever the key's value may be."""
    for operator, keys in conditions.items():
        for key, wanted in keys.items():
            truths = {_condition_is_met(operator, wanted, value) for value in request.possible(key)}
            yield (operator, key), truths.pop() if len(truths) == 1 else Truth.UNKNOWN


def _condition_is_met(operator: str, wanted: object, value: str | _OfAws | None) -> Truth:
    """Whether one of the wanted values (with a negated operator, none) is that of the request.

    value: None if the request lacks the key.
    """
    kind = re.sub(r"^(ForAnyValue|ForAllValues):|IfExists\Z", "", operator)
    test = _OPERATORS.get(_NEGATED.get(kind, kind))
    texts = [json.dumps(one) if isinstance(one, bool) else one for one in _as_list(wanted)]
    if test is None or kind == "Null" != operator or not texts or not all(isinstance(text, str) for text in texts):
        return Truth.UNKNOWN  # it is not documented what additions to Null mean
    if kind == "Null":
        return some(_null(text, value is None) for text in texts)
    negated = kind in _NEGATED
    if value is None:
        return _met_without_key(operator, negated)
    if negated and operator.startswith("For"):
        return Truth.UNKNOWN  # not documented for one value
    met = some(_compare(test, text, value) for text in texts)
    return inverse(met) if negated else met


def _met_without_key(operator: str, negated: bool) -> Truth:
    """Whether a request without the key meets a condition."""
    if operator.startswith("ForAllValues:"):
        return Truth.TRUE
    if operator.startswith("ForAnyValue:"):
        return Truth.UNKNOWN if negated or operator.endswith("IfExists") else Truth.FALSE
    return Truth.of(negated or operator.endswith("IfExists"))


_OF_A_CUSTOMER = re.compile(r"(?<![0-9])[0-9]{12}(?![0-9])|A[A-Z0-9]{15,}|\A[^*?]*\Z")
"""An account, a user or role by its id, or one name in full."""


def _compare(test: Callable[[str, str], Truth], wanted: str, value: str | _OfAws) -> Truth:
    if "${" in wanted:
        return Truth.UNKNOWN
    if isinstance(value, str):
        return test(wanted, value)
    return Truth.FALSE if _OF_A_CUSTOMER.search(wanted) else Truth.UNKNOWN


def _string_equals(wanted: str, value: str) -> Truth:
    return Truth.of(wanted == value)


def _string_equals_ignore_case(wanted: str, value: str) -> Truth:
    return Truth.of(wanted.lower() == value.lower())


def _string_like(pattern: str, text: str) -> Truth:
    """Whether the text fits the pattern: `*` is any text, `?` any character. UNKNOWN with a policy variable."""
    return Truth.UNKNOWN if "${" in pattern else Truth.of(_fits(pattern, text))


def _fits(pattern: str, text: str) -> bool:
    """Goes back only to the latest `*`, so the work is limited by the square of the text's length."""
    at, position, after_star, tried = 0, 0, None, 0
    while position < len(text):
        if pattern[at : at + 1] == "*":
            at, after_star, tried = at + 1, at + 1, position
        elif pattern[at : at + 1] in ("?", text[position]):
            at, position = at + 1, position + 1
        elif after_star is not None:
            tried += 1
            at, position = after_star, tried
        else:
            return False
    return not pattern[at:].strip("*")


def _arn_like(pattern: str, arn: str) -> Truth:
    """Compares each of the six parts separately. The last part may contain colons."""
    patterns, parts = pattern.split(":", 5), arn.split(":", 5)
    if len(patterns) < 6 or len(parts) < 6:
        # Not documented. It is FALSE for certain only if it does not fit as plain text either.
        return Truth.FALSE if _string_like(pattern, arn) is Truth.FALSE else Truth.UNKNOWN
    return every(map(_string_like, patterns, parts))


def _bool(wanted: str, value: str) -> Truth:
    return Truth.of(wanted == value) if {wanted, value} <= {"true", "false"} else Truth.UNKNOWN


def _null(wanted: str, absent: bool) -> Truth:
    return Truth.of(wanted == json.dumps(absent)) if wanted in ("true", "false") else Truth.UNKNOWN


_IS_PRINCIPAL = {
    "AWS": _is_account,
    "Service": _is_service,
    "Federated": _is_no_service,
    "CanonicalUser": _is_no_service,
}
_COVERS = {"Principal": _covers_principal, "Action": _covers_action, "Resource": _covers_resource}
_ELEMENTS = {"Sid", "Effect", "Condition", *_COVERS, *(f"Not{name}" for name in _COVERS)}
_OPERATORS: Mapping[str, Callable[[str, str], Truth]] = {
    "StringEquals": _string_equals,
    "StringEqualsIgnoreCase": _string_equals_ignore_case,
    "StringLike": _string_like,
    "ArnEquals": _arn_like,
    "ArnLike": _arn_like,
    "Bool": _bool,
    "Null": _string_equals,
}
_NEGATED = {re.sub("^(String|Arn)", r"\1Not", kind): kind for kind in _OPERATORS if kind not in ("Bool", "Null")}
