"""What every way of running a bot promises: start, wait, stop, adopt, and no opinions.

Runners restart nothing and emit no events: the keeper awaits and turns results into events, so that a
child process and a container obey the same story. One contract suite (tests/contract/) runs all forms.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from supervisor.model.bots import RunSpec, StopPolicy
from supervisor.model.runs import Exit, Handle, RunId


@dataclass(frozen=True, slots=True)
class Traits:
    """Differences between runners as plain data: do runs outlive the daemon, can we adopt them again?"""

    outlives_daemon: bool
    adopts: bool


class LogSink(Protocol):
    """Where a run's output goes. Called from the event loop's thread with raw chunks; must not block."""

    def write(self, stream: str, chunk: bytes) -> None: ...

    def end(self, stream: str) -> None:
        """No more comes on this stream in this run; a last line without its newline is complete now."""


@dataclass(frozen=True, slots=True)
class StartOrder:
    """Everything a runner needs for one run. `environ` is complete: nothing else reaches the bot.

    `lease_fd` is a descriptor to be inherited by the run, so that the lease lives as long as any of it. `port` is
    the one a web bot shall open.
    """

    run: RunId
    spec: RunSpec
    environ: Mapping[str, str] = field(repr=False)
    lease_fd: int | None = None
    lease_epoch: int = 0
    port: int | None = None


class Runner(Protocol):
    """Runs bots. All methods are idempotent on a run that is over; any number of tasks may wait."""

    traits: Traits

    async def start(self, order: StartOrder, sink: LogSink) -> Handle:
        """Returns once the platform accepted the run (the program was executed); else StartRefused."""

    async def wait(self, handle: Handle) -> Exit:
        """Returns when nothing of the run is left: leftovers of an ended leader are ended first.

        Raises StillAlive when something of it cannot be killed.
        """

    async def stop(self, handle: Handle, how: StopPolicy) -> Exit:
        """Signal to everything of the run, grace, SIGKILL; returns only when nothing is left, else StillAlive."""

    async def sweep(self) -> list[int]:
        """End everything that earlier supervisors of this state directory left behind; pids that were ended.

        Raises StillAlive when something survives SIGKILL.
        """

    async def close(self) -> None:
        """Release descriptors and tasks; runs must have been stopped before."""
