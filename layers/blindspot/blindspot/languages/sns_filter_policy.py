"""Whether the filter policy of an SNS subscription lets the notification of an alarm through.

Source: SNS developer guide, "Amazon SNS subscription filter policies", with "AND/OR logic", "Key matching" and "String
value matching". The answer is True or False where these, and what CloudWatch sends, make it certain; else None.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

from blindspot.languages import strict_json
from blindspot.languages.three_valued import Known, every, inverse, some


class _Field(Enum):
    """What is known of a field whose value is not."""

    UNKNOWN = "may be there, with any value"
    UNSEEN = "has never been seen in a notification"
    NO_ATTRIBUTE = "is an attribute of a message that has none at all"


UNKNOWN = _Field.UNKNOWN
"""Stands in a body for a value that is not known."""

_SENT = (
    *("AlarmName", "AlarmArn", "AlarmDescription", "AWSAccountId", "AlarmConfigurationUpdatedTimestamp", "Region"),
    *("NewStateValue", "NewStateReason", "NewStateReasonData", "OldStateValue", "StateChangeTime", "Trigger"),
    *("OKActions", "AlarmActions", "InsufficientDataActions", "AlarmRule", "TriggeringChildren"),
    *("ActionsSuppressedBy", "ActionsSuppressedReason", "AlarmContributorId", "AlarmContributorAttributes"),
    *("AlarmTags", "AlarmTagsStatus"),
)
"""Every field that has been seen in a notification, of whatever kind of alarm."""

_KEYWORDS = ("anything-but", "cidr", "equals-ignore-case", "exists", "numeric", "prefix", "suffix", "wildcard")


def alarm_body(*, account: str, alarm_name: str, alarm_arn: str) -> dict[str, object]:
    """What is known of the message that CloudWatch sends when the alarm rings."""
    known = {"AlarmName": alarm_name, "AlarmArn": alarm_arn, "AWSAccountId": account, "NewStateValue": "ALARM"}
    return {**dict.fromkeys(_SENT, UNKNOWN), **known}


def passes(policy: str, *, scope: str, body: Mapping[str, object]) -> Known:
    """Whether the policy lets the message through; None where that cannot be said.

    policy: JSON text. scope: "MessageAttributes" or "MessageBody".
    body: the message's fields, as in `alarm_body`. A field that is not there counts as missing, but nothing passes for
    certain because of that. CloudWatch sets no message attributes.
    """
    try:
        document = strict_json.loads(policy)
        if scope == "MessageAttributes":
            return _all(document, {}, _Field.NO_ATTRIBUTE)
        return _all(document, body, _Field.UNSEEN) if scope == "MessageBody" else None
    except (ValueError, RecursionError):
        return None


def _all(policy: Any, fields: Mapping[str, object], absent: _Field) -> Known:
    """Whether every key of the policy passes."""
    if not isinstance(policy, dict):
        return None
    return every(
        _alternatives(wanted, fields, absent) if name == "$or" else _field(wanted, fields.get(name, absent), absent)
        for name, wanted in policy.items()
    )


def _alternatives(policies: Any, fields: Mapping[str, object], absent: _Field) -> Known:
    """Whether one of the policies under "$or" passes. Anything but two objects or more, without the names of operators,
    makes "$or" the name of a field."""
    written = (
        isinstance(policies, list) and len(policies) > 1 and all(isinstance(one, dict) and one for one in policies)
    )
    if not written or any(name in _KEYWORDS for one in policies for name in one):
        return None
    return some(_all(one, fields, absent) for one in policies)


def _field(wanted: Any, value: object, absent: _Field) -> Known:
    """Whether the field meets one of the conditions, or its own fields meet a nested policy."""
    if isinstance(wanted, list) and wanted:
        return some(_meets(condition, value) for condition in wanted)
    if not isinstance(wanted, dict) or not wanted:
        return None
    if isinstance(value, Mapping):
        return _all(wanted, value, absent)
    return _all(wanted, {}, absent) if value is absent else None


def _meets(condition: Any, value: object) -> Known:
    """Whether the value meets one condition; only text is compared."""
    if isinstance(condition, dict):
        return _operator(*next(iter(condition.items())), value) if len(condition) == 1 else None
    if isinstance(value, _Field):
        return None if value is UNKNOWN or isinstance(condition, list) else False
    # Whether a number equals its digits is not documented.
    comparable = isinstance(value, str) and (condition is None or isinstance(condition, str | bool))
    return condition == value if comparable else None


def _operator(name: str, wanted: Any, value: object) -> Known:
    if name not in _KEYWORDS:
        return None
    if name == "exists":
        return _exists(wanted, value)
    if isinstance(value, _Field):
        return None if value is UNKNOWN else False
    if not isinstance(value, str):
        return None
    if name == "anything-but":
        return _anything_but(wanted, value)
    test = _TESTS.get(name)
    return test(value, wanted) if test and isinstance(wanted, str) else None


def _exists(wanted: Any, value: object) -> Known:
    """A null or empty value does not count as existing; where there are no attributes, none counts as missing."""
    if not isinstance(wanted, bool) or value is UNKNOWN:
        return None
    if value is _Field.UNSEEN:
        # Not surely missing: CloudWatch adds fields as time goes by. Only another condition surely fails.
        return False if wanted else None
    if value is _Field.NO_ATTRIBUTE:
        return False
    return wanted if isinstance(value, str) and value else None


def _anything_but(unwanted: Any, value: str) -> Known:
    """Of operators within it only those that are documented are known: a prefix or a suffix."""
    if isinstance(unwanted, dict):
        inner = unwanted.keys() <= {"prefix", "suffix"}
        return inverse(_meets(unwanted, value)) if inner else None
    values = unwanted if isinstance(unwanted, list) else [unwanted]
    return value not in values if values and all(isinstance(one, str) for one in values) else None


_TESTS: Mapping[str, Callable[[str, str], bool]] = {
    "prefix": str.startswith,
    "suffix": str.endswith,
    "equals-ignore-case": lambda value, wanted: value.lower() == wanted.lower(),
}
