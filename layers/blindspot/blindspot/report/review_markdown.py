"""The Markdown of a review. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from blindspot.report.markdown_parts import block, code, left_out, listed, plain
from blindspot.report.view import REVIEW_QUESTION, AlarmForecast, Day, NotExcluded, ProposedExclusion, Refused, Reviewed

GROUPS = 20
"""How many groups are shown; of the others, how many there are."""


def review(reviewed: Reviewed) -> Iterator[str]:
    """All of it but the examples, which a ticket need not have."""
    yield from (f"# {plain(REVIEW_QUESTION)}", "")
    yield from (plain(reviewed.so_far), "") if reviewed.so_far else ()
    yield from (f"**{plain(reviewed.answer)}**", "")
    yield from (*(f"- {plain(fact)}" for fact in reviewed.facts), "")
    yield from listed("What looks like an attack", map(plain, reviewed.attacks))
    yield from listed("What the review did not read", map(plain, reviewed.not_read))
    yield from listed("By day", (_day(day) for day in reviewed.days))
    yield from listed("How often each alarm would have gone to ALARM", map(_alarm, reviewed.alarms))
    more = len(reviewed.groups) - GROUPS
    others = [f"{more} more groups are in the document."] if more > 0 else []
    yield from listed("Who is refused what", (*map(_group, reviewed.groups[:GROUPS]), *others))
    if reviewed.exclusions:
        yield from ("## Proposed exclusions, each with its proof", "")
    for number, exclusion in enumerate(reviewed.exclusions, start=1):
        yield from _exclusion(number, exclusion)
    yield from listed("Frequent, and not excluded", map(_not_excluded, reviewed.not_excluded))
    if reviewed.overrides:
        yield from ("## The Overrides to set", "", *block(reviewed.overrides, "json"), "")
        yield from (*(f"{number}. {plain(step)}" for number, step in enumerate(reviewed.how, start=1)), "")
    if reviewed.overrides and reviewed.pattern:
        yield from ("The metric filter's pattern is then:", "", *block(reviewed.pattern), "")
    yield from left_out(reviewed.cut)
    yield from listed("About", (f"{plain(label)}: {code(value)}" for label, value in reviewed.about))


def _day(day: Day) -> str:
    calls = f"{day.day}: {day.refused:,} refused call{'s' * (day.refused != 1)}"
    return f"{calls}, {day.alarms} alarm{'s' * (day.most != 1)}" if day.alarms else calls


def _alarm(alarm: AlarmForecast) -> str:
    name = code(alarm.name) if alarm.arn else f"{code(alarm.name)}, as the profile recommends it"
    count = f"**{plain(alarm.count)}**" if alarm.count else f"not known. {plain(alarm.not_known)}"
    return f"{name} ({plain(alarm.terms)}): {count}"


def _group(group: Refused) -> str:
    who = " ".join(words for words in (group.kind, code(group.name)) if words)
    account = f" of account {code(group.account)}" if group.account else ""
    refused_by = f" ({plain(group.refused_by)}{f': {code(group.policy)}' if group.policy else ''})"
    called = f"{who}{account} calls {code(group.call)}: {code(group.code)}{refused_by if group.refused_by else ''}."
    shown = (("from", group.addresses), ("in", group.regions))
    where = "".join(f", {word} {plain(words)}" for word, words in shown if words)
    seen = f"On {group.days} day{'s' * (group.days != 1)}, {group.seen}{where}."
    why = "".join(f"; {plain(words)}" for words in (*group.signs, group.outcome) if words)
    calls = f"**{group.count:,}** call{'s' * (group.count != 1)}"
    return f"{calls}: {called} {seen} Looks like: {plain(group.looks_like)}{why}."


def _exclusion(number: int, each: ProposedExclusion) -> Iterator[str]:
    before, after = each.alarms
    yield from (f"### {number}. {plain(each.who)}: {plain(each.excluded)}", "")
    yield from (*block(each.pattern), "") if each.pattern else ()
    yield f"- Alarms: {before:,} before, {after:,} after"
    yield f"- Calls: {'; '.join(map(plain, each.calls))}"
    yield f"- What else it silences: {plain(each.silenced)}"
    yield f"- What is left: {plain(each.proof)}"
    yield from (f"- Reason: {plain(each.reason)}", f"- Ends: {each.until}", "")


def _not_excluded(each: NotExcluded) -> str:
    calls = f"{each.count:,} call{'s' * (each.count != 1)}"
    return f"{plain(each.why)} {calls} ({code(each.code)}): {plain(each.first)}"
