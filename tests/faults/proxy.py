"""An account behind a port, whose answers go wrong as a test says.

Between the SDK and moto's own HTTP application stands `Proxy`, a WSGI application: it knows the operation of each
request, and may answer it, or treat the connection, as a fault says. `Served` runs both in a process of its own, so
that the product's side is killed, or starved, alone.
"""

import io
import logging
import multiprocessing
import os
import socket
import struct
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing.connection import Connection
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from local.aws import LocalAws, local_aws
from local.aws.clients import CREDENTIALS
from local.aws.extension.config import Row
from tests.faults.answers import FAULTS, Answer, Attempt, Fault, Wire, attempted, told
from tests.goldens import RULE
from tests.scenarios.bends import ACCOUNT, HOME, REGIONS

HOST = "127.0.0.1"

BYTE_EVERY = 0.2
"""Seconds, of an answer that trickles."""


@dataclass
class Proxy:
    """The application, with the fault that meets an operation.

    met: the operation, as in IAM. seen: each attempt, in the order in which they came.
    before: is called once, before the first answer to the operation.
    """

    application: WSGIApplication
    met: str = ""
    fault: Fault | None = None
    before: Callable[[], object] = lambda: None
    seen: list[str] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        headers = {"Authorization": environ["HTTP_AUTHORIZATION"]}
        if "HTTP_X_AMZ_TARGET" in environ:
            headers["X-Amz-Target"] = environ["HTTP_X_AMZ_TARGET"]
        call, protocol = attempted(headers, body)
        with self._lock:
            number = self.seen.count(str(call))
            self.seen.append(str(call))
            fault = self.fault if str(call) == self.met else None
            if fault and number == 0:
                self.before()
        ask = environ | {"wsgi.input": io.BytesIO(body)}
        if fault is None:
            return self.application(ask, start_response)
        attempt = Attempt(call, protocol, number, lambda: told(fault, call, partial(self._ask, ask)))
        return self._faulty(fault, attempt, environ["werkzeug.socket"], start_response)

    def _ask(self, environ: WSGIEnvironment) -> Answer:
        status, headers = "", {}

        def start(line: str, given: list[tuple[str, str]], *_: object) -> Callable[[bytes], object]:
            nonlocal status, headers
            status, headers = line, {name.lower(): value for name, value in given}
            return lambda _: None

        body = b"".join(self.application(environ, start))
        return Answer(
            body, int(status.split()[0]), headers.get("content-type", ""), headers.get("x-amzn-requestid", "")
        )

    def _faulty(
        self, fault: Fault, attempt: Attempt, connection: socket.socket, start_response: StartResponse
    ) -> Iterable[bytes]:
        if fault.wire is Wire.HANGING:
            self.ended.wait()
        if fault.wire in (Wire.HANGING, Wire.RESET):
            # Closed at once, with what was sent unread, it is reset.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            os.close(connection.detach())
            raise ConnectionResetError
        answer = fault.answer(attempt)
        start_response(f"{answer.status} as a fault", list(answer.headers.items()))
        if fault.wire is Wire.CUT:
            return [answer.body[: len(answer.body) // 2]]
        if fault.wire is Wire.TRICKLING:
            return self._trickle(answer.body)
        return [answer.body]

    def _trickle(self, body: bytes) -> Iterator[bytes]:
        ended = self.ended
        for place in range(len(body)):
            # The last byte never comes.
            if ended.wait(BYTE_EVERY if place < len(body) - 1 else None):
                return
            yield body[place : place + 1]


@dataclass(frozen=True)
class Held:
    """What the account holds after a run: its newest row, what was sent, and which operations were called."""

    row: Row | None
    events: tuple[dict[str, Any], ...]
    due: int
    seen: tuple[str, ...]


Setting = Callable[[LocalAws], Callable[[], object]]
"""Sets an account up, and returns what deletes something of it meanwhile. It is pickled."""


class Served:
    """An account in a process of its own. `address`: what AWS_ENDPOINT_URL is to be."""

    def __init__(self, control: Connection, address: str) -> None:
        self._control = control
        self.address = address

    def new(
        self, setting: Setting, met: str = "", fault: str = "", regions: tuple[str, ...] = REGIONS
    ) -> dict[str, Any]:
        """Another account, whose AWS Config has an old COMPLIANT row. Returns the event that AWS Config sends.

        fault: which of FAULTS meets the operation `met`.
        """
        event: dict[str, Any] = self._ask(("new", setting, met, fault, regions))
        return event

    def held(self) -> Held:
        found: Held = self._ask(("held",))
        return found

    def _ask(self, question: tuple[Any, ...]) -> Any:
        self._control.send(question)
        answer = self._control.recv()
        if isinstance(answer, Exception):
            raise answer
        return answer


def environment_of(address: str) -> dict[str, str]:
    """Leads every client to the account, whatever this machine is set up for."""
    return {
        **{name.upper(): value for name, value in CREDENTIALS.items()},
        "AWS_ENDPOINT_URL": address,
        "AWS_REGION": HOME,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@contextmanager
def served() -> Iterator[Served]:
    """Until the context ends."""
    fork = multiprocessing.get_context("fork")
    ours, theirs = fork.Pipe()
    process = fork.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield Served(ours, ours.recv())
    finally:
        process.kill()
        process.join()


def _serve(control: Connection) -> None:
    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    proxy = Proxy(DomainDispatcherApplication(create_backend_app))
    server = make_server(HOST, 0, proxy, threaded=True, request_handler=_Handler)
    server.daemon_threads = True  # type: ignore[attr-defined]
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # of a connection that was reset
    threading.Thread(target=server.serve_forever, daemon=True).start()
    control.send(f"http://{HOST}:{server.server_port}")
    with ExitStack() as account:
        aws: LocalAws | None = None
        while True:
            try:
                question = control.recv()
            except EOFError:
                return
            try:
                match question:
                    case ("new", setting, met, fault, regions):
                        proxy.ended.set()  # of the run before
                        account.close()
                        aws = account.enter_context(local_aws(region=HOME, regions=regions, opted_out=()))
                        answer: object = _new(aws, proxy, setting, met, FAULTS.get(fault))
                    case _:
                        answer = held(aws, proxy.seen) if aws else None
            except Exception as error:  # noqa: BLE001 (told to whoever asked)
                answer = RuntimeError(repr(error))
            control.send(answer)


def begin(aws: LocalAws) -> dict[str, Any]:
    """The event that AWS Config sends; until then its row of the account is an old one, COMPLIANT."""
    aws.put_config_rule(RULE)
    key = RULE, "AWS::::Account", ACCOUNT
    aws.config.rows[key] = Row(*key, "COMPLIANT", None, datetime.now(UTC) - timedelta(days=1))
    aws.client("config").start_config_rules_evaluation(ConfigRuleNames=[RULE])
    aws.config.asked.clear()
    return aws.config.due.pop(0)


def held(aws: LocalAws, seen: Iterable[str]) -> Held:
    row = aws.config.rows.get((RULE, "AWS::::Account", ACCOUNT))
    return Held(row, tuple(aws.events), len(aws.config.due), tuple(seen))


def _new(aws: LocalAws, proxy: Proxy, setting: Setting, met: str, fault: Fault | None) -> dict[str, Any]:
    delete = setting(aws)
    proxy.met, proxy.fault, proxy.seen, proxy.ended = met, fault, [], threading.Event()
    proxy.before = delete if fault and fault.deletes else lambda: None
    return begin(aws)


class _Handler(MotoRequestHandler):
    """Prints nothing: clients that hang up are what is tried here."""

    def log(self, *_: object, **__: object) -> None:
        pass

    def connection_dropped(self, *_: object) -> None:
        pass
