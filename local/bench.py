"""`make bench`: how much work it is to read and decide patterns, to import the code, to judge an account, to plan, and
to review refused calls.

Nothing is judged by the clock. CPU time is compared with that of a reference that runs beside it: a fixed loop in
Python, or `import botocore.session`; the plan for an account, with that for half as many places; a review, with one of
half as many calls. It exits with 1 when a ratio is over three times the figure stated in STATED, when an account takes
more calls, or more of them one after another, than it should, when a plan takes longer for twice as many places than it
should, or a review for twice as many calls, and when a review takes too much memory.
docs/benchmarks.md keeps what it printed once. The corpus is the folder that BLINDSPOT_CORPUS names; without one it is
the profiles' own patterns.
"""

from blindspot.terminal import as_a_command

if __name__ == "__main__":
    as_a_command()  # before the imports, which take long enough to be interrupted

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from blindspot.model import cloudtrail_events, profile
from filter_pattern import Pattern, PatternSyntaxError, parse, unseen
from local import bench_plan, bench_review
from tests.cases.hostile import HOSTILE

ROUND_TRIPS, DELAY = 7, 0.05
"""What has to be asked one after another, however many regions there are: the regions, their trails, filters and
alarms, the topic, its subscription, and how AWS reads the pattern; and the seconds that a call takes longer in the
second half of the bench. The function's own region does not wait for the list of regions, which saves one where the
trail is there."""

LOOP, BOTOCORE = "the loop", "import botocore.session"

STATED = {
    "a decision, median": (LOOP, 0.002),
    "a decision, worst": (LOOP, 0.05),
    "a hostile decision, worst": (LOOP, 6.0),
    "import of filter_pattern": (BOTOCORE, 0.2),
    "import of the handler's own modules": (BOTOCORE, 0.3),
    "evaluation of 17 regions": (LOOP, 1.5),
}
"""CPU time in units of the reference. What takes ALLOWED times as much is over the limit."""

ALLOWED = 3

PLANNED = "Each place has a trail of one region, and so many metric filters in its log group."

ACCOUNTS = (
    *((regions, 1, 1) for regions in (1, 2, 17, 34)),
    *((17, trails, 1) for trails in (5, 50)),
    *((17, 1, filters) for filters in (100, 2000)),
)
"""Regions, trails, metric filters with their alarms."""

CORPUS = Path(os.environ.get("BLINDSPOT_CORPUS", "../shared/corpus"))


@dataclass(frozen=True)
class Measured:
    """CPU seconds of something, and of its reference in the same minute."""

    name: str
    seconds: float
    reference: float

    @property
    def ratio(self) -> float:
        return self.seconds / self.reference

    @property
    def over(self) -> bool:
        return self.ratio > ALLOWED * STATED[self.name][1]

    def row(self) -> str:
        reference, stated = STATED[self.name]
        milliseconds = f"{self.seconds * 1000:,.2f}"
        ratio = f"{self.ratio:.4f} of {reference}"
        return f"| {self.name} | {milliseconds} | {ratio} | {stated} | {ALLOWED * stated:.3f} |"


def main() -> int:
    decided = decisions()
    imported = imports()
    judged = {(account, delay): judging(*account, delay) for account in ACCOUNTS for delay in (0.0, DELAY)}
    whole = judged[(17, 1, 1), 0.0]
    measured = [*decided, *imported, Measured("evaluation of 17 regions", whole["cpu"], whole["reference"])]
    print("\n| what | CPU, ms | measured | stated | limit |\n|---|---|---|---|---|")
    print("\n".join(one.row() for one in measured))
    print("\n" + table(judged) + "\n")
    planned = bench_plan.times()
    print(f"One plan, every place repaired. {PLANNED}\n\n{bench_plan.table(planned)}\n")
    reviewed = {calls: reviewing(calls) for calls in bench_review.CALLS}
    print(f"One review of a month of refused calls, in one log group.\n\n{bench_review.table(reviewed)}\n")
    over = [*(one.name for one in measured if one.over), *too_many(judged), *bench_plan.too_steep(planned)]
    over += bench_review.too_much(reviewed)
    print("over the limit: " + ", ".join(over) if over else "all within the limits")
    return bool(over)


def loop() -> None:
    """The reference: some arithmetic, dictionaries and strings, as the proof has them."""
    seen: dict[int, str] = {}
    for number in range(200_000):
        seen[number % 1000] = f"{number * 7 % 11}{seen.get(number % 999, '')[:3]}"


def decisions() -> list[Measured]:
    """How long patterns take to be read and decided, and three lines that say so."""
    required = profile.load("cis-level-1").required
    records = cloudtrail_events.records(account="111122223333", region="us-east-1")
    texts = list(corpus())
    patterns = [pattern for pattern in map(read, texts) if pattern]
    reference = least(loop)
    parsing = sum(cpu(partial(read, text)) for text in texts)
    ranked = sorted(least(partial(unseen, required, [pattern], records), 3) for pattern in patterns)
    hostile = {name: cpu(partial(unseen, required, [parse(text)], records)) for name, text in HOSTILE.items()}
    reference = min(reference, least(loop))
    rates = f"{len(texts) / parsing:,.0f} parses and {len(ranked) / sum(ranked):,.0f} decisions a second of CPU"
    print(f"{len(texts)} patterns: {rates}; the loop takes {reference * 1000:.0f} ms")
    shown = {"median": median(ranked), "p99": ranked[len(ranked) * 99 // 100], "worst": ranked[-1]}
    print("a decision: " + ", ".join(f"{name} {seconds * 1000:.2f} ms" for name, seconds in shown.items()))
    print("hostile: " + ", ".join(f"{name} {seconds * 1000:.0f} ms" for name, seconds in hostile.items()))
    return [
        Measured("a decision, median", median(ranked), reference),
        Measured("a decision, worst", ranked[-1], reference),
        Measured("a hostile decision, worst", max(hostile.values()), reference),
    ]


def imports() -> list[Measured]:
    reference = importing("botocore.session")
    return [
        Measured("import of filter_pattern", importing("filter_pattern"), reference),
        Measured("import of the handler's own modules", importing("functions.evaluator.app", OTHERS), reference),
    ]


def too_many(judged: Mapping[tuple[tuple[int, int, int], float], dict[str, Any]]) -> Iterable[str]:
    """What takes too many calls, or too many one after another; of these a busy machine may add some."""
    for ((regions, trails, filters), delay), found in judged.items():
        if trails == filters == 1 and found["calls"] > regions + 12:
            yield f"{found['calls']} calls for {regions} regions"
        if delay and trails == filters == 1 and found["round_trips"] > ALLOWED * ROUND_TRIPS:
            yield f"{found['round_trips']} round trips for {regions} regions"


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


def cpu(work: Callable[[], object]) -> float:
    """The seconds of CPU that it takes."""
    began = time.process_time()
    work()
    return time.process_time() - began


def least(work: Callable[[], object], times: int = 5) -> float:
    """Of some runs the shortest: whatever else the machine does only adds to it."""
    return min(cpu(work) for _ in range(times))


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
    """Seconds of CPU that the import takes after these others, in new interpreters that find compiled modules."""
    program = f"import time, {', '.join(first)}; began = time.process_time(); import {module}; "
    program += "print(time.process_time() - began)"
    return min(float(_run([sys.executable, "-c", program])) for _ in range(7))


def judging(regions: int, trails: int, filters: int, delay: float) -> dict[str, Any]:
    """One evaluation of an account; `local.bench_account` says what is measured."""
    arguments = map(str, (regions, trails, filters, delay))
    found: dict[str, Any] = json.loads(_run([sys.executable, "-m", "local.bench_account", *arguments]))
    return found


def reviewing(calls: int) -> dict[str, float]:
    """A review of so many refused calls; `local.bench_review` says what is measured."""
    found: dict[str, float] = json.loads(_run([sys.executable, "-m", "local.bench_review", str(calls)]))
    return found


def table(judged: Mapping[tuple[tuple[int, int, int], float], dict[str, Any]]) -> str:
    """As Markdown."""
    rows = [
        f"One evaluation. {ROUND_TRIPS} round trips have to be made one after another; {ROUND_TRIPS - 1} where the",
        "trail is in the function's own region, as here. Each filter has an alarm; the delay is added to each call.",
        "",
        "| regions | trails | filters | ms added | wall, ms | CPU, ms | calls | round trips | peak memory, MB |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for ((regions, trails, filters), delay), found in judged.items():
        cells = (regions, trails, f"{filters:,}", f"{delay * 1000:.0f}", f"{found['wall'] * 1000:,.0f}")
        trips = found["round_trips"] if delay else ""  # without a delay nothing tells whether calls overlap
        rest = (f"{found['cpu'] * 1000:,.0f}", found["calls"], trips, f"{found['memory']:,.0f}")
        rows.append(f"| {' | '.join(map(str, (*cells, *rest)))} |")
    return "\n".join(rows)


def _run(command: list[str]) -> str:
    """What it prints, run where compiled modules are kept. It finds the modules that this process finds."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout  # noqa: S603 (our own text)


if __name__ == "__main__":
    sys.exit(main())
