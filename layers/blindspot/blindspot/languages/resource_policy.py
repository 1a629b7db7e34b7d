"""Resource-based policies of SNS topics and KMS keys: whether one allows an AWS service to use the resource.

Source: IAM user guide, "Policy evaluation logic", "AWS JSON policy elements: Principal", "Condition operators" and
"Conditions with multiple context keys or values"; KMS developer guide, "Key policies". The answer is TRUE or FALSE only
where these documents make it certain. Otherwise it is UNKNOWN, also where a policy is not understood.
"""

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from blindspot.languages import strict_json
from blindspot.languages.three_valued import Truth, every, inverse, some

_ACCOUNT = re.compile(r"([0-9]{12})|arn:[\w-]+:iam::([0-9]{12}):root")
_USER_OR_ROLE = re.compile(
    r"arn:[\w-]+:(iam|sts)::[0-9]{12}:(user|role|assumed-role|federated-user)/[^*?$]+|A[A-Z0-9]{15,}"
)


@dataclass(frozen=True, slots=True)
class _Request:
    service: str
    action: str
    resource: str
    context: Mapping[str, str]  # by keys in lower case


def allows(policy: str, *, service: str, actions: Collection[str], resource: str, context: Mapping[str, str]) -> Truth:
    """Whether the policy allows the service all of these actions.

    policy: JSON text. service: its principal ("cloudwatch.amazonaws.com"). actions: written out ("SNS:Publish").
    resource: an ARN; "*" for a key policy, where it means that key.
    context: the condition keys whose values in the request are known; the values of others are not known.
    """
    try:
        document = strict_json.loads(policy)
    except ValueError:
        return Truth.UNKNOWN
    if not isinstance(document, dict) or not {"Statement"} <= document.keys() <= {"Version", "Id", "Statement"}:
        return Truth.UNKNOWN
    statements = _as_list(document["Statement"])
    values = {key.lower(): value for key, value in context.items()}
    return every(_allow(statements, _Request(service, action, resource, values)) for action in actions)


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _allow(statements: list[object], request: _Request) -> Truth:
    """Whether a statement allows the request, and none denies it."""
    allowed = some(_has_effect(statement, "Allow", request) for statement in statements)
    denied = some(_has_effect(statement, "Deny", request) for statement in statements)
    return every([allowed, inverse(denied)])


def _has_effect(statement: object, effect: str, request: _Request) -> Truth:
    """Whether the statement has this effect on the request."""
    if not isinstance(statement, dict) or not statement.keys() <= _ELEMENTS:
        return Truth.UNKNOWN
    if statement.get("Effect") != effect:
        return Truth.FALSE if statement.get("Effect") in ("Allow", "Deny") else Truth.UNKNOWN
    elements = [_element_covers(statement, name, request) for name in _COVERS]
    return every([*elements, _conditions_are_met(statement.get("Condition", {}), request.context)])


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
    other = account is not None and request.context.get("aws:sourceaccount") not in (None, *account.groups())
    return Truth.FALSE if other or (account and request.resource == "*") else Truth.UNKNOWN


def _is_service(request: _Request, name: str) -> Truth:
    if name == request.service:
        return Truth.TRUE
    # A service may have other names in some regions or partitions. A wildcard is not allowed here.
    other = request.service.split(".")[0] not in name.lower() and not re.search(r"[*?$]", name)
    return Truth.FALSE if other else Truth.UNKNOWN


def _is_no_service(request: _Request, name: str) -> Truth:
    return Truth.FALSE


def _conditions_are_met(conditions: object, context: Mapping[str, str]) -> Truth:
    """Whether the request meets every condition."""
    if not isinstance(conditions, dict) or not all(isinstance(keys, dict) and keys for keys in conditions.values()):
        return Truth.UNKNOWN
    keys = [(operator, *key) for operator, keys in conditions.items() for key in keys.items()]
    return every(_condition_is_met(operator, wanted, context.get(key.lower())) for operator, key, wanted in keys)


def _condition_is_met(operator: str, wanted: object, value: str | None) -> Truth:
    """Whether one of the wanted values (with a negated operator, none) is that of the request.

    value: None if it is not known.
    """
    kind = re.sub(r"^(ForAnyValue|ForAllValues):|IfExists\Z", "", operator)
    test = _OPERATORS.get(_NEGATED.get(kind, kind))
    # Not documented: a negated operator with ForAnyValue or ForAllValues, and Null with any addition.
    undocumented = operator.startswith("For") if kind in _NEGATED else kind == "Null" != operator
    if test is None or value is None or undocumented:
        return Truth.UNKNOWN
    texts = [json.dumps(one) if isinstance(one, bool) else one for one in _as_list(wanted)]
    met = _some_text(texts, lambda text: Truth.UNKNOWN if "${" in text else test(text, value))
    return inverse(met) if kind in _NEGATED else met


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


def _null(wanted: str, value: str) -> Truth:
    """Whether the request lacks the key; this request has it."""
    return {"true": Truth.FALSE, "false": Truth.TRUE}.get(wanted, Truth.UNKNOWN)


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
    "Null": _null,
}
_NEGATED = {re.sub("^(String|Arn)", r"\1Not", kind): kind for kind in _OPERATORS if kind not in ("Bool", "Null")}
