"""The errors a caller can act on, in one small tree.

SupervisorError                 everything below; its text is for people and never holds a secret
├── ConfigError                 bots.yaml (or a file it names) has problems; carries all of them
├── AlreadyRunning              another supervisor works on this state directory
├── NotRunning                  no supervisor answers on the control socket
├── LeaseHeld                   someone else runs this token on this host
├── StartRefused                the platform did not accept the run; `permanent` says whether to try again
├── StillAlive                  processes of a run survived SIGKILL
├── TelegramError               one call to the Bot API went wrong (tree continued in telegram.py)
└── UnknownBot                  no bot has this name (in names.py); rooms add a few of their own below SupervisorError
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from supervisor.model.leases import Holder
    from supervisor.model.problems import Problem


class SupervisorError(Exception):
    """Base of all errors that a person is meant to read; `str()` is one or more plain sentences."""


class ConfigError(SupervisorError):
    """The configuration cannot be used; `problems` holds every problem found, in file order.

    `files` is everything that was asked for: mending one of them, or its birth, may be the remedy.
    """

    def __init__(self, problems: Sequence[Problem], files: Sequence[Path] = ()) -> None:
        self.problems = tuple(problems)
        self.files = tuple(files)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class AlreadyRunning(SupervisorError):
    """The state directory belongs to a live supervisor, described by `holder`."""

    def __init__(self, holder: Holder) -> None:
        self.holder = holder
        super().__init__(f"another supervisor runs here: {holder}")


class NotRunning(SupervisorError):
    """Nobody answers on the control socket of this state directory."""


class LeaseHeld(SupervisorError):
    """The token's lease is taken; `holder` is what its owner wrote down, as far as it could be read."""

    def __init__(self, holder: Holder) -> None:
        self.holder = holder
        super().__init__(f"token held by {holder}")


class StartRefused(SupervisorError):
    """A run was not started. `permanent` means: trying again without a change is pointless."""

    def __init__(self, reason: str, *, permanent: bool) -> None:
        self.reason = reason
        self.permanent = permanent
        super().__init__(reason)


class StillAlive(SupervisorError):
    """Processes `pids` of a run, or `what`, are still there after SIGKILL and the deadline for it."""

    def __init__(self, pids: Sequence[int], what: str = "") -> None:
        self.pids = tuple(pids)
        super().__init__("could not be killed: " + (what or "pid " + ", ".join(map(str, self.pids))))


class TelegramError(SupervisorError):
    """A call to the Bot API did not give a result; `telegram.py` says which way."""
