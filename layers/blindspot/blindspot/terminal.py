"""How a command behaves in a shell: it ends quietly, and prints whatever the terminal's encoding is."""

import signal
import sys


def as_a_command() -> None:
    """For a process that is one command: Ctrl-C and a closed pipe, as by `head`, end it as they end any other program.

    The shell then sees the exit status 128 + signal (130, 141), and no traceback. Characters that the encoding of the
    output lacks are written as escapes; bytes that are no text in that of the input are kept.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if hasattr(signal, "SIGPIPE"):  # which Windows has not
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    for stream, errors in ((sys.stdin, "surrogateescape"), (sys.stdout, "backslashreplace")):
        if stream:
            stream.reconfigure(errors=errors)  # type: ignore[union-attr]  # typed as TextIO, which need not have it
