"""The remediator, step by step: it assesses the account itself, plans, and applies the plan where it may.

collect, assess -> plan (pure) -> apply (AWS) -> collect, assess: did it help?
collect, assess -> backout (pure) -> apply (AWS) -> collect, assess
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial

from aws_lambda_powertools.metrics import MetricUnit

from blindspot import settings
from blindspot.app import invocation
from blindspot.app.assess import assess_account
from blindspot.app.invocation import InvocationError, Remediate
from blindspot.app.run import Run, invoked, logger, metrics
from blindspot.aws import config_rule, events, lease, listeners
from blindspot.aws.apply import apply
from blindspot.aws.collect import caller
from blindspot.aws.delivery import with_delivery
from blindspot.aws.errors import CallFailed
from blindspot.aws.holdings import holdings as holdings_of
from blindspot.aws.inventory import inventories
from blindspot.aws.ledger import read_ledger, remove_entry, store
from blindspot.aws.read import in_time
from blindspot.aws.switch import SwitchReader
from blindspot.model.arn import Arn, place_of, short
from blindspot.model.fitting import LARGEST_ANSWER, LARGEST_TOLD
from blindspot.model.stack import Stack
from blindspot.remediation import document as documents
from blindspot.remediation import manual_tasks, ownership
from blindspot.remediation.actions import Action
from blindspot.remediation.approval import changed_since, plan_id, short_id
from blindspot.remediation.backout import AGAIN, NotDeleted, backout
from blindspot.remediation.candidates import repairable_log_groups
from blindspot.remediation.document import Document, Outcome, Proposal, Switch
from blindspot.remediation.ledger import Ledger, topic_of
from blindspot.remediation.listeners import topics_used
from blindspot.remediation.manual_tasks import Task
from blindspot.remediation.ownership import Holdings
from blindspot.remediation.plan import Plan, nothing_in_time, plan
from blindspot.settings import Settings
from blindspot.verdict.assessment import Assessment, Verdict
from filter_pattern import Proofs

FIRST_READ, FIRST_PROVED, FIRST_ASSESSED = 0.3, 0.35, 0.37
INVENTORY_READ, LAST_WRITE = 0.5, 0.7
READ_AGAIN, PROVED_AGAIN, END, PLANNED, TOLD = 0.8, 0.86, 0.9, 0.94, 0.98
"""By which share of the invocation's time each step is over."""


class BackoutRefused(InvocationError):
    """Raised where backout is asked for while the switch is on, or is missing or cannot be read: the next assessment
    would create everything again."""


@invoked
def remediate(event: object, run: Run) -> Document:
    """Answers one event; `invocation.parse_remediator_event` lists them. Returns the remediator's document.

    Raises InvocationError, SettingsError and BackoutRefused, and CallFailed where the account cannot be read.
    """
    asked = invocation.parse_remediator_event(event)
    if asked.action == "backout":
        chosen, wrong = settings.load_for_backout(run.environ, on=run.today)
        return _Remediation(run, chosen, wrong).back_out(preview=asked.preview)
    return _Remediation(run, settings.load(run.environ, on=run.today, subscribing=True)).plan_and_apply(asked)


class _Remediation:
    """One run, with the settings and the switch that it reads. `wrong`: what is wrong with settings that are needed to
    assess the account."""

    def __init__(self, run: Run, chosen: Settings, wrong: settings.SettingsError | None = None) -> None:
        self.run = run
        self.settings = chosen
        self.wrong = wrong
        self.switch = SwitchReader(run.clients, chosen.switch_parameter, until=run.at(LAST_WRITE))

    def plan_and_apply(self, asked: Remediate) -> Document:
        """Plans and, where that is asked for and the switch is on, applies the plan and assesses again."""
        switch, stack = self.switch.read(), self.settings.stack
        if stack is None or asked.action != "apply" or not switch.on:
            return self.planned(asked, switch)
        return self.alone(asked.action, switch, stack, partial(self.planned, asked, switch, stack), self.release)

    def alone(
        self,
        action: str,
        switch: Switch,
        stack: Stack,
        work: Callable[[], Document],
        end: Callable[[lease.Lease], None],
    ) -> Document:
        """What `work` returns, done while this run has the lease, which `end` gives back; or that it does not have it.

        A run that is killed does not give it back: it ends by itself.
        """
        held = self.take_lease(stack)
        if isinstance(held, lease.NotTaken):
            made = documents.of_nothing(action, self.run.origin, switch, manual_tasks.lease_held(stack.lease, held.why))
            return self.emit("Remediation Planned", made)
        try:
            made = work()
            end(held)
        except Exception:
            self.release(held)
            raise
        return made

    def planned(self, asked: Remediate, switch: Switch, stack: Stack | None = None) -> Document:
        """The plan, applied where a stack is given; one that was approved by its id only as it was approved."""
        before, holdings = self.look(FIRST_READ, FIRST_PROVED, FIRST_ASSESSED)
        planned = remaining = self.plan(before, holdings)
        proposal = self.proposal(planned, before)
        changed = changed_since(asked.approved, proposal.id, proposal.actions) if asked.approved else None
        outcomes: tuple[Outcome, ...] = ()
        verdict: Verdict | None = None
        if stack and holdings.ledger.unread is None and not changed:
            ledger = store(self.run.clients, stack, holdings.ledger, until=self.run.at(LAST_WRITE))
            outcomes = self.apply(stack, ledger, proposal.actions, plan=short_id(proposal.id), while_on=True)
            if _wrote(outcomes):
                verdict, remaining = self.reassess(planned)
        if verdict in (Verdict.COMPLIANT, Verdict.INDETERMINATE):
            self.start_evaluation()
        tasks = [changed, *remaining.manual_tasks] if changed else remaining.manual_tasks
        made = documents.of_plan(asked.action, self.run.origin, switch, proposal, outcomes, tasks, verdict)
        return self.emit("Remediation Applied" if _wrote(outcomes) else "Remediation Planned", made)

    def back_out(self, *, preview: bool) -> Document:
        """Deletes what the ledger has, where the switch was read and is off. A preview only shows what would be
        deleted, whatever the switch is."""
        switch, stack = self.switch.read(), self.settings.stack
        if stack is None:
            raise BackoutRefused("Backout refused: BLINDSPOT_STACK names no stack, so there is no ledger.")
        if preview:
            return self.backed_out(switch, stack, preview=True)
        if switch.on:
            message = "Backout refused: remediation is on and would create everything again. Turn it off first:"
            raise BackoutRefused(f"{message} {switch.command}")
        if switch.unread:
            fix = f"Run backout again. If the parameter does not exist, create it first: {switch.command_for('false')}"
            if switch.parameter is None:
                fix = "Run the remediator in the stack of template.yaml."
            raise BackoutRefused(f"Backout refused: the switch could not be read: {switch.why}. {fix}")
        return self.alone("backout", switch, stack, partial(self.backed_out, switch, stack), partial(self.end, stack))

    def backed_out(self, switch: Switch, stack: Stack, *, preview: bool = False) -> Document:
        """What backout deletes and leaves; deleted where this is no preview."""
        clients = self.run.clients
        before, not_assessed = self.assess_if_possible(FIRST_READ, FIRST_PROVED, FIRST_ASSESSED)
        skipped = before.snapshot.skipped if before else ()
        not_called = {each.region: "NotOptedIn" for each in skipped}
        not_called |= dict.fromkeys(self.settings.excluded_regions, "Excluded")
        deadline = self.run.at(INVENTORY_READ)
        ledger = read_ledger(clients, stack, until=deadline)
        planned = backout(ledger, inventories(clients, stack, ledger, not_called, deadline=deadline))
        planned = replace(planned, not_deleted=(*not_assessed, *planned.not_deleted))
        outcomes: tuple[Outcome, ...] = ()
        after = None
        if not preview:
            outcomes = self.apply(stack, ledger, planned.actions, plan="", while_on=False)
            self.forget(stack, planned.removals)
            if _wrote(outcomes) and before:
                after, _ = self.assess_if_possible(READ_AGAIN, PROVED_AGAIN, END)
        verdict = after.verdict if after else None
        made = documents.of_backout(self.run.origin, switch, before, planned, outcomes, verdict)
        return self.emit("Remediation Planned" if preview else "Remediation Backed Out", made)

    def assess_if_possible(
        self, read: float, proved: float, judged: float
    ) -> tuple[Assessment | None, tuple[NotDeleted, ...]]:
        """The account as it is now; or None, and why: backout deletes the same without its verdict."""
        if self.wrong:
            told = NotDeleted(
                "settings", f"The account is not assessed. {self.wrong}", "Correct the stack's parameter."
            )
            return None, (told,)
        try:
            return self.assess(read, proved, judged), ()
        except Exception as error:  # noqa: BLE001 (whatever it is, backout goes on)
            why = str(error) if isinstance(error, CallFailed) else type(error).__name__
            return None, (NotDeleted("account", f"The account could not be assessed: {why}.", AGAIN),)

    def forget(self, stack: Stack, removals: Iterable[str]) -> None:
        """Removes these entries from the ledger, as long as backout may go on. The next one removes what stays."""
        permit = _Permit(self.switch, while_on=False, until=self.run.at(LAST_WRITE))
        for resource in removals:
            why = permit.refusal()
            failure = None if why else remove_entry(self.run.clients, stack, resource, until=self.run.at(READ_AGAIN))
            if why or failure:
                logger.warning("an entry was not removed from the ledger", resource=resource, why=why or failure)

    def end(self, stack: Stack, held: lease.Lease) -> None:
        """Deletes the lease where the ledger has nothing any more, else lets the next run have it."""
        ledger = read_ledger(self.run.clients, stack, until=self.run.at(TOLD))
        if ledger.entries or ledger.malformed or ledger.unread:
            self.release(held)
        elif failure := lease.delete(self.run.clients, held, until=self.run.at(TOLD)):
            logger.warning("the lease was not deleted", error=f"{failure.call}: {failure.error}")

    def take_lease(self, stack: Stack) -> lease.Lease | lease.NotTaken:
        """The lease, for as long as Lambda lets this run go on."""
        seconds = self.run.at(1) - time.monotonic()
        return lease.take(
            self.run.clients, stack, self.run.origin.run or "", seconds=seconds, until=self.run.at(FIRST_READ)
        )

    def release(self, held: lease.Lease) -> None:
        """Lets the next run have the lease; where that fails, once it ends."""
        if failure := lease.release(self.run.clients, held, until=self.run.at(TOLD)):
            logger.warning("the lease was not released", error=f"{failure.call}: {failure.error}")

    def look(self, read: float, proved: float, judged: float) -> tuple[Assessment, Holdings]:
        """The account as it is now, and what in it is ours. read, proved, judged: by which share of the time."""
        clients, stack = self.run.clients, self.settings.stack
        names = self.settings.profile.names
        ledger = read_ledger(clients, stack, until=self.run.at(read)) if stack else Ledger()
        topics = {short(arn) for arn in ledger.entries if Arn.parse(arn).service == "sns" and not topic_of(arn)}
        assessed = self.assess(read, proved, judged, (*ownership.topic_names(names), *sorted(topics)))
        deadline = self.run.at(END)
        held = holdings_of(clients, stack, ledger, assessed.snapshot, names, deadline=deadline)
        regions = {place_of(each)[1] for each in (*repairable_log_groups(assessed.snapshot), *held.ours())}
        return assessed, with_delivery(clients, held, self.settings, sorted(regions), deadline=deadline)

    def assess(self, read: float, proved: float, judged: float, topics: tuple[str, ...] = ()) -> Assessment:
        """The account as it is now. topics: the names of those to read beside what alarms notify."""
        deadline, proving_ends, until = map(self.run.at, (read, proved, judged))
        return assess_account(
            self.run.clients,
            self.settings,
            caller(self.run.clients, until=deadline),
            now=self.run.now,
            deadline=deadline,
            proved=proving_ends,
            until=until,
            topic_names=topics,
        )

    def plan(self, assessment: Assessment, holdings: Holdings) -> Plan:
        """The plan for the account."""
        deadline = self.run.at(END)
        proofs = Proofs(stop=lambda: time.monotonic() > deadline)
        planning = partial(plan, assessment, self.settings.profile, holdings, self.settings.subscribers, proofs)
        try:
            made = in_time(planning, self.run.at(PLANNED))
        except TimeoutError:
            made = nothing_in_time(assessment)
        return replace(made, manual_tasks=(*self.of_the_ledger(holdings.ledger), *made.manual_tasks))

    def of_the_ledger(self, ledger: Ledger) -> tuple[Task, ...]:
        """What a person is to know of a ledger that does not say all that is ours."""
        stack = self.settings.stack
        if stack is None:
            return (manual_tasks.no_stack(),)
        if ledger.unread:
            return (manual_tasks.ledger_unread(stack.ledger, ledger.unread),)
        malformed = sorted(ledger.malformed.items())
        return tuple(manual_tasks.entry_malformed(stack.ledger + name, why) for name, why in malformed)

    def proposal(self, planned: Plan, assessment: Assessment) -> Proposal:
        """The plan with its id, and with who is subscribed to the topics that it would use."""
        snapshot, stack = assessment.snapshot, self.settings.stack
        actions = [each.action for each in planned.actions]
        topics = [arn for arn in topics_used(actions, snapshot) if place_of(arn)[0] == snapshot.account]
        return Proposal(
            plan_id(snapshot.account, stack.id if stack else "", self.settings.profile.name, actions),
            planned,
            assessment,
            listeners.subscribed(self.run.clients, topics, deadline=self.run.at(INVENTORY_READ)),
        )

    def apply(
        self, stack: Stack, ledger: Ledger, actions: Iterable[Action], *, plan: str, while_on: bool
    ) -> tuple[Outcome, ...]:
        """What became of the actions; without any, nothing is asked. `plan`: what the ledger's entries get as its id.

        They go on as long as there is time and the switch stays on, or for backout stays off.
        """
        permit = _Permit(self.switch, while_on, self.run.at(LAST_WRITE))
        outcomes = apply(self.run.clients, stack, ledger, actions, permit, plan=plan, until=self.run.at(READ_AGAIN))
        if not outcomes:
            return ()
        metrics.add_metric("RemediationAttempts" if while_on else "Backouts", MetricUnit.Count, _wrote(outcomes))
        for status in ("done", "failed"):
            count = sum(outcome.status == status for outcome in outcomes)
            metrics.add_metric(f"RemediationActions{status.title()}", MetricUnit.Count, count)
        metrics.flush_metrics()
        return outcomes

    def reassess(self, planned: Plan) -> tuple[Verdict | None, Plan]:
        """The verdict after writing and the plan for what remains; None and what was planned where that fails."""
        try:
            after, holdings = self.look(READ_AGAIN, PROVED_AGAIN, END)
            return after.verdict, self.plan(after, holdings)
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


@dataclass(frozen=True, slots=True)
class _Permit:
    """Goes on while the switch is on, or while it is off, and until then on the monotonic clock."""

    switch: SwitchReader
    while_on: bool
    until: float

    @property
    def expired(self) -> bool:
        return self.switch.expired

    def refusal(self) -> str | None:
        if time.monotonic() > self.until:
            return "out of time"
        switch = self.switch.read()
        if switch.unread:
            return f"the switch could not be read: {switch.why}"
        if switch.on is self.while_on:
            return None
        return f"the switch was turned {'on' if switch.on else 'off'}: {switch.why}"


def _wrote(outcomes: Iterable[Outcome]) -> bool:
    """Whether any request was sent that may have changed something."""
    return any(outcome.status in ("done", "failed") for outcome in outcomes)
