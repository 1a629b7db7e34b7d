"""What is shown of the document of a review: docs/review.schema.json. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from blindspot.model.arn import Arn, is_arn, short
from blindspot.report.part import Part, unanswered
from blindspot.report.view import AlarmForecast, Day, NotExcluded, ProposedExclusion, Refused, Reviewed

SCHEMA = 1
"""The number of the document's schema."""

SIGNS: Mapping[str, str] = {
    "new": "first seen in the last quarter of the time",
    "many-services": "caller refused in many services",
    "new-services": "most of these services first refused the caller then",
    "many-callers": "call refused for many callers",
    "tried-once": "caller refused mostly on one day",
    "daily": "caller refused on at least half of the days",
    "console": "made in the console",
    "own": "made by Blindspot",
}
"""What may be noticed of a group, in words."""

EXCUSED = "excluded already"
"""What becomes of a group that an exclusion in force covers."""

_KINDS = {"role": "role", "user": "user", "service": "service", "root": "", "other": ""}

_DAY = timedelta(days=1)

_TOLD_APART = 3 * _DAY
"""A review of less cannot well tell a daily scanner from an attack: few days to compare with."""


class _Span(NamedTuple):
    """The time that was read."""

    start: datetime
    end: datetime
    share: float

    @property
    def read(self) -> bool:
        """Whether anything was read. If not, no number means anything."""
        return self.start < self.end

    @property
    def words(self) -> str:
        if (time := self.end - self.start) >= 2 * _DAY:
            return f"{_number(time / _DAY)} days"
        return _counted(round(time / timedelta(hours=1)), "hour")

    def alarms(self, fewest: int, most: int) -> str:
        """How many alarms these are: a day where there is at least one a day, otherwise in all."""
        days = (self.end - self.start) / _DAY
        if days < 2 or most < days:
            return f"{_alarms(fewest, most)} in {self.words}"
        return f"{_alarms(fewest / days, most / days)} a day"


def reviewed(document: Part) -> Reviewed:
    """What is shown of it. Raises DocumentError."""
    if document.fields.get("schema") != SCHEMA:
        raise document.invalid("schema", str(SCHEMA))
    span, account, cut = _span(document), document.text("account"), document.counts("cut")
    groups = tuple(_group(part, account) for part in document.items("groups"))
    parts = tuple(document.items("groups"))
    forecasts, whose = _to_show(document)
    days = tuple(_days(document, forecasts)) if span.read else ()
    exclusions = tuple(_exclusion(part, groups, "groups" in cut) for part in document.items("exclusions"))
    _check_exclusions(parts, len(exclusions), cut)
    overrides = _text_if_there(document, "overrides")
    return Reviewed(
        so_far="" if span.share == 1 else f"So far, {int(span.share * 100)} % of the hours asked for.",
        answer=_answer(document, span, groups, days, forecasts),
        facts=tuple(_facts(document, span, groups, days)),
        attacks=tuple(_attacks(groups)),
        account=account,
        partition=document.text("partition"),
        reviewed_at=document.text("reviewed_at"),
        days=days,
        whose=whose,
        alarms=tuple(_alarms_shown(document)) if span.read else (),
        groups=groups,
        exclusions=exclusions,
        not_excluded=_not_excluded(parts, groups),
        overrides=overrides,
        how=_HOW if overrides else (),
        pattern=_text_if_there(document, "pattern"),
        not_read=tuple(_not_read(document, span)),
        about=tuple(document.labelled(_LABELS)),
        cut=cut,
    )


_LABELS = (
    ("Account", "account"),
    ("Profile", "profile"),
    ("Reviewed at", "reviewed_at"),
    ("Stack", "stack"),
    ("Run", "run"),
    ("Version of Blindspot", "version"),
)

_HOW = (
    "Try it first: pass it to python -m blindspot assess with --overrides.",
    "Then set it as the stack's parameter Overrides: docs/profiles.md#overrides says how.",
    "If the remediator created the metric filter and remediation is on, it writes the new pattern into it.",
    "Otherwise put the pattern below into your metric filter. Until then the alarm stays noisy.",
)


def _span(document: Part) -> _Span:
    read = document.object("read")
    start, end, share = read.time("from"), read.time("to"), read.number("share")
    if not 0 <= share <= 1:
        raise read.invalid("share", "a number from 0 to 1")
    if start > end:
        raise read.invalid("from", "a time that is not after `to`")
    return _Span(start, end, share)


def _text_if_there(document: Part, key: str) -> str | None:
    """The text. None where it is null or missing: in an anonymized document."""
    return document.text_or_none(key) if key in document.fields else None


def _check_exclusions(groups: Sequence[Part], exclusions: int, cut: Mapping[str, int]) -> None:
    for part in groups:
        index = _index_or_none(part)
        if index is not None and index >= exclusions and "exclusions" not in cut:
            raise part.invalid("exclusion", "an index of exclusions, or null")


def _index_or_none(part: Part) -> int | None:
    return None if part.fields.get("exclusion") is None else part.count("exclusion")


def _group(part: Part, account: str) -> Refused:
    caller, refused_by = part.object("caller"), part.object("refused_by")
    kind, of_account = caller.text("kind"), caller.text("account")
    if kind not in _KINDS:
        raise caller.invalid("kind", ", ".join(_KINDS))
    service = part.text("service").removesuffix(".amazonaws.com")
    example = part.object_or_none("example")
    return Refused(
        kind=_KINDS[kind],
        name=caller.text("name"),
        account=of_account if of_account not in ("", account) else None,
        call=f"{service}:{part.text('call')}" if service else part.text("call"),
        code=part.text("code"),
        refused_by=_refused_by(refused_by),
        policy=refused_by.text_or_none("policy"),
        count=part.count("count"),
        days=part.count("days"),
        first=_minute(part.time("first_seen")),
        last=_minute(part.time("last_seen")),
        addresses=_listed([*part.texts("addresses"), *(["others"] if part.truth("more_addresses") else [])]),
        regions=", ".join(part.texts("regions")),
        looks_like=part.text("looks_like"),
        signs=tuple(SIGNS.get(sign, sign) for sign in part.texts("signs")),
        outcome=_outcome(part),
        example=example.fields if example else None,
    )


def _minute(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M}"


def _refused_by(part: Part) -> str:
    """Which policy, in words; empty where AWS does not say it."""
    policy_type = part.text("policy_type")
    article = "an" if policy_type[:1].lower() in "aeiou" else "a"
    match part.field("explicit", bool, type(None), allowed="true, false or null"), policy_type:
        case True, "":
            return "an explicit deny"
        case True, _:
            return f"{article} {policy_type} denies it"
        case False, "":
            return "no policy allows it"
        case False, _:
            return f"no {policy_type} allows it"
        case _:
            return policy_type


def _outcome(part: Part) -> str:
    if (index := _index_or_none(part)) is not None:
        return f"exclusion {index + 1}"
    if part.truth("excused"):
        return EXCUSED
    return "not excluded" if part.object_or_none("not_excluded") else ""


def _not_excluded(parts: Sequence[Part], groups: Sequence[Refused]) -> tuple[NotExcluded, ...]:
    """By reason; those with the most calls first."""
    found: dict[tuple[str, str], list[Refused]] = {}
    for part, group in zip(parts, groups, strict=True):
        if reason := part.object_or_none("not_excluded"):
            found.setdefault((reason.text("code"), reason.text("why")), []).append(group)
    alike = (NotExcluded(code, why, tuple(those)) for (code, why), those in found.items())
    return tuple(sorted(alike, key=lambda each: -each.count))


def _exclusion(part: Part, groups: Sequence[Refused], shortened: bool) -> ProposedExclusion:
    """shortened: whether some groups were left out of the document."""
    indexes = part.indexes("groups")
    if not shortened and any(index >= len(groups) for index in indexes):
        raise part.invalid("groups", "indexes of groups")
    those = [groups[index] for index in indexes if index < len(groups)]
    silenced = part.object_or_none("silenced")
    covers, length = part.truth("covers"), part.count("length")
    return ProposedExclusion(
        who=_listed(dict.fromkeys(group.who for group in those)) or "A caller",
        calls=tuple(f"{group.call}, {group.code}: {_counted(group.count, 'call')}" for group in those),
        pattern=_text_if_there(part, "pattern") or "",
        reason=part.text("reason"),
        until=part.day("until"),
        excluded=_counted(part.count("excluded"), "refused call"),
        silenced=_silenced(silenced.fields) if silenced else _nothing_else(part),
        event=silenced.fields if silenced else None,
        proof=_proof(covers, length),
        alarms=(part.count("alarms_before"), part.count("alarms_after")),
    )


def _silenced(event: Mapping[str, Any]) -> str:
    """What the made-up event says."""
    identity = event.get("userIdentity")
    named = identity if isinstance(identity, Mapping) else {}
    who = named.get("arn") or named.get("invokedBy") or named.get("type") or "somebody"
    service = str(event.get("eventSource", "?")).removesuffix(".amazonaws.com")
    where = "".join(
        f" {word} {event[key]}" for word, key in (("in", "awsRegion"), ("from", "sourceIPAddress")) if event.get(key)
    )
    return f"{who} calls {service}:{event.get('eventName', '?')}{where}, refused with {event.get('errorCode', '?')}."


def _nothing_else(part: Part) -> str:
    return "No other call was found." if "silenced" in part.fields else "Not in this document."


def _proof(covers: bool, length: int) -> str:
    rest = "It matches all that the profile requires, less the exclusions so far."
    not_proved = "It is not proved that it matches all that the profile requires, less the exclusions so far."
    return f"The metric filter's pattern has {length:,} of 1,024 characters. {rest if covers else not_proved}"


def _alarms_shown(document: Part) -> Iterator[AlarmForecast]:
    """With their regions where these differ: each may have an alarm of the same name."""
    arns = [part.text_or_none("alarm") for part in document.items("alarms")]
    regions = [Arn.parse(arn).region if arn and is_arn(arn) else "" for arn in arns]
    several = len(set(regions) - {""}) > 1
    for part, region in zip(document.items("alarms"), regions, strict=True):
        yield _alarm(part, f", in {region}" if several and region else "")


def _alarm(part: Part, where: str) -> AlarmForecast:
    fewest, most = _fewest_most(part)
    not_known = part.text_or_none("not_known") or ""
    least = "at least " if part.truth("at_least") else ""
    return AlarmForecast(
        name=part.text("name"),
        arn=part.text_or_none("alarm"),
        terms=f"{part.text('terms')}{where}",
        count="" if not_known else f"{least}{_between(fewest, most)}",
        not_known=not_known,
    )


def _fewest_most(part: Part) -> tuple[int, int]:
    fewest, most = part.count("fewest"), part.count("most")
    if fewest > most:
        raise part.invalid("fewest", "a number that is not above `most`")
    return fewest, most


def _to_show(document: Part) -> tuple[list[Part], str]:
    """The account's alarms whose forecast is known or, where there are none, the profile's; and what to call them.
    Those that also count other calls, such as all of the root user, only where there are no others."""
    known = [part for part in document.items("alarms") if part.text_or_none("not_known") is None]
    own = [part for part in known if part.text_or_none("alarm") is not None]
    own = [part for part in own if not part.truth("at_least")] or own
    if own:
        return own, "the account's alarms" if len(own) > 1 else "the account's alarm"
    return known, "the alarm that the profile recommends" if known else ""


def _days(document: Part, forecasts: Sequence[Part]) -> Iterator[Day]:
    fewest: Counter[str] = Counter()
    most: Counter[str] = Counter()
    for day in (day for alarm in forecasts for day in alarm.items("days")):
        low, high = _fewest_most(day)
        fewest[day.text("day")] += low
        most[day.text("day")] += high
    for part in document.items("days"):
        name = part.text("day")
        alarms = (fewest[name], most[name]) if forecasts else (None, None)
        yield Day(part.day("day"), part.count("refused"), *alarms)


def _answer(
    document: Part, span: _Span, groups: Sequence[Refused], days: Sequence[Day], forecasts: Sequence[Part]
) -> str:
    """How many alarms, from whom, and how many would remain. The summary where nothing was read."""
    if not span.read:
        return document.text("summary")
    refused = sum(day.refused for day in days)
    if not refused:
        return f"No call was refused in {span.words}."
    mostly = _mostly(groups, refused)
    if not forecasts:
        calls = _counted(refused, "refused call")
        return f"{calls} in {span.words}{mostly}. It is not known how many alarms that were."
    fewest, most = (sum(part.count(key) for part in forecasts) for key in ("fewest", "most"))
    at_least = "At least " if any(part.truth("at_least") for part in forecasts) else ""
    return f"{at_least}{span.alarms(fewest, most)}{mostly}.{_remaining(document, span, (fewest, most))}"


def _mostly(groups: Sequence[Refused], refused: int) -> str:
    """Who makes the most of the calls, beside those that are excluded already."""
    calls: Counter[str] = Counter()
    for group in groups:
        if group.outcome != EXCUSED:
            calls[group.who] += group.count
    if not calls:
        return ""
    ((who, count),) = calls.most_common(1)
    excused = _excused(groups)
    others = refused - excused
    share = "all" if count >= others else f"{max(1, int(100 * count / others))} % of the"
    return f"; {who} makes {share} refused calls{' that are not excluded' if excused else ''}"


def _excused(groups: Iterable[Refused]) -> int:
    """How many calls are excluded already."""
    return sum(group.count for group in groups if group.outcome == EXCUSED)


def _remaining(document: Part, span: _Span, shown: tuple[int, int]) -> str:
    """How many alarms remain with all exclusions. They are those of the profile's alarm, which may have others."""
    exclusions = list(document.items("exclusions"))
    if not exclusions:
        return " No exclusion is proposed."
    before, after = exclusions[0].count("alarms_before"), exclusions[-1].count("alarms_after")
    count = _counted(len(exclusions), "exclusion")
    if before in shown:
        return f" With {count}, {_remain(span, after)}."
    without = f" With the alarm that the profile recommends, it would be {span.alarms(before, before)}"
    return f"{without}; with {count}, {_remain(span, after)}."


def _remain(span: _Span, alarms: int) -> str:
    if not alarms:
        return "none remains"
    return f"{span.alarms(alarms, alarms)} remain{'s' * (alarms == 1)}"


def _facts(document: Part, span: _Span, groups: Sequence[Refused], days: Sequence[Day]) -> Iterator[str]:
    if "anonymized" in document.fields:
        yield "Names, accounts and addresses are replaced by stand-ins."
    callers = _counted(len({group.who for group in groups}), "caller")
    calls = _counted(sum(day.refused for day in days), "refused call")
    at_least = "at least " if "groups" in document.counts("cut") else ""
    if span.read:
        yield f"{calls} of {at_least}{callers} from {_minute(span.start)} to {_minute(span.end)}. All times are in UTC."
    if excused := _excused(groups):
        yield f"{excused:,} of these calls are excluded already."
    if (first := next((day.day for day in days if day.refused), None)) and first > (span.start + _DAY).date():
        yield f"No call was refused before {first}, or no log events are left of that time."
    if groups and span.end - span.start < _TOLD_APART:
        yield "In less than 3 days an attack can look like a scanner, or a scanner like an attack. Compare with a week."
    if exclusions := list(document.items("exclusions")):
        before, after = exclusions[0].count("alarms_before"), exclusions[-1].count("alarms_after")
        yield (
            f"The alarm that the profile recommends would have gone to ALARM {_times(before)}, "
            f"and {_times(after)} with all exclusions below."
        )
    yield from document.texts("remarks")
    if refused := document.count("refused_calls"):
        yield f"AWS refused {_counted(refused, 'call')} of the review itself."


def _attacks(groups: Sequence[Refused]) -> Iterator[str]:
    """Rare calls, which would be lost among the many of others."""
    callers: dict[str, list[Refused]] = {}
    for group in groups:
        if group.alarming:
            callers.setdefault(group.who, []).append(group)
    for who, those in callers.items():
        calls = _counted(sum(group.count for group in those), "refused call")
        seen = f"{min(group.first for group in those)} to {max(group.last for group in those)}"
        names = list(dict.fromkeys(group.call for group in those))
        more = [f"{len(names) - _NAMED} more"] if len(names) > _NAMED else []
        yield f"{who}: {calls}, {seen}: {_listed([*names[:_NAMED], *more])}."


_NAMED = 8
"""How many calls of an attack are named."""


def _not_read(document: Part, span: _Span) -> Iterator[str]:
    for part in document.items("log_groups"):
        if error := part.object_or_none("error"):
            name, since = short(part.text("log_group")), part.time("read_from")
            how_far = f"was read from {_minute(since)} on only" if since < span.end else "was not read"
            yield f"Log group {name} {how_far}: {unanswered(error)}"
    if strange := document.object("read").count("not_understood"):
        yield f"{_counted(strange, 'log event')} {'is' if strange == 1 else 'are'} no JSON object, and in no group."


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' * (count != 1)}"


def _times(count: int) -> str:
    return "never" if count == 0 else "once" if count == 1 else f"{count:,} times"


def _alarms(fewest: float, most: float) -> str:
    count = _between(fewest, most)
    return f"{count} alarm{'s' * (count != '1')}"


def _between(fewest: float, most: float) -> str:
    return _number(most) if _number(fewest) == _number(most) else f"{_number(fewest)} to {_number(most)}"


def _number(value: float) -> str:
    """Whole from 10 on, otherwise with a digit after the point where it has one."""
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}".removesuffix(".0")


def _listed(names: Iterable[str]) -> str:
    *others, last = [*names] or [""]
    return f"{', '.join(others)} and {last}" if others else last
