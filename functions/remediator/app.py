"""The remediator: started by the evaluator's event, or by hand. It looks for itself, plans, and applies where it may.

collect and assess -> plan (pure) -> apply (AWS) -> collect and assess: did it help? Nothing is decided here.
"""

import os
import time
from collections.abc import Iterable
from dataclasses import replace
from functools import cache, partial
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from blindspot import settings
from blindspot.app import invocation
from blindspot.app.assess import Assessed, assessed, in_time
from blindspot.aws import config_rule
from blindspot.aws import events as notify
from blindspot.aws import owned_resources as holdings
from blindspot.aws.apply import apply
from blindspot.aws.client import CallFailed, Clients
from blindspot.aws.switch import Switch
from blindspot.model.arn import place_of
from blindspot.model.snapshot import Unreadable
from blindspot.remediation import document as remediation
from blindspot.remediation import ownership as naming
from blindspot.remediation.actions import Action
from blindspot.remediation.backout import backout, in_question, not_looked_at
from blindspot.remediation.document import Document, Outcome
from blindspot.remediation.plan import Plan, plan, trunks
from blindspot.settings import Settings
from blindspot.verdict.assessment import Verdict

logger = Logger(service="blindspot")
metrics = Metrics(namespace="Blindspot", service="blindspot")

RESERVED_SECONDS = 30
"""Kept back from the time that Lambda leaves us, to tell what was done."""


class BackoutRefused(Exception):
    """Raised where backout is asked for while the flag is on: the next assessment would build everything again."""


def handler(event: object, context: LambdaContext) -> dict[str, Any]:
    """Answers one event; `invocation.remediation` says which there are. Returns the remediator's document."""
    action = invocation.remediation(event)
    if action == "backout":
        # Whom to subscribe makes no difference to it, and what is wrong there must not stand in its way.
        return _Run(context, settings.load(os.environ, subscribing=False)).back_out()
    return _Run(context, settings.load(os.environ)).remediate(action)


@cache
def clients(region: str) -> Clients:
    """The process's clients: a warm invocation finds them made."""
    return Clients(region)


def wrote(outcomes: Iterable[Outcome]) -> bool:
    """Whether anything was sent."""
    return any(outcome.status in ("done", "failed") for outcome in outcomes)


class _Run:
    """One invocation."""

    def __init__(self, context: LambdaContext, chosen: Settings) -> None:
        self.began = time.monotonic()
        self.left = context.get_remaining_time_in_millis() / 1000 - RESERVED_SECONDS
        self.clients = clients(os.environ["AWS_REGION"])
        self.settings = chosen
        self.switch = Switch(self.clients, self.settings.flag)

    def remediate(self, action: str) -> Document:
        """Plans, and applies the plan where that is asked for and the flag is on."""
        flag = self.switch.read()
        before = self.assess(0.4)
        planned = left = self.plan(before)
        outcomes: tuple[Outcome, ...] = ()
        verdict: Verdict | None = None
        if action == "apply" and flag.on and planned.actions:
            outcomes = self.apply((each.action for each in planned.actions), wanted=True)
            if wrote(outcomes):
                verdict, left = self.look_again(planned)
        if verdict in (Verdict.COMPLIANT, Verdict.INDETERMINATE):
            self.evaluate()
        made = remediation.of_plan(action, flag, before.assessment.verdict, planned, outcomes, left, verdict)
        return self.told("Remediation Applied" if wrote(outcomes) else "Remediation Planned", made)

    def look_again(self, planned: Plan) -> tuple[Verdict | None, Plan]:
        """The verdict after writing, and what is left then; what was planned, where that cannot be found out."""
        try:
            after = self.assess(1)
            return after.assessment.verdict, self.plan(after)
        except Exception as error:  # noqa: BLE001 (whatever it is, what was written is still to be told)
            logger.warning("the account was not judged again", error=type(error).__name__)
            return None, planned

    def back_out(self) -> Document:
        """Takes away what bears our mark, unless the flag is on."""
        flag = self.switch.read()
        if flag.on:
            said = "Remediation is switched on and would build it all again. Switch it off first:"
            raise BackoutRefused(f"{said} {flag.switch}")
        if flag.unread:
            raise BackoutRefused(f"Whether remediation is switched on cannot be said: {flag.why}. Run it again.")
        before = self.assess(0.4)
        snapshot, profile = before.assessment.snapshot, self.settings.profile
        regions = (self.clients.region,) if isinstance(snapshot.regions, Unreadable) else snapshot.regions
        deadline = self.at(0.6)
        found = holdings.held(self.clients, snapshot.account, snapshot.partition, regions, deadline=deadline)
        ours = [arn for held in found for arn in in_question(held, profile, snapshot.partition)]
        planned = backout(found, holdings.owners(self.clients, ours, deadline=deadline), profile)
        planned = replace(planned, left=(*not_looked_at(snapshot), *planned.left))
        outcomes = self.apply(planned.actions, wanted=False)
        verdict = self.look_again(Plan())[0] if wrote(outcomes) else None
        made = remediation.of_backout(flag, before.assessment.verdict, planned, outcomes, verdict)
        return self.told("Remediation Backed Out", made)

    def assess(self, share: float) -> Assessed:
        topics = naming.topic_names(self.settings.profile.names)
        found = assessed(self.clients, self.settings, deadline=self.at(share), grace=5, topic_names=topics)
        if found.disputed:
            logger.warning("AWS reads filter patterns otherwise", patterns=sorted(found.disputed))
        return found

    def plan(self, found: Assessed) -> Plan:
        snapshot, profile = found.assessment.snapshot, self.settings.profile
        arns = [
            arn
            for place in dict.fromkeys(map(place_of, trunks(snapshot)))
            for named in (naming.alarm_arns, naming.topic_arns)
            for arn in named([profile.names], snapshot.partition, place)
        ]
        blind = found.assessment.verdict is Verdict.NON_COMPLIANT
        whose = holdings.owners(self.clients, arns, deadline=self.at(1)) if blind else {}
        work = partial(plan, found.assessment, profile, whose, self.settings.subscriber, found.disputed)
        return in_time(work, self.at(1))

    def apply(self, actions: Iterable[Action], *, wanted: bool) -> tuple[Outcome, ...]:
        """What became of the actions, which go on as long as the flag is as `wanted` and there is time."""

        def stopped() -> str | None:
            if time.monotonic() > self.at(0.8):
                return "no time is left"
            flag = self.switch.read()
            return None if flag.on is wanted else f"the flag was switched {'on' if flag.on else 'off'}: {flag.why}"

        outcomes = apply(self.clients, actions, stopped)
        metrics.add_metric("RemediationAttempts" if wanted else "Backouts", MetricUnit.Count, wrote(outcomes))
        for status in ("done", "failed"):
            count = sum(outcome.status == status for outcome in outcomes)
            metrics.add_metric(f"RemediationActions{status.title()}", MetricUnit.Count, count)
        metrics.flush_metrics()
        return outcomes

    def evaluate(self) -> None:
        """Has AWS Config look again, so that the dashboard follows."""
        if self.settings.config_rule is None:
            return
        try:
            config_rule.start(self.clients, self.settings.config_rule)
        except CallFailed as error:
            logger.warning("AWS Config does not look again until its next evaluation", error=str(error))

    def told(self, detail_type: str, made: Document) -> Document:
        """The document, once the log has it and EventBridge was asked to take it."""
        logger.info(detail_type, document=made)
        try:
            notify.emit(self.clients, detail_type, made)
        except CallFailed as error:  # what was done is told all the same
            logger.warning("EventBridge was not told", error=str(error))
        return made

    def at(self, share: float) -> float:
        """When that share of the time is over, on the monotonic clock."""
        return self.began + self.left * share
