"""`make bench`: how fast patterns are read and decided, and accounts are judged. Exits 1 when a limit is passed.

docs/benchmarks.md keeps what it printed once. The corpus is the folder that BLINDSPOT_CORPUS names, or else the
profiles' own patterns.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from blindspot.model import cloudtrail_events, profile
from filter_pattern import Pattern, PatternSyntaxError, parse, unseen

ROUND_TRIPS, DELAY = 7, 0.05
"""What has to be asked one after the other, however many regions there are: the regions, their trails, filters and
alarms, the topic, its subscription, and how AWS reads the pattern; and seconds that each takes in the bench. The
function's own region need not wait for the list of regions, which saves one where the trail is there."""

LIMITS = {
    "median decision": 0.001,
    "worst decision": 1.0,
    "import of filter_pattern": 0.030,
    "import of the handler's own modules": 0.050,
    "17 regions": 1.5 * ROUND_TRIPS * DELAY,
}
"""Seconds."""

ACCOUNTS = (
    *((regions, 1, 1) for regions in (1, 2, 17, 34)),
    *((17, trails, 1) for trails in (5, 50)),
    *((17, 1, filters) for filters in (100, 2000)),
)
"""Regions, trails, metric filters with their alarms."""

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
    records = cloudtrail_events.records(account="111122223333", region="us-east-1")
    texts = list(corpus())
    patterns = [pattern for pattern in map(read, texts) if pattern]
    parsing = sum(timed(partial(read, text)) for text in texts)
    deciding = [timed(partial(unseen, required, [pattern], records)) for pattern in patterns]
    hostile = {name: timed(partial(unseen, required, [parse(text)], records)) for name, text in HOSTILE.items()}
    ranked = sorted(deciding)
    measured = {
        "median decision": median(ranked),
        "worst decision": max(ranked[-1], *hostile.values()),
        # The best of seven: whatever else the machine does only adds to it.
        "import of filter_pattern": min(importing("filter_pattern") for _ in range(7)),
        "import of the handler's own modules": min(importing("functions.evaluator.app", OTHERS) for _ in range(7)),
    }
    rates = f"{len(texts) / parsing:,.0f} parses and {len(ranked) / sum(ranked):,.0f} decisions a second"
    print(f"{len(texts)} patterns: {rates}")
    shown = {"median": median(ranked), "p99": ranked[len(ranked) * 99 // 100], "worst": ranked[-1]}
    print("a decision: " + ", ".join(f"{name} {seconds * 1000:.2f} ms" for name, seconds in shown.items()))
    for name, seconds in hostile.items():
        print(f"hostile, {name}: {seconds * 1000:.0f} ms")
    for name in ("import of filter_pattern", "import of the handler's own modules"):
        print(f"{name}: {measured[name] * 1000:.0f} ms")
    judged = {(account, delay): judging(*account, delay) for account in ACCOUNTS for delay in (0.0, DELAY)}
    print(table(judged))
    measured["17 regions"] = judged[(17, 1, 1), DELAY]["wall"]
    over = [name for name, limit in LIMITS.items() if measured[name] > limit]
    over += [
        f"{found['calls']} calls for {regions} regions"
        for ((regions, trails, filters), _), found in judged.items()
        if trails == filters == 1 and found["calls"] > regions + 12
    ]
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


OTHERS = (
    "aws_lambda_powertools.metrics",
    "aws_lambda_powertools.utilities.data_classes",
    "aws_lambda_powertools.utilities.typing",
    "botocore.session",
    "ast",
    "asyncio",
    "fractions",
    "tomllib",
)
"""What the handler imports that is not its own."""


def importing(module: str, first: Iterable[str] = ("time",)) -> float:
    """Seconds that the import takes after these others, in a new interpreter that finds compiled modules."""
    program = f"import time, {', '.join(first)}; began = time.perf_counter(); import {module}; "
    program += "print(time.perf_counter() - began)"
    return float(_run([sys.executable, "-c", program]))


def judging(regions: int, trails: int, filters: int, delay: float) -> dict[str, Any]:
    """One evaluation of an account; `local.bench_account` says what is measured."""
    arguments = map(str, (regions, trails, filters, delay))
    found: dict[str, Any] = json.loads(_run([sys.executable, "-m", "local.bench_account", *arguments]))
    return found


def table(judged: Mapping[tuple[tuple[int, int, int], float], dict[str, Any]]) -> str:
    """As Markdown."""
    rows = [
        f"One evaluation; the floor is {ROUND_TRIPS} round trips, {ROUND_TRIPS * DELAY * 1000:.0f} ms.",
        "",
        "| regions | trails | filters and alarms | ms added to a call | wall, ms | CPU, ms | calls | peak memory, MB |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for ((regions, trails, filters), delay), found in judged.items():
        cells = (regions, trails, f"{filters:,}", f"{delay * 1000:.0f}", f"{found['wall'] * 1000:,.0f}")
        rest = (f"{found['cpu'] * 1000:,.0f}", found["calls"], f"{found['memory']:,.0f}")
        rows.append(f"| {' | '.join(map(str, (*cells, *rest)))} |")
    return "\n".join(rows)


def _run(command: list[str]) -> str:
    """What it prints, run where compiled modules are kept."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout  # noqa: S603 (our own text)


if __name__ == "__main__":
    sys.exit(main())
