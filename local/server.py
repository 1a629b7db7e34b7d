"""The local AWS as an HTTP server, for what runs in processes and containers of its own. Never deployed.

    python -m local.server --host 172.17.0.1 --port 0 --account half-right --rule RULE

prints its address and serves until Ctrl-C or SIGTERM. The paths below /local-aws/ are what no AWS API offers: see
ROUTES.
"""

from blindspot.terminal import as_a_command

if __name__ == "__main__":
    as_a_command()  # before the imports, which take long enough to be interrupted

import argparse
import json
import logging
import signal
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from local.accounts import HALF_RIGHT, a_compliant_account, a_noisy_account, an_account_as_real_ones_look
from local.aws import LocalAws, local_aws
from local.aws.extension.organizations import organization_of

PREFIX = "/local-aws/"


def an_assessed_organization(aws: LocalAws) -> None:
    """The organization of `python -m local.organization`."""
    from local import organization  # with the whole product, which the other accounts do without

    organization.an_assessed_organization(aws)


ACCOUNTS: dict[str, Callable[[LocalAws], object]] = {
    "empty": lambda aws: None,
    "compliant": a_compliant_account,
    "half-right": lambda aws: a_compliant_account(aws, pattern=HALF_RIGHT),
    "real": an_account_as_real_ones_look,
    "noisy": lambda aws: a_noisy_account(aws, end=datetime.now(UTC)),
    "organization": an_assessed_organization,
}


def due(aws: LocalAws, _: Request) -> list[dict[str, Any]]:
    """Returns the events that AWS Config would invoke the evaluator with, each once."""
    events = aws.config.due[:]
    aws.config.due.clear()
    return events


def later(aws: LocalAws, _: Request) -> None:
    """Acts as if a minute had passed: AWS Config starts an evaluation again."""
    aws.config.asked.clear()


def confirm(aws: LocalAws, request: Request) -> None:
    """Confirms the subscriptions of the topic, as their subscribers would."""
    aws.confirm(request.args["topic"])


def ask_members(aws: LocalAws, request: Request) -> None:
    """AWS Config asks for an evaluation of the organization's rule, in the members that are named or in all; `due` then
    returns the events."""
    aws.ask_members(request.args.get("rule", "blindspot"), *request.args.getlist("account"))


def rows(aws: LocalAws, _: Request) -> list[dict[str, Any]]:
    """What AWS Config shows of each account of the organization, or of this one."""
    organization = organization_of(aws.account)
    accounts = organization.accounts if organization else (aws.account,)
    return [{"account": each, **asdict(row)} for each in accounts for row in aws.of(each).config_rows]


def age(aws: LocalAws, request: Request) -> None:
    """Acts as if the rows of the account had come so many hours earlier."""
    aws.of(request.args["account"]).age(timedelta(hours=float(request.args["hours"])))


ROUTES: dict[str, Callable[[LocalAws, Request], object]] = {
    "due": due,
    "later": later,
    "confirm": confirm,
    "ask-members": ask_members,
    "rows": rows,
    "age": age,
    "events": lambda aws, _: aws.events,
    "dump": lambda aws, _: aws.dump(),
}


def application(aws: LocalAws) -> WSGIApplication:
    """Moto's own application, with ROUTES beside it."""
    moto = DomainDispatcherApplication(create_backend_app)

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if not path.startswith(PREFIX):
            answered: Iterable[bytes] = moto(environ, start_response)
            return answered
        route = ROUTES.get(path.removeprefix(PREFIX))
        if route is None:
            return Response(f"One of {', '.join(ROUTES)}", 404)(environ, start_response)
        text = json.dumps(route(aws, Request(environ)), default=str)
        return Response(text, mimetype="application/json")(environ, start_response)

    return answer


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m local.server",
        description="Serves an AWS account of this process to clients whose AWS_ENDPOINT_URL is the printed address. "
        "Stop it with Ctrl-C.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="the port to listen on; 0 is any free one (default)")
    parser.add_argument("--region", default="eu-west-1", help="the stack's region (default: %(default)s)")
    parser.add_argument(
        "--account", choices=ACCOUNTS, default="empty", help="what the account holds at first (default: %(default)s)"
    )
    parser.add_argument("--rule", help="an AWS Config rule; /local-aws/due returns the events that it is due")
    asked = parser.parse_args()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)  # a client that hangs up does not end the server
    with local_aws(region=asked.region) as aws:
        ACCOUNTS[asked.account](aws)
        if asked.rule:
            aws.put_config_rule(asked.rule)
        server = make_server(
            asked.host, asked.port, application(aws), threaded=True, request_handler=MotoRequestHandler
        )
        print(f"http://{asked.host}:{server.server_port}", flush=True)  # noqa: T201 (commands print)
        server.serve_forever()


if __name__ == "__main__":
    main()
