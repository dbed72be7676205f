"""Bots as child processes of the supervisor.

This room puts the pieces together: launch, the output pipes, the reaper's news of the leader, and the ending.
It owns the table of runs; it decides nothing about restarts and reads no line of output.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from dataclasses import dataclass

from supervisor.errors import StartRefused
from supervisor.model.bots import StopPolicy
from supervisor.model.runs import Exit, Handle, RunId
from supervisor.runners.ending import Ending, Patience
from supervisor.runners.launch import Order, Started, launch
from supervisor.runners.marks import MARK, Mark
from supervisor.runners.outlet import Outlet
from supervisor.runners.procfs import read_process
from supervisor.runners.proctable import ProcessTable
from supervisor.runners.protocol import LogSink, StartOrder, Traits
from supervisor.runners.reaper import Reaper
from supervisor.runners.sweep import sweep


@dataclass(slots=True)
class _Run:
    ended: asyncio.Future[int]
    outlets: tuple[Outlet, ...]
    ending: Ending
    finish: asyncio.Task[Exit]


class ProcessRunner:
    """Runs of one life (`boot`) of the supervisor of one state directory (`fleet`)."""

    traits = Traits(outlives_daemon=False, adopts=False)

    def __init__(
        self,
        fleet: str,
        boot: str,
        reaper: Reaper,
        *,
        table: ProcessTable | None = None,
        patience: Patience = Patience(),  # noqa: B008 - frozen
        umask: int = -1,
    ) -> None:
        self._fleet = fleet
        self._boot = boot
        self._reaper = reaper
        self._patience = patience
        self._umask = umask
        self._runs: dict[RunId, _Run] = {}
        self.table = table or ProcessTable()

    def mark(self, run: RunId) -> Mark:
        """What the processes of this run carry in their environment."""
        return Mark(self._fleet, self._boot, run)

    async def start(self, order: StartOrder, sink: LogSink) -> Handle:
        """Executes the program; the mark is put into its environment here, whatever the order says."""
        self._forget(order.run)
        mark = self.mark(order.run)
        spec = order.spec
        started = launch(
            Order(
                spec.command,
                spec.cwd,
                {**order.environ, MARK: str(mark)},
                user=spec.user,
                keep=() if order.lease_fd is None else (order.lease_fd,),
                umask=self._umask,
            )
        )
        try:
            return self._attend(order, mark, started, sink)
        except BaseException:  # it runs, and nobody would know of it
            with contextlib.suppress(ProcessLookupError):
                os.killpg(started.pid, signal.SIGKILL)
            raise

    def _attend(self, order: StartOrder, mark: Mark, started: Started, sink: LogSink) -> Handle:
        ended = self._reaper.watch(started.pid)  # no await since the fork: nobody can have reaped it
        process = read_process(started.pid)
        born = process.started if process else 0.0
        lease = None
        if order.lease_fd is not None:
            held = os.fstat(order.lease_fd)
            lease = (held.st_dev, held.st_ino)
        outlets = (Outlet(started.stdout, "stdout", sink), Outlet(started.stderr, "stderr", sink))
        ending = Ending(mark, started.pid, born, ended, self.table, self._patience, lease)
        self._runs[order.run] = _Run(ended, outlets, ending, self._finishing(order.run, ended, outlets, ending))
        return Handle("process", order.run, {"pid": started.pid, "started": born})

    async def wait(self, handle: Handle) -> Exit:
        run = self._runs.get(handle.run)
        if run is None:
            return Exit(code=None)
        if run.finish.done() and run.finish.exception() is not None:
            run.finish = self._finishing(handle.run, run.ended, run.outlets, run.ending)
        return await asyncio.shield(run.finish)

    async def stop(self, handle: Handle, how: StopPolicy) -> Exit:
        run = self._runs.get(handle.run)
        if run is not None and not (run.finish.done() and run.finish.exception() is None):
            run.ending.hurry(how)
        return await self.wait(handle)

    async def sweep(self) -> list[int]:
        return await sweep(self.table, self._fleet, self._boot, self._patience.after_kill)

    async def close(self) -> None:
        for run in self._runs.values():
            run.finish.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await run.finish
            for outlet in run.outlets:
                outlet.close()
        self._runs.clear()

    def _finishing(
        self, run: RunId, ended: asyncio.Future[int], outlets: tuple[Outlet, ...], ending: Ending
    ) -> asyncio.Task[Exit]:
        task = asyncio.create_task(_finish(ended, outlets, ending), name=f"run {run}")
        task.add_done_callback(lambda task: task.cancelled() or task.exception())  # kept for whoever waits later
        return task

    def _forget(self, run: RunId) -> None:
        """Ended runs of the same bot need no memory once a new one starts."""
        for old in [other for other in self._runs if other.bot == run.bot]:
            finish = self._runs[old].finish
            if finish.done() and finish.exception() is None:
                del self._runs[old]
            elif old == run:
                raise StartRefused(f"the run {run} has not ended yet", permanent=False)


async def _finish(ended: asyncio.Future[int], outlets: tuple[Outlet, ...], ending: Ending) -> Exit:
    left_behind = await ending.finish()
    for outlet in outlets:
        outlet.drain()
    code = os.waitstatus_to_exitcode(ended.result())
    # Whether the kernel ran out of memory is not told per process, so `oom` is never claimed here.
    if code < 0:
        return Exit(None, signal=-code, left_behind=left_behind)
    return Exit(code, left_behind=left_behind)
