"""`python -m local.organization`: the steps of docs/organization.md, played on an organization in this process.

AWS Config asks the real handler for every account, and the real command shows what came of it.
"""

from blindspot.terminal import as_a_command

if __name__ == "__main__":
    as_a_command()  # before the imports, which take long enough to be interrupted

import argparse
import os
from collections import Counter
from collections.abc import Iterator

from aws_lambda_powertools.metrics.provider import cold_start
from rich.console import Console

from blindspot import cli
from local.accounts import an_organization
from local.aws import LocalAws, local_aws
from local.demo import RULE, SETTINGS, evaluate

STACK, UUID = "blindspot", "5b1c2f80-0000-4000-8000-000000000000"
MEMBER_ROLE = "blindspot-member"


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m local.organization",
        description="Plays the steps of docs/organization.md on an organization of this process. It needs no AWS "
        "account, and ends by itself.",
    )
    parser.add_argument("--html", metavar="FILE", help="write the view of step 8 as one page for a browser")
    asked = parser.parse_args()
    console = Console(highlight=False, soft_wrap=True)
    with local_aws(region="us-east-1", regions=("eu-west-1", "us-east-1")) as aws:
        for number, (title, told) in enumerate(steps(aws), start=1):
            console.print(f"[bold]{number}. {title}[/bold]\n   {told}\n")
        console.print("[bold]8. See every account[/bold]\n   python -m blindspot organization\n")
        cli.main(["organization", "--region", aws.region, *(["--html", asked.html] if asked.html else [])])
    console.print("\nThe organization exists only in this process: no call left this machine.")


def an_assessed_organization(aws: LocalAws) -> None:
    """The organization after all steps."""
    for _ in steps(aws):
        pass


def steps(aws: LocalAws) -> Iterator[tuple[str, str]]:
    """Does each step of docs/organization.md up to the organization's rule; yields its title and what came of it."""
    organized = an_organization(aws)
    aws.organization.delegated.discard(aws.account)

    def named(*accounts: str) -> str:
        return ", ".join(f"{account} ({organized.names[account]})" for account in accounts)

    yield (
        "Choose the account and the region",
        f"{named(aws.account)} in {aws.region}. The organization has {len(organized.names)} accounts.",
    )
    aws.organization.delegated.add(aws.account)
    yield "Delegate", f"{named(organized.management)} made it a delegated administrator of AWS Config."

    _deploy(aws)
    aws.client("config").start_config_rules_evaluation(ConfigRuleNames=[RULE])
    aws.deliver()
    (own,) = _verdicts(aws, aws.account)
    yield "Deploy the stack", f"The stack assessed its own account: {own}."

    aws.put_aggregator(STACK)
    without = [account for account in organized.names if not aws.of(account).config.recorder]
    yield "Create the aggregator, and find accounts without a recorder", f"Without a recorder: {named(*without)}."

    evaluator = f"arn:aws:iam::{aws.account}:role/{STACK}-EvaluatorRole"
    aws.run_as(evaluator)
    not_there = (aws.account, organized.roleless, organized.suspended)
    having = [account for account in organized.names if account not in not_there]
    for account in having:
        aws.trust(f"arn:aws:iam::{account}:role/{MEMBER_ROLE}", UUID, principal=evaluator)
    yield (
        "Create the member role",
        f"{MEMBER_ROLE} is in {len(having)} accounts. It is missing in {named(organized.roleless)}.",
    )

    aws.trust(organized.monitoring_role, principal=evaluator)
    archive = named(organized.log_archive)
    yield (
        "Let it read organization trails",
        f"blindspot-monitoring is in {archive}, which has the log group of the organization's trail.",
    )

    os.environ |= {
        "BLINDSPOT_ORGANIZATION_ROLE": MEMBER_ROLE,
        "BLINDSPOT_MONITORING_ROLE_ARNS": organized.monitoring_role,
    }
    aws.put_organization_rule(STACK, excluded=(aws.account,))
    aws.ask_members(STACK)
    called = len(aws.config.due)
    aws.deliver()
    members = [account for account in organized.names if account != aws.account]
    verdicts = Counter(verdict for account in members for verdict in _verdicts(aws, account))
    verdicts["without a verdict"] = called - verdicts.total()
    counts = ", ".join(f"{count} {verdict}" for verdict, count in verdicts.items())
    yield (
        "Create the organization's rule",
        f"AWS Config called the evaluator for {called} accounts: {counts}.",
    )


def _deploy(aws: LocalAws) -> None:
    """What the stack is in this process: the handler, and its environment."""
    stack = f"arn:aws:cloudformation:{aws.region}:{aws.account}:stack/{STACK}/{UUID}"
    os.environ.update({**SETTINGS, "BLINDSPOT_STACK": stack})
    cold_start.is_cold_start = False  # POWERTOOLS_METRICS_DISABLED does not keep this metric from being printed
    aws.evaluator = evaluate
    aws.put_config_rule(RULE)


def _verdicts(aws: LocalAws, account: str) -> list[str]:
    """What AWS Config shows of the account itself; nothing where the rule has no row yet."""
    return [row.compliance for row in aws.of(account).config_rows if row.id == account]


if __name__ == "__main__":
    main()
