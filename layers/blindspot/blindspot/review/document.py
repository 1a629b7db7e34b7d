"""The document of a review, as JSON, for people and for programs. Pure.

docs/review.schema.json has its shape. It quotes log events, so it is returned to who asked, and of it only `counts` is
logged.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime

import blindspot
from blindspot.model import fitting
from blindspot.model.arn import short
from blindspot.model.fitting import LARGEST_ANSWER, Cutter, Document, last_in_each, last_of
from blindspot.model.harmless import harmless_json
from blindspot.model.stack import Origin
from blindspot.review.exclusions import Exclusion
from blindspot.review.forecast import Forecast, ForecastAlarm
from blindspot.review.groups import ATTACK, Group, looks_like, who
from blindspot.review.read import LogGroupRead
from blindspot.review.review import Review

SCHEMA = 1


def document(review: Review, *, origin: Origin, refused_calls: int, api_calls: int, duration_ms: int) -> Document:
    """The review as JSON, at most LARGEST_ANSWER bytes of it. An exclusion has its groups as indexes of the document's
    list of groups.

    refused_calls: how many of the run's own calls AWS refused. api_calls: how many it made.
    """
    read = review.read
    whole: Document = harmless_json(
        {
            "schema": SCHEMA,
            "version": blindspot.__version__,
            "stack": origin.stack,
            "run": origin.run,
            "action": "review",
            "account": review.account,
            "partition": review.partition,
            "profile": review.profile,
            "reviewed_at": review.at.isoformat(timespec="seconds"),
            "hours": review.hours,
            "summary": summary(review),
            "read": {
                "from": _time(read.read.start),
                "to": _time(read.read.end),
                "share": read.share,
                "events": read.tally.events,
                "not_understood": read.tally.not_understood,
                "calls": read.calls,
            },
            "log_groups": [_log_group(each) for each in read.log_groups],
            "days": [{"day": day.isoformat(), "refused": count} for day, count in sorted(review.by_day.items())],
            "alarms": [_alarm(alarm, forecast) for alarm, forecast in review.alarms],
            "groups": list(_groups(review)),
            "exclusions": list(_exclusions(review)),
            "remarks": list(review.remarks),
            "overrides": review.overrides,
            "pattern": review.pattern.text if review.pattern else None,
            "refused_calls": refused_calls,
            "api_calls": api_calls,
            "duration_ms": duration_ms,
        }
    )
    return fitting.fitted(whole, LARGEST_ANSWER, _CUTTERS)


def counts(made: Document) -> dict[str, int | float]:
    """What is logged of the document: numbers, and no name."""
    lists = ("log_groups", "groups", "exclusions", "alarms")
    read = {name: made["read"][name] for name in ("share", "events", "not_understood", "calls")}
    unread = sum(each["error"] is not None for each in made["log_groups"])
    return {
        "hours": made["hours"],
        **read,
        **{name: len(made[name]) + made.get("cut", {}).get(name, 0) for name in lists},
        "log_groups_not_read": unread,
        "refused_calls": made["refused_calls"],
        "api_calls": made["api_calls"],
        "duration_ms": made["duration_ms"],
    }


def summary(review: Review) -> str:
    """The review in one sentence: what looks like an attack, what was not read, how often the alarm would have gone to
    ALARM, and what the exclusions would leave of that."""
    read, log_groups = review.read, review.read.log_groups
    if not read.share:
        return f"Nothing was read: {_why_nothing(review)}."
    text = f"{_calls(review)}{_proposed(review)}"
    if unread := sum(each.start > read.read.start for each in log_groups):
        text = f"{unread} of {len(log_groups)} log groups could not be read as far as the others; {text}"
    if read.share < 1:
        text = f"so far, {math.floor(100 * read.share)} % of the hours asked for: {text}"
    attackers = len({who(group.key) for group in review.groups if looks_like(group) == ATTACK})
    if attackers:
        whose = "1 caller" if attackers == 1 else f"{attackers} callers"
        text = f"the refused calls of {whose} look like an attack; {text}"
    return f"{text[0].upper()}{text[1:]}."


def _why_nothing(review: Review) -> str:
    for each in review.read.log_groups:
        if each.error:
            return f"log group {short(each.log_group)} could not be read ({each.error.error})"
    return "no trail that was read delivers to a log group"


def _calls(review: Review) -> str:
    read = review.read.read
    calls = sum(review.by_day.values())
    hours = f"{(read.end - read.start) / 3600:.3g}"
    if not calls:
        return f"no call was refused in {hours} hours"
    refused = "1 refused call" if calls == 1 else f"{calls:,} refused calls"
    found = _loudest(review)
    if found is None:
        return f"{refused} in {hours} hours; how often an alarm would have gone to ALARM is not known"
    alarm, times = found
    whose = f"alarm {alarm.name}" if alarm.arn else "the profile's alarm"
    return f"{refused} in {hours} hours would have taken {whose} to ALARM {times}"


def _loudest(review: Review) -> tuple[ForecastAlarm, str] | None:
    """The account's alarm that would have gone to ALARM most often, else the profile's; and how often. One that also
    counts other calls, such as all of the root user, only where there is no other."""
    known = [(alarm, forecast) for alarm, forecast in review.alarms if alarm.not_known is None]
    of_account = [each for each in known if each[0].arn is not None]
    if not known:
        return None
    exact = [each for each in of_account if not each[0].at_least]
    alarm, forecast = max(exact or of_account or known, key=lambda each: _fewest(each[1]))
    fewest, most = _fewest(forecast), _most(forecast)
    times = f"{fewest:,}" if fewest == most else f"{fewest:,} to {most:,}"
    unit = "time" if times == "1" else "times"
    return alarm, f"{'at least ' if alarm.at_least else ''}{times} {unit}"


def _proposed(review: Review) -> str:
    if not review.exclusions:
        return "; no exclusion is proposed" if review.groups else ""
    count = len(review.exclusions)
    exclusions = "the proposed exclusion" if count == 1 else f"the {count} proposed exclusions"
    before, after = review.exclusions[0].alarms_before, review.exclusions[-1].alarms_after
    return f"; with {exclusions}, the profile's alarm would have gone to ALARM {after:,} times instead of {before:,}"


def _fewest(forecast: Forecast) -> int:
    return sum(count.fewest for count in forecast.values())


def _most(forecast: Forecast) -> int:
    return sum(count.most for count in forecast.values())


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _log_group(read: LogGroupRead) -> Document:
    return {
        "log_group": read.log_group,
        "read_from": _time(read.start),
        "events": read.events,
        "error": read.error and read.error.in_document,
    }


def _alarm(alarm: ForecastAlarm, forecast: Forecast) -> Document:
    return {
        "alarm": alarm.arn,
        "name": alarm.name,
        "terms": alarm.terms.in_words if alarm.terms else "",
        "days": [
            {"day": day.isoformat(), "fewest": count.fewest, "most": count.most}
            for day, count in sorted(forecast.items())
        ],
        "fewest": _fewest(forecast),
        "most": _most(forecast),
        "at_least": alarm.at_least,
        "not_known": alarm.not_known,
    }


def _groups(review: Review) -> Iterator[Document]:
    excluded = {group.key: index for index, each in enumerate(review.exclusions) for group in each.groups}
    why_not = {each.group.key: {"code": each.code, "why": each.why} for each in review.not_proposed}
    for group in review.groups:
        yield {
            **_group(group),
            "excused": group.excused,
            "exclusion": excluded.get(group.key),
            "not_excluded": why_not.get(group.key),
            "example": group.details.example,
        }


def _group(group: Group) -> Document:
    key, details = group.key, group.details
    return {
        "caller": {"kind": key.caller.kind, "name": key.caller.name, "account": key.caller.account},
        "service": key.service,
        "call": key.call,
        "code": key.code,
        "refused_by": {
            "policy_type": key.refusal.kind,
            "explicit": key.refusal.explicit,
            "policy": key.refusal.policy,
        },
        "count": group.count,
        "days": group.days,
        "first_seen": group.first.isoformat(timespec="seconds"),
        "last_seen": group.last.isoformat(timespec="seconds"),
        "addresses": sorted(details.addresses),
        "more_addresses": details.more_addresses,
        "regions": sorted(details.regions),
        "read_only": details.read_only,
        "management": details.management,
        "signs": list(group.signs),
        "looks_like": looks_like(group),
    }


def _exclusions(review: Review) -> Iterator[Document]:
    index = {group.key: number for number, group in enumerate(review.groups)}
    for each in review.exclusions:
        yield _exclusion(each, sorted(index[group.key] for group in each.groups))


def _exclusion(exclusion: Exclusion, groups: list[int]) -> Document:
    return {
        "pattern": exclusion.pattern.text,
        "reason": exclusion.reason,
        "until": exclusion.until.isoformat(),
        "groups": groups,
        "excluded": exclusion.excluded,
        "silenced": exclusion.silenced,
        "covers": exclusion.covers,
        "length": exclusion.length,
        "alarms_before": exclusion.alarms_before,
        "alarms_after": exclusion.alarms_after,
    }


def _without_last_groups(made: Document, excess: int) -> tuple[Document, int, int]:
    """Without the last groups, and without the exclusions' indexes of them. What looks like an attack is rare, so it
    would be among them: it is left out after all others."""
    groups = made["groups"]
    order = sorted(range(len(groups)), key=lambda index: groups[index]["looks_like"] != ATTACK)
    _, count, freed = last_of("groups")({"groups": [groups[index] for index in order]}, excess)
    now = {index: number for number, index in enumerate(sorted(order[: len(order) - count]))}
    exclusions = [
        {**each, "groups": [now[index] for index in each["groups"] if index in now]} for each in made["exclusions"]
    ]
    return {**made, "groups": [groups[index] for index in now], "exclusions": exclusions}, count, freed


_CUTTERS: dict[str, Cutter] = {
    "examples": last_in_each("groups", "example"),
    "silenced": last_in_each("exclusions", "silenced"),
    "groups": _without_last_groups,
    "log_groups": last_of("log_groups"),
    "alarm_days": last_in_each("alarms", "days"),
    "alarms": last_of("alarms"),
}
"""What to leave out of a document that is too large, in this order."""
