"""The log group: whether metric filters work in it, and which metric filters elsewhere may count copies of its events.

Source: CloudWatch Logs user guide, "Log classes" and "Cross-account cross-Region log centralization".
"""

from __future__ import annotations

from collections.abc import Iterator

from blindspot.chain.metric_filter import system_fields
from blindspot.languages.selection_criteria import selects
from blindspot.languages.three_valued import Truth
from blindspot.model.arn import place_of, short
from blindspot.model.findings import HOLDS, Doubt, Finding, Gap, unread
from blindspot.model.snapshot import LogGroup, MetricFilter, Snapshot, Unreadable


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


def filters_of_copies(group: LogGroup, snapshot: Snapshot) -> Iterator[tuple[str, MetricFilter]]:
    """The metric filters that may count central copies of the log group's events, with the ARNs of their log groups.

    By default a central copy has the name of its source, in another account or region. Only the management account or a
    delegated administrator can list the rules that say so. Under any name, filters on central copies can tell sources
    apart by the system fields `@aws.account` and `@aws.region` (CloudWatch Logs API reference, PutMetricFilter).
    """
    for place, filters in snapshot.other_filters.items():
        for arn, found in filters:
            by_source = found.system_dimensions or "@aws." in (found.field_selection or "")
            has_its_name = place != place_of(group.arn) and short(arn) == short(group.arn)
            selected = selects(found.field_selection, system_fields(group)) is not Truth.FALSE
            if selected and not found.unread and (by_source or has_its_name):
                yield arn, found
