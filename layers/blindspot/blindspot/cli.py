"""The commands: assess an account, review its refused calls, view an organization, show a document that was kept, check
a filter pattern.

    python -m blindspot assess [--profile-name NAME] [--region REGION] [--json | --markdown | --html FILE]
    python -m blindspot review [--hours N] [--anonymize] [--profile-name NAME] [--region REGION]
                               [--json | --markdown | --html FILE]
    python -m blindspot organization [--stack NAME] [--aggregator NAME] [--profile-name NAME] [--region REGION]
                                     [--json | --markdown | --html FILE]
    python -m blindspot report DOCUMENT [DOCUMENT ...] [--json | --markdown | --html FILE]
    python -m blindspot explain PATTERN

What a command needs is imported when it runs: `explain` needs Python alone, `report` Rich or Jinja2, and the others
boto3 too.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import stat
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blindspot.model import profile
from blindspot.model.harmless import harmless, harmless_dumps
from blindspot.model.profile import SettingsError
from blindspot.review.hours import MOST_HOURS, USUAL_HOURS

if TYPE_CHECKING:
    from blindspot.aws.client import Clients
    from blindspot.aws.responses import Identity

STATUSES = {"COMPLIANT": 0, "NON_COMPLIANT": 1, "INDETERMINATE": 3}
"""The exit status of `assess` and of `organization`, by verdict."""

NOT_DONE = 2
"""The exit status where nothing is shown, as argparse has it for a wrong command line."""

READ, PROVED, JUDGED = 150, 195, 210
"""Seconds by which everything is read, the patterns are proved and the account is judged: as long as the evaluator has
by default."""

READING = 900
"""Seconds for which refused calls are read at most: 4,500 pages of a log group."""

AGGREGATED = 900
"""Seconds by which the rows of an organization's accounts are read."""

CALLS_READ, EXCLUDED, REVIEWED = JUDGED + READING, JUDGED + READING + 90, JUDGED + READING + 120
"""Seconds by which a review has read the refused calls, has proved its exclusions, and is made."""


class Failed(Exception):
    """Raised where a command cannot do what it is asked for. The message says what is wrong, and what is allowed."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ["explain"]:
        return explain(given[1:])
    chosen = _parser().parse_args(given)
    try:
        status = int(chosen.run(chosen))
        sys.stdout.flush()
    except (Failed, SettingsError) as error:
        return _failed(chosen, str(error))
    except OSError as error:  # such as a full disk
        return _failed(chosen, f"{error}.")
    except Exception as error:  # noqa: BLE001 (Python would end with 1, which means NON_COMPLIANT)
        if isinstance(error, ModuleNotFoundError) and error.name in _PACKAGES:
            return _failed(chosen, f"It needs the Python package {error.name}. `make install` installs it into .venv.")
        traceback.print_exc()
        return NOT_DONE
    return status


_PACKAGES = ("boto3", "botocore", "rich", "jinja2")


def _failed(chosen: argparse.Namespace, why: str) -> int:
    print(f"python -m blindspot {chosen.command}: error: {harmless(why)}", file=sys.stderr)
    return NOT_DONE


def explain(arguments: Sequence[str]) -> int:
    """Checks filter patterns; its own module has its command line."""
    from blindspot import explain

    return explain.main(arguments)


def assess(chosen: argparse.Namespace) -> int:
    """Assesses the account of one's own credentials, and prints what came of it."""
    from blindspot import settings
    from blindspot.app.assess import assess_account
    from blindspot.model.stack import Origin
    from blindspot.report.document import document

    began, now = time.monotonic(), datetime.now(UTC)
    _check_file(chosen.html)
    loaded = settings.load(_environ(chosen), on=now.date())
    clients, identity = _connected(chosen, until=began + READ)
    with _progress(f"Assessing account {identity.account} by profile {chosen.profile}", clients):
        deadline, proved, until = (began + seconds for seconds in (READ, PROVED, JUDGED))
        try:
            assessment = assess_account(
                clients, loaded, identity, now=now, deadline=deadline, proved=proved, until=until
            )
        except TimeoutError as error:
            raise Failed(str(error)) from None
    about: dict[str, Any] = {"config": None, **_numbers(clients, began)}
    made = document(assessment, origin=Origin(), **about)
    _show(chosen, [made])
    return STATUSES[assessment.verdict]


def review(chosen: argparse.Namespace) -> int:
    """Reviews the refused calls of the account of one's own credentials, and prints what came of it."""
    from blindspot import settings
    from blindspot.app.review import Times, review_account
    from blindspot.model.stack import Origin
    from blindspot.review.document import document

    began, now = time.monotonic(), datetime.now(UTC)
    _check_file(chosen.html)
    loaded, overrides = settings.load(_environ(chosen), on=now.date()), settings.overrides(_environ(chosen))
    clients, identity = _connected(chosen, until=began + READ)
    shares = [0.0]
    title = f"Reviewing account {identity.account} by profile {chosen.profile}"
    with _progress(title, clients, lambda: f", so far {math.floor(100 * shares[-1])} % of the hours asked for"):
        try:
            found = review_account(
                clients,
                loaded,
                identity,
                now=now,
                overrides=overrides,
                hours=chosen.hours,
                times=Times(*(began + seconds for seconds in (READ, PROVED, JUDGED, CALLS_READ, EXCLUDED, REVIEWED))),
                progress=shares.append,
            )
        except TimeoutError as error:
            raise Failed(str(error)) from None
    made = document(found, origin=Origin(), **_numbers(clients, began))
    if chosen.anonymize:
        from blindspot.review.anonymize import anonymize

        made = anonymize(made)
    _show(chosen, [made])
    return 0


def organization(chosen: argparse.Namespace) -> int:
    """Views the organization of one's own credentials, and prints each account's verdict."""
    from blindspot.aws.aggregator import NotShown, read_organization
    from blindspot.report.organization import organized
    from blindspot.report.organization_document import document

    began, now = time.monotonic(), datetime.now(UTC)
    _check_file(chosen.html)
    clients, identity = _connected(chosen, until=began + READ)
    so_far = [""]
    with _progress(f"Viewing the organization of account {identity.account}", clients, lambda: so_far[-1]):
        try:
            found = read_organization(
                clients,
                identity.account,
                stack=chosen.stack,
                aggregator=chosen.aggregator,
                until=began + AGGREGATED,
                progress=lambda read, of_all: so_far.append(f", {read} of {of_all} accounts read"),
            )
        except NotShown as error:
            raise Failed(str(error)) from None
    view = organized(found, now)
    if chosen.json:
        print(harmless_dumps(document(view, found, **_numbers(clients, began)), indent=1))
    elif chosen.markdown:
        from blindspot.report.organization_markdown import markdown

        print(markdown(view), end="")
    elif chosen.html:
        from blindspot.report.page import page_of_organization

        _write(Path(chosen.html), page_of_organization(view))
        print(f"{view.answer}\nThe page is in {chosen.html}.")
    else:
        from blindspot.report.organization_text import text

        _print(text(view))
    return STATUSES[view.verdict]


def _environ(chosen: argparse.Namespace) -> dict[str, str]:
    """The options, as the stack's parameters put them into the environment of a function."""
    return {
        "BLINDSPOT_PROFILE": chosen.profile,
        "BLINDSPOT_OVERRIDES": chosen.overrides,
        "BLINDSPOT_EXCLUDED_REGIONS": chosen.excluded_regions,
        "BLINDSPOT_MONITORING_ROLE_ARNS": chosen.monitoring_role_arns,
    }


def _connected(chosen: argparse.Namespace, *, until: float) -> tuple[Clients, Identity]:
    """Clients with the credentials that are asked for, and the account that these belong to. Raises Failed."""
    from blindspot.aws.client import Clients
    from blindspot.aws.collect import caller
    from blindspot.aws.own_credentials import NotReady, region, why_unknown
    from blindspot.model.snapshot import Unreadable

    try:
        clients = Clients(region(chosen.profile_name, chosen.region, os.environ), chosen.profile_name)
    except NotReady as error:
        raise Failed(str(error)) from None
    identity = caller(clients, until=until)
    if isinstance(identity, Unreadable):
        raise Failed(why_unknown(identity))
    return clients, identity


def _numbers(clients: Clients, began: float) -> dict[str, int]:
    """What a document tells of its run, which began at that time on the monotonic clock."""
    return {
        "refused_calls": clients.refused_calls,
        "api_calls": clients.api_calls,
        "duration_ms": round((time.monotonic() - began) * 1000),
    }


def report(chosen: argparse.Namespace) -> int:
    """Shows documents that were kept."""
    _check_file(chosen.html)
    _show(chosen, [_document(name) for name in chosen.documents])
    return 0


def _document(name: str) -> Any:
    """The document in a file, or with - in standard input."""
    from blindspot.report.reading import DocumentError, view_of

    try:
        text = _standard_input() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise Failed(f"{name} cannot be read: {error.strerror}.") from None
    try:
        document = json.loads(text.decode("utf-8-sig"))
        json.dumps(document, allow_nan=False)  # Python reads NaN and Infinity, which JSON does not have
        view_of(document)
    except DocumentError as error:
        raise Failed(f"{_title(name)}: {error}") from None
    except (ValueError, RecursionError) as error:
        raise Failed(f"{_title(name)} is not JSON ({error}). Allowed: one document in each file.") from None
    return document


def _standard_input() -> bytes:
    return sys.stdin.buffer.read() if sys.stdin else b""


def _title(name: str) -> str:
    return "Standard input" if name == "-" else name


def _show(chosen: argparse.Namespace, documents: list[Any]) -> None:
    """Prints the documents in the form that was asked for, or writes the page."""
    from blindspot.report.reading import DocumentError, unwrapped, view_of

    try:
        view = view_of(*documents)
    except DocumentError as error:
        raise Failed(str(error)) from None
    if chosen.json:
        for each in documents:
            print(harmless_dumps(unwrapped(each), indent=1))
    elif chosen.markdown:
        from blindspot.report.markdown import markdown

        print(markdown(view), end="")
    elif chosen.html:
        from blindspot.report.page import page

        _write(Path(chosen.html), page(view))
        shown = [each for each in (view.assessed, view.reviewed, *view.remediated) if each]
        print("\n".join([*(each.answer for each in shown), f"The page is in {chosen.html}."]))
    else:
        from blindspot.report.text import text

        _print(text(view))


def _print(parts: Iterable[Any]) -> None:
    """Prints what Rich renders."""
    from rich.console import Console

    console = Console()
    for part in parts:
        console.print(part, crop=False)  # what is to be pasted stays on one line


def _check_file(name: str | None) -> None:
    """Raises Failed where no page can be written: before an assessment that takes a minute."""
    if name is None:
        return
    path = Path(name)
    try:
        is_file = stat.S_ISREG(path.stat().st_mode)
    except FileNotFoundError:
        is_file = True
    except OSError as error:
        raise Failed(f"--html {name} cannot be written: {error.strerror}.") from None
    if not is_file:
        raise Failed(f"--html {name}: this is no file. Allowed: a new file, or one to replace.")
    if not path.absolute().parent.is_dir():
        raise Failed(f"--html {name}: its folder does not exist.")


def _write(path: Path, text: str) -> None:
    """Writes the file whole or not at all: whoever reads it sees the old one or the new one."""
    path = path.resolve()  # so that a link stays one
    unfinished = path.with_name(f".blindspot-{os.getpid()}")  # with the name it might be too long
    try:
        try:
            with unfinished.open("x", encoding="utf-8") as file:  # not through a link that somebody else put there
                file.write(text)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise Failed(f"--html {path} cannot be written: {error.strerror}.") from None


@contextmanager
def _progress(title: str, clients: Clients, so_far: Callable[[], str] = str) -> Iterator[None]:
    """While it lasts, a line on a terminal that says what is done, how many calls were made, and how far it came. It
    hides no cursor, which Ctrl-C would leave hidden."""
    if not sys.stderr.isatty():
        yield
        return
    done = threading.Event()

    def tell() -> None:
        while not done.wait(0.2):
            print(f"\r{title}: {clients.api_calls} calls to AWS{so_far()}", end="", file=sys.stderr, flush=True)
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    telling = threading.Thread(target=tell, daemon=True)
    telling.start()
    try:
        yield
    finally:
        done.set()
        telling.join()


ABOUT = "Would every unauthorized API call in an AWS account alert somebody?"

OF_ASSESS = """\
It only reads: SECURITY.md lists the calls. It reports nothing to AWS Config and sends no event.

exit status:
  0  COMPLIANT: there is no blind spot
  1  NON_COMPLIANT: there is a blind spot, and the output shows it
  3  INDETERMINATE: the answer depends on a doubt, which the output names
  2  nothing is shown: no credentials, no answer of AWS in time, a wrong command line, or a fault, which standard error
     names

example:
  python -m blindspot assess --profile-name audit --region eu-west-1 --html account.html
"""

OF_REVIEW = """\
It assesses the account, and then reads the refused calls from the log groups of its trails, the newest first, for
15 minutes at most. What was not read in this time is said. It only reads and keeps nothing; SECURITY.md lists the
calls. What it prints quotes log events: --anonymize is for what you show to others.

exit status:
  0  the review is shown, whatever it says
  2  nothing is shown: no credentials, no answer of AWS in time, a wrong command line, or a fault, which standard error
     names

example:
  python -m blindspot review --hours 24 --profile-name audit --region eu-west-1
"""

OF_ORGANIZATION = """\
It reads AWS Config's aggregator, with the credentials of the account that has the evaluator, its organization's rule
and the aggregator. It assesses nothing and only reads: docs/commands.md lists the calls. A row that is older than 48
hours is no answer. Left out of the answer, and listed, are accounts that ExcludedAccounts names, and accounts that are
suspended or closed.

exit status:
  0  every account that is not left out is COMPLIANT
  1  an account is NON_COMPLIANT
  3  no account is NON_COMPLIANT, but one is INDETERMINATE or has not answered
  2  nothing is shown: no credentials, no aggregator, no organization's rule, no answer of AWS in time, a wrong command
     line, or a fault, which standard error names

example:
  python -m blindspot organization --profile-name audit --region eu-west-1 --html organization.html
"""

OF_REPORT = """\
A document is what the evaluator or the remediator returns, an event of EventBridge with it, or a line of their log.
One assessment, one review and any of the remediator can be shown together.

exit status:
  0  the documents were shown, whatever they say
  2  one of them is no document, the command line is wrong, or the page cannot be written

example:
  python -m blindspot report assessment.json --html account.html
"""

OF_ALL = """\
commands:
  assess        assess the account of your credentials
  review        see who was refused what, how often the alarm would have gone to ALARM, and what may be excluded
  organization  see each account's verdict in the organization, and which accounts have not answered
  report        show documents that were kept
  explain       check filter patterns: what they miss, and why. It needs Python alone

`python -m blindspot COMMAND --help` explains each. Example:
  python -m blindspot assess --profile-name audit --region eu-west-1
"""


def _parser() -> argparse.ArgumentParser:
    parser = _new(argparse.ArgumentParser, prog="python -m blindspot", description=ABOUT, epilog=OF_ALL)
    # With its help suppressed, a usage of argparse's own would not name the command.
    parser.usage = "python -m blindspot COMMAND ..."
    commands = parser.add_subparsers(
        prog="python -m blindspot", dest="command", required=True, metavar="COMMAND", help=argparse.SUPPRESS
    )
    one = _new(
        commands.add_parser, "assess", description=f"{ABOUT} Assesses that of your credentials.", epilog=OF_ASSESS
    )
    one.set_defaults(run=assess)
    _add_account(one)
    _add_forms(one)
    another = _new(
        commands.add_parser,
        "review",
        description="Who was refused what in the account of your credentials, and what may be excluded?",
        epilog=OF_REVIEW,
    )
    another.set_defaults(run=review)
    another.add_argument(
        "--hours",
        metavar="N",
        type=_hours,
        default=USUAL_HOURS,
        help=f"how many hours to review, until now: 1 to {MOST_HOURS} (default: {USUAL_HOURS}, a week)",
    )
    another.add_argument(
        "--anonymize", action="store_true", help="put stand-ins for names, accounts and addresses, and leave out events"
    )
    _add_account(another)
    _add_forms(another)
    whole = _new(
        commands.add_parser,
        "organization",
        description="Would every unauthorized API call in every account of the organization alert somebody?",
        epilog=OF_ORGANIZATION,
    )
    whole.set_defaults(run=organization)
    whole.add_argument(
        "--stack",
        metavar="NAME",
        type=partial(_name, r"[A-Za-z][A-Za-z0-9-]{0,40}", "the name of a stack, of at most 41 characters"),
        default="blindspot",
        help="the stack of the evaluator: its organization's rule has this name (default: blindspot)",
    )
    whole.add_argument(
        "--aggregator",
        metavar="NAME",
        type=partial(_name, r"[A-Za-z0-9_-]{1,256}", "the name of an aggregator"),
        default="blindspot",
        help="the AWS Config aggregator (default: blindspot)",
    )
    _add_credentials(whole, "the region of the stack and of the aggregator")
    _add_forms(whole)
    other = _new(commands.add_parser, "report", description="Shows documents that were kept.", epilog=OF_REPORT)
    other.set_defaults(run=report)
    other.add_argument("documents", metavar="DOCUMENT", nargs="+", help="a file with a document; - for standard input")
    _add_forms(other)
    # Only for the list of commands: `main` does not have its command line parsed here.
    commands.add_parser("explain", add_help=False).set_defaults(run=lambda chosen: explain([]))
    return parser


def _hours(text: str) -> int:
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII) or not 1 <= int(text) <= MOST_HOURS:
        raise argparse.ArgumentTypeError(f"allowed: a whole number from 1 to {MOST_HOURS}")
    return int(text)


def _name(pattern: str, allowed: str, text: str) -> str:
    if not re.fullmatch(pattern, text):
        raise argparse.ArgumentTypeError(f"allowed: {allowed}")
    return text


def _add_credentials(one: argparse.ArgumentParser, region: str) -> None:
    """region: what it is for."""
    one.add_argument("--profile-name", metavar="NAME", help="a profile of the AWS configuration (default: AWS_PROFILE)")
    one.add_argument("--region", metavar="REGION", help=region)


def _add_account(one: argparse.ArgumentParser) -> None:
    _add_credentials(one, "the region to begin with; all enabled regions are called")
    one.add_argument(
        "--profile",
        metavar="PROFILE",
        default=profile.DEFAULT,
        choices=profile.names(),
        help=f"what is required: {', '.join(profile.names())} (default: {profile.DEFAULT})",
    )
    one.add_argument("--overrides", metavar="JSON", default="{}", help="as the stack's parameter Overrides")
    one.add_argument(
        "--excluded-regions", metavar="REGIONS", default="", help="regions not to call, separated by commas"
    )
    one.add_argument(
        "--monitoring-role-arns", metavar="ARNS", default="", help="roles in other accounts, separated by commas"
    )


def _new(make: Any, *arguments: Any, **settings: Any) -> argparse.ArgumentParser:
    found: argparse.ArgumentParser = make(
        *arguments, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False, **settings
    )
    return found


def _add_forms(parser: argparse.ArgumentParser) -> None:
    forms = parser.add_mutually_exclusive_group()
    forms.add_argument(
        "--json", action="store_true", help="print the document, without the event or log line around it"
    )
    forms.add_argument("--markdown", action="store_true", help="print Markdown for a ticket")
    forms.add_argument("--html", metavar="FILE", help="write a page, which a browser shows without a network")
