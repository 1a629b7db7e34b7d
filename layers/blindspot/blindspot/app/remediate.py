"""The remediator, step by step: it assesses the account itself, plans, and applies the plan where it may.

collect, assess -> plan (pure) -> apply (AWS) -> collect, assess: did it help?
collect, assess -> backout (pure) -> apply (AWS) -> collect, assess
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial

from aws_lambda_powertools.metrics import MetricUnit

from blindspot import settings
from blindspot.app import invocation
from blindspot.app.assess import assess_account
from blindspot.app.run import Context, Run, logger, metrics
from blindspot.aws import config_rule, events, owned_resources
from blindspot.aws.apply import apply
from blindspot.aws.collect import caller
from blindspot.aws.errors import CallFailed
from blindspot.aws.read import in_time
from blindspot.aws.switch import SwitchReader
from blindspot.model.arn import place_of
from blindspot.model.fitting import LARGEST_ANSWER, LARGEST_TOLD
from blindspot.model.snapshot import Unreadable
from blindspot.remediation import document as documents
from blindspot.remediation import ownership
from blindspot.remediation.actions import Action
from blindspot.remediation.backout import backout, possibly_ours, regions_not_checked
from blindspot.remediation.document import Document, Outcome
from blindspot.remediation.plan import Plan, plan, repairable_log_groups
from blindspot.settings import Settings
from blindspot.verdict.assessment import Assessment, Verdict
from filter_pattern import Proofs

FIRST_READ, FIRST_PROVED, FIRST_ASSESSED = 0.3, 0.35, 0.37
INVENTORY_READ, LAST_WRITE = 0.5, 0.7
READ_AGAIN, PROVED_AGAIN, END, PLANNED, TOLD = 0.8, 0.86, 0.9, 0.94, 0.98
"""By which share of the invocation's time each step is over."""


class BackoutRefused(Exception):
    """Raised where backout is asked for while the switch is on, or cannot be read: the next assessment would create
    everything again."""


def remediate(event: object, context: Context, environ: Mapping[str, str]) -> Document:
    """Answers one event; `invocation.parse_remediator_event` lists them. Returns the remediator's document.

    Raises InvocationError, SettingsError and BackoutRefused, and CallFailed where the account cannot be read.
    """
    action = invocation.parse_remediator_event(event)
    # Backout subscribes nobody, so a wrong SubscriptionEndpoint must not prevent it.
    chosen = settings.load(environ, subscribing=action != "backout")
    remediation = _Remediation(Run(context, environ), chosen)
    return remediation.back_out() if action == "backout" else remediation.plan_and_apply(action)


class _Remediation:
    """One run, with the settings and the switch that it reads."""

    def __init__(self, run: Run, chosen: Settings) -> None:
        self.run = run
        self.settings = chosen
        self.switch = SwitchReader(run.clients, chosen.switch_parameter, until=run.at(LAST_WRITE))

    def plan_and_apply(self, action: str) -> Document:
        """Plans and, where that is asked for and the switch is on, applies the plan and assesses again."""
        switch = self.switch.read()
        before = self.assess(FIRST_READ, FIRST_PROVED, FIRST_ASSESSED)
        planned = remaining = self.plan(before)
        outcomes: tuple[Outcome, ...] = ()
        verdict: Verdict | None = None
        if action == "apply" and switch.on and planned.actions:
            outcomes = self.apply((each.action for each in planned.actions), while_on=True)
            if _wrote(outcomes):
                verdict, remaining = self.reassess(planned)
        if verdict in (Verdict.COMPLIANT, Verdict.INDETERMINATE):
            self.start_evaluation()
        made = documents.of_plan(action, switch, before.verdict, planned, outcomes, remaining, verdict)
        return self.emit("Remediation Applied" if _wrote(outcomes) else "Remediation Planned", made)

    def back_out(self) -> Document:
        """Deletes what the remediator created, where the switch was read and is off."""
        switch = self.switch.read()
        if switch.on:
            message = "Backout refused: remediation is on and would create everything again. Turn it off first:"
            raise BackoutRefused(f"{message} {switch.command}")
        if switch.unread:
            raise BackoutRefused(f"Backout refused: the switch could not be read: {switch.why}. Run backout again.")
        before = self.assess(FIRST_READ, FIRST_PROVED, FIRST_ASSESSED)
        snapshot, profile = before.snapshot, self.settings.profile
        regions = (self.run.clients.region,) if isinstance(snapshot.regions, Unreadable) else snapshot.regions
        deadline = self.run.at(INVENTORY_READ)
        inventories = owned_resources.inventories(
            self.run.clients, snapshot.account, snapshot.partition, regions, deadline=deadline
        )
        arns = [arn for inventory in inventories for arn in possibly_ours(inventory, profile, snapshot.partition)]
        planned = backout(inventories, owned_resources.owners(self.run.clients, arns, deadline=deadline), profile)
        planned = replace(planned, not_deleted=(*regions_not_checked(snapshot), *planned.not_deleted))
        outcomes = self.apply(planned.actions, while_on=False)
        verdict = self.reassess(Plan())[0] if _wrote(outcomes) else None
        made = documents.of_backout(switch, before.verdict, planned, outcomes, verdict)
        return self.emit("Remediation Backed Out", made)

    def assess(self, read: float, proved: float, judged: float) -> Assessment:
        """The account as it is now. read, proved, judged: by which share of the invocation's time."""
        deadline, proving_ends, until = map(self.run.at, (read, proved, judged))
        return assess_account(
            self.run.clients,
            self.settings,
            caller(self.run.clients, until=deadline),
            deadline=deadline,
            proved=proving_ends,
            until=until,
            topic_names=ownership.topic_names(self.settings.profile.names),
        )

    def plan(self, assessment: Assessment) -> Plan:
        """The plan for the account. Whose the alarms and topics of our names are is read only where it matters."""
        snapshot, profile = assessment.snapshot, self.settings.profile
        arns = [
            arn
            for place in dict.fromkeys(map(place_of, repairable_log_groups(snapshot)))
            for arns_of in (ownership.alarm_arns, ownership.topic_arns)
            for arn in arns_of([profile.names], snapshot.partition, place)
        ]
        deadline = self.run.at(END)
        needed = assessment.verdict is Verdict.NON_COMPLIANT
        owners = owned_resources.owners(self.run.clients, arns, deadline=deadline) if needed else {}
        proofs = Proofs(stop=lambda: time.monotonic() > deadline)
        return in_time(
            partial(plan, assessment, profile, owners, self.settings.subscriber, proofs), self.run.at(PLANNED)
        )

    def apply(self, actions: Iterable[Action], *, while_on: bool) -> tuple[Outcome, ...]:
        """What became of the actions. They go on as long as there is time and the switch stays on, or for backout
        stays off."""

        def stopped() -> str | None:
            if time.monotonic() > self.run.at(LAST_WRITE):
                return "out of time"
            switch = self.switch.read()
            if switch.unread:
                return f"the switch could not be read: {switch.why}"
            if switch.on is while_on:
                return None
            return f"the switch was turned {'on' if switch.on else 'off'}: {switch.why}"

        outcomes = apply(self.run.clients, actions, stopped, until=self.run.at(READ_AGAIN))
        metrics.add_metric("RemediationAttempts" if while_on else "Backouts", MetricUnit.Count, _wrote(outcomes))
        for status in ("done", "failed"):
            count = sum(outcome.status == status for outcome in outcomes)
            metrics.add_metric(f"RemediationActions{status.title()}", MetricUnit.Count, count)
        metrics.flush_metrics()
        return outcomes

    def reassess(self, planned: Plan) -> tuple[Verdict | None, Plan]:
        """The verdict after writing and the plan for what remains; None and what was planned where that fails."""
        try:
            after = self.assess(READ_AGAIN, PROVED_AGAIN, END)
            return after.verdict, self.plan(after)
        except Exception as error:  # noqa: BLE001 (whatever it is, what was written is still to be reported)
            logger.warning("the account could not be assessed again", error=type(error).__name__)
            return None, planned

    def start_evaluation(self) -> None:
        """Has AWS Config evaluate the rule, so that the dashboard shows the new verdict."""
        if self.settings.config_rule is None:
            return
        try:
            config_rule.start(self.run.clients, self.settings.config_rule, until=self.run.at(TOLD))
        except CallFailed as error:
            logger.warning("AWS Config was not asked for an evaluation; the next one updates it", error=str(error))

    def emit(self, detail_type: str, made: Document) -> Document:
        """The document, once it was logged and sent to EventBridge; what was done is returned even if that fails."""
        told = documents.fitted(made, LARGEST_TOLD)
        logger.info(detail_type, document=told)
        try:
            events.emit(self.run.clients, detail_type, told, until=self.run.at(TOLD))
        except CallFailed as error:
            logger.warning("the event was not sent to EventBridge", error=str(error))
        return documents.fitted(made, LARGEST_ANSWER)


def _wrote(outcomes: Iterable[Outcome]) -> bool:
    """Whether any request was sent that may have changed something."""
    return any(outcome.status in ("done", "failed") for outcome in outcomes)
