"""The alarms to forecast: which metric filters feed each, and which patterns must be watched for that. Pure.

Source: CloudWatch user guide, "Using Amazon CloudWatch alarms" and "CloudWatch statistics definitions"; CloudWatch Logs
user guide, "Creating metrics from log events using filters".
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeVar

from blindspot.chain import metric_alarm
from blindspot.chain.metric_data import Data, MetricData
from blindspot.chain.metric_filter import (
    FilterPatterns,
    check_narrowing,
    filter_title,
    value_per_match,
)
from blindspot.model.arn import Place, place_of, short
from blindspot.model.findings import Doubt, Gap
from blindspot.model.profile import Profile
from blindspot.model.snapshot import (
    Alarm,
    CompositeAlarm,
    LogGroup,
    MathAlarm,
    MetricAlarm,
    MetricFilter,
    Snapshot,
    Unreadable,
)
from blindspot.review.alarm_states import BREACHING, MISSING, TREATMENTS, WITHIN
from blindspot.review.read import Read
from blindspot.review.tally import Watched
from blindspot.verdict.assessment import Assessment
from blindspot.verdict.pattern_writer import matches_only_required, pattern_to_write
from filter_pattern import ALWAYS, Pattern, Proofs

T = TypeVar("T")

_MINUTE = 60

MOST_ALARMS = 50
"""Alarms of the account that are forecast: each takes half a second where a million calls were read."""

_NAMELESS = MetricAlarm("", "", "")

Samples = Sequence[tuple[float, int]]
"""The values that are published in a period, and how often: each at least once."""


def _total(samples: Samples) -> float:
    return sum(value * count for value, count in samples)


def _count(samples: Samples) -> int:
    return sum(count for _, count in samples)


_STATISTICS: Mapping[str, Callable[[Samples], float]] = {
    "Sum": _total,
    "SampleCount": _count,
    "Average": lambda samples: _total(samples) / _count(samples),
    "Maximum": lambda samples: max(value for value, _ in samples),
    "Minimum": lambda samples: min(value for value, _ in samples),
}
"""CloudWatch user guide, "CloudWatch statistics definitions"."""


class Terms(NamedTuple):
    """The settings of an alarm on one metric; as in `snapshot.MetricAlarm`."""

    statistic: str = "Sum"
    period: int = 300
    threshold: float = 1.0
    comparison: str = "GreaterThanOrEqualToThreshold"
    evaluation_periods: int = 1
    datapoints: int = 1
    missing_data: str = "missing"

    @property
    def in_words(self) -> str:
        """In few words, as a gap of the alarm has them."""
        return metric_alarm.terms(replace(_NAMELESS, **self._asdict()))

    def data_point(self, samples: Samples) -> int:
        """The data point of a period in which this was published, as `alarm_states` has it."""
        if not samples:
            return MISSING
        compare, statistic = metric_alarm.COMPARISONS[self.comparison], _STATISTICS[self.statistic]
        return BREACHING if compare(statistic(samples), self.threshold) else WITHIN


class Feed(NamedTuple):
    """A metric filter that adds to the alarm's metric: the number of its pattern in `Tally.watched`, what it adds for
    each match, and what in each minute in which log events arrive and none matches."""

    watched: int
    value: float
    default: float | None


@dataclass(frozen=True, slots=True)
class ForecastAlarm:
    """An alarm to forecast; one that is known has feeds.

    arn: None for the alarm that the profile's source sets, as remediation would create it.
    terms: None for an alarm that is not on one metric with a statistic that is known; then it is not known either.
    not_known: why it cannot be forecast; None where it can. at_least: whether its filters count more than the review
    reads, so that it is in ALARM in more periods.
    """

    name: str
    arn: str | None
    terms: Terms | None
    feeds: tuple[Feed, ...]
    not_known: str | None = None
    at_least: bool = False


def alarms_of(
    assessment: Assessment, profile: Profile, proofs: Proofs
) -> tuple[tuple[ForecastAlarm, ...], tuple[Watched, ...]]:
    """The alarms to forecast: those on channels of the assessment, each once, and last the one that the profile's
    source sets. And the patterns to watch for them, the first of them that of the profile if there is one.

    After the first MOST_ALARMS, the account's alarms are not known.
    """
    alarms = _Alarms(assessment.snapshot, profile, proofs)
    of_profile = alarms.of_profile()
    on_channels = (channel.alarm for region in assessment.regions for channel in region.channels)
    arns = [arn for arn in dict.fromkeys(on_channels) if arn]
    of_account = [alarms.of_account(arn) for arn in arns[:MOST_ALARMS]]
    why = f"Only {MOST_ALARMS} alarms of the account are forecast."
    others = [ForecastAlarm(short(arn), arn, None, (), why) for arn in arns[MOST_ALARMS:]]
    return (*of_account, *others, of_profile), tuple(alarms.watched)


def after_reading(alarms: Iterable[ForecastAlarm], read: Read) -> tuple[ForecastAlarm, ...]:
    """The alarms as far as what was read allows a forecast. One that is fed from log groups of which some were not read
    is in ALARM in more periods, or not known."""
    whole = {each.log_group for each in read.log_groups if each.start <= read.read.start}
    is_whole = len(whole) == len(read.log_groups)
    return tuple(
        replace(alarm, at_least=alarm.at_least or not is_whole)
        if alarm.arn is None
        else _after_reading(alarm, [read.tally.watched[feed.watched].log_group for feed in alarm.feeds], whole)
        for alarm in alarms
    )


def _after_reading(
    alarm: ForecastAlarm, log_groups: Sequence[str | None], whole: Collection[str | None]
) -> ForecastAlarm:
    """The account's alarm that these log groups feed, if those in `whole` were read whole."""
    unread = [arn for arn in log_groups if arn and arn not in whole]
    if not unread:
        return alarm
    if len(unread) < len(log_groups) and alarm.terms and _rises(alarm.terms, alarm.feeds):
        return replace(alarm, at_least=True)
    why = f"Log group {short(unread[0])}, whose metric filters add to its metric, was not read whole."
    return replace(alarm, feeds=(), not_known=why, at_least=False)


class _NotForecast(Exception):
    """Raised for an alarm that cannot be forecast. Its text is the reason."""


class _Alarms:
    """The alarms of an account, and the patterns that they need, each with its number."""

    def __init__(self, snapshot: Snapshot, profile: Profile, proofs: Proofs) -> None:
        self._snapshot = snapshot
        self._profile = profile
        self._proofs = proofs
        self._patterns = FilterPatterns(snapshot, profile, proofs)
        self._data: dict[Place, MetricData] = {}
        self._alarms = {alarm.arn: alarm for alarm in _alarms(snapshot)}
        self.watched: dict[Watched, int] = {}

    def of_profile(self) -> ForecastAlarm:
        """The alarm that the profile's source sets, on the filter that remediation would create for all log groups."""
        settings, name = self._profile.alarm, self._profile.names.alarm
        terms: Terms | None = None
        try:
            terms = _checked(
                Terms(
                    settings.statistic,
                    settings.period,
                    settings.threshold,
                    settings.comparison,
                    missing_data="notBreaching",  # as remediation creates it
                )
            )
            feeds, at_least = self._feeds_of_profile(terms)
        except _NotForecast as reason:
            return ForecastAlarm(name, None, terms, (), str(reason))
        return ForecastAlarm(name, None, terms, feeds, at_least=at_least)

    def _feeds_of_profile(self, terms: Terms) -> tuple[tuple[Feed, ...], bool]:
        """As `_feeds`, of the profile's alarm."""
        pattern = pattern_to_write(self._profile, self._proofs).pattern
        if pattern is None:
            raise _NotForecast("No metric filter pattern does what the profile requires.")
        feeds = (Feed(self._number(None, pattern), 1.0, None),)
        more = () if self._counts_refused_calls_alone(pattern) else (self._profile.names.filter,)
        return feeds, _counts_more(terms, feeds, more)

    def of_account(self, arn: str) -> ForecastAlarm:
        """The alarm of this ARN."""
        terms: Terms | None = None
        try:
            alarm = _on_one_metric(self._alarms[arn])
            terms = _checked(Terms(*(getattr(alarm, name) for name in Terms._fields)))
            feeds, at_least = self._feeds(alarm, terms)
        except _NotForecast as reason:
            return ForecastAlarm(short(arn), arn, terms, (), str(reason))
        return ForecastAlarm(short(arn), arn, terms, feeds, at_least=at_least)

    def _feeds(self, alarm: MetricAlarm, terms: Terms) -> tuple[tuple[Feed, ...], bool]:
        """The filters that add to the alarm's metric, and whether there may be more matches than the review reads.
        Raises _NotForecast."""
        place = place_of(alarm.arn)
        self._check_read(place)
        (query,) = metric_alarm.queries(alarm)
        data, metric_data = Data.of(query), self._metric_data(place)
        feeding = list(metric_data.feeding(data))
        if not feeding:
            raise _NotForecast("No metric filter that was read adds to its metric.")
        if len({found.unit or "None" for _, found in feeding}) > 1:
            raise _NotForecast("Its metric gets data with several units.")
        feeds: list[Feed] = []
        more: list[str] = []
        for group, found in feeding:
            feed, pattern = self._feed(metric_data, data, group, found)
            feeds.append(feed)
            if not (self._patterns.may_be_delivered(group.arn) and self._counts_refused_calls_alone(pattern)):
                more.append(filter_title(group.arn, found.name))
        return tuple(feeds), _counts_more(terms, feeds, more)

    def _feed(self, metric_data: MetricData, data: Data, group: LogGroup, found: MetricFilter) -> tuple[Feed, Pattern]:
        """What the filter adds to the data for each match of the pattern. Raises _NotForecast."""
        title = f"metric filter {filter_title(group.arn, found.name)}"
        narrowing = check_narrowing(group, found)
        if isinstance(narrowing, Doubt | Gap):
            raise _NotForecast(narrowing.message)
        if _known(metric_data.scope(data, group, found)) != ALWAYS:
            raise _NotForecast(f"M{title[1:]} adds to its metric with dimensions.")
        pattern = _known(self._patterns.pattern("", title, found.pattern))
        value = _known(value_per_match(group, found))
        return Feed(self._number(group.arn, pattern), float(value), found.default), pattern

    def _counts_refused_calls_alone(self, pattern: Pattern) -> bool:
        """Whether a review reads every event that the pattern matches."""
        return matches_only_required(pattern, self._profile, self._proofs)

    def _check_read(self, place: Place) -> None:
        """Raises _NotForecast where metric filters of the place could not be read."""
        for arn, group in self._snapshot.log_groups.items():
            filters = group.filters if isinstance(group, LogGroup) else group
            if isinstance(filters, Unreadable) and place_of(arn) == place:
                raise _NotForecast(f"Log group {short(arn)} may add to its metric: its filters could not be read.")

    def _metric_data(self, place: Place) -> MetricData:
        if place not in self._data:
            self._data[place] = MetricData(self._snapshot, self._patterns, place)
        return self._data[place]

    def _number(self, log_group: str | None, pattern: Pattern) -> int:
        return self.watched.setdefault(Watched(log_group, pattern), len(self.watched))


def _known(value: T | Doubt) -> T:
    """The value. Raises _NotForecast for a doubt."""
    if isinstance(value, Doubt):
        raise _NotForecast(value.message)
    return value


def _alarms(snapshot: Snapshot) -> Iterator[Alarm]:
    for found in snapshot.alarms.values():
        yield from () if isinstance(found, Unreadable) else found


def _on_one_metric(alarm: Alarm) -> MetricAlarm:
    """The alarm if it is on one metric. Raises _NotForecast."""
    match alarm:
        case MetricAlarm():
            return alarm
        case MathAlarm():
            raise _NotForecast("It is on metric math. Only alarms on one metric are forecast.")
        case CompositeAlarm():
            raise _NotForecast("It is a composite alarm. Only alarms on one metric are forecast.")
    raise _NotForecast(f"It is of another kind ({alarm.kind}). Only alarms on one metric are forecast.")


def _checked(terms: Terms) -> Terms:
    """The terms. Raises _NotForecast where they are not known."""
    if terms.statistic not in _STATISTICS or terms.comparison not in metric_alarm.COMPARISONS:
        raise _NotForecast("Its statistic or comparison is not forecast.")
    if terms.missing_data not in TREATMENTS:
        raise _NotForecast("How it treats missing data is not known.")
    if terms.period < _MINUTE or terms.period % _MINUTE:
        raise _NotForecast(f"Its period is {terms.period} s; metrics from log events have one data point a minute.")
    return terms


def _counts_more(terms: Terms, feeds: Sequence[Feed], more: Sequence[str]) -> bool:
    """Whether the alarm is in ALARM in more periods because of `more`: the titles of its metric filters that count what
    a review does not read. Raises _NotForecast where these may also take it out of ALARM."""
    if more and not _rises(terms, feeds):
        raise _NotForecast(f"Metric filter {more[0]} also counts log events that a review does not read.")
    return bool(more)


def _rises(terms: Terms, feeds: Iterable[Feed]) -> bool:
    """Whether more matches can only take the alarm to ALARM in more periods."""
    values = [value for feed in feeds for value in (feed.value, feed.default or 0)]
    grows = terms.statistic in ("SampleCount", "Maximum") or (terms.statistic == "Sum" and min(values) >= 0)
    return grows and terms.comparison.startswith("Greater")
