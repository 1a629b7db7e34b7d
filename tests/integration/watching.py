"""What the stack's alarms do when the checker itself fails: the runs are real, Lambda and AWS Config are simulated.

The evaluator runs on the local AWS, once for each way in which it is started, before and after the fault. What it
publishes is repeated on the stack's schedule for days, with what Lambda and SQS publish beside it, and each alarm of
template.yaml is evaluated as CloudWatch does. `python -m tests.integration.watching` prints the runbook's table.
"""

import io
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, redirect_stdout
from dataclasses import dataclass, field, replace
from functools import cache, partial
from itertools import pairwise
from typing import Any
from unittest.mock import patch

from local.accounts import CIS, HALF_RIGHT, a_compliant_account
from local.aws import LocalAws, local_aws
from local.embedded_metrics import sent
from tests.cloudwatch import Alarm, State, aggregate, states_of
from tests.goldens import RULE, SETTINGS, UUID
from tests.integration.evaluating import invoke
from tests.integration.permissions import STACK, parameters, resolved, role, values_of
from tests.scenarios.bends import HOME, REGIONS
from tests.unit.test_template import RESOURCES
from tests.warm import warm

OWN, MEMBER, MEMBER_ROLE = "123456789012", "222222222222", "blindspot-member"

HOUR = 60
SCHEDULE, DAILY_AT = 6 * HOUR, 3 * HOUR
"""`Schedule` as it is by default, and the minute of the day at which AWS Config asks; the fault begins with a run of
`Schedule`, at minute 0 of a day."""

HEALTHY = 48 * HOUR
LOOKS = (1 * HOUR, 24 * HOUR, 49 * HOUR)
"""How long before the fault all was well, and how long after it the alarms are looked at."""

Metric = tuple[str, str, frozenset[tuple[str, str]]]
"""A metric by its namespace, its name and its dimensions."""

EVALUATOR, REMEDIATOR = "EvaluatorFunction", "RemediatorFunction"


def _of_lambda(function: str, name: str) -> Metric:
    return "AWS/Lambda", name, frozenset({("FunctionName", function)})


QUEUE: Metric = (
    "AWS/SQS",
    "ApproximateNumberOfMessagesVisible",
    frozenset({("QueueName", "arn:aws:of:this:stack:DeadLetterQueue.QueueName")}),
)


@dataclass(frozen=True)
class Watch:
    """An alarm of the template: what it is on, and how it is evaluated."""

    name: str
    metric: Metric
    alarm: Alarm


def alarms(**parameters: str) -> list[dict[str, Any]]:
    """The properties of the template's alarms, in a stack that was given these parameters."""
    values = {name: name for name in RESOURCES} | values_of(STACK, parameters)
    found = (of["Properties"] for of in RESOURCES.values() if of["Type"] == "AWS::CloudWatch::Alarm")
    return [resolved(properties, values) for properties in found]


@cache
def watches() -> tuple[Watch, ...]:
    """The alarms of the template, in its order; that on members is in a stack with an organization's rule only."""
    return tuple(map(_watch, alarms()))


def _watch(properties: Mapping[str, Any]) -> Watch:
    dimensions = frozenset((each["Name"], each["Value"]) for each in properties["Dimensions"])
    return Watch(
        properties["AlarmName"].removeprefix("blindspot-"),
        (properties["Namespace"], properties["MetricName"], dimensions),
        Alarm(
            statistic=properties["Statistic"],
            comparison=properties["ComparisonOperator"],
            threshold=properties["Threshold"],
            period=properties["Period"],
            evaluation_periods=properties["EvaluationPeriods"],
            datapoints=properties["DatapointsToAlarm"],
            missing_data=properties["TreatMissingData"],
        ),
    )


@dataclass(frozen=True)
class Outcome:
    """What a run, or what it led to, publishes; how many messages it leaves in the dead-letter queue; and the row that
    AWS Config took."""

    samples: tuple[tuple[Metric, float], ...] = ()
    messages: int = 0
    row: str | None = None

    def and_then(self, later: "Outcome") -> "Outcome":
        return Outcome(self.samples + later.samples, self.messages + later.messages, later.row or self.row)


@dataclass
class World:
    """The account with the stack, and what a fault changes.

    rule: whether the stack has its AWS Config rule.
    scheduled, daily: whether `Schedule` starts runs; whether AWS Config does, or the schedule `Daily` without a rule.
    kept: whether the log, and so each metric in it, gets to CloudWatch. times_out, throttled: functions.
    starts: whether Lambda can run the evaluator at all. without: the statement that its role lacks.
    organization: whether AWS Config also asks daily for the accounts of an organization.
    """

    aws: LocalAws
    rule: bool
    environ: dict[str, str] = field(default_factory=dict)
    scheduled: bool = True
    daily: bool = True
    kept: bool = True
    starts: bool = True
    times_out: frozenset[str] = frozenset()
    throttled: frozenset[str] = frozenset()
    without: str | None = None
    organization: bool = False

    def by_schedule(self) -> Outcome:
        return self.answered({"action": "start"}) if self.scheduled else Outcome()

    def by_day(self) -> Outcome:
        if not self.daily:
            return Outcome()
        if not self.rule:
            return self.answered({"action": "start"})
        if RULE not in self.aws.config.rules:
            return Outcome()
        self.aws.config.asked.clear()
        self.aws.client("config").start_config_rules_evaluation(ConfigRuleNames=[RULE])
        done = self.answered(self.aws.config.due.pop(0))
        if self.organization:
            self.aws.ask_members("blindspot")
            done = done.and_then(self.answered(self.aws.config.due.pop(0)))
        return done

    def answered(self, event: dict[str, Any]) -> Outcome:
        """What becomes of an event for the evaluator, with all that it starts."""
        self.aws.config.rows.clear()
        self.aws.config.asked.clear()
        sent = len(self.aws.events)
        done = self.evaluated(event)
        while self.aws.config.due:
            done = done.and_then(self.evaluated(self.aws.config.due.pop(0)))
        details = [json.loads(each["Detail"]) for each in self.aws.events[sent:]]
        if any((detail["account"], detail["verdict"]) == (OWN, "NON_COMPLIANT") for detail in details):
            done = done.and_then(self.remediated())
        rows = [str(row.annotation or row.compliance) for row in self.aws.config_rows]
        return replace(done, row=rows[0] if rows else None)

    def evaluated(self, event: dict[str, Any]) -> Outcome:
        if not self.starts:
            return Outcome()  # what Lambda counts then is not documented
        if EVALUATOR in self.throttled:
            return _throttled(EVALUATOR)
        if EVALUATOR in self.times_out and event != {"action": "start"}:
            return _failed(EVALUATOR)
        printed, raised = io.StringIO(), False
        with ExitStack() as stack:
            stack.enter_context(redirect_stdout(printed))
            if self.without:
                given = role("Evaluator", **parameters(os.environ))
                statements = [each for each in given if each["Sid"] != self.without]
                stack.enter_context(self.aws.under(statements))
            try:
                invoke(event)
            except Exception:  # noqa: BLE001 (whatever it is, Lambda counts an error)
                raised = True
        own = tuple(_published(printed.getvalue())) if self.kept else ()
        ended = _failed(EVALUATOR) if raised else _succeeded(EVALUATOR)
        if self.without == "KeepFailedRuns":
            ended = replace(ended, messages=0)
        return Outcome(own).and_then(ended)

    def remediated(self) -> Outcome:
        """The remediator has one retry. It is not run: only what Lambda counts is looked at."""
        if REMEDIATOR in self.throttled:
            return _throttled(REMEDIATOR)
        if REMEDIATOR in self.times_out:
            return replace(_failed(REMEDIATOR).and_then(_failed(REMEDIATOR)), messages=1)
        return _succeeded(REMEDIATOR)


def _succeeded(function: str) -> Outcome:
    return Outcome(((_of_lambda(function, "Errors"), 0), (_of_lambda(function, "Throttles"), 0)))


def _failed(function: str) -> Outcome:
    return Outcome(((_of_lambda(function, "Errors"), 1), (_of_lambda(function, "Throttles"), 0)), messages=1)


def _throttled(function: str) -> Outcome:
    return Outcome(((_of_lambda(function, "Throttles"), 1),), messages=1)


def _published(printed: str) -> Iterator[tuple[Metric, float]]:
    for each in sent(printed):
        for value in each.values:
            yield (each.namespace, each.name, frozenset(each.dimensions.items())), value


Break = Callable[[World], None]


@dataclass(frozen=True)
class Seen:
    """What an operator sees of a fault: the row, and the alarms in ALARM at each of LOOKS."""

    row: str
    alarms: tuple[tuple[str, ...], ...]


def seen(breaks: Break, *, rule: bool = True, compliant: bool = True, organization: bool = False) -> Seen:
    """What is seen of a fault in a stack, with its AWS Config rule or without, that was healthy for two days.

    organization: whether it has an organization's rule, and the organization an account beside the own.
    """
    environ = SETTINGS if rule else SETTINGS | {"BLINDSPOT_CONFIG_RULE": ""}
    environ |= {"BLINDSPOT_ORGANIZATION_ROLE": MEMBER_ROLE} if organization else {}
    with local_aws(region=HOME, regions=REGIONS) as aws, warm(aws), patch.dict(os.environ, environ):
        aws.put_config_rule(RULE)
        a_compliant_account(aws, pattern=CIS if compliant else HALF_RIGHT)
        if organization:
            a_compliant_account(aws.of(MEMBER))
            aws.organization.join(OWN, MEMBER)
            aws.put_organization_rule("blindspot", excluded=(OWN,))
            aws.trust(f"arn:aws:iam::{MEMBER}:role/{MEMBER_ROLE}", UUID)
        world = World(aws, rule, organization=organization)
        before = world.by_schedule(), world.by_day()
        breaks(world)
        with patch.dict(os.environ, world.environ):
            after = world.by_schedule(), world.by_day()
        still_there = rule and RULE in aws.config.rules
    states = states_over_time(_timeline(before, after))
    in_alarm = (tuple(name for name, of in states.items() if of[look] == "ALARM") for look in LOOKS)
    return Seen(_row(*after) if still_there else "no row", tuple(in_alarm))


def _row(scheduled: Outcome, daily: Outcome) -> str:
    row = scheduled.row or daily.row
    if row is None:
        return "out of date"
    what = "`Cannot verify`" if row.startswith("Cannot verify") else "right"
    return what if scheduled.row else f"{what}, once a day"


Timeline = dict[int, Outcome]
"""What is published, by the minute; the fault begins at 0."""


def _timeline(before: tuple[Outcome, Outcome], after: tuple[Outcome, Outcome]) -> Timeline:
    found: Timeline = {}
    for minute in range(-HEALTHY, max(LOOKS)):
        scheduled, daily = before if minute < 0 else after
        if minute % SCHEDULE == 0:
            found[minute] = scheduled
        if minute % (24 * HOUR) == DAILY_AT:
            found[minute] = daily
    return found


def states_over_time(timeline: Timeline) -> dict[str, dict[int, State]]:
    """By alarm, its state at each of LOOKS."""
    return {watch.name: _states(watch, timeline) for watch in watches()}


def _states(watch: Watch, timeline: Timeline) -> dict[int, State]:
    length = watch.alarm.period // 60
    starts = range(min(timeline), max(LOOKS), length)
    samples = ([(value, 1) for value in _in(watch, timeline, at, length)] for at in starts)
    points = [aggregate(watch.alarm.statistic, each) for each in samples]
    states = states_of(watch.alarm, points)
    ends = {at + length: state for at, state in zip(starts, states, strict=True)}
    return {look: ends[max(end for end in ends if end <= look)] for look in LOOKS}


def _in(watch: Watch, timeline: Timeline, at: int, length: int) -> list[float]:
    """What is published for the alarm in the minutes of one period."""
    if watch.metric == QUEUE:
        visible = sum(of.messages for minute, of in timeline.items() if minute < at + length)
        return [visible] if visible else []  # SQS publishes nothing for a queue that was empty for hours
    minutes = (timeline[minute] for minute in range(at, at + length) if minute in timeline)
    return [value for of in minutes for metric, value in of.samples if metric == watch.metric]


def _with_environ(**environ: str) -> Break:
    return lambda world: world.environ.update(environ)


def _with(**changed: Any) -> Break:
    return lambda world: vars(world).update(changed)


def _rule_deleted(world: World) -> None:
    world.aws.config.rules.clear()


def _nothing(_: World) -> None:
    """AWS Config developer guide, "Rule evaluations when the configuration recorder is turned off": periodic rules
    continue."""


def _another_external_id(world: World) -> None:
    world.aws.trust(f"arn:aws:iam::{MEMBER}:role/{MEMBER_ROLE}", "another")


def _lacking(sid: str, *, organization: bool = False) -> Seen:
    """Without its own log, none of the metrics in it gets to CloudWatch."""
    return seen(_with(without=sid, kept=sid != "WriteOwnLog"), organization=organization)


TRIALS: Mapping[str, Callable[[], Seen]] = {
    "nothing is wrong": lambda: seen(_nothing),
    "the configuration recorder is stopped": lambda: seen(_nothing),
    "the schedule is disabled": lambda: seen(_with(scheduled=False)),
    "no rule, the first schedule is disabled": lambda: seen(_with(scheduled=False), rule=False),
    "no rule, both schedules are disabled": lambda: seen(_with(scheduled=False, daily=False), rule=False),
    "the rule is deleted": lambda: seen(_rule_deleted),
    "`Overrides` has an unknown key": lambda: seen(_with_environ(BLINDSPOT_OVERRIDES='{"benine": []}')),
    "every assessment times out": lambda: seen(_with(times_out=frozenset({EVALUATOR}))),
    "the evaluator is throttled for more than an hour": lambda: seen(_with(throttled=frozenset({EVALUATOR}))),
    "Lambda cannot assume the evaluator's role": lambda: seen(_with(starts=False)),
    "the evaluator's log group is deleted": lambda: seen(_with(kept=False)),
    "the remediator times out": lambda: seen(_with(times_out=frozenset({REMEDIATOR})), compliant=False),
    "the remediator is throttled for more than an hour": lambda: seen(
        _with(throttled=frozenset({REMEDIATOR})), compliant=False
    ),
    **{
        f"no `{sid}` in the role": partial(_lacking, sid)
        for sid in (statement["Sid"] for statement in role("Evaluator"))
    },
    "a member of the organization lacks the role": lambda: seen(_another_external_id, organization=True),
    **{f"no `{sid}` in the role": partial(_lacking, sid, organization=True) for sid in ("FindMembers", "EnterMembers")},
}
"""By the fault: what is seen of it."""


def table(found: Mapping[str, Seen]) -> Iterator[str]:
    """The lines of the table: faults of which the same is seen share one."""
    yield "| fault | row in AWS Config | in ALARM after 1 hour | after 24 hours | after 49 hours |"
    yield "|---|---|---|---|---|"
    for each in dict.fromkeys(found.values()):
        faults = "; ".join(fault for fault, what in found.items() if what == each)
        yield f"| {' | '.join((faults, *cells(each)))} |"


def cells(what: Seen) -> tuple[str, ...]:
    """What the table says of a fault."""
    told = [", ".join(f"`{name}`" for name in names) or "none" for names in what.alarms]
    return what.row, told[0], *("the same" if now == before else now for before, now in pairwise(told))


if __name__ == "__main__":
    sys.stdout.writelines(f"{line}\n" for line in table({fault: trial() for fault, trial in TRIALS.items()}))
