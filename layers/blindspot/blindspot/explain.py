"""Checks filter patterns: are they valid, what do they miss, and do they count ordinary calls?

    python -m blindspot.explain '<pattern>' [more patterns] [--profile P] [--overrides JSON] [--json]
    python -m blindspot.explain --corpus FILE

The events are those of all regions in the trail of account 111122223333. A pattern that requires another account
matches none of them. Several patterns are assessed together, as the metric filters of one log group. One pattern can be
read from standard input. Write -- before a pattern that begins with -.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from blindspot.model import cloudtrail_events, profile
from blindspot.model.findings import DOUBT_FIXES
from blindspot.model.harmless import harmless, harmless_dumps
from blindspot.model.other_checks import SECURITY_HUB, prowler_accepts, security_hub_accepts
from blindspot.model.pattern_remarks import remarks
from blindspot.remediation.kept_exclusions import keeping_exclusions
from blindspot.settings import SettingsError
from blindspot.terminal import as_a_command
from blindspot.verdict.credible import Unlikely, credible
from blindspot.verdict.pattern_writer import pattern_to_write
from filter_pattern import (
    And,
    Answer,
    Empty,
    Event,
    Found,
    Not,
    Pattern,
    PatternSyntaxError,
    Predicate,
    Proofs,
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

_OPTIONS = ("-", "-h", "--help", "--profile", "--overrides", "--json", "--corpus")

EPILOG = """\
exit status:
  0  together the patterns cover what the profile requires, and none counts ordinary calls; also after --help
  1  they do not, or there is no certain answer
  2  a pattern is invalid or empty, or the command line is wrong

example:
  python -m blindspot.explain '{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }'

The quotes '...' keep the shell away from $ and ". To check the text of a file: python -m blindspot.explain < FILE
docs/filter-patterns.md explains the syntax and the fields of --json.
"""


def explain(patterns: Sequence[Pattern], judge: profile.Profile, *, simplify: bool = True) -> dict[str, Any]:
    """The answer as JSON; docs/filter-patterns.md has its fields. simplify: whether to look for patterns to use
    instead, which takes longer than the answer."""
    required = And(judge.required, *map(Not, judge.benign))
    answer = _missed(required, patterns)
    event = answer.event if isinstance(answer, Found) else None
    misses = [why_not(pattern, event) for pattern in patterns] if event else []
    unknown = _unknown(answer, required, patterns)
    covers = {Empty: True, Found: False}.get(type(answer))
    texts = [pattern.text for pattern in patterns]
    noise = [
        {"pattern": pattern.text, "event": f"{counted['eventSource']} {counted['eventName']}"}
        for pattern in patterns
        if judge.noise_breaks and (counted := _counted(pattern))
    ]
    return {
        "profile": judge.name,
        "covers": covers,
        "blind_spot": event,
        "why": [" ".join([f"{miss.why}.", *miss.instead]) for miss in misses],
        "undecided": unknown.reason if unknown else None,
        "fix": unknown.fix if unknown else None,
        "noise": noise,
        "remarks": [
            {"pattern": pattern.text, "remark": str(remark)} for pattern in patterns for remark in remarks(pattern)
        ],
        **(_instead(patterns, judge) if simplify and not (covers and not noise) else _NOTHING_INSTEAD),
        "simpler": _simpler(patterns[0]) if simplify and len(patterns) == 1 else None,
        "security_hub": security_hub_accepts(texts),
        "prowler": prowler_accepts(texts),
    }


_NOTHING_INSTEAD = {"suggestion": None, "keeping_exclusions": None}


def _instead(patterns: Sequence[Pattern], judge: profile.Profile) -> dict[str, Any]:
    """The pattern that covers the profile; and one that keeps the exclusions of the given one."""
    proofs = Proofs()
    kept = keeping_exclusions(patterns[0], judge, proofs) if len(patterns) == 1 else None
    in_force = [exclusion.entry for exclusion in judge.exclusions if exclusion.excuses(judge.on)]
    benign = [*in_force, *(pattern.text for pattern in kept.benign)] if kept and kept.benign else None
    return {
        "suggestion": _suggestion(judge, proofs),
        "keeping_exclusions": {"pattern": kept.pattern.text, "benign": benign} if kept else None,
    }


def _suggestion(judge: profile.Profile, proofs: Proofs) -> str | None:
    pattern = pattern_to_write(judge, proofs).pattern
    return pattern.text if pattern else None


def _missed(required: Predicate, patterns: Sequence[Pattern]) -> Answer | Unlikely:
    """A credible event that is required and that no pattern matches."""
    answer = unseen(required, patterns, RECORDS)
    if not isinstance(answer, Found):
        return answer
    return credible(answer, And(required, *map(Not, patterns)), RECORDS, Proofs())


class _Unknown(NamedTuple):
    """Why there is no certain answer, and what to do: the fix of the doubt that an account with these filters has."""

    reason: str
    fix: str


def _unknown(answer: Answer | Unlikely, required: Predicate, patterns: Sequence[Pattern]) -> _Unknown | None:
    if isinstance(answer, Unlikely):
        doubts = [law.doubt(answer.event, "patterns", "the patterns would miss it") for law in answer.broken]
        fixes = dict.fromkeys(doubt.fix for doubt in doubts)
        return _Unknown(" ".join(doubt.message for doubt in doubts), " ".join(fixes))
    if not isinstance(answer, Undecided):
        return None
    by_itself = len(patterns) == 1 or any(isinstance(_missed(required, [one]), Undecided) for one in patterns)
    return _Unknown(answer.reason, DOUBT_FIXES["filter.unclear" if by_itself else "undecided"])


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
    for left_out in range(len(parts) if len(parts) > 1 else 0):  # a single term with ? is an Or of one part
        kept = [*parts[:left_out], *parts[left_out + 1 :]]
        smaller.append(Pattern(type(whole)(*kept) if len(kept) > 1 else kept[0], pattern.text))
    return smaller


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
    parser = argparse.ArgumentParser(
        prog="python -m blindspot.explain",
        description=(__doc__ or "").split("\n", 1)[0],
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "patterns",
        nargs="*",
        metavar="PATTERN",
        help="a filter pattern; several are assessed together, as the metric filters of one log group. Without one, or "
        "with -, one is read from standard input. Write -- before a pattern that begins with -",
    )
    parser.add_argument(
        "--profile",
        metavar="PROFILE",
        default=profile.DEFAULT,
        choices=profile.names(),
        help=f"what the patterns must cover: {', '.join(profile.names())} (default: {profile.DEFAULT})",
    )
    parser.add_argument(
        "--overrides", metavar="JSON", default="{}", help="the value of the stack's parameter Overrides, if it is set"
    )
    parser.add_argument("--json", action="store_true", help="print the answer as JSON")
    parser.add_argument(
        "--corpus", metavar="FILE", help="assess the patterns in a file of JSON lines with every profile"
    )
    given = list(sys.argv[1:] if arguments is None else arguments)
    for argument in given[: given.index("--")] if "--" in given else given:
        # argparse takes -heartbeat for -h, and would end with the exit status of --help, which is 0.
        option = argument.split("=", 1)[0] if argument.startswith("--") else argument
        if option.startswith("-") and option not in _OPTIONS:
            parser.error(
                f"{argument} is not an option. If it is a pattern, write -- before the patterns, or give it through "
                "standard input."
            )
    chosen = parser.parse_args(given)
    if chosen.corpus:
        if chosen.patterns or chosen.json or chosen.profile != profile.DEFAULT or chosen.overrides != "{}":
            parser.error(
                "--corpus takes no other option and no pattern: it assesses the patterns in its file with every profile"
            )
        try:
            print(table(Path(chosen.corpus).read_text("utf-8").splitlines()))
        except (OSError, ValueError, KeyError, TypeError):
            parser.error(f'--corpus {chosen.corpus}: expected a file with one JSON object with "pattern" on each line')
        return COVERS
    texts = [_read() if text == "-" else text for text in chosen.patterns or ["-"]]
    if not all(text.strip() for text in texts):
        where = "a pattern" if chosen.patterns and "-" not in chosen.patterns else "standard input"
        parser.error(
            f"{where} is empty; expected a filter pattern. AWS accepts an empty pattern, which counts every event: "
            "that is never what this control needs"
        )
    try:
        overrides = json.loads(chosen.overrides)
    except (ValueError, RecursionError) as error:
        parser.error(f"--overrides: expected a JSON object with keys of a profile. {error}")
    try:
        judge = profile.load(chosen.profile, overrides, on=datetime.now(UTC).date())
    except SettingsError as error:
        parser.error(f"--overrides: {error}")
    try:
        patterns = [parse(text) for text in texts]
    except PatternSyntaxError as error:
        print(_invalid(error, judge, as_json=chosen.json))
        return INVALID
    answer = explain(patterns, judge)
    print(harmless_dumps(answer, indent=1) if chosen.json else _as_text(answer, patterns))
    return COVERS if answer["covers"] and not answer["noise"] else DOES_NOT


def _read() -> str:
    return sys.stdin.read().rstrip("\r\n") if sys.stdin else ""


def _invalid(error: PatternSyntaxError, judge: profile.Profile, *, as_json: bool) -> str:
    suggestion = _suggestion(judge, Proofs())
    if as_json:
        found = {"error": error.message, "pattern": error.pattern, "at": [error.start, error.end]}
        return harmless_dumps({**found, "hint": error.hint, "meant": error.meant, "suggestion": suggestion})
    lines = f"Invalid: {error}".split("\n")
    return _printed(lines if error.meant else [*lines, *_suggested(judge.name, suggestion)])


def _as_text(answer: dict[str, Any], patterns: Sequence[Pattern]) -> str:
    lines = []
    event = answer["blind_spot"]
    if answer["covers"]:
        lines.append(f"Covers every event that profile {answer['profile']} requires.")
    elif event is None:
        lines.append(f"Undecided: {answer['undecided'].removesuffix('.')}.")
        lines.append(f"Fix: {answer['fix']}")
    else:
        refused = f", refused with {event['errorCode']}" if "errorCode" in event else ""
        lines.append(
            f"Misses events that profile {answer['profile']} requires. Example: {event['eventSource']} "
            f"{event['eventName']}{refused}."
        )
        for pattern, why in zip(patterns, answer["why"], strict=True):
            lines += [f"  {pattern.text.strip()}", f"    {why}"]
    lines += [
        f"Noise: {noise['pattern'].strip()} counts ordinary successful calls such as {noise['event']}."
        for noise in answer["noise"]
    ]
    for remark in answer["remarks"]:
        which = f"{remark['pattern'].strip()}: " if len(patterns) > 1 else ""
        lines.append(f"Note: {which}{remark['remark']}")
    lines += _suggested(answer["profile"], answer["suggestion"])
    lines += _with_exclusions(answer["keeping_exclusions"], patterns)
    if answer["simpler"]:
        lines.append(f"A shorter pattern that matches the same events: {answer['simpler']}")
    lines.append(f"Security Hub's CloudWatch.2 {_SECURITY_HUB[answer['security_hub']]}")
    lines.append(f"Prowler's check {_PROWLER[answer['prowler']]}")
    if event is not None:
        lines += ["The event:", *harmless_dumps(event, indent=1).split("\n")]
    return _printed(lines)


def _suggested(name: str, suggestion: str | None) -> list[str]:
    return [f"A pattern that covers profile {name}: {suggestion}"] if suggestion else []


def _with_exclusions(kept: dict[str, Any] | None, patterns: Sequence[Pattern]) -> list[str]:
    if kept is None:
        return []
    overrides = json.dumps({"benign": kept["benign"]})
    if kept["benign"] and kept["pattern"] == patterns[0].text:
        excused = "if nobody has to be alerted to what it leaves out"
        return [f"Your pattern covers the profile {excused}. Then keep it, and set Overrides: {overrides}"]
    lines = [f"One that also leaves out what your pattern leaves out: {kept['pattern']}"]
    if kept["benign"]:
        lines.append(f"  It covers the profile if nobody has to be alerted to that. Then set Overrides: {overrides}")
    return lines


_SECURITY_HUB = {
    True: "accepts this text.",
    None: f"accepts the text {SECURITY_HUB} and AWS does not document whether it compares spaces, the only difference.",
    False: f"rejects this text. It accepts only {SECURITY_HUB}",
}
_PROWLER = {
    True: "accepts this text.",
    False: "rejects this text. It searches for $.errorCode = *UnauthorizedOperation, and after it for $.errorCode = "
    "AccessDenied*.",
}


def _printed(lines: Iterable[str]) -> str:
    return "\n".join(map(harmless, lines))


if __name__ == "__main__":
    as_a_command()
    sys.exit(main())
