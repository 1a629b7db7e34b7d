"""For people who write filter patterns: is it valid, what does it miss, and does it count too much?

    python -m blindspot.explain '<pattern>' [more patterns] [--profile P] [--json]
    python -m blindspot.explain --corpus FILE

The events are those of all regions, in the trail of the account 111122223333: a pattern that asks for another account
counts none of them. Several patterns are judged together, as the metric filters of one log group. From standard input
one pattern is read; a pattern that begins with - is written after --.
Exit status: 0 when together they cover what the profile requires and none counts ordinary events; 2 when one is
invalid; 1 otherwise, so also where it cannot be decided. That of --corpus is 0 where its file can be read.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from blindspot.model import cloudtrail_events, profile
from blindspot.terminal import as_a_command
from filter_pattern import (
    And,
    Empty,
    Event,
    Found,
    Not,
    Pattern,
    PatternSyntaxError,
    Undecided,
    equivalent,
    find,
    parse,
    unseen,
    why_not,
)

ACCOUNT = "111122223333"
RECORDS = cloudtrail_events.records(account=ACCOUNT, region=None)
"""The events of every region, of one account."""

ORDINARY = cloudtrail_events.ordinary(account=ACCOUNT, region="us-east-1")

SHORT = 50_000
"""Steps for each question on the way to a simpler pattern, which is worth less than the answer itself."""

COVERS, DOES_NOT, INVALID = 0, 1, 2


def explain(patterns: Sequence[Pattern], judge: profile.Profile, *, simplify: bool = True) -> dict[str, Any]:
    """The answer as JSON: {"profile", "covers": true | false | null, "blind_spot": event | null, "why": [sentence per
    pattern], "undecided": reason | null, "noise": [{"pattern", "event"}], "simpler": pattern | null}."""
    required = And(judge.required, *map(Not, judge.benign))
    answer = unseen(required, patterns, RECORDS)
    event = answer.event if isinstance(answer, Found) else None
    return {
        "profile": judge.name,
        "covers": {Empty: True, Found: False}.get(type(answer)),
        "blind_spot": event,
        "why": [why_not(pattern, event) for pattern in patterns] if event else [],
        "undecided": answer.reason if isinstance(answer, Undecided) else None,
        "noise": [
            {"pattern": pattern.text, "event": f"{counted['eventSource']} {counted['eventName']}"}
            for pattern in patterns
            if judge.noise_breaks and (counted := _counted(pattern))
        ],
        "simpler": _simpler(patterns[0]) if simplify and len(patterns) == 1 else None,
    }


def _counted(pattern: Pattern) -> Event | None:
    """An ordinary successful call that the pattern counts."""
    return next((event for event in ORDINARY if pattern.matches(event)), None)


def _simpler(pattern: Pattern) -> str | None:
    """A shorter pattern that counts the same events: one without parts that make no difference."""
    if not isinstance(find(pattern, RECORDS, SHORT), Found):
        return None
    for smaller in _smaller(pattern):
        if equivalent(pattern, smaller, RECORDS, SHORT):
            written = _simpler(smaller) or str(smaller)
            return written if len(written) < len(pattern.text) else None
    return None


def _smaller(pattern: Pattern) -> list[Pattern]:
    """The pattern without one of the parts that its outermost `||` or `&&` joins."""
    whole = pattern.predicate
    parts = getattr(whole, "parts", ())
    smaller = []
    for left_out in range(len(parts)):
        rest = [*parts[:left_out], *parts[left_out + 1 :]]
        smaller.append(Pattern(type(whole)(*rest) if len(rest) > 1 else rest[0], pattern.text))
    return smaller if len(parts) > 1 else []


def table(lines: Iterable[str]) -> str:
    """A corpus, one JSON object with a "pattern" to a line, judged by every profile, as a table in Markdown."""
    texts = [json.loads(line)["pattern"] for line in lines if line.strip()]
    patterns = []
    for text in texts:
        with contextlib.suppress(PatternSyntaxError):
            patterns.append(parse(text))
    rows = [f"{len(texts)} patterns, {len(texts) - len(patterns)} of them invalid.", ""]
    rows += ["| profile | cover | miss part | are noise | undecided | a blind spot |", "|---|---|---|---|---|---|"]
    for name in profile.names():
        judge = profile.load(name)
        answers = [explain([pattern], judge, simplify=False) for pattern in patterns]
        noise = sum(bool(answer["noise"]) for answer in answers)
        cover = sum(answer["covers"] is True and not answer["noise"] for answer in answers)
        missed = [answer["blind_spot"] for answer in answers if answer["covers"] is False and not answer["noise"]]
        undecided = len(answers) - noise - cover - len(missed)
        example = f"{missed[0]['eventName']}, {missed[0]['errorCode']}" if missed else ""
        rows.append(f"| {name} | {cover} | {len(missed)} | {noise} | {undecided} | {example} |")
    return "\n".join(rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m blindspot.explain", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("patterns", nargs="*", help="filter patterns; none, or -, reads one from standard input")
    parser.add_argument("--profile", default=profile.DEFAULT, choices=profile.names())
    parser.add_argument("--json", action="store_true", help="print the answer as JSON")
    parser.add_argument("--corpus", metavar="FILE", help="judge the patterns of a file of JSON lines by every profile")
    chosen = parser.parse_args(arguments)
    if chosen.corpus:
        if chosen.patterns or chosen.json or chosen.profile != profile.DEFAULT:
            parser.error("--corpus stands alone: it judges the patterns of its file by every profile")
        try:
            print(table(Path(chosen.corpus).read_text("utf-8").splitlines()))
        except (OSError, ValueError, KeyError, TypeError):
            parser.error(f'--corpus {chosen.corpus}: expected a file with one JSON object with "pattern" to a line')
        return COVERS
    texts = [sys.stdin.read().rstrip("\n") if text == "-" else text for text in chosen.patterns or ["-"]]
    try:
        patterns = [parse(text) for text in texts]
    except PatternSyntaxError as error:
        found = {"error": error.message, "pattern": error.pattern, "at": [error.start, error.end]}
        print(json.dumps(found) if chosen.json else f"Invalid: {error}")
        return INVALID
    answer = explain(patterns, profile.load(chosen.profile))
    print(json.dumps(answer, indent=1) if chosen.json else _told(answer, patterns))
    return COVERS if answer["covers"] and not answer["noise"] else DOES_NOT


def _told(answer: dict[str, Any], patterns: Sequence[Pattern]) -> str:
    lines = []
    if answer["covers"]:
        lines.append(f"Covers what {answer['profile']} requires: no such event goes unseen.")
    elif answer["undecided"]:
        lines.append(f"Cannot be decided: {answer['undecided']}.")
    else:
        event = answer["blind_spot"]
        lines.append(
            f"Misses what {answer['profile']} requires: {event['eventSource']} {event['eventName']}, refused with "
            f"{event['errorCode']}."
        )
        lines += [f"  {pattern.text.strip()}\n    {why}" for pattern, why in zip(patterns, answer["why"], strict=True)]
        lines.append(json.dumps(event, indent=1))
    lines += [f"Noise: it counts ordinary successful calls such as {noise['event']}." for noise in answer["noise"]]
    if answer["simpler"]:
        lines.append(f"Counts the same, and is shorter: {answer['simpler']}")
    return "\n".join(lines)


if __name__ == "__main__":
    as_a_command()
    sys.exit(main())
