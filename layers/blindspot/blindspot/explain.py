"""Checks filter patterns: are they valid, what do they miss, and do they count ordinary calls?

    python -m blindspot.explain '<pattern>' [more patterns] [--profile P] [--json]
    python -m blindspot.explain --corpus FILE

The events are those of all regions in the trail of account 111122223333. A pattern that requires another account
matches none of them. Several patterns are assessed together, as the metric filters of one log group. One pattern can be
read from standard input. Write -- before a pattern that begins with -.
Exit status: 0 if together the patterns cover what the profile requires, and none counts ordinary calls; 2 if a pattern
is invalid; 1 otherwise, also if there is no certain answer. With --corpus: 0 if the file can be read.
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
from blindspot.model.harmless import harmless, harmless_dumps
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
"""Limit of steps for each comparison with a simpler pattern. It is small: the answer itself matters more."""

COVERS, DOES_NOT, INVALID = 0, 1, 2


def explain(patterns: Sequence[Pattern], judge: profile.Profile, *, simplify: bool = True) -> dict[str, Any]:
    """The answer as JSON: {"profile", "covers": true | false | null, "blind_spot": event | null, "why": [reason per
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
    """A shorter pattern that matches the same events: without the parts that make no difference."""
    if not isinstance(find(pattern, RECORDS, SHORT), Found):
        return None
    for smaller in _smaller(pattern):
        if equivalent(pattern, smaller, RECORDS, SHORT):
            written = _simpler(smaller) or str(smaller)
            return written if len(written) < len(pattern.text) else None
    return None


def _smaller(pattern: Pattern) -> list[Pattern]:
    """Each pattern that remains without one part of the outermost `||` or `&&`."""
    whole = pattern.predicate
    parts = getattr(whole, "parts", ())
    smaller = []
    for left_out in range(len(parts)):
        kept = [*parts[:left_out], *parts[left_out + 1 :]]
        smaller.append(Pattern(type(whole)(*kept) if len(kept) > 1 else kept[0], pattern.text))
    return smaller if len(parts) > 1 else []


def table(lines: Iterable[str]) -> str:
    """How every profile assesses the patterns of a corpus, as a table in Markdown.

    lines: one JSON object with a "pattern" on each.
    """
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
        example = harmless(f"{missed[0]['eventName']}, {missed[0]['errorCode']}") if missed else ""
        rows.append(f"| {name} | {cover} | {len(missed)} | {noise} | {undecided} | {example} |")
    return "\n".join(rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m blindspot.explain", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument(
        "patterns", nargs="*", help="filter patterns; without one, or with -, one is read from standard input"
    )
    parser.add_argument(
        "--profile",
        metavar="PROFILE",
        default=profile.DEFAULT,
        choices=profile.names(),
        help=f"what the patterns must cover: {', '.join(profile.names())} (default: {profile.DEFAULT})",
    )
    parser.add_argument("--json", action="store_true", help="print the answer as JSON")
    parser.add_argument(
        "--corpus", metavar="FILE", help="assess the patterns in a file of JSON lines with every profile"
    )
    chosen = parser.parse_args(arguments)
    if chosen.corpus:
        if chosen.patterns or chosen.json or chosen.profile != profile.DEFAULT:
            parser.error(
                "--corpus takes no other option and no pattern: it assesses the patterns in its file with every profile"
            )
        try:
            print(table(Path(chosen.corpus).read_text("utf-8").splitlines()))
        except (OSError, ValueError, KeyError, TypeError):
            parser.error(f'--corpus {chosen.corpus}: expected a file with one JSON object with "pattern" on each line')
        return COVERS
    texts = [sys.stdin.read().rstrip("\n") if text == "-" else text for text in chosen.patterns or ["-"]]
    if not all(texts) and "" not in chosen.patterns:
        parser.error("standard input is empty; expected a filter pattern")
    try:
        patterns = [parse(text) for text in texts]
    except PatternSyntaxError as error:
        found = {"error": error.message, "pattern": error.pattern, "at": [error.start, error.end]}
        print(harmless_dumps(found) if chosen.json else _printed(f"Invalid: {error}".split("\n")))
        return INVALID
    answer = explain(patterns, profile.load(chosen.profile))
    print(harmless_dumps(answer, indent=1) if chosen.json else _as_text(answer, patterns))
    return COVERS if answer["covers"] and not answer["noise"] else DOES_NOT


def _as_text(answer: dict[str, Any], patterns: Sequence[Pattern]) -> str:
    lines = []
    if answer["covers"]:
        lines.append(f"Covers every event that profile {answer['profile']} requires.")
    elif answer["undecided"]:
        lines.append(f"Undecided: {answer['undecided']}.")
    else:
        event = answer["blind_spot"]
        lines.append(
            f"Misses events that profile {answer['profile']} requires. Example: {event['eventSource']} "
            f"{event['eventName']}, refused with {event['errorCode']}."
        )
        for pattern, why in zip(patterns, answer["why"], strict=True):
            lines += [f"  {pattern.text.strip()}", f"    {why}."]
        lines += harmless_dumps(event, indent=1).split("\n")
    lines += [
        f"Noise: {noise['pattern'].strip()} counts ordinary successful calls such as {noise['event']}."
        for noise in answer["noise"]
    ]
    if answer["simpler"]:
        lines.append(f"A shorter pattern that matches the same events: {answer['simpler']}")
    return _printed(lines)


def _printed(lines: Iterable[str]) -> str:
    return "\n".join(map(harmless, lines))


if __name__ == "__main__":
    as_a_command()
    sys.exit(main())
