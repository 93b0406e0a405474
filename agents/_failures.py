"""What a failure is to the user of the command line: one line and an exit code."""

from __future__ import annotations

import sys
from typing import Protocol, runtime_checkable

import typer

from deixis.agents._console import plain

BAD_INPUT = 2
FAILED = 1
_INTERRUPTED = 130


@runtime_checkable
class _UsageError(Protocol):
    """A usage error of click, told by its shape: typer brings a copy of click of its own."""

    exit_code: int

    def format_message(self) -> str: ...


class CommandUsageError(Exception):
    """What was asked of a command can't be meant."""


class CommandFailedError(Exception):
    """What was asked could be meant, and couldn't be done."""


def exit_code_of(error: BaseException) -> int:
    """Tells the user of an error in one line on stderr, and gives the exit code for it."""
    if isinstance(error, typer.Exit):
        return error.exit_code
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else FAILED
    if isinstance(error, KeyboardInterrupt | typer.Abort):
        _say("interrupted")
        return _INTERRUPTED
    if isinstance(error, BrokenPipeError):
        _silence_stdout()
        return FAILED
    if isinstance(error, _UsageError):
        return _misused(error)
    return _ours(error)


def _misused(error: _UsageError) -> int:
    """A command that was called wrongly; one called with nothing is shown its help."""
    if type(error).__name__ == "NoArgsIsHelpError":
        sys.stderr.write(error.format_message() + "\n")
    else:
        _say(f"{error.format_message().rstrip('.')}: see `deixis --help`")
    return BAD_INPUT


def _ours(error: BaseException) -> int:
    from deixis.vision._errors import DeixisError, EndpointError

    _say(str(error) or type(error).__name__)
    if isinstance(error, EndpointError):
        return FAILED
    return BAD_INPUT if isinstance(error, DeixisError | CommandUsageError) else FAILED


def _say(message: str) -> None:
    line = plain(" ".join(message.split()))
    sys.stderr.write(f"deixis: {line}\n")


def _silence_stdout() -> None:
    """The reader of our output is gone: keep the interpreter from flushing to it at exit."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
