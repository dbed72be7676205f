"""How a command ends: the exit codes, and every error as a sentence with what to do next.

The codes are a promise to scripts (docs/botctl.md). A traceback is for us, never for the user, unless
BOTCTL_DEBUG=1 asks for it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from enum import IntEnum

from supervisor.errors import AlreadyRunning, ConfigError, NotRunning, SupervisorError
from supervisor.names import UnknownBot

DEBUG_VARIABLE = "BOTCTL_DEBUG"


class Exit(IntEnum):
    DONE = 0
    FAILED = 1
    BAD_USAGE = 2
    ALREADY_RUNNING = 3
    NOT_RUNNING = 4
    INTERRUPTED = 130


class BadUsage(SupervisorError):
    """The command cannot mean what was typed; `hint` says what would."""

    def __init__(self, message: str, hint: str = "") -> None:
        self.hint = hint
        super().__init__(message)


class Failed(SupervisorError):
    """The command was understood and did not succeed; `hint` says what to do next."""

    def __init__(self, message: str, hint: str = "") -> None:
        self.hint = hint
        super().__init__(message)


def guarded(command: Callable[[], int | None]) -> int:
    """Run `command` and return its exit code; every way it can fail is told on stderr."""
    try:
        code = command() or Exit.DONE
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # The reader left (`botctl logs | head`): nothing may be written any more, at exit neither.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.FAILED
    except SupervisorError as error:
        return _tell(error)
    except Exception as error:
        return _unexpected(error)


def code_of(error: SupervisorError) -> Exit:
    match error:
        case ConfigError() | BadUsage() | UnknownBot():
            return Exit.BAD_USAGE
        case AlreadyRunning():
            return Exit.ALREADY_RUNNING
        case NotRunning():
            return Exit.NOT_RUNNING
        case _:
            return Exit.FAILED


def hint_of(error: SupervisorError) -> str:
    match error:
        case ConfigError():
            count = len(error.problems)
            return f"{count} problem{'s' if count != 1 else ''}; nothing was changed. Mend the file and try again."
        case AlreadyRunning():
            return (
                "`botctl status` shows its bots, `botctl reload` applies an edit of its file.\n"
                f"To end it: kill {error.holder.pid or 'PID'}. "
                "For a second, separate fleet name another directory with --state-dir."
            )
        case _:
            return str(getattr(error, "hint", ""))


def _tell(error: SupervisorError) -> int:
    lead = "" if isinstance(error, ConfigError) else "botctl: "
    print(f"{lead}{masked(str(error))}", file=sys.stderr)
    if hint := hint_of(error):
        print("\n".join(f"  {line}" for line in masked(hint).splitlines()), file=sys.stderr)
    if os.environ.get(DEBUG_VARIABLE):
        _trace()
    return code_of(error)


def _unexpected(error: Exception) -> int:
    words = masked(f"{type(error).__name__}: {error}".strip().splitlines()[0])
    print(f"botctl: this should not have happened: {words}", file=sys.stderr)
    if os.environ.get(DEBUG_VARIABLE):
        _trace()
    else:
        print(f"  {DEBUG_VARIABLE}=1 shows where; please report it with that.", file=sys.stderr)
    return Exit.FAILED


def _trace() -> None:
    import traceback

    print(masked(traceback.format_exc()), end="", file=sys.stderr)


def masked(text: str) -> str:
    """`text` with everything of a token's shape taken out; the bot's id stays, it is public."""
    from supervisor.logs.redact import Redactor

    return Redactor().redact(text.encode(errors="surrogateescape")).decode(errors="surrogateescape")
