"""Whether a resource-based policy (of an SNS topic or a KMS key) lets an AWS service act on the resource.

Source: IAM user guide, "Policy evaluation logic", "AWS JSON policy elements: Principal", "Condition operators" and
"Conditions with multiple context keys or values"; KMS developer guide, "Key policies". The answer is True or False
where these make it certain; what they leave open, and what is not understood here, is None.
"""

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

from blindspot.languages import strict_json
from blindspot.languages.three_valued import Known, every, inverse, some

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


def allows(policy: str, *, service: str, actions: Collection[str], resource: str, context: Mapping[str, str]) -> Known:
    """Whether the policy lets the service do all of these actions; None where that cannot be said.

    policy: JSON text. service: its principal ("cloudwatch.amazonaws.com"). actions: written out ("SNS:Publish").
    resource: an ARN; "*" where the policy is a key's, in which it means that key.
    context: the condition keys whose value in the request is known; nothing is known of any other.
    """
    try:
        document = strict_json.loads(policy)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict) or not {"Statement"} <= document.keys() <= {"Version", "Id", "Statement"}:
        return None
    known = {key.lower(): value for key, value in context.items()}
    requests = [_Request(service, action, resource, known) for action in actions]
    return every(_answer(_listed(document["Statement"]), request) for request in requests)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _answer(statements: list[object], request: _Request) -> Known:
    """Allowed by a statement, and denied by none."""
    allowed = some(_applies(statement, "Allow", request) for statement in statements)
    denied = some(_applies(statement, "Deny", request) for statement in statements)
    return every([allowed, inverse(denied)])


def _applies(statement: object, effect: str, request: _Request) -> Known:
    """Whether the statement has this effect on the request."""
    if not isinstance(statement, dict) or not statement.keys() <= _ELEMENTS:
        return None
    if statement.get("Effect") != effect:
        return False if statement.get("Effect") in ("Allow", "Deny") else None
    parts = [_part(statement, name, request) for name in _PARTS]
    return every([*parts, _conditions(statement.get("Condition", {}), request.context)])


def _part(statement: dict[str, Any], name: str, request: _Request) -> Known:
    """Whether the request is within "Action", say, or outside "NotAction": a statement has one of the two."""
    if (name in statement) == (f"Not{name}" in statement):
        return None
    found = _PARTS[name](statement.get(name, statement.get(f"Not{name}")), request)
    return found if name in statement else inverse(found)


def _any(value: object, holds: Callable[[str], Known]) -> Known:
    """Whether it holds of the text, or of one in the list."""
    texts = _listed(value)
    return some(map(holds, texts)) if texts and all(isinstance(text, str) for text in texts) else None


def _action(value: object, request: _Request) -> Known:
    return _any(value, lambda pattern: _like(pattern.lower(), request.action.lower()))


def _resource(value: object, request: _Request) -> Known:
    # Which key an ARN in a key policy names is not known here; that of another key has no effect.
    known = _like if request.resource != "*" else lambda pattern, _: True if pattern == "*" else None
    return _any(value, lambda pattern: known(pattern, request.resource))


def _principal(value: object, request: _Request) -> Known:
    if not isinstance(value, dict) or not value or not value.keys() <= _PRINCIPALS.keys():
        return True if value == "*" else None
    return some(_any(names, partial(_PRINCIPALS[kind], request)) for kind, names in value.items())


def _account(request: _Request, name: str) -> Known:
    # In a key policy it stands for its IAM policies, which no service has. Whether an alarm is its account is not said.
    if name == "*" or _USER_OR_ROLE.fullmatch(name):
        return name == "*"
    account = _ACCOUNT.fullmatch(name)
    other = account is not None and request.context.get("aws:sourceaccount") not in (None, *account.groups())
    return False if other or (account and request.resource == "*") else None


def _service(request: _Request, name: str) -> Known:
    # It may have further names, in some region or partition; and a pattern is not allowed.
    other = request.service.split(".")[0] not in name.lower() and not re.search(r"[*?$]", name)
    return True if name == request.service else False if other else None


def _conditions(conditions: object, context: Mapping[str, str]) -> Known:
    """Whether all keys of all operators hold."""
    if not isinstance(conditions, dict) or not all(isinstance(keys, dict) and keys for keys in conditions.values()):
        return None
    blocks = [(operator, *block) for operator, keys in conditions.items() for block in keys.items()]
    return every(_condition(operator, value, context.get(key.lower())) for operator, key, value in blocks)


def _condition(operator: str, value: object, known: str | None) -> Known:
    """Whether one of the values (with a negated operator, none) is that of the request."""
    kind = re.sub(r"^(ForAnyValue|ForAllValues):|IfExists\Z", "", operator)
    test = _TESTS.get(_NEGATED.get(kind, kind))
    # Not documented: what a negated operator makes of a set, and Null with anything.
    beyond = operator.startswith("For") if kind in _NEGATED else kind == "Null" != operator
    if test is None or known is None or beyond:
        return None
    texts = [json.dumps(one) if isinstance(one, bool) else one for one in _listed(value)]
    found = _any(texts, lambda text: None if "${" in text else test(text, known))
    return inverse(found) if kind in _NEGATED else found


def _like(pattern: str, text: str) -> Known:
    """Whether the text fits the pattern: `*` is any characters, `?` any one; a variable is not known."""
    return None if "${" in pattern else fnmatchcase(text, pattern.replace("[", "[[]"))


def _arn_like(pattern: str, arn: str) -> Known:
    """Each of the six parts on its own; the last may hold colons, as an alarm's name does."""
    parts, known = pattern.split(":", 5), arn.split(":", 5)
    if len(parts) < 6 or len(known) < 6:  # not documented: certain only where it does not fit as plain text either
        return None if _like(pattern, arn) else False
    return every(map(_like, parts, known))


_PRINCIPALS = {"AWS": _account, "Service": _service, "Federated": lambda *_: False, "CanonicalUser": lambda *_: False}
_PARTS = {"Principal": _principal, "Action": _action, "Resource": _resource}
_ELEMENTS = {"Sid", "Effect", "Condition", *_PARTS, *(f"Not{name}" for name in _PARTS)}
_TESTS: Mapping[str, Callable[[str, str], Known]] = {
    "StringEquals": str.__eq__,
    "StringEqualsIgnoreCase": lambda wanted, known: wanted.lower() == known.lower(),
    "StringLike": _like,
    "ArnEquals": _arn_like,
    "ArnLike": _arn_like,
    "Bool": lambda wanted, known: wanted == known if {wanted, known} <= {"true", "false"} else None,
    "Null": lambda wanted, _: {"true": False, "false": True}.get(wanted),
}
_NEGATED = {re.sub("^(String|Arn)", r"\1Not", kind): kind for kind in _TESTS if kind not in ("Bool", "Null")}
