"""How far an organization scales: what its members take, against what AWS allows.

    python -m local.bench_organization

runs 1, 10 and 100 members for real on the local AWS, checks a formula against them, and prints by that formula, for
1,000 and 10,000: calls by account, AWS's documented rates, the fan-out, and AWS's limits. The exit status is 1 where
the formula does not hold. The tables after the first are those of docs/organization.md: they come from the run of one
member in local/organization_runs.json, and from a simulation of what happens where many share a rate.
"""

from blindspot.terminal import as_a_command

if __name__ == "__main__":
    as_a_command()  # before the imports, which take long enough to be interrupted

import heapq
import random
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache

from blindspot.app.evaluate import ENTERED, READ
from blindspot.aws.client import ATTEMPTS_AMONG_MANY
from local import organization_runs
from local.costs import ASSUMED, markdown
from local.organization_runs import CHAINS, EVERY_REGION, FanOut, in_a_process

COUNTED = ((1, 17), (10, 17), (100, 2))
"""How many members are judged for real, and how many regions each has."""

STEEPEST = 2
"""How many times the CPU time of one of ten members one of a hundred may take. A busy machine may add some."""

FORECAST = (1_000, 10_000)

SECONDS = 300
"""The evaluator's timeout (template.yaml, Globals)."""


@dataclass(frozen=True)
class Rate:
    """How often an account may call an operation, in a region, each second.

    source: where AWS says so; empty where no page that we could read does, and the rate is assumed.
    """

    per_second: float
    adjustable: bool
    source: str = ""


LOGS, CLOUDWATCH = "CloudWatch Logs quotas", "CloudWatch service quotas"
TRAIL, STS, EVENTS = "Quotas in AWS CloudTrail", "IAM and AWS STS quotas", "Amazon EventBridge quotas"

RATES = {
    "cloudtrail:GetEventSelectors": Rate(10, False, TRAIL),
    "cloudwatch:DescribeAlarms": Rate(9, True, CLOUDWATCH),
    "cloudwatch:ListAlarmMuteRules": Rate(50, True, CLOUDWATCH),
    "events:PutEvents": Rate(600, True, EVENTS),
    "logs:DescribeLogGroups": Rate(10, True, LOGS),
    "logs:DescribeMetricFilters": Rate(5, False, LOGS),
    "organizations:DescribeAccount": Rate(10, False),
    "sns:GetSubscriptionAttributes": Rate(30, False),
    "sns:GetTopicAttributes": Rate(30, False),
    "sns:ListSubscriptionsByTopic": Rate(30, False),
    "sts:AssumeRole": Rate(600, False, STS),
}
"""Of the operations that are called in one account for all members. PutEvents is the lowest of any region; other
regions have up to 10,000."""


def formula(chain: str, members: int, regions: int) -> dict[str, int]:
    """How often each operation is called, as `FanOut.calls` has it: what one member takes, for each. Only one call
    depends on anything else, which is how many regions a member has."""
    return {
        name: members * (regions if name.endswith(EVERY_REGION) else count) for name, count in _one(chain).calls.items()
    }


def seconds_of_a_run(chain: str) -> float:
    """How long Lambda bills a run that waits for no rate, and is a cold start."""
    one = _one(chain)
    return ASSUMED.cold_start + one.round_trips * ASSUMED.round_trip + one.cpu


@cache
def _one(chain: str) -> FanOut:
    return organization_runs.kept()[1][chain]


def differences(counted: Iterable[FanOut]) -> Iterator[str]:
    """Where the formula does not hold."""
    cpu: dict[str, dict[int, float]] = {}
    for found in counted:
        expected = formula(found.chain, found.members, found.regions)
        which = f"{found.members} members, {found.chain} trail"
        for name in sorted(found.calls.keys() | expected.keys()):
            if found.calls.get(name, 0) != expected.get(name, 0):
                yield f"{which}: {found.calls.get(name, 0)} {name}, by the formula {expected.get(name, 0)}"
        if found.verdicts != {"COMPLIANT": found.members}:
            yield f"{which}: {found.verdicts}"
        cpu.setdefault(found.chain, {})[found.members] = found.cpu / found.members
    for chain, each in cpu.items():
        if {10, 100} <= each.keys() and each[100] > STEEPEST * each[10]:
            yield f"{chain} trail: one of 100 members takes {each[100] / each[10]:.1f} times one of 10"


@dataclass(frozen=True)
class Outcome:
    """What became of members that AWS Config asked for at the same moment.

    entered, read: of all members the shares whose account was entered, and whose chain was read in time. The others of
    those that were entered get `Cannot verify`, the rest no new row. dropped: the share whose event waited too long in
    Lambda's queue. minutes: until the last was judged. billed: seconds of a run, on average.
    """

    entered: float
    read: float
    dropped: float
    minutes: float
    billed: float


@dataclass
class _Bucket:
    """AWS's throttling: a second's worth of calls at once, then the rate (EC2 API reference, "Request throttling",
    describes such a token bucket)."""

    rate: float
    tokens: float = field(init=False)
    last: float = 0.0

    def __post_init__(self) -> None:
        self.tokens = self.rate

    def allows(self, now: float) -> bool:
        self.tokens = min(self.rate, self.tokens + (now - self.last) * self.rate)
        self.last = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


CHAIN = "logs:DescribeMetricFilters"

DEADLINES = {"organizations:DescribeAccount": SECONDS * ENTERED, CHAIN: SECONDS * READ}
"""The operations with the tightest rates of the evaluator's account and of the log archive account, and after how many
seconds of a run each must be answered."""

GROWTH = 0.01
"""Seconds from one run to the next that Lambda starts: 1,000 in 10 seconds (Lambda developer guide, "Lambda scaling
behavior")."""

LONGEST_PAUSE = 20
"""Seconds between two attempts of the SDK at most, in its standard mode. The pause is a random part of that."""

QUEUED = 21_600
"""Seconds for which an event may wait in Lambda's queue, in a stack with OrganizationRole (template.yaml,
MaximumEventAgeInSeconds)."""


def simulated(members: int, concurrency: int, seed: int = 1) -> Outcome:
    """The fan-out where all members are asked for at the same moment, and are judged through an organization's trail.

    A throttled call is tried again as the SDK does, up to its number of attempts and to the evaluator's own deadline.
    Lambda starts a waiting event as soon as a run ends: its pauses between attempts to start one are left out.
    """
    chance = random.Random(seed)  # noqa: S311 (no secret)
    buckets = {name: _Bucket(RATES[name].per_second) for name in DEADLINES}
    passed = dict.fromkeys(DEADLINES, 0)
    steps, part = tuple(DEADLINES.items()), (seconds_of_a_run("organization") - ASSUMED.cold_start) / 3
    at_once = min(members, concurrency)
    started, last, billed = at_once, 0.0, 0.0
    due = [(number * GROWTH + ASSUMED.cold_start, number, 0, 0, number * GROWTH) for number in range(at_once)]
    while due:
        now, number, step, attempts, began = heapq.heappop(due)
        if step < len(steps):
            name, deadline = steps[step]
            if buckets[name].allows(now):
                passed[name] += 1
                heapq.heappush(due, (now + part, number, step + 1, 0, began))
                continue
            again = now + chance.random() * min(2**attempts, LONGEST_PAUSE)
            if attempts + 1 < ATTEMPTS_AMONG_MANY and again < began + ASSUMED.cold_start + deadline:
                heapq.heappush(due, (again, number, step, attempts + 1, began))
                continue
            if name == CHAIN:  # it is judged by what was read, and reported
                heapq.heappush(due, (now + part, number, step + 1, 0, began))
                continue
        ended = now + part if step else now
        last, billed = max(last, ended), billed + ended - began
        if started < members and ended <= QUEUED:
            heapq.heappush(due, (ended + ASSUMED.cold_start, started, 0, 0, ended))
            started += 1
    entered, read = (count / members for count in passed.values())
    return Outcome(entered, read, 1 - started / members, last / 60, billed / started)


RULE_REFERENCE = "AWS Config API reference, PutOrganizationConfigRule"

QUEUE = "an event in Lambda's queue"

LIMITS = (
    ("accounts of an organization", "10 at first; up to 10,000", "yes", "Quotas for AWS Organizations"),
    ("organization's rules", "150 an organization", "no", "AWS Config, Service Limits"),
    ("rules of an account and region, with the organization's", "1,000", "no", "AWS Config, Service Limits"),
    ("`ExcludedAccounts` of a rule", "1,000", "no", RULE_REFERENCE),
    ("retries of a rule's creation, where a member has no recorder", "7 hours", "no", "README of aws-config-rdk"),
    ("aggregators of an account", "50", "yes", "AWS Config, Service Limits"),
    ("accounts in an aggregator", "10,000", "no", "AWS Config, Service Limits"),
    ("accounts added to aggregators in a week", "1,000", "yes", "AWS Config, Service Limits"),
    (
        "delegated administrators of AWS Config's rules",
        "3",
        "no",
        "AWS Config API reference, PutOrganizationConfigRule",
    ),
    ("stack instances of a StackSet", "100,000", "yes", "AWS CloudFormation quotas"),
    ("stack instance operations at once, a region", "10,000", "yes", "AWS CloudFormation quotas"),
    ("organizational units in one CreateStackInstances", "50", "no", "AWS CloudFormation API reference"),
    ("concurrent runs of Lambda, an account and region", "1,000; new accounts 10", "yes", "AWS Lambda quotas"),
    ("growth of a function", "1,000 more runs every 10 seconds", "no", "Lambda scaling behavior"),
    (QUEUE, "6 hours in a stack with `OrganizationRole`, which is the most", "no", "AWS Lambda developer guide"),
)


def tables() -> Iterator[str]:
    """The tables of docs/organization.md, as Markdown."""
    yield _calls()
    yield _fan_out()
    yield markdown("what, limit, adjustable, source", LIMITS)


def _calls() -> str:
    """Each operation that is called in one account for all members."""
    rows = []
    for name, count in sorted(_one("organization").calls.items(), reverse=True):
        whose, call = name.split()
        if whose != "member":
            rate = RATES[call]
            source = (rate.source, "yes" if rate.adjustable else "no") if rate.source else ("assumed", "")
            takes = (_time(members * count / rate.per_second) for members in FORECAST)
            rows.append((ACCOUNTS[whose], f"`{call}`", count, f"{rate.per_second:g}", *source, *takes))
    head = "account, operation, calls a member, rate a second, source, adjustable, for 1000, for 10000"
    return markdown(head, rows)


ACCOUNTS = {"own": "evaluator", "archive": "log archive"}


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


SIMULATED = [(members, concurrency) for members in (100, 600, 1_000, 10_000) for concurrency in (10, 50, 1_000)]


def _fan_out() -> str:
    def row(members: int, concurrency: int) -> Iterator[object]:
        found = simulated(members, concurrency)
        yield from (members, concurrency, *map(_share, (found.entered, found.read, found.dropped)))
        yield from (f"{found.minutes:.0f} min", f"{found.billed:.0f} s")

    head = "members at once, concurrency, entered, read in time, dropped, the last after, billed a run"
    return markdown(head, (row(*case) for case in SIMULATED))


def _share(part: float) -> str:
    """In percent, and 100 only for all."""
    return f"{int(100 * part)} %"


def counted_table(counted: Iterable[FanOut]) -> str:
    rows = []
    for found in counted:
        calls, expected = sum(found.calls.values()), sum(formula(found.chain, found.members, found.regions).values())
        each = f"{found.cpu / found.members:.1f}"
        rows.append((found.members, found.chain, found.regions, f"{calls:,}", f"{expected:,}", each))
    return markdown("members, trail, regions, calls, by the formula, CPU s a run", rows)


def main() -> int:
    counted = [in_a_process(chain, *case, 0) for chain in CHAINS for case in COUNTED]
    differing = list(differences(counted))
    holds = "the formula does not hold: " + "; ".join(differing) if differing else "the formula holds"
    sys.stdout.write("\n\n".join([counted_table(counted), holds, *tables()]) + "\n")
    return bool(differing)


if __name__ == "__main__":
    sys.exit(main())
