"""The log group: whether metric filters work in it.

Source: CloudWatch Logs user guide, "Log classes".
"""

from __future__ import annotations

from blindspot.model.arn import short
from blindspot.model.findings import HOLDS, Doubt, Finding, Gap, unread
from blindspot.model.snapshot import LogGroup, Unreadable


def check_class(group: LogGroup) -> Finding:
    """Whether metric filters work on log groups of this class."""
    if isinstance(group.log_class, Unreadable):
        return unread(group.arn, group.log_class)
    if group.log_class == "STANDARD":
        return HOLDS
    if group.log_class in ("INFREQUENT_ACCESS", "DELIVERY"):
        message = f"Metric filters do not work in log group {short(group.arn)}: its class is {group.log_class}."
        return Gap("log-group.class", group.arn, message)
    message = f"Metric filters may not work in log group {short(group.arn)}: its class is {group.log_class}."
    return Doubt("log-group.class", group.arn, message)
