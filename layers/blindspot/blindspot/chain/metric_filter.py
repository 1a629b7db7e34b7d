"""The metric filter: its pattern, what else excludes events, what it adds to which metric, and which ordinary calls it
counts.

Source: CloudWatch Logs user guide, "Creating metrics from log events using filters"; CloudWatch Logs API reference,
PutMetricFilter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from math import isfinite

from blindspot.chain.trail import check_delivery, check_logging, observes, possibly_recorded, surely_recorded
from blindspot.languages.selection_criteria import selects
from blindspot.languages.three_valued import Truth
from blindspot.model import cloudtrail_events
from blindspot.model.arn import place_of, short
from blindspot.model.findings import HOLDS, Doubt, Finding, Gap, malformed
from blindspot.model.pattern_remarks import remarks, written_instead
from blindspot.model.profile import Profile
from blindspot.model.snapshot import LogGroup, MetricFilter, MetricQuery, Snapshot, Trail, Unreadable
from filter_pattern import (
    ALWAYS,
    BOOLEAN,
    BUDGET,
    STRING,
    And,
    Atom,
    Event,
    Field,
    Found,
    Not,
    Pattern,
    PatternSyntaxError,
    Predicate,
    Proofs,
    Undecided,
    parse,
)

_ACCOUNTS = tuple(f"{number:02}"[::-1] * 6 for number in range(100))
"""Examples of other accounts of an organization, each with another beginning."""


_FEW_STEPS = BUDGET // 20

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


class FilterPatterns:
    """The filter patterns of an account, each parsed once. noise_breaks: of the profile."""

    def __init__(self, snapshot: Snapshot, profile: Profile, proofs: Proofs | None = None) -> None:
        self._snapshot = snapshot
        self._profile = profile
        self.noise_breaks = profile.noise_breaks
        self._proofs = proofs or Proofs()
        self._enabled = frozenset[str]() if isinstance(snapshot.regions, Unreadable) else frozenset(snapshot.regions)
        self._patterns: dict[str, Pattern | tuple[str, str]] = {}
        self._delivered = frozenset(trail.log_group_arn for trail in snapshot.trails)
        self._delivers_anywhere = any(trail.unread and trail.log_group_arn is None for trail in snapshot.trails)
        self._ordinary_counted: dict[tuple[str, str], tuple[Event, ...] | Undecided] = {}

    def pattern(self, resource: str, title: str, text: str) -> Pattern | Doubt:
        """The pattern of a filter. `title` names the filter in a message.

        AWS stores no invalid pattern, so one that cannot be parsed here may match anything.
        """
        if text not in self._patterns:
            self._patterns[text] = self._read(text)
        found = self._patterns[text]
        return found if isinstance(found, Pattern) else Doubt(found[0], resource, f"The pattern of {title} {found[1]}")

    def check_noise(self, group: LogGroup, metric_filter: MetricFilter, scope: Predicate) -> Finding:
        """Whether the filter counts ordinary events in scope, where that breaks a channel."""
        return self.check_ordinary(group, metric_filter, scope) if self.noise_breaks else HOLDS

    def check_ordinary(self, group: LogGroup, metric_filter: MetricFilter, scope: Predicate) -> Finding:
        """Whether the filter counts ordinary events in scope that a trail delivers to its log group. What other log
        groups receive is not known."""
        resource, title = filter_resource(group.arn, metric_filter.name), filter_title(group.arn, metric_filter.name)
        pattern = self.pattern(resource, f"metric filter {title}", metric_filter.pattern)
        if metric_filter.unread:
            return unread_filter(group, metric_filter)
        if isinstance(pattern, Doubt):
            return pattern
        possible: Finding = HOLDS
        if group.arn not in self._delivered and not self._counts_refusals_alone(pattern):
            message = f"Metric filter {title} may count other events of a log group to which no trail delivers."
            return Doubt("filter.noise", resource, message)
        counted = self._counted(group, pattern)
        if isinstance(counted, Undecided):
            message = f"It is not known whether metric filter {title} counts ordinary calls: {counted.reason}."
            return Doubt("filter.noise", resource, message)
        for event in filter(scope.matches, counted):
            what = f"{event['eventSource']} {event['eventName']}"
            arriving = {self._arrives(trail, event) for trail in self._trails(group.arn)} or {Truth.UNKNOWN}
            if Truth.TRUE in arriving:
                message = f"Metric filter {title} counts ordinary calls such as {what}; its alarm never returns to OK."
                known = remarks(pattern)
                message = " ".join([message, *(remark.what for remark in known)])
                return Gap("filter.noise", resource, message, " ".join(written_instead(known)))
            if Truth.UNKNOWN in arriving:
                message = f"Metric filter {title} may count ordinary calls such as {what}."
                possible = Doubt("filter.noise", resource, message)
        return possible

    def _counted(self, group: LogGroup, pattern: Pattern) -> tuple[Event, ...] | Undecided:
        """The ordinary events that the pattern matches."""
        if (group.arn, pattern.text) not in self._ordinary_counted:
            events = tuple(self._ordinary(group, pattern.text))
            self._ordinary_counted[group.arn, pattern.text] = self._proofs.matched(pattern, events)
        return self._ordinary_counted[group.arn, pattern.text]

    def _counts_refusals_alone(self, pattern: Pattern) -> bool:
        """Whether it counts nothing else, whichever account's events the log group receives."""
        anywhere = cloudtrail_events.records(account=None, region=None)
        return self._proofs.implies(pattern, self._profile.required, anywhere)

    def may_see_everything(self, pattern: Pattern) -> bool:
        """Whether nothing that is required is known to be missed by the pattern. It takes few steps: most patterns miss
        the first example."""
        anywhere = cloudtrail_events.records(account=self._snapshot.account, region=None)
        required = And(self._profile.required, *map(Not, self._profile.benign))
        example = self._proofs.find(required, anywhere, _FEW_STEPS)
        if isinstance(example, Found) and not self._proofs.matched(pattern, [example.event]):
            return False
        return not isinstance(self._proofs.unseen(required, [pattern], anywhere, _FEW_STEPS), Found)

    def matches_every_event(self, pattern: str) -> bool:
        """Whether the pattern is proven to match every event of a trail."""
        found = self.pattern("", "", pattern)
        anywhere = cloudtrail_events.records(account=self._snapshot.account, region=None)
        return isinstance(found, Pattern) and self._proofs.implies(ALWAYS, found, anywhere)

    def may_be_delivered(self, log_group: str) -> bool:
        """Whether a trail delivers to the log group, or may."""
        return self._delivers_anywhere or log_group in self._delivered

    def _trails(self, log_group: str) -> Iterator[Trail]:
        """The trails that deliver to the log group, or may."""
        for trail in self._snapshot.trails:
            if trail.log_group_arn == log_group or (trail.unread and trail.log_group_arn is None):
                yield trail

    def _arrives(self, trail: Trail, event: Event) -> Truth:
        """Whether the trail delivers such an event to its log group."""
        region = str(event["awsRegion"])
        found = (check_logging(trail), check_delivery(trail, self._snapshot.read_at))
        if not observes(trail, region) or any(isinstance(finding, Gap) for finding in found):
            return Truth.FALSE
        if not possibly_recorded(trail, region).matches(event):
            return Truth.FALSE
        enabled = region == trail.home_region or region in self._enabled
        surely = enabled and surely_recorded(trail).matches(event) and found == (HOLDS, HOLDS)
        return Truth.TRUE if surely else Truth.UNKNOWN

    def _ordinary(self, group: LogGroup, text: str) -> Iterator[Event]:
        """The ordinary events of every region and account that the pattern may tell apart."""
        regions, accounts = {place_of(group.arn)[1]}, {self._snapshot.account}
        named_regions = set(re.findall(r"\b[a-z]{2,}(?:-[a-z]+)+-\d\b", text))
        if named_regions or "awsRegion" in text:
            skipped = {skipped.region for skipped in self._snapshot.skipped if skipped.excluded}
            regions |= self._enabled | skipped | named_regions | {"us-east-1"}
        if any(trail.organization for trail in self._trails(group.arn)):
            accounts = self._accounts(text)
        for account in sorted(accounts):
            for region in sorted(regions):
                yield from cloudtrail_events.ordinary(account=account, region=region)

    def _accounts(self, text: str) -> set[str]:
        """Accounts that the pattern may tell apart: ours, an example of each that it names in full or in part, and one
        more."""
        named = {self._snapshot.account}
        for part in re.findall(r"\**\d[\d*]*", text):
            begin, _, end = part.partition("*")
            named.add(begin + end.replace("*", "").rjust(12 - len(begin), "0"))
        begun = {account[:2] for account in named}
        return named.union([other for other in _ACCOUNTS if other[:2] not in begun][:1])

    def _read(self, text: str) -> Pattern | tuple[str, str]:
        """The pattern, or the code of the doubt and what is wrong."""
        if text in self._snapshot.disputed_patterns:
            return "filter.disputed", "is read differently by AWS than by Blindspot."
        try:
            return self._proofs.parse(text)
        except PatternSyntaxError as error:
            return "filter.unclear", f"cannot be parsed. {error.message}"


def filter_resource(log_group_arn: str, name: str) -> str:
    """The id of a metric filter, which has no ARN of its own: in an account its log group and name are unique."""
    return f"{log_group_arn}:metric-filter:{name}"


def filter_title(log_group_arn: str, name: str) -> str:
    """The name of a filter in a message. Many log groups may have a filter with the same name."""
    return f"{name} of log group {short(log_group_arn)}"


def unread_filter(group: LogGroup, metric_filter: MetricFilter) -> Doubt:
    """The doubt about a filter of which something was malformed in AWS's answer."""
    resource, title = filter_resource(group.arn, metric_filter.name), filter_title(group.arn, metric_filter.name)
    return malformed(resource, f"Metric filter {title}", metric_filter.unread)


def check_narrowing(group: LogGroup, metric_filter: MetricFilter) -> Finding:
    """Whether something other than the pattern excludes log events."""
    if metric_filter.unread:
        return unread_filter(group, metric_filter)
    resource, title = filter_resource(group.arn, metric_filter.name), filter_title(group.arn, metric_filter.name)
    selected = selects(metric_filter.field_selection, system_fields(group))
    if selected is Truth.FALSE:
        message = f"The field selection criteria of metric filter {title} exclude this log group's events."
        return Gap("filter.narrowed", resource, message)
    if selected is Truth.UNKNOWN:
        message = f"The field selection criteria of metric filter {title} may exclude events."
        return Doubt("filter.narrowed", resource, message)
    if metric_filter.on_transformed_logs:
        message = f"Metric filter {title} tests log events after a transformation, which Blindspot does not know."
        return Doubt("filter.narrowed", resource, message)
    return HOLDS


def check_value(group: LogGroup, metric_filter: MetricFilter) -> Finding:
    """Whether each match adds something to the metric."""
    value = value_per_match(group, metric_filter)
    if isinstance(value, Doubt) or value > 0:
        return HOLDS
    title = filter_title(group.arn, metric_filter.name)
    message = f"Metric filter {title} adds {metric_filter.value} to its metric for each match."
    return Gap("filter.value", filter_resource(group.arn, metric_filter.name), message)


def value_per_match(group: LogGroup, metric_filter: MetricFilter) -> Fraction | Doubt:
    """What each match adds to the metric."""
    if metric_filter.unread:
        return unread_filter(group, metric_filter)
    if _NUMBER.fullmatch(metric_filter.value) and isfinite(value := float(metric_filter.value)):
        return Fraction(value)
    resource, title = filter_resource(group.arn, metric_filter.name), filter_title(group.arn, metric_filter.name)
    message = f"Metric filter {title} adds the value of field {metric_filter.value}, which may be missing or 0."
    return Doubt("filter.value", resource, message)


def system_fields(group: LogGroup) -> dict[str, str]:
    """The system fields of the log events that a trail delivers to the log group."""
    account, region = place_of(group.arn)
    return {"@aws.account": account, "@aws.region": region}


def matches_in_metric(query: MetricQuery, group: LogGroup, metric_filter: MetricFilter) -> Predicate | Doubt | None:
    """Which of the filter's matches are added to the metric in the query; None if none are.

    Metrics with other dimensions are other metrics, and an alarm with another unit never has data (CloudWatch API
    reference, PutMetricAlarm).
    """
    if metric_filter.unread:
        return unread_filter(group, metric_filter)
    if query.unit not in (None, metric_filter.unit or "None"):
        return None
    selectors, wanted = dict(metric_filter.dimensions), dict(query.dimensions)
    known = system_fields(group)
    if any(wanted.get(name) != known[name] for name in metric_filter.system_dimensions if name in known):
        return None
    resource, title = filter_resource(group.arn, metric_filter.name), filter_title(group.arn, metric_filter.name)
    if not known.keys() >= {*metric_filter.system_dimensions}:
        # AWS documents no other system field as a dimension; should one come, nothing is known of its value.
        return Doubt("filter.narrowed", resource, f"It is not known which dimensions metric filter {title} adds.")
    wanted = {name: value for name, value in wanted.items() if name not in metric_filter.system_dimensions}
    try:
        if wanted.keys() == selectors.keys():
            return And(*(_equal(selector, wanted[name]) for name, selector in selectors.items()))
        others = [selector for name, selector in selectors.items() if name not in wanted]
        if not wanted.keys() < selectors.keys() or any(map(_is_in_every_event, others)):
            return None
        message = (
            f"Metric filter {title} adds to its metric with dimensions ({', '.join(selectors)}), which the alarm does "
            "not watch. It may add without them only if an event lacks their fields."
        )
        return Doubt("filter.narrowed", resource, message, own_fix="Remove the dimensions from the metric filter.")
    except PatternSyntaxError:
        message = f"It is not known which matches of metric filter {title} get these dimensions."
    return Doubt("filter.narrowed", resource, message)


def _is_in_every_event(selector: str) -> bool:
    """Whether the selector is of a text field that every event has. Raises PatternSyntaxError as `_equal` does."""
    atom = parse(f"{{ {selector} NOT EXISTS }}").predicate
    known = cloudtrail_events.records(account="", region=None).field(atom.path) if isinstance(atom, Atom) else Field()
    return known.always and known.kinds == {STRING}


def _equal(selector: str, value: str) -> Predicate:
    """The predicate that the field has this value. Raises PatternSyntaxError for a selector or a value that a JSON
    pattern cannot have, or whose form as a dimension is not documented."""
    atom = parse(f"{{ {selector} NOT EXISTS }}").predicate
    field = cloudtrail_events.records(account="", region=None).field(atom.path) if isinstance(atom, Atom) else Field()
    if value in ("true", "false") and BOOLEAN in field.kinds:
        raise PatternSyntaxError("The value may stand for a boolean.", value, 0, len(value))
    if '"' in value or "\\" in value or "*" in value:
        raise PatternSyntaxError("A dimension's value would need to be escaped.", value, 0, len(value))
    return parse(f'{{ {selector} = "{value}" }}').predicate
