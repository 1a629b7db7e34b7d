"""Two stacks of Blindspot in one account, people beside them, and a judge of everything that anybody changes."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from botocore.exceptions import ReadTimeoutError
from moto.logs.models import logs_backends
from moto.ssm.models import ssm_backends

from blindspot.model import profile
from blindspot.model import stack as stacks
from blindspot.model.stack import Stack
from blindspot.remediation.ledger import decoded, digest, subscription_resource
from blindspot.remediation.ownership import TAG
from functions.remediator import app
from local.accounts import HALF_RIGHT, a_compliant_account
from local.aws import LocalAws, calls
from local.aws.extension import ssm
from local.lambda_context import Context
from tests.integration import permissions
from tests.integration.remediating import only_a_trail
from tests.scenarios.bends import ACCOUNT, AWAY, HOME
from tests.warm import dump

Key = tuple[str, str, str]
"""A region, a kind of `dump` or `log_groups` or `parameters`, and a name."""

Held = dict[Key, Any]
Document = dict[str, Any]

COUNTERS = {"SubscriptionsPending", "SubscriptionsConfirmed", "SubscriptionsDeleted", "EffectiveDeliveryPolicy"}
"""Attributes of a topic that follow from its subscriptions."""

OUR_SID = "LetAlarmsOfThisAccountPublish"


@dataclass
class Installed:
    """A stack. profile, overrides, endpoints: its parameters."""

    name: str
    region: str
    uuid: str
    profile: str = "cis-level-2"
    overrides: dict[str, Any] = field(default_factory=dict)
    endpoints: tuple[str, ...] = ("security-team@example.com",)

    @property
    def id(self) -> str:
        return f"arn:aws:cloudformation:{self.region}:{ACCOUNT}:stack/{self.name}/{self.uuid}"

    @property
    def stack(self) -> Stack:
        return stacks.parse(self.id)

    @property
    def flag(self) -> str:
        return f"/{self.name}/auto-remediate"

    @property
    def environ(self) -> dict[str, str]:
        return {
            "AWS_REGION": self.region,
            "BLINDSPOT_STACK": self.id,
            "BLINDSPOT_FLAG": self.flag,
            "BLINDSPOT_PROFILE": self.profile,
            "BLINDSPOT_OVERRIDES": json.dumps(self.overrides),
            "BLINDSPOT_SUBSCRIPTION_ENDPOINT": ",".join(self.endpoints),
        }

    def switch(self, aws: LocalAws, value: str) -> None:
        aws.client("ssm", self.region).put_parameter(Name=self.flag, Value=value, Type="String", Overwrite=True)

    def parameters(self, aws: LocalAws) -> dict[str, str]:
        """The switch, the lease and the ledger, by name."""
        found = parameters(aws, self.region)
        return {name: value for name, value in found.items() if name.startswith(f"/{self.name}/")}

    def ledger(self, aws: LocalAws) -> dict[str, str]:
        """The values of the ledger's entries, by the last part of the name."""
        path = self.stack.ledger
        return {name.removeprefix(path): value for name, value in self.parameters(aws).items() if name.startswith(path)}

    def recorded(self, aws: LocalAws) -> set[str]:
        """The resources of the entries that can be understood."""
        return set(_understood(self.ledger(aws)))

    def end_lease(self, aws: LocalAws) -> None:
        """The time of whoever holds it is over."""
        if self.stack.lease in self.parameters(aws):
            ended = json.dumps({"run": "ended", "expires": "2020-01-01T00:00:00+00:00"})
            aws.client("ssm", self.region).put_parameter(Name=self.stack.lease, Value=ended, Overwrite=True)


def parameters(aws: LocalAws, region: str) -> dict[str, str]:
    found = ssm.parameters(ssm_backends[aws.account][region])
    return {name: parameter.value for name, parameter in found.items()}


A = Installed("blindspot", HOME, "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d")
B = Installed("blindspot-b", HOME, "1a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d")
AWAY_B = Installed("blindspot", AWAY, "2a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d")

OTHER_NAMES = {
    "names": {
        "filter": "refused-calls",
        "metric": "refused_calls",
        "namespace": "Security",
        "alarm": "refused-calls-blindspot",
        "topic": "refused-blindspot-alerts",
    }
}


def one_trail(aws: LocalAws) -> None:
    only_a_trail(aws, a_compliant_account(aws, region=HOME))


def two_trails(aws: LocalAws) -> None:
    one_trail(aws)
    only_a_trail(aws, a_compliant_account(aws, region=AWAY, name="regional", multi_region=False))


def theirs(aws: LocalAws) -> None:
    """Our names are taken, and the filter is half right."""
    a_compliant_account(aws, region=HOME, pattern=HALF_RIGHT)


ACCOUNTS: dict[str, Callable[[LocalAws], None]] = {"a trail": one_trail, "two trails": two_trails, "theirs": theirs}


@dataclass
class Put:
    """What a stack put into a thing so far. thing: as the stack left it last."""

    thing: Mapping[str, Any]
    actions: set[str] = field(default_factory=set)
    tags: set[str] = field(default_factory=set)


@dataclass
class Running:
    """A run of a stack. began: the account at its start. asked: its calls to SSM, but for the lease. wrote: what it
    wrote, the ledger included. at_ssm, at_write: what is done right before the call of this number."""

    by: Installed
    action: str
    began: Held
    asked: int = 0
    wrote: int = 0
    at_ssm: dict[int, Callable[[], object]] = field(default_factory=dict)
    at_write: dict[int, Callable[[], object]] = field(default_factory=dict)
    lost: int | None = None
    switch: str | None = None
    since_switch: int = 0


class Stopped(BaseException):
    """The process ends here."""


def stop() -> None:
    raise Stopped


class Judge:
    """Looks at each change between two looks at the account: whoever acted then must have been allowed to make it.

    made: by the id of a stack, what it was seen to make and is there since. broken: the laws that were broken.
    """

    def __init__(self, aws: LocalAws) -> None:
        self.aws = aws
        self.held = look(aws)
        self.made: dict[str, dict[Key, Put]] = {}
        self.described: set[Key] = set()
        self.running: list[Running] = []
        self.broken: list[str] = []

    def run(
        self,
        by: Installed,
        action: str,
        *,
        at_ssm: Mapping[int, Callable[[], object]] | None = None,
        at_write: Mapping[int, Callable[[], object]] | None = None,
        lost: int | None = None,
        **event: Any,
    ) -> Document:
        """Runs the stack's remediator under its role. What is done at a call is done by people, or by who says so.

        lost: the number of the write whose answer does not arrive.
        """
        self.settle()
        before, self.held = self.held, look(self.aws)
        assert before == self.held
        mode = "preview" if action == "plan" or event.get("plan") is True else action
        run = Running(by, mode, self.held, at_ssm=dict(at_ssm or {}), at_write=dict(at_write or {}), lost=lost)
        environ = {name: value for name, value in os.environ.items() if not name.startswith("BLINDSPOT_")}
        given = permissions.parameters(by.environ)
        self.running.append(run)
        try:
            with (
                patch.dict(os.environ, {**environ, **by.environ}, clear=True),
                self.aws.under(permissions.role("Remediator", by.id, **given)) as under,
            ):
                document: Document = app.handler({"action": action, **event}, Context())
        finally:
            self.settle()
            self.running.pop()
        # Where another stack takes the name of an alarm or a topic in the moment before the write, the role refuses it.
        assert under.denied == [] or at_write, under.denied
        return document

    @contextmanager
    def people(self) -> Iterator[None]:
        """Whatever changes now is people's doing."""
        self.settle()
        running, self.running = self.running, []
        try:
            yield
        finally:
            self.settle()
            self.running = running

    def settle(self) -> None:
        """Judges what changed since the last look. Raises AssertionError."""
        before, self.held = self.held, look(self.aws)
        changed = [key for key in {**before, **self.held} if before.get(key) != self.held.get(key)]
        for key in sorted(changed, key=lambda key: key[1] == "subscriptions"):
            if self.running:
                self.judge(self.running[-1], key, before, self.held)
            else:
                self.note(key, before.get(key), self.held.get(key))
        assert self.broken == [], self.broken

    def note(self, key: Key, before: Any, after: Any) -> None:
        """People changed it."""
        if after is None:
            self.described.discard(key)
            for made in self.made.values():
                made.pop(key, None)
        elif key[1] == "alarms" and (before or {}).get("AlarmDescription") != after.get("AlarmDescription"):
            self.described.add(key)

    def judge(self, run: Running, key: Key, before: Held, after: Held) -> None:
        region, kind, name = key
        by, made = run.by, self.made.setdefault(run.by.id, {})
        was: Any = before.get(key)
        now: Any = after.get(key)
        if kind == "parameters":
            own = region == by.region and (name.startswith(by.stack.ledger) or name == by.stack.lease)
            self.expect(own and run.action != "preview", f"{by.name} writes {name}")
        elif kind not in ("alarms", "topics", "metric_filters", "subscriptions") or run.action == "preview":
            self.expect(False, f"{by.name} changes {key}")
        elif was is None:
            self.expect(run.action == "apply", f"{by.name} makes {key}")
            if kind == "subscriptions" and now is not None:
                own = (region, "topics", now["TopicArn"]) in made and now["Endpoint"] in by.endpoints
                self.expect(own, f"{by.name} subscribes {now['Endpoint']} to {now['TopicArn']}")
            self.put(made, key, {}, now)
        elif now is None:
            self.expect(run.action == "backout", f"{by.name} deletes {key}")
            if kind == "subscriptions":
                topic = region, "topics", was["TopicArn"]
                self.expect(key in made and topic not in after, f"{by.name} ends {key}")
            else:
                self.expect(self.is_ours(by, key, was, run.began), f"{by.name} deletes what is not its own: {key}")
            if kind == "topics":
                used = self.used_by(by, key, before)
                self.expect(used == [], f"{by.name} deletes {key}, which others use: {used}")
            made.pop(key, None)
        else:
            self.expect(run.action == "apply", f"{by.name} changes {key}")
            self.expect(self.is_ours(by, key, was, run.began), f"{by.name} changes what is not its own: {key}")
            self.expect(kind != "subscriptions", f"{by.name} changes {key}")
            if key in made:
                self.judge_merge(by, key, was, now, made[key])
            self.put(made, key, was, now)

    def judge_merge(self, by: Installed, key: Key, was: Any, now: Any, put: Put) -> None:
        """What people added stays."""
        if key[1] == "metric_filters":
            return
        tags = [tags_of(thing) for thing in (was, now)]
        lost = {name for name in tags[0] if tags[0][name] != tags[1].get(name)} - put.tags
        self.expect(not lost, f"{by.name} changes tags {lost} of {key}")
        if key[1] == "alarms":
            for name in ("OKActions", "InsufficientDataActions"):
                self.expect(was.get(name) == now.get(name), f"{by.name} changes {name} of {key}")
            lost = set(was["AlarmActions"]) - set(now["AlarmActions"]) - put.actions
            self.expect(not lost, f"{by.name} takes actions {lost} from {key}")
            same = was.get("AlarmDescription") == now.get("AlarmDescription")
            self.expect(same or key not in self.described, f"{by.name} changes the description of {key}")
            return
        for name in {*was, *now} - {"Policy", "KmsMasterKeyId", "Tags"}:
            self.expect(was.get(name) == now.get(name), f"{by.name} changes {name} of {key}")
        theirs = [[each for each in _statements(thing) if each.get("Sid") != OUR_SID] for thing in (was, now)]
        self.expect(theirs[0] == theirs[1], f"{by.name} changes statements of others in {key}")

    def put(self, made: dict[Key, Put], key: Key, was: Mapping[str, Any], now: Mapping[str, Any]) -> None:
        """A stack made this of it."""
        before = made.get(key, Put({}))
        actions = {*now.get("AlarmActions", ())} - {*was.get("AlarmActions", ())}
        tags = {name for name, value in tags_of(now).items() if tags_of(was).get(name) != value}
        made[key] = Put(now, before.actions | actions, before.tags | tags)

    def is_ours(self, by: Installed, key: Key, thing: Any, began: Held) -> bool:
        """Whether the stack was seen to make it, its ledger has it, and the thing agrees."""
        made = self.made.get(by.id, {})
        if key not in made:
            return False
        path = by.stack.ledger
        names = {
            name.removeprefix(path): value
            for (region, kind, name), value in began.items()
            if kind == "parameters" and region == by.region and name.startswith(path)
        }
        entered = resource_of(key, thing) in _understood(names)
        if key[1] == "metric_filters":
            return entered and made[key].thing == thing
        return entered and tags_of(thing).get(TAG) == by.id

    def ours(self, by: Installed, kind: str) -> list[Key]:
        """What is there that the stack made and that is still its own."""
        held = look(self.aws)
        return sorted(
            key
            for key in self.made.get(by.id, {})
            if key[1] == kind and key in held and self.is_ours(by, key, held[key], held)
        )

    def used_by(self, by: Installed, topic: Key, held: Held) -> list[str]:
        """How others use the topic, and which alarms would be left without it."""
        made = self.made.get(by.id, {})
        subscribed = [
            key[2]
            for key, thing in held.items()
            if key[1] == "subscriptions" and thing["TopicArn"] == topic[2] and key not in made
        ]
        allowed = [
            str(each)
            for each in _statements(held[topic])
            if each.get("Sid") not in (OUR_SID, "__default_statement_ID") and each["Effect"] == "Allow"
        ]
        alarms = [
            key[2]
            for key, thing in self.held.items()
            if key[1] == "alarms" and topic[2] in thing["AlarmActions"] and key not in made
        ]
        return subscribed + allowed + alarms

    def expect(self, holds: bool, law: str) -> None:
        if not holds:
            self.broken.append(law)

    def answer(self, client: Any, model: Any, request: dict[str, Any], given: Mapping[str, Any]) -> None:
        """A run is about to make this call."""
        if not self.running:
            return
        run = self.running[-1]
        service, operation = model.service_model.service_name, model.name
        if service == "ssm":
            if given.get("Name") == run.by.stack.lease:
                return
            run.asked += 1
            self.do(run.at_ssm, run.asked)
            if given.get("Name") == run.by.flag:
                run.switch, run.since_switch = parameters(self.aws, run.by.region).get(run.by.flag), 0
        writes = not operation.startswith(("Describe", "Get", "List", "Test")) and service not in ("sts", "events")
        if not writes:
            return
        run.wrote += 1
        if operation == "PutMetricFilter" and run.at_write.get(run.wrote, stop) is not stop:
            # AWS has no condition for it: who takes the name in this very moment loses it. The next write, then.
            run.at_write[run.wrote + 1] = run.at_write.pop(run.wrote)
        self.do(run.at_write, run.wrote)
        if service in ("cloudwatch", "sns", "logs"):
            run.since_switch += 1
            allowed = run.switch == "true" if run.action == "apply" else run.switch not in ("true", None)
            what = f"{run.by.name}: {operation} by {run.action}"
            self.expect(allowed and run.since_switch == 1, f"{what} while the switch was last read as {run.switch}")
            resource = written_to(operation, client.meta.region_name, given)
            entered = run.by.stack.ledger + digest(resource) in parameters(self.aws, run.by.region)
            self.expect(entered, f"{what} without an entry in the ledger: {resource}")

    def do(self, what: dict[int, Callable[[], object]], number: int) -> None:
        if act := what.pop(number, None):
            act()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Sees every call of every run, until the context ends."""
        answer, make_request = self.aws.watched.answer, calls._make_request  # noqa: SLF001

        def seen(client: Any, model: Any, request: dict[str, Any], given: Mapping[str, Any]) -> object:
            self.answer(client, model, request, given)
            return answer(client, model, request, given)

        def made(client: Any, model: Any, request: dict[str, Any], context: Any) -> object:
            found = make_request(client, model, request, context)
            run = self.running[-1] if self.running else None
            if run and run.lost is not None and run.wrote == run.lost:
                run.lost = None
                raise ReadTimeoutError(endpoint_url="https://aws")
            return found

        with (
            patch.object(self.aws.watched, "answer", seen),
            patch.object(calls, "_make_request", made),
            patch("blindspot.aws.apply.LOOK_AGAIN", 0),
            patch("botocore.endpoint.time", SimpleNamespace(sleep=lambda _: None)),
        ):
            yield


def look(aws: LocalAws) -> Held:
    """All that the account holds."""
    held: Held = {}
    for region, kinds in dump(aws).items():
        for kind, things in kinds.items():
            for name, thing in things.items():
                held[region, kind, name] = {key: value for key, value in thing.items() if key not in COUNTERS}
    for region in aws.regions:
        for name, value in parameters(aws, region).items():
            held[region, "parameters", name] = value
        for name in logs_backends[aws.account][region].groups:
            held[region, "log_groups", name] = name
    return held


def resource_of(key: Key, thing: Mapping[str, Any]) -> str:
    """As the ledger names it."""
    region, kind, name = key
    if kind == "metric_filters":
        return f"{_log_group(region, thing['logGroupName'])}:metric-filter:{thing['filterName']}"
    if kind == "subscriptions":
        return subscription_resource(thing["TopicArn"], thing["Protocol"], thing["Endpoint"])
    return name


def written_to(operation: str, region: str, given: Mapping[str, Any]) -> str:
    """The resource of a call that writes, as the ledger names it."""
    if operation.endswith("MetricFilter"):
        return f"{_log_group(region, given['logGroupName'])}:metric-filter:{given['filterName']}"
    if operation == "Subscribe":
        return subscription_resource(given["TopicArn"], given["Protocol"], given["Endpoint"])
    if operation == "CreateTopic":
        return f"arn:aws:sns:{region}:{ACCOUNT}:{given['Name']}"
    if operation in ("PutMetricAlarm", "DeleteAlarms"):
        (name,) = given.get("AlarmNames", [given.get("AlarmName")])
        return f"arn:aws:cloudwatch:{region}:{ACCOUNT}:alarm:{name}"
    return str(given.get("TopicArn") or given.get("ResourceArn") or given["ResourceARN"])


def _log_group(region: str, name: str) -> str:
    return f"arn:aws:logs:{region}:{ACCOUNT}:log-group:{name}"


def _understood(entries: Mapping[str, str]) -> Iterator[str]:
    for name, value in entries.items():
        try:
            yield decoded(name, value, 1).resource
        except ValueError:
            continue


def tags_of(thing: Mapping[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in thing.get("Tags", ())}


def _statements(topic: Mapping[str, Any]) -> list[Any]:
    found: list[Any] = json.loads(topic["Policy"]).get("Statement", [])
    return found


def alarm_settings(by: Installed) -> dict[str, Any]:
    """What our alarm must have."""
    chosen = profile.load(by.profile, by.overrides)
    return {
        "Statistic": chosen.alarm.statistic,
        "Period": chosen.alarm.period,
        "Threshold": chosen.alarm.threshold,
        "ComparisonOperator": chosen.alarm.comparison,
        "EvaluationPeriods": 1,
        "ActionsEnabled": True,
    }
