"""Many evaluations in one warm process, as a Lambda environment that is never replaced makes them.

Between them the account, the settings, the credentials, the time zone and what fails change. Each verdict must be that
of the account as it is then, and nothing may grow.
"""

import gc
import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from moto.core.model_instances import reset_model_data

from functions.evaluator import app
from local.accounts import HALF_RIGHT, a_compliant_account
from local.aws import LocalAws, local_aws
from local.lambda_context import Context
from tests.goldens import RULE, SETTINGS, UUID
from tests.scenarios import bends
from tests.scenarios.bends import ACCOUNT, HOME, OTHER, ROLE, Bend
from tests.warm import HELD, set_up

FAILED = "{ $.errorCode = * }"

MEMBER, MEMBER_ROLE = "222222222222", "blindspot-member"

ZONES = ("UTC", "Asia/Kathmandu", "America/St_Johns")


@dataclass(frozen=True)
class State:
    """What the account and the settings are like for one evaluation.

    says: what AWS Config's row says; None where there is none. fails: what fails meanwhile.
    member: whether this is a member of the organization, and not the function's own account.
    """

    says: str | None
    bend: Bend = bends.nothing
    settings: Mapping[str, str] = field(default_factory=dict)
    fails: Callable[[LocalAws], object] = lambda aws: None
    member: bool = False


def delivered(**ago: float) -> Bend:
    """By a clock that goes on from evaluation to evaluation."""
    return lambda aws, made: bends.delivered(datetime.now(UTC) - timedelta(**ago))(aws, made)


STATES = {
    "right": State("COMPLIANT"),
    "half right": State("NON_COMPLIANT", bends.the_filter(HALF_RIGHT)),
    "no trail": State("NON_COMPLIANT", bends.no_trail),
    "not logging": State("NON_COMPLIANT", bends.no_logging),
    "delivered an hour ago": State("COMPLIANT", bends.together(bends.logging_for_long, delivered(hours=1))),
    "delivered a day ago": State("NON_COMPLIANT", bends.together(bends.logging_for_long, delivered(hours=25))),
    "insensitive": State("NON_COMPLIANT", bends.the_alarm(Threshold=10)),
    "more is required": State("NON_COMPLIANT", settings={"BLINDSPOT_OVERRIDES": json.dumps({"required": FAILED})}),
    "another profile": State("COMPLIANT", settings={"BLINDSPOT_PROFILE": "cis-v3.0.0"}),
    "composite": State("COMPLIANT", bends.composite('ALARM("{alarm}")')),
    "muted": State("NON_COMPLIANT", bends.muted(bends.ALWAYS)),
    "no topic": State("NON_COMPLIANT", bends.no_topic),
    "encrypted": State("COMPLIANT", bends.with_key(bends.USE_KEY)),
    "nobody": State("NON_COMPLIANT", bends.no_subscription),
    "only OK": State("NON_COMPLIANT", bends.hears({"NewStateValue": ["OK"]})),
    "through a role": State(
        "COMPLIANT",
        bends.an_organization_trail(),
        {"BLINDSPOT_MONITORING_ROLE_ARNS": ROLE},
    ),
    "refused": State("Cannot verify", fails=lambda aws: aws.fail("logs:DescribeMetricFilters")),
    "malformed": State("Cannot verify", fails=lambda aws: aws.malform("cloudwatch:DescribeAlarms", {})),
    "no AWS account": State("Cannot verify", fails=lambda aws: aws.fail("sts:GetCallerIdentity", error="ExpiredToken")),
    "late": State("Cannot verify", fails=lambda aws: aws.hang("cloudtrail:GetTrailStatus", seconds=0.01)),
    "wrong settings": State("Cannot verify", settings={"BLINDSPOT_PROFILE": "unknown"}),
    "member": State("COMPLIANT", member=True),
    "half right member": State("NON_COMPLIANT", bends.the_filter(HALF_RIGHT), member=True),
    "member without trail": State("NON_COMPLIANT", bends.no_trail, member=True),
    "member through a role": State(
        "COMPLIANT",
        bends.an_organization_trail(),
        {"BLINDSPOT_MONITORING_ROLE_ARNS": ROLE},
        member=True,
    ),
    "refused member": State("Cannot verify", fails=lambda aws: aws.fail("logs:DescribeMetricFilters"), member=True),
    "late member": State(
        "Cannot verify", fails=lambda aws: aws.hang("cloudtrail:GetTrailStatus", seconds=0.01), member=True
    ),
    "member without role": State(None, fails=lambda aws: aws.fail("sts:AssumeRole"), member=True),
}

ORGANIZATION = {"BLINDSPOT_ORGANIZATION_ROLE": MEMBER_ROLE, "BLINDSPOT_STACK": SETTINGS["BLINDSPOT_STACK"]}


@dataclass(frozen=True)
class Measured:
    """What the process holds after so many evaluations, once the garbage is collected."""

    evaluations: int
    objects: int
    megabytes: float
    threads: int
    files: int


@dataclass(frozen=True)
class Limits:
    """By how much what is held may be more in the end than after the evaluations that warm the process up."""

    objects: int = 2_000
    megabytes: float = 40
    threads: int = 2
    files: int = 2

    def exceeded(self, first: Measured, last: Measured) -> list[str]:
        grown = {name: getattr(last, name) - getattr(first, name) for name in vars(self)}
        return [f"{amount:,.0f} more {name}" for name, amount in grown.items() if amount > getattr(self, name)]


def soak(evaluations: int, *, every: int) -> Iterator[Measured]:
    """Evaluates so often, and measures after every so many. Raises AssertionError for a verdict that is not right."""
    for name, state in STATES.items():  # each is set up once
        with _local() as aws:
            _take_out(aws, name, state)
    with _local() as aws:
        names = list(STATES)
        for number in range(evaluations):
            name = names[number * 9 % len(names)]  # 9 and their number have no common divisor
            says = _evaluate(aws, number, name)
            assert says == STATES[name].says, f"evaluation {number}, {name}: the row says {says}"
            if (number + 1) % every == 0:
                yield _measured(number + 1)


def _evaluate(aws: LocalAws, number: int, name: str) -> str | None:
    """What AWS Config's row of the account says then."""
    state = STATES[name]
    _take_out(aws, name, state)
    judged = aws.of(MEMBER) if state.member else aws
    event = _asked(aws, member=state.member)
    state.fails(aws)
    environment = {
        "BLINDSPOT_CONFIG_RULE": RULE,
        "AWS_ACCESS_KEY_ID": f"SECRET-access-key-{number}",
        "TZ": ZONES[number % len(ZONES)],
        **(ORGANIZATION if state.member else {}),
        **state.settings,
    }
    judged.config.rows.clear()
    with patch.dict(os.environ, environment):
        time.tzset()
        try:
            app.handler(event, Context())
        except Exception:
            if state.says != "Cannot verify":
                raise
    rows = judged.config_rows
    assert [row.id for row in rows] == ([MEMBER if state.member else ACCOUNT] if state.says else [])
    _forget(aws)
    if not rows:
        return None
    return "Cannot verify" if str(rows[0].annotation).startswith("Cannot verify") else rows[0].compliance


def _asked(aws: LocalAws, *, member: bool) -> dict[str, Any]:
    """The event with which AWS Config asks for the own account, or for the member."""
    if member:
        aws.organization.join(ACCOUNT, MEMBER)
        aws.put_organization_rule("blindspot", excluded=(ACCOUNT,))
        aws.ask_members("blindspot", MEMBER)
    else:
        aws.put_config_rule(RULE)
        aws.client("config").start_config_rules_evaluation(ConfigRuleNames=[RULE])
    return aws.config.due.pop(0)


def _forget(aws: LocalAws) -> None:
    """What the local AWS has recorded."""
    configs = [aws.config, aws.of(MEMBER).config]
    for config in configs:
        config.tokens.clear()
        config.asked.clear()
    for kept in (aws.calls, aws.watched.answered, aws.faults, aws.events):
        kept.clear()
    reset_model_data()  # moto notes every object that it makes


@contextmanager
def _local() -> Iterator[LocalAws]:
    with local_aws(region=HOME, regions=(HOME,), opted_out=()) as aws:
        yield aws


def _take_out(aws: LocalAws, name: str, state: State) -> None:
    def make() -> None:
        account = aws.of(MEMBER) if state.member else aws
        state.bend(account, a_compliant_account(account, region=HOME))
        if state.member:
            aws.trust(f"arn:aws:iam::{MEMBER}:role/{MEMBER_ROLE}", UUID)
            aws.trust(ROLE)  # the own account, for whichever member
        accounts = (ACCOUNT, OTHER, MEMBER)
        for backends in HELD.values():  # so that what another state made of another account is taken away
            for region in {region for each in accounts for region in backends[each]}:
                for each in accounts:
                    backends[each][region]

    set_up(aws, f"soaked, {name}", make)


def _measured(evaluations: int) -> Measured:
    gc.collect()
    files = len(list(Path("/dev/fd").iterdir()))
    return Measured(evaluations, len(gc.get_objects()), _resident(), threading.active_count(), files)


def _resident() -> float:
    """Megabytes; 0 where the system does not say."""
    status = Path("/proc/self/statm")
    return int(status.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20 if status.exists() else 0.0
