"""Filter policies of SNS subscriptions: whether one accepts the notification of an alarm.

Source: SNS developer guide, "Amazon SNS subscription filter policies", with "AND/OR logic", "Key matching" and "String
value matching". The answer is TRUE or FALSE only where these documents, and what CloudWatch sends, make it certain.
Otherwise it is UNKNOWN.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

from blindspot.languages import strict_json
from blindspot.languages.three_valued import Truth, every, inverse, some


class _NoValue(Enum):
    """Stands for the value of a field if there is none to compare."""

    ANY = "the field may exist, with any value"
    UNSEEN = "the field has never been seen in a notification"
    NO_ATTRIBUTE = "the message has no attributes"


ANY_VALUE = _NoValue.ANY
"""In a body: the value is not known."""

_SEEN = (
    *("AlarmName", "AlarmArn", "AlarmDescription", "AWSAccountId", "AlarmConfigurationUpdatedTimestamp", "Region"),
    *("NewStateValue", "NewStateReason", "NewStateReasonData", "OldStateValue", "StateChangeTime", "Trigger"),
    *("OKActions", "AlarmActions", "InsufficientDataActions", "AlarmRule", "TriggeringChildren"),
    *("ActionsSuppressedBy", "ActionsSuppressedReason", "AlarmContributorId", "AlarmContributorAttributes"),
    *("AlarmTags", "AlarmTagsStatus"),
)
"""Every field that has been seen in a notification of any kind of alarm."""

_OPERATORS = ("anything-but", "cidr", "equals-ignore-case", "exists", "numeric", "prefix", "suffix", "wildcard")


def alarm_body(*, account: str, alarm_name: str, alarm_arn: str) -> dict[str, object]:
    """What is known about the message that CloudWatch sends when the alarm goes to ALARM."""
    known = {"AlarmName": alarm_name, "AlarmArn": alarm_arn, "AWSAccountId": account, "NewStateValue": "ALARM"}
    return {**dict.fromkeys(_SEEN, ANY_VALUE), **known}


def passes(policy: str, *, scope: str, body: Mapping[str, object]) -> Truth:
    """Whether the policy accepts the message.

    policy: JSON text. scope: "MessageAttributes" or "MessageBody".
    body: the message's fields, as in `alarm_body`. A field that is not in it counts as missing, but that never makes it
    certain that the policy accepts the message. CloudWatch sets no message attributes.
    """
    try:
        document = strict_json.loads(policy)
        if scope == "MessageAttributes":
            return _every_key_passes(document, {}, _NoValue.NO_ATTRIBUTE)
        return _every_key_passes(document, body, _NoValue.UNSEEN) if scope == "MessageBody" else Truth.UNKNOWN
    except ValueError:
        return Truth.UNKNOWN


def _every_key_passes(policy: Any, fields: Mapping[str, object], absent: _NoValue) -> Truth:
    """absent: the value of a field that is not in `fields`."""
    if not isinstance(policy, dict):
        return Truth.UNKNOWN
    return every(
        _some_policy_passes(wanted, fields, absent)
        if name == "$or"
        else _field_passes(wanted, fields.get(name, absent), absent)
        for name, wanted in policy.items()
    )


def _some_policy_passes(policies: Any, fields: Mapping[str, object], absent: _NoValue) -> Truth:
    """Whether one of the policies under "$or" passes. "$or" needs at least two objects, without names of operators in
    them. Otherwise it is the name of a field."""
    written = (
        isinstance(policies, list) and len(policies) > 1 and all(isinstance(one, dict) and one for one in policies)
    )
    if not written or any(name in _OPERATORS for one in policies for name in one):
        return Truth.UNKNOWN
    return some(_every_key_passes(one, fields, absent) for one in policies)


def _field_passes(wanted: Any, value: object, absent: _NoValue) -> Truth:
    """Whether the field meets one of the conditions, or the fields inside it pass a nested policy."""
    if isinstance(wanted, list) and wanted:
        return some(_meets(condition, value) for condition in wanted)
    if not isinstance(wanted, dict) or not wanted:
        return Truth.UNKNOWN
    if isinstance(value, Mapping):
        return _every_key_passes(wanted, value, absent)
    return _every_key_passes(wanted, {}, absent) if value is absent else Truth.UNKNOWN


def _meets(condition: Any, value: object) -> Truth:
    """Whether the value meets one condition; only text is compared."""
    if isinstance(condition, dict):
        return _meets_operator(*next(iter(condition.items())), value) if len(condition) == 1 else Truth.UNKNOWN
    if isinstance(value, _NoValue):
        return Truth.UNKNOWN if value is ANY_VALUE or isinstance(condition, list) else Truth.FALSE
    # Whether a number equals its digits is not documented.
    comparable = isinstance(value, str) and (condition is None or isinstance(condition, str | bool))
    return Truth.of(condition == value) if comparable else Truth.UNKNOWN


def _meets_operator(name: str, wanted: Any, value: object) -> Truth:
    if name not in _OPERATORS:
        return Truth.UNKNOWN
    if name == "exists":
        return _exists(wanted, value)
    if isinstance(value, _NoValue):
        return Truth.UNKNOWN if value is ANY_VALUE else Truth.FALSE
    if not isinstance(value, str):
        return Truth.UNKNOWN
    if name == "anything-but":
        return _anything_but(wanted, value)
    test = _TEXT_TESTS.get(name)
    return Truth.of(test(value, wanted)) if test and isinstance(wanted, str) else Truth.UNKNOWN


def _exists(wanted: Any, value: object) -> Truth:
    """A null or empty value does not count as existing. Without any attributes, {"exists": false} fails too."""
    if not isinstance(wanted, bool) or value is ANY_VALUE:
        return Truth.UNKNOWN
    if value is _NoValue.UNSEEN:
        # Not certain to be missing: CloudWatch may add fields later.
        return Truth.FALSE if wanted else Truth.UNKNOWN
    if value is _NoValue.NO_ATTRIBUTE:
        return Truth.FALSE
    return Truth.of(wanted) if isinstance(value, str) and value else Truth.UNKNOWN


def _anything_but(unwanted: Any, value: str) -> Truth:
    """Only the documented operators inside it are supported: prefix and suffix."""
    if isinstance(unwanted, dict):
        return inverse(_meets(unwanted, value)) if unwanted.keys() <= {"prefix", "suffix"} else Truth.UNKNOWN
    values = unwanted if isinstance(unwanted, list) else [unwanted]
    if not values or not all(isinstance(one, str) for one in values):
        return Truth.UNKNOWN
    return Truth.of(value not in values)


_TEXT_TESTS: Mapping[str, Callable[[str, str], bool]] = {
    "prefix": str.startswith,
    "suffix": str.endswith,
    "equals-ignore-case": lambda value, wanted: value.lower() == wanted.lower(),
}
