"""`python -m tests.worst_patterns`: looks for the filter patterns that take most work to decide.

A pattern is changed in small ways, and a change is kept if the pattern then takes more work. Work is CPU time, because
that also shows work that no step counts. What is found belongs into tests/cases/hostile.py, where a test bounds it.
"""

import argparse
import random
import string
import time
from collections.abc import Callable
from itertools import count

from blindspot.model import cloudtrail_events, profile
from filter_pattern import LONGEST_PATTERN, Not, Pattern, PatternSyntaxError, find, parse, unseen

RECORDS = cloudtrail_events.records(account="111122223333", region="eu-west-1")
REQUIRED = profile.load("cis-level-2").required

FIELDS = (
    *(f"$.{name}" for name in ("errorCode", "eventName", "eventSource", "awsRegion", "userIdentity.arn", "readOnly")),
    *(
        "$.a",
        "$.b",
        "$.c",
        "$.a.b",
        "$.a.b.c",
        "$.a[0]",
        "$.a[1]",
        "$.a[*]",
        "$.*",
        "$.a[*].b",
        "$.requestParameters.x",
    ),
)
LETTERS = "abx*"


def main() -> None:
    """Prints each pattern that takes more work than any of its kind before it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    end = time.monotonic() + chosen.seconds
    kinds = (_json, _terms, _json, _line)
    worst = dict.fromkeys(kinds, 0.0)
    for seed in count(chosen.seed):
        if time.monotonic() > end:
            return
        make = kinds[seed % len(kinds)]
        text, seconds = climb(make, random.Random(seed), time.monotonic() + chosen.seconds / 12)  # noqa: S311
        if seconds > worst[make]:
            worst[make] = seconds
            print(f"{seconds:.2f} s of CPU, seed {seed}: {text}", flush=True)


def climb(make: "Make", chance: random.Random, end: float) -> tuple[str, float]:
    """The worst pattern that is found by small changes to a new one, and its CPU seconds."""
    parts = make(chance, chance.randint(2, 40))
    text, seconds = _written(make, parts), 0.0
    while time.monotonic() < end:
        changed = _changed(chance, make, parts)
        written = _written(make, changed)
        taken = work(written)
        if taken > seconds:
            parts, text, seconds = changed, written, taken
    return text, seconds


def work(text: str) -> float:
    """The CPU seconds of the slowest decision about the pattern; 0 for no pattern."""
    try:
        began = time.process_time()
        pattern = parse(text)
        slowest = time.process_time() - began
    except PatternSyntaxError:
        return 0.0
    questions: tuple[Callable[[], object], ...] = (
        lambda: find(pattern, RECORDS),
        lambda: find(Not(pattern), RECORDS),
        lambda: unseen(REQUIRED, [pattern], RECORDS),
        lambda: unseen(pattern, [REQUIRED], RECORDS),
        lambda: _described(pattern),
    )
    for question in questions:
        began = time.process_time()
        question()
        slowest = max(slowest, time.process_time() - began)
    return slowest


def _described(pattern: Pattern) -> tuple[object, ...]:
    return hash(pattern), str(pattern), pattern == parse(pattern.text), *map(pattern.matches, RECORDS.samples)


Parts = list[str]
Make = Callable[[random.Random, int], Parts]


def _json(chance: random.Random, parts: int) -> Parts:
    return [_condition(chance) for _ in range(parts)]


def _condition(chance: random.Random) -> str:
    signs = "".join(chance.choice(("", "", "(", ")")) for _ in range(2))
    joined = chance.choice(("&&", "||"))
    tests = (f"={_value(chance)}", f"!={_value(chance)}", f"={chance.randint(0, 9)}", f">{chance.randint(0, 99)}")
    test = chance.choice((*tests, *tests, *tests, " IS NULL", " NOT EXISTS", f"=%{_regex(chance)}%"))
    return f"{joined}{signs.replace(')', '')}{chance.choice(FIELDS)}{test}{signs.replace('(', '')}"


def _value(chance: random.Random) -> str:
    return f'"{_letters(chance, chance.choice((2, 4, 8, 30)))}"'


def _letters(chance: random.Random, most: int) -> str:
    alphabet = chance.choice((LETTERS, string.ascii_letters + "**********"))
    return "".join(chance.choice(alphabet) for _ in range(chance.randint(1, most)))


def _regex(chance: random.Random) -> str:
    pieces = ("a", "b", "x", ".", "[ab]", "[^a]", "[a-z]", r"\w", r"\d", "|", "[aceg-ikmoqsuwy]")
    repeats = ("", "", "?", "*", "+", "{0,99}", "{1,30}", "{9}")
    return "".join(chance.choice(pieces) + chance.choice(repeats) for _ in range(chance.randint(1, 9))) + "$"


def _terms(chance: random.Random, parts: int) -> Parts:
    return [chance.choice(("", "-", "?")) + chance.choice(("A", "Den", "")) + _word(chance) for _ in range(parts)]


def _word(chance: random.Random) -> str:
    return "".join(chance.choice(string.ascii_letters) for _ in range(chance.randint(1, 3)))


def _line(chance: random.Random, parts: int) -> Parts:
    tests = ("", f"={_letters(chance, 8)}", f"=%{_regex(chance)}%", f"!=%{_regex(chance)}%", ">5")
    return [chance.choice(("...", f"f{chance.choice(tests)}", f"g{chance.choice(tests)}")) for _ in range(parts)]


def _changed(chance: random.Random, make: Make, parts: Parts) -> Parts:
    at, more = chance.randrange(len(parts) + 1), make(chance, chance.choice((1, 1, 1, 4)))
    match chance.randrange(5):
        case 0:
            return parts[:at] + more + parts[at:]
        case 1:
            return parts[:at] + more + parts[at + len(more) :]
        case 2 if len(parts) > 1:
            return parts[:at] + parts[at + 1 :] or parts
        case 3:
            return parts[:at] + parts[:at][-8:] + parts[at:]
    again = parts[chance.randrange(len(parts))]
    return [*parts[:at], again.replace(chance.choice(string.ascii_letters), chance.choice(LETTERS)), *parts[at:]]


def _written(make: Make, parts: Parts) -> str:
    """The parts as a pattern, as many of them as fit, with parentheses that match."""
    while len(text := _joined(make, parts)) > LONGEST_PATTERN and len(parts) > 1:
        parts = parts[:-1]
    return text


def _joined(make: Make, parts: Parts) -> str:
    if make is _terms:
        return " ".join(parts)
    if make is _line:
        return f"[{', '.join(parts)}]"
    text, depth = "", 0
    for sign in "".join(parts)[2:]:
        if sign == ")" and depth == 0:
            continue
        depth += (sign == "(") - (sign == ")")
        text += sign
    return f"{{{text}{')' * depth}}}"


if __name__ == "__main__":
    main()
