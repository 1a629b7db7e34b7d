"""`make bench`: how fast patterns are read and decided. Exits 1 when one of the limits below is passed.

The corpus is the folder that BLINDSPOT_CORPUS names, or else the profiles' own patterns.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from statistics import median

from blindspot import cloudtrail, profile
from filter_pattern import Pattern, PatternSyntaxError, parse, unseen

LIMITS = {"median decision": 0.001, "worst decision": 1.0, "import": 0.030}
"""Seconds."""

CORPUS = Path(os.environ.get("BLINDSPOT_CORPUS", "../shared/corpus"))

LETTERS = "abcdefghijklmnopqrst"
HOSTILE = {
    "a hundred alternatives": "{" + "||".join(f"$.a=v{n}" for n in range(100)) + "}",
    "a hundred parentheses": "{" + "(" * 99 + "$.errorCode = x" + ")" * 99 + "}",
    "twenty *x* on one field": "{ " + " || ".join(f'$.errorCode = "*{letter}*"' for letter in LETTERS) + " }",
    "twenty *x* on twenty fields": "{ " + " && ".join(f'$.{letter} != "*x*"' for letter in LETTERS) + " }",
    "bounded repeats": "{ $.errorCode = %[a-z]{0,190}x[a-z]{0,190}$% && $.eventName = %a.{1,180}b{1,180}$% }",
    "long wildcards": '{ $.errorCode = "*' + "ab" * 240 + '*" || $.errorCode = "' + "ab" * 230 + '*" }',
}


def main() -> int:
    required = profile.load("cis-level-1").required
    records = cloudtrail.records(account="111122223333", region="us-east-1")
    texts = list(corpus())
    patterns = [pattern for pattern in map(read, texts) if pattern]
    parsing = sum(timed(partial(read, text)) for text in texts)
    deciding = [timed(partial(unseen, required, [pattern], records)) for pattern in patterns]
    hostile = {name: timed(partial(unseen, required, [parse(text)], records)) for name, text in HOSTILE.items()}
    ranked = sorted(deciding)
    measured = {
        "median decision": median(ranked),
        "worst decision": max(ranked[-1], *hostile.values()),
        "import": median(importing() for _ in range(7)),
    }
    rates = f"{len(texts) / parsing:,.0f} parses and {len(ranked) / sum(ranked):,.0f} decisions a second"
    print(f"{len(texts)} patterns: {rates}")
    shown = {"median": median(ranked), "p99": ranked[len(ranked) * 99 // 100], "worst": ranked[-1]}
    print("a decision: " + ", ".join(f"{name} {seconds * 1000:.2f} ms" for name, seconds in shown.items()))
    for name, seconds in hostile.items():
        print(f"hostile, {name}: {seconds * 1000:.0f} ms")
    print(f"import filter_pattern: {measured['import'] * 1000:.0f} ms")
    over = [name for name, limit in LIMITS.items() if measured[name] > limit]
    print("over the limit: " + ", ".join(over) if over else "all within the limits")
    return bool(over)


def corpus() -> Iterable[str]:
    if not CORPUS.is_dir():
        return [profile.load(name).pattern.text for name in profile.names()]
    files = sorted(CORPUS.glob("*_patterns.jsonl"))
    return [json.loads(line)["pattern"] for file in files for line in file.read_text().splitlines()]


def read(text: str) -> Pattern | None:
    try:
        return parse(text)
    except PatternSyntaxError:
        return None


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def importing() -> float:
    """Seconds that the import takes in a new interpreter that finds compiled modules, as Lambda's does."""
    program = "import time; began = time.perf_counter(); import filter_pattern; print(time.perf_counter() - began)"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-c", program]
    return float(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)  # noqa: S603 (our own text)


if __name__ == "__main__":
    sys.exit(main())
